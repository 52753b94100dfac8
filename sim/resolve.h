/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of the resolver share. It makes a scenario (sim/scenario.h) from what a person
 * wrote (sim/scenario_spec.h) and the fabric, in this order:
 *
 *     jobs       sim/scenario_jobs.c       hosts, steps
 *     chains     sim/scenario_chains.c     chain tables
 *     storage    sim/scenario_storage.c    clients, servers
 *     owners     sim/scenario.c            names of both, in one set
 *     lanes      sim/scenario_lanes.c      classes of traffic, service levels, virtual lanes
 *     events     sim/scenario_events.c     what happens to the fabric and to jobs
 *     cluster    sim/cluster_resolve.c     in place of lanes and events
 *     routes     sim/scenario.c            and whether those who talk can reach each other
 *
 * All of them go on after a mistake, to find more. */
#ifndef CSIN_SIM_RESOLVE_H
#define CSIN_SIM_RESOLVE_H

#include "sim/scenario.h"
#include "sim/scenario_spec.h"

#define CSIN_DEFAULT_CHUNK ((uint64_t)4 << 20)

struct resolver {
    struct csin_input *tables; /* the scenario's, of policy lft */
    struct csin_scenario *sc;
    const struct csin_scenario_spec *spec;
    struct csin_diag *diag;
    uint32_t *job_of;         /* [n_hosts] the job a host is given to, CSIN_NONE */
    bool *taken;              /* [n_hosts] */
    struct csin_names owners; /* jobs and streams by name */
    bool chance;              /* something is drawn, so the seed matters */
    bool seed_overridden;
    struct csin_routes *routes; /* to borrow; NULL: they are made */
    enum csin_status status;    /* the first failure */
};

#define FAIL(r, code, loc, ...)                                                                    \
    csin_resolve_fail(r, csin_error((r)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__))

/* Records a failure and goes on, to find more. */
void csin_resolve_fail(struct resolver *r, enum csin_status status);
/* True when nobody will read what is found from here on: base/diag.h keeps 100 messages. */
bool csin_resolve_heard_enough(const struct resolver *r);
/* A file's name, relative to the folder of the file `path` that names it. NULL without memory. */
const char *csin_beside(struct csin_arena *arena, const char *path, const char *name);
/* n zeroed elements in the scenario's arena; NULL after a reported failure. */
void *csin_resolve_array(struct resolver *r, size_t n, size_t size);
/* What begins behind the horizon cannot finish before it. `what`: "a start". */
void csin_resolve_check_time(struct resolver *r, const char *what,
                             const struct csin_quantity *at_s);
/* Marks hosts as those of a job; reports those that another one has or gets. */
void csin_resolve_take_hosts(struct resolver *r, uint32_t job, const uint32_t *hosts, uint32_t n,
                             struct csin_loc loc);

struct csin_training_spec;
/* A training step of a job on these hosts; NULL without memory. What is wrong is reported. */
struct csin_training *csin_resolve_training(struct resolver *r,
                                            const struct csin_training_spec *spec,
                                            struct csin_loc loc, const uint32_t *hosts,
                                            uint32_t n_hosts);

/* `12` or `all`, not a hostlist. */
bool csin_is_counted(const struct csin_text *hosts);

static inline uint64_t csin_count_or(const struct csin_count *count, uint64_t otherwise)
{
    return count->loc.line ? count->n : otherwise;
}

/* The seed of one job or stream. It depends on the name alone, so adding another one does not
 * change what this one draws. */
uint64_t csin_owner_seed(const struct csin_scenario *sc, const char *owner);

/* The chain table of that name; NULL after a reported failure. */
const struct csin_chains *csin_resolve_find_chains(struct resolver *r,
                                                   const struct csin_text *name);

/* All of it, for a scenario that has its fabric, routing policy, engine, congestion model, seed and
 * horizon. */
void csin_resolve(struct resolver *r);
/* The stages. */
void csin_resolve_jobs(struct resolver *r);
void csin_resolve_chains(struct resolver *r);
void csin_resolve_storage(struct resolver *r);
void csin_resolve_lanes(struct resolver *r);
void csin_resolve_events(struct resolver *r);
/* Of a scenario that could not be read whole: only what events name of the fabric. */
void csin_resolve_event_names(struct resolver *r);

#endif
