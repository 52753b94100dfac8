/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Storage hosts on leaf ports: as many on each leaf of a zone as can be. Changing cables is work in
 * the machine room, so this is advice. */
#include <stdlib.h>

#include "plan/place_inside.h"

struct even {
    const struct csin_fabric *f;
    struct csin_place_result *ret;
    struct csin_arena *arena;
    uint32_t *count; /* [n_switches] storage NICs */
    uint32_t *ports; /* [n_switches] free */
    uint8_t *taken;  /* [n_nics] has changed its place */
};

static bool is_storage(const struct csin_fabric *f, uint32_t nic)
{
    return f->hosts[f->nics[nic].host].role == CSIN_STORAGE;
}

static void count_all(struct even *e)
{
    const struct csin_fabric *f = e->f;
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (f->nics[nic].cable != CSIN_NONE && is_storage(f, nic))
            e->count[f->nics[nic].leaf]++;
    for (uint32_t s = 0; s < f->n_switches; s++)
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++)
            e->ports[s] += f->port_arc[f->switches[s].first_port + p] == CSIN_NONE;
}

/* The NIC of a kind on the leaf that has the highest number and has not changed its place. */
static uint32_t find_nic(const struct even *e, uint32_t leaf, bool storage)
{
    const struct csin_fabric *f = e->f;
    const struct csin_switch *s = &f->switches[leaf];
    for (uint32_t p = s->n_ports; p-- > 0;) {
        uint32_t arc = f->port_arc[s->first_port + p];
        if (arc == CSIN_NONE || !csin_is_nic(f, csin_arc_head(f, arc)))
            continue;
        uint32_t nic = csin_arc_head(f, arc) - f->n_switches;
        if (is_storage(f, nic) == storage && !e->taken[nic])
            return nic;
    }
    return CSIN_NONE;
}

static void extremes(const struct even *e, const struct csin_zone *zone, uint32_t *ret_fewest,
                     uint32_t *ret_most)
{
    *ret_fewest = *ret_most = zone->first_leaf;
    for (uint32_t l = zone->first_leaf; l < zone->first_leaf + zone->n_leaves; l++) {
        if (e->count[l] < e->count[*ret_fewest])
            *ret_fewest = l;
        if (e->count[l] > e->count[*ret_most])
            *ret_most = l;
    }
}

/* From the leaf that has most to the one that has fewest, until they differ by one at most: no
 * fewer changes do it. */
static void even_out(struct even *e, const struct csin_zone *zone)
{
    uint32_t from, to;
    for (extremes(e, zone, &to, &from); e->count[from] > e->count[to] + 1;
         extremes(e, zone, &to, &from)) {
        uint32_t nic = find_nic(e, from, true), instead = CSIN_NONE;
        if (e->ports[to] == 0)
            instead = find_nic(e, to, false);
        if (nic == CSIN_NONE || (e->ports[to] == 0 && instead == CSIN_NONE))
            return; /* no port to go to */
        e->taken[nic] = 1;
        if (instead != CSIN_NONE)
            e->taken[instead] = 1;
        else {
            e->ports[to]--;
            e->ports[from]++;
        }
        e->count[from]--;
        e->count[to]++;
        e->ret->cables[e->ret->n_cables++] = (struct csin_place_cable){nic, from, to, instead};
    }
}

bool place_storage(const struct csin_scenario *sc, struct csin_arena *arena,
                   struct csin_place_result *ret)
{
    const struct csin_fabric *f = sc->fabric;
    struct even e = {.f = f, .ret = ret, .arena = arena};
    e.count = calloc(f->n_switches + 1u, sizeof *e.count);
    e.ports = calloc(f->n_switches + 1u, sizeof *e.ports);
    e.taken = calloc(f->n_nics + 1u, sizeof *e.taken);
    ret->storage = csin_arena_alloc(arena, f->n_zones, sizeof *ret->storage);
    ret->cables = csin_arena_alloc(arena, f->n_nics, sizeof *ret->cables);
    bool ok = e.count && e.ports && e.taken && ret->storage && ret->cables;
    if (ok)
        count_all(&e);
    for (uint32_t z = 0; ok && z < f->n_zones; z++) {
        const struct csin_zone *zone = &f->zones[z];
        struct csin_place_storage s = {.zone = z, .n_leaves = zone->n_leaves};
        uint32_t fewest, most;
        for (uint32_t l = zone->first_leaf; l < zone->first_leaf + zone->n_leaves; l++)
            s.n_nics += e.count[l];
        if (s.n_nics == 0)
            continue;
        extremes(&e, zone, &fewest, &most);
        s.fewest = e.count[fewest];
        s.most = e.count[most];
        ret->storage[ret->n_storage++] = s;
        even_out(&e, zone);
    }
    free(e.count);
    free(e.ports);
    free(e.taken);
    return ok;
}
