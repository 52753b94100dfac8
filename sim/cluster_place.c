/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/cluster_place.h"

#include <stdlib.h>
#include <string.h>

const char *const csin_cluster_placement_names[] = {"first-fit", "leaf-aware", "zone-aware", NULL};

/* ---- where hosts are ---- */

/* The switch that the first attached NIC of a host hangs off. */
static uint32_t leaf_of(const struct csin_fabric *f, uint32_t host)
{
    const struct csin_host *h = &f->hosts[host];
    for (uint32_t k = h->first_nic; k < h->first_nic + h->n_nics; k++)
        if (f->nics[k].leaf != CSIN_NONE)
            return f->nics[k].leaf;
    return CSIN_NONE;
}

/* A number for the zone of a switch: pods of one tree share it, what is in no zone too. */
static uint32_t zone_key(const struct csin_fabric *f, uint32_t sw)
{
    uint32_t zone = f->switches[sw].zone;
    if (zone == CSIN_NONE)
        return f->n_zones + f->n_trees;
    uint32_t tree = f->zones[zone].tree;
    return tree == CSIN_NONE ? zone : f->n_zones + tree;
}

/* Numbers used[key] from 0 in the order of the keys; gives how many there are. */
static uint32_t number(uint32_t *used, uint32_t n)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < n; i++)
        if (used[i])
            used[i] = ++next;
    return next;
}

/* Counting sort of the hosts of the cluster by `key`, stable. `first` [n_keys + 1] zeroed. */
static void sort_hosts(uint32_t *hosts, uint32_t n, const uint32_t *key, uint32_t *first,
                       uint32_t n_keys, uint32_t *scratch)
{
    for (uint32_t i = 0; i < n; i++)
        first[key[hosts[i]] + 1]++;
    for (uint32_t k = 0; k < n_keys; k++)
        first[k + 1] += first[k];
    for (uint32_t i = 0; i < n; i++)
        scratch[first[key[hosts[i]]]++] = hosts[i];
    memcpy(hosts, scratch, n * sizeof *hosts);
}

bool csin_cluster_hosts_init(struct csin_cluster_hosts *hosts, const struct csin_fabric *f,
                             struct csin_arena *arena)
{
    uint32_t n_keys = f->n_zones + f->n_trees + 1;
    struct csin_arena *temporary = csin_arena_create();
    uint32_t *zones = temporary ? csin_arena_alloc(temporary, n_keys + 1u, sizeof *zones) : NULL;
    uint32_t *leaves = temporary ? csin_arena_alloc(temporary, f->n_switches + 1u, sizeof *leaves)
                                 : NULL;
    uint32_t *first = temporary ? csin_arena_alloc(temporary, f->n_switches + n_keys + 2u,
                                                   2 * sizeof *first)
                                : NULL;
    uint32_t *sorted = temporary ? csin_arena_alloc(temporary, f->n_hosts + 1u, sizeof *sorted)
                                 : NULL;
    *hosts = (struct csin_cluster_hosts){.n_hosts = f->n_hosts};
    hosts->compute = csin_arena_alloc(arena, f->n_hosts + 1u, sizeof *hosts->compute);
    hosts->leaf = csin_arena_alloc(arena, f->n_hosts + 1u, sizeof *hosts->leaf);
    hosts->zone = csin_arena_alloc(arena, f->n_hosts + 1u, sizeof *hosts->zone);
    hosts->taken = csin_arena_alloc(arena, f->n_hosts + 1u, sizeof *hosts->taken);
    hosts->in = csin_arena_alloc(arena, f->n_switches + 1u, sizeof *hosts->in);
    hosts->part = csin_arena_alloc(arena, f->n_switches + 1u, sizeof *hosts->part);
    hosts->on_leaf = csin_arena_alloc(arena, f->n_switches + 1u, sizeof *hosts->on_leaf);
    hosts->in_zone = csin_arena_alloc(arena, n_keys + 1u, sizeof *hosts->in_zone);
    bool ok = zones && leaves && first && sorted && hosts->compute && hosts->leaf && hosts->zone &&
              hosts->taken && hosts->in && hosts->part && hosts->on_leaf && hosts->in_zone;
    for (uint32_t h = 0; ok && h < f->n_hosts; h++) {
        uint32_t leaf = leaf_of(f, h);
        if (f->hosts[h].role != CSIN_COMPUTE || leaf == CSIN_NONE)
            continue;
        hosts->compute[hosts->n_compute++] = h;
        leaves[leaf] = zones[zone_key(f, leaf)] = 1;
    }
    if (ok) {
        hosts->n_leaves = number(leaves, f->n_switches);
        hosts->n_zones = number(zones, n_keys);
        for (uint32_t i = 0; i < hosts->n_compute; i++) {
            uint32_t h = hosts->compute[i], leaf = leaf_of(f, h);
            hosts->leaf[h] = leaves[leaf] - 1;
            hosts->zone[h] = zones[zone_key(f, leaf)] - 1;
        }
        sort_hosts(hosts->compute, hosts->n_compute, hosts->leaf, first, hosts->n_leaves, sorted);
        sort_hosts(hosts->compute, hosts->n_compute, hosts->zone, first + f->n_switches + 1,
                   hosts->n_zones, sorted);
    }
    csin_arena_destroy(temporary);
    return ok;
}

/* ---- picking ---- */

struct picking {
    struct csin_cluster_hosts *hosts;
    const struct csin_cluster_wish *wish;
    const bool *free;
    uint32_t total; /* free hosts that the job may have */
};

static bool may_have(const struct picking *p, uint32_t host)
{
    return p->free[host] && (!p->wish->allowed || p->wish->allowed[host]);
}

static void count(struct picking *p)
{
    struct csin_cluster_hosts *c = p->hosts;
    memset(c->on_leaf, 0, c->n_leaves * sizeof *c->on_leaf);
    memset(c->in_zone, 0, c->n_zones * sizeof *c->in_zone);
    p->total = 0;
    for (uint32_t i = 0; i < c->n_compute; i++)
        if (may_have(p, c->compute[i])) {
            c->on_leaf[c->leaf[c->compute[i]]]++;
            c->in_zone[c->zone[c->compute[i]]]++;
            p->total++;
        }
}

/* The zone with room for the job: the first, or the one with the least room. CSIN_NONE: none. */
static uint32_t zone_for(const struct picking *p, bool best)
{
    uint32_t found = CSIN_NONE;
    for (uint32_t z = 0; z < p->hosts->n_zones; z++)
        if (p->hosts->in_zone[z] >= p->wish->n &&
            (found == CSIN_NONE || (best && p->hosts->in_zone[z] < p->hosts->in_zone[found])))
            found = z;
    return found;
}

static uint32_t roomiest_zone(const struct picking *p)
{
    uint32_t found = 0;
    for (uint32_t z = 1; z < p->hosts->n_zones; z++)
        if (p->hosts->in_zone[z] > p->hosts->in_zone[found])
            found = z;
    return found;
}

/* The first n hosts by number of the fabric, of a zone or of all. */
static void take_first(const struct picking *p, uint32_t zone, uint32_t n)
{
    for (uint32_t h = 0; h < p->hosts->n_hosts && n > 0; h++)
        if (may_have(p, h) && (zone == CSIN_NONE || p->hosts->zone[h] == zone)) {
            p->hosts->taken[h] = true;
            n--;
        }
}

/* The leaf for `n` hosts: the least room that holds them, else the most room. The lowest number of
 * equal ones. Leaves with nothing free are none. */
static uint32_t leaf_for(const struct picking *p, uint32_t n)
{
    uint32_t fits = CSIN_NONE, roomiest = CSIN_NONE;
    for (uint32_t l = 0; l < p->hosts->n_leaves; l++) {
        uint32_t room = p->hosts->in[l] ? p->hosts->on_leaf[l] : 0;
        if (room >= n && (fits == CSIN_NONE || room < p->hosts->on_leaf[fits]))
            fits = l;
        if (room > 0 && (roomiest == CSIN_NONE || room > p->hosts->on_leaf[roomiest]))
            roomiest = l;
    }
    return fits != CSIN_NONE ? fits : roomiest;
}

/* n hosts of a zone, or of all, on few leaves; there are so many. */
static void take_leaves(const struct picking *p, uint32_t zone, uint32_t n)
{
    struct csin_cluster_hosts *c = p->hosts;
    memset(c->in, 0, c->n_leaves * sizeof *c->in);
    memset(c->part, 0, c->n_leaves * sizeof *c->part);
    for (uint32_t i = 0; i < c->n_compute; i++)
        if (zone == CSIN_NONE || c->zone[c->compute[i]] == zone)
            c->in[c->leaf[c->compute[i]]] = true;
    while (n > 0) {
        uint32_t leaf = leaf_for(p, n), room = c->on_leaf[leaf];
        c->part[leaf] = room < n ? room : n;
        c->in[leaf] = false;
        n -= c->part[leaf];
    }
    for (uint32_t i = 0; i < c->n_compute; i++) {
        uint32_t h = c->compute[i], leaf = c->leaf[h];
        if (c->part[leaf] > 0 && may_have(p, h)) {
            c->taken[h] = true;
            c->part[leaf]--;
        }
    }
}

/* Across zones: the roomiest first, all that is in it, then the next. */
static void take_zones(const struct picking *p)
{
    uint32_t n = p->wish->n;
    while (n > 0) {
        uint32_t zone = roomiest_zone(p),
                 part = p->hosts->in_zone[zone] < n ? p->hosts->in_zone[zone] : n;
        take_leaves(p, zone, part);
        p->hosts->in_zone[zone] = 0;
        n -= part;
    }
}

static bool pick(struct picking *p, enum csin_cluster_placement placement)
{
    uint32_t n = p->wish->n, zone = zone_for(p, placement == CSIN_ZONE_AWARE);
    bool anywhere = p->wish->may_cross && placement != CSIN_ZONE_AWARE;
    if (p->total < n || (zone == CSIN_NONE && !p->wish->may_cross))
        return false;
    if (zone == CSIN_NONE && placement == CSIN_ZONE_AWARE)
        take_zones(p);
    else if (placement == CSIN_FIRST_FIT)
        take_first(p, anywhere ? CSIN_NONE : zone, n);
    else
        take_leaves(p, anywhere ? CSIN_NONE : zone, n);
    return true;
}

bool csin_cluster_place(struct csin_cluster_hosts *hosts, enum csin_cluster_placement placement,
                        const struct csin_cluster_wish *wish, const bool *free, uint32_t *ret_hosts,
                        bool *ret_crosses)
{
    struct picking p = {.hosts = hosts, .wish = wish, .free = free};
    count(&p);
    memset(hosts->taken, 0, hosts->n_hosts * sizeof *hosts->taken);
    if (!pick(&p, placement))
        return false;
    uint32_t n = 0;
    *ret_crosses = false;
    for (uint32_t i = 0; i < hosts->n_compute; i++) {
        uint32_t h = hosts->compute[i];
        if (!hosts->taken[h])
            continue;
        *ret_crosses = *ret_crosses || (n > 0 && hosts->zone[h] != hosts->zone[ret_hosts[0]]);
        ret_hosts[n++] = h;
    }
    return true;
}

uint32_t csin_cluster_leaves(struct csin_cluster_hosts *hosts, const uint32_t *of, uint32_t n)
{
    uint32_t leaves = 0;
    memset(hosts->in, 0, hosts->n_leaves * sizeof *hosts->in);
    for (uint32_t i = 0; i < n; i++) {
        leaves += !hosts->in[hosts->leaf[of[i]]];
        hosts->in[hosts->leaf[of[i]]] = true;
    }
    return leaves;
}
