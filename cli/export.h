/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin topo --export DIR: a folder of all files that those who build and run a fabric need. */
#ifndef CSIN_CLI_EXPORT_H
#define CSIN_CLI_EXPORT_H

#include "sim/scenario.h"
#include "topo/export.h"

struct csin_export {
    const char *folder;
    struct csin_fabric_view view;         /* with routes */
    const struct csin_scenario *scenario; /* NULL: a fabric alone, without classes */
    /* Where the view is of a part that no cable joins to others (topo/part.h): the fabric that it
     * is of, which the scenario is about, and which of how many parts it is, from 1. */
    const struct csin_fabric *whole;
    uint32_t part, n_parts;
    bool of_plan; /* the scenario is as csin plan proposes */
};

/* Writes the folder: all of it or nothing. */
enum csin_status csin_export(const struct csin_export *job, struct csin_arena *arena,
                             struct csin_diag *diag);

/* Warns where the tables of `view`, which has switch routes, have a credit loop, and says what
 * would end it: *ret_remedy in `arena`, NULL without a loop. */
enum csin_status csin_warn_of_loops(const struct csin_fabric_view *view, struct csin_arena *arena,
                                    struct csin_diag *diag, const char **ret_remedy);

#endif
