/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "plan/balance_inside.h"

double balance_now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool balance_is_over(const struct balance *b)
{
    return balance_now_s() >= b->until_s || (b->stop && b->stop(b->stop_arg));
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
static struct balance_entry read_entry(const struct balance *b, uint32_t sw, uint32_t nic)
{
    const uint32_t *ports = b->f->port_arc + b->f->switches[sw].first_port;
    struct balance_entry e = {.sw = sw, .nic = nic};
    e.arc = e.given = e.best = ports[csin_routes_port(b->routes, sw, nic, 0)];
    uint32_t kept = b->keep ? csin_routes_entry(b->keep, sw, nic) : CSIN_NONE;
    e.forced = b->keep && (kept == CSIN_NONE || ports[kept] != e.arc);
    return e;
}

bool balance_make_entries(struct balance *b)
{
    uint32_t n;
    struct use *uses = list_uses(b, &n);
    b->entries = malloc((n + (size_t)1) * sizeof *b->entries);
    b->demands = malloc((n + (size_t)1) * sizeof *b->demands);
    bool ok = uses && b->entries && b->demands;
    for (uint32_t i = 0; ok && i < n; i++) {
        struct balance_entry *last = b->n_entries ? &b->entries[b->n_entries - 1] : NULL;
        if (!last || last->sw != uses[i].sw || last->nic != uses[i].nic) {
            last = &b->entries[b->n_entries++];
            *last = read_entry(b, uses[i].sw, uses[i].nic);
            last->first = b->n_demands;
        }
        if (last->n && b->demands[b->n_demands - 1].phase == uses[i].phase) {
            b->demands[b->n_demands - 1].rate_Bps += uses[i].rate_Bps;
        } else {
            b->demands[b->n_demands++] = (struct balance_demand){uses[i].phase, uses[i].rate_Bps};
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

bool balance_make_hops(struct balance *b)
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

bool balance_make_rows(struct balance *b)
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

void balance_finish(struct balance *b)
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
uint32_t balance_rows(const struct balance *b, const struct balance_entry *e, uint32_t arc,
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

void balance_add(struct balance *b, const struct balance_entry *e, double sign)
{
    uint32_t rows[CSIN_PATH_MAX], n = balance_rows(b, e, e->arc, rows);
    for (uint32_t r = 0; r < n; r++) {
        double *load = b->load + (size_t)rows[r] * b->o->n_phases;
        double capacity_Bps = b->f->arc_capacity_Bps[b->arc_of[rows[r]]];
        for (uint32_t i = e->first; i < e->first + e->n; i++)
            load[b->demands[i].phase] += sign * b->demands[i].rate_Bps / capacity_Bps;
    }
}

/* The tables follow at once, as entries of other switches may lead through this one; what that
 * changes of their loads is seen when the sweep is over. */
void balance_set(struct balance *b, struct balance_entry *e, uint32_t arc)
{
    if (arc != e->arc)
        csin_routes_set(b->routes, e->sw, e->nic, arc);
    e->arc = arc;
}

/* Loads from nothing, so that rounding does not pile up. */
void balance_reload(struct balance *b)
{
    memset(b->load, 0, (size_t)b->n_rows * b->o->n_phases * sizeof *b->load);
    for (uint32_t e = 0; e < b->n_entries; e++)
        balance_add(b, &b->entries[e], 1);
}

/* What each owner can put on a row, and the others. Returns L(a). */
double balance_weigh_row(struct balance *b, uint32_t row)
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
double balance_weigh(struct balance *b, uint32_t *ret_row, double *ret_mean_square)
{
    double most = 0, squares = 0;
    uint32_t used = 0;
    *ret_row = CSIN_NONE;
    for (uint32_t row = 0; row < b->n_rows; row++) {
        double sum = balance_weigh_row(b, row);
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
