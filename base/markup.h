/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text inside HTML, SVG and XML, which nothing in it can leave. */
#ifndef CSIN_BASE_MARKUP_H
#define CSIN_BASE_MARKUP_H

#include <stdio.h>

/* For an element or an attribute in double quotes: < > & " are escaped; control characters, but for
 * line feeds, become spaces. */
void csin_markup_text(FILE *out, const char *text);

#endif
