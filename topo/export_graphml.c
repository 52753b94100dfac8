/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric as GraphML (Brandes, Eiglsperger, Herman, Himsolt, Marshall, GraphML Progress Report,
 * GD 2001), which igraph, NetworkX, Gephi and yEd read: an undirected multigraph of switches and
 * hosts, an edge for each cable, units in the names of attributes. */
#include "topo/export.h"

#include "base/units.h"
#include "topo/xml.h"

static const char *const place_names[CSIN_N_PLACES] = {"host", "leaf-spine", "inter-zone", "other",
                                                       "spine-core"};

/* Attributes: what they are for, their name, their type. */
static const char *const keys[][3] = {
    {"node", "kind", "string"},     {"node", "layer", "string"},     {"node", "zone", "string"},
    {"node", "role", "string"},     {"node", "model", "string"},     {"node", "ports", "int"},
    {"edge", "place", "string"},    {"edge", "from_port", "int"},    {"edge", "to_port", "int"},
    {"edge", "rate_Bps", "double"}, {"edge", "latency_s", "double"}, {"edge", "state", "string"},
};

static void write_data(FILE *out, const char *key, const char *text)
{
    fprintf(out, "<data key=\"%s\">", key);
    csin_xml_text(out, text);
    fputs("</data>", out);
}

static void write_node(FILE *out, const char *name)
{
    fputs("    <node id=\"", out);
    csin_xml_text(out, name);
    fputs("\">", out);
}

static const char *end_name(const struct csin_fabric *f, uint32_t vertex)
{
    return csin_is_nic(f, vertex) ? f->hosts[f->nics[vertex - f->n_switches].host].name
                                  : f->switches[vertex].name;
}

static void write_nodes(const struct csin_fabric *f, FILE *out)
{
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        write_node(out, sw->name);
        write_data(out, "kind", "switch");
        write_data(out, "layer", csin_layer_names[sw->layer]);
        if (sw->zone != CSIN_NONE)
            write_data(out, "zone", f->zones[sw->zone].name);
        write_data(out, "model", sw->model);
        fprintf(out, "<data key=\"ports\">%u</data></node>\n", sw->n_ports);
    }
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        write_node(out, host->name);
        write_data(out, "kind", "host");
        write_data(out, "role", csin_role_names[host->role]);
        write_data(out, "model", host->model);
        fprintf(out, "<data key=\"ports\">%u</data></node>\n", host->n_nics);
    }
}

static void write_edges(const struct csin_fabric *f, FILE *out)
{
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        fputs("    <edge source=\"", out);
        csin_xml_text(out, end_name(f, cable->end[0]));
        fputs("\" target=\"", out);
        csin_xml_text(out, end_name(f, cable->end[1]));
        fputs("\">", out);
        write_data(out, "place", place_names[cable->place]);
        fprintf(out, "<data key=\"from_port\">%u</data><data key=\"to_port\">%u</data>",
                cable->port[0] + 1, cable->port[1] + 1);
        write_data(out, "rate_Bps", csin_show_exact(cable->capacity_Bps).s);
        write_data(out, "latency_s", csin_show_exact(cable->latency_s).s);
        write_data(out, "state", !cable->up ? "down" : cable->degraded ? "degraded" : "up");
        fputs("</edge>\n", out);
    }
}

void csin_fabric_write_graphml(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
          out);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        fprintf(out, "  <key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"%s\"/>\n",
                keys[i][1], keys[i][0], keys[i][1], keys[i][2]);
    fputs("  <graph id=\"", out);
    csin_xml_text(out, f->name);
    fputs("\" edgedefault=\"undirected\">\n", out);
    write_nodes(f, out);
    write_edges(f, out);
    fputs("  </graph>\n</graphml>\n", out);
}
