/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fabric that exists: what ibnetdiscover prints, which is also what ibsim takes.
 *
 *     switchguid=0xc42a10000001001(c42a10000001001)
 *     Switch  40 "S-0c42a10000001001"     # "leaf01" enhanced port 0 lid 3 lmc 0
 *     [1]  "H-0c42a10100000010"[1](c42a10100000011)     # "node0001 mlx5_0" lid 1 4xHDR
 *     [21] "S-0c42a10000002001"[1]                      # "spine01" lid 4 4xHDR
 *
 * The text becomes the same plain struct as a fabric file (topo/spec.h), with every port written
 * out, and so goes through the same builder. On the way:
 *
 *     links      topo/ibnet_parse.c    the two sides of each cable brought together
 *     names      topo/ibnet_names.c    valid and unique ones; adapters grouped into hosts
 *     layers     topo/ibnet_layers.c   leaves, spines, what is above and between, and zones
 *     spec       topo/ibnet.c          models, rates, roles
 *
 * docs/config-reference.md says how each of them is told. */
#ifndef CSIN_TOPO_IBNET_H
#define CSIN_TOPO_IBNET_H

#include <stdbool.h>
#include <stddef.h>

#include "topo/spec.h"

/* Whether `text` looks like ibnetdiscover's, by its first line that says something. */
bool csin_ibnet_is(const char *text, size_t bytes);

/* Reads it into a spec. `text` has a NUL behind its bytes, as csin_file_read gives it. `file` names
 * it in messages; it and `arena` must outlive everything made from the spec. `overlay`: what the
 * file cannot say (latencies, roles), of a fabric file that names it; NULL: nothing. Mistakes of
 * the text are errors, all of them in one run; what a fabric may well have and csin cannot use
 * (routers, cables seen from one side) is a warning. O(n log n) time and O(n) memory for n lines.
 */
enum csin_status csin_ibnet_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                 const char *text, size_t bytes,
                                 const struct csin_ibnet_spec *overlay,
                                 struct csin_fabric_spec *ret_spec);

#endif
