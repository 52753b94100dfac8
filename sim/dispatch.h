/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs the DAG of a schedule for an engine: counts dependencies down, holds operations at gates,
 * and hands out what may start. The engine keeps the clock and moves the bytes:
 *
 *     csin_dispatch_begin                   everything that depends on nothing becomes ready
 *     while csin_dispatch_next gives an op: the engine starts it
 *     when ops finish at `now`: csin_dispatch_finished for each of them, then csin_dispatch_next
 * again
 *
 * Delays of 0 s are finished here and never reach the engine. Operations that may start at the same
 * time come in the order in which a gate held them, then by index; report all finishes of one
 * instant before asking for the next operation, and the order does not depend on the order of the
 * reports.
 *
 * An operation whose turn at its gate comes later than close_s is skipped: it counts as done, its
 * start and finish stay -1, and its successors are let go at that moment (not at close_s itself).
 * Of a pair at a gate that holds, both are skipped.
 *
 * csin_dispatch_stop ends all that an owner still does: what has not started is skipped, and what
 * is with the engine is to be given back by csin_dispatch_dropped.
 *
 * Never recursive; 16 bytes an operation, 4 a dependency and 12 an owner. The schedule must have
 * passed csin_schedule_check and stays the caller's, like the arrays. */
#ifndef CSIN_SIM_DISPATCH_H
#define CSIN_SIM_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/schedule.h"

#ifdef __cplusplus
extern "C" {
#endif

struct csin_dispatch;

/* start_s, finish_s: [n_ops], owned by the caller, filled as operations start and finish: -1
 * before, and for ever in operations that were skipped at a closed gate. NULL without memory. */
struct csin_dispatch *csin_dispatch_create(const struct csin_schedule *schedule, double *start_s,
                                           double *finish_s);
void csin_dispatch_destroy(struct csin_dispatch *dispatch);

void csin_dispatch_begin(struct csin_dispatch *dispatch);
/* The next operation that may start at `now`, whose start is recorded; false when none may. */
bool csin_dispatch_next(struct csin_dispatch *dispatch, double now, uint32_t *ret_op);
void csin_dispatch_finished(struct csin_dispatch *dispatch, uint32_t op, double now);

/* Stops an owner (of csin_schedule_owner): its operations that were not handed out yet are skipped,
 * those that wait for others when these are over. Calls `in_flight`, where not NULL, for each that
 * was handed out and has not finished, in ascending order; the engine ends these too, at once or
 * from within, by csin_dispatch_dropped. Others that wait for any of them are let go as if they had
 * finished. Once for an owner. O(operations of the owner); from then on O(log spans) more for each
 * operation of anybody that becomes ready. */
void csin_dispatch_stop(struct csin_dispatch *dispatch, uint32_t owner,
                        void (*in_flight)(void *arg, uint32_t op), void *arg);
/* An operation in flight is over without having finished: its start stays, its finish stays -1, and
 * it counts as skipped. Of a pair at a gate that holds, the second one is skipped. */
void csin_dispatch_dropped(struct csin_dispatch *dispatch, uint32_t op);

/* Operations that have finished or were skipped. All are, at the end of a complete run. */
uint32_t csin_dispatch_done(const struct csin_dispatch *dispatch);
/* Operations that were skipped or dropped: those whose finish stays -1. */
uint32_t csin_dispatch_skipped(const struct csin_dispatch *dispatch);

#ifdef __cplusplus
}
#endif

#endif
