/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* Ways that are remembered: for so many hosts, a power of two, and of each so many, as most have
 * four neighbours at most (two trees). 400 KB in all, which fits into a cache. */
#define KNOWN_MAX 1024u
#define KNOWN_EACH 4u

static bool is_of_fabric(const struct csin_event *event)
{
    return event->kind != CSIN_EVENT_STOP && event->kind != CSIN_EVENT_MOVE;
}

static void *filled(size_t n, size_t size, int byte)
{
    void *array = malloc((n + 1) * size);
    if (array)
        memset(array, byte, (n + 1) * size);
    return array;
}

/* A copy of the capacities, with those inside hosts behind the arcs', unless there is one already.
 */
static bool own_capacities(struct csin_network *net)
{
    const struct csin_fabric *f = net->run->fabric;
    const struct csin_schedule *s = net->run->schedule;
    size_t n_inside = csin_n_inside(s);
    if (net->own_capacity_Bps)
        return true;
    net->own_capacity_Bps = filled(f->n_arcs + n_inside, sizeof *net->own_capacity_Bps, 0);
    if (!net->own_capacity_Bps)
        return false;
    memcpy(net->own_capacity_Bps, f->arc_capacity_Bps, f->n_arcs * sizeof *net->own_capacity_Bps);
    if (n_inside > 0)
        memcpy(net->own_capacity_Bps + f->n_arcs, s->inside->capacity_Bps,
               n_inside * sizeof *net->own_capacity_Bps);
    net->capacity_Bps = net->own_capacity_Bps;
    return true;
}

static bool init_uses(struct csin_network *net)
{
    if (csin_n_inside(net->run->schedule) == 0)
        return true;
    net->use = malloc(CSIN_MAX_USES * sizeof *net->use);
    net->use_weights = malloc(CSIN_MAX_USES * sizeof *net->use_weights);
    return net->use && net->use_weights && own_capacities(net);
}

/* What only runs with events need. */
static bool init_changes(struct csin_network *net)
{
    const struct csin_fabric *f = net->run->fabric;
    size_t n_changed = (size_t)f->n_arcs + csin_n_inside(net->run->schedule);
    net->cable_Bps = filled(f->n_cables, sizeof *net->cable_Bps, 0);
    net->cable_up = filled(f->n_cables, sizeof *net->cable_up, 0);
    net->up = filled(f->n_cables, sizeof *net->up, 0);
    net->switch_up = filled(f->n_switches, sizeof *net->switch_up, 1);
    net->host_up = filled(f->n_hosts, sizeof *net->host_up, 1);
    net->gone = filled(f->n_hosts, sizeof *net->gone, 0);
    net->alive = filled(f->n_hosts, sizeof *net->alive, 0);
    net->changed_arcs = filled(n_changed, sizeof *net->changed_arcs, 0);
    net->stopped = filled(net->run->n_events, sizeof *net->stopped, 0);
    net->moved = filled(net->run->schedule->n_owners, sizeof *net->moved, 0);
    net->rank = filled(f->n_hosts, sizeof *net->rank, 0);
    net->inside_up = filled(csin_n_inside(net->run->schedule), sizeof *net->inside_up, 1);
    net->inside_gone = filled(csin_n_inside(net->run->schedule), sizeof *net->inside_gone, 0);
    if (!net->inside_up || !net->inside_gone)
        return false;
    if (!own_capacities(net) || !net->cable_Bps || !net->cable_up || !net->up || !net->switch_up ||
        !net->host_up || !net->gone || !net->alive || !net->changed_arcs || !net->stopped ||
        !net->moved || !net->rank)
        return false;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        net->cable_up[c] = f->cables[c].up;
        net->cable_Bps[c] = f->cables[c].capacity_Bps;
    }
    return true;
}

static bool init_known(struct csin_network *net)
{
    enum csin_policy policy = csin_routes_policy(net->routes);
    if (policy == CSIN_SPRAY || policy == CSIN_LEAST_LOADED)
        return true;
    for (net->n_known = 1; net->n_known < KNOWN_MAX && net->n_known < net->run->fabric->n_hosts;)
        net->n_known *= 2;
    net->known = filled((size_t)KNOWN_EACH * net->n_known, sizeof *net->known, 0xff);
    return net->known;
}

bool csin_network_init(struct csin_network *net, const struct csin_run *run)
{
    *net = (struct csin_network){
        .run = run,
        .routes = run->routes,
        .capacity_Bps = run->fabric->arc_capacity_Bps,
        .replica = CSIN_NONE,
        .way = {.arcs = malloc(CSIN_WAY_MAX * sizeof(uint32_t)),
                .weights = malloc(CSIN_WAY_MAX * sizeof(double))},
    };
    bool ok = csin_traffic_init(&net->traffic, run->schedule->n_owners) && net->way.arcs &&
              net->way.weights;
    if (ok && csin_routes_policy(run->routes) == CSIN_LEAST_LOADED) {
        net->n_flows = filled(run->fabric->n_arcs, sizeof *net->n_flows, 0);
        net->load = filled(run->fabric->n_arcs, sizeof *net->load, 0);
        ok = net->n_flows && net->load;
    }
    return ok && init_uses(net) && init_known(net) && (run->n_events == 0 || init_changes(net));
}

void csin_network_finish(struct csin_network *net)
{
    csin_traffic_finish(&net->traffic);
    csin_routes_destroy(net->own_routes);
    free(net->known);
    free(net->way.arcs);
    free(net->way.weights);
    free(net->use);
    free(net->use_weights);
    free(net->n_flows);
    free(net->load);
    free(net->own_capacity_Bps);
    free(net->cable_Bps);
    free(net->cable_up);
    free(net->up);
    free(net->switch_up);
    free(net->host_up);
    free(net->gone);
    free(net->alive);
    free(net->changed_arcs);
    free(net->stopped);
    free(net->moved);
    free(net->rank);
    free(net->inside_up);
    free(net->inside_gone);
    memset(net, 0, sizeof *net);
}

/* ---- change ---- */

/* Steps over events that need no reaction. */
static void skip_to_fabric(struct csin_network *net)
{
    const struct csin_run *run = net->run;
    while (net->next_reaction < net->next_event && !is_of_fabric(&run->events[net->next_reaction]))
        net->next_reaction++;
}

double csin_network_next(const struct csin_network *net)
{
    const struct csin_run *run = net->run;
    double next = net->next_event < run->n_events ? run->events[net->next_event].at_s : HUGE_VAL;
    if (net->next_reaction < net->next_event)
        next = fmin(next, run->events[net->next_reaction].at_s + run->reaction_s);
    return next;
}

static bool end_up(const struct csin_network *net, uint32_t vertex)
{
    const struct csin_fabric *f = net->run->fabric;
    return csin_is_nic(f, vertex) ? net->host_up[f->nics[vertex - f->n_switches].host]
                                  : net->switch_up[vertex];
}

/* Works out again what the cable carries. */
static void refresh_cable(struct csin_network *net, uint32_t cable)
{
    const struct csin_cable *c = &net->run->fabric->cables[cable];
    net->up[cable] = net->cable_up[cable] && end_up(net, c->end[0]) && end_up(net, c->end[1]);
    double capacity_Bps = net->up[cable] ? net->cable_Bps[cable] : 0;
    for (uint32_t arc = 2 * cable; arc <= 2 * cable + 1; arc++) {
        if (net->own_capacity_Bps[arc] == capacity_Bps)
            continue;
        net->own_capacity_Bps[arc] = capacity_Bps;
        net->changed_arcs[net->n_changed_arcs++] = arc;
    }
}

/* A host that is down does nothing inside either, and an SSD that is dead nothing at all. */
static void refresh_inside(struct csin_network *net)
{
    const struct csin_inside *inside = net->run->schedule->inside;
    uint32_t n_arcs = net->run->fabric->n_arcs;
    for (uint32_t r = 0; inside && r < inside->n; r++) {
        bool up = net->host_up[inside->host[r]] && net->inside_up[r];
        double capacity_Bps = up ? inside->capacity_Bps[r] : 0;
        if (net->own_capacity_Bps[n_arcs + r] == capacity_Bps)
            continue;
        net->own_capacity_Bps[n_arcs + r] = capacity_Bps;
        net->changed_arcs[net->n_changed_arcs++] = n_arcs + r;
    }
}

static void move_job(struct csin_network *net, const struct csin_event *event)
{
    net->moved[event->items[0]] = true;
    for (uint32_t rank = 0; rank < event->n_hosts; rank++)
        net->rank[event->from[rank]] = rank;
}

static void set_ssd(struct csin_network *net, uint32_t host, uint32_t ssd, bool up)
{
    static const enum csin_inside_kind kinds[] = {CSIN_INSIDE_SSD_READ, CSIN_INSIDE_SSD_WRITE};
    for (size_t k = 0; net->run->schedule->inside && k < sizeof kinds / sizeof *kinds; k++) {
        uint32_t r = csin_inside_find(net->run->schedule->inside, host, kinds[k], ssd);
        if (r != CSIN_NONE)
            net->inside_up[r] = up;
    }
}

static void happen(struct csin_network *net, const struct csin_event *event)
{
    switch (event->kind) {
    case CSIN_EVENT_CABLE:
        for (uint32_t i = 0; i < event->n_items; i++) {
            net->cable_up[event->items[i]] = event->up;
            if (event->rate_Bps > 0)
                net->cable_Bps[event->items[i]] = event->rate_Bps;
        }
        break;
    case CSIN_EVENT_SWITCH:
        for (uint32_t i = 0; i < event->n_items; i++)
            net->switch_up[event->items[i]] = event->up;
        break;
    case CSIN_EVENT_SSD:
        for (uint32_t i = 0; i < event->n_items; i++)
            set_ssd(net, event->items[i], event->ssd, event->up);
        break;
    case CSIN_EVENT_HOST:
        for (uint32_t i = 0; i < event->n_items; i++)
            net->host_up[event->items[i]] = event->up;
        break;
    case CSIN_EVENT_STOP:
        net->stopped[net->n_stopped++] = event->items[0];
        break;
    case CSIN_EVENT_MOVE:
        move_job(net, event);
        break;
    }
}

/* The routes, and the storage hosts that stand in for others, learn what is up. */
static enum csin_status react(struct csin_network *net, struct csin_diag *diag)
{
    const struct csin_fabric *f = net->run->fabric;
    struct csin_routes *routes;
    enum csin_status status = csin_routes_renew(net->run->routes, net->up, diag, &routes);
    if (status != CSIN_OK)
        return status;
    csin_routes_destroy(net->own_routes);
    net->routes = net->own_routes = routes;
    for (uint32_t i = 0; i < KNOWN_EACH * net->n_known; i++)
        net->known[i].src = CSIN_NONE;
    net->rerouted = true;
    for (uint32_t r = 0; r < csin_n_inside(net->run->schedule); r++)
        net->inside_gone[r] = !net->inside_up[r];
    net->n_alive = 0;
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        net->gone[h] = f->hosts[h].role == CSIN_STORAGE && !net->host_up[h];
        if (f->hosts[h].role == CSIN_STORAGE && net->host_up[h])
            net->alive[net->n_alive++] = h;
    }
    return CSIN_OK;
}

enum csin_status csin_network_advance(struct csin_network *net, double now, struct csin_diag *diag)
{
    const struct csin_run *run = net->run;
    bool fabric_changed = false;
    net->n_changed_arcs = net->n_stopped = 0;
    net->rerouted = false;
    for (; net->next_event < run->n_events && run->events[net->next_event].at_s <= now;
         net->next_event++) {
        happen(net, &run->events[net->next_event]);
        fabric_changed = fabric_changed || is_of_fabric(&run->events[net->next_event]);
    }
    for (uint32_t c = 0; fabric_changed && c < run->fabric->n_cables; c++)
        refresh_cable(net, c);
    if (fabric_changed)
        refresh_inside(net);
    bool due = false;
    for (skip_to_fabric(net); net->next_reaction < net->next_event &&
                              run->events[net->next_reaction].at_s + run->reaction_s <= now;
         skip_to_fabric(net)) {
        due = true;
        net->next_reaction++;
    }
    return due ? react(net, diag) : CSIN_OK;
}

/* ---- ways ---- */

uint32_t csin_network_owner(struct csin_network *net, uint32_t op)
{
    const struct csin_schedule *s = net->run->schedule;
    if (s->n_spans == 0)
        return 0;
    const struct csin_span *span = &s->spans[net->span];
    if (op < span->first || op >= span->first + span->n)
        net->span = csin_schedule_span_of(s, op);
    return s->spans[net->span].owner;
}

/* Who does the work of a storage host that is gone: for each reader another one. */
static uint32_t stand_in(const struct csin_network *net, uint32_t host, uint32_t other)
{
    const struct csin_fabric *f = net->run->fabric;
    if (!net->gone || !net->gone[host] || net->n_alive == 0)
        return host;
    uint64_t reader = f->hosts[other].role == CSIN_COMPUTE ? other : 0;
    uint64_t draw = csin_mix64((uint64_t)host << 32 | reader) % net->n_alive;
    uint32_t chosen = net->alive[draw];
    return chosen != other ? chosen : net->alive[(draw + 1) % net->n_alive];
}

/* Where the step of an operation, the one asked for last, has moved: the last move of its job that
 * was before the step began. NULL: it is where it was planned. */
static const uint32_t *moved_to(const struct csin_network *net, const double *finish_s)
{
    const struct csin_run *run = net->run;
    const struct csin_span *span = &run->schedule->spans[net->span];
    if (run->schedule->n_spans == 0)
        return NULL;
    for (uint32_t e = net->next_event; span->begin != CSIN_NONE && e-- > 0;) {
        const struct csin_event *event = &run->events[e];
        if (event->kind == CSIN_EVENT_MOVE && event->items[0] == span->owner &&
            event->at_s <= finish_s[span->begin])
            return event->hosts;
    }
    return NULL;
}

/* Where the way between two hosts is kept, or is to be kept: then its src is CSIN_NONE. */
static struct csin_known_way *known_at(struct csin_network *net, uint32_t src, uint32_t dst)
{
    struct csin_known_way *set = &net->known[(size_t)KNOWN_EACH * (src & (net->n_known - 1))];
    for (unsigned i = 0; i < KNOWN_EACH; i++)
        if (set[i].src == src && set[i].dst == dst)
            return &set[i];
    struct csin_known_way *replaced = &set[net->replaced++ % KNOWN_EACH];
    replaced->src = CSIN_NONE;
    return replaced;
}

/* csin_routes_way, which is asked only where the way is not known. */
static bool find_way(struct csin_network *net, uint32_t src, uint32_t dst)
{
    struct csin_known_way *known = net->known ? known_at(net, src, dst) : NULL;
    struct csin_way *way = &net->way;
    if (known && known->src == src) {
        way->n = way->n_hops = known->n;
        way->latency_s = known->latency_s;
        for (uint32_t k = 0; k < known->n; k++) {
            way->arcs[k] = known->arcs[k];
            way->weights[k] = 1;
        }
        return true;
    }
    if (!csin_routes_way(net->routes, src, dst, csin_flow_key(src, dst), net->load, way))
        return false;
    if (known) {
        *known = (struct csin_known_way){way->latency_s, src, dst, way->n};
        memcpy(known->arcs, way->arcs, way->n * sizeof *way->arcs);
    }
    return true;
}

static bool is_gone(const struct csin_network *net, const struct csin_replica *replica)
{
    return net->gone[replica->host] ||
           (replica->resource != CSIN_NONE && net->inside_gone[replica->resource]);
}

/* Where an operation reads from: its own host, or, where that or its SSD is gone, one of the other
 * replicas that are there, for each reader and set another. Its host where there are no replicas,
 * or none is left. */
static uint32_t find_replica(struct csin_network *net, uint32_t op, uint32_t reader)
{
    const struct csin_schedule *s = net->run->schedule;
    uint32_t set = op < s->replica_set_room ? s->replica_set[op] : CSIN_NONE, n_left = 0;
    net->replica = CSIN_NONE;
    if (set == CSIN_NONE)
        return s->src[op];
    uint32_t first = s->replica_first[set], end = s->replica_first[set + 1];
    for (uint32_t i = first; i < end; i++) {
        if (s->replicas[i].host == s->src[op] && !is_gone(net, &s->replicas[i]))
            return s->src[op];
        n_left += !is_gone(net, &s->replicas[i]);
    }
    uint64_t turn = csin_mix64((uint64_t)reader << 32 | set);
    for (uint32_t i = first; i < end && n_left > 0; i++) {
        if (is_gone(net, &s->replicas[i]))
            continue;
        if (turn % n_left-- == 0) {
            net->replica = s->replicas[i].resource;
            return s->replicas[i].host;
        }
        turn = csin_mix64(turn);
    }
    return s->src[op];
}

/* An SSD of a host in place of a dead one: the next that is up. CSIN_NONE: it has no other. */
static uint32_t other_ssd(const struct csin_network *net, uint32_t resource)
{
    const struct csin_inside *inside = net->run->schedule->inside;
    uint32_t index, host = inside->host[resource], r = CSIN_NONE;
    enum csin_inside_kind kind = csin_inside_kind_of(inside, resource, &index);
    for (uint32_t i = index + 1; (r = csin_inside_find(inside, host, kind, i)) != CSIN_NONE; i++)
        if (!net->inside_gone[r])
            return r;
    for (uint32_t i = 0; i < index; i++)
        if (!net->inside_gone[r = csin_inside_find(inside, host, kind, i)])
            return r;
    return CSIN_NONE;
}

/* A resource of the host where it was planned, as it is in the host that does the work. */
static uint32_t resource_in(const struct csin_network *net, uint32_t resource, uint32_t host,
                            bool receives)
{
    const struct csin_inside *inside = net->run->schedule->inside;
    uint32_t index;
    if (!receives && net->replica != CSIN_NONE &&
        csin_inside_kind_of(inside, resource, &index) == CSIN_INSIDE_SSD_READ)
        return net->replica;
    if (host != inside->host[resource])
        resource = csin_inside_in(inside, resource, host);
    if (resource != CSIN_NONE && net->inside_gone && net->inside_gone[resource])
        resource = other_ssd(net, resource);
    return resource;
}

/* What an operation uses inside hosts, where its hosts are `src` and `dst` now: those of the host
 * that sends first. What a host does not have, where a job has moved to one of another model, does
 * not limit it. */
static void find_uses(struct csin_network *net, uint32_t op, uint32_t src, uint32_t dst)
{
    const struct csin_schedule *s = net->run->schedule;
    const struct csin_inside *inside = s->inside;
    const struct csin_use *uses = NULL;
    uint32_t n = csin_uses_of(s, op, &uses);
    net->n_uses = net->n_sends = 0;
    for (unsigned receives = 0; receives < 2 && n > 0; receives++) {
        for (uint32_t i = 0; i < n; i++) {
            uint32_t r = uses[i].resource, planned = inside->host[r];
            if ((planned != s->src[op]) != receives)
                continue;
            uint32_t host = planned == s->src[op] ? src : planned == s->dst[op] ? dst : planned;
            r = resource_in(net, r, host, receives);
            if (r == CSIN_NONE)
                continue;
            net->use[net->n_uses] = net->run->fabric->n_arcs + r;
            net->use_weights[net->n_uses++] = uses[i].weight;
        }
        net->n_sends = receives ? net->n_sends : net->n_uses;
    }
}

static bool find_local(struct csin_network *net, uint32_t op, uint32_t host)
{
    net->way.n = net->way.n_hops = 0;
    net->way.latency_s = 0;
    find_uses(net, op, host, host);
    return true;
}

bool csin_network_way(struct csin_network *net, uint32_t op, const double *finish_s)
{
    net->replica = CSIN_NONE;
    const struct csin_schedule *s = net->run->schedule;
    uint32_t src = s->src[op], dst = s->dst[op];
    if (net->run->n_events > 0) {
        if (net->moved[csin_network_owner(net, op)]) {
            const uint32_t *to = moved_to(net, finish_s);
            src = to ? to[net->rank[src]] : src;
            dst = to ? to[net->rank[dst]] : dst;
        }
        if (csin_is_local(s, op))
            return find_local(net, op, stand_in(net, src, src));
        if (s->replica_set && src == s->src[op])
            src = find_replica(net, op, dst);
        src = stand_in(net, src, dst);
        dst = stand_in(net, dst, src);
    }
    if (csin_is_local(s, op))
        return find_local(net, op, src);
    find_uses(net, op, src, dst);
    return find_way(net, src, dst);
}

/* The load is worked out from a count, so that it is 0 again when the last flow has gone. */
void csin_network_count(struct csin_network *net, const uint32_t *arcs, uint32_t n, int change)
{
    for (uint32_t k = 0; net->load && k < n; k++) {
        net->n_flows[arcs[k]] += (uint32_t)change;
        net->load[arcs[k]] = net->n_flows[arcs[k]] /
                             net->run->fabric->cables[arcs[k] >> 1].capacity_Bps;
    }
}

enum csin_status csin_network_check_way(struct csin_network *net, struct csin_diag *diag,
                                        uint32_t op)
{
    const struct csin_fabric *f = net->run->fabric;
    const struct csin_schedule *s = net->run->schedule;
    uint32_t src = s->src[op], dst = s->dst[op];
    if (csin_is_local(s, op)) {
        find_local(net, op, src);
        return CSIN_OK;
    }
    find_uses(net, op, src, dst);
    if (!csin_routes_way(net->routes, src, dst, csin_flow_key(src, dst), net->load, &net->way))
        return csin_error(diag, CSIN_E_FAILED, 323, (struct csin_loc){0},
                          "there is no route from '%s' to '%s'", f->hosts[src].name,
                          f->hosts[dst].name);
    for (uint32_t i = 0; i < net->way.n; i++) {
        uint32_t arc = net->way.arcs[i];
        if (!(net->capacity_Bps[arc] > 0 && net->capacity_Bps[arc] < HUGE_VAL))
            return csin_error(
                diag, CSIN_E_FAILED, 323, (struct csin_loc){0},
                "the route from '%s' to '%s' goes from '%s' to '%s', where no bandwidth is",
                f->hosts[src].name, f->hosts[dst].name,
                csin_vertex_name(f, csin_arc_tail(f, arc)).s,
                csin_vertex_name(f, csin_arc_head(f, arc)).s);
    }
    return CSIN_OK;
}
