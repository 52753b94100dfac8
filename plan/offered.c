/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/offered.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/units.h"

/* A transfer of the span at hand. */
struct sent {
    uint32_t level, src, dst; /* hosts; after `join` NICs */
    double bytes;
};

struct maker {
    const struct csin_schedule *s;
    const struct csin_routes *routes;
    const struct csin_fabric *f;
    struct csin_offered *o;
    size_t offers_room, phases_room, levels_room, sent_room, hashes_room;
    uint32_t *levels; /* of the operations of a span */
    struct sent *sent;
    uint64_t *hashes; /* [n_phases] */
    double *nic_s;    /* [2][n_nics] time to send, to receive all of a phase */
    uint32_t first_of_owner;
};

static bool same_pair(const struct sent *a, const struct sent *b)
{
    return a->level == b->level && a->src == b->src && a->dst == b->dst;
}

static int by_pair(const void *left, const void *right)
{
    const struct sent *a = left, *b = right;
    if (a->level != b->level)
        return a->level < b->level ? -1 : 1;
    if (a->src != b->src)
        return a->src < b->src ? -1 : 1;
    if (a->dst != b->dst)
        return a->dst < b->dst ? -1 : 1;
    return (a->bytes > b->bytes) - (a->bytes < b->bytes);
}

/* Sorts n transfers and makes one of those of the same level and hosts. */
static uint32_t join(struct sent *sent, uint32_t n)
{
    uint32_t kept = 0;
    qsort(sent, n, sizeof *sent, by_pair);
    for (uint32_t i = 0; i < n; i++) {
        if (kept && same_pair(&sent[kept - 1], &sent[i]))
            sent[kept - 1].bytes += sent[i].bytes;
        else
            sent[kept++] = sent[i];
    }
    return kept;
}

/* The transfers of a span with their levels; streams are one level. Returns how many, joined. */
static uint32_t list_sent(struct maker *m, const struct csin_span *span, bool leveled)
{
    const struct csin_schedule *s = m->s;
    uint32_t n = 0;
    for (uint32_t op = span->first; op < span->first + span->n; op++) {
        uint32_t level = 0;
        for (uint64_t d = s->dep_first[op]; leveled && d < s->dep_first[op + 1]; d++) {
            uint32_t dep = s->dep[d];
            if (dep < span->first || dep >= op)
                continue;
            uint32_t after = m->levels[dep - span->first] + csin_is_transfer(s, dep);
            level = after > level ? after : level;
        }
        m->levels[op - span->first] = level;
        if (csin_is_transfer(s, op))
            m->sent[n++] = (struct sent){level, s->src[op], s->dst[op],
                                         (double)s->amount[op].bytes};
    }
    n = join(m->sent, n);
    /* From hosts to NICs; several pairs of hosts keep their order, as their NICs do. */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct sent *sent = &m->sent[i];
        struct csin_path path;
        if (!csin_routes_host_path(m->routes, sent->src, sent->dst, 0, &path))
            continue;
        m->sent[kept++] = (struct sent){
            sent->level, csin_arc_tail(m->f, path.arcs[0]) - m->f->n_switches,
            csin_arc_head(m->f, path.arcs[path.n - 1]) - m->f->n_switches, sent->bytes};
    }
    return kept;
}

/* The time that the NICs of a phase need for it. */
static double ends_time(struct maker *m, const struct sent *sent, uint32_t n)
{
    const struct csin_fabric *f = m->f;
    double time_s = 0, *out = m->nic_s, *in = m->nic_s + f->n_nics;
    for (uint32_t i = 0; i < n; i++)
        out[sent[i].src] = in[sent[i].dst] = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t up = csin_nic_arc(f, sent[i].src);
        uint32_t down = csin_arc_reverse(csin_nic_arc(f, sent[i].dst));
        out[sent[i].src] += sent[i].bytes / f->arc_capacity_Bps[up];
        in[sent[i].dst] += sent[i].bytes / f->arc_capacity_Bps[down];
        time_s = fmax(time_s, fmax(out[sent[i].src], in[sent[i].dst]));
    }
    return time_s;
}

static enum csin_status add_phase(struct maker *m, const struct csin_span *span,
                                  const struct sent *sent, uint32_t n)
{
    struct csin_offered *o = m->o;
    if (o->n_phases >= CSIN_MAX_PHASES || n > CSIN_MAX_OFFERS - o->n_offers)
        return CSIN_E_INPUT;
    if (!csin_grow(&o->offers, &m->offers_room, (size_t)o->n_offers + n, sizeof *o->offers) ||
        !csin_grow(&o->phases, &m->phases_room, o->n_phases + 1u, sizeof *o->phases) ||
        !csin_grow(&m->hashes, &m->hashes_room, o->n_phases + 1u, sizeof *m->hashes))
        return CSIN_E_FAILED;
    double time_s = ends_time(m, sent, n);
    struct csin_offer *offers = o->offers + o->n_offers;
    uint64_t hash = n;
    for (uint32_t i = 0; i < n; i++) {
        offers[i] = (struct csin_offer){sent[i].src, sent[i].dst, sent[i].bytes / time_s};
        uint64_t bits;
        memcpy(&bits, &offers[i].rate_Bps, sizeof bits);
        hash = csin_mix64(hash ^ csin_mix64((uint64_t)sent[i].src << 32 | sent[i].dst) ^ bits);
    }
    for (uint32_t p = m->first_of_owner; p < o->n_phases; p++)
        if (m->hashes[p] == hash && o->phases[p].n == n) {
            o->phases[p].times++;
            return CSIN_OK; /* what was written behind the last offer is written over */
        }
    m->hashes[o->n_phases] = hash;
    o->phases[o->n_phases++] = (struct csin_phase){span->owner, span->step, o->n_offers,
                                                   n,           time_s,     1};
    o->n_offers += n;
    return CSIN_OK;
}

static enum csin_status add_span(struct maker *m, const struct csin_span *span)
{
    bool leveled = span->end != CSIN_NONE; /* a step of a job; a stream has no end to wait for */
    if (!csin_grow(&m->levels, &m->levels_room, span->n, sizeof *m->levels) ||
        !csin_grow(&m->sent, &m->sent_room, span->n, sizeof *m->sent))
        return CSIN_E_FAILED;
    uint32_t n = list_sent(m, span, leveled);
    enum csin_status status = CSIN_OK;
    for (uint32_t i = 0, end; i < n && status == CSIN_OK; i = end) {
        for (end = i; end < n && m->sent[end].level == m->sent[i].level;)
            end++;
        status = add_phase(m, span, m->sent + i, end - i);
    }
    return status;
}

enum csin_status csin_offered_create(const struct csin_schedule *schedule,
                                     const struct csin_routes *routes,
                                     const struct csin_fabric *fabric, struct csin_diag *diag,
                                     struct csin_offered *ret_offered)
{
    struct csin_offered o = {.n_owners = schedule->n_owners};
    struct maker m = {.s = schedule, .routes = routes, .f = fabric, .o = &o};
    enum csin_status status = CSIN_OK;
    m.nic_s = malloc((2 * (size_t)fabric->n_nics + 1) * sizeof *m.nic_s);
    if (!m.nic_s)
        status = CSIN_E_FAILED;
    for (uint32_t i = 0; i < schedule->n_spans && status == CSIN_OK; i++) {
        if (i == 0 || schedule->spans[i].owner != schedule->spans[i - 1].owner)
            m.first_of_owner = o.n_phases;
        status = add_span(&m, &schedule->spans[i]);
    }
    free(m.nic_s);
    free(m.levels);
    free(m.sent);
    free(m.hashes);
    if (status == CSIN_OK) {
        *ret_offered = o;
        return CSIN_OK;
    }
    csin_offered_finish(&o);
    if (status == CSIN_E_FAILED)
        return csin_no_memory(diag);
    return csin_error(diag, CSIN_E_FAILED, 800, (struct csin_loc){0},
                      "the traffic has more than %s different phases or %s flows in them",
                      csin_show_count(CSIN_MAX_PHASES).s, csin_show_count(CSIN_MAX_OFFERS).s);
}

void csin_offered_finish(struct csin_offered *offered)
{
    free(offered->offers);
    free(offered->phases);
    memset(offered, 0, sizeof *offered);
}
