/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where everything of a drawing goes: between topo/svg_layout.c, which decides it, and
 * topo/export_svg.c with topo/svg_legend.c, which draw it. */
#ifndef CSIN_TOPO_SVG_LAYOUT_H
#define CSIN_TOPO_SVG_LAYOUT_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "topo/analyze.h"

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

struct csin_svg {
    const struct csin_fabric *f;
    const struct csin_fabric_facts *facts;
    const double *use; /* [n_cables] to colour cables by; NULL: not */
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

/* The facts written into a zone: beside its name where there is room, or below. */
#define HEAD_LINES 4u

struct head {
    char name[100], lines[HEAD_LINES][200];
    uint32_t n_lines;
    double size; /* of the lines */
    bool beside; /* the lines stand right of the name */
};

/* The width of a text in pixels, more or less. */
double csin_svg_text_width(const char *text, double size);

/* '1 cable', '2 cables' */
struct csin_shown csin_svg_count_of(uint64_t n, const char *one, const char *many);

/* The cable at a port of a switch, or NULL; *ret_other is the vertex at its far end. */
const struct csin_cable *csin_svg_cable_at(const struct csin_fabric *f, uint32_t sw, uint32_t port,
                                           uint32_t *ret_other);

/* What a port of a leaf shows below it; N_CELLS for an uplink. */
enum cell csin_svg_cell_at(const struct csin_fabric *f, uint32_t leaf, uint32_t port);

/* Whether a cable to leaf end[e] would run through the spines of that leaf's zone, or over other
 * zones, and so takes the gap beside the leaf's zone. */
bool csin_svg_takes_gap(const struct csin_svg *d, const struct csin_cable *cable, unsigned e);

/* x of a port on the edge of its switch. */
double csin_svg_port_x(const struct csin_svg *d, uint32_t sw, uint32_t port, bool up);

struct head csin_svg_head(const struct csin_svg *d, uint32_t z, double w, uint32_t max_lines);

/* Decides everything: d starts with f, facts and out. */
void csin_svg_lay_out(struct csin_svg *d);

/* Where a cell of a leaf stands. Ports to inter-zone switches count from the end, so that their
 * cables leave downwards. */
struct box csin_svg_cell_box(const struct csin_svg *d, uint32_t leaf, uint32_t slot);

/* The slot of a leaf where its ports to inter-zone switches begin, going backwards. */
uint32_t csin_svg_last_slot(const struct csin_svg *d);

/* Where a cable between switches ends at one of them. */
void csin_svg_anchor(const struct csin_svg *d, const struct csin_cable *cable, unsigned e,
                     double *x, double *y);

/* A coordinate: at most one decimal. */
static inline struct csin_shown px(double x)
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

/* Writes a text of a class of the style sheet. */
void csin_svg_label(struct csin_svg *d, const char *style, double x, double y, double size,
                    const char *text);

/* measure: only to find its height. Returns where its last line stands. */
double csin_svg_write_legend(struct csin_svg *d, bool measure);

#endif
