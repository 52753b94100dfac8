/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is said of routes: pairs without one, ways that are longer than needed, routes on each arc.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define SENDER_BITS_MAX ((size_t)256 << 20) /* bytes */

const char *const csin_group_names[] = {"leaf-up", "leaf-down", "inter-zone", "elsewhere", NULL};

enum csin_group csin_group_of(const struct csin_fabric *f, uint32_t arc)
{
    switch (f->cables[arc >> 1].place) {
    case CSIN_AT_SPINE:
        return arc & 1 ? CSIN_GROUP_DOWN : CSIN_GROUP_UP;
    case CSIN_BETWEEN_ZONES:
        return CSIN_GROUP_INTER_ZONE;
    default:
        return CSIN_GROUP_ELSEWHERE;
    }
}

struct look {
    const struct walker *w;
    struct csin_reach *reach;
    struct loads *loads;
    uint32_t *last_target; /* [n_arcs] destination + 1 that was counted last */
};

void csin_loads_finish(struct loads *loads)
{
    for (unsigned from = 0; from < CSIN_N_ROLES; from++)
        for (unsigned to = 0; to < CSIN_N_ROLES; to++)
            free(loads->routes[from][to]);
    free(loads->through);
    free(loads->targets);
    free(loads->senders);
}

static bool loads_init(struct loads *loads, const struct walker *w)
{
    const struct csin_fabric *f = w->f;
    bool ok = true;
    *loads = (struct loads){
        .through = calloc(f->n_switches + 1u, sizeof *loads->through),
        .targets = calloc(f->n_arcs + 1u, sizeof *loads->targets),
        .sender_words = w->n_senders / 64u + 1u,
    };
    for (unsigned from = 0; from < CSIN_N_ROLES; from++)
        for (unsigned to = 0; to < CSIN_N_ROLES; to++) {
            loads->routes[from][to] = calloc(f->n_arcs + 1u, sizeof(uint64_t));
            ok &= loads->routes[from][to] != NULL;
        }
    if (loads->sender_words * sizeof(uint64_t) * f->n_arcs <= SENDER_BITS_MAX)
        loads->senders = calloc(loads->sender_words * f->n_arcs + 1u, sizeof(uint64_t));
    return ok && loads->through && loads->targets;
}

/* Keeps examples that end at different switches or in different ways, then others. */
static void keep_example(struct look *look, const struct walk *walk)
{
    struct csin_reach *reach = look->reach;
    if (reach->n_examples == CSIN_EXAMPLES)
        return;
    for (uint32_t i = 0; i < reach->n_examples; i++)
        if (reach->examples[i].at == walk->at && reach->examples[i].stop == walk->stop)
            return;
    reach->examples[reach->n_examples++] = (struct csin_lost_pair){csin_walk_pair(look->w, walk),
                                                                   walk->stop, walk->at};
}

static void count_reach(struct look *look, const struct walk *walk)
{
    const struct walker *w = look->w;
    struct csin_reach *reach = look->reach;
    reach->n_pairs += walk->n_pairs;
    if (walk->stop != CSIN_ARRIVES) {
        reach->n_lost[walk->stop] += walk->n_pairs;
        reach->n_all_lost += walk->n_pairs;
        keep_example(look, walk);
        return;
    }
    uint32_t shortest = csin_routes_hops(w->routes, w->senders[walk->sender].leaf,
                                         w->f->nics[walk->nic].leaf);
    if (walk->n > shortest + 1)
        reach->n_longer += walk->n_pairs;
    if (walk->n + 1 > reach->longest) {
        reach->longest = walk->n + 1;
        reach->longest_pair = csin_walk_pair(w, walk);
    }
}

static void look_at(void *context, const struct walk *walk)
{
    struct look *look = context;
    const struct csin_fabric *f = look->w->f;
    struct loads *loads = look->loads;
    count_reach(look, walk);
    if (walk->stop != CSIN_ARRIVES || !walk->in_use)
        return;
    const struct sender *sender = &look->w->senders[walk->sender];
    uint64_t *routes = loads->routes[sender->role][f->hosts[f->nics[walk->nic].host].role];
    loads->through[sender->leaf] += walk->n_pairs;
    for (uint32_t i = 0; i < walk->n; i++) {
        uint32_t arc = walk->arcs[i];
        routes[arc] += walk->n_pairs;
        if (i + 1 < walk->n)
            loads->through[csin_arc_head(f, arc)] += walk->n_pairs;
        if (look->last_target[arc] != walk->nic + 1) {
            look->last_target[arc] = walk->nic + 1;
            loads->targets[arc]++;
        }
        if (loads->senders)
            loads->senders[arc * loads->sender_words + walk->sender / 64] |= (uint64_t)1
                                                                             << walk->sender % 64;
    }
}

/* The first arc of a way is that of its NIC: as many routes as leave it. */
static void add_balance(struct csin_route_balance *balance, uint32_t arc, uint64_t routes)
{
    if (balance->n_arcs++ == 0)
        balance->worst = arc;
    balance->n_idle += routes == 0;
    balance->sum += routes;
    if (routes > balance->max) {
        balance->max = routes;
        balance->worst = arc;
    }
}

static uint64_t routes_on(const struct loads *loads, uint32_t arc, unsigned from, unsigned to)
{
    uint64_t n = 0;
    for (unsigned p = 0; p < CSIN_N_ROLES; p++)
        for (unsigned q = 0; q < CSIN_N_ROLES; q++)
            if ((from == CSIN_ALL || from == p) && (to == CSIN_ALL || to == q))
                n += loads->routes[p][q][arc];
    return n;
}

/* How evenly a leaf spreads over its uplinks. */
static void add_leaf(const struct csin_fabric *f, const struct loads *loads, uint32_t leaf,
                     unsigned from, unsigned to, struct csin_route_balance *balance)
{
    uint64_t sum = 0, most = 0;
    uint32_t n = 0, n_idle = 0, lump = 0, busiest = CSIN_NONE;
    for (uint32_t p = 0; p < f->switches[leaf].n_ports; p++) {
        uint32_t arc = f->port_arc[f->switches[leaf].first_port + p];
        if (arc == CSIN_NONE || !f->cables[arc >> 1].up)
            continue;
        if (csin_is_nic(f, csin_arc_head(f, arc))) {
            const struct csin_nic *nic = &f->nics[csin_arc_head(f, arc) - f->n_switches];
            lump += from == CSIN_ALL || f->hosts[nic->host].role == from;
        } else if (csin_group_of(f, arc) == CSIN_GROUP_UP) {
            uint64_t routes = routes_on(loads, arc, from, to);
            n++;
            n_idle += routes == 0;
            sum += routes;
            if (busiest == CSIN_NONE || routes > most) {
                most = routes;
                busiest = arc;
            }
        }
    }
    if (sum == 0)
        return;
    double mean = (double)sum / n, fair = lump ? ceil(mean / lump) * lump : mean;
    if ((double)most / fair <= balance->uneven)
        return;
    balance->uneven = (double)most / fair;
    balance->uneven_arc = busiest;
    balance->uneven_mean = mean;
    balance->uneven_idle = n_idle;
}

static void balance(const struct csin_fabric *f, const struct loads *loads,
                    struct csin_findings *findings)
{
    for (unsigned g = 0; g < CSIN_N_GROUPS; g++)
        for (unsigned from = 0; from <= CSIN_ALL; from++)
            for (unsigned to = 0; to <= CSIN_ALL; to++)
                findings->balance[g][from][to].worst = findings->balance[g][from][to].uneven_arc =
                    CSIN_NONE;
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        const struct csin_cable *cable = &f->cables[arc >> 1];
        if (!cable->up || csin_is_nic(f, cable->end[0]))
            continue;
        enum csin_group group = csin_group_of(f, arc);
        for (unsigned from = 0; from <= CSIN_ALL; from++)
            for (unsigned to = 0; to <= CSIN_ALL; to++) {
                add_balance(&findings->balance[group][from][to], arc,
                            routes_on(loads, arc, from, to));
            }
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        for (unsigned from = 0; from <= CSIN_ALL; from++)
            for (unsigned to = 0; to <= CSIN_ALL; to++)
                add_leaf(f, loads, s, from, to, &findings->balance[CSIN_GROUP_UP][from][to]);
    findings->idle_spine = CSIN_NONE;
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (f->switches[s].layer == CSIN_SPINE && loads->through[s] == 0) {
            findings->n_idle_spines++;
            findings->idle_spine = s;
        }
}

bool csin_tables_look(struct walker *w, struct csin_findings *findings, struct loads *ret_loads)
{
    struct look look = {w, &findings->reach, ret_loads,
                        calloc(w->f->n_arcs + 1u, sizeof *look.last_target)};
    bool ok = loads_init(ret_loads, w) && look.last_target;
    if (ok) {
        csin_walker_run(w, look_at, &look);
        balance(w->f, ret_loads, findings);
    }
    free(look.last_target);
    return ok;
}
