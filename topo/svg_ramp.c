/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/svg_ramp.h"

#include <math.h>
#include <stdio.h>

/* From nothing to all: one hue, darker and darker, so it reads without colours too. */
static const unsigned char ramp[][3] = {{0xe1, 0xe9, 0xf1},
                                        {0xb0, 0xcb, 0xe3},
                                        {0x64, 0x9f, 0xcd},
                                        {0x26, 0x6a, 0xa9},
                                        {0x0a, 0x2f, 0x60}};
#define RAMP_STEPS (sizeof ramp / sizeof *ramp - 1)

struct csin_shown csin_svg_ramp(double use)
{
    struct csin_shown shown;
    double at = fmin(fmax(use, 0), 1) * RAMP_STEPS;
    unsigned i = (unsigned)fmin(floor(at), RAMP_STEPS - 1), c[3];
    for (unsigned k = 0; k < 3; k++)
        c[k] = (unsigned)lround(ramp[i][k] + (at - i) * (ramp[i + 1][k] - ramp[i][k]));
    snprintf(shown.s, sizeof shown.s, "#%02x%02x%02x", c[0], c[1], c[2]);
    return shown;
}
