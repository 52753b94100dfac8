/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How far everybody came in a window. */
#include <math.h>

#include "sim/cluster_window_inside.h"

#define LEAST_PROGRESS 1e-3 /* of a job in a window, for the slowdown to be finite */

/* A run of a window with what came of it. */
struct outcome {
    const struct csin_schedule *s;
    const struct csin_run_result *run;
    double *arrived; /* [n_owners] bytes at hosts, also of transfers that were cut off */
};

static bool count_arrived(const struct csin_window *win, struct outcome *o)
{
    const struct csin_fabric *f = win->scenario->fabric;
    o->arrived = csin_arena_alloc(win->arena, win->scenario->n_owners, sizeof *o->arrived);
    for (uint32_t i = 0; o->arrived && i < o->run->traffic.n_loads; i++) {
        const struct csin_load *load = &o->run->traffic.loads[i];
        if (load->arc < f->n_arcs && csin_is_nic(f, csin_arc_head(f, load->arc)))
            o->arrived[load->owner] += load->bytes;
    }
    return o->arrived != NULL;
}

/* Bytes that a span sends from host to host. */
static double bytes_of(const struct csin_schedule *s, const struct csin_span *span)
{
    double bytes = 0;
    for (uint32_t op = span->first; op < span->first + span->n; op++)
        if (!csin_is_delay(s, op) && s->src[op] != s->dst[op])
            bytes += (double)s->amount[op].bytes;
    return bytes;
}

/* How far the span that the end of the window cut off has come: by the bytes that have arrived, or
 * by time where it sends none. */
static double part_done(const struct outcome *o, const struct csin_span *span, double arrived,
                        double alone_s, double end_s)
{
    double all = bytes_of(o->s, span);
    double share = all > 0       ? arrived / all
                   : alone_s > 0 ? (end_s - o->run->finish_s[span->begin]) / alone_s
                                 : 1;
    return share < 0 ? 0 : share < 1 ? share : 1;
}

/* Progress of the steps of a job: time alone / time in the window. Whole rounds say it exactly; of
 * a job without two of them the step that was cut off counts too. */
static double step_slowdown(const struct csin_window *win, const struct outcome *o, uint32_t owner)
{
    const struct csin_window_reference *ref = win->parts[owner].ref;
    double begun = -1, progress = 0, whole_s = 0, end_s = win->cluster->window_s;
    double arrived = o->arrived[owner];
    uint32_t n_whole = 0;
    for (uint32_t i = 0; i < o->s->n_spans; i++) {
        const struct csin_span *span = &o->s->spans[i];
        double alone_s = span->owner == owner ? ref->steps_s[span->step] : 0;
        if (span->owner != owner || o->run->finish_s[span->begin] < 0)
            continue;
        if (begun < 0)
            begun = o->run->finish_s[span->begin];
        if (o->run->finish_s[span->end] < 0) {
            progress += alone_s * part_done(o, span, arrived, alone_s, end_s);
            break;
        }
        progress += alone_s;
        arrived -= bytes_of(o->s, span);
        if (span->step + 1 == ref->n_steps) {
            n_whole++;
            whole_s = o->run->finish_s[span->end] - begun;
        }
    }
    if (n_whole >= 2 && ref->round_s > 0)
        return whole_s / (n_whole * ref->round_s);
    double elapsed = begun >= 0 ? end_s - begun : 0;
    if (elapsed <= 0)
        return 1;
    return elapsed / fmax(progress, LEAST_PROGRESS * elapsed);
}

/* What a job should have read by the end of the window / what it has. */
static double storage_slowdown(const struct csin_window *win, const struct outcome *o,
                               const struct csin_window_part *part, uint32_t stream)
{
    double due = 0, done = 0, end_s = win->cluster->window_s;
    uint32_t first = win->scenario->n_jobs + part->first_stream + stream * part->n_bursts;
    for (uint32_t i = 0; i < o->s->n_spans; i++) {
        const struct csin_span *span = &o->s->spans[i];
        if (span->owner < first || span->owner >= first + part->n_bursts)
            continue;
        double start_s = part->start_s + (span->owner - first) * part->period_s;
        due += bytes_of(o->s, span) * fmin(1, (end_s - start_s) / part->period_s);
        done += o->arrived[span->owner];
    }
    return done < due ? due / fmax(done, LEAST_PROGRESS * due) : 1;
}

bool csin_window_slowdowns(const struct csin_window *win, const struct csin_schedule *s,
                           const struct csin_run_result *run, double *row)
{
    struct outcome o = {s, run, NULL};
    if (!count_arrived(win, &o))
        return false;
    for (uint32_t i = 0; i < win->n; i++) {
        row[i] = step_slowdown(win, &o, i);
        for (uint32_t k = 0; k < win->parts[i].n_streams && win->parts[i].n_bursts; k++)
            row[i] = fmax(row[i], storage_slowdown(win, &o, &win->parts[i], k));
    }
    return true;
}
