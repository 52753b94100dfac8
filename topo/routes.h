/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Routes: which way a flow goes. Destination-based forwarding tables as the hardware has them (next
 * port = table[switch][destination NIC]), filled by a policy, or a choice per flow (ecmp, by a
 * hash; least-loaded, by the load when it starts) or per packet (spray). Every path is a shortest
 * one over the cables that are up. */
#ifndef CSIN_TOPO_ROUTES_H
#define CSIN_TOPO_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "topo/fabric.h"

enum csin_policy {
    CSIN_DMODK,
    CSIN_RANDOM,
    CSIN_ECMP,
    CSIN_SPRAY,
    CSIN_LEAST_LOADED,
    CSIN_DMODK_ONE_VL,
    CSIN_N_POLICIES,
    CSIN_LFT = CSIN_N_POLICIES /* tables from a file (topo/lft.h), not made here */
};
extern const char *const csin_policy_names[]; /* of those made here, NULL-terminated */
const char *csin_policy_name(enum csin_policy policy);
/* Whether it makes forwarding tables, as the hardware has them. */
bool csin_policy_has_table(enum csin_policy policy);

#define CSIN_PATH_MAX 16 /* arcs of a path; a two-layer zone needs 4, two zones 8 */

struct csin_path {
    uint32_t n;
    uint32_t arcs[CSIN_PATH_MAX];
    double latency_s; /* sum over the arcs */
};

/* All that a flow uses of the fabric: the arcs of a path, or of all shortest paths where its
 * packets are sprayed. arcs[0] leaves the sending NIC, arcs[n - 1] enters the receiving one;
 * between them an arc never comes before one that leads to it. Whoever asks for a way gives the
 * room, and may ask for many with the same one. */
#define CSIN_WAY_MAX 4096
struct csin_way {
    uint32_t n;
    uint32_t n_hops; /* arcs of one path */
    uint32_t *arcs;  /* [CSIN_WAY_MAX] */
    double *weights; /* [CSIN_WAY_MAX] share of the bytes that an arc carries: 1, less where sprayed
                      */
    double latency_s;
};

struct csin_routes;

/* Builds the tables. dmodk: D-Mod-K (Zahavi, Fat-tree routing and node ordering providing
 * contention free traffic for MPI global collectives, JPDC 2012) over the NICs that exist, counted
 * leaf by leaf, so a partly populated zone stays balanced; over all pods under the same core
 * switches; by turns where spines differ. Between zones each destination takes the
 * least loaded shortest way. random: each entry drawn by `seed`. ecmp, spray, least-loaded: no
 * tables; csin_routes_path takes a shortest way by the hash of the flow, and csin_routes_way what
 * the policy says. dmodk-one-vl: as dmodk, but without credit loops where zones are joined
 * (topo/one_vl.c). lft: a table without entries, which csin_lft_open fills. Traffic inside a zone
 * keeps off inter-zone switches while there is another shortest way. CSIN_E_INPUT where two NICs
 * are joined by more than CSIN_PATH_MAX cables. `up`: [n_cables], copied, which cables work; NULL:
 * those that the fabric says. O(switches x NICs of their
 * part of the fabric) time; 2 bytes of memory an entry. Shortest paths
 * of joined zones may form credit loops; those of a single zone do not. */
enum csin_status csin_routes_create(const struct csin_fabric *fabric, const bool *up,
                                    enum csin_policy policy, uint64_t seed, struct csin_diag *diag,
                                    struct csin_routes **ret_routes);
/* The same routes over other cables: made anew by the policy, as a subnet manager does that hears
 * of a change; tables from a file stay as they are, and lead into dead cables. */
enum csin_status csin_routes_renew(const struct csin_routes *routes, const bool *up,
                                   struct csin_diag *diag, struct csin_routes **ret_routes);
void csin_routes_destroy(struct csin_routes *routes);

/* Whether the seed has a say in what the policy chooses. */
bool csin_routes_are_drawn(enum csin_policy policy);

const struct csin_fabric *csin_routes_fabric(const struct csin_routes *routes);
enum csin_policy csin_routes_policy(const struct csin_routes *routes);
uint64_t csin_routes_seed(const struct csin_routes *routes);
/* Of tables from a file, the SHA-256 of the entries; otherwise empty: policy, seed and fabric say
 * all.
 */
struct csin_sha256 csin_routes_digest(const struct csin_routes *routes);
/* Bytes held. */
size_t csin_routes_bytes(const struct csin_routes *routes);

/* The outgoing port of `sw` towards NIC `nic`, CSIN_NONE where there is no way; without tables the
 * choice of flow `flow`. */
uint32_t csin_routes_port(const struct csin_routes *routes, uint32_t sw, uint32_t nic,
                          uint64_t flow);

/* What the table of `sw` holds for `nic`: a port, whatever it leads to, CSIN_NONE where there is no
 * entry. Only where the policy has tables. */
uint32_t csin_routes_entry(const struct csin_routes *routes, uint32_t sw, uint32_t nic);

/* The path between two NICs. False where there is none. O(hops). */
bool csin_routes_path(const struct csin_routes *routes, uint32_t src_nic, uint32_t dst_nic,
                      uint64_t flow, struct csin_path *ret_path);

/* The path between two hosts: over the pair of their NICs with the fewest hops; where several tie,
 * over one of those with the same number at both ends, if any, the one `flow` hashes to. False
 * where there is none or the hosts are the same. */
bool csin_routes_host_path(const struct csin_routes *routes, uint32_t src_host, uint32_t dst_host,
                           uint64_t flow, struct csin_path *ret_path);

/* The way of a flow between two hosts by the policy: one path with weights 1; for spray all
 * shortest paths, the packets of each switch spread evenly over its next ports (weights 1/S,
 * products of them over several layers), the latency the mean. For least-loaded the shortest path
 * whose busiest arc is least busy by `load` [n_arcs], flows per bytes/s of capacity on each arc now
 * (NULL: none anywhere); the hash of `flow` decides between equals, switch by switch. False where
 * there is no way, the hosts are the same, or a sprayed one would need more than CSIN_WAY_MAX arcs;
 * *way is then as it was.
 * O(hops), for spray and least-loaded O(links of the switches on any shortest path), without
 * allocating: these two have scratch in `routes`, so two threads must not share them. */
bool csin_routes_way(const struct csin_routes *routes, uint32_t src_host, uint32_t dst_host,
                     uint64_t flow, const double *load, struct csin_way *way);

/* The arcs by which `sw` could send on towards `nic` on a shortest way, in the order of ports; what
 * the policy chooses from, which for dmodk-one-vl is less than all. Returns how many, 0 where there
 * is no way; ret_arcs: [CSIN_MAX_PORTS]. */
uint32_t csin_routes_choices(const struct csin_routes *routes, uint32_t sw, uint32_t nic,
                             uint32_t *ret_arcs);

/* Changes an entry of a table: `sw` sends on towards `nic` by `arc`, which leaves it and is up. Of
 * routes that nobody uses yet. The policy has tables. */
void csin_routes_set(struct csin_routes *routes, uint32_t sw, uint32_t nic, uint32_t arc);

/* Takes the entries, changed or not, as those of a file from now on: lft with a digest of them, so
 * that the cache tells them from others, and entries stay where cables die. False without memory.
 */
bool csin_routes_seal(struct csin_routes *routes);

/* Cables left between two switches, 255 where there is no way. */
unsigned csin_routes_hops(const struct csin_routes *routes, uint32_t from_switch,
                          uint32_t to_switch);

#endif
