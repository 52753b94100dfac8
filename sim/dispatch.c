/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dispatch. An operation is in exactly one place at a time:
 *
 *     waiting (count > 0) -> fresh -> [queue of its gate] -> ready -> with the engine -> done
 *                               \-> done (delays of 0 s; operations at a closed gate)
 *
 * Finishing only counts down; what that lets go is sorted out in one go, by settle(), when the
 * engine asks for the next operation. Whatever order an engine reports the finishes of one instant
 * in, what starts then, and in which order, is the same: gate queues first, then fresh operations
 * by index. */
#include "sim/dispatch.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"

struct queue { /* a list through dispatch.next */
    uint32_t head, tail;
};

struct gate_state {
    struct queue queue;
    uint32_t in_flight;
    bool touched; /* is in dispatch.touched */
};

struct csin_dispatch {
    const struct csin_schedule *s;
    double *start_s, *finish_s;
    uint32_t *succ_first, *succ; /* who waits for an operation */
    uint32_t *waits;             /* [n_ops] dependencies not finished yet */
    uint32_t *next;              /* [n_ops] links of `ready` and of the gates' queues */
    uint32_t *fresh;             /* [n_ops] room for operations just let go */
    uint32_t n_fresh;
    struct queue ready;
    struct gate_state *gates;
    uint32_t *touched; /* [n_gates] gates that may have room since the last settle() */
    uint32_t n_touched;
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
    d->touched = malloc(n_gates * sizeof *d->touched);
    if (!d->waits || !d->next || !d->fresh || !d->gates || !d->touched ||
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
    free(d);
}

void csin_dispatch_begin(struct csin_dispatch *d)
{
    for (uint32_t op = 0; op < d->s->n_ops; op++)
        if (d->waits[op] == 0)
            d->fresh[d->n_fresh++] = op;
}

/* An operation is over, or was skipped: its successors have one thing less to wait for. */
static void let_go(struct csin_dispatch *d, uint32_t op)
{
    d->done++;
    for (uint32_t k = d->succ_first[op]; k < d->succ_first[op + 1]; k++)
        if (--d->waits[d->succ[k]] == 0)
            d->fresh[d->n_fresh++] = d->succ[k];
}

static void skip(struct csin_dispatch *d, uint32_t op)
{
    d->skipped++;
    let_go(d, op);
}

void csin_dispatch_finished(struct csin_dispatch *d, uint32_t op, double now)
{
    assert(d->start_s[op] >= 0 && d->finish_s[op] < 0);
    d->finish_s[op] = now;
    let_go(d, op);
    uint32_t gate = d->s->gate[op];
    if (gate == CSIN_NONE)
        return;
    d->gates[gate].in_flight--;
    if (!d->gates[gate].touched) {
        d->gates[gate].touched = true;
        d->touched[d->n_touched++] = gate;
    }
}

/* Lets the head of the queue through as long as there is room. */
static void open_gate(struct csin_dispatch *d, uint32_t gate, double now)
{
    struct gate_state *state = &d->gates[gate];
    const struct csin_gate *spec = &d->s->gates[gate];
    if (now > spec->close_s) {
        for (uint32_t op; (op = queue_pop(&state->queue, d->next)) != CSIN_NONE;)
            skip(d, op);
        return;
    }
    for (uint32_t op;
         state->in_flight < spec->limit && (op = queue_pop(&state->queue, d->next)) != CSIN_NONE;) {
        state->in_flight++;
        queue_push(&d->ready, d->next, op);
    }
}

static void welcome(struct csin_dispatch *d, uint32_t op, double now)
{
    uint32_t gate = d->s->gate[op];
    if (gate != CSIN_NONE) {
        queue_push(&d->gates[gate].queue, d->next, op);
        open_gate(d, gate, now);
    } else if (csin_is_delay(d->s, op) && d->s->amount[op].delay_s == 0) {
        d->start_s[op] = d->finish_s[op] = now;
        let_go(d, op);
    } else {
        queue_push(&d->ready, d->next, op);
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

/* Generation by generation: what one lets go at once (delays of 0 s, skipped operations) is the
 * next. An operation is fresh once, so n_ops entries are room enough. */
static void settle(struct csin_dispatch *d, double now)
{
    sort(d->touched, d->n_touched);
    for (uint32_t i = 0; i < d->n_touched; i++) {
        d->gates[d->touched[i]].touched = false;
        open_gate(d, d->touched[i], now);
    }
    d->n_touched = 0;
    for (uint32_t from = 0; from < d->n_fresh;) {
        uint32_t to = d->n_fresh;
        sort(d->fresh + from, to - from);
        for (; from < to; from++)
            welcome(d, d->fresh[from], now);
    }
    d->n_fresh = 0;
}

bool csin_dispatch_next(struct csin_dispatch *d, double now, uint32_t *ret_op)
{
    if (d->n_fresh > 0 || d->n_touched > 0)
        settle(d, now);
    uint32_t op = queue_pop(&d->ready, d->next);
    if (op == CSIN_NONE)
        return false;
    d->start_s[op] = now;
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
