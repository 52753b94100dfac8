/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plan/lp.h"
#include "plan/place_inside.h"

#define MAX_ZONE_COLUMNS 600u /* of the integer program that deals jobs to zones */
#define MAX_GROWN 4096u       /* ranks of a job whose parts are grown: quadratic */
#define MAX_SPLIT_WORK 5e7    /* ranks x edges where every first rank is tried */

/* ---- jobs to zones ---- */

/* want, and room [n_kinds][n_zones]. */
static uint32_t *want_at(const struct place *p, uint32_t *want, uint32_t job, uint32_t kind,
                         uint32_t zone)
{
    return &want[((size_t)job * p->n_kinds + kind) * p->n_zones + zone];
}

static void count_room(const struct place *p, uint32_t *room)
{
    memset(room, 0, ((size_t)p->n_kinds * p->n_zones + 1) * sizeof *room);
    for (uint32_t s = 0; s < p->n_slots; s++)
        if (p->slot_kind[s] != CSIN_NONE)
            room[(size_t)p->slot_kind[s] * p->n_zones + place_zone(p, s)]++;
}

/* want of a placement */
static void count_ranks(const struct place *p, const uint32_t *slots, uint32_t *want)
{
    memset(want, 0, ((size_t)p->n_jobs * p->n_kinds * p->n_zones + 1) * sizeof *want);
    for (uint32_t r = 0; r < p->n_ranks; r++)
        if (p->slot_kind[slots[r]] != CSIN_NONE)
            ++*want_at(p, want, p->rank_job[r], p->slot_kind[slots[r]], place_zone(p, slots[r]));
}

/* Ranks of the job of a kind, wherever. */
static uint32_t demand(const struct place *p, uint32_t *want, uint32_t job, uint32_t kind)
{
    uint32_t n = 0;
    for (uint32_t z = 0; z < p->n_zones; z++)
        n += *want_at(p, want, job, kind, z);
    return n;
}

/* A job into the fullest zone that holds it; what fits nowhere is spread. Returns how many ranks
 * find no room, because others took that of the only zone they may be in. */
static uint32_t deal_job(const struct place *p, uint32_t j, uint32_t *want, uint32_t *room)
{
    uint32_t homeless = 0;
    for (uint32_t k = 0; k < p->n_kinds; k++) {
        uint32_t left = demand(p, want, j, k), best = CSIN_NONE;
        uint32_t *free_of = room + (size_t)k * p->n_zones;
        for (uint32_t z = 0; z < p->n_zones; z++) {
            *want_at(p, want, j, k, z) = 0;
            if (!place_is_barred(p, j, z) && free_of[z] >= left &&
                (best == CSIN_NONE || free_of[z] < free_of[best]))
                best = z;
        }
        for (uint32_t z = best == CSIN_NONE ? 0 : best; left && z < p->n_zones; z++) {
            uint32_t n = place_is_barred(p, j, z) ? 0 : free_of[z] < left ? free_of[z] : left;
            *want_at(p, want, j, k, z) = n;
            free_of[z] -= n;
            left -= n;
        }
        homeless += left;
    }
    return homeless;
}

/* Jobs that are to be in one zone first; as they are where that does not work out. */
static void deal_greedily(const struct place *p, uint32_t *want, uint32_t *room)
{
    uint32_t homeless = 0;
    for (unsigned free_ones = 0; free_ones < 2; free_ones++)
        for (uint32_t j = 0; j < p->n_jobs; j++)
            if ((p->sc->jobs[j].zone == NULL) == (free_ones == 1))
                homeless += deal_job(p, j, want, room);
    if (homeless > 0)
        count_ranks(p, p->given, want);
}

/* Columns of the integer program: x[job][kind][zone] ranks, used[job][zone], across[job]. */
struct deal {
    struct place *p;
    struct csin_lp *lp;
    uint32_t *want, *room;
    double bytes; /* of all jobs */
    uint32_t n_moving;
};

/* Columns follow each other in the order of creation, so their numbers are known. */
static uint32_t job_columns(const struct place *p)
{
    return (p->n_kinds + 1) * p->n_zones + 1;
}

/* A job costs 1 where it is in several zones, and a little more where it moves many bytes. Ranks
 * that change zones cost next to nothing: all of them together 1/4. */
static void add_job(struct deal *d, uint32_t job)
{
    const struct place *p = d->p;
    uint32_t first = csin_lp_n_columns(d->lp), used = first + p->n_kinds * p->n_zones;
    for (uint32_t k = 0; k < p->n_kinds; k++)
        for (uint32_t z = 0; z < p->n_zones; z++)
            csin_lp_integer(d->lp, 0, place_is_barred(p, job, z) ? 0 : demand(p, d->want, job, k),
                            0);
    for (uint32_t z = 0; z < p->n_zones; z++)
        csin_lp_integer(d->lp, 0, 1, 0);
    uint32_t across = csin_lp_integer(d->lp, 0, 1,
                                      1 + 0.2 * p->graphs[job].bytes / fmax(1, d->bytes));
    uint32_t several = csin_lp_row(d->lp, -HUGE_VAL, 1);
    csin_lp_entry(d->lp, several, across, 1.0 - p->n_zones);
    for (uint32_t z = 0; z < p->n_zones; z++)
        csin_lp_entry(d->lp, several, used + z, 1);
    for (uint32_t k = 0; k < p->n_kinds; k++) {
        uint32_t n = demand(p, d->want, job, k), row = csin_lp_row(d->lp, n, n);
        for (uint32_t z = 0; z < p->n_zones; z++) {
            uint32_t x = first + k * p->n_zones + z, stayed = *want_at(p, d->want, job, k, z);
            csin_lp_entry(d->lp, row, x, 1);
            if (n == 0)
                continue;
            uint32_t is_used = csin_lp_row(d->lp, -HUGE_VAL, 0);
            csin_lp_entry(d->lp, is_used, x, 1);
            csin_lp_entry(d->lp, is_used, used + z, -(double)n);
            /* left: stayed - x ranks leave this zone */
            uint32_t left = csin_lp_column(d->lp, 0, HUGE_VAL, 0.25 / d->n_moving);
            uint32_t leave = csin_lp_row(d->lp, stayed, HUGE_VAL);
            csin_lp_entry(d->lp, leave, x, 1);
            csin_lp_entry(d->lp, leave, left, 1);
        }
    }
}

static void add_room(struct deal *d, const uint32_t *first)
{
    const struct place *p = d->p;
    for (uint32_t k = 0; k < p->n_kinds; k++)
        for (uint32_t z = 0; z < p->n_zones; z++) {
            uint32_t row = csin_lp_row(d->lp, -HUGE_VAL, d->room[(size_t)k * p->n_zones + z]);
            for (uint32_t j = 0; j < p->n_jobs; j++)
                if (!p->fixed[j])
                    csin_lp_entry(d->lp, row, first[j] + k * p->n_zones + z, 1);
        }
}

static enum csin_status deal_exactly(struct deal *d, uint32_t n_fixed_across, uint32_t *ret_bound)
{
    struct place *p = d->p;
    struct csin_lp_result result;
    uint32_t *first = calloc(p->n_jobs + 1u, sizeof *first);
    if (!first)
        return csin_no_memory(p->diag);
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        first[j] = csin_lp_n_columns(d->lp);
        if (!p->fixed[j])
            add_job(d, j);
    }
    add_room(d, first);
    struct csin_lp_options options = {
        .time_limit_s = 1, .stop = p->options->stop, .stop_arg = p->options->stop_arg};
    enum csin_status status = csin_lp_solve(d->lp, &options, p->diag, &result);
    if (status == CSIN_OK) {
        /* What is not the number of jobs costs below 0.45 in all. */
        *ret_bound = n_fixed_across +
                     (result.bound > 0.45 ? (uint32_t)ceil(result.bound - 0.45 - 1e-6) : 0);
        bool solved = result.answer == CSIN_LP_OPTIMAL || result.answer == CSIN_LP_FEASIBLE;
        for (uint32_t j = 0; j < p->n_jobs && solved; j++)
            for (uint32_t i = 0; i < p->n_kinds * p->n_zones && !p->fixed[j]; i++)
                d->want[(size_t)j * p->n_kinds * p->n_zones + i] = (uint32_t)csin_lp_value(
                    d->lp, first[j] + i);
        if (!solved)
            deal_greedily(p, d->want, d->room);
    }
    free(first);
    return status;
}

/* Jobs that cannot but be in several zones: those that no zone holds. */
static bool count_forced(const struct place *p, uint32_t *ret_n)
{
    *ret_n = 0;
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        uint32_t n, *room = p->fixed[j] ? NULL : place_room(p, j, true, &n);
        if (!p->fixed[j] && !room)
            return false;
        *ret_n += room && room[0] < p->sc->jobs[j].n_hosts;
        free(room);
    }
    return true;
}

enum csin_status place_deal_zones(struct place *p, uint32_t *want, uint32_t *ret_bound)
{
    struct deal d = {.p = p, .want = want};
    uint32_t n_fixed_across = 0, n_jobs = 0;
    count_ranks(p, p->given, want);
    *ret_bound = 0;
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        bool across = false;
        for (uint32_t r = p->rank_first[j]; r < p->rank_first[j + 1]; r++)
            across |= place_zone(p, p->given[r]) != place_zone(p, p->given[p->rank_first[j]]);
        n_fixed_across += p->fixed[j] && across;
        n_jobs += !p->fixed[j];
        d.n_moving += p->fixed[j] ? 0 : p->sc->jobs[j].n_hosts;
        d.bytes += p->fixed[j] ? 0 : p->graphs[j].bytes;
    }
    if (p->n_zones < 2 || n_jobs == 0)
        return *ret_bound = n_fixed_across, CSIN_OK;
    enum csin_status status = CSIN_OK;
    d.room = malloc(((size_t)p->n_kinds * p->n_zones + 1) * sizeof *d.room);
    d.lp = csin_lp_create();
    if (!d.room || !d.lp || !count_forced(p, ret_bound))
        status = csin_no_memory(p->diag);
    if (status == CSIN_OK) {
        count_room(p, d.room);
        *ret_bound += n_fixed_across;
        if ((uint64_t)n_jobs * job_columns(p) <= MAX_ZONE_COLUMNS) {
            uint32_t bound = 0;
            status = deal_exactly(&d, n_fixed_across, &bound);
            *ret_bound = bound > *ret_bound ? bound : *ret_bound;
        } else
            deal_greedily(p, want, d.room);
    }
    free(d.room);
    csin_lp_destroy(d.lp);
    return status;
}

/* ---- ranks to leaves ---- */

struct greedy {
    struct place *p;
    uint32_t *want;
    uint32_t *free_of;        /* [n_leaves][n_kinds] */
    uint32_t *parts, n_parts; /* of the job and kind at hand: leaves, */
    uint32_t *part_size;      /* and how many ranks they take */
    uint32_t *order[2];       /* [n_ranks] of the job: ways to line up its ranks */
    const uint32_t *hint;     /* [n_ranks] slots whose zones are kept; NULL: none */
    uint32_t *slots;
    bool *occupied; /* [n_slots] */
    bool *inside;   /* [n_ranks] */
    uint32_t *open; /* [n_leaves][n_kinds] slots, taken or not */
};

static uint32_t *free_at(const struct greedy *g, uint32_t leaf, uint32_t kind)
{
    return &g->free_of[(size_t)leaf * g->p->n_kinds + kind];
}

/* The leaf of the zone for `need` ranks more: the fullest that holds them all, or the emptiest. */
static uint32_t best_leaf(const struct greedy *g, uint32_t zone, uint32_t kind, uint32_t need)
{
    uint32_t best = CSIN_NONE, most = 0;
    for (uint32_t l = 0; l < g->p->n_leaves; l++) {
        uint32_t n = *free_at(g, l, kind);
        if (g->p->leaf_zone[l] != zone || n == 0)
            continue;
        bool fits = n >= need, better = fits ? most < need || n < most : n > most && most < need;
        if (best == CSIN_NONE || better) {
            best = l;
            most = n;
        }
    }
    return best;
}

static void choose_leaves(struct greedy *g, uint32_t job, uint32_t kind)
{
    const struct place *p = g->p;
    g->n_parts = 0;
    for (uint32_t z = 0; z < p->n_zones; z++) {
        uint32_t first = g->n_parts;
        for (uint32_t need = *want_at(p, g->want, job, kind, z); need;) {
            uint32_t leaf = best_leaf(g, z, kind, need), n = *free_at(g, leaf, kind);
            n = n < need ? n : need;
            *free_at(g, leaf, kind) -= n;
            need -= n;
            /* in the order of leaves, so that neighbours stay so */
            uint32_t at = g->n_parts++;
            for (; at > first && g->parts[at - 1] > leaf; at--) {
                g->parts[at] = g->parts[at - 1];
                g->part_size[at] = g->part_size[at - 1];
            }
            g->parts[at] = leaf;
            g->part_size[at] = n;
        }
    }
}

/* The next free slot of the leaf. */
static uint32_t take_slot(struct greedy *g, uint32_t leaf, uint32_t kind)
{
    uint32_t s = g->p->leaf_first[leaf];
    while (g->occupied[s] || g->p->slot_kind[s] != kind)
        s++;
    g->occupied[s] = true;
    return s;
}

/* Ranks of the kind one after the other onto the parts. */
static void line_up(struct greedy *g, uint32_t job, uint32_t kind, const uint32_t *order)
{
    const struct place *p = g->p;
    uint32_t part = 0, held = 0, first = p->rank_first[job];
    for (uint32_t i = 0; i < p->graphs[job].n; i++) {
        uint32_t rank = first + order[i];
        if (p->slot_kind[p->given[rank]] != kind)
            continue;
        g->slots[rank] = take_slot(g, g->parts[part], kind);
        if (++held == g->part_size[part]) {
            part++;
            held = 0;
        }
    }
}

/* Grows the parts one after the other, each by the rank that has most to do with it; an order. */
static bool grow_parts(const struct greedy *g, uint32_t job, uint32_t *order)
{
    const struct place_graph *graph = &g->p->graphs[job];
    double *pull = calloc(graph->n + 1u, sizeof *pull);
    uint8_t *done = calloc(graph->n + 1u, 1);
    bool ok = pull && done;
    for (uint32_t i = 0, part = 0, held = 0; ok && i < graph->n; i++) {
        uint32_t best = CSIN_NONE;
        for (uint32_t v = 0; v < graph->n; v++)
            if (!done[v] && (best == CSIN_NONE || pull[v] > pull[best]))
                best = v;
        done[best] = 1;
        order[i] = best;
        for (uint64_t e = graph->first[best]; e < graph->first[best + 1]; e++)
            pull[graph->to[e]] += graph->weight[e];
        if (part < g->n_parts && ++held == g->part_size[part]) {
            part++;
            held = 0;
            for (uint32_t v = 0; v < graph->n; v++) /* a memory of what is placed, to stay near */
                pull[v] *= 1e-6;
        }
    }
    free(pull);
    free(done);
    return ok;
}

static void clear_job(struct greedy *g, uint32_t job, uint32_t kind)
{
    for (uint32_t r = g->p->rank_first[job]; r < g->p->rank_first[job + 1]; r++)
        if (g->p->slot_kind[g->p->given[r]] == kind)
            g->occupied[g->slots[r]] = false;
}

static double job_cost(const struct greedy *g, uint32_t job)
{
    const struct place *p = g->p;
    const struct place_graph *graph = &p->graphs[job];
    const uint32_t *slots = g->slots + p->rank_first[job];
    double cost = 0;
    for (uint32_t v = 0; v < graph->n; v++)
        for (uint64_t i = graph->first[v]; i < graph->first[v + 1]; i++) {
            uint32_t a = slots[v], b = slots[graph->to[i]];
            cost += p->slot_leaf[a] == p->slot_leaf[b] ? 0 : graph->weight[i];
            cost += place_zone(p, a) == place_zone(p, b) ? 0 : 1000 * graph->weight[i];
        }
    return cost;
}

/* A job in two zones: which ranks are in the first. */
struct split {
    uint32_t kind, zone[2], room[2];
    uint32_t first, n; /* n ranks from `first` on, and round from the last to rank 0 */
};

/* Ranks of the kind that the zone could hold of the job beside what the others want there. */
static uint32_t room_for(const struct greedy *g, uint32_t job, uint32_t kind, uint32_t zone)
{
    const struct place *p = g->p;
    uint32_t room = 0, others = 0;
    for (uint32_t l = 0; l < p->n_leaves; l++)
        room += p->leaf_zone[l] == zone ? g->open[(size_t)l * p->n_kinds + kind] : 0;
    for (uint32_t j = 0; j < p->n_jobs; j++)
        others += j == job ? 0 : *want_at(p, g->want, j, kind, zone);
    return room - others;
}

/* False where the job is not in two zones with ranks of one kind. */
static bool find_zones(const struct greedy *g, uint32_t job, struct split *s)
{
    const struct place *p = g->p;
    uint32_t found = 0;
    for (uint32_t k = 0; k < p->n_kinds; k++)
        for (uint32_t z = 0; z < p->n_zones; z++) {
            if (*want_at(p, g->want, job, k, z) == 0)
                continue;
            if (found == 2 || (found && s->kind != k))
                return false;
            s->kind = k;
            s->room[found] = room_for(g, job, k, z);
            s->zone[found++] = z;
        }
    return found == 2;
}

static double leaves_of(uint32_t leaf, uint32_t i, uint32_t n)
{
    return (i + leaf - 1) / leaf + (n - i + leaf - 1) / leaf;
}

/* Tries every row of ranks that the zones can hold, and takes the one with the fewest bytes to the
 * others. `inside`: [n] room. */
static void choose_split(const struct greedy *g, uint32_t job, struct split *s, bool *inside)
{
    const struct place_graph *graph = &g->p->graphs[job];
    uint32_t n = graph->n, wanted = *want_at(g->p, g->want, job, s->kind, s->zone[0]);
    double least = HUGE_VAL, unit = graph->bytes / n;
    uint32_t leaf = 1; /* ranks of a leaf; of splits that are alike, few leaves are better */
    for (uint32_t l = 0; l < g->p->n_leaves; l++)
        leaf = g->open[(size_t)l * g->p->n_kinds + s->kind] > leaf
                   ? g->open[(size_t)l * g->p->n_kinds + s->kind]
                   : leaf;
    s->first = 0;
    s->n = wanted;
    if ((double)n * (double)graph->first[n] > MAX_SPLIT_WORK)
        return;
    for (uint32_t first = 0; first < n; first++) {
        double cut = 0;
        memset(inside, 0, n * sizeof *inside);
        for (uint32_t i = 0; i < n && i < s->room[0]; i++) {
            uint32_t v = (first + i) % n;
            for (uint64_t e = graph->first[v]; e < graph->first[v + 1]; e++)
                cut += inside[graph->to[e]] ? -graph->weight[e] : graph->weight[e];
            inside[v] = true;
            double cost = cut + 1e-6 * unit * leaves_of(leaf, i + 1, n);
            if (n - i - 1 <= s->room[1] && cost < least && i + 1 < n) {
                least = cost;
                s->first = first;
                s->n = i + 1;
            }
        }
    }
}

/* The ranks in their order; of a job in two zones from those that are better off in the first. */
static void order_by_rank(struct greedy *g, uint32_t job)
{
    struct split s;
    uint32_t n = g->p->graphs[job].n, first = 0;
    if (find_zones(g, job, &s)) {
        choose_split(g, job, &s, g->inside);
        *want_at(g->p, g->want, job, s.kind, s.zone[0]) = s.n;
        *want_at(g->p, g->want, job, s.kind, s.zone[1]) = n - s.n;
        first = s.first;
    }
    for (uint32_t i = 0; i < n; i++)
        g->order[0][i] = (i + first) % n;
}

/* The ranks by the zones that they are in already, in their order in each. */
static void order_by_zone(struct greedy *g, uint32_t job)
{
    uint32_t at = 0, first = g->p->rank_first[job];
    for (uint32_t z = 0; z < g->p->n_zones; z++)
        for (uint32_t r = 0; r < g->p->graphs[job].n; r++)
            if (place_zone(g->p, g->hint[first + r]) == z)
                g->order[0][at++] = r;
}

static bool place_job(struct greedy *g, uint32_t job)
{
    uint32_t n = g->p->graphs[job].n;
    if (g->hint)
        order_by_zone(g, job);
    else
        order_by_rank(g, job);
    for (uint32_t kind = 0; kind < g->p->n_kinds; kind++) {
        choose_leaves(g, job, kind);
        if (g->n_parts == 0)
            continue;
        line_up(g, job, kind, g->order[0]);
        if (n > MAX_GROWN || g->n_parts == 1 || g->hint)
            continue;
        double cost = job_cost(g, job);
        if (!grow_parts(g, job, g->order[1]))
            return false;
        clear_job(g, job, kind);
        line_up(g, job, kind, g->order[1]);
        if (job_cost(g, job) < cost)
            continue;
        clear_job(g, job, kind);
        line_up(g, job, kind, g->order[0]);
    }
    return true;
}

/* Jobs by size, the largest first; of the same size in their order. */
static uint32_t next_job(const struct place *p, const bool *done)
{
    uint32_t best = CSIN_NONE;
    for (uint32_t j = 0; j < p->n_jobs; j++)
        if (!done[j] && !p->fixed[j] && (best == CSIN_NONE || p->graphs[j].n > p->graphs[best].n))
            best = j;
    return best;
}

static bool greedy_init(struct greedy *g, struct place *p)
{
    g->free_of = calloc((size_t)p->n_leaves * p->n_kinds + 1, sizeof *g->free_of);
    g->open = calloc((size_t)p->n_leaves * p->n_kinds + 1, sizeof *g->open);
    g->inside = calloc(p->n_ranks + 1u, sizeof *g->inside);
    g->parts = malloc((p->n_leaves + 1u) * sizeof *g->parts);
    g->part_size = malloc((p->n_leaves + 1u) * sizeof *g->part_size);
    for (unsigned i = 0; i < 2; i++)
        g->order[i] = malloc((p->n_ranks + 1u) * sizeof *g->order[i]);
    g->occupied = calloc(p->n_slots + 1u, sizeof *g->occupied);
    if (!g->free_of || !g->parts || !g->part_size || !g->order[0] || !g->order[1] || !g->occupied ||
        !g->open || !g->inside)
        return false;
    for (uint32_t s = 0; s < p->n_slots; s++)
        if (p->slot_kind[s] != CSIN_NONE)
            ++*free_at(g, p->slot_leaf[s], p->slot_kind[s]);
    memcpy(g->open, g->free_of, (size_t)p->n_leaves * p->n_kinds * sizeof *g->open);
    return true;
}

bool place_greedy(struct place *p, uint32_t *want, const uint32_t *hint, uint32_t *ret_slots)
{
    struct greedy g = {.p = p, .slots = ret_slots, .want = want, .hint = hint};
    if (hint)
        count_ranks(p, hint, want);
    bool *done = calloc(p->n_jobs + 1u, sizeof *done), ok = done && greedy_init(&g, p);
    memcpy(ret_slots, p->given, p->n_ranks * sizeof *ret_slots);
    for (uint32_t job; ok && (job = next_job(p, done)) != CSIN_NONE;) {
        done[job] = true;
        ok = place_job(&g, job);
    }
    free(done);
    free(g.free_of);
    free(g.parts);
    free(g.part_size);
    free(g.order[0]);
    free(g.order[1]);
    free(g.occupied);
    free(g.open);
    free(g.inside);
    return ok;
}
