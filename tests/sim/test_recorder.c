/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Series over time: bounded, and exact in their sums. (That both engines tell all of what random
 * schedules move is checked in test_engines.) */
#include "base/rng.h"
#include "tests/sim/run.h"

static struct csin_fabric *fabric;
static struct csin_arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = csin_arena_create();
    return csin_fabric_open(NULL, arena, (struct csin_loc){0}, "leaf:2 spine:1 host:2 8Gb/s",
                            &fabric, NULL) == CSIN_OK
               ? 0
               : -1;
}

static int end(void **state)
{
    (void)state;
    csin_fabric_destroy(fabric);
    csin_arena_destroy(arena);
    return 0;
}

static void a_mean_is_that_of_its_interval(void **state)
{
    (void)state;
    struct csin_recorder *r = csin_recorder_create(fabric, NULL, 2, 1);
    csin_recorder_rate(r, 1, 10, 0.5);
    csin_recorder_rate(r, 1, -4, 2.25);
    csin_recorder_rate(r, 1, -6, 3);
    csin_recorder_end(r, 4.5);
    assert_int_equal(csin_samples_count(&r->owners), 5);
    const double want[] = {5, 10, 0.25 * 10 + 0.75 * 6, 0, 0};
    for (uint32_t i = 0; i < 5; i++)
        assert_close(csin_samples_mean(&r->owners, 1, i), want[i], 1e-12);
    csin_recorder_destroy(r);
}

static void the_last_interval_may_be_shorter(void **state)
{
    (void)state;
    struct csin_recorder *r = csin_recorder_create(fabric, NULL, 1, 1);
    csin_recorder_rate(r, 0, 8, 0);
    csin_recorder_end(r, 2.5);
    assert_int_equal(csin_samples_count(&r->owners), 3);
    assert_close(csin_samples_mean(&r->owners, 0, 2), 8, 1e-12);
    csin_recorder_destroy(r);
}

/* Against an area worked out directly. */
static void long_runs_have_longer_intervals_and_lose_nothing(void **state)
{
    (void)state;
    struct csin_rng rng = csin_rng_init(7, 1);
    struct csin_recorder *r = csin_recorder_create(fabric, NULL, 1, 1e-6);
    double now = 0, rate = 0, area = 0, sum = 0;
    for (unsigned i = 0; i < 20000; i++) {
        double next = now + 1e-3 * (double)csin_rng_below(&rng, 1000);
        double new_rate = (double)csin_rng_below(&rng, 1000);
        area += rate * (next - now);
        csin_recorder_load(r, 3, new_rate, false, next);
        rate = new_rate;
        now = next;
    }
    csin_recorder_end(r, now + 1);
    area += rate;
    uint32_t n = csin_samples_count(&r->arcs);
    assert_in_range(n, CSIN_MAX_SAMPLES / 2, CSIN_MAX_SAMPLES);
    for (uint32_t i = 0; i < n; i++)
        sum += csin_samples_mean(&r->arcs, 3, i) *
               fmin(r->arcs.width_s, r->arcs.end_s - i * r->arcs.width_s);
    assert_close(sum, area, 1e-9);
    csin_recorder_destroy(r);
}

static void groups_add_up_their_arcs_and_count_the_full_ones(void **state)
{
    (void)state;
    struct csin_recorder *r = csin_recorder_create(fabric, NULL, 1, 1);
    uint32_t a = CSIN_NONE, b = CSIN_NONE;
    for (uint32_t arc = 0; arc < fabric->n_arcs; arc++)
        if (strcmp(csin_arc_place(fabric, arc), "leaf-up") == 0) {
            b = a;
            a = arc;
        }
    uint32_t g = r->group_of_arc[a];
    csin_recorder_load(r, a, 5, true, 0);
    csin_recorder_load(r, b, 3, true, 1);
    csin_recorder_load(r, a, 0, false, 2);
    csin_recorder_end(r, 4);
    const double load[] = {5, 8, 3, 3}, full[] = {1, 2, 1, 1};
    assert_string_equal(r->group[g].place, "leaf-up");
    assert_int_equal(r->group[g].n_arcs, 2);
    assert_close(r->group[g].capacity_Bps, 2e9, 1e-12);
    for (uint32_t i = 0; i < 4; i++) {
        assert_close(csin_samples_mean(&r->groups, g, i), load[i], 1e-12);
        assert_close(csin_samples_mean(&r->groups, CSIN_MAX_GROUPS + g, i), full[i], 1e-12);
    }
    csin_recorder_destroy(r);
}

/* The lossless rates come to rest near their point only, so its arcs are right to a thousandth. */
static void a_lossless_run_is_recorded_too(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:4 spine:2 host:4 storage:2 200Gb/s",
             "engine: fluid\ncongestion: lossless\n"
             "jobs: [{name: j, hosts: 8, steps: [{allreduce: {algorithm: ring, size: 64MiB}}]}]\n"
             "storage: [{read: {name: r, readers: 8, size: 32MiB, chunk: 4MiB, concurrency: 4}}]");
    struct csin_recorder *r = csin_recorder_create(run.scenario->fabric, NULL, 2, 1e-6);
    struct csin_run how = {.fabric = run.scenario->fabric,
                           .routes = run.scenario->routes,
                           .schedule = &run.schedule,
                           .congestion = CSIN_LOSSLESS,
                           .lanes = &run.scenario->lanes,
                           .horizon_s = HUGE_VAL,
                           .watch = true,
                           .recorder = r};
    assert_int_equal(csin_engine_fluid.run(&how, run.diag, &run.engine), CSIN_OK);
    const struct csin_traffic *traffic = &run.engine.traffic;
    for (uint32_t arc = 0; arc < how.fabric->n_arcs; arc++) {
        double bytes = 0, sum = 0;
        for (uint32_t i = 0; i < traffic->n_loads; i++)
            bytes += traffic->loads[i].arc == arc ? traffic->loads[i].bytes : 0;
        for (uint32_t i = 0; i < r->arcs.n_room; i++)
            sum += r->arcs.sum[(size_t)arc * r->arcs.n_room + i];
        assert_close(sum, bytes, 1e-3);
    }
    for (uint32_t owner = 0; owner < 2; owner++) {
        double sum = 0;
        for (uint32_t i = 0; i < r->owners.n_room; i++)
            sum += r->owners.sum[(size_t)owner * r->owners.n_room + i];
        assert_close(sum, (double)traffic->effective[owner].bytes, 1e-9);
    }
    csin_recorder_destroy(r);
    run_close(&run);
}

CHECK_MAIN(cmocka_unit_test(a_lossless_run_is_recorded_too),
           cmocka_unit_test_setup_teardown(a_mean_is_that_of_its_interval, begin, end),
           cmocka_unit_test_setup_teardown(the_last_interval_may_be_shorter, begin, end),
           cmocka_unit_test_setup_teardown(long_runs_have_longer_intervals_and_lose_nothing, begin,
                                           end),
           cmocka_unit_test_setup_teardown(groups_add_up_their_arcs_and_count_the_full_ones, begin,
                                           end))
