/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Traffic classes as the files of those who set them up. A class has a service level (SL), the
 * fabric gives the SL a virtual lane (VL), lanes that meet share a port by their weights:
 *
 *     opensm.conf       SL -> VL and weights, for all ports alike
 *     qos-policy.conf   the SL for those who ask the subnet manager for a path
 *     nccl.conf ...     the SL for those who do not ask
 *
 * All three are needed: a verbs program (NCCL, UCX, 3FS) sets the SL of its queue pairs itself, and
 * OpenSM's policy answers PathRecord queries alone. The grammars are OpenSM's (osm_qos_parser_y.y,
 * osm_subnet.c of 3.3.23); tests/real/qos.py loads the files into it. */
#ifndef CSIN_TOPO_QOS_H
#define CSIN_TOPO_QOS_H

#include <stdio.h>

#include "topo/fabric.h"

enum {
    CSIN_QOS_SLS = 16,
    CSIN_QOS_VLS = 15,  /* for data: 0 to 14 */
    CSIN_QOS_DROP = 15, /* in place of a VL: packets of this SL are thrown away */
};

struct csin_qos_class {
    const char *name;
    uint32_t sl;
};

/* Who sends with the SL of a class: hosts among themselves (n_servers 0), or clients and servers
 * both ways. */
struct csin_qos_traffic {
    const char *owner;      /* the job or stream */
    uint32_t traffic_class; /* CSIN_NONE: none, which is SL 0 */
    const uint32_t *hosts, *servers;
    uint32_t n_hosts, n_servers;
};

struct csin_qos {
    const struct csin_fabric *fabric;
    const uint64_t *port_guid;      /* [n_nics] */
    uint8_t vl_of_sl[CSIN_QOS_SLS]; /* CSIN_QOS_DROP: none */
    uint32_t weights[CSIN_QOS_VLS]; /* 1 to 255, in units of 64 bytes */
    const struct csin_qos_class *classes;
    uint32_t n_classes; /* 0: opensm.conf says nothing of QoS */
    const struct csin_qos_traffic *traffic;
    uint32_t n_traffic;
    bool sprays; /* packets take all shortest ways: adaptive routing */
    /* Names of files beside opensm.conf; NULL where they are not there. */
    const char *lft, *roots, *compute, *storage, *policy;
};

/* What the tables of all ports will hold. */
struct csin_qos_tables {
    uint32_t n_vls;      /* in operation: 1, 2, 4, 8 or 15 */
    uint32_t max_op_vls; /* OpenSM's code for it: 1 to 5 */
    uint8_t sl_to_vl[CSIN_QOS_SLS];
    uint32_t weights[CSIN_QOS_VLS]; /* 0: no SL leads to this VL */
};

/* As few VLs in operation as the SLs need and the switches have. An SL that has no VL is dropped
 * rather than folded onto one, so that a wrong SL is seen at once. */
struct csin_qos_tables csin_qos_tables(const struct csin_qos *qos);

/* Warns of what OpenSM takes without a word: lanes that fold onto each other (CSIN-730; not where
 * `folds_are_told`), weights that whole packets round up (CSIN-731), pairs of hosts that two
 * classes want (CSIN-732). False without memory. */
bool csin_qos_check(const struct csin_qos *qos, bool folds_are_told, struct csin_diag *diag);

/* Write errors stick to `out`, and so does a lack of memory. */
void csin_qos_write_opensm(const struct csin_qos *qos, FILE *out);
void csin_qos_write_policy(const struct csin_qos *qos, FILE *out);
void csin_qos_write_nccl(const struct csin_qos *qos, FILE *out);
void csin_qos_write_ucx(const struct csin_qos *qos, FILE *out);
void csin_qos_write_3fs(const struct csin_qos *qos, FILE *out);

#endif
