/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What no tables can avoid around one switch, or one zone: what must leave it (or enter it) has
 * only its cables to other switches to go over.
 *
 *     max L  >=  R / C                    R: rate of the phases that are worst for it, C: of all
 *                                         cables
 *     max L  >=  (r[km-k] + ... + r[km]) / c    r: rates of whole entries, the largest first, which
 *                                         no table divides; m cables, the widest of c; any k. Of
 *                                         the km + 1 largest some cable has k + 1 */
#ifndef CSIN_PLAN_CUT_H
#define CSIN_PLAN_CUT_H

#include "plan/offered.h"

struct csin_demand { /* what an entry carries in a phase */
    uint32_t sw, nic, phase;
    double rate_Bps;
};

struct csin_edge_cut {
    double bound;      /* 0 without traffic */
    double divided;    /* the best that holds for flows that can be divided: R / C of some part */
    uint32_t sw, zone; /* one of the two; both CSIN_NONE without traffic */
    bool out;          /* what leaves it, else what enters it */
    double must_Bps, capacity_Bps;
    uint32_t n_cables;
    /* Where whole entries prove more than their sum: so many over those cables put so many on one,
     * which are share_Bps at least. 0: the sum does. */
    uint32_t n_entries, n_meet;
    double meet_Bps;
};

/* The largest bound of all switches and zones, of demands [n] that leave the switch where they
 * enter, each (switch, NIC, phase) once. Of several owners, each is in the phase that has most to
 * send; of one owner all phases are tried. CSIN_E_FAILED: no memory. O(n + arcs), and sorting where
 * rates differ. Test: tests/plan/test_balance.c, against all routings of a small fabric. */
enum csin_status csin_edge_cut_find(const struct csin_fabric *fabric,
                                    const struct csin_offered *offered,
                                    const struct csin_demand *demands, uint32_t n,
                                    struct csin_diag *diag, struct csin_edge_cut *ret);

#endif
