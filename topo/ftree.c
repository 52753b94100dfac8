/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Would opensm's ftree route this fabric, or silently fall back to minhop? The rules are those that
 * opensm 3.3.23 applies (osm_ucast_ftree.c), told in their order:
 *
 * 1. Ranks. Without root GUIDs: the switches farthest from all that have a channel adapter are the
 *    roots. With them: those given. Everybody else by the distance to a root.
 * 2. All switches with compute nodes (without their GUIDs: with any channel adapter) must have the
 *    rank of leaves, and at least two must be there.
 * 3. Without root GUIDs, switches of a rank must be alike: in the number of neighbours above; for
 *    all but leaves below; and in the number of cables to each. The first switch in the order of
 *    GUIDs is what others are compared with. Of the neighbours below only the first is compared
 *    (the original has the index 0 where it means i), so some unequal trunks pass.
 *
 * The order of GUIDs is that of their bytes swapped, as opensm sorts them in network order. */
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define UNRANKED UINT32_MAX
#define MAX_RANKS 8u
#define TUPLE 8u
#define MAX_COMMON ((uint64_t)1 << 31) /* steps of counting pairs without a common root */

const char *const csin_ftree_codes[] = {"",     "",     "",     "AB2B", "",     "AB26", "",
                                        "AB09", "AB0A", "AB0B", "AB0C", "AB25", NULL};

/* Cables to one neighbour. */
struct bundle {
    uint32_t sw, n;
};

struct place {
    uint32_t rank;
    uint32_t n_nics, n_adapters;  /* joined NICs; with aggregation nodes */
    struct bundle *up, *down;     /* parts of one row, by direction */
    uint32_t n_up, n_down, n_all; /* all: before directions are known */
    bool has_index;
    uint8_t index[TUPLE];
};

struct tree {
    const struct csin_fabric *f;
    struct place *places; /* [n_switches] */
    struct bundle *bundles, *sorted;
    uint32_t *first; /* [n_switches + 1] */
    uint32_t *order; /* [n] switches of the subnet by GUID */
    uint32_t n, n_adapters, max_rank, leaf_rank;
    uint32_t *queue;
    struct csin_ftree *verdict;
};

static bool refuse(struct tree *t, enum csin_ftree_reason reason, uint32_t a, uint32_t n_of_a,
                   uint32_t b, uint32_t n_of_b)
{
    t->verdict->reason = reason;
    t->verdict->a = a;
    t->verdict->b = b;
    t->verdict->n_of_a = n_of_a;
    t->verdict->n_of_b = n_of_b;
    return false;
}

/* ---- what there is ---- */

/* Neighbours in the order of the first port that leads to each. */
static void list_bundles(struct tree *t)
{
    const struct csin_fabric *f = t->f;
    uint32_t n = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        t->first[s] = n;
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[s].first_port + p], i = t->first[s];
            if (arc == CSIN_NONE || !f->cables[arc >> 1].up)
                continue;
            uint32_t head = csin_arc_head(f, arc);
            if (csin_is_nic(f, head)) {
                t->places[s].n_nics++;
                continue;
            }
            if (head == s) /* loopbacks are ignored */
                continue;
            while (i < n && t->bundles[i].sw != head)
                i++;
            if (i == n)
                t->bundles[n++] = (struct bundle){head, 0};
            t->bundles[i].n++;
        }
        t->places[s].n_all = n - t->first[s];
        t->places[s].n_adapters = t->places[s].n_nics + (f->switches[s].agent_guid != 0);
    }
    t->first[f->n_switches] = n;
}

/* Ranks what is reached from the first n switches of the queue. Returns the largest rank;
 * *ret_reached: how many are in the queue then. */
static uint32_t spread_out(struct tree *t, uint32_t n, uint32_t *ret_reached)
{
    uint32_t farthest = 0, head = 0, tail = n;
    while (head < tail) {
        uint32_t s = t->queue[head++];
        for (uint32_t i = t->first[s]; i < t->first[s + 1]; i++) {
            struct place *other = &t->places[t->bundles[i].sw];
            if (other->rank != UNRANKED)
                continue;
            other->rank = t->places[s].rank + 1;
            farthest = other->rank;
            t->queue[tail++] = t->bundles[i].sw;
        }
    }
    *ret_reached = tail;
    return farthest;
}

struct keyed {
    uint64_t key;
    uint32_t sw;
};

static int by_key(const void *left, const void *right)
{
    const struct keyed *a = left, *z = right;
    if (a->key != z->key)
        return a->key < z->key ? -1 : 1;
    return (a->sw > z->sw) - (a->sw < z->sw);
}

static uint64_t swap_bytes(uint64_t x)
{
    uint64_t y = 0;
    for (unsigned i = 0; i < 8; i++)
        y = y << 8 | (x >> 8 * i & 0xff);
    return y;
}

/* The subnet: the part with most NICs. A single manager sees no other. */
static bool take_part(struct tree *t, const uint64_t *guids)
{
    const struct csin_fabric *f = t->f;
    struct keyed *keyed = malloc((f->n_switches + 1u) * sizeof *keyed);
    uint32_t best = CSIN_NONE, most = 0;
    if (!keyed)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++)
        t->places[s].rank = UNRANKED;
    for (uint32_t root = 0; root < f->n_switches; root++) {
        if (t->places[root].rank != UNRANKED)
            continue;
        uint32_t nics = 0, n = 0;
        t->queue[0] = root;
        t->places[root].rank = 0;
        spread_out(t, 1, &n);
        for (uint32_t i = 0; i < n; i++)
            nics += t->places[t->queue[i]].n_nics;
        if (best == CSIN_NONE || nics > most) {
            best = root;
            most = nics;
        }
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        t->places[s].rank = UNRANKED;
    if (best != CSIN_NONE) {
        uint32_t n;
        t->queue[0] = best;
        t->places[best].rank = 0;
        spread_out(t, 1, &n);
    }
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint64_t guid = guids ? guids[s] : f->switches[s].guid;
        if (t->places[s].rank == UNRANKED)
            continue;
        keyed[t->n++] = (struct keyed){swap_bytes(guid), s};
        t->n_adapters += t->places[s].n_adapters;
    }
    qsort(keyed, t->n, sizeof *keyed, by_key);
    for (uint32_t i = 0; i < t->n; i++)
        t->order[i] = keyed[i].sw;
    free(keyed);
    return true;
}

/* ---- ranks ---- */

static void unrank(struct tree *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        t->places[t->order[i]].rank = UNRANKED;
}

/* Switches for which `is_root` holds get rank 0, others their distance. */
static void rank_from(struct tree *t, const bool *is_root)
{
    uint32_t n = 0;
    unrank(t);
    for (uint32_t i = 0; i < t->n; i++)
        if (is_root[t->order[i]]) {
            t->places[t->order[i]].rank = 0;
            t->queue[n++] = t->order[i];
        }
    t->max_rank = spread_out(t, n, &n);
}

static bool rank(struct tree *t, bool has_roots, bool *is_root)
{
    const struct csin_fabric *f = t->f;
    uint32_t n_roots = 0;
    enum csin_layer layer = CSIN_SPINE;
    for (uint32_t i = 0; i < t->n; i++)
        if (f->switches[t->order[i]].layer == CSIN_CORE)
            layer = CSIN_CORE;
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t s = t->order[i];
        is_root[s] = has_roots ? f->switches[s].layer == layer : t->places[s].n_adapters > 0;
        n_roots += is_root[s];
    }
    if (n_roots == 0)
        return refuse(t, CSIN_FTREE_NO_ROOTS, CSIN_NONE, 0, CSIN_NONE, 0);
    rank_from(t, is_root);
    if (!has_roots) { /* those farthest from all channel adapters */
        for (uint32_t i = 0; i < t->n; i++)
            is_root[t->order[i]] = t->places[t->order[i]].rank == t->max_rank;
        rank_from(t, is_root);
    }
    if (t->max_rank == 0 && t->n > 1)
        return refuse(t, CSIN_FTREE_ONE_RANK, t->order[0], t->places[t->order[0]].n_nics, CSIN_NONE,
                      0);
    return true;
}

/* Bundles of each switch by direction: up first, then down; those to the same rank are ignored. */
static void sort_directions(struct tree *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        struct place *place = &t->places[t->order[i]];
        struct bundle *all = t->bundles + t->first[t->order[i]];
        struct bundle *to = t->sorted + t->first[t->order[i]];
        place->up = to;
        for (uint32_t k = 0; k < place->n_all; k++)
            if (t->places[all[k].sw].rank < place->rank)
                place->up[place->n_up++] = all[k];
        place->down = to + place->n_up;
        for (uint32_t k = 0; k < place->n_all; k++)
            if (t->places[all[k].sw].rank > place->rank)
                place->down[place->n_down++] = all[k];
    }
}

static uint32_t nodes_of(const struct tree *t, uint32_t s, unsigned options)
{
    return options & CSIN_FTREE_COMPUTE ? t->places[s].n_nics : t->places[s].n_adapters;
}

/* All switches with compute nodes at the rank of leaves, and more than one of them. */
static bool check_leaves(struct tree *t, unsigned options)
{
    uint32_t n_leaves = 0, first = CSIN_NONE;
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t s = t->order[i];
        if (nodes_of(t, s, options) == 0)
            continue;
        if (first == CSIN_NONE || t->places[s].rank > t->places[first].rank)
            first = s;
    }
    if (first == CSIN_NONE)
        return refuse(t, CSIN_FTREE_FEW_HOSTS, CSIN_NONE, 0, CSIN_NONE, 0);
    t->leaf_rank = options & CSIN_FTREE_ROOTS ? t->places[first].rank : t->max_rank;
    if (t->leaf_rank + 1 < 2 || t->leaf_rank + 1 > MAX_RANKS)
        return refuse(t, CSIN_FTREE_RANKS, CSIN_NONE, t->leaf_rank + 1, CSIN_NONE, 0);
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t s = t->order[i];
        if (nodes_of(t, s, options) == 0)
            continue;
        n_leaves++;
        if (t->places[s].rank != t->leaf_rank)
            return refuse(t, CSIN_FTREE_LEAF_RANK, s, t->places[s].rank, first, t->leaf_rank);
    }
    if (n_leaves < 2)
        return refuse(t, CSIN_FTREE_ONE_LEAF, first, n_leaves, CSIN_NONE, 0);
    return true;
}

/* ---- indices, by which neighbours are sorted ---- */

static bool is_taken(const struct tree *t, const uint8_t *index)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct place *place = &t->places[t->order[i]];
        if (place->has_index && memcmp(place->index, index, TUPLE) == 0)
            return true;
    }
    return false;
}

/* The lowest free number in digit `digit`, beginning where the last search for it ended. */
static void give_index(struct tree *t, uint32_t s, const uint8_t *from, bool down, uint32_t *start)
{
    uint8_t index[TUPLE];
    unsigned digit = down ? from[0] + 1u : from[0];
    memcpy(index, from, TUPLE);
    index[0] = (uint8_t)(down ? from[0] + 1 : from[0] - 1);
    if (digit >= TUPLE)
        return;
    for (; *start < 0xff; ++*start) {
        index[digit] = (uint8_t)*start;
        if (is_taken(t, index))
            continue;
        memcpy(t->places[s].index, index, TUPLE);
        t->places[s].has_index = true;
        return;
    }
}

static int by_index(const void *left, const void *right, void *tree)
{
    const struct bundle *a = left, *z = right;
    const struct tree *t = tree;
    int order = memcmp(t->places[a->sw].index, t->places[z->sw].index, TUPLE);
    /* Stable, as glibc's qsort is for arrays of this size: rows are in the order of ports. */
    return order ? order : (a > z) - (a < z);
}

static uint32_t index_row(struct tree *t, struct bundle *row, uint32_t n, const uint8_t *from,
                          bool down, uint32_t tail)
{
    uint32_t start = 0;
    for (uint32_t k = 0; k < n; k++) {
        if (t->places[row[k].sw].has_index)
            continue;
        give_index(t, row[k].sw, from, down, &start);
        if (t->places[row[k].sw].has_index)
            t->queue[tail++] = row[k].sw;
    }
    qsort_r(row, n, sizeof *row, by_index, t);
    return tail;
}

static void give_indices(struct tree *t, unsigned options)
{
    uint32_t head = 0, tail = 0;
    for (uint32_t i = 0; i < t->n; i++)
        memset(t->places[t->order[i]].index, 0xff, TUPLE);
    for (uint32_t i = 0; i < t->n && tail == 0; i++) {
        struct place *place = &t->places[t->order[i]];
        if (nodes_of(t, t->order[i], options) == 0 || place->rank != t->leaf_rank)
            continue;
        place->index[0] = (uint8_t)place->rank;
        memset(place->index + 1, 0, t->leaf_rank < TUPLE ? t->leaf_rank : TUPLE - 1);
        place->has_index = true;
        t->queue[tail++] = t->order[i];
    }
    while (head < tail) {
        struct place *place = &t->places[t->queue[head++]];
        if (place->rank < t->leaf_rank)
            tail = index_row(t, place->down, place->n_down, place->index, true, tail);
        if (place->rank != 0)
            tail = index_row(t, place->up, place->n_up, place->index, false, tail);
    }
}

/* ---- switches of a rank are alike ---- */

static bool compare(struct tree *t, uint32_t a, uint32_t b)
{
    const struct place *x = &t->places[a], *y = &t->places[b];
    if (x->n_up != y->n_up)
        return refuse(t, CSIN_FTREE_UP_GROUPS, a, x->n_up, b, y->n_up);
    if (x->rank != t->leaf_rank && x->n_down != y->n_down)
        return refuse(t, CSIN_FTREE_DOWN_GROUPS, a, x->n_down, b, y->n_down);
    for (uint32_t k = 0; k < y->n_up; k++)
        if (x->up[0].n != y->up[k].n)
            return refuse(t, CSIN_FTREE_UP_PORTS, a, x->up[0].n, b, y->up[k].n);
    if (x->rank != t->leaf_rank && x->n_down && x->down[0].n != y->down[0].n)
        return refuse(t, CSIN_FTREE_DOWN_PORTS, a, x->down[0].n, b, y->down[0].n);
    return true;
}

static bool are_alike(struct tree *t)
{
    uint32_t model[MAX_RANKS];
    memset(model, 0xff, sizeof model);
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t s = t->order[i], r = t->places[s].rank;
        if (r >= MAX_RANKS)
            continue;
        if (model[r] == CSIN_NONE)
            model[r] = s;
        else if (!compare(t, model[r], s))
            return false;
    }
    return true;
}

/* ---- accepted, and yet without a route ---- */

/* Pairs of NICs whose switches have no root in common: their way would have to go down and up
 * again. */
static bool count_lost(struct tree *t)
{
    uint32_t n_leaves = 0, n_roots = 0;
    for (uint32_t i = 0; i < t->n; i++) {
        n_leaves += t->places[t->order[i]].n_nics > 0;
        n_roots += t->places[t->order[i]].rank == 0;
    }
    if ((uint64_t)n_leaves * n_leaves * n_roots / 8 > MAX_COMMON)
        return true;
    uint32_t *leaf_of = malloc((t->f->n_switches + 1u) * sizeof *leaf_of), n = 0;
    uint32_t *nics = malloc((n_leaves + 1u) * sizeof *nics);
    size_t words = n_leaves / 64 + 1;
    uint64_t *common = calloc((size_t)n_leaves * words + 1, sizeof *common);
    uint64_t *below = malloc(words * sizeof *below);
    uint8_t *seen = malloc(t->f->n_switches + 1u);
    bool ok = leaf_of && nics && common && below && seen;
    for (uint32_t i = 0; ok && i < t->n; i++)
        if (t->places[t->order[i]].n_nics) {
            nics[n] = t->places[t->order[i]].n_nics;
            leaf_of[t->order[i]] = n++;
        }
    for (uint32_t i = 0; ok && i < t->n; i++) {
        uint32_t head = 0, tail = 0;
        if (t->places[t->order[i]].rank != 0)
            continue;
        memset(below, 0, words * sizeof *below);
        memset(seen, 0, t->f->n_switches);
        t->queue[tail++] = t->order[i];
        while (head < tail) {
            uint32_t s = t->queue[head++];
            const struct place *place = &t->places[s];
            if (place->n_nics)
                below[leaf_of[s] / 64] |= (uint64_t)1 << leaf_of[s] % 64;
            for (uint32_t k = 0; k < place->n_down; k++)
                if (!seen[place->down[k].sw]) {
                    seen[place->down[k].sw] = 1;
                    t->queue[tail++] = place->down[k].sw;
                }
        }
        for (uint32_t leaf = 0; leaf < n_leaves; leaf++)
            if (below[leaf / 64] >> leaf % 64 & 1)
                for (size_t word = 0; word < words; word++)
                    common[leaf * words + word] |= below[word];
    }
    for (uint32_t a = 0; ok && a < n_leaves; a++)
        for (uint32_t z = 0; z < n_leaves; z++)
            if (a != z && !(common[a * words + z / 64] >> z % 64 & 1))
                t->verdict->n_pairs_lost += (uint64_t)nics[a] * nics[z];
    free(leaf_of);
    free(nics);
    free(common);
    free(below);
    free(seen);
    return ok;
}

/* Whether it is accepted. Steps of tree.verdict. */
static bool judge(struct tree *t, unsigned options, bool *is_root)
{
    if (t->n < 2)
        return refuse(t, CSIN_FTREE_FEW_SWITCHES, CSIN_NONE, t->n, CSIN_NONE, 0);
    if (t->n_adapters < 2)
        return refuse(t, CSIN_FTREE_FEW_HOSTS, CSIN_NONE, t->n_adapters, CSIN_NONE, 0);
    if (!rank(t, options & CSIN_FTREE_ROOTS, is_root))
        return false;
    sort_directions(t);
    if (!check_leaves(t, options))
        return false;
    give_indices(t, options);
    return options & CSIN_FTREE_ROOTS || are_alike(t);
}

bool csin_ftree_predict(const struct csin_fabric *f, const uint64_t *guids, unsigned options,
                        struct csin_ftree *ret_ftree)
{
    struct csin_ftree verdict = {.a = CSIN_NONE, .b = CSIN_NONE};
    size_t n = f->n_switches + 1u;
    struct tree t = {
        .f = f,
        .places = calloc(n, sizeof *t.places),
        .bundles = malloc((f->n_arcs + 1u) * sizeof *t.bundles),
        .sorted = malloc((f->n_arcs + 1u) * sizeof *t.sorted),
        .first = malloc(n * sizeof *t.first),
        .order = malloc(n * sizeof *t.order),
        .queue = malloc(n * sizeof *t.queue),
        .verdict = &verdict,
    };
    bool *is_root = calloc(n, sizeof *is_root);
    bool ok = t.places && t.bundles && t.sorted && t.first && t.order && t.queue && is_root;
    if (ok) {
        list_bundles(&t);
        ok = take_part(&t, guids);
    }
    if (ok && judge(&t, options, is_root))
        ok = count_lost(&t);
    free(t.places);
    free(t.bundles);
    free(t.sorted);
    free(t.first);
    free(t.order);
    free(t.queue);
    free(is_root);
    *ret_ftree = verdict;
    return ok;
}
