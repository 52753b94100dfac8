/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether forwarding tables from a file lead where they should. */
#ifndef CSIN_TOPO_LFT_CHECK_H
#define CSIN_TOPO_LFT_CHECK_H

#include "topo/routes.h"

/* Follows the tables from every NIC to every other, and warns (CSIN-651) of pairs that cables join
 * and the tables do not: how many, and an example of each reason. `file` is where the tables come
 * from. Fails without memory only. O(switches x NICs). */
enum csin_status csin_lft_check(const struct csin_routes *routes, const char *file,
                                struct csin_diag *diag);

#endif
