/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whatever the text, reading it as a scenario gives one that is resolved in every part, or an error
 * that is told. Scenarios whose fabric is one small line are resolved too; those that name a file
 * are not, as it could be any file. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/cluster_scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_small_fabric(const struct csin_scenario_spec *spec)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric_spec fabric;
    bool is_small = false;
    if (arena && csin_fabric_is_line(spec->fabric.s) &&
        csin_fabric_spec_line(arena, NULL, spec->fabric.loc, spec->fabric.s, &fabric) == CSIN_OK) {
        const struct csin_zone_spec *zone = fabric.zones.items;
        uint64_t hosts = zone->leaves.n * zone->hosts_per_leaf.n;
        is_small = hosts <= 2000 && zone->leaves.n + zone->spines.n <= 200;
    }
    csin_arena_destroy(arena);
    return is_small;
}

static void check_hosts(const struct csin_scenario *sc, const uint32_t *hosts, uint32_t n)
{
    assert(n > 0);
    for (uint32_t i = 0; i < n; i++)
        assert(hosts[i] < sc->fabric->n_hosts);
}

static void check_class(const struct csin_scenario *sc, uint32_t owner, uint32_t class)
{
    assert(class == CSIN_NONE || class < sc->n_classes);
    assert(!sc->lanes.of_owner || sc->lanes.of_owner[owner] < CSIN_MAX_LANES);
}

static void check_event(const struct csin_scenario *sc, const struct csin_event *event)
{
    const uint32_t bounds[] = {
        [CSIN_EVENT_CABLE] = sc->fabric->n_cables, [CSIN_EVENT_SWITCH] = sc->fabric->n_switches,
        [CSIN_EVENT_SSD] = sc->fabric->n_hosts,    [CSIN_EVENT_HOST] = sc->fabric->n_hosts,
        [CSIN_EVENT_STOP] = sc->n_owners,          [CSIN_EVENT_MOVE] = sc->n_jobs,
    };
    assert(event->at_s >= 0 && event->at_s < sc->horizon_s && event->n_items > 0);
    assert(event->kind < CSIN_EVENT_STOP || event->n_items == 1);
    for (uint32_t i = 0; i < event->n_items; i++)
        assert(event->items[i] < bounds[event->kind]);
    assert(event->rate_Bps >= 0 && (event->rate_Bps == 0 || event->kind == CSIN_EVENT_CABLE));
    if (event->kind == CSIN_EVENT_MOVE)
        check_hosts(sc, event->hosts, sc->jobs[event->items[0]].n_hosts);
}

/* A schedule that is small enough is run, with a network that slows nobody. */
static void check_cluster(struct csin_cluster *cluster)
{
    struct csin_cluster_result *result = NULL;
    assert(cluster->n_jobs > 0);
    for (uint32_t i = 0; i < cluster->n_jobs; i++) {
        const struct csin_cluster_job *job = &cluster->jobs[i];
        assert(job->name && job->n_hosts > 0 && job->n_hosts <= cluster->hosts.n_compute);
        assert(job->of_template == CSIN_NONE || job->of_template < cluster->n_templates);
        assert((job->work_s == 0 || cluster->rounds[i] == 0) && job->arrive_s >= 0);
    }
    if (cluster->n_jobs > 100)
        return;
    assert(csin_cluster_run(&cluster->hosts, &cluster->rules, cluster->jobs, cluster->n_jobs, NULL,
                            NULL, NULL, &result) == CSIN_OK);
    assert(result->max_crossing <= cluster->rules.cross_zone);
    csin_cluster_result_destroy(result);
}

static void check_scenario(const struct csin_scenario *sc)
{
    assert(sc->fabric && sc->routes && sc->engine);
    assert(sc->n_owners == sc->n_jobs + sc->n_streams && (sc->n_owners > 0 || sc->cluster));
    assert(sc->inputs[0].sha256.hex[0] && sc->inputs[1].sha256.hex[0]);
    for (uint32_t i = 0; i < sc->n_jobs; i++) {
        const struct csin_job *job = &sc->jobs[i];
        check_hosts(sc, job->hosts, job->n_hosts);
        check_class(sc, i, job->traffic_class);
        assert(job->n_steps > 0 && job->repeat > 0 && job->start_s >= 0);
        for (uint32_t k = 0; k < job->n_steps; k++) {
            const struct csin_step *step = &job->steps[k];
            assert(step->work < CSIN_N_WORKS && step->root < job->n_hosts);
            assert(step->work == CSIN_COMPUTE_DELAY || step->work == CSIN_TRAINING ||
                   step->size_bytes > 0);
            assert((step->work == CSIN_TRAINING) == (step->training != NULL));
        }
    }
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        const struct csin_stream *stream = &sc->streams[i];
        check_class(sc, sc->n_jobs + i, stream->traffic_class);
        check_hosts(sc, stream->clients, stream->n_clients);
        check_hosts(sc, stream->servers, stream->n_servers);
        assert(stream->chunk_bytes > 0 && stream->concurrency > 0);
        assert(stream->senders == 0 || csin_stream_reads(stream));
        assert((stream->size_bytes > 0) != (stream->duration_s > 0));
        assert(stream->stripe <= (stream->chains ? stream->chains->n_chains : stream->n_servers));
        assert(stream->replicas <= stream->n_servers);
    }
    for (uint32_t i = 0; i < sc->n_events; i++) {
        assert(i == 0 || sc->events[i - 1].at_s <= sc->events[i].at_s);
        check_event(sc, &sc->events[i]);
    }
    if (sc->cluster)
        check_cluster(sc->cluster);
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES && !sc->cluster; vl++)
        assert(sc->lanes.weights[vl] > 0);
}

/* Through a file that has no name. */
static void resolve(struct csin_arena *arena, struct csin_diag *diag, const uint8_t *data,
                    size_t size)
{
    struct csin_scenario *sc = NULL;
    int fd = memfd_create("scenario", 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size) {
        enum csin_status status = csin_scenario_open(path, NULL, arena, diag, &sc);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        assert((status == CSIN_OK) == (sc != NULL));
        if (sc)
            check_scenario(sc);
        csin_scenario_destroy(sc);
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create(), *again = csin_diag_create();
    char *text = malloc(size + 1);
    if (arena && diag && again && text) { /* with a NUL behind it, as csin_file_read gives it */
        memcpy(text, data, size);
        text[size] = '\0';
        struct csin_scenario_spec spec = {0};
        enum csin_status status = csin_scenario_spec_read(arena, diag, "s.yaml", text, size, &spec);
        assert((status == CSIN_OK) == (csin_diag_errors(diag) == 0));
        bool names_a_file = spec.cluster && spec.cluster->trace.file.s;
        if (status == CSIN_OK && !names_a_file && has_small_fabric(&spec))
            resolve(arena, again, data, size);
    }
    free(text);
    csin_diag_destroy(again);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return 0;
}
