/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a sweep has found, in one SQLite file. A point is written in one transaction, so it is there
 * with all its numbers or not at all, whenever the program or the machine stops.
 *
 *     sweep    key, value                          what made the points: version, digests, files
 *     axes     axis, name, path                    in the order of the sweep file
 *     points   point, key, number, repetition, status, message, seconds
 *     knobs    point, axis, value                  the text on each axis
 *     metrics  metric, name, unit
 *     numbers  point, metric, value
 *     shown    metric, over_axis, by_axis, title   what the sweep file asks to be shown
 *
 * docs/config-reference.md shows how to ask it. */
#ifndef CSIN_REPORTS_SWEEP_STORE_H
#define CSIN_REPORTS_SWEEP_STORE_H

#include "plan/sweep.h"

enum csin_point_fate {
    CSIN_POINT_OK,
    CSIN_POINT_WRONG,  /* the knobs make no scenario: nothing else will come of it */
    CSIN_POINT_FAILED, /* the simulation could not finish */
    CSIN_POINT_CRASHED,
    CSIN_N_POINT_FATES
};
extern const char *const csin_point_fate_names[]; /* ok, wrong, failed, crashed */

struct csin_store;

/* Opens the file for the points of `sweep`, or makes it. Reports one that is no such file
 * (CSIN-889), holds the points of another sweep (CSIN-890), or that another process writes
 * (CSIN-891). */
enum csin_status csin_store_open(const char *path, const struct csin_sweep *sweep,
                                 struct csin_diag *diag, struct csin_store **ret_store);
void csin_store_close(struct csin_store *store);
/* In a forked process: lets go of what must not outlive the parent. */
void csin_store_forget(struct csin_store *store);

/* Whether there is something of this point already. */
bool csin_store_has(struct csin_store *store, const struct csin_sha256 *key);
/* Leaves the same out in what is asked of this one: the points of another file. */
enum csin_status csin_store_know(struct csin_store *store, const char *path,
                                 struct csin_diag *diag);

/* Forgets points that failed or crashed, so that they are run again. */
enum csin_status csin_store_drop_failed(struct csin_store *store, struct csin_diag *diag);

struct csin_outcome {
    enum csin_point_fate fate;
    const char *message; /* of what is not ok; NULL */
    double seconds;
    const char *rows; /* lines of kind,name,step,metric,unit,value */
};
/* Writes a point; CSIN_E_FAILED (CSIN-894) where that cannot be. */
enum csin_status csin_store_put(struct csin_store *store, const struct csin_point *point,
                                const struct csin_outcome *outcome, struct csin_diag *diag);

/* Adds the points of other files of the same sweep; what is there already stays. The file is made
 * where it is not there. *ret_n: how many came. */
enum csin_status csin_store_merge(const char *path, const char *const *from, uint32_t n_from,
                                  struct csin_diag *diag, uint64_t *ret_n);

/* How many points a file has, without disturbing who writes it; 0 where it cannot be read. */
uint64_t csin_store_count(const char *path);

/* ---- all of it in memory ---- */

struct csin_swept_metric {
    const char *name, *unit;
};
struct csin_swept_axis {
    const char *name, *of;
    bool numeric; /* every value is a number, all of one kind */
    uint32_t n_values;
    const char **values; /* distinct, in order: of size, or as they first come */
    struct csin_number *numbers;
};
struct csin_swept_point {
    const char *key;
    uint64_t number;
    uint32_t repetition;
    enum csin_point_fate fate;
    const char *message;
    double seconds;
    uint32_t at[CSIN_MAX_AXES]; /* index of the value of each axis; CSIN_NONE */
    const double *metrics;      /* [n_metrics]; NAN: none */
};
struct csin_swept_show {
    const char *metric, *over, *by, *title; /* by, title: NULL */
};

struct csin_swept {
    const char *name, *scenario, *version, *digest; /* digest of the sweep file */
    const char *parts, *fabric;                     /* files; NULL */
    struct csin_swept_axis *axes;
    uint32_t n_axes;
    struct csin_swept_metric *metrics;
    uint32_t n_metrics;
    struct csin_swept_point *points; /* by number, then key */
    uint32_t n_points, n_of[CSIN_N_POINT_FATES];
    struct csin_swept_show *shows;
    uint32_t n_shows;
};

/* Reads a file, everything into `arena`. */
enum csin_status csin_swept_read(const char *path, struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_swept *ret_swept);

#endif
