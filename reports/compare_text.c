/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A comparison for a terminal of 80 columns. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "reports/compare_inside.h"
#include "reports/wrap.h"

enum { SHOWN = 12, NAMES = 43, WIDE = 11, DIGEST = 12 };

const struct csin_compare_writer csin_compare_writers[] = {
    {"text", ".txt", "a summary for the terminal", csin_compare_text},
    {"md", ".md", "a comment on a pull request", csin_compare_markdown},
    {"json", ".json", "everything, for programs", csin_compare_json},
    {"junit", ".xml", "JUnit XML, for CI", csin_compare_junit},
    {0},
};

const char *csin_comparison_verdict(const struct csin_comparison *c)
{
    if (c->n_fails)
        return "worse";
    if (c->n_better)
        return "better";
    return c->n ? "changed" : "same";
}

enum csin_section csin_section_of(const struct csin_difference *d)
{
    static const enum csin_section of_trend[] = {CSIN_SECTION_WORSE, CSIN_SECTION_BETTER,
                                                 CSIN_SECTION_CHANGED, CSIN_SECTION_NEW,
                                                 CSIN_SECTION_GONE};
    if (!d->metric && (strcmp(d->noun, "cable") == 0 || strcmp(d->noun, "fabric") == 0))
        return CSIN_SECTION_FABRIC;
    return d->fails ? CSIN_SECTION_REGRESSION : of_trend[d->trend];
}

const char *const csin_section_titles[] = {
    "FABRIC", "REGRESSIONS", "WORSE, NO REGRESSION", "BETTER", "CHANGED", "NEW", "GONE"};

/* A digest says enough by its beginning. */
static const char *shorten(const char *text, char *room, size_t size)
{
    if (strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
        return text;
    snprintf(room, size, "%.*s..", DIGEST, text);
    return room;
}

void csin_write_provenance(const struct csin_difference *d, FILE *out)
{
    char a[24], b[24];
    fprintf(out, "%s%s%s: %s -> %s", *d->subject ? d->subject : "", *d->subject ? " " : "",
            d->metric, shorten(d->was_text, a, sizeof a), shorten(d->is_text, b, sizeof b));
}

static void write_row(const struct csin_difference *d, FILE *out)
{
    bool wide = d->metric && (strlen(d->was_text) > WIDE || strlen(d->is_text) > WIDE);
    struct csin_shown_value change = csin_show_change(d);
    int used = fprintf(out, "%s%s%s", d->noun, *d->subject ? " " : "", d->subject);
    if (d->metric && wide)
        fprintf(out, ": %s\n  %s -> %s%s%s", d->metric, d->was_text, d->is_text,
                *change.s ? "  " : "", change.s);
    else if (d->metric)
        fprintf(out, " %-*s %*s %*s %9s", used < NAMES ? NAMES - used : 0, d->metric, WIDE,
                d->was_text, WIDE, d->is_text, change.s);
    fputc('\n', out);
    if (d->words)
        csin_write_wrapped(d->words, "  ", "  ", out);
}

static void write_title(enum csin_section section, bool columns, FILE *out)
{
    if (columns)
        fprintf(out, "\n%-44s %*s %*s %9s\n", csin_section_titles[section], WIDE, "was", WIDE, "is",
                "change");
    else
        fprintf(out, "\n%s\n", csin_section_titles[section]);
}

static void write_fabric_row(const struct csin_difference *d, FILE *out)
{
    char line[600];
    snprintf(line, sizeof line, "%.200s: %.300s", d->subject, d->words);
    csin_write_wrapped(line, "", "  ", out);
}

static void write_section(const struct csin_comparison *c, enum csin_section section, bool all,
                          FILE *out)
{
    bool columns = section != CSIN_SECTION_FABRIC && section < CSIN_SECTION_NEW;
    uint32_t n = 0, n_cut = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct csin_difference *d = &c->list[i];
        if (csin_section_of(d) != section)
            continue;
        if (!all && (!d->main || n >= SHOWN)) {
            n_cut++;
            continue;
        }
        if (n++ == 0)
            write_title(section, columns, out);
        (section == CSIN_SECTION_FABRIC ? write_fabric_row : write_row)(d, out);
    }
    if (n_cut && n == 0)
        write_title(section, false, out);
    if (n_cut)
        fprintf(out, "%s%s more; --all shows them\n", n ? "and " : "", csin_show_count(n_cut).s);
}

static void write_all(const struct csin_comparison *c, bool all, FILE *out)
{
    fprintf(out, "%s: %s", c->name, csin_comparison_verdict(c));
    if (c->n_fails)
        fprintf(out, ", %s regression%s", csin_show_count(c->n_fails).s,
                c->n_fails == 1 ? "" : "s");
    fprintf(out, "\nbase %s\nnew  %s\n", c->base, c->now);
    char *headline = csin_comparison_headline(c);
    if (headline) {
        fputc('\n', out);
        csin_write_wrapped(headline, "", "  ", out);
    }
    free(headline);
    if (c->n_provenance)
        fputs("\nNOT MADE FROM THE SAME\n", out);
    for (uint32_t i = 0; i < c->n_provenance; i++) {
        csin_write_provenance(&c->provenance[i], out);
        fputc('\n', out);
    }
    for (int section = 0; section < CSIN_N_SECTIONS; section++)
        write_section(c, (enum csin_section)section, all, out);
    if (c->n == 0)
        fprintf(out, "\nno differences among %s values\n", csin_show_count(c->n_compared).s);
}

/* Names come from files that anybody may have written: nothing of them reaches a terminal as a
 * control character. */
void csin_compare_text(const struct csin_comparison *c, bool all, FILE *out)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *memory = open_memstream(&text, &bytes);
    if (memory)
        write_all(c, all, memory);
    if (!memory || fclose(memory) != 0)
        fputs("out of memory\n", out);
    for (size_t i = 0; text && i < bytes; i++)
        fputc(text[i] != '\n' && ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) ? '?' : text[i],
              out);
    free(text);
}
