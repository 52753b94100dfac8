/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/build.h"
#include "topo/ib.h"

/* Puts `from` and all that its cables lead to into part `n`. */
static void flood(const struct csin_fabric *f, uint32_t from, uint32_t n, uint32_t *part,
                  uint32_t *queue)
{
    uint32_t n_queue = 0;
    part[from] = n;
    queue[n_queue++] = from;
    for (uint32_t i = 0; i < n_queue; i++) {
        const struct csin_switch *sw = &f->switches[queue[i]];
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            uint32_t next = arc == CSIN_NONE ? CSIN_NONE : csin_arc_head(f, arc);
            if (next >= f->n_switches || part[next] != CSIN_NONE)
                continue;
            part[next] = n;
            queue[n_queue++] = next;
        }
    }
}

uint32_t csin_fabric_parts(const struct csin_fabric *f, uint32_t *ret_part)
{
    uint32_t *part = malloc((f->n_switches + 1u) * sizeof *part);
    uint32_t *queue = malloc((f->n_switches + 1u) * sizeof *queue), n = 0;
    if (part && queue) {
        memset(part, 0xff, f->n_switches * sizeof *part);
        for (uint32_t s = 0; s < f->n_switches; s++)
            if (part[s] == CSIN_NONE && f->switches[s].n_used)
                flood(f, s, n++, part, queue);
        if (ret_part)
            memcpy(ret_part, part, f->n_switches * sizeof *part);
    } else {
        n = CSIN_NONE;
    }
    free(part);
    free(queue);
    return n;
}

/* ---- a part as a fabric ---- */

/* Maps hold the new index of what the part has, CSIN_NONE for the rest. */
struct cutter {
    const struct csin_fabric *f;
    struct csin_fabric *out;
    struct csin_arena *scratch;
    const struct csin_ib_point *points; /* GUIDs of the whole fabric */
    uint32_t *switches, *nics, *hosts, *cables, *zones;
};

static void *array(struct csin_arena *arena, uint32_t n, size_t size, bool *ok)
{
    void *items = csin_arena_alloc(arena, n, size);
    *ok = *ok && items;
    return items;
}

/* How many of the n switches from `first` on the part has; ret_first: where they begin in it. */
static uint32_t range(const struct cutter *c, uint32_t first, uint32_t n, uint32_t *ret_first)
{
    uint32_t kept = 0;
    *ret_first = 0;
    for (uint32_t s = first; s < first + n; s++)
        if (c->switches[s] != CSIN_NONE && kept++ == 0)
            *ret_first = c->switches[s];
    return kept;
}

/* Indices in `c` of all that is in part `number` (from 0). */
static bool map(struct cutter *c, uint32_t number, const uint32_t *part)
{
    const struct csin_fabric *f = c->f;
    struct csin_fabric *out = c->out;
    bool ok = true;
    c->switches = array(c->scratch, f->n_switches, sizeof(uint32_t), &ok);
    c->nics = array(c->scratch, f->n_nics, sizeof(uint32_t), &ok);
    c->hosts = array(c->scratch, f->n_hosts, sizeof(uint32_t), &ok);
    c->cables = array(c->scratch, f->n_cables, sizeof(uint32_t), &ok);
    c->zones = array(c->scratch, f->n_zones, sizeof(uint32_t), &ok);
    if (!ok)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        c->switches[s] = part[s] == number ? out->n_switches++ : CSIN_NONE;
        out->n_ports += part[s] == number ? f->switches[s].n_ports : 0;
    }
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        uint32_t before = out->n_nics;
        for (uint32_t k = host->first_nic; k < host->first_nic + host->n_nics; k++)
            c->nics[k] = f->nics[k].cable != CSIN_NONE && part[f->nics[k].leaf] == number
                             ? out->n_nics++
                             : CSIN_NONE;
        c->hosts[h] = out->n_nics > before ? out->n_hosts++ : CSIN_NONE;
    }
    for (uint32_t i = 0; i < f->n_cables; i++)
        c->cables[i] = part[f->cables[i].end[1]] == number ? out->n_cables++ : CSIN_NONE;
    for (uint32_t z = 0; z < f->n_zones; z++) {
        const struct csin_zone *zone = &f->zones[z];
        uint32_t first, n = range(c, zone->first_leaf, zone->n_leaves, &first);
        c->zones[z] = n ? out->n_zones++ : CSIN_NONE;
    }
    return true;
}

static void copy_switches(struct cutter *c)
{
    const struct csin_fabric *f = c->f;
    struct csin_fabric *out = c->out;
    uint32_t port = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *old = &f->switches[s];
        if (c->switches[s] == CSIN_NONE)
            continue;
        struct csin_switch *sw = &out->switches[c->switches[s]];
        *sw = *old;
        sw->zone = old->zone == CSIN_NONE ? CSIN_NONE : c->zones[old->zone];
        sw->guid = c->points[s].node_guid;
        sw->first_port = port;
        for (uint32_t p = 0; p < old->n_ports; p++) {
            uint32_t arc = f->port_arc[old->first_port + p];
            out->port_arc[port++] = arc == CSIN_NONE ? CSIN_NONE
                                                     : 2 * c->cables[arc >> 1] + (arc & 1);
        }
    }
}

/* A NIC keeps what it is called, which follows from its number where nothing else says it. */
static bool copy_nic(struct cutter *c, uint32_t k, uint32_t nth)
{
    const struct csin_fabric *f = c->f;
    struct csin_nic *nic = &c->out->nics[c->nics[k]];
    const struct csin_ib_point *point = &c->points[f->n_switches + k];
    *nic = f->nics[k];
    nic->host = c->hosts[nic->host];
    nic->cable = c->cables[nic->cable];
    nic->leaf = c->switches[nic->leaf];
    nic->node_guid = point->node_guid;
    nic->port_guid = point->port_guid;
    nic->adapter_port = point->port;
    if (!nic->device)
        nic->device = csin_arena_printf(c->out->arena, "mlx5_%u", nth);
    return nic->device != NULL;
}

static bool copy_hosts(struct cutter *c)
{
    const struct csin_fabric *f = c->f;
    bool ok = true;
    for (uint32_t h = 0; h < f->n_hosts && ok; h++) {
        if (c->hosts[h] == CSIN_NONE)
            continue;
        struct csin_host *host = &c->out->hosts[c->hosts[h]];
        *host = f->hosts[h];
        host->n_nics = 0;
        for (uint32_t k = 0; k < f->hosts[h].n_nics && ok; k++) {
            uint32_t nic = f->hosts[h].first_nic + k;
            if (c->nics[nic] == CSIN_NONE)
                continue;
            host->first_nic = host->n_nics ? host->first_nic : c->nics[nic];
            host->n_nics++;
            ok = copy_nic(c, nic, k);
        }
    }
    return ok;
}

static void copy_cables(struct cutter *c)
{
    const struct csin_fabric *f = c->f;
    struct csin_fabric *out = c->out;
    for (uint32_t i = 0; i < f->n_cables; i++) {
        uint32_t to = c->cables[i];
        if (to == CSIN_NONE)
            continue;
        struct csin_cable *cable = &out->cables[to];
        *cable = f->cables[i];
        cable->end[1] = c->switches[cable->end[1]];
        if (csin_is_nic(f, f->cables[i].end[0])) {
            uint32_t nic = c->nics[f->cables[i].end[0] - f->n_switches];
            cable->end[0] = out->n_switches + nic;
            cable->port[0] = nic - out->hosts[out->nics[nic].host].first_nic;
        } else {
            cable->end[0] = c->switches[cable->end[0]];
        }
        for (uint32_t e = 0; e < 2; e++) {
            out->arc_capacity_Bps[2 * to + e] = f->arc_capacity_Bps[2 * i + e];
            out->arc_latency_s[2 * to + e] = f->arc_latency_s[2 * i + e];
        }
    }
}

/* Whole but for zones that hang together by no cable of their own. */
static bool copy_zone(struct cutter *c, uint32_t z)
{
    const struct csin_zone *old = &c->f->zones[z];
    struct csin_zone *zone = &c->out->zones[c->zones[z]];
    bool ok = true;
    struct csin_spine_group *groups = array(c->out->arena, old->n_groups, sizeof *groups, &ok);
    if (!ok)
        return false;
    *zone = *old;
    zone->plane = 0;
    zone->n_leaves = range(c, old->first_leaf, old->n_leaves, &zone->first_leaf);
    zone->n_spines = range(c, old->first_spine, old->n_spines, &zone->first_spine);
    if (!zone->n_spines)
        zone->first_spine = zone->first_leaf + zone->n_leaves;
    zone->regular = old->regular && zone->n_spines == old->n_spines;
    zone->groups = groups;
    for (uint32_t g = 0; g < old->n_groups; g++) {
        groups[g] = old->groups[g];
        groups[g].n_spines = range(c, old->groups[g].first_spine, old->groups[g].n_spines,
                                   &groups[g].first_spine);
        if (!groups[g].n_spines)
            groups[g].first_spine = zone->first_spine;
    }
    /* Trees of the part count from 0, in the order of their first zones. */
    for (uint32_t i = 0; i < z && old->tree != CSIN_NONE; i++)
        if (c->zones[i] != CSIN_NONE && c->f->zones[i].tree == old->tree) {
            zone->tree = c->out->zones[c->zones[i]].tree;
            return true;
        }
    zone->tree = old->tree == CSIN_NONE ? CSIN_NONE : c->out->n_trees++;
    return true;
}

static bool index_names(struct csin_fabric *out)
{
    uint32_t old;
    if (!csin_names_init(&out->names, out->arena, out->n_switches + out->n_hosts))
        return false;
    for (uint32_t s = 0; s < out->n_switches; s++)
        csin_names_add(&out->names, out->switches[s].name, s, &old);
    for (uint32_t h = 0; h < out->n_hosts; h++)
        csin_names_add(&out->names, out->hosts[h].name, out->n_switches + h, &old);
    return true;
}

static bool cut(struct cutter *c)
{
    struct csin_fabric *out = c->out;
    bool ok = true;
    out->name = c->f->name;
    out->is_discovered = c->f->is_discovered;
    out->n_planes = 1;
    out->n_vertices = out->n_switches + out->n_nics;
    out->n_arcs = 2 * out->n_cables;
    out->switches = array(out->arena, out->n_switches, sizeof *out->switches, &ok);
    out->hosts = array(out->arena, out->n_hosts, sizeof *out->hosts, &ok);
    out->nics = array(out->arena, out->n_nics, sizeof *out->nics, &ok);
    out->zones = array(out->arena, out->n_zones, sizeof *out->zones, &ok);
    out->port_arc = array(out->arena, out->n_ports, sizeof *out->port_arc, &ok);
    out->arc_capacity_Bps = array(out->arena, out->n_arcs, sizeof(double), &ok);
    out->arc_latency_s = array(out->arena, out->n_arcs, sizeof(double), &ok);
    out->cables = calloc(out->n_cables + 1u, sizeof *out->cables);
    if (!ok || !out->cables)
        return false;
    copy_switches(c);
    ok = copy_hosts(c);
    if (ok)
        copy_cables(c);
    for (uint32_t z = 0; z < c->f->n_zones && ok; z++)
        ok = c->zones[z] == CSIN_NONE || copy_zone(c, z);
    return ok && index_names(out) && csin_fabric_set_digest(out);
}

static enum csin_status no_such_part(uint32_t n, uint32_t number, struct csin_diag *diag)
{
    csin_error(diag, CSIN_E_USAGE, 740, (struct csin_loc){0}, "there is no plane %s",
               csin_show_count(number).s);
    if (n == 1)
        csin_note(diag, (struct csin_loc){0}, "cables join all of the fabric: it is one subnet");
    else
        csin_note(diag, (struct csin_loc){0}, "the fabric has %s parts that no cable joins",
                  csin_show_count(n).s);
    return CSIN_E_USAGE;
}

enum csin_status csin_fabric_take_part(const struct csin_fabric *f, uint32_t number,
                                       struct csin_diag *diag, struct csin_fabric **ret_part)
{
    struct cutter c = {.f = f, .out = csin_fabric_alloc(), .scratch = csin_arena_create()};
    struct csin_ib ib;
    uint32_t *part = malloc((f->n_switches + 1u) * sizeof *part), n = CSIN_NONE;
    enum csin_status status = CSIN_OK;
    if (c.out && c.scratch && part)
        n = csin_fabric_parts(f, part);
    if (n == CSIN_NONE)
        status = csin_no_memory(diag);
    else if (number == 0 || number > n)
        status = no_such_part(n, number, diag);
    if (status == CSIN_OK)
        status = csin_ib_guids(f, c.scratch, diag, &ib);
    if (status == CSIN_OK) {
        c.points = ib.points;
        if (!map(&c, number - 1, part) || !cut(&c))
            status = csin_no_memory(diag);
    }
    if (status == CSIN_OK) {
        *ret_part = c.out;
        c.out = NULL;
    }
    csin_fabric_destroy(c.out);
    csin_arena_destroy(c.scratch);
    free(part);
    return status;
}
