/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, every reader of numbers gives a value within its bounds or an error, and never
 * both. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct csin_diag *diag, const char *text)
{
    struct csin_loc loc = {"f", 1, 1};
    unsigned n_failed = 0;
    double x = -1;
    uint64_t n = 7;

    if (csin_read_rate(diag, loc, text, &x) == CSIN_OK)
        assert(x > 0 && x <= 1e15);
    else
        n_failed++;
    if (csin_read_time(diag, loc, text, &x) == CSIN_OK)
        assert(x >= 0 && x <= 1e9);
    else
        n_failed++;
    if (csin_read_size(diag, loc, text, &n) == CSIN_OK)
        assert(n <= UINT64_C(1) << 60);
    else
        n_failed++;
    if (csin_read_count(diag, loc, text, 3, 1000, &n) == CSIN_OK)
        assert(n >= 3 && n <= 1000);
    else
        n_failed++;
    if (csin_read_ratio(diag, loc, text, 0.5, 10, &x) == CSIN_OK)
        assert(x >= 0.5 && x <= 10);
    else
        n_failed++;
    /* Five kinds of message; the same one at the same place is kept once: '-1B/s' is negative. */
    assert((csin_diag_errors(diag) == 0) == (n_failed == 0) && csin_diag_errors(diag) <= n_failed);
}

/* Whatever the number, what is shown fits and says the same. */
static void show(const uint8_t *data, size_t size)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_loc loc = {"f", 1, 1};
    double x, back;
    if (size < sizeof x || !diag) {
        csin_diag_destroy(diag);
        return;
    }
    memcpy(&x, data, sizeof x);
    assert(!isfinite(x) || strtod(csin_show_exact(x).s, NULL) == x);
    (void)csin_show_linerate(x);
    (void)csin_show_time(x);
    (void)csin_show_fixed(x, (int)data[0]);
    if (csin_read_rate(diag, loc, csin_show_rate(x).s, &back) == CSIN_OK)
        assert(fabs(back - x) <= 6e-4 * x);
    csin_diag_destroy(diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_diag *diag = csin_diag_create();
    char *text = malloc(size + 1);
    if (diag && text) {
        memcpy(text, data, size);
        text[size] = '\0';
        check(diag, text);
        show(data, size);
    }
    free(text);
    csin_diag_destroy(diag);
    return 0;
}
