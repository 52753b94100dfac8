/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lossless model against what is known of it: the cases that were worked out by hand, and an
 * independent simulation packet by packet (tests/sim/packets.h). */
#include "tests/check.h"

#include "base/rng.h"
#include "sim/lossless.h"
#include "tests/sim/packets.h"

#define UNIT 1e9 /* bytes/s of a NIC: 1 packet a slot for the oracle */

struct world {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_fabric *fabric;
    struct csin_routes *routes;
    struct csin_lossless lossless;
    double *capacity; /* [n_arcs] in units */
    struct csin_way way;
    uint32_t n_lanes;
    uint32_t flows[1000];
    struct packets_way ways[1000][64];
    struct packets_flow packets[1000];
    uint32_t n;
};

static void world_open(struct world *w, const char *line, enum csin_policy policy, uint32_t n_lanes,
                       const double *weights)
{
    memset(w, 0, sizeof *w);
    w->arena = csin_arena_create();
    w->diag = csin_diag_create();
    w->n_lanes = n_lanes;
    assert_int_equal(
        csin_fabric_open(w->diag, w->arena, (struct csin_loc){0}, line, &w->fabric, NULL), CSIN_OK);
    assert_int_equal(csin_routes_create(w->fabric, NULL, policy, 1, w->diag, &w->routes), CSIN_OK);
    assert_true(csin_lossless_init(&w->lossless, w->fabric, n_lanes, weights));
    w->capacity = calloc(w->fabric->n_arcs, sizeof *w->capacity);
    for (uint32_t arc = 0; arc < w->fabric->n_arcs; arc++)
        w->capacity[arc] = w->fabric->arc_capacity_Bps[arc] / UNIT;
    w->way.arcs = calloc(CSIN_WAY_MAX, sizeof *w->way.arcs);
    w->way.weights = calloc(CSIN_WAY_MAX, sizeof *w->way.weights);
}

static void world_close(struct world *w)
{
    csin_lossless_finish(&w->lossless);
    csin_routes_destroy(w->routes);
    csin_fabric_destroy(w->fabric);
    csin_diag_destroy(w->diag);
    csin_arena_destroy(w->arena);
    free(w->capacity);
    free(w->way.arcs);
    free(w->way.weights);
}

static void world_capacity(struct world *w, const char *from, const char *to, double units)
{
    uint32_t a = csin_fabric_switch(w->fabric, from), b = csin_fabric_switch(w->fabric, to);
    for (uint32_t arc = 0; arc < w->fabric->n_arcs; arc++)
        if (csin_arc_tail(w->fabric, arc) == a && csin_arc_head(w->fabric, arc) == b) {
            w->capacity[arc] = units;
            assert_true(csin_lossless_set_capacity(&w->lossless, arc, units * UNIT));
            return;
        }
    fail_msg("no arc");
}

/* All paths of a sprayed way, for the oracle. */
static void spell_out(struct world *w, uint32_t flow, struct packets_way so_far, uint32_t vertex,
                      uint32_t goal)
{
    if (vertex == goal) {
        assert_true(w->packets[flow].n_ways < 64);
        w->ways[flow][w->packets[flow].n_ways++] = so_far;
        return;
    }
    double total = 0;
    for (uint32_t i = 0; i < w->way.n; i++)
        if (csin_arc_tail(w->fabric, w->way.arcs[i]) == vertex)
            total += w->way.weights[i];
    for (uint32_t i = 0; i < w->way.n; i++) {
        if (csin_arc_tail(w->fabric, w->way.arcs[i]) != vertex)
            continue;
        struct packets_way longer = so_far;
        longer.arcs[longer.n++] = w->way.arcs[i];
        longer.weight *= w->way.weights[i] / total;
        spell_out(w, flow, longer, csin_arc_head(w->fabric, w->way.arcs[i]), goal);
    }
}

static uint32_t world_flow(struct world *w, uint32_t src, uint32_t dst, uint32_t lane)
{
    uint8_t lanes[CSIN_WAY_MAX];
    assert_true(
        csin_routes_way(w->routes, src, dst, csin_mix64((uint64_t)src << 32 | dst), NULL, &w->way));
    bool sprayed = w->way.n != w->way.n_hops;
    memset(lanes, (int)lane, sizeof lanes);
    uint32_t f = w->n++;
    w->flows[f] = csin_lossless_add(&w->lossless, w->way.arcs, sprayed ? w->way.weights : NULL,
                                    lanes, w->way.n);
    assert_true(w->flows[f] != CSIN_NONE);
    w->packets[f] = (struct packets_flow){.vl = lane, .ways = w->ways[f]};
    struct packets_way start = {.n = 0, .weight = 1};
    spell_out(w, f, start, csin_arc_tail(w->fabric, w->way.arcs[0]),
              csin_arc_head(w->fabric, w->way.arcs[w->way.n - 1]));
    return f;
}

static double rate(const struct world *w, uint32_t flow)
{
    return w->lossless.flows[w->flows[flow]].rate / UNIT;
}

static void world_packets(const struct world *w, double duration, uint64_t seed, double *ret)
{
    struct packets_net net = {w->fabric->n_arcs, w->n_lanes, w->capacity, w->lossless.lane_weights};
    packets_run(&net, w->packets, w->n, PACKETS_DEPTH, duration / 10, duration, seed, ret);
}

static void settle(struct world *w)
{
    assert_true(csin_lossless_solve(&w->lossless));
    csin_lossless_check(&w->lossless);
}

static uint32_t root(const struct world *w, uint32_t flow)
{
    return csin_lossless_root(&w->lossless, w->lossless.flows[w->flows[flow]].source) / w->n_lanes;
}

/* The arc that enters a host. */
static uint32_t arc_to(const struct world *w, uint32_t host)
{
    return csin_nic_arc(w->fabric, w->fabric->hosts[host].first_nic) ^ 1;
}

/* Both the model and the packets against what the mechanisms give, and the root against the arc
 * that is full. */
static void expect(struct world *w, const double *want, uint32_t full_arc)
{
    double packets[1000];
    settle(w);
    world_packets(w, 20000, 1, packets);
    for (uint32_t f = 0; f < w->n; f++) {
        assert_close(rate(w, f), want[f], 0.01);
        assert_close(packets[f], want[f], 0.10);
        if (full_arc != CSIN_NONE)
            assert_int_equal(root(w, f), full_arc);
    }
    world_close(w);
}

/* ---- the seven cases: hosts 0-3 are on leaf 1 and so on; X is host 16, on leaf 5, Y is 17; a host
 * on leaf 6 is 20 ---- */

#define CASES "leaf:6 spine:1 host:4 8Gb/s"
#define A_1_TO_4(w)                                                                                \
    for (uint32_t leaf = 0; leaf < 4; leaf++)                                                      \
    world_flow((w), 4 * leaf, 16, 0)

static struct world the_world;

static void a_victim_at_the_same_leaf(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 1, NULL);
    world_capacity(w, "spine1", "leaf5", 4);
    A_1_TO_4(w);
    world_flow(w, 1, 17, 0);
    expect(w, (double[]){1.0 / 7, 2.0 / 7, 2.0 / 7, 2.0 / 7, 1.0 / 7}, arc_to(w, 16));
}

static void a_victim_to_another_leaf(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 1, NULL);
    A_1_TO_4(w);
    world_flow(w, 1, 20, 0);
    expect(w, (double[]){0.25, 0.25, 0.25, 0.25, 0.25}, arc_to(w, 16));
}

static void that_victim_on_a_lane_of_its_own(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 2, NULL);
    A_1_TO_4(w);
    world_flow(w, 1, 20, 1);
    expect(w, (double[]){0.25, 0.25, 0.25, 0.25, 0.75}, CSIN_NONE);
}

static void two_victims_of_one_nic(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 1, NULL);
    A_1_TO_4(w);
    world_flow(w, 1, 20, 0);
    world_flow(w, 1, 21, 0);
    expect(w, (double[]){0.25, 0.25, 0.25, 0.25, 0.125, 0.125}, arc_to(w, 16));
}

static void a_parking_lot(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 1, NULL);
    world_capacity(w, "spine1", "leaf5", 4);
    world_flow(w, 0, 16, 0);
    world_flow(w, 1, 16, 0);
    world_flow(w, 4, 16, 0);
    expect(w, (double[]){0.25, 0.25, 0.5}, arc_to(w, 16));
}

static void a_nic_with_one_hot_flow(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 1, NULL);
    world_flow(w, 0, 1, 0);
    world_flow(w, 0, 2, 0);
    world_flow(w, 3, 1, 0);
    world_flow(w, 2, 1, 0);
    expect(w, (double[]){1.0 / 3, 1.0 / 3, 1.0 / 3, 1.0 / 3}, arc_to(w, 1));
}

static void an_incast_of_two_and_a_victim(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 1, NULL);
    world_capacity(w, "spine1", "leaf5", 4);
    world_flow(w, 0, 16, 0);
    world_flow(w, 4, 16, 0);
    world_flow(w, 1, 17, 0);
    expect(w, (double[]){1.0 / 3, 2.0 / 3, 1.0 / 3}, arc_to(w, 16));
}

/* ---- lanes, capacities ---- */

static void lanes_share_a_full_arc_by_weight_and_leave_nothing_unused(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, "leaf:2 spine:1 host:4 8Gb/s", CSIN_DMODK, 2, (double[]){1, 3});
    uint32_t a = world_flow(w, 0, 4, 0), b = world_flow(w, 1, 5, 1);
    settle(w);
    assert_close(rate(w, a), 0.25, 1e-3);
    assert_close(rate(w, b), 0.75, 1e-3);
    assert_true(csin_lossless_remove(&w->lossless, w->flows[b]));
    settle(w);
    assert_close(rate(w, a), 1, 1e-3);
    world_close(w);
    /* A lane that wants less than its weight leaves the rest to the other. */
    world_open(w, "leaf:2 spine:1 host:4 8Gb/s", CSIN_DMODK, 2, (double[]){1, 3});
    a = world_flow(w, 0, 4, 0);
    b = world_flow(w, 1, 5, 1);
    for (uint32_t src = 2; src < 4; src++)
        world_flow(w, src, 5, 1);
    for (uint32_t dst = 6; dst < 8; dst++) /* at half speed through the host arc of 5 */
        world_flow(w, 2, dst, 0);
    settle(w);
    double sum = 0;
    for (uint32_t f = 0; f < w->n; f++)
        sum += rate(w, f);
    assert_close(sum, 1, 1e-3);
    world_close(w);
}

static void a_dead_arc_stops_what_goes_over_it_and_comes_back(void **state)
{
    struct world *w = &the_world;
    (void)state;
    world_open(w, CASES, CSIN_DMODK, 1, NULL);
    uint32_t dead = world_flow(w, 0, 16, 0), behind = world_flow(w, 0, 20, 0),
             other = world_flow(w, 4, 20, 0);
    world_capacity(w, "spine1", "leaf5", 0);
    settle(w);
    assert_true(rate(w, dead) == 0 && rate(w, behind) == 0); /* the NIC's queue stands */
    assert_close(rate(w, other), 1, 1e-3);
    world_capacity(w, "spine1", "leaf5", 1);
    settle(w);
    for (uint32_t f = 0; f < 2; f++)
        assert_close(rate(w, f), 0.5, 1e-3);
    assert_close(rate(w, other), 0.5, 1e-3);
    world_close(w);
}

static void where_nothing_is_full_everybody_has_his_nic(void **state)
{
    struct world *w = &the_world;
    (void)state;
    for (unsigned spray = 0; spray < 2; spray++)
        for (uint32_t shift = 1; shift < 32; shift++) {
            world_open(w, "leaf:4 spine:8 host:8 8Gb/s", spray ? CSIN_SPRAY : CSIN_DMODK, 1, NULL);
            for (uint32_t src = 0; src < 32; src++)
                world_flow(w, src, (src + shift) % 32, 0);
            settle(w);
            for (uint32_t f = 0; f < w->n; f++)
                assert_close(rate(w, f), 1, 1e-4);
            world_close(w);
        }
}

/* ---- random patterns ---- */

enum kind { PAIRS, PERMUTATIONS, INCASTS, LANES, SPRAYED, N_KINDS };
static const char *const kind_names[] = {"random pairs", "permutations", "incasts with victims",
                                         "two lanes, weights 1:3", "incasts, sprayed"};

static void draw(struct world *w, enum kind kind, uint64_t seed)
{
    struct csin_rng rng = csin_rng_init(seed, 5);
    static const double weights[] = {1, 3};
    uint32_t n_hosts = 16, to[16];
    world_open(w, "leaf:4 spine:2 host:4 8Gb/s", kind == SPRAYED ? CSIN_SPRAY : CSIN_ECMP,
               kind == LANES ? 2 : 1, kind == LANES ? weights : NULL);
    for (uint32_t arc = 0; arc < w->fabric->n_arcs; arc++) { /* no two are alike: no knife edges */
        bool wide = kind == SPRAYED && w->fabric->cables[arc >> 1].place == CSIN_AT_SPINE;
        w->capacity[arc] *= (wide ? 4 : 1) * (0.7 + 0.6e-3 * (double)csin_rng_below(&rng, 1000));
        assert_true(csin_lossless_set_capacity(&w->lossless, arc, w->capacity[arc] * UNIT));
    }
    for (uint32_t i = 0; i < n_hosts; i++)
        to[i] = i;
    csin_rng_shuffle(&rng, to, n_hosts);
    for (uint32_t i = 0; i < n_hosts; i++) {
        uint32_t dst = to[i];
        if (kind == PAIRS || kind == LANES)
            dst = (uint32_t)csin_rng_below(&rng, n_hosts);
        if (kind == INCASTS || kind == SPRAYED)
            dst = i % 3 == 0 ? to[i] : to[0];
        if (dst != i)
            world_flow(w, i, dst, kind == LANES ? i % 2 : 0);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void random_patterns_run_as_packet_by_packet(void **state)
{
    struct world *w = &the_world;
    (void)state;
    print_message("%-24s %6s %8s %8s %8s\n", "relative error", "flows", "median", "90 %", "worst");
    for (enum kind kind = 0; kind < N_KINDS; kind++) {
        static double errors[12 * 16];
        uint32_t n = 0;
        for (uint64_t seed = 1; seed <= 12; seed++) {
            double packets[1000];
            draw(w, kind, seed);
            settle(w);
            world_packets(w, kind == SPRAYED ? 60000 : 15000, seed, packets);
            for (uint32_t f = 0; f < w->n; f++)
                errors[n++] = fabs(rate(w, f) - packets[f]) / packets[f];
            world_close(w);
        }
        qsort(errors, n, sizeof *errors, by_value);
        print_message("%-24s %6u %7.2f%% %7.2f%% %7.1f%%\n", kind_names[kind], n,
                      100 * errors[n / 2], 100 * errors[n * 9 / 10], 100 * errors[n - 1]);
        assert_true(errors[n / 2] < 0.02);
        assert_true(errors[n * 9 / 10] < 0.15);
    }
}

static void rates_do_not_depend_on_what_was_before(void **state)
{
    struct world *w = &the_world, *cold = calloc(1, sizeof *cold);
    (void)state;
    assert_non_null(cold);
    double worst = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct csin_rng rng = csin_rng_init(seed, 9);
        draw(w, PAIRS, seed);
        settle(w);
        for (uint32_t i = 0; i < 20; i++) { /* others come and go */
            uint32_t src = (uint32_t)csin_rng_below(&rng, 16);
            uint32_t f = world_flow(w, src, (src + 1 + (uint32_t)csin_rng_below(&rng, 15)) % 16, 0);
            settle(w);
            assert_true(csin_lossless_remove(&w->lossless, w->flows[f]));
            w->n--;
            settle(w);
        }
        draw(cold, PAIRS, seed);
        settle(cold);
        for (uint32_t f = 0; f < w->n; f++)
            worst = fmax(worst, fabs(rate(w, f) / rate(cold, f) - 1));
        world_close(w);
        world_close(cold);
    }
    print_message("warm against cold: worst difference %.2g\n", worst);
    assert_true(worst < 1e-3);
    free(cold);
}

CHECK_MAIN(cmocka_unit_test(a_victim_at_the_same_leaf), cmocka_unit_test(a_victim_to_another_leaf),
           cmocka_unit_test(that_victim_on_a_lane_of_its_own),
           cmocka_unit_test(two_victims_of_one_nic), cmocka_unit_test(a_parking_lot),
           cmocka_unit_test(a_nic_with_one_hot_flow),
           cmocka_unit_test(an_incast_of_two_and_a_victim),
           cmocka_unit_test(lanes_share_a_full_arc_by_weight_and_leave_nothing_unused),
           cmocka_unit_test(a_dead_arc_stops_what_goes_over_it_and_comes_back),
           cmocka_unit_test(where_nothing_is_full_everybody_has_his_nic),
           cmocka_unit_test(random_patterns_run_as_packet_by_packet),
           cmocka_unit_test(rates_do_not_depend_on_what_was_before))
