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
    double worst;          /* max L(a) over arcs between switches; 0 without any traffic there */
    double bound;          /* no destination-based routing over shortest ways has less */
    uint32_t worst_arc;    /* CSIN_NONE without traffic */
    uint32_t bound_switch; /* the switch whose way out or in makes the bound; CSIN_NONE */
    bool bound_is_out;     /* out of bound_switch, upwards; else into it */
    double mean_square;    /* of L(a) over the arcs that carry anything */
    uint32_t n_changed;    /* entries that differ from the tables given */
};

/* Changes entries of `routes` (a policy with tables) at the switches where traffic enters. One
 * phase in a full zone is coloured (plan/colour.h), which reaches the bound; then a local search
 * moves one entry at a time where that lowers sum L(a)^q, with q growing, until nothing does or the
 * time is up; the best tables seen are kept. The seed orders the search. CSIN_E_FAILED without
 * memory. */
enum csin_status csin_balance_tables(const struct csin_fabric *fabric, struct csin_routes *routes,
                                     const struct csin_offered *offered, uint64_t seed,
                                     double time_limit_s, struct csin_diag *diag,
                                     struct csin_balance *ret);

#endif
