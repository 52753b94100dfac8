/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes a fabric, stage by stage (topo/build.h), and what a simulation sees of it: arcs. */
#include <stdlib.h>
#include <string.h>

#include "topo/build.h"

static void set_arcs(struct csin_fabric *f)
{
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        const struct csin_cable *cable = &f->cables[arc >> 1];
        uint32_t tail = csin_arc_tail(f, arc), head = csin_arc_head(f, arc);
        double latency = cable->latency_s;
        latency += csin_is_nic(f, tail) ? f->nics[tail - f->n_switches].latency_s
                                        : f->switches[tail].latency_s;
        if (csin_is_nic(f, head))
            latency += f->nics[head - f->n_switches].latency_s;
        f->arc_latency_s[arc] = latency;
        f->arc_capacity_Bps[arc] = cable->up ? cable->capacity_Bps : 0;
    }
}

static void add_to_digest(void *sha, const void *data, size_t bytes)
{
    csin_sha256_add(sha, data, bytes);
}

bool csin_fabric_set_digest(struct csin_fabric *f)
{
    struct csin_sha256_stream *sha = csin_sha256_start();
    if (!sha)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        csin_sha256_add(sha, f->switches[s].name, strlen(f->switches[s].name) + 1);
        /* dmodk numbers NICs by zone, so the same cables without zones are routed differently. */
        uint32_t facts[] = {f->switches[s].layer, f->switches[s].zone, f->switches[s].n_vls};
        csin_sha256_add(sha, facts, sizeof facts);
    }
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        csin_sha256_add(sha, f->hosts[h].name, strlen(f->hosts[h].name) + 1);
        uint32_t facts[] = {f->hosts[h].role, f->hosts[h].n_nics};
        csin_sha256_add(sha, facts, sizeof facts);
        if (f->hosts[h].inside)
            csin_inside_model_tell(f->hosts[h].inside, add_to_digest, sha);
    }
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        uint32_t facts[] = {cable->end[0], cable->end[1], cable->port[0], cable->port[1],
                            cable->up};
        csin_sha256_add(sha, facts, sizeof facts);
    }
    /* Pods of a tree are numbered together, and spines that differ have turns by what was planned.
     */
    for (uint32_t z = 0; z < f->n_zones; z++) {
        const struct csin_zone *zone = &f->zones[z];
        if (zone->tree != CSIN_NONE)
            csin_sha256_add(sha, &zone->tree, sizeof zone->tree);
        bool alike = true;
        for (uint32_t g = 1; g < zone->n_groups; g++)
            alike = alike && zone->groups[g].uplink_Bps == zone->groups[0].uplink_Bps;
        for (uint32_t g = 0; !alike && g < zone->n_groups; g++)
            for (uint32_t i = 0; i < zone->groups[g].n_spines; i++)
                csin_sha256_add(sha, &zone->groups[g].uplink_Bps, sizeof zone->uplink_Bps);
    }
    csin_sha256_add(sha, f->arc_capacity_Bps, f->n_arcs * sizeof *f->arc_capacity_Bps);
    csin_sha256_add(sha, f->arc_latency_s, f->n_arcs * sizeof *f->arc_latency_s);
    f->digest = csin_sha256_finish(sha);
    return f->digest.hex[0] != 0;
}

static void make_arcs(struct builder *b)
{
    struct csin_fabric *f = b->f;
    f->n_vertices = f->n_switches + f->n_nics;
    f->n_arcs = 2 * f->n_cables;
    f->port_arc = csin_build_array(b, f->n_ports, sizeof *f->port_arc);
    f->arc_capacity_Bps = csin_build_array(b, f->n_arcs, sizeof *f->arc_capacity_Bps);
    f->arc_latency_s = csin_build_array(b, f->n_arcs, sizeof *f->arc_latency_s);
    if (b->status != CSIN_OK)
        return;
    csin_build_plug_cables(b);
    csin_build_shape_zones(b);
    csin_build_degrade_wires(b);
    const struct csin_override_spec *overrides = b->spec->overrides.items;
    for (uint32_t i = 0; i < b->spec->overrides.n; i++)
        csin_build_apply_override(b, &overrides[i]);
    set_arcs(f);
    if (!csin_fabric_set_digest(f))
        csin_build_fail(b, csin_no_memory(b->diag));
}

static void build(struct builder *b)
{
    struct csin_fabric *f = b->f;
    uint32_t n_groups = b->spec->hosts.n;
    const char *const **names = csin_arena_alloc(b->arena, n_groups, sizeof *names);
    uint32_t *n = csin_arena_alloc(b->arena, n_groups, sizeof *n);
    f->name = csin_arena_strndup(f->arena, b->spec->name.s, strlen(b->spec->name.s));
    if (!names || !n || !f->name) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    f->is_discovered = b->spec->is_discovered;
    csin_build_index_spec(b);
    if (b->status != CSIN_OK)
        return;
    csin_build_count_hosts(b, names, n);
    csin_build_make_switches(b, f->n_hosts);
    if (b->status != CSIN_OK)
        return;
    f->hosts = csin_build_array(b, f->n_hosts, sizeof *f->hosts);
    f->nics = csin_build_array(b, f->n_nics, sizeof *f->nics);
    if (b->status != CSIN_OK)
        return;
    csin_build_add_hosts(b, names, n);
    if (b->status != CSIN_OK)
        return;
    csin_build_read_cabling(b);
    csin_build_attach_hosts(b, n);
    if (b->status == CSIN_OK)
        csin_build_make_cables(b);
    if (b->status == CSIN_OK)
        make_arcs(b);
    if (b->status == CSIN_OK)
        csin_build_identify(b);
}

enum csin_status csin_fabric_create(const struct csin_fabric_spec *spec, struct csin_diag *diag,
                                    struct csin_fabric **ret_fabric)
{
    struct builder b = {.spec = spec, .diag = diag, .arena = csin_arena_create()};
    b.f = csin_fabric_alloc();
    if (b.f && b.arena)
        build(&b);
    else
        csin_build_fail(&b, csin_no_memory(diag));
    if (b.status == CSIN_OK) {
        *ret_fabric = b.f;
        b.f = NULL;
    }
    csin_fabric_destroy(b.f);
    free(b.wires);
    csin_arena_destroy(b.arena);
    return b.status;
}
