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
    {0},
};
