/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pieces of SVG that pictures of reports have in common. Text is escaped. */
#ifndef CSIN_REPORTS_SVG_H
#define CSIN_REPORTS_SVG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Colours of Okabe and Ito, dark enough on white, that the colour-blind can tell apart. */
const char *csin_svg_hue(uint32_t i);

void csin_svg_open(FILE *out, double width, double height, const char *title);
void csin_svg_close(FILE *out);
/* anchor: start, middle or end; `soft`: in grey. */
void csin_svg_text(FILE *out, double x, double y, const char *anchor, bool soft, const char *text);

#endif
