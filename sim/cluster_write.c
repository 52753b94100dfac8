/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The scenario of a window, written as a person would. */
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"
#include "sim/cluster_window_inside.h"

static uint64_t divided(uint64_t bytes, double by)
{
    double less = (double)bytes / by;
    return by == 1 ? bytes : less < 1 && bytes > 0 ? 1 : (uint64_t)less;
}

/* The steps of a template, divided by `scale`; NULL without memory. */
static struct csin_step_spec *scaled_steps(const struct csin_template_spec *template, double scale,
                                           struct csin_arena *arena)
{
    struct csin_step_spec *steps = csin_arena_alloc(arena, template->steps.n, sizeof *steps);
    const struct csin_step_spec *from = template->steps.items;
    for (uint32_t i = 0; steps && i < template->steps.n; i++) {
        steps[i] = from[i];
        steps[i].size.n = divided(from[i].size.n, scale);
        steps[i].time_s.x /= scale;
    }
    return steps;
}

/* The hosts as a list that the resolver reads. */
struct csin_text csin_window_hosts(const struct csin_fabric *f, const uint32_t *hosts, uint32_t n,
                                   struct csin_loc loc, struct csin_arena *arena)
{
    const char **names = csin_arena_alloc(arena, n, sizeof *names);
    for (uint32_t i = 0; names && i < n; i++)
        names[i] = f->hosts[hosts[i]].name;
    return (struct csin_text){names ? csin_hostlist_fold(arena, names, n) : NULL, loc};
}

bool csin_window_begin(struct csin_window_writing *w, const struct csin_cluster *cluster,
                       struct csin_arena *arena, uint32_t n_jobs, uint32_t n_streams)
{
    const struct csin_scenario_spec *from = cluster->spec;
    *w = (struct csin_window_writing){.cluster = cluster, .arena = arena};
    w->spec = *from;
    w->spec.cluster = NULL;
    w->spec.events = (struct csin_list){0};
    w->jobs_room = n_jobs;
    w->streams_room = n_streams + from->storage.n;
    w->spec.jobs.items = csin_arena_alloc(arena, n_jobs, sizeof(struct csin_job_spec));
    w->spec.storage.items = csin_arena_alloc(arena, w->streams_room,
                                             sizeof(struct csin_stream_spec));
    if (!w->spec.jobs.items || !w->spec.storage.items)
        return false;
    if (from->storage.n)
        memcpy(w->spec.storage.items, from->storage.items,
               from->storage.n * sizeof(struct csin_stream_spec));
    w->spec.jobs.n = 0;
    w->spec.storage.n = from->storage.n;
    return true;
}

/* A job of a template in a window. `rounds` of its steps from start_s on. */
bool csin_window_write_job(struct csin_window_writing *w, const struct csin_template_spec *template,
                           const char *name, struct csin_text hosts, double scale, double start_s,
                           double rounds)
{
    struct csin_loc loc = template->name.loc;
    struct csin_job_spec *job = (struct csin_job_spec *)w->spec.jobs.items + w->spec.jobs.n++;
    *job = (struct csin_job_spec){.name = {name, loc},
                                  .traffic_class = template->traffic_class,
                                  .hosts = {.hosts = hosts},
                                  .start_s = {start_s, loc},
                                  .repeat = {(uint64_t)rounds, loc},
                                  .steps = template->steps};
    job->steps.items = scaled_steps(template, scale, w->arena);
    return hosts.s && job->steps.items;
}

/* One burst of a template's stream: `times` what belongs to a round. */
bool csin_window_write_burst(struct csin_window_writing *w, const struct csin_stream_spec *from,
                             const char *name, struct csin_text hosts, double scale, double times,
                             double start_s)
{
    struct csin_stream_spec *stream = (struct csin_stream_spec *)w->spec.storage.items +
                                      w->spec.storage.n++;
    *stream = *from;
    stream->name.s = name;
    stream->size.n = divided(from->size.n, scale / times);
    stream->start_s = (struct csin_quantity){start_s, from->name.loc};
    stream->clients.hosts = hosts;
    stream->clients.zone.s = NULL;
    stream->clients.placement.loc.line = 0;
    return name != NULL;
}

/* The clients of a template's stream among the hosts of a job: all, or so many from rank 0 on. */
uint32_t csin_window_clients(const struct csin_stream_spec *stream, uint32_t n_hosts)
{
    uint64_t n = n_hosts;
    const char *text = stream->clients.hosts.s;
    if (strcmp(text, "all") != 0 &&
        csin_read_count(NULL, stream->clients.hosts.loc, text, 1, CSIN_MAX_HOSTS, &n) != CSIN_OK)
        return n_hosts;
    return n < n_hosts ? (uint32_t)n : n_hosts;
}
