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
 * Switches outside any zone are drawn as one more zone. The drawing stays below 2 MB: past the
 * limits below, hosts become a bar a leaf, cables one band a zone, and switches one card a zone. */
#include "topo/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#define MAX_SWITCHES 3000u /* drawn one by one */
#define MAX_LINES 10000u   /* cables between switches drawn one by one */
#define MAX_FAULTS 1000u   /* dead and degraded cables drawn on top */
#define MAX_CELLS 4000u    /* host ports drawn one by one */
#define MAX_NAMED 320u     /* host ports drawn with names */
#define MAX_CARDS 300u     /* zones in a drawing without switches */

/* Sizes in pixels of the drawing at its natural size. */
#define MARGIN 36.0
#define TARGET_WIDTH 1560.0
#define MIN_WIDTH 860.0
#define PAD 14.0         /* of the panel around a zone */
#define HEAD_WIDTH 520.0 /* a narrower zone has its facts below its name */
#define GLYPH 0.57       /* mean width of a sans-serif character, in font sizes */

struct box {
    double x, y, w, h;
};

/* Rows of switches, from below. BELOW and ABOVE span all groups. */
enum row { BELOW, LEAVES, SPINES, ABOVE };

/* A switch drawn: where it is, and its ports in use towards switches above and below, so that each
 * cable ends at its own port. */
struct seat {
    struct box box;
    enum row row;
    uint32_t group; /* of LEAVES and SPINES: a zone, or n_zones for the switches outside any */
    uint32_t up_first, up_last, down_first, down_last;
};

/* A zone, or the switches outside any. */
struct group {
    double x, w; /* of what is inside its panel */
    uint32_t n_leaves, n_spines;
};

enum cells { NAMED, CELLS, BARS }; /* how ports are drawn */
/* What a port of a leaf is for; JOINT: towards an inter-zone switch. */
enum cell { COMPUTE, STORAGE, FREE, JOINT, N_CELLS };

struct drawing {
    const struct csin_fabric *f;
    const struct csin_fabric_facts *facts;
    FILE *out;
    enum cells cells;
    uint32_t n_slots, columns; /* cells of a leaf, side by side */
    double cell_w, cell_h, cell_gap;
    uint64_t n_of[N_CELLS], n_hidden; /* ports by kind; NICs at switches without room for them */
    double pitch;                     /* between leaves */
    uint64_t n_spine_lines, n_other_lines; /* cables between leaves and spines; other switches */
    bool bands;                            /* cables to spines as one band */
    bool no_others;                        /* other cables between switches are not drawn */
    bool joints_above;                     /* inter-zone switches stand above the zones */
    double stretch;                        /* widens a small fabric to MIN_WIDTH */
    double gap, content;                   /* between zones; all zones with their gaps */
    bool heads_below;                      /* zones have their facts below their ports */
    bool detours;                          /* some cables run over the panels */
    double width, height, rows_y, panel_y, head_y, spine_y, leaf_y, cells_y, bottom_y, joint_y,
        legend_y;
    struct seat seats[MAX_SWITCHES];
    uint32_t n_groups;
    struct group groups[MAX_SWITCHES + 1];
};

/* A coordinate: at most one decimal. */
static struct csin_shown px(double x)
{
    struct csin_shown shown;
    long tenths = lround(x * 10);
    const char *sign = tenths < 0 ? "-" : "";
    tenths = labs(tenths);
    if (tenths % 10)
        snprintf(shown.s, sizeof shown.s, "%s%ld.%ld", sign, tenths / 10, tenths % 10);
    else
        snprintf(shown.s, sizeof shown.s, "%s%ld", sign, tenths / 10);
    return shown;
}

static void escaped(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            putc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
}

static void label(struct drawing *d, const char *class, double x, double y, double size,
                  const char *text)
{
    fprintf(d->out, "<text class=\"%s\" x=\"%s\" y=\"%s\" font-size=\"%s\">", class, px(x).s,
            px(y).s, px(size).s);
    escaped(d->out, text);
    fputs("</text>\n", d->out);
}

static double text_width(const char *text, double size)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return (double)n * size * GLYPH;
}

static struct csin_shown show_count_of(uint64_t n, const char *one, const char *many)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.12s %.24s", csin_show_count(n).s, n == 1 ? one : many);
    return shown;
}

/* ---- what there is ---- */

/* The cable at a port of a switch, or NULL; *ret_other is the vertex at its far end. */
static const struct csin_cable *cable_at(const struct csin_fabric *f, uint32_t sw, uint32_t port,
                                         uint32_t *ret_other)
{
    uint32_t arc = f->port_arc[f->switches[sw].first_port + port];
    if (arc == CSIN_NONE)
        return NULL;
    *ret_other = csin_arc_head(f, arc);
    return &f->cables[arc >> 1];
}

/* What a port of a leaf shows below it; N_CELLS for an uplink. */
static enum cell cell_at(const struct csin_fabric *f, uint32_t leaf, uint32_t port)
{
    const struct csin_switch *sw = &f->switches[leaf];
    uint32_t other;
    if (!cable_at(f, leaf, port, &other)) {
        uint32_t for_hosts = sw->zone == CSIN_NONE ? sw->n_ports
                                                   : f->zones[sw->zone].hosts_per_leaf;
        return port < for_hosts ? FREE : N_CELLS;
    }
    if (csin_is_nic(f, other))
        return f->hosts[f->nics[other - f->n_switches].host].role == CSIN_STORAGE ? STORAGE
                                                                                  : COMPUTE;
    return f->switches[other].layer == CSIN_INTER_ZONE ? JOINT : N_CELLS;
}

static void count_cells(struct drawing *d, uint64_t *ret_cells)
{
    const struct csin_fabric *f = d->f;
    uint64_t all = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t n = 0;
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t other;
            if (f->switches[s].layer != CSIN_LEAF) {
                d->n_hidden += cable_at(f, s, p, &other) && csin_is_nic(f, other);
                continue;
            }
            enum cell cell = cell_at(f, s, p);
            if (cell == N_CELLS)
                continue;
            d->n_of[cell]++;
            n++;
        }
        d->n_slots = n > d->n_slots ? n : d->n_slots;
        all += n;
    }
    *ret_cells = all;
}

/* Inter-zone switches go where most of their cables do. */
static bool joints_are_above(const struct csin_fabric *f)
{
    uint32_t to_leaves = 0, to_others = 0;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const uint32_t *end = f->cables[c].end;
        if (csin_is_nic(f, end[0]))
            continue;
        for (unsigned e = 0; e < 2; e++)
            if (f->switches[end[e]].layer == CSIN_INTER_ZONE) {
                to_leaves += f->switches[end[!e]].layer == CSIN_LEAF;
                to_others += f->switches[end[!e]].layer != CSIN_LEAF;
            }
    }
    return to_others > to_leaves;
}

/* True for a core switch most of whose cables go to leaves outside any zone: it is drawn with them,
 * in the place of their spines. */
static bool is_leftover(const struct csin_fabric *f, uint32_t sw)
{
    uint32_t inside = 0, outside = 0;
    for (uint32_t p = 0; p < f->switches[sw].n_ports; p++) {
        uint32_t other;
        if (!cable_at(f, sw, p, &other) || csin_is_nic(f, other))
            continue;
        if (f->switches[other].zone == CSIN_NONE && f->switches[other].layer == CSIN_LEAF)
            outside++;
        else
            inside++;
    }
    return outside > inside;
}

/* Zones, and one more group for leaves and spines outside any. */
static void find_groups(struct drawing *d)
{
    const struct csin_fabric *f = d->f;
    uint32_t rest = f->n_zones;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        struct seat *seat = &d->seats[s];
        seat->group = sw->zone == CSIN_NONE ? rest : sw->zone;
        seat->row = sw->layer == CSIN_LEAF    ? LEAVES
                    : sw->layer == CSIN_SPINE ? SPINES
                    : sw->layer == CSIN_CORE  ? ABOVE
                    : d->joints_above         ? ABOVE
                                              : BELOW;
        d->groups[seat->group].n_leaves += seat->row == LEAVES;
        d->groups[seat->group].n_spines += seat->row == SPINES;
    }
    if (d->groups[rest].n_leaves && d->groups[rest].n_spines == 0)
        for (uint32_t s = 0; s < f->n_switches; s++)
            if (f->switches[s].layer == CSIN_CORE && is_leftover(f, s)) {
                d->seats[s].row = SPINES;
                d->seats[s].group = rest;
                d->groups[rest].n_spines++;
            }
    d->n_groups = rest + (d->groups[rest].n_leaves || d->groups[rest].n_spines);
}

/* Whether a cable to leaf end[e] would run through the spines of that leaf's zone, or over other
 * zones, and so takes the gap beside the leaf's zone. */
static bool takes_gap(const struct drawing *d, const struct csin_cable *cable, unsigned e)
{
    const struct seat *leaf = &d->seats[cable->end[e]], *far = &d->seats[cable->end[!e]];
    if (leaf->row != LEAVES ||
        (d->groups[leaf->group].n_spines == 0 && (leaf->group < d->f->n_zones || leaf->group == 0)))
        return false;
    return far->row == ABOVE ||
           (d->f->switches[cable->end[!e]].layer == CSIN_CORE && far->group != leaf->group);
}

/* Counts cables; finds on which side of the zones the fewer of them enter. */
static void count_lines(struct drawing *d)
{
    const struct csin_fabric *f = d->f;
    uint64_t above = 0, below = 0;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (csin_is_nic(f, cable->end[0]))
            continue;
        d->n_spine_lines += cable->place == CSIN_AT_SPINE;
        d->n_other_lines += cable->place > CSIN_AT_SPINE;
        for (unsigned e = 0; e < 2; e++) {
            bool gap = takes_gap(d, cable, e);
            enum row row = d->seats[cable->end[!e]].row;
            d->detours |= gap && row == SPINES;
            above += !gap && row == ABOVE;
            below += row == BELOW;
        }
    }
    d->bands = d->n_spine_lines + d->n_other_lines > MAX_LINES;
    d->no_others = d->n_other_lines > MAX_LINES;
    d->heads_below = above > 0 && (below == 0 || below <= above);
}

/* ---- layout ---- */

static void choose_cells(struct drawing *d, uint64_t n_cells, uint32_t n_leaves)
{
    const struct csin_fabric *f = d->f;
    double widest = 0;
    for (uint32_t h = 0; h < f->n_hosts; h++)
        widest = fmax(widest, text_width(f->hosts[h].name, 9));
    d->cells = BARS;
    d->columns = 1;
    d->cell_w = fmin(d->pitch * 0.8, 40);
    d->cell_h = 100;
    d->cell_gap = 0;
    if (n_cells > MAX_CELLS || n_cells == 0)
        return;

    double name_w = fmax(widest + 8, 30);
    if (n_cells <= MAX_NAMED && n_leaves <= 16 && name_w <= d->pitch - 8) {
        uint32_t square = (uint32_t)ceil(sqrt(d->n_slots));
        d->cells = NAMED;
        d->cell_gap = 4;
        d->columns = (uint32_t)((d->pitch - 8) / (name_w + d->cell_gap));
        d->columns = d->columns < 1 ? 1 : d->columns > square ? square : d->columns;
        d->cell_h = 18;
        d->cell_w = name_w;
        return;
    }
    d->cell_gap = 1.2;
    for (uint32_t k = 1; k <= 8; k++) {
        double side = fmin((d->pitch - fmin(4, d->pitch * 0.25) - (k - 1) * d->cell_gap) / k, 13);
        uint32_t rows = (d->n_slots + k - 1) / k;
        if (k > 1 && side < 4.5)
            break;
        if (rows * (side + d->cell_gap) > 300)
            continue;
        d->cells = CELLS;
        d->columns = k;
        d->cell_w = d->cell_h = side;
        if (rows * (side + d->cell_gap) <= 135)
            break;
    }
    if (d->cells == BARS)
        d->cell_gap = 0;
}

static double cells_height(const struct drawing *d)
{
    uint32_t rows = (d->n_slots + d->columns - 1) / d->columns;
    if (d->n_slots == 0)
        return 0;
    return d->cells == BARS ? d->cell_h : rows * (d->cell_h + d->cell_gap) - d->cell_gap;
}

static double group_width(const struct drawing *d, uint32_t group)
{
    const struct group *g = &d->groups[group];
    return d->stretch * fmax(fmax(g->n_leaves * d->pitch, g->n_spines * fmin(d->pitch, 12)), 60);
}

/* Sets a row of n switches over a group. */
static void seat_row(struct drawing *d, uint32_t group, enum row row, uint32_t n, double y,
                     double widest)
{
    double step = d->groups[group].w / (n ? n : 1);
    double box_w = fmin(step - fmin(3, step * 0.25), widest);
    uint32_t i = 0;
    for (uint32_t s = 0; s < d->f->n_switches; s++)
        if (d->seats[s].row == row && d->seats[s].group == group)
            d->seats[s].box = (struct box){d->groups[group].x + step * (i++ + 0.5) - box_w / 2, y,
                                           box_w, 22};
}

/* A switch of a row that spans the groups, and where it would like to stand. */
struct wish {
    double x; /* mean of the far ends of its cables */
    uint32_t sw;
};

static int by_wish(const void *left, const void *right)
{
    const struct wish *a = left, *b = right;
    if (fabs(a->x - b->x) > 0.01)
        return a->x < b->x ? -1 : 1;
    return (a->sw > b->sw) - (a->sw < b->sw);
}

/* Sets a row that spans the groups: each switch as near to its cables as the others let it. */
static void seat_wide_row(struct drawing *d, enum row row, double y)
{
    struct block {
        double x;   /* of its first switch */
        uint32_t n; /* switches side by side */
    };
    static const double step_of[CSIN_N_LAYERS] = {110, 110, 110, 190};
    static const double width_of[CSIN_N_LAYERS] = {96, 96, 96, 130};
    const struct csin_fabric *f = d->f;
    struct wish wishes[MAX_SWITCHES];
    struct block blocks[MAX_SWITCHES];
    uint32_t n = 0, n_blocks = 0;
    double room = fmin(d->content, d->width - 2 * MARGIN), step = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        double sum = 0;
        uint32_t cables = 0;
        if (d->seats[s].row != row)
            continue;
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t other;
            if (!cable_at(f, s, p, &other) || csin_is_nic(f, other) ||
                (d->seats[other].row != LEAVES && d->seats[other].row != SPINES))
                continue;
            sum += d->seats[other].box.x + d->seats[other].box.w / 2;
            cables++;
        }
        step = fmax(step, step_of[f->switches[s].layer]);
        wishes[n++] = (struct wish){cables ? sum / cables : d->width / 2, s};
    }
    if (n == 0)
        return;
    step = fmin(step, room / n);
    qsort(wishes, n, sizeof *wishes, by_wish);
    /* Blocks that would overlap become one, at the mean of what their switches wish. */
    for (uint32_t i = 0; i < n; i++) {
        blocks[n_blocks++] = (struct block){wishes[i].x, 1};
        while (n_blocks > 1) {
            struct block *a = &blocks[n_blocks - 2], *b = a + 1;
            if (a->x + a->n * step <= b->x)
                break;
            a->x = (a->n * a->x + b->n * (b->x - a->n * step)) / (a->n + b->n);
            a->n += b->n;
            n_blocks--;
        }
    }
    double left = (d->width - room + step) / 2;
    for (uint32_t b = 0, i = 0; b < n_blocks; b++)
        for (uint32_t k = 0; k < blocks[b].n; k++, i++) {
            struct seat *seat = &d->seats[wishes[i].sw];
            double box_w = fmin(step - fmin(3, step * 0.25),
                                width_of[f->switches[wishes[i].sw].layer]);
            double x = fmin(fmax(blocks[b].x + k * step, left + i * step),
                            left + room - (n - i) * step);
            seat->box = (struct box){x - box_w / 2, y, box_w, 22};
        }
}

static void find_ports(struct drawing *d)
{
    const struct csin_fabric *f = d->f;
    for (uint32_t s = 0; s < f->n_switches; s++)
        d->seats[s].up_first = d->seats[s].down_first = CSIN_NONE;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (csin_is_nic(f, cable->end[0]))
            continue;
        struct seat *low = &d->seats[cable->end[0]], *high = &d->seats[cable->end[1]];
        low->up_first = cable->port[0] < low->up_first ? cable->port[0] : low->up_first;
        low->up_last = cable->port[0] > low->up_last ? cable->port[0] : low->up_last;
        if (low->box.y == high->box.y) { /* an arc over the row */
            high->up_first = cable->port[1] < high->up_first ? cable->port[1] : high->up_first;
            high->up_last = cable->port[1] > high->up_last ? cable->port[1] : high->up_last;
            continue;
        }
        high->down_first = cable->port[1] < high->down_first ? cable->port[1] : high->down_first;
        high->down_last = cable->port[1] > high->down_last ? cable->port[1] : high->down_last;
    }
}

/* x of a port on the edge of its switch. */
static double port_x(const struct drawing *d, uint32_t sw, uint32_t port, bool up)
{
    const struct seat *seat = &d->seats[sw];
    uint32_t first = up ? seat->up_first : seat->down_first,
             last = up ? seat->up_last : seat->down_last;
    double inset = fmin(3, seat->box.w * 0.1);
    return seat->box.x + inset +
           (seat->box.w - 2 * inset) * (port - first + 0.5) / (last - first + 1.0);
}

/* ---- what is written into a zone ---- */

#define HEAD_LINES 4u

struct head {
    char name[100], lines[HEAD_LINES][200];
    uint32_t n_lines;
    double size; /* of the lines */
    bool beside; /* the lines stand right of the name */
};

static struct head head_of(const struct drawing *d, uint32_t z, double w, uint32_t max_lines)
{
    const struct csin_zone *zone = &d->f->zones[z];
    const struct csin_zone_facts *fact = &d->facts->zones[z];
    struct head head = {.n_lines = 2, .size = 11.5};
    char part[HEAD_LINES][96];
    snprintf(head.name, sizeof head.name, "Zone %.64s", zone->name);
    if (!*zone->name)
        *head.name = 0;
    else if (text_width(head.name, 19) > w)
        snprintf(head.name, sizeof head.name, "%.64s", zone->name);
    snprintf(part[0], sizeof *part, "%s × %s", show_count_of(zone->n_leaves, "leaf", "leaves").s,
             show_count_of(zone->n_spines, "spine", "spines").s);
    snprintf(part[1], sizeof *part, "%s of %s per pair",
             show_count_of(zone->links_per_pair, "cable", "cables").s,
             csin_show_linerate(zone->uplink_Bps).s);
    snprintf(part[2], sizeof *part, "oversubscription %s",
             csin_show_oversubscription(fact->oversubscription).s);
    snprintf(part[3], sizeof *part, "bisection %s", csin_show_rate(fact->bisection_flow_Bps).s);
    if (fact->oversubscription == 0)
        *part[2] = 0;
    if (zone->n_leaves < 2)
        *part[3] = 0;

    double need = 0, each = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const char *a = part[2 * i], *b = part[2 * i + 1];
        snprintf(head.lines[i], sizeof *head.lines, "%.95s%s%.95s", a, *a && *b ? " · " : "", b);
        need = fmax(need, text_width(head.lines[i], head.size));
        each = fmax(each, fmax(text_width(a, head.size), text_width(b, head.size)));
    }
    if (need > w && max_lines >= HEAD_LINES && each * 9 / head.size <= w) { /* a line each */
        head.size = each <= w ? head.size : 9;
        head.n_lines = 0;
        for (uint32_t i = 0; i < HEAD_LINES; i++)
            if (*part[i])
                memcpy(head.lines[head.n_lines++], part[i], sizeof part[i]);
    } else if (need > w) {
        head.n_lines = 1;
        snprintf(head.lines[0], sizeof *head.lines, "%s × %s", csin_show_count(zone->n_leaves).s,
                 csin_show_count(zone->n_spines).s);
    }
    double name_w = *head.name ? text_width(head.name, 17) + 30 : 0;
    head.beside = *head.name && w >= HEAD_WIDTH && name_w + need <= w;
    return head;
}

static void lay_out(struct drawing *d)
{
    const struct csin_fabric *f = d->f;
    uint32_t n_leaves = d->facts->layers[CSIN_LEAF].n_switches;
    uint64_t n_cells;
    bool above = false, below = false;

    count_cells(d, &n_cells);
    d->joints_above = joints_are_above(f);
    find_groups(d);
    count_lines(d);
    for (uint32_t s = 0; s < f->n_switches; s++) {
        above |= d->seats[s].row == ABOVE;
        below |= d->seats[s].row == BELOW;
    }
    uint32_t groups = d->n_groups;
    d->gap = groups > 4 ? 44 : 64;
    d->pitch = (TARGET_WIDTH - d->gap * (groups ? groups - 1 : 0)) / (n_leaves ? n_leaves : 1);
    d->pitch = fmin(fmax(d->pitch, 4), 170);
    choose_cells(d, n_cells, n_leaves);

    double widest = 0, natural = 0, gaps = groups ? d->gap * (groups - 1) : 0;
    d->stretch = 1;
    for (uint32_t g = 0; g < groups; g++)
        natural += group_width(d, g);
    if (natural > 0)
        d->stretch = fmax(1, (MIN_WIDTH - gaps) / natural);
    for (uint32_t g = 0; g < groups; g++) {
        d->groups[g].w = group_width(d, g);
        d->content += d->groups[g].w + (g ? d->gap : 0);
        widest = fmax(widest, d->groups[g].w);
    }
    d->width = fmax(d->content, MIN_WIDTH) + 2 * (MARGIN + PAD);
    double x = (d->width - d->content) / 2;
    double head_h = widest < HEAD_WIDTH ? 80 : 58;
    for (uint32_t g = 0; g < groups; g++) {
        d->groups[g].x = x;
        x += d->groups[g].w + d->gap;
        if (g == f->n_zones)
            continue;
        struct head head = head_of(d, g, d->groups[g].w, HEAD_LINES);
        if (!head.beside && *head.name)
            head_h = fmax(head_h, 48 + 16 * head.n_lines);
    }
    d->rows_y = d->panel_y = 108;
    if (above)
        d->panel_y += 22 + fmin(fmax(d->content * 0.1, 60), 130);
    if (d->detours)
        d->panel_y += 26;
    /* Zones have their facts on the side that fewer cables enter. */
    d->spine_y = d->panel_y + (d->heads_below ? 18 : head_h);
    d->leaf_y = d->spine_y + 22 + fmin(fmax(widest * 0.34, 130), n_cells > MAX_NAMED ? 270 : 190);
    d->cells_y = d->leaf_y + 22 + 5;
    d->bottom_y = d->cells_y + cells_height(d) + 14;
    d->head_y = d->heads_below ? d->bottom_y - 8 : d->panel_y;
    d->bottom_y += d->heads_below ? head_h - 12 : 0;
    d->joint_y = d->bottom_y + 110;
    d->legend_y = (below ? d->joint_y + 22 : d->bottom_y) + 40;

    double leaf_w = fmax(96, d->columns * (d->cell_w + d->cell_gap) - d->cell_gap);
    for (uint32_t g = 0; g < groups; g++) {
        seat_row(d, g, SPINES, d->groups[g].n_spines, d->spine_y, 96);
        seat_row(d, g, LEAVES, d->groups[g].n_leaves, d->leaf_y, leaf_w);
    }
    seat_wide_row(d, ABOVE, d->rows_y);
    seat_wide_row(d, BELOW, d->joint_y);
    find_ports(d);
}

/* ---- drawing ---- */

static void write_head(const struct csin_fabric *f, double width, double height, FILE *out)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" "
            "viewBox=\"0 0 %s %s\" font-family=\"sans-serif\">\n<title>",
            px(width).s, px(height).s, px(width).s, px(height).s);
    escaped(out, f->name);
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
    double size = fmin(26, 26 * (width - 2 * MARGIN) / (text_width(f->name, 26) * 1.15 + 1));
    fprintf(out, "<text class=\"b\" x=\"%s\" y=\"54\" font-size=\"%s\">", px(MARGIN).s, px(size).s);
    escaped(out, f->name);
    fprintf(out, "</text>\n<text class=\"g\" x=\"%s\" y=\"80\" font-size=\"14\">%s · %s · %s",
            px(MARGIN).s, show_count_of(f->n_switches, "switch", "switches").s,
            show_count_of(f->n_hosts, "host", "hosts").s,
            show_count_of(f->n_cables, "cable", "cables").s);
    if (facts->diameter)
        fprintf(out, " · diameter %s", show_count_of(facts->diameter, "cable", "cables").s);
    if (facts->n_parts > 1)
        fprintf(out, " · <tspan fill=\"#d7191c\">%s parts that cannot reach each other</tspan>",
                csin_show_count(facts->n_parts).s);
    fputs("</text>\n", out);
}

static void write_zone_facts(struct drawing *d, uint32_t z, double x, double y, double w,
                             uint32_t max_lines)
{
    struct head head = head_of(d, z, w, max_lines);
    double name_size = fmin(17, 17 * w / (text_width(head.name, 18) + 1));
    if (name_size < 8) { /* cut what would not be read anyway */
        name_size = 8;
        head.name[(size_t)fmin(w / (8.5 * GLYPH), sizeof head.name - 1)] = 0;
    }
    label(d, "b", x, y + 24, name_size, head.name);
    for (uint32_t i = 0; i < head.n_lines; i++)
        label(d, head.beside ? "ge" : "g", head.beside ? x + w : x,
              y +
                  (head.beside  ? 18
                   : *head.name ? 44
                                : 20) +
                  16 * i,
              head.size, head.lines[i]);
}

/* The names of the boxes, which show only what differs. w: half the width of the zone. */
static void write_names(struct drawing *d, uint32_t z, double x, double y, double w)
{
    const struct csin_zone *zone = &d->f->zones[z];
    const struct csin_switch *leaf = &d->f->switches[zone->first_leaf];
    const struct csin_switch *spine = &d->f->switches[zone->first_spine];
    char text[300];
    if (zone->n_leaves < 9)
        return;
    snprintf(text, sizeof text, "%.64s … %.64s, %.64s … %.64s", spine[0].name,
             spine[zone->n_spines - 1].name, leaf[0].name, leaf[zone->n_leaves - 1].name);
    if (text_width(text, 10.5) > w)
        return;
    if (*zone->name)
        label(d, "g", x, y + 44, 10.5, text);
    else
        label(d, "ge", x + 2 * w, y + 20, 10.5, text);
}

static void write_panels(struct drawing *d)
{
    for (const struct group *g = d->groups; g < d->groups + d->n_groups; g++)
        fprintf(d->out,
                "<rect class=\"z\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"10\"/>\n",
                px(g->x - PAD).s, px(d->panel_y).s, px(g->w + 2 * PAD).s,
                px(d->bottom_y - d->panel_y).s);
}

static void write_heads(struct drawing *d)
{
    for (uint32_t g = 0; g < d->n_groups; g++) {
        double x = d->groups[g].x, w = d->groups[g].w;
        if (g < d->f->n_zones) {
            write_zone_facts(d, g, x, d->head_y, w, HEAD_LINES);
            if (w >= HEAD_WIDTH)
                write_names(d, g, x, d->head_y, w / 2);
        } else if (d->n_groups > 1) {
            const char *name = text_width("Outside any zone", 13.5) <= w ? "Outside any zone"
                                                                         : "No zone";
            label(d, "b", x, d->head_y + 24, fmin(17, 17 * w / text_width(name, 18.5)), name);
        }
    }
}

/* A curve between two points that leaves and arrives upright; between two of the same row, an arc
 * over it. */
static void curve(struct drawing *d, double x1, double y1, double x2, double y2)
{
    double bend = fabs(y1 - y2) < 1 ? -fmin(12 + fabs(x1 - x2) * 0.2, 70) : (y2 - y1) * 0.36;
    double bend2 = fabs(y1 - y2) < 1 ? -bend : bend;
    fprintf(d->out, "M%s %sC%s %s %s %s %s %s", px(x1).s, px(y1).s, px(x1).s, px(y1 + bend).s,
            px(x2).s, px(y2 - bend2).s, px(x2).s, px(y2).s);
}

/* Where a cell of a leaf stands. Ports to inter-zone switches count from the end, so that their
 * cables leave downwards. */
static struct box cell_box(const struct drawing *d, uint32_t leaf, uint32_t slot)
{
    const struct box *box = &d->seats[leaf].box;
    double step_x = d->cell_w + d->cell_gap, step_y = d->cell_h + d->cell_gap;
    double left = box->x + box->w / 2 - (d->columns * step_x - d->cell_gap) / 2;
    return (struct box){left + slot % d->columns * step_x, d->cells_y + slot / d->columns * step_y,
                        d->cell_w, d->cell_h};
}

static uint32_t last_slot(const struct drawing *d)
{
    return (d->n_slots + d->columns - 1) / d->columns * d->columns - 1;
}

/* Where a cable between switches ends at one of them. */
static void anchor(const struct drawing *d, const struct csin_cable *cable, unsigned e, double *x,
                   double *y)
{
    uint32_t sw = cable->end[e], far = cable->end[!e];
    const struct box *box = &d->seats[sw].box, *to = &d->seats[far].box;
    if (d->f->switches[sw].layer == CSIN_LEAF && d->f->switches[far].layer == CSIN_INTER_ZONE &&
        !d->joints_above) {
        uint32_t nth = 0; /* among the ports of this leaf towards inter-zone switches */
        for (uint32_t p = 0; p < cable->port[e]; p++)
            nth += cell_at(d->f, sw, p) == JOINT;
        struct box cell = cell_box(d, sw, last_slot(d) - nth);
        *x = d->cells == BARS ? box->x + box->w / 2 : cell.x + cell.w / 2;
        *y = d->cells == BARS ? d->cells_y + d->cell_h : cell.y + cell.h;
        return;
    }
    *x = port_x(d, sw, cable->port[e], e == 0 || box->y == to->y);
    *y = box->y < to->y ? box->y + box->h : box->y;
}

/* A cable to leaf end[e] through the gap beside its zone, at the side that is nearer. */
static void gap_curve(struct drawing *d, const struct csin_cable *cable, unsigned e)
{
    const struct seat *leaf = &d->seats[cable->end[e]], *far = &d->seats[cable->end[!e]];
    const struct group *group = &d->groups[leaf->group], *from = &d->groups[far->group];
    double lane = 3.0 * (cable->port[!e] % 9) - 12, r = 8; /* so that cables do not coincide */
    double x = port_x(d, cable->end[e], cable->port[e], true);
    bool right = far->row == SPINES ? from->x > group->x : x > group->x + group->w / 2;
    double gap = (right ? group->x + group->w + d->gap / 2 : group->x - d->gap / 2) + lane;
    if (far->row == ABOVE) {
        double x2 = port_x(d, cable->end[!e], cable->port[!e], false);
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

static void cable_curve(struct drawing *d, const struct csin_cable *cable)
{
    for (unsigned e = 0; e < 2; e++)
        if (takes_gap(d, cable, e)) {
            gap_curve(d, cable, e);
            return;
        }
    double x1, y1, x2, y2;
    anchor(d, cable, 0, &x1, &y1);
    anchor(d, cable, 1, &x2, &y2);
    curve(d, x1, y1, x2, y2);
}

/* The healthy cables up from a switch, as one path. `joints`: those to inter-zone switches, or the
 * others. */
static void write_cables_up(struct drawing *d, uint32_t sw, bool joints, double width,
                            double opacity)
{
    const struct csin_fabric *f = d->f;
    uint32_t n = 0;
    double sum_Bps = 0;
    for (uint32_t p = 0; p < f->switches[sw].n_ports; p++) {
        uint32_t other;
        const struct csin_cable *cable = cable_at(f, sw, p, &other);
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
    escaped(d->out, f->switches[sw].name);
    fprintf(d->out, ": %s up to %s switches, %s together</title></path>\n",
            show_count_of(n, "cable", "cables").s, joints ? "inter-zone" : "higher",
            csin_show_rate(sum_Bps).s);
}

static void write_bands(struct drawing *d)
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
        snprintf(text, sizeof text, "%s drawn as one band", show_count_of(n, "cable", "cables").s);
        label(d, "m", (edge[0].x + edge[0].w) / 2, mid + 5, 14, text);
    }
}

static void write_cables(struct drawing *d)
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
    for (uint32_t s = 0; s < f->n_switches; s++)
        write_cables_up(d, s, false, width, opacity);
    for (uint32_t s = 0; s < f->n_switches; s++)
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
        escaped(d->out, f->switches[cable->end[0]].name);
        fprintf(d->out, " port %u to ", cable->port[0] + 1);
        escaped(d->out, f->switches[cable->end[1]].name);
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

static void write_switch_name(struct drawing *d, const struct box *box, const char *name,
                              const char *rest)
{
    double size = 11;
    const char *text = text_width(name, 9.5) + 4 <= box->w ? name : rest;
    while (size > 6.5 && text_width(text, size) + 2 > box->w)
        size -= 0.5;
    double x = box->x + box->w / 2, y = box->y + box->h / 2;
    if (text_width(text, size) + 1 <= box->w) {
        label(d, "n", x, y + size * 0.36, size, text);
        return;
    }
    size = fmin(9, box->w - 0.5);
    if (size < 5.5 || text_width(text, size) > box->h - 1)
        return;
    fprintf(d->out, "<text class=\"n\" transform=\"translate(%s %s)rotate(-90)\" font-size=\"%s\">",
            px(x + size * 0.36).s, px(y).s, px(size).s);
    escaped(d->out, text);
    fputs("</text>\n", d->out);
}

static void write_switches(struct drawing *d)
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
        escaped(d->out, sw->name);
        fprintf(d->out, " (%s%s", csin_layer_names[sw->layer], sw->model && *sw->model ? ", " : "");
        escaped(d->out, sw->model ? sw->model : "");
        fprintf(d->out, "): %u of %u ports used, %u free</title></rect>\n", sw->n_used, sw->n_ports,
                sw->n_ports - sw->n_used);
        write_switch_name(d, box, sw->name, sw->name + prefix);
    }
}

/* One port below a leaf. */
static void write_cell(struct drawing *d, uint32_t leaf, uint32_t port, enum cell cell,
                       struct box box)
{
    const struct csin_fabric *f = d->f;
    uint32_t other = 0;
    const struct csin_cable *cable = cable_at(f, leaf, port, &other);
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
    if (cell == COMPUTE || cell == STORAGE) {
        const struct csin_host *host = &f->hosts[f->nics[other - f->n_switches].host];
        name = host->name;
        escaped(d->out, name);
        fprintf(d->out, " (%s", csin_role_names[host->role]);
        if (host->model && *host->model) {
            fputs(", ", d->out);
            escaped(d->out, host->model);
        }
        if (host->n_nics > 1)
            fprintf(d->out, ", NIC %u of %u", cable->port[0] + 1, host->n_nics);
        fprintf(d->out, "): %s%s to ", csin_show_linerate(cable->capacity_Bps).s,
                !cable->up        ? ", DEAD,"
                : cable->degraded ? ", degraded,"
                                  : "");
    } else if (cell == JOINT) {
        name = f->switches[other].name;
        escaped(d->out, name);
        fputs(" from ", d->out);
    } else {
        fputs("free: ", d->out);
    }
    escaped(d->out, f->switches[leaf].name);
    fprintf(d->out, " port %u</title></%s>\n", port + 1, d->cells == NAMED ? "rect" : "path");
    if (d->cells == NAMED && *name && text_width(name, 9) + 2 <= box.w)
        label(d, cell == STORAGE ? "d" : "n", box.x + box.w / 2, box.y + box.h / 2 + 3.2, 9, name);
    /* A dead or degraded host cable marks its port. */
    if (cable && cell != JOINT && (!cable->up || cable->degraded))
        fprintf(d->out,
                "<path class=\"%s\" style=\"stroke-dasharray:none\" d=\"M%s %sh%sv%sh-%sz\"/>\n",
                cable->up ? "y" : "x", px(box.x).s, px(box.y).s, px(box.w).s, px(box.h).s,
                px(box.w).s);
}

/* All ports below a leaf as one bar. */
static void write_bar(struct drawing *d, uint32_t leaf, const uint32_t *n)
{
    double y = d->cells_y, x = cell_box(d, leaf, 0).x;
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
    escaped(d->out, d->f->switches[leaf].name);
    fprintf(d->out, ": %u compute, %u storage, %u free ports</title></path>\n", n[COMPUTE],
            n[STORAGE], n[FREE]);
}

static void write_cells(struct drawing *d)
{
    const struct csin_fabric *f = d->f;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t n[N_CELLS] = {0}, slot = 0, joint = last_slot(d);
        if (f->switches[s].layer != CSIN_LEAF)
            continue;
        if (d->cells == BARS) {
            for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
                enum cell cell = cell_at(f, s, p);
                if (cell != N_CELLS)
                    n[cell]++;
            }
            write_bar(d, s, n);
            continue;
        }
        for (enum cell cell = COMPUTE; cell < N_CELLS; cell++)
            for (uint32_t p = 0; p < f->switches[s].n_ports; p++)
                if (cell_at(f, s, p) == cell)
                    write_cell(d, s, p, cell, cell_box(d, s, cell == JOINT ? joint-- : slot++));
    }
}

/* ---- legend ---- */

struct legend {
    struct drawing *d;
    double x, y;
    bool measure; /* only to find its height */
};

/* A sample of class `class`, NULL for none, and its text; wraps at the margin. */
static void legend_item(struct legend *l, const char *class, bool line, const char *text)
{
    double need = text_width(text, 12.5) + (line ? 34 : 20);
    if (l->x > MARGIN && l->x + need > l->d->width - MARGIN) {
        l->x = MARGIN;
        l->y += 24;
    }
    if (l->measure) {
        l->x += need + 28;
        return;
    }
    if (!class) {
        label(l->d, "t", l->x, l->y, 12.5, text);
    } else if (line) {
        fprintf(l->d->out, "<path class=\"%s\" stroke-width=\"2\" d=\"M%s %sh26\"/>\n", class,
                px(l->x).s, px(l->y - 4).s);
        label(l->d, "t", l->x + 33, l->y, 12.5, text);
    } else {
        fprintf(l->d->out,
                "<rect class=\"%s\" x=\"%s\" y=\"%s\" width=\"12\" height=\"12\" rx=\"2\"/>\n",
                class, px(l->x).s, px(l->y - 10).s);
        label(l->d, "t", l->x + 18, l->y, 12.5, text);
    }
    l->x += need + 28;
}

/* Counts the cables of a place; gives the rates of those that are well as '200 Gb/s' or 'LOW to
 * HIGH'. */
static uint64_t rates_of(const struct csin_fabric *f, enum csin_place place, char rates[96])
{
    uint64_t n = 0;
    double low = INFINITY, high = 0;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (cable->place != place)
            continue;
        n++;
        if (cable->up && !cable->degraded) {
            low = fmin(low, cable->capacity_Bps);
            high = fmax(high, cable->capacity_Bps);
        }
    }
    if (high == 0)
        snprintf(rates, 96, "none up");
    else if (low == high)
        snprintf(rates, 96, "%s", csin_show_linerate(low).s);
    else
        snprintf(rates, 96, "%s to %s", csin_show_linerate(low).s, csin_show_linerate(high).s);
    return n;
}

/* Returns where its last line stands. */
static double write_legend(struct drawing *d, bool measure)
{
    static const char *const place_names[CSIN_N_PLACES] = {"host", "leaf-spine", "inter-zone",
                                                           "other switch"};
    static const char *const place_class[CSIN_N_PLACES] = {"", "u", "j", "u"};
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
                     show_count_of(n_nics[r], "NIC", "NICs").s);
        legend_item(&l, r == CSIN_STORAGE ? "c1" : "c0", false, text);
    }
    if (d->n_of[FREE])
        legend_item(&l, "c2", false,
                    show_count_of(d->n_of[FREE], "free host port", "free host ports").s);
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
                    show_count_of(d->facts->n_dead_cables, "dead cable", "dead cables").s);
    if (d->facts->n_degraded_cables)
        legend_item(
            &l, "y", true,
            show_count_of(d->facts->n_degraded_cables, "degraded cable", "degraded cables").s);
    if (d->no_others) {
        snprintf(
            text, sizeof text, "%s not drawn",
            show_count_of(d->n_other_lines, "cable of other switches", "cables of other switches")
                .s);
        legend_item(&l, NULL, true, text);
    }
    if (d->n_hidden) {
        snprintf(text, sizeof text, "%s at spine, core or inter-zone switches not drawn",
                 show_count_of(d->n_hidden, "NIC", "NICs").s);
        legend_item(&l, NULL, false, text);
    }
    return l.y;
}

/* ---- fabrics too large for that ---- */

/* A card a zone: its facts and the share of each role. */
static void write_cards(struct drawing *d)
{
    const struct csin_fabric *f = d->f;
    uint32_t n = f->n_zones < MAX_CARDS ? f->n_zones : MAX_CARDS;
    double card_w = 430, card_h = 84, step = 20;
    uint32_t columns = n < 3 ? (n ? n : 1) : 3;
    double top = 140, rows = (n + columns - 1) / columns;
    char text[200];
    d->width = fmax(MIN_WIDTH, columns * (card_w + step) - step + 2 * MARGIN);
    d->height = top + rows * (card_h + step) + 60;
    write_head(f, d->width, d->height, d->out);
    write_title(f, d->facts, d->width, d->out);
    snprintf(text, sizeof text,
             "%u leaf, %u spine, %u core and %u inter-zone switches: too many to draw",
             d->facts->layers[CSIN_LEAF].n_switches, d->facts->layers[CSIN_SPINE].n_switches,
             d->facts->layers[CSIN_CORE].n_switches, d->facts->layers[CSIN_INTER_ZONE].n_switches);
    label(d, "g", MARGIN, 106, 14, text);
    for (uint32_t z = 0; z < n; z++) {
        double x = MARGIN + z % columns * (card_w + step), y = top + z / columns * (card_h + step);
        fprintf(d->out,
                "<rect class=\"z\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"10\"/>\n",
                px(x).s, px(y).s, px(card_w).s, px(card_h).s);
        write_zone_facts(d, z, x + PAD, y, card_w - 2 * PAD, 2);
    }
    if (f->n_zones > n) {
        snprintf(text, sizeof text, "and %s more zones", csin_show_count(f->n_zones - n).s);
        label(d, "g", MARGIN, d->height - 30, 14, text);
    }
    fputs("</svg>\n", d->out);
}

void csin_fabric_write_svg(const struct csin_fabric *fabric, const struct csin_fabric_facts *facts,
                           FILE *out)
{
    struct drawing d = {.f = fabric, .facts = facts, .out = out};
    if (fabric->n_switches > MAX_SWITCHES) {
        write_cards(&d);
        return;
    }
    lay_out(&d);
    d.height = write_legend(&d, true) + 32;
    write_head(fabric, d.width, d.height, out);
    write_title(fabric, facts, d.width, out);
    write_panels(&d);
    write_cables(&d);
    write_switches(&d);
    write_heads(&d);
    write_cells(&d);
    write_legend(&d, false);
    fputs("</svg>\n", out);
}
