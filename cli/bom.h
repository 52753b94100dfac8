/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What commands do with parts catalogues. */
#ifndef CSIN_CLI_BOM_H
#define CSIN_CLI_BOM_H

#include "cli/command.h"
#include "topo/export.h"

struct csin_bom_request {
    const char *fabric, *parts;  /* a file or a line; a file */
    const char *format, *output; /* as --format and -o gave them; may be NULL */
};

/* csin topo --bom: writes the bill of materials. */
enum csin_status csin_bom_show(const struct csin_bom_request *request, struct csin_arena *arena,
                               struct csin_diag *diag);

/* csin topo --parts: gives the writer of a fabric what the catalogue `path` says of it. */
enum csin_status csin_bom_attach(const char *path, bool any_model, struct csin_arena *arena,
                                 struct csin_diag *diag, struct csin_fabric_view *view);

/* csin check: whether a file is a catalogue, as far as it can be read; and what is wrong with it.
 */
bool csin_is_catalogue(const char *path);
enum csin_status csin_check_catalogue(const char *path, struct csin_arena *arena,
                                      struct csin_diag *diag);

#endif
