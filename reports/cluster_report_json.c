/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A schedule for programs: JSON after docs/cluster.schema.json, and one number a line. */
#include <math.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/json.h"
#include "base/units.h"
#include "reports/cluster_report.h"
#include "topo/cabling.h"

/* Seconds, or null where that never was. */
static void moment(struct csin_json *j, const char *key, double at_s)
{
    csin_json_real(j, key, at_s >= 0 ? at_s : HUGE_VAL);
}

static void write_provenance(struct csin_json *j, const struct csin_scenario *sc)
{
    csin_json_object(j, "provenance");
    csin_json_string(j, "csin", CSIN_VERSION);
    csin_json_string(j, "engine", sc->engine->name);
    csin_json_string(j, "engine_settings", sc->engine->what);
    csin_json_string(j, "routing", csin_policy_name(sc->policy));
    csin_json_string(j, "congestion", csin_congestion_names[sc->congestion]);
    csin_json_count(j, "seed", sc->seed);
    csin_json_array(j, "inputs");
    for (unsigned i = 0; i < sc->n_inputs; i++) {
        csin_json_flat_object(j, NULL);
        csin_json_string(j, "kind", sc->inputs[i].what);
        if (i > 0) /* the scenario's own path depends on where one stands */
            csin_json_string(j, "name", sc->inputs[i].name);
        csin_json_string(j, "sha256", sc->inputs[i].sha256.hex);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
    csin_json_end_object(j);
}

static void write_rules(struct csin_json *j, const struct csin_cluster *cluster)
{
    csin_json_flat_object(j, "rules");
    csin_json_string(j, "placement", csin_cluster_placement_names[cluster->rules.placement]);
    csin_json_string(j, "queue", csin_queue_names[cluster->rules.queue]);
    csin_json_bool(j, "preemption", cluster->rules.preempts);
    csin_json_count(j, "cross_zone", cluster->rules.cross_zone);
    csin_json_bool(j, "network", cluster->has_network);
    csin_json_real(j, "window_s", cluster->window_s);
    csin_json_real(j, "refresh", cluster->refresh);
    csin_json_end_object(j);
}

static void write_sum(struct csin_json *j, const struct csin_cluster *cluster,
                      const struct csin_cluster_sum *sum)
{
    csin_json_count(j, "jobs", sum->n_jobs);
    csin_json_count(j, "done", sum->n_done);
    csin_json_count(j, "never_begun", sum->n_waiting);
    csin_json_count(j, "interruptions", sum->n_interrupted);
    csin_json_real(j, "host_s", sum->host_s);
    csin_json_real(j, "wait_mean_s", sum->mean_wait_s);
    csin_json_real(j, "wait_max_s", sum->max_wait_s);
    csin_json_real(j, "slowdown", sum->slowdown);
    csin_json_real(j, "slowdown_max", sum->max_slowdown);
    csin_json_string(j, "slowest",
                     sum->slowest == CSIN_NONE ? NULL : cluster->jobs[sum->slowest].name);
}

static void write_stays(struct csin_json *j, const struct csin_scenario *sc,
                        const struct csin_cluster_result *r, uint32_t job, const uint32_t *of_job,
                        uint32_t n)
{
    struct csin_arena *arena = csin_arena_create();
    uint32_t n_hosts = sc->cluster->jobs[job].n_hosts;
    const char **names = arena ? csin_arena_alloc(arena, n_hosts, sizeof *names) : NULL;
    csin_json_array(j, "stays");
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_stay *stay = &r->stays[of_job[i]];
        for (uint32_t k = 0; names && k < n_hosts; k++)
            names[k] = sc->fabric->hosts[stay->hosts[k]].name;
        csin_json_flat_object(j, NULL);
        csin_json_real(j, "from_s", stay->from_s);
        csin_json_real(j, "to_s", stay->to_s);
        csin_json_real(j, "load_s", stay->load_s);
        csin_json_real(j, "save_s", stay->save_s);
        csin_json_count(j, "leaves", stay->n_leaves);
        csin_json_bool(j, "crosses", stay->crosses);
        csin_json_string(j, "hosts", names ? csin_hostlist_fold(arena, names, n_hosts) : NULL);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
    csin_arena_destroy(arena);
}

static void write_job(struct csin_json *j, const struct csin_scenario *sc,
                      const struct csin_cluster_result *r, uint32_t index, const uint32_t *stays,
                      uint32_t n_stays)
{
    const struct csin_cluster *cluster = sc->cluster;
    const struct csin_cluster_job *job = &cluster->jobs[index];
    const struct csin_cluster_job_result *result = &r->jobs[index];
    csin_json_object(j, NULL);
    csin_json_string(j, "name", job->name);
    csin_json_string(j, "template",
                     job->of_template == CSIN_NONE ? NULL
                                                   : cluster->templates[job->of_template].name.s);
    csin_json_string(j, "zone", job->zone);
    csin_json_count(j, "n_hosts", job->n_hosts);
    csin_json_count(j, "priority", job->priority);
    csin_json_real(j, "arrive_s", job->arrive_s);
    moment(j, "start_s", result->start_s);
    moment(j, "finish_s", result->finish_s);
    csin_json_real(j, "work_s", job->work_s);
    csin_json_real(j, "done_s", result->done_s);
    csin_json_real(j, "wait_s", result->wait_s);
    csin_json_real(j, "run_s", result->run_s);
    csin_json_real(j, "save_s", result->save_s);
    csin_json_real(j, "load_s", result->load_s);
    csin_json_real(j, "slowdown", csin_cluster_slowdown(result));
    csin_json_real(j, "slowdown_worst", result->worst_slowdown);
    csin_json_real(j, "round_alone_s",
                   r->alone_round_s && r->alone_round_s[index] > 0 ? r->alone_round_s[index]
                                                                   : HUGE_VAL);
    write_stays(j, sc, r, index, stays, n_stays);
    csin_json_end_object(j);
}

/* Stays sorted by job: first [n_jobs + 1], order [n_stays]; false without memory. */
static bool sort_stays(const struct csin_cluster *cluster, const struct csin_cluster_result *r,
                       struct csin_arena *arena, uint32_t **ret_first, uint32_t **ret_order)
{
    uint32_t *first = csin_arena_alloc(arena, cluster->n_jobs + (size_t)2, sizeof *first);
    uint32_t *order = csin_arena_alloc(arena, r->n_stays + (size_t)1, sizeof *order);
    if (!first || !order)
        return false;
    for (uint32_t i = 0; i < r->n_stays; i++)
        first[r->stays[i].job + 2]++;
    for (uint32_t i = 0; i < cluster->n_jobs; i++)
        first[i + 2] += first[i + 1];
    for (uint32_t i = 0; i < r->n_stays; i++)
        order[first[r->stays[i].job + 1]++] = i;
    *ret_first = first;
    *ret_order = order;
    return true;
}

static void write_jobs(struct csin_json *j, const struct csin_scenario *sc,
                       const struct csin_cluster_result *r)
{
    struct csin_arena *arena = csin_arena_create();
    uint32_t *first = NULL, *order = NULL;
    bool sorted = arena && sort_stays(sc->cluster, r, arena, &first, &order);
    csin_json_array(j, "jobs");
    for (uint32_t i = 0; i < sc->cluster->n_jobs; i++)
        write_job(j, sc, r, i, sorted ? order + first[i] : NULL,
                  sorted ? first[i + 1] - first[i] : 0);
    csin_json_end_array(j);
    csin_arena_destroy(arena);
}

static void write_moments(struct csin_json *j, const struct csin_cluster_result *r)
{
    csin_json_array(j, "moments");
    for (uint32_t i = 0; i < r->n_moments; i++) {
        const struct csin_cluster_moment *at = &r->moments[i];
        csin_json_flat_object(j, NULL);
        csin_json_real(j, "at_s", at->at_s);
        csin_json_count(j, "hosts_busy", at->busy);
        csin_json_count(j, "hosts_working", at->working);
        csin_json_count(j, "jobs_running", at->running);
        csin_json_count(j, "jobs_queued", at->queued);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
}

void csin_cluster_write_json(const struct csin_scenario *sc, const struct csin_cluster_result *r,
                             FILE *out)
{
    const struct csin_cluster *cluster = sc->cluster;
    struct csin_json json, *j = &json;
    struct csin_cluster_sum all = csin_cluster_sum(cluster, r, CSIN_NONE);
    csin_json_init(j, out);
    csin_json_object(j, NULL);
    csin_json_string(j, "schema", "csin-cluster-1");
    csin_json_string(j, "scenario", sc->name);
    csin_json_real(j, "end_s", r->end_s);
    csin_json_count(j, "hosts", cluster->hosts.n_compute);
    csin_json_count(j, "zones", cluster->hosts.n_zones);
    csin_json_real(j, "busy_host_s", r->busy_s);
    csin_json_real(j, "working_host_s", r->working_s);
    csin_json_count(j, "crossing_max", r->max_crossing);
    csin_json_count(j, "sets", r->n_rates);
    csin_json_count(j, "networks", r->n_networks + (uint64_t)r->n_known);
    csin_json_flat_object(j, "all");
    write_sum(j, cluster, &all);
    csin_json_end_object(j);
    write_rules(j, cluster);
    write_provenance(j, sc);
    csin_cabling_write(sc->fabric, "cabling", j);
    csin_json_array(j, "templates");
    for (uint32_t t = 0; t < cluster->n_templates; t++) {
        struct csin_cluster_sum sum = csin_cluster_sum(cluster, r, t);
        csin_json_flat_object(j, NULL);
        csin_json_string(j, "name", cluster->templates[t].name.s);
        write_sum(j, cluster, &sum);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
    write_jobs(j, sc, r);
    write_moments(j, r);
    csin_json_end_object(j);
    csin_json_finish(j);
}

/* ---- csv ---- */

static void put(FILE *out, const char *kind, const char *name, const char *metric, const char *unit,
                double value)
{
    fprintf(out, "%s,%s,,%s,%s,%s\n", kind, name, metric, unit, csin_show_exact(value).s);
}

static void put_sum(FILE *out, const char *kind, const char *name,
                    const struct csin_cluster_sum *sum)
{
    put(out, kind, name, "jobs", "1", sum->n_jobs);
    put(out, kind, name, "done", "1", sum->n_done);
    put(out, kind, name, "never_begun", "1", sum->n_waiting);
    put(out, kind, name, "interruptions", "1", sum->n_interrupted);
    put(out, kind, name, "host_time", "s", sum->host_s);
    put(out, kind, name, "wait_mean", "s", sum->mean_wait_s);
    put(out, kind, name, "slowdown", "1", sum->slowdown);
    put(out, kind, name, "slowdown_max", "1", sum->max_slowdown);
}

static void put_job(FILE *out, const struct csin_cluster_job *job,
                    const struct csin_cluster_job_result *r)
{
    put(out, "job", job->name, "hosts", "1", job->n_hosts);
    put(out, "job", job->name, "arrive", "s", job->arrive_s);
    if (r->start_s >= 0)
        put(out, "job", job->name, "start", "s", r->start_s);
    if (r->finish_s >= 0)
        put(out, "job", job->name, "finish", "s", r->finish_s);
    put(out, "job", job->name, "wait", "s", r->wait_s);
    put(out, "job", job->name, "run", "s", r->run_s);
    put(out, "job", job->name, "slowdown", "1", csin_cluster_slowdown(r));
    put(out, "job", job->name, "stays", "1", r->n_stays);
}

void csin_cluster_write_csv(const struct csin_scenario *sc, const struct csin_cluster_result *r,
                            FILE *out)
{
    const struct csin_cluster *cluster = sc->cluster;
    struct csin_cluster_sum all = csin_cluster_sum(cluster, r, CSIN_NONE);
    fputs("kind,name,step,metric,unit,value\n", out);
    fputs("provenance,csin,,version,," CSIN_VERSION "\n", out);
    for (uint32_t i = 0; i < sc->n_inputs; i++)
        fprintf(out, "provenance,%s,,sha256,,%s\n", sc->inputs[i].what, sc->inputs[i].sha256.hex);
    put(out, "cluster", sc->name, "end", "s", r->end_s);
    put(out, "cluster", sc->name, "hosts", "1", cluster->hosts.n_compute);
    put(out, "cluster", sc->name, "busy", "s", r->busy_s);
    put(out, "cluster", sc->name, "working", "s", r->working_s);
    put(out, "cluster", sc->name, "crossing_max", "1", r->max_crossing);
    put_sum(out, "cluster", sc->name, &all);
    for (uint32_t t = 0; t < cluster->n_templates; t++) {
        struct csin_cluster_sum sum = csin_cluster_sum(cluster, r, t);
        put_sum(out, "template", cluster->templates[t].name.s, &sum);
    }
    for (uint32_t i = 0; i < cluster->n_jobs; i++)
        put_job(out, &cluster->jobs[i], &r->jobs[i]);
    for (uint32_t i = 0; i < r->n_moments; i++) {
        struct csin_shown at = csin_show_exact(r->moments[i].at_s);
        put(out, "moment", at.s, "hosts_busy", "1", r->moments[i].busy);
        put(out, "moment", at.s, "jobs_queued", "1", r->moments[i].queued);
    }
}
