/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * D-Mod-K for joined zones, without credit loops on one virtual lane. Shortest ways alone make
 * them: with X between the zones, hung off leaves g1 and g2 (gates),
 *
 *     X > g1 > spine > g2 > X' ...     a buffer waits for the next, and the last for the first
 *
 * where X > g1 > spine > g2 is the way in to a host at g2, and spine > g2 > X' the way out of a
 * host anywhere: they share spine > g2. So the spines of a zone are divided: what leaves the zone
 * goes over few of them (the exits), and gates, where traffic comes in, use the others for what
 * stays in the zone. Then each arc can only wait for one further down this list:
 *
 *     host > leaf;  leaf that is no gate > spine;  exit > leaf;  gate > X;
 *      X > gate;  gate > other spines;  other spine > leaf;  leaf > host
 *
 * This holds while zones are two layers, with two spines at least, and what goes to another zone
 * passes one inter-zone switch. Dead cables change who the exits are. Where they leave no such way,
 * any shortest one is taken: then, and with more zones in a row, the routes may have loops again
 * (csin topo --analyze looks for them). */
#include <stdlib.h>

#include "topo/routes_inside.h"

static uint32_t gate_cables(const struct csin_fabric *f, uint32_t s)
{
    uint32_t n = 0;
    for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
        uint32_t arc = f->port_arc[f->switches[s].first_port + p];
        n += arc != CSIN_NONE && f->cables[arc >> 1].place == CSIN_BETWEEN_ZONES;
    }
    return n;
}

/* As many exits as carry what the cables of a gate can take. */
static uint32_t count_exits(const struct csin_fabric *f, const struct csin_zone *z)
{
    uint32_t most = 1;
    for (uint32_t s = z->first_leaf; s < z->first_leaf + z->n_leaves; s++) {
        uint32_t n = gate_cables(f, s);
        most = n > most ? n : most;
    }
    uint32_t links = z->links_per_pair ? z->links_per_pair : 1;
    return (most + links - 1) / links;
}

/* Leaves of its zone that a spine is joined to; only those that have no exit yet. */
static uint32_t count_leaves(const struct csin_routes *r, const struct csin_zone *z, uint32_t spine,
                             const bool *has_exit, bool only_without)
{
    uint32_t n = 0, last = CSIN_NONE;
    for (uint32_t i = r->first_link[spine]; i < r->first_link[spine + 1]; i++) {
        uint32_t leaf = r->links[i].head;
        if (leaf - z->first_leaf < z->n_leaves && leaf != last && !(only_without && has_exit[leaf]))
            n++;
        last = leaf;
    }
    return n;
}

/* The spines that reach most leaves over cables that are up, the last of equal ones: as many as are
 * needed, then more until every leaf has one, but never all. */
static void choose_exits(const struct csin_routes *r, const struct csin_zone *z, bool *is_exit,
                         bool *has_exit)
{
    uint32_t n_wanted = count_exits(r->f, z);
    for (uint32_t n = 0; n + 1 < z->n_spines; n++) {
        uint32_t best = CSIN_NONE, most = 0;
        for (uint32_t s = z->first_spine + z->n_spines; s-- > z->first_spine;) {
            uint32_t leaves = is_exit[s] ? 0 : count_leaves(r, z, s, has_exit, n >= n_wanted);
            if (leaves > most) {
                most = leaves;
                best = s;
            }
        }
        if (best == CSIN_NONE)
            return;
        is_exit[best] = true;
        for (uint32_t i = r->first_link[best]; i < r->first_link[best + 1]; i++)
            has_exit[r->links[i].head] = true;
    }
}

struct one_vl *csin_one_vl_create(const struct csin_routes *r)
{
    const struct csin_fabric *f = r->f;
    struct one_vl *v = malloc(sizeof *v);
    bool *has_exit = calloc(f->n_switches + 1u, sizeof *has_exit);
    if (v) {
        v->is_gate = calloc(f->n_switches + 1u, sizeof *v->is_gate);
        v->is_exit = calloc(f->n_switches + 1u, sizeof *v->is_exit);
    }
    if (!v || !has_exit || !v->is_gate || !v->is_exit) {
        csin_one_vl_destroy(v);
        free(has_exit);
        return NULL;
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        v->is_gate[s] = f->switches[s].layer != CSIN_INTER_ZONE && gate_cables(f, s) > 0;
    for (uint32_t i = 0; i < f->n_zones; i++)
        choose_exits(r, &f->zones[i], v->is_exit, has_exit);
    free(has_exit);
    return v;
}

void csin_one_vl_destroy(struct one_vl *v)
{
    if (!v)
        return;
    free(v->is_gate);
    free(v->is_exit);
    free(v);
}

/* Gates keep off the exits. What D-Mod-K would send over these goes over the others in turn, a
 * different one for each leaf; the rest stays where D-Mod-K has it. */
static uint32_t replace_exits(const struct one_vl *v, uint32_t turn, struct link *links, uint32_t n)
{
    struct link others[CSIN_MAX_PORTS];
    uint32_t n_others = 0;
    for (uint32_t i = 0; i < n; i++)
        if (!v->is_exit[links[i].head])
            others[n_others++] = links[i];
    for (uint32_t i = 0; n_others > 0 && i < n; i++)
        if (v->is_exit[links[i].head])
            links[i] = others[(turn + i) % n_others];
    return n;
}

/* Out of the zone: straight to an inter-zone switch where there is one, or else over an exit. */
static uint32_t keep_exits(const struct csin_fabric *f, const struct one_vl *v, struct link *links,
                           uint32_t n)
{
    bool is_straight = false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        is_straight = is_straight || f->switches[links[i].head].layer == CSIN_INTER_ZONE;
    for (uint32_t i = 0; i < n; i++)
        if (is_straight ? f->switches[links[i].head].layer == CSIN_INTER_ZONE
                        : v->is_exit[links[i].head])
            links[kept++] = links[i];
    return kept ? kept : n;
}

uint32_t csin_one_vl_choose(const struct csin_routes *r, uint32_t s, uint32_t target,
                            struct link *links, uint32_t n)
{
    const struct csin_fabric *f = r->f;
    const struct csin_switch *sw = &f->switches[s];
    if (!r->one_vl || sw->layer != CSIN_LEAF || sw->zone == CSIN_NONE)
        return n;
    if (f->switches[target].zone != sw->zone)
        return keep_exits(f, r->one_vl, links, n);
    return r->one_vl->is_gate[s] ? replace_exits(r->one_vl, target, links, n) : n;
}
