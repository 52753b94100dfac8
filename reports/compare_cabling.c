/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cables that are others, in sentences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"
#include "reports/compare_inside.h"

enum { LIST_SHOWN = 60 };

/* What happened to the cables of a pair; neighbours with the same words are told together. */
struct event {
    const char *a, *b; /* b NULL: of the switch or host a itself */
    enum csin_trend trend;
    char words[160];
};

/* "1 of 2 cables is", "its cable is", "both cables are". */
static void subject(char *to, size_t room, uint32_t n, uint32_t of)
{
    if (of == 1)
        snprintf(to, room, "cable is");
    else if (n == of)
        snprintf(to, room, "%s cables are", n == 2 ? "both" : csin_show_count(n).s);
    else
        snprintf(to, room, "%u of %u cables %s", n, of, n == 1 ? "is" : "are");
}

static struct event describe(const struct csin_cabling_change *c)
{
    struct event e = {c->a, c->b, CSIN_CHANGED, ""};
    char who[64];
    if (c->n_is < c->n_was) {
        subject(who, sizeof who, c->n_was - c->n_is, c->n_was);
        snprintf(e.words, sizeof e.words, "%s gone", who);
        e.trend = c->up_is < c->up_was ? CSIN_WORSE : CSIN_CHANGED;
    } else if (c->n_is > c->n_was) {
        subject(who, sizeof who, c->n_is - c->n_was, c->n_is);
        snprintf(e.words, sizeof e.words, "%s new%s", who,
                 c->up_is > c->up_was ? "" : ", and down");
        e.trend = c->up_is > c->up_was ? CSIN_BETTER : CSIN_CHANGED;
    } else if (c->up_is != c->up_was) {
        bool down = c->up_is < c->up_was;
        subject(who, sizeof who, down ? c->up_was - c->up_is : c->up_is - c->up_was, c->n_is);
        snprintf(e.words, sizeof e.words, "%s now %s", who, down ? "down" : "up again");
        e.trend = down ? CSIN_WORSE : CSIN_BETTER;
    } else {
        bool slower = c->rate_is_Bps < c->rate_was_Bps;
        snprintf(e.words, sizeof e.words, "%s carries %s now, was %s",
                 c->n_is == 1 ? "cable" : "a cable", csin_show_linerate(c->rate_is_Bps).s,
                 csin_show_linerate(c->rate_was_Bps).s);
        if (slower || c->rate_is_Bps > c->rate_was_Bps)
            e.trend = slower ? CSIN_WORSE : CSIN_BETTER;
        else
            snprintf(e.words, sizeof e.words, "other cables are slow or down");
    }
    return e;
}

/* Switches and hosts that only one fabric has: their cables go with them. */
static struct event describe_end(const struct csin_cabling_end *end, bool is_new)
{
    struct event e = {end->name, NULL, is_new ? CSIN_BETTER : CSIN_WORSE, ""};
    snprintf(e.words, sizeof e.words, "%s, with %s cable%s", is_new ? "new" : "gone",
             csin_show_count(end->n_all).s, end->n_all == 1 ? "" : "s");
    return e;
}

static bool told_by_end(const struct csin_cabling *other, const struct csin_cabling_change *c)
{
    return !csin_cabling_find(other, c->a) || !csin_cabling_find(other, c->b);
}

/* "leaf1 has 6 working cables, had 7", where a is a switch that both have. */
static void count_left(const struct csin_cabling *was, const struct csin_cabling *is,
                       const char *name, char *to, size_t room)
{
    const struct csin_cabling_end *a = csin_cabling_find(was, name),
                                  *b = csin_cabling_find(is, name);
    *to = '\0';
    if (a && b && a->n_up != b->n_up)
        snprintf(to, room, "; %.64s has %.12s working cable%s, had %.12s", name,
                 csin_show_count(b->n_up).s, b->n_up == 1 ? "" : "s", csin_show_count(a->n_up).s);
}

static bool alike(const struct event *a, const struct event *b)
{
    return a->trend == b->trend && !a->b == !b->b && strcmp(a->words, b->words) == 0 &&
           (!a->b || strcmp(a->a, b->a) == 0 || strcmp(a->b, b->b) == 0);
}

/* The names at one end of several events as a hostlist. */
static const char *fold(struct csin_arena *arena, const struct event *events, uint32_t n, bool far)
{
    const char **names = csin_arena_alloc(arena, n, sizeof *names);
    uint32_t distinct = 0;
    for (uint32_t i = 0; names && i < n; i++) {
        const char *name = far ? events[i].b : events[i].a;
        if (!distinct || strcmp(names[distinct - 1], name) != 0)
            names[distinct++] = name;
    }
    const char *list = names ? csin_hostlist_fold(arena, names, distinct) : NULL;
    if (!list || strlen(list) <= LIST_SHOWN)
        return list;
    return csin_arena_printf(arena, "%s (%s)", csin_brief(list, SIZE_MAX).s,
                             csin_show_count(distinct).s);
}

static void tell(struct csin_compare_walk *walk, const struct csin_document *base,
                 const struct csin_document *now, const struct event *events, uint32_t n)
{
    char left[160] = "";
    const char *a = fold(walk->arena, events, n, false), *words;
    const char *b = events->b ? fold(walk->arena, events, n, true) : "";
    if (events->b)
        count_left(&base->cabling, &now->cabling,
                   strcmp(events->a, events[n - 1].a) == 0 ? events->a : events->b, left,
                   sizeof left);
    words = csin_arena_printf(walk->arena, "%s%s", events->words, left);
    const char *name = a && b ? csin_arena_printf(walk->arena, *b ? "%s - %s" : "%s", a, b) : NULL;
    if (!words || !name) {
        walk->no_memory = true;
        return;
    }
    csin_compare_add(
        walk, &(struct csin_difference){.trend = events->trend,
                                        .weighs = walk->cables_fail,
                                        .fails = walk->cables_fail && events->trend == CSIN_WORSE,
                                        .main = true,
                                        .noun = events->b ? "cable" : "fabric",
                                        .subject = name,
                                        .unit = CSIN_UNIT_TEXT,
                                        .was = NAN,
                                        .is = NAN,
                                        .words = words});
}

/* Events that say the same of one switch, or of one at the far end, together. */
static void tell_all(struct csin_compare_walk *walk, const struct csin_document *base,
                     const struct csin_document *now, const struct event *events, uint32_t n)
{
    for (uint32_t i = 0, end; i < n; i = end) {
        bool near = true, far = true;
        for (end = i + 1; end < n && alike(&events[i], &events[end]); end++) {
            bool same_a = strcmp(events[i].a, events[end].a) == 0;
            if (events[i].b && ((same_a && !near) || (!same_a && !far)))
                break;
            if (same_a)
                far = false;
            else
                near = false;
        }
        tell(walk, base, now, events + i, end - i);
    }
}

/* Alike together, switches and hosts of one kind in the order of their numbers. */
static int by_words(const void *a, const void *b)
{
    const struct event *e = a, *f = b;
    int order = strcmp(e->words, f->words);
    return order ? order : strverscmp(e->a, f->a);
}

/* Names that `of` has and `other` has not; adds to `to`, gives how many. */
static uint32_t lone_ends(const struct csin_cabling *of, const struct csin_cabling *other,
                          bool is_new, struct event *to)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < of->n_ends; i++)
        if (!csin_cabling_find(other, of->ends[i].name))
            to[n++] = describe_end(&of->ends[i], is_new);
    qsort(to, n, sizeof *to, by_words);
    return n;
}

void csin_compare_cabling(struct csin_compare_walk *walk, const struct csin_document *base,
                          const struct csin_document *now, struct csin_cabling_change **ret_changes,
                          uint32_t *ret_n)
{
    const struct csin_cabling *was = &base->cabling, *is = &now->cabling;
    uint32_t n = 0, n_changes;
    struct csin_cabling_change *changes = csin_cabling_compare(was, is, walk->arena, &n_changes);
    size_t room = (size_t)n_changes + was->n_ends + is->n_ends;
    struct event *events = csin_arena_alloc(walk->arena, changes ? room : 0, sizeof *events);
    walk->n_compared += was->n > is->n ? was->n : is->n;
    *ret_changes = changes;
    *ret_n = changes ? n_changes : 0;
    if (!changes || !events) {
        walk->no_memory = true;
        return;
    }
    n += lone_ends(was, is, false, events);
    n += lone_ends(is, was, true, events + n);
    for (uint32_t i = 0; i < n_changes; i++)
        if (!told_by_end(was, &changes[i]) && !told_by_end(is, &changes[i]))
            events[n++] = describe(&changes[i]);
    tell_all(walk, base, now, events, n);
}
