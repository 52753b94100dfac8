/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "sim/collectives.h"
#include "sim/pick.h"
#include "sim/scenario_spec.h"
#include "sim/storage.h"

#define DEFAULT_CHUNK ((uint64_t)4 << 20)
#define DEFAULT_CONCURRENCY 8
#define DEFAULT_REPLICAS 2
#define DEFAULT_SEED 1
/* Pairs of hosts whose connection is looked up before a run; the engine checks the rest as it goes.
 */
#define MAX_PAIRS_CHECKED 1000000u

struct resolver {
    struct csin_scenario *sc;
    const struct csin_scenario_spec *spec;
    struct csin_diag *diag;
    uint32_t *job_of; /* [n_hosts] the job a host is given to, CSIN_NONE */
    bool *taken;      /* [n_hosts] */
    bool chance;      /* something is drawn, so the seed matters */
    bool seed_overridden;
    enum csin_status status;
};

static void fail(struct resolver *r, enum csin_status status)
{
    r->status = csin_first(r->status, status);
}

#define FAIL(r, code, loc, ...) fail(r, csin_error((r)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__))

/* True when nobody will read what is found from here on: base/diag.h keeps 100 messages. */
static bool heard_enough(const struct resolver *r)
{
    return r->status != CSIN_OK && (!r->diag || csin_diag_errors(r->diag) > 100);
}

static void *array(struct resolver *r, size_t n, size_t size)
{
    void *p = csin_arena_alloc(r->sc->arena, n, size);
    if (!p)
        fail(r, csin_no_memory(r->diag));
    return p;
}

static uint64_t count_or(const struct csin_count *count, uint64_t otherwise)
{
    return count->loc.line ? count->n : otherwise;
}

/* The seed of one job or stream. It depends on the name alone, so adding another one does not
 * change what this one draws. */
static uint64_t seed_of(const struct csin_scenario *sc, const char *owner)
{
    uint64_t x = sc->seed;
    for (; *owner; owner++)
        x = csin_mix64(x ^ (unsigned char)*owner);
    return x;
}

/* ---- steps ---- */

static void check_chunk(struct resolver *r, const struct csin_step_spec *spec,
                        struct csin_step *step, const char *work)
{
    if (spec->chunk.loc.line && spec->chunk.n == 0) {
        FAIL(r, 420, spec->chunk.loc, "a chunk of 0 bytes");
        return;
    }
    bool pipelined = step->work == CSIN_BROADCAST ||
                     (step->work == CSIN_ALLREDUCE && step->algorithm == CSIN_DOUBLE_BINARY_TREE);
    if (!pipelined) {
        if (spec->chunk.loc.line)
            csin_warning(r->diag, 402, spec->chunk.loc,
                         "'chunk' has no effect: a ring cuts the buffer into one piece per rank");
        return;
    }
    step->chunk_bytes = count_or(&spec->chunk, DEFAULT_CHUNK);
    uint64_t data = step->work == CSIN_ALLREDUCE ? (step->size_bytes + 1) / 2 : step->size_bytes;
    if (spec->chunk.loc.line && spec->chunk.n > data)
        csin_warning(r->diag, 402, spec->chunk.loc,
                     "a chunk of %s has no effect: %s moves %s at a time as it is",
                     csin_show_size(spec->chunk.n).s, work, csin_show_size(data).s);
}

static void resolve_step(struct resolver *r, const struct csin_step_spec *spec,
                         const struct csin_job *job, struct csin_step *step)
{
    const char *work = csin_work_names[spec->work];
    *step = (struct csin_step){
        .work = spec->work,
        .algorithm = spec->algorithm.loc.line ? (enum csin_algorithm)spec->algorithm.i : CSIN_RING,
        .size_bytes = spec->size.n,
        .root = (uint32_t)spec->root.n,
        .shift = (uint32_t)spec->shift.n,
        .time_s = spec->time_s.x,
        .loc = spec->loc,
    };
    if (spec->work != CSIN_COMPUTE_DELAY && spec->size.n == 0)
        FAIL(r, 421, spec->size.loc, "'%s' of 0 bytes", work);
    if (spec->root.n >= job->n_hosts)
        FAIL(r, 422, spec->root.loc, "there is no rank %s in a job of %s hosts",
             csin_show_count(spec->root.n).s, csin_show_count(job->n_hosts).s);
    if (spec->shift.n >= job->n_hosts && spec->shift.loc.line)
        FAIL(r, 422, spec->shift.loc, "a shift of %s in a job of %s hosts",
             csin_show_count(spec->shift.n).s, csin_show_count(job->n_hosts).s);
    if (spec->work != CSIN_COMPUTE_DELAY && job->n_hosts == 1)
        csin_warning(r->diag, 402, spec->loc, "'%s' has no effect in a job of one host", work);
    check_chunk(r, spec, step, work);
    r->chance = r->chance || (spec->work == CSIN_PERMUTATION && spec->shift.n == 0);
}

/* What starts behind the horizon cannot finish before it. */
static void check_start(struct resolver *r, const struct csin_quantity *start_s)
{
    if (start_s->loc.line == 0 || start_s->x < r->sc->horizon_s)
        return;
    FAIL(r, 431, start_s->loc, "a start at %s is not before the horizon, %s",
         csin_show_time(start_s->x).s, csin_show_time(r->sc->horizon_s).s);
    csin_note(r->diag, r->spec->horizon_s.loc, "the horizon is set here");
}

/* ---- jobs ---- */

static void take_hosts(struct resolver *r, uint32_t index, const struct csin_job_spec *spec)
{
    const struct csin_job *job = &r->sc->jobs[index];
    unsigned said = 0;
    for (uint32_t i = 0; i < job->n_hosts; i++) {
        uint32_t host = job->hosts[i], other = r->job_of[host];
        if (other != CSIN_NONE && other != index && said++ < 3) {
            FAIL(r, 423, spec->hosts.hosts.loc, "host '%s' belongs to job '%s' already",
                 r->sc->fabric->hosts[host].name, r->sc->jobs[other].name);
            csin_note(r->diag, r->sc->jobs[other].loc, "that job is here");
        }
        r->job_of[host] = index;
        r->taken[host] = true;
    }
}

static bool is_counted(const struct csin_text *hosts)
{
    return strcmp(hosts->s, "all") == 0 || hosts->s[strspn(hosts->s, "0123456789+-.")] == 0;
}

static void resolve_job(struct resolver *r, uint32_t index, const struct csin_job_spec *spec)
{
    struct csin_scenario *sc = r->sc;
    struct csin_job *job = &sc->jobs[index];
    enum csin_status status = csin_pick_hosts(sc->fabric, &spec->hosts, CSIN_COMPUTE, r->taken,
                                              csin_rng_init(seed_of(sc, job->name), 0), sc->arena,
                                              r->diag, &job->hosts, &job->n_hosts);
    fail(r, status);
    if (status != CSIN_OK)
        return;
    r->chance = r->chance || (spec->hosts.placement.i == CSIN_RANDOM_PLACEMENT &&
                              is_counted(&spec->hosts.hosts));
    take_hosts(r, index, spec);
    job->start_s = spec->start_s.x;
    check_start(r, &spec->start_s);
    job->repeat = (uint32_t)count_or(&spec->repeat, 1);
    job->n_steps = spec->steps.n;
    if (job->n_steps == 0)
        FAIL(r, 424, spec->steps.loc, "job '%s' has no steps", job->name);
    if (!(job->steps = array(r, job->n_steps, sizeof *job->steps)))
        return;
    const struct csin_step_spec *steps = spec->steps.items;
    for (uint32_t i = 0; i < job->n_steps; i++)
        resolve_step(r, &steps[i], job, &job->steps[i]);
}

/* Hosts given by name are taken first, so that counted jobs find what is really free. */
static void resolve_jobs(struct resolver *r)
{
    const struct csin_job_spec *specs = r->spec->jobs.items;
    struct csin_scenario *sc = r->sc;
    sc->n_jobs = r->spec->jobs.n;
    if (!(sc->jobs = array(r, sc->n_jobs, sizeof *sc->jobs)))
        return;
    for (uint32_t i = 0; i < sc->n_jobs; i++) {
        sc->jobs[i].name = specs[i].name.s;
        sc->jobs[i].loc = specs[i].name.loc;
    }
    for (unsigned counted = 0; counted < 2; counted++)
        for (uint32_t i = 0; i < sc->n_jobs && !heard_enough(r); i++)
            if (is_counted(&specs[i].hosts.hosts) == (counted == 1))
                resolve_job(r, i, &specs[i]);
}

/* ---- storage ---- */

static void check_apart(struct resolver *r, const struct csin_stream *stream,
                        const struct csin_stream_spec *spec)
{
    bool *client = calloc(r->sc->fabric->n_hosts, sizeof *client);
    if (!client) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    for (uint32_t i = 0; i < stream->n_clients; i++)
        client[stream->clients[i]] = true;
    for (uint32_t i = 0; i < stream->n_servers; i++)
        if (client[stream->servers[i]]) {
            FAIL(r, 425, spec->clients.hosts.loc, "host '%s' is both client and server of '%s'",
                 r->sc->fabric->hosts[stream->servers[i]].name, stream->name);
            break;
        }
    free(client);
}

static void resolve_read(struct resolver *r, const struct csin_stream_spec *spec,
                         struct csin_stream *stream)
{
    if (spec->size.loc.line && spec->duration_s.loc.line)
        FAIL(r, 426, spec->duration_s.loc, "'%s' has both a size and a duration", stream->name);
    else if (!spec->size.loc.line && !spec->duration_s.loc.line)
        FAIL(r, 426, spec->name.loc, "'%s' has neither a size nor a duration", stream->name);
    else if (spec->duration_s.loc.line && spec->duration_s.x <= 0)
        FAIL(r, 426, spec->duration_s.loc, "'%s' lasts no time", stream->name);
    stream->stripe = (uint32_t)count_or(&spec->stripe, stream->n_servers);
    if (stream->stripe > stream->n_servers)
        FAIL(r, 427, spec->stripe.loc, "a stripe over %s servers; there are %s",
             csin_show_count(stream->stripe).s, csin_show_count(stream->n_servers).s);
}

static void resolve_checkpoint(struct resolver *r, const struct csin_stream_spec *spec,
                               struct csin_stream *stream)
{
    stream->replicas = (uint32_t)count_or(&spec->replicas, DEFAULT_REPLICAS);
    if (stream->replicas > stream->n_servers)
        FAIL(r, 427, spec->replicas.loc.line ? spec->replicas.loc : spec->name.loc,
             "chains of %s replicas; there %s %s server%s", csin_show_count(stream->replicas).s,
             stream->n_servers == 1 ? "is" : "are", csin_show_count(stream->n_servers).s,
             stream->n_servers == 1 ? "" : "s");
}

static void resolve_stream(struct resolver *r, uint32_t index, const struct csin_stream_spec *spec)
{
    struct csin_scenario *sc = r->sc;
    struct csin_stream *stream = &sc->streams[index];
    *stream = (struct csin_stream){
        .name = spec->name.s,
        .kind = spec->kind,
        .size_bytes = spec->size.n,
        .chunk_bytes = count_or(&spec->chunk, DEFAULT_CHUNK),
        .concurrency = (uint32_t)count_or(&spec->concurrency, DEFAULT_CONCURRENCY),
        .start_s = spec->start_s.x,
        .duration_s = spec->duration_s.x,
        .loc = spec->name.loc};
    check_start(r, &spec->start_s);
    struct csin_pick_spec servers = {.hosts = spec->servers};
    if (!servers.hosts.s)
        servers.hosts = (struct csin_text){"all", spec->name.loc};
    struct csin_rng rng = csin_rng_init(seed_of(sc, stream->name), 0);
    enum csin_status status = csin_pick_hosts(sc->fabric, &spec->clients, CSIN_COMPUTE, NULL, rng,
                                              sc->arena, r->diag, &stream->clients,
                                              &stream->n_clients);
    status = csin_first(status,
                        csin_pick_hosts(sc->fabric, &servers, CSIN_STORAGE, NULL, rng, sc->arena,
                                        r->diag, &stream->servers, &stream->n_servers));
    fail(r, status);
    if (spec->chunk.loc.line && spec->chunk.n == 0)
        FAIL(r, 420, spec->chunk.loc, "a chunk of 0 bytes");
    if (spec->size.loc.line && spec->size.n == 0)
        FAIL(r, 421, spec->size.loc, "'%s' moves 0 bytes", stream->name);
    if (status != CSIN_OK)
        return;
    r->chance = true;
    if (spec->kind == CSIN_READ)
        resolve_read(r, spec, stream);
    else
        resolve_checkpoint(r, spec, stream);
    check_apart(r, stream, spec);
    if (r->status == CSIN_OK && spec->concurrency.loc.line && spec->size.loc.line &&
        spec->concurrency.n > csin_stream_chunks(stream, sc->fabric, 0))
        csin_warning(r->diag, 402, spec->concurrency.loc,
                     "a concurrency of %s has no effect: a client moves %s chunk%s in all",
                     csin_show_count(spec->concurrency.n).s,
                     csin_show_count(csin_stream_chunks(stream, sc->fabric, 0)).s,
                     csin_stream_chunks(stream, sc->fabric, 0) == 1 ? "" : "s");
    if (spec->chunk.loc.line && spec->size.loc.line && spec->chunk.n > spec->size.n)
        csin_warning(r->diag, 402, spec->chunk.loc,
                     "a chunk of %s has no effect: a client moves %s in all",
                     csin_show_size(spec->chunk.n).s, csin_show_size(spec->size.n).s);
}

static void resolve_streams(struct resolver *r)
{
    const struct csin_stream_spec *specs = r->spec->storage.items;
    struct csin_scenario *sc = r->sc;
    sc->n_streams = r->spec->storage.n;
    if (!(sc->streams = array(r, sc->n_streams, sizeof *sc->streams)))
        return;
    for (uint32_t i = 0; i < sc->n_streams && !heard_enough(r); i++)
        resolve_stream(r, i, &specs[i]);
}

/* ---- what must hold between the parts ---- */

static void resolve_owners(struct resolver *r)
{
    struct csin_scenario *sc = r->sc;
    struct csin_names index;
    sc->n_owners = sc->n_jobs + sc->n_streams;
    const char **owners = array(r, sc->n_owners, sizeof *owners);
    if (!owners || !csin_names_init(&index, sc->arena, sc->n_owners)) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    const struct csin_job_spec *jobs = r->spec->jobs.items;
    const struct csin_stream_spec *streams = r->spec->storage.items;
    for (uint32_t i = 0; i < sc->n_owners; i++) {
        const struct csin_text *name = i < sc->n_jobs ? &jobs[i].name
                                                      : &streams[i - sc->n_jobs].name;
        uint32_t old;
        owners[i] = name->s;
        if (csin_names_add(&index, name->s, i, &old))
            continue;
        FAIL(r, 428, name->loc, "the name '%s' is used twice", name->s);
        csin_note(r->diag,
                  old < sc->n_jobs ? jobs[old].name.loc : streams[old - sc->n_jobs].name.loc,
                  "it was first used here");
    }
    sc->owners = owners;
    if (sc->n_owners == 0)
        FAIL(r, 429, r->spec->name.loc, "scenario '%s' has no jobs and no storage traffic",
             sc->name);
}

static bool joined(const struct csin_scenario *sc, uint32_t a, uint32_t b)
{
    struct csin_path path;
    return a == b || (csin_routes_host_path(sc->routes, a, b, 0, &path) &&
                      csin_routes_host_path(sc->routes, b, a, 0, &path));
}

static void check_pairs(struct resolver *r, const uint32_t *a, uint32_t n_a, const uint32_t *b,
                        uint32_t n_b, struct csin_loc loc, const char *owner)
{
    const struct csin_scenario *sc = r->sc;
    uint64_t checked = 0;
    for (uint32_t i = 0; i < n_a; i++)
        for (uint32_t k = 0; k < n_b && checked < MAX_PAIRS_CHECKED; k++, checked++)
            if (!joined(sc, a[i], b[k])) {
                FAIL(r, 430, loc, "'%s' needs a way from host '%s' to host '%s'; there is none",
                     owner, sc->fabric->hosts[a[i]].name, sc->fabric->hosts[b[k]].name);
                csin_note(r->diag, loc, "no chain of cables that are up joins them");
                return;
            }
}

/* Ranks of a job talk to each other whatever the collective, so each must reach the first, which
 * with cables that work both ways is enough when every host has one NIC. */
static void check_connected(struct resolver *r)
{
    const struct csin_scenario *sc = r->sc;
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        check_pairs(r, sc->jobs[i].hosts, 1, sc->jobs[i].hosts, sc->jobs[i].n_hosts,
                    sc->jobs[i].loc, sc->jobs[i].name);
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        const struct csin_stream *st = &sc->streams[i];
        check_pairs(r, st->clients, st->n_clients, st->servers, st->n_servers, st->loc, st->name);
    }
}

/* ---- reading ---- */

/* A fabric's file name is relative to the scenario's folder. */
static const char *beside(struct csin_arena *arena, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    if (!slash || name[0] == '/' || csin_fabric_is_line(name))
        return name;
    return csin_arena_printf(arena, "%.*s%s", (int)(slash - path + 1), path, name);
}

static int index_of(const char *name, const char *const *names)
{
    for (int i = 0; names[i]; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

static void apply_overrides(struct resolver *r, const struct csin_overrides *o)
{
    struct csin_scenario *sc = r->sc;
    sc->policy = (enum csin_policy)r->spec->routing.i;
    sc->engine = csin_engine_find(csin_engine_names[r->spec->engine.i]);
    sc->seed = count_or(&r->spec->seed, DEFAULT_SEED);
    sc->horizon_s = r->spec->horizon_s.loc.line ? r->spec->horizon_s.x : HUGE_VAL;
    if (!o)
        return;
    if (o->routing)
        sc->policy = (enum csin_policy)index_of(o->routing, csin_policy_names);
    if (o->engine)
        sc->engine = csin_engine_find(o->engine);
    if (o->seed_given) {
        sc->seed = o->seed;
        r->seed_overridden = true;
    }
}

static void resolve(struct resolver *r)
{
    struct csin_scenario *sc = r->sc;
    r->job_of = array(r, sc->fabric->n_hosts, sizeof *r->job_of);
    r->taken = array(r, sc->fabric->n_hosts, sizeof *r->taken);
    if (r->status != CSIN_OK)
        return;
    memset(r->job_of, 0xff, sc->fabric->n_hosts * sizeof *r->job_of);
    resolve_jobs(r);
    resolve_streams(r);
    resolve_owners(r);
    if (r->status != CSIN_OK)
        return;
    r->chance = r->chance || sc->policy != CSIN_DMODK;
    if (r->seed_overridden && !r->chance)
        csin_warning(r->diag, 402, (struct csin_loc){0},
                     "the seed given has no effect: nothing in this scenario is drawn by chance");
    else if (r->spec->seed.loc.line && !r->chance)
        csin_warning(r->diag, 402, r->spec->seed.loc,
                     "'seed' has no effect: nothing in this scenario is drawn by chance");
    fail(r, csin_routes_create(sc->fabric, NULL, sc->policy, sc->seed, r->diag, &sc->routes));
    if (r->status == CSIN_OK)
        check_connected(r);
}

/* A scenario of which parts could not be read: tells the hosts that the fabric does not have as
 * well, so that one run tells those mistakes too. */
static void check_hosts(struct resolver *r)
{
    const struct csin_job_spec *jobs = r->spec->jobs.items;
    const struct csin_stream_spec *streams = r->spec->storage.items;
    uint32_t n_jobs = r->spec->jobs.n, n = n_jobs + r->spec->storage.n, *hosts, n_hosts;
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_pick_spec *pick = i < n_jobs ? &jobs[i].hosts
                                                       : &streams[i - n_jobs].clients;
        struct csin_pick_spec servers = {0};
        if (i >= n_jobs)
            servers.hosts = streams[i - n_jobs].servers;
        if (pick->hosts.s)
            fail(r, csin_pick_hosts(r->sc->fabric, pick, CSIN_COMPUTE, NULL, csin_rng_init(0, 0),
                                    r->sc->arena, r->diag, &hosts, &n_hosts));
        if (servers.hosts.s)
            fail(r, csin_pick_hosts(r->sc->fabric, &servers, CSIN_STORAGE, NULL,
                                    csin_rng_init(0, 0), r->sc->arena, r->diag, &hosts, &n_hosts));
    }
}

static enum csin_status open_all(struct csin_scenario *sc, const char *path,
                                 const struct csin_overrides *overrides, struct csin_diag *diag)
{
    char *text;
    size_t bytes;
    struct csin_scenario_spec spec = {0};
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    sc->file = csin_arena_strndup(sc->arena, path, strlen(path));
    sc->inputs[0] = (struct csin_input){sc->file, sc->file, csin_sha256(text, bytes)};
    status = sc->file && sc->inputs[0].sha256.hex[0]
                 ? csin_scenario_spec_read(sc->arena, diag, sc->file, text, bytes, &spec)
                 : csin_no_memory(diag);
    free(text);
    if (!spec.name.s || !spec.fabric.s) /* not a scenario, or not one of any fabric */
        return csin_first(status, CSIN_E_INPUT);
    sc->name = spec.name.s;
    const char *fabric = beside(sc->arena, sc->file, spec.fabric.s);
    if (!fabric)
        return csin_no_memory(diag);
    sc->inputs[1].name = spec.fabric.s;
    sc->inputs[1].path = csin_fabric_is_line(fabric) ? NULL : fabric;
    enum csin_status opened = csin_fabric_open(diag, sc->arena, spec.fabric.loc, fabric,
                                               &sc->fabric, &sc->inputs[1].sha256);
    if (opened != CSIN_OK)
        return csin_first(status, opened);
    struct resolver r = {.sc = sc, .spec = &spec, .diag = diag, .status = status};
    if (status == CSIN_OK) {
        apply_overrides(&r, overrides);
        resolve(&r);
    } else {
        check_hosts(&r);
    }
    return r.status;
}

enum csin_status csin_scenario_open(const char *path, const struct csin_overrides *overrides,
                                    struct csin_arena *arena, struct csin_diag *diag,
                                    struct csin_scenario **ret_scenario)
{
    struct csin_scenario *sc = csin_arena_alloc(arena, 1, sizeof *sc);
    if (!sc)
        return csin_no_memory(diag);
    sc->arena = arena;
    enum csin_status status = open_all(sc, path, overrides, diag);
    if (status == CSIN_OK)
        *ret_scenario = sc;
    else
        csin_scenario_destroy(sc);
    return status;
}

void csin_scenario_destroy(struct csin_scenario *scenario)
{
    if (!scenario)
        return;
    csin_routes_destroy(scenario->routes);
    csin_fabric_destroy(scenario->fabric);
}

/* ---- scheduling ---- */

/* Steps follow one another, rounds too; an operation that takes no time stands between them, so
 * that all ranks begin together. */
static void schedule_job(struct csin_schedule *s, const struct csin_scenario *sc, uint32_t owner,
                         double start_s)
{
    const struct csin_job *job = &sc->jobs[owner];
    uint64_t seed = seed_of(sc, job->name);
    uint32_t first = s->n_ops, begin = csin_schedule_delay(s, start_s), before = s->n_ops;
    for (uint32_t round = 0; round < job->repeat && !s->failed; round++) {
        if (round == 1)
            csin_schedule_expect(s, job->repeat - 1, s->n_ops - before);
        for (uint32_t i = 0; i < job->n_steps && !s->failed; i++) {
            uint64_t draw = 1 + ((uint64_t)round * job->n_steps + i);
            uint32_t end = csin_step_schedule(s, &job->steps[i], job->hosts, job->n_hosts, begin,
                                              csin_rng_init(seed, draw));
            csin_schedule_span(s, (struct csin_span){.owner = owner,
                                                     .round = round,
                                                     .step = i,
                                                     .first = first,
                                                     .n = s->n_ops - first,
                                                     .begin = begin,
                                                     .end = end});
            first = s->n_ops;
            begin = end;
        }
    }
}

static void schedule_stream(struct csin_schedule *s, const struct csin_scenario *sc, uint32_t owner,
                            double start_s)
{
    uint32_t begin = csin_schedule_delay(s, start_s);
    const struct csin_stream *stream = &sc->streams[owner - sc->n_jobs];
    csin_stream_schedule(s, stream, sc->fabric, start_s, begin, seed_of(sc, stream->name));
    csin_schedule_span(s, (struct csin_span){.owner = owner,
                                             .first = begin,
                                             .n = s->n_ops - begin,
                                             .begin = begin,
                                             .end = CSIN_NONE});
}

enum csin_status csin_scenario_schedule(const struct csin_scenario *scenario, uint32_t only,
                                        struct csin_diag *diag, struct csin_schedule *ret_schedule)
{
    struct csin_schedule s;
    uint32_t too_much = CSIN_NONE;
    csin_schedule_init(&s, scenario->fabric->n_hosts, scenario->n_owners);
    for (uint32_t owner = 0; owner < scenario->n_owners; owner++) {
        if (only != CSIN_NONE && only != owner)
            continue;
        bool job = owner < scenario->n_jobs;
        double start_s = only != CSIN_NONE ? 0
                         : job             ? scenario->jobs[owner].start_s
                                           : scenario->streams[owner - scenario->n_jobs].start_s;
        if (job)
            schedule_job(&s, scenario, owner, start_s);
        else
            schedule_stream(&s, scenario, owner, start_s);
        if (s.failed && too_much == CSIN_NONE)
            too_much = owner;
    }
    enum csin_status status = csin_schedule_check(&s, diag);
    if (too_much != CSIN_NONE)
        csin_note(diag,
                  too_much < scenario->n_jobs ? scenario->jobs[too_much].loc
                                              : scenario->streams[too_much - scenario->n_jobs].loc,
                  "it becomes too large with '%s'", scenario->owners[too_much]);
    if (status == CSIN_OK)
        *ret_schedule = s;
    else
        csin_schedule_finish(&s);
    return status;
}
