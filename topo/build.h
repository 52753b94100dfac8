/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between topo/build.c, which makes fabrics, and topo/fabric.c, which owns them. */
#ifndef CSIN_TOPO_BUILD_H
#define CSIN_TOPO_BUILD_H

#include "topo/fabric.h"

/* An empty fabric with its arena; NULL without memory. */
struct csin_fabric *csin_fabric_alloc(void);

#endif
