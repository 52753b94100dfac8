/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run looked like over time: rates that engines tell as they change, kept as the exact means
 * of intervals that are all of one length. There are never more than so many intervals: when the
 * run outgrows them, neighbours are added up two by two and the length doubles. So memory has a
 * bound that does not depend on the run, and nothing that happens between two samples is missed.
 *
 *     rate    __    ____
 *          __|  |__|    |____      told as it changes
 *     sum  |  . |. .|. . |. |      bytes of each interval: the area below
 *
 * All of it lies in memory that a forked child shares with its parent. */
#ifndef CSIN_SIM_RECORDER_H
#define CSIN_SIM_RECORDER_H

#include "sim/inside.h"

#define CSIN_MAX_SAMPLES 1000u /* intervals of a series */

/* Series of one length. */
struct csin_samples {
    uint32_t n_series, n_room; /* n_room: intervals at most, an even number */
    double width_s;            /* of an interval */
    double end_s;              /* up to which all is counted, after csin_recorder_end */
    double *sum;               /* [n_series][n_room] of the rate times its time */
    double *rate;              /* [n_series] of now */
    double *since_s;           /* [n_series] up to which `sum` counts */
};

/* Arcs of one place (csin_arc_place), or resources of one kind inside hosts, added up. */
struct csin_recorder_group {
    const char *place;
    uint32_t n_arcs;
    double capacity_Bps; /* of those that work as the run begins */
};
#define CSIN_MAX_GROUPS (2 * CSIN_N_PLACES + CSIN_N_INSIDE_KINDS)

struct csin_recorder {
    struct csin_samples arcs;   /* by arc, then resources inside hosts; fewer intervals where there
                                   are very many arcs */
    struct csin_samples groups; /* by group, bytes/s; then by group how many of its arcs are full */
    struct csin_samples owners; /* by job and stream: what its transfers move, bytes/s */
    struct csin_recorder_group group[CSIN_MAX_GROUPS];
    uint32_t n_groups, n_owners;
    uint8_t *group_of_arc; /* [n_arcs + resources inside hosts] */
    bool *is_full;         /* the same */
    size_t memory_bytes;   /* of all of this */
};

/* `width_s` is how long intervals are at first (> 0); a good guess saves the doubling. `inside`
 * NULL: hosts have no inside. NULL without
 * memory. O(arcs). */
struct csin_recorder *csin_recorder_create(const struct csin_fabric *fabric,
                                           const struct csin_inside *inside, uint32_t n_owners,
                                           double width_s);
void csin_recorder_destroy(struct csin_recorder *recorder);

/* ---- for engines; the clock never runs back by more than rounding ---- */

/* From `now` on the arc carries load_Bps, and is full or not. */
void csin_recorder_load(struct csin_recorder *recorder, uint32_t arc, double load_Bps, bool full,
                        double now_s);
/* From `now` on the owner's transfers move so much more, or less. */
void csin_recorder_rate(struct csin_recorder *recorder, uint32_t owner, double change_Bps,
                        double now_s);
/* The run is over. */
void csin_recorder_end(struct csin_recorder *recorder, double now_s);

/* ---- for readers, after the end ---- */

/* Intervals that the run filled; the last one may be filled in part. */
uint32_t csin_samples_count(const struct csin_samples *samples);
/* The mean of interval i. */
double csin_samples_mean(const struct csin_samples *samples, uint32_t series, uint32_t i);

#endif
