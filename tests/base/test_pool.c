/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/check.h"

#include <signal.h>
#include <unistd.h>

#include "base/pool.h"

enum { N = 200 };

struct count {
    uint64_t next, n, crash_at, stop_at;
    uint32_t seen[N];
    unsigned crashes, wrong;
    char why[200];
    bool large;
};

static bool next(void *arg, uint64_t *item)
{
    struct count *c = arg;
    *item = c->next;
    return c->next++ < c->n;
}

static void work(void *arg, uint64_t item, FILE *out)
{
    struct count *c = arg;
    if (item == c->crash_at) {
        fputs("a line before\nthis is why\n", stderr);
        raise(SIGKILL);
    }
    fprintf(out, "%llu ", (unsigned long long)(item * item));
    for (int i = 0; c->large && i < 300000; i++)
        fputs("0123456789", out);
}

static bool done(void *arg, uint64_t item, const char *crash, const char *text, size_t bytes)
{
    struct count *c = arg;
    assert_true(item < N);
    c->seen[item]++;
    if (crash) {
        c->crashes++;
        snprintf(c->why, sizeof c->why, "%s", crash);
    } else {
        c->wrong += strtoull(text, NULL, 10) != item * item;
        c->wrong += c->large && bytes < 3000000;
    }
    return item != c->stop_at;
}

static int go_on(void *arg)
{
    (void)arg;
    return CSIN_POOL_GO_ON;
}

static unsigned run(struct count *c, uint32_t n_workers)
{
    struct csin_pool pool = {
        .n_workers = n_workers, .arg = c, .next = next, .done = done, .stop = go_on, .work = work};
    unsigned once = 0;
    assert_int_equal(csin_pool_run(&pool, NULL), CSIN_OK);
    for (uint64_t i = 0; i < c->n; i++) {
        assert_true(c->seen[i] <= 1);
        once += c->seen[i];
    }
    return once;
}

static void every_item_comes_back_once(void **state)
{
    (void)state;
    for (uint32_t n_workers = 1; n_workers <= 5; n_workers += 2) {
        struct count c = {.n = N, .crash_at = N, .stop_at = N};
        assert_int_equal(run(&c, n_workers), N);
        assert_int_equal(c.wrong + c.crashes, 0);
    }
    struct count none = {.crash_at = N, .stop_at = N};
    assert_int_equal(run(&none, 2), 0);
}

static void answers_may_be_larger_than_a_pipe(void **state)
{
    (void)state;
    struct count c = {.n = 6, .crash_at = N, .stop_at = N, .large = true};
    assert_int_equal(run(&c, 3), 6);
    assert_int_equal(c.wrong, 0);
}

static void a_crash_costs_its_item_and_says_why(void **state)
{
    (void)state;
    for (uint32_t n_workers = 1; n_workers <= 2; n_workers++) {
        struct count c = {.n = 20, .crash_at = 7, .stop_at = N};
        assert_int_equal(run(&c, n_workers), 20);
        assert_int_equal(c.crashes, 1);
        assert_non_null(strstr(c.why, "ended by signal 9"));
        assert_non_null(strstr(c.why, ": this is why"));
    }
}

static void what_cannot_be_kept_stops_the_run(void **state)
{
    (void)state;
    struct count c = {.n = N, .crash_at = N, .stop_at = 10};
    assert_true(run(&c, 1) == 11);
}

CHECK_MAIN(cmocka_unit_test(every_item_comes_back_once),
           cmocka_unit_test(answers_may_be_larger_than_a_pipe),
           cmocka_unit_test(a_crash_costs_its_item_and_says_why),
           cmocka_unit_test(what_cannot_be_kept_stops_the_run))
