/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/sweep_cells.h"

#include <math.h>
#include <string.h>

/* The axis of a name; NULL, and says so, where there is none. */
static const struct csin_swept_axis *find_axis(const struct csin_swept *s, const char *name,
                                               struct csin_diag *diag)
{
    const char *names[CSIN_MAX_AXES];
    for (uint32_t a = 0; a < s->n_axes; a++) {
        names[a] = s->axes[a].name;
        if (strcmp(names[a], name) == 0)
            return &s->axes[a];
    }
    const char *near = csin_nearest(name, names, s->n_axes);
    csin_error(diag, CSIN_E_USAGE, 897, (struct csin_loc){0}, "the sweep has no axis '%s'%s%s%s",
               csin_brief(name, SIZE_MAX).s, near ? "; did you mean '" : "", near ? near : "",
               near ? "'?" : "");
    return NULL;
}

static const struct csin_swept_metric *find_metric(const struct csin_swept *s, const char *name,
                                                   struct csin_arena *arena, struct csin_diag *diag)
{
    const char **names = csin_arena_alloc(arena, s->n_metrics, sizeof *names);
    if (!names) {
        csin_no_memory(diag);
        return NULL;
    }
    for (uint32_t m = 0; m < s->n_metrics; m++) {
        names[m] = s->metrics[m].name;
        if (strcmp(names[m], name) == 0)
            return &s->metrics[m];
    }
    const char *near = csin_nearest(name, names, s->n_metrics);
    csin_error(diag, CSIN_E_USAGE, 897, (struct csin_loc){0}, "no point has a number '%s'%s%s%s",
               csin_brief(name, SIZE_MAX).s, near ? "; did you mean '" : "", near ? near : "",
               near ? "'?" : "");
    csin_note(diag, (struct csin_loc){0}, "'csin sweep --show DB' lists them");
    return NULL;
}

/* Values of `where`, as indices: [n_where] pairs. */
struct filter {
    uint32_t axis, value;
};

static enum csin_status make_filters(const struct csin_swept *s, const struct csin_where *where,
                                     uint32_t n, struct csin_diag *diag, struct filter *filters)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_swept_axis *axis = find_axis(s, where[i].axis, diag);
        if (!axis)
            return CSIN_E_USAGE;
        filters[i] = (struct filter){(uint32_t)(axis - s->axes), CSIN_NONE};
        for (uint32_t v = 0; v < axis->n_values; v++)
            if (strcmp(axis->values[v], where[i].value) == 0)
                filters[i].value = v;
        if (filters[i].value == CSIN_NONE) {
            csin_error(diag, CSIN_E_USAGE, 897, (struct csin_loc){0}, "axis '%s' has no value '%s'",
                       axis->name, csin_brief(where[i].value, SIZE_MAX).s);
            return CSIN_E_USAGE;
        }
    }
    return CSIN_OK;
}

static bool passes(const struct csin_swept_point *p, const struct filter *filters, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (p->at[filters[i].axis] != filters[i].value)
            return false;
    return true;
}

static void add(struct csin_cell *cell, double x)
{
    cell->min = cell->n ? fmin(cell->min, x) : x;
    cell->max = cell->n ? fmax(cell->max, x) : x;
    cell->mean += x; /* a sum until all are there */
    cell->n++;
}

/* Takes out rows and columns without points, and turns sums into means. */
static void tidy(struct csin_cells *c, const struct csin_cell *all, uint32_t n_over, uint32_t n_by)
{
    for (uint32_t r = 0; r < n_over; r++)
        for (uint32_t k = 0; k < n_by; k++)
            if (all[(size_t)r * n_by + k].n && (!c->n_rows || c->row[c->n_rows - 1] != r))
                c->row[c->n_rows++] = r;
    for (uint32_t k = 0; k < n_by; k++)
        for (uint32_t r = 0; r < n_over; r++)
            if (all[(size_t)r * n_by + k].n && (!c->n_columns || c->column[c->n_columns - 1] != k))
                c->column[c->n_columns++] = k;
    for (uint32_t r = 0; r < c->n_rows; r++)
        for (uint32_t k = 0; k < c->n_columns; k++) {
            struct csin_cell *cell = &c->cells[(size_t)r * c->n_columns + k];
            *cell = all[(size_t)c->row[r] * n_by + c->column[k]];
            if (cell->n)
                cell->mean = fmin(fmax(cell->mean / cell->n, cell->min), cell->max);
            c->n_points += cell->n;
            c->most = cell->n > c->most ? cell->n : c->most;
        }
}

/* Which axes but the two shown differ among the points that count. */
struct others {
    uint32_t first[CSIN_MAX_AXES], repetition;
    bool varies[CSIN_MAX_AXES], repeated, any;
};

static void look_at(struct others *o, const struct csin_swept *s, const struct csin_swept_point *p)
{
    for (uint32_t a = 0; a < s->n_axes; a++) {
        if (!o->any)
            o->first[a] = p->at[a];
        o->varies[a] = o->varies[a] || o->first[a] != p->at[a];
    }
    if (!o->any)
        o->repetition = p->repetition;
    o->repeated = o->repeated || o->repetition != p->repetition;
    o->any = true;
}

static const char *list_others(const struct csin_cells *c, const struct others *o,
                               struct csin_arena *arena)
{
    const char *list = "";
    for (uint32_t a = 0; list && a < c->swept->n_axes; a++)
        if (o->varies[a] && &c->swept->axes[a] != c->over && &c->swept->axes[a] != c->by)
            list = csin_arena_printf(arena, "%s%s%s", list, *list ? ", " : "",
                                     c->swept->axes[a].name);
    return list;
}

struct csin_cell_words csin_cells_words(const struct csin_cells *c)
{
    struct csin_cell_words words = {""};
    if (c->most <= 1)
        return words;
    if (*c->others)
        snprintf(words.s, sizeof words.s, "means over %.100s%s", c->others,
                 c->repeated ? " and repetitions" : "");
    else
        snprintf(words.s, sizeof words.s, "means of %u repetitions", c->most);
    return words;
}

enum csin_status csin_cells_create(const struct csin_swept *s, const struct csin_swept_show *show,
                                   const struct csin_where *where, uint32_t n_where,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_cells *ret_cells)
{
    struct csin_cells c = {.swept = s, .title = show->title};
    struct filter filters[CSIN_MAX_AXES];
    if (n_where > CSIN_MAX_AXES)
        return CSIN_E_USAGE;
    c.metric = find_metric(s, show->metric, arena, diag);
    c.over = find_axis(s, show->over, diag);
    c.by = show->by ? find_axis(s, show->by, diag) : NULL;
    if (!c.metric || !c.over || (show->by && !c.by))
        return CSIN_E_USAGE;
    enum csin_status status = make_filters(s, where, n_where, diag, filters);
    if (status != CSIN_OK)
        return status;
    uint32_t n_over = c.over->n_values, n_by = c.by ? c.by->n_values : 1;
    size_t n = (size_t)n_over * n_by;
    if (n > CSIN_MAX_SWEPT)
        return csin_error(diag, CSIN_E_USAGE, 897, (struct csin_loc){0},
                          "a table of more than a million cells");
    struct csin_cell *all = csin_arena_alloc(arena, n, sizeof *all);
    c.cells = csin_arena_alloc(arena, n, sizeof *c.cells);
    c.row = csin_arena_alloc(arena, n_over, sizeof *c.row);
    c.column = csin_arena_alloc(arena, n_by, sizeof *c.column);
    if (!all || !c.cells || !c.row || !c.column)
        return csin_no_memory(diag);
    struct others others = {0};
    uint32_t over = (uint32_t)(c.over - s->axes), by = c.by ? (uint32_t)(c.by - s->axes) : 0;
    for (uint32_t i = 0; i < s->n_points; i++) {
        const struct csin_swept_point *p = &s->points[i];
        double x = p->metrics[c.metric - s->metrics];
        uint32_t r = p->at[over], k = c.by ? p->at[by] : 0;
        if (p->fate == CSIN_POINT_OK && !isnan(x) && r < n_over && k < n_by &&
            passes(p, filters, n_where)) {
            add(&all[(size_t)r * n_by + k], x);
            look_at(&others, s, p);
        }
    }
    c.others = list_others(&c, &others, arena);
    c.repeated = others.repeated;
    if (!c.others)
        return csin_no_memory(diag);
    tidy(&c, all, n_over, n_by);
    *ret_cells = c;
    return CSIN_OK;
}

struct csin_shown csin_metric_show(const char *unit, double x)
{
    struct csin_shown shown;
    if (isnan(x)) {
        snprintf(shown.s, sizeof shown.s, "-");
        return shown;
    }
    if (strcmp(unit, "s") == 0)
        return csin_show_time(x);
    if (strcmp(unit, "B/s") == 0)
        return csin_show_rate(x);
    if (strcmp(unit, "B") == 0 && x >= 0 && x < 1e18)
        return csin_show_size((uint64_t)x);
    if (strcmp(unit, "W") == 0)
        return csin_show_power(x);
    bool whole = x == floor(x) && fabs(x) < 1e15 && x >= 0;
    struct csin_shown number = whole || x >= 1e5 ? csin_show_count((uint64_t)(x + 0.5))
                                                 : csin_show_fixed(x, x < 10    ? 3
                                                                      : x < 100 ? 2
                                                                                : 1);
    if (strcmp(unit, "1") == 0)
        return number;
    snprintf(shown.s, sizeof shown.s, "%.24s %.12s", number.s, unit);
    return shown;
}

struct csin_shown csin_axis_show(const struct csin_swept_axis *axis, uint32_t value)
{
    struct csin_shown shown;
    if (axis->numeric)
        return csin_number_show(axis->numbers[value]);
    snprintf(shown.s, sizeof shown.s, "%.39s", axis->values[value]);
    return shown;
}
