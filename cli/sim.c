/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin sim: simulate a scenario. */
#include <stdlib.h>
#include <string.h>

#include "cli/bom.h"
#include "cli/command.h"
#include "reports/cluster_report.h"
#include "reports/page.h"
#include "reports/picture.h"
#include "reports/report.h"

struct arguments {
    const char *scenario, *format, *output, *dump, *parts, *chains;
    struct csin_overrides overrides;
    unsigned picture;
    bool picture_given;
    bool summary, no_cache, fail_on_congestion;
};

enum {
    KEY_DUMP = 256,
    KEY_CHAINS,
    KEY_ENGINE,
    KEY_PLAN,
    KEY_ROUTING,
    KEY_CONGESTION,
    KEY_SEED,
    KEY_NO_CACHE,
    KEY_FAIL_ON,
    KEY_SUMMARY,
    KEY_PARTS,
    KEY_PICTURE
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write the result to FILE; its extension sets the format", 0},
    {"format", 'f', "FORMAT", 0, "text (the default), json, csv, html, svg or md", 0},
    {"picture", KEY_PICTURE, "NAME", 0,
     "with svg: fabric (the default), heat, timeline or slowdowns", 0},
    {"parts", KEY_PARTS, "CATALOGUE", 0, "with html: also the bill of materials, by this catalogue",
     0},
    {"summary", KEY_SUMMARY, 0, 0, "with -o: also print the text summary", 0},
    {"dump-schedule", KEY_DUMP, "FILE", 0, "write every transfer and delay to FILE as text", 0},
    {"dump-chains", KEY_CHAINS, "FILE", 0,
     "write the chain table to FILE as 3FS's admin_cli upload-chains takes it", 0},
    {"plan", KEY_PLAN, "FILE", 0, "change the scenario as this plan says", 0},
    {"engine", KEY_ENGINE, "NAME", 0, "simulate with this engine instead of the scenario's", 0},
    {"routing", KEY_ROUTING, "POLICY", 0,
     "route by this policy: dmodk, random, ecmp, spray, least-loaded, dmodk-one-vl, or lft:FILE, "
     "the "
     "tables of FILE",
     0},
    {"congestion", KEY_CONGESTION, "MODEL", 0, "share cables by this model: fair or lossless", 0},
    {"seed", KEY_SEED, "N", 0, "draw by this seed", 0},
    {"no-cache", KEY_NO_CACHE, 0, 0, "run every job alone again, even if it is known", 0},
    {"fail-on", KEY_FAIL_ON, "WHAT", 0, "WHAT is congestion: exit with 4 if there is any", 0},
    {0},
};

static bool is_same(const char *a, const char *b)
{
    return b && strcmp(a, b) == 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    static const char *const events[] = {"congestion", NULL};
    struct csin_routing routing;
    switch (key) {
    case 'o':
        arguments->output = arg;
        return 0;
    case 'f':
        arguments->format = arg;
        return 0;
    case KEY_SUMMARY:
        arguments->summary = true;
        return 0;
    case KEY_PICTURE:
        arguments->picture = (unsigned)csin_pick_name(state, "picture", arg, csin_picture_names);
        arguments->picture_given = true;
        return 0;
    case KEY_PARTS:
        arguments->parts = arg;
        return 0;
    case KEY_DUMP:
        arguments->dump = arg;
        return 0;
    case KEY_CHAINS:
        arguments->chains = arg;
        return 0;
    case KEY_ENGINE:
        csin_pick_name(state, "engine", arg, csin_engine_names);
        arguments->overrides.engine = arg;
        return 0;
    case KEY_PLAN:
        arguments->overrides.plan = arg;
        return 0;
    case KEY_ROUTING:
        routing = csin_pick_routing(state, arg);
        arguments->overrides.routing = csin_policy_name(routing.policy);
        arguments->overrides.lft = routing.file;
        return 0;
    case KEY_CONGESTION:
        csin_pick_name(state, "congestion model", arg, csin_congestion_names);
        arguments->overrides.congestion = arg;
        return 0;
    case KEY_SEED:
        arguments->overrides.seed = csin_pick_seed(state, arg);
        arguments->overrides.seed_given = true;
        return 0;
    case KEY_NO_CACHE:
        arguments->no_cache = true;
        return 0;
    case KEY_FAIL_ON:
        csin_pick_name(state, "thing to fail on", arg, events);
        arguments->fail_on_congestion = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->scenario)
            argp_error(state, "one scenario at a time");
        if (csin_fabric_is_line(arg))
            argp_error(state,
                       "'%s' is a fabric; name a scenario file, which names it: fabric: \"%s\"",
                       arg, arg);
        arguments->scenario = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a scenario file");
        return 0;
    case ARGP_KEY_END:
        if (arguments->summary && !arguments->output)
            argp_error(state, "--summary goes with -o FILE");
        if (arguments->dump && strcmp(arguments->dump, "-") == 0 && !arguments->output)
            argp_error(state, "the result and the schedule cannot both go to standard output");
        if (arguments->chains &&
            (is_same(arguments->chains, arguments->dump) ||
             is_same(arguments->chains, arguments->output) || strcmp(arguments->chains, "-") == 0))
            argp_error(state, "the chain table needs a file of its own");
        if (arguments->dump && arguments->output && strcmp(arguments->dump, arguments->output) == 0)
            argp_error(state, "the result and the schedule cannot both go to '%s'",
                       arguments->dump);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse,
    "SCENARIO",
    "Simulates a scenario: all of it together, and each job and storage stream alone to compare "
    "with.\v"
    "The result says whether the fabric is congestion-free, how fast each job and stream was, and "
    "which "
    "arcs are to blame, with whose traffic. Exits with 1 when the simulation could not finish, 3 "
    "when a "
    "file is wrong, 4 under --fail-on congestion when there is any.",
    0,
    0,
    0,
};

static struct csin_format get_format(int i)
{
    return (struct csin_format){csin_report_writers[i].name, csin_report_writers[i].extension};
}

/* ---- the schedule of a cluster ---- */

static struct csin_format get_cluster_format(int i)
{
    return (struct csin_format){csin_cluster_writers[i].name, csin_cluster_writers[i].extension};
}

static enum csin_status write_cluster(const char *path, int format,
                                      const struct csin_scenario *scenario,
                                      const struct csin_cluster_result *result,
                                      struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = csin_output_open(&output, diag, path);
    if (status != CSIN_OK)
        return status;
    csin_cluster_writers[format].write(scenario, result, output.stream);
    return csin_output_commit(&output, diag);
}

static enum csin_status run_cluster(const struct arguments *arguments, struct csin_arena *arena,
                                    const struct csin_scenario *scenario, struct csin_diag *diag)
{
    struct csin_display display;
    struct csin_cluster_result *result = NULL;
    int format = csin_pick_format(diag, arguments->format, arguments->output, get_cluster_format);
    if (format < 0)
        return CSIN_E_USAGE;
    if (arguments->dump || arguments->fail_on_congestion)
        return csin_error(diag, CSIN_E_USAGE, 941, (struct csin_loc){0},
                          "%s is for scenarios without 'cluster'",
                          arguments->dump ? "--dump-schedule" : "--fail-on congestion");
    enum csin_status status = csin_try_output(arguments->output, diag);
    if (status != CSIN_OK)
        return status;
    struct csin_simulation simulation = csin_display_start(&display, arena, arguments->no_cache);
    status = csin_cluster_simulate(scenario, &simulation, diag, &result);
    csin_display_end(&display);
    if (status == CSIN_OK)
        status = write_cluster(arguments->output, format, scenario, result, diag);
    if (status == CSIN_OK && arguments->summary)
        status = write_cluster(NULL, 0, scenario, result, diag);
    csin_cluster_result_destroy(result);
    return status;
}

/* ---- the command ---- */

static enum csin_status dump(const struct arguments *arguments,
                             const struct csin_scenario *scenario,
                             const struct csin_schedule *schedule, struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = csin_output_open(&output, diag, arguments->dump);
    if (status != CSIN_OK)
        return status;
    csin_schedule_dump(schedule, scenario->fabric, scenario->owners, output.stream);
    return csin_output_commit(&output, diag);
}

static enum csin_status dump_chains(const struct arguments *arguments,
                                    const struct csin_scenario *scenario, struct csin_diag *diag)
{
    static const struct csin_loc nowhere = {0};
    struct csin_output output;
    if (scenario->n_chains != 1)
        return csin_error(diag, CSIN_E_INPUT, 927, nowhere,
                          "'%s' has %u chain tables; --dump-chains is for scenarios with one",
                          scenario->name, scenario->n_chains);
    enum csin_status status = csin_output_open(&output, diag, arguments->chains);
    if (status != CSIN_OK)
        return status;
    if (csin_chains_write(&scenario->chains[0], output.stream))
        return csin_output_commit(&output, diag);
    csin_output_abandon(&output);
    return csin_error(diag, CSIN_E_INPUT, 927, scenario->chains[0].loc,
                      "the numbers of 3FS are too short for '%s': at most 99 targets on an SSD",
                      scenario->chains[0].name);
}

static enum csin_status simulate(const struct arguments *arguments, int format,
                                 struct csin_arena *arena, const struct csin_scenario *scenario,
                                 const struct csin_schedule *schedule, struct csin_diag *diag,
                                 struct csin_result **ret_result)
{
    struct csin_display display;
    struct csin_simulation simulation = csin_display_start(&display, arena, arguments->no_cache);
    simulation.timeline = csin_report_writers[format].write_page;
    enum csin_status status = csin_simulate(scenario, schedule, &simulation, diag, ret_result);
    csin_display_end(&display);
    return status;
}

/* What pictures need besides the result. */
static enum csin_status make_page(const struct arguments *arguments,
                                  const struct csin_result *result, struct csin_arena *arena,
                                  struct csin_diag *diag, struct csin_page *page)
{
    const struct csin_fabric *fabric = result->scenario->fabric;
    struct csin_fabric_facts *facts = csin_arena_alloc(arena, 1, sizeof *facts);
    struct csin_fabric_view view = {.fabric = fabric};
    enum csin_status status = facts ? csin_fabric_analyze(fabric, arena, diag, facts)
                                    : csin_no_memory(diag);
    if (status == CSIN_OK && arguments->parts)
        status = csin_bom_attach(arguments->parts, !result->scenario->inputs[1].path, arena, diag,
                                 &view);
    *page = (struct csin_page){.title = result->scenario->name,
                               .fabric = fabric,
                               .facts = facts,
                               .result = result,
                               .bom = view.bom,
                               .picture = arguments->picture};
    return status;
}

static enum csin_status write_result(const struct arguments *arguments, int format,
                                     const struct csin_result *result, struct csin_arena *arena,
                                     struct csin_diag *diag)
{
    const struct csin_report_writer *writer = &csin_report_writers[format];
    struct csin_output output;
    struct csin_page page;
    enum csin_status status = writer->write_page ? make_page(arguments, result, arena, diag, &page)
                                                 : CSIN_OK;
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, arguments->output);
    if (status != CSIN_OK)
        return status;
    if (writer->write_page)
        writer->write_page(&page, output.stream);
    else
        writer->write(result, output.stream);
    status = csin_output_commit(&output, diag);
    if (status != CSIN_OK || !arguments->summary)
        return status;
    status = csin_output_open(&output, diag, NULL);
    if (status != CSIN_OK)
        return status;
    csin_report_text(result, output.stream);
    return csin_output_commit(&output, diag);
}

/* Options that say something about one format are refused with another. */
static bool suits_format(const struct arguments *arguments, const char *format,
                         struct csin_diag *diag)
{
    if (arguments->picture_given && strcmp(format, "svg") != 0)
        csin_error(diag, CSIN_E_USAGE, 850, (struct csin_loc){0},
                   "--picture is for format svg, not '%s'", format);
    else if (arguments->parts && strcmp(format, "html") != 0)
        csin_error(diag, CSIN_E_USAGE, 850, (struct csin_loc){0},
                   "--parts is for format html, not '%s'", format);
    else
        return true;
    return false;
}

static enum csin_status run(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    const struct arguments *arguments = the_arguments;
    struct csin_scenario *scenario = NULL;
    struct csin_schedule schedule = {0};
    struct csin_result *result = NULL;
    int format = csin_pick_format(diag, arguments->format, arguments->output, get_format);
    if (format < 0 || !suits_format(arguments, csin_report_writers[format].name, diag))
        return CSIN_E_USAGE;
    enum csin_status status = csin_scenario_open(arguments->scenario, &arguments->overrides, arena,
                                                 diag, &scenario);
    if (status == CSIN_OK) {
        const char *files[CSIN_MAX_INPUTS + 2] = {arguments->dump, arguments->chains};
        int n = (int)scenario->n_inputs;
        for (int i = 0; i < n; i++)
            files[i + 2] = scenario->inputs[i].path;
        if (!csin_spares(diag, arguments->output, files, n + 2) ||
            !csin_spares(diag, arguments->dump, files + 1, n + 1) ||
            !csin_spares(diag, arguments->chains, files + 2, n))
            status = CSIN_E_USAGE;
    }
    if (status == CSIN_OK && scenario->cluster) {
        status = run_cluster(arguments, arena, scenario, diag);
        csin_scenario_destroy(scenario);
        return status;
    }
    if (status == CSIN_OK)
        status = csin_scenario_schedule(scenario, CSIN_NONE, diag, &schedule);
    if (status == CSIN_OK)
        status = csin_try_output(arguments->output, diag);
    if (status == CSIN_OK && arguments->dump)
        status = dump(arguments, scenario, &schedule, diag);
    if (status == CSIN_OK && arguments->chains)
        status = dump_chains(arguments, scenario, diag);
    if (status == CSIN_OK)
        status = simulate(arguments, format, arena, scenario, &schedule, diag, &result);
    if (status == CSIN_OK)
        status = write_result(arguments, format, result, arena, diag);
    if (status == CSIN_OK && arguments->fail_on_congestion && !result->congestion_free)
        status = CSIN_E_NO;
    csin_result_destroy(result);
    csin_schedule_finish(&schedule);
    csin_scenario_destroy(scenario);
    return status;
}

int csin_command_sim(int argc, char **argv)
{
    struct arguments arguments = {0};
    csin_parse(&argp, argc, argv, &arguments);
    return csin_run_command(run, &arguments);
}
