/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program has some of the phases ("slots"), and entries that may be split alike as one commodity:
 * from one switch to one leaf, with rates in those phases that are in the same proportion. Leaving
 * phases out leaves rows out, so what is proved holds for all of them. */
#include "plan/relax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "plan/lp.h"
#include "plan/ways.h"

#define CLOSE 1e-6  /* what counts as reached */
#define ENOUGH 1e-4 /* a program whose bound is this near is not worth more rounds */
#define GROW 32u    /* arcs whose phases come in at a time */
#define MAX_LOADS ((size_t)1 << 24)

struct pair { /* of a switch where traffic enters and a leaf that it goes to */
    uint32_t sw, leaf;
    uint32_t first, n; /* parts of an even split */
};

struct demand {
    uint32_t slot;
    double rate_Bps;
};

struct entry {
    uint32_t pair, nic, first, n; /* demands */
    uint32_t commodity;
};

struct commodity {
    uint32_t pair, first, n; /* demands */
};

struct column {
    uint32_t commodity, first, n; /* parts */
};

struct row {
    uint32_t arc, next; /* the next row of the arc */
};

struct relaxation {
    const struct csin_fabric *f;
    const struct csin_offered *o;
    const struct csin_relax_options *options;
    struct csin_relaxed *out;
    struct csin_ways ways;
    double until_s;
    bool is_out_of_memory;

    uint32_t *owner_of; /* [n_phases] among those that have phases */
    uint32_t n_owners;
    struct pair *pairs;
    uint32_t *leaf_index, *pair_of; /* [n_switches]; [n_leaves x n_leaves] */
    uint32_t n_pairs, n_leaves;
    struct csin_way_part *parts; /* of pairs, then of columns */
    uint32_t n_parts, n_pair_parts;
    double *most;       /* [n_arcs][n_owners] the worst load of a phase of the owner, */
    uint32_t *worst;    /* that phase */
    double *of_phase;   /* [n_arcs] of the phase at hand */
    uint32_t *in_phase; /* [n_arcs] those with a load in it */
    double *sum;        /* [n_arcs] L(a) */

    uint32_t *slot_of; /* [n_phases] CSIN_NONE: not in the program */
    uint32_t *phase_of, n_slots;
    struct demand *demands;
    struct entry *entries; /* sorted by pair and NIC */
    struct commodity *commodities;
    struct column *columns;
    struct row *rows;
    uint32_t *chosen;    /* [n_rows][n_owners] slots; CSIN_NONE: nothing of this owner */
    uint32_t *first_row; /* [n_arcs] CSIN_NONE */
    double *load;        /* [n_arcs][n_slots] */
    double *price;       /* [n_arcs][n_slots] of a byte/s */
    uint32_t n_demands, n_entries, n_commodities, n_columns, n_rows;
    size_t pairs_room, parts_room, demands_room, entries_room, commodities_room, columns_room,
        rows_room, chosen_room;
    struct csin_lp *lp;
    const struct commodity *priced;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool is_over(struct relaxation *r)
{
    if (now_s() >= r->until_s || (r->options->stop && r->options->stop(r->options->stop_arg)))
        r->out->out_of_time = true;
    return r->out->out_of_time;
}

static bool grow(struct relaxation *r, void *array, size_t *room, size_t need, size_t size)
{
    if (!csin_grow(array, room, need, size))
        r->is_out_of_memory = true;
    return !r->is_out_of_memory;
}

static void *allocate(struct relaxation *r, size_t n, size_t size)
{
    void *p = calloc(n + 1, size);
    if (!p)
        r->is_out_of_memory = true;
    return p;
}

/* ---- pairs, each with an even split ---- */

static uint32_t *pair_at(const struct relaxation *r, uint32_t sw, uint32_t leaf)
{
    return &r->pair_of[(size_t)r->leaf_index[sw] * r->n_leaves + r->leaf_index[leaf]];
}

/* Else it is cabled to another NIC. */
static bool is_at_switch(const struct csin_fabric *f, uint32_t nic)
{
    return f->nics[nic].leaf < f->n_switches;
}

/* Whether the offer enters the fabric, and at another switch than it leaves it. */
static bool is_carried(const struct csin_fabric *f, const struct csin_offer *offer)
{
    return is_at_switch(f, offer->src) && is_at_switch(f, offer->dst) &&
           f->nics[offer->src].leaf != f->nics[offer->dst].leaf;
}

static bool index_leaves(struct relaxation *r)
{
    const struct csin_fabric *f = r->f;
    r->leaf_index = allocate(r, f->n_switches, sizeof *r->leaf_index);
    if (!r->leaf_index)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++)
        r->leaf_index[s] = CSIN_NONE;
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (is_at_switch(f, nic) && r->leaf_index[f->nics[nic].leaf] == CSIN_NONE)
            r->leaf_index[f->nics[nic].leaf] = r->n_leaves++;
    r->out->too_large = r->n_leaves > CSIN_RELAX_LEAVES;
    size_t n = (size_t)r->n_leaves * r->n_leaves;
    r->pair_of = r->out->too_large ? NULL : allocate(r, n, sizeof *r->pair_of);
    for (size_t i = 0; r->pair_of && i < n; i++)
        r->pair_of[i] = CSIN_NONE;
    return r->pair_of;
}

static bool find_ways(struct relaxation *r, const struct csin_routes *routes)
{
    bool too_large = false, *wanted = allocate(r, r->f->n_nics, sizeof *wanted);
    for (uint32_t i = 0; wanted && i < r->o->n_offers; i++)
        if (is_carried(r->f, &r->o->offers[i]))
            wanted[r->o->offers[i].dst] = true;
    bool ok = wanted && csin_ways_init(&r->ways, routes, wanted, CSIN_RELAX_WAYS, &too_large);
    free(wanted);
    r->out->too_large = too_large;
    r->is_out_of_memory = !ok && !too_large;
    return ok;
}

static bool add_pair(struct relaxation *r, uint32_t sw, uint32_t leaf)
{
    struct csin_way_part parts[CSIN_WAYS_MAX];
    uint32_t n = csin_ways_spread(&r->ways, sw, leaf, parts);
    r->out->too_large = n == 0;
    if (n == 0 || !grow(r, &r->pairs, &r->pairs_room, r->n_pairs + (size_t)1, sizeof *r->pairs) ||
        !grow(r, &r->parts, &r->parts_room, (size_t)r->n_parts + n, sizeof *r->parts))
        return false;
    memcpy(r->parts + r->n_parts, parts, n * sizeof *parts);
    *pair_at(r, sw, leaf) = r->n_pairs;
    r->pairs[r->n_pairs++] = (struct pair){sw, leaf, r->n_parts, n};
    r->n_parts += n;
    return true;
}

static bool add_pairs(struct relaxation *r)
{
    for (uint32_t i = 0; i < r->o->n_offers; i++) {
        const struct csin_offer *offer = &r->o->offers[i];
        uint32_t sw = r->f->nics[offer->src].leaf, leaf = r->f->nics[offer->dst].leaf;
        if (is_carried(r->f, offer) && *pair_at(r, sw, leaf) == CSIN_NONE && !add_pair(r, sw, leaf))
            return false;
    }
    r->n_pair_parts = r->n_parts;
    return true;
}

/* ---- loads of all phases ---- */

static bool make_loads(struct relaxation *r)
{
    size_t n = r->f->n_arcs;
    r->owner_of = allocate(r, r->o->n_phases, sizeof *r->owner_of);
    r->slot_of = allocate(r, r->o->n_phases, sizeof *r->slot_of);
    r->phase_of = allocate(r, r->o->n_phases, sizeof *r->phase_of);
    if (r->is_out_of_memory)
        return false;
    for (uint32_t p = 0; p < r->o->n_phases; p++) {
        if (p > 0 && r->o->phases[p].owner != r->o->phases[p - 1].owner)
            r->n_owners++;
        r->owner_of[p] = r->n_owners;
        r->slot_of[p] = CSIN_NONE;
    }
    r->n_owners += r->o->n_phases > 0;
    r->most = allocate(r, n * r->n_owners, sizeof *r->most);
    r->worst = allocate(r, n * r->n_owners, sizeof *r->worst);
    r->of_phase = allocate(r, n, sizeof *r->of_phase);
    r->in_phase = allocate(r, n, sizeof *r->in_phase);
    r->sum = allocate(r, n, sizeof *r->sum);
    r->first_row = allocate(r, n, sizeof *r->first_row);
    return !r->is_out_of_memory;
}

static int by_key(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->pair != b->pair)
        return a->pair < b->pair ? -1 : 1;
    return (a->nic > b->nic) - (a->nic < b->nic);
}

static void add_parts(struct relaxation *r, uint32_t first, uint32_t n, double rate_Bps,
                      uint32_t *n_in)
{
    for (uint32_t i = first; i < first + n; i++) {
        uint32_t arc = r->parts[i].arc;
        if (r->of_phase[arc] == 0)
            r->in_phase[(*n_in)++] = arc;
        r->of_phase[arc] += rate_Bps * r->parts[i].part / r->f->arc_capacity_Bps[arc];
    }
}

/* The columns of a commodity follow one another in `sorted`, from first_sorted[commodity]. NULL:
 * all is split evenly. */
struct solution {
    const uint32_t *sorted, *first_sorted;
};

static void add_offer(struct relaxation *r, const struct csin_offer *offer,
                      const struct solution *x, uint32_t *n_in)
{
    uint32_t sw = r->f->nics[offer->src].leaf, leaf = r->f->nics[offer->dst].leaf;
    if (!is_carried(r->f, offer))
        return;
    struct entry key = {.pair = *pair_at(r, sw, leaf), .nic = offer->dst};
    const struct entry *e = x ? bsearch(&key, r->entries, r->n_entries, sizeof key, by_key) : NULL;
    if (!e) {
        const struct pair *pair = &r->pairs[key.pair];
        add_parts(r, pair->first, pair->n, offer->rate_Bps, n_in);
        return;
    }
    for (uint32_t i = x->first_sorted[e->commodity]; i < x->first_sorted[e->commodity + 1]; i++) {
        const struct column *c = &r->columns[x->sorted[i]];
        double part = csin_lp_value(r->lp, x->sorted[i] + 1);
        if (part > 0)
            add_parts(r, c->first, c->n, offer->rate_Bps * part, n_in);
    }
}

/* L(a) of all arcs, and the worst. */
static double follow(struct relaxation *r, const struct solution *x)
{
    double worst = 0;
    memset(r->most, 0, (size_t)r->f->n_arcs * r->n_owners * sizeof *r->most);
    memset(r->sum, 0, r->f->n_arcs * sizeof *r->sum);
    for (uint32_t p = 0; p < r->o->n_phases; p++) {
        uint32_t n_in = 0;
        for (uint32_t i = 0; i < r->o->phases[p].n; i++)
            add_offer(r, &r->o->offers[r->o->phases[p].first + i], x, &n_in);
        for (uint32_t i = 0; i < n_in; i++) {
            uint32_t arc = r->in_phase[i];
            size_t at = (size_t)arc * r->n_owners + r->owner_of[p];
            if (r->of_phase[arc] > r->most[at]) {
                r->sum[arc] += r->of_phase[arc] - r->most[at];
                r->most[at] = r->of_phase[arc];
                r->worst[at] = p;
            }
            r->of_phase[arc] = 0;
        }
    }
    for (uint32_t arc = 0; arc < r->f->n_arcs; arc++)
        worst = fmax(worst, r->sum[arc]);
    return worst;
}

/* ---- phases that the program has ---- */

/* The worst phases of the arc come in. Returns how many are new. */
static uint32_t add_slots(struct relaxation *r, uint32_t arc)
{
    uint32_t n = 0;
    for (uint32_t o = 0; o < r->n_owners; o++) {
        size_t at = (size_t)arc * r->n_owners + o;
        if (r->most[at] <= 0 || r->slot_of[r->worst[at]] != CSIN_NONE)
            continue;
        r->slot_of[r->worst[at]] = r->n_slots;
        r->phase_of[r->n_slots++] = r->worst[at];
        n++;
    }
    return n;
}

/* Those of arcs near the worst load. */
static uint32_t add_worst(struct relaxation *r, double worst)
{
    uint32_t n = 0, n_arcs = 0;
    for (uint32_t arc = 0; arc < r->f->n_arcs && n_arcs < GROW; arc++)
        if (r->sum[arc] >= worst * (1 - CLOSE)) {
            uint32_t added = add_slots(r, arc);
            n += added;
            n_arcs += added > 0;
        }
    return n;
}

/* ---- entries and commodities of those phases ---- */

struct use {
    uint32_t pair, nic, slot;
    double rate_Bps;
};

static int by_use(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    if (a->pair != b->pair)
        return a->pair < b->pair ? -1 : 1;
    if (a->nic != b->nic)
        return a->nic < b->nic ? -1 : 1;
    if (a->slot != b->slot)
        return a->slot < b->slot ? -1 : 1;
    return (a->rate_Bps > b->rate_Bps) - (a->rate_Bps < b->rate_Bps);
}

static struct use *list_uses(struct relaxation *r, uint32_t *ret_n)
{
    size_t room = 0;
    for (uint32_t s = 0; s < r->n_slots; s++)
        room += r->o->phases[r->phase_of[s]].n;
    struct use *uses = allocate(r, room, sizeof *uses);
    uint32_t n = 0;
    for (uint32_t s = 0; uses && s < r->n_slots; s++) {
        const struct csin_phase *phase = &r->o->phases[r->phase_of[s]];
        for (uint32_t i = phase->first; i < phase->first + phase->n; i++) {
            const struct csin_offer *offer = &r->o->offers[i];
            uint32_t sw = r->f->nics[offer->src].leaf, leaf = r->f->nics[offer->dst].leaf;
            if (is_carried(r->f, offer))
                uses[n++] = (struct use){*pair_at(r, sw, leaf), offer->dst, s, offer->rate_Bps};
        }
    }
    if (uses)
        qsort(uses, n, sizeof *uses, by_use);
    *ret_n = n;
    return uses;
}

static bool make_entries(struct relaxation *r)
{
    uint32_t n;
    struct use *uses = list_uses(r, &n);
    r->n_entries = r->n_demands = 0;
    for (uint32_t i = 0; uses && i < n; i++) {
        struct entry *last = r->n_entries ? &r->entries[r->n_entries - 1] : NULL;
        bool goes_on = last && last->pair == uses[i].pair && last->nic == uses[i].nic;
        if (goes_on && r->demands[r->n_demands - 1].slot == uses[i].slot) {
            r->demands[r->n_demands - 1].rate_Bps += uses[i].rate_Bps;
            continue;
        }
        if (!grow(r, &r->entries, &r->entries_room, r->n_entries + (size_t)1, sizeof *r->entries) ||
            !grow(r, &r->demands, &r->demands_room, 2 * (r->n_demands + (size_t)1),
                  sizeof *r->demands))
            break;
        if (!goes_on)
            r->entries[r->n_entries++] = (struct entry){
                .pair = uses[i].pair, .nic = uses[i].nic, .first = r->n_demands};
        r->demands[r->n_demands++] = (struct demand){uses[i].slot, uses[i].rate_Bps};
        r->entries[r->n_entries - 1].n++;
    }
    free(uses);
    return !r->is_out_of_memory;
}

struct alike { /* an entry beside those that may be like it */
    const struct relaxation *r;
    uint32_t entry;
};

/* By pair, phases, and proportions. */
static int by_likeness(const void *left, const void *right)
{
    const struct alike *a = left, *b = right;
    const struct entry *x = &a->r->entries[a->entry], *y = &b->r->entries[b->entry];
    const struct demand *d = a->r->demands + x->first, *e = a->r->demands + y->first;
    if (x->pair != y->pair)
        return x->pair < y->pair ? -1 : 1;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    for (uint32_t i = 0; i < x->n; i++) {
        double p = d[i].rate_Bps / d[0].rate_Bps, q = e[i].rate_Bps / e[0].rate_Bps;
        if (d[i].slot != e[i].slot)
            return d[i].slot < e[i].slot ? -1 : 1;
        if (p != q)
            return p < q ? -1 : 1;
    }
    return 0;
}

/* The demands of commodities come behind those of entries. */
static bool make_commodities(struct relaxation *r)
{
    struct alike *order = allocate(r, r->n_entries, sizeof *order);
    r->n_commodities = 0;
    for (uint32_t e = 0; order && e < r->n_entries; e++)
        order[e] = (struct alike){r, e};
    if (order)
        qsort(order, r->n_entries, sizeof *order, by_likeness);
    for (uint32_t i = 0; order && i < r->n_entries; i++) {
        struct entry *e = &r->entries[order[i].entry];
        if (i == 0 || by_likeness(&order[i - 1], &order[i]) != 0) {
            if (!grow(r, &r->commodities, &r->commodities_room, r->n_commodities + (size_t)1,
                      sizeof *r->commodities))
                break;
            r->commodities[r->n_commodities++] = (struct commodity){e->pair, r->n_demands, e->n};
            for (uint32_t k = 0; k < e->n; k++)
                r->demands[r->n_demands++] = (struct demand){r->demands[e->first + k].slot, 0};
        }
        e->commodity = r->n_commodities - 1;
        for (uint32_t k = 0; k < e->n; k++)
            r->demands[r->commodities[e->commodity].first + k].rate_Bps +=
                r->demands[e->first + k].rate_Bps;
    }
    free(order);
    return !r->is_out_of_memory;
}

/* ---- the program: column 0 is t, then the columns; rows of commodities, then of arcs ---- */

static double rate_in(const struct relaxation *r, const struct commodity *c, const uint32_t *chosen)
{
    double sum = 0;
    for (uint32_t i = c->first; i < c->first + c->n; i++) {
        uint32_t slot = r->demands[i].slot;
        if (chosen[r->owner_of[r->phase_of[slot]]] == slot)
            sum += r->demands[i].rate_Bps;
    }
    return sum;
}

static double coefficient(const struct relaxation *r, uint32_t row, uint32_t column)
{
    const struct column *c = &r->columns[column];
    double rate = rate_in(r, &r->commodities[c->commodity], r->chosen + (size_t)row * r->n_owners);
    double sum = 0;
    for (uint32_t i = c->first; rate > 0 && i < c->first + c->n; i++)
        if (r->parts[i].arc == r->rows[row].arc)
            sum += r->parts[i].part * rate / r->f->arc_capacity_Bps[r->rows[row].arc];
    return sum;
}

static void add_entry(struct relaxation *r, uint32_t row, uint32_t column)
{
    double value = coefficient(r, row, column);
    if (value > 0)
        csin_lp_entry(r->lp, r->n_commodities + row, column + 1, value);
}

static bool add_column(struct relaxation *r, uint32_t commodity, uint32_t first, uint32_t n)
{
    if (!grow(r, &r->columns, &r->columns_room, r->n_columns + (size_t)1, sizeof *r->columns))
        return false;
    uint32_t column = r->n_columns++;
    r->columns[column] = (struct column){commodity, first, n};
    csin_lp_column(r->lp, 0, HUGE_VAL, 0);
    csin_lp_entry(r->lp, commodity, column + 1, 1);
    for (uint32_t i = first; i < first + n; i++)
        for (uint32_t row = r->first_row[r->parts[i].arc]; row != CSIN_NONE;
             row = r->rows[row].next)
            add_entry(r, row, column);
    return true;
}

/* The load of the arc in the phases `chosen`, which are copied. */
static bool add_row(struct relaxation *r, uint32_t arc, const uint32_t *chosen)
{
    if (!grow(r, &r->rows, &r->rows_room, r->n_rows + (size_t)1, sizeof *r->rows) ||
        !grow(r, &r->chosen, &r->chosen_room, (r->n_rows + (size_t)1) * r->n_owners,
              sizeof *r->chosen))
        return false;
    uint32_t row = r->n_rows++;
    memcpy(r->chosen + (size_t)row * r->n_owners, chosen, r->n_owners * sizeof *chosen);
    r->rows[row] = (struct row){arc, r->first_row[arc]};
    r->first_row[arc] = row;
    csin_lp_row(r->lp, -HUGE_VAL, 0);
    csin_lp_entry(r->lp, r->n_commodities + row, 0, -1);
    for (uint32_t c = 0; c < r->n_columns; c++)
        add_entry(r, row, c);
    return true;
}

/* Every commodity split evenly, and no rows yet: t is what is known. */
static bool make_program(struct relaxation *r)
{
    size_t n_loads = (size_t)r->f->n_arcs * r->n_slots;
    csin_lp_destroy(r->lp);
    free(r->load);
    free(r->price);
    r->lp = csin_lp_create();
    r->load = allocate(r, n_loads, sizeof *r->load);
    r->price = allocate(r, n_loads, sizeof *r->price);
    r->n_parts = r->n_pair_parts;
    r->n_columns = r->n_rows = 0;
    for (uint32_t arc = 0; arc < r->f->n_arcs; arc++)
        r->first_row[arc] = CSIN_NONE;
    if (!r->lp || r->is_out_of_memory)
        return false;
    csin_lp_column(r->lp, r->options->at_least, HUGE_VAL, 1);
    for (uint32_t c = 0; c < r->n_commodities; c++)
        csin_lp_row(r->lp, 1, 1);
    for (uint32_t c = 0; c < r->n_commodities; c++) {
        const struct pair *pair = &r->pairs[r->commodities[c].pair];
        if (!add_column(r, c, pair->first, pair->n))
            return false;
    }
    return true;
}

/* ---- rows that are broken ---- */

/* The worst phases of an arc, of those in the program; their load. */
static double choose(const struct relaxation *r, uint32_t arc, uint32_t *chosen)
{
    const double *load = r->load + (size_t)arc * r->n_slots;
    double sum = 0;
    for (uint32_t o = 0; o < r->n_owners; o++)
        chosen[o] = CSIN_NONE;
    for (uint32_t s = 0; s < r->n_slots; s++) {
        uint32_t *best = &chosen[r->owner_of[r->phase_of[s]]];
        if (load[s] > (*best == CSIN_NONE ? 0 : load[*best]))
            *best = s;
    }
    for (uint32_t o = 0; o < r->n_owners; o++)
        sum += chosen[o] == CSIN_NONE ? 0 : load[chosen[o]];
    return sum;
}

static void load_slots(struct relaxation *r)
{
    memset(r->load, 0, (size_t)r->f->n_arcs * r->n_slots * sizeof *r->load);
    for (uint32_t i = 0; i < r->n_columns; i++) {
        const struct column *c = &r->columns[i];
        const struct commodity *of = &r->commodities[c->commodity];
        double x = csin_lp_value(r->lp, i + 1);
        for (uint32_t k = c->first; x > 0 && k < c->first + c->n; k++)
            for (uint32_t d = of->first; d < of->first + of->n; d++)
                r->load[(size_t)r->parts[k].arc * r->n_slots + r->demands[d].slot] +=
                    x * r->parts[k].part * r->demands[d].rate_Bps /
                    r->f->arc_capacity_Bps[r->parts[k].arc];
    }
}

/* Returns how many rows are added; the worst load of the solution in the phases of the program. */
static uint32_t add_broken(struct relaxation *r, uint32_t *chosen, double *ret_worst)
{
    double t = csin_lp_value(r->lp, 0);
    uint32_t n = 0;
    *ret_worst = 0;
    load_slots(r);
    for (uint32_t arc = 0; arc < r->f->n_arcs; arc++) {
        double load = choose(r, arc, chosen);
        *ret_worst = fmax(*ret_worst, load);
        if (load > t * (1 + CLOSE / 10) && add_row(r, arc, chosen))
            n++;
    }
    return n;
}

/* ---- prices ---- */

static double price_of(const void *arg, uint32_t arc)
{
    const struct relaxation *r = arg;
    const double *price = r->price + (size_t)arc * r->n_slots;
    double sum = 0;
    for (uint32_t d = r->priced->first; d < r->priced->first + r->priced->n; d++)
        sum += price[r->demands[d].slot] * r->demands[d].rate_Bps;
    return sum;
}

/* The weight of a row in the last solution, not divided by their sum. */
static double weight_of(const struct relaxation *r, uint32_t row)
{
    return fmax(0, -csin_lp_dual(r->lp, r->n_commodities + row));
}

static double set_prices(struct relaxation *r, uint32_t n_rows)
{
    double sum = 0;
    memset(r->price, 0, (size_t)r->f->n_arcs * r->n_slots * sizeof *r->price);
    for (uint32_t row = 0; row < n_rows; row++)
        sum += weight_of(r, row);
    for (uint32_t row = 0; sum > 0 && row < n_rows; row++) {
        uint32_t arc = r->rows[row].arc;
        double price = weight_of(r, row) / sum / r->f->arc_capacity_Bps[arc];
        for (uint32_t o = 0; price > 0 && o < r->n_owners; o++) {
            uint32_t slot = r->chosen[(size_t)row * r->n_owners + o];
            if (slot != CSIN_NONE)
                r->price[(size_t)arc * r->n_slots + slot] += price;
        }
    }
    return sum;
}

static int by_weight(const void *left, const void *right)
{
    const struct csin_relax_price *a = left, *b = right;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return (a->arc > b->arc) - (a->arc < b->arc);
}

struct passing { /* arcs of the proof, counted; one phase of each owner */
    const struct relaxation *r;
    const uint32_t *chosen;
};

static double counted(const void *arg, uint32_t arc)
{
    const struct passing *passing = arg;
    const double *price = passing->r->price + (size_t)arc * passing->r->n_slots;
    for (uint32_t s = 0; s < passing->r->n_slots; s++)
        if (price[s] > 0)
            return 1;
    return 0;
}

/* Whether the arcs prove it as a cut does: what must pass them, by what they carry. */
static void find_cut(struct relaxation *r)
{
    struct csin_relaxed *out = r->out;
    double must_Bps = 0, capacity_Bps = 0;
    uint32_t row = r->first_row[out->prices[0].arc];
    struct passing passing = {r, r->chosen + (size_t)row * r->n_owners};
    for (uint32_t c = 0; c < r->n_commodities; c++) {
        double rate = rate_in(r, &r->commodities[c], passing.chosen);
        const struct pair *pair = &r->pairs[r->commodities[c].pair];
        if (rate > 0)
            must_Bps += rate * csin_ways_cheapest(&r->ways, pair->sw, pair->leaf, counted, &passing,
                                                  NULL, NULL);
    }
    for (uint32_t i = 0; i < out->n_prices; i++)
        capacity_Bps += r->f->arc_capacity_Bps[out->prices[i].arc];
    bool proves = must_Bps >= out->bound * capacity_Bps * (1 - 1e-3);
    out->cut_Bps = proves ? must_Bps : 0;
    out->cut_capacity_Bps = capacity_Bps;
}

/* The prices at hand prove `bound`: they are kept. */
static void keep_proof(struct relaxation *r, double bound)
{
    struct csin_relaxed *out = r->out;
    struct csin_relax_price *prices = allocate(r, r->f->n_arcs, sizeof *prices);
    if (!prices)
        return;
    free(out->prices);
    out->prices = prices;
    out->n_prices = 0;
    out->bound = bound;
    for (uint32_t arc = 0; arc < r->f->n_arcs; arc++) {
        double weight = 0, sum = 0;
        for (uint32_t row = r->first_row[arc]; row != CSIN_NONE; row = r->rows[row].next)
            if (r->n_commodities + row < csin_lp_n_rows(r->lp))
                weight += weight_of(r, row);
        for (uint32_t s = 0; s < r->n_slots; s++)
            sum += r->price[(size_t)arc * r->n_slots + s];
        if (sum > 0 && weight > 0)
            prices[out->n_prices++] = (struct csin_relax_price){arc, weight};
    }
    double all = 0;
    for (uint32_t i = 0; i < out->n_prices; i++)
        all += prices[i].weight;
    for (uint32_t i = 0; i < out->n_prices; i++)
        prices[i].weight /= all;
    qsort(prices, out->n_prices, sizeof *prices, by_weight);
    if (out->n_prices > 0)
        find_cut(r);
}

/* What the prices prove, and ways that are cheaper than those of the columns come in. Returns how
 * many. */
static uint32_t add_cheap(struct relaxation *r, uint32_t n_rows, double *ret_bound)
{
    uint32_t n_added = 0, arcs[CSIN_PATH_MAX], n;
    double scale = set_prices(r, n_rows);
    *ret_bound = 0;
    for (uint32_t c = 0; scale > 0 && c < r->n_commodities; c++) {
        const struct pair *pair = &r->pairs[r->commodities[c].pair];
        r->priced = &r->commodities[c];
        double least = csin_ways_cheapest(&r->ways, pair->sw, pair->leaf, price_of, r, arcs, &n);
        *ret_bound += least;
        if (least * scale >= csin_lp_dual(r->lp, c) - CLOSE / 100)
            continue;
        if (!grow(r, &r->parts, &r->parts_room, (size_t)r->n_parts + n, sizeof *r->parts))
            return 0;
        for (uint32_t i = 0; i < n; i++)
            r->parts[r->n_parts + i] = (struct csin_way_part){arcs[i], 1};
        n_added += add_column(r, c, r->n_parts, n);
        r->n_parts += n;
    }
    return n_added;
}

/* ---- the whole ---- */

static bool solve(struct relaxation *r)
{
    struct csin_lp_result result = {0};
    double left_s = r->options->time_limit_s > 0 ? r->until_s - now_s() : 0;
    enum csin_status status = csin_lp_solve(
        r->lp,
        &(struct csin_lp_options){.time_limit_s = r->options->time_limit_s > 0 ? fmax(left_s, 1e-3)
                                                                               : 0,
                                  .stop = r->options->stop,
                                  .stop_arg = r->options->stop_arg},
        NULL, &result);
    r->out->n_solved++;
    if (status == CSIN_OK && result.answer != CSIN_LP_OPTIMAL)
        r->out->out_of_time = true;
    return status == CSIN_OK && result.answer == CSIN_LP_OPTIMAL;
}

/* Solves the program of the phases there are. False where the search is over before that. */
static bool solve_phases(struct relaxation *r)
{
    uint32_t *chosen = allocate(r, r->n_owners, sizeof *chosen);
    bool done = false;
    while (chosen && !done && !is_over(r) && r->out->n_solved < CSIN_RELAX_ROUNDS && solve(r)) {
        double worst, bound;
        uint32_t n_rows = r->n_rows, n_cheap = add_cheap(r, n_rows, &bound);
        if (bound > r->out->bound * (1 + 1e-12))
            keep_proof(r, bound);
        uint32_t n_broken = add_broken(r, chosen, &worst);
        done = (n_cheap == 0 && n_broken == 0) || worst <= r->out->bound * (1 + ENOUGH) ||
               r->is_out_of_memory;
    }
    free(chosen);
    return done && !r->is_out_of_memory;
}

/* L(a) of the solution in all phases; false without memory. */
static bool follow_solution(struct relaxation *r, double *ret_worst)
{
    uint32_t *first = allocate(r, r->n_commodities + (size_t)1, sizeof *first);
    uint32_t *sorted = allocate(r, r->n_columns, sizeof *sorted);
    if (first && sorted) {
        for (uint32_t c = 0; c < r->n_columns; c++)
            first[r->columns[c].commodity + 2]++;
        for (uint32_t c = 0; c <= r->n_commodities; c++)
            first[c + 1] += first[c];
        for (uint32_t c = 0; c < r->n_columns; c++)
            sorted[first[r->columns[c].commodity + 1]++] = c;
        *ret_worst = follow(r, &(struct solution){sorted, first});
    }
    free(first);
    free(sorted);
    return !r->is_out_of_memory;
}

static bool is_reached(const struct csin_relaxed *out)
{
    return out->split <= out->bound * (1 + CLOSE);
}

/* Programs of more and more phases, until the solution of one holds in all of them. */
static void relax(struct relaxation *r)
{
    struct csin_relaxed *out = r->out;
    double worst = out->even;
    while (!is_reached(out) && !is_over(r) && add_worst(r, worst) > 0) {
        if ((size_t)r->f->n_arcs * r->n_slots > MAX_LOADS || !make_entries(r) ||
            !make_commodities(r) || r->n_commodities > CSIN_RELAX_COMMODITIES) {
            out->too_large = true;
            return;
        }
        out->n_commodities = r->n_commodities;
        out->n_phases = r->n_slots;
        if (!make_program(r) || !solve_phases(r) || !follow_solution(r, &worst))
            return;
        out->split = fmin(out->split, worst);
    }
}

static void finish(struct relaxation *r)
{
    csin_lp_destroy(r->lp);
    csin_ways_finish(&r->ways);
    void *all[] = {r->owner_of,  r->pairs,    r->leaf_index,  r->pair_of, r->parts,   r->most,
                   r->worst,     r->of_phase, r->in_phase,    r->sum,     r->slot_of, r->phase_of,
                   r->demands,   r->entries,  r->commodities, r->columns, r->rows,    r->chosen,
                   r->first_row, r->load,     r->price};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

enum csin_status csin_relax(const struct csin_fabric *fabric, const struct csin_routes *routes,
                            const struct csin_offered *offered,
                            const struct csin_relax_options *options, struct csin_diag *diag,
                            struct csin_relaxed *ret)
{
    struct csin_relaxed out = {.bound = options->at_least, .even = HUGE_VAL, .split = HUGE_VAL};
    struct relaxation r = {.f = fabric,
                           .o = offered,
                           .options = options,
                           .out = &out,
                           .until_s = options->time_limit_s > 0 ? now_s() + options->time_limit_s
                                                                : HUGE_VAL};
    if (index_leaves(&r) && find_ways(&r, routes) && add_pairs(&r) && make_loads(&r)) {
        out.even = out.split = follow(&r, NULL);
        relax(&r);
        out.exact = is_reached(&out);
    }
    finish(&r);
    if (r.is_out_of_memory) {
        csin_relaxed_finish(&out);
        return csin_no_memory(diag);
    }
    *ret = out;
    return CSIN_OK;
}

void csin_relaxed_finish(struct csin_relaxed *relaxed)
{
    free(relaxed->prices);
    relaxed->prices = NULL;
    relaxed->n_prices = 0;
}
