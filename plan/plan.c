/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/plan.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

/* What counts as less: results repeat to the last bit, but a change must be worth the work. */
#define WORTH 1e-3

struct planner {
    struct csin_plan *plan;
    const struct csin_plan_options *options;
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

static struct csin_result *simulate(struct planner *p, const struct csin_scenario *sc,
                                    const struct csin_schedule *schedule)
{
    struct csin_result *result = NULL;
    p->status = csin_simulate(sc, schedule, &p->options->simulation, p->diag, &result);
    return result;
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

/* Simulates what is planned; keeps it where it is worth it. False where it is not, or failed. */
static bool is_kept(struct planner *p, const struct csin_schedule *schedule, const char *what)
{
    struct csin_plan *plan = p->plan;
    begin(p, "simulating what is proposed");
    struct csin_result *after = simulate(p, &plan->planned, schedule);
    if (p->status != CSIN_OK)
        return false;
    double gain = -change(plan->after, after);
    bool freed = after->congestion_free && !plan->after->congestion_free;
    if (gain > WORTH || (freed && gain > -WORTH)) {
        if (plan->after != plan->before)
            csin_result_destroy(plan->after);
        plan->after = after;
        return true;
    }
    say(p, "%s: simulated, and no better (times change by %s %% on average); left as it was.", what,
        csin_show_fixed(100 * (exp(-gain) - 1), 2).s);
    csin_result_destroy(after);
    return false;
}

/* ---- routing ---- */

static void say_bound(struct planner *p)
{
    const struct csin_balance *b = &p->plan->balance;
    const struct csin_fabric *f = p->plan->scenario->fabric;
    if (b->bound_switch == CSIN_NONE)
        return;
    const struct csin_switch *sw = &f->switches[b->bound_switch];
    double host_Bps = sw->rate_Bps;
    say(p,
        "routing: %s '%s' must %s %s hosts' worth of traffic (%s) over %u cable%s (%s), so no "
        "routing "
        "has a worst load below %s.",
        csin_layer_names[sw->layer], sw->name, b->bound_is_out ? "send" : "take in",
        csin_show_fixed(b->bound_Bps / host_Bps, 1).s, csin_show_rate(b->bound_Bps).s,
        b->bound_cables, b->bound_cables == 1 ? "" : "s", csin_show_rate(b->bound_capacity_Bps).s,
        csin_show_fixed(b->bound, 3).s);
}

static void say_balance(struct planner *p, const struct csin_offered *offered)
{
    const struct csin_balance *b = &p->plan->balance;
    const struct csin_fabric *f = p->plan->scenario->fabric;
    if (b->worst_arc == CSIN_NONE) {
        say(p, "routing: no traffic leaves its leaf; tables make no difference.");
        return;
    }
    say(p,
        "routing: %s phase%s of traffic use %s entries of the tables; the worst load of a cable is "
        "%s, with the tables as they are %s, and at least %s with any.",
        csin_show_count(offered->n_phases).s, offered->n_phases == 1 ? "" : "s",
        csin_show_count(b->n_entries).s, csin_show_fixed(b->worst, 3).s,
        csin_show_fixed(b->given, 3).s, csin_show_fixed(b->bound, 3).s);
    if (b->worst <= CSIN_BALANCE_FULL)
        say(p,
            "routing: proof of no congestion: no cable between switches is ever offered more than "
            "it carries (worst: %s > %s, %s of it).",
            csin_vertex_name(f, csin_arc_tail(f, b->worst_arc)).s,
            csin_vertex_name(f, csin_arc_head(f, b->worst_arc)).s, csin_show_fixed(b->worst, 3).s);
    else if (b->bound > CSIN_BALANCE_FULL)
        say_bound(p);
    else
        say(p,
            "routing: flows are whole and loads small, so %s over the bound is what a search "
            "found; "
            "a cable carries a flow or it does not.",
            csin_show_fixed(b->worst - b->bound, 3).s);
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

static void plan_routing(struct planner *p, const struct csin_schedule *schedule)
{
    struct csin_plan *plan = p->plan;
    const struct csin_scenario *sc = plan->scenario;
    struct csin_offered offered = {0};
    enum csin_policy base = csin_policy_has_table(sc->policy) && sc->policy != CSIN_LFT
                                ? sc->policy
                                : CSIN_DMODK;
    begin(p, "balancing the tables");
    p->status = csin_offered_create(schedule, sc->routes, sc->fabric, p->diag, &offered);
    if (p->status == CSIN_OK)
        p->status = csin_routes_create(sc->fabric, NULL, base, sc->seed, p->diag,
                                       &plan->own_routes);
    const struct csin_routes *keep = p->options->keep         ? p->options->keep
                                     : sc->policy == CSIN_LFT ? sc->routes
                                                              : NULL;
    if (p->status == CSIN_OK && keep)
        adopt(sc->fabric, keep, plan->own_routes);
    if (p->status == CSIN_OK)
        p->status = csin_balance_tables(sc->fabric, plan->own_routes, &offered, p->options->seed,
                                        p->options->stable, p->options->time_limit_s,
                                        p->options->stop, p->options->stop_arg, p->diag,
                                        &plan->balance);
    plan->balanced = p->status == CSIN_OK;
    if (plan->balanced)
        say_balance(p, &offered);
    csin_offered_finish(&offered);
    if (p->status != CSIN_OK || (plan->balance.n_changed == 0 && !keep && base == sc->policy))
        return;
    plan->planned.routes = plan->own_routes;
    plan->planned.policy = CSIN_LFT;
    plan->routes = is_kept(p, schedule, "routing");
    if (plan->routes) {
        say(p, "routing: %s of %s entries change.", csin_show_count(plan->balance.n_changed).s,
            csin_show_count(plan->balance.n_entries).s);
    } else {
        plan->planned.routes = sc->routes;
        plan->planned.policy = sc->policy;
    }
}

/* ---- the whole ---- */

enum csin_status csin_plan_make(const struct csin_scenario *scenario,
                                const struct csin_plan_options *options, struct csin_diag *diag,
                                struct csin_plan **ret_plan)
{
    struct csin_schedule schedule = {0};
    struct planner p = {.options = options, .diag = diag};
    p.plan = calloc(1, sizeof *p.plan);
    if (!p.plan || !(p.plan->arena = csin_arena_create())) {
        free(p.plan);
        return csin_no_memory(diag);
    }
    p.plan->scenario = scenario;
    p.plan->planned = *scenario;
    begin(&p, "simulating the scenario as it is");
    p.status = csin_scenario_schedule(scenario, CSIN_NONE, diag, &schedule);
    if (p.status == CSIN_OK)
        p.plan->before = p.plan->after = simulate(&p, scenario, &schedule);
    if (p.status == CSIN_OK && options->routing)
        plan_routing(&p, &schedule);
    p.plan->stopped = options->stop && options->stop(options->stop_arg);
    csin_schedule_finish(&schedule);
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
    csin_arena_destroy(plan->arena);
    free(plan->reasons);
    free(plan);
}
