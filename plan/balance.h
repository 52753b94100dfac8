/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Routing as an optimisation: destination-based tables that keep every phase of the offered load
 * (plan/offered.h) as even as can be.
 *
 * The load of an arc is what it has to carry if every owner is in the phase that is worst for it:
 *
 *     L(a) = sum over owners o of max over phases p of o of (sum of rates of p over a) / C(a)
 *
 * and the aim is the smallest max L(a), then the smallest sum of L(a)^2. Below 1 on every arc
 * between switches nobody is held back by the fabric: the certificate of `congestion-free`. */
#ifndef CSIN_PLAN_BALANCE_H
#define CSIN_PLAN_BALANCE_H

#include "plan/offered.h"

struct csin_balance {
    double given, worst; /* max L(a) over arcs between switches: before, after; 0 without traffic */
    uint32_t worst_arc;  /* CSIN_NONE without traffic */
    double mean_square;  /* of L(a) over the arcs that carry anything */
    double *load;        /* [n_arcs] L(a) afterwards, 0 at hosts; malloc'ed */
    uint32_t n_entries,
        n_changed; /* that traffic uses; of those, that differ from the tables given */
    /* No routing has a smaller worst load: what has to leave or enter one switch, or one zone, by
     * its cables to others. */
    double bound;
    uint32_t bound_switch, bound_zone; /* one of the two; both CSIN_NONE without traffic */
    bool bound_is_out;                 /* leaves it, else enters it */
    double bound_Bps;                  /* what has to, every owner in its worst phase */
    uint32_t bound_cables;
    double bound_capacity_Bps; /* of those cables together, one way */
};
#define CSIN_BALANCE_FULL (1 + 1e-9) /* loads up to here leave nobody behind */

/* Changes entries of `routes` (a policy with tables) at the switches where traffic enters. In
 * full zones the entries of each phase are coloured (plan/colour.h), which reaches the bound where
 * there is one phase of equal flows: all at once, and, to begin with, large flows before small
 * ones, which then go around them. A local search then moves entries that have part in a load
 * little below the worst, one at a time to where it costs least, from time to time with noise,
 * until nothing has helped for some rounds or the time is up or `stop` says so; the best tables
 * seen are kept. The seed orders the search. With `stable`, entries go back to what they were where
 * no load then exceeds the worst one, so that few change. CSIN_E_FAILED without memory. */
enum csin_status csin_balance_tables(const struct csin_fabric *fabric, struct csin_routes *routes,
                                     const struct csin_offered *offered, uint64_t seed, bool stable,
                                     double time_limit_s, bool (*stop)(void *arg), void *stop_arg,
                                     struct csin_diag *diag, struct csin_balance *ret);
void csin_balance_finish(struct csin_balance *balance);

#endif
