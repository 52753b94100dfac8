/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Showing what a sweep has found. */
#include <string.h>

#include "cli/command.h"
#include "cli/sweep.h"
#include "reports/sweep_cells.h"

enum format { TEXT, CSV, SVG, HTML };

static const struct csin_format formats[] = {
    {"text", ".txt"}, {"csv", ".csv"}, {"svg", ".svg"}, {"html", ".html"}, {NULL, NULL}};

static struct csin_format get_format(int i)
{
    return formats[i];
}

/* axis=value, cut in two. */
static enum csin_status read_where(const struct csin_show_request *request,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_where **ret)
{
    struct csin_where *where = csin_arena_alloc(arena, request->n_where, sizeof *where);
    for (uint32_t i = 0; where && i < request->n_where; i++) {
        const char *text = request->where[i], *sign = strchr(text, '=');
        where[i] = (struct csin_where){csin_arena_strndup(arena, text, (size_t)(sign - text)),
                                       sign + 1};
        if (!where[i].axis)
            return csin_no_memory(diag);
    }
    *ret = where;
    return where ? CSIN_OK : csin_no_memory(diag);
}

/* What was asked for, or else what the sweep file asks for. */
static enum csin_status make_cells(const struct csin_show_request *request,
                                   const struct csin_swept *swept, struct csin_arena *arena,
                                   struct csin_diag *diag, struct csin_cells **ret_cells,
                                   uint32_t *ret_n)
{
    const struct csin_swept_show asked = {request->metric, request->over, request->by,
                                          request->title};
    const struct csin_swept_show *shows = request->metric ? &asked : swept->shows;
    uint32_t n = request->metric ? 1 : swept->n_shows, n_made = 0;
    struct csin_where *where = NULL;
    struct csin_cells *cells = csin_arena_alloc(arena, n, sizeof *cells);
    enum csin_status status = cells ? read_where(request, arena, diag, &where)
                                    : csin_no_memory(diag);
    for (uint32_t i = 0; status == CSIN_OK && i < n; i++) {
        /* A sweep that has not got far has no numbers yet. */
        if (!request->metric && swept->n_of[CSIN_POINT_OK] == 0)
            continue;
        status = csin_cells_create(swept, &shows[i], where, request->n_where, arena, diag,
                                   &cells[n_made++]);
    }
    *ret_cells = cells;
    *ret_n = n_made;
    return status;
}

static void write_as(const struct csin_show_request *request, enum format format,
                     const struct csin_swept *swept, const struct csin_cells *cells, uint32_t n,
                     FILE *out)
{
    switch (format) {
    case CSV:
        csin_swept_write_csv(swept, out);
        return;
    case SVG:
        csin_cells_write_svg(&cells[0], true, out);
        return;
    case HTML:
        csin_swept_write_html(swept, cells, n, out);
        return;
    default:
        if (!request->metric)
            csin_swept_write_text(swept, out);
        for (uint32_t i = 0; i < n; i++) {
            if (i || !request->metric)
                fputc('\n', out);
            csin_cells_write_text(&cells[i], out);
        }
    }
}

enum csin_status csin_sweep_show(const struct csin_show_request *request, struct csin_arena *arena,
                                 struct csin_diag *diag)
{
    struct csin_swept swept;
    struct csin_cells *cells = NULL;
    struct csin_output output;
    uint32_t n = 0;
    int format = csin_pick_format(diag, request->format, request->output, get_format);
    if (format < 0)
        return CSIN_E_USAGE;
    enum csin_status status = csin_swept_read(request->database, arena, diag, &swept);
    if (status == CSIN_OK)
        status = make_cells(request, &swept, arena, diag, &cells, &n);
    if (status == CSIN_OK && format == SVG && n == 0)
        status = csin_error(diag, CSIN_E_USAGE, 897, (struct csin_loc){0},
                            "nothing says what to draw: --metric NAME --over AXIS");
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, request->output);
    if (status != CSIN_OK)
        return status;
    write_as(request, (enum format)format, &swept, cells, n, output.stream);
    status = csin_output_commit(&output, diag);
    if (status == CSIN_OK && swept.n_points && swept.n_of[CSIN_POINT_OK] == 0 && !request->metric)
        return CSIN_E_INPUT;
    return status;
}
