/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plan for a scenario: what to change so that its fabric stays free of congestion, with what each
 * change is worth. Every part proposes, a simulation of the whole scenario decides, and what does
 * not help is left as it was. */
#ifndef CSIN_PLAN_PLAN_H
#define CSIN_PLAN_PLAN_H

#include "plan/balance.h"
#include "plan/isolate.h"
#include "plan/place.h"
#include "sim/simulate.h"

struct csin_plan_options {
    bool routing, isolation, placement;
    bool offered;                   /* wanted, also where routing is not asked for */
    bool knobs;                     /* isolation may set request-to-send and concurrency as well */
    bool stable;                    /* few entries of the tables change: */
    const struct csin_routes *keep; /* against these; NULL: those of the scenario */
    double time_limit_s;            /* of the search; simulations of what is proposed come on top */
    uint64_t seed;
    bool (*stop)(
        void *arg); /* asked now and then; true: answer with the best so far. NULL: never */
    void *stop_arg;
    /* Called as a part of the work begins. NULL: not. */
    void (*progress)(void *arg, const char *what);
    void *progress_arg;
    struct csin_simulation simulation;
};

struct csin_plan {
    struct csin_arena *arena;
    const struct csin_scenario *scenario; /* as it is */
    struct csin_scenario planned; /* as proposed; shares with `scenario` what is not changed */
    struct csin_result *before, *after; /* the same result twice where nothing is changed */
    bool routes, lanes, places;         /* what is changed: tables; classes; hosts of jobs */
    struct csin_routes *own_routes;     /* of `planned`, where they are */
    struct csin_offered offered; /* with the places proposed; has no phases where nothing is sent */
    bool has_offered;            /* routing was asked for, or it was */
    bool balanced;               /* `balance` says something */
    struct csin_balance balance;
    struct csin_place_result *placement; /* NULL: not asked for */
    struct csin_isolation *isolation;    /* NULL: not asked for */
    const char **reasons; /* [n_reasons] sentences, in the order in which they should be read */
    size_t n_reasons, reasons_room;
    bool stopped; /* before the search was over */
};

/* Plans. The scenario must outlive the result, which is the caller's on success. Failures are those
 * of simulating the scenario as it is, and no memory. */
enum csin_status csin_plan_make(const struct csin_scenario *scenario,
                                const struct csin_plan_options *options, struct csin_diag *diag,
                                struct csin_plan **ret_plan);
void csin_plan_destroy(struct csin_plan *plan);

/* How long an owner took, or the time that a byte of its stream took: what is to become less. */
double csin_plan_time_of(const struct csin_result *result, uint32_t owner);
double csin_plan_slowdown_of(const struct csin_result *result, uint32_t owner);

#endif
