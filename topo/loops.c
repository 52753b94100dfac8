/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Credit loops. A packet that holds the buffer behind arc a until there is room behind arc b makes
 * a depend on b. Where these dependencies form a cycle, buffers can fill so that nobody ever moves
 * again (Dally, Seitz, Deadlock-free message routing in multiprocessor interconnection networks,
 * IEEE Transactions on Computers C-36, 1987: no cycle, no deadlock).
 *
 * Dependencies at a switch are kept as a matrix of bits, port in x port out. */
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define BITS_MAX ((size_t)256 << 20) /* bytes of all matrices */
#define STARTS_MAX 256u              /* arcs in loops from which the shortest is looked for */

/* Ports of switches that lead to switches, numbered in one row. */
struct graph {
    const struct walker *w;
    const uint8_t *lane_of;
    unsigned lane;
    uint32_t *index; /* [n_arcs] number of an arc among those into the same switch */
    uint32_t *n_in;  /* [n_switches] */
    size_t *first;   /* [n_switches + 1] first bit of a switch */
    uint64_t *bits;
    uint64_t n_dependencies;
    /* To find a flow for each step of the loop. */
    struct csin_loops *loops;
    uint32_t n_missing;
};

static unsigned lane_of(const struct graph *g, const struct walk *walk)
{
    const struct csin_fabric *f = g->w->f;
    if (!g->lane_of)
        return 0;
    uint32_t from = f->switches[g->w->senders[walk->sender].leaf].zone;
    uint32_t to = f->switches[f->nics[walk->nic].leaf].zone;
    from = from == CSIN_NONE ? f->n_zones : from;
    to = to == CSIN_NONE ? f->n_zones : to;
    return g->lane_of[from * (f->n_zones + 1) + to];
}

/* The bit that says: arc `in` waits for arc `out`, at the switch between them. */
static size_t bit_of(const struct graph *g, uint32_t in, uint32_t out)
{
    uint32_t s = csin_arc_head(g->w->f, in);
    return g->first[s] + (size_t)g->index[in] * g->n_in[s] + g->index[csin_arc_reverse(out)];
}

static bool depends(const struct graph *g, uint32_t in, uint32_t out)
{
    size_t bit = bit_of(g, in, out);
    return g->bits[bit / 64] >> bit % 64 & 1;
}

static void add_walk(void *context, const struct walk *walk)
{
    struct graph *g = context;
    if (walk->stop != CSIN_ARRIVES || walk->n < 3 || lane_of(g, walk) != g->lane)
        return;
    for (uint32_t i = 0; i + 2 < walk->n; i++) {
        size_t bit = bit_of(g, walk->arcs[i], walk->arcs[i + 1]);
        uint64_t mask = (uint64_t)1 << bit % 64;
        g->n_dependencies += !(g->bits[bit / 64] & mask);
        g->bits[bit / 64] |= mask;
    }
}

static void find_flow(void *context, const struct walk *walk)
{
    struct graph *g = context;
    struct csin_loops *loops = g->loops;
    if (g->n_missing == 0 || walk->stop != CSIN_ARRIVES || walk->n < 3 ||
        lane_of(g, walk) != g->lane)
        return;
    for (uint32_t i = 0; i + 2 < walk->n; i++)
        for (uint32_t k = 0; k < loops->n; k++)
            if (loops->loop[k].flow.src == CSIN_NONE && loops->loop[k].arc == walk->arcs[i] &&
                loops->loop[(k + 1) % loops->n].arc == walk->arcs[i + 1]) {
                loops->loop[k].flow = csin_walk_pair(g->w, walk);
                g->n_missing--;
            }
}

static void graph_finish(struct graph *g)
{
    free(g->index);
    free(g->n_in);
    free(g->first);
    free(g->bits);
}

/* Sets *ret_why_not where the matrices would be too large. */
static bool graph_init(struct graph *g, const struct walker *w, const uint8_t *lanes,
                       const char **ret_why_not)
{
    const struct csin_fabric *f = w->f;
    *g = (struct graph){
        .w = w,
        .lane_of = lanes,
        .index = malloc((f->n_arcs + 1u) * sizeof *g->index),
        .n_in = calloc(f->n_switches + 1u, sizeof *g->n_in),
        .first = malloc((f->n_switches + 1u) * sizeof *g->first),
    };
    if (!g->index || !g->n_in || !g->first)
        return false;
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        uint32_t head = csin_arc_head(f, arc);
        if (!csin_is_nic(f, head) && !csin_is_nic(f, csin_arc_tail(f, arc)))
            g->index[arc] = g->n_in[head]++;
    }
    size_t bits = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        g->first[s] = bits;
        bits += (size_t)g->n_in[s] * g->n_in[s];
    }
    g->first[f->n_switches] = bits;
    if (bits / 8 > BITS_MAX) {
        *ret_why_not = "the switches have too many ports";
        return true;
    }
    g->bits = calloc(bits / 64 + 1, sizeof *g->bits);
    return g->bits != NULL;
}

/* The next arc after `from` (or the first, for CSIN_NONE) in the order of ports that `arc` waits
 * for; *ret_port remembers where the search stands. */
static uint32_t next_of(const struct graph *g, uint32_t arc, uint32_t *port)
{
    const struct csin_fabric *f = g->w->f;
    uint32_t s = csin_arc_head(f, arc);
    if (csin_is_nic(f, s))
        return CSIN_NONE;
    while (*port < f->switches[s].n_ports) {
        uint32_t out = f->port_arc[f->switches[s].first_port + (*port)++];
        if (out != CSIN_NONE && !csin_is_nic(f, csin_arc_head(f, out)) && depends(g, arc, out))
            return out;
    }
    return CSIN_NONE;
}

/* Strongly connected components by Tarjan (Depth-first search and linear graph algorithms, SIAM
 * Journal on Computing 1, 1972), without recursion. component[arc] is set for arcs in loops only:
 * in components of two arcs or more (no arc waits for itself). Returns the number of such arcs. */
struct tarjan {
    uint32_t *order, *low, *component, *stack, *path, *port;
};

static uint32_t find_components(const struct graph *g, struct tarjan *t)
{
    const struct csin_fabric *f = g->w->f;
    uint32_t counter = 0, n_stack = 0, n_in_loops = 0;
    for (uint32_t root = 0; root < f->n_arcs; root++) {
        uint32_t depth = 0;
        if (t->order[root] || csin_is_nic(f, csin_arc_tail(f, root)) ||
            csin_is_nic(f, csin_arc_head(f, root)))
            continue;
        t->path[depth++] = root;
        while (depth) {
            uint32_t a = t->path[depth - 1];
            if (t->order[a] == 0) {
                t->order[a] = t->low[a] = ++counter;
                t->stack[n_stack++] = a;
            }
            uint32_t next = next_of(g, a, &t->port[a]);
            if (next != CSIN_NONE) {
                if (t->order[next] == 0)
                    t->path[depth++] = next;
                else if (t->component[next] == 0 && t->order[next] < t->low[a])
                    t->low[a] = t->order[next];
                continue;
            }
            depth--;
            if (depth && t->low[a] < t->low[t->path[depth - 1]])
                t->low[t->path[depth - 1]] = t->low[a];
            if (t->low[a] != t->order[a])
                continue;
            uint32_t size = 0, member;
            do {
                member = t->stack[--n_stack];
                size++;
                t->component[member] = UINT32_MAX; /* done, in no loop */
            } while (member != a);
            if (size < 2)
                continue;
            n_in_loops += size;
            for (uint32_t i = n_stack; i < n_stack + size; i++)
                t->component[t->stack[i]] = a + 1;
        }
    }
    return n_in_loops;
}

/* The shortest loop through `start`, by breadth-first search in its component. Uses order as
 * distance and path as queue; leaves the way back in low. Returns its length. */
static uint32_t shortest_through(const struct graph *g, struct tarjan *t, uint32_t start)
{
    uint32_t head = 0, tail = 0;
    memset(t->order, 0, g->w->f->n_arcs * sizeof *t->order);
    t->path[tail++] = start;
    t->order[start] = 1;
    while (head < tail) {
        uint32_t a = t->path[head++], port = 0, next;
        while ((next = next_of(g, a, &port)) != CSIN_NONE) {
            if (next == start) {
                t->low[start] = a;
                return t->order[a];
            }
            if (t->component[next] != t->component[start] || t->order[next])
                continue;
            t->order[next] = t->order[a] + 1;
            t->low[next] = a;
            t->path[tail++] = next;
        }
    }
    return 0;
}

static bool keep_loop(struct graph *g, struct tarjan *t, struct csin_arena *arena,
                      struct csin_loops *loops)
{
    uint32_t best = CSIN_NONE, shortest = UINT32_MAX, looked = 0;
    for (uint32_t a = 0; a < g->w->f->n_arcs && looked < STARTS_MAX && shortest > 2; a++) {
        if (t->component[a] == 0 || t->component[a] == UINT32_MAX)
            continue;
        uint32_t n = shortest_through(g, t, a);
        looked++;
        if (n && n < shortest) {
            shortest = n;
            best = a;
        }
    }
    if (best == CSIN_NONE)
        return true;
    shortest_through(g, t, best);
    loops->loop = csin_arena_alloc(arena, shortest, sizeof *loops->loop);
    if (!loops->loop)
        return false;
    loops->n = shortest;
    loops->lane = g->lane;
    uint32_t arc = best;
    for (uint32_t i = shortest; i-- > 0;) {
        arc = t->low[arc];
        loops->loop[i] = (struct csin_dependency){arc, {CSIN_NONE, CSIN_NONE}};
    }
    g->loops = loops;
    g->n_missing = shortest;
    csin_walker_run((struct walker *)g->w, find_flow, g);
    return true;
}

static bool look_for_loops(struct graph *g, struct csin_arena *arena, struct csin_loops *loops)
{
    size_t n = g->w->f->n_arcs + 1u;
    struct tarjan t = {calloc(n, sizeof(uint32_t)),  calloc(n, sizeof(uint32_t)),
                       calloc(n, sizeof(uint32_t)),  malloc(n * sizeof(uint32_t)),
                       malloc(n * sizeof(uint32_t)), calloc(n, sizeof(uint32_t))};
    bool ok = t.order && t.low && t.component && t.stack && t.path && t.port;
    if (ok) {
        uint32_t n_arcs = find_components(g, &t);
        loops->n_arcs += n_arcs;
        if (n_arcs && loops->n == 0)
            ok = keep_loop(g, &t, arena, loops);
    }
    free(t.order);
    free(t.low);
    free(t.component);
    free(t.stack);
    free(t.path);
    free(t.port);
    return ok;
}

bool csin_loops_look(struct walker *w, const uint8_t *lanes, unsigned n_lanes,
                     struct csin_arena *arena, struct csin_loops *ret_loops,
                     const char **ret_why_not)
{
    struct csin_loops loops = {.n_lanes = n_lanes};
    struct graph g;
    *ret_why_not = NULL;
    bool ok = graph_init(&g, w, lanes, ret_why_not);
    for (unsigned lane = 0; ok && !*ret_why_not && lane < n_lanes; lane++) {
        memset(g.bits, 0, (g.first[w->f->n_switches] / 64 + 1) * sizeof *g.bits);
        g.lane = lane;
        csin_walker_run(w, add_walk, &g);
        ok = look_for_loops(&g, arena, &loops);
    }
    loops.n_dependencies = g.n_dependencies;
    graph_finish(&g);
    *ret_loops = loops;
    return ok;
}

/* Lanes by direction between zones: 0 inside a zone, and one for each ordered pair of zones that is
 * joined. Whoever stays inside never waits for those who cross, and those who cross one way never
 * for those who cross the other. */
bool csin_loops_try_zones(struct walker *w, struct csin_arena *arena, struct csin_loops *loops)
{
    uint32_t n = w->f->n_zones + 1, lanes = 1;
    const char *why_not;
    struct csin_loops apart;
    if (w->f->n_zones < 2 || w->f->n_zones * (w->f->n_zones - 1) + 1 > 15)
        return true;
    uint8_t *lane_of = calloc((size_t)n * n, 1);
    if (!lane_of)
        return false;
    for (uint32_t from = 0; from < w->f->n_zones; from++)
        for (uint32_t to = 0; to < w->f->n_zones; to++)
            if (from != to)
                lane_of[from * n + to] = (uint8_t)lanes++;
    bool ok = csin_loops_look(w, lane_of, lanes, arena, &apart, &why_not);
    if (ok && !why_not && apart.n == 0)
        loops->zone_lanes = lanes;
    free(lane_of);
    return ok;
}
