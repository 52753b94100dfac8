/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A report for a browser: one HTML file that asks for nothing else.
 *
 *     template  reports/html/page.html    style    reports/html/style.css
 *     script    reports/html/app.js       charts   third-party/d3/d3.min.js
 *     + data: one JSON document a part, each in a <script> of its own, and the fabric's drawing
 *
 * The files are part of the program (tools/embed.py). The script has a table of sections and shows
 * those whose data are there, so a part that a result has not costs nothing, and a new one is a
 * function here and an entry there. Text of users gets into a page as JSON (base/json.h writes no
 * '<') or escaped. */
#ifndef CSIN_REPORTS_PAGE_H
#define CSIN_REPORTS_PAGE_H

#include <stdio.h>

#include "plan/plan.h"
#include "sim/metrics.h"
#include "topo/bom.h"
#include "topo/export.h"
#include "topo/findings.h"

/* What a page shows: all may be NULL but `fabric` with its facts. */
struct csin_page {
    const char *title;
    const struct csin_fabric *fabric;
    const struct csin_fabric_facts *facts;
    const struct csin_result *result; /* as planned, where there is a plan */
    const struct csin_plan *plan;     /* whose `before` is shown as well */
    const struct csin_bom *bom;
    const struct csin_findings *findings;
    unsigned picture; /* for csin_picture_write (reports/picture.h) */
};

void csin_page_write(const struct csin_page *page, FILE *out);

/* ---- parts ---- */

/* Arcs listed of a result; of more, the zones that the worst are in, whole. */
#define CSIN_MAX_LISTED_ARCS 12000u

/* What pictures are made of, in columns and rounded to four digits: arcs and who loads them, series
 * over time, bars, events, slowdowns. */
void csin_page_write_view(const struct csin_result *result, FILE *out);
/* What can be said of the fabric alone. */
void csin_page_write_facts(const struct csin_fabric *fabric, const struct csin_fabric_facts *facts,
                           FILE *out);
/* The mean use of the busier way of each cable [n_cables], malloc'ed; NULL without memory. */
double *csin_page_cable_use(const struct csin_result *result);

#endif
