/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric as text: one writer a format behind a table. */
#ifndef CSIN_TOPO_EXPORT_H
#define CSIN_TOPO_EXPORT_H

#include <stdio.h>

#include "topo/analyze.h"
#include "topo/ib.h"
#include "topo/routes.h"
#include "topo/switch_routes.h"

struct csin_bom;

/* What a writer is given. What it does not ask for may be NULL. */
struct csin_fabric_view {
    const struct csin_fabric *fabric;
    const struct csin_fabric_facts *facts;
    const struct csin_routes *routes;               /* NULL unless the writer needs them */
    const struct csin_ib *ib;                       /* the same */
    const struct csin_switch_routes *switch_routes; /* NULL unless it needs tables */
    const struct csin_bom *bom;                     /* NULL without a parts catalogue */
    bool folded;                                    /* JSON: the cabling in place of cables */
    const double *cable_use; /* [n_cables] 0 to 1, to colour a drawing by; NULL: not coloured */
};

struct csin_fabric_writer {
    const char *name;      /* of --format */
    const char *extension; /* of the file it suits, with the dot */
    const char *what;      /* one line for --help */
    void (*write)(const struct csin_fabric_view *view, FILE *out);
    bool needs_routes;
    bool needs_ib;    /* GUIDs and LIDs */
    bool needs_table; /* routes of a policy that has forwarding tables */
    bool uses_parts;  /* says more with a parts catalogue */
};

extern const struct csin_fabric_writer csin_fabric_writers[]; /* ends with name NULL */

/* Each is one file: topo/export_text.c and so on. Write errors stick to `out`. */
void csin_fabric_write_text(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_json(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_dot(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_svg(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_yaml(const struct csin_fabric_view *view, FILE *out);
/* ibnetdiscover text, GUID files and a node name map (topo/export_ibnet.c), forwarding tables. */
void csin_fabric_write_ibnet(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_lft(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_root_guids(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_cn_guids(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_io_guids(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_names(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_cabling(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_graphml(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_simgrid(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_slurm(const struct csin_fabric_view *view, FILE *out);
void csin_fabric_write_slurm_yaml(const struct csin_fabric_view *view, FILE *out);

#endif
