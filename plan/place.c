/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "plan/place_inside.h"

#define SEARCH_WORK 1.5e8          /* steps of a search, at most: one or two seconds; */
#define RANK_WORK 1e6              /* for each rank */
#define ZONE_WORK 3e7              /* of one that has only zones in view */
#define MAX_LEAVES_EXCHANGED 4096u /* a matrix of leaves x leaves */
#define MAX_JOBS_TOLD 50u

/* ---- settling ---- */

/* stay[content][leaf]: ranks on leaf `content` that the scenario has on `leaf`. */
struct settler {
    const struct place *p;
    uint32_t *stay, *at, *open; /* at[content]: the leaf it goes to; open [n_leaves][n_kinds] */
};

static bool are_alike(const struct settler *s, uint32_t a, uint32_t b)
{
    uint32_t k = s->p->n_kinds;
    return s->p->leaf_zone[a] == s->p->leaf_zone[b] &&
           memcmp(s->open + (size_t)a * k, s->open + (size_t)b * k, k * sizeof *s->open) == 0;
}

static int64_t stays(const struct settler *s, uint32_t content, uint32_t leaf)
{
    return s->stay[(size_t)content * s->p->n_leaves + leaf];
}

static bool exchange_leaves(struct settler *s)
{
    bool better = false;
    uint32_t n = s->p->n_leaves;
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = a + 1; b < n; b++) {
            uint32_t la = s->at[a], lb = s->at[b];
            if (stays(s, a, lb) + stays(s, b, la) <= stays(s, a, la) + stays(s, b, lb) ||
                !are_alike(s, la, lb))
                continue;
            s->at[a] = lb;
            s->at[b] = la;
            better = true;
        }
    return better;
}

/* Leaves become other leaves: at[leaf]. */
static bool map_leaves(struct settler *s, const uint32_t *slots)
{
    const struct place *p = s->p;
    uint32_t n = p->n_leaves;
    for (uint32_t l = 0; l < n; l++)
        s->at[l] = l;
    if (n > MAX_LEAVES_EXCHANGED)
        return true;
    s->stay = calloc((size_t)n * n + 1, sizeof *s->stay);
    s->open = calloc((size_t)n * p->n_kinds + 1, sizeof *s->open);
    if (!s->stay || !s->open)
        return false;
    for (uint32_t slot = 0; slot < p->n_slots; slot++)
        if (p->slot_kind[slot] != CSIN_NONE)
            s->open[(size_t)p->slot_leaf[slot] * p->n_kinds + p->slot_kind[slot]]++;
    for (uint32_t r = 0; r < p->n_ranks; r++)
        if (p->slot_kind[slots[r]] != CSIN_NONE)
            s->stay[(size_t)p->slot_leaf[slots[r]] * n + p->slot_leaf[p->given[r]]]++;
    while (exchange_leaves(s))
        ;
    return true;
}

bool place_settle(struct place *p, uint32_t *slots)
{
    struct settler s = {.p = p, .at = malloc((p->n_leaves + 1u) * sizeof *s.at)};
    uint8_t *occupied = calloc(p->n_slots + 1u, 1);
    bool ok = s.at && occupied && map_leaves(&s, slots);
    for (unsigned stay = 2; ok && stay-- > 0;)
        for (uint32_t r = 0; r < p->n_ranks; r++) {
            uint32_t kind = p->slot_kind[p->given[r]];
            if (kind == CSIN_NONE)
                continue;
            uint32_t leaf = s.at[p->slot_leaf[slots[r]]];
            if (stay) {
                if (leaf == p->slot_leaf[p->given[r]])
                    occupied[p->given[r]] = 1;
                continue;
            }
            uint32_t slot = p->given[r];
            if (leaf != p->slot_leaf[slot]) {
                slot = p->leaf_first[leaf];
                while (occupied[slot] || p->slot_kind[slot] != kind)
                    slot++;
            }
            occupied[slot] = 1;
            slots[r] = slot;
        }
    free(s.at);
    free(s.stay);
    free(s.open);
    free(occupied);
    return ok;
}

/* ---- bounds ---- */

static bool bound_job(const struct place *p, uint32_t job, struct csin_place_figures *ret)
{
    const struct place_graph *g = &p->graphs[job];
    uint32_t n_leaves, n_zones;
    uint32_t *leaves = place_room(p, job, false, &n_leaves);
    uint32_t *zones = place_room(p, job, true, &n_zones);
    *ret = (struct csin_place_figures){.bytes = g->bytes};
    bool ok = leaves && zones;
    if (ok) {
        ret->leaves = place_graph_parts(g, leaves, n_leaves);
        ret->jobs_across = place_graph_parts(g, zones, n_zones) > 1;
        ret->leaf_bytes = place_graph_bound(g, leaves, n_leaves);
        ret->zone_bytes = place_graph_bound(g, zones, n_zones);
        ok = ret->leaf_bytes >= 0 && ret->zone_bytes >= 0;
        ret->leaf_bytes = fmax(ret->leaf_bytes, ret->zone_bytes);
    }
    free(leaves);
    free(zones);
    return ok;
}

/* Of each job and of all; jobs that stay have what they have. */
static bool bound_jobs(const struct place *p, struct csin_place_result *ret)
{
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        struct csin_place_job *job = &ret->jobs[j];
        if (p->fixed[j])
            job->bound = job->before;
        else if (!bound_job(p, j, &job->bound))
            return false;
        job->bound.pairs_across = job->bound.shared = 0;
        p->bounds[j] = job->bound;
        ret->bound.jobs_across += job->bound.jobs_across;
        ret->bound.leaves += job->bound.leaves;
        ret->bound.zone_bytes += job->bound.zone_bytes;
        ret->bound.leaf_bytes += job->bound.leaf_bytes;
        ret->bound.bytes += job->bound.bytes;
    }
    return true;
}

/* ---- what to say ---- */

struct teller {
    const struct place *p;
    struct csin_arena *arena;
    struct csin_place_result *ret;
    uint32_t room;
    bool failed;
};

static void tell(struct teller *t, char *sentence)
{
    if (!sentence || t->ret->n_reasons == t->room)
        t->failed = true;
    else
        t->ret->reasons[t->ret->n_reasons++] = sentence;
}
#define TELL(t, ...) tell(t, csin_arena_printf((t)->arena, __VA_ARGS__))

static const char *show_bytes(struct teller *t, double bytes)
{
    char *text = csin_arena_printf(t->arena, "%s", csin_show_size((uint64_t)bytes).s);
    t->failed = t->failed || !text;
    return text ? text : "";
}

static void tell_of_zones(struct teller *t)
{
    const struct csin_place_result *r = t->ret;
    if (t->p->n_zones < 2)
        return;
    const char *best = r->after.jobs_across <= r->bound.jobs_across ? " (no placement has fewer)"
                                                                    : "";
    if (r->after.jobs_across == 0)
        TELL(t, "no job lies across zones%s%s", r->before.jobs_across ? "; before: " : "",
             r->before.jobs_across ? csin_show_count(r->before.jobs_across).s : "");
    else
        TELL(t, "%s of %s job%s lie%s across zones%s; %s pair%s of ranks talk between them",
             csin_show_count(r->after.jobs_across).s, csin_show_count(r->n_jobs).s,
             r->n_jobs == 1 ? "" : "s", r->after.jobs_across == 1 ? "s" : "", best,
             csin_show_count(r->after.pairs_across).s, r->after.pairs_across == 1 ? "" : "s");
    for (uint32_t j = 0; j < r->n_jobs && j < MAX_JOBS_TOLD; j++)
        if (r->jobs[j].bound.jobs_across && !r->jobs[j].fixed)
            TELL(t, "job '%s' has %s hosts, more than any zone has for it", t->p->sc->jobs[j].name,
                 csin_show_count(r->jobs[j].n_hosts).s);
}

static const char *leaves(struct teller *t, uint32_t n)
{
    char *text = csin_arena_printf(t->arena, "%s lea%s", csin_show_count(n).s,
                                   n == 1 ? "f" : "ves");
    t->failed = t->failed || !text;
    return text ? text : "";
}

/* "the least there can be"; "at least 1 GiB must". A job alone has the bound of the whole. */
static const char *least_of_job(struct teller *t, const struct csin_place_job *job)
{
    double bound = t->ret->n_jobs == 1 ? t->ret->bound.leaf_bytes : job->bound.leaf_bytes;
    if (bound >= job->after.leaf_bytes * (1 - PLACE_SAME))
        return "the least there can be";
    const char *text = csin_arena_printf(t->arena, "at least %s must", show_bytes(t, bound));
    t->failed = t->failed || !text;
    return text ? text : "";
}

static void tell_of_job(struct teller *t, uint32_t index)
{
    const struct csin_place_job *job = &t->ret->jobs[index];
    const char *name = t->p->sc->jobs[index].name;
    if (job->fixed)
        TELL(t, "job '%s' keeps its hosts: it was to, or an event is about them", name);
    else if (job->n_moved == 0)
        TELL(t, "job '%s' keeps its hosts: %s, %s between leaves (%s)", name,
             leaves(t, job->after.leaves), show_bytes(t, job->after.leaf_bytes),
             least_of_job(t, job));
    else
        TELL(t,
             "job '%s' with %s of %s ranks moved: %s%s%s, %s between leaves instead of %s "
             "(%s)",
             name, csin_show_count(job->n_moved).s, csin_show_count(job->n_hosts).s,
             leaves(t, job->after.leaves),
             job->after.leaves == job->before.leaves ? " as before" : " instead of ",
             job->after.leaves == job->before.leaves ? "" : csin_show_count(job->before.leaves).s,
             show_bytes(t, job->after.leaf_bytes), show_bytes(t, job->before.leaf_bytes),
             least_of_job(t, job));
}

static void tell_of_gap(struct teller *t)
{
    const struct csin_place_result *r = t->ret;
    if (r->before.bytes <= 0)
        return;
    if (r->n_jobs == 1 && r->gap <= 0)
        ; /* the sentence of the job says it */
    else if (r->n_jobs == 1)
        TELL(t, "the gap to that bound is %s %%", csin_show_fixed(100 * r->gap, 1).s);
    else if (r->gap <= 0)
        TELL(t, "%s go between leaves, and no placement%s has less",
             show_bytes(t, r->after.leaf_bytes), r->exact ? " that is as good between zones" : "");
    else
        TELL(t, "%s go between leaves; at least %s must (a gap of %s %%)",
             show_bytes(t, r->after.leaf_bytes), show_bytes(t, r->bound.leaf_bytes),
             csin_show_fixed(100 * r->gap, 1).s);
    if (r->timed_out)
        TELL(t, "the search was ended before it was done");
}

static void tell_of_storage(struct teller *t)
{
    const struct csin_place_result *r = t->ret;
    for (uint32_t i = 0; i < r->n_storage && i < MAX_JOBS_TOLD; i++) {
        const struct csin_place_storage *s = &r->storage[i];
        const char *zone = t->p->sc->fabric->zones[s->zone].name;
        bool even = s->most <= s->fewest + 1, named = zone && *zone;
        bool equal = s->most == s->fewest;
        TELL(t, "storage%s%s%s is %s: %s%s%s NIC%s on %s leaf", named ? " in zone '" : "",
             named ? zone : "", named ? "'" : "", even ? "even" : "not even",
             equal ? "" : csin_show_count(s->fewest).s, equal ? "" : " to ",
             csin_show_count(s->most).s, s->most == 1 ? "" : "s", equal ? "each" : "a");
    }
    if (r->n_cables)
        TELL(t, "%s cable%s of storage hosts, plugged in elsewhere, would make it even",
             csin_show_count(r->n_cables).s, r->n_cables == 1 ? "" : "s");
}

static bool tell_all(const struct place *p, struct csin_arena *arena, struct csin_place_result *ret)
{
    struct teller t = {.p = p, .arena = arena, .ret = ret};
    t.room = 2 * MAX_JOBS_TOLD + 10 + (p->n_jobs < MAX_JOBS_TOLD ? p->n_jobs : MAX_JOBS_TOLD);
    ret->reasons = csin_arena_alloc(arena, t.room, sizeof *ret->reasons);
    if (!ret->reasons)
        return false;
    tell_of_zones(&t);
    for (uint32_t j = 0; j < ret->n_jobs && j < MAX_JOBS_TOLD; j++)
        tell_of_job(&t, j);
    if (ret->n_jobs > MAX_JOBS_TOLD)
        TELL(&t, "and %s jobs more", csin_show_count(ret->n_jobs - MAX_JOBS_TOLD).s);
    tell_of_gap(&t);
    tell_of_storage(&t);
    return !t.failed;
}

/* ---- the whole ---- */

struct contest {
    struct place *p;
    uint32_t *slots, *best; /* [n_ranks] at hand, and the best so far */
    struct place_score score, goal;
};

/* Keeps what is at hand where it is better. */
static bool enter_contest(struct contest *c)
{
    struct place_score score;
    if (!place_measure(c->p, c->slots, &score, NULL, NULL))
        return false;
    if (place_compare(&score, &c->score, true) < 0) {
        c->score = score;
        memcpy(c->best, c->slots, c->p->n_ranks * sizeof *c->best);
    }
    return true;
}

static bool is_won(const struct contest *c)
{
    return place_compare(&c->score, &c->goal, true) <= 0;
}

/* Greedy, and where jobs lie across zones once more with their parts as a search would have them.
 */
static bool search_zones(struct contest *c, uint32_t *want)
{
    struct place *p = c->p;
    if (!place_greedy(p, want, NULL, c->slots) || !enter_contest(c))
        return false;
    if (c->score.zone_bytes <= c->goal.zone_bytes)
        return true;
    uint32_t *hint = malloc((p->n_ranks + 1u) * sizeof *hint);
    bool ok = hint;
    if (ok) {
        memcpy(hint, c->slots, p->n_ranks * sizeof *hint);
        ok = place_search(p, hint, &c->goal, true, ZONE_WORK, 2) &&
             place_greedy(p, want, hint, c->slots) && enter_contest(c);
    }
    free(hint);
    return ok;
}

/* Greedy, the best so far improved, and what the scenario has improved. */
static bool search_all(struct contest *c, uint32_t *want)
{
    struct place *p = c->p;
    size_t bytes = p->n_ranks * sizeof *c->slots;
    double work = fmin(SEARCH_WORK, RANK_WORK * p->n_ranks);
    if (!search_zones(c, want))
        return false;
    for (uint64_t stream = 0; stream < 2 && !is_won(c) && !place_is_over(p); stream++) {
        memcpy(c->slots, stream ? p->given : c->best, bytes);
        if (!place_search(p, c->slots, &c->goal, false, work, stream) || !enter_contest(c))
            return false;
    }
    return true;
}

static enum csin_status run_contest(struct contest *c, struct csin_place_result *ret)
{
    struct place *p = c->p;
    size_t n = (size_t)p->n_jobs * p->n_kinds * p->n_zones + 1;
    uint32_t *want = malloc(n * sizeof *want), bound = 0;
    enum csin_status status = want ? place_deal_zones(p, want, &bound) : csin_no_memory(p->diag);
    if (status == CSIN_OK) {
        ret->bound.jobs_across = bound > ret->bound.jobs_across ? bound : ret->bound.jobs_across;
        c->goal = (struct place_score){ret->bound.jobs_across, ret->bound.leaves,
                                       ret->bound.zone_bytes, ret->bound.leaf_bytes};
        if (!search_all(c, want))
            status = csin_no_memory(p->diag);
    }
    free(want);
    if (status == CSIN_OK && !p->options->search_only &&
        place_compare(&c->score, &c->goal, false) > 0) {
        memcpy(c->slots, c->best, p->n_ranks * sizeof *c->slots);
        status = place_solve_exactly(p, c->slots, &c->goal, &ret->exact);
        if (status == CSIN_OK && !enter_contest(c))
            status = csin_no_memory(p->diag);
    }
    if (status == CSIN_OK && !place_settle(p, c->best))
        status = csin_no_memory(p->diag);
    return status;
}

/* An answer with its bounds, which rounding must not lift above it. */
static void fill_bounds(const struct contest *c, struct csin_place_result *ret)
{
    ret->bound.jobs_across = c->goal.jobs_across;
    ret->bound.zone_bytes = fmin(c->goal.zone_bytes, ret->after.zone_bytes);
    ret->bound.leaf_bytes = fmin(c->goal.leaf_bytes, ret->after.leaf_bytes);
    for (uint32_t j = 0; j < ret->n_jobs; j++) {
        struct csin_place_job *job = &ret->jobs[j];
        job->bound.zone_bytes = fmin(job->bound.zone_bytes, job->after.zone_bytes);
        job->bound.leaf_bytes = fmin(job->bound.leaf_bytes, job->after.leaf_bytes);
    }
    double gap = ret->after.leaf_bytes - ret->bound.leaf_bytes;
    ret->gap = gap > PLACE_SAME * ret->after.leaf_bytes ? gap / ret->after.leaf_bytes : 0;
}

static bool fill_hosts(const struct contest *c, struct csin_arena *arena,
                       struct csin_place_result *ret)
{
    const struct place *p = c->p;
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        struct csin_place_job *job = &ret->jobs[j];
        if (!(job->hosts = csin_arena_alloc(arena, job->n_hosts, sizeof *job->hosts)))
            return false;
        for (uint32_t r = 0; r < job->n_hosts; r++) {
            job->hosts[r] = p->slot_host[c->best[p->rank_first[j] + r]];
            job->n_moved += job->hosts[r] != p->sc->jobs[j].hosts[r];
        }
        ret->n_moved += job->n_moved;
    }
    return true;
}

/* Figures of all jobs, into `before` or `after` of each. */
static bool measure_into(const struct place *p, const uint32_t *slots,
                         struct csin_place_result *ret, bool after)
{
    struct csin_place_figures *jobs = malloc((p->n_jobs + 1u) * sizeof *jobs);
    bool ok = jobs && place_measure(p, slots, NULL, after ? &ret->after : &ret->before, jobs);
    for (uint32_t j = 0; ok && j < p->n_jobs; j++)
        *(after ? &ret->jobs[j].after : &ret->jobs[j].before) = jobs[j];
    free(jobs);
    return ok;
}

static enum csin_status place_all(struct place *p, struct csin_arena *arena,
                                  struct csin_place_result *ret)
{
    struct contest c = {.p = p,
                        .slots = malloc((p->n_ranks + 1u) * sizeof *c.slots),
                        .best = malloc((p->n_ranks + 1u) * sizeof *c.best)};
    enum csin_status status = CSIN_OK;
    bool ok = c.slots && c.best && measure_into(p, p->given, ret, false) && bound_jobs(p, ret);
    if (ok) {
        memcpy(c.best, p->given, p->n_ranks * sizeof *c.best);
        ok = place_measure(p, c.best, &c.score, NULL, NULL);
    }
    if (ok)
        status = run_contest(&c, ret);
    if (ok && status == CSIN_OK) {
        ok = fill_hosts(&c, arena, ret) && measure_into(p, c.best, ret, true);
        fill_bounds(&c, ret);
        ret->timed_out = p->over;
        ok = ok && place_storage(p->sc, arena, ret) && tell_all(p, arena, ret);
    }
    free(c.slots);
    free(c.best);
    return ok ? status : csin_no_memory(p->diag);
}

enum csin_status csin_place_jobs(const struct csin_scenario *scenario,
                                 const struct csin_place_options *options, struct csin_arena *arena,
                                 struct csin_diag *diag, struct csin_place_result *ret_result)
{
    static const struct csin_place_options defaults;
    struct place p;
    struct csin_place_result ret = {.n_jobs = scenario->n_jobs};
    enum csin_status status = CSIN_OK;
    ret.jobs = csin_arena_alloc(arena, scenario->n_jobs, sizeof *ret.jobs);
    if (!place_init(&p, scenario, options ? options : &defaults, diag) || !ret.jobs)
        status = csin_no_memory(diag);
    for (uint32_t j = 0; j < scenario->n_jobs && status == CSIN_OK; j++) {
        ret.jobs[j].n_hosts = scenario->jobs[j].n_hosts;
        ret.jobs[j].fixed = p.fixed[j];
        status = place_graph_create(scenario, j, diag, &p.graphs[j]);
    }
    if (status == CSIN_OK)
        status = place_all(&p, arena, &ret);
    if (status == CSIN_OK)
        *ret_result = ret;
    place_finish(&p);
    return status;
}
