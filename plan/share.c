/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The integer program, with x[o][l] = 1 where owner o is on lane l, and y[a][b] = 1 where a and b
 * share one:
 *
 *     sum over l of x[o][l] = 1                  x[o][l] = 0 for l > o (lanes are alike)
 *     y[a][b] >= x[a][l] + x[b][l] - 1           for each lane l
 *     t >= base(a) + sum over b of cost(a, b) y[a][b]
 *     used[l] >= x[o][l]
 *
 * is solved for the smallest t, then with t held for the smallest sum, then with both held for the
 * fewest lanes. */
#include "plan/share.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lp.h"

#define EXACT 1e-7 /* relative: what integer programs hold their rows to */

struct csin_share_figures csin_share_judge(const struct csin_sharing *sharing,
                                           const uint8_t *lane_of)
{
    struct csin_share_figures figures = {0};
    bool used[CSIN_SHARE_MAX_LANES] = {false};
    uint32_t n = sharing->n_owners;
    for (uint32_t a = 0; a < n; a++) {
        double s = sharing->base[a];
        for (uint32_t b = 0; b < n; b++)
            if (b != a && lane_of[b] == lane_of[a])
                s += sharing->cost[(size_t)a * n + b];
        figures.worst = fmax(figures.worst, s);
        figures.sum += s;
        figures.n_lanes += !used[lane_of[a]];
        used[lane_of[a]] = true;
    }
    return figures;
}

bool csin_share_better(const struct csin_share_figures *a, const struct csin_share_figures *b)
{
    if (fabs(a->worst - b->worst) > 2 * EXACT * b->worst)
        return a->worst < b->worst;
    if (fabs(a->sum - b->sum) > 2 * EXACT * b->sum)
        return a->sum < b->sum;
    return a->n_lanes < b->n_lanes;
}

/* ---- all of them ---- */

void csin_share_first(uint8_t *lane_of, uint32_t n_owners)
{
    memset(lane_of, 0, n_owners);
}

/* Restricted growth strings (Knuth, The Art of Computer Programming 4A, 7.2.1.5). */
bool csin_share_next(uint8_t *lane_of, uint32_t n_owners, uint32_t n_lanes)
{
    for (uint32_t i = n_owners; i-- > 1;) {
        uint32_t highest = 0;
        for (uint32_t k = 0; k < i; k++)
            highest = lane_of[k] > highest ? lane_of[k] : highest;
        if (lane_of[i] <= highest && lane_of[i] + 1u < n_lanes) {
            lane_of[i]++;
            memset(lane_of + i + 1, 0, n_owners - i - 1);
            return true;
        }
    }
    return false;
}

/* Stirling numbers of the second kind, row by row: S(n, k) = k S(n - 1, k) + S(n - 1, k - 1). */
uint64_t csin_share_count(uint32_t n_owners, uint32_t n_lanes, uint64_t most)
{
    uint64_t row[CSIN_SHARE_MAX_LANES + 1] = {1}, sum = 0;
    assert(n_lanes <= CSIN_SHARE_MAX_LANES && most <= UINT32_MAX);
    for (uint32_t i = 0; i < n_owners; i++) {
        for (uint32_t k = n_lanes; k > 0; k--) {
            row[k] = k * row[k] + row[k - 1];
            row[k] = row[k] < most ? row[k] : most;
        }
        row[0] = 0;
    }
    for (uint32_t k = 1; k <= n_lanes; k++)
        sum += row[k];
    return sum < most ? sum : most;
}

void csin_share_number(uint8_t *lane_of, uint32_t n_owners)
{
    uint8_t number[UINT8_MAX + 1], next = 0;
    memset(number, UINT8_MAX, sizeof number);
    for (uint32_t o = 0; o < n_owners; o++) {
        if (number[lane_of[o]] == UINT8_MAX)
            number[lane_of[o]] = next++;
        lane_of[o] = number[lane_of[o]];
    }
}

/* ---- descent ---- */

static bool try_it(const struct csin_sharing *sharing, uint8_t *lane_of,
                   struct csin_share_figures *best)
{
    struct csin_share_figures figures = csin_share_judge(sharing, lane_of);
    if (!csin_share_better(&figures, best))
        return false;
    *best = figures;
    return true;
}

static bool move(const struct csin_sharing *sharing, uint8_t *lane_of, uint32_t o,
                 struct csin_share_figures *best)
{
    uint8_t kept = lane_of[o];
    for (uint32_t lane = 0; lane < sharing->n_lanes; lane++) {
        lane_of[o] = (uint8_t)lane;
        if (lane != kept && try_it(sharing, lane_of, best))
            return true;
    }
    lane_of[o] = kept;
    return false;
}

static void change(uint8_t *lane_of, uint32_t a, uint32_t b)
{
    uint8_t kept = lane_of[a];
    lane_of[a] = lane_of[b];
    lane_of[b] = kept;
}

static bool swap(const struct csin_sharing *sharing, uint8_t *lane_of, uint32_t o,
                 struct csin_share_figures *best)
{
    for (uint32_t b = o + 1; b < sharing->n_owners; b++) {
        if (lane_of[b] == lane_of[o])
            continue;
        change(lane_of, o, b);
        if (try_it(sharing, lane_of, best))
            return true;
        change(lane_of, o, b);
    }
    return false;
}

/* From the owners in turn, each put where it harms least. O(owners^2 lanes) judgements of
 * O(owners^2) a round; rounds are bounded. */
static void descend(const struct csin_sharing *sharing, uint8_t *lane_of)
{
    uint32_t n = sharing->n_owners;
    for (uint32_t o = 0; o < n; o++)
        lane_of[o] = (uint8_t)(o % sharing->n_lanes);
    struct csin_share_figures best = csin_share_judge(sharing, lane_of);
    bool moved = true;
    for (uint32_t round = 0; moved && round < 20; round++) {
        moved = false;
        for (uint32_t o = 0; o < n; o++)
            moved |= move(sharing, lane_of, o, &best);
        for (uint32_t o = 0; o < n && n <= 64; o++)
            moved |= swap(sharing, lane_of, o, &best);
    }
}

/* ---- the integer program ---- */

struct program {
    const struct csin_sharing *sharing;
    struct csin_lp *lp;
    uint32_t t;
    uint32_t x[CSIN_SHARE_EXACT_OWNERS][CSIN_SHARE_MAX_LANES]; /* NO_COLUMN: it is 0 */
    uint32_t y[CSIN_SHARE_EXACT_OWNERS][CSIN_SHARE_EXACT_OWNERS];
    uint32_t used[CSIN_SHARE_MAX_LANES];
    uint32_t sum_row;
};

#define NO_COLUMN UINT32_MAX

static double cost_of(const struct csin_sharing *sharing, uint32_t a, uint32_t b)
{
    return sharing->cost[(size_t)a * sharing->n_owners + b];
}

static void make_columns(struct program *p)
{
    const struct csin_sharing *s = p->sharing;
    p->t = csin_lp_column(p->lp, 0, HUGE_VAL, 1);
    for (uint32_t l = 0; l < s->n_lanes; l++)
        p->used[l] = csin_lp_column(p->lp, 0, 1, 0);
    for (uint32_t o = 0; o < s->n_owners; o++)
        for (uint32_t l = 0; l < s->n_lanes; l++)
            p->x[o][l] = l > o ? NO_COLUMN : csin_lp_integer(p->lp, 0, 1, 0);
    for (uint32_t a = 0; a < s->n_owners; a++)
        for (uint32_t b = a + 1; b < s->n_owners; b++)
            p->y[a][b] = p->y[b][a] = csin_lp_column(p->lp, 0, 1, 0);
}

static void make_assignment_rows(struct program *p)
{
    const struct csin_sharing *s = p->sharing;
    for (uint32_t o = 0; o < s->n_owners; o++) {
        uint32_t one = csin_lp_row(p->lp, 1, 1);
        for (uint32_t l = 0; l < s->n_lanes && l <= o; l++) {
            csin_lp_entry(p->lp, one, p->x[o][l], 1);
            uint32_t row = csin_lp_row(p->lp, 0, HUGE_VAL);
            csin_lp_entry(p->lp, row, p->used[l], 1);
            csin_lp_entry(p->lp, row, p->x[o][l], -1);
        }
    }
    for (uint32_t a = 0; a < s->n_owners; a++)
        for (uint32_t b = a + 1; b < s->n_owners; b++)
            for (uint32_t l = 0; l < s->n_lanes && l <= a; l++) {
                uint32_t row = csin_lp_row(p->lp, -1, HUGE_VAL);
                csin_lp_entry(p->lp, row, p->y[a][b], 1);
                csin_lp_entry(p->lp, row, p->x[a][l], -1);
                csin_lp_entry(p->lp, row, p->x[b][l], -1);
            }
}

static void make_slowdown_rows(struct program *p)
{
    const struct csin_sharing *s = p->sharing;
    for (uint32_t a = 0; a < s->n_owners; a++) {
        uint32_t row = csin_lp_row(p->lp, s->base[a], HUGE_VAL);
        csin_lp_entry(p->lp, row, p->t, 1);
        for (uint32_t b = 0; b < s->n_owners; b++)
            if (b != a && cost_of(s, a, b) > 0)
                csin_lp_entry(p->lp, row, p->y[a][b], -cost_of(s, a, b));
    }
    p->sum_row = csin_lp_row(p->lp, -HUGE_VAL, HUGE_VAL);
    for (uint32_t a = 0; a < s->n_owners; a++)
        for (uint32_t b = a + 1; b < s->n_owners; b++)
            if (cost_of(s, a, b) + cost_of(s, b, a) > 0)
                csin_lp_entry(p->lp, p->sum_row, p->y[a][b], cost_of(s, a, b) + cost_of(s, b, a));
}

/* What is minimised next; what was stays as it is. */
static void hold_worst(struct program *p, double worst)
{
    const struct csin_sharing *s = p->sharing;
    csin_lp_set_column(p->lp, p->t, 0, worst * (1 + EXACT));
    csin_lp_set_cost(p->lp, p->t, 0);
    for (uint32_t a = 0; a < s->n_owners; a++)
        for (uint32_t b = a + 1; b < s->n_owners; b++)
            csin_lp_set_cost(p->lp, p->y[a][b], cost_of(s, a, b) + cost_of(s, b, a));
}

static void hold_sum(struct program *p, double sum)
{
    const struct csin_sharing *s = p->sharing;
    double sum_of_base = 0;
    for (uint32_t a = 0; a < s->n_owners; a++) {
        sum_of_base += s->base[a];
        for (uint32_t b = a + 1; b < s->n_owners; b++)
            csin_lp_set_cost(p->lp, p->y[a][b], 0);
    }
    csin_lp_set_row(p->lp, p->sum_row, -HUGE_VAL, sum * (1 + EXACT) - sum_of_base);
    for (uint32_t l = 0; l < s->n_lanes; l++)
        csin_lp_set_cost(p->lp, p->used[l], 1);
}

static void read_lanes(const struct program *p, uint8_t *lane_of)
{
    for (uint32_t o = 0; o < p->sharing->n_owners; o++)
        for (uint32_t l = 0; l < p->sharing->n_lanes && l <= o; l++)
            if (csin_lp_value(p->lp, p->x[o][l]) > 0.5)
                lane_of[o] = (uint8_t)l;
    csin_share_number(lane_of, p->sharing->n_owners);
}

/* The three programs in turn. The best lanes known are in lane_of throughout. */
static enum csin_status run(struct program *p, double time_limit_s, struct csin_diag *diag,
                            uint8_t *lane_of, bool *ret_exact)
{
    struct csin_share_figures best = csin_share_judge(p->sharing, lane_of);
    *ret_exact = true;
    for (uint32_t stage = 0; stage < 3 && *ret_exact; stage++) {
        if (stage == 1)
            hold_worst(p, best.worst);
        if (stage == 2)
            hold_sum(p, best.sum);
        struct csin_lp_options options = {.time_limit_s = fmax(time_limit_s / 3, 0.001)};
        struct csin_lp_result result;
        enum csin_status status = csin_lp_solve(p->lp, &options, diag, &result);
        if (status != CSIN_OK)
            return status;
        *ret_exact = result.answer == CSIN_LP_OPTIMAL;
        if (result.answer != CSIN_LP_OPTIMAL && result.answer != CSIN_LP_FEASIBLE)
            return CSIN_OK;
        uint8_t found[CSIN_SHARE_EXACT_OWNERS] = {0};
        read_lanes(p, found);
        struct csin_share_figures figures = csin_share_judge(p->sharing, found);
        if (csin_share_better(&figures, &best)) {
            best = figures;
            memcpy(lane_of, found, p->sharing->n_owners);
        }
    }
    return CSIN_OK;
}

enum csin_status csin_share_solve(const struct csin_sharing *sharing, double time_limit_s,
                                  struct csin_diag *diag, uint8_t *ret_lane_of, bool *ret_exact)
{
    assert(sharing->n_lanes >= 1 && sharing->n_lanes <= CSIN_SHARE_MAX_LANES);
    *ret_exact = false;
    descend(sharing, ret_lane_of);
    csin_share_number(ret_lane_of, sharing->n_owners);
    if (sharing->n_owners > CSIN_SHARE_EXACT_OWNERS)
        return CSIN_OK;
    struct program *p = calloc(1, sizeof *p);
    if (p) {
        p->sharing = sharing;
        p->lp = csin_lp_create();
    }
    enum csin_status status = p && p->lp ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK) {
        make_columns(p);
        make_assignment_rows(p);
        make_slowdown_rows(p);
        status = run(p, time_limit_s, diag, ret_lane_of, ret_exact);
        csin_lp_destroy(p->lp);
    }
    free(p);
    return status;
}
