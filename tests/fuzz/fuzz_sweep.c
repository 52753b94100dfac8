/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as a sweep of a scenario gives points that can be opened or say
 * what is wrong, or an error that is told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char scenario[] = "scenario: s\nfabric: \"leaf:2 spine:2 host:2 storage:1 200Gb/s\"\n"
                               "jobs:\n  - {name: train, hosts: 2, steps: [compute: 1ms]}\n"
                               "storage:\n  - read: {name: data, readers: 1, size: 4KiB}\n";

static void no_rows(const struct csin_result *result, FILE *out)
{
    (void)result;
    (void)out;
}

/* The first and the last: most of them would be alike. Not those whose values may be anything,
 * which can be fabrics and work of any size. */
static void run_points(const struct csin_sweep *sweep)
{
    for (uint32_t a = 0; a < sweep->n_axes; a++)
        if (sweep->axes[a].paths)
            for (uint32_t i = 0; i < sweep->axes[a].n_values; i++)
                if (strlen(sweep->axes[a].values[i].value.text) > 3)
                    return;
    for (uint32_t i = 0; i < 2; i++) {
        struct csin_point point;
        struct csin_arena *arena = csin_arena_create();
        struct csin_diag *diag = csin_diag_create();
        char *rows = NULL;
        size_t bytes;
        FILE *out = open_memstream(&rows, &bytes);
        csin_sweep_point(sweep, i ? sweep->n_points - 1 : 0, &point);
        if (arena && diag && out) {
            enum csin_status status = csin_point_run(sweep, &point, NULL, no_rows, arena, diag,
                                                     out);
            assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        }
        if (out)
            fclose(out);
        free(rows);
        csin_diag_destroy(diag);
        csin_arena_destroy(arena);
    }
}

/* A sweep names a file, so there has to be one: both are in a folder in memory. */
static char name[64];

static void path_of(const char *file, char path[static 80])
{
    snprintf(path, 80, "%s/%s", name, file);
}

static void remove_folder(void)
{
    static const char *const files[] = {"s.yaml", "w.yaml", ""};
    char path[80];
    for (int i = 0; i < 3; i++) {
        path_of(files[i], path);
        remove(path);
    }
}

static void make_folder(void)
{
    char path[80];
    if (name[0])
        return;
    strcpy(name,
           access("/dev/shm", W_OK) == 0 ? "/dev/shm/csin-fuzz-XXXXXX" : "/tmp/csin-fuzz-XXXXXX");
    if (!mkdtemp(name) || atexit(remove_folder) != 0)
        abort();
    path_of("s.yaml", path);
    FILE *file = fopen(path, "w");
    if (!file || fputs(scenario, file) < 0 || fclose(file) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char path[80];
    make_folder();
    path_of("w.yaml", path);
    FILE *file = fopen(path, "w");
    if (arena && diag && file && fwrite(data, 1, size, file) == size && fclose(file) == 0) {
        struct csin_sweep *sweep = NULL;
        enum csin_status status = csin_sweep_open(path, arena, diag, &sweep);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        if (status == CSIN_OK)
            run_points(sweep);
    }
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
