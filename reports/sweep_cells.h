/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One number of a sweep over one axis, with a column for each value of another: what tables and
 * pictures show. A cell takes all points that agree in the two, whatever else varies. */
#ifndef CSIN_REPORTS_SWEEP_CELLS_H
#define CSIN_REPORTS_SWEEP_CELLS_H

#include "reports/sweep_store.h"

struct csin_cell {
    uint32_t n; /* points; 0: none */
    double mean, min, max;
};

struct csin_cells {
    const struct csin_swept *swept;
    const struct csin_swept_metric *metric;
    const struct csin_swept_axis *over, *by; /* by NULL: one column */
    const char *title;
    uint32_t n_rows, n_columns; /* those that have any points */
    uint32_t *row, *column;     /* their values: indices into the axes */
    struct csin_cell *cells;    /* [n_rows x n_columns] */
    uint32_t n_points, most;    /* in all; in the largest cell */
    const char *others;         /* names of other axes that vary within cells; empty: none does */
    bool repeated;              /* so do repetitions */
};

/* Only points whose axis shows this value. */
struct csin_where {
    const char *axis, *value;
};

/* Names that are not there are an error (CSIN-897). Everything is in `arena`. O(points). */
enum csin_status csin_cells_create(const struct csin_swept *swept,
                                   const struct csin_swept_show *show,
                                   const struct csin_where *where, uint32_t n_where,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_cells *ret_cells);

/* What a cell stands for: "mean of 5 repetitions", "mean over size and spines"; empty for one
 * point. */
struct csin_cell_words {
    char s[160];
};
struct csin_cell_words csin_cells_words(const struct csin_cells *cells);

/* A number of a metric for people: '3.2 ms', '24 GB/s', '1.47'. */
struct csin_shown csin_metric_show(const char *unit, double x);
/* The value of an axis: '4 MiB', or the text as it is, at most 38 characters. */
struct csin_shown csin_axis_show(const struct csin_swept_axis *axis, uint32_t value);

/* A drawing of its own (`whole`), or a part of a page, which sets the colours. */
void csin_cells_write_svg(const struct csin_cells *cells, bool whole, FILE *out);
/* A table for a terminal of 80 columns. */
void csin_cells_write_text(const struct csin_cells *cells, FILE *out);

/* What was swept, and what became of it. */
void csin_swept_write_text(const struct csin_swept *swept, FILE *out);
/* A line for each point: number, repetition, knobs, status, message, all metrics. */
void csin_swept_write_csv(const struct csin_swept *swept, FILE *out);
/* A page with the overview and n tables and drawings. */
void csin_swept_write_html(const struct csin_swept *swept, const struct csin_cells *cells,
                           uint32_t n, FILE *out);

#endif
