/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Follows routes from every leaf to every NIC. All NICs of a leaf go the same way, so this costs
 * leaves x NICs, not NICs x NICs. */
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define GO_ON CSIN_N_STOPS
#define CACHED_SENDERS 4096u
#define BETWEEN_ZONES 1000u /* added to the distance of NICs in different zones */

const char *const csin_stop_names[] = {"arrives",   "no-entry", "no-cable", "dead-cable",
                                       "wrong-nic", "circle",   NULL};

static bool is_joined(const struct csin_fabric *f, uint32_t nic)
{
    return f->nics[nic].cable != CSIN_NONE && f->cables[f->nics[nic].cable].up;
}

/* ---- parts ---- */

static uint32_t find_root(uint32_t *parent, uint32_t s)
{
    while (parent[s] != s)
        s = parent[s] = parent[parent[s]];
    return s;
}

static void find_parts(const struct csin_fabric *f, uint32_t *part)
{
    for (uint32_t s = 0; s < f->n_switches; s++)
        part[s] = s;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (cable->up && !csin_is_nic(f, cable->end[0]) && !csin_is_nic(f, cable->end[1]))
            part[find_root(part, cable->end[0])] = find_root(part, cable->end[1]);
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        part[s] = find_root(part, s);
}

/* ---- senders ---- */

/* By leaf, role, and the leaves of all NICs of the host: what decides who sends alike. */
static int compare(const struct csin_fabric *f, uint32_t a, uint32_t z)
{
    const struct csin_nic *x = &f->nics[a], *y = &f->nics[z];
    const struct csin_host *g = &f->hosts[x->host], *h = &f->hosts[y->host];
    if (x->leaf != y->leaf)
        return x->leaf < y->leaf ? -1 : 1;
    if (g->role != h->role)
        return g->role < h->role ? -1 : 1;
    if (g->n_nics != h->n_nics)
        return g->n_nics < h->n_nics ? -1 : 1;
    for (uint32_t k = 0; k < g->n_nics; k++) {
        uint32_t p = is_joined(f, g->first_nic + k) ? f->nics[g->first_nic + k].leaf : CSIN_NONE;
        uint32_t q = is_joined(f, h->first_nic + k) ? f->nics[h->first_nic + k].leaf : CSIN_NONE;
        if (p != q)
            return p < q ? -1 : 1;
    }
    return 0;
}

static int by_sender(const void *left, const void *right, void *fabric)
{
    const uint32_t *a = left, *z = right;
    int order = compare(fabric, *a, *z);
    return order ? order : (*a > *z) - (*a < *z);
}

static void group_senders(struct walker *w)
{
    const struct csin_fabric *f = w->f;
    for (uint32_t i = 0; i < f->n_nics; i++) {
        w->sender_of[i] = CSIN_NONE;
        if (is_joined(f, i))
            w->members[w->n_joined++] = i;
    }
    qsort_r(w->members, w->n_joined, sizeof *w->members, by_sender, (void *)w->f);
    for (uint32_t i = 0; i < w->n_joined; i++) {
        uint32_t nic = w->members[i];
        const struct csin_host *host = &f->hosts[f->nics[nic].host];
        if (i == 0 || compare(f, w->members[i - 1], nic) != 0)
            w->senders[w->n_senders++] = (struct sender){f->nics[nic].leaf, host->role, 0, i,
                                                         host->n_nics == 1};
        w->senders[w->n_senders - 1].n++;
        w->sender_of[nic] = w->n_senders - 1;
    }
}

/* ---- pairs in use ---- */

static uint32_t distance(const struct walker *w, uint32_t a, uint32_t z)
{
    const struct csin_fabric *f = w->f;
    if (!is_joined(f, a) || !is_joined(f, z))
        return UINT32_MAX;
    uint32_t from = f->nics[a].leaf, to = f->nics[z].leaf;
    if (w->part[from] != w->part[to])
        return UINT32_MAX;
    return csin_routes_hops(w->routes, from, to) +
           (f->switches[from].zone == f->switches[to].zone ? 0 : BETWEEN_ZONES);
}

/* No pair of NICs of these two hosts is nearer. */
static bool is_nearest(const struct walker *w, uint32_t a, uint32_t z)
{
    const struct csin_fabric *f = w->f;
    const struct csin_host *g = &f->hosts[f->nics[a].host], *h = &f->hosts[f->nics[z].host];
    if (g->n_nics == 1 && h->n_nics == 1)
        return true;
    uint32_t mine = distance(w, a, z);
    for (uint32_t i = 0; i < g->n_nics; i++)
        for (uint32_t k = 0; k < h->n_nics; k++)
            if (distance(w, g->first_nic + i, h->first_nic + k) < mine)
                return false;
    return true;
}

static bool is_in_use(const struct walker *w, uint32_t sender, uint32_t nic)
{
    uint32_t to = w->sender_of[nic];
    if (w->senders[sender].is_single && w->senders[to].is_single)
        return true;
    if (w->in_use)
        return w->in_use[(size_t)sender * w->n_senders + to];
    return is_nearest(w, w->members[w->senders[sender].first], nic);
}

static bool cache_uses(struct walker *w)
{
    bool all_single = true;
    for (uint32_t a = 0; a < w->n_senders; a++)
        all_single &= w->senders[a].is_single;
    if (all_single || w->n_senders > CACHED_SENDERS)
        return true;
    w->in_use = malloc((size_t)w->n_senders * w->n_senders + 1);
    if (!w->in_use)
        return false;
    for (uint32_t a = 0; a < w->n_senders; a++)
        for (uint32_t z = 0; z < w->n_senders; z++)
            w->in_use[(size_t)a * w->n_senders + z] = is_nearest(w, w->members[w->senders[a].first],
                                                                 w->members[w->senders[z].first]);
    return true;
}

/* ---- targets ---- */

static int by_number(const void *left, const void *right)
{
    const uint32_t *a = left, *z = right;
    return (*a > *z) - (*a < *z);
}

static void pick_targets(struct walker *w, uint64_t budget, uint64_t seed)
{
    struct csin_rng rng = csin_rng_init(seed, 0x7a26e75);
    uint64_t most = w->n_senders ? budget / w->n_senders + 1 : 0;
    memcpy(w->targets, w->members, w->n_joined * sizeof *w->targets);
    w->n_targets = w->n_joined;
    if (most < w->n_joined) {
        csin_rng_shuffle(&rng, w->targets, w->n_joined);
        w->n_targets = (uint32_t)most;
    }
    qsort(w->targets, w->n_targets, sizeof *w->targets, by_number);
}

bool csin_walker_init(struct walker *w, const struct csin_fabric *f,
                      const struct csin_routes *routes, uint64_t budget, uint64_t seed)
{
    size_t nics = f->n_nics + 1u, switches = f->n_switches + 1u;
    *w = (struct walker){
        .f = f,
        .routes = routes,
        .senders = malloc(nics * sizeof *w->senders),
        .members = malloc(nics * sizeof *w->members),
        .sender_of = malloc(nics * sizeof *w->sender_of),
        .part = malloc(switches * sizeof *w->part),
        .next = malloc(switches * sizeof *w->next),
        .asked = calloc(switches, sizeof *w->asked),
        .stops = malloc(switches),
        .same_host = calloc(nics, sizeof *w->same_host),
        .targets = malloc(nics * sizeof *w->targets),
    };
    if (!w->senders || !w->members || !w->sender_of || !w->part || !w->next || !w->asked ||
        !w->stops || !w->same_host || !w->targets)
        return false;
    find_parts(f, w->part);
    group_senders(w);
    pick_targets(w, budget, seed);
    return cache_uses(w);
}

void csin_walker_finish(struct walker *w)
{
    free(w->senders);
    free(w->members);
    free(w->sender_of);
    free(w->part);
    free(w->in_use);
    free(w->next);
    free(w->asked);
    free(w->stops);
    free(w->same_host);
    free(w->targets);
}

/* ---- walking ---- */

/* What switch `s` does with a packet for `nic`. */
static void ask(struct walker *w, uint32_t s, uint32_t nic)
{
    const struct csin_fabric *f = w->f;
    uint32_t port = csin_routes_entry(w->routes, s, nic);
    w->asked[s] = nic + 1;
    w->next[s] = CSIN_NONE;
    w->stops[s] = CSIN_STOP_NO_ENTRY;
    if (port == CSIN_NONE)
        return;
    uint32_t arc = port < f->switches[s].n_ports ? f->port_arc[f->switches[s].first_port + port]
                                                 : CSIN_NONE;
    w->next[s] = arc;
    if (arc == CSIN_NONE)
        w->stops[s] = CSIN_STOP_NO_CABLE;
    else if (!f->cables[arc >> 1].up)
        w->stops[s] = CSIN_STOP_DEAD_CABLE;
    else if (!csin_is_nic(f, csin_arc_head(f, arc)))
        w->stops[s] = GO_ON;
    else if (csin_arc_head(f, arc) - f->n_switches != nic)
        w->stops[s] = CSIN_STOP_WRONG_NIC;
    else
        w->stops[s] = CSIN_ARRIVES;
}

static void go(struct walker *w, struct walk *walk)
{
    const struct csin_fabric *f = w->f;
    uint32_t s = w->senders[walk->sender].leaf;
    walk->n = 0;
    for (;;) {
        if (w->asked[s] != walk->nic + 1)
            ask(w, s, walk->nic);
        walk->at = s;
        walk->stop = (enum csin_stop)w->stops[s];
        if (w->stops[s] == CSIN_ARRIVES)
            walk->arcs[walk->n++] = w->next[s];
        if (w->stops[s] != GO_ON)
            return;
        if (walk->n == WALK_MAX - 1 || walk->n > f->n_switches) {
            walk->stop = CSIN_STOP_CIRCLE;
            return;
        }
        walk->arcs[walk->n++] = w->next[s];
        s = csin_arc_head(f, w->next[s]);
    }
}

void csin_walker_run(struct walker *w, void (*visit)(void *context, const struct walk *walk),
                     void *context)
{
    const struct csin_fabric *f = w->f;
    struct walk walk;
    memset(w->asked, 0, f->n_switches * sizeof *w->asked);
    for (uint32_t t = 0; t < w->n_targets; t++) {
        walk.nic = w->targets[t];
        const struct csin_host *host = &f->hosts[f->nics[walk.nic].host];
        uint32_t part = w->part[f->nics[walk.nic].leaf];
        for (uint32_t k = 0; k < host->n_nics; k++)
            if (w->sender_of[host->first_nic + k] != CSIN_NONE)
                w->same_host[w->sender_of[host->first_nic + k]]++;
        for (walk.sender = 0; walk.sender < w->n_senders; walk.sender++) {
            const struct sender *sender = &w->senders[walk.sender];
            walk.n_pairs = sender->n - w->same_host[walk.sender];
            if (walk.n_pairs == 0 || w->part[sender->leaf] != part)
                continue;
            walk.in_use = is_in_use(w, walk.sender, walk.nic);
            go(w, &walk);
            visit(context, &walk);
        }
        for (uint32_t k = 0; k < host->n_nics; k++)
            if (w->sender_of[host->first_nic + k] != CSIN_NONE)
                w->same_host[w->sender_of[host->first_nic + k]] = 0;
    }
}

struct csin_pair csin_walk_pair(const struct walker *w, const struct walk *walk)
{
    const struct sender *sender = &w->senders[walk->sender];
    uint32_t host = w->f->nics[walk->nic].host, i = sender->first;
    while (w->f->nics[w->members[i]].host == host)
        i++; /* there is another: n_pairs > 0 */
    return (struct csin_pair){w->members[i], walk->nic};
}
