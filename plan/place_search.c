/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Simulated annealing (S. Kirkpatrick, C. Gelatt, M. Vecchi, Optimization by simulated annealing,
 * Science 220, 1983): two ranks, or a rank and a free host, change places; what makes it worse by
 * c is accepted with probability exp(-c / T), and T falls. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "plan/place_inside.h"

#define ZONE_WEIGHT 1000.0 /* of a byte between zones, against one between leaves */
#define LEAF_WEIGHT 0.5    /* of a leaf more, against an edge of the job */
#define HOTTEST 0.4
#define COOLING 0.98
#define N_STEPS 80u
#define CHECK_EVERY 4096u
#define MAX_COUNTS (1u << 26)

struct search {
    struct place *p;
    struct csin_rng rng;
    uint32_t *slots;              /* [n_ranks] */
    uint32_t *occupant;           /* [n_slots] rank, CSIN_NONE */
    uint32_t *movable, n_movable; /* ranks */
    bool *done;                   /* [n_jobs] the job is as good as it can be */
    double *edge;                 /* [n_jobs] mean weight; 1 where there is none */
    uint32_t *on_leaf, *in_zone;  /* [n_jobs][n_leaves], [n_jobs][n_zones] ranks */
    bool zones_only;
    double work, leaf_weight;
};

static uint32_t *count_on_leaf(const struct search *s, uint32_t job, uint32_t slot)
{
    return &s->on_leaf[(size_t)job * s->p->n_leaves + s->p->slot_leaf[slot]];
}

static uint32_t *count_in_zone(const struct search *s, uint32_t job, uint32_t slot)
{
    return &s->in_zone[(size_t)job * s->p->n_zones + place_zone(s->p, slot)];
}

static void enter(struct search *s, uint32_t rank, uint32_t slot)
{
    uint32_t job = s->p->rank_job[rank];
    s->slots[rank] = slot;
    s->occupant[slot] = rank;
    ++*count_on_leaf(s, job, slot);
    ++*count_in_zone(s, job, slot);
}

static void leave(struct search *s, uint32_t rank)
{
    uint32_t job = s->p->rank_job[rank], slot = s->slots[rank];
    s->occupant[slot] = CSIN_NONE;
    --*count_on_leaf(s, job, slot);
    --*count_in_zone(s, job, slot);
}

static bool find_done(struct search *s)
{
    const struct place *p = s->p;
    struct csin_place_figures *jobs = malloc((p->n_jobs + 1u) * sizeof *jobs);
    bool ok = jobs && place_measure(p, s->slots, NULL, NULL, jobs);
    for (uint32_t j = 0; ok && j < p->n_jobs; j++)
        s->done[j] = jobs[j].zone_bytes <= p->bounds[j].zone_bytes * (1 + PLACE_SAME) &&
                     jobs[j].leaf_bytes <= p->bounds[j].leaf_bytes * (1 + PLACE_SAME) &&
                     jobs[j].leaves <= p->bounds[j].leaves;
    free(jobs);
    return ok;
}

static bool search_init(struct search *s, struct place *p, uint32_t *slots, uint64_t stream)
{
    *s = (struct search){.p = p, .slots = slots, .rng = csin_rng_init(p->options->seed, stream)};
    s->occupant = malloc((p->n_slots + 1u) * sizeof *s->occupant);
    s->movable = malloc((p->n_ranks + 1u) * sizeof *s->movable);
    s->edge = malloc((p->n_jobs + 1u) * sizeof *s->edge);
    s->on_leaf = calloc((size_t)p->n_jobs * p->n_leaves + 1, sizeof *s->on_leaf);
    s->in_zone = calloc((size_t)p->n_jobs * p->n_zones + 1, sizeof *s->in_zone);
    s->done = calloc(p->n_jobs + 1u, sizeof *s->done);
    if (!s->occupant || !s->movable || !s->edge || !s->on_leaf || !s->in_zone || !s->done ||
        !find_done(s))
        return false;
    memset(s->occupant, 0xff, (p->n_slots + 1u) * sizeof *s->occupant);
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        const struct place_graph *g = &p->graphs[j];
        s->edge[j] = g->first[g->n] ? 2 * g->bytes / (double)g->first[g->n] : 1;
    }
    for (uint32_t r = 0; r < p->n_ranks; r++) {
        enter(s, r, slots[r]);
        if (p->slot_kind[slots[r]] != CSIN_NONE && !s->done[p->rank_job[r]])
            s->movable[s->n_movable++] = r;
    }
    return true;
}

static void search_finish(struct search *s)
{
    free(s->occupant);
    free(s->movable);
    free(s->done);
    free(s->edge);
    free(s->on_leaf);
    free(s->in_zone);
}

/* What it costs that `rank` goes from its slot to `slot`. An edge to `other`, with which it changes
 * places, stays as long as it is. */
static double cost_of(struct search *s, uint32_t rank, uint32_t slot, uint32_t other)
{
    const struct place *p = s->p;
    uint32_t job = p->rank_job[rank], first = p->rank_first[job];
    const struct place_graph *g = &p->graphs[job];
    uint32_t from = p->slot_leaf[s->slots[rank]], to = p->slot_leaf[slot];
    uint32_t from_zone = p->leaf_zone[from], to_zone = p->leaf_zone[to];
    double cost = 0, zones = 0;
    uint64_t end = g->first[rank - first + 1];
    s->work -= (double)(end - g->first[rank - first]);
    for (uint64_t i = g->first[rank - first]; i < end; i++) {
        uint32_t neighbour = first + g->to[i];
        if (neighbour == other)
            continue;
        uint32_t leaf = p->slot_leaf[s->slots[neighbour]], zone = p->leaf_zone[leaf];
        cost += ((leaf == from) - (leaf == to)) * g->weight[i];
        zones += ((zone == from_zone) - (zone == to_zone)) * g->weight[i];
    }
    int leaves = (*count_on_leaf(s, job, slot) == 0) -
                 (*count_on_leaf(s, job, s->slots[rank]) == 1);
    if (s->zones_only)
        return zones;
    return cost + ZONE_WEIGHT * zones + s->leaf_weight * s->edge[job] * leaves;
}

/* Whether the job has ranks in the slot's zone: no job is to come to a zone more. */
static bool is_at_home(const struct search *s, uint32_t rank, uint32_t slot)
{
    return *count_in_zone(s, s->p->rank_job[rank], slot) > 0;
}

/* A slot that might be good for the rank: on the leaf of one that it talks to, mostly. */
static uint32_t draw_slot(struct search *s, uint32_t rank)
{
    const struct place *p = s->p;
    uint32_t job = p->rank_job[rank], v = rank - p->rank_first[job], leaf;
    const struct place_graph *g = &p->graphs[job];
    uint64_t degree = g->first[v + 1] - g->first[v];
    if (degree && csin_rng_below(&s->rng, 64)) {
        uint32_t w = g->to[g->first[v] + csin_rng_below(&s->rng, degree)];
        leaf = p->slot_leaf[s->slots[p->rank_first[job] + w]];
    } else
        leaf = (uint32_t)csin_rng_below(&s->rng, p->n_leaves);
    uint32_t n = p->leaf_first[leaf + 1] - p->leaf_first[leaf];
    return p->leaf_first[leaf] + (uint32_t)csin_rng_below(&s->rng, n);
}

/* Whether chance in [0, 1) is below exp(-x): as (1 - x / 64)^64, which is the same on every
 * machine.
 */
static bool is_below_exp(double chance, double x)
{
    if (x <= 0)
        return true;
    double y = x < 64 ? 1 - x / 64 : 0;
    for (unsigned i = 0; i < 6; i++)
        y *= y;
    return chance < y;
}

/* One attempt at T = `heat` edges. */
static void attempt(struct search *s, double heat)
{
    const struct place *p = s->p;
    uint32_t rank = s->movable[csin_rng_below(&s->rng, s->n_movable)];
    uint32_t slot = draw_slot(s, rank), from = s->slots[rank], other = s->occupant[slot];
    double chance = (double)(csin_rng_next(&s->rng) >> 11) * 0x1p-53;
    s->work -= 8;
    bool same = s->zones_only ? place_zone(p, slot) == place_zone(p, from)
                              : p->slot_leaf[slot] == p->slot_leaf[from];
    if (p->slot_kind[slot] != p->slot_kind[from] || same || !is_at_home(s, rank, slot) ||
        (other != CSIN_NONE && (s->done[p->rank_job[other]] || !is_at_home(s, other, from))))
        return;
    bool same_job = other != CSIN_NONE && p->rank_job[other] == p->rank_job[rank];
    double cost = cost_of(s, rank, slot, other);
    if (other != CSIN_NONE)
        cost += cost_of(s, other, from, rank);
    if (same_job && !s->zones_only) /* neither leaf is left after all */
        cost += s->leaf_weight * s->edge[p->rank_job[rank]] *
                ((*count_on_leaf(s, p->rank_job[rank], slot) == 1) +
                 (*count_on_leaf(s, p->rank_job[rank], from) == 1));
    if (!is_below_exp(chance, cost / (heat * s->edge[p->rank_job[rank]])))
        return;
    leave(s, rank);
    if (other != CSIN_NONE) {
        leave(s, other);
        enter(s, other, from);
    }
    enter(s, rank, slot);
}

bool place_search(struct place *p, uint32_t *slots, const struct place_score *goal, bool zones_only,
                  double work, uint64_t stream)
{
    struct search s;
    bool large = (uint64_t)p->n_jobs * p->n_leaves > MAX_COUNTS;
    if (large || p->n_ranks == 0)
        return true;
    bool ok = search_init(&s, p, slots, stream);
    s.work = work;
    s.zones_only = zones_only;
    double heat = HOTTEST;
    for (uint32_t step = 0; ok && s.n_movable && step < N_STEPS; step++) {
        s.leaf_weight = LEAF_WEIGHT * heat / HOTTEST;
        double until = work * (N_STEPS - 1 - step) / N_STEPS;
        for (uint32_t n = 0; s.work > until && !p->over; n++) {
            attempt(&s, heat);
            if (n % CHECK_EVERY == 0)
                place_is_over(p);
        }
        struct place_score score;
        ok = place_measure(p, slots, &score, NULL, NULL);
        if (p->over || (ok && place_compare(&score, goal, true) <= 0) ||
            (zones_only && score.zone_bytes <= goal->zone_bytes * (1 + PLACE_SAME)))
            break;
        heat *= COOLING;
    }
    search_finish(&s);
    return ok;
}
