/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Block designs: which k of v points (storage hosts) share a block (a chain of replicas), so that
 * every point is in r blocks and every pair of points in about as many as any other pair. When a
 * host of a balanced design dies, each of the others has the same share of its replicas, and takes
 * over the same share of its work.
 *
 *     v r = b k           places of points = places in blocks
 *     lambda (v - 1) = r (k - 1)    for a balanced incomplete block design (BIBD) */
#ifndef CSIN_SIM_DESIGN_H
#define CSIN_SIM_DESIGN_H

#include <stdbool.h>
#include <stdint.h>

enum csin_design { CSIN_BALANCED, CSIN_NAIVE };
extern const char *const csin_design_names[]; /* NULL-terminated */

#define CSIN_MAX_REPLICAS 8u

/* How many blocks there are; 0 where r points of each cannot fill blocks of k. */
static inline uint64_t csin_design_blocks(uint32_t v, uint32_t k, uint32_t r)
{
    return v >= k && k >= 2 && (uint64_t)v * r % k == 0 ? (uint64_t)v * r / k : 0;
}

/* The smallest r with which every pair can be together and blocks come out even, as 3FS's placement
 * model finds it: k divides v r, and r (k - 1) >= v - 1. v >= k >= 2. */
uint32_t csin_design_least(uint32_t v, uint32_t k);

/* Fills `blocks` [csin_design_blocks x k] with points below v, each r times.
 *
 * CSIN_NAIVE: block j is the points jk .. jk + k - 1 modulo v, the table that 3FS's design notes
 * begin with. Pairs are together always or never.
 *
 * CSIN_BALANCED: cyclic, as difference families (Colbourn, Dinitz, Handbook of Combinatorial
 * Designs, 2nd ed. 2007, II.18 and VI.16): base blocks are turned through all v places, so every
 * point is in every place of them, and what is left to find are base blocks whose differences come
 * up equally often; a search by annealing finds them. Small designs are then improved by exchanging
 * points of two blocks. The same arguments always give the same blocks.
 *
 * v <= 65,536, r <= 1,000. False without memory. O(r v + moves). */
bool csin_design_create(enum csin_design design, uint32_t v, uint32_t k, uint32_t r,
                        uint32_t *blocks);

struct csin_pairs {
    uint32_t least, most; /* blocks that any two points share */
    double mean;          /* r (k - 1) / (v - 1) */
};
/* Counts them. Any blocks of different points below v. False without memory. O(b k^2 + v^2). */
bool csin_design_pairs(uint32_t v, uint32_t k, uint64_t n_blocks, const uint32_t *blocks,
                       struct csin_pairs *ret);

#endif
