/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/chains.h"

#include <stdlib.h>

bool csin_chains_create(struct csin_chains *chains, struct csin_arena *arena)
{
    uint32_t v = chains->n_servers, k = chains->replicas;
    uint32_t n = (uint32_t)csin_design_blocks(v, k, chains->n_targets);
    uint32_t *blocks = malloc(((size_t)n * k + 1) * sizeof *blocks);
    chains->n_chains = n * chains->n_ssds;
    chains->targets = csin_arena_alloc(arena, (size_t)chains->n_chains * k,
                                       sizeof *chains->targets);
    bool ok = blocks && chains->targets &&
              csin_design_create(chains->design, v, k, chains->n_targets, blocks) &&
              csin_design_pairs(v, k, n, blocks, &chains->pairs);
    for (uint32_t i = 0; ok && i < chains->n_chains; i++)
        for (uint32_t j = 0; j < k; j++)
            chains->targets[(size_t)i * k + j] = (struct csin_target){
                blocks[(size_t)(i % n) * k + j], (i % n + i / n) % chains->n_ssds};
    free(blocks);
    return ok;
}
