/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who shares a lane with whom, as an optimisation over numbers that simulations gave
 * (docs/model.md, isolation):
 *
 *     s(a) = base(a) + sum over owners b on the lane of a of  cost(a, b)
 *
 * is what a is slowed down by; wanted is the smallest max s, then the smallest sum of s, then the
 * fewest lanes. Two methods: an integer program, and all set partitions in turn where they are few.
 */
#ifndef CSIN_PLAN_SHARE_H
#define CSIN_PLAN_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

#define CSIN_SHARE_MAX_LANES 15u
#define CSIN_SHARE_EXACT_OWNERS 16u /* up to so many the integer program is worth its time */

struct csin_sharing {
    uint32_t n_owners, n_lanes; /* at least 1 each; lanes at most CSIN_SHARE_MAX_LANES */
    const double *base;         /* [n_owners] slowdown on a lane of its own, finite */
    const double *cost;         /* [n_owners x n_owners], finite, >= 0; the diagonal is not read */
};

struct csin_share_figures {
    double worst, sum;
    uint32_t n_lanes; /* used */
};

/* Of an assignment, lane_of [n_owners] below n_lanes. O(owners^2). */
struct csin_share_figures csin_share_judge(const struct csin_sharing *sharing,
                                           const uint8_t *lane_of);
/* Whether a is better than b, by more than rounding. */
bool csin_share_better(const struct csin_share_figures *a, const struct csin_share_figures *b);

/* The assignments to at most n_lanes lanes, each once, with lanes numbered in the order of their
 * first owners: all on lane 0 first. next returns false after the last one. */
void csin_share_first(uint8_t *lane_of, uint32_t n_owners);
bool csin_share_next(uint8_t *lane_of, uint32_t n_owners, uint32_t n_lanes);
/* How many there are, at most `most`. */
uint64_t csin_share_count(uint32_t n_owners, uint32_t n_lanes, uint64_t most);
/* Numbers the lanes of an assignment so. */
void csin_share_number(uint8_t *lane_of, uint32_t n_owners);

/* The best assignment, numbered as above. Up to CSIN_SHARE_EXACT_OWNERS owners by integer program,
 * where *ret_exact says whether it was proved in the time; with more by descent: owners move to
 * other lanes one at a time, and change places, while that helps. CSIN_E_FAILED without memory. */
enum csin_status csin_share_solve(const struct csin_sharing *sharing, double time_limit_s,
                                  struct csin_diag *diag, uint8_t *ret_lane_of, bool *ret_exact);

#endif
