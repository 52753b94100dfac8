/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A comparison as a comment on a pull request (GitHub's and GitLab's Markdown). */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "reports/compare_inside.h"

enum { SHOWN = 20 };

/* Text that stands for itself, in a cell of a table too. */
static void write_text(const char *s, FILE *out)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (strchr("\\`*_{}[]<>#|~@&$", *s))
            fprintf(out, "&#%u;", c);
        else
            fputc(c < 0x20 || c == 0x7f ? ' ' : c, out);
    }
}

static void write_row(const struct csin_difference *d, FILE *out)
{
    fprintf(out, "| %s ", d->noun);
    write_text(d->subject, out);
    fputs(" | ", out);
    write_text(d->metric ? d->metric : "", out);
    fputs(" | ", out);
    write_text(d->metric ? d->was_text : "", out);
    fputs(" | ", out);
    write_text(d->metric ? d->is_text : "", out);
    fprintf(out, " | %s | ", csin_show_change(d).s);
    write_text(d->words ? d->words : "", out);
    fputs(" |\n", out);
}

static uint32_t count(const struct csin_comparison *c, enum csin_section section, bool all)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        n += csin_section_of(&c->list[i]) == section && (all || c->list[i].main);
    return n;
}

/* What nobody must act on is folded. */
static void write_section(const struct csin_comparison *c, enum csin_section section, bool all,
                          FILE *out)
{
    uint32_t n = count(c, section, all), n_all = count(c, section, true), shown = 0;
    bool folded = section > CSIN_SECTION_REGRESSION;
    if (n_all == 0)
        return;
    if (folded)
        fprintf(out, "<details><summary>%s: %s</summary>\n\n", csin_section_titles[section],
                csin_show_count(n_all).s);
    else
        fprintf(out, "#### %s\n\n", csin_section_titles[section]);
    if (n)
        fputs("| of | metric | was | is | change | |\n|---|---|---:|---:|---:|---|\n", out);
    for (uint32_t i = 0; i < c->n; i++) {
        const struct csin_difference *d = &c->list[i];
        if (csin_section_of(d) == section && (all || d->main) && (all || shown < SHOWN)) {
            write_row(d, out);
            shown++;
        }
    }
    if (n_all > shown)
        fprintf(out, "%s%s more that `csin compare --all` shows.\n", shown ? "\nand " : "",
                csin_show_count(n_all - shown).s);
    fputs(folded ? "\n</details>\n\n" : "\n", out);
}

static void write_fabric(const struct csin_comparison *c, FILE *out)
{
    uint32_t shown = 0, n = count(c, CSIN_SECTION_FABRIC, true);
    for (uint32_t i = 0; i < c->n && shown < SHOWN; i++) {
        const struct csin_difference *d = &c->list[i];
        if (csin_section_of(d) != CSIN_SECTION_FABRIC)
            continue;
        fputs("- **", out);
        write_text(d->subject, out);
        fputs("**: ", out);
        write_text(d->words, out);
        fputc('\n', out);
        shown++;
    }
    if (n > shown)
        fprintf(out, "- and %s more\n", csin_show_count(n - shown).s);
    if (n)
        fputc('\n', out);
}

void csin_compare_markdown(const struct csin_comparison *c, bool all, FILE *out)
{
    fputs("### ", out);
    write_text(c->name, out);
    fprintf(out, ": %s", csin_comparison_verdict(c));
    if (c->n_fails)
        fprintf(out, ", %s regression%s", csin_show_count(c->n_fails).s,
                c->n_fails == 1 ? "" : "s");
    fputs("\n\n", out);
    char *headline = csin_comparison_headline(c);
    if (headline) {
        write_text(headline, out);
        fputs("\n\n", out);
    }
    free(headline);
    for (uint32_t i = 0; i < c->n_provenance; i++) {
        const struct csin_difference *d = &c->provenance[i];
        fputs(i ? "" : "Not made from the same:\n\n", out);
        fputs("- ", out);
        write_text(d->subject, out);
        fputs(*d->subject ? " " : "", out);
        write_text(d->metric, out);
        fputs(": ", out);
        write_text(d->was_text, out);
        fputs(" -> ", out);
        write_text(d->is_text, out);
        fputc('\n', out);
    }
    if (c->n_provenance)
        fputc('\n', out);
    write_fabric(c, out);
    for (int section = CSIN_SECTION_REGRESSION; section < CSIN_N_SECTIONS; section++)
        write_section(c, (enum csin_section)section, all, out);
    if (c->n == 0)
        fprintf(out, "No differences among %s values.\n", csin_show_count(c->n_compared).s);
}
