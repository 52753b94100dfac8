/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Measures of a fabric against closed formulas and against slower, simpler programs. */
#include "base/rng.h"
#include "tests/check.h"
#include "topo/analyze.h"

struct measured {
    struct csin_arena *arena;
    struct csin_fabric *f;
    struct csin_fabric_facts facts;
};

static void measure(struct measured *m, struct csin_diag *diag)
{
    csin_fabric_check(m->f);
    assert_int_equal(csin_fabric_analyze(m->f, m->arena, diag, &m->facts), CSIN_OK);
    assert_int_equal(csin_diag_errors(diag), 0);
    csin_diag_destroy(diag);
}

/* A one-line fabric or a file. */
static struct measured open_fabric(const char *text)
{
    struct measured m = {csin_arena_create(), NULL, {{{0}}}};
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = csin_fabric_open(diag, m.arena, (struct csin_loc){"test", 1, 1}, text,
                                               &m.f, NULL);
    csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    measure(&m, diag);
    return m;
}

static struct measured open_yaml(const char *yaml)
{
    struct measured m = {csin_arena_create(), NULL, {{{0}}}};
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    enum csin_status status = csin_fabric_spec_read(m.arena, diag, "test.yaml", yaml, strlen(yaml),
                                                    &spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(&spec, diag, &m.f);
    csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    measure(&m, diag);
    return m;
}

static void close_fabric(struct measured *m)
{
    csin_fabric_destroy(m->f);
    csin_arena_destroy(m->arena);
}

#define GBPS 125e6 /* bytes/s of 1 Gb/s */

#define MODELS                                                                                     \
    "switch-models:\n"                                                                             \
    "  s: {ports: 16, rate: 100Gb/s}\n"                                                            \
    "host-models:\n"                                                                               \
    "  gpu: {rate: 100Gb/s}\n"                                                                     \
    "  two: {role: storage, nics: 2, rate: 100Gb/s}\n"

/* 5 leaves, 3 spines, 2 hosts a leaf */
#define ZONE                                                                                       \
    "fabric: test\n" MODELS "zones:\n"                                                             \
    "  a: {model: s, leaves: 5, spines: 3, hosts-per-leaf: 2}\n"                                   \
    "hosts:\n"                                                                                     \
    "  - {names: 'h[01-10]', model: gpu, attach: {zone: a}}\n"

/* Two such zones, 4 compute hosts in each and 2 storage hosts in both. */
#define TWO_ZONES                                                                                  \
    "fabric: test\n" MODELS "zones:\n"                                                             \
    "  a: &zone {model: s, leaves: 5, spines: 3, hosts-per-leaf: 4}\n"                             \
    "  b: *zone\n"                                                                                 \
    "hosts:\n"                                                                                     \
    "  - {names: 'h[1-4]', model: gpu, attach: {zone: a}}\n"                                       \
    "  - {names: 'h[5-8]', model: gpu, attach: {zone: b}}\n"                                       \
    "  - {names: 'd[1-2]', model: two, attach: [{zone: a, nic: 0}, {zone: b, nic: 1}]}\n"

#define JOINED                                                                                     \
    TWO_ZONES "inter-zone:\n"                                                                      \
              "  names: x[1-2]\n"                                                                  \
              "  model: s\n"                                                                       \
              "  zones: [a, b]\n"                                                                  \
              "  leaves: 2\n"

/* ---- bisection ---- */

static void bisection_by_flow_is_the_formula_for_every_shape(void **state)
{
    (void)state;
    for (unsigned leaves = 1; leaves <= 9; leaves++)
        for (unsigned spines = 1; spines <= 5; spines++)
            for (unsigned links = 1; links <= 3; links++) {
                char line[80];
                snprintf(line, sizeof line,
                         "leaf:%u spine:%u host:2 links:%u 100Gb/s uplink:40Gb/s", leaves, spines,
                         links);
                struct measured m = open_fabric(line);
                double want = leaves / 2 * spines * links * 40 * GBPS;
                assert_true(m.facts.zones[0].bisection_flow_Bps == want);
                assert_true(m.facts.zones[0].bisection_formula_Bps == want);
                close_fabric(&m);
            }
}

static void bisection_of_32768_hosts_is_the_formula(void **state)
{
    (void)state;
    struct measured m = open_fabric("leaf:512 spine:64 host:64 400Gb/s");
    assert_true(m.facts.zones[0].bisection_flow_Bps == 256 * 64 * 400 * GBPS);
    assert_int_equal(m.facts.diameter, 4);
    assert_int_equal(m.facts.n_parts, 1);
    close_fabric(&m);
}

static void a_dead_cable_of_the_smaller_half_costs_its_rate(void **state)
{
    (void)state;
    struct measured m = open_yaml(ZONE
                                  "overrides:\n  - {between: [a-leaf1, a-spine2], state: down}\n");
    assert_true(m.facts.zones[0].bisection_flow_Bps == (2 * 3 - 1) * 100 * GBPS);
    assert_true(m.facts.zones[0].bisection_formula_Bps == 2 * 3 * 100 * GBPS);
    assert_int_equal(m.facts.n_dead_cables, 1);
    close_fabric(&m);
}

static void a_dead_cable_of_the_larger_half_costs_nothing_while_the_rest_suffices(void **state)
{
    (void)state;
    struct measured m = open_yaml(ZONE
                                  "overrides:\n  - {between: [a-leaf5, a-spine2], state: down}\n");
    assert_true(m.facts.zones[0].bisection_flow_Bps == 2 * 3 * 100 * GBPS);
    close_fabric(&m);
}

static void a_degraded_cable_costs_what_it_lost(void **state)
{
    (void)state;
    struct measured m = open_yaml(ZONE
                                  "overrides:\n  - {between: [a-leaf2, a-spine3], rate: 25Gb/s}\n");
    assert_true(m.facts.zones[0].bisection_flow_Bps == (5 * 100 + 25) * GBPS);
    assert_int_equal(m.facts.n_degraded_cables, 1);
    assert_int_equal(m.facts.n_dead_cables, 0);
    close_fabric(&m);
}

/* In a two-layer zone each spine passes on the smaller of what the halves can send it. */
static double bisection_by_spines(const struct csin_fabric *f, const struct csin_zone *zone)
{
    double sum_Bps = 0;
    for (uint32_t s = 0; s < zone->n_spines; s++) {
        double half_Bps[2] = {0};
        for (uint32_t c = 0; c < f->n_cables; c++) {
            const struct csin_cable *cable = &f->cables[c];
            if (cable->place == CSIN_AT_SPINE && cable->up &&
                cable->end[1] == zone->first_spine + s)
                half_Bps[cable->end[0] - zone->first_leaf >= zone->n_leaves / 2] +=
                    cable->capacity_Bps;
        }
        sum_Bps += fmin(half_Bps[0], half_Bps[1]);
    }
    return sum_Bps;
}

/* Longest shortest path between two NICs, by a search from every switch. */
static uint32_t diameter_by_search(const struct csin_fabric *f)
{
    uint32_t longest = 0;
    uint32_t *queue = calloc(f->n_switches, sizeof *queue),
             *hops = calloc(f->n_switches, sizeof *hops);
    uint32_t *nics = calloc(f->n_switches, sizeof *nics);
    assert_true(queue && hops && nics);
    for (uint32_t n = 0; n < f->n_nics; n++)
        if (f->nics[n].cable != CSIN_NONE && f->cables[f->nics[n].cable].up)
            nics[f->nics[n].leaf]++;
    for (uint32_t from = 0; from < f->n_switches; from++) {
        uint32_t head = 0, tail = 0;
        if (nics[from] == 0)
            continue;
        for (uint32_t s = 0; s < f->n_switches; s++)
            hops[s] = CSIN_NONE;
        hops[from] = 0;
        queue[tail++] = from;
        while (head < tail) {
            uint32_t s = queue[head++];
            if (nics[s] > (s == from) && hops[s] + 2 > longest)
                longest = hops[s] + 2;
            for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
                uint32_t arc = f->port_arc[f->switches[s].first_port + p];
                if (arc == CSIN_NONE || !f->cables[arc >> 1].up)
                    continue;
                uint32_t to = csin_arc_head(f, arc);
                if (csin_is_nic(f, to) || hops[to] != CSIN_NONE)
                    continue;
                hops[to] = hops[s] + 1;
                queue[tail++] = to;
            }
        }
    }
    free(queue);
    free(hops);
    free(nics);
    return longest;
}

static void random_faults_agree_with_simpler_programs(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct csin_rng rng = csin_rng_init(seed, 0);
        uint32_t leaves = 2 + (uint32_t)csin_rng_below(&rng, 7);
        uint32_t spines = 1 + (uint32_t)csin_rng_below(&rng, 4);
        uint32_t faults = 1 + (uint32_t)csin_rng_below(&rng, leaves * spines);
        char yaml[8192];
        size_t n = (size_t)snprintf(yaml, sizeof yaml,
                                    "fabric: test\n" MODELS "zones:\n"
                                    "  a: {model: s, leaves: %u, spines: %u, hosts-per-leaf: 2}\n"
                                    "hosts:\n"
                                    "  - {names: 'h[1-%u]', model: gpu, attach: {zone: a}}\n"
                                    "overrides:\n",
                                    leaves, spines, leaves);
        for (uint32_t i = 0; i < leaves * spines && faults > 0; i++) {
            if (csin_rng_below(&rng, leaves * spines - i) >= faults)
                continue;
            faults--;
            n += (size_t)snprintf(yaml + n, sizeof yaml - n,
                                  "  - {between: [a-leaf%u, a-spine%u], %s}\n", i / spines + 1,
                                  i % spines + 1,
                                  csin_rng_below(&rng, 3) ? "state: down" : "rate: 33.5Gb/s");
        }
        struct measured m = open_yaml(yaml);
        double flow_Bps = m.facts.zones[0].bisection_flow_Bps;
        uint32_t diameter = diameter_by_search(m.f);
        if (flow_Bps != bisection_by_spines(m.f, &m.f->zones[0]) || m.facts.diameter != diameter)
            fail_msg("seed %u: bisection %.17g, not %.17g; diameter %u, not %u", (unsigned)seed,
                     flow_Bps, bisection_by_spines(m.f, &m.f->zones[0]), m.facts.diameter,
                     diameter);
        close_fabric(&m);
    }
}

/* ---- oversubscription ---- */

static void oversubscription_is_that_of_the_worst_leaf(void **state)
{
    (void)state;
    struct measured m = open_fabric("leaf:4 spine:2 host:16 200Gb/s");
    assert_true(m.facts.zones[0].oversubscription == 8);
    assert_int_equal(m.facts.zones[0].n_nics, 64);
    assert_true(m.facts.zones[0].host_Bps == 64 * 200 * GBPS);
    assert_true(m.facts.zones[0].uplink_Bps == 8 * 200 * GBPS);
    close_fabric(&m);

    m = open_yaml(ZONE "overrides:\n  - {between: [a-leaf4, a-spine1], state: down}\n");
    assert_true(m.facts.zones[0].oversubscription == 1);
    close_fabric(&m);

    m = open_yaml(ZONE "overrides:\n"
                       "  - {between: [a-leaf4, a-spine1], state: down}\n"
                       "  - {between: [a-leaf4, a-spine2], state: down}\n");
    assert_true(m.facts.zones[0].oversubscription == 2);
    close_fabric(&m);
}

static void planned_oversubscription_has_a_host_in_every_port_and_no_dead_cable(void **state)
{
    (void)state;
    struct measured m = open_yaml("fabric: test\n" MODELS "zones:\n"
                                  "  a: {model: s, leaves: 5, spines: 2, hosts-per-leaf: 6, "
                                  "uplink-rate: 50Gb/s}\n"
                                  "hosts:\n"
                                  "  - {names: 'h[1-5]', model: gpu, attach: {zone: a}}\n"
                                  "overrides:\n"
                                  "  - {between: [a-leaf1, a-spine1], state: down}\n");
    assert_true(m.facts.zones[0].oversubscription == 2);
    assert_true(m.facts.zones[0].planned_oversubscription == 6);
    close_fabric(&m);
}

static void a_leaf_without_uplinks_is_oversubscribed_without_limit(void **state)
{
    (void)state;
    struct measured m = open_yaml(ZONE "overrides:\n"
                                       "  - {between: [a-leaf4, a-spine1], state: down}\n"
                                       "  - {between: [a-leaf4, a-spine2], state: down}\n"
                                       "  - {between: [a-leaf4, a-spine3], state: down}\n");
    assert_true(isinf(m.facts.zones[0].oversubscription));
    assert_int_equal(m.facts.n_parts, 2);
    close_fabric(&m);
}

/* ---- parts and diameter ---- */

static void diameter_is_four_cables_in_a_zone_and_two_under_one_leaf(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint32_t diameter;
    } cases[] = {{"leaf:4 spine:2 host:16 200Gb/s", 4},
                 {"leaf:2 spine:1 host:1 200Gb/s", 4},
                 {"leaf:1 spine:2 host:16 200Gb/s", 2},
                 {"leaf:1 spine:2 host:1 200Gb/s", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct measured m = open_fabric(cases[i].line);
        assert_int_equal(m.facts.diameter, cases[i].diameter);
        assert_int_equal(m.facts.n_parts, 1);
        close_fabric(&m);
    }
}

static void hosts_with_two_nics_do_not_join_zones(void **state)
{
    (void)state;
    struct measured m = open_yaml(TWO_ZONES);
    assert_int_equal(m.facts.n_parts, 2);
    assert_int_equal(m.facts.diameter, 4);
    assert_true(m.facts.inter_zone_Bps == 0);
    assert_int_equal(m.facts.n_role[CSIN_COMPUTE], 8);
    assert_int_equal(m.facts.n_role[CSIN_STORAGE], 2);
    close_fabric(&m);
}

static void a_nic_with_a_dead_cable_is_a_part_and_a_spare_switch_is_not(void **state)
{
    (void)state;
    struct measured m = open_yaml(ZONE "switches:\n  - {names: spare, model: s, layer: leaf}\n");
    assert_int_equal(m.facts.n_parts, 1);
    close_fabric(&m);
    m = open_yaml(ZONE "overrides:\n  - {between: [h01, a-leaf1], state: down}\n");
    assert_int_equal(m.facts.n_parts, 2);
    close_fabric(&m);
}

/* A storage host at leaves 1 and 2, and three compute hosts at leaves 3 to 5. */
#define TWO_NICS                                                                                   \
    "fabric: test\n" MODELS "zones:\n"                                                             \
    "  a: {model: s, leaves: 5, spines: 3, hosts-per-leaf: 4}\n"                                   \
    "hosts:\n"                                                                                     \
    "  - names: d\n"                                                                               \
    "    model: two\n"                                                                             \
    "    attach: [{switches: a-leaf1, nic: 0}, {switches: a-leaf2, nic: 1}]\n"                     \
    "  - {names: 'h[1-3]', model: gpu, attach: {switches: 'a-leaf[3-5]'}}\n"                       \
    "overrides:\n"

static void a_dead_nic_of_a_host_with_another_is_not_a_part(void **state)
{
    (void)state;
    struct measured m = open_yaml(TWO_NICS "  - {between: [d, a-leaf1], state: down}\n");
    assert_int_equal(m.facts.n_parts, 1);
    assert_int_equal(m.facts.n_dead_nics, 1);
    assert_int_equal(m.facts.lone_host, CSIN_NONE);
    close_fabric(&m);
    m = open_yaml(TWO_NICS "  - {between: [d, a-leaf1], state: down}\n"
                           "  - {between: [d, a-leaf2], state: down}\n");
    assert_int_equal(m.facts.n_parts, 2); /* this host, and the other three */
    assert_int_equal(m.facts.n_dead_nics, 0);
    assert_string_equal(m.f->hosts[m.facts.lone_host].name, "d");
    close_fabric(&m);
}

static void the_lone_host_is_one_of_the_smallest_part(void **state)
{
    (void)state;
    struct measured m = open_yaml(TWO_NICS "  - {between: [a-leaf4, a-spine1], state: down}\n"
                                           "  - {between: [a-leaf4, a-spine2], state: down}\n"
                                           "  - {between: [a-leaf4, a-spine3], state: down}\n");
    assert_int_equal(m.facts.n_parts, 2);
    assert_string_equal(m.f->hosts[m.facts.lone_host].name, "h2");
    close_fabric(&m);
}

static void a_spine_that_is_cut_off_is_not_a_part(void **state)
{
    (void)state;
    struct measured m = open_yaml(ZONE "overrides:\n"
                                       "  - {between: [a-leaf1, a-spine2], state: down}\n"
                                       "  - {between: [a-leaf2, a-spine2], state: down}\n"
                                       "  - {between: [a-leaf3, a-spine2], state: down}\n"
                                       "  - {between: [a-leaf4, a-spine2], state: down}\n"
                                       "  - {between: [a-leaf5, a-spine2], state: down}\n");
    assert_int_equal(m.facts.n_parts, 1);
    assert_true(m.facts.zones[0].bisection_flow_Bps == 2 * 2 * 100 * GBPS);
    close_fabric(&m);
}

/* ---- between zones ---- */

static void the_cut_between_zones_is_its_cables(void **state)
{
    (void)state;
    struct measured m = open_yaml(JOINED);
    assert_int_equal(m.facts.n_parts, 1);
    assert_true(m.facts.inter_zone_Bps == 4 * 100 * GBPS);
    assert_int_equal(m.facts.diameter, diameter_by_search(m.f));
    close_fabric(&m);
}

static void a_dead_inter_zone_cable_costs_its_rate(void **state)
{
    (void)state;
    struct measured m = open_yaml(JOINED "overrides:\n  - {between: [a-leaf1, x1], state: down}\n");
    assert_true(m.facts.inter_zone_Bps == 3 * 100 * GBPS);
    close_fabric(&m);
}

static void the_worst_pair_of_zones_counts(void **state)
{
    (void)state;
    /* A chain a - b - c: a and b by two cables, b and c by one; a reaches c through b. */
    struct measured m = open_yaml("fabric: test\n" MODELS "zones:\n"
                                  "  a: &zone {model: s, leaves: 3, spines: 2, hosts-per-leaf: 4}\n"
                                  "  c: *zone\n"
                                  "  b: *zone\n"
                                  "hosts:\n"
                                  "  - {names: 'h[1-3]', model: gpu, attach: {zone: a}}\n"
                                  "  - {names: 'h[4-6]', model: gpu, attach: {zone: c}}\n"
                                  "switches:\n"
                                  "  - {names: 'core[1-2]', model: s, layer: core}\n"
                                  "cables:\n"
                                  "  - {from: 'a-spine[1-2]', to: core1}\n"
                                  "  - {from: 'b-spine[1-2]', to: core1}\n"
                                  "  - {from: 'b-spine[1-2]', to: core2}\n"
                                  "  - {from: c-spine1, to: core2}\n");
    assert_true(m.facts.inter_zone_Bps == 100 * GBPS);
    assert_int_equal(m.facts.n_parts, 1);
    assert_int_equal(m.facts.diameter, diameter_by_search(m.f));
    close_fabric(&m);
}

/* P pods of L leaves with H hosts, S spines with u uplinks each: hosts L H, to the core S u, and
 * half of the pods have P/2 S u. */
static void the_core_of_pods_is_measured_too(void **state)
{
    (void)state;
    for (unsigned pods = 2; pods <= 5; pods++)
        for (unsigned uplinks = 1; uplinks <= 4; uplinks++) {
            char line[200];
            snprintf(line, sizeof line, "leaf:4 spine:4 host:4 pod:%u core:%u uplinks:%u 200Gb/s",
                     pods, 4 * uplinks, uplinks);
            struct measured m = open_fabric(line);
            assert_true(m.facts.zones[0].oversubscription == 1);
            for (unsigned z = 0; z < pods; z++)
                assert_true(m.facts.zones[z].core_oversubscription == 4.0 / uplinks);
            assert_true(m.facts.inter_zone_Bps == 4 * uplinks * 200 * GBPS);
            assert_true(m.facts.whole_bisection_Bps == pods / 2 * 4 * uplinks * 200 * GBPS);
            assert_int_equal(csin_worst_pod(m.f, &m.facts), 0);
            close_fabric(&m);
        }
    struct measured m = open_yaml(JOINED);
    assert_true(m.facts.whole_bisection_Bps == m.facts.inter_zone_Bps);
    assert_int_equal(csin_worst_pod(m.f, &m.facts), CSIN_NONE);
    close_fabric(&m);
}

static void fire_flyer_2_is_as_published(void **state)
{
    (void)state;
    struct measured m = open_fabric("configs/fire-flyer-2.yaml");
    assert_int_equal(m.f->n_switches, 122);
    assert_int_equal(m.facts.layers[CSIN_LEAF].n_switches, 80);
    assert_int_equal(m.facts.layers[CSIN_SPINE].n_switches, 40);
    assert_int_equal(m.facts.layers[CSIN_INTER_ZONE].n_switches, 2);
    assert_int_equal(m.facts.layers[CSIN_SPINE].n_used, m.facts.layers[CSIN_SPINE].n_ports);
    assert_int_equal(m.facts.n_parts, 1);
    assert_int_equal(m.facts.diameter, 8);
    assert_int_equal(m.facts.diameter, diameter_by_search(m.f));
    for (unsigned z = 0; z < 2; z++) {
        assert_int_equal(m.facts.zones[z].n_nics, 780);
        assert_true(m.facts.zones[z].bisection_flow_Bps == 20 * 20 * 200 * GBPS);
        assert_true(m.facts.zones[z].oversubscription <= 1);
    }
    assert_true(m.facts.inter_zone_Bps == 20 * 200 * GBPS);
    close_fabric(&m);
}

CHECK_MAIN(cmocka_unit_test(bisection_by_flow_is_the_formula_for_every_shape),
           cmocka_unit_test(bisection_of_32768_hosts_is_the_formula),
           cmocka_unit_test(the_core_of_pods_is_measured_too),
           cmocka_unit_test(a_dead_cable_of_the_smaller_half_costs_its_rate),
           cmocka_unit_test(a_dead_cable_of_the_larger_half_costs_nothing_while_the_rest_suffices),
           cmocka_unit_test(a_degraded_cable_costs_what_it_lost),
           cmocka_unit_test(random_faults_agree_with_simpler_programs),
           cmocka_unit_test(oversubscription_is_that_of_the_worst_leaf),
           cmocka_unit_test(planned_oversubscription_has_a_host_in_every_port_and_no_dead_cable),
           cmocka_unit_test(a_leaf_without_uplinks_is_oversubscribed_without_limit),
           cmocka_unit_test(diameter_is_four_cables_in_a_zone_and_two_under_one_leaf),
           cmocka_unit_test(hosts_with_two_nics_do_not_join_zones),
           cmocka_unit_test(a_nic_with_a_dead_cable_is_a_part_and_a_spare_switch_is_not),
           cmocka_unit_test(a_dead_nic_of_a_host_with_another_is_not_a_part),
           cmocka_unit_test(the_lone_host_is_one_of_the_smallest_part),
           cmocka_unit_test(a_spine_that_is_cut_off_is_not_a_part),
           cmocka_unit_test(the_cut_between_zones_is_its_cables),
           cmocka_unit_test(a_dead_inter_zone_cable_costs_its_rate),
           cmocka_unit_test(the_worst_pair_of_zones_counts),
           cmocka_unit_test(fire_flyer_2_is_as_published))
