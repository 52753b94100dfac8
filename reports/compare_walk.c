/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two trees side by side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/names.h"
#include "base/units.h"
#include "reports/compare_inside.h"

/* Objects that say how things were or could be, or what follows from the rest: no regression of
 * their own. */
static const char *const no_verdict[] = {"before", "bound", "effective", "fabric", "room", "basis",
                                         /* of a bill, whose sum over all decides */
                                         "switch", "nic", "cable", "transceiver", "host"};

enum { LIST_SHOWN = 60 };

void csin_compare_add(struct csin_compare_walk *walk, const struct csin_difference *d)
{
    if (!csin_grow(&walk->list, &walk->room, walk->n + 1, sizeof *walk->list))
        walk->no_memory = true;
    else
        walk->list[walk->n++] = *d;
}

static const char *text(struct csin_compare_walk *walk, const char *s)
{
    const char *copy = csin_arena_strndup(walk->arena, s, strlen(s));
    walk->no_memory |= !copy;
    return copy ? copy : "";
}

static const char *join(struct csin_compare_walk *walk, const char *a, const char *between,
                        const char *b)
{
    const char *joined = csin_arena_printf(walk->arena, "%s%s%s", a, *a && *b ? between : "", b);
    walk->no_memory |= !joined;
    return joined ? joined : "";
}

/* ---- values ---- */

static double tolerance_of(const struct csin_tolerances *t, const char *metric, const char *key)
{
    for (uint32_t i = t->n; i-- > 0;)
        if (strcmp(t->each[i].metric, metric) == 0 || strcmp(t->each[i].metric, key) == 0)
            return t->each[i].share;
    return t->share;
}

/* Beside what a difference is small: what it was; of shares also the whole, of an arc's seconds the
 * run. */
static double scale_of(const struct csin_compare_walk *walk, const struct csin_compare_place *place,
                       const struct csin_metric_rule *rule, double was)
{
    double scale = fabs(was);
    if (rule->unit == CSIN_UNIT_SHARE)
        scale = fmax(scale, 1);
    if (rule->unit == CSIN_UNIT_S && strncmp(place->noun, "arc", 3) == 0)
        scale = fmax(scale, walk->makespan_s);
    return scale;
}

static enum csin_trend trend_of(const struct csin_metric_rule *rule, double was, double is)
{
    if (rule->better == 0 || !(was < is || is < was))
        return CSIN_CHANGED;
    return (is > was) == (rule->better > 0) ? CSIN_BETTER : CSIN_WORSE;
}

static void add_value(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                      const char *key, const struct csin_metric_rule *rule,
                      struct csin_difference d)
{
    d.weighs = place->fails;
    d.fails = d.trend == CSIN_WORSE && place->fails;
    d.main = rule->main;
    d.noun = place->noun;
    d.subject = place->subject;
    d.metric = *place->path ? join(walk, place->path, "", key) : key;
    csin_compare_add(walk, &d);
}

static void compare_numbers(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                            const char *key, double was, double is)
{
    struct csin_metric_rule rule = csin_metric_rule(place->noun, key);
    const char *metric = *place->path ? join(walk, place->path, "", key) : key;
    double tolerance = tolerance_of(walk->tolerances, metric, key);
    /* A difference of exactly the tolerance is noise still, also where it is rounded. */
    double noise = tolerance * scale_of(walk, place, &rule, was) * (1 + 1e-12);
    walk->n_compared++;
    if (fabs(is - was) <= noise)
        return;
    struct csin_shown_value a = csin_show_value(rule.unit, was, false);
    struct csin_shown_value b = csin_show_value(rule.unit, is, false);
    if (strcmp(a.s, b.s) == 0) {
        a = csin_show_value(rule.unit, was, true);
        b = csin_show_value(rule.unit, is, true);
    }
    add_value(walk, place, key, &rule,
              (struct csin_difference){.trend = trend_of(&rule, was, is),
                                       .unit = rule.unit,
                                       .was = was,
                                       .is = is,
                                       .was_text = text(walk, a.s),
                                       .is_text = text(walk, b.s)});
}

static bool all_texts(const struct csin_json_value *array)
{
    for (const struct csin_json_value *v = array->first; v; v = v->next)
        if (v->kind != CSIN_JSON_TEXT)
            return false;
    return array->n > 0;
}

/* A list of names as a hostlist, shortened. */
static const char *show_list(struct csin_compare_walk *walk, const struct csin_json_value *array)
{
    const char **names = csin_arena_alloc(walk->arena, array->n, sizeof *names);
    uint32_t n = 0;
    if (!all_texts(array) || !names)
        return text(walk, array->n ? "other items" : "none");
    for (const struct csin_json_value *v = array->first; v; v = v->next)
        names[n++] = v->text;
    const char *list = csin_hostlist_fold(walk->arena, names, n);
    if (!list || strlen(list) <= LIST_SHOWN)
        return list ? list : text(walk, "");
    const char *brief = csin_arena_printf(walk->arena, "%s (%s)", csin_brief(list, SIZE_MAX).s,
                                          csin_show_count(array->n).s);
    return brief ? brief : "";
}

static const char *show_any(struct csin_compare_walk *walk, const char *noun, const char *key,
                            const struct csin_json_value *v)
{
    if (!v)
        return "none";
    switch (v->kind) {
    case CSIN_JSON_TEXT:
        return v->text;
    case CSIN_JSON_BOOL:
        return v->x > 0 ? "yes" : "no";
    case CSIN_JSON_NUMBER:
        return text(walk, csin_show_value(csin_metric_rule(noun, key).unit, v->x, false).s);
    case CSIN_JSON_ARRAY:
        return show_list(walk, v);
    case CSIN_JSON_OBJECT:
        return "given";
    default:
        return "none";
    }
}

/* What is yes or no as a number; NAN otherwise. */
static double truth(const struct csin_json_value *v)
{
    if (v && v->kind == CSIN_JSON_BOOL)
        return v->x;
    if (v && v->kind == CSIN_JSON_TEXT && strcmp(v->text, "yes") == 0)
        return 1;
    return v && v->kind == CSIN_JSON_TEXT && strcmp(v->text, "no") == 0 ? 0 : NAN;
}

static bool same(const struct csin_json_value *a, const struct csin_json_value *b)
{
    if (!a || !b || a->kind != b->kind || a->n != b->n)
        return false;
    if (a->kind == CSIN_JSON_TEXT)
        return strcmp(a->text, b->text) == 0;
    if (a->kind == CSIN_JSON_NUMBER || a->kind == CSIN_JSON_BOOL)
        return !(a->x < b->x || b->x < a->x);
    for (a = a->first, b = b->first; a && b; a = a->next, b = b->next)
        if ((a->key && strcmp(a->key, b->key) != 0) || !same(a, b))
            return false;
    return true;
}

/* Anything that is no pair of numbers. */
static void compare_others(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                           const char *key, const struct csin_json_value *was,
                           const struct csin_json_value *is)
{
    struct csin_metric_rule rule = csin_metric_rule(place->noun, key);
    walk->n_compared++;
    if (same(was, is))
        return;
    const char *a = show_any(walk, place->noun, key, was);
    const char *b = show_any(walk, place->noun, key, is);
    if (strcmp(a, b) == 0)
        b = join(walk, b, " ", "(others)");
    add_value(walk, place, key, &rule,
              (struct csin_difference){.trend = trend_of(&rule, truth(was), truth(is)),
                                       .unit = CSIN_UNIT_TEXT,
                                       .was = was && was->kind == CSIN_JSON_NUMBER ? was->x : NAN,
                                       .is = is && is->kind == CSIN_JSON_NUMBER ? is->x : NAN,
                                       .was_text = a,
                                       .is_text = b});
}

/* ---- arrays of objects ---- */

static const char *element_name(struct csin_compare_walk *walk, const struct csin_array_rule *rule,
                                const struct csin_json_value *element, uint32_t index)
{
    const char *name = "", *work = csin_json_get_text(element, "work");
    if (!rule->names[0])
        return csin_arena_printf(walk->arena, work ? "%s %u (%s)" : "%s %u", rule->noun, index + 1,
                                 work);
    for (size_t i = 0; i < sizeof rule->names / sizeof *rule->names && rule->names[i]; i++) {
        const struct csin_json_value *v = csin_json_get(element, rule->names[i]);
        const char *between = i == 1 && rule->first_between ? rule->first_between : rule->between;
        if (v && v->kind == CSIN_JSON_NUMBER)
            name = join(walk, name, between, csin_show_exact(v->x).s);
        else if (v && v->text)
            name = join(walk, name, between, v->text);
    }
    return name;
}

static const char **names_of(struct csin_compare_walk *walk, const struct csin_array_rule *rule,
                             const struct csin_json_value *array)
{
    struct csin_names seen;
    uint32_t n = array ? array->n : 0, i = 0;
    const char **names = csin_arena_alloc(walk->arena, n, sizeof *names);
    uint32_t *times = csin_arena_alloc(walk->arena, n, sizeof *times), old;
    if (!names || !times || !csin_names_init(&seen, walk->arena, n)) {
        walk->no_memory = true;
        return NULL;
    }
    for (const struct csin_json_value *e = array ? array->first : NULL; e; e = e->next, i++) {
        names[i] = element_name(walk, rule, e, i);
        if (!names[i]) {
            walk->no_memory = true;
            return NULL;
        }
        /* Several of one name, such as cables of one pair, by their order. */
        if (!csin_names_add(&seen, names[i], i, &old)) {
            char number[24];
            snprintf(number, sizeof number, "no. %u", ++times[old] + 1);
            names[i] = join(walk, names[i], ", ", number);
        }
    }
    return names;
}

const char **csin_compare_names(struct csin_arena *arena, const struct csin_array_rule *rule,
                                const struct csin_json_value *array)
{
    struct csin_compare_walk walk = {.arena = arena};
    const char **names = names_of(&walk, rule, array);
    return walk.no_memory ? NULL : names;
}

static struct csin_compare_place place_of(struct csin_compare_walk *walk,
                                          const struct csin_compare_place *parent,
                                          const struct csin_array_rule *rule, const char *name)
{
    char path[64];
    size_t n = strlen(parent->path);
    snprintf(path, sizeof path, "%.*s", (int)(n ? n - 1 : 0), parent->path);
    const char *subject = join(walk, parent->subject, ", ", name);
    if (*path && *parent->subject == '\0')
        subject = join(walk, name, "", csin_arena_printf(walk->arena, " (%s)", path));
    return (struct csin_compare_place){rule->noun, subject, "", rule->fails && parent->fails};
}

static const char *advice_words(const struct csin_json_value *element)
{
    return csin_json_get_text(element, "remedy") ? csin_json_get_text(element, "text") : NULL;
}

static void add_element(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                        const struct csin_array_rule *rule, enum csin_trend trend,
                        const struct csin_json_value *element, bool parent_fails)
{
    bool fails = (trend == CSIN_NEW ? rule->new_fails : rule->gone_fails) && parent_fails;
    csin_compare_add(walk, &(struct csin_difference){.trend = trend,
                                                     .fails = fails,
                                                     .main = rule->new_fails || rule->gone_fails,
                                                     .noun = place->noun,
                                                     .subject = place->subject,
                                                     .unit = CSIN_UNIT_TEXT,
                                                     .was = NAN,
                                                     .is = NAN,
                                                     .words = advice_words(element)});
    walk->n_compared++;
}

/* Elements by index, so that the k-th of either array is at hand. */
static const struct csin_json_value **items_of(struct csin_compare_walk *walk,
                                               const struct csin_json_value *array)
{
    uint32_t n = array ? array->n : 0, i = 0;
    const struct csin_json_value **items = csin_arena_alloc(walk->arena, n, sizeof *items);
    for (const struct csin_json_value *e = items && array ? array->first : NULL; e; e = e->next)
        items[i++] = e;
    walk->no_memory |= !items;
    return items;
}

static void compare_elements(struct csin_compare_walk *walk,
                             const struct csin_compare_place *parent,
                             const struct csin_array_rule *rule, const struct csin_json_value *was,
                             const struct csin_json_value *is)
{
    struct csin_names index;
    uint32_t n_was = was ? was->n : 0, n_is = is ? is->n : 0;
    const char **names_was = names_of(walk, rule, was), **names_is = names_of(walk, rule, is);
    const struct csin_json_value **items_was = items_of(walk, was), **items_is = items_of(walk, is);
    bool *found = csin_arena_alloc(walk->arena, n_is, 1);
    if (walk->no_memory || !found || !csin_names_init(&index, walk->arena, n_is)) {
        walk->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < n_is; i++)
        csin_names_add(&index, names_is[i], i, &(uint32_t){0});
    for (uint32_t i = 0; i < n_was; i++) {
        struct csin_compare_place place = place_of(walk, parent, rule, names_was[i]);
        uint32_t at = csin_names_find(&index, names_was[i]);
        if (at == UINT32_MAX) {
            add_element(walk, &place, rule, CSIN_GONE, items_was[i], parent->fails);
        } else {
            found[at] = true;
            csin_compare_objects(walk, &place, items_was[i], items_is[at]);
        }
    }
    for (uint32_t i = 0; i < n_is; i++) {
        struct csin_compare_place place;
        if (!found[i]) {
            place = place_of(walk, parent, rule, names_is[i]);
            add_element(walk, &place, rule, CSIN_NEW, items_is[i], parent->fails);
        }
    }
}

/* ---- any value ---- */

static bool has_objects(const struct csin_json_value *v)
{
    return v && v->kind == CSIN_JSON_ARRAY && v->first && v->first->kind == CSIN_JSON_OBJECT;
}

static void compare_arrays(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                           const char *key, const struct csin_json_value *was,
                           const struct csin_json_value *is)
{
    const struct csin_array_rule *rule = csin_array_rule(key);
    const struct csin_array_rule any = {key, key, {"name"}, "", true, false, false, false};
    const struct csin_array_rule numbered = {key, key, {NULL}, "", true, false, false, false};
    if (rule && rule->skip)
        return;
    if (!has_objects(was) && !has_objects(is))
        compare_others(walk, place, key, was, is);
    else if (rule)
        compare_elements(walk, place, rule, was, is);
    else
        compare_elements(
            walk, place,
            csin_json_get((has_objects(is) ? is : was)->first, "name") ? &any : &numbered, was, is);
}

static void compare_inner(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                          const char *key, const struct csin_json_value *was,
                          const struct csin_json_value *is)
{
    struct csin_compare_place inner = *place;
    for (size_t i = 0; i < sizeof no_verdict / sizeof *no_verdict; i++)
        inner.fails &= strcmp(key, no_verdict[i]) != 0;
    inner.path = csin_arena_printf(walk->arena, "%s%s.", place->path, key);
    walk->no_memory |= !inner.path;
    if (inner.path)
        csin_compare_objects(walk, &inner, was, is);
}

static bool is_kind(const struct csin_json_value *v, enum csin_json_kind kind)
{
    return v && v->kind == kind;
}

void csin_compare_values(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                         const char *key, const struct csin_json_value *was,
                         const struct csin_json_value *is)
{
    const struct csin_array_rule *rule = csin_array_rule(key);
    if (csin_compare_skips(key) || (!was && !is))
        return;
    if (is_kind(was, CSIN_JSON_NUMBER) && is_kind(is, CSIN_JSON_NUMBER))
        compare_numbers(walk, place, key, was->x, is->x);
    else if (is_kind(was, CSIN_JSON_OBJECT) && is_kind(is, CSIN_JSON_OBJECT))
        compare_inner(walk, place, key, was, is);
    else if ((is_kind(was, CSIN_JSON_ARRAY) || !was) && (is_kind(is, CSIN_JSON_ARRAY) || !is))
        compare_arrays(walk, place, key, was, is);
    else if (!rule || !rule->skip ||
             (!is_kind(was, CSIN_JSON_ARRAY) && !is_kind(is, CSIN_JSON_ARRAY)))
        compare_others(walk, place, key, was, is);
}

void csin_compare_objects(struct csin_compare_walk *walk, const struct csin_compare_place *place,
                          const struct csin_json_value *was, const struct csin_json_value *is)
{
    if (!is_kind(was, CSIN_JSON_OBJECT) || !is_kind(is, CSIN_JSON_OBJECT)) {
        compare_others(walk, place, "value", was, is);
        return;
    }
    for (const struct csin_json_value *v = was->first; v; v = v->next)
        csin_compare_values(walk, place, v->key, v, csin_json_get(is, v->key));
    for (const struct csin_json_value *v = is->first; v; v = v->next)
        if (!csin_json_get(was, v->key))
            csin_compare_values(walk, place, v->key, NULL, v);
}
