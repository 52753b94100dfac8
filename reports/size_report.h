/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sizing (plan/size.h) for people, for programs, and as a drawing. */
#ifndef CSIN_REPORTS_SIZE_REPORT_H
#define CSIN_REPORTS_SIZE_REPORT_H

#include <stdio.h>

#include "plan/size.h"

struct csin_size_writer {
    const char *name, *extension;
    void (*write)(const struct csin_sizing *sizing, FILE *out);
};
extern const struct csin_size_writer csin_size_writers[]; /* ends with name NULL */

/* 80 columns: the set, who is beaten by whom, why. */
void csin_size_write_text(const struct csin_sizing *sizing, FILE *out);
void csin_size_write_json(const struct csin_sizing *sizing, FILE *out);
/* Price of the network against the time of a step (without workloads: against oversubscription),
 * the set marked and lettered as in the text. Shapes differ in form as well as in colour; the
 * colours are those of Okabe and Ito, which the colour-blind can tell apart. */
void csin_size_write_svg(const struct csin_sizing *sizing, FILE *out);

/* The letter of a member of the set: A for the first, Z for the 26th, then A1. */
struct csin_letter {
    char s[12];
};
struct csin_letter csin_size_letter(const struct csin_sizing *sizing, uint32_t candidate);

#endif
