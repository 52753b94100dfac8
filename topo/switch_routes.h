/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ways to switches themselves: a subnet manager and monitoring tools send to the LID of a switch
 * (port 0) as to that of a host, so a table file needs entries for it. A simulation needs none.
 *
 * A switch with NICs is reached as its first NIC is. The others, spines first and inter-zone
 * switches last, are reached on shortest ways that add no credit loop to what the tables have: an
 * entry that would close a circle of channel dependencies (Dally, Seitz, IEEE Transactions on
 * Computers C-36, 1987) is tried over the other next switches, and left out where there is none.
 * So with dmodk-one-vl the LID of a few switches cannot be reached from some others; hosts reach
 * all, but for those at leaves with an inter-zone switch, which do not reach the other inter-zone
 * switches. Where the tables have loops already, as those of dmodk with joined zones, any shortest
 * way is taken. */
#ifndef CSIN_TOPO_SWITCH_ROUTES_H
#define CSIN_TOPO_SWITCH_ROUTES_H

#include "topo/routes.h"

struct csin_switch_routes {
    uint16_t *port; /* [n_switches][n_switches] from, to: the port, UINT16_MAX: no way */
    bool has_loop;  /* the tables of NICs have one, so nothing was kept free of them */
};

/* `routes` has tables. ret->port lies in `arena`. Fails without memory only.
 * O(switches x (NICs + links)), times the ports of a switch where ways are hard to find. */
enum csin_status csin_switch_routes_create(const struct csin_routes *routes,
                                           struct csin_arena *arena, struct csin_diag *diag,
                                           struct csin_switch_routes *ret);

#endif
