/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Planes, rails, three layers, spines that differ, leaf pairs: what published fabrics come to, and
 * how routes share out their cables. */
#include "tests/topo/routes_oracle.h"

#include <time.h>

#include "topo/analyze.h"
#include "topo/channels.h"

#define GBPS 125e6

/* ---- fabrics that are published ---- */

static void switches_are_counted_as_published(void **state)
{
    (void)state;
    static const struct {
        const char *fabric;
        uint32_t switches, leaf, spine, core, hosts, nics;
    } cases[] = {
        /* An et al., SC'24, Table III */
        {"configs/fire-flyer-2.yaml", 122, 80, 40, 0, 1380, 1560},
        {"configs/three-layer-1600.yaml", 200, 80, 80, 40, 1600, 1600},
        {"leaf:20 spine:20 host:20 pod:4 core:40 ports:40 200Gb/s", 200, 80, 80, 40, 1600, 1600},
        {"configs/three-layer-10000.yaml", 1320, 500, 500, 320, 1250, 10000},
        {"leaf:20 spine:20 host:20 pod:25 core:320 ports:40 200Gb/s", 1320, 500, 500, 320, 10000,
         10000},
        /* section IX */
        {"configs/fire-flyer-next.yaml", 768, 512, 256, 0, 4096, 32768},
        {"leaf:128 spine:64 host:64 plane:4 rail:2 400Gb/s", 768, 512, 256, 0, 4096, 32768},
        {"configs/planes-32768.yaml", 5120, 2048, 2048, 1024, 32768, 131072},
        /* arXiv:2505.09343, Table 3 */
        {"configs/two-layer-2048.yaml", 96, 64, 32, 0, 2048, 2048},
        {"leaf:64 spine:32 host:32 ports:64 400Gb/s", 96, 64, 32, 0, 2048, 2048},
        {"configs/rails-1024.yaml", 48, 32, 16, 0, 128, 1024},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct built b = build_named(cases[i].fabric);
        uint32_t n[CSIN_N_LAYERS] = {0};
        csin_fabric_check(b.f);
        for (uint32_t s = 0; s < b.f->n_switches; s++)
            n[b.f->switches[s].layer]++;
        assert_int_equal(b.f->n_switches, cases[i].switches);
        assert_int_equal(n[CSIN_LEAF], cases[i].leaf);
        assert_int_equal(n[CSIN_SPINE], cases[i].spine);
        assert_int_equal(n[CSIN_CORE], cases[i].core);
        assert_int_equal(b.f->n_hosts, cases[i].hosts);
        assert_int_equal(b.f->n_nics, cases[i].nics);
        built_finish(&b);
    }
}

static void two_layers_of_64_ports_have_2048_cables_between_switches(void **state)
{
    (void)state;
    struct built b = build_named("configs/two-layer-2048.yaml");
    assert_int_equal(b.f->n_cables - b.f->n_nics, 2048);
    built_finish(&b);
}

/* ---- shifts ---- */

/* The largest number of flows on an arc when NIC i sends to NIC i + shift. */
static uint32_t contention(const struct csin_fabric *f, const struct csin_routes *routes,
                           uint32_t shift, uint32_t *flows)
{
    uint32_t most = 0;
    memset(flows, 0, f->n_arcs * sizeof *flows);
    for (uint32_t src = 0; src < f->n_nics; src++) {
        struct csin_path path;
        assert_true(csin_routes_path(routes, src, (src + shift) % f->n_nics, 0, &path));
        for (uint32_t i = 0; i < path.n; i++) {
            uint32_t n = ++flows[path.arcs[i]];
            most = n > most ? n : most;
        }
    }
    return most;
}

/* Zahavi, JPDC 2012: D-Mod-K keeps every shift free of contention where all ports are in use. */
static void no_shift_is_contended(const char *fabric, bool is_line)
{
    struct built b = is_line ? build_named(fabric) : build_yaml(fabric);
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    uint32_t *flows = calloc(b.f->n_arcs, sizeof *flows);
    assert_non_null(flows);
    for (uint32_t shift = 1; shift < b.f->n_nics; shift++) {
        uint32_t most = contention(b.f, routes, shift, flows);
        if (most != 1)
            print_error("shift %u of %s: %u flows on an arc\n", shift, fabric, most);
        assert_int_equal(most, 1);
    }
    free(flows);
    csin_routes_destroy(routes);
    built_finish(&b);
}

static void no_shift_of_a_full_three_layer_tree_is_contended(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "leaf:2 spine:2 host:2 pod:4 core:4 200Gb/s",
        "leaf:3 spine:3 host:3 pod:6 core:9 200Gb/s",
        "leaf:3 spine:3 host:3 pod:5 core:3 200Gb/s",          /* three cables a pair above */
        "leaf:4 spine:2 links:2 host:4 pod:3 core:4 200Gb/s",  /* two below, four above */
        "leaf:4 spine:2 links:2 host:4 pod:3 core:16 200Gb/s", /* two below, one above */
        "leaf:2 spine:4 host:4 pod:5 core:8 200Gb/s",
        "leaf:6 spine:4 host:4 pod:3 core:12 200Gb/s",
        "leaf:4 spine:4 host:4 pod:8 core:16 200Gb/s",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        no_shift_is_contended(lines[i], true);
}

/* Spines of two and of one cable a leaf, 5 hosts a leaf. */
#define TWO_KINDS                                                                                  \
    "fabric: t\n"                                                                                  \
    "switch-models: {leaf: {ports: 10, rate: 200Gb/s}, big: {ports: 16, rate: 200Gb/s},\n"         \
    "  small: {ports: 8, rate: 200Gb/s}}\n"                                                        \
    "host-models: {g: {rate: 200Gb/s}}\n"

static void no_shift_is_contended_where_spines_differ(void **state)
{
    (void)state;
    no_shift_is_contended(TWO_KINDS "zones:\n"
                                    "  a:\n"
                                    "    model: leaf\n"
                                    "    leaves: 4\n"
                                    "    spines: [{count: 2, model: big, links-per-pair: 2},\n"
                                    "             {count: 1, model: small}]\n"
                                    "hosts: [{names: 'h[01-20]', model: g, attach: {zone: a}}]\n",
                          false);
    /* In pods, each spine with as many cables up as down: 8, 8 and 4. */
    no_shift_is_contended(TWO_KINDS "zones:\n"
                                    "  a:\n"
                                    "    model: leaf\n"
                                    "    pods: 4\n"
                                    "    leaves: 4\n"
                                    "    spines: [{count: 2, model: big, links-per-pair: 2},\n"
                                    "             {count: 1, model: small}]\n"
                                    "core: {names: 'c[1-6]', model: big}\n"
                                    "hosts: [{names: 'h[01-80]', model: g, attach: {zone: a}}]\n",
                          false);
}

/* ---- cables share what there is by their rate ---- */

/* How many NICs elsewhere each uplink of leaf `leaf` leads to. */
static void count_uplinks(const struct csin_fabric *f, const struct csin_routes *routes,
                          uint32_t leaf, uint32_t *n)
{
    const struct csin_switch *sw = &f->switches[leaf];
    uint32_t up = f->zones[sw->zone].n_uplinks;
    memset(n, 0, up * sizeof *n);
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (f->nics[nic].leaf != leaf)
            n[csin_routes_port(routes, leaf, nic, 0) - (sw->n_ports - up)]++;
}

static void cables_of_twice_the_rate_take_twice_the_destinations(void **state)
{
    (void)state;
    struct built b = build_yaml("fabric: t\n"
                                "switch-models: {s: {ports: 32, rate: 200Gb/s}}\n"
                                "host-models: {g: {rate: 200Gb/s}}\n"
                                "zones:\n"
                                "  a:\n"
                                "    model: s\n"
                                "    leaves: 7\n"
                                "    spines: [{count: 2}, {count: 4, uplink-rate: 100Gb/s}]\n"
                                "    hosts-per-leaf: 8\n"
                                "hosts: [{names: 'h[01-56]', model: g, attach: {zone: a}}]\n");
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    uint32_t n[6];
    assert_close(b.f->zones[0].leaf_uplink_Bps, 800 * GBPS, 1e-12);
    for (uint32_t leaf = 0; leaf < 7; leaf++) {
        count_uplinks(b.f, routes, leaf, n);
        for (int i = 0; i < 6; i++)
            assert_int_equal(n[i], i < 2 ? 12 : 6); /* of 48 */
    }
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* 200 and 75 Gb/s: no whole ratio. 3 x 200 + 75 = 675. */
static void cables_of_odd_rates_take_their_share_of_destinations(void **state)
{
    (void)state;
    struct built b = build_yaml("fabric: t\n"
                                "switch-models: {s: {ports: 64, rate: 200Gb/s}}\n"
                                "host-models: {g: {rate: 200Gb/s}}\n"
                                "zones:\n"
                                "  a:\n"
                                "    model: s\n"
                                "    leaves: 20\n"
                                "    spines: [{count: 3}, {count: 1, uplink-rate: 75Gb/s}]\n"
                                "    hosts-per-leaf: 50\n"
                                "hosts: [{names: 'h[0001-1000]', model: g, attach: {zone: a}}]\n");
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    uint32_t n[4];
    count_uplinks(b.f, routes, 3, n);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(n[i] - 950 * (i < 3 ? 200 : 75) / 675.) < 10);
    csin_routes_destroy(routes);
    built_finish(&b);
}

static void parallel_cables_carry_alike(void **state)
{
    (void)state;
    struct built b = build_named("leaf:6 spine:4 links:3 host:12 200Gb/s");
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    for (uint32_t leaf = 0; leaf < 6; leaf++) {
        uint32_t n[12];
        count_uplinks(b.f, routes, leaf, n);
        for (int i = 0; i < 12; i++)
            assert_int_equal(n[i], 5);
    }
    for (uint32_t spine = 6; spine < 10; spine++) { /* and down again */
        uint32_t n[18] = {0};
        for (uint32_t nic = 0; nic < b.f->n_nics; nic++)
            n[csin_routes_port(routes, spine, nic, 0)]++;
        for (int i = 0; i < 18; i++)
            assert_int_equal(n[i], 4);
    }
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* Core switches and spines of a tree whose cables come out even get as many destinations each. */
static void core_switches_are_used_alike(void **state)
{
    (void)state;
    struct built b = build_named("leaf:4 spine:4 host:4 pod:4 core:8 200Gb/s");
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    uint32_t *n = calloc(b.f->n_arcs, sizeof *n);
    assert_non_null(n);
    for (uint32_t src = 0; src < b.f->n_nics; src++)
        for (uint32_t dst = 0; dst < b.f->n_nics; dst++) {
            struct csin_path path;
            if (src == dst)
                continue;
            assert_true(csin_routes_path(routes, src, dst, 0, &path));
            for (uint32_t i = 0; i < path.n; i++)
                n[path.arcs[i]]++;
        }
    /* 16 NICs a pod, 48 elsewhere: 16 x 48 flows leave it over 16 cables. */
    for (uint32_t arc = 0; arc < b.f->n_arcs; arc++)
        if (b.f->cables[arc / 2].place == CSIN_AT_CORE)
            assert_int_equal(n[arc], 48);
    free(n);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* ---- planes and rails ---- */

static uint32_t plane_of(const struct csin_fabric *f, uint32_t nic)
{
    return f->zones[f->switches[f->nics[nic].leaf].zone].plane;
}

static void nics_go_to_planes_in_turn(void **state)
{
    (void)state;
    struct built b = build_named("leaf:4 spine:2 host:6 plane:3 rail:2 200Gb/s");
    assert_int_equal(b.f->n_hosts, 12);
    assert_int_equal(b.f->n_planes, 3);
    for (uint32_t h = 0; h < b.f->n_hosts; h++) {
        uint32_t first = b.f->hosts[h].first_nic;
        assert_int_equal(b.f->hosts[h].n_nics, 6);
        for (uint32_t k = 0; k < 6; k++) {
            uint32_t leaf = b.f->nics[first + k].leaf;
            const struct csin_zone *z = &b.f->zones[b.f->switches[leaf].zone];
            assert_int_equal(plane_of(b.f, first + k), k % 3);
            /* The first half of the hosts on leaves 1 and 2, the others on 3 and 4. */
            assert_int_equal(leaf - z->first_leaf, h / 6 * 2 + k / 3);
        }
    }
    assert_string_equal(b.f->switches[0].name, "p1-leaf1");
    assert_string_equal(b.f->zones[2].name, "p3");
    built_finish(&b);
}

static void planes_know_nothing_of_each_other(void **state)
{
    (void)state;
    struct built b = build_named("leaf:4 spine:2 host:4 plane:4 200Gb/s");
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    uint32_t per_plane[4] = {0};
    for (uint32_t s = 0; s < b.f->n_switches; s++)
        for (uint32_t nic = 0; nic < b.f->n_nics; nic++)
            assert_int_equal(csin_routes_port(routes, s, nic, 0) == CSIN_NONE,
                             b.f->zones[b.f->switches[s].zone].plane != plane_of(b.f, nic));
    /* 24 switches x 16 NICs of their plane x 2 bytes, not x 64. */
    assert_true(csin_routes_bytes(routes) < 24 * 64 * 2 + 24 * 16 + 4000);
    for (uint64_t flow = 0; flow < 4000; flow++) {
        struct csin_path path;
        assert_true(csin_routes_host_path(routes, 0, 15, flow, &path));
        uint32_t src = csin_arc_tail(b.f, path.arcs[0]) - b.f->n_switches;
        uint32_t dst = csin_arc_head(b.f, path.arcs[path.n - 1]) - b.f->n_switches;
        assert_int_equal(plane_of(b.f, src), plane_of(b.f, dst));
        per_plane[plane_of(b.f, src)]++;
    }
    for (int i = 0; i < 4; i++)
        assert_true(abs((int)per_plane[i] - 1000) < 5 * 28); /* 5 sigma */
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* Hosts of one group of rails reach each other under one leaf, others over one rail's leaves. */
static void flows_keep_to_their_rail(void **state)
{
    (void)state;
    struct built b = build_named("leaf:8 spine:4 host:4 rail:4 200Gb/s");
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    assert_int_equal(b.f->n_hosts, 8);
    for (uint32_t a = 0; a < 8; a++)
        for (uint32_t z = 0; z < 8; z++)
            for (uint64_t flow = 0; a != z && flow < 40; flow++) {
                struct csin_path path;
                assert_true(csin_routes_host_path(routes, a, z, flow, &path));
                uint32_t src = csin_arc_tail(b.f, path.arcs[0]) - b.f->n_switches;
                uint32_t dst = csin_arc_head(b.f, path.arcs[path.n - 1]) - b.f->n_switches;
                assert_int_equal(path.n, a / 4 == z / 4 ? 2 : 4);
                assert_int_equal(src - b.f->hosts[a].first_nic, dst - b.f->hosts[z].first_nic);
            }
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* ---- leaf pairs ---- */

static void cables_of_a_pair_carry_only_what_is_between_the_two(void **state)
{
    (void)state;
    struct built b = build_yaml(
        "fabric: t\n"
        "switch-models: {s: {ports: 16, rate: 200Gb/s}}\n"
        "host-models: {g: {rate: 200Gb/s}, two: {nics: 2, rate: 200Gb/s}}\n"
        "zones:\n"
        "  a: {model: s, leaves: 6, spines: 4, pair-links: 3}\n"
        "hosts:\n"
        "  - {names: 'd[1-9]', model: two, attach: {zone: a, spread: rails}}\n"
        "  - {names: 'h[01-24]', model: g, attach: {zone: a}}\n");
    const struct csin_fabric *f = b.f;
    struct csin_routes *routes = route(f, CSIN_DMODK, 0);
    assert_int_equal(f->zones[0].hosts_per_leaf, 9);
    for (uint32_t h = 0; h < 9; h++) { /* dual-homed to the leaves of a pair */
        uint32_t first = f->hosts[h].first_nic;
        assert_int_equal(f->nics[first].leaf % 2, 0);
        assert_int_equal(f->nics[first].leaf + 1, f->nics[first + 1].leaf);
    }
    uint32_t *n = calloc(f->n_arcs, sizeof *n);
    assert_non_null(n);
    for (uint32_t src = 0; src < f->n_nics; src++)
        for (uint32_t dst = 0; dst < f->n_nics; dst++) {
            struct csin_path path;
            uint32_t from = f->nics[src].leaf, to = f->nics[dst].leaf;
            if (src == dst)
                continue;
            assert_true(csin_routes_path(routes, src, dst, 0, &path));
            for (uint32_t i = 0; i < path.n; i++)
                if (f->cables[path.arcs[i] / 2].place == CSIN_ELSEWHERE) {
                    assert_true(from != to && from / 2 == to / 2);
                    n[path.arcs[i]]++;
                }
        }
    /* 7 NICs a leaf to 7 beyond: a third of 49 each, in whole columns of 7. */
    for (uint32_t arc = 0; arc < f->n_arcs; arc++)
        if (f->cables[arc / 2].place == CSIN_ELSEWHERE)
            assert_in_range(n[arc], 14, 21);
    free(n);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* ---- what is connected ---- */

static uint32_t parts_of(const char *yaml, char lone[32])
{
    struct built b = build_yaml(yaml);
    struct csin_fabric_facts facts;
    struct csin_diag *diag = csin_diag_create();
    assert_int_equal(csin_fabric_analyze(b.f, b.arena, diag, &facts), CSIN_OK);
    strcpy(lone, facts.lone_host == CSIN_NONE ? "" : b.f->hosts[facts.lone_host].name);
    csin_diag_destroy(diag);
    built_finish(&b);
    return facts.n_parts;
}

#define FOUR_PLANES                                                                                \
    "fabric: t\n"                                                                                  \
    "switch-models: {s: {ports: 8, rate: 200Gb/s}}\n"                                              \
    "host-models: {one: {rate: 200Gb/s}, two: {nics: 2, rate: 200Gb/s},\n"                         \
    "  four: {nics: 4, rate: 200Gb/s}}\n"                                                          \
    "zones: {a: {model: s, leaves: 2, spines: 2, planes: 4}}\n"                                    \
    "hosts:\n"                                                                                     \
    "  - {names: 'f[1-2]', model: four, attach: {zone: a}}\n"
#define TWO(name, p, q)                                                                            \
    "  - {names: " name ", model: two, attach: [{zone: a-" p "}, {zone: a-" q ", nic: 1}]}\n"

static void hosts_are_connected_that_share_a_plane(void **state)
{
    (void)state;
    char lone[32];
    assert_int_equal(parts_of(FOUR_PLANES, lone), 1);
    assert_string_equal(lone, "");
    assert_int_equal(parts_of(FOUR_PLANES TWO("x", "p1", "p2") TWO("y", "p1", "p3"), lone), 1);
    /* Every two of these meet, though no plane has all of them. */
    assert_int_equal(
        parts_of(FOUR_PLANES TWO("x", "p1", "p2") TWO("y", "p2", "p3") TWO("z", "p3", "p1"), lone),
        1);
    assert_int_equal(parts_of(FOUR_PLANES TWO("x", "p1", "p2") TWO("y", "p3", "p4"), lone), 2);
    /* x meets everybody, and has the first name; y and z do not meet. */
    assert_int_equal(
        parts_of(FOUR_PLANES TWO("x", "p1", "p2") TWO("y", "p1", "p3") TWO("z", "p2", "p4"), lone),
        2);
    assert_true(strcmp(lone, "y") == 0 || strcmp(lone, "z") == 0);
    assert_int_equal(parts_of(FOUR_PLANES "  - {names: x, model: one, attach: {zone: a-p1}}\n"
                                          "  - {names: y, model: one, attach: {zone: a-p2}}\n"
                                          "  - {names: z, model: one, attach: {zone: a-p4}}\n",
                              lone),
                     3);
}

/* ---- pods of different size, ports left over ---- */

static void pods_may_differ_in_size_and_be_half_empty(void **state)
{
    (void)state;
    struct built b = build_yaml("fabric: t\n"
                                "switch-models: {s: {ports: 12, rate: 200Gb/s}}\n"
                                "host-models: {g: {rate: 200Gb/s}}\n"
                                "zones:\n"
                                "  a: {model: s, leaves: 6, spines: 6}\n"
                                "  b: {model: s, leaves: 2, spines: 3, hosts-per-leaf: 4}\n"
                                "  c: {model: s, leaves: 4, spines: 2, links-per-pair: 2}\n"
                                "core: {names: 'core[1-6]', model: s, uplinks: 3}\n"
                                "hosts:\n"
                                "  - {names: 'h[1-9]', model: g, attach: {zone: a, spread: fill}}\n"
                                "  - {names: 'g[1-5]', model: g, attach: {zone: b}}\n"
                                "  - {names: 'k[1-7]', model: g, attach: {zone: c}}\n");
    const struct csin_fabric *f = b.f;
    uint32_t *distance = calloc(f->n_vertices, sizeof *distance);
    assert_non_null(distance);
    csin_fabric_check(f);
    assert_int_equal(f->n_trees, 1);
    /* 6 x 3, 3 x 3 and 2 x 3 cables up. */
    uint32_t n = 0;
    for (uint32_t c = 0; c < f->n_cables; c++)
        n += f->cables[c].place == CSIN_AT_CORE;
    assert_int_equal(n, 33);
    struct csin_routes *routes = route(f, CSIN_DMODK, 0);
    for (uint32_t dst = 0; dst < f->n_nics; dst++) {
        distances(f, f->n_switches + dst, distance);
        for (uint32_t src = 0; src < f->n_nics; src++) {
            struct csin_path path;
            if (src == dst)
                continue;
            assert_true(csin_routes_path(routes, src, dst, 0, &path));
            assert_int_equal(path.n, distance[f->n_switches + src]);
        }
    }
    free(distance);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* ---- credit loops ---- */

static void up_and_down_closes_no_circle(void **state)
{
    (void)state;
    static const char *const fabrics[] = {
        "leaf:4 spine:2 links:2 host:4 pod:3 core:4 200Gb/s",
        "leaf:4 spine:4 host:4 plane:2 rail:2 200Gb/s",
        "leaf:2 spine:2 host:2 pod:4 core:4 plane:2 200Gb/s",
    };
    static const char pairs[] = TWO_KINDS
        "zones:\n"
        "  a: {model: big, leaves: 4, spines: 4, pair-links: 2, pods: 2}\n"
        "  b: {model: big, leaves: 2, spines: 2, hosts-per-leaf: 4}\n"
        "core: {names: 'c[1-8]', model: big, uplinks: 5}\n"
        "hosts: [{names: 'h[01-32]', model: g, attach: {zone: a}},\n"
        "  {names: 'k[1-8]', model: g, attach: {zone: b}}]\n";
    for (size_t i = 0; i <= sizeof fabrics / sizeof *fabrics; i++) {
        struct built b = i < sizeof fabrics / sizeof *fabrics ? build_named(fabrics[i])
                                                              : build_yaml(pairs);
        struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
        struct csin_channels channels;
        assert_true(csin_channels_init(&channels, routes));
        assert_true(channels.is_acyclic);
        csin_channels_finish(&channels);
        csin_routes_destroy(routes);
        built_finish(&b);
    }
}

/* ---- large ---- */

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Issue 4: 32,768 hosts in 4 planes of 128-port switches in under 5 s and 2 GiB. Time is printed
 * and not judged, as it depends on the machine. */
static void planes_of_32768_hosts_are_built_and_routed(void **state)
{
    (void)state;
    static const char *const files[] = {"configs/fire-flyer-next.yaml",
                                        "configs/planes-32768.yaml"};
    for (int i = 0; i < 2; i++) {
        double start_s = now_s();
        struct built b = build_named(files[i]);
        double built_s = now_s();
        struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
        double routed_s = now_s();
        struct csin_path path;
        for (uint32_t h = 1; h < b.f->n_hosts; h += 61) {
            assert_true(csin_routes_host_path(routes, 0, h, h, &path));
            assert_in_range(path.n, 2, i == 0 ? 4 : 6);
        }
        assert_true(csin_routes_bytes(routes) < 512u << 20);
        print_message("%s: built in %.2f s, routed in %.2f s, routes of %.0f MB\n", files[i],
                      built_s - start_s, routed_s - built_s,
                      (double)csin_routes_bytes(routes) / 1e6);
        csin_routes_destroy(routes);
        built_finish(&b);
    }
}

CHECK_MAIN(cmocka_unit_test(switches_are_counted_as_published),
           cmocka_unit_test(two_layers_of_64_ports_have_2048_cables_between_switches),
           cmocka_unit_test(no_shift_of_a_full_three_layer_tree_is_contended),
           cmocka_unit_test(no_shift_is_contended_where_spines_differ),
           cmocka_unit_test(cables_of_twice_the_rate_take_twice_the_destinations),
           cmocka_unit_test(cables_of_odd_rates_take_their_share_of_destinations),
           cmocka_unit_test(parallel_cables_carry_alike),
           cmocka_unit_test(core_switches_are_used_alike),
           cmocka_unit_test(nics_go_to_planes_in_turn),
           cmocka_unit_test(planes_know_nothing_of_each_other),
           cmocka_unit_test(flows_keep_to_their_rail),
           cmocka_unit_test(cables_of_a_pair_carry_only_what_is_between_the_two),
           cmocka_unit_test(hosts_are_connected_that_share_a_plane),
           cmocka_unit_test(pods_may_differ_in_size_and_be_half_empty),
           cmocka_unit_test(up_and_down_closes_no_circle),
           cmocka_unit_test(planes_of_32768_hosts_are_built_and_routed))
