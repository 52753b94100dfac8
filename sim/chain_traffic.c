/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/chain_traffic.h"

#include <math.h>
#include <stdlib.h>

#define FIRST_CHAIN_DRAW 1 /* 0 picks the hosts */
#define CLIENT_DRAW 2      /* + client */

#define WEIGHT_STEPS 16 /* of SimGrid, which wants whole numbers in the end */

struct traffic {
    struct csin_schedule *s;
    const struct csin_stream *stream;
    const struct csin_chains *chains;
    const struct csin_fabric *fabric;
    const struct csin_routes *routes;
    uint32_t after;
    double close_s;
    uint32_t asking, sending; /* gates of the reader at hand */
    uint32_t *set_of;   /* [chains] replica sets, CSIN_NONE: none yet; NULL: none are wanted */
    double read_weight; /* of an SSD, for each byte read */
    uint32_t *file;     /* [stripe] chains of the client at hand */
    /* Replicas are read where the fewest of the chunks asked for last are: */
    uint32_t *recent;  /* [concurrency] servers, as a ring */
    uint32_t *waiting; /* [servers] how often each is in it */
    uint32_t n_recent;
};

static const struct csin_target *chain_of(const struct traffic *t, uint32_t chain)
{
    return &t->chains->targets[(size_t)chain * t->chains->replicas];
}

static uint32_t host_of(const struct traffic *t, const struct csin_target *target)
{
    return t->chains->servers[target->server];
}

static uint32_t inside_find(const struct traffic *t, uint32_t host, enum csin_inside_kind kind,
                            uint32_t index)
{
    return t->s->inside ? csin_inside_find(t->s->inside, host, kind, index) : CSIN_NONE;
}

/* What the transfer added last uses inside hosts. A target that is read from passes its bytes
 * through the memory of its host (in and out), one that is written to likewise, and so does one
 * that passes on what it got; the memory of a client is written or read once. NULL: no target at
 * this end. */
static void use_inside(struct traffic *t, uint32_t from, const struct csin_target *read,
                       uint32_t to, const struct csin_target *written)
{
    struct csin_use uses[4] = {
        {inside_find(t, from, CSIN_INSIDE_MEMORY, 0), read ? 2 : 1},
        {inside_find(t, to, CSIN_INSIDE_MEMORY, 0), written ? 2 : 1},
        {CSIN_NONE, t->read_weight},
        {CSIN_NONE, 1},
    };
    if (read)
        uses[2].resource = inside_find(t, from, CSIN_INSIDE_SSD_READ, read->ssd);
    if (written)
        uses[3].resource = inside_find(t, to, CSIN_INSIDE_SSD_WRITE, written->ssd);
    for (size_t i = 0; i < 4; i++)
        if (uses[i].resource != CSIN_NONE) {
            csin_schedule_uses(t->s, csin_schedule_profile(t->s, uses, 4));
            return;
        }
}

/* The transfer added last may read from any target of the chain. */
static void read_any(struct traffic *t, uint32_t chain)
{
    if (!t->set_of)
        return;
    if (t->set_of[chain] == CSIN_NONE) {
        struct csin_replica set[CSIN_MAX_REPLICAS];
        const struct csin_target *targets = chain_of(t, chain);
        for (uint32_t j = 0; j < t->chains->replicas; j++) {
            set[j].host = host_of(t, &targets[j]);
            set[j].resource = inside_find(t, set[j].host, CSIN_INSIDE_SSD_READ, targets[j].ssd);
        }
        t->set_of[chain] = csin_schedule_replicas(t->s, set, t->chains->replicas);
    }
    csin_schedule_among(t->s, t->set_of[chain]);
}

/* A small read takes an SSD as long as its operations a second allow, in bytes that it might have
 * read meanwhile; rounded up to sixteenths. */
static double read_weight(const struct traffic *t)
{
    const struct csin_stream *stream = t->stream;
    uint64_t bytes = stream->record_bytes ? stream->record_bytes : stream->chunk_bytes;
    uint32_t r = inside_find(t, t->chains->servers[0], CSIN_INSIDE_SSD_READ, 0);
    if (t->chains->iops <= 0 || r == CSIN_NONE)
        return 1;
    double weight = t->s->inside->capacity_Bps[r] / (t->chains->iops * (double)bytes);
    return fmax(1, ceil(weight * WEIGHT_STEPS - 1e-9) / WEIGHT_STEPS);
}

/* Twice the latency of the way. */
static double there_and_back(const struct traffic *t, uint32_t a, uint32_t b)
{
    struct csin_path path;
    bool is_there = csin_routes_host_path(t->routes, a, b, csin_flow_key(a, b), &path);
    return is_there ? 2 * path.latency_s : 0; /* without a way the engine tells */
}

/* ---- reading ---- */

/* The chains of a file: consecutive ones of the table, behind those of the client before, in an
 * order of its own. */
static void lay_file(struct traffic *t, uint32_t client, uint64_t first, struct csin_rng *rng)
{
    uint64_t stripe = t->stream->stripe;
    for (uint64_t i = 0; i < stripe; i++)
        t->file[i] = (uint32_t)((first + client * stripe + i) % t->chains->n_chains);
    csin_rng_shuffle(rng, t->file, stripe);
}

/* The target of a chain with the fewest of this client's last requests; a draw decides between
 * equal ones. */
static const struct csin_target *choose_target(struct traffic *t, uint32_t chain,
                                               struct csin_rng *rng)
{
    const struct csin_target *targets = chain_of(t, chain), *best = NULL;
    uint32_t k = t->chains->replicas, window = t->stream->concurrency;
    uint64_t turn = csin_rng_below(rng, k);
    for (uint32_t i = 0; i < k; i++) {
        const struct csin_target *target = &targets[(i + turn) % k];
        if (!best || t->waiting[target->server] < t->waiting[best->server])
            best = target;
    }
    uint32_t *place = &t->recent[t->n_recent++ % window];
    if (t->n_recent > window)
        t->waiting[*place]--;
    *place = best->server;
    t->waiting[best->server]++;
    return best;
}

static void begin_reader(struct traffic *t)
{
    const struct csin_stream *stream = t->stream;
    bool pairs = csin_stream_ops(stream) == 2;
    t->asking = pairs ? csin_schedule_holding_gate(t->s, stream->concurrency, t->close_s)
                      : csin_schedule_gate(t->s, stream->concurrency, t->close_s);
    t->sending = stream->senders ? csin_schedule_gate(t->s, stream->senders, HUGE_VAL) : CSIN_NONE;
    t->n_recent = 0;
    for (uint32_t i = 0; i < t->chains->n_servers; i++)
        t->waiting[i] = 0;
}

/* Something that is asked for and is not there: the client does without. */
static void schedule_miss(struct traffic *t)
{
    uint32_t request = csin_schedule_delay(t->s, t->stream->miss_s);
    csin_schedule_after(t->s, t->after);
    csin_schedule_through(t->s, t->asking);
    csin_schedule_delay(t->s, 0);
    csin_schedule_after(t->s, request);
}

static void schedule_read(struct traffic *t, uint32_t chain, const struct csin_target *from,
                          uint32_t reader, uint64_t bytes)
{
    uint32_t server = host_of(t, from), before = t->after;
    bool pairs = csin_stream_ops(t->stream) == 2;
    if (pairs) {
        double request_s = t->stream->senders ? there_and_back(t, server, reader) : 0;
        before = csin_schedule_delay(t->s, request_s);
        csin_schedule_after(t->s, t->after);
        csin_schedule_through(t->s, t->asking);
    }
    csin_schedule_transfer(t->s, server, reader, bytes);
    use_inside(t, server, from, reader, NULL);
    read_any(t, chain);
    csin_schedule_after(t->s, before);
    if (!pairs)
        csin_schedule_through(t->s, t->asking);
    else if (t->stream->senders)
        csin_schedule_through(t->s, t->sending);
    t->s->bytes += bytes;
}

static uint64_t chunk_size(const struct csin_stream *stream, uint64_t size, uint64_t i, uint64_t n)
{
    return stream->duration_s > 0 || i + 1 < n ? stream->chunk_bytes
                                               : size - (n - 1) * stream->chunk_bytes;
}

static void schedule_reader(struct traffic *t, uint32_t client, uint64_t first, uint64_t seed)
{
    const struct csin_stream *stream = t->stream;
    struct csin_rng rng = csin_rng_init(seed, CLIENT_DRAW + (uint64_t)client);
    uint64_t chunks = csin_stream_chunks(stream, t->fabric, client);
    bool in_order = stream->kind == CSIN_READ;
    if (in_order)
        lay_file(t, client, first, &rng);
    begin_reader(t);
    for (uint64_t i = 0; i < chunks && !t->s->failed; i++) {
        uint64_t bytes = chunk_size(stream, stream->size_bytes, i, chunks);
        if (stream->hit_ratio < 1 &&
            (double)(csin_rng_next(&rng) >> 11) * 0x1p-53 >= stream->hit_ratio) {
            schedule_miss(t);
            continue;
        }
        uint32_t chain = in_order ? t->file[i % stream->stripe]
                                  : (uint32_t)csin_rng_below(&rng, t->chains->n_chains);
        schedule_read(t, chain, choose_target(t, chain, &rng), stream->clients[client], bytes);
    }
}

/* ---- writing ---- */

/* A chunk goes along a chain, from the client to the head first. Each service is told of it and
 * fetches it by an RDMA READ: the request and that come before the data. */
static uint32_t schedule_write(struct traffic *t, uint32_t writer, uint32_t chain, uint64_t bytes,
                               uint32_t after, uint32_t burst)
{
    const struct csin_target *targets = chain_of(t, chain);
    uint32_t from = writer;
    for (uint32_t hop = 0; hop < t->chains->replicas; hop++) {
        uint32_t to = host_of(t, &targets[hop]);
        uint32_t request = csin_schedule_delay(t->s, there_and_back(t, from, to));
        csin_schedule_after(t->s, after);
        if (hop == 0)
            csin_schedule_after(t->s, burst);
        after = csin_schedule_transfer(t->s, from, to, bytes);
        use_inside(t, from, NULL, to, &targets[hop]);
        csin_schedule_after(t->s, request);
        from = to;
    }
    return after;
}

/* One burst of one client: `lanes` chunks at a time, each behind the one so many before it. */
static void schedule_burst(struct traffic *t, uint32_t client, uint64_t from, uint64_t chunks,
                           uint64_t lanes, uint32_t *tail, uint32_t burst)
{
    const struct csin_stream *stream = t->stream;
    for (uint64_t i = 0; i < chunks && !t->s->failed; i++) {
        uint32_t *last = &tail[(from + i) % lanes];
        *last = schedule_write(t, stream->clients[client], t->file[(from + i) % stream->stripe],
                               chunk_size(stream, stream->size_bytes, i, chunks), *last,
                               i < lanes ? burst : CSIN_NONE);
    }
    t->s->bytes += stream->size_bytes * t->chains->replicas;
}

/* The delays until all bursts but the first begin stand in front, then client after client of each
 * burst. */
static void schedule_checkpoints(struct traffic *t, uint64_t first, uint64_t seed)
{
    const struct csin_stream *stream = t->stream;
    uint64_t chunks = csin_stream_chunks(stream, t->fabric, 0);
    uint64_t lanes = chunks < stream->concurrency ? chunks : stream->concurrency;
    uint32_t *tail = lanes < CSIN_MAX_OPS / stream->n_clients
                         ? malloc((size_t)stream->n_clients * lanes * sizeof *tail + 1)
                         : NULL;
    if (!tail)
        t->s->failed = 1;
    uint32_t lead = t->s->n_ops;
    for (uint32_t b = 1; b < stream->bursts && !t->s->failed; b++) {
        csin_schedule_delay(t->s, b * stream->every_s);
        csin_schedule_after(t->s, t->after);
    }
    for (uint64_t i = 0; tail && i < stream->n_clients * lanes; i++)
        tail[i] = t->after;
    for (uint32_t b = 0; b < stream->bursts && !t->s->failed; b++)
        for (uint32_t c = 0; c < stream->n_clients && !t->s->failed; c++) {
            struct csin_rng rng = csin_rng_init(seed, CLIENT_DRAW + (uint64_t)c);
            lay_file(t, c, first, &rng);
            schedule_burst(t, c, b * chunks, chunks, lanes, tail + c * lanes,
                           b > 0 ? lead + b - 1 : CSIN_NONE);
        }
    free(tail);
}

/* ---- recovery ---- */

static bool is_lost(const struct csin_target *target, const bool *lost, uint32_t lost_ssd)
{
    return lost[target->server] && (lost_ssd == CSIN_NONE || target->ssd == lost_ssd);
}

uint32_t csin_recovery_source(const struct csin_chains *chains, uint32_t chain, const bool *lost,
                              uint32_t lost_ssd)
{
    const struct csin_target *targets = &chains->targets[(size_t)chain * chains->replicas];
    for (uint32_t j = chains->replicas; j-- > 0;)
        if (!is_lost(&targets[j], lost, lost_ssd))
            return j;
    return CSIN_NONE;
}

static uint32_t server_of(const struct csin_chains *chains, uint32_t host)
{
    for (uint32_t i = 0; i < chains->n_servers; i++)
        if (chains->servers[i] == host)
            return i;
    return CSIN_NONE;
}

/* Targets of each SSD of a server: an SSD's data lie on them evenly. */
static void count_targets(const struct csin_chains *chains, uint32_t server,
                          uint32_t counts[CSIN_MAX_SSDS])
{
    for (uint32_t i = 0; i < CSIN_MAX_SSDS; i++)
        counts[i] = 0;
    for (size_t i = 0; i < (size_t)chains->n_chains * chains->replicas; i++)
        if (chains->targets[i].server == server)
            counts[chains->targets[i].ssd]++;
}

/* Bytes of the nth of n targets of an SSD. */
static uint64_t target_bytes(const struct csin_stream *stream, uint32_t nth, uint32_t n)
{
    return stream->size_bytes / n + (nth < stream->size_bytes % n);
}

static uint64_t chunks_of(const struct csin_stream *stream, uint64_t bytes)
{
    return bytes / stream->chunk_bytes + (bytes % stream->chunk_bytes != 0);
}

uint64_t csin_recovery_chunks(const struct csin_stream *stream, uint32_t client)
{
    uint32_t counts[CSIN_MAX_SSDS];
    uint64_t chunks = 0;
    count_targets(stream->chains, server_of(stream->chains, stream->clients[client]), counts);
    for (uint32_t ssd = 0; ssd < CSIN_MAX_SSDS; ssd++)
        for (uint32_t i = 0; i < counts[ssd]; i++)
            if (stream->lost_ssd == CSIN_NONE || ssd == stream->lost_ssd)
                chunks += chunks_of(stream, target_bytes(stream, i, counts[ssd]));
    return chunks < CSIN_MAX_OPS ? chunks : CSIN_MAX_OPS;
}

/* All that the lost targets of one host lack. The chains take turns, so that all who have something
 * for it send at once. */
static void schedule_recovery(struct traffic *t, uint32_t client, const bool *lost)
{
    const struct csin_stream *stream = t->stream;
    uint32_t counts[CSIN_MAX_SSDS], nth[CSIN_MAX_SSDS] = {0}, host = stream->clients[client];
    uint32_t server = server_of(t->chains, host), n = 0;
    uint64_t longest = 0;
    count_targets(t->chains, server, counts);
    struct lost_target {
        const struct csin_target *from, *to;
        uint64_t bytes;
    } *list = malloc(((size_t)t->chains->n_chains + 1) * sizeof *list);
    if (!list) {
        t->s->failed = 1;
        return;
    }
    begin_reader(t);
    for (uint32_t chain = 0; chain < t->chains->n_chains; chain++) {
        const struct csin_target *targets = chain_of(t, chain);
        for (uint32_t j = 0; j < t->chains->replicas; j++) {
            uint32_t ssd = targets[j].ssd;
            if (targets[j].server != server || !is_lost(&targets[j], lost, stream->lost_ssd))
                continue;
            uint64_t bytes = target_bytes(stream, nth[ssd]++, counts[ssd]);
            uint32_t source = csin_recovery_source(t->chains, chain, lost, stream->lost_ssd);
            if (source == CSIN_NONE || bytes == 0)
                continue;
            list[n++] = (struct lost_target){&targets[source], &targets[j], bytes};
            longest = chunks_of(stream, bytes) > longest ? chunks_of(stream, bytes) : longest;
        }
    }
    for (uint64_t i = 0; i < longest && !t->s->failed; i++)
        for (uint32_t k = 0; k < n && !t->s->failed; k++) {
            uint64_t at = i * stream->chunk_bytes;
            if (at >= list[k].bytes)
                continue;
            uint64_t left = list[k].bytes - at;
            uint64_t bytes = left < stream->chunk_bytes ? left : stream->chunk_bytes;
            csin_schedule_transfer(t->s, host_of(t, list[k].from), host, bytes);
            use_inside(t, host_of(t, list[k].from), list[k].from, host, list[k].to);
            csin_schedule_after(t->s, t->after);
            csin_schedule_through(t->s, t->asking);
            t->s->bytes += bytes;
        }
    free(list);
}

static void schedule_recoveries(struct traffic *t)
{
    const struct csin_stream *stream = t->stream;
    bool *lost = calloc(t->chains->n_servers + 1u, sizeof *lost);
    if (!lost) {
        t->s->failed = 1;
        return;
    }
    for (uint32_t c = 0; c < stream->n_clients; c++)
        lost[server_of(t->chains, stream->clients[c])] = true;
    for (uint32_t c = 0; c < stream->n_clients && !t->s->failed; c++)
        schedule_recovery(t, c, lost);
    free(lost);
}

void csin_chain_traffic_schedule(struct csin_schedule *schedule, const struct csin_stream *stream,
                                 const struct csin_fabric *fabric, const struct csin_routes *routes,
                                 double start_s, uint32_t after, uint64_t seed)
{
    struct traffic t = {.s = schedule,
                        .stream = stream,
                        .chains = stream->chains,
                        .fabric = fabric,
                        .routes = routes,
                        .after = after};
    struct csin_rng rng = csin_rng_init(seed, FIRST_CHAIN_DRAW);
    uint64_t first = csin_rng_below(&rng, t.chains->n_chains);
    t.close_s = stream->duration_s > 0 ? start_s + stream->duration_s : HUGE_VAL;
    t.file = malloc((stream->stripe + 1u) * sizeof *t.file);
    t.recent = malloc((stream->concurrency + (size_t)1) * sizeof *t.recent);
    t.waiting = malloc((t.chains->n_servers + 1u) * sizeof *t.waiting);
    t.set_of = schedule->with_replicas ? malloc((t.chains->n_chains + (size_t)1) * sizeof *t.set_of)
                                       : NULL;
    for (uint32_t i = 0; t.set_of && i < t.chains->n_chains; i++)
        t.set_of[i] = CSIN_NONE;
    t.read_weight = read_weight(&t);
    if (!t.file || !t.recent || !t.waiting || (schedule->with_replicas && !t.set_of))
        schedule->failed = 1;
    else if (stream->kind == CSIN_CHECKPOINT)
        schedule_checkpoints(&t, first, seed);
    else if (stream->kind == CSIN_RECOVERY)
        schedule_recoveries(&t);
    else
        for (uint32_t c = 0; c < stream->n_clients && !schedule->failed; c++)
            schedule_reader(&t, c, first, seed);
    free(t.file);
    free(t.recent);
    free(t.waiting);
    free(t.set_of);
}
