/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From what was written of a cluster to its jobs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "sim/cluster_scenario.h"
#include "sim/cluster_trace.h"
#include "sim/resolve.h"

#define DEFAULT_WINDOW_S 0.2
#define DEFAULT_REFRESH 0.1
#define DEFAULT_CROSS_ZONE 1
#define ARRIVAL_DRAW 3 /* stream of chance of a row of jobs */

struct making {
    struct resolver *r;
    struct csin_cluster *cluster;
    const struct csin_cluster_spec *spec;
    struct csin_names templates, names, zones;
    bool **masks; /* [zones.n] the hosts of each */
};

/* ---- what cannot be together ---- */

static void check_company(struct resolver *r)
{
    const struct csin_scenario_spec *spec = r->spec;
    struct csin_loc loc = spec->jobs.loc.line ? spec->jobs.loc : spec->events.loc;
    const char *what = spec->jobs.loc.line ? "jobs" : "events";
    if (!loc.line && spec->horizon_s.loc.line) {
        loc = spec->horizon_s.loc;
        what = "horizon";
    }
    if (!loc.line)
        return;
    FAIL(r, 940, loc, "'%s' cannot stand beside 'cluster'", what);
    csin_note(r->diag, loc, "jobs of a cluster are in 'cluster', which ends at its 'until'");
}

/* ---- jobs ---- */

static uint32_t find_template(struct making *m, const struct csin_cluster_job_spec *job)
{
    const struct csin_text *name = &job->of_template;
    const struct csin_text *otherwise = &m->spec->trace.of_template;
    uint32_t found = name->s ? csin_names_find(&m->templates, name->s) : CSIN_NONE;
    if (found != CSIN_NONE)
        return found;
    if (job->from_trace && otherwise->s)
        return csin_names_find(&m->templates, otherwise->s); /* told where it is unknown */
    if (!name->s && m->cluster->n_templates == 1)
        return 0;
    if (!name->s && !m->cluster->has_network && job->time_s.loc.line)
        return CSIN_NONE; /* nothing is asked of it */
    struct csin_loc loc = name->s ? name->loc : job->name.loc;
    const char **names = csin_resolve_array(m->r, m->cluster->n_templates, sizeof *names);
    for (uint32_t i = 0; names && i < m->cluster->n_templates; i++)
        names[i] = m->cluster->templates[i].name.s;
    const char *near = name->s && names ? csin_nearest(name->s, names, m->cluster->n_templates)
                                        : NULL;
    if (!name->s)
        FAIL(m->r, 942, loc, "job '%s' has no template", job->name.s ? job->name.s : "?");
    else if (near)
        FAIL(m->r, 942, loc, "unknown template '%s'; did you mean '%s'?", name->s, near);
    else
        FAIL(m->r, 942, loc, "unknown template '%s'", name->s);
    if (job->from_trace)
        csin_note(m->r->diag, m->spec->trace.file.loc,
                  "'template' of 'trace' is for jobs whose column names none");
    return CSIN_NONE;
}

/* The hosts that a zone tag allows; NULL for all, or after a failure. */
static const bool *allowed(struct making *m, const struct csin_text *zone)
{
    const struct csin_fabric *f = m->r->sc->fabric;
    if (!zone->s)
        return NULL;
    uint32_t known = csin_names_find(&m->zones, zone->s), n = 0, *hosts = NULL;
    if (known != CSIN_NONE)
        return m->masks[known];
    struct csin_pick_spec pick = {.hosts = {"all", zone->loc}, .zone = *zone};
    enum csin_status status = csin_pick_hosts(f, &pick, CSIN_COMPUTE, NULL, csin_rng_init(0, 0),
                                              m->r->sc->arena, m->r->diag, &hosts, &n);
    csin_resolve_fail(m->r, status);
    bool *mask = status == CSIN_OK ? csin_resolve_array(m->r, f->n_hosts, sizeof *mask) : NULL;
    for (uint32_t i = 0; mask && i < n; i++)
        mask[hosts[i]] = true;
    if (!mask || m->zones.n == f->n_zones * 4)
        return mask;
    m->masks[m->zones.n] = mask;
    csin_names_add(&m->zones, zone->s, m->zones.n, NULL);
    return mask;
}

static void check_amount(struct making *m, const struct csin_cluster_job_spec *spec)
{
    struct csin_loc loc = spec->rounds.loc.line ? spec->rounds.loc : spec->name.loc;
    if (!spec->time_s.loc.line == !spec->rounds.loc.line) {
        FAIL(m->r, 943, loc, "job '%s' has %s a time%s rounds", spec->name.s ? spec->name.s : "?",
             spec->rounds.loc.line ? "both" : "neither", spec->rounds.loc.line ? " and" : " nor");
        csin_note(m->r->diag, loc,
                  "'time' is how long it takes alone, 'rounds' how often its steps are run");
    }
    if (spec->every_s.loc.line && !spec->count.loc.line)
        FAIL(m->r, 943, spec->every_s.loc, "'every' goes with 'count'");
    if (spec->count.loc.line && spec->count.n > 1 && !spec->every_s.loc.line)
        FAIL(m->r, 943, spec->count.loc, "%s jobs need 'every', the time from one to the next",
             csin_show_count(spec->count.n).s);
    if (spec->arrivals.loc.line && !spec->every_s.loc.line)
        FAIL(m->r, 943, spec->arrivals.loc, "'arrivals' goes with 'every'");
}

/* A name that no other job has: that of a trace with a number behind it, where it must be. */
static const char *unique_name(struct making *m, const struct csin_cluster_job_spec *spec,
                               const char *name, uint32_t index)
{
    uint32_t old = index;
    const char *tried = name;
    for (unsigned k = 2; tried && !csin_names_add(&m->names, tried, index, &old); k++) {
        if (!spec->from_trace || k > 1000) {
            FAIL(m->r, 428, spec->name.loc, "the name '%s' is used twice", tried);
            csin_note(m->r->diag, m->cluster->jobs[old].loc, "it was first used here");
            return tried;
        }
        tried = csin_arena_printf(m->r->sc->arena, "%s-%u", name, k);
    }
    if (!tried)
        csin_resolve_fail(m->r, csin_no_memory(m->r->diag));
    return tried;
}

/* An exponential number with mean 1, from comparisons alone, so that it is the same on all machines
 * (von Neumann, Various techniques used in connection with random digits, 1951). */
static double draw_exponential(struct csin_rng *rng)
{
    const uint64_t unit = (uint64_t)1 << 53;
    for (unsigned whole = 0;; whole++) {
        uint64_t first = csin_rng_below(rng, unit), last = first, next;
        unsigned run = 1;
        while ((next = csin_rng_below(rng, unit)) < last) {
            last = next;
            run++;
        }
        if (run % 2 == 1)
            return whole + (double)first / (double)unit;
    }
}

static uint32_t n_digits(uint64_t n)
{
    uint32_t digits = 1;
    for (; n >= 10; n /= 10)
        digits++;
    return digits;
}

/* The jobs of one entry; `from` is where they begin in the cluster's. */
static void add_jobs(struct making *m, const struct csin_cluster_job_spec *spec, uint32_t from)
{
    struct csin_cluster *cluster = m->cluster;
    struct csin_arena *arena = m->r->sc->arena;
    uint32_t n = (uint32_t)csin_count_or(&spec->count, 1), template = find_template(m, spec);
    const bool *mask = allowed(m, &spec->zone);
    check_amount(m, spec);
    const struct csin_template_spec *of = template == CSIN_NONE ? NULL
                                                                : &cluster->templates[template];
    const char *base = spec->name.s ? spec->name.s : "job";
    struct csin_rng rng = csin_rng_init(csin_owner_seed(m->r->sc, base), ARRIVAL_DRAW);
    double arrive_s = spec->arrive_s.x;
    bool random = spec->arrivals.i == CSIN_ARRIVALS_RANDOM;
    m->r->chance = m->r->chance || random;
    for (uint32_t i = 0; i < n; i++) {
        const char *name = spec->count.loc.line
                               ? csin_arena_printf(arena, "%s-%0*u", base, (int)n_digits(n), i + 1)
                               : base;
        cluster->jobs[from + i] = (struct csin_cluster_job){
            .name = name ? unique_name(m, spec, name, from + i) : NULL,
            .of_template = template,
            .n_hosts = (uint32_t)spec->hosts.n,
            .allowed = mask,
            .zone = spec->zone.s,
            .priority = spec->priority.n,
            .arrive_s = arrive_s,
            .work_s = spec->rounds.loc.line ? 0 : spec->time_s.x,
            .save_s = of ? of->save_s.x : 0,
            .load_s = of ? of->load_s.x : 0,
            .stays = of && of->interruptible.i == 1,
            .loc = spec->name.loc,
        };
        cluster->rounds[from + i] = spec->rounds.n;
        arrive_s += spec->every_s.x * (random ? draw_exponential(&rng) : 1);
    }
}

/* ---- traces ---- */

static void read_trace(struct making *m, struct csin_trace *ret_trace)
{
    struct resolver *r = m->r;
    const struct csin_trace_spec *spec = &m->spec->trace;
    char *text;
    size_t bytes;
    const char *path = csin_beside(r->sc->arena, r->sc->file, spec->file.s);
    enum csin_status status = path ? csin_file_read(r->diag, spec->file.loc, path, &text, &bytes)
                                   : csin_no_memory(r->diag);
    if (status == CSIN_OK) {
        struct csin_input *input = &r->sc->inputs[r->sc->n_inputs++];
        *input = (struct csin_input){"trace", spec->file.s, path, csin_sha256(text, bytes)};
        status = input->sha256.hex[0]
                     ? csin_trace_read(spec, path, text, bytes, r->sc->arena, r->diag, ret_trace)
                     : csin_no_memory(r->diag);
        free(text);
    }
    csin_resolve_fail(r, status);
    if (spec->of_template.s && csin_names_find(&m->templates, spec->of_template.s) == CSIN_NONE)
        FAIL(r, 942, spec->of_template.loc, "unknown template '%s'", spec->of_template.s);
}

/* ---- all of it ---- */

static bool index_templates(struct making *m)
{
    struct csin_cluster *cluster = m->cluster;
    cluster->templates = m->spec->templates.items;
    cluster->n_templates = m->spec->templates.n;
    if (!csin_names_init(&m->templates, m->r->sc->arena, cluster->n_templates))
        return false;
    for (uint32_t i = 0; i < cluster->n_templates; i++) {
        const struct csin_template_spec *template = &cluster->templates[i];
        csin_names_add(&m->templates, template->name.s, i, NULL);
        if (cluster->has_network && template->steps.n == 0)
            FAIL(m->r, 949, template->name.loc,
                 "template '%s' has no steps, and the network is to be simulated",
                 template->name.s);
        const struct csin_stream_spec *streams = template->storage.items;
        for (uint32_t k = 0; k < template->storage.n; k++) {
            struct csin_loc loc = streams[k].duration_s.loc.line ? streams[k].duration_s.loc
                                                                 : streams[k].start_s.loc;
            if (!loc.line)
                continue;
            FAIL(m->r, 947, loc, "storage of a template has no %s",
                 streams[k].duration_s.loc.line ? "duration" : "start");
            csin_note(m->r->diag, loc, "it moves its 'size' in every round of the steps");
        }
    }
    return true;
}

static void set_rules(struct making *m)
{
    const struct csin_cluster_spec *spec = m->spec;
    m->cluster->rules = (struct csin_cluster_rules){
        .placement = spec->placement.loc.line ? (enum csin_cluster_placement)spec->placement.i
                                              : CSIN_ZONE_AWARE,
        .queue = (enum csin_queue)spec->queue.i,
        .cross_zone = (uint32_t)csin_count_or(&spec->cross_zone, DEFAULT_CROSS_ZONE),
        .preempts = spec->preemption.i == 0,
        .until_s = spec->until_s.loc.line ? spec->until_s.x : HUGE_VAL,
    };
    m->cluster->has_network = spec->network.i == 0;
    m->cluster->window_s = spec->window_s.loc.line ? spec->window_s.x : DEFAULT_WINDOW_S;
    m->cluster->refresh = spec->refresh.loc.line ? spec->refresh.x : DEFAULT_REFRESH;
    if (m->cluster->window_s <= 0)
        FAIL(m->r, 943, spec->window_s.loc, "a window of no time");
}

static void make_jobs(struct making *m, const struct csin_trace *trace)
{
    struct csin_cluster *cluster = m->cluster;
    struct resolver *r = m->r;
    const struct csin_cluster_job_spec *specs = m->spec->jobs.items;
    uint64_t n = trace->n_jobs;
    for (uint32_t i = 0; i < m->spec->jobs.n; i++)
        n += csin_count_or(&specs[i].count, 1);
    if (n > CSIN_MAX_CLUSTER_JOBS) {
        FAIL(r, 946, m->spec->loc, "%s jobs; a cluster has at most %s", csin_show_count(n).s,
             csin_show_count(CSIN_MAX_CLUSTER_JOBS).s);
        return;
    }
    if (n == 0) {
        FAIL(r, 956, m->spec->loc, "the cluster has no jobs");
        return;
    }
    cluster->jobs = csin_resolve_array(r, n, sizeof *cluster->jobs);
    cluster->rounds = csin_resolve_array(r, n, sizeof *cluster->rounds);
    if (!cluster->jobs || !cluster->rounds ||
        !csin_names_init(&m->names, r->sc->arena, (uint32_t)n)) {
        csin_resolve_fail(r, csin_no_memory(r->diag));
        return;
    }
    cluster->n_jobs = (uint32_t)n;
    uint32_t at = 0;
    for (uint32_t i = 0; i < m->spec->jobs.n + trace->n_jobs; i++) {
        const struct csin_cluster_job_spec *spec = i < m->spec->jobs.n
                                                       ? &specs[i]
                                                       : &trace->jobs[i - m->spec->jobs.n];
        if (csin_resolve_heard_enough(r))
            return;
        add_jobs(m, spec, at);
        at += (uint32_t)csin_count_or(&spec->count, 1);
    }
}

void csin_resolve_cluster(struct resolver *r)
{
    struct making m = {.r = r, .spec = r->spec->cluster};
    struct csin_trace trace = {0};
    r->chance = true; /* streams, and when jobs of a window begin */
    struct csin_scenario_spec *copy = csin_resolve_array(r, 1, sizeof *copy);
    m.cluster = csin_resolve_array(r, 1, sizeof *m.cluster);
    m.masks = csin_resolve_array(r, r->sc->fabric->n_zones * (size_t)4 + 1, sizeof *m.masks);
    if (!copy || !m.cluster || !m.masks)
        return;
    *copy = *r->spec; /* the one at hand goes when the scenario is open */
    m.cluster->spec = copy;
    m.cluster->parent = r->sc;
    check_company(r);
    set_rules(&m);
    if (!csin_cluster_hosts_init(&m.cluster->hosts, r->sc->fabric, r->sc->arena) ||
        !csin_names_init(&m.zones, r->sc->arena, r->sc->fabric->n_zones * 4 + 1) ||
        !index_templates(&m)) {
        csin_resolve_fail(r, csin_no_memory(r->diag));
        return;
    }
    if (m.spec->trace.file.s)
        read_trace(&m, &trace);
    m.cluster->n_steps = trace.n_steps;
    m.cluster->n_skipped = trace.n_skipped;
    make_jobs(&m, &trace);
    r->sc->cluster = m.cluster;
}
