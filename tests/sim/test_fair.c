/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The max-min solver: closed forms, then random systems whose flows come and go and whose
 * capacities change. After every solve its own check must hold, the rates must be those of a
 * progressive filling from scratch that is written here once more, and the lists of what changed
 * must name all that did and nothing else. */
#include "tests/campaign.h"

#include <float.h>

#include "base/rng.h"
#include "sim/fair.h"
#include "topo/fabric.h"

#define EXACT 1e-9

/* ---- by hand ---- */

static double rate(const struct csin_fair *fair, uint32_t flow)
{
    return fair->flows[flow].rate;
}

static bool is_in(const uint32_t *list, uint32_t n, uint32_t item)
{
    uint32_t times = 0;
    for (uint32_t i = 0; i < n; i++)
        times += list[i] == item;
    assert_true(times <= 1);
    return times == 1;
}

static void solve(struct csin_fair *fair)
{
    assert_true(csin_fair_solve(fair));
    csin_fair_check(fair, EXACT);
}

static void flows_share_what_they_have_in_common(void **state)
{
    (void)state;
    struct csin_fair fair;
    const double capacities[] = {12, 8};
    const uint32_t both[] = {0, 1};
    assert_true(csin_fair_init(&fair, 2, capacities));
    uint32_t a = csin_fair_add(&fair, both, NULL, 2, HUGE_VAL);
    solve(&fair);
    assert_close(rate(&fair, a), 8, 0);
    uint32_t b = csin_fair_add(&fair, &both[1], NULL, 1, HUGE_VAL);
    uint32_t c = csin_fair_add(&fair, &both[0], NULL, 1, HUGE_VAL);
    solve(&fair);
    assert_close(rate(&fair, a), 4, 0);
    assert_close(rate(&fair, b), 4, 0);
    assert_close(rate(&fair, c), 8, 0); /* what the first one leaves */
    assert_true(csin_fair_remove(&fair, b));
    solve(&fair);
    assert_close(rate(&fair, a), 6, 0);
    assert_close(rate(&fair, c), 6, 0);
    csin_fair_finish(&fair);
}

/* Packets sprayed over four arcs, and a flow with a path over one of them. */
static void weights_say_how_much_of_a_rate_a_resource_carries(void **state)
{
    (void)state;
    struct csin_fair fair;
    const double capacities[] = {10, 10, 10, 10, 100}, quarter[] = {0.25, 0.25, 0.25, 0.25, 1};
    const uint32_t all[] = {0, 1, 2, 3, 4};
    assert_true(csin_fair_init(&fair, 5, capacities));
    uint32_t sprayed = csin_fair_add(&fair, all, quarter, 5, HUGE_VAL);
    solve(&fair);
    assert_close(rate(&fair, sprayed), 40, 0);
    uint32_t path = csin_fair_add(&fair, all, NULL, 1, HUGE_VAL);
    solve(&fair); /* equal rates, not equal loads: x + x/4 = 10 */
    assert_close(rate(&fair, sprayed), 8, 1e-15);
    assert_close(rate(&fair, path), 8, 1e-15);
    csin_fair_finish(&fair);
}

static void caps_hold_and_leave_the_rest_to_others(void **state)
{
    (void)state;
    struct csin_fair fair;
    const double capacity = 10;
    const uint32_t only = 0;
    assert_true(csin_fair_init(&fair, 1, &capacity));
    uint32_t slow = csin_fair_add(&fair, &only, NULL, 1, 2);
    uint32_t fast = csin_fair_add(&fair, &only, NULL, 1, 9);
    uint32_t free = csin_fair_add(&fair, &only, NULL, 1, HUGE_VAL);
    uint32_t nowhere = csin_fair_add(&fair, NULL, NULL, 0, 7);
    uint32_t still = csin_fair_add(&fair, &only, NULL, 1, 0);
    solve(&fair);
    assert_close(rate(&fair, slow), 2, 0);
    assert_close(rate(&fair, fast), 4, 0);
    assert_close(rate(&fair, free), 4, 0);
    assert_close(rate(&fair, nowhere), 7, 0);
    assert_close(rate(&fair, still), 0, 0);
    assert_int_equal(fair.flows[slow].bottleneck, CSIN_FAIR_CAP);
    assert_int_equal(fair.flows[free].bottleneck, 0);
    csin_fair_finish(&fair);
}

static void a_capacity_of_nothing_stops_flows_until_it_comes_back(void **state)
{
    (void)state;
    struct csin_fair fair;
    const double capacities[] = {10, 10};
    const uint32_t both[] = {0, 1};
    assert_true(csin_fair_init(&fair, 2, capacities));
    uint32_t a = csin_fair_add(&fair, both, NULL, 2, HUGE_VAL);
    uint32_t b = csin_fair_add(&fair, &both[1], NULL, 1, HUGE_VAL);
    solve(&fair);
    assert_true(csin_fair_set_capacity(&fair, 0, 0));
    solve(&fair);
    assert_close(rate(&fair, a), 0, 0);
    assert_close(rate(&fair, b), 10, 0);
    assert_true(csin_fair_set_capacity(&fair, 0, 3));
    solve(&fair);
    assert_close(rate(&fair, a), 3, 0);
    assert_close(rate(&fair, b), 7, 0);
    csin_fair_finish(&fair);
}

/* Only the resource whose capacity changed was touched, so an arc further on seemed as full as
 * before. */
static void a_lone_flow_that_slows_down_touches_all_its_resources(void **state)
{
    (void)state;
    struct csin_fair fair;
    const double capacities[] = {10, 10, 10};
    const uint32_t all[] = {0, 1, 2};
    assert_true(csin_fair_init(&fair, 3, capacities));
    csin_fair_add(&fair, all, NULL, 3, HUGE_VAL);
    solve(&fair);
    assert_true(csin_fair_set_capacity(&fair, 1, 5));
    solve(&fair);
    for (uint32_t r = 0; r < 3; r++)
        assert_true(is_in(fair.touched, fair.n_touched, r));
    assert_int_equal(fair.n_changed, 1);
    csin_fair_finish(&fair);
}

static void a_lone_flow_that_stays_as_fast_is_not_called_changed(void **state)
{
    (void)state;
    struct csin_fair fair;
    const double capacities[] = {10, 20};
    const uint32_t both[] = {0, 1};
    assert_true(csin_fair_init(&fair, 2, capacities));
    csin_fair_add(&fair, both, NULL, 2, HUGE_VAL);
    solve(&fair);
    assert_true(csin_fair_set_capacity(&fair, 1, 15));
    solve(&fair);
    assert_int_equal(fair.n_changed, 0);
    csin_fair_finish(&fair);
}

/* The weight that is left was the difference of two large sums. */
static void what_little_weight_is_left_is_not_lost_in_rounding(void **state)
{
    (void)state;
    struct csin_fair fair;
    enum { N = 20 };
    const double capacities[] = {1e9, 1}, heavy[] = {1e6 / 3, 1}, light = 1e-6;
    const uint32_t both[] = {0, 1};
    assert_true(csin_fair_init(&fair, 2, capacities));
    for (uint32_t i = 0; i < N; i++)
        csin_fair_add(&fair, both, heavy, 2, HUGE_VAL);
    uint32_t flow = csin_fair_add(&fair, both, &light, 1, HUGE_VAL);
    solve(&fair);
    assert_close(rate(&fair, flow), (1e9 - 1e6 / 3) / 1e-6, 1e-12);
    csin_fair_finish(&fair);
}

/* Flow i uses resources i and i + 1, and is faster than the one before it, so a change at one end
 * goes from flow to flow to the other. */
static void a_change_that_runs_through_a_chain_takes_few_fillings(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct csin_fair fair;
    double *capacities = calloc(N + 1, sizeof *capacities);
    assert_non_null(capacities);
    for (uint32_t i = 0; i <= N; i++) /* rates of i + 1 */
        capacities[i] = i == 0 ? 1 : i == N ? 10 * N : 2 * i + 1;
    assert_true(csin_fair_init(&fair, N + 1, capacities));
    for (uint32_t i = 0; i < N; i++) {
        uint32_t uses[] = {i, i + 1};
        assert_int_equal(csin_fair_add(&fair, uses, NULL, 2, HUGE_VAL), i);
    }
    solve(&fair);
    for (uint32_t i = 0; i < N; i++)
        assert_close(rate(&fair, i), i + 1, 1e-12);
    uint64_t before = fair.n_fillings;
    assert_true(csin_fair_set_capacity(&fair, 0, 1.25));
    solve(&fair);
    for (uint32_t i = 0; i < N; i++)
        assert_close(rate(&fair, i), i + (i % 2 ? 0.75 : 1.25), 1e-12);
    assert_true(fair.n_fillings - before < 64);
    free(capacities);
    csin_fair_finish(&fair);
}

/* Each removal looked through all flows that were added: n x n steps. */
static void flows_removed_before_they_began_cost_no_search(void **state)
{
    (void)state;
    enum { N = 300000 };
    struct csin_fair fair;
    const double capacity = 10;
    const uint32_t only = 0;
    double begun_s = campaign_now_s();
    assert_true(csin_fair_init(&fair, 1, &capacity));
    for (uint32_t i = 0; i < N; i++)
        assert_int_equal(csin_fair_add(&fair, &only, NULL, 1, HUGE_VAL), i);
    for (uint32_t i = 0; i < N; i++)
        assert_true(csin_fair_remove(&fair, i));
    solve(&fair);
    assert_int_equal(fair.n_flows, 0);
    assert_int_equal(fair.n_changed, 0);
    assert_true(campaign_now_s() - begun_s < 5); /* it takes 0.02 s; before, 20 s */
    csin_fair_finish(&fair);
}

/* What a change does not reach costs nothing, and places are used again. */
static void cost_follows_what_changes_and_memory_what_is_there(void **state)
{
    (void)state;
    enum { PAIRS = 1000 };
    const uint32_t times = getenv("CSIN_QUICK") ? 2000 : 100000; /* each one is checked there */
    struct csin_fair fair;
    double capacities[PAIRS];
    uint32_t flow[PAIRS];
    for (uint32_t r = 0; r < PAIRS; r++)
        capacities[r] = r + 1;
    assert_true(csin_fair_init(&fair, PAIRS, capacities));
    for (uint32_t r = 0; r < PAIRS; r++) {
        csin_fair_add(&fair, &r, NULL, 1, HUGE_VAL);
        flow[r] = csin_fair_add(&fair, &r, NULL, 1, HUGE_VAL);
    }
    assert_true(csin_fair_solve(&fair));
    uint64_t before = fair.region_total;
    size_t uses_before = fair.n_uses;
    for (uint32_t i = 0; i < times; i++) {
        uint32_t r = i * 7 % PAIRS;
        assert_true(csin_fair_remove(&fair, flow[r]));
        flow[r] = csin_fair_add(&fair, &r, NULL, 1, HUGE_VAL);
        assert_true(csin_fair_solve(&fair));
    }
    assert_true(fair.region_total - before <= 2 * times);
    assert_int_equal(fair.n_slots, 2 * PAIRS);
    assert_int_equal(fair.n_uses, uses_before);
    assert_int_equal(fair.resources[0].room, 8);
    csin_fair_check(&fair, EXACT);
    csin_fair_finish(&fair);
}

/* ---- a model of it, as plainly as it can be written ---- */

enum { MAX_RESOURCES = 48, MAX_FLOWS = 256, MAX_USES = 12 };

struct model_flow {
    bool alive;
    bool solved; /* a solve has seen it */
    uint32_t number;
    uint32_t n, resources[MAX_USES];
    double weights[MAX_USES];
    double cap, rate_before;
    long double rate; /* of the filling */
};

struct model {
    struct csin_rng rng;
    struct csin_fair fair;
    uint32_t n_resources;
    double capacities[MAX_RESOURCES];
    struct model_flow flows[MAX_FLOWS];
    uint32_t n_flows, n_alive;
    bool stirred[MAX_RESOURCES]; /* a flow came or went, or the capacity changed, since the solve */
    unsigned capacity_kind, weight_kind, cap_percent, most_uses;
};

static uint32_t draw(struct model *m, uint32_t low, uint32_t high)
{
    return low + (uint32_t)csin_rng_below(&m->rng, (uint64_t)high - low + 1);
}

static bool chance(struct model *m, uint32_t percent)
{
    return draw(m, 1, 100) <= percent;
}

/* 10^low to 10^high, evenly over the orders of magnitude. */
static double draw_log(struct model *m, double low, double high)
{
    double share = (double)(csin_rng_next(&m->rng) >> 11) * 0x1p-53;
    return pow(10, low + (high - low) * share);
}

static double draw_capacity(struct model *m)
{
    switch (m->capacity_kind) {
    case 0: /* all the same: many ties */
        return 25e9;
    case 1: /* as in a fabric */
        return 12.5e9 * (double)(1u << draw(m, 0, 3));
    case 2:
        return draw(m, 0, 4);
    case 3:
        return draw_log(m, -1, 1);
    default: /* some of nothing at all */
        return chance(m, 5) ? 0 : draw_log(m, -6, 15);
    }
}

static double draw_weight(struct model *m)
{
    switch (m->weight_kind) {
    case 0:
        return 1;
    case 1: /* as of sprayed packets */
        return 1.0 / draw(m, 1, 20);
    case 2:
        return draw(m, 1, 24);
    case 3:
        return draw_log(m, -1, 1);
    default:
        return draw_log(m, -6, 6);
    }
}

/* Resources that flow and filling leave of a capacity, and weights still rising, summed up anew. */
static long double level_of(const struct model *m, const bool *fixed, uint32_t resource)
{
    long double left = m->capacities[resource], weight = 0;
    for (uint32_t f = 0; f < m->n_flows; f++)
        for (uint32_t k = 0; m->flows[f].alive && k < m->flows[f].n; k++) {
            if (m->flows[f].resources[k] != resource)
                continue;
            if (fixed[f])
                left -= m->flows[f].weights[k] * m->flows[f].rate;
            else
                weight += m->flows[f].weights[k];
        }
    return weight > 0 ? fmaxl(left, 0) / weight : HUGE_VALL;
}

/* Progressive filling from nothing: the lowest level of all stops its flows; and so on. */
static void fill_model(struct model *m)
{
    bool fixed[MAX_FLOWS] = {false};
    long double level[MAX_RESOURCES];
    bool stale[MAX_RESOURCES];
    for (uint32_t r = 0; r < m->n_resources; r++)
        stale[r] = true;
    for (;;) {
        long double lowest = HUGE_VALL;
        uint32_t resource = CSIN_NONE, flow = CSIN_NONE;
        for (uint32_t r = 0; r < m->n_resources; r++) {
            if (stale[r])
                level[r] = level_of(m, fixed, r);
            stale[r] = false;
            if (level[r] < lowest) {
                lowest = level[r];
                resource = r;
            }
        }
        for (uint32_t f = 0; f < m->n_flows; f++)
            if (m->flows[f].alive && !fixed[f] && m->flows[f].cap < lowest) {
                lowest = m->flows[f].cap;
                flow = f;
            }
        if (resource == CSIN_NONE && flow == CSIN_NONE)
            return;
        for (uint32_t f = 0; f < m->n_flows; f++) {
            struct model_flow *it = &m->flows[f];
            bool on = f == flow;
            for (uint32_t k = 0; flow == CSIN_NONE && k < it->n; k++)
                on = on || it->resources[k] == resource;
            if (!it->alive || fixed[f] || !on)
                continue;
            it->rate = lowest;
            fixed[f] = true;
            for (uint32_t k = 0; k < it->n; k++)
                stale[it->resources[k]] = true;
        }
    }
}

/* ---- what happens to it ---- */

static void add(struct model *m)
{
    if (m->n_flows == MAX_FLOWS)
        return;
    struct model_flow *it = &m->flows[m->n_flows];
    uint32_t order[MAX_RESOURCES];
    *it = (struct model_flow){.alive = true, .cap = HUGE_VAL};
    for (uint32_t r = 0; r < m->n_resources; r++)
        order[r] = r;
    csin_rng_shuffle(&m->rng, order, m->n_resources);
    it->n = m->n_resources ? draw(m, chance(m, 3) ? 0 : 1, m->most_uses) : 0;
    it->n = it->n < m->n_resources ? it->n : m->n_resources;
    for (uint32_t k = 0; k < it->n; k++) {
        it->resources[k] = order[k];
        it->weights[k] = draw_weight(m);
        m->stirred[order[k]] = true;
    }
    if (it->n == 0 || chance(m, m->cap_percent))
        it->cap = chance(m, 5) ? 0 : draw_capacity(m) / draw(m, 1, 8);
    it->number = csin_fair_add(&m->fair, it->resources, m->weight_kind ? it->weights : NULL, it->n,
                               it->cap);
    assert_true(it->number != CSIN_NONE);
    for (uint32_t f = 0; f < m->n_flows; f++)
        assert_false(m->flows[f].alive && m->flows[f].number == it->number);
    m->n_flows++;
    m->n_alive++;
}

static void take(struct model *m, struct model_flow *it)
{
    assert_true(csin_fair_remove(&m->fair, it->number));
    for (uint32_t k = 0; k < it->n; k++)
        m->stirred[it->resources[k]] = true;
    it->alive = false;
    m->n_alive--;
}

static void take_any(struct model *m, bool unsolved)
{
    uint32_t nth = draw(m, 0, MAX_FLOWS);
    for (uint32_t i = 0; i < m->n_flows; i++) {
        struct model_flow *it = &m->flows[(nth + i) % m->n_flows];
        if (it->alive && (!unsolved || !it->solved)) {
            take(m, it);
            return;
        }
    }
}

static void change_capacity(struct model *m)
{
    if (m->n_resources == 0)
        return;
    uint32_t r = draw(m, 0, m->n_resources - 1);
    double capacity = chance(m, 20)   ? 0
                      : chance(m, 20) ? m->capacities[r]
                      : chance(m, 20) ? m->capacities[r] * (1 + 1e-13)
                                      : draw_capacity(m);
    m->stirred[r] = m->stirred[r] || capacity != m->capacities[r];
    m->capacities[r] = capacity;
    assert_true(csin_fair_set_capacity(&m->fair, r, capacity));
}

/* Forgets flows that are gone, so that there is room for others. */
static void sweep(struct model *m)
{
    uint32_t n = 0;
    for (uint32_t f = 0; f < m->n_flows; f++)
        if (m->flows[f].alive)
            m->flows[n++] = m->flows[f];
    m->n_flows = n;
}

/* ---- what must hold ---- */

static double rate_of(const struct model *m, const struct model_flow *it)
{
    return m->fair.flows[it->number].rate;
}

static void check_lists(const struct model *m)
{
    bool stirred[MAX_RESOURCES];
    uint32_t n_changed = 0;
    memcpy(stirred, m->stirred, sizeof stirred);
    for (uint32_t f = 0; f < m->n_flows; f++) {
        const struct model_flow *it = &m->flows[f];
        if (!it->alive)
            continue;
        bool changed = rate_of(m, it) != it->rate_before;
        if (is_in(m->fair.changed, m->fair.n_changed, it->number) != changed)
            fail_msg("flow %u went from %.17g to %.17g, and the list says %s", it->number,
                     it->rate_before, rate_of(m, it), changed ? "nothing" : "so");
        n_changed += changed;
        for (uint32_t k = 0; changed && k < it->n; k++)
            stirred[it->resources[k]] = true;
    }
    assert_int_equal(m->fair.n_changed, n_changed);
    for (uint32_t r = 0; r < m->n_resources; r++)
        if (!is_in(m->fair.touched, m->fair.n_touched, r) && stirred[r])
            fail_msg("resource %u changed, and was not touched", r);
}

static void check_rates(const struct model *m)
{
    for (uint32_t f = 0; f < m->n_flows; f++) {
        const struct model_flow *it = &m->flows[f];
        if (!it->alive)
            continue;
        double want = (double)it->rate, got = rate_of(m, it);
        if (fabs(got - want) > EXACT * want)
            fail_msg("flow %u has a rate of %.17g, not %.17g: wrong by %g", it->number, got, want,
                     fabs(got - want) / want);
    }
}

static void solve_model(struct model *m)
{
    for (uint32_t f = 0; f < m->n_flows; f++)
        if (m->flows[f].alive)
            m->flows[f].rate_before = m->flows[f].solved ? rate_of(m, &m->flows[f]) : 0;
    solve(&m->fair);
    assert_int_equal(m->fair.n_flows, m->n_alive);
    check_lists(m);
    fill_model(m);
    check_rates(m);
    memset(m->stirred, 0, sizeof m->stirred);
    for (uint32_t f = 0; f < m->n_flows; f++)
        m->flows[f].solved = true;
}

/* ---- random systems ---- */

static void draw_model(struct model *m, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->rng = csin_rng_init(seed, 0);
    m->n_resources = chance(m, 2) ? 0 : chance(m, 70) ? draw(m, 1, 9) : draw(m, 1, MAX_RESOURCES);
    m->capacity_kind = draw(m, 0, 4);
    m->weight_kind = chance(m, 40) ? 0 : draw(m, 0, 4);
    m->cap_percent = chance(m, 50) ? 0 : chance(m, 50) ? 20 : 100;
    m->most_uses = chance(m, 80) ? draw(m, 1, 5) : MAX_USES;
    for (uint32_t r = 0; r < m->n_resources; r++)
        m->capacities[r] = draw_capacity(m);
    assert_true(csin_fair_init(&m->fair, m->n_resources, m->capacities));
}

static void try_system(uint64_t seed)
{
    static struct model m;
    draw_model(&m, seed);
    uint32_t crowd = chance(&m, 85) ? draw(&m, 1, 24) : draw(&m, 1, MAX_FLOWS / 2);
    uint32_t steps = draw(&m, 1, 24);
    for (uint32_t step = 0; step < steps; step++) {
        sweep(&m);
        uint32_t calls = chance(&m, 50) ? 1 : draw(&m, 0, 8);
        if (step == 0 || chance(&m, 3))
            calls = crowd;
        for (uint32_t i = 0; i < calls; i++) {
            uint32_t what = draw(&m, 1, 100);
            if (what <= 12)
                change_capacity(&m);
            else if (what <= 17)
                take_any(&m, true);
            else if (what <= 17 + (m.n_alive > crowd / 2 && step > 0 ? 50 : 20))
                take_any(&m, false);
            else
                add(&m);
        }
        if (chance(&m, 3))
            while (m.n_alive > 0)
                take_any(&m, false);
        solve_model(&m);
    }
    csin_fair_finish(&m.fair);
}

static void random_systems_are_max_min_fair_after_every_change(void **state)
{
    (void)state;
    campaign(getenv("CSIN_QUICK") ? 3000 : 20000, try_system);
}

CHECK_MAIN(cmocka_unit_test(flows_share_what_they_have_in_common),
           cmocka_unit_test(weights_say_how_much_of_a_rate_a_resource_carries),
           cmocka_unit_test(caps_hold_and_leave_the_rest_to_others),
           cmocka_unit_test(a_capacity_of_nothing_stops_flows_until_it_comes_back),
           cmocka_unit_test(a_lone_flow_that_slows_down_touches_all_its_resources),
           cmocka_unit_test(a_lone_flow_that_stays_as_fast_is_not_called_changed),
           cmocka_unit_test(what_little_weight_is_left_is_not_lost_in_rounding),
           cmocka_unit_test(a_change_that_runs_through_a_chain_takes_few_fillings),
           cmocka_unit_test(flows_removed_before_they_began_cost_no_search),
           cmocka_unit_test(cost_follows_what_changes_and_memory_what_is_there),
           cmocka_unit_test_teardown(random_systems_are_max_min_fair_after_every_change,
                                     campaign_end))
