/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric as ibnetdiscover prints it, which ibsim reads as its netlist:
 *
 *     caguid=0x2c51a0200000100
 *     Ca      1 "H-02c51a0200000100"          # "h1 mlx5_0"
 *     [1](2c51a0200000101)    "S-02c51a0100000100"[1]         # lid 7 lmc 0 "leaf1" lid 1 4xHDR
 *
 *     switchguid=0x2c51a0100000100(2c51a0100000100)
 *     Switch  40 "S-02c51a0100000100"         # "leaf1" enhanced port 0 lid 1 lmc 0
 *     [1]     "H-02c51a0200000100"[1](2c51a0200000101)        # "h1 mlx5_0" lid 7 4xHDR
 *
 * It shows what a subnet manager sees: dead cables are left out, and nodes that no cable joins to
 * anything. Adapters come first: ibsim puts programs on the first node of the file, and a subnet
 * manager runs on a host. */
#include <inttypes.h>
#include <stdlib.h>

#include "topo/export.h"

static const struct csin_ib_point *point_of(const struct csin_fabric_view *view, uint32_t point)
{
    return &view->ib->points[point];
}

static bool is_up(const struct csin_fabric *f, uint32_t cable)
{
    return cable != CSIN_NONE && f->cables[cable].up;
}

static void write_head(FILE *out, const char *kind, uint64_t guid)
{
    fprintf(out, "\nvendid=0x2c9\ndevid=0x%s\nsysimgguid=0x%" PRIx64 "\n%sguid=0x%" PRIx64,
            kind[0] == 's' ? "d2f0" : "101b", guid, kind, guid);
}

/* ---- adapters ---- */

/* Ports of the adapter of `nic`, of which it is the first: NICs of one host with one node GUID. */
static uint32_t adapter_ports(const struct csin_fabric_view *view, uint32_t nic, bool *ret_any_up)
{
    const struct csin_fabric *f = view->fabric;
    const struct csin_host *host = &f->hosts[f->nics[nic].host];
    uint64_t guid = point_of(view, f->n_switches + nic)->node_guid;
    uint32_t ports = 1;
    *ret_any_up = false;
    for (uint32_t k = nic; k < host->first_nic + host->n_nics; k++) {
        const struct csin_ib_point *point = point_of(view, f->n_switches + k);
        if (point->node_guid != guid)
            continue;
        ports = point->port > ports ? point->port : ports;
        *ret_any_up = *ret_any_up || is_up(f, f->nics[k].cable);
    }
    return ports;
}

static void write_adapter_port(const struct csin_fabric_view *view, uint32_t nic, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    const struct csin_ib_point *point = point_of(view, f->n_switches + nic);
    const struct csin_cable *cable = &f->cables[f->nics[nic].cable];
    const struct csin_ib_point *leaf = point_of(view, cable->end[1]);
    fprintf(
        out, "[%u](%" PRIx64 ") \t\"S-%016" PRIx64 "\"[%u]\t\t# lid %u lmc 0 \"%s\" lid %u %s\n",
        point->port, point->port_guid, leaf->node_guid, cable->port[1] + 1, point->lid,
        csin_ib_description(f, cable->end[1]).s, leaf->lid, csin_ib_speed(cable->capacity_Bps).s);
}

static void write_adapter(const struct csin_fabric_view *view, uint32_t nic, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    const struct csin_host *host = &f->hosts[f->nics[nic].host];
    uint64_t guid = point_of(view, f->n_switches + nic)->node_guid;
    for (uint32_t k = host->first_nic; k < nic; k++)
        if (point_of(view, f->n_switches + k)->node_guid == guid)
            return; /* written with that one */
    bool any_up;
    uint32_t ports = adapter_ports(view, nic, &any_up);
    if (!any_up)
        return;
    write_head(out, "ca", guid);
    fprintf(out, "\nCa\t%u \"H-%016" PRIx64 "\"\t\t# \"%s\"\n", ports, guid,
            csin_ib_description(f, f->n_switches + nic).s);
    for (uint32_t k = nic; k < host->first_nic + host->n_nics; k++)
        if (point_of(view, f->n_switches + k)->node_guid == guid && is_up(f, f->nics[k].cable))
            write_adapter_port(view, k, out);
}

/* ---- switches ---- */

static void write_switch_port(const struct csin_fabric_view *view, uint32_t s, uint32_t port,
                              FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    uint32_t arc = f->port_arc[f->switches[s].first_port + port];
    if (arc == CSIN_NONE || !is_up(f, arc >> 1))
        return;
    uint32_t far = csin_arc_head(f, arc);
    const struct csin_ib_point *point = point_of(view, far);
    fprintf(out, "[%u]\t\"%c-%016" PRIx64 "\"[%u]", port + 1, csin_is_nic(f, far) ? 'H' : 'S',
            point->node_guid,
            csin_is_nic(f, far) ? point->port : f->cables[arc >> 1].port[(arc & 1) ^ 1] + 1);
    if (csin_is_nic(f, far))
        fprintf(out, "(%" PRIx64 ") ", point->port_guid);
    fprintf(out, "\t\t# \"%s\" lid %u %s\n", csin_ib_description(f, far).s, point->lid,
            csin_ib_speed(f->cables[arc >> 1].capacity_Bps).s);
}

static bool any_port_up(const struct csin_fabric *f, uint32_t s)
{
    for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
        uint32_t arc = f->port_arc[f->switches[s].first_port + p];
        if (arc != CSIN_NONE && is_up(f, arc >> 1))
            return true;
    }
    return false;
}

/* The aggregation node inside a switch, on one port more. */
static void write_agent(const struct csin_fabric_view *view, uint32_t s, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    const struct csin_ib_point *agent = point_of(view, f->n_vertices + s);
    const struct csin_ib_point *sw = point_of(view, s);
    write_head(out, "ca", agent->node_guid);
    fprintf(out, "\nCa\t1 \"H-%016" PRIx64 "\"\t\t# \"%s\"\n", agent->node_guid,
            csin_ib_description(f, f->n_vertices + s).s);
    fprintf(out, "[1](%" PRIx64 ") \t\"S-%016" PRIx64 "\"[%u]\t\t# lid %u lmc 0 \"%s\" lid %u %s\n",
            agent->port_guid, sw->node_guid, f->switches[s].n_ports + 1, agent->lid,
            f->switches[s].name, sw->lid, csin_ib_speed(f->switches[s].rate_Bps).s);
}

static void write_switch(const struct csin_fabric_view *view, uint32_t s, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    const struct csin_switch *sw = &f->switches[s];
    const struct csin_ib_point *point = point_of(view, s),
                               *agent = point_of(view, f->n_vertices + s);
    write_head(out, "switch", point->node_guid);
    fprintf(out,
            "(%" PRIx64 ")\nSwitch\t%u \"S-%016" PRIx64
            "\"\t\t# \"%s\" enhanced port 0 lid %u lmc 0\n",
            point->port_guid, sw->n_ports + (agent->node_guid != 0), point->node_guid,
            csin_ib_description(f, s).s, point->lid);
    for (uint32_t p = 0; p < sw->n_ports; p++)
        write_switch_port(view, s, p, out);
    if (agent->node_guid)
        fprintf(out, "[%u]\t\"H-%016" PRIx64 "\"[1](%" PRIx64 ") \t\t# \"%s\" lid %u %s\n",
                sw->n_ports + 1, agent->node_guid, agent->port_guid,
                csin_ib_description(f, f->n_vertices + s).s, agent->lid,
                csin_ib_speed(sw->rate_Bps).s);
}

void csin_fabric_write_ibnet(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    fprintf(out,
            "# fabric %s, written by csin %s: what ibnetdiscover would print, and a netlist for "
            "ibsim\n",
            f->name, CSIN_VERSION);
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        write_adapter(view, nic, out);
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (any_port_up(f, s) && point_of(view, f->n_vertices + s)->node_guid)
            write_agent(view, s, out);
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (any_port_up(f, s))
            write_switch(view, s, out);
}

/* ---- lists of GUIDs, as opensm reads them ---- */

static void write_guid(const struct csin_fabric_view *view, uint32_t point, uint64_t guid,
                       FILE *out)
{
    fprintf(out, "0x%016" PRIx64 " # %s\n", guid, csin_ib_description(view->fabric, point).s);
}

/* Roots of up*-down* trees: cores, and spines that have none above them. */
static bool is_root(const struct csin_fabric *f, uint32_t s)
{
    if (f->switches[s].layer != CSIN_SPINE)
        return f->switches[s].layer == CSIN_CORE;
    for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
        uint32_t arc = f->port_arc[f->switches[s].first_port + p];
        if (arc != CSIN_NONE && !csin_is_nic(f, csin_arc_head(f, arc)) &&
            f->switches[csin_arc_head(f, arc)].layer == CSIN_CORE)
            return false;
    }
    return true;
}

void csin_fabric_write_root_guids(const struct csin_fabric_view *view, FILE *out)
{
    for (uint32_t s = 0; s < view->fabric->n_switches; s++)
        if (is_root(view->fabric, s))
            write_guid(view, s, point_of(view, s)->node_guid, out);
}

static void write_ports(const struct csin_fabric_view *view, enum csin_role role, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (f->hosts[f->nics[nic].host].role == role && f->nics[nic].cable != CSIN_NONE)
            write_guid(view, f->n_switches + nic, point_of(view, f->n_switches + nic)->port_guid,
                       out);
}

void csin_fabric_write_cn_guids(const struct csin_fabric_view *view, FILE *out)
{
    write_ports(view, CSIN_COMPUTE, out);
}

void csin_fabric_write_io_guids(const struct csin_fabric_view *view, FILE *out)
{
    write_ports(view, CSIN_STORAGE, out);
}

void csin_fabric_write_names(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    for (uint32_t i = 0; i < f->n_vertices; i++)
        fprintf(out, "0x%016" PRIx64 " \"%s\"\n", point_of(view, i)->node_guid,
                csin_ib_description(f, i).s);
}
