/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an operator should know before deploying a fabric and its tables, with a remedy where there
 * is one. Faults come first; within each, in the order written here. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define MAX_ADVICE 64u
#define UNEVEN 1.5 /* busiest / fair share that is worth a word */

struct advisor {
    const struct csin_fabric *f;
    const struct csin_findings *found;
    struct csin_arena *arena;
    struct csin_advice list[MAX_ADVICE];
    uint32_t n;
    bool ok;
};

static void advise(struct advisor *a, unsigned code, bool is_fault, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void advise(struct advisor *a, unsigned code, bool is_fault, const char *format, ...)
{
    char text[1000];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    const char *copy = csin_arena_strndup(a->arena, text, strlen(text));
    a->ok &= copy != NULL;
    if (a->n < MAX_ADVICE)
        a->list[a->n++] = (struct csin_advice){code, is_fault, copy, NULL};
}

/* Of the last one. */
static void remedy(struct advisor *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void remedy(struct advisor *a, const char *format, ...)
{
    char text[1000];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    a->list[a->n - 1].remedy = csin_arena_strndup(a->arena, text, strlen(text));
    a->ok &= a->list[a->n - 1].remedy != NULL;
}

static const char *name_of(const struct advisor *a, uint32_t sw)
{
    return sw == CSIN_NONE ? "?" : a->f->switches[sw].name;
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

/* ---- tables ---- */

static void advise_lost(struct advisor *a)
{
    static const char *const where[CSIN_N_STOPS] = {
        [CSIN_STOP_NO_ENTRY] = "has no entry for it",
        [CSIN_STOP_NO_CABLE] = "sends it out of a port with no cable",
        [CSIN_STOP_DEAD_CABLE] = "sends it into a dead cable",
        [CSIN_STOP_WRONG_NIC] = "sends it to another host",
        [CSIN_STOP_CIRCLE] = "sends it round in a circle",
    };
    const struct csin_reach *reach = &a->found->reach;
    if (reach->n_all_lost == 0)
        return;
    const struct csin_lost_pair *lost = &reach->examples[0];
    advise(a, 671, true,
           "%s of %s pairs have no route, though cables join them: from %s to %s, "
           "switch %s %s",
           csin_show_count(reach->n_all_lost).s, csin_show_count(reach->n_pairs).s,
           csin_vertex_name(a->f, a->f->n_switches + lost->pair.src).s,
           csin_vertex_name(a->f, a->f->n_switches + lost->pair.dst).s, name_of(a, lost->at),
           where[lost->stop]);
    remedy(a, "make the tables again for the cables that are up; --routing dmodk gives some that "
              "reach everybody");
}

static void advise_loops(struct advisor *a)
{
    const struct csin_loops *loops = &a->found->loops;
    if (loops->n == 0)
        return;
    advise(a, 672, true,
           "a credit loop of %s arcs through %s: under load the fabric may stop for good (%s arcs "
           "are part of some loop)",
           csin_show_count(loops->n).s,
           csin_vertex_name(a->f, csin_arc_head(a->f, loops->loop[0].arc)).s,
           csin_show_count(loops->n_arcs).s);
    if (a->found->loops_remedy)
        remedy(a, "%s", a->found->loops_remedy);
}

static void advise_longer(struct advisor *a)
{
    if (a->found->reach.n_longer == 0)
        return;
    advise(a, 681, false, "%s pair%s go%s further than needed; the longest way has %u cables",
           csin_show_count(a->found->reach.n_longer).s, plural(a->found->reach.n_longer),
           a->found->reach.n_longer == 1 ? "es" : "", a->found->reach.longest);
}

/* ---- parts and single points of failure ---- */

static void advise_cut_off(struct advisor *a, const struct csin_fabric_facts *facts)
{
    const struct csin_fabric *f = a->f;
    uint32_t n = 0, example = CSIN_NONE;
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        bool is_joined = false;
        for (uint32_t k = 0; k < f->hosts[h].n_nics; k++) {
            const struct csin_nic *nic = &f->nics[f->hosts[h].first_nic + k];
            is_joined |= nic->cable != CSIN_NONE && f->cables[nic->cable].up;
        }
        if (is_joined)
            continue;
        if (n++ == 0)
            example = h;
    }
    if (n) {
        advise(a, 679, true, "%s host%s ha%s no cable that works: %s", csin_show_count(n).s,
               plural(n), n == 1 ? "s" : "ve", f->hosts[example].name);
        remedy(a, "mend the cable, or take the host out of the fabric file");
    } else if (facts->n_parts > 1 && f->n_hosts == f->n_nics) {
        advise(a, 679, true, "the fabric has %s parts that nothing joins; %s is in the smallest",
               csin_show_count(facts->n_parts).s, f->hosts[facts->lone_host].name);
    }
}

/* Hosts that should be alike. */
struct kind {
    const char *model;
    uint32_t role, n_nics, host;
    bool hangs_on_one; /* NICs that work are on one leaf */
};

static int by_kind(const void *left, const void *right)
{
    const struct kind *a = left, *z = right;
    int order = strcmp(a->model, z->model);
    if (order == 0)
        order = (a->role > z->role) - (a->role < z->role);
    if (order == 0)
        order = (a->n_nics > z->n_nics) - (a->n_nics < z->n_nics);
    return order;
}

/* NICs of a host that work: how many, and whether all are on one leaf. */
static uint32_t count_joined(const struct csin_fabric *f, uint32_t host, bool *ret_one_leaf)
{
    uint32_t n = 0, leaf = CSIN_NONE;
    *ret_one_leaf = true;
    for (uint32_t k = f->hosts[host].first_nic;
         k < f->hosts[host].first_nic + f->hosts[host].n_nics; k++) {
        if (f->nics[k].cable == CSIN_NONE || !f->cables[f->nics[k].cable].up)
            continue;
        *ret_one_leaf &= n++ == 0 || f->nics[k].leaf == leaf;
        leaf = f->nics[k].leaf;
    }
    return n;
}

/* Hosts that depend on one leaf where most of their kind do not. Hosts that all do so were meant
 * to: the table of failures has them. */
static void advise_odd_hosts(struct advisor *a)
{
    const struct csin_fabric *f = a->f;
    struct kind *kinds = calloc(f->n_hosts + 1u, sizeof *kinds);
    uint32_t n = 0, n_odd = 0, example = CSIN_NONE;
    a->ok &= kinds != NULL;
    for (uint32_t h = 0; kinds && h < f->n_hosts; h++) {
        kinds[n] = (struct kind){f->hosts[h].model ? f->hosts[h].model : "", f->hosts[h].role,
                                 f->hosts[h].n_nics, h, false};
        n += count_joined(f, h, &kinds[n].hangs_on_one) > 0;
    }
    if (kinds)
        qsort(kinds, n, sizeof *kinds, by_kind);
    for (uint32_t begin = 0, end; begin < n; begin = end) {
        uint32_t single = 0, first = CSIN_NONE;
        for (end = begin; end < n && by_kind(&kinds[begin], &kinds[end]) == 0; end++) {
            single += kinds[end].hangs_on_one;
            if (kinds[end].hangs_on_one && kinds[end].host < first)
                first = kinds[end].host;
        }
        if (2 * single > end - begin)
            continue;
        n_odd += single;
        example = first < example ? first : example;
    }
    free(kinds);
    if (n_odd == 0)
        return;
    advise(a, 680, false, "%s host%s depend%s on one leaf, while most of %s kind have two: %s",
           csin_show_count(n_odd).s, plural(n_odd), n_odd == 1 ? "s" : "",
           n_odd == 1 ? "its" : "their", f->hosts[example].name);
    remedy(a, "mend or add the cable to the other leaf");
}

static void advise_single_points(struct advisor *a)
{
    static const char *const layers[CSIN_N_LAYERS] = {"leaves", "spines", "core switches",
                                                      "inter-zone switches"};
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++) {
        const struct csin_failures *failures = &a->found->switches[l];
        if (failures->n_beyond == 0)
            continue;
        advise(a, 680, false,
               "%s of %s %s cut%s off hosts that are plugged in elsewhere, where %s: %s %s of "
               "them",
               failures->n_beyond == failures->n && failures->n > 1
                   ? "all"
                   : csin_show_count(failures->n_beyond).s,
               csin_show_count(failures->n).s, layers[l], failures->n_beyond == 1 ? "s" : "",
               failures->n_beyond == 1 ? "it fails" : "they fail",
               name_of(a, failures->worst_beyond), csin_show_count(failures->max_beyond).s);
        remedy(a, "give every leaf a way round it");
    }
    for (unsigned p = 0; p < CSIN_N_PLACES; p++) {
        const struct csin_failures *failures = &a->found->cables[p];
        if (p == CSIN_AT_HOST || failures->n_cutting == 0)
            continue;
        const struct csin_cable *cable = &a->f->cables[failures->worst_hosts];
        advise(a, 680, false,
               "a single dead cable between switches cuts hosts off: %s - %s up to "
               "%s of them",
               name_of(a, cable->end[0]), name_of(a, cable->end[1]),
               csin_show_count(failures->max_hosts).s);
        remedy(a, "add a second way");
    }
}

/* ---- load ---- */

static void advise_core(struct advisor *a, const struct csin_fabric_facts *facts)
{
    uint32_t worst = csin_worst_pod(a->f, facts), n = 0, n_pods = 0;
    for (uint32_t z = 0; z < a->f->n_zones; z++) {
        n += facts->zones[z].core_oversubscription > 1 + 1e-9;
        n_pods += facts->zones[z].core_oversubscription > 0;
    }
    if (n == 0)
        return;
    const struct csin_zone_facts *pod = &facts->zones[worst];
    advise(a, 682, false,
           "the core is oversubscribed: hosts of %s send %s and its cables to the core carry %s "
           "(%s); %s of %s pods are like that",
           a->f->zones[worst].name, csin_show_rate(pod->host_Bps).s,
           csin_show_rate(pod->core_Bps).s,
           csin_show_oversubscription(pod->core_oversubscription).s,
           n == n_pods ? "all" : csin_show_count(n).s, csin_show_count(n_pods).s);
    remedy(a, "keep jobs inside a pod, or add cables between spines and core switches");
}

/* One word for all classes: that which is spread worst. */
static void advise_balance(struct advisor *a)
{
    unsigned n = 0, n_uneven = 0, from = 0, to = 0;
    for (unsigned p = 0; p <= CSIN_ALL; p++)
        for (unsigned q = 0; q <= CSIN_ALL; q++) {
            const struct csin_route_balance *b = &a->found->balance[CSIN_GROUP_UP][p][q];
            if ((p == CSIN_ALL) != (q == CSIN_ALL) || b->sum == 0)
                continue;
            n++;
            n_uneven += b->uneven >= UNEVEN;
            if (b->uneven > a->found->balance[CSIN_GROUP_UP][from][to].uneven) {
                from = p;
                to = q;
            }
        }
    if (n_uneven == 0)
        return;
    const struct csin_route_balance *b = &a->found->balance[CSIN_GROUP_UP][from][to];
    char idle[80] = "";
    if (b->uneven_idle)
        snprintf(idle, sizeof idle, ", and %s of its uplinks %s unused",
                 csin_show_count(b->uneven_idle).s, b->uneven_idle == 1 ? "is" : "are");
    advise(a, 676, false,
           "routes from %s to %s hosts are uneven: %s sends %s times the fair share over %s (%s "
           "in the mean)%s; %u of %u kind%s of traffic %s like that",
           from == CSIN_ALL ? "all" : csin_role_names[from],
           to == CSIN_ALL ? "all" : csin_role_names[to],
           name_of(a, csin_arc_tail(a->f, b->uneven_arc)), csin_show_fixed(b->uneven, 2).s,
           name_of(a, csin_arc_head(a->f, b->uneven_arc)), csin_show_fixed(b->uneven_mean, 1).s,
           idle, n_uneven, n, n == 1 ? "" : "s", n_uneven == 1 ? "is" : "are");
    if (a->found->policy == CSIN_RANDOM || a->found->policy == CSIN_LFT)
        remedy(a, "--routing dmodk numbers the hosts that exist one after the other, and so "
                  "spreads every class");
}

static void advise_idle_spines(struct advisor *a)
{
    uint32_t n = a->found->n_idle_spines;
    if (!a->found->has_tables || n == 0)
        return;
    advise(a, 677, false, "%s spine%s carr%s no route at all: %s", csin_show_count(n).s, plural(n),
           n == 1 ? "ies" : "y", name_of(a, a->found->idle_spine));
    remedy(a, "look at its cables, or at how the tables choose");
}

/* opensm's ftree sends to the j-th host of a leaf over spine j, so storage hosts on the same ports
 * of every leaf share the same spines. Measured on opensm 3.3.23; dfsssp does alike. 0 where fewer
 * than half of the leaves have storage hosts: a few in one place are no pattern. */
static double spread_of_storage(const struct csin_fabric *f)
{
    uint64_t n = 0, most = 0;
    uint32_t n_spines = 0, n_leaves = 0, n_with = 0; /* leaves with hosts, with storage hosts */
    uint64_t *by_spine = calloc(CSIN_MAX_PORTS, sizeof *by_spine);
    if (!by_spine)
        return 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t position = 0, spines = 0, storage = 0;
        const uint32_t *arcs = f->port_arc + f->switches[s].first_port;
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++)
            spines += arcs[p] != CSIN_NONE && f->cables[arcs[p] >> 1].up &&
                      f->cables[arcs[p] >> 1].place == CSIN_AT_SPINE;
        for (uint32_t p = 0; spines && p < f->switches[s].n_ports; p++) {
            if (arcs[p] == CSIN_NONE || !f->cables[arcs[p] >> 1].up ||
                !csin_is_nic(f, csin_arc_head(f, arcs[p])))
                continue;
            uint32_t host = f->nics[csin_arc_head(f, arcs[p]) - f->n_switches].host;
            if (f->hosts[host].role == CSIN_STORAGE) {
                by_spine[position % spines]++;
                storage++;
            }
            if (position == 0 && spines > n_spines)
                n_spines = spines;
            position++;
        }
        n += storage;
        n_leaves += position > 0;
        n_with += storage > 0;
    }
    for (uint32_t i = 0; i < n_spines; i++)
        most = by_spine[i] > most ? by_spine[i] : most;
    free(by_spine);
    if (n_with < 2 || 2 * n_with < n_leaves)
        return 0;
    return n_spines && n < f->n_nics ? (double)most * n_spines / (double)n : 0;
}

static void advise_storage(struct advisor *a, double spread)
{
    if (spread < UNEVEN)
        return;
    advise(a, 678, false,
           "storage hosts hang off the same ports of every leaf: opensm's ftree and dfsssp would "
           "send traffic to them over few spines (busiest %s times the mean)",
           csin_show_fixed(spread, 2).s);
    remedy(a, "plug them into different ports of each leaf, or load tables made by csin "
              "(--routing dmodk)");
}

/* ---- the subnet manager ---- */

static void describe(const struct advisor *a, const struct csin_ftree *v, char *text, size_t room)
{
    switch (v->reason) {
    case CSIN_FTREE_ONE_RANK:
        snprintf(text, room,
                 "every switch has a channel adapter, even those without a host "
                 "(aggregation nodes count)");
        return;
    case CSIN_FTREE_LEAF_RANK:
        snprintf(text, room, "%s has channel adapters at rank %u, %s at rank %u", name_of(a, v->a),
                 v->n_of_a, name_of(a, v->b), v->n_of_b);
        return;
    case CSIN_FTREE_UP_GROUPS:
        snprintf(text, room, "%s has %u neighbour%s above, %s has %u", name_of(a, v->a), v->n_of_a,
                 plural(v->n_of_a), name_of(a, v->b), v->n_of_b);
        return;
    case CSIN_FTREE_DOWN_GROUPS:
        snprintf(text, room, "%s has %u neighbour%s below, %s has %u", name_of(a, v->a), v->n_of_a,
                 plural(v->n_of_a), name_of(a, v->b), v->n_of_b);
        return;
    case CSIN_FTREE_UP_PORTS:
    case CSIN_FTREE_DOWN_PORTS:
        snprintf(text, room, "%s has %u cable%s to a neighbour, %s has %u", name_of(a, v->a),
                 v->n_of_a, plural(v->n_of_a), name_of(a, v->b), v->n_of_b);
        return;
    case CSIN_FTREE_FEW_SWITCHES:
        snprintf(text, room, "there are fewer than two switches");
        return;
    case CSIN_FTREE_FEW_HOSTS:
        snprintf(text, room, "there are fewer than two hosts");
        return;
    case CSIN_FTREE_RANKS:
        snprintf(text, room, "it has %u ranks of switches", v->n_of_a);
        return;
    case CSIN_FTREE_ONE_LEAF:
        snprintf(text, room, "only one switch has hosts");
        return;
    default:
        snprintf(text, room, "there is no root");
        return;
    }
}

static void advise_ftree(struct advisor *a)
{
    const struct csin_ftree *plain = &a->found->ftree[CSIN_FTREE_PLAIN];
    const struct csin_ftree *roots = &a->found->ftree[CSIN_FTREE_ROOTS];
    const struct csin_ftree *both = &a->found->ftree[CSIN_FTREE_ROOTS | CSIN_FTREE_COMPUTE];
    char why[400], code[32] = "";
    if (plain->reason != CSIN_FTREE_OK) {
        describe(a, plain, why, sizeof why);
        if (*csin_ftree_codes[plain->reason])
            snprintf(code, sizeof code, " (ERR %s)", csin_ftree_codes[plain->reason]);
        advise(a, 673, false, "opensm -R ftree would silently fall back to minhop here: %s%s", why,
               code);
        if (roots->reason == CSIN_FTREE_OK && roots->n_pairs_lost == 0)
            remedy(a, "opensm -R ftree -a FILE, with the GUIDs of the roots, keeps ftree");
        else if (both->reason == CSIN_FTREE_OK && both->n_pairs_lost == 0)
            remedy(a, "opensm -R ftree -a FILE -u FILE, with the GUIDs of the roots and the port "
                      "GUIDs of the hosts, keeps ftree; -a alone does not");
        else
            remedy(a, "load tables from a file: opensm -R file -U FILE");
    }
    if (both->reason == CSIN_FTREE_OK && both->n_pairs_lost) {
        advise(a, 674, false,
               "opensm -R ftree -a would say SUBNET UP and leave %s pairs of NICs without a route: "
               "their ways would go down and up again",
               csin_show_count(both->n_pairs_lost).s);
        remedy(a, "do not use ftree or updn with root GUIDs here; nue or tables from a file reach "
                  "everybody");
    }
}

struct csin_lane_facts csin_lane_facts(const struct csin_fabric *f, uint32_t n_lanes_needed)
{
    struct csin_lane_facts facts = {0, 0, CSIN_NONE, CSIN_NONE, 0};
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t n = f->switches[s].n_vls;
        if (facts.sw_least == CSIN_NONE || n < facts.least) {
            facts.least = n;
            facts.sw_least = s;
        }
        if (facts.sw_most == CSIN_NONE || n > facts.most) {
            facts.most = n;
            facts.sw_most = s;
        }
        facts.n_below += n < n_lanes_needed;
    }
    return facts;
}

static void advise_lanes(struct advisor *a, uint32_t n_needed)
{
    struct csin_lane_facts lanes = csin_lane_facts(a->f, n_needed);
    if (lanes.n_below) {
        advise(a, 675, false, "%s switch%s fewer than %u data VLs (%s has %u): lanes fold there",
               csin_show_count(lanes.n_below).s, lanes.n_below == 1 ? " has" : "es have", n_needed,
               name_of(a, lanes.sw_least), lanes.least);
        remedy(a, "map what must stay apart onto the lowest %u VLs", lanes.least);
    } else if (lanes.least != lanes.most) {
        advise(a, 675, false,
               "switches differ in data VLs: %s has %u, %s has %u; beyond VL %u "
               "lanes fold",
               name_of(a, lanes.sw_least), lanes.least, name_of(a, lanes.sw_most), lanes.most,
               lanes.least - 1);
        remedy(a, "use no more than %u VLs", lanes.least);
    }
}

bool csin_advise(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                 const struct csin_findings_options *options, struct csin_arena *arena,
                 struct csin_findings *findings)
{
    struct advisor a = {.f = f, .found = findings, .arena = arena, .ok = true};
    findings->ftree_storage_spread = spread_of_storage(f);
    advise_cut_off(&a, facts);
    advise_lost(&a);
    advise_loops(&a);
    advise_ftree(&a);
    advise_lanes(&a, options->n_lanes_needed);
    advise_core(&a, facts);
    advise_storage(&a, findings->ftree_storage_spread);
    advise_balance(&a);
    advise_idle_spines(&a);
    advise_longer(&a);
    advise_single_points(&a);
    advise_odd_hosts(&a);
    findings->advice = csin_arena_alloc(arena, a.n, sizeof *findings->advice);
    if (!a.ok || !findings->advice)
        return false;
    for (unsigned fault = 1; fault <= 1; fault--)
        for (uint32_t i = 0; i < a.n; i++)
            if (a.list[i].is_fault == (fault == 1))
                findings->advice[findings->n_advice++] = a.list[i];
    return true;
}
