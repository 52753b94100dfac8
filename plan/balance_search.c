/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "plan/balance_inside.h"

#define ROUND 20    /* sweeps of one heat */
#define PATIENCE 80 /* sweeps without progress; as many more as have this many moves: */
#define MOVES 200000
#define LEVELLING 1e-3

/* ---- local search ---- */

/* The cost of a load x: what it is over the threshold, squared; and a little of x squared, so that
 * loads below it are not all alike. */
static double cost_of(double x, double threshold)
{
    double over = x - threshold;
    return (over > 0 ? over * over : 0) + LEVELLING * x * x;
}

/* What the cost of all loads grows by when the entry's demand goes over `arc`. */
double balance_cost(const struct balance *b, const struct balance_entry *e, uint32_t arc,
                    double threshold)
{
    uint32_t rows[CSIN_PATH_MAX], n = balance_rows(b, e, arc, rows);
    double sum = 0;
    for (uint32_t r = 0; r < n; r++) {
        const double *load = b->load + (size_t)rows[r] * b->o->n_phases;
        const double *others = b->others + (size_t)rows[r] * b->n_owners;
        double per_Bps = 1 / b->f->arc_capacity_Bps[b->arc_of[rows[r]]];
        for (uint32_t i = e->first; i < e->first + e->n; i++) {
            uint32_t p = b->demands[i].phase;
            double before = load[p] + others[b->owner_of[p]];
            double after = before + b->demands[i].rate_Bps * per_Bps;
            sum += cost_of(after, threshold) - cost_of(before, threshold);
        }
    }
    return sum;
}

/* Whether the entry has part in a load over the threshold. */
bool balance_is_guilty(const struct balance *b, const struct balance_entry *e, double threshold)
{
    uint32_t rows[CSIN_PATH_MAX], n = balance_rows(b, e, e->arc, rows);
    for (uint32_t r = 0; r < n; r++) {
        const double *load = b->load + (size_t)rows[r] * b->o->n_phases;
        const double *others = b->others + (size_t)rows[r] * b->n_owners;
        for (uint32_t i = e->first; i < e->first + e->n; i++)
            if (load[b->demands[i].phase] + others[b->owner_of[b->demands[i].phase]] > threshold)
                return true;
    }
    return false;
}

/* Costs differ by chance as long as there is heat: one-entry moves alone are soon stuck. */
static double draw_noise(struct balance *b)
{
    return b->heat > 0 ? -b->heat * log1p(-(double)(csin_rng_next(&b->rng) >> 11) * 0x1p-53) : 0;
}

/* What it costs besides that the entry is not what it was. */
double balance_stick(const struct balance *b, const struct balance_entry *e, uint32_t arc)
{
    return arc != e->given && !e->forced ? b->stick : 0;
}

void balance_weigh_rows(struct balance *b, const struct balance_entry *e, uint32_t arc)
{
    uint32_t rows[CSIN_PATH_MAX], n = balance_rows(b, e, arc, rows);
    for (uint32_t r = 0; r < n; r++)
        balance_weigh_row(b, rows[r]);
}

/* Moves one entry to where it costs least. */
void balance_improve(struct balance *b, struct balance_entry *e, double threshold)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    uint32_t best = e->arc;
    if (n < 2)
        return;
    balance_add(b, e, -1);
    double least = balance_cost(b, e, e->arc, threshold) * (1 - 1e-9) +
                   balance_stick(b, e, e->arc) + draw_noise(b);
    for (uint32_t i = 0; i < n; i++) {
        double c = arcs[i] == e->arc ? HUGE_VAL
                                     : balance_cost(b, e, arcs[i], threshold) +
                                           balance_stick(b, e, arcs[i]) + draw_noise(b);
        if (c < least) {
            least = c;
            best = arcs[i];
        }
    }
    uint32_t before = e->arc;
    balance_set(b, e, best);
    balance_add(b, e, 1);
    if (b->n_owners > 1 && best != before) {
        balance_weigh_rows(b, e, before);
        balance_weigh_rows(b, e, best);
    }
}

/* The entries with demand whose way leads through the switch of `e`, itself included. */
static uint32_t list_passing(struct balance *b, const struct balance_entry *e)
{
    const struct csin_fabric *f = b->f;
    uint32_t n = 0;
    for (uint32_t i = b->first_of_nic[e->nic]; i < b->first_of_nic[e->nic + 1]; i++) {
        const struct balance_entry *x = &b->entries[b->by_nic[i]];
        uint32_t at = x->sw, hops = 0;
        while (at != e->sw && at != f->nics[e->nic].leaf && hops++ < CSIN_PATH_MAX) {
            uint32_t port = csin_routes_port(b->routes, at, e->nic, 0);
            if (port == CSIN_NONE)
                break;
            at = csin_arc_head(f, f->port_arc[f->switches[at].first_port + port]);
        }
        if (at == e->sw)
            b->passing[n++] = b->by_nic[i];
    }
    return n;
}

static double cost_passing(struct balance *b, uint32_t n, double threshold)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct balance_entry *x = &b->entries[b->passing[i]];
        sum += balance_cost(b, x, x->arc, threshold);
        balance_add(b, x, 1);
    }
    for (uint32_t i = 0; i < n; i++)
        balance_add(b, &b->entries[b->passing[i]], -1);
    return sum;
}

/* As improve, where others may pass: all of them move together. */
static void improve_passing(struct balance *b, struct balance_entry *e, double threshold,
                            bool if_guilty)
{
    uint32_t arcs[CSIN_MAX_PORTS], n_arcs = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    uint32_t n = n_arcs < 2 ? 0 : list_passing(b, e), best = e->arc;
    bool guilty = !if_guilty;
    for (uint32_t i = 0; i < n && !guilty; i++)
        guilty = balance_is_guilty(b, &b->entries[b->passing[i]], threshold);
    if (n == 0 || !guilty)
        return;
    for (uint32_t i = 0; i < n; i++)
        balance_add(b, &b->entries[b->passing[i]], -1);
    double least = cost_passing(b, n, threshold) * (1 - 1e-9);
    for (uint32_t c = 0; c < n_arcs; c++) {
        if (arcs[c] == best)
            continue;
        uint32_t before = e->arc;
        balance_set(b, e, arcs[c]);
        double sum = cost_passing(b, n, threshold);
        if (sum < least) {
            least = sum;
            best = arcs[c];
        } else {
            balance_set(b, e, before);
        }
    }
    balance_set(b, e, best);
    for (uint32_t i = 0; i < n; i++)
        balance_add(b, &b->entries[b->passing[i]], 1);
}

static bool is_better(struct balance_score a, struct balance_score b)
{
    if (a.worst < b.worst * (1 - 1e-9))
        return true;
    return a.worst < b.worst * (1 + 1e-9) && a.mean_square < b.mean_square * (1 - 1e-9);
}

/* Weighs what there is; keeps it where it is the best so far. */
void balance_keep(struct balance *b, struct balance_score *best)
{
    uint32_t row;
    struct balance_score score;
    balance_reload(b);
    score.worst = balance_weigh(b, &row, &score.mean_square);
    if (is_better(score, *best)) {
        *best = score;
        for (uint32_t e = 0; e < b->n_entries + b->n_hops; e++)
            b->entries[e].best = b->entries[e].arc;
    }
}

/* To the best so far. */
void balance_go_back(struct balance *b)
{
    for (uint32_t e = 0; e < b->n_entries + b->n_hops; e++)
        balance_set(b, &b->entries[e], b->entries[e].best);
    balance_reload(b);
}

/* Rounds of sweeps without heat, with much and with little of it; within a round it falls to 0. A
 * unit of it is the cost of a load one unit over the threshold. */
static double heat_of(uint32_t sweep, double unit)
{
    static const double most[] = {0, 1, 0.1};
    double rest = 1 - (double)(sweep % ROUND) / (ROUND - 1);
    return most[sweep / ROUND % 3] * unit * unit * rest;
}

/* The load that a demand makes, on average. */
static double demand_of(const struct balance *b)
{
    double sum = 0;
    for (uint32_t e = 0; e < b->n_entries; e++)
        for (uint32_t i = 0; i < b->entries[e].n; i++)
            sum += b->demands[b->entries[e].first + i].rate_Bps /
                   b->f->arc_capacity_Bps[b->entries[e].arc];
    return b->n_demands ? sum / b->n_demands : 0;
}

/* One sweep over all entries, if asked for, evens out everything; then those that have part in a
 * load over the threshold move, which is kept a step below the worst load. */
void balance_search(struct balance *b, struct balance_score *best, double bound, bool all)
{
    double threshold = all ? 0 : fmax(bound, best->worst - STEP * bound),
           unit = fmax(STEP * bound, demand_of(b));
    uint32_t patience = PATIENCE + MOVES / (b->n_entries + 1);
    for (uint32_t sweep = 0, stale = 0; stale < patience && !balance_is_over(b); sweep++) {
        if (best->worst <= bound * (1 + 1e-9))
            break;
        double before = best->worst;
        b->heat = heat_of(sweep, unit);
        csin_rng_shuffle(&b->rng, b->order, b->n_entries + b->n_hops);
        for (uint32_t i = 0; i < b->n_entries + b->n_hops && (i % 64 || !balance_is_over(b)); i++) {
            struct balance_entry *e = &b->entries[b->order[i]];
            bool any = all && sweep == 0;
            if (b->n_hops > 0)
                improve_passing(b, e, threshold, !any);
            else if (any || balance_is_guilty(b, e, threshold))
                balance_improve(b, e, threshold);
        }
        balance_keep(b, best);
        stale = best->worst < before * (1 - 1e-9) ? 0 : stale + 1;
        threshold = fmax(bound, best->worst - STEP * bound);
    }
}
