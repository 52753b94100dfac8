/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looks at everything in topo/findings.h, one part after the other. */
#include <stdlib.h>

#include "topo/findings_inside.h"
#include "topo/ib.h"

#define WALKS_MAX 40000000u  /* leaves x NICs followed at a time */
#define SHIFT_FLOWS 2000000u /* flows of all shifts, a quarter of it where tables are large */
#define LARGE 10000000u      /* entries of all tables */
#define RANDOM_FLOWS 400000u /* flows of all random permutations */
#define MAX_SENDERS_WORST 16384u

bool csin_is_large(const struct csin_fabric *f)
{
    return (uint64_t)f->n_switches * f->n_nics > LARGE;
}

/* The share of a flow under random permutations of an intact, full, non-blocking zone with D-Mod-K:
 * of the n - 1 other hosts of the leaf, X pick a destination behind the same uplink out of the N -
 * 1 that are left. X is hypergeometric; downwards there is no contention. */
static double closed_form(double N, double n)
{
    double others = N / n - 2, probability = 1, mean = 0;
    for (int i = 0; i < n - 1; i++)
        probability *= (N - 1 - others - i) / (N - 1 - i);
    for (int x = 0; x < n; x++) {
        mean += probability / (1 + x);
        probability *= (others - x) * (n - 1 - x) / ((x + 1) * (N - 1 - others - (n - 1) + x + 1));
    }
    return mean * (N - n) / N + n / N;
}

/* One intact zone, as many hosts on every leaf as spines, single links of the NICs' rate. */
static bool has_closed_form(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                            enum csin_policy policy)
{
    if (policy != CSIN_DMODK || f->n_zones != 1 || facts->n_dead_cables ||
        facts->n_degraded_cables || f->n_nics != f->n_hosts)
        return false;
    const struct csin_zone *zone = &f->zones[0];
    if (zone->links_per_pair != 1 || zone->n_leaves < 2 ||
        zone->n_leaves + zone->n_spines != f->n_switches ||
        f->n_cables != f->n_nics + zone->n_leaves * zone->n_spines)
        return false;
    for (uint32_t c = 0; c < f->n_cables; c++)
        if (f->cables[c].capacity_Bps != f->cables[0].capacity_Bps)
            return false;
    for (uint32_t s = zone->first_leaf; s < zone->first_leaf + zone->n_leaves; s++)
        if (f->switches[s].n_used != 2 * zone->n_spines)
            return false;
    return true;
}

static enum csin_status look_at_tables(const struct csin_fabric *f,
                                       const struct csin_routes *routes, struct csin_arena *arena,
                                       struct csin_diag *diag, struct csin_findings *findings)
{
    struct walker w;
    struct loads loads = {0};
    bool ok = csin_walker_init(&w, f, routes, WALKS_MAX, findings->seed);
    findings->destinations_share = w.n_joined ? (double)w.n_targets / w.n_joined : 1;
    ok = ok && csin_tables_look(&w, findings, &loads) &&
         csin_loops_look(&w, NULL, 1, arena, &findings->loops, &findings->loops_why_not);
    if (ok && w.n_senders > MAX_SENDERS_WORST)
        findings->worst.why_not = "there are too many leaves";
    else if (ok)
        ok = csin_worst_look(&w, &loads, arena, &findings->worst);
    if (ok && findings->loops.n)
        ok = csin_loops_try_zones(&w, arena, &findings->loops);
    ok = ok && csin_failures_look(f, &loads, findings);
    csin_loads_finish(&loads);
    csin_walker_finish(&w);
    return ok ? CSIN_OK : csin_no_memory(diag);
}

static enum csin_status look_at_patterns(const struct csin_fabric *f,
                                         const struct csin_fabric_facts *facts,
                                         const struct csin_routes *routes, struct csin_arena *arena,
                                         struct csin_diag *diag, struct csin_findings *findings)
{
    uint32_t n_shifts = csin_affordable(f, csin_is_large(f) ? SHIFT_FLOWS / 4 : SHIFT_FLOWS, 8,
                                        UINT32_MAX);
    uint32_t n_random = csin_affordable(f, RANDOM_FLOWS, 8, 200);
    if (!csin_shifts_look(f, routes, CSIN_ALL, n_shifts, findings->seed, arena, &findings->shifts))
        return csin_no_memory(diag);
    if (facts->n_role[CSIN_STORAGE] && facts->n_role[CSIN_COMPUTE] > 1 &&
        !csin_shifts_look(f, routes, CSIN_COMPUTE, n_shifts, findings->seed, arena,
                          &findings->compute_shifts))
        return csin_no_memory(diag);
    if (!csin_random_look(f, routes, n_random, findings->seed, &findings->random))
        return csin_no_memory(diag);
    if (has_closed_form(f, facts, findings->policy))
        findings->random.closed_form = closed_form(f->n_hosts, f->zones[0].n_spines);
    return CSIN_OK;
}

/* With the GUIDs that csin gives the fabric when it writes it (topo/ib.h); a fabric with more ports
 * than there are LIDs has none, and is taken in its order. */
static enum csin_status look_at_ftree(const struct csin_fabric *f, struct csin_arena *arena,
                                      struct csin_diag *diag, struct csin_findings *findings)
{
    struct csin_ib ib;
    uint64_t *guids = NULL;
    if (csin_ib_identify(f, arena, NULL, &ib) == CSIN_OK) {
        guids = csin_arena_alloc(arena, f->n_switches, sizeof *guids);
        for (uint32_t s = 0; guids && s < f->n_switches; s++)
            guids[s] = ib.points[s].node_guid;
    }
    for (unsigned i = 0; i < 4; i++)
        if (!csin_ftree_predict(f, guids, i, &findings->ftree[i]))
            return csin_no_memory(diag);
    return CSIN_OK;
}

enum csin_status csin_findings_create(const struct csin_fabric *fabric,
                                      const struct csin_fabric_facts *facts,
                                      const struct csin_routes *routes,
                                      const struct csin_findings_options *options,
                                      struct csin_arena *arena, struct csin_diag *diag,
                                      struct csin_findings *ret_findings)
{
    enum csin_policy policy = csin_routes_policy(routes);
    struct csin_findings found = {
        .policy = policy,
        .seed = csin_routes_seed(routes),
        .has_tables = csin_policy_has_table(policy),
        .destinations_share = 1,
        .idle_spine = CSIN_NONE,
    };
    enum csin_status status = CSIN_OK;
    if (found.has_tables) {
        status = look_at_tables(fabric, routes, arena, diag, &found);
    } else {
        found.loops_why_not = found.worst.why_not = "flows choose their ways, without tables";
        if (!csin_failures_look(fabric, NULL, &found))
            status = csin_no_memory(diag);
    }
    if (status == CSIN_OK)
        status = look_at_patterns(fabric, facts, routes, arena, diag, &found);
    if (status == CSIN_OK)
        status = csin_fabric_disjoint(fabric, diag, &found.disjoint);
    for (uint32_t i = 0; status == CSIN_OK && i < options->n_dead; i++)
        status = csin_dead_look(fabric, routes, options->dead[i], found.seed, diag, &found);
    if (status == CSIN_OK)
        status = look_at_ftree(fabric, arena, diag, &found);
    if (status == CSIN_OK && found.loops.n)
        status = csin_loops_remedy(routes, arena, diag, &found.loops_remedy);
    if (status == CSIN_OK && !csin_advise(fabric, facts, options, arena, &found))
        status = csin_no_memory(diag);
    if (status == CSIN_OK)
        *ret_findings = found;
    return status;
}
