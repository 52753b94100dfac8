/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What failures do. One cable or one switch: exactly, for each of them. Several cables at once:
 * each subset where they are few, else drawn, and the tables made again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

/* Flows of all samples of one number of dead cables. In large fabrics each flow also costs more, as
 * the tables outgrow the caches, and each sample new tables. */
#define SAMPLE_FLOWS 1000000u
#define SAMPLE_FLOWS_LARGE 250000u
#define VAST 16384u /* hosts */
#define ALL_MAX 64u /* subsets that are all tried; with more, some are drawn */

/* ---- who is cut off ----
 *
 * A depth-first search of the switches numbers them; low is the earliest switch that the subtree of
 * one can reach without its parent (Hopcroft, Tarjan, Efficient algorithms for graph manipulation,
 * Communications of the ACM 16, 1973). Subtrees are ranges of numbers, so what a failure cuts off
 * is a list of ranges. */
struct neighbour {
    uint32_t sw, cable, n; /* cables to it */
};
struct search {
    const struct csin_fabric *f;
    struct neighbour *neighbours;  /* of all switches */
    uint32_t *first;               /* [n_switches + 1] */
    uint32_t *number, *low, *last; /* [n_switches] from 1; of the subtree */
    uint32_t *parent;
    uint32_t *at;   /* [n_switches] by number - 1 */
    uint32_t *root; /* [n_switches] */
    uint32_t *nics; /* [n_switches + 1] NICs of at[0 .. i - 1] */
    uint32_t *next, *stack;
    uint32_t *lost;    /* [n_hosts] NICs that a failure cuts off */
    uint32_t *joined;  /* [n_hosts] NICs that are joined now */
    uint32_t *touched; /* [n_hosts] */
    uint32_t n_touched;
};

static void search_finish(struct search *s)
{
    free(s->neighbours);
    free(s->first);
    free(s->number);
    free(s->low);
    free(s->last);
    free(s->parent);
    free(s->at);
    free(s->root);
    free(s->nics);
    free(s->next);
    free(s->stack);
    free(s->lost);
    free(s->joined);
    free(s->touched);
}

static int by_switch(const void *left, const void *right)
{
    const struct neighbour *a = left, *z = right;
    if (a->sw != z->sw)
        return a->sw < z->sw ? -1 : 1;
    return (a->cable > z->cable) - (a->cable < z->cable);
}

/* Neighbours of each switch over cables that are up, several cables taken together. */
static void list_neighbours(struct search *s)
{
    const struct csin_fabric *f = s->f;
    uint32_t n = 0;
    for (uint32_t sw = 0; sw < f->n_switches; sw++) {
        uint32_t begin = s->first[sw] = n, kept = begin;
        for (uint32_t p = 0; p < f->switches[sw].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[sw].first_port + p];
            if (arc != CSIN_NONE && f->cables[arc >> 1].up &&
                !csin_is_nic(f, csin_arc_head(f, arc)))
                s->neighbours[n++] = (struct neighbour){csin_arc_head(f, arc), arc >> 1, 1};
        }
        qsort(s->neighbours + begin, n - begin, sizeof *s->neighbours, by_switch);
        for (uint32_t i = begin; i < n; i++) {
            if (kept > begin && s->neighbours[kept - 1].sw == s->neighbours[i].sw)
                s->neighbours[kept - 1].n++;
            else
                s->neighbours[kept++] = s->neighbours[i];
        }
        n = kept;
    }
    s->first[f->n_switches] = n;
}

static void number_from(struct search *s, uint32_t root, uint32_t *counter)
{
    uint32_t depth = 0;
    s->stack[depth++] = root;
    s->parent[root] = CSIN_NONE;
    while (depth) {
        uint32_t sw = s->stack[depth - 1];
        if (s->number[sw] == 0) {
            s->at[*counter] = sw;
            s->number[sw] = s->low[sw] = ++*counter;
            s->next[sw] = s->first[sw];
            s->root[sw] = root;
        }
        if (s->next[sw] < s->first[sw + 1]) {
            uint32_t other = s->neighbours[s->next[sw]++].sw;
            if (s->number[other] == 0) {
                s->parent[other] = sw;
                s->stack[depth++] = other;
            } else if (other != s->parent[sw] && s->number[other] < s->low[sw]) {
                s->low[sw] = s->number[other];
            }
            continue;
        }
        s->last[sw] = *counter;
        depth--;
        if (depth && s->low[sw] < s->low[s->stack[depth - 1]])
            s->low[s->stack[depth - 1]] = s->low[sw];
    }
}

static bool search_init(struct search *s, const struct csin_fabric *f)
{
    size_t n = f->n_switches + 1u, hosts = f->n_hosts + 1u;
    *s = (struct search){
        .f = f,
        .neighbours = malloc((f->n_arcs + 1u) * sizeof *s->neighbours),
        .first = malloc(n * sizeof(uint32_t)),
        .number = calloc(n, sizeof(uint32_t)),
        .low = malloc(n * sizeof(uint32_t)),
        .last = malloc(n * sizeof(uint32_t)),
        .parent = malloc(n * sizeof(uint32_t)),
        .at = malloc(n * sizeof(uint32_t)),
        .root = malloc(n * sizeof(uint32_t)),
        .nics = calloc(n, sizeof(uint32_t)),
        .next = malloc(n * sizeof(uint32_t)),
        .stack = malloc((f->n_arcs + n) * sizeof(uint32_t)),
        .lost = calloc(hosts, sizeof(uint32_t)),
        .joined = calloc(hosts, sizeof(uint32_t)),
        .touched = malloc(hosts * sizeof(uint32_t)),
    };
    if (!s->neighbours || !s->first || !s->number || !s->low || !s->last || !s->parent || !s->at ||
        !s->root || !s->nics || !s->next || !s->stack || !s->lost || !s->joined || !s->touched)
        return false;
    list_neighbours(s);
    uint32_t counter = 0;
    for (uint32_t sw = 0; sw < f->n_switches; sw++)
        if (s->number[sw] == 0)
            number_from(s, sw, &counter);
    for (uint32_t i = 0; i < f->n_nics; i++) {
        const struct csin_nic *nic = &f->nics[i];
        if (nic->cable == CSIN_NONE || !f->cables[nic->cable].up)
            continue;
        s->joined[nic->host]++;
        s->nics[s->number[nic->leaf]]++;
    }
    for (uint32_t i = 0; i < f->n_switches; i++)
        s->nics[i + 1] += s->nics[i];
    return true;
}

static void lose_nic(struct search *s, uint32_t nic, uint32_t *hosts)
{
    uint32_t host = s->f->nics[nic].host;
    if (s->lost[host]++ == 0)
        s->touched[s->n_touched++] = host;
    *hosts += s->lost[host] == s->joined[host];
}

/* All NICs on switches numbered begin .. end. */
static void lose_range(struct search *s, uint32_t begin, uint32_t end, uint32_t *hosts)
{
    const struct csin_fabric *f = s->f;
    if (begin > end || s->nics[end] == s->nics[begin - 1])
        return;
    for (uint32_t i = begin; i <= end; i++) {
        const struct csin_switch *sw = &f->switches[s->at[i - 1]];
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            if (arc != CSIN_NONE && f->cables[arc >> 1].up && csin_is_nic(f, csin_arc_head(f, arc)))
                lose_nic(s, csin_arc_head(f, arc) - f->n_switches, hosts);
        }
    }
}

static void forget(struct search *s)
{
    for (uint32_t i = 0; i < s->n_touched; i++)
        s->lost[s->touched[i]] = 0;
    s->n_touched = 0;
}

static uint32_t nics_of(const struct search *s, uint32_t begin, uint32_t end)
{
    return begin > end ? 0 : s->nics[end] - s->nics[begin - 1];
}

/* Hosts that the death of a cable cuts off from the larger part of what it joined. */
static uint32_t cut_by_cable(struct search *s, uint32_t c)
{
    const struct csin_fabric *f = s->f;
    const struct csin_cable *cable = &f->cables[c];
    uint32_t hosts = 0, a = cable->end[0], b = cable->end[1];
    if (csin_is_nic(f, a)) {
        uint32_t host = f->nics[a - f->n_switches].host;
        return s->joined[host] == 1;
    }
    if (s->parent[a] == b) {
        a = b;
        b = cable->end[0];
    }
    /* A bridge is the way from a parent to a child from which nothing else leads back. */
    if (s->parent[b] != a || s->low[b] < s->number[b])
        return 0;
    for (uint32_t i = s->first[a]; i < s->first[a + 1]; i++)
        if (s->neighbours[i].sw == b && s->neighbours[i].n > 1)
            return 0;
    uint32_t begin = s->number[s->root[b]], end = s->last[s->root[b]];
    uint32_t below = nics_of(s, s->number[b], s->last[b]);
    if (2 * below <= nics_of(s, begin, end)) {
        lose_range(s, s->number[b], s->last[b], &hosts);
    } else {
        lose_range(s, begin, s->number[b] - 1, &hosts);
        lose_range(s, s->last[b] + 1, end, &hosts);
    }
    forget(s);
    return hosts;
}

/* Whether the subtree of `child`, below `sw`, is on its own without `sw`. */
static bool hangs_on(const struct search *s, uint32_t sw, uint32_t child)
{
    return s->parent[child] == sw && s->low[child] >= s->number[sw];
}

/* Hosts that the death of a switch cuts off: its own, and those in all but the largest of the
 * pieces it leaves. *ret_own: of these, hosts that are plugged into it alone. */
static uint32_t cut_by_switch(struct search *s, uint32_t sw, uint32_t *ret_own)
{
    uint32_t hosts = 0, begin = s->number[s->root[sw]], end = s->last[s->root[sw]];
    uint32_t largest = CSIN_NONE, most = 0, hanging = 0;
    for (uint32_t i = s->first[sw]; i < s->first[sw + 1]; i++) {
        uint32_t child = s->neighbours[i].sw;
        if (!hangs_on(s, sw, child))
            continue;
        uint32_t n = nics_of(s, s->number[child], s->last[child]);
        hanging += n;
        if (n > most) {
            most = n;
            largest = child;
        }
    }
    lose_range(s, s->number[sw], s->number[sw], &hosts);
    *ret_own = hosts;
    uint32_t own = nics_of(s, s->number[sw], s->number[sw]);
    uint32_t rest = nics_of(s, begin, end) - own - hanging;
    if (rest >= most)
        largest = CSIN_NONE;
    for (uint32_t i = s->first[sw]; i < s->first[sw + 1]; i++) {
        uint32_t child = s->neighbours[i].sw;
        if (child != largest && hangs_on(s, sw, child))
            lose_range(s, s->number[child], s->last[child], &hosts);
    }
    if (rest > 0 && largest != CSIN_NONE) {
        /* The rest: all of the part but this switch and what hangs on it. Children follow in the
         * order of their numbers where neighbours do not, so ranges are cut one switch at a time.
         */
        for (uint32_t i = begin; i <= end; i++) {
            uint32_t other = s->at[i - 1], child = other;
            if (i == s->number[sw])
                continue;
            while (child != CSIN_NONE && s->parent[child] != sw)
                child = s->parent[child];
            if (child == CSIN_NONE || !hangs_on(s, sw, child))
                lose_range(s, i, i, &hosts);
        }
    }
    forget(s);
    return hosts;
}

/* ---- one of each ---- */

static void add_failure(struct csin_failures *failures, uint32_t which, uint64_t pairs,
                        uint32_t hosts)
{
    if (failures->n++ == 0)
        failures->worst = failures->worst_hosts = CSIN_NONE;
    failures->mean_pairs += (double)pairs;
    failures->n_cutting += hosts > 0;
    if (failures->worst == CSIN_NONE || pairs > failures->max_pairs) {
        failures->worst = which;
        failures->max_pairs = pairs;
    }
    if (hosts > failures->max_hosts) {
        failures->worst_hosts = which;
        failures->max_hosts = hosts;
    }
}

static uint64_t routes_over(const struct loads *loads, uint32_t cable)
{
    uint64_t n = 0;
    for (unsigned from = 0; from < CSIN_N_ROLES; from++)
        for (unsigned to = 0; to < CSIN_N_ROLES; to++)
            n += loads->routes[from][to][2 * cable] + loads->routes[from][to][2 * cable + 1];
    return n;
}

/* Routes out of a NIC are counted where they come in: as its switch is left. */
static void one_of_each(struct search *s, const struct loads *loads, struct csin_findings *findings)
{
    const struct csin_fabric *f = s->f;
    for (uint32_t c = 0; c < f->n_cables; c++)
        if (f->cables[c].up)
            add_failure(&findings->cables[f->cables[c].place], c, loads ? routes_over(loads, c) : 0,
                        cut_by_cable(s, c));
    for (uint32_t sw = 0; sw < f->n_switches; sw++)
        if (s->first[sw] < s->first[sw + 1] || nics_of(s, s->number[sw], s->number[sw])) {
            struct csin_failures *failures = &findings->switches[f->switches[sw].layer];
            uint32_t own, hosts = cut_by_switch(s, sw, &own);
            add_failure(failures, sw, loads ? loads->through[sw] : 0, hosts);
            failures->n_beyond += hosts > own;
            if (hosts - own > failures->max_beyond) {
                failures->max_beyond = hosts - own;
                failures->worst_beyond = sw;
            }
        }
}

bool csin_failures_look(const struct csin_fabric *f, const struct loads *loads,
                        struct csin_findings *findings)
{
    struct search s;
    bool ok = search_init(&s, f);
    if (ok)
        one_of_each(&s, loads, findings);
    search_finish(&s);
    for (unsigned p = 0; p < CSIN_N_PLACES; p++)
        if (findings->cables[p].n)
            findings->cables[p].mean_pairs /= findings->cables[p].n;
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++)
        if (findings->switches[l].n)
            findings->switches[l].mean_pairs /= findings->switches[l].n;
    return ok;
}

/* ---- several cables ---- */

/* Cables between switches that are up; malloc'ed. */
static uint32_t *list_cables(const struct csin_fabric *f, uint32_t *ret_n)
{
    uint32_t *list = malloc((f->n_cables + 1u) * sizeof *list), n = 0;
    for (uint32_t c = 0; list && c < f->n_cables; c++)
        if (f->cables[c].up && !csin_is_nic(f, f->cables[c].end[0]))
            list[n++] = c;
    *ret_n = n;
    return list;
}

static int by_number(const void *left, const void *right)
{
    const uint32_t *a = left, *z = right;
    return (*a > *z) - (*a < *z);
}

/* Subsets of n of n_list cables, no two the same: all in order where they are at most `max`, else
 * `max` drawn. */
struct subsets {
    uint32_t *list; /* [n_list] cables */
    uint32_t n_list, n, n_all, n_done, max;
    uint32_t *order;  /* [n_list] scratch, some order of all indices */
    uint32_t *chosen; /* [n_list] indices into list, the first n of use, ascending */
    uint32_t *seen;   /* [max][n] those drawn before */
    struct csin_rng rng;
};

/* n_list over n, or max + 1 where that is more. */
static uint32_t count_subsets(uint32_t n_list, uint32_t n, uint32_t max)
{
    uint64_t count = 1;
    for (uint32_t i = 1; i <= n && count <= max; i++)
        count = count * (n_list - n + i) / i;
    return count > max ? max + 1 : (uint32_t)count;
}

static void subsets_finish(struct subsets *s)
{
    free(s->list);
    free(s->order);
    free(s->chosen);
    free(s->seen);
}

/* False without memory; finish in any case. */
static bool subsets_init(struct subsets *s, const struct csin_fabric *f, uint32_t n,
                         uint32_t most_all, uint32_t most_drawn, uint64_t seed)
{
    *s = (struct subsets){.n = n, .rng = csin_rng_init(seed, n)};
    s->list = list_cables(f, &s->n_list);
    if (!s->list || n > s->n_list)
        return s->list != NULL;
    s->n_all = count_subsets(s->n_list, n, most_all);
    s->max = s->n_all <= most_all ? s->n_all : most_drawn;
    s->chosen = malloc((s->n_list + 1u) * sizeof *s->chosen);
    s->seen = malloc(((size_t)s->max * n + 1) * sizeof *s->seen);
    s->order = malloc((s->n_list + 1u) * sizeof *s->order);
    for (uint32_t i = 0; s->chosen && s->order && i < s->n_list; i++)
        s->chosen[i] = s->order[i] = i;
    return s->chosen && s->seen && s->order;
}

static bool is_new(const struct subsets *s)
{
    for (uint32_t i = 0; i < s->n_done; i++)
        if (memcmp(s->seen + (size_t)i * s->n, s->chosen, s->n * sizeof *s->chosen) == 0)
            return false;
    return true;
}

/* The next in the order of a dictionary. */
static void step(struct subsets *s)
{
    uint32_t i = s->n;
    while (i-- > 0 && s->chosen[i] == s->n_list - s->n + i)
        ;
    s->chosen[i]++;
    for (uint32_t k = i + 1; k < s->n; k++)
        s->chosen[k] = s->chosen[k - 1] + 1;
}

/* Draws until there are some that were not there before. */
static void draw(struct subsets *s)
{
    do {
        for (uint32_t i = 0; i < s->n; i++) {
            uint32_t k = i + (uint32_t)csin_rng_below(&s->rng, s->n_list - i), t = s->order[i];
            s->order[i] = s->order[k];
            s->order[k] = t;
        }
        memcpy(s->chosen, s->order, s->n * sizeof *s->chosen);
        qsort(s->chosen, s->n, sizeof *s->chosen, by_number);
    } while (!is_new(s));
    memcpy(s->seen + (size_t)s->n_done * s->n, s->chosen, s->n * sizeof *s->chosen);
}

static bool subsets_next(struct subsets *s)
{
    if (s->n_done == s->max)
        return false;
    if (s->n_all != s->max)
        draw(s);
    else if (s->n_done)
        step(s);
    s->n_done++;
    return true;
}

struct sums {
    double shift, random, random_squares, lost, flows;
};

/* The same shifts and permutations as for the whole fabric, over the tables of one sample. */
static bool measure(const struct csin_fabric *f, const struct csin_routes *routes,
                    uint32_t n_shifts, uint32_t n_random, uint64_t seed, struct sums *sums)
{
    struct csin_shifts shifts;
    struct csin_random random;
    if (!csin_shifts_look(f, routes, CSIN_ALL, n_shifts, seed, NULL, &shifts) ||
        !csin_random_look(f, routes, n_random, seed, &random))
        return false;
    sums->shift += shifts.mean_share;
    sums->random += random.mean_share;
    sums->random_squares += random.mean_share * random.mean_share;
    sums->lost += (double)shifts.n_lost;
    sums->flows += (double)shifts.n * shifts.n_ranks;
    return true;
}

static uint32_t draws_for(const struct csin_fabric *f)
{
    return !csin_is_large(f) ? 8 : f->n_hosts < VAST ? 4 : 2;
}

enum csin_status csin_dead_look(const struct csin_fabric *f, const struct csin_routes *routes,
                                uint32_t n_dead, uint64_t seed, struct csin_diag *diag,
                                struct csin_findings *findings)
{
    struct csin_dead *found = &findings->dead[findings->n_dead];
    struct sums whole = {0}, sums = {0};
    struct subsets subsets;
    uint32_t n_flows = csin_is_large(f) ? SAMPLE_FLOWS_LARGE : SAMPLE_FLOWS;
    uint32_t n_patterns = csin_affordable(f, n_flows, 4, 1000);
    bool ok = subsets_init(&subsets, f, n_dead, f->n_hosts <= n_flows / ALL_MAX ? ALL_MAX : 1,
                           draws_for(f), seed);
    uint32_t each = subsets.max ? n_patterns / subsets.max / 2 : 0;
    each = each ? each : 1;
    bool *up = malloc(f->n_cables + 1u);
    enum csin_status status = ok && up ? CSIN_OK : csin_no_memory(diag);
    *found = (struct csin_dead){.n_dead = n_dead,
                                .is_all = subsets.n_all == subsets.max,
                                .rerouted = csin_routes_policy(routes) != CSIN_LFT};
    if (status == CSIN_OK && subsets.max && f->n_hosts > 1) {
        if (!measure(f, routes, each, each, seed, &whole))
            status = csin_no_memory(diag);
        for (uint32_t c = 0; c < f->n_cables; c++)
            up[c] = f->cables[c].up;
        while (status == CSIN_OK && subsets_next(&subsets)) {
            struct csin_routes *again = NULL;
            for (uint32_t i = 0; i < n_dead; i++)
                up[subsets.list[subsets.chosen[i]]] = false;
            status = csin_routes_renew(routes, up, diag, &again);
            if (status == CSIN_OK && !measure(f, again, each, each, seed, &sums))
                status = csin_no_memory(diag);
            csin_routes_destroy(again);
            for (uint32_t i = 0; i < n_dead; i++)
                up[subsets.list[subsets.chosen[i]]] = true;
            found->n_samples++;
        }
    }
    if (status == CSIN_OK && found->n_samples) {
        double n = found->n_samples;
        found->shift_share = sums.shift / n;
        found->random_share = sums.random / n;
        found->shift_kept = whole.shift > 0 ? found->shift_share / whole.shift : 0;
        found->random_kept = whole.random > 0 ? found->random_share / whole.random : 0;
        found->lost_share = sums.flows > 0 ? sums.lost / sums.flows : 0;
        if (n > 1 && !found->is_all)
            found->random_error = sqrt(
                fmax(0, sums.random_squares / n - found->random_share * found->random_share) /
                (n - 1));
        findings->n_dead++;
    }
    subsets_finish(&subsets);
    free(up);
    return status;
}
