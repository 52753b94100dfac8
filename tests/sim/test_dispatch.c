/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dispatch, driven by a clockwork of the tests' own: every transfer takes one second. */
#include "tests/check.h"

#include "base/rng.h"
#include "sim/dispatch.h"

struct clockwork {
    struct csin_schedule s;
    struct csin_dispatch *dispatch;
    double *start_s, *finish_s;
    uint32_t *flying; /* operations in flight, in the order of their start */
    uint32_t n_flying, max_flying;
    uint32_t *order; /* all operations in the order of their start */
    uint32_t n_started;
    double now;
};

static void clockwork_begin(struct clockwork *c)
{
    size_t n = (size_t)c->s.n_ops + 1;
    c->start_s = malloc(n * sizeof *c->start_s);
    c->finish_s = malloc(n * sizeof *c->finish_s);
    c->flying = malloc(n * sizeof *c->flying);
    c->order = malloc(n * sizeof *c->order);
    c->dispatch = csin_dispatch_create(&c->s, c->start_s, c->finish_s);
    assert_non_null(c->dispatch);
    csin_dispatch_begin(c->dispatch);
    c->n_flying = c->max_flying = c->n_started = 0;
    c->now = 0;
}

static void clockwork_start_all(struct clockwork *c)
{
    for (uint32_t op; csin_dispatch_next(c->dispatch, c->now, &op);)
        c->order[c->n_started++] = c->flying[c->n_flying++] = op;
    if (c->n_flying > c->max_flying)
        c->max_flying = c->n_flying;
}

/* Runs to the end; in each second all that is in flight finishes, reported backwards if asked. */
static void clockwork_run(struct clockwork *c, bool backwards)
{
    clockwork_begin(c);
    for (clockwork_start_all(c); c->n_flying > 0; clockwork_start_all(c)) {
        c->now += 1;
        uint32_t n = c->n_flying;
        c->n_flying = 0;
        for (uint32_t i = 0; i < n; i++)
            csin_dispatch_finished(c->dispatch, c->flying[backwards ? n - 1 - i : i], c->now);
    }
}

static void clockwork_end(struct clockwork *c)
{
    csin_dispatch_destroy(c->dispatch);
    free(c->start_s);
    free(c->finish_s);
    free(c->flying);
    free(c->order);
}

static void operations_wait_for_all_their_dependencies(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 4, 1);
    uint32_t a = csin_schedule_transfer(&c.s, 0, 1, 1), b = csin_schedule_transfer(&c.s, 1, 2, 1);
    csin_schedule_after(&c.s, a);
    uint32_t both = csin_schedule_transfer(&c.s, 2, 3, 1);
    csin_schedule_after(&c.s, a);
    csin_schedule_after(&c.s, b);
    csin_schedule_after(&c.s, b); /* twice is allowed */
    clockwork_run(&c, false);
    assert_true(c.start_s[a] == 0 && c.finish_s[a] == 1);
    assert_true(c.start_s[b] == 1 && c.finish_s[b] == 2);
    assert_true(c.start_s[both] == 2 && c.finish_s[both] == 3);
    assert_int_equal(csin_dispatch_done(c.dispatch), 3);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

static void nothing_starts_in_the_empty_schedule(void **state)
{
    (void)state;
    struct clockwork c = {0};
    clockwork_run(&c, false);
    assert_int_equal(csin_dispatch_done(c.dispatch), 0);
    clockwork_end(&c);
    csin_dispatch_destroy(NULL);
}

static void delays_of_no_time_never_reach_the_engine(void **state)
{
    (void)state;
    enum { N = 200000 }; /* deep enough to overflow a stack, were it recursive */
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    for (uint32_t i = 0; i < N; i++) {
        csin_schedule_delay(&c.s, 0);
        csin_schedule_after(&c.s, i ? i - 1 : CSIN_NONE);
    }
    csin_schedule_transfer(&c.s, 0, 1, 1);
    csin_schedule_after(&c.s, N - 1);
    csin_schedule_delay(&c.s, 0);
    csin_schedule_after(&c.s, N);
    clockwork_run(&c, false);
    assert_int_equal(c.n_started, 1);
    assert_int_equal(csin_dispatch_done(c.dispatch), N + 2);
    assert_true(c.start_s[N - 1] == 0 && c.finish_s[N - 1] == 0);
    assert_true(c.start_s[N + 1] == 1 && c.finish_s[N + 1] == 1);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

static void a_gate_holds_k_in_flight(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    uint32_t gate = csin_schedule_gate(&c.s, 3, HUGE_VAL);
    for (uint32_t i = 0; i < 10; i++) {
        csin_schedule_transfer(&c.s, 0, 1, 1);
        csin_schedule_through(&c.s, gate);
    }
    clockwork_run(&c, true);
    assert_int_equal(c.max_flying, 3);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(c.order[i], i); /* first come, first served */
        assert_true(c.start_s[i] == i / 3);
    }
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

static void a_closed_gate_skips_and_lets_the_successors_go(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    uint32_t gate = csin_schedule_gate(&c.s, 1, 2.0);
    for (uint32_t i = 0; i < 6; i++) {
        csin_schedule_transfer(&c.s, 0, 1, 1);
        csin_schedule_through(&c.s, gate);
    }
    uint32_t after = csin_schedule_transfer(&c.s, 0, 1, 1);
    csin_schedule_after(&c.s, 5);
    uint32_t late = csin_schedule_transfer(&c.s, 0, 1, 1);
    csin_schedule_through(&c.s, gate);
    csin_schedule_after(&c.s, after);
    clockwork_run(&c, false);
    assert_true(c.start_s[2] == 2); /* at close_s it is still open */
    for (uint32_t i = 3; i < 6; i++)
        assert_true(c.start_s[i] == -1 && c.finish_s[i] == -1);
    assert_true(c.start_s[after] == 3);
    assert_true(c.start_s[late] == -1); /* came to a gate long closed */
    assert_int_equal(csin_dispatch_skipped(c.dispatch), 4);
    assert_int_equal(csin_dispatch_done(c.dispatch), 8);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

static void the_order_of_the_reports_does_not_matter(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct csin_rng rng = csin_rng_init(seed, 0);
        struct clockwork c = {0};
        csin_schedule_init(&c.s, 2, 1);
        for (uint32_t g = 0; g < 5; g++)
            csin_schedule_gate(&c.s, 1 + (uint32_t)csin_rng_below(&rng, 3),
                               (double)csin_rng_below(&rng, 40));
        for (uint32_t i = 0; i < 500; i++) {
            bool pause = csin_rng_below(&rng, 4) == 0;
            if (pause)
                csin_schedule_delay(&c.s, (double)csin_rng_below(&rng, 2));
            else
                csin_schedule_transfer(&c.s, 0, 1, 1);
            if (!pause && csin_rng_below(&rng, 2))
                csin_schedule_through(&c.s, (uint32_t)csin_rng_below(&rng, 5));
            for (uint64_t k = csin_rng_below(&rng, 4); k > 0 && i > 0; k--)
                csin_schedule_after(&c.s, (uint32_t)csin_rng_below(&rng, i));
        }
        clockwork_run(&c, false);
        struct clockwork other = c;
        clockwork_run(&other, true);
        if (csin_dispatch_done(c.dispatch) != 500 || other.n_started != c.n_started ||
            memcmp(c.order, other.order, c.n_started * sizeof *c.order) != 0 ||
            memcmp(c.start_s, other.start_s, 500 * sizeof *c.start_s) != 0)
            fail_msg("seed %d", (int)seed);
        for (uint32_t i = 0; i < 500; i++) /* nobody starts before what it waits for is over */
            for (uint64_t k = c.s.dep_first[i]; k < c.s.dep_first[i + 1]; k++)
                assert_true(c.start_s[i] < 0 || c.start_s[i] >= c.finish_s[c.s.dep[k]]);
        clockwork_end(&other);
        clockwork_end(&c);
        csin_schedule_finish(&c.s);
    }
}

/* ---- pairs at gates that hold ---- */

/* Requests (delays) that go through `gate` and transfers that wait for them. */
static void add_pairs(struct csin_schedule *s, uint32_t n, double delay_s, uint32_t gate,
                      uint32_t second_gate)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t request = csin_schedule_delay(s, delay_s);
        csin_schedule_through(s, gate);
        csin_schedule_transfer(s, 0, 1, 1);
        csin_schedule_after(s, request);
        if (second_gate != CSIN_NONE)
            csin_schedule_through(s, second_gate);
    }
}

static void a_request_is_outstanding_until_its_transfer_is_over(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    add_pairs(&c.s, 6, 1, csin_schedule_holding_gate(&c.s, 2, HUGE_VAL), CSIN_NONE);
    clockwork_run(&c, false);
    for (uint32_t i = 0; i < 6; i++) {
        assert_true(c.start_s[2 * i] == i / 2 * 2); /* two at a time, two seconds each */
        assert_true(c.start_s[2 * i + 1] == c.finish_s[2 * i]);
    }
    assert_int_equal(csin_dispatch_done(c.dispatch), 12);
    assert_int_equal(c.max_flying, 2);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

static void requests_of_no_time_hold_their_gate_too(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    add_pairs(&c.s, 6, 0, csin_schedule_holding_gate(&c.s, 2, HUGE_VAL), CSIN_NONE);
    clockwork_run(&c, true);
    assert_int_equal(c.n_started, 6); /* transfers: requests never reach the engine */
    for (uint32_t i = 0; i < 6; i++)
        assert_true(c.finish_s[2 * i] == i / 2 && c.start_s[2 * i + 1] == i / 2);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

/* Three outstanding, one of which may send: after the first request the line is never idle. */
static void the_second_of_a_pair_has_a_gate_of_its_own(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    uint32_t sending = csin_schedule_gate(&c.s, 1, HUGE_VAL);
    add_pairs(&c.s, 8, 1, csin_schedule_holding_gate(&c.s, 3, HUGE_VAL), sending);
    clockwork_run(&c, false);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(c.start_s[2 * i + 1] == 1 + i);
        assert_true(c.start_s[2 * i] == (i < 3 ? 0 : c.finish_s[2 * (i - 3) + 1]));
    }
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

static void a_request_at_a_closed_gate_takes_its_transfer_with_it(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    add_pairs(&c.s, 5, 1, csin_schedule_holding_gate(&c.s, 1, 2.0), CSIN_NONE);
    uint32_t after = csin_schedule_transfer(&c.s, 0, 1, 1);
    csin_schedule_after(&c.s, 9);
    clockwork_run(&c, false);
    for (uint32_t op = 0; op < 10; op++)
        assert_true((c.start_s[op] >= 0) == (op < 4) && (c.finish_s[op] >= 0) == (op < 4));
    assert_true(c.start_s[after] == 4);
    assert_int_equal(csin_dispatch_skipped(c.dispatch), 6);
    assert_int_equal(csin_dispatch_done(c.dispatch), 11);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

/* A place that a skipped operation gives back is taken at once. */
static void a_transfer_at_a_closed_gate_lets_the_next_request_go(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    uint32_t sending = csin_schedule_gate(&c.s, 1, 0.5);
    add_pairs(&c.s, 3, 1, csin_schedule_holding_gate(&c.s, 1, HUGE_VAL), sending);
    clockwork_run(&c, false);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(c.start_s[2 * i] == i && c.start_s[2 * i + 1] == -1);
    assert_int_equal(csin_dispatch_done(c.dispatch), 6);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

/* ---- stopping ---- */

static void drop(void *arg, uint32_t op)
{
    struct clockwork *c = arg;
    uint32_t i = 0;
    while (c->flying[i] != op)
        assert_true(++i < c->n_flying);
    memmove(&c->flying[i], &c->flying[i + 1], (--c->n_flying - i) * sizeof *c->flying);
    csin_dispatch_dropped(c->dispatch, op);
}

static void stop_all_at(struct clockwork *c, const double *stops_s, double from_s, double to_s)
{
    double now = c->now;
    for (uint32_t owner = 0; owner < c->s.n_owners; owner++) {
        uint32_t op;
        if (stops_s[owner] < from_s || stops_s[owner] >= to_s)
            continue;
        c->now = stops_s[owner];
        if (csin_dispatch_next(c->dispatch, c->now, &op)) /* and now the others are ready */
            c->order[c->n_started++] = c->flying[c->n_flying++] = op;
        csin_dispatch_stop(c->dispatch, owner, drop, c);
    }
    clockwork_start_all(c);
    c->now = now;
}

/* Runs to the end, and stops each owner at its time: behind the finishes of that second, when one
 * operation has been started. */
static void clockwork_run_stopping(struct clockwork *c, const double *stops_s, bool backwards)
{
    clockwork_begin(c);
    for (;;) {
        stop_all_at(c, stops_s, c->now, nextafter(c->now, HUGE_VAL));
        stop_all_at(c, stops_s, nextafter(c->now, HUGE_VAL), c->now + 1);
        if (c->n_flying == 0)
            return;
        c->now += 1;
        uint32_t n = c->n_flying;
        c->n_flying = 0;
        for (uint32_t i = 0; i < n; i++)
            csin_dispatch_finished(c->dispatch, c->flying[backwards ? n - 1 - i : i], c->now);
    }
}

static void span_of(struct csin_schedule *s, uint32_t owner, uint32_t first)
{
    csin_schedule_span(s, (struct csin_span){.owner = owner,
                                             .first = first,
                                             .n = s->n_ops - first,
                                             .begin = CSIN_NONE,
                                             .end = CSIN_NONE});
}

static void a_stop_ends_what_is_on_the_way_and_skips_the_rest(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 2);
    uint32_t gate = csin_schedule_gate(&c.s, 2, HUGE_VAL);
    for (uint32_t i = 0; i < 8; i++) { /* 0 to 7, two at a time */
        csin_schedule_transfer(&c.s, 0, 1, 1);
        csin_schedule_through(&c.s, gate);
    }
    csin_schedule_transfer(&c.s, 0, 1, 1); /* 8 */
    csin_schedule_after(&c.s, 7);
    span_of(&c.s, 0, 0);
    csin_schedule_transfer(&c.s, 0, 1, 1); /* 9, of somebody else, who waits for it */
    csin_schedule_after(&c.s, 8);
    csin_schedule_transfer(&c.s, 0, 1, 1); /* 10 */
    span_of(&c.s, 1, 9);
    clockwork_run_stopping(&c, (const double[]){1.5, HUGE_VAL}, false);
    for (uint32_t op = 0; op < 9; op++) {
        assert_true(c.start_s[op] == (op < 4 ? (double)(op / 2) : -1));
        assert_true(c.finish_s[op] == (op < 2 ? 1 : -1));
    }
    assert_true(c.start_s[9] == 1.5 && c.finish_s[9] > 0);
    assert_true(c.start_s[10] == 0 && c.finish_s[10] == 1);
    assert_int_equal(csin_dispatch_skipped(c.dispatch), 7);
    assert_int_equal(csin_dispatch_done(c.dispatch), 11);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

static void a_stop_skips_what_is_ready(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    uint32_t gate = csin_schedule_gate(&c.s, 9, HUGE_VAL), op;
    add_pairs(&c.s, 3, 1, csin_schedule_holding_gate(&c.s, 2, HUGE_VAL), gate);
    csin_schedule_transfer(&c.s, 0, 1, 1);
    clockwork_begin(&c);
    assert_true(csin_dispatch_next(c.dispatch, 0, &op)); /* the others are ready or at the gate */
    assert_int_equal(op, 0);
    csin_dispatch_stop(c.dispatch, 0, NULL, NULL);
    assert_int_equal(csin_dispatch_skipped(c.dispatch), 3); /* 2, 4 and 6 */
    csin_dispatch_dropped(c.dispatch, 0);
    assert_false(csin_dispatch_next(c.dispatch, 0, &op));
    assert_int_equal(csin_dispatch_skipped(c.dispatch), 7);
    assert_int_equal(csin_dispatch_done(c.dispatch), 7);
    assert_true(c.start_s[0] == 0 && c.finish_s[0] == -1);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

/* Owner 0 has the only place of a gate that is shared; so has its request, for a transfer. */
static void a_stop_gives_places_at_gates_to_others(void **state)
{
    (void)state;
    for (uint32_t when = 0; when < 4; when++) {
        struct clockwork c = {0};
        csin_schedule_init(&c.s, 2, 2);
        uint32_t holding = csin_schedule_holding_gate(&c.s, 1, HUGE_VAL);
        uint32_t sending = csin_schedule_gate(&c.s, 1, HUGE_VAL);
        add_pairs(&c.s, 2, 1, holding, sending);
        span_of(&c.s, 0, 0);
        add_pairs(&c.s, 1, 1, holding, sending);
        span_of(&c.s, 1, 4);
        clockwork_run_stopping(&c, (const double[]){when, HUGE_VAL}, false);
        assert_true(c.start_s[4] == when && c.finish_s[5] >= when + 2);
        assert_int_equal(csin_dispatch_done(c.dispatch), 6);
        clockwork_end(&c);
        csin_schedule_finish(&c.s);
    }
}

static void a_schedule_without_spans_belongs_to_owner_0(void **state)
{
    (void)state;
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    for (uint32_t i = 0; i < 5; i++) {
        csin_schedule_transfer(&c.s, 0, 1, 1);
        csin_schedule_after(&c.s, i ? i - 1 : CSIN_NONE);
    }
    clockwork_run_stopping(&c, (const double[]){2}, false);
    assert_int_equal(csin_dispatch_skipped(c.dispatch), 3);
    assert_int_equal(csin_dispatch_done(c.dispatch), 5);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

/* What must hold of any run: everything is over, nobody starts too early or after a stop, and no
 * gate lets more through than it may. */
static void check_run(const struct clockwork *c, const double *stops_s, uint64_t seed)
{
    const struct csin_schedule *s = &c->s;
    uint32_t n_skipped = 0;
    for (uint32_t op = 0; op < s->n_ops; op++) {
        double start = c->start_s[op], stop = stops_s[csin_schedule_owner(s, op)];
        n_skipped += c->finish_s[op] < 0;
        bool early = false;
        for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
            early = early || (start >= 0 && start < c->finish_s[s->dep[k]]);
        bool second = op > 0 && s->gate[op - 1] != CSIN_NONE && s->gates[s->gate[op - 1]].hold;
        if (early || start > stop || (c->finish_s[op] >= 0 && c->finish_s[op] > stop + 1) ||
            (second && start >= 0 && c->finish_s[op - 1] < 0))
            fail_msg("seed %d, op %u", (int)seed, op);
    }
    assert_int_equal(csin_dispatch_done(c->dispatch), s->n_ops);
    assert_int_equal(csin_dispatch_skipped(c->dispatch), n_skipped);
}

/* When the place that `op` took at its gate was free again. */
static double place_until(const struct clockwork *c, uint32_t op, double stop)
{
    uint32_t last = op + c->s.gates[c->s.gate[op]].hold;
    if (c->finish_s[last] >= 0)
        return c->finish_s[last];
    return c->start_s[last] >= 0 || c->finish_s[op] < 0 ? stop : c->finish_s[op];
}

static void check_gates(const struct clockwork *c, const double *stops_s, uint64_t seed)
{
    const struct csin_schedule *s = &c->s;
    for (uint32_t op = 0; op < s->n_ops; op++) {
        uint32_t there = 0;
        for (uint32_t k = 0; k < s->n_ops && s->gate[op] != CSIN_NONE && c->start_s[op] >= 0; k++)
            there += s->gate[k] == s->gate[op] && c->start_s[k] >= 0 &&
                     c->start_s[k] <= c->start_s[op] &&
                     place_until(c, k, stops_s[csin_schedule_owner(s, k)]) > c->start_s[op];
        if (s->gate[op] != CSIN_NONE && there > s->gates[s->gate[op]].limit)
            fail_msg("seed %d: %u at the gate of op %u", (int)seed, there, op);
    }
}

static void make_random(struct csin_schedule *s, struct csin_rng *rng, uint32_t n_owners)
{
    csin_schedule_init(s, 2, n_owners);
    for (uint32_t g = 0; g < 6; g++) {
        uint32_t limit = 1 + (uint32_t)csin_rng_below(rng, 3);
        double close_s = csin_rng_below(rng, 2) ? HUGE_VAL : (double)csin_rng_below(rng, 40);
        if (g < 3)
            csin_schedule_gate(s, limit, g ? close_s : HUGE_VAL);
        else
            csin_schedule_holding_gate(s, limit, close_s);
    }
    for (uint32_t owner = 0; owner < n_owners; owner++)
        for (uint32_t span = 0; span < 3; span++) {
            uint32_t first = s->n_ops;
            for (uint64_t i = 5 + csin_rng_below(rng, 40); i > 0; i--) {
                uint32_t what = (uint32_t)csin_rng_below(rng, 4), n = s->n_ops;
                if (what == 0) { /* a pair */
                    add_pairs(s, 1, (double)csin_rng_below(rng, 2),
                              3 + (uint32_t)csin_rng_below(rng, 3),
                              csin_rng_below(rng, 2) ? 0 : CSIN_NONE);
                } else if (what == 1) {
                    csin_schedule_delay(s, (double)csin_rng_below(rng, 2));
                } else {
                    csin_schedule_transfer(s, 0, 1, 1);
                    if (csin_rng_below(rng, 2))
                        csin_schedule_through(s, (uint32_t)csin_rng_below(rng, 3));
                }
                for (uint64_t k = csin_rng_below(rng, 3); k > 0 && n > 0; k--)
                    csin_schedule_after(s, (uint32_t)csin_rng_below(rng, n));
            }
            span_of(s, owner, first);
        }
}

static void stops_of_random_schedules_keep_the_rules(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct csin_rng rng = csin_rng_init(seed, 0);
        struct clockwork c = {0};
        double stops_s[4];
        make_random(&c.s, &rng, 4);
        for (uint32_t owner = 0; owner < 4; owner++)
            stops_s[owner] = csin_rng_below(&rng, 2) ? HUGE_VAL : (double)csin_rng_below(&rng, 60);
        clockwork_run_stopping(&c, stops_s, false);
        check_run(&c, stops_s, seed);
        check_gates(&c, stops_s, seed);
        struct clockwork other = c;
        clockwork_run_stopping(&other, stops_s, true);
        if (other.n_started != c.n_started ||
            memcmp(c.start_s, other.start_s, c.s.n_ops * sizeof *c.start_s) != 0)
            fail_msg("seed %d: backwards it is another run", (int)seed);
        clockwork_end(&other);
        clockwork_end(&c);
        csin_schedule_finish(&c.s);
    }
}

static void two_million_operations_go_through_a_gate(void **state)
{
    (void)state;
    enum { N = 2000000 };
    struct clockwork c = {0};
    csin_schedule_init(&c.s, 2, 1);
    uint32_t gate = csin_schedule_gate(&c.s, 16, HUGE_VAL);
    for (uint32_t i = 0; i < N; i++) {
        csin_schedule_transfer(&c.s, 0, 1, 1);
        csin_schedule_through(&c.s, gate);
        csin_schedule_after(&c.s, i < 1000 ? CSIN_NONE : i - 1000);
    }
    clockwork_run(&c, false);
    assert_int_equal(csin_dispatch_done(c.dispatch), N);
    assert_int_equal(c.max_flying, 16);
    assert_true(c.now == N / 16);
    clockwork_end(&c);
    csin_schedule_finish(&c.s);
}

CHECK_MAIN(cmocka_unit_test(operations_wait_for_all_their_dependencies),
           cmocka_unit_test(nothing_starts_in_the_empty_schedule),
           cmocka_unit_test(delays_of_no_time_never_reach_the_engine),
           cmocka_unit_test(a_gate_holds_k_in_flight),
           cmocka_unit_test(a_closed_gate_skips_and_lets_the_successors_go),
           cmocka_unit_test(the_order_of_the_reports_does_not_matter),
           cmocka_unit_test(a_request_is_outstanding_until_its_transfer_is_over),
           cmocka_unit_test(requests_of_no_time_hold_their_gate_too),
           cmocka_unit_test(the_second_of_a_pair_has_a_gate_of_its_own),
           cmocka_unit_test(a_request_at_a_closed_gate_takes_its_transfer_with_it),
           cmocka_unit_test(a_transfer_at_a_closed_gate_lets_the_next_request_go),
           cmocka_unit_test(a_stop_ends_what_is_on_the_way_and_skips_the_rest),
           cmocka_unit_test(a_stop_skips_what_is_ready),
           cmocka_unit_test(a_stop_gives_places_at_gates_to_others),
           cmocka_unit_test(a_schedule_without_spans_belongs_to_owner_0),
           cmocka_unit_test(stops_of_random_schedules_keep_the_rules),
           cmocka_unit_test(two_million_operations_go_through_a_gate))
