/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json_read.h"
#include "tests/check.h"

struct page {
    struct csin_arena *arena;
    struct csin_diag *diag;
    const struct csin_json_value *top;
    enum csin_status status;
    char *said;
};

static struct page read_bytes(const char *text, size_t bytes)
{
    struct page page = {csin_arena_create(), csin_diag_create(), NULL, CSIN_OK, NULL};
    size_t n;
    page.status = csin_json_read(page.arena, page.diag, "f.json", text, bytes, &page.top);
    FILE *out = open_memstream(&page.said, &n);
    csin_diag_print(page.diag, out);
    fclose(out);
    return page;
}

static void close_page(struct page *page)
{
    free(page->said);
    csin_diag_destroy(page->diag);
    csin_arena_destroy(page->arena);
}

static void assert_refused(const char *text, const char *want)
{
    struct page page = read_bytes(text, strlen(text));
    assert_int_equal(page.status, CSIN_E_INPUT);
    assert_null(page.top);
    if (!strstr(page.said, want))
        fail_msg("'%s' says: %snot: %s", text, page.said, want);
    close_page(&page);
}

static void values_and_their_places_are_read(void **state)
{
    static const char text[] = "{\"a\": [1, -2.5e-3, true, null],\n \"b\": {\"c\": \"x\"}}\n";
    struct page page = read_bytes(text, strlen(text));
    (void)state;
    assert_int_equal(page.status, CSIN_OK);
    const struct csin_json_value *a = csin_json_get(page.top, "a");
    const struct csin_json_value *b = csin_json_get(page.top, "b");
    assert_int_equal(a->n, 4);
    assert_true(a->first->whole && a->first->x == 1);
    assert_true(!a->first->next->whole && a->first->next->x == -2.5e-3);
    assert_int_equal(a->first->next->next->kind, CSIN_JSON_BOOL);
    assert_int_equal(a->first->next->next->next->kind, CSIN_JSON_NULL);
    assert_int_equal(b->line, 2);
    assert_int_equal(b->col, 7);
    assert_string_equal(csin_json_get_text(b, "c"), "x");
    assert_null(csin_json_get(b, "d"));
    assert_null(csin_json_get(a, "d"));
    assert_true(csin_json_get_number(page.top, "b", 7) == 7);
    close_page(&page);
}

static void escapes_become_utf8(void **state)
{
    static const char text[] =
        "[\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\"]";
    struct page page = read_bytes(text, strlen(text));
    (void)state;
    assert_int_equal(page.status, CSIN_OK);
    assert_string_equal(page.top->first->text,
                        "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"\\/\b\f\n\r\t");
    close_page(&page);
}

static void mistakes_are_told_at_their_place(void **state)
{
    (void)state;
    assert_refused("", "f.json:1:1: error: the end of the file is not JSON here; expected a value");
    assert_refused("[1,\n 2,]",
                   "f.json:2:4: error: ']' is not JSON here; expected a value [CSIN-860]");
    assert_refused("{\"a\" 1}",
                   "f.json:1:6: error: '1' is not JSON here; expected ':' behind a key");
    assert_refused("{a: 1}", "f.json:1:2: error: 'a' is not JSON here; expected a key in quotes");
    assert_refused("[1] x",
                   "f.json:1:5: error: 'x' is not JSON here; expected the end of the file");
    assert_refused("[1 2]", "expected ',' or ']'");
    assert_refused("{\"a\": 1", "f.json:1:8: error: the end of the file");
    assert_refused("[nul]", "'nul' is not JSON here");
    assert_refused("[nulls]", "'nulls' is not JSON here");
    assert_refused("[01]", "expected a number");
    assert_refused("[1.]", "expected a number");
    assert_refused("[.5]", "expected a value");
    assert_refused("[-]", "expected a number");
    assert_refused("[1e]", "expected a number");
    assert_refused("[0x10]", "expected a number");
    assert_refused("[1e999]", "'1e999' is too large [CSIN-861]");
    assert_refused("[NaN]", "'NaN' is not JSON here");
    assert_refused("[\"a\nb\"]", "f.json:1:4: error: the text ends with the line [CSIN-861]");
    assert_refused("[\"a", "the text ends with the file");
    assert_refused("[\"\\x\"]", "'\\x' is no escape of JSON");
    assert_refused("[\"\\u12\"]", "takes four hexadecimal digits");
    assert_refused("[\"\\u0000\"]", "cannot hold the character NUL");
    assert_refused("[\"\\ud800x\"]", "the first half of a pair stands alone");
    assert_refused("[\"\\ude00\"]", "the second half of a pair stands alone");
    assert_refused("[\"\xff\"]", "this is not UTF-8");
    assert_refused("[\"\x01\"]", "a control character stands in a text");
    assert_refused("{\"a\": 1, \"b\": 2,\n\"a\": 3}",
                   "f.json:2:6: error: key 'a' is there twice [CSIN-862]");
}

static void a_nul_within_the_file_is_told(void **state)
{
    struct page page = read_bytes("[1,\0 2]", 7);
    (void)state;
    assert_int_equal(page.status, CSIN_E_INPUT);
    close_page(&page);
}

static void many_keys_are_found_and_told_when_twice(void **state)
{
    char text[4096] = "{", want[64];
    size_t n = 1;
    (void)state;
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\"k%d\": %d", i ? "," : "", i * 7 % 200,
                              i);
    snprintf(text + n, sizeof text - n, "}");
    struct page page = read_bytes(text, strlen(text));
    assert_int_equal(page.status, CSIN_OK);
    for (int i = 0; i < 200; i++) {
        snprintf(want, sizeof want, "k%d", i * 7 % 200);
        assert_true(csin_json_get_number(page.top, want, -1) == i);
    }
    assert_null(csin_json_get(page.top, "k200"));
    close_page(&page);
    snprintf(text + n, sizeof text - n, ",\"k14\":1}");
    assert_refused(text, "key 'k14' is there twice");
}

static void depth_is_bounded(void **state)
{
    char text[200];
    (void)state;
    memset(text, '[', 100);
    memset(text + 100, ']', 100);
    text[199] = '\0';
    assert_refused(text, "f.json:1:25: error: more than 24 levels [CSIN-863]");
}

static void what_was_read_is_written_the_same(void **state)
{
    static const char text[] =
        "{\n  \"a\": [\n    {\"b\": 1, \"c\": [0.5, null, true]},\n    \"x\"\n  ],\n"
        "  \"d\": {},\n  \"e\": 1e-09\n}\n";
    struct page page = read_bytes(text, strlen(text));
    struct csin_json json;
    char *again;
    size_t n;
    (void)state;
    assert_int_equal(page.status, CSIN_OK);
    FILE *out = open_memstream(&again, &n);
    csin_json_init(&json, out);
    csin_json_copy(&json, NULL, page.top, 2);
    csin_json_finish(&json);
    fclose(out);
    assert_string_equal(again, text);
    free(again);
    close_page(&page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_their_places_are_read),
        cmocka_unit_test(escapes_become_utf8),
        cmocka_unit_test(mistakes_are_told_at_their_place),
        cmocka_unit_test(a_nul_within_the_file_is_told),
        cmocka_unit_test(many_keys_are_found_and_told_when_twice),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(what_was_read_is_written_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
