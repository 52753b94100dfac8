/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hosts that a topology.conf names: its nodes, and for each of its leaves the leaf of the fabric
 * that they go to. That is the one of the same name, or else the one that has the same number when
 * both are counted through. */
#include <string.h>

#include "base/units.h"
#include "topo/build.h"
#include "topo/slurm.h"

const struct csin_text *csin_build_hosts_text(const struct csin_hosts_spec *hosts)
{
    return hosts->slurm.s ? &hosts->slurm : &hosts->names;
}

/* What is below the switch asked for becomes all that the file has. False after a reported
 * failure. */
static bool pick_leaves(struct builder *b, const struct csin_hosts_spec *hosts,
                        struct csin_slurm *file)
{
    uint32_t above = hosts->below.s ? csin_names_find(&file->switch_index, hosts->below.s)
                                    : CSIN_NONE;
    if (!hosts->below.s)
        return true;
    if (above == CSIN_NONE) {
        FAIL(b, 724, hosts->below.loc, "'%s' has no switch '%s'", hosts->slurm.s, hosts->below.s);
        return false;
    }
    uint32_t n = 0;
    file->n_nodes = 0;
    for (uint32_t i = 0; i < file->n_leaves; i++) {
        if (!csin_slurm_is_below(file, file->leaves[i], above))
            continue;
        file->leaves[n++] = file->leaves[i];
        file->n_nodes += file->switches[file->leaves[i]].n_nodes;
    }
    file->n_leaves = n;
    return true;
}

static bool list_nodes(struct builder *b, const struct csin_slurm *file,
                       const char *const **ret_names)
{
    const char **names = csin_build_array(b, file->n_nodes, sizeof *names);
    uint32_t n = 0;
    for (uint32_t i = 0; names && i < file->n_leaves; i++) {
        const struct csin_slurm_switch *sw = &file->switches[file->leaves[i]];
        memcpy(names + n, sw->nodes, sw->n_nodes * sizeof *names);
        n += sw->n_nodes;
    }
    *ret_names = names;
    return names != NULL;
}

void csin_build_open_slurm(struct builder *b, uint32_t group, const char *const **ret_names,
                           uint32_t *ret_n)
{
    const struct csin_hosts_spec *hosts = &(
        (const struct csin_hosts_spec *)b->spec->hosts.items)[group];
    *ret_n = 0;
    if (!b->slurm)
        b->slurm = csin_arena_alloc(b->arena, b->spec->hosts.n, sizeof *b->slurm);
    if (!b->slurm) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    struct csin_slurm *file = &b->slurm[group];
    /* Messages borrow the name of the file, and the fabric those of its hosts. */
    enum csin_status status = csin_slurm_open(b->spec->arena, b->diag, hosts->slurm.loc,
                                              b->spec->file, hosts->slurm.s, file);
    csin_build_fail(b, status);
    if (status == CSIN_OK && pick_leaves(b, hosts, file) && !b->partial &&
        list_nodes(b, file, ret_names))
        *ret_n = file->n_nodes;
}

static uint32_t find_in(const struct builder *b, uint32_t n_list, const char *name)
{
    uint32_t s = csin_fabric_switch(b->f, name);
    for (uint32_t i = 0; s != CSIN_NONE && i < n_list; i++)
        if (b->list[i] == s)
            return s;
    return CSIN_NONE;
}

uint32_t csin_build_list_slurm(struct builder *b, const struct csin_hosts_spec *hosts,
                               const struct csin_attach_spec *attach, uint32_t n_list)
{
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    const struct csin_slurm *file = &b->slurm[hosts - groups];
    const struct csin_text *where = attach->zone.s ? &attach->zone : &attach->switches;
    uint32_t *target = csin_arena_alloc(b->arena, n_list, sizeof *target);
    uint32_t *user = csin_arena_alloc(b->arena, b->f->n_switches, sizeof *user); /* from 1 */
    if (!target || !user) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return 0;
    }
    if (attach->spread.loc.line) {
        FAIL(b, 723, attach->spread.loc, "'spread' has no say: '%s' says where its hosts go",
             hosts->slurm.s);
        return 0;
    }
    if (file->n_leaves > n_list) {
        FAIL(b, 725, where->loc, "'%s' has %s leaves, and '%s' has %s", hosts->slurm.s,
             csin_show_count(file->n_leaves).s, where->s, csin_show_count(n_list).s);
        csin_note(b->diag, where->loc, "'below' takes those below one switch of the file alone");
        return 0;
    }
    for (uint32_t k = 0; k < file->n_leaves; k++) {
        const struct csin_slurm_switch *sw = &file->switches[file->leaves[k]];
        uint32_t named = find_in(b, n_list, sw->name);
        target[k] = named != CSIN_NONE ? named : b->list[k];
        b->share[k] = sw->n_nodes;
        if (user[target[k]]) {
            FAIL(b, 725, sw->loc, "leaves '%s' and '%s' would both be '%s'",
                 file->switches[user[target[k]] - 1].name, sw->name,
                 b->f->switches[target[k]].name);
            csin_note(b->diag, where->loc,
                      "a leaf is that of the same name here, or else that of the same number");
            return 0;
        }
        user[target[k]] = file->leaves[k] + 1;
    }
    memcpy(b->list, target, file->n_leaves * sizeof *target);
    return file->n_leaves;
}

bool csin_build_slurm_fits(struct builder *b, const struct csin_hosts_spec *hosts, uint32_t n_list)
{
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    const struct csin_slurm *file = &b->slurm[hosts - groups];
    bool fits = true;
    for (uint32_t k = 0; k < n_list; k++) {
        const struct csin_slurm_switch *sw = &file->switches[file->leaves[k]];
        if (b->share[k] <= b->free_ports[k])
            continue;
        fits = false;
        FAIL(b, 211, sw->list_loc, "'%s' has %s nodes, and switch '%s' has %s ports left for hosts",
             sw->name, csin_show_count(b->share[k]).s, b->f->switches[b->list[k]].name,
             csin_show_count(b->free_ports[k]).s);
    }
    return fits;
}
