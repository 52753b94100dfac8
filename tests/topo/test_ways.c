/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ways: on random fabrics, against all shortest paths, which are listed here one by one; and what
 * spraying and taking the least loaded path come to on known ones. */
#include "tests/topo/routes_oracle.h"

/* ---- the oracle ---- */

/* Where a packet to one NIC may go: the arcs that lead nearer, in a list for each vertex. */
struct oracle {
    const struct csin_fabric *f;
    uint32_t dst;       /* vertex */
    uint32_t *distance; /* [n_vertices] */
    uint32_t *first;    /* [n_vertices] arc; CSIN_NONE: none */
    uint32_t *next;     /* [n_arcs] of the same vertex */
    uint32_t *n_arcs;   /* [n_vertices] */
};

/* Inside its zone a packet does not go to an inter-zone switch. */
static bool strays(const struct oracle *o, uint32_t arc)
{
    const struct csin_fabric *f = o->f;
    uint32_t tail = csin_arc_tail(f, arc), head = csin_arc_head(f, arc);
    return tail < f->n_switches && head < f->n_switches && f->switches[tail].zone != CSIN_NONE &&
           f->switches[head].layer == CSIN_INTER_ZONE &&
           f->switches[tail].zone == f->switches[f->nics[o->dst - f->n_switches].leaf].zone;
}

static struct oracle oracle_create(const struct csin_fabric *f, uint32_t dst_nic)
{
    struct oracle o = {.f = f,
                       .dst = f->n_switches + dst_nic,
                       .distance = calloc(f->n_vertices, sizeof *o.distance),
                       .first = malloc(f->n_vertices * sizeof *o.first),
                       .next = calloc(f->n_arcs, sizeof *o.next),
                       .n_arcs = calloc(f->n_vertices, sizeof *o.n_arcs)};
    assert_true(o.distance && o.first && o.next && o.n_arcs);
    distances(f, o.dst, o.distance);
    memset(o.first, 0xff, f->n_vertices * sizeof *o.first);
    for (unsigned may_stray = 0; may_stray < 2; may_stray++) /* only where nothing else is left */
        for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
            uint32_t tail = csin_arc_tail(f, arc), ahead = o.distance[csin_arc_head(f, arc)];
            if (!f->cables[arc / 2].up || ahead == FAR || o.distance[tail] != ahead + 1 ||
                strays(&o, arc) != may_stray)
                continue;
            if (may_stray && o.first[tail] != CSIN_NONE && !strays(&o, o.first[tail]))
                continue;
            o.next[arc] = o.first[tail];
            o.first[tail] = arc;
            o.n_arcs[tail]++;
        }
    return o;
}

static void oracle_destroy(struct oracle *o)
{
    free(o->distance);
    free(o->first);
    free(o->next);
    free(o->n_arcs);
}

static bool leads(const struct oracle *o, uint32_t wanted)
{
    uint32_t arc = o->first[csin_arc_tail(o->f, wanted)];
    while (arc != CSIN_NONE && arc != wanted)
        arc = o->next[arc];
    return arc == wanted;
}

/* Every shortest path, one by one. */
struct paths {
    const double *load;       /* NULL: none */
    uint32_t n, most;         /* no more than these are looked at */
    double least;             /* the smallest load of a busiest arc between switches */
    double chance, latency_s; /* sums over the paths; chance: that a packet takes it */
};

static void walk(const struct oracle *o, uint32_t at, double busiest, double chance,
                 double latency_s, struct paths *all)
{
    if (all->n == all->most)
        return;
    if (at == o->dst) {
        all->n++;
        all->least = busiest < all->least ? busiest : all->least;
        all->chance += chance;
        all->latency_s += chance * latency_s;
        return;
    }
    for (uint32_t arc = o->first[at]; arc != CSIN_NONE; arc = o->next[arc]) {
        uint32_t head = csin_arc_head(o->f, arc);
        bool is_inside = !csin_is_nic(o->f, at) && !csin_is_nic(o->f, head);
        double load = all->load && is_inside ? all->load[arc] : 0;
        walk(o, head, load > busiest ? load : busiest, chance / o->n_arcs[at],
             latency_s + o->f->arc_latency_s[arc], all);
    }
}

static struct paths all_paths(const struct oracle *o, uint32_t src, const double *load)
{
    struct paths all = {.load = load, .most = 20000, .least = HUGE_VAL};
    walk(o, src, 0, 1, 0, &all);
    return all;
}

/* ---- random fabrics ---- */

static struct {
    uint32_t n, n_spread, n_listed, n_loaded; /* ways; sprayed over more than one path; ... */
} tried;

static void check_one_path(const struct oracle *o, uint32_t src, const struct csin_way *way)
{
    uint32_t at = src;
    double latency_s = 0;
    assert_int_equal(way->n, o->distance[src]);
    for (uint32_t i = 0; i < way->n; i++) {
        assert_int_equal(csin_arc_tail(o->f, way->arcs[i]), at);
        assert_true(leads(o, way->arcs[i]));
        assert_true(way->weights[i] == 1);
        latency_s += o->f->arc_latency_s[way->arcs[i]];
        at = csin_arc_head(o->f, way->arcs[i]);
    }
    assert_int_equal(at, o->dst);
    assert_close(way->latency_s, latency_s, 1e-12);
}

/* What comes in at a switch goes out again, the same over every arc that leads nearer, and no arc
 * comes before one that leads to it. */
static void check_sprayed(const struct oracle *o, uint32_t src, const struct csin_way *way)
{
    double *in = calloc(o->f->n_vertices, sizeof *in), *out = calloc(o->f->n_vertices, sizeof *out);
    uint32_t *n_out = calloc(o->f->n_vertices, sizeof *n_out);
    assert_true(in && out && n_out);
    in[src] = 1;
    for (uint32_t i = 0; i < way->n; i++) {
        uint32_t tail = csin_arc_tail(o->f, way->arcs[i]), head = csin_arc_head(o->f, way->arcs[i]);
        for (uint32_t k = 0; k < i; k++)
            assert_int_not_equal(way->arcs[k], way->arcs[i]);
        assert_true(leads(o, way->arcs[i]));
        assert_int_equal(n_out[head], 0);
        assert_true(way->weights[i] > 0);
        assert_close(way->weights[i], in[tail] / o->n_arcs[tail], 1e-12);
        n_out[tail]++;
        out[tail] += way->weights[i];
        in[head] += way->weights[i];
    }
    for (uint32_t v = 0; v < o->f->n_vertices; v++) {
        assert_int_equal(n_out[v], in[v] > 0 ? o->n_arcs[v] : 0);
        if (v != o->dst)
            assert_close(out[v], in[v], 1e-12);
    }
    assert_true(way->weights[0] == 1 && way->weights[way->n - 1] == 1);
    assert_true(in[o->dst] == 1);
    free(in);
    free(out);
    free(n_out);
    tried.n_spread += way->n > way->n_hops;
}

static void check_way(const struct csin_fabric *f, enum csin_policy policy,
                      const struct csin_path *path, const double *load, const struct csin_way *way)
{
    uint32_t src = csin_arc_tail(f, path->arcs[0]);
    uint32_t dst = csin_arc_head(f, path->arcs[path->n - 1]);
    struct oracle o = oracle_create(f, dst - f->n_switches);
    assert_int_equal(way->n_hops, o.distance[src]);
    tried.n++;
    if (policy == CSIN_SPRAY)
        check_sprayed(&o, src, way);
    else
        check_one_path(&o, src, way);
    if (policy != CSIN_SPRAY && policy != CSIN_LEAST_LOADED) {
        assert_int_equal(way->n, path->n);
        assert_memory_equal(way->arcs, path->arcs, path->n * sizeof *path->arcs);
    }
    struct paths all = all_paths(&o, src, load);
    if (all.n < all.most && policy == CSIN_SPRAY) {
        assert_close(all.chance, 1, 1e-12);
        assert_close(way->latency_s, all.latency_s, 1e-12);
        tried.n_listed++;
    }
    if (all.n < all.most && policy == CSIN_LEAST_LOADED) {
        double busiest = 0;
        for (uint32_t i = 1; load && i + 1 < way->n; i++)
            busiest = fmax(busiest, load[way->arcs[i]]);
        assert_true(busiest == all.least);
        tried.n_listed++;
        tried.n_loaded += busiest > 0;
    }
    oracle_destroy(&o);
}

static void check_ways(const struct csin_fabric *f, enum csin_policy policy, uint64_t seed)
{
    struct csin_routes *routes = route(f, policy, seed), *again = route(f, policy, seed);
    struct csin_way way = way_create(), same = way_create();
    struct csin_rng rng = csin_rng_init(seed, 1);
    double *load = calloc(f->n_arcs, sizeof *load);
    assert_non_null(load);
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t a = (uint32_t)csin_rng_below(&rng, f->n_hosts);
        uint32_t z = (uint32_t)csin_rng_below(&rng, f->n_hosts);
        uint64_t flow = csin_rng_next(&rng);
        for (uint32_t arc = 0; arc < f->n_arcs; arc++) /* few numbers, so that many are equal */
            load[arc] = (double)csin_rng_below(&rng, 1 + i % 6);
        const double *given = i % 8 ? load : NULL;
        struct csin_path path;
        way.n = 77;
        bool is_joined = csin_routes_way(routes, a, z, flow, given, &way);
        assert_int_equal(is_joined, csin_routes_host_path(routes, a, z, flow, &path));
        csin_routes_way(again, z, a, ~flow, NULL, &same); /* leaves no trace */
        assert_int_equal(is_joined, csin_routes_way(again, a, z, flow, given, &same));
        if (!is_joined) {
            assert_int_equal(way.n, 77); /* set on success only */
            continue;
        }
        assert_true(same_way(&way, &same));
        /* The pair of NICs is the path's. */
        assert_int_equal(way.arcs[0], path.arcs[0]);
        assert_int_equal(way.arcs[way.n - 1], path.arcs[path.n - 1]);
        check_way(f, policy, &path, given, &way);
    }
    free(load);
    way_destroy(&way);
    way_destroy(&same);
    csin_routes_destroy(again);
    csin_routes_destroy(routes);
}

static void try_ways(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built b = build_yaml(r->yaml);
    if (seed % 3) { /* a third stays intact */
        random_faults_add(r, b.f);
        built_finish(&b);
        b = build_yaml(r->yaml);
    }
    for (int policy = 0; policy < CSIN_N_POLICIES; policy++)
        check_ways(b.f, (enum csin_policy)policy, seed);
    built_finish(&b);
    random_fabric_destroy(r);
}

static void ways_on_random_fabrics_are_those_that_all_shortest_paths_make(void **state)
{
    (void)state;
    campaign(getenv("CSIN_QUICK") ? 60 : 300, try_ways);
    print_message("%u ways: %u sprayed over several paths, %u against a list of all, %u least "
                  "loaded and not idle\n",
                  tried.n, tried.n_spread, tried.n_listed, tried.n_loaded);
    if (!getenv("CSIN_SEED"))
        assert_true(tried.n_spread > 100 && tried.n_listed > 100 && tried.n_loaded > 100);
}

/* ---- spray ---- */

/* How many arcs of a way lie at that place, up or down; their smallest and largest weight. */
static uint32_t arcs_of(const struct csin_fabric *f, const struct csin_way *way,
                        enum csin_place place, bool is_down, double *ret_least, double *ret_most)
{
    uint32_t n = 0;
    *ret_least = HUGE_VAL;
    *ret_most = 0;
    for (uint32_t i = 0; i < way->n; i++) {
        if (f->cables[way->arcs[i] / 2].place != place || (way->arcs[i] & 1) != is_down)
            continue;
        n++;
        *ret_least = fmin(*ret_least, way->weights[i]);
        *ret_most = fmax(*ret_most, way->weights[i]);
    }
    return n;
}

static void a_sprayed_flow_uses_every_spine_alike(void **state)
{
    (void)state;
    struct built b = build_named("leaf:3 spine:5 host:4 links:2 200Gb/s latency:1us");
    struct csin_routes *routes = route(b.f, CSIN_SPRAY, 0);
    struct csin_way way = way_create();
    double least, most;
    assert_true(csin_routes_way(routes, 0, 11, 5, NULL, &way));
    assert_int_equal(way.n, 22);
    assert_int_equal(way.n_hops, 4);
    assert_close(way.latency_s, 3e-6, 1e-12);
    for (unsigned is_down = 0; is_down < 2; is_down++) {
        assert_int_equal(arcs_of(b.f, &way, CSIN_AT_SPINE, is_down, &least, &most), 10);
        assert_close(least, .1, 1e-15);
        assert_close(most, .1, 1e-15);
    }
    assert_true(csin_routes_way(routes, 0, 3, 5, NULL, &way)); /* under one leaf */
    assert_int_equal(way.n, 2);
    assert_int_equal(way.n_hops, 2);
    assert_close(way.latency_s, 1e-6, 1e-12);
    way_destroy(&way);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* Two spines by two cables each, of which one is dead: a third of the packets on each that is left,
 * and the spine that gets one third sends a sixth down each of its two. */
static void a_dead_uplink_sprays_over_those_that_are_left(void **state)
{
    (void)state;
    struct built b = build_yaml("fabric: t\n"
                                "switch-models: {s: {ports: 16, rate: 100Gb/s}}\n"
                                "host-models: {h: {rate: 100Gb/s}}\n"
                                "zones: {a: {model: s, leaves: 2, spines: 2, links-per-pair: 2}}\n"
                                "hosts: [{names: 'h[1-2]', model: h, attach: {zone: a}}]\n"
                                "overrides: {between: [a-leaf1, a-spine1], nth: 1, state: down}\n");
    struct csin_routes *routes = route(b.f, CSIN_SPRAY, 0);
    struct csin_way way = way_create();
    double least, most;
    assert_true(csin_routes_way(routes, 0, 1, 5, NULL, &way));
    assert_int_equal(arcs_of(b.f, &way, CSIN_AT_SPINE, false, &least, &most), 3);
    assert_close(least, 1. / 3, 1e-12);
    assert_close(most, 1. / 3, 1e-12);
    assert_int_equal(arcs_of(b.f, &way, CSIN_AT_SPINE, true, &least, &most), 4);
    assert_close(least, 1. / 6, 1e-12);
    assert_close(most, 1. / 3, 1e-12);
    assert_true(csin_routes_way(routes, 1, 0, 5, NULL, &way)); /* the other way round */
    assert_int_equal(arcs_of(b.f, &way, CSIN_AT_SPINE, false, &least, &most), 4);
    assert_close(least, 1. / 4, 1e-12);
    assert_close(most, 1. / 4, 1e-12);
    assert_int_equal(arcs_of(b.f, &way, CSIN_AT_SPINE, true, &least, &most), 3);
    assert_close(least, 1. / 4, 1e-12);
    assert_close(most, 1. / 2, 1e-12);
    way_destroy(&way);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* A host of each zone whose leaf has no cable to the other zone. */
static void far_hosts(const struct csin_fabric *f, const struct csin_routes *routes, uint32_t *src,
                      uint32_t *dst)
{
    for (*src = 0; *src < 600; ++*src)
        for (*dst = 600; *dst < 1200; ++*dst)
            if (csin_routes_hops(routes, f->nics[f->hosts[*src].first_nic].leaf,
                                 f->nics[f->hosts[*dst].first_nic].leaf) == 6)
                return;
    fail();
}

static void a_flow_sprayed_between_zones_uses_every_cable_between_them_alike(void **state)
{
    (void)state;
    struct built b = build_named("configs/fire-flyer-2.yaml");
    struct csin_routes *routes = route(b.f, CSIN_SPRAY, 0);
    struct csin_way way = way_create();
    uint32_t src, dst;
    double least, most;
    far_hosts(b.f, routes, &src, &dst);
    assert_true(csin_routes_way(routes, src, dst, 5, NULL, &way));
    assert_int_equal(way.n, 2 + 20 + 20 * 20 + 20 + 20 + 20 * 20 + 20);
    assert_int_equal(way.n_hops, 8);
    for (unsigned is_down = 0; is_down < 2; is_down++) {
        assert_int_equal(arcs_of(b.f, &way, CSIN_BETWEEN_ZONES, is_down, &least, &most), 20);
        assert_close(least, 1. / 20, 1e-12);
        assert_close(most, 1. / 20, 1e-12);
    }
    struct oracle o = oracle_create(b.f, b.f->hosts[dst].first_nic);
    struct paths all = {.most = 100000, .least = HUGE_VAL};
    walk(&o, b.f->n_switches + b.f->hosts[src].first_nic, 0, 1, 0, &all);
    assert_int_equal(all.n, 80000);
    assert_close(way.latency_s, all.latency_s, 1e-9);
    oracle_destroy(&o);
    way_destroy(&way);
    csin_routes_destroy(routes);
    built_finish(&b);
}

static void a_sprayed_way_of_too_many_arcs_is_none(void **state)
{
    (void)state;
    for (unsigned spines = 2047; spines <= 2048; spines++) {
        char text[64];
        snprintf(text, sizeof text, "leaf:2 spine:%u host:1 1Gb/s", spines);
        struct built b = build_named(text);
        struct csin_routes *sprayed = route(b.f, CSIN_SPRAY, 0);
        struct csin_routes *loaded = route(b.f, CSIN_LEAST_LOADED, 0);
        struct csin_way way = way_create();
        assert_int_equal(csin_routes_way(sprayed, 0, 1, 0, NULL, &way), spines == 2047);
        assert_int_equal(way.n, spines == 2047 ? CSIN_WAY_MAX : 0);
        assert_true(csin_routes_way(loaded, 0, 1, 0, NULL, &way));
        assert_int_equal(way.n, 4);
        way_destroy(&way);
        csin_routes_destroy(sprayed);
        csin_routes_destroy(loaded);
        built_finish(&b);
    }
}

/* ---- least-loaded ---- */

static uint32_t spine_of(const struct csin_fabric *f, const struct csin_way *way)
{
    assert_int_equal(way->n, 4);
    return csin_arc_head(f, way->arcs[1]) - f->zones[0].first_spine;
}

/* One spine is idle, and the others are busy on the way up, or down, or where the flow does not
 * go. */
static void a_flow_takes_the_spine_that_is_idle_up_and_down(void **state)
{
    (void)state;
    struct built b = build_named("leaf:3 spine:6 host:1 200Gb/s");
    struct csin_routes *routes = route(b.f, CSIN_LEAST_LOADED, 1);
    struct csin_way way = way_create();
    double *load = calloc(b.f->n_arcs, sizeof *load);
    assert_non_null(load);
    for (uint32_t idle = 0; idle < 6; idle++)
        for (uint64_t flow = 0; flow < 50; flow++) {
            for (uint32_t arc = 0; arc < b.f->n_arcs; arc++) {
                uint32_t leaf = b.f->cables[arc / 2].end[0];
                uint32_t spine = b.f->cables[arc / 2].end[1] - b.f->zones[0].first_spine;
                bool is_busy = spine % 2 ? leaf == 0 && !(arc & 1) : leaf == 1 && (arc & 1);
                load[arc] = leaf == 2 ? 9 : spine != idle && is_busy;
            }
            assert_true(csin_routes_way(routes, 0, 1, flow, load, &way));
            assert_int_equal(spine_of(b.f, &way), idle);
        }
    free(load);
    way_destroy(&way);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* Flows that start one after the other from one leaf to another fill the spines in turn. */
static void flows_fill_every_spine_before_they_double_one(void **state)
{
    (void)state;
    struct built b = build_named("leaf:2 spine:7 host:21 200Gb/s");
    struct csin_routes *routes = route(b.f, CSIN_LEAST_LOADED, 1);
    struct csin_way way = way_create();
    uint32_t flows[7] = {0};
    double *load = calloc(b.f->n_arcs, sizeof *load);
    assert_non_null(load);
    for (uint32_t host = 0; host < 21; host++) {
        assert_true(csin_routes_way(routes, host, 21 + host, host, load, &way));
        for (uint32_t i = 0; i < way.n; i++)
            load[way.arcs[i]] += 1 / b.f->arc_capacity_Bps[way.arcs[i]];
        assert_int_equal(flows[spine_of(b.f, &way)]++, host / 7);
    }
    free(load);
    way_destroy(&way);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* 6 spines x 2 cables up x 2 cables down = 24 ways; 24,000 flows, none of which knows of another.
 */
static void flows_that_find_nothing_loaded_spread_over_every_shortest_path(void **state)
{
    (void)state;
    struct built b = build_named("leaf:2 spine:6 host:1 links:2 200Gb/s");
    uint32_t ways[2][12][12] = {{{0}}}, n_ways = 0, n_same = 0;
    struct csin_way way = way_create();
    for (uint64_t seed = 0; seed < 2; seed++) {
        struct csin_routes *routes = route(b.f, CSIN_LEAST_LOADED, seed);
        struct csin_routes *other = route(b.f, CSIN_LEAST_LOADED, seed + 1);
        for (uint64_t flow = 0; flow < 24000; flow++) {
            assert_true(csin_routes_way(other, 0, 1, flow, NULL, &way));
            uint32_t spine = spine_of(b.f, &way);
            assert_true(csin_routes_way(routes, 0, 1, flow, NULL, &way));
            n_same += spine == spine_of(b.f, &way);
            ways[seed][way.arcs[1] / 2 - 2][way.arcs[2] / 2 - 2 - 12]++;
        }
        csin_routes_destroy(routes);
        csin_routes_destroy(other);
    }
    for (int i = 0; i < 2 * 12 * 12; i++) {
        uint32_t n = ways[i / 144][i / 12 % 12][i % 12];
        n_ways += n > 0;
        /* 1,000 +- 32; five times that happens by chance once in 2 million */
        assert_true(n == 0 || abs((int)n - 1000) < 160);
    }
    assert_int_equal(n_ways, 2 * 24);
    /* Two seeds agree on one spine in 6; 5 sigma. */
    assert_true(fabs(n_same - 8000.) < 5 * sqrt(48000. * 5 / 36));
    way_destroy(&way);
    built_finish(&b);
}

/* ---- speed ---- */

/* Times are printed, not asserted: what is fast enough depends on the machine. */
static void print_cost(const struct csin_fabric *f, uint32_t first_dst, const char *what)
{
    struct csin_way way = way_create();
    for (int policy = 0; policy < CSIN_N_POLICIES; policy++) {
        struct csin_routes *routes = route(f, (enum csin_policy)policy, 0);
        struct csin_rng rng = csin_rng_init(1, 0);
        double n_arcs = 0, start_s = campaign_now_s();
        for (uint64_t flow = 0; flow < 10000; flow++) {
            uint32_t src = (uint32_t)csin_rng_below(&rng, 600);
            uint32_t dst = first_dst + (uint32_t)csin_rng_below(&rng, 600);
            if (csin_routes_way(routes, src, dst, flow, NULL, &way))
                n_arcs += way.n;
        }
        print_message("%s, %-12s %7.3f us a way of %5.1f arcs; %.2f MB\n", what,
                      csin_policy_names[policy], (campaign_now_s() - start_s) * 1e2, n_arcs / 10000,
                      (double)csin_routes_bytes(routes) / 1e6);
        assert_true(n_arcs > 30000);
        csin_routes_destroy(routes);
    }
    way_destroy(&way);
}

static void ways_are_found_in_microseconds(void **state)
{
    (void)state;
    struct built b = build_named("configs/fire-flyer-2.yaml");
    print_cost(b.f, 0, "in a zone");
    print_cost(b.f, 600, "between zones");
    built_finish(&b);
}

CHECK_MAIN(cmocka_unit_test_teardown(ways_on_random_fabrics_are_those_that_all_shortest_paths_make,
                                     campaign_end),
           cmocka_unit_test(a_sprayed_flow_uses_every_spine_alike),
           cmocka_unit_test(a_dead_uplink_sprays_over_those_that_are_left),
           cmocka_unit_test(a_flow_sprayed_between_zones_uses_every_cable_between_them_alike),
           cmocka_unit_test(a_sprayed_way_of_too_many_arcs_is_none),
           cmocka_unit_test(a_flow_takes_the_spine_that_is_idle_up_and_down),
           cmocka_unit_test(flows_fill_every_spine_before_they_double_one),
           cmocka_unit_test(flows_that_find_nothing_loaded_spread_over_every_shortest_path),
           cmocka_unit_test(ways_are_found_in_microseconds))
