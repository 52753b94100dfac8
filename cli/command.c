/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "base/yaml.h"
#include "topo/spec.h"
#include "topo/stray.h"

int csin_pick_format(struct csin_diag *diag, const char *name, const char *path,
                     struct csin_format (*get)(int i))
{
    struct csin_loc none = {0};
    const char *dot = path ? strrchr(path, '.') : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (dot && slash && dot < slash)
        dot = NULL;
    if (!name && (!dot || strcmp(path, "-") == 0))
        return 0;
    char list[512] = "";
    size_t used = 0;
    for (int i = 0; get(i).name && used < sizeof list; i++) {
        if (name ? strcmp(name, get(i).name) == 0 : strcmp(dot, get(i).extension) == 0)
            return i;
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                     name ? get(i).name : get(i).extension);
    }
    if (name)
        csin_error(diag, CSIN_E_USAGE, 501, none, "unknown format '%s'; there are %s", name, list);
    else if (strncmp(path, "/dev/", 5) == 0)
        return 0;
    else
        csin_error(diag, CSIN_E_USAGE, 502, none,
                   "the extension '%s' says nothing about the format; use one of %s, or --format",
                   dot, list);
    return -1;
}

bool csin_is_scenario(const char *path)
{
    static const char *const names[] = {"scenario", "jobs", "storage", NULL};
    char *text;
    size_t bytes;
    if (csin_fabric_is_line(path) ||
        csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
        return false;
    bool yes = csin_stray_kind(text) == CSIN_NOT_STRAY && csin_yaml_top_has(text, bytes, names);
    free(text);
    return yes;
}

enum csin_status csin_refuse_cluster(const struct csin_scenario *scenario, struct csin_diag *diag)
{
    if (!scenario->cluster)
        return CSIN_OK;
    csin_error(diag, CSIN_E_USAGE, 941, (struct csin_loc){0},
               "'%s' is the schedule of a cluster, which csin sim and csin check take",
               scenario->name);
    csin_note(diag, (struct csin_loc){0},
              "for others write the jobs of one moment as 'jobs' of a scenario");
    return CSIN_E_USAGE;
}

int csin_pick_name(struct argp_state *state, const char *what, const char *name,
                   const char *const *names)
{
    size_t n = 0;
    for (; names[n]; n++)
        if (strcmp(name, names[n]) == 0)
            return (int)n;
    const char *near = csin_nearest(name, names, n);
    char list[128] = "";
    if (near)
        argp_error(state, "unknown %s '%s'; did you mean '%s'?", what, name, near);
    for (size_t i = 0, used = 0; i < n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    argp_error(state, "unknown %s '%s'; there %s %s", what, name, n == 1 ? "is" : "are", list);
    return 0;
}

struct csin_routing csin_pick_routing(struct argp_state *state, const char *text)
{
    static const char lft[] = "lft:";
    size_t n = sizeof lft - 1;
    if (strncmp(text, lft, n) == 0 && text[n])
        return (struct csin_routing){CSIN_LFT, text + n};
    if (strncmp(text, lft, n - 1) == 0 && (!text[n - 1] || text[n - 1] == ':'))
        argp_error(state, "'%s' names no file; write lft:FILE, such as lft:opensm-lfts.dump", text);
    return (struct csin_routing){
        (enum csin_policy)csin_pick_name(state, "routing policy", text, csin_policy_names), NULL};
}

uint64_t csin_pick_seed(struct argp_state *state, const char *text)
{
    uint64_t seed = 0;
    if (csin_read_count(NULL, (struct csin_loc){0}, text, 0, 1000000000000000u, &seed) != CSIN_OK)
        argp_error(state, "'%s' is not a seed: a whole number from 0 to 1e15", text);
    return seed;
}

bool csin_spares(struct csin_diag *diag, const char *output, const char *const *files, int n)
{
    struct stat a, b;
    for (int i = 0; output && i < n; i++) {
        if (!files[i] || strcmp(output, "-") == 0)
            continue;
        bool same = strcmp(output, files[i]) == 0 && strncmp(output, "/dev/", 5) != 0;
        if (stat(output, &a) == 0 && stat(files[i], &b) == 0)
            same = S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
        if (!same)
            continue;
        csin_error(diag, CSIN_E_USAGE, 503, (struct csin_loc){0},
                   "'%s' would be written over: it is also '%s'", output, files[i]);
        return false;
    }
    return true;
}

static int conclude(struct csin_diag *diag, enum csin_status status)
{
    if (diag)
        csin_diag_print(diag, stderr);
    else
        fputs("csin: error: out of memory [CSIN-100]\n", stderr);
    csin_diag_destroy(diag);
    return (int)status;
}

int csin_run_command(enum csin_status (*work)(void *arguments, struct csin_arena *arena,
                                              struct csin_diag *diag),
                     void *arguments)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    /* Messages borrow file names from the arena: they are printed before it goes. */
    int code = conclude(diag, diag && arena ? work(arguments, arena, diag) : csin_no_memory(diag));
    csin_arena_destroy(arena);
    return code;
}

int csin_finish_stdout(void)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_output output = {.stream = stdout};
    return conclude(diag, diag ? csin_output_commit(&output, diag) : CSIN_E_FAILED);
}

/* argp prints --help and --version and exits, whether they could be written or not. */
static bool is_parsing;

static void finish_help(void)
{
    if (is_parsing && csin_finish_stdout() != CSIN_OK)
        _exit(CSIN_E_FAILED);
}

void csin_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    argp_err_exit_status = CSIN_E_USAGE;
    is_parsing = atexit(finish_help) == 0;
    argp_parse(argp, argc, argv, 0, NULL, input);
    is_parsing = false;
}
