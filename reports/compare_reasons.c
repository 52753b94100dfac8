/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why something got worse, as far as the arcs of both results say it, and whose routes are others.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/units.h"
#include "reports/compare_inside.h"

/* Arcs that are looked at for all owners together: enough for 2,000 owners on 5,000 arcs, and
 * seconds at most. Of more nobody reads the sentences. */
enum { ARCS_MAX = 10000000, CHANGES_MAX = 64 };

struct arcs {
    const struct csin_json_value *
        *was; /* [n_is] the same arc of the base; NULL: it carried nothing */
    const struct csin_json_value **is;
    uint32_t n;
    bool partial; /* one result has only the worst */
};

static uint32_t owners_max(const struct arcs *arcs)
{
    return ARCS_MAX / (arcs->n + 1) + 1;
}

static const struct csin_json_value *list_of(const struct csin_document *d, bool *ret_partial)
{
    const struct csin_json_value *worst = csin_json_get(d->top, "worst_arcs");
    const struct csin_json_value *arcs = worst ? worst : csin_json_get(d->top, "arcs");
    *ret_partial |= worst != NULL;
    return arcs && arcs->kind == CSIN_JSON_ARRAY ? arcs : NULL;
}

static bool pair_arcs(struct csin_compare_walk *walk, const struct csin_document *base,
                      const struct csin_document *now, struct arcs *ret)
{
    const struct csin_array_rule *rule = csin_array_rule("arcs");
    *ret = (struct arcs){0};
    const struct csin_json_value *was = list_of(base, &ret->partial);
    const struct csin_json_value *is = list_of(now, &ret->partial);
    if (!was || !is)
        return true;
    if (ret->partial)
        rule = csin_array_rule("worst_arcs");
    const char **names_was = csin_compare_names(walk->arena, rule, was);
    const char **names_is = csin_compare_names(walk->arena, rule, is);
    const struct csin_json_value **items = csin_arena_alloc(walk->arena, was->n, sizeof *items);
    struct csin_names index;
    uint32_t i = 0;
    ret->was = csin_arena_alloc(walk->arena, is->n, sizeof *ret->was);
    ret->is = csin_arena_alloc(walk->arena, is->n, sizeof *ret->is);
    if (!names_was || !names_is || !items || !ret->was || !ret->is ||
        !csin_names_init(&index, walk->arena, was->n))
        return false;
    for (const struct csin_json_value *arc = was->first; arc; arc = arc->next, i++) {
        items[i] = arc;
        csin_names_add(&index, names_was[i], i, &(uint32_t){0});
    }
    for (const struct csin_json_value *arc = is->first; arc; arc = arc->next) {
        uint32_t at = csin_names_find(&index, names_is[ret->n]);
        ret->was[ret->n] = at == UINT32_MAX ? NULL : items[at];
        ret->is[ret->n++] = arc;
    }
    return true;
}

/* ---- because ---- */

static double share_of(const struct csin_json_value *arc, const char *owner)
{
    double bytes = csin_json_get_number(arc, "bytes", 0);
    double own = csin_json_get_number(csin_json_get(arc, "bytes_by_owner"), owner, 0);
    return bytes > 0 ? own / bytes : 0;
}

static bool touches(const struct csin_json_value *arc, const struct csin_cabling_change *changes,
                    uint32_t n)
{
    const char *from = csin_json_get_text(arc, "from"), *to = csin_json_get_text(arc, "to");
    for (uint32_t i = 0; from && to && i < n; i++)
        if (strcmp(from, changes[i].a) == 0 || strcmp(to, changes[i].a) == 0 ||
            strcmp(from, changes[i].b) == 0 || strcmp(to, changes[i].b) == 0)
            return true;
    return false;
}

/* "train 63 %, dataset 37 %": the two largest loads. */
static void loads_of(const struct csin_json_value *arc, char *to, size_t room)
{
    const struct csin_json_value *loads = csin_json_get(arc, "bytes_by_owner");
    size_t used = 0;
    int n = 0;
    *to = '\0';
    if (!loads || loads->kind != CSIN_JSON_OBJECT)
        return;
    for (const struct csin_json_value *v = loads->first; v && n < 2; v = v->next, n++)
        if (used < room)
            used += (size_t)snprintf(to + used, room - used, "%s%.64s %s %%", n ? ", " : "", v->key,
                                     csin_show_fixed(100 * share_of(arc, v->key), 0).s);
}

/* The arc whose congestion grew most for this owner. Of those that grew nearly as much one at a
 * switch whose cables are others is told, as it shows what that has to do with it. */
static const char *because(struct csin_compare_walk *walk, const struct arcs *arcs,
                           const char *owner, const struct csin_cabling_change *changes,
                           uint32_t n_changes)
{
    const double nearly = 1.1;
    double most = 0, was_s = 0;
    const struct csin_json_value *worst = NULL;
    for (uint32_t i = 0; i < arcs->n; i++) {
        double was = csin_json_get_number(arcs->was[i], "congested_s", 0);
        double grown = csin_json_get_number(arcs->is[i], "congested_s", 0) - was;
        double weight =
            grown * (share_of(arcs->is[i], owner) > 0) *
            (touches(arcs->is[i], changes, n_changes <= CHANGES_MAX ? n_changes : 0) ? nearly : 1);
        if (!(weight > most) || (arcs->partial && !arcs->was[i]))
            continue;
        most = weight;
        was_s = was;
        worst = arcs->is[i];
    }
    if (!worst)
        return NULL;
    char loads[200];
    loads_of(worst, loads, sizeof loads);
    const char *from = csin_json_get_text(worst, "from"), *to = csin_json_get_text(worst, "to");
    char before[64] = "for the first time";
    if (was_s > 0)
        snprintf(before, sizeof before, "was %s", csin_show_time(was_s).s);
    return csin_arena_printf(walk->arena, "because %s > %s is congested for %s, %s: %s",
                             from ? from : "?", to ? to : "?",
                             csin_show_time(csin_json_get_number(worst, "congested_s", 0)).s,
                             before, loads);
}

/* ---- slowdowns ---- */

static bool same_subject(const struct csin_difference *a, const struct csin_difference *b)
{
    return strcmp(a->noun, b->noun) == 0 && strcmp(a->subject, b->subject) == 0;
}

/* Another difference of the same subject; they stand together. */
static const struct csin_difference *find(const struct csin_compare_walk *walk, size_t at,
                                          const char *metric)
{
    size_t i = at;
    while (i > 0 && same_subject(&walk->list[i - 1], &walk->list[at]))
        i--;
    for (; i < walk->n && same_subject(&walk->list[i], &walk->list[at]); i++)
        if (walk->list[i].metric && strcmp(walk->list[i].metric, metric) == 0)
            return &walk->list[i];
    return NULL;
}

/* Faster than it was, and yet more slowed by company, as the fabric alone became faster still. */
static void forgive(struct csin_compare_walk *walk, size_t at)
{
    struct csin_difference *d = &walk->list[at];
    static const char *const times[] = {"time_s", "time_mean_s", "throughput_Bps"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        const struct csin_difference *time = find(walk, at, times[i]);
        if (!time || time->trend != CSIN_BETTER)
            continue;
        d->trend = CSIN_CHANGED;
        d->fails = false;
        d->words = "it is faster, but alone it would be faster still";
    }
}

/* ---- routes ---- */

struct routes {
    uint32_t more, less;
};

static bool carries(const struct csin_json_value *arc, const char *owner)
{
    return csin_json_get(csin_json_get(arc, "bytes_by_owner"), owner);
}

/* Arcs that an owner uses and did not, and the other way round. Of arcs that carry nothing there is
 * no row, so both lists are gone through. */
static struct routes count_routes(const struct arcs *arcs, const struct arcs *back,
                                  const char *owner)
{
    struct routes n = {0, 0};
    for (uint32_t i = 0; i < arcs->n; i++)
        n.more += carries(arcs->is[i], owner) && !carries(arcs->was[i], owner);
    for (uint32_t i = 0; i < back->n; i++)
        n.less += carries(back->is[i], owner) && !carries(back->was[i], owner);
    return n;
}

static void tell_routes(struct csin_compare_walk *walk, const struct csin_document *now,
                        const struct arcs *arcs, const struct arcs *back, const char *section)
{
    const struct csin_json_value *owners = csin_json_get(now->top, section);
    uint32_t n_told = 0;
    for (const struct csin_json_value *v = owners ? owners->first : NULL;
         v && n_told++ < owners_max(arcs); v = v->next) {
        const char *name = csin_json_get_text(v, "name");
        struct routes n = name ? count_routes(arcs, back, name) : (struct routes){0, 0};
        if (!n.more && !n.less)
            continue;
        char more[48] = "";
        if (n.more)
            snprintf(more, sizeof more, "takes %.12s more arc%s, ", csin_show_count(n.more).s,
                     n.more == 1 ? "" : "s");
        const char *words = csin_arena_printf(walk->arena, "%sleaves %s arc%s", more,
                                              csin_show_count(n.less).s, n.less == 1 ? "" : "s");
        walk->no_memory |= !words;
        csin_compare_add(walk, &(struct csin_difference){.trend = CSIN_CHANGED,
                                                         .main = true,
                                                         .noun = "routes of",
                                                         .subject = name,
                                                         .unit = CSIN_UNIT_TEXT,
                                                         .was = NAN,
                                                         .is = NAN,
                                                         .words = words});
    }
}

void csin_compare_reasons(struct csin_compare_walk *walk, const struct csin_document *base,
                          const struct csin_document *now,
                          const struct csin_cabling_change *changes, uint32_t n_changes)
{
    struct arcs arcs, back;
    uint32_t n_told = 0;
    if (walk->no_memory || !pair_arcs(walk, base, now, &arcs) ||
        !pair_arcs(walk, now, base, &back)) {
        walk->no_memory = true;
        return;
    }
    for (size_t i = 0; i < walk->n; i++) {
        struct csin_difference *d = &walk->list[i];
        bool owner = strcmp(d->noun, "job") == 0 || strcmp(d->noun, "stream") == 0;
        if (!d->metric || d->trend != CSIN_WORSE || strcmp(d->metric, "slowdown") != 0)
            continue;
        forgive(walk, i);
        if (owner && d->trend == CSIN_WORSE && n_told++ < owners_max(&arcs))
            d->words = because(walk, &arcs, d->subject, changes, n_changes);
    }
    if (arcs.partial)
        return;
    tell_routes(walk, now, &arcs, &back, "jobs");
    tell_routes(walk, now, &arcs, &back, "storage");
}
