/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "plan/balance_inside.h"

#define MAX_CHAIN 64u
#define STICK 1e-3 /* cost of a change, where few are wanted */
#define NEAR 1.25  /* times the bound: not worth tables that are made anew */

static bool exceeds(struct balance *b, const struct balance_entry *e, double worst)
{
    uint32_t rows[CSIN_PATH_MAX], n = balance_rows(b, e, e->arc, rows);
    for (uint32_t r = 0; r < n; r++)
        if (balance_weigh_row(b, rows[r]) > worst)
            return true;
    return false;
}

/* Moves an entry, its demand with it; the rows it leaves and comes to are weighed. */
static void move(struct balance *b, struct balance_entry *e, uint32_t arc)
{
    uint32_t before = e->arc;
    balance_add(b, e, -1);
    balance_set(b, e, arc);
    balance_add(b, e, 1);
    balance_weigh_rows(b, e, before);
    balance_weigh_rows(b, e, arc);
}

/* The arc that takes most off the cost, and how much: 0 is none. */
static double best_move(struct balance *b, struct balance_entry *e, double threshold,
                        uint32_t *ret_arc)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    uint32_t before = e->arc;
    double best = 0;
    if (n < 2)
        return 0;
    balance_add(b, e, -1);
    balance_weigh_rows(b, e, before);
    double now = balance_cost(b, e, before, threshold) + balance_stick(b, e, before);
    for (uint32_t i = 0; i < n; i++) {
        double gain = arcs[i] == before ? 0
                                        : balance_cost(b, e, arcs[i], threshold) +
                                              balance_stick(b, e, arcs[i]) - now;
        if (gain < best - 1e-12) {
            best = gain;
            *ret_arc = arcs[i];
        }
    }
    balance_add(b, e, 1);
    balance_weigh_rows(b, e, before);
    return best;
}

/* Entries that change anyhow go where they cost least. */
static void place_forced(struct balance *b, double aim)
{
    for (unsigned pass = 0; pass < 3; pass++)
        for (uint32_t i = 0; i < b->n_entries && !balance_is_over(b); i++) {
            uint32_t arc;
            if (b->entries[i].forced && best_move(b, &b->entries[i], aim, &arc) < 0)
                move(b, &b->entries[i], arc);
        }
}

/* One entry after the other, always the one that takes most off what is above the aim. */
static void mend(struct balance *b, double aim, double threshold)
{
    for (bool moved = true; moved && !balance_is_over(b);) {
        uint32_t best = CSIN_NONE, arc = CSIN_NONE, to;
        double most = 0;
        for (uint32_t i = 0; i < b->n_entries && (i % 256 || !balance_is_over(b)); i++) {
            struct balance_entry *e = &b->entries[i];
            if (!balance_is_guilty(b, e, aim * (1 + 1e-9)))
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
static uint32_t arc_to(const struct balance *b, const struct balance_entry *e, uint32_t spine)
{
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(b->routes, e->sw, e->nic, arcs);
    for (uint32_t i = 0; i < n; i++)
        if (csin_arc_head(b->f, arcs[i]) == spine)
            return arcs[i];
    return CSIN_NONE;
}

static bool is_on_row(const struct balance *b, const struct balance_entry *e, uint32_t row)
{
    uint32_t rows[CSIN_PATH_MAX], n = balance_rows(b, e, e->arc, rows);
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
        struct balance_entry *e = &b->entries[i];
        uint32_t arc = is_on_row(b, e, row) ? arc_to(b, e, spine) : CSIN_NONE, before = e->arc;
        if (arc == CSIN_NONE || arc == before || is_in_chain(chain, i))
            continue;
        balance_add(b, e, -1);
        balance_weigh_rows(b, e, before);
        double c = balance_cost(b, e, arc, threshold) - balance_cost(b, e, before, threshold) +
                   balance_stick(b, e, arc) - balance_stick(b, e, before);
        balance_add(b, e, 1);
        balance_weigh_rows(b, e, before);
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
        const struct balance_entry *e = &b->entries[chain->entry[at]];
        uint32_t rows[CSIN_PATH_MAX], n = balance_rows(b, e, e->arc, rows), to;
        uint32_t other = csin_arc_head(b->f, e->arc) == came ? left : came;
        for (uint32_t r = 0; r < n; r++)
            while (balance_weigh_row(b, rows[r]) > aim * (1 + 1e-9)) {
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
        const struct balance_entry *e = &b->entries[chain->entry[i]];
        n += !e->forced && e->arc != e->given;
    }
    return n;
}

/* The chain that changes fewest entries, over all spines that an entry could go to. */
static bool mend_by_chain(struct balance *b, uint32_t entry, double aim)
{
    uint32_t arcs[CSIN_MAX_PORTS];
    const struct balance_entry *e = &b->entries[entry];
    uint32_t n = csin_routes_choices(b->routes, e->sw, e->nic, arcs), best = CSIN_NONE;
    uint32_t fewest = UINT32_MAX;
    struct chain chain;
    for (uint32_t i = 0; i < n && !balance_is_over(b); i++) {
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
        for (uint32_t i = 0; i < b->n_entries && (i % 64 || !balance_is_over(b)); i++)
            if (b->entries[i].forced == forced &&
                balance_is_guilty(b, &b->entries[i], aim * (1 + 1e-9)))
                mend_by_chain(b, i, aim);
}

uint32_t balance_count_changes(const struct balance *b)
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
        struct balance_entry *e = &b->entries[i];
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
    for (uint32_t i = b->n_entries; i < b->n_entries + b->n_hops && !balance_is_over(b); i++) {
        struct balance_entry *e = &b->entries[i];
        uint32_t now = e->arc;
        if (now == e->given || e->forced)
            continue;
        balance_set(b, e, e->given);
        balance_reload(b);
        if (balance_weigh(b, &row, &mean_square) > worst * (1 + 1e-10))
            balance_set(b, e, now);
    }
    balance_reload(b);
}

void balance_settle(struct balance *b, double worst)
{
    uint32_t row;
    double mean_square;
    balance_go_back(b);
    balance_weigh(b, &row, &mean_square);
    if (b->n_hops > 0)
        settle_hops(b, worst);
    while (settle_once(b, worst) && !balance_is_over(b))
        ;
    /* Entries that lead through one another may have met elsewhere. */
    balance_reload(b);
    if (balance_weigh(b, &row, &mean_square) <= worst * (1 + 1e-9))
        for (uint32_t e = 0; e < b->n_entries + b->n_hops; e++)
            b->entries[e].best = b->entries[e].arc;
}

/* Few changes: false where the aim is not reached with them. */
bool balance_search_stably(struct balance *b, struct balance_score *best, double bound, double aim)
{
    uint32_t row;
    double mean_square;
    balance_weigh(b, &row, &mean_square);
    b->stick = STICK;
    double threshold = aim * (1 - STEP);
    place_forced(b, threshold);
    mend(b, aim, threshold);
    mend_by_chains(b, aim);
    balance_keep(b, best);
    if (best->worst > aim * (1 + 1e-9))
        balance_search(b, best, aim, false);
    b->stick = 0;
    bool is_near = best->worst <= NEAR * bound && (bound > 1 || best->worst <= CSIN_BALANCE_FULL);
    return best->worst <= aim * (1 + 1e-9) || is_near || balance_is_over(b);
}
