/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cabling list: a line for each cable, for those who pull them. Ports count from 1, as on the
 * front panel, NICs of a host too. Where a parts catalogue is given it says where the ends stand
 * (row-rack-unit), how long the way is and which cable to take. Dead cables are in the list: they
 * are there, and somebody has to replace them. */
#include "topo/bom.h"
#include "topo/export.h"

#include "base/units.h"

static void write_end(const struct csin_fabric *f, const struct csin_bom *bom, uint32_t vertex,
                      uint32_t port, FILE *out)
{
    const struct csin_spot *spot = NULL;
    bool nic = csin_is_nic(f, vertex);
    uint32_t host = nic ? f->nics[vertex - f->n_switches].host : 0;
    if (bom && bom->has_layout)
        spot = nic ? &bom->layout.hosts[host] : &bom->layout.switches[vertex];
    fprintf(out, "%s,%s,%u,%s,", nic ? "host" : csin_layer_names[f->switches[vertex].layer],
            nic ? f->hosts[host].name : f->switches[vertex].name, port + 1,
            spot ? csin_spot_name(&bom->layout, spot).s : "");
}

void csin_fabric_write_cabling(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    const struct csin_bom *bom = view->bom;
    fputs("from_kind,from,from_port,from_place,to_kind,to,to_port,to_place,rate_Gbps,state,run_m,"
          "length_m,part\n",
          out);
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        write_end(f, bom, cable->end[0], cable->port[0], out);
        write_end(f, bom, cable->end[1], cable->port[1], out);
        fprintf(out, "%s,%s,", csin_show_exact(cable->capacity_Bps * 8 / 1e9).s,
                !cable->up        ? "down"
                : cable->degraded ? "degraded"
                                  : "up");
        if (bom)
            fprintf(out, "%s,%s,%s", csin_show_fixed(bom->run_m[c], 2).s,
                    csin_show_exact(bom->cable_row[c]->length_m).s, bom->cable_row[c]->name);
        else
            fputs(",,", out);
        fputc('\n', out);
    }
}
