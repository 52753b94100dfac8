/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who of a job talks to whom, and how much of it must go between parts of bounded size. Ranks are
 * the vertices; an edge has the bytes that two ranks send each other, both ways, over all rounds.
 */
#ifndef CSIN_PLAN_PLACE_GRAPH_H
#define CSIN_PLAN_PLACE_GRAPH_H

#include "sim/scenario.h"

struct place_edge {
    uint32_t a, b; /* ranks, a < b */
    double bytes;
};

struct place_graph {
    uint32_t n; /* ranks */
    double bytes;
    /* All steps together, each pair twice: neighbours of v are to[first[v] .. first[v + 1]). */
    uint64_t *first;
    uint32_t *to;
    double *weight;
    /* Layers: one for each different step that moves anything; pairs in the order in which the
     * schedule first has them. */
    struct place_edge *edges;
    uint64_t *layer_first; /* [n_layers + 1] */
    uint32_t n_layers;
};

/* Of the job alone. CSIN_E_FAILED without memory or where the schedule of a step is too large. */
enum csin_status place_graph_create(const struct csin_scenario *scenario, uint32_t job,
                                    struct csin_diag *diag, struct place_graph *ret_graph);
void place_graph_finish(struct place_graph *graph);

/* Bytes that go between parts whatever rank is in which, when part p holds sizes[p] ranks at most
 * (sizes: [n_parts], the largest first, n ranks in all at least). Of each layer the best of
 *
 *     degree   a rank has at most s - 1 neighbours with it in a part of s, its heaviest;
 *     cycle    k parts cut a cycle k times;
 *     forest   edges are dealt to forests, in each of which edges must go until no tree has more
 *              than sizes[0] ranks (S. Kundu, J. Misra, A linear tree partitioning algorithm,
 *              SIAM J. Comput. 6, 1977, with weights by dynamic programming), and until there are
 *              as many trees as parts are needed;
 *
 * and their sum, or the degree bound of all layers together. -1 without memory.
 * Test: tests/plan/test_place.c, against all partitions of small graphs. */
double place_graph_bound(const struct place_graph *graph, const uint32_t *sizes, uint32_t n_parts);
/* The fewest parts that hold all ranks. */
uint32_t place_graph_parts(const struct place_graph *graph, const uint32_t *sizes,
                           uint32_t n_parts);

#endif
