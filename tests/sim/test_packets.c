/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The packet oracle itself: rates that follow from round-robin, FIFOs and credits by hand. */
#include "tests/sim/packets.h"

#define WARM_UP 2000 /* slots */
#define DURATION 20000
#define SEED 1
#define EXACT 0.01 /* what is left of chance after DURATION */

#define COUNT(array) ((uint32_t)(sizeof(array) / sizeof *(array)))
#define WAY(share, ...)                                                                            \
    {                                                                                              \
        .n = COUNT(((uint32_t[]){__VA_ARGS__})), .arcs = {__VA_ARGS__}, .weight = (share)          \
    }
#define FLOW(vl_, ...)                                                                             \
    {                                                                                              \
        .vl = (vl_), .n_ways = 1, .ways = (const struct packets_way[])                             \
        {                                                                                          \
            WAY(1, __VA_ARGS__)                                                                    \
        }                                                                                          \
    }
#define SPRAY(vl_, ...)                                                                            \
    {                                                                                              \
        .vl = (vl_), .n_ways = COUNT(((const struct packets_way[]){__VA_ARGS__})),                 \
        .ways = (const struct packets_way[])                                                       \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static void assert_rates(const struct packets_net *net, const struct packets_flow *flows,
                         uint32_t n_flows, uint32_t depth, const double *want)
{
    double rate[16];
    assert_in_range(n_flows, 1, COUNT(rate));
    packets_run(net, flows, n_flows, depth, WARM_UP, DURATION, SEED, rate);
    for (uint32_t flow = 0; flow < n_flows; flow++)
        assert_close(rate[flow], want[flow], EXACT);
}

/* ---- one switch ---- */

static void a_flow_alone_gets_its_narrowest_arc(void **state)
{
    (void)state;
    static const double capacity[][3] = {
        {1, 1, 1}, {0.5, 1, 4}, {20, 4, 1}, {4, 0.5, 20}, {20, 20, 20}};
    const struct packets_flow flow = FLOW(0, 0, 1, 2);
    for (uint32_t i = 0; i < COUNT(capacity); i++) {
        const struct packets_net net = {.n_arcs = 3, .n_vls = 1, .capacity = capacity[i]};
        double narrowest = fmin(capacity[i][0], fmin(capacity[i][1], capacity[i][2]));
        assert_rates(&net, &flow, 1, PACKETS_DEPTH, &narrowest);
        assert_rates(&net, &flow, 1, 3, &narrowest);
    }
}

static void k_senders_to_one_receiver_get_a_kth_each(void **state)
{
    (void)state;
    static const double capacity[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    const struct packets_net net = {.n_arcs = 9, .n_vls = 1, .capacity = capacity};
    const struct packets_flow flows[] = {FLOW(0, 0, 8), FLOW(0, 1, 8), FLOW(0, 2, 8),
                                         FLOW(0, 3, 8), FLOW(0, 4, 8), FLOW(0, 5, 8),
                                         FLOW(0, 6, 8), FLOW(0, 7, 8)};
    for (uint32_t k = 1; k <= COUNT(flows); k++) {
        double want[COUNT(flows)];
        for (uint32_t i = 0; i < k; i++)
            want[i] = 1.0 / k;
        assert_rates(&net, flows, k, PACKETS_DEPTH, want);
    }
}

static void a_slow_sender_leaves_the_rest_to_the_others(void **state)
{
    (void)state;
    static const double capacity[] = {0.1, 1, 20, 1};
    const struct packets_net net = {.n_arcs = 4, .n_vls = 1, .capacity = capacity};
    const struct packets_flow flows[] = {FLOW(0, 0, 3), FLOW(0, 1, 3), FLOW(0, 2, 3)};
    assert_rates(&net, flows, 3, PACKETS_DEPTH, (double[]){0.1, 0.45, 0.45});
}

static void a_nic_serves_its_flows_in_turn(void **state)
{
    (void)state;
    static const double capacity[] = {1, 1, 1, 1};
    const struct packets_net net = {.n_arcs = 4, .n_vls = 1, .capacity = capacity};
    const struct packets_flow flows[] = {FLOW(0, 0, 1), FLOW(0, 0, 2), FLOW(0, 0, 3),
                                         FLOW(0, 0, 3)};
    assert_rates(&net, flows, 4, PACKETS_DEPTH, (double[]){0.25, 0.25, 0.25, 0.25});
}

static void a_fast_arc_feeds_slow_ones(void **state)
{
    (void)state;
    static const double capacity[] = {4, 1, 1, 1, 1};
    const struct packets_net net = {.n_arcs = 5, .n_vls = 1, .capacity = capacity};
    const struct packets_flow flows[] = {FLOW(0, 0, 1), FLOW(0, 0, 2), FLOW(0, 0, 3),
                                         FLOW(0, 0, 4)};
    assert_rates(&net, flows, 4, PACKETS_DEPTH, (double[]){1, 1, 1, 1});
}

/* ---- an incast and its victims: leaves 1 to 4 over a spine to leaves 5 to 7 ---- */

enum {
    A1, /* host under leaf 1 > leaf 1 */
    A2, /* under leaf 2, and so on */
    A3,
    A4,
    B, /* under leaf 1 */
    L1_S,
    L2_S,
    L3_S,
    L4_S,
    S_L5, /* of capacity 4; all others 1 */
    S_L6,
    S_L7,
    X, /* leaf 5 > host */
    Y, /* leaf 5 */
    Z, /* leaf 6 */
    W, /* leaf 7 */
    N_ARCS
};
static const double unit_capacity[N_ARCS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 1};
static const struct packets_net leaves = {.n_arcs = N_ARCS, .n_vls = 2, .capacity = unit_capacity};

#define INCAST                                                                                     \
    FLOW(0, A1, L1_S, S_L5, X), FLOW(0, A2, L2_S, S_L5, X), FLOW(0, A3, L3_S, S_L5, X),            \
        FLOW(0, A4, L4_S, S_L5, X)

/* Leaf 5 has 7 packets for X to each for Y, as the spine takes from four ports in turn, and every
 * other packet from leaf 1 is B's. */
static void a_victim_at_the_leaf_of_the_incast(void **state)
{
    (void)state;
    const struct packets_flow flows[] = {INCAST, FLOW(0, B, L1_S, S_L5, Y)};
    for (uint32_t depth = 8; depth <= 128; depth *= 4)
        assert_rates(&leaves, flows, 5, depth, (double[]){1 / 7., 2 / 7., 2 / 7., 2 / 7., 1 / 7.});
}

static void a_victim_on_its_way_to_another_leaf(void **state)
{
    (void)state;
    const struct packets_flow flows[] = {INCAST, FLOW(0, B, L1_S, S_L6, Z)};
    assert_rates(&leaves, flows, 5, PACKETS_DEPTH, (double[]){0.25, 0.25, 0.25, 0.25, 0.25});
}

static void a_vl_of_its_own_saves_the_victim(void **state)
{
    (void)state;
    const struct packets_flow flows[] = {INCAST, FLOW(1, B, L1_S, S_L6, Z)};
    assert_rates(&leaves, flows, 5, PACKETS_DEPTH, (double[]){0.25, 0.25, 0.25, 0.25, 0.75});
}

static void two_victims_from_one_nic(void **state)
{
    (void)state;
    const struct packets_flow flows[] = {INCAST, FLOW(0, B, L1_S, S_L6, Z),
                                         FLOW(0, B, L1_S, S_L7, W)};
    assert_rates(&leaves, flows, 6, PACKETS_DEPTH,
                 (double[]){0.25, 0.25, 0.25, 0.25, 0.125, 0.125});
}

/* Fair by port is not fair by flow. */
static void a_parking_lot(void **state)
{
    (void)state;
    const struct packets_flow flows[] = {FLOW(0, A1, L1_S, S_L5, X), FLOW(0, B, L1_S, S_L5, X),
                                         FLOW(0, A2, L2_S, S_L5, X)};
    assert_rates(&leaves, flows, 3, PACKETS_DEPTH, (double[]){0.25, 0.25, 0.5});
}

static void a_hot_flow_slows_its_nic(void **state)
{
    (void)state;
    const struct packets_flow flows[] = {FLOW(0, A1, X), FLOW(0, A1, Y), FLOW(0, A2, X),
                                         FLOW(0, A3, X)};
    assert_rates(&leaves, flows, 4, PACKETS_DEPTH, (double[]){1 / 3., 1 / 3., 1 / 3., 1 / 3.});
}

/* The arc to leaf 5 carries 4/3: were its capacity 1, X would not be full and nobody a victim. */
static void two_to_one_and_a_victim(void **state)
{
    (void)state;
    const struct packets_flow flows[] = {FLOW(0, A1, L1_S, S_L5, X), FLOW(0, A2, L2_S, S_L5, X),
                                         FLOW(0, B, L1_S, S_L5, Y)};
    assert_rates(&leaves, flows, 3, PACKETS_DEPTH, (double[]){1 / 3., 2 / 3., 1 / 3.});
}

/* ---- virtual lanes ---- */

static void vls_share_an_arc_by_weight(void **state)
{
    (void)state;
    static const double capacity[] = {1, 1, 1, 1};
    const struct packets_flow flows[] = {FLOW(0, 0, 3), FLOW(1, 1, 3), FLOW(2, 2, 3)};
    const struct packets_net two = {
        .n_arcs = 4, .n_vls = 2, .capacity = capacity, .vl_weight = (double[]){1, 3}};
    assert_rates(&two, flows, 2, PACKETS_DEPTH, (double[]){0.25, 0.75});
    const struct packets_net fractions = {
        .n_arcs = 4, .n_vls = 3, .capacity = capacity, .vl_weight = (double[]){0.5, 0.2, 0.3}};
    assert_rates(&fractions, flows, 3, PACKETS_DEPTH, (double[]){0.5, 0.2, 0.3});
}

static void what_a_vl_leaves_goes_to_the_others(void **state)
{
    (void)state;
    static const double capacity[] = {1, 0.1, 1, 1};
    const struct packets_net net = {
        .n_arcs = 4, .n_vls = 3, .capacity = capacity, .vl_weight = (double[]){1, 4, 2}};
    const struct packets_flow flows[] = {FLOW(0, 0, 3), FLOW(1, 1, 3), FLOW(2, 2, 3)};
    assert_rates(&net, &flows[0], 1, PACKETS_DEPTH, (double[]){1});
    assert_rates(&net, &flows[1], 1, PACKETS_DEPTH, (double[]){0.1});
    assert_rates(&net, flows, 3, PACKETS_DEPTH, (double[]){0.3, 0.1, 0.6});
}

/* Weights are for VLs, turns within a VL for ports. */
static void flows_of_one_vl_share_its_weight(void **state)
{
    (void)state;
    static const double capacity[] = {1, 1, 1, 1, 1};
    const struct packets_net net = {
        .n_arcs = 5, .n_vls = 2, .capacity = capacity, .vl_weight = (double[]){1, 1}};
    const struct packets_flow flows[] = {FLOW(0, 0, 4), FLOW(1, 1, 4), FLOW(1, 2, 4),
                                         FLOW(1, 3, 4)};
    assert_rates(&net, flows, 4, PACKETS_DEPTH, (double[]){1 / 2., 1 / 6., 1 / 6., 1 / 6.});
}

/* ---- spraying ---- */

static void a_sprayed_flow_adds_up_its_ways(void **state)
{
    (void)state;
    static const double capacity[] = {1, 0.75, 0.75, 2, 2, 1};
    const struct packets_net net = {.n_arcs = 6, .n_vls = 1, .capacity = capacity};
    const struct packets_flow sprayed[] = {SPRAY(0, WAY(1, 0, 1, 3, 5), WAY(1, 0, 2, 4, 5))};
    const struct packets_flow not_sprayed[] = {FLOW(0, 0, 1, 3, 5)};
    assert_rates(&net, sprayed, 1, PACKETS_DEPTH, (double[]){1});
    assert_rates(&net, not_sprayed, 1, PACKETS_DEPTH, (double[]){0.75});
}

/* A FIFO before two arcs with packets of time T that choose by a coin. When a packet begins to be
 * sent, the other arc is free, state 0, or also begins at that moment, state 1. From 0 the next one
 * begins T later on the same arc, to 0, or at once on the other, to 1; from 1 it begins T later, to
 * 0. Two thirds are in state 0, so packets are 2/3 x T/2 + 1/3 x T = 2/3 T apart: 3/4 of what the
 * arcs could do. */
static void spraying_by_chance_leaves_a_quarter_of_two_arcs(void **state)
{
    (void)state;
    static const double capacity[] = {4, 1, 1};
    const struct packets_net net = {.n_arcs = 3, .n_vls = 1, .capacity = capacity};
    const struct packets_flow flows[] = {SPRAY(0, WAY(1, 0, 1), WAY(1, 0, 2))};
    assert_rates(&net, flows, 1, PACKETS_DEPTH, (double[]){1.5});
}

/* Three of four packets want the slow arc, so the flow is 4/3 of it. */
static void ways_are_taken_by_weight(void **state)
{
    (void)state;
    static const double capacity[] = {10, 3, 40, 20};
    const struct packets_net net = {.n_arcs = 4, .n_vls = 1, .capacity = capacity};
    const struct packets_flow flows[] = {SPRAY(0, WAY(6, 0, 1, 3), WAY(2, 0, 2, 3))};
    assert_rates(&net, flows, 1, PACKETS_DEPTH, (double[]){4});
}

/* An incast from three leaves to a host under leaf 4, and a flow from leaf 1 to leaf 5 over
 * spine 2. They meet at leaf 1 only if the incast uses both spines. How much it then hurts depends
 * on which spine's FIFOs are full, which wanders: between 1/6, when those of spine 2 always are,
 * and 0.4. */
static void an_incast_blocks_the_spines_that_it_uses(void **state)
{
    (void)state;
    enum { a1, a2, a3, b, l1_s1, l2_s1, l3_s1, l1_s2, l2_s2, l3_s2, s1_l4, s2_l4, s2_l5, x, y, n };
    double capacity[n], rate[4];
    for (uint32_t arc = 0; arc < n; arc++)
        capacity[arc] = 1;
    const struct packets_net net = {.n_arcs = n, .n_vls = 1, .capacity = capacity};
    const struct packets_flow by_spine_1[] = {
        FLOW(0, a1, l1_s1, s1_l4, x), FLOW(0, a2, l2_s1, s1_l4, x), FLOW(0, a3, l3_s1, s1_l4, x),
        FLOW(0, b, l1_s2, s2_l5, y)};
    assert_rates(&net, by_spine_1, 4, PACKETS_DEPTH, (double[]){1 / 3., 1 / 3., 1 / 3., 1});
    const struct packets_flow by_both[] = {
        SPRAY(0, WAY(1, a1, l1_s1, s1_l4, x), WAY(1, a1, l1_s2, s2_l4, x)),
        SPRAY(0, WAY(1, a2, l2_s1, s1_l4, x), WAY(1, a2, l2_s2, s2_l4, x)),
        SPRAY(0, WAY(1, a3, l3_s1, s1_l4, x), WAY(1, a3, l3_s2, s2_l4, x)),
        FLOW(0, b, l1_s2, s2_l5, y)};
    packets_run(&net, by_both, 4, PACKETS_DEPTH, WARM_UP, DURATION, SEED, rate);
    for (uint32_t flow = 0; flow < 3; flow++)
        assert_close(rate[flow], 1 / 3., 0.05);
    assert_true(rate[3] < 0.5);
}

/* ---- all together ---- */

#define N_FLOWS 96
#define N_HOSTS 48 /* under 6 leaves, each with an arc to and from each of 4 spines */
#define N_LINKS (2 * N_HOSTS + 2 * 6 * 4)

static uint32_t dice(uint64_t *state, uint32_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % n;
}

/* Two flows from each host, on two VLs, over random spines. */
static void random_flows(uint64_t seed, double *capacity, struct packets_way *ways,
                         struct packets_flow *flows)
{
    static const double capacities[] = {0.5, 1, 4};
    for (uint32_t arc = 0; arc < N_LINKS; arc++)
        capacity[arc] = capacities[dice(&seed, 3)];
    for (uint32_t i = 0; i < N_FLOWS; i++) {
        uint32_t src = i % N_HOSTS, dst = (src + 8 + dice(&seed, N_HOSTS - 16)) % N_HOSTS;
        uint32_t spine = dice(&seed, 4), up = 2 * N_HOSTS + src / 8 * 4 + spine;
        ways[i] = (struct packets_way)WAY(1, src, up, 2 * N_HOSTS + 24 + dst / 8 * 4 + spine,
                                          N_HOSTS + dst);
        flows[i] = (struct packets_flow){.vl = dice(&seed, 2), .n_ways = 1, .ways = &ways[i]};
    }
}

static void no_arc_carries_more_than_it_can(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        double capacity[N_LINKS], rate[N_FLOWS], load[N_LINKS] = {0};
        struct packets_way ways[N_FLOWS];
        struct packets_flow flows[N_FLOWS];
        uint32_t n_full = 0;
        random_flows(seed, capacity, ways, flows);
        const struct packets_net net = {.n_arcs = N_LINKS, .n_vls = 2, .capacity = capacity};
        packets_run(&net, flows, N_FLOWS, PACKETS_DEPTH, WARM_UP, DURATION, seed, rate);
        for (uint32_t i = 0; i < N_FLOWS; i++) {
            assert_true(rate[i] > 0);
            for (uint32_t hop = 0; hop < ways[i].n; hop++)
                load[ways[i].arcs[hop]] += rate[i];
        }
        for (uint32_t arc = 0; arc < N_LINKS; arc++) {
            assert_true(load[arc] <= capacity[arc] * (1 + EXACT));
            n_full += load[arc] >= capacity[arc] * (1 - EXACT);
        }
        assert_true(n_full > 0);
    }
}

/* Twice as fast for half the time is the same to the last packet. */
static void rates_scale_with_the_capacities(void **state)
{
    (void)state;
    double capacity[N_LINKS], rate[N_FLOWS], twice[N_FLOWS];
    struct packets_way ways[N_FLOWS];
    struct packets_flow flows[N_FLOWS];
    random_flows(1, capacity, ways, flows);
    const struct packets_net net = {.n_arcs = N_LINKS, .n_vls = 2, .capacity = capacity};
    packets_run(&net, flows, N_FLOWS, PACKETS_DEPTH, 200, 2000, SEED, rate);
    for (uint32_t arc = 0; arc < N_LINKS; arc++)
        capacity[arc] *= 2;
    packets_run(&net, flows, N_FLOWS, PACKETS_DEPTH, 100, 1000, SEED, twice);
    for (uint32_t i = 0; i < N_FLOWS; i++)
        assert_true(twice[i] == 2 * rate[i]);
}

static void the_same_seed_gives_the_same_rates(void **state)
{
    (void)state;
    double capacity[N_LINKS], rate[3][N_FLOWS];
    struct packets_way ways[N_FLOWS];
    struct packets_flow flows[N_FLOWS];
    random_flows(1, capacity, ways, flows);
    const struct packets_net net = {.n_arcs = N_LINKS, .n_vls = 2, .capacity = capacity};
    for (uint32_t i = 0; i < 3; i++)
        packets_run(&net, flows, N_FLOWS, PACKETS_DEPTH, 200, 2000, i < 2 ? 7 : 8, rate[i]);
    assert_memory_equal(rate[0], rate[1], sizeof rate[0]);
    assert_memory_not_equal(rate[0], rate[2], sizeof rate[0]);
}

CHECK_MAIN(cmocka_unit_test(a_flow_alone_gets_its_narrowest_arc),
           cmocka_unit_test(k_senders_to_one_receiver_get_a_kth_each),
           cmocka_unit_test(a_slow_sender_leaves_the_rest_to_the_others),
           cmocka_unit_test(a_nic_serves_its_flows_in_turn),
           cmocka_unit_test(a_fast_arc_feeds_slow_ones),
           cmocka_unit_test(a_victim_at_the_leaf_of_the_incast),
           cmocka_unit_test(a_victim_on_its_way_to_another_leaf),
           cmocka_unit_test(a_vl_of_its_own_saves_the_victim),
           cmocka_unit_test(two_victims_from_one_nic), cmocka_unit_test(a_parking_lot),
           cmocka_unit_test(a_hot_flow_slows_its_nic), cmocka_unit_test(two_to_one_and_a_victim),
           cmocka_unit_test(vls_share_an_arc_by_weight),
           cmocka_unit_test(what_a_vl_leaves_goes_to_the_others),
           cmocka_unit_test(flows_of_one_vl_share_its_weight),
           cmocka_unit_test(a_sprayed_flow_adds_up_its_ways),
           cmocka_unit_test(spraying_by_chance_leaves_a_quarter_of_two_arcs),
           cmocka_unit_test(ways_are_taken_by_weight),
           cmocka_unit_test(an_incast_blocks_the_spines_that_it_uses),
           cmocka_unit_test(no_arc_carries_more_than_it_can),
           cmocka_unit_test(rates_scale_with_the_capacities),
           cmocka_unit_test(the_same_seed_gives_the_same_rates))
