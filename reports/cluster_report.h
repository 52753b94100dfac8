/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The result of a cluster's schedule as text: for people, for programs, for spreadsheets. */
#ifndef CSIN_REPORTS_CLUSTER_REPORT_H
#define CSIN_REPORTS_CLUSTER_REPORT_H

#include <stdio.h>

#include "sim/cluster_window.h"

struct csin_cluster_writer {
    const char *name, *extension;
    void (*write)(const struct csin_scenario *scenario, const struct csin_cluster_result *result,
                  FILE *out);
};
extern const struct csin_cluster_writer csin_cluster_writers[]; /* ends with name NULL */

/* 80 columns: how busy the cluster was, a drawing of it, templates, the jobs that matter. */
void csin_cluster_write_text(const struct csin_scenario *scenario,
                             const struct csin_cluster_result *result, FILE *out);
/* Everything, after docs/cluster.schema.json. */
void csin_cluster_write_json(const struct csin_scenario *scenario,
                             const struct csin_cluster_result *result, FILE *out);
/* One number a line: kind,name,step,metric,unit,value. */
void csin_cluster_write_csv(const struct csin_scenario *scenario,
                            const struct csin_cluster_result *result, FILE *out);

/* Of all jobs, or those of one template (CSIN_NONE: all). Of jobs that arrived by the end. */
struct csin_cluster_sum {
    uint32_t n_jobs, n_done, n_waiting; /* arrived; done; in the queue or never started */
    uint32_t n_interrupted;             /* times */
    double host_s;                      /* on hosts */
    double mean_wait_s, max_wait_s;
    double slowdown;     /* progress of all their hosts: host-seconds that ran / that were done */
    double max_slowdown; /* of a whole job */
    uint32_t slowest;    /* the job; CSIN_NONE */
};
struct csin_cluster_sum csin_cluster_sum(const struct csin_cluster *cluster,
                                         const struct csin_cluster_result *result,
                                         uint32_t of_template);

/* Of a job: time that it ran / what it did in it; 1 where it did not. */
double csin_cluster_slowdown(const struct csin_cluster_job_result *job);

#endif
