/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A scenario in a test: its text in, csin_result out.
 *
 *     struct run run;
 *     run_open(&run, "leaf:1 spine:1 host:8 8Gb/s", "jobs: [{name: j, hosts: %u, steps: ...}]", n);
 *     run_simulate(&run);
 *     assert_close(run.result->jobs[0].steps[0].mean_s, 1, 1e-9);
 *     run_close(&run);
 *
 * RUN_MAIN instead of CHECK_MAIN runs all tests once with each engine.
 *
 * The fabric is one line, the text of a fabric file, or the name of a file of the project. Text is
 * formatted with whole numbers only, as the locale may write 1,5. Anything that csin says, warnings
 * too, fails the test. */
#ifndef CSIN_TESTS_SIM_RUN_H
#define CSIN_TESTS_SIM_RUN_H

#include "tests/check.h"

#include <unistd.h>

#include "sim/simulate.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* How often a test repeats itself: less under sanitizers, which are several times slower. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define RUN_TIMES(plain, sanitized) (sanitized)
#else
#define RUN_TIMES(plain, sanitized) (plain)
#endif

/* Changes every scenario that a test opens, unless the test has changes of its own. */
static struct csin_overrides run_overrides;

struct run {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_scenario *scenario;
    struct csin_schedule schedule;
    struct csin_result *result;       /* of run_simulate */
    struct csin_run_result engine;    /* of run_engine */
    struct csin_simulation options;   /* for run_simulate */
    struct csin_overrides *overrides; /* set before run_try; NULL: run_overrides */
};

static inline void run_put(const char *folder, const char *name, const char *head, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(head, file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline void run_remove(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

/* Opens a scenario whose whole text is `scenario`. A fabric file's text, where not NULL, lies
 * beside it as fabric.yaml. The files are gone again on return. */
static inline enum csin_status run_try(struct run *run, const char *fabric, const char *scenario)
{
    char folder[] = "/tmp/csin-test-run-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    run->arena = csin_arena_create();
    run->diag = csin_diag_create();
    if (fabric)
        run_put(folder, "fabric.yaml", "", fabric);
    run_put(folder, "scenario.yaml", "", scenario);
    snprintf(path, sizeof path, "%s/scenario.yaml", folder);
    enum csin_status status = csin_scenario_open(path,
                                                 run->overrides ? run->overrides : &run_overrides,
                                                 run->arena, run->diag, &run->scenario);
    run_remove(folder, "fabric.yaml");
    run_remove(folder, "scenario.yaml");
    rmdir(folder);
    return status;
}

static inline void run_close(struct run *run)
{
    csin_result_destroy(run->result);
    csin_run_result_finish(&run->engine);
    csin_schedule_finish(&run->schedule);
    csin_scenario_destroy(run->scenario);
    csin_diag_destroy(run->diag);
    csin_arena_destroy(run->arena);
    memset(run, 0, sizeof *run);
}

static inline void run_expect_silence(const struct run *run, enum csin_status status,
                                      const char *text)
{
    char *said = check_diag_text(run->diag);
    bool fine = status == CSIN_OK && said[0] == 0;
    if (!fine)
        print_error("csin says, with status %d:\n%sof this scenario:\n%s\n", (int)status, said,
                    text);
    free(said);
    assert_true(fine);
}

static inline void run_vopen(struct run *run, const char *fabric, const char *format, va_list args)
{
    memset(run, 0, sizeof *run);
    char *body = NULL, *text = NULL, root[4096] = "";
    size_t length = strlen(fabric);
    bool line = strncmp(fabric, "leaf:", 5) == 0;
    bool named = length > 5 && strcmp(fabric + length - 5, ".yaml") == 0;
    assert_true(vasprintf(&body, format, args) >= 0);
    if (named)
        assert_non_null(getcwd(root, sizeof root));
    assert_true(asprintf(&text, "scenario: test\nfabric: \"%s%s%s\"\n%s\n", root, named ? "/" : "",
                         line || named ? fabric : "fabric.yaml", body) >= 0);
    enum csin_status status = run_try(run, line || named ? NULL : fabric, text);
    if (status == CSIN_OK)
        status = csin_scenario_schedule(run->scenario, CSIN_NONE, run->diag, &run->schedule);
    run_expect_silence(run, status, text);
    free(body);
    free(text);
}

/* Opens a scenario of that fabric, whose text goes on as `format` says, and schedules it. */
static inline void __attribute__((format(printf, 3, 4)))
run_open(struct run *run, const char *fabric, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    run_vopen(run, fabric, format, args);
    va_end(args);
}

/* All of csin_simulate: together, alone, measured. */
static inline void run_simulate(struct run *run)
{
    enum csin_status status = csin_simulate(run->scenario, &run->schedule, &run->options, run->diag,
                                            &run->result);
    run_expect_silence(run, status, run->scenario->name);
}

/* The engine only: when every operation started and finished. */
static inline void run_engine(struct run *run)
{
    struct csin_run it = {.fabric = run->scenario->fabric,
                          .routes = run->scenario->routes,
                          .schedule = &run->schedule,
                          .horizon_s = HUGE_VAL,
                          .watch = true};
    run_expect_silence(run, run->scenario->engine->run(&it, run->diag, &run->engine),
                       run->scenario->name);
}

/* Mean time of a step of the first job. */
static inline double run_step_s(const struct run *run, uint32_t step)
{
    return run->result->jobs[0].steps[step].mean_s;
}

#define RUN_MAIN(...)                                                                              \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        int failed = 0;                                                                            \
        setlocale(LC_ALL, "");                                                                     \
        for (size_t i = 0; csin_engine_names[i]; i++) {                                            \
            run_overrides.engine = csin_engine_names[i];                                           \
            failed += cmocka_run_group_tests_name(csin_engine_names[i], tests, NULL, NULL);        \
        }                                                                                          \
        return failed;                                                                             \
    }

#endif
