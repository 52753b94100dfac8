/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cache.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

struct csin_sha256 csin_cache_key(const struct csin_schedule *s, const struct csin_fabric *fabric,
                                  const struct csin_routes *routes, uint64_t seed,
                                  const struct csin_engine *engine, enum csin_congestion congestion)
{
    struct csin_sha256_stream *sha = csin_sha256_start();
    if (!sha)
        return (struct csin_sha256){""};
    enum csin_policy policy = csin_routes_policy(routes);
    /* Chance enters the routes only where they are drawn. */
    uint64_t numbers[] = {congestion, policy,     csin_routes_are_drawn(policy) ? seed : 0,
                          s->n_ops,   s->n_gates, s->n_spans,
                          s->n_deps};
    csin_sha256_add(sha, CSIN_VERSION, sizeof CSIN_VERSION);
    csin_sha256_add(sha, engine->name, strlen(engine->name) + 1);
    csin_sha256_add(sha, engine->what, strlen(engine->what) + 1);
    csin_sha256_add(sha, fabric->digest.hex, sizeof fabric->digest.hex);
    csin_sha256_add(sha, numbers, sizeof numbers);
    struct csin_sha256 table = csin_routes_digest(routes); /* of a file */
    csin_sha256_add(sha, table.hex, sizeof table.hex);
    csin_sha256_add(sha, s->src, s->n_ops * sizeof *s->src);
    csin_sha256_add(sha, s->dst, s->n_ops * sizeof *s->dst);
    csin_sha256_add(sha, s->amount, s->n_ops * sizeof *s->amount);
    csin_sha256_add(sha, s->gate, s->n_ops * sizeof *s->gate);
    csin_sha256_add(sha, s->dep_first, (s->n_ops + (size_t)1) * sizeof *s->dep_first);
    csin_sha256_add(sha, s->dep, s->n_deps * sizeof *s->dep);
    for (uint32_t i = 0; s->profile && i < s->n_uses; i++) {
        double use[] = {s->use[i].resource, s->use[i].weight};
        csin_sha256_add(sha, use, sizeof use);
    }
    if (s->profile) {
        csin_sha256_add(sha, s->use_first, (s->n_profiles + (size_t)1) * sizeof *s->use_first);
        csin_sha256_add(sha, s->profile, s->n_ops * sizeof *s->profile);
    }
    for (uint32_t g = 0; g < s->n_gates; g++) {
        double gate[] = {s->gates[g].limit, s->gates[g].hold, s->gates[g].close_s};
        csin_sha256_add(sha, gate, sizeof gate);
    }
    for (uint32_t i = 0; i < s->n_spans; i++) {
        const struct csin_span *span = &s->spans[i];
        uint32_t row[] = {span->owner, span->round, span->step, span->first,
                          span->n,     span->begin, span->end};
        csin_sha256_add(sha, row, sizeof row);
    }
    return csin_sha256_finish(sha);
}

static char *entry_name(const char *folder, const struct csin_sha256 *key)
{
    char *name;
    if (!folder || !folder[0] || !key->hex[0] || asprintf(&name, "%s/%s", folder, key->hex) < 0)
        return NULL;
    return name;
}

bool csin_cache_get(const char *folder, const struct csin_sha256 *key, double *row, uint32_t n)
{
    char *name = entry_name(folder, key), *text = NULL;
    size_t bytes;
    uint32_t got = 0;
    if (name && csin_file_read(NULL, (struct csin_loc){0}, name, &text, &bytes) == CSIN_OK) {
        /* Hexadecimal bit patterns: exact, and no locale can change them. */
        for (char *p = text; got < n; got++) {
            char *end;
            uint64_t bits = strtoull(p, &end, 16);
            if (end == p || *end != '\n')
                break;
            memcpy(&row[got], &bits, sizeof bits);
            if (!isfinite(row[got]) || row[got] < 0)
                break;
            p = end + 1;
        }
    }
    free(text);
    free(name);
    return got == n;
}

/* mkdir -p; a failure shows when the file is opened. */
static void make_folders(const char *folder)
{
    char *path = strdup(folder);
    for (char *p = path ? path + 1 : NULL; p && *p; p++)
        if (*p == '/') {
            *p = 0;
            mkdir(path, 0777);
            *p = '/';
        }
    if (path)
        mkdir(path, 0777);
    free(path);
}

void csin_cache_put(const char *folder, const struct csin_sha256 *key, const double *row,
                    uint32_t n)
{
    char *name = entry_name(folder, key);
    struct csin_output output;
    if (!name)
        return;
    make_folders(folder);
    if (csin_output_open(&output, NULL, name) == CSIN_OK) {
        for (uint32_t i = 0; i < n; i++) {
            uint64_t bits;
            memcpy(&bits, &row[i], sizeof bits);
            fprintf(output.stream, "%016llx\n", (unsigned long long)bits);
        }
        csin_output_commit(&output, NULL);
    }
    free(name);
}
