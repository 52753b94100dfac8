/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sentences on a screen of 80 columns. */
#ifndef CSIN_REPORTS_WRAP_H
#define CSIN_REPORTS_WRAP_H

#include <stdio.h>

/* Writes the words of `text` over lines of 80 columns; `first` stands before the first line, `next`
 * before the others. */
void csin_write_wrapped(const char *text, const char *first, const char *next, FILE *out);

#endif
