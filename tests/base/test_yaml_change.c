/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/check.h"

#include "base/yaml_change.h"

/* Documents of these tests: jobs with steps, and what hangs on them, read back as text. */
struct record {
    struct csin_value jobs, storage, zones, routing;
    struct csin_count repeat;
};
static const struct csin_key keys[] = {
    {"jobs", 0, offsetof(struct record, jobs), csin_yaml_any, NULL},
    {"storage", 0, offsetof(struct record, storage), csin_yaml_any, NULL},
    {"zones", 0, offsetof(struct record, zones), csin_yaml_any, NULL},
    {"routing", 0, offsetof(struct record, routing), csin_yaml_any, NULL},
    {"repeat", 0, offsetof(struct record, repeat), csin_yaml_count, NULL},
    {0}};

static const char text[] = "zones:\n"
                           "  base: &base {spines: 4, cable: 1m}\n"
                           "  a: *base\n"
                           "  b: {<<: *base, leaves: 2}\n"
                           "jobs:\n"
                           "  - {name: train, steps: [{compute: 1ms}, {allreduce: {size: 1MiB}}]}\n"
                           "  - {name: other.one, steps: {compute: 2ms}}\n"
                           "storage:\n"
                           "  - read: {name: data, size: 1GiB}\n";

struct fixture {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct record record;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = csin_arena_create();
    f->diag = csin_diag_create();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    csin_arena_destroy(f->arena);
    csin_diag_destroy(f->diag);
    free(f);
    return 0;
}

static enum csin_status change(struct fixture *f, const char *path, const char *value, bool is_flow)
{
    struct csin_change change = {{path, {"w", 3, 8}}, {value, is_flow, {"w", 4, 20}}};
    struct csin_changes changes = {&change, 1};
    memset(&f->record, 0, sizeof f->record);
    return csin_yaml_read_changed(f->arena, f->diag, "f", text, strlen(text), "a test", keys,
                                  &changes, &f->record);
}

static void a_value_is_found_by_keys_numbers_and_names(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(change(f, "jobs.train.steps[1].allreduce.size", "8MiB", false), CSIN_OK);
    assert_string_equal(
        f->record.jobs.text,
        "[{name: train, steps: [{compute: 1ms}, {allreduce: {size: 8MiB}}]}, {name: "
        "other.one, steps: {compute: 2ms}}]");
    assert_int_equal(change(f, "jobs[0].steps[0].compute", "3ms", false), CSIN_OK);
    assert_non_null(strstr(f->record.jobs.text, "[{compute: 3ms}, "));
    assert_int_equal(change(f, "storage.data.size", "2GiB", false), CSIN_OK);
    assert_string_equal(f->record.storage.text, "[{read: {name: data, size: 2GiB}}]");
    assert_int_equal(change(f, "jobs.'other.one'.steps[0].compute", "5ms", false), CSIN_OK);
    assert_non_null(strstr(f->record.jobs.text, "steps: {compute: 5ms}"));
    assert_int_equal(change(f, "routing", "spray", false), CSIN_OK);
    assert_string_equal(f->record.routing.text, "spray");
}

static void what_an_alias_shares_is_changed_in_one_place(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(change(f, "zones.a.spines", "9", false), CSIN_OK);
    assert_string_equal(f->record.zones.text,
                        "{base: {spines: 4, cable: 1m}, a: {spines: 9, cable: 1m}, b: {\"<<\": "
                        "{spines: 4, cable: 1m}, leaves: 2}}");
    assert_int_equal(change(f, "zones.b.spines", "9", false), CSIN_OK);
    assert_string_equal(f->record.zones.text,
                        "{base: {spines: 4, cable: 1m}, a: {spines: 4, cable: 1m}, b: {\"<<\": "
                        "{spines: 4, cable: 1m}, leaves: 2, spines: 9}}");
}

static void lists_and_mappings_can_be_values(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(change(f, "jobs", "[{name: \"x y\", steps: [1, {a: null}]}]", true), CSIN_OK);
    assert_string_equal(f->record.jobs.text, "[{name: \"x y\", steps: [1, {a: null}]}]");
    assert_int_equal(change(f, "repeat", "null", false), CSIN_OK); /* as if it were not written */
    assert_int_equal(f->record.repeat.loc.line, 0);
}

static void messages_point_at_the_place_of_the_value(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(change(f, "repeat", "many", false), CSIN_E_INPUT);
    assert_says(&f->diag, "w:4:20: error: 'many' is not a whole number [CSIN-110]\n"
                          "w:4:20: note: write digits alone, such as 40\n");
    assert_int_equal(change(f, "rooting", "x", false), CSIN_E_INPUT);
    assert_says(&f->diag, "w:3:8: error: unknown key 'rooting' in a test; did you mean 'routing'? "
                          "[CSIN-115]\n");
}

static void a_path_that_leads_nowhere_says_where_it_ends(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(change(f, "jobs.trian.steps", "x", false), CSIN_E_INPUT);
    assert_says(&f->diag,
                "w:3:13: error: 'jobs' has no 'trian'; did you mean 'train'? [CSIN-880]\n");
    assert_int_equal(change(f, "zones.c.spines", "x", false), CSIN_E_INPUT);
    assert_says(&f->diag, "w:3:14: error: 'zones' has no 'c' [CSIN-880]\n"
                          "w:3:14: note: there is base, a, b\n");
    assert_int_equal(change(f, "jobs[2].name", "x", false), CSIN_E_INPUT);
    assert_says(&f->diag, "w:3:8: error: 'jobs[2].name' leads nowhere: there is no entry [2] "
                          "[CSIN-880]\n");
    assert_int_equal(change(f, "zones.a.cable.length", "x", false), CSIN_E_INPUT);
    assert_says(&f->diag, "w:3:22: error: 'zones.a.cable' has no 'length' [CSIN-880]\n");
}

static void what_is_no_path_is_told(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"",       ".jobs",  "jobs.",         "jobs..x", "jobs[x]",
                                        "jobs[1", "jobs[]", "jobs.'x",       "jobs.''", "[0]x",
                                        "a'b",    "jobs]",  "jobs[99999999]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(change(f, wrong[i], "x", false), CSIN_E_INPUT);
        char *said = check_diag_text(f->diag);
        assert_true(strstr(said, "[CSIN-881]") || strstr(said, "[CSIN-880]") ||
                    strstr(said, "[CSIN-115]"));
        free(said);
        csin_diag_destroy(f->diag);
        f->diag = csin_diag_create();
    }
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
CHECK_MAIN(WITH_FIXTURE(a_value_is_found_by_keys_numbers_and_names),
           WITH_FIXTURE(what_an_alias_shares_is_changed_in_one_place),
           WITH_FIXTURE(lists_and_mappings_can_be_values),
           WITH_FIXTURE(messages_point_at_the_place_of_the_value),
           WITH_FIXTURE(a_path_that_leads_nowhere_says_where_it_ends),
           WITH_FIXTURE(what_is_no_path_is_told))
