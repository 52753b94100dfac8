/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results for programs. The keys and their meaning are fixed by docs/result.schema.json; a change
 * that breaks readers raises the number in "schema". */
#include <math.h>

#include "base/json.h"
#include "base/units.h"
#include "reports/report.h"
#include "reports/training_report.h"
#include "topo/cabling.h"

static void write_effective(struct csin_json *j, const struct csin_effective *e)
{
    csin_json_flat_object(j, "effective");
    csin_json_count(j, "transfers", e->n_transfers);
    csin_json_count(j, "transfers_skipped", e->n_skipped);
    csin_json_count(j, "bytes", e->bytes);
    csin_json_count(j, "nics_per_host_max", e->max_nics);
    csin_json_count(j, "path_arcs_min", e->min_hops);
    csin_json_count(j, "path_arcs_max", e->max_hops);
    csin_json_real(j, "path_latency_min_s", e->min_latency_s);
    csin_json_real(j, "path_latency_max_s", e->max_latency_s);
    csin_json_real(j, "path_capacity_min_Bps", e->min_capacity_Bps);
    csin_json_real(j, "path_capacity_max_Bps", e->max_capacity_Bps);
    csin_json_end_object(j);
}

static void write_waiting(struct csin_json *j, const struct csin_waiting *w)
{
    csin_json_flat_object(j, "without_way");
    csin_json_count(j, "times", w->n);
    csin_json_real(j, "total_s", w->total_s);
    csin_json_real(j, "longest_s", w->longest_s);
    csin_json_end_object(j);
}

static void write_step(struct csin_json *j, const struct csin_step_result *r)
{
    const struct csin_step *step = r->step;
    bool sized = step->work != CSIN_COMPUTE_DELAY && step->work != CSIN_TRAINING;
    if (step->work == CSIN_TRAINING)
        csin_json_object(j, NULL);
    else
        csin_json_flat_object(j, NULL);
    csin_json_string(j, "work", csin_work_names[step->work]);
    if (step->work == CSIN_ALLREDUCE)
        csin_json_string(j, "algorithm", csin_algorithm_names[step->algorithm]);
    if (sized) {
        csin_json_count(j, "size_bytes", step->size_bytes);
        csin_json_count(j, "pieces", r->cut.n);
        csin_json_count(j, "largest_piece_bytes", r->cut.largest_bytes);
    }
    if (step->work == CSIN_BROADCAST || step->work == CSIN_INCAST)
        csin_json_count(j, "root", step->root);
    if (step->work == CSIN_PERMUTATION) {
        csin_json_bool(j, "random", step->shift == 0);
        if (step->shift)
            csin_json_count(j, "shift", step->shift);
    }
    csin_json_count(j, "rounds", r->n_rounds);
    csin_json_real(j, "time_mean_s", r->mean_s);
    csin_json_real(j, "time_min_s", r->min_s);
    csin_json_real(j, "time_max_s", r->max_s);
    csin_json_real(j, "time_alone_s", r->alone_s);
    csin_json_real(j, "slowdown", r->slowdown);
    if (sized) {
        csin_json_real(j, "algbw_Bps", r->algbw_Bps);
        csin_json_real(j, "busbw_Bps", r->busbw_Bps);
    }
    if (r->training)
        csin_training_json(r->training, j);
    csin_json_end_object(j);
}

static void write_class(struct csin_json *j, const struct csin_scenario *sc, uint32_t traffic_class)
{
    if (traffic_class != CSIN_NONE)
        csin_json_string(j, "class", sc->classes[traffic_class].name);
}

static void write_hosts(struct csin_json *j, const char *key, const struct csin_result *result,
                        const uint32_t *hosts, uint32_t n)
{
    csin_json_flat_array(j, key);
    for (uint32_t i = 0; i < n; i++)
        csin_json_string(j, NULL, result->scenario->fabric->hosts[hosts[i]].name);
    csin_json_end_array(j);
}

static void write_job(struct csin_json *j, const struct csin_result *result,
                      const struct csin_job_result *r)
{
    csin_json_object(j, NULL);
    csin_json_string(j, "name", r->job->name);
    write_class(j, result->scenario, r->job->traffic_class);
    csin_json_count(j, "repeat", r->job->repeat);
    csin_json_bool(j, "stopped", r->stopped);
    csin_json_real(j, "start_s", r->start_s);
    csin_json_real(j, "finish_s", r->finish_s);
    csin_json_real(j, "time_s", r->finish_s - r->start_s);
    csin_json_real(j, "time_alone_s", r->alone_s);
    csin_json_real(j, "slowdown", r->slowdown);
    csin_json_array(j, "steps");
    for (uint32_t i = 0; i < r->job->n_steps; i++)
        write_step(j, &r->steps[i]);
    csin_json_end_array(j);
    write_effective(j, &r->effective);
    write_waiting(j, &r->waiting);
    csin_json_count(j, "n_hosts", r->job->n_hosts);
    write_hosts(j, "hosts_by_rank", result, r->job->hosts, r->job->n_hosts);
    csin_json_end_object(j);
}

/* What only streams over chain tables have. */
static void write_chains(struct csin_json *j, const struct csin_stream_result *r)
{
    const struct csin_stream *stream = r->stream;
    if (!stream->chains)
        return;
    csin_json_string(j, "chains", stream->chains->name);
    csin_json_count(j, "n_chains", stream->chains->n_chains);
    if (stream->record_bytes)
        csin_json_count(j, "record_bytes", stream->record_bytes);
    if (stream->duration_s > 0)
        csin_json_real(j, "throughput_steady_Bps", r->steady_Bps);
    csin_json_flat_object(j, "full");
    for (unsigned i = 0; i < CSIN_N_LIMITS; i++)
        if (r->limits.n[i])
            csin_json_real(j, csin_limit_names[i], r->limits.full[i]);
    csin_json_end_object(j);
    if (r->limits.n_ssds) {
        csin_json_count(j, "n_ssds", r->limits.n_ssds);
        csin_json_real(j, "ssd_mean_bytes", r->limits.ssd_mean_bytes);
        csin_json_real(j, "ssd_max_bytes", r->limits.ssd_max_bytes);
    }
    double time_s = r->finish_s - r->start_s;
    if (stream->record_bytes && time_s > 0)
        csin_json_real(j, "accesses_per_s", (double)(r->bytes / stream->record_bytes) / time_s);
    if (stream->kind == CSIN_KV_CACHE)
        csin_json_count(j, "misses", r->n_misses);
    if (stream->bursts > 1) {
        csin_json_count(j, "bursts", stream->bursts);
        csin_json_real(j, "every_s", stream->every_s);
    }
}

static void write_stream(struct csin_json *j, const struct csin_result *result,
                         const struct csin_stream_result *r)
{
    const struct csin_stream *stream = r->stream;
    csin_json_object(j, NULL);
    csin_json_string(j, "name", stream->name);
    csin_json_string(j, "kind", csin_storage_names[stream->kind]);
    write_class(j, result->scenario, stream->traffic_class);
    csin_json_count(j, "chunk_bytes", stream->chunk_bytes);
    csin_json_count(j, "concurrency", stream->concurrency);
    if (stream->kind == CSIN_READ)
        csin_json_count(j, "stripe", stream->stripe);
    write_chains(j, r);
    if (stream->kind == CSIN_CHECKPOINT)
        csin_json_count(j, "replicas", stream->replicas);
    if (stream->senders)
        csin_json_count(j, "request_to_send", stream->senders);
    csin_json_real(j, "start_s", r->start_s);
    csin_json_real(j, "finish_s", r->finish_s);
    csin_json_bool(j, "stopped", r->stopped);
    csin_json_count(j, "requests", r->n_requests);
    csin_json_count(j, "bytes", r->bytes);
    csin_json_real(j, "throughput_Bps", r->throughput_Bps);
    csin_json_real(j, "throughput_alone_Bps", r->alone_Bps);
    csin_json_real(j, "slowdown", r->slowdown);
    csin_json_real(j, "client_throughput_min_Bps", r->min_client_Bps);
    csin_json_real(j, "client_throughput_mean_Bps", r->mean_client_Bps);
    csin_json_real(j, "client_throughput_max_Bps", r->max_client_Bps);
    csin_json_real(j, "fairness", r->fairness);
    csin_json_real(j, "request_time_mean_s", r->mean_request_s);
    csin_json_real(j, "request_time_p99_s", r->p99_request_s);
    csin_json_real(j, "request_time_max_s", r->max_request_s);
    write_effective(j, &r->effective);
    write_waiting(j, &r->waiting);
    csin_json_count(j, "n_clients", stream->n_clients);
    csin_json_count(j, "n_servers", stream->n_servers);
    write_hosts(j, "clients", result, stream->clients, stream->n_clients);
    write_hosts(j, "servers", result, stream->servers, stream->n_servers);
    csin_json_end_object(j);
}

static void write_owners(struct csin_json *j, const struct csin_result *result,
                         const struct csin_arc_result *arc)
{
    csin_json_flat_object(j, "bytes_by_owner");
    for (uint32_t i = 0; i < arc->n_loads; i++) {
        const struct csin_load *load = &result->loads[arc->first_load + i];
        csin_json_real(j, result->scenario->owners[load->owner], load->bytes);
    }
    csin_json_end_object(j);
}

static void write_arc(struct csin_json *j, const struct csin_result *result,
                      const struct csin_arc_result *arc)
{
    const struct csin_fabric *f = result->scenario->fabric;
    csin_json_flat_object(j, NULL);
    csin_json_string(j, "from", csin_vertex_name(f, csin_arc_tail(f, arc->arc)).s);
    csin_json_string(j, "to", csin_vertex_name(f, csin_arc_head(f, arc->arc)).s);
    csin_json_count(j, "from_port", f->cables[arc->arc >> 1].port[arc->arc & 1] + 1u);
    csin_json_string(j, "place", csin_arc_place(f, arc->arc));
    csin_json_real(j, "capacity_Bps", f->arc_capacity_Bps[arc->arc]);
    csin_json_real(j, "bytes", arc->bytes);
    csin_json_real(j, "utilisation_mean", arc->mean_utilisation);
    csin_json_real(j, "utilisation_peak", arc->peak_utilisation);
    csin_json_real(j, "saturated_s", arc->saturated_s);
    csin_json_real(j, "congested_s", arc->congested_s);
    write_owners(j, result, arc);
    csin_json_end_object(j);
}

static void write_inside(struct csin_json *j, const struct csin_result *result,
                         const struct csin_arc_result *it)
{
    const struct csin_inside *inside = &result->scenario->inside;
    uint32_t index;
    enum csin_inside_kind kind = csin_inside_kind_of(inside, it->arc, &index);
    csin_json_flat_object(j, NULL);
    csin_json_string(j, "host", inside->fabric->hosts[inside->host[it->arc]].name);
    csin_json_string(j, "kind", csin_inside_kind_names[kind]);
    csin_json_count(j, "index", index);
    csin_json_real(j, "capacity_Bps", inside->capacity_Bps[it->arc]);
    csin_json_real(j, "bytes", it->bytes);
    csin_json_real(j, "utilisation_mean", it->mean_utilisation);
    csin_json_real(j, "utilisation_peak", it->peak_utilisation);
    csin_json_real(j, "saturated_s", it->saturated_s);
    write_owners(j, result, it);
    csin_json_end_object(j);
}

static void write_victim(struct csin_json *j, const struct csin_result *result,
                         const struct csin_victim_result *v)
{
    const struct csin_fabric *f = result->scenario->fabric;
    csin_json_flat_object(j, NULL);
    csin_json_string(j, "name", result->scenario->owners[v->owner]);
    csin_json_string(j, "behind_from", csin_vertex_name(f, csin_arc_tail(f, v->arc)).s);
    csin_json_string(j, "behind_to", csin_vertex_name(f, csin_arc_head(f, v->arc)).s);
    csin_json_real(j, "held_s", v->held_s);
    csin_json_real(j, "share", v->share);
    csin_json_end_object(j);
}

/* Service levels, and the virtual lane of each; weights of the lanes. */
static void write_lanes(struct csin_json *j, const struct csin_scenario *sc)
{
    if (!sc->lanes.of_owner)
        return;
    csin_json_array(j, "lanes");
    for (uint32_t owner = 0; owner < sc->n_owners; owner++) {
        csin_json_flat_object(j, NULL);
        csin_json_string(j, "name", sc->owners[owner]);
        csin_json_count(j, "vl", sc->lanes.of_owner[owner]);
        csin_json_count(j, "weight", (uint64_t)sc->lanes.weights[sc->lanes.of_owner[owner]]);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
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
    csin_json_real(j, "horizon_s", sc->horizon_s);
    csin_json_count(j, "scheduled_events", sc->n_events);
    csin_json_real(j, "reaction_s", sc->reaction_s);
    csin_json_array(j, "inputs");
    for (unsigned i = 0; i < sc->n_inputs; i++) {
        csin_json_flat_object(j, NULL);
        csin_json_string(j, "kind", sc->inputs[i].what);
        if (i > 0) /* the scenario's own path depends on where one stands, so it is not told */
            csin_json_string(j, "name", sc->inputs[i].name);
        csin_json_string(j, "sha256", sc->inputs[i].sha256.hex);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
    csin_json_end_object(j);
}

static void write_fabric(struct csin_json *j, const struct csin_fabric *f)
{
    uint32_t n_dead = 0, n_degraded = 0;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        n_dead += !f->cables[c].up;
        n_degraded += f->cables[c].up && f->cables[c].degraded;
    }
    csin_json_flat_object(j, "fabric");
    csin_json_string(j, "name", f->name);
    csin_json_count(j, "switches", f->n_switches);
    csin_json_count(j, "hosts", f->n_hosts);
    csin_json_count(j, "nics", f->n_nics);
    csin_json_count(j, "cables", f->n_cables);
    csin_json_count(j, "cables_dead", n_dead);
    csin_json_count(j, "cables_degraded", n_degraded);
    csin_json_end_object(j);
}

static void write_json(const struct csin_result *result, bool with_arcs, FILE *out)
{
    const struct csin_scenario *sc = result->scenario;
    struct csin_json json, *j = &json;
    csin_json_init(j, out);
    csin_json_object(j, NULL);
    csin_json_string(j, "schema", "csin-result-1");
    csin_json_string(j, "scenario", sc->name);
    csin_json_string(j, "congestion_free", result->congestion_free ? "yes" : "no");
    csin_json_count(j, "congested_arcs", result->n_congested);
    csin_json_real(j, "makespan_s", result->makespan_s);
    csin_json_count(j, "transfers", result->n_transfers);
    csin_json_count(j, "transfers_in_flight_max", result->max_flows);
    csin_json_count(j, "events", result->events);
    write_provenance(j, sc);
    write_fabric(j, sc->fabric);
    csin_cabling_write(sc->fabric, "cabling", j);
    csin_json_array(j, "jobs");
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        write_job(j, result, &result->jobs[i]);
    csin_json_end_array(j);
    csin_json_array(j, "storage");
    for (uint32_t i = 0; i < sc->n_streams; i++)
        write_stream(j, result, &result->streams[i]);
    csin_json_end_array(j);
    write_lanes(j, sc);
    if (sc->congestion == CSIN_LOSSLESS) {
        csin_json_array(j, "victims");
        for (uint32_t i = 0; i < result->n_victims; i++)
            write_victim(j, result, &result->victims[i]);
        csin_json_end_array(j);
    }
    if (with_arcs) {
        csin_json_array(j, "arcs");
        for (uint32_t i = 0; i < result->n_arcs; i++)
            write_arc(j, result, &result->arcs[i]);
        csin_json_end_array(j);
    }
    if (result->n_insides > 0) {
        csin_json_array(j, "inside");
        for (uint32_t i = 0; i < result->n_insides; i++)
            write_inside(j, result, &result->insides[i]);
        csin_json_end_array(j);
    }
    csin_json_end_object(j);
    csin_json_finish(j);
}

void csin_report_json(const struct csin_result *result, FILE *out)
{
    write_json(result, true, out);
}

void csin_report_json_without_arcs(const struct csin_result *result, FILE *out)
{
    write_json(result, false, out);
}
