/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What every test program needs: cmocka, doubles, and what csin says.
 *
 *     static void half_of_two_is_one(void **state)
 *     {
 *         (void)state;
 *         assert_close(2.0 / 2, 1, 1e-15);
 *     }
 *
 *     CHECK_MAIN(cmocka_unit_test(half_of_two_is_one))
 */
#ifndef CSIN_TESTS_CHECK_H
#define CSIN_TESTS_CHECK_H

/* cmocka.h wants these before it, in this order. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"

/* |got - want| <= rel x |want|. cmocka 1.1.5 has assert_float_equal only, which rounds to float. */
#define assert_close(got, want, rel) check_close((got), (want), (rel), #got, __FILE__, __LINE__)

static inline void check_close(double got, double want, double rel, const char *what,
                               const char *file, int line)
{
    if (got == want || fabs(got - want) <= rel * fabs(want))
        return;
    print_error("%s is %.17g, not %.17g (relative error %g, allowed %g)\n", what, got, want,
                fabs(got - want) / fabs(want), rel);
    _fail(file, line);
}

/* All that the sink holds, as the command line would print it. malloc'ed. */
static inline char *check_diag_text(const struct csin_diag *diag)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        abort();
    csin_diag_print(diag, out);
    fclose(out);
    return text;
}

/* Compares all that the sink holds with `want` and empties it: *diag is a new sink afterwards. */
#define assert_says(diag, want) check_says((diag), (want), __FILE__, __LINE__)

static inline void check_says(struct csin_diag **diag, const char *want, const char *file, int line)
{
    char *got = check_diag_text(*diag);
    int same = strcmp(got, want) == 0;
    if (!same)
        print_error("csin says:\n%sinstead of:\n%s", got, want);
    free(got);
    csin_diag_destroy(*diag);
    *diag = csin_diag_create();
    if (!same)
        _fail(file, line);
}

/* The whole main of a test program. Tests run under the user's locale, as csin does. */
#define CHECK_MAIN(...)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        setlocale(LC_ALL, "");                                                                     \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#endif
