/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is said about a run: times, slowdowns, fairness, who loads which arc, and the verdict. Links
 * are 8Gb/s = B = 1e9 bytes/s. */
#include "tests/sim/run.h"

#define B 1e9
#define EXACT 1e-9

/* The arc from a switch or host to its neighbour of that name. */
static const struct csin_arc_result *arc_between(const struct run *run, const char *from,
                                                 const char *to)
{
    const struct csin_fabric *f = run->scenario->fabric;
    for (uint32_t i = 0; i < run->result->n_arcs; i++) {
        const struct csin_arc_result *arc = &run->result->arcs[i];
        if (strcmp(csin_vertex_name(f, csin_arc_tail(f, arc->arc)).s, from) == 0 &&
            strcmp(csin_vertex_name(f, csin_arc_head(f, arc->arc)).s, to) == 0)
            return arc;
    }
    fail_msg("nothing goes from %s to %s", from, to);
    return NULL;
}

/* ---- bytes ---- */

/* Adds up, operation by operation, what each owner puts on each arc. */
static double *add_up(const struct run *run)
{
    const struct csin_scenario *sc = run->scenario;
    const struct csin_schedule *s = &run->schedule;
    double *bytes = calloc((size_t)sc->n_owners * sc->fabric->n_arcs, sizeof *bytes);
    assert_non_null(bytes);
    for (uint32_t op = 0; op < s->n_ops; op++) {
        struct csin_path path;
        uint32_t owner = csin_schedule_owner(s, op);
        if (csin_is_delay(s, op) || run->engine.finish_s[op] < 0)
            continue;
        assert_true(csin_routes_host_path(sc->routes, s->src[op], s->dst[op],
                                          csin_flow_key(s->src[op], s->dst[op]), &path));
        for (uint32_t k = 0; k < path.n; k++)
            bytes[(size_t)owner * sc->fabric->n_arcs + path.arcs[k]] += (double)s->amount[op].bytes;
    }
    return bytes;
}

static void check_arcs(const struct run *run)
{
    const struct csin_fabric *f = run->scenario->fabric;
    const struct csin_result *result = run->result;
    double *bytes = add_up(run);
    uint32_t next = 0, n_loads = 0;
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        double all = 0;
        uint32_t owners = 0;
        for (uint32_t owner = 0; owner < run->scenario->n_owners; owner++) {
            all += bytes[(size_t)owner * f->n_arcs + arc];
            owners += bytes[(size_t)owner * f->n_arcs + arc] > 0;
        }
        if (owners == 0)
            continue;
        assert_true(next < result->n_arcs);
        const struct csin_arc_result *got = &result->arcs[next++];
        assert_int_equal(got->arc, arc);
        assert_close(got->bytes, all, 0);
        assert_int_equal(got->n_loads, owners);
        assert_int_equal(got->first_load, n_loads);
        n_loads += owners;
        for (uint32_t i = 0; i < owners; i++) {
            const struct csin_load *load = &result->loads[got->first_load + i];
            assert_close(load->bytes, bytes[(size_t)load->owner * f->n_arcs + arc], 0);
            assert_true(i == 0 || load->bytes <= load[-1].bytes);
        }
        assert_close(got->mean_utilisation, all / (f->arc_capacity_Bps[arc] * result->makespan_s),
                     EXACT);
        assert_true(got->peak_utilisation <= 1 + EXACT);
        assert_true(got->mean_utilisation <= got->peak_utilisation * (1 + EXACT));
        assert_true(got->saturated_s <= result->makespan_s * (1 + EXACT));
        assert_true(got->congested_s <= got->saturated_s * (1 + EXACT));
    }
    assert_int_equal(next, result->n_arcs);
    free(bytes);
}

#define MIXED                                                                                      \
    "seed: 3\n"                                                                                    \
    "jobs:\n"                                                                                      \
    "  - {name: a, hosts: 7, placement: random, repeat: 2, steps: [{compute: 100us}, {allreduce: " \
    "{algorithm: double-binary-tree, size: 1000003B, chunk: 99991B}}]}\n"                          \
    "  - {name: b, hosts: 4, start: 300us, steps: [{all-to-all: {size: 400009B}}, {permutation: "  \
    "{size: 77777B}}]}\n"                                                                          \
    "storage:\n"                                                                                   \
    "  - {read: {name: r, readers: 9, duration: 2ms, chunk: 65537B, concurrency: 3}}\n"            \
    "  - {checkpoint: {name: c, writers: 3, size: 500009B, chunk: 100003B, replicas: 3, "          \
    "concurrency: 2, start: 150us}}"

static void the_bytes_of_an_arc_are_those_of_the_flows_over_it(void **state)
{
    (void)state;
    static const char *const policies[] = {"dmodk", "random", "ecmp"};
    for (size_t i = 0; i < 3; i++) {
        struct run run;
        run_open(&run, "leaf:4 spine:3 host:3 storage:1 8Gb/s latency:1us", "routing: %s\n%s",
                 policies[i], MIXED);
        run_simulate(&run);
        run_engine(&run);
        check_arcs(&run);
        run_close(&run);
    }
}

static void every_byte_leaves_a_host_and_enters_one(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:4 spine:3 host:3 storage:1 8Gb/s latency:1us", "%s", MIXED);
    run_simulate(&run);
    const struct csin_fabric *f = run.scenario->fabric;
    double out = 0, in = 0;
    for (uint32_t i = 0; i < run.result->n_arcs; i++) {
        const struct csin_arc_result *arc = &run.result->arcs[i];
        out += csin_is_nic(f, csin_arc_tail(f, arc->arc)) ? arc->bytes : 0;
        in += csin_is_nic(f, csin_arc_head(f, arc->arc)) ? arc->bytes : 0;
    }
    uint64_t moved = 0, n = 0;
    for (uint32_t i = 0; i < 2; i++) {
        moved += run.result->jobs[i].effective.bytes + run.result->streams[i].effective.bytes;
        n += run.result->jobs[i].effective.n_transfers +
             run.result->streams[i].effective.n_transfers;
    }
    assert_close(out, (double)moved, 0);
    assert_close(in, (double)moved, 0);
    assert_true(run.result->streams[0].effective.n_skipped > 0);
    assert_int_equal(n, run.result->n_transfers);
    assert_int_equal(run.result->jobs[0].effective.bytes, 2 * 2 * 6 * 1000003);
    assert_int_equal(run.result->streams[1].effective.bytes, 3 * 3 * 500009);
    assert_int_equal(run.result->streams[1].bytes, 3 * 500009);
    run_close(&run);
}

/* ---- slowdowns ---- */

static void whoever_is_alone_is_not_slowed_at_all(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "jobs: [{name: j, hosts: 6, start: 77us, repeat: 3, steps: [{compute: 1us}, {allreduce: "
        "{size: 1MB}}, {compute: 0s}, {allreduce: {algorithm: double-binary-tree, size: 1MB, "
        "chunk: "
        "10kB}}]}]",
        "storage: [{read: {name: r, readers: 6, size: 1MB, chunk: 10kB, start: 77us}}]",
        "storage: [{read: {name: r, readers: 6, duration: 1ms, chunk: 10kB}}]",
        "storage: [{checkpoint: {name: c, writers: 6, size: 1MB, chunk: 10kB}}]"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct run run;
        run_open(&run, "leaf:3 spine:1 host:2 storage:1 8Gb/s latency:1us", "%s", bodies[i]);
        run_simulate(&run);
        if (run.scenario->n_jobs) {
            assert_true(run.result->jobs[0].slowdown == 1);
            for (uint32_t k = 0; k < 4; k++)
                assert_true(run.result->jobs[0].steps[k].slowdown == 1);
        } else {
            assert_true(run.result->streams[0].slowdown == 1);
        }
        run_close(&run);
    }
}

/* n jobs, each a flow over the one uplink. */
static void n_jobs_on_one_uplink_slow_each_other_n_times(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 5; n++) {
        char jobs[1024] = "";
        for (unsigned i = 1; i <= n; i++)
            snprintf(jobs + strlen(jobs), sizeof jobs - strlen(jobs),
                     "  - {name: j%u, hosts: 'h%02u,h%02u', steps: [{incast: {size: 10MB}}]}\n", i,
                     5 + i, i);
        struct run run;
        run_open(&run, "leaf:2 spine:1 host:5 8Gb/s latency:3us", "jobs:\n%s", jobs);
        run_simulate(&run);
        double latency = 9e-6, alone = latency + 1e-2, together = latency + n * 1e-2;
        for (unsigned i = 0; i < n; i++) {
            const struct csin_job_result *job = &run.result->jobs[i];
            assert_close(job->alone_s, alone, EXACT);
            assert_close(job->slowdown, together / alone, EXACT);
            assert_close(job->steps[0].alone_s, alone, EXACT);
            assert_close(job->steps[0].slowdown, together / alone, EXACT);
            assert_close(job->steps[0].algbw_Bps, 1e7 / together, EXACT);
        }
        run_close(&run);
    }
}

static void sharing_half_of_the_time_slows_by_half(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:2 8Gb/s",
             "jobs:\n"
             "  - {name: small, hosts: 'h3,h1', start: 5ms, steps: [{incast: {size: 10MB}}]}\n"
             "  - {name: large, hosts: 'h4,h2', start: 5ms, steps: [{incast: {size: 20MB}}]}\n");
    run_simulate(&run);
    assert_close(run.result->jobs[0].slowdown, 2, EXACT);
    assert_close(run.result->jobs[1].slowdown, 1.5, EXACT);
    assert_close(run.result->jobs[1].start_s, 5e-3, EXACT);
    assert_close(run.result->jobs[1].finish_s, 35e-3, EXACT);
    run_close(&run);
}

/* Both rounds of a take 10 ms alone; b is in the way of the first. */
static void rounds_that_differ_show_in_mean_min_and_max(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:2 8Gb/s",
             "jobs:\n"
             "  - {name: a, hosts: 'h3,h1', repeat: 2, steps: [{incast: {size: 10MB}}]}\n"
             "  - {name: b, hosts: 'h4,h2', steps: [{incast: {size: 10MB}}]}\n");
    run_simulate(&run);
    const struct csin_step_result *step = &run.result->jobs[0].steps[0];
    assert_close(step->min_s, 10e-3, EXACT);
    assert_close(step->max_s, 20e-3, EXACT);
    assert_close(step->mean_s, 15e-3, EXACT);
    assert_close(step->slowdown, 1.5, EXACT);
    assert_close(step->algbw_Bps, B / 1.5, EXACT);
    assert_close(run.result->jobs[0].slowdown, 1.5, EXACT);
    run_close(&run);
}

static void a_stream_beside_a_job_loses_what_the_job_takes(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:2 storage:1 8Gb/s",
             "jobs: [{name: j, hosts: 2, steps: [{incast: {size: 10MB}}]}]\n"
             "storage: [{read: {name: r, readers: h1, size: 10MB, chunk: 1MB, concurrency: 1}}]");
    run_simulate(&run);
    const struct csin_stream_result *stream = &run.result->streams[0];
    assert_close(run.result->jobs[0].slowdown, 2, EXACT);
    assert_close(stream->slowdown, 2, EXACT);
    assert_close(stream->alone_Bps, B, EXACT);
    assert_close(stream->throughput_Bps, B / 2, EXACT);
    assert_close(stream->mean_request_s, 2e-3, EXACT);
    run_close(&run);
}

/* ---- streams ---- */

/* Throughputs x and x/3 (the cable of h2 is slow): (4/3)^2 / (2 (1 + 1/9)) = 0.8. */
static void fairness_is_jains_index_of_the_clients_throughputs(void **state)
{
    (void)state;
    struct run run;
    run_open(&run,
             "fabric: unequal\n"
             "switch-models: {sw: {ports: 8, rate: 24Gb/s}}\n"
             "host-models: {h: {rate: 9Gb/s}, s: {rate: 24Gb/s, role: storage}}\n"
             "zones: {z: {model: sw, leaves: 1, spines: 1}}\n"
             "hosts:\n"
             "  - {names: 'h[1-2]', model: h, attach: {zone: z}}\n"
             "  - {names: 's[1-2]', model: s, attach: {zone: z}}\n"
             "overrides: {between: [h2, z-leaf1], rate: 3Gb/s}\n",
             "storage: [{read: {name: r, readers: 2, size: 9MB, chunk: 1MB, concurrency: 1}}]");
    run_simulate(&run);
    const struct csin_stream_result *stream = &run.result->streams[0];
    assert_close(stream->max_client_Bps, 9e9 / 8, EXACT);
    assert_close(stream->min_client_Bps, 3e9 / 8, EXACT);
    assert_close(stream->fairness, 0.8, EXACT);
    assert_close(stream->throughput_Bps, 18e6 / 24e-3, EXACT); /* until the last has all */
    run_close(&run);
}

static void clients_alike_are_served_fairly(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:5 storage:1 8Gb/s latency:1us",
             "storage: [{read: {name: r, readers: 5, size: 5MB, chunk: 1MB}}]");
    run_simulate(&run);
    assert_close(run.result->streams[0].fairness, 1, EXACT);
    assert_close(run.result->streams[0].mean_client_Bps, run.result->streams[0].throughput_Bps / 5,
                 EXACT);
    run_close(&run);
}

/* 100 requests of 1 ms; a job's flow of n MB makes the first n take 2 ms. The 99th of them by size
 * is slow when two are. */
static void of_a_hundred_requests_the_99th_stands_for_99_percent(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        struct run run;
        run_open(
            &run, "leaf:1 spine:1 host:2 storage:1 8Gb/s",
            "jobs: [{name: j, hosts: 2, steps: [{incast: {size: %uMB}}]}]\n"
            "storage: [{read: {name: r, readers: h1, size: 100MB, chunk: 1MB, concurrency: 1}}]",
            n);
        run_simulate(&run);
        const struct csin_stream_result *stream = &run.result->streams[0];
        assert_int_equal(stream->n_requests, 100);
        assert_close(stream->p99_request_s, n * 1e-3, EXACT);
        assert_close(stream->max_request_s, 2e-3, EXACT);
        assert_close(stream->mean_request_s, (100 + n) * 1e-5, EXACT);
        run_close(&run);
    }
}

/* ---- the verdict ---- */

static void an_incast_is_free_of_congestion_as_its_receiver_is_the_limit(void **state)
{
    (void)state;
    static const char *const fabrics[] = {"leaf:4 spine:4 host:4 8Gb/s latency:1us",
                                          "leaf:4 spine:1 host:4 8Gb/s"};
    for (size_t i = 0; i < 2; i++) {
        struct run run;
        run_open(&run, fabrics[i],
                 "jobs: [{name: j, hosts: 9, placement: round-robin, steps: [{incast: {size: "
                 "1MB}}]}]");
        run_simulate(&run);
        assert_true(run.result->congestion_free);
        assert_int_equal(run.result->n_congested, 0);
        for (uint32_t k = 0; k < run.result->n_arcs; k++)
            assert_true(run.result->arcs[k].congested_s == 0);
        const struct csin_arc_result *last = arc_between(&run, "leaf1", "h01");
        assert_close(last->peak_utilisation, 1, EXACT);
        assert_close(last->saturated_s, 8e-3, 1e-3); /* the first ones arrive before the others */
        run_close(&run);
    }
}

static void oversubscribed_uplinks_are_congested_and_no_other_arcs(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:4 host:16 8Gb/s latency:3us",
             "jobs: [{name: j, hosts: 32, steps: [{permutation: {size: 1MB, shift: 1}}, "
             "{permutation: {size: 1MB, shift: 16}}]}]");
    run_simulate(&run);
    assert_false(run.result->congestion_free);
    assert_int_equal(run.result->n_congested, 2 * 2 * 4);
    for (uint32_t i = 0; i < run.result->n_arcs; i++) {
        const struct csin_arc_result *arc = &run.result->arcs[i];
        const char *place = csin_arc_place(run.scenario->fabric, arc->arc);
        bool uplink = strncmp(place, "leaf-", 5) == 0;
        assert_close(arc->congested_s, uplink ? 4e-3 : 0, EXACT);
        assert_close(arc->peak_utilisation, 1, EXACT);
    }
    /* Worst first: the arcs that the first step loads too lead. */
    for (uint32_t i = 1; i < run.result->n_arcs; i++) {
        const struct csin_arc_result *a = &run.result->arcs[run.result->worst[i - 1]],
                                     *b = &run.result->arcs[run.result->worst[i]];
        assert_true(a->congested_s > b->congested_s ||
                    (a->congested_s == b->congested_s &&
                     (a->mean_utilisation > b->mean_utilisation ||
                      (a->mean_utilisation == b->mean_utilisation && a->arc < b->arc))));
    }
    run_close(&run);
}

/* Two flows of 10 and 30 MB share an uplink for 20 ms; then the longer one has all of it, which is
 * what its hosts let through as well: full, but not congested. */
static void an_arc_is_congested_while_it_holds_back_what_hosts_would_let_go(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:2 8Gb/s",
             "jobs:\n"
             "  - {name: a, hosts: 'h3,h1', steps: [{incast: {size: 10MB}}]}\n"
             "  - {name: b, hosts: 'h4,h2', start: 2ms, steps: [{incast: {size: 30MB}}]}\n");
    run_simulate(&run);
    const char *const ways[][2] = {{"leaf1", "spine1"}, {"spine1", "leaf2"}};
    for (size_t i = 0; i < 2; i++) { /* the second arc is full as well, and as much to blame */
        const struct csin_arc_result *arc = arc_between(&run, ways[i][0], ways[i][1]);
        assert_close(arc->congested_s, 16e-3, EXACT);
        assert_close(arc->saturated_s, 40e-3, EXACT);
        assert_close(arc->mean_utilisation, 1, EXACT);
        assert_int_equal(arc->n_loads, 2);
        assert_int_equal(run.result->loads[arc->first_load].owner, 1);
        assert_close(run.result->loads[arc->first_load].bytes, 30e6, 0);
        assert_close(run.result->loads[arc->first_load + 1].bytes, 10e6, 0);
    }
    assert_int_equal(run.result->n_congested, 2);
    run_close(&run);
}

static void a_slow_uplink_is_congested_by_a_single_flow(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:1 8Gb/s uplink:6Gb/s latency:1us",
             "jobs: [{name: j, hosts: 2, steps: [{incast: {size: 3MB}}]}]");
    run_simulate(&run);
    assert_int_equal(run.result->n_congested, 2);
    assert_close(arc_between(&run, "leaf2", "spine1")->congested_s, 4e-3, EXACT);
    assert_close(arc_between(&run, "h2", "leaf2")->peak_utilisation, 0.75, EXACT);
    assert_close(arc_between(&run, "h2", "leaf2")->saturated_s, 0, 0);
    run_close(&run);
}

static void a_full_uplink_of_the_rate_of_its_hosts_is_not_congested(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:1 8Gb/s",
             "jobs: [{name: j, hosts: 2, steps: [{allreduce: {size: 3MB}}]}]");
    run_simulate(&run);
    assert_true(run.result->congestion_free);
    assert_close(arc_between(&run, "leaf2", "spine1")->saturated_s, 3e-3, EXACT);
    assert_close(arc_between(&run, "leaf2", "spine1")->congested_s, 0, 0);
    run_close(&run);
}

/* h1 sends to two hosts under leaf 2 and is the limit of both flows until h3's flow joins one of
 * the uplinks it uses; a flow that is held back elsewhere leaves its share to the other. */
static void peaks_are_of_any_moment(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:3 16Gb/s uplink:8Gb/s",
             "jobs:\n"
             "  - {name: a, hosts: 'h4,h1', steps: [{incast: {size: 10MB}}]}\n"
             "  - {name: b, hosts: 'h2,h3', start: 1ms, steps: [{incast: {size: 2MB}}]}\n");
    run_simulate(&run);
    assert_close(arc_between(&run, "h1", "leaf1")->peak_utilisation, 0.5, EXACT);
    assert_close(arc_between(&run, "h1", "leaf1")->mean_utilisation, 0.5, EXACT);
    assert_close(arc_between(&run, "h3", "leaf1")->peak_utilisation, 1, EXACT);
    assert_close(arc_between(&run, "h3", "leaf1")->mean_utilisation, 0.1, EXACT);
    assert_close(arc_between(&run, "h3", "leaf1")->saturated_s, 1e-3, EXACT);
    assert_close(arc_between(&run, "leaf1", "spine1")->congested_s, 10e-3, EXACT);
    run_close(&run);
}

/* ---- effective numbers ---- */

static void effective_numbers_are_those_of_the_paths_taken(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:2 8Gb/s uplink:4Gb/s latency:3us",
             "jobs: [{name: j, hosts: 4, steps: [{broadcast: {size: 1MB, chunk: 250kB}}]}]");
    run_simulate(&run);
    const struct csin_effective *e = &run.result->jobs[0].effective;
    assert_int_equal(e->n_transfers, 12);
    assert_int_equal(e->n_skipped, 0);
    assert_int_equal(e->bytes, 3000000);
    assert_int_equal(e->min_hops, 2);
    assert_int_equal(e->max_hops, 4);
    assert_close(e->min_latency_s, 3e-6, EXACT);
    assert_close(e->max_latency_s, 9e-6, EXACT);
    assert_close(e->min_capacity_Bps, B / 2, EXACT);
    assert_close(e->max_capacity_Bps, B, EXACT);
    assert_int_equal(run.result->jobs[0].steps[0].cut.n, 4);
    assert_int_equal(run.result->jobs[0].steps[0].cut.largest_bytes, 250000);
    assert_int_equal(run.result->n_transfers, 12);
    run_close(&run);
}

static void a_job_of_delays_has_no_bandwidth_and_loads_nothing(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:2 8Gb/s",
             "jobs: [{name: j, hosts: 2, steps: [{compute: 1ms}, {compute: 0s}]}]");
    run_simulate(&run);
    const struct csin_job_result *job = &run.result->jobs[0];
    for (uint32_t i = 0; i < 2; i++) {
        assert_close(job->steps[i].mean_s, i ? 0 : 1e-3, EXACT);
        assert_close(job->steps[i].algbw_Bps, 0, 0);
        assert_close(job->steps[i].busbw_Bps, 0, 0);
        assert_close(job->steps[i].slowdown, 1, 0);
    }
    assert_int_equal(run.result->n_arcs, 0);
    assert_true(run.result->congestion_free);
    assert_close(job->effective.max_capacity_Bps, 0, 0);
    run_close(&run);
}

RUN_MAIN(cmocka_unit_test(the_bytes_of_an_arc_are_those_of_the_flows_over_it),
         cmocka_unit_test(every_byte_leaves_a_host_and_enters_one),
         cmocka_unit_test(whoever_is_alone_is_not_slowed_at_all),
         cmocka_unit_test(n_jobs_on_one_uplink_slow_each_other_n_times),
         cmocka_unit_test(sharing_half_of_the_time_slows_by_half),
         cmocka_unit_test(rounds_that_differ_show_in_mean_min_and_max),
         cmocka_unit_test(a_stream_beside_a_job_loses_what_the_job_takes),
         cmocka_unit_test(fairness_is_jains_index_of_the_clients_throughputs),
         cmocka_unit_test(clients_alike_are_served_fairly),
         cmocka_unit_test(of_a_hundred_requests_the_99th_stands_for_99_percent),
         cmocka_unit_test(an_incast_is_free_of_congestion_as_its_receiver_is_the_limit),
         cmocka_unit_test(oversubscribed_uplinks_are_congested_and_no_other_arcs),
         cmocka_unit_test(an_arc_is_congested_while_it_holds_back_what_hosts_would_let_go),
         cmocka_unit_test(a_slow_uplink_is_congested_by_a_single_flow),
         cmocka_unit_test(a_full_uplink_of_the_rate_of_its_hosts_is_not_congested),
         cmocka_unit_test(peaks_are_of_any_moment),
         cmocka_unit_test(effective_numbers_are_those_of_the_paths_taken),
         cmocka_unit_test(a_job_of_delays_has_no_bandwidth_and_loads_nothing))
