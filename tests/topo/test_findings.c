/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What csin says of fabrics and tables, against closed formulas, brute force and second programs
 * that share no code with it. */
#include "base/rng.h"
#include "tests/check.h"
#include "topo/findings.h"
#include "topo/findings_inside.h"
#include "topo/routes_inside.h" /* to damage tables */

struct built {
    struct csin_arena *arena;
    struct csin_fabric *f;
    struct csin_fabric_facts facts;
    struct csin_routes *routes;
    struct csin_findings found;
};

static void build(struct built *b, const char *text, enum csin_policy policy, uint64_t seed)
{
    struct csin_diag *diag = csin_diag_create();
    b->arena = csin_arena_create();
    enum csin_status status;
    if (strchr(text, '\n')) {
        struct csin_fabric_spec spec;
        status = csin_fabric_spec_read(b->arena, diag, "test.yaml", text, strlen(text), &spec);
        if (status == CSIN_OK)
            status = csin_fabric_create(&spec, diag, &b->f);
    } else {
        status = csin_fabric_open(diag, b->arena, (struct csin_loc){"test", 1, 1}, text, &b->f,
                                  NULL);
    }
    if (status == CSIN_OK)
        status = csin_fabric_analyze(b->f, b->arena, diag, &b->facts);
    if (status == CSIN_OK)
        status = csin_routes_create(b->f, NULL, policy, seed, diag, &b->routes);
    csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    csin_diag_destroy(diag);
}

static void look(struct built *b)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_findings_options options = {.n_dead = 0};
    assert_int_equal(
        csin_findings_create(b->f, &b->facts, b->routes, &options, b->arena, diag, &b->found),
        CSIN_OK);
    assert_int_equal(csin_diag_errors(diag), 0);
    csin_diag_destroy(diag);
}

static struct built open_fabric(const char *text, enum csin_policy policy, uint64_t seed)
{
    struct built b = {0};
    build(&b, text, policy, seed);
    look(&b);
    return b;
}

static void close_fabric(struct built *b)
{
    csin_routes_destroy(b->routes);
    csin_fabric_destroy(b->f);
    csin_arena_destroy(b->arena);
}

static const struct csin_advice *advice_of(const struct built *b, unsigned code)
{
    for (uint32_t i = 0; i < b->found.n_advice; i++)
        if (b->found.advice[i].code == code)
            return &b->found.advice[i];
    return NULL;
}

#define SMALL                                                                                      \
    "fabric: test\nswitch-models: {s: {ports: 16, rate: 100Gb/s}}\n"                               \
    "host-models: {h: {rate: 100Gb/s}, d: {rate: 100Gb/s, nics: 2}, t: {rate: 100Gb/s, role: "     \
    "storage}}\n"

#define TWO_ZONES                                                                                  \
    SMALL                                                                                          \
    "zones:\n"                                                                                     \
    "  a: {model: s, leaves: 3, spines: 2, hosts-per-leaf: 3}\n"                                   \
    "  b: {model: s, leaves: 3, spines: 2, hosts-per-leaf: 3}\n"                                   \
    "hosts:\n"                                                                                     \
    "  - {names: 'a[1-6]', model: h, attach: {zone: a}}\n"                                         \
    "  - {names: 'b[1-6]', model: h, attach: {zone: b}}\n"                                         \
    "inter-zone: {names: 'x[1-2]', model: s, zones: [a, b], leaves: 2}\n"

/* ---- the zone of 800 ---- */

static void every_shift_of_a_full_zone_is_free_with_dmodk(void **state)
{
    (void)state;
    struct built b = open_fabric("leaf:40 spine:20 host:20 200Gb/s", CSIN_DMODK, 1);
    assert_int_equal(b.found.shifts.n, 799);
    assert_int_equal(b.found.shifts.n_free, 799);
    assert_close(b.found.shifts.mean_share, 1, 1e-12);
    assert_close(b.found.shifts.worst.load, 1, 1e-9);
    close_fabric(&b);
}

static void random_permutations_have_the_share_of_the_closed_form(void **state)
{
    (void)state;
    struct built b = open_fabric("leaf:40 spine:20 host:20 200Gb/s", CSIN_DMODK, 1);
    const struct csin_random *random = &b.found.random;
    print_message("dmodk %.4f, error %.4f, closed form %.4f\n", random->mean_share, random->error,
                  random->closed_form);
    assert_close(random->closed_form, 0.6615, 1e-4);
    assert_true(random->error > 0.0002 && random->error < 0.002);
    assert_true(fabs(random->mean_share - random->closed_form) < 4 * random->error);
    close_fabric(&b);

    b = open_fabric("leaf:40 spine:20 host:20 200Gb/s", CSIN_RANDOM, 3);
    print_message("random %.4f, error %.4f\n", b.found.random.mean_share, b.found.random.error);
    assert_true(b.found.random.closed_form == 0);
    assert_true(fabs(b.found.random.mean_share - 0.507) < 0.01);
    assert_true(b.found.shifts.n_free < 799);
    close_fabric(&b);
}

/* Each uplink of a leaf takes 20 sources to the 39 destinations elsewhere behind its spine. */
static void routes_of_a_full_zone_are_as_many_on_every_arc(void **state)
{
    (void)state;
    struct built b = open_fabric("leaf:40 spine:20 host:20 200Gb/s", CSIN_DMODK, 1);
    assert_int_equal(b.found.reach.n_pairs, 800 * 799);
    assert_int_equal(b.found.reach.n_all_lost, 0);
    assert_int_equal(b.found.reach.n_longer, 0);
    assert_int_equal(b.found.reach.longest, 4);
    for (unsigned g = CSIN_GROUP_UP; g <= CSIN_GROUP_DOWN; g++) {
        const struct csin_route_balance *row = &b.found.balance[g][CSIN_ALL][CSIN_ALL];
        assert_int_equal(row->n_arcs, 800);
        assert_int_equal(row->max, 20 * 39);
        assert_int_equal(row->sum, 800 * 20 * 39);
        assert_int_equal(row->n_idle, 0);
    }
    assert_int_equal(b.found.loops.n, 0);
    /* Up to down at a spine: 40 x 39 pairs of leaves for each of 20; nothing turns up again. */
    assert_int_equal(b.found.loops.n_dependencies, 20 * 40 * 39);
    assert_int_equal(b.found.n_idle_spines, 0);
    assert_true(b.found.worst.is_exact);
    assert_close(b.found.worst.load, 20, 1e-12);
    assert_int_equal(b.found.disjoint.paths, 20);
    assert_int_equal(b.found.cables[CSIN_AT_SPINE].max_pairs, 2 * 20 * 39);
    assert_int_equal(b.found.cables[CSIN_AT_HOST].max_pairs, 799);
    assert_int_equal(b.found.switches[CSIN_LEAF].max_hosts, 20);
    assert_int_equal(b.found.switches[CSIN_SPINE].max_hosts, 0);
    close_fabric(&b);
}

/* ---- damage ---- */

static void tables_that_miss_entries_or_go_round_are_told(void **state)
{
    (void)state;
    struct built b = {0};
    build(&b, "leaf:3 spine:2 host:2 100Gb/s", CSIN_DMODK, 1);
    uint32_t leaf = csin_fabric_switch(b.f, "leaf1");
    uint32_t nic = b.f->hosts[csin_fabric_host(b.f, "h6")].first_nic;
    *table_entry(b.routes, leaf, nic) = UINT16_MAX; /* both hosts of leaf1 lose h6 */
    /* A spine sends h5 to leaf1, which sends it up again: a circle for all that come there. */
    uint32_t h5 = b.f->hosts[csin_fabric_host(b.f, "h5")].first_nic;
    uint32_t up = csin_routes_port(b.routes, leaf, h5, 0);
    uint32_t spine = csin_arc_head(b.f, b.f->port_arc[b.f->switches[leaf].first_port + up]);
    for (uint16_t p = 0; p < b.f->switches[spine].n_ports; p++)
        if (csin_arc_head(b.f, b.f->port_arc[b.f->switches[spine].first_port + p]) == leaf)
            *table_entry(b.routes, spine, h5) = p;
    /* leaf3 gives h1, which is not there, to h5. */
    uint32_t leaf3 = csin_fabric_switch(b.f, "leaf3");
    uint32_t h1 = b.f->hosts[csin_fabric_host(b.f, "h1")].first_nic;
    *table_entry(b.routes, leaf3, h1) = 0;
    look(&b);
    assert_int_equal(b.found.reach.n_pairs, 30);
    assert_int_equal(b.found.reach.n_lost[CSIN_STOP_NO_ENTRY], 2);
    assert_int_equal(b.found.reach.n_lost[CSIN_STOP_CIRCLE], 4);
    assert_int_equal(b.found.reach.n_lost[CSIN_STOP_WRONG_NIC], 2);
    assert_int_equal(b.found.reach.n_all_lost, 8);
    assert_int_equal(b.found.reach.n_examples, 3);
    const struct csin_advice *advice = advice_of(&b, 671);
    assert_non_null(advice);
    assert_true(advice->is_fault);
    assert_non_null(strstr(advice->text, "8 of 30 pairs have no route"));
    close_fabric(&b);
}

static uint32_t arcs_in_loops(const struct built *b);
static void check_loop(const struct built *b);
static void check_worst(const struct built *b);

/* ---- a second program for routes per arc and what is lost ---- */

/* Follows each pair on its own by csin_routes_path. */
static void compare_with_paths(struct built *b)
{
    const struct csin_fabric *f = b->f;
    uint64_t *routes = calloc(f->n_arcs, sizeof *routes), pairs = 0, lost = 0, sum = 0, most = 0;
    for (uint32_t src = 0; src < f->n_nics; src++)
        for (uint32_t dst = 0; dst < f->n_nics; dst++) {
            struct csin_path path;
            if (src == dst ||
                csin_routes_hops(b->routes, f->nics[src].leaf, f->nics[dst].leaf) == 255)
                continue;
            pairs++;
            if (!csin_routes_path(b->routes, src, dst, 0, &path)) {
                lost++;
                continue;
            }
            for (uint32_t i = 0; i < path.n; i++)
                routes[path.arcs[i]]++;
        }
    for (uint32_t arc = 0; arc < f->n_arcs; arc++)
        if (f->cables[arc >> 1].place == CSIN_AT_SPINE && f->cables[arc >> 1].up && !(arc & 1)) {
            sum += routes[arc];
            most = routes[arc] > most ? routes[arc] : most;
        }
    assert_int_equal(b->found.reach.n_pairs, pairs);
    assert_int_equal(b->found.reach.n_all_lost, lost);
    assert_int_equal(b->found.balance[CSIN_GROUP_UP][CSIN_ALL][CSIN_ALL].sum, sum);
    assert_int_equal(b->found.balance[CSIN_GROUP_UP][CSIN_ALL][CSIN_ALL].max, most);
    free(routes);
}

static void routes_per_arc_are_those_of_every_single_path(void **state)
{
    (void)state;
    static const char *const fabrics[] = {
        "leaf:5 spine:3 host:4 100Gb/s",
        "leaf:3 spine:2 host:3 storage:2 links:2 100Gb/s",
        TWO_ZONES,
        TWO_ZONES "overrides:\n"
                  "  - {between: [a-leaf1, a-spine1], state: down}\n"
                  "  - {between: [b-leaf3, b-spine1], state: down}\n"
                  "  - {between: [b-leaf3, b-spine2], state: down}\n",
    };
    for (unsigned i = 0; i < sizeof fabrics / sizeof *fabrics; i++)
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct built b = open_fabric(fabrics[i], seed == 1 ? CSIN_DMODK : CSIN_RANDOM, seed);
            compare_with_paths(&b);
            close_fabric(&b);
        }
}

/* Any port of any switch for any destination, or none: what a broken file might hold. */
static void tables_of_noise_are_followed_to_their_ends(void **state)
{
    (void)state;
    uint32_t n_stops[CSIN_N_STOPS] = {0};
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct csin_rng rng = csin_rng_init(seed, 0);
        struct built b = {0};
        build(&b,
              SMALL "zones:\n"
                    "  a: {model: s, leaves: 3, spines: 2, hosts-per-leaf: 2}\n"
                    "hosts:\n"
                    "  - {names: 'h[1-6]', model: h, attach: {zone: a}}\n"
                    "overrides:\n"
                    "  - {between: [a-leaf1, a-spine1], state: down}\n",
              CSIN_DMODK, 1);
        for (uint32_t s = 0; s < b.f->n_switches; s++)
            for (uint32_t nic = 0; nic < b.f->n_nics; nic++)
                if (csin_rng_below(&rng, 3) == 0)
                    *table_entry(b.routes, s, nic) =
                        (uint16_t)(csin_rng_below(&rng, 8) == 0
                                       ? UINT16_MAX
                                       : csin_rng_below(&rng, csin_rng_below(&rng, 4)
                                                                  ? b.f->switches[s].n_used
                                                                  : b.f->switches[s].n_ports));
        look(&b);
        compare_with_paths(&b);
        uint32_t want = arcs_in_loops(&b);
        assert_int_equal(b.found.loops.n_arcs, want);
        if (want)
            check_loop(&b);
        check_worst(&b);
        for (unsigned i = 1; i < CSIN_N_STOPS; i++)
            n_stops[i] += b.found.reach.n_lost[i] > 0;
        close_fabric(&b);
    }
    for (unsigned i = 1; i < CSIN_N_STOPS; i++)
        assert_true(n_stops[i] > 0);
}

/* ---- a second program for credit loops ---- */

/* Dependencies as a square matrix, from single paths; a loop is there if Warshall's closure has an
 * arc that depends on itself. Returns the number of such arcs. */
static uint32_t arcs_in_loops(const struct built *b)
{
    const struct csin_fabric *f = b->f;
    uint32_t n = f->n_arcs, in_loops = 0;
    bool *waits = calloc((size_t)n * n, sizeof *waits);
    for (uint32_t src = 0; src < f->n_nics; src++)
        for (uint32_t dst = 0; dst < f->n_nics; dst++) {
            struct csin_path path;
            if (csin_routes_path(b->routes, src, dst, 0, &path))
                for (uint32_t i = 0; i + 1 < path.n; i++)
                    waits[(size_t)path.arcs[i] * n + path.arcs[i + 1]] = true;
        }
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < n; i++)
            if (waits[(size_t)i * n + k])
                for (uint32_t j = 0; j < n; j++)
                    waits[(size_t)i * n + j] |= waits[(size_t)k * n + j];
    for (uint32_t i = 0; i < n; i++)
        in_loops += waits[(size_t)i * n + i];
    free(waits);
    return in_loops;
}

/* The loop that is told: each arc ends where the next begins, and the flow told for it goes both.
 */
static void check_loop(const struct built *b)
{
    const struct csin_loops *loops = &b->found.loops;
    assert_true(loops->n >= 2);
    for (uint32_t i = 0; i < loops->n; i++) {
        const struct csin_dependency *step = &loops->loop[i];
        uint32_t next = loops->loop[(i + 1) % loops->n].arc;
        struct csin_path path;
        bool does_both = false;
        assert_int_equal(csin_arc_head(b->f, step->arc), csin_arc_tail(b->f, next));
        assert_true(csin_routes_path(b->routes, step->flow.src, step->flow.dst, 0, &path));
        for (uint32_t k = 0; k + 1 < path.n; k++)
            does_both |= path.arcs[k] == step->arc && path.arcs[k + 1] == next;
        assert_true(does_both);
    }
}

static void credit_loops_are_those_of_a_closure_of_all_paths(void **state)
{
    (void)state;
    uint32_t with = 0, without = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        static const unsigned least[8] = {3, 1, 3, 1, 4, 4, 1, 1},
                              most[8] = {4, 2, 4, 2, 6, 6, 2, 3};
        struct csin_rng rng = csin_rng_init(seed, 0);
        unsigned n[8];
        char text[2000];
        for (unsigned i = 0; i < 8; i++) /* in this order, whatever the compiler */
            n[i] = least[i] + (unsigned)csin_rng_below(&rng, most[i] - least[i] + 1);
        snprintf(text, sizeof text,
                 SMALL "zones:\n"
                       "  a: {model: s, leaves: %u, spines: %u, hosts-per-leaf: 2}\n"
                       "  b: {model: s, leaves: %u, spines: %u, hosts-per-leaf: 2}\n"
                       "hosts:\n"
                       "  - {names: 'a[1-%u]', model: h, attach: {zone: a}}\n"
                       "  - {names: 'b[1-%u]', model: h, attach: {zone: b}}\n"
                       "inter-zone: {names: 'x[1-%u]', model: s, zones: [a, b], leaves: %u}\n",
                 n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
        struct built b = open_fabric(text, seed % 2 ? CSIN_RANDOM : CSIN_DMODK, seed);
        uint32_t want = arcs_in_loops(&b);
        assert_int_equal(b.found.loops.n_arcs, want);
        assert_int_equal(b.found.loops.n > 0, want > 0);
        assert_int_equal(advice_of(&b, 672) != NULL, want > 0);
        if (want)
            check_loop(&b);
        with += want > 0;
        without += want == 0;
        close_fabric(&b);
    }
    print_message("%u fabrics with credit loops, %u without\n", with, without);
    assert_true(with >= 5 && without >= 5);
}

/* The flagship: shared README, facts 3c and 5: a loop on one VL, none with three by direction. */
static void lanes_by_direction_between_zones_end_the_loop_of_the_flagship(void **state)
{
    (void)state;
    struct built b = open_fabric("configs/fire-flyer-2.yaml", CSIN_DMODK, 1);
    assert_int_equal(b.found.reach.n_pairs, 2 * 780 * 1559 - 360);
    assert_int_equal(b.found.reach.n_all_lost, 0);
    check_loop(&b);
    assert_int_equal(b.found.loops.zone_lanes, 3);
    /* opensm's own: minhop without GUIDs of roots, and with them no way between the zones. */
    assert_int_equal(b.found.ftree[CSIN_FTREE_PLAIN].reason, CSIN_FTREE_UP_GROUPS);
    assert_int_equal(b.found.ftree[CSIN_FTREE_ROOTS].reason, CSIN_FTREE_OK);
    assert_int_equal(b.found.ftree[CSIN_FTREE_ROOTS].n_pairs_lost, 1216800);
    /* Storage on the last ports of each leaf; csin's own tables spread them. */
    assert_close(b.found.ftree_storage_spread, 4.44, 1e-2);
    const struct csin_route_balance *row =
        &b.found.balance[CSIN_GROUP_UP][CSIN_COMPUTE][CSIN_STORAGE];
    assert_close((double)row->max * row->n_arcs / (double)row->sum, 1.03, 5e-3);
    assert_non_null(advice_of(&b, 672));
    assert_non_null(advice_of(&b, 673));
    assert_non_null(advice_of(&b, 674));
    assert_non_null(advice_of(&b, 678));
    close_fabric(&b);
}

/* A remedy that does not help is worse than none: what is advised must have no loop. */
static void a_remedy_for_loops_is_one_that_helps(void **state)
{
    (void)state;
    struct built b = open_fabric("configs/fire-flyer-2.yaml", CSIN_DMODK, 1);
    assert_non_null(strstr(advice_of(&b, 672)->remedy, "--routing dmodk-one-vl"));
    close_fabric(&b);
    b = open_fabric("configs/fire-flyer-2.yaml", CSIN_DMODK_ONE_VL, 1);
    assert_null(advice_of(&b, 672));
    assert_null(b.found.loops_remedy);
    close_fabric(&b);

    /* Leaf i reaches spines i and i + 1 alone: a ring, of which no policy makes a tree. */
    char text[2000];
    size_t n = (size_t)snprintf(text, sizeof text, "%s",
                                SMALL "zones: {a: {model: s, leaves: 4, spines: 4, "
                                      "hosts-per-leaf: 4}}\n"
                                      "hosts: [{names: 'h[1-16]', model: h, attach: {zone: a}}]\n"
                                      "overrides:\n");
    for (unsigned i = 0; i < 8; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "  - {between: [a-leaf%u, a-spine%u], state: down}\n", i / 2 + 1,
                              (i / 2 + 2 + i % 2) % 4 + 1);
    static const enum csin_policy policies[] = {CSIN_DMODK, CSIN_DMODK_ONE_VL, CSIN_RANDOM};
    for (unsigned i = 0; i < 3; i++) {
        b = open_fabric(text, policies[i], 1);
        const char *remedy = advice_of(&b, 672)->remedy;
        assert_non_null(strstr(remedy, "replace the 8 dead cables"));
        assert_null(strstr(remedy, "--routing"));
        assert_null(strstr(remedy, "zones"));
        close_fabric(&b);
    }
}

static void a_thin_core_is_warned_of(void **state)
{
    (void)state;
    struct built b = open_fabric("leaf:4 spine:4 host:4 pod:4 core:4 uplinks:1 200Gb/s", CSIN_DMODK,
                                 1);
    assert_non_null(strstr(advice_of(&b, 682)->text, "4.0:1"));
    close_fabric(&b);
    b = open_fabric("leaf:4 spine:4 host:4 pod:4 core:16 uplinks:4 200Gb/s", CSIN_DMODK, 1);
    assert_null(advice_of(&b, 682));
    close_fabric(&b);
}

static void hosts_with_one_nic_are_not_warned_of(void **state)
{
    (void)state;
    static const char *const healthy[] = {
        "leaf:4 spine:4 host:4 200Gb/s", "leaf:2 spine:2 host:2 pod:2 core:4 uplinks:2 200Gb/s",
        "configs/fire-flyer-2.yaml", "leaf:4 spine:4 host:4 plane:2 200Gb/s"};
    for (unsigned i = 0; i < 4; i++) {
        struct built b = open_fabric(healthy[i], CSIN_DMODK, 1);
        assert_null(advice_of(&b, 680));
        close_fabric(&b);
    }
    struct built b = open_fabric(healthy[0], CSIN_DMODK, 1);
    assert_int_equal(b.found.switches[CSIN_LEAF].n_cutting, 4); /* the table has them */
    close_fabric(&b);

    /* One of eight hosts lost its second leaf. */
    b = open_fabric(SMALL
                    "zones: {a: {model: s, leaves: 2, spines: 2, hosts-per-leaf: 8}}\n"
                    "hosts: [{names: 'd[1-8]', model: d, attach: [{switches: a-leaf1, nic: 0}, "
                    "{switches: a-leaf2, nic: 1}]}]\n"
                    "overrides: [{between: [d3, a-leaf2], state: down}]\n",
                    CSIN_DMODK, 1);
    assert_non_null(strstr(advice_of(&b, 680)->text, "1 host depends on one leaf"));
    assert_non_null(strstr(advice_of(&b, 680)->text, "d3"));
    close_fabric(&b);

    /* A single spine between leaves is worth a word: hosts are cut off that hang on no part of it.
     */
    b = open_fabric("leaf:4 spine:1 host:4 200Gb/s", CSIN_DMODK, 1);
    assert_non_null(strstr(advice_of(&b, 680)->text, "spine"));
    close_fabric(&b);
}

static void a_few_storage_hosts_are_no_pattern(void **state)
{
    (void)state;
    struct built b = open_fabric(SMALL
                                 "zones: {a: {model: s, leaves: 4, spines: 4, hosts-per-leaf: 4}}\n"
                                 "hosts:\n"
                                 "  - {names: 's', model: t, attach: {zone: a}}\n"
                                 "  - {names: 'h[1-15]', model: h, attach: {zone: a}}\n",
                                 CSIN_DMODK, 1);
    assert_true(b.found.ftree_storage_spread == 0);
    assert_null(advice_of(&b, 678));
    close_fabric(&b);
    b = open_fabric("leaf:4 spine:4 host:3 storage:1 100Gb/s", CSIN_DMODK, 1);
    assert_close(b.found.ftree_storage_spread, 4, 1e-12); /* one port of each leaf */
    assert_non_null(advice_of(&b, 678));
    close_fabric(&b);
}

/* ---- the worst permutation, by trying all ---- */

struct brute {
    const struct built *b;
    uint32_t n, to[16];
    double *load, worst;
};

static void try_all(struct brute *brute, uint32_t i)
{
    const struct csin_fabric *f = brute->b->f;
    if (i == brute->n) {
        for (uint32_t arc = 0; arc < f->n_arcs; arc++)
            brute->worst = fmax(brute->worst, brute->load[arc]);
        return;
    }
    for (uint32_t dst = 0; dst < brute->n; dst++) {
        struct csin_path path = {0};
        bool is_taken = false;
        for (uint32_t k = 0; k < i; k++)
            is_taken |= brute->to[k] == dst;
        if (is_taken)
            continue;
        brute->to[i] = dst;
        if (dst != i)
            csin_routes_path(brute->b->routes, i, dst, 0, &path);
        for (uint32_t k = 0; k < path.n; k++)
            brute->load[path.arcs[k]] += f->cables[path.arcs[0] >> 1].capacity_Bps /
                                         f->cables[path.arcs[k] >> 1].capacity_Bps;
        try_all(brute, i + 1);
        for (uint32_t k = 0; k < path.n; k++)
            brute->load[path.arcs[k]] -= f->cables[path.arcs[0] >> 1].capacity_Bps /
                                         f->cables[path.arcs[k] >> 1].capacity_Bps;
    }
}

/* Pairs differ in sources and in destinations, and load the arc as told. */
static void check_worst(const struct built *b)
{
    const struct csin_worst *worst = &b->found.worst;
    uint32_t n = 0;
    for (uint32_t i = 0; i < worst->n_pairs; i++) {
        struct csin_path path;
        assert_true(
            csin_routes_path(b->routes, worst->pairs[i].src, worst->pairs[i].dst, 0, &path));
        for (uint32_t k = 0; k < path.n; k++)
            n += path.arcs[k] == worst->arc;
        for (uint32_t k = 0; k < i; k++) {
            assert_int_not_equal(worst->pairs[i].src, worst->pairs[k].src);
            assert_int_not_equal(worst->pairs[i].dst, worst->pairs[k].dst);
        }
    }
    assert_int_equal(n, worst->n_pairs);
}

static void the_worst_permutation_is_that_of_all_tried(void **state)
{
    (void)state;
    static const char *const fabrics[] = {
        "leaf:2 spine:2 host:3 100Gb/s",
        "leaf:3 spine:2 host:2 100Gb/s",
        "leaf:7 spine:2 host:1 100Gb/s",
        "leaf:3 spine:1 host:2 100Gb/s uplink:50Gb/s",
        SMALL "zones:\n"
              "  a: {model: s, leaves: 2, spines: 2, hosts-per-leaf: 2}\n"
              "  b: {model: s, leaves: 2, spines: 1, hosts-per-leaf: 3}\n"
              "hosts:\n"
              "  - {names: 'a[1-3]', model: h, attach: {zone: a}}\n"
              "  - {names: 'b[1-4]', model: h, attach: {zone: b}}\n"
              "inter-zone: {names: 'x[1-2]', model: s, zones: [a, b], leaves: 1}\n",
    };
    for (unsigned i = 0; i < sizeof fabrics / sizeof *fabrics; i++)
        for (uint64_t seed = 0; seed < 6; seed++) {
            struct built b = open_fabric(fabrics[i], seed ? CSIN_RANDOM : CSIN_DMODK, seed);
            struct brute brute = {
                .b = &b, .n = b.f->n_nics, .load = calloc(b.f->n_arcs, sizeof(double))};
            try_all(&brute, 0);
            assert_true(b.found.worst.is_exact);
            assert_close(fmax(1, b.found.worst.load), fmax(1, brute.worst), 1e-9);
            check_worst(&b);
            free(brute.load);
            close_fabric(&b);
        }
}

/* ---- failures, by taking each away ---- */

/* Hosts that are not in the largest piece any more, of the part of `sw` or of cable `c`. */
static uint32_t count_cut(const struct csin_fabric *f, uint32_t dead_switch, uint32_t dead_cable)
{
    uint32_t *piece = malloc(f->n_vertices * sizeof *piece), best = 0, all = 0;
    bool changed = true;
    for (uint32_t v = 0; v < f->n_vertices; v++)
        piece[v] = v;
    while (changed) {
        changed = false;
        for (uint32_t c = 0; c < f->n_cables; c++) {
            uint32_t a = f->cables[c].end[0], b = f->cables[c].end[1];
            if (!f->cables[c].up || c == dead_cable || a == dead_switch || b == dead_switch ||
                piece[a] == piece[b])
                continue;
            piece[a] = piece[b] = piece[a] < piece[b] ? piece[a] : piece[b];
            changed = true;
        }
    }
    for (uint32_t v = f->n_switches; v < f->n_vertices; v++) {
        uint32_t n = 0;
        if (f->nics[v - f->n_switches].cable == CSIN_NONE ||
            !f->cables[f->nics[v - f->n_switches].cable].up)
            continue;
        all++;
        for (uint32_t u = f->n_switches; u < f->n_vertices; u++)
            n += piece[u] == piece[v];
        best = n > best ? n : best;
    }
    free(piece);
    return all - best;
}

static void what_a_failure_cuts_off_is_what_is_left_without_it(void **state)
{
    (void)state;
    static const char *const fabrics[] = {
        "leaf:4 spine:2 host:3 100Gb/s",
        "leaf:3 spine:1 host:2 100Gb/s",
        "leaf:2 spine:1 host:5 links:2 100Gb/s",
        SMALL "zones:\n"
              "  a: {model: s, leaves: 3, spines: 2, hosts-per-leaf: 2}\n"
              "  b: {model: s, leaves: 2, spines: 1, hosts-per-leaf: 2}\n"
              "hosts:\n"
              "  - {names: 'a[1-6]', model: h, attach: {zone: a}}\n"
              "  - {names: 'b[1-3]', model: h, attach: {zone: b}}\n"
              "inter-zone: {names: x, model: s, zones: [a, b], leaves: 1}\n",
        TWO_ZONES "overrides:\n"
                  "  - {between: [a-leaf3, a-spine1], state: down}\n",
    };
    for (unsigned i = 0; i < sizeof fabrics / sizeof *fabrics; i++) {
        struct built b = open_fabric(fabrics[i], CSIN_DMODK, 1);
        const struct csin_fabric *f = b.f;
        uint32_t most[CSIN_N_PLACES] = {0}, most_by_layer[CSIN_N_LAYERS] = {0};
        uint32_t cutting[CSIN_N_PLACES] = {0}, cutting_by_layer[CSIN_N_LAYERS] = {0};
        for (uint32_t c = 0; c < f->n_cables; c++) {
            uint32_t n = f->cables[c].up ? count_cut(f, CSIN_NONE, c) : 0, p = f->cables[c].place;
            most[p] = n > most[p] ? n : most[p];
            cutting[p] += n > 0;
        }
        for (uint32_t s = 0; s < f->n_switches; s++) {
            uint32_t n = count_cut(f, s, CSIN_NONE), l = f->switches[s].layer;
            most_by_layer[l] = n > most_by_layer[l] ? n : most_by_layer[l];
            cutting_by_layer[l] += n > 0;
        }
        for (unsigned p = 0; p < CSIN_N_PLACES; p++) {
            assert_int_equal(b.found.cables[p].max_hosts, most[p]);
            assert_int_equal(b.found.cables[p].n_cutting, cutting[p]);
        }
        for (unsigned l = 0; l < CSIN_N_LAYERS; l++) {
            assert_int_equal(b.found.switches[l].max_hosts, most_by_layer[l]);
            assert_int_equal(b.found.switches[l].n_cutting, cutting_by_layer[l]);
        }
        close_fabric(&b);
    }
}

/* Every subset by nested loops: a fabric of six cables between switches. */
static void few_dead_cables_are_tried_in_all_ways(void **state)
{
    (void)state;
    struct built b = {0};
    struct csin_diag *diag = csin_diag_create();
    struct csin_findings_options options = {.dead = {1, 2, 6}, .n_dead = 3};
    build(&b, "leaf:3 spine:2 host:2 200Gb/s", CSIN_DMODK, 1);
    assert_int_equal(
        csin_findings_create(b.f, &b.facts, b.routes, &options, b.arena, diag, &b.found), CSIN_OK);
    bool *up = calloc(b.f->n_cables, sizeof *up);
    double sum[2] = {0};
    uint32_t n[2] = {0};
    assert_non_null(up);
    for (uint32_t x = 0; x < b.f->n_cables; x++)
        for (uint32_t y = x; y < b.f->n_cables; y++) {
            struct csin_routes *routes;
            struct csin_shifts shifts;
            if (b.f->cables[x].place == CSIN_AT_HOST || b.f->cables[y].place == CSIN_AT_HOST)
                continue;
            for (uint32_t c = 0; c < b.f->n_cables; c++)
                up[c] = c != x && c != y;
            assert_int_equal(csin_routes_renew(b.routes, up, diag, &routes), CSIN_OK);
            assert_true(csin_shifts_look(b.f, routes, CSIN_ALL, 100, 1, NULL, &shifts));
            sum[x != y] += shifts.mean_share;
            n[x != y]++;
            csin_routes_destroy(routes);
        }
    assert_int_equal(n[0], 6);
    assert_int_equal(n[1], 15);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(b.found.dead[i].is_all && b.found.dead[i].random_error == 0);
        assert_int_equal(b.found.dead[i].n_samples, n[i]);
        assert_close(b.found.dead[i].shift_share, sum[i] / n[i], 1e-12);
    }
    assert_int_equal(b.found.dead[2].n_samples, 1);
    assert_true(b.found.dead[2].lost_share > 0.5);
    free(up);
    csin_diag_destroy(diag);
    close_fabric(&b);
}

static void dead_cables_cost_more_the_more_there_are(void **state)
{
    (void)state;
    struct built b = {0};
    struct csin_diag *diag = csin_diag_create();
    struct csin_findings_options options = {.dead = {1, 10}, .n_dead = 2};
    build(&b, "leaf:40 spine:20 host:20 200Gb/s", CSIN_DMODK, 1);
    assert_int_equal(
        csin_findings_create(b.f, &b.facts, b.routes, &options, b.arena, diag, &b.found), CSIN_OK);
    assert_int_equal(b.found.n_dead, 2);
    print_message("1 dead: shifts %.3f, 10 dead: %.3f\n", b.found.dead[0].shift_share,
                  b.found.dead[1].shift_share);
    /* opensm's minhop and ftree -a: 0.988 and 0.996 with one, 0.909 and 0.966 with ten. */
    assert_true(b.found.dead[0].shift_share > 0.97 && b.found.dead[0].shift_share < 1);
    assert_true(b.found.dead[1].shift_share > 0.85 &&
                b.found.dead[1].shift_share < b.found.dead[0].shift_share);
    assert_true(b.found.dead[0].lost_share == 0);
    assert_true(!b.found.dead[0].is_all && b.found.dead[0].n_samples == 8);
    csin_diag_destroy(diag);
    close_fabric(&b);
}

/* ---- the subnet manager ---- */

static enum csin_ftree_reason predict(const struct csin_fabric *f, unsigned options)
{
    struct csin_ftree ftree;
    assert_true(csin_ftree_predict(f, NULL, options, &ftree));
    return ftree.reason;
}

/* tests/real/ftree.py asks opensm the same. */
static void aggregation_nodes_on_spines_need_the_guids_of_the_hosts(void **state)
{
    (void)state;
    struct built b = {0};
    build(&b, "leaf:4 spine:2 host:2 100Gb/s", CSIN_DMODK, 1);
    assert_int_equal(predict(b.f, CSIN_FTREE_PLAIN), CSIN_FTREE_OK);
    for (uint32_t s = 0; s < b.f->n_switches; s++)
        b.f->switches[s].agent_guid = 100 + s;
    assert_int_equal(predict(b.f, CSIN_FTREE_PLAIN), CSIN_FTREE_ONE_RANK);
    assert_int_equal(predict(b.f, CSIN_FTREE_ROOTS), CSIN_FTREE_LEAF_RANK);
    assert_int_equal(predict(b.f, CSIN_FTREE_ROOTS | CSIN_FTREE_COMPUTE), CSIN_FTREE_OK);
    look(&b);
    assert_non_null(strstr(advice_of(&b, 673)->remedy, "-a FILE -u FILE"));
    close_fabric(&b);
}

static void one_dead_cable_makes_ftree_fall_back_without_roots(void **state)
{
    (void)state;
    struct built b = open_fabric(SMALL "zones:\n"
                                       "  a: {model: s, leaves: 4, spines: 2, hosts-per-leaf: 2}\n"
                                       "hosts:\n"
                                       "  - {names: 'h[1-8]', model: h, attach: {zone: a}}\n"
                                       "overrides:\n"
                                       "  - {between: [a-leaf3, a-spine1], state: down}\n",
                                 CSIN_DMODK, 1);
    const struct csin_ftree *plain = &b.found.ftree[CSIN_FTREE_PLAIN];
    assert_int_equal(plain->reason, CSIN_FTREE_UP_GROUPS);
    assert_int_equal(plain->n_of_a, 2);
    assert_int_equal(plain->n_of_b, 1);
    assert_string_equal(b.f->switches[plain->b].name, "a-leaf3");
    assert_int_equal(b.found.ftree[CSIN_FTREE_ROOTS].reason, CSIN_FTREE_OK);
    assert_int_equal(b.found.ftree[CSIN_FTREE_ROOTS].n_pairs_lost, 0);
    close_fabric(&b);
}

/* ---- lanes, and policies without tables ---- */

static void switches_with_fewer_lanes_are_named(void **state)
{
    (void)state;
    struct built b = {0};
    build(&b, "leaf:2 spine:2 host:2 100Gb/s", CSIN_DMODK, 1);
    b.f->switches[3].n_vls = 4;
    struct csin_lane_facts lanes = csin_lane_facts(b.f, 6);
    assert_int_equal(lanes.least, 4);
    assert_int_equal(lanes.sw_least, 3);
    assert_int_equal(lanes.most, 8);
    assert_int_equal(lanes.n_below, 1);
    look(&b);
    assert_non_null(advice_of(&b, 675));
    close_fabric(&b);
}

/* Packets over all spines: no flow of any permutation meets another. */
static void spray_has_no_tables_and_no_contention(void **state)
{
    (void)state;
    struct built b = open_fabric("leaf:6 spine:4 host:4 100Gb/s", CSIN_SPRAY, 1);
    assert_false(b.found.has_tables);
    assert_non_null(b.found.worst.why_not);
    assert_int_equal(b.found.shifts.n_free, b.found.shifts.n);
    assert_close(b.found.random.mean_share, 1, 1e-9);
    close_fabric(&b);
    b = open_fabric("leaf:6 spine:4 host:4 100Gb/s", CSIN_ECMP, 1);
    assert_true(b.found.random.mean_share < 0.9);
    close_fabric(&b);
}

static void fabrics_with_next_to_nothing_are_looked_at(void **state)
{
    (void)state;
    static const char *const fabrics[] = {
        "leaf:1 spine:1 host:1 100Gb/s",
        SMALL "switches:\n  - {names: lonely, model: s, layer: leaf}\n"
              "hosts:\n  - {names: h1, model: h, attach: {switches: lonely}}\n",
        SMALL "zones:\n"
              "  a: {model: s, leaves: 2, spines: 1, hosts-per-leaf: 1}\n"
              "hosts:\n"
              "  - {names: 'h[1-2]', model: h, attach: {zone: a}}\n"
              "overrides:\n"
              "  - {between: [h1, a-leaf1], state: down}\n",
    };
    for (unsigned i = 0; i < sizeof fabrics / sizeof *fabrics; i++) {
        struct built b = open_fabric(fabrics[i], CSIN_DMODK, 1);
        FILE *out = fopen("/dev/null", "w");
        csin_findings_write_text(b.f, &b.facts, &b.found, out);
        csin_findings_write_json(b.f, &b.facts, &b.found, out);
        fclose(out);
        assert_int_equal(advice_of(&b, 679) != NULL, i == 2);
        close_fabric(&b);
    }
}

CHECK_MAIN(cmocka_unit_test(every_shift_of_a_full_zone_is_free_with_dmodk),
           cmocka_unit_test(random_permutations_have_the_share_of_the_closed_form),
           cmocka_unit_test(routes_of_a_full_zone_are_as_many_on_every_arc),
           cmocka_unit_test(tables_that_miss_entries_or_go_round_are_told),
           cmocka_unit_test(routes_per_arc_are_those_of_every_single_path),
           cmocka_unit_test(tables_of_noise_are_followed_to_their_ends),
           cmocka_unit_test(credit_loops_are_those_of_a_closure_of_all_paths),
           cmocka_unit_test(lanes_by_direction_between_zones_end_the_loop_of_the_flagship),
           cmocka_unit_test(hosts_with_one_nic_are_not_warned_of),
           cmocka_unit_test(a_few_storage_hosts_are_no_pattern),
           cmocka_unit_test(a_thin_core_is_warned_of),
           cmocka_unit_test(a_remedy_for_loops_is_one_that_helps),
           cmocka_unit_test(the_worst_permutation_is_that_of_all_tried),
           cmocka_unit_test(what_a_failure_cuts_off_is_what_is_left_without_it),
           cmocka_unit_test(few_dead_cables_are_tried_in_all_ways),
           cmocka_unit_test(dead_cables_cost_more_the_more_there_are),
           cmocka_unit_test(aggregation_nodes_on_spines_need_the_guids_of_the_hosts),
           cmocka_unit_test(one_dead_cable_makes_ftree_fall_back_without_roots),
           cmocka_unit_test(switches_with_fewer_lanes_are_named),
           cmocka_unit_test(spray_has_no_tables_and_no_contention),
           cmocka_unit_test(fabrics_with_next_to_nothing_are_looked_at))
