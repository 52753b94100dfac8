/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reasons, each a sentence about figures that were simulated. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "plan/isolate_inside.h"

#define MAX_PAIRS 8u
#define MAX_MEMBERS 6u
#define WORTH_SAYING 0.01 /* slowdowns and shares of time */
#define MAX_REASONS (CSIN_ISOLATE_MAX_OWNERS + CSIN_MAX_LANES + MAX_PAIRS + 32u)

#define SAY(iso, ...) add(iso, csin_arena_printf((iso)->out->arena, __VA_ARGS__))

static void add(struct isolator *iso, const char *sentence)
{
    if (!sentence)
        iso->is_out_of_memory = true;
    else if (iso->out->n_reasons < MAX_REASONS)
        iso->out->reasons[iso->out->n_reasons++] = sentence;
}

static struct csin_shown times(double slowdown)
{
    struct csin_shown shown = csin_show_fixed(slowdown, 2);
    strcat(shown.s, "x");
    return shown;
}

static struct csin_shown percent(double share)
{
    struct csin_shown shown = csin_show_fixed(100 * share, share < 0.0995 ? 1 : 0);
    strcat(shown.s, " %");
    return shown;
}

struct arc_name {
    char s[200];
};

static struct arc_name arc_name(const struct isolator *iso, uint32_t arc)
{
    const struct csin_fabric *f = iso->sc.fabric;
    struct arc_name name;
    snprintf(name.s, sizeof name.s, "%s > %s", csin_vertex_name(f, csin_arc_tail(f, arc)).s,
             csin_vertex_name(f, csin_arc_head(f, arc)).s);
    return name;
}

static uint32_t most_slowed(const struct isolator *iso, const struct trial *t)
{
    uint32_t most = 0;
    for (uint32_t o = 1; o < iso->n; o++)
        most = t->slowdown[o] > t->slowdown[most] ? o : most;
    return most;
}

/* ---- who is held up by whom ---- */

/* The owner with the most bytes on the arc that `victim` waits behind. */
static uint32_t blame(const struct csin_result *r, const struct csin_victim_result *victim)
{
    for (uint32_t i = 0; i < r->n_arcs; i++)
        if (r->arcs[i].arc == victim->arc && r->arcs[i].n_loads > 0)
            return r->loads[r->arcs[i].first_load].owner;
    return CSIN_NONE;
}

/* The first words of the sentence are the caller's. */
static void explain_victim(struct isolator *iso, const struct trial *t, uint32_t owner,
                           const char *words)
{
    const struct csin_result *r = t->result;
    for (uint32_t i = 0; i < r->n_victims; i++) { /* the largest share first */
        if (r->victims[i].owner != owner)
            continue;
        uint32_t who = blame(r, &r->victims[i]);
        bool self = who == owner || who == CSIN_NONE;
        SAY(iso,
            "%s for %s of the time that it sends behind full arcs that are not on its way, most "
            "behind %s, which carries mostly %s%s%s",
            words, percent(t->held[owner]).s, arc_name(iso, r->victims[i].arc).s, self ? "" : "'",
            self ? "its own traffic" : iso->given->owners[who], self ? "" : "'");
        return;
    }
}

static void explain_victims(struct isolator *iso)
{
    for (uint32_t o = 0; o < iso->n; o++)
        if (iso->as_is->held[o] >= WORTH_SAYING)
            explain_victim(iso, iso->as_is, o,
                           csin_arena_printf(iso->arena, "'%s' is held up", iso->given->owners[o]));
}

/* ---- who must not share ---- */

static double price(const struct isolator *iso, uint32_t a, uint32_t b)
{
    size_t ab = (size_t)a * iso->n + b;
    double price = iso->out->together[ab] - iso->out->apart[ab];
    return isfinite(price) ? price : 0;
}

static void explain_pairs(struct isolator *iso)
{
    bool said[CSIN_ISOLATE_MAX_OWNERS * CSIN_ISOLATE_MAX_OWNERS] = {false};
    for (uint32_t k = 0; k < MAX_PAIRS; k++) {
        uint32_t a = 0, b = 0;
        double most = WORTH_SAYING;
        for (uint32_t i = 0; i < iso->n; i++)
            for (uint32_t j = 0; j < iso->n; j++)
                if (i != j && !said[i * iso->n + j] && price(iso, i, j) > most) {
                    most = price(iso, i, j);
                    a = i;
                    b = j;
                }
        if (a == b)
            return;
        said[a * iso->n + b] = true;
        bool share = !iso->best->as_is && iso->best->lane_of[a] == iso->best->lane_of[b];
        SAY(iso, "'%s' beside '%s'%s is slowed %s on one lane and %s on two%s",
            iso->given->owners[a], iso->given->owners[b], iso->n > 2 ? ", with nobody else," : "",
            times(iso->out->together[(size_t)a * iso->n + b]).s,
            times(iso->out->apart[(size_t)a * iso->n + b]).s,
            iso->out->n_classes == 0 ? ""
            : share                  ? "; they share one all the same"
                                     : ": they get two");
    }
}

static void explain_sharing(struct isolator *iso)
{
    const struct csin_isolation *out = iso->out;
    uint32_t n = out->n_classes;
    bool all = out->n_tried == out->n_ways;
    if (n == iso->n)
        SAY(iso, "each job and stream gets a lane of its own");
    else if (all)
        SAY(iso,
            "%u lane%s of %u %s enough: all %s ways to share were simulated, the best of them "
            "with other weights as well",
            n, n == 1 ? "" : "s", out->n_lanes, n == 1 ? "is" : "are",
            csin_show_count(out->n_ways).s);
    else
        SAY(iso, "%u lane%s of %u: of %s%s ways to share, the best of %s that were simulated", n,
            n == 1 ? "" : "s", out->n_lanes, out->n_ways == UINT32_MAX ? "more than " : "",
            csin_show_count(out->n_ways).s, csin_show_count(out->n_tried).s);
}

/* ---- what lanes get ---- */

/* " of 'a', 'b' and 3 more"; nothing for an owner alone, whose name is that of the class. */
static const char *members(struct isolator *iso, uint32_t lane)
{
    uint32_t n = iso->out->classes[lane].n_owners, said = 0;
    const char *words = "";
    for (uint32_t o = 0; o < iso->n && n > 1 && words; o++) {
        if (iso->best->lane_of[o] != lane)
            continue;
        if (said == MAX_MEMBERS)
            return csin_arena_printf(iso->arena, "%s and %u more", words, n - said);
        words = csin_arena_printf(iso->arena, "%s%s'%s'", words,
                                  said == 0       ? " of "
                                  : said + 1 == n ? " and "
                                                  : ", ",
                                  iso->given->owners[o]);
        said++;
    }
    return words ? words : "";
}

static void explain_weight(struct isolator *iso, uint32_t lane)
{
    const struct csin_isolation *out = iso->out;
    const struct csin_isolation_class *class = &out->classes[lane];
    double all = 0;
    for (uint32_t i = 0; i < out->n_classes; i++)
        all += out->classes[i].weight;
    if (class->worst_arc == CSIN_NONE)
        SAY(iso, "class '%s'%s has VL %u and %s of the weights; what it asks for always fits",
            class->name, members(iso, lane), class->vl, percent(class->weight / all).s);
    else
        SAY(iso,
            "class '%s'%s has VL %u and %s of the weights, and %s of what is asked of %s, its "
            "worst arc",
            class->name, members(iso, lane), class->vl, percent(class->weight / all).s,
            percent(class->demand).s, arc_name(iso, class->worst_arc).s);
}

static void explain_weights(struct isolator *iso)
{
    const struct csin_isolation *out = iso->out;
    bool equal = true;
    for (uint32_t lane = 0; lane < out->n_classes; lane++) {
        explain_weight(iso, lane);
        equal &= out->classes[lane].weight == out->classes[0].weight;
    }
    if (equal && out->n_classes > 1 && iso->weights_are_tried)
        SAY(iso, "other weights, such as those by demand, were simulated and are not better by %s",
            percent(CSIN_ISOLATE_STEP).s);
}

static void explain_knobs(struct isolator *iso, const struct trial *t, const char *how)
{
    for (uint32_t i = 0; i < iso->given->n_streams; i++) {
        const struct csin_stream *stream = &iso->given->streams[i];
        uint32_t o = iso->given->n_jobs + i;
        if (t->senders[i] != stream->senders)
            SAY(iso, "'%s' %s 'request-to-send: %u' instead of %s%.0u: it runs %s, not %s",
                stream->name, how, t->senders[i], stream->senders ? "" : "none", stream->senders,
                times(t->slowdown[o]).s, times(iso->as_is->slowdown[o]).s);
        if (t->concurrency[i] != stream->concurrency)
            SAY(iso, "'%s' %s 'concurrency: %u' instead of %u", stream->name, how,
                t->concurrency[i], stream->concurrency);
    }
}

/* Who is slower for it. */
static void explain_price(struct isolator *iso)
{
    for (uint32_t o = 0; o < iso->n; o++)
        if (iso->best->slowdown[o] > iso->as_is->slowdown[o] + WORTH_SAYING)
            SAY(iso, "'%s' pays for it: %s, which was %s", iso->given->owners[o],
                times(iso->best->slowdown[o]).s, times(iso->as_is->slowdown[o]).s);
}

/* ---- what is left ---- */

static void explain_rest(struct isolator *iso, uint32_t bound_arc)
{
    const struct csin_isolation *out = iso->out;
    uint32_t worst = most_slowed(iso, iso->best);
    double after = iso->best->slowdown[worst];
    if (after <= 1 + WORTH_SAYING) {
        SAY(iso, "nobody is left slower than alone by more than %s", percent(WORTH_SAYING).s);
        return;
    }
    if (!iso->best->result)
        SAY(iso, "left over: '%s' is slowed %s", iso->given->owners[worst], times(after).s);
    else if (iso->best->held[worst] < WORTH_SAYING)
        SAY(iso, "left over: '%s' is slowed %s, by bandwidth that others really use on its way",
            iso->given->owners[worst], times(after).s);
    else
        explain_victim(iso, iso->best, worst,
                       csin_arena_printf(iso->arena, "left over: '%s' is slowed %s; it is held up",
                                         iso->given->owners[worst], times(after).s));
    double apart = out->owners[worst].apart, first = out->owners[worst].first;
    if (apart > 0 && apart < after - WORTH_SAYING && iso->n > out->n_lanes)
        SAY(iso, "with a lane for each of the %u owners, were there so many, it would be %s",
            iso->n, times(apart).s);
    if (first > after - WORTH_SAYING)
        SAY(iso,
            "on a lane of its own, with 255 times the weight of all others, it is still %s: "
            "lanes can do no more for it",
            times(first).s);
    else if (first > 0)
        SAY(iso,
            "on a lane of its own, with 255 times the weight of all others, it would be %s, "
            "and others would pay",
            times(first).s);
    if (bound_arc != CSIN_NONE && out->bound > 1)
        SAY(iso,
            "no lanes, weights or knobs bring the worst below %s: %s cannot carry its bytes sooner",
            times(out->bound).s, arc_name(iso, bound_arc).s);
}

static void explain_one_lane(struct isolator *iso)
{
    SAY(iso, "there is one data VL: nothing can be kept apart");
    const struct trial *t = iso->options->knobs ? iso->best : iso->advice;
    if (t && t != iso->as_is) {
        explain_knobs(iso, t, iso->options->knobs ? "gets" : "could have");
        SAY(iso, "that brings the worst slowdown from %s to %s", times(iso->as_is->worst).s,
            times(t->worst).s);
    } else {
        SAY(iso, "what is left to try: switches with more VLs, other ways, another placement, "
                 "or another time");
    }
}

static void explain_not_needed(struct isolator *iso)
{
    if (iso->n == 1)
        SAY(iso, "'%s' is alone: there is nobody to keep apart from", iso->given->owners[0]);
    else if (iso->as_is->worst <= 1 + WORTH_SAYING)
        SAY(iso, "nobody is slower than alone by more than %s: lanes stay as they are",
            percent(WORTH_SAYING).s);
    else if (iso->as_is->as_is)
        SAY(iso, "the lanes that the scenario has are as good as any that were simulated");
    else
        SAY(iso, "lanes would be no help: what slows down is bandwidth that others really use");
}

void csin_isolate_explain(struct isolator *iso, uint32_t bound_arc)
{
    struct csin_isolation *out = iso->out;
    out->reasons = csin_arena_alloc(out->arena, MAX_REASONS, sizeof *out->reasons);
    if (!out->reasons) {
        iso->is_out_of_memory = true;
        return;
    }
    bool needed = iso->n > 1 && iso->as_is->worst > 1 + WORTH_SAYING;
    if (needed) {
        uint32_t worst = most_slowed(iso, iso->as_is);
        SAY(iso, "as it is, '%s' is slowed most: %s", iso->given->owners[worst],
            times(iso->as_is->worst).s);
        explain_victims(iso);
        explain_pairs(iso);
    }
    if (out->answer == CSIN_ISOLATION_NOT_NEEDED)
        explain_not_needed(iso);
    if (needed && out->n_lanes == 1)
        explain_one_lane(iso);
    else if (out->changes_knobs)
        explain_knobs(iso, iso->best, "gets");
    if (out->n_classes > 0)
        explain_sharing(iso);
    explain_weights(iso);
    explain_price(iso);
    if (needed)
        explain_rest(iso, bound_arc);
    if (iso->n_abandoned > 0)
        SAY(iso, "%u simulation%s took too long and %s given up", iso->n_abandoned,
            iso->n_abandoned == 1 ? "" : "s", iso->n_abandoned == 1 ? "was" : "were");
    if (out->out_of_time)
        SAY(iso, "the time was up after %u simulation%s: more of it may find better",
            out->n_simulated, out->n_simulated == 1 ? "" : "s");
}
