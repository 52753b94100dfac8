/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sizing: from requirements (plan/require.h) and a parts catalogue to the fabrics worth buying.
 *
 *     candidates   every shape asked for, as small as it can be (plan/shapes.h), for each allowed
 *                  model of leaf and spine and each oversubscription; as fabric files
 *     bills        built (topo/fabric.h), priced and powered (topo/bom.h); the budget
 *     step times   each workload simulated by the fluid engine, all of it together
 *     the set      what no other candidate beats or equals in all aims: the Pareto set
 *
 * A time counts with its first three digits, so that what a table does not show decides nothing. */
#ifndef CSIN_PLAN_SIZE_H
#define CSIN_PLAN_SIZE_H

#include "plan/require.h"
#include "plan/shapes.h"
#include "topo/parts.h"

#define CSIN_MAX_CANDIDATES 1000u
#define CSIN_MAX_SIZED_PODS 64u

/* What is left of the requirements once the numbers are worked out. */
struct csin_needs {
    const struct csin_requirements_spec *spec;
    const struct csin_parts *parts;
    uint32_t n_compute, n_storage, n_later; /* hosts; later: compute hosts that must fit as well */
    uint32_t compute_nics, storage_nics;
    double compute_Bps, storage_Bps;          /* of a NIC */
    const struct csin_switch_part **switches; /* [n_switches] those allowed */
    uint32_t n_switches;
    double ratios[CSIN_MAX_RATIOS]; /* [n_ratios] oversubscriptions */
    uint32_t n_ratios;
};

enum csin_fate {
    CSIN_FATE_IN_SET,
    CSIN_FATE_BEATEN,      /* by another candidate, in all aims */
    CSIN_FATE_OVER_BUDGET, /* `why` says by how much */
    CSIN_FATE_NO_BILL,     /* the catalogue lacks something, or the room is too small: `why` */
    CSIN_FATE_NOT_RUN,     /* time was up, or the simulation failed: `why` */
};
extern const char *const csin_fate_names[];

/* What a candidate is made of. Two with equal keys are one. */
struct csin_candidate_key {
    uint32_t shape;                         /* enum csin_shape */
    uint32_t leaf_model, spine_model;       /* of needs->switches */
    uint32_t n;                             /* zones, planes or pods; 1 for one switch */
    struct csin_zone_shape zone;            /* each of them; one-switch: down is its ports */
    uint32_t inter_zone, inter_zone_leaves; /* switches between zones, leaves that each reaches */
    uint32_t cores, uplinks;                /* of all; of a spine */
};

struct csin_candidate {
    struct csin_candidate_key key;
    const char *name, *what; /* "2 zones of 40 leaves x 20 spines, 2 switches between them" */
    const char *text;        /* the fabric file */
    uint32_t n_switches, n_cables;
    double oversubscription; /* the worst of a leaf or a spine, with the hosts of now */
    uint32_t room;           /* compute hosts that fit later without another switch */
    double price, network_price, power_W, network_power_W;
    double time_s;      /* weighted mean of the workloads; 0 where there are none */
    double *workload_s; /* [workloads] */
    enum csin_fate fate;
    const char *why;    /* a sentence, or NULL */
    double over;        /* times the budget, where it is over it */
    uint32_t beaten_by; /* a candidate of the set */
};

struct csin_sizing_options {
    double time_limit_s; /* looked at between simulations */
    bool (*stop)(void *arg);
    void *stop_arg;
    void (*progress)(void *arg, const char *what); /* NULL: not */
    void *progress_arg;
};

struct csin_sizing {
    struct csin_arena *arena;
    struct csin_needs needs;
    struct csin_candidate *candidates; /* [n] by price of the network, then power */
    uint32_t n, n_in_set;
    bool aims[CSIN_N_AIMS];
    bool stopped;         /* before all were simulated */
    const char **reasons; /* [n_reasons] sentences */
    uint32_t n_reasons;
};

/* Works out the numbers: what the catalogue has, how many hosts. CSIN_E_INPUT, CSIN_E_NO reported.
 */
enum csin_status csin_needs_create(const struct csin_requirements_spec *spec,
                                   const struct csin_parts *parts, struct csin_arena *arena,
                                   struct csin_diag *diag, struct csin_needs *ret);

/* All candidates, in a fixed order, with key, name, what, text, room. CSIN_E_NO,
 * reported with the reason, where there is none. */
enum csin_status csin_candidates_create(const struct csin_needs *needs, struct csin_arena *arena,
                                        struct csin_diag *diag, struct csin_candidate **ret,
                                        uint32_t *ret_n);

/* Sizes. `spec` and `parts` must outlive the result, which is the caller's on success. CSIN_E_NO,
 * reported, where nothing meets the requirements. */
enum csin_status csin_size(const struct csin_requirements_spec *spec,
                           const struct csin_parts *parts,
                           const struct csin_sizing_options *options, struct csin_diag *diag,
                           struct csin_sizing **ret);
void csin_sizing_destroy(struct csin_sizing *sizing);

/* Whether `a` beats `b`: no worse in any aim, and better in one, or the same and listed first. */
bool csin_candidate_beats(const struct csin_sizing *sizing, uint32_t a, uint32_t b);
/* A number of an aim, smaller is better: growth counts below 0, a time with three digits; without
 * workloads the oversubscription, where it is above 1, takes the place of time. */
double csin_candidate_value(const struct csin_sizing *sizing, uint32_t i, enum csin_aim aim);

#endif
