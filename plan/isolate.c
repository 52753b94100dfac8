/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/isolate.h"

#include <math.h>
#include <stdlib.h>

#include "plan/isolate_inside.h"
#include "plan/share.h"
#include "sim/simulate.h"

/* ---- as it is ---- */

/* `diag` NULL: what goes wrong is not reported. */
static enum csin_status run_as_it_is(struct isolator *iso, struct csin_diag *diag)
{
    struct csin_simulation simulation = {
        .cache_folder = iso->options->cache_folder, .stop = csin_isolate_is_over, .stop_arg = iso};
    enum csin_status status = CSIN_OK;
    for (uint32_t o = 0; o < iso->n && status == CSIN_OK; o++)
        status = csin_simulate_alone(&iso->sc, o, &simulation, diag, iso->alone[o]);
    double begin_s = csin_isolate_now_s();
    if (status == CSIN_OK)
        status = csin_trial_watch(iso, iso->as_is, diag);
    iso->as_is_took_s = csin_isolate_now_s() - begin_s;
    return status;
}

/* Sets *ret_over where there was no time to see how it is. */
static enum csin_status begin(struct isolator *iso, bool *ret_over)
{
    iso->alone = csin_arena_alloc(iso->arena, iso->n, sizeof *iso->alone);
    iso->as_is = csin_trial_create(iso, NULL);
    if (!iso->alone || !iso->as_is)
        return csin_no_memory(iso->diag);
    for (uint32_t o = 0; o < iso->n; o++) {
        iso->alone[o] = csin_arena_alloc(iso->arena, csin_owner_row_size(&iso->sc, o),
                                         sizeof **iso->alone);
        if (!iso->alone[o])
            return csin_no_memory(iso->diag);
    }
    /* Without a word of lanes it is the same as a trial with one. */
    iso->as_is->as_is = iso->sc.lanes.of_owner != NULL;
    double limit_s = iso->options->time_limit_s;
    iso->abandon_s = limit_s > 0 ? iso->begin_s + 2 * limit_s : HUGE_VAL;
    enum csin_status status = run_as_it_is(iso, NULL);
    iso->best = iso->as_is;
    if (status == CSIN_OK)
        return CSIN_OK;
    *ret_over = csin_isolate_is_over(iso);
    return *ret_over ? status : run_as_it_is(iso, iso->diag); /* which says what is wrong */
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

/* ---- the search ---- */

static enum csin_status search(struct isolator *iso, bool *ret_over)
{
    enum csin_status status = begin(iso, ret_over);
    if (status != CSIN_OK)
        return status;
    iso->search_s = csin_isolate_now_s();
    count_lanes(iso);
    iso->out->n_ways = csin_share_count(iso->n, iso->out->n_lanes, UINT32_MAX);
    if (!make_wide(iso))
        return csin_no_memory(iso->diag);
    bool needed = iso->n > 1 && csin_trial_is_slow(iso->as_is);
    if (needed && iso->out->n_lanes > 1) {
        status = csin_isolate_lanes(iso);
        if (status == CSIN_OK && csin_trial_is_slow(iso->best))
            status = csin_isolate_tune_weights(iso);
        if (status != CSIN_OK)
            return status;
        csin_isolate_merge(iso);
    }
    if (needed && csin_trial_is_slow(iso->best) &&
        (iso->options->knobs || iso->out->n_lanes == 1)) {
        struct trial *without = iso->best;
        csin_isolate_tune_knobs(iso);
        if (iso->options->knobs)
            csin_isolate_merge(iso);
        else
            iso->advice = iso->best;
        iso->best = iso->options->knobs ? iso->best : without;
    }
    if (needed)
        csin_isolate_first(iso);
    /* The figures are known, and stay if that takes too long. */
    for (uint32_t o = 0; iso->best != iso->as_is && o < iso->n; o++)
        iso->best->held[o] = NAN;
    if (iso->best != iso->as_is)
        csin_trial_watch(iso, iso->best, NULL);
    return csin_isolate_fill(iso) ? CSIN_OK : csin_no_memory(iso->diag);
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
    csin_isolate_deadline(&iso, 1);
    bool over = false;
    enum csin_status status = iso.arena && iso.out ? search(&iso, &over) : csin_no_memory(diag);
    for (uint32_t i = 0; i < iso.n_trials; i++)
        csin_result_destroy(iso.trials[i]->result);
    free(iso.trials);
    csin_arena_destroy(iso.arena);
    if (status == CSIN_OK)
        *ret_isolation = iso.out;
    else
        csin_isolation_destroy(iso.out);
    if (!over)
        return status;
    *ret_isolation = NULL;
    return CSIN_OK;
}

void csin_isolation_destroy(struct csin_isolation *isolation)
{
    if (isolation)
        csin_arena_destroy(isolation->arena);
}
