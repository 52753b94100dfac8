/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The summary a person reads first, in 80 columns. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "reports/report.h"
#include "reports/training_report.h"

#define WORST_ARCS 10
#define WORST_VICTIMS 5
#define COLUMNS 80
#define TITLE 43 /* columns of a name */

/* 1.28x, with more digits where the slowdown is small but there. */
static struct csin_shown factor(double slowdown)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.20sx", csin_show_fixed(slowdown, 2).s);
    return shown;
}

static struct csin_shown percent(double share)
{
    struct csin_shown shown;
    bool fine = share < 0.0995 || (share >= 0.995 && share < 0.9995); /* 99.7 % is not all */
    snprintf(shown.s, sizeof shown.s, "%.20s %%", csin_show_fixed(100 * share, fine ? 1 : 0).s);
    return shown;
}

/* "1 client", "2 clients" */
static struct csin_shown plural(uint64_t n, const char *what)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.20s %.16s%s", csin_show_count(n).s, what,
             n == 1 ? "" : "s");
    return shown;
}

static uint32_t class_of(const struct csin_scenario *sc, uint32_t owner)
{
    return owner < sc->n_jobs ? sc->jobs[owner].traffic_class
                              : sc->streams[owner - sc->n_jobs].traffic_class;
}

/* The job or stream that company slows most. */
static void write_most_slowed(const struct csin_result *result, FILE *out)
{
    const struct csin_scenario *sc = result->scenario;
    double most = 1;
    uint32_t who = CSIN_NONE;
    for (uint32_t i = 0; i < sc->n_owners; i++) {
        double slowdown = i < sc->n_jobs ? result->jobs[i].slowdown
                                         : result->streams[i - sc->n_jobs].slowdown;
        if (slowdown > most * (1 + 1e-9)) {
            most = slowdown;
            who = i;
        }
    }
    if (who != CSIN_NONE)
        fprintf(out, "most slowed by %s: %s, %s\n",
                sc->n_events == 0  ? "company"
                : sc->n_owners > 1 ? "company and events"
                                   : "events",
                sc->owners[who], factor(most).s);
    else if (!result->congestion_free)
        fputs("nothing is slower than alone: what is held back is held back by its own traffic\n",
              out);
    else if (sc->n_owners > 1)
        fputs("nothing is slower than it would be alone\n", out);
}

/* The virtual lane that each class is sent on: "hfreduce SL 1 on VL 1, storage SL 2 on VL 2". */
static void write_lanes(const struct csin_scenario *sc, FILE *out)
{
    if (sc->congestion != CSIN_LOSSLESS || sc->n_classes == 0)
        return;
    int column = fprintf(out, "classes:");
    for (uint32_t c = 0; c < sc->n_classes; c++) {
        char text[128];
        uint32_t owner = 0;
        while (owner < sc->n_owners && class_of(sc, owner) != c)
            owner++;
        int n = owner < sc->n_owners
                    ? snprintf(text, sizeof text, " %s SL %u on VL %u", sc->classes[c].name,
                               sc->classes[c].sl, sc->lanes.of_owner[owner])
                    : snprintf(text, sizeof text, " %s SL %u, unused", sc->classes[c].name,
                               sc->classes[c].sl);
        if (column + n >= COLUMNS)
            column = fprintf(out, "\n ") - 1;
        column += fprintf(out, "%s%s", text, c + 1 < sc->n_classes ? "," : "\n");
    }
}

static void write_verdict(const struct csin_result *result, FILE *out)
{
    const struct csin_scenario *sc = result->scenario;
    fprintf(out, "%s\ncongestion-free: ", sc->name);
    if (result->congestion_free)
        fputs("yes - no flow is slower than its end hosts alone would make it\n", out);
    else
        fprintf(out, "no - %s %s back flows whose end hosts could go faster\n",
                csin_show_count(result->n_congested).s,
                result->n_congested == 1 ? "arc holds" : "arcs hold");
    write_most_slowed(result, out);
    fprintf(out, "\n%s simulated: %s transfers, at most %s at once\n",
            csin_show_time(result->makespan_s).s, csin_show_count(result->n_transfers).s,
            csin_show_count(result->max_flows).s);
    char size[80];
    int n = snprintf(size, sizeof size, "%s switches, %s hosts",
                     csin_show_count(sc->fabric->n_switches).s,
                     csin_show_count(sc->fabric->n_hosts).s);
    fprintf(out, "fabric %s:%s%s\n", sc->fabric->name,
            strlen(sc->fabric->name) + (size_t)n > 71 ? "\n  " : " ", size);
    fprintf(out, "routing %s, engine %s, congestion %s, seed %s\n", csin_policy_name(sc->policy),
            sc->engine->name, csin_congestion_names[sc->congestion],
            csin_show_exact((double)sc->seed).s);
    write_lanes(sc, out);
    if (sc->n_events > 0)
        fprintf(out, "%s on the way, routes follow %s later\n", plural(sc->n_events, "event").s,
                csin_show_time(sc->reaction_s).s);
}

static void write_effective(const struct csin_effective *e, bool stopped, FILE *out)
{
    if (e->n_transfers == 0)
        return;
    fprintf(out, "  %s over paths of %u", plural(e->n_transfers, "transfer").s, e->min_hops);
    if (e->max_hops != e->min_hops)
        fprintf(out, " to %u", e->max_hops);
    fprintf(out, " arcs, %s", csin_show_time(e->min_latency_s).s);
    if (e->max_latency_s != e->min_latency_s)
        fprintf(out, " to %s", csin_show_time(e->max_latency_s).s);
    bool ranges = e->max_latency_s != e->min_latency_s || e->max_hops != e->min_hops;
    bool differ = e->max_capacity_Bps != e->min_capacity_Bps;
    fprintf(out, ",%s%s", ranges && differ ? "\n    " : " ",
            csin_show_linerate(e->min_capacity_Bps).s);
    if (differ)
        fprintf(out, " to %s", csin_show_linerate(e->max_capacity_Bps).s);
    fputc('\n', out);
    if (e->max_nics > 1)
        fprintf(out, "  its hosts have up to %u NICs; a flow uses one of them\n", e->max_nics);
    if (e->n_skipped && stopped)
        fprintf(out, "  %s not made: it was stopped\n", plural(e->n_skipped, "more transfer").s);
    else if (e->n_skipped)
        fprintf(out, "  %s not begun before the time was up\n", plural(e->n_skipped, "request").s);
}

static void write_waiting(const struct csin_waiting *w, FILE *out)
{
    if (w->n > 0)
        fprintf(out, "  %s stood still without a way: %s at most, %s added up\n",
                plural(w->n, "transfer").s, csin_show_time(w->longest_s).s,
                csin_show_time(w->total_s).s);
}

static void write_step(const struct csin_step_result *r, uint32_t index, FILE *out)
{
    if (r->n_rounds == 0) {
        fprintf(out, "  %-2u %-38s %10s\n", index + 1, csin_step_words(r->step).s, "not ended");
        return;
    }
    fprintf(out, "  %-2u %-38s %10s %10s %9s", index + 1, csin_step_words(r->step).s,
            csin_show_time(r->mean_s).s, csin_show_time(r->alone_s).s, factor(r->slowdown).s);
    fputc('\n', out);
    if (r->training)
        csin_training_text(r->training, out);
    if (r->algbw_Bps <= 0)
        return;
    fprintf(out, "     algbw %s, busbw %s; %s of %s", csin_show_rate(r->algbw_Bps).s,
            csin_show_rate(r->busbw_Bps).s, plural(r->cut.n, "piece").s,
            csin_show_size(r->cut.largest_bytes).s);
    fputc('\n', out);
}

/* A name in its column, or on a line of its own where it is longer. */
static void write_title(const char *title, FILE *out)
{
    fprintf(out, "%-*s", TITLE, title);
    if (strlen(title) > TITLE)
        fprintf(out, "\n%-*s", TITLE, "");
}

static void write_job(const struct csin_job_result *r, FILE *out)
{
    char title[160];
    snprintf(title, sizeof title, "%s (%s, %s)", r->job->name, plural(r->job->n_hosts, "host").s,
             plural(r->job->repeat, "round").s);
    write_title(title, out);
    fprintf(out, " %10s %10s %9s\n", csin_show_time(r->finish_s - r->start_s).s,
            csin_show_time(r->alone_s).s,
            r->stopped && r->alone_s <= 0 ? "-" : factor(r->slowdown).s);
    for (uint32_t i = 0; i < r->job->n_steps; i++)
        write_step(&r->steps[i], i, out);
    if (r->stopped)
        fprintf(out, "  stopped; times are those of %s that ended\n",
                plural(r->steps[r->job->n_steps - 1].n_rounds, "round").s);
    write_effective(&r->effective, r->stopped, out);
    write_waiting(&r->waiting, out);
}

/* What was full, and how evenly SSDs were used. */
static void write_limits(const struct csin_stream_result *r, FILE *out)
{
    static const char *const names[] = {"SSDs", "server NICs", "client NICs", "fabric"};
    const struct csin_limits *limits = &r->limits;
    const char *between = "  full: ";
    for (unsigned i = 0; i < CSIN_N_LIMITS; i++) {
        if (limits->n[i] == 0)
            continue;
        fprintf(out, "%s%s %s", between, names[i], percent(limits->full[i]).s);
        between = ", ";
    }
    fputs(" of the time\n", out);
    if (limits->ssd_mean_bytes > 0)
        fprintf(out, "  %s SSDs, the busiest with %s times the mean\n",
                csin_show_count(limits->n_ssds).s,
                csin_show_fixed(limits->ssd_max_bytes / limits->ssd_mean_bytes, 2).s);
    if (r->stream->record_bytes && r->finish_s > r->start_s)
        fprintf(out, "  %s of %s a second\n",
                csin_show_count((uint64_t)((double)(r->bytes / r->stream->record_bytes) /
                                           (r->finish_s - r->start_s)))
                    .s,
                csin_show_size(r->stream->record_bytes).s);
}

static void write_stream(const struct csin_stream_result *r, FILE *out)
{
    char title[160];
    snprintf(title, sizeof title, "%s (%s)", r->stream->name, csin_storage_names[r->stream->kind]);
    write_title(title, out);
    fprintf(out, " %10s %10s %9s\n", csin_show_rate(r->throughput_Bps).s,
            csin_show_rate(r->alone_Bps).s, r->n_requests ? factor(r->slowdown).s : "-");
    fprintf(out, "  %s, %s: %s in %s\n", plural(r->stream->n_clients, "client").s,
            plural(r->stream->n_servers, "server").s, csin_show_size(r->bytes).s,
            csin_show_time(r->finish_s - r->start_s).s);
    fprintf(out, "  per client %s to %s, fairness %s\n", csin_show_rate(r->min_client_Bps).s,
            csin_show_rate(r->max_client_Bps).s, csin_show_fixed(r->fairness, 3).s);
    fprintf(out, "  %s of %s, %s each, 99 %% within %s\n", plural(r->n_requests, "request").s,
            csin_show_size(r->stream->chunk_bytes).s, csin_show_time(r->mean_request_s).s,
            csin_show_time(r->p99_request_s).s);
    if (r->stream->chains)
        write_limits(r, out);
    if (r->stream->chains && r->stream->duration_s > 0)
        fprintf(out, "  steady, in the middle third of the time: %s\n",
                csin_show_rate(r->steady_Bps).s);
    if (r->n_misses)
        fprintf(out, "  %s more that were not there\n", plural(r->n_misses, "value").s);
    if (r->stopped)
        fputs("  stopped; what was not done by then does not count\n", out);
    write_effective(&r->effective, r->stopped, out);
    write_waiting(&r->waiting, out);
}

/* The largest loads of an arc that fit into `room` columns: "llm 71 %, dataset 27 %, +1". */
static void write_loads(const struct csin_result *result, const struct csin_arc_result *arc,
                        int room, FILE *out)
{
    int used = 0;
    for (uint32_t i = 0; i < arc->n_loads; i++) {
        const struct csin_load *load = &result->loads[arc->first_load + i];
        char text[128];
        int n = snprintf(text, sizeof text, "%s%s %s", i ? ", " : "",
                         result->scenario->owners[load->owner],
                         percent(load->bytes / arc->bytes).s);
        if (i && used + n + (i + 1 < arc->n_loads ? 4 : 0) > room) {
            fprintf(out, ", +%u", arc->n_loads - i);
            break;
        }
        fputs(text, out);
        used += n;
    }
    fputc('\n', out);
}

/* The arc's row, which is there where anything went over it. */
static const struct csin_arc_result *arc_result(const struct csin_result *result, uint32_t arc)
{
    uint32_t i = 0;
    while (result->arcs[i].arc != arc)
        i++;
    return &result->arcs[i];
}

static int widest(int so_far, const char *text)
{
    int length = (int)strlen(text);
    return length > so_far ? length : so_far;
}

struct arc_name {
    char s[200];
};
static struct arc_name arc_name(const struct csin_fabric *f, uint32_t arc)
{
    struct arc_name name;
    snprintf(name.s, sizeof name.s, "%s > %s", csin_vertex_name(f, csin_arc_tail(f, arc)).s,
             csin_vertex_name(f, csin_arc_head(f, arc)).s);
    return name;
}

/* Whose transfers stand in queues behind others that wait for a full arc, and whose bytes fill it.
 */
static void write_victims(const struct csin_result *result, FILE *out)
{
    const struct csin_scenario *sc = result->scenario;
    uint32_t n = result->n_victims < WORST_VICTIMS ? result->n_victims : WORST_VICTIMS;
    if (sc->congestion != CSIN_LOSSLESS)
        return;
    if (n == 0) {
        fputs("\nno victims: nobody waits behind a full arc that is not on his way\n", out);
        return;
    }
    int names = 8, arcs = 12;
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_victim_result *v = &result->victims[i];
        names = widest(names, sc->owners[v->owner]);
        arcs = widest(arcs, arc_name(sc->fabric, v->arc).s);
    }
    fprintf(out, "\n%-*s %8s  %-*s  %s\n", names, "VICTIMS", "held for", arcs, "behind",
            "whose bytes");
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_victim_result *v = &result->victims[i];
        fprintf(out, "%-*s %8s  %-*s  ", names, sc->owners[v->owner], percent(v->share).s, arcs,
                arc_name(sc->fabric, v->arc).s);
        write_loads(result, arc_result(result, v->arc), COLUMNS - names - arcs - 13, out);
    }
    if (result->n_victims > n)
        fprintf(out, "and %s more pairs of victim and arc; the JSON result has all of them\n",
                csin_show_count(result->n_victims - n).s);
}

static void write_worst(const struct csin_result *result, FILE *out)
{
    const struct csin_fabric *f = result->scenario->fabric;
    uint32_t n = result->n_arcs < WORST_ARCS ? result->n_arcs : WORST_ARCS;
    if (n == 0)
        return;
    int width = 12;
    for (uint32_t i = 0; i < n; i++) {
        int length = (int)strlen(arc_name(f, result->arcs[result->worst[i]].arc).s);
        width = length > width ? length : width;
    }
    fprintf(out, "\n%-*s %6s %6s %10s  %s\n", width,
            result->congestion_free ? "BUSIEST ARCS" : "WORST ARCS", "mean", "peak", "congested",
            "whose bytes");
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_arc_result *arc = &result->arcs[result->worst[i]];
        fprintf(out, "%-*s %6s %6s %10s  ", width, arc_name(f, arc->arc).s,
                percent(arc->mean_utilisation).s, percent(arc->peak_utilisation).s,
                arc->congested_s > 0 ? csin_show_time(arc->congested_s).s : "-");
        write_loads(result, arc, COLUMNS - width - 28, out);
    }
    if (result->n_congested > n)
        fprintf(out, "and %s more congested arcs; the JSON result has all of them\n",
                csin_show_count(result->n_congested - n).s);
}

/* Of each kind the one that was full longest, of all hosts. */
static uint32_t pick_insides(const struct csin_result *result, uint32_t *ret_picked)
{
    bool seen[CSIN_N_INSIDE_KINDS] = {false};
    uint32_t n = 0;
    for (uint32_t i = 0; i < result->n_insides; i++) {
        uint32_t index, at = result->worst_insides[i];
        enum csin_inside_kind kind = csin_inside_kind_of(&result->scenario->inside,
                                                         result->insides[at].arc, &index);
        if (!seen[kind])
            ret_picked[n++] = at;
        seen[kind] = true;
    }
    return n;
}

/* Memory, root ports, SSDs: a user sees here that the hosts are what takes the time. */
static void write_insides(const struct csin_result *result, FILE *out)
{
    const struct csin_inside *inside = &result->scenario->inside;
    uint32_t picked[CSIN_N_INSIDE_KINDS], n = pick_insides(result, picked);
    int width = 12;
    if (n == 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        width = widest(width, csin_inside_name(inside, result->insides[picked[i]].arc).s);
    fprintf(out, "\n%-*s %6s %6s %10s  %s\n", width, "INSIDE HOSTS", "mean", "peak", "full",
            "whose bytes");
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_arc_result *it = &result->insides[picked[i]];
        fprintf(out, "%-*s %6s %6s %10s  ", width, csin_inside_name(inside, it->arc).s,
                percent(it->mean_utilisation).s, percent(it->peak_utilisation).s,
                it->saturated_s > 0 ? csin_show_time(it->saturated_s).s : "-");
        write_loads(result, it, COLUMNS - width - 28, out);
    }
    fprintf(out, "the fullest of each kind; the JSON result has all %s\n",
            csin_show_count(result->n_insides).s);
}

void csin_report_text(const struct csin_result *result, FILE *out)
{
    const struct csin_scenario *sc = result->scenario;
    write_verdict(result, out);
    if (sc->n_jobs)
        fprintf(out, "\n%-43s %10s %10s %9s\n", "JOBS", "time", "alone", "slowdown");
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        write_job(&result->jobs[i], out);
    if (sc->n_streams)
        fprintf(out, "\n%-43s %10s %10s %9s\n", "STORAGE", "throughput", "alone", "slowdown");
    for (uint32_t i = 0; i < sc->n_streams; i++)
        write_stream(&result->streams[i], out);
    write_victims(result, out);
    write_worst(result, out);
    write_insides(result, out);
}
