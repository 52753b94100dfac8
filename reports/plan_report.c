/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/plan_report.h"

#include <string.h>

#include "base/arena.h"
#include "base/hostlist.h"
#include "base/json.h"
#include "base/units.h"
#include "reports/plan_offered.h"
#include "reports/wrap.h"

#define TEXT_REASONS 6u /* of a part; JSON and the file have all */

/* "changes: places of jobs, forwarding tables and lanes" */
static void write_changes(const struct csin_plan *plan, FILE *out)
{
    const char *what[] = {plan->places ? "places of jobs" : NULL,
                          plan->routes ? "forwarding tables" : NULL, plan->lanes ? "lanes" : NULL};
    unsigned n = 0, all = plan->places + plan->routes + plan->lanes;
    fputs(all ? "changes: " : "changes: nothing", out);
    for (size_t i = 0; i < sizeof what / sizeof *what; i++)
        if (what[i])
            fprintf(out, "%s%s", n++ == 0 ? "" : n == all ? " and " : ", ", what[i]);
    fputc('\n', out);
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
    fprintf(out, "%-30s%14s%12s%12s\n", "congestion-free", yes_no(plan->before->congestion_free),
            "", yes_no(plan->after->congestion_free));
    fprintf(out, "%-30s%14s%12s%12s\n", "congested arcs",
            csin_show_count(plan->before->n_congested).s, "",
            csin_show_count(plan->after->n_congested).s);
}

static const char *class_of(const struct csin_scenario *sc, uint32_t owner)
{
    uint32_t c = owner < sc->n_jobs ? sc->jobs[owner].traffic_class
                                    : sc->streams[owner - sc->n_jobs].traffic_class;
    return c == CSIN_NONE ? NULL : sc->classes[c].name;
}

/* What lanes are worth, by lossless simulations of the search. */
static void write_lanes(const struct csin_plan *plan, FILE *out)
{
    const struct csin_isolation *is = plan->isolation;
    if (!plan->lanes)
        return;
    fprintf(out, "\n%-30s%14s%12s%12s%12s\n", "lanes (lossless congestion)", "class", "VL:weight",
            "before", "after");
    for (uint32_t o = 0; o < is->n_owners; o++) {
        const struct csin_isolation_owner *owner = &is->owners[o];
        char lane[32] = "-", before[32], after[32];
        const char *class = class_of(&plan->planned, o);
        if (owner->of_class != CSIN_NONE)
            snprintf(lane, sizeof lane, "%u:%u", is->classes[owner->of_class].vl,
                     is->classes[owner->of_class].weight);
        snprintf(before, sizeof before, "%.20sx", csin_show_fixed(owner->before, 2).s);
        snprintf(after, sizeof after, "%.20sx", csin_show_fixed(owner->after, 2).s);
        fprintf(out, "%-30.29s%14.13s%12s%12s%12s\n", plan->scenario->owners[o],
                class ? class : "-", lane, before, after);
    }
}

/* ---- what was proposed, and whether it is kept ---- */

static void write_proposal(const char *what, struct csin_shown before, struct csin_shown after,
                           struct csin_shown bound, bool is_kept, FILE *out)
{
    fprintf(out, "%-40s%11s%11s%11s%7s\n", what, before.s, after.s, bound.s,
            is_kept ? "yes" : "no");
}

static struct csin_shown times(double slowdown)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.20sx", csin_show_fixed(slowdown, 2).s);
    return shown;
}

static void write_proposals(const struct csin_plan *plan, FILE *out)
{
    const struct csin_place_result *place = plan->placement;
    const struct csin_isolation *is = plan->isolation;
    const struct csin_balance *b = &plan->balance;
    bool moves = place && place->n_moved > 0;
    bool lanes = is && is->answer == CSIN_ISOLATION_FOUND;
    if (!moves && !plan->balanced && !lanes)
        return;
    fprintf(out, "\n%-40s%11s%11s%11s%7s\n", "PROPOSED", "as it is", "proposed", "at least",
            "kept");
    if (moves)
        write_proposal("placement: bytes between leaves",
                       csin_show_size((uint64_t)place->before.leaf_bytes),
                       csin_show_size((uint64_t)place->after.leaf_bytes),
                       csin_show_size((uint64_t)place->bound.leaf_bytes), plan->places, out);
    if (plan->balanced)
        write_proposal("routing: worst load of a cable", csin_show_fixed(b->given, 3),
                       csin_show_fixed(b->worst, 3), csin_show_fixed(b->bound, 3), plan->routes,
                       out);
    if (lanes)
        write_proposal("isolation: worst slowdown, lossless", times(is->worst_before),
                       times(is->worst_after), times(is->bound), plan->lanes, out);
}

/* ---- why ---- */

/* "placement", of "placement: no job lies across zones" */
static size_t part_length(const char *reason)
{
    const char *colon = strstr(reason, ": ");
    return colon ? (size_t)(colon - reason) : 0;
}

static bool is_same_part(const char *a, const char *b)
{
    size_t n = part_length(a);
    return n == part_length(b) && strncmp(a, b, n) == 0;
}

/* Of a part: the first sentences, which say what is so, and the last, which say what is left. */
static void write_part(const char **reasons, size_t n, FILE *out)
{
    size_t skip = part_length(reasons[0]) + 2;
    fprintf(out, "%.*s\n", (int)skip - 2, reasons[0]);
    for (size_t i = 0; i < n; i++) {
        if (n > TEXT_REASONS && i == TEXT_REASONS / 2) {
            size_t left = n - TEXT_REASONS;
            fprintf(out, "  ... %zu more with -f json and in the file of -o ...\n", left);
            i += left;
        }
        csin_write_wrapped(reasons[i] + skip, "- ", "  ", out);
    }
}

/* Parts in the order in which they are first spoken of. */
static void write_reasons(const struct csin_plan *plan, FILE *out)
{
    struct csin_arena *arena = csin_arena_create();
    const char **part = arena ? csin_arena_alloc(arena, plan->n_reasons, sizeof *part) : NULL;
    for (size_t i = 0; part && i < plan->n_reasons; i++) {
        size_t n = 0;
        bool told = false;
        for (size_t j = 0; j < plan->n_reasons; j++)
            if (is_same_part(plan->reasons[i], plan->reasons[j])) {
                told = told || j < i;
                part[n++] = plan->reasons[j];
            }
        if (!told)
            write_part(part, n, out);
    }
    csin_arena_destroy(arena);
}

void csin_plan_report_text(const struct csin_plan *plan, FILE *out)
{
    fprintf(out, "plan for %s\n", plan->scenario->name);
    write_changes(plan, out);
    if (plan->stopped)
        fputs("stopped before the search was over: this is the best so far\n", out);
    write_owners(plan, out);
    if (plan->has_offered)
        csin_offered_write_text(plan, out);
    write_proposals(plan, out);
    write_lanes(plan, out);
    fputs("\nWHY\n", out);
    write_reasons(plan, out);
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
    csin_json_count(json, "forced_entries", b->n_forced);
    if (b->is_relaxed) {
        csin_json_flat_object(json, "relaxation");
        csin_json_real(json, "bound", b->relaxed.bound);
        csin_json_real(json, "split", b->relaxed.split);
        csin_json_real(json, "even", b->relaxed.even);
        csin_json_bool(json, "exact", b->relaxed.exact);
        csin_json_count(json, "programs", b->relaxed.n_solved);
        csin_json_end_object(json);
    }
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

static void write_figures(struct csin_json *json, const char *key,
                          const struct csin_place_figures *figures)
{
    csin_json_flat_object(json, key);
    csin_json_count(json, "jobs_across_zones", figures->jobs_across);
    csin_json_real(json, "bytes_between_zones", figures->zone_bytes);
    csin_json_real(json, "bytes_between_leaves", figures->leaf_bytes);
    csin_json_count(json, "leaves", figures->leaves);
    csin_json_end_object(json);
}

static void write_placement(struct csin_json *json, const struct csin_plan *plan)
{
    const struct csin_place_result *place = plan->placement;
    csin_json_object(json, "placement");
    csin_json_bool(json, "changed", plan->places);
    csin_json_bool(json, "exact", place->exact);
    csin_json_real(json, "gap", place->gap);
    write_figures(json, "before", &place->before);
    write_figures(json, "after", &place->after);
    write_figures(json, "bound", &place->bound);
    csin_json_end_object(json);
}

static void write_isolation(struct csin_json *json, const struct csin_plan *plan)
{
    const struct csin_isolation *is = plan->isolation;
    csin_json_object(json, "isolation");
    csin_json_bool(json, "changed", plan->lanes);
    csin_json_real(json, "worst_slowdown_before", is->worst_before);
    csin_json_real(json, "worst_slowdown", is->worst_after);
    csin_json_real(json, "bound", is->bound);
    csin_json_count(json, "simulations", is->n_simulated);
    csin_json_array(json, "classes");
    for (uint32_t c = 0; c < is->n_classes; c++) {
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "name", is->classes[c].name);
        csin_json_count(json, "sl", is->classes[c].sl);
        csin_json_count(json, "vl", is->classes[c].vl);
        csin_json_count(json, "weight", is->classes[c].weight);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_array(json, "owners");
    for (uint32_t o = 0; o < is->n_owners; o++) {
        const struct csin_isolation_owner *owner = &is->owners[o];
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "name", plan->scenario->owners[o]);
        csin_json_string(json, "class",
                         owner->of_class == CSIN_NONE ? NULL : is->classes[owner->of_class].name);
        csin_json_real(json, "slowdown_before", owner->before);
        csin_json_real(json, "slowdown", owner->after);
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
    if (plan->placement)
        write_placement(&json, plan);
    if (plan->has_offered)
        csin_offered_write_json(plan, &json);
    if (plan->balanced)
        write_balance(&json, plan);
    if (plan->isolation)
        write_isolation(&json, plan);
    csin_json_array(&json, "reasons");
    for (size_t i = 0; i < plan->n_reasons; i++)
        csin_json_string(&json, NULL, plan->reasons[i]);
    csin_json_end_array(&json);
    csin_json_end_object(&json);
    csin_json_finish(&json);
}

/* ---- the plan as a file ---- */

static void write_jobs(const struct csin_plan *plan, FILE *out)
{
    const struct csin_scenario *sc = &plan->planned;
    struct csin_arena *arena = csin_arena_create();
    fputs("jobs:\n", out);
    for (uint32_t j = 0; arena && j < sc->n_jobs; j++) {
        const struct csin_job *job = &sc->jobs[j];
        const char **names = csin_arena_alloc(arena, job->n_hosts, sizeof *names);
        for (uint32_t i = 0; names && i < job->n_hosts; i++)
            names[i] = sc->fabric->hosts[job->hosts[i]].name;
        const char *list = names ? csin_hostlist_fold(arena, names, job->n_hosts) : NULL;
        fprintf(out, "  %s:", job->name);
        const char *class = plan->lanes ? class_of(sc, j) : NULL;
        if (plan->places && list)
            fprintf(out, " {hosts: \"%s\"%s%s}\n", list, class ? ", class: " : "",
                    class ? class : "");
        else if (class)
            fprintf(out, " {class: %s}\n", class);
        else
            fputs(" {}\n", out);
    }
    csin_arena_destroy(arena);
}

static void write_streams(const struct csin_plan *plan, FILE *out)
{
    const struct csin_scenario *was = plan->scenario, *sc = &plan->planned;
    fputs("storage:\n", out);
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        const struct csin_stream *stream = &sc->streams[i];
        const char *class = class_of(sc, sc->n_jobs + i), *comma = "";
        fprintf(out, "  %s: {", stream->name);
        if (class) {
            fprintf(out, "class: %s", class);
            comma = ", ";
        }
        if (stream->concurrency != was->streams[i].concurrency) {
            fprintf(out, "%sconcurrency: %u", comma, stream->concurrency);
            comma = ", ";
        }
        if (stream->senders != was->streams[i].senders && stream->senders > 0)
            fprintf(out, "%srequest-to-send: %u", comma, stream->senders);
        fputs("}\n", out);
    }
}

static void write_classes(const struct csin_plan *plan, FILE *out)
{
    const struct csin_isolation *is = plan->isolation;
    uint32_t most = 0;
    if (is->n_classes == 0)
        return;
    fputs("classes: {", out);
    for (uint32_t c = 0; c < is->n_classes; c++) {
        fprintf(out, "%s%s: {sl: %u}", c ? ", " : "", is->classes[c].name, is->classes[c].sl);
        most = is->classes[c].vl > most ? is->classes[c].vl : most;
    }
    fputs("}\nlanes: {weights: [", out);
    for (uint32_t vl = 0; vl <= most; vl++) {
        uint32_t weight = 64; /* of a lane that nobody is on */
        for (uint32_t c = 0; c < is->n_classes; c++)
            if (is->classes[c].vl == vl)
                weight = is->classes[c].weight;
        fprintf(out, "%s%u", vl ? ", " : "", weight);
    }
    fputs("]}\n", out);
}

void csin_plan_write_yaml(const struct csin_plan *plan, const char *tables, FILE *out)
{
    fprintf(out,
            "# Written by csin " CSIN_VERSION ". Try it: csin sim SCENARIO --plan THIS-FILE\n");
    for (size_t i = 0; i < plan->n_reasons; i++)
        csin_write_wrapped(plan->reasons[i], "# - ", "#   ", out);
    fprintf(out, "plan: %s\nscenario: %s\n", plan->scenario->name, plan->scenario->name);
    if (plan->routes && tables)
        fprintf(out, "routing: {lft: \"%s\"}\n", tables);
    if (plan->lanes)
        write_classes(plan, out);
    if (plan->scenario->n_jobs && (plan->places || plan->lanes))
        write_jobs(plan, out);
    if (plan->scenario->n_streams && plan->lanes)
        write_streams(plan, out);
}
