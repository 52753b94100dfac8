/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "reports/compare_inside.h"
#include "topo/export.h"

/* Which keys say what a document came from. Those of a result stand in an object of their own. */
static const char *const of_result[] = {"provenance", NULL};
static const char *const of_topo[] = {"sha256", NULL};
static const char *const of_analysis[] = {"fabric", "sha256", "routing", "seed", NULL};
static const char *const of_bom[] = {"fabric",           "fabric_sha256", "catalogue",
                                     "catalogue_sha256", "currency",      NULL};
static const char *const of_nothing[] = {NULL};

static const struct csin_document_kind kinds[] = {
    {"csin-result-1", "result", "scenario", of_result, false},
    {"csin-cluster-1", "schedule", "scenario", of_result, false},
    {"csin-topo-1", "fabric", NULL, of_topo, true},
    {"csin-analysis-1", "analysis", NULL, of_analysis, false},
    {"csin-plan-1", "plan", "scenario", of_nothing, false},
    {"csin-bom-1", "bill of materials", NULL, of_bom, false},
};

/* ---- documents ---- */

static const struct csin_document_kind *kind_of(const char *schema)
{
    for (size_t i = 0; schema && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].schema, schema) == 0)
            return &kinds[i];
    return NULL;
}

static enum csin_status no_document(struct csin_diag *diag, const char *path,
                                    const struct csin_json_value *top)
{
    const struct csin_json_value *schema = csin_json_get(top, "schema");
    const struct csin_json_value *at = schema ? schema : top;
    struct csin_loc loc = {path, at->line, at->col};
    if (schema && schema->text)
        csin_error(diag, CSIN_E_INPUT, 865, loc, "csin compares no document of schema '%s'",
                   csin_brief(schema->text, SIZE_MAX).s);
    else
        csin_error(diag, CSIN_E_INPUT, 865, loc, "this is no document of csin: it has no 'schema'");
    csin_note(diag, loc,
              "compare what --format json of csin sim, topo, topo --analyze, topo --bom "
              "or plan writes, or two fabrics");
    return CSIN_E_INPUT;
}

static enum csin_status read_cabling(struct csin_arena *arena, struct csin_diag *diag,
                                     struct csin_document *d)
{
    const struct csin_json_value *cabling = csin_json_get(d->top, "cabling");
    d->has_cabling = cabling && cabling->kind == CSIN_JSON_ARRAY;
    if (d->has_cabling)
        return csin_cabling_read(cabling, d->path, arena, diag, &d->cabling);
    if (!d->kind->cables_fail)
        return CSIN_OK;
    d->has_cabling = true;
    return csin_cabling_read_topo(d->top, d->path, arena, diag, &d->cabling);
}

enum csin_status csin_document_read(struct csin_arena *arena, struct csin_diag *diag,
                                    const char *path, const char *text, size_t bytes,
                                    struct csin_document *ret)
{
    struct csin_document d = {.path = path};
    enum csin_status status = csin_json_read(arena, diag, path, text, bytes, &d.top);
    if (status != CSIN_OK)
        return status;
    d.kind = kind_of(csin_json_get_text(d.top, "schema"));
    if (!d.kind)
        return no_document(diag, path, d.top);
    status = read_cabling(arena, diag, &d);
    if (status == CSIN_OK)
        *ret = d;
    return status;
}

enum csin_status csin_document_of_fabric(struct csin_arena *arena, struct csin_diag *diag,
                                         const char *path, const struct csin_fabric *fabric,
                                         struct csin_document *ret)
{
    struct csin_fabric_facts facts;
    char *text = NULL;
    size_t bytes = 0;
    enum csin_status status = csin_fabric_analyze(fabric, arena, diag, &facts);
    if (status != CSIN_OK)
        return status;
    FILE *out = open_memstream(&text, &bytes);
    if (out)
        csin_fabric_write_json(
            &(struct csin_fabric_view){.fabric = fabric, .facts = &facts, .folded = true}, out);
    if (!out || fclose(out) != 0)
        status = csin_no_memory(diag);
    else
        status = csin_document_read(arena, diag, path, text, bytes, ret);
    free(text);
    return status;
}

/* ---- provenance ---- */

static bool is_input(const struct csin_document_kind *kind, const char *key)
{
    for (const char *const *k = kind->inputs; *k; k++)
        if (strcmp(*k, key) == 0)
            return true;
    return false;
}

/* What both say of where they come from. What one of them leaves out is no difference: the files
 * of expected results name no version. */
static void compare_provenance(struct csin_compare_walk *walk,
                               const struct csin_compare_place *place,
                               const struct csin_json_value *was, const struct csin_json_value *is)
{
    if (!was || !is || was->kind != CSIN_JSON_OBJECT || is->kind != CSIN_JSON_OBJECT)
        return;
    for (const struct csin_json_value *v = was->first; v; v = v->next) {
        const struct csin_json_value *w = csin_json_get(is, v->key);
        if (strcmp(v->key, "inputs") == 0 && w && v->kind == CSIN_JSON_ARRAY &&
            w->kind == CSIN_JSON_ARRAY) {
            const struct csin_json_value *a = v->first, *b = w->first;
            for (; a && b; a = a->next, b = b->next) {
                const char *kind = csin_json_get_text(b, "kind");
                struct csin_compare_place input = {"input", kind ? kind : "", "", false};
                compare_provenance(walk, &input, a, b);
            }
            if (a || b)
                csin_compare_values(walk, place, "inputs", a ? v : NULL, a ? NULL : w);
        } else if (w) {
            csin_compare_values(walk, place, v->key, v, w);
        }
    }
}

/* ---- arcs, of which a shortened result has only the worst ---- */

static const struct csin_json_value *arcs_of(const struct csin_document *d, bool *ret_partial)
{
    const struct csin_json_value *worst = csin_json_get(d->top, "worst_arcs");
    *ret_partial = worst;
    return worst ? worst : csin_json_get(d->top, "arcs");
}

/* A list that a shortened result may have as sums alone (reports/expected.c). */
struct summed {
    const char *list, *sums, *count; /* count: the key of how many there are */
};
static const struct summed arcs_summed = {"arcs", "arcs_in_all", "arcs"};
static const struct summed inside_summed = {"inside", "inside_in_all", "resources"};

/* The sum of a key over a list, whichever way the document tells it. */
static double sum_of(const struct csin_document *d, const struct summed *of, const char *key)
{
    const struct csin_json_value *sums = csin_json_get(d->top, of->sums);
    const struct csin_json_value *list = csin_json_get(d->top, of->list);
    double sum = 0;
    if (sums)
        return csin_json_get_number(sums, key, NAN);
    if (strcmp(key, of->count) == 0)
        return list ? list->n : 0;
    for (const struct csin_json_value *v = list ? list->first : NULL; v; v = v->next)
        sum += csin_json_get_number(v, key, 0);
    return sum;
}

static void compare_sums(struct csin_compare_walk *walk, const struct csin_document *base,
                         const struct csin_document *now, const struct summed *of)
{
    const char *const keys[] = {
        of->count,     "bytes", "utilisation_mean", "utilisation_peak", "saturated_s",
        "congested_s", NULL};
    struct csin_compare_place place = {of->list, "in all", "", false};
    for (const char *const *key = keys; *key; key++) {
        struct csin_json_value was = {.kind = CSIN_JSON_NUMBER, .x = sum_of(base, of, *key)};
        struct csin_json_value is = {.kind = CSIN_JSON_NUMBER, .x = sum_of(now, of, *key)};
        if (isfinite(was.x) && isfinite(is.x))
            csin_compare_values(walk, &place, *key, &was, &is);
    }
}

/* Those that both have, by ends and port, and the sums over all. */
static void compare_partial(struct csin_compare_walk *walk, const struct csin_document *base,
                            const struct csin_document *now, const struct csin_json_value *was,
                            const struct csin_json_value *is)
{
    const struct csin_array_rule *rule = csin_array_rule("worst_arcs");
    const char **names_was = csin_compare_names(walk->arena, rule, was);
    const char **names_is = csin_compare_names(walk->arena, rule, is);
    const struct csin_json_value **items = csin_arena_alloc(walk->arena, is->n, sizeof *items);
    struct csin_names index;
    uint32_t i = 0;
    if (!names_was || !names_is || !items || !csin_names_init(&index, walk->arena, is->n)) {
        walk->no_memory = true;
        return;
    }
    for (const struct csin_json_value *arc = is->first; arc; arc = arc->next, i++) {
        items[i] = arc;
        csin_names_add(&index, names_is[i], i, &(uint32_t){0});
    }
    i = 0;
    for (const struct csin_json_value *arc = was->first; arc; arc = arc->next, i++) {
        uint32_t at = csin_names_find(&index, names_was[i]);
        struct csin_compare_place of_arc = {rule->noun, names_was[i], "", false};
        if (at != UINT32_MAX)
            csin_compare_objects(walk, &of_arc, arc, items[at]);
    }
    compare_sums(walk, base, now, &arcs_summed);
}

static void compare_arcs(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                         const struct csin_document *base, const struct csin_document *now)
{
    bool partial_was, partial_is;
    const struct csin_json_value *was = arcs_of(base, &partial_was);
    const struct csin_json_value *is = arcs_of(now, &partial_is);
    bool lists = was && is && was->kind == CSIN_JSON_ARRAY && is->kind == CSIN_JSON_ARRAY;
    if (lists && (partial_was || partial_is))
        compare_partial(walk, base, now, was, is);
    else if (was || is)
        csin_compare_values(walk, place, "arcs", was, is);
}

/* ---- the whole ---- */

static void compare_top(struct csin_compare_walk *walk, const struct csin_document *base,
                        const struct csin_document *now)
{
    struct csin_compare_place place = {"run", "", "", true};
    bool summed = csin_json_get(base->top, "inside_in_all") ||
                  csin_json_get(now->top, "inside_in_all");
    if (strcmp(base->kind->what, "result") != 0)
        place.noun = base->kind->what;
    if (summed)
        compare_sums(walk, base, now, &inside_summed);
    for (int side = 0; side < 2; side++) {
        const struct csin_json_value *v = (side ? now : base)->top->first;
        for (; v; v = v->next) {
            const struct csin_json_value *was = csin_json_get(base->top, v->key);
            const struct csin_json_value *is = csin_json_get(now->top, v->key);
            if ((side && was) || is_input(base->kind, v->key) || strncmp(v->key, "arcs", 4) == 0 ||
                strcmp(v->key, "worst_arcs") == 0 || (summed && strncmp(v->key, "inside", 6) == 0))
                continue;
            csin_compare_values(walk, &place, v->key, was, is);
        }
    }
    compare_arcs(walk, &place, base, now);
}

static const char *name_of(const struct csin_document *d)
{
    static const char *const keys[] = {"scenario", "name", "fabric", NULL};
    for (const char *const *key = keys; *key; key++)
        if (csin_json_get_text(d->top, *key))
            return csin_json_get_text(d->top, *key);
    return "";
}

static enum csin_status check_pair(const struct csin_document *base,
                                   const struct csin_document *now, bool anyway,
                                   struct csin_diag *diag)
{
    struct csin_loc loc = {now->path, 0, 0};
    if (base->kind != now->kind) {
        csin_error(diag, CSIN_E_USAGE, 866, loc, "a %s does not compare with a %s", now->kind->what,
                   base->kind->what);
        csin_note(diag, (struct csin_loc){base->path, 0, 0}, "this is the %s", base->kind->what);
        return CSIN_E_USAGE;
    }
    if (anyway || !base->kind->name_key || strcmp(name_of(base), name_of(now)) == 0)
        return CSIN_OK;
    csin_error(diag, CSIN_E_USAGE, 867, loc, "this is of scenario '%s', the other of '%s'",
               csin_brief(name_of(now), SIZE_MAX).s, csin_brief(name_of(base), SIZE_MAX).s);
    csin_note(diag, loc, "--anyway compares them all the same");
    return CSIN_E_USAGE;
}

static int order_of(const struct csin_difference *d)
{
    return d->fails ? 0 : 1 + (int)d->trend;
}

static double growth(const struct csin_difference *d)
{
    return isfinite(d->is - d->was) ? fabs(d->is - d->was) : 0;
}

/* Regressions, then the rest by trend, those that matter most first; arcs by how much. */
static int by_weight(const void *a, const void *b)
{
    const struct csin_difference *d = a, *e = b;
    bool arcs = strcmp(d->noun, "arc") == 0 && strcmp(e->noun, "arc") == 0;
    if (order_of(d) != order_of(e))
        return order_of(d) - order_of(e);
    if (d->main != e->main)
        return e->main - d->main;
    if (arcs && d->metric && e->metric && strcmp(d->metric, e->metric) == 0 &&
        (growth(d) < growth(e) || growth(e) < growth(d)))
        return growth(d) < growth(e) ? 1 : -1;
    return (a > b) - (a < b);
}

/* qsort moves what it sorts, so the order that they were found in is kept by an index. */
static int by_pointer(const void *a, const void *b)
{
    return by_weight(*(const struct csin_difference *const *)a,
                     *(const struct csin_difference *const *)b);
}

static struct csin_difference *sorted(struct csin_arena *arena, const struct csin_difference *list,
                                      size_t first, size_t n)
{
    const struct csin_difference **order = csin_arena_alloc(arena, n, sizeof *order);
    struct csin_difference *ret = csin_arena_alloc(arena, n, sizeof *ret);
    if (!order || !ret)
        return NULL;
    for (size_t i = 0; i < n; i++)
        order[i] = &list[first + i];
    qsort(order, n, sizeof *order, by_pointer);
    for (size_t i = 0; i < n; i++)
        ret[i] = *order[i];
    return ret;
}

static void finish(struct csin_comparison *c)
{
    for (uint32_t i = 0; i < c->n; i++) {
        c->n_of[c->list[i].trend]++;
        c->n_fails += c->list[i].fails;
        c->n_better += c->list[i].weighs && c->list[i].trend == CSIN_BETTER;
    }
}

enum csin_status csin_compare(const struct csin_document *base, const struct csin_document *now,
                              const struct csin_tolerances *tolerances, bool anyway,
                              struct csin_arena *arena, struct csin_diag *diag,
                              struct csin_comparison *ret)
{
    struct csin_compare_walk walk = {.arena = arena,
                                     .tolerances = tolerances,
                                     .makespan_s = csin_json_get_number(base->top, "makespan_s", 0),
                                     .cables_fail = base->kind->cables_fail};
    struct csin_compare_place whole = {"run", "", "", false};
    struct csin_cabling_change *changes = NULL;
    uint32_t n_changes = 0, n_inputs;
    enum csin_status status = check_pair(base, now, anyway, diag);
    if (status != CSIN_OK)
        return status;
    if (base->kind->inputs == of_result)
        compare_provenance(&walk, &whole, csin_json_get(base->top, "provenance"),
                           csin_json_get(now->top, "provenance"));
    else
        for (const char *const *key = base->kind->inputs; *key; key++)
            csin_compare_values(&walk, &whole, *key, csin_json_get(base->top, *key),
                                csin_json_get(now->top, *key));
    n_inputs = (uint32_t)walk.n;
    if (base->has_cabling && now->has_cabling)
        csin_compare_cabling(&walk, base, now, &changes, &n_changes);
    compare_top(&walk, base, now);
    csin_compare_reasons(&walk, base, now, changes, n_changes);
    *ret = (struct csin_comparison){
        .what = base->kind->what,
        .name = name_of(now),
        .base = base->path,
        .now = now->path,
        .provenance = csin_arena_alloc(arena, n_inputs, sizeof *walk.list),
        .n_provenance = n_inputs,
        .list = walk.no_memory ? NULL : sorted(arena, walk.list, n_inputs, walk.n - n_inputs),
        .n = (uint32_t)walk.n - n_inputs,
        .n_compared = walk.n_compared};
    if (ret->provenance && n_inputs)
        memcpy(ret->provenance, walk.list, n_inputs * sizeof *walk.list);
    if (walk.no_memory || !ret->provenance || !ret->list)
        status = csin_no_memory(diag);
    else
        finish(ret);
    free(walk.list);
    return status;
}
