/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables are filled one destination switch ("target") at a time: first the distances of all
 * switches to it by breadth-first search, then, for each NIC behind it, one of the ports that lead
 * nearer, as the policy chooses: D-Mod-K by the number of the NIC, between zones by load, random by
 * chance. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "topo/routes_inside.h"

#define IN_FULL 256u /* weight of a pair of NICs that needs the way between zones, of others 1 */

/* Distances from every switch to `target` over cables that are up; NICs do not forward. Returns how
 * many were reached, nearest first in `queue`. */
static uint32_t search(const struct csin_routes *r, uint32_t target, uint8_t *hops, uint32_t *queue)
{
    memset(hops, FAR, r->f->n_switches);
    uint32_t head = 0, tail = 0;
    hops[target] = 0;
    queue[tail++] = target;
    while (head < tail) {
        uint32_t s = queue[head++];
        if (hops[s] == FAR - 1)
            continue;
        for (uint32_t i = r->first_link[s]; i < r->first_link[s + 1]; i++) {
            uint32_t next = r->links[i].head;
            if (hops[next] != FAR)
                continue;
            hops[next] = (uint8_t)(hops[s] + 1);
            queue[tail++] = next;
        }
    }
    return tail;
}

/* Where D-Mod-K's dense numbering comes from: NICs leaf by leaf, in port order, zone by zone, those
 * of pods under the same core switches in one row. */
struct numbering {
    uint32_t *nic;    /* [n_nics] NICs that are attached, switch by switch */
    uint32_t *first;  /* [n_switches + 1] range of each switch */
    uint32_t *number; /* [n_switches] of its first NIC */
};

/* Numbers the NICs of switches first .. first + n - 1 from `number` on. Returns the next number. */
static uint32_t number_switches(struct numbering *order, uint32_t first, uint32_t n,
                                uint32_t number)
{
    for (uint32_t s = first; s < first + n; s++) {
        order->number[s] = number;
        number += order->first[s + 1] - order->first[s];
    }
    return number;
}

static void number_nics(const struct csin_fabric *f, struct numbering *order)
{
    uint32_t n = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        order->first[s] = n;
        order->number[s] = 0;
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            if (arc != CSIN_NONE && csin_is_nic(f, csin_arc_head(f, arc)))
                order->nic[n++] = csin_arc_head(f, arc) - f->n_switches;
        }
    }
    order->first[f->n_switches] = n;
    for (uint32_t z = 0; z < f->n_zones; z++)
        if (f->zones[z].tree == CSIN_NONE)
            number_switches(order, f->zones[z].first_leaf,
                            f->zones[z].n_leaves + f->zones[z].n_spines, 0);
    for (uint32_t tree = 0; tree < f->n_trees; tree++) {
        uint32_t number = 0;
        for (uint32_t z = 0; z < f->n_zones; z++)
            if (f->zones[z].tree == tree)
                number = number_switches(order, f->zones[z].first_leaf,
                                         f->zones[z].n_leaves + f->zones[z].n_spines, number);
    }
}

/* What D-Mod-K makes of destination number k in a zone of S spines.
 *
 * All spines alike: a leaf sends by cable k mod (S x links), which goes to spine k mod S; the digit
 * that is left, floor(k / S), picks the cable from that spine to a core switch (Zahavi 2012: at
 * each level the number divided by the numbers of parents below), and the same digits pick the
 * cable down where there are several. Spines that differ: cables take turns by their rate, so that
 * a cable of twice the rate has two turns in a round, and floor(k / S) becomes the count of earlier
 * destinations of that spine. */
struct turn {
    uint32_t uplink, link; /* of a leaf; which cable of the pair that is */
    uint32_t before;       /* turns of this spine before it in a round */
};

struct zone_turns {
    struct turn *turns; /* [n] one round; NULL where all spines are alike */
    uint32_t n;
    uint32_t *per_round; /* [n_spines] turns of each spine */
};

/* A NIC whose cable is up, the nth of its switch. */
struct joined {
    uint32_t nic, nth, column;
};

/* What a build needs besides the result; one allocation each, freed together. */
struct work {
    struct numbering order;
    uint32_t *queue;     /* [n_switches] switches in order of distance */
    struct link *links;  /* [n_links] those that lead nearer, of every switch, in one row */
    uint32_t *row;       /* [n_switches + 1] where each switch's links begin */
    double *load;        /* [n_arcs] routes so far, relative to capacity */
    uint32_t *n_settled; /* [n_switches] NICs attached to it of hosts that are in one zone only */
    uint32_t *tree;      /* [n_switches] that it is part of; CSIN_NONE: none */
    struct zone_turns *turns; /* [n_zones] */
    uint32_t n_zones;
    struct joined *nics; /* [n_nics] of the target at hand */
    uint32_t n_nics;
    uint32_t *times;           /* [n_switches] all 0: scratch of by_place, as the next two */
    uint32_t *place, *link_at; /* [CSIN_MAX_PORTS] */
};

static void work_finish(struct work *w)
{
    free(w->order.nic);
    free(w->order.first);
    free(w->order.number);
    free(w->queue);
    free(w->links);
    free(w->row);
    free(w->load);
    free(w->n_settled);
    free(w->times);
    free(w->place);
    free(w->link_at);
    free(w->tree);
    free(w->nics);
    for (uint32_t z = 0; w->turns && z < w->n_zones; z++) {
        free(w->turns[z].turns);
        free(w->turns[z].per_round);
    }
    free(w->turns);
}

#define MAX_TURNS 65536u

/* The turns that a cable has in a round for one of the slowest: its rate relative to that, in
 * sixteenths where it is no multiple. */
static uint32_t turns_of(double rate_Bps, double slowest_Bps, uint32_t unit)
{
    return (uint32_t)fmax(1, nearbyint(rate_Bps / slowest_Bps * unit));
}

/* False without memory. */
static bool set_turns(const struct csin_zone *zone, struct zone_turns *turns)
{
    uint32_t unit = 1, n = 0, most = 0;
    double slowest = zone->uplink_Bps;
    bool alike = true; /* but perhaps for their models */
    for (uint32_t g = 1; g < zone->n_groups; g++)
        alike = alike && zone->groups[g].uplink_Bps == zone->groups[0].uplink_Bps &&
                zone->groups[g].links_per_pair == zone->groups[0].links_per_pair;
    if (alike)
        return true;
    for (uint32_t g = 0; g < zone->n_groups; g++)
        slowest = fmin(slowest, zone->groups[g].uplink_Bps);
    for (uint32_t g = 0; g < zone->n_groups; g++) {
        double ratio = zone->groups[g].uplink_Bps / slowest;
        if (fabs(ratio - nearbyint(ratio)) > 1e-9)
            unit = 16;
    }
    for (uint32_t g = 0; g < zone->n_groups; g++) {
        uint32_t each = turns_of(zone->groups[g].uplink_Bps, slowest, unit);
        if ((uint64_t)n +
                (uint64_t)each * zone->groups[g].n_spines * zone->groups[g].links_per_pair >
            MAX_TURNS)
            return true; /* rates too far apart to be balanced: as if they were alike */
        n += each * zone->groups[g].n_spines * zone->groups[g].links_per_pair;
        most = each > most ? each : most;
    }
    struct csin_uplink *uplinks = malloc((zone->n_uplinks + 1u) * sizeof *uplinks);
    turns->turns = malloc((n + 1u) * sizeof *turns->turns);
    turns->per_round = calloc(zone->n_spines + 1u, sizeof *turns->per_round);
    if (!uplinks || !turns->turns || !turns->per_round) {
        free(uplinks);
        return false;
    }
    csin_zone_uplinks(zone, uplinks);
    for (uint32_t turn = 0; turn < most; turn++)
        for (uint32_t up = 0; up < zone->n_uplinks; up++)
            if (turn < turns_of(uplinks[up].group->uplink_Bps, slowest, unit))
                turns->turns[turns->n++] = (struct turn){
                    up, uplinks[up].link,
                    turns->per_round[uplinks[up].spine - zone->first_spine]++};
    free(uplinks);
    return true;
}

/* The tree that a switch is part of: of its zone, or of the spines below a core switch. */
static uint32_t tree_of(const struct csin_fabric *f, uint32_t s)
{
    const struct csin_switch *sw = &f->switches[s];
    if (sw->zone != CSIN_NONE)
        return f->zones[sw->zone].tree;
    for (uint32_t p = 0; sw->layer == CSIN_CORE && p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        if (arc != CSIN_NONE && f->cables[arc >> 1].place == CSIN_AT_CORE)
            return f->zones[f->switches[csin_arc_head(f, arc)].zone].tree;
    }
    return CSIN_NONE;
}

/* True where a host can reach and be reached from other zones through inter-zone switches only: all
 * its NICs are in one zone. The others have a NIC where the traffic is. */
static bool is_settled(const struct csin_fabric *f, uint32_t nic)
{
    const struct csin_host *host = &f->hosts[f->nics[nic].host];
    for (uint32_t k = host->first_nic; k < host->first_nic + host->n_nics; k++)
        if (f->nics[k].cable != CSIN_NONE &&
            f->switches[f->nics[k].leaf].zone != f->switches[f->nics[nic].leaf].zone)
            return false;
    return true;
}

static bool work_init(struct work *w, const struct csin_routes *r)
{
    const struct csin_fabric *f = r->f;
    size_t n = f->n_switches + 1u;
    *w = (struct work){
        .order = {malloc((f->n_nics + 1u) * sizeof(uint32_t)), malloc(n * sizeof(uint32_t)),
                  malloc(n * sizeof(uint32_t))},
        .queue = malloc(n * sizeof(uint32_t)),
        .links = malloc((r->first_link[f->n_switches] + 1u) * sizeof(struct link)),
        .row = malloc(n * sizeof(uint32_t)),
        .load = calloc(f->n_arcs + 1u, sizeof(double)),
        .n_settled = calloc(n, sizeof(uint32_t)),
        .times = calloc(n, sizeof(uint32_t)),
        .place = malloc(CSIN_MAX_PORTS * sizeof(uint32_t)),
        .link_at = malloc(CSIN_MAX_PORTS * sizeof(uint32_t)),
        .tree = malloc(n * sizeof(uint32_t)),
        .turns = calloc(f->n_zones + 1u, sizeof(struct zone_turns)),
        .n_zones = f->n_zones,
        .nics = malloc(CSIN_MAX_PORTS * sizeof(struct joined)),
    };
    if (!w->order.nic || !w->order.first || !w->order.number || !w->queue || !w->links || !w->row ||
        !w->load || !w->n_settled || !w->times || !w->place || !w->link_at || !w->tree ||
        !w->turns || !w->nics)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++)
        w->tree[s] = tree_of(f, s);
    for (uint32_t z = 0; z < f->n_zones; z++)
        if (!set_turns(&f->zones[z], &w->turns[z]))
            return false;
    for (uint32_t nic = 0; nic < f->n_nics; nic++)
        if (f->nics[nic].cable != CSIN_NONE)
            w->n_settled[f->nics[nic].leaf] += is_settled(f, nic);
    return true;
}

/* The least loaded of n links. */
static const struct link *least_loaded(const struct work *w, const struct link *links, uint32_t n)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++)
        if (w->load[links[i].arc] < w->load[links[best].arc])
            best = i;
    return &links[best];
}

/* How a switch picks one of the n links that lead nearer to destination number k: */
enum rule {
    BY_DIGIT, /* link floor(k / divisor) mod n */
    BY_PLACE, /* the same among all uplinks of a leaf, dead ones too, where that one leads nearer */
    BY_TURN,  /* of a leaf: the cable whose turn it is */
    BY_LINK,  /* down to a leaf: the cable of the pair that the turn says */
    BY_LEFT,  /* above leaves: floor(earlier destinations of spine `spine` / divisor) mod n */
    BY_LOAD,  /* the least loaded */
    BY_CHANCE
};

struct choice {
    enum rule rule;
    const struct link *links; /* [n], in the order of ports */
    uint32_t n, divisor;
    const struct csin_zone *zone;   /* whose turns count */
    uint32_t *place;                /* of BY_PLACE: [zone->n_uplinks] a link; CSIN_NONE: dead */
    const struct zone_turns *turns; /* NULL with other rules */
    uint32_t sw, spine;             /* the switch; which spine of the zone */
};

/* Counts by the digits of zone `z`; with turns where its spines differ. */
static struct choice by_zone(const struct csin_routes *r, const struct work *w, struct choice c,
                             uint32_t z, enum rule with_turns, uint32_t divisor)
{
    c.zone = &r->f->zones[z];
    c.divisor = divisor;
    if (w->turns[z].turns) {
        c.rule = with_turns;
        c.turns = &w->turns[z];
    } else if (with_turns != BY_TURN) {
        c.divisor = (c.zone->n_spines ? c.zone->n_spines : 1) * divisor;
    }
    return c;
}

/* Where some uplinks of leaf `s` do not lead nearer, the others keep their digits, so that few
 * destinations change their way: those of the missing ones, which the others share. */
static struct choice by_place(const struct csin_routes *r, const struct work *w, struct choice c)
{
    const struct csin_fabric *f = r->f;
    const struct csin_switch *sw = &f->switches[c.sw];
    const struct csin_zone *z = c.zone;
    uint32_t next = 0;
    if (c.n == z->n_uplinks || !z->regular)
        return c;
    c.rule = BY_PLACE;
    c.place = w->place;
    memset(c.place, 0xff, z->n_uplinks * sizeof *c.place);
    for (uint32_t p = 0; p < sw->n_ports; p++)
        w->link_at[p] = CSIN_NONE;
    for (uint32_t i = 0; i < c.n; i++)
        w->link_at[c.links[i].port] = i;
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        uint32_t spine = arc == CSIN_NONE ? CSIN_NONE : csin_arc_head(f, arc) - z->first_spine;
        if (spine >= z->n_spines)
            continue;
        uint32_t nth = w->times[z->first_spine + spine]++;
        if (nth < z->links_per_pair)
            c.place[nth * z->n_spines + spine] = w->link_at[p];
        next++;
    }
    memset(w->times + z->first_spine, 0, z->n_spines * sizeof *w->times);
    if (next != z->n_uplinks)
        c.rule = BY_DIGIT;
    return c;
}

/* D-Mod-K at switch `s` for the NICs behind `target`. Within a tree of one, two or three layers: up
 * by k mod uplinks, and above by the digit that is left; down, among parallel cables, by the digit
 * that the way up has left. Further away, between zones, by load. */
static struct choice choice_of(const struct csin_routes *r, const struct work *w, uint32_t s,
                               uint32_t target)
{
    const struct csin_fabric *f = r->f;
    uint8_t hops = hops_to(r, target)[s];
    uint32_t to = f->switches[target].zone, from = f->switches[s].zone;
    enum csin_layer layer = f->switches[s].layer;
    bool in_tree = w->tree[target] != CSIN_NONE && w->tree[s] == w->tree[target];
    struct choice c = {.rule = BY_DIGIT,
                       .links = w->links + w->row[s],
                       .n = w->row[s + 1] - w->row[s],
                       .divisor = 1,
                       .sw = s};
    assert(c.n > 0);
    if (r->policy == CSIN_RANDOM) {
        c.rule = BY_CHANCE;
    } else if (hops == 1) {
        if (to != CSIN_NONE && layer != f->switches[target].layer) /* not the other of a pair */
            c = by_zone(r, w, c, to, BY_LINK, 1);
    } else if (hops > 2 && !in_tree) {
        c.rule = BY_LOAD;
    } else if (layer == CSIN_LEAF && from != CSIN_NONE) {
        c = by_zone(r, w, c, from, BY_TURN, 1);
        if (c.rule == BY_DIGIT && r->policy == CSIN_DMODK)
            c = by_place(r, w, c);
    } else if (layer == CSIN_SPINE && in_tree) {
        c.spine = s - f->zones[from].first_spine;
        c = by_zone(r, w, c, from, BY_LEFT, 1);
    } else if (layer == CSIN_CORE && in_tree && f->switches[c.links[0].head].zone == to &&
               f->switches[c.links[0].head].layer == CSIN_SPINE) {
        c.spine = c.links[0].head - f->zones[to].first_spine;
        c = by_zone(r, w, c, to, BY_LEFT, f->zones[to].cores_per_spine);
    }
    return c;
}

/* The cable that takes its turn for k, of those from a leaf that lead nearer: all of them, unless
 * some are dead. */
static const struct link *take_turn(const struct csin_routes *r, const struct choice *c, uint32_t k)
{
    uint32_t port = r->f->switches[c->sw].n_ports - c->zone->n_uplinks +
                    c->turns->turns[k % c->turns->n].uplink;
    for (uint32_t i = 0; i < c->n; i++)
        if (c->links[i].port == port)
            return &c->links[i];
    return &c->links[k % c->n];
}

/* The link towards `nic`, number k. */
static const struct link *choose(const struct csin_routes *r, const struct work *w,
                                 const struct choice *c, uint32_t k, uint32_t nic)
{
    struct csin_rng rng;
    const struct turn *turn = c->turns ? &c->turns->turns[k % c->turns->n] : NULL;
    switch (c->rule) {
    case BY_DIGIT:
        return &c->links[k / c->divisor % c->n];
    case BY_PLACE:
        if (c->place[k % c->zone->n_uplinks] != CSIN_NONE)
            return &c->links[c->place[k % c->zone->n_uplinks]];
        return &c->links[k / c->zone->n_uplinks % c->n];
    case BY_TURN:
        return take_turn(r, c, k);
    case BY_LINK:
        return &c->links[turn->link % c->n];
    case BY_LEFT:
        return &c->links[(k / c->turns->n * c->turns->per_round[c->spine] + turn->before) /
                         c->divisor % c->n];
    case BY_LOAD:
        return least_loaded(w, c->links, c->n);
    case BY_CHANCE:
        break;
    }
    rng = csin_rng_init(csin_mix64(r->seed) ^ nic, c->sw);
    return &c->links[csin_rng_below(&rng, c->n)];
}

/* The entries of one switch for the NICs of w->nics, which are joined to `target`. `reach`: sources
 * whose way to the i-th NIC there passes switch s, in reach[s * n + i]; NULL where loads do not
 * matter. */
static void route_switch(struct csin_routes *r, struct work *w, uint32_t target,
                         const struct choice *c, uint32_t *reach)
{
    const struct csin_fabric *f = r->f;
    uint32_t n = w->order.first[target + 1] - w->order.first[target];
    uint16_t *row = table_row(r, c->sw);
    for (uint32_t j = 0; j < w->n_nics; j++) {
        const struct joined *nic = &w->nics[j];
        const struct link *link = choose(r, w, c, w->order.number[target] + nic->nth, nic->nic);
        row[nic->column] = (uint16_t)link->port;
        if (reach) {
            uint32_t passing = reach[(size_t)c->sw * n + nic->nth];
            w->load[link->arc] += passing / f->cables[link->arc >> 1].capacity_Bps;
            reach[(size_t)link->head * n + nic->nth] += passing;
        }
    }
}

/* The same where it is all BY_DIGIT, which most of a large table is: counting instead of dividing.
 */
static void count_switch(struct csin_routes *r, const struct work *w, uint32_t target,
                         const struct choice *c)
{
    uint16_t *row = table_row(r, c->sw);
    uint32_t k = w->order.number[target] + w->nics[0].nth;
    uint32_t digit = k / c->divisor % c->n, rest = k % c->divisor;
    for (uint32_t j = 0, nth = w->nics[0].nth; j < w->n_nics; j++) {
        for (; nth < w->nics[j].nth; nth++)
            if (++rest == c->divisor) {
                rest = 0;
                digit = digit + 1 == c->n ? 0 : digit + 1;
            }
        row[w->nics[j].column] = (uint16_t)c->links[digit].port;
    }
}

/* The last switch hands each NIC its own. */
static void route_to_nics(struct csin_routes *r, const struct work *w, uint32_t target)
{
    for (uint32_t j = 0; j < w->n_nics; j++)
        table_row(r, target)[w->nics[j].column] = (uint16_t)port_of(
            r->f, csin_arc_reverse(csin_nic_arc(r->f, w->nics[j].nic)));
}

/* How many sources pass each switch on their way to each NIC of `target`, before anything is
 * routed: those attached to it. Counting sources, not entries, matters between zones: few of a
 * switch's entries are ever used there. A pair of NICs counts in full where the way between zones
 * is the only one for their hosts, and else a little. False without memory. */
static bool start_reach(const struct csin_routes *r, const struct work *w, uint32_t target,
                        uint32_t **ret_reach)
{
    uint32_t n = w->order.first[target + 1] - w->order.first[target];
    uint32_t *reach = malloc(((size_t)r->f->n_switches * n + 1) * sizeof *reach);
    if (!reach)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        bool settled = is_settled(r->f, w->order.nic[w->order.first[target] + i]);
        for (uint32_t s = 0; s < r->f->n_switches; s++)
            reach[(size_t)s * n + i] = w->order.first[s + 1] - w->order.first[s] +
                                       (settled ? IN_FULL * w->n_settled[s] : 0);
    }
    *ret_reach = reach;
    return true;
}

/* A path that struct csin_path cannot hold must not pass for none. */
static enum csin_status check_lengths(const struct csin_fabric *f, const struct work *w,
                                      uint32_t target, const uint8_t *hops, struct csin_diag *diag)
{
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (w->order.first[s] < w->order.first[s + 1] && hops[s] != FAR &&
            hops[s] + 2 > CSIN_PATH_MAX)
            return csin_error(diag, CSIN_E_INPUT, 234, f->switches[s].loc,
                              "hosts at '%s' and '%s' are %d cables apart; at most %d",
                              f->switches[s].name, f->switches[target].name, hops[s] + 2,
                              CSIN_PATH_MAX);
    return CSIN_OK;
}

/* The NICs that are joined to `target`. */
static void list_joined(const struct csin_routes *r, struct work *w, uint32_t target)
{
    uint32_t first = w->order.first[target];
    w->n_nics = 0;
    for (uint32_t i = first; i < w->order.first[target + 1]; i++) {
        uint32_t nic = w->order.nic[i];
        if (is_joined(r, nic))
            w->nics[w->n_nics++] = (struct joined){nic, i - first, r->column[nic]};
    }
}

/* True where some of the switches reached choose by load, as choice_of says. */
static bool is_outside_tree(const struct work *w, uint32_t target, const uint8_t *hops,
                            uint32_t n_reached)
{
    for (uint32_t i = n_reached; i-- > 0 && hops[w->queue[i]] > 2;)
        if (w->tree[target] == CSIN_NONE || w->tree[w->queue[i]] != w->tree[target])
            return true;
    return false;
}

/* Fills the entries of all switches, farthest first, so that what passes a switch is known when its
 * turn comes. */
static enum csin_status route_target(struct csin_routes *r, struct work *w, uint32_t target,
                                     struct csin_diag *diag)
{
    const struct csin_fabric *f = r->f;
    uint8_t *hops = r->hops + (size_t)r->target_of[target] * f->n_switches;
    uint32_t n_reached = search(r, target, hops, w->queue);
    enum csin_status status = check_lengths(f, w, target, hops, diag);
    if (status != CSIN_OK || !r->table || r->policy == CSIN_LFT)
        return status;
    list_joined(r, w, target);
    if (w->n_nics == 0)
        return CSIN_OK;
    uint32_t n_links = 0, *reach = NULL;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        w->row[s] = n_links;
        uint32_t n = csin_routes_nearer(r, s, target, w->links + n_links);
        n_links += csin_one_vl_choose(r, s, target, w->links + n_links, n);
    }
    w->row[f->n_switches] = n_links;
    bool by_load = r->policy != CSIN_RANDOM && is_outside_tree(w, target, hops, n_reached);
    if (by_load && !start_reach(r, w, target, &reach))
        return csin_no_memory(diag);
    for (uint32_t i = n_reached; i-- > 1;) {
        struct choice c = choice_of(r, w, w->queue[i], target);
        if (c.rule == BY_DIGIT && !reach)
            count_switch(r, w, target, &c);
        else
            route_switch(r, w, target, &c, reach);
    }
    route_to_nics(r, w, target);
    free(reach);
    return CSIN_OK;
}

static bool is_gate(const struct csin_fabric *f, uint32_t s)
{
    for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
        uint32_t arc = f->port_arc[f->switches[s].first_port + p];
        if (arc != CSIN_NONE && f->cables[arc >> 1].place == CSIN_BETWEEN_ZONES)
            return true;
    }
    return false;
}

enum csin_status csin_routes_fill(struct csin_routes *r, struct csin_diag *diag)
{
    struct work w;
    enum csin_status status = CSIN_OK;
    if (!work_init(&w, r)) {
        work_finish(&w);
        return csin_no_memory(diag);
    }
    number_nics(r->f, &w.order);
    /* Leaves that inter-zone switches hang off first: the way to them is fixed at its end, and the
     * others, which have a choice, then fill up what they leave. */
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t s = 0; s < r->f->n_switches && status == CSIN_OK; s++)
            if (r->target_of[s] != CSIN_NONE && is_gate(r->f, s) == (pass == 0))
                status = route_target(r, &w, s, diag);
    work_finish(&w);
    return status;
}
