/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the list, expanding it gives names or an error, and names folded and expanded again are
 * the same names. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct csin_arena *arena, struct csin_diag *diag, const char *text)
{
    struct csin_loc loc = {"f", 1, 1};
    const char *const *names, *const *again;
    const char *list;
    uint32_t n, n_again;
    if (csin_hostlist_expand(arena, diag, loc, text, &names, &n) != CSIN_OK) {
        assert(csin_diag_errors(diag) > 0);
        return;
    }
    assert(n > 0 && n <= CSIN_HOSTLIST_MAX && csin_diag_errors(diag) == 0);
    if (n > 10000)
        return; /* the rest says the same of fewer */
    for (uint32_t i = 0; i < n; i++)
        assert(names[i][0] && strlen(names[i]) <= CSIN_NAME_MAX);
    list = csin_hostlist_fold(arena, names, n);
    assert(list);
    assert(csin_hostlist_expand(arena, diag, loc, list, &again, &n_again) == CSIN_OK);
    assert(n_again == n);
    for (uint32_t i = 0; i < n; i++)
        assert(strcmp(names[i], again[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char *text = malloc(size + 1);
    if (arena && diag && text) {
        memcpy(text, data, size);
        text[size] = '\0';
        check(arena, diag, text);
    }
    free(text);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
