/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JUnit XML, as Jenkins, GitLab and GitHub's actions read it. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "base/utf8.h"
#include "reports/compare_inside.h"

/* XML 1.0, production 2: no control characters but tab and line feed, no U+FFFE and U+FFFF. */
static void write_text(const char *s, FILE *out)
{
    while (*s) {
        size_t n = csin_utf8_length(s);
        bool no_character = n == 3 && memcmp(s, "\xef\xbf", 2) == 0 && (unsigned char)s[2] >= 0xbe;
        if (n == 0 || ((unsigned char)*s < 0x20 && *s != '\n' && *s != '\t') || no_character) {
            fputs("\xef\xbf\xbd", out);
            s += n ? n : 1;
            continue;
        }
        if (*s == '&')
            fputs("&amp;", out);
        else if (*s == '<')
            fputs("&lt;", out);
        else if (*s == '>')
            fputs("&gt;", out);
        else if (*s == '"')
            fputs("&quot;", out);
        else
            fwrite(s, 1, n, out);
        s += n;
    }
}

/* The first line, as what a list of failures shows. */
static void write_outcome(const char *element, const char *text, FILE *out)
{
    size_t n = strcspn(text, "\n");
    char *line = strndup(text, n);
    fprintf(out, "      <%s message=\"", element);
    write_text(line ? line : "", out);
    fputs("\">", out);
    write_text(text, out);
    fprintf(out, "</%s>\n", element);
    free(line);
}

void csin_junit_write(const char *suite, const struct csin_junit_case *cases, uint32_t n, FILE *out)
{
    uint32_t n_failures = 0, n_errors = 0;
    double time_s = 0;
    for (uint32_t i = 0; i < n; i++) {
        n_failures += cases[i].failure != NULL;
        n_errors += cases[i].error != NULL;
        time_s += cases[i].time_s;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", out);
    write_text(suite, out);
    fprintf(out, "\" tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"0\" time=\"%s\">\n", n,
            n_failures, n_errors, csin_show_fixed(time_s, 3).s);
    for (uint32_t i = 0; i < n; i++) {
        fputs("    <testcase classname=\"", out);
        write_text(cases[i].classname, out);
        fputs("\" name=\"", out);
        write_text(cases[i].name, out);
        fprintf(out, "\" time=\"%s\"", csin_show_fixed(cases[i].time_s, 3).s);
        if (!cases[i].failure && !cases[i].error) {
            fputs("/>\n", out);
            continue;
        }
        fputs(">\n", out);
        if (cases[i].failure)
            write_outcome("failure", cases[i].failure, out);
        if (cases[i].error)
            write_outcome("error", cases[i].error, out);
        fputs("    </testcase>\n", out);
    }
    fputs("  </testsuite>\n</testsuites>\n", out);
}

static bool same_subject(const struct csin_difference *a, const struct csin_difference *b)
{
    return strcmp(a->noun, b->noun) == 0 && strcmp(a->subject, b->subject) == 0;
}

/* What fails of the subject at `first`, one a line; NULL without memory. `told` marks them. */
static char *failures_of(const struct csin_comparison *c, uint32_t first, bool *told)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    for (uint32_t i = first; out && i < c->n && c->list[i].fails; i++) {
        if (told[i] || !same_subject(&c->list[i], &c->list[first]))
            continue;
        told[i] = true;
        if (i > first)
            fputc('\n', out);
        csin_difference_words(&c->list[i], out);
    }
    if (!out || fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* A case for each subject with a regression, and one for all that has none. */
void csin_compare_junit(const struct csin_comparison *c, bool all, FILE *out)
{
    enum { CASES_MAX = 1000 };
    struct csin_junit_case *cases = calloc(CASES_MAX + 1, sizeof *cases);
    bool *told = calloc((size_t)c->n + 1, sizeof *told);
    char **names = calloc(CASES_MAX + 1, sizeof *names);
    uint32_t n = 0;
    (void)all;
    for (uint32_t i = 0; cases && told && names && i < c->n && c->list[i].fails && n < CASES_MAX;
         i++) {
        if (told[i])
            continue;
        char *text = failures_of(c, i, told);
        if (asprintf(&names[n], "%s %s", c->list[i].noun, c->list[i].subject) < 0)
            names[n] = NULL;
        cases[n] = (struct csin_junit_case){c->name, names[n] ? names[n] : "?", 0,
                                            text ? text : strdup("out of memory"), NULL};
        n++;
    }
    if (cases) {
        cases[n] = (struct csin_junit_case){c->name, "everything else", 0, NULL, NULL};
        csin_junit_write("csin compare", cases, n + 1, out);
    }
    for (uint32_t i = 0; cases && names && i < n; i++) {
        free((char *)cases[i].failure);
        free(names[i]);
    }
    free(names);
    free(told);
    free(cases);
}
