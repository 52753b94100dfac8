/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The switches of zones. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

/* What a zone comes to once its numbers are worked out. */
struct zone_plan {
    const struct csin_zone_spec *spec;
    const struct csin_switch_model_spec *leaf;
    const struct csin_switch_model_spec **spine; /* [n_groups] */
    struct csin_spine_group *groups;             /* first_spine counts from the zone's first */
    uint32_t n_groups;
    uint32_t leaves, spines, hosts_per_leaf, pair_links;
    uint64_t up;   /* uplinks of a leaf */
    double up_Bps; /* of all of them */
};

static bool is_whole(double x)
{
    return fabs(x - nearbyint(x)) < 1e-9 * fmax(1, fabs(x));
}

/* Spines, or hosts per leaf, from the oversubscription asked for:
 *     R = (hosts per leaf x port rate) / (spines x links per pair x uplink rate). */
static void apply_oversubscription(struct builder *b, struct zone_plan *plan)
{
    const struct csin_zone_spec *z = plan->spec;
    double R = z->oversubscription.x, rate = plan->leaf->rate_Bps.x;
    struct csin_spine_group *group = &plan->groups[0];
    if (z->spines.loc.line) {
        double got = plan->hosts_per_leaf * rate / plan->up_Bps;
        if (fabs(got - R) > 1e-9 * R) {
            FAIL(b, 213, z->oversubscription.loc,
                 "%s hosts per leaf and %s uplinks make an oversubscription of %s, not %s",
                 csin_show_count(plan->hosts_per_leaf).s, csin_show_count(plan->up).s,
                 csin_show_exact(got).s, csin_show_exact(R).s);
            csin_note(b->diag, z->spines.loc, "leave out 'spines' to have them follow from it");
        }
        return;
    }
    /* Without hosts-per-leaf the leaf's ports are split: hosts + uplinks = ports. */
    double ports = (double)plan->leaf->ports.n - plan->pair_links;
    double uplinks = z->hosts_per_leaf.loc.line
                         ? plan->hosts_per_leaf * rate / (R * group->uplink_Bps)
                         : ports / (1 + R * group->uplink_Bps / rate);
    double spines = uplinks / group->links_per_pair;
    if (spines > CSIN_MAX_SWITCHES) {
        FAIL(b, 214, z->oversubscription.loc, "an oversubscription of %s needs more than %s spines",
             csin_show_exact(R).s, csin_show_count(CSIN_MAX_SWITCHES).s);
        return;
    }
    if (!is_whole(spines) || spines < 0.5) {
        FAIL(b, 214, z->oversubscription.loc,
             "an oversubscription of %s needs %s spines, which is not a whole number",
             csin_show_exact(R).s, csin_show_fixed(spines, 2).s);
        csin_note(
            b->diag, z->oversubscription.loc,
            "spines = hosts-per-leaf x rate / (oversubscription x links-per-pair x uplink-rate)");
        return;
    }
    group->n_spines = plan->spines = (uint32_t)nearbyint(spines);
    plan->up = (uint64_t)plan->spines * group->links_per_pair;
    if (!z->hosts_per_leaf.loc.line)
        plan->hosts_per_leaf = (uint32_t)(ports - (double)plan->up);
}

/* The name of a switch of the first pod and plane, for messages. */
static const char *example_name(struct builder *b, const struct zone_plan *plan, const char *what,
                                uint32_t i, uint32_t n)
{
    const char *zone = csin_build_zone_name(b, plan->spec, 0, 0);
    const char *prefix = csin_arena_printf(b->arena, "%s%s%s", zone, *zone ? "-" : "", what);
    return csin_build_number(b, prefix ? prefix : what, i, n);
}

static void check_zone_ports(struct builder *b, const struct zone_plan *plan)
{
    const struct csin_zone_spec *z = plan->spec;
    uint64_t leaf = plan->up + plan->hosts_per_leaf + plan->pair_links;
    if (plan->pair_links && plan->leaves % 2) {
        FAIL(b, 247, z->pair_links.loc, "%s leaves make no pairs", csin_show_count(plan->leaves).s);
        csin_note(b->diag, z->leaves.loc,
                  "'pair-links' joins leaves 1 and 2, 3 and 4 and so on: take an even number");
    }
    if (leaf > plan->leaf->ports.n) {
        FAIL(b, 211, z->name.loc, "switch '%s' would need %s ports and has %s",
             example_name(b, plan, "leaf", 0, plan->leaves), csin_show_count(leaf).s,
             csin_show_count(plan->leaf->ports.n).s);
        if (plan->pair_links)
            csin_note(b->diag, z->leaves.loc, "%s for hosts, %s uplinks and %s to its pair",
                      csin_show_count(plan->hosts_per_leaf).s, csin_show_count(plan->up).s,
                      csin_show_count(plan->pair_links).s);
        else if (plan->n_groups > 1)
            csin_note(b->diag, z->leaves.loc, "%s for hosts and %s uplinks to %s spines",
                      csin_show_count(plan->hosts_per_leaf).s, csin_show_count(plan->up).s,
                      csin_show_count(plan->spines).s);
        else
            csin_note(b->diag, z->leaves.loc, "%s for hosts and %s uplinks (%s spines x %s links)",
                      csin_show_count(plan->hosts_per_leaf).s, csin_show_count(plan->up).s,
                      csin_show_count(plan->spines).s,
                      csin_show_count(plan->groups[0].links_per_pair).s);
    }
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        uint64_t spine = (uint64_t)plan->leaves * plan->groups[g].links_per_pair;
        if (spine <= plan->spine[g]->ports.n)
            continue;
        FAIL(b, 211, z->name.loc, "switch '%s' would need %s ports and has %s",
             example_name(b, plan, "spine", plan->groups[g].first_spine, plan->spines),
             csin_show_count(spine).s, csin_show_count(plan->spine[g]->ports.n).s);
        csin_note(b->diag, z->leaves.loc, "%s leaves x %s links to each",
                  csin_show_count(plan->leaves).s,
                  csin_show_count(plan->groups[g].links_per_pair).s);
    }
}

/* The spines of a zone, group by group; one group where they are all alike. What a group does not
 * say is the zone's. */
static void plan_spines(struct builder *b, struct zone_plan *plan)
{
    const struct csin_zone_spec *z = plan->spec;
    const struct csin_spines_spec *specs = z->spine_groups.items;
    const struct csin_switch_model_spec *model = z->spine_model.s
                                                     ? csin_build_switch_model(b, &z->spine_model)
                                                     : plan->leaf;
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        const struct csin_spines_spec *own = specs ? &specs[g] : NULL;
        struct csin_spine_group *group = &plan->groups[g];
        plan->spine[g] = own && own->model.s ? csin_build_switch_model(b, &own->model) : model;
        if (!plan->leaf || !plan->spine[g])
            continue;
        const struct csin_quantity *rate = own && own->uplink_Bps.loc.line ? &own->uplink_Bps
                                                                           : &z->uplink_Bps;
        double port = fmin(plan->leaf->rate_Bps.x, plan->spine[g]->rate_Bps.x);
        *group = (struct csin_spine_group){
            .first_spine = plan->spines,
            .n_spines = (uint32_t)(own ? own->count.n : z->spines.n),
            .links_per_pair = (uint32_t)(own && own->links_per_pair.loc.line ? own->links_per_pair.n
                                         : z->links_per_pair.loc.line        ? z->links_per_pair.n
                                                                             : 1),
            .uplink_Bps = rate->loc.line ? rate->x : port,
        };
        if (group->uplink_Bps > port * (1 + 1e-12))
            FAIL(b, 212, rate->loc, "an uplink of %s is faster than its ports (%s)",
                 csin_show_linerate(group->uplink_Bps).s, csin_show_linerate(port).s);
        plan->spines += group->n_spines;
        plan->up += (uint64_t)group->n_spines * group->links_per_pair;
        plan->up_Bps += (double)(group->n_spines * group->links_per_pair) * group->uplink_Bps;
    }
}

static bool plan_zone(struct builder *b, const struct csin_zone_spec *z, struct zone_plan *plan)
{
    enum csin_status before = b->status;
    b->status = CSIN_OK;
    *plan = (struct zone_plan){.spec = z, .leaves = (uint32_t)z->leaves.n};
    plan->n_groups = z->spine_groups.n ? z->spine_groups.n : 1;
    plan->groups = csin_build_array(b, plan->n_groups, sizeof *plan->groups);
    plan->spine = csin_arena_alloc(b->arena, plan->n_groups, sizeof *plan->spine);
    plan->leaf = csin_build_switch_model(b, &z->model);
    if (z->spines.n > CSIN_MAX_SWITCHES)
        FAIL(b, 203, z->spines.loc, "%s spines; at most %s switches",
             csin_show_count(z->spines.n).s, csin_show_count(CSIN_MAX_SWITCHES).s);
    else if (plan->groups && plan->spine)
        plan_spines(b, plan);
    if (plan->leaf && b->status == CSIN_OK) {
        plan->pair_links = (uint32_t)z->pair_links.n;
        uint64_t other = plan->up + plan->pair_links;
        plan->hosts_per_leaf = z->hosts_per_leaf.loc.line ? (uint32_t)z->hosts_per_leaf.n
                               : other < plan->leaf->ports.n
                                   ? (uint32_t)(plan->leaf->ports.n - other)
                                   : 0;
        if (z->oversubscription.loc.line)
            apply_oversubscription(b, plan);
        else if (!z->spines.loc.line)
            FAIL(b, 215, z->name.loc, "zone '%s' has neither 'spines' nor 'oversubscription'",
                 z->name.s);
        if (b->status == CSIN_OK)
            check_zone_ports(b, plan);
    }
    bool ok = b->status == CSIN_OK;
    b->status = csin_first(before, b->status);
    return ok;
}

struct zone_plan *csin_build_plan_zones(struct builder *b, uint64_t *n_switches, uint64_t *n_cables,
                                        uint32_t *ret_zones)
{
    uint32_t n = b->spec->zones.n;
    const struct csin_zone_spec *specs = b->spec->zones.items;
    struct zone_plan *plans = csin_arena_alloc(b->arena, n, sizeof *plans);
    b->first_zone = csin_arena_alloc(b->arena, n + b->explicit_zones.n, sizeof *b->first_zone);
    *ret_zones = 0;
    if (!plans || !b->first_zone) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t copies = (uint64_t)csin_zone_spec_pods(&specs[i]) *
                          csin_zone_spec_planes(&specs[i]);
        b->first_zone[i] = *ret_zones;
        *ret_zones += (uint32_t)copies;
        if (!plan_zone(b, &specs[i], &plans[i]))
            continue;
        *n_switches += copies * (plans[i].leaves + plans[i].spines);
        *n_cables += copies * plans[i].leaves * plans[i].up;
    }
    for (uint32_t i = 0; i < b->explicit_zones.n; i++)
        b->first_zone[n + i] = *ret_zones + i;
    return plans;
}

/* `n` switches PREFIX1 to PREFIXn of a zone. */
static void add_switches(struct builder *b, const char *prefix, uint32_t i, uint32_t n, uint32_t of,
                         const struct csin_switch_model_spec *model, enum csin_layer layer,
                         uint32_t zone, struct csin_loc loc, uint32_t *s)
{
    for (; n > 0; n--, i++, (*s)++)
        csin_build_set_switch(b, *s, csin_build_number(b, prefix, i, of), model, layer, zone, loc);
}

static void add_zone(struct builder *b, const struct zone_plan *plan, uint32_t zone,
                     const char *name, uint32_t plane, uint32_t *s)
{
    struct csin_spine_group *groups = csin_build_array(b, plan->n_groups, sizeof *groups);
    const char *dash = *name ? "-" : "";
    const char *leaf = csin_arena_printf(b->arena, "%s%sleaf", name, dash);
    const char *spine = csin_arena_printf(b->arena, "%s%sspine", name, dash);
    struct csin_loc loc = plan->spec->name.loc;
    if (!leaf || !spine || !groups) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    b->f->zones[zone] = (struct csin_zone){
        .name = name,
        .first_leaf = *s,
        .n_leaves = plan->leaves,
        .first_spine = *s + plan->leaves,
        .n_spines = plan->spines,
        .links_per_pair = plan->groups[0].links_per_pair,
        .hosts_per_leaf = plan->hosts_per_leaf,
        .uplink_Bps = plan->groups[0].uplink_Bps,
        .groups = groups,
        .n_groups = plan->n_groups,
        .n_uplinks = (uint32_t)plan->up,
        .regular = true,
        .pair_links = plan->pair_links,
        .family = plan->spec->name.s,
        .plane = plane,
        .tree = CSIN_NONE,
    };
    uint32_t first_leaf = *s;
    add_switches(b, leaf, 0, plan->leaves, plan->leaves, plan->leaf, CSIN_LEAF, zone, loc, s);
    for (uint32_t i = first_leaf; i < *s; i++) {
        b->host_limit[i] = plan->hosts_per_leaf;
        b->planned[i] = (uint32_t)plan->up + plan->pair_links;
    }
    for (uint32_t g = 0; g < plan->n_groups; g++) {
        groups[g] = plan->groups[g];
        groups[g].first_spine = *s;
        b->f->zones[zone].leaf_uplink_Bps +=
            (double)(groups[g].n_spines * groups[g].links_per_pair) * groups[g].uplink_Bps;
        add_switches(b, spine, plan->groups[g].first_spine, groups[g].n_spines, plan->spines,
                     plan->spine[g], CSIN_SPINE, zone, loc, s);
        for (uint32_t i = groups[g].first_spine; i < *s; i++) {
            b->host_limit[i] = 0;
            b->planned[i] = plan->leaves * groups[g].links_per_pair;
        }
    }
}

void csin_build_add_zones(struct builder *b, const struct zone_plan *plans, uint32_t *s)
{
    const struct csin_zone_spec *specs = b->spec->zones.items;
    uint32_t zone = 0;
    b->f->n_planes = 1;
    for (uint32_t i = 0; i < b->spec->zones.n; i++) {
        uint32_t pods = csin_zone_spec_pods(&specs[i]), planes = csin_zone_spec_planes(&specs[i]);
        b->f->n_planes = planes > b->f->n_planes ? planes : b->f->n_planes;
        for (uint32_t plane = 0; plane < planes; plane++)
            for (uint32_t pod = 0; pod < pods; pod++) {
                b->zone_spec[zone] = &specs[i];
                add_zone(b, &plans[i], zone, csin_build_zone_name(b, &specs[i], pod, plane), plane,
                         s);
                zone++;
            }
    }
}
