/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fabrics that are written out, switch by switch and port by port, and that csin writes so. */
#include "tests/topo/random_fabric.h"

#include "topo/export.h"
#include "topo/routes.h"

/* What csin writes of a fabric. malloc'ed. */
static char *yaml_of(const struct csin_fabric *f)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    csin_fabric_write_yaml(&(struct csin_fabric_view){.fabric = f}, out);
    fclose(out);
    return text;
}

static void assert_same_identity(const struct csin_fabric *a, const struct csin_fabric *b)
{
    for (uint32_t s = 0; s < a->n_switches; s++) {
        assert_int_equal(a->switches[s].guid, b->switches[s].guid);
        assert_int_equal(a->switches[s].lid, b->switches[s].lid);
        assert_int_equal(a->switches[s].agent_guid, b->switches[s].agent_guid);
        assert_int_equal(a->switches[s].agent_lid, b->switches[s].agent_lid);
    }
    for (uint32_t n = 0; n < a->n_nics; n++) {
        const struct csin_nic *x = &a->nics[n], *y = &b->nics[n];
        assert_int_equal(x->node_guid, y->node_guid);
        assert_int_equal(x->port_guid, y->port_guid);
        assert_int_equal(x->lid, y->lid);
        assert_int_equal(x->adapter_port, y->adapter_port);
        assert_string_equal(x->device ? x->device : "", y->device ? y->device : "");
    }
}

/* Everything that a fabric has, and not only what its digest covers. */
static void assert_same_fabric(const struct csin_fabric *a, const struct csin_fabric *b)
{
    assert_int_equal(a->n_switches, b->n_switches);
    assert_int_equal(a->n_hosts, b->n_hosts);
    assert_int_equal(a->n_nics, b->n_nics);
    assert_int_equal(a->n_cables, b->n_cables);
    assert_int_equal(a->n_zones, b->n_zones);
    assert_int_equal(a->n_ports, b->n_ports);
    for (uint32_t s = 0; s < a->n_switches; s++) {
        const struct csin_switch *x = &a->switches[s], *y = &b->switches[s];
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->model, y->model);
        assert_true(x->layer == y->layer && x->zone == y->zone && x->n_vls == y->n_vls);
        assert_true(x->n_ports == y->n_ports && x->n_used == y->n_used);
        assert_true(x->rate_Bps == y->rate_Bps && x->latency_s == y->latency_s);
    }
    for (uint32_t h = 0; h < a->n_hosts; h++) {
        assert_string_equal(a->hosts[h].name, b->hosts[h].name);
        assert_string_equal(a->hosts[h].model, b->hosts[h].model);
        assert_int_equal(a->hosts[h].role, b->hosts[h].role);
        assert_int_equal(a->hosts[h].first_nic, b->hosts[h].first_nic);
    }
    for (uint32_t n = 0; n < a->n_nics; n++) {
        assert_true(a->nics[n].rate_Bps == b->nics[n].rate_Bps);
        assert_true(a->nics[n].latency_s == b->nics[n].latency_s);
        assert_int_equal(a->nics[n].leaf, b->nics[n].leaf);
        assert_int_equal(a->nics[n].cable, b->nics[n].cable);
    }
    for (uint32_t c = 0; c < a->n_cables; c++) {
        const struct csin_cable *x = &a->cables[c], *y = &b->cables[c];
        assert_memory_equal(x->end, y->end, sizeof x->end);
        assert_memory_equal(x->port, y->port, sizeof x->port);
        assert_true(x->place == y->place && x->up == y->up && x->degraded == y->degraded);
        assert_true(x->capacity_Bps == y->capacity_Bps && x->latency_s == y->latency_s);
    }
    for (uint32_t z = 0; z < a->n_zones; z++) {
        assert_string_equal(a->zones[z].name, b->zones[z].name);
        assert_int_equal(a->zones[z].n_leaves, b->zones[z].n_leaves);
        assert_int_equal(a->zones[z].n_spines, b->zones[z].n_spines);
    }
    assert_string_equal(a->digest.hex, b->digest.hex);
    assert_same_identity(a, b);
}

static void assert_same_routes(const struct csin_fabric *a, const struct csin_fabric *b)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_routes *x = NULL, *y = NULL;
    assert_int_equal(csin_routes_create(a, NULL, CSIN_DMODK, 1, diag, &x), CSIN_OK);
    assert_int_equal(csin_routes_create(b, NULL, CSIN_DMODK, 1, diag, &y), CSIN_OK);
    for (uint32_t s = 0; s < a->n_switches; s++)
        for (uint32_t n = 0; n < a->n_nics; n++)
            assert_int_equal(csin_routes_port(x, s, n, 0), csin_routes_port(y, s, n, 0));
    csin_routes_destroy(x);
    csin_routes_destroy(y);
    csin_diag_destroy(diag);
}

/* Makes GUIDs up, of some. */
static void identify(struct csin_fabric *f, struct csin_rng *rng)
{
    static const char *const devices[] = {"mlx5_0", "HCA-1", "null", "-x"};
    for (uint32_t s = 0; s < f->n_switches; s++) {
        if (csin_rng_below(rng, 2))
            f->switches[s].guid = csin_rng_next(rng) | 1;
        if (csin_rng_below(rng, 2))
            f->switches[s].lid = 1 + (uint32_t)csin_rng_below(rng, 0xbfff);
        if (csin_rng_below(rng, 4) == 0)
            f->switches[s].agent_guid = csin_rng_next(rng) | 1;
        if (csin_rng_below(rng, 4) == 0)
            f->switches[s].agent_lid = 1 + (uint32_t)csin_rng_below(rng, 0xbfff);
    }
    for (uint32_t n = 0; n < f->n_nics; n++) {
        if (csin_rng_below(rng, 2))
            f->nics[n].node_guid = csin_rng_next(rng) | 1;
        if (csin_rng_below(rng, 2))
            f->nics[n].port_guid = csin_rng_next(rng) | 1;
        if (csin_rng_below(rng, 2))
            f->nics[n].lid = 1 + (uint32_t)csin_rng_below(rng, 0xbfff);
        if (csin_rng_below(rng, 3) == 0)
            f->nics[n].adapter_port = 1 + (uint32_t)csin_rng_below(rng, 4);
        if (csin_rng_below(rng, 3) == 0)
            f->nics[n].device = devices[csin_rng_below(rng, 4)];
    }
}

static void try_writing(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built intact = build_yaml(r->yaml);
    random_faults_add(r, intact.f);
    struct built faulty = build_yaml(r->yaml);
    identify(faulty.f, &r->rng);
    char *text = yaml_of(faulty.f);
    struct built again = build_yaml(text);
    csin_fabric_check(again.f);
    assert_same_fabric(faulty.f, again.f);
    assert_same_routes(faulty.f, again.f);
    char *twice = yaml_of(again.f);
    assert_string_equal(text, twice);
    free(twice);
    free(text);
    built_finish(&again);
    built_finish(&faulty);
    built_finish(&intact);
    random_fabric_destroy(r);
}

static void any_fabric_is_written_and_read_back_as_it_is(void **state)
{
    (void)state;
    campaign(300, try_writing);
}

static void zones_without_a_name_come_back_without_one(void **state)
{
    (void)state;
    struct built a = build_named("leaf:3 spine:2 host:4 storage:1 200Gb/s links:2 uplink:100Gb/s");
    char *text = yaml_of(a.f);
    struct built b = build_yaml(text);
    assert_same_fabric(a.f, b.f);
    assert_true(b.f->zones[0].regular);
    assert_int_equal(b.f->zones[0].links_per_pair, 2);
    assert_int_equal(b.f->zones[0].hosts_per_leaf, 5);
    assert_true(b.f->zones[0].uplink_Bps == 12.5e9);
    free(text);
    built_finish(&a);
    built_finish(&b);
}

#define MODELS                                                                                     \
    "fabric: t\n"                                                                                  \
    "switch-models: {s: {ports: 8, rate: 200Gb/s}}\n"                                              \
    "host-models: {g: {rate: 200Gb/s}, d: {nics: 2, rate: 200Gb/s}}\n"
#define ZONE                                                                                       \
    "switches:\n"                                                                                  \
    "  - {names: 'l[1-2]', model: s, layer: leaf, zone: a}\n"                                      \
    "  - {names: 'x', model: s, layer: core}\n"                                                    \
    "  - {names: 's[1-2]', model: s, layer: spine, zone: a}\n"

static void a_cable_may_be_written_at_one_end_or_at_both(void **state)
{
    (void)state;
    struct built a = build_yaml(MODELS ZONE "hosts: [{names: 'h[1-3]', model: g}]\n"
                                            "cabling:\n"
                                            "  l1: {8: s1/1 100Gb/s, 7: s2/1, 3: h1, 1: h3}\n"
                                            "  l2: {7: h2, 5: s1/2 5ns, 6: s2/2}\n"
                                            "  s1: {3: x/1, 4: x/2}\n");
    struct built b = build_yaml(MODELS ZONE "hosts: [{names: 'h[1-3]', model: g}]\n"
                                            "cabling:\n"
                                            "  x: {2: s1/4, 1: s1/3}\n"
                                            "  s1: {1: l1/8, 2: l2/5 5ns, 3: x/1}\n"
                                            "  l1: {1: h3, 3: h1, 8: s1/1 100Gb/s, 7: s2/1}\n"
                                            "  s2: {2: l2/6, 1: l1/7}\n"
                                            "  l2: {5: s1/2, 6: s2/2, 7: h2}\n");
    assert_same_fabric(a.f, b.f);
    assert_int_equal(a.f->n_cables, 9);
    assert_false(a.f->zones[0].regular); /* cables of two rates */
    assert_int_equal(csin_fabric_switch(a.f, "x"), 4);
    assert_int_equal(csin_fabric_switch(a.f, "s1"), 2);
    built_finish(&a);
    built_finish(&b);
}

static void nics_are_counted_behind_a_dot_unless_a_host_is_called_so(void **state)
{
    (void)state;
    struct built b = build_yaml(MODELS ZONE "hosts: [{names: 'n,n.1', model: d}]\n"
                                            "cabling: {l1: {1: n, 2: n.01, 3: n.1, 4: n.1.1}}\n");
    uint32_t n = csin_fabric_host(b.f, "n"), other = csin_fabric_host(b.f, "n.1");
    for (uint32_t k = 0; k < 2; k++) {
        const struct csin_cable *cables = b.f->cables;
        assert_int_equal(cables[b.f->nics[b.f->hosts[n].first_nic + k].cable].port[1], k);
        assert_int_equal(cables[b.f->nics[b.f->hosts[other].first_nic + k].cable].port[1], 2 + k);
    }
    char *text = yaml_of(b.f);
    struct built again = build_yaml(text);
    assert_same_fabric(b.f, again.f);
    free(text);
    built_finish(&b);
    built_finish(&again);
}

static void what_is_written_out_goes_before_what_is_spread(void **state)
{
    (void)state;
    struct built b = build_yaml("fabric: t\n"
                                "switch-models: {s: {ports: 8, rate: 200Gb/s}}\n"
                                "host-models: {g: {rate: 200Gb/s}}\n"
                                "zones: {a: {model: s, leaves: 2, spines: 4}}\n"
                                "hosts:\n"
                                "  - {names: 'h[1-5]', model: g, attach: {zone: a}}\n"
                                "  - {names: 'k', model: g}\n"
                                "  - {names: 'm', model: g}\n"
                                "cabling: {a-leaf1: {1: k, 3: m}}\n");
    const struct csin_fabric *f = b.f;
    static const uint32_t leaf[] = {0, 0, 1, 1, 1, 0, 0}, port[] = {1, 3, 0, 1, 2, 0, 2};
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        assert_int_equal(f->nics[h].leaf, leaf[h]);
        assert_int_equal(f->cables[f->nics[h].cable].port[1], port[h]);
    }
    csin_fabric_check(f);
    built_finish(&b);
}

/* ---- routes ---- */

static void shuffle_ports(struct csin_rng *rng, uint32_t *port, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        port[i] = i + 1;
    csin_rng_shuffle(rng, port, n);
}

/* A zone whose cables are in random ports, as cabling crews leave them. */
static char *shuffled_zone(uint64_t seed, uint32_t leaves, uint32_t spines, uint32_t links,
                           uint32_t hosts)
{
    struct csin_rng rng = csin_rng_init(seed, 0);
    uint32_t up = spines * links, ports = up + hosts, down = leaves * links;
    uint32_t *at_spine = calloc((size_t)spines * down, sizeof *at_spine);
    uint32_t *at_leaf = calloc(ports, sizeof *at_leaf);
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert_true(at_spine && at_leaf && out);
    for (uint32_t s = 0; s < spines; s++)
        shuffle_ports(&rng, at_spine + (size_t)s * down, down);
    fprintf(out,
            "fabric: shuffled\nswitch-models: {l: {ports: %u, rate: 200Gb/s}, s: {ports: %u, rate: "
            "200Gb/s}}\nhost-models: {g: {rate: 200Gb/s}}\nswitches:\n"
            "  - {names: 's[1-%u]', model: s, layer: spine, zone: z}\n"
            "  - {names: 'l[1-%u]', model: l, layer: leaf, zone: z}\n"
            "hosts: [{names: 'h[1-%u]', model: g}]\ncabling:\n",
            ports, down, spines, leaves, leaves * hosts);
    for (uint32_t l = 0; l < leaves; l++) {
        shuffle_ports(&rng, at_leaf, ports);
        fprintf(out, "  l%u: {", l + 1);
        for (uint32_t i = 0; i < ports; i++)
            if (i < up)
                fprintf(out, "%u: s%u/%u, ", at_leaf[i], i % spines + 1,
                        at_spine[i % spines * down + l * links + i / spines]);
            else
                fprintf(out, "%u: h%u, ", at_leaf[i], l * hosts + i - up + 1);
        fprintf(out, "}\n");
    }
    fclose(out);
    free(at_spine);
    free(at_leaf);
    return text;
}

/* The most flows on an arc while each NIC, counted leaf by leaf and port by port, sends `shift`
 * places further. */
static uint32_t worst_of_shift(const struct csin_fabric *f, const struct csin_routes *routes,
                               const uint32_t *nic, uint32_t *flows, uint32_t shift)
{
    uint32_t worst = 0;
    memset(flows, 0, f->n_arcs * sizeof *flows);
    for (uint32_t i = 0; i < f->n_nics; i++) {
        struct csin_path path;
        assert_true(csin_routes_path(routes, nic[i], nic[(i + shift) % f->n_nics], 0, &path));
        for (uint32_t k = 0; k < path.n; k++)
            worst = ++flows[path.arcs[k]] > worst ? flows[path.arcs[k]] : worst;
    }
    return worst;
}

static void assert_shifts_are_free(const struct csin_fabric *f)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_routes *routes = NULL;
    uint32_t *nic = calloc(f->n_nics, sizeof *nic), *flows = calloc(f->n_arcs, sizeof *flows);
    uint32_t n = 0;
    assert_int_equal(csin_routes_create(f, NULL, CSIN_DMODK, 1, diag, &routes), CSIN_OK);
    for (uint32_t p = 0; p < f->n_ports; p++)
        if (f->port_arc[p] != CSIN_NONE && csin_is_nic(f, csin_arc_head(f, f->port_arc[p])))
            nic[n++] = csin_arc_head(f, f->port_arc[p]) - f->n_switches;
    assert_int_equal(n, f->n_nics);
    for (uint32_t shift = 1; shift < n; shift++)
        assert_int_equal(worst_of_shift(f, routes, nic, flows, shift), 1);
    csin_routes_destroy(routes);
    csin_diag_destroy(diag);
    free(nic);
    free(flows);
}

static void dmodk_is_free_of_contention_whatever_ports_the_cables_are_in(void **state)
{
    (void)state;
    static const uint32_t shapes[][4] = {
        {40, 20, 1, 20}, {7, 5, 1, 5}, {5, 3, 2, 6}, {9, 4, 3, 12}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char *text = shuffled_zone(i + 1, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
        struct built b = build_yaml(text);
        assert_true(b.f->zones[0].regular);
        assert_int_equal(b.f->zones[0].links_per_pair, shapes[i][2]);
        assert_shifts_are_free(b.f);
        free(text);
        built_finish(&b);
    }
}

CHECK_MAIN(cmocka_unit_test_teardown(any_fabric_is_written_and_read_back_as_it_is, campaign_end),
           cmocka_unit_test(zones_without_a_name_come_back_without_one),
           cmocka_unit_test(a_cable_may_be_written_at_one_end_or_at_both),
           cmocka_unit_test(nics_are_counted_behind_a_dot_unless_a_host_is_called_so),
           cmocka_unit_test(what_is_written_out_goes_before_what_is_spread),
           cmocka_unit_test(dmodk_is_free_of_contention_whatever_ports_the_cables_are_in))
