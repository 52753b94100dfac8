/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Collective operations as transfers. docs/model.md has the algorithms and their sources. */
#ifndef CSIN_SIM_COLLECTIVES_H
#define CSIN_SIM_COLLECTIVES_H

#include "base/rng.h"
#include "sim/scenario.h"

/* Appends one step of a job: its operations wait for `after`, and the operation returned finishes
 * when the step has ended on every rank. `rng` draws random permutations. Adds to schedule->bytes
 * what the step must move, from its formula. */
uint32_t csin_step_schedule(struct csin_schedule *schedule, const struct csin_step *step,
                            const uint32_t *hosts, uint32_t n_hosts, uint32_t after,
                            struct csin_rng rng);

/* Bus bandwidth = algorithm bandwidth x this: what the busiest NIC must carry of each buffer byte,
 * after nccl-tests (doc/PERFORMANCE.md). 0 for work without a bandwidth. */
double csin_step_bus_factor(const struct csin_step *step, uint32_t n_hosts);

/* How a step cuts its buffer: pieces and the size of the largest. {0, 0} for delays. */
struct csin_cut {
    uint64_t n, largest_bytes;
};
struct csin_cut csin_step_cut(const struct csin_step *step, uint32_t n_hosts);

/* Parent and children of a rank in one of the two trees (0, 1) over n ranks; CSIN_NONE where there
 * is none. After Sanders, Speck, Traeff, Two-tree algorithms for full bandwidth broadcast,
 * reduction and scan, Parallel Computing 35 (2009). */
struct csin_tree_node {
    uint32_t parent, child[2];
};
struct csin_tree_node csin_double_tree(unsigned tree, uint32_t rank, uint32_t n);

#endif
