/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/picture.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "reports/svg.h"
#include "sim/timeline.h"
#include "topo/svg_ramp.h"

const struct csin_picture csin_pictures[] = {
    {"fabric", csin_picture_fabric},
    {"heat", csin_picture_heat},
    {"timeline", csin_picture_timeline},
    {"slowdowns", csin_picture_slowdowns},
    {0},
};
const char *const csin_picture_names[] = {"fabric", "heat", "timeline", "slowdowns", NULL};

void csin_picture_write(const struct csin_page *page, FILE *out)
{
    csin_pictures[page->picture].draw(page, out);
}

void csin_picture_fabric(const struct csin_page *page, FILE *out)
{
    double *use = page->result ? csin_page_cable_use(page->result) : NULL;
    csin_fabric_write_svg(
        &(struct csin_fabric_view){.fabric = page->fabric, .facts = page->facts, .cable_use = use},
        out);
    free(use);
}

static void rect(FILE *out, double x, double y, double w, double h, const char *fill)
{
    fprintf(out, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n",
            csin_show_fixed(x, 1).s, csin_show_fixed(y, 1).s, csin_show_fixed(w, 1).s,
            csin_show_fixed(h, 1).s, fill);
}

static void write_ramp(FILE *out, double x, double y)
{
    csin_svg_text(out, x - 8, y + 10, "end", true, "use 0 %");
    for (unsigned i = 0; i < 20; i++)
        rect(out, x + 8 * i, y, 8.2, 12, csin_svg_ramp(i / 19.0).s);
    csin_svg_text(out, x + 168, y + 10, "start", true, "100 %");
}

/* ---- heat maps ---- */

#define CELL 12.0
#define NAMES 96.0 /* room for names of leaves */
#define HEAD 92.0  /* and of spines, upright */
#define MAX_MAPS 16u
#define MAX_CELLS 40000u

/* What the arcs between a leaf and a spine are: the busiest of them. */
struct heat {
    double use;
    bool is_there, is_congested;
};

static void fill_heat(const struct csin_page *page, const struct csin_zone *zone, unsigned way,
                      const uint32_t *row, struct heat *cells)
{
    const struct csin_fabric *f = page->fabric;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        uint32_t leaf = f->cables[c].end[0] - zone->first_leaf;
        uint32_t spine = f->cables[c].end[1] - zone->first_spine, arc = 2 * c + way;
        if (f->cables[c].place != CSIN_AT_SPINE || leaf >= zone->n_leaves ||
            spine >= zone->n_spines)
            continue;
        struct heat *cell = &cells[leaf * zone->n_spines + spine];
        cell->is_there = cell->is_there || f->arc_capacity_Bps[arc] > 0;
        if (row[arc] == CSIN_NONE)
            continue;
        const struct csin_arc_result *r = &page->result->arcs[row[arc]];
        cell->use = fmax(cell->use, r->mean_utilisation);
        cell->is_congested = cell->is_congested || r->congested_s > 0;
    }
}

static void write_map(const struct csin_page *page, const struct csin_zone *zone, unsigned way,
                      const struct heat *cells, double x, double y, FILE *out)
{
    const struct csin_switch *switches = page->fabric->switches;
    char title[120];
    snprintf(title, sizeof title, "%.80s%sleaf %s", zone->name, *zone->name ? ", " : "",
             way ? "down" : "up");
    csin_svg_text(out, x + NAMES, y + 12, "start", false, title);
    for (uint32_t s = 0; s < zone->n_spines; s++) {
        fprintf(out, "<g transform=\"translate(%s %s)rotate(-65)\" font-size=\"9\">",
                csin_show_fixed(x + NAMES + (s + 0.8) * CELL, 1).s,
                csin_show_fixed(y + HEAD - 4, 1).s);
        csin_svg_text(out, 0, 0, "start", true, switches[zone->first_spine + s].name);
        fputs("</g>\n", out);
    }
    fputs("<g font-size=\"9\">\n", out);
    for (uint32_t l = 0; l < zone->n_leaves; l++)
        csin_svg_text(out, x + NAMES - 5, y + HEAD + (l + 0.75) * CELL, "end", true,
                      switches[zone->first_leaf + l].name);
    fputs("</g>\n", out);
    for (uint32_t i = 0; i < zone->n_leaves * zone->n_spines; i++) {
        double cx = x + NAMES + i % zone->n_spines * CELL;
        double cy = y + HEAD + i / zone->n_spines * CELL;
        if (!cells[i].is_there)
            continue;
        rect(out, cx, cy, CELL - 1, CELL - 1, csin_svg_ramp(cells[i].use).s);
        if (cells[i].is_congested)
            fprintf(out, "<circle cx=\"%s\" cy=\"%s\" r=\"2\" fill=\"#d55e00\"/>\n",
                    csin_show_fixed(cx + 5.5, 1).s, csin_show_fixed(cy + 5.5, 1).s);
    }
}

void csin_picture_heat(const struct csin_page *page, FILE *out)
{
    const struct csin_fabric *f = page->fabric;
    uint32_t n = 0, *row = malloc((f->n_arcs + 1u) * sizeof *row);
    double width = 560, height = 60, n_cells = 0;
    if (!row)
        return;
    for (uint32_t arc = 0; arc < f->n_arcs; arc++)
        row[arc] = CSIN_NONE;
    for (uint32_t i = 0; i < page->result->n_arcs; i++)
        row[page->result->arcs[i].arc] = i;
    for (; n < f->n_zones && 2 * n < MAX_MAPS; n++) {
        n_cells += 2.0 * f->zones[n].n_leaves * f->zones[n].n_spines;
        if (n_cells > MAX_CELLS)
            break;
        width = fmax(width, 2 * (NAMES + f->zones[n].n_spines * CELL + 50) + 40);
        height += HEAD + f->zones[n].n_leaves * CELL + 24;
    }
    csin_svg_open(out, width, height + 30, page->title);
    write_ramp(out, width - 240, 40);
    fprintf(out, "<circle cx=\"26\" cy=\"46\" r=\"3\" fill=\"#d55e00\"/>\n");
    csin_svg_text(out, 34, 50, "start", true, "congested");
    double y = 60;
    for (uint32_t z = 0; z < n; z++) {
        const struct csin_zone *zone = &f->zones[z];
        for (unsigned way = 0; way < 2; way++) {
            struct heat *cells = calloc((size_t)zone->n_leaves * zone->n_spines + 1, sizeof *cells);
            if (!cells)
                break;
            fill_heat(page, zone, way, row, cells);
            write_map(page, zone, way, cells, 20 + way * (NAMES + zone->n_spines * CELL + 50), y,
                      out);
            free(cells);
        }
        y += HEAD + zone->n_leaves * CELL + 24;
    }
    if (n < f->n_zones || n == 0) {
        char text[128];
        snprintf(text, sizeof text, "%s of %s zones are drawn", csin_show_count(n).s,
                 csin_show_count(f->n_zones).s);
        csin_svg_text(out, 20, height + 16, "start", true, text);
    }
    csin_svg_close(out);
    free(row);
}

/* ---- timeline ---- */

#define LEFT 150.0
#define WIDTH 1100.0
#define ROW 22.0
#define MAX_ROWS 40u

static double at(double s, double end_s)
{
    return LEFT + (WIDTH - LEFT - 40) * s / end_s;
}

static void write_bars(const struct csin_page *page, uint32_t n_rows, double end_s, FILE *out)
{
    const struct csin_scenario *sc = page->result->scenario;
    const struct csin_timeline *t = page->result->timeline;
    for (uint32_t o = 0; o < n_rows; o++)
        csin_svg_text(out, LEFT - 8, 60 + o * ROW + 15, "end", false,
                      csin_brief(sc->owners[o], SIZE_MAX).s);
    for (uint32_t i = 0; i < t->n_bars; i++) {
        const struct csin_bar *bar = &t->bars[i];
        if (bar->owner >= n_rows)
            continue;
        bool delay = bar->owner < sc->n_jobs &&
                     sc->jobs[bar->owner].steps[bar->step].work == CSIN_COMPUTE_DELAY;
        double x = at(bar->from_s, end_s), w = fmax(at(bar->to_s, end_s) - x - 0.7, 0.5);
        fprintf(out,
                "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\" "
                "fill-opacity=\"%s\"/>\n",
                csin_show_fixed(x, 1).s, csin_show_fixed(60 + bar->owner * ROW + 2, 1).s,
                csin_show_fixed(w, 1).s, csin_show_fixed(ROW - 4, 1).s, csin_svg_hue(bar->owner),
                delay ? "0.3" : "0.92");
    }
}

static void write_axis(double y, double end_s, FILE *out)
{
    double step = pow(10, floor(log10(end_s / 5)));
    step *= end_s / step > 40 ? 10 : end_s / step > 20 ? 5 : end_s / step > 10 ? 2 : 1;
    for (unsigned i = 0; i * step <= end_s; i++) {
        double s = i * step, x = at(s, end_s);
        fprintf(out, "<path stroke=\"#d5dde5\" d=\"M%s 56V%s\"/>\n", csin_show_fixed(x, 1).s,
                csin_show_fixed(y, 1).s);
        csin_svg_text(out, x, y + 16, "middle", true, csin_show_time(s).s);
    }
}

static void write_events(const struct csin_scenario *sc, double y, double end_s, FILE *out)
{
    for (uint32_t i = 0; i < sc->n_events; i++)
        if (sc->events[i].at_s <= end_s)
            fprintf(out,
                    "<path stroke=\"%s\" stroke-width=\"1.5\" stroke-dasharray=\"5 3\" d=\"M%s "
                    "52V%s\"/>\n",
                    sc->events[i].up ? "#00805e" : "#d55e00",
                    csin_show_fixed(at(sc->events[i].at_s, end_s), 1).s, csin_show_fixed(y, 1).s);
}

/* The use of each layer as a line over `h` pixels; its name at the end of the list above. */
static void write_layers(const struct csin_page *page, double top, double h, FILE *out)
{
    const struct csin_recorder *r = page->result->timeline->recorder;
    const struct csin_samples *s = &r->groups;
    double x = LEFT + 210;
    csin_svg_text(out, LEFT, top - 8, "start", true, "use of each layer: mean of arcs");
    for (unsigned i = 0; i <= 4; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u %%", 25 * i);
        csin_svg_text(out, LEFT - 8, top + h - h * i / 4 + 4, "end", true, text);
        rect(out, LEFT, top + h - h * i / 4, WIDTH - LEFT - 20, 0.6, "#d5dde5");
    }
    for (uint32_t g = 0, shown = 0; g < r->n_groups; g++) {
        double top_use = 0;
        for (uint32_t i = 0; i < csin_samples_count(s); i++)
            top_use = fmax(top_use, csin_samples_mean(s, g, i));
        if (top_use <= 0)
            continue;
        fprintf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\"%s d=\"",
                csin_svg_hue(shown / 2 + 3), shown % 2 ? " stroke-dasharray=\"5 3\"" : "");
        for (uint32_t i = 0; i < csin_samples_count(s); i++) {
            double use = fmin(1, csin_samples_mean(s, g, i) / r->group[g].capacity_Bps);
            fprintf(out, "%s%s %s", i ? "V" : "M", i ? "" : csin_show_fixed(at(0, s->end_s), 1).s,
                    csin_show_fixed(top + h - h * use, 1).s);
            fprintf(out, "H%s",
                    csin_show_fixed(at(fmin((i + 1) * s->width_s, s->end_s), s->end_s), 1).s);
        }
        fprintf(out, "M%s %sh22\"/>\n", csin_show_fixed(x, 1).s, csin_show_fixed(top - 12, 1).s);
        csin_svg_text(out, x + 27, top - 8, "start", false, r->group[g].place);
        x += 120;
        shown++;
    }
}

void csin_picture_timeline(const struct csin_page *page, FILE *out)
{
    const struct csin_scenario *sc = page->result->scenario;
    double end_s = page->result->makespan_s > 0 ? page->result->makespan_s : 1;
    uint32_t n_rows = sc->n_owners < MAX_ROWS ? sc->n_owners : MAX_ROWS;
    double bars = 60 + n_rows * ROW, base = bars + 190;
    csin_svg_open(out, WIDTH, base + 34, page->title);
    write_axis(base, end_s, out);
    write_bars(page, n_rows, end_s, out);
    write_layers(page, bars + 40, 150, out);
    write_events(sc, base, end_s, out);
    if (sc->n_owners > n_rows) {
        char text[128];
        snprintf(text, sizeof text, "%s more jobs and streams are not drawn",
                 csin_show_count(sc->n_owners - n_rows).s);
        csin_svg_text(out, LEFT, bars + 14, "start", true, text);
    }
    csin_svg_close(out);
}

/* ---- slowdowns ---- */

#define BINS 60u

static void write_row(const struct csin_slowdowns *s, double low, double high, double y,
                      uint32_t owner, FILE *out)
{
    uint32_t bins[BINS] = {0}, most = 1;
    double w = (WIDTH - LEFT - 330) / BINS;
    for (uint32_t i = 0; i < s->n; i++) {
        uint32_t bin = (uint32_t)fmin(BINS - 1, (s->values[i] - low) / (high - low) * BINS);
        most = ++bins[bin] > most ? bins[bin] : most;
    }
    for (uint32_t b = 0; b < BINS; b++) {
        double h = fmax(2, 24.0 * bins[b] / most);
        if (bins[b])
            rect(out, LEFT + b * w, y + 28 - h, w - 0.6, h, csin_svg_hue(owner));
    }
    rect(out, LEFT, y + 28, w * BINS, 0.8, "#9aa7b4");
    char text[120];
    snprintf(text, sizeof text, "median %.12sx, 90 %% <= %.12sx, worst %.12sx",
             csin_show_fixed(s->values[(s->n - 1) / 2], 2).s,
             csin_show_fixed(s->values[(s->n - 1) * 9 / 10], 2).s,
             csin_show_fixed(s->values[s->n - 1], 2).s);
    csin_svg_text(out, WIDTH - 316, y + 20, "start", false, text);
}

void csin_picture_slowdowns(const struct csin_page *page, FILE *out)
{
    const struct csin_scenario *sc = page->result->scenario;
    const struct csin_slowdowns *s = page->result->timeline->slowdowns;
    uint32_t n_rows = 0;
    double low = 1, high = 1.2, y = 50;
    for (uint32_t o = 0; o < sc->n_owners; o++)
        if (s[o].n > 0) {
            low = fmin(low, s[o].values[0]);
            high = fmax(high, s[o].values[s[o].n - 1]);
            n_rows += n_rows < MAX_ROWS;
        }
    csin_svg_open(out, WIDTH, 50 + n_rows * 38 + 44, page->title);
    for (uint32_t o = 0, shown = 0; o < sc->n_owners && shown < n_rows; o++) {
        if (s[o].n == 0)
            continue;
        csin_svg_text(out, LEFT - 8, y + 20, "end", false, csin_brief(sc->owners[o], SIZE_MAX).s);
        write_row(&s[o], low, high, y, o, out);
        y += 38;
        shown++;
    }
    for (unsigned i = 0; i <= 4; i++) {
        char text[32];
        snprintf(text, sizeof text, "%.20sx", csin_show_fixed(low + (high - low) * i / 4, 2).s);
        csin_svg_text(out, LEFT + (WIDTH - LEFT - 330) * i / 4, y + 14, "middle", true, text);
    }
    csin_svg_text(out, LEFT, y + 32, "start", true,
                  "times as long as alone: each round of each step, each client of storage");
    csin_svg_close(out);
}
