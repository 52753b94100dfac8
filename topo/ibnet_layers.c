/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layers and zones of switches that nobody described, from their cables:
 *
 *     leaf         has hosts (a few hosts on a switch between leaves do not make it one), or is
 *                  called like leaves and hangs off spines
 *     spine        has none and a cable to a leaf
 *     core         the rest: above the spines
 *     zone         leaves that share half of their spines, and those spines
 *     inter-zone   has cables to leaves of several zones, none with three quarters of them, and is
 *                  a small part of what those leaves have
 *
 * So a zone of a two-layer fat-tree is found as one, a pod of a three-layer one is a zone under
 * cores, and a cable in the wrong place changes no zone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/ibnet_inside.h"

struct layers {
    struct ib_fabric *ib;
    uint32_t *sw;           /* [n] node of each switch, by name */
    uint32_t *of;           /* [n_nodes] its index in sw */
    uint32_t *first;        /* [n + 1] range of `next` of each */
    uint32_t *next;         /* switches at the other ends of its cables, one for each cable */
    uint32_t *cluster;      /* [n] of a leaf; a root of `parent` once merged */
    uint32_t *parent;       /* [n] clusters that were joined; leaves name clusters */
    uint32_t *count, *seen; /* [n] scratch, zero between uses */
    uint32_t n;
};

static struct ib_node *node_of(const struct layers *l, uint32_t s)
{
    return &l->ib->nodes[l->sw[s]];
}

static enum csin_layer layer_of(const struct layers *l, uint32_t s)
{
    return node_of(l, s)->layer;
}

static int by_name(const void *left, const void *right, void *nodes)
{
    const struct ib_node *x = (const struct ib_node *)nodes + *(const uint32_t *)left;
    const struct ib_node *y = (const struct ib_node *)nodes + *(const uint32_t *)right;
    int order = csin_ibnet_compare(x->name, y->name);
    return order ? order : strcmp(x->name, y->name);
}

static bool prepare(struct layers *l)
{
    struct ib_fabric *ib = l->ib;
    uint32_t n = ib->n_switches;
    l->sw = csin_arena_alloc(ib->scratch, n, sizeof *l->sw);
    l->of = csin_arena_alloc(ib->scratch, ib->n_nodes, sizeof *l->of);
    l->first = csin_arena_alloc(ib->scratch, n + 2u, sizeof *l->first);
    l->next = csin_arena_alloc(ib->scratch, 2u * ib->n_links + 1, sizeof *l->next);
    l->cluster = csin_arena_alloc(ib->scratch, n, sizeof *l->cluster);
    l->parent = csin_arena_alloc(ib->scratch, n, sizeof *l->parent);
    l->count = csin_arena_alloc(ib->scratch, n, sizeof *l->count);
    l->seen = csin_arena_alloc(ib->scratch, n, sizeof *l->seen);
    if (!l->sw || !l->of || !l->first || !l->next || !l->cluster || !l->parent || !l->count ||
        !l->seen)
        return false;
    for (uint32_t i = 0; i < ib->n_nodes; i++)
        if (ib->nodes[i].kind == IB_SWITCH)
            l->sw[l->n++] = i;
    qsort_r(l->sw, n, sizeof *l->sw, by_name, ib->nodes);
    for (uint32_t s = 0; s < n; s++)
        l->of[l->sw[s]] = s;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < ib->n_links; i++) {
            const struct ib_link *link = &ib->links[i];
            for (unsigned e = 0; e < 2 && !link->is_left_out; e++) {
                struct ib_node *here = &ib->nodes[link->node[e]];
                if (here->kind != IB_SWITCH)
                    continue;
                uint32_t s = l->of[link->node[e]];
                if (ib->nodes[link->node[!e]].kind != IB_SWITCH)
                    here->n_hosts += pass == 0;
                else if (pass == 0)
                    l->first[s + 2]++;
                else
                    l->next[l->first[s + 1]++] = l->of[link->node[!e]];
            }
        }
        for (uint32_t s = 0; pass == 0 && s < n; s++)
            l->first[s + 2] += l->first[s + 1];
    }
    return true;
}

static uint32_t n_cables(const struct layers *l, uint32_t s)
{
    return l->first[s + 1] - l->first[s];
}

static uint32_t n_cables_to(const struct layers *l, uint32_t s, enum csin_layer layer)
{
    uint32_t n = 0;
    for (uint32_t i = l->first[s]; i < l->first[s + 1]; i++)
        n += layer_of(l, l->next[i]) == layer;
    return n;
}

/* ---- layers ---- */

/* Few hosts, and most cables to switches with many: a spine that a host was plugged into. */
static bool is_spine_with_hosts(const struct layers *l, uint32_t s)
{
    uint32_t hosts = node_of(l, s)->n_hosts, up = n_cables(l, s), to_leaves = 0;
    uint64_t theirs = 0;
    for (uint32_t i = l->first[s]; i < l->first[s + 1]; i++) {
        uint32_t n = node_of(l, l->next[i])->n_hosts;
        to_leaves += n > 0;
        theirs += n;
    }
    return 2 * to_leaves > up && 4 * hosts < up && theirs > 2ull * hosts * to_leaves;
}

/* Whether some leaf and no spine is called like it. */
static void promote_empty_leaves(struct layers *l)
{
    struct ib_fabric *ib = l->ib;
    struct csin_names stems;
    const char **stem = csin_arena_alloc(ib->scratch, l->n, sizeof *stem);
    uint32_t *layers = csin_arena_alloc(ib->scratch, l->n, sizeof *layers), old;
    if (!stem || !layers || !csin_names_init(&stems, ib->scratch, l->n)) {
        csin_ibnet_no_memory(ib);
        return;
    }
    for (uint32_t s = 0; s < l->n; s++) {
        stem[s] = csin_ibnet_stem(ib->scratch, node_of(l, s)->name);
        if (!stem[s]) {
            csin_ibnet_no_memory(ib);
            return;
        }
        uint32_t at = csin_names_add(&stems, stem[s], s, &old) ? s : old;
        layers[at] |= 1u << layer_of(l, s);
    }
    for (uint32_t s = 0; s < l->n; s++)
        if (layer_of(l, s) == CSIN_CORE && n_cables_to(l, s, CSIN_SPINE) > 0) {
            uint32_t with = layers[csin_names_find(&stems, stem[s])];
            if ((with & 1u << CSIN_LEAF) && !(with & 1u << CSIN_SPINE))
                node_of(l, s)->layer = CSIN_LEAF;
        }
}

static void find_layers(struct layers *l)
{
    bool *spine = csin_arena_alloc(l->ib->scratch, l->n, sizeof *spine);
    if (!spine) {
        csin_ibnet_no_memory(l->ib);
        return;
    }
    for (uint32_t s = 0; s < l->n; s++)
        spine[s] = node_of(l, s)->n_hosts == 0 || is_spine_with_hosts(l, s);
    for (uint32_t s = 0; s < l->n; s++)
        node_of(l, s)->layer = spine[s] ? CSIN_CORE : CSIN_LEAF;
    for (uint32_t s = 0; s < l->n; s++)
        if (spine[s] && n_cables_to(l, s, CSIN_LEAF) > 0)
            node_of(l, s)->layer = CSIN_SPINE;
    promote_empty_leaves(l);
}

/* ---- zones ---- */

static uint32_t root(struct layers *l, uint32_t s)
{
    while (l->parent[s] != s)
        s = l->parent[s] = l->parent[l->parent[s]];
    return s;
}

/* Spines of a leaf, each once, in `list`. */
static uint32_t spines_of(struct layers *l, uint32_t leaf, uint32_t *list)
{
    uint32_t n = 0;
    for (uint32_t i = l->first[leaf]; i < l->first[leaf + 1]; i++) {
        uint32_t s = l->next[i];
        if (layer_of(l, s) != CSIN_SPINE || l->seen[s])
            continue;
        l->seen[s] = 1;
        list[n++] = s;
    }
    for (uint32_t i = 0; i < n; i++)
        l->seen[list[i]] = 0;
    return n;
}

/* Puts leaves that share half of their spines into one cluster, called by its first leaf. Each is
 * compared with the first leaf of every cluster that it shares a spine with. `heads`: of every
 * spine, the first leaves among its neighbours, as a list through `link`. */
static void cluster_leaves(struct layers *l)
{
    struct csin_arena *scratch = l->ib->scratch;
    struct head {
        uint32_t leaf, next;
    } *heads = csin_arena_alloc(scratch, 2u * l->ib->n_links + 1, sizeof *heads);
    uint32_t *head_of = csin_arena_alloc(scratch, l->n, sizeof *head_of), n_heads = 1;
    uint32_t *degree = csin_arena_alloc(scratch, l->n, sizeof *degree);
    uint32_t list[256], touched_room = l->n;
    uint32_t *touched = csin_arena_alloc(scratch, touched_room, sizeof *touched);
    if (!heads || !head_of || !degree || !touched) {
        csin_ibnet_no_memory(l->ib);
        return;
    }
    for (uint32_t leaf = 0; leaf < l->n; leaf++) {
        l->parent[leaf] = leaf;
        l->cluster[leaf] = CSIN_NONE;
        if (layer_of(l, leaf) != CSIN_LEAF)
            continue;
        uint32_t n = degree[leaf] = spines_of(l, leaf, list), n_touched = 0, best = CSIN_NONE;
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t h = head_of[list[i]]; h; h = heads[h].next)
                if (l->count[heads[h].leaf]++ == 0)
                    touched[n_touched++] = heads[h].leaf;
        for (uint32_t i = 0; i < n_touched; i++) {
            uint32_t other = touched[i], fewer = n < degree[other] ? n : degree[other];
            if (2 * l->count[other] >= fewer &&
                (best == CSIN_NONE || l->count[other] > l->count[best]))
                best = other;
        }
        for (uint32_t i = 0; i < n_touched; i++)
            l->count[touched[i]] = 0;
        if (n == 0)
            continue; /* see join_chains */
        l->cluster[leaf] = best == CSIN_NONE ? leaf : best;
        for (uint32_t i = 0; best == CSIN_NONE && i < n; i++) {
            heads[n_heads] = (struct head){leaf, head_of[list[i]]};
            head_of[list[i]] = n_heads++;
        }
    }
}

/* Leaves without spines are with the leaves that they are joined to. */
static void join_chains(struct layers *l)
{
    for (uint32_t leaf = 0; leaf < l->n; leaf++)
        if (layer_of(l, leaf) == CSIN_LEAF && l->cluster[leaf] == CSIN_NONE) {
            l->cluster[leaf] = leaf;
            l->seen[leaf] = 1;
        }
    for (uint32_t leaf = 0; leaf < l->n; leaf++) {
        if (!l->seen[leaf])
            continue;
        for (uint32_t i = l->first[leaf]; i < l->first[leaf + 1]; i++)
            if (layer_of(l, l->next[i]) == CSIN_LEAF) {
                uint32_t a = root(l, l->cluster[leaf]), b = root(l, l->cluster[l->next[i]]);
                l->parent[a > b ? a : b] = a > b ? b : a;
            }
    }
    memset(l->seen, 0, l->n * sizeof *l->seen);
}

/* The cluster that most leaves of a spine are in, and whether three quarters of its cables to
 * leaves go there. */
static uint32_t home_of(struct layers *l, uint32_t spine, bool *ret_is_clear)
{
    uint32_t best = CSIN_NONE, n = 0;
    for (uint32_t i = l->first[spine]; i < l->first[spine + 1]; i++) {
        uint32_t leaf = l->next[i];
        if (layer_of(l, leaf) != CSIN_LEAF)
            continue;
        uint32_t c = root(l, l->cluster[leaf]);
        n++;
        l->count[c]++;
        if (best == CSIN_NONE || l->count[c] > l->count[best])
            best = c;
    }
    *ret_is_clear = best != CSIN_NONE && 4 * l->count[best] >= 3 * n;
    for (uint32_t i = l->first[spine]; i < l->first[spine + 1]; i++)
        if (layer_of(l, l->next[i]) == CSIN_LEAF)
            l->count[root(l, l->cluster[l->next[i]])] = 0;
    return best;
}

/* Spines between clusters are spines after all, and the clusters one, where they make up more than
 * a quarter of what their leaves have. */
static bool is_between(const struct layers *l, uint32_t s, const bool *between)
{
    uint64_t theirs = 0, all = 0;
    for (uint32_t i = l->first[s]; i < l->first[s + 1]; i++) {
        uint32_t leaf = l->next[i];
        if (layer_of(l, leaf) != CSIN_LEAF)
            continue;
        all += n_cables(l, leaf);
        for (uint32_t k = l->first[leaf]; k < l->first[leaf + 1]; k++)
            theirs += between[l->next[k]];
    }
    return 4 * theirs <= all;
}

static void find_between(struct layers *l)
{
    bool *between = csin_arena_alloc(l->ib->scratch, l->n, sizeof *between), clear;
    if (!between) {
        csin_ibnet_no_memory(l->ib);
        return;
    }
    for (uint32_t s = 0; s < l->n; s++)
        if (layer_of(l, s) == CSIN_SPINE) {
            home_of(l, s, &clear);
            between[s] = !clear && node_of(l, s)->n_hosts == 0;
        }
    for (uint32_t s = 0; s < l->n; s++) {
        if (!between[s])
            continue;
        if (is_between(l, s, between)) {
            node_of(l, s)->layer = CSIN_INTER_ZONE;
            continue;
        }
        uint32_t home = CSIN_NONE;
        for (uint32_t i = l->first[s]; i < l->first[s + 1]; i++)
            if (layer_of(l, l->next[i]) == CSIN_LEAF) {
                uint32_t c = root(l, l->cluster[l->next[i]]);
                home = home == CSIN_NONE ? c : root(l, home);
                l->parent[home > c ? home : c] = home > c ? c : home;
            }
    }
}

/* ---- order and names ---- */

/* What the names of a zone's switches begin with, up to a hyphen, dot or underscore; empty where
 * they have no such thing in common. */
static const char *zone_name(struct ib_fabric *ib, const char *prefix)
{
    size_t end = strlen(prefix);
    while (end && !strchr("-._", prefix[end - 1]))
        end--;
    while (end && strchr("-._", prefix[end - 1]))
        end--;
    return csin_arena_strndup(ib->arena, prefix, end);
}

static void name_zones(struct layers *l)
{
    struct ib_fabric *ib = l->ib;
    struct csin_names taken;
    bool ok = csin_names_init(&taken, ib->scratch, ib->n_zones);
    for (uint32_t s = 0; ok && s < l->n; s++) {
        struct ib_node *node = node_of(l, s);
        if (node->zone == CSIN_NONE)
            continue;
        struct ib_zone *zone = &ib->zones[node->zone];
        const char *name = node->name;
        if (zone->name) { /* shorten what the others have in common */
            size_t n = 0;
            while (zone->name[n] && zone->name[n] == name[n])
                n++;
            if (!zone->name[n])
                continue;
            name = csin_arena_strndup(ib->scratch, name, n);
        }
        zone->name = name;
        ok = name != NULL;
    }
    bool unique = true;
    for (uint32_t z = 0; ok && z < ib->n_zones; z++) {
        struct ib_zone *zone = &ib->zones[z];
        uint32_t old;
        zone->name = zone_name(ib, zone->name);
        ok = zone->name != NULL;
        unique = unique && ok && *zone->name && csin_names_add(&taken, zone->name, z, &old);
    }
    for (uint32_t z = 0; ok && !unique && z < ib->n_zones; z++) {
        ib->zones[z].name = csin_arena_printf(ib->arena, "zone%u", z + 1);
        ok = ib->zones[z].name != NULL;
    }
    if (!ok)
        csin_ibnet_no_memory(ib);
}

/* Zones are counted by their first leaf; their switches come first, then what is between and above
 * them. */
static void order_switches(struct layers *l)
{
    static const enum csin_layer outside[] = {CSIN_INTER_ZONE, CSIN_CORE, CSIN_SPINE};
    struct ib_fabric *ib = l->ib;
    uint32_t *zone_of = csin_arena_alloc(ib->scratch, l->n, sizeof *zone_of), n = 0;
    bool clear;
    ib->switches = csin_arena_alloc(ib->scratch, l->n, sizeof *ib->switches);
    ib->zones = csin_arena_alloc(ib->scratch, l->n, sizeof *ib->zones);
    if (!zone_of || !ib->switches || !ib->zones) {
        csin_ibnet_no_memory(ib);
        return;
    }
    memset(zone_of, 0xff, l->n * sizeof *zone_of);
    for (uint32_t s = 0; s < l->n; s++) {
        if (layer_of(l, s) != CSIN_LEAF)
            continue;
        uint32_t c = root(l, l->cluster[s]);
        if (zone_of[c] == CSIN_NONE)
            zone_of[c] = ib->n_zones++;
        node_of(l, s)->zone = zone_of[c];
    }
    for (uint32_t s = 0; s < l->n; s++)
        if (layer_of(l, s) == CSIN_SPINE) {
            uint32_t home = home_of(l, s, &clear);
            node_of(l, s)->zone = home == CSIN_NONE ? CSIN_NONE : zone_of[home];
        }
    /* By zone, then leaf and spine; a counting sort keeps the order of names. */
    uint32_t *start = csin_arena_alloc(ib->scratch, 2u * ib->n_zones + 2, sizeof *start);
    if (!start) {
        csin_ibnet_no_memory(ib);
        return;
    }
    for (uint32_t s = 0; s < l->n; s++)
        if (node_of(l, s)->zone != CSIN_NONE)
            start[2 * node_of(l, s)->zone + (layer_of(l, s) == CSIN_SPINE) + 1]++;
    for (uint32_t i = 0; i < 2 * ib->n_zones; i++)
        start[i + 1] += start[i];
    n = start[2 * ib->n_zones];
    for (uint32_t s = 0; s < l->n; s++)
        if (node_of(l, s)->zone != CSIN_NONE)
            ib->switches[start[2 * node_of(l, s)->zone + (layer_of(l, s) == CSIN_SPINE)]++] =
                l->sw[s];
    for (size_t k = 0; k < sizeof outside / sizeof *outside; k++)
        for (uint32_t s = 0; s < l->n; s++)
            if (node_of(l, s)->zone == CSIN_NONE && layer_of(l, s) == outside[k])
                ib->switches[n++] = l->sw[s];
}

void csin_ibnet_find_layers(struct ib_fabric *ib)
{
    struct layers l = {.ib = ib};
    if (!prepare(&l)) {
        csin_ibnet_no_memory(ib);
        return;
    }
    find_layers(&l);
    if (ib->status == CSIN_OK)
        cluster_leaves(&l);
    if (ib->status == CSIN_OK) {
        join_chains(&l);
        find_between(&l);
    }
    if (ib->status == CSIN_OK)
        order_switches(&l);
    if (ib->status == CSIN_OK)
        name_zones(&l);
}
