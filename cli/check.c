/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin check: diagnostics, and with --run results against expected ones. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/units.h"
#include "cli/bom.h"
#include "cli/check_run.h"
#include "cli/command.h"
#include "cli/size.h"
#include "cli/sweep.h"
#include "sim/model.h"
#include "sim/scenario.h"
#include "topo/oddities.h"
#include "topo/opensm.h"
#include "topo/slurm.h"

struct arguments {
    int first; /* of the files in argv */
    bool run;
    const char *of_run; /* an option that goes with --run alone */
    struct csin_check_run check_run;
};

enum { KEY_RUN = 256, KEY_JUNIT, KEY_UPDATE, KEY_TOLERANCE };

static const struct argp_option options[] = {
    {"run", KEY_RUN, 0, 0,
     "run each scenario FILE, and those in each folder, and compare the result with the "
     "expected.json beside it",
     0},
    {"jobs", 'j', "N", 0, "with --run: so many at a time (default: one for each core)", 0},
    {"junit", KEY_JUNIT, "FILE", 0, "with --run: also write a report as JUnit XML", 0},
    {"update", KEY_UPDATE, 0, 0, "with --run: rewrite expected.json where it differs", 0},
    {"tolerance", KEY_TOLERANCE, "[METRIC=]P", 0,
     "with --run: differences of up to P are none (default: 1e-9)", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct csin_check_run *run = &arguments->check_run;
    uint64_t n = 0;
    switch (key) {
    case KEY_RUN:
        arguments->run = true;
        return 0;
    case 'j':
        if (csin_read_count(NULL, (struct csin_loc){0}, arg, 1, 4096, &n) != CSIN_OK)
            argp_error(state, "'%s' is not a number of jobs: 1 to 4096", arg);
        run->n_jobs = (uint32_t)n;
        arguments->of_run = "--jobs";
        return 0;
    case KEY_JUNIT:
        run->junit = arg;
        arguments->of_run = "--junit";
        return 0;
    case KEY_UPDATE:
        run->update = true;
        arguments->of_run = "--update";
        return 0;
    case KEY_TOLERANCE:
        csin_pick_tolerance(state, arg, &run->tolerances);
        arguments->of_run = "--tolerance";
        return 0;
    case ARGP_KEY_ARGS:
        arguments->first = state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name at least one fabric or scenario file");
        return 0;
    case ARGP_KEY_END:
        if (arguments->of_run && !arguments->run)
            argp_error(state, "%s goes with --run", arguments->of_run);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse,
    "FILE...",
    "Says what is wrong with fabrics, scenarios, parts catalogues and files of Slurm and OpenSM; "
    "silence means nothing is.\v"
    "A file with the key 'scenario' is a scenario and is checked against its fabric; one with the "
    "key 'catalogue' is a parts catalogue, with 'requirements' those of a fabric to be bought, "
    "with "
    "'model' a model that is trained; any "
    "other is a fabric. A file *.conf is Slurm's "
    "topology.conf, or OpenSM's options or QoS policy, of which OpenSM ignores what is wrong. "
    "Exits "
    "with 3 when a file is wrong, with 4 when a result under --run is not the expected one.",
    0,
    0,
    0,
};

/* True where a line of the text begins with SwitchName, in any case. */
static bool is_slurm(const char *text)
{
    static const char key[] = "SwitchName";
    for (; text; text = strchr(text, '\n')) {
        text += *text == '\n';
        text += strspn(text, " \t");
        if (strncasecmp(text, key, sizeof key - 1) == 0)
            return true;
    }
    return false;
}

/* What Slurm and OpenSM read: which of their files it is, the text says. */
static enum csin_status check_conf(const char *path, struct csin_arena *arena,
                                   struct csin_diag *diag)
{
    char *text;
    size_t bytes;
    struct csin_slurm slurm;
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    if (is_slurm(text))
        status = csin_slurm_read(arena, diag, path, text, bytes, &slurm);
    else if (csin_opensm_is_policy(text, bytes))
        status = csin_opensm_check_policy(arena, diag, path, text, bytes);
    else
        status = csin_opensm_check_options(arena, diag, path, text, bytes);
    free(text);
    return status;
}

/* A model that is trained: read, and its layers worked out. True where the file is one. */
static bool check_model(const char *path, struct csin_arena *arena, struct csin_diag *diag,
                        enum csin_status *ret_status)
{
    static const char *const names[] = {"model", NULL}, *const others[] = {"zones", "hosts", NULL};
    char *text;
    size_t bytes;
    if (csin_fabric_is_line(path) ||
        csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
        return false;
    bool yes = csin_yaml_top_has(text, bytes, names) && !csin_yaml_top_has(text, bytes, others);
    if (yes) {
        struct csin_model_spec spec;
        struct csin_model model;
        *ret_status = csin_model_spec_read(arena, diag, path, text, bytes, &spec);
        if (*ret_status == CSIN_OK)
            *ret_status = csin_model_resolve(&spec, 1, spec.loc, arena, diag, &model);
    }
    free(text);
    return yes;
}

static enum csin_status check(void *the_path, struct csin_arena *arena, struct csin_diag *diag)
{
    const char *path = the_path, *dot = strrchr(path, '.');
    if (dot && strcmp(dot, ".conf") == 0)
        return check_conf(path, arena, diag);
    if (csin_is_catalogue(path))
        return csin_check_catalogue(path, arena, diag);
    if (csin_is_requirements(path))
        return csin_check_requirements(path, arena, diag);
    if (csin_is_sweep(path))
        return csin_check_sweep(path, arena, diag);
    enum csin_status of_model;
    if (!csin_is_scenario(path) && check_model(path, arena, diag, &of_model))
        return of_model;
    if (!csin_is_scenario(path)) {
        struct csin_fabric *fabric = NULL;
        bool line = csin_fabric_is_line(path);
        struct csin_loc loc = {line ? "SPEC" : NULL, line ? 1 : 0, line ? 1 : 0};
        struct csin_oddities oddities = {0};
        enum csin_status status = csin_fabric_open(diag, arena, loc, path, &fabric, NULL);
        if (status == CSIN_OK && fabric->is_discovered)
            status = csin_fabric_oddities(fabric, arena, diag, &oddities);
        csin_oddities_warn(&oddities, diag);
        csin_fabric_destroy(fabric);
        return status;
    }
    struct csin_scenario *scenario = NULL;
    struct csin_schedule schedule = {0};
    enum csin_status status = csin_scenario_open(path, NULL, arena, diag, &scenario);
    if (status == CSIN_OK && !scenario->cluster)
        status = csin_scenario_schedule(scenario, CSIN_NONE, diag, &schedule);
    csin_schedule_finish(&schedule);
    csin_scenario_destroy(scenario);
    return status;
}

int csin_command_check(int argc, char **argv)
{
    struct arguments arguments = {.first = argc, .check_run.tolerances.share = 1e-9};
    csin_parse(&argp, argc, argv, &arguments);
    arguments.check_run.paths = argv + arguments.first;
    arguments.check_run.n_paths = argc - arguments.first;
    if (arguments.run)
        return csin_run_command(csin_check_run, &arguments.check_run);
    int worst = CSIN_OK;
    for (int i = arguments.first; i < argc; i++) {
        int code = csin_run_command(check, argv[i]);
        worst = worst ? worst : code;
    }
    return worst;
}
