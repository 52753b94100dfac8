/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Times one engine on one scenario, without the process around it:
 *
 *     bench-engine ENGINE SCENARIO [TIMES]     ENGINE: simgrid, fluid, or lossless (fluid with that
 * model)
 *
 * prints on one line: transfers, events, most transfers in flight, best seconds of a run (schedule
 * not counted), seconds to make the schedule, bytes of the schedule, bytes that a run adds at most
 * to what was resident before it (itself or its child). tools/bench.py calls it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "sim/scenario.h"

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long peak_kib(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return usage.ru_maxrss;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int times = argc > 3 ? atoi(argv[3]) : 1;
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    bool lossless = strcmp(argv[1], "lossless") == 0;
    struct csin_overrides overrides = {.engine = lossless ? "fluid" : argv[1]};
    struct csin_scenario *sc;
    struct csin_schedule schedule;
    if (csin_scenario_open(argv[2], &overrides, arena, diag, &sc) != CSIN_OK)
        goto fail;
    double begun = seconds(), best = 1e300;
    if (csin_scenario_schedule(sc, CSIN_NONE, diag, &schedule) != CSIN_OK)
        goto fail;
    double scheduling = seconds() - begun;
    long before = peak_kib(RUSAGE_SELF);
    struct csin_run run = {.fabric = sc->fabric,
                           .routes = sc->routes,
                           .schedule = &schedule,
                           .horizon_s = sc->horizon_s,
                           .congestion = lossless ? CSIN_LOSSLESS : sc->congestion,
                           .lanes = &sc->lanes,
                           .events = sc->events,
                           .n_events = sc->n_events,
                           .reaction_s = sc->reaction_s,
                           .watch = true};
    struct csin_run_result result = {0};
    for (int i = 0; i < times; i++) {
        csin_run_result_finish(&result);
        begun = seconds();
        if (sc->engine->run(&run, diag, &result) != CSIN_OK)
            goto fail;
        double took = seconds() - begun;
        best = took < best ? took : best;
    }
    size_t bytes = schedule.n_ops * (2 * sizeof *schedule.src + sizeof *schedule.amount +
                                     sizeof *schedule.gate + sizeof *schedule.dep_first) +
                   schedule.n_deps * sizeof *schedule.dep;
    long child = peak_kib(RUSAGE_CHILDREN), self = peak_kib(RUSAGE_SELF);
    printf("%u %llu %u %.6f %.6f %zu %ld %.9g\n", schedule.n_transfers,
           (unsigned long long)result.events, result.max_flows, best, scheduling, bytes,
           1024 * ((child > self ? child : self) - before), result.makespan_s);
    return 0;
fail:
    csin_diag_print(diag, stderr);
    return 1;
}
