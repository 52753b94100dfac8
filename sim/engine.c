/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of engines, and what all of them share. */
#include "sim/engine.h"

#include <string.h>
#include <sys/mman.h>

#include "base/rng.h"

static const struct csin_engine *const engines[] = {&csin_engine_simgrid};
const char *const csin_engine_names[] = {"simgrid", NULL};
const char *const csin_congestion_names[] = {"fair", "lossless", NULL};

const struct csin_engine *csin_engine_find(const char *name)
{
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strcmp(engines[i]->name, name) == 0)
            return engines[i];
    return NULL;
}

void csin_run_result_finish(struct csin_run_result *result)
{
    if (!result)
        return;
    if (result->memory)
        munmap(result->memory, result->memory_bytes);
    memset(result, 0, sizeof *result);
}

uint64_t csin_flow_key(uint32_t src_host, uint32_t dst_host)
{
    return csin_mix64((uint64_t)src_host << 32 | dst_host);
}
