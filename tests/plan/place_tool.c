/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Places the jobs of a scenario and writes, for tests/real/slurm_place.py, a line for each job with
 * its hosts by rank. With -v the figures and reasons as well.
 *
 *     place-tool SCENARIO [-v] [SECONDS] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan/place.h"

static void print_figures(const char *what, const struct csin_place_figures *f)
{
    printf("# %-6s across %u, pairs %u, leaves %u, shared %u, zones %.6g, leaves %.6g of %.6g\n",
           what, f->jobs_across, f->pairs_across, f->leaves, f->shared, f->zone_bytes,
           f->leaf_bytes, f->bytes);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return CSIN_E_USAGE;
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_scenario *sc = NULL;
    struct csin_place_result p;
    bool verbose = argc > 2 && strcmp(argv[2], "-v") == 0;
    struct csin_place_options options = {.seed = 1};
    if (argc > 3)
        options.time_limit_s = atof(argv[3]);
    struct timespec a, b;
    enum csin_status status = csin_scenario_open(argv[1], NULL, arena, diag, &sc);
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (status == CSIN_OK)
        status = csin_place_jobs(sc, &options, arena, diag, &p);
    clock_gettime(CLOCK_MONOTONIC, &b);
    for (uint32_t j = 0; status == CSIN_OK && j < p.n_jobs && !verbose; j++) {
        printf("%s", sc->jobs[j].name);
        for (uint32_t r = 0; r < p.jobs[j].n_hosts; r++)
            printf(" %s", sc->fabric->hosts[p.jobs[j].hosts[r]].name);
        printf("\n");
    }
    if (status == CSIN_OK && verbose) {
        print_figures("before", &p.before);
        print_figures("after", &p.after);
        print_figures("bound", &p.bound);
        printf("# gap %.4f exact %d timed out %d, %.3f s\n", p.gap, p.exact, p.timed_out,
               (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec));
        for (uint32_t i = 0; i < p.n_reasons; i++)
            printf("# %s\n", p.reasons[i]);
    }
    csin_diag_print(diag, stderr);
    csin_scenario_destroy(sc);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return status;
}
