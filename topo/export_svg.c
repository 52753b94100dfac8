/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric as a drawing: self-contained SVG without scripts.
 *
 *     title
 *         core switches                            (and inter-zone switches that join spines)
 *     +-- zone a ----------+  +-- zone b ----------+
 *     |   spines           |  |                    |
 *     |   \/\/\/ cables    |  |                    |
 *     |   leaves           |  |                    |
 *     |   host ports       |  |                    |   a cell a port, or a bar a leaf
 *     +--------------------+  +--------------------+
 *              \________ inter-zone ________/          switches that join leaves
 *     legend
 *
 * Switches outside any zone are drawn as one more zone, core switches that belong to them as its
 * spines. The drawing stays below 2 MB: past the limits of topo/svg_layout.h, hosts become a bar a
 * leaf, cables one band a zone, and switches one card a zone. */
#include "topo/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/markup.h"
#include "topo/svg_layout.h"
#include "topo/svg_ramp.h"

void csin_svg_label(struct csin_svg *d, const char *class, double x, double y, double size,
                    const char *text)
{
    fprintf(d->out, "<text class=\"%s\" x=\"%s\" y=\"%s\" font-size=\"%s\">", class, px(x).s,
            px(y).s, px(size).s);
    csin_markup_text(d->out, text);
    fputs("</text>\n", d->out);
}

/* ---- drawing ---- */

static void write_head(const struct csin_fabric *f, double width, double height, FILE *out)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" "
            "viewBox=\"0 0 %s %s\" font-family=\"sans-serif\">\n<title>",
            px(width).s, px(height).s, px(width).s, px(height).s);
    csin_markup_text(out, f->name);
    fputs("</title>\n"
          "<style>\n"
          "text{fill:#22303c}.m{text-anchor:middle}.g{fill:#5b6b7a}\n"
          ".ge{fill:#5b6b7a;text-anchor:end}.b{font-weight:bold}\n"
          ".g,.ge,.b{paint-order:stroke;stroke:#fff;stroke-width:3;stroke-opacity:.8}\n"
          ".n{fill:#fff;text-anchor:middle}.d{fill:#123;text-anchor:middle}\n"
          ".z{fill:#f6f8fa;stroke:#d8dfe6}.s0{fill:#3d5166}.s1{fill:#2b3d50}.s2{fill:#1c2b3a}"
          ".s3{fill:#8e3a7d}\n"
          ".c0{fill:#1f6fb2}.c1{fill:#59c3a6}.c2{fill:#fff;stroke:#9aa7b4;stroke-width:.8}"
          ".c3{fill:#a8489a}\n"
          ".u{fill:none;stroke:#4b7399}.j{fill:none;stroke:#a8489a}.band{fill:#4b7399}\n"
          ".x{fill:none;stroke:#d7191c;stroke-width:2.6;stroke-dasharray:7 3}\n"
          ".y{fill:none;stroke:#f08a00;stroke-width:2.6}"
          ".w{fill:none;stroke:#fff;stroke-width:6;stroke-opacity:.9}\n"
          ".u:hover,.j:hover{stroke-opacity:1;stroke-width:1.6}\n"
          "</style>\n",
          out);
    fprintf(out, "<rect width=\"%s\" height=\"%s\" fill=\"#fff\"/>\n", px(width).s, px(height).s);
}

static void write_title(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                        double width, FILE *out)
{
    double size = fmin(26,
                       26 * (width - 2 * MARGIN) / (csin_svg_text_width(f->name, 26) * 1.15 + 1));
    fprintf(out, "<text class=\"b\" x=\"%s\" y=\"54\" font-size=\"%s\">", px(MARGIN).s, px(size).s);
    csin_markup_text(out, f->name);
    fprintf(out, "</text>\n<text class=\"g\" x=\"%s\" y=\"80\" font-size=\"14\">%s · %s · %s",
            px(MARGIN).s, csin_svg_count_of(f->n_switches, "switch", "switches").s,
            csin_svg_count_of(f->n_hosts, "host", "hosts").s,
            csin_svg_count_of(f->n_cables, "cable", "cables").s);
    if (facts->diameter)
        fprintf(out, " · diameter %s", csin_svg_count_of(facts->diameter, "cable", "cables").s);
    if (facts->n_parts > 1)
        fprintf(out, " · <tspan fill=\"#d7191c\">%s parts that cannot reach each other</tspan>",
                csin_show_count(facts->n_parts).s);
    fputs("</text>\n", out);
}

static void write_zone_facts(struct csin_svg *d, uint32_t z, double x, double y, double w,
                             uint32_t max_lines)
{
    struct head head = csin_svg_head(d, z, w, max_lines);
    double name_size = fmin(17, 17 * w / (csin_svg_text_width(head.name, 18) + 1));
    if (name_size < 8) { /* cut what would not be read anyway */
        name_size = 8;
        head.name[(size_t)fmin(w / (8.5 * GLYPH), sizeof head.name - 1)] = 0;
    }
    csin_svg_label(d, "b", x, y + 24, name_size, head.name);
    for (uint32_t i = 0; i < head.n_lines; i++)
        csin_svg_label(d, head.beside ? "ge" : "g", head.beside ? x + w : x,
                       y +
                           (head.beside  ? 18
                            : *head.name ? 44
                                         : 20) +
                           16 * i,
                       head.size, head.lines[i]);
}

/* The names of the boxes, which show only what differs. w: half the width of the zone. */
static void write_names(struct csin_svg *d, uint32_t z, double x, double y, double w)
{
    const struct csin_zone *zone = &d->f->zones[z];
    const struct csin_switch *leaf = &d->f->switches[zone->first_leaf];
    const struct csin_switch *spine = &d->f->switches[zone->first_spine];
    char text[300];
    if (zone->n_leaves < 9 || zone->n_spines == 0)
        return;
    snprintf(text, sizeof text, "%.64s … %.64s, %.64s … %.64s", spine[0].name,
             spine[zone->n_spines - 1].name, leaf[0].name, leaf[zone->n_leaves - 1].name);
    if (csin_svg_text_width(text, 10.5) > w)
        return;
    if (*zone->name)
        csin_svg_label(d, "g", x, y + 44, 10.5, text);
    else
        csin_svg_label(d, "ge", x + 2 * w, y + 20, 10.5, text);
}

static void write_panels(struct csin_svg *d)
{
    for (const struct group *g = d->groups; g < d->groups + d->n_groups; g++)
        fprintf(d->out,
                "<rect class=\"z\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"10\"/>\n",
                px(g->x - PAD).s, px(d->panel_y).s, px(g->w + 2 * PAD).s,
                px(d->bottom_y - d->panel_y).s);
}

static void write_heads(struct csin_svg *d)
{
    for (uint32_t g = 0; g < d->n_groups; g++) {
        double x = d->groups[g].x, w = d->groups[g].w;
        if (g < d->f->n_zones) {
            write_zone_facts(d, g, x, d->head_y, w, HEAD_LINES);
            if (w >= HEAD_WIDTH)
                write_names(d, g, x, d->head_y, w / 2);
        } else if (d->n_groups > 1) {
            const char *name = csin_svg_text_width("Outside any zone", 13.5) <= w
                                   ? "Outside any zone"
                                   : "No zone";
            csin_svg_label(d, "b", x, d->head_y + 24,
                           fmin(17, 17 * w / csin_svg_text_width(name, 18.5)), name);
        }
    }
}

/* A curve between two points that leaves and arrives upright; between two of the same row, an arc
 * over it. */
static void curve(struct csin_svg *d, double x1, double y1, double x2, double y2)
{
    double bend = fabs(y1 - y2) < 1 ? -fmin(12 + fabs(x1 - x2) * 0.2, 70) : (y2 - y1) * 0.36;
    double bend2 = fabs(y1 - y2) < 1 ? -bend : bend;
    fprintf(d->out, "M%s %sC%s %s %s %s %s %s", px(x1).s, px(y1).s, px(x1).s, px(y1 + bend).s,
            px(x2).s, px(y2 - bend2).s, px(x2).s, px(y2).s);
}

/* A cable to leaf end[e] through the gap beside its zone, at the side that is nearer. */
static void gap_curve(struct csin_svg *d, const struct csin_cable *cable, unsigned e)
{
    const struct seat *leaf = &d->seats[cable->end[e]], *far = &d->seats[cable->end[!e]];
    const struct group *group = &d->groups[leaf->group], *from = &d->groups[far->group];
    double lane = 3.0 * (cable->port[!e] % 9) - 12, r = 8; /* so that cables do not coincide */
    double x = csin_svg_port_x(d, cable->end[e], cable->port[e], true);
    bool right = far->row == SPINES ? from->x > group->x : x > group->x + group->w / 2;
    double gap = (right ? group->x + group->w + d->gap / 2 : group->x - d->gap / 2) + lane;
    if (far->row == ABOVE) {
        double x2 = csin_svg_port_x(d, cable->end[!e], cable->port[!e], false);
        double y2 = far->box.y + far->box.h, bend = (d->panel_y - y2) * 0.5;
        fprintf(d->out, "M%s %sC%s %s %s %s %s %s", px(x2).s, px(y2).s, px(x2).s, px(y2 + bend).s,
                px(gap).s, px(d->panel_y - bend).s, px(gap).s, px(d->panel_y).s);
    } else { /* out at the side, up, over the panels and down again */
        double side = right ? -1 : 1, over = d->panel_y - 20 + lane * 0.8;
        double up = (right ? from->x - d->gap / 2 : from->x + from->w + d->gap / 2) + lane;
        double y2 = far->box.y + far->box.h / 2 + lane * 0.6;
        fprintf(d->out, "M%s %s", px(right ? far->box.x : far->box.x + far->box.w).s, px(y2).s);
        if (fabs(up - gap) > 1) {
            fprintf(d->out, "H%sQ%s %s %s %sV%sQ%s %s %s %s", px(up - side * r).s, px(up).s,
                    px(y2).s, px(up).s, px(y2 - r).s, px(over + r).s, px(up).s, px(over).s,
                    px(up + side * r).s, px(over).s);
            y2 = over;
        }
        fprintf(d->out, "H%sQ%s %s %s %s", px(gap - side * r).s, px(gap).s, px(y2).s, px(gap).s,
                px(y2 + r).s);
    }
    fprintf(d->out, "V%sC%s %s %s %s %s %s", px(d->leaf_y - 70).s, px(gap).s, px(d->leaf_y - 30).s,
            px(x).s, px(d->leaf_y - 40).s, px(x).s, px(d->leaf_y).s);
}

static void cable_curve(struct csin_svg *d, const struct csin_cable *cable)
{
    for (unsigned e = 0; e < 2; e++)
        if (csin_svg_takes_gap(d, cable, e)) {
            gap_curve(d, cable, e);
            return;
        }
    double x1, y1, x2, y2;
    csin_svg_anchor(d, cable, 0, &x1, &y1);
    csin_svg_anchor(d, cable, 1, &x2, &y2);
    curve(d, x1, y1, x2, y2);
}

/* The healthy cables up from a switch, as one path. `joints`: those to inter-zone switches, or the
 * others. */
static void write_cables_up(struct csin_svg *d, uint32_t sw, bool joints, double width,
                            double opacity)
{
    const struct csin_fabric *f = d->f;
    uint32_t n = 0;
    double sum_Bps = 0;
    for (uint32_t p = 0; p < f->switches[sw].n_ports; p++) {
        uint32_t other;
        const struct csin_cable *cable = csin_svg_cable_at(f, sw, p, &other);
        if (!cable || csin_is_nic(f, other) || cable->end[0] != sw || !cable->up ||
            cable->degraded || (f->switches[other].layer == CSIN_INTER_ZONE) != joints ||
            (cable->place == CSIN_AT_SPINE ? d->bands : d->no_others))
            continue;
        if (n++ == 0)
            fprintf(d->out, "<path class=\"%s\" stroke-width=\"%s\" stroke-opacity=\"%s\" d=\"",
                    joints ? "j" : "u", csin_show_fixed(width, 2).s, csin_show_fixed(opacity, 2).s);
        cable_curve(d, cable);
        sum_Bps += cable->capacity_Bps;
    }
    if (n == 0)
        return;
    fputs("\"><title>", d->out);
    csin_markup_text(d->out, f->switches[sw].name);
    fprintf(d->out, ": %s up to %s switches, %s together</title></path>\n",
            csin_svg_count_of(n, "cable", "cables").s, joints ? "inter-zone" : "higher",
            csin_show_rate(sum_Bps).s);
}

/* ---- cables coloured by how much they are used ---- */

static int less_used(const void *a, const void *b, void *use)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    double p = ((const double *)use)[x], q = ((const double *)use)[y];
    return p != q ? (p < q ? -1 : 1) : x < y ? -1 : x > y;
}

/* One path a cable, the busiest on top. A page finds each by its number. */
static void write_used_cables(struct csin_svg *d)
{
    const struct csin_fabric *f = d->f;
    uint32_t n = 0, *order = malloc((f->n_cables + 1u) * sizeof *order);
    if (!order)
        return;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (!csin_is_nic(f, cable->end[0]) && cable->up && !cable->degraded &&
            !(cable->place == CSIN_AT_SPINE ? d->bands : d->no_others))
            order[n++] = c;
    }
    qsort_r(order, n, sizeof *order, less_used, (void *)d->use);
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_cable *cable = &f->cables[order[i]];
        double use = fmin(d->use[order[i]], 1);
        fprintf(d->out, "<path class=\"q\" data-c=\"%u\" stroke=\"%s\" stroke-width=\"%s\" d=\"",
                order[i], csin_svg_ramp(use).s, csin_show_fixed(0.6 + 1.6 * use, 2).s);
        cable_curve(d, cable);
        fputs("\"><title>", d->out);
        csin_markup_text(d->out, f->switches[cable->end[0]].name);
        fputs(" - ", d->out);
        csin_markup_text(d->out, f->switches[cable->end[1]].name);
        fprintf(d->out, ": %s %%</title></path>\n", csin_show_fixed(100 * d->use[order[i]], 1).s);
    }
    free(order);
}

static void write_ramp(struct csin_svg *d)
{
    fputs(
        "<g class=\"ramp\">\n<style>.q{fill:none}.q:hover{stroke:#d55e00;stroke-width:3}</style>\n",
        d->out);
    double w = 180, x = d->width - MARGIN - w - 44;
    for (unsigned i = 0; i < 60; i++)
        fprintf(d->out, "<rect x=\"%s\" y=\"54\" width=\"%s\" height=\"12\" fill=\"%s\"/>\n",
                px(x + i * w / 60).s, px(w / 60 + 0.3).s, csin_svg_ramp(i / 59.0).s);
    csin_svg_label(d, "ge", x - 8, 65, 12, "0 %");
    csin_svg_label(d, "g", x + w + 8, 65, 12, "100 %");
    csin_svg_label(d, "g", x, 46, 12, "mean use, busier way");
    fputs("</g>\n", d->out);
}

static void write_bands(struct csin_svg *d)
{
    for (uint32_t g = 0; g < d->n_groups; g++) {
        struct box edge[2] = {{1e9, 0, 0, 0}, {1e9, 0, 0, 0}}; /* leaves, spines: x and right end */
        uint64_t n = 0;
        for (uint32_t s = 0; s < d->f->n_switches; s++) {
            enum row row = d->seats[s].row;
            if ((row != LEAVES && row != SPINES) || d->seats[s].group != g)
                continue;
            struct box *e = &edge[row == SPINES];
            const struct box *box = &d->seats[s].box;
            e->x = fmin(e->x, box->x);
            e->w = fmax(e->w, box->x + box->w);
        }
        for (uint32_t c = 0; c < d->f->n_cables; c++)
            n += d->f->cables[c].place == CSIN_AT_SPINE &&
                 d->seats[d->f->cables[c].end[0]].group == g;
        if (n == 0)
            continue;
        double top = d->spine_y + 22, mid = (top + d->leaf_y) / 2;
        fprintf(d->out,
                "<path class=\"band\" fill-opacity=\".22\" d=\"M%s %sH%sC%s %s %s %s %s %sH%sC%s "
                "%s %s %s "
                "%s %sz\"/>\n",
                px(edge[1].x).s, px(top).s, px(edge[1].w).s, px(edge[1].w).s, px(mid).s,
                px(edge[0].w).s, px(mid).s, px(edge[0].w).s, px(d->leaf_y).s, px(edge[0].x).s,
                px(edge[0].x).s, px(mid).s, px(edge[1].x).s, px(mid).s, px(edge[1].x).s, px(top).s);
        char text[100];
        snprintf(text, sizeof text, "%s drawn as one band",
                 csin_svg_count_of(n, "cable", "cables").s);
        double room = fmax(edge[0].w - edge[0].x, edge[1].w - edge[1].x);
        if (csin_svg_text_width(text, 14) > room)
            snprintf(text, sizeof text, "%s", csin_svg_count_of(n, "cable", "cables").s);
        double size = fmin(14, 14 * room / csin_svg_text_width(text, 15));
        if (size >= 6)
            csin_svg_label(d, "m", (edge[0].x + edge[0].w) / 2, mid + 5, size, text);
    }
}

static void write_cables(struct csin_svg *d)
{
    const struct csin_fabric *f = d->f;
    /* The denser, the fainter: lines a pixel of the zone's width decide. */
    double density = (double)(d->n_spine_lines + d->n_other_lines) / (d->content + 1);
    double opacity = fmin(fmax(0.42 / sqrt(density), 0.16), 0.8);
    double width = fmin(fmax(0.9 / sqrt(density), 0.5), 1.5);
    if (d->facts->n_dead_cables || d->facts->n_degraded_cables) { /* faults stand out */
        opacity = fmin(opacity, 0.45);
        width = fmin(width, 1.2);
    }
    if (d->bands)
        write_bands(d);
    if (d->use)
        write_used_cables(d);
    for (uint32_t s = 0; s < f->n_switches && !d->use; s++)
        write_cables_up(d, s, false, width, opacity);
    for (uint32_t s = 0; s < f->n_switches && !d->use; s++)
        write_cables_up(d, s, true, 1.1, 0.7);

    uint32_t n = 0;
    for (uint32_t c = 0; c < f->n_cables && n < MAX_FAULTS; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (csin_is_nic(f, cable->end[0]) || (cable->up && !cable->degraded))
            continue;
        fputs("<path class=\"w\" d=\"", d->out);
        cable_curve(d, cable);
        fprintf(d->out, "\"/>\n<path class=\"%s\" d=\"", cable->up ? "y" : "x");
        cable_curve(d, cable);
        fputs("\"><title>", d->out);
        csin_markup_text(d->out, f->switches[cable->end[0]].name);
        fprintf(d->out, " port %u to ", cable->port[0] + 1);
        csin_markup_text(d->out, f->switches[cable->end[1]].name);
        fprintf(d->out, " port %u: %s%s</title></path>\n", cable->port[1] + 1,
                cable->up ? "degraded, " : "dead",
                cable->up ? csin_show_linerate(cable->capacity_Bps).s : "");
        n++;
    }
}

/* What all names of a row begin with, so that a small box can show the rest. */
static size_t common_prefix(const struct csin_fabric *f, uint32_t sw)
{
    const char *first = NULL;
    size_t n = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        if (f->switches[s].layer != f->switches[sw].layer ||
            f->switches[s].zone != f->switches[sw].zone)
            continue;
        if (!first) {
            first = f->switches[s].name;
            n = strlen(first);
        }
        size_t same = 0;
        while (same < n && f->switches[s].name[same] == first[same])
            same++;
        n = same;
    }
    /* Never split a number or leave nothing. */
    while (n > 0 && first[n - 1] >= '0' && first[n - 1] <= '9')
        n--;
    return first[n] ? n : 0;
}

static void write_switch_name(struct csin_svg *d, const struct box *box, const char *name,
                              const char *rest)
{
    double size = 11;
    const char *text = csin_svg_text_width(name, 9.5) + 4 <= box->w ? name : rest;
    while (size > 6.5 && csin_svg_text_width(text, size) + 2 > box->w)
        size -= 0.5;
    double x = box->x + box->w / 2, y = box->y + box->h / 2;
    if (csin_svg_text_width(text, size) + 1 <= box->w) {
        csin_svg_label(d, "n", x, y + size * 0.36, size, text);
        return;
    }
    size = fmin(9, box->w - 0.5);
    if (size < 5.5 || csin_svg_text_width(text, size) > box->h - 1)
        return;
    fprintf(d->out, "<text class=\"n\" transform=\"translate(%s %s)rotate(-90)\" font-size=\"%s\">",
            px(x + size * 0.36).s, px(y).s, px(size).s);
    csin_markup_text(d->out, text);
    fputs("</text>\n", d->out);
}

static void write_switches(struct csin_svg *d)
{
    const struct csin_fabric *f = d->f;
    size_t prefix = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        const struct box *box = &d->seats[s].box;
        if (s == 0 || sw->layer != sw[-1].layer || sw->zone != sw[-1].zone)
            prefix = common_prefix(f, s);
        fprintf(
            d->out,
            "<rect class=\"s%u\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"%s\"><title>",
            sw->layer, px(box->x).s, px(box->y).s, px(box->w).s, px(box->h).s,
            px(fmin(3, box->w / 4)).s);
        csin_markup_text(d->out, sw->name);
        fprintf(d->out, " (%s%s", csin_layer_names[sw->layer], sw->model && *sw->model ? ", " : "");
        csin_markup_text(d->out, sw->model ? sw->model : "");
        fprintf(d->out, "): %u of %u ports used, %u free</title></rect>\n", sw->n_used, sw->n_ports,
                sw->n_ports - sw->n_used);
        write_switch_name(d, box, sw->name, sw->name + prefix);
    }
}

/* One port below a leaf. */
static void write_cell(struct csin_svg *d, uint32_t leaf, uint32_t port, enum cell cell,
                       struct box box)
{
    const struct csin_fabric *f = d->f;
    uint32_t other = 0;
    const struct csin_cable *cable = csin_svg_cable_at(f, leaf, port, &other);
    double inset = cell == FREE ? 0.4 : 0;
    if (d->cells == NAMED)
        fprintf(d->out,
                "<rect class=\"c%u\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"3\">", cell,
                px(box.x).s, px(box.y).s, px(box.w).s, px(box.h).s);
    else
        fprintf(d->out, "<path class=\"c%u\" d=\"M%s %sh%sv%sh-%sz\">", cell, px(box.x + inset).s,
                px(box.y + inset).s, px(box.w - 2 * inset).s, px(box.h - 2 * inset).s,
                px(box.w - 2 * inset).s);
    fputs("<title>", d->out);
    const char *name = "";
    struct csin_vertex_name nic;
    if (cell == COMPUTE || cell == STORAGE) {
        const struct csin_host *host = &f->hosts[f->nics[other - f->n_switches].host];
        nic = csin_vertex_name(f, other); /* tells the NICs of a host apart */
        name = nic.s;
        csin_markup_text(d->out, host->name);
        fprintf(d->out, " (%s", csin_role_names[host->role]);
        if (host->model && *host->model) {
            fputs(", ", d->out);
            csin_markup_text(d->out, host->model);
        }
        if (host->n_nics > 1)
            fprintf(d->out, ", NIC %u of %u", cable->port[0] + 1, host->n_nics);
        fprintf(d->out, "): %s%s to ", csin_show_linerate(cable->capacity_Bps).s,
                !cable->up        ? ", DEAD,"
                : cable->degraded ? ", degraded,"
                                  : "");
    } else if (cell == JOINT) {
        name = f->switches[other].name;
        csin_markup_text(d->out, name);
        fputs(" from ", d->out);
    } else {
        fputs("free: ", d->out);
    }
    csin_markup_text(d->out, f->switches[leaf].name);
    fprintf(d->out, " port %u</title></%s>\n", port + 1, d->cells == NAMED ? "rect" : "path");
    if (d->cells == NAMED && *name && csin_svg_text_width(name, 9) + 2 <= box.w)
        csin_svg_label(d, cell == STORAGE ? "d" : "n", box.x + box.w / 2, box.y + box.h / 2 + 3.2,
                       9, name);
    /* A dead or degraded host cable marks its port. */
    if (cable && cell != JOINT && (!cable->up || cable->degraded))
        fprintf(d->out,
                "<path class=\"%s\" style=\"stroke-dasharray:none\" d=\"M%s %sh%sv%sh-%sz\"/>\n",
                cable->up ? "y" : "x", px(box.x).s, px(box.y).s, px(box.w).s, px(box.h).s,
                px(box.w).s);
}

/* All ports below a leaf as one bar. */
static void write_bar(struct csin_svg *d, uint32_t leaf, const uint32_t *n)
{
    double y = d->cells_y, x = csin_svg_cell_box(d, leaf, 0).x;
    for (unsigned cell = 0; cell < N_CELLS; cell++) {
        double h = d->cell_h * n[cell] / d->n_slots;
        if (n[cell] == 0)
            continue;
        fprintf(d->out, "<path class=\"c%u\" d=\"M%s %sh%sv%sh-%sz\"/>\n", cell, px(x).s, px(y).s,
                px(d->cell_w).s, px(h).s, px(d->cell_w).s);
        y += h;
    }
    fprintf(d->out, "<path fill=\"none\" pointer-events=\"all\" d=\"M%s %sh%sv%sh-%sz\"><title>",
            px(x).s, px(d->cells_y).s, px(d->cell_w).s, px(d->cell_h).s, px(d->cell_w).s);
    csin_markup_text(d->out, d->f->switches[leaf].name);
    fprintf(d->out, ": %u compute, %u storage, %u free ports</title></path>\n", n[COMPUTE],
            n[STORAGE], n[FREE]);
}

static void write_cells(struct csin_svg *d)
{
    const struct csin_fabric *f = d->f;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t n[N_CELLS] = {0}, slot = 0, joint = csin_svg_last_slot(d);
        if (f->switches[s].layer != CSIN_LEAF)
            continue;
        if (d->cells == BARS) {
            for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
                enum cell cell = csin_svg_cell_at(f, s, p);
                if (cell != N_CELLS)
                    n[cell]++;
            }
            write_bar(d, s, n);
            continue;
        }
        for (enum cell cell = COMPUTE; cell < N_CELLS; cell++)
            for (uint32_t p = 0; p < f->switches[s].n_ports; p++)
                if (csin_svg_cell_at(f, s, p) == cell)
                    write_cell(d, s, p, cell,
                               csin_svg_cell_box(d, s, cell == JOINT ? joint-- : slot++));
    }
}

/* ---- fabrics too large for that ---- */

/* Zones that share a card: pods of one tree that are alike. Returns the first after `z` that does
 * not. */
static uint32_t card_end(const struct csin_svg *d, uint32_t z)
{
    const struct csin_zone *a = &d->f->zones[z];
    const struct csin_zone_facts *of = d->facts->zones;
    uint32_t next = z + 1;
    for (; a->tree != CSIN_NONE && next < d->f->n_zones; next++) {
        const struct csin_zone *b = &d->f->zones[next];
        if (b->tree != a->tree || b->n_leaves != a->n_leaves || b->n_spines != a->n_spines ||
            b->n_uplinks != a->n_uplinks || b->leaf_uplink_Bps != a->leaf_uplink_Bps ||
            of[next].oversubscription != of[z].oversubscription ||
            of[next].bisection_flow_Bps != of[z].bisection_flow_Bps)
            break;
    }
    return next;
}

static uint32_t cores_of(const struct csin_zone *zone)
{
    return zone->cores_per_spine * zone->n_spines;
}

/* Pods of zones `z` to `next` - 1, and what joins them. */
static void write_pods(struct csin_svg *d, uint32_t z, uint32_t next, struct box box)
{
    const struct csin_zone *zone = &d->f->zones[z];
    char text[200];
    snprintf(text, sizeof text, "Pods %.64s to %.64s", zone->name, d->f->zones[next - 1].name);
    csin_svg_label(d, "b", box.x, box.y + 24, fmin(17, 17 * box.w / csin_svg_text_width(text, 18)),
                   text);
    struct head head = csin_svg_head(d, z, box.w, 2);
    for (uint32_t i = 0; i < head.n_lines; i++) {
        snprintf(text, sizeof text, "%s%.190s", i == 0 ? "each " : "", head.lines[i]);
        csin_svg_label(d, "g", box.x, box.y + 44 + 16 * i, head.size, text);
    }
    snprintf(text, sizeof text, "under %s, %s above each spine",
             csin_svg_count_of(cores_of(zone), "core switch", "core switches").s,
             csin_show_count(zone->cores_per_spine).s);
    csin_svg_label(d, "g", box.x, box.y + 44 + 16 * head.n_lines, head.size, text);
}

/* A card a zone, or for pods that are alike: its facts and the share of each role. */
static void write_cards(struct csin_svg *d)
{
    const struct csin_fabric *f = d->f;
    uint32_t n = 0, z = 0;
    bool pods = false;
    for (uint32_t i = 0; i < f->n_zones && n < MAX_CARDS; i = card_end(d, i), n++)
        pods |= card_end(d, i) > i + 1;
    double card_w = 430, card_h = pods ? 100 : 84, step = 20;
    uint32_t columns = n < 3 ? (n ? n : 1) : n == 4 ? 2 : 3;
    double top = 140, rows = (n + columns - 1) / columns;
    char text[200];
    d->width = fmax(MIN_WIDTH, columns * (card_w + step) - step + 2 * MARGIN);
    d->height = top + rows * (card_h + step) + 60;
    write_head(f, d->width, d->height, d->out);
    write_title(f, d->facts, d->width, d->out);
    const char *comma = "";
    *text = 0;
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++)
        if (d->facts->layers[l].n_switches) {
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.12s %s", comma,
                     csin_show_count(d->facts->layers[l].n_switches).s, csin_layer_names[l]);
            comma = ", ";
        }
    snprintf(text + strlen(text), sizeof text - strlen(text), " switches: too many to draw");
    csin_svg_label(d, "g", MARGIN, 106, 14, text);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t next = card_end(d, z);
        double x = MARGIN + i % columns * (card_w + step), y = top + i / columns * (card_h + step);
        fprintf(d->out,
                "<rect class=\"z\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"10\"/>\n",
                px(x).s, px(y).s, px(card_w).s, px(card_h).s);
        if (next > z + 1)
            write_pods(d, z, next, (struct box){x + PAD, y, card_w - 2 * PAD, card_h});
        else
            write_zone_facts(d, z, x + PAD, y, card_w - 2 * PAD, 2);
        z = next;
    }
    if (z < f->n_zones) {
        snprintf(text, sizeof text, "and %s more zones", csin_show_count(f->n_zones - z).s);
        csin_svg_label(d, "g", MARGIN, d->height - 30, 14, text);
    }
    fputs("</svg>\n", d->out);
}

void csin_fabric_write_svg(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *fabric = view->fabric;
    const struct csin_fabric_facts *facts = view->facts;
    struct csin_svg d = {.f = fabric, .facts = facts, .use = view->cable_use, .out = out};
    if (fabric->n_switches > MAX_SWITCHES) {
        write_cards(&d);
        return;
    }
    csin_svg_lay_out(&d);
    d.height = csin_svg_write_legend(&d, true) + 32;
    write_head(fabric, d.width, d.height, out);
    write_title(fabric, facts, d.use ? d.width - 280 : d.width, out);
    if (d.use)
        write_ramp(&d);
    write_panels(&d);
    write_cables(&d);
    write_switches(&d);
    write_heads(&d);
    write_cells(&d);
    csin_svg_write_legend(&d, false);
    fputs("</svg>\n", out);
}
