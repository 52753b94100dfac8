/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/sweep_axes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/rng.h"

/* What `of` may say beside paths. */
static const char *const fault_names[] = {"dead-cables", "dead-switches", "each-cable",
                                          "each-switch", NULL};

struct maker {
    struct csin_sweep *sweep;
    const struct csin_scenario *base;
    struct csin_diag *diag;
};

#define WRONG(m, code, loc, ...) csin_error((m)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__)

/* ---- values ---- */

static enum csin_status room(const struct maker *m, struct csin_axis *axis, uint32_t n)
{
    axis->values = csin_arena_alloc(m->sweep->arena, n, sizeof *axis->values);
    axis->n_values = n;
    return axis->values ? CSIN_OK : csin_no_memory(m->diag);
}

static enum csin_status take_list(const struct maker *m, const struct csin_axis_spec *spec,
                                  struct csin_axis *axis)
{
    const struct csin_value *values = spec->values.items;
    if (spec->values.n == 0)
        return WRONG(m, 884, spec->values.loc, "axis '%s' has no values", axis->name);
    enum csin_status status = room(m, axis, spec->values.n);
    for (uint32_t i = 0; status == CSIN_OK && i < axis->n_values; i++) {
        axis->values[i].value = values[i];
        if (!values[i].is_flow)
            axis->values[i].number = csin_number_read(values[i].text);
    }
    return status;
}

/* The i-th of n numbers from a to b. The ends are exact. */
static double between(double a, double b, double share, bool is_log)
{
    if (share <= 0 || share >= 1)
        return share <= 0 ? a : b;
    return is_log ? a * pow(b / a, share) : a + (b - a) * share;
}

static enum csin_status put_number(const struct maker *m, struct csin_axis *axis, uint32_t i,
                                   struct csin_number number, struct csin_loc loc)
{
    const char *text = csin_arena_printf(m->sweep->arena, "%s", csin_number_write(number).s);
    if (!text)
        return csin_no_memory(m->diag);
    axis->values[i] = (struct csin_axis_value){{text, false, loc}, csin_number_read(text), {""}};
    return CSIN_OK;
}

static bool plain(struct csin_number a)
{
    return a.of == CSIN_OF_COUNT || a.of == CSIN_OF_RATIO;
}

static enum csin_status read_ends(const struct maker *m, const struct csin_axis_spec *spec,
                                  struct csin_number *a, struct csin_number *b)
{
    *a = csin_number_read(spec->from.s);
    *b = csin_number_read(spec->to.s);
    if (a->of == CSIN_OF_NOTHING)
        return WRONG(m, 884, spec->from.loc, "'%s' is not a number",
                     csin_brief(spec->from.s, SIZE_MAX).s);
    if (b->of == CSIN_OF_NOTHING)
        return WRONG(m, 884, spec->to.loc, "'%s' is not a number",
                     csin_brief(spec->to.s, SIZE_MAX).s);
    if (plain(*a) && plain(*b) && a->of != b->of)
        a->of = b->of = CSIN_OF_RATIO;
    if (a->of != b->of)
        return WRONG(m, 884, spec->to.loc, "'%s' and '%s' are not of one kind",
                     csin_brief(spec->from.s, SIZE_MAX).s, csin_brief(spec->to.s, SIZE_MAX).s);
    if (!(a->x < b->x))
        return WRONG(m, 884, spec->from.loc, "the range from %s to %s has nothing in it",
                     csin_brief(spec->from.s, SIZE_MAX).s, csin_brief(spec->to.s, SIZE_MAX).s);
    if (spec->scale.i == CSIN_LOG && a->x <= 0)
        return WRONG(m, 884, spec->from.loc, "a logarithmic range cannot begin at 0");
    return CSIN_OK;
}

static struct csin_rng rng_of(const struct maker *m, const struct csin_axis *axis)
{
    uint64_t x = m->sweep->seed;
    for (const char *c = axis->name; *c; c++)
        x = csin_mix64(x ^ (unsigned char)*c);
    return csin_rng_init(x, 0);
}

/* Rounding may make some alike: keeps the first of each, in ascending order. */
static void sort_and_thin(struct csin_axis *axis)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < axis->n_values; i++) {
        struct csin_axis_value value = axis->values[i];
        uint32_t k = n;
        while (k > 0 && axis->values[k - 1].number.x > value.number.x)
            k--;
        if (k > 0 && axis->values[k - 1].number.x == value.number.x)
            continue;
        memmove(&axis->values[k + 1], &axis->values[k], (n - k) * sizeof value);
        axis->values[k] = value;
        n++;
    }
    axis->n_values = n;
}

static enum csin_status take_range(const struct maker *m, const struct csin_axis_spec *spec,
                                   struct csin_axis *axis)
{
    struct csin_number a, b;
    bool drawn = spec->sample.loc.line;
    struct csin_rng rng = rng_of(m, axis);
    enum csin_status status = read_ends(m, spec, &a, &b);
    if (status != CSIN_OK)
        return status;
    if (!drawn && !spec->count.loc.line)
        return WRONG(m, 884, spec->loc,
                     "axis '%s' does not say how many values: 'count' or 'sample'", axis->name);
    if (drawn && spec->count.loc.line)
        return WRONG(m, 884, spec->sample.loc, "axis '%s' has both 'count' and 'sample'",
                     axis->name);
    uint32_t n = (uint32_t)(drawn ? spec->sample.n : spec->count.n);
    status = room(m, axis, n);
    for (uint32_t i = 0; status == CSIN_OK && i < n; i++) {
        double share = drawn ? (double)(csin_rng_next(&rng) >> 11) * 0x1p-53
                             : (double)i / (double)(n - 1);
        a.x = between(csin_number_read(spec->from.s).x, b.x, share, spec->scale.i == CSIN_LOG);
        status = put_number(m, axis, i, a, spec->from.loc);
    }
    if (status == CSIN_OK && n <= 10000)
        sort_and_thin(axis);
    return status;
}

/* n of the values, in their order. */
static enum csin_status draw_values(const struct maker *m, const struct csin_axis_spec *spec,
                                    struct csin_axis *axis)
{
    struct csin_rng rng = rng_of(m, axis);
    uint32_t left = (uint32_t)spec->sample.n, n = 0;
    if (left > axis->n_values)
        return WRONG(m, 884, spec->sample.loc, "axis '%s' has %u values, fewer than the sample",
                     axis->name, axis->n_values);
    for (uint32_t i = 0; i < axis->n_values; i++)
        if (csin_rng_below(&rng, axis->n_values - i) < left) {
            axis->values[n++] = axis->values[i];
            left--;
        }
    axis->n_values = n;
    return CSIN_OK;
}

static enum csin_status take_each(const struct maker *m, const struct csin_axis_spec *spec,
                                  struct csin_axis *axis)
{
    const char *const *names;
    uint32_t n;
    if (spec->values.loc.line || spec->from.loc.line)
        return WRONG(m, 884, spec->loc, "axis '%s' has its values from the fabric", axis->name);
    if (!csin_fault_names(m->base->fabric, axis->kind == CSIN_AXIS_EACH_SWITCH, axis->among,
                          m->sweep->arena, &names, &n))
        return csin_no_memory(m->diag);
    if (n == 0)
        return WRONG(m, 884, spec->loc, "the fabric has nothing that axis '%s' could break",
                     axis->name);
    enum csin_status status = room(m, axis, n + 1);
    for (uint32_t i = 0; status == CSIN_OK && i <= n; i++)
        axis->values[i].value = (struct csin_value){i ? names[i - 1] : "none", false, spec->loc};
    return status;
}

static enum csin_status check_counts(const struct maker *m, const struct csin_axis *axis)
{
    enum csin_status status = CSIN_OK;
    for (uint32_t i = 0; i < axis->n_values; i++)
        if (axis->values[i].number.of != CSIN_OF_COUNT)
            status = WRONG(m, 884, axis->values[i].value.loc, "'%s' is not a number of dead %s",
                           csin_brief(axis->values[i].value.text, SIZE_MAX).s,
                           axis->kind == CSIN_AXIS_DEAD_CABLES ? "cables" : "switches");
    return status;
}

static enum csin_status check_twice(const struct maker *m, const struct csin_axis *axis)
{
    struct csin_names seen;
    enum csin_status status = CSIN_OK;
    uint32_t old;
    struct csin_arena *scratch = csin_arena_create();
    if (!scratch || !csin_names_init(&seen, scratch, axis->n_values))
        status = csin_no_memory(m->diag);
    for (uint32_t i = 0; status == CSIN_OK && i < axis->n_values; i++)
        if (!csin_names_add(&seen, axis->values[i].value.text, i, &old))
            status = WRONG(m, 884, axis->values[i].value.loc, "'%s' is on axis '%s' twice",
                           csin_brief(axis->values[i].value.text, SIZE_MAX).s, axis->name);
    csin_arena_destroy(scratch);
    return status;
}

static enum csin_status take_values(const struct maker *m, const struct csin_axis_spec *spec,
                                    struct csin_axis *axis)
{
    bool is_range = spec->from.loc.line || spec->to.loc.line;
    enum csin_status status;
    if (axis->kind >= CSIN_AXIS_EACH_CABLE)
        status = take_each(m, spec, axis);
    else if (is_range == (spec->values.loc.line > 0))
        return WRONG(m, 884, spec->loc, "axis '%s' has %s", axis->name,
                     is_range ? "both 'values' and 'from'" : "neither 'values' nor 'from'");
    else if (is_range && !(spec->from.loc.line && spec->to.loc.line))
        return WRONG(m, 884, spec->loc, "axis '%s' has no '%s'", axis->name,
                     spec->from.loc.line ? "to" : "from");
    else
        status = is_range ? take_range(m, spec, axis) : take_list(m, spec, axis);
    if (status == CSIN_OK && spec->sample.loc.line && !is_range)
        status = draw_values(m, spec, axis);
    if (status == CSIN_OK)
        status = check_twice(m, axis);
    if (status == CSIN_OK && axis->paths == NULL && axis->kind < CSIN_AXIS_EACH_CABLE)
        status = check_counts(m, axis);
    return status;
}

/* Values that are names of files beside the scenario: what is in them counts as well. */
static enum csin_status add_files(const struct maker *m, struct csin_axis *axis)
{
    const char *slash = strrchr(m->sweep->scenario, '/');
    int folder = slash ? (int)(slash - m->sweep->scenario + 1) : 0;
    for (uint32_t i = 0; i < axis->n_values; i++) {
        const struct csin_value *value = &axis->values[i].value;
        struct stat st;
        char *text;
        size_t bytes;
        if (value->is_flow || !strchr(value->text, '.') || strlen(value->text) > 1024)
            continue;
        const char *path = *value->text == '/'
                               ? value->text
                               : csin_arena_printf(m->sweep->arena, "%.*s%s", folder,
                                                   m->sweep->scenario, value->text);
        if (!path)
            return csin_no_memory(m->diag);
        if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) ||
            csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
            continue;
        axis->values[i].file = csin_sha256(text, bytes);
        free(text);
    }
    return CSIN_OK;
}

/* ---- axes ---- */

static enum csin_axis_kind kind_of(const char *path)
{
    for (int i = 0; fault_names[i]; i++)
        if (strcmp(fault_names[i], path) == 0)
            return (enum csin_axis_kind)(CSIN_AXIS_DEAD_CABLES + i);
    return CSIN_AXIS_VALUES;
}

static enum csin_status make_axis(const struct maker *m, const struct csin_axis_spec *spec,
                                  struct csin_axis *axis)
{
    const struct csin_text *paths = spec->of.n ? spec->of.items : &spec->name;
    uint32_t n = spec->of.n ? spec->of.n : 1;
    *axis = (struct csin_axis){.name = spec->name.s,
                               .kind = kind_of(paths[0].s),
                               .among = (enum csin_among)spec->among.i,
                               .loc = spec->name.loc};
    for (uint32_t i = 0; n > 1 && i < n; i++)
        if (kind_of(paths[i].s) != CSIN_AXIS_VALUES)
            return WRONG(m, 884, paths[i].loc, "'%s' has to be an axis of its own", paths[i].s);
    if (axis->kind == CSIN_AXIS_VALUES) {
        axis->paths = paths;
        axis->n_paths = n;
        if (spec->among.loc.line)
            return WRONG(m, 884, spec->among.loc, "axis '%s' breaks nothing; 'among' is for %s",
                         axis->name, "dead-cables, dead-switches, each-cable and each-switch");
    }
    if (spec->scale.loc.line && !spec->from.loc.line)
        return WRONG(m, 884, spec->scale.loc, "axis '%s' has no range for 'scale'", axis->name);
    enum csin_status status = take_values(m, spec, axis);
    return status == CSIN_OK && axis->paths ? add_files(m, axis) : status;
}

/* Two axes that change one value, or that both break the same kind of thing in turn. */
static enum csin_status check_paths(const struct maker *m)
{
    enum csin_status status = CSIN_OK;
    struct csin_names seen;
    const struct csin_axis *axes = m->sweep->axes;
    uint32_t n = 0, old;
    for (uint32_t a = 0; a < m->sweep->n_axes; a++)
        n += axes[a].n_paths;
    if (!csin_names_init(&seen, m->sweep->arena, n))
        return csin_no_memory(m->diag);
    for (uint32_t a = 0; a < m->sweep->n_axes; a++)
        for (uint32_t i = 0; i < axes[a].n_paths; i++)
            if (!csin_names_add(&seen, axes[a].paths[i].s, a, &old))
                status = WRONG(m, 885, axes[a].paths[i].loc, "'%s' is changed by axis '%s' as well",
                               axes[a].paths[i].s, axes[old].name);
    return status;
}

enum csin_status csin_sweep_axes(struct csin_sweep *sweep, const struct csin_scenario *base,
                                 struct csin_diag *diag)
{
    struct maker m = {sweep, base, diag};
    const struct csin_axis_spec *specs = sweep->spec.axes.items;
    uint32_t n = sweep->spec.axes.n;
    enum csin_status status = CSIN_OK;
    if (n == 0 || n > CSIN_MAX_AXES)
        return WRONG(&m, 884, sweep->spec.axes.loc, "a sweep has 1 to %u axes, not %u",
                     CSIN_MAX_AXES, n);
    sweep->axes = csin_arena_alloc(sweep->arena, n, sizeof *sweep->axes);
    if (!sweep->axes)
        return csin_no_memory(diag);
    for (uint32_t i = 0; i < n; i++)
        status = csin_first(status, make_axis(&m, &specs[i], &sweep->axes[i]));
    sweep->n_axes = n;
    return status == CSIN_OK ? check_paths(&m) : status;
}
