/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edge colouring of bipartite multigraphs. Hosts that send are joined to hosts that receive; leaves
 * are the vertices, flows the edges, spines the colours: a colouring in which no vertex has a
 * colour more often than it must is a routing in which no uplink has more flows than it must. */
#ifndef CSIN_PLAN_COLOUR_H
#define CSIN_PLAN_COLOUR_H

#include <stdbool.h>
#include <stdint.h>

/* Colours the n_edges edges from left[e] (below n_left) to right[e] (below n_right) with colours
 * 0 .. n_colours - 1, so that a vertex of degree D has each colour at most ceil(D / n_colours)
 * times, and at least floor(D / n_colours) times. Parallel edges are allowed.
 *
 * Every vertex is split into vertices of n_colours edges and one of the rest; what results has
 * degree n_colours at most and is coloured properly along alternating paths (D. König, Über Graphen
 * und ihre Anwendung auf Determinantentheorie und Mengenlehre, Mathematische Annalen 77, 1916). So
 * splitting gives an equitable colouring (D. de Werra, Equitable colorations of graphs, RIRO 5,
 * 1971). O(edges x vertices) time at worst, O(edges + vertices x colours) memory. False without
 * memory; n_colours >= 1.
 * Test: tests/plan/test_colour.c, 1,000 random multigraphs. */
bool csin_colour_edges(const uint32_t *left, const uint32_t *right, uint32_t n_edges,
                       uint32_t n_left, uint32_t n_right, uint32_t n_colours, uint32_t *ret_colour);

#endif
