/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/fair.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "topo/fabric.h"

/* Rates that differ by less, relative to the larger, are the same; a resource with less left,
 * relative to its capacity, is full. Well above the rounding of sums of thousands of rates, and
 * well below what csin_fair_check allows. */
#define SAME 1e-11
#define CHECKED 1e-9
/* Where less than that of a sum of weights is left, most of it is the rounding of the others. */
#define SMALL 1e-3
/* A region that was refilled so often grows by more than it has to, and so in few more rounds. */
#define PATIENCE 24

#ifndef CSIN_CHECKS
#define CSIN_CHECKS 0
#endif

bool csin_fair_init(struct csin_fair *fair, uint32_t n_resources, const double *capacities)
{
    memset(fair, 0, sizeof *fair);
    fair->n_resources = n_resources;
    fair->free_flow = CSIN_NONE;
    fair->resources = calloc((size_t)n_resources + 1, sizeof *fair->resources);
    fair->free_uses = malloc((CSIN_FAIR_MAX_USES + 1) * sizeof *fair->free_uses);
    if (!fair->resources || !fair->free_uses)
        return false;
    for (uint32_t r = 0; r < n_resources; r++)
        fair->resources[r].capacity = capacities[r];
    for (uint32_t n = 0; n <= CSIN_FAIR_MAX_USES; n++)
        fair->free_uses[n] = CSIN_NONE;
    return true;
}

void csin_fair_finish(struct csin_fair *fair)
{
    for (uint32_t r = 0; fair->resources && r < fair->n_resources; r++)
        free(fair->resources[r].flows);
    free(fair->resources);
    free(fair->flows);
    free(fair->uses);
    free(fair->free_uses);
    free(fair->dirty);
    free(fair->added);
    free(fair->region);
    free(fair->changed);
    free(fair->touched);
    free(fair->heap);
    memset(fair, 0, sizeof *fair);
}

/* fmax and fmin are calls into libm, for the sake of numbers that are none. */
static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static bool push(uint32_t **list, size_t *room, uint32_t *n, uint32_t item)
{
    if (*n == *room && !csin_grow(list, room, (size_t)*n + 1, sizeof **list))
        return false;
    (*list)[(*n)++] = item;
    return true;
}

static bool soil(struct csin_fair *fair, uint32_t resource)
{
    if (fair->resources[resource].dirty)
        return true;
    if (!push(&fair->dirty, &fair->dirty_room, &fair->n_dirty, resource))
        return false;
    fair->resources[resource].dirty = true;
    return true;
}

/* A block of n uses: one that was given back, or from the end. */
static uint32_t take_uses(struct csin_fair *fair, uint32_t n)
{
    uint32_t first = fair->free_uses[n];
    if (first != CSIN_NONE) {
        fair->free_uses[n] = fair->uses[first].resource;
        return first;
    }
    if (fair->n_uses + n >= CSIN_NONE ||
        !csin_grow(&fair->uses, &fair->uses_room, fair->n_uses + n, sizeof *fair->uses))
        return CSIN_NONE;
    first = (uint32_t)fair->n_uses;
    fair->n_uses += n;
    return first;
}

static void give_uses(struct csin_fair *fair, uint32_t first, uint32_t n)
{
    if (n == 0)
        return;
    fair->uses[first].resource = fair->free_uses[n];
    fair->free_uses[n] = first;
}

static uint32_t take_flow(struct csin_fair *fair)
{
    uint32_t flow = fair->free_flow;
    if (flow != CSIN_NONE) {
        fair->free_flow = fair->flows[flow].first_use;
        return flow;
    }
    if (fair->n_slots >= CSIN_FAIR_CAP - fair->n_resources ||
        !csin_grow(&fair->flows, &fair->flows_room, (size_t)fair->n_slots + 1, sizeof *fair->flows))
        return CSIN_NONE;
    return fair->n_slots++;
}

static void give_flow(struct csin_fair *fair, uint32_t flow)
{
    fair->flows[flow].cap = -1;
    fair->flows[flow].first_use = fair->free_flow;
    fair->free_flow = flow;
}

/* The next solve finds a rate for the flow. */
static bool expect(struct csin_fair *fair, uint32_t flow)
{
    fair->flows[flow].bottleneck = CSIN_NONE;
    fair->flows[flow].place = fair->n_added;
    return push(&fair->added, &fair->added_room, &fair->n_added, flow);
}

static bool enter(struct csin_fair *fair, uint32_t flow, uint32_t use)
{
    struct csin_fair_use *u = &fair->uses[use];
    struct csin_fair_resource *r = &fair->resources[u->resource];
    if (r->n == r->room && !csin_grow(&r->flows, &r->room, (size_t)r->n + 1, sizeof *r->flows))
        return false;
    if (!soil(fair, u->resource))
        return false;
    u->place = r->n;
    r->flows[r->n++] = (struct csin_fair_entry){flow, use};
    return true;
}

static void leave(struct csin_fair *fair, uint32_t use)
{
    struct csin_fair_use *u = &fair->uses[use];
    struct csin_fair_resource *r = &fair->resources[u->resource];
    struct csin_fair_entry last = r->flows[--r->n];
    r->flows[u->place] = last;
    fair->uses[last.use].place = u->place;
}

uint32_t csin_fair_add(struct csin_fair *fair, const uint32_t *resources, const double *weights,
                       uint32_t n, double cap)
{
    assert(n <= CSIN_FAIR_MAX_USES && cap >= 0 && (n > 0 || cap < HUGE_VAL));
    uint32_t first = n ? take_uses(fair, n) : 0, entered = 0;
    if (n && first == CSIN_NONE)
        return CSIN_NONE;
    uint32_t flow = take_flow(fair);
    if (flow == CSIN_NONE)
        goto fail;
    fair->flows[flow] = (struct csin_fair_flow){
        .cap = cap, .first_use = first, .n_uses = n, .region = fair->solve};
    for (; entered < n; entered++) {
        fair->uses[first + entered].resource = resources[entered];
        fair->uses[first + entered].weight = weights ? weights[entered] : 1;
        if (!enter(fair, flow, first + entered))
            goto fail;
    }
    if (!expect(fair, flow))
        goto fail;
    fair->n_flows++;
    return flow;
fail:
    while (entered-- > 0)
        leave(fair, first + entered);
    if (flow != CSIN_NONE)
        give_flow(fair, flow);
    give_uses(fair, first, n);
    return CSIN_NONE;
}

bool csin_fair_remove(struct csin_fair *fair, uint32_t flow)
{
    struct csin_fair_flow *f = &fair->flows[flow];
    bool ok = true;
    for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++) {
        leave(fair, u);
        ok = soil(fair, fair->uses[u].resource) && ok;
    }
    if (f->bottleneck < fair->n_resources)
        fair->resources[f->bottleneck].n_held--;
    if (f->bottleneck == CSIN_NONE) { /* no solve has seen it */
        uint32_t last = fair->added[--fair->n_added];
        fair->added[f->place] = last;
        fair->flows[last].place = f->place;
    }
    give_uses(fair, f->first_use, f->n_uses);
    give_flow(fair, flow);
    fair->n_flows--;
    return ok;
}

bool csin_fair_set_capacity(struct csin_fair *fair, uint32_t resource, double capacity)
{
    struct csin_fair_resource *r = &fair->resources[resource];
    if (r->capacity == capacity)
        return true;
    r->capacity = capacity;
    /* Frozen flows may be too fast for it now: all of them are seen as new. */
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t bottleneck = fair->flows[r->flows[i].flow].bottleneck;
        if (bottleneck == CSIN_NONE)
            continue;
        if (bottleneck < fair->n_resources)
            fair->resources[bottleneck].n_held--;
        if (!expect(fair, r->flows[i].flow))
            return false;
    }
    return soil(fair, resource);
}

/* ---- the heap of levels, lowest first; of equal ones the lower number ---- */

static bool below(struct csin_fair_heap_item a, struct csin_fair_heap_item b)
{
    return a.level != b.level ? a.level < b.level : a.id < b.id;
}

static void sift_down(struct csin_fair_heap_item *heap, uint32_t n, uint32_t at)
{
    struct csin_fair_heap_item item = heap[at];
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && below(heap[child + 1], heap[child]))
            child++;
        if (!below(heap[child], item))
            break;
        heap[at] = heap[child];
    }
    heap[at] = item;
}

/* ---- a solve ---- */

static bool join(struct csin_fair *fair, uint32_t flow)
{
    if (fair->flows[flow].region == fair->solve)
        return true;
    fair->flows[flow].region = fair->solve;
    return push(&fair->region, &fair->region_room, &fair->n_region, flow);
}

static bool set_rate(struct csin_fair *fair, uint32_t flow, double rate)
{
    struct csin_fair_flow *f = &fair->flows[flow];
    /* Rounding alone does not make another rate of it, so equal flows stay equal. */
    if (fabs(rate - f->rate) <= 1e-14 * f->rate)
        return true;
    f->rate = rate;
    return push(&fair->changed, &fair->changed_room, &fair->n_changed, flow);
}

static bool is_alone(const struct csin_fair *fair, uint32_t flow)
{
    const struct csin_fair_flow *f = &fair->flows[flow];
    for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++)
        if (fair->resources[fair->uses[u].resource].n != 1)
            return false;
    return true;
}

/* A flow that is alone on all it uses takes what the narrowest gives, and nobody else notices. */
static bool settle_alone(struct csin_fair *fair, uint32_t flow)
{
    struct csin_fair_flow *f = &fair->flows[flow];
    double rate = f->cap;
    f->bottleneck = CSIN_FAIR_CAP;
    for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++) {
        const struct csin_fair_use *use = &fair->uses[u];
        double capacity = fair->resources[use->resource].capacity;
        if (capacity < rate * use->weight || rate == HUGE_VAL) {
            rate = capacity / use->weight;
            f->bottleneck = use->resource;
        }
        /* Where one capacity changed, the load of all its resources does. */
        if (!soil(fair, use->resource))
            return false;
    }
    if (f->bottleneck != CSIN_FAIR_CAP)
        fair->resources[f->bottleneck].n_held++;
    f->region = fair->solve; /* so that no region takes it in */
    return set_rate(fair, flow, rate);
}

/* Meets a resource of the region: what the frozen flows leave of it, and how they stand. */
static bool touch(struct csin_fair *fair, uint32_t resource)
{
    struct csin_fair_resource *r = &fair->resources[resource];
    if (r->touched == fair->filling)
        return true;
    r->touched = fair->filling;
    r->n_left = r->n_frozen_held = 0;
    r->weight = r->top = 0;
    r->level = -1;
    r->frozen_top = 0;
    r->frozen_held = HUGE_VAL;
    double frozen = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct csin_fair_flow *f = &fair->flows[r->flows[i].flow];
        double weight = fair->uses[r->flows[i].use].weight;
        if (f->region == fair->solve) {
            r->n_left++;
            r->weight += weight;
            continue;
        }
        frozen += weight * f->rate;
        r->frozen_top = larger(r->frozen_top, f->rate);
        if (f->bottleneck == resource) {
            r->n_frozen_held++;
            r->frozen_held = f->rate < r->frozen_held ? f->rate : r->frozen_held;
        }
    }
    r->counted = r->weight;
    r->left = r->capacity - frozen;
    return push(&fair->touched, &fair->touched_room, &fair->n_touched, resource);
}

/* What a flow of the region gets at most: its cap, and what those resources leave it that no other
 * flow of the region uses. Most are such, and so need no place in the heap. */
static void limit(const struct csin_fair *fair, struct csin_fair_flow *f)
{
    f->next_rate = f->cap;
    f->narrowest = CSIN_FAIR_CAP;
    for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++) {
        const struct csin_fair_resource *r = &fair->resources[fair->uses[u].resource];
        if (r->n_left > 1)
            continue;
        double level = larger(r->left / r->weight, 0);
        if (level < f->next_rate) {
            f->next_rate = level;
            f->narrowest = fair->uses[u].resource;
        }
    }
}

static bool begin_filling(struct csin_fair *fair)
{
    fair->filling++;
    fair->n_fillings++;
    fair->n_touched = 0;
    for (uint32_t i = 0; i < fair->n_region; i++) {
        struct csin_fair_flow *f = &fair->flows[fair->region[i]];
        f->next_bottleneck = CSIN_NONE;
        for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++)
            if (!touch(fair, fair->uses[u].resource))
                return false;
    }
    for (uint32_t i = 0; i < fair->n_region; i++)
        limit(fair, &fair->flows[fair->region[i]]);
    if (fair->n_touched > fair->heap_room &&
        !csin_grow(&fair->heap, &fair->heap_room, fair->n_touched, sizeof *fair->heap))
        return false;
    fair->n_heap = 0;
    for (uint32_t i = 0; i < fair->n_touched; i++) {
        const struct csin_fair_resource *r = &fair->resources[fair->touched[i]];
        if (r->n_left > 1)
            fair->heap[fair->n_heap++] = (struct csin_fair_heap_item){r->left / r->weight,
                                                                      fair->touched[i]};
    }
    for (uint32_t i = fair->n_heap / 2; i-- > 0;)
        sift_down(fair->heap, fair->n_heap, i);
    return true;
}

static void fix(struct csin_fair *fair, uint32_t flow, double rate, uint32_t bottleneck)
{
    struct csin_fair_flow *f = &fair->flows[flow];
    f->next_rate = rate;
    f->next_bottleneck = bottleneck;
    fair->n_unfixed--;
    for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++) {
        struct csin_fair_resource *r = &fair->resources[fair->uses[u].resource];
        r->left -= fair->uses[u].weight * rate;
        r->weight -= fair->uses[u].weight;
        r->n_left--;
        r->top = larger(r->top, rate);
    }
}

/* The flow stops at its limit. */
static void fix_at_limit(struct csin_fair *fair, uint32_t flow)
{
    const struct csin_fair_flow *f = &fair->flows[flow];
    if (f->narrowest < fair->n_resources)
        fair->resources[f->narrowest].level = f->next_rate;
    fix(fair, flow, f->next_rate, f->narrowest);
}

static bool is_rising(const struct csin_fair *fair, uint32_t flow)
{
    return fair->flows[flow].region == fair->solve &&
           fair->flows[flow].next_bottleneck == CSIN_NONE;
}

/* Sums up anew what the flows that are fixed leave of a resource. */
static void recount(struct csin_fair *fair, struct csin_fair_resource *r)
{
    r->left = r->capacity;
    r->weight = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct csin_fair_flow *f = &fair->flows[r->flows[i].flow];
        double weight = fair->uses[r->flows[i].use].weight;
        if (f->region != fair->solve)
            r->left -= weight * f->rate;
        else if (f->next_bottleneck != CSIN_NONE)
            r->left -= weight * f->next_rate;
        else
            r->weight += weight;
    }
    r->counted = r->weight;
}

/* Stops those flows of a resource whose limit is below its level: wherever else they go, they do
 * not get that far. False where there is none. */
static bool stop_at_limits(struct csin_fair *fair, const struct csin_fair_resource *r, double level)
{
    uint32_t before = fair->n_unfixed;
    for (uint32_t i = 0, n = r->n_left; n > 0; i++) {
        uint32_t flow = r->flows[i].flow;
        if (!is_rising(fair, flow))
            continue;
        n--;
        if (fair->flows[flow].next_rate < level)
            fix_at_limit(fair, flow);
    }
    return fair->n_unfixed < before;
}

/* All flows of the region rise together; where a resource is full they stop. Levels in the heap may
 * be too low, as those of a resource only rise while others stop on it. */
static void fill(struct csin_fair *fair)
{
    fair->n_unfixed = fair->n_region;
    while (fair->n_unfixed > 0 && fair->n_heap > 0) {
        struct csin_fair_heap_item *top = fair->heap;
        struct csin_fair_resource *r = &fair->resources[top->id];
        if (r->n_left > 0) {
            if (r->weight < SMALL * r->counted)
                recount(fair, r);
            double now = r->left / r->weight, level = larger(top->level, 0);
            if (now > top->level) {
                top->level = now;
                sift_down(fair->heap, fair->n_heap, 0);
                continue;
            }
            if (stop_at_limits(fair, r, level))
                continue;
            r->level = level;
            for (uint32_t i = 0; r->n_left > 0; i++)
                if (is_rising(fair, r->flows[i].flow))
                    fix(fair, r->flows[i].flow, level, top->id);
        }
        *top = fair->heap[--fair->n_heap];
        sift_down(fair->heap, fair->n_heap, 0);
    }
    for (uint32_t i = 0; fair->n_unfixed > 0; i++)
        if (is_rising(fair, fair->region[i]))
            fix_at_limit(fair, fair->region[i]);
}

/* Lets the frozen flows join that the filling has put in the wrong. *ret_grew: there were some. */
static bool look_at_border(struct csin_fair *fair, bool *ret_grew)
{
    uint32_t before = fair->n_region;
    for (uint32_t t = 0; t < fair->n_touched; t++) {
        uint32_t resource = fair->touched[t];
        const struct csin_fair_resource *r = &fair->resources[resource];
        bool slack = r->left > SAME * r->capacity;
        /* It holds flows of the region back while a frozen one is faster. */
        bool too_fast = r->level >= 0 && r->frozen_top > r->level * (1 + SAME);
        /* It holds frozen flows back no longer, or no longer rightly. */
        bool too_slow = r->n_frozen_held > 0 && (slack || r->top > r->frozen_held * (1 + SAME));
        if (!too_fast && !too_slow && r->left >= -SAME * r->capacity)
            continue;
        for (uint32_t i = 0; i < r->n; i++) {
            const struct csin_fair_flow *f = &fair->flows[r->flows[i].flow];
            bool moves = (too_slow && f->bottleneck == resource) ||
                         (too_fast && f->rate > r->level * (1 + SAME)) ||
                         (r->level < 0 && r->left < -SAME * r->capacity);
            if (moves && !join(fair, r->flows[i].flow))
                return false;
        }
    }
    *ret_grew = fair->n_region > before;
    return true;
}

/* Doubles the region by those who share a resource with it, and those who share one with them. */
static bool spread(struct csin_fair *fair)
{
    uint32_t enough = 2 * fair->n_region, seen = 0, flow = 0;
    while (fair->n_region < enough && seen < fair->n_touched) {
        for (; seen < fair->n_touched; seen++) {
            const struct csin_fair_resource *r = &fair->resources[fair->touched[seen]];
            for (uint32_t i = 0; i < r->n; i++)
                if (!join(fair, r->flows[i].flow))
                    return false;
        }
        for (; flow < fair->n_region; flow++) {
            const struct csin_fair_flow *f = &fair->flows[fair->region[flow]];
            for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++)
                if (!touch(fair, fair->uses[u].resource))
                    return false;
        }
    }
    return true;
}

static bool commit(struct csin_fair *fair)
{
    for (uint32_t i = 0; i < fair->n_region; i++) {
        struct csin_fair_flow *f = &fair->flows[fair->region[i]];
        if (f->bottleneck < fair->n_resources)
            fair->resources[f->bottleneck].n_held--;
        if (f->next_bottleneck < fair->n_resources)
            fair->resources[f->next_bottleneck].n_held++;
        f->bottleneck = f->next_bottleneck;
        if (!set_rate(fair, fair->region[i], f->next_rate))
            return false;
    }
    return true;
}

static bool begin_region(struct csin_fair *fair)
{
    for (uint32_t i = 0; i < fair->n_added; i++) {
        uint32_t flow = fair->added[i];
        if (!(is_alone(fair, flow) ? settle_alone(fair, flow) : join(fair, flow)))
            return false;
    }
    for (uint32_t i = 0; i < fair->n_dirty; i++) {
        const struct csin_fair_resource *r = &fair->resources[fair->dirty[i]];
        uint32_t held = r->n_held;
        for (uint32_t k = 0; held > 0 && k < r->n; k++) {
            if (fair->flows[r->flows[k].flow].bottleneck != fair->dirty[i])
                continue;
            held--;
            if (!join(fair, r->flows[k].flow))
                return false;
        }
    }
    return true;
}

/* Resources that no filling met but whose flows are others now belong to what was touched. */
static bool end_dirty(struct csin_fair *fair)
{
    for (uint32_t i = 0; i < fair->n_dirty; i++) {
        struct csin_fair_resource *r = &fair->resources[fair->dirty[i]];
        r->dirty = false;
        if (r->touched != fair->filling || fair->n_region == 0)
            if (!push(&fair->touched, &fair->touched_room, &fair->n_touched, fair->dirty[i]))
                return false;
    }
    fair->n_dirty = fair->n_added = 0;
    return true;
}

bool csin_fair_solve(struct csin_fair *fair)
{
    fair->solve++;
    fair->n_solves++;
    fair->n_region = fair->n_changed = fair->n_touched = 0;
    bool grew = true;
    if (!begin_region(fair))
        return false;
    for (unsigned round = 0; grew && fair->n_region > 0; round++) {
        if (!begin_filling(fair))
            return false;
        fill(fair);
        if (!look_at_border(fair, &grew) || (grew && round >= PATIENCE && !spread(fair)))
            return false;
    }
    fair->region_total += fair->n_region;
    if (!commit(fair) || !end_dirty(fair))
        return false;
    if (CSIN_CHECKS)
        csin_fair_check(fair, CHECKED);
    return true;
}

/* What the flows make of a resource. */
struct sum {
    double load, top;
    uint32_t n_held;
};

static void check_flow(const struct csin_fair *fair, const struct sum *sums, uint32_t flow,
                       double tolerance)
{
    const struct csin_fair_flow *f = &fair->flows[flow];
    bool has_bottleneck = f->bottleneck == CSIN_FAIR_CAP && f->rate >= f->cap * (1 - tolerance);
    assert(f->rate >= 0 && f->rate <= f->cap * (1 + tolerance));
    for (uint32_t u = f->first_use; u < f->first_use + f->n_uses; u++) {
        uint32_t r = fair->uses[u].resource;
        assert(fair->resources[r].flows[fair->uses[u].place].flow == flow);
        if (r == f->bottleneck)
            has_bottleneck = sums[r].load >= fair->resources[r].capacity * (1 - tolerance) &&
                             f->rate >= sums[r].top * (1 - tolerance);
    }
    assert(has_bottleneck);
}

void csin_fair_check(const struct csin_fair *fair, double tolerance)
{
    struct sum *sums = calloc((size_t)fair->n_resources + 1, sizeof *sums);
    uint32_t n_flows = 0;
    if (!sums)
        return;
    for (uint32_t r = 0; r < fair->n_resources; r++) {
        const struct csin_fair_resource *resource = &fair->resources[r];
        for (uint32_t i = 0; i < resource->n; i++) {
            const struct csin_fair_flow *f = &fair->flows[resource->flows[i].flow];
            const struct csin_fair_use *use = &fair->uses[resource->flows[i].use];
            assert(use->resource == r && use->place == i);
            sums[r].load += use->weight * f->rate;
            sums[r].top = larger(sums[r].top, f->rate);
            sums[r].n_held += f->bottleneck == r;
        }
        assert(sums[r].load <= resource->capacity * (1 + tolerance));
        assert(sums[r].n_held == resource->n_held);
    }
    for (uint32_t flow = 0; flow < fair->n_slots; flow++) {
        if (fair->flows[flow].cap < 0)
            continue;
        n_flows++;
        check_flow(fair, sums, flow, tolerance);
    }
    assert(n_flows == fair->n_flows);
    free(sums);
}
