/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Offered loads for the tests of plan/balance.h, drawn here without a schedule, and the loads that
 * tables make of them, found by following every offer: nothing of plan/ has a part in that. */
#ifndef CSIN_TESTS_PLAN_OFFERS_H
#define CSIN_TESTS_PLAN_OFFERS_H

#include "tests/check.h"

#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/rng.h"
#include "plan/balance.h"
#include "topo/build.h"

struct planned {
    struct csin_arena *arena;
    struct csin_fabric *f;
    struct csin_routes *routes;
    struct csin_offered offered;
    size_t offers_room, phases_room;
};

static inline struct planned open_line(const char *line)
{
    struct planned p = {.arena = csin_arena_create()};
    assert_int_equal(
        csin_fabric_open(NULL, p.arena, (struct csin_loc){"SPEC", 1, 1}, line, &p.f, NULL),
        CSIN_OK);
    assert_int_equal(csin_routes_create(p.f, NULL, CSIN_DMODK, 1, NULL, &p.routes), CSIN_OK);
    return p;
}

static inline void close_planned(struct planned *p)
{
    csin_offered_finish(&p->offered);
    csin_routes_destroy(p->routes);
    csin_fabric_destroy(p->f);
    csin_arena_destroy(p->arena);
}

/* ---- drawing ---- */

static inline void begin_phase(struct planned *p, uint32_t owner)
{
    struct csin_offered *o = &p->offered;
    assert_true(csin_grow(&o->phases, &p->phases_room, o->n_phases + 1u, sizeof *o->phases));
    o->phases[o->n_phases++] = (struct csin_phase){
        .owner = owner, .step = o->n_phases, .first = o->n_offers, .time_s = 1, .times = 1};
    if (owner >= o->n_owners)
        o->n_owners = owner + 1;
}

/* To the phase begun last; `share` of the rate of the NIC that sends. */
static inline void offer(struct planned *p, uint32_t src, uint32_t dst, double share)
{
    struct csin_offered *o = &p->offered;
    if (src == dst)
        return;
    assert_true(csin_grow(&o->offers, &p->offers_room, o->n_offers + 1u, sizeof *o->offers));
    o->offers[o->n_offers++] = (struct csin_offer){src, dst, share * p->f->nics[src].rate_Bps};
    o->phases[o->n_phases - 1].n++;
}

static inline void draw_order(struct csin_rng *rng, uint32_t n, uint32_t *order)
{
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    csin_rng_shuffle(rng, order, n);
}

/* Every NIC sends to another one, `layers` times over. */
static inline void offer_permutations(struct planned *p, struct csin_rng *rng, uint32_t layers)
{
    uint32_t n = p->f->n_nics, *to = malloc(n * sizeof *to);
    assert_non_null(to);
    for (uint32_t l = 0; l < layers; l++) {
        draw_order(rng, n, to);
        for (uint32_t i = 0; i < n; i++)
            offer(p, i, to[i], 1.0 / layers);
    }
    free(to);
}

/* The ring of hosts[0] > hosts[1] > ... > hosts[0]. */
static inline void offer_ring(struct planned *p, const uint32_t *hosts, uint32_t n, double share)
{
    for (uint32_t i = 0; i < n; i++)
        offer(p, hosts[i], hosts[(i + 1) % n], share);
}

/* Half of the data up and down a binary tree, half over its mirror image, whose inner hosts are
 * leaves of the first (P. Sanders, J. Speck, J. L. Träff, Two-tree algorithms for full bandwidth
 * broadcast, reduction and scan, Parallel Computing 35, 2009): nobody sends more than `share`. */
static inline void offer_two_trees(struct planned *p, const uint32_t *hosts, uint32_t n,
                                   double share)
{
    for (uint32_t tree = 0; tree < 2; tree++)
        for (uint32_t i = 1; i < n; i++) {
            uint32_t parent = (i - 1) / 2;
            uint32_t a = hosts[tree ? n - 1 - i : i], b = hosts[tree ? n - 1 - parent : parent];
            offer(p, a, b, share / 4);
            offer(p, b, a, share / 4);
        }
}

/* Every reader reads from `n_each` of the storage hosts, drawn; readers get `share` together. */
static inline void offer_reads(struct planned *p, struct csin_rng *rng, const uint32_t *storage,
                               uint32_t n_storage, const uint32_t *readers, uint32_t n_readers,
                               uint32_t n_each, double share)
{
    uint32_t *drawn = malloc(n_storage * sizeof *drawn);
    assert_non_null(drawn);
    for (uint32_t i = 0; i < n_readers; i++) {
        draw_order(rng, n_storage, drawn);
        for (uint32_t k = 0; k < n_each; k++)
            offer(p, storage[drawn[k]], readers[i], share / n_each);
    }
    free(drawn);
}

/* ---- checks ---- */

/* L(a) of all arcs, at hosts as well; malloc'ed. `ret_phases`: [n_arcs][n_owners] the worst of each
 * owner, malloc'ed; NULL: not wanted. */
static inline double *follow_offers(const struct planned *p, double **ret_phases)
{
    uint32_t n = p->f->n_arcs, n_owners = p->offered.n_owners;
    double *load = calloc(n + 1u, sizeof *load), *sum = calloc(n + 1u, sizeof *sum);
    double *most = calloc((size_t)n * n_owners + 1, sizeof *most);
    assert_true(load && sum && most);
    for (uint32_t k = 0; k < p->offered.n_phases; k++) {
        const struct csin_phase *phase = &p->offered.phases[k];
        memset(load, 0, n * sizeof *load);
        for (uint32_t i = phase->first; i < phase->first + phase->n; i++) {
            const struct csin_offer *o = &p->offered.offers[i];
            struct csin_path path;
            assert_true(csin_routes_path(p->routes, o->src, o->dst, 0, &path));
            for (uint32_t j = 0; j < path.n; j++)
                load[path.arcs[j]] += o->rate_Bps / p->f->arc_capacity_Bps[path.arcs[j]];
        }
        for (uint32_t a = 0; a < n; a++) {
            double *best = &most[(size_t)a * n_owners + phase->owner];
            *best = fmax(*best, load[a]);
        }
    }
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t o = 0; o < n_owners; o++)
            sum[a] += most[(size_t)a * n_owners + o];
    free(load);
    if (ret_phases)
        *ret_phases = most;
    else
        free(most);
    return sum;
}

/* What csin says of the tables is so, and not better than its own bound. */
static inline void check_balance(const struct planned *p, const struct csin_balance *got)
{
    double *load = follow_offers(p, NULL), worst = 0;
    for (uint32_t a = 0; a < p->f->n_arcs; a++) {
        if (p->f->cables[a >> 1].place == CSIN_AT_HOST) {
            assert_true(got->load[a] == 0);
            continue;
        }
        if (load[a] > 0 || got->load[a] > 0)
            assert_close(got->load[a], load[a], 1e-9);
        worst = fmax(worst, load[a]);
    }
    assert_close(got->worst, worst, 1e-9);
    if (got->worst_arc != CSIN_NONE)
        assert_close(load[got->worst_arc], worst, 1e-9);
    free(load);
    assert_true(got->worst >= got->bound * (1 - 1e-9));
    assert_true(got->worst <= fmax(got->given, csin_balance_aim(got->bound)) * (1 + 1e-9));
    assert_true(got->bound >= got->cut.bound);
    if (got->is_relaxed) /* what could be split is never above what cannot */
        assert_true(got->relaxed.bound <= got->relaxed.split * (1 + 1e-9));
}

static inline double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Plans, checks, says what came of it. */
static inline struct csin_balance plan_tables(struct planned *p, const char *what, bool stable,
                                              double time_limit_s)
{
    struct csin_balance got;
    double begin_s = seconds();
    struct csin_balance_options options = {
        .seed = 1, .stable = stable, .time_limit_s = time_limit_s};
    assert_int_equal(csin_balance_tables(p->f, p->routes, &p->offered, &options, NULL, &got),
                     CSIN_OK);
    double took_s = seconds() - begin_s;
    check_balance(p, &got);
    if (what)
        print_message("%s: worst load %.4f, %.3f of the bound %.4f (given %.4f), %u of %u entries, "
                      "%.1f s\n",
                      what, got.worst, got.worst / got.bound, got.bound, got.given, got.n_changed,
                      got.n_entries, took_s);
    return got;
}

#endif
