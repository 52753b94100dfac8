/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Classes of traffic and the lanes they take:
 *
 *     job or stream -> class -> SL -> VL -> a lower VL, where a switch has fewer
 *
 * What has no class is sent with SL 0. */
#include <string.h>

#include "base/units.h"
#include "sim/resolve.h"

#define MAX_CLASSES 64 /* there are 16 SLs, so more say nothing new; every pair is looked at */
#define N_SLS 16
#define DEFAULT_WEIGHT 64
#define MANAGEMENT_VL 15

/* Whoever sends with an SL. */
struct user {
    const struct csin_class *of; /* NULL: all that has no class */
    bool is_there;               /* some job or stream is */
    uint32_t sl, vl;
};

struct lanes {
    struct resolver *r;
    const struct csin_lanes_spec *spec;
    struct user users[1 + MAX_CLASSES]; /* without a class; class 0, 1, ... */
    uint32_t n_users;
    bool unknown; /* somebody is in a class that there is not, maybe misspelt */
};

/* ---- classes ---- */

static void unknown_class(struct resolver *r, const struct csin_text *name)
{
    const struct csin_scenario *sc = r->sc;
    const char *names[MAX_CLASSES];
    for (uint32_t i = 0; i < sc->n_classes; i++)
        names[i] = sc->classes[i].name;
    const char *near = csin_nearest(name->s, names, sc->n_classes);
    if (near) {
        FAIL(r, 404, name->loc, "unknown class '%s'; did you mean '%s'?", name->s, near);
        return;
    }
    FAIL(r, 404, name->loc, "unknown class '%s'", name->s);
    if (sc->n_classes == 0)
        csin_note(r->diag, name->loc, "there are none; add, for instance, 'classes: {%s: {sl: 1}}'",
                  name->s);
    else
        csin_note(r->diag, r->spec->classes.loc, "the classes are here");
}

/* CSIN_NONE without a class, and after a reported failure. */
static uint32_t find_class(struct lanes *l, const struct csin_text *name)
{
    const struct csin_scenario *sc = l->r->sc;
    if (!name->s)
        return CSIN_NONE;
    for (uint32_t i = 0; i < sc->n_classes; i++)
        if (strcmp(sc->classes[i].name, name->s) == 0)
            return i;
    if (!csin_resolve_heard_enough(l->r))
        unknown_class(l->r, name);
    l->unknown = true;
    return CSIN_NONE;
}

static bool make_classes(struct resolver *r)
{
    struct csin_scenario *sc = r->sc;
    const struct csin_class_spec *specs = r->spec->classes.items;
    if (r->spec->classes.n > MAX_CLASSES) {
        FAIL(r, 406, r->spec->classes.loc, "%s classes; at most %u",
             csin_show_count(r->spec->classes.n).s, MAX_CLASSES);
        return false;
    }
    if (!(sc->classes = csin_resolve_array(r, r->spec->classes.n, sizeof *sc->classes)))
        return false;
    sc->n_classes = r->spec->classes.n;
    for (uint32_t i = 0; i < sc->n_classes; i++)
        sc->classes[i] = (struct csin_class){specs[i].name.s, (uint32_t)specs[i].sl.n,
                                             specs[i].name.loc};
    return true;
}

static struct user *user_of(struct lanes *l, uint32_t owner)
{
    const struct csin_scenario *sc = l->r->sc;
    uint32_t class = owner < sc->n_jobs ? sc->jobs[owner].traffic_class
                                        : sc->streams[owner - sc->n_jobs].traffic_class;
    return &l->users[class == CSIN_NONE ? 0 : 1 + class];
}

/* Gives every owner its class. */
static void find_users(struct lanes *l)
{
    struct resolver *r = l->r;
    struct csin_scenario *sc = r->sc;
    const struct csin_job_spec *jobs = r->spec->jobs.items;
    const struct csin_stream_spec *streams = r->spec->storage.items;
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        sc->jobs[i].traffic_class = find_class(l, &jobs[i].traffic_class);
    for (uint32_t i = 0; i < sc->n_streams; i++)
        sc->streams[i].traffic_class = find_class(l, &streams[i].traffic_class);
    l->n_users = 1 + sc->n_classes;
    for (uint32_t i = 0; i < sc->n_classes; i++)
        l->users[1 + i] = (struct user){.of = &sc->classes[i], .sl = sc->classes[i].sl};
    for (uint32_t owner = 0; owner < sc->n_owners; owner++)
        user_of(l, owner)->is_there = true;
    for (uint32_t i = 0; i < sc->n_classes && !l->unknown; i++)
        if (!l->users[1 + i].is_there)
            csin_warning(r->diag, 402, sc->classes[i].loc,
                         "class '%s' has no effect: no job and no stream is in it",
                         sc->classes[i].name);
}

/* ---- service levels to virtual lanes ---- */

static void no_vl(struct lanes *l, const struct user *user)
{
    struct resolver *r = l->r;
    const struct csin_list *list = &l->spec->sl_to_vl;
    if (!user->of)
        FAIL(r, 405, list->loc, "SL 0 has no VL, and jobs and streams without a class have SL 0");
    else if (list->loc.line)
        FAIL(r, 405, user->of->loc, "SL %u of class '%s' has no VL: 'sl-to-vl' ends with SL %u",
             user->sl, user->of->name, list->n - 1);
    else
        FAIL(r, 405, user->of->loc, "SL %u of class '%s' has no VL", user->sl, user->of->name);
    if (user->of && list->loc.line)
        csin_note(r->diag, list->loc, "it is written here: VLs of SL 0, 1, 2 and so on");
    else if (user->of)
        csin_note(r->diag, user->of->loc,
                  "without 'sl-to-vl', SLs 0 to 14 have the VL of the same number");
}

static void find_vls(struct lanes *l)
{
    const struct csin_list *list = &l->spec->sl_to_vl;
    const struct csin_count *vls = list->items;
    if (list->n > N_SLS)
        FAIL(l->r, 406, vls[N_SLS].loc, "'sl-to-vl' has %s entries; there are %u SLs",
             csin_show_count(list->n).s, N_SLS);
    for (uint32_t sl = 0; sl < list->n && sl < N_SLS; sl++)
        if (vls[sl].n >= CSIN_MAX_LANES) {
            FAIL(l->r, 405, vls[sl].loc, "SL %u has VL %s, which carries no data", sl,
                 csin_show_count(vls[sl].n).s);
            csin_note(l->r->diag, vls[sl].loc, "the VLs for data are 0 to 14%s",
                      vls[sl].n == MANAGEMENT_VL ? "; OpenSM drops packets by VL 15" : "");
        }
    for (uint32_t i = 0; i < l->n_users; i++) {
        struct user *user = &l->users[i];
        if (user->sl < (list->loc.line ? list->n : CSIN_MAX_LANES))
            user->vl = list->loc.line ? (uint32_t)vls[user->sl].n : user->sl;
        else if (user->is_there)
            no_vl(l, user);
    }
}

static void fill_lanes(struct lanes *l)
{
    struct csin_scenario *sc = l->r->sc;
    const struct csin_count *weights = l->spec->weights.items;
    uint32_t n = l->spec->weights.n;
    if (n > CSIN_MAX_LANES)
        FAIL(l->r, 406, weights[CSIN_MAX_LANES].loc,
             "'weights' has %s entries; there are %u VLs for data", csin_show_count(n).s,
             CSIN_MAX_LANES);
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES; vl++)
        sc->lanes.weights[vl] = vl < n ? (double)weights[vl].n : DEFAULT_WEIGHT;
    if (!l->r->spec->classes.loc.line && !l->spec->loc.line)
        return;
    uint8_t *of_owner = csin_resolve_array(l->r, sc->n_owners, sizeof *of_owner);
    for (uint32_t owner = 0; of_owner && owner < sc->n_owners; owner++)
        of_owner[owner] = (uint8_t)user_of(l, owner)->vl;
    sc->lanes.of_owner = of_owner;
}

/* The table as ports have it: what is written, or the VL of the same number for SLs in use and for
 * SL 0, with which a fabric is managed. */
static void fill_table(struct lanes *l)
{
    uint8_t *table = l->r->sc->sl_to_vl;
    const struct csin_list *list = &l->spec->sl_to_vl;
    const struct csin_count *vls = list->items;
    memset(table, MANAGEMENT_VL, N_SLS);
    for (uint32_t sl = 0; sl < list->n && sl < N_SLS; sl++)
        table[sl] = (uint8_t)(vls[sl].n < CSIN_MAX_LANES ? vls[sl].n : MANAGEMENT_VL);
    if (list->loc.line)
        return;
    table[0] = 0;
    for (uint32_t i = 0; i < l->n_users; i++)
        if (l->users[i].is_there)
            table[l->users[i].sl] = (uint8_t)l->users[i].vl;
}

/* ---- what the fabric makes of it ---- */

struct model { /* of switches */
    const char *name;
    uint32_t n_vls, n_switches;
};

/* "class 'nccl' (SL 1, VL 1)" */
struct words {
    char s[128];
};

static struct words words_of(const struct user *user)
{
    struct words words;
    if (user->of)
        snprintf(words.s, sizeof words.s, "class '%s' (SL %u, VL %u)", user->of->name, user->sl,
                 user->vl);
    else
        snprintf(words.s, sizeof words.s, "all that has no class (SL 0, VL %u)", user->vl);
    return words;
}

static void warn_of_fold(struct resolver *r, const struct user *a, const struct user *b,
                         const struct model *model)
{
    bool one = model->n_switches == 1;
    csin_warning(r->diag, 412, b->of->loc,
                 "%s shares VL %u with %s on the %s%sswitch%s of model '%s', which %s %u data VL%s",
                 words_of(b).s, csin_lane_fold(b->vl, model->n_vls), words_of(a).s,
                 one ? "" : csin_show_count(model->n_switches).s, one ? "" : " ", one ? "" : "es",
                 model->name, one ? "has" : "have", model->n_vls, model->n_vls == 1 ? "" : "s");
}

/* The models of the fabric's switches, in the order in which they come; NULL after a reported
 * failure. */
static struct model *count_models(struct resolver *r, struct csin_arena *scratch, uint32_t *ret_n)
{
    const struct csin_fabric *f = r->sc->fabric;
    struct csin_names index;
    struct model *models = scratch ? csin_arena_alloc(scratch, f->n_switches, sizeof *models)
                                   : NULL;
    *ret_n = 0;
    if (!models || !csin_names_init(&index, scratch, f->n_switches)) {
        csin_resolve_fail(r, csin_no_memory(r->diag));
        return NULL;
    }
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        uint32_t i = *ret_n;
        if (csin_names_add(&index, sw->model, i, &i))
            models[(*ret_n)++] = (struct model){sw->model, sw->n_vls, 0};
        models[i].n_switches++;
    }
    return models;
}

static void check_folds(struct lanes *l, const struct model *models, uint32_t n_models)
{
    for (uint32_t i = 0; i < l->n_users; i++)
        for (uint32_t k = i + 1; k < l->n_users; k++) {
            const struct user *a = &l->users[i], *b = &l->users[k];
            if (!a->is_there || !b->is_there || a->vl == b->vl)
                continue;
            for (uint32_t m = 0; m < n_models; m++)
                if (csin_lane_fold(a->vl, models[m].n_vls) ==
                    csin_lane_fold(b->vl, models[m].n_vls))
                    warn_of_fold(l->r, a, b, &models[m]);
        }
}

/* Weights that differ from the default are there for somebody. The default itself may stand for a
 * VL that nobody uses, as the list has to reach those behind it. */
static void check_weights(struct lanes *l, const struct model *models, uint32_t n_models)
{
    const struct csin_count *weights = l->spec->weights.items;
    bool used[CSIN_MAX_LANES] = {false};
    for (uint32_t i = 0; i < l->n_users; i++) {
        if (l->users[i].is_there)
            used[l->users[i].vl] = true;
        for (uint32_t m = 0; m < n_models && l->users[i].is_there; m++)
            used[csin_lane_fold(l->users[i].vl, models[m].n_vls)] = true;
    }
    for (uint32_t vl = 0; vl < l->spec->weights.n; vl++)
        if (!used[vl] && weights[vl].n != DEFAULT_WEIGHT)
            csin_warning(l->r->diag, 402, weights[vl].loc,
                         "the weight of VL %u has no effect: nothing is sent on it", vl);
}

/* Only the lossless model has lanes. */
static void warn_no_lanes(struct resolver *r)
{
    static const char why[] = "has no effect with 'congestion: fair', which knows no lanes";
    if (r->spec->classes.loc.line)
        csin_warning(r->diag, 402, r->spec->classes.loc, "'classes' %s", why);
    if (r->spec->lanes.loc.line)
        csin_warning(r->diag, 402, r->spec->lanes.loc, "'lanes' %s", why);
}

void csin_resolve_lanes(struct resolver *r)
{
    struct csin_scenario *sc = r->sc;
    struct lanes l = {.r = r, .spec = &r->spec->lanes};
    if (!sc->jobs || !sc->streams || !make_classes(r))
        return;
    find_users(&l);
    find_vls(&l);
    fill_lanes(&l);
    fill_table(&l);
    if (r->status != CSIN_OK)
        return;
    if (sc->congestion == CSIN_FAIR) {
        warn_no_lanes(r);
        return;
    }
    struct csin_arena *scratch = csin_arena_create();
    uint32_t n_models;
    const struct model *models = count_models(r, scratch, &n_models);
    if (models) {
        check_folds(&l, models, n_models);
        check_weights(&l, models, n_models);
    }
    csin_arena_destroy(scratch);
}
