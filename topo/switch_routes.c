/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/switch_routes.h"

#include <stdlib.h>
#include <string.h>

#include "topo/channels.h"
#include "topo/routes_inside.h"

#define NOT_SEEN UINT32_MAX

struct maker {
    const struct csin_routes *r;
    const struct csin_fabric *f;
    struct csin_switch_routes *out;
    struct csin_channels channels;
    uint32_t *arc;   /* [n_switches] the way on towards the target so far, CSIN_NONE */
    uint32_t *hops;  /* [n_switches] cables to the target */
    uint32_t *queue; /* [n_switches] nearest first */
    uint32_t n_queue;
};

static uint16_t *entry(const struct maker *m, uint32_t from, uint32_t to)
{
    return &m->out->port[(size_t)from * m->f->n_switches + to];
}

/* The first NIC of a switch that works, CSIN_NONE. */
static uint32_t first_nic(const struct maker *m, uint32_t s)
{
    const struct csin_switch *sw = &m->f->switches[s];
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = m->f->port_arc[sw->first_port + p];
        if (arc != CSIN_NONE && csin_is_nic(m->f, csin_arc_head(m->f, arc)) && m->r->up[arc >> 1])
            return csin_arc_head(m->f, arc) - m->f->n_switches;
    }
    return CSIN_NONE;
}

static void copy_from_nic(const struct maker *m, uint32_t target, uint32_t nic)
{
    for (uint32_t s = 0; s < m->f->n_switches; s++)
        if (s != target)
            *entry(m, s, target) = *table_entry(m->r, s, nic);
}

static void search(struct maker *m, uint32_t target)
{
    memset(m->hops, 0xff, m->f->n_switches * sizeof *m->hops);
    m->n_queue = 0;
    m->hops[target] = 0;
    m->queue[m->n_queue++] = target;
    for (uint32_t i = 0; i < m->n_queue; i++) {
        uint32_t s = m->queue[i];
        for (uint32_t k = m->r->first_link[s]; k < m->r->first_link[s + 1]; k++) {
            uint32_t next = m->r->links[k].head;
            if (m->hops[next] != NOT_SEEN)
                continue;
            m->hops[next] = m->hops[s] + 1;
            m->queue[m->n_queue++] = next;
        }
    }
}

/* Whether switch `s` may send on by `link`: its head has a way, which then waits for nothing that
 * waits for it. */
static bool may_take(struct maker *m, uint32_t target, const struct link *link)
{
    if (link->head == target)
        return true;
    uint32_t next = m->arc[link->head];
    if (next == CSIN_NONE)
        return false;
    return m->out->has_loop || csin_channels_add(&m->channels, link->arc, next);
}

static void route_switch(struct maker *m, uint32_t target, uint32_t s)
{
    const struct csin_fabric *f = m->f;
    for (uint32_t k = m->r->first_link[s]; k < m->r->first_link[s + 1]; k++) {
        const struct link *link = &m->r->links[k];
        if (m->hops[link->head] + 1 != m->hops[s] || !may_take(m, target, link))
            continue;
        m->arc[s] = link->arc;
        *entry(m, s, target) = (uint16_t)f->cables[link->arc >> 1].port[link->arc & 1];
        return;
    }
}

static void route_target(struct maker *m, uint32_t target)
{
    uint32_t nic = first_nic(m, target);
    if (nic != CSIN_NONE) {
        copy_from_nic(m, target, nic);
        return;
    }
    search(m, target);
    memset(m->arc, 0xff, m->f->n_switches * sizeof *m->arc);
    for (uint32_t i = 1; i < m->n_queue; i++)
        route_switch(m, target, m->queue[i]);
}

static bool maker_init(struct maker *m)
{
    size_t n = m->f->n_switches + 1u;
    m->arc = malloc(n * sizeof *m->arc);
    m->hops = malloc(n * sizeof *m->hops);
    m->queue = malloc(n * sizeof *m->queue);
    return m->arc && m->hops && m->queue && csin_channels_init(&m->channels, m->r);
}

enum csin_status csin_switch_routes_create(const struct csin_routes *routes,
                                           struct csin_arena *arena, struct csin_diag *diag,
                                           struct csin_switch_routes *ret)
{
    static const enum csin_layer order[] = {CSIN_LEAF, CSIN_SPINE, CSIN_CORE, CSIN_INTER_ZONE};
    const struct csin_fabric *f = routes->f;
    struct csin_switch_routes out = {
        .port = csin_arena_alloc(arena, (size_t)f->n_switches * f->n_switches, sizeof *out.port)};
    struct maker m = {.r = routes, .f = f, .out = &out};
    enum csin_status status = CSIN_OK;
    if (!out.port || !maker_init(&m)) {
        status = csin_no_memory(diag);
    } else {
        memset(out.port, 0xff, (size_t)f->n_switches * f->n_switches * sizeof *out.port);
        out.has_loop = !m.channels.is_acyclic;
        for (size_t i = 0; i < sizeof order / sizeof *order; i++)
            for (uint32_t s = 0; s < f->n_switches; s++)
                if (f->switches[s].layer == order[i])
                    route_target(&m, s);
        *ret = out;
    }
    free(m.arc);
    free(m.hops);
    free(m.queue);
    csin_channels_finish(&m.channels);
    return status;
}
