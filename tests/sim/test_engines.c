/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SimGrid against fluid: random fabrics, policies, workloads and faults, run with both, and
 * everything that a run says compared: when each operation started and finished, every rate from
 * event to event, whose bytes went where, what the arcs saw, who waited and how long.
 *
 * Both compute the same model with doubles, so they differ by rounding. But they are not
 * continuous: what ends within 1e-12 s (or 16 steps of the clock) is one instant, and a gate lets
 * in by number what became ready in one instant, but by time what became ready in two. Where two
 * events of one run are so close together that rounding decides whether they are one, and the other
 * run has them the other way, the runs may differ in earnest from then on. Such near-ties are
 * looked for, told and counted; up to them the runs must agree all the same. */
#include "tests/sim/draft.h"
#include "tests/sim/random_schedule.h"
#include "tests/sim/run.h"
#include "tests/topo/random_fabric.h"

#include <sys/mman.h>

#include "sim/engine.h"

#define SAME 1e-9     /* relative: of times to the makespan, of rates and bytes to themselves */
#define NEAR_S 1e-11  /* further apart than this, two events are two to both engines */
#define LOOSE 0.2     /* makespans of runs that a near-tie has parted */
#define MAX_EVENTS 48 /* that a trial draws */

enum { SIMGRID, FLUID, N_ENGINES };
static const struct csin_engine *const engines[] = {&csin_engine_simgrid, &csin_engine_fluid};

/* ---- a trial ---- */

struct trial {
    struct csin_rng rng;
    struct csin_run run;
    uint32_t n_moving;    /* hosts of the first owner, which may move; 0: it does not */
    const uint32_t *from; /* [n_moving] */
    struct csin_event events[MAX_EVENTS];
    uint32_t items[MAX_EVENTS][8];
    uint32_t hosts[MAX_EVENTS][8];
};

static uint32_t draw(struct trial *t, uint32_t low, uint32_t high)
{
    return low + (uint32_t)csin_rng_below(&t->rng, (uint64_t)high - low + 1);
}

static bool chance(struct trial *t, uint32_t percent)
{
    return draw(t, 1, 100) <= percent;
}

static double share(struct trial *t)
{
    return (double)(csin_rng_next(&t->rng) >> 11) * 0x1p-53;
}

/* ---- what an engine says ---- */

enum { MAX_RATES = 1 << 20 };

struct rate {
    double at_s, Bps;
    uint32_t op;
};

/* In memory that SimGrid's child shares. */
struct rates {
    uint32_t n;
    struct rate list[MAX_RATES];
};

static struct rates *rates[N_ENGINES];

static void note_rate(void *arg, double now_s, uint32_t op, double rate_Bps)
{
    struct rates *it = arg;
    if (it->n < MAX_RATES)
        it->list[it->n++] = (struct rate){now_s, rate_Bps, op};
}

struct outcome {
    enum csin_status status;
    struct csin_run_result result;
    char *said;
    uint32_t n_rates; /* in `rates`, by operation, then by time */
};

static int by_op_and_time(const void *a, const void *b)
{
    const struct rate *x = a, *y = b;
    if (x->op != y->op)
        return x->op < y->op ? -1 : 1;
    return x->at_s < y->at_s ? -1 : x->at_s > y->at_s;
}

/* Leaves one entry for each rate that a transfer had for longer than an instant, and longer than
 * rounding makes an instant last. */
static uint32_t tidy(struct rates *all, const double *finish_s)
{
    uint32_t n = 0;
    assert_true(all->n < MAX_RATES);
    for (uint32_t i = 0; i < all->n; i++) /* a stable sort, as time goes on in the list */
        assert_true(i == 0 || all->list[i].at_s >= all->list[i - 1].at_s);
    qsort(all->list, all->n, sizeof *all->list, by_op_and_time);
    for (uint32_t i = 0; i < all->n; i++) {
        struct rate *it = &all->list[i];
        bool last = i + 1 == all->n || all->list[i + 1].op != it->op;
        double until_s = last ? finish_s[it->op] : all->list[i + 1].at_s;
        bool first = n == 0 || all->list[n - 1].op != it->op;
        if (until_s - it->at_s > NEAR_S &&
            (first ? it->Bps > 0 : fabs(it->Bps - all->list[n - 1].Bps) > SAME * it->Bps))
            all->list[n++] = *it;
    }
    return n;
}

/* The area below each recorded series is what was moved: nothing is lost between samples. */
static void check_record(const struct trial *t, const struct csin_recorder *r,
                         const struct csin_run_result *result)
{
    const struct csin_traffic *traffic = &result->traffic;
    uint32_t n = t->run.fabric->n_arcs + csin_n_inside(t->run.schedule);
    double *on_arc = calloc(n + 1u, sizeof *on_arc), all = 1;
    assert_non_null(on_arc);
    for (uint32_t i = 0; i < traffic->n_loads; i++) {
        on_arc[traffic->loads[i].arc] += traffic->loads[i].bytes;
        all += traffic->loads[i].bytes;
    }
    assert_true(csin_samples_count(&r->arcs) <= CSIN_MAX_SAMPLES);
    for (uint32_t arc = 0; arc < n; arc++) {
        double sum = 0;
        for (uint32_t i = 0; i < r->arcs.n_room; i++)
            sum += r->arcs.sum[(size_t)arc * r->arcs.n_room + i];
        if (fabs(sum - on_arc[arc]) > SAME * all)
            fail_msg("arc %u carried %.15g bytes, %.15g are recorded", arc, on_arc[arc], sum);
    }
    free(on_arc);
}

static void run_one(const struct trial *t, unsigned which, struct outcome *ret)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_run run = t->run;
    run.recorder = csin_recorder_create(t->run.fabric, t->run.schedule->inside,
                                        t->run.schedule->n_owners, 1e-6);
    assert_non_null(run.recorder);
    memset(ret, 0, sizeof *ret);
    rates[which]->n = 0;
    run.observe = note_rate;
    run.observe_arg = rates[which];
    ret->status = engines[which]->run(&run, diag, &ret->result);
    ret->said = check_diag_text(diag);
    if (ret->status == CSIN_OK)
        ret->n_rates = tidy(rates[which], ret->result.finish_s);
    if (ret->status == CSIN_OK && run.watch)
        check_record(t, run.recorder, &ret->result);
    csin_recorder_destroy(run.recorder);
    csin_diag_destroy(diag);
}

static void outcome_finish(struct outcome *o)
{
    csin_run_result_finish(&o->result);
    free(o->said);
}

/* ---- comparing ---- */

static struct tally {
    uint64_t trials, ops, events, rates, faults, waits, failed, too_fine, parted;
    double worst_time, worst_rate, worst_bytes;
} tally;

/* A list of differences; the first ones are shown. */
struct comparison {
    const struct trial *t;
    const struct csin_run_result *a, *b; /* SimGrid, fluid */
    double until_s;                      /* nothing later is looked at */
    double slack_s;
    uint32_t n_differences;
    bool quiet;
};

#define DIFFERS(c, ...)                                                                            \
    do {                                                                                           \
        if ((c)->n_differences++ < 5 && !(c)->quiet)                                               \
            print_error(__VA_ARGS__);                                                              \
    } while (0)

static bool is_worse(double error, double *worst)
{
    *worst = error > *worst ? error : *worst;
    return error > SAME;
}

/* The moment from which on two times differ; HUGE_VAL: never. */
static double parting(const struct comparison *c, double a, double b)
{
    bool same = (a < 0) == (b < 0) && fabs(a - b) <= c->slack_s;
    return same ? HUGE_VAL : a < 0 ? b : b < 0 ? a : fmin(a, b);
}

static void compare_times(struct comparison *c)
{
    const struct csin_run_result *a = c->a, *b = c->b;
    for (uint32_t op = 0; op < c->t->run.schedule->n_ops; op++) {
        double start = parting(c, a->start_s[op], b->start_s[op]);
        double finish = parting(c, a->finish_s[op], b->finish_s[op]);
        if (fmin(start, finish) < c->until_s)
            DIFFERS(c, "op %u runs from %.15g to %.15g in SimGrid, from %.15g to %.15g in fluid\n",
                    op, a->start_s[op], a->finish_s[op], b->start_s[op], b->finish_s[op]);
        else if (fmax(a->finish_s[op], b->finish_s[op]) < c->until_s)
            is_worse(fabs(a->finish_s[op] - b->finish_s[op]) / b->makespan_s, &tally.worst_time);
    }
}

static void compare_rates(struct comparison *c, const struct outcome *outcomes)
{
    uint32_t n[] = {outcomes[SIMGRID].n_rates, outcomes[FLUID].n_rates}, i[] = {0, 0};
    while (i[0] < n[0] || i[1] < n[1]) {
        const struct rate none = {HUGE_VAL, -1, CSIN_NONE};
        const struct rate *a = i[0] < n[0] ? &rates[0]->list[i[0]] : &none,
                          *b = i[1] < n[1] ? &rates[1]->list[i[1]] : &none;
        bool both = a->op == b->op && fabs(a->at_s - b->at_s) <= c->slack_s;
        bool first = a->op != b->op ? a->op < b->op : a->at_s < b->at_s;
        i[0] += both || first;
        i[1] += both || !first;
        if (fmin(a->at_s, b->at_s) >= c->until_s)
            continue;
        tally.rates++;
        if (!both || is_worse(fabs(a->Bps - b->Bps) / b->Bps, &tally.worst_rate))
            DIFFERS(c,
                    "op %u has %.15g B/s from %.15g on in SimGrid; op %u %.15g from %.15g on in "
                    "fluid\n",
                    a->op, a->Bps, a->at_s, b->op, b->Bps, b->at_s);
    }
}

static void compare_waits(struct comparison *c)
{
    if (c->a->n_waits != c->b->n_waits) {
        DIFFERS(c, "%u waits in SimGrid, %u in fluid\n", c->a->n_waits, c->b->n_waits);
        return;
    }
    bool *taken = calloc(c->b->n_waits + 1u, 1);
    assert_non_null(taken);
    for (uint32_t i = 0; i < c->a->n_waits; i++) {
        const struct csin_wait *a = &c->a->waits[i];
        uint32_t k = 0; /* those that began together may be in another order */
        for (; k < c->b->n_waits; k++) {
            const struct csin_wait *b = &c->b->waits[k];
            if (!taken[k] && a->op == b->op && fabs(a->from_s - b->from_s) <= c->slack_s &&
                fabs(a->to_s - b->to_s) <= c->slack_s)
                break;
        }
        if (k == c->b->n_waits)
            DIFFERS(c, "op %u waits from %.15g to %.15g in SimGrid only\n", a->op, a->from_s,
                    a->to_s);
        taken[k] = true;
    }
    free(taken);
}

static double bytes_of(const struct csin_traffic *traffic, uint32_t owner, uint32_t arc)
{
    for (uint32_t i = 0; i < traffic->n_loads; i++)
        if (traffic->loads[i].owner == owner && traffic->loads[i].arc == arc)
            return traffic->loads[i].bytes;
    return 0;
}

static void compare_traffic(struct comparison *c)
{
    const struct csin_traffic *a = &c->a->traffic, *b = &c->b->traffic;
    for (unsigned turn = 0; turn < 2; turn++) /* loads that only one has are missed otherwise */
        for (uint32_t i = 0; i < (turn ? b : a)->n_loads; i++) {
            const struct csin_load *load = &(turn ? b : a)->loads[i];
            double other = bytes_of(turn ? a : b, load->owner, load->arc);
            double all = (double)b->effective[load->owner].bytes;
            if (is_worse(fabs(load->bytes - other) / all, &tally.worst_bytes))
                DIFFERS(c, "owner %u has %.15g bytes on arc %u, or %.15g\n", load->owner,
                        load->bytes, load->arc, other);
        }
    for (uint32_t owner = 0; owner < a->n_owners; owner++)
        if (memcmp(&a->effective[owner], &b->effective[owner], sizeof *a->effective) != 0)
            DIFFERS(c, "owner %u has other numbers\n", owner);
}

static void compare_watch(struct comparison *c)
{
    uint32_t n_inside = csin_n_inside(c->t->run.schedule);
    for (uint32_t arc = 0; arc < c->t->run.fabric->n_arcs + n_inside; arc++) {
        const struct csin_arc_watch *a = &c->a->arcs[arc], *b = &c->b->arcs[arc];
        if (fabs(a->peak_Bps - b->peak_Bps) > SAME * b->peak_Bps ||
            fabs(a->saturated_s - b->saturated_s) > c->slack_s ||
            fabs(a->congested_s - b->congested_s) > c->slack_s)
            DIFFERS(c,
                    "arc %u has a peak of %.15g, is full for %.15g and congested for %.15g in "
                    "SimGrid; %.15g, %.15g and %.15g in fluid\n",
                    arc, a->peak_Bps, a->saturated_s, a->congested_s, b->peak_Bps, b->saturated_s,
                    b->congested_s);
    }
}

/* All that leaves a host is a transfer's, and none is lost or sent twice. */
static void check_bytes(struct comparison *c)
{
    const struct csin_fabric *f = c->t->run.fabric;
    const struct csin_traffic *traffic = &c->b->traffic;
    double left = 0, sent = 0;
    for (uint32_t i = 0; i < traffic->n_loads; i++)
        if (traffic->loads[i].arc < f->n_arcs &&
            csin_is_nic(f, csin_arc_tail(f, traffic->loads[i].arc)))
            left += traffic->loads[i].bytes;
    for (uint32_t op = 0; op < c->t->run.schedule->n_ops; op++)
        if (!csin_is_delay(c->t->run.schedule, op) && !csin_is_local(c->t->run.schedule, op) &&
            c->b->finish_s[op] >= 0)
            sent += (double)c->t->run.schedule->amount[op].bytes;
    if (fabs(left - sent) > SAME * sent)
        DIFFERS(c, "%.15g bytes left the hosts, of %.15g\n", left, sent);
}

/* ---- near-ties ---- */

/* A moment of a run: the same kind of moment of the same operation is at other_s in the other. */
struct moment {
    double at_s, other_s;
};

static int by_time(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    return x->at_s < y->at_s ? -1 : x->at_s > y->at_s;
}

/* Two moments of run a, up to `until_s`, that are no further apart than rounding, and one instant
 * in just one of the runs or in another order. */
static bool near_tie(const struct trial *t, const struct csin_run_result *a,
                     const struct csin_run_result *b, double until_s, double *ret_at_s)
{
    uint32_t n_ops = t->run.schedule->n_ops, n = 0;
    struct moment *list = calloc(2 * (size_t)n_ops + t->run.n_events + 1, sizeof *list);
    bool found = false;
    assert_non_null(list);
    for (uint32_t op = 0; op < n_ops; op++) {
        if (a->start_s[op] >= 0)
            list[n++] = (struct moment){a->start_s[op], b->start_s[op]};
        if (a->finish_s[op] >= 0)
            list[n++] = (struct moment){a->finish_s[op], b->finish_s[op]};
    }
    for (uint32_t i = 0; i < t->run.n_events; i++)
        list[n++] = (struct moment){t->run.events[i].at_s, t->run.events[i].at_s};
    qsort(list, n, sizeof *list, by_time);
    for (uint32_t i = 1; i < n && list[i].at_s <= until_s && !found; i++) {
        double apart_s = list[i].at_s - list[i - 1].at_s,
               other_s = list[i].other_s - list[i - 1].other_s;
        if (apart_s > 0 && apart_s <= NEAR_S && (other_s <= 0 || list[i].other_s < 0)) {
            *ret_at_s = list[i - 1].at_s;
            found = true;
        }
    }
    free(list);
    return found;
}

/* When the runs part; HUGE_VAL: never. */
static double parting_of_runs(const struct comparison *c)
{
    double first = HUGE_VAL;
    for (uint32_t op = 0; op < c->t->run.schedule->n_ops; op++) {
        first = fmin(first, parting(c, c->a->start_s[op], c->b->start_s[op]));
        first = fmin(first, parting(c, c->a->finish_s[op], c->b->finish_s[op]));
    }
    return first;
}

/* ---- a trial of both ---- */

static void compare(const struct trial *t, struct outcome *o)
{
    struct comparison c = {.t = t,
                           .a = &o[SIMGRID].result,
                           .b = &o[FLUID].result,
                           .until_s = HUGE_VAL,
                           .slack_s = SAME * o[FLUID].result.makespan_s};
    double parted_s = parting_of_runs(&c), tie_s;
    if (parted_s < HUGE_VAL && (near_tie(t, c.a, c.b, parted_s + c.slack_s, &tie_s) ||
                                near_tie(t, c.b, c.a, parted_s + c.slack_s, &tie_s))) {
        tally.parted++;
        c.until_s = tie_s - c.slack_s;
        print_message("seed %llu: a near-tie at %.12g parts the runs, of %.12g and %.12g\n",
                      (unsigned long long)campaign_seed, tie_s, c.a->makespan_s, c.b->makespan_s);
        if (fabs(c.a->makespan_s - c.b->makespan_s) > LOOSE * c.b->makespan_s)
            DIFFERS(&c, "the run takes %.15g in SimGrid, %.15g in fluid\n", c.a->makespan_s,
                    c.b->makespan_s);
    }
    compare_times(&c);
    compare_rates(&c, o);
    if (c.until_s == HUGE_VAL) {
        compare_waits(&c);
        compare_traffic(&c);
        compare_watch(&c);
        if (c.a->events != c.b->events || c.a->max_flows != c.b->max_flows ||
            c.a->skipped != c.b->skipped)
            DIFFERS(&c,
                    "%llu events, %u flows at once, %u skipped in SimGrid; %llu, %u, %u in fluid\n",
                    (unsigned long long)c.a->events, c.a->max_flows, c.a->skipped,
                    (unsigned long long)c.b->events, c.b->max_flows, c.b->skipped);
    }
    check_bytes(&c);
    tally.ops += t->run.schedule->n_ops;
    tally.events += c.b->events;
    tally.waits += c.b->n_waits;
    assert_int_equal(c.n_differences, 0);
}

static void try_both(const struct trial *t)
{
    struct outcome o[N_ENGINES];
    for (unsigned i = 0; i < N_ENGINES; i++)
        run_one(t, i, &o[i]);
    tally.trials++;
    tally.faults += t->run.n_events;
    if (o[SIMGRID].status != CSIN_OK && strstr(o[SIMGRID].said, "CSIN-324")) {
        tally.too_fine++; /* sprayed over too many ways for SimGrid's whole weights */
    } else if (o[SIMGRID].status != CSIN_OK || o[FLUID].status != CSIN_OK) {
        tally.failed++;
        assert_string_equal(o[SIMGRID].said, o[FLUID].said);
        assert_int_equal(o[SIMGRID].status, o[FLUID].status);
        if (!strstr(o[FLUID].said, "CSIN-321"))
            fail_msg("%s", o[FLUID].said);
    } else {
        compare(t, o);
    }
    for (unsigned i = 0; i < N_ENGINES; i++)
        outcome_finish(&o[i]);
}

/* ---- faults ---- */

static int by_at(const void *a, const void *b)
{
    const struct csin_event *x = a, *y = b;
    return x->at_s < y->at_s ? -1 : x->at_s > y->at_s;
}

static void add_event(struct trial *t, struct csin_event event)
{
    uint32_t i = t->run.n_events++;
    assert_true(i < MAX_EVENTS);
    memcpy(t->items[i], event.items, event.n_items * sizeof *event.items);
    event.items = t->items[i];
    t->events[i] = event;
}

static void add_move(struct trial *t, double at_s)
{
    const struct csin_fabric *f = t->run.fabric;
    uint32_t *hosts = t->hosts[t->run.n_events], owner = 0;
    if (t->n_moving > f->n_hosts)
        return;
    for (uint32_t rank = 0; rank < t->n_moving; rank++) {
        bool taken = true;
        while (taken) {
            hosts[rank] = draw(t, 0, f->n_hosts - 1);
            taken = false;
            for (uint32_t i = 0; i < rank; i++)
                taken = taken || hosts[i] == hosts[rank];
        }
    }
    add_event(t, (struct csin_event){.at_s = at_s,
                                     .kind = CSIN_EVENT_MOVE,
                                     .items = &owner,
                                     .n_items = 1,
                                     .from = t->from,
                                     .hosts = hosts,
                                     .n_hosts = t->n_moving});
}

/* Something dies or slows down at a moment, and mostly comes back at another. */
static void add_fault(struct trial *t, double at_s, double back_s)
{
    const struct csin_fabric *f = t->run.fabric;
    uint32_t kind = draw(t, 0, 9), n = chance(t, 70) ? 1 : draw(t, 1, 8), items[8];
    struct csin_event event = {.at_s = at_s, .items = items, .n_items = n};
    for (uint32_t i = 0; i < n; i++)
        items[i] = draw(t, 0, f->n_cables - 1);
    event.kind = CSIN_EVENT_CABLE;
    if (kind == 0 && t->n_moving) {
        add_move(t, at_s);
        return;
    }
    if (kind < 3) {
        event.up = true;
        event.rate_Bps = f->cables[items[0]].capacity_Bps * (0.05 + 1.2 * share(t));
        add_event(t, event);
        return;
    }
    if (kind < 5) {
        event.kind = CSIN_EVENT_SWITCH;
        for (uint32_t i = 0; i < n; i++)
            items[i] = draw(t, 0, f->n_switches - 1);
    } else if (kind < 7) {
        event.kind = CSIN_EVENT_HOST;
        for (uint32_t i = 0; i < n; i++)
            items[i] = draw(t, 0, f->n_hosts - 1);
    }
    add_event(t, event);
    event.at_s = back_s;
    event.up = true;
    if (back_s < HUGE_VAL)
        add_event(t, event);
}

/* Between the events of a run without faults, or together with one of them. */
static void draw_faults(struct trial *t, const struct csin_run_result *calm)
{
    double end_s = calm->makespan_s;
    bool cut_off = chance(t, 8); /* something stays dead */
    uint32_t n = chance(t, 15) ? 0 : draw(t, 1, 8);
    for (uint32_t i = 0; i < n; i++) {
        double times[2];
        for (unsigned k = 0; k < 2; k++) {
            uint32_t op = draw(t, 0, t->run.schedule->n_ops - 1);
            times[k] = chance(t, 10)   ? 0
                       : chance(t, 20) ? fmax(0, calm->finish_s[op])
                                       : 1.1 * end_s * share(t);
        }
        double back_s = fmax(times[0],
                             chance(t, 50) ? times[1] : times[0] + 0.2 * end_s * share(t));
        add_fault(t, times[0], cut_off && chance(t, 50) ? HUGE_VAL : back_s);
    }
    const double reactions[] = {0, 1e-6, 0.01 * end_s, 0.1 * end_s, 2 * end_s};
    t->run.reaction_s = reactions[draw(t, 0, 4)];
    qsort(t->events, t->run.n_events, sizeof *t->events, by_at);
    t->run.events = t->events;
}

static void try_with_faults(struct trial *t)
{
    struct outcome calm;
    run_one(t, FLUID, &calm);
    if (calm.status != CSIN_OK)
        fail_msg("%s", calm.said);
    if (t->run.schedule->n_ops > 0)
        draw_faults(t, &calm.result);
    outcome_finish(&calm);
    try_both(t);
}

/* ---- scenarios from text ---- */

static void try_scenario(uint64_t seed)
{
    static struct trial t;
    struct draft d;
    struct run run;
    draft_open(&d, seed, CSIN_N_POLICIES);
    run_open(&run, d.fabric_text, "%s", d.scenario_text);
    t = (struct trial){.rng = csin_rng_init(seed, 1),
                       .run = {.fabric = run.scenario->fabric,
                               .routes = run.scenario->routes,
                               .schedule = &run.schedule,
                               .horizon_s = HUGE_VAL,
                               .watch = true}};
    try_with_faults(&t);
    run_close(&run);
    draft_close(&d);
}

/* ---- any schedule on any fabric ---- */

static void try_schedule_on(uint64_t seed, bool furnished)
{
    static struct trial t;
    struct csin_inside_model models[2];
    struct csin_inside inside = {0};
    struct random_schedule schedule;
    struct csin_diag *diag = csin_diag_create();
    struct csin_routes *routes = NULL;
    struct random_fabric *r = random_fabric_create(seed);
    struct built b = build_yaml(r->yaml);
    t = (struct trial){.rng = csin_rng_init(seed, 1)};
    if (chance(&t, 30)) {
        random_faults_add(r, b.f);
        built_finish(&b);
        b = build_yaml(r->yaml);
    }
    assert_int_equal(
        csin_routes_create(b.f, NULL, draw(&t, 0, CSIN_N_POLICIES - 1), seed, diag, &routes),
        CSIN_OK);
    if (furnished) {
        schedule_furnish(&t.rng, b.f, models);
        assert_true(csin_inside_init(&inside, b.f));
    }
    random_schedule_create(&schedule, seed, b.f, routes, furnished ? &inside : NULL, true);
    assert_int_equal(csin_schedule_check(&schedule.s, diag), CSIN_OK);
    if (chance(&t, 50))
        schedule_uneven(&schedule, b.f);
    t.run = (struct csin_run){.fabric = b.f,
                              .routes = routes,
                              .schedule = &schedule.s,
                              .horizon_s = HUGE_VAL,
                              .watch = true};
    t.from = schedule.job;
    t.n_moving = schedule.n_job;
    try_with_faults(&t);
    csin_schedule_finish(&schedule.s);
    csin_inside_finish(&inside);
    csin_routes_destroy(routes);
    built_finish(&b);
    random_fabric_destroy(r);
    csin_diag_destroy(diag);
}

static void try_schedule(uint64_t seed)
{
    try_schedule_on(seed, false);
}

/* Operations that use what is inside hosts, and some that use nothing else. */
static void try_inside(uint64_t seed)
{
    try_schedule_on(seed, true);
}

/* ---- campaigns ---- */

static int begin(void **state)
{
    (void)state;
    for (unsigned i = 0; i < N_ENGINES; i++) {
        rates[i] = mmap(NULL, sizeof *rates[i], PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);
        if (rates[i] == MAP_FAILED)
            return -1;
    }
    tally = (struct tally){.trials = 0};
    return 0;
}

static int end(void **state)
{
    for (unsigned i = 0; i < N_ENGINES; i++)
        munmap(rates[i], sizeof *rates[i]);
    print_message("%llu runs of both engines with %llu faults: %llu operations, %llu events, %llu "
                  "rates and %llu waits compared\n",
                  (unsigned long long)tally.trials, (unsigned long long)tally.faults,
                  (unsigned long long)tally.ops, (unsigned long long)tally.events,
                  (unsigned long long)tally.rates, (unsigned long long)tally.waits);
    print_message(
        "%llu fail in both, %llu are too fine for SimGrid, %llu are parted by near-ties\n",
        (unsigned long long)tally.failed, (unsigned long long)tally.too_fine,
        (unsigned long long)tally.parted);
    print_message("largest differences: times %.1e of the makespan, rates %.1e, bytes %.1e\n",
                  tally.worst_time, tally.worst_rate, tally.worst_bytes);
    return campaign_end(state);
}

/* A capacity at which so many bytes take exactly that long. */
static double capacity_for(uint64_t bytes, double time_s)
{
    double capacity_Bps = (double)bytes / time_s;
    for (unsigned tries = 0; tries < 8 && (double)bytes / capacity_Bps != time_s; tries++)
        capacity_Bps = nextafter(capacity_Bps,
                                 (double)bytes / capacity_Bps > time_s ? HUGE_VAL : 0);
    return capacity_Bps;
}

static void set_capacity(struct csin_fabric *f, uint32_t host, double capacity_Bps)
{
    uint32_t arc = csin_nic_arc(f, f->hosts[host].first_nic);
    f->arc_capacity_Bps[arc] = f->cables[arc >> 1].capacity_Bps = capacity_Bps;
}

/* Two transfers that end n steps of a double apart, near 5 ms; and two behind one gate that wait
 * for one of them each. In one instant the second of these goes first, in two the first. */
static void try_near_tie(struct built *b, unsigned n)
{
    static struct trial t;
    enum { BYTES = 50000000 };
    struct csin_diag *diag = csin_diag_create();
    struct csin_routes *routes;
    struct csin_schedule s = {.n_ops = 0};
    set_capacity(b->f, 0, capacity_for(BYTES, 5e-3));
    set_capacity(b->f, 2, capacity_for(BYTES, 5e-3 + n * 0x1p-60));
    assert_int_equal(csin_routes_create(b->f, NULL, CSIN_DMODK, 1, diag, &routes), CSIN_OK);
    csin_schedule_init(&s, b->f->n_hosts, 1);
    uint32_t gate = csin_schedule_gate(&s, 1, HUGE_VAL);
    csin_schedule_transfer(&s, 0, 1, BYTES);
    csin_schedule_transfer(&s, 2, 3, BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        csin_schedule_transfer(&s, 4, 5, BYTES);
        csin_schedule_after(&s, 1 - i);
        csin_schedule_through(&s, gate);
    }
    s.bytes = 4ull * BYTES;
    csin_schedule_span(&s, (struct csin_span){0, 0, 0, 0, 4, CSIN_NONE, CSIN_NONE});
    assert_int_equal(csin_schedule_check(&s, diag), CSIN_OK);
    t = (struct trial){.run = {.fabric = b->f,
                               .routes = routes,
                               .schedule = &s,
                               .horizon_s = HUGE_VAL,
                               .watch = true}};
    try_both(&t);
    csin_schedule_finish(&s);
    csin_routes_destroy(routes);
    csin_diag_destroy(diag);
}

/* To fluid an instant is what is not later than its beginning and 1e-12 s, to SimGrid what is less
 * than 1e-12 s later: 1152921.5 steps. The sum is rounded up. */
static void runs_that_a_near_tie_parts_are_recognised(void **state)
{
    (void)state;
    struct built b = build_named("leaf:1 spine:1 host:6 200Gb/s");
    for (unsigned n = 1152919; n <= 1152925; n++)
        try_near_tie(&b, n);
    assert_in_range(tally.parted, 1, 2);
    built_finish(&b);
}

static void both_engines_agree_on_random_scenarios_with_faults(void **state)
{
    (void)state;
    campaign(RUN_TIMES(200, 20), try_scenario);
}

static void both_engines_agree_on_random_schedules_with_faults(void **state)
{
    (void)state;
    campaign(RUN_TIMES(300, 30), try_schedule);
}

static void both_engines_agree_on_what_happens_inside_hosts(void **state)
{
    (void)state;
    campaign(RUN_TIMES(100, 10), try_inside);
}

CHECK_MAIN(
    cmocka_unit_test_setup_teardown(runs_that_a_near_tie_parts_are_recognised, begin, end),
    cmocka_unit_test_setup_teardown(both_engines_agree_on_random_scenarios_with_faults, begin, end),
    cmocka_unit_test_setup_teardown(both_engines_agree_on_random_schedules_with_faults, begin, end),
    cmocka_unit_test_setup_teardown(both_engines_agree_on_what_happens_inside_hosts, begin, end))
