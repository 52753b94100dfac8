/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the time of a training step went, as a part of each format of a result. */
#ifndef CSIN_REPORTS_TRAINING_REPORT_H
#define CSIN_REPORTS_TRAINING_REPORT_H

#include <stdio.h>

#include "base/json.h"
#include "sim/training.h"

/* Indented lines below the step's own, in 80 columns. */
void csin_training_text(const struct csin_training_result *result, FILE *out);
/* An object "training". */
void csin_training_json(const struct csin_training_result *result, struct csin_json *json);
/* Calls `put` for every number. */
void csin_training_numbers(const struct csin_training_result *result,
                           void (*put)(void *arg, const char *metric, const char *unit,
                                       double value),
                           void *arg);

#endif
