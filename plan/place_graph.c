/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/place_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "sim/collectives.h"
#include "sim/resolve.h"

#define MAX_FORESTS 4u      /* more do not help: dense graphs are held by the degree bound */
#define MAX_WORK 50000000.0 /* steps of a bound that is tried */

/* ---- the graph ---- */

struct maker {
    struct place_graph *g;
    size_t edges_room, layers_room;
    uint64_t n_edges;
    uint32_t *slot; /* [n_slots] hash table of edges of the layer at hand, CSIN_NONE: empty */
    uint32_t n_slots;
};

static struct place_edge *layer_edges(const struct maker *m)
{
    return m->g->edges ? m->g->edges + m->g->layer_first[m->g->n_layers] : NULL;
}

static uint32_t slot_of(const struct maker *m, uint32_t a, uint32_t b)
{
    const struct place_edge *edges = layer_edges(m);
    uint32_t mask = m->n_slots - 1;
    uint32_t at = (uint32_t)(((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15u >> 32) & mask;
    while (m->slot[at] != CSIN_NONE && (edges[m->slot[at]].a != a || edges[m->slot[at]].b != b))
        at = (at + 1) & mask;
    return at;
}

static bool resize_slots(struct maker *m, uint32_t n_slots)
{
    uint32_t n = (uint32_t)(m->n_edges - m->g->layer_first[m->g->n_layers]);
    uint32_t *slot = malloc(n_slots * sizeof *slot);
    if (!slot)
        return false;
    free(m->slot);
    m->slot = slot;
    m->n_slots = n_slots;
    memset(slot, 0xff, n_slots * sizeof *slot);
    for (uint32_t i = 0; i < n; i++)
        slot[slot_of(m, layer_edges(m)[i].a, layer_edges(m)[i].b)] = i;
    return true;
}

static bool add_bytes(struct maker *m, uint32_t a, uint32_t b, double bytes)
{
    struct place_graph *g = m->g;
    uint32_t low = a < b ? a : b, high = a < b ? b : a, at = slot_of(m, low, high);
    g->bytes += bytes;
    if (m->slot[at] != CSIN_NONE) {
        layer_edges(m)[m->slot[at]].bytes += bytes;
        return true;
    }
    if (!csin_grow(&g->edges, &m->edges_room, m->n_edges + 1, sizeof *g->edges))
        return false;
    uint32_t index = (uint32_t)(m->n_edges - g->layer_first[g->n_layers]);
    g->edges[m->n_edges++] = (struct place_edge){low, high, bytes};
    m->slot[at] = index;
    return index < m->n_slots / 2 || resize_slots(m, 2 * m->n_slots);
}

static bool begin_layer(struct maker *m)
{
    return csin_grow(&m->g->layer_first, &m->layers_room, m->g->n_layers + 2u,
                     sizeof *m->g->layer_first) &&
           (m->g->layer_first[m->g->n_layers] = m->n_edges, resize_slots(m, 1024));
}

static void end_layer(struct maker *m)
{
    struct place_graph *g = m->g;
    if (m->n_edges > g->layer_first[g->n_layers])
        g->layer_first[++g->n_layers] = m->n_edges;
}

/* Adds `times` times what the step moves in a round. */
static bool add_step(struct maker *m, const struct csin_step *step, const uint32_t *ranks,
                     double times, struct csin_rng rng, bool *ret_too_large)
{
    struct csin_schedule s;
    struct csin_step one = *step;
    one.chunk_bytes = 0; /* the bytes are the same, the operations fewer */
    csin_schedule_init(&s, m->g->n, 1);
    csin_step_schedule(&s, &one, ranks, m->g->n, csin_schedule_delay(&s, 0), rng);
    *ret_too_large = s.failed;
    bool ok = !s.failed;
    for (uint32_t op = 0; op < s.n_ops && ok; op++)
        if (csin_is_transfer(&s, op))
            ok = add_bytes(m, s.src[op], s.dst[op], times * (double)s.amount[op].bytes);
    csin_schedule_finish(&s);
    return ok;
}

static bool same_step(const struct csin_step *a, const struct csin_step *b)
{
    return a->work == b->work && a->algorithm == b->algorithm && a->size_bytes == b->size_bytes &&
           a->root == b->root && a->shift == b->shift && a->training == b->training;
}

/* The layer of step i, which is the first of those that are like it. */
static bool add_layer(struct maker *m, const struct csin_scenario *sc, const struct csin_job *job,
                      uint32_t i, const uint32_t *ranks, bool *ret_too_large)
{
    const struct csin_step *step = &job->steps[i];
    bool drawn = step->work == CSIN_PERMUTATION && step->shift == 0, ok = begin_layer(m);
    double times = 0;
    for (uint32_t k = i; k < job->n_steps && ok; k++) {
        if (!same_step(step, &job->steps[k]))
            continue;
        times += job->repeat;
        for (uint32_t round = 0; drawn && round < job->repeat && ok; round++)
            ok = add_step(m, step, ranks, 1,
                          csin_rng_init(csin_owner_seed(sc, job->name),
                                        1 + ((uint64_t)round * job->n_steps + k)),
                          ret_too_large);
    }
    if (ok && !drawn)
        ok = add_step(m, step, ranks, times, csin_rng_init(0, 0), ret_too_large);
    if (ok)
        end_layer(m);
    return ok;
}

static bool add_layers(struct maker *m, const struct csin_scenario *sc, const struct csin_job *job,
                       bool *ret_too_large)
{
    uint32_t *ranks = malloc((job->n_hosts + 1u) * sizeof *ranks);
    bool ok = ranks && begin_layer(m);
    for (uint32_t r = 0; r < job->n_hosts && ok; r++)
        ranks[r] = r;
    for (uint32_t i = 0; i < job->n_steps && ok; i++) {
        bool seen = job->steps[i].work == CSIN_COMPUTE_DELAY;
        for (uint32_t k = 0; k < i && !seen; k++)
            seen = same_step(&job->steps[k], &job->steps[i]);
        ok = seen || add_layer(m, sc, job, i, ranks, ret_too_large);
    }
    free(ranks);
    return ok;
}

static int by_neighbour(const void *left, const void *right)
{
    const struct place_edge *a = left, *b = right;
    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return (a->b > b->b) - (a->b < b->b);
}

/* first, to, weight from the edges of all layers. */
static bool join_layers(struct place_graph *g)
{
    uint64_t n = g->layer_first[g->n_layers], kept = 0;
    struct place_edge *both = malloc((2 * n + 1) * sizeof *both);
    g->first = calloc(g->n + 2u, sizeof *g->first);
    g->to = malloc((2 * n + 1) * sizeof *g->to);
    g->weight = malloc((2 * n + 1) * sizeof *g->weight);
    if (!both || !g->first || !g->to || !g->weight) {
        free(both);
        return false;
    }
    for (uint64_t e = 0; e < n; e++) {
        both[2 * e] = g->edges[e];
        both[2 * e + 1] = (struct place_edge){g->edges[e].b, g->edges[e].a, g->edges[e].bytes};
    }
    qsort(both, 2 * n, sizeof *both, by_neighbour);
    for (uint64_t e = 0; e < 2 * n; e++) {
        if (e && both[e - 1].a == both[e].a && both[e - 1].b == both[e].b) {
            g->weight[kept - 1] += both[e].bytes;
            continue;
        }
        g->to[kept] = both[e].b;
        g->weight[kept++] = both[e].bytes;
        g->first[both[e].a + 1] = kept;
    }
    for (uint32_t v = 0; v < g->n; v++) /* those without neighbours */
        if (g->first[v + 1] < g->first[v])
            g->first[v + 1] = g->first[v];
    free(both);
    return true;
}

enum csin_status place_graph_create(const struct csin_scenario *scenario, uint32_t job,
                                    struct csin_diag *diag, struct place_graph *ret_graph)
{
    struct place_graph g = {.n = scenario->jobs[job].n_hosts};
    struct maker m = {.g = &g};
    bool too_large = false;
    bool ok = add_layers(&m, scenario, &scenario->jobs[job], &too_large) && join_layers(&g);
    free(m.slot);
    if (ok) {
        *ret_graph = g;
        return CSIN_OK;
    }
    place_graph_finish(&g);
    if (too_large)
        return csin_error(diag, CSIN_E_FAILED, 812, scenario->jobs[job].loc,
                          "the steps of job '%s' are too large to be placed",
                          scenario->jobs[job].name);
    return csin_no_memory(diag);
}

void place_graph_finish(struct place_graph *graph)
{
    free(graph->first);
    free(graph->to);
    free(graph->weight);
    free(graph->edges);
    free(graph->layer_first);
    memset(graph, 0, sizeof *graph);
}

/* ---- bounds ---- */

uint32_t place_graph_parts(const struct place_graph *graph, const uint32_t *sizes, uint32_t n_parts)
{
    uint32_t k = 0;
    for (uint64_t held = 0; held < graph->n && k < n_parts; k++)
        held += sizes[k];
    return k;
}

static int falling(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

static double sum(const double *x, uint64_t n)
{
    double all = 0;
    for (uint64_t i = 0; i < n; i++)
        all += x[i];
    return all;
}

/* What parts of a graph are to be, and room for it. */
struct parts {
    const uint32_t *sizes;
    uint32_t n, k; /* parts; as many as are needed */
    uint32_t n_ranks;
};

/* A graph for the degree bound: of each rank the weights, falling. */
struct stars {
    uint64_t *first; /* [n + 1] */
    double *weight;
};

static void sort_stars(struct stars *s, uint32_t n)
{
    for (uint32_t v = 0; v < n; v++)
        qsort(s->weight + s->first[v], s->first[v + 1] - s->first[v], sizeof *s->weight, falling);
}

/* within[v] becomes the most that rank v can have inside a part of `size` ranks. */
static void most_within(const struct stars *s, uint32_t n, uint32_t size, double *within)
{
    for (uint32_t v = 0; v < n; v++) {
        uint64_t degree = s->first[v + 1] - s->first[v];
        within[v] = sum(s->weight + s->first[v], degree < size - 1 ? degree : size - 1);
    }
}

/* The most that all parts together can have inside, each edge twice, by the sizes they might have:
 * U(s) is the sum of the s largest of most_within(s), and the profile that has most is found by
 * dynamic programming. */
static bool best_profile(const struct stars *s, const struct parts *parts, double *ret_within)
{
    uint32_t n = parts->n_ranks, c = parts->sizes[0] < n ? parts->sizes[0] : n;
    double *within = malloc((n + 1u) * sizeof *within), *u = calloc(c + 1u, sizeof *u);
    double *most = malloc((n + 1u) * sizeof *most);
    bool ok = within && u && most;
    for (uint32_t size = 1; ok && size <= c; size++) {
        most_within(s, n, size, within);
        qsort(within, n, sizeof *within, falling);
        u[size] = sum(within, size);
    }
    for (uint32_t held = 0; ok && held <= n; held++)
        most[held] = held ? -HUGE_VAL : 0;
    for (uint32_t p = 0; ok && p < parts->n; p++)
        for (uint32_t held = n; held > 0; held--)
            for (uint32_t size = 1; size <= parts->sizes[p] && size <= held; size++)
                most[held] = fmax(most[held], most[held - size] + u[size]);
    if (ok)
        *ret_within = most[n];
    free(within);
    free(u);
    free(most);
    return ok;
}

static bool degree_bound(struct stars *s, const struct parts *parts, double *ret_bound)
{
    uint32_t n = parts->n_ranks, c = parts->sizes[0] < n ? parts->sizes[0] : n;
    double all = sum(s->weight, s->first[n]), inside = 0;
    double *within = malloc((n + 1u) * sizeof *within);
    if (!within)
        return false;
    sort_stars(s, n);
    most_within(s, n, c, within);
    inside = sum(within, n);
    free(within);
    double work = (double)n * c * fmax(parts->n, (double)s->first[n] / n);
    double profile = inside;
    if (work < MAX_WORK && !best_profile(s, parts, &profile))
        return false;
    *ret_bound = fmax(0, (all - fmin(inside, profile)) / 2);
    return true;
}

static bool stars_of_edges(const struct place_edge *edges, uint64_t n_edges, uint32_t n,
                           struct stars *s)
{
    uint64_t *at = calloc(n + 2u, sizeof *at);
    s->first = calloc(n + 2u, sizeof *s->first);
    s->weight = malloc((2 * n_edges + 1) * sizeof *s->weight);
    bool ok = at && s->first && s->weight;
    for (uint64_t e = 0; ok && e < n_edges; e++) {
        s->first[edges[e].a + 1]++;
        s->first[edges[e].b + 1]++;
    }
    for (uint32_t v = 0; ok && v < n; v++)
        at[v + 1] = s->first[v + 1] += s->first[v];
    for (uint64_t e = 0; ok && e < n_edges; e++) {
        s->weight[at[edges[e].a]++] = edges[e].bytes;
        s->weight[at[edges[e].b]++] = edges[e].bytes;
    }
    free(at);
    return ok;
}

static void stars_finish(struct stars *s)
{
    free(s->first);
    free(s->weight);
}

/* Sum of the k lightest. */
static bool lightest(const struct place_edge *edges, uint64_t n, uint64_t k, double *ret_bytes)
{
    double *bytes = malloc((n + 1) * sizeof *bytes);
    if (!bytes)
        return false;
    for (uint64_t e = 0; e < n; e++)
        bytes[e] = edges[e].bytes;
    qsort(bytes, n, sizeof *bytes, falling);
    k = k < n ? k : n;
    *ret_bytes = sum(bytes + n - k, k);
    free(bytes);
    return true;
}

/* ---- forests ---- */

struct forest {
    struct place_edge *edges;
    uint64_t n_edges;
    uint32_t *root; /* [n] union-find */
};

static uint32_t find_root(uint32_t *root, uint32_t v)
{
    while (root[v] != v)
        v = root[v] = root[root[v]];
    return v;
}

/* Deals edges to forests, each to the first in which it closes no cycle; what is left over counts
 * for nothing. The two trees of a double binary tree come out as they went in. */
static bool deal(const struct place_edge *edges, uint64_t n_edges, uint32_t n,
                 struct forest *forests)
{
    for (unsigned i = 0; i < MAX_FORESTS; i++) {
        struct forest *f = &forests[i];
        f->edges = malloc((n + 1u) * sizeof *f->edges);
        f->root = malloc((n + 1u) * sizeof *f->root);
        if (!f->edges || !f->root)
            return false;
        for (uint32_t v = 0; v < n; v++)
            f->root[v] = v;
    }
    for (uint64_t e = 0; e < n_edges; e++)
        for (unsigned i = 0; i < MAX_FORESTS; i++) {
            struct forest *f = &forests[i];
            uint32_t a = find_root(f->root, edges[e].a), b = find_root(f->root, edges[e].b);
            if (a == b)
                continue;
            f->root[a] = b;
            f->edges[f->n_edges++] = edges[e];
            break;
        }
    return true;
}

/* least[v][s]: the fewest bytes to cut below v so that no tree has more than c ranks and that of v
 * has s. */
struct cutter {
    uint32_t n, c;
    uint64_t *first; /* [n + 1] neighbours */
    uint32_t *to, *parent, *order;
    double *weight, *to_parent;
    double **least; /* [n] of [size[v] + 1] */
    uint32_t *size; /* of the row, c at most */
};

static bool cutter_init(struct cutter *k, const struct forest *f, uint32_t n, uint32_t c)
{
    *k = (struct cutter){.n = n, .c = c};
    k->first = calloc(n + 2u, sizeof *k->first);
    k->to = malloc((2 * f->n_edges + 1) * sizeof *k->to);
    k->weight = malloc((2 * f->n_edges + 1) * sizeof *k->weight);
    k->parent = malloc((n + 1u) * sizeof *k->parent);
    k->order = malloc((n + 1u) * sizeof *k->order);
    k->to_parent = calloc(n + 1u, sizeof *k->to_parent);
    k->least = calloc(n + 1u, sizeof *k->least);
    k->size = calloc(n + 1u, sizeof *k->size);
    if (!k->first || !k->to || !k->weight || !k->parent || !k->order || !k->to_parent ||
        !k->least || !k->size)
        return false;
    for (uint64_t e = 0; e < f->n_edges; e++) {
        k->first[f->edges[e].a + 1]++;
        k->first[f->edges[e].b + 1]++;
    }
    for (uint32_t v = 0; v < n; v++)
        k->first[v + 1] += k->first[v];
    for (uint64_t e = f->n_edges; e-- > 0;)
        for (unsigned end = 0; end < 2; end++) {
            uint32_t v = end ? f->edges[e].b : f->edges[e].a;
            uint64_t at = k->first[v] + k->size[v]++;
            k->to[at] = end ? f->edges[e].a : f->edges[e].b;
            k->weight[at] = f->edges[e].bytes;
        }
    return true;
}

static void cutter_finish(struct cutter *k)
{
    for (uint32_t v = 0; k->least && v < k->n; v++)
        free(k->least[v]);
    free(k->first);
    free(k->to);
    free(k->weight);
    free(k->parent);
    free(k->order);
    free(k->to_parent);
    free(k->least);
    free(k->size);
}

/* Parents before children, every tree from its lowest rank. */
static void order_forest(struct cutter *k)
{
    uint32_t head = 0, tail = 0;
    memset(k->parent, 0xff, (k->n + 1u) * sizeof *k->parent);
    for (uint32_t root = 0; root < k->n; root++) {
        if (k->parent[root] != CSIN_NONE)
            continue;
        k->parent[root] = root;
        k->order[tail++] = root;
        for (; head < tail; head++)
            for (uint64_t i = k->first[k->order[head]]; i < k->first[k->order[head] + 1]; i++) {
                uint32_t child = k->to[i];
                if (k->parent[child] != CSIN_NONE)
                    continue;
                k->parent[child] = k->order[head];
                k->to_parent[child] = k->weight[i];
                k->order[tail++] = child;
            }
    }
}

/* The child is done: its parent's row takes it in, joined or cut off. */
static bool merge_child(struct cutter *k, uint32_t child)
{
    uint32_t v = k->parent[child], a = k->size[v], b = k->size[child];
    uint32_t n = a + b < k->c ? a + b : k->c;
    double *row = malloc((n + 1u) * sizeof *row), cut = HUGE_VAL;
    if (!row)
        return false;
    for (uint32_t s = 1; s <= b; s++)
        cut = fmin(cut, k->least[child][s] + k->to_parent[child]);
    for (uint32_t s = 0; s <= n; s++)
        row[s] = s && s <= a ? k->least[v][s] + cut : HUGE_VAL;
    for (uint32_t s = 1; s <= a; s++)
        for (uint32_t t = 1; t <= b && s + t <= n; t++)
            row[s + t] = fmin(row[s + t], k->least[v][s] + k->least[child][t]);
    free(k->least[v]);
    free(k->least[child]);
    k->least[child] = NULL;
    k->least[v] = row;
    k->size[v] = n;
    return true;
}

static bool cut_forest(struct cutter *k, double *ret_bytes)
{
    *ret_bytes = 0;
    order_forest(k);
    for (uint32_t v = 0; v < k->n; v++) {
        if (!(k->least[v] = malloc(2 * sizeof *k->least[v])))
            return false;
        k->least[v][0] = HUGE_VAL;
        k->least[v][1] = 0;
        k->size[v] = 1;
    }
    for (uint32_t i = k->n; i-- > 0;) {
        uint32_t v = k->order[i];
        if (k->parent[v] != v) {
            if (!merge_child(k, v))
                return false;
            continue;
        }
        double best = HUGE_VAL;
        for (uint32_t s = 1; s <= k->size[v]; s++)
            best = fmin(best, k->least[v][s]);
        *ret_bytes += best;
    }
    return true;
}

static bool forest_bound(const struct forest *f, const struct parts *parts, double *ret_bound)
{
    uint32_t n = parts->n_ranks, trees = n - (uint32_t)f->n_edges;
    double cut = 0;
    *ret_bound = 0;
    if (parts->k > trees && !lightest(f->edges, f->n_edges, parts->k - trees, ret_bound))
        return false;
    if ((double)n * parts->sizes[0] > MAX_WORK)
        return true;
    struct cutter k;
    bool ok = cutter_init(&k, f, n, parts->sizes[0]) && cut_forest(&k, &cut);
    cutter_finish(&k);
    *ret_bound = fmax(*ret_bound, cut);
    return ok;
}

static bool forests_bound(const struct place_edge *edges, uint64_t n_edges,
                          const struct parts *parts, double *ret_bound)
{
    struct forest forests[MAX_FORESTS];
    memset(forests, 0, sizeof forests);
    bool ok = deal(edges, n_edges, parts->n_ranks, forests);
    *ret_bound = 0;
    for (unsigned i = 0; ok && i < MAX_FORESTS && forests[i].n_edges; i++) {
        double bound = 0;
        ok = forest_bound(&forests[i], parts, &bound);
        *ret_bound += bound;
    }
    for (unsigned i = 0; i < MAX_FORESTS; i++) {
        free(forests[i].edges);
        free(forests[i].root);
    }
    return ok;
}

/* ---- the whole ---- */

/* A single cycle through all ranks: in it each of k parts ends k times at least. */
static bool is_cycle(const struct stars *s, const struct place_edge *edges, uint64_t n_edges,
                     uint32_t n)
{
    if (n_edges != n || n < 3)
        return false;
    for (uint32_t v = 0; v < n; v++)
        if (s->first[v + 1] - s->first[v] != 2)
            return false;
    /* Of degree 2 everywhere, it is one cycle when n - 1 of its edges join all. */
    uint32_t *root = malloc(n * sizeof *root), joined = 0;
    if (!root)
        return false;
    for (uint32_t v = 0; v < n; v++)
        root[v] = v;
    for (uint64_t e = 0; e < n_edges; e++) {
        uint32_t a = find_root(root, edges[e].a), b = find_root(root, edges[e].b);
        joined += a != b;
        root[a] = b;
    }
    free(root);
    return joined == n - 1;
}

static bool layer_bound(const struct place_edge *edges, uint64_t n_edges, const struct parts *parts,
                        double *ret_bound)
{
    struct stars s = {NULL, NULL};
    double degree = 0, forests = 0, cycle = 0;
    bool ok = stars_of_edges(edges, n_edges, parts->n_ranks, &s);
    if (ok && is_cycle(&s, edges, n_edges, parts->n_ranks))
        ok = lightest(edges, n_edges, parts->k, &cycle);
    ok = ok && degree_bound(&s, parts, &degree) && forests_bound(edges, n_edges, parts, &forests);
    stars_finish(&s);
    *ret_bound = fmax(cycle, fmax(degree, forests));
    return ok;
}

static bool joint_bound(const struct place_graph *g, const struct parts *parts, double *ret_bound)
{
    uint64_t n = g->first[g->n];
    struct stars s = {g->first, malloc((n + 1) * sizeof *s.weight)};
    if (!s.weight)
        return false;
    memcpy(s.weight, g->weight, n * sizeof *s.weight);
    bool ok = degree_bound(&s, parts, ret_bound);
    free(s.weight);
    return ok;
}

double place_graph_bound(const struct place_graph *graph, const uint32_t *sizes, uint32_t n_parts)
{
    struct parts parts = {sizes, n_parts, place_graph_parts(graph, sizes, n_parts), graph->n};
    double layers = 0, joint = 0;
    if (parts.k < 2 || graph->n_layers == 0)
        return 0;
    for (uint32_t l = 0; l < graph->n_layers; l++) {
        double bound;
        uint64_t first = graph->layer_first[l];
        if (!layer_bound(graph->edges + first, graph->layer_first[l + 1] - first, &parts, &bound))
            return -1;
        layers += bound;
    }
    if (graph->n_layers > 1 && !joint_bound(graph, &parts, &joint))
        return -1;
    return fmax(layers, joint);
}
