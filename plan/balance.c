/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "plan/balance_inside.h"

#define ENOUGH 1.1 /* times the bound: few changes are worth more than a lower load */
#define RELAX 0.25 /* of the time, at most, for the bound */

double csin_balance_aim(double bound)
{
    return bound <= 1 ? fmin(1, bound * ENOUGH) : bound * ENOUGH;
}

static bool balance_init(struct balance *b, const struct csin_fabric *fabric,
                         struct csin_routes *routes, const struct csin_offered *offered,
                         const struct csin_balance_options *options)
{
    *b = (struct balance){.f = fabric, .o = offered, .routes = routes, .keep = options->keep};
    b->rng = csin_rng_init(options->seed, 0);
    b->until_s = balance_now_s() + options->time_limit_s;
    b->stop = options->stop;
    b->stop_arg = options->stop_arg;
    if (!balance_make_entries(b) || !balance_make_hops(b) || !balance_make_rows(b))
        return false;
    b->order = malloc((b->n_entries + b->n_hops + (size_t)1) * sizeof *b->order);
    for (uint32_t e = 0; b->order && e < b->n_entries + b->n_hops; e++)
        b->order[e] = e;
    return b->order;
}

static enum csin_status find_cut(const struct balance *b, struct csin_diag *diag,
                                 struct csin_edge_cut *ret)
{
    struct csin_demand *demands = malloc((b->n_demands + (size_t)1) * sizeof *demands);
    if (!demands)
        return csin_no_memory(diag);
    for (uint32_t e = 0; e < b->n_entries; e++)
        for (uint32_t i = b->entries[e].first; i < b->entries[e].first + b->entries[e].n; i++)
            demands[i] = (struct csin_demand){b->entries[e].sw, b->entries[e].nic,
                                              b->demands[i].phase, b->demands[i].rate_Bps};
    enum csin_status status = csin_edge_cut_find(b->f, b->o, demands, b->n_demands, diag, ret);
    free(demands);
    return status;
}

/* A better bound than the cut, where that is not reached. */
static enum csin_status find_bound(struct balance *b, const struct balance_score *best,
                                   const struct csin_balance_options *options,
                                   struct csin_diag *diag, struct csin_balance *got)
{
    if (best->worst <= got->bound * (1 + 1e-9) || got->is_relaxed)
        return CSIN_OK;
    double left_s = fmin(RELAX * options->time_limit_s, b->until_s - balance_now_s());
    struct csin_relax_options how = {.at_least = got->cut.divided,
                                     .time_limit_s = fmax(left_s, 1e-3),
                                     .stop = options->stop,
                                     .stop_arg = options->stop_arg};
    enum csin_status status = csin_relax(b->f, b->routes, b->o, &how, diag, &got->relaxed);
    got->is_relaxed = status == CSIN_OK;
    if (got->is_relaxed)
        got->bound = fmax(got->bound, got->relaxed.bound);
    return status;
}

static enum csin_status balance(struct balance *b, const struct csin_balance_options *options,
                                struct csin_diag *diag, struct csin_balance *got)
{
    struct balance_score best = {HUGE_VAL, HUGE_VAL};
    enum csin_status status = find_cut(b, diag, &got->cut);
    got->bound = got->cut.bound;
    balance_keep(b, &best);
    got->given = best.worst;
    if (status == CSIN_OK && options->stable)
        status = find_bound(b, &best, options, diag, got);
    double aim = options->stable ? csin_balance_aim(got->bound) : got->bound;
    if (status != CSIN_OK || (options->stable && balance_search_stably(b, &best, got->bound, aim)))
        goto done;
    balance_start(b, &best, got->bound, options->time_limit_s);
    status = find_bound(b, &best, options, diag, got);
    balance_search(b, &best, fmax(aim, got->bound), true);
done:
    if (options->stable)
        balance_settle(b, fmax(best.worst, aim));
    return status;
}

static void fill(struct balance *b, struct csin_balance *got)
{
    uint32_t row;
    got->n_entries = b->n_entries + b->n_hops;
    got->n_changed = balance_count_changes(b);
    for (uint32_t e = 0; e < got->n_entries; e++) {
        balance_set(b, &b->entries[e], b->entries[e].best);
        got->n_forced += b->entries[e].forced;
    }
    balance_reload(b);
    got->worst = balance_weigh(b, &row, &got->mean_square);
    got->worst_arc = row == CSIN_NONE ? CSIN_NONE : b->arc_of[row];
    for (row = 0; row < b->n_rows && b->n_owners > 0; row++)
        got->load[b->arc_of[row]] = b->worst[(size_t)row * b->n_owners] +
                                    b->others[(size_t)row * b->n_owners];
}

enum csin_status csin_balance_tables(const struct csin_fabric *fabric, struct csin_routes *routes,
                                     const struct csin_offered *offered,
                                     const struct csin_balance_options *options,
                                     struct csin_diag *diag, struct csin_balance *ret)
{
    struct balance b;
    struct csin_balance got = {.worst_arc = CSIN_NONE, .cut = {.sw = CSIN_NONE, .zone = CSIN_NONE}};
    got.load = calloc(fabric->n_arcs + (size_t)1, sizeof *got.load);
    bool ok = balance_init(&b, fabric, routes, offered, options) && got.load;
    enum csin_status status = ok ? balance(&b, options, diag, &got) : csin_no_memory(diag);
    if (status == CSIN_OK)
        fill(&b, &got);
    balance_finish(&b);
    if (status == CSIN_OK)
        *ret = got;
    else
        csin_balance_finish(&got);
    return status;
}

void csin_balance_finish(struct csin_balance *balance)
{
    csin_relaxed_finish(&balance->relaxed);
    free(balance->load);
    balance->load = NULL;
}
