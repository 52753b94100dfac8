/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a scenario to its schedule. */
#include "sim/collectives.h"
#include "sim/resolve.h"
#include "sim/storage.h"
#include "sim/training.h"

/* Efficiencies that follow from measured steps, the first time they are needed. */
static enum csin_status calibrate(const struct csin_scenario *sc, struct csin_diag *diag)
{
    enum csin_status status = CSIN_OK;
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        for (uint32_t k = 0; k < sc->jobs[i].n_steps; k++)
            if (sc->jobs[i].steps[k].training)
                status = csin_first(
                    status, csin_training_calibrate(sc, sc->jobs[i].steps[k].training, diag));
    return status;
}

uint64_t csin_step_draw(const struct csin_job *job, uint32_t round, uint32_t step)
{
    return 1 + ((uint64_t)round * job->n_steps + step);
}

/* Steps follow one another, rounds too; an operation that takes no time stands between them, so
 * that all ranks begin together. */
static void schedule_job(struct csin_schedule *s, const struct csin_scenario *sc, uint32_t owner,
                         double start_s)
{
    const struct csin_job *job = &sc->jobs[owner];
    uint64_t seed = csin_owner_seed(sc, job->name);
    uint32_t first = s->n_ops, begin = csin_schedule_delay(s, start_s), before = s->n_ops;
    for (uint32_t round = 0; round < job->repeat && !s->failed; round++) {
        if (round == 1)
            csin_schedule_expect(s, job->repeat - 1, s->n_ops - before);
        for (uint32_t i = 0; i < job->n_steps && !s->failed; i++) {
            uint64_t draw = csin_step_draw(job, round, i);
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
    csin_stream_schedule(s, stream, sc->fabric, sc->routes, start_s, begin,
                         csin_owner_seed(sc, stream->name));
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
    enum csin_status status = calibrate(scenario, diag);
    if (status != CSIN_OK)
        return status;
    csin_schedule_init(&s, scenario->fabric->n_hosts, scenario->n_owners);
    s.inside = &scenario->inside;
    for (uint32_t i = 0; only == CSIN_NONE && i < scenario->n_events; i++)
        s.with_replicas = s.with_replicas || scenario->events[i].kind == CSIN_EVENT_SSD ||
                          scenario->events[i].kind == CSIN_EVENT_HOST;
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
    status = csin_schedule_check(&s, diag);
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
