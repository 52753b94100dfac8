/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/isolate_inside.h"

#define WEIGHTS_UNTIL 0.8 /* of the time; knobs take what is left */
#define WEIGHT_STARTS 3u

/* ---- weights ---- */

static const double weight_steps[] = {2, 4, 1.4};

static bool scale_weight(struct isolator *iso, uint32_t lane, double factor)
{
    struct trial *t = csin_trial_create(iso, iso->best);
    if (!t)
        return false;
    double weight = fmin(fmax(round(t->weights[lane] * factor), 1), CSIN_MAX_WEIGHT);
    t->weights[lane] = (uint8_t)weight;
    return csin_trial_try(iso, t);
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
    csin_trial_try(iso, t);
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
enum csin_status csin_isolate_tune_weights(struct isolator *iso)
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
    csin_isolate_deadline(iso, iso->options->knobs ? WEIGHTS_UNTIL : 1);
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
    return csin_trial_try(iso, t);
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

void csin_isolate_tune_knobs(struct isolator *iso)
{
    csin_isolate_deadline(iso, 1);
    for (bool turned = true; turned && csin_isolate_has_time(iso);) {
        turned = false;
        for (uint32_t i = 0; i < iso->given->n_streams; i++)
            if (iso->given->streams[i].kind == CSIN_READ)
                turned |= turn_stream(iso, i);
    }
}

/* ---- the most that lanes can do ---- */

/* What is the most that lanes can do for those that are still slow, one at a time? */
void csin_isolate_first(struct isolator *iso)
{
    if (iso->n > CSIN_MAX_LANES || iso->out->n_lanes == 1)
        return;
    csin_isolate_deadline(iso, 1);
    bool was_out_of_time = iso->out->out_of_time;
    for (uint32_t o = 0; o < iso->n; o++) {
        if (iso->best->slowdown[o] <= 1 + CSIN_ISOLATE_NEEDED)
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
        t->weights[o] = CSIN_MAX_WEIGHT;
        if (csin_trial_run(iso, &t) && isfinite(t->worst))
            iso->out->owners[o].first = t->slowdown[o];
    }
    iso->out->out_of_time = was_out_of_time; /* the search is none the worse for it */
}
