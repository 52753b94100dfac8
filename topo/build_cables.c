/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cables: planned, plugged into ports, overridden. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

/* ---- cables ---- */

void csin_build_add_cable(struct builder *b, uint32_t low, uint32_t high, enum csin_place place,
                          double capacity_Bps, double latency_s)
{
    struct csin_fabric *f = b->f;
    if (f->n_cables >= CSIN_MAX_CABLES) {
        if (f->n_cables++ == CSIN_MAX_CABLES)
            FAIL(b, 223, (struct csin_loc){b->spec->file, 0, 0}, "more than %s cables",
                 csin_show_count(CSIN_MAX_CABLES).s);
        return;
    }
    if (!csin_grow(&f->cables, &b->cables_room, f->n_cables + 1, sizeof *f->cables)) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    f->cables[f->n_cables++] = (struct csin_cable){.end = {low, high},
                                                   .port = {CSIN_NONE, CSIN_NONE},
                                                   .place = place,
                                                   .up = true,
                                                   .capacity_Bps = capacity_Bps,
                                                   .latency_s = latency_s};
}

/* Reports a rate that somebody asked of a cable and its ports cannot give. */
bool csin_build_is_too_fast(struct builder *b, const struct csin_quantity *rate_Bps,
                            double port_Bps)
{
    if (!rate_Bps->loc.line || rate_Bps->x <= port_Bps * (1 + 1e-12))
        return false;
    FAIL(b, 212, rate_Bps->loc, "a cable of %s is faster than its ports (%s)",
         csin_show_linerate(rate_Bps->x).s, csin_show_linerate(port_Bps).s);
    return true;
}

/* A cable in the ports that are written out. */
static void add_wire(struct builder *b, const struct wire *wire, enum csin_place place,
                     double port_Bps)
{
    const struct csin_plug_spec *rate = wire->plug, *latency = wire->plug;
    if (wire->again && !rate->rate_Bps.loc.line)
        rate = wire->again;
    if (wire->again && !latency->latency_s.loc.line)
        latency = wire->again;
    if (csin_build_is_too_fast(b, &rate->rate_Bps, port_Bps))
        return;
    csin_build_add_cable(b, wire->end[0], wire->end[1], place,
                         rate->rate_Bps.loc.line ? rate->rate_Bps.x : port_Bps,
                         latency->latency_s.x);
    if (b->status != CSIN_OK)
        return;
    struct csin_cable *cable = &b->f->cables[b->f->n_cables - 1];
    memcpy(cable->port, wire->port, sizeof wire->port);
    cable->line = wire->plug->key.loc.line;
    cable->degraded =
        wire->plug->degraded_Bps.loc.line; /* the rate is that of csin_build_degrade_wires */
}

static void cable_hosts(struct builder *b)
{
    struct csin_fabric *f = b->f;
    for (uint32_t nic = 0; nic < f->n_nics; nic++) {
        uint32_t leaf = f->nics[nic].leaf;
        if (leaf == CSIN_NONE)
            continue;
        double port_Bps = fmin(f->nics[nic].rate_Bps, f->switches[leaf].rate_Bps);
        f->nics[nic].cable = f->n_cables;
        if (b->wire_of && b->wire_of[nic])
            add_wire(b, b->wire_of[nic], CSIN_AT_HOST, port_Bps);
        else
            csin_build_add_cable(b, f->n_switches + nic, leaf, CSIN_AT_HOST, port_Bps, 0);
    }
}

static void cable_zones(struct builder *b)
{
    struct csin_fabric *f = b->f;
    struct csin_uplink uplinks[CSIN_MAX_PORTS];
    for (uint32_t i = 0; i < b->n_generated; i++) {
        const struct csin_zone *z = &f->zones[i];
        csin_zone_uplinks(z, uplinks);
        for (uint32_t leaf = 0; leaf < z->n_leaves; leaf++)
            for (uint32_t up = 0; up < z->n_uplinks; up++)
                csin_build_add_cable(b, z->first_leaf + leaf, uplinks[up].spine, CSIN_AT_SPINE,
                                     uplinks[up].group->uplink_Bps,
                                     b->zone_spec[i]->cable_latency_s.x);
    }
}

/* Between the two leaves of each pair. */
static void cable_pairs(struct builder *b)
{
    struct csin_fabric *f = b->f;
    for (uint32_t i = 0; i < b->n_generated; i++) {
        const struct csin_zone *z = &f->zones[i];
        for (uint32_t leaf = z->first_leaf; leaf + 1 < z->first_leaf + z->n_leaves; leaf += 2)
            for (uint32_t link = 0; link < z->pair_links; link++)
                csin_build_add_cable(b, leaf, leaf + 1, CSIN_ELSEWHERE, f->switches[leaf].rate_Bps,
                                     b->zone_spec[i]->cable_latency_s.x);
    }
}

/* The leaf of a zone with most free ports, among equals the first, so that the cables of inter-zone
 * switches spread over the zone; but for those marked `taken`. CSIN_NONE when all are full or
 * taken.
 */
static uint32_t freest_leaf(const struct builder *b, const struct csin_zone *z,
                            const uint32_t *taken)
{
    uint32_t best = CSIN_NONE, most = 0;
    for (uint32_t s = z->first_leaf; s < z->first_leaf + z->n_leaves; s++) {
        uint32_t left = b->f->switches[s].n_ports - b->planned[s];
        if (!taken[s] && left > most) {
            most = left;
            best = s;
        }
    }
    return best;
}

static void cable_inter_zone_switch(struct builder *b, const struct csin_inter_zone_spec *spec,
                                    uint32_t s)
{
    struct csin_fabric *f = b->f;
    const struct csin_text *zones = spec->zones.items;
    uint64_t asked = spec->zones.n * spec->leaves.n;
    if (asked > f->switches[s].n_ports) {
        FAIL(b, 211, spec->names.loc, "switch '%s' would need %s ports and has %s",
             f->switches[s].name, csin_show_count(asked).s,
             csin_show_count(f->switches[s].n_ports).s);
        return;
    }
    for (uint32_t i = 0; i < spec->zones.n; i++) {
        const struct csin_zone *z = &f->zones[csin_build_find_zone(b, &zones[i])];
        if (spec->leaves.n > z->n_leaves) {
            FAIL(b, 224, spec->leaves.loc, "zone '%s' has %u leaves; '%s' asks for %s", z->name,
                 z->n_leaves, f->switches[s].name, csin_show_count(spec->leaves.n).s);
            continue;
        }
        uint32_t *taken = b->list;
        memset(taken + z->first_leaf, 0, z->n_leaves * sizeof *taken);
        for (uint32_t k = 0; k < spec->leaves.n; k++) {
            uint32_t leaf = freest_leaf(b, z, taken);
            if (leaf == CSIN_NONE) {
                FAIL(b, 211, spec->leaves.loc,
                     "switch '%s' asks for a port on %s leaves of zone '%s'; %u have one free",
                     f->switches[s].name, csin_show_count(spec->leaves.n).s, z->name, k);
                return;
            }
            double port = fmin(f->switches[leaf].rate_Bps, f->switches[s].rate_Bps);
            if (csin_build_is_too_fast(b, &spec->rate_Bps, port))
                return;
            taken[leaf] = true;
            b->planned[leaf]++;
            b->planned[s]++;
            csin_build_add_cable(b, leaf, s, CSIN_BETWEEN_ZONES,
                                 spec->rate_Bps.loc.line ? spec->rate_Bps.x : port, 0);
        }
    }
}

/* Cables a person listed. Two switches of one layer may be joined, but not in a ring: packets could
 * wait for each other all the way round (a credit loop), which lossless fabrics cannot resolve. */
static uint32_t ring_root(uint32_t *parent, uint32_t s)
{
    while (parent[s] != s)
        s = parent[s] = parent[parent[s]];
    return s;
}

static enum csin_place place_between(const struct csin_switch *a, const struct csin_switch *z)
{
    if (a->layer == CSIN_INTER_ZONE || z->layer == CSIN_INTER_ZONE)
        return CSIN_BETWEEN_ZONES;
    return a->layer + z->layer == CSIN_LEAF + CSIN_SPINE ? CSIN_AT_SPINE : CSIN_ELSEWHERE;
}

/* False after a reported failure. */
static bool cable_pair(struct builder *b, const struct csin_cables_spec *spec, uint32_t from,
                       uint32_t to, uint32_t *ring)
{
    struct csin_fabric *f = b->f;
    const struct csin_switch *a = &f->switches[from], *z = &f->switches[to];
    uint32_t count = spec->count.loc.line ? (uint32_t)spec->count.n : 1;
    if (from == to) {
        FAIL(b, 225, spec->to.loc, "a cable from switch '%s' to itself", a->name);
        return false;
    }
    if (a->layer == z->layer) {
        uint32_t ra = ring_root(ring, from), rz = ring_root(ring, to);
        if (ra == rz) {
            FAIL(b, 226, spec->to.loc, "the cable from '%s' to '%s' closes a ring of %s switches",
                 a->name, z->name, csin_layer_names[a->layer]);
            csin_note(
                b->diag, spec->to.loc,
                "a lossless fabric can deadlock in a ring; join them through a higher layer, or "
                "write several cables between two switches as one entry with 'count'");
            return false;
        }
        ring[ra] = rz;
    }
    double port = fmin(a->rate_Bps, z->rate_Bps);
    if (csin_build_is_too_fast(b, &spec->rate_Bps, port))
        return false;
    bool swap = csin_build_is_above(f, from, to);
    enum csin_place place = place_between(a, z);
    for (uint32_t i = 0; i < count && f->n_cables <= CSIN_MAX_CABLES; i++)
        csin_build_add_cable(b, swap ? to : from, swap ? from : to, place,
                             spec->rate_Bps.loc.line ? spec->rate_Bps.x : port, spec->latency_s.x);
    b->planned[from] += count;
    b->planned[to] += count;
    return f->n_cables <= CSIN_MAX_CABLES;
}

/* Every `from` to every `to` of an entry, up to its first mistake. */
static void cable_entry(struct builder *b, const struct csin_cables_spec *spec, uint32_t *ring)
{
    uint32_t *from = b->list, *to = b->share;
    uint32_t n_from = csin_build_find_switches(b, &spec->from, from);
    uint32_t n_to = csin_build_find_switches(b, &spec->to, to);
    for (uint32_t k = 0; k < n_from; k++)
        for (uint32_t m = 0; m < n_to; m++)
            if (!cable_pair(b, spec, from[k], to[m], ring))
                return;
}

static void cable_explicit(struct builder *b)
{
    struct csin_fabric *f = b->f;
    const struct csin_cables_spec *specs = b->spec->cables.items;
    uint32_t *ring = csin_arena_alloc(b->arena, f->n_switches, sizeof *ring);
    if (!ring) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        ring[s] = s;
    for (uint32_t i = 0; i < b->spec->cables.n; i++)
        cable_entry(b, &specs[i], ring);
    for (uint32_t i = 0; i < b->n_wires; i++) {
        const struct wire *wire = &b->wires[i];
        const struct csin_switch *sw = f->switches;
        if (!csin_is_nic(f, wire->end[0]))
            add_wire(b, wire, place_between(&sw[wire->end[0]], &sw[wire->end[1]]),
                     fmin(sw[wire->end[0]].rate_Bps, sw[wire->end[1]].rate_Bps));
    }
    if (f->n_cables > CSIN_MAX_CABLES)
        return; /* not all of them are counted */
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (b->planned[s] > f->switches[s].n_ports)
            FAIL(b, 211, b->spec->cables.loc, "switch '%s' would need %s ports and has %s",
                 f->switches[s].name, csin_show_count(b->planned[s]).s,
                 csin_show_count(f->switches[s].n_ports).s);
}

/* Hosts take ports from the first, uplinks of a leaf its last ones, as such switches are cabled. */
static uint32_t take_port(struct builder *b, uint32_t s, uint32_t arc, uint32_t wanted)
{
    struct csin_fabric *f = b->f;
    struct csin_switch *sw = &f->switches[s];
    uint32_t port = wanted;
    if (port == CSIN_NONE) {
        port = b->next_port[s];
        while (f->port_arc[sw->first_port + port] != CSIN_NONE)
            port++;
        b->next_port[s] = port + 1;
    }
    assert(port < sw->n_ports && f->port_arc[sw->first_port + port] == CSIN_NONE);
    f->port_arc[sw->first_port + port] = arc;
    sw->n_used++;
    return port;
}

/* The ends at switches that have no port yet. */
static void plug(struct builder *b, uint32_t c)
{
    struct csin_cable *cable = &b->f->cables[c];
    for (unsigned e = 0; e < 2; e++)
        if (!csin_is_nic(b->f, cable->end[e]) && cable->port[e] == CSIN_NONE)
            cable->port[e] = take_port(b, cable->end[e], 2 * c + e, CSIN_NONE);
}

/* Uplinks of generated zones, whose ports are fixed. Returns the cable behind the last. */
static uint32_t plug_zones(struct builder *b, uint32_t c)
{
    struct csin_fabric *f = b->f;
    struct csin_uplink uplinks[CSIN_MAX_PORTS];
    for (uint32_t i = 0; i < b->n_generated; i++) {
        const struct csin_zone *z = &f->zones[i];
        csin_zone_uplinks(z, uplinks);
        for (uint32_t leaf = 0; leaf < z->n_leaves; leaf++)
            for (uint32_t k = 0; k < z->n_uplinks; k++, c++) {
                struct csin_cable *cable = &f->cables[c];
                uint32_t base = f->switches[cable->end[0]].n_ports - z->n_uplinks;
                cable->port[0] = take_port(b, cable->end[0], 2 * c, base + k);
                cable->port[1] = take_port(b, cable->end[1], 2 * c + 1,
                                           leaf * uplinks[k].group->links_per_pair +
                                               uplinks[k].link);
            }
    }
    return c;
}

/* The order of cables behind those to hosts (topo/fabric.h). */
static int by_place(const void *left, const void *right, void *fabric)
{
    const struct csin_cable *x = left, *y = right;
    const struct csin_switch *sw = ((const struct csin_fabric *)fabric)->switches;
    const struct csin_cable *cable[2] = {x, y};
    uint32_t key[2][3];
    for (unsigned i = 0; i < 2; i++) {
        const struct csin_switch *low = &sw[cable[i]->end[0]], *high = &sw[cable[i]->end[1]];
        bool inside = cable[i]->place == CSIN_AT_SPINE && low->zone == high->zone;
        key[i][0] = !inside;
        key[i][1] = cable[i]->end[!inside];
        key[i][2] = cable[i]->port[!inside];
    }
    for (unsigned k = 0; k < 3; k++)
        if (key[0][k] != key[1][k])
            return key[0][k] < key[1][k] ? -1 : 1;
    return 0;
}

/* Puts the cables behind those to hosts into their order, which depends on ports only. */
static void order_cables(struct builder *b, uint32_t first)
{
    struct csin_fabric *f = b->f;
    uint32_t c = first + 1;
    while (c < f->n_cables && by_place(&f->cables[c - 1], &f->cables[c], f) < 0)
        c++;
    if (c >= f->n_cables)
        return;
    qsort_r(f->cables + first, f->n_cables - first, sizeof *f->cables, by_place, f);
    for (c = first; c < f->n_cables; c++)
        for (unsigned e = 0; e < 2; e++)
            f->port_arc[f->switches[f->cables[c].end[e]].first_port + f->cables[c].port[e]] =
                2 * c + e;
}

void csin_build_plug_cables(struct builder *b)
{
    struct csin_fabric *f = b->f;
    memset(f->port_arc, 0xff, f->n_ports * sizeof *f->port_arc);
    uint32_t first_uplink = 0, first_free;
    while (first_uplink < f->n_cables && f->cables[first_uplink].place == CSIN_AT_HOST)
        first_uplink++;
    /* What is fixed first: of generated zones, and what is written out. */
    first_free = plug_zones(b, first_uplink);
    for (uint32_t c = 0; c < f->n_cables; c++)
        for (unsigned e = 0; e < 2 && (c < first_uplink || c >= first_free); e++)
            if (!csin_is_nic(f, f->cables[c].end[e]) && f->cables[c].port[e] != CSIN_NONE)
                take_port(b, f->cables[c].end[e], 2 * c + e, f->cables[c].port[e]);
    for (uint32_t c = 0; c < first_uplink; c++) {
        uint32_t nic = f->cables[c].end[0] - f->n_switches;
        f->cables[c].port[0] = nic - f->hosts[f->nics[nic].host].first_nic;
        plug(b, c);
    }
    for (uint32_t c = first_free; c < f->n_cables; c++)
        plug(b, c);
    order_cables(b, first_uplink);
}

/* ---- overrides ---- */

/* Returns whether it made any difference. */
static bool override_cable(struct builder *b, struct csin_cable *cable,
                           const struct csin_override_spec *spec)
{
    struct csin_cable before = *cable;
    if (spec->state.loc.line)
        cable->up = spec->state.i == CSIN_UP;
    if (spec->rate_Bps.loc.line) {
        if (spec->rate_Bps.x > cable->capacity_Bps * (1 + 1e-12))
            FAIL(b, 212, spec->rate_Bps.loc, "%s is faster than the cable is (%s)",
                 csin_show_linerate(spec->rate_Bps.x).s, csin_show_linerate(cable->capacity_Bps).s);
        cable->degraded = cable->degraded || spec->rate_Bps.x < cable->capacity_Bps;
        cable->capacity_Bps = spec->rate_Bps.x;
    }
    return cable->up != before.up || cable->capacity_Bps != before.capacity_Bps;
}

void csin_build_apply_override(struct builder *b, const struct csin_override_spec *spec)
{
    struct csin_fabric *f = b->f;
    const struct csin_text *names = spec->between.items;
    if (spec->between.n != 2) {
        FAIL(b, 227, spec->between.loc, "'between' names two ends, not %u", spec->between.n);
        return;
    }
    if (!spec->state.loc.line && !spec->rate_Bps.loc.line) {
        FAIL(b, 228, spec->between.loc, "this override changes nothing");
        csin_note(b->diag, spec->between.loc, "give it 'state: down' or a lower 'rate'");
        return;
    }
    uint32_t id[2];
    for (unsigned e = 0; e < 2; e++) {
        id[e] = csin_names_find(&f->names, names[e].s);
        if (id[e] == CSIN_NONE)
            csin_build_say_unknown(b, "switch or host", names[e].s, names[e].loc);
    }
    if (id[0] == CSIN_NONE || id[1] == CSIN_NONE)
        return;
    uint32_t cables[CSIN_MAX_PORTS], changed = 0;
    uint32_t n = csin_fabric_cables(f, b->diag, &spec->between, id, &spec->nth, cables);
    for (uint32_t i = 0; i < n; i++)
        changed += override_cable(b, &f->cables[cables[i]], spec);
    if (n == 0)
        csin_build_fail(b, CSIN_E_INPUT);
    else if (changed == 0)
        csin_warning(b->diag, 233, spec->between.loc,
                     "this override has no effect: the cable is so already");
}

void csin_build_make_cables(struct builder *b)
{
    cable_hosts(b);
    cable_zones(b);
    cable_pairs(b);
    const struct csin_inter_zone_spec *specs = b->spec->inter_zone.items;
    uint32_t s = b->first_group_switch;
    for (uint32_t i = 0; i < b->spec->inter_zone.n; i++)
        for (uint32_t k = 0; k < b->groups[i].n; k++)
            cable_inter_zone_switch(b, &specs[i], s++);
    csin_build_cable_cores(b, s);
    cable_explicit(b);
}
