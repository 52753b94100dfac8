/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Switches: between zones, above them, and those written out. */
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

/* Assumed, as of a QM8700: 9 VLs, of which one is for management. */
#define DEFAULT_DATA_VLS 8

void csin_build_set_switch(struct builder *b, uint32_t s, const char *name,
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

/* Inter-zone switches join two zones or more, each listed once. */
static void check_zones_differ(struct builder *b, const struct csin_inter_zone_spec *iz,
                               uint32_t n_zones)
{
    const struct csin_text *zones = iz->zones.items;
    bool *seen = csin_arena_alloc(b->arena, n_zones, sizeof *seen);
    if (!seen) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    for (uint32_t i = 0; i < iz->zones.n; i++) {
        uint32_t zone = csin_build_find_zone(b, &zones[i]);
        if (zone == CSIN_NONE)
            continue;
        if (seen[zone])
            FAIL(b, 231, zones[i].loc, "zone '%s' is listed twice", zones[i].s);
        seen[zone] = true;
    }
    if (iz->zones.n < 2)
        FAIL(b, 231, iz->zones.loc, "'%s' would join %s; it takes two or more zones", iz->names.s,
             iz->zones.n == 0 ? "nothing" : "one zone to itself");
}

static void plan_groups(struct builder *b, struct group *groups, uint32_t n_zones)
{
    const struct csin_inter_zone_spec *iz = b->spec->inter_zone.items;
    for (uint32_t i = 0; i < b->spec->inter_zone.n; i++, groups++) {
        *groups = (struct group){.model = csin_build_switch_model(b, &iz[i].model),
                                 .layer = CSIN_INTER_ZONE,
                                 .zone = CSIN_NONE,
                                 .loc = iz[i].names.loc};
        csin_build_expand(b, b->f->arena, &iz[i].names, &groups->names, &groups->n);
        check_zones_differ(b, &iz[i], n_zones);
    }
    csin_build_plan_cores(b, groups);
    groups += b->spec->core.n;
    const struct csin_switches_spec *sw = b->spec->switches.items;
    for (uint32_t i = 0; i < b->spec->switches.n; i++, groups++) {
        *groups = (struct group){.model = csin_build_switch_model(b, &sw[i].model),
                                 .layer = (enum csin_layer)sw[i].layer.i,
                                 .zone = CSIN_NONE,
                                 .hosts_per_leaf = (uint32_t)sw[i].hosts_per_leaf.n,
                                 .loc = sw[i].names.loc};
        if (sw[i].hosts_per_leaf.loc.line && (!sw[i].zone.s || groups->layer != CSIN_LEAF))
            FAIL(b, 613, sw[i].hosts_per_leaf.loc, "'hosts-per-leaf' is of the leaves of a zone");
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
    uint32_t n_groups = b->spec->inter_zone.n + b->spec->core.n + b->spec->switches.n;
    for (const struct group *g = b->groups; g < b->groups + n_groups; g++)
        for (uint32_t k = 0; k < g->n && g->zone == zone; k++)
            if (zone == CSIN_NONE || g->layer == layer)
                csin_build_set_switch(b, (*s)++, g->names[k], g->model, g->layer, zone, g->loc);
}

/* A zone that is written out switch by switch. Its shape follows from its cables. */
static void add_explicit_zone(struct builder *b, uint32_t zone, uint32_t *s)
{
    const struct csin_text *name = (const struct csin_text *)b->explicit_zones.items +
                                   (zone - b->n_generated);
    struct csin_zone *z = &b->f->zones[zone];
    z->name = z->family = name->s;
    z->tree = CSIN_NONE;
    z->first_leaf = *s;
    add_groups(b, zone, CSIN_LEAF, s);
    z->n_leaves = *s - z->first_leaf;
    uint32_t n_groups = b->spec->inter_zone.n + b->spec->core.n + b->spec->switches.n;
    for (const struct group *g = b->groups; g < b->groups + n_groups; g++)
        if (g->zone == zone && g->hosts_per_leaf > z->hosts_per_leaf)
            z->hosts_per_leaf = g->hosts_per_leaf; /* at least what is plugged in, see its shape */
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
    uint32_t n_zones, n_groups = b->spec->inter_zone.n + b->spec->core.n + b->spec->switches.n;
    uint64_t n = 0, n_cables = 0;
    struct zone_plan *plans = csin_build_plan_zones(b, &n, &n_cables, &n_zones);
    struct group *groups = b->groups = csin_arena_alloc(b->arena, n_groups, sizeof *groups);
    if (!plans || !groups) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    b->n_generated = n_zones;
    plan_groups(b, groups, n_zones + b->explicit_zones.n);
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
    f->n_zones = n_zones + b->explicit_zones.n;
    f->switches = csin_build_array(b, n, sizeof *f->switches);
    f->zones = csin_build_array(b, f->n_zones, sizeof *f->zones);
    b->hosts_on = csin_arena_alloc(b->arena, n, sizeof *b->hosts_on);
    b->host_limit = csin_arena_alloc(b->arena, n, sizeof *b->host_limit);
    b->planned = csin_arena_alloc(b->arena, n, sizeof *b->planned);
    b->next_port = csin_arena_alloc(b->arena, n, sizeof *b->next_port);
    b->list = csin_arena_alloc(b->arena, n, sizeof *b->list);
    b->free_ports = csin_arena_alloc(b->arena, n, sizeof *b->free_ports);
    b->share = csin_arena_alloc(b->arena, n, sizeof *b->share);
    b->rails = csin_arena_alloc(b->arena, n, sizeof *b->rails);
    b->zone_spec = csin_arena_alloc(b->arena, n_zones, sizeof *b->zone_spec);
    if (!f->switches || !f->zones || !b->hosts_on || !b->host_limit || !b->planned ||
        !b->next_port || !b->list || !b->free_ports || !b->share || !b->rails || !b->zone_spec ||
        !csin_names_init(&f->names, f->arena, (uint32_t)n + n_hosts)) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    uint32_t s = 0;
    csin_build_add_zones(b, plans, &s);
    for (uint32_t i = n_zones; i < f->n_zones; i++)
        add_explicit_zone(b, i, &s);
    b->first_group_switch = s;
    add_groups(b, CSIN_NONE, CSIN_LEAF, &s);
}
