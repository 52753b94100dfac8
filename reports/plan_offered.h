/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The offered load of a plan (plan/offered.h) as matrices: for each phase what goes from leaf to
 * leaf and from host to host, with the owner and its class. */
#ifndef CSIN_REPORTS_PLAN_OFFERED_H
#define CSIN_REPORTS_PLAN_OFFERED_H

#include <stdio.h>

#include "base/json.h"
#include "plan/plan.h"

/* What JSON has of it at most; the rest is counted. CSV has all. */
#define CSIN_OFFERED_PHASES 1000u
#define CSIN_OFFERED_LEAF_PAIRS 10000u /* of all phases together */
#define CSIN_OFFERED_HOST_PAIRS 2000u

/* matrix,phase,owner,class,step,times,from,to,rate_Bps: a line for each pair of leaves, then of
 * hosts, of each phase that offers each other something. Pairs of a leaf with itself are there.
 * False without memory. */
bool csin_offered_write_csv(const struct csin_plan *plan, FILE *out);

/* The key "offered". */
void csin_offered_write_json(const struct csin_plan *plan, struct csin_json *json);

/* A line for each job and stream, ten at most: phases, flows, what leaves a leaf and a zone, the
 * leaf that sends most. */
void csin_offered_write_text(const struct csin_plan *plan, FILE *out);

#endif
