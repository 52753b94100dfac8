/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin compare: what got worse between two documents or fabrics. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "cli/compare.h"

struct arguments {
    const char *base, *now, *format, *output;
    struct csin_tolerances tolerances;
    bool all, anyway;
};

enum { KEY_TOLERANCE = 256, KEY_ALL, KEY_ANYWAY };

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "write to FILE; its extension sets the format", 0},
    {"format", 'f', "FORMAT", 0, "text (the default), md, json or junit", 0},
    {"tolerance", KEY_TOLERANCE, "[METRIC=]P", 0,
     "differences of up to P, such as 2%, are noise (default: 1%); with METRIC, of that alone, "
     "such "
     "as slowdown=5%; again for others",
     0},
    {"all", KEY_ALL, 0, 0, "show every number that differs, not only the main ones", 0},
    {"anyway", KEY_ANYWAY, 0, 0, "compare results of different scenarios", 0},
    {0},
};

void csin_pick_tolerance(struct argp_state *state, const char *text, struct csin_tolerances *to)
{
    const char *equals = strrchr(text, '='), *number = equals ? equals + 1 : text;
    size_t n = strlen(number);
    char digits[32];
    double share;
    bool percent = n && number[n - 1] == '%';
    n -= percent;
    if (n >= sizeof digits || equals == text)
        n = 0;
    memcpy(digits, number, n);
    digits[n] = '\0';
    if (csin_read_ratio(NULL, (struct csin_loc){0}, digits, 0, percent ? 1e6 : 1e4, &share) !=
        CSIN_OK)
        argp_error(state, "'%s' is not a tolerance; write 2%% or slowdown=5%%", text);
    share /= percent ? 100 : 1;
    if (!equals) {
        to->share = share;
        return;
    }
    if (to->n == sizeof to->each / sizeof *to->each)
        argp_error(state, "more than %zu tolerances", sizeof to->each / sizeof *to->each);
    char *metric = strndup(text, (size_t)(equals - text)); /* lives as long as the arguments */
    to->each[to->n++] = (struct csin_tolerance){metric ? metric : "", share};
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->output = arg;
        return 0;
    case 'f':
        arguments->format = arg;
        return 0;
    case KEY_TOLERANCE:
        csin_pick_tolerance(state, arg, &arguments->tolerances);
        return 0;
    case KEY_ALL:
        arguments->all = true;
        return 0;
    case KEY_ANYWAY:
        arguments->anyway = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->now)
            argp_error(state, "two files at a time");
        *(arguments->base ? &arguments->now : &arguments->base) = arg;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->now)
            argp_error(state, "name two files: what it was, and what it is");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse,
    "BASE NEW",
    "Says what got worse, better, new or is gone between two results of csin sim, two analyses, "
    "plans or bills of materials (all as JSON), or between two fabrics.\v"
    "Fabrics are files as csin topo reads them, fabrics of one line, or its JSON. What counts as a "
    "regression is listed in docs/comparing.md. Exits with 4 when there is one, 2 when the two do "
    "not compare, 3 when a file is wrong.",
    0,
    0,
    0,
};

static struct csin_format get_format(int i)
{
    return (struct csin_format){csin_compare_writers[i].name, csin_compare_writers[i].extension};
}

/* A fabric's text begins with anything else. */
static bool is_json(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '{' || *text == '[';
}

static enum csin_status open_fabric(const char *path, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_document *ret)
{
    struct csin_fabric *fabric = NULL;
    bool line = csin_fabric_is_line(path);
    struct csin_loc loc = {line ? "SPEC" : NULL, line ? 1 : 0, line ? 1 : 0};
    enum csin_status status = csin_fabric_open(diag, arena, loc, path, &fabric, NULL);
    if (status == CSIN_OK)
        status = csin_document_of_fabric(arena, diag, path, fabric, ret);
    csin_fabric_destroy(fabric);
    return status;
}

/* A YAML file written as one flow mapping is a fabric too; csin's own documents have a schema. */
enum csin_status csin_document_open(const char *path, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_document *ret)
{
    char *text;
    size_t bytes;
    if (csin_fabric_is_line(path))
        return open_fabric(path, arena, diag, ret);
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    if (is_json(text))
        status = csin_document_read(arena, diag, path, text, bytes, ret);
    else
        status = open_fabric(path, arena, diag, ret);
    free(text);
    return status;
}

static enum csin_status run(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    const struct arguments *arguments = the_arguments;
    const char *files[] = {arguments->base, arguments->now};
    struct csin_document base, now;
    struct csin_comparison comparison;
    struct csin_output output;
    int format = csin_pick_format(diag, arguments->format, arguments->output, get_format);
    if (format < 0 || !csin_spares(diag, arguments->output, files, 2))
        return CSIN_E_USAGE;
    enum csin_status status = csin_document_open(arguments->base, arena, diag, &base);
    status = csin_first(status, csin_document_open(arguments->now, arena, diag, &now));
    if (status == CSIN_OK)
        status = csin_compare(&base, &now, &arguments->tolerances, arguments->anyway, arena, diag,
                              &comparison);
    if (status == CSIN_OK)
        status = csin_output_open(&output, diag, arguments->output);
    if (status != CSIN_OK)
        return status;
    csin_compare_writers[format].write(&comparison, arguments->all, output.stream);
    status = csin_output_commit(&output, diag);
    return status == CSIN_OK && comparison.n_fails ? CSIN_E_NO : status;
}

int csin_command_compare(int argc, char **argv)
{
    struct arguments arguments = {.tolerances = {.share = 0.01}};
    csin_parse(&argp, argc, argv, &arguments);
    int code = csin_run_command(run, &arguments);
    for (uint32_t i = 0; i < arguments.tolerances.n; i++)
        free((char *)arguments.tolerances.each[i].metric);
    return code;
}
