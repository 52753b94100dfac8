/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A schedule for a person, in 80 columns. */
#include "reports/cluster_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "reports/wrap.h"

const struct csin_cluster_writer csin_cluster_writers[] = {
    {"text", ".txt", csin_cluster_write_text},
    {"json", ".json", csin_cluster_write_json},
    {"csv", ".csv", csin_cluster_write_csv},
    {0}};

#define JOBS_SHOWN 20
#define TEMPLATES_DRAWN 16
#define TITLE 17 /* columns in front of a drawing */
#define DRAWN 60 /* columns of a drawing */
#define HEIGHT 8 /* lines of it */

/* ---- sums ---- */

double csin_cluster_slowdown(const struct csin_cluster_job_result *job)
{
    return job->done_s > 0 && job->run_s > 0 ? job->run_s / job->done_s : 1;
}

struct csin_cluster_sum csin_cluster_sum(const struct csin_cluster *cluster,
                                         const struct csin_cluster_result *result,
                                         uint32_t template)
{
    struct csin_cluster_sum sum = {.slowest = CSIN_NONE};
    double ran = 0, done = 0;
    for (uint32_t i = 0; i < cluster->n_jobs; i++) {
        const struct csin_cluster_job *job = &cluster->jobs[i];
        const struct csin_cluster_job_result *r = &result->jobs[i];
        if ((template != CSIN_NONE && job->of_template != template) ||
            job->arrive_s > result->end_s)
            continue;
        sum.n_jobs++;
        sum.n_done += r->finish_s >= 0;
        sum.n_waiting += r->start_s < 0;
        sum.n_interrupted += r->n_stays > 1 ? r->n_stays - 1 : 0;
        sum.host_s += job->n_hosts * (r->run_s + r->save_s + r->load_s);
        sum.mean_wait_s += r->wait_s;
        sum.max_wait_s = fmax(sum.max_wait_s, r->wait_s);
        ran += job->n_hosts * r->run_s;
        done += job->n_hosts * r->done_s;
        if (csin_cluster_slowdown(r) > sum.max_slowdown && r->start_s >= 0) {
            sum.max_slowdown = csin_cluster_slowdown(r);
            sum.slowest = i;
        }
    }
    sum.mean_wait_s = sum.n_jobs ? sum.mean_wait_s / sum.n_jobs : 0;
    sum.slowdown = done > 0 ? ran / done : 1;
    return sum;
}

/* ---- words ---- */

static struct csin_shown percent(double share)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.20s %%", csin_show_fixed(100 * share, 1).s);
    return shown;
}

static struct csin_shown factor(double slowdown)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.20sx", csin_show_fixed(slowdown, 2).s);
    return shown;
}

/* 3d04h, 5h07m, 12m30s, 4.5s: as long as it is, short enough for a column. */
static struct csin_shown span(double time_s)
{
    struct csin_shown shown;
    if (time_s < 60) {
        snprintf(shown.s, sizeof shown.s, "%.20ss",
                 csin_show_fixed(time_s, time_s > 0 && time_s < 10).s);
        return shown;
    }
    uint64_t s = (uint64_t)(time_s + 0.5), m = (s + 30) / 60, h = (s + 1800) / 3600;
    if (time_s < 3600)
        snprintf(shown.s, sizeof shown.s, "%um%02us", (unsigned)(s / 60), (unsigned)(s % 60));
    else if (time_s < 100 * 3600)
        snprintf(shown.s, sizeof shown.s, "%uh%02um", (unsigned)(m / 60), (unsigned)(m % 60));
    else
        snprintf(shown.s, sizeof shown.s, "%.20sd%02uh", csin_show_count(h / 24).s,
                 (unsigned)(h % 24));
    return shown;
}

static void write_verdict(const struct csin_scenario *sc, const struct csin_cluster_result *r,
                          FILE *out)
{
    const struct csin_cluster *cluster = sc->cluster;
    struct csin_cluster_sum all = csin_cluster_sum(cluster, r, CSIN_NONE);
    double host_s = cluster->hosts.n_compute * r->end_s;
    fprintf(out, "%s\n%s hosts for %s: %s job%s, %s done, %s not done, %s never begun\n", sc->name,
            csin_show_count(cluster->hosts.n_compute).s, span(r->end_s).s,
            csin_show_count(all.n_jobs).s, all.n_jobs == 1 ? "" : "s",
            csin_show_count(all.n_done).s,
            csin_show_count(all.n_jobs - all.n_done - all.n_waiting).s,
            csin_show_count(all.n_waiting).s);
    if (host_s > 0)
        fprintf(out, "hosts busy %s of the time, making progress %s\n",
                percent(r->busy_s / host_s).s, percent(r->working_s / host_s).s);
    fprintf(out, "jobs took %s as long as alone on an idle fabric", factor(all.slowdown).s);
    if (all.slowest != CSIN_NONE && all.max_slowdown > 1)
        fprintf(out, ", at most %s: %.40s", factor(all.max_slowdown).s,
                cluster->jobs[all.slowest].name);
    fprintf(out, "\nthey waited %s in the mean, at most %s; interrupted %s time%s\n",
            span(all.mean_wait_s).s, span(all.max_wait_s).s, csin_show_count(all.n_interrupted).s,
            all.n_interrupted == 1 ? "" : "s");
}

static void write_settings(const struct csin_scenario *sc, const struct csin_cluster_result *r,
                           FILE *out)
{
    const struct csin_cluster *cluster = sc->cluster;
    fprintf(out, "\nplacement %s, queue %s, preemption %s\n",
            csin_cluster_placement_names[cluster->rules.placement],
            csin_queue_names[cluster->rules.queue], cluster->rules.preempts ? "yes" : "no");
    if (cluster->hosts.n_zones > 1)
        fprintf(out, "%u zones; at most %u job%s across them at a time, %u allowed\n",
                cluster->hosts.n_zones, r->max_crossing, r->max_crossing == 1 ? "" : "s",
                cluster->rules.cross_zone);
    if (cluster->has_network)
        fprintf(out, "other jobs ran %s times; %s networks simulated for it, %s known, %s each\n",
                csin_show_count(r->n_rates).s, csin_show_count(r->n_networks).s,
                csin_show_count(r->n_known).s, csin_show_time(cluster->window_s).s);
    else
        fputs("network off: nobody is slowed\n", out);
    if (cluster->n_steps || cluster->n_skipped)
        fprintf(out, "of the trace %s steps of jobs and %s jobs that never ran are left out\n",
                csin_show_count(cluster->n_steps).s, csin_show_count(cluster->n_skipped).s);
    fprintf(out, "fabric %s\nrouting %s, engine %s, congestion %s, seed %s\n", sc->fabric->name,
            csin_policy_name(sc->policy), sc->engine->name, csin_congestion_names[sc->congestion],
            csin_show_exact((double)sc->seed).s);
}

/* ---- drawings ---- */

/* Host-seconds of each column of the drawing. */
struct columns {
    double width_s, end_s;
    double host_s[DRAWN];
};

static void add_time(struct columns *c, double from_s, double to_s, double hosts)
{
    if (c->width_s <= 0)
        return;
    for (int i = (int)fmin(from_s / c->width_s, DRAWN - 1); i < DRAWN; i++) {
        double begin = i * c->width_s, end = i + 1 < DRAWN ? begin + c->width_s : c->end_s;
        if (begin >= to_s)
            return;
        c->host_s[i] += hosts * fmax(0, fmin(to_s, end) - fmax(from_s, begin));
    }
}

static struct columns of_moments(const struct csin_cluster_result *r, bool working)
{
    struct columns c = {.width_s = r->end_s / DRAWN, .end_s = r->end_s};
    for (uint32_t i = 0; i < r->n_moments; i++) {
        double to_s = i + 1 < r->n_moments ? r->moments[i + 1].at_s : r->end_s;
        add_time(&c, r->moments[i].at_s, to_s,
                 working ? r->moments[i].working : r->moments[i].busy);
    }
    return c;
}

static struct columns of_template(const struct csin_cluster *cluster,
                                  const struct csin_cluster_result *r, uint32_t template)
{
    struct columns c = {.width_s = r->end_s / DRAWN, .end_s = r->end_s};
    for (uint32_t i = 0; i < r->n_stays; i++) {
        const struct csin_cluster_job *job = &cluster->jobs[r->stays[i].job];
        if (job->of_template == template)
            add_time(&c, r->stays[i].from_s, r->stays[i].to_s, job->n_hosts);
    }
    return c;
}

static void write_axis(const struct csin_cluster_result *r, FILE *out)
{
    struct csin_shown middle = span(r->end_s / 2), end = span(r->end_s);
    int left = DRAWN / 2 - (int)strlen(middle.s) / 2 - 1;
    int right = DRAWN - 1 - left - (int)strlen(middle.s) - (int)strlen(end.s);
    fprintf(out, "%*s0%*s%s%*s%s\n", TITLE + 1, "", left, "", middle.s, right, "", end.s);
}

static void write_busy(const struct csin_cluster *cluster, const struct csin_cluster_result *r,
                       FILE *out)
{
    struct columns busy = of_moments(r, false), working = of_moments(r, true);
    double full = cluster->hosts.n_compute * busy.width_s;
    if (full <= 0)
        return;
    fputs("\nHOSTS BUSY        # making progress, + saving or loading\n", out);
    for (int line = HEIGHT; line > 0; line--) {
        char text[DRAWN + 1];
        for (int i = 0; i < DRAWN; i++) {
            double level = line - 0.5;
            text[i] = working.host_s[i] / full * HEIGHT >= level ? '#'
                      : busy.host_s[i] / full * HEIGHT >= level  ? '+'
                                                                 : ' ';
        }
        text[DRAWN] = 0;
        fprintf(out, "%*s |%s|\n", TITLE - 1,
                line == HEIGHT       ? "100 %"
                : line == HEIGHT / 2 ? "50 %"
                                     : "",
                text);
    }
    write_axis(r, out);
}

/* Which template had how much of the cluster. */
static void write_shares(const struct csin_cluster *cluster, const struct csin_cluster_result *r,
                         FILE *out)
{
    double full = cluster->hosts.n_compute * r->end_s / DRAWN;
    if (full <= 0 || cluster->n_templates == 0)
        return;
    fputs("\nWHOSE             . up to 5 %, 1 is 10 %, 9 is 90 %, # all of the cluster\n", out);
    for (uint32_t t = 0; t < cluster->n_templates && t < TEMPLATES_DRAWN; t++) {
        struct columns c = of_template(cluster, r, t);
        char text[DRAWN + 1];
        for (int i = 0; i < DRAWN; i++) {
            double share = c.host_s[i] / full;
            int tenths = (int)(share * 10 + 0.5);
            text[i] = (char)(share <= 0     ? ' '
                             : tenths == 0  ? '.'
                             : tenths >= 10 ? '#'
                                            : '0' + tenths);
        }
        text[DRAWN] = 0;
        fprintf(out, "%-*.*s|%s|\n", TITLE, TITLE - 1, cluster->templates[t].name.s, text);
    }
    write_axis(r, out);
}

/* ---- tables ---- */

static void write_sum(const char *name, const struct csin_cluster_sum *sum, FILE *out)
{
    fprintf(out, "%-24.23s %6s %6s %11s %8s %8s %8s\n", name, csin_show_count(sum->n_jobs).s,
            csin_show_count(sum->n_done).s, csin_show_count((uint64_t)(sum->host_s / 3600 + 0.5)).s,
            span(sum->mean_wait_s).s, factor(sum->slowdown).s,
            sum->slowest == CSIN_NONE ? "-" : factor(sum->max_slowdown).s);
}

static void write_templates(const struct csin_cluster *cluster, const struct csin_cluster_result *r,
                            FILE *out)
{
    fprintf(out, "\n%-24s %6s %6s %11s %8s %8s %8s\n", "TEMPLATES", "jobs", "done", "host-hours",
            "waited", "slowed", "most");
    for (uint32_t t = 0; t < cluster->n_templates; t++) {
        struct csin_cluster_sum sum = csin_cluster_sum(cluster, r, t);
        write_sum(cluster->templates[t].name.s, &sum, out);
    }
    struct csin_cluster_sum all = csin_cluster_sum(cluster, r, CSIN_NONE);
    if (cluster->n_templates != 1)
        write_sum("all", &all, out);
}

struct ranked {
    double host_s;
    uint32_t job;
};

static int most_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->host_s != y->host_s)
        return x->host_s > y->host_s ? -1 : 1;
    return x->job < y->job ? -1 : x->job > y->job;
}

static void write_job(const struct csin_cluster_job *job, const struct csin_cluster_job_result *r,
                      FILE *out)
{
    const char *state = r->finish_s >= 0 ? "" : r->start_s < 0 ? " *" : " +";
    char name[40];
    snprintf(name, sizeof name, "%.24s%s", job->name, state);
    fprintf(out, "%-26s %6s %8s %8s %8s %9s %8s\n", name, csin_show_count(job->n_hosts).s,
            span(job->arrive_s).s, span(r->wait_s).s, span(r->run_s).s,
            r->start_s < 0 ? "-" : factor(csin_cluster_slowdown(r)).s,
            r->n_stays > 1 ? csin_show_count(r->n_stays - 1).s : "-");
}

static void write_jobs(const struct csin_cluster *cluster, const struct csin_cluster_result *r,
                       FILE *out)
{
    struct ranked *ranked = malloc((cluster->n_jobs + (size_t)1) * sizeof *ranked);
    uint32_t n = 0;
    bool cut = false, never = false;
    for (uint32_t i = 0; ranked && i < cluster->n_jobs; i++) {
        const struct csin_cluster_job_result *job = &r->jobs[i];
        if (cluster->jobs[i].arrive_s <= r->end_s)
            ranked[n++] = (struct ranked){
                cluster->jobs[i].n_hosts * (job->run_s + job->save_s + job->load_s), i};
    }
    if (ranked)
        qsort(ranked, n, sizeof *ranked, most_first);
    fprintf(out, "\n%-26s %6s %8s %8s %8s %9s %8s\n", "JOBS", "hosts", "arrived", "waited", "ran",
            "slowed", "stopped");
    for (uint32_t i = 0; ranked && i < n && i < JOBS_SHOWN; i++) {
        const struct csin_cluster_job_result *job = &r->jobs[ranked[i].job];
        cut = cut || (job->finish_s < 0 && job->start_s >= 0);
        never = never || job->start_s < 0;
        write_job(&cluster->jobs[ranked[i].job], job, out);
    }
    if (cut || never)
        fprintf(out, "%s%s%s at the end\n", cut ? "+ not done" : "", cut && never ? ", " : "",
                never ? "* never begun" : "");
    if (n > JOBS_SHOWN)
        fprintf(out, "and %s more jobs; the JSON result has all of them\n",
                csin_show_count(n - JOBS_SHOWN).s);
    free(ranked);
}

void csin_cluster_write_text(const struct csin_scenario *scenario,
                             const struct csin_cluster_result *result, FILE *out)
{
    write_verdict(scenario, result, out);
    write_settings(scenario, result, out);
    write_busy(scenario->cluster, result, out);
    write_shares(scenario->cluster, result, out);
    if (scenario->cluster->n_templates)
        write_templates(scenario->cluster, result, out);
    write_jobs(scenario->cluster, result, out);
}
