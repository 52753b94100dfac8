/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A lossless network, packet by packet: at what rates greedy flows go where buffers are finite and
 * nothing is dropped. It shares nothing with csin, not even the fabric: a network is an array of
 * arcs, a flow is a list of them.
 *
 *     NICs                        switch                       switch           sinks
 *     flows 1, 2 --- arc 0 ---> [FIFO of arc 0] \
 *                                                >- arc 2 ---> [FIFO of arc 2] -+- arc 3 --->
 *     flow 3 ------- arc 1 ---> [FIFO of arc 1] /                               `- arc 4 --->
 *
 * A lane is a VL of an arc: it has inputs to choose from, and a FIFO of `depth` packets at its end.
 *
 * - An arc of capacity c (packets per slot) sends one packet at a time, in 1/c slots. It sends on a
 *   lane only while the FIFO there has room: credits. A packet takes its place there when it begins
 *   to be sent, and leaves its old one when it has been sent. Credits travel in no time.
 * - Only the head of a FIFO can be sent. It waits for one arc, and blocks those behind it.
 * - When the head begins to be sent, the next one is the head. So a FIFO may feed several arcs at
 *   once, through a crossbar that is fast enough; else a fast arc could not feed several slow ones.
 * - Which of the FIFOs whose heads want the same lane: round-robin. Which lane of an arc: deficit
 *   round-robin (Shreedhar, Varghese, Efficient fair queueing using deficit round robin, SIGCOMM
 *   1995) by the weights of the VLs; a lane without packet or room is passed over.
 * - A NIC does the same with flows in place of FIFOs. All flows always have a packet. A sprayed
 *   flow has several ways, and each packet takes one by chance.
 * - A sink takes all that comes.
 *
 * Chance. With arcs of equal capacity all packets would end at the same moments for ever, and the
 * order in which the program looks at them would decide who waits: arbiters in lockstep. So each
 * packet takes a random time in [1 - JITTER, 1 + JITTER] / c. That leaves the capacities as they
 * are, lets the phases of arcs drift, and no two things happen at once. It does not help against
 * arbiters that count in step: what order they fall into depends on where they began, and lasts. So
 * one in STRAY turns is drawn from those that wait, which is as fair. More chance than this is no
 * better: a FIFO then has runs of packets for one arc while the others that it feeds are idle,
 * which no fluid has. Measured: two inputs that both feed two outputs lose 0.2 % with one in 256,
 * and 2 % with one in 16. The worst of 16 to 32 flows in random patterns differs from seed to seed
 * by 3 % at most in nine of ten patterns; by 10 % without stray turns. The jitter does not matter
 * between 0.01 and 0.2.
 *
 * Time: some 60 ns for each packet and arc. */
#ifndef CSIN_TESTS_SIM_PACKETS_H
#define CSIN_TESTS_SIM_PACKETS_H

#include "tests/check.h"

#include <stdbool.h>

#define PACKETS_HOPS 16  /* arcs of a way, at most */
#define PACKETS_DEPTH 32 /* a depth for those who have no other */
#define PACKETS_JITTER 0.05
#define PACKETS_STRAY 256
#define PACKETS_NONE UINT32_MAX

struct packets_net {
    uint32_t n_arcs, n_vls;  /* >= 1 */
    const double *capacity;  /* [n_arcs] packets per slot, > 0 */
    const double *vl_weight; /* [n_vls] > 0, only ratios count; NULL: all the same */
};

/* From the send arc of a host to the receive arc of another. */
struct packets_way {
    uint32_t n, arcs[PACKETS_HOPS];
    double weight; /* > 0, only ratios among the ways of a flow count */
};

/* All ways of a flow begin with the same arc. An arc that begins a way is always the first. */
struct packets_flow {
    uint32_t vl, n_ways;
    const struct packets_way *ways;
};

struct packets_packet {
    uint32_t flow, step; /* index in packets.steps: the arc it is on, or waits for */
};

struct packets_input {
    uint32_t lane; /* that it feeds */
    uint32_t from; /* the lane whose FIFO it is; the flow, if of a NIC */
    bool waits;    /* has a packet for the lane */
};

struct packets_lane {
    uint32_t arc, inputs, n_inputs; /* a range of packets.inputs */
    uint32_t n_waiting, turn;       /* how many of them wait; who is next, from 0 */
    double quantum, deficit;        /* packets for each turn of the VL; and left of this one */
    uint32_t room;                  /* places in the FIFO that no packet has */
    uint32_t head, n;               /* the FIFO, a ring in packets.fifos */
};

struct packets_arc {
    double slots; /* for a packet */
    bool of_nic, busy;
    uint32_t vl;                  /* whose turn it is */
    struct packets_packet packet; /* if busy: what it sends, */
    uint32_t lane, from;          /* on which lane, and from whose FIFO (NONE: a NIC) */
};

struct packets_event {
    double slot;
    uint32_t arc;
};

struct packets {
    const struct packets_net *net;
    const struct packets_flow *flows;
    uint32_t n_flows, depth;
    uint64_t random;
    double now; /* slot */
    struct packets_arc *arcs;
    struct packets_lane *lanes;   /* [n_arcs x n_vls] */
    struct packets_packet *fifos; /* [n_arcs x n_vls x depth] */
    struct packets_input *inputs; /* [n_inputs] sorted by lane and from */
    uint32_t n_inputs;
    uint32_t *steps;            /* [all ways x (HOPS + 1)] inputs on the way, then NONE */
    uint32_t *first_step;       /* [n_flows] of its first way */
    struct packets_event *ends; /* [n_ends] when busy arcs have sent: a heap, the next one on top */
    uint32_t n_ends;
};

static inline void *packets_array(size_t n, size_t size)
{
    void *array = calloc(n + 1, size);
    assert_non_null(array);
    return array;
}

/* In [0, 1). Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014. */
static inline double packets_random(struct packets *p)
{
    uint64_t z = p->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static inline uint32_t packets_draw(struct packets *p, uint32_t n)
{
    return (uint32_t)(packets_random(p) * n);
}

/* ---- what ends when ---- */

static inline void packets_push_end(struct packets *p, double slot, uint32_t arc)
{
    uint32_t i = p->n_ends++;
    for (; i && p->ends[(i - 1) / 2].slot > slot; i = (i - 1) / 2)
        p->ends[i] = p->ends[(i - 1) / 2];
    p->ends[i] = (struct packets_event){slot, arc};
}

static inline struct packets_event packets_pop_end(struct packets *p)
{
    struct packets_event top = p->ends[0], last = p->ends[--p->n_ends];
    uint32_t i = 0;
    for (uint32_t child; (child = 2 * i + 1) < p->n_ends; i = child) {
        if (child + 1 < p->n_ends && p->ends[child + 1].slot < p->ends[child].slot)
            child++;
        if (p->ends[child].slot >= last.slot)
            break;
        p->ends[i] = p->ends[child];
    }
    p->ends[i] = last;
    return top;
}

/* ---- arbiters ---- */

/* The lane of `arc` that sends next; NONE if none can. */
static inline uint32_t packets_pick_lane(struct packets *p, uint32_t arc)
{
    uint32_t n_vls = p->net->n_vls, *vl = &p->arcs[arc].vl;
    /* Once round, and back to the first one with a new quantum. */
    for (uint32_t i = 0; i <= n_vls; i++) {
        struct packets_lane *lane = &p->lanes[arc * n_vls + *vl];
        bool ready = lane->n_waiting && lane->room;
        if (ready && lane->deficit >= 1) {
            lane->deficit--;
            return arc * n_vls + *vl;
        }
        if (!ready)
            lane->deficit = 0;
        *vl = *vl + 1 < n_vls ? *vl + 1 : 0;
        p->lanes[arc * n_vls + *vl].deficit += p->lanes[arc * n_vls + *vl].quantum;
    }
    return PACKETS_NONE;
}

/* The input that feeds a lane next; one waits at least. */
static inline struct packets_input *packets_pick_input(struct packets *p, struct packets_lane *lane)
{
    struct packets_input *inputs = p->inputs + lane->inputs;
    uint32_t skip = 0, i = lane->turn;
    if (lane->n_waiting > 1 && packets_draw(p, PACKETS_STRAY) == 0)
        skip = packets_draw(p, lane->n_waiting);
    while (!inputs[i].waits || skip-- > 0)
        i = i + 1 < lane->n_inputs ? i + 1 : 0;
    lane->turn = i + 1 < lane->n_inputs ? i + 1 : 0;
    return &inputs[i];
}

static inline uint32_t packets_pick_way(struct packets *p, const struct packets_flow *flow)
{
    double sum = 0;
    for (uint32_t way = 0; way < flow->n_ways; way++)
        sum += flow->ways[way].weight;
    double left = flow->n_ways > 1 ? packets_random(p) * sum : 0;
    uint32_t way = 0;
    while (way + 1 < flow->n_ways && (left -= flow->ways[way].weight) >= 0)
        way++;
    return way;
}

/* ---- packets on their way ---- */

/* The head of a FIFO has changed: it waits for its next arc. Returns that, NONE if there is none.
 */
static inline uint32_t packets_show_head(struct packets *p, uint32_t lane)
{
    if (!p->lanes[lane].n)
        return PACKETS_NONE;
    uint32_t step = p->fifos[(size_t)lane * p->depth + p->lanes[lane].head].step;
    struct packets_input *input = &p->inputs[p->steps[step]];
    input->waits = true;
    p->lanes[input->lane].n_waiting++;
    return p->lanes[input->lane].arc;
}

/* Takes the next packet of an input. Returns the arc that the one behind it waits for, or NONE. */
static inline uint32_t packets_take(struct packets *p, struct packets_arc *arc,
                                    struct packets_input *input)
{
    if (arc->of_nic) {
        uint32_t flow = input->from, way = packets_pick_way(p, &p->flows[flow]);
        arc->packet.flow = flow;
        arc->packet.step = p->first_step[flow] + way * (PACKETS_HOPS + 1);
        arc->from = PACKETS_NONE;
        return PACKETS_NONE;
    }
    struct packets_lane *from = &p->lanes[input->from];
    arc->packet = p->fifos[(size_t)input->from * p->depth + from->head];
    arc->from = input->from;
    from->head = from->head + 1 < p->depth ? from->head + 1 : 0;
    from->n--;
    input->waits = false;
    p->lanes[input->lane].n_waiting--;
    return packets_show_head(p, input->from);
}

/* Begins to send on `arc` if it can, and on those arcs that can for that reason. */
static inline void packets_send(struct packets *p, uint32_t arc)
{
    while (arc != PACKETS_NONE && !p->arcs[arc].busy) {
        struct packets_arc *a = &p->arcs[arc];
        a->lane = packets_pick_lane(p, arc);
        if (a->lane == PACKETS_NONE)
            return;
        struct packets_lane *lane = &p->lanes[a->lane];
        uint32_t next = packets_take(p, a, packets_pick_input(p, lane));
        lane->room--;
        a->busy = true;
        double jitter = PACKETS_JITTER * (2 * packets_random(p) - 1);
        packets_push_end(p, p->now + a->slots * (1 + jitter), arc);
        arc = next;
    }
}

/* `arc` has sent its packet. True if to a sink. */
static inline bool packets_arrive(struct packets *p, uint32_t arc)
{
    struct packets_arc *a = &p->arcs[arc];
    struct packets_lane *lane = &p->lanes[a->lane];
    uint32_t from = a->from, next = PACKETS_NONE;
    a->busy = false;
    a->packet.step++;
    bool over = p->steps[a->packet.step] == PACKETS_NONE;
    if (over) {
        lane->room++;
    } else {
        uint32_t place = lane->head + lane->n++;
        p->fifos[(size_t)a->lane * p->depth + place % p->depth] = a->packet;
        if (lane->n == 1)
            next = packets_show_head(p, a->lane);
    }
    packets_send(p, next);
    packets_send(p, arc);
    if (from != PACKETS_NONE) {
        p->lanes[from].room++;
        packets_send(p, p->lanes[from].arc);
    }
    return over;
}

/* ---- before and after ---- */

static inline int packets_compare_inputs(const void *a, const void *b)
{
    const struct packets_input *x = a, *y = b;
    uint32_t i = x->lane == y->lane ? x->from : x->lane, j = x->lane == y->lane ? y->from : y->lane;
    return (i > j) - (i < j);
}

/* How a flow gets on an arc of its way. */
static inline struct packets_input packets_input_of(const struct packets *p, uint32_t flow,
                                                    uint32_t way, uint32_t hop)
{
    uint32_t n_vls = p->net->n_vls, vl = p->flows[flow].vl;
    const uint32_t *arcs = p->flows[flow].ways[way].arcs;
    return (struct packets_input){.lane = arcs[hop] * n_vls + vl,
                                  .from = hop ? arcs[hop - 1] * n_vls + vl : flow,
                                  .waits = hop == 0}; /* a flow always waits */
}

/* Finds who feeds whom: all hops of all ways, sorted, each once. */
static inline void packets_find_inputs(struct packets *p, uint32_t n_ways)
{
    struct packets_input *inputs = packets_array((size_t)n_ways * PACKETS_HOPS, sizeof *inputs);
    uint32_t n = 0;
    for (uint32_t flow = 0; flow < p->n_flows; flow++)
        for (uint32_t way = 0; way < p->flows[flow].n_ways; way++)
            for (uint32_t hop = 0; hop < p->flows[flow].ways[way].n; hop++)
                inputs[n++] = packets_input_of(p, flow, way, hop);
    qsort(inputs, n, sizeof *inputs, packets_compare_inputs);
    for (uint32_t i = 0; i < n; i++) {
        if (i && packets_compare_inputs(&inputs[i], &inputs[i - 1]) == 0)
            continue;
        struct packets_lane *lane = &p->lanes[inputs[i].lane];
        if (lane->n_inputs++ == 0)
            lane->inputs = p->n_inputs;
        lane->n_waiting += inputs[i].waits;
        inputs[p->n_inputs++] = inputs[i];
    }
    p->inputs = inputs;
}

/* Looks up each hop of each way among the inputs. */
static inline void packets_find_steps(struct packets *p)
{
    uint32_t step = 0;
    for (uint32_t flow = 0; flow < p->n_flows; flow++) {
        p->first_step[flow] = step;
        for (uint32_t way = 0; way < p->flows[flow].n_ways; way++)
            for (uint32_t hop = 0; hop <= PACKETS_HOPS; hop++) {
                p->steps[step++] = PACKETS_NONE;
                if (hop >= p->flows[flow].ways[way].n)
                    continue;
                struct packets_input key = packets_input_of(p, flow, way, hop), *found;
                found = bsearch(&key, p->inputs, p->n_inputs, sizeof key, packets_compare_inputs);
                p->steps[step - 1] = (uint32_t)(found - p->inputs);
            }
    }
}

/* Returns the number of ways. */
static inline uint32_t packets_check(struct packets *p)
{
    uint32_t n_ways = 0;
    for (uint32_t flow = 0; flow < p->n_flows; flow++) {
        assert_in_range(p->flows[flow].n_ways, 1, UINT32_MAX);
        assert_in_range(p->flows[flow].vl, 0, p->net->n_vls - 1);
        p->arcs[p->flows[flow].ways[0].arcs[0]].of_nic = true;
        n_ways += p->flows[flow].n_ways;
    }
    for (uint32_t flow = 0; flow < p->n_flows; flow++)
        for (uint32_t i = 0; i < p->flows[flow].n_ways; i++) {
            const struct packets_way *way = &p->flows[flow].ways[i];
            assert_in_range(way->n, 1, PACKETS_HOPS);
            assert_int_equal(way->arcs[0], p->flows[flow].ways[0].arcs[0]);
            for (uint32_t hop = 1; hop < way->n; hop++)
                assert_false(p->arcs[way->arcs[hop]].of_nic);
        }
    return n_ways;
}

static inline void packets_init(struct packets *p)
{
    uint32_t n_arcs = p->net->n_arcs, n_vls = p->net->n_vls, n_lanes = n_arcs * n_vls;
    const double *weight = p->net->vl_weight;
    double least = HUGE_VAL;
    for (uint32_t vl = 0; weight && vl < n_vls; vl++)
        least = fmin(least, weight[vl]);
    p->arcs = packets_array(n_arcs, sizeof *p->arcs);
    p->lanes = packets_array(n_lanes, sizeof *p->lanes);
    p->fifos = packets_array((size_t)n_lanes * p->depth, sizeof *p->fifos);
    p->ends = packets_array(n_arcs, sizeof *p->ends);
    uint32_t n_ways = packets_check(p);
    p->steps = packets_array((size_t)n_ways * (PACKETS_HOPS + 1), sizeof *p->steps);
    p->first_step = packets_array(p->n_flows, sizeof *p->first_step);
    packets_find_inputs(p, n_ways);
    packets_find_steps(p);
    for (uint32_t i = 0; i < n_lanes; i++) {
        struct packets_lane *lane = &p->lanes[i];
        lane->arc = i / n_vls;
        lane->room = p->depth;
        lane->quantum = weight ? weight[i % n_vls] / least : 1;
        lane->turn = packets_draw(p, lane->n_inputs);
    }
    for (uint32_t arc = 0; arc < n_arcs; arc++) {
        p->arcs[arc].slots = 1 / p->net->capacity[arc];
        p->arcs[arc].vl = packets_draw(p, n_vls);
    }
}

static inline void packets_finish(struct packets *p)
{
    free(p->arcs);
    free(p->lanes);
    free(p->fifos);
    free(p->inputs);
    free(p->steps);
    free(p->first_step);
    free(p->ends);
}

/* Lets `flows` loose on an empty `net`, and after `warm_up` slots counts for `duration` slots what
 * arrives of each: ret_rate[n_flows], packets per slot. Every FIFO has `depth` places, 3 at least
 * or an arc waits for its own packets; a fast arc needs one more for each slow one that it feeds.
 * Some 2000 slots to warm up and 20000 to count are right for rates of 0.05 to 1; sprayed flows
 * need more. The same seed gives the same rates. FIFOs that wait for each other in a loop stop. */
static inline void packets_run(const struct packets_net *net, const struct packets_flow *flows,
                               uint32_t n_flows, uint32_t depth, double warm_up, double duration,
                               uint64_t seed, double *ret_rate)
{
    struct packets p = {
        .net = net, .flows = flows, .n_flows = n_flows, .depth = depth, .random = seed};
    packets_init(&p);
    for (uint32_t flow = 0; flow < n_flows; flow++)
        ret_rate[flow] = 0;
    for (uint32_t arc = 0; arc < net->n_arcs; arc++)
        packets_send(&p, arc);
    while (p.n_ends && p.ends[0].slot <= warm_up + duration) {
        struct packets_event end = packets_pop_end(&p);
        uint32_t flow = p.arcs[end.arc].packet.flow;
        p.now = end.slot;
        if (packets_arrive(&p, end.arc) && p.now > warm_up)
            ret_rate[flow]++;
    }
    for (uint32_t flow = 0; flow < n_flows; flow++)
        ret_rate[flow] /= duration;
    packets_finish(&p);
}

#endif
