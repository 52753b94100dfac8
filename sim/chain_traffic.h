/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Storage traffic over the chains of a table (sim/chains.h), as 3FS does it; docs/model.md. */
#ifndef CSIN_SIM_CHAIN_TRAFFIC_H
#define CSIN_SIM_CHAIN_TRAFFIC_H

#include "sim/storage.h"

/* As csin_stream_schedule, of a stream with a chain table. */
void csin_chain_traffic_schedule(struct csin_schedule *schedule, const struct csin_stream *stream,
                                 const struct csin_fabric *fabric, const struct csin_routes *routes,
                                 double start_s, uint32_t after, uint64_t seed);

/* Chunks that a recovery brings to the lost SSDs of one client. */
uint64_t csin_recovery_chunks(const struct csin_stream *stream, uint32_t client);

/* Who brings back a lost target: the last one of its chain that has lost nothing, as its
 * predecessor does in 3FS once those that are left have moved up. CSIN_NONE: nobody is left.
 * `lost_ssd` as in the stream; `is_lost` [servers of the table]. */
uint32_t csin_recovery_source(const struct csin_chains *chains, uint32_t chain, const bool *is_lost,
                              uint32_t lost_ssd);

#endif
