/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A number over an axis as a picture: lines over numbers, bars over names, a falling curve over
 * many names. Lines are named at their ends, colours (Okabe and Ito, Color Universal Design, 2008)
 * differ for all kinds of colour vision, and marks differ as well. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/sweep_cells.h"
#include "topo/xml.h"

enum { WIDTH = 860, HEIGHT = 470, LEFT = 92, TOP = 74, BOTTOM = 396, SERIES_MAX = 24 };
enum { MANY_NAMES = 24, LABELLED_BARS = 12 };

static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#777777"};
#define N_COLOURS (sizeof colours / sizeof *colours)

enum kind { LINES, BARS, RANKED };

struct scale {
    double low, high, from, to; /* values, pixels */
    bool is_log;
};

struct chart {
    const struct csin_cells *c;
    FILE *out;
    enum kind kind;
    struct scale x, y;
    double right;
    uint32_t n_series;
    uint32_t *order; /* of rows, where they are ranked; NULL */
};

static struct csin_shown px(double x)
{
    return csin_show_fixed(x, 1);
}

static double at(const struct scale *s, double v)
{
    double share = s->is_log ? log(v / s->low) / log(s->high / s->low)
                             : (v - s->low) / (s->high - s->low);
    return s->from + share * (s->to - s->from);
}

static const struct csin_cell *cell(const struct chart *ch, uint32_t row, uint32_t series)
{
    row = ch->order ? ch->order[row] : row;
    return &ch->c->cells[(size_t)row * ch->c->n_columns + series];
}

static double x_value(const struct chart *ch, uint32_t row)
{
    return ch->kind == LINES ? ch->c->over->numbers[ch->c->row[row]].x : row;
}

/* ---- scales ---- */

/* Least and most are shown of repetitions; where other axes vary, they would be those of the axes.
 */
static bool has_spread(const struct chart *ch)
{
    return ch->c->most > 1 && !*ch->c->others;
}

/* 1, 2, 2.5 or 5 times a power of ten, at least x. */
static double nice(double x)
{
    double unit = pow(10, floor(log10(x))), in = x / unit * (1 - 1e-9);
    return unit * (in <= 1 ? 1 : in <= 2 ? 2 : in <= 2.5 ? 2.5 : in <= 5 ? 5 : 10);
}

/* Numbers that grow by factors rather than by steps. */
static bool grows_by_factors(const struct csin_cells *c)
{
    double first = c->over->numbers[c->row[0]].x, last = c->over->numbers[c->row[c->n_rows - 1]].x;
    double middle = c->over->numbers[c->row[c->n_rows / 2]].x;
    return c->n_rows > 2 && first > 0 && last / first >= 16 &&
           fabs(log(middle / sqrt(first * last))) < fabs(log(middle / ((first + last) / 2)));
}

static void fit_x(struct chart *ch)
{
    const struct csin_cells *c = ch->c;
    ch->x = (struct scale){.from = LEFT, .to = ch->right};
    if (ch->kind != LINES) {
        ch->x.low = ch->kind == BARS ? -0.5 : 0;
        ch->x.high = ch->kind == BARS ? c->n_rows - 0.5 : c->n_rows - 1;
        return;
    }
    ch->x.low = x_value(ch, 0);
    ch->x.high = x_value(ch, c->n_rows - 1);
    ch->x.is_log = grows_by_factors(c);
    if (c->n_rows == 1) {
        ch->x.low -= fabs(ch->x.low) > 0 ? fabs(ch->x.low) / 2 : 1;
        ch->x.high += fabs(ch->x.high) > 0 ? fabs(ch->x.high) / 2 : 1;
    } else { /* marks at the ends stand clear of the frame */
        ch->x.from += 12;
        ch->x.to -= 12;
    }
}

static double y_step(const struct scale *y)
{
    return nice((y->high - y->low) / 6);
}

static void fit_y(struct chart *ch)
{
    double low = INFINITY, high = -INFINITY;
    bool spread = has_spread(ch);
    for (size_t i = 0; i < (size_t)ch->c->n_rows * ch->c->n_columns; i++)
        if (ch->c->cells[i].n) {
            low = fmin(low, spread ? ch->c->cells[i].min : ch->c->cells[i].mean);
            high = fmax(high, spread ? ch->c->cells[i].max : ch->c->cells[i].mean);
        }
    ch->y = (struct scale){.from = BOTTOM, .to = TOP};
    ch->y.is_log = ch->kind != BARS && low > 0 && high / low > 200;
    if (ch->y.is_log) {
        ch->y.low = pow(10, floor(log10(low)));
        ch->y.high = pow(10, ceil(log10(high)));
        return;
    }
    /* From zero, unless that would press everything together. */
    bool zero = ch->kind == BARS || low < 0.6 * high || low <= 0;
    ch->y.low = zero ? fmin(0, low) : low;
    ch->y.high = high > ch->y.low ? high : ch->y.low + (high != 0 ? fabs(high) / 5 : 1);
    if (!zero && high - low < 0.02 * high) { /* nearly level: no mountains from grains */
        ch->y.low = 0.9 * low;
        ch->y.high = 1.1 * high;
    }
    double step = y_step(&ch->y);
    ch->y.low = floor(ch->y.low / step + 1e-9) * step;
    ch->y.high = ceil(ch->y.high / step - 1e-9) * step;
}

/* ---- frame ---- */

static void text(struct chart *ch, double x, double y, const char *class, const char *words)
{
    fprintf(ch->out, "<text class=\"%s\" x=\"%s\" y=\"%s\">", class, px(x).s, px(y).s);
    csin_xml_text(ch->out, words);
    fputs("</text>\n", ch->out);
}

static void draw_y_axis(struct chart *ch)
{
    const char *unit = ch->c->metric->unit;
    double step = ch->y.is_log ? 0 : y_step(&ch->y);
    for (double v = ch->y.low; v <= ch->y.high * (1 + 1e-9) + step / 2;
         v = ch->y.is_log ? v * 10 : v + step) {
        double value = fabs(v) < step / 1e6 ? 0 : v;
        fprintf(ch->out, "<path class=\"grid\" d=\"M%d %sH%s\"/>\n", LEFT, px(at(&ch->y, value)).s,
                px(ch->right).s);
        text(ch, LEFT - 10, at(&ch->y, value) + 4, "end", csin_metric_show(unit, value).s);
    }
}

/* Values of the axis, as many as have room. */
static void draw_x_ticks(struct chart *ch)
{
    const struct csin_cells *c = ch->c;
    double room = 18, last = -1e9;
    for (uint32_t r = 0; r < c->n_rows; r++)
        room = fmax(room, 7.2 * (double)strlen(csin_axis_show(c->over, c->row[r]).s) + 14);
    uint32_t stride = 1;
    static const uint32_t strides[] = {1, 2, 5, 10, 20, 50, 100, 1000, 10000};
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) {
        stride = strides[i];
        if (ch->x.is_log || c->n_rows / stride * room <= ch->right - LEFT)
            break;
    }
    for (uint32_t r = 0; r < c->n_rows; r += stride) {
        double x = at(&ch->x, x_value(ch, r));
        if (x - last < room)
            continue;
        last = x;
        if (ch->kind == LINES)
            fprintf(ch->out, "<path class=\"axis\" d=\"M%s %dv5\"/>\n", px(x).s, BOTTOM);
        text(ch, x, BOTTOM + 21, "mid", csin_axis_show(c->over, c->row[r]).s);
    }
}

static void draw_frame(struct chart *ch)
{
    const struct csin_cells *c = ch->c;
    char words[240];
    draw_y_axis(ch);
    fprintf(ch->out, "<path class=\"axis\" d=\"M%d %dH%s\"/>\n", LEFT, BOTTOM, px(ch->right).s);
    if (ch->kind == RANKED) {
        snprintf(words, sizeof words, "%s values of %.60s, the largest first",
                 csin_show_count(c->n_rows).s, c->over->name);
    } else {
        bool more = strcmp(c->over->name, c->over->of) != 0;
        draw_x_ticks(ch);
        snprintf(words, sizeof words, "%.60s%s%.120s%s", c->over->name, more ? " (" : "",
                 more ? c->over->of : "", more ? ")" : "");
    }
    text(ch, (LEFT + ch->right) / 2, BOTTOM + 50, "mid", words);
    if (c->title)
        snprintf(words, sizeof words, "%.160s", c->title);
    else
        snprintf(words, sizeof words, "%.100s over %.60s", c->metric->name, c->over->name);
    text(ch, 20, 30, "title", words);
    bool spread = has_spread(ch);
    snprintf(words, sizeof words, "%.80s%s%.120s%s", c->metric->name, c->most > 1 ? ", " : "",
             csin_cells_words(c).s,
             !spread            ? ""
             : ch->kind == BARS ? ", with the least and the most"
                                : ", and from the least to the most");
    text(ch, 20, 50, "small", words);
}

/* ---- marks ---- */

static const char *colour_of(uint32_t series)
{
    return colours[series % N_COLOURS];
}

/* A circle, a square, a triangle, a diamond. */
static void draw_mark(struct chart *ch, double x, double y, uint32_t series, double r)
{
    fprintf(ch->out, "<path fill=\"%s\" d=\"M%s %s", colour_of(series), px(x).s, px(y).s);
    switch (series % 4) {
    case 0:
        fprintf(ch->out, "m-%g 0a%g %g 0 1 0 %g 0a%g %g 0 1 0 -%g 0z", r, r, r, 2 * r, r, r, 2 * r);
        break;
    case 1:
        fprintf(ch->out, "m-%g -%gh%gv%gh-%gz", r * 0.9, r * 0.9, r * 1.8, r * 1.8, r * 1.8);
        break;
    case 2:
        fprintf(ch->out, "m0 -%gl%g %gh-%gz", r * 1.15, r * 1.1, r * 2, r * 2.2);
        break;
    default:
        fprintf(ch->out, "m0 -%gl%g %gl-%g %gl-%g -%gz", r * 1.2, r * 1.2, r * 1.2, r * 1.2,
                r * 1.2, r * 1.2, r * 1.2);
    }
    fputs("\"/>\n", ch->out);
}

static void begin_hover(struct chart *ch, uint32_t row, uint32_t series)
{
    const struct csin_cell *v = cell(ch, row, series);
    const struct csin_cells *c = ch->c;
    row = ch->order ? ch->order[row] : row;
    fputs("<g><title>", ch->out);
    csin_xml_text(ch->out, csin_axis_show(c->over, c->row[row]).s);
    if (c->by) {
        fputs(", ", ch->out);
        csin_xml_text(ch->out, csin_axis_show(c->by, c->column[series]).s);
    }
    fprintf(ch->out, ": %s", csin_metric_show(c->metric->unit, v->mean).s);
    if (v->n > 1)
        fprintf(ch->out, " (%s to %s, %u points)", csin_metric_show(c->metric->unit, v->min).s,
                csin_metric_show(c->metric->unit, v->max).s, v->n);
    fputs("</title>\n", ch->out);
}

/* ---- lines ---- */

/* Between the least and the most of each value; a gap where there is none. */
static void draw_band(struct chart *ch, uint32_t series)
{
    for (uint32_t first = 0; first < ch->c->n_rows;) {
        uint32_t end = first;
        bool wide = false;
        for (; end < ch->c->n_rows && cell(ch, end, series)->n; end++)
            wide = wide || cell(ch, end, series)->max > cell(ch, end, series)->min;
        if (wide && end > first + 1) {
            fprintf(ch->out, "<path fill=\"%s\" fill-opacity=\"0.14\" d=\"", colour_of(series));
            for (uint32_t r = first; r < end; r++)
                fprintf(ch->out, "%s%s %s", r == first ? "M" : "L",
                        px(at(&ch->x, x_value(ch, r))).s,
                        px(at(&ch->y, cell(ch, r, series)->max)).s);
            for (uint32_t r = end; r > first; r--)
                fprintf(ch->out, "L%s %s", px(at(&ch->x, x_value(ch, r - 1))).s,
                        px(at(&ch->y, cell(ch, r - 1, series)->min)).s);
            fputs("z\"/>\n", ch->out);
        }
        first = end + 1;
    }
}

static void draw_line(struct chart *ch, uint32_t series)
{
    bool pen_down = false;
    fprintf(ch->out, "<path class=\"line\" stroke=\"%s\"%s d=\"", colour_of(series),
            series >= N_COLOURS ? " stroke-dasharray=\"6 4\"" : "");
    for (uint32_t r = 0; r < ch->c->n_rows; r++) {
        const struct csin_cell *v = cell(ch, r, series);
        if (v->n)
            fprintf(ch->out, "%s%s %s", pen_down ? "L" : "M", px(at(&ch->x, x_value(ch, r))).s,
                    px(at(&ch->y, v->mean)).s);
        pen_down = v->n;
    }
    fputs("\"/>\n", ch->out);
    for (uint32_t r = 0; r < ch->c->n_rows; r++) {
        const struct csin_cell *v = cell(ch, r, series);
        if (!v->n)
            continue;
        begin_hover(ch, r, series);
        draw_mark(ch, at(&ch->x, x_value(ch, r)), at(&ch->y, v->mean), series,
                  ch->c->n_rows > 60   ? 2
                  : ch->c->n_rows > 30 ? 3
                                       : 4.5);
        fputs("</g>\n", ch->out);
    }
}

struct label {
    double y;
    uint32_t series;
};

static int by_height(const void *a, const void *b)
{
    double x = ((const struct label *)a)->y, y = ((const struct label *)b)->y;
    return (x > y) - (x < y);
}

/* The name of each line beside its end, pushed apart where they would meet. */
static void draw_names(struct chart *ch)
{
    struct label labels[SERIES_MAX];
    uint32_t n = 0;
    for (uint32_t s = 0; s < ch->n_series; s++) {
        uint32_t r = ch->c->n_rows;
        while (r > 0 && !cell(ch, r - 1, s)->n)
            r--;
        if (r > 0)
            labels[n++] = (struct label){at(&ch->y, cell(ch, r - 1, s)->mean), s};
    }
    if (ch->kind != LINES)
        for (uint32_t i = 0; i < n; i++)
            labels[i].y = TOP + 20 + 20 * i;
    qsort(labels, n, sizeof *labels, by_height);
    for (uint32_t i = 1; i < n; i++)
        labels[i].y = fmax(labels[i].y, labels[i - 1].y + 18);
    double over = n ? labels[n - 1].y - (BOTTOM - 2) : 0;
    for (uint32_t i = n; over > 0 && i > 0; i--) {
        double limit = i == n ? BOTTOM - 2 : labels[i].y - 18;
        labels[i - 1].y = fmin(labels[i - 1].y, limit);
    }
    for (uint32_t i = 0; i < n; i++) {
        draw_mark(ch, ch->right + 18, labels[i].y, labels[i].series, 4.5);
        text(ch, ch->right + 30, labels[i].y + 4, "start",
             csin_axis_show(ch->c->by, ch->c->column[labels[i].series]).s);
    }
    text(ch, ch->right + 12, TOP - 12, "small", ch->c->by->name);
}

/* ---- bars ---- */

static void draw_bars(struct chart *ch)
{
    double group = (ch->right - LEFT) / ch->c->n_rows;
    double width = fmin(group * 0.76 / ch->n_series, 70);
    bool labelled = ch->c->n_rows * ch->n_series <= LABELLED_BARS;
    for (uint32_t r = 0; r < ch->c->n_rows; r++)
        for (uint32_t s = 0; s < ch->n_series; s++) {
            const struct csin_cell *v = cell(ch, r, s);
            if (!v->n)
                continue;
            double middle = at(&ch->x, r) + (s - (ch->n_series - 1) / 2.0) * width;
            double y = at(&ch->y, v->mean), base = at(&ch->y, 0);
            begin_hover(ch, r, s);
            fprintf(ch->out,
                    "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"2\" fill=\"%s\"/>\n",
                    px(middle - width / 2 + 1).s, px(fmin(y, base)).s, px(width - 2).s,
                    px(fabs(base - y)).s, colour_of(s));
            if (has_spread(ch) && v->max > v->min)
                fprintf(ch->out, "<path class=\"whisker\" d=\"M%s %sV%sm-4 0h8M%s %sh8\"/>\n",
                        px(middle).s, px(at(&ch->y, v->min)).s, px(at(&ch->y, v->max)).s,
                        px(middle - 4).s, px(at(&ch->y, v->min)).s);
            fputs("</g>\n", ch->out);
            if (labelled)
                text(ch, middle, at(&ch->y, has_spread(ch) ? v->max : v->mean) - 6, "mid small",
                     csin_metric_show(ch->c->metric->unit, v->mean).s);
        }
}

/* ---- many names: from the largest down ---- */

struct ranked {
    double mean;
    uint32_t row;
};

static int by_mean(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->mean != y->mean)
        return (x->mean < y->mean) - (x->mean > y->mean);
    return (x->row > y->row) - (x->row < y->row);
}

/* malloc'ed; NULL, which leaves rows as they are, without memory. */
static uint32_t *rank(const struct csin_cells *c)
{
    struct ranked *rows = malloc(c->n_rows * sizeof *rows);
    uint32_t *order = malloc(c->n_rows * sizeof *order);
    for (uint32_t r = 0; rows && order && r < c->n_rows; r++)
        rows[r] = (struct ranked){c->cells[(size_t)r * c->n_columns].mean, r};
    if (rows && order)
        qsort(rows, c->n_rows, sizeof *rows, by_mean);
    for (uint32_t r = 0; rows && order && r < c->n_rows; r++)
        order[r] = rows[r].row;
    free(rows);
    return order;
}

/* ---- all of it ---- */

static void draw(struct chart *ch)
{
    draw_frame(ch);
    if (ch->kind == BARS)
        draw_bars(ch);
    for (uint32_t s = 0; ch->kind != BARS && has_spread(ch) && s < ch->n_series; s++)
        draw_band(ch, s);
    for (uint32_t s = ch->n_series; ch->kind != BARS && s > 0; s--)
        draw_line(ch, s - 1);
    if (ch->c->by)
        draw_names(ch);
}

void csin_cells_write_svg(const struct csin_cells *c, bool whole, FILE *out)
{
    struct chart ch = {.c = c, .out = out, .right = c->by ? WIDTH - 170 : WIDTH - 30};
    ch.n_series = c->n_columns < SERIES_MAX ? c->n_columns : SERIES_MAX;
    ch.kind = c->over->numeric ? LINES : c->n_rows <= MANY_NAMES ? BARS : RANKED;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
            "%d\" role=\"img\">\n"
            "<style>text{font:13px system-ui,sans-serif;fill:%s}.title{font-size:17px;font-weight:"
            "600}.mid{text-anchor:middle}.end{text-anchor:end}.small{font-size:12px;fill:%s}.grid{"
            "stroke:%s;fill:none}.axis,.whisker{stroke:%s;fill:none}.line{fill:none;stroke-width:2;"
            "stroke-linejoin:round}</style>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT, whole ? "#222" : "var(--ink)",
            whole ? "#555" : "var(--soft)", whole ? "#e2e2e2" : "var(--line)",
            whole ? "#555" : "var(--soft)");
    if (whole)
        fprintf(out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT);
    if (c->n_points == 0) {
        text(&ch, WIDTH / 2.0, HEIGHT / 2.0, "mid", "no points");
    } else {
        ch.order = ch.kind == RANKED ? rank(c) : NULL;
        fit_x(&ch);
        fit_y(&ch);
        draw(&ch);
        free(ch.order);
    }
    fputs("</svg>\n", out);
}
