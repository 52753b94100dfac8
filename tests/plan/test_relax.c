/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The relaxation against the same linear program written out at once, with all ways and all phases.
 */
#include "plan/lp.h"
#include "plan/relax.h"
#include "tests/plan/offers.h"
#include "tests/topo/random_fabric.h"

/* ---- the program in full ---- */

struct full {
    const struct planned *p;
    struct csin_lp *lp;
    uint32_t *load_row; /* [n_phases][n_arcs]: the load - most of the owner <= 0 */
    uint32_t n_columns;
};

/* A column for each way on from `at`; `arcs` is the way so far. */
static void add_ways(struct full *full, uint32_t row, uint32_t src_leaf, uint32_t dst, uint32_t at,
                     uint32_t *arcs, uint32_t n)
{
    const struct csin_fabric *f = full->p->f;
    uint32_t choices[CSIN_MAX_PORTS];
    if (at == f->nics[dst].leaf) {
        uint32_t column = csin_lp_column(full->lp, 0, HUGE_VAL, 0);
        csin_lp_entry(full->lp, row, column, 1);
        for (uint32_t k = 0; k < full->p->offered.n_phases; k++) {
            const struct csin_phase *phase = &full->p->offered.phases[k];
            double rate = 0;
            for (uint32_t i = phase->first; i < phase->first + phase->n; i++) {
                const struct csin_offer *o = &full->p->offered.offers[i];
                rate += o->dst == dst && f->nics[o->src].leaf == src_leaf ? o->rate_Bps : 0;
            }
            for (uint32_t i = 0; rate > 0 && i < n; i++)
                csin_lp_entry(full->lp, full->load_row[(size_t)k * f->n_arcs + arcs[i]], column,
                              rate / f->arc_capacity_Bps[arcs[i]]);
        }
        return;
    }
    uint32_t n_choices = csin_routes_choices(full->p->routes, at, dst, choices);
    for (uint32_t c = 0; c < n_choices; c++) {
        arcs[n] = choices[c];
        add_ways(full, row, src_leaf, dst, csin_arc_head(f, choices[c]), arcs, n + 1);
    }
}

static double solve_in_full(const struct planned *p)
{
    const struct csin_fabric *f = p->f;
    struct full full = {.p = p, .lp = csin_lp_create()};
    size_t n_loads = (size_t)p->offered.n_phases * f->n_arcs;
    full.load_row = malloc((n_loads + 1) * sizeof *full.load_row);
    assert_non_null(full.load_row);
    uint32_t t = csin_lp_column(full.lp, 0, HUGE_VAL, 1);
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        uint32_t sum = csin_lp_row(full.lp, -HUGE_VAL, 0), most = 0;
        csin_lp_entry(full.lp, sum, t, -1);
        for (uint32_t k = 0; k < p->offered.n_phases; k++) {
            if (k == 0 || p->offered.phases[k].owner != p->offered.phases[k - 1].owner) {
                most = csin_lp_column(full.lp, 0, HUGE_VAL, 0);
                csin_lp_entry(full.lp, sum, most, 1);
            }
            uint32_t row = csin_lp_row(full.lp, -HUGE_VAL, 0);
            csin_lp_entry(full.lp, row, most, -1);
            full.load_row[(size_t)k * f->n_arcs + arc] = row;
        }
    }
    bool *seen = calloc((size_t)f->n_switches * f->n_nics + 1, sizeof *seen);
    assert_non_null(seen);
    for (uint32_t i = 0; i < p->offered.n_offers; i++) {
        uint32_t arcs[CSIN_PATH_MAX], dst = p->offered.offers[i].dst;
        uint32_t leaf = f->nics[p->offered.offers[i].src].leaf;
        bool *is_seen = &seen[(size_t)leaf * f->n_nics + dst];
        if (leaf != f->nics[dst].leaf && !*is_seen)
            add_ways(&full, csin_lp_row(full.lp, 1, 1), leaf, dst, leaf, arcs, 0);
        *is_seen = true;
    }
    struct csin_lp_result result;
    assert_int_equal(csin_lp_solve(full.lp, &(struct csin_lp_options){0}, NULL, &result), CSIN_OK);
    assert_int_equal(result.answer, CSIN_LP_OPTIMAL);
    csin_lp_destroy(full.lp);
    free(full.load_row);
    free(seen);
    return result.objective;
}

/* ---- against it ---- */

static struct csin_relaxed relax(const struct planned *p, double at_least)
{
    struct csin_relaxed got;
    assert_int_equal(csin_relax(p->f, p->routes, &p->offered,
                                &(struct csin_relax_options){.at_least = at_least}, NULL, &got),
                     CSIN_OK);
    assert_true(got.bound >= at_least && got.split <= got.even);
    assert_true(got.bound <= got.split * (1 + 1e-9));
    return got;
}

static void check_against_full(const struct planned *p)
{
    double optimum = solve_in_full(p);
    struct csin_relaxed got = relax(p, 0);
    if (!got.exact)
        print_message("not exact: %.9f <= %.9f <= %.9f, even %.6f, %u solved\n", got.bound, optimum,
                      got.split, got.even, got.n_solved);
    assert_true(!got.too_large && !got.out_of_time);
    assert_true(got.bound <= optimum * (1 + 1e-7) && got.split >= optimum * (1 - 1e-7));
    assert_true(got.split <= got.bound * (1 + 2e-4));
    if (optimum > 0) {
        double sum = 0;
        for (uint32_t i = 0; i < got.n_prices; i++)
            sum += got.prices[i].weight;
        assert_close(sum, 1, 1e-9);
    }
    csin_relaxed_finish(&got);
    /* A bound that is known only saves work. */
    got = relax(p, optimum * 0.99);
    assert_true(got.bound <= optimum * (1 + 1e-7) && got.split <= got.bound * (1 + 2e-4));
    csin_relaxed_finish(&got);
}

static void try_random_fabric(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built intact = build_yaml(r->yaml);
    random_faults_add(r, intact.f);
    built_finish(&intact);
    struct built b = build_yaml(r->yaml);
    struct planned p = {.arena = b.arena, .f = b.f};
    struct csin_rng rng = csin_rng_init(seed, 79);
    enum csin_policy policy = csin_rng_below(&rng, 2) ? CSIN_DMODK : CSIN_DMODK_ONE_VL;
    if (b.f->n_switches <= 40 &&
        csin_routes_create(p.f, NULL, policy, seed, NULL, &p.routes) == CSIN_OK) {
        uint32_t n = p.f->n_nics, n_phases = 1 + (uint32_t)csin_rng_below(&rng, 4);
        for (uint32_t k = 0; k < n_phases; k++) {
            begin_phase(&p, k / 2);
            for (uint32_t i = 1 + (uint32_t)csin_rng_below(&rng, 24); i > 0; i--) {
                struct csin_path path;
                uint32_t src = (uint32_t)csin_rng_below(&rng, n);
                uint32_t dst = (uint32_t)csin_rng_below(&rng, n);
                if (src != dst && csin_routes_path(p.routes, src, dst, 0, &path))
                    offer(&p, src, dst, (double)(1 + csin_rng_below(&rng, 8)) / 8);
            }
        }
        check_against_full(&p);
    }
    close_planned(&p);
    random_fabric_destroy(r);
}

static void it_is_the_linear_program_on_random_fabrics(void **state)
{
    (void)state;
    campaign(200, try_random_fabric);
}

static void an_even_split_of_a_full_zone_needs_no_program(void **state)
{
    (void)state;
    struct planned p = open_line("leaf:8 spine:4 host:4 200Gb/s");
    struct csin_rng rng = csin_rng_init(5, 1);
    begin_phase(&p, 0);
    for (uint32_t leaf = 0; leaf < 8; leaf++) /* all hosts send to the next leaf */
        for (uint32_t i = 0; i < 4; i++)
            offer(&p, 4 * leaf + i, 4 * ((leaf + 1) % 8) + (uint32_t)csin_rng_below(&rng, 4), 1);
    struct csin_relaxed got = relax(&p, 1);
    assert_true(got.exact);
    assert_close(got.bound, 1, 1e-9);
    assert_int_equal(got.n_solved, 0);
    csin_relaxed_finish(&got);
    close_planned(&p);
}

/* Leaf 1 has lost its cable to spine 1, leaf 2 that to spine 2: what goes from one to the other has
 * two spines of four left, though each of them has three cables. No cut around one switch has
 * that. */
static void dead_cables_leave_fewer_ways_than_either_end_has(void **state)
{
    (void)state;
    struct planned p = open_line("leaf:4 spine:4 host:4 200Gb/s");
    for (uint32_t c = 0; c < p.f->n_cables; c++) {
        uint32_t a = p.f->cables[c].end[0], b = p.f->cables[c].end[1];
        if ((a == 0 && b == 4) || (a == 1 && b == 5))
            p.f->cables[c].up = false;
    }
    csin_routes_destroy(p.routes);
    assert_int_equal(csin_routes_create(p.f, NULL, CSIN_DMODK, 1, NULL, &p.routes), CSIN_OK);
    begin_phase(&p, 0);
    for (uint32_t i = 0; i < 4; i++)
        offer(&p, i, 4 + i, 1);
    struct csin_relaxed got = relax(&p, 4.0 / 3);
    assert_true(got.exact);
    assert_close(got.bound, 2, 1e-6);
    assert_close(got.cut_Bps, 2 * got.cut_capacity_Bps, 1e-3);
    csin_relaxed_finish(&got);
    struct csin_balance balance = plan_tables(&p, "dead cables", false, 1);
    assert_close(balance.worst, 2, 1e-9);
    assert_close(balance.bound, 2, 1e-6);
    csin_balance_finish(&balance);
    close_planned(&p);
}

CHECK_MAIN(cmocka_unit_test_teardown(it_is_the_linear_program_on_random_fabrics, campaign_end),
           cmocka_unit_test(an_even_split_of_a_full_zone_needs_no_program),
           cmocka_unit_test(dead_cables_leave_fewer_ways_than_either_end_has))
