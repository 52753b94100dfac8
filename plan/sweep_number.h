/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers of which only the text says what they measure: values on an axis of a sweep. */
#ifndef CSIN_PLAN_SWEEP_NUMBER_H
#define CSIN_PLAN_SWEEP_NUMBER_H

#include <stdbool.h>

#include "base/units.h"

enum csin_measure_of {
    CSIN_OF_NOTHING, /* no number */
    CSIN_OF_COUNT,   /* a whole number written as one */
    CSIN_OF_RATIO,
    CSIN_OF_SIZE, /* bytes */
    CSIN_OF_RATE, /* bytes/s */
    CSIN_OF_TIME, /* s */
    CSIN_OF_LENGTH,
    CSIN_OF_POWER
};

struct csin_number {
    enum csin_measure_of of;
    double x; /* in the unit that csin uses inside */
};

/* CSIN_OF_NOTHING where the text is no number, with its unit if it has one. */
struct csin_number csin_number_read(const char *text);
/* A text that reads back as the number, rounded to what a person would write: counts and sizes to
 * whole ones, others to six digits. */
struct csin_shown csin_number_write(struct csin_number number);
/* The same for people: '4 MiB', '200 Gb/s', '3.2 ms'. */
struct csin_shown csin_number_show(struct csin_number number);

#endif
