/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin check --run: scenarios against their expected results. */
#ifndef CSIN_CLI_CHECK_RUN_H
#define CSIN_CLI_CHECK_RUN_H

#include "cli/compare.h"

struct csin_check_run {
    char **paths; /* [n_paths] scenarios, and folders to look for them in */
    int n_paths;
    uint32_t n_jobs;   /* at a time; 0: one for each core */
    const char *junit; /* where to write a report; NULL: nowhere */
    bool update;       /* rewrite what is expected where it differs */
    struct csin_tolerances tolerances;
};

/* Runs them all, each in a process of its own, and prints what differs in the order of their names,
 * however long each takes. CSIN_E_NO where one differs; where one could not be run its status.
 * struct csin_check_run */
enum csin_status csin_check_run(void *check_run, struct csin_arena *arena, struct csin_diag *diag);

#endif
