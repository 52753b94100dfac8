/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The channel dependency graph of forwarding tables, for adding to it without closing a circle.
 * Channels are the arcs between switches. Channel a depends on b where some traffic comes in by a
 * and goes on by b: a buffer of a may wait for room in b. */
#ifndef CSIN_TOPO_CHANNELS_H
#define CSIN_TOPO_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/routes.h"

struct csin_channels {
    const struct csin_fabric *f;
    uint64_t *bits;    /* dependencies through a switch: a row of its ports for each of its ports */
    uint64_t *refused; /* alike: those that would close a circle, as they will ever after */
    size_t *first;     /* [n_switches] the row of port 0, in words */
    uint32_t *words;   /* [n_switches] of a row */
    bool is_acyclic;   /* as far as it was made by csin_channels_create */
    uint32_t *order;   /* [n_arcs] place in a topological order, where it is acyclic */
    uint32_t *at;      /* [n_arcs] and which arc is at a place */
    uint32_t *found;   /* [n_arcs] scratch of a search: those found, */
    uint32_t *places;  /* [n_arcs] and the places they have */
    bool *is_found;    /* [n_arcs] */
};

/* Dependencies of all ways between NICs. False without memory, or where the switches are so large
 * that it would take more than 2 GiB; finish it then too. O(switches x NICs). */
bool csin_channels_init(struct csin_channels *c, const struct csin_routes *routes);
void csin_channels_finish(struct csin_channels *c);

/* Makes `from` depend on `to`, which leaves the switch that `from` leads to. False, and nothing
 * changed, where that would close a circle. The order is kept up as by Pearce and Kelly (A Dynamic
 * Topological Sort Algorithm for Directed Acyclic Graphs, ACM JEA 11, 2006): the time goes with the
 * arcs between the two in the order. Only while it is acyclic. */
bool csin_channels_add(struct csin_channels *c, uint32_t from, uint32_t to);

#endif
