/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which free hosts a job gets when it starts. Whole hosts, in one zone where that can be; the order
 * of ranks is by zone, leaf and number, so that of neighbours in a job across two zones one pair
 * crosses. */
#ifndef CSIN_SIM_CLUSTER_PLACE_H
#define CSIN_SIM_CLUSTER_PLACE_H

#include "topo/fabric.h"

enum csin_cluster_placement {
    CSIN_FIRST_FIT,  /* the free hosts with the lowest numbers, wherever they are */
    CSIN_LEAF_AWARE, /* few leaves: the leaf that just holds what is left, else all of the emptiest
                      */
    CSIN_ZONE_AWARE  /* the zone that just holds the job, then few leaves of it */
};
extern const char *const csin_cluster_placement_names[]; /* NULL-terminated */

/* Where the hosts of a cluster are. Pods under the same core switches count as one zone. */
struct csin_cluster_hosts {
    uint32_t n_hosts; /* of the fabric */
    uint32_t n_compute;
    uint32_t *compute;     /* [n_compute] by zone, leaf and number */
    uint32_t *leaf, *zone; /* [n_hosts] from 0, of those in `compute` */
    uint32_t n_leaves, n_zones;
    /* Scratch of one placement. */
    bool *taken, *in;                   /* [n_hosts], [n_leaves] */
    uint32_t *part, *on_leaf, *in_zone; /* [n_leaves] twice, [n_zones] */
};

/* In `arena`; false without memory. Storage hosts and hosts without a cable are none of the
 * cluster's. */
bool csin_cluster_hosts_init(struct csin_cluster_hosts *hosts, const struct csin_fabric *fabric,
                             struct csin_arena *arena);

struct csin_cluster_wish {
    uint32_t n;          /* hosts */
    const bool *allowed; /* [n_hosts]; NULL: all */
    bool may_cross;      /* zones */
};

/* Picks hosts among those with free[host]. Writes them to ret_hosts [n], and whether they are in
 * several zones. False where there are none such. O(hosts + leaves x leaves taken). */
bool csin_cluster_place(struct csin_cluster_hosts *hosts, enum csin_cluster_placement placement,
                        const struct csin_cluster_wish *wish, const bool *free, uint32_t *ret_hosts,
                        bool *ret_crosses);

/* How many leaves n hosts are on. */
uint32_t csin_cluster_leaves(struct csin_cluster_hosts *hosts, const uint32_t *of, uint32_t n);

#endif
