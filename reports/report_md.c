/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results in the Markdown of GitHub and GitLab, for a pull request: what a reviewer reads first,
 * the rest folded. Names are escaped, so they are neither markup nor cells. */
#include <string.h>

#include "base/units.h"
#include "reports/plan_report.h"
#include "reports/report.h"

#define WORST_ARCS 10u
#define REASONS 12u

static void write_name(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<' || *text == '>' || *text == '&')
            fputs(*text == '<' ? "&lt;" : *text == '>' ? "&gt;" : "&amp;", out);
        else {
            if (strchr("\\`*_[]#|~@", *text))
                putc('\\', out);
            putc((unsigned char)*text < ' ' ? ' ' : *text, out);
        }
    }
}

static void write_factor(FILE *out, double slowdown)
{
    bool slow = slowdown > 1.005;
    fprintf(out, slow ? "**%sx**" : "%sx", csin_show_fixed(slowdown, 2).s);
}

static void write_verdict(const struct csin_result *result, FILE *out)
{
    if (result->congestion_free)
        fputs(":white_check_mark: **congestion-free**: no flow is slower than its end hosts alone "
              "would make it\n\n",
              out);
    else
        fprintf(out, ":x: **congested**: %s %s back flows whose end hosts could go faster\n\n",
                csin_show_count(result->n_congested).s,
                result->n_congested == 1 ? "arc holds" : "arcs hold");
}

static void write_owners(const struct csin_result *result, FILE *out)
{
    const struct csin_scenario *sc = result->scenario;
    fputs("| | what | result | alone | slowdown |\n|---|---|--:|--:|--:|\n", out);
    for (uint32_t i = 0; i < sc->n_owners; i++) {
        bool is_job = i < sc->n_jobs;
        const struct csin_job_result *job = &result->jobs[is_job ? i : 0];
        const struct csin_stream_result *stream = &result->streams[is_job ? 0 : i - sc->n_jobs];
        fputs("| ", out);
        write_name(out, sc->owners[i]);
        if (is_job)
            fprintf(out, " | %s hosts, %s rounds%s | %s | %s | ",
                    csin_show_count(job->job->n_hosts).s, csin_show_count(job->job->repeat).s,
                    job->stopped ? ", stopped" : "", csin_show_time(job->finish_s - job->start_s).s,
                    csin_show_time(job->alone_s).s);
        else
            fprintf(
                out, " | %s, %s clients%s | %s | %s | ", csin_storage_names[stream->stream->kind],
                csin_show_count(stream->stream->n_clients).s, stream->stopped ? ", stopped" : "",
                csin_show_rate(stream->throughput_Bps).s, csin_show_rate(stream->alone_Bps).s);
        write_factor(out, is_job ? job->slowdown : stream->slowdown);
        fputs(" |\n", out);
    }
    fputs("\n", out);
}

static void write_arc_name(const struct csin_result *result, uint32_t arc, FILE *out)
{
    const struct csin_fabric *f = result->scenario->fabric;
    write_name(out, csin_vertex_name(f, csin_arc_tail(f, arc)).s);
    fputs(" → ", out);
    write_name(out, csin_vertex_name(f, csin_arc_head(f, arc)).s);
}

static void write_arcs(const struct csin_result *result, FILE *out)
{
    uint32_t n = 0;
    while (n < result->n_arcs && n < WORST_ARCS && result->arcs[result->worst[n]].congested_s > 0)
        n++;
    if (n == 0)
        return;
    fprintf(out,
            "<details><summary>%s congested arcs, the worst first</summary>\n\n"
            "| arc | mean | peak | congested | whose bytes |\n|---|--:|--:|--:|---|\n",
            csin_show_count(result->n_congested).s);
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_arc_result *arc = &result->arcs[result->worst[i]];
        fputs("| ", out);
        write_arc_name(result, arc->arc, out);
        fprintf(out, " | %s %% | %s %% | %s | ", csin_show_fixed(100 * arc->mean_utilisation, 0).s,
                csin_show_fixed(100 * arc->peak_utilisation, 0).s,
                csin_show_time(arc->congested_s).s);
        for (uint32_t k = 0; k < arc->n_loads && k < 3; k++) {
            const struct csin_load *load = &result->loads[arc->first_load + k];
            fputs(k ? ", " : "", out);
            write_name(out, result->scenario->owners[load->owner]);
            fprintf(out, " %s %%", csin_show_fixed(100 * load->bytes / arc->bytes, 0).s);
        }
        fputs(" |\n", out);
    }
    fputs("\n</details>\n\n", out);
}

static void write_victims(const struct csin_result *result, FILE *out)
{
    if (result->n_victims == 0)
        return;
    fputs("<details><summary>Victims: held back by a full arc that they do not cross</summary>\n\n"
          "| victim | held back | by |\n|---|--:|---|\n",
          out);
    for (uint32_t i = 0; i < result->n_victims && i < WORST_ARCS; i++) {
        const struct csin_victim_result *v = &result->victims[i];
        fputs("| ", out);
        write_name(out, result->scenario->owners[v->owner]);
        fprintf(out, " | %s %% | ", csin_show_fixed(100 * v->share, 1).s);
        write_arc_name(result, v->arc, out);
        fputs(" |\n", out);
    }
    fputs("\n</details>\n\n", out);
}

static void write_provenance(const struct csin_scenario *sc, FILE *out)
{
    fprintf(out, "<sub>csin " CSIN_VERSION ", engine %s, routing %s, %s congestion, seed %s",
            sc->engine->name, csin_policy_name(sc->policy), csin_congestion_names[sc->congestion],
            csin_show_exact((double)sc->seed).s);
    for (uint32_t i = 0; i < sc->n_inputs; i++)
        fprintf(out, ", %s `%.12s`", sc->inputs[i].what, sc->inputs[i].sha256.hex);
    fputs("</sub>\n", out);
}

void csin_report_md(const struct csin_result *result, FILE *out)
{
    fputs("### csin: ", out);
    write_name(out, result->scenario->name);
    fputs("\n\n", out);
    write_verdict(result, out);
    write_owners(result, out);
    write_arcs(result, out);
    write_victims(result, out);
    write_provenance(result->scenario, out);
}

/* ---- plans ---- */

void csin_plan_report_md(const struct csin_plan *plan, FILE *out)
{
    const struct csin_scenario *sc = plan->scenario;
    fputs("### csin: plan for ", out);
    write_name(out, sc->name);
    fprintf(out, "\n\nChanges:%s%s%s%s.\n\n", plan->places ? " places of jobs;" : "",
            plan->routes ? " forwarding tables;" : "", plan->lanes ? " classes and lanes;" : "",
            plan->places || plan->routes || plan->lanes ? " nothing else" : " nothing");
    write_verdict(plan->after, out);
    fputs("| | before | slowdown | after | slowdown |\n|---|--:|--:|--:|--:|\n", out);
    for (uint32_t i = 0; i < sc->n_owners; i++) {
        fputs("| ", out);
        write_name(out, sc->owners[i]);
        for (unsigned side = 0; side < 2; side++) {
            const struct csin_result *r = side ? plan->after : plan->before;
            bool is_job = i < sc->n_jobs;
            fprintf(out, " | %s | ",
                    is_job ? csin_show_time(csin_plan_time_of(r, i)).s
                           : csin_show_rate(r->streams[i - sc->n_jobs].throughput_Bps).s);
            write_factor(out, is_job ? r->jobs[i].slowdown : r->streams[i - sc->n_jobs].slowdown);
        }
        fputs(" |\n", out);
    }
    fputs("\n<details><summary>Why</summary>\n\n", out);
    for (size_t i = 0; i < plan->n_reasons && i < REASONS; i++) {
        fputs("- ", out);
        write_name(out, plan->reasons[i]);
        putc('\n', out);
    }
    if (plan->n_reasons > REASONS)
        fprintf(out, "- %s more in the plan file\n", csin_show_count(plan->n_reasons - REASONS).s);
    fputs("\n</details>\n\n", out);
    write_provenance(&plan->planned, out);
}
