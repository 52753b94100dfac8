/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The axes of a sweep with their values: what csin_sweep_open begins with. */
#ifndef CSIN_PLAN_SWEEP_AXES_H
#define CSIN_PLAN_SWEEP_AXES_H

#include "plan/sweep.h"

/* Fills sweep->axes. `base`: the scenario as it is, for `each-cable` and `each-switch`. Reports
 * what is wrong with axes (CSIN-884, CSIN-885). */
enum csin_status csin_sweep_axes(struct csin_sweep *sweep, const struct csin_scenario *base,
                                 struct csin_diag *diag);

/* Opens the scenario with the first value of one axis, and the other axes as the files have them;
 * what is wrong with it goes to `diag`. */
enum csin_status csin_axis_try(const struct csin_sweep *sweep, uint32_t axis,
                               struct csin_diag *diag);

#endif
