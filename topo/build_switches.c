/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Switches: of zones, between zones, and those written out. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

/* Assumed, as of a QM8700: 9 VLs, of which one is for management. */
#define DEFAULT_DATA_VLS 8

/* ---- zones ---- */

/* What a zone comes to once its numbers are worked out. */
struct zone_plan {
    const struct csin_zone_spec *spec;
    const struct csin_switch_model_spec *leaf, *spine;
    uint32_t leaves, spines, links, hosts_per_leaf;
    double uplink_Bps;
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
    if (z->spines.loc.line) {
        double got = plan->hosts_per_leaf * rate / (plan->spines * plan->links * plan->uplink_Bps);
        if (fabs(got - R) > 1e-9 * R) {
            FAIL(b, 213, z->oversubscription.loc,
                 "%s hosts per leaf and %s uplinks make an oversubscription of %s, not %s",
                 csin_show_count(plan->hosts_per_leaf).s,
                 csin_show_count((uint64_t)plan->spines * plan->links).s, csin_show_exact(got).s,
                 csin_show_exact(R).s);
            csin_note(b->diag, z->spines.loc, "leave out 'spines' to have them follow from it");
        }
        return;
    }
    /* Without hosts-per-leaf the leaf's ports are split: hosts + uplinks = ports. */
    double uplinks = z->hosts_per_leaf.loc.line
                         ? plan->hosts_per_leaf * rate / (R * plan->uplink_Bps)
                         : (double)plan->leaf->ports.n / (1 + R * plan->uplink_Bps / rate);
    double spines = uplinks / plan->links;
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
    plan->spines = (uint32_t)nearbyint(spines);
    if (!z->hosts_per_leaf.loc.line)
        plan->hosts_per_leaf = (uint32_t)(plan->leaf->ports.n - plan->spines * plan->links);
}

static unsigned digits(uint64_t n)
{
    unsigned d = 1;
    for (; n >= 10; n /= 10)
        d++;
    return d;
}

static void check_zone_ports(struct builder *b, const struct zone_plan *plan)
{
    const struct csin_zone_spec *z = plan->spec;
    const char *dash = *z->name.s ? "-" : "";
    uint64_t up = (uint64_t)plan->spines * plan->links;
    uint64_t leaf = up + plan->hosts_per_leaf, spine = (uint64_t)plan->leaves * plan->links;
    if (leaf > plan->leaf->ports.n) {
        FAIL(b, 211, z->name.loc, "switch '%s%sleaf%0*u' would need %s ports and has %s", z->name.s,
             dash, (int)digits(plan->leaves), 1u, csin_show_count(leaf).s,
             csin_show_count(plan->leaf->ports.n).s);
        csin_note(b->diag, z->leaves.loc, "%s for hosts and %s uplinks (%s spines x %s links)",
                  csin_show_count(plan->hosts_per_leaf).s, csin_show_count(up).s,
                  csin_show_count(plan->spines).s, csin_show_count(plan->links).s);
    }
    if (spine > plan->spine->ports.n) {
        FAIL(b, 211, z->name.loc, "switch '%s%sspine%0*u' would need %s ports and has %s",
             z->name.s, dash, (int)digits(plan->spines), 1u, csin_show_count(spine).s,
             csin_show_count(plan->spine->ports.n).s);
        csin_note(b->diag, z->leaves.loc, "%s leaves x %s links to each",
                  csin_show_count(plan->leaves).s, csin_show_count(plan->links).s);
    }
}

static bool plan_zone(struct builder *b, const struct csin_zone_spec *z, struct zone_plan *plan)
{
    enum csin_status before = b->status;
    b->status = CSIN_OK;
    *plan = (struct zone_plan){.spec = z, .leaves = (uint32_t)z->leaves.n};
    plan->leaf = csin_build_switch_model(b, &z->model);
    plan->spine = z->spine_model.s ? csin_build_switch_model(b, &z->spine_model) : plan->leaf;
    if (plan->leaf && plan->spine) {
        plan->links = z->links_per_pair.loc.line ? (uint32_t)z->links_per_pair.n : 1;
        double port = fmin(plan->leaf->rate_Bps.x, plan->spine->rate_Bps.x);
        plan->uplink_Bps = z->uplink_Bps.loc.line ? z->uplink_Bps.x : port;
        plan->spines = (uint32_t)z->spines.n;
        uint64_t up = z->spines.n * plan->links;
        plan->hosts_per_leaf = z->hosts_per_leaf.loc.line ? (uint32_t)z->hosts_per_leaf.n
                               : up < plan->leaf->ports.n ? (uint32_t)(plan->leaf->ports.n - up)
                                                          : 0;
        if (plan->uplink_Bps > port * (1 + 1e-12))
            FAIL(b, 212, z->uplink_Bps.loc, "an uplink of %s is faster than its ports (%s)",
                 csin_show_linerate(plan->uplink_Bps).s, csin_show_linerate(port).s);
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

static void set_switch(struct builder *b, uint32_t s, const char *name,
                       const struct csin_switch_model_spec *model, enum csin_layer layer,
                       uint32_t zone, struct csin_loc loc)
{
    struct csin_fabric *f = b->f;
    if (!name) {
        csin_build_fail(b, csin_no_memory(b->diag));
        name = "";
    }
    f->switches[s] = (struct csin_switch){
        .name = name,
        .model = model->name.s,
        .layer = layer,
        .zone = zone,
        .n_ports = (uint32_t)model->ports.n,
        .first_port = f->n_ports,
        .rate_Bps = model->rate_Bps.x,
        .latency_s = model->latency_s.x,
        .n_vls = model->data_vls.loc.line ? (uint32_t)model->data_vls.n : DEFAULT_DATA_VLS,
        .loc = loc,
    };
    f->n_ports += (uint32_t)model->ports.n;
    b->host_limit[s] = (uint32_t)model->ports.n;
    csin_build_add_name(b, name, s, loc);
}

static void add_zone_switches(struct builder *b, const struct zone_plan *plan, uint32_t zone,
                              uint32_t *s)
{
    const char *name = plan->spec->name.s, *dash = *name ? "-" : "";
    uint32_t up = plan->spines * plan->links;
    b->f->zones[zone] = (struct csin_zone){
        .name = name,
        .first_leaf = *s,
        .n_leaves = plan->leaves,
        .first_spine = *s + plan->leaves,
        .n_spines = plan->spines,
        .links_per_pair = plan->links,
        .hosts_per_leaf = plan->hosts_per_leaf,
        .uplink_Bps = plan->uplink_Bps,
        .regular = true,
    };
    for (uint32_t i = 0; i < plan->leaves; i++, (*s)++) {
        set_switch(b, *s,
                   csin_arena_printf(b->f->arena, "%s%sleaf%0*u", name, dash,
                                     (int)digits(plan->leaves), i + 1),
                   plan->leaf, CSIN_LEAF, zone, plan->spec->name.loc);
        b->host_limit[*s] = plan->hosts_per_leaf;
        b->planned[*s] = up;
    }
    for (uint32_t i = 0; i < plan->spines; i++, (*s)++) {
        set_switch(b, *s,
                   csin_arena_printf(b->f->arena, "%s%sspine%0*u", name, dash,
                                     (int)digits(plan->spines), i + 1),
                   plan->spine, CSIN_SPINE, zone, plan->spec->name.loc);
        b->host_limit[*s] = 0;
        b->planned[*s] = plan->leaves * plan->links;
    }
}

/* Inter-zone switches join two zones or more, each listed once. */
static void check_zones_differ(struct builder *b, const struct csin_inter_zone_spec *iz)
{
    const struct csin_text *zones = iz->zones.items;
    bool *seen = csin_arena_alloc(b->arena, b->zone_names.n, sizeof *seen);
    if (!seen) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    for (uint32_t i = 0; i < iz->zones.n; i++) {
        uint32_t z = csin_build_find_zone(b, &zones[i]);
        if (z != CSIN_NONE && seen[z])
            FAIL(b, 231, zones[i].loc, "zone '%s' is listed twice", zones[i].s);
        if (z != CSIN_NONE)
            seen[z] = true;
    }
    if (iz->zones.n < 2)
        FAIL(b, 231, iz->zones.loc, "'%s' would join %s; it takes two or more zones", iz->names.s,
             iz->zones.n == 0 ? "nothing" : "one zone to itself");
}

static void plan_groups(struct builder *b, struct group *groups)
{
    const struct csin_inter_zone_spec *iz = b->spec->inter_zone.items;
    for (uint32_t i = 0; i < b->spec->inter_zone.n; i++, groups++) {
        *groups = (struct group){.model = csin_build_switch_model(b, &iz[i].model),
                                 .layer = CSIN_INTER_ZONE,
                                 .zone = CSIN_NONE,
                                 .loc = iz[i].names.loc};
        csin_build_expand(b, b->f->arena, &iz[i].names, &groups->names, &groups->n);
        check_zones_differ(b, &iz[i]);
    }
    const struct csin_switches_spec *sw = b->spec->switches.items;
    for (uint32_t i = 0; i < b->spec->switches.n; i++, groups++) {
        *groups = (struct group){.model = csin_build_switch_model(b, &sw[i].model),
                                 .layer = (enum csin_layer)sw[i].layer.i,
                                 .zone = CSIN_NONE,
                                 .loc = sw[i].names.loc};
        csin_build_expand(b, b->f->arena, &sw[i].names, &groups->names, &groups->n);
        if (!sw[i].zone.s)
            continue;
        groups->zone = csin_build_find_zone(b, &sw[i].zone);
        if (groups->layer == CSIN_LEAF || groups->layer == CSIN_SPINE)
            continue;
        FAIL(b, 601, sw[i].zone.loc, "a zone has leaves and spines, not %s switches",
             csin_layer_names[groups->layer]);
        csin_note(b->diag, sw[i].zone.loc, "leave 'zone' out");
    }
}

/* The switches of a layer that are in a zone, or (CSIN_NONE) of all layers in none. */
static void add_groups(struct builder *b, uint32_t zone, enum csin_layer layer, uint32_t *s)
{
    uint32_t n_groups = b->spec->inter_zone.n + b->spec->switches.n;
    for (const struct group *g = b->groups; g < b->groups + n_groups; g++)
        for (uint32_t k = 0; k < g->n && g->zone == zone; k++)
            if (zone == CSIN_NONE || g->layer == layer)
                set_switch(b, (*s)++, g->names[k], g->model, g->layer, zone, g->loc);
}

/* A zone that is written out switch by switch. Its shape follows from its cables. */
static void add_explicit_zone(struct builder *b, uint32_t zone, uint32_t *s)
{
    const struct csin_text *name = (const struct csin_text *)b->zone_names.items + zone;
    struct csin_zone *z = &b->f->zones[zone];
    z->name = name->s;
    z->first_leaf = *s;
    add_groups(b, zone, CSIN_LEAF, s);
    z->n_leaves = *s - z->first_leaf;
    z->first_spine = *s;
    add_groups(b, zone, CSIN_SPINE, s);
    z->n_spines = *s - z->first_spine;
    if (z->n_leaves == 0)
        FAIL(b, 602, name->loc, "zone '%s' has no leaf", name->s);
}

/* Plans zones and groups, counts switches, makes them. */
void csin_build_make_switches(struct builder *b, uint32_t n_hosts)
{
    struct csin_fabric *f = b->f;
    uint32_t n_zones = b->spec->zones.n, n_groups = b->spec->inter_zone.n + b->spec->switches.n;
    struct zone_plan *plans = csin_arena_alloc(b->arena, n_zones, sizeof *plans);
    struct group *groups = b->groups = csin_arena_alloc(b->arena, n_groups, sizeof *groups);
    if (!plans || !groups) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    const struct csin_zone_spec *zones = b->spec->zones.items;
    uint64_t n = 0, n_cables = 0;
    for (uint32_t i = 0; i < n_zones; i++)
        if (plan_zone(b, &zones[i], &plans[i])) {
            n += plans[i].leaves + plans[i].spines;
            n_cables += (uint64_t)plans[i].leaves * plans[i].spines * plans[i].links;
        }
    plan_groups(b, groups);
    for (uint32_t i = 0; i < n_groups; i++)
        n += groups[i].n;
    struct csin_loc whole = {b->spec->file, 0, 0};
    if (n > CSIN_MAX_SWITCHES)
        FAIL(b, 203, whole, "%s switches; at most %s", csin_show_count(n).s,
             csin_show_count(CSIN_MAX_SWITCHES).s);
    else if (n_cables > CSIN_MAX_CABLES)
        FAIL(b, 223, whole, "more than %s cables", csin_show_count(CSIN_MAX_CABLES).s);
    else if (n == 0 && b->status == CSIN_OK)
        FAIL(b, 205, whole, "the fabric has no switches");
    if (b->status != CSIN_OK)
        return;

    f->n_switches = (uint32_t)n;
    f->n_zones = b->zone_names.n;
    f->switches = csin_build_array(b, n, sizeof *f->switches);
    f->zones = csin_build_array(b, f->n_zones, sizeof *f->zones);
    b->hosts_on = csin_arena_alloc(b->arena, n, sizeof *b->hosts_on);
    b->host_limit = csin_arena_alloc(b->arena, n, sizeof *b->host_limit);
    b->planned = csin_arena_alloc(b->arena, n, sizeof *b->planned);
    b->next_port = csin_arena_alloc(b->arena, n, sizeof *b->next_port);
    b->list = csin_arena_alloc(b->arena, n, sizeof *b->list);
    b->free_ports = csin_arena_alloc(b->arena, n, sizeof *b->free_ports);
    b->share = csin_arena_alloc(b->arena, n, sizeof *b->share);
    if (!f->switches || !f->zones || !b->hosts_on || !b->host_limit || !b->planned ||
        !b->next_port || !b->list || !b->free_ports || !b->share ||
        !csin_names_init(&f->names, f->arena, (uint32_t)n + n_hosts)) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    uint32_t s = 0;
    for (uint32_t i = 0; i < n_zones; i++)
        add_zone_switches(b, &plans[i], i, &s);
    for (uint32_t i = n_zones; i < f->n_zones; i++)
        add_explicit_zone(b, i, &s);
    b->first_group_switch = s;
    add_groups(b, CSIN_NONE, CSIN_LEAF, &s);
}
