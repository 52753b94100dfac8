/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where everything of a drawing goes. */
#include "topo/svg_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double csin_svg_text_width(const char *text, double size)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return (double)n * size * GLYPH;
}

struct csin_shown csin_svg_count_of(uint64_t n, const char *one, const char *many)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.12s %.24s", csin_show_count(n).s, n == 1 ? one : many);
    return shown;
}

/* ---- what there is ---- */

const struct csin_cable *csin_svg_cable_at(const struct csin_fabric *f, uint32_t sw, uint32_t port,
                                           uint32_t *ret_other)
{
    uint32_t arc = f->port_arc[f->switches[sw].first_port + port];
    if (arc == CSIN_NONE)
        return NULL;
    *ret_other = csin_arc_head(f, arc);
    return &f->cables[arc >> 1];
}

enum cell csin_svg_cell_at(const struct csin_fabric *f, uint32_t leaf, uint32_t port)
{
    const struct csin_switch *sw = &f->switches[leaf];
    uint32_t other;
    if (!csin_svg_cable_at(f, leaf, port, &other)) {
        uint32_t for_hosts = sw->zone == CSIN_NONE ? sw->n_ports
                                                   : f->zones[sw->zone].hosts_per_leaf;
        return port < for_hosts ? FREE : N_CELLS;
    }
    if (csin_is_nic(f, other))
        return f->hosts[f->nics[other - f->n_switches].host].role == CSIN_STORAGE ? STORAGE
                                                                                  : COMPUTE;
    return f->switches[other].layer == CSIN_INTER_ZONE ? JOINT : N_CELLS;
}

static void count_cells(struct csin_svg *d, uint64_t *ret_cells)
{
    const struct csin_fabric *f = d->f;
    uint64_t all = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t n = 0;
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t other;
            if (f->switches[s].layer != CSIN_LEAF) {
                d->n_hidden += csin_svg_cable_at(f, s, p, &other) && csin_is_nic(f, other);
                continue;
            }
            enum cell cell = csin_svg_cell_at(f, s, p);
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
        if (!csin_svg_cable_at(f, sw, p, &other) || csin_is_nic(f, other))
            continue;
        if (f->switches[other].zone == CSIN_NONE && f->switches[other].layer == CSIN_LEAF)
            outside++;
        else
            inside++;
    }
    return outside > inside;
}

/* Zones, and one more group for leaves and spines outside any. */
static void find_groups(struct csin_svg *d)
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

bool csin_svg_takes_gap(const struct csin_svg *d, const struct csin_cable *cable, unsigned e)
{
    const struct seat *leaf = &d->seats[cable->end[e]], *far = &d->seats[cable->end[!e]];
    if (leaf->row != LEAVES ||
        (d->groups[leaf->group].n_spines == 0 && (leaf->group < d->f->n_zones || leaf->group == 0)))
        return false;
    return far->row == ABOVE ||
           (d->f->switches[cable->end[!e]].layer == CSIN_CORE && far->group != leaf->group);
}

/* Counts cables; finds on which side of the zones the fewer of them enter. */
static void count_lines(struct csin_svg *d)
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
            bool gap = csin_svg_takes_gap(d, cable, e);
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

static void choose_cells(struct csin_svg *d, uint64_t n_cells, uint32_t n_leaves)
{
    const struct csin_fabric *f = d->f;
    double widest = 0;
    for (uint32_t v = f->n_switches; v < f->n_vertices; v++)
        widest = fmax(widest, csin_svg_text_width(csin_vertex_name(f, v).s, 9));
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

static double cells_height(const struct csin_svg *d)
{
    uint32_t rows = (d->n_slots + d->columns - 1) / d->columns;
    if (d->n_slots == 0)
        return 0;
    return d->cells == BARS ? d->cell_h : rows * (d->cell_h + d->cell_gap) - d->cell_gap;
}

static double group_width(const struct csin_svg *d, uint32_t group)
{
    const struct group *g = &d->groups[group];
    return d->stretch * fmax(fmax(g->n_leaves * d->pitch, g->n_spines * fmin(d->pitch, 12)), 60);
}

/* Sets a row of n switches over a group. */
static void seat_row(struct csin_svg *d, uint32_t group, enum row row, uint32_t n, double y,
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
static void seat_wide_row(struct csin_svg *d, enum row row, double y)
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
            if (!csin_svg_cable_at(f, s, p, &other) || csin_is_nic(f, other) ||
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

static void find_ports(struct csin_svg *d)
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

/* ---- what is written into a zone ---- */

struct head csin_svg_head(const struct csin_svg *d, uint32_t z, double w, uint32_t max_lines)
{
    const struct csin_zone *zone = &d->f->zones[z];
    const struct csin_zone_facts *fact = &d->facts->zones[z];
    struct head head = {.n_lines = 2, .size = 11.5};
    char part[HEAD_LINES][96];
    snprintf(head.name, sizeof head.name, "Zone %.64s", zone->name);
    if (!*zone->name)
        *head.name = 0;
    else if (csin_svg_text_width(head.name, 19) > w)
        snprintf(head.name, sizeof head.name, "%.64s", zone->name);
    snprintf(part[0], sizeof *part, "%s × %s",
             csin_svg_count_of(zone->n_leaves, "leaf", "leaves").s,
             csin_svg_count_of(zone->n_spines, "spine", "spines").s);
    if (zone->n_groups == 1)
        snprintf(part[1], sizeof *part, "%s of %s per pair",
                 csin_svg_count_of(zone->links_per_pair, "cable", "cables").s,
                 csin_show_linerate(zone->uplink_Bps).s);
    else
        snprintf(part[1], sizeof *part, "%.30s of %.30s in all",
                 csin_svg_count_of(zone->n_uplinks, "uplink", "uplinks").s,
                 csin_show_linerate(zone->leaf_uplink_Bps).s);
    if (!zone->regular)
        snprintf(part[1], sizeof *part, "cables of mixed number or rate");
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
        need = fmax(need, csin_svg_text_width(head.lines[i], head.size));
        each = fmax(each,
                    fmax(csin_svg_text_width(a, head.size), csin_svg_text_width(b, head.size)));
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
    double name_w = *head.name ? csin_svg_text_width(head.name, 17) + 30 : 0;
    head.beside = *head.name && w >= HEAD_WIDTH && name_w + need <= w;
    return head;
}

/* ---- all of it ---- */

void csin_svg_lay_out(struct csin_svg *d)
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
        struct head head = csin_svg_head(d, g, d->groups[g].w, HEAD_LINES);
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

/* ---- for the drawing ---- */

double csin_svg_port_x(const struct csin_svg *d, uint32_t sw, uint32_t port, bool up)
{
    const struct seat *seat = &d->seats[sw];
    uint32_t first = up ? seat->up_first : seat->down_first,
             last = up ? seat->up_last : seat->down_last;
    double inset = fmin(3, seat->box.w * 0.1);
    return seat->box.x + inset +
           (seat->box.w - 2 * inset) * (port - first + 0.5) / (last - first + 1.0);
}

struct box csin_svg_cell_box(const struct csin_svg *d, uint32_t leaf, uint32_t slot)
{
    const struct box *box = &d->seats[leaf].box;
    double step_x = d->cell_w + d->cell_gap, step_y = d->cell_h + d->cell_gap;
    double left = box->x + box->w / 2 - (d->columns * step_x - d->cell_gap) / 2;
    return (struct box){left + slot % d->columns * step_x, d->cells_y + slot / d->columns * step_y,
                        d->cell_w, d->cell_h};
}

uint32_t csin_svg_last_slot(const struct csin_svg *d)
{
    return (d->n_slots + d->columns - 1) / d->columns * d->columns - 1;
}

void csin_svg_anchor(const struct csin_svg *d, const struct csin_cable *cable, unsigned e,
                     double *x, double *y)
{
    uint32_t sw = cable->end[e], far = cable->end[!e];
    const struct box *box = &d->seats[sw].box, *to = &d->seats[far].box;
    if (d->f->switches[sw].layer == CSIN_LEAF && d->f->switches[far].layer == CSIN_INTER_ZONE &&
        !d->joints_above) {
        uint32_t nth = 0; /* among the ports of this leaf towards inter-zone switches */
        for (uint32_t p = 0; p < cable->port[e]; p++)
            nth += csin_svg_cell_at(d->f, sw, p) == JOINT;
        struct box cell = csin_svg_cell_box(d, sw, csin_svg_last_slot(d) - nth);
        *x = d->cells == BARS ? box->x + box->w / 2 : cell.x + cell.w / 2;
        *y = d->cells == BARS ? d->cells_y + d->cell_h : cell.y + cell.h;
        return;
    }
    *x = csin_svg_port_x(d, sw, cable->port[e], e == 0 || box->y == to->y);
    *y = box->y < to->y ? box->y + box->h : box->y;
}
