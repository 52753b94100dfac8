/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bill of materials on 80 columns. */
#include "topo/bom.h"

#include <math.h>
#include <string.h>

#include "base/units.h"

static const char *const headings[CSIN_N_PART_KINDS] = {"Switches", "NICs", "Cables",
                                                        "Transceivers", "Hosts"};
/* Behind a figure: what it rests on. */
static const char marks[CSIN_N_BASES + 1] = " ae";

/* A price in at most `width` columns: whole numbers in full, else in millions or trillions; small
 * ones with what is left of them. */
static struct csin_shown show_price(double price, size_t width)
{
    static const struct {
        double scale;
        const char *suffix;
    } steps[] = {{1, ""}, {1e6, "M"}, {1e12, "T"}};
    struct csin_shown shown = {""};
    if (price != floor(price) && price < 1000)
        return csin_show_fixed(price, price >= 10 ? 2 : price >= 0.1 ? 3 : 6);
    if (price >= 1e24)
        return csin_show_exact(price);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (price / steps[i].scale >= 1e15)
            continue;
        shown = csin_show_count((uint64_t)llround(price / steps[i].scale));
        strcat(shown.s, steps[i].suffix);
        if (strlen(shown.s) <= width)
            break;
    }
    return shown;
}

static const char *or_dash(const char *text, bool there)
{
    return there ? text : "-";
}

/* Ends a line without blanks. */
static void end_line(FILE *out, char *line)
{
    size_t n = strlen(line);
    while (n && line[n - 1] == ' ')
        n--;
    fprintf(out, "%.*s\n", (int)n, line);
}

static void write_row(const struct csin_bom_row *row, FILE *out)
{
    char line[500], name[120];
    if (row->kind == CSIN_PART_CABLE)
        snprintf(name, sizeof name, "%.15s, %s m", row->name, csin_show_exact(row->length_m).s);
    else
        snprintf(name, sizeof name, "%.80s", row->name);
    char price_mark = row->priced ? marks[csin_figure_basis(row->price_from)] : ' ';
    char power_mark = row->powered ? marks[csin_figure_basis(row->power_from)] : ' ';
    snprintf(line, sizeof line, "  %-22.22s%10s%8s%11s %c%14s%9s %c", name,
             csin_show_count(row->n).s, or_dash(csin_show_count(row->n_spare).s, row->n_spare > 0),
             or_dash(show_price(row->price_each, 10).s, row->priced), price_mark,
             or_dash(show_price(row->price, 13).s, row->priced),
             or_dash(csin_show_power(row->power_W).s, row->powered), power_mark);
    end_line(out, line);
}

static void write_sum(const char *name, const struct csin_bom_sum *sum, bool counted, bool priced,
                      bool powered, FILE *out)
{
    char line[500];
    snprintf(line, sizeof line, "%-24s%10s%8s%13s%14s%9s", name,
             counted ? csin_show_count(sum->n).s : "",
             counted ? or_dash(csin_show_count(sum->n_spare).s, sum->n_spare > 0) : "", "",
             or_dash(show_price(sum->price, 13).s, priced),
             or_dash(csin_show_power(sum->power_W).s, powered));
    end_line(out, line);
}

static void write_head(const struct csin_bom *bom, FILE *out)
{
    const struct csin_layout *layout = &bom->layout;
    fprintf(out, "%-14s%s\n", "Parts of", bom->fabric->name);
    bool relative = strcmp(bom->parts->currency.s, "relative") == 0;
    fprintf(out, "%-14s%s, %s%s\n", "Catalogue", bom->parts->name.s,
            relative ? "relative prices" : "prices in ", relative ? "" : bom->parts->currency.s);
    if (bom->has_layout)
        fprintf(out, "%-14s%s of %s racks used, %s in the fullest\n", "Room",
                csin_show_count(layout->n_used).s, csin_show_count(layout->n_racks).s,
                csin_show_power(layout->most_W).s);
    fprintf(out, "\n%-24s%10s%8s%11s%16s%9s\n", "", "number", "spares", "each", "price", "power");
}

static void write_parts(const struct csin_bom *bom, FILE *out)
{
    for (unsigned kind = 0; kind < CSIN_N_PART_KINDS; kind++) {
        const struct csin_bom_sum *sum = &bom->of[kind];
        if (sum->n == 0)
            continue;
        bool hosts = kind == CSIN_PART_HOST;
        write_sum(headings[kind], sum, true, !hosts || bom->hosts_priced,
                  !hosts || bom->hosts_powered, out);
        for (uint32_t i = 0; i < bom->n_rows; i++)
            if (bom->rows[i].kind == kind)
                write_row(&bom->rows[i], out);
    }
}

static void write_each(const char *name, const struct csin_bom_sum *sum, uint64_t n, FILE *out)
{
    struct csin_bom_sum each = {.price = sum->price / (double)n,
                                .power_W = sum->power_W / (double)n};
    if (n)
        write_sum(name, &each, false, true, true, out);
}

/* 12.3 %, of a part of a whole. */
static struct csin_shown percent(double part, double whole)
{
    struct csin_shown shown = csin_show_fixed(whole > 0 ? 100 * part / whole : 0, 1);
    strcat(shown.s, " %");
    return shown;
}

static void write_totals(const struct csin_bom *bom, FILE *out)
{
    char line[200];
    fputc('\n', out);
    write_sum("Network", &bom->network, false, true, true, out);
    snprintf(line, sizeof line, "  per host port");
    write_each(line, &bom->network, bom->n_host_ports, out);
    snprintf(line, sizeof line, "  per host");
    write_each(line, &bom->network, bom->fabric->n_hosts, out);
    if (!bom->hosts_priced && !bom->hosts_powered)
        return;
    write_sum("Network and hosts", &bom->all, false, bom->hosts_priced, bom->hosts_powered, out);
    snprintf(line, sizeof line, "%-24s%45s%9s", "  of it the network",
             bom->hosts_priced ? percent(bom->network.price, bom->all.price).s : "",
             bom->hosts_powered ? percent(bom->network.power_W, bom->all.power_W).s : "");
    end_line(out, line);
}

static void write_cables(const struct csin_bom *bom, FILE *out)
{
    static const char *const media[CSIN_N_MEDIA] = {"copper", "fibre"};
    const char *before = "Cables";
    for (unsigned medium = 0; medium < CSIN_N_MEDIA; medium++) {
        if (bom->n_cables_of[medium] == 0)
            continue;
        fprintf(out, "%-14s%s of %s, %s m in all\n", before,
                csin_show_count(bom->n_cables_of[medium]).s, media[medium],
                csin_show_count((uint64_t)llround(bom->length_of_m[medium])).s);
        before = "";
    }
    if (bom->has_layout && bom->fabric->n_cables)
        fprintf(out, "%-14slongest run %s m, slack of %s m included\n", before,
                csin_show_fixed(bom->longest_m, 1).s,
                csin_show_exact(bom->parts->room.slack_m.x).s);
    else if (bom->fabric->n_cables)
        fprintf(out, "%-14slengths as the catalogue assumes them, for want of a room\n", before);
}

static void write_bases(const struct csin_bom *bom, FILE *out)
{
    const double *price = bom->price_by, *power = bom->power_by_W;
    fprintf(out, "%-14se: an example, a: assumed, neither: the catalogue names a source\n",
            "Figures");
    fprintf(out, "%-14sexamples make %s of the price and %s of the power,\n", "",
            percent(price[CSIN_EXAMPLE], bom->all.price).s,
            percent(power[CSIN_EXAMPLE], bom->all.power_W).s);
    fprintf(out, "%-14sassumptions %s and %s\n", "", percent(price[CSIN_ASSUMED], bom->all.price).s,
            percent(power[CSIN_ASSUMED], bom->all.power_W).s);
}

void csin_bom_write_text(const struct csin_bom *bom, FILE *out)
{
    write_head(bom, out);
    write_parts(bom, out);
    write_totals(bom, out);
    fputc('\n', out);
    write_cables(bom, out);
    write_bases(bom, out);
}
