/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When a run did what: the bars of a Gantt chart, what stood still, how slowdowns are spread, and
 * series over time (sim/recorder.h). All of it is bounded, whatever the run: what is too much is
 * put together and says so. */
#ifndef CSIN_SIM_TIMELINE_H
#define CSIN_SIM_TIMELINE_H

#include "sim/recorder.h"
#include "sim/scenario.h"

#define CSIN_MAX_BARS 2000u   /* of an owner */
#define CSIN_MAX_STILL 300u   /* of an owner */
#define CSIN_MAX_SPREAD 1000u /* values kept of an owner */

/* Steps of a job, or a storage stream. */
struct csin_bar {
    uint32_t owner, round, step; /* of the first one */
    uint32_t n;                  /* steps put together */
    double from_s, to_s;
    bool cut; /* it was stopped before its end */
};

/* Transfers of an owner stood still, without a way or before a dead cable; one or several at a
 * time. */
struct csin_still {
    uint32_t owner;
    double from_s, to_s;
};

/* How much slower than alone: each round of each step of a job, each client of a stream. In
 * ascending order; of very many, evenly spaced ranks with the first and the last. */
struct csin_slowdowns {
    uint64_t n_all;
    uint32_t n;
    double *values; /* [n] */
};

struct csin_timeline {
    struct csin_recorder *recorder; /* owned */
    struct csin_bar *bars;          /* by owner, then by time */
    uint32_t n_bars;
    struct csin_still *still; /* the same */
    uint32_t n_still;
    struct csin_slowdowns *slowdowns; /* [n_owners] */
};

struct csin_result;

/* Adds result->timeline, in its arena, from the run that `result` was measured from. alone[owner]
 * as for csin_measure. Takes the recorder over in any case. CSIN_E_FAILED without memory, reported.
 */
enum csin_status csin_timeline_add(const struct csin_schedule *schedule,
                                   const struct csin_run_result *run, double *const *alone,
                                   struct csin_recorder *recorder, struct csin_diag *diag,
                                   struct csin_result *result);

#endif
