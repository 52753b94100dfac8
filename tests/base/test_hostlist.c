/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hostlist.h"
#include "base/rng.h"
#include "tests/check.h"

static const struct csin_loc somewhere = {"f", 3, 10};

struct fixture {
    struct csin_arena *arena;
    struct csin_diag *diag;
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

/* The names a list stands for, with a blank between two. */
static const char *expand(struct fixture *f, const char *text)
{
    const char *const *names = NULL;
    const char *joined = "";
    uint32_t n = 0;
    if (csin_hostlist_expand(f->arena, f->diag, somewhere, text, &names, &n) != CSIN_OK)
        return "refused";
    for (uint32_t i = 0; i < n; i++)
        joined = csin_arena_printf(f->arena, "%s%s%s", joined, i ? " " : "", names[i]);
    return joined;
}

static void lists_are_expanded_in_the_order_written(void **state)
{
    static const struct {
        const char *list, *names;
    } cases[] = {
        {"login1", "login1"},
        {"gpu[1-3]", "gpu1 gpu2 gpu3"},
        {"gpu[001-003,007]", "gpu001 gpu002 gpu003 gpu007"},
        {"gpu[8-11]", "gpu8 gpu9 gpu10 gpu11"},
        {"gpu[08-11]", "gpu08 gpu09 gpu10 gpu11"},
        {"gpu[9,1-2],a", "gpu9 gpu1 gpu2 a"},
        {"r[1-2]n[01-02]", "r1n01 r1n02 r2n01 r2n02"},
        {"r[1-2]-[a]", "refused"},
        {"r[1,3]x[5-6]y[7]z", "r1x5y7z r1x6y7z r3x5y7z r3x6y7z"},
        {"[1-3]", "1 2 3"},
        {"[1-2][3-4]", "13 14 23 24"},
        {" a , b\t,\nc ", "a b c"},
        {"g[ 1 , 2-3 ]", "g1 g2 g3"},
        {"a.b_c-D9", "a.b_c-D9"},
        {"x[0]", "x0"},
        {"x[00]", "x00"},
        {"x[1,01]", "x1 x01"},
        {"x[999999999999999998-999999999999999999]", "x999999999999999998 x999999999999999999"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(expand(f, cases[i].list), cases[i].names);
}

static void wrong_lists_are_refused_at_their_column(void **state)
{
#define RANGES "write numbers and ranges, such as gpu[001-600,610]\n"
#define NAMES "names have letters, digits, '.', '_' and '-'\n"
#define COMMA "write names with a comma between two\n"
    static const struct {
        const char *list, *says;
    } cases[] = {
        {"", "f:3:10: error: a name is missing [CSIN-120]\nf:3:10: note: " COMMA},
        {"  ", "f:3:12: error: a name is missing [CSIN-120]\nf:3:12: note: " COMMA},
        {"a,", "f:3:12: error: a name is missing [CSIN-120]\nf:3:12: note: " COMMA},
        {"a,,b", "f:3:12: error: a name is missing [CSIN-120]\nf:3:12: note: " COMMA},
        {",a", "f:3:10: error: a name is missing [CSIN-120]\nf:3:10: note: " COMMA},
        {"a b", "f:3:12: error: a comma is missing here [CSIN-128]\nf:3:12: note: " COMMA},
        {"a/b", "f:3:11: error: '/' cannot stand in a name [CSIN-122]\nf:3:11: note: " NAMES},
        {"a\xc3\xa9", "f:3:11: error: '\xc3\xa9' cannot stand in a name [CSIN-122]\n"
                      "f:3:11: note: " NAMES},
        {"a\xff", "f:3:11: error: '\\xff' cannot stand in a name [CSIN-122]\n"
                  "f:3:11: note: " NAMES},
        {"g[1-3", "f:3:11: error: '[' is not closed [CSIN-121]\n"
                  "f:3:11: note: write ']' after the last number\n"},
        {"g[", "f:3:11: error: '[' is not closed [CSIN-121]\n"
               "f:3:11: note: write ']' after the last number\n"},
        {"g[1,", "f:3:11: error: '[' is not closed [CSIN-121]\n"
                 "f:3:11: note: write ']' after the last number\n"},
        {"g1]", "f:3:12: error: ']' without '[' [CSIN-121]\n"
                "f:3:12: note: write ranges as gpu[001-600,610]\n"},
        {"]", "f:3:10: error: ']' without '[' [CSIN-121]\n"
              "f:3:10: note: write ranges as gpu[001-600,610]\n"},
        {"g[]",
         "f:3:12: error: a number is missing in the brackets [CSIN-123]\nf:3:12: note: " RANGES},
        {"g[1-]", "f:3:14: error: a number is missing in the brackets [CSIN-123]\n"
                  "f:3:14: note: " RANGES},
        {"g[-1]", "f:3:12: error: a number is missing in the brackets [CSIN-123]\n"
                  "f:3:12: note: " RANGES},
        {"g[1,,2]", "f:3:14: error: a number is missing in the brackets [CSIN-123]\n"
                    "f:3:14: note: " RANGES},
        {"g[[1]]", "f:3:12: error: a number is missing in the brackets [CSIN-123]\n"
                   "f:3:12: note: " RANGES},
        {"g[1-2-3]", "f:3:15: error: only numbers, '-' and ',' can stand in brackets [CSIN-123]\n"
                     "f:3:15: note: " RANGES},
        {"g[1:2]", "f:3:13: error: only numbers, '-' and ',' can stand in brackets [CSIN-123]\n"
                   "f:3:13: note: " RANGES},
        {"g[1111111111111111111]", "f:3:12: error: a number has more than 18 digits [CSIN-123]\n"
                                   "f:3:12: note: only the digits that change need brackets\n"},
        {"a,g[9-3]", "f:3:14: error: the range '9-3' runs backwards [CSIN-124]\n"
                     "f:3:14: note: write the smaller number first\n"},
        {"a,b,a", "f:3:14: error: 'a' occurs twice [CSIN-126]\nf:3:10: note: first here\n"},
        {"a[1-3,2]", "f:3:10: error: 'a2' occurs twice [CSIN-126]\n"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(expand(f, cases[i].list), "refused");
        assert_says(&f->diag, cases[i].says);
    }
#undef RANGES
#undef NAMES
#undef COMMA
}

static void only_the_first_few_duplicates_are_told(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(expand(f, "a[1-100],a[1-100]"), "refused");
    assert_int_equal(csin_diag_errors(f->diag), 3);
}

static void lists_too_large_are_refused_before_they_take_memory(void **state)
{
    static const struct {
        const char *list;
        unsigned col;
    } cases[] = {
        {"a[0-999999999999999999]", 10},
        {"a[0-1048576]", 10},
        {"a[0-1023]b[0-1023]c[0-1]", 10},
        {"a[0-1048575],b", 23},
        {"a[0-99999]b[0-99999]c[0-99999]d[0-99999]", 10},
        {"a[0-600000,700000-1300000]", 10},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *says = csin_arena_printf(
            f->arena,
            "f:3:%u: error: the list has more than 1,048,576 names [CSIN-125]\n"
            "f:3:%u: note: check the width of the ranges\n",
            cases[i].col, cases[i].col);
        assert_string_equal(expand(f, cases[i].list), "refused");
        assert_says(&f->diag, says);
    }
    assert_true(csin_arena_bytes(f->arena) < 64 << 20);
}

static void names_too_long_are_refused(void **state)
{
    struct fixture *f = *state;
    char *name = csin_arena_printf(f->arena, "%064d", 0),
         *brackets = csin_arena_printf(f->arena, "%s%s",
                                       "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"
                                       "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]",
                                       "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"
                                       "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]");
    assert_string_equal(expand(f, name), name);
    assert_string_equal(expand(f, brackets), name);
    assert_says(&f->diag, "");
    assert_string_equal(expand(f, csin_arena_printf(f->arena, "x%s", name)), "refused");
    assert_says(&f->diag, "f:3:10: error: 'x000000000000000000000000000000000000000...' is longer "
                          "than 64 characters [CSIN-127]\n");
    assert_string_equal(expand(f, csin_arena_printf(f->arena, "%s[0]", brackets)), "refused");
    assert_string_equal(expand(f, csin_arena_printf(f->arena, "%s[8-11]", name + 1)), "refused");
}

static void the_largest_list_is_expanded(void **state)
{
    struct fixture *f = *state;
    const char *const *names;
    uint32_t n = 0;
    assert_int_equal(
        csin_hostlist_expand(f->arena, f->diag, somewhere, "a[0-1023]b[0000-1023]", &names, &n),
        CSIN_OK);
    assert_int_equal(n, CSIN_HOSTLIST_MAX);
    assert_string_equal(names[n - 1], "a1023b1023");
    assert_string_equal(names[1024], "a1b0000");
}

static void a_failure_leaves_the_results_alone(void **state)
{
    struct fixture *f = *state;
    const char *const *names = NULL;
    uint32_t n = 5;
    assert_int_equal(csin_hostlist_expand(f->arena, f->diag, somewhere, "a,a", &names, &n),
                     CSIN_E_INPUT);
    assert_null(names);
    assert_int_equal(n, 5);
}

static void neighbours_are_folded(void **state)
{
    static const struct {
        const char *names, *list;
    } cases[] = {
        {"a", "a"},
        {"gpu001,gpu002,gpu003,gpu007", "gpu[001-003,007]"},
        {"gpu7", "gpu7"},
        {"gpu8,gpu9,gpu10,gpu11", "gpu[8-11]"},
        {"gpu08,gpu09,gpu10", "gpu[08-10]"},
        {"gpu8,gpu09,gpu10", "gpu[8,09-10]"},
        {"gpu99,gpu100", "gpu[99-100]"},
        {"gpu099,gpu100", "gpu[099-100]"},
        {"gpu3,gpu2,gpu1", "gpu[3,2,1]"},
        {"r1n1,r1n2,r2n1,r2n2", "r1n[1-2],r2n[1-2]"},
        {"g1-ib,g2-ib,g3-eth", "g[1-2]-ib,g3-eth"},
        {"a,b,c1", "a,b,c1"},
        {"x999999999999999999,y", "x999999999999999999,y"},
        {"x1234567890123456789012,x1234567890123456789013",
         "x1234567890123456789012,x1234567890123456789013"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const *names;
        uint32_t n;
        assert_int_equal(
            csin_hostlist_expand(f->arena, f->diag, somewhere, cases[i].names, &names, &n),
            CSIN_OK);
        assert_string_equal(csin_hostlist_fold(f->arena, names, n), cases[i].list);
    }
    assert_string_equal(csin_hostlist_fold(f->arena, NULL, 0), "");
}

static void a_folded_list_expands_to_the_same_names(void **state)
{
    struct fixture *f = *state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct csin_rng rng = csin_rng_init(seed, 0);
        const char *names[50], *const *back;
        uint32_t n = 0, n_back = 0;
        for (uint64_t number = 0; n < 50; number += 1 + csin_rng_below(&rng, 3) / 2) {
            names[n++] = csin_arena_printf(f->arena, "%s%0*d", number % 37 > 20 ? "gpu" : "cpu",
                                           (int)(seed % 4), (int)number);
        }
        if (csin_hostlist_expand(f->arena, f->diag, somewhere,
                                 csin_hostlist_fold(f->arena, names, n), &back,
                                 &n_back) != CSIN_OK ||
            n_back != n)
            fail_msg("seed %d", (int)seed);
        for (uint32_t i = 0; i < n; i++)
            assert_string_equal(back[i], names[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

CHECK_MAIN(TEST(lists_are_expanded_in_the_order_written),
           TEST(wrong_lists_are_refused_at_their_column),
           TEST(only_the_first_few_duplicates_are_told),
           TEST(lists_too_large_are_refused_before_they_take_memory),
           TEST(names_too_long_are_refused), TEST(the_largest_list_is_expanded),
           TEST(a_failure_leaves_the_results_alone), TEST(neighbours_are_folded),
           TEST(a_folded_list_expands_to_the_same_names))
