/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of plan/balance.h share:
 *
 *     balance.c          the whole, and the bound
 *     balance_load.c     entries, switches on the way, loads
 *     balance_search.c   the local search
 *     balance_start.c    tables to begin it with
 *     balance_stable.c   few changes
 *
 * A variable is an entry (switch where hosts are, destination NIC) that some traffic uses; its
 * value is one of the arcs that lead nearer. Its demand is a list of (phase, rate). Loads are kept
 * for each arc between switches ("row") and phase. */
#ifndef CSIN_PLAN_BALANCE_INSIDE_H
#define CSIN_PLAN_BALANCE_INSIDE_H

#include "base/rng.h"
#include "plan/balance.h"

#define STEP 0.05 /* of the bound */

struct balance_demand {
    uint32_t phase;
    double rate_Bps;
};

struct balance_entry {
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
    struct balance_entry *entries;
    struct balance_demand *demands;
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

struct balance_score {
    double worst, mean_square;
};

double balance_now_s(void);
bool balance_is_over(const struct balance *b);

/* False without memory; balance_finish is safe then. In this order. */
bool balance_make_entries(struct balance *b);
bool balance_make_hops(struct balance *b);
bool balance_make_rows(struct balance *b);
void balance_finish(struct balance *b);

/* The rows from the switch of `e` to its destination, where it sends by `arc`; after the first arc
 * the tables decide. rows: [CSIN_PATH_MAX]. */
uint32_t balance_rows(const struct balance *b, const struct balance_entry *e, uint32_t arc,
                      uint32_t *rows);
/* Adds the demand of the entry to the loads on its way, or takes it off. */
void balance_add(struct balance *b, const struct balance_entry *e, double sign);
/* The tables follow at once, as entries of other switches may lead through this one; what that
 * changes of their loads is seen when the sweep is over. */
void balance_set(struct balance *b, struct balance_entry *e, uint32_t arc);
/* Loads from nothing, so that rounding does not pile up. */
void balance_reload(struct balance *b);
/* What each owner can put on a row, and the others. Returns L(a). */
double balance_weigh_row(struct balance *b, uint32_t row);
void balance_weigh_rows(struct balance *b, const struct balance_entry *e, uint32_t arc);
/* All rows. Returns the worst L(a). */
double balance_weigh(struct balance *b, uint32_t *ret_row, double *ret_mean_square);

/* What the cost of all loads grows by when the entry's demand goes over `arc`. */
double balance_cost(const struct balance *b, const struct balance_entry *e, uint32_t arc,
                    double threshold);
/* What it costs besides that the entry is not what it was. */
double balance_stick(const struct balance *b, const struct balance_entry *e, uint32_t arc);
/* Whether the entry has part in a load over the threshold. */
bool balance_is_guilty(const struct balance *b, const struct balance_entry *e, double threshold);
/* Moves one entry to where it costs least. */
void balance_improve(struct balance *b, struct balance_entry *e, double threshold);
/* Weighs what there is; keeps it where it is the best so far. */
void balance_keep(struct balance *b, struct balance_score *best);
/* To the best so far. */
void balance_go_back(struct balance *b);
/* One sweep over all entries, if asked for, evens out everything; then those that have part in a
 * load over the threshold move, which is kept a step below the worst load. */
void balance_search(struct balance *b, struct balance_score *best, double bound, bool all);

/* Tables to begin the search with, in at most a third of the time; the best are kept. */
void balance_start(struct balance *b, struct balance_score *best, double bound,
                   double time_limit_s);

/* Few changes: false where the aim is not reached with them. */
bool balance_search_stably(struct balance *b, struct balance_score *best, double bound, double aim);
/* Takes back what is not needed for a worst load of `worst`. */
void balance_settle(struct balance *b, double worst);
/* Entries whose best differs from what was given, or from the tables to keep. */
uint32_t balance_count_changes(const struct balance *b);

#endif
