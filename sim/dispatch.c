/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dispatch. An operation is in exactly one place at a time:
 *
 *     waiting (count > 0) -> fresh -> [queue of its gate] -> ready -> with the engine -> over
 *                               \-> over (delays of 0 s; operations at a closed gate, or stopped)
 *
 * Finishing only counts down; what that lets go is sorted out in one go, by settle(), when the
 * engine asks for the next operation. Whatever order an engine reports the finishes of one instant
 * in, what starts then, and in which order, is the same: gate queues first, then fresh operations
 * by index.
 *
 * Stopping takes nothing out of queues: what is over there is passed over when its turn comes. */
#include "sim/dispatch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Where an operation is when it waits for nothing any more, in place of the count. No operation has
 * so many dependencies: a schedule has no more than 2^32 - 1 in all. */
enum place { OVER = -4, AT_GATE, READY, WITH_ENGINE };

#include "base/arena.h"

struct queue { /* a list through dispatch.next */
    uint32_t head, tail;
};

struct gate_state {
    struct queue queue;
    uint32_t in_flight;
    bool touched; /* is in dispatch.touched */
};

struct owner {
    uint32_t first_span, end_span; /* its spans are in between; in most schedules, they alone */
    bool is_stopped;
};

struct csin_dispatch {
    const struct csin_schedule *s;
    double *start_s, *finish_s;
    uint32_t *succ_first, *succ; /* who waits for an operation */
    uint32_t *waits;             /* [n_ops] dependencies not finished yet; enum place */
    uint32_t *next;              /* [n_ops] links of `ready` and of the gates' queues */
    uint32_t *fresh;             /* [n_ops] room for operations just let go */
    uint32_t n_fresh;
    struct queue ready;
    struct gate_state *gates;
    uint32_t *touched; /* [2 x n_gates] gates that may have room since they were looked at */
    uint32_t n_touched;
    struct owner *owners; /* [n_owners], at least one */
    uint32_t n_stopped;
    uint32_t done, skipped;
};

static void queue_push(struct queue *queue, uint32_t *next, uint32_t op)
{
    next[op] = CSIN_NONE;
    if (queue->head == CSIN_NONE)
        queue->head = op;
    else
        next[queue->tail] = op;
    queue->tail = op;
}

static uint32_t queue_pop(struct queue *queue, const uint32_t *next)
{
    uint32_t op = queue->head;
    if (op != CSIN_NONE)
        queue->head = next[op];
    return op;
}

struct csin_dispatch *csin_dispatch_create(const struct csin_schedule *schedule, double *start_s,
                                           double *finish_s)
{
    size_t n = (size_t)schedule->n_ops + 1, n_gates = (size_t)schedule->n_gates + 1;
    struct csin_dispatch *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->s = schedule;
    d->start_s = start_s;
    d->finish_s = finish_s;
    d->ready = (struct queue){CSIN_NONE, CSIN_NONE};
    d->waits = malloc(n * sizeof *d->waits);
    d->next = malloc(n * sizeof *d->next);
    d->fresh = malloc(n * sizeof *d->fresh);
    d->gates = calloc(n_gates, sizeof *d->gates);
    d->touched = malloc(2 * n_gates * sizeof *d->touched);
    d->owners = calloc((size_t)schedule->n_owners + 1, sizeof *d->owners);
    if (!d->waits || !d->next || !d->fresh || !d->gates || !d->touched || !d->owners ||
        !csin_schedule_successors(schedule, &d->succ_first, &d->succ)) {
        csin_dispatch_destroy(d);
        return NULL;
    }
    csin_touch(d->waits, n * sizeof *d->waits);
    csin_touch(d->next, n * sizeof *d->next);
    for (uint32_t op = 0; op < schedule->n_ops; op++) {
        start_s[op] = finish_s[op] = -1;
        d->waits[op] = (uint32_t)(schedule->dep_first[op + 1] - schedule->dep_first[op]);
    }
    for (uint32_t gate = 0; gate < schedule->n_gates; gate++)
        d->gates[gate].queue = (struct queue){CSIN_NONE, CSIN_NONE};
    for (uint32_t i = 0; i < schedule->n_spans; i++) {
        struct owner *owner = &d->owners[schedule->spans[i].owner];
        if (owner->end_span == 0)
            owner->first_span = i;
        owner->end_span = i + 1;
    }
    return d;
}

void csin_dispatch_destroy(struct csin_dispatch *d)
{
    if (!d)
        return;
    free(d->succ_first);
    free(d->succ);
    free(d->waits);
    free(d->next);
    free(d->fresh);
    free(d->gates);
    free(d->touched);
    free(d->owners);
    free(d);
}

void csin_dispatch_begin(struct csin_dispatch *d)
{
    for (uint32_t op = 0; op < d->s->n_ops; op++)
        if (d->waits[op] == 0)
            d->fresh[d->n_fresh++] = op;
}

static void move_to(struct csin_dispatch *d, uint32_t op, enum place place)
{
    d->waits[op] = (uint32_t)place;
}

static bool is_at(const struct csin_dispatch *d, uint32_t op, enum place place)
{
    return d->waits[op] == (uint32_t)place;
}

/* Its successors have one thing less to wait for. */
static void let_go(struct csin_dispatch *d, uint32_t op)
{
    d->done++;
    move_to(d, op, OVER);
    for (uint32_t k = d->succ_first[op]; k < d->succ_first[op + 1]; k++)
        if (--d->waits[d->succ[k]] == 0)
            d->fresh[d->n_fresh++] = d->succ[k];
}

static void free_place(struct csin_dispatch *d, uint32_t gate)
{
    d->gates[gate].in_flight--;
    if (!d->gates[gate].touched) {
        d->gates[gate].touched = true;
        d->touched[d->n_touched++] = gate;
    }
}

/* The gate that `op` went through before it and holds a place in for it; CSIN_NONE: none. */
static uint32_t held_for(const struct csin_dispatch *d, uint32_t op)
{
    uint32_t gate = op > 0 ? d->s->gate[op - 1] : CSIN_NONE;
    return gate != CSIN_NONE && d->s->gates[gate].hold ? gate : CSIN_NONE;
}

/* Gives back the places of an operation that is over. `passed`: it went through its gate, and if
 * that holds, this is for the operation behind to give back, unless it never began. */
static void leave_gates(struct csin_dispatch *d, uint32_t op, bool passed)
{
    uint32_t gate = d->s->gate[op], held = held_for(d, op);
    if (gate != CSIN_NONE && passed && (!d->s->gates[gate].hold || d->start_s[op] < 0))
        free_place(d, gate);
    if (held != CSIN_NONE && d->start_s[op - 1] >= 0)
        free_place(d, held);
}

static void skip(struct csin_dispatch *d, uint32_t op)
{
    bool passed = is_at(d, op, READY) || is_at(d, op, WITH_ENGINE);
    d->skipped++;
    let_go(d, op);
    leave_gates(d, op, passed);
}

static void finish(struct csin_dispatch *d, uint32_t op, double now)
{
    d->finish_s[op] = now;
    let_go(d, op);
    leave_gates(d, op, true);
}

void csin_dispatch_finished(struct csin_dispatch *d, uint32_t op, double now)
{
    assert(is_at(d, op, WITH_ENGINE));
    finish(d, op, now);
}

void csin_dispatch_dropped(struct csin_dispatch *d, uint32_t op)
{
    assert(is_at(d, op, WITH_ENGINE));
    skip(d, op);
}

/* Operations that take no time never reach the engine. */
static void make_ready(struct csin_dispatch *d, uint32_t op, double now)
{
    if (csin_is_delay(d->s, op) && d->s->amount[op].delay_s == 0) {
        d->start_s[op] = now;
        finish(d, op, now);
        return;
    }
    move_to(d, op, READY);
    queue_push(&d->ready, d->next, op);
}

/* The head of a gate's queue; CSIN_NONE when it is empty. */
static uint32_t next_at_gate(struct csin_dispatch *d, struct gate_state *state)
{
    uint32_t op = queue_pop(&state->queue, d->next);
    while (op != CSIN_NONE && is_at(d, op, OVER))
        op = queue_pop(&state->queue, d->next);
    return op;
}

/* Lets the head of the queue through as long as there is room. */
static void open_gate(struct csin_dispatch *d, uint32_t gate, double now)
{
    struct gate_state *state = &d->gates[gate];
    const struct csin_gate *spec = &d->s->gates[gate];
    if (now > spec->close_s) {
        for (uint32_t op; (op = next_at_gate(d, state)) != CSIN_NONE;)
            skip(d, op);
        return;
    }
    for (uint32_t op;
         state->in_flight < spec->limit && (op = next_at_gate(d, state)) != CSIN_NONE;) {
        state->in_flight++;
        make_ready(d, op, now);
    }
}

static bool is_stopped(const struct csin_dispatch *d, uint32_t op)
{
    return d->n_stopped > 0 && d->owners[csin_schedule_owner(d->s, op)].is_stopped;
}

static void welcome(struct csin_dispatch *d, uint32_t op, double now)
{
    uint32_t gate = d->s->gate[op];
    bool without_first = held_for(d, op) != CSIN_NONE && d->finish_s[op - 1] < 0;
    if (without_first || is_stopped(d, op)) {
        skip(d, op);
    } else if (gate != CSIN_NONE) {
        move_to(d, op, AT_GATE);
        queue_push(&d->gates[gate].queue, d->next, op);
        open_gate(d, gate, now);
    } else {
        make_ready(d, op, now);
    }
}

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort(uint32_t *items, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (items[i - 1] > items[i]) {
            qsort(items, n, sizeof *items, by_index);
            return;
        }
}

/* The gates with room. More of them, or the same ones again, may get room meanwhile. */
static void open_touched(struct csin_dispatch *d, double now)
{
    uint32_t n = d->n_touched;
    sort(d->touched, n);
    for (uint32_t i = 0; i < n; i++) {
        d->gates[d->touched[i]].touched = false;
        open_gate(d, d->touched[i], now);
    }
    d->n_touched -= n;
    memmove(d->touched, d->touched + n, d->n_touched * sizeof *d->touched);
}

/* Generation by generation: what one lets go at once (delays of 0 s, skipped operations) is the
 * next. An operation is fresh once, so n_ops entries are room enough. */
static void settle(struct csin_dispatch *d, double now)
{
    uint32_t from = 0;
    while (d->n_touched > 0 || from < d->n_fresh) {
        open_touched(d, now);
        uint32_t to = d->n_fresh;
        sort(d->fresh + from, to - from);
        for (; from < to; from++)
            welcome(d, d->fresh[from], now);
    }
    d->n_fresh = 0;
}

/* What it has not begun is skipped; what is fresh will be when it is welcomed. */
static void stop_span(struct csin_dispatch *d, uint32_t first, uint32_t n,
                      void (*in_flight)(void *arg, uint32_t op), void *arg)
{
    for (uint32_t op = first; op < first + n; op++) {
        if (is_at(d, op, AT_GATE) || is_at(d, op, READY))
            skip(d, op);
        else if (is_at(d, op, WITH_ENGINE) && in_flight)
            in_flight(arg, op);
    }
}

void csin_dispatch_stop(struct csin_dispatch *d, uint32_t owner,
                        void (*in_flight)(void *arg, uint32_t op), void *arg)
{
    const struct csin_schedule *s = d->s;
    struct owner *it = &d->owners[owner];
    assert(!it->is_stopped);
    it->is_stopped = true;
    d->n_stopped++;
    if (s->n_spans == 0) /* then all is of owner 0 */
        stop_span(d, 0, owner == 0 ? s->n_ops : 0, in_flight, arg);
    for (uint32_t i = it->first_span; i < it->end_span; i++)
        if (s->spans[i].owner == owner)
            stop_span(d, s->spans[i].first, s->spans[i].n, in_flight, arg);
}

bool csin_dispatch_next(struct csin_dispatch *d, double now, uint32_t *ret_op)
{
    if (d->n_fresh > 0 || d->n_touched > 0)
        settle(d, now);
    uint32_t op = queue_pop(&d->ready, d->next);
    while (op != CSIN_NONE && is_at(d, op, OVER))
        op = queue_pop(&d->ready, d->next);
    if (op == CSIN_NONE)
        return false;
    d->start_s[op] = now;
    move_to(d, op, WITH_ENGINE);
    *ret_op = op;
    return true;
}

uint32_t csin_dispatch_done(const struct csin_dispatch *d)
{
    return d->done;
}

uint32_t csin_dispatch_skipped(const struct csin_dispatch *d)
{
    return d->skipped;
}
