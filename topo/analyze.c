/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Measures of a fabric: counts, oversubscription, bisection, the bandwidth between zones, connected
 * parts and diameter. The only file that includes <igraph.h>.
 *
 * Everything is asked of one reduced graph: vertices are the switches, edges the cables between
 * switches that are up, cables of the same pair merged. NICs hang off it by one cable each, so they
 * change neither cuts between switches nor distances (but for the cable at each end). A host does
 * not forward, so its NICs stay apart: a storage host in two zones does not join them. */
#include "topo/analyze.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <igraph.h>

#include "base/rng.h"

#define MAX_ZONES 256u  /* zones looked at for the bandwidth between zones */
#define ROWS_AT_ONCE 64 /* rows of the distance matrix held at a time */
#define MAX_FLOWS 256u  /* between pairs of leaves */

/* Cables between two switches, a < b, taken together. */
struct link {
    uint32_t a, b;
    double capacity_Bps;
};

struct work {
    const struct csin_fabric *fabric;
    struct link *links; /* [n_links], sorted by a, then b */
    uint32_t n_links;
    uint32_t *first;  /* [n_switches + 1]: links of a == s are first[s] .. first[s + 1] - 1 */
    uint32_t *n_nics; /* [n_switches]: NICs there whose cable is up */
    uint32_t *vertex; /* [n_switches]: scratch, the vertex of a smaller graph; CSIN_NONE left out */
    struct seat *seats; /* [n_switches]: scratch */
};

static int by_ends(const void *left, const void *right)
{
    const struct link *x = left, *y = right;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

/* Sorts links and makes one of those between the same two. Returns how many are left. */
static uint32_t merge(struct link *links, uint32_t n)
{
    uint32_t kept = 0;
    if (n == 0)
        return 0;
    qsort(links, n, sizeof *links, by_ends);
    for (uint32_t i = 0; i < n; i++) {
        if (kept && by_ends(&links[kept - 1], &links[i]) == 0)
            links[kept - 1].capacity_Bps += links[i].capacity_Bps;
        else
            links[kept++] = links[i];
    }
    return kept;
}

static void *array(uint32_t n, size_t size)
{
    return calloc(n ? n : 1, size);
}

static void work_finish(struct work *work)
{
    free(work->links);
    free(work->first);
    free(work->n_nics);
    free(work->vertex);
    free(work->seats);
}

/* A switch that hosts hang off, and what tells its neighbours from those of others. */
struct seat {
    uint64_t neighbours;
    uint32_t sw;
};

static int by_neighbours(const void *left, const void *right)
{
    const struct seat *x = left, *y = right;
    if (x->neighbours != y->neighbours)
        return x->neighbours < y->neighbours ? -1 : 1;
    return (x->sw > y->sw) - (x->sw < y->sw);
}

/* Capacities are bytes/s, or where cables are counted 1 each. False without memory; finish in any
 * case. */
static bool work_init(struct work *work, const struct csin_fabric *f, bool count_cables)
{
    *work = (struct work){.fabric = f};
    uint32_t n = 0;
    for (uint32_t c = 0; c < f->n_cables; c++)
        n += f->cables[c].up && !csin_is_nic(f, f->cables[c].end[0]);
    work->links = array(n, sizeof *work->links);
    work->first = array(f->n_switches + 1, sizeof *work->first);
    work->n_nics = array(f->n_switches, sizeof(*work->n_nics));
    work->vertex = array(f->n_switches, sizeof *work->vertex);
    work->seats = array(f->n_switches, sizeof *work->seats);
    if (!work->links || !work->first || !work->n_nics || !work->vertex || !work->seats)
        return false;

    n = 0;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (!cable->up)
            continue;
        if (csin_is_nic(f, cable->end[0])) {
            work->n_nics[cable->end[1]]++;
            continue;
        }
        uint32_t a = cable->end[0], b = cable->end[1];
        work->links[n++] = (struct link){a < b ? a : b, a < b ? b : a,
                                         count_cables ? 1 : cable->capacity_Bps};
    }
    work->n_links = merge(work->links, n);
    for (uint32_t i = 0; i < work->n_links; i++)
        work->first[work->links[i].a + 1]++;
    for (uint32_t s = 0; s < f->n_switches; s++)
        work->first[s + 1] += work->first[s];
    return true;
}

/* An undirected igraph graph with a capacity for each edge. A cable has its capacity each way, and
 * so has an undirected edge in igraph's maximum flow. Starts as {0}; net_finish in any case. */
struct net {
    struct link *links; /* [n_links], between vertices of the graph */
    size_t n_links, room;
    igraph_t graph;
    igraph_vector_t capacity; /* whole multiples of 2^-scale bytes/s */
    int scale;
    bool has_graph, has_capacity;
};

static void net_finish(struct net *net)
{
    if (net->has_graph)
        igraph_destroy(&net->graph);
    if (net->has_capacity)
        igraph_vector_destroy(&net->capacity);
    free(net->links);
}

/* Adds the links of `sw` to higher switches, between the vertices that work->vertex gives. */
static igraph_error_t net_add(struct net *net, const struct work *work, uint32_t sw)
{
    uint32_t n = work->first[sw + 1] - work->first[sw];
    if (!csin_grow(&net->links, &net->room, net->n_links + n, sizeof *net->links))
        return IGRAPH_ENOMEM;
    for (uint32_t i = work->first[sw]; i < work->first[sw + 1]; i++) {
        const struct link *link = &work->links[i];
        uint32_t a = work->vertex[link->a], b = work->vertex[link->b];
        if (a == CSIN_NONE || b == CSIN_NONE || a == b)
            continue;
        net->links[net->n_links++] = (struct link){a < b ? a : b, a < b ? b : a,
                                                   link->capacity_Bps};
    }
    return IGRAPH_SUCCESS;
}

/* Makes the graph. Capacities become whole numbers whose sum is below 2^51, so every sum and
 * difference that push-relabel makes of them is exact, and so is the flow: to 0.25 byte/s in a
 * fabric of 5e14 bytes/s. */
static igraph_error_t net_close(struct net *net, uint32_t n_vertices)
{
    igraph_vector_int_t edges;
    uint32_t n = merge(net->links, (uint32_t)net->n_links);
    double sum_Bps = 0;
    int exponent = 0;
    for (uint32_t i = 0; i < n; i++)
        sum_Bps += net->links[i].capacity_Bps;
    frexp(sum_Bps, &exponent);
    net->scale = 51 - exponent;

    igraph_error_t e = igraph_vector_init(&net->capacity, n);
    if (e != IGRAPH_SUCCESS)
        return e;
    net->has_capacity = true;
    e = igraph_vector_int_init(&edges, 2 * (igraph_integer_t)n);
    if (e != IGRAPH_SUCCESS)
        return e;
    for (uint32_t i = 0; i < n; i++) {
        VECTOR(edges)[2 * i] = net->links[i].a;
        VECTOR(edges)[2 * i + 1] = net->links[i].b;
        VECTOR(net->capacity)[i] = rint(ldexp(net->links[i].capacity_Bps, net->scale));
    }
    e = igraph_create(&net->graph, &edges, n_vertices, IGRAPH_UNDIRECTED);
    net->has_graph = e == IGRAPH_SUCCESS;
    igraph_vector_int_destroy(&edges);
    return e;
}

static igraph_error_t net_flow(const struct net *net, uint32_t source, uint32_t sink,
                               double *ret_Bps)
{
    igraph_real_t value = 0;
    igraph_error_t e = igraph_maxflow_value(&net->graph, &value, source, sink, &net->capacity,
                                            NULL);
    if (e == IGRAPH_SUCCESS)
        *ret_Bps = ldexp(value, -net->scale);
    return e;
}

/* Bisection of a zone: maximum flow from the first half of its leaves (by index, rounded down) to
 * the other leaves, over switches of the zone only. Each half is one vertex: the leaves of a half
 * may give and take without limit, so only the cables count, not how many hosts are plugged in.
 *
 * In a full zone of L leaves, S spines and m cables of U bytes/s a pair, each spine can pass on
 * what the smaller half sends it, floor(L/2) m U, so the flow is floor(L/2) S m U. */
static igraph_error_t bisection(struct work *work, const struct csin_zone *zone,
                                double *ret_flow_Bps)
{
    enum { SOURCE, SINK, SPINES };
    struct net net = {0};
    uint32_t half = zone->n_leaves / 2;
    *ret_flow_Bps = 0;
    if (half == 0)
        return IGRAPH_SUCCESS;
    memset(work->vertex, 0xff, work->fabric->n_switches * sizeof *work->vertex);
    for (uint32_t i = 0; i < zone->n_leaves; i++)
        work->vertex[zone->first_leaf + i] = i < half ? SOURCE : SINK;
    for (uint32_t i = 0; i < zone->n_spines; i++)
        work->vertex[zone->first_spine + i] = SPINES + i;

    igraph_error_t e = IGRAPH_SUCCESS;
    for (uint32_t i = 0; i < zone->n_leaves && e == IGRAPH_SUCCESS; i++)
        e = net_add(&net, work, zone->first_leaf + i);
    for (uint32_t i = 0; i < zone->n_spines && e == IGRAPH_SUCCESS; i++)
        e = net_add(&net, work, zone->first_spine + i);
    if (e == IGRAPH_SUCCESS)
        e = net_close(&net, SPINES + zone->n_spines);
    if (e == IGRAPH_SUCCESS)
        e = net_flow(&net, SOURCE, SINK, ret_flow_Bps);
    net_finish(&net);
    return e;
}

/* The smallest cut between any two zones of one plane, over all switches, where the leaves of a
 * zone stay together (they are one vertex). A cut that parts any two zones parts the first zone
 * from one of the two, so n - 1 flows from the first zone find it. Zones beyond MAX_ZONES only pass
 * traffic on. */
static igraph_error_t between_zones(struct work *work, struct csin_fabric_facts *facts)
{
    const struct csin_fabric *f = work->fabric;
    uint32_t n_zones = f->n_zones < MAX_ZONES ? f->n_zones : MAX_ZONES, n = n_zones;
    struct net net = {0};
    if (n_zones < 2)
        return IGRAPH_SUCCESS;
    memset(work->vertex, 0xff, f->n_switches * sizeof *work->vertex);
    for (uint32_t z = 0; z < n_zones; z++)
        for (uint32_t i = 0; i < f->zones[z].n_leaves; i++)
            work->vertex[f->zones[z].first_leaf + i] = z;
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (work->vertex[s] == CSIN_NONE)
            work->vertex[s] = n++;

    igraph_error_t e = IGRAPH_SUCCESS;
    for (uint32_t s = 0; s < f->n_switches && e == IGRAPH_SUCCESS; s++)
        e = net_add(&net, work, s);
    if (e == IGRAPH_SUCCESS)
        e = net_close(&net, n);
    double least_Bps = INFINITY;
    for (uint32_t z = 1; z < n_zones && e == IGRAPH_SUCCESS && least_Bps > 0; z++) {
        double flow_Bps = 0;
        uint32_t first = 0;
        while (f->zones[first].plane != f->zones[z].plane)
            first++;
        if (first == z)
            continue;
        e = net_flow(&net, first, z, &flow_Bps);
        least_Bps = fmin(least_Bps, flow_Bps);
        facts->n_cuts++;
    }
    if (e == IGRAPH_SUCCESS && facts->n_cuts)
        facts->inter_zone_Bps = least_Bps;
    net_finish(&net);
    return e;
}

/* Bisection of zones: maximum flow from the leaves of the first half of the zones of each plane, by
 * index, rounded down, to those of the others, over all switches. Each half is one vertex, so a
 * thin pod does not limit the rest of its half. */
static igraph_error_t between_halves(struct work *work, struct csin_fabric_facts *facts)
{
    const struct csin_fabric *f = work->fabric;
    enum { SOURCE, SINK, OTHERS };
    uint32_t n = OTHERS;
    struct net net = {0};
    if (facts->n_cuts == 0)
        return IGRAPH_SUCCESS;
    memset(work->vertex, 0xff, f->n_switches * sizeof *work->vertex);
    for (uint32_t p = 0; p < f->n_planes; p++) {
        uint32_t n_zones = 0, k = 0;
        for (uint32_t z = 0; z < f->n_zones; z++)
            n_zones += f->zones[z].plane == p;
        for (uint32_t z = 0; z < f->n_zones; z++) {
            if (f->zones[z].plane != p || n_zones < 2)
                continue;
            uint32_t side = k++ < n_zones / 2 ? SOURCE : SINK;
            for (uint32_t i = 0; i < f->zones[z].n_leaves; i++)
                work->vertex[f->zones[z].first_leaf + i] = side;
        }
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (work->vertex[s] == CSIN_NONE)
            work->vertex[s] = n++;

    igraph_error_t e = IGRAPH_SUCCESS;
    for (uint32_t s = 0; s < f->n_switches && e == IGRAPH_SUCCESS; s++)
        e = net_add(&net, work, s);
    if (e == IGRAPH_SUCCESS)
        e = net_close(&net, n);
    if (e == IGRAPH_SUCCESS)
        e = net_flow(&net, SOURCE, SINK, &facts->whole_bisection_Bps);
    net_finish(&net);
    return e;
}

/* The components that the NICs of a host are in, each once; the NICs whose cable is up. */
struct reach {
    uint32_t host, n;
    uint32_t components[64]; /* a host has at most 64 NICs */
};

static struct reach reach_of(const struct csin_fabric *f, const uint32_t *component, uint32_t host)
{
    struct reach reach = {.host = host};
    const struct csin_host *h = &f->hosts[host];
    for (uint32_t i = h->first_nic; i < h->first_nic + h->n_nics; i++) {
        uint32_t k = 0;
        if (f->nics[i].cable == CSIN_NONE || !f->cables[f->nics[i].cable].up)
            continue;
        while (k < reach.n && reach.components[k] != component[f->nics[i].leaf])
            k++;
        if (k == reach.n && reach.n < 64)
            reach.components[reach.n++] = component[f->nics[i].leaf];
    }
    return reach;
}

static bool is_plugged(const struct csin_fabric *f, uint32_t host)
{
    const struct csin_host *h = &f->hosts[host];
    for (uint32_t i = h->first_nic; i < h->first_nic + h->n_nics; i++)
        if (f->nics[i].cable != CSIN_NONE)
            return true;
    return false;
}

/* Hosts of which no two share a component, so that none of them reaches another: those in fewest
 * components first, of those the first by index. Marks the components they are in in `taken`
 * [n_switches]. Returns their number; ret_lone: the one whose components have the fewest NICs. */
static uint32_t hosts_apart(const struct csin_fabric *f, const uint32_t *component,
                            const uint32_t *n_nics, bool *taken, uint32_t *ret_lone)
{
    uint32_t n = 0;
    uint64_t fewest = UINT64_MAX;
    for (uint32_t size = 1; size <= 64; size++)
        for (uint32_t h = 0; h < f->n_hosts; h++) {
            uint64_t nics = 0;
            if (f->hosts[h].n_nics < size)
                continue;
            struct reach reach = reach_of(f, component, h);
            bool apart = reach.n == size;
            for (uint32_t i = 0; i < reach.n && apart; i++)
                apart = !taken[reach.components[i]];
            if (!apart)
                continue;
            n++;
            for (uint32_t i = 0; i < reach.n; i++) {
                taken[reach.components[i]] = true;
                nics += n_nics[reach.components[i]];
            }
            if (nics <= fewest) {
                fewest = nics;
                *ret_lone = h;
            }
        }
    return n;
}

/* Sets of components that differ, looked at two by two. */
#define MAX_REACHES 2048u

/* A host that cannot reach some other, CSIN_NONE where all pairs share a component. `apart` found
 * one host only: this is the rare fabric in which hosts that reach it do not reach each other. */
static uint32_t unreached_host(const struct csin_fabric *f, const uint32_t *component,
                               struct reach *seen)
{
    uint32_t n = 0;
    for (uint32_t h = 0; h < f->n_hosts && n < MAX_REACHES; h++) {
        struct reach reach = reach_of(f, component, h);
        bool known = reach.n == 0;
        for (uint32_t i = 0; i < n && !known; i++) {
            uint32_t shared = 0;
            for (uint32_t a = 0; a < reach.n; a++)
                for (uint32_t z = 0; z < seen[i].n; z++)
                    shared += reach.components[a] == seen[i].components[z];
            if (shared == 0)
                return h;
            known = shared == reach.n && shared == seen[i].n;
        }
        if (!known)
            seen[n++] = reach;
    }
    return CSIN_NONE;
}

/* Parts = hosts of which no two reach each other, as many as there are; 1 where every two share a
 * component of the switches. A switch that no host depends on (a spare, a spine whose cables are
 * all dead) is not a part, and neither is one plane of several. A host all of whose cables are dead
 * is one by itself; a NIC without a cable is left out, as the specification asked for it. */
static bool count_parts(struct work *work, const uint32_t *component,
                        struct csin_fabric_facts *facts)
{
    const struct csin_fabric *f = work->fabric;
    bool *taken = array(f->n_switches, sizeof *taken);
    struct reach *seen = array(MAX_REACHES, sizeof *seen);
    uint32_t *n_nics = work->vertex, lone = CSIN_NONE, n_dead = 0;
    bool ok = taken && seen;
    memset(n_nics, 0, f->n_switches * sizeof *n_nics); /* of a component */
    for (uint32_t s = 0; s < f->n_switches; s++)
        n_nics[component[s]] += work->n_nics[s];
    for (uint32_t c = 0; c < f->n_switches; c++)
        facts->n_components += n_nics[c] > 0;
    if (ok)
        facts->n_parts = hosts_apart(f, component, n_nics, taken, &lone);
    if (ok && facts->n_parts == 1 && facts->n_components > 1) {
        uint32_t other = unreached_host(f, component, seen);
        facts->n_parts += other != CSIN_NONE;
        lone = other != CSIN_NONE ? other : lone;
    }
    for (uint32_t h = 0; h < f->n_hosts && ok; h++) {
        const struct csin_host *host = &f->hosts[h];
        if (!is_plugged(f, h))
            continue;
        if (reach_of(f, component, h).n == 0) {
            facts->n_parts++;
            lone = n_dead++ == 0 ? h : lone;
            continue;
        }
        for (uint32_t i = host->first_nic; i < host->first_nic + host->n_nics; i++)
            facts->n_dead_nics += f->nics[i].cable != CSIN_NONE && !f->cables[f->nics[i].cable].up;
    }
    facts->lone_host = facts->n_parts > 1 ? lone : CSIN_NONE;
    free(taken);
    free(seen);
    return ok;
}

static igraph_error_t parts(struct work *work, const igraph_t *graph,
                            struct csin_fabric_facts *facts)
{
    const struct csin_fabric *f = work->fabric;
    igraph_vector_int_t member;
    igraph_error_t e = igraph_vector_int_init(&member, 0);
    if (e != IGRAPH_SUCCESS)
        return e;
    e = igraph_connected_components(graph, &member, NULL, NULL, IGRAPH_WEAK);
    uint32_t *component = array(f->n_switches, sizeof *component);
    if (e == IGRAPH_SUCCESS && component) {
        for (uint32_t s = 0; s < f->n_switches; s++)
            component[s] = (uint32_t)VECTOR(member)[s];
        if (!count_parts(work, component, facts))
            e = IGRAPH_ENOMEM;
    } else if (e == IGRAPH_SUCCESS) {
        e = IGRAPH_ENOMEM;
    }
    free(component);
    igraph_vector_int_destroy(&member);
    return e;
}

/* Cables on the longest shortest path between two NICs of the same part.
 *
 * Switches with the same neighbours are equally far from every third switch, so one of them speaks
 * for all: in an intact zone of any size that is one breadth-first search instead of one a leaf.
 * Neighbour sets are compared by a 64-bit sum of mixed indices. */
static igraph_error_t diameter(struct work *work, const igraph_t *graph, uint32_t *ret_cables)
{
    const struct csin_fabric *f = work->fabric;
    struct seat *seats = work->seats;
    uint32_t longest = 0, n = 0, kept = 0;
    for (uint32_t s = 0; s < f->n_switches; s++)
        seats[s] = (struct seat){0, s};
    for (uint32_t i = 0; i < work->n_links; i++) {
        seats[work->links[i].a].neighbours += csin_mix64(work->links[i].b);
        seats[work->links[i].b].neighbours += csin_mix64(work->links[i].a);
    }
    for (uint32_t s = 0; s < f->n_switches; s++) {
        if (work->n_nics[s])
            seats[n++] = seats[s];
        if (work->n_nics[s] > 1)
            longest = 2;
    }
    qsort(seats, n, sizeof *seats, by_neighbours);
    for (uint32_t i = 0; i < n; i++)
        if (kept == 0 || seats[kept - 1].neighbours != seats[i].neighbours)
            seats[kept++] = seats[i];

    igraph_matrix_t distance;
    igraph_vector_int_t from;
    igraph_error_t e = igraph_matrix_init(&distance, 0, 0);
    if (e != IGRAPH_SUCCESS)
        return e;
    e = igraph_vector_int_init(&from, 0);
    if (e != IGRAPH_SUCCESS) {
        igraph_matrix_destroy(&distance);
        return e;
    }
    for (uint32_t done = 0; done < kept && e == IGRAPH_SUCCESS; done += ROWS_AT_ONCE) {
        uint32_t rows = kept - done < ROWS_AT_ONCE ? kept - done : ROWS_AT_ONCE;
        e = igraph_vector_int_resize(&from, rows);
        if (e != IGRAPH_SUCCESS)
            break;
        for (uint32_t r = 0; r < rows; r++)
            VECTOR(from)[r] = seats[done + r].sw;
        e = igraph_distances(graph, &distance, igraph_vss_vector(&from), igraph_vss_all(),
                             IGRAPH_ALL);
        if (e != IGRAPH_SUCCESS)
            break;
        for (uint32_t s = 0; s < f->n_switches; s++) {
            if (work->n_nics[s] == 0)
                continue;
            for (uint32_t r = 0; r < rows; r++) {
                double hops = MATRIX(distance, r, s);
                if (hops > 0 && isfinite(hops) && hops + 2 > longest)
                    longest = (uint32_t)hops + 2;
            }
        }
    }
    if (e == IGRAPH_SUCCESS)
        *ret_cables = longest;
    igraph_vector_int_destroy(&from);
    igraph_matrix_destroy(&distance);
    return e;
}

static igraph_error_t measure(struct work *work, struct csin_fabric_facts *facts)
{
    const struct csin_fabric *f = work->fabric;
    struct net net = {0};
    igraph_error_t e = IGRAPH_SUCCESS;
    for (uint32_t z = 0; z < f->n_zones && e == IGRAPH_SUCCESS; z++)
        e = bisection(work, &f->zones[z], &facts->zones[z].bisection_flow_Bps);
    if (e == IGRAPH_SUCCESS)
        e = between_zones(work, facts);
    if (e == IGRAPH_SUCCESS)
        e = between_halves(work, facts);
    if (e != IGRAPH_SUCCESS)
        return e;

    for (uint32_t s = 0; s < f->n_switches; s++)
        work->vertex[s] = s;
    for (uint32_t s = 0; s < f->n_switches && e == IGRAPH_SUCCESS; s++)
        e = net_add(&net, work, s);
    if (e == IGRAPH_SUCCESS)
        e = net_close(&net, f->n_switches);
    if (e == IGRAPH_SUCCESS)
        e = parts(work, &net.graph, facts);
    if (e == IGRAPH_SUCCESS)
        e = diameter(work, &net.graph, &facts->diameter);
    net_finish(&net);
    return e;
}

static void count(const struct csin_fabric *f, struct csin_fabric_facts *facts)
{
    for (uint32_t s = 0; s < f->n_switches; s++) {
        struct csin_layer_use *use = &facts->layers[f->switches[s].layer];
        use->n_switches++;
        use->n_ports += f->switches[s].n_ports;
        use->n_used += f->switches[s].n_used;
    }
    for (uint32_t h = 0; h < f->n_hosts; h++)
        facts->n_role[f->hosts[h].role]++;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        facts->n_dead_cables += !f->cables[c].up;
        facts->n_degraded_cables += f->cables[c].up && f->cables[c].degraded;
    }
}

/* The bandwidth below and above a leaf, of the cables that are up. */
static void count_leaf(const struct csin_fabric *f, uint32_t leaf, struct csin_zone_facts *zone)
{
    const struct csin_switch *sw = &f->switches[leaf];
    double host_Bps = 0, uplink_Bps = 0;
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        if (arc == CSIN_NONE)
            continue;
        const struct csin_cable *cable = &f->cables[arc >> 1];
        zone->n_nics += cable->place == CSIN_AT_HOST;
        if (cable->up && cable->place == CSIN_AT_HOST)
            host_Bps += cable->capacity_Bps;
        else if (cable->up && cable->place == CSIN_AT_SPINE)
            uplink_Bps += cable->capacity_Bps;
    }
    zone->host_Bps += host_Bps;
    zone->uplink_Bps += uplink_Bps;
    if (host_Bps > 0)
        zone->oversubscription = fmax(zone->oversubscription,
                                      uplink_Bps > 0 ? host_Bps / uplink_Bps : INFINITY);
}

/* What joins the spines of a zone to core switches, of its hosts' bandwidth, counted before. */
static void count_core(const struct csin_fabric *f, const struct csin_zone *zone,
                       struct csin_zone_facts *fact)
{
    uint32_t n = 0;
    for (uint32_t s = zone->first_spine; s < zone->first_spine + zone->n_spines; s++)
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[s].first_port + p];
            if (arc == CSIN_NONE || csin_is_nic(f, csin_arc_head(f, arc)) ||
                f->switches[csin_arc_head(f, arc)].layer != CSIN_CORE)
                continue;
            n++;
            fact->core_Bps += f->cables[arc >> 1].up ? f->cables[arc >> 1].capacity_Bps : 0;
        }
    if (n && fact->host_Bps > 0)
        fact->core_oversubscription = fact->core_Bps > 0 ? fact->host_Bps / fact->core_Bps
                                                         : INFINITY;
}

uint32_t csin_worst_pod(const struct csin_fabric *f, const struct csin_fabric_facts *facts)
{
    uint32_t worst = CSIN_NONE;
    double most = 0;
    for (uint32_t z = 0; z < f->n_zones; z++)
        if (facts->zones[z].core_oversubscription > most) {
            worst = z;
            most = facts->zones[z].core_oversubscription;
        }
    return worst;
}

/* Leaves with hosts that stand for all: of those with the same neighbours one, but of the first
 * kind two, so that a pair of them is looked at as well. Returns how many, in work->seats. */
static uint32_t pick_leaves(struct work *work)
{
    struct seat *seats = work->seats;
    uint32_t n = 0, kept = 0;
    for (uint32_t s = 0; s < work->fabric->n_switches; s++)
        seats[s] = (struct seat){0, s};
    for (uint32_t i = 0; i < work->n_links; i++) {
        const struct link *link = &work->links[i];
        uint64_t n_cables = (uint64_t)link->capacity_Bps;
        seats[link->a].neighbours += csin_mix64((uint64_t)link->b << 32 | n_cables);
        seats[link->b].neighbours += csin_mix64((uint64_t)link->a << 32 | n_cables);
    }
    for (uint32_t s = 0; s < work->fabric->n_switches; s++)
        if (work->n_nics[s])
            seats[n++] = seats[s];
    qsort(seats, n, sizeof *seats, by_neighbours);
    for (uint32_t i = 0; i < n; i++)
        if (kept < 2 || seats[kept - 1].neighbours != seats[i].neighbours)
            seats[kept++] = seats[i];
    return kept;
}

/* The smallest cut between any two of a set parts the first from one of the others, so flows from
 * the first find it. Leaves that the first does not reach have a first of their own. */
static igraph_error_t fewest_paths(struct work *work, struct csin_disjoint *found)
{
    const struct csin_fabric *f = work->fabric;
    struct net net = {0};
    igraph_error_t e = IGRAPH_SUCCESS;
    uint32_t n = pick_leaves(work), n_flows = 0;
    for (uint32_t s = 0; s < f->n_switches; s++)
        work->vertex[s] = s;
    for (uint32_t s = 0; s < f->n_switches && e == IGRAPH_SUCCESS; s++)
        e = net_add(&net, work, s);
    if (e == IGRAPH_SUCCESS)
        e = net_close(&net, f->n_switches);
    while (n > 1 && e == IGRAPH_SUCCESS && found->is_exact) {
        uint32_t left = 0;
        for (uint32_t i = 1; i < n && e == IGRAPH_SUCCESS; i++) {
            double flow = 0;
            if (n_flows++ == MAX_FLOWS) {
                found->is_exact = false;
                break;
            }
            e = net_flow(&net, work->seats[0].sw, work->seats[i].sw, &flow);
            if (flow < 0.5)
                work->seats[1 + left++] = work->seats[i];
            else if (found->a == CSIN_NONE || (uint32_t)rint(flow) < found->paths)
                *found = (struct csin_disjoint){true, (uint32_t)rint(flow), work->seats[0].sw,
                                                work->seats[i].sw};
        }
        memmove(work->seats, work->seats + 1, left * sizeof *work->seats);
        n = left;
    }
    net_finish(&net);
    return e;
}

enum csin_status csin_fabric_disjoint(const struct csin_fabric *fabric, struct csin_diag *diag,
                                      struct csin_disjoint *ret_disjoint)
{
    struct csin_disjoint found = {true, 0, CSIN_NONE, CSIN_NONE};
    struct work work;
    if (!work_init(&work, fabric, true)) {
        work_finish(&work);
        return csin_no_memory(diag);
    }
    igraph_error_handler_t *on_error = igraph_set_error_handler(igraph_error_handler_ignore);
    igraph_error_t e = fewest_paths(&work, &found);
    igraph_set_error_handler(on_error);
    work_finish(&work);
    if (e == IGRAPH_ENOMEM)
        return csin_no_memory(diag);
    if (e != IGRAPH_SUCCESS)
        return csin_error(diag, CSIN_E_FAILED, 670, (struct csin_loc){0},
                          "igraph could not count disjoint ways: %s", igraph_strerror(e));
    *ret_disjoint = found;
    return CSIN_OK;
}

struct csin_shown csin_show_oversubscription(double x)
{
    struct csin_shown shown = {"no uplinks"};
    double hundredths = ceil(x * 100 - 1e-6);
    if (x == 0)
        snprintf(shown.s, sizeof shown.s, "no hosts");
    else if (isfinite(x))
        snprintf(shown.s, sizeof shown.s, "%.16s:1%s",
                 csin_show_fixed(hundredths / 100, fmod(hundredths, 10) == 0 ? 1 : 2).s,
                 x <= 1 ? " (non-blocking)" : "");
    return shown;
}

enum csin_status csin_fabric_analyze(const struct csin_fabric *fabric, struct csin_arena *arena,
                                     struct csin_diag *diag, struct csin_fabric_facts *ret_facts)
{
    struct csin_fabric_facts facts = {0};
    struct work work;
    facts.zones = csin_arena_alloc(arena, fabric->n_zones, sizeof *facts.zones);
    if (!work_init(&work, fabric, false) || !facts.zones) {
        work_finish(&work);
        return csin_no_memory(diag);
    }
    count(fabric, &facts);
    for (uint32_t z = 0; z < fabric->n_zones; z++) {
        const struct csin_zone *zone = &fabric->zones[z];
        for (uint32_t i = 0; i < zone->n_leaves; i++)
            count_leaf(fabric, zone->first_leaf + i, &facts.zones[z]);
        count_core(fabric, zone, &facts.zones[z]);
        facts.zones[z].planned_oversubscription = facts.zones[z].oversubscription;
        if (!zone->regular) { /* there is no formula */
            facts.zones[z].bisection_formula_Bps = NAN;
            continue;
        }
        /* Halves of an odd number of pairs cut one of them. */
        facts.zones[z].bisection_formula_Bps = zone->n_leaves / 2 * zone->leaf_uplink_Bps;
        if (zone->n_leaves / 2 % 2)
            facts.zones[z].bisection_formula_Bps += zone->pair_links *
                                                    fabric->switches[zone->first_leaf].rate_Bps;
        if (zone->n_leaves && zone->n_spines)
            facts.zones[z].planned_oversubscription = zone->hosts_per_leaf *
                                                      fabric->switches[zone->first_leaf].rate_Bps /
                                                      zone->leaf_uplink_Bps;
    }

    /* igraph's own handlers print and abort. */
    igraph_error_handler_t *on_error = igraph_set_error_handler(igraph_error_handler_ignore);
    igraph_warning_handler_t *on_warning = igraph_set_warning_handler(
        igraph_warning_handler_ignore);
    igraph_error_t e = measure(&work, &facts);
    igraph_set_warning_handler(on_warning);
    igraph_set_error_handler(on_error);
    work_finish(&work);
    if (e == IGRAPH_ENOMEM)
        return csin_no_memory(diag);
    if (e != IGRAPH_SUCCESS)
        return csin_error(diag, CSIN_E_FAILED, 260, (struct csin_loc){0},
                          "igraph could not measure the fabric: %s", igraph_strerror(e));
    enum csin_status status = csin_fabric_oddities(fabric, arena, diag, &facts.oddities);
    if (status == CSIN_OK)
        *ret_facts = facts;
    return status;
}
