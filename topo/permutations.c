/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patterns in which every host sends to one other: shifts, and permutations drawn at random. The
 * share of a flow is 1 / the largest load of an arc on its way, at most 1; the load of an arc is
 * what the flows on it would send alone, divided by what it carries. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define BINS 10000u        /* of shares, for percentiles */
#define FREE_LOAD 1.000001 /* loads are sums of quotients */

void csin_crowd_finish(struct crowd *crowd)
{
    free(crowd->load);
    free(crowd->arcs);
    free(crowd->first);
    free(crowd->weights);
    free(crowd->rate);
    free(crowd->way.arcs);
    free(crowd->way.weights);
}

bool csin_crowd_init(struct crowd *crowd, const struct csin_fabric *f, uint32_t n_flows)
{
    *crowd = (struct crowd){
        .f = f,
        .load = malloc((f->n_arcs + 1u) * sizeof *crowd->load),
        .first = malloc((n_flows + 1u) * sizeof *crowd->first),
        .rate = malloc((n_flows + 1u) * sizeof *crowd->rate),
        .room = n_flows,
        .way = {.arcs = malloc(CSIN_WAY_MAX * sizeof(uint32_t)),
                .weights = malloc(CSIN_WAY_MAX * sizeof(double))},
    };
    return crowd->load && crowd->first && crowd->rate && crowd->way.arcs && crowd->way.weights;
}

/* Adds the way of flow i. False without memory. */
static bool add_way(struct crowd *crowd, uint32_t i, double rate_Bps)
{
    const struct csin_fabric *f = crowd->f;
    const struct csin_way *way = &crowd->way;
    uint32_t at = crowd->first[i];
    if (!csin_grow(&crowd->arcs, &crowd->arcs_room, (size_t)at + way->n, sizeof *crowd->arcs) ||
        !csin_grow(&crowd->weights, &crowd->weights_room, (size_t)at + way->n,
                   sizeof *crowd->weights))
        return false;
    for (uint32_t k = 0; k < way->n; k++) {
        crowd->arcs[at + k] = way->arcs[k];
        crowd->weights[at + k] = way->weights[k];
        crowd->load[way->arcs[k]] += way->weights[k] * rate_Bps /
                                     f->cables[way->arcs[k] >> 1].capacity_Bps;
    }
    crowd->first[i + 1] = at + way->n;
    return true;
}

static bool find_way(struct crowd *crowd, const struct csin_routes *routes, uint32_t src,
                     uint32_t dst)
{
    uint64_t flow = csin_mix64((uint64_t)src << 32 | dst);
    return csin_routes_way(routes, src, dst, flow, NULL, &crowd->way);
}

bool csin_crowd_run(struct crowd *crowd, const struct csin_routes *routes, const uint32_t *hosts,
                    const uint32_t *to, uint32_t n, double *shares, struct crowd_result *ret)
{
    const struct csin_fabric *f = crowd->f;
    struct crowd_result result = {.arc = CSIN_NONE};
    memset(crowd->load, 0, f->n_arcs * sizeof *crowd->load);
    crowd->first[0] = 0;
    for (uint32_t i = 0; i < n; i++) {
        crowd->rate[i] = 0;
        crowd->first[i + 1] = crowd->first[i];
        if (to[i] == i)
            continue;
        if (!find_way(crowd, routes, hosts[i], hosts[to[i]])) {
            crowd->rate[i] = -1;
            result.n_lost++;
            continue;
        }
        const struct csin_way *way = &crowd->way;
        crowd->rate[i] = fmin(f->cables[way->arcs[0] >> 1].capacity_Bps,
                              f->cables[way->arcs[way->n - 1] >> 1].capacity_Bps);
        if (!add_way(crowd, i, crowd->rate[i]))
            return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        double load = 1;
        for (uint32_t k = crowd->first[i]; k < crowd->first[i + 1]; k++) {
            uint32_t arc = crowd->arcs[k];
            load = fmax(load, crowd->load[arc]);
            if (crowd->load[arc] > result.load) {
                result.load = crowd->load[arc];
                result.arc = arc;
            }
        }
        double share = crowd->rate[i] < 0 ? 0 : 1 / load;
        result.share_sum += share;
        if (shares)
            shares[i] = share;
    }
    *ret = result;
    return true;
}

uint32_t *csin_ranks(const struct csin_fabric *f, unsigned role, uint32_t *ret_n)
{
    uint32_t *hosts = malloc((f->n_hosts + 1u) * sizeof *hosts), n = 0;
    if (!hosts)
        return NULL;
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        bool is_joined = false;
        for (uint32_t k = 0; k < f->hosts[h].n_nics; k++) {
            const struct csin_nic *nic = &f->nics[f->hosts[h].first_nic + k];
            is_joined |= nic->cable != CSIN_NONE && f->cables[nic->cable].up;
        }
        if (is_joined && (role == CSIN_ALL || f->hosts[h].role == role))
            hosts[n++] = h;
    }
    *ret_n = n;
    return hosts;
}

uint32_t csin_affordable(const struct csin_fabric *f, uint64_t flows, uint32_t least, uint32_t most)
{
    uint64_t n = f->n_hosts ? flows / f->n_hosts : most;
    return n < least ? least : n > most ? most : (uint32_t)n;
}

/* ---- shifts ---- */

static int by_number(const void *left, const void *right)
{
    const uint32_t *a = left, *z = right;
    return (*a > *z) - (*a < *z);
}

/* All shifts, or `max` of them drawn, ascending. malloc'ed. */
static uint32_t *pick_shifts(uint32_t n_ranks, uint32_t max, uint64_t seed, uint32_t *ret_n)
{
    struct csin_rng rng = csin_rng_init(seed, 0x5817);
    uint32_t n = n_ranks - 1;
    uint32_t *shifts = malloc(n_ranks * sizeof *shifts);
    if (!shifts)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        shifts[i] = i + 1;
    if (n > max) {
        csin_rng_shuffle(&rng, shifts, n);
        n = max;
        qsort(shifts, n, sizeof *shifts, by_number);
    }
    *ret_n = n;
    return shifts;
}

static bool run_shifts(struct crowd *crowd, const struct csin_routes *routes, const uint32_t *hosts,
                       const uint32_t *shifts, uint32_t *to, struct csin_shifts *found)
{
    double sum = 0;
    for (uint32_t i = 0; i < found->n; i++) {
        struct crowd_result result;
        for (uint32_t r = 0; r < found->n_ranks; r++)
            to[r] = (uint32_t)(((uint64_t)r + shifts[i]) % found->n_ranks);
        if (!csin_crowd_run(crowd, routes, hosts, to, found->n_ranks, NULL, &result))
            return false;
        struct csin_shift shift = {shifts[i], result.arc, result.load,
                                   result.share_sum / found->n_ranks};
        sum += shift.share;
        found->n_lost += result.n_lost;
        found->n_free += result.load <= FREE_LOAD && result.n_lost == 0;
        if (shift.load > found->worst.load + 1e-9)
            found->worst = shift;
        if (found->list)
            found->list[i] = shift;
    }
    found->mean_share = found->n ? sum / found->n : 0;
    return true;
}

bool csin_shifts_look(const struct csin_fabric *f, const struct csin_routes *routes, unsigned role,
                      uint32_t max, uint64_t seed, struct csin_arena *arena,
                      struct csin_shifts *ret)
{
    struct csin_shifts found = {.worst.arc = CSIN_NONE};
    struct crowd crowd = {0};
    uint32_t *hosts = csin_ranks(f, role, &found.n_ranks), *shifts = NULL, *to = NULL;
    bool ok = hosts != NULL;
    if (ok && found.n_ranks > 1) {
        found.n_all = found.n_ranks - 1;
        shifts = pick_shifts(found.n_ranks, max, seed, &found.n);
        to = malloc(found.n_ranks * sizeof *to);
        if (arena)
            found.list = csin_arena_alloc(arena, found.n, sizeof *found.list);
        ok = csin_crowd_init(&crowd, f, found.n_ranks) && shifts && to && (found.list || !arena) &&
             run_shifts(&crowd, routes, hosts, shifts, to, &found);
        csin_crowd_finish(&crowd);
    }
    free(hosts);
    free(shifts);
    free(to);
    *ret = found;
    return ok;
}

/* ---- random permutations ---- */

/* The lowest share of 99 of 100 flows. */
static double percentile(const uint64_t *bins, uint64_t n)
{
    uint64_t below = 0;
    for (uint32_t i = 0; i <= BINS; i++) {
        below += bins[i];
        if (below * 100 > n)
            return (double)i / BINS;
    }
    return 1;
}

bool csin_random_look(const struct csin_fabric *f, const struct csin_routes *routes, uint32_t n,
                      uint64_t seed, struct csin_random *ret)
{
    struct csin_random found = {.n = n};
    struct csin_rng rng = csin_rng_init(seed, 0x9e57);
    struct crowd crowd = {0};
    uint32_t *hosts = csin_ranks(f, CSIN_ALL, &found.n_ranks);
    uint32_t *to = malloc((f->n_hosts + 1u) * sizeof *to);
    double *shares = malloc((f->n_hosts + 1u) * sizeof *shares), sum = 0, squares = 0;
    uint64_t *bins = calloc(BINS + 1, sizeof *bins);
    bool ok = hosts && to && shares && bins && csin_crowd_init(&crowd, f, f->n_hosts);
    for (uint32_t i = 0; ok && i < found.n_ranks; i++)
        to[i] = i;
    for (uint32_t i = 0; ok && found.n_ranks > 1 && i < n; i++) {
        struct crowd_result result;
        csin_rng_shuffle(&rng, to, found.n_ranks);
        ok = csin_crowd_run(&crowd, routes, hosts, to, found.n_ranks, shares, &result);
        if (!ok)
            break;
        for (uint32_t r = 0; r < found.n_ranks; r++)
            bins[(uint32_t)(shares[r] * BINS + 0.5)]++;
        double mean = result.share_sum / found.n_ranks;
        sum += mean;
        squares += mean * mean;
    }
    if (ok && found.n_ranks > 1 && n) {
        found.mean_share = sum / n;
        if (n > 1)
            found.error = sqrt(fmax(0, squares / n - found.mean_share * found.mean_share) /
                               (n - 1));
        found.p99_share = percentile(bins, (uint64_t)n * found.n_ranks);
    }
    csin_crowd_finish(&crowd);
    free(hosts);
    free(to);
    free(shares);
    free(bins);
    *ret = found;
    return ok;
}
