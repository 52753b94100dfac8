/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expected results: what is kept beside a scenario, to compare later results with. It is the JSON
 * result without what may be another although the numbers are the same: the version of csin, the
 * settings of the engine (another SimGrid has to give the same numbers) and the SHA-256 of the
 * inputs, which a comment changes. One line for each job, stream and arc, for reviews. Of a result
 * of more than CSIN_EXPECTED_LARGE bytes only the worst arcs are kept, and sums over all of them.
 */
#ifndef CSIN_REPORTS_EXPECTED_H
#define CSIN_REPORTS_EXPECTED_H

#include <stdio.h>

#include "base/json_read.h"

#define CSIN_EXPECTED_LARGE 200000u
#define CSIN_EXPECTED_WORST 50u

/* Writes what is kept of a result that is `bytes` long as csin sim writes it. False without memory.
 */
bool csin_expected_write(const struct csin_json_value *result, size_t bytes, FILE *out);

/* "expected.json" beside scenario.yaml, "expected-isolated.json" beside isolated.yaml. */
const char *csin_expected_path(struct csin_arena *arena, const char *scenario);

#endif
