/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Picking hosts: `gpu[001-128]`, `128`, or `all`, with a placement; and hosts and switches by name
 * alone. */
#ifndef CSIN_SIM_PICK_H
#define CSIN_SIM_PICK_H

#include "base/rng.h"
#include "topo/fabric.h"

enum csin_placement { CSIN_CONTIGUOUS, CSIN_RANDOM_PLACEMENT, CSIN_ROUND_ROBIN };
extern const char *const csin_placement_names[];

/* As written in a scenario. */
struct csin_pick_spec {
    struct csin_text hosts;       /* a number, 'all' or a hostlist */
    struct csin_choice placement; /* enum csin_placement */
    struct csin_text zone;        /* only hosts with a NIC there */
};

/* Picks hosts of `role` among those not marked in `taken` ([n_hosts], NULL: all are free).
 * contiguous: in the fabric's order; random: drawn by rng, in the order drawn; round-robin: one
 * from each leaf in turn. A hostlist names its hosts whatever their role, in its order; placement
 * and zone then have no effect, which is a warning. Reports unknown and missing hosts. */
enum csin_status csin_pick_hosts(const struct csin_fabric *fabric,
                                 const struct csin_pick_spec *spec, enum csin_role role,
                                 const bool *taken, struct csin_rng rng, struct csin_arena *arena,
                                 struct csin_diag *diag, uint32_t **ret_hosts, uint32_t *ret_n);

/* Whether the host has a NIC in a zone of that name, as `zone` of a pick means it. */
bool csin_pick_is_in_zone(const struct csin_fabric *fabric, uint32_t host, const char *zone);

/* The hosts, or the switches, of a hostlist in its order, in `arena`. Reports those that the fabric
 * does not have. */
enum csin_status csin_pick_named(const struct csin_fabric *fabric, const struct csin_text *list,
                                 struct csin_arena *arena, struct csin_diag *diag,
                                 uint32_t **ret_hosts, uint32_t *ret_n);
enum csin_status csin_pick_switches(const struct csin_fabric *fabric, const struct csin_text *list,
                                    struct csin_arena *arena, struct csin_diag *diag,
                                    uint32_t **ret_switches, uint32_t *ret_n);
/* A switch or host by its name, as a number of fabric->names; CSIN_NONE, reported, where there is
 * none. */
uint32_t csin_pick_end(const struct csin_fabric *fabric, const struct csin_text *name,
                       struct csin_diag *diag);

#endif
