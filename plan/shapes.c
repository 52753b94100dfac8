/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/shapes.h"

#include <math.h>

#define NEARLY (1 - 1e-12) /* ratios of rates are not always whole in binary */

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
    return (a + b - 1) / b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Uplinks that `down` ports need. */
static uint64_t uplinks_for(const struct csin_zone_need *need, uint64_t down)
{
    return (uint64_t)ceil((double)down * need->rate_ratio / need->oversubscription * NEARLY);
}

/* Ports that `up` uplinks may serve. */
static uint64_t down_for(const struct csin_zone_need *need, uint64_t up)
{
    return (uint64_t)floor((double)up * need->oversubscription / need->rate_ratio / NEARLY);
}

static uint64_t cables(const struct csin_zone_shape *z)
{
    return (uint64_t)z->leaves * z->spines * z->links;
}

static bool is_smaller(const struct csin_zone_shape *a, const struct csin_zone_shape *b)
{
    uint32_t n_a = a->leaves + a->spines, n_b = b->leaves + b->spines;
    if (n_a != n_b)
        return n_a < n_b;
    return cables(a) != cables(b) ? cables(a) < cables(b) : a->leaves < b->leaves;
}

bool csin_shape_zone(const struct csin_zone_need *need, struct csin_zone_shape *ret)
{
    bool found = false;
    uint64_t ports = need->ports ? need->ports : 1;
    for (uint32_t leaves = 2; leaves <= need->spine_ports; leaves++) {
        uint64_t down = ceil_div(ports, leaves);
        if (down >= need->leaf_ports)
            continue;
        uint64_t up = uplinks_for(need, down);
        for (uint32_t links = 1; links <= need->spine_ports / leaves; links++) {
            uint64_t spines = ceil_div(up, links);
            if (spines < need->min_spines)
                spines = need->min_spines;
            if (spines == 0 || down + spines * links > need->leaf_ports)
                continue;
            struct csin_zone_shape z = {leaves, (uint32_t)spines, links, 0};
            uint64_t most = down_for(need, spines * links),
                     free = need->leaf_ports - spines * links;
            z.down = (uint32_t)(most < free ? most : free);
            if (!found || is_smaller(&z, ret))
                *ret = z;
            found = true;
        }
    }
    return found;
}

uint64_t csin_shape_zone_most(const struct csin_zone_need *need)
{
    uint64_t low = 0, high = (uint64_t)need->leaf_ports * need->spine_ports;
    struct csin_zone_need at = *need;
    struct csin_zone_shape z;
    while (low < high) { /* a zone that has more ports has fewer as well */
        at.ports = low + (high - low + 1) / 2;
        if (csin_shape_zone(&at, &z))
            low = at.ports;
        else
            high = at.ports - 1;
    }
    return low;
}

/* Ports of a spine that may go to leaves, the others to core switches. */
static uint32_t spine_down(const struct csin_tree_need *need)
{
    uint32_t down = need->pod.spine_ports;
    while (down > 0 &&
           down + ceil(down / need->core_oversubscription * NEARLY) > need->pod.spine_ports)
        down--;
    return down;
}

static bool tree_of(const struct csin_tree_need *need, uint32_t pods, struct csin_tree_shape *ret)
{
    struct csin_zone_need pod = need->pod;
    pod.ports = ceil_div(need->pod.ports, pods);
    pod.spine_ports = spine_down(need);
    if (!csin_shape_zone(&pod, &ret->pod))
        return false;
    double up = ret->pod.leaves * ret->pod.links / need->core_oversubscription;
    ret->pods = pods;
    ret->uplinks = larger(1, (uint32_t)ceil(up * NEARLY));
    uint64_t group = ceil_div((uint64_t)pods * ret->uplinks, need->core_ports);
    if (group > ret->uplinks) /* a spine would not reach every core switch of its group */
        return false;
    ret->cores = (uint32_t)group * ret->pod.spines;
    return true;
}

static uint64_t tree_switches(const struct csin_tree_shape *t)
{
    return (uint64_t)t->pods * (t->pod.leaves + t->pod.spines) + t->cores;
}

static uint64_t tree_cables(const struct csin_tree_shape *t)
{
    return t->pods * (cables(&t->pod) + (uint64_t)t->pod.spines * t->uplinks);
}

bool csin_shape_tree(const struct csin_tree_need *need, struct csin_tree_shape *ret)
{
    bool found = false;
    for (uint32_t pods = 2; pods <= need->max_pods; pods++) {
        struct csin_tree_shape t;
        if (!tree_of(need, pods, &t))
            continue;
        if (!found || tree_switches(&t) < tree_switches(ret) ||
            (tree_switches(&t) == tree_switches(ret) && tree_cables(&t) < tree_cables(ret)))
            *ret = t;
        found = true;
    }
    return found;
}

uint64_t csin_shape_tree_most(const struct csin_tree_need *need)
{
    struct csin_zone_need pod = need->pod;
    pod.spine_ports = spine_down(need);
    uint64_t of_pod = csin_shape_zone_most(&pod);
    struct csin_tree_need at = *need;
    for (uint32_t pods = need->max_pods; pods >= 2; pods--) {
        struct csin_tree_shape t;
        at.pod.ports = of_pod * pods;
        if (tree_of(&at, pods, &t))
            return at.pod.ports;
    }
    return 0;
}
