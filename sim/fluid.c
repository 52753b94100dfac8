/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fluid engine: the model of docs/model.md, event by event, in one process.
 *
 *     heap of moments -> a batch of all that happens now -> dispatch -> what begins now
 *            ^                                                               |
 *            +-------- new moments of the flows whose rate changed <---- rates: sim/fair.h, or
 *                                                                        sim/lossless.h
 *
 * A slot is an operation between start and finish: a delay or a latency that is waited for, a flow
 * that moves, or a transfer that has no way at present. Slots, and the places of the solver, are
 * used again, so memory follows what is in flight and an event allocates nothing.
 *
 * What happens at one instant is one batch, worked through in an order that depends on what the
 * operations are (hosts, bytes), not on how they are numbered: results do not depend on the order
 * in which a scenario declares its parts. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/units.h"
#include "sim/dispatch.h"
#include "sim/fair.h"
#include "sim/lossless.h"
#include "sim/network.h"
#include "sim/watch.h"

#define INSTANT_S 1e-12 /* ends closer together are one event, as in the SimGrid engine */
/* Of a capacity: all of it, as the lossless rates come to rest near their point only. */
#define LOSSLESS_FULL (1 - 1e-3)
#define CLOCK_STEPS 16      /* but never fewer steps of the clock, a double */
#define RECENT 256u         /* a power of two */
#define NAMED_OPS 3u        /* operations named in messages */
#define PROGRESS_EVERY 256u /* operations */
#define PROGRESS_MS 200

enum state { FREE, DELAY, LATENCY, MOVING, WAITING };

struct slot {
    double left;     /* bytes to go */
    double way_left; /* bytes that were to go when it took its way */
    double since_s;  /* when `left` was right; when it began to wait */
    double rate_Bps;
    uint32_t op, owner;
    uint32_t flow;               /* of the solver, while it moves */
    uint32_t moment, next, prev; /* when something happens to it, CSIN_NONE: it waits for others;
                                  * others then, of the first one `prev` is the last one */
    enum state state;
    bool noted; /* it has had a way */
    uint32_t n; /* arcs of its way, then resources inside hosts; 0: it has none, or needs none */
    uint32_t n_arcs, n_sends; /* arcs; resources of the host that sends, which come next */
    uint32_t n_congests;
    /* Lossless, watched: the arc inside the fabric that holds it back, CSIN_NONE: one of its own
     * ends */
    uint32_t root;
    bool victim; /* of an arc that it does not cross */
    double root_since_s, moving_since_s;
    uint32_t arcs[CSIN_PATH_MAX];
    struct wide
        *wide; /* for ways of more arcs or other weights; kept when the slot is used again */
};

/* The way of a flow whose packets are sprayed, or that uses resources inside hosts. */
struct wide {
    size_t arcs_room, weights_room, congests_room;
    uint32_t *arcs;
    double *weights;
    bool *congests; /* [n] which arcs congest it */
    bool used;
};

/* All that happens at one time: flows that began together mostly end together. */
struct moment {
    double at_s;
    uint32_t first; /* slot of a list; of a moment that is free, the next free one */
    uint32_t place; /* in the heap; CSIN_NONE: it is free */
};

struct due { /* in the heap */
    double at_s;
    uint32_t moment;
};

struct fluid {
    const struct csin_run *run;
    const struct csin_schedule *s;
    struct csin_diag *diag;
    struct csin_run_result result;
    struct csin_dispatch *dispatch;
    struct csin_network net;
    bool is_lossless;
    struct csin_fair fair; /* one of the two */
    struct csin_lossless lossless;
    uint8_t lane_of[CSIN_MAX_LANES]; /* the number of a VL among those in use, which have lanes */
    uint8_t *lanes;                  /* [CSIN_WAY_MAX] scratch */
    struct csin_watch watch;
    bool watching;
    struct csin_traffic victims; /* seconds in place of bytes */
    double *moving_s;            /* [n_owners] */
    struct slot *slots;
    size_t slots_room;
    uint32_t n_slots, free_slot, in_flight;
    uint32_t *slot_of; /* [flows of the solver] */
    size_t slot_of_room;
    struct moment *moments;
    size_t moments_room;
    uint32_t n_moments, free_moment;
    uint32_t recent[RECENT]; /* by a hash of the time, the moment made last; CSIN_NONE: none yet */
    struct due *heap;
    size_t heap_room;
    uint32_t n_heap;
    /* The batch: slots that are over, that begin to move, and operations that start. */
    uint32_t *over, *moving, *starting, *sorted;
    size_t over_room, moving_room, starting_room, sorted_room;
    uint32_t n_over, n_moving, n_starting;
    size_t waits_room;
    double now_s;
    bool changed; /* flows came or went since the clock last moved on */
    bool no_memory;
    bool cut_off;  /* a transfer has no way, and never will */
    uint64_t told; /* operations done when progress was last told */
    struct timespec told_at;
};

/* Puts an item behind a growing list; without memory the run ends at the next look at no_memory. */
#define PUSH(fl, list, item)                                                                       \
    do {                                                                                           \
        if ((fl)->n_##list < (fl)->list##_room ||                                                  \
            csin_grow(&(fl)->list, &(fl)->list##_room, (size_t)(fl)->n_##list + 1,                 \
                      sizeof *(fl)->list))                                                         \
            (fl)->list[(fl)->n_##list++] = (item);                                                 \
        else                                                                                       \
            (fl)->no_memory = true;                                                                \
    } while (0)

/* ---- moments, in a heap with four children each, so that it is flat ---- */

static void put(struct fluid *fl, uint32_t at, struct due due)
{
    fl->heap[at] = due;
    fl->moments[due.moment].place = at;
}

static void sift(struct fluid *fl, uint32_t at, struct due due)
{
    while (at > 0 && due.at_s < fl->heap[(at - 1) / 4].at_s) {
        put(fl, at, fl->heap[(at - 1) / 4]);
        at = (at - 1) / 4;
    }
    for (uint32_t child; (child = 4 * at + 1) < fl->n_heap; at = child) {
        uint32_t end = child + 4 < fl->n_heap ? child + 4 : fl->n_heap;
        for (uint32_t c = child + 1; c < end; c++)
            if (fl->heap[c].at_s < fl->heap[child].at_s)
                child = c;
        if (fl->heap[child].at_s >= due.at_s)
            break;
        put(fl, at, fl->heap[child]);
    }
    put(fl, at, due);
}

/* A moment without slots as yet. CSIN_NONE without memory. */
static uint32_t take_moment(struct fluid *fl, double at_s)
{
    struct moment new = {at_s, CSIN_NONE, CSIN_NONE};
    struct due due = {at_s, fl->free_moment};
    if (due.moment == CSIN_NONE) {
        due.moment = fl->n_moments;
        PUSH(fl, moments, new);
    } else {
        fl->free_moment = fl->moments[due.moment].first;
        fl->moments[due.moment] = new;
    }
    PUSH(fl, heap, due);
    if (fl->no_memory)
        return CSIN_NONE;
    sift(fl, fl->n_heap - 1, due);
    return due.moment;
}

static void give_moment(struct fluid *fl, uint32_t moment)
{
    struct moment *m = &fl->moments[moment];
    struct due last = fl->heap[--fl->n_heap];
    if (m->place < fl->n_heap)
        sift(fl, m->place, last);
    m->place = CSIN_NONE;
    m->first = fl->free_moment;
    fl->free_moment = moment;
}

/* Where the moment of this very time may be found. */
static uint32_t *recent_at(struct fluid *fl, double at_s)
{
    uint64_t bits;
    memcpy(&bits, &at_s, sizeof bits);
    return &fl->recent[(bits * 0x9e3779b97f4a7c15u >> 32) % RECENT];
}

static bool is_at(const struct fluid *fl, uint32_t moment, double at_s)
{
    return moment != CSIN_NONE && fl->moments[moment].place != CSIN_NONE &&
           fl->moments[moment].at_s == at_s;
}

static void unset_moment(struct fluid *fl, uint32_t slot)
{
    struct slot *s = &fl->slots[slot];
    if (s->moment == CSIN_NONE)
        return;
    struct moment *m = &fl->moments[s->moment];
    if (s->next != CSIN_NONE)
        fl->slots[s->next].prev = s->prev;
    else
        fl->slots[m->first].prev = s->prev;
    if (m->first != slot)
        fl->slots[s->prev].next = s->next;
    else
        m->first = s->next;
    if (m->first == CSIN_NONE)
        give_moment(fl, s->moment);
    s->moment = CSIN_NONE;
}

/* The slot's next moment. */
static void set_moment(struct fluid *fl, uint32_t slot, double at_s)
{
    struct slot *s = &fl->slots[slot];
    uint32_t *recent = recent_at(fl, at_s), moment = s->moment;
    bool is_there = is_at(fl, *recent, at_s);
    if (!is_there && moment != CSIN_NONE && s->prev == slot) {
        fl->moments[moment].at_s = at_s; /* it is alone */
        sift(fl, fl->moments[moment].place, (struct due){at_s, moment});
        *recent = moment;
        return;
    }
    if (is_there && *recent == moment)
        return;
    unset_moment(fl, slot);
    if (!is_there && (*recent = take_moment(fl, at_s)) == CSIN_NONE)
        return;
    s->moment = *recent;
    s->next = CSIN_NONE;
    struct moment *m = &fl->moments[s->moment];
    if (m->first == CSIN_NONE) {
        m->first = s->prev = slot;
    } else {
        s->prev = fl->slots[m->first].prev;
        fl->slots[s->prev].next = fl->slots[m->first].prev = slot;
    }
}

/* ---- slots ---- */

static uint32_t take_slot(struct fluid *fl, uint32_t op, enum state state)
{
    uint32_t slot = fl->free_slot;
    struct wide *wide = NULL;
    if (slot != CSIN_NONE) {
        fl->free_slot = fl->slots[slot].op;
        wide = fl->slots[slot].wide;
    } else {
        if (!csin_grow(&fl->slots, &fl->slots_room, (size_t)fl->n_slots + 1, sizeof *fl->slots)) {
            fl->no_memory = true;
            return CSIN_NONE;
        }
        slot = fl->n_slots++;
    }
    struct slot *s = &fl->slots[slot];
    s->op = op;
    s->owner = 0;
    s->flow = s->moment = CSIN_NONE;
    s->state = state;
    s->n = s->n_arcs = s->n_sends = s->n_congests = 0;
    s->noted = s->victim = false;
    s->root = CSIN_NONE;
    s->rate_Bps = 0;
    s->wide = wide;
    if (wide)
        wide->used = false;
    if (state != DELAY) {
        fl->in_flight++;
        s->owner = csin_network_owner(&fl->net, op);
        s->left = (double)fl->s->amount[op].bytes;
        s->since_s = fl->now_s;
    }
    return slot;
}

static void give_slot(struct fluid *fl, uint32_t slot)
{
    unset_moment(fl, slot);
    if (fl->slots[slot].state != DELAY)
        fl->in_flight--;
    fl->slots[slot].state = FREE;
    fl->slots[slot].op = fl->free_slot;
    fl->free_slot = slot;
}

static const uint32_t *arcs_of(const struct slot *s)
{
    return s->wide && s->wide->used ? s->wide->arcs : s->arcs;
}

static const double *weights_of(const struct slot *s)
{
    return s->wide && s->wide->used ? s->wide->weights : NULL;
}

static bool widen(struct slot *s, uint32_t n)
{
    if (!s->wide && !(s->wide = calloc(1, sizeof *s->wide)))
        return false;
    s->wide->used = true;
    return csin_grow(&s->wide->arcs, &s->wide->arcs_room, n, sizeof *s->wide->arcs) &&
           csin_grow(&s->wide->weights, &s->wide->weights_room, n, sizeof *s->wide->weights) &&
           csin_grow(&s->wide->congests, &s->wide->congests_room, n, sizeof *s->wide->congests);
}

/* Gives the slot the way that the network has just found. Without memory it stays without. */
static void take_way(struct fluid *fl, uint32_t slot)
{
    struct slot *s = &fl->slots[slot];
    const struct csin_way *way = &fl->net.way;
    if (s->wide)
        s->wide->used = false;
    uint32_t n_uses = fl->net.n_uses;
    if (way->n == way->n_hops && n_uses == 0) {
        memcpy(s->arcs, way->arcs, way->n * sizeof *s->arcs);
    } else if (widen(s, way->n + n_uses)) {
        memcpy(s->wide->arcs, way->arcs, way->n * sizeof *way->arcs);
        memcpy(s->wide->weights, way->weights, way->n * sizeof *way->weights);
        memset(s->wide->congests, 0, (way->n + n_uses) * sizeof *s->wide->congests);
        if (n_uses > 0) {
            memcpy(s->wide->arcs + way->n, fl->net.use, n_uses * sizeof *fl->net.use);
            memcpy(s->wide->weights + way->n, fl->net.use_weights,
                   n_uses * sizeof *fl->net.use_weights);
        }
    } else {
        fl->no_memory = true;
        return;
    }
    s->n = way->n + n_uses;
    s->n_arcs = way->n;
    s->n_sends = fl->net.n_sends;
    s->way_left = s->left;
    csin_network_count(&fl->net, arcs_of(s), s->n_arcs, 1);
    if (!s->noted && s->n_arcs > 0)
        csin_traffic_note(&fl->net.traffic, s->owner, way, fl->run->fabric->arc_capacity_Bps,
                          fl->s->amount[s->op].bytes);
    s->noted = true;
}

/* ---- what the arcs see ---- */

/* Is this arc a bottleneck of a flow at that rate? Full, and nobody on it is faster. */
static bool limits(const struct fluid *fl, uint32_t arc, double rate_Bps)
{
    const struct csin_watch_arc *a = &fl->watch.arcs[arc];
    return a->full && rate_Bps >= CSIN_FULL * a->top_Bps;
}

static bool is_congested_by(const struct slot *s, uint32_t k)
{
    return s->wide && s->wide->used ? s->wide->congests[k] : s->n_congests >> k & 1;
}

/* Does one of its end hosts limit the flow, by a NIC or by what is inside? */
static bool is_limited_at_ends(const struct fluid *fl, const struct slot *s)
{
    const uint32_t *arcs = arcs_of(s);
    bool is = s->n_arcs == 0 || limits(fl, arcs[0], s->rate_Bps) ||
              limits(fl, arcs[s->n_arcs - 1], s->rate_Bps);
    for (uint32_t k = s->n_arcs; k < s->n && !is; k++)
        is = limits(fl, arcs[k], s->rate_Bps);
    return is;
}

/* Finds out anew which arcs congest a flow: those that limit it, unless an end host does. Where the
 * way is a path, n_congests is a mask of its arcs; else how many there are. */
static void judge(struct fluid *fl, struct slot *s, bool ends)
{
    const uint32_t *arcs = arcs_of(s);
    bool free = ends || is_limited_at_ends(fl, s);
    if (free && s->n_congests == 0)
        return;
    for (uint32_t k = 1; k + 1 < s->n_arcs; k++) {
        bool was = is_congested_by(s, k), is = !free && limits(fl, arcs[k], s->rate_Bps);
        if (is == was)
            continue;
        csin_watch_congest(&fl->watch, arcs[k], is ? 1 : -1);
        if (s->wide && s->wide->used) {
            s->wide->congests[k] = is;
            s->n_congests += is ? 1 : UINT32_MAX;
        } else {
            s->n_congests ^= 1u << k;
        }
    }
}

static bool is_internal(const struct fluid *fl, const struct slot *s, uint32_t bottleneck)
{
    const uint32_t *arcs = arcs_of(s);
    return s->n_arcs > 0 && bottleneck < fl->run->fabric->n_arcs && bottleneck != arcs[0] &&
           bottleneck != arcs[s->n_arcs - 1];
}

static void look_at(struct fluid *fl, const uint32_t *flows, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct slot *s = &fl->slots[fl->slot_of[flows[i]]];
        if (s->n_congests || is_internal(fl, s, fl->fair.flows[flows[i]].bottleneck))
            judge(fl, s, false);
    }
}

/* After a solve: loads of the arcs it touched, then the flows that may be congested otherwise. */
static void look(struct fluid *fl)
{
    struct csin_fair *fair = &fl->fair;
    uint32_t n_other = 0; /* arcs that look otherwise than before, moved to the front */
    for (uint32_t t = 0; t < fair->n_touched; t++) {
        uint32_t arc = fair->touched[t];
        const struct csin_fair_resource *r = &fair->resources[arc];
        struct csin_watch_arc *a = &fl->watch.arcs[arc];
        double load = 0, top = 0;
        for (uint32_t i = 0; i < r->n; i++) {
            double rate = fair->flows[r->flows[i].flow].rate;
            load += rate * fair->uses[r->flows[i].use].weight;
            top = rate > top ? rate : top;
        }
        bool full = r->n > 0 && load >= CSIN_FULL * r->capacity, was = a->full;
        double top_before = a->top_Bps;
        csin_watch_load(&fl->watch, arc, load, full, fl->now_s);
        a->top_Bps = top;
        if (full != was || (full && top != top_before))
            fair->touched[n_other++] = arc;
    }
    for (uint32_t t = 0; t < n_other; t++) {
        const struct csin_fair_resource *r = &fair->resources[fair->touched[t]];
        for (uint32_t i = 0; i < r->n; i++)
            look_at(fl, &r->flows[i].flow, 1);
    }
    look_at(fl, fair->region, fair->n_region);
    look_at(fl, fair->changed, fair->n_changed); /* some that are alone on their way */
    for (uint32_t i = 0; fl->run->observe && i < fair->n_changed; i++) {
        const struct slot *s = &fl->slots[fl->slot_of[fair->changed[i]]];
        fl->run->observe(fl->run->observe_arg, fl->now_s, s->op, s->rate_Bps);
    }
    csin_watch_settle(&fl->watch, fl->now_s);
}

/* ---- what holds flows back in a lossless fabric ---- */

static bool crosses(const struct slot *s, uint32_t arc)
{
    const uint32_t *arcs = arcs_of(s);
    for (uint32_t k = 0; k < s->n_arcs; k++)
        if (arcs[k] == arc)
            return true;
    return false;
}

/* The full arc behind what holds the flow back is `root` now, CSIN_NONE where it does not move. */
static void set_root(struct fluid *fl, struct slot *s, uint32_t root)
{
    if (root >= fl->run->fabric->n_arcs || s->n_arcs == 0 || root == arcs_of(s)[0] ||
        root == arcs_of(s)[s->n_arcs - 1])
        root = CSIN_NONE; /* its own host, or what is inside of it */
    if (s->root == root)
        return;
    if (s->root != CSIN_NONE)
        csin_watch_congest(&fl->watch, s->root, -1);
    if (s->victim &&
        !csin_traffic_add(&fl->victims, s->owner, &s->root, NULL, 1, fl->now_s - s->root_since_s))
        fl->no_memory = true;
    s->root = root;
    s->root_since_s = fl->now_s;
    s->victim = root != CSIN_NONE && !crosses(s, root);
    if (root != CSIN_NONE)
        csin_watch_congest(&fl->watch, root, 1);
}

static uint32_t root_arc(const struct fluid *fl, uint32_t source)
{
    return csin_lossless_root(&fl->lossless, source) / fl->lossless.n_lanes;
}

static void look_lossless(struct fluid *fl)
{
    struct csin_lossless *l = &fl->lossless;
    for (uint32_t i = 0; i < l->touched.n; i++) {
        uint32_t arc = l->touched.items[i] / l->n_lanes;
        if (arc >= fl->watch.n_arcs)
            continue; /* where a single flow begins */
        double load = 0, capacity = fl->net.capacity_Bps[arc];
        for (uint32_t lane = 0; lane < l->n_lanes; lane++)
            load += l->queues[arc * l->n_lanes + lane].throughput;
        load = load < capacity ? load : capacity;
        csin_watch_load(&fl->watch, arc, load, load > 0 && load >= LOSSLESS_FULL * capacity,
                        fl->now_s);
    }
    for (uint32_t i = 0; i < l->changed.n; i++) /* new ones are among them */
        set_root(fl, &fl->slots[fl->slot_of[l->changed.items[i]]],
                 root_arc(fl, l->flows[l->changed.items[i]].source));
    for (uint32_t i = 0; i < l->active.n; i++) {
        struct csin_lossless_queue *q = &l->queues[l->active.items[i]];
        uint32_t root = root_arc(fl, l->active.items[i]);
        for (uint32_t k = 0; root != q->root && k < q->flows.n; k++)
            set_root(fl, &fl->slots[fl->slot_of[q->flows.items[k]]], root);
        q->root = root;
    }
    csin_watch_settle(&fl->watch, fl->now_s);
}

/* ---- lanes ---- */

/* Data VLs of an arc: those that the switches at its ends have. */
static uint32_t vls_of(const struct csin_fabric *f, uint32_t arc)
{
    uint32_t n_vls = 15, ends[2] = {csin_arc_tail(f, arc), csin_arc_head(f, arc)};
    for (unsigned i = 0; i < 2; i++)
        if (!csin_is_nic(f, ends[i]) && f->switches[ends[i]].n_vls < n_vls)
            n_vls = f->switches[ends[i]].n_vls;
    return n_vls;
}

/* Gives a lane to each VL that some owner's traffic is on, as sent or as folded. */
static bool init_lanes(struct fluid *fl)
{
    const struct csin_lanes *lanes = fl->run->lanes;
    const struct csin_fabric *f = fl->run->fabric;
    double weights[CSIN_MAX_LANES] = {1};
    bool used[CSIN_MAX_LANES] = {false};
    uint8_t n = 0;
    for (uint32_t owner = 0; lanes && lanes->of_owner && owner < fl->s->n_owners; owner++) {
        used[lanes->of_owner[owner]] = true;
        for (uint32_t sw = 0; sw < f->n_switches; sw++)
            used[csin_lane_fold(lanes->of_owner[owner], f->switches[sw].n_vls)] = true;
    }
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES; vl++)
        if (used[vl]) {
            weights[n] = lanes->weights[vl];
            fl->lane_of[vl] = n++;
        }
    fl->lanes = malloc(CSIN_WAY_MAX);
    return fl->lanes && csin_lossless_init(&fl->lossless, f, n ? n : 1, weights) &&
           csin_lossless_add_inside(&fl->lossless, csin_n_inside(fl->s),
                                    fl->net.capacity_Bps + f->n_arcs);
}

static const uint8_t *lanes_for(struct fluid *fl, const struct slot *s)
{
    const struct csin_lanes *lanes = fl->run->lanes;
    if (fl->lossless.n_lanes == 1)
        return NULL;
    for (uint32_t k = 0; k < s->n_arcs; k++)
        fl->lanes[k] = fl->lane_of[csin_lane_fold(lanes->of_owner[s->owner],
                                                  vls_of(fl->run->fabric, arcs_of(s)[k]))];
    return fl->lanes;
}

/* ---- flows ---- */

/* It has not moved since since_s. */
static void note_wait(struct fluid *fl, const struct slot *s)
{
    if (s->rate_Bps > 0 || s->since_s >= fl->now_s)
        return;
    struct csin_wait wait = {s->op, s->since_s, fl->now_s};
    if (csin_grow(&fl->result.waits, &fl->waits_room, (size_t)fl->result.n_waits + 1, sizeof wait))
        fl->result.waits[fl->result.n_waits++] = wait;
    else
        fl->no_memory = true;
}

/* Counts the bytes that moved at the rate so far. */
static void bring_forward(struct fluid *fl, struct slot *s)
{
    double left = s->left - s->rate_Bps * (fl->now_s - s->since_s);
    s->left = left > 0 ? left : 0;
    s->since_s = fl->now_s;
}

/* Is anything known of the inside of the host that it comes from? A local operation is in flight
 * only where there is. */
static bool is_furnished(const struct fluid *fl, const struct slot *s)
{
    const struct csin_fabric *f = fl->run->fabric;
    return s->n_arcs == 0 ||
           f->hosts[f->nics[csin_arc_tail(f, arcs_of(s)[0]) - f->n_switches].host].inside;
}

static uint32_t add_lossless(struct fluid *fl, const struct slot *s)
{
    const double *weights = weights_of(s);
    bool is_sprayed = false;
    for (uint32_t k = 0; weights && k < s->n_arcs; k++)
        is_sprayed = is_sprayed || weights[k] != 1;
    const uint8_t *lanes = lanes_for(fl, s);
    /* Of the host that sends now, which may be another one than was planned. */
    bool is_own = fl->s->profile && is_furnished(fl, s);
    if (s->n == s->n_arcs && !is_own)
        return csin_lossless_add(&fl->lossless, arcs_of(s), weights, lanes, s->n);
    struct csin_lossless_uses uses = {.resources = arcs_of(s) + s->n_arcs,
                                      .weights = weights ? weights + s->n_arcs : NULL,
                                      .n = s->n - s->n_arcs,
                                      .n_sends = s->n_sends,
                                      .is_own = is_own};
    return csin_lossless_add_inside_too(&fl->lossless, arcs_of(s), is_sprayed ? weights : NULL,
                                        lanes, s->n_arcs, &uses);
}

static void begin_to_move(struct fluid *fl, uint32_t slot)
{
    struct slot *s = &fl->slots[slot];
    uint32_t flow = fl->is_lossless
                        ? add_lossless(fl, s)
                        : csin_fair_add(&fl->fair, arcs_of(s), weights_of(s), s->n, HUGE_VAL);
    if (flow == CSIN_NONE ||
        !csin_grow(&fl->slot_of, &fl->slot_of_room, (size_t)flow + 1, sizeof *fl->slot_of)) {
        fl->no_memory = true;
        return;
    }
    fl->slot_of[flow] = slot;
    s->flow = flow;
    s->state = MOVING;
    s->rate_Bps = 0;
    s->since_s = s->moving_since_s = fl->now_s;
    fl->changed = true;
}

static void stop_moving(struct fluid *fl, struct slot *s)
{
    bool ok;
    if (fl->run->recorder)
        csin_recorder_rate(fl->run->recorder, s->owner, -s->rate_Bps, fl->now_s);
    if (fl->is_lossless) {
        if (fl->watching) {
            set_root(fl, s, CSIN_NONE);
            fl->moving_s[s->owner] += fl->now_s - s->moving_since_s;
        }
        ok = csin_lossless_remove(&fl->lossless, s->flow);
    } else {
        if (fl->watching)
            judge(fl, s, true);
        ok = csin_fair_remove(&fl->fair, s->flow);
    }
    fl->no_memory = fl->no_memory || !ok;
    s->flow = CSIN_NONE;
    fl->changed = true;
}

/* Takes a transfer off its way, of which it has moved all but `left` bytes. */
static void leave_way(struct fluid *fl, uint32_t slot, double left)
{
    struct slot *s = &fl->slots[slot];
    if (s->flow != CSIN_NONE)
        stop_moving(fl, s);
    if (s->n == 0)
        return;
    csin_network_count(&fl->net, arcs_of(s), s->n_arcs, -1);
    if (s->way_left > left && !csin_traffic_add(&fl->net.traffic, s->owner, arcs_of(s),
                                                weights_of(s), s->n, s->way_left - left))
        fl->no_memory = true;
    s->n = s->n_arcs = s->n_sends = 0;
}

static void wait_for_way(struct fluid *fl, uint32_t slot)
{
    struct slot *s = &fl->slots[slot];
    unset_moment(fl, slot);
    if (s->rate_Bps > 0 || s->state == LATENCY)
        s->since_s = fl->now_s;
    s->rate_Bps = 0;
    s->state = WAITING;
}

/* It has a way, whose latency comes first. */
static void wait_for_latency(struct fluid *fl, uint32_t slot)
{
    struct slot *s = &fl->slots[slot];
    s->state = LATENCY;
    s->since_s = fl->now_s;
    if (fl->net.way.latency_s > 0) {
        set_moment(fl, slot, fl->now_s + fl->net.way.latency_s);
    } else if (s->left > 0 && s->n > 0) {
        PUSH(fl, moving, slot);
    } else {
        leave_way(fl, slot, 0);
        PUSH(fl, over, slot);
    }
}

static void start(struct fluid *fl, uint32_t op)
{
    uint32_t slot = take_slot(fl, op, csin_is_delay(fl->s, op) ? DELAY : LATENCY);
    if (slot == CSIN_NONE)
        return;
    if (csin_is_delay(fl->s, op)) {
        set_moment(fl, slot, fl->now_s + fl->s->amount[op].delay_s);
    } else if (csin_network_way(&fl->net, op, fl->result.finish_s)) {
        take_way(fl, slot);
        wait_for_latency(fl, slot);
    } else {
        fl->cut_off = fl->run->n_events == 0;
        wait_for_way(fl, slot);
    }
}

/* ---- batches ---- */

typedef bool before_fn(const struct fluid *fl, uint32_t a, uint32_t b);

static bool op_before(const struct fluid *fl, uint32_t a, uint32_t b)
{
    return csin_schedule_compare(fl->s, fl->result.start_s, a, b) < 0;
}

static bool slot_before(const struct fluid *fl, uint32_t a, uint32_t b)
{
    return op_before(fl, fl->slots[a].op, fl->slots[b].op);
}

static uint32_t run_end(const struct fluid *fl, const uint32_t *items, uint32_t from, uint32_t n,
                        before_fn *before)
{
    for (from++; from < n && before(fl, items[from - 1], items[from]);)
        from++;
    return from < n ? from : n;
}

static void merge(const struct fluid *fl, const uint32_t *a, uint32_t n_a, const uint32_t *b,
                  uint32_t n_b, uint32_t *out, before_fn *before)
{
    while (n_a > 0 && n_b > 0)
        if (before(fl, *b, *a)) {
            *out++ = *b++;
            n_b--;
        } else {
            *out++ = *a++;
            n_a--;
        }
    memcpy(out, a, n_a * sizeof *out);
    memcpy(out + n_a, b, n_b * sizeof *out);
}

/* Merges the runs that are there, as most batches are nearly in order. */
static void sort(struct fluid *fl, uint32_t *items, uint32_t n, before_fn *before)
{
    uint32_t middle, to;
    while (n > 1 && (middle = run_end(fl, items, 0, n, before)) < n) {
        if (!csin_grow(&fl->sorted, &fl->sorted_room, n, sizeof *fl->sorted)) {
            fl->no_memory = true;
            return;
        }
        for (uint32_t from = 0; from < n; from = to) {
            middle = from > 0 ? run_end(fl, items, from, n, before) : middle;
            to = run_end(fl, items, middle, n, before);
            merge(fl, items + from, middle - from, items + middle, to - middle, fl->sorted + from,
                  before);
        }
        memcpy(items, fl->sorted, n * sizeof *items);
    }
}

/* Takes all moments of this instant off the heap. */
static void collect(struct fluid *fl, double until_s)
{
    while (fl->n_heap > 0 && fl->heap[0].at_s <= until_s) {
        uint32_t moment = fl->heap[0].moment;
        for (uint32_t slot = fl->moments[moment].first; slot != CSIN_NONE;) {
            struct slot *s = &fl->slots[slot];
            s->moment = CSIN_NONE;
            if (s->state == LATENCY && s->left > 0)
                PUSH(fl, moving, slot);
            else
                PUSH(fl, over, slot);
            slot = s->next;
        }
        give_moment(fl, moment);
    }
}

static void end_those_over(struct fluid *fl)
{
    sort(fl, fl->over, fl->n_over, slot_before);
    for (uint32_t i = 0; i < fl->n_over; i++) {
        uint32_t slot = fl->over[i], op = fl->slots[slot].op;
        if (fl->slots[slot].state != DELAY)
            leave_way(fl, slot, 0);
        csin_dispatch_finished(fl->dispatch, op, fl->now_s);
        give_slot(fl, slot);
    }
    if (fl->n_over > 0)
        fl->result.makespan_s = fl->now_s;
    fl->n_over = 0;
}

static void start_those_ready(struct fluid *fl)
{
    fl->n_starting = 0;
    for (uint32_t op; csin_dispatch_next(fl->dispatch, fl->now_s, &op);)
        PUSH(fl, starting, op);
    sort(fl, fl->starting, fl->n_starting, op_before);
    for (uint32_t i = 0; i < fl->n_starting && !fl->no_memory; i++)
        start(fl, fl->starting[i]);
}

static void begin_those_due(struct fluid *fl)
{
    sort(fl, fl->moving, fl->n_moving, slot_before);
    for (uint32_t i = 0; i < fl->n_moving && !fl->no_memory; i++)
        begin_to_move(fl, fl->moving[i]);
    fl->n_moving = 0;
}

/* The flow's rate is another one from now on. */
static void set_rate(struct fluid *fl, uint32_t flow, double rate_Bps)
{
    uint32_t slot = fl->slot_of[flow];
    struct slot *s = &fl->slots[slot];
    if (s->rate_Bps == 0 && rate_Bps > 0)
        note_wait(fl, s);
    bring_forward(fl, s);
    if (fl->run->recorder)
        csin_recorder_rate(fl->run->recorder, s->owner, rate_Bps - s->rate_Bps, fl->now_s);
    s->rate_Bps = rate_Bps;
    if (rate_Bps > 0)
        set_moment(fl, slot, fl->now_s + s->left / rate_Bps);
    else
        unset_moment(fl, slot);
}

static void share_fair(struct fluid *fl)
{
    struct csin_fair *fair = &fl->fair;
    if (fair->n_dirty == 0 && fair->n_added == 0)
        return;
    if (!csin_fair_solve(fair)) {
        fl->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < fair->n_changed; i++)
        set_rate(fl, fair->changed[i], fair->flows[fair->changed[i]].rate);
    if (fl->watching)
        look(fl);
}

static void share_lossless(struct fluid *fl)
{
    struct csin_lossless *l = &fl->lossless;
    if (l->meanwhile.n == 0)
        return;
    if (!csin_lossless_solve(l)) {
        fl->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < l->changed.n; i++)
        set_rate(fl, l->changed.items[i], l->flows[l->changed.items[i]].rate);
    if (fl->watching)
        look_lossless(fl);
}

/* The end of an instant: what is over lets others start, until nothing more happens now. */
static void settle(struct fluid *fl)
{
    do {
        end_those_over(fl);
        start_those_ready(fl);
    } while (fl->n_over > 0 && !fl->no_memory);
    begin_those_due(fl);
    if (fl->in_flight > fl->result.max_flows)
        fl->result.max_flows = fl->in_flight;
    if (fl->no_memory)
        return;
    if (fl->is_lossless)
        share_lossless(fl);
    else
        share_fair(fl);
}

/* ---- when the network changes ---- */

static bool is_same_way(const struct slot *s, const struct csin_way *way)
{
    return s->n_arcs == way->n && memcmp(arcs_of(s), way->arcs, way->n * sizeof *way->arcs) == 0 &&
           (!weights_of(s) ||
            memcmp(weights_of(s), way->weights, way->n * sizeof *way->weights) == 0);
}

static bool is_same_use(const struct slot *s, const struct csin_network *net)
{
    if (s->n - s->n_arcs != net->n_uses || net->n_uses == 0)
        return s->n - s->n_arcs == net->n_uses;
    return memcmp(arcs_of(s) + s->n_arcs, net->use, net->n_uses * sizeof *net->use) == 0 &&
           memcmp(weights_of(s) + s->n_arcs, net->use_weights,
                  net->n_uses * sizeof *net->use_weights) == 0;
}

static bool is_intact(const struct fluid *fl, const struct slot *s)
{
    for (uint32_t k = 0; k < s->n; k++)
        if (fl->net.capacity_Bps[arcs_of(s)[k]] <= 0)
            return false;
    return s->n > 0;
}

/* Sends a transfer the way that the new routes say; a least-loaded one only where it has to. */
static void reroute(struct fluid *fl, uint32_t slot)
{
    struct slot *s = &fl->slots[slot];
    if (fl->net.load && is_intact(fl, s))
        return;
    bool found = csin_network_way(&fl->net, s->op, fl->result.finish_s);
    if (found && s->n > 0 && is_same_way(s, &fl->net.way) && is_same_use(s, &fl->net))
        return;
    bool moved = s->state == MOVING, waited = s->state == WAITING;
    if (moved) {
        if (found)
            note_wait(fl, s);
        s->left = fmax(0, s->left - s->rate_Bps * (fl->now_s - s->since_s));
    }
    leave_way(fl, slot, s->left);
    if (!found) {
        wait_for_way(fl, slot);
        return;
    }
    take_way(fl, slot);
    if (moved) {
        unset_moment(fl, slot);
        PUSH(fl, moving, slot);
    } else if (waited) {
        note_wait(fl, s);
        wait_for_latency(fl, slot);
    }
}

/* Ends what an owner has in flight, as it is; what it has not begun never begins. */
static void stop_owner(struct fluid *fl, uint32_t owner)
{
    csin_dispatch_stop(fl->dispatch, owner, NULL, NULL);
    for (uint32_t slot = 0; slot < fl->n_slots; slot++) {
        struct slot *s = &fl->slots[slot];
        if (s->state == FREE || csin_network_owner(&fl->net, s->op) != owner)
            continue;
        uint32_t op = s->op;
        if (s->state == MOVING)
            bring_forward(fl, s);
        if (s->state != DELAY) {
            fl->result.dropped_bytes += (double)fl->s->amount[op].bytes - s->left;
            leave_way(fl, slot, s->left);
        }
        give_slot(fl, slot);
        csin_dispatch_dropped(fl->dispatch, op);
        fl->result.makespan_s = fl->now_s;
    }
}

static enum csin_status change_network(struct fluid *fl, double until_s)
{
    /* What ends now has ended, and what begins to move now moves, before anything changes. */
    end_those_over(fl);
    begin_those_due(fl);
    enum csin_status status = csin_network_advance(&fl->net, until_s, fl->diag);
    if (status != CSIN_OK)
        return status;
    for (uint32_t i = 0; i < fl->net.n_stopped; i++)
        stop_owner(fl, fl->net.stopped[i]);
    for (uint32_t i = 0; i < fl->net.n_changed_arcs; i++) {
        uint32_t arc = fl->net.changed_arcs[i];
        bool ok = fl->is_lossless
                      ? csin_lossless_set_capacity(&fl->lossless, arc, fl->net.capacity_Bps[arc])
                      : csin_fair_set_capacity(&fl->fair, arc, fl->net.capacity_Bps[arc]);
        fl->no_memory = fl->no_memory || !ok;
        fl->changed = true;
    }
    if (!fl->net.rerouted)
        return CSIN_OK;
    fl->n_starting = 0;
    for (uint32_t slot = 0; slot < fl->n_slots; slot++)
        if (fl->slots[slot].state > DELAY)
            PUSH(fl, starting, slot);
    sort(fl, fl->starting, fl->n_starting, slot_before);
    for (uint32_t i = 0; i < fl->n_starting && !fl->no_memory; i++)
        reroute(fl, fl->starting[i]);
    return CSIN_OK;
}

/* ---- all ---- */

/* True: the run is to end here. */
static bool tell_progress(struct fluid *fl)
{
    const struct csin_run *run = fl->run;
    uint64_t done = csin_dispatch_done(fl->dispatch);
    if ((!run->progress && !run->stop) || done - fl->told < PROGRESS_EVERY)
        return false;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    fl->told = done;
    if ((now.tv_sec - fl->told_at.tv_sec) * 1000 + (now.tv_nsec - fl->told_at.tv_nsec) / 1000000 <
        PROGRESS_MS)
        return false;
    fl->told_at = now;
    if (run->progress)
        run->progress(run->progress_arg, done, fl->s->n_ops, fl->now_s);
    return run->stop && run->stop(run->stop_arg);
}

/* Nothing can happen any more. Where the network never changes, some transfer may have no way. */
static enum csin_status stuck(struct fluid *fl)
{
    enum csin_status status = CSIN_OK;
    unsigned n = 0;
    for (uint32_t op = 0; fl->run->n_events == 0 && op < fl->s->n_ops && n < NAMED_OPS; op++) {
        if (csin_is_delay(fl->s, op) || csin_network_check_way(&fl->net, fl->diag, op) == CSIN_OK)
            continue;
        status = CSIN_E_FAILED;
        n++;
    }
    return status != CSIN_OK ? status
                             : csin_engine_stuck(fl->run, fl->diag, &fl->result,
                                                 csin_dispatch_done(fl->dispatch), fl->now_s);
}

static enum csin_status run_events(struct fluid *fl)
{
    enum csin_status status = CSIN_OK;
    if (csin_network_next(&fl->net) <= INSTANT_S)
        status = change_network(fl, INSTANT_S);
    if (status != CSIN_OK)
        return status;
    csin_dispatch_begin(fl->dispatch);
    settle(fl);
    while (csin_dispatch_done(fl->dispatch) < fl->s->n_ops) {
        if (fl->no_memory)
            return csin_no_memory(fl->diag);
        double network_s = csin_network_next(&fl->net);
        double next_s = fmin(network_s, fl->n_heap > 0 ? fl->heap[0].at_s : HUGE_VAL);
        if (next_s == HUGE_VAL || fl->cut_off)
            return stuck(fl);
        if (next_s > fl->run->horizon_s)
            return csin_engine_horizon(fl->run, fl->diag, &fl->result,
                                       csin_dispatch_done(fl->dispatch));
        double instant_s = fmax(INSTANT_S, CLOCK_STEPS * DBL_EPSILON * next_s);
        if (fl->changed && next_s - fl->now_s > instant_s) {
            fl->result.events++;
            fl->changed = false;
        }
        fl->now_s = next_s > fl->now_s ? next_s : fl->now_s;
        collect(fl, fl->now_s + instant_s);
        if (network_s <= fl->now_s + instant_s) {
            status = change_network(fl, fl->now_s + instant_s);
            if (status != CSIN_OK)
                return status;
        }
        settle(fl);
        if (tell_progress(fl))
            return csin_error(fl->diag, CSIN_E_FAILED, 822, (struct csin_loc){0},
                              "stopped with %s of %s operations done",
                              csin_show_count(csin_dispatch_done(fl->dispatch)).s,
                              csin_show_count(fl->s->n_ops).s);
    }
    return fl->no_memory ? csin_no_memory(fl->diag) : CSIN_OK;
}

static bool init_victims(struct fluid *fl)
{
    fl->moving_s = calloc((size_t)fl->s->n_owners + 1, sizeof *fl->moving_s);
    return csin_traffic_init(&fl->victims, fl->s->n_owners) && fl->moving_s;
}

static bool hand_over_victims(struct fluid *fl)
{
    const struct csin_traffic *v = &fl->victims;
    struct csin_victims *rows = calloc((size_t)v->n_loads + 1, sizeof *rows);
    if (!rows)
        return false;
    for (uint32_t i = 0; i < v->n_loads; i++)
        rows[i] = (struct csin_victims){v->loads[i].owner, v->loads[i].arc, v->loads[i].bytes};
    fl->result.victims = rows;
    fl->result.n_victims = v->n_loads;
    fl->result.moving_s = fl->moving_s;
    fl->moving_s = NULL;
    return true;
}

static void finish(struct fluid *fl)
{
    csin_run_result_finish(&fl->result);
    csin_dispatch_destroy(fl->dispatch);
    csin_network_finish(&fl->net);
    csin_fair_finish(&fl->fair);
    csin_lossless_finish(&fl->lossless);
    csin_traffic_finish(&fl->victims);
    free(fl->lanes);
    free(fl->moving_s);
    csin_watch_finish(&fl->watch);
    for (uint32_t slot = 0; slot < fl->n_slots; slot++)
        if (fl->slots[slot].wide) {
            free(fl->slots[slot].wide->arcs);
            free(fl->slots[slot].wide->weights);
            free(fl->slots[slot].wide->congests);
            free(fl->slots[slot].wide);
        }
    free(fl->slots);
    free(fl->slot_of);
    free(fl->moments);
    free(fl->heap);
    free(fl->over);
    free(fl->moving);
    free(fl->starting);
    free(fl->sorted);
}

static enum csin_status run_fluid(const struct csin_run *run, struct csin_diag *diag,
                                  struct csin_run_result *ret)
{
    struct fluid fl = {.run = run, .s = run->schedule, .diag = diag, .free_slot = CSIN_NONE};
    enum csin_status status = CSIN_E_FAILED;
    fl.free_moment = CSIN_NONE;
    memset(fl.recent, 0xff, sizeof fl.recent);
    fl.watching = run->watch;
    fl.is_lossless = run->congestion == CSIN_LOSSLESS;
    uint32_t n_resources = run->fabric->n_arcs + csin_n_inside(run->schedule);
    bool ok = csin_run_result_init(run, 0, &fl.result);
    ok = csin_network_init(&fl.net, run) && ok;
    ok = ok && (fl.is_lossless ? init_lanes(&fl) && init_victims(&fl)
                               : csin_fair_init(&fl.fair, n_resources, fl.net.capacity_Bps));
    ok = (!run->watch || csin_watch_init(&fl.watch, n_resources, fl.result.arcs)) && ok;
    fl.watch.recorder = run->recorder;
    fl.dispatch = ok ? csin_dispatch_create(fl.s, fl.result.start_s, fl.result.finish_s) : NULL;
    if (!fl.dispatch) {
        status = csin_no_memory(diag);
        goto done;
    }
    if (run->progress)
        run->progress(run->progress_arg, 0, fl.s->n_ops, 0);
    status = run_events(&fl);
    if (status != CSIN_OK)
        goto done;
    if (run->watch)
        csin_watch_end(&fl.watch, fl.now_s);
    if (run->recorder)
        csin_recorder_end(run->recorder, fl.now_s);
    csin_waits_sort(fl.result.waits, fl.result.n_waits);
    fl.result.skipped = csin_dispatch_skipped(fl.dispatch);
    if (fl.is_lossless && run->watch && !hand_over_victims(&fl)) {
        status = csin_no_memory(diag);
        goto done;
    }
    fl.result.traffic = fl.net.traffic;
    memset(&fl.net.traffic, 0, sizeof fl.net.traffic);
    *ret = fl.result;
    memset(&fl.result, 0, sizeof fl.result);
done:
    finish(&fl);
    return status;
}

const struct csin_engine csin_engine_fluid = {
    "fluid",
    "rates updated incrementally, latency as a delay",
    run_fluid,
    true,
};
