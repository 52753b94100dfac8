/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Offered load: what a scenario would put on the fabric if the fabric held nobody back. The
 * schedule is cut into phases, and a phase is what can be in flight together of one owner:
 *
 *     a step of a job     operations of one level: those that wait for nothing of their step, then
 *                         those that wait for these, and so on (the rounds of a ring; the shifts of
 *                         an all-to-all; the chunks of a tree, which soon fill all of it)
 *     a storage stream    all of it at once, as its readers and writers go on by themselves
 *
 * Equal phases of an owner are kept once. In a phase a flow from host to host offers the rate
 *
 *     bytes / T,   T = max over the hosts' NICs of (bytes it sends or receives / its rate)
 *
 * so the busiest NIC is just full: all transfers of the phase done in the time that the end hosts
 * alone need for it. Phases of different owners may meet in any combination. */
#ifndef CSIN_PLAN_OFFERED_H
#define CSIN_PLAN_OFFERED_H

#include "sim/schedule.h"
#include "topo/routes.h"

struct csin_offer {
    uint32_t src, dst; /* NICs */
    double rate_Bps;
};

struct csin_phase {
    uint32_t owner, step; /* of the owner; 0 for a stream */
    uint32_t first, n;    /* offers */
    double time_s;        /* T above */
    uint32_t times;       /* how often it occurs */
};

struct csin_offered {
    struct csin_offer *offers; /* by phase; in each sorted by src, then dst, each pair once */
    struct csin_phase *phases; /* by owner, in the order of the schedule */
    uint32_t n_offers, n_phases, n_owners;
};

#define CSIN_MAX_PHASES 100000u
#define CSIN_MAX_OFFERS (1u << 28)

/* Offers of a schedule. `routes` says which NICs two hosts use; pairs without a way offer nothing.
 * Steps with delays only have no phase. CSIN_E_FAILED (CSIN-800) where there are more than
 * CSIN_MAX_PHASES different phases or CSIN_MAX_OFFERS offers. Needs dependencies on earlier
 * operations only, as all makers of schedules in sim/ write them. O(operations log operations). */
enum csin_status csin_offered_create(const struct csin_schedule *schedule,
                                     const struct csin_routes *routes,
                                     const struct csin_fabric *fabric, struct csin_diag *diag,
                                     struct csin_offered *ret_offered);
void csin_offered_finish(struct csin_offered *offered);

#endif
