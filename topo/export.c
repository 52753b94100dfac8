/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The formats a fabric can be written in. */
#include "topo/export.h"

const struct csin_fabric_writer csin_fabric_writers[] = {
    {"text", ".txt", "one screen for a network engineer", csin_fabric_write_text, false},
    {"json", ".json", "every switch, host and cable, for programs", csin_fabric_write_json, false},
    {"dot", ".dot", "Graphviz, undirected", csin_fabric_write_dot, false},
    {"svg", ".svg", "a drawing for people", csin_fabric_write_svg, false},
    {"yaml", ".yaml", "a fabric file with every port written out", csin_fabric_write_yaml, false},
    {"ibnet", ".ibnet", "as ibnetdiscover prints it; a netlist for ibsim", csin_fabric_write_ibnet,
     .needs_ib = true},
    {"lft", ".lft", "forwarding tables for opensm -R file -U", csin_fabric_write_lft,
     .needs_routes = true, .needs_ib = true, .needs_table = true},
    {"root-guids", ".root_guids", "switches at the top, for opensm -a",
     csin_fabric_write_root_guids, .needs_ib = true},
    {"cn-guids", ".cn_guids", "ports of compute hosts, for opensm -u", csin_fabric_write_cn_guids,
     .needs_ib = true},
    {"io-guids", ".io_guids", "ports of storage hosts, for opensm -G", csin_fabric_write_io_guids,
     .needs_ib = true},
    {"node-name-map", ".names", "names by GUID, for the tools of infiniband-diags",
     csin_fabric_write_names, .needs_ib = true},
    {"cabling", ".csv", "a line for each cable, for those who pull them", csin_fabric_write_cabling,
     .uses_parts = true},
    {"graphml", ".graphml", "for igraph, NetworkX, Gephi", csin_fabric_write_graphml, false},
    {"simgrid", ".xml", "a SimGrid platform", csin_fabric_write_simgrid, false},
    {"slurm", ".conf", "Slurm's topology.conf", csin_fabric_write_slurm, false},
    {"slurm-yaml", ".topology.yaml", "Slurm's topology.yaml", csin_fabric_write_slurm_yaml, false},
    {0},
};
