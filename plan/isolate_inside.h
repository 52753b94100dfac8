/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of plan/isolate.h share:
 *
 *     isolate.c          the search, from the run as it is to the answer
 *     isolate_try.c      trials, and what simulations say of them
 *     isolate_lanes.c    who shares a lane with whom
 *     isolate_tune.c     weights and knobs
 *     isolate_load.c     from loads to weights, and to the bound
 *     isolate_answer.c   from the best trial to what is handed out
 *     isolate_words.c    reasons */
#ifndef CSIN_PLAN_ISOLATE_INSIDE_H
#define CSIN_PLAN_ISOLATE_INSIDE_H

#include "plan/isolate.h"

#define CSIN_EQUAL_WEIGHT 64u
#define CSIN_MAX_WEIGHT 255
#define CSIN_ISOLATE_NEEDED 0.01 /* who is slower by no more is not slow */

/* A way to run the scenario, and how it went. */
struct trial {
    uint32_t number;  /* of those that were run */
    bool as_is;       /* the lanes of the scenario, which lane_of and weights do not say */
    bool wide;        /* on switches with as many lanes as it needs */
    uint8_t *lane_of; /* [n_owners] */
    uint8_t weights[CSIN_MAX_LANES];
    uint32_t n_lanes;
    uint32_t *senders, *concurrency; /* [n_streams] */
    double *slowdown;                /* [n_owners]; HUGE_VAL where the run failed */
    double worst, sum;               /* 0: not run */
    struct csin_result *result;      /* of a run that was watched; else NULL */
    double *held;                    /* [n_owners] and what it says of victims */
};

struct isolator {
    const struct csin_scenario *given;
    struct csin_scenario sc; /* the same, lossless on the fluid engine */
    struct csin_fabric wide; /* its fabric with 15 data VLs in all switches */
    const struct csin_isolate_options *options;
    struct csin_diag *diag;
    struct csin_arena *arena; /* of the work */
    struct csin_isolation *out;
    uint32_t n;               /* owners */
    double **alone;           /* [n] rows */
    double begin_s, search_s; /* the run as it is begins; the search does */
    double until_s;           /* of the part of the search at hand; -HUGE_VAL: told to stop */
    double as_is_took_s;      /* to simulate */
    double abandon_s;         /* the run at hand, then */
    double longest_s;         /* of the simulations so far */
    struct trial *as_is, *all_apart, *best;
    struct trial *advice;  /* what knobs could do, where they may not be set; NULL */
    struct trial **trials; /* [n_trials] that were run */
    size_t trials_room;
    uint32_t n_trials, n_abandoned;
    bool weights_are_tried, is_out_of_memory;
};

double csin_isolate_now_s(void);
/* Whether there is time for one more simulation; notes where there is not. */
bool csin_isolate_has_time(struct isolator *iso);
/* Where the run at hand is to be given up: asked by the engine, with the isolator. */
bool csin_isolate_is_over(void *isolator);
/* What comes has until this part of the time that was left after the run as it is. */
void csin_isolate_deadline(struct isolator *iso, double part);

/* A copy of `like` (NULL: all owners on lane 0, equal weights, knobs as they are) that is not run
 * yet; NULL without memory. */
struct trial *csin_trial_create(struct isolator *iso, const struct trial *like);
/* Simulates it, or finds that the same was run before: *t becomes that one. False without time or
 * memory. */
bool csin_trial_run(struct isolator *iso, struct trial **t);
/* Whether a is better than b, by CSIN_ISOLATE_STEP at least. */
bool csin_trial_better(const struct trial *a, const struct trial *b);
static inline bool csin_trial_is_slow(const struct trial *t)
{
    return t->worst > 1 + CSIN_ISOLATE_NEEDED;
}
/* Runs the trial, and takes it where it is better than the best so far. */
bool csin_trial_try(struct isolator *iso, struct trial *t);
uint32_t csin_trial_vl(const struct isolator *iso, const struct trial *t, uint32_t lane);
/* Simulates it with a watch on the arcs, whether there is time or not. The scenario that t->result
 * refers to lies in iso->arena. */
enum csin_status csin_trial_watch(struct isolator *iso, struct trial *t, struct csin_diag *diag);
/* Owners a < b with nobody else, on one lane or two: their slowdowns. */
bool csin_trial_pair(struct isolator *iso, uint32_t a, uint32_t b, bool together,
                     double ret_slowdown[2]);

/* Parts of the search: each begins at iso->best and leaves the best there. */
enum csin_status csin_isolate_lanes(struct isolator *iso);
enum csin_status csin_isolate_tune_weights(struct isolator *iso);
void csin_isolate_tune_knobs(struct isolator *iso);
/* Two lanes in one where that is as good. */
void csin_isolate_merge(struct isolator *iso);
/* Each of those that are slow on a lane of its own that goes before all others. */
void csin_isolate_first(struct isolator *iso);

/* What each lane of `t` offers to the arcs, by plan/offered.h, and from it the weights: see
 * docs/model.md. Fills demand[lane], worst_arc[lane] and t->weights. */
enum csin_status csin_isolate_weights(struct isolator *iso, struct trial *t,
                                      double demand[CSIN_MAX_LANES],
                                      uint32_t worst_arc[CSIN_MAX_LANES]);
/* The bound on the worst slowdown from the bytes that have to pass each arc, and the arc
 * (CSIN_NONE: no bound). */
double csin_isolate_bound(const struct isolator *iso, uint32_t *ret_arc);
/* Fewest data VLs of any switch that carries something as it is. */
uint32_t csin_isolate_count_lanes(const struct isolator *iso);

/* Fills iso->out from iso->best. False without memory. */
bool csin_isolate_fill(struct isolator *iso);
void csin_isolate_explain(struct isolator *iso, uint32_t bound_arc);

#endif
