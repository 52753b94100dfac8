/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables are filled one destination switch ("target") at a time: first the distances of all
 * switches to it by breadth-first search, then, for each NIC behind it, one of the ports that lead
 * nearer. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "topo/routes_inside.h"

const char *const csin_policy_names[] = {"dmodk",        "random",       "ecmp", "spray",
                                         "least-loaded", "dmodk-one-vl", NULL};

#define FAR 255u
#define NO_WAY UINT32_MAX
#define IN_FULL 256u /* weight of a pair of NICs that needs the way between zones, of others 1 */
#define MAX_ENTRIES ((size_t)1 << 30) /* 2 GiB of tables */

const char *csin_policy_name(enum csin_policy policy)
{
    return policy == CSIN_LFT ? "lft" : csin_policy_names[policy];
}

bool csin_policy_has_table(enum csin_policy policy)
{
    return policy == CSIN_DMODK || policy == CSIN_RANDOM || policy == CSIN_DMODK_ONE_VL ||
           policy == CSIN_LFT;
}

/* The port that an arc leaves its switch by. */
static uint32_t port_of(const struct csin_fabric *f, uint32_t arc)
{
    return f->cables[arc >> 1].port[arc & 1];
}

static const uint8_t *hops_to(const struct csin_routes *r, uint32_t target)
{
    return r->hops + (size_t)r->target_of[target] * r->f->n_switches;
}

/* Plugged in, by a cable that is up. */
static bool is_joined(const struct csin_routes *r, uint32_t nic)
{
    return r->f->nics[nic].cable != CSIN_NONE && r->up[r->f->nics[nic].cable];
}

/* Writes the links of all switches to r->links, or only counts them where that is NULL. */
static uint32_t list_links(const struct csin_routes *r)
{
    const struct csin_fabric *f = r->f;
    uint32_t n = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        r->first_link[s] = n;
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[s].first_port + p];
            if (arc == CSIN_NONE || !r->up[arc >> 1] || csin_is_nic(f, csin_arc_head(f, arc)))
                continue;
            if (r->links)
                r->links[n] = (struct link){arc, csin_arc_head(f, arc)};
            n++;
        }
    }
    return r->first_link[f->n_switches] = n;
}

/* Distances from every switch to `target` over cables that are up; NICs do not forward. Returns how
 * many were reached, nearest first in `queue`. */
static uint32_t search(const struct csin_routes *r, uint32_t target, uint8_t *hops, uint32_t *queue)
{
    memset(hops, FAR, r->f->n_switches);
    uint32_t head = 0, tail = 0;
    hops[target] = 0;
    queue[tail++] = target;
    while (head < tail) {
        uint32_t s = queue[head++];
        if (hops[s] == FAR - 1)
            continue;
        for (uint32_t i = r->first_link[s]; i < r->first_link[s + 1]; i++) {
            uint32_t next = r->links[i].head;
            if (hops[next] != FAR)
                continue;
            hops[next] = (uint8_t)(hops[s] + 1);
            queue[tail++] = next;
        }
    }
    return tail;
}

/* An inter-zone switch joins leaves of one zone as well, as if it were one more spine. It is not
 * meant to be: traffic inside a zone takes it only where nothing else is left. */
static bool leaves_zone(const struct csin_fabric *f, uint32_t s, uint32_t next, uint32_t target)
{
    return f->switches[next].layer == CSIN_INTER_ZONE && f->switches[s].zone != CSIN_NONE &&
           f->switches[s].zone == f->switches[target].zone;
}

uint32_t csin_routes_nearer(const struct csin_routes *r, uint32_t s, uint32_t target,
                            struct link *links)
{
    const uint8_t *hops = hops_to(r, target);
    if (hops[s] == 0 || hops[s] == FAR)
        return 0;
    uint32_t n = 0;
    for (unsigned pass = 0; n == 0; pass++) {
        assert(pass < 2);
        for (uint32_t i = r->first_link[s]; i < r->first_link[s + 1]; i++) {
            uint32_t next = r->links[i].head;
            if (hops[next] + 1u == hops[s] && (pass > 0 || !leaves_zone(r->f, s, next, target)))
                links[n++] = r->links[i];
        }
    }
    return n;
}

/* Where D-Mod-K's dense numbering comes from: NICs leaf by leaf, in port order, zone by zone. */
struct numbering {
    uint32_t *nic;   /* [n_nics] NICs that are attached, in order */
    uint32_t *first; /* [n_switches + 1] range of each switch */
    uint32_t *base;  /* [n_switches] first number of its zone */
};

static void number_nics(const struct csin_fabric *f, struct numbering *order)
{
    uint32_t n = 0, zone = CSIN_NONE, zone_base = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        if (sw->zone != zone || zone == CSIN_NONE) {
            zone = sw->zone;
            zone_base = n;
        }
        order->first[s] = n;
        order->base[s] = zone_base;
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            if (arc != CSIN_NONE && csin_is_nic(f, csin_arc_head(f, arc)))
                order->nic[n++] = csin_arc_head(f, arc) - f->n_switches;
        }
    }
    order->first[f->n_switches] = n;
}

/* What a build needs besides the result; one allocation each, freed together. */
struct work {
    struct numbering order;
    uint32_t *queue;     /* [n_switches] switches in order of distance */
    struct link *links;  /* [n_links] those that lead nearer, of every switch, in one row */
    uint32_t *row;       /* [n_switches + 1] where each switch's links begin */
    double *load;        /* [n_arcs] routes so far, relative to capacity */
    uint32_t *n_settled; /* [n_switches] NICs attached to it of hosts that are in one zone only */
};

static void work_finish(struct work *w)
{
    free(w->order.nic);
    free(w->order.first);
    free(w->order.base);
    free(w->queue);
    free(w->links);
    free(w->row);
    free(w->load);
    free(w->n_settled);
}

/* True where a host can reach and be reached from other zones through inter-zone switches only: all
 * its NICs are in one zone. The others have a NIC where the traffic is. */
static bool is_settled(const struct csin_fabric *f, uint32_t nic)
{
    const struct csin_host *host = &f->hosts[f->nics[nic].host];
    for (uint32_t k = host->first_nic; k < host->first_nic + host->n_nics; k++)
        if (f->nics[k].cable != CSIN_NONE &&
            f->switches[f->nics[k].leaf].zone != f->switches[f->nics[nic].leaf].zone)
            return false;
    return true;
}

static bool work_init(struct work *w, const struct csin_routes *r)
{
    const struct csin_fabric *f = r->f;
    size_t n = f->n_switches + 1u;
    *w = (struct work){
        .order = {malloc((f->n_nics + 1u) * sizeof(uint32_t)), malloc(n * sizeof(uint32_t)),
                  malloc(n * sizeof(uint32_t))},
        .queue = malloc(n * sizeof(uint32_t)),
        .links = malloc((r->first_link[f->n_switches] + 1u) * sizeof(struct link)),
        .row = malloc(n * sizeof(uint32_t)),
        .load = calloc(f->n_arcs + 1u, sizeof(double)),
        .n_settled = calloc(n, sizeof(uint32_t)),
    };
    if (!w->order.nic || !w->order.first || !w->order.base || !w->queue || !w->links || !w->row ||
        !w->load || !w->n_settled)
        return false;
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (f->nics[nic].cable != CSIN_NONE)
            w->n_settled[f->nics[nic].leaf] += is_settled(f, nic);
    return true;
}

/* The least loaded of n links. */
static uint32_t least_loaded(const struct work *w, const struct link *links, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (w->load[links[i].arc] < w->load[links[best].arc])
            best = i;
    return links[best].arc;
}

/* D-Mod-K for destination number k. Within a zone (the target one or two cables away): up by k mod
 * uplinks; down, among parallel cables, by the digit that the way up has left. Further away,
 * between zones, by load. */
static uint32_t choose(const struct csin_routes *r, const struct work *w, uint32_t s, uint8_t hops,
                       uint32_t k, uint32_t up, uint64_t draw)
{
    const struct link *links = w->links + w->row[s];
    uint32_t n = w->row[s + 1] - w->row[s];
    assert(n > 0);
    if (r->policy == CSIN_RANDOM) {
        struct csin_rng rng = csin_rng_init(draw, s);
        return links[csin_rng_below(&rng, n)].arc;
    }
    if (hops == 1)
        return links[k / up % n].arc;
    if (hops == 2)
        return links[k % n].arc;
    return least_loaded(w, links, n);
}

/* The entries of one switch for the NICs behind `target`, number k for the first. `reach`: sources
 * whose way to the i-th of them passes switch s, in reach[s * n + i]; NULL where loads do not
 * matter. */
static void route_switch(struct csin_routes *r, struct work *w, uint32_t s, uint32_t target,
                         uint32_t spines, uint32_t *reach)
{
    const struct csin_fabric *f = r->f;
    uint8_t hops = hops_to(r, target)[s];
    uint32_t first = w->order.first[target], n = w->order.first[target + 1] - first;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t nic = w->order.nic[first + i];
        if (!is_joined(r, nic))
            continue;
        uint32_t arc = s == target ? csin_arc_reverse(csin_nic_arc(f, nic))
                                   : choose(r, w, s, hops, first + i - w->order.base[target],
                                            spines, csin_mix64(r->seed) ^ nic);
        *table_entry(r, s, nic) = (uint16_t)port_of(f, arc);
        if (reach && s != target) {
            w->load[arc] += reach[(size_t)s * n + i] / f->cables[arc >> 1].capacity_Bps;
            reach[(size_t)csin_arc_head(f, arc) * n + i] += reach[(size_t)s * n + i];
        }
    }
}

/* How many sources pass each switch on their way to each NIC of `target`, before anything is
 * routed: those attached to it. Counting sources, not entries, matters between zones: few of a
 * switch's entries are ever used there. A pair of NICs counts in full where the way between zones
 * is the only one for their hosts, and else a little. False without memory. */
static bool start_reach(const struct csin_routes *r, const struct work *w, uint32_t target,
                        uint32_t **ret_reach)
{
    uint32_t n = w->order.first[target + 1] - w->order.first[target];
    uint32_t *reach = malloc(((size_t)r->f->n_switches * n + 1) * sizeof *reach);
    if (!reach)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        bool settled = is_settled(r->f, w->order.nic[w->order.first[target] + i]);
        for (uint32_t s = 0; s < r->f->n_switches; s++)
            reach[(size_t)s * n + i] = w->order.first[s + 1] - w->order.first[s] +
                                       (settled ? IN_FULL * w->n_settled[s] : 0);
    }
    *ret_reach = reach;
    return true;
}

/* A path that struct csin_path cannot hold must not pass for none. */
static enum csin_status check_lengths(const struct csin_fabric *f, const struct work *w,
                                      uint32_t target, const uint8_t *hops, struct csin_diag *diag)
{
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (w->order.first[s] < w->order.first[s + 1] && hops[s] != FAR &&
            hops[s] + 2 > CSIN_PATH_MAX)
            return csin_error(diag, CSIN_E_INPUT, 234, f->switches[s].loc,
                              "hosts at '%s' and '%s' are %d cables apart; at most %d",
                              f->switches[s].name, f->switches[target].name, hops[s] + 2,
                              CSIN_PATH_MAX);
    return CSIN_OK;
}

/* Fills the entries of all switches, farthest first, so that what passes a switch is known when its
 * turn comes. */
static enum csin_status route_target(struct csin_routes *r, struct work *w, uint32_t target,
                                     struct csin_diag *diag)
{
    const struct csin_fabric *f = r->f;
    uint8_t *hops = r->hops + (size_t)r->target_of[target] * f->n_switches;
    uint32_t n_reached = search(r, target, hops, w->queue);
    enum csin_status status = check_lengths(f, w, target, hops, diag);
    if (status != CSIN_OK || !r->table || r->policy == CSIN_LFT)
        return status;
    uint32_t n_links = 0, *reach = NULL;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        w->row[s] = n_links;
        uint32_t n = csin_routes_nearer(r, s, target, w->links + n_links);
        n_links += csin_one_vl_choose(r, s, target, w->links + n_links, n);
    }
    w->row[f->n_switches] = n_links;
    bool between_zones = r->policy != CSIN_RANDOM && hops[w->queue[n_reached - 1]] > 2;
    if (between_zones && !start_reach(r, w, target, &reach))
        return csin_no_memory(diag);
    uint32_t zone = f->switches[target].zone;
    uint32_t spines = zone == CSIN_NONE ? 1 : f->zones[zone].n_spines;
    for (uint32_t i = n_reached; i-- > 0;)
        route_switch(r, w, w->queue[i], target, spines, reach);
    free(reach);
    return CSIN_OK;
}

static bool is_gate(const struct csin_fabric *f, uint32_t s)
{
    for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
        uint32_t arc = f->port_arc[f->switches[s].first_port + p];
        if (arc != CSIN_NONE && f->cables[arc >> 1].place == CSIN_BETWEEN_ZONES)
            return true;
    }
    return false;
}

/* All cables that are up, in the two forms that are asked for. False without memory. */
static bool copy_up(struct csin_routes *r, const bool *up)
{
    const struct csin_fabric *f = r->f;
    r->up = malloc(f->n_cables + 1u);
    r->first_link = malloc((f->n_switches + 1u) * sizeof *r->first_link);
    if (!r->up || !r->first_link)
        return false;
    for (uint32_t c = 0; c < f->n_cables; c++)
        r->up[c] = up ? up[c] : f->cables[c].up;
    r->links = malloc((list_links(r) + 1u) * sizeof *r->links);
    if (!r->links)
        return false;
    list_links(r);
    return true;
}

static enum csin_status make_table(struct csin_routes *r, struct csin_diag *diag)
{
    const size_t entries = (size_t)r->f->n_switches * r->f->n_nics;
    if (entries > MAX_ENTRIES)
        return csin_error(diag, CSIN_E_FAILED, 230, (struct csin_loc){0},
                          "forwarding tables of %s entries (%s switches x %s NICs); at most %s",
                          csin_show_count(entries).s, csin_show_count(r->f->n_switches).s,
                          csin_show_count(r->f->n_nics).s, csin_show_count(MAX_ENTRIES).s);
    r->table = malloc((entries + 1) * sizeof *r->table);
    if (!r->table)
        return csin_no_memory(diag);
    memset(r->table, 0xff, entries * sizeof *r->table);
    return CSIN_OK;
}

enum csin_status csin_routes_create(const struct csin_fabric *fabric, const bool *up,
                                    enum csin_policy policy, uint64_t seed, struct csin_diag *diag,
                                    struct csin_routes **ret_routes)
{
    enum csin_status status = CSIN_E_FAILED;
    struct csin_routes *r = calloc(1, sizeof *r);
    struct work w = {0};
    if (!r)
        goto no_memory;
    *r = (struct csin_routes){.f = fabric, .policy = policy, .seed = seed};
    if (!copy_up(r, up) || !work_init(&w, r))
        goto no_memory;
    number_nics(fabric, &w.order);
    r->target_of = malloc((fabric->n_switches + 1u) * sizeof *r->target_of);
    if (!r->target_of)
        goto no_memory;
    for (uint32_t s = 0; s < fabric->n_switches; s++)
        r->target_of[s] = w.order.first[s] < w.order.first[s + 1] ? r->n_targets++ : CSIN_NONE;
    r->hops = malloc((size_t)r->n_targets * fabric->n_switches + 1);
    if (!r->hops)
        goto no_memory;
    if (csin_policy_has_table(policy) && (status = make_table(r, diag)) != CSIN_OK)
        goto fail;
    if ((policy == CSIN_SPRAY || policy == CSIN_LEAST_LOADED) && !(r->dag = csin_dag_create(r)))
        goto no_memory;
    if (policy == CSIN_DMODK_ONE_VL && !(r->one_vl = csin_one_vl_create(r)))
        goto no_memory;
    /* Leaves that inter-zone switches hang off first: the way to them is fixed at its end, and the
     * others, which have a choice, then fill up what they leave. */
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t s = 0; s < fabric->n_switches; s++) {
            if (r->target_of[s] == CSIN_NONE || is_gate(fabric, s) != (pass == 0))
                continue;
            if ((status = route_target(r, &w, s, diag)) != CSIN_OK)
                goto fail;
        }
    work_finish(&w);
    *ret_routes = r;
    return CSIN_OK;

no_memory:
    status = csin_no_memory(diag);
fail:
    work_finish(&w);
    csin_routes_destroy(r);
    return status;
}

void csin_routes_destroy(struct csin_routes *routes)
{
    if (!routes)
        return;
    free(routes->up);
    free(routes->links);
    free(routes->first_link);
    free(routes->target_of);
    free(routes->hops);
    free(routes->table);
    csin_dag_destroy(routes->dag);
    csin_one_vl_destroy(routes->one_vl);
    free(routes);
}

enum csin_status csin_routes_renew(const struct csin_routes *old, const bool *up,
                                   struct csin_diag *diag, struct csin_routes **ret_routes)
{
    struct csin_routes *r;
    enum csin_status status = csin_routes_create(old->f, up, old->policy, old->seed, diag, &r);
    if (status != CSIN_OK)
        return status;
    if (r->policy == CSIN_LFT) {
        r->digest = old->digest;
        for (uint32_t s = 0; s < r->f->n_switches; s++)
            for (uint32_t nic = 0; nic < r->f->n_nics; nic++)
                *table_entry(r, s, nic) = *table_entry(old, s, nic);
    }
    *ret_routes = r;
    return CSIN_OK;
}

const struct csin_fabric *csin_routes_fabric(const struct csin_routes *routes)
{
    return routes->f;
}

enum csin_policy csin_routes_policy(const struct csin_routes *routes)
{
    return routes->policy;
}

bool csin_routes_are_drawn(enum csin_policy policy)
{
    return policy == CSIN_RANDOM || policy == CSIN_ECMP || policy == CSIN_LEAST_LOADED;
}

struct csin_sha256 csin_routes_digest(const struct csin_routes *routes)
{
    return routes->digest;
}

uint64_t csin_routes_seed(const struct csin_routes *routes)
{
    return routes->seed;
}

size_t csin_routes_bytes(const struct csin_routes *r)
{
    size_t n = r->f->n_switches;
    return r->f->n_cables * sizeof *r->up + r->first_link[n] * sizeof *r->links +
           n * (sizeof *r->first_link + sizeof *r->target_of) + n * r->n_targets +
           (r->table ? n * r->f->n_nics * sizeof *r->table : 0) + (r->dag ? csin_dag_bytes(r) : 0);
}

unsigned csin_routes_hops(const struct csin_routes *r, uint32_t from_switch, uint32_t to_switch)
{
    return r->target_of[to_switch] == CSIN_NONE ? FAR : hops_to(r, to_switch)[from_switch];
}

/* The arc that `sw` sends on towards `nic`, CSIN_NONE where there is no way: by the table, or one
 * of those that lead nearer, by the hash of the flow. */
static uint32_t next_arc(const struct csin_routes *r, uint32_t sw, uint32_t nic, uint64_t flow)
{
    const struct csin_fabric *f = r->f;
    if (r->table) {
        uint16_t port = *table_entry(r, sw, nic);
        uint32_t arc = port == NO_PORT ? CSIN_NONE : f->port_arc[f->switches[sw].first_port + port];
        return arc == CSIN_NONE || !r->up[arc >> 1] ? CSIN_NONE : arc;
    }
    if (!is_joined(r, nic))
        return CSIN_NONE;
    if (sw == f->nics[nic].leaf)
        return csin_arc_reverse(csin_nic_arc(f, nic));
    struct link links[CSIN_MAX_PORTS];
    uint32_t n = csin_routes_nearer(r, sw, f->nics[nic].leaf, links);
    if (n == 0)
        return CSIN_NONE;
    struct csin_rng rng = csin_rng_init(csin_mix64(r->seed) ^ flow, sw);
    return links[csin_rng_below(&rng, n)].arc;
}

uint32_t csin_routes_port(const struct csin_routes *r, uint32_t sw, uint32_t nic, uint64_t flow)
{
    uint32_t arc = next_arc(r, sw, nic, flow);
    return arc == CSIN_NONE ? CSIN_NONE : port_of(r->f, arc);
}

uint32_t csin_routes_choices(const struct csin_routes *r, uint32_t sw, uint32_t nic,
                             uint32_t *ret_arcs)
{
    const struct csin_fabric *f = r->f;
    struct link links[CSIN_MAX_PORTS];
    if (!is_joined(r, nic))
        return 0;
    if (sw == f->nics[nic].leaf) {
        ret_arcs[0] = csin_arc_reverse(csin_nic_arc(f, nic));
        return 1;
    }
    uint32_t n = csin_routes_nearer(r, sw, f->nics[nic].leaf, links);
    for (uint32_t i = 0; i < n; i++)
        ret_arcs[i] = links[i].arc;
    return n;
}

void csin_routes_set(struct csin_routes *r, uint32_t sw, uint32_t nic, uint32_t arc)
{
    assert(r->table && csin_arc_tail(r->f, arc) == sw && r->up[arc >> 1]);
    *table_entry(r, sw, nic) = (uint16_t)port_of(r->f, arc);
}

bool csin_routes_path(const struct csin_routes *r, uint32_t src_nic, uint32_t dst_nic,
                      uint64_t flow, struct csin_path *ret_path)
{
    const struct csin_fabric *f = r->f;
    if (src_nic == dst_nic || !is_joined(r, src_nic))
        return false;
    uint32_t arc = csin_nic_arc(f, src_nic);
    struct csin_path path = {.n = 1, .arcs = {arc}, .latency_s = f->arc_latency_s[arc]};
    uint32_t goal = f->n_switches + dst_nic;
    for (uint32_t at = csin_arc_head(f, arc); at != goal; at = csin_arc_head(f, arc)) {
        /* Tables from a file may lead round in circles, or to another host. */
        arc = csin_is_nic(f, at) ? CSIN_NONE : next_arc(r, at, dst_nic, flow);
        if (arc == CSIN_NONE || path.n == CSIN_PATH_MAX)
            return false;
        path.arcs[path.n++] = arc;
        path.latency_s += f->arc_latency_s[arc];
    }
    *ret_path = path;
    return true;
}

/* Cables between the switches of two NICs; NO_WAY where there is none. */
static unsigned distance(const struct csin_routes *r, uint32_t a, uint32_t z)
{
    const struct csin_fabric *f = r->f;
    if (!is_joined(r, a) || !is_joined(r, z))
        return NO_WAY;
    uint32_t from = f->nics[a].leaf, to = f->nics[z].leaf;
    unsigned hops = csin_routes_hops(r, from, to);
    struct csin_path path;
    if (hops == FAR || (r->policy == CSIN_LFT && !csin_routes_path(r, a, z, 0, &path)))
        return NO_WAY;
    if (r->policy == CSIN_LFT)
        hops = path.n - 2;
    /* The worst pair inside a zone is better than any across. */
    return f->switches[from].zone == f->switches[to].zone ? hops : hops + FAR;
}

bool csin_routes_nics(const struct csin_routes *r, uint32_t src_host, uint32_t dst_host,
                      uint64_t flow, uint32_t *ret_src_nic, uint32_t *ret_dst_nic)
{
    const struct csin_host *src = &r->f->hosts[src_host], *dst = &r->f->hosts[dst_host];
    if (src_host == dst_host)
        return false;
    if (src->n_nics == 1 && dst->n_nics == 1) {
        *ret_src_nic = src->first_nic;
        *ret_dst_nic = dst->first_nic;
        return distance(r, src->first_nic, dst->first_nic) != NO_WAY;
    }
    unsigned fewest = NO_WAY;
    uint32_t n = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        uint64_t wanted = n ? csin_mix64(flow) % n : 0;
        n = 0;
        for (uint32_t a = src->first_nic; a < src->first_nic + src->n_nics; a++)
            for (uint32_t z = dst->first_nic; z < dst->first_nic + dst->n_nics; z++) {
                unsigned hops = distance(r, a, z);
                if (hops == NO_WAY)
                    continue;
                if (hops < fewest) {
                    fewest = hops;
                    n = 0;
                }
                if (hops == fewest && n++ == wanted && pass == 1) {
                    *ret_src_nic = a;
                    *ret_dst_nic = z;
                    return true;
                }
            }
    }
    return false;
}

bool csin_routes_host_path(const struct csin_routes *r, uint32_t src_host, uint32_t dst_host,
                           uint64_t flow, struct csin_path *ret_path)
{
    uint32_t src_nic, dst_nic;
    return csin_routes_nics(r, src_host, dst_host, flow, &src_nic, &dst_nic) &&
           csin_routes_path(r, src_nic, dst_nic, flow, ret_path);
}
