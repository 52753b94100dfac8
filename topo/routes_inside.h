/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What topo/routes.c (tables, paths) and topo/ways.c (all shortest paths at once) share; nobody
 * else includes it. */
#ifndef CSIN_TOPO_ROUTES_INSIDE_H
#define CSIN_TOPO_ROUTES_INSIDE_H

#include "topo/routes.h"

/* A cable that is up from one switch to another, seen from one of them. */
struct link {
    uint32_t arc, head;
};

/* The shortest ways between two switches: a graph without cycles, as every link leads one cable
 * nearer. In the order of `switches`, which begins with the one and ends with the other, a link
 * leads forward. Scratch of csin_routes_way: it holds the last one asked for. */
struct dag {
    uint32_t n;
    uint32_t *switches; /* [n_switches] */
    uint32_t *first;    /* [n_switches + 1] range of links of switches[i] */
    struct link *links; /* [n_links] */
    bool *is_in;        /* [n_switches], by switch, as the next two */
    double *value;      /* the share that comes in; or how busy the busiest arc ahead is */
    uint32_t *best;     /* the link to take */
};

/* Of dmodk-one-vl, see topo/one_vl.c. */
struct one_vl {
    bool *is_gate; /* [n_switches] joined to an inter-zone switch */
    bool *is_exit; /* [n_switches] a spine for what leaves its zone */
};

struct csin_routes {
    const struct csin_fabric *f;
    enum csin_policy policy;
    uint64_t seed;
    bool *up;             /* [n_cables] */
    struct link *links;   /* of all switches, each in the order of its ports */
    uint32_t *first_link; /* [n_switches + 1] range of each switch */
    uint32_t n_targets;
    uint32_t *target_of;       /* [n_switches] row of `hops`, CSIN_NONE for switches without NICs */
    uint8_t *hops;             /* [n_targets][n_switches] cables left to the target */
    uint16_t *table;           /* [n_switches][n_nics] next port; NULL where flows choose */
    struct dag *dag;           /* spray, least-loaded; otherwise NULL */
    struct one_vl *one_vl;     /* dmodk-one-vl; otherwise NULL */
    struct csin_sha256 digest; /* of a table from a file */
};

#define NO_PORT UINT16_MAX /* an entry without a way */

/* The next port of switch `s` towards `nic`; the only place that knows how the table is laid out.
 */
static inline uint16_t *table_entry(const struct csin_routes *r, uint32_t s, uint32_t nic)
{
    return &r->table[(size_t)s * r->f->n_nics + nic];
}

/* The links of `s` that lead one cable nearer to `target`. Returns their number, 0 only at the
 * target and where there is no way. */
uint32_t csin_routes_nearer(const struct csin_routes *r, uint32_t s, uint32_t target,
                            struct link *links);

/* The NICs that a flow between two hosts uses. False where no pair has a way between its switches,
 * or the hosts are the same. */
bool csin_routes_nics(const struct csin_routes *r, uint32_t src_host, uint32_t dst_host,
                      uint64_t flow, uint32_t *ret_src_nic, uint32_t *ret_dst_nic);

/* NULL without memory. */
struct one_vl *csin_one_vl_create(const struct csin_routes *r);
void csin_one_vl_destroy(struct one_vl *v);
/* Of the n links that lead from `s` nearer to `target`, those to choose from in turn; some may be
 * there several times. Returns how many. */
uint32_t csin_one_vl_choose(const struct csin_routes *r, uint32_t s, uint32_t target,
                            struct link *links, uint32_t n);

/* NULL without memory. */
struct dag *csin_dag_create(const struct csin_routes *r);
void csin_dag_destroy(struct dag *d);
size_t csin_dag_bytes(const struct csin_routes *r);

#endif
