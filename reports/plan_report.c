/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/plan_report.h"

#include <string.h>

#include "base/hostlist.h"
#include "base/json.h"
#include "base/units.h"

#define COLUMNS 80

/* Words of a sentence over lines of 80 columns, the next ones indented. */
static void write_wrapped(const char *text, const char *first, const char *next, FILE *out)
{
    int column = fprintf(out, "%s", first);
    bool begun = false;
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " ");
        if (begun && column + 1 + (int)n > COLUMNS) {
            column = fprintf(out, "\n%s", next) - 1;
            begun = false;
        }
        column += fprintf(out, "%s%.*s", begun ? " " : "", (int)n, word);
        begun = true;
        word += n;
        word += strspn(word, " ");
    }
    fputc('\n', out);
}

static bool changes_anything(const struct csin_plan *plan)
{
    return plan->routes;
}

static const char *yes_no(bool yes)
{
    return yes ? "yes" : "no";
}

static struct csin_shown slowdown(const struct csin_result *result, uint32_t owner)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.20sx",
             csin_show_fixed(csin_plan_slowdown_of(result, owner), 2).s);
    return shown;
}

/* The time of a job, the throughput of a stream. */
static struct csin_shown figure(const struct csin_result *result, uint32_t owner)
{
    const struct csin_scenario *sc = result->scenario;
    if (owner < sc->n_jobs)
        return csin_show_time(csin_plan_time_of(result, owner));
    return csin_show_rate(result->streams[owner - sc->n_jobs].throughput_Bps);
}

static void write_owners(const struct csin_plan *plan, FILE *out)
{
    const struct csin_scenario *sc = plan->scenario;
    fprintf(out, "\n%-30s%14s%12s%12s%12s\n", "", "before", "slowdown", "after", "slowdown");
    for (uint32_t o = 0; o < sc->n_owners; o++)
        fprintf(out, "%-30.29s%14s%12s%12s%12s\n", sc->owners[o], figure(plan->before, o).s,
                slowdown(plan->before, o).s, figure(plan->after, o).s, slowdown(plan->after, o).s);
    fprintf(out, "%-30s%14s%12s%12s%12s\n", "congestion-free",
            yes_no(plan->before->congestion_free), "", yes_no(plan->after->congestion_free), "");
    fprintf(out, "%-30s%14s%12s%12s%12s\n", "congested arcs",
            csin_show_count(plan->before->n_congested).s, "",
            csin_show_count(plan->after->n_congested).s, "");
}

void csin_plan_report_text(const struct csin_plan *plan, FILE *out)
{
    fprintf(out, "plan for %s: ", plan->scenario->name);
    if (!changes_anything(plan))
        fputs("change nothing\n", out);
    else
        fputs("new forwarding tables\n", out);
    if (plan->stopped)
        fputs("stopped before the search was over: this is the best so far\n", out);
    write_owners(plan, out);
    fputs("\nWHY\n", out);
    for (size_t i = 0; i < plan->n_reasons; i++)
        write_wrapped(plan->reasons[i], "- ", "  ", out);
}

static void write_side(struct csin_json *json, const char *key, const struct csin_result *result)
{
    const struct csin_scenario *sc = result->scenario;
    csin_json_object(json, key);
    csin_json_bool(json, "congestion_free", result->congestion_free);
    csin_json_count(json, "congested_arcs", result->n_congested);
    csin_json_real(json, "makespan_s", result->makespan_s);
    csin_json_array(json, "jobs");
    for (uint32_t i = 0; i < sc->n_jobs; i++) {
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "name", sc->jobs[i].name);
        csin_json_real(json, "time_s", csin_plan_time_of(result, i));
        csin_json_real(json, "slowdown", result->jobs[i].slowdown);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_array(json, "storage");
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "name", sc->streams[i].name);
        csin_json_real(json, "throughput_Bps", result->streams[i].throughput_Bps);
        csin_json_real(json, "slowdown", result->streams[i].slowdown);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_end_object(json);
}

static void write_balance(struct csin_json *json, const struct csin_plan *plan)
{
    const struct csin_balance *b = &plan->balance;
    const struct csin_fabric *f = plan->scenario->fabric;
    csin_json_object(json, "routing");
    csin_json_bool(json, "changed", plan->routes);
    csin_json_real(json, "worst_load_before", b->given);
    csin_json_real(json, "worst_load", b->worst);
    csin_json_real(json, "bound", b->bound);
    csin_json_real(json, "gap", b->bound > 0 ? b->worst / b->bound - 1 : 0);
    csin_json_count(json, "entries", b->n_entries);
    csin_json_count(json, "changed_entries", b->n_changed);
    csin_json_array(json, "loads"); /* the certificate */
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        if (b->load[arc] <= 0)
            continue;
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "from", csin_vertex_name(f, csin_arc_tail(f, arc)).s);
        csin_json_string(json, "to", csin_vertex_name(f, csin_arc_head(f, arc)).s);
        csin_json_count(json, "port", f->cables[arc >> 1].port[arc & 1] + 1);
        csin_json_real(json, "load", b->load[arc]);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_end_object(json);
}

void csin_plan_report_json(const struct csin_plan *plan, FILE *out)
{
    struct csin_json json;
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    csin_json_string(&json, "schema", "csin-plan-1");
    csin_json_string(&json, "scenario", plan->scenario->name);
    csin_json_bool(&json, "stopped", plan->stopped);
    write_side(&json, "before", plan->before);
    write_side(&json, "after", plan->after);
    if (plan->balanced)
        write_balance(&json, plan);
    csin_json_array(&json, "reasons");
    for (size_t i = 0; i < plan->n_reasons; i++)
        csin_json_string(&json, NULL, plan->reasons[i]);
    csin_json_end_array(&json);
    csin_json_end_object(&json);
    csin_json_finish(&json);
}

void csin_plan_write_yaml(const struct csin_plan *plan, const char *tables, FILE *out)
{
    fprintf(out,
            "# Written by csin " CSIN_VERSION ". Try it: csin sim SCENARIO --plan THIS-FILE\n");
    for (size_t i = 0; i < plan->n_reasons; i++)
        write_wrapped(plan->reasons[i], "# - ", "#   ", out);
    fprintf(out, "plan: %s\nscenario: %s\n", plan->scenario->name, plan->scenario->name);
    if (plan->routes && tables)
        fprintf(out, "routing: {lft: \"%s\"}\n", tables);
}
