/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as a trace in either format gives jobs that are whole, or an error
 * that is told. */
#include <assert.h>
#include <stdlib.h>

#include "sim/cluster_trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(enum csin_trace_format format, const char *column, const char *text, size_t n)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_trace_spec spec = {.format = {.i = (int)format}, .column = {column, {"s", 1, 1}}};
    struct csin_trace trace;
    if (arena && diag) {
        enum csin_status status = csin_trace_read(&spec, "t", text, n, arena, diag, &trace);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        for (uint32_t i = 0; status == CSIN_OK && i < trace.n_jobs; i++) {
            assert(trace.jobs[i].name.s && trace.jobs[i].hosts.n >= 1);
            assert(trace.jobs[i].time_s.x >= 0 && trace.jobs[i].time_s.x <= 1e9);
            assert(trace.jobs[i].arrive_s.x >= 0);
        }
    }
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as(CSIN_TRACE_CSV, NULL, (const char *)data, size);
    read_as(CSIN_TRACE_SACCT, "Partition", (const char *)data, size);
    return 0;
}
