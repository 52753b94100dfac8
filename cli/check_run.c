/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/check_run.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/bom.h"
#include "cli/size.h"
#include "cli/sweep.h"
#include "reports/cluster_report.h"
#include "reports/expected.h"
#include "reports/report.h"

enum { CASES_MAX = 10000, DEPTH_MAX = 16 };

struct test {
    const char *path, *expected;
    pid_t pid;           /* 0: not begun */
    FILE *said, *errors; /* anonymous files that the child writes into */
    struct timespec begun;
    double time_s;
    bool done;
    int status;
    char *words; /* malloc'ed; what the child said */
};

struct tests {
    struct test *items; /* malloc'ed */
    size_t n, room;
    struct csin_arena *arena;
    struct csin_diag *diag;
};

/* ---- which scenarios there are ---- */

static bool ends_in(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n > m && strcmp(path + n - m, end) == 0;
}

static enum csin_status add_test(struct tests *tests, const char *path)
{
    const char *kept = csin_arena_strndup(tests->arena, path, strlen(path));
    const char *expected = kept ? csin_expected_path(tests->arena, kept) : NULL;
    if (!expected || !csin_grow(&tests->items, &tests->room, tests->n + 1, sizeof *tests->items))
        return csin_no_memory(tests->diag);
    if (tests->n == CASES_MAX)
        return csin_error(tests->diag, CSIN_E_INPUT, 868, (struct csin_loc){path, 0, 0},
                          "more than %s scenarios", csin_show_count(CASES_MAX).s);
    tests->items[tests->n++] = (struct test){.path = kept, .expected = expected};
    return CSIN_OK;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Files that csin check would take for scenarios. */
static bool is_test(const char *path)
{
    return (ends_in(path, ".yaml") || ends_in(path, ".yml")) && !csin_is_catalogue(path) &&
           !csin_is_requirements(path) && !csin_is_sweep(path) && csin_is_scenario(path);
}

/* Links to folders are not followed, so this ends. */
static enum csin_status look_into(struct tests *tests, const char *folder, unsigned depth)
{
    struct dirent **entries;
    enum csin_status status = CSIN_OK;
    int n = scandir(folder, &entries, is_visible, alphasort);
    if (n < 0)
        return csin_error(tests->diag, CSIN_E_INPUT, 868, (struct csin_loc){folder, 0, 0},
                          "this folder cannot be read: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        struct stat about;
        bool slash = ends_in(folder, "/");
        const char *path = csin_arena_printf(tests->arena, "%s%s%s", folder, slash ? "" : "/",
                                             entries[i]->d_name);
        if (!path)
            status = csin_first(status, csin_no_memory(tests->diag));
        else if (status == CSIN_OK && lstat(path, &about) == 0 && S_ISDIR(about.st_mode) &&
                 depth < DEPTH_MAX)
            status = look_into(tests, path, depth + 1);
        else if (status == CSIN_OK && is_test(path))
            status = add_test(tests, path);
        free(entries[i]);
    }
    free(entries);
    return status;
}

static enum csin_status find_tests(const struct csin_check_run *run, struct tests *tests)
{
    enum csin_status status = CSIN_OK;
    for (int i = 0; i < run->n_paths && status == CSIN_OK; i++) {
        struct stat about;
        if (stat(run->paths[i], &about) == 0 && S_ISDIR(about.st_mode))
            status = look_into(tests, run->paths[i], 0);
        else
            status = add_test(tests, run->paths[i]);
    }
    if (status == CSIN_OK && tests->n == 0) {
        struct csin_loc loc = {run->paths[0], 0, 0};
        status = csin_error(tests->diag, CSIN_E_INPUT, 868, loc, "there is no scenario here");
        csin_note(tests->diag, loc, "a scenario is a file *.yaml with the key 'scenario'");
    }
    return status;
}

/* ---- one of them, in a process of its own ---- */

static enum csin_status simulate_cluster(const struct csin_scenario *scenario,
                                         const struct csin_simulation *options,
                                         struct csin_diag *diag, FILE *out)
{
    struct csin_cluster_result *result = NULL;
    enum csin_status status = csin_cluster_simulate(scenario, options, diag, &result);
    if (status == CSIN_OK)
        csin_cluster_write_json(scenario, result, out);
    csin_cluster_result_destroy(result);
    return status;
}

static enum csin_status simulate_jobs(const struct csin_scenario *scenario,
                                      const struct csin_simulation *options, struct csin_diag *diag,
                                      FILE *out)
{
    struct csin_schedule schedule = {0};
    struct csin_result *result = NULL;
    enum csin_status status = csin_scenario_schedule(scenario, CSIN_NONE, diag, &schedule);
    if (status == CSIN_OK)
        status = csin_simulate(scenario, &schedule, options, diag, &result);
    if (status == CSIN_OK)
        csin_report_json(result, out);
    csin_result_destroy(result);
    csin_schedule_finish(&schedule);
    return status;
}

/* Simulates and gives the result as csin sim --format json writes it, malloc'ed. */
static enum csin_status simulate(const char *path, struct csin_arena *arena, struct csin_diag *diag,
                                 char **ret_text, size_t *ret_bytes)
{
    const struct csin_overrides overrides = {0};
    const struct csin_simulation options = {0}; /* no cache: of an older csin nothing is believed */
    struct csin_scenario *scenario = NULL;
    enum csin_status status = csin_scenario_open(path, &overrides, arena, diag, &scenario);
    if (status == CSIN_OK) {
        FILE *out = open_memstream(ret_text, ret_bytes);
        if (out)
            status = scenario->cluster ? simulate_cluster(scenario, &options, diag, out)
                                       : simulate_jobs(scenario, &options, diag, out);
        if (!out || fclose(out) != 0)
            status = csin_first(status, csin_no_memory(diag));
    }
    csin_scenario_destroy(scenario);
    return status;
}

static enum csin_status rewrite(const struct test *test, const struct csin_document *now,
                                size_t bytes, struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = csin_output_open(&output, diag, test->expected);
    if (status != CSIN_OK)
        return status;
    if (!csin_expected_write(now->top, bytes, output.stream)) {
        csin_output_abandon(&output);
        return csin_no_memory(diag);
    }
    status = csin_output_commit(&output, diag);
    if (status == CSIN_OK)
        fprintf(test->said, "%s is rewritten\n", test->expected);
    return status;
}

/* Compares a result with what was expected, and says what differs. Rewritten is also what does not
 * tell the cables yet, and what is no document, such as one with the marks of a merge. */
static enum csin_status judge(const struct csin_check_run *run, const struct test *test,
                              const struct csin_document *now, size_t bytes,
                              struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_document base = {0};
    struct csin_comparison c = {0};
    struct csin_loc loc = {test->path, 0, 0};
    enum csin_status status = CSIN_OK;
    bool there = access(test->expected, F_OK) == 0;
    if (there) {
        status = csin_document_open(test->expected, arena, run->update ? NULL : diag, &base);
        if (status == CSIN_OK)
            status = csin_compare(&base, now, &run->tolerances, true, arena, diag, &c);
        if (status == CSIN_OK && c.n + c.n_provenance == 0 && (!run->update || base.has_cabling))
            return CSIN_OK;
    }
    if (run->update && status != CSIN_E_FAILED)
        return rewrite(test, now, bytes, diag);
    if (!there) {
        csin_error(diag, CSIN_E_NO, 869, loc, "there is no %s to compare its result with",
                   test->expected);
        csin_note(diag, loc, "--update writes it");
        return CSIN_E_NO;
    }
    if (status == CSIN_OK) {
        csin_compare_text(&c, false, test->said);
        return CSIN_E_NO;
    }
    return status;
}

struct work {
    const struct csin_check_run *run;
    const struct test *test;
};

static enum csin_status do_test(const struct work *work, struct csin_arena *arena,
                                struct csin_diag *diag)
{
    char *text = NULL;
    size_t bytes = 0;
    struct csin_document now;
    enum csin_status status = simulate(work->test->path, arena, diag, &text, &bytes);
    if (status == CSIN_OK)
        status = csin_document_read(arena, diag, work->test->path, text, bytes, &now);
    if (status == CSIN_OK)
        status = judge(work->run, work->test, &now, bytes, arena, diag);
    free(text);
    return status;
}

/* In the child. Its words go into files that have no name, so nothing is left when it is killed. */
static int be_child(const struct csin_check_run *run, const struct test *test)
{
    struct work work = {run, test};
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    enum csin_status status = diag && arena ? do_test(&work, arena, diag) : CSIN_E_FAILED;
    if (diag)
        csin_diag_print(diag, test->errors);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return fflush(test->said) == 0 && fflush(test->errors) == 0 ? (int)status : CSIN_E_FAILED;
}

static enum csin_status begin(const struct csin_check_run *run, struct test *test,
                              struct csin_diag *diag)
{
    pid_t parent = getpid();
    test->said = tmpfile();
    test->errors = tmpfile();
    if (!test->said || !test->errors)
        return csin_error(diag, CSIN_E_FAILED, 870, (struct csin_loc){0},
                          "cannot make a temporary file: %s", strerror(errno));
    clock_gettime(CLOCK_MONOTONIC, &test->begun);
    test->pid = fork();
    if (test->pid < 0)
        return csin_error(diag, CSIN_E_FAILED, 870, (struct csin_loc){0},
                          "cannot start a process: %s", strerror(errno));
    if (test->pid == 0) {
        /* Whoever ends csin ends these as well; one that is renaming a file finishes that first. */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        _exit(getppid() == parent ? be_child(run, test) : CSIN_E_FAILED);
    }
    return CSIN_OK;
}

/* ---- all of them ---- */

static char *words_of(FILE *file)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    int c;
    rewind(file);
    while (out && (c = fgetc(file)) != EOF)
        fputc(c, out);
    if (out)
        fclose(out);
    return text;
}

static void end(struct test *test, int status)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    test->time_s = (double)(now.tv_sec - test->begun.tv_sec) +
                   1e-9 * (double)(now.tv_nsec - test->begun.tv_nsec);
    test->done = true;
    test->status = WIFEXITED(status) ? WEXITSTATUS(status) : CSIN_E_FAILED;
    char *said = words_of(test->said), *errors = words_of(test->errors);
    if (asprintf(&test->words, "%s%s%s", errors ? errors : "", said ? said : "",
                 WIFEXITED(status) ? "" : "the process that ran it was killed\n") < 0)
        test->words = NULL;
    free(said);
    free(errors);
    fclose(test->said);
    fclose(test->errors);
    test->said = test->errors = NULL;
}

static bool wait_for_one(struct tests *tests)
{
    int status;
    pid_t pid;
    do
        pid = waitpid(-1, &status, 0);
    while (pid < 0 && errno == EINTR);
    for (size_t i = 0; pid > 0 && i < tests->n; i++)
        if (tests->items[i].pid == pid && !tests->items[i].done) {
            end(&tests->items[i], status);
            return true;
        }
    return pid > 0;
}

static const char *verdict_of(const struct test *test)
{
    if (test->status == CSIN_OK)
        return test->words && *test->words ? "updated" : "ok";
    return test->status == CSIN_E_NO ? "DIFFERS" : "FAILED";
}

/* Those whose turn it is and that are done; gives the first that is not. */
static size_t print_done(const struct tests *tests, size_t from)
{
    for (; from < tests->n && tests->items[from].done; from++) {
        const struct test *test = &tests->items[from];
        printf("%-8s %s\n", verdict_of(test), test->path);
        if (test->status != CSIN_OK && test->words)
            printf("%s\n", test->words);
        fflush(stdout);
    }
    return from;
}

static enum csin_status run_all(const struct csin_check_run *run, struct tests *tests)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t most = run->n_jobs ? run->n_jobs : (uint32_t)(cores > 0 ? cores : 1), n_running = 0;
    size_t next = 0, printed = 0;
    enum csin_status status = CSIN_OK;
    while (printed < tests->n) {
        while (status == CSIN_OK && next < tests->n && n_running < most) {
            fflush(stdout); /* or the child would print it again */
            status = begin(run, &tests->items[next], tests->diag);
            n_running += status == CSIN_OK;
            next++;
        }
        if (n_running == 0 || !wait_for_one(tests))
            break;
        n_running--;
        printed = print_done(tests, printed);
    }
    return status;
}

/* ---- what came of it ---- */

static enum csin_status write_junit(const struct csin_check_run *run, const struct tests *tests,
                                    struct csin_diag *diag)
{
    struct csin_output output;
    struct csin_junit_case *cases = calloc(tests->n + 1, sizeof *cases);
    if (!cases)
        return csin_no_memory(diag);
    for (size_t i = 0; i < tests->n; i++) {
        const struct test *test = &tests->items[i];
        const char *words = test->words ? test->words : "";
        cases[i] = (struct csin_junit_case){
            "csin check --run", test->path, test->time_s, test->status == CSIN_E_NO ? words : NULL,
            test->status != CSIN_OK && test->status != CSIN_E_NO ? words : NULL};
    }
    enum csin_status status = csin_output_open(&output, diag, run->junit);
    if (status == CSIN_OK) {
        csin_junit_write("csin check --run", cases, (uint32_t)tests->n, output.stream);
        status = csin_output_commit(&output, diag);
    }
    free(cases);
    return status;
}

/* Could not be run is worse than differs. */
static enum csin_status count(const struct tests *tests)
{
    size_t n_ok = 0, n_updated = 0, n_differ = 0, n_failed = 0;
    int failed = CSIN_OK;
    for (size_t i = 0; i < tests->n; i++) {
        const struct test *test = &tests->items[i];
        bool updated = test->status == CSIN_OK && test->words && *test->words;
        bool error = test->status != CSIN_OK && test->status != CSIN_E_NO;
        n_ok += test->status == CSIN_OK && !updated;
        n_updated += updated;
        n_differ += test->status == CSIN_E_NO;
        n_failed += error;
        failed = failed ? failed : error ? test->status : CSIN_OK;
    }
    printf("%zu as expected", n_ok);
    if (n_updated)
        printf(", %zu updated", n_updated);
    printf(", %zu differ%s, %zu could not be run\n", n_differ, n_differ == 1 ? "s" : "", n_failed);
    return failed ? (enum csin_status)failed : n_differ ? CSIN_E_NO : CSIN_OK;
}

enum csin_status csin_check_run(void *check_run, struct csin_arena *arena, struct csin_diag *diag)
{
    const struct csin_check_run *run = check_run;
    struct tests tests = {.arena = arena, .diag = diag};
    enum csin_status status = find_tests(run, &tests), written = CSIN_OK;
    if (status == CSIN_OK)
        status = csin_try_output(run->junit, diag);
    if (status == CSIN_OK)
        status = run_all(run, &tests);
    if (status == CSIN_OK) {
        status = count(&tests);
        written = run->junit ? write_junit(run, &tests, diag) : CSIN_OK;
        written = csin_first(written, fflush(stdout) == 0 ? CSIN_OK : CSIN_E_FAILED);
    }
    for (size_t i = 0; i < tests.n; i++)
        free(tests.items[i].words);
    free(tests.items);
    return written == CSIN_OK ? status : written;
}
