/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Simulating a scenario: all of it together, and each job and stream alone on the idle fabric,
 * which is what slowdowns compare with. */
#ifndef CSIN_SIM_SIMULATE_H
#define CSIN_SIM_SIMULATE_H

#include "sim/metrics.h"

struct csin_simulation {
    const char *cache_folder; /* of runs alone; NULL: none is kept */
    /* Called now and then: what is being run, operations done and in all, the simulated time. */
    void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total, double now_s);
    void *progress_arg;
    /* Asked now and then by engines that can end early (struct csin_run); true: it fails. NULL: not
     */
    bool (*stop)(void *arg);
    void *stop_arg;
    double *const *alone; /* [n_owners] rows of the runs alone, where they are known; NULL: they are
                           * run, or fetched from the cache */
    bool timeline;        /* fill result->timeline; takes a little longer, and up to 90 MB */
    bool unwatched; /* times and bytes only: no peaks, no congestion, no victims. Half the time. */
};

/* The row (sim/metrics.h) of one owner alone on the idle fabric, from the cache where it is known.
 * ret_row: [csin_owner_row_size] */
enum csin_status csin_simulate_alone(const struct csin_scenario *scenario, uint32_t owner,
                                     const struct csin_simulation *options, struct csin_diag *diag,
                                     double *ret_row);

/* Runs `schedule`, which is the scenario's whole schedule. On success *ret_result is the caller's.
 */
enum csin_status csin_simulate(const struct csin_scenario *scenario,
                               const struct csin_schedule *schedule,
                               const struct csin_simulation *options, struct csin_diag *diag,
                               struct csin_result **ret_result);

#endif
