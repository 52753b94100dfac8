/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/metrics.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/libraries.h"
#include "sim/resolve.h"
#include "sim/storage.h"

/* An arc counts as congested from this time on, less than any packet takes; and from so many steps
 * of the clock on, which is a double. */
#define CONGESTION_FLOOR_S 1e-9
#define CLOCK_STEPS 64
/* Transfers held back for less in all are not called victims. */
#define VICTIM_FLOOR_S 1e-6

struct measure {
    const struct csin_scenario *sc;
    const struct csin_schedule *s;
    const struct csin_run_result *run;
    struct csin_result *result;
    struct csin_diag *diag;
};

/* a / b, and exactly 1 where the two differ by no more than rounding does. */
static double ratio(double a, double b)
{
    return b <= 0 || fabs(a - b) <= 1e-9 * b ? 1 : a / b;
}

/* ---- jobs ---- */

struct step_sum {
    double sum_s, min_s, max_s;
    uint32_t n;
};

/* Times of each step of a job over its rounds; returns when the job started and finished. Steps
 * that did not end, as the job was stopped, do not count; false where there are such. */
static bool sum_steps(const struct csin_schedule *s, const struct csin_run_result *run,
                      uint32_t owner, struct step_sum *steps, double *ret_start_s,
                      double *ret_finish_s)
{
    bool first = true, complete = true;
    for (uint32_t i = 0; i < s->n_spans; i++) {
        const struct csin_span *span = &s->spans[i];
        if (span->owner != owner)
            continue;
        double start = run->finish_s[span->begin], finish = run->finish_s[span->end];
        if (start < 0 || finish < 0) {
            complete = false;
            continue;
        }
        struct step_sum *sum = &steps[span->step];
        double time = finish - start;
        sum->min_s = sum->n && sum->min_s < time ? sum->min_s : time;
        sum->max_s = sum->n && sum->max_s > time ? sum->max_s : time;
        sum->sum_s += time;
        sum->n++;
        if (first)
            *ret_start_s = start;
        first = false;
        *ret_finish_s = finish;
    }
    return complete;
}

/* Where the time of the rounds that ended went. Leaves *ret alone without memory. */
static void measure_training(struct measure *m, uint32_t owner, uint32_t step,
                             const struct csin_training_result **ret)
{
    const struct csin_job *job = &m->sc->jobs[owner];
    struct csin_training_result *result = csin_arena_alloc(m->result->arena, 1, sizeof *result);
    uint64_t seed = csin_owner_seed(m->sc, job->name);
    uint32_t n = 0;
    bool ok = result;
    for (uint32_t i = 0; i < m->s->n_spans && ok; i++) {
        const struct csin_span *span = &m->s->spans[i];
        if (span->owner != owner || span->step != step || m->run->finish_s[span->begin] < 0 ||
            m->run->finish_s[span->end] < 0)
            continue;
        ok = csin_training_measure(
            job->steps[step].training, m->s, span, m->run->start_s, m->run->finish_s, job->hosts,
            job->n_hosts, csin_rng_init(seed, csin_step_draw(job, span->round, step)), result);
        n++;
    }
    if (!ok || n == 0)
        return;
    csin_training_conclude(result, n);
    *ret = result;
}

static void measure_job(struct measure *m, uint32_t owner, const double *alone)
{
    const struct csin_job *job = &m->sc->jobs[owner];
    struct csin_job_result *result = &m->result->jobs[owner];
    struct step_sum *sums = csin_arena_alloc(m->result->arena, job->n_steps, sizeof *sums);
    result->job = job;
    result->steps = csin_arena_alloc(m->result->arena, job->n_steps, sizeof *result->steps);
    if (!sums || !result->steps)
        return;
    result->stopped = !sum_steps(m->s, m->run, owner, sums, &result->start_s, &result->finish_s);
    result->alone_s = alone[0];
    if (result->stopped) {
        result->alone_s = 0;
        for (uint32_t i = 0; i < job->n_steps; i++)
            result->alone_s += sums[i].n * alone[1 + i];
    }
    result->slowdown = ratio(result->finish_s - result->start_s, result->alone_s);
    for (uint32_t i = 0; i < job->n_steps; i++) {
        const struct csin_step *step = &job->steps[i];
        double mean = sums[i].n ? sums[i].sum_s / sums[i].n : 0;
        uint32_t n = csin_is_library(step->algorithm)
                         ? csin_library_ranks(&m->sc->inside, job->hosts, job->n_hosts)
                         : job->n_hosts;
        double algbw = mean > 0 && step->work != CSIN_COMPUTE_DELAY && !step->training && n > 1
                           ? (double)step->size_bytes / mean
                           : 0;
        result->steps[i] = (struct csin_step_result){
            .step = step,
            .n_rounds = sums[i].n,
            .cut = csin_step_cut(step, n),
            .mean_s = mean,
            .min_s = sums[i].min_s,
            .max_s = sums[i].max_s,
            .algbw_Bps = algbw,
            .busbw_Bps = algbw * csin_step_bus_factor(step, n),
            .alone_s = alone[1 + i],
            .slowdown = sums[i].n ? ratio(mean, alone[1 + i]) : 1,
        };
        if (step->training)
            measure_training(m, owner, i, &result->steps[i].training);
    }
}

/* Late in a long simulation the clock, a double, has few digits left for short steps. */
static void warn_of_clock(struct measure *m)
{
    double step_s = m->run->makespan_s * DBL_EPSILON;
    for (uint32_t i = 0; i < m->sc->n_jobs; i++)
        for (uint32_t k = 0; k < m->sc->jobs[i].n_steps; k++) {
            const struct csin_step_result *step = &m->result->jobs[i].steps[k];
            if (step->alone_s <= 0 || step_s <= 1e-6 * step->alone_s)
                continue;
            csin_warning(m->diag, 441, step->step->loc,
                         "this step takes %s, and at %s the clock advances by %s at least",
                         csin_show_time(step->alone_s).s, csin_show_time(m->run->makespan_s).s,
                         csin_show_time(step_s).s);
            csin_note(m->diag, step->step->loc, "simulate it nearer to the start");
        }
}

/* ---- streams ---- */

static const struct csin_span *stream_span(const struct csin_schedule *s, uint32_t owner)
{
    for (uint32_t i = 0; i < s->n_spans; i++)
        if (s->spans[i].owner == owner)
            return &s->spans[i];
    return NULL;
}

struct stream_sum {
    double start_s, finish_s;
    uint64_t bytes, n_requests, n_misses;
    double steady_bytes; /* that moved in the middle third of the stream's duration */
};

static double throughput(const struct stream_sum *sum)
{
    double time = sum->finish_s - sum->start_s;
    return time > 0 ? (double)sum->bytes / time : 0;
}

/* How much of a transfer falls into the middle third of a stream's duration, as if it had moved at
 * one rate: traffic is steady then, without how it began and how it ends. */
static double steady_share(const struct csin_stream *stream, double start_s, double from_s,
                           double to_s)
{
    double since_s = start_s + stream->duration_s / 3, until_s = since_s + stream->duration_s / 3;
    double in_s = fmin(to_s, until_s) - fmax(from_s, since_s);
    return in_s > 0 && to_s > from_s ? in_s / (to_s - from_s) : 0;
}

/* Calls `each` for every request that was served. Requests are runs of operations; of a read the
 * last one brings the chunk, of a write the first one takes it away. */
static struct stream_sum sum_stream(const struct csin_stream *stream, const struct csin_schedule *s,
                                    const struct csin_run_result *run, const struct csin_span *span,
                                    void (*each)(void *arg, uint32_t client_host, uint64_t bytes,
                                                 double start_s, double finish_s),
                                    void *arg)
{
    bool read = csin_stream_reads(stream);
    uint32_t n = csin_stream_ops(stream);
    struct stream_sum sum = {.start_s = run->finish_s[span->begin]};
    sum.finish_s = sum.start_s;
    for (uint32_t op = span->begin + csin_stream_lead(stream); op < span->first + span->n;
         op += n) {
        uint32_t last = op + n - 1;
        double finish = run->finish_s[last];
        if (finish < 0)
            continue; /* the gate had closed */
        sum.n_misses += csin_is_delay(s, last);
        if (csin_is_delay(s, last))
            continue;
        uint64_t bytes = s->amount[last].bytes; /* of all hops of a chain alike */
        sum.bytes += bytes;
        sum.n_requests++;
        sum.steady_bytes += (double)bytes *
                            steady_share(stream, sum.start_s, run->start_s[last], finish);
        sum.finish_s = fmax(sum.finish_s, finish);
        if (each)
            each(arg, read ? s->dst[last] : s->src[op + csin_is_delay(s, op)], bytes,
                 run->start_s[op], finish);
    }
    return sum;
}

struct client_sum {
    double start_s;
    uint32_t *client_of;      /* [n_hosts] */
    double *bytes, *finish_s; /* [n_clients] */
    double *times;
    uint64_t n_times;
};

static void add_request(void *arg, uint32_t host, uint64_t bytes, double start_s, double finish_s)
{
    struct client_sum *sum = arg;
    uint32_t client = sum->client_of[host];
    sum->bytes[client] += (double)bytes;
    sum->finish_s[client] = fmax(sum->finish_s[client], finish_s);
    sum->times[sum->n_times++] = finish_s - start_s;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double client_rate(const struct client_sum *sum, uint32_t client)
{
    double time = sum->finish_s[client] - sum->start_s;
    return time > 0 ? sum->bytes[client] / time : 0;
}

static void measure_clients(struct csin_stream_result *result, const struct client_sum *sum)
{
    double total = 0, squares = 0;
    uint32_t n = result->stream->n_clients;
    for (uint32_t c = 0; c < n; c++) {
        double rate = client_rate(sum, c);
        result->client_Bps[c] = rate;
        result->min_client_Bps = c ? fmin(result->min_client_Bps, rate) : rate;
        result->max_client_Bps = fmax(result->max_client_Bps, rate);
        total += rate;
        squares += rate * rate;
    }
    result->mean_client_Bps = total / n;
    result->fairness = squares > 0 ? total * total / (n * squares) : 1;
    if (sum->n_times == 0)
        return;
    qsort(sum->times, sum->n_times, sizeof *sum->times, by_value);
    double all = 0;
    for (uint64_t i = 0; i < sum->n_times; i++)
        all += sum->times[i];
    result->mean_request_s = all / (double)sum->n_times;
    /* Nearest rank: the smallest time that 99 % of the requests do not exceed. */
    result->p99_request_s = sum->times[(uint64_t)ceil(0.99 * (double)sum->n_times) - 1];
    result->max_request_s = sum->times[sum->n_times - 1];
}

static bool is_stopped(const struct csin_scenario *sc, uint32_t owner)
{
    for (uint32_t i = 0; i < sc->n_events; i++)
        if (sc->events[i].kind == CSIN_EVENT_STOP && sc->events[i].items[0] == owner)
            return true;
    return false;
}

static void client_sum_finish(struct client_sum *sum)
{
    free(sum->client_of);
    free(sum->bytes);
    free(sum->finish_s);
    free(sum->times);
}

/* Adds up the requests of each client. False without memory; finish is safe then. */
static bool sum_clients(const struct csin_stream *stream, const struct csin_schedule *s,
                        const struct csin_run_result *run, const struct csin_span *span,
                        struct client_sum *sum, struct stream_sum *ret_total)
{
    *sum = (struct client_sum){
        .start_s = run->finish_s[span->begin],
        .client_of = malloc((s->n_hosts + 1u) * sizeof *sum->client_of),
        .bytes = calloc(stream->n_clients + 1u, sizeof *sum->bytes),
        .finish_s = calloc(stream->n_clients + 1u, sizeof *sum->finish_s),
        .times = malloc((span->n + 1u) * sizeof *sum->times),
    };
    if (!sum->client_of || !sum->bytes || !sum->finish_s || !sum->times)
        return false;
    for (uint32_t c = 0; c < stream->n_clients; c++)
        sum->client_of[stream->clients[c]] = c;
    *ret_total = sum_stream(stream, s, run, span, add_request, sum);
    return true;
}

static enum csin_status measure_stream(struct measure *m, uint32_t owner, const double *alone)
{
    const struct csin_stream *stream = &m->sc->streams[owner - m->sc->n_jobs];
    struct csin_stream_result *result = &m->result->streams[owner - m->sc->n_jobs];
    const struct csin_span *span = stream_span(m->s, owner);
    struct client_sum sum;
    struct stream_sum total;
    double *client_Bps = csin_arena_alloc(m->result->arena, stream->n_clients, sizeof *client_Bps);
    bool ok = sum_clients(stream, m->s, m->run, span, &sum, &total) && client_Bps;
    if (ok) {
        *result = (struct csin_stream_result){
            .stream = stream,
            .start_s = total.start_s,
            .finish_s = total.finish_s,
            .n_requests = total.n_requests,
            .n_misses = total.n_misses,
            .bytes = total.bytes,
            .throughput_Bps = throughput(&total),
            .steady_Bps = stream->duration_s > 0 ? total.steady_bytes / (stream->duration_s / 3)
                                                 : 0,
            .alone_Bps = alone[0],
            .client_Bps = client_Bps,
        };
        result->slowdown = ratio(result->alone_Bps, result->throughput_Bps);
        result->stopped = is_stopped(m->sc, owner) &&
                          total.n_requests + total.n_misses <
                              (span->n - csin_stream_lead(stream)) / csin_stream_ops(stream);
        measure_clients(result, &sum);
    }
    client_sum_finish(&sum);
    return ok ? CSIN_OK : csin_no_memory(m->diag);
}

/* ---- rows for the cache ---- */

uint32_t csin_owner_row_size(const struct csin_scenario *sc, uint32_t owner)
{
    return owner < sc->n_jobs ? 1 + sc->jobs[owner].n_steps
                              : 1 + sc->streams[owner - sc->n_jobs].n_clients;
}

bool csin_owner_row(const struct csin_scenario *sc, uint32_t owner, const struct csin_schedule *s,
                    const struct csin_run_result *run, double *ret_row)
{
    if (owner >= sc->n_jobs) {
        const struct csin_stream *stream = &sc->streams[owner - sc->n_jobs];
        struct client_sum sum;
        struct stream_sum total;
        bool ok = sum_clients(stream, s, run, stream_span(s, owner), &sum, &total);
        ret_row[0] = ok ? throughput(&total) : 0;
        for (uint32_t c = 0; ok && c < stream->n_clients; c++)
            ret_row[1 + c] = client_rate(&sum, c);
        client_sum_finish(&sum);
        return ok;
    }
    double start_s = 0, finish_s = 0;
    uint32_t n_steps = sc->jobs[owner].n_steps;
    struct step_sum *steps = calloc(n_steps, sizeof *steps);
    if (!steps)
        return false;
    sum_steps(s, run, owner, steps, &start_s, &finish_s);
    ret_row[0] = finish_s - start_s;
    for (uint32_t i = 0; i < n_steps; i++)
        ret_row[1 + i] = steps[i].sum_s / steps[i].n;
    free(steps);
    return true;
}

/* ---- arcs ---- */

/* What the engine cannot know of an owner's transfers. */
static void note_hosts(struct measure *m, uint32_t owner, struct csin_effective *e)
{
    const struct csin_schedule *s = m->s;
    const struct csin_host *hosts = m->sc->fabric->hosts;
    for (uint32_t i = 0; i < s->n_spans; i++) {
        if (s->spans[i].owner != owner)
            continue;
        for (uint32_t op = s->spans[i].first; op < s->spans[i].first + s->spans[i].n; op++) {
            if (!csin_is_transfer(s, op))
                continue;
            if (m->run->finish_s[op] < 0) {
                e->n_skipped++;
                e->n_transfers -= m->run->start_s[op] >= 0; /* it was stopped on its way */
                continue;
            }
            uint32_t src = hosts[s->src[op]].n_nics, dst = hosts[s->dst[op]].n_nics;
            e->max_nics = src > e->max_nics ? src : e->max_nics;
            e->max_nics = dst > e->max_nics ? dst : e->max_nics;
        }
    }
}

static int by_arc_then_bytes(const void *a, const void *b)
{
    const struct csin_load *x = a, *y = b;
    if (x->arc != y->arc)
        return x->arc < y->arc ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->owner < y->owner ? -1 : x->owner > y->owner;
}

/* Every host's bytes leave over one arc of its own: what left must be what the transfers moved. */
static enum csin_status check_bytes(struct measure *m, const struct csin_load *rows, uint32_t n)
{
    double sent = 0, moved = 0;
    const struct csin_fabric *f = m->sc->fabric;
    for (uint32_t i = 0; i < n; i++)
        if (rows[i].arc < f->n_arcs && csin_is_nic(f, csin_arc_tail(f, rows[i].arc)))
            sent += rows[i].bytes;
    for (uint32_t op = 0; op < m->s->n_ops; op++)
        if (csin_is_transfer(m->s, op) && m->run->finish_s[op] >= 0)
            moved += (double)m->s->amount[op].bytes;
    moved += m->run->dropped_bytes;
    if (fabs(sent - moved) <= 1e-9 * moved)
        return CSIN_OK;
    return csin_error(m->diag, CSIN_E_FAILED, 440, (struct csin_loc){0},
                      "the arcs carried %s bytes, the transfers moved %s: this is a bug in csin",
                      csin_show_exact(sent).s, csin_show_exact(moved).s);
}

static void fill_arc(struct measure *m, struct csin_arc_result *arc)
{
    const struct csin_fabric *f = m->sc->fabric;
    uint32_t n_arcs = f->n_arcs;
    double capacity = arc->arc < n_arcs ? f->arc_capacity_Bps[arc->arc]
                                        : m->s->inside->capacity_Bps[arc->arc - n_arcs];
    if (m->run->makespan_s > 0)
        arc->mean_utilisation = arc->bytes / (capacity * m->run->makespan_s);
    if (!m->run->arcs)
        return;
    const struct csin_arc_watch *watch = &m->run->arcs[arc->arc];
    arc->peak_utilisation = ratio(watch->peak_Bps, capacity);
    arc->saturated_s = watch->saturated_s;
    double floor_s = fmax(CONGESTION_FLOOR_S, CLOCK_STEPS * DBL_EPSILON * m->run->makespan_s);
    arc->congested_s = watch->congested_s > floor_s ? watch->congested_s : 0;
    m->result->n_congested += arc->congested_s > 0;
}

static int worse(const void *a, const void *b, void *arg)
{
    const struct csin_arc_result *arcs = arg;
    const struct csin_arc_result *x = &arcs[*(const uint32_t *)a], *y = &arcs[*(const uint32_t *)b];
    if (x->congested_s != y->congested_s)
        return x->congested_s > y->congested_s ? -1 : 1;
    if (x->mean_utilisation != y->mean_utilisation)
        return x->mean_utilisation > y->mean_utilisation ? -1 : 1;
    return x->arc < y->arc ? -1 : x->arc > y->arc;
}

static int longer(const void *a, const void *b, void *arg)
{
    const struct csin_arc_result *all = arg;
    const struct csin_arc_result *x = &all[*(const uint32_t *)a], *y = &all[*(const uint32_t *)b];
    if (x->saturated_s != y->saturated_s)
        return x->saturated_s > y->saturated_s ? -1 : 1;
    return worse(a, b, arg);
}

static enum csin_status measure_arcs(struct measure *m)
{
    struct csin_result *result = m->result;
    uint32_t n = m->run->traffic.n_loads;
    for (uint32_t owner = 0; owner < m->sc->n_owners; owner++) {
        struct csin_effective *e = owner < m->sc->n_jobs
                                       ? &result->jobs[owner].effective
                                       : &result->streams[owner - m->sc->n_jobs].effective;
        *e = m->run->traffic.effective[owner];
        note_hosts(m, owner, e);
    }
    struct csin_load *loads = csin_arena_alloc(result->arena, n, sizeof *loads);
    if (!loads)
        return csin_no_memory(m->diag);
    if (n > 0) {
        memcpy(loads, m->run->traffic.loads, n * sizeof *loads);
        qsort(loads, n, sizeof *loads, by_arc_then_bytes);
    }
    enum csin_status status = check_bytes(m, loads, n);
    if (status != CSIN_OK)
        return status;
    for (uint32_t i = 0; i < n; i++) {
        bool is_new = i == 0 || loads[i].arc != loads[i - 1].arc;
        result->n_arcs += is_new && loads[i].arc < m->sc->fabric->n_arcs;
        result->n_insides += is_new && loads[i].arc >= m->sc->fabric->n_arcs;
    }
    result->loads = loads;
    uint32_t n_all = result->n_arcs + result->n_insides;
    result->arcs = csin_arena_alloc(result->arena, n_all, sizeof *result->arcs);
    result->worst = csin_arena_alloc(result->arena, result->n_arcs, sizeof *result->worst);
    result->worst_insides = csin_arena_alloc(result->arena, result->n_insides,
                                             sizeof *result->worst_insides);
    if (!result->arcs || !result->worst || !result->worst_insides)
        return csin_no_memory(m->diag);
    result->insides = result->arcs + result->n_arcs;
    struct csin_arc_result *arc = result->arcs - 1;
    for (uint32_t i = 0; i < n; i++) {
        if (i == 0 || loads[i].arc != loads[i - 1].arc)
            *++arc = (struct csin_arc_result){.arc = loads[i].arc, .first_load = i};
        arc->n_loads++;
        arc->bytes += loads[i].bytes;
    }
    for (uint32_t i = 0; i < result->n_arcs; i++) {
        fill_arc(m, &result->arcs[i]);
        result->worst[i] = i;
    }
    qsort_r(result->worst, result->n_arcs, sizeof *result->worst, worse, result->arcs);
    for (uint32_t i = 0; i < result->n_insides; i++) {
        fill_arc(m, &result->insides[i]);
        result->insides[i].arc -= m->sc->fabric->n_arcs;
        result->worst_insides[i] = i;
    }
    if (result->n_insides > 0)
        qsort_r(result->worst_insides, result->n_insides, sizeof *result->worst_insides, longer,
                result->insides);
    result->congestion_free = result->n_congested == 0;
    return CSIN_OK;
}

/* ---- victims and those who wait ---- */

static int most_held(const void *a, const void *b)
{
    const struct csin_victim_result *x = a, *y = b;
    if (x->share != y->share)
        return x->share > y->share ? -1 : 1;
    if (x->owner != y->owner)
        return x->owner < y->owner ? -1 : 1;
    return x->arc < y->arc ? -1 : x->arc > y->arc;
}

static enum csin_status measure_victims(struct measure *m)
{
    const struct csin_run_result *run = m->run;
    struct csin_victim_result *rows = csin_arena_alloc(m->result->arena, run->n_victims,
                                                       sizeof *rows);
    if (!rows)
        return csin_no_memory(m->diag);
    uint32_t n = 0;
    for (uint32_t i = 0; i < run->n_victims; i++) {
        const struct csin_victims *v = &run->victims[i];
        if (v->held_s > VICTIM_FLOOR_S)
            rows[n++] = (struct csin_victim_result){v->owner, v->arc, v->held_s,
                                                    v->held_s / run->moving_s[v->owner]};
    }
    if (n > 0)
        qsort(rows, n, sizeof *rows, most_held);
    m->result->victims = rows;
    m->result->n_victims = n;
    return CSIN_OK;
}

static void measure_waits(struct measure *m)
{
    const struct csin_run_result *run = m->run;
    for (uint32_t i = 0; i < run->n_waits; i++) {
        const struct csin_wait *wait = &run->waits[i];
        uint32_t owner = csin_schedule_owner(m->s, wait->op), n_jobs = m->sc->n_jobs;
        struct csin_waiting *w = owner < n_jobs ? &m->result->jobs[owner].waiting
                                                : &m->result->streams[owner - n_jobs].waiting;
        double time = wait->to_s - wait->from_s;
        w->n++;
        w->total_s += time;
        if (time > w->longest_s) {
            w->longest_s = time;
            w->longest_op = wait->op;
        }
    }
}

/* ---- all ---- */

/* Those that were made. Requests to send are skipped too, so it is not all but run->skipped. */
static uint64_t count_transfers(const struct csin_schedule *s, const struct csin_run_result *run)
{
    uint64_t n = s->n_transfers;
    for (uint32_t op = 0; op < s->n_ops && run->skipped > 0; op++)
        n -= run->finish_s[op] < 0 && csin_is_transfer(s, op);
    return n;
}

enum csin_status csin_measure(const struct csin_scenario *scenario,
                              const struct csin_schedule *schedule,
                              const struct csin_run_result *run, double *const *alone,
                              struct csin_diag *diag, struct csin_result **ret_result)
{
    enum csin_status status = CSIN_E_FAILED;
    struct csin_result *result = calloc(1, sizeof *result);
    if (result)
        result->arena = csin_arena_create();
    if (!result || !result->arena) {
        csin_result_destroy(result);
        return csin_no_memory(diag);
    }
    result->scenario = scenario;
    result->makespan_s = run->makespan_s;
    result->n_ops = schedule->n_ops;
    result->n_transfers = count_transfers(schedule, run);
    result->events = run->events;
    result->max_flows = run->max_flows;
    result->jobs = csin_arena_alloc(result->arena, scenario->n_jobs, sizeof *result->jobs);
    result->streams = csin_arena_alloc(result->arena, scenario->n_streams, sizeof *result->streams);
    struct measure m = {scenario, schedule, run, result, diag};
    if (!result->jobs || !result->streams) {
        status = csin_no_memory(diag);
        goto fail;
    }
    for (uint32_t owner = 0; owner < scenario->n_owners; owner++) {
        status = CSIN_OK;
        if (owner < scenario->n_jobs)
            measure_job(&m, owner, alone[owner]);
        else
            status = measure_stream(&m, owner, alone[owner]);
        if (owner < scenario->n_jobs && !result->jobs[owner].steps)
            status = csin_no_memory(diag);
        if (status != CSIN_OK)
            goto fail;
    }
    warn_of_clock(&m);
    status = measure_arcs(&m);
    if (status == CSIN_OK)
        status = measure_victims(&m);
    if (status != CSIN_OK)
        goto fail;
    if (!csin_limits_measure(result)) {
        status = csin_no_memory(diag);
        goto fail;
    }
    measure_waits(&m);
    *ret_result = result;
    return CSIN_OK;

fail:
    csin_result_destroy(result);
    return status;
}

void csin_result_destroy(struct csin_result *result)
{
    if (!result)
        return;
    if (result->timeline)
        csin_recorder_destroy(result->timeline->recorder);
    csin_arena_destroy(result->arena);
    free(result);
}
