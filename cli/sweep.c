/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin sweep: one scenario at many points. */
#include "cli/sweep.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/pool.h"
#include "base/units.h"
#include "cli/command.h"
#include "topo/stray.h"

enum { MERGED_MAX = 4096, WHERE_MAX = 32 };

struct arguments {
    struct csin_sweep_request run;
    struct csin_show_request show;
    const char *names[MERGED_MAX]; /* sweep file, or databases */
    const char *where[WHERE_MAX];
    uint32_t n_names;
    const char *output, *format;
    bool show_given, merge, dry_run;
};

enum {
    KEY_SHARD = 256,
    KEY_MERGE,
    KEY_SLURM,
    KEY_SLURM_OPTIONS,
    KEY_SHOW,
    KEY_METRIC,
    KEY_OVER,
    KEY_BY,
    KEY_WHERE,
    KEY_RETRY,
    KEY_KNOWN,
    KEY_DRY_RUN
};

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0,
     "where the points go (NAME.db of the sweep); with --show: what is shown", 0},
    {"jobs", 'j', "N", 0, "run N points at a time (default: one for each processor)", 0},
    {"dry-run", KEY_DRY_RUN, 0, 0, "say how many points there are, and run none", 0},
    {"retry", KEY_RETRY, 0, 0, "run points again that failed or crashed", 0},
    {0, 0, 0, 0, "On several machines:", 1},
    {"shard", KEY_SHARD, "I/N", 0, "run the I-th of N parts of the points", 1},
    {"known", KEY_KNOWN, "DB", 0, "leave out the points that DB has", 1},
    {"merge", KEY_MERGE, 0, 0, "join the files of parts into one, -o FILE", 1},
    {"slurm", KEY_SLURM, "N", 0, "run as a job array of N tasks of Slurm, and collect it", 1},
    {"slurm-options", KEY_SLURM_OPTIONS, "TEXT", 0, "options for sbatch: '-p fast -c 8'", 1},
    {0, 0, 0, 0, "What came out:", 2},
    {"show", KEY_SHOW, 0, 0, "show the points of a file: an overview, or", 2},
    {"metric", KEY_METRIC, "NAME", 0, "a table and a picture of this number", 2},
    {"over", KEY_OVER, "AXIS", 0, "over this axis", 2},
    {"by", KEY_BY, "AXIS", 0, "a column or a line for each value of this one", 2},
    {"where", KEY_WHERE, "AXIS=VALUE", 0, "only points that have this value", 2},
    {"format", 'f', "FORMAT", 0, "text (the default), csv, svg or html", 2},
    {0},
};

static uint32_t read_number(struct argp_state *state, const char *what, const char *text,
                            uint32_t max)
{
    uint64_t n = 0;
    if (csin_read_count(NULL, (struct csin_loc){0}, text, 1, max, &n) != CSIN_OK)
        argp_error(state, "'%s' is not a number of %s: 1 to %u", text, what, max);
    return (uint32_t)n;
}

static void read_shard(struct argp_state *state, const char *text, struct csin_sweep_request *run)
{
    char *end;
    unsigned long i = strtoul(text, &end, 10), n = *end == '/' ? strtoul(end + 1, &end, 10) : 0;
    if (*text < '0' || *text > '9' || *end || i < 1 || i > n || n > 1000000)
        argp_error(state, "'%s' is not a part of the points: I/N, such as 1/4", text);
    run->shard = (uint32_t)i;
    run->n_shards = (uint32_t)n;
}

/* What was given does not go together. */
static void check(struct argp_state *state, const struct arguments *a)
{
    bool asks = a->show.metric || a->show.over || a->show.by || a->show.n_where;
    if (a->n_names == 0)
        argp_error(state, "name a %s", a->show_given || a->merge ? "file of points" : "sweep file");
    if (a->n_names > 1 && !a->merge)
        argp_error(state, "one %s at a time", a->show_given ? "file" : "sweep");
    if (a->merge && (a->show_given || a->run.n_shards || a->run.n_tasks))
        argp_error(state, "--merge goes with -o FILE alone");
    if (a->merge && !a->output)
        argp_error(state, "--merge wants -o FILE, where all points go");
    if ((asks || a->format) && !a->show_given)
        argp_error(state, "--metric, --over, --by, --where and --format go with --show");
    if (!a->show.metric != !a->show.over)
        argp_error(state, "--metric and --over go together");
    if (a->show.by && !a->show.over)
        argp_error(state, "--by goes with --metric and --over");
    if (a->run.n_shards && a->run.n_tasks)
        argp_error(state, "--slurm makes the parts itself");
    if (a->run.slurm_options && !a->run.n_tasks)
        argp_error(state, "--slurm-options goes with --slurm");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'o':
        a->output = arg;
        return 0;
    case 'j':
        a->run.n_workers = read_number(state, "points at a time", arg, CSIN_MAX_WORKERS);
        return 0;
    case 'f':
        a->format = arg;
        return 0;
    case KEY_DRY_RUN:
        a->dry_run = true;
        return 0;
    case KEY_RETRY:
        a->run.retry = true;
        return 0;
    case KEY_SHARD:
        read_shard(state, arg, &a->run);
        return 0;
    case KEY_KNOWN:
        a->run.known = arg;
        return 0;
    case KEY_MERGE:
        a->merge = true;
        return 0;
    case KEY_SLURM:
        a->run.n_tasks = read_number(state, "tasks", arg, 1000);
        return 0;
    case KEY_SLURM_OPTIONS:
        a->run.slurm_options = arg;
        return 0;
    case KEY_SHOW:
        a->show_given = true;
        return 0;
    case KEY_METRIC:
        a->show.metric = arg;
        return 0;
    case KEY_OVER:
        a->show.over = arg;
        return 0;
    case KEY_BY:
        a->show.by = arg;
        return 0;
    case KEY_WHERE:
        if (a->show.n_where == WHERE_MAX || !strchr(arg, '='))
            argp_error(state, "'%s' is not AXIS=VALUE", arg);
        a->where[a->show.n_where++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (a->n_names == MERGED_MAX)
            argp_error(state, "more than %d files", MERGED_MAX);
        a->names[a->n_names++] = arg;
        return 0;
    case ARGP_KEY_END:
        check(state, a);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse,
    "SWEEP\n--merge -o DB DB...\n--show DB",
    "Simulates a scenario at every point of a sweep, and keeps what comes out in a file.\v"
    "Whatever ends the program, a point that is finished is in the file and is not run again: the "
    "same command goes on. Exits with 1 when a point failed or it was interrupted, 3 when a file "
    "is wrong or no point is a scenario.",
    0,
    0,
    0,
};

/* ---- */

/* Processors that may be used: what a batch system gives, or what the machine has. */
static uint32_t count_processors(void)
{
    static const char *const names[] = {"SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"};
    cpu_set_t set;
    uint64_t n;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *text = getenv("SLURM_JOB_ID") ? getenv(names[i]) : NULL;
        if (text &&
            csin_read_count(NULL, (struct csin_loc){0}, text, 1, CSIN_MAX_WORKERS, &n) == CSIN_OK)
            return (uint32_t)n;
    }
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (uint32_t)CPU_COUNT(&set);
    return 1;
}

static enum csin_status merge(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    struct arguments *a = the_arguments;
    uint64_t n;
    (void)arena;
    if (!csin_spares(diag, a->output, a->names, (int)a->n_names))
        return CSIN_E_USAGE;
    return csin_store_merge(a->output, a->names, a->n_names, diag, &n);
}

static enum csin_status show(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    struct arguments *a = the_arguments;
    a->show.database = a->names[0];
    a->show.output = a->output;
    a->show.format = a->format;
    a->show.where = a->where;
    if (!csin_spares(diag, a->output, a->names, 1))
        return CSIN_E_USAGE;
    return csin_sweep_show(&a->show, arena, diag);
}

static enum csin_status tell_points(const struct csin_sweep *sweep, struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = csin_output_open(&output, diag, NULL);
    if (status != CSIN_OK)
        return status;
    fprintf(output.stream, "%s: %s points", sweep->name, csin_show_count(sweep->n_points).s);
    if (sweep->n_left_out)
        fprintf(output.stream, ", %s left out", csin_show_count(sweep->n_left_out).s);
    fputc('\n', output.stream);
    for (uint32_t a = 0; a < sweep->n_axes; a++)
        fprintf(output.stream, "  %-20s %s values\n", sweep->axes[a].name,
                csin_show_count(sweep->axes[a].n_values).s);
    if (sweep->repeat > 1)
        fprintf(output.stream, "  %-20s %s\n", "repetitions", csin_show_count(sweep->repeat).s);
    return csin_output_commit(&output, diag);
}

static enum csin_status run(void *the_arguments, struct csin_arena *arena, struct csin_diag *diag)
{
    struct arguments *a = the_arguments;
    struct csin_sweep *sweep;
    a->run.sweep = a->names[0];
    a->run.database = a->output;
    if (!a->run.n_workers)
        a->run.n_workers = count_processors();
    if (!csin_spares(diag, a->output, a->names, 1) ||
        !csin_spares(diag, a->output, &a->run.known, 1))
        return CSIN_E_USAGE;
    enum csin_status status = csin_sweep_open(a->run.sweep, arena, diag, &sweep);
    if (status != CSIN_OK)
        return status;
    for (uint32_t i = 0; i < sweep->n_files; i++)
        if (!csin_spares(diag, a->output, &sweep->files[i].path, 1))
            return CSIN_E_USAGE;
    if (a->dry_run)
        return tell_points(sweep, diag);
    csin_sweep_catch_signals();
    status = a->run.n_tasks ? csin_sweep_slurm(&a->run, sweep, diag, arena)
                            : csin_sweep_run(&a->run, sweep, diag, arena);
    if (a->run.n_shards || csin_sweep_stop() != CSIN_POOL_GO_ON)
        return status;
    a->show.database = csin_sweep_database(&a->run, sweep, arena);
    if (!a->show.database || access(a->show.database, R_OK) != 0)
        return csin_first(status, CSIN_E_FAILED);
    return csin_first(status, csin_sweep_show(&a->show, arena, diag));
}

bool csin_is_sweep(const char *path)
{
    char *text;
    size_t bytes;
    if (csin_fabric_is_line(path) ||
        csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
        return false;
    bool yes = csin_stray_kind(text) == CSIN_NOT_STRAY && csin_sweep_is(text, bytes);
    free(text);
    return yes;
}

enum csin_status csin_check_sweep(const char *path, struct csin_arena *arena,
                                  struct csin_diag *diag)
{
    struct csin_sweep *sweep;
    return csin_sweep_open(path, arena, diag, &sweep);
}

int csin_command_sweep(int argc, char **argv)
{
    static struct arguments arguments;
    csin_parse(&argp, argc, argv, &arguments);
    return csin_run_command(arguments.merge        ? merge
                            : arguments.show_given ? show
                                                   : run,
                            &arguments);
}
