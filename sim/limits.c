/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/limits.h"

#include <math.h>
#include <stdlib.h>

#include "sim/metrics.h"

const char *const csin_limit_names[] = {"full_ssd", "full_server_nic", "full_client_nic",
                                        "full_fabric", NULL};

struct limiting {
    struct csin_result *result;
    const struct csin_scenario *sc;
    bool *is_client; /* [n_hosts] of the stream at hand */
};

static double bytes_of(const struct limiting *l, const struct csin_arc_result *arc, uint32_t owner)
{
    for (uint32_t i = 0; i < arc->n_loads; i++)
        if (l->result->loads[arc->first_load + i].owner == owner)
            return l->result->loads[arc->first_load + i].bytes;
    return 0;
}

/* Of an arc at a NIC, whose that is; servers also send to each other. */
static enum csin_limit limit_of(const struct limiting *l, uint32_t arc)
{
    const struct csin_fabric *f = l->sc->fabric;
    for (unsigned end = 0; end < 2; end++) {
        uint32_t v = end ? csin_arc_head(f, arc) : csin_arc_tail(f, arc);
        if (csin_is_nic(f, v))
            return l->is_client[f->nics[v - f->n_switches].host] ? CSIN_LIMIT_CLIENT_NIC
                                                                 : CSIN_LIMIT_SERVER_NIC;
    }
    return CSIN_LIMIT_FABRIC;
}

static void add(struct csin_stream_result *r, enum csin_limit limit,
                const struct csin_arc_result *arc)
{
    double time_s = r->finish_s - r->start_s;
    r->limits.n[limit]++;
    if (time_s > 0)
        r->limits.full[limit] += fmin(1, arc->saturated_s / time_s);
}

static bool is_ssd(const struct limiting *l, const struct csin_stream *stream, uint32_t resource)
{
    uint32_t index;
    enum csin_inside_kind kind = csin_inside_kind_of(&l->sc->inside, resource, &index);
    /* Of a recovery both ends have SSDs; those that are filled count. */
    bool writes = stream->kind == CSIN_CHECKPOINT || stream->kind == CSIN_RECOVERY;
    return kind == (writes ? CSIN_INSIDE_SSD_WRITE : CSIN_INSIDE_SSD_READ);
}

static uint32_t count_ssds(const struct limiting *l, const struct csin_stream *stream)
{
    bool recovers = stream->kind == CSIN_RECOVERY;
    const uint32_t *hosts = recovers ? stream->clients : stream->servers;
    uint32_t n = recovers ? stream->n_clients : stream->n_servers, n_ssds = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_inside_model *inside = l->sc->fabric->hosts[hosts[i]].inside;
        uint32_t has = inside ? inside->n_ssds : 0, used = stream->chains->n_ssds;
        used = recovers && stream->lost_ssd != CSIN_NONE ? 1 : used;
        n_ssds += has < used ? has : used;
    }
    return n_ssds;
}

static void measure(const struct limiting *l, uint32_t owner, struct csin_stream_result *r)
{
    const struct csin_stream *stream = r->stream;
    double bytes = 0;
    for (uint32_t i = 0; i < l->result->n_arcs; i++)
        if (bytes_of(l, &l->result->arcs[i], owner) > 0)
            add(r, limit_of(l, l->result->arcs[i].arc), &l->result->arcs[i]);
    for (uint32_t i = 0; i < l->result->n_insides; i++) {
        const struct csin_arc_result *inside = &l->result->insides[i];
        double own = bytes_of(l, inside, owner);
        if (own <= 0 || !is_ssd(l, stream, inside->arc))
            continue;
        add(r, CSIN_LIMIT_SSD, inside);
        r->limits.ssd_max_bytes = fmax(r->limits.ssd_max_bytes, own);
        bytes += own;
    }
    for (unsigned limit = 0; limit < CSIN_N_LIMITS; limit++)
        if (r->limits.n[limit])
            r->limits.full[limit] /= r->limits.n[limit];
    r->limits.n_ssds = count_ssds(l, stream);
    if (r->limits.n_ssds)
        r->limits.ssd_mean_bytes = bytes / r->limits.n_ssds;
}

bool csin_limits_measure(struct csin_result *result)
{
    const struct csin_scenario *sc = result->scenario;
    struct limiting l = {result, sc, NULL};
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        struct csin_stream_result *r = &result->streams[i];
        if (!r->stream->chains)
            continue;
        l.is_client = calloc(sc->fabric->n_hosts + 1u, sizeof *l.is_client);
        if (!l.is_client)
            return false;
        for (uint32_t k = 0; k < r->stream->n_clients; k++)
            l.is_client[r->stream->clients[k]] = true;
        measure(&l, sc->n_jobs + i, r);
        free(l.is_client);
    }
    return true;
}
