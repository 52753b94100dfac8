/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fabric: every host, NIC, switch, port and cable, built from a spec and never changed
 * afterwards.
 *
 *     vertices   0 .. n_switches-1                 switches
 *                n_switches .. n_vertices-1        NICs (a host with two NICs is two vertices)
 *     cable c    = arc 2c (end[0] -> end[1])  and  arc 2c+1 (end[1] -> end[0])
 *     ports      of switch s: port p (from 0) has its cable in port_arc[first_port + p], as the arc
 * that leaves s there; CSIN_NONE where nothing is plugged in. Hosts first, then uplinks, where the
 * specification does not say which port.
 *
 * Switches are in the order of zones, each with its leaves first, then those outside any zone.
 * Cables to hosts come first, in the order of NICs; then those from leaves to spines of the same
 * zone by leaf and its port; then the others, by the switch at end[1] and its port. So the same
 * cables in the same ports are the same fabric, however it was written.
 *
 * All arrays belong to the fabric and stay as they are; a `const struct csin_fabric *` is safe to
 * share. */
#ifndef CSIN_TOPO_FABRIC_H
#define CSIN_TOPO_FABRIC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/names.h"
#include "base/sha256.h"
#include "topo/spec.h"

#define CSIN_NONE UINT32_MAX
#define CSIN_MAX_HOSTS (1u << 20)
#define CSIN_MAX_SWITCHES 16384u
#define CSIN_MAX_PORTS 4096u /* of one switch */
#define CSIN_MAX_CABLES (1u << 22)

struct csin_switch {
    const char *name;
    const char *model;
    enum csin_layer layer;
    uint32_t zone; /* CSIN_NONE outside any */
    uint32_t n_ports, n_used, first_port;
    double rate_Bps, latency_s; /* of a port; port to port */
    uint32_t n_vls;             /* data VLs: 1, 2, 4, 8 or 15 */
    uint64_t guid;              /* of the node, as a subnet manager knows it; 0: not known */
    uint32_t lid;               /* 0: not known */
    /* The aggregation node inside a switch (SHARP): a channel adapter on one port more, which hosts
     * no job and so is no NIC. 0: none. */
    uint64_t agent_guid;
    uint32_t agent_lid;
    struct csin_loc loc;
};

struct csin_host {
    const char *name;
    const char *model;
    enum csin_role role;
    uint32_t first_nic, n_nics;
    struct csin_loc loc;
    const struct csin_inside_model *inside; /* of its model; NULL: nothing is said of it */
};

struct csin_nic {
    uint32_t host;
    uint32_t cable; /* CSIN_NONE when not attached */
    uint32_t leaf;  /* the switch at the other end */
    double rate_Bps, latency_s;
    /* As a subnet manager knows it; NULL and 0: not known. A channel adapter with several ports is
     * several NICs with one node_guid. */
    const char *device; /* mlx5_0 */
    uint64_t node_guid, port_guid;
    uint32_t lid, adapter_port; /* ports of an adapter count from 1 */
};

/* Where a cable is, and so which way an arc goes. */
enum csin_place {
    CSIN_AT_HOST,
    CSIN_AT_SPINE,
    CSIN_BETWEEN_ZONES,
    CSIN_ELSEWHERE,
    CSIN_AT_CORE, /* between a spine and a core switch of a core section */
    CSIN_N_PLACES
};

struct csin_cable {
    uint32_t end[2];  /* vertices; end[0] is the lower one (NIC, layer, then index) */
    uint32_t port[2]; /* port of the switch; the index of the NIC in its host for a NIC */
    enum csin_place place;
    bool up;             /* false: dead, carries nothing */
    bool degraded;       /* slower than its two ports would make it, by an override */
    bool found_slow;     /* degraded when it was discovered, not by an override */
    uint32_t line;       /* of the file that it was discovered in; 0: not known */
    double capacity_Bps; /* each way */
    double latency_s;    /* of the cable alone */
};

/* Spines of a zone that are alike. */
struct csin_spine_group {
    uint32_t first_spine, n_spines;
    uint32_t links_per_pair;
    double uplink_Bps; /* of each cable, as planned */
};

/* A two-layer fat-tree: a plane of it where a zone has several, a pod of a larger tree where core
 * switches join several. */
struct csin_zone {
    const char *name;
    uint32_t first_leaf, n_leaves; /* switches first_leaf .. */
    uint32_t first_spine, n_spines;
    uint32_t links_per_pair; /* of groups[0] */
    uint32_t hosts_per_leaf; /* ports of a leaf meant for hosts; where the zone was written out, the
                              * most that a leaf has */
    double uplink_Bps;       /* of groups[0] */
    const struct csin_spine_group *groups; /* [n_groups], one where all spines are alike */
    uint32_t n_groups;
    uint32_t n_uplinks;     /* ports of a leaf to spines; of a generated zone its last ones */
    double leaf_uplink_Bps; /* of all of them together, as planned */
    /* Every leaf has links_per_pair cables of uplink_Bps to every spine of a group. Where a zone
     * that was written out switch by switch has not, there is one group, of what most pairs and
     * cables have. */
    bool regular;
    uint32_t pair_links;      /* cables between leaves 0 and 1, 2 and 3, ..; 0: none */
    const char *family;       /* the name in the file, which several pods or planes may share */
    uint32_t plane;           /* from 0; 0 where the family has one plane */
    uint32_t tree;            /* zones with one number are pods under the same core switches;
                               * CSIN_NONE: under none */
    uint32_t cores_per_spine; /* core switches above each spine; 0 under none */
};

struct csin_fabric {
    struct csin_arena *arena;
    const char *name;
    bool is_discovered; /* read from what a subnet manager's tools found, rather than planned */
    struct csin_sha256 digest; /* of everything below that a simulation can see */
    uint32_t n_switches, n_hosts, n_nics, n_vertices, n_cables, n_arcs, n_zones, n_ports;
    uint32_t n_planes; /* 1 where no zone has several */
    uint32_t n_trees;  /* of pods under core switches */
    struct csin_switch *switches;
    struct csin_host *hosts;
    struct csin_nic *nics;
    struct csin_cable *cables;
    struct csin_zone *zones;
    uint32_t *port_arc;       /* [n_ports] */
    double *arc_capacity_Bps; /* [n_arcs]; 0 when dead */
    double *arc_latency_s;   /* [n_arcs]: cable + the switch or NIC it leaves + the NIC it enters */
    struct csin_names names; /* switch s -> s, host h -> n_switches + h */
};

/* Builds the fabric and checks it: names unique, ports counted, every reference known. On success
 * *ret_fabric is the caller's; it borrows names from the spec, whose arena must live longer.
 * Reports every mistake it can. O(hosts + cables) time and memory. */
enum csin_status csin_fabric_create(const struct csin_fabric_spec *spec, struct csin_diag *diag,
                                    struct csin_fabric **ret_fabric);
void csin_fabric_destroy(struct csin_fabric *fabric);

/* Reports hostlists that are wrong and names that refer to nothing, in a spec of which parts could
 * not be read, so that one run tells those mistakes too. */
void csin_fabric_check_names(const struct csin_fabric_spec *spec, struct csin_diag *diag);

/* Reads `text`: a one-line fabric, or the name of a YAML file. `loc` is where the name was written.
 * ret_input, where not NULL, becomes the SHA-256 of what was read. */
enum csin_status csin_fabric_open(struct csin_diag *diag, struct csin_arena *names,
                                  struct csin_loc loc, const char *text,
                                  struct csin_fabric **ret_fabric, struct csin_sha256 *ret_input);

/* Asserts the invariants: ports used <= ports, cables counted at both ends alike, every leaf
 * reaches every spine of its zone, spine ports = sum of uplinks. Called by tests and debug builds.
 */
void csin_fabric_check(const struct csin_fabric *fabric);

static inline uint32_t csin_arc_tail(const struct csin_fabric *f, uint32_t arc)
{
    return f->cables[arc >> 1].end[arc & 1];
}
static inline uint32_t csin_arc_head(const struct csin_fabric *f, uint32_t arc)
{
    return f->cables[arc >> 1].end[(arc & 1) ^ 1];
}
static inline uint32_t csin_arc_reverse(uint32_t arc)
{
    return arc ^ 1;
}
static inline bool csin_is_nic(const struct csin_fabric *f, uint32_t vertex)
{
    return vertex >= f->n_switches;
}
/* The arc a NIC sends on; it receives on the reverse. */
static inline uint32_t csin_nic_arc(const struct csin_fabric *f, uint32_t nic)
{
    return 2 * f->nics[nic].cable; /* a NIC is always end[0] */
}
/* A cable from a leaf to a spine: every leaf of a zone has the same ones, in the order of its last
 * ports. First one to each spine, then a second one to those that have one, and so on. */
struct csin_uplink {
    uint32_t spine, link; /* switch; which of the cables of the pair */
    const struct csin_spine_group *group;
};
/* Writes zone->n_uplinks of them. */
void csin_zone_uplinks(const struct csin_zone *zone, struct csin_uplink *ret_uplinks);

/* Name of a vertex: the switch, the host, or host.0 and host.1 for a host with several NICs. */
struct csin_vertex_name {
    char s[96];
};
struct csin_vertex_name csin_vertex_name(const struct csin_fabric *f, uint32_t vertex);
/* leaf-up, leaf-down, host-up, host-down, inter-zone, ... */
const char *csin_arc_place(const struct csin_fabric *f, uint32_t arc);

/* The cables that a person means by two ends: `between` holds their names (struct csin_text), id
 * what `names` has for them, so a host means all its NICs. `nth`: which of several, from 1, in the
 * order of ports of the end written first, if that is a switch; all when absent. ret_cables:
 * [CSIN_MAX_PORTS]. Returns how many; 0, reported (CSIN-229), where there are none. O(ports). */
uint32_t csin_fabric_cables(const struct csin_fabric *f, struct csin_diag *diag,
                            const struct csin_list *between, const uint32_t id[2],
                            const struct csin_count *nth, uint32_t *ret_cables);

/* Index of a host or a switch by name, CSIN_NONE where there is none. O(1). */
uint32_t csin_fabric_host(const struct csin_fabric *f, const char *name);
uint32_t csin_fabric_switch(const struct csin_fabric *f, const char *name);

#endif
