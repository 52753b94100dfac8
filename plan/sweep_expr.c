/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Recursive descent; what binds least stands on top:
 *
 *     or     = and { "or" and }
 *     and    = not { "and" not }
 *     not    = "not" not | compare
 *     compare = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
 *     sum    = product { ( "+" | "-" ) product }
 *     product = atom { ( "*" | "/" | "%" ) atom }
 *     atom   = number | name | 'text' | "(" or ")" */
#include "plan/sweep_expr.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 48, LENGTH_MAX = 1000 };

enum op {
    NUMBER,
    TEXT,
    AXIS,
    OR,
    AND,
    NOT,
    LESS,
    LESS_EQUAL,
    MORE,
    MORE_EQUAL,
    EQUAL,
    UNEQUAL,
    ADD,
    SUBTRACT,
    MULTIPLY,
    DIVIDE,
    REMAINDER
};

struct csin_expr {
    enum op op;
    struct csin_number number;
    const char *text;
    uint32_t axis;
    const struct csin_expr *a, *b;
};

struct parser {
    const struct csin_text *text;
    const struct csin_expr_names *names;
    struct csin_arena *arena;
    struct csin_diag *diag;
    const char *p;
    unsigned depth;
    bool failed;
};

static const struct csin_expr *complain(struct parser *ps, const char *at, const char *what)
{
    struct csin_loc loc = ps->text->loc;
    loc.col += (uint32_t)(at - ps->text->s);
    if (!ps->failed) {
        csin_error(ps->diag, CSIN_E_INPUT, 886, loc, "%s in the constraint '%s'", what,
                   csin_brief(ps->text->s, SIZE_MAX).s);
        csin_note(ps->diag, loc,
                  "write, for instance, leaves * hosts <= 64, or routing != spray or failed == 0");
    }
    ps->failed = true;
    return NULL;
}

static const struct csin_expr *make(struct parser *ps, struct csin_expr expr)
{
    struct csin_expr *made = csin_arena_alloc(ps->arena, 1, sizeof *made);
    if (!made) {
        csin_no_memory(ps->diag);
        ps->failed = true;
        return NULL;
    }
    *made = expr;
    return made;
}

static const struct csin_expr *join(struct parser *ps, enum op op, const struct csin_expr *a,
                                    const struct csin_expr *b)
{
    return a && b ? make(ps, (struct csin_expr){.op = op, .a = a, .b = b}) : NULL;
}

static void skip(struct parser *ps)
{
    ps->p += strspn(ps->p, " \t\n");
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_part(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static size_t name_length(const char *p)
{
    size_t n = 0;
    while (is_name_part(p[n]))
        n++;
    return n;
}

/* Takes a sign or, if nothing that a name has follows, a word. */
static bool take(struct parser *ps, const char *word)
{
    size_t n = strlen(word);
    skip(ps);
    if (strncmp(ps->p, word, n) != 0 || (is_name_start(*word) && is_name_part(ps->p[n])))
        return false;
    ps->p += n;
    return true;
}

static const struct csin_expr *parse_or(struct parser *ps);

static const struct csin_expr *parse_number(struct parser *ps)
{
    char text[64];
    size_t n = 0;
    while (n < sizeof text && (is_name_part(ps->p[n]) && ps->p[n] != '-'))
        n++;
    if (strncmp(ps->p + n, "/s", 2) == 0 && !is_name_part(ps->p[n + 2]))
        n += 2;
    if (n >= sizeof text)
        return complain(ps, ps->p, "a number that is too long");
    memcpy(text, ps->p, n);
    text[n] = '\0';
    struct csin_number number = csin_number_read(text);
    if (number.of == CSIN_OF_NOTHING)
        return complain(ps, ps->p, "no number");
    ps->p += n;
    return make(ps, (struct csin_expr){.op = NUMBER, .number = number});
}

static const struct csin_expr *parse_quoted(struct parser *ps)
{
    const char *end = strchr(ps->p + 1, *ps->p);
    if (!end)
        return complain(ps, ps->p, "no end of the quotation");
    const char *text = csin_arena_strndup(ps->arena, ps->p + 1, (size_t)(end - ps->p - 1));
    ps->p = end + 1;
    if (!text)
        return join(ps, TEXT, NULL, NULL);
    return make(ps, (struct csin_expr){.op = TEXT, .text = text});
}

static const struct csin_expr *parse_name(struct parser *ps)
{
    const struct csin_expr_names *names = ps->names;
    size_t n = name_length(ps->p);
    const char *name = csin_arena_strndup(ps->arena, ps->p, n), *at = ps->p;
    char what[160];
    ps->p += n;
    for (uint32_t i = 0; name && i < names->n_axes; i++)
        if (strcmp(names->axes[i], name) == 0)
            return make(ps, (struct csin_expr){.op = AXIS, .axis = i});
    for (uint32_t i = 0; name && i < names->n_values; i++)
        if (strcmp(names->values[i], name) == 0)
            return make(ps, (struct csin_expr){.op = TEXT, .text = name});
    const char *near = name ? csin_nearest(name, names->axes, names->n_axes) : NULL;
    snprintf(what, sizeof what, "'%.40s' is no axis and no value of one%s%.40s%s",
             name ? csin_brief(name, SIZE_MAX).s : "", near ? "; did you mean '" : "",
             near ? near : "", near ? "'?" : ",");
    return complain(ps, at, what);
}

static const struct csin_expr *parse_atom(struct parser *ps)
{
    skip(ps);
    if (take(ps, "(")) {
        const struct csin_expr *inner = parse_or(ps);
        if (inner && !take(ps, ")"))
            return complain(ps, ps->p, "no ')'");
        return inner;
    }
    if (*ps->p == '\'' || *ps->p == '"')
        return parse_quoted(ps);
    if (is_name_start(*ps->p))
        return parse_name(ps);
    if ((*ps->p >= '0' && *ps->p <= '9') || *ps->p == '.')
        return parse_number(ps);
    return complain(ps, ps->p, "no value");
}

struct sign {
    const char *text;
    enum op op;
};

/* next { sign next } */
static const struct csin_expr *parse_chain(struct parser *ps, const struct sign *signs,
                                           const struct csin_expr *(*next)(struct parser *))
{
    const struct csin_expr *expr = next(ps);
    for (bool found = true; expr && found;) {
        found = false;
        for (const struct sign *o = signs; o->text && !found; o++) {
            found = take(ps, o->text);
            if (found)
                expr = join(ps, o->op, expr, next(ps));
        }
    }
    return expr;
}

static const struct csin_expr *parse_product(struct parser *ps)
{
    static const struct sign signs[] = {
        {"*", MULTIPLY}, {"/", DIVIDE}, {"%", REMAINDER}, {NULL, 0}};
    return parse_chain(ps, signs, parse_atom);
}

static const struct csin_expr *parse_sum(struct parser *ps)
{
    static const struct sign signs[] = {{"+", ADD}, {"-", SUBTRACT}, {NULL, 0}};
    return parse_chain(ps, signs, parse_product);
}

static const struct csin_expr *parse_compare(struct parser *ps)
{
    static const struct sign signs[] = {{"<=", LESS_EQUAL}, {">=", MORE_EQUAL}, {"==", EQUAL},
                                        {"!=", UNEQUAL},    {"<", LESS},        {">", MORE}};
    const struct csin_expr *a = parse_sum(ps);
    for (size_t i = 0; a && i < sizeof signs / sizeof *signs; i++)
        if (take(ps, signs[i].text))
            return join(ps, signs[i].op, a, parse_sum(ps));
    return a;
}

static const struct csin_expr *parse_not(struct parser *ps)
{
    if (!take(ps, "not"))
        return parse_compare(ps);
    if (++ps->depth > DEPTH_MAX)
        return complain(ps, ps->p, "too much nesting");
    const struct csin_expr *inner = parse_not(ps);
    ps->depth--;
    return inner ? make(ps, (struct csin_expr){.op = NOT, .a = inner}) : NULL;
}

static const struct csin_expr *parse_and(struct parser *ps)
{
    static const struct sign signs[] = {{"and", AND}, {NULL, 0}};
    return parse_chain(ps, signs, parse_not);
}

static const struct csin_expr *parse_or(struct parser *ps)
{
    static const struct sign signs[] = {{"or", OR}, {NULL, 0}};
    if (++ps->depth > DEPTH_MAX)
        return complain(ps, ps->p, "too much nesting");
    const struct csin_expr *expr = parse_chain(ps, signs, parse_and);
    ps->depth--;
    return expr;
}

static bool is_test(const struct csin_expr *expr)
{
    return expr->op >= OR && expr->op <= UNEQUAL;
}

/* Tests are joined by and, or, not; values by the rest. */
static bool fits(const struct csin_expr *expr)
{
    if (!expr->a)
        return true;
    bool wants_tests = expr->op == OR || expr->op == AND || expr->op == NOT;
    return is_test(expr->a) == wants_tests && (!expr->b || is_test(expr->b) == wants_tests) &&
           fits(expr->a) && (!expr->b || fits(expr->b));
}

enum csin_status csin_expr_read(const struct csin_text *text, const struct csin_expr_names *names,
                                struct csin_arena *arena, struct csin_diag *diag,
                                const struct csin_expr **ret_expr)
{
    struct parser ps = {text, names, arena, diag, text->s, 0, false};
    if (strlen(text->s) > LENGTH_MAX) {
        complain(&ps, text->s, "more than 1,000 characters");
        return CSIN_E_INPUT;
    }
    const struct csin_expr *expr = parse_or(&ps);
    skip(&ps);
    if (expr && *ps.p)
        expr = complain(&ps, ps.p, "something that does not belong there");
    if (expr && (!is_test(expr) || !fits(expr)))
        expr = complain(&ps, text->s, "no comparison where one has to be");
    if (!expr)
        return CSIN_E_INPUT;
    *ret_expr = expr;
    return CSIN_OK;
}

/* ---- working it out ---- */

struct result {
    struct csin_expr_value value;
    bool holds;
};

static bool is_plain(enum csin_measure_of of)
{
    return of == CSIN_OF_COUNT || of == CSIN_OF_RATIO;
}

/* Sums and comparisons want numbers of one kind; 0: texts both, and only compared. */
static bool alike(const struct csin_number *a, const struct csin_number *b)
{
    return a->of != CSIN_OF_NOTHING && b->of != CSIN_OF_NOTHING &&
           (a->of == b->of || (is_plain(a->of) && is_plain(b->of)));
}

/* What a product or a quotient measures; false for what has no name here, such as bytes x bytes. */
static bool reckon(enum op op, struct csin_number a, struct csin_number b, struct csin_number *ret)
{
    if (a.of == CSIN_OF_NOTHING || b.of == CSIN_OF_NOTHING)
        return false;
    bool multiplies = op == MULTIPLY, divides = op == DIVIDE;
    if (multiplies || divides) {
        bool same = divides && a.of == b.of;
        if (!same && !is_plain(b.of) && !(multiplies && is_plain(a.of)))
            return false;
        enum csin_measure_of of = is_plain(b.of) ? a.of : b.of;
        ret->of = same || (is_plain(a.of) && is_plain(b.of)) ? CSIN_OF_RATIO : of;
        ret->x = multiplies ? a.x * b.x : a.x / b.x;
        return true;
    }
    if (!alike(&a, &b))
        return false;
    *ret = (struct csin_number){a.of, op == ADD        ? a.x + b.x
                                      : op == SUBTRACT ? a.x - b.x
                                                       : fmod(a.x, b.x)};
    return true;
}

/* Equal but for the last digits, in which decimal fractions differ from what they mean. */
static bool equal(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-12 * fmax(fabs(a), fabs(b));
}

static bool compare(enum op op, double a, double b)
{
    switch (op) {
    case LESS:
        return a < b && !equal(a, b);
    case LESS_EQUAL:
        return a <= b || equal(a, b);
    case MORE:
        return a > b && !equal(a, b);
    case MORE_EQUAL:
        return a >= b || equal(a, b);
    case EQUAL:
        return equal(a, b);
    default:
        return !equal(a, b);
    }
}

static bool work_out(const struct csin_expr *e, const struct csin_expr_value *values,
                     struct result *ret);

static bool work_out_two(const struct csin_expr *e, const struct csin_expr_value *values,
                         struct result *ret)
{
    struct result a, b;
    if (!work_out(e->a, values, &a))
        return false;
    if (e->op == NOT || (e->op == AND && !a.holds) || (e->op == OR && a.holds)) {
        ret->holds = e->op == NOT ? !a.holds : a.holds;
        return true;
    }
    if (!work_out(e->b, values, &b))
        return false;
    if (e->op == AND || e->op == OR) {
        ret->holds = b.holds;
        return true;
    }
    struct csin_number x = a.value.number, y = b.value.number;
    if (e->op >= ADD)
        return reckon(e->op, x, y, &ret->value.number);
    bool texts = x.of == CSIN_OF_NOTHING || y.of == CSIN_OF_NOTHING;
    if (texts && (e->op == EQUAL || e->op == UNEQUAL)) {
        bool same = a.value.text && b.value.text && strcmp(a.value.text, b.value.text) == 0;
        ret->holds = same == (e->op == EQUAL);
        return true;
    }
    ret->holds = compare(e->op, x.x, y.x);
    return alike(&x, &y);
}

static bool work_out(const struct csin_expr *e, const struct csin_expr_value *values,
                     struct result *ret)
{
    *ret = (struct result){0};
    switch (e->op) {
    case NUMBER:
        ret->value.number = e->number;
        return true;
    case TEXT:
        ret->value.text = e->text;
        return true;
    case AXIS:
        ret->value = values[e->axis];
        return true;
    default:
        return work_out_two(e, values, ret);
    }
}

enum csin_status csin_expr_holds(const struct csin_expr *expr, const struct csin_text *text,
                                 const struct csin_expr_value *values, struct csin_diag *diag,
                                 bool *ret_holds)
{
    struct result result;
    if (work_out(expr, values, &result)) {
        *ret_holds = result.holds;
        return CSIN_OK;
    }
    csin_error(diag, CSIN_E_INPUT, 887, text->loc,
               "the constraint '%s' reckons with a text or mixes units",
               csin_brief(text->s, SIZE_MAX).s);
    csin_note(diag, text->loc,
              "texts can be compared by == and !=, and numbers with those of "
              "their own kind");
    return CSIN_E_INPUT;
}
