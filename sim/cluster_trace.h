/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jobs of the past: a table in CSV, or what `sacct -P` prints of Slurm's accounting. */
#ifndef CSIN_SIM_CLUSTER_TRACE_H
#define CSIN_SIM_CLUSTER_TRACE_H

#include "sim/cluster_spec.h"

struct csin_trace {
    struct csin_cluster_job_spec *jobs; /* [n_jobs] */
    uint32_t n_jobs;
    uint32_t n_steps;   /* lines of sacct about a step of a job: left out */
    uint32_t n_skipped; /* jobs of sacct that never ran: left out */
};

/* Reads the text of a trace. Its first line names the columns.
 *
 * csv: name, hosts, and time or rounds are required; arrive, template, priority, zone. As in YAML
 * times have units. sacct: JobID, Submit, Elapsed and NNodes are required; JobName, State and
 * Priority are looked at, and the column of spec->column; others are not. Elapsed is taken for the
 * time alone, and jobs arrive when they were submitted, the first at 0.
 *
 * Reports all that is wrong, with places. Everything lies in `arena`. */
enum csin_status csin_trace_read(const struct csin_trace_spec *spec, const char *file,
                                 const char *text, size_t bytes, struct csin_arena *arena,
                                 struct csin_diag *diag, struct csin_trace *ret_trace);

#endif
