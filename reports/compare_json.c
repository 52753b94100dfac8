/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A comparison for programs: docs/compare.schema.json. */
#include <math.h>

#include "base/json.h"
#include "reports/compare_inside.h"

static void write_difference(struct csin_json *j, const struct csin_difference *d)
{
    csin_json_flat_object(j, NULL);
    csin_json_string(j, "trend", csin_trend_names[d->trend]);
    csin_json_bool(j, "regression", d->fails);
    csin_json_bool(j, "main", d->main);
    csin_json_string(j, "of", d->noun);
    csin_json_string(j, "name", d->subject);
    csin_json_string(j, "metric", d->metric);
    csin_json_real(j, "was", d->metric ? d->was : NAN);
    csin_json_real(j, "is", d->metric ? d->is : NAN);
    csin_json_string(j, "was_text", d->metric ? d->was_text : NULL);
    csin_json_string(j, "is_text", d->metric ? d->is_text : NULL);
    csin_json_string(j, "words", d->words);
    csin_json_end_object(j);
}

void csin_compare_json(const struct csin_comparison *c, bool all, FILE *out)
{
    struct csin_json json, *j = &json;
    (void)all;
    csin_json_init(j, out);
    csin_json_object(j, NULL);
    csin_json_string(j, "schema", "csin-compare-1");
    csin_json_string(j, "kind", c->what);
    csin_json_string(j, "name", c->name);
    csin_json_string(j, "base", c->base);
    csin_json_string(j, "new", c->now);
    csin_json_string(j, "verdict", csin_comparison_verdict(c));
    csin_json_count(j, "regressions", c->n_fails);
    csin_json_count(j, "compared", c->n_compared);
    csin_json_flat_object(j, "counts");
    for (int trend = 0; trend < CSIN_N_TRENDS; trend++)
        csin_json_count(j, csin_trend_names[trend], c->n_of[trend]);
    csin_json_end_object(j);
    csin_json_array(j, "provenance");
    for (uint32_t i = 0; i < c->n_provenance; i++)
        write_difference(j, &c->provenance[i]);
    csin_json_end_array(j);
    csin_json_array(j, "differences");
    for (uint32_t i = 0; i < c->n; i++)
        write_difference(j, &c->list[i]);
    csin_json_end_array(j);
    csin_json_end_object(j);
    csin_json_finish(j);
}
