/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a subnet manager calls things: GUIDs and LIDs of switches, NICs and aggregation nodes. A
 * fabric that was read from InfiniBand files knows them; a planned one gets made-up ones here, so
 * that it can be written as a netlist and its tables as a file, and both fit each other. The fabric
 * itself stays as it is.
 *
 * All are in one array, by "point":
 *
 *     0 .. n_vertices-1            the vertices of the fabric: switches, then NICs
 *     n_vertices + s               the aggregation node of switch s; all 0 where it has none
 *
 * Made-up GUIDs are EUI-64 numbers that are locally administered (IEEE 802: bit 1 of the first byte
 * set), so no device that was ever sold has one:
 *
 *     02c51a01 ssssss 00           switch number s + 1; its port 0 has the same GUID
 *     02c51a02 nnnnnn 00           NIC number n + 1; its port has 01 at the end, as ibsim counts
 *
 * They follow from the order of the fabric alone, and so do LIDs: from 1, switches first. */
#ifndef CSIN_TOPO_IB_H
#define CSIN_TOPO_IB_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/fabric.h"

#define CSIN_IB_MAX_LID 0xbfffu /* of unicast: InfiniBand Architecture Specification, 4.1.3 */

struct csin_ib_point {
    uint64_t node_guid, port_guid; /* of a switch both are alike */
    uint32_t lid;                  /* 0: none, as nothing is attached there */
    uint32_t port;                 /* of the adapter, from 1; 0 for a switch */
    bool lid_is_known;             /* it comes from the fabric, not from here */
};

struct csin_ib {
    uint32_t n;
    struct csin_ib_point *points; /* [n] */
    uint32_t max_lid;
    uint32_t *by_lid;     /* [max_lid + 1] a point, CSIN_NONE where the LID is free */
    uint32_t *guid_slots; /* [n_slots] points by port GUID, open addressing */
    uint32_t n_slots;     /* a power of two */
};

/* Fills *ret; everything lies in `arena`. CSIN_E_INPUT where there are more ports than LIDs
 * (CSIN-640), or two ports that the fabric knows have one LID or one GUID (CSIN-641). O(n). */
enum csin_status csin_ib_identify(const struct csin_fabric *fabric, struct csin_arena *arena,
                                  struct csin_diag *diag, struct csin_ib *ret);

/* The same without LIDs, for any number of ports: by_lid is NULL and max_lid is 0. */
enum csin_status csin_ib_guids(const struct csin_fabric *fabric, struct csin_arena *arena,
                               struct csin_diag *diag, struct csin_ib *ret);

/* The point with this port GUID or LID, CSIN_NONE where there is none. O(1). */
uint32_t csin_ib_by_guid(const struct csin_ib *ib, uint64_t port_guid);
uint32_t csin_ib_by_lid(const struct csin_ib *ib, uint64_t lid);

/* What a node calls itself: leaf1; h1 mlx5_0; Mellanox Technologies Aggregation Node. */
struct csin_ib_text {
    char s[136];
};
struct csin_ib_text csin_ib_description(const struct csin_fabric *fabric, uint32_t point);

/* Width and speed of a link as the tools write it, 4xHDR: the one that runs at this rate, or else
 * the fastest that is not faster; 1xSDR below that. */
struct csin_ib_speed {
    char s[12];
};
struct csin_ib_speed csin_ib_speed(double rate_Bps);

#endif
