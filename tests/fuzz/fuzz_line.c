/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as a fabric of one line gives a fabric that keeps its invariants,
 * or an error that is told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "topo/fabric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct csin_arena *arena, struct csin_diag *diag, const char *line)
{
    struct csin_fabric_spec spec = {0};
    struct csin_fabric *f = NULL;
    struct csin_loc loc = {"f", 1, 1};
    (void)csin_fabric_is_line(line);
    enum csin_status status = csin_fabric_spec_line(arena, diag, loc, line, &spec);
    assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
    if (status != CSIN_OK)
        return;
    status = csin_fabric_create(&spec, diag, &f);
    assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
    assert((status == CSIN_OK) == (f != NULL));
    if (f) {
        csin_fabric_check(f);
        assert(f->n_zones == 1 && f->n_nics == f->n_hosts);
        assert(f->n_switches == f->zones[0].n_leaves + f->zones[0].n_spines);
        assert(f->n_hosts == f->zones[0].n_leaves * f->zones[0].hosts_per_leaf);
    }
    csin_fabric_destroy(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char *line = malloc(size + 1);
    if (arena && diag && line) {
        memcpy(line, data, size);
        line[size] = '\0';
        check(arena, diag, line);
    }
    free(line);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
