/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/scenario.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "sim/cluster_window.h"
#include "sim/overlay.h"
#include "sim/resolve.h"
#include "topo/lft.h"

#define DEFAULT_SEED 1
/* Pairs of hosts whose connection is looked up before a run; the engine checks the rest as it goes.
 */
#define MAX_PAIRS_CHECKED 1000000u

void csin_resolve_fail(struct resolver *r, enum csin_status status)
{
    r->status = csin_first(r->status, status);
}

bool csin_resolve_heard_enough(const struct resolver *r)
{
    return r->status != CSIN_OK && (!r->diag || csin_diag_errors(r->diag) > 100);
}

void *csin_resolve_array(struct resolver *r, size_t n, size_t size)
{
    void *p = csin_arena_alloc(r->sc->arena, n, size);
    if (!p)
        csin_resolve_fail(r, csin_no_memory(r->diag));
    return p;
}

uint64_t csin_owner_seed(const struct csin_scenario *sc, const char *owner)
{
    uint64_t x = sc->seed;
    for (; *owner; owner++)
        x = csin_mix64(x ^ (unsigned char)*owner);
    return x;
}

void csin_resolve_check_time(struct resolver *r, const char *what, const struct csin_quantity *at_s)
{
    if (at_s->loc.line == 0 || at_s->x < r->sc->horizon_s)
        return;
    FAIL(r, 431, at_s->loc, "%s at %s is not before the horizon, %s", what,
         csin_show_time(at_s->x).s, csin_show_time(r->sc->horizon_s).s);
    csin_note(r->diag, r->spec->horizon_s.loc, "the horizon is set here");
}

/* ---- what must hold between the parts ---- */

static void resolve_owners(struct resolver *r)
{
    struct csin_scenario *sc = r->sc;
    sc->n_owners = sc->n_jobs + sc->n_streams;
    const char **owners = csin_resolve_array(r, sc->n_owners, sizeof *owners);
    if (!owners || !csin_names_init(&r->owners, sc->arena, sc->n_owners)) {
        csin_resolve_fail(r, csin_no_memory(r->diag));
        return;
    }
    const struct csin_job_spec *jobs = r->spec->jobs.items;
    const struct csin_stream_spec *streams = r->spec->storage.items;
    for (uint32_t i = 0; i < sc->n_owners; i++) {
        const struct csin_text *name = i < sc->n_jobs ? &jobs[i].name
                                                      : &streams[i - sc->n_jobs].name;
        uint32_t old;
        owners[i] = name->s;
        if (csin_names_add(&r->owners, name->s, i, &old))
            continue;
        FAIL(r, 428, name->loc, "the name '%s' is used twice", name->s);
        csin_note(r->diag,
                  old < sc->n_jobs ? jobs[old].name.loc : streams[old - sc->n_jobs].name.loc,
                  "it was first used here");
    }
    sc->owners = owners;
    if (sc->n_owners == 0 && !r->spec->cluster)
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
                csin_note(r->diag, loc,
                          sc->policy == CSIN_LFT ? "the forwarding tables of the file have none"
                                                 : "no chain of cables that are up joins them");
                return;
            }
}

/* Ranks of a job talk to each other whatever the collective, so each must reach the first, which
 * with cables that work both ways is enough when every host has one NIC. Where events bring
 * something up, what is apart now may be joined when it is needed, and the engine tells. */
static void check_connected(struct resolver *r)
{
    const struct csin_scenario *sc = r->sc;
    for (uint32_t i = 0; i < sc->n_events; i++)
        if (sc->events[i].up && sc->events[i].kind <= CSIN_EVENT_HOST)
            return;
    for (uint32_t i = 0; i < sc->n_events; i++) {
        const struct csin_event *event = &sc->events[i];
        if (event->kind != CSIN_EVENT_MOVE)
            continue;
        const struct csin_job *job = &sc->jobs[event->items[0]];
        check_pairs(r, event->hosts, 1, event->hosts, job->n_hosts, event->loc, job->name);
    }
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        check_pairs(r, sc->jobs[i].hosts, 1, sc->jobs[i].hosts, sc->jobs[i].n_hosts,
                    sc->jobs[i].loc, sc->jobs[i].name);
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        const struct csin_stream *st = &sc->streams[i];
        check_pairs(r, st->clients, st->n_clients, st->servers, st->n_servers, st->loc, st->name);
    }
}

/* ---- reading ---- */

const char *csin_beside(struct csin_arena *arena, const char *path, const char *name)
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

/* The name of an engine with the lossless model; NULL where this build has none. */
static const char *lossless_engine(void)
{
    for (size_t i = 0; csin_engine_names[i]; i++)
        if (csin_engine_find(csin_engine_names[i])->lossless)
            return csin_engine_names[i];
    return NULL;
}

/* What an engine is asked for that it does not have, and one that has it. */
static void check_engine(struct resolver *r, struct csin_loc loc)
{
    const struct csin_engine *engine = r->sc->engine;
    const char *other = lossless_engine();
    if (engine->lossless || r->sc->congestion == CSIN_FAIR)
        return;
    FAIL(r, 407, loc, "engine '%s' cannot simulate 'congestion: lossless'", engine->name);
    if (other)
        csin_note(r->diag, loc, "'engine: %s' can", other);
    else
        csin_note(r->diag, loc, "no engine of this build can");
}

/* The engine that somebody asked for, or the one that has the congestion model. */
static void choose_engine(struct resolver *r, const struct csin_overrides *o)
{
    static const char *const by_congestion[] = {"simgrid", "fluid"};
    struct csin_scenario *sc = r->sc;
    struct csin_loc loc = o->congestion ? (struct csin_loc){0} : r->spec->congestion.loc;
    sc->congestion = o->congestion
                         ? (enum csin_congestion)index_of(o->congestion, csin_congestion_names)
                         : (enum csin_congestion)r->spec->congestion.i;
    const char *asked = o->engine                  ? o->engine
                        : r->spec->engine.loc.line ? csin_engine_names[r->spec->engine.i]
                                                   : NULL;
    /* A cluster asks for many short runs, which SimGrid would each need a process for. */
    const char *otherwise = r->spec->cluster ? "fluid" : by_congestion[sc->congestion];
    sc->engine = csin_engine_find(asked ? asked : otherwise);
    /* Who asks for another model on the command line means one that the file did not think of. */
    if (o->congestion && !o->engine && sc->congestion == CSIN_LOSSLESS && !sc->engine->lossless)
        sc->engine = csin_engine_find(by_congestion[sc->congestion]);
    if (asked)
        check_engine(r, o->engine ? loc : r->spec->engine.loc);
}

/* A file of forwarding tables: one named on the command line is where it says, one that the
 * scenario or a plan names is relative to the folder of that. */
static void name_tables(struct resolver *r, const char *on_command_line)
{
    struct csin_scenario *sc = r->sc;
    const char *name = on_command_line ? on_command_line : r->spec->routing.lft.s;
    const char *path = on_command_line
                           ? name
                           : csin_beside(sc->arena, r->spec->routing.lft.loc.file, name);
    r->tables = &sc->inputs[sc->n_inputs++];
    *r->tables = (struct csin_input){.what = "lft", .name = name, .path = path};
    if (!path)
        csin_resolve_fail(r, csin_no_memory(r->diag));
}

static void make_routes(struct resolver *r)
{
    struct csin_scenario *sc = r->sc;
    if (r->routes) {
        sc->routes = r->routes;
        sc->routes_are_borrowed = true;
        return;
    }
    if (sc->policy != CSIN_LFT) {
        csin_resolve_fail(
            r, csin_routes_create(sc->fabric, NULL, sc->policy, sc->seed, r->diag, &sc->routes));
        return;
    }
    struct csin_loc none = {0};
    bool from_file = r->tables->name == r->spec->routing.lft.s;
    csin_resolve_fail(r, csin_lft_open(sc->fabric, from_file ? r->spec->routing.lft.loc : none,
                                       r->tables->path, r->diag, &r->tables->sha256, &sc->routes));
}

static void apply_overrides(struct resolver *r, const struct csin_overrides *o)
{
    static const struct csin_overrides none;
    struct csin_scenario *sc = r->sc;
    o = o ? o : &none;
    sc->policy = (enum csin_policy)r->spec->routing.policy.i;
    choose_engine(r, o);
    sc->seed = csin_count_or(&r->spec->seed, DEFAULT_SEED);
    sc->horizon_s = r->spec->horizon_s.loc.line ? r->spec->horizon_s.x : HUGE_VAL;
    if (o->routing)
        sc->policy = o->lft ? CSIN_LFT : (enum csin_policy)index_of(o->routing, csin_policy_names);
    if (sc->policy == CSIN_LFT)
        name_tables(r, o->lft);
    if (o->seed_given) {
        sc->seed = o->seed;
        r->seed_overridden = true;
    }
}

void csin_resolve(struct resolver *r)
{
    struct csin_scenario *sc = r->sc;
    r->job_of = csin_resolve_array(r, sc->fabric->n_hosts, sizeof *r->job_of);
    r->taken = csin_resolve_array(r, sc->fabric->n_hosts, sizeof *r->taken);
    if (r->status != CSIN_OK)
        return;
    memset(r->job_of, 0xff, sc->fabric->n_hosts * sizeof *r->job_of);
    csin_resolve_jobs(r);
    csin_resolve_chains(r);
    csin_resolve_storage(r);
    resolve_owners(r);
    if (r->spec->cluster) {
        csin_resolve_cluster(r);
    } else {
        csin_resolve_lanes(r);
        csin_resolve_events(r);
    }
    if (r->status != CSIN_OK)
        return;
    r->chance = r->chance || csin_routes_are_drawn(sc->policy);
    if (r->seed_overridden && !r->chance)
        csin_warning(r->diag, 402, (struct csin_loc){0},
                     "the seed given has no effect: nothing in this scenario is drawn by chance");
    else if (r->spec->seed.loc.line && !r->chance)
        csin_warning(r->diag, 402, r->spec->seed.loc,
                     "'seed' has no effect: nothing in this scenario is drawn by chance");
    make_routes(r);
    uint64_t n_inside = csin_inside_count(sc->fabric);
    if (n_inside > CSIN_MAX_INSIDE)
        FAIL(r, 487, r->spec->fabric.loc, "%s things inside hosts that limit traffic; at most %s",
             csin_show_count(n_inside).s, csin_show_count(CSIN_MAX_INSIDE).s);
    else if (!csin_inside_init(&sc->inside, sc->fabric))
        csin_resolve_fail(r, csin_no_memory(r->diag));
    if (r->status == CSIN_OK)
        check_connected(r);
    if (r->status == CSIN_OK && sc->cluster)
        csin_resolve_fail(r, csin_cluster_check(sc->cluster, r->diag));
}

/* A scenario of which parts could not be read: tells the hosts and switches that the fabric does
 * not have as well, so that one run tells those mistakes too. */
static void check_names(struct resolver *r)
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
            csin_resolve_fail(r, csin_pick_hosts(r->sc->fabric, pick, CSIN_COMPUTE, NULL,
                                                 csin_rng_init(0, 0), r->sc->arena, r->diag, &hosts,
                                                 &n_hosts));
        if (servers.hosts.s)
            csin_resolve_fail(r, csin_pick_hosts(r->sc->fabric, &servers, CSIN_STORAGE, NULL,
                                                 csin_rng_init(0, 0), r->sc->arena, r->diag, &hosts,
                                                 &n_hosts));
    }
    csin_resolve_event_names(r);
}

static enum csin_status apply_plan(struct csin_scenario *sc, const char *path,
                                   struct csin_diag *diag, struct csin_scenario_spec *spec)
{
    char *text;
    size_t bytes;
    struct csin_overlay overlay;
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    struct csin_input *input = &sc->inputs[sc->n_inputs++];
    *input = (struct csin_input){"plan", path, path, csin_sha256(text, bytes)};
    status = input->sha256.hex[0] ? csin_overlay_read(sc->arena, diag, path, text, bytes, &overlay)
                                  : csin_no_memory(diag);
    free(text);
    return status == CSIN_OK ? csin_overlay_apply(&overlay, diag, spec) : status;
}

static enum csin_status open_all(struct csin_scenario *sc, const char *path,
                                 const struct csin_overrides *overrides, struct csin_diag *diag)
{
    char *text;
    size_t bytes;
    struct csin_scenario_spec spec = {0};
    const struct csin_variant *variant = overrides ? overrides->variant : NULL;
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    sc->file = csin_arena_strndup(sc->arena, path, strlen(path));
    sc->inputs[0] = (struct csin_input){"scenario", sc->file, sc->file, csin_sha256(text, bytes)};
    sc->inputs[1].what = "fabric";
    sc->n_inputs = 2;
    status = sc->file && sc->inputs[0].sha256.hex[0]
                 ? csin_scenario_spec_read_changed(sc->arena, diag, sc->file, text, bytes,
                                                   variant ? &variant->scenario : NULL, &spec)
                 : csin_no_memory(diag);
    free(text);
    if (!spec.name.s || !spec.fabric.s) /* not a scenario, or not one of any fabric */
        return csin_first(status, CSIN_E_INPUT);
    sc->name = spec.name.s;
    if (status == CSIN_OK && overrides && overrides->plan)
        status = apply_plan(sc, overrides->plan, diag, &spec);
    const char *fabric = csin_beside(sc->arena, sc->file, spec.fabric.s);
    if (!fabric)
        return csin_no_memory(diag);
    sc->inputs[1].name = spec.fabric.s;
    sc->inputs[1].path = csin_fabric_is_line(fabric) ? NULL : fabric;
    enum csin_status opened = csin_fabric_open_variant(diag, sc->arena, spec.fabric.loc, fabric,
                                                       variant ? &variant->fabric : NULL,
                                                       &sc->fabric, &sc->inputs[1].sha256);
    if (opened != CSIN_OK)
        return csin_first(status, opened);
    struct resolver r = {.sc = sc, .spec = &spec, .diag = diag, .status = status};
    if (status == CSIN_OK) {
        apply_overrides(&r, overrides);
        csin_resolve(&r);
    } else {
        check_names(&r);
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

enum csin_status csin_scenario_resolve(const struct csin_scenario_spec *spec,
                                       struct csin_fabric *fabric, struct csin_arena *arena,
                                       struct csin_diag *diag, struct csin_scenario **ret_scenario)
{
    struct csin_scenario *sc = csin_arena_alloc(arena, 1, sizeof *sc);
    if (!sc)
        return csin_no_memory(diag);
    sc->arena = arena;
    sc->name = spec->name.s;
    sc->file = spec->name.loc.file;
    sc->fabric = fabric;
    sc->fabric_is_borrowed = true;
    struct resolver r = {.sc = sc, .spec = spec, .diag = diag};
    apply_overrides(&r, NULL);
    csin_resolve(&r);
    if (r.status == CSIN_OK)
        *ret_scenario = sc;
    else
        csin_scenario_destroy(sc);
    return r.status;
}

enum csin_status csin_scenario_part(const struct csin_scenario *parent,
                                    const struct csin_scenario_spec *spec, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_scenario **ret_scenario)
{
    struct csin_scenario *sc = csin_arena_alloc(arena, 1, sizeof *sc);
    if (!sc)
        return csin_no_memory(diag);
    *sc = (struct csin_scenario){.arena = arena,
                                 .name = parent->name,
                                 .file = parent->file,
                                 .fabric = parent->fabric,
                                 .fabric_is_borrowed = true,
                                 .policy = parent->policy,
                                 .engine = parent->engine,
                                 .seed = parent->seed,
                                 .horizon_s = HUGE_VAL,
                                 .congestion = parent->congestion};
    struct resolver r = {
        .sc = sc, .spec = spec, .diag = diag, .chance = true, .routes = parent->routes};
    csin_resolve(&r);
    if (r.status == CSIN_OK)
        *ret_scenario = sc;
    else
        csin_scenario_destroy(sc);
    return r.status;
}

void csin_scenario_destroy(struct csin_scenario *scenario)
{
    if (!scenario)
        return;
    if (!scenario->routes_are_borrowed)
        csin_routes_destroy(scenario->routes);
    csin_inside_finish(&scenario->inside);
    if (!scenario->fabric_is_borrowed)
        csin_fabric_destroy(scenario->fabric);
}
