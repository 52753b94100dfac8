/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sweep as one page that needs nothing else: overview, pictures, and a table below each. */
#include <math.h>
#include <string.h>

#include "reports/sweep_cells.h"
#include "topo/xml.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
    ":root{--ink:#222;--soft:#555;--line:#e2e2e2;--paper:#fff}\n"
    "@media "
    "(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--soft:#aaa;--line:#444;--paper:#1b1b1b}}"
    "\n@media print{:root{--ink:#000;--soft:#444;--line:#ccc;--paper:#fff}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:"
    "900px;margin:2em auto;padding:0 1em}\n"
    "h1{font-size:1.6em;margin-bottom:.2em}h2{font-size:1.15em;margin-top:2em}\n"
    "p.facts{color:var(--soft);margin-top:0}\n"
    "figure{margin:2em 0 .5em;break-inside:avoid}svg{width:100%;height:auto}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.2em .9em .2em 0;text-align:right;border-bottom:1px solid var(--line)}\n"
    "th:first-child,td:first-child,td.words{text-align:left}th{font-weight:600}\n"
    "summary{cursor:pointer;color:var(--soft)}pre{white-space:pre-wrap}\n"
    "</style>\n";

static void cell(FILE *out, const char *tag, const char *text)
{
    fprintf(out, "<%s>", tag);
    csin_xml_text(out, text);
    fprintf(out, "</%s>", tag);
}

static void write_table(const struct csin_cells *c, FILE *out)
{
    fputs("<details><summary>the numbers</summary><table>\n<tr>", out);
    cell(out, "th", c->over->name);
    for (uint32_t k = 0; k < c->n_columns; k++)
        cell(out, "th", c->by ? csin_axis_show(c->by, c->column[k]).s : c->metric->name);
    fputs("</tr>\n", out);
    for (uint32_t r = 0; r < c->n_rows; r++) {
        fputs("<tr>", out);
        cell(out, "td", csin_axis_show(c->over, c->row[r]).s);
        for (uint32_t k = 0; k < c->n_columns; k++) {
            const struct csin_cell *v = &c->cells[(size_t)r * c->n_columns + k];
            cell(out, "td", v->n ? csin_metric_show(c->metric->unit, v->mean).s : "");
        }
        fputs("</tr>\n", out);
    }
    fputs("</table></details>\n", out);
}

static void write_axes(const struct csin_swept *s, FILE *out)
{
    fputs(
        "<h2>Axes</h2><table>\n<tr><th>axis</th><th>changes</th><th>from</th><th>to</th><th>values"
        "</th></tr>\n",
        out);
    for (uint32_t a = 0; a < s->n_axes; a++) {
        const struct csin_swept_axis *axis = &s->axes[a];
        fputs("<tr>", out);
        cell(out, "td", axis->name);
        cell(out, "td", axis->of);
        cell(out, "td", axis->n_values ? csin_axis_show(axis, 0).s : "");
        cell(out, "td", axis->n_values ? csin_axis_show(axis, axis->n_values - 1).s : "");
        cell(out, "td", csin_show_count(axis->n_values).s);
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void write_metrics(const struct csin_swept *s, FILE *out)
{
    fputs("<h2>Numbers of each point</h2><table>\n<tr><th>metric</th><th>least</th><th>mean</th>"
          "<th>most</th></tr>\n",
          out);
    for (uint32_t m = 0; m < s->n_metrics; m++) {
        double least = INFINITY, most = -INFINITY, sum = 0;
        uint32_t n = 0;
        for (uint32_t i = 0; i < s->n_points; i++) {
            double x = s->points[i].metrics[m];
            if (s->points[i].fate != CSIN_POINT_OK || isnan(x))
                continue;
            least = fmin(least, x);
            most = fmax(most, x);
            sum += x;
            n++;
        }
        if (n == 0 || (least == 0 && most == 0))
            continue;
        fputs("<tr>", out);
        cell(out, "td", s->metrics[m].name);
        cell(out, "td", csin_metric_show(s->metrics[m].unit, least).s);
        cell(out, "td", csin_metric_show(s->metrics[m].unit, fmax(least, fmin(most, sum / n))).s);
        cell(out, "td", csin_metric_show(s->metrics[m].unit, most).s);
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

static void write_messages(const struct csin_swept *s, FILE *out)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n_points; i++) {
        const struct csin_swept_point *p = &s->points[i];
        if (p->fate == CSIN_POINT_OK || !p->message)
            continue;
        if (n++ == 0)
            fputs("<h2>Points without result</h2>\n", out);
        if (n > 20)
            continue;
        fprintf(out, "<p>%s:", csin_point_fate_names[p->fate]);
        for (uint32_t a = 0; a < s->n_axes; a++)
            if (p->at[a] < s->axes[a].n_values) {
                fprintf(out, "%s ", a ? "," : "");
                csin_xml_text(out, s->axes[a].name);
                fputs(" = ", out);
                csin_xml_text(out, s->axes[a].values[p->at[a]]);
            }
        fputs("</p><pre>", out);
        csin_xml_text(out, p->message);
        fputs("</pre>\n", out);
    }
    if (n > 20)
        fprintf(out, "<p>and %s more.</p>\n", csin_show_count(n - 20).s);
}

void csin_swept_write_html(const struct csin_swept *s, const struct csin_cells *cells, uint32_t n,
                           FILE *out)
{
    fputs(head, out);
    cell(out, "title", s->name ? s->name : "sweep");
    fputs("</head><body>\n", out);
    cell(out, "h1", s->name ? s->name : "sweep");
    fprintf(out, "<p class=\"facts\">%s points", csin_show_count(s->n_points).s);
    for (int fate = CSIN_POINT_WRONG; fate < CSIN_N_POINT_FATES; fate++)
        if (s->n_of[fate])
            fprintf(out, ", %s %s", csin_show_count(s->n_of[fate]).s, csin_point_fate_names[fate]);
    fputs(" &middot; ", out);
    csin_xml_text(out, s->scenario ? s->scenario : "");
    fputs(" &middot; csin ", out);
    csin_xml_text(out, s->version ? s->version : "");
    fprintf(out, " &middot; sweep %.12s</p>\n", s->digest ? s->digest : "");
    for (uint32_t i = 0; i < n; i++) {
        fputs("<figure>\n", out);
        csin_cells_write_svg(&cells[i], false, out);
        fputs("</figure>\n", out);
        write_table(&cells[i], out);
    }
    write_axes(s, out);
    write_metrics(s, out);
    write_messages(s, out);
    fputs("</body></html>\n", out);
}
