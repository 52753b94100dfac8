/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person wrote in a sweep file: plain structs that remember places. plan/sweep.h works it
 * out. docs/config-reference.md describes the keys. */
#ifndef CSIN_PLAN_SWEEP_SPEC_H
#define CSIN_PLAN_SWEEP_SPEC_H

#include "base/yaml_change.h"

#define CSIN_MAX_AXES 32u
#define CSIN_MAX_SWEPT 1000000u    /* points */
#define CSIN_MAX_PRODUCT 10000000u /* of which constraints may leave out most */
#define CSIN_MAX_CONSTRAINTS 64u
#define CSIN_MAX_SHOWN 32u

enum csin_scale { CSIN_LINEAR, CSIN_LOG };

struct csin_axis_spec {
    struct csin_text name;
    struct csin_loc loc;       /* of what stands behind the name */
    struct csin_list of;       /* of csin_text: what it changes; the name when absent */
    struct csin_list values;   /* of csin_value */
    struct csin_text from, to; /* a range, in place of values */
    struct csin_count count;   /* values of the range, ends included */
    struct csin_choice scale;  /* enum csin_scale */
    struct csin_count sample;  /* so many drawn of the values or the range */
    struct csin_choice among;  /* of faults: enum csin_among */
};

/* A table and a picture of the report. */
struct csin_show_spec {
    struct csin_text metric, over, by, title;
};

struct csin_sweep_spec {
    const char *file;
    struct csin_text name, scenario, parts;
    struct csin_count seed, repeat, sample;
    struct csin_choice engine;
    struct csin_list axes;        /* of csin_axis_spec */
    struct csin_list constraints; /* of csin_text */
    struct csin_list show;        /* of csin_show_spec */
};

/* Reads the YAML text of a sweep. `file` names it in messages and must outlive everything made from
 * it. All mistakes are reported in one run. */
enum csin_status csin_sweep_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                      const char *file, const char *text, size_t bytes,
                                      struct csin_sweep_spec *ret_spec);

/* True where the top of a YAML text has a key that only sweeps have. */
bool csin_sweep_is(const char *text, size_t bytes);

#endif
