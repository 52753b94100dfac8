/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sweep as text and as CSV. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/sweep_cells.h"

enum { COLUMNS = 5, MESSAGES = 5 };

/* ---- one table ---- */

/* Where all points of each cell agree, least and most say nothing. */
static bool differs(const struct csin_cells *c)
{
    for (size_t i = 0; i < (size_t)c->n_rows * c->n_columns; i++)
        if (c->cells[i].n && c->cells[i].min < c->cells[i].max)
            return true;
    return false;
}

static void write_block(const struct csin_cells *c, uint32_t from, uint32_t to, FILE *out)
{
    bool spread = !c->by && differs(c);
    fprintf(out, "%-16.16s", c->over->name);
    for (uint32_t k = from; k < to; k++)
        fprintf(out, " %12.12s",
                c->by    ? csin_axis_show(c->by, c->column[k]).s
                : spread ? "mean"
                         : "");
    if (spread)
        fprintf(out, " %12s %12s", "least", "most");
    fputc('\n', out);
    for (uint32_t r = 0; r < c->n_rows; r++) {
        fprintf(out, "%-16.28s", csin_axis_show(c->over, c->row[r]).s);
        for (uint32_t k = from; k < to; k++) {
            const struct csin_cell *cell = &c->cells[(size_t)r * c->n_columns + k];
            fprintf(out, " %12s", cell->n ? csin_metric_show(c->metric->unit, cell->mean).s : "-");
            if (spread)
                fprintf(out, " %12s %12s", csin_metric_show(c->metric->unit, cell->min).s,
                        csin_metric_show(c->metric->unit, cell->max).s);
        }
        fputc('\n', out);
    }
}

void csin_cells_write_text(const struct csin_cells *c, FILE *out)
{
    fprintf(out, "%s\n", c->title ? c->title : c->metric->name);
    struct csin_cell_words words = csin_cells_words(c);
    if (c->title || c->by || *words.s)
        fprintf(out, "%s%s%s%s%s%s\n", c->title ? c->metric->name : "",
                c->title && c->by ? ", " : "", c->by ? "by " : "", c->by ? c->by->name : "",
                *words.s && (c->title || c->by) ? "; " : "", words.s);
    for (uint32_t from = 0; from < c->n_columns; from += COLUMNS) {
        uint32_t to = from + COLUMNS < c->n_columns ? from + COLUMNS : c->n_columns;
        if (from)
            fputc('\n', out);
        write_block(c, from, to, out);
    }
    if (c->n_points == 0)
        fputs("(no points)\n", out);
}

/* ---- the overview ---- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void write_metric(const struct csin_swept *s, uint32_t m, double *scratch, FILE *out)
{
    const char *unit = s->metrics[m].unit;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_points; i++)
        if (s->points[i].fate == CSIN_POINT_OK && !isnan(s->points[i].metrics[m]))
            scratch[n++] = s->points[i].metrics[m];
    if (n == 0)
        return;
    qsort(scratch, n, sizeof *scratch, by_size);
    if (scratch[0] == scratch[n - 1] && scratch[0] == 0) /* nothing to look at */
        return;
    fprintf(out, "%-38s %12s", s->metrics[m].name, csin_metric_show(unit, scratch[0]).s);
    if (scratch[0] != scratch[n - 1])
        fprintf(out, " %12s %12s", csin_metric_show(unit, scratch[n / 2]).s,
                csin_metric_show(unit, scratch[n - 1]).s);
    fputc('\n', out);
}

static void write_axes(const struct csin_swept *s, FILE *out)
{
    for (uint32_t a = 0; a < s->n_axes; a++) {
        const struct csin_swept_axis *axis = &s->axes[a];
        bool same = strcmp(axis->name, axis->of) == 0;
        uint32_t last = axis->n_values - 1;
        fprintf(out, "%-16s ", axis->name);
        if (axis->n_values == 0)
            fputs("no values", out);
        else if (axis->n_values > 8 || (axis->numeric && axis->n_values > 6))
            fprintf(out, "%s to %s, %s values", csin_axis_show(axis, 0).s,
                    csin_axis_show(axis, last).s, csin_show_count(axis->n_values).s);
        else
            for (uint32_t v = 0; v <= last; v++)
                fprintf(out, "%s%s", v ? ", " : "", csin_axis_show(axis, v).s);
        fprintf(out, "%s%s%s\n", same ? "" : "  (", same ? "" : axis->of, same ? "" : ")");
    }
}

/* The first line of a message without its file, so that like ones are counted together. */
static size_t line_length(const char *message)
{
    return strcspn(message, "\n");
}

static void write_messages(const struct csin_swept *s, FILE *out)
{
    const char *seen[MESSAGES];
    uint32_t counts[MESSAGES], n = 0, others = 0;
    for (uint32_t i = 0; i < s->n_points; i++) {
        const char *message = s->points[i].message;
        if (!message)
            continue;
        uint32_t k = 0;
        size_t length = line_length(message);
        while (k < n && (line_length(seen[k]) != length || strncmp(seen[k], message, length) != 0))
            k++;
        if (k < n) {
            counts[k]++;
        } else if (n < MESSAGES) {
            seen[n] = message;
            counts[n++] = 1;
        } else {
            others++;
        }
    }
    if (n)
        fputs("\nPOINTS WITHOUT RESULT\n", out);
    for (uint32_t k = 0; k < n; k++)
        fprintf(out, "%5s  %.*s\n", csin_show_count(counts[k]).s, (int)line_length(seen[k]),
                seen[k]);
    if (others)
        fprintf(out, "%5s  others, in the file\n", csin_show_count(others).s);
}

void csin_swept_write_text(const struct csin_swept *s, FILE *out)
{
    double *scratch = malloc((s->n_points + (size_t)1) * sizeof *scratch);
    fprintf(out, "%s: %s point%s", s->name ? s->name : "?", csin_show_count(s->n_points).s,
            s->n_points == 1 ? "" : "s");
    for (int fate = CSIN_POINT_WRONG; fate < CSIN_N_POINT_FATES; fate++)
        if (s->n_of[fate])
            fprintf(out, ", %s %s", csin_show_count(s->n_of[fate]).s, csin_point_fate_names[fate]);
    fputs("\n\n", out);
    write_axes(s, out);
    if (scratch && s->n_of[CSIN_POINT_OK]) {
        fprintf(out, "\n%-38s %12s %12s %12s\n", "METRIC", "least", "median", "most");
        for (uint32_t m = 0; m < s->n_metrics; m++)
            write_metric(s, m, scratch, out);
    }
    write_messages(s, out);
    free(scratch);
}

/* ---- CSV ---- */

/* RFC 4180: quoted where it has to be. */
static void write_cell(FILE *out, const char *text)
{
    if (!text)
        return;
    if (!strpbrk(text, ",\"\n\r")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++)
        fputs(*text == '"' ? "\"\"" : (char[]){*text, '\0'}, out);
    fputc('"', out);
}

void csin_swept_write_csv(const struct csin_swept *s, FILE *out)
{
    fputs("number,repetition", out);
    for (uint32_t a = 0; a < s->n_axes; a++) {
        fputc(',', out);
        write_cell(out, s->axes[a].name);
    }
    fputs(",status,message", out);
    for (uint32_t m = 0; m < s->n_metrics; m++)
        fprintf(out, ",%s", s->metrics[m].name ? s->metrics[m].name : "");
    fputc('\n', out);
    for (uint32_t i = 0; i < s->n_points; i++) {
        const struct csin_swept_point *p = &s->points[i];
        fprintf(out, "%llu,%u", (unsigned long long)p->number, p->repetition);
        for (uint32_t a = 0; a < s->n_axes; a++) {
            fputc(',', out);
            write_cell(out, p->at[a] < s->axes[a].n_values ? s->axes[a].values[p->at[a]] : NULL);
        }
        fprintf(out, ",%s,", csin_point_fate_names[p->fate]);
        write_cell(out, p->message);
        for (uint32_t m = 0; m < s->n_metrics; m++)
            fprintf(out, ",%s", isnan(p->metrics[m]) ? "" : csin_show_exact(p->metrics[m]).s);
        fputc('\n', out);
    }
}
