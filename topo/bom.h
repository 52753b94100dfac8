/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The bill of materials: every part that a fabric needs, counted, priced and powered by a
 * catalogue (topo/parts.h), with the length of each cable from the room (topo/layout.h). */
#ifndef CSIN_TOPO_BOM_H
#define CSIN_TOPO_BOM_H

#include <stdio.h>

#include "topo/fabric.h"
#include "topo/layout.h"
#include "topo/parts.h"

enum csin_part_kind {
    CSIN_PART_SWITCH,
    CSIN_PART_NIC,
    CSIN_PART_CABLE,
    CSIN_PART_TRANSCEIVER,
    CSIN_PART_HOST, /* last: what stands before it is the network */
    CSIN_N_PART_KINDS
};
extern const char *const csin_part_kind_names[]; /* NULL-terminated */

/* A line of the bill. */
struct csin_bom_row {
    enum csin_part_kind kind;
    const char *name;
    double length_m; /* of a cable */
    enum csin_medium medium;
    uint64_t n, n_spare;                  /* in use; on the shelf */
    bool priced, powered;                 /* false: the catalogue has no figure */
    double price_each, price;             /* [currency]; of all, spares included */
    double power_each_W, power_W;         /* of all in use */
    const struct csin_figure *price_from; /* NULL where there is none */
    const struct csin_figure *power_from;
};

struct csin_bom_sum {
    uint64_t n, n_spare;
    double price, power_W;
};

struct csin_bom {
    const struct csin_fabric *fabric;
    const struct csin_parts *parts;
    struct csin_bom_row *rows;
    uint32_t n_rows;
    struct csin_bom_sum of[CSIN_N_PART_KINDS], network, all;
    bool hosts_priced, hosts_powered;   /* every host has a figure */
    double price_by[CSIN_N_BASES];      /* of `all`, by what its figures rest on */
    double power_by_W[CSIN_N_BASES];    /* the same for power */
    uint64_t n_cables_of[CSIN_N_MEDIA]; /* in use */
    double length_of_m[CSIN_N_MEDIA];   /* as bought, without spares */
    uint32_t n_host_ports;              /* ports of switches that lead to a NIC */
    bool has_layout;                    /* else lengths are those of cable-lengths */
    struct csin_layout layout;
    double *run_m;                         /* [n_cables] what each cable needs */
    double longest_m;                      /* of them */
    const struct csin_bom_row **cable_row; /* [n_cables] the row that each cable is bought in */
};

/* Makes the bill. Switches and hosts take the part that is called as their model in the fabric,
 * and the part has to have the ports and the rate that the fabric says. With `any_model`, for a
 * one-line fabric, which names no models: the cheapest switch of the catalogue with enough ports,
 * and the cheapest NIC that is fast enough for a host that the catalogue does not have. A cable is
 * the cheapest that is fast enough, in the shortest length that reaches (price with transceivers;
 * of equal ones the first of the catalogue). It has to be as fast as its ports or as what the
 * fabric says of it; a degraded cable was bought whole, and a dead one too. Spares: n x ratio of
 * each row, rounded up.
 * Reports all parts that the catalogue lacks. Everything is in `arena` or borrowed.
 * O(cables x kinds of cable) time. */
enum csin_status csin_bom_create(const struct csin_fabric *fabric, const struct csin_parts *parts,
                                 bool any_model, struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_bom *ret_bom);

struct csin_bom_writer {
    const char *name, *extension, *what; /* as csin_fabric_writer */
    void (*write)(const struct csin_bom *bom, FILE *out);
};
extern const struct csin_bom_writer csin_bom_writers[]; /* ends with name NULL */

void csin_bom_write_text(const struct csin_bom *bom, FILE *out);
void csin_bom_write_json(const struct csin_bom *bom, FILE *out);
void csin_bom_write_csv(const struct csin_bom *bom, FILE *out);

#endif
