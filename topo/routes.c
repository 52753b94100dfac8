/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What routes are: cables that are up as links, distances, the room for tables, and what is read
 * out of them: ports, paths, NICs. topo/fill.c measures the distances and fills the tables. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "topo/routes_inside.h"

const char *const csin_policy_names[] = {"dmodk",        "random",       "ecmp", "spray",
                                         "least-loaded", "dmodk-one-vl", NULL};

#define NO_WAY UINT32_MAX
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

/* An uplink of a leaf, and its rank: the first cable to each spine, then the second to each. */
struct uplink {
    uint32_t nth, spine, arc;
};

static int by_rank(const void *left, const void *right)
{
    const struct uplink *x = left, *y = right;
    if (x->nth != y->nth)
        return x->nth < y->nth ? -1 : 1;
    return (x->spine > y->spine) - (x->spine < y->spine);
}

/* Puts the links of a leaf to the spines of its zone, of n from `links` on, into the order that
 * D-Mod-K counts by, whatever ports they are in, so that all leaves send to one destination over
 * one spine. Generated zones are plugged in that order. Cables that are down keep their place in
 * it. */
static void order_uplinks(const struct csin_routes *r, uint32_t s, struct link *links, uint32_t n)
{
    const struct csin_fabric *f = r->f;
    const struct csin_switch *sw = &f->switches[s];
    const struct csin_zone *z = sw->zone == CSIN_NONE ? NULL : &f->zones[sw->zone];
    struct uplink up[CSIN_MAX_PORTS];
    uint32_t n_up = 0;
    bool sorted = true;
    for (uint32_t p = 0; z && sw->layer == CSIN_LEAF && p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        uint32_t spine = arc == CSIN_NONE ? CSIN_NONE : csin_arc_head(f, arc) - z->first_spine;
        if (spine >= z->n_spines)
            continue;
        up[n_up] = (struct uplink){r->seen[z->first_spine + spine]++, spine, arc};
        sorted = sorted && (n_up == 0 || by_rank(&up[n_up - 1], &up[n_up]) < 0);
        n_up++;
    }
    for (uint32_t i = 0; i < n_up; i++)
        r->seen[z->first_spine + up[i].spine] = 0;
    if (sorted)
        return;
    qsort(up, n_up, sizeof *up, by_rank);
    for (uint32_t i = 0, k = 0; i < n; i++) {
        if (links[i].head - z->first_spine >= z->n_spines)
            continue;
        while (!r->up[up[k].arc >> 1])
            k++;
        links[i] = (struct link){up[k].arc, csin_arc_head(f, up[k].arc), port_of(f, up[k].arc)};
        k++;
    }
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
                r->links[n] = (struct link){arc, csin_arc_head(f, arc), p};
            n++;
        }
        if (r->links)
            order_uplinks(r, s, r->links + r->first_link[s], n - r->first_link[s]);
    }
    return r->first_link[f->n_switches] = n;
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
    r->seen = calloc(f->n_switches + 1u, sizeof *r->seen);
    bool ok = r->links && r->seen;
    if (ok)
        list_links(r);
    free(r->seen);
    r->seen = NULL;
    return ok;
}

/* The first switch of the part that `s` is in, as far as it is joined so far. */
static uint32_t part_root(uint32_t *part_of, uint32_t s)
{
    while (part_of[s] != s)
        s = part_of[s] = part_of[part_of[s]];
    return s;
}

/* Numbers the parts of the fabric by their first switch: switches that cables join, whether up or
 * not, so that tables keep their shape when cables die. False without memory. */
static bool find_parts(struct csin_routes *r)
{
    const struct csin_fabric *f = r->f;
    r->part_of = malloc((f->n_switches + 1u) * sizeof *r->part_of);
    r->column = malloc((f->n_nics + 1u) * sizeof *r->column);
    r->first_entry = malloc((f->n_switches + 1u) * sizeof *r->first_entry);
    uint32_t *n_columns = calloc(f->n_switches + 1u, sizeof *n_columns);
    bool ok = r->part_of && r->column && r->first_entry && n_columns;
    for (uint32_t s = 0; ok && s < f->n_switches; s++)
        r->part_of[s] = s;
    for (uint32_t c = 0; ok && c < f->n_cables; c++) {
        if (csin_is_nic(f, f->cables[c].end[0]))
            continue;
        uint32_t a = part_root(r->part_of, f->cables[c].end[0]);
        uint32_t z = part_root(r->part_of, f->cables[c].end[1]);
        r->part_of[a > z ? a : z] = a > z ? z : a;
    }
    for (uint32_t s = 0; ok && s < f->n_switches; s++)
        r->part_of[s] = part_root(r->part_of, s);
    for (uint32_t nic = 0; ok && nic < f->n_nics; nic++)
        if (f->nics[nic].leaf != CSIN_NONE)
            r->column[nic] = n_columns[r->part_of[f->nics[nic].leaf]]++;
    for (uint32_t s = 0; ok && s < f->n_switches; s++) {
        r->first_entry[s] = r->n_entries;
        r->n_entries += n_columns[r->part_of[s]];
    }
    free(n_columns);
    return ok;
}

/* Switches that NICs hang off. False without memory. */
static bool find_targets(struct csin_routes *r)
{
    const struct csin_fabric *f = r->f;
    r->target_of = malloc((f->n_switches + 1u) * sizeof *r->target_of);
    if (!r->target_of)
        return false;
    memset(r->target_of, 0xff, f->n_switches * sizeof *r->target_of);
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (f->nics[nic].cable != CSIN_NONE)
            r->target_of[f->nics[nic].leaf] = 0;
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (r->target_of[s] != CSIN_NONE)
            r->target_of[s] = r->n_targets++;
    return true;
}

static enum csin_status make_table(struct csin_routes *r, struct csin_diag *diag)
{
    r->no_entry = NO_PORT;
    if (!find_parts(r))
        return csin_no_memory(diag);
    if (r->n_entries > MAX_ENTRIES)
        return csin_error(diag, CSIN_E_FAILED, 230, (struct csin_loc){0},
                          "forwarding tables of %s entries (%s switches x %s NICs); at most %s",
                          csin_show_count(r->n_entries).s, csin_show_count(r->f->n_switches).s,
                          csin_show_count(r->f->n_nics).s, csin_show_count(MAX_ENTRIES).s);
    r->table = malloc((r->n_entries + 1) * sizeof *r->table);
    if (!r->table)
        return csin_no_memory(diag);
    memset(r->table, 0xff, r->n_entries * sizeof *r->table);
    return CSIN_OK;
}

enum csin_status csin_routes_create(const struct csin_fabric *fabric, const bool *up,
                                    enum csin_policy policy, uint64_t seed, struct csin_diag *diag,
                                    struct csin_routes **ret_routes)
{
    enum csin_status status = CSIN_E_FAILED;
    struct csin_routes *r = calloc(1, sizeof *r);
    if (!r)
        goto no_memory;
    *r = (struct csin_routes){.f = fabric, .policy = policy, .seed = seed};
    if (!copy_up(r, up) || !find_targets(r))
        goto no_memory;
    r->hops = malloc((size_t)r->n_targets * fabric->n_switches + 1);
    if (!r->hops)
        goto no_memory;
    if (csin_policy_has_table(policy) && (status = make_table(r, diag)) != CSIN_OK)
        goto fail;
    if ((policy == CSIN_SPRAY || policy == CSIN_LEAST_LOADED) && !(r->dag = csin_dag_create(r)))
        goto no_memory;
    if (policy == CSIN_DMODK_ONE_VL && !(r->one_vl = csin_one_vl_create(r)))
        goto no_memory;
    if ((status = csin_routes_fill(r, diag)) != CSIN_OK)
        goto fail;
    *ret_routes = r;
    return CSIN_OK;

no_memory:
    status = csin_no_memory(diag);
fail:
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
    free(routes->first_entry);
    free(routes->part_of);
    free(routes->column);
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
           (r->table ? r->n_entries * sizeof *r->table +
                           n * (sizeof *r->first_entry + sizeof *r->part_of) +
                           r->f->n_nics * sizeof *r->column
                     : 0) +
           (r->dag ? csin_dag_bytes(r) : 0);
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
    uint32_t n = csin_routes_nearer(r, sw, f->nics[nic].leaf, links), kept = 0;
    n = csin_one_vl_choose(r, sw, f->nics[nic].leaf, links, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = 0;
        while (k < kept && ret_arcs[k] != links[i].arc)
            k++;
        if (k == kept) /* dmodk-one-vl may name one several times */
            ret_arcs[kept++] = links[i].arc;
    }
    return kept;
}

void csin_routes_set(struct csin_routes *r, uint32_t sw, uint32_t nic, uint32_t arc)
{
    assert(r->table && csin_arc_tail(r->f, arc) == sw && r->up[arc >> 1]);
    *table_entry(r, sw, nic) = (uint16_t)port_of(r->f, arc);
}

/* What the entries say, whatever the file looked like. */
static struct csin_sha256 digest_of(const struct csin_routes *routes)
{
    struct csin_sha256_stream *sha = csin_sha256_start();
    unsigned char bytes[4096];
    size_t n = 0;
    for (uint32_t s = 0; sha && s < routes->f->n_switches; s++)
        for (uint32_t nic = 0; nic < routes->f->n_nics; nic++) {
            uint16_t port = *table_entry(routes, s, nic);
            bytes[n++] = (unsigned char)(port & 0xff);
            bytes[n++] = (unsigned char)(port >> 8);
            if (n == sizeof bytes) {
                csin_sha256_add(sha, bytes, n);
                n = 0;
            }
        }
    csin_sha256_add(sha, bytes, n);
    return csin_sha256_finish(sha);
}

bool csin_routes_seal(struct csin_routes *r)
{
    assert(r->table);
    r->policy = CSIN_LFT;
    r->digest = digest_of(r);
    return r->digest.hex[0] != 0;
}

uint32_t csin_routes_entry(const struct csin_routes *r, uint32_t sw, uint32_t nic)
{
    uint16_t port = *table_entry(r, sw, nic);
    return port == NO_PORT ? CSIN_NONE : port;
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
    /* Of the nearest pairs those of one number first: one plane, or one rail, at both ends. */
    unsigned fewest = NO_WAY;
    uint32_t n = 0;
    for (unsigned pass = 0; pass < 2; pass++) {
        uint64_t wanted = n ? csin_mix64(flow) % n : 0;
        n = 0;
        for (uint32_t a = 0; a < src->n_nics; a++)
            for (uint32_t z = 0; z < dst->n_nics; z++) {
                unsigned cost = distance(r, src->first_nic + a, dst->first_nic + z);
                if (cost == NO_WAY)
                    continue;
                cost = 2 * cost + (a != z);
                if (cost < fewest) {
                    fewest = cost;
                    n = 0;
                }
                if (cost == fewest && n++ == wanted && pass == 1) {
                    *ret_src_nic = src->first_nic + a;
                    *ret_dst_nic = dst->first_nic + z;
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
