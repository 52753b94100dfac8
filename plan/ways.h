/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ways that tables may choose among, from every switch to every leaf that traffic goes to: for
 * each destination an acyclic graph of arcs that lead nearer, kept so that going through it is
 * cheap. */
#ifndef CSIN_PLAN_WAYS_H
#define CSIN_PLAN_WAYS_H

#include "topo/routes.h"

struct csin_way_node {
    uint32_t sw;
    uint32_t first, n; /* arcs that lead nearer; none at the destination itself */
};

struct csin_ways {
    const struct csin_fabric *f;
    uint32_t *nic_of; /* [n_switches] a NIC of this leaf; CSIN_NONE: no ways to it are kept */
    uint32_t *first;  /* [n_switches + 1] nodes of a destination, nearest first */
    struct csin_way_node *nodes;
    uint32_t *arcs;
    uint32_t n_arcs;
    uint32_t *node_of; /* [n_switches] scratch: place of a switch among the nodes at hand */
    double *amount;    /* [n_switches] scratch */
};

/* Ways to the leaves of the NICs for which is_wanted [n_nics]. False without memory, or
 * (*ret_too_large) with more than `most` arcs; csin_ways_finish is safe then. */
bool csin_ways_init(struct csin_ways *ways, const struct csin_routes *routes, const bool *is_wanted,
                    uint32_t most, bool *ret_too_large);
void csin_ways_finish(struct csin_ways *ways);

struct csin_way_part {
    uint32_t arc;
    double part;
};

/* The arcs from `sw` to `leaf` with the part of a flow that each carries where every switch splits
 * it evenly. ret_parts: [CSIN_WAYS_MAX]; returns how many, 0 where there is no way or it would be
 * more. O(nodes nearer than sw). */
#define CSIN_WAYS_MAX 4096u
uint32_t csin_ways_spread(const struct csin_ways *ways, uint32_t sw, uint32_t leaf,
                          struct csin_way_part *ret_parts);

/* The way of the least sum of cost [n_arcs] (>= 0), of equals that of the first arcs. ret_arcs:
 * [CSIN_PATH_MAX], may be NULL. Returns the sum. */
double csin_ways_cheapest(const struct csin_ways *ways, uint32_t sw, uint32_t leaf,
                          double (*cost)(const void *arg, uint32_t arc), const void *arg,
                          uint32_t *ret_arcs, uint32_t *ret_n);

#endif
