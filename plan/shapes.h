/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The smallest fabrics of a shape, by arithmetic on ports. Nothing is built or simulated here.
 *
 *     leaf    down ports (hosts, what joins zones) + spines x links = at most its ports
 *     spine   leaves x links (+ cables to core switches)            = at most its ports
 *
 * Oversubscription is R = down ports x rate of a NIC / (uplinks x rate of an uplink), for as many
 * down ports as are asked for. */
#ifndef CSIN_PLAN_SHAPES_H
#define CSIN_PLAN_SHAPES_H

#include <stdbool.h>
#include <stdint.h>

/* What a two-layer zone (or a pod) is asked for. */
struct csin_zone_need {
    uint32_t leaf_ports, spine_ports; /* of a switch; of a spine those that may go to leaves */
    uint64_t ports;                   /* down ports in use, of all leaves together */
    double rate_ratio;                /* rate of a NIC / rate of an uplink */
    double oversubscription;          /* at most */
    uint32_t min_spines;
};

struct csin_zone_shape {
    uint32_t leaves, spines, links; /* of each leaf-spine pair */
    uint32_t down;                  /* ports of a leaf that may be used without more than R */
};

/* The zone of the fewest switches; of these the one of the fewest cables between them, then of the
 * fewest leaves. At least two leaves. False where there is none. O(spine_ports log spine_ports).
 * Test: tests/plan/test_size.c, against all shapes there are. */
bool csin_shape_zone(const struct csin_zone_need *need, struct csin_zone_shape *ret);
/* The most down ports that any such zone has; need->ports is not looked at. */
uint64_t csin_shape_zone_most(const struct csin_zone_need *need);

/* A three-layer fat-tree: pods whose spines go up to core switches (topo/spec.h). */
struct csin_tree_need {
    struct csin_zone_need pod; /* its ports: of all pods together */
    uint32_t core_ports;
    double core_oversubscription; /* cables of a spine to leaves / to core switches, at most */
    uint32_t max_pods;
};

struct csin_tree_shape {
    struct csin_zone_shape pod;
    uint32_t pods, uplinks, cores; /* uplinks: of each spine */
};

/* The tree of the fewest switches, then of the fewest cables between them, then of the fewest pods.
 * At least two pods. False where there is none. */
bool csin_shape_tree(const struct csin_tree_need *need, struct csin_tree_shape *ret);
/* The most down ports that any such tree has. */
uint64_t csin_shape_tree_most(const struct csin_tree_need *need);

#endif
