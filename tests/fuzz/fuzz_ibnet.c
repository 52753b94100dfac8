/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as ibnetdiscover's gives a fabric that keeps its invariants, can be
 * measured and routed, and comes back the same when it is written as YAML; or an error that is
 * told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "topo/analyze.h"
#include "topo/export.h"
#include "topo/ibnet.h"
#include "topo/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What cannot be written: more NICs, or longer names of devices, than fabric files have. */
static void check_yaml(const struct csin_fabric *f, struct csin_arena *arena)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec = {0};
    struct csin_fabric *again = NULL;
    if (!out || !diag)
        abort();
    csin_fabric_write_yaml(&(struct csin_fabric_view){.fabric = f}, out);
    fclose(out);
    enum csin_status status = csin_fabric_spec_read(arena, diag, "f.yaml", text, bytes, &spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(&spec, diag, &again);
    if (status != CSIN_OK)
        csin_diag_print(diag, stderr);
    assert(status == CSIN_OK);
    assert(strcmp(again->digest.hex, f->digest.hex) == 0);
    csin_fabric_destroy(again);
    csin_diag_destroy(diag);
    free(text);
}

static void check_fabric(struct csin_arena *arena, struct csin_diag *diag,
                         const struct csin_fabric *f)
{
    struct csin_fabric_facts facts;
    struct csin_routes *routes = NULL;
    csin_fabric_check(f);
    if (f->n_switches > 300 || f->n_nics > 3000)
        return;
    enum csin_status status = csin_fabric_analyze(f, arena, diag, &facts);
    assert(status == CSIN_OK);
    csin_oddities_warn(&facts.oddities, diag);
    status = csin_routes_create(f, NULL, CSIN_DMODK, 1, diag, &routes);
    assert((status == CSIN_OK) == (routes != NULL));
    csin_routes_destroy(routes);
    check_yaml(f, arena);
}

static void check(struct csin_arena *arena, struct csin_diag *diag, const char *text, size_t size)
{
    struct csin_fabric_spec spec = {0};
    struct csin_fabric *f = NULL;
    csin_ibnet_is(text, size);
    enum csin_status status = csin_ibnet_read(arena, diag, "f.ibnet", text, size, NULL, &spec);
    if (status == CSIN_OK)
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
    if (arena && diag && text) {
        memcpy(text, data, size);
        text[size] = 0;
        check(arena, diag, text, size);
    }
    free(text);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
