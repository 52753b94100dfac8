/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The legend of a drawing. */
#include "topo/svg_layout.h"

#include <math.h>
#include <string.h>

struct legend {
    struct csin_svg *d;
    double x, y;
    bool measure; /* only to find its height */
};

/* A sample of class `class`, NULL for none, and its text; wraps at the margin. */
static void legend_item(struct legend *l, const char *class, bool line, const char *text)
{
    double need = csin_svg_text_width(text, 12.5) + (line ? 34 : 20);
    if (l->x > MARGIN && l->x + need > l->d->width - MARGIN) {
        l->x = MARGIN;
        l->y += 24;
    }
    if (l->measure) {
        l->x += need + 28;
        return;
    }
    if (!class) {
        csin_svg_label(l->d, "t", l->x, l->y, 12.5, text);
    } else if (line) {
        fprintf(l->d->out, "<path class=\"%s\" stroke-width=\"2\" d=\"M%s %sh26\"/>\n", class,
                px(l->x).s, px(l->y - 4).s);
        csin_svg_label(l->d, "t", l->x + 33, l->y, 12.5, text);
    } else {
        fprintf(l->d->out,
                "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"12\" height=\"12\" rx=\"2\"/>\n",
                class, px(l->x).s, px(l->y - 10).s);
        csin_svg_label(l->d, "t", l->x + 18, l->y, 12.5, text);
    }
    l->x += need + 28;
}

/* Counts the cables of a place that are well; gives their rates as '200 Gb/s' or 'LOW to HIGH'.
 * Dead and degraded ones have entries of their own. */
static uint64_t rates_of(const struct csin_fabric *f, enum csin_place place, char rates[96])
{
    uint64_t n = 0;
    double low = INFINITY, high = 0;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (cable->place != place || !cable->up || cable->degraded)
            continue;
        n++;
        low = fmin(low, cable->capacity_Bps);
        high = fmax(high, cable->capacity_Bps);
    }
    if (high == 0)
        snprintf(rates, 96, "none up");
    else if (low == high)
        snprintf(rates, 96, "%s", csin_show_linerate(low).s);
    else
        snprintf(rates, 96, "%s to %s", csin_show_linerate(low).s, csin_show_linerate(high).s);
    return n;
}

double csin_svg_write_legend(struct csin_svg *d, bool measure)
{
    static const char *const place_names[CSIN_N_PLACES] = {"host", "leaf-spine", "inter-zone",
                                                           "other switch", "spine-core"};
    static const char *const place_class[CSIN_N_PLACES] = {"", "u", "j", "u", "u"};
    struct legend l = {d, MARGIN, d->legend_y, measure};
    char rates[96], text[300];
    uint64_t n_nics[CSIN_N_ROLES] = {0};
    for (uint32_t n = 0; n < d->f->n_nics; n++)
        n_nics[d->f->hosts[d->f->nics[n].host].role]++;
    rates_of(d->f, CSIN_AT_HOST, rates);
    for (unsigned r = 0; r < CSIN_N_ROLES; r++) {
        if (d->facts->n_role[r] == 0)
            continue;
        snprintf(text, sizeof text, "%s %s host%s", csin_show_count(d->facts->n_role[r]).s,
                 csin_role_names[r], d->facts->n_role[r] == 1 ? "" : "s");
        if (n_nics[r] != d->facts->n_role[r])
            snprintf(text + strlen(text), sizeof text - strlen(text), " (%s)",
                     csin_svg_count_of(n_nics[r], "NIC", "NICs").s);
        legend_item(&l, r == CSIN_STORAGE ? "c1" : "c0", false, text);
    }
    if (d->n_of[FREE])
        legend_item(&l, "c2", false,
                    csin_svg_count_of(d->n_of[FREE], "free host port", "free host ports").s);
    for (unsigned p = CSIN_AT_SPINE; p < CSIN_N_PLACES; p++) {
        uint64_t n = rates_of(d->f, p, rates);
        if (n == 0)
            continue;
        snprintf(text, sizeof text, "%s %s cable%s of %s", csin_show_count(n).s, place_names[p],
                 n == 1 ? "" : "s", rates);
        if (p == CSIN_BETWEEN_ZONES && d->f->n_zones > 1)
            snprintf(text + strlen(text), sizeof text - strlen(text), " (smallest cut %s)",
                     csin_show_rate(d->facts->inter_zone_Bps).s);
        legend_item(&l, place_class[p], true, text);
    }
    if (d->facts->n_dead_cables)
        legend_item(&l, "x", true,
                    csin_svg_count_of(d->facts->n_dead_cables, "dead cable", "dead cables").s);
    if (d->facts->n_degraded_cables)
        legend_item(
            &l, "y", true,
            csin_svg_count_of(d->facts->n_degraded_cables, "degraded cable", "degraded cables").s);
    if (d->no_others) {
        snprintf(text, sizeof text, "%s not drawn",
                 csin_svg_count_of(d->n_other_lines, "cable of other switches",
                                   "cables of other switches")
                     .s);
        legend_item(&l, NULL, true, text);
    }
    if (d->n_hidden) {
        snprintf(text, sizeof text, "%s at spine, core or inter-zone switches not drawn",
                 csin_svg_count_of(d->n_hidden, "NIC", "NICs").s);
        legend_item(&l, NULL, false, text);
    }
    return l.y;
}
