/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Core switches: they make zones the pods of a three-layer fat-tree.
 *
 *     core1 core2  core3 core4      group of spine 1: core 1, 2; of spine 2: core 3, 4
 *       |  \  \______/___ |
 *     spine1  spine2   spine1 spine2
 *        pod a            pod b
 *
 * The core switches are divided over the spines of a pod, in order: spine j of every pod goes to
 * the j-th group, so that from spine to spine of the same number there are as many ways as core
 * switches in a group. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

/* The zones of all names of a section: name after name, those of one plane. False after a reported
 * failure. */
static bool find_pods(struct builder *b, const struct csin_core_spec *spec, struct zone_set *sets,
                      uint32_t n_sets)
{
    const struct csin_text *names = spec->zones.items;
    const struct csin_zone_spec *all = b->spec->zones.items;
    bool ok = true;
    for (uint32_t i = 0; i < n_sets; i++) {
        const struct csin_text *name = spec->zones.n ? &names[i] : &all[i].name;
        if (!csin_build_find_zones(b, name, &sets[i])) {
            ok = false;
        } else if (ok && sets[i].n_planes != sets[0].n_planes) {
            FAIL(b, 242, spec->zones.n ? name->loc : spec->names.loc,
                 "core switches would join %u plane%s of '%s' and %u of '%s'", sets[0].n_planes,
                 sets[0].n_planes == 1 ? "" : "s", spec->zones.n ? names[0].s : all[0].name.s,
                 sets[i].n_planes, name->s);
            csin_note(b->diag, spec->names.loc,
                      "each plane has its own core switches, so all its zones have as many planes");
            ok = false;
        }
    }
    return ok;
}

/* The names that a section stands for: `zones`, or all there are. */
static uint32_t count_sets(const struct builder *b, const struct csin_core_spec *spec)
{
    return spec->zones.n ? spec->zones.n : b->spec->zones.n;
}

/* Core switches of plane k are called pk-NAME where there are several planes. */
static void name_cores(struct builder *b, struct group *group, uint32_t n_planes)
{
    uint64_t n = (uint64_t)group->n * n_planes;
    if (n_planes == 1 || n > CSIN_MAX_SWITCHES) {
        group->n = (uint32_t)n;
        return;
    }
    const char **names = csin_build_array(b, n, sizeof *names);
    for (uint32_t i = 0; names && i < n; i++) {
        names[i] = csin_arena_printf(b->f->arena, "%s-%s",
                                     csin_build_number(b, "p", i / group->n, n_planes),
                                     group->names[i % group->n]);
        if (!names[i]) {
            csin_build_fail(b, csin_no_memory(b->diag));
            return;
        }
    }
    group->names = names;
    group->n = (uint32_t)n;
}

void csin_build_plan_cores(struct builder *b, struct group *groups)
{
    const struct csin_core_spec *specs = b->spec->core.items;
    for (uint32_t i = 0; i < b->spec->core.n; i++, groups++) {
        uint32_t n_sets = count_sets(b, &specs[i]);
        struct zone_set *sets = csin_arena_alloc(b->arena, n_sets, sizeof *sets);
        *groups = (struct group){.zone = CSIN_NONE,
                                 .model = csin_build_switch_model(b, &specs[i].model),
                                 .layer = CSIN_CORE,
                                 .loc = specs[i].names.loc,
                                 .n_planes = 1};
        csin_build_expand(b, b->f->arena, &specs[i].names, &groups->names, &groups->n);
        if (!sets) {
            csin_build_fail(b, csin_no_memory(b->diag));
            return;
        }
        if (!find_pods(b, &specs[i], sets, n_sets))
            continue;
        uint64_t pods = 0;
        for (uint32_t k = 0; k < n_sets; k++)
            pods += sets[k].n_pods;
        if (pods < 2)
            FAIL(b, 231, specs[i].zones.n ? specs[i].zones.loc : specs[i].names.loc,
                 "'%s' would join %s; it takes two or more zones", specs[i].names.s,
                 pods == 0 ? "nothing" : "one zone to itself");
        groups->n_planes = n_sets ? sets[0].n_planes : 1;
        name_cores(b, groups, groups->n_planes);
    }
}

/* How many cables each spine of a group sends up. 0 after a reported failure. */
static uint32_t uplinks_of(struct builder *b, const struct csin_core_spec *spec,
                           const struct csin_zone *z, uint32_t spine)
{
    const struct csin_switch *sw = &b->f->switches[spine];
    uint32_t left = sw->n_ports - b->planned[spine];
    if (!spec->uplinks.loc.line && left == 0) {
        FAIL(b, 245, spec->names.loc, "spines of zone '%s' have no port left for core switches",
             z->name);
        csin_note(b->diag, spec->names.loc,
                  "'%s' has %u ports, which all go to leaves; give the zone fewer leaves", sw->name,
                  sw->n_ports);
        return 0;
    }
    if (!spec->uplinks.loc.line)
        return left;
    if (spec->uplinks.n > left) {
        FAIL(b, 211, spec->uplinks.loc, "switch '%s' would need %s ports and has %s", sw->name,
             csin_show_count(b->planned[spine] + spec->uplinks.n).s,
             csin_show_count(sw->n_ports).s);
        csin_note(b->diag, spec->uplinks.loc, "%u towards leaves and %s towards core switches",
                  b->planned[spine], csin_show_count(spec->uplinks.n).s);
        return 0;
    }
    return (uint32_t)spec->uplinks.n;
}

/* Joins the spines of a pod to the core switches `first` .. `first + n - 1`. Cable i of a spine
 * goes to core switch i mod G of its group of G. Where its cables are no multiple of G, each pod
 * begins where the one before ended, so that core switches have equally many. False after a
 * reported failure. */
static bool cable_pod(struct builder *b, const struct csin_core_spec *spec, struct csin_zone *z,
                      uint32_t first, uint32_t n, uint32_t *next)
{
    struct csin_fabric *f = b->f;
    if (n % z->n_spines) {
        FAIL(b, 244, spec->names.loc,
             "%u core switches cannot be divided over the %u spines of '%s'", n, z->n_spines,
             z->name);
        csin_note(b->diag, spec->names.loc,
                  "spine 1 of every pod goes to the first group of core switches, spine 2 to the "
                  "second, and so on: write a multiple of %u",
                  z->n_spines);
        return false;
    }
    uint32_t each = z->cores_per_spine = n / z->n_spines;
    for (uint32_t j = 0; j < z->n_spines; j++) {
        uint32_t spine = z->first_spine + j, up = uplinks_of(b, spec, z, spine);
        if (up > 0 && up < each) {
            FAIL(b, 250, spec->uplinks.loc.line ? spec->uplinks.loc : spec->names.loc,
                 "spines of zone '%s' have %u uplink%s for %u core switches each", z->name, up,
                 up == 1 ? "" : "s", each);
            csin_note(b->diag, spec->names.loc,
                      "pods meet at a core switch only if each of them has a cable to it: take %u "
                      "core switches or fewer",
                      up * z->n_spines);
            return false;
        }
        uint32_t start = up % each ? next[j * each] : 0;
        double port = fmin(f->switches[spine].rate_Bps, f->switches[first].rate_Bps);
        if (up == 0 || csin_build_is_too_fast(b, &spec->rate_Bps, port))
            return false;
        for (uint32_t i = 0; i < up; i++) {
            uint32_t core = first + j * each + (start + i) % each;
            b->planned[core]++;
            csin_build_add_cable(b, spine, core, CSIN_AT_CORE,
                                 spec->rate_Bps.loc.line ? spec->rate_Bps.x : port,
                                 spec->cable_latency_s.x);
        }
        next[j * each] = (start + up) % each;
        b->planned[spine] += up;
    }
    return f->n_cables <= CSIN_MAX_CABLES;
}

/* One plane of a section. */
static bool cable_plane(struct builder *b, const struct csin_core_spec *spec, uint32_t plane,
                        uint32_t first, uint32_t n)
{
    struct csin_fabric *f = b->f;
    uint32_t n_sets = count_sets(b, spec), tree = f->n_trees++;
    const struct csin_text *names = spec->zones.items;
    const struct csin_zone_spec *all = b->spec->zones.items;
    uint32_t *next = csin_arena_alloc(b->arena, n, sizeof *next);
    if (!next) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return false;
    }
    for (uint32_t i = 0; i < n_sets; i++) {
        const struct csin_text *name = spec->zones.n ? &names[i] : &all[i].name;
        struct zone_set set;
        if (!csin_build_find_zones(b, name, &set))
            return false;
        for (uint32_t pod = 0; pod < set.n_pods; pod++) {
            struct csin_zone *z = &f->zones[csin_build_zone_of(&set, plane, pod)];
            if (z->tree != CSIN_NONE) {
                FAIL(b, 243, spec->zones.n ? name->loc : spec->names.loc,
                     "zone '%s' has core switches already", z->name);
                csin_note(b->diag, spec->names.loc,
                          "a zone is a pod of one tree; without 'zones' a 'core' entry joins all");
                return false;
            }
            z->tree = tree;
            if (!cable_pod(b, spec, z, first, n, next))
                return false;
        }
    }
    for (uint32_t s = first; s < first + n; s++)
        if (b->planned[s] > f->switches[s].n_ports) {
            FAIL(b, 211, spec->names.loc, "switch '%s' would need %s ports and has %s",
                 f->switches[s].name, csin_show_count(b->planned[s]).s,
                 csin_show_count(f->switches[s].n_ports).s);
            csin_note(b->diag, spec->names.loc,
                      "there are more cables from spines than ports on these core switches: take "
                      "more of them, or fewer 'uplinks'");
            for (; s < first + n; s++) /* told for all of them */
                b->planned[s] = f->switches[s].n_ports;
            return false;
        }
    return true;
}

void csin_build_cable_cores(struct builder *b, uint32_t s)
{
    const struct csin_core_spec *specs = b->spec->core.items;
    const struct group *group = b->groups + b->spec->inter_zone.n;
    for (uint32_t i = 0; i < b->spec->core.n; i++, group++) {
        uint32_t n = group->n / group->n_planes;
        bool ok = n > 0;
        for (uint32_t plane = 0; ok && plane < group->n_planes; plane++)
            ok = cable_plane(b, &specs[i], plane, s + plane * n, n);
        s += group->n;
    }
}
