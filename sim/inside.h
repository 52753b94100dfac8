/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Resources inside the hosts of a fabric, made from what its host models say (topo/host_inside.h).
 * They are numbered host by host; resource r is number n_arcs + r of a run, behind the arcs, so
 * that engines treat both alike.
 *
 *     host 0: memory, reduction, root ports, GPUs out, GPUs in, ...    host 1: memory, ...
 *
 * A kind that the model says nothing of has no resources, and limits nothing. */
#ifndef CSIN_SIM_INSIDE_H
#define CSIN_SIM_INSIDE_H

#include "topo/fabric.h"

enum csin_inside_kind {
    CSIN_INSIDE_MEMORY,      /* index 0; reads and writes together */
    CSIN_INSIDE_REDUCTION,   /* index 0; bytes of results that the processors add up */
    CSIN_INSIDE_ROOT_PORT,   /* by root port, in the order of the file; both ways together */
    CSIN_INSIDE_GPU_OUT,     /* by GPU: what leaves it over its PCIe lanes */
    CSIN_INSIDE_GPU_IN,      /* by GPU: what enters it */
    CSIN_INSIDE_GPU_NIC_OUT, /* by NIC: what it fetches from GPUs to send it */
    CSIN_INSIDE_GPU_NIC_IN,  /* by NIC: what it puts into GPUs */
    CSIN_INSIDE_NVLINK_OUT,  /* by GPU: what it sends over NVLink, in a pair or through a switch */
    CSIN_INSIDE_NVLINK_IN,   /* by GPU */
    CSIN_INSIDE_SSD_READ,    /* by SSD */
    CSIN_INSIDE_SSD_WRITE,   /* by SSD */
    CSIN_N_INSIDE_KINDS
};

struct csin_inside {
    const struct csin_fabric *fabric;
    uint32_t n;           /* resources in all hosts */
    double *capacity_Bps; /* [n] */
    uint32_t *host;       /* [n] whose each is */
    uint32_t *first;      /* [n_hosts + 1] resources of host h are first[h] .. first[h + 1] - 1 */
};

#define CSIN_MAX_INSIDE (UINT64_C(1) << 26) /* resources */
/* How many there would be. */
uint64_t csin_inside_count(const struct csin_fabric *fabric);
/* At most CSIN_MAX_INSIDE. False without memory; finish is safe then. A fabric that says nothing of
 * the inside of any host has n 0. O(hosts + resources). */
bool csin_inside_init(struct csin_inside *inside, const struct csin_fabric *fabric);
void csin_inside_finish(struct csin_inside *inside);

/* The resource of a host; CSIN_NONE where its model says nothing of that, or has fewer of them.
 * O(kinds). */
uint32_t csin_inside_find(const struct csin_inside *inside, uint32_t host,
                          enum csin_inside_kind kind, uint32_t index);
/* The root ports of a GPU and a NIC; CSIN_NONE likewise. */
uint32_t csin_inside_gpu_root_port(const struct csin_inside *inside, uint32_t host, uint32_t gpu);
uint32_t csin_inside_nic_root_port(const struct csin_inside *inside, uint32_t host, uint32_t nic);

/* What a resource is: the inverse of csin_inside_find. */
enum csin_inside_kind csin_inside_kind_of(const struct csin_inside *inside, uint32_t resource,
                                          uint32_t *ret_index);
/* The same kind and index in another host; CSIN_NONE where it has none. */
uint32_t csin_inside_in(const struct csin_inside *inside, uint32_t resource, uint32_t host);

/* What a person calls it: 'gpu003 memory', 'gpu003 root port of GPU 5, 6', 'st01 SSD 3 read'. */
struct csin_inside_name {
    char s[160];
};
struct csin_inside_name csin_inside_name(const struct csin_inside *inside, uint32_t resource);
/* Of the kind, for programs: memory, root-port, gpu-out, ssd-read, ... NULL-terminated. */
extern const char *const csin_inside_kind_names[];

#endif
