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
           cmocka_unit_test(two_million_operations_go_through_a_gate))
