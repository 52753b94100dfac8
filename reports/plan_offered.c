/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/plan_offered.h"

#include <stdlib.h>

#include "base/units.h"

#define TEXT_OWNERS 10u

static const char *owner_name(const struct csin_plan *plan, uint32_t owner)
{
    return plan->planned.owners[owner];
}

static const char *class_name(const struct csin_plan *plan, uint32_t owner)
{
    const struct csin_scenario *sc = &plan->planned;
    uint32_t c = owner < sc->n_jobs ? sc->jobs[owner].traffic_class
                                    : sc->streams[owner - sc->n_jobs].traffic_class;
    return c == CSIN_NONE ? "" : sc->classes[c].name;
}

static const char *host_name(const struct csin_fabric *f, uint32_t nic)
{
    return f->hosts[f->nics[nic].host].name;
}

/* ---- leaf to leaf ---- */

static int by_pair(const void *left, const void *right)
{
    const struct csin_offer *a = left, *b = right;
    if (a->src != b->src)
        return a->src < b->src ? -1 : 1;
    return (a->dst > b->dst) - (a->dst < b->dst);
}

/* The offers of a phase with leaves for NICs, each pair once; malloc'ed, *ret_n of them. NULL
 * without memory. */
static struct csin_offer *fold(const struct csin_plan *plan, const struct csin_phase *phase,
                               uint32_t *ret_n)
{
    const struct csin_fabric *f = plan->scenario->fabric;
    struct csin_offer *pairs = malloc((phase->n + (size_t)1) * sizeof *pairs);
    uint32_t n = 0, kept = 0;
    for (uint32_t i = phase->first; pairs && i < phase->first + phase->n; i++) {
        const struct csin_offer *o = &plan->offered.offers[i];
        uint32_t from = f->nics[o->src].leaf, to = f->nics[o->dst].leaf;
        if (from < f->n_switches && to < f->n_switches)
            pairs[n++] = (struct csin_offer){from, to, o->rate_Bps};
    }
    if (pairs)
        qsort(pairs, n, sizeof *pairs, by_pair);
    for (uint32_t i = 0; i < n; i++) {
        if (kept && by_pair(&pairs[kept - 1], &pairs[i]) == 0)
            pairs[kept - 1].rate_Bps += pairs[i].rate_Bps;
        else
            pairs[kept++] = pairs[i];
    }
    *ret_n = kept;
    return pairs;
}

/* ---- CSV ---- */

/* From 1; 0 of a stream, which has none. */
static uint32_t step_of(const struct csin_plan *plan, const struct csin_phase *phase)
{
    return phase->owner < plan->planned.n_jobs ? phase->step + 1 : 0;
}

/* Names cannot contain commas or quotes. */
static void write_line(const struct csin_plan *plan, uint32_t p, const char *matrix,
                       const char *from, const char *to, double rate_Bps, FILE *out)
{
    const struct csin_phase *phase = &plan->offered.phases[p];
    fprintf(out, "%s,%u,%s,%s,%u,%u,%s,%s,%s\n", matrix, p + 1, owner_name(plan, phase->owner),
            class_name(plan, phase->owner), step_of(plan, phase), phase->times, from, to,
            csin_show_exact(rate_Bps).s);
}

bool csin_offered_write_csv(const struct csin_plan *plan, FILE *out)
{
    const struct csin_fabric *f = plan->scenario->fabric;
    fputs("matrix,phase,owner,class,step,times,from,to,rate_Bps\n", out);
    for (uint32_t p = 0; p < plan->offered.n_phases; p++) {
        const struct csin_phase *phase = &plan->offered.phases[p];
        uint32_t n;
        struct csin_offer *pairs = fold(plan, phase, &n);
        if (!pairs)
            return false;
        for (uint32_t i = 0; i < n; i++)
            write_line(plan, p, "leaf", f->switches[pairs[i].src].name,
                       f->switches[pairs[i].dst].name, pairs[i].rate_Bps, out);
        free(pairs);
        for (uint32_t i = phase->first; i < phase->first + phase->n; i++) {
            const struct csin_offer *o = &plan->offered.offers[i];
            write_line(plan, p, "host", host_name(f, o->src), host_name(f, o->dst), o->rate_Bps,
                       out);
        }
    }
    return true;
}

/* ---- JSON ---- */

static void write_pair(struct csin_json *json, const char *from, const char *to, double rate_Bps)
{
    csin_json_flat_object(json, NULL);
    csin_json_string(json, "from", from);
    csin_json_string(json, "to", to);
    csin_json_real(json, "rate_Bps", rate_Bps);
    csin_json_end_object(json);
}

/* Whole matrices only: one that does not fit is left out, and what is left is for the next. */
static bool fits(uint32_t *left, uint32_t n)
{
    if (n > *left)
        return false;
    *left -= n;
    return true;
}

struct left { /* to write; left out */
    uint32_t leaf_pairs, host_pairs, no_leaves, no_hosts;
};

static void write_phase(const struct csin_plan *plan, uint32_t p, struct left *left,
                        struct csin_json *json)
{
    const struct csin_fabric *f = plan->scenario->fabric;
    const struct csin_phase *phase = &plan->offered.phases[p];
    const char *class = class_name(plan, phase->owner);
    uint32_t n = 0;
    struct csin_offer *pairs = fold(plan, phase, &n);
    csin_json_object(json, NULL);
    csin_json_string(json, "owner", owner_name(plan, phase->owner));
    csin_json_string(json, "class", *class ? class : NULL);
    csin_json_count(json, "step", step_of(plan, phase));
    csin_json_count(json, "times", phase->times);
    csin_json_real(json, "time_s", phase->time_s);
    csin_json_count(json, "flows", phase->n);
    if (pairs && fits(&left->leaf_pairs, n)) {
        csin_json_array(json, "leaf_to_leaf");
        for (uint32_t i = 0; i < n; i++)
            write_pair(json, f->switches[pairs[i].src].name, f->switches[pairs[i].dst].name,
                       pairs[i].rate_Bps);
        csin_json_end_array(json);
    } else {
        left->no_leaves++;
    }
    if (fits(&left->host_pairs, phase->n)) {
        csin_json_array(json, "host_to_host");
        for (uint32_t i = phase->first; i < phase->first + phase->n; i++) {
            const struct csin_offer *o = &plan->offered.offers[i];
            write_pair(json, host_name(f, o->src), host_name(f, o->dst), o->rate_Bps);
        }
        csin_json_end_array(json);
    } else {
        left->no_hosts++;
    }
    csin_json_end_object(json);
    free(pairs);
}

void csin_offered_write_json(const struct csin_plan *plan, struct csin_json *json)
{
    struct left left = {CSIN_OFFERED_LEAF_PAIRS, CSIN_OFFERED_HOST_PAIRS, 0, 0};
    uint32_t n = plan->offered.n_phases, shown = n < CSIN_OFFERED_PHASES ? n : CSIN_OFFERED_PHASES;
    csin_json_object(json, "offered");
    csin_json_count(json, "flows", plan->offered.n_offers);
    csin_json_array(json, "phases");
    for (uint32_t p = 0; p < shown; p++)
        write_phase(plan, p, &left, json);
    csin_json_end_array(json);
    csin_json_count(json, "phases_left_out", n - shown);
    csin_json_count(json, "leaf_matrices_left_out", left.no_leaves);
    csin_json_count(json, "host_matrices_left_out", left.no_hosts);
    csin_json_end_object(json);
}

/* ---- text ---- */

struct summary {                     /* of an owner */
    uint32_t phases, flows, busiest; /* flows: of the phase that has most; the leaf, CSIN_NONE */
    double all_Bps, leaf_Bps, zone_Bps, busiest_Bps;
};

static void add_phase(const struct csin_plan *plan, const struct csin_phase *phase, double *of_leaf,
                      struct summary *s)
{
    const struct csin_fabric *f = plan->scenario->fabric;
    const struct csin_offer *offers = plan->offered.offers + phase->first;
    s->phases++;
    s->flows = phase->n > s->flows ? phase->n : s->flows;
    for (uint32_t i = 0; i < phase->n; i++) {
        uint32_t from = f->nics[offers[i].src].leaf, to = f->nics[offers[i].dst].leaf;
        s->all_Bps += offers[i].rate_Bps;
        if (from == to || from >= f->n_switches || to >= f->n_switches)
            continue;
        s->leaf_Bps += offers[i].rate_Bps;
        s->zone_Bps += f->switches[from].zone != f->switches[to].zone ? offers[i].rate_Bps : 0;
        of_leaf[from] += offers[i].rate_Bps;
        if (of_leaf[from] > s->busiest_Bps * (1 + 1e-9)) {
            s->busiest_Bps = of_leaf[from];
            s->busiest = from;
        }
    }
    for (uint32_t i = 0; i < phase->n; i++)
        if (f->nics[offers[i].src].leaf < f->n_switches)
            of_leaf[f->nics[offers[i].src].leaf] = 0;
}

static struct csin_shown percent(double part, double all)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, "%.20s %%",
             csin_show_fixed(all > 0 ? 100 * part / all : 0, 0).s);
    return shown;
}

static void write_summary(const struct csin_plan *plan, uint32_t owner, const struct summary *s,
                          FILE *out)
{
    const struct csin_fabric *f = plan->scenario->fabric;
    const char *class = class_name(plan, owner);
    fprintf(out, "%-14.13s%-8.7s%7s%9s%9s%9s", owner_name(plan, owner), *class ? class : "-",
            csin_show_count(s->phases).s, csin_show_count(s->flows).s,
            percent(s->leaf_Bps, s->all_Bps).s, percent(s->zone_Bps, s->all_Bps).s);
    if (s->busiest == CSIN_NONE)
        fputs("  -\n", out);
    else
        fprintf(out, "  %.10s %.10s\n", f->switches[s->busiest].name,
                csin_show_rate(s->busiest_Bps).s);
}

void csin_offered_write_text(const struct csin_plan *plan, FILE *out)
{
    const struct csin_scenario *sc = &plan->planned;
    const struct csin_offered *o = &plan->offered;
    double *of_leaf = calloc(sc->fabric->n_switches + (size_t)1, sizeof *of_leaf);
    if (!of_leaf || o->n_phases == 0) {
        free(of_leaf);
        return;
    }
    fprintf(out, "\n%-14s%-8s%7s%9s%9s%9s  %s\n", "OFFERED", "class", "phases", "flows", "off-leaf",
            "off-zone", "busiest leaf");
    uint32_t n_owners = 0;
    for (uint32_t p = 0; p < o->n_phases;) {
        struct summary s = {.busiest = CSIN_NONE};
        uint32_t owner = o->phases[p].owner;
        for (; p < o->n_phases && o->phases[p].owner == owner; p++)
            add_phase(plan, &o->phases[p], of_leaf, &s);
        if (n_owners++ < TEXT_OWNERS)
            write_summary(plan, owner, &s, out);
    }
    if (n_owners > TEXT_OWNERS)
        fprintf(out, "... and %u more with -f json\n", n_owners - TEXT_OWNERS);
    free(of_leaf);
}
