/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The whole placement as an integer program, for small scenarios:
 *
 *     x[r][l]     rank r is on leaf l           sum over l of x[r][l] = 1, leaves hold what they
 * hold far[e]      edge e goes between leaves    far[e]  >= x[a][l] - x[b][l]        for each l
 *     cross[e]    between zones                 cross[e] >= sum over l in z of the same, for each z
 *     in[j][z]    job j has ranks in zone z     in[j][z] >= sum over l in z of x[r][l]
 *     across[j]   job j is in several zones     (zones - 1) across[j] >= sum over z of in[j][z] - 1
 *
 * solved three times, for one aim after the other; what was reached before is a row from then on,
 * and so are the bounds that are known. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plan/lp.h"
#include "plan/place_inside.h"

#define MAX_SPOTS 400u /* ranks x leaves */
#define MAX_TIME_S 5.0 /* for an aim: what takes longer is hopeless, mostly */
#define MAX_ROWS 6000u /* edges x (leaves + zones) */

struct exact {
    struct place *p;
    struct csin_lp *lp;
    uint32_t *rank_at; /* [n_ranks] first column of a rank, CSIN_NONE: it stays */
    uint32_t *across;  /* [n_jobs] column, CSIN_NONE */
    uint32_t first_edge, n_edges, edges_are; /* far of edge i: first_edge + i x edges_are */
    struct place_edge *edges;                /* by ranks of all jobs */
    double *start;
    double unit; /* bytes */
};

static bool list_edges(struct exact *x)
{
    const struct place *p = x->p;
    uint64_t n = 0;
    for (uint32_t j = 0; j < p->n_jobs; j++)
        n += p->fixed[j] ? 0 : p->graphs[j].first[p->graphs[j].n] / 2;
    if (!(x->edges = malloc((n + 1) * sizeof *x->edges)))
        return false;
    for (uint32_t j = 0; j < p->n_jobs; j++)
        for (uint32_t v = 0; v < p->graphs[j].n && !p->fixed[j]; v++)
            for (uint64_t i = p->graphs[j].first[v]; i < p->graphs[j].first[v + 1]; i++)
                if (p->graphs[j].to[i] > v) {
                    double bytes = p->graphs[j].weight[i];
                    x->edges[x->n_edges++] = (struct place_edge){
                        p->rank_first[j] + v, p->rank_first[j] + p->graphs[j].to[i], bytes};
                    x->unit = fmax(x->unit, bytes);
                }
    return true;
}

static bool is_small(const struct place *p)
{
    uint64_t ranks = 0, edges = 0;
    for (uint32_t j = 0; j < p->n_jobs; j++)
        if (!p->fixed[j]) {
            ranks += p->graphs[j].n;
            edges += p->graphs[j].first[p->graphs[j].n] / 2;
        }
    return ranks && ranks * p->n_leaves <= MAX_SPOTS &&
           edges * (p->n_leaves + p->n_zones) <= MAX_ROWS;
}

static void add_ranks(struct exact *x)
{
    const struct place *p = x->p;
    for (uint32_t r = 0; r < p->n_ranks; r++) {
        x->rank_at[r] = CSIN_NONE;
        if (p->slot_kind[p->given[r]] == CSIN_NONE)
            continue;
        uint32_t one = csin_lp_row(x->lp, 1, 1);
        x->rank_at[r] = csin_lp_n_columns(x->lp);
        for (uint32_t l = 0; l < p->n_leaves; l++)
            csin_lp_entry(
                x->lp, one,
                csin_lp_integer(x->lp, 0, !place_is_barred(p, p->rank_job[r], p->leaf_zone[l]), 0),
                1);
    }
}

static void add_leaves(struct exact *x)
{
    const struct place *p = x->p;
    for (uint32_t l = 0; l < p->n_leaves; l++)
        for (uint32_t k = 0; k < p->n_kinds; k++) {
            uint32_t n = 0;
            for (uint32_t s = p->leaf_first[l]; s < p->leaf_first[l + 1]; s++)
                n += p->slot_kind[s] == k;
            uint32_t row = csin_lp_row(x->lp, -HUGE_VAL, n);
            for (uint32_t r = 0; r < p->n_ranks; r++)
                if (x->rank_at[r] != CSIN_NONE && p->slot_kind[p->given[r]] == k)
                    csin_lp_entry(x->lp, row, x->rank_at[r] + l, 1);
        }
}

/* far[e] and, with several zones, cross[e]: continuous, as they are 0 or 1 by themselves. */
static void add_edges(struct exact *x)
{
    const struct place *p = x->p;
    x->first_edge = csin_lp_n_columns(x->lp);
    x->edges_are = p->n_zones > 1 ? 2 : 1;
    for (uint32_t e = 0; e < x->n_edges; e++) {
        const struct place_edge *edge = &x->edges[e];
        for (uint32_t i = 0; i < x->edges_are; i++) {
            uint32_t column = csin_lp_column(x->lp, 0, 1, 0);
            for (uint32_t part = 0; part < (i ? p->n_zones : p->n_leaves); part++) {
                uint32_t row = csin_lp_row(x->lp, 0, HUGE_VAL);
                csin_lp_entry(x->lp, row, column, 1);
                for (uint32_t l = 0; l < p->n_leaves; l++)
                    if ((i ? p->leaf_zone[l] : l) == part) {
                        csin_lp_entry(x->lp, row, x->rank_at[edge->a] + l, -1);
                        csin_lp_entry(x->lp, row, x->rank_at[edge->b] + l, 1);
                    }
            }
        }
    }
}

static void add_zones(struct exact *x)
{
    const struct place *p = x->p;
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        x->across[j] = CSIN_NONE;
        if (p->fixed[j] || p->n_zones < 2)
            continue;
        x->across[j] = csin_lp_integer(x->lp, 0, 1, 0);
        uint32_t several = csin_lp_row(x->lp, -HUGE_VAL, 1);
        csin_lp_entry(x->lp, several, x->across[j], 1.0 - p->n_zones);
        for (uint32_t z = 0; z < p->n_zones; z++) {
            uint32_t in = csin_lp_column(x->lp, 0, 1, 0);
            csin_lp_entry(x->lp, several, in, 1);
            for (uint32_t r = p->rank_first[j]; r < p->rank_first[j + 1]; r++) {
                uint32_t row = csin_lp_row(x->lp, 0, HUGE_VAL);
                csin_lp_entry(x->lp, row, in, 1);
                for (uint32_t l = 0; l < p->n_leaves; l++)
                    if (p->leaf_zone[l] == z)
                        csin_lp_entry(x->lp, row, x->rank_at[r] + l, -1);
            }
        }
    }
}

enum aim { ACROSS, BETWEEN_ZONES, BETWEEN_LEAVES };

static double coefficient(const struct exact *x, enum aim aim, uint32_t i)
{
    return aim == ACROSS ? 1 : x->edges[i].bytes / x->unit;
}

/* Calls for each column of an aim: sets its cost, or its entry in a row. */
static void each_column(struct exact *x, enum aim aim, double scale, uint32_t row)
{
    uint32_t n = aim == ACROSS ? x->p->n_jobs : x->n_edges;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t column = aim == ACROSS ? x->across[i]
                                        : x->first_edge + i * x->edges_are + (aim == BETWEEN_ZONES);
        if (column == CSIN_NONE)
            continue;
        if (row == CSIN_NONE)
            csin_lp_set_cost(x->lp, column, scale * coefficient(x, aim, i));
        else
            csin_lp_entry(x->lp, row, column, coefficient(x, aim, i));
    }
}

/* All columns as `slots` have them. */
static void fill_start(struct exact *x, const uint32_t *slots)
{
    const struct place *p = x->p;
    memset(x->start, 0, csin_lp_n_columns(x->lp) * sizeof *x->start);
    for (uint32_t r = 0; r < p->n_ranks; r++)
        if (x->rank_at[r] != CSIN_NONE)
            x->start[x->rank_at[r] + p->slot_leaf[slots[r]]] = 1;
    for (uint32_t e = 0; e < x->n_edges; e++) {
        uint32_t a = slots[x->edges[e].a], b = slots[x->edges[e].b];
        uint32_t column = x->first_edge + e * x->edges_are;
        x->start[column] = p->slot_leaf[a] != p->slot_leaf[b];
        if (x->edges_are == 2)
            x->start[column + 1] = place_zone(p, a) != place_zone(p, b);
    }
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        if (x->across[j] == CSIN_NONE)
            continue;
        uint32_t n = 0;
        for (uint32_t r = p->rank_first[j]; r < p->rank_first[j + 1]; r++)
            x->start[x->across[j] + 1 + place_zone(p, slots[r])] = 1;
        for (uint32_t z = 0; z < p->n_zones; z++)
            n += x->start[x->across[j] + 1 + z] > 0;
        x->start[x->across[j]] = n > 1;
    }
}

/* Slots from the leaves of the solution; ranks that are there keep theirs. */
static void read_slots(const struct exact *x, uint32_t *slots, uint8_t *occupied)
{
    const struct place *p = x->p;
    memset(occupied, 0, p->n_slots + 1u);
    for (unsigned stay = 2; stay-- > 0;)
        for (uint32_t r = 0; r < p->n_ranks; r++) {
            if (x->rank_at[r] == CSIN_NONE)
                continue;
            uint32_t leaf = 0, kind = p->slot_kind[p->given[r]];
            while (csin_lp_value(x->lp, x->rank_at[r] + leaf) < 0.5)
                leaf++;
            if ((p->slot_leaf[slots[r]] == leaf) != (stay == 1))
                continue;
            uint32_t s = stay ? slots[r] : p->leaf_first[leaf];
            while (!stay && (occupied[s] || p->slot_kind[s] != kind))
                s++;
            occupied[s] = 1;
            slots[r] = s;
        }
}

static double reached(const struct place_score *score, enum aim aim)
{
    return aim == ACROSS          ? score->jobs_across
           : aim == BETWEEN_ZONES ? score->zone_bytes
                                  : score->leaf_bytes;
}

static void raise_bound(struct place_score *bound, enum aim aim, double to)
{
    if (aim == ACROSS)
        bound->jobs_across = (uint32_t)fmax(bound->jobs_across, ceil(to - 1e-6));
    else if (aim == BETWEEN_ZONES)
        bound->zone_bytes = fmax(bound->zone_bytes, to);
    else
        bound->leaf_bytes = fmax(bound->leaf_bytes, to);
}

/* One aim: *ret_proved, no placement that is as good in those before has less. `fixed`: what the
 * jobs that stay have of it. */
static enum csin_status reach(struct exact *x, enum aim aim, uint32_t *slots,
                              const struct place_score *fixed, struct place_score *bound,
                              bool *ret_proved)
{
    struct place *p = x->p;
    struct place_score score;
    struct csin_lp_result result;
    if (!place_measure(p, slots, &score, NULL, NULL))
        return csin_no_memory(p->diag);
    double unit = aim == ACROSS ? 1 : x->unit, stays = reached(fixed, aim);
    double now = reached(&score, aim), least = reached(bound, aim);
    uint32_t row = csin_lp_row(x->lp, (least - stays) / unit * (1 - PLACE_SAME), HUGE_VAL);
    each_column(x, aim, 1, row);
    *ret_proved = now <= least * (1 + PLACE_SAME);
    if (!*ret_proved) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        double left_s = p->until_s - ((double)t.tv_sec + 1e-9 * (double)t.tv_nsec);
        if (left_s <= 0 || place_is_over(p))
            return CSIN_OK;
        each_column(x, aim, 1, CSIN_NONE);
        fill_start(x, slots);
        struct csin_lp_options options = {.time_limit_s = fmin(left_s, MAX_TIME_S),
                                          .stop = p->options->stop,
                                          .stop_arg = p->options->stop_arg,
                                          .start = x->start};
        enum csin_status status = csin_lp_solve(x->lp, &options, p->diag, &result);
        if (status != CSIN_OK)
            return status;
        each_column(x, aim, 0, CSIN_NONE);
        if (result.answer == CSIN_LP_OPTIMAL || result.answer == CSIN_LP_FEASIBLE) {
            uint8_t *occupied = malloc(p->n_slots + 1u);
            if (!occupied)
                return csin_no_memory(p->diag);
            if (result.objective * unit + stays < now * (1 - PLACE_SAME))
                read_slots(x, slots, occupied);
            free(occupied);
        }
        raise_bound(bound, aim, result.bound * unit + stays);
        *ret_proved = result.answer == CSIN_LP_OPTIMAL;
        if (!place_measure(p, slots, &score, NULL, NULL))
            return csin_no_memory(p->diag);
        now = reached(&score, aim);
    }
    csin_lp_set_row(x->lp, row, -HUGE_VAL, (now - stays) / unit * (1 + PLACE_SAME));
    return CSIN_OK;
}

/* What the jobs that stay have of each aim. */
static bool measure_fixed(const struct place *p, const uint32_t *slots, struct place_score *ret)
{
    struct csin_place_figures *jobs = calloc(p->n_jobs + 1u, sizeof *jobs);
    bool ok = jobs && place_measure(p, slots, NULL, NULL, jobs);
    *ret = (struct place_score){0};
    for (uint32_t j = 0; ok && j < p->n_jobs; j++)
        if (p->fixed[j]) {
            ret->jobs_across += jobs[j].jobs_across;
            ret->zone_bytes += jobs[j].zone_bytes;
            ret->leaf_bytes += jobs[j].leaf_bytes;
        }
    free(jobs);
    return ok;
}

enum csin_status place_solve_exactly(struct place *p, uint32_t *slots, struct place_score *bound,
                                     bool *ret_exact)
{
    struct exact x = {.p = p, .unit = 1};
    struct place_score fixed;
    *ret_exact = false;
    if (!is_small(p))
        return CSIN_OK;
    enum csin_status status = CSIN_OK;
    x.lp = csin_lp_create();
    x.rank_at = malloc((p->n_ranks + 1u) * sizeof *x.rank_at);
    x.across = malloc((p->n_jobs + 1u) * sizeof *x.across);
    if (!x.lp || !x.rank_at || !x.across || !list_edges(&x) || !measure_fixed(p, slots, &fixed))
        status = csin_no_memory(p->diag);
    if (status == CSIN_OK) {
        add_ranks(&x);
        add_leaves(&x);
        add_edges(&x);
        add_zones(&x);
        x.start = calloc(csin_lp_n_columns(x.lp) + 1u, sizeof *x.start);
        status = x.start ? CSIN_OK : csin_no_memory(p->diag);
    }
    bool proved = status == CSIN_OK;
    for (enum aim aim = p->n_zones > 1 ? ACROSS : BETWEEN_LEAVES;
         status == CSIN_OK && proved && aim <= BETWEEN_LEAVES; aim++)
        status = reach(&x, aim, slots, &fixed, bound, &proved);
    *ret_exact = proved && status == CSIN_OK;
    csin_lp_destroy(x.lp);
    free(x.rank_at);
    free(x.across);
    free(x.edges);
    free(x.start);
    return status;
}
