/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "plan/isolate_inside.h"
#include "plan/share.h"

/* Parts of the time by whose end it is over. */
#define PAIRS_UNTIL 0.25
#define LANES_UNTIL 0.5
#define MAX_WAYS 2000u /* of sharing lanes, that are all simulated if there is time */
#define SHARE_TIME_S 5.0

/* ---- slowdowns in pairs ---- */

struct pair {
    uint32_t a, b;
    double weight; /* how much the run as it is has against it */
};

struct matrix {
    double *cost;     /* [n x n] for plan/share.h */
    double *estimate; /* [n x n] from the victims of the run as it is */
    bool *meet;       /* [n x n] share an arc */
    double *base;     /* [n] */
    struct pair *pairs;
    uint32_t n_pairs;
};

static int heavier(const void *left, const void *right)
{
    const struct pair *x = left, *y = right;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static const struct csin_arc_result *find_arc(const struct csin_result *r, uint32_t arc)
{
    uint32_t low = 0, high = r->n_arcs; /* they are in order */
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (r->arcs[middle].arc < arc)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n_arcs && r->arcs[low].arc == arc ? &r->arcs[low] : NULL;
}

/* Blames a victim's loss on those whose bytes fill the arcs that it waits behind. */
static void estimate(const struct isolator *iso, struct matrix *m)
{
    const struct csin_result *r = iso->as_is->result;
    for (uint32_t i = 0; i < r->n_victims; i++) {
        const struct csin_victim_result *v = &r->victims[i];
        const struct csin_arc_result *arc = find_arc(r, v->arc);
        double loss = fmax(iso->as_is->slowdown[v->owner] - 1, 0);
        for (uint32_t k = 0; arc && k < arc->n_loads; k++) {
            const struct csin_load *load = &r->loads[arc->first_load + k];
            m->estimate[(size_t)v->owner * iso->n + load->owner] += loss * v->share /
                                                                    iso->as_is->held[v->owner] *
                                                                    load->bytes / arc->bytes;
        }
    }
    for (uint32_t i = 0; i < r->n_arcs; i++)
        for (uint32_t j = 0; j < r->arcs[i].n_loads; j++)
            for (uint32_t k = 0; k < r->arcs[i].n_loads; k++) {
                const struct csin_load *loads = &r->loads[r->arcs[i].first_load];
                m->meet[(size_t)loads[j].owner * iso->n + loads[k].owner] = true;
            }
}

static void list_pairs(const struct isolator *iso, struct matrix *m)
{
    uint32_t n = iso->n;
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = a + 1; b < n; b++)
            if (m->meet[(size_t)a * n + b])
                m->pairs[m->n_pairs++] = (struct pair){
                    a, b, m->estimate[(size_t)a * n + b] + m->estimate[(size_t)b * n + a]};
    qsort(m->pairs, m->n_pairs, sizeof *m->pairs, heavier);
}

/* Of two owners, the whole scenario is the pair. */
static void take_pair(struct isolator *iso)
{
    struct csin_isolation *out = iso->out;
    struct trial *one = csin_trial_create(iso, NULL);
    if (!csin_trial_run(iso, &one) || !iso->all_apart)
        return;
    for (uint32_t a = 0; a < 2; a++) {
        out->together[2 * a + !a] = one->slowdown[a];
        out->apart[2 * a + !a] = iso->all_apart->slowdown[a];
    }
}

static void run_pairs(struct isolator *iso, const struct matrix *m)
{
    uint32_t n = iso->n;
    for (uint32_t i = 0; i < m->n_pairs; i++) {
        size_t ab = (size_t)m->pairs[i].a * n + m->pairs[i].b;
        size_t ba = (size_t)m->pairs[i].b * n + m->pairs[i].a;
        double together[2], apart[2];
        if (!csin_trial_pair(iso, m->pairs[i].a, m->pairs[i].b, true, together))
            continue; /* no time, or it failed */
        iso->out->together[ab] = together[0];
        iso->out->together[ba] = together[1];
        if (fmax(together[0], together[1]) <= 1 + CSIN_ISOLATE_STEP ||
            !csin_trial_pair(iso, m->pairs[i].a, m->pairs[i].b, false, apart))
            continue;
        iso->out->apart[ab] = apart[0];
        iso->out->apart[ba] = apart[1];
    }
}

/* What the integer program works with. */
static void fill_costs(const struct isolator *iso, struct matrix *m)
{
    uint32_t n = iso->n;
    bool has_base = iso->all_apart && isfinite(iso->all_apart->worst);
    for (uint32_t a = 0; a < n; a++) {
        m->base[a] = has_base ? iso->all_apart->slowdown[a] : 1;
        for (uint32_t b = 0; b < n; b++) {
            size_t ab = (size_t)a * n + b;
            double together = iso->out->together[ab], apart = iso->out->apart[ab];
            bool known = isfinite(together) && isfinite(apart);
            m->cost[ab] = known                               ? fmax(together - apart, 0)
                          : together <= 1 + CSIN_ISOLATE_STEP ? 0
                                                              : m->estimate[ab];
            if (known && !has_base)
                m->base[a] += fmax(apart - 1, 0);
        }
    }
}

static bool make_matrix(struct isolator *iso, struct matrix *m)
{
    size_t n = iso->n, squares = n * n;
    *m = (struct matrix){.cost = csin_arena_alloc(iso->arena, squares, sizeof *m->cost),
                         .estimate = csin_arena_alloc(iso->arena, squares, sizeof *m->estimate),
                         .meet = csin_arena_alloc(iso->arena, squares, sizeof *m->meet),
                         .base = csin_arena_alloc(iso->arena, n, sizeof *m->base),
                         .pairs = csin_arena_alloc(iso->arena, squares, sizeof *m->pairs)};
    return m->cost && m->estimate && m->meet && m->base && m->pairs;
}

/* ---- lanes ---- */

static struct trial *with_lanes(struct isolator *iso, const uint8_t *lane_of)
{
    struct trial *t = csin_trial_create(iso, NULL);
    if (!t)
        return NULL;
    memcpy(t->lane_of, lane_of, iso->n);
    csin_share_number(t->lane_of, iso->n);
    for (uint32_t o = 0; o < iso->n; o++)
        t->n_lanes = t->lane_of[o] >= t->n_lanes ? t->lane_of[o] + 1u : t->n_lanes;
    return t;
}

struct way {
    struct csin_share_figures figures;
    const uint8_t *lane_of;
};

static int better_way(const void *left, const void *right)
{
    const struct way *x = left, *y = right;
    if (csin_share_better(&x->figures, &y->figures))
        return -1;
    if (csin_share_better(&y->figures, &x->figures))
        return 1;
    return x->lane_of < y->lane_of ? -1 : x->lane_of > y->lane_of;
}

/* All ways of sharing, those that look best first. */
static void try_all(struct isolator *iso, const struct csin_sharing *sharing)
{
    uint32_t n = (uint32_t)iso->out->n_ways;
    struct way *ways = csin_arena_alloc(iso->arena, n, sizeof *ways);
    uint8_t *lanes = csin_arena_alloc(iso->arena, (size_t)n * iso->n, 1);
    if (!ways || !lanes) {
        iso->is_out_of_memory = true;
        return;
    }
    csin_share_first(lanes, iso->n);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *lane_of = lanes + (size_t)i * iso->n;
        if (i > 0) {
            memcpy(lane_of, lane_of - iso->n, iso->n);
            csin_share_next(lane_of, iso->n, sharing->n_lanes);
        }
        ways[i] = (struct way){csin_share_judge(sharing, lane_of), lane_of};
    }
    qsort(ways, n, sizeof *ways, better_way);
    for (uint32_t i = 0; i < n && csin_isolate_has_time(iso); i++)
        csin_trial_try(iso, with_lanes(iso, ways[i].lane_of));
}

static bool move_one(struct isolator *iso, uint32_t owner)
{
    uint8_t lane_of[CSIN_ISOLATE_MAX_OWNERS];
    uint32_t lanes = iso->best->n_lanes + 1u;
    lanes = lanes < iso->out->n_lanes ? lanes : iso->out->n_lanes;
    for (uint32_t lane = 0; lane < lanes; lane++) {
        memcpy(lane_of, iso->best->lane_of, iso->n);
        lane_of[owner] = (uint8_t)lane;
        if (csin_trial_try(iso, with_lanes(iso, lane_of)))
            return true;
    }
    return false;
}

/* Two lanes in one: as good with fewer is better. */
void csin_isolate_merge(struct isolator *iso)
{
    for (uint32_t a = 0; a < iso->best->n_lanes; a++)
        for (uint32_t b = a + 1; b < iso->best->n_lanes; b++) {
            struct trial *t = csin_trial_create(iso, iso->best);
            if (!t || t->as_is)
                return;
            uint8_t left[CSIN_MAX_LANES], n = 0;
            for (uint32_t lane = 0; lane < t->n_lanes; lane++)
                left[lane] = (uint8_t)(lane == b ? a : n++);
            for (uint32_t lane = 0; lane < t->n_lanes; lane++)
                t->weights[left[lane]] = iso->best->weights[lane];
            t->weights[a] = iso->best->weights[a] > iso->best->weights[b] ? iso->best->weights[a]
                                                                          : iso->best->weights[b];
            for (uint32_t o = 0; o < iso->n; o++)
                t->lane_of[o] = left[t->lane_of[o]];
            t->n_lanes--;
            if (csin_trial_run(iso, &t) && !csin_trial_better(iso->best, t)) {
                iso->best = t;
                a = b = 0;
            }
        }
}

static void try_neighbours(struct isolator *iso)
{
    struct csin_rng rng = csin_rng_init(iso->options->seed, 0);
    uint32_t order[CSIN_ISOLATE_MAX_OWNERS];
    for (uint32_t o = 0; o < iso->n; o++)
        order[o] = o;
    for (bool moved = true; moved && csin_isolate_has_time(iso);) {
        moved = false;
        csin_rng_shuffle(&rng, order, iso->n);
        for (uint32_t o = 0; o < iso->n && csin_isolate_has_time(iso); o++)
            moved |= move_one(iso, order[o]);
    }
    csin_isolate_merge(iso);
}

static uint32_t lanes_of(const struct trial *t)
{
    return t->as_is ? 0 : t->n_lanes; /* to leave alone is simplest */
}

/* Of all that was run: those as good as the best in the worst slowdown, of them those as good in
 * the sum, of them the one with the fewest lanes. */
static void pick(struct isolator *iso)
{
    double worst = HUGE_VAL, sum = HUGE_VAL;
    for (uint32_t i = 0; i < iso->n_trials; i++)
        if (!iso->trials[i]->wide)
            worst = fmin(worst, iso->trials[i]->worst);
    worst *= 1 + CSIN_ISOLATE_STEP;
    for (uint32_t i = 0; i < iso->n_trials; i++)
        if (!iso->trials[i]->wide && iso->trials[i]->worst <= worst)
            sum = fmin(sum, iso->trials[i]->sum);
    sum *= 1 + CSIN_ISOLATE_STEP;
    struct trial *best = NULL;
    for (uint32_t i = 0; i < iso->n_trials; i++) {
        struct trial *t = iso->trials[i];
        if (t->wide || t->worst > worst || t->sum > sum)
            continue;
        if (!best || lanes_of(t) < lanes_of(best) ||
            (lanes_of(t) == lanes_of(best) && t->worst < best->worst))
            best = t;
    }
    iso->best = best ? best : iso->as_is;
}

static void run_apart(struct isolator *iso)
{
    uint8_t lane_of[CSIN_ISOLATE_MAX_OWNERS];
    for (uint32_t o = 0; o < iso->n; o++)
        lane_of[o] = (uint8_t)o;
    if (iso->n > CSIN_MAX_LANES)
        return;
    struct trial *t = with_lanes(iso, lane_of);
    if (t)
        t->wide = iso->n > iso->out->n_lanes;
    if (csin_trial_run(iso, &t))
        iso->all_apart = t;
}

enum csin_status csin_isolate_lanes(struct isolator *iso)
{
    struct matrix m;
    uint8_t lane_of[CSIN_ISOLATE_MAX_OWNERS];
    bool exact;
    if (!make_matrix(iso, &m))
        return csin_no_memory(iso->diag);
    csin_isolate_deadline(iso, 1);
    run_apart(iso); /* first: in short time it is the best guess */
    csin_isolate_deadline(iso, PAIRS_UNTIL);
    estimate(iso, &m);
    list_pairs(iso, &m);
    if (iso->n == 2)
        take_pair(iso);
    else
        run_pairs(iso, &m);
    iso->out->out_of_time = false; /* estimates stand in for pairs */
    fill_costs(iso, &m);
    struct csin_sharing sharing = {iso->n, iso->out->n_lanes, m.base, m.cost};
    csin_isolate_deadline(iso, LANES_UNTIL);
    double left_s = fmax(fmin(iso->until_s - csin_isolate_now_s(), SHARE_TIME_S), 0.01);
    enum csin_status status = csin_share_solve(&sharing, left_s, iso->diag, lane_of, &exact);
    if (status != CSIN_OK)
        return status;
    csin_trial_try(iso, with_lanes(iso, lane_of));
    if (iso->out->n_ways <= MAX_WAYS)
        try_all(iso, &sharing);
    else
        try_neighbours(iso);
    for (uint32_t i = 0; i < iso->n_trials; i++)
        iso->out->n_tried += !iso->trials[i]->wide && !iso->trials[i]->as_is &&
                             isfinite(iso->trials[i]->worst);
    pick(iso);
    return CSIN_OK;
}
