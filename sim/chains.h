/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chain tables, after 3FS (docs/design_notes.md of deepseek-ai/3FS, "Data placement"): every chunk
 * lies on all targets of one chain, each on another host; a target is a part of an SSD, and an SSD
 * has targets in many chains.
 *
 *     chain   head             tail
 *     0       s1 ssd 1   s2 ssd 1   s4 ssd 1
 *     1       s2 ssd 2   s3 ssd 2   s5 ssd 2       a file: `stripe` consecutive chains, shuffled
 *     ...
 *
 * In a table that csin makes, chain i is block i mod b of a design (sim/design.h) on SSDs of one
 * number, which moves on by one from chain to chain: consecutive chains are on hosts and SSDs
 * evenly. */
#ifndef CSIN_SIM_CHAINS_H
#define CSIN_SIM_CHAINS_H

#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"
#include "sim/design.h"
#include "topo/host_inside.h"

#define CSIN_MAX_CHAINS 4000000u
#define CSIN_MAX_TARGETS 1000u /* of an SSD */

struct csin_target {
    uint32_t server; /* index into the servers of the table */
    uint32_t ssd;    /* of it, from 0 */
};

struct csin_chains {
    const char *name;
    uint32_t *servers, n_servers; /* hosts */
    uint32_t n_ssds;              /* of each server */
    uint32_t replicas;
    double iops;        /* reads a second of an SSD, however small; 0: bytes alone limit it */
    uint32_t n_targets; /* of an SSD; 0: the table comes from a file, and SSDs may differ */
    enum csin_design design;
    uint32_t n_chains;
    struct csin_target *targets; /* [n_chains x replicas], from head to tail */
    struct csin_pairs pairs;     /* chains of one SSD number that two servers share; of a file, of
                                    all */
    struct csin_loc loc;
};

/* Makes the chains of a table whose numbers are filled in and fit: csin_design_blocks x n_ssds is
 * from 1 to CSIN_MAX_CHAINS. False without memory. */
bool csin_chains_create(struct csin_chains *chains, struct csin_arena *arena);

/* Reads the chains as admin_cli of 3FS takes them ("upload-chains") and gen_chain_table.py writes
 * them: a line `ChainId,TargetId,TargetId`, then one of numbers for each chain. A target's number
 * says where it is:
 *
 *     1 010001 001 01        prefix, node 10001, SSD 1, target 1 of it
 *
 * The node with the smallest number is the first of the servers, and so on. Fills in n_ssds,
 * replicas, targets and pairs of a table that has its name, servers and loc. Reports what is wrong,
 * CSIN-920 and 921. */
enum csin_status csin_chains_read(struct csin_chains *chains, struct csin_arena *arena,
                                  struct csin_diag *diag, const char *file, const char *text,
                                  size_t bytes);
/* Writes the same form, with nodes from 10001, prefix 1 for targets and 9 for chains. At most 99
 * targets of an SSD have numbers there; false, nothing written, where there are more. */
bool csin_chains_write(const struct csin_chains *chains, FILE *out);

#endif
