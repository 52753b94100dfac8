/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Linear programs, with integers where asked, solved by GLPK, of which nothing is seen outside
 * plan/lp.c:
 *
 *     minimise    sum of cost[c] x[c]
 *     subject to  lower[r] <= sum of value[r][c] x[c] <= upper[r],  lower[c] <= x[c] <= upper[c],
 *                 x[c] an integer for some c
 *
 *     struct csin_lp *lp = csin_lp_create();
 *     uint32_t x = csin_lp_integer(lp, 0, 3, -1), row = csin_lp_row(lp, -HUGE_VAL, 5);
 *     csin_lp_entry(lp, row, x, 2);
 *     csin_lp_solve(lp, &(struct csin_lp_options){.time_limit_s = 1}, diag, &result);
 *     csin_lp_value(lp, x);
 *     csin_lp_destroy(lp);
 *
 * The model is kept here, and each solve has GLPK in an environment of its own that is freed behind
 * it. So what GLPK takes for an error (no memory, a singular basis, a mistake in the model) ends
 * the solve and not the process, and it does not matter what others (igraph) do to GLPK's hooks
 * between solves. Not to be called from inside one of GLPK's callbacks. GLPK keeps its environment
 * per thread: so may callers. */
#ifndef CSIN_PLAN_LP_H
#define CSIN_PLAN_LP_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"

#define CSIN_LP_MAX_SIZE (1u << 24) /* rows; columns */
#define CSIN_LP_MAX_ENTRIES (1u << 26)

struct csin_lp;

enum csin_lp_answer {
    CSIN_LP_OPTIMAL,
    CSIN_LP_FEASIBLE, /* the best so far when the time was up or `stop` said so */
    CSIN_LP_INFEASIBLE,
    CSIN_LP_UNBOUNDED,
    CSIN_LP_NO_ANSWER, /* neither a solution nor a proof that there is none in the time */
};

struct csin_lp_options {
    double time_limit_s;     /* 0: none */
    double gap;              /* integers: good enough at this relative gap; 0: until proved */
    bool (*stop)(void *arg); /* asked several times a second; NULL: never */
    void *stop_arg;
    size_t memory_bytes; /* that GLPK may take; 0: CSIN_LP_MEMORY */
    const double *start; /* [columns] integers: a solution to begin with; NULL: none */
    bool relaxed;        /* as if no column were an integer */
};
#define CSIN_LP_MEMORY ((size_t)1 << 30)

struct csin_lp_result {
    enum csin_lp_answer answer;
    double objective; /* HUGE_VAL without a solution */
    double bound;     /* no solution costs less; -HUGE_VAL: none known */
};

/* NULL without memory. */
struct csin_lp *csin_lp_create(void);
void csin_lp_destroy(struct csin_lp *lp);

/* Building returns what it added, counted from 0. -HUGE_VAL, HUGE_VAL: no limit. Adding never fails
 * on the spot: the first failure sticks and csin_lp_solve reports it. An entry may be given once. A
 * program may be added to, and solved again: the simplex then goes on from the basis it had. */
uint32_t csin_lp_column(struct csin_lp *lp, double lower, double upper, double cost);
uint32_t csin_lp_integer(struct csin_lp *lp, double lower, double upper, double cost);
uint32_t csin_lp_row(struct csin_lp *lp, double lower, double upper);
void csin_lp_entry(struct csin_lp *lp, uint32_t row, uint32_t column, double value);
/* Changes of what is there. */
void csin_lp_set_cost(struct csin_lp *lp, uint32_t column, double cost);
void csin_lp_set_column(struct csin_lp *lp, uint32_t column, double lower, double upper);
void csin_lp_set_row(struct csin_lp *lp, uint32_t row, double lower, double upper);

/* Simplex, and branch and cut where there are integers. CSIN_OK says only that *ret_result is set:
 * look at the answer. CSIN_E_FAILED: there is no memory (CSIN-810: more than options->memory_bytes)
 * or GLPK gives up (CSIN-811, with its words). A time limit is kept to within the time of a single
 * step, which is one relaxation where there are integers. Nothing is printed. */
enum csin_status csin_lp_solve(struct csin_lp *lp, const struct csin_lp_options *options,
                               struct csin_diag *diag, struct csin_lp_result *ret_result);

/* Of the solution found last: of a column, and of a row the sum. */
double csin_lp_value(const struct csin_lp *lp, uint32_t column);
double csin_lp_sum(const struct csin_lp *lp, uint32_t row);
/* By how much the optimum grows with the limit that holds the row; and what a column costs beyond
 * the prices of its rows. Of the program without integers. They prove its bound: no solution costs
 * less than the sum over the rows of dual x limit plus that over the columns of reduced cost x
 * limit. */
double csin_lp_dual(const struct csin_lp *lp, uint32_t row);
double csin_lp_reduced_cost(const struct csin_lp *lp, uint32_t column);

uint32_t csin_lp_n_columns(const struct csin_lp *lp);
uint32_t csin_lp_n_rows(const struct csin_lp *lp);

#endif
