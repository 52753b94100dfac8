/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin topo: a fabric as text, JSON, Graphviz or a drawing. */
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "topo/export.h"

struct arguments {
    const char *format, *output;
    enum csin_policy policy;
    uint64_t seed;
    char *fabric; /* the words of a one-line fabric joined; malloc'ed */
};

enum { KEY_ROUTING = 0x100, KEY_SEED };

static const struct argp_option options[] = {
    {"format", 'f', "FORMAT", 0, "text (the default), json, dot or svg", 0},
    {"output", 'o', "FILE", 0, "write to FILE; its extension sets the format", 0},
    {"routing", KEY_ROUTING, "POLICY", 0,
     "of forwarding tables: dmodk (the default), random, ecmp, spray or least-loaded", 0},
    {"seed", KEY_SEED, "NUMBER", 0, "of all that is drawn (default: 1)", 0},
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

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'f':
        arguments->format = arg;
        return 0;
    case 'o':
        arguments->output = arg;
        return 0;
    case KEY_ROUTING:
        arguments->policy = (enum csin_policy)csin_pick_name(state, "routing policy", arg,
                                                             csin_policy_names);
        return 0;
    case KEY_SEED:
        arguments->seed = csin_pick_seed(state, arg);
        return 0;
    case ARGP_KEY_ARG:
        return add_word(state, arguments, arg);
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "name a fabric file, or write one: 'leaf:4 spine:2 host:16 200Gb/s'");
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

static struct csin_format get_format(int i)
{
    return (struct csin_format){csin_fabric_writers[i].name, csin_fabric_writers[i].extension};
}

static enum csin_status show(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    const struct arguments *arguments = the_arguments;
    int format = csin_pick_format(diag, arguments->format, arguments->output, get_format);
    if (format < 0)
        return CSIN_E_USAGE;
    struct csin_fabric *fabric = NULL;
    struct csin_routes *routes = NULL;
    struct csin_fabric_facts facts;
    struct csin_output output;
    bool line = csin_fabric_is_line(arguments->fabric);
    struct csin_loc loc = {line ? "SPEC" : NULL, line ? 1 : 0, line ? 1 : 0};
    const char *input = line ? NULL : arguments->fabric;
    if (!csin_spares(diag, arguments->output, &input, 1))
        return CSIN_E_USAGE;
    enum csin_status status = csin_fabric_open(diag, arena, loc, arguments->fabric, &fabric, NULL);
    if (status == CSIN_OK)
        status = csin_fabric_analyze(fabric, arena, diag, &facts);
    if (status == CSIN_OK && csin_fabric_writers[format].needs_routes)
        status = csin_routes_create(fabric, NULL, arguments->policy, arguments->seed, diag,
                                    &routes);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, arguments->output);
    if (status == CSIN_OK) {
        csin_fabric_writers[format].write(&(struct csin_fabric_view){fabric, &facts, routes},
                                          output.stream);
        status = csin_output_commit(&output, diag);
    }
    csin_routes_destroy(routes);
    csin_fabric_destroy(fabric);
    return status;
}

int csin_command_topo(int argc, char **argv)
{
    struct arguments arguments = {.policy = CSIN_DMODK, .seed = 1};
    csin_parse(&argp, argc, argv, &arguments);
    int code = csin_run_command(show, &arguments);
    free(arguments.fabric);
    return code;
}
