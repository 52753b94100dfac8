/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>
#include <time.h>

#include "plan/isolate_inside.h"
#include "sim/simulate.h"

#define PATIENCE 10 /* a run may take so many times as long as that of the scenario as it is */

double csin_isolate_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool csin_isolate_has_time(struct isolator *iso)
{
    const struct csin_isolate_options *options = iso->options;
    bool stop = iso->is_out_of_memory || (options->stop && options->stop(options->stop_arg));
    /* The first one is worth going over the limit. */
    double margin_s = iso->out->n_simulated > 1 ? iso->longest_s / 2 : 0;
    if (stop || csin_isolate_now_s() + margin_s > iso->until_s)
        iso->out->out_of_time = true;
    else
        return true;
    if (stop)
        iso->until_s = -HUGE_VAL; /* of all parts of the search to come, too */
    return false;
}

void csin_isolate_deadline(struct isolator *iso, double part)
{
    double end_s = iso->begin_s + iso->options->time_limit_s;
    if (iso->until_s == -HUGE_VAL)
        return;
    iso->until_s = iso->options->time_limit_s <= 0 ? HUGE_VAL
                   : end_s > iso->search_s         ? iso->search_s + part * (end_s - iso->search_s)
                                                   : end_s;
}

/* ---- trials ---- */

struct trial *csin_trial_create(struct isolator *iso, const struct trial *like)
{
    uint32_t n_streams = iso->given->n_streams;
    struct trial *t = csin_arena_alloc(iso->arena, 1, sizeof *t);
    if (t) {
        t->lane_of = csin_arena_alloc(iso->arena, iso->n, sizeof *t->lane_of);
        t->slowdown = csin_arena_alloc(iso->arena, iso->n, sizeof *t->slowdown);
        t->held = csin_arena_alloc(iso->arena, iso->n, sizeof *t->held);
        t->senders = csin_arena_alloc(iso->arena, n_streams, sizeof *t->senders);
        t->concurrency = csin_arena_alloc(iso->arena, n_streams, sizeof *t->concurrency);
    }
    if (!t || !t->lane_of || !t->slowdown || !t->held || !t->senders || !t->concurrency) {
        iso->is_out_of_memory = true;
        return NULL;
    }
    t->n_lanes = 1;
    memset(t->weights, CSIN_EQUAL_WEIGHT, sizeof t->weights);
    for (uint32_t i = 0; i < n_streams; i++) {
        t->senders[i] = like ? like->senders[i] : iso->given->streams[i].senders;
        t->concurrency[i] = like ? like->concurrency[i] : iso->given->streams[i].concurrency;
    }
    if (like) {
        t->as_is = like->as_is;
        t->n_lanes = like->n_lanes;
        memcpy(t->lane_of, like->lane_of, iso->n);
        memcpy(t->weights, like->weights, sizeof t->weights);
    }
    return t;
}

static bool is_same(const struct isolator *iso, const struct trial *a, const struct trial *b)
{
    size_t streams = iso->given->n_streams * sizeof *a->senders;
    if (memcmp(a->senders, b->senders, streams) != 0 ||
        memcmp(a->concurrency, b->concurrency, streams) != 0 || a->as_is != b->as_is ||
        a->wide != b->wide)
        return false;
    return a->as_is || (memcmp(a->lane_of, b->lane_of, iso->n) == 0 &&
                        (a->n_lanes == 1 || memcmp(a->weights, b->weights, a->n_lanes) == 0));
}

bool csin_trial_better(const struct trial *a, const struct trial *b)
{
    if (!isfinite(a->worst) || !isfinite(b->worst))
        return a->worst < b->worst;
    if (a->worst < b->worst * (1 - CSIN_ISOLATE_STEP))
        return true;
    return a->worst <= b->worst * (1 + CSIN_ISOLATE_STEP / 10) &&
           a->sum < b->sum * (1 - CSIN_ISOLATE_STEP);
}

/* VL 0 is left to what has no class, and to other programs, while there are enough. */
uint32_t csin_trial_vl(const struct isolator *iso, const struct trial *t, uint32_t lane)
{
    uint32_t n = t->wide ? CSIN_MAX_LANES : iso->out->n_lanes;
    return t->n_lanes < n ? lane + 1 : lane;
}

/* ---- runs ---- */

/* Where the run at hand is to be given up. A simulation may take hundreds of times as long as that
 * of the scenario as it is: where everybody waits for everybody, rates settle slowly. */
bool csin_isolate_is_over(void *arg)
{
    const struct isolator *iso = arg;
    const struct csin_isolate_options *options = iso->options;
    return (options->stop && options->stop(options->stop_arg)) ||
           csin_isolate_now_s() > iso->abandon_s;
}

/* When. That of the scenario as it is may take twice the time, as nothing can be said without it;
 * that of the answer somewhat more than this one did; all others end with the time, but the first
 * of them, which gets as much again. */
static double abandon_at(const struct isolator *iso, bool watch)
{
    if (!iso->as_is->result)
        return iso->abandon_s;
    double now_s = csin_isolate_now_s(), took_s = iso->as_is_took_s;
    double end_s = iso->begin_s + iso->options->time_limit_s;
    if (watch)
        return fmax(iso->options->time_limit_s > 0 ? end_s : 0, now_s + 1.5 * took_s + 0.2);
    if (iso->out->n_simulated == 1)
        end_s = fmax(end_s, now_s + took_s);
    double patience_s = now_s + PATIENCE * took_s + 1;
    return iso->options->time_limit_s > 0 ? fmin(end_s, patience_s) : patience_s;
}

static enum csin_status run(struct isolator *iso, const struct csin_scenario *sc,
                            double *const *alone, bool watch, struct csin_diag *diag,
                            struct csin_result **ret_result)
{
    const struct csin_isolate_options *options = iso->options;
    struct csin_schedule schedule;
    struct csin_simulation simulation = {.cache_folder = options->cache_folder,
                                         .alone = alone,
                                         .unwatched = !watch,
                                         .stop = csin_isolate_is_over,
                                         .stop_arg = iso};
    if (options->progress)
        options->progress(options->progress_arg, iso->out->n_simulated,
                          iso->best ? iso->best->worst : 0);
    double begin_s = csin_isolate_now_s();
    enum csin_status status = csin_scenario_schedule(sc, CSIN_NONE, diag, &schedule);
    if (status != CSIN_OK)
        return status;
    iso->abandon_s = abandon_at(iso, watch);
    status = csin_simulate(sc, &schedule, &simulation, diag, ret_result);
    csin_schedule_finish(&schedule);
    iso->out->n_simulated++;
    double end_s = csin_isolate_now_s();
    if (status == CSIN_OK)
        iso->longest_s = fmax(iso->longest_s, end_s - begin_s);
    else if (end_s > iso->abandon_s)
        iso->n_abandoned++;
    return status;
}

static double slowdown_of(const struct csin_result *result, uint32_t owner)
{
    uint32_t n_jobs = result->scenario->n_jobs;
    return owner < n_jobs ? result->jobs[owner].slowdown : result->streams[owner - n_jobs].slowdown;
}

static void note(struct isolator *iso, struct trial *t, const struct csin_result *result)
{
    t->worst = t->sum = 0;
    for (uint32_t o = 0; o < iso->n; o++) {
        t->slowdown[o] = result ? slowdown_of(result, o) : HUGE_VAL;
        t->worst = fmax(t->worst, t->slowdown[o]);
        t->sum += t->slowdown[o];
    }
}

/* The scenario with the lanes and knobs of a trial; false without memory. */
static bool dress(struct isolator *iso, const struct trial *t, struct csin_arena *arena,
                  struct csin_scenario *sc)
{
    *sc = iso->sc;
    if (t->wide)
        sc->fabric = &iso->wide;
    sc->streams = csin_arena_alloc(arena, sc->n_streams, sizeof *sc->streams);
    uint8_t *of_owner = csin_arena_alloc(arena, sc->n_owners, sizeof *of_owner);
    if (!sc->streams || !of_owner)
        return false;
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        sc->streams[i] = iso->sc.streams[i];
        sc->streams[i].senders = t->senders[i];
        sc->streams[i].concurrency = t->concurrency[i];
    }
    if (t->as_is)
        return true;
    for (uint32_t o = 0; o < sc->n_owners; o++)
        of_owner[o] = (uint8_t)csin_trial_vl(iso, t, t->lane_of[o]);
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES; vl++)
        sc->lanes.weights[vl] = CSIN_EQUAL_WEIGHT;
    for (uint32_t lane = 0; lane < t->n_lanes; lane++)
        sc->lanes.weights[csin_trial_vl(iso, t, lane)] = t->weights[lane];
    sc->lanes.of_owner = of_owner;
    return true;
}

bool csin_trial_run(struct isolator *iso, struct trial **t)
{
    if (!*t)
        return false;
    for (uint32_t i = 0; i < iso->n_trials; i++)
        if (is_same(iso, iso->trials[i], *t)) {
            *t = iso->trials[i];
            return true;
        }
    if (!csin_isolate_has_time(iso))
        return false;
    struct csin_scenario sc;
    struct csin_arena *arena = csin_arena_create();
    struct csin_result *result = NULL;
    if (!arena || !dress(iso, *t, arena, &sc) ||
        !csin_grow(&iso->trials, &iso->trials_room, iso->n_trials + 1u, sizeof *iso->trials)) {
        iso->is_out_of_memory = true;
        csin_arena_destroy(arena);
        return false;
    }
    /* One that fails, or takes too long to simulate, is a bad one. */
    if (run(iso, &sc, iso->alone, false, NULL, &result) != CSIN_OK)
        result = NULL;
    note(iso, *t, result);
    csin_result_destroy(result);
    csin_arena_destroy(arena);
    (*t)->number = iso->n_trials;
    iso->trials[iso->n_trials++] = *t;
    return true;
}

enum csin_status csin_trial_watch(struct isolator *iso, struct trial *t, struct csin_diag *diag)
{
    struct csin_scenario sc;
    bool is_known = t->worst > 0;
    if (!csin_grow(&iso->trials, &iso->trials_room, iso->n_trials + 1u, sizeof *iso->trials) ||
        !dress(iso, t, iso->arena, &sc))
        return csin_no_memory(iso->diag);
    enum csin_status status = run(iso, &sc, iso->alone, true, diag, &t->result);
    if (status != CSIN_OK)
        return status;
    note(iso, t, t->result);
    memset(t->held, 0, iso->n * sizeof *t->held);
    for (uint32_t i = 0; i < t->result->n_victims; i++)
        t->held[t->result->victims[i].owner] += t->result->victims[i].share;
    if (!is_known)
        iso->trials[iso->n_trials++] = t;
    return CSIN_OK;
}

bool csin_trial_try(struct isolator *iso, struct trial *t)
{
    if (!csin_trial_run(iso, &t) || !csin_trial_better(t, iso->best))
        return false;
    iso->best = t;
    return true;
}

/* ---- pairs ---- */

/* What happens to a job or stream outside of the pair does not happen. */
static bool keep_events(const struct csin_scenario *all, const uint32_t owners[2],
                        struct csin_arena *arena, struct csin_scenario *pair)
{
    pair->n_events = 0;
    pair->events = csin_arena_alloc(arena, all->n_events, sizeof *pair->events);
    uint32_t *items = csin_arena_alloc(arena, 2, sizeof *items);
    if (!pair->events || !items)
        return false;
    items[1] = 1;
    for (uint32_t i = 0; i < all->n_events; i++) {
        struct csin_event event = all->events[i];
        if (event.kind == CSIN_EVENT_STOP || event.kind == CSIN_EVENT_MOVE) {
            if (event.items[0] != owners[0] && event.items[0] != owners[1])
                continue;
            event.items = event.items[0] == owners[0] ? items : items + 1;
        }
        pair->events[pair->n_events++] = event;
    }
    return true;
}

/* A scenario of two owners, the first on lane 0, the other on `lane`. */
static bool make_pair(struct isolator *iso, const uint32_t owners[2], uint8_t lane,
                      struct csin_arena *arena, struct csin_scenario *pair)
{
    const struct csin_scenario *all = &iso->sc;
    const char **names = csin_arena_alloc(arena, 2, sizeof *names);
    uint8_t *of_owner = csin_arena_alloc(arena, 2, sizeof *of_owner);
    *pair = *all;
    pair->jobs = csin_arena_alloc(arena, 2, sizeof *pair->jobs);
    pair->streams = csin_arena_alloc(arena, 2, sizeof *pair->streams);
    if (!names || !of_owner || !pair->jobs || !pair->streams ||
        !keep_events(all, owners, arena, pair))
        return false;
    pair->n_jobs = pair->n_streams = 0;
    for (uint32_t i = 0; i < 2; i++) {
        names[i] = all->owners[owners[i]];
        if (owners[i] < all->n_jobs)
            pair->jobs[pair->n_jobs++] = all->jobs[owners[i]];
        else
            pair->streams[pair->n_streams++] = all->streams[owners[i] - all->n_jobs];
    }
    of_owner[1] = lane;
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES; vl++)
        pair->lanes.weights[vl] = CSIN_EQUAL_WEIGHT;
    pair->lanes.of_owner = of_owner;
    pair->n_owners = 2;
    pair->owners = names;
    return true;
}

bool csin_trial_pair(struct isolator *iso, uint32_t a, uint32_t b, bool together,
                     double ret_slowdown[2])
{
    if (!csin_isolate_has_time(iso))
        return false;
    uint32_t owners[2] = {a, b};
    double *alone[2] = {iso->alone[owners[0]], iso->alone[owners[1]]};
    struct csin_scenario pair;
    struct csin_result *result = NULL;
    struct csin_arena *arena = csin_arena_create();
    bool ok = arena && make_pair(iso, owners, !together, arena, &pair);
    iso->is_out_of_memory |= !ok;
    ok = ok && run(iso, &pair, alone, false, NULL, &result) == CSIN_OK;
    for (uint32_t i = 0; i < 2 && ok; i++)
        ret_slowdown[i] = slowdown_of(result, i);
    if (ok)
        csin_result_destroy(result);
    csin_arena_destroy(arena);
    return ok;
}
