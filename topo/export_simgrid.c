/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric as a SimGrid platform (XML, version 4.1; checked with SimGrid 3.32): one zone whose
 * routes SimGrid finds itself (Dijkstra, and remembers), so that the file grows with the cables and
 * not with the pairs of hosts. Switches are routers, each NIC is a host of its own: a host with two
 * of them would forward from one to the other, which InfiniBand hosts do not do.
 *
 * A cable is a split-duplex link. Its latency is the mean of its two directions: the latency of a
 * switch or NIC is half on the cable that a message comes by and half on that it leaves by, so
 * that the sum along any path is csin's. Dead cables are left out. */
#include "topo/export.h"

#include "base/units.h"
#include "topo/xml.h"

static void write_name(const struct csin_fabric *f, uint32_t vertex, FILE *out)
{
    csin_xml_text(out, csin_vertex_name(f, vertex).s);
}

static void write_vertices(const struct csin_fabric *f, FILE *out)
{
    for (uint32_t v = 0; v < f->n_vertices; v++) {
        bool nic = csin_is_nic(f, v);
        if (nic && f->nics[v - f->n_switches].cable == CSIN_NONE)
            continue;
        fprintf(out, nic ? "    <host id=\"" : "    <router id=\"");
        write_name(f, v, out);
        fprintf(out, nic ? "\" speed=\"1Gf\"/>\n" : "\"/>\n");
    }
}

/* SimGrid has one edge between two routers, so the cables of a pair that are up become one link
 * that has the capacity of all. The bytes/s of the link that stands for cable c; 0 where another
 * one does, or c is dead. */
static double link_Bps(const struct csin_fabric *f, uint32_t c)
{
    const struct csin_cable *cable = &f->cables[c];
    if (!cable->up || csin_is_nic(f, cable->end[0]))
        return cable->up ? cable->capacity_Bps : 0;
    unsigned at = f->switches[cable->end[0]].n_ports > f->switches[cable->end[1]].n_ports;
    const struct csin_switch *sw = &f->switches[cable->end[at]];
    double sum_Bps = 0;
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        if (arc == CSIN_NONE || csin_arc_head(f, arc) != cable->end[!at] || !f->cables[arc >> 1].up)
            continue;
        if (arc >> 1 < c)
            return 0;
        sum_Bps += f->cables[arc >> 1].capacity_Bps;
    }
    return sum_Bps;
}

static void write_link(const struct csin_fabric *f, uint32_t c, double rate_Bps, FILE *out)
{
    double latency_s = (f->arc_latency_s[2 * c] + f->arc_latency_s[2 * c + 1]) / 2;
    fprintf(out,
            "    <link id=\"c%u\" bandwidth=\"%sBps\" latency=\"%ss\" "
            "sharing_policy=\"SPLITDUPLEX\"/>\n",
            c, csin_show_exact(rate_Bps).s, csin_show_exact(latency_s).s);
}

static void write_routes(const struct csin_fabric *f, uint32_t c, FILE *out)
{
    for (unsigned way = 0; way < 2; way++) {
        fputs("    <route src=\"", out);
        write_name(f, f->cables[c].end[way], out);
        fputs("\" dst=\"", out);
        write_name(f, f->cables[c].end[!way], out);
        fprintf(out, "\" symmetrical=\"NO\"><link_ctn id=\"c%u\" direction=\"%s\"/></route>\n", c,
                way ? "DOWN" : "UP");
    }
}

void csin_fabric_write_simgrid(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    fputs("<?xml version=\"1.0\"?>\n"
          "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
          "<!-- Fabric ",
          out);
    csin_xml_text(out, f->name);
    fprintf(out,
            ": %u switches, %u NICs. Every NIC is a SimGrid host; the speed of hosts means\n"
            "     nothing. SimGrid takes one of the shortest paths for all flows of a pair. -->\n"
            "<platform version=\"4.1\">\n"
            "  <zone id=\"fabric\" routing=\"DijkstraCache\">\n",
            f->n_switches, f->n_nics);
    write_vertices(f, out);
    /* Links first: the DTD wants them before routes. */
    for (uint32_t c = 0; c < f->n_cables; c++)
        if (link_Bps(f, c) > 0)
            write_link(f, c, link_Bps(f, c), out);
    for (uint32_t c = 0; c < f->n_cables; c++)
        if (link_Bps(f, c) > 0)
            write_routes(f, c, out);
    fputs("  </zone>\n</platform>\n", out);
}
