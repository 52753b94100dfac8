/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands: one file each, and what they share. Only this layer prints and exits. */
#ifndef CSIN_CLI_COMMAND_H
#define CSIN_CLI_COMMAND_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/file.h"
#include "sim/simulate.h"
#include "topo/routes.h"

/* Each parses its own arguments (argv[0] is "csin NAME") and returns the exit code. */
int csin_command_topo(int argc, char **argv);
int csin_command_sim(int argc, char **argv);
int csin_command_plan(int argc, char **argv);
int csin_command_compare(int argc, char **argv);
int csin_command_check(int argc, char **argv);
int csin_command_sweep(int argc, char **argv);

/* A table of formats, as the exporters and reports have them. */
struct csin_format {
    const char *name, *extension;
};

/* The index of the format asked for: by `name` (--format), else by the extension of `path` (-o),
 * else 0. `get` gives the i-th of the table, with name NULL at its end. Reports a usage error and
 * gives -1. */
int csin_pick_format(struct csin_diag *diag, const char *name, const char *path,
                     struct csin_format (*get)(int i));

/* True where the file has a key that only scenarios have. One that cannot be read is left to its
 * reader, and a one-line fabric is no file. */
bool csin_is_scenario(const char *path);

/* Refuses a scenario with a cluster (CSIN-941), which only csin sim and csin check take. */
enum csin_status csin_refuse_cluster(const struct csin_scenario *scenario, struct csin_diag *diag);

/* The index of `name` in `names` (NULL-terminated); a usage error where it is not there. */
int csin_pick_name(struct argp_state *state, const char *what, const char *name,
                   const char *const *names);
/* What --routing says: the name of a policy, or lft:FILE. */
struct csin_routing {
    enum csin_policy policy;
    const char *file; /* of lft, otherwise NULL */
};
struct csin_routing csin_pick_routing(struct argp_state *state, const char *text);
/* A seed as it was written, 0 to 1e15; a usage error where it is none. */
uint64_t csin_pick_seed(struct argp_state *state, const char *text);

/* False, with a usage error, where an output (NULL: none) is one of the n files named: an input,
 * which writing would destroy, or another output. */
bool csin_spares(struct csin_diag *diag, const char *output, const char *const *files, int n);

/* Finds out before the work, not behind it, whether its result can be written to `path` (NULL, -:
 * standard output). Leaves devices and pipes alone: whoever reads one would notice. */
enum csin_status csin_try_output(const char *path, struct csin_diag *diag);

/* Progress of simulations, on standard error where that is a terminal, after a second. */
struct csin_display {
    struct timespec begun;
    bool shown;
};
/* Options for csin_simulate that show it, with the cache in its place, where it is wanted. */
struct csin_simulation csin_display_start(struct csin_display *display, struct csin_arena *arena,
                                          bool no_cache);
/* Shows what is being done, where there is no count. `display` is a struct csin_display. */
void csin_display_what(void *display, const char *what);
void csin_display_end(struct csin_display *display);

/* Does the work of a command with an arena and a sink of its own, prints what it has to say to
 * standard error and gives the exit code. */
int csin_run_command(enum csin_status (*work)(void *arguments, struct csin_arena *arena,
                                              struct csin_diag *diag),
                     void *arguments);

/* Flushes what was printed without a csin_output, such as --help; says so and gives the exit code
 * where that fails. */
int csin_finish_stdout(void);

/* Runs argp with csin's conventions: usage errors exit with 2. */
void csin_parse(const struct argp *argp, int argc, char **argv, void *input);

#endif
