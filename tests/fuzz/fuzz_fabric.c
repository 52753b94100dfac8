/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as a fabric gives a fabric that keeps its invariants and can be
 * measured and routed, or an error that is told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "topo/analyze.h"
#include "topo/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger ones say the same, slowly. */
static bool is_small(const struct csin_fabric *f)
{
    return f->n_switches <= 300 && f->n_nics <= 3000 && f->n_cables <= 20000;
}

static void check_paths(const struct csin_fabric *f, const struct csin_routes *routes)
{
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t src = i * 7919 % f->n_nics, dst = i * i * 104729 % f->n_nics;
        struct csin_path path;
        if (!csin_routes_path(routes, src, dst, i, &path))
            continue;
        uint32_t at = f->n_switches + src;
        assert(src != dst && path.n >= 2 && path.n <= CSIN_PATH_MAX);
        for (uint32_t k = 0; k < path.n; k++) {
            assert(f->cables[path.arcs[k] / 2].up && csin_arc_tail(f, path.arcs[k]) == at);
            at = csin_arc_head(f, path.arcs[k]);
        }
        assert(at == f->n_switches + dst);
        assert(path.n == 2 + csin_routes_hops(routes, f->nics[src].leaf, f->nics[dst].leaf));
    }
}

static void check_ways(const struct csin_fabric *f, const struct csin_routes *routes)
{
    static uint32_t arcs[CSIN_WAY_MAX];
    static double weights[CSIN_WAY_MAX];
    struct csin_way way = {.arcs = arcs, .weights = weights};
    for (uint32_t i = 0; i < 64; i++) {
        uint32_t src = i * 7919 % f->n_hosts, dst = i * i * 104729 % f->n_hosts;
        if (!csin_routes_way(routes, src, dst, i, NULL, &way))
            continue;
        assert(src != dst && way.n_hops >= 2 && way.n_hops <= CSIN_PATH_MAX);
        assert(way.n >= way.n_hops && way.n <= CSIN_WAY_MAX);
        for (uint32_t k = 0; k < way.n; k++)
            assert(f->cables[arcs[k] / 2].up && weights[k] > 0 && weights[k] <= 1 + 1e-9);
    }
}

static void check_fabric(struct csin_arena *arena, struct csin_diag *diag,
                         const struct csin_fabric *f)
{
    struct csin_fabric_facts facts;
    csin_fabric_check(f);
    assert(strlen(f->digest.hex) == 64);
    if (!is_small(f))
        return;
    enum csin_status status = csin_fabric_analyze(f, arena, diag, &facts);
    assert(status == CSIN_OK);
    for (int policy = 0; policy < CSIN_N_POLICIES; policy++) {
        struct csin_routes *routes = NULL;
        status = csin_routes_create(f, NULL, (enum csin_policy)policy, 1, diag, &routes);
        assert((status == CSIN_OK) == (routes != NULL));
        assert(routes || csin_diag_errors(diag) > 0);
        if (routes) {
            check_paths(f, routes);
            check_ways(f, routes);
        }
        csin_routes_destroy(routes);
    }
}

static void check(struct csin_arena *arena, struct csin_diag *diag, const char *text, size_t size)
{
    struct csin_fabric_spec spec = {0};
    struct csin_fabric *f = NULL;
    enum csin_status status = csin_fabric_spec_read(arena, diag, "f.yaml", text, size, &spec);
    assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
    if (status != CSIN_OK) {
        csin_fabric_check_names(&spec, diag);
        return;
    }
    status = csin_fabric_create(&spec, diag, &f);
    assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
    assert((status == CSIN_OK) == (f != NULL));
    if (f)
        check_fabric(arena, diag, f);
    csin_fabric_destroy(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char *text = malloc(size + 1);
    if (arena && diag && text) { /* with a NUL behind it, as csin_file_read gives it */
        memcpy(text, data, size);
        text[size] = '\0';
        check(arena, diag, text, size);
    }
    free(text);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
