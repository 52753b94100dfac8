/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric for Graphviz: an undirected graph, a rank for each layer, a node for each host, a dead
 * cable dashed. Graphviz lays out a few hundred nodes well; for larger fabrics use svg. */
#include "topo/export.h"

#include "base/units.h"

static const char *const switch_fill[CSIN_N_LAYERS] = {"#c9d3dd", "#aebccb", "#8fa3b8", "#e3c3de"};
static const char *const host_fill[CSIN_N_ROLES] = {"#b7d3ea", "#b5e3d3"};

static void quoted(FILE *out, const char *text)
{
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', out);
        putc(*text, out);
    }
    putc('"', out);
}

static const char *end_name(const struct csin_fabric *f, uint32_t vertex)
{
    return csin_is_nic(f, vertex) ? f->hosts[f->nics[vertex - f->n_switches].host].name
                                  : f->switches[vertex].name;
}

static void write_layer(const struct csin_fabric *f, unsigned layer, FILE *out)
{
    fprintf(out, "  { rank=same; node [shape=box, fillcolor=\"%s\"];\n", switch_fill[layer]);
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        if (sw->layer != layer)
            continue;
        fputs("    ", out);
        quoted(out, sw->name);
        fprintf(out, " [tooltip=\"%s, %u of %u ports used\"];\n", csin_layer_names[layer],
                sw->n_used, sw->n_ports);
    }
    fputs("  }\n", out);
}

static void write_role(const struct csin_fabric *f, unsigned role, FILE *out)
{
    fprintf(out, "  { node [shape=ellipse, fillcolor=\"%s\", tooltip=\"%s\"];\n", host_fill[role],
            csin_role_names[role]);
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        if (f->hosts[h].role != role)
            continue;
        fputs("    ", out);
        quoted(out, f->hosts[h].name);
        fputs(";\n", out);
    }
    fputs("  }\n", out);
}

void csin_fabric_write_dot(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *fabric = view->fabric;
    /* An edge runs downwards in the drawing: its first node is the higher one. */
    static const unsigned char height[CSIN_N_LAYERS] = {
        [CSIN_LEAF] = 1, [CSIN_SPINE] = 2, [CSIN_CORE] = 3, [CSIN_INTER_ZONE] = 0};

    fputs("graph ", out);
    quoted(out, fabric->name);
    fputs(" {\n"
          "  graph [ranksep=1.2, nodesep=0.15, splines=line, fontname=\"sans-serif\"];\n"
          "  node [style=filled, color=\"#44566b\", fontname=\"sans-serif\", fontsize=10];\n"
          "  edge [color=\"#44566b80\"];\n",
          out);
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++)
        if (view->facts->layers[l].n_switches)
            write_layer(fabric, l, out);
    for (unsigned r = 0; r < CSIN_N_ROLES; r++)
        if (view->facts->n_role[r])
            write_role(fabric, r, out);
    for (uint32_t c = 0; c < fabric->n_cables; c++) {
        const struct csin_cable *cable = &fabric->cables[c];
        uint32_t above = cable->end[1], below = cable->end[0];
        if (!csin_is_nic(fabric, below) &&
            height[fabric->switches[below].layer] > height[fabric->switches[above].layer]) {
            above = cable->end[0];
            below = cable->end[1];
        }
        fputs("  ", out);
        quoted(out, end_name(fabric, above));
        fputs(" -- ", out);
        quoted(out, end_name(fabric, below));
        if (!cable->up)
            fputs(" [color=\"#d7191c\", style=dashed, tooltip=\"dead\"]", out);
        else if (cable->degraded)
            fprintf(out, " [color=\"#f08a00\", penwidth=2, tooltip=\"degraded to %s\"]",
                    csin_show_linerate(cable->capacity_Bps).s);
        fputs(";\n", out);
    }
    fputs("}\n", out);
}
