/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Storage traffic as transfers: reads by many clients from many servers, and checkpoints along
 * chains of replicas, after 3FS. docs/model.md has the models. */
#ifndef CSIN_SIM_STORAGE_H
#define CSIN_SIM_STORAGE_H

#include "base/rng.h"
#include "sim/scenario.h"

/* Appends all of a stream; its operations wait for `after`, which finishes at `start_s`. `routes`
 * say how long a request-to-send takes. `seed` is the stream's own. Adds to schedule->bytes. */
void csin_stream_schedule(struct csin_schedule *schedule, const struct csin_stream *stream,
                          const struct csin_fabric *fabric, const struct csin_routes *routes,
                          double start_s, uint32_t after, uint64_t seed);

/* Operations of one chunk, one behind the other: its transfer; one for each replica, with a chain
 * table each behind a request; or the request and the transfer. A value that is missing has two
 * delays. */
static inline uint32_t csin_stream_ops(const struct csin_stream *stream)
{
    if (stream->kind == CSIN_CHECKPOINT)
        return stream->chains ? 2 * stream->replicas : stream->replicas;
    return stream->senders || stream->kind == CSIN_KV_CACHE ? 2 : 1;
}

/* Operations of a stream that stand in front of those of its chunks: the delay until it starts, and
 * one for each further burst. */
static inline uint32_t csin_stream_lead(const struct csin_stream *stream)
{
    return stream->bursts > 1 ? stream->bursts : 1;
}

/* Chunks that one client moves: all of its size, or as many as its NICs could pass in the duration.
 */
uint64_t csin_stream_chunks(const struct csin_stream *stream, const struct csin_fabric *fabric,
                            uint32_t client);

#endif
