/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as a plan gives one that changes a scenario as it says, or an error
 * that is told. Plans that name a file of tables are not applied, as it could be any file. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/overlay.h"
#include "sim/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char scenario_text[] =
    "scenario: s\n"
    "fabric: 'leaf:3 spine:2 host:3 storage:1 200Gb/s'\n"
    "classes: {fast: {sl: 1}, slow: {sl: 2}}\n"
    "jobs:\n"
    "  - {name: a, hosts: 4, class: fast, steps: {allreduce: {size: 1MB}}}\n"
    "  - {name: b, hosts: 3, steps: {compute: 1ms}}\n"
    "storage:\n"
    "  - {read: {name: r, readers: 2, size: 4MB, chunk: 1MB, class: slow}}\n"
    "  - {checkpoint: {name: w, writers: 2, size: 1MB, chunk: 1MB, replicas: 2}}\n";

struct memory_file { /* a file that has no name */
    int fd;
    char path[64];
};

static struct memory_file make_file(const void *data, size_t size)
{
    struct memory_file file = {.fd = memfd_create("file", 0)};
    assert(file.fd >= 0);
    assert(write(file.fd, data, size) == (ssize_t)size);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.fd);
    return file;
}

static void check_hosts(const struct csin_fabric *f, const uint32_t *hosts, uint32_t n)
{
    assert(n > 0);
    for (uint32_t i = 0; i < n; i++)
        assert(hosts[i] < f->n_hosts);
}

/* What a plan may change is whole; the rest is as it was. */
static void check_scenario(const struct csin_scenario *sc)
{
    assert(sc->n_jobs == 2 && sc->n_streams == 2 && sc->n_owners == 4 && sc->routes);
    for (uint32_t i = 0; i < sc->n_jobs; i++) {
        check_hosts(sc->fabric, sc->jobs[i].hosts, sc->jobs[i].n_hosts);
        assert(sc->jobs[i].traffic_class == CSIN_NONE || sc->jobs[i].traffic_class < sc->n_classes);
    }
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        const struct csin_stream *stream = &sc->streams[i];
        check_hosts(sc->fabric, stream->clients, stream->n_clients);
        check_hosts(sc->fabric, stream->servers, stream->n_servers);
        assert(stream->traffic_class == CSIN_NONE || stream->traffic_class < sc->n_classes);
        assert(stream->concurrency > 0 && (stream->senders == 0 || stream->kind == CSIN_READ));
    }
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES; vl++)
        assert(sc->lanes.weights[vl] > 0);
}

static void apply(struct csin_arena *arena, const uint8_t *data, size_t size)
{
    struct memory_file scenario = make_file(scenario_text, sizeof scenario_text - 1);
    struct memory_file plan = make_file(data, size);
    struct csin_overrides overrides = {.plan = plan.path};
    struct csin_diag *diag = csin_diag_create();
    struct csin_scenario *sc = NULL;
    enum csin_status status = csin_scenario_open(scenario.path, &overrides, arena, diag, &sc);
    assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
    assert((status == CSIN_OK) == (sc != NULL));
    if (sc)
        check_scenario(sc);
    csin_scenario_destroy(sc);
    csin_diag_destroy(diag);
    close(scenario.fd);
    close(plan.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    char *text = malloc(size + 1);
    if (arena && diag && text) { /* with a NUL behind it, as csin_file_read gives it */
        memcpy(text, data, size);
        text[size] = '\0';
        struct csin_overlay overlay;
        enum csin_status status = csin_overlay_read(arena, diag, "p.yaml", text, size, &overlay);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        if (status == CSIN_OK && !overlay.routing.lft.s)
            apply(arena, data, size);
    }
    free(text);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
