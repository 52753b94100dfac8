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

#include "plan/cut.h"
#include "plan/relax.h"

struct csin_balance {
    double given, worst; /* max L(a) over arcs between switches: before, after; 0 without traffic */
    uint32_t worst_arc;  /* CSIN_NONE without traffic */
    double mean_square;  /* of L(a) over the arcs that carry anything */
    double *load;        /* [n_arcs] L(a) afterwards, 0 at hosts; malloc'ed */
    uint32_t n_entries,
        n_changed;     /* that traffic uses; of those, that differ from the tables given */
    uint32_t n_forced; /* of the changed, those whose way is gone: no table can keep them */
    double bound;      /* no tables have a smaller worst load: the larger one of cut and relaxed */
    struct csin_edge_cut cut;
    bool is_relaxed; /* looked at: not where the cut is reached at once */
    struct csin_relaxed relaxed;
};
#define CSIN_BALANCE_FULL (1 + 1e-9) /* loads up to here leave nobody behind */

struct csin_balance_options {
    uint64_t seed; /* orders the search */
    double time_limit_s;
    bool (*stop)(void *arg); /* asked now and then; true: the best so far. NULL: never */
    void *stop_arg;
    bool stable;                    /* few entries change */
    const struct csin_routes *keep; /* against these tables; NULL: those given */
};

/* The worst load that is good enough where few entries are to change: 1.1 times the bound, but
 * not above 1 where 1 can be had. */
double csin_balance_aim(double bound);

/* Changes entries of `routes` (a policy with tables) at the switches where traffic enters. In
 * full zones the entries of each phase are coloured (plan/colour.h), which reaches the bound where
 * there is one phase of equal flows: all at once, and, to begin with, large flows before small
 * ones, which then go around them. A local search then moves entries that have part in a load
 * little below the worst, one at a time to where it costs least, from time to time with noise,
 * until nothing has helped for some rounds or the time is up or `stop` says so; the best tables
 * seen are kept.
 *
 * Stable: nothing changes but what must while the worst load is above csin_balance_aim. Entries of
 * `keep` whose way is gone are free to go anywhere; then the entry goes first that takes most off
 * what is above the aim, then what is on two spines changes places along alternating paths, then
 * the search goes on with a price on each change. Only where that ends
 * above 1.25 times the bound (or above 1, where 1 can be had) are tables made anew. In the end
 * entries go back to what they were where no load then exceeds the aim, or the worst one.
 *
 * CSIN_E_FAILED without memory. */
enum csin_status csin_balance_tables(const struct csin_fabric *fabric, struct csin_routes *routes,
                                     const struct csin_offered *offered,
                                     const struct csin_balance_options *options,
                                     struct csin_diag *diag, struct csin_balance *ret);
void csin_balance_finish(struct csin_balance *balance);

#endif
