/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Constraints of a sweep: small expressions over its axes.
 *
 *     leaves * hosts <= 64 and (routing != spray or failed == 0)
 *
 * Numbers may have units (64MiB), names are axes or values of axes, + - * / % and parentheses,
 * < <= > >= == !=, not, and, or. Nothing else: what needs more is two axes or two sweeps. */
#ifndef CSIN_PLAN_SWEEP_EXPR_H
#define CSIN_PLAN_SWEEP_EXPR_H

#include "base/yaml.h"
#include "plan/sweep_number.h"

/* What an axis stands at. */
struct csin_expr_value {
    const char *text;
    struct csin_number number; /* of CSIN_OF_NOTHING: a text */
};

/* The names that an expression may have. */
struct csin_expr_names {
    const char *const *axes; /* [n_axes] */
    uint32_t n_axes;
    const char *const *values; /* [n_values] texts on the axes, which stand for themselves */
    uint32_t n_values;
};

struct csin_expr;

/* Compiles; everything is in `arena`. Reports what is wrong with it (CSIN-886). */
enum csin_status csin_expr_read(const struct csin_text *text, const struct csin_expr_names *names,
                                struct csin_arena *arena, struct csin_diag *diag,
                                const struct csin_expr **ret_expr);

/* Whether it holds with the axes at values[n_axes]. Reports, and returns CSIN_E_INPUT, where it
 * reckons with a text or compares different kinds of numbers (CSIN-887). O(length). */
enum csin_status csin_expr_holds(const struct csin_expr *expr, const struct csin_text *text,
                                 const struct csin_expr_value *values, struct csin_diag *diag,
                                 bool *ret_holds);

#endif
