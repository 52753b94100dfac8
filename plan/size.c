/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/size.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "sim/metrics.h"
#include "topo/bom.h"

#define MAX_REASONS 32

const char *const csin_fate_names[] = {"in-set",  "beaten",  "over-budget",
                                       "no-bill", "not-run", NULL};

struct sizer {
    struct csin_sizing *s;
    const struct csin_sizing_options *options;
    struct csin_diag *diag;
    struct timespec begun;
    enum csin_status status;
};

static const char *vprint(struct sizer *z, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    const char *copy = csin_arena_strndup(z->s->arena, text, strlen(text));
    if (!copy)
        z->status = csin_no_memory(z->diag);
    return copy ? copy : "";
}

static const char *print(struct sizer *z, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *print(struct sizer *z, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = vprint(z, format, args);
    va_end(args);
    return text;
}

static void say(struct sizer *z, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct sizer *z, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (z->s->n_reasons < MAX_REASONS)
        z->s->reasons[z->s->n_reasons++] = vprint(z, format, args);
    va_end(args);
}

/* ---- the numbers ---- */

#define FAIL(status, code, loc, ...) csin_error(diag, status, code, loc, __VA_ARGS__)

/* The NIC of a host of the catalogue; NULL after a report. */
static const struct csin_nic_part *nic_of(const struct csin_hosts_need_spec *hosts,
                                          const struct csin_parts *parts, struct csin_diag *diag)
{
    const struct csin_host_part *host = csin_parts_find(&parts->hosts, sizeof *host,
                                                        hosts->model.s);
    if (!host) {
        csin_error(diag, CSIN_E_INPUT, 836, hosts->model.loc, "the catalogue has no host '%s'",
                   hosts->model.s);
        csin_parts_note_names(diag, &parts->hosts, sizeof *host, "host", hosts->model.s,
                              hosts->model.loc);
        return NULL;
    }
    const struct csin_nic_part *nic = csin_parts_find(&parts->nics, sizeof *nic, host->nic.s);
    if (nic && hosts->rate_Bps.x > nic->rate_Bps.x) {
        csin_error(diag, CSIN_E_INPUT, 836, hosts->rate_Bps.loc,
                   "NIC '%s' of host '%s' is slower (%s)", nic->name.s, host->name.s,
                   csin_show_linerate(nic->rate_Bps.x).s);
        csin_note(diag, host->nic.loc, "the host has it here");
        return NULL;
    }
    return nic;
}

static double rate_of(const struct csin_hosts_need_spec *hosts, const struct csin_nic_part *nic)
{
    return hosts->rate_Bps.loc.line ? hosts->rate_Bps.x : nic->rate_Bps.x;
}

static uint32_t nics_of(const struct csin_hosts_need_spec *hosts)
{
    return hosts->nics.loc.line ? (uint32_t)hosts->nics.n : 1;
}

/* Hosts that a bandwidth takes, by what a host gives. */
static enum csin_status count_storage(const struct csin_hosts_need_spec *spec,
                                      struct csin_needs *needs, struct csin_diag *diag)
{
    double host_Bps = needs->storage_nics * needs->storage_Bps;
    if (spec->host_Bps.loc.line)
        host_Bps = fmin(host_Bps, spec->host_Bps.x);
    double n = ceil(spec->bandwidth_Bps.x / host_Bps * (1 - 1e-12));
    needs->n_storage = spec->hosts.loc.line       ? (uint32_t)spec->hosts.n
                       : n < CSIN_MAX_NEEDED_NICS ? (uint32_t)n
                                                  : CSIN_MAX_NEEDED_NICS;
    if (!spec->hosts.loc.line || n <= (double)spec->hosts.n)
        return CSIN_OK;
    csin_error(diag, CSIN_E_NO, 840, spec->bandwidth_Bps.loc,
               "%s storage hosts give %s, %s less than asked for", csin_show_count(spec->hosts.n).s,
               csin_show_rate((double)spec->hosts.n * host_Bps).s,
               csin_show_rate(spec->bandwidth_Bps.x - (double)spec->hosts.n * host_Bps).s);
    csin_note(diag, spec->hosts.loc, "it takes %s hosts of %s", csin_show_count((uint64_t)n).s,
              csin_show_rate(host_Bps).s);
    return CSIN_E_NO;
}

static enum csin_status choose_switches(struct csin_needs *needs, struct csin_arena *arena,
                                        struct csin_diag *diag)
{
    const struct csin_text *names = needs->spec->fabric.switches.items;
    const struct csin_list *all = &needs->parts->switches;
    const struct csin_switch_part *parts = all->items;
    uint32_t n = needs->spec->fabric.switches.n;
    enum csin_status status = CSIN_OK;
    needs->switches = csin_arena_alloc(arena, n + all->n, sizeof(void *));
    if (!needs->switches)
        return csin_no_memory(diag);
    for (uint32_t i = 0; n == 0 && i < all->n; i++)
        needs->switches[needs->n_switches++] = &parts[i];
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_switch_part *part = csin_parts_find(all, sizeof *part, names[i].s);
        bool twice = false;
        for (uint32_t k = 0; k < needs->n_switches; k++)
            twice = twice || needs->switches[k] == part;
        if (part && !twice)
            needs->switches[needs->n_switches++] = part;
        if (part)
            continue;
        status = FAIL(CSIN_E_INPUT, 836, names[i].loc, "the catalogue has no switch '%s'",
                      names[i].s);
        csin_parts_note_names(diag, all, sizeof *part, "switch", names[i].s, names[i].loc);
    }
    return status;
}

static enum csin_status check_bounds(const struct csin_needs *needs, uint64_t n_compute,
                                     double n_later, struct csin_diag *diag)
{
    const struct csin_requirements_spec *spec = needs->spec;
    double nics = ((double)n_compute + n_later) * needs->compute_nics +
                  (double)needs->n_storage * needs->storage_nics;
    enum csin_status status = CSIN_OK;
    if (nics > CSIN_MAX_NEEDED_NICS)
        status = FAIL(CSIN_E_INPUT, 837, spec->compute.loc, "%s NICs; csin sizes for at most %s",
                      csin_show_count((uint64_t)nics).s, csin_show_count(CSIN_MAX_NEEDED_NICS).s);
    if (spec->storage.loc.line && spec->compute.model.s && spec->storage.model.s &&
        strcmp(spec->compute.model.s, spec->storage.model.s) == 0)
        status = FAIL(CSIN_E_INPUT, 836, spec->storage.model.loc,
                      "'%s' is the model of compute hosts and of storage hosts",
                      spec->storage.model.s);
    return status;
}

enum csin_status csin_needs_create(const struct csin_requirements_spec *spec,
                                   const struct csin_parts *parts, struct csin_arena *arena,
                                   struct csin_diag *diag, struct csin_needs *ret)
{
    struct csin_needs needs = {.spec = spec, .parts = parts};
    const struct csin_nic_part *compute = nic_of(&spec->compute, parts, diag), *storage = NULL;
    enum csin_status status = choose_switches(&needs, arena, diag);
    needs.compute_nics = nics_of(&spec->compute);
    needs.storage_nics = nics_of(&spec->storage);
    if (spec->storage.loc.line)
        storage = nic_of(&spec->storage, parts, diag);
    if (!compute || (spec->storage.loc.line && !storage))
        return csin_first(status, CSIN_E_INPUT);
    needs.compute_Bps = rate_of(&spec->compute, compute);
    if (storage) {
        needs.storage_Bps = rate_of(&spec->storage, storage);
        status = csin_first(status, count_storage(&spec->storage, &needs, diag));
    }
    uint64_t per_host = spec->compute.gpus_per_host.n ? spec->compute.gpus_per_host.n : 1;
    uint64_t n_compute = spec->compute.gpus.loc.line
                             ? (spec->compute.gpus.n + per_host - 1) / per_host
                             : spec->compute.hosts.n;
    double n_later = ceil((double)n_compute * spec->growth.x * (1 - 1e-12));
    status = csin_first(status, check_bounds(&needs, n_compute, n_later, diag));
    if (status != CSIN_OK)
        return status;
    needs.n_compute = (uint32_t)n_compute;
    needs.n_later = (uint32_t)n_later;
    const struct csin_quantity *ratios = spec->fabric.oversubscription.items;
    needs.ratios[0] = 1;
    needs.n_ratios = spec->fabric.oversubscription.n ? spec->fabric.oversubscription.n : 1;
    for (uint32_t i = 0; i < spec->fabric.oversubscription.n; i++)
        needs.ratios[i] = ratios[i].x;
    *ret = needs;
    return CSIN_OK;
}

/* ---- bills ---- */

/* What a sink says first, without its code: a reason why a candidate is out. */
static const char *first_line(struct sizer *z, const struct csin_diag *diag)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return "no memory";
    csin_diag_print(diag, out);
    fclose(out);
    const char *from = strstr(text, "error: ");
    from = from ? from + strlen("error: ") : text;
    size_t n = strcspn(from, "\n");
    const char *code = strstr(from, " [CSIN-");
    if (code && code < from + n)
        n = (size_t)(code - from);
    const char *copy = print(z, "%.*s", (int)n, from);
    free(text);
    return copy;
}

/* The fabric of a candidate; csin wrote its file, so a mistake in it is told as it is. */
static struct csin_fabric *build(struct sizer *z, const struct csin_candidate *c,
                                 struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_fabric_spec *spec = csin_arena_alloc(arena, 1, sizeof *spec);
    struct csin_fabric *fabric = NULL;
    enum csin_status status = spec ? csin_fabric_spec_read(arena, diag, c->name, c->text,
                                                           strlen(c->text), spec)
                                   : csin_no_memory(diag);
    if (status == CSIN_OK)
        status = csin_fabric_create(spec, diag, &fabric);
    if (status == CSIN_E_FAILED)
        z->status = csin_no_memory(z->diag);
    return fabric;
}

/* What may come from below a switch against what it can send up: hosts and cables between zones
 * count as below. */
static double oversubscription_of(const struct csin_fabric *f)
{
    double worst = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        double below_Bps = 0, above_Bps = 0;
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            if (arc == CSIN_NONE)
                continue;
            uint32_t other = csin_arc_head(f, arc);
            enum csin_layer layer = csin_is_nic(f, other) ? CSIN_LEAF : f->switches[other].layer;
            bool above = !csin_is_nic(f, other) && layer != CSIN_INTER_ZONE && layer > sw->layer;
            *(above ? &above_Bps : &below_Bps) += f->arc_capacity_Bps[arc];
        }
        if (above_Bps > 0)
            worst = fmax(worst, below_Bps / above_Bps);
    }
    return worst;
}

static bool is_over(struct sizer *z, struct csin_candidate *c, const struct csin_quantity *limit,
                    double is, struct csin_shown (*show)(double), const char *what)
{
    if (!limit->loc.line || is <= limit->x)
        return false;
    c->fate = CSIN_FATE_OVER_BUDGET;
    c->over = is / limit->x;
    c->why = print(z, "%s %s, %s over the budget of %s", what, show(is).s, show(is - limit->x).s,
                   show(limit->x).s);
    return true;
}

static struct csin_shown show_price(double price)
{
    return csin_show_fixed(price, price < 1000 ? 2 : 0);
}

static void check_budget(struct sizer *z, struct csin_candidate *c)
{
    const struct csin_budget_spec *b = &z->s->needs.spec->budget;
    (void)(is_over(z, c, &b->price, c->price, show_price, "price") ||
           is_over(z, c, &b->network_price, c->network_price, show_price, "price of the network") ||
           is_over(z, c, &b->power_W, c->power_W, csin_show_power, "power") ||
           is_over(z, c, &b->network_power_W, c->network_power_W, csin_show_power,
                   "power of the network"));
}

static void make_bill(struct sizer *z, struct csin_candidate *c)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_bom bom;
    if (!arena || !diag) {
        z->status = csin_no_memory(z->diag);
    } else {
        struct csin_fabric *fabric = build(z, c, arena, diag);
        c->fate = CSIN_FATE_NOT_RUN;
        if (fabric &&
            csin_bom_create(fabric, z->s->needs.parts, false, arena, diag, &bom) == CSIN_OK) {
            c->n_switches = fabric->n_switches;
            c->n_cables = fabric->n_cables;
            c->oversubscription = oversubscription_of(fabric);
            c->price = bom.all.price;
            c->power_W = bom.all.power_W;
            c->network_price = bom.network.price;
            c->network_power_W = bom.network.power_W;
            check_budget(z, c);
        } else {
            c->fate = CSIN_FATE_NO_BILL;
            c->why = first_line(z, diag);
        }
        csin_fabric_destroy(fabric);
    }
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static int by_price(const void *a, const void *b)
{
    const struct csin_candidate *x = a, *y = b;
    if (x->network_price != y->network_price)
        return x->network_price < y->network_price ? -1 : 1;
    if (x->network_power_W != y->network_power_W)
        return x->network_power_W < y->network_power_W ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* ---- step times ---- */

struct placed {
    uint32_t job;
    uint64_t hosts;
};

static int by_size(const void *a, const void *b)
{
    const struct placed *x = a, *y = b;
    if (x->hosts != y->hosts)
        return x->hosts > y->hosts ? -1 : 1;
    return x->job < y->job ? -1 : 1;
}

/* What a scheduler does that knows of zones: the largest job first, each into the zone that it
 * fills best; jobs that fit nowhere cross zones and take what is left. `jobs` is a copy that may be
 * changed and reordered: jobs with a zone first. */
static void place_jobs(const struct csin_needs *needs, const struct csin_candidate *c,
                       struct csin_job_spec *jobs, struct placed *order, uint32_t n,
                       struct csin_job_spec *scratch)
{
    static const char *const zones[] = {"a", "b", "c", "d", "e", "f", "g", "h",
                                        "i", "j", "k", "l", "m", "n", "o", "p"};
    uint64_t left[CSIN_MAX_SIZED_ZONES];
    uint32_t first = 0;
    if (c->key.shape != CSIN_SHAPE_ZONES || c->key.n == 1)
        return;
    for (uint32_t z = 0; z < c->key.n; z++)
        left[z] = needs->n_compute / c->key.n + (z < needs->n_compute % c->key.n);
    for (uint32_t i = 0; i < n; i++)
        order[i] = (struct placed){i, strcmp(jobs[i].hosts.hosts.s, "all") == 0
                                          ? UINT64_MAX
                                          : strtoull(jobs[i].hosts.hosts.s, NULL, 10)};
    qsort(order, n, sizeof *order, by_size);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t z = 0; z < c->key.n; z++)
            if (left[z] >= order[i].hosts && (best == UINT32_MAX || left[z] < left[best]))
                best = z;
        if (best == UINT32_MAX)
            continue;
        left[best] -= order[i].hosts;
        jobs[order[i].job].hosts.zone = (struct csin_text){zones[best],
                                                           jobs[order[i].job].hosts.hosts.loc};
    }
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < n; i++)
            if ((jobs[i].hosts.zone.s == NULL) == (pass == 1))
                scratch[first++] = jobs[i];
    memcpy(jobs, scratch, n * sizeof *jobs);
}

/* The time of a step: the mean over the jobs; of a workload without jobs all of its time. */
static double time_of(const struct csin_scenario *sc, const struct csin_schedule *schedule,
                      const struct csin_run_result *run, struct csin_arena *arena)
{
    double sum_s = 0;
    for (uint32_t i = 0; i < sc->n_jobs; i++) {
        double *row = csin_arena_alloc(arena, csin_owner_row_size(sc, i), sizeof *row);
        if (!row || !csin_owner_row(sc, i, schedule, run, row))
            return -1;
        sum_s += row[0] / sc->jobs[i].repeat;
    }
    return sc->n_jobs ? sum_s / sc->n_jobs : run->makespan_s;
}

static double run_workload(struct sizer *z, struct csin_candidate *c, struct csin_fabric *fabric,
                           const struct csin_workload_spec *w, struct csin_arena *arena)
{
    struct csin_scenario_spec spec = w->scenario;
    struct csin_scenario *sc = NULL;
    struct csin_schedule schedule = {0};
    struct csin_run_result result;
    struct csin_diag *diag = csin_diag_create();
    double time_s = -1;
    uint32_t n = spec.jobs.n;
    struct csin_job_spec *jobs = csin_arena_alloc(arena, n, sizeof *jobs),
                         *scratch = csin_arena_alloc(arena, n, sizeof *jobs);
    struct placed *order = csin_arena_alloc(arena, n, sizeof *order);
    if (!jobs || !scratch || !order || !diag) {
        z->status = csin_no_memory(z->diag);
        csin_diag_destroy(diag);
        return -1;
    }
    if (n)
        memcpy(jobs, spec.jobs.items, n * sizeof *jobs);
    place_jobs(&z->s->needs, c, jobs, order, n, scratch);
    spec.jobs.items = jobs;
    spec.fabric = (struct csin_text){c->name, spec.name.loc};
    spec.engine = (struct csin_choice){1, spec.name.loc};
    for (int i = 0; csin_engine_names[i]; i++)
        if (strcmp(csin_engine_names[i], "fluid") == 0)
            spec.engine.i = i;
    /* What is wrong here is wrong on every fabric, and in the file. */
    enum csin_status status = csin_scenario_resolve(&spec, fabric, arena, z->diag, &sc);
    if (status == CSIN_OK)
        status = csin_scenario_schedule(sc, CSIN_NONE, z->diag, &schedule);
    z->status = csin_first(z->status, status);
    if (status == CSIN_OK) {
        struct csin_run run = {.fabric = fabric,
                               .routes = sc->routes,
                               .schedule = &schedule,
                               .congestion = sc->congestion,
                               .lanes = &sc->lanes,
                               .horizon_s = HUGE_VAL};
        status = sc->engine->run(&run, diag, &result);
        if (status == CSIN_OK) {
            time_s = time_of(sc, &schedule, &result, arena);
            csin_run_result_finish(&result);
        } else {
            c->why = first_line(z, diag);
        }
    }
    csin_schedule_finish(&schedule);
    csin_scenario_destroy(sc);
    csin_diag_destroy(diag);
    return time_s;
}

static double weight_of(const struct csin_workload_spec *w)
{
    return w->weight.loc.line ? w->weight.x : 1;
}

/* Fills times; a candidate that could not be simulated keeps its fate. */
static void run_candidate(struct sizer *z, struct csin_candidate *c)
{
    const struct csin_list *workloads = &z->s->needs.spec->workloads;
    const struct csin_workload_spec *w = workloads->items;
    double sum_s = 0, weights = 0;
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric *fabric = arena ? build(z, c, arena, z->diag) : NULL;
    c->workload_s = csin_arena_alloc(z->s->arena, workloads->n, sizeof *c->workload_s);
    bool ok = fabric && c->workload_s;
    for (uint32_t i = 0; ok && i < workloads->n; i++) {
        c->workload_s[i] = run_workload(z, c, fabric, &w[i], arena);
        ok = z->status == CSIN_OK && c->workload_s[i] >= 0;
        sum_s += weight_of(&w[i]) * c->workload_s[i];
        weights += weight_of(&w[i]);
    }
    if (!fabric || !c->workload_s)
        z->status = csin_first(z->status, csin_no_memory(z->diag));
    csin_fabric_destroy(fabric);
    csin_arena_destroy(arena);
    if (!ok)
        return;
    c->time_s = weights > 0 ? sum_s / weights : 0;
    c->fate = CSIN_FATE_BEATEN;
    is_over(z, c, &z->s->needs.spec->budget.time_s, c->time_s, csin_show_time, "step time");
}

static bool is_time_up(const struct sizer *z)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double spent_s = (double)(now.tv_sec - z->begun.tv_sec) +
                     1e-9 * (double)(now.tv_nsec - z->begun.tv_nsec);
    return spent_s > z->options->time_limit_s ||
           (z->options->stop && z->options->stop(z->options->stop_arg));
}

static void show_progress(struct sizer *z, const char *doing, uint32_t i)
{
    char text[160];
    if (!z->options->progress)
        return;
    snprintf(text, sizeof text, "%s %u of %u: %s", doing, i + 1, z->s->n, z->s->candidates[i].name);
    z->options->progress(z->options->progress_arg, text);
}

static void run_all(struct sizer *z)
{
    for (uint32_t i = 0; i < z->s->n && z->status == CSIN_OK; i++) {
        struct csin_candidate *c = &z->s->candidates[i];
        if (c->fate != CSIN_FATE_NOT_RUN)
            continue;
        if (is_time_up(z)) {
            z->s->stopped = true;
            c->why = "time was up";
            continue;
        }
        show_progress(z, "simulating", i);
        run_candidate(z, c);
    }
}

/* ---- the set ---- */

static double three_digits(double x)
{
    if (x <= 0)
        return x;
    double unit = pow(10, floor(log10(x)) - 2);
    return nearbyint(x / unit) * unit;
}

double csin_candidate_value(const struct csin_sizing *sizing, uint32_t i, enum csin_aim aim)
{
    const struct csin_candidate *c = &sizing->candidates[i];
    switch (aim) {
    case CSIN_AIM_PRICE:
        return c->network_price;
    case CSIN_AIM_POWER:
        return c->network_power_W;
    case CSIN_AIM_TIME:
        return sizing->needs.spec->workloads.n ? three_digits(c->time_s)
                                               : fmax(1, c->oversubscription);
    case CSIN_AIM_GROWTH:
        return -(double)c->room;
    case CSIN_N_AIMS:
        break;
    }
    return 0;
}

bool csin_candidate_beats(const struct csin_sizing *sizing, uint32_t a, uint32_t b)
{
    bool better = false;
    for (int aim = 0; aim < CSIN_N_AIMS; aim++) {
        if (!sizing->aims[aim])
            continue;
        double x = csin_candidate_value(sizing, a, (enum csin_aim)aim),
               y = csin_candidate_value(sizing, b, (enum csin_aim)aim);
        if (x > y)
            return false;
        better = better || x < y;
    }
    return better || a < b;
}

static bool is_measured(const struct csin_candidate *c)
{
    return c->fate == CSIN_FATE_IN_SET || c->fate == CSIN_FATE_BEATEN;
}

static void choose_set(struct csin_sizing *s)
{
    for (uint32_t i = 0; i < s->n; i++) {
        struct csin_candidate *c = &s->candidates[i];
        bool beaten = false;
        for (uint32_t k = 0; is_measured(c) && k < s->n && !beaten; k++)
            beaten = k != i && is_measured(&s->candidates[k]) && csin_candidate_beats(s, k, i);
        if (!is_measured(c) || beaten)
            continue;
        c->fate = CSIN_FATE_IN_SET;
        s->n_in_set++;
    }
    for (uint32_t i = 0; i < s->n; i++) /* whoever beats it, one of the set does */
        for (uint32_t k = 0; s->candidates[i].fate == CSIN_FATE_BEATEN && k < s->n; k++)
            if (s->candidates[k].fate == CSIN_FATE_IN_SET && csin_candidate_beats(s, k, i)) {
                s->candidates[i].beaten_by = k;
                break;
            }
}

static void choose_aims(struct csin_sizing *s)
{
    const struct csin_list *aims = &s->needs.spec->aims;
    for (int aim = 0; aim < CSIN_N_AIMS; aim++)
        s->aims[aim] = aims->n == 0 && aim != CSIN_AIM_GROWTH;
    for (uint32_t i = 0; i < aims->n; i++)
        s->aims[((const struct csin_choice *)aims->items)[i].i] = true;
}

/* ---- in words ---- */

/* Of the set: the one with the smallest value. */
static uint32_t best_in(const struct csin_sizing *s, enum csin_aim aim)
{
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < s->n; i++)
        if (s->candidates[i].fate == CSIN_FATE_IN_SET &&
            (best == UINT32_MAX ||
             csin_candidate_value(s, i, aim) < csin_candidate_value(s, best, aim)))
            best = i;
    return best;
}

static struct csin_shown percent(double from, double to)
{
    return csin_show_fixed(from > 0 ? 100 * fabs(to - from) / from : 0, 1);
}

static void say_step(struct sizer *z, const struct csin_candidate *a,
                     const struct csin_candidate *b)
{
    bool faster = b->time_s <= a->time_s;
    say(z, "%s costs %s %% more than %s (network) and makes steps %s %% %s.", b->name,
        percent(a->network_price, b->network_price).s, a->name, percent(a->time_s, b->time_s).s,
        faster ? "shorter" : "longer");
}

static void say_set(struct sizer *z)
{
    struct csin_sizing *s = z->s;
    const struct csin_candidate *before = NULL;
    if (s->n_in_set == 1) {
        say(z, "%s is best in all aims.", s->candidates[best_in(s, CSIN_AIM_PRICE)].name);
        return;
    }
    const struct csin_candidate *cheapest = &s->candidates[best_in(s, CSIN_AIM_PRICE)];
    const struct csin_candidate *fastest = &s->candidates[best_in(s, CSIN_AIM_TIME)];
    say(z, "%s is the cheapest.", cheapest->name);
    if (s->needs.spec->workloads.n == 0)
        return;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct csin_candidate *c = &s->candidates[i];
        if (c->fate != CSIN_FATE_IN_SET)
            continue;
        if (before && c->time_s < before->time_s && s->n_reasons < 8)
            say_step(z, before, c);
        if (!before || c->time_s < before->time_s)
            before = c;
    }
    say(z, "%s is the fastest, at %s a step.", fastest->name, csin_show_time(fastest->time_s).s);
}

static void say_shapes(struct sizer *z)
{
    struct csin_sizing *s = z->s;
    for (int shape = 0; csin_shape_names[shape]; shape++) {
        uint32_t n = 0, n_set = 0, first = UINT32_MAX;
        for (uint32_t i = 0; i < s->n; i++)
            if ((int)s->candidates[i].key.shape == shape && is_measured(&s->candidates[i])) {
                n++;
                n_set += s->candidates[i].fate == CSIN_FATE_IN_SET;
                first = first == UINT32_MAX ? i : first;
            }
        if (n == 0 || n_set > 0)
            continue;
        const struct csin_candidate *c = &s->candidates[first], *by = &s->candidates[c->beaten_by];
        say(z,
            "No fabric of shape '%s' is in the set: the cheapest of %u, %s, is beaten by %s (%s "
            "switches against %s).",
            csin_shape_names[shape], n, c->name, by->name, csin_show_count(by->n_switches).s,
            csin_show_count(c->n_switches).s);
    }
}

/* Nothing came through. Which requirement did it, and by how much. */
static void no_answer(struct sizer *z)
{
    const struct csin_sizing *s = z->s;
    const struct csin_candidate *nearest = NULL, *unbilled = NULL, *unrun = NULL;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct csin_candidate *c = &s->candidates[i];
        if (c->fate == CSIN_FATE_OVER_BUDGET && (!nearest || c->over < nearest->over))
            nearest = c;
        if (c->fate == CSIN_FATE_NO_BILL && !unbilled)
            unbilled = c;
        if (c->fate == CSIN_FATE_NOT_RUN && !unrun)
            unrun = c;
    }
    struct csin_loc loc = s->needs.spec->name.loc;
    const char *name = s->needs.spec->name.s;
    if (nearest)
        z->status = csin_error(z->diag, CSIN_E_NO, 843, loc,
                               "the budget of '%s' is too small: the nearest fabric, %s, has a %s",
                               name, nearest->name, nearest->why);
    else if (unrun)
        z->status = csin_error(z->diag, CSIN_E_FAILED, 845, loc,
                               "nothing was simulated of '%s': %s: %s", name, unrun->name,
                               unrun->why);
    else
        z->status = csin_error(z->diag, CSIN_E_NO, 844, loc,
                               "no fabric for '%s' can be bought: %s: %s", name,
                               unbilled ? unbilled->name : "", unbilled ? unbilled->why : "");
}

/* ---- the whole ---- */

static void work(struct sizer *z)
{
    struct csin_sizing *s = z->s;
    z->status = csin_candidates_create(&s->needs, s->arena, z->diag, &s->candidates, &s->n);
    for (uint32_t i = 0; i < s->n && z->status == CSIN_OK; i++) {
        show_progress(z, "building", i);
        make_bill(z, &s->candidates[i]);
    }
    if (z->status != CSIN_OK)
        return;
    qsort(s->candidates, s->n, sizeof *s->candidates, by_price);
    choose_aims(s);
    run_all(z);
    if (z->status != CSIN_OK)
        return;
    choose_set(s);
    if (s->n_in_set == 0) {
        no_answer(z);
        return;
    }
    say_set(z);
    say_shapes(z);
    if (s->stopped)
        say(z, "Time was up before all candidates were simulated; the cheapest went first.");
}

enum csin_status csin_size(const struct csin_requirements_spec *spec,
                           const struct csin_parts *parts,
                           const struct csin_sizing_options *options, struct csin_diag *diag,
                           struct csin_sizing **ret)
{
    struct sizer z = {.options = options, .diag = diag};
    clock_gettime(CLOCK_MONOTONIC, &z.begun);
    z.s = calloc(1, sizeof *z.s);
    if (!z.s || !(z.s->arena = csin_arena_create())) {
        free(z.s);
        return csin_no_memory(diag);
    }
    z.s->reasons = csin_arena_alloc(z.s->arena, MAX_REASONS, sizeof *z.s->reasons);
    z.status = z.s->reasons ? csin_needs_create(spec, parts, z.s->arena, diag, &z.s->needs)
                            : csin_no_memory(diag);
    if (z.status == CSIN_OK)
        work(&z);
    if (z.status == CSIN_OK)
        *ret = z.s;
    else
        csin_sizing_destroy(z.s);
    return z.status;
}

void csin_sizing_destroy(struct csin_sizing *sizing)
{
    if (!sizing)
        return;
    csin_arena_destroy(sizing->arena);
    free(sizing);
}
