/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where everything stands in a room of racks, and so how long each cable has to be.
 *
 *     row 1   [rack][rack][rack] ... [rack]     rack pitch: from one rack to the next
 *     row 2   [rack][rack][rack] ... [rack]     row pitch: from one row to the next
 *
 * Cables go up from their switch or host to trays above the racks, along the trays, which run along
 * the rows and across them above every rack, and down again; inside a rack they go straight. The
 * length is the sum of the pieces (Manhattan distance) and the slack.
 *
 * Placement follows the order of the fabric, so the same input stands the same way: first the racks
 * of spines, cores and what joins zones, together in the middle of the racks that are used (or in
 * the front or the back of the room); then, leaf by leaf, its hosts from the bottom of the racks
 * up. The leaf is at the top of the first rack of its hosts, or in the network racks at the end of
 * that row. The hosts of a leaf begin in a new rack unless all of them fit into what the one before
 * left. A host stands with the leaf of its first NIC. */
#ifndef CSIN_TOPO_LAYOUT_H
#define CSIN_TOPO_LAYOUT_H

#include "topo/fabric.h"
#include "topo/parts.h"

/* EIA/ECA-310-E: a rack unit. */
#define CSIN_RACK_UNIT_M 0.04445

/* A place in a rack. Racks count from 0 row by row; units from 1, at the bottom. */
struct csin_spot {
    uint32_t rack, unit, units;
};

struct csin_layout {
    const struct csin_room_spec *room;
    struct csin_spot *switches, *hosts; /* [n_switches], [n_hosts] */
    uint32_t n_racks, n_used;           /* in the room; with something in them */
    double most_W;                      /* of the fullest rack */
};

/* What a thing takes of a rack. */
struct csin_bulk {
    uint32_t units;
    double power_W;
    struct csin_loc loc; /* of the part, for messages */
};

/* Places all. `switches` [n_switches] and `hosts` [n_hosts] point to what each takes; those of one
 * part share it. Reports a thing larger than a rack, and a room too small with the number of racks
 * that would do. Everything is in `arena`. O(hosts + switches + racks). */
enum csin_status csin_layout_create(const struct csin_fabric *fabric,
                                    const struct csin_room_spec *room,
                                    const struct csin_bulk *const *switches,
                                    const struct csin_bulk *const *hosts, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_layout *ret_layout);

/* The length between two places [m], slack included. */
double csin_layout_distance(const struct csin_layout *layout, const struct csin_spot *a,
                            const struct csin_spot *b);

/* Where something stands: 3-7-41 for row 3, rack 7 in it, lowest unit 41; all count from 1. */
struct csin_spot_name {
    char s[40];
};
struct csin_spot_name csin_spot_name(const struct csin_layout *layout,
                                     const struct csin_spot *spot);

#endif
