/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values and differences in words. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "reports/compare_inside.h"

const char *const csin_trend_names[] = {"worse", "better", "changed", "new", "gone", NULL};

static struct csin_shown_value exactly(enum csin_dimension unit, double x)
{
    static const char *const ends[] = {"", " s", " B/s", " B", "x", "", " W", " m", ""};
    struct csin_shown_value shown;
    snprintf(shown.s, sizeof shown.s, "%s%s", csin_show_exact(x).s, ends[unit]);
    return shown;
}

static struct csin_shown number(double x)
{
    struct csin_shown shown;
    if (x >= 0 && x <= 9e15 && !(x > floor(x)))
        return csin_show_count((uint64_t)x);
    if (fabs(x) >= 1000 && fabs(x) < 1e15)
        return csin_show_fixed(x, 2);
    snprintf(shown.s, sizeof shown.s, "%.4g", x);
    return shown;
}

struct csin_shown_value csin_show_value(enum csin_dimension unit, double x, bool exact)
{
    struct csin_shown shown;
    struct csin_shown_value value;
    if (exact || x < 0)
        return exactly(unit, x);
    switch (unit) {
    case CSIN_UNIT_S:
        shown = csin_show_time(x);
        break;
    case CSIN_UNIT_BPS:
        shown = csin_show_rate(x);
        break;
    case CSIN_UNIT_BYTES:
        shown = x >= 0 && x < 1e18 ? csin_show_size((uint64_t)x) : csin_show_exact(x);
        break;
    case CSIN_UNIT_FACTOR:
        shown = csin_show_fixed(x, 2);
        break;
    case CSIN_UNIT_SHARE:
        shown = csin_show_fixed(100 * x, 1);
        break;
    case CSIN_UNIT_W:
        shown = csin_show_power(x);
        break;
    default:
        shown = number(x);
    }
    snprintf(value.s, sizeof value.s, "%s%s", shown.s,
             unit == CSIN_UNIT_FACTOR  ? "x"
             : unit == CSIN_UNIT_SHARE ? " %"
             : unit == CSIN_UNIT_M     ? " m"
                                       : "");
    return value;
}

struct csin_shown_value csin_show_change(const struct csin_difference *d)
{
    struct csin_shown_value value = {""};
    double ratio = d->is / d->was;
    /* Of percent, percent would be read as points; of nothing nothing can be told. */
    if (d->unit == CSIN_UNIT_TEXT || d->unit == CSIN_UNIT_SHARE || !isfinite(ratio) || ratio < 0)
        return value;
    double percent = 100 * (ratio - 1);
    if (ratio >= 10)
        snprintf(value.s, sizeof value.s, "x%s", csin_show_count((uint64_t)fmin(ratio, 1e15)).s);
    else if (fabs(percent) < 0.05)
        snprintf(value.s, sizeof value.s, "%+.1e %%", percent);
    else
        snprintf(value.s, sizeof value.s, "%s%s %%", percent > 0 ? "+" : "",
                 csin_show_fixed(percent, 1).s);
    return value;
}

void csin_difference_words(const struct csin_difference *d, FILE *out)
{
    struct csin_shown_value change = csin_show_change(d);
    bool whole = *d->subject == '\0';
    fprintf(out, "%s%s%s", d->noun, whole ? "" : " ", d->subject);
    if (!d->metric && (d->trend == CSIN_NEW || d->trend == CSIN_GONE))
        fprintf(out, " is %s", csin_trend_names[d->trend]);
    if (d->metric) {
        fprintf(out, ": %s %s -> %s", d->metric, d->was_text, d->is_text);
        if (*change.s)
            fprintf(out, " (%s)", change.s);
    }
    if (d->words)
        fprintf(out, "%s %s",
                d->metric                        ? ","
                : strcmp(d->noun, "fabric") == 0 ? ""
                                                 : ":",
                d->words);
}

char *csin_comparison_headline(const struct csin_comparison *c)
{
    const struct csin_difference *cable = NULL, *slowed = NULL;
    char *text = NULL;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct csin_difference *d = &c->list[i];
        if (!cable && csin_section_of(d) == CSIN_SECTION_FABRIC)
            cable = d;
        if (!slowed && d->fails && d->words && d->metric && strcmp(d->metric, "slowdown") == 0)
            slowed = d;
    }
    if (!cable || !slowed ||
        asprintf(&text, "%s: %s; %s %s -> %s, %s", cable->subject, cable->words, slowed->subject,
                 slowed->was_text, slowed->is_text, slowed->words) < 0)
        return NULL;
    return text;
}
