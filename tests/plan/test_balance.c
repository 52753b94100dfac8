/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/rng.h"
#include "plan/balance.h"
#include "tests/check.h"

struct planned {
    struct csin_arena *arena;
    struct csin_fabric *f;
    struct csin_routes *routes;
    struct csin_offered offered;
};

static struct planned open_line(const char *line)
{
    struct planned p = {.arena = csin_arena_create()};
    assert_int_equal(
        csin_fabric_open(NULL, p.arena, (struct csin_loc){"SPEC", 1, 1}, line, &p.f, NULL),
        CSIN_OK);
    assert_int_equal(csin_routes_create(p.f, NULL, CSIN_DMODK, 1, NULL, &p.routes), CSIN_OK);
    return p;
}

static void close_planned(struct planned *p)
{
    csin_offered_finish(&p->offered);
    csin_routes_destroy(p->routes);
    csin_fabric_destroy(p->f);
    csin_arena_destroy(p->arena);
}

/* n flows drawn: each phase a permutation of all NICs (to itself: no flow), `layers` of them on top
 * of each other. */
static void draw_permutations(struct planned *p, uint32_t n_phases, uint32_t layers, uint64_t seed)
{
    uint32_t n = p->f->n_nics;
    uint32_t *to = malloc(n * sizeof *to);
    p->offered.offers = malloc((size_t)n * n_phases * layers * sizeof *p->offered.offers);
    p->offered.phases = malloc(n_phases * sizeof *p->offered.phases);
    p->offered.n_owners = 1;
    for (uint32_t k = 0; k < n_phases; k++) {
        struct csin_phase *phase = &p->offered.phases[p->offered.n_phases++];
        *phase = (struct csin_phase){
            .owner = 0, .step = k, .first = p->offered.n_offers, .times = 1};
        for (uint32_t l = 0; l < layers; l++) {
            struct csin_rng rng = csin_rng_init(seed, k * 64 + l);
            for (uint32_t i = 0; i < n; i++)
                to[i] = i;
            csin_rng_shuffle(&rng, to, n);
            for (uint32_t i = 0; i < n; i++)
                if (to[i] != i)
                    p->offered.offers[p->offered.n_offers++] = (struct csin_offer){
                        i, to[i], p->f->nics[i].rate_Bps / layers};
        }
        phase->n = p->offered.n_offers - phase->first;
    }
    free(to);
}

static void a_permutation_of_a_full_zone_gets_every_uplink_to_itself(void **state)
{
    (void)state;
    struct planned p = open_line("leaf:40 spine:20 host:20 200Gb/s");
    struct csin_balance got;
    draw_permutations(&p, 1, 1, 3);
    assert_int_equal(
        csin_balance_tables(p.f, p.routes, &p.offered, 1, false, 10, NULL, NULL, NULL, &got),
        CSIN_OK);
    assert_close(got.worst, 1, 1e-12);
    assert_close(got.bound, 1, 1e-12);
    csin_balance_finish(&got);
    close_planned(&p);
}

static void many_phases_of_many_flows_come_near_the_bound(void **state)
{
    (void)state;
    struct planned p = open_line("leaf:40 spine:20 host:20 200Gb/s");
    struct csin_balance got;
    draw_permutations(&p, 64, 20, 5);
    assert_int_equal(
        csin_balance_tables(p.f, p.routes, &p.offered, 1, false, 60, NULL, NULL, NULL, &got),
        CSIN_OK);
    assert_true(got.worst <= got.bound * 1.1);
    csin_balance_finish(&got);
    close_planned(&p);
}

CHECK_MAIN(cmocka_unit_test(a_permutation_of_a_full_zone_gets_every_uplink_to_itself),
           cmocka_unit_test(many_phases_of_many_flows_come_near_the_bound))
