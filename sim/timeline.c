/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/timeline.h"

#include <math.h>
#include <stdlib.h>

#include "sim/metrics.h"

struct maker {
    const struct csin_schedule *s;
    const struct csin_run_result *run;
    double *const *alone;
    struct csin_result *result;
    struct csin_timeline *to;
};

/* ---- bars ---- */

/* When the operations of a span were at work; false where none was. */
static bool span_time(const struct maker *m, const struct csin_span *span, struct csin_bar *ret)
{
    const double *start_s = m->run->start_s, *finish_s = m->run->finish_s;
    double from_s = HUGE_VAL, to_s = -1;
    bool cut = false;
    for (uint32_t op = span->first; op < span->first + span->n; op++) {
        if (start_s[op] < 0)
            continue;
        from_s = fmin(from_s, start_s[op]);
        to_s = fmax(to_s, finish_s[op]);
        cut = cut || finish_s[op] < 0;
    }
    if (span->begin != CSIN_NONE && finish_s[span->begin] >= 0) /* a start that is waited for */
        from_s = finish_s[span->begin];
    *ret = (struct csin_bar){span->owner, span->round,        span->step, 1,
                             from_s,      fmax(from_s, to_s), cut};
    return from_s < HUGE_VAL;
}

/* Spans lie in the schedule by owner, and those of a job in the order of time. */
static bool make_bars(struct maker *m)
{
    uint32_t n_owners = m->s->n_owners, *n_of = calloc(n_owners + 1u, sizeof *n_of);
    struct csin_bar *bars = csin_arena_alloc(
        m->result->arena,
        m->s->n_spans < n_owners * CSIN_MAX_BARS ? m->s->n_spans : n_owners * CSIN_MAX_BARS,
        sizeof *bars);
    if (!n_of || !bars) {
        free(n_of);
        return false;
    }
    for (uint32_t i = 0; i < m->s->n_spans; i++)
        n_of[m->s->spans[i].owner]++;
    uint32_t n = 0;
    for (uint32_t owner = 0; owner < n_owners; owner++) {
        uint32_t together = (n_of[owner] + CSIN_MAX_BARS - 1) / CSIN_MAX_BARS, in_bar = 0;
        for (uint32_t i = 0; i < m->s->n_spans; i++) {
            struct csin_bar bar;
            if (m->s->spans[i].owner != owner || !span_time(m, &m->s->spans[i], &bar))
                continue;
            if (in_bar++ % together == 0) {
                bars[n++] = bar;
                continue;
            }
            bars[n - 1].n++;
            bars[n - 1].to_s = fmax(bars[n - 1].to_s, bar.to_s);
            bars[n - 1].cut = bars[n - 1].cut || bar.cut;
        }
    }
    m->to->bars = bars;
    m->to->n_bars = n;
    free(n_of);
    return true;
}

/* ---- what stood still ---- */

static int by_owner_and_time(const void *a, const void *b)
{
    const struct csin_still *x = a, *y = b;
    if (x->owner != y->owner)
        return x->owner < y->owner ? -1 : 1;
    return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

/* Puts together, of one owner, what overlaps or is no further apart than `gap_s`. */
static uint32_t unite(struct csin_still *still, uint32_t n, double gap_s)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (kept > 0 && still[kept - 1].owner == still[i].owner &&
            still[i].from_s <= still[kept - 1].to_s + gap_s)
            still[kept - 1].to_s = fmax(still[kept - 1].to_s, still[i].to_s);
        else
            still[kept++] = still[i];
    return kept;
}

static bool make_still(struct maker *m)
{
    uint32_t n = m->run->n_waits;
    struct csin_still *still = csin_arena_alloc(m->result->arena, n, sizeof *still);
    if (!still)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_wait *wait = &m->run->waits[i];
        still[i] = (struct csin_still){csin_schedule_owner(m->s, wait->op), wait->from_s,
                                       wait->to_s};
    }
    if (n > 0)
        qsort(still, n, sizeof *still, by_owner_and_time);
    n = unite(still, n, 0);
    double gap_s = m->result->makespan_s * 1e-4;
    for (; n > CSIN_MAX_STILL * m->s->n_owners; gap_s *= 2)
        n = unite(still, n, gap_s);
    m->to->still = still;
    m->to->n_still = n;
    return true;
}

/* ---- slowdowns ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint64_t count_spans(const struct csin_schedule *s, uint32_t owner)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->n_spans; i++)
        n += s->spans[i].owner == owner;
    return n;
}

/* Each round of each step that takes time alone. Returns how many. */
static uint64_t slow_rounds(const struct maker *m, uint32_t owner, double *slowdowns)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < m->s->n_spans; i++) {
        const struct csin_span *span = &m->s->spans[i];
        if (span->owner != owner || span->begin == CSIN_NONE || span->end == CSIN_NONE)
            continue;
        double start_s = m->run->finish_s[span->begin], finish_s = m->run->finish_s[span->end];
        double alone_s = m->alone[owner][1 + span->step];
        if (start_s >= 0 && finish_s >= 0 && alone_s > 0)
            slowdowns[n++] = (finish_s - start_s) / alone_s;
    }
    return n;
}

static uint64_t slow_clients(const struct csin_stream_result *stream, const double *alone,
                             double *slowdowns)
{
    uint64_t n = 0;
    for (uint32_t c = 0; c < stream->stream->n_clients; c++)
        if (stream->client_Bps[c] > 0 && alone[1 + c] > 0)
            slowdowns[n++] = alone[1 + c] / stream->client_Bps[c];
    return n;
}

static bool make_slowdowns(struct maker *m, uint32_t owner, struct csin_slowdowns *spread)
{
    const struct csin_scenario *sc = m->result->scenario;
    bool is_job = owner < sc->n_jobs;
    const struct csin_stream_result *stream = &m->result->streams[is_job ? 0 : owner - sc->n_jobs];
    uint64_t room = is_job ? count_spans(m->s, owner) : stream->stream->n_clients;
    double *all = malloc((room + 1) * sizeof *all);
    if (!all)
        return false;
    uint64_t n = is_job ? slow_rounds(m, owner, all) : slow_clients(stream, m->alone[owner], all);
    if (n > 0)
        qsort(all, n, sizeof *all, by_value);
    spread->n_all = n;
    spread->n = n < CSIN_MAX_SPREAD ? (uint32_t)n : CSIN_MAX_SPREAD;
    spread->values = csin_arena_alloc(m->result->arena, spread->n, sizeof *all);
    for (uint32_t i = 0; spread->values && i < spread->n; i++)
        spread->values[i] = all[spread->n > 1 ? i * (n - 1) / (spread->n - 1) : 0];
    free(all);
    return spread->values;
}

enum csin_status csin_timeline_add(const struct csin_schedule *schedule,
                                   const struct csin_run_result *run, double *const *alone,
                                   struct csin_recorder *recorder, struct csin_diag *diag,
                                   struct csin_result *result)
{
    struct csin_timeline *to = csin_arena_alloc(result->arena, 1, sizeof *to);
    struct maker m = {schedule, run, alone, result, to};
    if (!to) {
        csin_recorder_destroy(recorder);
        return csin_no_memory(diag);
    }
    to->recorder = recorder;
    result->timeline = to; /* its recorder goes with the result */
    to->slowdowns = csin_arena_alloc(result->arena, schedule->n_owners, sizeof *to->slowdowns);
    bool ok = to->slowdowns && make_bars(&m) && make_still(&m);
    for (uint32_t owner = 0; ok && owner < schedule->n_owners; owner++)
        ok = make_slowdowns(&m, owner, &to->slowdowns[owner]);
    return ok ? CSIN_OK : csin_no_memory(diag);
}
