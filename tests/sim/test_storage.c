/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Storage streams: which chunks go from where to where, how many at a time, and how long it takes.
 * Links are 8Gb/s = B = 1e9 bytes/s. */
#include "tests/sim/run.h"

#include <sys/resource.h>

#include "sim/storage.h"

#define B 1e9
#define EXACT 1e-9
#define FABRIC "leaf:2 spine:4 host:4 storage:3 8Gb/s latency:2us"

/* ---- looking at a stream ---- */

/* Operation 0 of a scenario that is one stream is the delay until it starts; then come its
 * transfers, client after client. */
static uint32_t n_chunks(const struct run *run)
{
    return run->schedule.n_ops - 1;
}

static const struct csin_stream *stream_of(const struct run *run)
{
    return &run->scenario->streams[0];
}

static char *dump(const struct run *run)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    csin_schedule_dump(&run->schedule, run->scenario->fabric, run->scenario->owners, out);
    fclose(out);
    return text;
}

/* Transfers of a client that are under way when operation `op` has just started. */
static uint32_t outstanding(const struct run *run, const uint32_t *end, uint32_t op)
{
    uint32_t n = 0;
    for (uint32_t i = 1; i <= n_chunks(run); i++)
        n += end[i] == end[op] && run->engine.start_s[i] >= 0 &&
             run->engine.start_s[i] <= run->engine.start_s[op] &&
             run->engine.finish_s[i] > run->engine.start_s[op];
    return n;
}

/* ---- reading ---- */

static void every_reader_gets_its_size_in_chunks(void **state)
{
    (void)state;
    const struct {
        unsigned size, chunk, n;
    } cases[] = {{1, 1, 1},      {1000, 1000, 1},    {1001, 1000, 2},     {999, 250, 4},
                 {1000, 250, 4}, {104729, 7, 14962}, {5000000, 999983, 6}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run run;
        uint64_t got[32] = {0};
        uint32_t n[32] = {0};
        run_open(&run, FABRIC,
                 "storage: [{read: {name: r, readers: 3, size: %uB, chunk: %uB, concurrency: 1}}]",
                 cases[i].size, cases[i].chunk);
        for (uint32_t op = 1; op <= n_chunks(&run); op++) {
            uint64_t bytes = run.schedule.amount[op].bytes;
            got[run.schedule.dst[op]] += bytes;
            bool last = ++n[run.schedule.dst[op]] == cases[i].n;
            assert_int_equal(bytes, last ? cases[i].size - (cases[i].n - 1) * cases[i].chunk
                                         : cases[i].chunk);
            assert_int_equal(run.scenario->fabric->hosts[run.schedule.src[op]].role, CSIN_STORAGE);
        }
        for (uint32_t host = 0; host < 32; host++) {
            assert_int_equal(got[host], host < 3 ? cases[i].size : 0);
            assert_int_equal(n[host], host < 3 ? cases[i].n : 0);
        }
        assert_int_equal(csin_stream_chunks(stream_of(&run), run.scenario->fabric, 0), cases[i].n);
        run_close(&run);
    }
}

static void a_reader_has_all_its_chunks_outstanding_but_never_more(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 9; k++) {
        struct run run;
        run_open(
            &run, FABRIC,
            "storage: [{read: {name: r, readers: 5, size: 8500kB, chunk: 1MB, concurrency: %u, "
            "start: 3ms}}]",
            k);
        run_engine(&run);
        const uint32_t *reader = run.schedule.dst;
        uint32_t seen[32] = {0};
        for (uint32_t op = 1; op <= n_chunks(&run); op++) {
            uint32_t nth = seen[reader[op]]++;
            assert_true(outstanding(&run, reader, op) <= k);
            if (nth < k) {
                assert_close(run.engine.start_s[op], 3e-3, EXACT);
                continue;
            }
            /* Chunks are asked for in order, each when another one has arrived. */
            bool prompt = false;
            for (uint32_t i = op - nth; i < op; i++)
                prompt = prompt || run.engine.finish_s[i] == run.engine.start_s[op];
            assert_true(prompt);
            assert_true(run.engine.start_s[op] >= run.engine.start_s[op - 1]);
        }
        run_close(&run);
    }
}

/* Counts how many chunks of reader `host` come from each server. */
static uint32_t count_servers(const struct run *run, uint32_t host, uint32_t counts[32])
{
    uint32_t used = 0;
    memset(counts, 0, 32 * sizeof *counts);
    for (uint32_t op = 1; op <= n_chunks(run); op++)
        if (run->schedule.dst[op] == host)
            used += counts[run->schedule.src[op]]++ == 0;
    return used;
}

static void a_stripe_is_spread_evenly_over_its_servers(void **state)
{
    (void)state;
    for (unsigned stripe = 1; stripe <= 6; stripe++)
        for (unsigned chunks = 1; chunks <= 20; chunks += 3) {
            struct run run;
            uint32_t counts[32], all[32] = {0};
            run_open(&run, FABRIC,
                     "storage: [{read: {name: r, readers: 8, size: %uB, chunk: 10B, stripe: %u, "
                     "concurrency: 1}}]",
                     10 * chunks, stripe);
            for (uint32_t reader = 0; reader < 8; reader++) {
                assert_int_equal(count_servers(&run, reader, counts),
                                 chunks < stripe ? chunks : stripe);
                for (uint32_t i = 0; i < 32; i++) {
                    all[i] += counts[i];
                    if (counts[i])
                        assert_in_range(counts[i], chunks / stripe, (chunks - 1) / stripe + 1);
                }
            }
            for (uint32_t op = 1; op + stripe <= n_chunks(&run); op++) /* in turn */
                if (run.schedule.dst[op] == run.schedule.dst[op + stripe])
                    assert_int_equal(run.schedule.src[op], run.schedule.src[op + stripe]);
            if (stripe == 6 && chunks % 6 == 0) /* everything from everyone */
                for (uint32_t i = 8; i < 14; i++)
                    assert_int_equal(all[i], 8 * chunks / 6);
            run_close(&run);
        }
}

static void without_a_stripe_a_file_lies_on_all_servers(void **state)
{
    (void)state;
    struct run run;
    uint32_t counts[32];
    run_open(&run, FABRIC, "storage: [{read: {name: r, readers: 8, size: 120B, chunk: 10B}}]");
    assert_int_equal(stream_of(&run)->stripe, 6);
    for (uint32_t reader = 0; reader < 8; reader++)
        assert_int_equal(count_servers(&run, reader, counts), 6);
    run_close(&run);
    run_open(&run, FABRIC,
             "storage: [{read: {name: r, readers: 8, servers: 's[2,5]', size: 120B, chunk: 10B}}]");
    for (uint32_t reader = 0; reader < 8; reader++) {
        assert_int_equal(count_servers(&run, reader, counts), 2);
        assert_int_equal(counts[csin_fabric_host(run.scenario->fabric, "s2")], 6);
        assert_int_equal(counts[csin_fabric_host(run.scenario->fabric, "s5")], 6);
    }
    run_close(&run);
}

static void a_seed_draws_the_same_stripes_again_and_another_draws_others(void **state)
{
    (void)state;
    static const char *const kinds[] = {"read: {name: s, readers: 4",
                                        "checkpoint: {name: s, writers: 4"};
    for (size_t i = 0; i < 2; i++) {
        char *texts[3];
        static const unsigned seeds[] = {1, 1, 2};
        for (size_t k = 0; k < 3; k++) {
            struct run run;
            run_open(&run, FABRIC,
                     "seed: %u\nstorage: [{%s, size: 60B, chunk: 10B, concurrency: 1}}]", seeds[k],
                     kinds[i]);
            texts[k] = dump(&run);
            run_close(&run);
        }
        assert_string_equal(texts[0], texts[1]);
        assert_string_not_equal(texts[0], texts[2]);
        for (size_t k = 0; k < 3; k++)
            free(texts[k]);
    }
}

static void readers_draw_different_stripes(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FABRIC, "storage: [{read: {name: r, readers: 8, size: 60B, chunk: 10B}}]");
    unsigned same = 0;
    for (uint32_t reader = 1; reader < 8; reader++)
        same += memcmp(&run.schedule.src[1], &run.schedule.src[1 + 6 * reader],
                       6 * sizeof *run.schedule.src) == 0;
    assert_true(same < 2); /* of 720 orders */
    run_close(&run);
}

/* The k chunks outstanding share the reader's NIC and arrive together, after L + k c/B. */
static void a_reader_alone_takes_a_round_trip_per_k_chunks(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 6; k++) {
        struct run run;
        run_open(
            &run, "leaf:1 spine:1 host:1 storage:6 8Gb/s latency:2us",
            "storage: [{read: {name: r, readers: 1, size: 60MB, chunk: 1MB, concurrency: %u}}]", k);
        run_simulate(&run);
        assert_close(run.result->makespan_s, 60.0 / k * (2e-6 + k * 1e-3), EXACT);
        assert_close(run.result->streams[0].mean_request_s, 2e-6 + k * 1e-3, EXACT);
        run_close(&run);
    }
}

static void many_readers_share_the_nic_of_one_server(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 8; n++) {
        struct run run;
        run_open(&run, "leaf:1 spine:1 host:8 storage:1 8Gb/s latency:2us",
                 "storage: [{read: {name: r, readers: %u, size: 5MB, chunk: 1MB, concurrency: 1}}]",
                 n);
        run_simulate(&run);
        assert_close(run.result->makespan_s, 5 * (2e-6 + n * 1e-3), EXACT);
        run_close(&run);
    }
}

/* ---- reading for a while ---- */

static void nothing_is_asked_for_when_the_time_is_up_but_all_asked_for_arrives(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 5; k++) {
        struct run run;
        run_open(&run, FABRIC,
                 "storage: [{read: {name: r, readers: 6, duration: 9700us, start: 1ms, chunk: 1MB, "
                 "stripe: 2, concurrency: %u}}]",
                 k);
        run_engine(&run);
        const uint32_t *reader = run.schedule.dst;
        uint32_t skipped = 0, late = 0;
        for (uint32_t op = 1; op <= n_chunks(&run); op++) {
            assert_int_equal(run.engine.start_s[op] < 0, run.engine.finish_s[op] < 0);
            assert_int_equal(run.schedule.amount[op].bytes, 1000000);
            if (run.engine.start_s[op] < 0) {
                skipped++;
                continue;
            }
            assert_in_range((uint64_t)(run.engine.start_s[op] * 1e9), 1000000, 10700000);
            assert_true(outstanding(&run, reader, op) <= k);
            late += run.engine.finish_s[op] > 10.7e-3;
        }
        assert_int_equal(skipped, run.engine.skipped);
        assert_int_equal(late, 6 * k); /* every reader had k on their way */
        run_close(&run);
    }
}

/* Chunk after chunk, each L + c/B: as many as start before or at the end of the time. */
static void a_reader_with_one_chunk_outstanding_reads_as_many_as_begin_in_time(void **state)
{
    (void)state;
    static const unsigned durations_us[] = {1, 999, 1001, 1003, 5000, 10019, 10021, 99999};
    for (size_t i = 0; i < sizeof durations_us / sizeof *durations_us; i++) {
        struct run run;
        run_open(&run, "leaf:1 spine:1 host:1 storage:3 8Gb/s latency:2us",
                 "storage: [{read: {name: r, readers: 1, duration: %uus, chunk: 1MB, concurrency: "
                 "1}}]",
                 durations_us[i]);
        run_simulate(&run);
        const struct csin_stream_result *stream = &run.result->streams[0];
        unsigned n = durations_us[i] / 1002 + 1;
        assert_int_equal(stream->n_requests, n);
        assert_int_equal(stream->bytes, n * 1000000);
        assert_close(stream->finish_s, n * 1002e-6, EXACT);
        assert_int_equal(stream->effective.n_transfers, n);
        assert_int_equal(stream->effective.n_skipped, n_chunks(&run) - n);
        assert_close(stream->throughput_Bps, 1e6 / 1002e-6, EXACT);
        run_close(&run);
    }
}

/* However fast it goes, a reader does not run out of chunks before its time is up: NICs of 8Gb/s
 * that have nothing else to do, no latency, and as many chunks as end just when the gate closes. */
static void a_reader_has_chunks_enough_for_its_time(void **state)
{
    (void)state;
    static const unsigned ks[] = {1, 2, 3, 7, 64};
    for (size_t i = 0; i < sizeof ks / sizeof *ks; i++)
        for (unsigned duration_us = 1; duration_us <= 10000; duration_us *= 10) {
            struct run run;
            run_open(&run, "leaf:1 spine:1 host:1 storage:9 8Gb/s",
                     "storage: [{read: {name: r, readers: 1, duration: %uus, chunk: 100kB, "
                     "concurrency: %u}}]",
                     duration_us, ks[i]);
            run_engine(&run);
            assert_true(run.engine.skipped > 0);
            run_close(&run);
        }
}

static void a_reader_with_two_nics_has_chunks_enough_too(void **state)
{
    (void)state;
    struct run run;
    run_open(&run,
             "fabric: two-planes\n"
             "switch-models: {sw: {ports: 16, rate: 8Gb/s}}\n"
             "host-models: {h: {rate: 8Gb/s, nics: 2}, s: {rate: 8Gb/s, nics: 2, role: storage}}\n"
             "zones: {a: &z {model: sw, leaves: 1, spines: 1}, b: *z}\n"
             "hosts:\n"
             "  - {names: h1, model: h, attach: [{zone: a}, {zone: b, nic: 1}]}\n"
             "  - {names: 's[1-8]', model: s, attach: [{zone: a}, {zone: b, nic: 1}]}\n",
             "storage: [{read: {name: r, readers: 1, duration: 10ms, chunk: 100kB, concurrency: "
             "16}}]");
    run_engine(&run);
    assert_true(run.engine.skipped > 0);
    run_close(&run);
}

/* ---- request-to-send ---- */

/* docs/model.md: one reader, k chunks outstanding, one of which is sent at a time. */
static void one_sender_at_a_time_takes_what_the_closed_form_says(void **state)
{
    (void)state;
    static const unsigned chunks[] = {1, 2, 3, 7, 24};
    static const double L = 200e-6, T = 200e-6 + 100e-6; /* 100 kB at 1e9 bytes/s */
    for (unsigned k = 2; k <= 6; k++)
        for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
            struct run run;
            unsigned m = chunks[i] * k; /* a concurrency above the chunks would be told */
            run_open(&run, "leaf:1 spine:1 host:1 storage:6 8Gb/s latency:200us",
                     "storage: [{read: {name: r, readers: 1, size: %ukB, chunk: 100kB, "
                     "concurrency: %u, request-to-send: 1}}]",
                     100 * m, k);
            run_simulate(&run);
            const struct csin_stream_result *stream = &run.result->streams[0];
            unsigned q = (m - 1) / k, r = (m - 1) % k;
            double cycle = fmax(k * T, 2 * L + T);
            assert_close(run.result->makespan_s, 2 * L + q * cycle + (r + 1) * T, EXACT);
            assert_int_equal(stream->n_requests, m);
            assert_int_equal(stream->bytes, 100000 * m);
            assert_int_equal(run.result->n_transfers, m);
            assert_int_equal(stream->effective.n_transfers, m);
            run_close(&run);
        }
}

/* Chunk after chunk: the request there and back, then the chunk. */
static void a_request_counts_from_its_offer(void **state)
{
    (void)state;
    struct run run;
    memset(&run, 0, sizeof run);
    assert_int_equal(run_try(&run, NULL,
                             "scenario: test\n"
                             "fabric: leaf:1 spine:1 host:1 storage:3 8Gb/s latency:2us\n"
                             "storage: [{read: {name: r, readers: 1, size: 10MB, chunk: 1MB, "
                             "concurrency: 1, request-to-send: 1}}]\n"),
                     CSIN_OK);
    assert_int_equal(csin_diag_warnings(run.diag), 1); /* it limits nothing, but it takes time */
    assert_int_equal(csin_scenario_schedule(run.scenario, CSIN_NONE, run.diag, &run.schedule),
                     CSIN_OK);
    assert_int_equal(
        csin_simulate(run.scenario, &run.schedule, &run.options, run.diag, &run.result), CSIN_OK);
    assert_close(run.result->makespan_s, 10 * (3 * 2e-6 + 1e-3), EXACT);
    assert_close(run.result->streams[0].mean_request_s, 3 * 2e-6 + 1e-3, EXACT);
    assert_close(run.result->streams[0].max_request_s, 3 * 2e-6 + 1e-3, EXACT);
    run_close(&run);
}

static void no_more_than_asked_send_to_a_reader_at_a_time(void **state)
{
    (void)state;
    for (unsigned senders = 1; senders <= 5; senders++) {
        struct run run;
        run_open(&run, FABRIC,
                 "storage: [{read: {name: r, readers: 5, size: 8500kB, chunk: 500kB, concurrency: "
                 "6, request-to-send: %u, start: 3ms}}]",
                 senders);
        run_engine(&run);
        const double *start_s = run.engine.start_s, *finish_s = run.engine.finish_s;
        assert_int_equal(n_chunks(&run), 2 * 5 * 17);
        uint32_t most = 0;
        for (uint32_t op = 1; op <= n_chunks(&run); op += 2) {
            uint32_t reader = run.schedule.dst[op + 1], sending = 0, outside = 0;
            assert_true(csin_is_delay(&run.schedule, op));
            assert_true(run.schedule.amount[op].delay_s > 0);
            assert_true(start_s[op + 1] >= finish_s[op]);
            for (uint32_t i = 1; i <= n_chunks(&run); i += 2) {
                bool same = run.schedule.dst[i + 1] == reader;
                sending += same && start_s[i + 1] <= start_s[op + 1] &&
                           finish_s[i + 1] > start_s[op + 1];
                outside += same && start_s[i] <= start_s[op] && finish_s[i + 1] > start_s[op];
            }
            assert_true(sending <= senders && outside <= 6);
            most = sending > most ? sending : most;
        }
        assert_int_equal(most, senders);
        run_close(&run);
    }
}

/* The reader's time is up: a request that was not made, and its chunk, are one that was skipped. */
static void requests_skipped_are_counted_once(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:1 storage:3 8Gb/s latency:2us",
             "storage: [{read: {name: r, readers: 1, duration: 5ms, chunk: 1MB, concurrency: 3, "
             "request-to-send: 1}}]");
    run_simulate(&run);
    const struct csin_stream_result *stream = &run.result->streams[0];
    uint32_t chunks = n_chunks(&run) / 2;
    /* 3 requests at first, and one more with each of 4 chunks that came in 5 ms. */
    assert_int_equal(stream->n_requests, 7);
    assert_int_equal(stream->bytes, 7000000);
    assert_int_equal(stream->effective.n_transfers, 7);
    assert_int_equal(stream->effective.n_skipped, chunks - 7);
    assert_int_equal(stream->effective.bytes, 7000000);
    assert_int_equal(run.result->n_transfers, 7);
    run_close(&run);
}

static void the_latency_of_a_request_is_that_of_its_path(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:2 spine:1 host:1 storage:1 8Gb/s latency:3us",
             "storage: [{read: {name: r, readers: h1, size: 2MB, chunk: 1MB, concurrency: 2, "
             "request-to-send: 1}}]");
    for (uint32_t op = 1; op <= n_chunks(&run); op += 2) {
        bool near = run.schedule.src[op + 1] == csin_fabric_host(run.scenario->fabric, "s1");
        assert_close(run.schedule.amount[op].delay_s, near ? 2 * 3e-6 : 2 * 9e-6, EXACT);
    }
    char *text = dump(&run);
    assert_non_null(strstr(text, "gate 0 limit 2 closes never holds\n"
                                 "gate 1 limit 1 closes never\n"));
    assert_non_null(strstr(text, "\n1 delay "));
    assert_non_null(strstr(text, " -> h1 1000000 B gate 1 after 1\n"));
    free(text);
    run_close(&run);
}

/* ---- checkpoints ---- */

static void a_chunk_goes_along_a_chain_of_different_servers(void **state)
{
    (void)state;
    for (unsigned replicas = 2; replicas <= 3; replicas++) {
        struct run run;
        run_open(&run, FABRIC,
                 "storage: [{checkpoint: {name: c, writers: 4, size: 10500B, chunk: 1kB, replicas: "
                 "%u, concurrency: 3}}]",
                 replicas);
        run_engine(&run);
        const struct csin_schedule *s = &run.schedule;
        assert_int_equal(n_chunks(&run), 4 * 11 * replicas);
        assert_int_equal(s->bytes, 4 * 10500 * replicas);
        for (uint32_t op = 1; op <= n_chunks(&run); op++) {
            uint32_t hop = (op - 1) % replicas, chunk = (op - 1) / replicas;
            assert_int_equal(s->amount[op].bytes, chunk % 11 == 10 ? 500 : 1000);
            assert_int_equal(run.scenario->fabric->hosts[s->dst[op]].role, CSIN_STORAGE);
            if (hop == 0) {
                assert_int_equal(s->src[op], stream_of(&run)->clients[chunk / 11]);
                continue;
            }
            assert_int_equal(s->src[op], s->dst[op - 1]);
            assert_true(run.engine.start_s[op] == run.engine.finish_s[op - 1]);
            for (uint32_t k = 1; k <= hop; k++)
                assert_true(s->dst[op] != s->dst[op - k]);
        }
        run_close(&run);
    }
}

/* Chains are runs of neighbours in a circle of m servers and a writer takes them in turn: after
 * every m chunks each server has had `replicas`, and what is left over is at most that much more.
 */
static void a_checkpoint_is_spread_evenly_over_the_servers(void **state)
{
    (void)state;
    for (unsigned replicas = 2; replicas <= 3; replicas++)
        for (unsigned chunks = 1; chunks <= 18; chunks++) {
            struct run run;
            run_open(
                &run, FABRIC,
                "storage: [{checkpoint: {name: c, writers: 4, size: %uB, chunk: 10B, replicas: "
                "%u, concurrency: 1}}]",
                chunks * 10, replicas);
            uint32_t counts[4][32] = {{0}};
            for (uint32_t op = 1; op <= n_chunks(&run); op++)
                counts[(op - 1) / (chunks * replicas)][run.schedule.dst[op]]++;
            for (uint32_t writer = 0; writer < 4; writer++)
                for (uint32_t i = 0; i < stream_of(&run)->n_servers; i++) {
                    uint32_t got = counts[writer][stream_of(&run)->servers[i]];
                    uint32_t least = chunks / 6 * replicas, rest = chunks % 6;
                    assert_in_range(got, least, least + (rest < replicas ? rest : replicas));
                }
            run_close(&run);
        }
}

static void writers_begin_at_different_chains(void **state)
{
    (void)state;
    struct run run;
    uint32_t heads[32] = {0}, used = 0;
    run_open(
        &run, FABRIC,
        "storage: [{checkpoint: {name: c, writers: 8, size: 10B, chunk: 10B, concurrency: 1}}]");
    for (uint32_t op = 1; op <= n_chunks(&run); op += 2)
        used += heads[run.schedule.dst[op]]++ == 0;
    assert_true(used >= 3); /* of 6 */
    run_close(&run);
}

static void a_writer_has_k_chunks_under_way_and_never_more(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 5; k++) {
        struct run run;
        run_open(
            &run, FABRIC,
            "storage: [{checkpoint: {name: c, writers: 5, size: 12MB, chunk: 1MB, replicas: 3, "
            "concurrency: %u, start: 2ms}}]",
            k);
        run_engine(&run);
        const double *start_s = run.engine.start_s, *finish_s = run.engine.finish_s;
        for (uint32_t op = 1; op <= n_chunks(&run); op += 3) {
            uint32_t writer = (op - 1) / 36, under_way = 0;
            assert_true(start_s[op] >= 2e-3);
            for (uint32_t i = 1 + writer * 36; i < 1 + (writer + 1) * 36; i += 3)
                under_way += start_s[i] <= start_s[op] && finish_s[i + 2] > start_s[op];
            assert_in_range(under_way, 1, k);
            if ((op - 1) % 36 / 3 < k)
                assert_close(start_s[op], 2e-3, EXACT);
        }
        run_close(&run);
    }
}

/* Store and forward along the chain, one chunk at a time. */
static void a_checkpoint_alone_takes_its_hops_one_after_the_other(void **state)
{
    (void)state;
    for (unsigned replicas = 2; replicas <= 3; replicas++) {
        struct run run;
        run_open(&run, "leaf:1 spine:1 host:1 storage:6 8Gb/s latency:2us",
                 "storage: [{checkpoint: {name: c, writers: 1, size: 10MB, chunk: 1MB, replicas: "
                 "%u, concurrency: 1}}]",
                 replicas);
        run_simulate(&run);
        const struct csin_stream_result *stream = &run.result->streams[0];
        assert_close(run.result->makespan_s, 10 * replicas * (1e-3 + 2e-6), EXACT);
        assert_close(stream->mean_request_s, replicas * (1e-3 + 2e-6), EXACT);
        assert_int_equal(stream->bytes, 10000000);
        assert_int_equal(stream->effective.bytes, replicas * 10000000);
        assert_close(stream->throughput_Bps, 1e6 / (replicas * 1002e-6), EXACT);
        run_close(&run);
    }
}

/* It did, for every writer: 4 bytes for each chunk that might have been outstanding. */
static void a_huge_concurrency_takes_no_memory(void **state)
{
    (void)state;
    struct run run = {0};
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    assert_int_equal(run_try(&run, NULL,
                             "scenario: s\n"
                             "fabric: '" FABRIC "'\n"
                             "storage: [{checkpoint: {name: c, writers: 2, size: 8MB, chunk: 4MB, "
                             "concurrency: 1000000000}}]\n"),
                     CSIN_OK);
    assert_int_equal(csin_scenario_schedule(run.scenario, CSIN_NONE, run.diag, &run.schedule),
                     CSIN_OK);
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 100000); /* kB */
    assert_int_equal(n_chunks(&run), 2 * 2 * 2);
    run_close(&run);
}

/* ---- company ---- */

/* docs/model.md: adding a job or stream does not change what the others draw. */
static void a_stream_draws_the_same_beside_other_jobs_and_streams(void **state)
{
    (void)state;
    static const char *const others[] = {
        "jobs: []\nstorage:",
        "jobs: [{name: j, hosts: 2, steps: [{incast: {size: 1MB}}]}]\nstorage:",
        "storage:\n  - {read: {name: o, readers: 1, size: 1MB}}",
        "storage:\n  - {checkpoint: {name: o, writers: 1, size: 1MB}}"};
    uint32_t src[4][48];
    for (size_t i = 0; i < 4; i++) {
        struct run run;
        run_open(&run, FABRIC, "%s\n  - {read: {name: r, readers: 8, size: 60B, chunk: 10B}}",
                 others[i]);
        const struct csin_schedule *s = &run.schedule;
        memcpy(src[i], s->src + s->n_ops - 48, sizeof src[i]);
        assert_memory_equal(src[i], src[0], sizeof src[0]);
        run_close(&run);
    }
}

RUN_MAIN(cmocka_unit_test(every_reader_gets_its_size_in_chunks),
         cmocka_unit_test(a_reader_has_all_its_chunks_outstanding_but_never_more),
         cmocka_unit_test(a_stripe_is_spread_evenly_over_its_servers),
         cmocka_unit_test(without_a_stripe_a_file_lies_on_all_servers),
         cmocka_unit_test(a_seed_draws_the_same_stripes_again_and_another_draws_others),
         cmocka_unit_test(readers_draw_different_stripes),
         cmocka_unit_test(a_reader_alone_takes_a_round_trip_per_k_chunks),
         cmocka_unit_test(many_readers_share_the_nic_of_one_server),
         cmocka_unit_test(nothing_is_asked_for_when_the_time_is_up_but_all_asked_for_arrives),
         cmocka_unit_test(a_reader_with_one_chunk_outstanding_reads_as_many_as_begin_in_time),
         cmocka_unit_test(a_reader_has_chunks_enough_for_its_time),
         cmocka_unit_test(a_reader_with_two_nics_has_chunks_enough_too),
         cmocka_unit_test(one_sender_at_a_time_takes_what_the_closed_form_says),
         cmocka_unit_test(a_request_counts_from_its_offer),
         cmocka_unit_test(no_more_than_asked_send_to_a_reader_at_a_time),
         cmocka_unit_test(requests_skipped_are_counted_once),
         cmocka_unit_test(the_latency_of_a_request_is_that_of_its_path),
         cmocka_unit_test(a_chunk_goes_along_a_chain_of_different_servers),
         cmocka_unit_test(a_checkpoint_is_spread_evenly_over_the_servers),
         cmocka_unit_test(writers_begin_at_different_chains),
         cmocka_unit_test(a_writer_has_k_chunks_under_way_and_never_more),
         cmocka_unit_test(a_checkpoint_alone_takes_its_hops_one_after_the_other),
         cmocka_unit_test(a_huge_concurrency_takes_no_memory),
         cmocka_unit_test(a_stream_draws_the_same_beside_other_jobs_and_streams))
