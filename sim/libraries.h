/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Collectives of libraries, with what they do inside hosts: HFReduce (An et al., "Fire-Flyer
 * AI-HPC", SC'24, arXiv:2408.14158, section IV), NCCL's ring and tree on GPUs that reach each other
 * and the NIC over PCIe or NVLink, and a ring between hosts under a reduction inside each.
 * docs/model.md has the equations and where each number comes from.
 *
 * Hosts are in the order of their zones, so that a ring crosses between two zones once each way; a
 * tree over several zones is one tree for each with the first host of the zone, its gateway, on
 * top, and one pair of gateways across.
 *
 * What nobody published was fitted to the two curves of Fig. 7a of that paper (186 MiB on 16 to
 * 1,440 GPUs), once for all scenarios: */
#ifndef CSIN_SIM_LIBRARIES_H
#define CSIN_SIM_LIBRARIES_H

#include "sim/scenario.h"

/* HFReduce: chunks of the pipeline, how many of them each stage and each edge of a tree has room
 * for, and what a copy of a chunk between the GPUs of a host and its memory costs beside its bytes:
 * to launch it and to see that it is done. */
#define CSIN_HFREDUCE_CHUNK ((uint64_t)2 << 20)
#define CSIN_HFREDUCE_BUFFERS 3u
#define CSIN_HFREDUCE_OVERHEAD_S 40e-6
/* NCCL: a step of a ring, or hop of a chunk, beside its bytes: flags between GPUs, the proxy thread
 * that posts to the NIC, its completion. The chunk is its buffer of 4 MiB (NCCL_BUFFSIZE) in 8. */
#define CSIN_NCCL_OVERHEAD_S 24e-6
#define CSIN_NCCL_CHUNK ((uint64_t)512 << 10)

/* Memory operations for each byte of gradients (FF section IV-D1): the copy into the GPUs reads
 * twice, once for each socket, by GDRCopy. Without NVLink 8 + 9 + 5 + 2 = 24. */
#define CSIN_HFREDUCE_READS_TO_GPUS 2.0

static inline bool csin_is_library(enum csin_algorithm algorithm)
{
    return algorithm >= CSIN_HFREDUCE;
}
uint64_t csin_library_chunk(enum csin_algorithm algorithm); /* 0: it has none */
double csin_library_overhead(enum csin_algorithm algorithm);

/* Appends an allreduce, or a reduce-scatter or all-gather of nccl-ring, as csin_step_schedule does;
 * the schedule's insides say what the hosts have. A host of which they say nothing has one GPU, and
 * only its NICs limit it. n is 1 or more. */
uint32_t csin_library_schedule(struct csin_schedule *schedule, const struct csin_step *step,
                               const uint32_t *hosts, uint32_t n_hosts, uint32_t after);

/* GPUs of a host, 1 where nothing is known; of all hosts: the ranks of the library. */
uint32_t csin_library_gpus(const struct csin_inside *inside, uint32_t host);
uint32_t csin_library_ranks(const struct csin_inside *inside, const uint32_t *hosts, uint32_t n);

/* ---- between the files of this module ---- */

#define CSIN_LIBRARY_CHILDREN 3
/* Two trees over hosts 0 .. n - 1 of a job. */
struct csin_library_tree {
    uint32_t *parent; /* [n] CSIN_NONE: the root */
    uint32_t *child;  /* [n x CSIN_LIBRARY_CHILDREN], CSIN_NONE behind the last */
    uint32_t *order;  /* [n] parents before their children */
};
struct csin_library {
    struct csin_schedule *s;
    const struct csin_step *step;
    uint32_t *hosts; /* [n] in the order of zones */
    uint32_t n, after;
    uint64_t chunk_bytes;
    double overhead_s;
    struct csin_library_tree trees[2]; /* of hfreduce and nccl-tree */
};

/* Uses of one operation, added up one by one. */
struct csin_library_uses {
    struct csin_use list[CSIN_MAX_USES];
    uint32_t n;
};
void csin_library_use(const struct csin_library *l, struct csin_library_uses *uses, uint32_t host,
                      enum csin_inside_kind kind, uint32_t index, double weight);
/* `weight` out of, or into, a GPU over its PCIe lanes and its root port. */
void csin_library_use_gpu(const struct csin_library *l, struct csin_library_uses *uses,
                          uint32_t host, uint32_t gpu, bool out, double weight);
/* From a GPU to another one of its host: over NVLink, where it goes there, else over PCIe. */
void csin_library_use_hop(const struct csin_library *l, struct csin_library_uses *uses,
                          uint32_t host, uint32_t from, uint32_t to, double weight);
/* From GPUs of a host to its NIC, or back; each of the n from `first` on has its part. */
void csin_library_use_nic(const struct csin_library *l, struct csin_library_uses *uses,
                          uint32_t host, uint32_t nic, bool out, uint32_t first, uint32_t n);
uint32_t csin_library_profile(const struct csin_library *l, const struct csin_library_uses *uses);

/* Each appends its operations and returns the last one; false in schedule->failed without memory.
 */
uint32_t csin_hfreduce_schedule(struct csin_library *l);
uint32_t csin_nccl_ring_schedule(struct csin_library *l);
uint32_t csin_nccl_tree_schedule(struct csin_library *l);
uint32_t csin_hierarchical_schedule(struct csin_library *l);

/* As of sim/collectives.c: piece i of n nearly equal ones. */
static inline uint64_t csin_piece(uint64_t bytes, uint64_t n, uint64_t i)
{
    return bytes / n + (i < bytes % n);
}
/* The operation that ends a step: it waits for those of `last` [n]. */
uint32_t csin_library_join(const struct csin_library *l, const uint32_t *last, size_t n);
/* [n] operations, none yet; fails the schedule without memory, NULL then. */
uint32_t *csin_library_row(const struct csin_library *l, size_t n);

#endif
