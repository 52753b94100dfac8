/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `csin plan` does besides planning a scenario: sizing a fabric, and asking which upgrade
 * helps. */
#ifndef CSIN_CLI_SIZE_H
#define CSIN_CLI_SIZE_H

#include "cli/command.h"

struct csin_size_request {
    const char *requirements; /* file; of upgrades: */
    const char *scenario;     /* file */
    const struct csin_overrides *overrides;
    const char *parts;           /* file; NULL: the one of the requirements, or none */
    const char *format, *output; /* of sizing: a file, or a folder for all there is */
    double time_limit_s;
    bool (*stop)(void *arg);
};

enum csin_status csin_size_show(const struct csin_size_request *request, struct csin_arena *arena,
                                struct csin_diag *diag);
enum csin_status csin_upgrades_show(const struct csin_size_request *request,
                                    struct csin_arena *arena, struct csin_diag *diag);

/* True where the file has the key that only requirements have. */
bool csin_is_requirements(const char *path);
enum csin_status csin_check_requirements(const char *path, struct csin_arena *arena,
                                         struct csin_diag *diag);

#endif
