/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/isolate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "plan/isolate_inside.h"
#include "plan/share.h"
#include "sim/simulate.h"

/* Parts of the time by whose end the parts of the search are over; knobs take what is left. */
#define PAIRS_UNTIL 0.25
#define LANES_UNTIL 0.5
#define WEIGHTS_UNTIL 0.8
#define MAX_WAYS 2000u /* of sharing lanes, that are all simulated if there is time */
#define WEIGHT_STARTS 3u
#define MAX_WEIGHT 255
#define NEEDED 0.01 /* nobody is slower by more: then there is nothing to do */
#define SHARE_TIME_S 5.0

/* Of the time that is left after the run as it is. */
static void set_deadline(struct isolator *iso, double part)
{
    double end_s = iso->begin_s + iso->options->time_limit_s;
    if (iso->until_s == -HUGE_VAL)
        return;
    iso->until_s = iso->options->time_limit_s <= 0 ? HUGE_VAL
                   : end_s > iso->search_s         ? iso->search_s + part * (end_s - iso->search_s)
                                                   : end_s;
}

/* Runs the trial, and takes it where it is better than the best so far. */
static bool try_it(struct isolator *iso, struct trial *t)
{
    if (!csin_trial_run(iso, &t) || !csin_trial_better(t, iso->best))
        return false;
    iso->best = t;
    return true;
}

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

/* ---- as it is ---- */

static enum csin_status begin(struct isolator *iso)
{
    struct csin_simulation simulation = {.cache_folder = iso->options->cache_folder};
    enum csin_status status = CSIN_OK;
    iso->alone = csin_arena_alloc(iso->arena, iso->n, sizeof *iso->alone);
    iso->as_is = csin_trial_create(iso, NULL);
    if (!iso->alone || !iso->as_is)
        return csin_no_memory(iso->diag);
    for (uint32_t o = 0; o < iso->n && status == CSIN_OK; o++) {
        iso->alone[o] = csin_arena_alloc(iso->arena, csin_owner_row_size(&iso->sc, o),
                                         sizeof **iso->alone);
        status = iso->alone[o]
                     ? csin_simulate_alone(&iso->sc, o, &simulation, iso->diag, iso->alone[o])
                     : csin_no_memory(iso->diag);
    }
    /* Without a word of lanes it is the same as a trial with one. */
    iso->as_is->as_is = iso->sc.lanes.of_owner != NULL;
    if (status == CSIN_OK)
        status = csin_trial_watch(iso, iso->as_is);
    iso->best = iso->as_is;
    return status;
}

static void count_lanes(struct isolator *iso)
{
    uint32_t n = csin_isolate_count_lanes(iso), wanted = iso->options->n_lanes;
    if (wanted > n) {
        csin_warning(iso->diag, 820, (struct csin_loc){0},
                     "%u data VLs cannot be used: a switch that carries traffic has %u", wanted, n);
        wanted = 0;
    }
    iso->out->n_lanes = wanted ? wanted : n;
}

static bool make_wide(struct isolator *iso)
{
    const struct csin_fabric *f = iso->sc.fabric;
    iso->wide = *f;
    iso->wide.switches = csin_arena_alloc(iso->arena, f->n_switches, sizeof *f->switches);
    if (!iso->wide.switches)
        return false;
    for (uint32_t i = 0; i < f->n_switches; i++) {
        iso->wide.switches[i] = f->switches[i];
        iso->wide.switches[i].n_vls = CSIN_MAX_LANES;
    }
    return true;
}

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
        try_it(iso, with_lanes(iso, ways[i].lane_of));
}

static bool move_one(struct isolator *iso, uint32_t owner)
{
    uint8_t lane_of[CSIN_ISOLATE_MAX_OWNERS];
    uint32_t lanes = iso->best->n_lanes + 1u;
    lanes = lanes < iso->out->n_lanes ? lanes : iso->out->n_lanes;
    for (uint32_t lane = 0; lane < lanes; lane++) {
        memcpy(lane_of, iso->best->lane_of, iso->n);
        lane_of[owner] = (uint8_t)lane;
        if (try_it(iso, with_lanes(iso, lane_of)))
            return true;
    }
    return false;
}

/* Two lanes in one: as good with fewer is better. */
static void merge(struct isolator *iso)
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
    merge(iso);
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

static enum csin_status search_lanes(struct isolator *iso)
{
    struct matrix m;
    uint8_t lane_of[CSIN_ISOLATE_MAX_OWNERS];
    bool exact;
    if (!make_matrix(iso, &m))
        return csin_no_memory(iso->diag);
    set_deadline(iso, 1);
    run_apart(iso); /* first: in short time it is the best guess */
    set_deadline(iso, PAIRS_UNTIL);
    estimate(iso, &m);
    list_pairs(iso, &m);
    if (iso->n == 2)
        take_pair(iso);
    else
        run_pairs(iso, &m);
    iso->out->out_of_time = false; /* estimates stand in for pairs */
    fill_costs(iso, &m);
    struct csin_sharing sharing = {iso->n, iso->out->n_lanes, m.base, m.cost};
    set_deadline(iso, LANES_UNTIL);
    double left_s = fmax(fmin(iso->until_s - csin_isolate_now_s(), SHARE_TIME_S), 0.01);
    enum csin_status status = csin_share_solve(&sharing, left_s, iso->diag, lane_of, &exact);
    if (status != CSIN_OK)
        return status;
    try_it(iso, with_lanes(iso, lane_of));
    if (iso->out->n_ways <= MAX_WAYS)
        try_all(iso, &sharing);
    else
        try_neighbours(iso);
    for (uint32_t i = 0; i < iso->n_trials; i++)
        iso->out->n_tried += !iso->trials[i]->wide && !iso->trials[i]->as_is;
    pick(iso);
    return CSIN_OK;
}

/* ---- weights ---- */

static const double weight_steps[] = {2, 4, 1.4};

static bool scale_weight(struct isolator *iso, uint32_t lane, double factor)
{
    struct trial *t = csin_trial_create(iso, iso->best);
    if (!t)
        return false;
    double weight = fmin(fmax(round(t->weights[lane] * factor), 1), MAX_WEIGHT);
    t->weights[lane] = (uint8_t)weight;
    return try_it(iso, t);
}

/* Lanes by their most slowed owner, the worst first. */
static void rank_lanes(const struct isolator *iso, uint32_t rank[CSIN_MAX_LANES])
{
    double worst[CSIN_MAX_LANES] = {0};
    for (uint32_t o = 0; o < iso->n; o++)
        worst[iso->best->lane_of[o]] = fmax(worst[iso->best->lane_of[o]], iso->best->slowdown[o]);
    for (uint32_t lane = 0; lane < iso->best->n_lanes; lane++) {
        uint32_t place = lane;
        for (; place > 0 && worst[rank[place - 1]] < worst[lane]; place--)
            rank[place] = rank[place - 1];
        rank[place] = lane;
    }
}

/* One step for the better: more for a lane that suffers, or less for one that does not. */
static bool step_weights(struct isolator *iso, double factor)
{
    uint32_t rank[CSIN_MAX_LANES], n = iso->best->n_lanes;
    rank_lanes(iso, rank);
    for (uint32_t i = 0; i < n; i++)
        if (scale_weight(iso, rank[i], factor) || scale_weight(iso, rank[n - 1 - i], 1 / factor))
            return true;
    return false;
}

/* From iso->best on, by demand, and then in steps on a grid. */
static enum csin_status climb(struct isolator *iso)
{
    double demand[CSIN_MAX_LANES];
    uint32_t worst_arc[CSIN_MAX_LANES];
    struct trial *t = csin_trial_create(iso, iso->best);
    enum csin_status status = t ? csin_isolate_weights(iso, t, demand, worst_arc)
                                : csin_no_memory(iso->diag);
    if (status != CSIN_OK)
        return status;
    try_it(iso, t);
    for (uint32_t i = 0; i < sizeof weight_steps / sizeof *weight_steps; i++)
        while (csin_isolate_has_time(iso) && step_weights(iso, weight_steps[i]))
            ;
    return CSIN_OK;
}

static int nearer(const void *left, const void *right)
{
    const struct trial *x = *(struct trial *const *)left, *y = *(struct trial *const *)right;
    if (x->worst != y->worst)
        return x->worst < y->worst ? -1 : 1;
    if (x->sum != y->sum)
        return x->sum < y->sum ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Weights may make another way to share the best, so the search begins at several. */
static enum csin_status search_weights(struct isolator *iso)
{
    struct trial *best = iso->best;
    uint32_t n = 0;
    struct trial **starts = csin_arena_alloc(iso->arena, iso->n_trials + 1u, sizeof *starts);
    enum csin_status status = starts ? CSIN_OK : csin_no_memory(iso->diag);
    for (uint32_t i = 0; starts && i < iso->n_trials; i++)
        if (!iso->trials[i]->wide && iso->trials[i]->n_lanes > 1 && iso->trials[i] != best)
            starts[n++] = iso->trials[i];
    if (n > 1)
        qsort(starts, n, sizeof *starts, nearer);
    set_deadline(iso, iso->options->knobs ? WEIGHTS_UNTIL : 1);
    iso->weights_are_tried = status == CSIN_OK && csin_isolate_has_time(iso);
    if (status == CSIN_OK && best->n_lanes > 1) {
        status = climb(iso);
        best = iso->best;
    }
    for (uint32_t i = 0; i < n && i < WEIGHT_STARTS && status == CSIN_OK; i++) {
        if (!csin_isolate_has_time(iso))
            break;
        iso->best = starts[i];
        status = climb(iso);
        best = csin_trial_better(iso->best, best) ? iso->best : best;
    }
    iso->best = best;
    return status;
}

/* ---- knobs ---- */

/* The best trial with another value of one knob of a stream. */
static bool turn(struct isolator *iso, uint32_t stream, bool senders, uint32_t value)
{
    struct trial *t = csin_trial_create(iso, iso->best);
    if (!t || value == 0)
        return false;
    if (senders && value >= t->concurrency[stream])
        return false; /* as many as are outstanding: no limit */
    if (senders)
        t->senders[stream] = value;
    else
        t->concurrency[stream] = value;
    return try_it(iso, t);
}

static bool turn_stream(struct isolator *iso, uint32_t stream)
{
    bool turned = false;
    for (uint32_t value = 1; value <= 64; value *= 2)
        turned |= turn(iso, stream, true, value);
    uint32_t given = iso->given->streams[stream].concurrency;
    for (uint32_t shift = 1; shift <= 2; shift++) {
        turned |= turn(iso, stream, false, given >> shift);
        turned |= given <= 1024 && turn(iso, stream, false, given << shift);
    }
    return turned;
}

static void search_knobs(struct isolator *iso)
{
    set_deadline(iso, 1);
    for (bool turned = true; turned && csin_isolate_has_time(iso);) {
        turned = false;
        for (uint32_t i = 0; i < iso->given->n_streams; i++)
            if (iso->given->streams[i].kind == CSIN_READ)
                turned |= turn_stream(iso, i);
    }
}

/* ---- the answer ---- */

static bool is_name_taken(const struct csin_isolation *out, const char *name)
{
    for (uint32_t i = 0; i < out->n_classes; i++)
        if (out->classes[i].name && strcmp(out->classes[i].name, name) == 0)
            return true;
    return false;
}

/* Of an owner alone its own name, else what they have in common. */
static const char *name_class(const struct isolator *iso, uint32_t lane)
{
    const struct csin_scenario *sc = iso->given;
    const char *name = NULL;
    uint32_t n = 0, n_jobs = 0;
    for (uint32_t o = 0; o < iso->n; o++)
        if (iso->best->lane_of[o] == lane) {
            name = sc->owners[o];
            n++;
            n_jobs += o < sc->n_jobs;
        }
    if (n > 1)
        name = n_jobs == n ? "jobs" : n_jobs == 0 ? "storage" : "mixed";
    for (uint32_t k = 2; is_name_taken(iso->out, name); k++)
        if (!(name = csin_arena_printf(iso->out->arena, "%s-%u",
                                       n == 1        ? "class"
                                       : n_jobs == n ? "jobs"
                                       : n_jobs == 0 ? "storage"
                                                     : "mixed",
                                       k)))
            return NULL;
    return name;
}

static bool fill_classes(struct isolator *iso)
{
    struct csin_isolation *out = iso->out;
    uint32_t n = iso->best->n_lanes, worst_arc[CSIN_MAX_LANES];
    double demand[CSIN_MAX_LANES];
    struct trial *scratch = csin_trial_create(iso, iso->best);
    if (!scratch || csin_isolate_weights(iso, scratch, demand, worst_arc) != CSIN_OK)
        return false;
    out->classes = csin_arena_alloc(out->arena, n, sizeof *out->classes);
    if (!out->classes)
        return false;
    out->n_classes = n;
    for (uint32_t lane = 0; lane < n; lane++) {
        struct csin_isolation_class *class = &out->classes[lane];
        class->vl = class->sl = csin_trial_vl(iso, iso->best, lane);
        class->weight = iso->best->weights[lane];
        class->demand = demand[lane];
        class->worst_arc = worst_arc[lane];
        if (!(class->name = name_class(iso, lane)))
            return false;
    }
    for (uint32_t o = 0; o < iso->n; o++) {
        out->owners[o].of_class = iso->best->lane_of[o];
        out->classes[iso->best->lane_of[o]].n_owners++;
    }
    return true;
}

/* What is the most that lanes can do for those that are still slow, one at a time? */
static void put_first(struct isolator *iso)
{
    if (iso->n > CSIN_MAX_LANES || iso->out->n_lanes == 1)
        return;
    set_deadline(iso, 1);
    bool was_out_of_time = iso->out->out_of_time;
    for (uint32_t o = 0; o < iso->n; o++) {
        if (iso->best->slowdown[o] <= 1 + NEEDED)
            continue;
        struct trial *t = csin_trial_create(iso, iso->best);
        if (!t)
            return;
        t->as_is = false;
        t->wide = true;
        t->n_lanes = iso->n;
        memset(t->weights, 1, sizeof t->weights);
        for (uint32_t k = 0; k < iso->n; k++)
            t->lane_of[k] = (uint8_t)k;
        t->weights[o] = MAX_WEIGHT;
        if (csin_trial_run(iso, &t) && isfinite(t->worst))
            iso->out->owners[o].first = t->slowdown[o];
    }
    iso->out->out_of_time = was_out_of_time; /* the search is none the worse for it */
}

static void fill_owners(struct isolator *iso)
{
    struct csin_isolation *out = iso->out;
    for (uint32_t o = 0; o < iso->n; o++) {
        struct csin_isolation_owner *owner = &out->owners[o];
        *owner = (struct csin_isolation_owner){
            .of_class = CSIN_NONE,
            .first = owner->first,
            .before = iso->as_is->slowdown[o],
            .apart = iso->all_apart && isfinite(iso->all_apart->worst) ? iso->all_apart->slowdown[o]
                                                                       : 0,
            .after = iso->best->slowdown[o],
            .held_before = iso->as_is->held[o],
            .held_after = iso->best->held[o]};
        if (o < iso->given->n_jobs)
            continue;
        uint32_t i = o - iso->given->n_jobs;
        owner->senders = iso->best->senders[i];
        owner->concurrency = iso->best->concurrency[i];
        out->changes_knobs |= owner->senders != iso->given->streams[i].senders ||
                              owner->concurrency != iso->given->streams[i].concurrency;
    }
}

static bool fill(struct isolator *iso)
{
    struct csin_isolation *out = iso->out;
    fill_owners(iso);
    out->worst_before = iso->as_is->worst;
    out->sum_before = iso->as_is->sum;
    out->worst_after = iso->best->worst;
    out->sum_after = iso->best->sum;
    uint32_t bound_arc;
    out->bound = csin_isolate_bound(iso, &bound_arc);
    out->gap = out->bound > 0 ? out->worst_after / out->bound - 1 : 0;
    bool keeps_lanes = iso->best->as_is || (iso->best->n_lanes == 1 && !iso->as_is->as_is);
    if (!keeps_lanes && !fill_classes(iso))
        return false;
    if (out->n_classes > 0 || out->changes_knobs)
        out->answer = CSIN_ISOLATION_FOUND;
    else if (out->worst_before > 1 + NEEDED && out->n_lanes == 1)
        out->answer = CSIN_ISOLATION_ONE_LANE;
    else if (out->out_of_time)
        out->answer = CSIN_ISOLATION_OUT_OF_TIME;
    csin_isolate_explain(iso, bound_arc);
    return !iso->is_out_of_memory;
}

static bool is_slow(const struct trial *t)
{
    return t->worst > 1 + NEEDED;
}

static enum csin_status search(struct isolator *iso)
{
    enum csin_status status = begin(iso);
    if (status != CSIN_OK)
        return status;
    iso->search_s = csin_isolate_now_s();
    count_lanes(iso);
    iso->out->n_ways = csin_share_count(iso->n, iso->out->n_lanes, UINT32_MAX);
    if (!make_wide(iso))
        return csin_no_memory(iso->diag);
    bool needed = iso->n > 1 && is_slow(iso->as_is);
    if (needed && iso->out->n_lanes > 1) {
        status = search_lanes(iso);
        if (status == CSIN_OK && is_slow(iso->best))
            status = search_weights(iso);
        if (status != CSIN_OK)
            return status;
        merge(iso);
    }
    if (needed && is_slow(iso->best) && (iso->options->knobs || iso->out->n_lanes == 1)) {
        struct trial *without = iso->best;
        search_knobs(iso);
        if (iso->options->knobs)
            merge(iso);
        else
            iso->advice = iso->best;
        iso->best = iso->options->knobs ? iso->best : without;
    }
    if (needed)
        put_first(iso);
    if (iso->best != iso->as_is)
        status = csin_trial_watch(iso, iso->best);
    if (status != CSIN_OK)
        return status;
    return fill(iso) ? CSIN_OK : csin_no_memory(iso->diag);
}

static struct csin_isolation *make_answer(uint32_t n_owners)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_isolation *out = arena ? csin_arena_alloc(arena, 1, sizeof *out) : NULL;
    if (out) {
        size_t squares = (size_t)n_owners * n_owners;
        out->arena = arena;
        out->n_owners = n_owners;
        out->owners = csin_arena_alloc(arena, n_owners, sizeof *out->owners);
        out->together = csin_arena_alloc(arena, squares, sizeof *out->together);
        out->apart = csin_arena_alloc(arena, squares, sizeof *out->apart);
        for (size_t i = 0; out->together && out->apart && i < squares; i++)
            out->together[i] = out->apart[i] = NAN;
        if (out->owners && out->together && out->apart)
            return out;
    }
    csin_arena_destroy(arena);
    return NULL;
}

enum csin_status csin_isolate(const struct csin_scenario *scenario,
                              const struct csin_isolate_options *options, struct csin_diag *diag,
                              struct csin_isolation **ret_isolation)
{
    if (scenario->n_owners > CSIN_ISOLATE_MAX_OWNERS)
        return csin_error(diag, CSIN_E_FAILED, 821, (struct csin_loc){0},
                          "isolation of %u jobs and streams; at most %u", scenario->n_owners,
                          CSIN_ISOLATE_MAX_OWNERS);
    struct isolator iso = {.given = scenario,
                           .sc = *scenario,
                           .options = options,
                           .diag = diag,
                           .arena = csin_arena_create(),
                           .n = scenario->n_owners,
                           .begin_s = csin_isolate_now_s()};
    iso.sc.engine = &csin_engine_fluid;
    iso.sc.congestion = CSIN_LOSSLESS;
    iso.sc.horizon_s = HUGE_VAL; /* what is too slow as it is may be fast enough in the end */
    iso.out = make_answer(scenario->n_owners);
    set_deadline(&iso, 1);
    enum csin_status status = iso.arena && iso.out ? search(&iso) : csin_no_memory(diag);
    for (uint32_t i = 0; i < iso.n_trials; i++)
        csin_result_destroy(iso.trials[i]->result);
    free(iso.trials);
    csin_arena_destroy(iso.arena);
    if (status == CSIN_OK)
        *ret_isolation = iso.out;
    else
        csin_isolation_destroy(iso.out);
    return status;
}

void csin_isolation_destroy(struct csin_isolation *isolation)
{
    if (isolation)
        csin_arena_destroy(isolation->arena);
}

/* ---- the answer, applied ---- */

static bool apply_classes(const struct csin_isolation *isolation, struct csin_arena *arena,
                          struct csin_scenario *planned)
{
    struct csin_class *classes = csin_arena_alloc(arena, isolation->n_classes, sizeof *classes);
    uint8_t *of_owner = csin_arena_alloc(arena, isolation->n_owners, sizeof *of_owner);
    if (!classes || !of_owner)
        return false;
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES; vl++)
        planned->lanes.weights[vl] = CSIN_EQUAL_WEIGHT;
    for (uint32_t i = 0; i < isolation->n_classes; i++) {
        const struct csin_isolation_class *class = &isolation->classes[i];
        classes[i] = (struct csin_class){.name = class->name, .sl = class->sl};
        planned->lanes.weights[class->vl] = class->weight;
    }
    for (uint32_t o = 0; o < isolation->n_owners; o++) {
        uint32_t class = isolation->owners[o].of_class;
        of_owner[o] = (uint8_t)isolation->classes[class].vl;
        if (o < planned->n_jobs)
            planned->jobs[o].traffic_class = class;
        else
            planned->streams[o - planned->n_jobs].traffic_class = class;
    }
    planned->classes = classes;
    planned->n_classes = isolation->n_classes;
    planned->lanes.of_owner = of_owner;
    return true;
}

bool csin_isolation_apply(const struct csin_isolation *isolation, struct csin_arena *arena,
                          struct csin_scenario *planned)
{
    struct csin_job *jobs = csin_arena_alloc(arena, planned->n_jobs, sizeof *jobs);
    struct csin_stream *streams = csin_arena_alloc(arena, planned->n_streams, sizeof *streams);
    if (!jobs || !streams)
        return false;
    for (uint32_t i = 0; i < planned->n_jobs; i++)
        jobs[i] = planned->jobs[i];
    for (uint32_t i = 0; i < planned->n_streams; i++) {
        streams[i] = planned->streams[i];
        streams[i].senders = isolation->owners[planned->n_jobs + i].senders;
        streams[i].concurrency = isolation->owners[planned->n_jobs + i].concurrency;
    }
    planned->jobs = jobs;
    planned->streams = streams;
    return isolation->n_classes == 0 || apply_classes(isolation, arena, planned);
}
