/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/traffic.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"

#define FIRST_SIZE 1024u /* a power of two, as all sizes of the index */

bool csin_traffic_init(struct csin_traffic *traffic, uint32_t n_owners)
{
    *traffic = (struct csin_traffic){
        .n_owners = n_owners,
        .effective = calloc((size_t)n_owners + 1, sizeof *traffic->effective),
        .index = malloc(FIRST_SIZE * sizeof *traffic->index),
        .index_size = FIRST_SIZE,
    };
    if (!traffic->effective || !traffic->index)
        return false;
    memset(traffic->index, 0xff, FIRST_SIZE * sizeof *traffic->index);
    return true;
}

void csin_traffic_finish(struct csin_traffic *traffic)
{
    free(traffic->effective);
    free(traffic->loads);
    free(traffic->index);
    memset(traffic, 0, sizeof *traffic);
}

/* Where the pair is in the index, or the free place where it belongs. */
static uint32_t find(const struct csin_traffic *traffic, uint32_t owner, uint32_t arc)
{
    uint32_t mask = traffic->index_size - 1;
    uint32_t at = (uint32_t)(((uint64_t)owner << 32 | arc) * 0x9e3779b97f4a7c15u >> 32) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t i = traffic->index[at];
        if (i == CSIN_NONE || (traffic->loads[i].arc == arc && traffic->loads[i].owner == owner))
            return at;
    }
}

static bool grow_index(struct csin_traffic *traffic)
{
    uint32_t size = traffic->index_size * 2;
    uint32_t *index = malloc(size * sizeof *index);
    if (!index)
        return false;
    free(traffic->index);
    memset(index, 0xff, size * sizeof *index);
    traffic->index = index;
    traffic->index_size = size;
    for (uint32_t i = 0; i < traffic->n_loads; i++)
        index[find(traffic, traffic->loads[i].owner, traffic->loads[i].arc)] = i;
    return true;
}

bool csin_traffic_add(struct csin_traffic *traffic, uint32_t owner, const uint32_t *arcs,
                      const double *weights, uint32_t n, double bytes)
{
    for (uint32_t k = 0; k < n; k++) {
        double share = weights ? weights[k] * bytes : bytes;
        uint32_t at = find(traffic, owner, arcs[k]);
        if (traffic->index[at] != CSIN_NONE) {
            traffic->loads[traffic->index[at]].bytes += share;
            continue;
        }
        if (!csin_grow(&traffic->loads, &traffic->loads_room, (size_t)traffic->n_loads + 1,
                       sizeof *traffic->loads))
            return false;
        traffic->loads[traffic->n_loads] = (struct csin_load){arcs[k], owner, share};
        traffic->index[at] = traffic->n_loads++;
        if (traffic->n_loads > traffic->index_size / 2 && !grow_index(traffic))
            return false;
    }
    return true;
}

void csin_traffic_note(struct csin_traffic *traffic, uint32_t owner, const struct csin_way *way,
                       const double *arc_capacity_Bps, uint64_t bytes)
{
    struct csin_effective *e = &traffic->effective[owner];
    double capacity = HUGE_VAL; /* no fmin: it is a call, and this is done for every transfer */
    for (uint32_t i = 0; i < way->n; i++)
        if (arc_capacity_Bps[way->arcs[i]] < capacity)
            capacity = arc_capacity_Bps[way->arcs[i]];
    bool first = e->n_transfers++ == 0;
    e->bytes += bytes;
    if (first || way->n_hops < e->min_hops)
        e->min_hops = way->n_hops;
    if (way->n_hops > e->max_hops)
        e->max_hops = way->n_hops;
    if (first || way->latency_s < e->min_latency_s)
        e->min_latency_s = way->latency_s;
    if (way->latency_s > e->max_latency_s)
        e->max_latency_s = way->latency_s;
    if (first || capacity < e->min_capacity_Bps)
        e->min_capacity_Bps = capacity;
    if (capacity > e->max_capacity_Bps)
        e->max_capacity_Bps = capacity;
}
