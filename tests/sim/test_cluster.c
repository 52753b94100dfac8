/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cluster over time: queues, interruptions and progress by hand; windows of the network against
 * the whole network. tests/cli/cluster.py compares whole schedules with a second scheduler. */
#include "tests/sim/run.h"

#include "sim/cluster_window.h"

struct bench {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_fabric *fabric;
    struct csin_cluster_hosts hosts;
    struct csin_cluster_rules rules;
    struct csin_cluster_job jobs[16];
    uint32_t n_jobs;
    struct csin_cluster_result *r;
};

static void bench_open(struct bench *b, const char *line)
{
    struct csin_fabric_spec spec;
    memset(b, 0, sizeof *b);
    b->arena = csin_arena_create();
    b->diag = csin_diag_create();
    assert_int_equal(
        csin_fabric_spec_line(b->arena, b->diag, (struct csin_loc){"test", 0, 0}, line, &spec),
        CSIN_OK);
    assert_int_equal(csin_fabric_create(&spec, b->diag, &b->fabric), CSIN_OK);
    assert_true(csin_cluster_hosts_init(&b->hosts, b->fabric, b->arena));
    b->rules = (struct csin_cluster_rules){
        .placement = CSIN_LEAF_AWARE, .cross_zone = 1, .preempts = true, .until_s = HUGE_VAL};
}

static struct csin_cluster_job *bench_add(struct bench *b, uint32_t hosts, double arrive_s,
                                          double work_s, uint64_t priority)
{
    struct csin_cluster_job *job = &b->jobs[b->n_jobs++];
    *job = (struct csin_cluster_job){.name = "job",
                                     .n_hosts = hosts,
                                     .arrive_s = arrive_s,
                                     .work_s = work_s,
                                     .priority = priority};
    return job;
}

static void bench_run(struct bench *b, csin_cluster_rates *rates, void *arg)
{
    csin_cluster_result_destroy(b->r);
    b->r = NULL;
    assert_int_equal(
        csin_cluster_run(&b->hosts, &b->rules, b->jobs, b->n_jobs, rates, arg, b->diag, &b->r),
        CSIN_OK);
}

static void bench_close(struct bench *b)
{
    csin_cluster_result_destroy(b->r);
    csin_fabric_destroy(b->fabric);
    csin_diag_destroy(b->diag);
    csin_arena_destroy(b->arena);
}

static void expect_times(const struct bench *b, uint32_t job, double start_s, double finish_s)
{
    assert_close(b->r->jobs[job].start_s, start_s, 1e-12);
    assert_close(b->r->jobs[job].finish_s, finish_s, 1e-12);
}

/* ---- the queue ---- */

static void three_jobs_queue_for_four_hosts(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "leaf:2 spine:1 host:2 200Gb/s");
    bench_add(&b, 3, 0, 10, 0);
    bench_add(&b, 2, 1, 5, 0);
    bench_add(&b, 1, 2, 20, 0);
    bench_run(&b, NULL, NULL);
    expect_times(&b, 0, 0, 10);
    expect_times(&b, 1, 10, 15);
    expect_times(&b, 2, 10, 30); /* may not pass the second, though it would fit */
    assert_close(b.r->jobs[1].wait_s, 9, 1e-12);
    assert_close(b.r->jobs[2].wait_s, 8, 1e-12);
    assert_close(b.r->busy_s, 30 + 10 + 20, 1e-12);
    b.rules.queue = CSIN_QUEUE_SKIP;
    bench_run(&b, NULL, NULL);
    expect_times(&b, 1, 10, 15);
    expect_times(&b, 2, 2, 22); /* does */
    bench_close(&b);
}

static void what_matters_more_goes_first(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "leaf:1 spine:1 host:2 200Gb/s");
    b.rules.preempts = false;
    bench_add(&b, 2, 0, 10, 0);
    bench_add(&b, 2, 1, 1, 1);
    bench_add(&b, 2, 2, 1, 3);
    bench_add(&b, 2, 3, 1, 3);
    bench_run(&b, NULL, NULL);
    expect_times(&b, 0, 0, 10);
    expect_times(&b, 2, 10, 11);
    expect_times(&b, 3, 11, 12);
    expect_times(&b, 1, 12, 13);
    bench_close(&b);
}

static void time_is_cut_off_at_until(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "leaf:1 spine:1 host:2 200Gb/s");
    b.rules.until_s = 8;
    bench_add(&b, 2, 0, 10, 0);
    bench_add(&b, 1, 5, 1, 0);
    bench_add(&b, 1, 9, 1, 0);
    bench_run(&b, NULL, NULL);
    assert_close(b.r->end_s, 8, 0);
    assert_close(b.r->jobs[0].done_s, 8, 1e-12);
    assert_close(b.r->jobs[0].finish_s, -1, 0);
    assert_close(b.r->jobs[1].start_s, -1, 0);
    assert_close(b.r->jobs[1].wait_s, 3, 1e-12);
    assert_close(b.r->jobs[2].wait_s, 0, 0); /* came later */
    assert_close(b.r->busy_s, 16, 1e-12);
    bench_close(&b);
}

static void a_job_too_large_for_the_cluster_is_told(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "leaf:1 spine:1 host:2 200Gb/s");
    bench_add(&b, 3, 0, 1, 0)->loc = (struct csin_loc){"f", 7, 5};
    assert_int_equal(
        csin_cluster_run(&b.hosts, &b.rules, b.jobs, b.n_jobs, NULL, NULL, b.diag, &b.r),
        CSIN_E_INPUT);
    assert_says(&b.diag, "f:7:5: error: job 'job' has 3 hosts; the cluster has 2 [CSIN-944]\n");
    bench_close(&b);
}

/* ---- interruptions ---- */

static void an_interrupted_job_saves_waits_loads_and_goes_on(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "leaf:1 spine:1 host:4 200Gb/s");
    struct csin_cluster_job *low = bench_add(&b, 3, 0, 100, 0);
    low->save_s = 2;
    low->load_s = 5;
    bench_add(&b, 4, 10, 7, 1);
    bench_run(&b, NULL, NULL);
    expect_times(&b, 1, 12, 19);                 /* saved by 12 */
    expect_times(&b, 0, 0, 19 + 5 + (100 - 10)); /* loads until 24, has 90 left */
    assert_close(b.r->jobs[0].wait_s, 7, 1e-12);
    assert_close(b.r->jobs[0].run_s, 100, 1e-12);
    assert_close(b.r->jobs[0].save_s, 2, 1e-12);
    assert_close(b.r->jobs[0].load_s, 5, 1e-12);
    assert_int_equal(b.r->jobs[0].n_stays, 2);
    assert_close(b.r->stays[0].to_s, 12, 1e-12);
    assert_close(b.r->stays[0].save_s, 2, 1e-12);
    assert_close(b.r->stays[2].from_s, 19, 1e-12);
    assert_close(b.r->busy_s, 3 * 12 + 4 * 7 + 3 * 95, 1e-12);
    assert_close(b.r->working_s, 3 * 10 + 4 * 7 + 3 * 90, 1e-12);
    bench_close(&b);
}

static void no_more_are_interrupted_than_make_room(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "leaf:1 spine:1 host:8 200Gb/s");
    bench_add(&b, 1, 0, 100, 0); /* the least important, began first */
    bench_add(&b, 4, 0, 100, 1);
    bench_add(&b, 3, 1, 100, 1); /* began last */
    bench_add(&b, 4, 10, 5, 2);  /* job 1 alone makes room; 0 and 2 together do */
    bench_run(&b, NULL, NULL);
    assert_int_equal(b.r->jobs[0].n_stays, 2);
    assert_int_equal(b.r->jobs[1].n_stays, 1);
    assert_int_equal(b.r->jobs[2].n_stays, 2);
    expect_times(&b, 3, 10, 15);
    bench_close(&b);
}

static void equals_and_jobs_that_stay_are_not_interrupted(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "leaf:1 spine:1 host:2 200Gb/s");
    bench_add(&b, 1, 0, 10, 1);
    bench_add(&b, 1, 0, 12, 0)->stays = true;
    bench_add(&b, 1, 1, 1, 1);
    bench_run(&b, NULL, NULL);
    expect_times(&b, 2, 10, 11);
    assert_int_equal(b.r->n_stays, 3);
    bench_close(&b);
}

/* ---- rates ---- */

/* Everybody is as slow as there are jobs. */
static enum csin_status crowd(void *arg, double now_s, const struct csin_running *running,
                              uint32_t n, double *ret_slowdown, struct csin_diag *diag)
{
    (void)now_s, (void)diag;
    unsigned *asked = arg;
    ++*asked;
    for (uint32_t i = 0; i < n; i++) {
        assert_true(i == 0 || running[i].job > running[i - 1].job);
        ret_slowdown[i] = n;
    }
    return CSIN_OK;
}

static void progress_goes_by_the_slowdown_of_each_moment(void **state)
{
    (void)state;
    struct bench b;
    unsigned asked = 0;
    bench_open(&b, "leaf:1 spine:1 host:2 200Gb/s");
    bench_add(&b, 1, 0, 10, 0);
    bench_add(&b, 1, 4, 3, 0);
    bench_run(&b, crowd, &asked);
    expect_times(&b, 1, 4, 10); /* half as fast: 3 s of work in 6 */
    expect_times(&b, 0, 0, 13); /* 4 + 6 / 2 by then, 3 left */
    assert_int_equal(asked, 3);
    assert_close(b.r->jobs[0].worst_slowdown, 2, 0);
    assert_close(b.r->jobs[0].run_s / b.r->jobs[0].done_s, 1.3, 1e-12);
    bench_close(&b);
}

/* ---- placement ---- */

static void placements_differ_as_they_say(void **state)
{
    (void)state;
    static const uint32_t want[3][3] = {{0, 5, 6}, /* first-fit: the lowest numbers */
                                        {5, 6, 7}, /* leaf-aware: the leaf that just holds them */
                                        {5, 6, 7}};
    struct bench b;
    bench_open(&b, "leaf:3 spine:1 host:4 200Gb/s");
    bool free[12] = {[0] = true, [5] = true, [6] = true,  [7] = true,
                     [8] = true, [9] = true, [10] = true, [11] = true};
    for (unsigned p = 0; p < 3; p++) {
        struct csin_cluster_wish wish = {3, NULL, true};
        uint32_t got[3];
        bool crosses = true;
        assert_true(csin_cluster_place(&b.hosts, (enum csin_cluster_placement)p, &wish, free, got,
                                       &crosses));
        assert_memory_equal(got, want[p], sizeof got);
        assert_false(crosses);
    }
    bench_close(&b);
}

/* ---- windows ---- */

#define CROWDED "leaf:4 spine:1 host:3 storage:1 200Gb/s"

static struct csin_cluster_result *simulate_cluster(struct run *run, const char *fabric,
                                                    const char *text)
{
    struct csin_cluster_result *r = NULL;
    char *whole = NULL;
    memset(run, 0, sizeof *run);
    assert_true(asprintf(&whole, "scenario: test\nfabric: \"%s\"\n%s\n", fabric, text) >= 0);
    run_expect_silence(run, run_try(run, NULL, whole), whole);
    run_expect_silence(run, csin_cluster_simulate(run->scenario, &run->options, run->diag, &r),
                       whole);
    free(whole);
    return r;
}

/* Three jobs that share leaves, in windows and as one run of all that they do. */
static void compare_with_whole(const char *congestion)
{
    struct run whole, windows;
    char text[1024];
    snprintf(text, sizeof text,
             "congestion: %s\n"
             "cluster:\n"
             "  placement: first-fit\n"
             "  templates:\n"
             "    a: {steps: [{compute: 10ms}, {allreduce: {size: 100MB}}]}\n"
             "    b: {steps: [{compute: 3ms}, {all-to-all: {size: 60MB}}]}\n"
             "    c: {steps: [{compute: 100ms}, {allreduce: {size: 1200MB}}]}\n" /* is scaled */
             "  jobs:\n"
             "    - {name: a, template: a, hosts: 4, rounds: 150}\n"
             "    - {name: b, template: b, hosts: 4, rounds: 200, arrive: 500ms}\n"
             "    - {name: c, template: c, hosts: 4, rounds: 8, arrive: 1s}\n",
             congestion);
    struct csin_cluster_result *r = simulate_cluster(&windows, CROWDED, text);
    run_open(&whole, CROWDED,
             "engine: fluid\n"
             "congestion: %s\n"
             "jobs:\n"
             "  - {name: a, hosts: \"h[01-04]\", repeat: 150,\n"
             "     steps: [{compute: 10ms}, {allreduce: {size: 100MB}}]}\n"
             "  - {name: b, hosts: \"h[05-08]\", repeat: 200, start: 500ms,\n"
             "     steps: [{compute: 3ms}, {all-to-all: {size: 60MB}}]}\n"
             "  - {name: c, hosts: \"h[09-12]\", repeat: 8, start: 1s,\n"
             "     steps: [{compute: 100ms}, {allreduce: {size: 1200MB}}]}",
             congestion);
    run_simulate(&whole);
    double slowest = 1;
    for (uint32_t i = 0; i < 3; i++) {
        const struct csin_job_result *job = &whole.result->jobs[i];
        assert_close(r->jobs[i].finish_s, job->finish_s, 0.03);
        slowest = fmax(slowest, job->slowdown);
    }
    assert_true(slowest > 1.08); /* there is something to be missed */
    assert_true(r->n_networks >= 3);
    csin_cluster_result_destroy(r);
    run_close(&whole);
    run_close(&windows);
}

static void windows_say_what_the_whole_network_does(void **state)
{
    (void)state;
    compare_with_whole("fair");
    compare_with_whole("lossless");
}

static void a_job_alone_is_not_slowed(void **state)
{
    (void)state;
    struct run run;
    struct csin_cluster_result *r = simulate_cluster(
        &run, "leaf:2 spine:2 host:4 storage:1 200Gb/s latency:1us",
        "cluster:\n"
        "  templates: {t: {steps: [{compute: 10s}, {allreduce: {size: 10GB}}]}}\n"
        "  jobs: [{name: j, hosts: 4, rounds: 100}]\n");
    /* 10 s and 2 x 3/4 x 10 GB at 25 GB/s; latencies are scaled up with the rest, 200 times */
    assert_close(r->alone_round_s[0], 10.6, 1e-3);
    assert_close(r->jobs[0].finish_s, 100 * r->alone_round_s[0], 1e-9);
    assert_close(r->jobs[0].worst_slowdown, 1, 1e-9);
    csin_cluster_result_destroy(r);
    run_close(&run);
}

/* A job that reads more in a round than its NIC carries in that time is bound by that. */
static void reading_more_than_there_is_time_for_slows_a_job(void **state)
{
    (void)state;
    struct run run;
    struct csin_cluster_result *r = simulate_cluster(
        &run, "leaf:2 spine:4 host:2 storage:4 8Gb/s",
        "cluster:\n"
        "  window: 4s\n"
        "  templates:\n"
        "    t:\n"
        "      steps: {compute: 100ms}\n"
        "      storage: {read: {name: data, readers: all, size: 150MB, chunk: 1MB}}\n"
        "  jobs: [{name: j, hosts: 1, rounds: 100}]\n");
    assert_close(r->jobs[0].worst_slowdown, 1.5, 0.02);
    csin_cluster_result_destroy(r);
    run_close(&run);
}

static void small_changes_ask_for_no_network(void **state)
{
    (void)state;
    static const char jobs[] =
        "  templates: {t: {steps: [{compute: 10ms}, {allreduce: {size: 10MB}}]}}\n"
        "  jobs:\n"
        "    - {name: large, hosts: 20, time: 2h}\n"
        "    - {name: small, hosts: 1, time: 1min, count: 20, every: 5min}\n";
    uint32_t networks[2];
    for (unsigned i = 0; i < 2; i++) {
        struct run run;
        char text[1024];
        snprintf(text, sizeof text, "cluster:\n  refresh: %s\n%s", i ? "0.2" : "0", jobs);
        struct csin_cluster_result *r = simulate_cluster(
            &run, "leaf:4 spine:4 host:6 storage:1 200Gb/s", text);
        networks[i] = r->n_networks;
        assert_true(r->n_rates >= 40);
        csin_cluster_result_destroy(r);
        run_close(&run);
    }
    assert_true(networks[0] >= 20);
    assert_true(networks[1] <= 4);
}

CHECK_MAIN(cmocka_unit_test(three_jobs_queue_for_four_hosts),
           cmocka_unit_test(what_matters_more_goes_first),
           cmocka_unit_test(time_is_cut_off_at_until),
           cmocka_unit_test(a_job_too_large_for_the_cluster_is_told),
           cmocka_unit_test(an_interrupted_job_saves_waits_loads_and_goes_on),
           cmocka_unit_test(no_more_are_interrupted_than_make_room),
           cmocka_unit_test(equals_and_jobs_that_stay_are_not_interrupted),
           cmocka_unit_test(progress_goes_by_the_slowdown_of_each_moment),
           cmocka_unit_test(placements_differ_as_they_say),
           cmocka_unit_test(windows_say_what_the_whole_network_does),
           cmocka_unit_test(a_job_alone_is_not_slowed),
           cmocka_unit_test(reading_more_than_there_is_time_for_slows_a_job),
           cmocka_unit_test(small_changes_ask_for_no_network))
