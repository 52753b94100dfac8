/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/ways.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct rooms {
    size_t nodes, arcs;
};

static bool add_node(struct csin_ways *w, struct rooms *room, uint32_t n_nodes, uint32_t sw,
                     const uint32_t *arcs, uint32_t n)
{
    if (!csin_grow(&w->nodes, &room->nodes, n_nodes + (size_t)1, sizeof *w->nodes) ||
        !csin_grow(&w->arcs, &room->arcs, w->n_arcs + (size_t)n, sizeof *w->arcs))
        return false;
    w->nodes[n_nodes] = (struct csin_way_node){sw, w->n_arcs, n};
    if (n > 0)
        memcpy(w->arcs + w->n_arcs, arcs, n * sizeof *arcs);
    w->n_arcs += n;
    return true;
}

/* Those of the arcs that do not end where no way goes on; the switches that a way goes on from are
 * stamped. */
static uint32_t drop_dead_ends(const struct csin_ways *w, uint32_t stamp, uint32_t *arcs,
                               uint32_t n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (w->node_of[csin_arc_head(w->f, arcs[i])] == stamp)
            arcs[kept++] = arcs[i];
    return kept;
}

/* by_distance: switches, the nearest to `leaf` first, which is itself. */
static bool add_destination(struct csin_ways *w, const struct csin_routes *routes,
                            struct rooms *room, uint32_t leaf, const uint32_t *by_distance,
                            uint32_t n_reached, uint32_t most, bool *ret_too_large)
{
    uint32_t arcs[CSIN_MAX_PORTS], n_nodes = w->first[leaf];
    for (uint32_t i = 0; i < n_reached; i++) {
        uint32_t sw = by_distance[i];
        uint32_t n = sw == leaf ? 0 : csin_routes_choices(routes, sw, w->nic_of[leaf], arcs);
        n = drop_dead_ends(w, leaf, arcs, n);
        if (n > most - w->n_arcs) {
            *ret_too_large = true;
            return false;
        }
        if (n == 0 && sw != leaf)
            continue;
        w->node_of[sw] = leaf;
        if (!add_node(w, room, n_nodes++, sw, arcs, n))
            return false;
    }
    w->first[leaf + 1] = n_nodes;
    return true;
}

/* A counting sort; 255 hops are no way. */
static uint32_t sort_by_distance(const struct csin_routes *routes, uint32_t n_switches,
                                 uint32_t leaf, uint32_t *ret_order)
{
    uint32_t first[257] = {0};
    for (uint32_t s = 0; s < n_switches; s++)
        first[csin_routes_hops(routes, s, leaf) + 1]++;
    for (uint32_t d = 0; d < 256; d++)
        first[d + 1] += first[d];
    uint32_t n_reached = first[255];
    for (uint32_t s = 0; s < n_switches; s++)
        ret_order[first[csin_routes_hops(routes, s, leaf)]++] = s;
    return n_reached;
}

bool csin_ways_init(struct csin_ways *w, const struct csin_routes *routes, const bool *is_wanted,
                    uint32_t most, bool *ret_too_large)
{
    const struct csin_fabric *f = csin_routes_fabric(routes);
    size_t n = f->n_switches;
    struct rooms room = {0};
    *w = (struct csin_ways){.f = f};
    *ret_too_large = false;
    w->nic_of = malloc((n + 1) * sizeof *w->nic_of);
    w->first = calloc(n + 1, sizeof *w->first);
    w->node_of = malloc((n + 1) * sizeof *w->node_of);
    w->amount = calloc(n + 1, sizeof *w->amount);
    uint32_t *order = malloc((n + 1) * sizeof *order);
    bool ok = w->nic_of && w->first && w->node_of && w->amount && order;
    for (uint32_t s = 0; ok && s < n; s++)
        w->nic_of[s] = w->node_of[s] = CSIN_NONE;
    for (uint32_t nic = 0; ok && nic < f->n_nics; nic++)
        if (is_wanted[nic])
            w->nic_of[f->nics[nic].leaf] = nic;
    for (uint32_t s = 0; ok && s < n; s++) {
        w->first[s + 1] = w->first[s];
        if (w->nic_of[s] != CSIN_NONE)
            ok = add_destination(w, routes, &room, s, order,
                                 sort_by_distance(routes, f->n_switches, s, order), most,
                                 ret_too_large);
    }
    free(order);
    return ok;
}

void csin_ways_finish(struct csin_ways *w)
{
    free(w->nic_of);
    free(w->first);
    free(w->nodes);
    free(w->arcs);
    free(w->node_of);
    free(w->amount);
    *w = (struct csin_ways){0};
}

/* Of the nodes of `leaf`, the place of `sw`; that of the end where it has no way. */
static uint32_t place_of(const struct csin_ways *w, uint32_t sw, uint32_t leaf)
{
    uint32_t i = w->first[leaf];
    while (i < w->first[leaf + 1] && w->nodes[i].sw != sw)
        i++;
    return i;
}

uint32_t csin_ways_spread(const struct csin_ways *w, uint32_t sw, uint32_t leaf,
                          struct csin_way_part *ret_parts)
{
    uint32_t n = 0, from = place_of(w, sw, leaf);
    if (from == w->first[leaf + 1])
        return 0;
    for (uint32_t i = w->first[leaf]; i <= from; i++)
        w->amount[w->nodes[i].sw] = 0;
    w->amount[sw] = 1;
    for (uint32_t i = from; i > w->first[leaf]; i--) {
        const struct csin_way_node *node = &w->nodes[i];
        double part = node->n ? w->amount[node->sw] / node->n : 0;
        if (part == 0)
            continue;
        if (node->n > CSIN_WAYS_MAX - n)
            return 0;
        for (uint32_t k = node->first; k < node->first + node->n; k++) {
            ret_parts[n++] = (struct csin_way_part){w->arcs[k], part};
            w->amount[csin_arc_head(w->f, w->arcs[k])] += part;
        }
    }
    return n;
}

double csin_ways_cheapest(const struct csin_ways *w, uint32_t sw, uint32_t leaf,
                          double (*cost)(const void *arg, uint32_t arc), const void *arg,
                          uint32_t *ret_arcs, uint32_t *ret_n)
{
    uint32_t from = place_of(w, sw, leaf), n = 0;
    if (from == w->first[leaf + 1])
        return 0;
    for (uint32_t i = w->first[leaf]; i <= from; i++) {
        const struct csin_way_node *node = &w->nodes[i];
        double least = node->n ? HUGE_VAL : 0;
        for (uint32_t k = node->first; k < node->first + node->n; k++) {
            double c = w->amount[csin_arc_head(w->f, w->arcs[k])] + cost(arg, w->arcs[k]);
            if (c < least) {
                least = c;
                w->node_of[node->sw] = k;
            }
        }
        w->amount[node->sw] = least;
    }
    for (uint32_t at = sw; ret_arcs && at != leaf && n < CSIN_PATH_MAX;) {
        ret_arcs[n++] = w->arcs[w->node_of[at]];
        at = csin_arc_head(w->f, ret_arcs[n - 1]);
    }
    if (ret_n)
        *ret_n = n;
    return w->amount[sw];
}
