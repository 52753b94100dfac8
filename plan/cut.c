/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/cut.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct item {      /* an entry in a phase */
    uint32_t part; /* the switch or zone that it leaves or enters */
    uint32_t phase;
    double rate_Bps;
};

/* The cables of a part to the rest. */
struct side {
    uint32_t n_cables;
    double capacity_Bps, widest_Bps; /* together; of one */
};

struct finder {
    const struct csin_fabric *f;
    const struct csin_offered *o;
    const struct csin_demand *demands;
    struct item *items, *sorted; /* [n] */
    double *rates, *sums;        /* [n]; [n + 1] */
    uint32_t *places;            /* [max(phases, switches, zones) + 1] */
    uint32_t n;
    struct side *sides; /* [n_switches + n_zones] */
    bool one_owner, out;
    struct csin_edge_cut best;
};

static int by_rate(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a < b) - (a > b);
}

static uint32_t part_of(const struct finder *s, uint32_t sw, bool zones)
{
    return zones && sw < s->f->n_switches ? s->f->switches[sw].zone : zones ? CSIN_NONE : sw;
}

/* Of all switches, or zones. */
static void find_sides(struct finder *s, bool zones)
{
    const struct csin_fabric *f = s->f;
    memset(s->sides, 0, (f->n_switches + (size_t)f->n_zones) * sizeof *s->sides);
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        const struct csin_cable *cable = &f->cables[arc >> 1];
        if (cable->place == CSIN_AT_HOST || !cable->up)
            continue;
        uint32_t part = part_of(s, s->out ? csin_arc_tail(f, arc) : csin_arc_head(f, arc), zones);
        uint32_t rest = part_of(s, s->out ? csin_arc_head(f, arc) : csin_arc_tail(f, arc), zones);
        if (part == CSIN_NONE || part == rest)
            continue;
        struct side *side = &s->sides[part];
        side->n_cables++;
        side->capacity_Bps += f->arc_capacity_Bps[arc];
        side->widest_Bps = fmax(side->widest_Bps, f->arc_capacity_Bps[arc]);
    }
}

/* The largest first. */
static bool is_sorted(const double *rates, uint32_t n)
{
    uint32_t i = 1;
    while (i < n && rates[i - 1] >= rates[i])
        i++;
    return i >= n;
}

/* s->rates [n] over the cables of a side. */
static struct csin_edge_cut bound_of(struct finder *s, uint32_t n, const struct side *side)
{
    struct csin_edge_cut cut = {.n_cables = side->n_cables, .capacity_Bps = side->capacity_Bps};
    if (!is_sorted(s->rates, n))
        qsort(s->rates, n, sizeof *s->rates, by_rate);
    s->sums[0] = 0;
    for (uint32_t i = 0; i < n; i++)
        s->sums[i + 1] = s->sums[i] + s->rates[i];
    cut.must_Bps = s->sums[n];
    cut.bound = cut.divided = cut.must_Bps / side->capacity_Bps;
    for (uint32_t k = 0, at = 0; at < n; k++, at += side->n_cables) {
        double meet_Bps = s->sums[at + 1] - s->sums[at - k];
        if (meet_Bps / side->widest_Bps <= cut.bound * (1 + 1e-9))
            continue;
        cut.bound = meet_Bps / side->widest_Bps;
        cut.n_entries = at + 1;
        cut.n_meet = k + 1;
        cut.meet_Bps = meet_Bps;
    }
    return cut;
}

static void take(struct finder *s, struct csin_edge_cut cut, uint32_t part, bool zones)
{
    cut.divided = fmax(cut.divided, s->best.divided);
    s->best.divided = cut.divided;
    if (cut.bound <= s->best.bound * (1 + 1e-12))
        return;
    cut.sw = zones ? CSIN_NONE : part;
    cut.zone = zones ? part : CSIN_NONE;
    cut.out = s->out;
    s->best = cut;
}

static double rate_of(const struct item *items, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += items[i].rate_Bps;
    return sum;
}

static uint32_t end_of_phase(const struct item *items, uint32_t first, uint32_t n)
{
    uint32_t end = first;
    while (end < n && items[end].phase == items[first].phase)
        end++;
    return end;
}

static uint32_t add_rates(struct finder *s, uint32_t n, const struct item *items, uint32_t n_items)
{
    for (uint32_t i = 0; i < n_items; i++)
        s->rates[n + i] = items[i].rate_Bps;
    return n + n_items;
}

/* Items of one part. */
static void try_part(struct finder *s, const struct item *items, uint32_t n, bool zones)
{
    uint32_t part = items[0].part, n_rates = 0;
    struct side side = s->sides[part];
    if (side.n_cables == 0)
        return;
    for (uint32_t i = 0, end; i < n; i = end) { /* phases of an owner */
        uint32_t owner = s->o->phases[items[i].phase].owner, best = i, best_end = i;
        double most_Bps = 0;
        for (uint32_t first = end = i; end < n && s->o->phases[items[end].phase].owner == owner;
             first = end) {
            end = end_of_phase(items, first, n);
            double rate_Bps = rate_of(items + first, end - first);
            if (s->one_owner) {
                add_rates(s, 0, items + first, end - first);
                take(s, bound_of(s, end - first, &side), part, zones);
            } else if (rate_Bps > most_Bps) {
                most_Bps = rate_Bps;
                best = first;
                best_end = end;
            }
        }
        n_rates = add_rates(s, n_rates, items + best, best_end - best);
    }
    if (!s->one_owner)
        take(s, bound_of(s, n_rates, &side), part, zones);
}

/* Stably by the key, which is below n_keys: items -> sorted, which change names. */
static void sort(struct finder *s, uint32_t n, uint32_t n_keys, bool by_phase)
{
    memset(s->places, 0, (n_keys + (size_t)1) * sizeof *s->places);
    for (uint32_t i = 0; i < n; i++)
        s->places[(by_phase ? s->items[i].phase : s->items[i].part) + 1]++;
    for (uint32_t k = 0; k < n_keys; k++)
        s->places[k + 1] += s->places[k];
    for (uint32_t i = 0; i < n; i++)
        s->sorted[s->places[by_phase ? s->items[i].phase : s->items[i].part]++] = s->items[i];
    struct item *sorted = s->sorted;
    s->sorted = s->items;
    s->items = sorted;
}

static void try_parts(struct finder *s, bool zones, bool out)
{
    uint32_t n = 0;
    s->out = out;
    find_sides(s, zones);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct csin_demand *d = &s->demands[i];
        uint32_t from = part_of(s, d->sw, zones);
        uint32_t to = part_of(s, s->f->nics[d->nic].leaf, zones), part = out ? from : to;
        if (from != to && part != CSIN_NONE)
            s->items[n++] = (struct item){part, d->phase, d->rate_Bps};
    }
    sort(s, n, s->o->n_phases, true);
    sort(s, n, zones ? s->f->n_zones : s->f->n_switches, false);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && s->items[end].part == s->items[i].part;)
            end++;
        try_part(s, s->items + i, end - i, zones);
    }
}

enum csin_status csin_edge_cut_find(const struct csin_fabric *fabric,
                                    const struct csin_offered *offered,
                                    const struct csin_demand *demands, uint32_t n,
                                    struct csin_diag *diag, struct csin_edge_cut *ret)
{
    size_t n_parts = fabric->n_switches + (size_t)fabric->n_zones + 1, room = n + (size_t)1;
    struct finder s = {.f = fabric,
                       .o = offered,
                       .demands = demands,
                       .n = n,
                       .best = {.sw = CSIN_NONE, .zone = CSIN_NONE},
                       .one_owner = true};
    s.items = malloc(room * sizeof *s.items);
    s.sorted = malloc(room * sizeof *s.sorted);
    s.rates = malloc(room * sizeof *s.rates);
    s.sums = malloc((room + 1) * sizeof *s.sums);
    s.sides = malloc(n_parts * sizeof *s.sides);
    s.places = malloc((n_parts + offered->n_phases + 1) * sizeof *s.places);
    bool ok = s.items && s.sorted && s.rates && s.sums && s.sides && s.places;
    for (uint32_t p = 1; p < offered->n_phases; p++)
        s.one_owner = s.one_owner && offered->phases[p].owner == offered->phases[0].owner;
    for (unsigned i = 0; ok && i < (fabric->n_zones > 1 ? 4u : 2u); i++)
        try_parts(&s, i >= 2, i % 2 == 0); /* what leaves first */
    *ret = s.best;
    free(s.items);
    free(s.sorted);
    free(s.rates);
    free(s.sums);
    free(s.sides);
    free(s.places);
    return ok ? CSIN_OK : csin_no_memory(diag);
}
