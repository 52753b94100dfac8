/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/plan/offers.h"
#include "tests/topo/random_fabric.h"

#define ZONE "leaf:40 spine:20 host:20 200Gb/s"

static void a_permutation_of_a_full_zone_gets_every_uplink_to_itself(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    struct csin_rng rng = csin_rng_init(3, 0);
    begin_phase(&p, 0);
    offer_permutations(&p, &rng, 1);
    struct csin_balance got = plan_tables(&p, "a permutation", false, 10);
    assert_close(got.worst, 1, 1e-12);
    assert_close(got.bound, 1, 1e-12);
    assert_true(got.given > 1.5);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* ---- many phases ---- */

/* No regularity to use, and 102,400 loads (64 phases on 1,600 arcs) for 31,200 entries: 24 flows on
 * the fullest arc where 20 are the mean. Annealing for as long does not get below 23, the next
 * whole number. */
static void many_phases_of_random_flows_come_within_a_quarter(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    for (uint32_t k = 0; k < 64; k++) {
        struct csin_rng rng = csin_rng_init(5, k);
        begin_phase(&p, 0);
        offer_permutations(&p, &rng, 20);
    }
    struct csin_balance got = plan_tables(&p, "64 x 20 random permutations", false, 10);
    assert_true(got.worst <= 1.25 * (1 + 1e-9));
    assert_true(got.given > 1.8);
    /* The gap is not the bound's: divided, the flows reach it. */
    assert_true(got.relaxed.exact && got.relaxed.n_solved == 0);
    assert_close(got.relaxed.split, got.cut.divided, 1e-9);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* Two storage hosts on every leaf, at other ports on each; the others compute, in jobs of 40, 60,
 * 80
 * ... hosts drawn over the whole zone. */
enum { N_STORAGE = 80, N_COMPUTE = 720, N_CHANNELS = 16, N_ORDERS = 4 };

struct mix {
    uint32_t storage[N_STORAGE], compute[N_COMPUTE];
};

static struct mix make_mix(void)
{
    struct mix m;
    struct csin_rng rng = csin_rng_init(1, 1);
    uint32_t n_storage = 0, n_compute = 0;
    for (uint32_t i = 0; i < N_STORAGE + N_COMPUTE; i++) {
        uint32_t port = i % 20, leaf = i / 20;
        if (port == leaf % 20 || port == (leaf + 10) % 20)
            m.storage[n_storage++] = i;
        else
            m.compute[n_compute++] = i;
    }
    assert_int_equal(n_storage, N_STORAGE);
    assert_int_equal(n_compute, N_COMPUTE);
    csin_rng_shuffle(&rng, m.compute, N_COMPUTE);
    return m;
}

/* What one channel of the allreduce of every job sends: rings of one job, trees of the next. */
static void offer_channel(struct planned *p, struct mix *m, struct csin_rng *rng, double share)
{
    for (uint32_t first = 0, job = 0, n; first < N_COMPUTE; first += n, job++) {
        n = 40 + 20 * job;
        n = first + n > N_COMPUTE ? N_COMPUTE - first : n;
        csin_rng_shuffle(rng, m->compute + first, n);
        if (job % 2)
            offer_two_trees(p, m->compute + first, n, share);
        else
            offer_ring(p, m->compute + first, n, share);
    }
}

static void offer_reduces(struct planned *p, struct mix m, uint32_t order, double share)
{
    struct csin_rng rng = csin_rng_init(7, 1000 + order);
    for (uint32_t c = 0; c < N_CHANNELS; c++)
        offer_channel(p, &m, &rng, share / N_CHANNELS);
}

/* All hosts read from 20 storage hosts each, and get `share` of what storage can give. */
static void offer_a_draw_of_reads(struct planned *p, const struct mix *m, uint32_t draw,
                                  double share)
{
    struct csin_rng rng = csin_rng_init(7, draw);
    offer_reads(p, &rng, m->storage, N_STORAGE, m->compute, N_COMPUTE, 20,
                share * N_STORAGE / N_COMPUTE);
}

/* Each phase has one of four sets of rings and trees and a draw of reads of its own. */
static void reduces_and_reads_in_64_phases_come_within_a_tenth(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    struct mix m = make_mix();
    for (uint32_t k = 0; k < 64; k++) {
        begin_phase(&p, 0);
        offer_a_draw_of_reads(&p, &m, k, 0.5);
        offer_reduces(&p, m, k % N_ORDERS, 0.5);
    }
    struct csin_balance got = plan_tables(&p, "64 phases of reduces and reads", false, 12);
    assert_true(got.worst <= 1.1 * got.bound);
    assert_true(got.given >= 1.5 * got.bound);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* The reduces are phases of one owner, the reads of another: any two of them may meet. */
static void reduces_beside_the_reads_of_others_come_within_a_tenth(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    struct mix m = make_mix();
    for (uint32_t k = 0; k < N_ORDERS; k++) {
        begin_phase(&p, 0);
        offer_reduces(&p, m, k, 0.5);
    }
    for (uint32_t k = 0; k < 60; k++) {
        begin_phase(&p, 1);
        offer_a_draw_of_reads(&p, &m, k, 0.5);
    }
    struct csin_balance got = plan_tables(&p, "reduces beside reads", false, 12);
    assert_true(got.worst <= 1.1 * got.bound);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* With one flow a host its load is its whole rate: where two meet the load doubles. */
static void whole_flows_meet_where_many_small_ones_would_not(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    for (uint32_t k = 0; k < 64; k++) {
        struct csin_rng rng = csin_rng_init(9, k);
        begin_phase(&p, 0);
        offer_permutations(&p, &rng, 1);
    }
    struct csin_balance got = plan_tables(&p, "64 random permutations", false, 4);
    assert_close(got.bound, 1, 1e-9);
    assert_true(got.worst <= 3 * (1 + 1e-9) && got.worst >= 2 * (1 - 1e-9));
    assert_true(got.relaxed.exact && got.relaxed.n_solved == 0);
    assert_close(got.relaxed.split, 1, 1e-9);
    assert_true(got.given >= 5);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* ---- shifts and storage ---- */

/* 800 hosts that compute and a storage host beside them on every leaf: D-Mod-K counts those as
 * well, so its shifts collide. */
static void all_shifts_stay_free_beside_storage_that_is_spread_evenly(void **state)
{
    (void)state;
    struct planned p = open_line("leaf:40 spine:20 host:20 storage:1 200Gb/s");
    uint32_t n = 0, n_storage = 0, compute[800], storage[40];
    for (uint32_t i = 0; i < p.f->n_nics; i++) {
        bool stores = p.f->hosts[p.f->nics[i].host].role == CSIN_STORAGE;
        assert_true(stores ? n_storage < 40 : n < 800);
        *(stores ? &storage[n_storage++] : &compute[n++]) = i;
    }
    for (uint32_t shift = 1; shift < 800; shift++) {
        begin_phase(&p, 0);
        for (uint32_t i = 0; i < 800; i++)
            offer(&p, compute[i], compute[(i + shift) % 800], 1);
    }
    begin_phase(&p, 1);
    for (uint32_t i = 0; i < 800; i++)
        for (uint32_t k = 0; k < 40; k++)
            offer(&p, compute[i], storage[k], 1.0 / 800);
    struct csin_balance got = plan_tables(&p, "799 shifts beside storage", false, 4);
    double *most, *load = follow_offers(&p, &most), shifts = 0, writes = 0, sum = 0;
    uint32_t n_arcs = 0;
    for (uint32_t a = 0; a < p.f->n_arcs; a++)
        if (p.f->cables[a >> 1].place != CSIN_AT_HOST) {
            shifts = fmax(shifts, most[2 * (size_t)a]);
            writes = fmax(writes, most[2 * (size_t)a + 1]);
            sum += most[2 * (size_t)a + 1];
            n_arcs++;
        }
    print_message("shifts: %.4f; storage: max/mean %.4f\n", shifts, writes / sum * n_arcs);
    assert_close(shifts, 1, 1e-9);
    assert_true(writes <= 1.1 * sum / n_arcs);
    free(load);
    free(most);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* ---- every routing of a small fabric ---- */

enum { LEAVES = 3, SPINES = 2, EACH = 2, HOSTS = LEAVES * EACH, N_ROUTINGS = 1 << 12 };

/* The worst load with bit i of `routing` the spine of the i-th (leaf, host elsewhere). */
static double load_of_routing(const struct planned *p, uint32_t routing)
{
    double most[2][LEAVES][SPINES][3] = {0}, worst = 0;
    uint32_t spine[LEAVES][HOSTS] = {0}, bit = 0;
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++)
        for (uint32_t host = 0; host < HOSTS; host++)
            if (host / EACH != leaf)
                spine[leaf][host] = routing >> bit++ & 1;
    for (uint32_t k = 0; k < p->offered.n_phases; k++) {
        const struct csin_phase *phase = &p->offered.phases[k];
        double load[2][LEAVES][SPINES] = {0};
        for (uint32_t i = phase->first; i < phase->first + phase->n; i++) {
            const struct csin_offer *o = &p->offered.offers[i];
            uint32_t from = o->src / EACH, to = o->dst / EACH, by = spine[from][o->dst];
            if (from == to)
                continue;
            load[0][from][by] += o->rate_Bps / p->f->nics[0].rate_Bps;
            load[1][to][by] += o->rate_Bps / p->f->nics[0].rate_Bps;
        }
        for (uint32_t i = 0; i < 2 * LEAVES * SPINES; i++) {
            double *m = &most[0][0][0][0] + 3 * i + phase->owner;
            *m = fmax(*m, (&load[0][0][0])[i]);
        }
    }
    for (uint32_t i = 0; i < 2 * LEAVES * SPINES; i++) {
        const double *m = &most[0][0][0][0] + 3 * i;
        worst = fmax(worst, m[0] + m[1] + m[2]);
    }
    return worst;
}

static void draw_small(struct planned *p, uint64_t seed)
{
    static const double shares[] = {1, 0.5, 0.25, 0.3};
    struct csin_rng rng = csin_rng_init(seed, 2);
    uint32_t n_owners = 1 + (uint32_t)csin_rng_below(&rng, 3);
    for (uint32_t o = 0; o < n_owners; o++)
        for (uint32_t k = 0, n = 1 + (uint32_t)csin_rng_below(&rng, 3); k < n; k++) {
            begin_phase(p, o);
            for (uint32_t i = 1 + (uint32_t)csin_rng_below(&rng, 12); i > 0; i--)
                offer(p, (uint32_t)csin_rng_below(&rng, HOSTS),
                      (uint32_t)csin_rng_below(&rng, HOSTS), shares[csin_rng_below(&rng, 4)]);
        }
}

static void no_routing_of_a_small_fabric_is_below_the_bound_or_much_better(void **state)
{
    (void)state;
    uint32_t n = 0, n_best = 0, n_tight = 0;
    double furthest = 1;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct planned p = open_line("leaf:3 spine:2 host:2 200Gb/s");
        draw_small(&p, seed);
        struct csin_balance got = plan_tables(&p, NULL, false, 1);
        double best = HUGE_VAL;
        for (uint32_t routing = 0; routing < N_ROUTINGS; routing++)
            best = fmin(best, load_of_routing(&p, routing));
        assert_true(best >= got.bound * (1 - 1e-9));
        assert_true(got.worst >= best * (1 - 1e-9));
        if (best > 0) {
            n++;
            n_best += got.worst <= best * (1 + 1e-9);
            n_tight += best <= got.bound * (1 + 1e-9);
            furthest = fmax(furthest, got.worst / best);
        }
        csin_balance_finish(&got);
        close_planned(&p);
    }
    print_message("best of 4,096 routings found in %u of %u cases, else at most %.3f times that; "
                  "the bound is met in %u\n",
                  n_best, n, furthest, n_tight);
    assert_true(n > 280);
    assert_true(n_best >= n * 98 / 100);
    assert_true(furthest <= 1.25);
}

/* ---- random fabrics ---- */

static void try_random_fabric(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built intact = build_yaml(r->yaml);
    random_faults_add(r, intact.f);
    built_finish(&intact);
    struct built b = build_yaml(r->yaml);
    struct planned p = {.arena = b.arena, .f = b.f};
    struct csin_rng rng = csin_rng_init(seed, 77);
    enum csin_policy policy = (enum csin_policy[]){CSIN_DMODK, CSIN_RANDOM,
                                                   CSIN_DMODK_ONE_VL}[csin_rng_below(&rng, 3)];
    if (csin_routes_create(p.f, NULL, policy, seed, NULL, &p.routes) == CSIN_OK) {
        uint32_t n = p.f->n_nics, n_phases = 1 + (uint32_t)csin_rng_below(&rng, 8);
        for (uint32_t k = 0; k < n_phases; k++) {
            begin_phase(&p, k / 3);
            for (uint32_t i = (uint32_t)csin_rng_below(&rng, 4 * n + 1); i > 0; i--) {
                struct csin_path path;
                uint32_t src = (uint32_t)csin_rng_below(&rng, n);
                uint32_t dst = (uint32_t)csin_rng_below(&rng, n);
                if (src != dst && csin_routes_path(p.routes, src, dst, 0, &path))
                    offer(&p, src, dst, (double)(1 + csin_rng_below(&rng, 8)) / 8);
            }
        }
        struct csin_balance got = plan_tables(&p, NULL, csin_rng_below(&rng, 2), 0.05);
        csin_balance_finish(&got);
    }
    close_planned(&p);
    random_fabric_destroy(r);
}

static void the_bound_holds_on_random_fabrics(void **state)
{
    (void)state;
    campaign(300, try_random_fabric);
}

/* ---- time, dead cables ---- */

static bool is_called(void *calls)
{
    return ++*(uint32_t *)calls > 1000;
}

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void a_time_limit_of_a_second_is_kept(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    struct csin_balance got;
    uint32_t calls = 0;
    for (uint32_t k = 0; k < 64; k++) {
        struct csin_rng rng = csin_rng_init(5, k);
        begin_phase(&p, 0);
        offer_permutations(&p, &rng, 20);
    }
    double begin_s = processor_s(); /* a wall clock would count what others do */
    struct csin_balance_options options = {.seed = 1, .time_limit_s = 1};
    assert_int_equal(csin_balance_tables(p.f, p.routes, &p.offered, &options, NULL, &got), CSIN_OK);
    assert_true(processor_s() - begin_s < 5);
    print_message("in 1 s: %.3f of the bound, given %.3f\n", got.worst / got.bound,
                  got.given / got.bound);
    check_balance(&p, &got);
    csin_balance_finish(&got);
    begin_s = processor_s();
    options = (struct csin_balance_options){
        .seed = 1, .time_limit_s = 60, .stop = is_called, .stop_arg = &calls};
    assert_int_equal(csin_balance_tables(p.f, p.routes, &p.offered, &options, NULL, &got), CSIN_OK);
    assert_true(processor_s() - begin_s < 5);
    assert_true(calls > 1000);
    check_balance(&p, &got);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* The tables of p->routes where cables have died since: as they are where they still lead on. */
static struct csin_routes *renew(const struct planned *p)
{
    struct csin_routes *renewed;
    uint32_t arcs[CSIN_MAX_PORTS];
    assert_int_equal(csin_routes_create(p->f, NULL, CSIN_DMODK, 1, NULL, &renewed), CSIN_OK);
    for (uint32_t s = 0; s < p->f->n_switches; s++)
        for (uint32_t nic = 0; nic < p->f->n_nics; nic++) {
            uint32_t n = csin_routes_choices(renewed, s, nic, arcs);
            uint32_t port = csin_routes_entry(p->routes, s, nic);
            for (uint32_t i = 0; i < n; i++)
                if (arcs[i] == p->f->port_arc[p->f->switches[s].first_port + port])
                    csin_routes_set(renewed, s, nic, arcs[i]);
        }
    return renewed;
}

/* Plans stably against the tables there were. */
static struct csin_balance plan_around(struct planned *p, const char *what, double time_limit_s)
{
    struct csin_routes *keep = p->routes;
    struct csin_balance got;
    struct csin_balance_options options = {
        .seed = 1, .stable = true, .keep = keep, .time_limit_s = time_limit_s};
    p->routes = renew(p);
    assert_int_equal(csin_balance_tables(p->f, p->routes, &p->offered, &options, NULL, &got),
                     CSIN_OK);
    check_balance(p, &got);
    if (what)
        print_message("%s: worst load %.4f, bound %.4f; %u of %u entries changed, %u of them had "
                      "to\n",
                      what, got.worst, got.bound, got.n_changed, got.n_entries, got.n_forced);
    csin_routes_destroy(keep);
    return got;
}

/* Planned, then two cables die: near the bound again, where tables made anew change nearly all. */
static void after_two_cables_died_most_entries_stay(void **state)
{
    (void)state;
    struct planned p = open_line("leaf:16 spine:8 host:8 200Gb/s");
    for (uint32_t k = 0; k < 6; k++) {
        struct csin_rng rng = csin_rng_init(3, k);
        begin_phase(&p, 0);
        offer_permutations(&p, &rng, 8);
    }
    struct csin_balance got = plan_tables(&p, "before", false, 2);
    csin_balance_finish(&got);
    uint32_t n_dead = 0;
    for (uint32_t c = 0; c < p.f->n_cables && n_dead < 2; c += 61)
        if (p.f->cables[c].place != CSIN_AT_HOST) {
            p.f->cables[c].up = false;
            n_dead++;
        }
    assert_int_equal(n_dead, 2);
    got = plan_around(&p, "two cables dead", 2);
    assert_true(got.n_forced > 10 && got.n_changed >= got.n_forced);
    assert_true(got.worst <= 1.25 * got.bound);
    assert_true(got.n_changed <= got.n_entries / 10);
    uint32_t n_stable = got.n_changed;
    csin_balance_finish(&got);
    csin_routes_destroy(p.routes);
    assert_int_equal(csin_routes_create(p.f, NULL, CSIN_DMODK, 1, NULL, &p.routes), CSIN_OK);
    got = plan_tables(&p, "made anew", false, 2);
    assert_true(got.n_changed > 10 * n_stable);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* With a flow on every cable no single entry can go anywhere: colours change along a path. */
static void a_dead_cable_in_a_full_permutation_changes_a_path(void **state)
{
    (void)state;
    uint32_t n = 0, n_changed = 0, n_forced = 0, n_entries = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct planned p = open_line("leaf:8 spine:8 host:8 200Gb/s");
        struct csin_rng rng = csin_rng_init(seed, 4);
        begin_phase(&p, 0);
        offer_permutations(&p, &rng, 1);
        struct csin_balance got = plan_tables(&p, NULL, false, 2);
        csin_balance_finish(&got);
        for (uint32_t c = 0; c < p.f->n_cables; c++)
            if (p.f->cables[c].end[0] == 0 && p.f->cables[c].end[1] == 8)
                p.f->cables[c].up = false;
        got = plan_around(&p, NULL, 2);
        if (got.bound <= 1) { /* not all eight hosts of the leaf send or receive over it */
            assert_close(got.worst, 1, 1e-9);
            n++;
            n_changed += got.n_changed;
            n_forced += got.n_forced;
            n_entries += got.n_entries;
        }
        csin_balance_finish(&got);
        close_planned(&p);
    }
    print_message("%u of %u entries change in %u cases, %u of them had to\n", n_changed, n_entries,
                  n, n_forced);
    assert_true(n > 5 && n_forced > 5);
    assert_true(n_changed <= 6 * n_forced);
}

/* The spine of every (leaf, host elsewhere), as bits; which of these traffic uses. */
static uint32_t bits_of(const struct planned *p, const struct csin_routes *routes,
                        uint32_t *ret_used)
{
    uint32_t bits = 0, bit = 0;
    *ret_used = 0;
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++)
        for (uint32_t host = 0; host < HOSTS; host++) {
            if (host / EACH == leaf)
                continue;
            uint32_t port = csin_routes_entry(routes, leaf, host);
            uint32_t arc = p->f->port_arc[p->f->switches[leaf].first_port + port];
            bits |= (csin_arc_head(p->f, arc) - LEAVES) << bit;
            for (uint32_t i = 0; i < p->offered.n_offers; i++)
                if (p->offered.offers[i].src / EACH == leaf && p->offered.offers[i].dst == host)
                    *ret_used |= 1u << bit;
            bit++;
        }
    return bits;
}

/* Whether no way that is used leads over the cable of `leaf` to `spine`. */
static bool avoids(uint32_t routing, uint32_t used, uint32_t dead_leaf, uint32_t dead_spine)
{
    uint32_t bit = 0;
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++)
        for (uint32_t host = 0; host < HOSTS; host++) {
            if (host / EACH == leaf)
                continue;
            if ((used >> bit & 1) && (routing >> bit & 1) == dead_spine &&
                (leaf == dead_leaf || host / EACH == dead_leaf))
                return false;
            bit++;
        }
    return true;
}

static void as_few_entries_change_around_a_dead_cable_as_in_any_routing(void **state)
{
    (void)state;
    uint32_t n = 0, n_fewest = 0, n_more = 0, most_more = 0;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct planned p = open_line("leaf:3 spine:2 host:2 200Gb/s");
        draw_small(&p, seed);
        struct csin_balance got = plan_tables(&p, NULL, false, 1);
        csin_balance_finish(&got);
        uint32_t used, was = bits_of(&p, p.routes, &used), leaf = (uint32_t)(seed % LEAVES),
                       spine = (uint32_t)(seed / 3 % 2);
        for (uint32_t c = 0; c < p.f->n_cables; c++)
            if (p.f->cables[c].end[0] == leaf && p.f->cables[c].end[1] == LEAVES + spine)
                p.f->cables[c].up = false;
        got = plan_around(&p, NULL, 1);
        uint32_t is = bits_of(&p, p.routes, &used), fewest = UINT32_MAX, must = 0;
        double limit = fmax(got.worst, csin_balance_aim(got.bound)) * (1 + 1e-9);
        for (uint32_t routing = 0; routing < N_ROUTINGS; routing++)
            if (avoids(routing, used, leaf, spine) && load_of_routing(&p, routing) <= limit) {
                uint32_t changed = (uint32_t)__builtin_popcount((routing ^ was) & used);
                fewest = changed < fewest ? changed : fewest;
            }
        for (uint32_t i = 0; i < 12; i++) /* that it alone would be in the way */
            must += (used >> i & 1) && !avoids(was, used & 1u << i, leaf, spine);
        assert_true(avoids(is, used, leaf, spine));
        assert_int_equal(got.n_changed, __builtin_popcount((is ^ was) & used));
        assert_int_equal(got.n_forced, must);
        assert_true(got.n_changed >= fewest && fewest >= must);
        n += fewest > 0;
        n_fewest += fewest > 0 && got.n_changed == fewest;
        n_more += fewest > must;
        most_more = got.n_changed - fewest > most_more ? got.n_changed - fewest : most_more;
        csin_balance_finish(&got);
        close_planned(&p);
    }
    print_message("as few changes as any of 4,096 routings has in %u of %u cases, else at most %u "
                  "more; in %u other entries than those of dead ways have to change\n",
                  n_fewest, n, most_more, n_more);
    assert_true(n > 100 && n_more > 10);
    assert_true(n_fewest >= n * 9 / 10);
}

CHECK_MAIN(cmocka_unit_test(a_permutation_of_a_full_zone_gets_every_uplink_to_itself),
           cmocka_unit_test(many_phases_of_random_flows_come_within_a_quarter),
           cmocka_unit_test(reduces_and_reads_in_64_phases_come_within_a_tenth),
           cmocka_unit_test(reduces_beside_the_reads_of_others_come_within_a_tenth),
           cmocka_unit_test(whole_flows_meet_where_many_small_ones_would_not),
           cmocka_unit_test(all_shifts_stay_free_beside_storage_that_is_spread_evenly),
           cmocka_unit_test(no_routing_of_a_small_fabric_is_below_the_bound_or_much_better),
           cmocka_unit_test_teardown(the_bound_holds_on_random_fabrics, campaign_end),
           cmocka_unit_test(a_time_limit_of_a_second_is_kept),
           cmocka_unit_test(after_two_cables_died_most_entries_stay),
           cmocka_unit_test(a_dead_cable_in_a_full_permutation_changes_a_path),
           cmocka_unit_test(as_few_entries_change_around_a_dead_cable_as_in_any_routing))
