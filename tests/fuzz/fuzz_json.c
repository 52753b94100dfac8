/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as JSON gives a tree that reads back the same when it is written,
 * or an error that is told; and where it is a document of csin, comparing it with itself finds
 * nothing, and with another one ends. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "reports/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char other[] = "{\"schema\": \"csin-result-1\", \"scenario\": \"s\", \"makespan_s\": "
                            "1, \"provenance\": {\"seed\": 1},"
                            "\"cabling\": [{\"from\": \"leaf1\", \"to\": \"h[1-2],spine1\", "
                            "\"cables_each\": 1, \"rate_Bps\": 1, "
                            "\"up\": true}], \"jobs\": [{\"name\": \"a\", \"slowdown\": 1, "
                            "\"steps\": [{\"work\": \"x\"}]}],"
                            "\"arcs\": [{\"from\": \"a\", \"to\": \"b\", \"from_port\": 1, "
                            "\"bytes\": 2, \"congested_s\": 0, "
                            "\"bytes_by_owner\": {\"a\": 2}}]}";

static char *written(const struct csin_json_value *top)
{
    struct csin_json json;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert(out);
    csin_json_init(&json, out);
    csin_json_copy(&json, NULL, top, 1);
    csin_json_finish(&json);
    fclose(out);
    return text;
}

static void write_all(const struct csin_comparison *c)
{
    for (int i = 0; csin_compare_writers[i].name; i++) {
        char *text = NULL;
        size_t bytes;
        FILE *out = open_memstream(&text, &bytes);
        assert(out);
        csin_compare_writers[i].write(c, true, out);
        fclose(out);
        free(text);
    }
}

static void compare(struct csin_arena *arena, struct csin_diag *diag, const struct csin_document *d)
{
    const struct csin_tolerances none = {0};
    struct csin_comparison c;
    struct csin_document fixed;
    assert(csin_compare(d, d, &none, true, arena, diag, &c) == CSIN_OK);
    assert(c.n == 0 && c.n_provenance == 0);
    assert(csin_document_read(arena, diag, "other", other, strlen(other), &fixed) == CSIN_OK);
    if (csin_compare(&fixed, d, &none, true, arena, diag, &c) == CSIN_OK)
        write_all(&c);
    if (csin_compare(d, &fixed, &none, true, arena, diag, &c) == CSIN_OK)
        write_all(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char *text = malloc(size + 1);
    const struct csin_json_value *top;
    struct csin_document document;
    assert(arena && diag && text);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    if (csin_json_read(arena, diag, "fuzz", text, size, &top) == CSIN_OK) {
        char *once = written(top), *twice;
        assert(csin_json_read(arena, diag, "once", once, strlen(once), &top) == CSIN_OK);
        twice = written(top);
        assert(strcmp(once, twice) == 0);
        free(once);
        free(twice);
        if (csin_document_read(arena, diag, "fuzz", text, size, &document) == CSIN_OK)
            compare(arena, diag, &document);
    } else {
        assert(csin_diag_errors(diag) > 0);
    }
    free(text);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
