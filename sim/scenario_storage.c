/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Storage streams: clients, servers, and all defaults filled in. */
#include <stdlib.h>

#include "base/units.h"
#include "sim/resolve.h"
#include "sim/storage.h"

#define DEFAULT_CONCURRENCY 8
#define DEFAULT_REPLICAS 2

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

static void resolve_read(struct resolver *r, const struct csin_stream_spec *spec,
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
    stream->stripe = (uint32_t)csin_count_or(&spec->stripe, stream->n_servers);
    if (stream->stripe > stream->n_servers)
        FAIL(r, 427, spec->stripe.loc, "a stripe over %s servers; there are %s",
             csin_show_count(stream->stripe).s, csin_show_count(stream->n_servers).s);
}

static void resolve_checkpoint(struct resolver *r, const struct csin_stream_spec *spec,
                               struct csin_stream *stream)
{
    stream->replicas = (uint32_t)csin_count_or(&spec->replicas, DEFAULT_REPLICAS);
    if (stream->replicas > stream->n_servers)
        FAIL(r, 427, spec->replicas.loc.line ? spec->replicas.loc : spec->name.loc,
             "chains of %s replicas; there %s %s server%s", csin_show_count(stream->replicas).s,
             stream->n_servers == 1 ? "is" : "are", csin_show_count(stream->n_servers).s,
             stream->n_servers == 1 ? "" : "s");
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
        .loc = spec->name.loc};
    csin_resolve_check_time(r, "a start", &spec->start_s);
    struct csin_pick_spec servers = {.hosts = spec->servers};
    if (!servers.hosts.s)
        servers.hosts = (struct csin_text){"all", spec->name.loc};
    struct csin_rng rng = csin_rng_init(csin_owner_seed(sc, stream->name), 0);
    enum csin_status status = csin_pick_hosts(sc->fabric, &spec->clients, CSIN_COMPUTE, NULL, rng,
                                              sc->arena, r->diag, &stream->clients,
                                              &stream->n_clients);
    status = csin_first(status,
                        csin_pick_hosts(sc->fabric, &servers, CSIN_STORAGE, NULL, rng, sc->arena,
                                        r->diag, &stream->servers, &stream->n_servers));
    csin_resolve_fail(r, status);
    if (spec->chunk.loc.line && spec->chunk.n == 0)
        FAIL(r, 420, spec->chunk.loc, "a chunk of 0 bytes");
    if (spec->size.loc.line && spec->size.n == 0)
        FAIL(r, 421, spec->size.loc, "'%s' moves 0 bytes", stream->name);
    if (status != CSIN_OK)
        return;
    r->chance = true;
    if (spec->kind == CSIN_READ)
        resolve_read(r, spec, stream);
    else
        resolve_checkpoint(r, spec, stream);
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
