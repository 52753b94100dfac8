/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens when the network changes during a run, by hand: cables, switches and storage hosts
 * that die, come back or slow down, transfers that wait, jobs that move. All tests run once with
 * each engine; a byte takes 40 ps on an idle host link (25 GB/s) unless a test says otherwise.
 * (Random ones: test_engines.) */
#include "tests/sim/world.h"

static const struct csin_engine *engine;

#define MS 1e-3
#define MS_BYTES 25000000u /* moved in a millisecond */
#define EXACT 1e-9

enum { MAX_FAULTS = 8 };

struct faults {
    struct csin_event events[MAX_FAULTS];
    uint32_t items[MAX_FAULTS];
    uint32_t n;
};

static void fault_add(struct faults *f, struct world *w, struct csin_event event, uint32_t item)
{
    assert_true(f->n < MAX_FAULTS && (f->n == 0 || f->events[f->n - 1].at_s <= event.at_s));
    f->items[f->n] = item;
    event.items = &f->items[f->n];
    event.n_items = 1;
    f->events[f->n++] = event;
    w->run.events = f->events;
    w->run.n_events = f->n;
}

static void cable(struct faults *f, struct world *w, double at_s, uint32_t item, bool up)
{
    fault_add(f, w, (struct csin_event){.at_s = at_s, .kind = CSIN_EVENT_CABLE, .up = up}, item);
}

static void host(struct faults *f, struct world *w, double at_s, uint32_t item, bool up)
{
    fault_add(f, w, (struct csin_event){.at_s = at_s, .kind = CSIN_EVENT_HOST, .up = up}, item);
}

static void expect_waits(const struct world *w, const struct csin_wait *want, uint32_t n)
{
    assert_int_equal(w->got.n_waits, n);
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(w->got.waits[i].op, want[i].op);
        assert_close(w->got.waits[i].from_s, want[i].from_s, EXACT);
        assert_close(w->got.waits[i].to_s, want[i].to_s, EXACT);
    }
}

/* Bytes on an arc, of all owners. */
static double bytes_on(const struct world *w, uint32_t arc)
{
    double bytes = 0;
    for (uint32_t i = 0; i < w->got.traffic.n_loads; i++)
        if (w->got.traffic.loads[i].arc == arc)
            bytes += w->got.traffic.loads[i].bytes;
    return bytes;
}

/* Bytes that left the NICs of a host. */
static double bytes_from(const struct world *w, uint32_t from)
{
    const struct csin_host *it = &w->fabric->hosts[from];
    double bytes = 0;
    for (uint32_t nic = it->first_nic; nic < it->first_nic + it->n_nics; nic++)
        bytes += bytes_on(w, csin_nic_arc(w->fabric, nic));
    return bytes;
}

/* ---- at once ---- */

static void a_dead_cable_stops_a_flow_until_it_is_back(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:4 200Gb/s");
    uint32_t op = world_transfer(&w, 0, 1, 10 * MS_BYTES);
    uint32_t other = world_transfer(&w, 2, 1, 20 * MS_BYTES); /* has the receiver alone meanwhile */
    cable(&f, &w, 4 * MS, world_arc(&w, op, 0) >> 1, false);
    cable(&f, &w, 9 * MS, world_arc(&w, op, 0) >> 1, true);
    w.run.reaction_s = 1;
    world_run(&w);
    assert_close(w.got.finish_s[op], 25 * MS, EXACT);
    assert_close(w.got.finish_s[other], 30 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 4 * MS, 9 * MS}, 1);
    assert_int_equal(w.got.events, 4);
    assert_close(world_watch(&w, op, 1)->saturated_s, 30 * MS, EXACT);
    assert_close(world_watch(&w, other, 0)->saturated_s, 10 * MS, EXACT);
    world_close(&w);
}

static void a_flow_that_begins_at_a_dead_cable_waits_from_then_on(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:4 200Gb/s latency:1us");
    csin_schedule_delay(&w.s, 2 * MS);
    uint32_t op = world_transfer(&w, 0, 1, MS_BYTES);
    csin_schedule_after(&w.s, 0);
    cable(&f, &w, 1 * MS, world_arc(&w, op, 1) >> 1, false);
    cable(&f, &w, 5 * MS, world_arc(&w, op, 1) >> 1, true);
    w.run.reaction_s = 1;
    world_run(&w);
    assert_close(w.got.start_s[op], 2 * MS, EXACT);
    assert_close(w.got.finish_s[op], 6 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 2 * MS + 1e-6, 5 * MS}, 1);
    world_close(&w);
}

static void a_cable_that_slows_down_slows_what_crosses_it(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:2 spine:1 host:1 200Gb/s");
    uint32_t op = world_transfer(&w, 0, 1, 10 * MS_BYTES), at = world_arc(&w, op, 1) >> 1;
    const double rates[] = {25e9 / 4, 0, 50e9}; /* 0: as it is */
    const double times[] = {2 * MS, 6 * MS, 10 * MS};
    for (unsigned i = 0; i < 3; i++)
        fault_add(&f, &w,
                  (struct csin_event){
                      .at_s = times[i], .kind = CSIN_EVENT_CABLE, .up = true, .rate_Bps = rates[i]},
                  at);
    world_run(&w);
    assert_close(w.got.finish_s[op], 16 * MS, EXACT); /* 2 whole, 8 at a quarter, 6 whole */
    assert_close(world_watch(&w, op, 1)->congested_s, 8 * MS, EXACT);
    /* A lone flow that slowed down left the other arcs of its path as full as before. */
    for (uint32_t k = 0; k < 4; k += 3)
        assert_close(world_watch(&w, op, k)->saturated_s, 8 * MS, EXACT);
    assert_int_equal(w.got.n_waits, 0);
    world_close(&w);
}

/* SimGrid keeps the bandwidth of the narrowest link, as it was then, for a bound of the flow. */
static void a_flow_gets_faster_than_any_arc_was_when_it_began(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:2 spine:1 host:1 200Gb/s uplink:50Gb/s");
    uint32_t op = world_transfer(&w, 0, 1, 10 * MS_BYTES);
    for (uint32_t k = 1; k < 3; k++)
        fault_add(&f, &w,
                  (struct csin_event){
                      .at_s = 4 * MS, .kind = CSIN_EVENT_CABLE, .up = true, .rate_Bps = 25e9},
                  world_arc(&w, op, k) >> 1);
    world_run(&w);
    assert_close(w.got.finish_s[op], 13 * MS, EXACT);
    world_close(&w);
}

static void a_dead_switch_stops_all_that_crosses_it(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:2 spine:1 host:2 200Gb/s");
    uint32_t through = world_transfer(&w, 0, 2, 10 * MS_BYTES);
    uint32_t beside = world_transfer(&w, 2, 3, 10 * MS_BYTES);
    uint32_t leaf = w.fabric->nics[w.fabric->hosts[0].first_nic].leaf;
    fault_add(&f, &w, (struct csin_event){.at_s = 1 * MS, .kind = CSIN_EVENT_SWITCH}, leaf);
    fault_add(&f, &w, (struct csin_event){.at_s = 4 * MS, .kind = CSIN_EVENT_SWITCH, .up = true},
              leaf);
    w.run.reaction_s = 1;
    world_run(&w);
    assert_close(w.got.finish_s[through], 13 * MS, EXACT);
    assert_close(w.got.finish_s[beside], 10 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){through, 1 * MS, 4 * MS}, 1);
    world_close(&w);
}

/* They were in the order in which they ended. */
static void waits_are_in_the_order_of_their_beginnings(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:4 200Gb/s");
    uint32_t a = world_transfer(&w, 0, 1, 10 * MS_BYTES),
             b = world_transfer(&w, 2, 3, 10 * MS_BYTES);
    cable(&f, &w, 1 * MS, world_arc(&w, a, 0) >> 1, false);
    cable(&f, &w, 2 * MS, world_arc(&w, b, 0) >> 1, false);
    cable(&f, &w, 3 * MS, world_arc(&w, b, 0) >> 1, true);
    cable(&f, &w, 5 * MS, world_arc(&w, a, 0) >> 1, true);
    world_run(&w);
    expect_waits(&w, (struct csin_wait[]){{a, 1 * MS, 5 * MS}, {b, 2 * MS, 3 * MS}}, 2);
    world_close(&w);
}

static void what_stays_cut_off_is_a_failure(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:4 200Gb/s");
    uint32_t op = world_transfer(&w, 0, 1, 10 * MS_BYTES);
    world_transfer(&w, 2, 3, 20 * MS_BYTES);
    cable(&f, &w, 1 * MS, world_arc(&w, op, 0) >> 1, false);
    world_fail(&w, "csin: error: 1 of 2 operations did not finish by 20 ms [CSIN-321]\n"
                   "csin: note: what goes down here at 1 ms stays down\n"
                   "csin: note: let it come back, or stop or move the job that waits for it\n"
                   "csin: note: operation 0, 250 MB from 'h1' to 'h2', started at 0 s\n");
    world_close(&w);
}

/* ---- storage hosts ---- */

static const char storage_line[] = "leaf:1 spine:1 host:3 storage:3 200Gb/s";

/* Three storage hosts, the numbers behind three compute hosts'. */
static uint32_t storage(const struct world *w, uint32_t i)
{
    for (uint32_t h = 0; h < w->fabric->n_hosts; h++)
        if (w->fabric->hosts[h].role == CSIN_STORAGE && i-- == 0)
            return h;
    fail_msg("there are not so many");
    return CSIN_NONE;
}

static uint32_t compute(const struct world *w, uint32_t i)
{
    for (uint32_t h = 0; h < w->fabric->n_hosts; h++)
        if (w->fabric->hosts[h].role == CSIN_COMPUTE && i-- == 0)
            return h;
    fail_msg("there are not so many");
    return CSIN_NONE;
}

static void others_stand_in_for_a_dead_storage_host_after_the_reaction(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, storage_line);
    uint32_t dead = storage(&w, 0);
    uint32_t op = world_transfer(&w, dead, compute(&w, 0), 10 * MS_BYTES);
    host(&f, &w, 4 * MS, dead, false);
    w.run.reaction_s = 2 * MS;
    world_run(&w);
    assert_close(w.got.finish_s[op], 12 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 4 * MS, 6 * MS}, 1);
    assert_close(bytes_from(&w, dead), 4.0 * MS_BYTES, EXACT);
    assert_close(bytes_from(&w, storage(&w, 1)) + bytes_from(&w, storage(&w, 2)), 6.0 * MS_BYTES,
                 EXACT);
    assert_int_equal(w.got.traffic.effective[0].n_transfers, 1);
    assert_int_equal(w.got.traffic.effective[0].bytes, 10 * MS_BYTES);
    world_close(&w);
}

static void what_a_dead_storage_host_served_is_spread_over_the_others(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:24 storage:5 200Gb/s");
    uint32_t dead = storage(&w, 2);
    for (uint32_t i = 0; i < 24; i++)
        world_transfer(&w, dead, compute(&w, i), MS_BYTES);
    host(&f, &w, 0, dead, false);
    world_run(&w);
    assert_true(bytes_from(&w, dead) == 0);
    for (uint32_t i = 0; i < 5; i++)
        if (i != 2)
            assert_true(bytes_from(&w, storage(&w, i)) > 0);
    assert_true(w.got.makespan_s < 12 * MS);
    world_close(&w);
}

/* Rerouted after it had ended, the transfer began once more, in the place of another one. */
static void a_transfer_that_ends_when_its_host_dies_has_ended(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, storage_line);
    uint32_t dead = storage(&w, 0);
    uint32_t op = world_transfer(&w, dead, compute(&w, 0), 4 * MS_BYTES);
    for (uint32_t i = 1; i < 3; i++) {
        world_transfer(&w, dead, compute(&w, i), 2 * MS_BYTES);
        csin_schedule_after(&w.s, op);
    }
    world_run(&w);
    double end_s = w.got.finish_s[op];
    host(&f, &w, end_s, dead, false);
    world_run(&w);
    assert_true(w.got.finish_s[op] == end_s);
    assert_close(w.got.finish_s[1], 6 * MS, EXACT); /* the others serve one each */
    assert_close(w.got.finish_s[2], 6 * MS, EXACT);
    assert_close(bytes_from(&w, dead), 4.0 * MS_BYTES, EXACT);
    assert_int_equal(w.got.n_waits, 0);
    world_close(&w);
}

static void a_transfer_whose_latency_ends_when_its_host_dies_begins_elsewhere(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:3 storage:3 200Gb/s latency:1us");
    uint32_t dead = storage(&w, 0);
    world_transfer(&w, dead, compute(&w, 0), 4 * MS_BYTES);
    world_run(&w);
    struct csin_way way = {.arcs = (uint32_t[CSIN_WAY_MAX]){0},
                           .weights = (double[CSIN_WAY_MAX]){0}};
    assert_true(csin_routes_way(w.routes, w.s.src[0], w.s.dst[0], 0, NULL, &way));
    host(&f, &w, way.latency_s, dead, false);
    world_run(&w);
    assert_close(w.got.finish_s[0], 4 * MS + 1e-6, EXACT); /* the latency is paid */
    assert_true(bytes_from(&w, dead) == 0);
    assert_int_equal(w.got.n_waits, 0);
    world_close(&w);
}

static void without_storage_hosts_transfers_wait_for_one(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, storage_line);
    uint32_t op = world_transfer(&w, storage(&w, 0), compute(&w, 0), 10 * MS_BYTES);
    for (uint32_t i = 0; i < 3; i++)
        host(&f, &w, 1 * MS, storage(&w, i), false);
    host(&f, &w, 5 * MS, storage(&w, 2), true);
    world_run(&w);
    assert_close(w.got.finish_s[op], 14 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 1 * MS, 5 * MS}, 1);
    assert_close(bytes_from(&w, storage(&w, 2)), 9.0 * MS_BYTES, EXACT);
    world_close(&w);
}

/* SimGrid's sizes are whole: 7.5 bytes were rounded to 8. */
static void parts_of_bytes_survive_a_reroute(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:3 storage:3 8b/s");
    uint32_t dead = storage(&w, 0);
    uint32_t op = world_transfer(&w, dead, compute(&w, 0), 10);
    host(&f, &w, 2.5, dead, false);
    world_run(&w);
    assert_close(w.got.finish_s[op], 10, EXACT);
    assert_close(bytes_from(&w, dead), 2.5, EXACT);
    world_close(&w);
}

/* ---- new routes ---- */

static bool routes_know_what_is_up(void)
{
    struct world w;
    struct csin_routes *routes;
    struct csin_path path;
    world_open(&w, engine, "leaf:1 spine:1 host:2 200Gb/s");
    bool up[3] = {false, false, false};
    assert_int_equal(csin_routes_create(w.fabric, up, CSIN_DMODK, 1, w.diag, &routes), CSIN_OK);
    bool know = !csin_routes_host_path(routes, 0, 1, 0, &path);
    csin_routes_destroy(routes);
    world_close(&w);
    return know;
}

static void traffic_takes_another_spine_after_the_reaction(void **state)
{
    (void)state;
    if (!routes_know_what_is_up())
        skip();
    for (int policy = 0; policy < CSIN_N_POLICIES; policy++) {
        struct world w;
        struct faults f = {.n = 0};
        double bytes = 0;
        world_open(&w, engine, "leaf:2 spine:3 host:1 200Gb/s latency:1us");
        world_routes(&w, (enum csin_policy)policy);
        uint32_t op = world_transfer(&w, 0, 1, 10 * MS_BYTES);
        for (uint32_t s = 0; s < w.fabric->n_switches; s++) /* all spines but one */
            if (w.fabric->switches[s].layer == CSIN_SPINE && f.n < 2)
                fault_add(&f, &w, (struct csin_event){.at_s = 0, .kind = CSIN_EVENT_SWITCH}, s);
        for (uint32_t i = 0; i < f.n; i++)
            f.events[i].at_s = 4 * MS;
        w.run.reaction_s = 2 * MS;
        world_run(&w);
        bool waited = w.got.n_waits > 0; /* its spine was one of them */
        assert_true(waited || policy == CSIN_DMODK || policy == CSIN_RANDOM ||
                    policy == CSIN_ECMP || policy == CSIN_LEAST_LOADED);
        assert_close(w.got.finish_s[op], (waited ? 12 : 10) * MS + 3e-6, EXACT);
        for (uint32_t arc = 0; arc < w.fabric->n_arcs; arc++)
            bytes += bytes_on(&w, arc);
        assert_close(bytes, 4 * 10.0 * MS_BYTES, EXACT);
        world_close(&w);
    }
}

static void a_transfer_without_a_way_begins_again_with_the_latency(void **state)
{
    (void)state;
    if (!routes_know_what_is_up())
        skip();
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:2 200Gb/s latency:500us");
    uint32_t op = world_transfer(&w, 0, 1, 4 * MS_BYTES), at = world_arc(&w, op, 0) >> 1;
    cable(&f, &w, 1.5 * MS, at, false); /* 1 ms of it has moved */
    cable(&f, &w, 3 * MS, at, true);
    w.run.reaction_s = 1 * MS;
    world_run(&w);
    assert_close(w.got.finish_s[op], (4 + 0.5 + 3) * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 1.5 * MS, 4 * MS}, 1);
    assert_close(bytes_from(&w, 0), 4.0 * MS_BYTES, EXACT);
    world_close(&w);
}

/* Lost and found again while it waited for the latency, it moved when the first latency was over.
 */
static void a_way_that_comes_back_early_has_its_whole_latency(void **state)
{
    (void)state;
    if (!routes_know_what_is_up())
        skip();
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:2 200Gb/s latency:10ms");
    uint32_t op = world_transfer(&w, 0, 1, MS_BYTES), at = world_arc(&w, op, 0) >> 1;
    cable(&f, &w, 2 * MS, at, false);
    cable(&f, &w, 5 * MS, at, true);
    world_run(&w);
    assert_close(w.got.finish_s[op], 16 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 2 * MS, 5 * MS}, 1);
    world_close(&w);
}

/* What started at 0 was on its way before what happened at 0. */
static void what_is_dead_from_the_beginning_is_so_before_anything_starts(void **state)
{
    (void)state;
    if (!routes_know_what_is_up())
        skip();
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:2 200Gb/s");
    uint32_t op = world_transfer(&w, 0, 1, 0), at = world_arc(&w, op, 0) >> 1;
    cable(&f, &w, 0, at, false);
    cable(&f, &w, 5 * MS, at, true);
    world_run(&w);
    assert_close(w.got.finish_s[op], 5 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 0, 5 * MS}, 1);
    world_close(&w);
}

/* It was to begin with no arcs at all. */
static void a_way_lost_when_its_latency_ends_is_waited_for(void **state)
{
    (void)state;
    if (!routes_know_what_is_up())
        skip();
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:2 200Gb/s latency:1ms");
    uint32_t op = world_transfer(&w, 0, 1, MS_BYTES), at = world_arc(&w, op, 0) >> 1;
    cable(&f, &w, w.fabric->arc_latency_s[2 * at] + w.fabric->arc_latency_s[world_arc(&w, op, 1)],
          at, false);
    cable(&f, &w, 5 * MS, at, true);
    world_run(&w);
    assert_close(w.got.finish_s[op], 7 * MS, EXACT);
    expect_waits(&w, &(struct csin_wait){op, 1 * MS, 5 * MS}, 1);
    world_close(&w);
}

static void a_way_that_never_comes_back_is_a_failure(void **state)
{
    (void)state;
    if (!routes_know_what_is_up())
        skip();
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:2 200Gb/s");
    csin_schedule_delay(&w.s, 3 * MS);
    uint32_t op = world_transfer(&w, 0, 1, MS_BYTES);
    csin_schedule_after(&w.s, 0);
    cable(&f, &w, 2 * MS, world_arc(&w, op, 0) >> 1, false);
    world_fail(&w, "csin: error: 1 of 2 operations did not finish by 3 ms [CSIN-321]\n"
                   "csin: note: what goes down here at 2 ms stays down\n"
                   "csin: note: let it come back, or stop or move the job that waits for it\n"
                   "csin: note: operation 1, 25 MB from 'h1' to 'h2', started at 3 ms\n");
    world_close(&w);
}

/* Leaf i hangs on spines i and i + 1, so without the last spine, which joins all, it is a long way
 * from the first leaf to the last. SimGrid's child cannot say why it has no routes. */
static void a_way_that_gets_too_long_is_told_by_every_engine(void **state)
{
    (void)state;
    if (!routes_know_what_is_up())
        skip();
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:9 spine:11 host:1 200Gb/s");
    const struct csin_zone *zone = &w.fabric->zones[0];
    for (uint32_t c = 0; c < w.fabric->n_cables; c++) {
        struct csin_cable *it = &w.fabric->cables[c];
        uint32_t leaf = it->end[0] - zone->first_leaf, spine = it->end[1] - zone->first_spine;
        if (it->place == CSIN_AT_SPINE)
            it->up = spine == leaf || spine == leaf + 1 || spine == 10;
    }
    world_routes(&w, CSIN_DMODK);
    world_transfer(&w, 0, 8, 10 * MS_BYTES);
    fault_add(&f, &w, (struct csin_event){.at_s = 1 * MS, .kind = CSIN_EVENT_SWITCH},
              zone->first_spine + 10);
    world_seal(&w);
    assert_true(w.engine->run(&w.run, w.diag, &w.got) != CSIN_OK);
    char *text = check_diag_text(w.diag);
    assert_non_null(strstr(text, "cables apart; at most 16"));
    free(text);
    world_close(&w);
}

/* ---- jobs that move ---- */

/* Three steps of one transfer each, 0 -> 1; each begins with a delay. */
static void three_steps(struct world *w, uint64_t bytes)
{
    csin_schedule_finish(&w->s);
    memset(&w->s, 0, sizeof w->s);
    csin_schedule_init(&w->s, w->fabric->n_hosts, 2);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t begin = csin_schedule_delay(&w->s, 1 * MS);
        csin_schedule_after(&w->s, i ? begin - 1 : CSIN_NONE);
        world_transfer(w, 0, 1, bytes);
        csin_schedule_after(&w->s, begin);
        csin_schedule_span(&w->s, (struct csin_span){0, 0, i, begin, 2, begin, CSIN_NONE});
    }
}

static void move_to(struct faults *f, struct world *w, double at_s, uint32_t first)
{
    static const uint32_t from[] = {0, 1};
    static uint32_t to[MAX_FAULTS][2];
    to[f->n][0] = first;
    to[f->n][1] = first + 1;
    fault_add(
        f, w,
        (struct csin_event){
            .at_s = at_s, .kind = CSIN_EVENT_MOVE, .from = from, .hosts = to[f->n], .n_hosts = 2},
        0);
}

static void the_steps_after_a_move_run_elsewhere(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:6 200Gb/s");
    three_steps(&w, 4 * MS_BYTES);
    move_to(&f, &w, 3 * MS, 2);
    move_to(&f, &w, 8 * MS, 4);
    world_run(&w);
    assert_close(w.got.makespan_s, 15 * MS, EXACT);
    for (uint32_t h = 0; h < 6; h++)
        assert_close(bytes_from(&w, h), h % 2 ? 0 : 4.0 * MS_BYTES, EXACT);
    world_close(&w);
}

/* A step that had begun before the first of two moves was taken for one between them. */
static void a_step_stays_where_it_began_however_often_the_job_moves(void **state)
{
    (void)state;
    struct world w;
    struct faults f = {.n = 0};
    world_open(&w, engine, "leaf:1 spine:1 host:6 200Gb/s");
    csin_schedule_finish(&w.s);
    memset(&w.s, 0, sizeof w.s);
    csin_schedule_init(&w.s, w.fabric->n_hosts, 2);
    csin_schedule_delay(&w.s, 1 * MS);
    for (uint32_t i = 0; i < 3; i++) { /* one step of three transfers */
        uint32_t op = world_transfer(&w, 0, 1, 4 * MS_BYTES);
        csin_schedule_after(&w.s, op - 1);
    }
    csin_schedule_span(&w.s, (struct csin_span){0, 0, 0, 0, 4, 0, CSIN_NONE});
    move_to(&f, &w, 2 * MS, 2);
    move_to(&f, &w, 3 * MS, 4);
    world_run(&w);
    assert_close(bytes_from(&w, 0), 12.0 * MS_BYTES, EXACT);
    world_close(&w);
}

WORLD_MAIN(cmocka_unit_test(a_dead_cable_stops_a_flow_until_it_is_back),
           cmocka_unit_test(a_flow_that_begins_at_a_dead_cable_waits_from_then_on),
           cmocka_unit_test(a_cable_that_slows_down_slows_what_crosses_it),
           cmocka_unit_test(a_flow_gets_faster_than_any_arc_was_when_it_began),
           cmocka_unit_test(a_dead_switch_stops_all_that_crosses_it),
           cmocka_unit_test(waits_are_in_the_order_of_their_beginnings),
           cmocka_unit_test(what_stays_cut_off_is_a_failure),
           cmocka_unit_test(others_stand_in_for_a_dead_storage_host_after_the_reaction),
           cmocka_unit_test(what_a_dead_storage_host_served_is_spread_over_the_others),
           cmocka_unit_test(a_transfer_that_ends_when_its_host_dies_has_ended),
           cmocka_unit_test(a_transfer_whose_latency_ends_when_its_host_dies_begins_elsewhere),
           cmocka_unit_test(without_storage_hosts_transfers_wait_for_one),
           cmocka_unit_test(parts_of_bytes_survive_a_reroute),
           cmocka_unit_test(traffic_takes_another_spine_after_the_reaction),
           cmocka_unit_test(a_transfer_without_a_way_begins_again_with_the_latency),
           cmocka_unit_test(a_way_that_comes_back_early_has_its_whole_latency),
           cmocka_unit_test(what_is_dead_from_the_beginning_is_so_before_anything_starts),
           cmocka_unit_test(a_way_lost_when_its_latency_ends_is_waited_for),
           cmocka_unit_test(a_way_that_never_comes_back_is_a_failure),
           cmocka_unit_test(a_way_that_gets_too_long_is_told_by_every_engine),
           cmocka_unit_test(the_steps_after_a_move_run_elsewhere),
           cmocka_unit_test(a_step_stays_where_it_began_however_often_the_job_moves))
