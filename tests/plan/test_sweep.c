/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/check.h"

#include "plan/sweep.h"
#include "plan/sweep_expr.h"

/* ---- numbers ---- */

static void numbers_read_back_as_they_are_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum csin_measure_of of;
        double x;
        const char *written, *shown;
    } cases[] = {{"40", CSIN_OF_COUNT, 40, "40", "40"},
                 {"1.25", CSIN_OF_RATIO, 1.25, "1.25", "1.25"},
                 {"4096KiB", CSIN_OF_SIZE, 4194304, "4MiB", "4 MiB"},
                 {"1000B", CSIN_OF_SIZE, 1000, "1000B", "1 kB"},
                 {"200Gb/s", CSIN_OF_RATE, 25e9, "200Gb/s", "200 Gb/s"},
                 {"450ns", CSIN_OF_TIME, 450e-9, "0.45us", "450 ns"},
                 {"5ms", CSIN_OF_TIME, 5e-3, "5ms", "5 ms"},
                 {"2.5m", CSIN_OF_LENGTH, 2.5, "2.5m", "2.5 m"},
                 {"404W", CSIN_OF_POWER, 404, "404W", "404 W"},
                 {"dmodk", CSIN_OF_NOTHING, 0, NULL, NULL},
                 {"", CSIN_OF_NOTHING, 0, NULL, NULL},
                 {"12 apples", CSIN_OF_NOTHING, 0, NULL, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csin_number number = csin_number_read(cases[i].text);
        assert_int_equal(number.of, cases[i].of);
        if (number.of == CSIN_OF_NOTHING)
            continue;
        assert_close(number.x, cases[i].x, 1e-15);
        assert_string_equal(csin_number_write(number).s, cases[i].written);
        assert_string_equal(csin_number_show(number).s, cases[i].shown);
        assert_close(csin_number_read(cases[i].written).x, cases[i].x, 1e-15);
    }
}

/* ---- constraints ---- */

static const char *const axes[] = {"leaves", "hosts", "routing", "size", "dead-cables"};
static const char *const texts[] = {"dmodk", "spray"};
static const struct csin_expr_names names = {axes, 5, texts, 2};

/* '1' where it holds with 4 leaves, 16 hosts, spray, 64MiB and 3 dead cables, '0' where not, or the
 * last digit of what is wrong with it. */
static char outcome(const char *expression)
{
    const char *const at[] = {"4", "16", "spray", "64MiB", "3"};
    struct csin_expr_value values[5];
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_text text = {expression, {"w", 1, 1}};
    const struct csin_expr *expr;
    bool holds = false;
    for (int i = 0; i < 5; i++)
        values[i] = (struct csin_expr_value){at[i], csin_number_read(at[i])};
    enum csin_status status = csin_expr_read(&text, &names, arena, diag, &expr);
    if (status == CSIN_OK)
        status = csin_expr_holds(expr, &text, values, diag, &holds);
    char *said = check_diag_text(diag), c = holds ? '1' : '0';
    assert_true((status == CSIN_OK) == !*said);
    if (strstr(said, "[CSIN-886]") || strstr(said, "[CSIN-887]"))
        c = strstr(said, "[CSIN-886]") ? '6' : '7';
    free(said);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return c;
}

static void constraints_are_worked_out_as_they_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        char want;
    } cases[] = {
        {"leaves * hosts <= 64", '1'},
        {"leaves * hosts < 64", '0'},
        {"leaves + hosts * 2 == 36", '1'},
        {"(leaves + hosts) * 2 == 40", '1'},
        {"hosts - leaves - 2 == 10", '1'}, /* from the left */
        {"hosts / leaves / 2 == 2", '1'},
        {"hosts % 5 == 1", '1'},
        {"routing == spray", '1'},
        {"routing != 'dmodk'", '1'},
        {"routing == dmodk or leaves == 4 and hosts == 16", '1'},
        {"routing == dmodk and leaves == 4 or hosts == 1", '0'},
        {"not routing == dmodk", '1'},
        {"not (leaves == 4 or hosts == 1)", '0'},
        {"size >= 64MiB and size < 0.5GiB", '1'},
        {"size / 4 == 16MiB", '1'},
        {"size / 16MiB == leaves", '1'},
        {"dead-cables <= 3", '1'},
        {"0.1 * 3 == 0.3", '1'},
        {"leaves", '6'},
        {"leaves +", '6'},
        {"leaves == 4 hosts == 3", '6'},
        {"(leaves == 4", '6'},
        {"leavs == 4", '6'},
        {"leaves < 4 < 5", '6'},
        {"leaves == 4 + (hosts == 3)", '6'},
        {"not leaves", '6'},
        {"", '6'},
        {"routing == 'spray", '6'},
        {"leaves == 3apples", '6'},
        {"routing < 4", '7'},
        {"routing * 2 == 4", '7'},
        {"size < 3", '7'},
        {"size + leaves == 1MiB", '7'},
        {"size * size > 1MiB", '7'},
        {"leaves == 5 and routing < 4", '0'}, /* and stops at the first that does not hold */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got = outcome(cases[i].expression);
        if (got != cases[i].want)
            print_error("%s gives %c, not %c\n", cases[i].expression, got, cases[i].want);
        assert_int_equal(got, cases[i].want);
    }
}

static void nesting_has_an_end(void **state)
{
    (void)state;
    char text[1200];
    memset(text, '(', sizeof text);
    text[900] = '\0';
    assert_int_equal(outcome(text), '6');
    memset(text, ' ', sizeof text);
    for (int i = 0; i < 200; i++)
        memcpy(text + 4 * i, "not ", 4);
    strcpy(text + 800, "leaves == 4");
    assert_int_equal(outcome(text), '6');
    memset(text, '1', sizeof text);
    text[1100] = '\0';
    assert_int_equal(outcome(text), '6');
}

/* ---- points ---- */

struct fixture {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_sweep *sweep;
    char folder[40], path[80];
};

static void write_file(struct fixture *f, const char *name, const char *text)
{
    snprintf(f->path, sizeof f->path, "%s/%s", f->folder, name);
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = csin_arena_create();
    f->diag = csin_diag_create();
    strcpy(f->folder, "/tmp/csin-sweep-XXXXXX");
    *state = f;
    if (!mkdtemp(f->folder))
        return 1;
    write_file(f, "s.yaml",
               "scenario: s\nfabric: \"leaf:4 spine:2 host:4 200Gb/s\"\njobs:\n"
               "  - {name: train, hosts: 4, steps: [all-to-all: {size: 1MiB}]}\n");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"s.yaml", "w.yaml", ""};
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        snprintf(f->path, sizeof f->path, "%s/%s", f->folder, files[i]);
        remove(f->path);
    }
    csin_diag_destroy(f->diag);
    csin_arena_destroy(f->arena);
    free(f);
    return 0;
}

/* The points of a sweep with these lines, as "knob/knob/..;" in order. malloc'ed. */
static char *points_of(struct fixture *f, const char *lines)
{
    char text[2000], *list = NULL;
    size_t bytes;
    snprintf(text, sizeof text, "sweep: w\nscenario: s.yaml\n%s", lines);
    write_file(f, "w.yaml", text);
    if (csin_sweep_open(f->path, f->arena, f->diag, &f->sweep) != CSIN_OK)
        return check_diag_text(f->diag);
    FILE *out = open_memstream(&list, &bytes);
    for (uint32_t i = 0; i < f->sweep->n_points; i++) {
        struct csin_point point;
        csin_sweep_point(f->sweep, i, &point);
        for (uint32_t a = 0; a < f->sweep->n_axes; a++)
            fprintf(out, "%s%s", a ? "/" : "", csin_point_value(f->sweep, &point, a));
        fputs(";", out);
    }
    fclose(out);
    return list;
}

static void assert_points(struct fixture *f, const char *lines, const char *want)
{
    char *got = points_of(f, lines);
    assert_string_equal(got, want);
    free(got);
}

static void points_come_in_the_order_of_the_file(void **state)
{
    assert_points(
        *state,
        "axes:\n  routing: [dmodk, spray]\n  n: {of: jobs.train.hosts, values: [2, 3, 4]}\n",
        "dmodk/2;dmodk/3;dmodk/4;spray/2;spray/3;spray/4;");
    assert_points(
        *state,
        "repeat: 2\naxes:\n  routing: [dmodk, spray]\n  n: {of: jobs.train.hosts, values: [2, 3]}\n"
        "constraints: routing == spray or n < 3\n",
        "dmodk/2;spray/2;spray/3;dmodk/2;spray/2;spray/3;");
}

static void ranges_are_linear_or_go_by_factors(void **state)
{
    assert_points(*state, "axes: {n: {of: jobs.train.hosts, from: 2, to: 10, count: 5}}\n",
                  "2;4;6;8;10;");
    assert_points(*state, "axes: {n: {of: jobs.train.hosts, from: 1, to: 4, count: 9}}\n",
                  "1;2;3;4;"); /* whole numbers, each once */
    assert_points(
        *state, "axes: {n: {of: fabric.rate, from: 100Gb/s, to: 400Gb/s, count: 3, scale: log}}\n",
        "100Gb/s;200Gb/s;400Gb/s;");
    assert_points(*state, "axes: {n: {of: jobs.train.hosts, from: 1.0, to: 2.0, count: 5}}\n",
                  "1;1.25;1.5;1.75;2;");
    assert_points(*state,
                  "axes: {n: {of: 'jobs.train.steps[0].all-to-all.size', from: 1KiB, to: 1MiB, "
                  "count: 3, scale: log}}\n",
                  "1KiB;32KiB;1MiB;");
}

static void samples_follow_their_seed(void **state)
{
    struct fixture *f = *state;
    const char *lines = "seed: 7\naxes: {n: {of: jobs.train.hosts, from: 1, to: 1000, sample: 6}, "
                        "m: {of: jobs.train.repeat, values: [1, 2, 3, 4], sample: 2}}\n";
    char *once = points_of(f, lines), *again = points_of(f, lines);
    assert_string_equal(once, again);
    char *other = points_of(
        f, "seed: 8\naxes: {n: {of: jobs.train.hosts, from: 1, to: 1000, sample: 6}, "
           "m: {of: jobs.train.repeat, values: [1, 2, 3, 4], sample: 2}}\n");
    assert_string_not_equal(once, other);
    assert_int_equal(f->sweep->n_points, 12);
    free(once);
    free(again);
    free(other);
    free(points_of(f,
                   "sample: 5\naxes: {n: {of: jobs.train.hosts, from: 1, to: 100, count: 100}}\n"));
    assert_int_equal(f->sweep->n_points, 5);
    assert_int_equal(f->sweep->n_left_out, 95);
}

static void keys_tell_points_apart_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    struct csin_point a, b;
    free(points_of(f, "axes: {n: {of: jobs.train.hosts, values: [2, 3]}}\n"));
    csin_sweep_point(f->sweep, 1, &a);
    csin_sweep_point(f->sweep, 0, &b);
    assert_string_not_equal(a.key.hex, b.key.hex);
    /* More values, and other tables to show, are the same points. */
    free(points_of(f, "axes: {n: {of: jobs.train.hosts, values: [4, 3, 2]}}\nshow: {metric: "
                      "makespan, over: n}\n"));
    csin_sweep_point(f->sweep, 1, &b);
    assert_string_equal(a.key.hex, b.key.hex);
    free(points_of(f, "repeat: 2\naxes: {n: {of: jobs.train.hosts, values: [3]}}\n"));
    csin_sweep_point(f->sweep, 0, &b);
    assert_string_equal(a.key.hex, b.key.hex);
    csin_sweep_point(f->sweep, 1, &b);
    assert_string_not_equal(a.key.hex, b.key.hex);
    free(points_of(f, "engine: simgrid\naxes: {n: {of: jobs.train.hosts, values: [3]}}\n"));
    csin_sweep_point(f->sweep, 0, &b);
    assert_string_not_equal(a.key.hex, b.key.hex);
    write_file(f, "s.yaml",
               "scenario: s\nfabric: \"leaf:4 spine:3 host:4 200Gb/s\"\njobs:\n"
               "  - {name: train, hosts: 4, steps: [all-to-all: {size: 1MiB}]}\n");
    free(points_of(f, "axes: {n: {of: jobs.train.hosts, values: [3]}}\n"));
    csin_sweep_point(f->sweep, 0, &b);
    assert_string_not_equal(a.key.hex, b.key.hex);
}

static void what_fails_in_turn_begins_with_nothing(void **state)
{
    assert_points(*state, "axes: {x: {of: each-switch}}\n", "none;spine1;spine2;");
    assert_points(*state,
                  "axes: {each-cable: {among: spines}}\nconstraints: each-cable == "
                  "none or each-cable == 'leaf3/spine2'\n",
                  "none;leaf3/spine2;");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
CHECK_MAIN(cmocka_unit_test(numbers_read_back_as_they_are_written),
           cmocka_unit_test(constraints_are_worked_out_as_they_are_read),
           cmocka_unit_test(nesting_has_an_end), WITH_FIXTURE(points_come_in_the_order_of_the_file),
           WITH_FIXTURE(ranges_are_linear_or_go_by_factors),
           WITH_FIXTURE(samples_follow_their_seed),
           WITH_FIXTURE(keys_tell_points_apart_and_nothing_else),
           WITH_FIXTURE(what_fails_in_turn_begins_with_nothing))
