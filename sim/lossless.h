/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rates in a lossless fabric, where a full buffer stops the sender: head-of-line blocking, port
 * fairness and back-pressure, for each virtual lane. docs/model.md has the equations.
 *
 *     queue (arc, lane)   the buffer at the far end of an arc; what leaves it has the mix of what
 * came turn  p -> b        what waits in queue p for arc b: one port of b's arbiter pair  p -> b ->
 * c   of that, what goes on over c
 *
 *     level(b)   what the arbiter of b lets each of its ports have (round robin), the largest at
 * which the capacity of b is not exceeded, nor level(c) of any arc c that b's queue feeds: sum over
 * ports p of  min(wish(p), level) x share of p's traffic for c  <=  level(c) wish(p)    without end
 * for a port that b holds back, else what it sends source     all flows of a NIC and lane have one
 * rate, the largest that all of its turns allow
 *
 * So a queue that waits for one output holds back all that is in it, and the ports that feed it; a
 * chain of causes leads from every source to the arc that is full. A solve is a relaxation to the
 * point where all of this agrees: levels from the sinks back to the sources, then the sources'
 * rates forward. It begins at the state before and follows what changes, so flows that come and go
 * cost what they can reach. (How routers find max-min fair rates by levels and marks: Charny, An
 * algorithm for rate allocation in a packet-switching network with feedback, MIT/LCS/TR-601, 1994.)
 *
 * Resources inside hosts are outputs with levels of their own. One of the host that receives hangs
 * on the queue of the last arc, so it holds back all that this queue holds, as a slow output does.
 * One of the host that sends holds back its flow alone: on a host whose inside is known each flow
 * is a source of its own, which feeds the queue of the NIC (a NIC serves its queue pairs in turns)
 * and the resources. What happens inside one host only is such a source without a NIC.
 *
 * Results depend on the order of calls, as those of sim/fair.h do. */
#ifndef CSIN_SIM_LOSSLESS_H
#define CSIN_SIM_LOSSLESS_H

#include "sim/engine.h"

#define CSIN_LOSSLESS_EXACT 1e-5  /* relative: rates come to rest within it */
#define CSIN_LOSSLESS_ROUNDS 400u /* at most, for one solve */

struct csin_lossless_list {
    uint32_t *items, n;
    size_t room;
};

struct csin_lossless_turn {
    double rate;                     /* what goes that way */
    double weight;                   /* of the flows that do */
    uint32_t from, to;               /* queues */
    uint32_t n_flows;                /* 0: the number is free */
    uint32_t at_from, at_to;         /* places in the lists of both */
    bool held;                       /* `to` holds it back */
    struct csin_lossless_list pairs; /* that end with it */
};

struct csin_lossless_pair {
    double rate, weight;
    uint32_t in, out; /* turns */
    uint32_t n_flows; /* 0: the number is free */
    uint32_t place;   /* in the list of `out` */
};

struct csin_lossless_queue {
    double level;                      /* HUGE_VAL: it holds nobody back */
    double throughput;                 /* of all that enters */
    double flow_rate;                  /* of a source: of each of its flows */
    struct csin_lossless_list in, out; /* turns */
    struct csin_lossless_list flows;   /* of a source */
    uint32_t active;                   /* of a source with flows: its place in lossless.active */
    uint32_t root; /* of a source, for those who ask: the queue that csin_lossless_root gave last */
    double wanted; /* of a source: how much more it was allowed when it moved last */
    double step;   /* what part of that it went */
    uint32_t cause; /* the turn that holds it back; CSIN_NONE: its own capacity */
    uint8_t height; /* arcs to the farthest sink of what passes it */
    bool full;      /* it holds somebody back */
    bool dirty;     /* is in one of the lists of dirty queues */
    bool touched;   /* is in lossless.meanwhile */
};

struct csin_lossless_wish { /* of a port that is not held back */
    double rate, share;
};

struct csin_lossless_leg {
    double weight; /* share of the flow that goes there */
    uint32_t what; /* a turn or a pair */
};

struct csin_lossless_flow {
    uint32_t source; /* queue; CSIN_NONE: the number is free */
    bool is_own;     /* a beginning of its own */
    uint32_t place;  /* in the source's list */
    uint32_t n_turns, n_pairs;
    size_t turns_room, pairs_room;
    struct csin_lossless_leg *turns, *pairs;
    double rate; /* as of the last solve */
};

struct csin_lossless {
    const struct csin_fabric *fabric;
    uint32_t n_arcs, n_lanes; /* n_arcs: with resources inside hosts, and beginnings behind them */
    uint32_t n_inside;        /* queues below (arcs of the fabric + n_inside) x n_lanes are known */
    uint32_t free_begin;      /* beginnings that are free are linked by `root` of their queues */
    size_t capacities_room, queues_room;
    double lane_weights[CSIN_MAX_LANES];
    double *capacities;                 /* [n_arcs] */
    struct csin_lossless_queue *queues; /* [n_arcs x n_lanes] */
    struct csin_lossless_turn *turns;
    size_t turns_room;
    uint32_t n_turns, free_turn;
    struct csin_lossless_pair *pairs;
    size_t pairs_room;
    uint32_t n_pairs, free_pair;
    struct csin_lossless_flow *flows;
    size_t flows_room;
    uint32_t n_slots, free_flow, n_flows;
    struct csin_lossless_list dirty[CSIN_PATH_MAX + 3]; /* by height */
    struct csin_lossless_list active;                   /* sources that have flows */
    struct csin_lossless_list sources;                  /* whose rate moves at the end of a round */
    struct csin_lossless_list changed;   /* flows whose rate is another than before the solve */
    struct csin_lossless_list touched;   /* queues whose state may be, */
    struct csin_lossless_list meanwhile; /* and those of the solve to come */
    struct csin_lossless_wish *wishes;   /* scratch of an arbiter */
    size_t wishes_room;
    uint32_t *leaving; /* [n_vertices] scratch of sprayed ways: last arc that leaves a switch, */
    uint32_t *n_next;  /* [CSIN_WAY_MAX] turns from each arc */
    double *leaving_weight; /* the sum of the weights of all that do; of the way that is entered */
    bool no_memory;
    uint64_t n_solves, n_rounds, n_visits; /* for those who measure */
};

/* n_lanes: 1 to CSIN_MAX_LANES, with weights (NULL: all the same). False without memory; finish is
 * safe then. */
bool csin_lossless_init(struct csin_lossless *l, const struct csin_fabric *fabric, uint32_t n_lanes,
                        const double *lane_weights);
void csin_lossless_finish(struct csin_lossless *l);

/* A new flow along a way of at least two arcs, with weights (NULL: all 1) as in struct csin_way,
 * and the lane it is in on each of them (NULL: 0). CSIN_NONE without memory. */
uint32_t csin_lossless_add(struct csin_lossless *l, const uint32_t *arcs, const double *weights,
                           const uint8_t *lanes, uint32_t n);

/* Says that there are n resources inside hosts, numbers n_arcs + r. Before any flow. */
bool csin_lossless_add_inside(struct csin_lossless *l, uint32_t n, const double *capacities);
/* What a flow uses of them: the first n_sends belong to the host that sends. */
struct csin_lossless_uses {
    const uint32_t *resources; /* [n] */
    const double *weights;     /* [n] */
    uint32_t n, n_sends;
    bool is_own; /* the inside of the host that sends is known: all its flows say so, or none */
};
/* A new flow as of csin_lossless_add from a host whose inside is known, or that uses something
 * inside; n 0: inside one host only. */
uint32_t csin_lossless_add_inside_too(struct csin_lossless *l, const uint32_t *arcs,
                                      const double *weights, const uint8_t *lanes, uint32_t n,
                                      const struct csin_lossless_uses *uses);
bool csin_lossless_remove(struct csin_lossless *l, uint32_t flow);
bool csin_lossless_set_capacity(struct csin_lossless *l, uint32_t arc, double capacity);

/* Finds the rates anew. l->changed are the flows whose rate is another one, l->touched the queues.
 * False without memory. */
bool csin_lossless_solve(struct csin_lossless *l);

/* Asserts what must hold behind a solve, from scratch: no arc carries more than it can, to a
 * thousandth, and every queue sends on all that enters it. */
void csin_lossless_check(const struct csin_lossless *l);

/* The queue that holds a flow back in the end: follows the causes from its source to the arc that
 * is full. */
uint32_t csin_lossless_root(const struct csin_lossless *l, uint32_t flow);

#endif
