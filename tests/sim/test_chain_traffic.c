/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Storage traffic over chain tables: where chunks lie, what moves, how long it takes. Links are
 * 8Gb/s = 1e9 bytes/s. */
#include "tests/sim/run.h"

#include "sim/chain_traffic.h"

#define B 1e9
#define L 2e-6 /* of a way through one switch */
#define EXACT 1e-9
#define ONE_LEAF "leaf:1 spine:1 host:4 storage:9 8Gb/s latency:2us"
#define FABRIC "leaf:4 spine:4 host:4 storage:3 8Gb/s latency:2us"
#define TABLE "chain-tables: {t: {ssds: 4, replicas: 3}}\n"

static const struct csin_chains *table_of(const struct run *run)
{
    return &run->scenario->chains[0];
}

/* ---- reading ---- */

/* Consecutive chains of the table in an order of their own, file
 * behind file, and one target of each. */
static void files_lie_on_consecutive_chains(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FABRIC,
             TABLE "storage: [{read: {name: r, readers: 8, size: 50MB, chunk: 1MB, stripe: 50, "
                   "chains: t, concurrency: 4}}]");
    const struct csin_chains *t = table_of(&run);
    assert_int_equal(t->n_chains, 12 * 6 / 3 * 4); /* r = 6: 2 r >= 11 */
    assert_int_equal(run.scenario->streams[0].n_servers, 12);
    for (uint32_t reader = 0; reader < 8; reader++) {
        uint32_t counts[64] = {0}, all = 0;
        for (uint32_t i = 0; i < 50; i++) {
            uint32_t op = 1 + 50 * reader + i;
            assert_int_equal(run.schedule.dst[op], run.scenario->streams[0].clients[reader]);
            counts[run.schedule.src[op]]++;
        }
        for (uint32_t host = 0; host < 64; host++)
            all += counts[host];
        assert_int_equal(all, 50);
        for (uint32_t s = 0; s < 12; s++) /* 50 / 12, and any of the three */
            assert_in_range(counts[t->servers[s]], 1, 8);
    }
    run_close(&run);
}

static void without_a_stripe_it_is_200_or_all_chains(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FABRIC,
             TABLE "storage: [{read: {name: r, readers: 1, size: 300MB, chunk: 1MB, chains: t}}]");
    assert_int_equal(run.scenario->streams[0].stripe, 96);
    run_close(&run);
    run_open(&run, FABRIC,
             "chain-tables: {t: {ssds: 16}}\n"
             "storage: [{read: {name: r, readers: 1, size: 300MB, chunk: 1MB, chains: t}}]");
    assert_int_equal(run.scenario->streams[0].stripe, 200);
    run_close(&run);
}

/* Replicas spread what one client has outstanding: with as many as there are servers, hardly any
 * server has more than two. */
static void any_replica_is_read_the_least_asked_first(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FABRIC,
             TABLE "storage: [{read: {name: r, readers: 4, size: 960MB, chunk: 1MB, chains: t, "
                   "concurrency: 12}}]");
    unsigned most = 0, windows = 0, over = 0;
    for (uint32_t op = 1; op + 12 <= run.schedule.n_ops; op += 12, windows++) {
        uint32_t counts[64] = {0}, top = 0;
        for (uint32_t i = 0; i < 12; i++) {
            uint32_t n = ++counts[run.schedule.src[op + i]];
            top = n > top ? n : top;
        }
        over += top > 2;
        most = top > most ? top : most;
    }
    assert_in_range(most, 1, 3);
    assert_true(10 * over < windows);
    run_close(&run);
}

/* k servers send at once, each its chunk of c bytes: L + k c / B, and then the next k. */
static void k_senders_share_the_readers_nic(void **state)
{
    (void)state;
    for (unsigned k = 1; k <= 4; k++) {
        struct run run;
        run_open(&run, ONE_LEAF,
                 "chain-tables: {t: {replicas: 3, targets: 4}}\n"
                 "storage: [{read: {name: r, readers: 1, size: 12MB, chunk: 1MB, chains: t, "
                 "concurrency: %u}}]",
                 k);
        run_simulate(&run);
        assert_close(run.result->makespan_s, 12.0 / k * (L + k * 1e-3), EXACT);
        run_close(&run);
    }
}

/* ---- records and values ---- */

static void records_come_from_all_servers_alike(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FABRIC,
             TABLE "storage: [{records: {name: r, readers: 4, size: 115MB, record: 115kB, "
                   "chains: t, concurrency: 8}}]");
    uint32_t counts[64] = {0};
    assert_int_equal(run.schedule.n_ops, 1 + 4 * 1000);
    for (uint32_t op = 1; op <= 4000; op++) {
        assert_int_equal(run.schedule.amount[op].bytes, 115000);
        counts[run.schedule.src[op]]++;
    }
    for (uint32_t s = 0; s < 12; s++) /* 333 and some; 5 standard deviations are 91 */
        assert_in_range(counts[table_of(&run)->servers[s]], 243, 425);
    run_close(&run);
}

static void values_that_are_missing_take_their_time_and_no_bytes(void **state)
{
    (void)state;
    static const unsigned percent[] = {100, 75, 20};
    for (size_t i = 0; i < 3; i++) {
        struct run run;
        char ratio[16];
        snprintf(ratio, sizeof ratio, "%u.%02u", percent[i] / 100, percent[i] % 100);
        run_open(&run, ONE_LEAF,
                 "chain-tables: {t: {replicas: 2, targets: 2}}\n"
                 "storage: [{kv-cache: {name: kv, readers: 1, size: 1GB, value: 1MB, chains: t, "
                 "concurrency: 1, hit-ratio: %s%s}}]",
                 ratio, percent[i] < 100 ? ", miss-time: 3ms" : "");
        run_simulate(&run);
        const struct csin_stream_result *kv = &run.result->streams[0];
        assert_int_equal(kv->n_requests + kv->n_misses, 1000);
        assert_in_range(kv->n_requests, percent[i] * 10 - (percent[i] < 100 ? 65 : 0),
                        percent[i] * 10 + 65);
        assert_int_equal(kv->bytes, kv->n_requests * 1000000);
        /* The time after the last hit is not its. */
        double time = (double)kv->n_requests * (L + 1e-3) + (double)kv->n_misses * 3e-3;
        assert_close(run.result->makespan_s, time, EXACT);
        assert_close(kv->mean_request_s, L + 1e-3, EXACT);
        run_close(&run);
    }
}

/* ---- writing ---- */

/* m chunks, one after the other along a chain of r: m r (3 L + c / B), as each service is told and
 * fetches. */
static void a_writer_alone_goes_hop_by_hop(void **state)
{
    (void)state;
    for (unsigned k = 2; k <= 3; k++) {
        struct run run;
        run_open(&run, ONE_LEAF,
                 "chain-tables: {t: {replicas: %u, targets: 6}}\n"
                 "storage: [{checkpoint: {name: w, writers: 1, size: 7500kB, chunk: 1MB, chains: "
                 "t, concurrency: 1}}]",
                 k);
        run_simulate(&run);
        assert_close(run.result->makespan_s, k * (8 * 3 * L + 7.5e-3), EXACT);
        assert_int_equal(run.result->streams[0].bytes, 7500000);
        assert_int_equal(run.result->n_transfers, 8 * k);
        run_close(&run);
    }
}

/* Every byte goes into r servers and out of r - 1: the chains of the table, from head to tail. */
static void writes_are_amplified_by_the_replicas(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FABRIC,
             TABLE "storage: [{checkpoint: {name: w, writers: 6, size: 96MB, chunk: 1MB, chains: "
                   "t, concurrency: 5}}]");
    double in = 0, out = 0;
    const struct csin_chains *t = table_of(&run);
    uint32_t received[64] = {0};
    for (uint32_t op = 2; op < run.schedule.n_ops; op += 6) {
        uint32_t hosts[3];
        for (uint32_t hop = 0; hop < 3; hop++) {
            hosts[hop] = run.schedule.dst[op + 2 * hop];
            received[hosts[hop]]++;
            in += (double)run.schedule.amount[op + 2 * hop].bytes;
            if (hop > 0) {
                out += (double)run.schedule.amount[op + 2 * hop].bytes;
                assert_int_equal(run.schedule.src[op + 2 * hop], hosts[hop - 1]);
            }
        }
        bool is_chain = false;
        for (uint32_t c = 0; c < t->n_chains && !is_chain; c++)
            is_chain = t->servers[t->targets[3 * c].server] == hosts[0] &&
                       t->servers[t->targets[3 * c + 1].server] == hosts[1] &&
                       t->servers[t->targets[3 * c + 2].server] == hosts[2];
        assert_true(is_chain);
    }
    assert_close(in, 3 * 6 * 96e6, EXACT);
    assert_close(out, 2 * 6 * 96e6, EXACT);
    for (uint32_t s = 0; s < 12; s++) /* each file is on all chains once: all alike */
        assert_int_equal(received[t->servers[s]], 3 * 6 * 96 / 12);
    run_close(&run);
}

static void checkpoints_come_every_so_often(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, ONE_LEAF,
             "chain-tables: {t: {replicas: 2, targets: 6}}\n"
             "storage: [{checkpoint: {name: w, writers: 2, size: 4MB, chunk: 1MB, chains: t, "
             "concurrency: 2, start: 5ms, every: 100ms, times: 3}}]");
    run_simulate(&run);
    assert_int_equal(run.result->streams[0].n_requests, 3 * 2 * 4);
    assert_int_equal(run.result->streams[0].bytes, 3 * 2 * 4000000);
    run_close(&run);
    run_open(&run, ONE_LEAF,
             "chain-tables: {t: {replicas: 2, targets: 6}}\n"
             "storage: [{checkpoint: {name: w, writers: 2, size: 4MB, chunk: 1MB, chains: t, "
             "concurrency: 2, start: 5ms, every: 100ms, times: 3}}]");
    run_engine(&run);
    for (uint32_t burst = 0; burst < 3; burst++)
        for (uint32_t i = 0; i < 2 * 4; i++) {
            uint32_t op = 3 + (burst * 8 + i) * 4;
            if (i % 4 < 2)
                assert_close(run.engine.start_s[op], 5e-3 + burst * 0.1, EXACT);
            assert_true(run.engine.finish_s[op + 3] < 5e-3 + burst * 0.1 + 50e-3);
        }
    run_close(&run);
}

/* A burst that the one before is in the way of begins behind it. */
static void a_late_checkpoint_waits_for_the_one_before(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, ONE_LEAF,
             "chain-tables: {t: {replicas: 2, targets: 6}}\n"
             "storage: [{checkpoint: {name: w, writers: 1, size: 10MB, chunk: 1MB, chains: t, "
             "concurrency: 1, every: 1ms, times: 2}}]");
    run_simulate(&run);
    assert_close(run.result->makespan_s, 2 * 10 * 2 * (3 * L + 1e-3), EXACT);
    run_close(&run);
}

/* ---- recovery ---- */

/* With lambda 1 and r targets an SSD has r (k - 1) different neighbours, and r of them send. */
static void a_lost_host_comes_back_from_its_chains(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:1 storage:25 8Gb/s latency:2us",
             "chain-tables: {t: {ssds: 4, replicas: 3, targets: 12}}\n"
             "storage: [{recovery: {name: r, lost: s07, size: 12MB, chunk: 250kB, chains: t, "
             "concurrency: 48}}]");
    run_simulate(&run);
    const struct csin_stream_result *r = &run.result->streams[0];
    uint32_t senders[64] = {0}, n = 0, most = 0;
    for (uint32_t op = 1; op < run.schedule.n_ops; op++)
        n += senders[run.schedule.src[op]]++ == 0;
    for (uint32_t i = 0; i < 64; i++)
        most = senders[i] > most ? senders[i] : most;
    assert_int_equal(r->bytes, 4 * 12000000);
    assert_int_equal(r->n_requests, 4 * 12 * 4); /* SSDs, targets, chunks of each */
    assert_int_equal(n, 12);
    assert_int_equal(most, 4 * 4);
    assert_int_equal(r->stream->n_servers, 24);
    assert_close(run.result->makespan_s, 4 * (L + 48 * 250e3 / B), EXACT);
    run_close(&run);
}

static void one_lost_ssd_brings_back_its_own_share(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:1 storage:25 8Gb/s latency:2us",
             "chain-tables: {t: {ssds: 4, replicas: 3, targets: 12}}\n"
             "storage: [{recovery: {name: r, lost: 's[07-08]', ssd: 2, size: 12MB, chunk: 2MB, "
             "chains: t}}]");
    run_simulate(&run);
    assert_int_equal(run.result->streams[0].bytes, 2 * 12000000);
    const struct csin_chains *t = table_of(&run);
    bool lost[25] = {[6] = true, [7] = true};
    for (uint32_t c = 0; c < t->n_chains; c++) {
        uint32_t j = csin_recovery_source(t, c, lost, 2);
        const struct csin_target *from = &t->targets[3 * c + j];
        assert_true(j < 3 && !(lost[from->server] && from->ssd == 2));
    }
    run_close(&run);
}

/* ---- in both engines, and again ---- */

static void chains_are_drawn_the_same_again(void **state)
{
    (void)state;
    double makespan_s[2];
    for (size_t i = 0; i < 2; i++) {
        struct run run;
        run_open(&run, FABRIC,
                 TABLE
                 "storage:\n"
                 "  - read: {name: a, readers: 6, duration: 5ms, chunk: 100kB, chains: t, "
                 "concurrency: 6, request-to-send: 2}\n"
                 "  - kv-cache: {name: b, readers: 4, duration: 5ms, value: 40kB, chains: t, "
                 "hit-ratio: 0.5, miss-time: 100us}\n"
                 "  - checkpoint: {name: c, writers: 4, size: 1MB, chunk: 100kB, chains: t}\n");
        run_simulate(&run);
        makespan_s[i] = run.result->makespan_s;
        assert_true(run.result->streams[1].n_misses > 0);
        run_close(&run);
    }
    assert_true(makespan_s[0] == makespan_s[1]);
}

RUN_MAIN(cmocka_unit_test(files_lie_on_consecutive_chains),
         cmocka_unit_test(without_a_stripe_it_is_200_or_all_chains),
         cmocka_unit_test(any_replica_is_read_the_least_asked_first),
         cmocka_unit_test(k_senders_share_the_readers_nic),
         cmocka_unit_test(records_come_from_all_servers_alike),
         cmocka_unit_test(values_that_are_missing_take_their_time_and_no_bytes),
         cmocka_unit_test(a_writer_alone_goes_hop_by_hop),
         cmocka_unit_test(writes_are_amplified_by_the_replicas),
         cmocka_unit_test(checkpoints_come_every_so_often),
         cmocka_unit_test(a_late_checkpoint_waits_for_the_one_before),
         cmocka_unit_test(a_lost_host_comes_back_from_its_chains),
         cmocka_unit_test(one_lost_ssd_brings_back_its_own_share),
         cmocka_unit_test(chains_are_drawn_the_same_again))
