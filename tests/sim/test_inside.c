/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Resources inside hosts, from the fabric file to the rates: what can be worked out by hand, with
 * both engines and with lossless congestion. */
#include "tests/check.h"

#include "sim/engine.h"
#include "tests/sim/random_schedule.h"
#include "tests/sim/run.h"
#include "tests/topo/random_fabric.h"

/* 10 GB/s NICs under one leaf. */
static const char yaml[] =
    "fabric: t\n"
    "switch-models: {sw: {ports: 16, rate: 80Gb/s}}\n"
    "host-models:\n"
    "  gpu:\n"
    "    rate: 80Gb/s\n"
    "    inside: {memory: 60GB/s, reduction: 20GB/s, gpus: 4, gpu-rate: 25GB/s, gpu-nic: 8GB/s,\n"
    "      nvlink: 300GB/s, nvlink-pairs: [[0, 1], [3, 2]],\n"
    "      root-ports: [{gpus: [0], rate: 25GB/s}, {gpus: [1, 2], nics: 0, rate: 30GB/s}]}\n"
    "  st: {role: storage, rate: 80Gb/s, inside: {ssds: 2, ssd-read: 7GB/s, ssd-write: 4GB/s}}\n"
    "  plain: {rate: 80Gb/s}\n"
    "zones: {z: {model: sw, leaves: 1, spines: 1, hosts-per-leaf: 8}}\n"
    "hosts:\n"
    "  - {names: 'g[1-3]', model: gpu, attach: {zone: z}}\n"
    "  - {names: 's1', model: st, attach: {zone: z}}\n"
    "  - {names: 'p[1-4]', model: plain, attach: {zone: z}}\n";
enum { G1, G2, G3, S1, P1, P2, P3, P4 };

struct world {
    struct built b;
    struct csin_diag *diag;
    struct csin_inside inside;
    struct csin_routes *routes;
    struct csin_schedule s;
    struct csin_run_result got;
};

static void world_open(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->b = build_yaml(yaml);
    w->diag = csin_diag_create();
    assert_true(csin_inside_init(&w->inside, w->b.f));
    assert_int_equal(csin_routes_create(w->b.f, NULL, CSIN_DMODK, 1, w->diag, &w->routes), CSIN_OK);
    csin_schedule_init(&w->s, w->b.f->n_hosts, 1);
    w->s.inside = &w->inside;
}

static void world_close(struct world *w)
{
    csin_run_result_finish(&w->got);
    csin_schedule_finish(&w->s);
    csin_routes_destroy(w->routes);
    csin_inside_finish(&w->inside);
    csin_diag_destroy(w->diag);
    built_finish(&w->b);
}

static struct csin_use use(struct world *w, uint32_t host, enum csin_inside_kind kind,
                           uint32_t index, double weight)
{
    return (struct csin_use){csin_inside_find(&w->inside, host, kind, index), weight};
}

/* Operations of `bytes` bytes that use up to two resources. */
static uint32_t add(struct world *w, uint32_t src, uint32_t dst, uint64_t bytes, struct csin_use a,
                    struct csin_use b)
{
    struct csin_use uses[] = {a, b};
    uint32_t op;
    if (src == dst) {
        op = csin_schedule_local(&w->s, src, bytes);
    } else {
        op = csin_schedule_transfer(&w->s, src, dst, bytes);
        w->s.bytes += bytes;
    }
    csin_schedule_uses(&w->s, csin_schedule_profile(&w->s, uses, 2));
    return op;
}
#define NOTHING ((struct csin_use){CSIN_NONE, 0})

enum { FLUID, SIMGRID, LOSSLESS, N_MODELS };
static const double exactness[] = {1e-9, 1e-9, 1e-4};

static void world_run(struct world *w, unsigned model)
{
    struct csin_run run = {.fabric = w->b.f,
                           .routes = w->routes,
                           .schedule = &w->s,
                           .congestion = model == LOSSLESS ? CSIN_LOSSLESS : CSIN_FAIR,
                           .horizon_s = HUGE_VAL,
                           .watch = true};
    if (w->s.n_spans == 0)
        csin_schedule_span(&w->s, (struct csin_span){0, 0, 0, 0, w->s.n_ops, CSIN_NONE, CSIN_NONE});
    csin_run_result_finish(&w->got);
    assert_int_equal(csin_schedule_check(&w->s, w->diag), CSIN_OK);
    const struct csin_engine *engine = model == SIMGRID ? &csin_engine_simgrid : &csin_engine_fluid;
    enum csin_status status = engine->run(&run, w->diag, &w->got);
    assert_says(&w->diag, "");
    assert_int_equal(status, CSIN_OK);
}

/* When each operation ends, in every model. */
static void check_ends(struct world *w, const double *want_s)
{
    for (unsigned model = 0; model < N_MODELS; model++) {
        world_run(w, model);
        for (uint32_t op = 0; op < w->s.n_ops; op++)
            if (want_s[op] >= 0)
                assert_close(w->got.finish_s[op], want_s[op], exactness[model]);
    }
}

/* No arc congests anybody. */
static void check_free(const struct world *w)
{
    for (uint32_t arc = 0; arc < w->b.f->n_arcs; arc++)
        assert_close(w->got.arcs[arc].congested_s, 0, 0);
}

static void resources_are_found_and_named(void **state)
{
    (void)state;
    struct world w;
    uint32_t index;
    world_open(&w);
    assert_int_equal(w.inside.n, 3 * (1 + 1 + 2 + 4 + 4 + 1 + 1 + 4 + 4) + 2 + 2);
    for (uint32_t r = 0; r < w.inside.n; r++) {
        enum csin_inside_kind kind = csin_inside_kind_of(&w.inside, r, &index);
        assert_int_equal(csin_inside_find(&w.inside, w.inside.host[r], kind, index), r);
    }
    assert_int_equal(csin_inside_find(&w.inside, G1, CSIN_INSIDE_SSD_READ, 0), CSIN_NONE);
    assert_int_equal(csin_inside_find(&w.inside, G1, CSIN_INSIDE_GPU_IN, 4), CSIN_NONE);
    assert_int_equal(csin_inside_find(&w.inside, P1, CSIN_INSIDE_MEMORY, 0), CSIN_NONE);
    assert_int_equal(csin_inside_gpu_root_port(&w.inside, G2, 2),
                     csin_inside_find(&w.inside, G2, CSIN_INSIDE_ROOT_PORT, 1));
    assert_int_equal(csin_inside_gpu_root_port(&w.inside, G2, 3), CSIN_NONE);
    assert_int_equal(csin_inside_nic_root_port(&w.inside, G2, 0),
                     csin_inside_find(&w.inside, G2, CSIN_INSIDE_ROOT_PORT, 1));
    uint32_t memory = csin_inside_find(&w.inside, G1, CSIN_INSIDE_MEMORY, 0);
    assert_int_equal(csin_inside_in(&w.inside, memory, G3),
                     csin_inside_find(&w.inside, G3, CSIN_INSIDE_MEMORY, 0));
    assert_int_equal(csin_inside_in(&w.inside, memory, P1), CSIN_NONE);
    static const struct {
        uint32_t host;
        enum csin_inside_kind kind;
        uint32_t index;
        const char *name;
    } names[] = {{G1, CSIN_INSIDE_MEMORY, 0, "g1 memory"},
                 {G2, CSIN_INSIDE_ROOT_PORT, 1, "g2 root port of GPU 1, 2, NIC 0"},
                 {G2, CSIN_INSIDE_GPU_OUT, 3, "g2 GPU 3 out"},
                 {G3, CSIN_INSIDE_GPU_NIC_IN, 0, "g3 NIC 0 to GPUs"},
                 {S1, CSIN_INSIDE_SSD_READ, 1, "s1 SSD 1 read"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint32_t r = csin_inside_find(&w.inside, names[i].host, names[i].kind, names[i].index);
        assert_string_equal(csin_inside_name(&w.inside, r).s, names[i].name);
    }
    world_close(&w);
}

static void same_uses_are_one_profile(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    struct csin_use a[] = {use(&w, G1, CSIN_INSIDE_MEMORY, 0, 8), NOTHING,
                           use(&w, G1, CSIN_INSIDE_GPU_OUT, 0, 1),
                           use(&w, G1, CSIN_INSIDE_MEMORY, 0, 1)};
    struct csin_use b[] = {use(&w, G1, CSIN_INSIDE_MEMORY, 0, 9),
                           use(&w, G1, CSIN_INSIDE_GPU_OUT, 0, 1)};
    uint32_t first = csin_schedule_profile(&w.s, a, 4);
    assert_int_equal(csin_schedule_profile(&w.s, b, 2), first);
    for (uint32_t i = 1; i < 1000; i++) {
        b[0].weight = 10 + i;
        assert_int_equal(csin_schedule_profile(&w.s, b, 2), first + i);
    }
    b[0].weight = 10 + 7;
    assert_int_equal(csin_schedule_profile(&w.s, b, 2), first + 7);
    world_close(&w);
}

static void bad_profiles_are_told(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    struct csin_use bad[] = {{w.inside.n, 1}, {0, 0}, {1, HUGE_VAL}};
    csin_schedule_delay(&w.s, 1);
    csin_schedule_uses(&w.s, csin_schedule_profile(&w.s, bad, 3));
    csin_schedule_local(&w.s, G1, 1);
    w.s.profile[1] = 9;
    csin_schedule_span(&w.s, (struct csin_span){0, 0, 0, 0, 2, CSIN_NONE, CSIN_NONE});
    assert_int_equal(csin_schedule_check(&w.s, w.diag), CSIN_E_FAILED);
    assert_says(
        &w.diag,
        "csin: error: op 0 is a delay and has a profile [CSIN-485]\n"
        "csin: error: op 1 has profile 9 of 2 [CSIN-485]\n"
        "csin: error: a profile uses resource 70 of 70 inside hosts with weight 1 [CSIN-485]\n"
        "csin: error: a profile uses resource 0 of 70 inside hosts with weight 0 [CSIN-485]\n"
        "csin: error: a profile uses resource 1 of 70 inside hosts with weight null "
        "[CSIN-485]\n");
    world_close(&w);
}

/* 24 memory operations of 60 GB/s let 2.5 GB/s through; nothing to use takes no time. */
static void a_local_operation_runs_at_what_it_uses(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    add(&w, G1, G1, 5000000000, use(&w, G1, CSIN_INSIDE_MEMORY, 0, 24), NOTHING);
    add(&w, P1, P1, 5000000000, NOTHING, NOTHING);
    add(&w, G2, G2, 5000000000, use(&w, G2, CSIN_INSIDE_MEMORY, 0, 1),
        use(&w, G2, CSIN_INSIDE_GPU_OUT, 0, 1));
    check_ends(&w, (double[]){2, 0, 0.2});
    uint32_t memory = w.b.f->n_arcs + csin_inside_find(&w.inside, G1, CSIN_INSIDE_MEMORY, 0);
    assert_close(w.got.arcs[memory].saturated_s, 2, 1e-4);
    assert_close(w.got.arcs[memory].peak_Bps, 60e9, 1e-4);
    double bytes = 0;
    for (uint32_t i = 0; i < w.got.traffic.n_loads; i++)
        bytes += w.got.traffic.loads[i].arc == memory ? w.got.traffic.loads[i].bytes : 0;
    assert_close(bytes, 24 * 5e9, 1e-9);
    world_close(&w);
}

/* Both take from the host's memory: the transfer its 10 GB/s, which are 20 of the memory; the local
 * operation gets what is left, 40 of it. Lossless: the memory serves both in turns, and there is
 * room for the NIC's. */
static void a_transfer_and_a_copy_share_the_memory(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    add(&w, G1, P1, 10000000000, use(&w, G1, CSIN_INSIDE_MEMORY, 0, 2), NOTHING);
    add(&w, G1, G1, 40000000000, use(&w, G1, CSIN_INSIDE_MEMORY, 0, 1), NOTHING);
    for (unsigned model = 0; model < N_MODELS; model++) {
        world_run(&w, model);
        /* Fair: rates are alike until one meets its own limit: the NIC's 10 GB/s. */
        assert_close(w.got.finish_s[0], 1, 1e-4);
        assert_close(w.got.finish_s[1], 1, 1e-3);
        check_free(&w);
    }
    world_close(&w);
}

/* The sender's GPUs give 8 GB/s to the NIC; another flow of the NIC, of plain memory, gets the rest
 * of the 10: 5 each first, as both are below 8. Alone the first has 8. */
static void what_limits_a_sender_leaves_the_rest_of_its_nic(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    add(&w, G1, P1, 8000000000, use(&w, G1, CSIN_INSIDE_GPU_NIC_OUT, 0, 4), NOTHING);
    add(&w, G1, P2, 16000000000, NOTHING, NOTHING);
    check_ends(&w, (double[]){4, 2});
    check_free(&w);
    world_close(&w);
}

/* An SSD of 4 GB/s takes what two senders write: 2 GB/s each. Their NICs are free for others, and
 * nobody is congested by an arc. */
static void a_slow_receiver_is_not_congestion(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    add(&w, P1, S1, 4000000000, use(&w, S1, CSIN_INSIDE_SSD_WRITE, 0, 1), NOTHING);
    add(&w, P2, S1, 4000000000, use(&w, S1, CSIN_INSIDE_SSD_WRITE, 0, 1), NOTHING);
    check_ends(&w, (double[]){2, 2});
    check_free(&w);
    assert_int_equal(w.got.n_victims, 0);
    world_close(&w);
}

/* Lossless: the queue of the receiver's arc is held by the slow SSD, so what goes to the other SSD
 * waits behind it. A sender's NIC serves its flows in turns, so P1's flow to P3 is held as well: a
 * victim of the arc into the storage host. Fair: everybody else is free. */
static void a_slow_receiver_holds_back_what_waits_behind_it(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    uint32_t slow = add(&w, P1, S1, 4000000000, use(&w, S1, CSIN_INSIDE_SSD_WRITE, 0, 2), NOTHING);
    uint32_t victim = add(&w, P1, P3, 4000000000, NOTHING, NOTHING);
    world_run(&w, FLUID);
    assert_close(w.got.finish_s[slow], 2, 1e-9);
    assert_close(w.got.finish_s[victim], 0.5, 1e-9);
    world_run(&w, LOSSLESS);
    assert_close(w.got.finish_s[slow], 2, 1e-3);
    assert_close(w.got.finish_s[victim], 2, 1e-3);
    assert_int_equal(w.got.n_victims, 1);
    assert_int_equal(w.got.victims[0].arc, csin_nic_arc(w.b.f, w.b.f->hosts[S1].first_nic) ^ 1);
    world_close(&w);
}

/* Both ends at once: memory of the sender 30 x 2, of the receiver 60 / 12 = 5 GB/s. */
static void the_tighter_end_decides(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    add(&w, G1, G2, 10000000000, use(&w, G1, CSIN_INSIDE_MEMORY, 0, 2),
        use(&w, G2, CSIN_INSIDE_MEMORY, 0, 12));
    check_ends(&w, (double[]){2});
    check_free(&w);
    world_close(&w);
}

/* Lossless: any number of flows of hosts with insides agree with max-min fairness where only
 * insides are narrow, as nothing waits behind anything. */
static void lossless_is_fair_where_each_has_its_own_resource(void **state)
{
    (void)state;
    struct world w;
    double want[12];
    world_open(&w);
    for (uint32_t i = 0; i < 12; i++) {
        uint32_t host = i % 3, gpu = i / 3;
        add(&w, host, host, UINT64_C(1000000000) * (i + 1),
            use(&w, host, CSIN_INSIDE_GPU_OUT, gpu, 2), NOTHING);
        want[i] = (i + 1) / 12.5;
    }
    check_ends(&w, want);
    world_close(&w);
}

/* Lossless, any schedule on any fabric: all is done, nothing carries more than it can, and nothing
 * is faster than what it uses. */
static void try_lossless(uint64_t seed)
{
    struct random_schedule r;
    struct csin_inside_model models[2];
    struct world w = {.diag = csin_diag_create()};
    struct random_fabric *fabric = random_fabric_create(seed);
    struct csin_rng rng = csin_rng_init(seed, 9);
    w.b = build_yaml(fabric->yaml);
    schedule_furnish(&rng, w.b.f, models);
    assert_true(csin_inside_init(&w.inside, w.b.f));
    enum csin_policy policy = seed % 3 == 0 ? CSIN_SPRAY : CSIN_DMODK;
    assert_int_equal(csin_routes_create(w.b.f, NULL, policy, seed, w.diag, &w.routes), CSIN_OK);
    random_schedule_create(&r, seed, w.b.f, w.routes, &w.inside, seed % 2 == 0);
    w.s = r.s;
    world_run(&w, LOSSLESS);
    for (uint32_t i = 0; i < w.got.traffic.n_loads; i++) {
        uint32_t resource = w.got.traffic.loads[i].arc - w.b.f->n_arcs;
        if (w.got.traffic.loads[i].arc >= w.b.f->n_arcs)
            assert_true(w.got.traffic.loads[i].bytes <=
                        w.inside.capacity_Bps[resource] * w.got.makespan_s * (1 + 1e-3));
    }
    for (uint32_t op = 0; op < w.s.n_ops; op++) {
        const struct csin_use *uses;
        uint32_t n = csin_uses_of(&w.s, op, &uses);
        for (uint32_t i = 0; i < n && w.got.finish_s[op] >= 0; i++)
            assert_true((w.got.finish_s[op] - w.got.start_s[op]) * (1 + 1e-3) >=
                        (double)w.s.amount[op].bytes * uses[i].weight /
                            w.inside.capacity_Bps[uses[i].resource]);
    }
    world_close(&w);
    random_fabric_destroy(fabric);
}

static void lossless_keeps_within_capacities_on_random_hosts(void **state)
{
    (void)state;
    campaign(RUN_TIMES(60, 6), try_lossless);
}

CHECK_MAIN(cmocka_unit_test_teardown(lossless_keeps_within_capacities_on_random_hosts,
                                     campaign_end),
           cmocka_unit_test(resources_are_found_and_named),
           cmocka_unit_test(same_uses_are_one_profile), cmocka_unit_test(bad_profiles_are_told),
           cmocka_unit_test(a_local_operation_runs_at_what_it_uses),
           cmocka_unit_test(a_transfer_and_a_copy_share_the_memory),
           cmocka_unit_test(what_limits_a_sender_leaves_the_rest_of_its_nic),
           cmocka_unit_test(a_slow_receiver_is_not_congestion),
           cmocka_unit_test(a_slow_receiver_holds_back_what_waits_behind_it),
           cmocka_unit_test(the_tighter_end_decides),
           cmocka_unit_test(lossless_is_fair_where_each_has_its_own_resource))
