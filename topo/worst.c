/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worst permutation (Towles, Dally, Worst-case traffic for oblivious routing functions, SPAA
 * 2002): for one arc, it is a maximum matching between sources and destinations whose route takes
 * the arc; the worst of all arcs is the worst of all permutations. NICs of a leaf that send alike
 * are one vertex that may be matched as often as there are NICs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define BATCH 16u       /* arcs whose routes are collected in one run */
#define BATCHES_MAX 64u /* runs; then the answer is a lower bound */
#define EDGES_MAX (1u << 26)

/* One arc's bipartite graph: for each destination the senders that reach it over the arc. */
struct bipartite {
    uint32_t arc;
    uint32_t *dst; /* [n_dst] NICs */
    size_t *first; /* [n_dst + 1] */
    uint32_t *senders;
    size_t n_dst, dst_room, first_room, n_edges, room;
    bool is_whole; /* all edges are there */
};

struct collect {
    const struct walker *w;
    struct bipartite *graphs; /* [n] */
    uint32_t n;
    uint32_t *graph_of; /* [n_arcs] */
    bool ok;
};

static bool add_edge(struct bipartite *g, uint32_t sender, uint32_t nic)
{
    if (g->n_edges >= EDGES_MAX) {
        g->is_whole = false;
        return true;
    }
    if (g->n_dst == 0 || g->dst[g->n_dst - 1] != nic) {
        if (!csin_grow(&g->dst, &g->dst_room, g->n_dst + 1, sizeof *g->dst) ||
            !csin_grow(&g->first, &g->first_room, g->n_dst + 2, sizeof *g->first))
            return false;
        g->dst[g->n_dst] = nic;
        g->first[g->n_dst++] = g->n_edges;
    }
    if (!csin_grow(&g->senders, &g->room, g->n_edges + 1, sizeof *g->senders))
        return false;
    g->senders[g->n_edges++] = sender;
    g->first[g->n_dst] = g->n_edges;
    return true;
}

static void collect_walk(void *context, const struct walk *walk)
{
    struct collect *c = context;
    if (walk->stop != CSIN_ARRIVES || !walk->in_use)
        return;
    for (uint32_t i = 0; i + 1 < walk->n; i++) {
        uint32_t k = c->graph_of[walk->arcs[i]];
        if (k != CSIN_NONE)
            c->ok &= add_edge(&c->graphs[k], walk->sender, walk->nic);
    }
}

/* ---- matching ---- */

struct matching {
    uint32_t *sender;      /* [n_dst] matched sender, CSIN_NONE */
    uint32_t *head, *link; /* destinations of each sender: lists; [n_senders], [n_dst] */
    uint32_t *n;           /* [n_senders] matched */
    uint32_t *seen, *via;  /* [n_senders] search: round, destination it was reached by */
    uint32_t *queue;       /* [n_dst] destinations to search from */
    uint32_t size;
};

static void unlink_from(struct matching *m, uint32_t sender, uint32_t d)
{
    uint32_t *at = &m->head[sender];
    while (*at != d)
        at = &m->link[*at];
    *at = m->link[d];
    m->n[sender]--;
}

static void link_to(struct matching *m, uint32_t sender, uint32_t d)
{
    m->sender[d] = sender;
    m->link[d] = m->head[sender];
    m->head[sender] = d;
    m->n[sender]++;
}

/* Gives `s` to the destination that asked for it, whose old sender goes to the one before, and so
 * on back to where the search began. */
static void shift_back(struct matching *m, uint32_t s)
{
    for (;;) {
        uint32_t d = m->via[s], old = m->sender[d];
        if (old != CSIN_NONE)
            unlink_from(m, old, d);
        link_to(m, s, d);
        if (old == CSIN_NONE)
            return;
        s = old;
    }
}

/* Looks for a sender with a NIC to spare, breadth first from destination `start` over those that
 * could be served by another. */
static bool augment(const struct walker *w, const struct bipartite *g, struct matching *m,
                    uint32_t start)
{
    uint32_t head = 0, tail = 0;
    m->queue[tail++] = start;
    while (head < tail) {
        uint32_t d = m->queue[head++];
        for (size_t e = g->first[d]; e < g->first[d + 1]; e++) {
            uint32_t s = g->senders[e];
            if (m->seen[s] == start + 1)
                continue;
            m->seen[s] = start + 1;
            m->via[s] = d;
            if (m->n[s] < w->senders[s].n) {
                shift_back(m, s);
                m->size++;
                return true;
            }
            for (uint32_t k = m->head[s]; k != CSIN_NONE; k = m->link[k])
                m->queue[tail++] = k;
        }
    }
    return false;
}

static void matching_finish(struct matching *m)
{
    free(m->sender);
    free(m->head);
    free(m->link);
    free(m->n);
    free(m->seen);
    free(m->via);
    free(m->queue);
}

/* False without memory; finish in any case. */
static bool match(const struct walker *w, const struct bipartite *g, struct matching *m)
{
    size_t n = w->n_senders + 1u, n_dst = g->n_dst + 1;
    *m = (struct matching){
        malloc(n_dst * sizeof(uint32_t)), malloc(n * sizeof(uint32_t)),
        malloc(n_dst * sizeof(uint32_t)), calloc(n, sizeof(uint32_t)),
        calloc(n, sizeof(uint32_t)),      malloc(n * sizeof(uint32_t)),
        malloc(n_dst * sizeof(uint32_t)), 0,
    };
    if (!m->sender || !m->head || !m->link || !m->n || !m->seen || !m->via || !m->queue)
        return false;
    memset(m->sender, 0xff, n_dst * sizeof *m->sender);
    memset(m->head, 0xff, n * sizeof *m->head);
    for (uint32_t d = 0; d < g->n_dst; d++)
        augment(w, g, m, d);
    return true;
}

/* ---- arcs, the most promising first ---- */

struct candidate {
    uint32_t arc;
    double bound; /* no permutation loads it more */
};

static int by_bound(const void *left, const void *right)
{
    const struct candidate *a = left, *z = right;
    if (a->bound != z->bound)
        return a->bound > z->bound ? -1 : 1;
    return (a->arc > z->arc) - (a->arc < z->arc);
}

static double bound_of(const struct walker *w, const struct loads *loads, uint32_t arc,
                       double rate_Bps)
{
    uint64_t n = loads->targets[arc], senders = 0;
    for (uint32_t s = 0; loads->senders && s < w->n_senders; s++)
        if (loads->senders[arc * loads->sender_words + s / 64] >> s % 64 & 1)
            senders += w->senders[s].n;
    if (loads->senders && senders < n)
        n = senders;
    return (double)n * rate_Bps / w->f->cables[arc >> 1].capacity_Bps;
}

static struct candidate *list_candidates(const struct walker *w, const struct loads *loads,
                                         double rate_Bps, uint32_t *ret_n)
{
    const struct csin_fabric *f = w->f;
    struct candidate *list = malloc((f->n_arcs + 1u) * sizeof *list);
    uint32_t n = 0;
    for (uint32_t arc = 0; list && arc < f->n_arcs; arc++)
        if (loads->targets[arc] && !csin_is_nic(f, f->cables[arc >> 1].end[0]))
            list[n++] = (struct candidate){arc, bound_of(w, loads, arc, rate_Bps)};
    if (list)
        qsort(list, n, sizeof *list, by_bound);
    *ret_n = n;
    return list;
}

/* The pairs behind a matching: NICs of a sender in their order. A NIC that would send to its own
 * host changes places with another of its sender; where there is none it stays silent, and the
 * answer is a lower bound. */
static bool keep_pairs(const struct walker *w, const struct bipartite *g, const struct matching *m,
                       struct csin_arena *arena, struct csin_worst *worst)
{
    const struct csin_fabric *f = w->f;
    worst->n_pairs = 0;
    worst->pairs = csin_arena_alloc(arena, m->size, sizeof *worst->pairs);
    if (!worst->pairs)
        return false;
    for (uint32_t s = 0; s < w->n_senders; s++) {
        uint32_t begin = worst->n_pairs, next = w->senders[s].first;
        for (uint32_t d = m->head[s]; d != CSIN_NONE; d = m->link[d])
            worst->pairs[worst->n_pairs++] = (struct csin_pair){w->members[next++], g->dst[d]};
        for (uint32_t i = begin; i < worst->n_pairs; i++) {
            struct csin_pair *pair = &worst->pairs[i];
            uint32_t host = f->nics[pair->dst].host;
            if (f->nics[pair->src].host != host)
                continue;
            for (uint32_t k = w->senders[s].first;
                 k < w->senders[s].first + w->senders[s].n && f->nics[pair->src].host == host;
                 k++) {
                uint32_t other = CSIN_NONE; /* who has that NIC now */
                for (uint32_t j = begin; j < worst->n_pairs; j++)
                    if (worst->pairs[j].src == w->members[k])
                        other = j;
                if (f->nics[w->members[k]].host == host ||
                    (other != CSIN_NONE && f->nics[worst->pairs[other].dst].host == host))
                    continue;
                if (other != CSIN_NONE)
                    worst->pairs[other].src = pair->src;
                pair->src = w->members[k];
            }
            if (f->nics[pair->src].host == host) {
                worst->pairs[i--] = worst->pairs[--worst->n_pairs];
                worst->is_exact = false;
            }
        }
    }
    return true;
}

static double load_of(const struct csin_fabric *f, const struct csin_worst *worst, uint32_t arc)
{
    double sent_Bps = 0;
    for (uint32_t i = 0; i < worst->n_pairs; i++)
        sent_Bps += fmin(f->cables[f->nics[worst->pairs[i].src].cable].capacity_Bps,
                         f->cables[f->nics[worst->pairs[i].dst].cable].capacity_Bps);
    return sent_Bps / f->cables[arc >> 1].capacity_Bps;
}

/* Matches one arc's graph and keeps it where it is worse than what is known. */
static bool consider(const struct walker *w, const struct bipartite *g, double rate_Bps,
                     struct csin_arena *arena, struct csin_worst *worst)
{
    struct matching m;
    bool ok = match(w, g, &m);
    double bound = m.size * rate_Bps / w->f->cables[g->arc >> 1].capacity_Bps;
    if (ok && bound > worst->load * (1 + 1e-9)) {
        struct csin_worst found = {.is_exact = worst->is_exact && g->is_whole, .arc = g->arc};
        ok = keep_pairs(w, g, &m, arena, &found);
        if (ok) {
            found.load = load_of(w->f, &found, g->arc);
            if (found.load > worst->load * (1 + 1e-9))
                *worst = found;
        }
    }
    matching_finish(&m);
    return ok;
}

static bool run_batch(struct walker *w, const struct candidate *list, uint32_t n, double rate_Bps,
                      uint32_t *graph_of, struct csin_arena *arena, struct csin_worst *worst)
{
    struct bipartite graphs[BATCH] = {0};
    struct collect collect = {w, graphs, n, graph_of, true};
    for (uint32_t k = 0; k < n; k++) {
        graphs[k].arc = list[k].arc;
        graphs[k].is_whole = true;
        graph_of[list[k].arc] = k;
    }
    csin_walker_run(w, collect_walk, &collect);
    for (uint32_t k = 0; k < n; k++) {
        graph_of[list[k].arc] = CSIN_NONE;
        if (collect.ok)
            collect.ok = consider(w, &graphs[k], rate_Bps, arena, worst);
        free(graphs[k].dst);
        free(graphs[k].first);
        free(graphs[k].senders);
    }
    return collect.ok;
}

/* The largest rate of a NIC. *ret_same: all have it. */
static double top_rate(const struct walker *w, bool *ret_same)
{
    const struct csin_fabric *f = w->f;
    double most = 0, least = INFINITY;
    for (uint32_t i = 0; i < w->n_joined; i++) {
        double rate_Bps = f->cables[f->nics[w->members[i]].cable].capacity_Bps;
        most = fmax(most, rate_Bps);
        least = fmin(least, rate_Bps);
    }
    *ret_same = w->n_joined == 0 || most == least;
    return most;
}

bool csin_worst_look(struct walker *w, const struct loads *loads, struct csin_arena *arena,
                     struct csin_worst *ret_worst)
{
    struct csin_worst worst = {.arc = CSIN_NONE, .load = 0};
    double rate_Bps = top_rate(w, &worst.is_exact);
    uint32_t n = 0, done = 0;
    struct candidate *list = list_candidates(w, loads, rate_Bps, &n);
    uint32_t *graph_of = malloc((w->f->n_arcs + 1u) * sizeof *graph_of);
    bool ok = list && graph_of;
    if (ok)
        memset(graph_of, 0xff, w->f->n_arcs * sizeof *graph_of);
    worst.is_exact &= w->n_targets == w->n_joined;
    for (uint32_t batch = 0; ok && done < n && list[done].bound > worst.load * (1 + 1e-9);
         batch++) {
        if (batch == BATCHES_MAX) {
            worst.is_exact = false;
            break;
        }
        uint32_t size = batch == 0 ? 1 : n - done < BATCH ? n - done : BATCH;
        ok = run_batch(w, list + done, size, rate_Bps, graph_of, arena, &worst);
        done += size;
    }
    free(list);
    free(graph_of);
    *ret_worst = worst;
    return ok;
}
