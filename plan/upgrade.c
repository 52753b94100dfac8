/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/upgrade.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/bom.h"

#define STEP 1.01  /* for the slope */
#define TWICE 2.0  /* for the upgrade */
#define WORTH 1e-3 /* log gain: less is nothing */

const char *const csin_cable_class_names[] = {
    "compute-hosts", "storage-hosts", "leaf-spine", "inter-zone", "core", "other", NULL};

struct finder {
    struct csin_upgrades *u;
    const struct csin_scenario *sc;
    const struct csin_upgrade_options *options;
    struct csin_diag *diag;
    struct csin_schedule schedule;
    struct csin_fabric faster;  /* the scenario's, with capacities of its own */
    const struct csin_bom *bom; /* NULL: no prices */
    double *busy_s;             /* [n_cables] how long they limited somebody, or were full */
    enum csin_status status;
};

enum csin_cable_class csin_cable_class_of(const struct csin_fabric *f, uint32_t cable)
{
    const struct csin_cable *c = &f->cables[cable];
    uint32_t low = c->end[0], high = c->end[1];
    if (csin_is_nic(f, low))
        return f->hosts[f->nics[low - f->n_switches].host].role == CSIN_STORAGE
                   ? CSIN_STORAGE_LINKS
                   : CSIN_COMPUTE_LINKS;
    enum csin_layer a = f->switches[low].layer, b = f->switches[high].layer;
    if (a == CSIN_INTER_ZONE || b == CSIN_INTER_ZONE || c->place == CSIN_BETWEEN_ZONES)
        return CSIN_INTER_ZONE_LINKS;
    if (a == CSIN_CORE || b == CSIN_CORE)
        return CSIN_CORE_LINKS;
    bool leaf_spine = (a == CSIN_LEAF && b == CSIN_SPINE) || (a == CSIN_SPINE && b == CSIN_LEAF);
    return leaf_spine ? CSIN_LEAF_SPINE_LINKS : CSIN_OTHER_LINKS;
}

static void *array(struct finder *w, size_t n, size_t size)
{
    void *items = csin_arena_alloc(w->u->arena, n, size);
    if (!items)
        w->status = csin_no_memory(w->diag);
    return items;
}

static bool belongs(const struct finder *w, const struct csin_upgrade *upgrade, uint32_t cable)
{
    return upgrade->cable == CSIN_NONE ? csin_cable_class_of(w->sc->fabric, cable) == upgrade->of
                                       : upgrade->cable == cable;
}

/* ---- simulating ---- */

static void set_capacities(struct finder *w, const struct csin_upgrade *upgrade, double factor)
{
    const struct csin_fabric *f = w->sc->fabric;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        double times = upgrade && belongs(w, upgrade, c) ? factor : 1;
        w->faster.cables[c].capacity_Bps = f->cables[c].capacity_Bps * times;
        for (uint32_t arc = 2 * c; arc < 2 * c + 2; arc++)
            w->faster.arc_capacity_Bps[arc] = f->arc_capacity_Bps[arc] * times;
    }
}

/* Which cables held somebody back for how long, the busiest of the others behind them. */
static void note_worst(struct finder *w, const struct csin_run_result *run)
{
    for (uint32_t arc = 0; arc < w->sc->fabric->n_arcs; arc++) {
        double limited_s = run->arcs[arc].congested_s + 1e-6 * run->arcs[arc].saturated_s;
        w->busy_s[arc >> 1] = fmax(w->busy_s[arc >> 1], limited_s);
    }
}

/* Times of all owners with the capacities that are set. */
static void simulate(struct finder *w, bool watch, double *ret_time_s)
{
    const struct csin_scenario *sc = w->sc;
    struct csin_run_result result;
    struct csin_run run = {.fabric = &w->faster,
                           .routes = sc->routes,
                           .schedule = &w->schedule,
                           .congestion = sc->congestion,
                           .lanes = &sc->lanes,
                           .events = sc->events,
                           .n_events = sc->n_events,
                           .reaction_s = sc->reaction_s,
                           .horizon_s = sc->horizon_s,
                           .watch = watch};
    w->status = csin_engine_fluid.run(&run, w->diag, &result);
    if (w->status != CSIN_OK)
        return;
    for (uint32_t o = 0; o < sc->n_owners; o++) {
        double *row = array(w, csin_owner_row_size(sc, o), sizeof *row);
        if (!row || !csin_owner_row(sc, o, &w->schedule, &result, row)) {
            w->status = csin_first(w->status, CSIN_E_FAILED);
            break;
        }
        ret_time_s[o] = o < sc->n_jobs ? row[0] : row[0] > 0 ? 1 / row[0] : 0;
    }
    if (watch && w->status == CSIN_OK)
        note_worst(w, &result);
    csin_run_result_finish(&result);
}

static double mean_gain(const struct finder *w, const double *time_s, double *ret_gain)
{
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t o = 0; o < w->sc->n_owners; o++) {
        bool counts = time_s[o] > 0 && w->u->time_s[o] > 0;
        ret_gain[o] = counts ? w->u->time_s[o] / time_s[o] : 1;
        sum += log(ret_gain[o]);
        n += counts;
    }
    return n ? exp(sum / n) : 1;
}

static bool is_stopped(struct finder *w)
{
    if (w->options->stop && w->options->stop(w->options->stop_arg))
        w->u->stopped = true;
    return w->u->stopped || w->status != CSIN_OK;
}

static void try_upgrade(struct finder *w, struct csin_upgrade *upgrade)
{
    char text[96];
    double *time_s = array(w, w->sc->n_owners, sizeof *time_s);
    upgrade->owner_gain = array(w, w->sc->n_owners, sizeof *upgrade->owner_gain);
    if (w->status != CSIN_OK)
        return;
    snprintf(text, sizeof text, "making %s faster", csin_cable_class_names[upgrade->of]);
    if (w->options->progress)
        w->options->progress(w->options->progress_arg, text);
    set_capacities(w, upgrade, STEP);
    simulate(w, false, time_s);
    if (w->status != CSIN_OK)
        return;
    upgrade->elasticity = log(mean_gain(w, time_s, upgrade->owner_gain)) / log(STEP);
    set_capacities(w, upgrade, TWICE);
    simulate(w, false, time_s);
    if (w->status == CSIN_OK)
        upgrade->gain = mean_gain(w, time_s, upgrade->owner_gain);
}

/* ---- prices ---- */

/* The part that a switch was bought as; of one-line fabrics the cheapest that would do. */
static const struct csin_switch_part *part_of(const struct csin_bom *bom,
                                              const struct csin_switch *sw)
{
    const struct csin_switch_part *parts = bom->parts->switches.items, *best = NULL;
    for (uint32_t i = 0; i < bom->parts->switches.n; i++) {
        if (sw->model && strcmp(parts[i].name.s, sw->model) == 0)
            return &parts[i];
        if (parts[i].ports.n >= sw->n_ports && parts[i].rate_Bps.x >= sw->rate_Bps &&
            (!best || parts[i].price.amount.x < best->price.amount.x))
            best = &parts[i];
    }
    return best;
}

/* A port of a switch, or a NIC. */
static double price_of_end(const struct csin_bom *bom, uint32_t vertex)
{
    const struct csin_fabric *f = bom->fabric;
    if (!csin_is_nic(f, vertex)) {
        const struct csin_switch_part *part = part_of(bom, &f->switches[vertex]);
        return part ? part->price.amount.x / (double)part->ports.n : 0;
    }
    const char *model = f->hosts[f->nics[vertex - f->n_switches].host].model;
    const struct csin_host_part *host = csin_parts_find(&bom->parts->hosts, sizeof *host,
                                                        model ? model : "host");
    const struct csin_nic_part *nic =
        host ? csin_parts_find(&bom->parts->nics, sizeof *nic, host->nic.s) : NULL;
    return nic ? nic->price.amount.x / (nic->ports.loc.line ? (double)nic->ports.n : 1) : 0;
}

static double price_of_cable(const struct csin_bom *bom, uint32_t cable)
{
    const struct csin_cable *c = &bom->fabric->cables[cable];
    return bom->cable_row[cable]->price_each + price_of_end(bom, c->end[0]) +
           price_of_end(bom, c->end[1]);
}

static void find_price(struct finder *w, struct csin_upgrade *upgrade)
{
    for (uint32_t c = 0; w->bom && c < w->sc->fabric->n_cables; c++)
        if (belongs(w, upgrade, c))
            upgrade->price += price_of_cable(w->bom, c);
}

/* ---- which ---- */

static void add_classes(struct finder *w)
{
    const struct csin_fabric *f = w->sc->fabric;
    uint32_t n[CSIN_N_CABLE_CLASSES] = {0};
    for (uint32_t c = 0; c < f->n_cables; c++)
        n[csin_cable_class_of(f, c)]++;
    for (int i = 0; i < CSIN_N_CABLE_CLASSES; i++)
        if (n[i])
            w->u->items[w->u->n++] = (struct csin_upgrade){
                .of = (enum csin_cable_class)i, .cable = CSIN_NONE, .n_cables = n[i], .gain = 1};
}

/* The cables that held somebody back longest; of equal ones the first. */
static void add_worst(struct finder *w)
{
    const struct csin_fabric *f = w->sc->fabric;
    for (uint32_t i = 0; i < w->options->n_worst; i++) {
        uint32_t worst = CSIN_NONE;
        for (uint32_t c = 0; c < f->n_cables; c++)
            if (w->busy_s[c] > 0 && (worst == CSIN_NONE || w->busy_s[c] > w->busy_s[worst]))
                worst = c;
        if (worst == CSIN_NONE)
            return;
        w->busy_s[worst] = 0;
        w->u->items[w->u->n++] = (struct csin_upgrade){
            .of = csin_cable_class_of(f, worst), .cable = worst, .n_cables = 1, .gain = 1};
    }
}

static int by_gain(const void *a, const void *b)
{
    const struct csin_upgrade *x = a, *y = b;
    if (x->gain != y->gain)
        return x->gain > y->gain ? -1 : 1;
    if (x->n_cables != y->n_cables) /* fewer do the same */
        return x->n_cables < y->n_cables ? -1 : 1;
    if (x->of != y->of)
        return x->of < y->of ? -1 : 1;
    return (x->cable > y->cable) - (x->cable < y->cable);
}

static bool is_at_hosts(const struct csin_upgrade *upgrade)
{
    return upgrade->of == CSIN_COMPUTE_LINKS || upgrade->of == CSIN_STORAGE_LINKS;
}

static const char *what_is(struct csin_upgrades *u, const struct csin_upgrade *upgrade)
{
    const struct csin_fabric *f = u->scenario->fabric;
    if (upgrade->cable == CSIN_NONE)
        return csin_arena_printf(u->arena, "the %s cables '%s'",
                                 csin_show_count(upgrade->n_cables).s,
                                 csin_cable_class_names[upgrade->of]);
    const struct csin_cable *c = &f->cables[upgrade->cable];
    return csin_arena_printf(u->arena, "the one cable %s - %s", csin_vertex_name(f, c->end[0]).s,
                             csin_vertex_name(f, c->end[1]).s);
}

static void judge(struct finder *w)
{
    struct csin_upgrades *u = w->u;
    const struct csin_upgrade *best = u->n ? &u->items[0] : NULL, *inner = NULL;
    for (uint32_t i = 0; i < u->n && !inner; i++)
        inner = is_at_hosts(&u->items[i]) ? NULL : &u->items[i];
    const char *what = best ? what_is(u, best) : NULL;
    if (!best || log(best->gain) < WORTH) {
        u->verdict = "No faster cable helps: time goes into computing, latency and the order of "
                     "operations.";
        return;
    }
    const char *gain = csin_arena_printf(u->arena, "%s", csin_show_fixed(best->gain, 2).s);
    if (what && gain && is_at_hosts(best) && (!inner || log(inner->gain) < WORTH))
        u->verdict = csin_arena_printf(
            u->arena,
            "No faster cable between switches helps: the hosts' own ports limit. Twice the rate of "
            "%s makes things %s times as fast.",
            what, gain);
    else if (what && gain)
        u->verdict = csin_arena_printf(
            u->arena, "Most helps twice the rate of %s: things get %s times as fast.", what, gain);
    if (!u->verdict)
        w->status = csin_no_memory(w->diag);
}

static void judge_price(struct finder *w)
{
    const struct csin_upgrade *best = NULL;
    for (uint32_t i = 0; i < w->u->n; i++) {
        const struct csin_upgrade *item = &w->u->items[i];
        if (item->price > 0 && log(item->gain) >= WORTH &&
            (!best || log(item->gain) / item->price > log(best->gain) / best->price))
            best = item;
    }
    const char *what = best ? what_is(w->u, best) : NULL;
    if (what)
        w->u->value = csin_arena_printf(
            w->u->arena, "For its price, %s, gives most: %s %% of the time for %s %s.", what,
            csin_show_fixed(100 * (1 - 1 / best->gain), 1).s,
            csin_show_count((uint64_t)(best->price + 0.5)).s, w->u->currency);
    if (best && !w->u->value)
        w->status = csin_no_memory(w->diag);
}

static void prepare(struct finder *w)
{
    const struct csin_fabric *f = w->sc->fabric;
    w->faster = *f;
    w->faster.cables = array(w, f->n_cables, sizeof *f->cables);
    w->faster.arc_capacity_Bps = array(w, f->n_arcs, sizeof *f->arc_capacity_Bps);
    w->busy_s = array(w, f->n_cables, sizeof *w->busy_s);
    w->u->time_s = array(w, w->sc->n_owners, sizeof *w->u->time_s);
    w->u->items = array(w, CSIN_N_CABLE_CLASSES + w->options->n_worst, sizeof *w->u->items);
    if (w->status != CSIN_OK)
        return;
    memcpy(w->faster.cables, f->cables, f->n_cables * sizeof *f->cables);
    set_capacities(w, NULL, 1);
    if (w->options->parts) {
        struct csin_bom *bom = array(w, 1, sizeof *bom);
        w->status = bom ? csin_bom_create(f, w->options->parts, w->options->any_model, w->u->arena,
                                          w->diag, bom)
                        : w->status;
        w->bom = bom;
        w->u->currency = w->options->parts->currency.s;
    }
    if (w->status == CSIN_OK)
        w->status = csin_scenario_schedule(w->sc, CSIN_NONE, w->diag, &w->schedule);
}

enum csin_status csin_upgrades_find(const struct csin_scenario *scenario,
                                    const struct csin_upgrade_options *options,
                                    struct csin_diag *diag, struct csin_upgrades **ret)
{
    struct finder w = {.sc = scenario, .options = options, .diag = diag};
    w.u = calloc(1, sizeof *w.u);
    if (!w.u || !(w.u->arena = csin_arena_create())) {
        free(w.u);
        return csin_no_memory(diag);
    }
    w.u->scenario = scenario;
    prepare(&w);
    if (w.status == CSIN_OK)
        simulate(&w, true, w.u->time_s);
    if (w.status == CSIN_OK) {
        add_classes(&w);
        add_worst(&w);
    }
    for (uint32_t i = 0; i < w.u->n && !is_stopped(&w); i++) {
        try_upgrade(&w, &w.u->items[i]);
        find_price(&w, &w.u->items[i]);
    }
    if (w.status == CSIN_OK) {
        qsort(w.u->items, w.u->n, sizeof *w.u->items, by_gain);
        judge(&w);
        judge_price(&w);
    }
    csin_schedule_finish(&w.schedule);
    if (w.status == CSIN_OK)
        *ret = w.u;
    else
        csin_upgrades_destroy(w.u);
    return w.status;
}

void csin_upgrades_destroy(struct csin_upgrades *upgrades)
{
    if (!upgrades)
        return;
    csin_arena_destroy(upgrades->arena);
    free(upgrades);
}
