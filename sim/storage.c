/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/storage.h"

#include <math.h>
#include <stdlib.h>

#include "sim/chain_traffic.h"

/* Streams of chance: 0 picks the hosts (sim/scenario_*.c), the others are numbered here. */
#define CIRCLE_DRAW 1
#define CLIENT_DRAW 2 /* + client */

uint64_t csin_stream_chunks(const struct csin_stream *stream, const struct csin_fabric *fabric,
                            uint32_t client)
{
    if (stream->kind == CSIN_RECOVERY)
        return csin_recovery_chunks(stream, client);
    if (stream->duration_s <= 0)
        return stream->size_bytes / stream->chunk_bytes +
               (stream->size_bytes % stream->chunk_bytes != 0);
    const struct csin_host *host = &fabric->hosts[stream->clients[client]];
    double rate = 0;
    for (uint32_t k = host->first_nic; k < host->first_nic + host->n_nics; k++)
        rate += fabric->nics[k].rate_Bps;
    /* Those that finished before the gate closes, and those outstanding then. */
    double most = rate * stream->duration_s / (double)stream->chunk_bytes;
    if (stream->hit_ratio < 1 &&
        stream->chains) /* and those that are missing, on average and more */
        most = 1.1 * most / stream->hit_ratio + 100;
    return most < CSIN_MAX_OPS ? (uint64_t)most + 1 + stream->concurrency : CSIN_MAX_OPS;
}

static uint64_t chunk_size(const struct csin_stream *stream, uint64_t i, uint64_t n)
{
    if (stream->duration_s > 0 || i + 1 < n)
        return stream->chunk_bytes;
    return stream->size_bytes - (n - 1) * stream->chunk_bytes;
}

/* What the reads of a stream have in common. */
struct reading {
    struct csin_schedule *s;
    const struct csin_stream *stream;
    const struct csin_routes *routes;
    uint32_t after;
    uint32_t asking, sending; /* gates of the reader at hand */
    double *request_s;        /* [stripe] from the server's offer to the reader's grant */
};

/* The offer goes to the reader, the grant comes back. */
static double request_time(const struct reading *r, uint32_t server, uint32_t reader)
{
    struct csin_path path;
    bool is_there = csin_routes_host_path(r->routes, server, reader, csin_flow_key(server, reader),
                                          &path);
    return is_there ? 2 * path.latency_s : 0; /* without a way the engine tells */
}

static void schedule_chunk(const struct reading *r, uint32_t server, uint32_t reader,
                           uint64_t bytes, double request_s)
{
    if (!r->stream->senders) {
        csin_schedule_transfer(r->s, server, reader, bytes);
        csin_schedule_after(r->s, r->after);
        csin_schedule_through(r->s, r->asking);
        return;
    }
    uint32_t request = csin_schedule_delay(r->s, request_s);
    csin_schedule_after(r->s, r->after);
    csin_schedule_through(r->s, r->asking);
    csin_schedule_transfer(r->s, server, reader, bytes);
    csin_schedule_after(r->s, request);
    csin_schedule_through(r->s, r->sending);
}

/* One reader, whose file lies on the servers `order`: a chunk from each in turn. */
static void schedule_reader(struct reading *r, uint32_t reader, const uint32_t *order,
                            uint64_t chunks, double close_s)
{
    const struct csin_stream *stream = r->stream;
    if (stream->senders) {
        r->asking = csin_schedule_holding_gate(r->s, stream->concurrency, close_s);
        r->sending = csin_schedule_gate(r->s, stream->senders, HUGE_VAL);
        for (uint32_t i = 0; i < stream->stripe && i < chunks; i++)
            r->request_s[i] = request_time(r, order[i], reader);
    } else {
        r->asking = csin_schedule_gate(r->s, stream->concurrency, close_s);
    }
    for (uint64_t i = 0; i < chunks && !r->s->failed; i++) {
        uint64_t bytes = chunk_size(stream, i, chunks);
        uint32_t place = (uint32_t)(i % stream->stripe);
        schedule_chunk(r, order[place], reader, bytes, r->request_s[place]);
        r->s->bytes += stream->duration_s > 0 ? bytes : 0;
    }
    r->s->bytes += stream->duration_s > 0 ? 0 : stream->size_bytes;
}

/* Every reader pulls its chunks from the servers its file is striped over, in turn, k at a time. */
static void schedule_read(struct reading *r, const struct csin_fabric *fabric, double start_s,
                          uint64_t seed)
{
    const struct csin_stream *stream = r->stream;
    uint32_t *order = malloc((stream->n_servers + 1u) * sizeof *order);
    r->request_s = calloc(stream->stripe + 1u, sizeof *r->request_s);
    if (!order || !r->request_s)
        r->s->failed = 1;
    double close_s = stream->duration_s > 0 ? start_s + stream->duration_s : HUGE_VAL;
    for (uint32_t c = 0; c < stream->n_clients && !r->s->failed; c++) {
        struct csin_rng rng = csin_rng_init(seed, CLIENT_DRAW + (uint64_t)c);
        for (uint32_t i = 0; i < stream->n_servers; i++)
            order[i] = stream->servers[i];
        csin_rng_shuffle(&rng, order, stream->n_servers);
        schedule_reader(r, stream->clients[c], order, csin_stream_chunks(stream, fabric, c),
                        close_s);
    }
    free(order);
    free(r->request_s);
}

/* Every writer cuts its checkpoint into chunks; chunk i goes to the head of a chain and from there
 * along it, and is done when the tail has it (CRAQ: Terrace, Freedman, Object storage on CRAQ,
 * USENIX ATC 2009). The chains are runs of neighbours in one shuffled circle of all servers; a
 * writer starts at a random chain and takes the following ones in turn, so that every server gets
 * the same share. */
static void schedule_checkpoint(struct csin_schedule *s, const struct csin_stream *stream,
                                const struct csin_fabric *fabric, uint32_t after, uint64_t seed)
{
    uint32_t *circle = malloc((stream->n_servers + 1u) * sizeof *circle);
    /* Chunk i waits for chunk i - lanes; more lanes than chunks make no difference. */
    uint64_t lanes = csin_stream_chunks(stream, fabric, 0);
    lanes = lanes < stream->concurrency ? lanes : stream->concurrency;
    lanes = lanes < CSIN_MAX_OPS ? lanes : CSIN_MAX_OPS;
    uint32_t *tail = malloc((lanes + 1) * sizeof *tail);
    if (!circle || !tail) {
        s->failed = 1;
        goto done;
    }
    struct csin_rng rng = csin_rng_init(seed, CIRCLE_DRAW);
    for (uint32_t i = 0; i < stream->n_servers; i++)
        circle[i] = stream->servers[i];
    csin_rng_shuffle(&rng, circle, stream->n_servers);
    for (uint32_t c = 0; c < stream->n_clients && !s->failed; c++) {
        rng = csin_rng_init(seed, CLIENT_DRAW + (uint64_t)c);
        uint64_t first = csin_rng_below(&rng, stream->n_servers);
        uint64_t chunks = csin_stream_chunks(stream, fabric, c);
        for (uint64_t k = 0; k < lanes; k++)
            tail[k] = after;
        for (uint64_t i = 0; i < chunks && !s->failed; i++) {
            uint32_t from = stream->clients[c], *last = &tail[i % lanes];
            for (uint32_t hop = 0; hop < stream->replicas; hop++) {
                uint32_t to = circle[(first + i + hop) % stream->n_servers];
                uint32_t op = csin_schedule_transfer(s, from, to, chunk_size(stream, i, chunks));
                csin_schedule_after(s, *last);
                *last = op;
                from = to;
            }
        }
        s->bytes += stream->size_bytes * stream->replicas;
    }
done:
    free(circle);
    free(tail);
}

void csin_stream_schedule(struct csin_schedule *schedule, const struct csin_stream *stream,
                          const struct csin_fabric *fabric, const struct csin_routes *routes,
                          double start_s, uint32_t after, uint64_t seed)
{
    uint64_t chunks = 0;
    for (uint32_t c = 0; c < stream->n_clients && chunks <= CSIN_MAX_OPS; c++) {
        uint64_t more = csin_stream_chunks(stream, fabric, c);
        chunks += more < CSIN_MAX_OPS ? more : CSIN_MAX_OPS + 1u;
    }
    if (stream->bursts > 1)
        chunks *= stream->bursts;
    csin_schedule_expect(schedule, chunks, csin_stream_ops(stream));
    if (stream->chains) {
        csin_chain_traffic_schedule(schedule, stream, fabric, routes, start_s, after, seed);
        return;
    }
    struct reading reading = {.s = schedule, .stream = stream, .routes = routes, .after = after};
    if (stream->kind == CSIN_READ)
        schedule_read(&reading, fabric, start_s, seed);
    else
        schedule_checkpoint(schedule, stream, fabric, after, seed);
}
