/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every engine makes of schedules made by hand: the model to 1e-9, and what it says about runs
 * that fail. All tests run once with each engine. (Faults: test_faults; random schedules:
 * test_engines; whole scenarios: test_model.) */
#include "tests/sim/world.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"

static const struct csin_engine *engine;

/* ---- the model ---- */

static void a_flow_alone_takes_latency_and_bytes_over_bandwidth(void **state)
{
    (void)state;
    for (uint64_t bytes = 0; bytes <= (uint64_t)1 << 50; bytes = bytes ? bytes << 5 : 1) {
        struct world w;
        struct csin_path path;
        world_open(&w, engine, "leaf:2 spine:1 host:2 200Gb/s latency:300ns");
        uint32_t op = world_transfer(&w, 0, 3, bytes);
        world_run(&w);
        csin_routes_host_path(w.routes, 0, 3, 0, &path);
        assert_close(path.latency_s, 900e-9, 1e-12);
        assert_true(w.got.start_s[op] == 0);
        assert_close(w.got.finish_s[op], path.latency_s + (double)bytes / 25e9, 1e-9);
        assert_true(w.got.makespan_s == w.got.finish_s[op]);
        assert_int_equal(w.got.max_flows, 1);
        world_close(&w);
    }
}

static void an_incast_of_k_takes_k_times_as_long_and_is_not_congestion(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= 7; k++) {
        struct world w;
        world_open(&w, engine, "leaf:2 spine:4 host:7 200Gb/s");
        for (uint32_t i = 0; i < k; i++)
            world_transfer(&w, 7 + i, 0, 100 * MIB); /* from the other leaf, all over one spine */
        world_run(&w);
        for (uint32_t op = 0; op < k; op++)
            assert_close(w.got.finish_s[op], k * 100.0 * MIB / 25e9, 1e-9);
        for (uint32_t arc = 2; arc < 4; arc++) { /* from the spine down, and to the host */
            assert_close(world_watch(&w, 0, arc)->peak_Bps, 25e9, 1e-9);
            assert_close(world_watch(&w, 0, arc)->saturated_s, w.got.makespan_s, 1e-9);
        }
        for (uint32_t arc = 0; arc < w.fabric->n_arcs; arc++)
            assert_true(w.got.arcs[arc].congested_s == 0);
        world_close(&w);
    }
}

static void what_one_flow_leaves_another_takes(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:1 spine:1 host:5 200Gb/s");
    uint32_t greedy = world_transfer(&w, 0, 2, 200 * MIB); /* shares host 2 with a flow of 1/3 */
    for (uint32_t dst = 2; dst < 5; dst++)
        world_transfer(&w, 1, dst, 400 * MIB);
    world_run(&w);
    assert_close(w.got.finish_s[greedy], 200.0 * MIB / 25e9 * 3 / 2, 1e-9);
    assert_close(w.got.makespan_s, 1200.0 * MIB / 25e9, 1e-9);
    world_close(&w);
}

static void an_arc_is_congested_as_long_as_it_and_no_host_limits(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:3 spine:1 host:4 200Gb/s");
    /* Three senders of one leaf to receivers in two others: the uplink gives each a third, then the
     * last one all of it, as its NIC does. */
    world_transfer(&w, 0, 4, 100 * MIB);
    world_transfer(&w, 1, 5, 200 * MIB);
    uint32_t last = world_transfer(&w, 2, 8, 300 * MIB);
    world_run(&w);
    double unit = 100.0 * MIB / 25e9;
    assert_close(w.got.finish_s[0], 3 * unit, 1e-9);
    assert_close(w.got.finish_s[1], 5 * unit, 1e-9);
    assert_close(w.got.finish_s[2], 6 * unit, 1e-9);
    assert_close(world_watch(&w, last, 1)->congested_s, 5 * unit, 1e-9);
    assert_close(world_watch(&w, last, 1)->saturated_s, 6 * unit, 1e-9);
    assert_close(world_watch(&w, last, 1)->peak_Bps, 25e9, 1e-9);
    assert_true(world_watch(&w, 0, 2)->congested_s ==
                0); /* down to the first leaf: two thirds full */
    assert_close(world_watch(&w, 0, 2)->peak_Bps, 25e9 * 2 / 3, 1e-9);
    assert_close(world_watch(&w, last, 0)->saturated_s, unit, 1e-9);
    assert_close(world_watch(&w, last, 3)->saturated_s, unit, 1e-9);
    world_close(&w);
}

static void without_watch_times_are_the_same(void **state)
{
    (void)state;
    struct world w;
    struct csin_run_result blind = {0};
    world_open(&w, engine, "leaf:3 spine:2 host:4 200Gb/s latency:200ns");
    struct csin_rng rng = csin_rng_init(7, 0);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t src = (uint32_t)csin_rng_below(&rng, 12);
        world_transfer(&w, src, (src + 1 + (uint32_t)csin_rng_below(&rng, 11)) % 12,
                       csin_rng_below(&rng, MIB));
        csin_schedule_after(&w.s, i < 20 ? CSIN_NONE : i - 1 - (uint32_t)csin_rng_below(&rng, 20));
    }
    world_run(&w);
    w.run.watch = false;
    assert_int_equal(w.engine->run(&w.run, w.diag, &blind), CSIN_OK);
    assert_null(blind.arcs);
    assert_memory_equal(blind.start_s, w.got.start_s, 300 * sizeof(double));
    assert_memory_equal(blind.finish_s, w.got.finish_s, 300 * sizeof(double));
    assert_int_equal(blind.events, w.got.events);
    csin_run_result_finish(&blind);
    for (uint32_t arc = 0; arc < w.fabric->n_arcs; arc++) {
        const struct csin_arc_watch *it = &w.got.arcs[arc];
        assert_true(it->peak_Bps <= w.fabric->arc_capacity_Bps[arc] * (1 + 1e-9));
        assert_true(it->congested_s <= it->saturated_s && it->saturated_s <= w.got.makespan_s);
    }
    world_close(&w);
}

/* SimGrid's default precision of 1 ns makes one event of these. */
static void ends_a_tenth_of_a_nanosecond_apart_are_two(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:1 spine:1 host:4 80Gb/s");
    world_transfer(&w, 0, 1, 1000);
    world_transfer(&w, 2, 3, 1001); /* 10 GB/s: a byte takes 0.1 ns */
    world_run(&w);
    assert_close(w.got.finish_s[0], 100e-9, 1e-9);
    assert_close(w.got.finish_s[1], 100.1e-9, 1e-9);
    world_close(&w);
}

/* 5e-6 of an arc is less than SimGrid's default maxmin/precision, and the arc no longer limited. */
static void the_last_millionths_of_an_arc_are_shared_out(void **state)
{
    (void)state;
    enum { N = 210000 };
    if (SANITIZED)
        skip(); /* slow */
    struct world w;
    world_open(&w, engine, "leaf:2 spine:1 host:2 200Gb/s uplink:199.999Gb/s");
    for (uint32_t i = 0; i < N; i++)
        world_transfer(&w, 2, 0, 1000000);
    uint32_t op = world_transfer(&w, 1, 0, 100000); /* gets what the uplink does not bring */
    world_run(&w);
    assert_close(w.got.finish_s[op], 100000 / (25e9 - 25e9 * 0.999995), 1e-6);
    world_close(&w);
}

/* Late in a run doubles are further apart than 1e-12 s. Here rounding carries the clock past the
 * end of the flow: the end is an odd number of ulps, the delay three halves of one. */
static void the_clock_may_jump_past_the_end_of_a_flow(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:1 spine:1 host:2 512GiB/s");
    csin_schedule_delay(&w.s, 3 * 0x1p-40);
    uint32_t op = world_transfer(&w, 0, 1, ((uint64_t)3 << 51) + 1);
    world_run(&w);
    assert_close(w.got.finish_s[op], 12288, 1e-12);
    world_close(&w);
}

static void gates_hold_k_in_flight_and_close(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:1 spine:1 host:9 200Gb/s");
    double unit = 25.0 * MIB / 25e9; /* a flow alone */
    uint32_t gate = csin_schedule_gate(&w.s, 2, 5 * unit);
    for (uint32_t i = 0; i < 16; i++) {
        world_transfer(&w, 1 + i % 8, 0, 25 * MIB);
        csin_schedule_through(&w.s, gate);
    }
    uint32_t after = csin_schedule_delay(&w.s, unit);
    csin_schedule_after(&w.s, 15);
    world_run(&w);
    /* Pairs share the receiver: a pair each two units, at 0, 2 and 4. At 6 it is closed. */
    for (uint32_t i = 0; i < 6; i++)
        assert_close(w.got.finish_s[i], 2 * (1 + i / 2) * unit, 1e-9);
    for (uint32_t i = 6; i < 16; i++)
        assert_true(w.got.start_s[i] == -1 && w.got.finish_s[i] == -1);
    assert_close(w.got.finish_s[after], 7 * unit, 1e-9);
    assert_int_equal(w.got.skipped, 10);
    assert_int_equal(w.got.max_flows, 2);
    world_close(&w);
}

static void nothing_takes_no_time(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:1 spine:1 host:2 200Gb/s");
    assert_int_equal(w.engine->run(&w.run, w.diag, &w.got), CSIN_OK);
    assert_true(w.got.makespan_s == 0);
    csin_run_result_finish(&w.got);
    for (uint32_t i = 0; i < 1000; i++) { /* no bytes, no latency, no delay */
        world_transfer(&w, 0, 1, 0);
        csin_schedule_after(&w.s, i ? 2 * i - 1 : CSIN_NONE);
        csin_schedule_delay(&w.s, 0);
        csin_schedule_after(&w.s, 2 * i);
    }
    world_run(&w);
    assert_true(w.got.makespan_s == 0 && w.got.finish_s[1999] == 0);
    world_close(&w);
}

/* Most memory that a run takes, its own or that of the engine's child [KiB]. In a process of its
 * own, as the peaks of other tests stay. */
static long peak_kib(struct world *w)
{
    int ends[2];
    long kib = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        struct rusage before, self, children;
        getrusage(RUSAGE_SELF, &before);
        bool ok = w->engine->run(&w->run, w->diag, &w->got) == CSIN_OK && w->got.max_flows == 8;
        getrusage(RUSAGE_SELF, &self);
        getrusage(RUSAGE_CHILDREN, &children);
        self.ru_maxrss -= before.ru_maxrss;
        kib = self.ru_maxrss > children.ru_maxrss ? self.ru_maxrss : children.ru_maxrss;
        ok = ok && write(ends[1], &kib, sizeof kib) == sizeof kib;
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], &kib, sizeof kib), sizeof kib);
    close(ends[0]);
    close(ends[1]);
    return kib;
}

static void memory_is_for_flows_in_flight_only(void **state)
{
    (void)state;
    enum { N = SANITIZED ? 20000 : 200000 };
    struct world w;
    world_open(&w, engine, "leaf:2 spine:2 host:8 200Gb/s latency:100ns");
    uint32_t gate = csin_schedule_gate(&w.s, 8, HUGE_VAL);
    for (uint32_t i = 0; i < N; i++) {
        world_transfer(&w, i % 16, (i * 7 + 1) % 16 == i % 16 ? (i + 1) % 16 : (i * 7 + 1) % 16,
                       1000 + i % 1000);
        csin_schedule_through(&w.s, gate);
    }
    world_seal(&w);
    long kib = peak_kib(&w);
    if (!SANITIZED) /* SimGrid itself, and 40 bytes an operation; a flow takes 180, one of SimGrid's
                       1,600 */
        assert_true(kib < 20 * 1024 + N * 40 / 1024);
    world_close(&w);
}

/* ---- runs that fail ---- */

static void a_run_over_the_horizon_is_a_failure(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:1 spine:1 host:3 200Gb/s");
    w.run.horizon_s = 3e-3;
    uint32_t first = world_transfer(&w, 0, 1, 25000000); /* 1 ms */
    csin_schedule_delay(&w.s, 2e-3);
    csin_schedule_after(&w.s, first);
    world_transfer(&w, 0, 2, 25000000 * 4);
    csin_schedule_after(&w.s, first);
    world_fail(&w, "csin: error: the simulation reached its horizon of 3 ms with 1 of 3 operations "
                   "unfinished [CSIN-322]\n"
                   "csin: note: raise the horizon, or simulate less\n"
                   "csin: note: operation 2, 100 MB from 'h1' to 'h3', started at 1 ms\n");
    world_close(&w);
}

static void operations_that_never_start_are_a_failure(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:1 spine:1 host:3 200Gb/s");
    world_transfer(&w, 0, 1, 25000000);
    world_transfer(&w, 0, 1, 25000000);
    csin_schedule_after(&w.s, 2);
    world_transfer(&w, 0, 1, 25000000);
    csin_schedule_after(&w.s, 1);
    world_fail(&w, "csin: error: 2 of 3 operations did not finish by 1 ms [CSIN-321]\n"
                   "csin: note: operation 1 never started\n");
    world_close(&w);
}

static void hosts_without_a_route_are_found_before_the_run(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, engine, "leaf:2 spine:1 host:1 200Gb/s");
    for (uint32_t c = 0; c < w.fabric->n_cables; c++)
        if (w.fabric->cables[c].place == CSIN_AT_SPINE)
            w.fabric->cables[c].up = false;
    world_routes(&w, CSIN_DMODK);
    world_transfer(&w, 0, 1, 1);
    world_fail(&w, "csin: error: there is no route from 'h1' to 'h2' [CSIN-323]\n");
    world_close(&w);
}

static void arcs_without_bandwidth_are_found_before_the_run(void **state)
{
    (void)state;
    struct world w;
    struct csin_path path;
    world_open(&w, engine, "leaf:2 spine:1 host:1 200Gb/s");
    csin_routes_host_path(w.routes, 0, 1, 0, &path);
    w.fabric->arc_capacity_Bps[path.arcs[1]] = 0;
    world_transfer(&w, 1, 0, 1);
    world_transfer(&w, 0, 1, 1);
    world_fail(&w,
               "csin: error: the route from 'h1' to 'h2' goes from 'leaf1' to 'spine1', where no "
               "bandwidth is [CSIN-323]\n");
    world_close(&w);
}

/* ---- all the same ---- */

static void count_calls(void *arg, uint64_t done, uint64_t total, double now_s)
{
    assert_true(done <= total && now_s >= 0);
    ++*(unsigned *)arg;
}

static void progress_is_told_and_runs_follow_one_another(void **state)
{
    (void)state;
    unsigned calls = 0;
    struct world w;
    world_open(&w, engine, "leaf:2 spine:2 host:8 200Gb/s");
    w.run.progress = count_calls;
    w.run.progress_arg = &calls;
    world_transfer(&w, 0, 1, 25000000);
    world_run(&w);
    double first = w.got.makespan_s;
    csin_run_result_finish(&w.got);
    assert_int_equal(w.engine->run(&w.run, w.diag, &w.got), CSIN_OK);
    assert_true(w.got.makespan_s == first); /* the clock begins at 0 again */
    assert_true(calls >= 2);
    world_close(&w);
}

static void engines_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(csin_engine_find("simgrid"), &csin_engine_simgrid);
    assert_null(csin_engine_find("ns3"));
    for (size_t i = 0; csin_engine_names[i]; i++)
        assert_string_equal(csin_engine_find(csin_engine_names[i])->name, csin_engine_names[i]);
    assert_true(csin_flow_key(1, 2) != csin_flow_key(2, 1));
    csin_run_result_finish(NULL);
}

WORLD_MAIN(cmocka_unit_test(a_flow_alone_takes_latency_and_bytes_over_bandwidth),
           cmocka_unit_test(an_incast_of_k_takes_k_times_as_long_and_is_not_congestion),
           cmocka_unit_test(what_one_flow_leaves_another_takes),
           cmocka_unit_test(an_arc_is_congested_as_long_as_it_and_no_host_limits),
           cmocka_unit_test(without_watch_times_are_the_same),
           cmocka_unit_test(ends_a_tenth_of_a_nanosecond_apart_are_two),
           cmocka_unit_test(the_last_millionths_of_an_arc_are_shared_out),
           cmocka_unit_test(the_clock_may_jump_past_the_end_of_a_flow),
           cmocka_unit_test(gates_hold_k_in_flight_and_close),
           cmocka_unit_test(nothing_takes_no_time),
           cmocka_unit_test(memory_is_for_flows_in_flight_only),
           cmocka_unit_test(a_run_over_the_horizon_is_a_failure),
           cmocka_unit_test(operations_that_never_start_are_a_failure),
           cmocka_unit_test(hosts_without_a_route_are_found_before_the_run),
           cmocka_unit_test(arcs_without_bandwidth_are_found_before_the_run),
           cmocka_unit_test(progress_is_told_and_runs_follow_one_another),
           cmocka_unit_test(engines_are_found_by_name))
