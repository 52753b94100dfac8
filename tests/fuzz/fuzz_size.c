/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as requirements gives candidates that can all be built, or an error
 * that is told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "plan/size.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char parts_text[] =
    "catalogue: c\n"
    "currency: USD\n"
    "switches:\n"
    "  small: {ports: 8, rate: 200Gb/s, price: {amount: 1, example: true}, power: {amount: 1W, "
    "example: true}}\n"
    "  QM8700: {ports: 40, rate: 400Gb/s, price: {amount: 2, example: true}, power: {amount: 1W, "
    "example: true}}\n"
    "nics: {nic: {rate: 400Gb/s, price: {amount: 1, example: true}, power: {amount: 1W, example: "
    "true}}}\n"
    "hosts: {gpu: {nic: nic}, storage: {nic: nic}}\n"
    "cables: {dac: {medium: copper, rate: 400Gb/s, lengths: 2m, price: {amount: 1, example: true}, "
    "power: {amount: 0W, example: true}}}\n"
    "cable-lengths: {hosts: 1m, switches: 2m}\n";

/* The first ones; large ones take long. Cables between zones may not find their ports. */
static void check_candidates(struct csin_arena *arena, const struct csin_candidate *candidates,
                             uint32_t n)
{
    for (uint32_t i = 0; i < n && i < 4; i++) {
        struct csin_fabric_spec spec;
        struct csin_fabric *f = NULL;
        enum csin_status status = csin_fabric_spec_read(arena, NULL, "f.yaml", candidates[i].text,
                                                        strlen(candidates[i].text), &spec);
        assert(status == CSIN_OK);
        status = csin_fabric_create(&spec, NULL, &f);
        assert(status == CSIN_OK || candidates[i].key.inter_zone);
        csin_fabric_destroy(f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char *text = malloc(size + 1);
    if (arena && diag && text) { /* with a NUL behind it, as csin_file_read gives it */
        struct csin_requirements_spec spec;
        struct csin_parts parts;
        struct csin_needs needs;
        struct csin_candidate *candidates = NULL;
        uint32_t n = 0;
        memcpy(text, data, size);
        text[size] = '\0';
        enum csin_status status = csin_parts_read(arena, diag, "p.yaml", parts_text,
                                                  strlen(parts_text), &parts);
        assert(status == CSIN_OK);
        status = csin_requirements_read(arena, diag, "r.yaml", text, size, &spec);
        if (status == CSIN_OK)
            status = csin_needs_create(&spec, &parts, arena, diag, &needs);
        if (status == CSIN_OK && needs.n_compute + needs.n_storage <= 2000)
            status = csin_candidates_create(&needs, arena, diag, &candidates, &n);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        if (status == CSIN_OK)
            check_candidates(arena, candidates, n);
    }
    free(text);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
