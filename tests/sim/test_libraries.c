/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HFReduce and NCCL: what their schedules move and where, counted from the schedule itself; that
 * all that has to be added up is; times against closed forms. Figures that were published are in
 * tests/validation. */
#include "tests/sim/run.h"

#include "sim/libraries.h"
#include "tests/topo/random_fabric.h"

#define MIB (UINT64_C(1) << 20)

#define HOSTS                                                                                      \
    "switch-models: {sw: {ports: 64, rate: 200Gb/s}}\n"                                            \
    "host-models:\n"                                                                               \
    "  gpu:\n"                                                                                     \
    "    rate: 200Gb/s\n"                                                                          \
    "    inside: {memory: 320GB/s, reduction: 1000GB/s, gpus: 8, gpu-rate: 27GB/s, gpu-nic: "      \
    "9GB/s,\n"
#define PORTS "      root-ports: [{gpus: [5, 6], rate: 37.5GB/s}]}\n"
static const char plain[] = "fabric: t\n" HOSTS PORTS
                            "zones: {a: {model: sw, leaves: 2, spines: 1}, "
                            "b: {model: sw, leaves: 2, spines: 1}}\n"
                            "hosts:\n"
                            "  - {names: 'a[01-40]', model: gpu, attach: {zone: a}}\n"
                            "  - {names: 'b[01-40]', model: gpu, attach: {zone: b}}\n"
                            "inter-zone: {names: x, model: sw, zones: [a, b], leaves: 2}\n";
static const char bridged[] =
    "fabric: t\n" HOSTS
    "      nvlink: 300GB/s, nvlink-pairs: [[0, 1], [2, 3], [4, 5], [6, 7]],\n" PORTS
    "zones: {a: {model: sw, leaves: 2, spines: 1}}\n"
    "hosts: [{names: 'a[01-40]', model: gpu, attach: {zone: a}}]\n";

struct world {
    struct built b;
    struct csin_inside inside;
    struct csin_schedule s;
    uint32_t hosts[80], n;
    uint32_t end;
};

static void world_open(struct world *w, const char *yaml)
{
    memset(w, 0, sizeof *w);
    w->b = build_yaml(yaml);
    assert_true(csin_inside_init(&w->inside, w->b.f));
}

/* The allreduce of a job on these hosts. */
static void world_schedule(struct world *w, enum csin_algorithm algorithm, uint64_t bytes)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_step step = {.work = CSIN_ALLREDUCE,
                             .algorithm = algorithm,
                             .size_bytes = bytes,
                             .chunk_bytes = csin_library_chunk(algorithm),
                             .overhead_s = 1e-6,
                             .channels = 1};
    csin_schedule_finish(&w->s);
    csin_schedule_init(&w->s, w->b.f->n_hosts, 1);
    w->s.inside = &w->inside;
    w->end = csin_library_schedule(&w->s, &step, w->hosts, w->n, CSIN_NONE);
    csin_schedule_span(&w->s, (struct csin_span){0, 0, 0, 0, w->s.n_ops, CSIN_NONE, CSIN_NONE});
    assert_int_equal(csin_schedule_check(&w->s, diag), CSIN_OK);
    assert_says(&diag, "");
    csin_diag_destroy(diag);
}

static void take_hosts(struct world *w, uint32_t first, uint32_t n)
{
    w->n = n;
    for (uint32_t i = 0; i < n; i++)
        w->hosts[i] = first + i;
}

static void world_close(struct world *w)
{
    csin_schedule_finish(&w->s);
    csin_inside_finish(&w->inside);
    built_finish(&w->b);
}

/* Bytes on a resource, for each byte of the buffer. */
static double load(const struct world *w, uint32_t host, enum csin_inside_kind kind, uint32_t index,
                   uint64_t bytes)
{
    uint32_t resource = csin_inside_find(&w->inside, host, kind, index);
    double sum = 0;
    for (uint32_t op = 0; op < w->s.n_ops; op++) {
        const struct csin_use *uses;
        uint32_t n = csin_uses_of(&w->s, op, &uses);
        for (uint32_t i = 0; i < n; i++)
            if (uses[i].resource == resource)
                sum += uses[i].weight * (double)w->s.amount[op].bytes;
    }
    return sum / (double)bytes;
}

/* FF section IV-D1: 8 writes, 8 reads + 1 write, 2 reads + 2 writes + 1 read, 2 reads: 24 memory
 * operations for each byte; through the root port of GPU 5 and 6 there and back of both. */
static void hfreduce_does_the_memory_operations_that_were_published(void **state)
{
    (void)state;
    struct world w;
    uint32_t inner = 0;
    world_open(&w, plain);
    take_hosts(&w, 0, 32);
    world_schedule(&w, CSIN_HFREDUCE, 64 * MIB);
    for (uint32_t h = 0; h < w.n; h++) {
        double memory = load(&w, h, CSIN_INSIDE_MEMORY, 0, 64 * MIB);
        inner += fabs(memory - 24) < 1e-9; /* of one tree; the two roots do less, and their mates */
        assert_true(memory <= 24 + 1e-9 && memory >= 21);
        assert_close(load(&w, h, CSIN_INSIDE_ROOT_PORT, 0, 64 * MIB), 4, 1e-12);
        assert_close(load(&w, h, CSIN_INSIDE_GPU_OUT, 3, 64 * MIB), 1, 1e-12);
        assert_close(load(&w, h, CSIN_INSIDE_GPU_IN, 3, 64 * MIB), 1, 1e-12);
        assert_close(load(&w, h, CSIN_INSIDE_REDUCTION, 0, 64 * MIB), 1, 1e-12);
    }
    assert_true(inner >= 26);
    world_close(&w);
}

/* Pairs add up first, so each GPU gives half: 4 writes, 4 reads + 1 write, 5, 1 read. */
static void nvlink_halves_what_hfreduce_copies(void **state)
{
    (void)state;
    struct world w;
    double most = 0;
    world_open(&w, bridged);
    take_hosts(&w, 0, 32);
    world_schedule(&w, CSIN_HFREDUCE, 64 * MIB);
    for (uint32_t h = 0; h < w.n; h++) {
        most = fmax(most, load(&w, h, CSIN_INSIDE_MEMORY, 0, 64 * MIB));
        assert_close(load(&w, h, CSIN_INSIDE_ROOT_PORT, 0, 64 * MIB), 2, 1e-12);
        assert_close(load(&w, h, CSIN_INSIDE_NVLINK_OUT, 2, 64 * MIB), 1, 1e-12);
        assert_close(load(&w, h, CSIN_INSIDE_NVLINK_IN, 2, 64 * MIB), 1, 1e-12);
    }
    assert_close(most, 4 + 5 + 5 + 1, 1e-9);
    world_close(&w);
}

/* Marks what an operation waits for, directly or not. */
static void mark(const struct csin_schedule *s, uint32_t op, bool *marked)
{
    memset(marked, 0, s->n_ops);
    marked[op] = true;
    for (uint32_t i = op + 1; i-- > 0;) /* operations wait for earlier ones only */
        for (uint64_t k = s->dep_first[i]; marked[i] && k < s->dep_first[i + 1]; k++)
            marked[s->dep[k]] = true;
}

/* One chunk: the last operation inside each host needs the first one of all of them. */
static void check_complete(struct world *w)
{
    bool *marked = malloc(w->s.n_ops + 1u);
    uint32_t first[80], last[80];
    memset(first, 0xff, sizeof first);
    for (uint32_t op = 0; op < w->s.n_ops; op++)
        if (csin_is_local(&w->s, op)) {
            uint32_t host = w->s.src[op];
            first[host] = first[host] == CSIN_NONE ? op : first[host];
            last[host] = op;
        }
    for (uint32_t i = 0; i < w->n; i++) {
        mark(&w->s, last[w->hosts[i]], marked);
        for (uint32_t k = 0; k < w->n; k++)
            assert_true(marked[first[w->hosts[k]]]);
    }
    mark(&w->s, w->end, marked);
    for (uint32_t op = 0; op < w->s.n_ops; op++)
        assert_true(marked[op] || op > w->end || csin_is_delay(&w->s, op));
    free(marked);
}

static void every_host_gets_what_every_host_gave(void **state)
{
    (void)state;
    static const enum csin_algorithm algorithms[] = {CSIN_HFREDUCE, CSIN_NCCL_RING, CSIN_NCCL_TREE,
                                                     CSIN_HIERARCHICAL};
    struct world w;
    world_open(&w, plain);
    for (size_t a = 0; a < sizeof algorithms / sizeof *algorithms; a++)
        for (uint32_t n = 1; n <= 24; n++)
            for (uint32_t of_a = 0; of_a <= n; of_a += n) { /* in one zone, or the other */
                take_hosts(&w, 40 - of_a, n);
                world_schedule(&w, algorithms[a], 100000);
                check_complete(&w);
                take_hosts(&w, 40 - n / 2, n); /* in both */
                world_schedule(&w, algorithms[a], 100000);
                check_complete(&w);
            }
    world_close(&w);
}

/* A tree crosses between zones over one pair of hosts, both ways; a ring once each way. */
static void one_pair_crosses_between_zones(void **state)
{
    (void)state;
    struct world w;
    world_open(&w, plain);
    for (uint32_t i = 0; i < 60; i++) /* by turns */
        w.hosts[i] = i % 2 * 40 + i / 2;
    w.n = 60;
    for (unsigned a = 0; a < 3; a++) {
        uint32_t src = CSIN_NONE, dst = CSIN_NONE, n_over = 0;
        uint64_t over = 0, back = 0;
        world_schedule(&w,
                       a == 0   ? CSIN_HFREDUCE
                       : a == 1 ? CSIN_NCCL_TREE
                                : CSIN_NCCL_RING,
                       64 * MIB);
        for (uint32_t op = 0; op < w.s.n_ops; op++) {
            if (!csin_is_transfer(&w.s, op) || (w.s.src[op] < 40) == (w.s.dst[op] < 40))
                continue;
            if (w.s.src[op] < 40) {
                assert_true(n_over++ == 0 || (w.s.src[op] == src && w.s.dst[op] == dst));
                src = w.s.src[op];
                dst = w.s.dst[op];
                over += w.s.amount[op].bytes;
            } else {
                back += w.s.amount[op].bytes;
                if (a < 2)
                    assert_true(w.s.src[op] == dst || dst == CSIN_NONE);
            }
        }
        assert_close((double)over, a < 2 ? 64.0 * MIB : 64.0 * MIB * 2 * 479 / 480, 1e-5);
        assert_close((double)back, (double)over, 1e-9);
    }
    world_close(&w);
}

/* The first and the last hosts; the schedule is the one of a scenario. */
static double time_of(const char *fabric, const char *job)
{
    struct run run;
    run_open(&run, fabric, "engine: fluid\njobs: [{name: j, hosts: %s]", job);
    run_simulate(&run);
    double time_s = run.result->jobs[0].steps[0].mean_s;
    run_close(&run);
    return time_s;
}

/* 16 GPUs: 30 steps of a piece each. The ring's busiest thing is the root port of GPU 5 and 6,
 * which both send and receive: 37.5 / 4 GB/s; on hosts with NVLink bridges, where 4 -> 5 and 6 -> 7
 * go over them, only 5 -> 6 crosses it, twice; then the NIC's 9 GB/s are less. */
static void a_ring_takes_as_long_as_its_slowest_hop(void **state)
{
    (void)state;
    static const char job[] = "2, steps: [{allreduce: {algorithm: nccl-ring, size: 160MiB, "
                              "overhead: 10us}}]}";
    double piece = 10.0 * MIB;
    assert_close(time_of(plain, job), 30 * (10e-6 + piece / 9e9), 1e-6);
    assert_close(time_of(bridged, job), 30 * (10e-6 + piece / 9e9), 1e-6);
    assert_close(time_of(plain, "1, steps: [{allreduce: {algorithm: nccl-ring, size: 80MiB, "
                                "overhead: 10us}}]}"),
                 14 * (10e-6 + piece / (37.5e9 / 4)), 1e-6);
}

/* Channels that move in step: the same, in smaller pieces. */
static void channels_share_the_buffer(void **state)
{
    (void)state;
    double one = time_of(plain, "4, steps: [{allreduce: {algorithm: nccl-ring, size: 320MiB}}]}");
    double two = time_of(plain, "4, steps: [{allreduce: {algorithm: nccl-ring, size: 320MiB, "
                                "channels: 2}}]}");
    assert_close(two, one, 0.06);
}

/* Long buffers: HFReduce at what the root port lets through, of two copies of two GPUs, but for
 * filling the pipeline and the overhead of its copies; with bridges the NIC of inner nodes is next,
 * which sends twice. */
static void hfreduce_reaches_what_its_host_lets_through(void **state)
{
    (void)state;
    static const char job[] = "2, steps: [{allreduce: {algorithm: hfreduce, size: 1GiB, "
                              "overhead: 0s}}]}";
    double bytes = 1024.0 * MIB, slow = time_of(plain, job), fast = time_of(bridged, job);
    assert_true(slow >= bytes / (37.5e9 / 4) && slow < 1.02 * bytes / (37.5e9 / 4));
    assert_true(fast >= bytes / (320e9 / 15) && fast < 0.7 * slow);
}

/* Both parts of an allreduce one after the other take what it takes. */
static void halves_of_a_ring_make_it_up(void **state)
{
    (void)state;
    double all = time_of(plain, "6, steps: [{allreduce: {algorithm: nccl-ring, size: 96MiB}}]}");
    double half = time_of(plain, "6, steps: [{all-gather: {algorithm: nccl-ring, size: 96MiB}}]}");
    assert_close(2 * half, all, 1e-9);
}

CHECK_MAIN(cmocka_unit_test(hfreduce_does_the_memory_operations_that_were_published),
           cmocka_unit_test(nvlink_halves_what_hfreduce_copies),
           cmocka_unit_test(every_host_gets_what_every_host_gave),
           cmocka_unit_test(one_pair_crosses_between_zones),
           cmocka_unit_test(a_ring_takes_as_long_as_its_slowest_hop),
           cmocka_unit_test(channels_share_the_buffer),
           cmocka_unit_test(hfreduce_reaches_what_its_host_lets_through),
           cmocka_unit_test(halves_of_a_ring_make_it_up))
