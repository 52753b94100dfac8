/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin topo: a fabric in any of its formats, or what it takes to build it. */
#include <stdlib.h>
#include <string.h>

#include "base/folder.h"
#include "base/units.h"
#include "cli/bom.h"
#include "cli/command.h"
#include "cli/export.h"
#include "reports/page.h"
#include "topo/export.h"
#include "topo/findings.h"
#include "topo/lft.h"
#include "topo/part.h"
#include "topo/slurm.h"

struct arguments {
    const char *format, *output, *slurm, *folder;
    struct csin_routing routing;
    bool routing_given, seed_given;
    uint64_t seed;
    uint32_t plane; /* from 1; 0: not given */
    const char *parts;
    bool bom, analyze, fail_on_fault;
    struct csin_findings_options findings;
    char *fabric; /* the words of a one-line fabric joined; malloc'ed */
};

enum {
    KEY_ROUTING = 0x100,
    KEY_SEED,
    KEY_ANALYZE,
    KEY_DEAD,
    KEY_FAIL_ON,
    KEY_BOM,
    KEY_PARTS,
    KEY_SLURM,
    KEY_EXPORT,
    KEY_PLANE
};

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0,
     "text (the default), json, dot, svg, yaml, cabling, graphml, simgrid, ibnet, lft, root-guids, "
     "cn-guids, io-guids, node-name-map, slurm, slurm-yaml or html",
     0},
    {"output", 'o', "FILE", 0, "write to FILE; its extension sets the format", 0},
    {"routing", KEY_ROUTING, "POLICY", 0,
     "of forwarding tables: dmodk (the default), random, ecmp, spray, least-loaded, dmodk-one-vl, "
     "or "
     "lft:FILE, the tables of FILE",
     0},
    {"analyze", KEY_ANALYZE, NULL, 0,
     "say what the fabric and its tables are worth, and what to know before deploying them; "
     "text, json or html",
     0},
    {"dead", KEY_DEAD, "NUMBER,...", 0, "with --analyze: cables that die at once (default: 1,2,10)",
     0},
    {"fail-on", KEY_FAIL_ON, "WHAT", 0,
     "with --analyze: WHAT is fault: exit with 4 if there is any", 0},
    {"seed", KEY_SEED, "NUMBER", 0, "of all that is drawn (default: 1)", 0},
    {"bom", KEY_BOM, NULL, 0,
     "write the bill of materials instead: every part, its price and power, as text, json or csv",
     0},
    {"parts", KEY_PARTS, "CATALOGUE", 0,
     "parts and prices for --bom, and lengths for --format cabling", 0},
    {"export", KEY_EXPORT, "DIR", 0,
     "write all files that deploy the fabric into DIR; with a scenario, those of its classes too",
     0},
    {"plane", KEY_PLANE, "NUMBER", 0,
     "write this one of the parts that no cable joins, from 1: each is a subnet of its own", 0},
    {"slurm", KEY_SLURM, "FILE", 0,
     "compare with Slurm's topology.conf in place of showing the fabric; exit 4 if they differ", 0},
    {0},
};

/* Words of a one-line fabric may come as one argument or several. */
static error_t add_word(struct argp_state *state, struct arguments *arguments, const char *word)
{
    if (!arguments->fabric) {
        arguments->fabric = strdup(word);
        return arguments->fabric ? 0 : ENOMEM;
    }
    if (!csin_fabric_is_line(arguments->fabric))
        argp_error(state, "one fabric at a time");
    size_t old = strlen(arguments->fabric), more = strlen(word);
    char *joined = realloc(arguments->fabric, old + more + 2);
    if (!joined)
        return ENOMEM;
    joined[old] = ' ';
    memcpy(joined + old + 1, word, more + 1);
    arguments->fabric = joined;
    return 0;
}

/* Whole numbers between commas. */
static void read_dead(struct argp_state *state, const char *text,
                      struct csin_findings_options *findings)
{
    char *words = strdup(text), *rest = words;
    findings->n_dead = 0;
    for (const char *word; words && (word = strsep(&rest, ","));) {
        uint64_t n = 0;
        if (csin_read_count(NULL, (struct csin_loc){0}, word, 0, 1000000, &n) != CSIN_OK)
            argp_error(state, "'%s' is not a number of cables", word);
        if (n && findings->n_dead == CSIN_MAX_DEAD)
            argp_error(state, "at most %u numbers of dead cables", CSIN_MAX_DEAD);
        if (n)
            findings->dead[findings->n_dead++] = (uint32_t)n;
    }
    free(words);
}

/* An option that is given twice says the same thing, or nobody knows which was meant. */
static void set_once(struct argp_state *state, const char **option, const char *name, char *arg)
{
    if (*option && strcmp(*option, arg) != 0)
        argp_error(state, "%s is both '%s' and '%s'", name, *option, arg);
    *option = arg;
}

static uint32_t read_plane(struct argp_state *state, const char *text)
{
    uint64_t n = 0;
    if (csin_read_count(NULL, (struct csin_loc){0}, text, 1, CSIN_MAX_SWITCHES, &n) != CSIN_OK)
        argp_error(state, "'%s' is not the number of a plane; they count from 1", text);
    return (uint32_t)n;
}

static const char *const failures[] = {"fault", NULL};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'f':
        set_once(state, &arguments->format, "--format", arg);
        return 0;
    case 'o':
        set_once(state, &arguments->output, "--output", arg);
        return 0;
    case KEY_ROUTING:
        arguments->routing = csin_pick_routing(state, arg);
        arguments->routing_given = true;
        return 0;
    case KEY_EXPORT:
        arguments->folder = arg;
        return 0;
    case KEY_SLURM:
        arguments->slurm = arg;
        return 0;
    case KEY_PLANE:
        arguments->plane = read_plane(state, arg);
        return 0;
    case KEY_ANALYZE:
        arguments->analyze = true;
        return 0;
    case KEY_DEAD:
        read_dead(state, arg, &arguments->findings);
        return 0;
    case KEY_FAIL_ON:
        csin_pick_name(state, "thing to fail on", arg, failures);
        arguments->fail_on_fault = true;
        return 0;
    case KEY_SEED:
        arguments->seed = csin_pick_seed(state, arg);
        arguments->seed_given = true;
        return 0;
    case KEY_BOM:
        arguments->bom = true;
        return 0;
    case KEY_PARTS:
        arguments->parts = arg;
        return 0;
    case ARGP_KEY_ARG:
        return add_word(state, arguments, arg);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a fabric file, or write one: 'leaf:4 spine:2 host:16 200Gb/s'");
        return 0;
    case ARGP_KEY_END:
        /* No catalogue is taken by default: nobody should read prices that nobody chose. */
        if (arguments->fail_on_fault && !arguments->analyze)
            argp_error(state, "--fail-on fault needs --analyze, which looks for faults");
        if (arguments->bom && !arguments->parts)
            argp_error(state, "--bom needs --parts CATALOGUE; csin ships an example, "
                              "configs/parts.yaml");
        if (arguments->folder &&
            (arguments->output || arguments->format || arguments->slurm || arguments->bom))
            argp_error(state, "--export writes files of its own: leave out %s",
                       arguments->slurm    ? "--slurm"
                       : arguments->bom    ? "--bom"
                       : arguments->output ? "--output"
                                           : "--format");
        if (arguments->analyze && (arguments->folder || arguments->bom || arguments->slurm))
            argp_error(state, "--analyze and %s exclude each other",
                       arguments->folder ? "--export"
                       : arguments->bom  ? "--bom"
                                         : "--slurm");
        if (arguments->bom && arguments->slurm)
            argp_error(state, "--bom and --slurm exclude each other");
        if (arguments->plane && (arguments->bom || arguments->slurm))
            argp_error(state, "--plane and %s exclude each other",
                       arguments->bom ? "--bom" : "--slurm");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse,
    "FILE|SPEC",
    "Shows a fabric: counts, ports, oversubscription, bisection bandwidth, diameter.\v"
    "SPEC is a fabric in one line, such as: leaf:4 spine:2 host:16 200Gb/s (16 hosts on each "
    "leaf).\n"
    "It may also have storage:N links:N ports:N uplink:RATE latency:TIME, plane:N and rail:N "
    "(hosts with several NICs), pod:N core:N uplinks:N (three layers).",
    0,
    0,
    0,
};

/* What lies right of topo/ writes pages. */
static void write_page(const struct csin_fabric_view *view, FILE *out)
{
    csin_page_write(&(struct csin_page){.title = view->fabric->name,
                                        .fabric = view->fabric,
                                        .facts = view->facts,
                                        .bom = view->bom},
                    out);
}

static const struct csin_fabric_writer page_writers[] = {
    {"html", ".html", "a page for a browser, in one file", write_page, .uses_parts = true},
    {0},
};

static const struct csin_fabric_writer *writer_at(int i)
{
    int n = 0;
    while (csin_fabric_writers[n].name)
        n++;
    return i < n ? &csin_fabric_writers[i] : &page_writers[i - n];
}

static struct csin_format get_format(int i)
{
    return (struct csin_format){writer_at(i)->name, writer_at(i)->extension};
}

/* The routes: by a policy where the writer needs some, those of a file in any case, as it is read
 * to hear what is wrong with it. */
static enum csin_status make_routes(const struct arguments *arguments,
                                    const struct csin_fabric_writer *writer,
                                    const struct csin_fabric *fabric, struct csin_diag *diag,
                                    struct csin_routes **ret_routes)
{
    enum csin_policy policy = arguments->routing.policy;
    if (writer->needs_table && !csin_policy_has_table(policy)) {
        csin_error(diag, CSIN_E_USAGE, 653, (struct csin_loc){0},
                   "routing '%s' has no forwarding tables to write", csin_policy_name(policy));
        csin_note(diag, (struct csin_loc){0},
                  "write --routing dmodk, random, dmodk-one-vl or lft:FILE");
        return CSIN_E_USAGE;
    }
    if (policy == CSIN_LFT)
        return csin_lft_open(fabric, (struct csin_loc){0}, arguments->routing.file, diag, NULL,
                             ret_routes);
    return writer->needs_routes
               ? csin_routes_create(fabric, NULL, policy, arguments->seed, diag, ret_routes)
               : CSIN_OK;
}

static enum csin_status write_view(const struct arguments *arguments,
                                   const struct csin_fabric_writer *writer,
                                   struct csin_fabric_view *view, struct csin_arena *arena,
                                   struct csin_diag *diag)
{
    struct csin_output output;
    struct csin_ib ib;
    struct csin_switch_routes switch_routes;
    const char *remedy;
    enum csin_status status = CSIN_OK;
    if (writer->needs_ib) {
        view->ib = &ib;
        status = csin_ib_identify(view->fabric, arena, diag, &ib);
    }
    if (status == CSIN_OK && writer->needs_table) {
        view->switch_routes = &switch_routes;
        status = csin_switch_routes_create(view->routes, arena, diag, &switch_routes);
    }
    if (status == CSIN_OK && writer->needs_table)
        status = csin_warn_of_loops(view, arena, diag, &remedy);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, arguments->output);
    if (status != CSIN_OK)
        return status;
    writer->write(view, output.stream);
    return csin_output_commit(&output, diag);
}

typedef void findings_writer(const struct csin_fabric *, const struct csin_fabric_facts *,
                             const struct csin_findings *, FILE *);

static void write_findings_page(const struct csin_fabric *fabric,
                                const struct csin_fabric_facts *facts,
                                const struct csin_findings *findings, FILE *out)
{
    csin_page_write(
        &(struct csin_page){
            .title = fabric->name, .fabric = fabric, .facts = facts, .findings = findings},
        out);
}

static const struct {
    struct csin_format format;
    findings_writer *write;
} findings_writers[] = {
    {{"text", ".txt"}, csin_findings_write_text},
    {{"json", ".json"}, csin_findings_write_json},
    {{"html", ".html"}, write_findings_page},
    {{NULL, NULL}, NULL},
};

static struct csin_format get_findings_format(int i)
{
    return findings_writers[i].format;
}

static enum csin_status write_findings(const struct arguments *arguments, int format,
                                       const struct csin_fabric_view *view,
                                       struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_output output;
    struct csin_findings findings;
    enum csin_status status = csin_findings_create(view->fabric, view->facts, view->routes,
                                                   &arguments->findings, arena, diag, &findings);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, arguments->output);
    if (status != CSIN_OK)
        return status;
    findings_writers[format].write(view->fabric, view->facts, &findings, output.stream);
    status = csin_output_commit(&output, diag);
    for (uint32_t i = 0; i < findings.n_advice; i++)
        if (status == CSIN_OK && arguments->fail_on_fault && findings.advice[i].is_fault)
            status = CSIN_E_NO;
    return status;
}

static enum csin_status compare_slurm(const struct arguments *arguments,
                                      const struct csin_fabric *fabric, struct csin_arena *arena,
                                      struct csin_diag *diag)
{
    struct csin_slurm slurm;
    struct csin_slurm_difference difference;
    struct csin_output output;
    enum csin_status status = csin_slurm_open(arena, diag, (struct csin_loc){0}, NULL,
                                              arguments->slurm, &slurm);
    if (status == CSIN_OK)
        status = csin_slurm_compare(fabric, &slurm, arena, diag, &difference);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, arguments->output);
    if (status != CSIN_OK)
        return status;
    csin_slurm_write_difference(&difference, output.stream);
    status = csin_output_commit(&output, diag);
    return status != CSIN_OK || csin_slurm_agrees(&difference) ? status : CSIN_E_NO;
}

/* The fabric of a command and how it is routed. */
struct source {
    const struct csin_fabric *fabric;
    const struct csin_scenario *scenario; /* NULL: a fabric alone */
    struct csin_routing routing;
    struct csin_loc routing_loc;
    uint64_t seed;
    bool is_line;
};

/* All files of `fabric`: the whole one, or part `part` of n. */
static enum csin_status export_one(const struct arguments *arguments, const struct source *source,
                                   const struct csin_fabric *fabric, uint32_t part, uint32_t n,
                                   const char *folder, struct csin_arena *arena,
                                   struct csin_diag *diag)
{
    struct csin_routes *routes = NULL;
    struct csin_fabric_facts facts;
    struct csin_export export = {
        folder, {.fabric = fabric, .facts = &facts}, source->scenario, source->fabric, part, n};
    enum csin_status status = csin_fabric_analyze(fabric, arena, diag, &facts);
    if (status == CSIN_OK && source->routing.policy == CSIN_LFT)
        status = csin_lft_open(fabric, source->routing_loc, source->routing.file, diag, NULL,
                               &routes);
    else if (status == CSIN_OK)
        status = csin_routes_create(fabric, NULL, source->routing.policy, source->seed, diag,
                                    &routes);
    export.view.routes = routes;
    if (status == CSIN_OK && arguments->parts)
        status = csin_bom_attach(arguments->parts, source->is_line, arena, diag, &export.view);
    if (status == CSIN_OK)
        status = csin_export(&export, arena, diag);
    csin_routes_destroy(routes);
    return status;
}

/* Parts that no cable joins are subnets of their own and get a folder each: DIR/p1, DIR/p2. One
 * that was asked for goes into DIR itself. */
static enum csin_status export_all(const struct arguments *arguments, const struct source *source,
                                   struct csin_arena *arena, struct csin_diag *diag)
{
    uint32_t n = csin_fabric_parts(source->fabric, NULL), plane = arguments->plane;
    enum csin_status status = CSIN_OK;
    if (n == CSIN_NONE)
        return csin_no_memory(diag);
    if (n <= 1 && !plane)
        return export_one(arguments, source, source->fabric, 1, 1, arguments->folder, arena, diag);
    if (!plane)
        status = csin_folder_make_parent(diag, arguments->folder);
    for (uint32_t i = plane ? plane : 1; i <= (plane ? plane : n) && status == CSIN_OK; i++) {
        struct csin_fabric *part = NULL;
        const char *folder = plane ? arguments->folder
                                   : csin_arena_printf(arena, "%s/p%u", arguments->folder, i);
        status = folder ? csin_fabric_take_part(source->fabric, i, diag, &part)
                        : csin_no_memory(diag);
        if (status == CSIN_OK)
            status = export_one(arguments, source, part, i, n, folder, arena, diag);
        csin_fabric_destroy(part);
    }
    return status;
}

static enum csin_status export_scenario(const struct arguments *arguments, struct csin_arena *arena,
                                        struct csin_diag *diag)
{
    const struct csin_routing *routing = &arguments->routing;
    bool by_name = arguments->routing_given && !routing->file;
    struct csin_overrides overrides = {.routing = by_name ? csin_policy_names[routing->policy]
                                                          : NULL,
                                       .lft = routing->file,
                                       .seed = arguments->seed,
                                       .seed_given = arguments->seed_given};
    struct csin_scenario *scenario = NULL;
    enum csin_status status = csin_scenario_open(arguments->fabric, &overrides, arena, diag,
                                                 &scenario);
    if (status == CSIN_OK)
        status = csin_refuse_cluster(scenario, diag);
    if (status == CSIN_OK)
        status = export_all(arguments,
                            &(struct source){scenario->fabric,
                                             scenario,
                                             {scenario->policy, scenario->inputs[2].path},
                                             {0},
                                             scenario->seed,
                                             false},
                            arena, diag);
    csin_scenario_destroy(scenario);
    return status;
}

/* The part that was asked for, in place of the whole, which *ret_whole keeps for its names. */
static enum csin_status pick_part(const struct arguments *arguments,
                                  const struct csin_fabric_writer *writer,
                                  struct csin_fabric **fabric, struct csin_fabric **ret_whole,
                                  struct csin_diag *diag)
{
    struct csin_fabric *part;
    if (!arguments->plane) {
        uint32_t n = writer->needs_ib ? csin_fabric_parts(*fabric, NULL) : 1;
        if (n == CSIN_NONE)
            return csin_no_memory(diag);
        if (n > 1) {
            csin_warning(diag, 741, (struct csin_loc){0},
                         "the fabric has %s parts that no cable joins, each a subnet of its own",
                         csin_show_count(n).s);
            csin_note(diag, (struct csin_loc){0},
                      "a subnet manager takes one of them: --plane 1 writes the first");
        }
        return CSIN_OK;
    }
    enum csin_status status = csin_fabric_take_part(*fabric, arguments->plane, diag, &part);
    if (status == CSIN_OK) {
        *ret_whole = *fabric;
        *fabric = part;
    }
    return status;
}

static enum csin_status show_fabric(const struct arguments *arguments, int format,
                                    const struct csin_fabric_writer *writer,
                                    const struct source *source, struct csin_arena *arena,
                                    struct csin_diag *diag)
{
    struct csin_routes *routes = NULL;
    struct csin_fabric_facts facts;
    enum csin_status status = csin_fabric_analyze(source->fabric, arena, diag, &facts);
    if (status == CSIN_OK)
        status = make_routes(arguments, writer, source->fabric, diag, &routes);
    struct csin_fabric_view view = {.fabric = source->fabric, .facts = &facts, .routes = routes};
    if (status == CSIN_OK && arguments->parts && !writer->uses_parts)
        csin_warning(diag, 704, (struct csin_loc){0}, "--parts has no effect on format '%s'",
                     writer->name);
    else if (status == CSIN_OK && arguments->parts)
        status = csin_bom_attach(arguments->parts, source->is_line, arena, diag, &view);
    if (status == CSIN_OK)
        status = arguments->analyze ? write_findings(arguments, format, &view, arena, diag)
                                    : write_view(arguments, writer, &view, arena, diag);
    csin_routes_destroy(routes);
    return status;
}

static enum csin_status show(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    static const struct csin_fabric_writer analysis = {.name = "analysis", .needs_routes = true};
    const struct arguments *arguments = the_arguments;
    if (arguments->bom)
        return csin_bom_show(&(struct csin_bom_request){arguments->fabric, arguments->parts,
                                                        arguments->format, arguments->output},
                             arena, diag);
    if (arguments->folder && csin_is_scenario(arguments->fabric))
        return export_scenario(arguments, arena, diag);
    int format = csin_pick_format(diag, arguments->format, arguments->output,
                                  arguments->analyze ? get_findings_format : get_format);
    if (format < 0)
        return CSIN_E_USAGE;
    const struct csin_fabric_writer *writer = arguments->analyze ? &analysis : writer_at(format);
    struct csin_fabric *fabric = NULL, *whole = NULL;
    bool line = csin_fabric_is_line(arguments->fabric);
    struct csin_loc loc = {line ? "SPEC" : NULL, line ? 1 : 0, line ? 1 : 0};
    const char *inputs[] = {line ? NULL : arguments->fabric, arguments->routing.file,
                            arguments->parts, arguments->slurm};
    if (!csin_spares(diag, arguments->output, inputs, 4))
        return CSIN_E_USAGE;
    enum csin_status status = csin_fabric_open(diag, arena, loc, arguments->fabric, &fabric, NULL);
    struct source source = {fabric, NULL, arguments->routing, {0}, arguments->seed, line};
    if (status != CSIN_OK)
        return status;
    if (arguments->slurm) {
        status = compare_slurm(arguments, fabric, arena, diag);
    } else if (arguments->folder) {
        status = export_all(arguments, &source, arena, diag);
    } else {
        status = pick_part(arguments, writer, &fabric, &whole, diag);
        source.fabric = fabric;
        if (status == CSIN_OK)
            status = show_fabric(arguments, format, writer, &source, arena, diag);
    }
    csin_fabric_destroy(fabric);
    csin_fabric_destroy(whole);
    return status;
}

int csin_command_topo(int argc, char **argv)
{
    struct arguments arguments = {.seed = 1, .findings = {.dead = {1, 2, 10}, .n_dead = 3}};
    csin_parse(&argp, argc, argv, &arguments);
    int code = csin_run_command(show, &arguments);
    free(arguments.fabric);
    return code;
}
