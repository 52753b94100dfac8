/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "plan/isolate_inside.h"

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

bool csin_isolate_fill(struct isolator *iso)
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
    else if (out->worst_before > 1 + CSIN_ISOLATE_NEEDED && out->n_lanes == 1)
        out->answer = CSIN_ISOLATION_ONE_LANE;
    else if (out->out_of_time)
        out->answer = CSIN_ISOLATION_OUT_OF_TIME;
    csin_isolate_explain(iso, bound_arc);
    return !iso->is_out_of_memory;
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
