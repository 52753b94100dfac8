/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric for Slurm. Its files know trees alone, and a fat-tree is none, so what leaves have above
 * them becomes one switch:
 *
 *     top                          where there is more than one of the next
 *       a-spines   b-spines        a zone
 *         a-pod1 a-pod2            what spines join, where a zone has several such parts
 *           a-leaf01 ...           with their compute hosts
 *
 * A host is where its first NIC is. Storage hosts run no jobs and are left out, and so are leaves
 * without compute hosts. */
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "topo/export.h"
#include "topo/slurm.h"

enum { STEM_MAX = 40 }; /* of the name of a zone within a name; Slurm takes 64 in all */

struct part { /* what spines join */
    uint32_t zone;
    uint32_t n_leaves, root; /* root: a switch, the same for all of the part */
};

struct tree {
    const struct csin_fabric *f;
    struct csin_arena *arena;
    FILE *out;
    bool yaml;
    uint32_t *first_host, *n_hosts; /* [n_switches] range of `hosts` */
    const char **hosts;             /* names of compute hosts, by switch */
    uint32_t *root;                 /* [n_switches] of the part a switch is in */
    struct part *parts;
    uint32_t n_parts, n_pods;
    const char **list; /* [n_switches] scratch: names of children */
    const char **top;  /* names of what is below the top */
    uint32_t n_top;
};

uint32_t csin_slurm_leaf_of(const struct csin_fabric *f, uint32_t host)
{
    const struct csin_host *h = &f->hosts[host];
    for (uint32_t k = 0; k < h->n_nics; k++)
        if (f->nics[h->first_nic + k].leaf != CSIN_NONE)
            return f->nics[h->first_nic + k].leaf;
    return CSIN_NONE;
}

static bool sort_hosts(struct tree *t)
{
    const struct csin_fabric *f = t->f;
    t->first_host = csin_arena_alloc(t->arena, f->n_switches + 1, sizeof *t->first_host);
    t->n_hosts = csin_arena_alloc(t->arena, f->n_switches, sizeof *t->n_hosts);
    t->hosts = csin_arena_alloc(t->arena, f->n_hosts, sizeof *t->hosts);
    if (!t->first_host || !t->n_hosts || !t->hosts)
        return false;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t s = 0; s < f->n_switches; s++) {
            if (pass)
                t->first_host[s + 1] = t->first_host[s] + t->n_hosts[s];
            if (pass)
                t->n_hosts[s] = 0;
        }
        for (uint32_t h = 0; h < f->n_hosts; h++) {
            uint32_t leaf = csin_slurm_leaf_of(f, h);
            if (f->hosts[h].role != CSIN_COMPUTE || leaf == CSIN_NONE)
                continue;
            if (pass)
                t->hosts[t->first_host[leaf] + t->n_hosts[leaf]] = f->hosts[h].name;
            t->n_hosts[leaf]++;
        }
    }
    return true;
}

/* ---- parts: union-find over the cables between leaves and spines of a zone ---- */

static uint32_t find(uint32_t *root, uint32_t s)
{
    while (root[s] != s)
        s = root[s] = root[root[s]];
    return s;
}

static bool may_join(const struct csin_switch *a, const struct csin_switch *b)
{
    return a->zone == b->zone && (a->layer == CSIN_LEAF || a->layer == CSIN_SPINE) &&
           (b->layer == CSIN_LEAF || b->layer == CSIN_SPINE);
}

static bool find_parts(struct tree *t)
{
    const struct csin_fabric *f = t->f;
    t->root = csin_arena_alloc(t->arena, f->n_switches, sizeof *t->root);
    t->parts = csin_arena_alloc(t->arena, f->n_switches, sizeof *t->parts);
    t->list = csin_arena_alloc(t->arena, f->n_switches, sizeof *t->list);
    t->top = csin_arena_alloc(t->arena, f->n_switches, sizeof *t->top);
    uint32_t *part_of = csin_arena_alloc(t->arena, f->n_switches, sizeof *part_of);
    if (!t->root || !t->parts || !t->list || !t->top || !part_of)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++)
        t->root[s] = s;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const uint32_t *end = f->cables[c].end;
        if (!csin_is_nic(f, end[0]) && !csin_is_nic(f, end[1]) &&
            may_join(&f->switches[end[0]], &f->switches[end[1]]))
            t->root[find(t->root, end[0])] = find(t->root, end[1]);
    }
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t root = t->root[s] = find(t->root, s);
        if (t->n_hosts[s] == 0)
            continue;
        if (part_of[root] == 0) { /* from 1 */
            t->parts[t->n_parts++] = (struct part){f->switches[s].zone, 0, root};
            part_of[root] = t->n_parts;
        }
        t->parts[part_of[root] - 1].n_leaves++;
    }
    return true;
}

/* ---- names and lines ---- */

/* A name for what is no switch of the fabric, such that none of its switches has it. */
static const char *new_name(struct tree *t, const char *zone, const char *what, uint32_t number)
{
    const char *name = NULL;
    for (unsigned i = 0; i <= t->f->n_switches; i++) {
        name = csin_arena_printf(t->arena, "%s%s%s", zone, *zone ? "-" : "", what);
        if (name && number)
            name = csin_arena_printf(t->arena, "%s%u", name, number);
        if (name && i)
            name = csin_arena_printf(t->arena, "%s-%u", name, i);
        if (!name || csin_fabric_switch(t->f, name) == CSIN_NONE)
            return name;
    }
    return name;
}

static bool write_line(struct tree *t, const char *name, const char *const *items, uint32_t n,
                       bool nodes)
{
    const char *list = name ? csin_hostlist_fold(t->arena, items, n) : NULL;
    if (!list)
        return false;
    if (t->yaml)
        fprintf(t->out, "    - switch: \"%s\"\n      %s: \"%s\"\n", name,
                nodes ? "nodes" : "children", list);
    else
        fprintf(t->out, "SwitchName=%s %s=%s\n", name, nodes ? "Nodes" : "Switches", list);
    return true;
}

static bool write_leaves(struct tree *t)
{
    for (uint32_t s = 0; s < t->f->n_switches; s++)
        if (t->n_hosts[s] && !write_line(t, t->f->switches[s].name, t->hosts + t->first_host[s],
                                         t->n_hosts[s], true))
            return false;
    return true;
}

/* The leaves of a part into t->list. */
static uint32_t list_leaves(struct tree *t, const struct part *part)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < t->f->n_switches; s++)
        if (t->n_hosts[s] && t->root[s] == part->root)
            t->list[n++] = t->f->switches[s].name;
    return n;
}

/* The line of a part of several leaves, and the name of the part: that of its only leaf, or `name`.
 * NULL without memory. */
static const char *write_part(struct tree *t, const struct part *part, const char *name)
{
    uint32_t n = list_leaves(t, part);
    if (n == 1)
        return t->list[0];
    return write_line(t, name, t->list, n, false) ? name : NULL;
}

static bool write_zone(struct tree *t, uint32_t zone)
{
    const char *stem = zone == CSIN_NONE ? "" : t->f->zones[zone].name;
    uint32_t n = 0, of_zone = 0;
    if (strlen(stem) > STEM_MAX)
        stem = csin_arena_printf(t->arena, "%.*s-%u", STEM_MAX, stem, zone);
    if (!stem)
        return false;
    for (uint32_t i = 0; i < t->n_parts; i++)
        of_zone += t->parts[i].zone == zone;
    const char **pods = csin_arena_alloc(t->arena, of_zone, sizeof *pods);
    for (uint32_t i = 0; pods && i < t->n_parts; i++) {
        if (t->parts[i].zone != zone)
            continue;
        bool alone = of_zone == 1;
        pods[n] = write_part(t, &t->parts[i],
                             alone || t->parts[i].n_leaves == 1
                                 ? new_name(t, stem, "spines", 0)
                                 : new_name(t, stem, "pod", ++t->n_pods));
        if (!pods[n++])
            return false;
    }
    if (!pods)
        return false;
    if (zone != CSIN_NONE && n > 1) { /* what is outside any zone is below the top as it is */
        pods[0] = write_line(t, new_name(t, stem, "core", 0), pods, n, false)
                      ? new_name(t, stem, "core", 0)
                      : NULL;
        n = 1;
    }
    for (uint32_t i = 0; i < n; i++)
        t->top[t->n_top++] = pods[i];
    return n == 0 || pods[0];
}

static bool write_tree(struct tree *t)
{
    if (!sort_hosts(t) || !find_parts(t) || !write_leaves(t))
        return false;
    for (uint32_t z = 0; z <= t->f->n_zones; z++) {
        t->n_pods = 0;
        if (!write_zone(t, z < t->f->n_zones ? z : CSIN_NONE))
            return false;
    }
    return t->n_top <= 1 || write_line(t, new_name(t, "", "top", 0), t->top, t->n_top, false);
}

/* Reading from a stream that is open for writing makes it remember an error, which whoever closes
 * it tells: there was no memory for the rest. */
static void spoil(FILE *out)
{
    (void)fgetc(out);
}

static void write(const struct csin_fabric_view *view, FILE *out, bool yaml)
{
    struct tree t = {.f = view->fabric, .out = out, .yaml = yaml, .arena = csin_arena_create()};
    if (!t.arena || !write_tree(&t))
        spoil(out);
    csin_arena_destroy(t.arena);
}

/* A name that can stand in a file: one-line fabrics are called by what was written. */
static const char *title(const struct csin_fabric *f)
{
    for (const char *c = f->name; *c; c++)
        if (!csin_name_may_have(*c))
            return "fabric";
    return f->name;
}

void csin_fabric_write_slurm(const struct csin_fabric_view *view, FILE *out)
{
    fprintf(out,
            "# topology.conf of %s: compute hosts by the leaf of their first NIC.\n"
            "# The spines of a zone are one switch, as Slurm knows trees alone.\n"
            "# slurm.conf needs TopologyPlugin=topology/tree.\n",
            title(view->fabric));
    write(view, out, false);
}

void csin_fabric_write_slurm_yaml(const struct csin_fabric_view *view, FILE *out)
{
    fprintf(out,
            "# topology.yaml of %s (Slurm 25.05 or newer; it hides topology.conf).\n"
            "# Compute hosts by the leaf of their first NIC; the spines of a zone are one switch.\n"
            "- topology: \"%s\"\n"
            "  cluster_default: true\n"
            "  tree:\n"
            "    switches:\n",
            title(view->fabric), title(view->fabric));
    write(view, out, true);
}
