/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a scenario must take, by hand: from its text through each engine to the result. All host
 * links are 8Gb/s = B = 1e9 bytes/s. Under one leaf a path has the latency of one switch, across
 * leaves of three. docs/model.md derives the formulas. */
#include "tests/campaign.h"
#include "tests/sim/draft.h"
#include "tests/sim/oracle.h"
#include "tests/sim/run.h"

#define B 1e9
#define EXACT 1e-9
#define S 168000000u /* bytes; a multiple of 2 to 8, 12 and 16 */

static const unsigned rank_counts[] = {2, 3, 4, 5, 7, 8, 12, 16};
#define N_COUNTS (sizeof rank_counts / sizeof *rank_counts)

static double divide_up(uint64_t bytes, uint64_t n)
{
    return (double)((bytes + n - 1) / n);
}

/* ---- flows ---- */

static void a_flow_alone_takes_its_latency_and_its_bytes_at_line_rate(void **state)
{
    (void)state;
    struct run run;
    const char *const hosts[] = {"h[1,2]", "h[1,3]"}; /* under one leaf, across two */
    for (unsigned i = 0; i < 2; i++) {
        run_open(&run, "leaf:2 spine:1 host:2 8Gb/s latency:700ns",
                 "jobs: [{name: j, hosts: '%s', steps: [{incast: {size: %uB}}]}]", hosts[i], S);
        run_simulate(&run);
        double latency = i ? 2100e-9 : 700e-9;
        assert_close(run.result->makespan_s, S / B + latency, EXACT);
        assert_close(run_step_s(&run, 0), S / B + latency, EXACT);
        assert_close(run.result->jobs[0].effective.min_latency_s, latency, EXACT);
        run_close(&run);
    }
}

static void a_flow_of_one_byte_takes_a_byte_time(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:2 8Gb/s latency:1us",
             "jobs: [{name: j, hosts: 2, steps: [{incast: {size: 1B}}]}]");
    run_simulate(&run);
    assert_close(run.result->makespan_s, 1e-6 + 1e-9, EXACT);
    run_close(&run);
}

static void the_narrowest_arc_of_a_path_sets_the_rate(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:1 8Gb/s uplink:2Gb/s latency:1us",
             "jobs: [{name: j, hosts: 2, steps: [{incast: {size: %uB}}]}]", S);
    run_simulate(&run);
    assert_close(run.result->makespan_s, 4 * S / B + 3e-6, EXACT);
    assert_close(run.result->jobs[0].effective.max_capacity_Bps, B / 4, EXACT);
    run_close(&run);
}

/* An et al. (SC'24) have InfiniBand at 2.8 us under one leaf and 3.7 us across leaves, for 64 bytes
 * (arXiv:2505.09343, Table 5). */
static void fire_flyer_paths_have_the_published_latencies(void **state)
{
    (void)state;
    const struct {
        const char *hosts;
        double latency_s;
        unsigned hops;
    } pairs[] = {{"gpu[0001,0002]", 2.8e-6, 2}, {"gpu[0001,0600]", 3.7e-6, 4}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct run run;
        run_open(&run, "configs/fire-flyer-2.yaml",
                 "jobs: [{name: j, hosts: '%s', steps: [{incast: {size: 64B}}]}]", pairs[i].hosts);
        run_simulate(&run);
        assert_close(run.result->makespan_s, pairs[i].latency_s + 64 / 25e9, EXACT);
        assert_int_equal(run.result->jobs[0].effective.max_hops, pairs[i].hops);
        run_close(&run);
    }
}

/* ---- incast ---- */

static void an_incast_of_k_takes_k_times_as_long_as_one(void **state)
{
    (void)state;
    static const unsigned ks[] = {1, 2, 3, 7, 15, 31};
    for (size_t i = 0; i < sizeof ks / sizeof *ks; i++) {
        struct run run;
        run_open(&run, "leaf:1 spine:1 host:32 8Gb/s latency:5us",
                 "jobs: [{name: j, hosts: %u, steps: [{incast: {size: %uB}}, {incast: {size: %uB, "
                 "root: %u}}]}]",
                 ks[i] + 1, S, S, ks[i]);
        run_simulate(&run);
        assert_close(run_step_s(&run, 0), ks[i] * (S / B) + 5e-6, EXACT);
        assert_close(run_step_s(&run, 1), ks[i] * (S / B) + 5e-6, EXACT);
        run_close(&run);
    }
}

/* The near senders (latency l, k of them) begin first and share the receiver alone until the far
 * ones (3 l, j of them) come; the receiver is never idle, so all ends at l + (k + j) S/B. */
static void in_an_incast_near_senders_have_the_start_of_the_latency(void **state)
{
    (void)state;
    const double l = 1e-3;
    const unsigned k = 3, j = 4;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:4 8Gb/s latency:1ms",
             "jobs: [{name: j, hosts: 8, steps: [{incast: {size: 8MB}}]}]");
    run_engine(&run);
    double bytes = 8e6, near = 3 * l + (k + j) * (bytes - B * 2 * l / k) / B;
    assert_close(run.engine.makespan_s, l + (k + j) * bytes / B, EXACT);
    const struct csin_schedule *s = &run.schedule;
    for (uint32_t op = 0; op < s->n_ops; op++)
        if (!csin_is_delay(s, op))
            assert_close(run.engine.finish_s[op], s->src[op] < 4 ? near : l + (k + j) * bytes / B,
                         EXACT);
    run_close(&run);
}

/* ---- collectives ---- */

/* n ranks in rounds: a rank that is done with a round begins the next when its neighbour has sent
 * it what it needs. Pieces travel round the ring, so the slowest dependency chain follows one large
 * piece: rounds x (ceil(S/n)/B + latency), for any S. */
static void a_ring_takes_its_rounds_times_the_largest_piece(void **state)
{
    (void)state;
    static const unsigned sizes[] = {S, S + 1, S - 1, 104729, 12345};
    for (size_t i = 0; i < N_COUNTS; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            unsigned n = rank_counts[i];
            struct run run;
            run_open(&run, "leaf:1 spine:1 host:16 8Gb/s latency:3us",
                     "jobs: [{name: j, hosts: %u, steps: [{allreduce: {algorithm: ring, size: "
                     "%uB}}, {reduce-scatter: {size: %uB}}, {all-gather: {size: %uB}}]}]",
                     n, sizes[k], sizes[k], sizes[k]);
            run_simulate(&run);
            double round_s = divide_up(sizes[k], n) / B + 3e-6;
            assert_close(run_step_s(&run, 0), 2 * (n - 1) * round_s, EXACT);
            assert_close(run_step_s(&run, 1), (n - 1) * round_s, EXACT);
            assert_close(run_step_s(&run, 2), (n - 1) * round_s, EXACT);
            /* busbw: the ring keeps every NIC busy but for the latencies. */
            if (sizes[k] == S)
                assert_close(run.result->jobs[0].steps[0].busbw_Bps, B, 3e-6 * B * n / S + EXACT);
            run_close(&run);
        }
}

/* A chain of rounds may stay at the slowest edge all the time. */
static void a_ring_across_leaves_goes_by_its_longest_edge(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_COUNTS; i++) {
        unsigned n = rank_counts[i];
        struct run run;
        run_open(&run, "leaf:4 spine:4 host:4 8Gb/s latency:3us",
                 "jobs: [{name: j, hosts: %u, placement: contiguous, steps: [{allreduce: {size: "
                 "%uB}}]}]",
                 n, S);
        run_simulate(&run);
        double latency = n > 4 ? 9e-6 : 3e-6;
        assert_close(run_step_s(&run, 0), 2 * (n - 1) * (S / n / B + latency), EXACT);
        run_close(&run);
    }
}

static void an_all_to_all_takes_n_minus_1_rounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_COUNTS; i++) {
        unsigned n = rank_counts[i];
        struct run run;
        run_open(&run, "leaf:1 spine:1 host:16 8Gb/s latency:3us",
                 "jobs: [{name: j, hosts: %u, steps: [{all-to-all: {size: %uB}}]}]", n, S);
        run_simulate(&run);
        assert_close(run_step_s(&run, 0), (n - 1) * (S / n / B + 3e-6), EXACT);
        run_close(&run);
    }
}

/* Every round of a pairwise exchange is a shift, and D-Mod-K has no contention under shifts. */
static void an_all_to_all_across_leaves_meets_no_contention(void **state)
{
    (void)state;
    for (unsigned n = 4; n <= 8; n += 4) {
        struct run run;
        run_open(&run, "leaf:8 spine:1 host:1 8Gb/s latency:3us",
                 "jobs: [{name: j, hosts: %u, steps: [{all-to-all: {size: %uB}}]}]", n, S);
        run_simulate(&run);
        assert_close(run_step_s(&run, 0), (n - 1) * (S / n / B + 9e-6), EXACT);
        run_close(&run);
    }
}

/* A pipelined chain. Chunk c crosses n - 1 edges, one after the other, and an edge carries one
 * chunk at a time, so a dependency chain steps through chunks and edges: it meets every chunk and n
 * - 2 of them once more, at most the largest: S/B + (n - 2) max/B + (chunks + n - 2) latency. */
static void a_broadcast_is_a_pipelined_chain(void **state)
{
    (void)state;
    static const unsigned chunks[] = {S, S / 2, S / 24, 1000000, 999983};
    for (size_t i = 0; i < N_COUNTS; i++)
        for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
            unsigned n = rank_counts[i];
            struct run run;
            run_open(&run, "leaf:1 spine:1 host:16 8Gb/s latency:3us",
                     "jobs: [{name: j, hosts: %u, steps: [{broadcast: {size: %uB, chunk: %uB}}, "
                     "{broadcast: {size: %uB, chunk: %uB, root: %u}}]}]",
                     n, S, chunks[k], S, chunks[k], n - 1);
            run_simulate(&run);
            double pieces = divide_up(S, chunks[k]), largest = divide_up(S, (uint64_t)pieces);
            double want = S / B + (n - 2) * largest / B + (pieces + n - 2) * 3e-6;
            if (S % chunks[k] == 0)
                assert_close(want, (pieces + n - 2) * (chunks[k] / B + 3e-6), EXACT);
            assert_close(run_step_s(&run, 0), want, EXACT);
            assert_close(run_step_s(&run, 1), want, EXACT);
            run_close(&run);
        }
}

/* With edges of different latencies: through all edges once, and the other chunks over the slowest.
 */
static void a_broadcast_across_leaves_waits_for_its_slowest_edge(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:2 host:4 8Gb/s latency:3us",
             "jobs: [{name: j, hosts: 6, steps: [{broadcast: {size: %uB, chunk: %uB}}]}]", S,
             S / 24);
    run_simulate(&run);
    double chunk_s = S / 24 / B;
    assert_close(run_step_s(&run, 0),
                 4 * (chunk_s + 3e-6) + (chunk_s + 9e-6) + 23 * (chunk_s + 9e-6), EXACT);
    run_close(&run);
}

/* Zahavi, JPDC 2012: D-Mod-K routes every shift of a full fat-tree without contention. */
static void shifts_meet_no_contention_in_a_non_blocking_fabric(void **state)
{
    (void)state;
    struct run run;
    char steps[1024] = "";
    for (unsigned shift = 1; shift < 16; shift++)
        snprintf(steps + strlen(steps), sizeof steps - strlen(steps),
                 "%s{permutation: {size: %uB, shift: %u}}", shift > 1 ? ", " : "", S, shift);
    run_open(&run, "leaf:4 spine:4 host:4 8Gb/s latency:3us",
             "jobs: [{name: j, hosts: 16, steps: [%s]}]", steps);
    run_simulate(&run);
    for (unsigned shift = 1; shift < 16; shift++) /* all but a whole turn cross leaves somewhere */
        assert_close(run_step_s(&run, shift - 1), S / B + 9e-6, EXACT);
    assert_true(run.result->congestion_free);
    run_close(&run);
}

/* ---- shared links ---- */

static void four_to_one_oversubscription_takes_four_times_as_long(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:4 host:16 8Gb/s",
             "jobs: [{name: j, hosts: 32, steps: [{permutation: {size: %uB, shift: 16}}]}]", S);
    run_simulate(&run);
    assert_close(run_step_s(&run, 0) / (S / B), 4, EXACT);
    run_close(&run);
    run_open(&run, "leaf:2 spine:4 host:16 8Gb/s latency:3us",
             "jobs: [{name: j, hosts: 32, steps: [{permutation: {size: %uB, shift: 16}}]}]", S);
    run_simulate(&run);
    assert_close(run_step_s(&run, 0), 4 * S / B + 9e-6, EXACT);
    run_close(&run);
}

static void any_oversubscription_slows_by_its_ratio(void **state)
{
    (void)state;
    for (unsigned spines = 1; spines <= 12; spines++) {
        char fabric[64];
        snprintf(fabric, sizeof fabric, "leaf:2 spine:%u host:12 8Gb/s", spines);
        struct run run;
        run_open(&run, fabric,
                 "jobs: [{name: j, hosts: 24, steps: [{permutation: {size: %uB, shift: 12}}]}]", S);
        run_simulate(&run);
        /* D-Mod-K gives each uplink its share of the destinations: 12 / spines, rounded up. */
        assert_close(run_step_s(&run, 0) / (S / B), divide_up(12, spines), EXACT);
        run_close(&run);
    }
}

#define TWO_ZONES                                                                                  \
    "fabric: two-zones\n"                                                                          \
    "switch-models: {sw: {ports: 64, rate: 8Gb/s, latency: 1us}}\n"                                \
    "host-models: {h: {rate: 8Gb/s}}\n"                                                            \
    "zones: {a: &z {model: sw, leaves: 1, spines: 1}, b: *z}\n"                                    \
    "hosts:\n"                                                                                     \
    "  - {names: 'a[1-8]', model: h, attach: {zone: a}}\n"                                         \
    "  - {names: 'b[1-8]', model: h, attach: {zone: b}}\n"                                         \
    "inter-zone: {names: 'x[1-%u]', model: sw, zones: [a, b], leaves: 1, rate: 4Gb/s}\n"

static void two_zones_share_their_few_cables(void **state)
{
    (void)state;
    for (unsigned cables = 1; cables <= 3; cables++)
        for (unsigned n = 1; n <= 8; n++) {
            char fabric[sizeof TWO_ZONES + 16];
            snprintf(fabric, sizeof fabric, TWO_ZONES, cables);
            struct run run;
            run_open(&run, fabric,
                     "jobs: [{name: j, hosts: 'a[1-%u],b[1-%u]', steps: [{permutation: {size: %uB, "
                     "shift: %u}}]}]",
                     n, n, S, n);
            run_simulate(&run);
            /* leaf, inter-zone switch, leaf: three switches; the busiest cable of half the rate. */
            assert_close(run.result->makespan_s, divide_up(n, cables) * S / (B / 2) + 3e-6, EXACT);
            run_close(&run);
        }
}

static void a_degraded_cable_halves_what_crosses_it(void **state)
{
    (void)state;
    const char *const between[] = {"h1, z-leaf1", "z-leaf1, z-spine1", "z-leaf2, h3"};
    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        char fabric[512];
        snprintf(fabric, sizeof fabric,
                 "fabric: pair\n"
                 "switch-models: {sw: {ports: 8, rate: 8Gb/s, latency: 2us}}\n"
                 "host-models: {h: {rate: 8Gb/s}}\n"
                 "zones: {z: {model: sw, leaves: 2, spines: 1}}\n"
                 "hosts: [{names: 'h[1-4]', model: h, attach: {zone: z}}]\n"
                 "overrides: {between: [%s], rate: 4Gb/s}\n",
                 between[i]);
        struct run run;
        run_open(&run, fabric,
                 "jobs: [{name: j, hosts: 'h[3,1]', steps: [{incast: {size: %uB}}, {incast: "
                 "{size: %uB, root: 1}}]}]",
                 S, S);
        run_simulate(&run);
        assert_close(run_step_s(&run, 0), 2 * S / B + 6e-6, EXACT);
        assert_close(run_step_s(&run, 1), 2 * S / B + 6e-6, EXACT);
        run_close(&run);
    }
}

/* ---- time ---- */

static void delays_repeats_and_start_times_add_up(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:4 8Gb/s latency:3us",
             "jobs: [{name: j, hosts: 4, start: 2500us, repeat: 5, steps: [{compute: 3ms}, "
             "{allreduce: {size: 4MB}}, {compute: 0s}, {incast: {size: 1MB}}]}]");
    run_simulate(&run);
    double allreduce = 6 * (1e-3 + 3e-6), incast = 3e-3 + 3e-6;
    const struct csin_job_result *job = &run.result->jobs[0];
    assert_close(job->start_s, 2.5e-3, EXACT);
    assert_close(job->finish_s, 2.5e-3 + 5 * (3e-3 + allreduce + incast), EXACT);
    assert_close(run.result->makespan_s, job->finish_s, 0);
    const double want[] = {3e-3, allreduce, 0, incast};
    for (uint32_t i = 0; i < 4; i++) {
        assert_close(job->steps[i].mean_s, want[i], EXACT);
        assert_close(job->steps[i].min_s, want[i], EXACT);
        assert_close(job->steps[i].max_s, want[i], EXACT);
    }
    run_close(&run);
}

static void a_job_of_one_host_takes_its_delays_only(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:2 8Gb/s latency:3us",
             "jobs: [{name: j, hosts: 1, repeat: 3, steps: [{compute: 3ms}]}]");
    run_simulate(&run);
    assert_close(run.result->makespan_s, 9e-3, EXACT);
    assert_int_equal(run.result->n_transfers, 0);
    run_close(&run);
}

/* Two jobs on one uplink: alone until the second comes, then each at half the rate. */
static void a_job_that_starts_later_shares_from_then_on(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:2 8Gb/s",
             "jobs: [{name: a, hosts: 'h[3,1]', steps: [{incast: {size: 10MB}}]}, "
             "{name: b, hosts: 'h[4,2]', start: 4ms, steps: [{incast: {size: 10MB}}]}]");
    run_simulate(&run);
    assert_close(run.result->jobs[0].finish_s, 4e-3 + 2 * 6e-3, EXACT);
    assert_close(run.result->jobs[1].start_s, 4e-3, EXACT);
    assert_close(run.result->jobs[1].finish_s, 16e-3 + 4e-3, EXACT);
    run_close(&run);
}

/* ---- an independent simulator ---- */

/* Both are max-min fair to rounding; what they call one instant is 1e-12 s wide. */
static bool same_run(const struct run *run, const struct oracle *o)
{
    double slack = 1e-9 * o->makespan_s;
    bool same = fabs(run->engine.makespan_s - o->makespan_s) <= slack &&
                run->engine.skipped == o->skipped;
    if (!same)
        print_error("ends at %.12g with %u skipped, by hand at %.12g with %u\n",
                    run->engine.makespan_s, run->engine.skipped, o->makespan_s, o->skipped);
    for (uint32_t op = 0; op < run->schedule.n_ops && same; op++) {
        same = fabs(run->engine.start_s[op] - o->start_s[op]) <= slack &&
               fabs(run->engine.finish_s[op] - o->finish_s[op]) <= slack;
        if (!same)
            print_error("op %u runs from %.12g to %.12g, by hand from %.12g to %.12g\n", op,
                        run->engine.start_s[op], run->engine.finish_s[op], o->start_s[op],
                        o->finish_s[op]);
    }
    for (uint32_t arc = 0; arc < o->n_arcs && same; arc++) {
        const struct csin_arc_watch *got = &run->engine.arcs[arc], *want = &o->arcs[arc];
        same = fabs(got->saturated_s - want->saturated_s) <= slack &&
               fabs(got->congested_s - want->congested_s) <= slack &&
               fabs(got->peak_Bps - want->peak_Bps) <= 1e-9 * want->peak_Bps;
        if (!same)
            print_error("arc %u is full for %.12g and congested for %.12g with a peak of %.12g; by "
                        "hand %.12g, %.12g and %.12g\n",
                        arc, got->saturated_s, got->congested_s, got->peak_Bps, want->saturated_s,
                        want->congested_s, want->peak_Bps);
    }
    return same;
}

static void try_scenario(uint64_t seed)
{
    struct draft d;
    struct run run;
    struct oracle o;
    draft_open(&d, seed, CSIN_LEAST_LOADED); /* whose ways depend on the order of events */
    run_open(&run, d.fabric_text, "%s", d.scenario_text);
    run_engine(&run);
    oracle_init(&o, &run.schedule, run.scenario->fabric, run.scenario->routes);
    oracle_run(&o);
    if (!same_run(&run, &o))
        fail_msg("%s\n%s", d.fabric_text, d.scenario_text);
    oracle_finish(&o);
    run_close(&run);
    draft_close(&d);
}

static void random_scenarios_run_as_an_independent_simulator_says(void **state)
{
    (void)state;
    campaign(RUN_TIMES(150, 40), try_scenario);
}

RUN_MAIN(cmocka_unit_test(a_flow_alone_takes_its_latency_and_its_bytes_at_line_rate),
         cmocka_unit_test(a_flow_of_one_byte_takes_a_byte_time),
         cmocka_unit_test(the_narrowest_arc_of_a_path_sets_the_rate),
         cmocka_unit_test(fire_flyer_paths_have_the_published_latencies),
         cmocka_unit_test(an_incast_of_k_takes_k_times_as_long_as_one),
         cmocka_unit_test(in_an_incast_near_senders_have_the_start_of_the_latency),
         cmocka_unit_test(a_ring_takes_its_rounds_times_the_largest_piece),
         cmocka_unit_test(a_ring_across_leaves_goes_by_its_longest_edge),
         cmocka_unit_test(an_all_to_all_takes_n_minus_1_rounds),
         cmocka_unit_test(an_all_to_all_across_leaves_meets_no_contention),
         cmocka_unit_test(a_broadcast_is_a_pipelined_chain),
         cmocka_unit_test(a_broadcast_across_leaves_waits_for_its_slowest_edge),
         cmocka_unit_test(shifts_meet_no_contention_in_a_non_blocking_fabric),
         cmocka_unit_test(four_to_one_oversubscription_takes_four_times_as_long),
         cmocka_unit_test(any_oversubscription_slows_by_its_ratio),
         cmocka_unit_test(two_zones_share_their_few_cables),
         cmocka_unit_test(a_degraded_cable_halves_what_crosses_it),
         cmocka_unit_test(delays_repeats_and_start_times_add_up),
         cmocka_unit_test(a_job_of_one_host_takes_its_delays_only),
         cmocka_unit_test(a_job_that_starts_later_shares_from_then_on),
         cmocka_unit_test_teardown(random_scenarios_run_as_an_independent_simulator_says,
                                   campaign_end))
