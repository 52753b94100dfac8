/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One number a line, so that spreadsheets and data frames can filter and pivot. Names cannot
 * contain commas or quotes, so nothing needs quoting. The first lines say what made the
 * numbers. */
#include "base/units.h"
#include "reports/report.h"
#include "reports/training_report.h"

struct row {
    FILE *out;
    const char *kind, *name;
    int step; /* from 1; 0: none */
};

static void put(const struct row *row, const char *metric, const char *unit, double value)
{
    fprintf(row->out, "%s,%s,", row->kind, row->name);
    if (row->step)
        fprintf(row->out, "%d", row->step);
    fprintf(row->out, ",%s,%s,%s\n", metric, unit, csin_show_exact(value).s);
}

static void write_provenance(const struct csin_scenario *sc, FILE *out)
{
    fprintf(out, "provenance,csin,,version,," CSIN_VERSION "\n");
    for (uint32_t i = 0; i < sc->n_inputs; i++)
        fprintf(out, "provenance,%s,,sha256,,%s\n", sc->inputs[i].what, sc->inputs[i].sha256.hex);
    fprintf(out, "provenance,routing,,policy,,%s\n", csin_policy_name(sc->policy));
    fprintf(out, "provenance,engine,,name,,%s\n", sc->engine->name);
    fprintf(out, "provenance,congestion,,model,,%s\n", csin_congestion_names[sc->congestion]);
    struct row row = {out, "provenance", "seed", 0};
    put(&row, "seed", "1", (double)sc->seed);
}

static void write_waiting(const struct row *row, const struct csin_waiting *w)
{
    put(row, "without_way_times", "1", w->n);
    put(row, "without_way_total", "s", w->total_s);
    put(row, "without_way_longest", "s", w->longest_s);
}

static void put_number(void *row, const char *metric, const char *unit, double value)
{
    put(row, metric, unit, value);
}

static void write_job(const struct csin_job_result *r, FILE *out)
{
    struct row row = {out, "job", r->job->name, 0};
    put(&row, "hosts", "1", r->job->n_hosts);
    put(&row, "start", "s", r->start_s);
    put(&row, "time", "s", r->finish_s - r->start_s);
    put(&row, "time_alone", "s", r->alone_s);
    put(&row, "slowdown", "1", r->slowdown);
    put(&row, "stopped", "1", r->stopped);
    write_waiting(&row, &r->waiting);
    for (uint32_t i = 0; i < r->job->n_steps; i++) {
        row.step = (int)i + 1;
        put(&row, "time_mean", "s", r->steps[i].mean_s);
        put(&row, "time_min", "s", r->steps[i].min_s);
        put(&row, "time_max", "s", r->steps[i].max_s);
        put(&row, "time_alone", "s", r->steps[i].alone_s);
        put(&row, "slowdown", "1", r->steps[i].slowdown);
        if (r->steps[i].training)
            csin_training_numbers(r->steps[i].training, put_number, &row);
        if (r->steps[i].step->work == CSIN_COMPUTE_DELAY || r->steps[i].step->training)
            continue;
        put(&row, "algbw", "B/s", r->steps[i].algbw_Bps);
        put(&row, "busbw", "B/s", r->steps[i].busbw_Bps);
    }
}

static void write_stream(const struct csin_stream_result *r, FILE *out)
{
    struct row row = {out, "storage", r->stream->name, 0};
    put(&row, "clients", "1", r->stream->n_clients);
    put(&row, "start", "s", r->start_s);
    put(&row, "time", "s", r->finish_s - r->start_s);
    put(&row, "bytes", "B", (double)r->bytes);
    put(&row, "throughput", "B/s", r->throughput_Bps);
    put(&row, "throughput_alone", "B/s", r->alone_Bps);
    put(&row, "slowdown", "1", r->slowdown);
    put(&row, "fairness", "1", r->fairness);
    put(&row, "client_throughput_min", "B/s", r->min_client_Bps);
    put(&row, "client_throughput_mean", "B/s", r->mean_client_Bps);
    put(&row, "client_throughput_max", "B/s", r->max_client_Bps);
    put(&row, "request_time_mean", "s", r->mean_request_s);
    put(&row, "request_time_p99", "s", r->p99_request_s);
    put(&row, "request_time_max", "s", r->max_request_s);
    put(&row, "stopped", "1", r->stopped);
    write_waiting(&row, &r->waiting);
}

static void write_victim(const struct csin_result *result, const struct csin_victim_result *v,
                         FILE *out)
{
    const struct csin_fabric *f = result->scenario->fabric;
    char metric[240];
    struct row row = {out, "victim", result->scenario->owners[v->owner], 0};
    snprintf(metric, sizeof metric, "behind:%s>%s", csin_vertex_name(f, csin_arc_tail(f, v->arc)).s,
             csin_vertex_name(f, csin_arc_head(f, v->arc)).s);
    put(&row, metric, "s", v->held_s);
}

static void write_owners(const struct row *row, const struct csin_result *result,
                         const struct csin_arc_result *arc)
{
    for (uint32_t i = 0; i < arc->n_loads; i++) {
        const struct csin_load *load = &result->loads[arc->first_load + i];
        char metric[96];
        snprintf(metric, sizeof metric, "bytes_of:%s", result->scenario->owners[load->owner]);
        put(row, metric, "B", load->bytes);
    }
}

static void write_arc(const struct csin_result *result, const struct csin_arc_result *arc,
                      FILE *out)
{
    const struct csin_fabric *f = result->scenario->fabric;
    char name[240];
    snprintf(name, sizeof name, "%s>%s:%u", csin_vertex_name(f, csin_arc_tail(f, arc->arc)).s,
             csin_vertex_name(f, csin_arc_head(f, arc->arc)).s,
             f->cables[arc->arc >> 1].port[arc->arc & 1] + 1u);
    struct row row = {out, "arc", name, 0};
    put(&row, "capacity", "B/s", f->arc_capacity_Bps[arc->arc]);
    put(&row, "bytes", "B", arc->bytes);
    put(&row, "utilisation_mean", "1", arc->mean_utilisation);
    put(&row, "utilisation_peak", "1", arc->peak_utilisation);
    put(&row, "saturated", "s", arc->saturated_s);
    put(&row, "congested", "s", arc->congested_s);
    write_owners(&row, result, arc);
}

static void write_inside(const struct csin_result *result, const struct csin_arc_result *it,
                         FILE *out)
{
    const struct csin_inside *inside = &result->scenario->inside;
    uint32_t index;
    char name[240];
    enum csin_inside_kind kind = csin_inside_kind_of(inside, it->arc, &index);
    snprintf(name, sizeof name, "%s:%s:%u", inside->fabric->hosts[inside->host[it->arc]].name,
             csin_inside_kind_names[kind], index);
    struct row row = {out, "inside", name, 0};
    put(&row, "capacity", "B/s", inside->capacity_Bps[it->arc]);
    put(&row, "bytes", "B", it->bytes);
    put(&row, "utilisation_mean", "1", it->mean_utilisation);
    put(&row, "utilisation_peak", "1", it->peak_utilisation);
    put(&row, "saturated", "s", it->saturated_s);
    write_owners(&row, result, it);
}

void csin_report_metrics(const struct csin_result *result, FILE *out)
{
    const struct csin_scenario *sc = result->scenario;
    struct row row = {out, "scenario", sc->name, 0};
    put(&row, "makespan", "s", result->makespan_s);
    put(&row, "congestion_free", "1", result->congestion_free);
    put(&row, "congested_arcs", "1", result->n_congested);
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        write_job(&result->jobs[i], out);
    for (uint32_t i = 0; i < sc->n_streams; i++)
        write_stream(&result->streams[i], out);
}

void csin_report_csv(const struct csin_result *result, FILE *out)
{
    fputs("kind,name,step,metric,unit,value\n", out);
    write_provenance(result->scenario, out);
    csin_report_metrics(result, out);
    for (uint32_t i = 0; i < result->n_victims; i++)
        write_victim(result, &result->victims[i], out);
    for (uint32_t i = 0; i < result->n_arcs; i++)
        write_arc(result, &result->arcs[i], out);
    for (uint32_t i = 0; i < result->n_insides; i++)
        write_inside(result, &result->insides[i], out);
}
