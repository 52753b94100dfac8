/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/channels.h"

/* What counts as less: results repeat to the last bit, but a change must be worth the work. */
#define WORTH 1e-3

struct planner {
    struct csin_plan *plan;
    const struct csin_plan_options *options;
    struct csin_schedule schedule; /* of what is planned */
    struct csin_diag *diag;
    enum csin_status status;
};

double csin_plan_time_of(const struct csin_result *result, uint32_t owner)
{
    const struct csin_scenario *sc = result->scenario;
    if (owner < sc->n_jobs)
        return result->jobs[owner].finish_s - result->jobs[owner].start_s;
    double throughput_Bps = result->streams[owner - sc->n_jobs].throughput_Bps;
    return throughput_Bps > 0 ? 1 / throughput_Bps : 0;
}

double csin_plan_slowdown_of(const struct csin_result *result, uint32_t owner)
{
    const struct csin_scenario *sc = result->scenario;
    return owner < sc->n_jobs ? result->jobs[owner].slowdown
                              : result->streams[owner - sc->n_jobs].slowdown;
}

static void say(struct planner *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct planner *p, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct csin_plan *plan = p->plan;
    char *copy = csin_arena_strndup(plan->arena, text, strlen(text));
    if (!copy || !csin_grow(&plan->reasons, &plan->reasons_room, plan->n_reasons + 1,
                            sizeof *plan->reasons)) {
        p->status = csin_no_memory(p->diag);
        return;
    }
    plan->reasons[plan->n_reasons++] = copy;
}

static void begin(struct planner *p, const char *what)
{
    if (p->options->progress)
        p->options->progress(p->options->progress_arg, what);
}

static struct csin_result *simulate(struct planner *p, const struct csin_scenario *sc)
{
    struct csin_result *result = NULL;
    p->status = csin_simulate(sc, &p->schedule, &p->options->simulation, p->diag, &result);
    return result;
}

/* The schedule of what is planned by now. */
static bool make_schedule(struct planner *p)
{
    csin_schedule_finish(&p->schedule);
    p->status = csin_scenario_schedule(&p->plan->planned, CSIN_NONE, p->diag, &p->schedule);
    return p->status == CSIN_OK;
}

/* Mean over the owners of log(time after / time before); below 0 is better. */
static double change(const struct csin_result *before, const struct csin_result *after)
{
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t o = 0; o < before->scenario->n_owners; o++) {
        double was = csin_plan_time_of(before, o), is = csin_plan_time_of(after, o);
        if (was > 0 && is > 0) {
            sum += log(is / was);
            n++;
        }
    }
    return n ? sum / n : 0;
}

/* `longer`: by how many per cent times grow on average */
static void say_no_better(struct planner *p, const char *what, double longer)
{
    struct csin_shown percent = csin_show_fixed(fabs(longer), fabs(longer) < 1 ? 2 : 1);
    if (fabs(longer) < 0.005)
        say(p, "%s: simulated, and no time changes: left as it was", what);
    else
        say(p, "%s: simulated, and times get %s %% %s on average%s: left as it was", what,
            percent.s, longer > 0 ? "longer" : "shorter",
            longer > 0 ? "" : ", which is not worth it");
}

/* Simulates what is planned; keeps it where it is worth it, or must be: then it says what it costs.
 * False where it is not, or failed. */
static bool is_kept(struct planner *p, const char *what, bool must)
{
    struct csin_plan *plan = p->plan;
    begin(p, "simulating what is proposed");
    struct csin_result *after = simulate(p, &plan->planned);
    if (p->status != CSIN_OK)
        return false;
    double gain = -change(plan->after, after);
    bool freed = after->congestion_free && !plan->after->congestion_free;
    if (must || gain > WORTH || (freed && gain > -WORTH)) {
        if (plan->after != plan->before)
            csin_result_destroy(plan->after);
        plan->after = after;
        return true;
    }
    say_no_better(p, what, 100 * (exp(-gain) - 1));
    csin_result_destroy(after);
    return false;
}

/* ---- routing ---- */

/* The NIC rate that "a host's worth" is counted in. */
static double host_rate(const struct csin_fabric *f)
{
    double rate_Bps = 0;
    for (uint32_t n = 0; n < f->n_nics; n++)
        if (f->hosts[f->nics[n].host].role == CSIN_COMPUTE)
            rate_Bps = fmax(rate_Bps, f->nics[n].rate_Bps);
    for (uint32_t n = 0; rate_Bps == 0 && n < f->n_nics; n++)
        rate_Bps = fmax(rate_Bps, f->nics[n].rate_Bps);
    return rate_Bps;
}

/* "24", "23.7" */
static struct csin_shown hosts_worth(const struct csin_fabric *f, double rate_Bps)
{
    double hosts = rate_Bps / host_rate(f);
    return csin_show_fixed(hosts, fabs(hosts - round(hosts)) < 0.05 ? 0 : 1);
}

/* "leaf 'z1-l07' must send 24 hosts' worth of traffic up 20 links" */
static void say_cut(struct planner *p)
{
    const struct csin_fabric *f = p->plan->scenario->fabric;
    const struct csin_edge_cut *cut = &p->plan->balance.cut;
    if (cut->sw == CSIN_NONE && cut->zone == CSIN_NONE)
        return;
    bool zone = cut->zone != CSIN_NONE;
    uint32_t layer = zone ? CSIN_LEAF : f->switches[cut->sw].layer;
    const char *what = zone ? "zone" : csin_layer_names[layer];
    const char *name = zone ? f->zones[cut->zone].name : f->switches[cut->sw].name;
    const char *way = zone || layer != CSIN_LEAF ? "over" : cut->out ? "up" : "down";
    if (cut->n_entries > 0)
        say(p,
            "routing: %s '%s' must %s %s whole flow%s %s %u link%s: some link has %u of them, %s, "
            "so no tables have a worst load below %s",
            what, name, cut->out ? "send" : "take in", csin_show_count(cut->n_entries).s,
            cut->n_entries == 1 ? "" : "s", way, cut->n_cables, cut->n_cables == 1 ? "" : "s",
            cut->n_meet, csin_show_rate(cut->meet_Bps).s, csin_show_fixed(cut->bound, 3).s);
    else
        say(p,
            "routing: %s '%s' must %s %s hosts' worth of traffic %s %u link%s (%s over %s), so no "
            "tables have a worst load below %s",
            what, name, cut->out ? "send" : "take in", hosts_worth(f, cut->must_Bps).s, way,
            cut->n_cables, cut->n_cables == 1 ? "" : "s", csin_show_rate(cut->must_Bps).s,
            csin_show_rate(cut->capacity_Bps).s, csin_show_fixed(cut->bound, 3).s);
}

#define SAID_ARCS 4u

/* "a-leaf1 > a-spine2, a-leaf1 > a-spine3 and 4 more" */
static const char *list_arcs(struct planner *p, const struct csin_relaxed *relaxed)
{
    const struct csin_fabric *f = p->plan->scenario->fabric;
    const char *list = "";
    uint32_t shown = relaxed->n_prices <= SAID_ARCS + 1 ? relaxed->n_prices : SAID_ARCS;
    for (uint32_t i = 0; list && i < shown; i++) {
        uint32_t arc = relaxed->prices[i].arc;
        list = csin_arena_printf(p->plan->arena, "%s%s%s > %s", list, i ? ", " : "",
                                 csin_vertex_name(f, csin_arc_tail(f, arc)).s,
                                 csin_vertex_name(f, csin_arc_head(f, arc)).s);
    }
    if (list && shown < relaxed->n_prices)
        list = csin_arena_printf(p->plan->arena, "%s and %u more", list, relaxed->n_prices - shown);
    return list ? list : "";
}

/* What the dual of the linear program says. */
static void say_relaxed(struct planner *p)
{
    const struct csin_relaxed *relaxed = &p->plan->balance.relaxed;
    const char *arcs = list_arcs(p, relaxed);
    if (relaxed->cut_Bps > 0)
        say(p,
            "routing: %s hosts' worth of traffic has no way but over %s link%s (%s over %s: %s), "
            "so no tables of shortest ways have a worst load below %s",
            hosts_worth(p->plan->scenario->fabric, relaxed->cut_Bps).s,
            csin_show_count(relaxed->n_prices).s, relaxed->n_prices == 1 ? "" : "s",
            csin_show_rate(relaxed->cut_Bps).s, csin_show_rate(relaxed->cut_capacity_Bps).s, arcs,
            csin_show_fixed(relaxed->bound, 3).s);
    else
        say(p,
            "routing: a linear program proves that no tables of shortest ways have a worst load "
            "below %s, not even "
            "with flows that can be divided; %s link%s hold%s it there: %s",
            csin_show_fixed(relaxed->bound, 3).s, csin_show_count(relaxed->n_prices).s,
            relaxed->n_prices == 1 ? "" : "s", relaxed->n_prices == 1 ? "s" : "", arcs);
}

static bool is_relaxed_better(const struct csin_balance *b)
{
    return b->is_relaxed && b->relaxed.n_prices > 0 && b->relaxed.bound > b->cut.bound * (1 + 1e-9);
}

/* Where the answer is above the bound: what of that is proved, and what is not known. */
static void say_gap(struct planner *p)
{
    const struct csin_balance *b = &p->plan->balance;
    double gap = b->worst / b->bound - 1;
    if (gap < 1e-6)
        return;
    struct csin_shown percent = csin_show_fixed(100 * gap, 1);
    if (b->cut.n_entries > 0 && b->is_relaxed && b->relaxed.split < b->cut.bound * (1 - 1e-6))
        say(p,
            "routing: divided, the same flows would load no cable above %s: that they are whole "
            "costs the rest, up to the bound; the search ends %s %% above it",
            csin_show_fixed(b->relaxed.split, 3).s, percent.s);
    else if (b->is_relaxed && b->relaxed.exact)
        say(p,
            "routing: %s %% above the bound is what the search found; the linear program has no "
            "better bound, since flows that can be divided reach %s; whether whole ones can is "
            "not known",
            percent.s, csin_show_fixed(b->relaxed.split, 3).s);
    else
        say(p,
            "routing: %s %% above the bound is what the search found; neither is known to be "
            "the best%s",
            percent.s,
            b->is_relaxed && b->relaxed.too_large ? " (the linear program would be too large)"
            : b->is_relaxed && b->relaxed.out_of_time
                ? " (there was no time to solve the linear program)"
                : "");
}

static void say_balance(struct planner *p, const struct csin_offered *offered)
{
    const struct csin_balance *b = &p->plan->balance;
    const struct csin_fabric *f = p->plan->scenario->fabric;
    if (b->worst_arc == CSIN_NONE) {
        say(p, "routing: no traffic leaves its leaf: tables make no difference");
        return;
    }
    say(p,
        "routing: the busiest cable between switches is offered %s of what it carries, %s with the "
        "tables as they are, and at least %s with any (%s phase%s of traffic, %s entries)",
        csin_show_fixed(b->worst, 3).s, csin_show_fixed(b->given, 3).s,
        csin_show_fixed(b->bound, 3).s, csin_show_count(offered->n_phases).s,
        offered->n_phases == 1 ? "" : "s", csin_show_count(b->n_entries).s);
    if (b->worst <= CSIN_BALANCE_FULL)
        say(p,
            "routing: proof: no cable between switches is ever offered more than it carries "
            "(worst: "
            "%s > %s)",
            csin_vertex_name(f, csin_arc_tail(f, b->worst_arc)).s,
            csin_vertex_name(f, csin_arc_head(f, b->worst_arc)).s);
    else if (is_relaxed_better(b))
        say_relaxed(p);
    else if (b->bound > CSIN_BALANCE_FULL)
        say_cut(p);
    if (b->worst > CSIN_BALANCE_FULL)
        say_gap(p);
}

/* A proof of tables, and still congestion: what it did not speak of. */
static void say_what_is_left(struct planner *p)
{
    const struct csin_plan *plan = p->plan;
    if (!plan->balanced || plan->balance.worst > CSIN_BALANCE_FULL || plan->after->congestion_free)
        return;
    say(p, "routing: %s arc%s still hold%s flows back in the simulation: %s",
        csin_show_count(plan->after->n_congested).s, plan->after->n_congested == 1 ? "" : "s",
        plan->after->n_congested == 1 ? "s" : "",
        plan->planned.n_events ? "the proof is for the fabric as it is before the events"
        : plan->planned.congestion == CSIN_LOSSLESS
            ? "queues in front of full hosts reach back into the fabric"
            : "some transfers run ahead of their phase");
}

/* Tables of a file may lead into cables that are dead by now. What still leads nearer stays. */
static void adopt(const struct csin_fabric *f, const struct csin_routes *given,
                  struct csin_routes *routes)
{
    uint32_t arcs[CSIN_MAX_PORTS];
    for (uint32_t s = 0; s < f->n_switches; s++)
        for (uint32_t nic = 0; nic < f->n_nics; nic++) {
            uint32_t port = csin_routes_port(given, s, nic, 0);
            uint32_t n = port == CSIN_NONE ? 0 : csin_routes_choices(routes, s, nic, arcs);
            for (uint32_t i = 0; i < n; i++)
                if (f->port_arc[f->switches[s].first_port + port] == arcs[i])
                    csin_routes_set(routes, s, nic, arcs[i]);
        }
}

/* What the tables may choose from: all shortest ways, or, where zones are joined, those of
 * dmodk-one-vl, so that no choice closes a credit loop. */
static enum csin_policy base_policy(const struct csin_scenario *sc)
{
    const struct csin_fabric *f = sc->fabric;
    if (csin_policy_has_table(sc->policy) && sc->policy != CSIN_DMODK && sc->policy != CSIN_LFT)
        return sc->policy;
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (f->switches[s].layer == CSIN_INTER_ZONE)
            return CSIN_DMODK_ONE_VL;
    return CSIN_DMODK;
}

/* Tables that could stop for good are said to be so. */
static void say_loops(struct planner *p, const struct csin_routes *routes, const char *whose)
{
    struct csin_channels channels;
    if (csin_channels_init(&channels, routes))
        say(p, "routing: %s tables have %s on one virtual lane", whose,
            channels.is_acyclic ? "no credit loop" : "a credit loop");
    csin_channels_finish(&channels);
}

static void say_changes(struct planner *p)
{
    const struct csin_balance *b = &p->plan->balance;
    if (b->n_forced > 0)
        say(p, "routing: %s of %s entries change, %s of them since their way is gone",
            csin_show_count(b->n_changed).s, csin_show_count(b->n_entries).s,
            csin_show_count(b->n_forced).s);
    else
        say(p, "routing: %s of %s entries change", csin_show_count(b->n_changed).s,
            csin_show_count(b->n_entries).s);
}

static void make_offered(struct planner *p)
{
    struct csin_plan *plan = p->plan;
    p->status = csin_offered_create(&p->schedule, plan->scenario->routes, plan->scenario->fabric,
                                    p->diag, &plan->offered);
    plan->has_offered = p->status == CSIN_OK;
}

static void plan_routing(struct planner *p)
{
    struct csin_plan *plan = p->plan;
    const struct csin_scenario *sc = plan->scenario;
    enum csin_policy base = base_policy(sc);
    begin(p, "balancing the tables");
    p->status = csin_routes_create(sc->fabric, NULL, base, sc->seed, p->diag, &plan->own_routes);
    const struct csin_routes *keep = p->options->keep         ? p->options->keep
                                     : sc->policy == CSIN_LFT ? sc->routes
                                                              : NULL;
    if (p->status == CSIN_OK && keep)
        adopt(sc->fabric, keep, plan->own_routes);
    if (p->status == CSIN_OK)
        p->status = csin_balance_tables(
            sc->fabric, plan->own_routes, &plan->offered,
            &(struct csin_balance_options){.seed = p->options->seed,
                                           .time_limit_s = p->options->time_limit_s,
                                           .stop = p->options->stop,
                                           .stop_arg = p->options->stop_arg,
                                           .stable = p->options->stable,
                                           .keep = keep},
            p->diag, &plan->balance);
    plan->balanced = p->status == CSIN_OK;
    if (plan->balanced)
        say_balance(p, &plan->offered);
    if (p->status != CSIN_OK || (plan->balance.n_changed == 0 && !keep && base == sc->policy))
        return;
    if (!csin_routes_seal(plan->own_routes)) {
        p->status = csin_no_memory(p->diag);
        return;
    }
    plan->planned.routes = plan->own_routes;
    plan->planned.policy = CSIN_LFT;
    plan->routes = is_kept(p, "routing", p->options->keep && plan->balance.n_forced > 0);
    if (plan->routes) {
        say_changes(p);
        if (base == CSIN_DMODK_ONE_VL && csin_policy_has_table(sc->policy))
            say_loops(p, sc->routes, "the");
        say_loops(p, plan->own_routes, "the new");
    } else {
        plan->planned.routes = sc->routes;
        plan->planned.policy = sc->policy;
    }
}

/* ---- placement ---- */

static void say_all(struct planner *p, const char *what, const char **reasons, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        say(p, "%s: %s", what, reasons[i]);
}

static void plan_placement(struct planner *p)
{
    struct csin_plan *plan = p->plan;
    const struct csin_scenario *sc = plan->scenario;
    struct csin_place_options options = {.time_limit_s = p->options->time_limit_s,
                                         .seed = p->options->seed,
                                         .stop = p->options->stop,
                                         .stop_arg = p->options->stop_arg};
    struct csin_job *jobs = csin_arena_alloc(plan->arena, sc->n_jobs, sizeof *jobs);
    plan->placement = csin_arena_alloc(plan->arena, 1, sizeof *plan->placement);
    begin(p, "placing jobs");
    if (!jobs || !plan->placement) {
        p->status = csin_no_memory(p->diag);
        return;
    }
    p->status = csin_place_jobs(sc, &options, plan->arena, p->diag, plan->placement);
    if (p->status != CSIN_OK)
        return;
    say_all(p, "placement", plan->placement->reasons, plan->placement->n_reasons);
    if (plan->placement->n_moved == 0)
        return;
    for (uint32_t j = 0; j < sc->n_jobs; j++) {
        jobs[j] = sc->jobs[j];
        jobs[j].hosts = plan->placement->jobs[j].hosts;
    }
    plan->planned.jobs = jobs;
    if (!make_schedule(p))
        return;
    plan->places = is_kept(p, "placement", false);
    if (plan->places || p->status != CSIN_OK)
        return;
    plan->planned.jobs = sc->jobs;
    make_schedule(p);
}

/* ---- isolation ---- */

static bool changes_knobs(const struct csin_isolation *isolation)
{
    return isolation->n_classes > 0 || isolation->changes_knobs;
}

/* Judged with lossless congestion, whatever the scenario has: with fair congestion lanes have no
 * effect on a run, and the figures are those of the search. */
static void plan_isolation(struct planner *p)
{
    struct csin_plan *plan = p->plan;
    struct csin_isolate_options options = {.time_limit_s = p->options->time_limit_s,
                                           .seed = p->options->seed,
                                           .knobs = p->options->knobs,
                                           .cache_folder = p->options->simulation.cache_folder,
                                           .stop = p->options->stop,
                                           .stop_arg = p->options->stop_arg};
    struct csin_scenario before = plan->planned;
    begin(p, "trying lanes");
    p->status = csin_isolate(&plan->planned, &options, p->diag, &plan->isolation);
    if (p->status == CSIN_OK && !plan->isolation)
        say(p, "isolation: time was up before the scenario as it is was simulated with lossless "
               "congestion: lanes stay as they are");
    if (p->status != CSIN_OK || !plan->isolation)
        return;
    say_all(p, "isolation", plan->isolation->reasons, plan->isolation->n_reasons);
    if (plan->isolation->answer != CSIN_ISOLATION_FOUND || !changes_knobs(plan->isolation))
        return;
    if (!csin_isolation_apply(plan->isolation, plan->arena, &plan->planned)) {
        p->status = csin_no_memory(p->diag);
        return;
    }
    if (plan->planned.congestion == CSIN_FAIR && !plan->isolation->changes_knobs) {
        plan->lanes = true;
        return;
    }
    if (make_schedule(p))
        plan->lanes = is_kept(p, "isolation", false);
    if (plan->lanes || p->status != CSIN_OK)
        return;
    plan->planned = before;
    make_schedule(p);
}

/* ---- the whole ---- */

enum csin_status csin_plan_make(const struct csin_scenario *scenario,
                                const struct csin_plan_options *options, struct csin_diag *diag,
                                struct csin_plan **ret_plan)
{
    struct planner p = {.options = options, .diag = diag};
    p.plan = calloc(1, sizeof *p.plan);
    if (!p.plan || !(p.plan->arena = csin_arena_create())) {
        free(p.plan);
        return csin_no_memory(diag);
    }
    p.plan->scenario = scenario;
    p.plan->planned = *scenario;
    begin(&p, "simulating the scenario as it is");
    if (make_schedule(&p))
        p.plan->before = p.plan->after = simulate(&p, scenario);
    if (p.status == CSIN_OK && options->placement)
        plan_placement(&p);
    if (p.status == CSIN_OK && (options->routing || options->offered))
        make_offered(&p);
    if (p.status == CSIN_OK && options->routing)
        plan_routing(&p);
    if (p.status == CSIN_OK && options->isolation)
        plan_isolation(&p);
    if (p.status == CSIN_OK)
        say_what_is_left(&p);
    p.plan->stopped = options->stop && options->stop(options->stop_arg);
    csin_schedule_finish(&p.schedule);
    if (p.status == CSIN_OK)
        *ret_plan = p.plan;
    else
        csin_plan_destroy(p.plan);
    return p.status;
}

void csin_plan_destroy(struct csin_plan *plan)
{
    if (!plan)
        return;
    if (plan->after != plan->before)
        csin_result_destroy(plan->after);
    csin_result_destroy(plan->before);
    csin_routes_destroy(plan->own_routes);
    csin_balance_finish(&plan->balance);
    csin_offered_finish(&plan->offered);
    csin_isolation_destroy(plan->isolation);
    csin_arena_destroy(plan->arena);
    free(plan->reasons);
    free(plan);
}
