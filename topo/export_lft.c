/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Forwarding tables as OpenSM dumps them (opensm-lfts.dump) and loads them (-R file -U FILE):
 *
 *     Unicast lids [0-26] of switch Lid 1 guid 0x02c51a0100000100 ('leaf1'):
 *     0x0001 000 # Switch portguid 0x02c51a0100000100: 'leaf1'
 *     0x0007 001 # Channel Adapter portguid 0x02c51a0200000101: 'h1 mlx5_0'
 *     26 lids dumped
 *
 * Every entry has the GUID of its port, so it is right whatever LIDs the subnet gives out. LIDs
 * without a way are left out. */
#include <inttypes.h>
#include <stdlib.h>

#include "topo/export.h"

/* Port, from 1, by which switch `s` sends to a point; 0 for itself, CSIN_NONE without a way. */
static uint32_t port_to(const struct csin_fabric_view *view, uint32_t s, uint32_t point)
{
    const struct csin_fabric *f = view->fabric;
    uint32_t sw = point < f->n_vertices ? point : point - f->n_vertices;
    if (csin_is_nic(f, sw)) {
        uint32_t port = csin_routes_port(view->routes, s, point - f->n_switches, 0);
        return port == CSIN_NONE ? CSIN_NONE : port + 1;
    }
    if (s == sw) /* the aggregation node is at one port more */
        return point == sw ? 0 : f->switches[s].n_ports + 1;
    uint16_t port = view->switch_routes->port[(size_t)s * f->n_switches + sw];
    return port == UINT16_MAX ? CSIN_NONE : port + 1u;
}

/* What stands behind the port in an entry, which is the same in all tables. */
struct remark {
    char s[200];
};

static struct remark remark_of(const struct csin_fabric_view *view, uint32_t point)
{
    struct remark remark;
    snprintf(remark.s, sizeof remark.s, " # %s portguid 0x%016" PRIx64 ": '%s'\n",
             point < view->fabric->n_switches ? "Switch" : "Channel Adapter",
             view->ib->points[point].port_guid, csin_ib_description(view->fabric, point).s);
    return remark;
}

/* `remarks`: by point, or NULL where there was no memory to keep them. */
static void write_table(const struct csin_fabric_view *view, uint32_t s,
                        const struct remark *remarks, FILE *out)
{
    static const char hex[] = "0123456789abcdef";
    const struct csin_ib *ib = view->ib;
    fprintf(out, "Unicast lids [0-%u] of switch Lid %u guid 0x%016" PRIx64 " ('%s'):\n",
            ib->max_lid, ib->points[s].lid, ib->points[s].node_guid,
            view->fabric->switches[s].name);
    for (uint32_t lid = 1; lid <= ib->max_lid; lid++) {
        uint32_t point = ib->by_lid[lid];
        uint32_t port = point == CSIN_NONE ? CSIN_NONE : port_to(view, s, point);
        if (port == CSIN_NONE)
            continue;
        /* By hand: there may be tens of millions of entries. */
        char entry[] = {'0',
                        'x',
                        hex[lid >> 12 & 15],
                        hex[lid >> 8 & 15],
                        hex[lid >> 4 & 15],
                        hex[lid & 15],
                        ' ',
                        (char)('0' + port / 100 % 10),
                        (char)('0' + port / 10 % 10),
                        (char)('0' + port % 10),
                        '\0'};
        if (port < 1000)
            fputs(entry, out);
        else
            fprintf(out, "0x%04x %u", lid, port);
        fputs(remarks ? remarks[point].s : remark_of(view, point).s, out);
    }
    fprintf(out, "%u lids dumped\n", ib->max_lid);
}

void csin_fabric_write_lft(const struct csin_fabric_view *view, FILE *out)
{
    struct remark *remarks = malloc((view->ib->n + 1u) * sizeof *remarks);
    for (uint32_t i = 0; remarks && i < view->ib->n; i++)
        remarks[i] = remark_of(view, i);
    for (uint32_t s = 0; s < view->fabric->n_switches; s++)
        write_table(view, s, remarks, out);
    free(remarks);
}
