/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The flow model once more, as plainly as it can be written: a discrete-event simulation that
 * solves for the max-min fair rates from scratch at every event, by progressive filling (Bertsekas,
 * Gallager, Data Networks, 2nd ed. 1992, section 6.5.2). It shares nothing with csin's dispatch and
 * engines but the schedule and the paths, and costs events x (operations + arcs x flows). */
#ifndef CSIN_TESTS_SIM_ORACLE_H
#define CSIN_TESTS_SIM_ORACLE_H

#include "tests/check.h"

#include "sim/engine.h"

/* Events closer together than this are one. */
#define ORACLE_TIE_S 1e-12

struct oracle {
    const struct csin_schedule *s;
    const double *capacity_Bps; /* [n_arcs] */
    uint32_t n_arcs;
    struct csin_way *way; /* [n_ops] */
    enum { ORACLE_WAITS, ORACLE_QUEUES, ORACLE_RESTS, ORACLE_MOVES, ORACLE_OVER } * state;
    double *start_s, *finish_s; /* [n_ops] -1 where it did not happen */
    double *until_s;            /* [n_ops] end of a delay or of the latency, while it rests */
    double *left, *rate_Bps;    /* [n_ops] bytes to go, while it moves */
    uint64_t *turn, n_turns;    /* [n_ops] place in the queue of its gate */
    uint32_t *in_flight;        /* [n_gates] */
    bool *stirred;              /* [n_gates] something of it came or went */
    double now_s, makespan_s;
    uint32_t n_over, skipped;
    struct csin_arc_watch *arcs; /* [n_arcs] */
};

static inline void *oracle_array(size_t n, size_t size)
{
    void *array = calloc(n + 1, size);
    assert_non_null(array);
    return array;
}

/* The way of each transfer, by routes that do not look at loads. */
static inline void oracle_ways(struct oracle *o, const struct csin_routes *routes)
{
    struct csin_way all = {.arcs = oracle_array(CSIN_WAY_MAX, sizeof *all.arcs),
                           .weights = oracle_array(CSIN_WAY_MAX, sizeof *all.weights)};
    for (uint32_t op = 0; op < o->s->n_ops; op++) {
        uint32_t src = o->s->src[op], dst = o->s->dst[op];
        if (csin_is_delay(o->s, op))
            continue;
        assert_true(csin_routes_way(routes, src, dst, csin_flow_key(src, dst), NULL, &all));
        struct csin_way *way = &o->way[op];
        *way = all;
        way->arcs = oracle_array(way->n, sizeof *way->arcs);
        way->weights = oracle_array(way->n, sizeof *way->weights);
        memcpy(way->arcs, all.arcs, way->n * sizeof *way->arcs);
        memcpy(way->weights, all.weights, way->n * sizeof *way->weights);
    }
    free(all.arcs);
    free(all.weights);
}

static inline void oracle_init(struct oracle *o, const struct csin_schedule *s,
                               const struct csin_fabric *fabric, const struct csin_routes *routes)
{
    *o = (struct oracle){.s = s,
                         .capacity_Bps = fabric->arc_capacity_Bps,
                         .n_arcs = fabric->n_arcs,
                         .way = oracle_array(s->n_ops, sizeof *o->way),
                         .state = oracle_array(s->n_ops, sizeof *o->state),
                         .start_s = oracle_array(s->n_ops, sizeof(double)),
                         .finish_s = oracle_array(s->n_ops, sizeof(double)),
                         .until_s = oracle_array(s->n_ops, sizeof(double)),
                         .left = oracle_array(s->n_ops, sizeof(double)),
                         .rate_Bps = oracle_array(s->n_ops, sizeof(double)),
                         .turn = oracle_array(s->n_ops, sizeof(uint64_t)),
                         .in_flight = oracle_array(s->n_gates, sizeof(uint32_t)),
                         .stirred = oracle_array(s->n_gates, sizeof(bool)),
                         .arcs = oracle_array(fabric->n_arcs, sizeof *o->arcs)};
    for (uint32_t op = 0; op < s->n_ops; op++)
        o->start_s[op] = o->finish_s[op] = -1;
    oracle_ways(o, routes);
}

static inline void oracle_finish(struct oracle *o)
{
    for (uint32_t op = 0; op < o->s->n_ops; op++) {
        free(o->way[op].arcs);
        free(o->way[op].weights);
    }
    free(o->way);
    free(o->state);
    free(o->start_s);
    free(o->finish_s);
    free(o->until_s);
    free(o->left);
    free(o->rate_Bps);
    free(o->turn);
    free(o->in_flight);
    free(o->stirred);
    free(o->arcs);
}

/* ---- what starts when ---- */

static inline void oracle_over(struct oracle *o, uint32_t op)
{
    o->state[op] = ORACLE_OVER;
    o->finish_s[op] = o->makespan_s = o->now_s;
    o->n_over++;
    if (o->s->gate[op] != CSIN_NONE) {
        o->in_flight[o->s->gate[op]]--;
        o->stirred[o->s->gate[op]] = true;
    }
}

static inline void oracle_move(struct oracle *o, uint32_t op)
{
    o->state[op] = ORACLE_MOVES;
    o->left[op] = (double)o->s->amount[op].bytes;
    if (o->left[op] == 0)
        oracle_over(o, op);
}

static inline void oracle_start(struct oracle *o, uint32_t op)
{
    bool delay = csin_is_delay(o->s, op);
    double wait_s = delay ? o->s->amount[op].delay_s : o->way[op].latency_s;
    o->start_s[op] = o->now_s;
    o->until_s[op] = o->now_s + wait_s;
    o->state[op] = ORACLE_RESTS;
    if (wait_s == 0 && delay)
        oracle_over(o, op);
    else if (wait_s == 0)
        oracle_move(o, op);
}

/* A gate is looked at when something of it comes or goes: late ones are turned away, the others let
 * in by turns. */
static inline void oracle_gate(struct oracle *o, uint32_t gate)
{
    const struct csin_schedule *s = o->s;
    o->stirred[gate] = false;
    for (;;) {
        uint32_t next = CSIN_NONE;
        for (uint32_t op = 0; op < s->n_ops; op++)
            if (s->gate[op] == gate && o->state[op] == ORACLE_QUEUES &&
                (next == CSIN_NONE || o->turn[op] < o->turn[next]))
                next = op;
        if (next == CSIN_NONE)
            return;
        if (o->now_s > s->gates[gate].close_s) {
            o->state[next] = ORACLE_OVER;
            o->n_over++;
            o->skipped++;
        } else if (o->in_flight[gate] < s->gates[gate].limit) {
            o->in_flight[gate]++;
            oracle_start(o, next);
        } else {
            return;
        }
    }
}

static inline bool oracle_is_ready(const struct oracle *o, uint32_t op)
{
    const struct csin_schedule *s = o->s;
    bool ready = o->state[op] == ORACLE_WAITS;
    for (uint64_t k = s->dep_first[op]; ready && k < s->dep_first[op + 1]; k++)
        ready = o->state[s->dep[k]] == ORACLE_OVER;
    return ready;
}

/* Starts all that may start now, in generations: first those that what is over lets go, by number,
 * then those that these let go at once. */
static inline void oracle_settle(struct oracle *o)
{
    const struct csin_schedule *s = o->s;
    bool *ready = oracle_array(s->n_ops, sizeof *ready), again = true;
    while (again) {
        again = false;
        for (uint32_t gate = 0; gate < s->n_gates; gate++)
            if (o->stirred[gate])
                oracle_gate(o, gate);
        for (uint32_t op = 0; op < s->n_ops; op++)
            ready[op] = oracle_is_ready(o, op);
        for (uint32_t op = 0; op < s->n_ops; op++) {
            if (!ready[op])
                continue;
            again = true;
            if (s->gate[op] == CSIN_NONE) {
                oracle_start(o, op);
                continue;
            }
            o->state[op] = ORACLE_QUEUES;
            o->turn[op] = o->n_turns++;
            oracle_gate(o, s->gate[op]);
        }
        for (uint32_t gate = 0; gate < s->n_gates; gate++)
            again = again || o->stirred[gate];
    }
    free(ready);
}

/* ---- how fast they go ---- */

/* Raises the rates of all flows together; the arc that is full first holds its flows; and so on
 * with the others. */
static inline void oracle_share(struct oracle *o)
{
    const struct csin_schedule *s = o->s;
    double *room = oracle_array(o->n_arcs, sizeof *room);
    double *weight = oracle_array(o->n_arcs, sizeof *weight); /* of flows that rise */
    uint32_t *n_free = oracle_array(o->n_arcs, sizeof *n_free);
    bool *held = oracle_array(s->n_ops, sizeof *held);
    memcpy(room, o->capacity_Bps, o->n_arcs * sizeof *room);
    for (uint32_t op = 0; op < s->n_ops; op++)
        for (uint32_t k = 0; o->state[op] == ORACLE_MOVES && k < o->way[op].n; k++) {
            weight[o->way[op].arcs[k]] += o->way[op].weights[k];
            n_free[o->way[op].arcs[k]]++;
        }
    for (;;) {
        uint32_t full = CSIN_NONE;
        for (uint32_t arc = 0; arc < o->n_arcs; arc++)
            if (n_free[arc] &&
                (full == CSIN_NONE || room[arc] / weight[arc] < room[full] / weight[full]))
                full = arc;
        if (full == CSIN_NONE)
            break;
        double rate = room[full] / weight[full];
        for (uint32_t op = 0; op < s->n_ops; op++) {
            bool on = false;
            if (held[op] || o->state[op] != ORACLE_MOVES)
                continue;
            for (uint32_t k = 0; k < o->way[op].n; k++)
                on = on || o->way[op].arcs[k] == full;
            if (!on)
                continue;
            held[op] = true;
            o->rate_Bps[op] = rate;
            for (uint32_t k = 0; k < o->way[op].n; k++) {
                uint32_t arc = o->way[op].arcs[k];
                room[arc] -= rate * o->way[op].weights[k];
                weight[arc] -= o->way[op].weights[k];
                n_free[arc]--;
            }
        }
    }
    free(room);
    free(weight);
    free(n_free);
    free(held);
}

/* Notes what the arcs carry for `dt`: see struct csin_arc_watch. */
static inline void oracle_watch(struct oracle *o, double dt)
{
    const struct csin_schedule *s = o->s;
    const double full = 1 - 1e-6;
    double *load = oracle_array(o->n_arcs, sizeof *load),
           *top = oracle_array(o->n_arcs, sizeof *top);
    bool *congested = oracle_array(o->n_arcs, sizeof *congested);
    for (uint32_t op = 0; op < s->n_ops; op++)
        for (uint32_t k = 0; o->state[op] == ORACLE_MOVES && k < o->way[op].n; k++) {
            uint32_t arc = o->way[op].arcs[k];
            load[arc] += o->rate_Bps[op] * o->way[op].weights[k];
            top[arc] = fmax(top[arc], o->rate_Bps[op]);
        }
#define ORACLE_LIMITS(op, arc)                                                                     \
    (load[arc] >= full * o->capacity_Bps[arc] && o->rate_Bps[op] >= full * top[arc])
    for (uint32_t op = 0; op < s->n_ops; op++) {
        const struct csin_way *way = &o->way[op];
        if (o->state[op] != ORACLE_MOVES || ORACLE_LIMITS(op, way->arcs[0]) ||
            ORACLE_LIMITS(op, way->arcs[way->n - 1]))
            continue; /* one of its two hosts would not let it go faster */
        for (uint32_t k = 0; k < way->n; k++)
            congested[way->arcs[k]] = congested[way->arcs[k]] || ORACLE_LIMITS(op, way->arcs[k]);
    }
#undef ORACLE_LIMITS
    for (uint32_t arc = 0; arc < o->n_arcs; arc++) {
        o->arcs[arc].peak_Bps = fmax(o->arcs[arc].peak_Bps, load[arc]);
        if (load[arc] >= full * o->capacity_Bps[arc])
            o->arcs[arc].saturated_s += dt;
        if (congested[arc])
            o->arcs[arc].congested_s += dt;
    }
    free(load);
    free(top);
    free(congested);
}

/* ---- all ---- */

static inline void oracle_run(struct oracle *o)
{
    const struct csin_schedule *s = o->s;
    oracle_settle(o);
    while (o->n_over < s->n_ops) {
        oracle_share(o);
        double dt = HUGE_VAL;
        for (uint32_t op = 0; op < s->n_ops; op++)
            if (o->state[op] == ORACLE_RESTS)
                dt = fmin(dt, o->until_s[op] - o->now_s);
            else if (o->state[op] == ORACLE_MOVES)
                dt = fmin(dt, o->left[op] / o->rate_Bps[op]);
        assert_true(dt < HUGE_VAL); /* or it would go on for ever */
        if (dt > ORACLE_TIE_S)
            oracle_watch(o, dt);
        o->now_s += dt;
        for (uint32_t op = 0; op < s->n_ops; op++)
            if (o->state[op] == ORACLE_MOVES) {
                o->left[op] -= o->rate_Bps[op] * dt;
                if (o->left[op] <= o->rate_Bps[op] * ORACLE_TIE_S)
                    oracle_over(o, op);
            } else if (o->state[op] == ORACLE_RESTS && o->until_s[op] <= o->now_s + ORACLE_TIE_S) {
                if (csin_is_delay(s, op))
                    oracle_over(o, op);
                else
                    oracle_move(o, op);
            }
        oracle_settle(o);
    }
}

#endif
