/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "reports/size_report.h"
#include "topo/xml.h"

#define WIDTH 920
#define HEIGHT 560
#define LEFT 110.0
#define RIGHT 600.0 /* of the plot; the legend stands behind it */
#define TOP 60.0
#define BOTTOM 490.0
#define TICKS 6
#define MAX_LEGEND 22u

struct axis {
    double low, high, step; /* of values */
    double from, to;        /* of the drawing */
};

struct chart {
    const struct csin_sizing *s;
    FILE *out;
    struct axis x, y;
};

static const char *const colours[] = {"#000000", "#0072B2", "#009E73", "#D55E00"};

static bool is_drawn(const struct csin_candidate *c)
{
    return c->fate == CSIN_FATE_IN_SET || c->fate == CSIN_FATE_BEATEN;
}

static double x_of(const struct csin_sizing *s, const struct csin_candidate *c)
{
    return s->needs.spec->workloads.n ? c->time_s : c->oversubscription;
}

static double at(const struct axis *axis, double value)
{
    return axis->from + (value - axis->low) / (axis->high - axis->low) * (axis->to - axis->from);
}

/* 1, 2 or 5 times a power of ten. */
static double nice(double x)
{
    double unit = pow(10, floor(log10(x))), in = x / unit;
    return unit * (in <= 1 ? 1 : in <= 2 ? 2 : in <= 5 ? 5 : 10);
}

static void fit(struct axis *axis, double low, double high)
{
    if (!(high > low)) {
        double pad = fabs(low) > 0 ? 0.1 * fabs(low) : 1;
        low -= pad;
        high += pad;
    }
    axis->step = nice((high - low) / TICKS);
    axis->low = floor(low / axis->step) * axis->step;
    axis->high = ceil(high / axis->step) * axis->step;
}

static void fit_axes(struct chart *c)
{
    double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
    for (uint32_t i = 0; i < c->s->n; i++) {
        const struct csin_candidate *item = &c->s->candidates[i];
        if (!is_drawn(item))
            continue;
        x0 = fmin(x0, x_of(c->s, item));
        x1 = fmax(x1, x_of(c->s, item));
        y0 = fmin(y0, item->network_price);
        y1 = fmax(y1, item->network_price);
    }
    c->x = (struct axis){.from = LEFT, .to = RIGHT};
    c->y = (struct axis){.from = BOTTOM, .to = TOP};
    fit(&c->x, x0, x1);
    fit(&c->y, y0, y1);
}

static void label(struct chart *c, double x, double y, const char *class, const char *text)
{
    fprintf(c->out, "<text class=\"%s\" x=\"%s\" y=\"%s\">", class, csin_show_fixed(x, 1).s,
            csin_show_fixed(y, 1).s);
    csin_xml_text(c->out, text);
    fputs("</text>\n", c->out);
}

static struct csin_shown show_price(double price, double step)
{
    return step < 1 ? csin_show_fixed(price, 2) : csin_show_count((uint64_t)(price + 0.5));
}

static void draw_axes(struct chart *c)
{
    char text[160];
    bool times = c->s->needs.spec->workloads.n > 0;
    for (double v = c->x.low; v <= c->x.high + c->x.step / 2; v += c->x.step) {
        double x = at(&c->x, v);
        fprintf(c->out, "<path class=\"grid\" d=\"M%s %sV%s\"/>\n", csin_show_fixed(x, 1).s,
                csin_show_fixed(TOP, 1).s, csin_show_fixed(BOTTOM, 1).s);
        label(c, x, BOTTOM + 20, "mid",
              times ? csin_show_time(fabs(v) < c->x.step / 1e6 ? 0 : v).s
                    : csin_show_fixed(v, 2).s);
    }
    for (double v = c->y.low; v <= c->y.high + c->y.step / 2; v += c->y.step) {
        double y = at(&c->y, v);
        fprintf(c->out, "<path class=\"grid\" d=\"M%s %sH%s\"/>\n", csin_show_fixed(LEFT, 1).s,
                csin_show_fixed(y, 1).s, csin_show_fixed(RIGHT, 1).s);
        label(c, LEFT - 8, y + 4, "end", show_price(v, c->y.step).s);
    }
    fprintf(c->out, "<path class=\"axis\" d=\"M%s %sV%sH%s\"/>\n", csin_show_fixed(LEFT, 1).s,
            csin_show_fixed(TOP, 1).s, csin_show_fixed(BOTTOM, 1).s, csin_show_fixed(RIGHT, 1).s);
    label(c, (LEFT + RIGHT) / 2, BOTTOM + 48, "mid",
          times ? "time of a step of the workloads, simulated (less is better)"
                : "oversubscription (less is better)");
    snprintf(text, sizeof text, "price of the network [%.40s]", c->s->needs.parts->currency.s);
    label(c, LEFT - 90, TOP - 14, "start", text);
}

/* A circle, a square, a triangle, a diamond: forms tell shapes apart without colour. */
static void draw_mark(struct chart *c, double x, double y, uint32_t shape, bool in_set)
{
    double r = in_set ? 7 : 4.5;
    fprintf(c->out, "<path d=\"M%s %s", csin_show_fixed(x, 1).s, csin_show_fixed(y, 1).s);
    switch ((enum csin_shape)shape) {
    case CSIN_SHAPE_SWITCH:
        fprintf(c->out, "m0 -%gl%g %gl-%g %gl-%g -%gz", r, r, r, r, r, r, r);
        break;
    case CSIN_SHAPE_ZONES:
        fprintf(c->out, "m-%g 0a%g %g 0 1 0 %g 0a%g %g 0 1 0 -%g 0z", r, r, r, 2 * r, r, r, 2 * r);
        break;
    case CSIN_SHAPE_PLANES:
        fprintf(c->out, "m-%g -%gh%gv%gh-%gz", r, r, 2 * r, 2 * r, 2 * r);
        break;
    case CSIN_SHAPE_TREE:
        fprintf(c->out, "m0 -%gl%g %gh-%gz", r, r, 1.8 * r, 2 * r);
        break;
    }
    if (in_set)
        fprintf(c->out, "\" fill=\"%s\" stroke=\"#fff\" stroke-width=\"1.5\"/>\n", colours[shape]);
    else
        fprintf(c->out,
                "\" fill=\"#fff\" fill-opacity=\"0.6\" stroke=\"%s\" stroke-opacity=\"0.55\" "
                "stroke-width=\"1.2\"/>\n",
                colours[shape]);
}

/* The stairs of price against time: of the set, those that nothing cheaper is as fast as. */
static void draw_front(struct chart *c)
{
    double fastest = INFINITY;
    for (uint32_t i = 0; i < c->s->n; i++) { /* by price */
        const struct csin_candidate *item = &c->s->candidates[i];
        double value = x_of(c->s, item);
        if (item->fate != CSIN_FATE_IN_SET || value >= fastest)
            continue;
        double x = at(&c->x, value), y = at(&c->y, item->network_price);
        if (isinf(fastest))
            fprintf(c->out, "<path class=\"front\" d=\"M%s %s", csin_show_fixed(x, 1).s,
                    csin_show_fixed(y, 1).s);
        else
            fprintf(c->out, "V%sH%s", csin_show_fixed(y, 1).s, csin_show_fixed(x, 1).s);
        fastest = value;
    }
    if (!isinf(fastest))
        fputs("\"/>\n", c->out);
}

static void draw_points(struct chart *c)
{
    for (int pass = 0; pass < 2; pass++) /* the set above the others */
        for (uint32_t i = 0; i < c->s->n; i++) {
            const struct csin_candidate *item = &c->s->candidates[i];
            bool in_set = item->fate == CSIN_FATE_IN_SET;
            if (!is_drawn(item) || in_set != (pass == 1))
                continue;
            fputs("<g><title>", c->out);
            csin_xml_text(c->out, item->name);
            fputs("</title>", c->out);
            draw_mark(c, at(&c->x, x_of(c->s, item)), at(&c->y, item->network_price),
                      item->key.shape, in_set);
            fputs("</g>\n", c->out);
        }
}

/* Whether a letter at (x, y) would lie on a mark of the set. */
static bool is_covered(const struct chart *c, double x, double y)
{
    for (uint32_t i = 0; i < c->s->n; i++) {
        const struct csin_candidate *item = &c->s->candidates[i];
        if (item->fate == CSIN_FATE_IN_SET && fabs(at(&c->x, x_of(c->s, item)) - (x + 5)) < 12 &&
            fabs(at(&c->y, item->network_price) - (y - 5)) < 12)
            return true;
    }
    return false;
}

/* Letters beside the points: right above, else left below; behind one that is near already. */
static void draw_letters(struct chart *c)
{
    double last_x = -1e9, last_y = -1e9;
    for (uint32_t i = 0; i < c->s->n; i++) {
        const struct csin_candidate *item = &c->s->candidates[i];
        if (item->fate != CSIN_FATE_IN_SET)
            continue;
        double x = at(&c->x, x_of(c->s, item)) + 10, y = at(&c->y, item->network_price) - 9;
        if (is_covered(c, x, y)) {
            x -= 31;
            y += 23;
        }
        if (fabs(x - last_x) < 14 && fabs(y - last_y) < 13)
            x = last_x + 14;
        label(c, x, y, "letter", csin_size_letter(c->s, i).s);
        last_x = x;
        last_y = y;
    }
}

static void draw_legend(struct chart *c)
{
    double x = RIGHT + 30, y = TOP + 4;
    bool seen[4] = {0};
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->s->n; i++)
        if (is_drawn(&c->s->candidates[i]))
            seen[c->s->candidates[i].key.shape] = true;
    for (uint32_t shape = 0; shape < 4; shape++) {
        if (!seen[shape])
            continue;
        draw_mark(c, x + 6, y - 4, shape, true);
        label(c, x + 22, y, "start", csin_shape_names[shape]);
        y += 22;
    }
    label(c, x, y + 4, "small", "filled: in the set; hollow: beaten by one of it");
    y += 32;
    for (uint32_t i = 0; i < c->s->n && n < MAX_LEGEND; i++) {
        const struct csin_candidate *item = &c->s->candidates[i];
        if (item->fate != CSIN_FATE_IN_SET)
            continue;
        char text[160];
        snprintf(text, sizeof text, "%.40s, %.20s switches", item->name,
                 csin_show_count(item->n_switches).s);
        label(c, x, y, "letter", csin_size_letter(c->s, i).s);
        label(c, x + 22, y, "small", text);
        y += 19;
        n++;
    }
}

void csin_size_write_svg(const struct csin_sizing *sizing, FILE *out)
{
    struct chart c = {.s = sizing, .out = out};
    char text[160];
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
            "viewBox=\"0 0 %d %d\" role=\"img\">\n"
            "<style>text{font:13px sans-serif;fill:#222}.title{font-size:17px;font-weight:600}"
            ".mid{text-anchor:middle}.end{text-anchor:end}.small{font-size:12px;fill:#444}"
            ".letter{font-weight:700;paint-order:stroke;stroke:#fff;stroke-width:3px}.grid{stroke:#"
            "e4e4e4;fill:none}.axis{stroke:#555;fill:none}"
            ".front{stroke:#777;stroke-width:1.5;stroke-dasharray:5 4;fill:none}</style>\n"
            "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
            WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
    snprintf(text, sizeof text, "%.64s: price and speed of %u fabrics", sizing->needs.spec->name.s,
             sizing->n);
    label(&c, LEFT - 90, 26, "title", text);
    fit_axes(&c);
    draw_axes(&c);
    draw_front(&c);
    draw_points(&c);
    draw_letters(&c);
    draw_legend(&c);
    fputs("</svg>\n", out);
}
