/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/isolate_inside.h"
#include "plan/offered.h"

#define MAX_WEIGHT 255.0
/* Arcs of a run carry up to a thousandth more than they can (csin_lossless_check). */
#define ARC_TOLERANCE 1e-3
#define BOUND_OWNERS                                                                               \
    8u /* of an arc, those with the most bytes; fewer make the bound less, not wrong */

uint32_t csin_isolate_count_lanes(const struct isolator *iso)
{
    const struct csin_fabric *f = iso->sc.fabric;
    uint32_t n = CSIN_MAX_LANES;
    for (uint32_t i = 0; i < iso->as_is->result->n_arcs; i++) {
        uint32_t arc = iso->as_is->result->arcs[i].arc;
        uint32_t ends[] = {csin_arc_tail(f, arc), csin_arc_head(f, arc)};
        for (uint32_t k = 0; k < 2; k++)
            if (!csin_is_nic(f, ends[k]) && f->switches[ends[k]].n_vls < n)
                n = f->switches[ends[k]].n_vls;
    }
    return n;
}

/* ---- what lanes offer to arcs ---- */

struct offers {
    const struct isolator *iso;
    const struct csin_offered *o;
    struct csin_way way;
    double *phase, *owner; /* [n_arcs] */
    double *lanes;         /* [n_lanes][n_arcs] */
    uint32_t *arcs;        /* [n_arcs] those that the phase at hand loads */
    uint32_t n_arcs;
};

/* The arcs' rates in a phase, added to offers->phase; which ones is in offers->arcs. */
static void load_phase(struct offers *l, const struct csin_phase *phase)
{
    const struct csin_scenario *sc = &l->iso->sc;
    l->n_arcs = 0;
    for (uint32_t i = phase->first; i < phase->first + phase->n; i++) {
        const struct csin_offer *offer = &l->o->offers[i];
        uint32_t src = sc->fabric->nics[offer->src].host, dst = sc->fabric->nics[offer->dst].host;
        if (!csin_routes_way(sc->routes, src, dst, csin_flow_key(src, dst), NULL, &l->way))
            continue;
        for (uint32_t k = 0; k < l->way.n; k++) {
            double *rate = &l->phase[l->way.arcs[k]];
            if (*rate == 0)
                l->arcs[l->n_arcs++] = l->way.arcs[k];
            *rate += l->way.weights[k] * offer->rate_Bps;
        }
    }
}

/* An owner asks an arc for the most that any of its phases does. */
static void load_lanes(struct offers *l, const struct trial *t)
{
    uint32_t n_arcs = l->iso->sc.fabric->n_arcs;
    for (uint32_t p = 0; p < l->o->n_phases; p++) {
        const struct csin_phase *phase = &l->o->phases[p];
        double *lane = l->lanes + (size_t)t->lane_of[phase->owner] * n_arcs;
        load_phase(l, phase);
        for (uint32_t i = 0; i < l->n_arcs; i++) {
            double *most = &l->owner[l->arcs[i]], *rate = &l->phase[l->arcs[i]];
            lane[l->arcs[i]] += fmax(*rate - *most, 0);
            *most = fmax(*most, *rate);
            *rate = 0;
        }
        if (p + 1 == l->o->n_phases || l->o->phases[p + 1].owner != phase->owner)
            memset(l->owner, 0, n_arcs * sizeof *l->owner);
    }
}

/* Where several lanes together ask for more than there is, each has a claim: its share of what is
 * asked for. A lane's weight goes by its largest claim. */
static void weigh(const struct offers *l, struct trial *t, double demand[CSIN_MAX_LANES],
                  uint32_t worst_arc[CSIN_MAX_LANES])
{
    const struct csin_fabric *f = l->iso->sc.fabric;
    for (uint32_t lane = 0; lane < t->n_lanes; lane++) {
        demand[lane] = 0;
        worst_arc[lane] = CSIN_NONE;
    }
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        double all = 0;
        for (uint32_t lane = 0; lane < t->n_lanes; lane++)
            all += l->lanes[(size_t)lane * f->n_arcs + arc];
        if (all <= f->arc_capacity_Bps[arc] * (1 + 1e-9))
            continue;
        for (uint32_t lane = 0; lane < t->n_lanes; lane++) {
            double share = l->lanes[(size_t)lane * f->n_arcs + arc] / all;
            if (share >= 1 - 1e-9 || share <= demand[lane])
                continue; /* nobody to share with; less than elsewhere */
            demand[lane] = share;
            worst_arc[lane] = arc;
        }
    }
    double least = 1;
    for (uint32_t lane = 0; lane < t->n_lanes; lane++)
        least = demand[lane] > 0 ? fmin(least, demand[lane]) : least;
    for (uint32_t lane = 0; lane < t->n_lanes; lane++) {
        double weight = demand[lane] > 0 ? CSIN_EQUAL_WEIGHT * demand[lane] / least
                                         : CSIN_EQUAL_WEIGHT;
        t->weights[lane] = (uint8_t)fmin(fmax(round(weight), 1), MAX_WEIGHT);
    }
}

enum csin_status csin_isolate_weights(struct isolator *iso, struct trial *t,
                                      double demand[CSIN_MAX_LANES],
                                      uint32_t worst_arc[CSIN_MAX_LANES])
{
    const struct csin_fabric *f = iso->sc.fabric;
    struct csin_schedule schedule;
    struct csin_offered offered = {0};
    enum csin_status status = csin_scenario_schedule(&iso->sc, CSIN_NONE, iso->diag, &schedule);
    if (status != CSIN_OK)
        return status;
    status = csin_offered_create(&schedule, iso->sc.routes, f, iso->diag, &offered);
    csin_schedule_finish(&schedule);
    if (status != CSIN_OK)
        return status;
    struct offers l = {
        .iso = iso,
        .o = &offered,
        .way = {.arcs = malloc(CSIN_WAY_MAX * sizeof *l.way.arcs),
                .weights = malloc(CSIN_WAY_MAX * sizeof *l.way.weights)},
        .phase = calloc(f->n_arcs + 1u, sizeof *l.phase),
        .owner = calloc(f->n_arcs + 1u, sizeof *l.owner),
        .lanes = calloc((size_t)t->n_lanes * f->n_arcs + 1, sizeof *l.lanes),
        .arcs = malloc((f->n_arcs + 1u) * sizeof *l.arcs),
    };
    if (l.way.arcs && l.way.weights && l.phase && l.owner && l.lanes && l.arcs) {
        load_lanes(&l, t);
        weigh(&l, t, demand, worst_arc);
    } else {
        status = csin_no_memory(iso->diag);
    }
    free(l.way.arcs);
    free(l.way.weights);
    free(l.phase);
    free(l.owner);
    free(l.lanes);
    free(l.arcs);
    csin_offered_finish(&offered);
    return status;
}

/* ---- the bound ---- */

struct share { /* of an arc */
    double bytes, start_s, alone_s;
};

/* Whether some owners cannot all be done in time: those that start at `from` or later and have to
 * end by `to` would need more than the arc can carry in between. A necessary condition of one
 * machine with release times and due times, whoever decides the order. */
static bool is_too_much(const struct share *shares, uint32_t n, double capacity_Bps,
                        double slowdown)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < n; k++) {
            double from = shares[i].start_s, bytes = 0;
            double to = shares[k].start_s + slowdown * shares[k].alone_s;
            for (uint32_t m = 0; m < n; m++)
                if (shares[m].start_s >= from &&
                    shares[m].start_s + slowdown * shares[m].alone_s <= to)
                    bytes += shares[m].bytes;
            if (bytes > capacity_Bps * (to - from) && bytes > 0)
                return true;
        }
    return false;
}

/* When an owner starts and how long it takes alone; false where that says nothing of its bytes. */
static bool time_of(const struct isolator *iso, uint32_t owner, struct share *share)
{
    const struct csin_scenario *sc = &iso->sc;
    double alone = iso->alone[owner][0];
    if (owner < sc->n_jobs) {
        share->start_s = sc->jobs[owner].start_s;
        share->alone_s = alone;
        return true;
    }
    const struct csin_stream *stream = &sc->streams[owner - sc->n_jobs];
    share->start_s = stream->start_s;
    share->alone_s = (double)stream->size_bytes * stream->n_clients / alone;
    return stream->duration_s <= 0 && alone > 0;
}

double csin_isolate_bound(const struct isolator *iso, uint32_t *ret_arc)
{
    const struct csin_result *r = iso->as_is->result;
    double bound = 0;
    *ret_arc = CSIN_NONE;
    /* The bytes of each arc are the same in every run only where ways and volumes are. */
    if (iso->sc.n_events > 0 || iso->sc.policy == CSIN_LEAST_LOADED)
        return 0;
    for (uint32_t i = 0; i < r->n_arcs; i++) {
        struct share shares[BOUND_OWNERS];
        uint32_t n = 0;
        for (uint32_t k = 0; k < r->arcs[i].n_loads && n < BOUND_OWNERS; k++) {
            const struct csin_load *load = &r->loads[r->arcs[i].first_load + k];
            shares[n].bytes = load->bytes;
            n += time_of(iso, load->owner, &shares[n]);
        }
        double capacity_Bps = iso->sc.fabric->arc_capacity_Bps[r->arcs[i].arc] *
                              (1 + ARC_TOLERANCE);
        double low = bound, high = fmax(bound, 1);
        if (!is_too_much(shares, n, capacity_Bps, bound))
            continue;
        while (is_too_much(shares, n, capacity_Bps, high))
            high *= 2;
        for (uint32_t round = 0; round < 50; round++) {
            double middle = (low + high) / 2;
            *(is_too_much(shares, n, capacity_Bps, middle) ? &low : &high) = middle;
        }
        bound = low;
        *ret_arc = r->arcs[i].arc;
    }
    return bound;
}
