/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the time of a training step went. A unit is busy or idle at every moment; what was on the
 * way for it while it was idle is exposed communication, the rest of its idle time is the
 * pipeline's bubble, or waiting where there is no pipeline. So the parts add up to the step. */
#include <math.h>
#include <stdlib.h>

#include "sim/training.h"

struct interval {
    double from_s, to_s;
};

/* Of one unit: what it did, in order, and what was on the way for it. */
struct rows {
    struct interval *busy, *moving[CSIN_N_PARTS];
    uint32_t n_busy, n_moving[CSIN_N_PARTS];
};

struct measure {
    const struct csin_training *t;
    const double *start_s, *finish_s; /* from the first operation of the step on */
    double begin_s, end_s;
    const struct csin_training_trace *trace;
    const struct csin_training_event **events; /* sorted by unit */
    struct interval *room;                     /* [2 x most events of a unit] */
};

static bool keeps_busy(enum csin_part part)
{
    return part == CSIN_PART_COMPUTE || part == CSIN_PART_TENSOR || part == CSIN_PART_EXPERT;
}

/* Computing begins when its operation starts; what is sent, when that could begin. */
static struct interval interval_of(const struct measure *m, const struct csin_training_event *e)
{
    bool starts = e->part == CSIN_PART_COMPUTE || e->part == CSIN_PART_TENSOR;
    return (struct interval){starts ? m->start_s[e->first] : m->finish_s[e->first],
                             m->finish_s[e->last]};
}

static int by_start(const void *left, const void *right)
{
    const struct interval *a = left, *b = right;
    return (a->from_s > b->from_s) - (a->from_s < b->from_s);
}

/* Sorted, and what overlaps made one. Returns how many are left. */
static uint32_t merge(struct interval *rows, uint32_t n)
{
    uint32_t kept = 0;
    qsort(rows, n, sizeof *rows, by_start);
    for (uint32_t i = 0; i < n; i++) {
        if (kept > 0 && rows[i].from_s <= rows[kept - 1].to_s)
            rows[kept - 1].to_s = fmax(rows[kept - 1].to_s, rows[i].to_s);
        else
            rows[kept++] = rows[i];
    }
    return kept;
}

static double length(const struct interval *rows, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += rows[i].to_s - rows[i].from_s;
    return sum;
}

/* What is left of `rows` (merged) where `cut` (merged) is taken out; at most n + n_cut rows into
 * ret. */
static uint32_t without(const struct interval *rows, uint32_t n, const struct interval *cut,
                        uint32_t n_cut, struct interval *ret)
{
    uint32_t kept = 0, k = 0;
    for (uint32_t i = 0; i < n; i++) {
        double at = rows[i].from_s;
        while (k < n_cut && cut[k].to_s <= at)
            k++;
        for (uint32_t j = k; j < n_cut && cut[j].from_s < rows[i].to_s; j++) {
            if (cut[j].from_s > at)
                ret[kept++] = (struct interval){at, cut[j].from_s};
            at = fmax(at, cut[j].to_s);
        }
        if (at < rows[i].to_s)
            ret[kept++] = (struct interval){at, rows[i].to_s};
    }
    return kept;
}

/* One unit of so many GPUs; its events are e[0..n). Adds to the sums over GPUs. */
static void measure_unit(struct measure *m, uint32_t unit, double gpus,
                         const struct csin_training_event *const *e, size_t n,
                         struct csin_training_result *sum)
{
    struct interval *busy = m->room, *moving = busy + n + 1, *idle = moving + n + 1,
                    *rest = idle + 2 * n + 2;
    uint32_t n_busy = 0, n_idle, n_moving;
    double slowest = m->trace->factor[unit], mean = m->trace->mean_factor[unit];
    for (size_t i = 0; i < n; i++) {
        if (!keeps_busy(e[i]->part))
            continue;
        struct interval one = interval_of(m, e[i]);
        double time_s = one.to_s - one.from_s;
        double own = e[i]->part == CSIN_PART_COMPUTE ? time_s * mean / slowest : time_s;
        sum->part_s[e[i]->part] += gpus * own;
        sum->part_s[CSIN_PART_WAIT] += gpus * (time_s - own); /* for the slowest of its host */
        if (e[i]->part != CSIN_PART_COMPUTE)
            sum->moving_s[e[i]->part] += gpus * time_s;
        busy[n_busy++] = one;
    }
    n_busy = merge(busy, n_busy);
    struct interval step = {m->begin_s, m->end_s};
    n_idle = without(&step, 1, busy, n_busy, idle);
    static const enum csin_part sent[] = {CSIN_PART_DATA, CSIN_PART_PIPELINE};
    for (unsigned k = 0; k < 2; k++) {
        n_moving = 0;
        for (size_t i = 0; i < n; i++)
            if (e[i]->part == sent[k])
                moving[n_moving++] = interval_of(m, e[i]);
        n_moving = merge(moving, n_moving);
        uint32_t n_rest = without(idle, n_idle, moving, n_moving, rest);
        sum->moving_s[sent[k]] += gpus * length(moving, n_moving);
        sum->part_s[sent[k]] += gpus * (length(idle, n_idle) - length(rest, n_rest));
        struct interval *t = idle;
        idle = rest;
        rest = t;
        n_idle = n_rest;
    }
    sum->part_s[m->t->pipeline > 1 ? CSIN_PART_BUBBLE : CSIN_PART_WAIT] += gpus *
                                                                           length(idle, n_idle);
}

static int by_unit(const void *left, const void *right)
{
    const struct csin_training_event *a = *(const struct csin_training_event *const *)left,
                                     *b = *(const struct csin_training_event *const *)right;
    if (a->unit != b->unit)
        return a->unit < b->unit ? -1 : 1;
    return (a > b) - (a < b);
}

static bool measure_units(struct measure *m, const struct csin_training_layout *l,
                          struct csin_training_result *sum)
{
    size_t n = m->trace->n;
    m->events = malloc((n + 1) * sizeof(struct csin_training_event *));
    m->room = malloc((6 * n + 8) * sizeof *m->room);
    bool ok = m->events && m->room;
    if (ok) {
        for (size_t i = 0; i < n; i++)
            m->events[i] = &m->trace->events[i];
        qsort(m->events, n, sizeof *m->events, by_unit);
    }
    size_t at = 0;
    for (uint32_t unit = 0; unit < l->n_units && ok; unit++) {
        size_t end = at;
        while (end < n && m->events[end]->unit == unit)
            end++;
        double gpus = (double)l->units[unit].n * m->t->tensor / l->n_gpus;
        measure_unit(m, unit, gpus, m->events + at, end - at, sum);
        at = end;
    }
    free(m->events);
    free(m->room);
    return ok;
}

static void fill_numbers(const struct csin_training *t, const struct csin_training_layout *l,
                         struct csin_training_result *result)
{
    result->training = t;
    result->n_gpus = l->n_gpus;
    result->n_replicas = l->n_replicas;
    result->n_hosts = l->n_hosts;
    result->n_blocks = l->n_blocks;
    result->batch = l->batch;
    result->micro_batch = l->micro_batch;
    result->n_micro_batches = l->n_micro_batches;
    result->largest_block_bytes = l->largest_block_bytes;
}

bool csin_training_measure(const struct csin_training *t, const struct csin_schedule *s,
                           const struct csin_span *span, const double *start_s,
                           const double *finish_s, const uint32_t *hosts, uint32_t n_hosts,
                           struct csin_rng rng, struct csin_training_result *result)
{
    struct csin_training_trace trace = {0};
    struct csin_training_layout l = {0};
    struct csin_schedule again;
    /* The same operations once more, to know which is which: numbers count from the step's first.
     */
    csin_schedule_init(&again, s->n_hosts, s->n_owners);
    again.inside = s->inside;
    uint32_t begin = csin_schedule_delay(&again, 0);
    csin_training_schedule(&again, t, hosts, n_hosts, begin, rng, &trace);
    uint32_t first = span->end + 2 - again.n_ops; /* both end with the end of the step */
    bool ok = !again.failed && csin_training_lay_out(t, n_hosts, NULL, &l) == CSIN_OK;
    csin_schedule_finish(&again);
    if (ok) {
        struct measure m = {.t = t,
                            .start_s = start_s + first,
                            .finish_s = finish_s + first,
                            .begin_s = finish_s[span->begin],
                            .end_s = finish_s[span->end],
                            .trace = &trace};
        fill_numbers(t, &l, result);
        result->step_s += m.end_s - m.begin_s;
        ok = measure_units(&m, &l, result);
    }
    csin_training_layout_finish(&l);
    csin_training_trace_finish(&trace);
    return ok;
}

void csin_training_conclude(struct csin_training_result *r, uint32_t n_rounds)
{
    const struct csin_training *t = r->training;
    if (n_rounds == 0)
        return;
    r->step_s /= n_rounds;
    for (unsigned i = 0; i < CSIN_N_PARTS; i++) {
        r->part_s[i] /= n_rounds;
        r->moving_s[i] /= n_rounds;
    }
    if (r->step_s <= 0)
        return;
    double batch = (double)r->batch;
    r->samples_per_s = batch / r->step_s;
    r->flop_per_s = t->model.model_flop * r->samples_per_s / r->n_gpus;
    r->utilisation = t->peak_flop_per_s > 0 ? r->flop_per_s / t->peak_flop_per_s : 0;
    if (t->measured_s > 0) {
        double gpus = (double)t->measured_hosts * t->gpus;
        double then = (t->batch_per_gpu ? (double)t->batch_per_gpu * gpus : batch) / t->measured_s /
                      gpus;
        r->scaling = r->samples_per_s / r->n_gpus / then;
    } else {
        r->scaling = r->part_s[CSIN_PART_COMPUTE] / r->step_s;
    }
}
