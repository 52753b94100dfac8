/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, checking it as OpenSM's options or policy ends, and an error is told where and
 * only where it is given. */
#include <assert.h>
#include <stdint.h>

#include "topo/opensm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    for (int policy = 0; policy < 2; policy++) {
        struct csin_arena *arena = csin_arena_create();
        struct csin_diag *diag = csin_diag_create();
        if (arena && diag) {
            enum csin_status status = policy
                                          ? csin_opensm_check_policy(arena, diag, "f", text, size)
                                          : csin_opensm_check_options(arena, diag, "f", text, size);
            assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        }
        csin_diag_destroy(diag);
        csin_arena_destroy(arena);
    }
    (void)csin_opensm_is_policy(text, size);
    return 0;
}
