/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cache of runs alone: same results with and without, nothing stale, nothing fatal. */
#include "tests/sim/run.h"

#include <dirent.h>
#include <sys/stat.h>

#include "sim/cache.h"

/* ---- a folder for each test ---- */

static int set_up(void **state)
{
    char *folder = strdup("/tmp/csin-test-cache-XXXXXX");
    *state = folder;
    return folder && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    char *folder = *state, *command = NULL;
    int failed = asprintf(&command, "rm -rf '%s'", folder) < 0 || system(command) != 0;
    free(command);
    free(folder);
    return failed ? -1 : 0;
}

/* Calls `each` for every file of a folder; how many there are. */
static unsigned each_entry(const char *folder, void (*each)(const char *path, const char *text),
                           const char *text)
{
    DIR *dir = opendir(folder);
    unsigned n = 0;
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[600];
        if (entry->d_name[0] == '.' && strspn(entry->d_name, ".") == strlen(entry->d_name))
            continue;
        n++;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (each)
            each(path, text);
    }
    if (dir)
        closedir(dir);
    return n;
}

static unsigned n_entries(const char *folder)
{
    return each_entry(folder, NULL, NULL);
}

static void overwrite(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void make_folder(const char *path, const char *text)
{
    (void)text;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0777), 0);
}

/* ---- a scenario of two owners ---- */

#define FABRIC "leaf:2 spine:2 host:3 storage:1 8Gb/s latency:1us"
#define BODY                                                                                       \
    "jobs: [{name: j, hosts: 6, steps: [{compute: 1ms}, {allreduce: {size: 1000003B}}, "           \
    "{permutation: {size: 1MB, shift: 3}}]}]\n"                                                    \
    "storage: [{read: {name: r, readers: 4, size: 999983B, chunk: 65537B, concurrency: 2}}]"

/* The numbers that come from runs alone, and those that follow from them. */
struct numbers {
    double makespan_s, job_alone_s, job_slowdown, stream_alone_Bps, stream_slowdown;
    double step_alone_s[3], step_slowdown[3];
};

static struct numbers simulate(const char *cache, const char *fabric, const char *body)
{
    struct run run;
    run_open(&run, fabric, "%s", body);
    run.options.cache_folder = cache;
    run_simulate(&run);
    struct numbers n;
    memset(&n, 0, sizeof n);
    const struct csin_result *result = run.result;
    n.makespan_s = result->makespan_s;
    n.job_alone_s = result->jobs[0].alone_s;
    n.job_slowdown = result->jobs[0].slowdown;
    n.stream_alone_Bps = result->streams[0].alone_Bps;
    n.stream_slowdown = result->streams[0].slowdown;
    for (uint32_t i = 0; i < result->jobs[0].job->n_steps && i < 3; i++) {
        n.step_alone_s[i] = result->jobs[0].steps[i].alone_s;
        n.step_slowdown[i] = result->jobs[0].steps[i].slowdown;
    }
    run_close(&run);
    return n;
}

static void assert_same(struct numbers a, struct numbers b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

/* ---- tests ---- */

static void a_run_from_the_cache_is_the_same_to_the_bit(void **state)
{
    const char *folder = *state;
    struct numbers without = simulate(NULL, FABRIC, BODY), first = simulate(folder, FABRIC, BODY);
    assert_int_equal(n_entries(folder), 2); /* and no temporary files */
    struct numbers second = simulate(folder, FABRIC, BODY);
    assert_int_equal(n_entries(folder), 2);
    assert_same(without, first);
    assert_same(first, second);
    assert_true(first.job_slowdown > 1.001); /* it is about something */
}

/* 1000 for each number of the job: time, three steps; and of the stream: all, four readers. A job
 * reads no further than its own. */
static void what_is_in_the_cache_is_used(void **state)
{
    const char *folder = *state;
    struct numbers first = simulate(folder, FABRIC, BODY);
    each_entry(folder, overwrite,
               "408f400000000000\n408f400000000000\n408f400000000000\n408f400000000000\n"
               "408f400000000000\n");
    struct numbers second = simulate(folder, FABRIC, BODY);
    assert_close(second.makespan_s, first.makespan_s, 0);
    assert_close(second.job_alone_s, 1000, 0);
    assert_close(second.step_alone_s[2], 1000, 0);
    assert_close(second.stream_alone_Bps, 1000, 0);
    assert_true(second.job_slowdown < first.job_slowdown);
}

static void whatever_changes_a_run_misses_the_cache(void **state)
{
    const char *folder = *state;
    const struct {
        const char *fabric, *body;
        unsigned new_entries;
    } cases[] = {
        {FABRIC, BODY, 2},
        {FABRIC, BODY, 0},
        {"leaf:2 spine:2 host:3 storage:1 8Gb/s latency:2us", BODY, 2},
        {"leaf:2 spine:2 host:3 storage:1 9Gb/s latency:1us", BODY, 2},
        {"leaf:2 spine:1 host:3 storage:1 8Gb/s latency:1us", BODY, 2},
        {FABRIC, "routing: random\n" BODY, 2},
        {FABRIC, "routing: random\nseed: 1\n" BODY, 0}, /* that is the default */
        {FABRIC, "routing: random\nseed: 2\n" BODY, 2},
        {FABRIC, "routing: ecmp\nseed: 2\n" BODY, 2},
        {FABRIC, "routing: ecmp\nseed: 3\n" BODY, 2},
        {FABRIC, "seed: 2\n" BODY, 1}, /* only the stripes are drawn */
        /* one of the two differs from BODY */
        {FABRIC,
         "jobs: [{name: j, hosts: 6, steps: [{compute: 1ms}, {allreduce: {size: 1000004B}}, "
         "{permutation: {size: 1MB, shift: 3}}]}]\n"
         "storage: [{read: {name: r, readers: 4, size: 999983B, chunk: 65537B, concurrency: 2}}]",
         1},
        {FABRIC,
         "jobs: [{name: j, hosts: 6, steps: [{compute: 2ms}, {allreduce: {size: 1000003B}}, "
         "{permutation: {size: 1MB, shift: 3}}]}]\n"
         "storage: [{read: {name: r, readers: 4, size: 999983B, chunk: 65537B, concurrency: 2}}]",
         1},
        {FABRIC,
         "jobs: [{name: j, hosts: 6, steps: [{compute: 1ms}, {allreduce: {size: 1000003B}}, "
         "{permutation: {size: 1MB, shift: 3}}]}]\n"
         "storage: [{read: {name: r, readers: 4, size: 999983B, chunk: 65537B, concurrency: 3}}]",
         1},
        {FABRIC,
         "jobs: [{name: j, hosts: 6, steps: [{compute: 1ms}, {allreduce: {size: 1000003B}}, "
         "{permutation: {size: 1MB, shift: 3}}]}]\n"
         "storage: [{read: {name: r, readers: 4, duration: 1ms, chunk: 65537B, concurrency: 2}}]",
         1},
        {FABRIC,
         "jobs: [{name: j, hosts: 6, steps: [{compute: 1ms}, {allreduce: {size: 1000003B}}, "
         "{permutation: {size: 1MB, shift: 3}}]}]\n"
         "storage: [{read: {name: r, readers: 4, duration: 2ms, chunk: 65537B, concurrency: 2}}]",
         1},
        {FABRIC,
         "jobs: [{name: j, hosts: 6, steps: [{compute: 1ms}, {allreduce: {size: 1000003B}}, "
         "{permutation: {size: 1MB, shift: 3}}]}]\n"
         "storage: [{read: {name: r, readers: 4, size: 999983B, chunk: 65537B, concurrency: 2, "
         "request-to-send: 1}}]",
         1},
        /* when they start does not matter to a run alone */
        {FABRIC,
         "jobs: [{name: j, hosts: 6, start: 1ms, steps: [{compute: 1ms}, {allreduce: {size: "
         "1000003B}}, {permutation: {size: 1MB, shift: 3}}]}]\n"
         "storage: [{read: {name: r, readers: 4, size: 999983B, chunk: 65537B, concurrency: 2, "
         "start: 2ms}}]",
         0}};
    unsigned n = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct numbers cached = simulate(folder, cases[i].fabric, cases[i].body);
        n += cases[i].new_entries;
        if (n_entries(folder) != n)
            fail_msg("case %zu: %u entries, not %u", i, n_entries(folder), n);
        assert_same(cached, simulate(NULL, cases[i].fabric, cases[i].body));
    }
}

/* What a schedule's gates do decides what it comes to. */
static void every_field_of_a_gate_is_in_the_key(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FABRIC, "%s", BODY);
    const struct csin_scenario *sc = run.scenario;
    struct csin_gate *gate = &run.schedule.gates[0], was = *gate;
    struct csin_gate others[] = {was, was, was};
    others[0].limit++;
    others[1].hold = 1;
    others[2].close_s = 1;
    struct csin_sha256 key = csin_cache_key(&run.schedule, sc->fabric, sc->routes, 1, sc->engine,
                                            CSIN_FAIR);
    for (size_t i = 0; i < 3; i++) {
        *gate = others[i];
        struct csin_sha256 other = csin_cache_key(&run.schedule, sc->fabric, sc->routes, 1,
                                                  sc->engine, CSIN_FAIR);
        assert_string_not_equal(key.hex, other.hex);
    }
    *gate = was;
    run_close(&run);
}

static void entries_that_make_no_sense_are_as_if_not_there(void **state)
{
    const char *folder = *state;
    struct numbers first = simulate(folder, FABRIC, BODY);
    static const char *const texts[] = {
        "",
        "\n",
        "nonsense\n",
        "3ff0000000000000",                    /* no end of the line */
        "3ff0000000000000 3ff0000000000000\n", /* two on a line */
        "7ff8000000000000\n7ff8000000000000\n3ff0000000000000\n3ff0000000000000\n", /* NaN */
        "7ff0000000000000\n7ff0000000000000\n3ff0000000000000\n3ff0000000000000\n", /* infinity */
        "bff0000000000000\nbff0000000000000\n3ff0000000000000\n3ff0000000000000\n", /* -1 */
        "ffffffffffffffffff\n", /* more than 64 bits */
        "\1\2\3\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(each_entry(folder, overwrite, texts[i]), 2);
        assert_same(simulate(folder, FABRIC, BODY), first); /* which also writes good ones again */
        assert_int_equal(n_entries(folder), 2);
    }
    each_entry(folder, make_folder, NULL);
    assert_same(simulate(folder, FABRIC, BODY), first);
}

static void truncate_entry(const char *path, const char *text)
{
    (void)text;
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - 1), 0);
}

static void an_entry_cut_off_is_as_if_not_there(void **state)
{
    const char *folder = *state;
    struct numbers first = simulate(folder, FABRIC, BODY);
    for (unsigned cut = 1; cut <= 20; cut++) {
        for (unsigned i = 0; i < cut && i < 17;
             i++) /* no less than nothing is left of the stream's */
            each_entry(folder, truncate_entry, NULL);
        assert_same(simulate(folder, FABRIC, BODY), first);
    }
}

static void a_folder_that_cannot_be_written_does_no_harm(void **state)
{
    struct numbers without = simulate(NULL, FABRIC, BODY);
    char *below = NULL, *file = NULL;
    assert_true(asprintf(&file, "%s/file", (const char *)*state) > 0);
    assert_true(asprintf(&below, "%s/folder", file) > 0);
    overwrite(file, "");
    assert_same(simulate(below, FABRIC, BODY), without); /* a file is no folder */
    assert_same(simulate(file, FABRIC, BODY), without);
    assert_same(simulate("/proc/self/none/folder", FABRIC, BODY), without);
    free(below);
    free(file);
}

static void folders_on_the_way_are_made(void **state)
{
    char *deep = NULL;
    assert_true(asprintf(&deep, "%s/a/b/c", (const char *)*state) > 0);
    simulate(deep, FABRIC, BODY);
    assert_int_equal(n_entries(deep), 2);
    free(deep);
}

static void a_single_owner_needs_no_cache(void **state)
{
    struct run run;
    run_open(&run, FABRIC, "jobs: [{name: j, hosts: 4, steps: [{allreduce: {size: 1MB}}]}]");
    run.options.cache_folder = *state;
    run_simulate(&run);
    assert_int_equal(n_entries(*state), 0);
    run_close(&run);
}

static void numbers_come_back_as_they_went_in(void **state)
{
    const double row[] = {0, 4.9e-324, 1.0 / 3, 1, 25e9, 1.7976931348623157e308};
    double got[6];
    struct csin_sha256 key = csin_sha256("x", 1), other = csin_sha256("y", 1);
    csin_cache_put(*state, &key, row, 6);
    assert_true(csin_cache_get(*state, &key, got, 6));
    assert_memory_equal(got, row, sizeof row);
    assert_false(csin_cache_get(*state, &other, got, 6));
    assert_false(csin_cache_get(*state, &key, got, 7)); /* it has six */
    assert_false(csin_cache_get(NULL, &key, got, 6));
    csin_cache_put(NULL, &key, row, 6);
    csin_cache_put(*state, &(struct csin_sha256){""}, row, 6); /* no memory for a key */
    assert_false(csin_cache_get(*state, &(struct csin_sha256){""}, got, 6));
    assert_int_equal(n_entries(*state), 1);
}

/* It was taken for the root of the file system. */
static void an_empty_name_is_no_folder(void **state)
{
    (void)state;
    const double row[] = {1};
    double got;
    struct csin_sha256 key = csin_sha256("csin test of an empty folder", 28);
    csin_cache_put("", &key, row, 1);
    assert_false(csin_cache_get("", &key, &got, 1));
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

CHECK_MAIN(WITH_FOLDER(a_run_from_the_cache_is_the_same_to_the_bit),
           WITH_FOLDER(what_is_in_the_cache_is_used),
           WITH_FOLDER(whatever_changes_a_run_misses_the_cache),
           cmocka_unit_test(every_field_of_a_gate_is_in_the_key),
           WITH_FOLDER(entries_that_make_no_sense_are_as_if_not_there),
           WITH_FOLDER(an_entry_cut_off_is_as_if_not_there),
           WITH_FOLDER(a_folder_that_cannot_be_written_does_no_harm),
           WITH_FOLDER(folders_on_the_way_are_made), WITH_FOLDER(a_single_owner_needs_no_cache),
           WITH_FOLDER(numbers_come_back_as_they_went_in),
           cmocka_unit_test(an_empty_name_is_no_folder))
