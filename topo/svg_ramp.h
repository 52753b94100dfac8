/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The colours of how much something is used. */
#ifndef CSIN_TOPO_SVG_RAMP_H
#define CSIN_TOPO_SVG_RAMP_H

#include "base/units.h"

/* 0 to 1: from light to dark, one hue, so that it reads in grey and by the colour-blind too. The
 * same as in reports/html/style.css. */
struct csin_shown csin_svg_ramp(double use);

#endif
