/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/isolate.h"
#include "tests/check.h"
int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_scenario *sc;
    (void)argc;
    if (csin_scenario_open(argv[1], NULL, arena, diag, &sc) == CSIN_OK) {
        struct csin_isolate_options o = {.time_limit_s = atof(argv[2]), .knobs = atoi(argv[3]), .n_lanes = atoi(argv[4])};
        struct csin_isolation *iso;
        if (csin_isolate(sc, &o, diag, &iso) == CSIN_OK) {
            printf("answer %d, %g -> %g bound %g gap %g sims %u tried %ld of %ld out %d\n", iso->answer, iso->worst_before, iso->worst_after, iso->bound, iso->gap, iso->n_simulated, (long)iso->n_tried, (long)iso->n_ways, iso->out_of_time);
            for (uint32_t i = 0; i < iso->n_owners; i++) printf("%s %g %g %g class %d rts %d conc %d\n", sc->owners[i], iso->owners[i].before, iso->owners[i].apart, iso->owners[i].after, (int)iso->owners[i].of_class, iso->owners[i].senders, iso->owners[i].concurrency);
            for (uint32_t i = 0; i < iso->n_classes; i++) printf("class %s vl %u weight %u\n", iso->classes[i].name, iso->classes[i].vl, iso->classes[i].weight);
            for (uint32_t i = 0; i < iso->n_reasons; i++) printf("- %s\n", iso->reasons[i]);
        }
    }
    csin_diag_print(diag, stdout);
}
