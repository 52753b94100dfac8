/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose bytes each arc carries, added up while a run goes on, and the numbers that each owner's
 * transfers were made with. Memory follows the pairs of arc and owner that meet. */
#ifndef CSIN_SIM_TRAFFIC_H
#define CSIN_SIM_TRAFFIC_H

#include "topo/routes.h"

struct csin_load {
    uint32_t arc, owner; /* arc: or n_arcs + r for the resource r inside a host */
    double bytes;
};

/* The numbers as they were used, over all transfers of a job or stream. */
struct csin_effective {
    uint64_t n_transfers, n_skipped;
    uint64_t bytes;                            /* moved, all hops of a chain counted */
    uint32_t min_hops, max_hops;               /* arcs of a path */
    uint32_t max_nics;                         /* of a host that takes part */
    double min_latency_s, max_latency_s;       /* of a path */
    double min_capacity_Bps, max_capacity_Bps; /* of the narrowest arc of a path */
};

struct csin_traffic {
    uint32_t n_owners;
    struct csin_effective *effective; /* [n_owners] */
    struct csin_load *loads;          /* [n_loads] each pair once, in the order they met */
    uint32_t n_loads;
    size_t loads_room;
    uint32_t *index; /* [index_size] hash table of places in loads, CSIN_NONE: empty */
    uint32_t index_size;
};

/* False without memory; finish is safe then. */
bool csin_traffic_init(struct csin_traffic *traffic, uint32_t n_owners);
void csin_traffic_finish(struct csin_traffic *traffic);

/* `bytes` of the owner went over these arcs, times the weights (NULL: all 1). False without memory.
 * O(n). */
bool csin_traffic_add(struct csin_traffic *traffic, uint32_t owner, const uint32_t *arcs,
                      const double *weights, uint32_t n, double bytes);

/* A transfer of the owner was begun on this way. Fills all of csin_effective but n_skipped and
 * max_nics. */
void csin_traffic_note(struct csin_traffic *traffic, uint32_t owner, const struct csin_way *way,
                       const double *arc_capacity_Bps, uint64_t bytes);

#endif
