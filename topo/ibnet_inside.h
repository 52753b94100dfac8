/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of the reader of ibnetdiscover's text share. Private to them. */
#ifndef CSIN_TOPO_IBNET_INSIDE_H
#define CSIN_TOPO_IBNET_INSIDE_H

#include "topo/fabric.h"
#include "topo/ibnet.h"

/* A part of the text that is read. */
struct slice {
    const char *s;
    uint32_t n;
};

enum ib_kind { IB_SWITCH, IB_ADAPTER, IB_ROUTER };

struct ib_node {
    enum ib_kind kind;
    struct slice id, description;
    uint64_t guid, system; /* of the node, and of the box it is part of; 0: not told */
    uint32_t n_ports, lid, device_id;
    uint32_t line;   /* of its record; of the first line that names it where it has none */
    bool has_record; /* otherwise known from the other ends of its cables only */
    /* Of a switch: */
    const char *name, *model;
    enum csin_layer layer;
    uint32_t zone;    /* CSIN_NONE: none */
    uint32_t n_hosts; /* adapters with a cable to it */
    double rate_Bps;  /* of its ports */
    uint64_t agent_guid;
    uint32_t agent_lid;
};

/* A cable. end[0] is the lower node (by index). */
struct ib_link {
    uint32_t node[2], port[2];
    uint64_t guid[2]; /* of the ports of adapters; 0: not told */
    uint32_t lid[2];
    double rate_Bps;    /* 0: not told */
    double nominal_Bps; /* what its kind runs at */
    uint32_t line;
    bool two_sided, is_left_out;
    bool is_usual; /* tells no rate, but others of its kind do */
};

/* A port of an adapter that has a cable to a switch. */
struct ib_nic {
    uint32_t link;
    uint8_t side;       /* of the link, that the adapter is at */
    uint32_t host;      /* index into hosts, from csin_ibnet_name_hosts on */
    const char *device; /* NULL: not told */
    double rate_Bps;
};

struct ib_host {
    const char *name;
    uint32_t first_nic, n_nics, line;
    enum csin_role role;
    double rate_Bps; /* of its fastest NIC */
};

struct ib_fabric {
    struct csin_arena *arena; /* of what the spec refers to */
    struct csin_arena *scratch;
    struct csin_diag *diag;
    const char *file;
    enum csin_status status;
    struct ib_node *nodes; /* malloc'ed, as links, nics and hosts */
    struct ib_link *links;
    struct ib_nic *nics; /* host by host */
    struct ib_host *hosts;
    struct ib_zone {
        const char *name;
    } * zones;
    uint32_t n_nodes, n_links, n_nics, n_hosts, n_zones;
    uint32_t *switches; /* [n_switches] nodes, in the order of the fabric */
    uint32_t n_switches;
    struct csin_names taken; /* of hosts and switches */
};

static inline struct csin_loc csin_ibnet_loc(const struct ib_fabric *ib, uint32_t line)
{
    return (struct csin_loc){ib->file, line, line ? 1u : 0u};
}

void csin_ibnet_no_memory(struct ib_fabric *ib);

/* Reads the text: nodes and links. */
void csin_ibnet_parse(struct ib_fabric *ib, const char *text, size_t bytes);
/* GUIDs of two ports are errors (CSIN-612), LIDs warnings (CSIN-634). */
void csin_ibnet_check(struct ib_fabric *ib);
/* Names of switches; aggregation nodes become part of them. */
void csin_ibnet_name_switches(struct ib_fabric *ib);
/* NICs and hosts from adapters. */
void csin_ibnet_name_hosts(struct ib_fabric *ib);
/* Layer and zone of every switch, and the order of all. */
void csin_ibnet_find_layers(struct ib_fabric *ib);

/* < 0, 0, > 0 as a person orders names: node2 before node10. */
int csin_ibnet_compare(const char *a, const char *b);
/* A name without its digits: what things of one kind have in common. In `arena`; NULL without
 * memory. */
const char *csin_ibnet_stem(struct csin_arena *arena, const char *name);

#endif
