/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of csin sweep. */
#ifndef CSIN_CLI_SWEEP_H
#define CSIN_CLI_SWEEP_H

#include "reports/sweep_store.h"

struct csin_sweep_request {
    const char *sweep;        /* file */
    const char *database;     /* NAME.db of the sweep when NULL */
    const char *known;        /* a file whose points are not run again; NULL */
    uint32_t shard, n_shards; /* from 1; 0: all */
    uint32_t n_workers;
    bool retry; /* what failed or crashed */
    bool quiet; /* a shard has no summary */
    /* Slurm: tasks of the array, 0: not; options for sbatch or NULL. */
    uint32_t n_tasks;
    const char *slurm_options;
};

/* The file of a sweep's points; NULL without memory. */
const char *csin_sweep_database(const struct csin_sweep_request *request,
                                const struct csin_sweep *sweep, struct csin_arena *arena);

/* Runs what is not there yet, here. */
enum csin_status csin_sweep_run(const struct csin_sweep_request *request,
                                const struct csin_sweep *sweep, struct csin_diag *diag,
                                struct csin_arena *arena);
/* The same by a job array of Slurm, and collects what it found. */
enum csin_status csin_sweep_slurm(const struct csin_sweep_request *request,
                                  const struct csin_sweep *sweep, struct csin_diag *diag,
                                  struct csin_arena *arena);

/* Ctrl-C once lets things finish, twice stops them; SIGTERM stops them. */
void csin_sweep_catch_signals(void);
int csin_sweep_stop(void); /* CSIN_POOL_... */

/* Time left, progress. `done` of `total`; begun: when the first was. */
void csin_sweep_progress(uint64_t done, uint64_t total, double elapsed_s, uint64_t n_here,
                         const char *more);
void csin_sweep_progress_end(void);

/* Points that are there, for the summary of a sweep or for --show. */
struct csin_show_request {
    const char *database, *metric, *over, *by, *title, *format, *output;
    const char *const *where; /* [n_where] axis=value */
    uint32_t n_where;
};
enum csin_status csin_sweep_show(const struct csin_show_request *request, struct csin_arena *arena,
                                 struct csin_diag *diag);

bool csin_is_sweep(const char *path);
enum csin_status csin_check_sweep(const char *path, struct csin_arena *arena,
                                  struct csin_diag *diag);

#endif
