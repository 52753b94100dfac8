/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/lossless.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Ports that are not held back may want so much more than there is, relative: a queue that is
 * offered exactly what it can take, as is common where all capacities are equal, is not full. */
#define EDGE 1e-4
#define CHECKED 1e-3 /* relative: how exactly arcs are full, or not too full */
#define SAME 1e-7    /* relative: shares that differ by less do not wake anybody up */
/* How far a source moves in a round: all the way, until it has been told to go back. From then on
 * less with each turn, a little more with each step in the same direction. */
#define STEP_TURNED 0.5 /* at most, once it has turned */
#define STEP_SHRINKS 0.8
#define STEP_GROWS 1.02
#define STEP_LEAST 0.02
#define CALM_ROUNDS 100u /* after so many, steps shrink all together until nothing moves */
#define CALM_SHRINKS 0.92
#define MOVES (STEP_LEAST / 2 * CSIN_LOSSLESS_EXACT) /* shorter moves are none, relative */

static bool push(struct csin_lossless *l, struct csin_lossless_list *list, uint32_t item)
{
    if (list->n == list->room &&
        !csin_grow(&list->items, &list->room, (size_t)list->n + 1, sizeof *list->items)) {
        l->no_memory = true;
        return false;
    }
    list->items[list->n++] = item;
    return true;
}

bool csin_lossless_init(struct csin_lossless *l, const struct csin_fabric *fabric, uint32_t n_lanes,
                        const double *lane_weights)
{
    uint32_t n_arcs = fabric->n_arcs;
    assert(n_lanes >= 1 && n_lanes <= CSIN_MAX_LANES);
    memset(l, 0, sizeof *l);
    l->fabric = fabric;
    l->n_arcs = n_arcs;
    l->n_lanes = n_lanes;
    l->free_turn = l->free_pair = l->free_flow = l->free_begin = CSIN_NONE;
    for (uint32_t i = 0; i < n_lanes; i++)
        l->lane_weights[i] = lane_weights ? lane_weights[i] : 1;
    l->capacities = malloc(((size_t)n_arcs + 1) * sizeof *l->capacities);
    l->queues = calloc((size_t)n_arcs * n_lanes + 1, sizeof *l->queues);
    l->leaving = malloc(((size_t)fabric->n_vertices + 1) * sizeof *l->leaving);
    l->leaving_weight = malloc(((size_t)fabric->n_vertices + 1) * sizeof *l->leaving_weight);
    l->n_next = malloc(CSIN_WAY_MAX * sizeof *l->n_next);
    if (!l->capacities || !l->queues || !l->n_next || !l->leaving || !l->leaving_weight)
        return false;
    l->capacities_room = (size_t)n_arcs + 1;
    l->queues_room = (size_t)n_arcs * n_lanes + 1;
    memcpy(l->capacities, fabric->arc_capacity_Bps, n_arcs * sizeof *l->capacities);
    for (size_t q = 0; q < (size_t)n_arcs * n_lanes; q++)
        l->queues[q] = (struct csin_lossless_queue){
            .cause = CSIN_NONE, .level = HUGE_VAL, .step = 1};
    return true;
}

void csin_lossless_finish(struct csin_lossless *l)
{
    for (size_t q = 0; l->queues && q < (size_t)l->n_arcs * l->n_lanes; q++) {
        free(l->queues[q].in.items);
        free(l->queues[q].out.items);
        free(l->queues[q].flows.items);
    }
    for (uint32_t f = 0; f < l->n_slots; f++) {
        free(l->flows[f].turns);
        free(l->flows[f].pairs);
    }
    for (uint32_t t = 0; t < l->n_turns; t++)
        free(l->turns[t].pairs.items);
    for (size_t h = 0; h < sizeof l->dirty / sizeof *l->dirty; h++)
        free(l->dirty[h].items);
    free(l->sources.items);
    free(l->active.items);
    free(l->changed.items);
    free(l->touched.items);
    free(l->meanwhile.items);
    free(l->leaving);
    free(l->n_next);
    free(l->leaving_weight);
    free(l->wishes);
    free(l->capacities);
    free(l->queues);
    free(l->turns);
    free(l->pairs);
    free(l->flows);
    memset(l, 0, sizeof *l);
}

/* Queues and capacities for so many arcs. */
static bool grow_arcs(struct csin_lossless *l, uint32_t n_arcs)
{
    size_t from = (size_t)l->n_arcs * l->n_lanes, to = (size_t)n_arcs * l->n_lanes;
    if (!csin_grow(&l->capacities, &l->capacities_room, (size_t)n_arcs + 1,
                   sizeof *l->capacities) ||
        !csin_grow(&l->queues, &l->queues_room, to + 1, sizeof *l->queues))
        return false;
    for (size_t q = from; q < to; q++)
        l->queues[q] = (struct csin_lossless_queue){
            .cause = CSIN_NONE, .level = HUGE_VAL, .step = 1};
    l->n_arcs = n_arcs;
    return true;
}

bool csin_lossless_add_inside(struct csin_lossless *l, uint32_t n, const double *capacities)
{
    uint32_t n_arcs = l->n_arcs;
    assert(l->n_flows == 0 && l->n_inside == 0);
    if (n == 0)
        return true;
    if (!grow_arcs(l, n_arcs + n))
        return false;
    memcpy(l->capacities + n_arcs, capacities, n * sizeof *capacities);
    l->n_inside = n;
    return true;
}

/* Queues behind those of arcs and resources are where single flows begin. */
static bool is_begin(const struct csin_lossless *l, uint32_t queue)
{
    return queue / l->n_lanes >= l->fabric->n_arcs + l->n_inside;
}

static bool is_arc(const struct csin_lossless *l, uint32_t queue)
{
    return queue / l->n_lanes < l->fabric->n_arcs;
}

/* A queue where one flow begins, without end. */
static uint32_t take_begin(struct csin_lossless *l)
{
    uint32_t queue = l->free_begin;
    if (queue != CSIN_NONE) {
        l->free_begin = l->queues[queue].root;
        return queue;
    }
    if (!grow_arcs(l, l->n_arcs + 1)) {
        l->no_memory = true;
        return CSIN_NONE;
    }
    l->capacities[l->n_arcs - 1] = HUGE_VAL;
    return (l->n_arcs - 1) * l->n_lanes;
}

static uint32_t arc_of(const struct csin_lossless *l, uint32_t queue)
{
    return queue / l->n_lanes;
}

static void soil(struct csin_lossless *l, uint32_t queue)
{
    struct csin_lossless_queue *q = &l->queues[queue];
    if (!q->dirty && push(l, &l->dirty[q->height], queue))
        q->dirty = true;
    if (!q->touched && push(l, &l->meanwhile, queue))
        q->touched = true;
}

/* A queue's lanes share its arc, so all of them look again. */
static void soil_lanes(struct csin_lossless *l, uint32_t queue)
{
    uint32_t first = arc_of(l, queue) * l->n_lanes;
    for (uint32_t lane = 0; lane < l->n_lanes; lane++)
        if (first + lane == queue || l->queues[first + lane].throughput > 0)
            soil(l, first + lane);
}

/* ---- causes ---- */

static void hold(struct csin_lossless *l, uint32_t turn, bool held)
{
    if (turn == CSIN_NONE || l->turns[turn].held == held)
        return;
    l->turns[turn].held = held;
    soil(l, l->turns[turn].to);
}

/* The queue is held back by the turn `cause` now, if by any. */
static void set_cause(struct csin_lossless *l, struct csin_lossless_queue *q, uint32_t cause,
                      bool full)
{
    if (q->cause != cause)
        hold(l, q->cause, false);
    q->cause = cause;
    q->full = full;
    hold(l, cause, full);
}

/* ---- flows come and go ---- */

static uint32_t take_turn(struct csin_lossless *l, uint32_t from, uint32_t to)
{
    struct csin_lossless_queue *p = &l->queues[from], *b = &l->queues[to];
    for (uint32_t i = 0; i < p->out.n; i++)
        if (l->turns[p->out.items[i]].to == to)
            return p->out.items[i];
    uint32_t turn = l->free_turn;
    struct csin_lossless_list pairs = {0};
    if (turn != CSIN_NONE) {
        l->free_turn = l->turns[turn].from;
        pairs = l->turns[turn].pairs; /* empty, but with room */
    } else if (csin_grow(&l->turns, &l->turns_room, (size_t)l->n_turns + 1, sizeof *l->turns)) {
        turn = l->n_turns++;
    } else {
        l->no_memory = true;
        return CSIN_NONE;
    }
    l->turns[turn] = (struct csin_lossless_turn){
        .from = from, .to = to, .at_from = p->out.n, .at_to = b->in.n, .pairs = pairs};
    if (!push(l, &p->out, turn) || !push(l, &b->in, turn))
        return CSIN_NONE;
    return turn;
}

static void give_turn(struct csin_lossless *l, uint32_t turn)
{
    struct csin_lossless_turn *t = &l->turns[turn];
    struct csin_lossless_queue *p = &l->queues[t->from], *b = &l->queues[t->to];
    assert(t->pairs.n == 0);
    uint32_t last = p->out.items[--p->out.n];
    p->out.items[t->at_from] = last;
    l->turns[last].at_from = t->at_from;
    last = b->in.items[--b->in.n];
    b->in.items[t->at_to] = last;
    l->turns[last].at_to = t->at_to;
    if (p->cause == turn)
        p->cause = CSIN_NONE;
    t->from = l->free_turn;
    l->free_turn = turn;
}

static uint32_t take_pair(struct csin_lossless *l, uint32_t in, uint32_t out)
{
    struct csin_lossless_list *list = &l->turns[out].pairs;
    for (uint32_t i = 0; i < list->n; i++)
        if (l->pairs[list->items[i]].in == in)
            return list->items[i];
    uint32_t pair = l->free_pair;
    if (pair != CSIN_NONE) {
        l->free_pair = l->pairs[pair].in;
    } else if (csin_grow(&l->pairs, &l->pairs_room, (size_t)l->n_pairs + 1, sizeof *l->pairs)) {
        pair = l->n_pairs++;
    } else {
        l->no_memory = true;
        return CSIN_NONE;
    }
    l->pairs[pair] = (struct csin_lossless_pair){.in = in, .out = out, .place = list->n};
    return push(l, list, pair) ? pair : CSIN_NONE;
}

static void give_pair(struct csin_lossless *l, uint32_t pair)
{
    struct csin_lossless_pair *p = &l->pairs[pair];
    struct csin_lossless_list *list = &l->turns[p->out].pairs;
    uint32_t last = list->items[--list->n];
    list->items[p->place] = last;
    l->pairs[last].place = p->place;
    p->in = l->free_pair;
    l->free_pair = pair;
}

/* `rate` more of what goes over the turn. */
static void add_rate(struct csin_lossless *l, uint32_t turn, double rate)
{
    struct csin_lossless_turn *t = &l->turns[turn];
    t->rate += rate;
    l->queues[t->to].throughput += rate;
    soil_lanes(l, t->to);
    soil(l, t->from); /* its mix is another one */
}

static void add_flow_rate(struct csin_lossless *l, const struct csin_lossless_flow *f, double rate)
{
    for (uint32_t k = 0; k < f->n_turns; k++)
        add_rate(l, f->turns[k].what, f->turns[k].weight * rate);
    for (uint32_t k = 0; k < f->n_pairs; k++)
        l->pairs[f->pairs[k].what].rate += f->pairs[k].weight * rate;
}

static bool add_turn(struct csin_lossless *l, struct csin_lossless_flow *f, uint32_t from,
                     uint32_t to, double weight)
{
    uint32_t turn = take_turn(l, from, to);
    if (turn == CSIN_NONE ||
        !csin_grow(&f->turns, &f->turns_room, (size_t)f->n_turns + 1, sizeof *f->turns))
        return false;
    f->turns[f->n_turns++] = (struct csin_lossless_leg){weight, turn};
    l->turns[turn].n_flows++;
    l->turns[turn].weight += weight;
    return true;
}

static bool add_pair(struct csin_lossless *l, struct csin_lossless_flow *f, uint32_t in,
                     uint32_t out, double weight)
{
    uint32_t pair = take_pair(l, in, out);
    if (pair == CSIN_NONE ||
        !csin_grow(&f->pairs, &f->pairs_room, (size_t)f->n_pairs + 1, sizeof *f->pairs))
        return false;
    f->pairs[f->n_pairs++] = (struct csin_lossless_leg){weight, pair};
    l->pairs[pair].n_flows++;
    l->pairs[pair].weight += weight;
    return true;
}

static void set_rate(struct csin_lossless *l, uint32_t source, double flow_rate)
{
    struct csin_lossless_queue *s = &l->queues[source];
    double more = flow_rate - s->flow_rate;
    s->flow_rate = flow_rate;
    for (uint32_t i = 0; i < s->flows.n; i++)
        add_flow_rate(l, &l->flows[s->flows.items[i]], more);
    s->throughput = s->flow_rate * s->flows.n;
    soil_lanes(l, source);
}

static uint32_t take_flow(struct csin_lossless *l)
{
    uint32_t flow = l->free_flow;
    if (flow != CSIN_NONE) {
        l->free_flow = l->flows[flow].place;
        return flow;
    }
    if (!csin_grow(&l->flows, &l->flows_room, (size_t)l->n_slots + 1, sizeof *l->flows))
        return CSIN_NONE;
    l->flows[l->n_slots] = (struct csin_lossless_flow){.source = CSIN_NONE};
    return l->n_slots++;
}

struct way {
    const uint32_t *arcs;
    const double *weights;
    const uint8_t *lanes;
    uint32_t n;
};

static uint32_t queue_at(const struct csin_lossless *l, const struct way *way, uint32_t i)
{
    return way->arcs[i] * l->n_lanes + (way->lanes ? way->lanes[i] : 0);
}

static void raise_height(struct csin_lossless *l, uint32_t queue, unsigned height)
{
    struct csin_lossless_queue *q = &l->queues[queue];
    if (q->height < height && !q->dirty)
        q->height = (uint8_t)height;
}

static bool enter_path(struct csin_lossless *l, struct csin_lossless_flow *f, const struct way *way)
{
    for (uint32_t i = 0; i < way->n; i++)
        raise_height(l, queue_at(l, way, i), way->n - 1 - i);
    for (uint32_t i = 0; i + 1 < way->n; i++)
        if (!add_turn(l, f, queue_at(l, way, i), queue_at(l, way, i + 1), 1) ||
            (i > 0 && !add_pair(l, f, f->turns[i - 1].what, f->turns[i].what, 1)))
            return false;
    return true;
}

/* What enters a switch leaves it over all its arcs of the way, in proportion to their weights. From
 * the last arc back, so that heights are known: arcs that leave a switch form a list through the
 * indices in `leaving`, and stand behind all that enter it. first[i]: the first turn from arc i. */
static bool enter_sprayed(struct csin_lossless *l, struct csin_lossless_flow *f,
                          const struct way *way)
{
    const struct csin_fabric *fabric = l->fabric;
    uint32_t next[CSIN_WAY_MAX], first[CSIN_WAY_MAX + 1];
    for (uint32_t i = 0; i < way->n; i++)
        l->leaving[csin_arc_tail(fabric, way->arcs[i])] =
            l->leaving[csin_arc_head(fabric, way->arcs[i])] = CSIN_NONE;
    for (uint32_t i = way->n; i-- > 0;) {
        uint32_t tail = csin_arc_tail(fabric, way->arcs[i]);
        uint32_t head = csin_arc_head(fabric, way->arcs[i]), queue = queue_at(l, way, i);
        first[i] = f->n_turns;
        for (uint32_t k = l->leaving[head]; k != CSIN_NONE; k = next[k]) {
            double weight = way->weights[i] * way->weights[k] / l->leaving_weight[head];
            raise_height(l, queue, l->queues[queue_at(l, way, k)].height + 1u);
            if (!add_turn(l, f, queue, queue_at(l, way, k), weight))
                return false;
            struct csin_lossless_leg in = f->turns[f->n_turns - 1];
            for (uint32_t t = first[k]; k + 1 < way->n && t < first[k] + l->n_next[k]; t++)
                if (!add_pair(l, f, in.what, f->turns[t].what,
                              weight * f->turns[t].weight / way->weights[k]))
                    return false;
        }
        l->n_next[i] = f->n_turns - first[i];
        if (l->leaving[tail] == CSIN_NONE)
            l->leaving_weight[tail] = 0;
        next[i] = l->leaving[tail];
        l->leaving[tail] = i;
        l->leaving_weight[tail] += way->weights[i];
    }
    return true;
}

/* Takes the flow off its turns and pairs, which carry nothing of it any more. */
static void drop_turns(struct csin_lossless *l, struct csin_lossless_flow *f)
{
    for (uint32_t k = 0; k < f->n_pairs; k++) {
        struct csin_lossless_pair *p = &l->pairs[f->pairs[k].what];
        p->weight -= f->pairs[k].weight;
        if (--p->n_flows == 0)
            give_pair(l, f->pairs[k].what);
    }
    for (uint32_t k = 0; k < f->n_turns; k++) {
        struct csin_lossless_turn *t = &l->turns[f->turns[k].what];
        t->weight -= f->turns[k].weight;
        if (--t->n_flows > 0)
            continue;
        l->queues[t->to].throughput -= t->rate; /* what rounding has left */
        give_turn(l, f->turns[k].what);
    }
    f->n_turns = f->n_pairs = 0;
}

/* From what the flow does already into `from`, what goes on to `to`: `weight` of it in all, of
 * which each turn into `from` brings its share. */
static bool go_on(struct csin_lossless *l, struct csin_lossless_flow *f, uint32_t from, uint32_t to,
                  double weight, double part)
{
    uint32_t n_before = f->n_turns;
    if (!add_turn(l, f, from, to, weight * part))
        return false;
    struct csin_lossless_leg out = f->turns[n_before];
    for (uint32_t k = 0; k < n_before; k++) {
        struct csin_lossless_leg in = f->turns[k];
        if (l->turns[in.what].to == from && !add_pair(l, f, in.what, out.what, in.weight * weight))
            return false;
    }
    return true;
}

/* The flow begins at a queue of its own, with turns to the NIC's arcs and what it uses of its host.
 */
static bool enter_own(struct csin_lossless *l, struct csin_lossless_flow *f, const struct way *way,
                      const struct csin_lossless_uses *uses)
{
    unsigned height = 1;
    uint32_t n_way = f->n_turns;
    for (uint32_t i = 0; i < way->n; i++) {
        if (!csin_is_nic(l->fabric, csin_arc_tail(l->fabric, way->arcs[i])))
            continue;
        uint32_t queue = queue_at(l, way, i);
        double weight = way->weights ? way->weights[i] : 1;
        if (l->queues[queue].height + 1u > height)
            height = l->queues[queue].height + 1u;
        if (!add_turn(l, f, f->source, queue, weight))
            return false;
        struct csin_lossless_leg in = f->turns[f->n_turns - 1];
        for (uint32_t k = 0; k < n_way; k++)
            if (l->turns[f->turns[k].what].from == queue &&
                !add_pair(l, f, in.what, f->turns[k].what, f->turns[k].weight))
                return false;
    }
    raise_height(l, f->source, height);
    for (uint32_t u = 0; u < uses->n_sends; u++)
        if (!add_turn(l, f, f->source, uses->resources[u] * l->n_lanes, uses->weights[u]))
            return false;
    return true;
}

/* What the host that receives needs for it, behind the last arcs. */
static bool leave_into_host(struct csin_lossless *l, struct csin_lossless_flow *f,
                            const struct way *way, const struct csin_lossless_uses *uses)
{
    for (uint32_t i = 0; i < way->n; i++) {
        if (!csin_is_nic(l->fabric, csin_arc_head(l->fabric, way->arcs[i])))
            continue;
        for (uint32_t k = i + 1; k-- > 0 && uses->n > uses->n_sends && !way->weights;)
            raise_height(l, queue_at(l, way, k), i + 1 - k);
        for (uint32_t u = uses->n_sends; u < uses->n; u++)
            if (!go_on(l, f, queue_at(l, way, i), uses->resources[u] * l->n_lanes, uses->weights[u],
                       way->weights ? way->weights[i] : 1))
                return false;
    }
    return true;
}

static bool enter_with(struct csin_lossless *l, struct csin_lossless_flow *f, const struct way *way,
                       const struct csin_lossless_uses *uses)
{
    return (way->n == 0 || (way->weights ? enter_sprayed(l, f, way) : enter_path(l, f, way))) &&
           leave_into_host(l, f, way, uses) && (!f->is_own || enter_own(l, f, way, uses));
}

uint32_t csin_lossless_add(struct csin_lossless *l, const uint32_t *arcs, const double *weights,
                           const uint8_t *lanes, uint32_t n)
{
    return csin_lossless_add_inside_too(l, arcs, weights, lanes, n, NULL);
}

uint32_t csin_lossless_add_inside_too(struct csin_lossless *l, const uint32_t *arcs,
                                      const double *weights, const uint8_t *lanes, uint32_t n,
                                      const struct csin_lossless_uses *uses)
{
    assert((n >= 2 || (uses && n == 0)) && n <= CSIN_WAY_MAX);
    struct way way = {arcs, weights, lanes, n};
    bool is_own = uses && uses->is_own;
    assert(is_own || n > 0);
    uint32_t source = is_own ? take_begin(l) : queue_at(l, &way, 0);
    uint32_t flow = source == CSIN_NONE ? CSIN_NONE : take_flow(l);
    if (flow == CSIN_NONE)
        return CSIN_NONE;
    struct csin_lossless_flow *f = &l->flows[flow];
    struct csin_lossless_queue *s = &l->queues[source];
    f->source = source;
    f->is_own = is_own;
    f->rate = 0;
    f->place = s->flows.n;
    f->n_turns = f->n_pairs = 0;
    /* The NIC's flows share what they had. */
    if (s->flows.n > 0)
        set_rate(l, source, s->flow_rate * s->flows.n / (s->flows.n + 1));
    if (!(uses      ? enter_with(l, f, &way, uses)
          : weights ? enter_sprayed(l, f, &way)
                    : enter_path(l, f, &way)) ||
        !push(l, &s->flows, flow)) {
        drop_turns(l, f);
        f->source = CSIN_NONE;
        f->place = l->free_flow;
        l->free_flow = flow;
        return CSIN_NONE;
    }
    if (s->flows.n == 1) {
        s->active = l->active.n;
        s->root = CSIN_NONE;
        push(l, &l->active, source);
    }
    add_flow_rate(l, f, s->flow_rate);
    for (uint32_t k = 0; k < f->n_turns; k++) {
        soil(l, l->turns[f->turns[k].what].from); /* even where its rate is 0 yet */
        soil(l, l->turns[f->turns[k].what].to);
    }
    s->throughput = s->flow_rate * s->flows.n;
    soil_lanes(l, source);
    l->n_flows++;
    return l->no_memory ? CSIN_NONE : flow;
}

bool csin_lossless_remove(struct csin_lossless *l, uint32_t flow)
{
    struct csin_lossless_flow *f = &l->flows[flow];
    struct csin_lossless_queue *s = &l->queues[f->source];
    add_flow_rate(l, f, -s->flow_rate);
    drop_turns(l, f);
    uint32_t last = s->flows.items[--s->flows.n];
    s->flows.items[f->place] = last;
    l->flows[last].place = f->place;
    s->throughput = s->flow_rate * s->flows.n;
    if (s->flows.n == 0) {
        s->flow_rate = 0;
        s->level = HUGE_VAL;
        set_cause(l, s, CSIN_NONE, false);
        last = l->active.items[--l->active.n];
        l->active.items[s->active] = last;
        l->queues[last].active = s->active;
    }
    if (f->is_own) {
        s->height = 0; /* nobody else is in it */
        s->root = l->free_begin;
        l->free_begin = f->source;
    } else {
        soil_lanes(l, f->source);
    }
    f->source = CSIN_NONE;
    f->place = l->free_flow;
    l->free_flow = flow;
    l->n_flows--;
    return !l->no_memory;
}

bool csin_lossless_set_capacity(struct csin_lossless *l, uint32_t arc, double capacity)
{
    l->capacities[arc] = capacity;
    for (uint32_t lane = 0; lane < l->n_lanes; lane++)
        soil(l, arc * l->n_lanes + lane);
    return !l->no_memory;
}

/* ---- arbiters ---- */

/* What the lanes of the arc leave for this one, however much it wants: each lane gets what it
 * needs, and where that is too much, its weight's share. */
static double lane_capacity(const struct csin_lossless *l, uint32_t queue)
{
    uint32_t first = arc_of(l, queue) * l->n_lanes, mine = queue - first;
    double left = l->capacities[arc_of(l, queue)], weight = 0;
    bool given[CSIN_MAX_LANES] = {false};
    if (l->n_lanes == 1)
        return left;
    for (uint32_t lane = 0; lane < l->n_lanes; lane++) {
        given[lane] = lane != mine && l->queues[first + lane].throughput <= 0;
        weight += given[lane] ? 0 : l->lane_weights[lane];
    }
    for (bool again = true; again;) {
        again = false;
        for (uint32_t lane = 0; lane < l->n_lanes; lane++) {
            double wants = l->queues[first + lane].throughput;
            if (given[lane] || lane == mine || wants > left * l->lane_weights[lane] / weight)
                continue;
            given[lane] = again = true;
            left -= wants;
            weight -= l->lane_weights[lane];
        }
    }
    return left * l->lane_weights[mine] / weight;
}

/* The largest level at which the ports, whose shares for this output are known, do not want more
 * than `limit`: those held back want the level itself (`held`: the sum of their shares), the others
 * at most their rate. Ports that want less than the level are left out until all others want more;
 * O(n) for each of a few passes. */
static double level_of(struct csin_lossless_wish *wishes, uint32_t n, double held, double limit)
{
    double slope = held, left = limit;
    for (uint32_t i = 0; i < n; i++)
        slope += wishes[i].share;
    while (n > 0) {
        uint32_t n_more = 0;
        double level = (left > 0 ? left : 0) / slope, most = level * (1 + EDGE);
        for (uint32_t i = 0; i < n; i++) {
            if (wishes[i].rate >= most) {
                wishes[n_more++] = wishes[i];
                continue;
            }
            left -= wishes[i].rate * wishes[i].share;
            slope -= wishes[i].share;
        }
        if (n_more == n)
            return level;
        n = n_more;
    }
    return held > 0 ? (left > 0 ? left : 0) / held : HUGE_VAL;
}

static bool has_room(struct csin_lossless *l, uint32_t n)
{
    if (n <= l->wishes_room || csin_grow(&l->wishes, &l->wishes_room, n, sizeof *l->wishes))
        return true;
    l->no_memory = true;
    return false;
}

/* What the queue's own arc allows its ports. */
static double level_of_capacity(struct csin_lossless *l, uint32_t queue)
{
    const struct csin_lossless_queue *q = &l->queues[queue];
    uint32_t n = 0;
    double held = 0;
    for (uint32_t i = 0; i < q->in.n; i++) {
        const struct csin_lossless_turn *t = &l->turns[q->in.items[i]];
        if (t->held)
            held++;
        else
            l->wishes[n++] = (struct csin_lossless_wish){t->rate, 1};
    }
    return level_of(l->wishes, n, held, lane_capacity(l, queue));
}

/* What an output of the queue allows its ports. */
static double level_of_turn(struct csin_lossless *l, const struct csin_lossless_turn *out)
{
    uint32_t n = 0;
    double held = 0;
    for (uint32_t i = 0; i < out->pairs.n; i++) {
        const struct csin_lossless_pair *p = &l->pairs[out->pairs.items[i]];
        const struct csin_lossless_turn *t = &l->turns[p->in];
        double share = t->rate > 0 ? p->rate / t->rate : p->weight / t->weight;
        if (t->held)
            held += share;
        else
            l->wishes[n++] = (struct csin_lossless_wish){t->rate, share};
    }
    return level_of(l->wishes, n, held, l->queues[out->to].level);
}

/* ---- a solve ---- */

/* What a flow that begins here could have if it were alone. */
static double most_of(const struct csin_lossless *l, const struct csin_lossless_queue *q)
{
    double most = HUGE_VAL;
    for (uint32_t i = 0; i < q->out.n; i++) {
        const struct csin_lossless_turn *t = &l->turns[q->out.items[i]];
        most = fmin(most, l->capacities[arc_of(l, t->to)] / t->weight);
    }
    return most;
}

/* What each flow of a source may send. Of causes that are as good as equal it keeps the one it has,
 * or they would take turns for ever. */
static void visit_source(struct csin_lossless *l, uint32_t queue)
{
    struct csin_lossless_queue *q = &l->queues[queue];
    uint32_t cause = CSIN_NONE;
    double now = HUGE_VAL; /* what the present cause allows */
    q->level = is_begin(l, queue) ? most_of(l, q) : lane_capacity(l, queue) / q->flows.n;
    if (q->cause == CSIN_NONE)
        now = q->level;
    for (uint32_t i = 0; i < q->out.n; i++) {
        const struct csin_lossless_turn *t = &l->turns[q->out.items[i]];
        double level = l->queues[t->to].level / t->weight;
        if (q->out.items[i] == q->cause)
            now = level;
        if (level < q->level) {
            q->level = level;
            cause = q->out.items[i];
        }
    }
    if (now <= q->level * (1 + CSIN_LOSSLESS_EXACT / 2))
        cause = q->cause;
    set_cause(l, q, cause, true);
    push(l, &l->sources, queue);
}

/* HUGE_VAL is not the same as any number. */
static bool is_same(double a, double b)
{
    return a == b || fabs(a - b) <= SAME * fmin(a, b);
}

static void visit(struct csin_lossless *l, uint32_t queue)
{
    struct csin_lossless_queue *q = &l->queues[queue];
    l->n_visits++;
    if (q->flows.n > 0) {
        visit_source(l, queue);
        return;
    }
    if (q->in.n == 0) {
        q->level = HUGE_VAL;
        q->full = false;
        return;
    }
    if (!has_room(l, q->in.n))
        return;
    uint32_t cause = CSIN_NONE;
    double level = level_of_capacity(l, queue), now = HUGE_VAL;
    for (uint32_t i = 0; i < q->out.n; i++) {
        double other = level_of_turn(l, &l->turns[q->out.items[i]]);
        now = q->out.items[i] == q->cause ? other : now;
        if (other == HUGE_VAL || other > level * (1 + EDGE))
            continue;
        level = other < level ? other : level;
        cause = q->out.items[i]; /* of equals one further on, so that roots are where it is full
                                    first */
    }
    if (now < HUGE_VAL && now <= level * (1 + EDGE))
        cause = q->cause;
    bool full = false;
    for (uint32_t i = 0; i < q->in.n; i++)
        full = full || l->turns[q->in.items[i]].held;
    set_cause(l, q, cause, full);
    if (is_same(level, q->level))
        return;
    q->level = level;
    for (uint32_t i = 0; i < q->in.n; i++)
        soil(l, l->turns[q->in.items[i]].from);
}

static bool sweep(struct csin_lossless *l)
{
    bool any = false;
    for (size_t height = 0; height < sizeof l->dirty / sizeof *l->dirty; height++) {
        struct csin_lossless_list *dirty = &l->dirty[height];
        uint32_t n = dirty->n; /* what comes meanwhile at this height or below waits for the next */
        if (n == 0)
            continue;
        any = true;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t queue = dirty->items[i];
            l->queues[queue].dirty = false;
            visit(l, queue);
        }
        memmove(dirty->items, dirty->items + n, (dirty->n - n) * sizeof *dirty->items);
        dirty->n -= n;
    }
    return any;
}

/* What part of the way to what it may send a source goes now. Best responses of many swing, and one
 * step for all is either too long for some or too slow for the others; so each has its own, shorter
 * with every turn (as Riedmiller, Braun, A direct adaptive method for faster backpropagation
 * learning, 1993, do with signs of a gradient). Where a queue would be full if it were not and the
 * other way round there is no still point; the steps shrink at that edge. */
static double step_of(struct csin_lossless_queue *s, double wanted, double calm)
{
    bool turns = wanted * s->wanted < 0, first = s->wanted == 0;
    s->wanted = wanted;
    if (turns)
        s->step = s->step > STEP_TURNED / STEP_SHRINKS ? STEP_TURNED : s->step * STEP_SHRINKS;
    else if (!first && s->step < 1)
        s->step = fmin(s->step * STEP_GROWS, STEP_TURNED);
    if (s->step < STEP_LEAST)
        s->step = STEP_LEAST;
    return s->step * calm;
}

/* All sources go to what the sweep has allowed them, together. */
static void move_sources(struct csin_lossless *l, double calm)
{
    for (uint32_t i = 0; i < l->sources.n; i++) {
        struct csin_lossless_queue *s = &l->queues[l->sources.items[i]];
        double wanted = s->level - s->flow_rate;
        if (fabs(wanted) <= CSIN_LOSSLESS_EXACT * s->level)
            continue;
        double move = wanted * step_of(s, wanted, calm);
        if (fabs(move) > MOVES * s->level)
            set_rate(l, l->sources.items[i], s->flow_rate + move);
    }
    l->sources.n = 0;
}

static void find_changed(struct csin_lossless *l)
{
    struct csin_lossless_list before = l->touched;
    l->touched = l->meanwhile;
    l->meanwhile = before;
    l->meanwhile.n = 0;
    for (uint32_t i = 0; i < l->touched.n; i++) {
        struct csin_lossless_queue *q = &l->queues[l->touched.items[i]];
        q->touched = false;
        q->step = 1;
        q->wanted = 0;
        for (uint32_t k = 0; k < q->flows.n; k++) {
            struct csin_lossless_flow *f = &l->flows[q->flows.items[k]];
            if (f->rate == q->flow_rate)
                continue;
            f->rate = q->flow_rate;
            push(l, &l->changed, q->flows.items[k]);
        }
    }
}

bool csin_lossless_solve(struct csin_lossless *l)
{
    l->n_solves++;
    l->changed.n = 0;
    double calm = 1;
    for (uint32_t round = 0; round < CSIN_LOSSLESS_ROUNDS && !l->no_memory && sweep(l); round++) {
        l->n_rounds++;
        calm *= round < CALM_ROUNDS ? 1 : CALM_SHRINKS;
        move_sources(l, calm);
    }
    find_changed(l);
    return !l->no_memory;
}

/* An output that the queue alone fills; CSIN_NONE: there is none. */
static uint32_t filled_by(const struct csin_lossless *l, uint32_t queue)
{
    const struct csin_lossless_queue *q = &l->queues[queue];
    for (uint32_t i = 0; i < q->out.n; i++) {
        const struct csin_lossless_turn *t = &l->turns[q->out.items[i]];
        if (t->rate > 0 && t->rate >= (1 - CHECKED) * l->capacities[arc_of(l, t->to)])
            return t->to;
    }
    return CSIN_NONE;
}

uint32_t csin_lossless_root(const struct csin_lossless *l, uint32_t source)
{
    uint32_t queue = source;
    for (unsigned hops = 0; hops < CSIN_PATH_MAX + 1; hops++) {
        uint32_t cause = l->queues[queue].cause;
        uint32_t next = cause != CSIN_NONE ? l->turns[cause].to : filled_by(l, queue);
        if (next == CSIN_NONE || !is_arc(l, next))
            break; /* what is full inside a host is that host's: its last arc, or the beginning */
        queue = next;
    }
    return queue;
}

void csin_lossless_check(const struct csin_lossless *l)
{
    for (uint32_t arc = 0; arc < l->n_arcs; arc++) {
        double load = 0;
        for (uint32_t lane = 0; lane < l->n_lanes; lane++) {
            const struct csin_lossless_queue *q = &l->queues[arc * l->n_lanes + lane];
            double in = q->flow_rate * q->flows.n, out = 0, scale = l->capacities[arc];
            for (uint32_t i = 0; i < q->in.n; i++)
                in += l->turns[q->in.items[i]].rate;
            uint32_t n_out = 0; /* arcs; what goes on inside hosts is not all of it, or more */
            for (uint32_t i = 0; i < q->out.n; i++) {
                const struct csin_lossless_turn *t = &l->turns[q->out.items[i]];
                n_out += is_arc(l, t->to);
                out += is_arc(l, t->to) ? t->rate : 0;
            }
            assert(scale == HUGE_VAL || fabs(in - q->throughput) <= CHECKED * scale);
            assert(n_out == 0 || fabs(in - out) <= CHECKED * (scale < HUGE_VAL ? scale : out));
            load += in;
        }
        assert(load <= l->capacities[arc] * (1 + CHECKED));
    }
}
