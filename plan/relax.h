/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What any routing of an offered load comes to at least: its linear relaxation, in which flows are
 * divisible.
 *
 *     minimise t,   where what goes from a switch to a NIC is split over its ways (x >= 0, sum 1)
 *     and           sum over owners o of load(a, p_o) <= t
 *                   for every arc a and every choice of one phase p_o of each owner
 *
 * Tables are the solutions with x = 0 or 1, so no tables over these ways are below t. There are far
 * too many columns (ways) and rows (arcs, choices of phases), so both are made as they are needed:
 * ways that the prices of the rows find cheap (column generation: L. R. Ford, D. R. Fulkerson, A
 * suggested computation for maximal multi-commodity network flows, Management Science 5, 1958), and
 * rows that the solution breaks. Whatever the rows and columns so far, prices w >= 0 that sum to 1
 * prove
 *
 *     t  >=  sum over entries of  min over its ways of  sum over the rows of its arcs of
 *                                                       w x rate of the entry in their phases / C
 *
 * which is the bound handed out: it holds wherever the search stops. */
#ifndef CSIN_PLAN_RELAX_H
#define CSIN_PLAN_RELAX_H

#include "plan/offered.h"

#define CSIN_RELAX_COMMODITIES 6000u /* groups of entries that the program may have */
#define CSIN_RELAX_ROUNDS 400u       /* linear programs solved */
#define CSIN_RELAX_LEAVES 4096u
#define CSIN_RELAX_WAYS (1u << 23) /* arcs on all ways to all leaves */

struct csin_relax_options {
    double at_least;     /* a bound that is known: no work where an even split reaches it */
    double time_limit_s; /* 0: none */
    bool (*stop)(void *arg);
    void *stop_arg;
};

struct csin_relax_price { /* an arc's part in the proof; they sum to 1 */
    uint32_t arc;
    double weight;
};

struct csin_relaxed {
    double bound; /* proved; at_least where nothing better was found */
    double even;  /* worst load where every switch splits evenly, as packets that are sprayed */
    double split; /* of the best split found: bound <= optimum <= split <= even */
    bool exact;   /* the optimum, proved: split is bound, but for rounding */
    bool too_large, out_of_time;      /* why there is no (better) bound */
    uint32_t n_solved, n_commodities; /* programs; groups of entries in the last */
    uint32_t n_phases;                /* of the offered ones, that the last program has */
    struct csin_relax_price *prices;  /* [n_prices] heaviest first, of the best program's bound;
                                       * malloc'ed; none where at_least was no worse */
    uint32_t n_prices;
    /* What must pass the arcs of `prices` whatever the routing (an arc counted each time), where
     * they prove the bound without their weights; else 0. */
    double cut_Bps, cut_capacity_Bps;
};

/* Bounds the worst load that tables can come to which choose among the ways of `routes`
 * (csin_routes_choices). CSIN_E_FAILED: no memory. Time: a linear program for each round; none
 * where the even split reaches at_least, as in zones whose cables are all alike and up.
 * Test: tests/plan/test_relax.c */
enum csin_status csin_relax(const struct csin_fabric *fabric, const struct csin_routes *routes,
                            const struct csin_offered *offered,
                            const struct csin_relax_options *options, struct csin_diag *diag,
                            struct csin_relaxed *ret);
void csin_relaxed_finish(struct csin_relaxed *relaxed);

#endif
