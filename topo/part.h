/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parts of a fabric: what no cable joins, as the planes of a fabric with several. Each is an
 * InfiniBand subnet of its own, with its own subnet manager and LIDs from 1, so netlists, tables
 * and lists of GUIDs are written part by part. */
#ifndef CSIN_TOPO_PART_H
#define CSIN_TOPO_PART_H

#include "topo/fabric.h"

/* Number of sets of switches that cables join, dead ones too; a switch without any cable is in
 * none. ret_part, where not NULL, is [n_switches] and gets the part of each switch, from 0 in the
 * order of the fabric, CSIN_NONE for none. CSIN_NONE where there is no memory. O(ports). */
uint32_t csin_fabric_parts(const struct csin_fabric *fabric, uint32_t *ret_part);

/* Part `number`, from 1, as a fabric: its switches, the hosts with a NIC at them and those NICs, in
 * the same order. Everything has the GUID that it has in the whole fabric, made up or not. Names
 * are borrowed from `fabric`, which must live longer. CSIN_E_USAGE where there is no such part
 * (CSIN-740). O(fabric) time and memory. Its test: each_part_of_a_fabric_is_a_fabric. */
enum csin_status csin_fabric_take_part(const struct csin_fabric *fabric, uint32_t number,
                                       struct csin_diag *diag, struct csin_fabric **ret_part);

#endif
