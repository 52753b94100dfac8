/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "plan/balance_inside.h"
#include "plan/colour.h"

/* ---- a start in full zones: edge colouring ---- */

/* An entry to colour: with those of the same zone, phase and size. */
struct edge {
    uint32_t entry, zone, phase, size;
};

static int by_colouring(const void *left, const void *right)
{
    const struct edge *a = left, *b = right;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    if (a->phase != b->phase)
        return a->phase < b->phase ? -1 : 1;
    if (a->zone != b->zone)
        return a->zone < b->zone ? -1 : 1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

static bool same_colouring(const struct edge *a, const struct edge *b)
{
    return a->size == b->size && a->phase == b->phase && a->zone == b->zone;
}

/* The zone that the entry begins and ends in, where all leaves have one cable to each spine; else
 * CSIN_NONE. */
static uint32_t zone_of(const struct balance *b, const struct balance_entry *e)
{
    const struct csin_fabric *f = b->f;
    uint32_t zone = f->switches[e->sw].zone;
    bool fits = zone != CSIN_NONE && zone == f->switches[f->nics[e->nic].leaf].zone &&
                f->zones[zone].links_per_pair == 1 && f->zones[zone].n_groups == 1;
    return fits ? zone : CSIN_NONE;
}

/* Each entry once, in the phase where it carries most; sizes are powers of two below the largest
 * demand, where `by_size`, so that large flows, which small ones can go around, come first. */
static uint32_t list_edges(const struct balance *b, bool by_size, struct edge *edges)
{
    uint32_t n = 0;
    double most_Bps = 0;
    for (uint32_t i = 0; i < b->n_demands; i++)
        most_Bps = fmax(most_Bps, b->demands[i].rate_Bps);
    for (uint32_t e = 0; e < b->n_entries; e++) {
        const struct balance_entry *entry = &b->entries[e];
        const struct balance_demand *largest = &b->demands[entry->first];
        uint32_t zone = zone_of(b, entry);
        for (uint32_t i = entry->first; i < entry->first + entry->n; i++)
            if (b->demands[i].rate_Bps > largest->rate_Bps * (1 + 1e-12))
                largest = &b->demands[i];
        double size = by_size ? log2(most_Bps / largest->rate_Bps) + 1e-9 : 0;
        if (zone != CSIN_NONE)
            edges[n++] = (struct edge){e, zone, largest->phase, size < 64 ? (uint32_t)size : 64};
    }
    qsort(edges, n, sizeof *edges, by_colouring);
    return n;
}

/* Sends an entry over a spine, unless a dead cable is in the way. */
static void send_over(struct balance *b, struct balance_entry *e, uint32_t spine)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    for (uint32_t i = 0; i < n; i++)
        if (csin_arc_head(b->f, arcs[i]) == spine)
            balance_set(b, e, arcs[i]);
}

/* Colours the entries of each zone, phase and size by themselves: no uplink then has more of them
 * than it must, and one phase of equal flows is at its bound. By size, each then moves to where it
 * costs least beside what is larger. False without memory. */
static bool colour(struct balance *b, bool by_size)
{
    size_t room = b->n_entries + (size_t)1;
    struct edge *edges = malloc(room * sizeof *edges);
    uint32_t *left = malloc(room * sizeof *left), *right = malloc(room * sizeof *right);
    uint32_t *colours = malloc(room * sizeof *colours);
    bool ok = edges && left && right && colours;
    uint32_t n = ok ? list_edges(b, by_size, edges) : 0;
    for (uint32_t i = 0; i < n; i++)
        balance_add(b, &b->entries[edges[i].entry], -1);
    for (uint32_t first = 0, end; ok && first < n && !balance_is_over(b); first = end) {
        const struct csin_zone *zone = &b->f->zones[edges[first].zone];
        for (end = first; end < n && same_colouring(&edges[first], &edges[end]); end++) {
            const struct balance_entry *e = &b->entries[edges[end].entry];
            left[end - first] = e->sw - zone->first_leaf;
            right[end - first] = b->f->nics[e->nic].leaf - zone->first_leaf;
        }
        ok = csin_colour_edges(left, right, end - first, zone->n_leaves, zone->n_leaves,
                               zone->n_spines, colours);
        for (uint32_t i = first; ok && i < end; i++) {
            send_over(b, &b->entries[edges[i].entry], zone->first_spine + colours[i - first]);
            balance_add(b, &b->entries[edges[i].entry], 1);
        }
        for (uint32_t i = first; ok && by_size && i < end && (i % 64 || !balance_is_over(b)); i++)
            balance_improve(b, &b->entries[edges[i].entry], 0);
    }
    free(edges);
    free(left);
    free(right);
    free(colours);
    return ok;
}

/* ---- a start by numbers ---- */

/* A destination: of the owner that sends it most at a time. */
struct target {
    uint32_t phase, number; /* among those of the owner */
    double most_Bps;        /* by one entry in a phase */
    double all_Bps;         /* by all entries in that phase */
};

static void list_targets(const struct balance *b, struct target *targets, uint32_t *next)
{
    for (uint32_t e = 0; e < b->n_entries; e++)
        for (uint32_t i = 0; i < b->entries[e].n; i++) {
            const struct balance_demand *demand = &b->demands[b->entries[e].first + i];
            struct target *target = &targets[b->entries[e].nic];
            if (demand->rate_Bps > target->most_Bps) {
                target->most_Bps = demand->rate_Bps;
                target->phase = demand->phase;
            }
        }
    for (uint32_t e = 0; e < b->n_entries; e++)
        for (uint32_t i = 0; i < b->entries[e].n; i++) {
            const struct balance_demand *demand = &b->demands[b->entries[e].first + i];
            struct target *target = &targets[b->entries[e].nic];
            if (demand->phase == target->phase)
                target->all_Bps += demand->rate_Bps;
        }
    for (uint32_t nic = 0; nic < b->f->n_nics; nic++)
        if (targets[nic].most_Bps > 0)
            targets[nic].number = next[b->owner_of[targets[nic].phase]]++;
}

/* D-Mod-K for each owner by itself: the shifts of some hosts do not meet because of others that
 * stand between them, and storage that stands at one port of every leaf is spread. What many leaves
 * send at once to one destination takes turns by leaf as well. False without memory. */
static bool number(struct balance *b)
{
    uint32_t arcs[CSIN_MAX_PORTS], *next = calloc(b->n_owners + (size_t)1, sizeof *next);
    struct target *targets = calloc(b->f->n_nics + (size_t)1, sizeof *targets);
    bool ok = targets && next;
    if (ok)
        list_targets(b, targets, next);
    for (uint32_t i = 0; ok && i < b->n_entries; i++) {
        struct balance_entry *e = &b->entries[i];
        const struct target *target = &targets[e->nic];
        uint32_t n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
        uint32_t turn = target->all_Bps > 1.5 * target->most_Bps ? e->sw : 0;
        if (n > 0)
            balance_set(b, e, arcs[(target->number + turn) % n]);
    }
    free(targets);
    free(next);
    return ok;
}

/* Tables to begin the search with, in at most a third of the time; the best are kept. */
void balance_start(struct balance *b, struct balance_score *best, double bound, double time_limit_s)
{
    double until_s = b->until_s;
    b->until_s = fmin(until_s, balance_now_s() + time_limit_s / 3);
    if (best->worst > bound * (1 + 1e-9) && !balance_is_over(b) && number(b))
        balance_keep(b, best);
    for (unsigned by_size = 0; by_size < 2 && best->worst > bound * (1 + 1e-9); by_size++)
        if (!balance_is_over(b) && colour(b, by_size))
            balance_keep(b, best);
    balance_go_back(b);
    b->until_s = until_s;
}
