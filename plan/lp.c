/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/lp.h"

#include <assert.h>
#include <limits.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <glpk.h>

#include "base/arena.h"

#define SLICE_S 0.2 /* the simplex cannot be interrupted, but it goes on from where it was */

/* A row or a column. */
struct line {
    double lower, upper, cost;
    double value, dual;
    int status; /* in the basis; 0: not known yet */
    bool integer;
};

struct lines {
    struct line *items;
    size_t room;
    uint32_t n;
};

struct csin_lp {
    struct lines rows, columns;
    int *entry_row, *entry_column; /* [n_entries + 1] from 1, as GLPK counts; so are the indices */
    double *entry_value;
    size_t row_room, column_room, value_room;
    uint32_t n_entries, n_integers;
    bool failed;
};

/* ---- the model ---- */

struct csin_lp *csin_lp_create(void)
{
    return calloc(1, sizeof(struct csin_lp));
}

void csin_lp_destroy(struct csin_lp *lp)
{
    if (!lp)
        return;
    free(lp->rows.items);
    free(lp->columns.items);
    free(lp->entry_row);
    free(lp->entry_column);
    free(lp->entry_value);
    free(lp);
}

static uint32_t add(struct csin_lp *lp, struct lines *lines, struct line line)
{
    if (lp->failed || lines->n >= CSIN_LP_MAX_SIZE ||
        !csin_grow(&lines->items, &lines->room, lines->n + 1u, sizeof *lines->items)) {
        lp->failed = true;
        return 0;
    }
    lines->items[lines->n] = line;
    return lines->n++;
}

uint32_t csin_lp_column(struct csin_lp *lp, double lower, double upper, double cost)
{
    return add(lp, &lp->columns, (struct line){.lower = lower, .upper = upper, .cost = cost});
}

uint32_t csin_lp_integer(struct csin_lp *lp, double lower, double upper, double cost)
{
    struct line line = {.lower = lower, .upper = upper, .cost = cost, .integer = true};
    lp->n_integers++;
    return add(lp, &lp->columns, line);
}

uint32_t csin_lp_row(struct csin_lp *lp, double lower, double upper)
{
    return add(lp, &lp->rows, (struct line){.lower = lower, .upper = upper});
}

void csin_lp_entry(struct csin_lp *lp, uint32_t row, uint32_t column, double value)
{
    size_t n = lp->n_entries + 2u;
    if (lp->failed || lp->n_entries >= CSIN_LP_MAX_ENTRIES ||
        !csin_grow(&lp->entry_row, &lp->row_room, n, sizeof *lp->entry_row) ||
        !csin_grow(&lp->entry_column, &lp->column_room, n, sizeof *lp->entry_column) ||
        !csin_grow(&lp->entry_value, &lp->value_room, n, sizeof *lp->entry_value)) {
        lp->failed = true;
        return;
    }
    assert(row < lp->rows.n && column < lp->columns.n);
    lp->n_entries++;
    lp->entry_row[lp->n_entries] = (int)row + 1;
    lp->entry_column[lp->n_entries] = (int)column + 1;
    lp->entry_value[lp->n_entries] = value;
}

static struct line *line_at(const struct lines *lines, uint32_t i)
{
    assert(i < lines->n);
    return &lines->items[i];
}

void csin_lp_set_cost(struct csin_lp *lp, uint32_t column, double cost)
{
    if (!lp->failed)
        line_at(&lp->columns, column)->cost = cost;
}

static int limits_of(const struct line *line)
{
    bool low = line->lower > -HUGE_VAL, high = line->upper < HUGE_VAL;
    if (low && high)
        return line->lower < line->upper ? GLP_DB : GLP_FX;
    return low ? GLP_LO : high ? GLP_UP : GLP_FR;
}

/* Where a line stands that is not in the basis. */
static int at_a_limit(const struct line *line)
{
    switch (limits_of(line)) {
    case GLP_FX:
        return GLP_NS;
    case GLP_FR:
        return GLP_NF;
    case GLP_UP:
        return GLP_NU;
    default:
        return GLP_NL;
    }
}

static void set_limits(const struct csin_lp *lp, const struct lines *lines, uint32_t i,
                       double lower, double upper)
{
    if (lp->failed)
        return;
    struct line *line = line_at(lines, i);
    line->lower = lower;
    line->upper = upper;
    if (line->status && line->status != GLP_BS)
        line->status = at_a_limit(line); /* it may have stood at a limit that is no more */
}

void csin_lp_set_column(struct csin_lp *lp, uint32_t column, double lower, double upper)
{
    set_limits(lp, &lp->columns, column, lower, upper);
}

void csin_lp_set_row(struct csin_lp *lp, uint32_t row, double lower, double upper)
{
    set_limits(lp, &lp->rows, row, lower, upper);
}

double csin_lp_value(const struct csin_lp *lp, uint32_t column)
{
    return line_at(&lp->columns, column)->value;
}

double csin_lp_sum(const struct csin_lp *lp, uint32_t row)
{
    return line_at(&lp->rows, row)->value;
}

double csin_lp_dual(const struct csin_lp *lp, uint32_t row)
{
    return line_at(&lp->rows, row)->dual;
}

double csin_lp_reduced_cost(const struct csin_lp *lp, uint32_t column)
{
    return line_at(&lp->columns, column)->dual;
}

uint32_t csin_lp_n_columns(const struct csin_lp *lp)
{
    return lp->columns.n;
}

uint32_t csin_lp_n_rows(const struct csin_lp *lp)
{
    return lp->rows.n;
}

/* ---- one solve ---- */

struct solve {
    struct csin_lp *lp;
    const struct csin_lp_options *options;
    struct csin_lp_result result;
    glp_prob *problem;
    double *start;  /* options->start, from 1; NULL */
    double until_s; /* HUGE_VAL: no limit */
    bool stopped, started;
    jmp_buf failed;
    char said[200]; /* by GLPK, last */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Whether the time is up, or somebody wants an end. Stays so. */
static bool is_over(struct solve *s)
{
    const struct csin_lp_options *o = s->options;
    s->stopped = s->stopped || now_s() >= s->until_s || (o->stop && o->stop(o->stop_arg));
    return s->stopped;
}

/* GLPK turns its output on for errors, whatever was asked for. */
static int swallow(void *arg, const char *text)
{
    struct solve *s = arg;
    if (strncmp(text, "Error detected", strlen("Error detected")) != 0 && text[0] != '\n')
        snprintf(s->said, sizeof s->said, "%.*s", (int)strcspn(text, "\n"), text);
    return 1;
}

static void give_up(void *arg)
{
    struct solve *s = arg;
    longjmp(s->failed, 1);
}

static void load_lines(struct solve *s)
{
    struct csin_lp *lp = s->lp;
    glp_prob *p = s->problem;
    if (lp->rows.n)
        glp_add_rows(p, (int)lp->rows.n);
    if (lp->columns.n)
        glp_add_cols(p, (int)lp->columns.n);
    for (uint32_t r = 0; r < lp->rows.n; r++) {
        const struct line *line = &lp->rows.items[r];
        glp_set_row_bnds(p, (int)r + 1, limits_of(line), line->lower, line->upper);
        glp_set_row_stat(p, (int)r + 1, line->status ? line->status : GLP_BS);
    }
    for (uint32_t c = 0; c < lp->columns.n; c++) {
        const struct line *line = &lp->columns.items[c];
        glp_set_obj_coef(p, (int)c + 1, line->cost);
        glp_set_col_bnds(p, (int)c + 1, limits_of(line), line->lower, line->upper);
        glp_set_col_stat(p, (int)c + 1, line->status ? line->status : at_a_limit(line));
        if (line->integer && !s->options->relaxed)
            glp_set_col_kind(p, (int)c + 1, GLP_IV);
    }
}

static void load(struct solve *s)
{
    struct csin_lp *lp = s->lp;
    s->problem = glp_create_prob();
    glp_set_obj_dir(s->problem, GLP_MIN);
    load_lines(s);
    if (lp->n_entries)
        glp_load_matrix(s->problem, (int)lp->n_entries, lp->entry_row, lp->entry_column,
                        lp->entry_value);
    glp_scale_prob(s->problem, GLP_SF_AUTO);
}

static int to_ms(double s)
{
    return s >= INT_MAX / 1000 ? INT_MAX : s > 0 ? (int)ceil(s * 1000) : 0;
}

/* The simplex in slices, each from the basis of the one before. Returns GLPK's code. */
static int relax(struct solve *s)
{
    glp_smcp how;
    bool warm = s->lp->columns.n && s->lp->columns.items[0].status;
    int code;
    double slice_s = SLICE_S;
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    /* After new columns the basis is still primal feasible. */
    how.meth = warm ? GLP_PRIMAL : GLP_DUALP;
    do {
        double left_s = s->until_s - now_s();
        how.tm_lim = to_ms(fmin(slice_s, left_s));
        code = glp_simplex(s->problem, &how);
        if (code == GLP_EBADB || code == GLP_ESING || code == GLP_ECOND || code == GLP_EFAIL) {
            glp_std_basis(s->problem);
            how.meth = GLP_PRIMAL;
            code = glp_simplex(s->problem, &how);
        }
        slice_s *= 1.2; /* starting again is not free */
    } while (code == GLP_ETMLIM && !is_over(s));
    return code;
}

static void keep_relaxation(struct solve *s)
{
    struct csin_lp *lp = s->lp;
    for (uint32_t r = 0; r < lp->rows.n; r++) {
        struct line *line = &lp->rows.items[r];
        line->value = glp_get_row_prim(s->problem, (int)r + 1);
        line->dual = glp_get_row_dual(s->problem, (int)r + 1);
        line->status = glp_get_row_stat(s->problem, (int)r + 1);
    }
    for (uint32_t c = 0; c < lp->columns.n; c++) {
        struct line *line = &lp->columns.items[c];
        line->value = glp_get_col_prim(s->problem, (int)c + 1);
        line->dual = glp_get_col_dual(s->problem, (int)c + 1);
        line->status = glp_get_col_stat(s->problem, (int)c + 1);
    }
}

/* Without integers. False where GLPK failed. */
static bool solve_relaxation(struct solve *s)
{
    struct csin_lp_result *result = &s->result;
    int code = relax(s);
    if (code == GLP_EBOUND) { /* lower > upper somewhere */
        result->answer = CSIN_LP_INFEASIBLE;
        return true;
    }
    if (code != 0 && code != GLP_ETMLIM) {
        snprintf(s->said, sizeof s->said, "the simplex ended with code %d", code);
        return false;
    }
    keep_relaxation(s);
    switch (glp_get_status(s->problem)) {
    case GLP_OPT:
        result->answer = CSIN_LP_OPTIMAL;
        result->objective = result->bound = glp_get_obj_val(s->problem);
        return true;
    case GLP_NOFEAS:
    case GLP_INFEAS:
        result->answer = code == 0 ? CSIN_LP_INFEASIBLE : CSIN_LP_NO_ANSWER;
        return true;
    case GLP_UNBND:
        result->answer = CSIN_LP_UNBOUNDED;
        return true;
    case GLP_FEAS:
        result->answer = CSIN_LP_FEASIBLE;
        result->objective = glp_get_obj_val(s->problem);
        return true;
    default:
        result->answer = CSIN_LP_NO_ANSWER;
        return true;
    }
}

/* GLPK asks here at every node of the tree, several times. */
static void at_node(glp_tree *tree, void *arg)
{
    struct solve *s = arg;
    int best = glp_ios_best_node(tree);
    if (best)
        s->result.bound = fmax(s->result.bound, glp_ios_node_bound(tree, best));
    if (is_over(s))
        glp_ios_terminate(tree);
    else if (s->start && !s->started && glp_ios_reason(tree) == GLP_IHEUR) {
        s->started = true;
        glp_ios_heur_sol(tree, s->start);
    }
}

static void keep_integers(struct solve *s)
{
    struct csin_lp *lp = s->lp;
    for (uint32_t r = 0; r < lp->rows.n; r++)
        lp->rows.items[r].value = glp_mip_row_val(s->problem, (int)r + 1);
    for (uint32_t c = 0; c < lp->columns.n; c++) {
        double x = glp_mip_col_val(s->problem, (int)c + 1);
        lp->columns.items[c].value = lp->columns.items[c].integer ? round(x) : x;
    }
}

static bool solve_integers(struct solve *s)
{
    glp_iocp how;
    struct csin_lp_result *result = &s->result;
    result->answer = CSIN_LP_NO_ANSWER;
    result->objective = HUGE_VAL;
    glp_init_iocp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.tm_lim = to_ms(s->until_s - now_s());
    how.mip_gap = s->options->gap;
    how.mir_cuts = how.gmi_cuts = how.cov_cuts = GLP_ON;
    how.cb_func = at_node;
    how.cb_info = s;
    int code = glp_intopt(s->problem, &how);
    if (code == GLP_EFAIL || code == GLP_EBOUND || code == GLP_EROOT) {
        snprintf(s->said, sizeof s->said, "branch and cut ended with code %d", code);
        return false;
    }
    switch (glp_mip_status(s->problem)) {
    case GLP_OPT: /* GLPK says so too where a gap was allowed and not used up */
        result->answer = code == 0 ? CSIN_LP_OPTIMAL : CSIN_LP_FEASIBLE;
        break;
    case GLP_FEAS:
        result->answer = CSIN_LP_FEASIBLE;
        break;
    case GLP_NOFEAS:
        result->answer = code == 0 ? CSIN_LP_INFEASIBLE : CSIN_LP_NO_ANSWER;
        return true;
    default:
        return true;
    }
    keep_integers(s);
    result->objective = glp_mip_obj_val(s->problem);
    result->bound = fmin(result->bound, result->objective);
    if (result->answer == CSIN_LP_OPTIMAL)
        result->bound = result->objective;
    return true;
}

static bool solve_all(struct solve *s)
{
    load(s);
    if (!solve_relaxation(s))
        return false;
    if (s->lp->n_integers == 0 || s->options->relaxed)
        return true;
    if (s->result.answer == CSIN_LP_OPTIMAL)
        return solve_integers(s);
    if (s->result.answer == CSIN_LP_FEASIBLE)
        s->result = (struct csin_lp_result){CSIN_LP_NO_ANSWER, HUGE_VAL, -HUGE_VAL};
    return true;
}

static bool copy_start(struct solve *s)
{
    const double *start = s->options->start;
    uint32_t n = s->lp->columns.n;
    if (!start || n == 0)
        return true;
    if (!(s->start = malloc((n + 1u) * sizeof *s->start)))
        return false;
    s->start[0] = 0;
    memcpy(s->start + 1, start, n * sizeof *start);
    return true;
}

static enum csin_status explain(const struct solve *s, struct csin_diag *diag)
{
    struct csin_loc nowhere = {NULL, 0, 0};
    if (strstr(s->said, "memory"))
        return csin_error(diag, CSIN_E_FAILED, 810, nowhere,
                          "a linear program of %u rows, %u columns and %u entries needs more "
                          "memory than it may have",
                          s->lp->rows.n, s->lp->columns.n, s->lp->n_entries);
    return csin_error(diag, CSIN_E_FAILED, 811, nowhere, "GLPK gave up a linear program: %s",
                      s->said[0] ? s->said : "it does not say why");
}

enum csin_status csin_lp_solve(struct csin_lp *lp, const struct csin_lp_options *options,
                               struct csin_diag *diag, struct csin_lp_result *ret_result)
{
    static const struct csin_lp_options defaults;
    if (lp->failed)
        return csin_no_memory(diag);
    /* On the heap: longjmp leaves it as it is. */
    struct solve *s = calloc(1, sizeof *s);
    if (!s)
        return csin_no_memory(diag);
    s->lp = lp;
    s->options = options ? options : &defaults;
    s->result = (struct csin_lp_result){CSIN_LP_NO_ANSWER, HUGE_VAL, -HUGE_VAL};
    s->until_s = s->options->time_limit_s > 0 ? now_s() + s->options->time_limit_s : HUGE_VAL;
    size_t memory = s->options->memory_bytes ? s->options->memory_bytes : CSIN_LP_MEMORY;
    if (!copy_start(s)) {
        free(s);
        return csin_no_memory(diag);
    }
    enum csin_status status = CSIN_OK;
    glp_free_env(); /* what others left */
    if (setjmp(s->failed) != 0)
        status = explain(s, diag);
    else {
        glp_term_hook(swallow, s);
        glp_error_hook(give_up, s);
        glp_mem_limit((int)(memory >> 20 > INT_MAX ? INT_MAX : (memory >> 20) + 1));
        glp_term_out(GLP_OFF);
        if (!solve_all(s))
            status = explain(s, diag);
    }
    glp_free_env(); /* with all that belongs to it, in whatever state it is */
    if (status == CSIN_OK)
        *ret_result = s->result;
    free(s->start);
    free(s);
    return status;
}
