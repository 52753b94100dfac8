/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as topology.conf gives a forest whose nodes are on one leaf each,
 * or an error that is told; and it can be compared with a fabric. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "topo/slurm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_forest(const struct csin_slurm *s)
{
    uint32_t n_nodes = 0;
    assert(s->n_leaves > 0);
    for (uint32_t i = 0; i < s->n_switches; i++) {
        const struct csin_slurm_switch *sw = &s->switches[i];
        assert((sw->n_nodes > 0) != (sw->n_children > 0));
        assert(csin_names_find(&s->switch_index, sw->name) == i);
        n_nodes += sw->n_nodes;
        for (uint32_t k = 0; k < sw->n_nodes; k++)
            assert(csin_names_find(&s->node_leaf, sw->nodes[k]) == i);
        for (uint32_t k = 0; k < sw->n_children; k++)
            assert(s->switches[sw->children[k]].parent == i);
        assert(sw->parent == CSIN_NONE || csin_slurm_is_below(s, i, sw->parent)); /* and it ends */
    }
    assert(n_nodes == s->n_nodes);
}

static void compare(struct csin_arena *arena, struct csin_diag *diag, const struct csin_slurm *s)
{
    struct csin_fabric *f = NULL;
    struct csin_slurm_difference d;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    enum csin_status status = csin_fabric_open(diag, arena, (struct csin_loc){"f", 1, 1},
                                               "leaf:4 spine:2 host:4 storage:1 200Gb/s", &f, NULL);
    if (out && status == CSIN_OK && csin_slurm_compare(f, s, arena, diag, &d) == CSIN_OK) {
        assert(d.n_moved_hosts + d.n_same_hosts + d.n_unknown == s->n_nodes);
        csin_slurm_write_difference(&d, out);
    }
    if (out)
        fclose(out);
    free(text);
    csin_fabric_destroy(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_slurm slurm;
    if (arena && diag) {
        enum csin_status status = csin_slurm_read(arena, diag, "t.conf", (const char *)data, size,
                                                  &slurm);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        if (status == CSIN_OK) {
            check_forest(&slurm);
            compare(arena, diag, &slurm);
        }
    }
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
