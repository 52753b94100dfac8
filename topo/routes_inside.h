/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of routes share: topo/routes.c (tables, paths), topo/fill.c (what is in the
 * tables), topo/one_vl.c, topo/lft.c (tables of a file) and topo/ways.c (all shortest paths at
 * once); nobody else includes it. */
#ifndef CSIN_TOPO_ROUTES_INSIDE_H
#define CSIN_TOPO_ROUTES_INSIDE_H

#include "topo/routes.h"

/* A cable that is up from one switch to another, seen from one of them. */
struct link {
    uint32_t arc, head;
    uint32_t port; /* of the switch that it is seen from */
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
    struct link *links;   /* of all switches, each in the order of its ports; but uplinks of leaves,
                           * which go spine by spine */
    uint32_t *first_link; /* [n_switches + 1] range of each switch */
    uint32_t *seen;       /* [n_switches] scratch while links are listed */
    uint32_t n_targets;
    uint32_t *target_of; /* [n_switches] row of `hops`, CSIN_NONE for switches without NICs */
    uint8_t *hops;       /* [n_targets][n_switches] cables left to the target */
    /* Next ports; NULL where flows choose. A switch has entries for the NICs of its part of the
     * fabric only: one plane knows nothing of the others. Entries of a switch begin at first_entry,
     * that of a NIC stands in its column. */
    uint16_t *table;
    size_t n_entries;
    size_t *first_entry;       /* [n_switches] */
    uint32_t *part_of;         /* [n_switches] switches that cables join have one number */
    uint32_t *column;          /* [n_nics] among the NICs of its part */
    uint16_t no_entry;         /* NO_PORT */
    struct dag *dag;           /* spray, least-loaded; otherwise NULL */
    struct one_vl *one_vl;     /* dmodk-one-vl; otherwise NULL */
    struct csin_sha256 digest; /* of a table from a file */
};

#define NO_PORT UINT16_MAX /* an entry without a way */

#define FAR 255u /* hops where there is no way */

/* The port that an arc leaves its switch by. */
static inline uint32_t port_of(const struct csin_fabric *f, uint32_t arc)
{
    return f->cables[arc >> 1].port[arc & 1];
}

static inline const uint8_t *hops_to(const struct csin_routes *r, uint32_t target)
{
    return r->hops + (size_t)r->target_of[target] * r->f->n_switches;
}

/* Plugged in, by a cable that is up. */
static inline bool is_joined(const struct csin_routes *r, uint32_t nic)
{
    return r->f->nics[nic].cable != CSIN_NONE && r->up[r->f->nics[nic].cable];
}

/* Whether switch `s` and `nic` are in one part, so that it has an entry for it. */
static inline bool has_entry(const struct csin_routes *r, uint32_t s, uint32_t nic)
{
    uint32_t leaf = r->f->nics[nic].leaf;
    return leaf != CSIN_NONE && r->part_of[s] == r->part_of[leaf];
}

/* The entries of a switch, by column. */
static inline uint16_t *table_row(const struct csin_routes *r, uint32_t s)
{
    return r->table + r->first_entry[s];
}

/* The next port of switch `s` towards `nic`; with table_row the only place that knows how the table
 * is laid out. Where there is no entry, one that says NO_PORT and is not to be written. */
static inline uint16_t *table_entry(const struct csin_routes *r, uint32_t s, uint32_t nic)
{
    if (!has_entry(r, s, nic))
        return (uint16_t *)(uintptr_t)&r->no_entry;
    return table_row(r, s) + r->column[nic];
}

/* The links of `s` that lead one cable nearer to `target`. Returns their number, 0 only at the
 * target and where there is no way. */
uint32_t csin_routes_nearer(const struct csin_routes *r, uint32_t s, uint32_t target,
                            struct link *links);

/* The NICs that a flow between two hosts uses: the pair with the fewest hops; of several, pairs of
 * NICs with the same number, which are those of one plane or one rail; of several of them, the one
 * `flow` hashes to. False where no pair has a way between its switches,
 * or the hosts are the same. */
bool csin_routes_nics(const struct csin_routes *r, uint32_t src_host, uint32_t dst_host,
                      uint64_t flow, uint32_t *ret_src_nic, uint32_t *ret_dst_nic);

/* Measures the distances to every target, and, where the policy has tables (but lft), fills them
 * (topo/fill.c). CSIN_E_INPUT where NICs are too far apart. */
enum csin_status csin_routes_fill(struct csin_routes *r, struct csin_diag *diag);

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
