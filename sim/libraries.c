/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/libraries.h"

#include <stdlib.h>
#include <string.h>

#include "sim/collectives.h"

uint64_t csin_library_chunk(enum csin_algorithm algorithm)
{
    return algorithm == CSIN_HFREDUCE    ? CSIN_HFREDUCE_CHUNK
           : algorithm == CSIN_NCCL_TREE ? CSIN_NCCL_CHUNK
                                         : 0;
}

double csin_library_overhead(enum csin_algorithm algorithm)
{
    return algorithm == CSIN_HFREDUCE ? CSIN_HFREDUCE_OVERHEAD_S : CSIN_NCCL_OVERHEAD_S;
}

/* ---- what operations use ---- */

static const struct csin_inside_model *model_of(const struct csin_inside *inside, uint32_t host)
{
    return inside && inside->n > 0 ? inside->fabric->hosts[host].inside : NULL;
}

uint32_t csin_library_gpus(const struct csin_inside *inside, uint32_t host)
{
    const struct csin_inside_model *m = model_of(inside, host);
    return m && m->n_gpus > 0 ? m->n_gpus : 1;
}

uint32_t csin_library_ranks(const struct csin_inside *inside, const uint32_t *hosts, uint32_t n)
{
    uint32_t ranks = 0;
    for (uint32_t i = 0; i < n; i++)
        ranks += csin_library_gpus(inside, hosts[i]);
    return ranks;
}

static void put(struct csin_library_uses *uses, uint32_t resource, double weight)
{
    if (resource != CSIN_NONE && uses->n < CSIN_MAX_USES)
        uses->list[uses->n++] = (struct csin_use){resource, weight};
}

void csin_library_use(const struct csin_library *l, struct csin_library_uses *uses, uint32_t host,
                      enum csin_inside_kind kind, uint32_t index, double weight)
{
    if (l->s->inside)
        put(uses, csin_inside_find(l->s->inside, host, kind, index), weight);
}

void csin_library_use_gpu(const struct csin_library *l, struct csin_library_uses *uses,
                          uint32_t host, uint32_t gpu, bool out, double weight)
{
    if (!l->s->inside)
        return;
    csin_library_use(l, uses, host, out ? CSIN_INSIDE_GPU_OUT : CSIN_INSIDE_GPU_IN, gpu, weight);
    put(uses, csin_inside_gpu_root_port(l->s->inside, host, gpu), weight);
}

void csin_library_use_hop(const struct csin_library *l, struct csin_library_uses *uses,
                          uint32_t host, uint32_t from, uint32_t to, double weight)
{
    const struct csin_inside_model *m = model_of(l->s->inside, host);
    if (m && from < m->n_gpus && (m->nvlink_switch || m->nvlink_peer[from] == to)) {
        csin_library_use(l, uses, host, CSIN_INSIDE_NVLINK_OUT, from, weight);
        csin_library_use(l, uses, host, CSIN_INSIDE_NVLINK_IN, to, weight);
        return;
    }
    csin_library_use_gpu(l, uses, host, from, true, weight);
    csin_library_use_gpu(l, uses, host, to, false, weight);
}

void csin_library_use_nic(const struct csin_library *l, struct csin_library_uses *uses,
                          uint32_t host, uint32_t nic, bool out, uint32_t first, uint32_t n)
{
    const struct csin_inside *inside = l->s->inside;
    if (!inside)
        return;
    nic %= inside->fabric->hosts[host].n_nics;
    for (uint32_t i = 0; i < n; i++)
        csin_library_use_gpu(l, uses, host, first + i, out, 1.0 / n);
    csin_library_use(l, uses, host, out ? CSIN_INSIDE_GPU_NIC_OUT : CSIN_INSIDE_GPU_NIC_IN, nic, 1);
    put(uses, csin_inside_nic_root_port(inside, host, nic), 1);
}

uint32_t csin_library_profile(const struct csin_library *l, const struct csin_library_uses *uses)
{
    return csin_schedule_profile(l->s, uses->list, uses->n);
}

/* ---- what operations wait for ---- */

uint32_t *csin_library_row(const struct csin_library *l, size_t n)
{
    uint32_t *row = malloc((n + 1) * sizeof *row);
    if (!row) {
        l->s->failed = 1;
        return NULL;
    }
    memset(row, 0xff, n * sizeof *row);
    return row;
}

uint32_t csin_library_join(const struct csin_library *l, const uint32_t *last, size_t n)
{
    uint32_t end = csin_schedule_delay(l->s, 0);
    csin_schedule_after(l->s, l->after);
    for (size_t i = 0; i < n; i++)
        csin_schedule_after(l->s, last[i]);
    return end;
}

/* ---- hosts and trees ---- */

/* The zone of a host's first NIC that has a cable. */
static uint32_t zone_of(const struct csin_inside *inside, uint32_t host)
{
    if (!inside)
        return 0;
    const struct csin_fabric *f = inside->fabric;
    const struct csin_host *h = &f->hosts[host];
    for (uint32_t k = h->first_nic; k < h->first_nic + h->n_nics; k++)
        if (f->nics[k].cable != CSIN_NONE)
            return f->switches[f->nics[k].leaf].zone;
    return CSIN_NONE;
}

/* Zone after zone, in the order in which they first come. Returns where each of at most n begins,
 * and how many there are. O(hosts x zones). */
static uint32_t sort_by_zone(struct csin_library *l, const uint32_t *hosts, uint32_t *ret_first)
{
    uint32_t n_sorted = 0, n_zones = 0;
    bool *taken = calloc((size_t)l->n + 1, sizeof *taken);
    if (!taken) {
        l->s->failed = 1;
        return 0;
    }
    for (uint32_t i = 0; i < l->n; i++) {
        if (taken[i])
            continue;
        uint32_t zone = zone_of(l->s->inside, hosts[i]);
        ret_first[n_zones++] = n_sorted;
        for (uint32_t k = i; k < l->n; k++)
            if (!taken[k] && zone_of(l->s->inside, hosts[k]) == zone) {
                taken[k] = true;
                l->hosts[n_sorted++] = hosts[k];
            }
    }
    free(taken);
    return n_zones;
}

static void hang(struct csin_library_tree *t, uint32_t child, uint32_t parent)
{
    uint32_t *places = &t->child[parent * CSIN_LIBRARY_CHILDREN], k = 0;
    while (places[k] != CSIN_NONE)
        k++;
    places[k] = child;
    t->parent[child] = parent;
}

/* The tree over hosts first .. first + n - 1; returns its root. */
static uint32_t grow(struct csin_library_tree *t, unsigned which, uint32_t first, uint32_t n)
{
    uint32_t root = first;
    for (uint32_t rank = 0; rank < n; rank++) {
        struct csin_tree_node node = csin_double_tree(which, rank, n);
        if (node.parent == CSIN_NONE)
            root = first + rank;
        else
            hang(t, first + rank, first + node.parent);
    }
    return root;
}

static void put_in_order(struct csin_library_tree *t, uint32_t root)
{
    uint32_t head = 0, tail = 0;
    t->order[tail++] = root;
    while (head < tail) {
        const uint32_t *child = &t->child[t->order[head++] * CSIN_LIBRARY_CHILDREN];
        for (unsigned k = 0; k < CSIN_LIBRARY_CHILDREN && child[k] != CSIN_NONE; k++)
            t->order[tail++] = child[k];
    }
}

/* In several zones the first host of each is above its tree, and below that of the zone before. */
static bool make_tree(struct csin_library *l, unsigned which, const uint32_t *first,
                      uint32_t n_zones)
{
    struct csin_library_tree *t = &l->trees[which];
    uint32_t n = l->n, root = 0;
    t->parent = csin_library_row(l, n);
    t->child = csin_library_row(l, (size_t)n * CSIN_LIBRARY_CHILDREN);
    t->order = csin_library_row(l, n);
    if (!t->parent || !t->child || !t->order)
        return false;
    if (n_zones == 1)
        root = grow(t, which, 0, n);
    for (uint32_t z = 0; n_zones > 1 && z < n_zones; z++) {
        uint32_t end = z + 1 < n_zones ? first[z + 1] : n;
        if (z > 0)
            hang(t, first[z], first[z - 1]);
        if (end - first[z] > 1)
            hang(t, grow(t, which, first[z] + 1, end - first[z] - 1), first[z]);
    }
    put_in_order(t, root);
    return true;
}

/* ---- all ---- */

static uint32_t schedule_as(struct csin_library *l)
{
    switch (l->step->algorithm) {
    case CSIN_HFREDUCE:
        return csin_hfreduce_schedule(l);
    case CSIN_NCCL_TREE:
        return csin_nccl_tree_schedule(l);
    case CSIN_HIERARCHICAL:
        return csin_hierarchical_schedule(l);
    default:
        return csin_nccl_ring_schedule(l);
    }
}

uint32_t csin_library_schedule(struct csin_schedule *s, const struct csin_step *step,
                               const uint32_t *hosts, uint32_t n, uint32_t after)
{
    struct csin_library l = {
        .s = s,
        .step = step,
        .n = n,
        .after = after,
        .chunk_bytes = step->chunk_bytes ? step->chunk_bytes : csin_library_chunk(step->algorithm),
        .overhead_s = step->overhead_s,
    };
    uint32_t end = after;
    uint32_t *first = csin_library_row(&l, n);
    l.hosts = csin_library_row(&l, n);
    uint32_t n_zones = first && l.hosts ? sort_by_zone(&l, hosts, first) : 0;
    bool trees = step->algorithm == CSIN_HFREDUCE || step->algorithm == CSIN_NCCL_TREE;
    if (n_zones > 0 &&
        (!trees || (make_tree(&l, 0, first, n_zones) && make_tree(&l, 1, first, n_zones))))
        end = schedule_as(&l);
    for (unsigned t = 0; t < 2; t++) {
        free(l.trees[t].parent);
        free(l.trees[t].child);
        free(l.trees[t].order);
    }
    free(first);
    free(l.hosts);
    return end;
}
