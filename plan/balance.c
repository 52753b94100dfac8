/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A variable is an entry (switch where hosts are, destination NIC) that some traffic uses; its
 * value is one of the arcs that lead nearer. Its demand is a list of (phase, rate). Loads are kept
 * for each arc between switches ("row") and phase. */
#include "plan/balance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/rng.h"
#include "plan/colour.h"

#define ROUND 20    /* sweeps of one heat */
#define PATIENCE 80 /* sweeps without progress; as many more as have this many moves: */
#define MOVES 200000
#define LEVELLING 1e-3
#define MAX_CHAIN 64u
#define STICK 1e-3 /* cost of a change, where few are wanted */
#define STEP 0.05  /* of the bound */
#define ENOUGH 1.1 /* times the bound: few changes are worth more than a lower load */
#define NEAR 1.25  /* times the bound: not worth tables that are made anew */
#define RELAX 0.25 /* of the time, at most, for the bound */

struct demand {
    uint32_t phase;
    double rate_Bps;
};

struct entry {
    uint32_t sw, nic;
    uint32_t first, n; /* demands */
    uint32_t arc, given, best;
    bool forced; /* the tables to keep have no way here: it changes whatever is done */
};

struct balance {
    const struct csin_fabric *f;
    const struct csin_offered *o;
    const struct csin_routes *keep; /* NULL: those given */
    struct csin_routes *routes;
    struct entry *entries;
    struct demand *demands;
    uint32_t n_entries, n_demands, n_rows;
    /* Behind the entries with demand stand those that traffic of others may pass and that have a
     * choice (at spines below core switches, at gates): hops. [n_entries .. n_entries + n_hops) */
    uint32_t n_hops;
    uint32_t *by_nic,
        *first_of_nic;  /* [n_entries] entries by destination; [n_nics + 1] where they are */
    uint32_t *passing;  /* [n_entries] scratch */
    uint32_t *row_of;   /* [n_arcs]; CSIN_NONE at hosts */
    uint32_t *arc_of;   /* [n_rows] */
    double *load;       /* [n_rows][n_phases], relative to the capacity */
    double *worst;      /* [n_rows][n_owners] max over the phases of the owner */
    double *others;     /* [n_rows][n_owners] sum of `worst` of the other owners */
    uint32_t *owner_of; /* [n_phases] index of the owner among those with phases */
    uint32_t n_owners;
    uint32_t *order; /* [n_entries] */
    struct csin_rng rng;
    double stick; /* cost of an entry that is not what it was */
    double heat;  /* mean of what is added to costs by chance; 0: the least costly is taken */
    double until_s;
    bool (*stop)(void *arg);
    void *stop_arg;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool is_over(const struct balance *b)
{
    return now_s() >= b->until_s || (b->stop && b->stop(b->stop_arg));
}

/* ---- entries ---- */

struct use { /* of an entry by a phase */
    uint32_t sw, nic, phase;
    double rate_Bps;
};

static int by_entry(const void *left, const void *right)
{
    const struct use *a = left, *b = right;
    if (a->sw != b->sw)
        return a->sw < b->sw ? -1 : 1;
    if (a->nic != b->nic)
        return a->nic < b->nic ? -1 : 1;
    if (a->phase != b->phase)
        return a->phase < b->phase ? -1 : 1;
    return (a->rate_Bps > b->rate_Bps) - (a->rate_Bps < b->rate_Bps);
}

static struct use *list_uses(const struct balance *b, uint32_t *ret_n)
{
    struct use *uses = malloc((b->o->n_offers + (size_t)1) * sizeof *uses);
    uint32_t n = 0;
    for (uint32_t p = 0; uses && p < b->o->n_phases; p++)
        for (uint32_t i = 0; i < b->o->phases[p].n; i++) {
            const struct csin_offer *offer = &b->o->offers[b->o->phases[p].first + i];
            uint32_t from = b->f->nics[offer->src].leaf;
            if (from != b->f->nics[offer->dst].leaf)
                uses[n++] = (struct use){from, offer->dst, p, offer->rate_Bps};
        }
    if (uses)
        qsort(uses, n, sizeof *uses, by_entry);
    *ret_n = n;
    return uses;
}

/* As the tables have it now; forced where those to keep have something else. */
static struct entry read_entry(const struct balance *b, uint32_t sw, uint32_t nic)
{
    const uint32_t *ports = b->f->port_arc + b->f->switches[sw].first_port;
    struct entry e = {.sw = sw, .nic = nic};
    e.arc = e.given = e.best = ports[csin_routes_port(b->routes, sw, nic, 0)];
    uint32_t kept = b->keep ? csin_routes_entry(b->keep, sw, nic) : CSIN_NONE;
    e.forced = b->keep && (kept == CSIN_NONE || ports[kept] != e.arc);
    return e;
}

static bool make_entries(struct balance *b)
{
    uint32_t n;
    struct use *uses = list_uses(b, &n);
    b->entries = malloc((n + (size_t)1) * sizeof *b->entries);
    b->demands = malloc((n + (size_t)1) * sizeof *b->demands);
    bool ok = uses && b->entries && b->demands;
    for (uint32_t i = 0; ok && i < n; i++) {
        struct entry *last = b->n_entries ? &b->entries[b->n_entries - 1] : NULL;
        if (!last || last->sw != uses[i].sw || last->nic != uses[i].nic) {
            last = &b->entries[b->n_entries++];
            *last = read_entry(b, uses[i].sw, uses[i].nic);
            last->first = b->n_demands;
        }
        if (last->n && b->demands[b->n_demands - 1].phase == uses[i].phase) {
            b->demands[b->n_demands - 1].rate_Bps += uses[i].rate_Bps;
        } else {
            b->demands[b->n_demands++] = (struct demand){uses[i].phase, uses[i].rate_Bps};
            last->n++;
        }
    }
    free(uses);
    return ok;
}

/* ---- hops ---- */

/* Entries by their destination: a counting sort. */
static bool index_nics(struct balance *b)
{
    uint32_t n_nics = b->f->n_nics;
    b->by_nic = malloc((b->n_entries + (size_t)1) * sizeof *b->by_nic);
    b->passing = malloc((b->n_entries + (size_t)1) * sizeof *b->passing);
    b->first_of_nic = calloc(n_nics + (size_t)2, sizeof *b->first_of_nic);
    if (!b->by_nic || !b->passing || !b->first_of_nic)
        return false;
    for (uint32_t e = 0; e < b->n_entries; e++)
        b->first_of_nic[b->entries[e].nic + 2]++;
    for (uint32_t n = 0; n < n_nics; n++)
        b->first_of_nic[n + 2] += b->first_of_nic[n + 1];
    for (uint32_t e = 0; e < b->n_entries; e++)
        b->by_nic[b->first_of_nic[b->entries[e].nic + 1]++] = e;
    return true;
}

static bool add_hop(struct balance *b, size_t *room, uint32_t sw, uint32_t nic)
{
    if (csin_routes_port(b->routes, sw, nic, 0) == CSIN_NONE)
        return true;
    if (!csin_grow(&b->entries, room, b->n_entries + b->n_hops + (size_t)1, sizeof *b->entries))
        return false;
    b->entries[b->n_entries + b->n_hops++] = read_entry(b, sw, nic);
    return true;
}

/* All switches with a choice that something on its way to `nic` may come to. */
static bool find_hops(struct balance *b, size_t *room, uint32_t nic, uint32_t *seen,
                      uint32_t *stack)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = 0, stamp = nic + 1;
    for (uint32_t i = b->first_of_nic[nic]; i < b->first_of_nic[nic + 1]; i++) {
        stack[n] = b->entries[b->by_nic[i]].sw;
        seen[stack[n++]] = stamp;
    }
    for (uint32_t own = n, at = 0; at < n; at++) {
        uint32_t choices = stack[at] == b->f->nics[nic].leaf
                               ? 0
                               : csin_routes_choices(b->routes, stack[at], nic, arcs);
        if (at >= own && choices > 1 && !add_hop(b, room, stack[at], nic))
            return false;
        for (uint32_t c = 0; c < choices; c++) {
            uint32_t next = csin_arc_head(b->f, arcs[c]);
            if (seen[next] != stamp) {
                seen[next] = stamp;
                stack[n++] = next;
            }
        }
    }
    return true;
}

static bool make_hops(struct balance *b)
{
    size_t room = b->n_entries;
    uint32_t *seen = calloc(b->f->n_switches + (size_t)1, sizeof *seen);
    uint32_t *stack = malloc((b->f->n_switches + (size_t)1) * sizeof *stack);
    bool ok = seen && stack && index_nics(b);
    for (uint32_t nic = 0; ok && nic < b->f->n_nics; nic++)
        if (b->first_of_nic[nic] < b->first_of_nic[nic + 1])
            ok = find_hops(b, &room, nic, seen, stack);
    free(seen);
    free(stack);
    return ok;
}

/* ---- loads ---- */

static bool make_rows(struct balance *b)
{
    const struct csin_fabric *f = b->f;
    b->row_of = malloc((f->n_arcs + (size_t)1) * sizeof *b->row_of);
    b->arc_of = malloc((f->n_arcs + (size_t)1) * sizeof *b->arc_of);
    b->owner_of = malloc((b->o->n_phases + (size_t)1) * sizeof *b->owner_of);
    if (!b->row_of || !b->arc_of || !b->owner_of)
        return false;
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        bool is_row = f->cables[arc >> 1].place != CSIN_AT_HOST && f->cables[arc >> 1].up;
        b->row_of[arc] = is_row ? b->n_rows : CSIN_NONE;
        if (is_row)
            b->arc_of[b->n_rows++] = arc;
    }
    for (uint32_t p = 0; p < b->o->n_phases; p++) {
        if (p > 0 && b->o->phases[p].owner != b->o->phases[p - 1].owner)
            b->n_owners++;
        b->owner_of[p] = b->n_owners;
    }
    b->n_owners += b->o->n_phases > 0;
    size_t n_owners = (size_t)b->n_rows * b->n_owners + 1;
    b->load = calloc((size_t)b->n_rows * b->o->n_phases + 1, sizeof *b->load);
    b->worst = calloc(n_owners, sizeof *b->worst);
    b->others = calloc(n_owners, sizeof *b->others);
    return b->load && b->worst && b->others;
}

static void balance_finish(struct balance *b)
{
    free(b->entries);
    free(b->demands);
    free(b->row_of);
    free(b->arc_of);
    free(b->load);
    free(b->worst);
    free(b->others);
    free(b->owner_of);
    free(b->order);
    free(b->by_nic);
    free(b->first_of_nic);
    free(b->passing);
}

/* The rows from the switch of `e` to its destination, where it sends by `arc`; after the first arc
 * the tables decide. */
static uint32_t rows_of(const struct balance *b, const struct entry *e, uint32_t arc,
                        uint32_t *rows)
{
    const struct csin_fabric *f = b->f;
    uint32_t n = 0, goal = f->n_switches + e->nic;
    while (n < CSIN_PATH_MAX && b->row_of[arc] != CSIN_NONE) {
        rows[n++] = b->row_of[arc];
        uint32_t at = csin_arc_head(f, arc), port = csin_routes_port(b->routes, at, e->nic, 0);
        if (at == goal || port == CSIN_NONE)
            break;
        arc = f->port_arc[f->switches[at].first_port + port];
    }
    return n;
}

static void add_entry(struct balance *b, const struct entry *e, double sign)
{
    uint32_t rows[CSIN_PATH_MAX], n = rows_of(b, e, e->arc, rows);
    for (uint32_t r = 0; r < n; r++) {
        double *load = b->load + (size_t)rows[r] * b->o->n_phases;
        double capacity_Bps = b->f->arc_capacity_Bps[b->arc_of[rows[r]]];
        for (uint32_t i = e->first; i < e->first + e->n; i++)
            load[b->demands[i].phase] += sign * b->demands[i].rate_Bps / capacity_Bps;
    }
}

/* The tables follow at once, as entries of other switches may lead through this one; what that
 * changes of their loads is seen when the sweep is over. */
static void set_arc(struct balance *b, struct entry *e, uint32_t arc)
{
    if (arc != e->arc)
        csin_routes_set(b->routes, e->sw, e->nic, arc);
    e->arc = arc;
}

/* Loads from nothing, so that rounding does not pile up. */
static void reload(struct balance *b)
{
    memset(b->load, 0, (size_t)b->n_rows * b->o->n_phases * sizeof *b->load);
    for (uint32_t e = 0; e < b->n_entries; e++)
        add_entry(b, &b->entries[e], 1);
}

/* What each owner can put on a row, and the others. Returns L(a). */
static double weigh_row(struct balance *b, uint32_t row)
{
    const double *load = b->load + (size_t)row * b->o->n_phases;
    double *worst = b->worst + (size_t)row * b->n_owners, sum = 0;
    memset(worst, 0, b->n_owners * sizeof *worst);
    for (uint32_t p = 0; p < b->o->n_phases; p++)
        worst[b->owner_of[p]] = fmax(worst[b->owner_of[p]], load[p]);
    for (uint32_t o = 0; o < b->n_owners; o++)
        sum += worst[o];
    for (uint32_t o = 0; o < b->n_owners; o++)
        b->others[(size_t)row * b->n_owners + o] = sum - worst[o];
    return sum;
}

/* All rows. Returns the worst L(a). */
static double weigh(struct balance *b, uint32_t *ret_row, double *ret_mean_square)
{
    double most = 0, squares = 0;
    uint32_t used = 0;
    *ret_row = CSIN_NONE;
    for (uint32_t row = 0; row < b->n_rows; row++) {
        double sum = weigh_row(b, row);
        squares += sum * sum;
        used += sum > 0;
        if (sum > most * (1 + 1e-12)) {
            most = sum;
            *ret_row = row;
        }
    }
    *ret_mean_square = used ? squares / used : 0;
    return most;
}

/* ---- local search ---- */

/* The cost of a load x: what it is over the threshold, squared; and a little of x squared, so that
 * loads below it are not all alike. */
static double cost_of(double x, double threshold)
{
    double over = x - threshold;
    return (over > 0 ? over * over : 0) + LEVELLING * x * x;
}

/* What the cost of all loads grows by when the entry's demand goes over `arc`. */
static double cost(const struct balance *b, const struct entry *e, uint32_t arc, double threshold)
{
    uint32_t rows[CSIN_PATH_MAX], n = rows_of(b, e, arc, rows);
    double sum = 0;
    for (uint32_t r = 0; r < n; r++) {
        const double *load = b->load + (size_t)rows[r] * b->o->n_phases;
        const double *others = b->others + (size_t)rows[r] * b->n_owners;
        double per_Bps = 1 / b->f->arc_capacity_Bps[b->arc_of[rows[r]]];
        for (uint32_t i = e->first; i < e->first + e->n; i++) {
            uint32_t p = b->demands[i].phase;
            double before = load[p] + others[b->owner_of[p]];
            double after = before + b->demands[i].rate_Bps * per_Bps;
            sum += cost_of(after, threshold) - cost_of(before, threshold);
        }
    }
    return sum;
}

/* Whether the entry has part in a load over the threshold. */
static bool is_guilty(const struct balance *b, const struct entry *e, double threshold)
{
    uint32_t rows[CSIN_PATH_MAX], n = rows_of(b, e, e->arc, rows);
    for (uint32_t r = 0; r < n; r++) {
        const double *load = b->load + (size_t)rows[r] * b->o->n_phases;
        const double *others = b->others + (size_t)rows[r] * b->n_owners;
        for (uint32_t i = e->first; i < e->first + e->n; i++)
            if (load[b->demands[i].phase] + others[b->owner_of[b->demands[i].phase]] > threshold)
                return true;
    }
    return false;
}

/* Costs differ by chance as long as there is heat: one-entry moves alone are soon stuck. */
static double draw_noise(struct balance *b)
{
    return b->heat > 0 ? -b->heat * log1p(-(double)(csin_rng_next(&b->rng) >> 11) * 0x1p-53) : 0;
}

/* What it costs besides that the entry is not what it was. */
static double stick_of(const struct balance *b, const struct entry *e, uint32_t arc)
{
    return arc != e->given && !e->forced ? b->stick : 0;
}

static void weigh_rows_of(struct balance *b, const struct entry *e, uint32_t arc)
{
    uint32_t rows[CSIN_PATH_MAX], n = rows_of(b, e, arc, rows);
    for (uint32_t r = 0; r < n; r++)
        weigh_row(b, rows[r]);
}

/* Moves one entry to where it costs least. */
static void improve(struct balance *b, struct entry *e, double threshold)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    uint32_t best = e->arc;
    if (n < 2)
        return;
    add_entry(b, e, -1);
    double least = cost(b, e, e->arc, threshold) * (1 - 1e-9) + stick_of(b, e, e->arc) +
                   draw_noise(b);
    for (uint32_t i = 0; i < n; i++) {
        double c = arcs[i] == e->arc
                       ? HUGE_VAL
                       : cost(b, e, arcs[i], threshold) + stick_of(b, e, arcs[i]) + draw_noise(b);
        if (c < least) {
            least = c;
            best = arcs[i];
        }
    }
    uint32_t before = e->arc;
    set_arc(b, e, best);
    add_entry(b, e, 1);
    if (b->n_owners > 1 && best != before) {
        weigh_rows_of(b, e, before);
        weigh_rows_of(b, e, best);
    }
}

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
static uint32_t zone_of(const struct balance *b, const struct entry *e)
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
        const struct entry *entry = &b->entries[e];
        const struct demand *largest = &b->demands[entry->first];
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
static void send_over(struct balance *b, struct entry *e, uint32_t spine)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    for (uint32_t i = 0; i < n; i++)
        if (csin_arc_head(b->f, arcs[i]) == spine)
            set_arc(b, e, arcs[i]);
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
        add_entry(b, &b->entries[edges[i].entry], -1);
    for (uint32_t first = 0, end; ok && first < n && !is_over(b); first = end) {
        const struct csin_zone *zone = &b->f->zones[edges[first].zone];
        for (end = first; end < n && same_colouring(&edges[first], &edges[end]); end++) {
            const struct entry *e = &b->entries[edges[end].entry];
            left[end - first] = e->sw - zone->first_leaf;
            right[end - first] = b->f->nics[e->nic].leaf - zone->first_leaf;
        }
        ok = csin_colour_edges(left, right, end - first, zone->n_leaves, zone->n_leaves,
                               zone->n_spines, colours);
        for (uint32_t i = first; ok && i < end; i++) {
            send_over(b, &b->entries[edges[i].entry], zone->first_spine + colours[i - first]);
            add_entry(b, &b->entries[edges[i].entry], 1);
        }
        for (uint32_t i = first; ok && by_size && i < end && (i % 64 || !is_over(b)); i++)
            improve(b, &b->entries[edges[i].entry], 0);
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
            const struct demand *demand = &b->demands[b->entries[e].first + i];
            struct target *target = &targets[b->entries[e].nic];
            if (demand->rate_Bps > target->most_Bps) {
                target->most_Bps = demand->rate_Bps;
                target->phase = demand->phase;
            }
        }
    for (uint32_t e = 0; e < b->n_entries; e++)
        for (uint32_t i = 0; i < b->entries[e].n; i++) {
            const struct demand *demand = &b->demands[b->entries[e].first + i];
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
        struct entry *e = &b->entries[i];
        const struct target *target = &targets[e->nic];
        uint32_t n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
        uint32_t turn = target->all_Bps > 1.5 * target->most_Bps ? e->sw : 0;
        if (n > 0)
            set_arc(b, e, arcs[(target->number + turn) % n]);
    }
    free(targets);
    free(next);
    return ok;
}

/* The entries with demand whose way leads through the switch of `e`, itself included. */
static uint32_t list_passing(struct balance *b, const struct entry *e)
{
    const struct csin_fabric *f = b->f;
    uint32_t n = 0;
    for (uint32_t i = b->first_of_nic[e->nic]; i < b->first_of_nic[e->nic + 1]; i++) {
        const struct entry *x = &b->entries[b->by_nic[i]];
        uint32_t at = x->sw, hops = 0;
        while (at != e->sw && at != f->nics[e->nic].leaf && hops++ < CSIN_PATH_MAX) {
            uint32_t port = csin_routes_port(b->routes, at, e->nic, 0);
            if (port == CSIN_NONE)
                break;
            at = csin_arc_head(f, f->port_arc[f->switches[at].first_port + port]);
        }
        if (at == e->sw)
            b->passing[n++] = b->by_nic[i];
    }
    return n;
}

static double cost_passing(struct balance *b, uint32_t n, double threshold)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct entry *x = &b->entries[b->passing[i]];
        sum += cost(b, x, x->arc, threshold);
        add_entry(b, x, 1);
    }
    for (uint32_t i = 0; i < n; i++)
        add_entry(b, &b->entries[b->passing[i]], -1);
    return sum;
}

/* As improve, where others may pass: all of them move together. */
static void improve_passing(struct balance *b, struct entry *e, double threshold, bool if_guilty)
{
    uint32_t arcs[CSIN_MAX_PORTS], n_arcs = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    uint32_t n = n_arcs < 2 ? 0 : list_passing(b, e), best = e->arc;
    bool guilty = !if_guilty;
    for (uint32_t i = 0; i < n && !guilty; i++)
        guilty = is_guilty(b, &b->entries[b->passing[i]], threshold);
    if (n == 0 || !guilty)
        return;
    for (uint32_t i = 0; i < n; i++)
        add_entry(b, &b->entries[b->passing[i]], -1);
    double least = cost_passing(b, n, threshold) * (1 - 1e-9);
    for (uint32_t c = 0; c < n_arcs; c++) {
        if (arcs[c] == best)
            continue;
        uint32_t before = e->arc;
        set_arc(b, e, arcs[c]);
        double sum = cost_passing(b, n, threshold);
        if (sum < least) {
            least = sum;
            best = arcs[c];
        } else {
            set_arc(b, e, before);
        }
    }
    set_arc(b, e, best);
    for (uint32_t i = 0; i < n; i++)
        add_entry(b, &b->entries[b->passing[i]], 1);
}

struct score {
    double worst, mean_square;
};

static bool is_better(struct score a, struct score b)
{
    if (a.worst < b.worst * (1 - 1e-9))
        return true;
    return a.worst < b.worst * (1 + 1e-9) && a.mean_square < b.mean_square * (1 - 1e-9);
}

/* Weighs what there is; keeps it where it is the best so far. */
static void keep(struct balance *b, struct score *best)
{
    uint32_t row;
    struct score score;
    reload(b);
    score.worst = weigh(b, &row, &score.mean_square);
    if (is_better(score, *best)) {
        *best = score;
        for (uint32_t e = 0; e < b->n_entries + b->n_hops; e++)
            b->entries[e].best = b->entries[e].arc;
    }
}

/* To the best so far. */
static void go_back(struct balance *b)
{
    for (uint32_t e = 0; e < b->n_entries + b->n_hops; e++)
        set_arc(b, &b->entries[e], b->entries[e].best);
    reload(b);
}

/* Rounds of sweeps without heat, with much and with little of it; within a round it falls to 0. A
 * unit of it is the cost of a load one unit over the threshold. */
static double heat_of(uint32_t sweep, double unit)
{
    static const double most[] = {0, 1, 0.1};
    double rest = 1 - (double)(sweep % ROUND) / (ROUND - 1);
    return most[sweep / ROUND % 3] * unit * unit * rest;
}

/* The load that a demand makes, on average. */
static double demand_of(const struct balance *b)
{
    double sum = 0;
    for (uint32_t e = 0; e < b->n_entries; e++)
        for (uint32_t i = 0; i < b->entries[e].n; i++)
            sum += b->demands[b->entries[e].first + i].rate_Bps /
                   b->f->arc_capacity_Bps[b->entries[e].arc];
    return b->n_demands ? sum / b->n_demands : 0;
}

/* One sweep over all entries, if asked for, evens out everything; then those that have part in a
 * load over the threshold move, which is kept a step below the worst load. */
static void search(struct balance *b, struct score *best, double bound, bool all)
{
    double threshold = all ? 0 : fmax(bound, best->worst - STEP * bound),
           unit = fmax(STEP * bound, demand_of(b));
    uint32_t patience = PATIENCE + MOVES / (b->n_entries + 1);
    for (uint32_t sweep = 0, stale = 0; stale < patience && !is_over(b); sweep++) {
        if (best->worst <= bound * (1 + 1e-9))
            break;
        double before = best->worst;
        b->heat = heat_of(sweep, unit);
        csin_rng_shuffle(&b->rng, b->order, b->n_entries + b->n_hops);
        for (uint32_t i = 0; i < b->n_entries + b->n_hops && (i % 64 || !is_over(b)); i++) {
            struct entry *e = &b->entries[b->order[i]];
            bool any = all && sweep == 0;
            if (b->n_hops > 0)
                improve_passing(b, e, threshold, !any);
            else if (any || is_guilty(b, e, threshold))
                improve(b, e, threshold);
        }
        keep(b, best);
        stale = best->worst < before * (1 - 1e-9) ? 0 : stale + 1;
        threshold = fmax(bound, best->worst - STEP * bound);
    }
}

/* ---- few changes ---- */

static bool exceeds(struct balance *b, const struct entry *e, double worst)
{
    uint32_t rows[CSIN_PATH_MAX], n = rows_of(b, e, e->arc, rows);
    for (uint32_t r = 0; r < n; r++)
        if (weigh_row(b, rows[r]) > worst)
            return true;
    return false;
}

/* Moves an entry, its demand with it; the rows it leaves and comes to are weighed. */
static void move(struct balance *b, struct entry *e, uint32_t arc)
{
    uint32_t before = e->arc;
    add_entry(b, e, -1);
    set_arc(b, e, arc);
    add_entry(b, e, 1);
    weigh_rows_of(b, e, before);
    weigh_rows_of(b, e, arc);
}

/* The arc that takes most off the cost, and how much: 0 is none. */
static double best_move(struct balance *b, struct entry *e, double threshold, uint32_t *ret_arc)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    uint32_t before = e->arc;
    double best = 0;
    if (n < 2)
        return 0;
    add_entry(b, e, -1);
    weigh_rows_of(b, e, before);
    double now = cost(b, e, before, threshold) + stick_of(b, e, before);
    for (uint32_t i = 0; i < n; i++) {
        double gain = arcs[i] == before
                          ? 0
                          : cost(b, e, arcs[i], threshold) + stick_of(b, e, arcs[i]) - now;
        if (gain < best - 1e-12) {
            best = gain;
            *ret_arc = arcs[i];
        }
    }
    add_entry(b, e, 1);
    weigh_rows_of(b, e, before);
    return best;
}

/* Entries that change anyhow go where they cost least. */
static void place_forced(struct balance *b, double aim)
{
    for (unsigned pass = 0; pass < 3; pass++)
        for (uint32_t i = 0; i < b->n_entries && !is_over(b); i++) {
            uint32_t arc;
            if (b->entries[i].forced && best_move(b, &b->entries[i], aim, &arc) < 0)
                move(b, &b->entries[i], arc);
        }
}

/* One entry after the other, always the one that takes most off what is above the aim. */
static void mend(struct balance *b, double aim, double threshold)
{
    for (bool moved = true; moved && !is_over(b);) {
        uint32_t best = CSIN_NONE, arc = CSIN_NONE, to;
        double most = 0;
        for (uint32_t i = 0; i < b->n_entries && (i % 256 || !is_over(b)); i++) {
            struct entry *e = &b->entries[i];
            if (!is_guilty(b, e, aim * (1 + 1e-9)))
                continue;
            double gain = best_move(b, e, threshold, &to);
            if (gain < most) {
                most = gain;
                best = i;
                arc = to;
            }
        }
        moved = best != CSIN_NONE;
        if (moved)
            move(b, &b->entries[best], arc);
    }
}

/* ---- chains: an entry moves to another spine, what it meets there moves back to the spine it
 * left, and so on, as colours change along an alternating path ---- */

struct chain {
    uint32_t entry[MAX_CHAIN], from[MAX_CHAIN];
    uint32_t n;
};

static void push(struct balance *b, struct chain *chain, uint32_t entry, uint32_t arc)
{
    chain->entry[chain->n] = entry;
    chain->from[chain->n++] = b->entries[entry].arc;
    move(b, &b->entries[entry], arc);
}

static void undo(struct balance *b, struct chain *chain)
{
    while (chain->n > 0) {
        chain->n--;
        move(b, &b->entries[chain->entry[chain->n]], chain->from[chain->n]);
    }
}

static bool is_in_chain(const struct chain *chain, uint32_t entry)
{
    for (uint32_t i = 0; i < chain->n; i++)
        if (chain->entry[i] == entry)
            return true;
    return false;
}

/* The arc of the entry that leads to a spine; CSIN_NONE. */
static uint32_t arc_to(const struct balance *b, const struct entry *e, uint32_t spine)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    for (uint32_t i = 0; i < n; i++)
        if (csin_arc_head(b->f, arcs[i]) == spine)
            return arcs[i];
    return CSIN_NONE;
}

static bool is_on_row(const struct balance *b, const struct entry *e, uint32_t row)
{
    uint32_t rows[CSIN_PATH_MAX], n = rows_of(b, e, e->arc, rows);
    for (uint32_t r = 0; r < n; r++)
        if (rows[r] == row)
            return true;
    return false;
}

/* Of the entries on the row that can go to the spine, the one that costs least there. */
static uint32_t choose_next(struct balance *b, const struct chain *chain, uint32_t row,
                            uint32_t spine, double threshold, uint32_t *ret_arc)
{
    uint32_t best = CSIN_NONE;
    double least = HUGE_VAL;
    for (uint32_t i = 0; i < b->n_entries; i++) {
        struct entry *e = &b->entries[i];
        uint32_t arc = is_on_row(b, e, row) ? arc_to(b, e, spine) : CSIN_NONE, before = e->arc;
        if (arc == CSIN_NONE || arc == before || is_in_chain(chain, i))
            continue;
        add_entry(b, e, -1);
        weigh_rows_of(b, e, before);
        double c = cost(b, e, arc, threshold) - cost(b, e, before, threshold) +
                   stick_of(b, e, arc) - stick_of(b, e, before);
        add_entry(b, e, 1);
        weigh_rows_of(b, e, before);
        if (c < least) {
            least = c;
            best = i;
            *ret_arc = arc;
        }
    }
    return best;
}

/* False, and all as it was, where it does not end with every load it touches at the aim. */
static bool try_chain(struct balance *b, uint32_t entry, uint32_t arc, double aim,
                      struct chain *chain)
{
    uint32_t left = csin_arc_head(b->f, b->entries[entry].arc), came = csin_arc_head(b->f, arc);
    chain->n = 0;
    push(b, chain, entry, arc);
    for (uint32_t at = 0; at < chain->n; at++) {
        const struct entry *e = &b->entries[chain->entry[at]];
        uint32_t rows[CSIN_PATH_MAX], n = rows_of(b, e, e->arc, rows), to;
        uint32_t other = csin_arc_head(b->f, e->arc) == came ? left : came;
        for (uint32_t r = 0; r < n; r++)
            while (weigh_row(b, rows[r]) > aim * (1 + 1e-9)) {
                uint32_t next = chain->n < MAX_CHAIN
                                    ? choose_next(b, chain, rows[r], other, aim * (1 - STEP), &to)
                                    : CSIN_NONE;
                if (next == CSIN_NONE) {
                    undo(b, chain);
                    return false;
                }
                push(b, chain, next, to);
            }
    }
    return true;
}

static uint32_t count_new(const struct balance *b, const struct chain *chain)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < chain->n; i++) {
        const struct entry *e = &b->entries[chain->entry[i]];
        n += !e->forced && e->arc != e->given;
    }
    return n;
}

/* The chain that changes fewest entries, over all spines that an entry could go to. */
static bool mend_by_chain(struct balance *b, uint32_t entry, double aim)
{
    uint32_t arcs[CSIN_MAX_PORTS];
    const struct entry *e = &b->entries[entry];
    uint32_t n = csin_routes_choices(b->routes, e->sw, e->nic, arcs), best = CSIN_NONE;
    uint32_t fewest = UINT32_MAX;
    struct chain chain;
    for (uint32_t i = 0; i < n && !is_over(b); i++) {
        if (arcs[i] == e->arc || !try_chain(b, entry, arcs[i], aim, &chain))
            continue;
        uint32_t changed = count_new(b, &chain);
        if (changed < fewest) {
            fewest = changed;
            best = arcs[i];
        }
        undo(b, &chain);
    }
    return best != CSIN_NONE && try_chain(b, entry, best, aim, &chain);
}

/* Where single moves are stuck; those that change anyhow first. In zones without choices further
 * on. */
static void mend_by_chains(struct balance *b, double aim)
{
    for (unsigned forced = 2; forced-- > 0 && b->n_hops == 0;)
        for (uint32_t i = 0; i < b->n_entries && (i % 64 || !is_over(b)); i++)
            if (b->entries[i].forced == forced && is_guilty(b, &b->entries[i], aim * (1 + 1e-9)))
                mend_by_chain(b, i, aim);
}

static uint32_t count_changes(const struct balance *b)
{
    uint32_t n = 0;
    for (uint32_t e = 0; e < b->n_entries + b->n_hops; e++)
        n += b->entries[e].forced || b->entries[e].best != b->entries[e].given;
    return n;
}

/* Takes back what is not needed for a worst load of `worst`. */
static bool settle_once(struct balance *b, double worst)
{
    bool any = false;
    for (uint32_t i = 0; i < b->n_entries; i++) {
        struct entry *e = &b->entries[i];
        uint32_t now = e->arc;
        if (now == e->given || e->forced)
            continue;
        move(b, e, e->given);
        if (exceeds(b, e, worst * (1 + 1e-10)))
            move(b, e, now);
        else
            any = true;
    }
    return any;
}

/* Switches on the way go back too, each with all that passes it. */
static void settle_hops(struct balance *b, double worst)
{
    uint32_t row;
    double mean_square;
    for (uint32_t i = b->n_entries; i < b->n_entries + b->n_hops && !is_over(b); i++) {
        struct entry *e = &b->entries[i];
        uint32_t now = e->arc;
        if (now == e->given || e->forced)
            continue;
        set_arc(b, e, e->given);
        reload(b);
        if (weigh(b, &row, &mean_square) > worst * (1 + 1e-10))
            set_arc(b, e, now);
    }
    reload(b);
}

static void settle(struct balance *b, double worst)
{
    uint32_t row;
    double mean_square;
    go_back(b);
    weigh(b, &row, &mean_square);
    if (b->n_hops > 0)
        settle_hops(b, worst);
    while (settle_once(b, worst) && !is_over(b))
        ;
    /* Entries that lead through one another may have met elsewhere. */
    reload(b);
    if (weigh(b, &row, &mean_square) <= worst * (1 + 1e-9))
        for (uint32_t e = 0; e < b->n_entries + b->n_hops; e++)
            b->entries[e].best = b->entries[e].arc;
}

double csin_balance_aim(double bound)
{
    return bound <= 1 ? fmin(1, bound * ENOUGH) : bound * ENOUGH;
}

/* ---- the whole ---- */

/* Tables to begin the search with, in at most a third of the time; the best are kept. */
static void start(struct balance *b, struct score *best, double bound, double time_limit_s)
{
    double until_s = b->until_s;
    b->until_s = fmin(until_s, now_s() + time_limit_s / 3);
    if (best->worst > bound * (1 + 1e-9) && !is_over(b) && number(b))
        keep(b, best);
    for (unsigned by_size = 0; by_size < 2 && best->worst > bound * (1 + 1e-9); by_size++)
        if (!is_over(b) && colour(b, by_size))
            keep(b, best);
    go_back(b);
    b->until_s = until_s;
}

static bool balance_init(struct balance *b, const struct csin_fabric *fabric,
                         struct csin_routes *routes, const struct csin_offered *offered,
                         const struct csin_balance_options *options)
{
    *b = (struct balance){.f = fabric, .o = offered, .routes = routes, .keep = options->keep};
    b->rng = csin_rng_init(options->seed, 0);
    b->until_s = now_s() + options->time_limit_s;
    b->stop = options->stop;
    b->stop_arg = options->stop_arg;
    if (!make_entries(b) || !make_hops(b) || !make_rows(b))
        return false;
    b->order = malloc((b->n_entries + b->n_hops + (size_t)1) * sizeof *b->order);
    for (uint32_t e = 0; b->order && e < b->n_entries + b->n_hops; e++)
        b->order[e] = e;
    return b->order;
}

static enum csin_status find_cut(const struct balance *b, struct csin_diag *diag,
                                 struct csin_edge_cut *ret)
{
    struct csin_demand *demands = malloc((b->n_demands + (size_t)1) * sizeof *demands);
    if (!demands)
        return csin_no_memory(diag);
    for (uint32_t e = 0; e < b->n_entries; e++)
        for (uint32_t i = b->entries[e].first; i < b->entries[e].first + b->entries[e].n; i++)
            demands[i] = (struct csin_demand){b->entries[e].sw, b->entries[e].nic,
                                              b->demands[i].phase, b->demands[i].rate_Bps};
    enum csin_status status = csin_edge_cut_find(b->f, b->o, demands, b->n_demands, diag, ret);
    free(demands);
    return status;
}

/* A better bound than the cut, where that is not reached. */
static enum csin_status find_bound(struct balance *b, const struct score *best,
                                   const struct csin_balance_options *options,
                                   struct csin_diag *diag, struct csin_balance *got)
{
    if (best->worst <= got->bound * (1 + 1e-9) || got->is_relaxed)
        return CSIN_OK;
    double left_s = fmin(RELAX * options->time_limit_s, b->until_s - now_s());
    struct csin_relax_options how = {.at_least = got->cut.divided,
                                     .time_limit_s = fmax(left_s, 1e-3),
                                     .stop = options->stop,
                                     .stop_arg = options->stop_arg};
    enum csin_status status = csin_relax(b->f, b->routes, b->o, &how, diag, &got->relaxed);
    got->is_relaxed = status == CSIN_OK;
    if (got->is_relaxed)
        got->bound = fmax(got->bound, got->relaxed.bound);
    return status;
}

/* Few changes: false where the aim is not reached with them. */
static bool search_stably(struct balance *b, struct score *best, double bound, double aim)
{
    uint32_t row;
    double mean_square;
    weigh(b, &row, &mean_square);
    b->stick = STICK;
    double threshold = aim * (1 - STEP);
    place_forced(b, threshold);
    mend(b, aim, threshold);
    mend_by_chains(b, aim);
    keep(b, best);
    if (best->worst > aim * (1 + 1e-9))
        search(b, best, aim, false);
    b->stick = 0;
    bool is_near = best->worst <= NEAR * bound && (bound > 1 || best->worst <= CSIN_BALANCE_FULL);
    return best->worst <= aim * (1 + 1e-9) || is_near || is_over(b);
}

static enum csin_status balance(struct balance *b, const struct csin_balance_options *options,
                                struct csin_diag *diag, struct csin_balance *got)
{
    struct score best = {HUGE_VAL, HUGE_VAL};
    enum csin_status status = find_cut(b, diag, &got->cut);
    got->bound = got->cut.bound;
    keep(b, &best);
    got->given = best.worst;
    if (status == CSIN_OK && options->stable)
        status = find_bound(b, &best, options, diag, got);
    double aim = options->stable ? csin_balance_aim(got->bound) : got->bound;
    if (status != CSIN_OK || (options->stable && search_stably(b, &best, got->bound, aim)))
        goto done;
    start(b, &best, got->bound, options->time_limit_s);
    status = find_bound(b, &best, options, diag, got);
    search(b, &best, fmax(aim, got->bound), true);
done:
    if (options->stable)
        settle(b, fmax(best.worst, aim));
    return status;
}

static void fill(struct balance *b, struct csin_balance *got)
{
    uint32_t row;
    got->n_entries = b->n_entries + b->n_hops;
    got->n_changed = count_changes(b);
    for (uint32_t e = 0; e < got->n_entries; e++) {
        set_arc(b, &b->entries[e], b->entries[e].best);
        got->n_forced += b->entries[e].forced;
    }
    reload(b);
    got->worst = weigh(b, &row, &got->mean_square);
    got->worst_arc = row == CSIN_NONE ? CSIN_NONE : b->arc_of[row];
    for (row = 0; row < b->n_rows && b->n_owners > 0; row++)
        got->load[b->arc_of[row]] = b->worst[(size_t)row * b->n_owners] +
                                    b->others[(size_t)row * b->n_owners];
}

enum csin_status csin_balance_tables(const struct csin_fabric *fabric, struct csin_routes *routes,
                                     const struct csin_offered *offered,
                                     const struct csin_balance_options *options,
                                     struct csin_diag *diag, struct csin_balance *ret)
{
    struct balance b;
    struct csin_balance got = {.worst_arc = CSIN_NONE, .cut = {.sw = CSIN_NONE, .zone = CSIN_NONE}};
    got.load = calloc(fabric->n_arcs + (size_t)1, sizeof *got.load);
    bool ok = balance_init(&b, fabric, routes, offered, options) && got.load;
    enum csin_status status = ok ? balance(&b, options, diag, &got) : csin_no_memory(diag);
    if (status == CSIN_OK)
        fill(&b, &got);
    balance_finish(&b);
    if (status == CSIN_OK)
        *ret = got;
    else
        csin_balance_finish(&got);
    return status;
}

void csin_balance_finish(struct csin_balance *balance)
{
    csin_relaxed_finish(&balance->relaxed);
    free(balance->load);
    balance->load = NULL;
}
