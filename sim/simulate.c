/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/simulate.h"

#include <math.h>
#include <stdlib.h>

#include "sim/cache.h"

struct progress {
    const struct csin_simulation *options;
    const char *what;
};

static void pass_on(void *arg, uint64_t done, uint64_t total, double now_s)
{
    const struct progress *progress = arg;
    progress->options->progress(progress->options->progress_arg, progress->what, done, total,
                                now_s);
}

static struct csin_run run_of(const struct csin_scenario *sc, const struct csin_schedule *schedule,
                              struct progress *progress)
{
    return (struct csin_run){.fabric = sc->fabric,
                             .routes = sc->routes,
                             .schedule = schedule,
                             .congestion = sc->congestion,
                             .lanes = &sc->lanes,
                             .horizon_s = HUGE_VAL,
                             .progress = progress->options->progress ? pass_on : NULL,
                             .progress_arg = progress,
                             .stop = progress->options->stop,
                             .stop_arg = progress->options->stop_arg};
}

enum csin_status csin_simulate_alone(const struct csin_scenario *sc, uint32_t owner,
                                     const struct csin_simulation *options, struct csin_diag *diag,
                                     double *row)
{
    struct csin_schedule schedule;
    uint32_t n = csin_owner_row_size(sc, owner);
    enum csin_status status = csin_scenario_schedule(sc, owner, diag, &schedule);
    if (status != CSIN_OK)
        return status;
    struct csin_sha256 key = csin_cache_key(&schedule, sc->fabric, sc->routes, sc->seed, sc->engine,
                                            sc->congestion);
    if (!csin_cache_get(options->cache_folder, &key, row, n)) {
        struct progress progress = {options, sc->owners[owner]};
        struct csin_run run = run_of(sc, &schedule, &progress);
        struct csin_run_result result;
        status = sc->engine->run(&run, diag, &result);
        if (status == CSIN_OK) {
            if (csin_owner_row(sc, owner, &schedule, &result, row))
                csin_cache_put(options->cache_folder, &key, row, n);
            else
                status = csin_no_memory(diag);
            csin_run_result_finish(&result);
        }
    }
    csin_schedule_finish(&schedule);
    return status;
}

/* As long as the longest job takes alone, or a guess. Intervals double as the run needs it. */
static struct csin_recorder *make_recorder(const struct csin_scenario *sc,
                                           const struct csin_schedule *schedule,
                                           double *const *alone, bool is_alone)
{
    double longest_s = 1e-3;
    for (uint32_t j = 0; j < sc->n_jobs && !is_alone; j++)
        longest_s = fmax(longest_s, alone[j][0]);
    return csin_recorder_create(sc->fabric, schedule->inside, sc->n_owners,
                                longest_s / CSIN_MAX_SAMPLES);
}

enum csin_status csin_simulate(const struct csin_scenario *scenario,
                               const struct csin_schedule *schedule,
                               const struct csin_simulation *options, struct csin_diag *diag,
                               struct csin_result **ret_result)
{
    enum csin_status status = CSIN_OK;
    struct csin_run_result together;
    struct csin_recorder *recorder = NULL;
    struct csin_result *result = NULL;
    struct csin_arena *arena = csin_arena_create();
    double **alone = arena ? csin_arena_alloc(arena, scenario->n_owners, sizeof *alone) : NULL;
    if (!alone) {
        status = csin_no_memory(diag);
        goto done;
    }
    /* Then the run itself is the run alone. */
    bool is_alone = scenario->n_owners == 1 && scenario->n_events == 0 && !options->alone;
    for (uint32_t owner = 0; owner < scenario->n_owners; owner++) {
        if (options->alone) {
            alone[owner] = options->alone[owner];
            continue;
        }
        alone[owner] = csin_arena_alloc(arena, csin_owner_row_size(scenario, owner),
                                        sizeof **alone);
        status = !alone[owner] ? csin_no_memory(diag)
                 : is_alone    ? CSIN_OK
                               : csin_simulate_alone(scenario, owner, options, diag, alone[owner]);
        if (status != CSIN_OK)
            goto done;
    }
    struct progress progress = {options, scenario->name};
    struct csin_run run = run_of(scenario, schedule, &progress);
    run.horizon_s = scenario->horizon_s;
    run.events = scenario->events; /* nothing happens to those who run alone */
    run.n_events = scenario->n_events;
    run.reaction_s = scenario->reaction_s;
    run.watch = !options->unwatched;
    if (options->timeline) {
        recorder = run.recorder = make_recorder(scenario, schedule, alone, is_alone);
        if (!recorder) {
            status = csin_no_memory(diag);
            goto done;
        }
    }
    status = scenario->engine->run(&run, diag, &together);
    if (status == CSIN_OK) {
        if (is_alone && !csin_owner_row(scenario, 0, schedule, &together, alone[0]))
            status = csin_no_memory(diag);
        else
            status = csin_measure(scenario, schedule, &together, alone, diag, &result);
        if (status == CSIN_OK && recorder) {
            status = csin_timeline_add(schedule, &together, alone, recorder, diag, result);
            recorder = NULL;
        }
        csin_run_result_finish(&together);
    }
done:
    if (status == CSIN_OK)
        *ret_result = result;
    else
        csin_result_destroy(result);
    csin_recorder_destroy(recorder);
    csin_arena_destroy(arena);
    return status;
}
