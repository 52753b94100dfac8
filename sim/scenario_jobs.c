/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jobs: which hosts they have, and their steps with all defaults filled in. */
#include <string.h>

#include "base/units.h"
#include "sim/libraries.h"
#include "sim/resolve.h"

/* ---- steps ---- */

static void check_chunk(struct resolver *r, const struct csin_step_spec *spec,
                        struct csin_step *step, const char *work)
{
    if (spec->chunk.loc.line && spec->chunk.n == 0) {
        FAIL(r, 420, spec->chunk.loc, "a chunk of 0 bytes");
        return;
    }
    if (csin_library_chunk(step->algorithm) > 0) {
        step->chunk_bytes = csin_count_or(&spec->chunk, csin_library_chunk(step->algorithm));
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
    step->chunk_bytes = csin_count_or(&spec->chunk, CSIN_DEFAULT_CHUNK);
    uint64_t data = step->work == CSIN_ALLREDUCE ? (step->size_bytes + 1) / 2 : step->size_bytes;
    if (spec->chunk.loc.line && spec->chunk.n > data)
        csin_warning(r->diag, 402, spec->chunk.loc,
                     "a chunk of %s has no effect: %s moves %s at a time as it is",
                     csin_show_size(spec->chunk.n).s, work, csin_show_size(data).s);
}

/* The model of the first of the job's hosts that says nothing of its inside; NULL: all do. */
static const char *bare_model(const struct resolver *r, const struct csin_job *job)
{
    const struct csin_host *hosts = r->sc->fabric->hosts;
    for (uint32_t i = 0; i < job->n_hosts; i++)
        if (!hosts[job->hosts[i]].inside)
            return hosts[job->hosts[i]].model;
    return NULL;
}

/* What only some of the libraries have. */
static void check_library(struct resolver *r, const struct csin_step_spec *spec,
                          struct csin_step *step, const char *work)
{
    bool library = csin_is_library(step->algorithm);
    const char *name = csin_algorithm_names[step->algorithm];
    if (step->work != CSIN_ALLREDUCE && step->algorithm != CSIN_RING &&
        step->algorithm != CSIN_NCCL_RING) {
        FAIL(r, 486, spec->algorithm.loc, "'%s' is an allreduce and no %s", name, work);
        csin_note(r->diag, spec->algorithm.loc, "write ring or nccl-ring");
    }
    step->channels = (uint32_t)csin_count_or(&spec->channels, 1);
    step->overhead_s = spec->overhead_s.loc.line ? spec->overhead_s.x
                       : library                 ? csin_library_overhead(step->algorithm)
                                                 : 0;
    csin_resolve_check_time(r, "an overhead", &spec->overhead_s);
    if (spec->overhead_s.loc.line && !library)
        csin_warning(r->diag, 402, spec->overhead_s.loc,
                     "'overhead' has no effect: %s is told without what a library does", name);
    if (spec->channels.loc.line && step->algorithm != CSIN_NCCL_RING)
        csin_warning(r->diag, 402, spec->channels.loc,
                     "'channels' has no effect: only nccl-ring has some");
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
    if (spec->work == CSIN_TRAINING) {
        step->training = csin_resolve_training(r, spec->training, spec->loc, job->hosts,
                                               job->n_hosts);
        return;
    }
    if (spec->work != CSIN_COMPUTE_DELAY && spec->size.n == 0)
        FAIL(r, 421, spec->size.loc, "'%s' of 0 bytes", work);
    if (spec->root.n >= job->n_hosts)
        FAIL(r, 422, spec->root.loc, "there is no rank %s in a job of %s hosts",
             csin_show_count(spec->root.n).s, csin_show_count(job->n_hosts).s);
    if (spec->shift.n >= job->n_hosts && spec->shift.loc.line)
        FAIL(r, 422, spec->shift.loc, "a shift of %s in a job of %s hosts",
             csin_show_count(spec->shift.n).s, csin_show_count(job->n_hosts).s);
    check_library(r, spec, step, work);
    const char *bare = csin_is_library(step->algorithm) ? bare_model(r, job) : NULL;
    if (bare) {
        csin_warning(r->diag, 488, spec->algorithm.loc,
                     "%s is limited by NICs alone: host model '%s' has no 'inside'",
                     csin_algorithm_names[step->algorithm], bare);
        csin_note(r->diag, spec->algorithm.loc,
                  "say there what memory, GPUs and root ports can do");
    }
    if (spec->work != CSIN_COMPUTE_DELAY && job->n_hosts == 1 && !csin_is_library(step->algorithm))
        csin_warning(r->diag, 402, spec->loc, "'%s' has no effect in a job of one host", work);
    check_chunk(r, spec, step, work);
    r->chance = r->chance || (spec->work == CSIN_PERMUTATION && spec->shift.n == 0);
}

/* ---- jobs ---- */

void csin_resolve_take_hosts(struct resolver *r, uint32_t job, const uint32_t *hosts, uint32_t n,
                             struct csin_loc loc)
{
    unsigned said = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t other = r->job_of[hosts[i]];
        if (other != CSIN_NONE && other != job && said++ < 3) {
            FAIL(r, 423, loc, "host '%s' belongs to job '%s' already",
                 r->sc->fabric->hosts[hosts[i]].name, r->sc->jobs[other].name);
            csin_note(r->diag, r->sc->jobs[other].loc, "that job is here");
        }
        r->job_of[hosts[i]] = job;
        r->taken[hosts[i]] = true;
    }
}

bool csin_is_counted(const struct csin_text *hosts)
{
    return strcmp(hosts->s, "all") == 0 || hosts->s[strspn(hosts->s, "0123456789+-.")] == 0;
}

/* What a zone asked for has no effect on (hosts by name) is not held to it. */
static const char *zone_of(const struct csin_fabric *f, const struct csin_job *job,
                           const struct csin_pick_spec *spec)
{
    const char *zone = csin_is_counted(&spec->hosts) ? spec->zone.s : NULL;
    for (uint32_t i = 0; zone && i < job->n_hosts; i++)
        if (!csin_pick_is_in_zone(f, job->hosts[i], zone))
            return NULL;
    return zone;
}

static void resolve_job(struct resolver *r, uint32_t index, const struct csin_job_spec *spec)
{
    struct csin_scenario *sc = r->sc;
    struct csin_job *job = &sc->jobs[index];
    enum csin_status status = csin_pick_hosts(sc->fabric, &spec->hosts, CSIN_COMPUTE, r->taken,
                                              csin_rng_init(csin_owner_seed(sc, job->name), 0),
                                              sc->arena, r->diag, &job->hosts, &job->n_hosts);
    csin_resolve_fail(r, status);
    if (status != CSIN_OK)
        return;
    r->chance = r->chance || (spec->hosts.placement.i == CSIN_RANDOM_PLACEMENT &&
                              csin_is_counted(&spec->hosts.hosts));
    csin_resolve_take_hosts(r, index, job->hosts, job->n_hosts, spec->hosts.hosts.loc);
    job->zone = zone_of(sc->fabric, job, &spec->hosts);
    job->start_s = spec->start_s.x;
    csin_resolve_check_time(r, "a start", &spec->start_s);
    job->repeat = (uint32_t)csin_count_or(&spec->repeat, 1);
    job->n_steps = spec->steps.n;
    if (job->n_steps == 0)
        FAIL(r, 424, spec->steps.loc, "job '%s' has no steps", job->name);
    if (!(job->steps = csin_resolve_array(r, job->n_steps, sizeof *job->steps)))
        return;
    const struct csin_step_spec *steps = spec->steps.items;
    for (uint32_t i = 0; i < job->n_steps; i++)
        resolve_step(r, &steps[i], job, &job->steps[i]);
}

/* Hosts given by name are taken first, so that counted jobs find what is really free. */
void csin_resolve_jobs(struct resolver *r)
{
    const struct csin_job_spec *specs = r->spec->jobs.items;
    struct csin_scenario *sc = r->sc;
    sc->n_jobs = r->spec->jobs.n;
    if (!(sc->jobs = csin_resolve_array(r, sc->n_jobs, sizeof *sc->jobs)))
        return;
    for (uint32_t i = 0; i < sc->n_jobs; i++) {
        sc->jobs[i].name = specs[i].name.s;
        sc->jobs[i].loc = specs[i].name.loc;
    }
    for (unsigned counted = 0; counted < 2; counted++)
        for (uint32_t i = 0; i < sc->n_jobs && !csin_resolve_heard_enough(r); i++)
            if (csin_is_counted(&specs[i].hosts.hosts) == (counted == 1))
                resolve_job(r, i, &specs[i]);
}
