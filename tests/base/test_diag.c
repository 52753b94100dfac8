/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/check.h"

static const struct csin_loc somewhere = {"fabric.yaml", 6, 14};

static void a_message_has_place_severity_text_and_code(void **state)
{
    struct csin_diag *diag = csin_diag_create();
    (void)state;
    assert_int_equal(
        csin_error(diag, CSIN_E_INPUT, 112, somewhere, "'%s' is not a bandwidth", "200"),
        CSIN_E_INPUT);
    csin_note(diag, somewhere, "write a unit");
    csin_warning(diag, 7, (struct csin_loc){"fabric.yaml", 0, 0}, "odd");
    csin_error(diag, CSIN_E_FAILED, 901, (struct csin_loc){0}, "an engine crashed");
    assert_int_equal(csin_diag_errors(diag), 2);
    assert_int_equal(csin_diag_warnings(diag), 1);
    assert_says(&diag, "fabric.yaml:6:14: error: '200' is not a bandwidth [CSIN-112]\n"
                       "fabric.yaml:6:14: note: write a unit\n"
                       "fabric.yaml: warning: odd [CSIN-007]\n"
                       "csin: error: an engine crashed [CSIN-901]\n");
    csin_diag_destroy(diag);
}

static void the_same_message_is_kept_once_with_its_notes(void **state)
{
    struct csin_diag *diag = csin_diag_create();
    (void)state;
    for (int i = 0; i < 3; i++) {
        csin_error(diag, CSIN_E_INPUT, 112, somewhere, "wrong");
        csin_note(diag, somewhere, "a remedy");
    }
    csin_warning(diag, 112, somewhere, "wrong");
    assert_int_equal(csin_diag_errors(diag), 1);
    assert_says(&diag, "fabric.yaml:6:14: error: wrong [CSIN-112]\n"
                       "fabric.yaml:6:14: note: a remedy\n"
                       "fabric.yaml:6:14: warning: wrong [CSIN-112]\n");
    csin_diag_destroy(diag);
}

static void a_hundred_messages_are_kept_and_the_rest_is_counted(void **state)
{
    struct csin_diag *diag = csin_diag_create();
    char *text;
    unsigned lines = 0;
    (void)state;
    for (int i = 0; i < 117; i++) {
        csin_error(diag, CSIN_E_INPUT, 112, somewhere, "mistake %d", i);
        csin_note(diag, somewhere, "remedy %d", i);
    }
    assert_int_equal(csin_diag_errors(diag), 117);
    text = check_diag_text(diag);
    for (const char *s = text; *s; s++)
        lines += *s == '\n';
    assert_int_equal(lines, 201);
    assert_non_null(strstr(text, "remedy 99\ncsin: note: and 17 more\n"));
    assert_null(strstr(text, "remedy 100"));
    free(text);
    csin_diag_destroy(diag);
}

static void a_message_can_be_dropped(void **state)
{
    (void)state;
    assert_int_equal(csin_error(NULL, CSIN_E_NO, 1, somewhere, "nobody listens"), CSIN_E_NO);
    csin_warning(NULL, 1, somewhere, "nobody listens");
    csin_note(NULL, somewhere, "nobody listens");
    assert_int_equal(csin_no_memory(NULL), CSIN_E_FAILED);
    csin_diag_destroy(NULL);
}

static void out_of_memory_is_told_once_and_without_notes(void **state)
{
    struct csin_diag *diag = csin_diag_create();
    (void)state;
    assert_int_equal(csin_no_memory(diag), CSIN_E_FAILED);
    csin_note(diag, somewhere, "a note that belongs to nothing");
    assert_int_equal(csin_no_memory(diag), CSIN_E_FAILED);
    assert_int_equal(csin_diag_errors(diag), 1);
    assert_says(&diag, "csin: error: out of memory [CSIN-100]\n");
    csin_diag_destroy(diag);
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
    struct csin_diag *diag = csin_diag_create();
    (void)state;
    csin_error(diag, CSIN_E_INPUT, 1, (struct csin_loc){"a\033[2Jb.yaml", 1, 2},
               "'\033]0;x\a' \x7f \xc2\x9b \xff \xed\xa0\x80 \xc3\xa9 \xe2\x82\xac \\ %s", "a\nb");
    assert_says(&diag, "a\\x1b[2Jb.yaml:1:2: error: '\\x1b]0;x\\x07' \\x7f \\xc2\\x9b \\xff "
                       "\\xed\\xa0\\x80 \xc3\xa9 \xe2\x82\xac \\ a\\x0ab [CSIN-001]\n");
    csin_diag_destroy(diag);
}

static void long_offenders_are_cut_between_characters(void **state)
{
    char text[300] = "";
    (void)state;
    assert_string_equal(csin_brief("short", SIZE_MAX).s, "short");
    assert_string_equal(csin_brief("a list", 1).s, "a");
    assert_string_equal(csin_brief("", SIZE_MAX).s, "");
    for (int i = 0; i < 40; i++)
        strcat(text, "\xf0\x9f\x98\x80"); /* four bytes each */
    assert_string_equal(csin_brief(text, SIZE_MAX).s, text);
    strcat(text, "x");
    assert_int_equal(strlen(csin_brief(text, SIZE_MAX).s), 163);
    assert_string_equal(csin_brief(text, SIZE_MAX).s + 156, "\xf0\x9f\x98\x80...");
}

static void the_nearest_word_is_a_typing_mistake_away(void **state)
{
    static const char *const keys[] = {"leaves", "spines", "uplink-rate", "uplink", "to"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"uplnk", "uplink"},
        {"uplinks", "uplink"},
        {"pulink", "uplink"},
        {"Leaves", "leaves"},
        {"LEAVES", "leaves"},
        {"leafs", NULL},
        {"leves", "leaves"},
        {"lavees", "leaves"},
        {"uplink_rate", "uplink-rate"},
        {"uplinkrate", "uplink-rate"},
        {"up-lnk-rate", "uplink-rate"},
        {"hosts", NULL},
        {"t", NULL},
        {"ot", "to"},
        {"", NULL},
        {"xyz", NULL},
    };
    char huge[5000];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = csin_nearest(cases[i].word, keys, 5);
        if (!cases[i].nearest)
            assert_null(got);
        else
            assert_string_equal(got ? got : "nothing", cases[i].nearest);
    }
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    assert_null(csin_nearest(huge, keys, 5));
    assert_null(csin_nearest("leaves", (const char *const[]){huge}, 1));
    assert_null(csin_nearest("leaves", NULL, 0));
}

static void the_first_of_equally_near_words_wins(void **state)
{
    static const char *const words[] = {"node", "mode", "code"};
    (void)state;
    assert_string_equal(csin_nearest("lode", words, 3), "node");
    assert_string_equal(csin_nearest("code", words, 3), "code");
}

CHECK_MAIN(cmocka_unit_test(a_message_has_place_severity_text_and_code),
           cmocka_unit_test(the_same_message_is_kept_once_with_its_notes),
           cmocka_unit_test(a_hundred_messages_are_kept_and_the_rest_is_counted),
           cmocka_unit_test(a_message_can_be_dropped),
           cmocka_unit_test(out_of_memory_is_told_once_and_without_notes),
           cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
           cmocka_unit_test(long_offenders_are_cut_between_characters),
           cmocka_unit_test(the_nearest_word_is_a_typing_mistake_away),
           cmocka_unit_test(the_first_of_equally_near_words_wins))
