/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The result of a simulation as text: one writer a format behind a table. */
#ifndef CSIN_REPORTS_REPORT_H
#define CSIN_REPORTS_REPORT_H

#include <stdio.h>

#include "sim/metrics.h"

struct csin_page;

struct csin_report_writer {
    const char *name;      /* of --format */
    const char *extension; /* of the file it suits, with the dot */
    const char *what;      /* one line for --help */
    void (*write)(const struct csin_result *result, FILE *out);
    /* In place of `write`, for those that draw: they need the fabric's facts and a timeline. */
    void (*write_page)(const struct csin_page *page, FILE *out);
};

extern const struct csin_report_writer csin_report_writers[]; /* ends with name NULL */

/* For a terminal of 80 columns: verdict, jobs, storage, the ten worst arcs and who loads them. */
void csin_report_text(const struct csin_result *result, FILE *out);
/* Everything, after docs/result.schema.json. */
void csin_report_json(const struct csin_result *result, FILE *out);
/* The same but for the arcs, which may be very many. */
void csin_report_json_without_arcs(const struct csin_result *result, FILE *out);
/* One number a line: kind,name,step,metric,unit,value. */
void csin_report_csv(const struct csin_result *result, FILE *out);
/* Markdown for a pull request. */
void csin_report_md(const struct csin_result *result, FILE *out);

/* The lines of it that say what became of the scenario, its jobs and its streams, without a head:
 * what a sweep collects. */
void csin_report_metrics(const struct csin_result *result, FILE *out);

/* What a step does, in few words: "allreduce ring 186 MiB". */
struct csin_step_words {
    char s[96];
};
struct csin_step_words csin_step_words(const struct csin_step *step);

#endif
