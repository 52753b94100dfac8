/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cache of runs alone, by content: the key is the SHA-256 of everything the run depends on, so an
 * entry never goes stale. One small text file an entry, written under a temporary name and renamed;
 * what cannot be read or written is as if it were not there. */
#ifndef CSIN_SIM_CACHE_H
#define CSIN_SIM_CACHE_H

#include <stdbool.h>

#include "sim/engine.h"

/* The key of running `schedule` with this fabric, routing, seed, engine and congestion model. Empty
 * without memory.
 */
struct csin_sha256 csin_cache_key(const struct csin_schedule *schedule,
                                  const struct csin_fabric *fabric,
                                  const struct csin_routes *routes, uint64_t seed,
                                  const struct csin_engine *engine,
                                  enum csin_congestion congestion);

/* Fetches `n` numbers; false when they are not there. `folder` NULL: no cache. */
bool csin_cache_get(const char *folder, const struct csin_sha256 *key, double *row, uint32_t n);
void csin_cache_put(const char *folder, const struct csin_sha256 *key, const double *row,
                    uint32_t n);

#endif
