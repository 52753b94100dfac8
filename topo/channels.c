/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/channels.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS ((size_t)1 << 27) /* 1 GiB */

/* The port at which an arc enters the switch it leads to. */
static uint32_t port_in(const struct csin_fabric *f, uint32_t arc)
{
    return f->cables[arc >> 1].port[(arc & 1) ^ 1];
}

static uint32_t port_out(const struct csin_fabric *f, uint32_t arc)
{
    return f->cables[arc >> 1].port[arc & 1];
}

/* What may be forwarded through switch `s` from the arc that comes in at `port`. */
static uint64_t *row_of(const struct csin_channels *c, uint32_t s, uint32_t port)
{
    return c->bits + c->first[s] + (size_t)port * c->words[s];
}

/* True where it was not there before. */
static bool set(const struct csin_channels *c, uint64_t *bits, uint32_t from, uint32_t to)
{
    size_t row = row_of(c, csin_arc_head(c->f, from), port_in(c->f, from)) - c->bits;
    uint32_t port = port_out(c->f, to);
    uint64_t *word = bits + row + port / 64;
    uint64_t bit = (uint64_t)1 << port % 64, old = *word;
    *word |= bit;
    return !(old & bit);
}

static bool is_set(const struct csin_channels *c, const uint64_t *bits, uint32_t from, uint32_t to)
{
    size_t row = row_of(c, csin_arc_head(c->f, from), port_in(c->f, from)) - c->bits;
    uint32_t port = port_out(c->f, to);
    return bits[row + port / 64] >> port % 64 & 1;
}

static bool is_channel(const struct csin_fabric *f, uint32_t arc)
{
    return arc != CSIN_NONE && !csin_is_nic(f, csin_arc_tail(f, arc)) &&
           !csin_is_nic(f, csin_arc_head(f, arc));
}

/* ---- the dependencies of tables ---- */

/* Follows the table to `nic` from switch `s` on, up to a switch that was passed before. */
static void follow(struct csin_channels *c, const struct csin_routes *routes, uint32_t s,
                   uint32_t nic, uint32_t *passed)
{
    uint32_t before = CSIN_NONE;
    for (;;) {
        uint32_t port = csin_routes_port(routes, s, nic, 0);
        uint32_t arc = port == CSIN_NONE ? CSIN_NONE
                                         : c->f->port_arc[c->f->switches[s].first_port + port];
        if (!is_channel(c->f, arc))
            return;
        if (before != CSIN_NONE)
            set(c, c->bits, before, arc);
        if (passed[s] == nic)
            return;
        passed[s] = nic;
        before = arc;
        s = csin_arc_head(c->f, arc);
    }
}

static bool add_tables(struct csin_channels *c, const struct csin_routes *routes)
{
    const struct csin_fabric *f = c->f;
    uint32_t *passed = malloc((f->n_switches + 1u) * sizeof *passed);
    bool *has_nics = calloc(f->n_switches + 1u, 1);
    if (!passed || !has_nics) {
        free(passed);
        free(has_nics);
        return false;
    }
    memset(passed, 0xff, f->n_switches * sizeof *passed);
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (f->nics[nic].cable != CSIN_NONE)
            has_nics[f->nics[nic].leaf] = true;
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        for (uint32_t s = 0; f->nics[nic].cable != CSIN_NONE && s < f->n_switches; s++)
            if (has_nics[s] && s != f->nics[nic].leaf)
                follow(c, routes, s, nic, passed);
    free(passed);
    free(has_nics);
    return true;
}

/* ---- the order ---- */

/* The arcs that `arc` depends on, one after the other: *port is the next to look at. */
static uint32_t next_after(const struct csin_channels *c, uint32_t arc, uint32_t *port)
{
    uint32_t s = csin_arc_head(c->f, arc);
    const uint64_t *row = row_of(c, s, port_in(c->f, arc));
    for (uint32_t p = *port; p < c->f->switches[s].n_ports; p++) {
        uint64_t rest = row[p / 64] >> p % 64;
        if (!rest) {
            p |= 63; /* nothing more in this word */
            continue;
        }
        p += (uint32_t)__builtin_ctzll(rest);
        *port = p + 1;
        return c->f->port_arc[c->f->switches[s].first_port + p];
    }
    return CSIN_NONE;
}

/* The arcs that depend on `arc`. */
static uint32_t next_before(const struct csin_channels *c, uint32_t arc, uint32_t *port)
{
    uint32_t s = csin_arc_tail(c->f, arc), out = port_out(c->f, arc);
    for (uint32_t p = *port; p < c->f->switches[s].n_ports; p++)
        if (row_of(c, s, p)[out / 64] >> out % 64 & 1) {
            *port = p + 1;
            return csin_arc_reverse(c->f->port_arc[c->f->switches[s].first_port + p]);
        }
    return CSIN_NONE;
}

/* A topological order by counting down what each arc waits for (Kahn); false where a circle is
 * left. */
static bool sort(struct csin_channels *c)
{
    const struct csin_fabric *f = c->f;
    uint32_t *waits = c->places, n = 0, n_channels = 0;
    memset(waits, 0, f->n_arcs * sizeof *waits);
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        n_channels += is_channel(f, arc);
        for (uint32_t port = 0, to;
             is_channel(f, arc) && (to = next_after(c, arc, &port)) != CSIN_NONE;)
            waits[to]++;
    }
    for (uint32_t arc = 0; arc < f->n_arcs; arc++)
        if (is_channel(f, arc) && waits[arc] == 0)
            c->at[n++] = arc;
    for (uint32_t i = 0; i < n; i++) {
        c->order[c->at[i]] = i;
        for (uint32_t port = 0, to; (to = next_after(c, c->at[i], &port)) != CSIN_NONE;)
            if (--waits[to] == 0)
                c->at[n++] = to;
    }
    return n == n_channels;
}

bool csin_channels_init(struct csin_channels *c, const struct csin_routes *routes)
{
    const struct csin_fabric *f = csin_routes_fabric(routes);
    size_t n = f->n_switches + 1u, n_arcs = f->n_arcs + 1u, total = 0;
    *c = (struct csin_channels){.f = f,
                                .first = malloc(n * sizeof *c->first),
                                .words = malloc(n * sizeof *c->words),
                                .order = malloc(n_arcs * sizeof *c->order),
                                .at = malloc(n_arcs * sizeof *c->at),
                                .found = malloc(n_arcs * sizeof *c->found),
                                .places = malloc(n_arcs * sizeof *c->places),
                                .is_found = calloc(n_arcs, sizeof *c->is_found)};
    if (!c->first || !c->words || !c->order || !c->at || !c->found || !c->places || !c->is_found)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        c->first[s] = total;
        c->words[s] = (f->switches[s].n_ports + 63) / 64;
        total += (size_t)f->switches[s].n_ports * c->words[s];
        if (total > MAX_WORDS)
            return false;
    }
    c->bits = calloc(total + 1, sizeof *c->bits);
    c->refused = calloc(total + 1, sizeof *c->refused);
    if (!c->bits || !c->refused || !add_tables(c, routes))
        return false;
    c->is_acyclic = sort(c);
    return true;
}

void csin_channels_finish(struct csin_channels *c)
{
    free(c->bits);
    free(c->refused);
    free(c->first);
    free(c->words);
    free(c->order);
    free(c->at);
    free(c->found);
    free(c->places);
    free(c->is_found);
    memset(c, 0, sizeof *c);
}

/* ---- adding one ---- */

/* What is found from the arcs found[first ..] on: ahead up to place `limit`, or behind down to it.
 * Returns how many there are then. */
static uint32_t search(struct csin_channels *c, uint32_t first, uint32_t n, bool ahead,
                       uint32_t limit)
{
    for (uint32_t i = first; i < n; i++)
        for (uint32_t port = 0, arc;
             (arc = ahead ? next_after(c, c->found[i], &port)
                          : next_before(c, c->found[i], &port)) != CSIN_NONE;) {
            bool outside = ahead ? c->order[arc] > limit : c->order[arc] < limit;
            if (outside || c->is_found[arc])
                continue;
            c->is_found[arc] = true;
            c->found[n++] = arc;
        }
    return n;
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Puts the arcs found[first .. n - 1] in the order that they have. */
static void in_order(struct csin_channels *c, uint32_t first, uint32_t n)
{
    for (uint32_t i = first; i < n; i++)
        c->found[i] = c->order[c->found[i]]; /* their places, to sort by */
    qsort(c->found + first, n - first, sizeof *c->found, compare);
    for (uint32_t i = first; i < n; i++)
        c->found[i] = c->at[c->found[i]];
}

bool csin_channels_add(struct csin_channels *c, uint32_t from, uint32_t to)
{
    assert(c->is_acyclic && csin_arc_head(c->f, from) == csin_arc_tail(c->f, to));
    if (is_set(c, c->refused, from, to))
        return false;
    if (!set(c, c->bits, from, to) || c->order[from] < c->order[to])
        return true;
    uint32_t high = c->order[from], low = c->order[to];
    c->found[0] = to;
    c->is_found[to] = true;
    uint32_t n_ahead = search(c, 0, 1, true, high);
    bool is_circle = c->is_found[from];
    uint32_t n = n_ahead;
    if (!is_circle) {
        c->found[n] = from;
        c->is_found[from] = true;
        n = search(c, n_ahead, n_ahead + 1, false, low);
    }
    for (uint32_t i = 0; i < n; i++)
        c->is_found[c->found[i]] = false;
    if (is_circle) {
        uint32_t port = port_out(c->f, to);
        row_of(c, csin_arc_head(c->f, from),
               port_in(c->f, from))[port / 64] &= ~((uint64_t)1 << port % 64);
        return false;
    }
    /* What leads to `from` moves before what `to` leads to, over the same places. */
    in_order(c, 0, n_ahead);
    in_order(c, n_ahead, n);
    for (uint32_t i = 0; i < n; i++)
        c->places[i] = c->order[c->found[i]];
    qsort(c->places, n, sizeof *c->places, compare);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t arc = c->found[(n_ahead + i) % n]; /* those behind first */
        c->order[arc] = c->places[i];
        c->at[c->places[i]] = arc;
    }
    return true;
}
