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
        uint32_t zone_switches = 0, ports = 0;
        for (uint32_t z = 0; z < f->n_zones; z++) {
            zone_switches += f->zones[z].n_leaves + f->zones[z].n_spines;
            ports += f->zones[z].n_leaves * f->zones[z].hosts_per_leaf;
        }
        assert(f->n_zones % f->n_planes == 0 && f->n_nics == ports);
        assert(f->n_switches >= zone_switches && (f->n_switches == zone_switches) == !f->n_trees);
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
