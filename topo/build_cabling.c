/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cables whose ports are written out: each end is looked up and checked, and a cable that is
 * written at both of its ends becomes one. What shape explicit zones have follows from all cables.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

struct cabling {
    struct builder *b;
    uint32_t *wire_at; /* [n_ports] 1 + the wire in a port; 0: none */
    size_t room;
};

bool csin_build_is_above(const struct csin_fabric *f, uint32_t a, uint32_t z)
{
    if (f->switches[a].layer != f->switches[z].layer)
        return f->switches[a].layer > f->switches[z].layer;
    return a > z;
}

/* False, reported, where a switch has no such port, or its zone uses it. Ports from 0. */
static bool is_port(struct builder *b, uint32_t s, uint32_t port, struct csin_loc loc)
{
    const struct csin_switch *sw = &b->f->switches[s];
    if (port >= sw->n_ports) {
        FAIL(b, 604, loc, "switch '%s' has %u port%s; there is no port %u", sw->name, sw->n_ports,
             sw->n_ports == 1 ? "" : "s", port + 1);
        return false;
    }
    if (sw->zone == CSIN_NONE || sw->zone >= b->n_generated)
        return true;
    const struct csin_zone *z = &b->f->zones[sw->zone];
    bool is_leaf = s < z->first_spine;
    uint32_t n = z->n_uplinks;
    for (uint32_t g = 0; !is_leaf && g < z->n_groups; g++)
        if (s >= z->groups[g].first_spine)
            n = z->n_leaves * z->groups[g].links_per_pair;
    if (is_leaf ? port < sw->n_ports - n : port >= n)
        return true;
    FAIL(b, 608, loc, "port %u of '%s' has a cable of zone '%s' already", port + 1, sw->name,
         z->name);
    csin_note(b->diag, loc, "ports %u to %u of it do", is_leaf ? sw->n_ports - n + 1 : 1,
              is_leaf ? sw->n_ports : n);
    return false;
}

/* The NIC that 'host' or 'host.1' means; CSIN_NONE, reported, where there is none. */
static uint32_t find_nic(struct builder *b, const struct csin_text *end)
{
    const struct csin_fabric *f = b->f;
    uint32_t host = csin_fabric_host(f, end->s);
    if (host != CSIN_NONE)
        return f->hosts[host].first_nic;
    const char *dot = strrchr(end->s, '.');
    size_t digits = dot ? strspn(dot + 1, "0123456789") : 0;
    if (digits > 0 && digits < 9 && !dot[1 + digits]) {
        const char *name = csin_arena_strndup(b->arena, end->s, (size_t)(dot - end->s));
        if (!name) {
            csin_build_fail(b, csin_no_memory(b->diag));
            return CSIN_NONE;
        }
        unsigned long index = strtoul(dot + 1, NULL, 10);
        host = csin_fabric_host(f, name);
        if (host != CSIN_NONE && index < f->hosts[host].n_nics)
            return f->hosts[host].first_nic + (uint32_t)index;
        if (host != CSIN_NONE) {
            FAIL(b, 607, end->loc, "'%s' has %u NIC%s; there is no NIC %lu", name,
                 f->hosts[host].n_nics, f->hosts[host].n_nics == 1 ? "" : "s", index);
            csin_note(b->diag, end->loc, "NICs count from 0");
            return CSIN_NONE;
        }
    }
    if (csin_fabric_switch(f, end->s) != CSIN_NONE) {
        FAIL(b, 603, end->loc, "'%s' is a switch: its port is missing", end->s);
        csin_note(b->diag, end->loc, "write '%s/1' for its first port", end->s);
        return CSIN_NONE;
    }
    FAIL(b, 217, end->loc, "unknown host '%s'", end->s);
    return CSIN_NONE;
}

static bool says_the_same(const struct csin_quantity *a, const struct csin_quantity *b)
{
    return !a->loc.line || !b->loc.line || a->x == b->x;
}

/* A cable whose other end has been told already. */
static void meet(struct builder *b, struct wire *wire, const struct csin_plug_spec *plug)
{
    if (wire->again) {
        FAIL(b, 605, plug->key.loc, "this cable is written a third time");
        return;
    }
    wire->again = plug;
    if (says_the_same(&wire->plug->rate_Bps, &plug->rate_Bps) &&
        says_the_same(&wire->plug->latency_s, &plug->latency_s))
        return;
    FAIL(b, 606, plug->end.loc, "the two ends of this cable say different things of it");
    csin_note(b->diag, wire->plug->end.loc, "the other end");
}

/* Reports that a port is taken, and by what. */
static void say_taken(struct builder *b, uint32_t s, uint32_t port, const struct wire *wire,
                      struct csin_loc loc)
{
    const struct csin_fabric *f = b->f;
    unsigned far = wire->end[0] == s && wire->port[0] == port;
    struct csin_vertex_name name = csin_vertex_name(f, wire->end[far]);
    if (csin_is_nic(f, wire->end[far]))
        FAIL(b, 605, loc, "port %u of '%s' has a cable to '%s' already", port + 1,
             f->switches[s].name, name.s);
    else
        FAIL(b, 605, loc, "port %u of '%s' has a cable to port %u of '%s' already", port + 1,
             f->switches[s].name, wire->port[far] + 1, name.s);
    csin_note(b->diag, wire->plug->end.loc, "it is written here");
}

/* Records a cable from port `port` of switch s. */
static void add_wire(struct cabling *c, const struct csin_plug_spec *plug, uint32_t s,
                     uint32_t port, uint32_t end, uint32_t end_port)
{
    struct builder *b = c->b;
    struct csin_fabric *f = b->f;
    bool is_nic = csin_is_nic(f, end);
    if (!csin_grow(&b->wires, &c->room, b->n_wires + 1, sizeof *b->wires)) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    bool first = !is_nic && !csin_build_is_above(f, s, end); /* s is end[0] */
    b->wires[b->n_wires++] = (struct wire){
        .end = {first ? s : end, first ? end : s},
        .port = {first ? port : end_port, first ? end_port : port},
        .plug = plug};
    c->wire_at[f->switches[s].first_port + port] = b->n_wires;
    b->planned[s]++;
    if (is_nic) {
        b->hosts_on[s]++;
        f->nics[end - f->n_switches].leaf = s;
        return;
    }
    c->wire_at[f->switches[end].first_port + end_port] = b->n_wires;
    b->planned[end]++;
}

static void plug_nic(struct cabling *c, const struct csin_plug_spec *plug, uint32_t s)
{
    struct builder *b = c->b;
    uint32_t at = c->wire_at[b->f->switches[s].first_port + plug->port - 1];
    uint32_t nic = find_nic(b, &plug->end);
    if (nic == CSIN_NONE)
        return;
    if (at) {
        say_taken(b, s, plug->port - 1, &b->wires[at - 1], plug->key.loc);
        return;
    }
    if (b->f->nics[nic].leaf != CSIN_NONE) {
        FAIL(b, 607, plug->end.loc, "'%s' has a cable to '%s' already",
             csin_vertex_name(b->f, b->f->n_switches + nic).s,
             b->f->switches[b->f->nics[nic].leaf].name);
        return;
    }
    add_wire(c, plug, s, plug->port - 1, b->f->n_switches + nic, CSIN_NONE);
}

static void plug_switch(struct cabling *c, const struct csin_plug_spec *plug, uint32_t s)
{
    struct builder *b = c->b;
    const struct csin_switch *sw = b->f->switches;
    uint32_t end = csin_build_find_switch(b, plug->end.s, plug->end.loc);
    if (end == CSIN_NONE || !is_port(b, end, plug->end_port - 1, plug->end.loc))
        return;
    if (end == s) {
        FAIL(b, 225, plug->end.loc, "a cable from switch '%s' to itself", sw[s].name);
        return;
    }
    uint32_t here = c->wire_at[sw[s].first_port + plug->port - 1];
    uint32_t there = c->wire_at[sw[end].first_port + plug->end_port - 1];
    if (here && here == there)
        meet(b, &b->wires[here - 1], plug);
    else if (here)
        say_taken(b, s, plug->port - 1, &b->wires[here - 1], plug->key.loc);
    else if (there)
        say_taken(b, end, plug->end_port - 1, &b->wires[there - 1], plug->end.loc);
    else
        add_wire(c, plug, s, plug->port - 1, end, plug->end_port - 1);
}

void csin_build_read_cabling(struct builder *b)
{
    const struct csin_cabling_spec *entries = b->spec->cabling.items;
    struct csin_fabric *f = b->f;
    struct cabling c = {.b = b};
    if (b->spec->cabling.n == 0)
        return;
    c.wire_at = csin_arena_alloc(b->arena, f->n_ports, sizeof *c.wire_at);
    b->wire_of = csin_arena_alloc(b->arena, f->n_nics, sizeof(*b->wire_of));
    if (!c.wire_at || !b->wire_of) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    for (uint32_t i = 0; i < b->spec->cabling.n; i++) {
        const struct csin_plug_spec *plugs = entries[i].plugs.items;
        uint32_t s = csin_build_find_switch(b, entries[i].name.s, entries[i].name.loc);
        for (uint32_t k = 0; s != CSIN_NONE && k < entries[i].plugs.n; k++) {
            if (!is_port(b, s, plugs[k].port - 1, plugs[k].key.loc))
                continue;
            if (plugs[k].end_port)
                plug_switch(&c, &plugs[k], s);
            else
                plug_nic(&c, &plugs[k], s);
        }
    }
    for (uint32_t i = 0; i < b->n_wires; i++)
        if (csin_is_nic(f, b->wires[i].end[0]))
            b->wire_of[b->wires[i].end[0] - f->n_switches] = &b->wires[i];
}

void csin_build_degrade_wires(struct builder *b)
{
    struct csin_fabric *f = b->f;
    for (uint32_t i = 0; i < b->n_wires; i++) {
        const struct wire *wire = &b->wires[i];
        if (!wire->plug->degraded_Bps.loc.line)
            continue;
        uint32_t arc = f->port_arc[f->switches[wire->end[1]].first_port + wire->port[1]];
        f->cables[arc >> 1].capacity_Bps = wire->plug->degraded_Bps.x;
        f->cables[arc >> 1].degraded = f->cables[arc >> 1].found_slow = true;
    }
}

/* ---- the shape of explicit zones ---- */

/* How often each value of a kind occurs; the most frequent one, among equals the greatest. */
struct tally {
    double value;
    uint32_t n;
};

static void tally_up(struct tally *best, uint32_t *n_kinds, double *values, uint32_t n)
{
    *n_kinds = 0;
    for (uint32_t i = 0, run = 0; i < n; i++) {
        run = i > 0 && values[i] == values[i - 1] ? run + 1 : 1;
        *n_kinds += run == 1;
        if (run >= best->n)
            *best = (struct tally){values[i], run};
    }
}

static int ascending(const void *left, const void *right)
{
    double x = *(const double *)left, y = *(const double *)right;
    return (x > y) - (x < y);
}

/* Cables of a leaf to each spine of its zone, which are there whether they are up or not. `rates`
 * gets those that are known. Returns how many. */
static uint32_t count_up(const struct csin_fabric *f, const struct csin_zone *z, uint32_t leaf,
                         uint32_t *per_spine, double *rates)
{
    const struct csin_switch *sw = &f->switches[leaf];
    uint32_t n = 0;
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        uint32_t spine = arc == CSIN_NONE ? CSIN_NONE : csin_arc_head(f, arc) - z->first_spine;
        if (spine >= z->n_spines)
            continue;
        per_spine[spine]++;
        if (!f->cables[arc >> 1].degraded) /* what it was made with is not known */
            rates[n++] = f->cables[arc >> 1].capacity_Bps;
    }
    return n;
}

/* What most pairs and cables of the zone have, and whether all have it. */
static bool tally_zone(struct builder *b, struct csin_zone *z, struct csin_spine_group *group)
{
    const struct csin_fabric *f = b->f;
    size_t pairs = (size_t)z->n_leaves * z->n_spines, n_cables = 0, n_linked = 0;
    for (uint32_t i = 0; i < z->n_leaves; i++)
        n_cables += f->switches[z->first_leaf + i].n_used;
    double *rates = malloc((n_cables + 1) * sizeof *rates);
    double *links = malloc((n_cables + 1) * sizeof *links);
    uint32_t *per_spine = malloc((z->n_spines + 1u) * sizeof *per_spine);
    struct tally link = {0}, rate = {0};
    uint32_t kinds, rate_kinds;
    bool ok = rates && links && per_spine;
    n_cables = 0;
    for (uint32_t i = 0; ok && i < z->n_leaves; i++) {
        uint32_t leaf = z->first_leaf + i;
        memset(per_spine, 0, z->n_spines * sizeof *per_spine);
        uint32_t up = count_up(f, z, leaf, per_spine, rates + n_cables);
        n_cables += up;
        for (uint32_t k = 0; k < z->n_spines; k++)
            if (per_spine[k])
                links[n_linked++] = per_spine[k];
        uint32_t hosts = b->hosts_on[leaf];
        z->hosts_per_leaf = hosts > z->hosts_per_leaf ? hosts : z->hosts_per_leaf;
    }
    if (ok) {
        qsort(links, n_linked, sizeof *links, ascending);
        qsort(rates, n_cables, sizeof *rates, ascending);
        tally_up(&link, &kinds, links, (uint32_t)n_linked);
        tally_up(&rate, &rate_kinds, rates, (uint32_t)n_cables);
        *group = (struct csin_spine_group){z->first_spine, z->n_spines, (uint32_t)link.value,
                                           rate.value};
        z->regular = n_linked == pairs && kinds == 1 && rate_kinds == 1;
    }
    free(rates);
    free(links);
    free(per_spine);
    return ok;
}

static void set_groups(struct csin_zone *z, const struct csin_spine_group *groups, uint32_t n)
{
    z->groups = groups;
    z->n_groups = n;
    z->links_per_pair = groups[0].links_per_pair;
    z->uplink_Bps = groups[0].uplink_Bps;
    z->n_uplinks = 0;
    z->leaf_uplink_Bps = 0;
    for (uint32_t g = 0; g < n; g++) {
        uint32_t up = groups[g].n_spines * groups[g].links_per_pair;
        z->n_uplinks += up;
        z->leaf_uplink_Bps += (double)up * groups[g].uplink_Bps;
    }
}

/* What a leaf has to a spine; adds up nothing where it has no cable. A degraded cable does not say
 * what it was made with. */
static void look_at_pair(const struct csin_fabric *f, uint32_t l, struct csin_spine_group *spine)
{
    const struct csin_switch *leaf = &f->switches[l];
    uint32_t links = 0;
    for (uint32_t p = 0; p < leaf->n_ports; p++) {
        uint32_t arc = f->port_arc[leaf->first_port + p];
        if (arc == CSIN_NONE || csin_arc_head(f, arc) != spine->first_spine)
            continue;
        links++;
        if (!f->cables[arc >> 1].degraded)
            spine->uplink_Bps = f->cables[arc >> 1].capacity_Bps;
    }
    spine->links_per_pair = links;
}

/* Spines of different rates or numbers of links, neighbours alike, as a zone of `zones` with a list
 * of `spines` has them. Returns their number; 0 where cables say nothing of some spine. */
static uint32_t list_groups(const struct csin_fabric *f, const struct csin_zone *z,
                            struct csin_spine_group *groups)
{
    uint32_t n = 0;
    for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++) {
        struct csin_spine_group spine = {s, 1, 0, 0};
        for (uint32_t l = 0; l < z->n_leaves && spine.uplink_Bps == 0; l++)
            look_at_pair(f, z->first_leaf + l, &spine);
        if (spine.uplink_Bps == 0)
            return 0;
        struct csin_spine_group *last = n ? &groups[n - 1] : NULL;
        if (last && last->links_per_pair == spine.links_per_pair &&
            last->uplink_Bps == spine.uplink_Bps)
            last->n_spines++;
        else
            groups[n++] = spine;
    }
    return n;
}

/* Whether the last ports of every leaf have the uplinks that the groups say, in their order. */
static bool has_groups(const struct csin_fabric *f, const struct csin_zone *z)
{
    struct csin_uplink uplinks[CSIN_MAX_PORTS];
    csin_zone_uplinks(z, uplinks);
    for (uint32_t l = z->first_leaf; l < z->first_leaf + z->n_leaves; l++) {
        const struct csin_switch *leaf = &f->switches[l];
        if (leaf->n_ports < z->n_uplinks)
            return false;
        for (uint32_t up = 0; up < z->n_uplinks; up++) {
            uint32_t arc = f->port_arc[leaf->first_port + leaf->n_ports - z->n_uplinks + up];
            if (arc == CSIN_NONE || csin_arc_head(f, arc) != uplinks[up].spine ||
                (!f->cables[arc >> 1].degraded &&
                 f->cables[arc >> 1].capacity_Bps != uplinks[up].group->uplink_Bps))
                return false;
        }
    }
    return true;
}

/* Cables between the leaves of every pair; 0 where pairs differ. */
static uint32_t count_pair_links(const struct csin_fabric *f, const struct csin_zone *z)
{
    uint32_t links = 0;
    for (uint32_t l = z->first_leaf; l + 1 < z->first_leaf + z->n_leaves; l += 2) {
        uint32_t n = 0;
        for (uint32_t p = 0; p < f->switches[l].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[l].first_port + p];
            n += arc != CSIN_NONE && csin_arc_head(f, arc) == l + 1;
        }
        if (n == 0 || (l > z->first_leaf && n != links))
            return 0;
        links = n;
    }
    return links;
}

static bool shape_zone(struct builder *b, struct csin_zone *z)
{
    struct csin_spine_group *groups = csin_arena_alloc(b->f->arena, z->n_spines + 1u,
                                                       sizeof *groups);
    struct csin_spine_group *most = csin_arena_alloc(b->f->arena, 1, sizeof *most);
    if (!groups || !most || !tally_zone(b, z, most))
        return false;
    uint32_t n = z->regular ? 0 : list_groups(b->f, z, groups);
    if (n > 1) {
        set_groups(z, groups, n);
        z->regular = z->n_uplinks <= CSIN_MAX_PORTS && has_groups(b->f, z);
    }
    if (n < 2 || !z->regular)
        set_groups(z, most, 1);
    z->pair_links = count_pair_links(b->f, z);
    return true;
}

/* ---- trees ---- */

/* Core switches above a spine, each counted once; `seen` [n_switches] is marked with the spine. */
static uint32_t count_cores(const struct csin_fabric *f, uint32_t spine, uint32_t *seen)
{
    const struct csin_switch *sw = &f->switches[spine];
    uint32_t n = 0;
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        uint32_t core = arc == CSIN_NONE ? CSIN_NONE : csin_arc_head(f, arc);
        if (core >= f->n_switches || f->switches[core].layer != CSIN_CORE || seen[core] == spine)
            continue;
        seen[core] = spine;
        n++;
    }
    return n;
}

/* The core switches above each spine of a zone, 0 where spines differ. */
static uint32_t cores_of_zone(const struct csin_fabric *f, const struct csin_zone *z,
                              uint32_t *seen)
{
    uint32_t each = 0;
    for (uint32_t i = 0; i < z->n_spines; i++) {
        uint32_t n = count_cores(f, z->first_spine + i, seen);
        if (n == 0 || (i > 0 && n != each))
            return 0;
        each = n;
    }
    return each;
}

static uint32_t root_of(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

#define NO_TREE (CSIN_NONE - 1)

/* Zones that core switches join which are no section `core`, each spine under as many, are the pods
 * of one tree as well. */
static bool find_trees(struct builder *b)
{
    struct csin_fabric *f = b->f;
    uint32_t n = f->n_zones + f->n_switches;
    uint32_t *seen = csin_arena_alloc(b->arena, f->n_switches, sizeof *seen);
    uint32_t *parent = csin_arena_alloc(b->arena, n, sizeof *parent);
    uint32_t *tree = csin_arena_alloc(b->arena, n, sizeof *tree);
    if (!seen || !parent || !tree)
        return false;
    memset(seen, 0xff, f->n_switches * sizeof *seen);
    memset(tree, 0xff, n * sizeof *tree);
    for (uint32_t i = 0; i < n; i++)
        parent[i] = i;
    for (uint32_t i = 0; i < f->n_zones; i++)
        if (f->zones[i].tree == CSIN_NONE)
            f->zones[i].cores_per_spine = cores_of_zone(f, &f->zones[i], seen);
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (csin_is_nic(f, cable->end[0]))
            continue;
        const struct csin_switch *low = &f->switches[cable->end[0]];
        const struct csin_switch *high = &f->switches[cable->end[1]];
        if (high->layer == CSIN_CORE && low->layer == CSIN_SPINE && low->zone != CSIN_NONE)
            parent[root_of(parent, low->zone)] = root_of(parent, f->n_zones + cable->end[1]);
    }
    /* One zone that does not fit, and nothing below these core switches is counted by digits. */
    for (uint32_t i = 0; i < f->n_zones; i++)
        if (f->zones[i].tree != CSIN_NONE || f->zones[i].cores_per_spine == 0)
            tree[root_of(parent, i)] = NO_TREE;
    for (uint32_t i = 0; i < f->n_zones; i++) {
        if (f->zones[i].tree != CSIN_NONE)
            continue;
        uint32_t *number = &tree[root_of(parent, i)];
        if (*number == NO_TREE) {
            f->zones[i].cores_per_spine = 0;
            continue;
        }
        if (*number == CSIN_NONE)
            *number = f->n_trees++;
        f->zones[i].tree = *number;
    }
    for (uint32_t c = 0; c < f->n_cables; c++) {
        struct csin_cable *cable = &f->cables[c];
        if (!csin_is_nic(f, cable->end[0]) && f->switches[cable->end[1]].layer == CSIN_CORE &&
            f->switches[cable->end[0]].zone != CSIN_NONE &&
            f->zones[f->switches[cable->end[0]].zone].tree != CSIN_NONE)
            cable->place = CSIN_AT_CORE;
    }
    return true;
}

void csin_build_shape_zones(struct builder *b)
{
    for (uint32_t i = b->n_generated; i < b->f->n_zones; i++)
        if (!shape_zone(b, &b->f->zones[i]))
            csin_build_fail(b, csin_no_memory(b->diag));
    if (!find_trees(b))
        csin_build_fail(b, csin_no_memory(b->diag));
}
