/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as forwarding tables gives routes on which every path ends, or an
 * error that is told; and what is written from them reads back the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "topo/export.h"
#include "topo/lft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A host with two NICs, a switch with an aggregation node, a dead cable, some LIDs known. */
static const char yaml[] = "fabric: t\n"
                           "switch-models: {s: {ports: 6, rate: 200Gb/s}}\n"
                           "host-models: {h: {rate: 200Gb/s}, st: {nics: 2, rate: 200Gb/s}}\n"
                           "zones: {a: {model: s, leaves: 3, spines: 2, hosts-per-leaf: 3}}\n"
                           "hosts:\n"
                           "  - {names: 'h[1-4]', model: h, attach: {zone: a}}\n"
                           "  - {names: st1, model: st, attach: [{switches: a-leaf1, nic: 0}, "
                           "{switches: a-leaf2, nic: 1}]}\n"
                           "overrides: {between: [a-leaf3, a-spine1], state: down}\n";

static struct csin_fabric *make_fabric(struct csin_arena *arena)
{
    struct csin_fabric_spec spec;
    struct csin_fabric *f = NULL;
    if (csin_fabric_spec_read(arena, NULL, "t", yaml, sizeof yaml - 1, &spec) != CSIN_OK ||
        csin_fabric_create(&spec, NULL, &f) != CSIN_OK)
        return NULL;
    f->switches[0].agent_guid = 0xdef;
    f->nics[1].lid = 5;
    f->nics[2].port_guid = 0xabc;
    return f;
}

static void check_paths(const struct csin_fabric *f, const struct csin_routes *routes)
{
    struct csin_path path;
    for (uint32_t src = 0; src < f->n_nics; src++)
        for (uint32_t dst = 0; dst < f->n_nics; dst++) {
            if (!csin_routes_path(routes, src, dst, 0, &path))
                continue;
            assert(path.n >= 2 && path.n <= CSIN_PATH_MAX);
            assert(csin_arc_head(f, path.arcs[path.n - 1]) == f->n_switches + dst);
        }
}

static void check_written(const struct csin_fabric *f, const struct csin_routes *routes,
                          struct csin_arena *arena)
{
    struct csin_ib ib;
    struct csin_switch_routes to_switches;
    struct csin_routes *again = NULL;
    char *text = NULL;
    size_t bytes;
    if (csin_ib_identify(f, arena, NULL, &ib) != CSIN_OK ||
        csin_switch_routes_create(routes, arena, NULL, &to_switches) != CSIN_OK)
        abort();
    FILE *out = open_memstream(&text, &bytes);
    csin_fabric_write_lft(
        &(struct csin_fabric_view){
            .fabric = f, .routes = routes, .ib = &ib, .switch_routes = &to_switches},
        out);
    fclose(out);
    enum csin_status status = csin_lft_read(f, "t", text, bytes, NULL, &again);
    assert(status == CSIN_OK);
    for (uint32_t s = 0; s < f->n_switches; s++)
        for (uint32_t nic = 0; nic < f->n_nics; nic++)
            assert(csin_routes_port(routes, s, nic, 0) == csin_routes_port(again, s, nic, 0));
    csin_routes_destroy(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct csin_arena *names; /* the fabric is the same for all inputs */
    static struct csin_fabric *f;
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_routes *routes = NULL;
    if (!names && (names = csin_arena_create()))
        f = make_fabric(names);
    if (f && arena && diag) {
        enum csin_status status = csin_lft_read(f, "t", (const char *)data, size, diag, &routes);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        assert((status == CSIN_OK) == (routes != NULL));
        if (routes) {
            check_paths(f, routes);
            check_written(f, routes, arena);
        }
    }
    csin_routes_destroy(routes);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
