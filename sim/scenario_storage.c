/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Storage streams: clients, servers, and all defaults filled in. */
#include <stdlib.h>

#include "base/units.h"
#include "sim/resolve.h"
#include "sim/storage.h"

#define DEFAULT_CONCURRENCY 8
#define DEFAULT_REPLICAS 2
#define DEFAULT_STRIPE                                                                             \
    200 /* of a file over chains: 3FS's design notes, "production environments" */

static void check_apart(struct resolver *r, const struct csin_stream *stream,
                        const struct csin_stream_spec *spec)
{
    bool *client = calloc(r->sc->fabric->n_hosts, sizeof *client);
    if (!client) {
        csin_resolve_fail(r, csin_no_memory(r->diag));
        return;
    }
    for (uint32_t i = 0; i < stream->n_clients; i++)
        client[stream->clients[i]] = true;
    for (uint32_t i = 0; i < stream->n_servers; i++)
        if (client[stream->servers[i]]) {
            FAIL(r, 425, spec->clients.hosts.loc, "host '%s' is both client and server of '%s'",
                 r->sc->fabric->hosts[stream->servers[i]].name, stream->name);
            break;
        }
    free(client);
}

/* A size or a duration; requests that wait for the reader. */
static void resolve_reads(struct resolver *r, const struct csin_stream_spec *spec,
                          struct csin_stream *stream)
{
    if (spec->size.loc.line && spec->duration_s.loc.line)
        FAIL(r, 426, spec->duration_s.loc, "'%s' has both a size and a duration", stream->name);
    else if (!spec->size.loc.line && !spec->duration_s.loc.line)
        FAIL(r, 426, spec->name.loc, "'%s' has neither a size nor a duration", stream->name);
    else if (spec->duration_s.loc.line && spec->duration_s.x <= 0)
        FAIL(r, 426, spec->duration_s.loc, "'%s' lasts no time", stream->name);
    stream->senders = (uint32_t)spec->senders.n;
    if (stream->senders >= stream->concurrency) {
        csin_warning(r->diag, 402, spec->senders.loc,
                     "a request-to-send of %s has no effect but the time it takes: a reader has %s "
                     "request%s outstanding",
                     csin_show_count(stream->senders).s, csin_show_count(stream->concurrency).s,
                     stream->concurrency == 1 ? "" : "s");
        csin_note(r->diag, spec->senders.loc, "write fewer than 'concurrency', or leave it out");
    }
}

static void resolve_read(struct resolver *r, const struct csin_stream_spec *spec,
                         struct csin_stream *stream)
{
    resolve_reads(r, spec, stream);
    if (stream->chains) {
        uint32_t n = stream->chains->n_chains;
        stream->stripe = (uint32_t)csin_count_or(&spec->stripe,
                                                 n < DEFAULT_STRIPE ? n : DEFAULT_STRIPE);
        if (stream->stripe > n)
            FAIL(r, 427, spec->stripe.loc, "a stripe over %s chains; '%s' has %s",
                 csin_show_count(stream->stripe).s, stream->chains->name, csin_show_count(n).s);
        return;
    }
    stream->stripe = (uint32_t)csin_count_or(&spec->stripe, stream->n_servers);
    if (stream->stripe > stream->n_servers)
        FAIL(r, 427, spec->stripe.loc, "a stripe over %s servers; there are %s",
             csin_show_count(stream->stripe).s, csin_show_count(stream->n_servers).s);
}

/* Small accesses at random places of the table. */
static void resolve_random(struct resolver *r, const struct csin_stream_spec *spec,
                           struct csin_stream *stream)
{
    resolve_reads(r, spec, stream);
    stream->record_bytes = spec->record.n;
    if (spec->hit_ratio.loc.line)
        stream->hit_ratio = spec->hit_ratio.x;
    stream->miss_s = spec->miss_s.x;
    if (spec->record.loc.line && spec->record.n == 0) {
        FAIL(r, 420, spec->record.loc, "a %s of 0 bytes",
             stream->kind == CSIN_RECORDS ? "record" : "value");
        return;
    }
    if (!spec->chunk.loc.line)
        stream->chunk_bytes = stream->record_bytes;
    if (stream->chunk_bytes % stream->record_bytes) {
        FAIL(r, 924, spec->chunk.loc, "a chunk of %s is no whole number of %s of %s",
             csin_show_size(stream->chunk_bytes).s,
             stream->kind == CSIN_RECORDS ? "records" : "values",
             csin_show_size(stream->record_bytes).s);
        csin_note(r->diag, spec->chunk.loc,
                  "with 'chunk' one simulated request stands for several; leave it out, or write a "
                  "multiple");
    }
    if (spec->miss_s.loc.line && stream->hit_ratio >= 1)
        csin_warning(r->diag, 402, spec->miss_s.loc,
                     "'miss-time' has no effect: without a 'hit-ratio' below 1 nothing is missing");
}

/* Which SSDs come back empty, of which hosts; servers are the others of the table. */
static void resolve_recovery(struct resolver *r, const struct csin_stream_spec *spec,
                             struct csin_stream *stream)
{
    const struct csin_chains *chains = stream->chains;
    const struct csin_fabric *f = r->sc->fabric;
    stream->lost_ssd = spec->ssd.loc.line ? (uint32_t)spec->ssd.n : CSIN_NONE;
    if (spec->ssd.loc.line && stream->lost_ssd >= chains->n_ssds)
        FAIL(r, 925, spec->ssd.loc, "there is no SSD %u; chain table '%s' has %u, from 0",
             stream->lost_ssd, chains->name, chains->n_ssds);
    uint32_t *others = csin_resolve_array(r, chains->n_servers, sizeof *others), n = 0;
    for (uint32_t c = 0; others && c < stream->n_clients; c++) {
        uint32_t i = 0;
        while (i < chains->n_servers && chains->servers[i] != stream->clients[c])
            i++;
        if (i == chains->n_servers) {
            FAIL(r, 925, spec->clients.hosts.loc, "host '%s' is no server of chain table '%s'",
                 f->hosts[stream->clients[c]].name, chains->name);
            return;
        }
    }
    for (uint32_t i = 0; others && i < chains->n_servers; i++) {
        uint32_t c = 0;
        while (c < stream->n_clients && stream->clients[c] != chains->servers[i])
            c++;
        if (c == stream->n_clients)
            others[n++] = chains->servers[i];
    }
    stream->servers = others;
    stream->n_servers = n;
    if (others && n == 0)
        FAIL(r, 925, spec->clients.hosts.loc, "nobody is left to recover from");
}

static void resolve_bursts(struct resolver *r, const struct csin_stream_spec *spec,
                           struct csin_stream *stream)
{
    stream->bursts = (uint32_t)csin_count_or(&spec->bursts, 1);
    stream->every_s = spec->every_s.x;
    if (stream->chains) {
        uint32_t n = stream->chains->n_chains;
        stream->stripe = n < DEFAULT_STRIPE ? n : DEFAULT_STRIPE;
    } else if (spec->bursts.loc.line || spec->every_s.loc.line) {
        FAIL(r, 924, spec->bursts.loc.line ? spec->bursts.loc : spec->every_s.loc,
             "checkpoints again and again need a chain table");
        csin_note(r->diag, spec->name.loc, "add 'chains', the name of one of 'chain-tables'");
        return;
    }
    if ((stream->bursts > 1) != (spec->every_s.loc.line > 0)) {
        struct csin_loc loc = spec->every_s.loc.line ? spec->every_s.loc : spec->bursts.loc;
        FAIL(r, 924, loc, "'every' and 'times' go together");
        csin_note(r->diag, loc, "write, for instance, 'every: 5min, times: 3'");
    }
    if (stream->bursts > 1)
        csin_resolve_check_time(
            r, "the last checkpoint",
            &(struct csin_quantity){stream->start_s + (stream->bursts - 1) * stream->every_s,
                                    spec->bursts.loc});
}

static void resolve_checkpoint(struct resolver *r, const struct csin_stream_spec *spec,
                               struct csin_stream *stream)
{
    resolve_bursts(r, spec, stream);
    if (stream->chains) {
        stream->replicas = stream->chains->replicas;
        if (spec->replicas.loc.line) {
            FAIL(r, 924, spec->replicas.loc, "the chains of '%s' say how many replicas there are",
                 stream->chains->name);
            csin_note(r->diag, spec->replicas.loc, "leave 'replicas' out");
        }
        return;
    }
    stream->replicas = (uint32_t)csin_count_or(&spec->replicas, DEFAULT_REPLICAS);
    if (stream->replicas > stream->n_servers)
        FAIL(r, 427, spec->replicas.loc.line ? spec->replicas.loc : spec->name.loc,
             "chains of %s replicas; there %s %s server%s", csin_show_count(stream->replicas).s,
             stream->n_servers == 1 ? "is" : "are", csin_show_count(stream->n_servers).s,
             stream->n_servers == 1 ? "" : "s");
}

/* Hosts that lost something are named; others may be counted. */
static enum csin_status pick_clients(struct resolver *r, const struct csin_stream_spec *spec,
                                     struct csin_rng rng, struct csin_stream *stream)
{
    struct csin_scenario *sc = r->sc;
    if (spec->kind == CSIN_RECOVERY)
        return csin_pick_named(sc->fabric, &spec->clients.hosts, sc->arena, r->diag,
                               &stream->clients, &stream->n_clients);
    return csin_pick_hosts(sc->fabric, &spec->clients, CSIN_COMPUTE, NULL, rng, sc->arena, r->diag,
                           &stream->clients, &stream->n_clients);
}

static enum csin_status use_chains(struct resolver *r, const struct csin_stream_spec *spec,
                                   struct csin_stream *stream)
{
    if (spec->servers.s) {
        FAIL(r, 924, spec->servers.loc, "the servers of '%s' are those of its chain table",
             stream->name);
        csin_note(r->diag, spec->servers.loc, "write 'servers' there");
        return CSIN_E_INPUT;
    }
    stream->chains = csin_resolve_find_chains(r, &spec->chains);
    if (!stream->chains || !stream->chains->targets)
        return CSIN_E_INPUT; /* it has been told what is wrong with it */
    stream->servers = stream->chains->servers;
    stream->n_servers = stream->chains->n_servers;
    return CSIN_OK;
}

static void resolve_stream(struct resolver *r, uint32_t index, const struct csin_stream_spec *spec)
{
    struct csin_scenario *sc = r->sc;
    struct csin_stream *stream = &sc->streams[index];
    *stream = (struct csin_stream){
        .name = spec->name.s,
        .kind = spec->kind,
        .size_bytes = spec->size.n,
        .chunk_bytes = csin_count_or(&spec->chunk, CSIN_DEFAULT_CHUNK),
        .concurrency = (uint32_t)csin_count_or(&spec->concurrency, DEFAULT_CONCURRENCY),
        .start_s = spec->start_s.x,
        .duration_s = spec->duration_s.x,
        .hit_ratio = 1,
        .lost_ssd = CSIN_NONE,
        .loc = spec->name.loc};
    csin_resolve_check_time(r, "a start", &spec->start_s);
    struct csin_pick_spec servers = {.hosts = spec->servers};
    if (!servers.hosts.s)
        servers.hosts = (struct csin_text){"all", spec->name.loc};
    struct csin_rng rng = csin_rng_init(csin_owner_seed(sc, stream->name), 0);
    enum csin_status status = pick_clients(r, spec, rng, stream);
    if (spec->chains.s)
        status = csin_first(status, use_chains(r, spec, stream));
    else
        status = csin_first(status, csin_pick_hosts(sc->fabric, &servers, CSIN_STORAGE, NULL, rng,
                                                    sc->arena, r->diag, &stream->servers,
                                                    &stream->n_servers));
    csin_resolve_fail(r, status);
    if (spec->chunk.loc.line && spec->chunk.n == 0)
        FAIL(r, 420, spec->chunk.loc, "a chunk of 0 bytes");
    if (spec->size.loc.line && spec->size.n == 0)
        FAIL(r, 421, spec->size.loc, "'%s' moves 0 bytes", stream->name);
    if (status != CSIN_OK)
        return;
    r->chance = true;
    switch (spec->kind) {
    case CSIN_READ:
        resolve_read(r, spec, stream);
        break;
    case CSIN_CHECKPOINT:
        resolve_checkpoint(r, spec, stream);
        break;
    case CSIN_RECOVERY:
        resolve_recovery(r, spec, stream);
        break;
    default:
        resolve_random(r, spec, stream);
    }
    if (spec->kind != CSIN_RECOVERY)
        check_apart(r, stream, spec);
    if (r->status == CSIN_OK && spec->concurrency.loc.line && spec->size.loc.line &&
        spec->concurrency.n > csin_stream_chunks(stream, sc->fabric, 0))
        csin_warning(r->diag, 402, spec->concurrency.loc,
                     "a concurrency of %s has no effect: a client moves %s chunk%s in all",
                     csin_show_count(spec->concurrency.n).s,
                     csin_show_count(csin_stream_chunks(stream, sc->fabric, 0)).s,
                     csin_stream_chunks(stream, sc->fabric, 0) == 1 ? "" : "s");
    if (spec->chunk.loc.line && spec->size.loc.line && spec->chunk.n > spec->size.n)
        csin_warning(r->diag, 402, spec->chunk.loc,
                     "a chunk of %s has no effect: a client moves %s in all",
                     csin_show_size(spec->chunk.n).s, csin_show_size(spec->size.n).s);
}

void csin_resolve_storage(struct resolver *r)
{
    const struct csin_stream_spec *specs = r->spec->storage.items;
    struct csin_scenario *sc = r->sc;
    sc->n_streams = r->spec->storage.n;
    if (!(sc->streams = csin_resolve_array(r, sc->n_streams, sizeof *sc->streams)))
        return;
    for (uint32_t i = 0; i < sc->n_streams && !csin_resolve_heard_enough(r); i++)
        resolve_stream(r, i, &specs[i]);
}
