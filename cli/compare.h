/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What comparing and checking against what was expected share. */
#ifndef CSIN_CLI_COMPARE_H
#define CSIN_CLI_COMPARE_H

#include "cli/command.h"
#include "reports/compare.h"

/* What --tolerance says: 2%, or METRIC=2%, whose name is malloc'ed. A usage error otherwise. */
void csin_pick_tolerance(struct argp_state *state, const char *text, struct csin_tolerances *to);

/* A document of csin in JSON, or a fabric. */
enum csin_status csin_document_open(const char *path, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_document *ret);

#endif
