/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "plan/sweep_axes.h"
#include "plan/sweep_expr.h"

struct opening {
    struct csin_sweep *sweep;
    struct csin_diag *diag;
    const struct csin_expr **constraints; /* [spec.constraints.n] */
    uint64_t *kept;                       /* malloc'ed points so far */
    size_t n_kept, room;
};

/* A file that the sweep names is beside it. */
static const char *beside(const struct csin_sweep *sweep, const char *name)
{
    const char *slash = strrchr(sweep->spec.file, '/');
    if (!slash || name[0] == '/')
        return name;
    return csin_arena_printf(sweep->arena, "%.*s%s", (int)(slash - sweep->spec.file + 1),
                             sweep->spec.file, name);
}

/* ---- constraints ---- */

static enum csin_status read_constraints(struct opening *o)
{
    struct csin_sweep *s = o->sweep;
    const struct csin_text *texts = s->spec.constraints.items;
    uint32_t n = s->spec.constraints.n, n_values = 0;
    struct csin_expr_names names = {.n_axes = s->n_axes};
    enum csin_status status = CSIN_OK;
    if (n > CSIN_MAX_CONSTRAINTS)
        return csin_error(o->diag, CSIN_E_INPUT, 886, s->spec.constraints.loc,
                          "more than %u constraints", CSIN_MAX_CONSTRAINTS);
    for (uint32_t a = 0; a < s->n_axes; a++)
        n_values += s->axes[a].n_values;
    const char **axes = csin_arena_alloc(s->arena, s->n_axes, sizeof *axes);
    const char **values = csin_arena_alloc(s->arena, n_values, sizeof *values);
    o->constraints = csin_arena_alloc(s->arena, n, sizeof *o->constraints);
    if (!axes || !values || !o->constraints)
        return csin_no_memory(o->diag);
    for (uint32_t a = 0; a < s->n_axes; a++) {
        axes[a] = s->axes[a].name;
        for (uint32_t i = 0; i < s->axes[a].n_values && i < 1000; i++)
            values[names.n_values++] = s->axes[a].values[i].value.text;
    }
    names.axes = axes;
    names.values = values;
    for (uint32_t i = 0; i < n; i++)
        status = csin_first(
            status, csin_expr_read(&texts[i], &names, s->arena, o->diag, &o->constraints[i]));
    return status;
}

/* ---- points ---- */

/* Repetitions are the slowest to change, then the first axis. */
static void decode(const struct csin_sweep *s, uint64_t number, struct csin_point *point)
{
    point->number = number;
    for (uint32_t a = s->n_axes; a > 0; a--) {
        point->at[a - 1] = (uint32_t)(number % s->axes[a - 1].n_values);
        number /= s->axes[a - 1].n_values;
    }
    point->repetition = (uint32_t)number;
}

static enum csin_status holds(struct opening *o, const struct csin_point *point, bool *ret)
{
    const struct csin_sweep *s = o->sweep;
    const struct csin_text *texts = s->spec.constraints.items;
    struct csin_expr_value values[CSIN_MAX_AXES];
    for (uint32_t a = 0; a < s->n_axes; a++) {
        const struct csin_axis_value *value = &s->axes[a].values[point->at[a]];
        values[a] = (struct csin_expr_value){value->value.text, value->number};
    }
    *ret = true;
    for (uint32_t i = 0; *ret && i < s->spec.constraints.n; i++) {
        enum csin_status status = csin_expr_holds(o->constraints[i], &texts[i], values, o->diag,
                                                  ret);
        if (status != CSIN_OK)
            return status;
    }
    return CSIN_OK;
}

static enum csin_status count_product(struct opening *o)
{
    struct csin_sweep *s = o->sweep;
    s->n_product = s->repeat;
    for (uint32_t a = 0; a < s->n_axes; a++) {
        s->n_product *= s->axes[a].n_values; /* below 1e7 x 1e6 */
        if (s->n_product > CSIN_MAX_PRODUCT) {
            csin_error(o->diag, CSIN_E_INPUT, 888, s->spec.axes.loc,
                       "the axes have more than %s combinations",
                       csin_show_count(CSIN_MAX_PRODUCT).s);
            csin_note(o->diag, s->spec.axes.loc,
                      "take fewer values, or draw some of an axis: sample: 10");
            return CSIN_E_INPUT;
        }
    }
    return CSIN_OK;
}

static enum csin_status keep_points(struct opening *o)
{
    struct csin_sweep *s = o->sweep;
    struct csin_point point = {0};
    for (uint64_t number = 0; number < s->n_product; number++) {
        bool keep;
        decode(s, number, &point);
        enum csin_status status = holds(o, &point, &keep);
        if (status != CSIN_OK)
            return status;
        if (!keep)
            continue;
        if (!csin_grow(&o->kept, &o->room, o->n_kept + 1, sizeof *o->kept))
            return csin_no_memory(o->diag);
        o->kept[o->n_kept++] = number;
    }
    if (o->n_kept > 0)
        return CSIN_OK;
    return csin_error(o->diag, CSIN_E_INPUT, 888, s->spec.constraints.loc,
                      "the constraints leave no point of %s", csin_show_count(s->n_product).s);
}

/* So many of the points that are left, in their order. */
static void draw_points(struct opening *o)
{
    struct csin_rng rng = csin_rng_init(o->sweep->seed, 1);
    uint64_t left = o->sweep->spec.sample.n;
    size_t n = 0;
    if (!o->sweep->spec.sample.loc.line || left >= o->n_kept)
        return;
    for (size_t i = 0; i < o->n_kept; i++)
        if (csin_rng_below(&rng, o->n_kept - i) < left) {
            o->kept[n++] = o->kept[i];
            left--;
        }
    o->n_kept = n;
}

static enum csin_status make_points(struct opening *o)
{
    struct csin_sweep *s = o->sweep;
    enum csin_status status = count_product(o);
    if (status == CSIN_OK)
        status = keep_points(o);
    if (status != CSIN_OK)
        return status;
    draw_points(o);
    if (o->n_kept > CSIN_MAX_SWEPT)
        return csin_error(o->diag, CSIN_E_INPUT, 888, s->spec.axes.loc, "%s points; at most %s",
                          csin_show_count(o->n_kept).s, csin_show_count(CSIN_MAX_SWEPT).s);
    uint64_t *points = csin_arena_alloc(s->arena, o->n_kept, sizeof *points);
    if (!points)
        return csin_no_memory(o->diag);
    memcpy(points, o->kept, o->n_kept * sizeof *points);
    s->points = points;
    s->n_points = (uint32_t)o->n_kept;
    s->n_left_out = (uint32_t)(s->n_product - o->n_kept);
    return CSIN_OK;
}

static void add_text(struct csin_sha256_stream *sha, const char *text)
{
    csin_sha256_add(sha, text, strlen(text) + 1);
}

void csin_sweep_point(const struct csin_sweep *sweep, uint32_t i, struct csin_point *point)
{
    struct csin_sha256_stream *sha = csin_sha256_start();
    decode(sweep, sweep->points[i], point);
    if (sha) {
        uint64_t seeds[] = {sweep->seed, sweep->seed_given, point->repetition};
        add_text(sha, sweep->inputs.hex);
        csin_sha256_add(sha, seeds, sizeof seeds);
        for (uint32_t a = 0; a < sweep->n_axes; a++) {
            const struct csin_axis_value *value = &sweep->axes[a].values[point->at[a]];
            add_text(sha, sweep->axes[a].name);
            add_text(sha, value->value.text);
            add_text(sha, value->file.hex);
        }
    }
    point->key = csin_sha256_finish(sha);
}

/* ---- opening ---- */

static bool has_path(const struct csin_sweep *s, const char *path)
{
    for (uint32_t a = 0; a < s->n_axes; a++)
        for (uint32_t i = 0; i < s->axes[a].n_paths; i++)
            if (strcmp(s->axes[a].paths[i].s, path) == 0)
                return true;
    return false;
}

/* What all points depend on. */
static enum csin_status digest_inputs(struct csin_sweep *s, const struct csin_scenario *base,
                                      struct csin_diag *diag)
{
    struct csin_sha256_stream *sha = csin_sha256_start();
    if (!sha)
        return csin_no_memory(diag);
    add_text(sha, CSIN_VERSION);
    add_text(sha, s->engine ? s->engine : "");
    add_text(sha, s->parts ? s->parts->digest.hex : "");
    add_text(sha, base->fabric->digest.hex); /* also of files that the fabric names */
    for (uint32_t i = 0; i < base->n_inputs; i++)
        add_text(sha, base->inputs[i].sha256.hex);
    for (uint32_t a = 0; a < s->n_axes; a++) {
        uint32_t kind[] = {s->axes[a].kind, s->axes[a].among, s->axes[a].n_paths};
        add_text(sha, s->axes[a].name);
        csin_sha256_add(sha, kind, sizeof kind);
        for (uint32_t i = 0; i < s->axes[a].n_paths; i++)
            add_text(sha, s->axes[a].paths[i].s);
    }
    s->inputs = csin_sha256_finish(sha);
    return CSIN_OK;
}

static enum csin_status open_parts(struct csin_sweep *s, struct csin_diag *diag)
{
    if (!s->spec.parts.s)
        return CSIN_OK;
    struct csin_parts *parts = csin_arena_alloc(s->arena, 1, sizeof *parts);
    const char *path = beside(s, s->spec.parts.s);
    if (!parts || !path)
        return csin_no_memory(diag);
    s->parts = parts;
    enum csin_status status = csin_parts_open(s->arena, diag, path, parts);
    if (status != CSIN_OK)
        csin_note(diag, s->spec.parts.loc, "the sweep names '%s' here",
                  csin_brief(s->spec.parts.s, SIZE_MAX).s);
    return status;
}

static enum csin_status check_repetitions(const struct csin_sweep *s, struct csin_diag *diag)
{
    if (s->repeat > 1 && has_path(s, "seed"))
        return csin_error(diag, CSIN_E_INPUT, 885, s->spec.repeat.loc,
                          "'repeat' gives each repetition a seed, and an axis does so too");
    return CSIN_OK;
}

static enum csin_status open_base(struct csin_sweep *s, struct csin_diag *diag,
                                  struct csin_scenario **ret_base)
{
    struct csin_overrides overrides = {.engine = s->engine};
    s->scenario = beside(s, s->spec.scenario.s);
    if (!s->scenario)
        return csin_no_memory(diag);
    enum csin_status status = csin_scenario_open(s->scenario, &overrides, s->arena, diag, ret_base);
    for (uint32_t i = 0; status == CSIN_OK && i < (*ret_base)->n_inputs; i++)
        s->files[s->n_files++] = (*ret_base)->inputs[i];
    if (status != CSIN_OK)
        csin_note(diag, s->spec.scenario.loc, "the sweep names '%s' here",
                  csin_brief(s->spec.scenario.s, SIZE_MAX).s);
    if (status == CSIN_OK && (*ret_base)->cluster)
        status = csin_error(diag, CSIN_E_INPUT, 941, s->spec.scenario.loc,
                            "'%s' is the schedule of a cluster, which csin sim and csin check take",
                            csin_brief(s->spec.scenario.s, SIZE_MAX).s);
    return status;
}

/* Every path has to lead somewhere, whatever the points are: one that does not is a mistake of the
 * sweep. A first value that is wrong is not, as another axis may make up for it. */
static enum csin_status check_paths(struct csin_sweep *s, struct csin_diag *diag)
{
    static const unsigned of_paths[] = {880, 881, 882, 115};
    enum csin_status status = CSIN_OK;
    for (uint32_t a = 0; a < s->n_axes; a++) {
        struct csin_diag *trial = csin_diag_create();
        if (!trial)
            return csin_no_memory(diag);
        bool wrong = false;
        if (csin_axis_try(s, a, trial) != CSIN_OK)
            for (size_t i = 0; i < sizeof of_paths / sizeof *of_paths; i++)
                wrong = wrong || csin_diag_has(trial, of_paths[i]);
        csin_diag_destroy(trial);
        if (wrong)
            status = csin_first(status, csin_axis_try(s, a, diag));
    }
    return status;
}

/* An axis of engines decides; otherwise the sweep, which takes the faster one. */
static const char *engine_of(const struct csin_sweep_spec *spec)
{
    const struct csin_axis_spec *axes = spec->axes.items;
    for (uint32_t a = 0; a < spec->axes.n; a++) {
        const struct csin_text *paths = axes[a].of.n ? axes[a].of.items : &axes[a].name;
        for (uint32_t i = 0; i < (axes[a].of.n ? axes[a].of.n : 1); i++)
            if (strcmp(paths[i].s, "engine") == 0)
                return NULL;
    }
    return spec->engine.loc.line ? csin_engine_names[spec->engine.i] : "fluid";
}

static enum csin_status work_out(struct csin_sweep *s, struct csin_diag *diag)
{
    struct opening o = {.sweep = s, .diag = diag};
    struct csin_scenario *base = NULL;
    s->name = s->spec.name.s;
    s->engine = engine_of(&s->spec);
    s->repeat = s->spec.repeat.loc.line ? (uint32_t)s->spec.repeat.n : 1;
    enum csin_status status = csin_first(open_parts(s, diag), open_base(s, diag, &base));
    if (base) {
        s->seed_given = s->spec.seed.loc.line;
        s->seed = s->seed_given ? s->spec.seed.n : base->seed;
        status = csin_first(status, csin_sweep_axes(s, base, diag));
    }
    if (status == CSIN_OK)
        status = check_repetitions(s, diag);
    if (status == CSIN_OK)
        status = check_paths(s, diag);
    if (status == CSIN_OK)
        status = digest_inputs(s, base, diag);
    if (status == CSIN_OK)
        status = read_constraints(&o);
    if (status == CSIN_OK)
        status = make_points(&o);
    free(o.kept);
    csin_scenario_destroy(base);
    return status;
}

enum csin_status csin_sweep_open(const char *path, struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_sweep **ret_sweep)
{
    char *text;
    size_t bytes;
    struct csin_sweep *s = csin_arena_alloc(arena, 1, sizeof *s);
    const char *file = csin_arena_strndup(arena, path, strlen(path));
    if (!s || !file)
        return csin_no_memory(diag);
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    s->arena = arena;
    s->text = csin_sha256(text, bytes);
    status = csin_sweep_spec_read(arena, diag, file, text, bytes, &s->spec);
    free(text);
    if (status == CSIN_OK)
        status = work_out(s, diag);
    if (status == CSIN_OK)
        *ret_sweep = s;
    return status;
}
