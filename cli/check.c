/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin check: diagnostics only. */
#include <stdlib.h>
#include <string.h>

#include "cli/bom.h"
#include "cli/command.h"
#include "cli/size.h"
#include "sim/scenario.h"

static error_t parse(int key, char *arg, struct argp_state *state)
{
    int *first = state->input;
    (void)arg;
    switch (key) {
    case ARGP_KEY_ARGS:
        *first = state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name at least one fabric or scenario file");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    NULL,
    parse,
    "FILE...",
    "Says what is wrong with fabrics, scenarios and parts catalogues; silence means nothing is.\v"
    "A file with the key 'scenario' is a scenario and is checked against its fabric; one with the "
    "key 'catalogue' is a parts catalogue, with 'requirements' those of a fabric to be bought; any "
    "other is a fabric. Exits with 3 when a file is "
    "wrong.",
    0,
    0,
    0,
};

/* A file that cannot be read is left to its reader. */
static bool is_scenario(const char *path)
{
    static const char *const names[] = {"scenario", "jobs", "storage", NULL};
    char *text;
    size_t bytes;
    if (csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
        return false;
    bool yes = csin_yaml_top_has(text, bytes, names);
    free(text);
    return yes;
}

static enum csin_status check(void *the_path, struct csin_arena *arena, struct csin_diag *diag)
{
    const char *path = the_path;
    if (csin_is_catalogue(path))
        return csin_check_catalogue(path, arena, diag);
    if (csin_is_requirements(path))
        return csin_check_requirements(path, arena, diag);
    if (csin_fabric_is_line(path) || !is_scenario(path)) {
        struct csin_fabric *fabric = NULL;
        bool line = csin_fabric_is_line(path);
        struct csin_loc loc = {line ? "SPEC" : NULL, line ? 1 : 0, line ? 1 : 0};
        enum csin_status status = csin_fabric_open(diag, arena, loc, path, &fabric, NULL);
        csin_fabric_destroy(fabric);
        return status;
    }
    struct csin_scenario *scenario = NULL;
    struct csin_schedule schedule = {0};
    enum csin_status status = csin_scenario_open(path, NULL, arena, diag, &scenario);
    if (status == CSIN_OK)
        status = csin_scenario_schedule(scenario, CSIN_NONE, diag, &schedule);
    csin_schedule_finish(&schedule);
    csin_scenario_destroy(scenario);
    return status;
}

int csin_command_check(int argc, char **argv)
{
    int first = argc;
    csin_parse(&argp, argc, argv, &first);
    int worst = CSIN_OK;
    for (int i = first; i < argc; i++) {
        int code = csin_run_command(check, argv[i]);
        worst = worst ? worst : code;
    }
    return worst;
}
