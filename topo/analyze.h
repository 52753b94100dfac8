/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What can be said of a fabric without any traffic. */
#ifndef CSIN_TOPO_ANALYZE_H
#define CSIN_TOPO_ANALYZE_H

#include "base/units.h"
#include "topo/fabric.h"
#include "topo/oddities.h"

struct csin_layer_use {
    uint32_t n_switches, n_ports, n_used;
};

struct csin_zone_facts {
    uint32_t n_nics;             /* attached to its leaves */
    double host_Bps, uplink_Bps; /* sums over its leaves; uplinks that are up */
    double oversubscription;     /* worst leaf: host / uplink bandwidth, of what is plugged in */
    double planned_oversubscription; /* with a host in every host port, and no cable
                                      * dead; the former where the zone is not regular */
    double core_Bps;                 /* up cables of its spines to core switches */
    double core_oversubscription;    /* host_Bps / core_Bps; 0 where its spines have none, dead or
                                      * alive, INFINITY where all are dead */
    /* Bisection: half of the leaves against the other half. 0 where the zone has one leaf. */
    double bisection_flow_Bps; /* by maximum flow */
    /* By the formula of docs/model.md; equal unless cables are dead. NAN where the zone is not
     * regular. */
    double bisection_formula_Bps;
};

struct csin_fabric_facts {
    struct csin_layer_use layers[CSIN_N_LAYERS];
    uint32_t n_role[CSIN_N_ROLES], n_dead_cables, n_degraded_cables;
    uint32_t n_components; /* of switches that hosts are attached to: planes, most often */
    uint32_t n_parts;      /* as many hosts that cannot reach each other can be found; one is what
                            * most fabrics want, whether they have one plane or several */
    uint32_t lone_host;    /* one of them, in the smallest part; CSIN_NONE with one part */
    uint32_t n_dead_nics;  /* whose cable is dead, though their host has another that is up */
    uint32_t diameter;     /* cables on the longest shortest path between NICs */
    double inter_zone_Bps; /* smallest cut between any two zones of a plane, each way */
    uint32_t n_cuts;       /* pairs of zones looked at for that; 0: no plane has two */
    double whole_bisection_Bps;    /* half of the zones of each plane against the other half, of all
                                    * planes together; 0 where n_cuts is */
    struct csin_zone_facts *zones; /* [n_zones], owned by the caller's arena */
    struct csin_oddities oddities;
};

/* Counts and measures. Maximum flow (Goldberg-Tarjan push-relabel), components and the diameter are
 * igraph's. */
enum csin_status csin_fabric_analyze(const struct csin_fabric *fabric, struct csin_arena *arena,
                                     struct csin_diag *diag, struct csin_fabric_facts *ret_facts);

/* Ways between two leaves that share no cable: as many as cables in the smallest cut between them
 * (Menger). */
struct csin_disjoint {
    bool is_exact;  /* otherwise the fewest of the pairs looked at */
    uint32_t paths; /* fewest of any two leaves with hosts that are joined at all */
    uint32_t a, b;  /* such leaves; CSIN_NONE with fewer than two */
};
enum csin_status csin_fabric_disjoint(const struct csin_fabric *fabric, struct csin_diag *diag,
                                      struct csin_disjoint *ret_disjoint);

/* '1.5:1': two decimals, one where that is exact; rounded up, so that it never looks better than it
 * is. 'no hosts' for 0, 'no uplinks' for infinity. */
struct csin_shown csin_show_oversubscription(double oversubscription);

/* The zone (pod) whose hosts outdo its cables to the core most; CSIN_NONE where no zone has such.
 */
uint32_t csin_worst_pod(const struct csin_fabric *fabric, const struct csin_fabric_facts *facts);

#endif
