/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The channel dependency graph that grows, against a search for circles that starts anew each time;
 * ways to switches; and routes without credit loops where zones are joined. */
#include "tests/topo/routes_oracle.h"
#include "topo/channels.h"
#include "topo/switch_routes.h"

/* ---- a graph of its own: who depends on whom, as a matrix ---- */

struct graph {
    uint32_t n;
    bool *depends; /* [n][n] */
};

static struct graph graph_create(uint32_t n)
{
    struct graph g = {n, calloc((size_t)n * n + 1, sizeof(bool))};
    assert_non_null(g.depends);
    return g;
}

/* Taking away what nothing leads to leaves the circles, and what is behind them. */
static bool has_circle(const struct graph *g)
{
    uint32_t *waits = calloc(g->n + 1u, sizeof *waits), *ready = calloc(g->n + 1u, sizeof *ready);
    uint32_t n = 0;
    assert_true(waits && ready);
    for (size_t i = 0; i < (size_t)g->n * g->n; i++)
        waits[i % g->n] += g->depends[i];
    for (uint32_t arc = 0; arc < g->n; arc++)
        if (waits[arc] == 0)
            ready[n++] = arc;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t to = 0; to < g->n; to++)
            if (g->depends[(size_t)ready[i] * g->n + to] && --waits[to] == 0)
                ready[n++] = to;
    free(waits);
    free(ready);
    return n < g->n;
}

static void add_path(struct graph *g, const struct csin_path *path)
{
    for (uint32_t i = 0; i + 1 < path->n; i++)
        g->depends[(size_t)path->arcs[i] * g->n + path->arcs[i + 1]] = true;
}

/* All paths between NICs. */
static struct graph graph_of(const struct csin_fabric *f, const struct csin_routes *routes)
{
    struct graph g = graph_create(f->n_arcs);
    struct csin_path path;
    for (uint32_t src = 0; src < f->n_nics; src++)
        for (uint32_t dst = 0; dst < f->n_nics; dst++)
            if (csin_routes_path(routes, src, dst, 0, &path))
                add_path(&g, &path);
    return g;
}

/* Adds all ways to switches; gives how many NICs reach `target`. */
static uint32_t add_switch_ways(const struct csin_fabric *f, const struct csin_switch_routes *w,
                                uint32_t target, struct graph *g)
{
    uint32_t n_reached = 0;
    for (uint32_t nic = 0; nic < f->n_nics; nic++) {
        if (f->nics[nic].cable == CSIN_NONE || !f->cables[f->nics[nic].cable].up)
            continue;
        struct csin_path path = {1, {csin_nic_arc(f, nic)}, 0};
        uint32_t at = f->nics[nic].leaf;
        while (at != target && w->port[(size_t)at * f->n_switches + target] != UINT16_MAX) {
            uint32_t port = w->port[(size_t)at * f->n_switches + target];
            uint32_t arc = f->port_arc[f->switches[at].first_port + port];
            assert_true(arc != CSIN_NONE && f->cables[arc / 2].up && path.n < CSIN_PATH_MAX);
            path.arcs[path.n++] = arc;
            at = csin_arc_head(f, arc);
            assert_false(csin_is_nic(f, at));
        }
        n_reached += at == target;
        assert_true(at == target || path.n == 1); /* no way is half a way */
        add_path(g, &path);
    }
    return n_reached;
}

/* ---- adding ---- */

static void try_adding(uint64_t seed)
{
    struct csin_rng rng = csin_rng_init(seed, 3);
    struct random_fabric *r = random_fabric_create(seed);
    struct built b = build_yaml(r->yaml);
    struct csin_routes *routes = route(b.f, CSIN_DMODK_ONE_VL, 0);
    struct csin_channels c;
    assert_true(csin_channels_init(&c, routes));
    struct graph g = graph_of(b.f, routes);
    assert_int_equal(c.is_acyclic, !has_circle(&g));
    for (int i = 0; c.is_acyclic && b.f->n_arcs < 250 && i < 120; i++) {
        uint32_t from = (uint32_t)csin_rng_below(&rng, b.f->n_arcs);
        uint32_t to = (uint32_t)csin_rng_below(&rng, b.f->n_arcs);
        uint32_t via = csin_arc_head(b.f, from);
        for (uint32_t k = 0; k < b.f->n_arcs && csin_arc_tail(b.f, to) != via; k++)
            to = (to + 1) % b.f->n_arcs;
        if (csin_is_nic(b.f, via) || csin_is_nic(b.f, csin_arc_tail(b.f, from)) ||
            csin_arc_tail(b.f, to) != via || csin_is_nic(b.f, csin_arc_head(b.f, to)) || from == to)
            continue;
        bool *depends = &g.depends[(size_t)from * g.n + to], before = *depends;
        *depends = true;
        bool closes = has_circle(&g);
        assert_int_equal(csin_channels_add(&c, from, to), !closes);
        *depends = before || !closes;
    }
    free(g.depends);
    csin_channels_finish(&c);
    csin_routes_destroy(routes);
    built_finish(&b);
    random_fabric_destroy(r);
}

static void what_would_close_a_circle_is_not_added(void **state)
{
    (void)state;
    campaign(getenv("CSIN_QUICK") ? 40 : 150, try_adding);
}

/* ---- one virtual lane ---- */

/* Zones of which any two are joined by one inter-zone switch, as the generator makes them. */
static void try_one_vl(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    bool fits = r->n_edges == 0 && r->n_cores == 0;
    for (uint32_t z = 0; z < r->n_zones; z++)
        fits = fits && r->zones[z].spines >= 2;
    if (fits) {
        struct built b = build_yaml(r->yaml);
        struct csin_routes *routes = route(b.f, CSIN_DMODK_ONE_VL, 0);
        struct graph g = graph_of(b.f, routes);
        assert_false(has_circle(&g));
        free(g.depends);
        csin_routes_destroy(routes);
        built_finish(&b);
    }
    random_fabric_destroy(r);
}

static void joined_zones_have_no_credit_loop_on_one_vl(void **state)
{
    (void)state;
    campaign(getenv("CSIN_QUICK") ? 60 : 400, try_one_vl);
}

static const char joined[] = "fabric: t\n"
                             "switch-models: {s: {ports: 16, rate: 100Gb/s}}\n"
                             "host-models: {h: {rate: 100Gb/s}}\n"
                             "zones:\n"
                             "  a: &zone {model: s, leaves: 6, spines: 4, hosts-per-leaf: 4}\n"
                             "  b: *zone\n"
                             "hosts:\n"
                             "  - {names: 'h[1-24]', model: h, attach: {zone: a}}\n"
                             "  - {names: 'h[25-48]', model: h, attach: {zone: b}}\n"
                             "inter-zone: {names: 'x[1-2]', model: s, zones: [a, b], leaves: 2}\n";

/* Any one cable between leaf and spine dies: the exit moves, and there is still no loop. */
static void one_dead_cable_leaves_no_credit_loop(void **state)
{
    (void)state;
    struct built b = build_yaml(joined);
    bool *up = calloc(b.f->n_cables, sizeof *up);
    uint32_t n = 0;
    assert_non_null(up);
    for (uint32_t dead = 0; dead < b.f->n_cables; dead++) {
        if (b.f->cables[dead].place != CSIN_AT_SPINE)
            continue;
        for (uint32_t c = 0; c < b.f->n_cables; c++)
            up[c] = c != dead;
        struct csin_routes *routes = route_over(b.f, up, CSIN_DMODK_ONE_VL, 0);
        struct graph g = graph_of(b.f, routes);
        assert_false(has_circle(&g));
        free(g.depends);
        csin_routes_destroy(routes);
        n++;
    }
    assert_int_equal(n, 48);
    free(up);
    built_finish(&b);
}

static void a_zone_alone_is_routed_by_dmodk(void **state)
{
    (void)state;
    struct built b = build_named("leaf:8 spine:4 host:6 links:2 200Gb/s");
    struct csin_routes *one = route(b.f, CSIN_DMODK_ONE_VL, 0), *other = route(b.f, CSIN_DMODK, 0);
    for (uint32_t s = 0; s < b.f->n_switches; s++)
        for (uint32_t nic = 0; nic < b.f->n_nics; nic++)
            assert_int_equal(csin_routes_port(one, s, nic, 0), csin_routes_port(other, s, nic, 0));
    csin_routes_destroy(one);
    csin_routes_destroy(other);
    built_finish(&b);
}

/* ---- ways to switches ---- */

/* Ways to switches close no circle either, and every NIC reaches every switch. */
static void every_nic_of_a_zone_reaches_every_switch_without_credit_loops(void **state)
{
    (void)state;
    struct built b = build_named("leaf:5 spine:3 host:4 200Gb/s");
    for (int policy = 0; policy < CSIN_N_POLICIES; policy++) {
        if (!csin_policy_has_table((enum csin_policy)policy))
            continue;
        struct csin_routes *routes = route(b.f, (enum csin_policy)policy, 1);
        struct csin_switch_routes ways;
        assert_int_equal(csin_switch_routes_create(routes, b.arena, NULL, &ways), CSIN_OK);
        assert_false(ways.has_loop);
        struct graph g = graph_of(b.f, routes);
        for (uint32_t s = 0; s < b.f->n_switches; s++)
            assert_int_equal(add_switch_ways(b.f, &ways, s, &g), b.f->n_nics);
        assert_false(has_circle(&g));
        free(g.depends);
        csin_routes_destroy(routes);
    }
    built_finish(&b);
}

/* How many pairs of a NIC and a switch have no way to it, which are all of `layer`. */
static uint32_t count_unreached(const struct built *b, enum csin_layer layer)
{
    const struct csin_fabric *f = b->f;
    struct csin_routes *routes = route(f, CSIN_DMODK_ONE_VL, 0);
    struct csin_switch_routes ways;
    assert_int_equal(csin_switch_routes_create(routes, b->arena, NULL, &ways), CSIN_OK);
    assert_false(ways.has_loop);
    struct graph g = graph_of(f, routes);
    uint32_t n_unreached = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t n = f->n_nics - add_switch_ways(f, &ways, s, &g);
        assert_true(n == 0 || f->switches[s].layer == layer);
        n_unreached += n;
    }
    assert_false(has_circle(&g));
    free(g.depends);
    csin_routes_destroy(routes);
    return n_unreached;
}

/* As topo/switch_routes.h says, hosts at a gate may not reach other inter-zone switches. */
static void hosts_of_joined_zones_reach_nearly_every_switch_on_one_vl(void **state)
{
    (void)state;
    struct built b = build_yaml(joined);
    assert_true(count_unreached(&b, CSIN_INTER_ZONE) <= 16);
    built_finish(&b);
    b = build_named("configs/fire-flyer-2.yaml");
    uint32_t n = count_unreached(&b, CSIN_INTER_ZONE);
    print_message("Fire-Flyer 2: %u of %u pairs of a NIC and a switch without a way\n", n,
                  b.f->n_nics * b.f->n_switches);
    assert_true(n <= 800);
    built_finish(&b);
}

static void where_there_are_loops_already_every_switch_is_reached(void **state)
{
    (void)state;
    struct built b = build_yaml(joined);
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    struct csin_switch_routes ways;
    assert_int_equal(csin_switch_routes_create(routes, b.arena, NULL, &ways), CSIN_OK);
    assert_true(ways.has_loop);
    struct graph g = graph_of(b.f, routes);
    for (uint32_t s = 0; s < b.f->n_switches; s++)
        assert_int_equal(add_switch_ways(b.f, &ways, s, &g), 48);
    free(g.depends);
    csin_routes_destroy(routes);
    built_finish(&b);
}

CHECK_MAIN(cmocka_unit_test_teardown(what_would_close_a_circle_is_not_added, campaign_end),
           cmocka_unit_test_teardown(joined_zones_have_no_credit_loop_on_one_vl, campaign_end),
           cmocka_unit_test(one_dead_cable_leaves_no_credit_loop),
           cmocka_unit_test(a_zone_alone_is_routed_by_dmodk),
           cmocka_unit_test(every_nic_of_a_zone_reaches_every_switch_without_credit_loops),
           cmocka_unit_test(hosts_of_joined_zones_reach_nearly_every_switch_on_one_vl),
           cmocka_unit_test(where_there_are_loops_already_every_switch_is_reached))
