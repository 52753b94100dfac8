/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SimGrid engine on schedules made by hand: the model to 1e-9, what it says about runs that
 * fail, and that a child that dies takes nothing with it. (Against an independent simulation:
 * test_oracle; whole scenarios: test_model.) */
#include "tests/check.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "sim/engine.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MIB (1u << 20)

struct world {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_fabric *fabric;
    struct csin_routes *routes;
    struct csin_schedule s;
    struct csin_run run;
    struct csin_run_result got;
};

static void world_routes(struct world *w)
{
    csin_routes_destroy(w->routes);
    w->routes = NULL;
    assert_int_equal(csin_routes_create(w->fabric, NULL, CSIN_DMODK, 1, w->diag, &w->routes), CSIN_OK);
    w->run.routes = w->routes;
}

static void world_open(struct world *w, const char *line)
{
    struct csin_fabric_spec spec;
    memset(w, 0, sizeof *w);
    w->arena = csin_arena_create();
    w->diag = csin_diag_create();
    assert_int_equal(
        csin_fabric_spec_line(w->arena, w->diag, (struct csin_loc){"test", 0, 0}, line, &spec),
        CSIN_OK);
    assert_int_equal(csin_fabric_create(&spec, w->diag, &w->fabric), CSIN_OK);
    csin_schedule_init(&w->s, w->fabric->n_hosts, 1);
    w->run = (struct csin_run){
        .fabric = w->fabric, .schedule = &w->s, .horizon_s = HUGE_VAL, .watch = true};
    world_routes(w);
}

static uint32_t world_transfer(struct world *w, uint32_t src, uint32_t dst, uint64_t bytes)
{
    w->s.bytes += bytes;
    return csin_schedule_transfer(&w->s, src, dst, bytes);
}

/* Nothing more comes: one span over it all. */
static void world_seal(struct world *w)
{
    csin_schedule_span(&w->s, (struct csin_span){0, 0, 0, 0, w->s.n_ops, CSIN_NONE, CSIN_NONE});
}

static void world_run(struct world *w)
{
    world_seal(w);
    enum csin_status status = csin_schedule_check(&w->s, w->diag);
    if (status == CSIN_OK)
        status = csin_engine_simgrid.run(&w->run, w->diag, &w->got);
    assert_says(&w->diag, "");
    assert_int_equal(status, CSIN_OK);
}

static void world_fail(struct world *w, const char *says)
{
    world_seal(w);
    assert_int_equal(csin_engine_simgrid.run(&w->run, w->diag, &w->got), CSIN_E_FAILED);
    assert_says(&w->diag, says);
    assert_null(w->got.memory); /* untouched */
}

static void world_close(struct world *w)
{
    csin_run_result_finish(&w->got);
    csin_schedule_finish(&w->s);
    csin_routes_destroy(w->routes);
    csin_fabric_destroy(w->fabric);
    csin_diag_destroy(w->diag);
    csin_arena_destroy(w->arena);
}

/* The k-th arc of the path of an operation. */
static const struct csin_arc_watch *watch_of(const struct world *w, uint32_t op, uint32_t k)
{
    struct csin_path path;
    assert_true(csin_routes_host_path(w->routes, w->s.src[op], w->s.dst[op],
                                      csin_flow_key(w->s.src[op], w->s.dst[op]), &path));
    assert_true(k < path.n);
    return &w->got.arcs[path.arcs[k]];
}

/* ---- the model ---- */

static void a_flow_alone_takes_latency_and_bytes_over_bandwidth(void **state)
{
    (void)state;
    for (uint64_t bytes = 0; bytes <= (uint64_t)1 << 50; bytes = bytes ? bytes << 5 : 1) {
        struct world w;
        struct csin_path path;
        world_open(&w, "leaf:2 spine:1 host:2 200Gb/s latency:300ns");
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
        world_open(&w, "leaf:2 spine:4 host:7 200Gb/s");
        for (uint32_t i = 0; i < k; i++)
            world_transfer(&w, 7 + i, 0, 100 * MIB); /* from the other leaf, all over one spine */
        world_run(&w);
        for (uint32_t op = 0; op < k; op++)
            assert_close(w.got.finish_s[op], k * 100.0 * MIB / 25e9, 1e-9);
        for (uint32_t arc = 2; arc < 4; arc++) { /* from the spine down, and to the host */
            assert_close(watch_of(&w, 0, arc)->peak_Bps, 25e9, 1e-9);
            assert_close(watch_of(&w, 0, arc)->saturated_s, w.got.makespan_s, 1e-9);
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
    world_open(&w, "leaf:1 spine:1 host:5 200Gb/s");
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
    world_open(&w, "leaf:3 spine:1 host:4 200Gb/s");
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
    assert_close(watch_of(&w, last, 1)->congested_s, 5 * unit, 1e-9);
    assert_close(watch_of(&w, last, 1)->saturated_s, 6 * unit, 1e-9);
    assert_close(watch_of(&w, last, 1)->peak_Bps, 25e9, 1e-9);
    assert_true(watch_of(&w, 0, 2)->congested_s == 0); /* down to the first leaf: two thirds full */
    assert_close(watch_of(&w, 0, 2)->peak_Bps, 25e9 * 2 / 3, 1e-9);
    assert_close(watch_of(&w, last, 0)->saturated_s, unit, 1e-9);
    assert_close(watch_of(&w, last, 3)->saturated_s, unit, 1e-9);
    world_close(&w);
}

static void without_watch_times_are_the_same(void **state)
{
    (void)state;
    struct world w;
    struct csin_run_result blind = {0};
    world_open(&w, "leaf:3 spine:2 host:4 200Gb/s latency:200ns");
    struct csin_rng rng = csin_rng_init(7, 0);
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t src = (uint32_t)csin_rng_below(&rng, 12);
        world_transfer(&w, src, (src + 1 + (uint32_t)csin_rng_below(&rng, 11)) % 12,
                       csin_rng_below(&rng, MIB));
        csin_schedule_after(&w.s, i < 20 ? CSIN_NONE : i - 1 - (uint32_t)csin_rng_below(&rng, 20));
    }
    world_run(&w);
    w.run.watch = false;
    assert_int_equal(csin_engine_simgrid.run(&w.run, w.diag, &blind), CSIN_OK);
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
    world_open(&w, "leaf:1 spine:1 host:4 80Gb/s");
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
    world_open(&w, "leaf:2 spine:1 host:2 200Gb/s uplink:199.999Gb/s");
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
    world_open(&w, "leaf:1 spine:1 host:2 512GiB/s");
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
    world_open(&w, "leaf:1 spine:1 host:9 200Gb/s");
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
    world_open(&w, "leaf:1 spine:1 host:2 200Gb/s");
    assert_int_equal(csin_engine_simgrid.run(&w.run, w.diag, &w.got), CSIN_OK);
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

static void memory_is_for_flows_in_flight_only(void **state)
{
    (void)state;
    enum { N = SANITIZED ? 20000 : 200000 };
    struct world w;
    world_open(&w, "leaf:2 spine:2 host:8 200Gb/s latency:100ns");
    uint32_t gate = csin_schedule_gate(&w.s, 8, HUGE_VAL);
    for (uint32_t i = 0; i < N; i++) {
        world_transfer(&w, i % 16, (i * 7 + 1) % 16 == i % 16 ? (i + 1) % 16 : (i * 7 + 1) % 16,
                       1000 + i % 1000);
        csin_schedule_through(&w.s, gate);
    }
    world_run(&w);
    assert_int_equal(w.got.max_flows, 8);
    struct rusage usage; /* the largest child so far; tests with many flows in flight come later */
    getrusage(RUSAGE_CHILDREN, &usage);
    if (!SANITIZED) /* 80 bytes an operation; one of SimGrid's takes 1,600 */
        assert_true(usage.ru_maxrss < 80 * 1024);
    world_close(&w);
}

/* ---- runs that fail ---- */

static void a_run_over_the_horizon_is_a_failure(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, "leaf:1 spine:1 host:3 200Gb/s");
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
    world_open(&w, "leaf:1 spine:1 host:3 200Gb/s");
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
    world_open(&w, "leaf:2 spine:1 host:1 200Gb/s");
    for (uint32_t c = 0; c < w.fabric->n_cables; c++)
        if (w.fabric->cables[c].place == CSIN_AT_SPINE)
            w.fabric->cables[c].up = false;
    world_routes(&w);
    world_transfer(&w, 0, 1, 1);
    world_fail(&w, "csin: error: there is no route from 'h1' to 'h2' [CSIN-323]\n");
    world_close(&w);
}

static void arcs_without_bandwidth_are_found_before_the_run(void **state)
{
    (void)state;
    struct world w;
    struct csin_path path;
    world_open(&w, "leaf:2 spine:1 host:1 200Gb/s");
    csin_routes_host_path(w.routes, 0, 1, 0, &path);
    w.fabric->arc_capacity_Bps[path.arcs[1]] = 0;
    world_transfer(&w, 1, 0, 1);
    world_transfer(&w, 0, 1, 1);
    world_fail(&w,
               "csin: error: the route from 'h1' to 'h2' goes from 'leaf1' to 'spine1', where no "
               "bandwidth is [CSIN-323]\n");
    world_close(&w);
}

/* ---- the child ---- */

/* The engine calls this from the parent when its child has just been started: kills that child. */
static void kill_the_child(void *arg, uint64_t done, uint64_t total, double now_s)
{
    (void)total;
    (void)now_s;
    if (done > 0)
        return;
    char path[64];
    long child = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *children = fopen(path, "r");
    if (children) {
        if (fscanf(children, "%ld", &child) == 1)
            kill((pid_t)child, *(int *)arg);
        fclose(children);
    }
}

/* Long enough to be killed on the way. */
static void fill(struct world *w)
{
    for (uint32_t i = 0; i < 300000; i++) {
        world_transfer(w, i % 16, (i + 1) % 16, 1000 + i % 13);
        csin_schedule_after(&w->s, i < 16 ? CSIN_NONE : i - 16);
    }
}

static void a_child_that_crashes_is_an_error_and_no_more(void **state)
{
    (void)state;
    struct world w;
    int number = SIGABRT;
    char line[64], text[8] = "";
    snprintf(line, sizeof line, "/proc/self/task/%d/children", (int)getpid());
    if (access(line, R_OK) != 0)
        skip();
    world_open(&w, "leaf:2 spine:2 host:8 200Gb/s latency:1us");
    fill(&w);
    w.run.progress = kill_the_child;
    w.run.progress_arg = &number;
    FILE *ours = tmpfile(); /* holds what the child must not flush */
    fputs("once", ours);
    world_fail(&w, "csin: error: the SimGrid engine crashed: signal 6 (Aborted) [CSIN-320]\n");
    rewind(ours);
    assert_int_equal(fread(text, 1, sizeof text, ours), 4);
    fclose(ours);
    number = SIGKILL;
    world_fail(&w, "csin: error: the SimGrid engine crashed: signal 9 (Killed) [CSIN-320]\n"
                   "csin: note: the kernel kills processes when memory runs out\n");
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left behind */
    world_close(&w);
}

static void a_child_without_memory_says_so(void **state)
{
    (void)state;
    if (SANITIZED)
        skip(); /* the sanitizer maps terabytes */
    struct world w;
    struct rlimit old, low;
    world_open(&w, "leaf:2 spine:2 host:8 200Gb/s latency:1us");
    for (uint32_t i = 0; i < 400000; i++) /* 600 MB of flows in flight */
        world_transfer(&w, i % 16, (i + 1) % 16, 1000 + i % 13);
    getrlimit(RLIMIT_AS, &old);
    low = old;
    low.rlim_cur = 400u << 20;
    setrlimit(RLIMIT_AS, &low);
    world_seal(&w);
    enum csin_status status = csin_engine_simgrid.run(&w.run, w.diag, &w.got);
    setrlimit(RLIMIT_AS, &old);
    assert_int_equal(status, CSIN_E_FAILED);
    char *text = check_diag_text(w.diag);
    assert_non_null(strstr(text, "memory"));
    free(text);
    world_close(&w);
}

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
    world_open(&w, "leaf:2 spine:2 host:8 200Gb/s");
    w.run.progress = count_calls;
    w.run.progress_arg = &calls;
    world_transfer(&w, 0, 1, 25000000);
    world_run(&w);
    double first = w.got.makespan_s;
    csin_run_result_finish(&w.got);
    assert_int_equal(csin_engine_simgrid.run(&w.run, w.diag, &w.got), CSIN_OK);
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

CHECK_MAIN(cmocka_unit_test(a_flow_alone_takes_latency_and_bytes_over_bandwidth),
           cmocka_unit_test(an_incast_of_k_takes_k_times_as_long_and_is_not_congestion),
           cmocka_unit_test(what_one_flow_leaves_another_takes),
           cmocka_unit_test(an_arc_is_congested_as_long_as_it_and_no_host_limits),
           cmocka_unit_test(without_watch_times_are_the_same),
           cmocka_unit_test(ends_a_tenth_of_a_nanosecond_apart_are_two),
           cmocka_unit_test(the_clock_may_jump_past_the_end_of_a_flow),
           cmocka_unit_test(gates_hold_k_in_flight_and_close),
           cmocka_unit_test(nothing_takes_no_time),
           cmocka_unit_test(memory_is_for_flows_in_flight_only),
           cmocka_unit_test(the_last_millionths_of_an_arc_are_shared_out),
           cmocka_unit_test(a_run_over_the_horizon_is_a_failure),
           cmocka_unit_test(operations_that_never_start_are_a_failure),
           cmocka_unit_test(hosts_without_a_route_are_found_before_the_run),
           cmocka_unit_test(arcs_without_bandwidth_are_found_before_the_run),
           cmocka_unit_test(a_child_that_crashes_is_an_error_and_no_more),
           cmocka_unit_test(a_child_without_memory_says_so),
           cmocka_unit_test(progress_is_told_and_runs_follow_one_another),
           cmocka_unit_test(engines_are_found_by_name))
