/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of placement share:
 *
 *     plan/place_graph.c    who talks to whom, and lower bounds
 *     plan/place_slots.c    hosts as slots, and how good a placement is
 *     plan/place_greedy.c   jobs to zones, ranks to leaves
 *     plan/place_search.c   exchanging hosts
 *     plan/place_exact.c    all of it as an integer program
 *     plan/place_storage.c  cables of storage hosts
 *     plan/place.c          the whole, and what to say about it
 *
 * Every host is a slot; slots are sorted by leaf. Ranks of all jobs are numbered in one row. A
 * placement is the slot of each rank. */
#ifndef CSIN_PLAN_PLACE_INSIDE_H
#define CSIN_PLAN_PLACE_INSIDE_H

#include "plan/place.h"
#include "plan/place_graph.h"

/* Bytes that differ by less are the same: the pieces of a buffer differ by a byte, which must not
 * decide anything. */
#define PLACE_SAME 1e-5

struct place {
    const struct csin_scenario *sc;
    const struct csin_place_options *options;
    struct csin_diag *diag;
    double until_s;
    bool over; /* the time is up */

    uint32_t n_slots, n_leaves, n_zones, n_kinds;
    uint32_t *slot_host, *slot_leaf; /* [n_slots] */
    uint32_t *slot_kind;   /* [n_slots] CSIN_NONE: no rank comes here or leaves from here */
    uint32_t *leaf_first;  /* [n_leaves + 1] slots */
    uint32_t *leaf_zone;   /* [n_leaves] */
    uint32_t *leaf_switch; /* [n_leaves] the first switch it is; CSIN_NONE */

    uint32_t n_jobs, n_ranks;
    uint32_t *rank_first;              /* [n_jobs + 1] */
    uint32_t *rank_job;                /* [n_ranks] */
    bool *fixed;                       /* [n_jobs] */
    bool *barred;                      /* [n_jobs][n_zones] not the zone the job is to be in */
    struct place_graph *graphs;        /* [n_jobs] */
    uint32_t *given;                   /* [n_ranks] slots of the scenario's placement */
    struct csin_place_figures *bounds; /* [n_jobs] of each alone */
};

/* What decides between two placements. */
struct place_score {
    uint32_t jobs_across, leaves;
    double zone_bytes, leaf_bytes;
};

static inline uint32_t place_zone(const struct place *p, uint32_t slot)
{
    return p->leaf_zone[p->slot_leaf[slot]];
}

static inline bool place_is_barred(const struct place *p, uint32_t job, uint32_t zone)
{
    return p->barred[(size_t)job * p->n_zones + zone];
}

/* Whether there is to be an end. Stays so. */
bool place_is_over(struct place *p);

/* Fills all but the graphs. False without memory; place_finish is safe then. */
bool place_init(struct place *p, const struct csin_scenario *sc,
                const struct csin_place_options *options, struct csin_diag *diag);
void place_finish(struct place *p);
/* False without memory. *ret_score may be NULL. */
bool place_measure(const struct place *p, const uint32_t *slots, struct place_score *ret_score,
                   struct csin_place_figures *ret_all, struct csin_place_figures *ret_jobs);
/* < 0 where a is better. `leaves`: whether these count. */
int place_compare(const struct place_score *a, const struct place_score *b, bool leaves);
/* How many ranks of the job each leaf, or zone, could hold, the most first; malloc'ed, *ret_n of
 * them; NULL without memory. Slots of other jobs that may move are taken for free. */
uint32_t *place_room(const struct place *p, uint32_t job, bool zones, uint32_t *ret_n);

/* want [n_jobs][n_kinds][n_zones]: how many ranks of each kind go to which zone, with as few jobs
 * in several zones as can be; *ret_bound: there are no fewer. */
enum csin_status place_deal_zones(struct place *p, uint32_t *want, uint32_t *ret_bound);
/* Slots for all jobs that may move, those of the others as they are. `hint`: a placement of which
 * the zones of the ranks are kept, and `want` becomes what it has; NULL: none. False without
 * memory.
 */
bool place_greedy(struct place *p, uint32_t *want, const uint32_t *hint, uint32_t *ret_slots);
/* Improves `slots` until the score is `goal` or `work` steps are done. With `zones_only` bytes
 * between leaves do not count. False without memory. */
bool place_search(struct place *p, uint32_t *slots, const struct place_score *goal, bool zones_only,
                  double work, uint64_t stream);
/* Improves `slots` and raises `bound` by integer programs where these are small; *ret_exact: the
 * optimum, proved. */
enum csin_status place_solve_exactly(struct place *p, uint32_t *slots, struct place_score *bound,
                                     bool *ret_exact);
/* Exchanges slots between leaves that are alike, and inside leaves, so that few ranks move. False
 * without memory. */
bool place_settle(struct place *p, uint32_t *slots);
/* Fills storage and cables of the placement. False without memory. */
bool place_storage(const struct csin_scenario *sc, struct csin_arena *arena,
                   struct csin_place_result *ret);

#endif
