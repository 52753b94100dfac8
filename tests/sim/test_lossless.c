/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lossless model against what is known of it: the cases that were worked out by hand, and an
 * independent simulation packet by packet (tests/sim/packets.h). */
#include "tests/check.h"

#include "base/rng.h"
#include "sim/lossless.h"
#include "tests/sim/packets.h"

#define UNIT 1e9 /* bytes/s of a NIC: 1 packet a slot for the oracle */

struct world {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_fabric *fabric;
    struct csin_routes *routes;
    struct csin_lossless lossless;
    double *capacity; /* [n_arcs] in units */
    struct csin_way way;
    uint32_t n_lanes;
    uint32_t flows[1000];
    struct packets_way ways[1000][64];
    struct packets_flow packets[1000];
    uint32_t n;
};

static void world_open(struct world *w, const char *line, enum csin_policy policy, uint32_t n_lanes,
                       const double *weights)
{
    memset(w, 0, sizeof *w);
    w->arena = csin_arena_create();
    w->diag = csin_diag_create();
    w->n_lanes = n_lanes;
    assert_int_equal(
        csin_fabric_open(w->diag, w->arena, (struct csin_loc){0}, line, &w->fabric, NULL), CSIN_OK);
    assert_int_equal(csin_routes_create(w->fabric, NULL, policy, 1, w->diag, &w->routes), CSIN_OK);
    assert_true(csin_lossless_init(&w->lossless, w->fabric, n_lanes, weights));
    w->capacity = calloc(w->fabric->n_arcs, sizeof *w->capacity);
    for (uint32_t arc = 0; arc < w->fabric->n_arcs; arc++)
        w->capacity[arc] = w->fabric->arc_capacity_Bps[arc] / UNIT;
    w->way.arcs = calloc(CSIN_WAY_MAX, sizeof *w->way.arcs);
    w->way.weights = calloc(CSIN_WAY_MAX, sizeof *w->way.weights);
}

static void world_close(struct world *w)
{
    csin_lossless_finish(&w->lossless);
    csin_routes_destroy(w->routes);
    csin_fabric_destroy(w->fabric);
    csin_diag_destroy(w->diag);
    csin_arena_destroy(w->arena);
    free(w->capacity);
    free(w->way.arcs);
    free(w->way.weights);
}

static void world_capacity(struct world *w, const char *from, const char *to, double units)
{
    uint32_t a = csin_fabric_switch(w->fabric, from), b = csin_fabric_switch(w->fabric, to);
    for (uint32_t arc = 0; arc < w->fabric->n_arcs; arc++)
        if (csin_arc_tail(w->fabric, arc) == a && csin_arc_head(w->fabric, arc) == b) {
            w->capacity[arc] = units;
            assert_true(csin_lossless_set_capacity(&w->lossless, arc, units * UNIT));
            return;
        }
    fail_msg("no arc");
}

/* All paths of a sprayed way, for the oracle. */
static void spell_out(struct world *w, uint32_t flow, struct packets_way so_far, uint32_t vertex,
                      uint32_t goal)
{
    if (vertex == goal) {
        assert_true(w->packets[flow].n_ways < 64);
        w->ways[flow][w->packets[flow].n_ways++] = so_far;
        return;
    }
    double total = 0;
    for (uint32_t i = 0; i < w->way.n; i++)
        if (csin_arc_tail(w->fabric, w->way.arcs[i]) == vertex)
            total += w->way.weights[i];
    for (uint32_t i = 0; i < w->way.n; i++) {
        if (csin_arc_tail(w->fabric, w->way.arcs[i]) != vertex)
            continue;
        struct packets_way longer = so_far;
        longer.arcs[longer.n++] = w->way.arcs[i];
        longer.weight *= w->way.weights[i] / total;
        spell_out(w, flow, longer, csin_arc_head(w->fabric, w->way.arcs[i]), goal);
    }
}

static uint32_t world_flow(struct world *w, uint32_t src, uint32_t dst, uint32_t lane)
{
    uint8_t lanes[CSIN_WAY_MAX];
    assert_true(
        csin_routes_way(w->routes, src, dst, csin_mix64((uint64_t)src << 32 | dst), NULL, &w->way));
    bool sprayed = w->way.n != w->way.n_hops;
    memset(lanes, (int)lane, sizeof lanes);
    uint32_t f = w->n++;
    w->flows[f] = csin_lossless_add(&w->lossless, w->way.arcs, sprayed ? w->way.weights : NULL,
                                    lanes, w->way.n);
    assert_true(w->flows[f] != CSIN_NONE);
    w->packets[f] = (struct packets_flow){.vl = lane, .ways = w->ways[f]};
    struct packets_way start = {.n = 0, .weight = 1};
    spell_out(w, f, start, csin_arc_tail(w->fabric, w->way.arcs[0]),
              csin_arc_head(w->fabric, w->way.arcs[w->way.n - 1]));
    return f;
}

static double rate(const struct world *w, uint32_t flow)
{
    return w->lossless.flows[w->flows[flow]].rate / UNIT;
}

static void world_packets(const struct world *w, double duration, uint64_t seed, double *ret)
{
    struct packets_net net = {w->fabric->n_arcs, w->n_lanes, w->capacity, w->lossless.lane_weights};
    packets_run(&net, w->packets, w->n, PACKETS_DEPTH, duration / 10, duration, seed, ret);
}
