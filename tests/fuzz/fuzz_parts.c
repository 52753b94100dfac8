/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as a parts catalogue gives one that a bill can be made from and
 * written in all formats, or an error that is told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "topo/bom.h"
#include "topo/export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Models with the names that the seeds of the corpus use; a host without a cable as well. */
static const char fabric_text[] =
    "fabric: f\n"
    "switch-models: {QM8700: {ports: 40, rate: 200Gb/s}}\n"
    "host-models: {gpu: {rate: 200Gb/s}, storage: {role: storage, nics: 2, rate: 200Gb/s}}\n"
    "zones: {a: {model: QM8700, leaves: 4, spines: 2, hosts-per-leaf: 8}}\n"
    "hosts:\n"
    "  - {names: 'g[1-16]', model: gpu, attach: {zone: a}}\n"
    "  - {names: 's[1-3]', model: storage, attach: {zone: a}}\n"
    "overrides: {between: [a-leaf1, a-spine1], state: down}\n";

static void check_bill(const struct csin_bom *bom)
{
    const struct csin_fabric *f = bom->fabric;
    struct csin_fabric_view view = {.fabric = f, .bom = bom};
    uint64_t n = 0;
    FILE *out = fopen("/dev/null", "w");
    for (uint32_t i = 0; i < bom->n_rows; i++)
        n += bom->rows[i].kind == CSIN_PART_CABLE ? bom->rows[i].n : 0;
    assert(n == f->n_cables && bom->n_host_ports == 19);
    for (uint32_t c = 0; c < f->n_cables; c++)
        assert(bom->cable_row[c]->length_m >= bom->run_m[c] - 1.001e-3);
    if (!out)
        return;
    for (const struct csin_bom_writer *w = csin_bom_writers; w->name; w++)
        w->write(bom, out);
    csin_fabric_write_cabling(&view, out);
    fclose(out);
}

static void check_catalogue(struct csin_arena *arena, const struct csin_parts *parts)
{
    static char text[sizeof fabric_text];
    struct csin_fabric_spec spec = {0};
    struct csin_fabric *f = NULL;
    memcpy(text, fabric_text, sizeof text);
    enum csin_status status = csin_fabric_spec_read(arena, NULL, "f.yaml", text, sizeof text - 1,
                                                    &spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(&spec, NULL, &f);
    assert(status == CSIN_OK);
    for (int any = 0; any < 2; any++) {
        struct csin_bom bom;
        struct csin_diag *diag = csin_diag_create();
        status = csin_bom_create(f, parts, any, arena, diag, &bom);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        if (status == CSIN_OK)
            check_bill(&bom);
        csin_diag_destroy(diag);
    }
    csin_fabric_destroy(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char *text = malloc(size + 1);
    if (arena && diag && text) { /* with a NUL behind it, as csin_file_read gives it */
        struct csin_parts parts;
        memcpy(text, data, size);
        text[size] = '\0';
        enum csin_status status = csin_parts_read(arena, diag, "p.yaml", text, size, &parts);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        if (status == CSIN_OK)
            check_catalogue(arena, &parts);
    }
    free(text);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
