/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Says what is wrong with files that OpenSM loads without a word: opensm.conf and its QoS policy.
 * Neither is kept; both are read to be checked. By OpenSM 3.3.23 (osm_subnet.c, osm_qos_parser_l.l,
 * osm_qos_parser_y.y, osm_qos_policy.c). */
#ifndef CSIN_TOPO_OPENSM_H
#define CSIN_TOPO_OPENSM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

/* Whether the text is a QoS policy rather than options: a section of one begins on some line. */
bool csin_opensm_is_policy(const char *text, size_t bytes);

/* Options: those that OpenSM does not know (CSIN-736), tables of QoS that it would take otherwise
 * than they read (CSIN-737), what has no effect or is folded (CSIN-738). Warnings where a later
 * OpenSM may mean something by it; errors otherwise. */
enum csin_status csin_opensm_check_options(struct csin_arena *arena, struct csin_diag *diag,
                                           const char *file, const char *text, size_t bytes);
/* A policy: structure, keys, values, levels and groups that are not there (CSIN-739). */
enum csin_status csin_opensm_check_policy(struct csin_arena *arena, struct csin_diag *diag,
                                          const char *file, const char *text, size_t bytes);

#endif
