/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/colour.h"

#include <stdlib.h>
#include <string.h>

#define NO_EDGE UINT32_MAX

/* The split graph: its vertices have n_colours edges at most. */
struct split {
    uint32_t n_colours;
    uint32_t *end[2]; /* [n_edges] the split vertex at either end */
    uint32_t *edge;   /* [n_vertices][n_colours] the edge of a colour; NO_EDGE */
};

static uint32_t *edge_at(const struct split *s, uint32_t vertex, uint32_t colour)
{
    return &s->edge[(size_t)vertex * s->n_colours + colour];
}

static uint32_t free_colour(const struct split *s, uint32_t vertex)
{
    uint32_t colour = 0;
    while (*edge_at(s, vertex, colour) != NO_EDGE)
        colour++;
    return colour;
}

/* Exchanges colours a and b along the path that leaves the right vertex `from` by a. It ends before
 * it could come to a vertex that lacks both, and never at a left vertex that lacks a: left vertices
 * are entered by a. */
static void exchange(struct split *s, uint32_t *colour_of, uint32_t from, uint32_t a, uint32_t b)
{
    uint32_t vertex = from, edge = *edge_at(s, from, a), side = 1;
    *edge_at(s, from, a) = NO_EDGE;
    while (edge != NO_EDGE) {
        uint32_t next = s->end[!side][edge], after = *edge_at(s, next, b);
        /* `edge` had colour a; from now on it has b. */
        *edge_at(s, vertex, b) = edge;
        *edge_at(s, next, b) = edge;
        *edge_at(s, next, a) = NO_EDGE;
        colour_of[edge] = b;
        vertex = next;
        edge = after;
        side = !side;
        if (edge != NO_EDGE) {
            uint32_t swap = a;
            a = b;
            b = swap;
        }
    }
}

static void colour_edge(struct split *s, uint32_t *colour_of, uint32_t edge)
{
    uint32_t u = s->end[0][edge], v = s->end[1][edge];
    uint32_t a = free_colour(s, u), b = free_colour(s, v);
    if (*edge_at(s, v, a) != NO_EDGE)
        exchange(s, colour_of, v, a, b);
    *edge_at(s, u, a) = edge;
    *edge_at(s, v, a) = edge;
    colour_of[edge] = a;
}

/* Splits the vertices of one side; returns how many there are then, counted from `first`. */
static uint32_t split_side(const uint32_t *of, uint32_t n_edges, uint32_t n, uint32_t n_colours,
                           uint32_t first, uint32_t *count, uint32_t *ret_end)
{
    uint32_t next = first;
    memset(count, 0, (n + 1u) * sizeof *count);
    for (uint32_t e = 0; e < n_edges; e++)
        count[of[e]]++;
    /* count becomes where the first split vertex is, times n_colours, and goes on with each edge.
     */
    for (uint32_t v = 0; v < n; v++) {
        uint32_t parts = (count[v] + n_colours - 1) / n_colours;
        count[v] = next;
        next += parts;
    }
    uint32_t *used = count + n + 1;
    memset(used, 0, (n + 1u) * sizeof *used);
    for (uint32_t e = 0; e < n_edges; e++)
        ret_end[e] = count[of[e]] + used[of[e]]++ / n_colours;
    return next;
}

bool csin_colour_edges(const uint32_t *left, const uint32_t *right, uint32_t n_edges,
                       uint32_t n_left, uint32_t n_right, uint32_t n_colours, uint32_t *ret_colour)
{
    struct split s = {.n_colours = n_colours};
    uint32_t larger = n_left > n_right ? n_left : n_right;
    uint32_t *count = malloc(2 * (larger + 1u) * sizeof *count);
    for (unsigned side = 0; side < 2; side++)
        s.end[side] = malloc((n_edges + 1u) * sizeof *s.end[side]);
    bool ok = count && s.end[0] && s.end[1];
    if (ok) {
        uint32_t n = split_side(left, n_edges, n_left, n_colours, 0, count, s.end[0]);
        n = split_side(right, n_edges, n_right, n_colours, n, count, s.end[1]);
        size_t bytes = ((size_t)n * n_colours + 1) * sizeof *s.edge;
        s.edge = malloc(bytes);
        ok = s.edge;
        if (ok)
            memset(s.edge, 0xff, bytes);
    }
    for (uint32_t e = 0; ok && e < n_edges; e++)
        colour_edge(&s, ret_colour, e);
    free(count);
    free(s.end[0]);
    free(s.end[1]);
    free(s.edge);
    return ok;
}
