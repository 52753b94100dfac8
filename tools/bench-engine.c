/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Times one engine on one scenario, without the process around it:
 *
 *     bench-engine ENGINE SCENARIO [TIMES]
 *
 * ENGINE is simgrid, fluid, or lossless (fluid with that model). Prints one JSON object: what ran;
 * the seconds to open the scenario (fabric, tables), to make the schedule, and of the best of TIMES
 * runs; bytes of the schedule, bytes that a run adds to what is resident before it (not those of a
 * child), and the most that was ever resident. Seconds are those of a processor, of this process
 * and its children, so that other programs disturb them less. tools/bench.py calls it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sim/scenario.h"

static double used(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static double seconds(void)
{
    return used(RUSAGE_SELF) + used(RUSAGE_CHILDREN);
}

/* VmRSS or VmHWM, which is the most that there was of it [bytes]. */
static long long resident(const char *which)
{
    char line[256];
    long long kib = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, which, strlen(which)) == 0)
            kib = atoll(line + strlen(which) + 1);
    if (file)
        fclose(file);
    return 1024 * kib;
}

/* VmHWM begins anew. */
static void forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
}

static size_t bytes_of(const struct csin_schedule *s)
{
    return s->n_ops * (sizeof *s->src + sizeof *s->dst + sizeof *s->amount + sizeof *s->gate +
                       sizeof *s->dep_first) +
           s->n_deps * sizeof *s->dep + s->n_gates * sizeof *s->gates +
           s->n_spans * sizeof *s->spans;
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
    double begun = seconds(), best = 1e300;
    if (csin_scenario_open(argv[2], &overrides, arena, diag, &sc) != CSIN_OK)
        goto fail;
    double opening = seconds() - begun;
    begun = seconds();
    if (csin_scenario_schedule(sc, CSIN_NONE, diag, &schedule) != CSIN_OK)
        goto fail;
    double scheduling = seconds() - begun;
    long long before = resident("VmRSS"), peak_before = resident("VmHWM");
    forget_peak();
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
    long long peak = resident("VmHWM");
    printf("{\"transfers\": %" PRIu32 ", \"events\": %" PRIu64 ", \"in_flight_max\": %" PRIu32
           ", \"makespan_s\": %.9g, \"open_s\": %.6f, \"schedule_s\": %.6f, \"run_s\": %.6f, "
           "\"schedule_bytes\": %zu, \"run_bytes\": %lld, \"peak_bytes\": %lld}\n",
           schedule.n_transfers, result.events, result.max_flows, result.makespan_s, opening,
           scheduling, best, bytes_of(&schedule), peak - before,
           peak > peak_before ? peak : peak_before);
    return 0;
fail:
    csin_diag_print(diag, stderr);
    return 1;
}
