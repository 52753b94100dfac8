/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plan as text: for people, for programs, and as the file that csin sim --plan reads back. */
#ifndef CSIN_REPORTS_PLAN_REPORT_H
#define CSIN_REPORTS_PLAN_REPORT_H

#include <stdio.h>

#include "plan/plan.h"

/* 80 columns: what changes, what it is worth, why. */
void csin_plan_report_text(const struct csin_plan *plan, FILE *out);
void csin_plan_report_json(const struct csin_plan *plan, FILE *out);
/* Markdown for a pull request (reports/report_md.c). */
void csin_plan_report_md(const struct csin_plan *plan, FILE *out);
/* The overlay (sim/overlay.h); `tables` is the name of the file of its forwarding tables, relative
 * to its own folder, NULL where it has none. */
void csin_plan_write_yaml(const struct csin_plan *plan, const char *tables, FILE *out);

#endif
