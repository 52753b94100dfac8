/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a flow uses of the fabric: its path; or, where switches spread packets or look at loads, all
 * shortest paths between two NICs. These are too many to list (80,000 from zone to zone of
 * Fire-Flyer 2, over 882 arcs), so both policies work on the graph that they make together. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "topo/routes_inside.h"

struct dag *csin_dag_create(const struct csin_routes *r)
{
    size_t n = r->f->n_switches + 1u;
    struct dag *d = malloc(sizeof *d);
    if (!d)
        return NULL;
    *d = (struct dag){
        .switches = malloc(n * sizeof *d->switches),
        .first = malloc(n * sizeof *d->first),
        .links = malloc((r->first_link[r->f->n_switches] + 1u) * sizeof *d->links),
        .is_in = calloc(n, sizeof *d->is_in),
        .value = malloc(n * sizeof *d->value),
        .best = malloc(n * sizeof *d->best),
    };
    if (d->switches && d->first && d->links && d->is_in && d->value && d->best)
        return d;
    csin_dag_destroy(d);
    return NULL;
}

void csin_dag_destroy(struct dag *d)
{
    if (!d)
        return;
    free(d->switches);
    free(d->first);
    free(d->links);
    free(d->is_in);
    free(d->value);
    free(d->best);
    free(d);
}

size_t csin_dag_bytes(const struct csin_routes *r)
{
    const struct dag *d = r->dag;
    return sizeof *d + r->first_link[r->f->n_switches] * sizeof *d->links +
           r->f->n_switches * (sizeof *d->switches + sizeof *d->first + sizeof *d->is_in +
                               sizeof *d->value + sizeof *d->best);
}

static void add_switch(struct dag *d, uint32_t s)
{
    if (d->is_in[s])
        return;
    d->is_in[s] = true;
    d->switches[d->n++] = s;
}

/* Breadth first, so that every switch comes after all those that lead to it. */
static void find_ways(const struct csin_routes *r, uint32_t from, uint32_t to)
{
    struct dag *d = r->dag;
    uint32_t n_links = 0;
    while (d->n) /* the last one */
        d->is_in[d->switches[--d->n]] = false;
    add_switch(d, from);
    for (uint32_t i = 0; i < d->n; i++) {
        uint32_t n = csin_routes_nearer(r, d->switches[i], to, d->links + n_links);
        d->first[i] = n_links;
        for (uint32_t k = n_links; k < n_links + n; k++)
            add_switch(d, d->links[k].head);
        n_links += n;
    }
    d->first[d->n] = n_links;
    assert(d->switches[d->n - 1] == to);
}

static void add_arc(const struct csin_fabric *f, struct csin_way *way, uint32_t arc, double weight)
{
    way->arcs[way->n] = arc;
    way->weights[way->n++] = weight;
    way->latency_s += weight * f->arc_latency_s[arc];
}

/* What comes in at a switch goes out over its links in equal shares, which are the chances that a
 * packet passes them; the latency is the expected one. */
static void spray(const struct csin_fabric *f, const struct dag *d, struct csin_way *way)
{
    for (uint32_t i = 0; i < d->n; i++)
        d->value[d->switches[i]] = i == 0;
    for (uint32_t i = 0; i + 1 < d->n; i++) {
        double share = d->value[d->switches[i]] / (d->first[i + 1] - d->first[i]);
        for (uint32_t k = d->first[i]; k < d->first[i + 1]; k++) {
            add_arc(f, way, d->links[k].arc, share);
            d->value[d->links[k].head] += share;
        }
    }
}

/* How busy the busiest arc is of the best way that begins with `link`. */
static double busiest(const struct dag *d, const double *load, const struct link *link)
{
    double on_arc = load ? load[link->arc] : 0, ahead = d->value[link->head];
    return on_arc > ahead ? on_arc : ahead;
}

/* Of the links of switches[i], the one with the least busy way ahead; the draw of the flow ranks
 * equal ones. */
static uint32_t best_link(const struct dag *d, uint32_t i, const double *load, uint64_t draw)
{
    uint32_t best = d->first[i];
    for (uint32_t k = best + 1; k < d->first[i + 1]; k++) {
        double this = busiest(d, load, &d->links[k]), least = busiest(d, load, &d->links[best]);
        if (this < least || (this == least && csin_mix64(draw ^ d->links[k].arc) <
                                                  csin_mix64(draw ^ d->links[best].arc)))
            best = k;
    }
    return best;
}

/* Chosen from the end backwards, when all that lies ahead is known. The arcs at the NICs are on
 * every way and do not count. */
static void take_least_loaded(const struct csin_fabric *f, const struct dag *d, const double *load,
                              uint64_t draw, struct csin_way *way)
{
    uint32_t to = d->switches[d->n - 1];
    d->value[to] = 0;
    for (uint32_t i = d->n - 1; i-- > 0;) {
        uint32_t s = d->switches[i];
        d->best[s] = best_link(d, i, load, draw);
        d->value[s] = busiest(d, load, &d->links[d->best[s]]);
    }
    for (uint32_t s = d->switches[0]; s != to; s = d->links[d->best[s]].head)
        add_arc(f, way, d->links[d->best[s]].arc, 1);
}

/* The way of a flow whose path is all there is to choose. */
static bool one_path(const struct csin_routes *r, uint32_t src_host, uint32_t dst_host,
                     uint64_t flow, struct csin_way *way)
{
    struct csin_path path;
    if (!csin_routes_host_path(r, src_host, dst_host, flow, &path))
        return false;
    way->n = way->n_hops = path.n;
    way->latency_s = path.latency_s;
    for (uint32_t i = 0; i < path.n; i++) {
        way->arcs[i] = path.arcs[i];
        way->weights[i] = 1;
    }
    return true;
}

bool csin_routes_way(const struct csin_routes *r, uint32_t src_host, uint32_t dst_host,
                     uint64_t flow, const double *load, struct csin_way *way)
{
    const struct csin_fabric *f = r->f;
    struct dag *d = r->dag;
    uint32_t src, dst;
    if (!d)
        return one_path(r, src_host, dst_host, flow, way);
    if (!csin_routes_nics(r, src_host, dst_host, flow, &src, &dst))
        return false;
    find_ways(r, f->nics[src].leaf, f->nics[dst].leaf);
    if (r->policy == CSIN_SPRAY && d->first[d->n] + 2 > CSIN_WAY_MAX)
        return false;
    way->n = 0;
    way->n_hops = csin_routes_hops(r, f->nics[src].leaf, f->nics[dst].leaf) + 2;
    way->latency_s = 0;
    add_arc(f, way, csin_nic_arc(f, src), 1);
    if (r->policy == CSIN_SPRAY)
        spray(f, d, way);
    else
        take_least_loaded(f, d, load, csin_mix64(csin_mix64(r->seed) ^ flow), way);
    add_arc(f, way, csin_arc_reverse(csin_nic_arc(f, dst)), 1);
    return true;
}
