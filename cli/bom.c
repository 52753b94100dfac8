/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/bom.h"

#include <stdlib.h>

#include "topo/bom.h"
#include "topo/stray.h"

static struct csin_format get_format(int i)
{
    return (struct csin_format){csin_bom_writers[i].name, csin_bom_writers[i].extension};
}

enum csin_status csin_bom_attach(const char *path, bool any_model, struct csin_arena *arena,
                                 struct csin_diag *diag, struct csin_fabric_view *view)
{
    struct csin_parts *parts = csin_arena_alloc(arena, 1, sizeof *parts);
    struct csin_bom *bom = csin_arena_alloc(arena, 1, sizeof *bom);
    if (!parts || !bom)
        return csin_no_memory(diag);
    enum csin_status status = csin_parts_open(arena, diag, path, parts);
    if (status == CSIN_OK)
        status = csin_bom_create(view->fabric, parts, any_model, arena, diag, bom);
    if (status == CSIN_OK)
        view->bom = bom;
    return status;
}

enum csin_status csin_bom_show(const struct csin_bom_request *request, struct csin_arena *arena,
                               struct csin_diag *diag)
{
    bool line = csin_fabric_is_line(request->fabric);
    struct csin_loc loc = {line ? "SPEC" : NULL, line, line};
    const char *inputs[] = {line ? NULL : request->fabric, request->parts};
    struct csin_fabric *fabric = NULL;
    struct csin_output output;
    int format = csin_pick_format(diag, request->format, request->output, get_format);
    if (format < 0 || !csin_spares(diag, request->output, inputs, 2))
        return CSIN_E_USAGE;
    enum csin_status status = csin_fabric_open(diag, arena, loc, request->fabric, &fabric, NULL);
    struct csin_fabric_view view = {.fabric = fabric};
    if (status == CSIN_OK)
        status = csin_bom_attach(request->parts, line, arena, diag, &view);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, request->output);
    if (status == CSIN_OK) {
        csin_bom_writers[format].write(view.bom, output.stream);
        status = csin_output_commit(&output, diag);
    }
    csin_fabric_destroy(fabric);
    return status;
}

bool csin_is_catalogue(const char *path)
{
    char *text;
    size_t bytes;
    if (csin_fabric_is_line(path) ||
        csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
        return false;
    bool yes = csin_stray_kind(text) == CSIN_NOT_STRAY && csin_parts_is_catalogue(text, bytes);
    free(text);
    return yes;
}

enum csin_status csin_check_catalogue(const char *path, struct csin_arena *arena,
                                      struct csin_diag *diag)
{
    struct csin_parts parts;
    return csin_parts_open(arena, diag, path, &parts);
}
