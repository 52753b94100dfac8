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

/* ---- SSDs ---- */

/* `servers` of `ssds` SSDs, and 8 clients, under one switch; rates in MB/s, NICs of 1e9 bytes/s. */
static const char *host_models(char *text, size_t room, unsigned servers, unsigned ssds,
                               unsigned read_MBps, unsigned write_MBps)
{
    snprintf(text, room,
             "fabric: f\n"
             "switch-models: {sw: {ports: 128, rate: 8Gb/s, latency: 2us}}\n"
             "host-models:\n"
             "  c: {rate: 8Gb/s, inside: {memory: 100GB/s}}\n"
             "  s: {rate: 8Gb/s, role: storage, inside: {ssds: %u, ssd-read: %uMB/s, ssd-write: "
             "%uMB/s}}\n"
             "zones: {z: {model: sw, leaves: 1, spines: 1}}\n"
             "hosts:\n"
             "  - {names: 'c[1-8]', model: c, attach: {zone: z}}\n"
             "  - {names: 's[01-%02u]', model: s, attach: {zone: z}}\n",
             ssds, read_MBps, write_MBps, servers);
    return text;
}

static double most_on_an_ssd(const struct run *run, enum csin_inside_kind kind)
{
    double most = 0;
    for (uint32_t i = 0; i < run->result->n_insides; i++) {
        uint32_t index;
        const struct csin_arc_result *inside = &run->result->insides[i];
        if (csin_inside_kind_of(&run->scenario->inside, inside->arc, &index) == kind)
            most = fmax(most, inside->bytes);
    }
    return most;
}

/* All records are asked for at once: the SSD with most of them takes 1 / IOPS for each. */
static void operations_a_second_limit_small_records(void **state)
{
    (void)state;
    char models[1024];
    struct run run;
    run_open(&run, host_models(models, sizeof models, 4, 2, 400, 400),
             "chain-tables: {t: {replicas: 2, ssd-iops: 1000}}\n"
             "storage: [{records: {name: r, readers: 4, size: 400kB, record: 4kB, chains: t, "
             "concurrency: 100}}]");
    assert_int_equal(table_of(&run)->n_ssds, 2); /* of the model */
    run_simulate(&run);
    const struct csin_stream_result *r = &run.result->streams[0];
    double records = r->limits.ssd_max_bytes / (4000 * 100.0); /* each as 400 kB */
    assert_close(most_on_an_ssd(&run, CSIN_INSIDE_SSD_READ), r->limits.ssd_max_bytes, EXACT);
    assert_int_equal(r->limits.n_ssds, 8);
    assert_close(r->limits.ssd_mean_bytes, 400 * 400e3 / 8, EXACT);
    assert_in_range((unsigned)(records + 0.5), 50, 90);
    assert_close(run.result->makespan_s, records / 1000 + L, 1e-6);
    assert_true(r->limits.full[CSIN_LIMIT_SSD] > 0.6);
    assert_true(r->limits.full[CSIN_LIMIT_SERVER_NIC] == 0);
    run_close(&run);
}

/* Of 115 kB records it is the bytes. */
static void bytes_limit_large_records(void **state)
{
    (void)state;
    char models[1024];
    struct run run;
    run_open(&run, host_models(models, sizeof models, 4, 2, 10, 10),
             "chain-tables: {t: {replicas: 2, ssd-iops: 1000}}\n"
             "storage: [{records: {name: r, readers: 4, size: 5750kB, record: 115kB, chains: t, "
             "concurrency: 50}}]");
    run_simulate(&run);
    const struct csin_stream_result *r = &run.result->streams[0];
    assert_close(r->limits.ssd_mean_bytes, 4 * 5750e3 / 8, EXACT);
    assert_close(run.result->makespan_s, r->limits.ssd_max_bytes / 10e6 + L, 1e-6);
    run_close(&run);
}

/* One replica of each byte on an SSD; the slowest thing on the way is an SSD that is written. */
static void ssds_limit_a_checkpoint(void **state)
{
    (void)state;
    char models[1024];
    struct run run;
    run_open(&run, host_models(models, sizeof models, 3, 1, 500, 100),
             "chain-tables: {t: {replicas: 3, targets: 3}}\n"
             "storage: [{checkpoint: {name: w, writers: 2, size: 30MB, chunk: 1MB, chains: t, "
             "concurrency: 10}}]");
    run_simulate(&run);
    const struct csin_stream_result *w = &run.result->streams[0];
    assert_close(w->limits.ssd_mean_bytes, 60e6, EXACT);
    assert_close(w->limits.ssd_max_bytes, 60e6, EXACT);
    assert_true(run.result->makespan_s > 0.6);
    assert_true(run.result->makespan_s < 0.75); /* the last chunks go alone */
    run_close(&run);
}

/* FF VII-A: more than 10 GiB/s from each host, where the fabric has room. */
static void a_checkpoint_is_written_at_more_than_10_gibibytes_a_second(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:4 spine:8 host:2 storage:6 200Gb/s latency:450ns",
             "chain-tables: {t: {ssds: 16, replicas: 2}}\n"
             "storage: [{checkpoint: {name: w, writers: 8, size: 1GiB, chunk: 4MiB, chains: t, "
             "concurrency: 32}}]");
    run_simulate(&run);
    assert_true(run.result->streams[0].min_client_Bps > 10.0 * 1073741824);
    run_close(&run);
}

/* ---- what is dead ---- */

static double sent_by(const struct run *run, const char *name)
{
    const struct csin_fabric *f = run->scenario->fabric;
    uint32_t host = csin_fabric_host(f, name);
    for (uint32_t i = 0; i < run->result->n_arcs; i++) {
        uint32_t v = csin_arc_tail(f, run->result->arcs[i].arc);
        if (csin_is_nic(f, v) && f->nics[v - f->n_switches].host == host)
            return run->result->arcs[i].bytes;
    }
    return 0;
}

/* Seven servers, lambda 1: the others read 1/6 each for the one that is gone. */
static void reads_of_a_dead_host_are_spread_over_the_others(void **state)
{
    (void)state;
    char models[1024];
    struct run run;
    run_open(&run, host_models(models, sizeof models, 7, 8, 500, 500),
             "chain-tables: {t: {replicas: 3}}\n"
             "events: [{at: 0s, host: s03, state: down}]\n"
             "storage: [{records: {name: r, readers: 8, size: 10MB, record: 10kB, chains: t, "
             "concurrency: 8}}]");
    run_simulate(&run);
    double all = 0;
    assert_true(sent_by(&run, "s03") == 0);
    for (unsigned i = 1; i <= 7; i++) {
        char name[8];
        snprintf(name, sizeof name, "s%02u", i);
        all += sent_by(&run, name);
        if (i != 3) /* 80 MB / 6, of 8,000 draws */
            assert_close(sent_by(&run, name), 80e6 / 6, 0.08);
    }
    assert_close(all, 80e6, EXACT);
    run_close(&run);
}

/* Neighbours of a naive table take all of it. */
static void a_naive_table_loads_neighbours(void **state)
{
    (void)state;
    char models[1024];
    struct run run;
    run_open(&run, host_models(models, sizeof models, 6, 5, 500, 500),
             "chain-tables: {t: {replicas: 3, design: naive, targets: 5}}\n"
             "events: [{at: 0s, host: s01, state: down}]\n"
             "storage: [{records: {name: r, readers: 8, size: 10MB, record: 10kB, chains: t, "
             "concurrency: 8}}]");
    run_simulate(&run);
    assert_true(sent_by(&run, "s01") == 0);
    assert_close(sent_by(&run, "s02") + sent_by(&run, "s03"), 40e6, 0.05);
    assert_close(sent_by(&run, "s04") + sent_by(&run, "s05") + sent_by(&run, "s06"), 40e6, 0.05);
    run_close(&run);
}

/* Bytes on an SSD's resource. */
static double on_ssd(const struct run *run, const char *host, enum csin_inside_kind kind,
                     uint32_t ssd)
{
    uint32_t r = csin_inside_find(&run->scenario->inside,
                                  csin_fabric_host(run->scenario->fabric, host), kind, ssd);
    for (uint32_t i = 0; i < run->result->n_insides; i++)
        if (run->result->insides[i].arc == r)
            return run->result->insides[i].bytes;
    return 0;
}

static void a_dead_ssd_is_read_elsewhere_and_comes_back(void **state)
{
    (void)state;
    char models[1024];
    double bytes[2];
    for (unsigned back = 0; back < 2; back++) {
        struct run run;
        run_open(&run, host_models(models, sizeof models, 7, 3, 500, 500),
                 "chain-tables: {t: {replicas: 3}}\n"
                 "events: [{at: 0s, host: s03, ssd: 1, state: down}%s]\n"
                 "storage: [{read: {name: r, readers: 8, size: 30MB, chunk: 100kB, chains: t, "
                 "concurrency: 8}}]",
                 back ? ", {at: 10ms, host: s03, ssd: 1, state: up}" : "");
        run_simulate(&run);
        bytes[back] = on_ssd(&run, "s03", CSIN_INSIDE_SSD_READ, 1);
        assert_true(on_ssd(&run, "s03", CSIN_INSIDE_SSD_READ, 0) > 0);
        assert_true(on_ssd(&run, "s03", CSIN_INSIDE_SSD_READ, 2) > 0);
        assert_int_equal(run.result->streams[0].bytes, 8 * 30000000);
        run_close(&run);
    }
    assert_true(bytes[0] == 0);
    assert_true(bytes[1] > 1e6);
}

/* While nobody knows yet, reads stand still; then they go on elsewhere. */
static void reads_wait_until_the_death_of_an_ssd_is_known(void **state)
{
    (void)state;
    char models[1024];
    struct run run;
    run_open(
        &run, host_models(models, sizeof models, 3, 1, 100, 100),
        "chain-tables: {t: {replicas: 3, targets: 3}}\nreaction: 50ms\n"
        "events: [{at: 1ms, host: 's[01-03]', ssd: 0, state: down}, {at: 20ms, host: s02, ssd: "
        "0, state: up}]\n"
        "storage: [{read: {name: r, readers: 1, size: 3MB, chunk: 1MB, chains: t, "
        "concurrency: 1}}]");
    run_simulate(&run);
    /* s02 is back at 20 ms; what is asked of others waits for the first reaction, at 51 ms. */
    assert_true(run.result->makespan_s > 20e-3 + 20e-3 && run.result->makespan_s < 90e-3);
    run_close(&run);
}

static void writes_to_a_dead_ssd_go_to_another_one_of_its_host(void **state)
{
    (void)state;
    char models[1024];
    struct run run;
    run_open(&run, host_models(models, sizeof models, 3, 4, 500, 500),
             "chain-tables: {t: {replicas: 3, targets: 3}}\n"
             "events: [{at: 0s, host: s02, ssd: 3, state: down}]\n"
             "storage: [{checkpoint: {name: w, writers: 4, size: 12MB, chunk: 1MB, chains: t, "
             "concurrency: 4}}]");
    run_simulate(&run);
    assert_close(on_ssd(&run, "s01", CSIN_INSIDE_SSD_WRITE, 3), 12e6, EXACT);
    assert_true(on_ssd(&run, "s02", CSIN_INSIDE_SSD_WRITE, 3) == 0);
    assert_close(on_ssd(&run, "s02", CSIN_INSIDE_SSD_WRITE, 0), 24e6, EXACT);
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
         cmocka_unit_test(operations_a_second_limit_small_records),
         cmocka_unit_test(bytes_limit_large_records), cmocka_unit_test(ssds_limit_a_checkpoint),
         cmocka_unit_test(a_checkpoint_is_written_at_more_than_10_gibibytes_a_second),
         cmocka_unit_test(reads_of_a_dead_host_are_spread_over_the_others),
         cmocka_unit_test(a_naive_table_loads_neighbours),
         cmocka_unit_test(a_dead_ssd_is_read_elsewhere_and_comes_back),
         cmocka_unit_test(reads_wait_until_the_death_of_an_ssd_is_known),
         cmocka_unit_test(writes_to_a_dead_ssd_go_to_another_one_of_its_host),
         cmocka_unit_test(chains_are_drawn_the_same_again))
