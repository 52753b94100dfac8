/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin plan: what to change of a scenario. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/command.h"
#include "cli/export.h"
#include "cli/size.h"
#include "reports/page.h"
#include "reports/plan_offered.h"
#include "reports/plan_report.h"
#include "topo/export.h"
#include "topo/lft.h"

struct arguments {
    const char *scenario, *format, *output, *report, *keep, *folder, *size, *parts, *offered;
    bool routing, isolation, placement, knobs, upgrades, stable;
    double time_limit_s; /* below 0: not given */
    struct csin_overrides overrides;
};

enum {
    KEY_OPTIMIZE = 0x100,
    KEY_STABLE,
    KEY_KEEP,
    KEY_DEPLOY,
    KEY_OFFERED,
    KEY_TIME_LIMIT,
    KEY_ROUTING,
    KEY_ENGINE,
    KEY_CONGESTION,
    KEY_SEED,
    KEY_SIZE,
    KEY_PARTS
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0,
     "write the plan to FILE, which csin sim --plan reads, and its tables beside it (.lft); and a "
     "page for a browser to another FILE.html",
     0},
    {"format", 'f', "FORMAT", 0, "text (the default), json, html, md or svg (of sizes)", 0},
    {"optimize", KEY_OPTIMIZE, "WHAT", 0,
     "a list of placement, routing, isolation and knobs (isolation that may also set "
     "request-to-send and concurrency); default: placement,routing,isolation. Or upgrades: changes "
     "nothing, but says which faster cables would help",
     0},
    {"size", KEY_SIZE, "REQUIREMENTS", 0,
     "in place of a scenario: which fabrics to buy; -o DIR writes them, -o FILE.svg the trade-off",
     0},
    {"parts", KEY_PARTS, "FILE", 0, "with --size and upgrades: prices of this parts catalogue", 0},
    {"deploy", KEY_DEPLOY, "DIR", 0,
     "write the files that opensm, Slurm, NCCL, UCX and 3FS load, as csin topo --export does", 0},
    {"offered", KEY_OFFERED, "FILE", 0,
     "write the offered load to FILE, as CSV: each phase from leaf to leaf and from host to host",
     0},
    {"stable", KEY_STABLE, 0, 0, "change as few entries of the tables as the aim allows", 0},
    {"keep", KEY_KEEP, "FILE", 0,
     "with --stable: against the tables of FILE, as lft:FILE reads them", 0},
    {"time-limit", KEY_TIME_LIMIT, "TIME", 0,
     "end the search after TIME with the best so far (default: 30s, 10min for --size), as Ctrl-C "
     "does",
     0},
    {"routing", KEY_ROUTING, "POLICY", 0, "begin with the tables of this policy, or lft:FILE", 0},
    {"engine", KEY_ENGINE, "NAME", 0, "simulate with this engine: fluid (the default) or simgrid",
     0},
    {"congestion", KEY_CONGESTION, "MODEL", 0, "share cables by this model: fair or lossless", 0},
    {"seed", KEY_SEED, "N", 0, "draw by this seed", 0},
    {0},
};

static const char *const parts[] = {"routing", "upgrades", "isolation", "placement", "knobs", NULL};
static const char *const formats[] = {"text", "json", "svg", "html", "md", NULL};

static void choose_parts(struct argp_state *state, struct arguments *arguments, char *list)
{
    arguments->routing = arguments->isolation = arguments->placement = false;
    for (char *rest = list, *name; (name = strsep(&rest, ","));)
        switch (csin_pick_name(state, "part of a plan", name, parts)) {
        case 0:
            arguments->routing = true;
            break;
        case 1:
            arguments->upgrades = true;
            break;
        case 2:
            arguments->isolation = true;
            break;
        case 3:
            arguments->placement = true;
            break;
        case 4:
            arguments->isolation = arguments->knobs = true;
            break;
        }
    if (arguments->upgrades && (arguments->routing || arguments->isolation || arguments->placement))
        argp_error(state, "ask for upgrades alone: they compare fabrics, not plans");
}

static bool is_page(const char *path)
{
    size_t n = strlen(path);
    return n > 5 && strcmp(path + n - 5, ".html") == 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct csin_routing routing;
    switch (key) {
    case 'o':
        if (is_page(arg))
            arguments->report = arg;
        else
            arguments->output = arg;
        return 0;
    case 'f':
        csin_pick_name(state, "format", arg, formats);
        arguments->format = arg;
        return 0;
    case KEY_OPTIMIZE:
        choose_parts(state, arguments, arg);
        return 0;
    case KEY_STABLE:
        arguments->stable = true;
        return 0;
    case KEY_DEPLOY:
        arguments->folder = arg;
        return 0;
    case KEY_OFFERED:
        arguments->offered = arg;
        return 0;
    case KEY_KEEP:
        arguments->keep = arg;
        arguments->stable = true;
        return 0;
    case KEY_TIME_LIMIT:
        if (csin_read_time(NULL, (struct csin_loc){0}, arg, &arguments->time_limit_s) != CSIN_OK)
            argp_error(state, "'%s' is not a time; write a unit, such as 30s", arg);
        return 0;
    case KEY_ROUTING:
        routing = csin_pick_routing(state, arg);
        arguments->overrides.routing = csin_policy_name(routing.policy);
        arguments->overrides.lft = routing.file;
        return 0;
    case KEY_ENGINE:
        csin_pick_name(state, "engine", arg, csin_engine_names);
        arguments->overrides.engine = arg;
        return 0;
    case KEY_CONGESTION:
        csin_pick_name(state, "congestion model", arg, csin_congestion_names);
        arguments->overrides.congestion = arg;
        return 0;
    case KEY_SEED:
        arguments->overrides.seed = csin_pick_seed(state, arg);
        arguments->overrides.seed_given = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->scenario)
            argp_error(state, "one scenario at a time");
        arguments->scenario = arg;
        return 0;
    case KEY_SIZE:
        arguments->size = arg;
        return 0;
    case KEY_PARTS:
        arguments->parts = arg;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->size && !arguments->scenario)
            argp_error(state, "name a scenario file, or requirements with --size");
        if (arguments->size && arguments->scenario)
            argp_error(state, "--size takes no scenario: requirements have workloads");
        if (!arguments->size && arguments->format && strcmp(arguments->format, "svg") == 0)
            argp_error(state, "format svg is for --size");
        bool page = arguments->report ||
                    (arguments->format && strcmp(arguments->format, "html") == 0);
        if (page && (arguments->size || arguments->upgrades))
            argp_error(state, "a page is written of a plan, not of sizes or upgrades");
        if (!arguments->size && !arguments->upgrades && arguments->output &&
            strcmp(arguments->output, "-") == 0)
            argp_error(state, "a plan needs a file: its tables are written beside it");
        if ((arguments->size || arguments->upgrades) && arguments->offered)
            argp_error(state, "--offered is of a plan for a scenario");
        if (!arguments->size && !arguments->upgrades && arguments->parts)
            argp_error(state, "--parts is for --size and --optimize upgrades");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse,
    "SCENARIO\n--size REQUIREMENTS",
    "Plans what to change of a scenario so that its fabric stays free of congestion: proposes, "
    "simulates, and keeps what helps.\v"
    "Prints what changes, what it is worth by simulation before and after, and why, with a bound "
    "that no plan can beat. Exits with 1 when the simulation could not finish, 3 when a file is "
    "wrong, 4 when congestion remains that no routing avoids, or no fabric meets the requirements.",
    0,
    0,
    0,
};

/* ---- Ctrl-C: the best so far; once more: the end ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    interrupted = 1;
    signal(number, SIG_DFL);
}

static bool is_interrupted(void *arg)
{
    (void)arg;
    return interrupted;
}

/* ---- files ---- */

/* plan.yaml -> plan.lft */
static char *tables_beside(struct csin_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    size_t n = dot && (!slash || dot > slash + 1) && dot != path ? (size_t)(dot - path)
                                                                 : strlen(path);
    return csin_arena_printf(arena, "%.*s.lft", (int)n, path);
}

static enum csin_status write_tables(const struct csin_plan *plan, const char *path,
                                     struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_output output;
    struct csin_ib ib;
    struct csin_switch_routes switch_routes;
    enum csin_status status = csin_ib_identify(plan->scenario->fabric, arena, diag, &ib);
    if (status == CSIN_OK)
        status = csin_switch_routes_create(plan->planned.routes, arena, diag, &switch_routes);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, path);
    if (status != CSIN_OK)
        return status;
    csin_fabric_write_lft(&(struct csin_fabric_view){.fabric = plan->scenario->fabric,
                                                     .routes = plan->planned.routes,
                                                     .ib = &ib,
                                                     .switch_routes = &switch_routes},
                          output.stream);
    return csin_output_commit(&output, diag);
}

/* The tables first: a plan never names tables that are not there. */
static enum csin_status write_files(const struct csin_plan *plan, const char *path,
                                    struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = CSIN_OK;
    const char *tables = NULL, *name = NULL;
    if (plan->routes) {
        tables = tables_beside(arena, path);
        if (!tables)
            return csin_no_memory(diag);
        const char *slash = strrchr(tables, '/');
        name = slash ? slash + 1 : tables;
        status = write_tables(plan, tables, arena, diag);
    }
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, path);
    if (status != CSIN_OK)
        return status;
    csin_plan_write_yaml(plan, name, output.stream);
    return csin_output_commit(&output, diag);
}

static enum csin_status write_offered(const struct csin_plan *plan, const char *path,
                                      struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = csin_output_open(&output, diag, path);
    if (status != CSIN_OK)
        return status;
    if (!csin_offered_write_csv(plan, output.stream)) {
        csin_output_abandon(&output);
        return csin_no_memory(diag);
    }
    return csin_output_commit(&output, diag);
}

static enum csin_status deploy(const struct csin_plan *plan, const char *folder,
                               struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_fabric_facts facts;
    enum csin_status status = csin_fabric_analyze(plan->scenario->fabric, arena, diag, &facts);
    if (status != CSIN_OK)
        return status;
    struct csin_fabric_view view = {
        .fabric = plan->scenario->fabric, .facts = &facts, .routes = plan->planned.routes};
    return csin_export(
        &(struct csin_export){
            .folder = folder, .view = view, .scenario = &plan->planned, .of_plan = true},
        arena, diag);
}

static bool wants_page(const struct arguments *arguments)
{
    return arguments->report || (arguments->format && strcmp(arguments->format, "html") == 0);
}

/* NULL: to standard output. */
static enum csin_status write_page(const struct csin_plan *plan, const char *path,
                                   struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_output output;
    struct csin_fabric_facts facts;
    enum csin_status status = csin_fabric_analyze(plan->scenario->fabric, arena, diag, &facts);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, path);
    if (status != CSIN_OK)
        return status;
    csin_page_write(
        &(struct csin_page){.title = csin_arena_printf(arena, "plan for %s", plan->scenario->name),
                            .fabric = plan->scenario->fabric,
                            .facts = &facts,
                            .result = plan->after,
                            .plan = plan},
        output.stream);
    return csin_output_commit(&output, diag);
}

static enum csin_status print(const struct arguments *arguments, const struct csin_plan *plan,
                              struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_output output;
    if (arguments->format && strcmp(arguments->format, "html") == 0)
        return write_page(plan, NULL, arena, diag);
    enum csin_status status = csin_output_open(&output, diag, NULL);
    if (status != CSIN_OK)
        return status;
    if (arguments->format && strcmp(arguments->format, "md") == 0)
        csin_plan_report_md(plan, output.stream);
    else if (arguments->format && strcmp(arguments->format, "json") == 0)
        csin_plan_report_json(plan, output.stream);
    else
        csin_plan_report_text(plan, output.stream);
    return csin_output_commit(&output, diag);
}

/* Neither the plan nor its tables may be written over what is read. */
static enum csin_status spare_inputs(const struct arguments *arguments,
                                     const struct csin_scenario *scenario, struct csin_arena *arena,
                                     struct csin_diag *diag)
{
    const char *files[CSIN_MAX_INPUTS + 1];
    int n = 0;
    for (uint32_t i = 0; i < scenario->n_inputs; i++)
        files[n++] = scenario->inputs[i].path;
    if (arguments->keep)
        files[n++] = arguments->keep;
    if (!csin_spares(diag, arguments->report, files, n) ||
        (arguments->offered && !csin_spares(diag, arguments->offered, files, n)))
        return CSIN_E_USAGE;
    if (!arguments->output)
        return CSIN_OK;
    const char *tables = tables_beside(arena, arguments->output);
    if (!tables)
        return csin_no_memory(diag);
    return csin_spares(diag, arguments->output, files, n) && csin_spares(diag, tables, files, n)
               ? CSIN_OK
               : CSIN_E_USAGE;
}

static enum csin_status run(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    const struct arguments *arguments = the_arguments;
    struct csin_scenario *scenario = NULL;
    struct csin_plan *plan = NULL;
    struct csin_routes *keep = NULL;
    struct csin_display display;
    struct csin_overrides overrides = arguments->overrides;
    if (!overrides.engine)
        overrides.engine = "fluid"; /* same answers, and many are asked for */
    enum csin_status status = csin_scenario_open(arguments->scenario, &overrides, arena, diag,
                                                 &scenario);
    if (status == CSIN_OK)
        status = csin_refuse_cluster(scenario, diag);
    if (status == CSIN_OK)
        status = spare_inputs(arguments, scenario, arena, diag);
    if (status == CSIN_OK && arguments->keep)
        status = csin_lft_open(scenario->fabric, (struct csin_loc){0}, arguments->keep, diag, NULL,
                               &keep);
    if (status == CSIN_OK)
        status = csin_try_output(arguments->output, diag);
    if (status == CSIN_OK)
        status = csin_try_output(arguments->offered, diag);
    if (status == CSIN_OK && arguments->report)
        status = csin_try_output(arguments->report, diag);
    if (status == CSIN_OK) {
        struct csin_plan_options how = {
            .routing = arguments->routing,
            .isolation = arguments->isolation,
            .placement = arguments->placement,
            .offered = arguments->offered,
            .knobs = arguments->knobs,
            .stable = arguments->stable,
            .keep = keep,
            .time_limit_s = arguments->time_limit_s < 0 ? 30 : arguments->time_limit_s,
            .seed = scenario->seed,
            .stop = is_interrupted,
            .progress = csin_display_what,
            .progress_arg = &display,
            .simulation = csin_display_start(&display, arena, false),
        };
        how.simulation.timeline = wants_page(arguments);
        signal(SIGINT, on_interrupt);
        status = csin_plan_make(scenario, &how, diag, &plan);
        signal(SIGINT, SIG_DFL);
        csin_display_end(&display);
    }
    if (status == CSIN_OK && arguments->output)
        status = write_files(plan, arguments->output, arena, diag);
    if (status == CSIN_OK && arguments->offered)
        status = write_offered(plan, arguments->offered, diag);
    if (status == CSIN_OK && arguments->report)
        status = write_page(plan, arguments->report, arena, diag);
    if (status == CSIN_OK && arguments->folder)
        status = deploy(plan, arguments->folder, arena, diag);
    if (status == CSIN_OK)
        status = print(arguments, plan, arena, diag);
    if (status == CSIN_OK && plan->balanced && plan->balance.bound > CSIN_BALANCE_FULL &&
        !plan->after->congestion_free)
        status = CSIN_E_NO;
    csin_plan_destroy(plan);
    csin_routes_destroy(keep);
    csin_scenario_destroy(scenario);
    return status;
}

static enum csin_status run_beside(void *the_arguments, struct csin_arena *arena,
                                   struct csin_diag *diag)
{
    const struct arguments *arguments = the_arguments;
    struct csin_size_request request = {
        .requirements = arguments->size,
        .scenario = arguments->scenario,
        .overrides = &arguments->overrides,
        .parts = arguments->parts,
        .format = arguments->format,
        .output = arguments->output,
        .time_limit_s = arguments->time_limit_s < 0 ? 600 : arguments->time_limit_s,
        .stop = is_interrupted,
    };
    signal(SIGINT, on_interrupt);
    enum csin_status status = arguments->size ? csin_size_show(&request, arena, diag)
                                              : csin_upgrades_show(&request, arena, diag);
    signal(SIGINT, SIG_DFL);
    return status;
}

int csin_command_plan(int argc, char **argv)
{
    struct arguments arguments = {
        .routing = true, .isolation = true, .placement = true, .time_limit_s = -1};
    csin_parse(&argp, argc, argv, &arguments);
    return csin_run_command(arguments.size || arguments.upgrades ? run_beside : run, &arguments);
}
