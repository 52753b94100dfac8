/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fluid engine alone: results do not depend on the order in which a schedule lists what happens
 * at one instant, to the last bit, and agree with a plainer simulation. (By hand: test_flows,
 * test_faults; against SimGrid: test_engines.) */
#include "tests/sim/oracle.h"
#include "tests/sim/random_schedule.h"
#include "tests/sim/run.h"
#include "tests/topo/random_fabric.h"

/* ---- any order ---- */

/* The same schedule with its operations, and the dependencies of each, in another order. Number i
 * becomes to[i]. */
static void shuffle(const struct csin_schedule *s, struct csin_rng *rng, uint32_t *to,
                    struct csin_schedule *ret)
{
    uint32_t *from = oracle_array(s->n_ops, sizeof *from), *deps = oracle_array(s->n_ops, 4);
    for (uint32_t op = 0; op < s->n_ops; op++)
        from[op] = op;
    csin_rng_shuffle(rng, from, s->n_ops);
    for (uint32_t i = 0; i < s->n_ops; i++)
        to[from[i]] = i;
    memset(ret, 0, sizeof *ret);
    csin_schedule_init(ret, s->n_hosts, 1);
    ret->bytes = s->bytes;
    for (uint32_t i = 0; i < s->n_ops; i++) {
        uint32_t op = from[i], n = 0;
        if (csin_is_delay(s, op))
            csin_schedule_delay(ret, s->amount[op].delay_s);
        else
            csin_schedule_transfer(ret, s->src[op], s->dst[op], s->amount[op].bytes);
        for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
            deps[n++] = to[s->dep[k]];
        csin_rng_shuffle(rng, deps, n);
        for (uint32_t k = 0; k < n; k++)
            csin_schedule_after(ret, deps[k]);
    }
    csin_schedule_span(ret, (struct csin_span){0, 0, 0, 0, ret->n_ops, CSIN_NONE, CSIN_NONE});
    free(from);
    free(deps);
}

/* Two transfers of one size that start together between the same hosts are told apart by nothing
 * but their numbers, and least-loaded routes give them different ways. */
static void make_sizes_differ(struct csin_schedule *s)
{
    for (uint32_t op = 0; op < s->n_ops; op++)
        if (!csin_is_delay(s, op)) {
            uint64_t bytes = s->amount[op].bytes * 1024 + op;
            s->bytes += bytes - s->amount[op].bytes;
            s->amount[op].bytes = bytes;
        }
}

/* One span over all, so that the other order has the same owner. */
static void merge_spans(struct csin_schedule *s)
{
    s->n_spans = 0;
    s->n_owners = 1;
    csin_schedule_span(s, (struct csin_span){0, 0, 0, 0, s->n_ops, CSIN_NONE, CSIN_NONE});
}

static double bytes_on(const struct csin_traffic *traffic, uint32_t arc)
{
    for (uint32_t i = 0; i < traffic->n_loads; i++)
        if (traffic->loads[i].arc == arc)
            return traffic->loads[i].bytes;
    return 0;
}

static bool has_wait(const struct csin_run_result *r, struct csin_wait wait)
{
    for (uint32_t i = 0; i < r->n_waits; i++)
        if (r->waits[i].op == wait.op && r->waits[i].from_s == wait.from_s &&
            r->waits[i].to_s == wait.to_s)
            return true;
    return false;
}

static void check_same(const struct csin_run *run, const struct csin_run_result *a,
                       const struct csin_run_result *b, const uint32_t *to)
{
    for (uint32_t op = 0; op < run->schedule->n_ops; op++)
        if (a->start_s[op] != b->start_s[to[op]] || a->finish_s[op] != b->finish_s[to[op]])
            fail_msg("op %u runs from %.17g to %.17g, as op %u from %.17g to %.17g", op,
                     a->start_s[op], a->finish_s[op], to[op], b->start_s[to[op]],
                     b->finish_s[to[op]]);
    for (uint32_t arc = 0; arc < run->fabric->n_arcs; arc++) {
        assert_memory_equal(&a->arcs[arc], &b->arcs[arc], sizeof *a->arcs);
        assert_true(bytes_on(&a->traffic, arc) == bytes_on(&b->traffic, arc));
    }
    assert_int_equal(a->n_waits, b->n_waits);
    for (uint32_t i = 0; i < a->n_waits; i++)
        assert_true(has_wait(
            b, (struct csin_wait){to[a->waits[i].op], a->waits[i].from_s, a->waits[i].to_s}));
    assert_true(a->makespan_s == b->makespan_s && a->events == b->events &&
                a->max_flows == b->max_flows);
}

/* Hosts and switches that go and come back, some of them at the end of a transfer. */
static uint32_t draw_faults(struct random_schedule *r, const struct csin_run_result *calm,
                            struct csin_event *events, uint32_t *items)
{
    uint32_t n = 2 * schedule_in(r, 0, 4);
    for (uint32_t i = 0; i < n; i++) {
        double at_s = calm->makespan_s * (i + schedule_share(r)) / (n + 1);
        uint32_t op = schedule_in(r, 0, r->s.n_ops - 1);
        double end_s = calm->finish_s[op];
        if (schedule_chance(r, 30) && end_s >= 0 && (i == 0 || end_s >= events[i - 1].at_s) &&
            end_s < calm->makespan_s * (i + 1) / (n + 1))
            at_s = end_s;
        bool host = i % 2 ? events[i - 1].kind == CSIN_EVENT_HOST : schedule_chance(r, 50);
        items[i] = i % 2  ? items[i - 1]
                   : host ? schedule_in(r, 0, r->fabric->n_hosts - 1)
                          : schedule_in(r, 0, r->fabric->n_switches - 1);
        events[i] = (struct csin_event){.at_s = at_s,
                                        .kind = host ? CSIN_EVENT_HOST : CSIN_EVENT_SWITCH,
                                        .up = i % 2,
                                        .items = &items[i],
                                        .n_items = 1};
    }
    return n;
}

static void try_order(uint64_t seed)
{
    struct csin_diag *diag = csin_diag_create();
    struct random_fabric *f = random_fabric_create(seed);
    struct built b = build_yaml(f->yaml);
    struct csin_routes *routes;
    struct random_schedule r;
    struct csin_schedule other;
    struct csin_event events[8];
    uint32_t items[8];
    struct csin_run_result calm, first, second;
    enum csin_policy policy = (enum csin_policy)(seed % CSIN_N_POLICIES);
    assert_int_equal(csin_routes_create(b.f, NULL, policy, seed, diag, &routes), CSIN_OK);
    random_schedule_create(&r, seed, b.f, routes, NULL, false);
    if (policy == CSIN_LEAST_LOADED)
        make_sizes_differ(&r.s);
    if (schedule_chance(&r, 50))
        schedule_uneven(&r, b.f);
    merge_spans(&r.s);
    struct csin_run run = {
        .fabric = b.f, .routes = routes, .schedule = &r.s, .horizon_s = HUGE_VAL, .watch = true};
    assert_int_equal(csin_schedule_check(&r.s, diag), CSIN_OK);
    assert_int_equal(csin_engine_fluid.run(&run, diag, &calm), CSIN_OK);
    if (r.s.n_ops > 0)
        run.n_events = draw_faults(&r, &calm, events, items);
    run.events = events;
    run.reaction_s = 0.01 * calm.makespan_s * schedule_in(&r, 0, 3);
    assert_int_equal(csin_engine_fluid.run(&run, diag, &first), CSIN_OK);
    uint32_t *to = oracle_array(r.s.n_ops, sizeof *to);
    shuffle(&r.s, &r.rng, to, &other);
    run.schedule = &other;
    assert_int_equal(csin_schedule_check(&other, diag), CSIN_OK);
    assert_int_equal(csin_engine_fluid.run(&run, diag, &second), CSIN_OK);
    check_same(&run, &first, &second, to);
    csin_run_result_finish(&calm);
    csin_run_result_finish(&first);
    csin_run_result_finish(&second);
    csin_schedule_finish(&r.s);
    csin_schedule_finish(&other);
    csin_routes_destroy(routes);
    built_finish(&b);
    random_fabric_destroy(f);
    csin_diag_destroy(diag);
    free(to);
}

static void results_do_not_depend_on_the_order_of_a_schedule(void **state)
{
    (void)state;
    campaign(RUN_TIMES(400, 60), try_order);
}

/* ---- an independent simulator ---- */

static void try_beside_oracle(uint64_t seed)
{
    struct csin_diag *diag = csin_diag_create();
    struct random_fabric *f = random_fabric_create(seed);
    struct built b = build_yaml(f->yaml);
    struct csin_routes *routes;
    struct random_schedule r;
    struct csin_run_result got;
    struct oracle o;
    enum csin_policy policy = (enum csin_policy)(seed % CSIN_LEAST_LOADED);
    assert_int_equal(csin_routes_create(b.f, NULL, policy, seed, diag, &routes), CSIN_OK);
    random_schedule_create(&r, seed, b.f, routes, NULL, true);
    schedule_uneven(&r, b.f);
    struct csin_run run = {
        .fabric = b.f, .routes = routes, .schedule = &r.s, .horizon_s = HUGE_VAL, .watch = true};
    assert_int_equal(csin_engine_fluid.run(&run, diag, &got), CSIN_OK);
    oracle_init(&o, &r.s, b.f, routes);
    oracle_run(&o);
    double slack = 1e-9 * o.makespan_s;
    assert_true(fabs(got.makespan_s - o.makespan_s) <= slack);
    assert_int_equal(got.skipped, o.skipped);
    for (uint32_t op = 0; op < r.s.n_ops; op++)
        if (!(fabs(got.start_s[op] - o.start_s[op]) <= slack) ||
            !(fabs(got.finish_s[op] - o.finish_s[op]) <= slack))
            fail_msg("op %u runs from %.15g to %.15g, by hand from %.15g to %.15g", op,
                     got.start_s[op], got.finish_s[op], o.start_s[op], o.finish_s[op]);
    for (uint32_t arc = 0; arc < b.f->n_arcs; arc++)
        if (fabs(got.arcs[arc].saturated_s - o.arcs[arc].saturated_s) > slack ||
            fabs(got.arcs[arc].congested_s - o.arcs[arc].congested_s) > slack ||
            fabs(got.arcs[arc].peak_Bps - o.arcs[arc].peak_Bps) > 1e-9 * o.arcs[arc].peak_Bps)
            fail_msg("arc %u looks otherwise", arc);
    oracle_finish(&o);
    csin_run_result_finish(&got);
    csin_schedule_finish(&r.s);
    csin_routes_destroy(routes);
    built_finish(&b);
    random_fabric_destroy(f);
    csin_diag_destroy(diag);
}

static void random_schedules_run_as_an_independent_simulator_says(void **state)
{
    (void)state;
    campaign(RUN_TIMES(60, 10), try_beside_oracle);
}

CHECK_MAIN(cmocka_unit_test_teardown(results_do_not_depend_on_the_order_of_a_schedule,
                                     campaign_end),
           cmocka_unit_test_teardown(random_schedules_run_as_an_independent_simulator_says,
                                     campaign_end))
