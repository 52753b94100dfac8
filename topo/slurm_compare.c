/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether topology.conf says what the cables say. */
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"
#include "topo/slurm.h"

struct comparison {
    const struct csin_fabric *f;
    const struct csin_slurm *s;
    struct csin_arena *arena; /* of the result */
    struct csin_slurm_difference d;
    uint32_t *leaf_of; /* [n_hosts] */
    uint32_t *count;   /* [n_switches] scratch, all 0 between uses */
    uint32_t *touched; /* [n_switches] those of `count` that are not 0 */
    const char **list; /* [more than any list] scratch */
    size_t moved_room;
};

/* The leaf of the fabric that a node of the file is on; CSIN_NONE where the fabric has no such host
 * or it is on none. */
static uint32_t leaf_of_node(const struct comparison *c, const char *node)
{
    uint32_t host = csin_fabric_host(c->f, node);
    return host == CSIN_NONE ? CSIN_NONE : c->leaf_of[host];
}

/* The leaf that most nodes of `sw` are on, the first of those where several tie. Its other leaves
 * are left in touched[0 .. *ret_n). */
static uint32_t busiest_leaf(struct comparison *c, const struct csin_slurm_switch *sw)
{
    uint32_t n = 0, best = CSIN_NONE;
    for (uint32_t k = 0; k < sw->n_nodes; k++) {
        uint32_t leaf = leaf_of_node(c, sw->nodes[k]);
        if (leaf != CSIN_NONE && c->count[leaf]++ == 0)
            c->touched[n++] = leaf;
    }
    for (uint32_t i = 0; i < n; i++)
        if (best == CSIN_NONE || c->count[c->touched[i]] > c->count[best])
            best = c->touched[i];
    for (uint32_t i = 0; i < n; i++)
        c->count[c->touched[i]] = 0;
    return best;
}

static uint32_t meant_leaf(struct comparison *c, const struct csin_slurm_switch *sw)
{
    uint32_t named = csin_fabric_switch(c->f, sw->name);
    return named != CSIN_NONE ? named : busiest_leaf(c, sw);
}

static bool add_moved(struct comparison *c, uint32_t sw, uint32_t leaf, uint32_t n)
{
    struct csin_slurm_difference *d = &c->d;
    if (!csin_grow(&d->moved, &c->moved_room, d->n_moved + 1, sizeof *d->moved))
        return false;
    const char *hosts = csin_hostlist_fold(c->arena, c->list, n);
    d->moved[d->n_moved++] = (struct csin_slurm_moved){sw, leaf, hosts, n};
    d->n_moved_hosts += n;
    return hosts != NULL;
}

/* Nodes of a leaf of the file that are elsewhere, one entry for each leaf they are on. */
static bool compare_leaf(struct comparison *c, uint32_t sw_index)
{
    const struct csin_slurm_switch *sw = &c->s->switches[sw_index];
    uint32_t meant = c->d.leaf[sw_index], n_leaves = 0, nowhere = 0;
    for (uint32_t k = 0; k < sw->n_nodes; k++) {
        uint32_t host = csin_fabric_host(c->f, sw->nodes[k]);
        if (host == CSIN_NONE)
            continue;
        uint32_t leaf = c->leaf_of[host];
        if (leaf == CSIN_NONE)
            c->list[nowhere++] = sw->nodes[k];
        else if (leaf == meant)
            c->d.n_same_hosts++;
        else if (c->count[leaf]++ == 0)
            c->touched[n_leaves++] = leaf;
    }
    bool ok = nowhere == 0 || add_moved(c, sw_index, CSIN_NONE, nowhere);
    for (uint32_t i = 0; i < n_leaves; i++) {
        uint32_t n = 0;
        /* As many passes as leaves: of a file that is nearly right there are few. */
        for (uint32_t k = 0; k < sw->n_nodes && n < c->count[c->touched[i]]; k++)
            if (leaf_of_node(c, sw->nodes[k]) == c->touched[i])
                c->list[n++] = sw->nodes[k];
        ok = ok && add_moved(c, sw_index, c->touched[i], n);
        c->count[c->touched[i]] = 0;
    }
    return ok;
}

static bool find_missing(struct comparison *c)
{
    struct csin_slurm_difference *d = &c->d;
    for (uint32_t i = 0; i < c->s->n_leaves; i++) {
        const struct csin_slurm_switch *sw = &c->s->switches[c->s->leaves[i]];
        for (uint32_t k = 0; k < sw->n_nodes; k++)
            if (csin_fabric_host(c->f, sw->nodes[k]) == CSIN_NONE)
                c->list[d->n_unknown++] = sw->nodes[k];
    }
    d->unknown = csin_hostlist_fold(c->arena, c->list, d->n_unknown);
    for (uint32_t h = 0; h < c->f->n_hosts; h++)
        if (c->f->hosts[h].role == CSIN_COMPUTE &&
            csin_names_find(&c->s->node_leaf, c->f->hosts[h].name) == CSIN_NONE)
            c->list[d->n_missing++] = c->f->hosts[h].name;
    d->missing = csin_hostlist_fold(c->arena, c->list, d->n_missing);
    return d->unknown && d->missing;
}

/* Leaves of the fabric whose hosts the file puts below several of its leaves. */
static bool find_split(struct comparison *c, struct csin_arena *scratch)
{
    uint32_t *first = csin_arena_alloc(scratch, c->f->n_switches, sizeof *first); /* from 1 */
    bool *told = csin_arena_alloc(scratch, c->f->n_switches, sizeof *told);
    c->d.split = csin_arena_alloc(c->arena, c->f->n_switches, sizeof *c->d.split);
    if (!first || !told || !c->d.split)
        return false;
    for (uint32_t h = 0; h < c->f->n_hosts; h++) {
        uint32_t leaf = c->leaf_of[h];
        uint32_t sw = csin_names_find(&c->s->node_leaf, c->f->hosts[h].name);
        if (leaf == CSIN_NONE || sw == CSIN_NONE)
            continue;
        if (first[leaf] == 0)
            first[leaf] = sw + 1;
        if (first[leaf] != sw + 1 && !told[leaf])
            c->d.split[c->d.n_split++] = leaf;
        told[leaf] = told[leaf] || first[leaf] != sw + 1;
    }
    return true;
}

static uint32_t depth_of(const struct csin_slurm *s, uint32_t sw)
{
    uint32_t depth = 0;
    for (; sw != CSIN_NONE; sw = s->switches[sw].parent)
        depth++;
    return depth;
}

/* The lowest switch above both; CSIN_NONE where there is none. */
static uint32_t lowest_above(const struct csin_slurm *s, uint32_t a, uint32_t b)
{
    uint32_t depth_a = depth_of(s, a), depth_b = depth_of(s, b);
    for (; depth_a > depth_b; depth_a--)
        a = s->switches[a].parent;
    for (; depth_b > depth_a; depth_b--)
        b = s->switches[b].parent;
    while (a != b) {
        a = s->switches[a].parent;
        b = s->switches[b].parent;
    }
    return a;
}

/* Zones that have the same lowest switch above all their leaves: a job that must leave its leaf is
 * as well placed in the other zone, for all that Slurm knows. */
static bool find_joined(struct comparison *c, struct csin_arena *scratch)
{
    const struct csin_fabric *f = c->f;
    uint32_t *above = csin_arena_alloc(scratch, f->n_zones, sizeof *above);
    uint32_t *leaves = csin_arena_alloc(scratch, f->n_zones, sizeof *leaves);
    uint32_t *zone_above = csin_arena_alloc(scratch, c->s->n_switches, sizeof *zone_above);
    for (int i = 0; i < 2; i++)
        c->d.joined[i] = csin_arena_alloc(c->arena, f->n_zones, sizeof *c->d.joined[i]);
    if (!above || !leaves || !zone_above || !c->d.joined[0] || !c->d.joined[1])
        return false;
    for (uint32_t i = 0; i < c->s->n_leaves; i++) {
        uint32_t sw = c->s->leaves[i], leaf = c->d.leaf[sw];
        uint32_t zone = leaf == CSIN_NONE ? CSIN_NONE : f->switches[leaf].zone;
        if (zone == CSIN_NONE)
            continue;
        above[zone] = leaves[zone]++ == 0 || above[zone] == CSIN_NONE
                          ? (leaves[zone] == 1 ? sw : CSIN_NONE)
                          : lowest_above(c->s, above[zone], sw);
    }
    for (uint32_t z = 0; z < f->n_zones; z++) {
        if (leaves[z] < 2 || above[z] == CSIN_NONE)
            continue;
        if (zone_above[above[z]] == 0) { /* from 1 */
            zone_above[above[z]] = z + 1;
            continue;
        }
        c->d.joined[0][c->d.n_joined] = zone_above[above[z]] - 1;
        c->d.joined[1][c->d.n_joined++] = z;
    }
    return true;
}

static bool compare(struct comparison *c, struct csin_arena *scratch)
{
    uint32_t n_list = c->s->n_nodes > c->f->n_hosts ? c->s->n_nodes : c->f->n_hosts;
    c->leaf_of = csin_arena_alloc(scratch, c->f->n_hosts, sizeof *c->leaf_of);
    c->count = csin_arena_alloc(scratch, c->f->n_switches, sizeof *c->count);
    c->touched = csin_arena_alloc(scratch, c->f->n_switches, sizeof *c->touched);
    c->list = csin_arena_alloc(scratch, n_list, sizeof *c->list);
    c->d.leaf = csin_arena_alloc(c->arena, c->s->n_switches, sizeof *c->d.leaf);
    if (!c->leaf_of || !c->count || !c->touched || !c->list || !c->d.leaf)
        return false;
    memset(c->d.leaf, 0xff, c->s->n_switches * sizeof *c->d.leaf);
    for (uint32_t h = 0; h < c->f->n_hosts; h++)
        c->leaf_of[h] = csin_slurm_leaf_of(c->f, h);
    for (uint32_t i = 0; i < c->s->n_leaves; i++) {
        uint32_t sw = c->s->leaves[i];
        c->d.leaf[sw] = meant_leaf(c, &c->s->switches[sw]);
        if (!compare_leaf(c, sw))
            return false;
    }
    return find_missing(c) && find_split(c, scratch) && find_joined(c, scratch);
}

enum csin_status csin_slurm_compare(const struct csin_fabric *f, const struct csin_slurm *slurm,
                                    struct csin_arena *arena, struct csin_diag *diag,
                                    struct csin_slurm_difference *ret_difference)
{
    struct comparison c = {.f = f, .s = slurm, .arena = arena, .d = {.fabric = f, .slurm = slurm}};
    struct csin_arena *scratch = csin_arena_create();
    struct csin_slurm_moved *moved = NULL;
    bool ok = scratch && compare(&c, scratch);
    if (ok)
        moved = csin_arena_alloc(arena, c.d.n_moved, sizeof *moved);
    if (moved && c.d.n_moved)
        memcpy(moved, c.d.moved, c.d.n_moved * sizeof *moved);
    free(c.d.moved);
    csin_arena_destroy(scratch);
    if (!moved)
        return csin_no_memory(diag);
    c.d.moved = moved;
    *ret_difference = c.d;
    return CSIN_OK;
}

bool csin_slurm_agrees(const struct csin_slurm_difference *d)
{
    return d->n_moved == 0 && d->n_unknown == 0 && d->n_missing == 0 && d->n_split == 0 &&
           d->n_joined == 0;
}

/* ---- text ---- */

static const char *plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

static void write_moved(const struct csin_slurm_difference *d, FILE *out)
{
    if (d->n_moved)
        fprintf(out, "\n%s host%s on another leaf\n", csin_show_count(d->n_moved_hosts).s,
                plural(d->n_moved_hosts));
    for (uint32_t i = 0; i < d->n_moved; i++) {
        const struct csin_slurm_moved *m = &d->moved[i];
        const struct csin_slurm_switch *sw = &d->slurm->switches[m->sw];
        uint32_t meant = d->leaf[m->sw];
        fprintf(out, "  %s\n      file    %s", m->hosts, sw->name);
        if (meant != CSIN_NONE && strcmp(d->fabric->switches[meant].name, sw->name) != 0)
            fprintf(out, ", which is %s by its other hosts", d->fabric->switches[meant].name);
        fprintf(out, " (line %u)\n      fabric  %s\n", sw->loc.line,
                m->leaf == CSIN_NONE ? "attached to nothing" : d->fabric->switches[m->leaf].name);
    }
}

static void write_list(const char *what, const char *hosts, uint32_t n, FILE *out)
{
    if (n)
        fprintf(out, "\n%s host%s %s\n  %s\n", csin_show_count(n).s, plural(n), what, hosts);
}

static void write_groups(const struct csin_slurm_difference *d, FILE *out)
{
    const struct csin_fabric *f = d->fabric;
    if (d->n_split)
        fprintf(out, "\n%s lea%s of the fabric that the file splits\n",
                csin_show_count(d->n_split).s, d->n_split == 1 ? "f" : "ves");
    for (uint32_t i = 0; i < d->n_split; i++) {
        fprintf(out, "  %s\n", f->switches[d->split[i]].name);
    }
    if (d->n_joined)
        fputs("\nZones that the file does not tell apart\n", out);
    for (uint32_t i = 0; i < d->n_joined; i++)
        fprintf(out, "  %s and %s: give each a switch of its own above its leaves\n",
                f->zones[d->joined[0][i]].name, f->zones[d->joined[1][i]].name);
}

void csin_slurm_write_difference(const struct csin_slurm_difference *d, FILE *out)
{
    fprintf(out, "%-14s%s: %s leaves, %s nodes\n", "Slurm", d->slurm->file,
            csin_show_count(d->slurm->n_leaves).s, csin_show_count(d->slurm->n_nodes).s);
    fprintf(out, "%-14s%s: %s hosts\n", "Fabric", d->fabric->name,
            csin_show_count(d->fabric->n_hosts).s);
    fprintf(out, "%-14s%s host%s on the same leaf in both%s\n", "Agree",
            csin_show_count(d->n_same_hosts).s, plural(d->n_same_hosts),
            csin_slurm_agrees(d) ? "; nothing differs" : "");
    write_moved(d, out);
    write_list("in the file alone", d->unknown, d->n_unknown, out);
    write_list("in the fabric alone (compute hosts)", d->missing, d->n_missing, out);
    write_groups(d, out);
}
