/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cluster_window_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/cache.h"
#include "sim/resolve.h"

#define ROUNDS 4 /* of a job that fit into the window at least, alone */
#define MAX_ROUNDS 100000.0
#define ROUND_DRAW 5 /* stream of chance: when a job begins in a window */

struct windows {
    const struct csin_cluster *cluster;
    const struct csin_simulation *options;
    struct csin_arena *arena;
    struct csin_window_reference *references; /* malloc'ed */
    size_t n_references, references_room;
    uint32_t *reference; /* [n_jobs], CSIN_NONE: not made yet */
    uint32_t *hosts;     /* [n_hosts] scratch */
    bool *free;
    /* The set that was simulated last. */
    struct csin_running *last;
    uint32_t n_last;
    double *slowdown;    /* [n_jobs] of those in it */
    double *of_template; /* [n_templates] mean of those in it; 0: none was */
    uint32_t n_networks, n_known;
    char what[96];
};

/* ---- references ---- */

/* About how long a round takes, for the scale: computing, and each buffer once or twice through the
 * NIC of a host. */
static double estimate(const struct csin_template_spec *template, const struct csin_fabric *f,
                       uint32_t host)
{
    const struct csin_step_spec *steps = template->steps.items;
    double rate = f->nics[f->hosts[host].first_nic].rate_Bps, time_s = 0;
    for (uint32_t i = 0; i < template->steps.n; i++)
        time_s += steps[i].time_s.x +
                  (steps[i].work == CSIN_ALLREDUCE ? 2 : 1) * (double)steps[i].size.n / rate;
    return time_s;
}

static bool place_alone(struct windows *w, const struct csin_cluster_job *job)
{
    struct csin_cluster_hosts hosts = w->cluster->hosts; /* its scratch is shared */
    struct csin_cluster_wish wish = {job->n_hosts, job->allowed, w->cluster->rules.cross_zone > 0};
    bool crosses;
    for (uint32_t i = 0; i < hosts.n_compute; i++)
        w->free[hosts.compute[i]] = true;
    return csin_cluster_place(&hosts, CSIN_ZONE_AWARE, &wish, w->free, w->hosts, &crosses);
}

/* The window of one job alone, without its storage. */
static enum csin_status open_alone(struct windows *w, const struct csin_cluster_job *job,
                                   double scale, struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_scenario **ret_scenario)
{
    const struct csin_cluster *cluster = w->cluster;
    const struct csin_template_spec *template = &cluster->templates[job->of_template];
    struct csin_window_writing writing;
    struct csin_text hosts = csin_window_hosts(cluster->parent->fabric, w->hosts, job->n_hosts,
                                               template->name.loc, arena);
    if (!csin_window_begin(&writing, cluster, arena, 1, 0))
        return csin_no_memory(diag);
    writing.spec.storage = (struct csin_list){0};
    if (!csin_window_write_job(&writing, template, template->name.s, hosts, scale, 0, 1))
        return csin_no_memory(diag);
    return csin_scenario_part(cluster->parent, &writing.spec, arena, diag, ret_scenario);
}

/* What is told of a window is told without a sink first: its steps are scaled, so not everything
 * that could be said of them is of use. What is wrong is told in a second run. */
static enum csin_status measure_alone(struct windows *w, const struct csin_cluster_job *job,
                                      struct csin_diag *diag, struct csin_window_reference *ref)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_scenario *part = NULL;
    enum csin_status status = arena ? open_alone(w, job, ref->scale, arena, NULL, &part)
                                    : csin_no_memory(diag);
    if (arena && status != CSIN_OK)
        status = open_alone(w, job, ref->scale, arena, diag, &part);
    if (status == CSIN_OK) {
        uint32_t n = csin_owner_row_size(part, 0);
        double *row = csin_arena_alloc(arena, n, sizeof *row);
        status = row ? csin_simulate_alone(part, 0, w->options, diag, row) : csin_no_memory(diag);
        ref->n_steps = n - 1;
        ref->steps_s = csin_arena_alloc(w->arena, n, sizeof *ref->steps_s);
        if (status == CSIN_OK && !ref->steps_s)
            status = csin_no_memory(diag);
        if (status == CSIN_OK) {
            ref->round_s = row[0];
            memcpy(ref->steps_s, row + 1, ref->n_steps * sizeof *row);
        }
    }
    csin_scenario_destroy(part);
    csin_arena_destroy(arena);
    return status;
}

/* The reference of a job, which is made where there is none. */
static enum csin_status refer(struct windows *w, uint32_t index, struct csin_diag *diag)
{
    const struct csin_cluster_job *job = &w->cluster->jobs[index];
    struct csin_window_reference ref = {.of_template = job->of_template,
                                        .n_hosts = job->n_hosts,
                                        .allowed = job->allowed,
                                        .scale = 1};
    if (w->reference[index] != CSIN_NONE)
        return CSIN_OK;
    for (size_t i = 0; i < w->n_references; i++) {
        const struct csin_window_reference *old = &w->references[i];
        if (old->of_template == ref.of_template && old->n_hosts == ref.n_hosts &&
            old->allowed == ref.allowed) {
            w->reference[index] = (uint32_t)i;
            return CSIN_OK;
        }
    }
    if (!place_alone(w, job))
        return CSIN_OK; /* csin_cluster_run tells it */
    double long_s = estimate(&w->cluster->templates[job->of_template], w->cluster->parent->fabric,
                             w->hosts[0]) *
                    ROUNDS;
    if (long_s > w->cluster->window_s)
        ref.scale = long_s / w->cluster->window_s;
    enum csin_status status = measure_alone(w, job, diag, &ref);
    if (status == CSIN_OK &&
        !csin_grow(&w->references, &w->references_room, w->n_references + 1, sizeof *w->references))
        status = csin_no_memory(diag);
    if (status == CSIN_OK) {
        w->reference[index] = (uint32_t)w->n_references;
        w->references[w->n_references++] = ref;
    }
    return status;
}

/* ---- a window ---- */

/* When a job begins, within its first round. */
static double draw_start(const struct windows *w, const struct csin_cluster_job *job,
                         double round_s)
{
    struct csin_rng rng = csin_rng_init(csin_owner_seed(w->cluster->parent, job->name), ROUND_DRAW);
    return round_s * ((double)csin_rng_below(&rng, 1u << 20) / (1u << 20));
}

static void plan_part(const struct windows *w, struct csin_window *win, uint32_t i)
{
    const struct csin_cluster_job *job = &w->cluster->jobs[win->running[i].job];
    struct csin_window_part *part = &win->parts[i];
    part->ref = &w->references[w->reference[win->running[i].job]];
    part->start_s = draw_start(w, job, part->ref->round_s);
    double times = floor(w->cluster->window_s / ROUNDS / part->ref->round_s);
    part->period_s = part->ref->round_s * (times > 1 ? times : 1);
    part->n_streams = w->cluster->templates[job->of_template].storage.n;
    part->n_bursts = part->ref->round_s > 0 && w->cluster->window_s > part->start_s
                         ? (uint32_t)ceil((w->cluster->window_s - part->start_s) / part->period_s)
                         : 0;
}

static bool write_part(struct csin_window *win, struct csin_window_writing *writing, uint32_t i)
{
    const struct csin_cluster *cluster = win->cluster;
    const struct csin_cluster_job *job = &cluster->jobs[win->running[i].job];
    const struct csin_template_spec *template = &cluster->templates[job->of_template];
    const struct csin_stream_spec *streams = template->storage.items;
    struct csin_window_part *part = &win->parts[i];
    const struct csin_fabric *f = cluster->parent->fabric;
    double left_s = cluster->window_s - part->start_s;
    double rounds = part->ref->round_s > 0 ? ceil(left_s / part->ref->round_s) + 1 : 1;
    struct csin_text hosts = csin_window_hosts(f, win->running[i].hosts, job->n_hosts, job->loc,
                                               win->arena);
    if (!csin_window_write_job(writing, template, job->name, hosts, part->ref->scale, part->start_s,
                               rounds < 1            ? 1
                               : rounds < MAX_ROUNDS ? rounds
                                                     : MAX_ROUNDS))
        return false;
    part->first_stream = writing->spec.storage.n;
    for (uint32_t k = 0; k < part->n_streams; k++) {
        struct csin_text clients = csin_window_hosts(f, win->running[i].hosts,
                                                     csin_window_clients(&streams[k], job->n_hosts),
                                                     job->loc, win->arena);
        for (uint32_t b = 0; b < part->n_bursts; b++) {
            const char *name = csin_arena_printf(win->arena, "%s:%s:%u", job->name,
                                                 streams[k].name.s, b + 1);
            if (!clients.s ||
                !csin_window_write_burst(writing, &streams[k], name, clients, part->ref->scale,
                                         part->period_s / part->ref->round_s,
                                         part->start_s + b * part->period_s))
                return false;
        }
    }
    return true;
}

/* Everybody ends with the window. */
static bool add_end(struct csin_window *win)
{
    struct csin_scenario *sc = win->scenario;
    sc->events = csin_arena_alloc(win->arena, sc->n_owners, sizeof *sc->events);
    for (uint32_t i = 0; sc->events && i < sc->n_owners; i++) {
        uint32_t *owner = csin_arena_alloc(win->arena, 1, sizeof *owner);
        if (!owner)
            return false;
        *owner = i;
        sc->events[i] = (struct csin_event){
            .at_s = win->cluster->window_s, .kind = CSIN_EVENT_STOP, .items = owner, .n_items = 1};
    }
    sc->n_events = sc->n_owners;
    return sc->events != NULL;
}

static enum csin_status open_window(const struct windows *w, struct csin_window *win,
                                    struct csin_diag *diag)
{
    struct csin_window_writing writing;
    uint64_t n_streams = 0;
    win->parts = csin_arena_alloc(win->arena, win->n, sizeof *win->parts);
    if (!win->parts)
        return csin_no_memory(diag);
    for (uint32_t i = 0; i < win->n; i++) {
        plan_part(w, win, i);
        n_streams += (uint64_t)win->parts[i].n_streams * win->parts[i].n_bursts;
    }
    if (!csin_window_begin(&writing, win->cluster, win->arena, win->n, (uint32_t)n_streams))
        return csin_no_memory(diag);
    for (uint32_t i = 0; i < win->n; i++)
        if (!write_part(win, &writing, i))
            return csin_no_memory(diag);
    enum csin_status status = csin_scenario_part(win->cluster->parent, &writing.spec, win->arena,
                                                 diag, &win->scenario);
    if (status != CSIN_OK)
        return status;
    return add_end(win) ? CSIN_OK : csin_no_memory(diag);
}

/* Whatever decides the row: the schedule and what it runs on, lanes, the end, and what progress is
 * measured by. */
static struct csin_sha256 window_key(const struct csin_window *win, const struct csin_schedule *s)
{
    const struct csin_scenario *sc = win->scenario;
    struct csin_sha256 inner = csin_cache_key(s, sc->fabric, sc->routes, sc->seed, sc->engine,
                                              sc->congestion);
    struct csin_sha256_stream *sha = inner.hex[0] ? csin_sha256_start() : NULL;
    if (!sha)
        return (struct csin_sha256){""};
    csin_sha256_add(sha, "window 2", sizeof "window 2");
    csin_sha256_add(sha, inner.hex, sizeof inner.hex);
    csin_sha256_add(sha, &win->cluster->window_s, sizeof win->cluster->window_s);
    csin_sha256_add(sha, sc->lanes.weights, sizeof sc->lanes.weights);
    if (sc->lanes.of_owner)
        csin_sha256_add(sha, sc->lanes.of_owner, sc->n_owners);
    for (uint32_t i = 0; i < win->n; i++) {
        const struct csin_window_part *part = &win->parts[i];
        csin_sha256_add(sha, part->ref->steps_s, part->ref->n_steps * sizeof *part->ref->steps_s);
        csin_sha256_add(sha, &part->period_s, sizeof part->period_s);
    }
    return csin_sha256_finish(sha);
}

static void pass_on(void *arg, uint64_t done, uint64_t total, double now_s)
{
    const struct windows *w = arg;
    w->options->progress(w->options->progress_arg, w->what, done, total, now_s);
}

static enum csin_status run_window(struct windows *w, struct csin_window *win,
                                   const struct csin_schedule *schedule, struct csin_diag *diag,
                                   double *row)
{
    const struct csin_scenario *sc = win->scenario;
    const struct csin_simulation *options = w->options;
    struct csin_run run = {.fabric = sc->fabric,
                           .routes = sc->routes,
                           .schedule = schedule,
                           .congestion = sc->congestion,
                           .lanes = &sc->lanes,
                           .events = sc->events,
                           .n_events = sc->n_events,
                           .horizon_s = HUGE_VAL,
                           .progress = options->progress ? pass_on : NULL,
                           .progress_arg = w,
                           .stop = options->stop,
                           .stop_arg = options->stop_arg};
    struct csin_run_result result;
    enum csin_status status = sc->engine->run(&run, diag, &result);
    if (status != CSIN_OK)
        return status;
    if (!csin_window_slowdowns(win, schedule, &result, row))
        status = csin_no_memory(diag);
    csin_run_result_finish(&result);
    w->n_networks++;
    return status;
}

static enum csin_status solve_window(struct windows *w, struct csin_window *win,
                                     struct csin_diag *diag, double *row)
{
    struct csin_schedule schedule;
    enum csin_status status = open_window(w, win, NULL);
    if (status != CSIN_OK) /* again, to be told why */
        status = open_window(w, win, diag);
    if (status == CSIN_OK)
        status = csin_scenario_schedule(win->scenario, CSIN_NONE, diag, &schedule);
    if (status != CSIN_OK)
        return status;
    struct csin_sha256 key = window_key(win, &schedule);
    if (csin_cache_get(w->options->cache_folder, &key, row, win->n)) {
        w->n_known++;
    } else {
        status = run_window(w, win, &schedule, diag, row);
        if (status == CSIN_OK)
            csin_cache_put(w->options->cache_folder, &key, row, win->n);
    }
    csin_schedule_finish(&schedule);
    return status;
}

/* ---- the set that was simulated last ---- */

/* Hosts of jobs that came or went since then, or moved. */
static uint64_t hosts_changed(const struct windows *w, const struct csin_running *running,
                              uint32_t n)
{
    const struct csin_cluster_job *jobs = w->cluster->jobs;
    uint64_t changed = 0;
    for (uint32_t i = 0, k = 0; i < n || k < w->n_last;) {
        uint32_t now = i < n ? running[i].job : CSIN_NONE;
        uint32_t then = k < w->n_last ? w->last[k].job : CSIN_NONE;
        uint32_t first = now < then ? now : then;
        if (now != then || running[i].hosts != w->last[k].hosts)
            changed += (uint64_t)jobs[first].n_hosts * (now == then ? 2 : 1);
        i += now == first;
        k += then == first;
    }
    return changed;
}

/* The slowdowns of a set that is nearly the last one. False where that is not so. */
static bool reuse(const struct windows *w, const struct csin_running *running, uint32_t n,
                  double *ret_slowdown)
{
    const struct csin_cluster_job *jobs = w->cluster->jobs;
    uint64_t busy = 0;
    for (uint32_t i = 0; i < n; i++)
        busy += jobs[running[i].job].n_hosts;
    if (w->n_last == 0 || (double)hosts_changed(w, running, n) > w->cluster->refresh * (double)busy)
        return false;
    for (uint32_t i = 0, k = 0; i < n; i++) {
        while (k < w->n_last && w->last[k].job < running[i].job)
            k++;
        bool was_there = k < w->n_last && w->last[k].job == running[i].job &&
                         w->last[k].hosts == running[i].hosts;
        ret_slowdown[i] = was_there ? w->slowdown[running[i].job]
                                    : w->of_template[jobs[running[i].job].of_template];
        if (ret_slowdown[i] == 0)
            return false;
    }
    return true;
}

static void remember(struct windows *w, const struct csin_running *running, uint32_t n,
                     const double *slowdown)
{
    const struct csin_cluster_job *jobs = w->cluster->jobs;
    memcpy(w->last, running, n * sizeof *running);
    w->n_last = n;
    for (uint32_t t = 0; t < w->cluster->n_templates; t++) {
        double sum = 0;
        uint32_t count = 0;
        for (uint32_t i = 0; i < n; i++)
            if (jobs[running[i].job].of_template == t) {
                sum += slowdown[i];
                count++;
            }
        w->of_template[t] = count ? sum / count : 0;
    }
    for (uint32_t i = 0; i < n; i++)
        w->slowdown[running[i].job] = slowdown[i];
}

static enum csin_status rates(void *arg, double now_s, const struct csin_running *running,
                              uint32_t n, double *ret_slowdown, struct csin_diag *diag)
{
    struct windows *w = arg;
    enum csin_status status = CSIN_OK;
    if (reuse(w, running, n, ret_slowdown))
        return CSIN_OK;
    if (w->n_networks + w->n_known == CSIN_MAX_NETWORKS) {
        status = csin_error(diag, CSIN_E_INPUT, 948, w->cluster->spec->cluster->loc,
                            "more than %s networks would be simulated, at %s of the schedule",
                            csin_show_count(CSIN_MAX_NETWORKS).s, csin_show_time(now_s).s);
        csin_note(diag, w->cluster->spec->cluster->loc,
                  "a larger 'refresh' asks for fewer, 'network: off' for none");
        return status;
    }
    snprintf(w->what, sizeof w->what, "at %s, network %u: %u jobs", csin_show_time(now_s).s,
             w->n_networks + w->n_known + 1, n);
    for (uint32_t i = 0; i < n && status == CSIN_OK; i++)
        status = refer(w, running[i].job, diag);
    struct csin_window win = {
        .cluster = w->cluster, .running = running, .n = n, .arena = csin_arena_create()};
    if (status == CSIN_OK)
        status = win.arena ? solve_window(w, &win, diag, ret_slowdown) : csin_no_memory(diag);
    csin_scenario_destroy(win.scenario);
    csin_arena_destroy(win.arena);
    if (status == CSIN_OK)
        remember(w, running, n, ret_slowdown);
    return status;
}

/* ---- a schedule ---- */

static bool open_windows(struct windows *w, const struct csin_cluster *cluster,
                         const struct csin_simulation *options)
{
    size_t n_hosts = cluster->parent->fabric->n_hosts + (size_t)1, n = cluster->n_jobs + (size_t)1;
    *w = (struct windows){.cluster = cluster, .options = options, .arena = csin_arena_create()};
    if (!w->arena)
        return false;
    w->reference = csin_arena_alloc(w->arena, n, sizeof *w->reference);
    w->hosts = csin_arena_alloc(w->arena, n_hosts, sizeof *w->hosts);
    w->free = csin_arena_alloc(w->arena, n_hosts, sizeof *w->free);
    w->last = csin_arena_alloc(w->arena, n, sizeof *w->last);
    w->slowdown = csin_arena_alloc(w->arena, n, sizeof *w->slowdown);
    w->of_template = csin_arena_alloc(w->arena, cluster->n_templates + 1u, sizeof *w->of_template);
    if (!w->reference || !w->hosts || !w->free || !w->last || !w->slowdown || !w->of_template)
        return false;
    memset(w->reference, 0xff, n * sizeof *w->reference);
    return true;
}

static void close_windows(struct windows *w)
{
    free(w->references);
    csin_arena_destroy(w->arena);
}

/* Time alone of jobs that were given in rounds. */
static enum csin_status count_work(struct windows *w, struct csin_diag *diag)
{
    const struct csin_cluster *cluster = w->cluster;
    enum csin_status status = CSIN_OK;
    snprintf(w->what, sizeof w->what, "jobs alone");
    for (uint32_t i = 0; i < cluster->n_jobs && status == CSIN_OK; i++) {
        if (cluster->rounds[i] == 0)
            continue;
        status = refer(w, i, diag);
        if (status == CSIN_OK && w->reference[i] != CSIN_NONE) {
            const struct csin_window_reference *ref = &w->references[w->reference[i]];
            cluster->jobs[i].work_s = (double)cluster->rounds[i] * ref->round_s * ref->scale;
        }
    }
    return status;
}

static bool tell_rounds(const struct windows *w, struct csin_cluster_result *result)
{
    result->n_networks = w->n_networks;
    result->n_known = w->n_known;
    result->alone_round_s = csin_arena_alloc(result->arena, w->cluster->n_jobs,
                                             sizeof *result->alone_round_s);
    for (uint32_t i = 0; result->alone_round_s && i < w->cluster->n_jobs; i++)
        if (w->reference[i] != CSIN_NONE) {
            const struct csin_window_reference *ref = &w->references[w->reference[i]];
            result->alone_round_s[i] = ref->round_s * ref->scale;
        }
    return result->alone_round_s != NULL;
}

enum csin_status csin_cluster_simulate(const struct csin_scenario *scenario,
                                       const struct csin_simulation *options,
                                       struct csin_diag *diag,
                                       struct csin_cluster_result **ret_result)
{
    struct csin_cluster *cluster = scenario->cluster;
    struct csin_cluster_result *result = NULL;
    struct windows w;
    enum csin_status status = open_windows(&w, cluster, options) ? count_work(&w, diag)
                                                                 : csin_no_memory(diag);
    if (status == CSIN_OK)
        status = csin_cluster_run(&cluster->hosts, &cluster->rules, cluster->jobs, cluster->n_jobs,
                                  cluster->has_network ? rates : NULL, &w, diag, &result);
    if (status == CSIN_OK && !tell_rounds(&w, result))
        status = csin_no_memory(diag);
    close_windows(&w);
    if (status == CSIN_OK)
        *ret_result = result;
    else
        csin_cluster_result_destroy(result);
    return status;
}

/* ---- checking ---- */

/* The smallest job of a template; CSIN_NONE: it has none. */
static uint32_t smallest_job(const struct csin_cluster *cluster, uint32_t template)
{
    uint32_t found = CSIN_NONE;
    for (uint32_t i = 0; i < cluster->n_jobs; i++)
        if (cluster->jobs[i].of_template == template &&
            (found == CSIN_NONE || cluster->jobs[i].n_hosts < cluster->jobs[found].n_hosts))
            found = i;
    return found;
}

/* A scenario with one small job of each template that is used, as far as there are hosts: what is
 * wrong with templates is wrong there. */
static enum csin_status write_samples(const struct csin_cluster *cluster, struct csin_arena *arena,
                                      struct csin_diag *diag, struct csin_scenario_spec *ret_spec)
{
    struct csin_window_writing writing;
    uint32_t at = 0, n_streams = 0;
    const struct csin_fabric *f = cluster->parent->fabric;
    for (uint32_t t = 0; t < cluster->n_templates; t++)
        n_streams += cluster->templates[t].storage.n;
    if (!csin_window_begin(&writing, cluster, arena, cluster->n_templates, n_streams))
        return csin_no_memory(diag);
    for (uint32_t t = 0; t < cluster->n_templates; t++) {
        const struct csin_template_spec *template = &cluster->templates[t];
        const struct csin_stream_spec *streams = template->storage.items;
        uint32_t job = smallest_job(cluster, t);
        /* Of two at least: that a job of one host has nobody to talk to is no mistake here. */
        uint32_t n = job == CSIN_NONE || cluster->jobs[job].n_hosts < 2
                         ? 2
                         : cluster->jobs[job].n_hosts;
        if (job == CSIN_NONE)
            csin_warning(diag, 957, template->name.loc, "no job has the template '%s'",
                         template->name.s);
        if (template->steps.n == 0 || at + n > cluster->hosts.n_compute)
            continue;
        struct csin_text hosts = csin_window_hosts(f, cluster->hosts.compute + at, n,
                                                   template->name.loc, arena);
        at += n;
        if (!csin_window_write_job(&writing, template, template->name.s, hosts, 1, 0, 1))
            return csin_no_memory(diag);
        for (uint32_t k = 0; k < template->storage.n; k++) {
            const char *name = csin_arena_printf(arena, "%s:%s", template->name.s,
                                                 streams[k].name.s);
            if (!csin_window_write_burst(&writing, &streams[k], name, hosts, 1, 1, 0))
                return csin_no_memory(diag);
        }
    }
    *ret_spec = writing.spec;
    return CSIN_OK;
}

enum csin_status csin_cluster_check(struct csin_cluster *cluster, struct csin_diag *diag)
{
    struct csin_scenario_spec spec;
    struct csin_scenario *part = NULL;
    struct csin_arena *arena = cluster->parent->arena; /* messages borrow from it */
    enum csin_status fits = csin_cluster_fits(&cluster->hosts, &cluster->rules, cluster->jobs,
                                              cluster->n_jobs, diag);
    if (!cluster->has_network)
        return fits;
    enum csin_status status = write_samples(cluster, arena, diag, &spec);
    if (status == CSIN_OK && spec.jobs.n + spec.storage.n > 0)
        status = csin_scenario_part(cluster->parent, &spec, arena, diag, &part);
    csin_scenario_destroy(part);
    return csin_first(status, fits);
}
