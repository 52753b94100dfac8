/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What of a fabric does not fit a fat-tree: cables in the wrong place, leaves with fewer uplinks
 * than their peers, spines with hosts and so on. Every rule compares a thing with its peers, so a
 * fabric that is built to another plan throughout has few oddities, and one that was cabled wrong
 * in a few places has just those. */
#ifndef CSIN_TOPO_ODDITIES_H
#define CSIN_TOPO_ODDITIES_H

#include "topo/fabric.h"

enum csin_oddity_kind {
    CSIN_ODD_PAIR,     /* a leaf and a spine joined by fewer or more cables than most of the zone */
    CSIN_ODD_UPLINKS,  /* a leaf that differs in many pairs */
    CSIN_ODD_SPINE,    /* a spine with fewer leaves than its peers */
    CSIN_ODD_ZONE,     /* a leaf and a spine of different zones joined */
    CSIN_ODD_SIDEWAYS, /* two switches of one layer joined */
    CSIN_ODD_HOST,     /* a host on a switch that is no leaf */
    CSIN_ODD_NICS,     /* a host with fewer NICs than its peers */
    CSIN_ODD_ONE_LEAF, /* a host with all NICs on one leaf, where its peers have several */
    CSIN_ODD_ALONE,    /* a switch without a cable */
    CSIN_ODD_SLOW,     /* a cable slower than its peers, in a fabric that was discovered */
    CSIN_N_ODDITIES
};
extern const char *const csin_oddity_names[]; /* as in JSON; [CSIN_N_ODDITIES] */

struct csin_oddity {
    enum csin_oddity_kind kind;
    const char *text; /* a sentence without a full stop */
    struct csin_loc loc;
};

struct csin_oddities {
    const struct csin_oddity *items; /* [n] */
    uint32_t n;
};

/* Finds them all; the result is owned by `arena`. O(ports + hosts log hosts). */
enum csin_status csin_fabric_oddities(const struct csin_fabric *fabric, struct csin_arena *arena,
                                      struct csin_diag *diag, struct csin_oddities *ret_oddities);

/* Tells them as warnings (CSIN-631), a few of each kind. */
void csin_oddities_warn(const struct csin_oddities *oddities, struct csin_diag *diag);

#endif
