/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Forwarding tables as text, for tests. */
#ifndef CSIN_TESTS_TOPO_TABLES_H
#define CSIN_TESTS_TOPO_TABLES_H

#include "tests/topo/routes_oracle.h"
#include "topo/export.h"
#include "topo/lft.h"

/* What --format lft writes; malloc'ed. */
static inline char *tables_text(const struct csin_fabric *f, const struct csin_routes *routes)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_ib ib;
    struct csin_switch_routes switch_routes;
    char *text = NULL;
    size_t bytes;
    assert_int_equal(csin_ib_identify(f, arena, diag, &ib), CSIN_OK);
    assert_int_equal(csin_switch_routes_create(routes, arena, diag, &switch_routes), CSIN_OK);
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    csin_fabric_write_lft(
        &(struct csin_fabric_view){
            .fabric = f, .routes = routes, .ib = &ib, .switch_routes = &switch_routes},
        out);
    fclose(out);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return text;
}

/* Reads tables that are right; all that is said about them has to be `says`. */
static inline struct csin_routes *tables_read(const struct csin_fabric *f, const char *text,
                                              const char *says)
{
    struct csin_routes *routes = NULL;
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = csin_lft_read(f, "t.lft", text, strlen(text), diag, &routes);
    assert_says(&diag, says);
    assert_int_equal(status, CSIN_OK);
    assert_int_equal(csin_routes_policy(routes), CSIN_LFT);
    csin_diag_destroy(diag);
    return routes;
}

static inline void assert_same_tables(const struct csin_fabric *f, const struct csin_routes *a,
                                      const struct csin_routes *b)
{
    for (uint32_t s = 0; s < f->n_switches; s++)
        for (uint32_t nic = 0; nic < f->n_nics; nic++)
            assert_int_equal(csin_routes_port(a, s, nic, 0), csin_routes_port(b, s, nic, 0));
}

#endif
