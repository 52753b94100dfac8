/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which upgrade helps most: the gradient of the times of a scenario by the capacity of its cables,
 * by finite differences. Every class of cables, and each of the worst cables alone, is made faster
 * twice: by 1 %, which gives the slope, and to twice its rate, as the next generation would have
 * it. Routes, placement and schedule stay as they are.
 *
 *     gain(x)     = mean over owners of time as it is / time with x   (geometric)
 *     elasticity  = log gain(1 % faster) / log 1.01: 1 where time goes by 1 / capacity, 0 where the
 *                   cables do not matter */
#ifndef CSIN_PLAN_UPGRADE_H
#define CSIN_PLAN_UPGRADE_H

#include "sim/simulate.h"
#include "topo/parts.h"

enum csin_cable_class {
    CSIN_COMPUTE_LINKS, /* hosts and their leaf, NIC included */
    CSIN_STORAGE_LINKS,
    CSIN_LEAF_SPINE_LINKS,
    CSIN_INTER_ZONE_LINKS,
    CSIN_CORE_LINKS,  /* spines and core switches */
    CSIN_OTHER_LINKS, /* between other switches */
    CSIN_N_CABLE_CLASSES
};
extern const char *const csin_cable_class_names[]; /* NULL-terminated */

enum csin_cable_class csin_cable_class_of(const struct csin_fabric *fabric, uint32_t cable);

struct csin_upgrade {
    enum csin_cable_class of;
    uint32_t cable;    /* one of the worst, alone; CSIN_NONE: the whole class */
    uint32_t n_cables; /* of the class */
    double gain;       /* with twice the rate: 2 where all is done in half of the time */
    double elasticity;
    double *owner_gain; /* [n_owners] */
    double price;       /* see csin_upgrades_find; 0 where it is not known */
};

struct csin_upgrade_options {
    const struct csin_parts *parts; /* NULL: no prices */
    bool any_model;                 /* of the fabric, as in csin_bom_create */
    uint32_t n_worst;               /* cables that are looked at alone */
    bool (*stop)(void *arg);        /* asked between simulations; NULL: never */
    void *stop_arg;
    void (*progress)(void *arg, const char *what); /* NULL: not */
    void *progress_arg;
};

struct csin_upgrades {
    struct csin_arena *arena;
    const struct csin_scenario *scenario;
    const char *currency;       /* NULL without prices */
    struct csin_upgrade *items; /* [n] the largest gain first */
    uint32_t n;
    double *time_s;      /* [n_owners] as it is; of a stream the time of a byte */
    bool stopped;        /* before all were tried */
    const char *verdict; /* a sentence */
    const char *value;   /* what gives most for its price, a sentence; NULL without prices */
};

/* Tries all upgrades. The price of one is that of a second of everything it doubles: each cable as
 * it was bought, and at its ends a port (the price of the switch / its ports) or a NIC. The
 * scenario and the parts must outlive the result, which is the caller's on success. Two simulations
 * for each class of the fabric and each of the worst cables, and one of the scenario as it is.
 * Test: tests/plan/test_upgrade.c. */
enum csin_status csin_upgrades_find(const struct csin_scenario *scenario,
                                    const struct csin_upgrade_options *options,
                                    struct csin_diag *diag, struct csin_upgrades **ret);
void csin_upgrades_destroy(struct csin_upgrades *upgrades);

#endif
