/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <time.h>

#include "base/rng.h"
#include "plan/lp.h"
#include "tests/check.h"
#include "topo/analyze.h"
#include "topo/routes.h"

static struct csin_lp_result solve(struct csin_lp *lp, struct csin_lp_options options)
{
    struct csin_lp_result result;
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = csin_lp_solve(lp, &options, diag, &result);
    assert_says(&diag, "");
    assert_int_equal(status, CSIN_OK);
    csin_diag_destroy(diag);
    return result;
}

static void fill_row(struct csin_lp *lp, double lower, double upper, uint32_t n,
                     const double *values)
{
    uint32_t row = csin_lp_row(lp, lower, upper);
    for (uint32_t c = 0; c < n; c++)
        if (values[c] != 0)
            csin_lp_entry(lp, row, c, values[c]);
}

/* Dantzig's example: 3x + 5y with x <= 4, 2y <= 12, 3x + 2y <= 18 is 36 at (2, 6), and the prices
 * of the three limits are 0, 3/2, 1. */
static struct csin_lp *dantzig(bool integers)
{
    struct csin_lp *lp = csin_lp_create();
    uint32_t (*column)(struct csin_lp *, double, double, double) = integers ? csin_lp_integer
                                                                            : csin_lp_column;
    column(lp, 0, HUGE_VAL, -3);
    column(lp, 0, HUGE_VAL, -5);
    fill_row(lp, -HUGE_VAL, 4, 2, (double[]){1, 0});
    fill_row(lp, -HUGE_VAL, 12, 2, (double[]){0, 2});
    fill_row(lp, -HUGE_VAL, 18, 2, (double[]){3, 2});
    return lp;
}

static void a_linear_program_has_its_optimum_and_its_prices(void **state)
{
    (void)state;
    struct csin_lp *lp = dantzig(false);
    struct csin_lp_result result = solve(lp, (struct csin_lp_options){0});
    assert_int_equal(result.answer, CSIN_LP_OPTIMAL);
    assert_close(result.objective, -36, 1e-12);
    assert_close(result.bound, -36, 1e-12);
    assert_close(csin_lp_value(lp, 0), 2, 1e-12);
    assert_close(csin_lp_value(lp, 1), 6, 1e-12);
    assert_close(csin_lp_sum(lp, 2), 18, 1e-12);
    assert_true(fabs(csin_lp_dual(lp, 0)) < 1e-12);
    assert_close(csin_lp_dual(lp, 1), -1.5, 1e-12);
    assert_close(csin_lp_dual(lp, 2), -1, 1e-12);
    csin_lp_destroy(lp);
}

/* As column generation does: a new product that is worth it by the prices. */
static void a_program_is_solved_again_with_a_column_more(void **state)
{
    (void)state;
    struct csin_lp *lp = dantzig(false);
    solve(lp, (struct csin_lp_options){0});
    uint32_t z = csin_lp_column(lp, 0, HUGE_VAL, -4);
    csin_lp_entry(lp, 2, z, 1); /* 1 of the third limit, at a price of 1: better by 3 each */
    struct csin_lp_result result = solve(lp, (struct csin_lp_options){0});
    assert_close(result.objective, -4 * 18, 1e-12);
    assert_close(csin_lp_value(lp, z), 18, 1e-12);
    csin_lp_set_column(lp, z, 0, 1);
    result = solve(lp, (struct csin_lp_options){0});
    assert_close(result.objective, -(4 * 1 + 5 * 6 + 3 * 5. / 3), 1e-12);
    csin_lp_destroy(lp);
}

static void limits_that_contradict_are_infeasible(void **state)
{
    (void)state;
    for (unsigned integers = 0; integers < 2; integers++) {
        struct csin_lp *lp = dantzig(integers);
        fill_row(lp, 100, HUGE_VAL, 2, (double[]){1, 1});
        assert_int_equal(solve(lp, (struct csin_lp_options){0}).answer, CSIN_LP_INFEASIBLE);
        csin_lp_destroy(lp);
        lp = dantzig(integers);
        csin_lp_set_column(lp, 0, 5, 4);
        assert_int_equal(solve(lp, (struct csin_lp_options){0}).answer, CSIN_LP_INFEASIBLE);
        csin_lp_destroy(lp);
    }
}

static void without_a_limit_it_is_unbounded(void **state)
{
    (void)state;
    struct csin_lp *lp = csin_lp_create();
    csin_lp_column(lp, 0, HUGE_VAL, -1);
    csin_lp_column(lp, 0, HUGE_VAL, 0);
    fill_row(lp, 0, HUGE_VAL, 2, (double[]){1, -1});
    assert_int_equal(solve(lp, (struct csin_lp_options){0}).answer, CSIN_LP_UNBOUNDED);
    csin_lp_destroy(lp);
}

static void a_program_of_nothing_is_optimal(void **state)
{
    (void)state;
    struct csin_lp *lp = csin_lp_create();
    assert_int_equal(solve(lp, (struct csin_lp_options){0}).answer, CSIN_LP_OPTIMAL);
    csin_lp_column(lp, 3, 4, 2);
    struct csin_lp_result result = solve(lp, (struct csin_lp_options){0});
    assert_int_equal(result.answer, CSIN_LP_OPTIMAL);
    assert_close(result.objective, 6, 1e-12);
    csin_lp_destroy(lp);
}

/* Knapsacks with one and two limits, against all 2^n choices. */
static struct csin_lp *knapsack(uint64_t seed, unsigned n, unsigned n_rows, double *value,
                                double (*weight)[40])
{
    struct csin_rng rng = csin_rng_init(seed, 1);
    struct csin_lp *lp = csin_lp_create();
    for (unsigned i = 0; i < n; i++) {
        value[i] = 10 + (double)csin_rng_below(&rng, 90);
        csin_lp_integer(lp, 0, 1, -value[i]);
    }
    for (unsigned r = 0; r < n_rows; r++) {
        double all = 0;
        for (unsigned i = 0; i < n; i++)
            all += weight[r][i] = 10 + (double)csin_rng_below(&rng, 90);
        fill_row(lp, -HUGE_VAL, floor(all / 2), n, weight[r]);
    }
    return lp;
}

static void knapsacks_get_what_trying_all_gets(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        double value[40], weight[3][40];
        unsigned n = 3 + (unsigned)seed % 10, n_rows = 1 + (unsigned)seed % 3;
        struct csin_lp *lp = knapsack(seed, n, n_rows, value, weight);
        double best = 0;
        for (unsigned set = 0; set < 1u << n; set++) {
            double worth = 0, load[3] = {0}, all[3] = {0};
            for (unsigned i = 0; i < n; i++) {
                worth += set >> i & 1 ? value[i] : 0;
                for (unsigned r = 0; r < n_rows; r++) {
                    load[r] += set >> i & 1 ? weight[r][i] : 0;
                    all[r] += weight[r][i];
                }
            }
            for (unsigned r = 0; r < n_rows; r++)
                worth = load[r] > floor(all[r] / 2) ? 0 : worth;
            best = fmax(best, worth);
        }
        struct csin_lp_result result = solve(lp, (struct csin_lp_options){0});
        assert_int_equal(result.answer, CSIN_LP_OPTIMAL);
        assert_close(result.objective, -best, 1e-9);
        assert_close(result.bound, -best, 1e-9);
        struct csin_lp_result relaxed = solve(lp, (struct csin_lp_options){.relaxed = true});
        assert_true(relaxed.objective <= result.objective + 1e-9);
        csin_lp_destroy(lp);
    }
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Market split (Cornuejols, Dawande, 1998): hopeless for branch and bound at this size. The slack
 * is paid for, so there are solutions, and their bound stays at 0. */
static struct csin_lp *market_split(unsigned n)
{
    struct csin_rng rng = csin_rng_init(7, 7);
    struct csin_lp *lp = csin_lp_create();
    for (unsigned i = 0; i < n; i++)
        csin_lp_integer(lp, 0, 1, 0);
    for (unsigned r = 0; r < n / 10 + 1; r++) {
        double all = 0;
        uint32_t over = csin_lp_column(lp, 0, HUGE_VAL, 1),
                 under = csin_lp_column(lp, 0, HUGE_VAL, 1), row = csin_lp_row(lp, 0, 0);
        for (unsigned i = 0; i < n; i++) {
            double d = (double)csin_rng_below(&rng, 100);
            csin_lp_entry(lp, row, i, d);
            all += d;
        }
        csin_lp_entry(lp, row, over, 1);
        csin_lp_entry(lp, row, under, -1);
        csin_lp_set_row(lp, row, floor(all / 2), floor(all / 2));
    }
    return lp;
}

static void when_the_time_is_up_the_best_so_far_is_given_with_a_bound(void **state)
{
    (void)state;
    struct csin_lp *lp = market_split(60);
    double begin_s = now_s();
    struct csin_lp_result result = solve(lp, (struct csin_lp_options){.time_limit_s = 1});
    assert_true(now_s() - begin_s < 5);
    assert_int_equal(result.answer, CSIN_LP_FEASIBLE);
    assert_true(result.bound >= -1e-9 && result.bound < result.objective);
    csin_lp_destroy(lp);
}

static bool stop_at_once(void *arg)
{
    ++*(unsigned *)arg;
    return true;
}

static void who_asks_for_an_end_gets_one(void **state)
{
    (void)state;
    unsigned asked = 0;
    struct csin_lp *lp = market_split(60);
    double begin_s = now_s();
    solve(lp, (struct csin_lp_options){.stop = stop_at_once, .stop_arg = &asked});
    assert_true(now_s() - begin_s < 5);
    assert_true(asked > 0);
    csin_lp_destroy(lp);
}

static void a_solution_to_begin_with_is_not_lost(void **state)
{
    (void)state;
    double value[40], weight[1][40], start[40] = {0};
    struct csin_lp *lp = knapsack(3, 40, 1, value, weight);
    struct csin_lp_result best = solve(lp, (struct csin_lp_options){0});
    for (unsigned i = 0; i < 40; i++)
        start[i] = csin_lp_value(lp, i);
    struct csin_lp_result result = solve(lp, (struct csin_lp_options){.start = start, .gap = 0.5});
    assert_close(result.objective, best.objective, 1e-9);
    assert_true(result.bound <= result.objective);
    csin_lp_destroy(lp);
}

/* An entry given twice is an error for GLPK, which would end the process. */
static void what_glpk_takes_for_an_error_is_a_status(void **state)
{
    (void)state;
    struct csin_lp_result result;
    struct csin_lp *lp = dantzig(false);
    csin_lp_entry(lp, 0, 0, 1);
    struct csin_diag *diag = csin_diag_create();
    assert_int_equal(csin_lp_solve(lp, NULL, diag, &result), CSIN_E_FAILED);
    char *text = check_diag_text(diag);
    assert_non_null(strstr(text, "[CSIN-811]"));
    free(text);
    csin_diag_destroy(diag);
    csin_lp_destroy(lp);
    a_linear_program_has_its_optimum_and_its_prices(state);
}

static void too_little_memory_is_a_status(void **state)
{
    (void)state;
    struct csin_lp_result result;
    struct csin_lp *lp = csin_lp_create();
    for (unsigned i = 0; i < 400; i++)
        csin_lp_column(lp, 0, 1, -1);
    for (unsigned r = 0; r < 400; r++) {
        uint32_t row = csin_lp_row(lp, -HUGE_VAL, 10);
        for (unsigned i = 0; i < 400; i++)
            csin_lp_entry(lp, row, i, 1 + (r * i) % 7);
    }
    struct csin_diag *diag = csin_diag_create();
    struct csin_lp_options options = {.memory_bytes = 1};
    assert_int_equal(csin_lp_solve(lp, &options, diag, &result), CSIN_E_FAILED);
    char *text = check_diag_text(diag);
    assert_non_null(strstr(text, "[CSIN-810]"));
    free(text);
    csin_diag_destroy(diag);
    assert_int_equal(solve(lp, (struct csin_lp_options){0}).answer, CSIN_LP_OPTIMAL);
    csin_lp_destroy(lp);
}

/* igraph shares GLPK and its hooks. */
static void igraph_in_between_changes_nothing(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric_spec spec;
    struct csin_fabric *fabric;
    struct csin_fabric_facts facts;
    struct csin_loc loc = {"test", 0, 0};
    assert_int_equal(
        csin_fabric_spec_line(arena, NULL, loc, "leaf:4 spine:2 host:4 200Gb/s", &spec), CSIN_OK);
    assert_int_equal(csin_fabric_create(&spec, NULL, &fabric), CSIN_OK);
    for (unsigned i = 0; i < 3; i++) {
        a_linear_program_has_its_optimum_and_its_prices(state);
        assert_int_equal(csin_fabric_analyze(fabric, arena, NULL, &facts), CSIN_OK);
        what_glpk_takes_for_an_error_is_a_status(state);
    }
    csin_fabric_destroy(fabric);
    csin_arena_destroy(arena);
}

CHECK_MAIN(cmocka_unit_test(a_linear_program_has_its_optimum_and_its_prices),
           cmocka_unit_test(a_program_is_solved_again_with_a_column_more),
           cmocka_unit_test(limits_that_contradict_are_infeasible),
           cmocka_unit_test(without_a_limit_it_is_unbounded),
           cmocka_unit_test(a_program_of_nothing_is_optimal),
           cmocka_unit_test(knapsacks_get_what_trying_all_gets),
           cmocka_unit_test(when_the_time_is_up_the_best_so_far_is_given_with_a_bound),
           cmocka_unit_test(who_asks_for_an_end_gets_one),
           cmocka_unit_test(a_solution_to_begin_with_is_not_lost),
           cmocka_unit_test(what_glpk_takes_for_an_error_is_a_status),
           cmocka_unit_test(too_little_memory_is_a_status),
           cmocka_unit_test(igraph_in_between_changes_nothing))
