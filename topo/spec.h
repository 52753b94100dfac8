/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person wrote about a fabric: plain structs in which every value remembers its place, so
 * that the builder (topo/fabric.h) can still say file:line:col. Nothing here is expanded or checked
 * against anything else. docs/config-reference.md describes the keys. */
#ifndef CSIN_TOPO_SPEC_H
#define CSIN_TOPO_SPEC_H

#include <stddef.h>

#include "base/yaml.h"
#include "base/yaml_change.h"
#include "topo/host_inside.h"

enum csin_role { CSIN_COMPUTE, CSIN_STORAGE, CSIN_N_ROLES };
extern const char *const csin_role_names[]; /* NULL-terminated */

enum csin_layer { CSIN_LEAF, CSIN_SPINE, CSIN_CORE, CSIN_INTER_ZONE, CSIN_N_LAYERS };
extern const char *const csin_layer_names[];

enum csin_spread { CSIN_EVEN, CSIN_FILL, CSIN_RAILS };

struct csin_switch_model_spec {
    struct csin_text name;
    struct csin_count ports;
    struct csin_quantity rate_Bps, latency_s;
    struct csin_count data_vls; /* 1, 2, 4, 8 or 15; 8 when absent */
};

struct csin_host_model_spec {
    struct csin_text name;
    struct csin_choice role;                  /* enum csin_role; compute when absent */
    struct csin_count nics;                   /* 1 when absent */
    struct csin_quantity rate_Bps, latency_s; /* of one NIC; latency 0 when absent */
    struct csin_inside_spec inside;
};

/* Spines that are alike, where a zone has several kinds. */
struct csin_spines_spec {
    struct csin_count count;
    struct csin_text model; /* the zone's when absent, as the next two */
    struct csin_count links_per_pair;
    struct csin_quantity uplink_Bps;
};

/* A two-layer fat-tree. Either the spines are given, or the oversubscription and so the spines. */
struct csin_zone_spec {
    struct csin_text name;        /* empty: switches are called leaf1, not NAME-leaf1 */
    struct csin_text model;       /* of leaves and spines */
    struct csin_text spine_model; /* of spines, where it differs */
    struct csin_count leaves, spines, links_per_pair, hosts_per_leaf;
    struct csin_quantity oversubscription;
    struct csin_quantity uplink_Bps; /* of the leaf-spine cables; the ports' rate when absent */
    struct csin_quantity cable_latency_s;
    struct csin_list spine_groups;  /* of csin_spines_spec; `spines` is then their sum */
    struct csin_count pair_links;   /* between the two leaves of a pair; 0 when absent */
    struct csin_count pods, planes; /* so many of it; 1 when absent */
};

static inline uint32_t csin_zone_spec_pods(const struct csin_zone_spec *zone)
{
    return zone->pods.loc.line ? (uint32_t)zone->pods.n : 1;
}
static inline uint32_t csin_zone_spec_planes(const struct csin_zone_spec *zone)
{
    return zone->planes.loc.line ? (uint32_t)zone->planes.n : 1;
}

struct csin_attach_spec {
    struct csin_text zone;     /* one of the two: the leaves of a zone, */
    struct csin_text switches; /* or a hostlist of switches */
    struct csin_count nic;     /* which NIC of the host; when absent 0, or all of them where there
                                * are planes or rails */
    struct csin_choice spread; /* enum csin_spread; even when absent */
};

struct csin_hosts_spec {
    struct csin_text names; /* one of the two: a hostlist, */
    struct csin_text
        slurm; /* or the nodes of a topology.conf, relative to the fabric file's folder */
    struct csin_text below; /* only those below this switch of it */
    struct csin_text model;
    struct csin_list attach; /* of csin_attach_spec; may be absent where there is cabling */
};

/* Switches that join zones through leaf ports. */
struct csin_inter_zone_spec {
    struct csin_text names; /* hostlist */
    struct csin_text model;
    struct csin_list zones;   /* of csin_text */
    struct csin_count leaves; /* this many leaves of each zone, one cable to each */
    struct csin_quantity rate_Bps;
};

/* Switches above the spines of several zones, which so become pods of a three-layer fat-tree. */
struct csin_core_spec {
    struct csin_text names; /* hostlist; of each plane */
    struct csin_text model;
    struct csin_list zones;    /* of csin_text; all when absent */
    struct csin_count uplinks; /* of each spine; the ports it has left when absent */
    struct csin_quantity rate_Bps, cable_latency_s;
};

/* Switches outside any generated zone, for odd fabrics. */
struct csin_switches_spec {
    struct csin_text names; /* hostlist */
    struct csin_text model;
    struct csin_choice layer;
    struct csin_text zone; /* absent: in none; all entries of one zone make it up together */
    struct csin_count hosts_per_leaf; /* of leaves of a zone: ports meant for hosts; absent: the
                                       * most that a leaf has */
};

/* Cables between explicit (or generated) switches: every `from` to every `to`. */
struct csin_cables_spec {
    struct csin_text from, to; /* hostlists of switches */
    struct csin_count count;   /* per pair; 1 when absent */
    struct csin_quantity rate_Bps, latency_s;
};

enum csin_state { CSIN_UP, CSIN_DOWN };

/* A change to cables that exist: degraded or dead. */
struct csin_override_spec {
    struct csin_list between; /* two csin_text: switch or host names */
    struct csin_count nth;    /* which of several cables of the pair, from 1; all when absent */
    struct csin_choice state;
    struct csin_quantity rate_Bps;
};

/* What is plugged into a port of a switch: a NIC or a port of another switch. */
struct csin_plug_spec {
    struct csin_text key; /* the port as it was written */
    struct csin_text end; /* a switch; or a host, 'host.1' for its NIC 1 */
    uint32_t port;        /* from 1; 0 where it could not be read */
    uint32_t end_port;    /* of the switch at the other end, from 1; 0: `end` is a host */
    struct csin_quantity rate_Bps, latency_s; /* of the cable; that of the slower port, 0 */
    struct csin_quantity degraded_Bps;        /* what it runs at, where that is less (no key) */
};

/* The ports of a switch, as far as they are written out. */
struct csin_cabling_spec {
    struct csin_text name;
    struct csin_list plugs; /* of csin_plug_spec */
};

/* How a subnet manager knows a switch or a NIC. */
struct csin_identity_spec {
    struct csin_count guid, lid;             /* of the node */
    struct csin_count port_guid, port;       /* of a NIC and its place on the adapter, from 1 */
    struct csin_text device;                 /* of a NIC: mlx5_0 */
    struct csin_count agent_guid, agent_lid; /* of the aggregation node in a switch */
    struct csin_loc loc;
};
struct csin_infiniband_spec {
    struct csin_text name;  /* a switch or a host */
    struct csin_list nodes; /* of csin_identity_spec: one, or one for each NIC */
};

/* A file of ibnetdiscover in place of switches, hosts and cables, and what it cannot say. */
struct csin_ibnet_spec {
    struct csin_text file;
    struct csin_quantity rate_Bps; /* of links that do not tell theirs */
    struct csin_quantity switch_latency_s, host_latency_s;
    struct csin_count data_vls;
    struct csin_text storage, compute; /* hostlists: roles that names do not tell */
};

struct csin_fabric_spec {
    const char *file;
    struct csin_arena *arena; /* all of it, and what is read from files that it names */
    struct csin_text name;
    struct csin_list switch_models, host_models; /* csin_switch_model_spec, csin_host_model_spec */
    struct csin_list zones, hosts, inter_zone, core, switches, cables, overrides; /* csin_*_spec */
    struct csin_list cabling, infiniband;
    struct csin_ibnet_spec ibnet; /* file.s NULL: the fabric is written here */
    bool is_discovered;           /* by a subnet manager's tools, so nobody meant all of it */
};

/* Reads YAML text of a fabric. `file` names it in messages and must outlive everything made from
 * it. After a failure *ret_spec holds what could be read; the rest is absent. */
enum csin_status csin_fabric_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                       const char *file, const char *text, size_t bytes,
                                       struct csin_fabric_spec *ret_spec);

/* The same of the text as changed. */
enum csin_status csin_fabric_spec_read_changed(struct csin_arena *arena, struct csin_diag *diag,
                                               const char *file, const char *text, size_t bytes,
                                               const struct csin_changes *changes,
                                               struct csin_fabric_spec *ret_spec);

/* Reads a one-line fabric, a single zone for tests and the command line:
 *
 *     leaf:4 spine:2 host:16 200Gb/s
 *
 * host is per leaf. Optional: storage:N (storage hosts per leaf), links:N (per leaf-spine pair),
 * ports:N (of each switch; as many as needed when absent), uplink:RATE, latency:TIME (of each
 * switch). Hosts are called h1.., storage hosts s1.., switches leaf1.. and spine1.., zero-padded.
 *
 * plane:N makes N of it, hosts having a NIC in each; rail:N gives hosts N NICs in each, on N
 * different leaves; pod:N core:N makes it one of N pods under core switches, which uplinks:N cables
 * of each spine go to (as many as go to leaves when absent). */
enum csin_status csin_fabric_spec_line(struct csin_arena *arena, struct csin_diag *diag,
                                       struct csin_loc loc, const char *line,
                                       struct csin_fabric_spec *ret_spec);

/* True where `text` is a one-line fabric rather than a file name: it begins with leaf: or another
 * of its words. */
bool csin_fabric_is_line(const char *text);

#endif
