/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What tests of routes share: routes that must be right, and distances that know nothing of them.
 */
#ifndef CSIN_TESTS_TOPO_ROUTES_ORACLE_H
#define CSIN_TESTS_TOPO_ROUTES_ORACLE_H

#include "tests/topo/random_fabric.h"
#include "topo/routes.h"

#define FAR UINT32_MAX

static inline struct csin_routes *route_over(const struct csin_fabric *f, const bool *up,
                                             enum csin_policy policy, uint64_t seed)
{
    struct csin_routes *routes = NULL;
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = csin_routes_create(f, up, policy, seed, diag, &routes);
    csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    assert_int_equal(csin_routes_policy(routes), policy);
    csin_diag_destroy(diag);
    return routes;
}

static inline struct csin_routes *route(const struct csin_fabric *f, enum csin_policy policy,
                                        uint64_t seed)
{
    return route_over(f, NULL, policy, seed);
}

/* Cables to `goal` from every vertex over cables that are up, by rounds over the list of all
 * cables. A NIC does not forward. */
static inline void distances(const struct csin_fabric *f, uint32_t goal, uint32_t *distance)
{
    memset(distance, 0xff, f->n_vertices * sizeof *distance);
    distance[goal] = 0;
    for (uint32_t round = 0, found = 1; found; round++) {
        found = 0;
        for (uint32_t c = 0; c < f->n_cables; c++)
            for (unsigned e = 0; f->cables[c].up && e < 2; e++) {
                uint32_t from = f->cables[c].end[e], to = f->cables[c].end[!e];
                if (distance[from] != round || distance[to] != FAR)
                    continue;
                if (csin_is_nic(f, from) && from != goal)
                    continue;
                distance[to] = round + 1;
                found = 1;
            }
    }
}

/* Room for a way. */
static inline struct csin_way way_create(void)
{
    struct csin_way way = {.arcs = calloc(CSIN_WAY_MAX, sizeof *way.arcs),
                           .weights = calloc(CSIN_WAY_MAX, sizeof *way.weights)};
    assert_true(way.arcs && way.weights);
    return way;
}

static inline void way_destroy(struct csin_way *way)
{
    free(way->arcs);
    free(way->weights);
}

static inline bool same_way(const struct csin_way *a, const struct csin_way *b)
{
    return a->n == b->n && a->n_hops == b->n_hops && a->latency_s == b->latency_s &&
           memcmp(a->arcs, b->arcs, a->n * sizeof *a->arcs) == 0 &&
           memcmp(a->weights, b->weights, a->n * sizeof *a->weights) == 0;
}

#endif
