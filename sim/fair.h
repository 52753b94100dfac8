/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Weighted max-min fair rates, kept so while flows come and go, at a cost that follows what
 * changes.
 *
 *     flow f      uses resources with weights, and may have a cap of its own
 *     resource r  carries  sum over its flows of  weight x rate  <=  capacity
 *
 * The allocation is the one of Bertsekas, Gallager, Data Networks, 2nd ed. 1992, section 6.5.2:
 * every flow is at its cap or has a bottleneck, a full resource on which no flow is faster. That
 * condition makes it unique, so whatever way leads to it is exact. A solve does this:
 *
 *     region = the flows that came, and those whose bottleneck is a resource where flows came or
 * went
 *     1. fill the region from empty, all other flows frozen (progressive filling, lowest level
 * first)
 *     2. look at the border: a frozen flow has to move when its bottleneck has room now, or carries
 *        a faster flow, or when the flow is faster than one of the region that it holds back
 *     3. none has to: done. Else they join the region; again from 1.
 *
 * Results depend on the order in which flows are added and removed between two solves, by the
 * rounding of sums only: who wants the same bytes every time calls in the same order every time. */
#ifndef CSIN_SIM_FAIR_H
#define CSIN_SIM_FAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bottleneck of a flow that is held by its own cap. */
#define CSIN_FAIR_CAP (UINT32_MAX - 1)

struct csin_fair_use { /* of a resource, by a flow */
    double weight;
    uint32_t resource;
    uint32_t place; /* in the list of the resource */
};

struct csin_fair_flow {
    double rate;
    double cap; /* HUGE_VAL: none; below 0: the place is free */
    uint32_t first_use, n_uses;
    uint32_t bottleneck; /* the resource that holds it; CSIN_FAIR_CAP; CSIN_NONE before a solve */
    uint32_t next_bottleneck;
    double next_rate;   /* of the solve that is going on; before it is known, the most it can be, */
    uint32_t narrowest; /* by this resource, or CSIN_FAIR_CAP */
    uint32_t region;    /* number of the last solve that had it in its region */
    uint32_t place;     /* in fair.added, before a solve */
};

struct csin_fair_entry { /* of a resource's list */
    uint32_t flow, use;
};

struct csin_fair_resource {
    double capacity;
    struct csin_fair_entry *flows;
    size_t room;
    uint32_t n;
    uint32_t n_held;  /* flows whose bottleneck it is */
    bool dirty;       /* is in fair.dirty */
    uint32_t touched; /* number of the last filling that met it */
    /* Of that filling: */
    uint32_t n_left;                /* flows of the region that are not fixed yet */
    uint32_t n_frozen_held;         /* frozen flows whose bottleneck it is */
    double left, weight;            /* capacity and weights of those not fixed yet */
    double counted;                 /* the weight when it was last summed up */
    double top, level;              /* fastest of the region; of those it holds, -1: none */
    double frozen_top, frozen_held; /* fastest frozen flow; slowest one that it holds */
};

struct csin_fair_heap_item {
    double level;
    uint32_t id; /* a resource that several flows of the region use */
};

struct csin_fair {
    uint32_t n_resources;
    struct csin_fair_resource *resources;
    struct csin_fair_flow *flows;
    size_t flows_room;
    uint32_t n_flows, n_slots; /* alive; ever used */
    struct csin_fair_use *uses;
    size_t uses_room, n_uses;
    uint32_t *free_uses; /* [CSIN_FAIR_MAX_USES + 1] heads of lists of blocks by length */
    uint32_t free_flow;
    /* What the next solve has to look at, and what the last one did. */
    uint32_t *dirty, *added, *region, *changed;
    size_t dirty_room, added_room, region_room, changed_room;
    uint32_t n_dirty, n_added, n_region, n_changed;
    uint32_t *touched; /* resources */
    size_t touched_room;
    uint32_t n_touched;
    struct csin_fair_heap_item *heap;
    size_t heap_room;
    uint32_t n_heap;
    uint32_t n_unfixed;                          /* flows of the region that still rise */
    uint32_t solve, filling;                     /* numbers */
    uint64_t n_solves, n_fillings, region_total; /* for those who measure */
};

#define CSIN_FAIR_MAX_USES 4096u

/* capacities: [n_resources], >= 0; 0 holds every flow at rate 0. False without memory; finish is
 * safe then. */
bool csin_fair_init(struct csin_fair *fair, uint32_t n_resources, const double *capacities);
void csin_fair_finish(struct csin_fair *fair);

/* A new flow over n resources, each once, with weights above 0 (NULL: all 1), at most
 * CSIN_FAIR_MAX_USES; n may be 0 where there is a cap. Its rate is 0 until the next solve. Returns
 * its number, which may be that of a flow removed before; CSIN_NONE without memory. O(n). */
uint32_t csin_fair_add(struct csin_fair *fair, const uint32_t *resources, const double *weights,
                       uint32_t n, double cap);
/* False without memory, as the two below; then only csin_fair_finish is safe. O(n). */
bool csin_fair_remove(struct csin_fair *fair, uint32_t flow);
/* O(flows on it). */
bool csin_fair_set_capacity(struct csin_fair *fair, uint32_t resource, double capacity);

/* Makes the rates max-min fair again. fair->changed [n_changed] are the flows whose rate is another
 * than before, fair->touched [n_touched] the resources whose flows or rates may be, each once, both
 * until the next call. O(flows and resources in the region x log). */
bool csin_fair_solve(struct csin_fair *fair);

/* Asserts the max-min condition to `tolerance`, relative, for every flow and resource, from
 * scratch. Debug builds do so after every solve. */
void csin_fair_check(const struct csin_fair *fair, double tolerance);

#endif
