/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"
#include "tests/check.h"

struct page {
    FILE *out;
    char *text;
    size_t bytes;
    struct csin_json json;
};

static void open_page(struct page *page)
{
    page->out = open_memstream(&page->text, &page->bytes);
    assert_non_null(page->out);
    csin_json_init(&page->json, page->out);
}

static void assert_page(struct page *page, const char *want)
{
    csin_json_finish(&page->json);
    fclose(page->out);
    assert_string_equal(page->text, want);
    free(page->text);
}

static void nested_containers_are_indented(void **state)
{
    struct page page;
    struct csin_json *json = &page.json;
    (void)state;
    open_page(&page);
    csin_json_object(json, NULL);
    csin_json_string(json, "name", "csin");
    csin_json_array(json, "jobs");
    csin_json_object(json, NULL);
    csin_json_count(json, "ranks", UINT64_MAX);
    csin_json_end_object(json);
    csin_json_real(json, NULL, 0.1);
    csin_json_end_array(json);
    csin_json_bool(json, "fair", true);
    csin_json_bool(json, "lossy", false);
    csin_json_end_object(json);
    assert_page(&page, "{\n"
                       "  \"name\": \"csin\",\n"
                       "  \"jobs\": [\n"
                       "    {\n"
                       "      \"ranks\": 18446744073709551615\n"
                       "    },\n"
                       "    0.1\n"
                       "  ],\n"
                       "  \"fair\": true,\n"
                       "  \"lossy\": false\n"
                       "}\n");
}

static void flat_containers_stay_on_one_line(void **state)
{
    struct page page;
    struct csin_json *json = &page.json;
    (void)state;
    open_page(&page);
    csin_json_array(json, NULL);
    for (int i = 0; i < 2; i++) {
        csin_json_flat_object(json, NULL);
        csin_json_count(json, "arc", 3);
        csin_json_array(json, "load");
        csin_json_real(json, NULL, 25e9);
        csin_json_real(json, NULL, 1);
        csin_json_end_array(json);
        csin_json_end_object(json);
    }
    csin_json_flat_array(json, NULL);
    csin_json_end_array(json);
    csin_json_end_array(json);
    assert_page(&page, "[\n"
                       "  {\"arc\": 3, \"load\": [25000000000, 1]},\n"
                       "  {\"arc\": 3, \"load\": [25000000000, 1]},\n"
                       "  []\n"
                       "]\n");
}

static void empty_containers_have_no_lines(void **state)
{
    struct page page;
    (void)state;
    open_page(&page);
    csin_json_object(&page.json, NULL);
    csin_json_array(&page.json, "links");
    csin_json_end_array(&page.json);
    csin_json_object(&page.json, "classes");
    csin_json_end_object(&page.json);
    csin_json_end_object(&page.json);
    assert_page(&page, "{\n  \"links\": [],\n  \"classes\": {}\n}\n");
}

static void a_value_alone_is_a_document(void **state)
{
    struct page page;
    (void)state;
    open_page(&page);
    csin_json_real(&page.json, NULL, 2.5);
    assert_page(&page, "2.5\n");
}

static void what_is_no_number_is_null(void **state)
{
    struct page page;
    (void)state;
    open_page(&page);
    csin_json_flat_array(&page.json, NULL);
    csin_json_real(&page.json, NULL, NAN);
    csin_json_real(&page.json, NULL, -INFINITY);
    csin_json_string(&page.json, NULL, NULL);
    csin_json_end_array(&page.json);
    assert_page(&page, "[null, null, null]\n");
}

static void texts_are_escaped_and_mended(void **state)
{
    struct page page;
    (void)state;
    open_page(&page);
    csin_json_flat_object(&page.json, NULL);
    csin_json_string(&page.json, "a\"b",
                     "\\ \"q\" \n\t\x01\x7f </script> \xc3\xa9 \xf0\x9f\x98\x80");
    csin_json_string(&page.json, "bad", "x\xffy\xc0\xafz\xed\xa0\x80 \xe2\x82");
    csin_json_end_object(&page.json);
    assert_page(&page,
                "{\"a\\\"b\": \"\\\\ \\\"q\\\" \\u000a\\u0009\\u0001\\u007f \\u003c/script> "
                "\xc3\xa9 \xf0\x9f\x98\x80\", \"bad\": \"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbdz"
                "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\"}\n");
}

static void write_errors_stick_to_the_file(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    struct csin_json json;
    (void)state;
    if (!full)
        skip();
    setvbuf(full, NULL, _IONBF, 0);
    csin_json_init(&json, full);
    csin_json_string(&json, NULL, "text");
    csin_json_finish(&json);
    assert_true(ferror(full));
    fclose(full);
}

CHECK_MAIN(cmocka_unit_test(nested_containers_are_indented),
           cmocka_unit_test(flat_containers_stay_on_one_line),
           cmocka_unit_test(empty_containers_have_no_lines),
           cmocka_unit_test(a_value_alone_is_a_document),
           cmocka_unit_test(what_is_no_number_is_null),
           cmocka_unit_test(texts_are_escaped_and_mended),
           cmocka_unit_test(write_errors_stick_to_the_file))
