/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sweep: one scenario at many points. Its axes are worked out into values, their product is
 * thinned by constraints and sampling, and each point has a key of its own:
 *
 *     sweep file -> axes with values -> product -> constraints -> sample -> points
 *                                                                           |
 *                                    scenario as changed <- csin_point_run <+
 *
 * Whoever runs points decides where and in which order; what a point gives depends on nothing but
 * the point. */
#ifndef CSIN_PLAN_SWEEP_H
#define CSIN_PLAN_SWEEP_H

#include <stdio.h>

#include "plan/sweep_number.h"
#include "plan/sweep_spec.h"
#include "sim/metrics.h"
#include "topo/parts.h"

enum csin_axis_kind {
    CSIN_AXIS_VALUES, /* of paths */
    CSIN_AXIS_DEAD_CABLES,
    CSIN_AXIS_DEAD_SWITCHES,
    CSIN_AXIS_EACH_CABLE, /* `none`, then each of them */
    CSIN_AXIS_EACH_SWITCH
};

struct csin_axis_value {
    struct csin_value value;
    struct csin_number number;
    struct csin_sha256 file; /* of the file that it names; empty where it names none */
};

struct csin_axis {
    const char *name;
    enum csin_axis_kind kind;
    enum csin_among among;
    struct csin_loc loc;
    const struct csin_text *paths; /* [n_paths]; NULL of faults */
    uint32_t n_paths;
    struct csin_axis_value *values; /* [n_values] */
    uint32_t n_values;
};

struct csin_sweep {
    struct csin_arena *arena;
    struct csin_sweep_spec spec;
    const char *name, *scenario;              /* its path */
    struct csin_sha256 text;                  /* of the sweep file */
    struct csin_sha256 inputs;                /* of all that a point depends on but for its knobs */
    struct csin_input files[CSIN_MAX_INPUTS]; /* [n_files] of the scenario as it is */
    uint32_t n_files;
    const struct csin_parts *parts; /* NULL: nothing is priced */
    const char *engine;             /* NULL: an axis says */
    uint64_t seed;                  /* of the first repetition, and of all that is drawn */
    bool seed_given;                /* else that of the scenario */
    uint32_t repeat;
    struct csin_axis *axes;
    uint32_t n_axes;
    uint64_t n_product;     /* with repetitions, before constraints */
    const uint64_t *points; /* [n_points] numbers in the product, ascending */
    uint32_t n_points;
    uint32_t n_left_out; /* by constraints and sampling */
};

/* One point, worked out. */
struct csin_point {
    uint64_t number; /* in the product: orders points as the file does */
    uint32_t repetition;
    uint32_t at[CSIN_MAX_AXES]; /* the value of each axis */
    struct csin_sha256 key;     /* of its knobs and of sweep->inputs */
};

/* Reads the sweep at `path`, checks its scenario and works out the points. Everything lies in
 * `arena`, which messages borrow from too. Reports every mistake it can; the scenario has to be
 * right as it is. */
enum csin_status csin_sweep_open(const char *path, struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_sweep **ret_sweep);

/* The point `i` of n_points. O(axes). */
void csin_sweep_point(const struct csin_sweep *sweep, uint32_t i, struct csin_point *ret_point);
/* What an axis shows at a point. */
static inline const char *csin_point_value(const struct csin_sweep *sweep,
                                           const struct csin_point *point, uint32_t axis)
{
    return sweep->axes[axis].values[point->at[axis]].value.text;
}

/* What a runner of many points remembers of jobs and streams that ran alone. */
struct csin_alone;
struct csin_alone *csin_alone_create(void); /* NULL without memory, which is as good as none */
void csin_alone_destroy(struct csin_alone *alone);

/* Runs a point and writes its numbers to `out`, a line each: kind,name,step,metric,unit,value, as
 * csin_report_csv does; `write` is what writes those of a result. `diag` gets what is wrong with a
 * point that is none, and borrows from `arena`. `alone` may be NULL. CSIN_E_NO: files are not
 * what they were when the sweep was opened (CSIN-892). */
enum csin_status csin_point_run(const struct csin_sweep *sweep, const struct csin_point *point,
                                struct csin_alone *alone,
                                void (*write)(const struct csin_result *result, FILE *out),
                                struct csin_arena *arena, struct csin_diag *diag, FILE *out);

#endif
