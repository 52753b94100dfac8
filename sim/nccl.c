/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * NCCL's algorithms on hosts with several GPUs. Inside a host a ring, or a chain, goes from GPU to
 * GPU, over NVLink where it can and else over PCIe; between hosts from the GPUs to the NIC and from
 * it to GPUs, peer-to-peer. */
#include <stdlib.h>

#include "sim/libraries.h"

/* GPU `i` of a host in the order of a ring that enters at GPU `entry`. */
static uint32_t in_turn(uint32_t i, uint32_t entry, uint32_t n_gpus)
{
    return (entry + i) % n_gpus;
}

/* All hops inside a host at once, from the GPU where the ring enters it to that where it leaves. */
static uint32_t inside_profile(const struct csin_library *l, uint32_t host, uint32_t entry,
                               bool closed)
{
    struct csin_library_uses uses = {.n = 0};
    uint32_t n_gpus = csin_library_gpus(l->s->inside, host);
    for (uint32_t i = 0; i + !closed < n_gpus && n_gpus > 1; i++)
        csin_library_use_hop(l, &uses, host, in_turn(i, entry, n_gpus),
                             in_turn(i + 1, entry, n_gpus), 1);
    return csin_library_profile(l, &uses);
}

/* From GPU `from` of a host to GPU `to` of another one, through the NICs of that channel. */
static uint32_t between_profile(const struct csin_library *l, uint32_t src, uint32_t dst,
                                uint32_t channel, uint32_t from, uint32_t to)
{
    struct csin_library_uses uses = {.n = 0};
    csin_library_use_nic(l, &uses, src, channel, true, from, 1);
    csin_library_use_nic(l, &uses, dst, channel, false, to, 1);
    return csin_library_profile(l, &uses);
}

static uint32_t entry_of(const struct csin_library *l, uint32_t host, uint32_t channel)
{
    uint32_t n_gpus = csin_library_gpus(l->s->inside, host);
    return (uint32_t)((uint64_t)channel * n_gpus / l->step->channels) % n_gpus;
}

static uint32_t transfer(struct csin_library *l, uint32_t src, uint32_t dst, uint64_t bytes,
                         uint32_t profile)
{
    uint32_t op = csin_schedule_transfer(l->s, src, dst, bytes);
    csin_schedule_uses(l->s, profile);
    l->s->bytes += bytes;
    return op;
}

/* ---- ring ---- */

/* A channel: one ring over all GPUs. In step k every rank sends a piece to its neighbour, when it
 * has the one that came in the step before. The ranks of a host do so together: one operation for
 * those inside, one for that between hosts. */
struct ring {
    uint32_t *sent, *inside, *sent_before, *inside_before; /* [n] */
    uint32_t *between_profiles, *inside_profiles;          /* [n] */
};

static void ring_step(struct csin_library *l, const struct ring *r, uint64_t bytes)
{
    for (uint32_t h = 0; h < l->n; h++) {
        uint32_t left = (h + l->n - 1) % l->n;
        uint32_t ready = csin_schedule_delay(l->s, l->overhead_s);
        csin_schedule_after(l->s, r->inside_before[h]);
        csin_schedule_after(l->s, r->sent_before[h]);
        if (left != h)
            csin_schedule_after(l->s, r->sent_before[left]);
        r->inside[h] = csin_schedule_local(l->s, l->hosts[h], bytes);
        csin_schedule_uses(l->s, r->inside_profiles[h]);
        csin_schedule_after(l->s, ready);
        if (l->n == 1)
            continue;
        r->sent[h] = transfer(l, l->hosts[h], l->hosts[(h + 1) % l->n], bytes,
                              r->between_profiles[h]);
        csin_schedule_after(l->s, ready);
    }
}

static void swap(uint32_t **a, uint32_t **b)
{
    uint32_t *t = *a;
    *a = *b;
    *b = t;
}

static bool init_ring(struct csin_library *l, struct ring *r, uint32_t channel)
{
    *r = (struct ring){csin_library_row(l, l->n), csin_library_row(l, l->n),
                       csin_library_row(l, l->n), csin_library_row(l, l->n),
                       csin_library_row(l, l->n), csin_library_row(l, l->n)};
    if (!r->sent || !r->inside || !r->sent_before || !r->inside_before || !r->between_profiles ||
        !r->inside_profiles)
        return false;
    for (uint32_t h = 0; h < l->n; h++) {
        uint32_t host = l->hosts[h], next = l->hosts[(h + 1) % l->n];
        uint32_t n_gpus = csin_library_gpus(l->s->inside, host), entry = entry_of(l, host, channel);
        r->inside_profiles[h] = inside_profile(l, host, entry, l->n == 1);
        r->between_profiles[h] = between_profile(
            l, host, next, channel, in_turn(n_gpus - 1, entry, n_gpus), entry_of(l, next, channel));
        r->sent[h] = r->inside[h] = l->after;
    }
    return true;
}

static void finish_ring(struct ring *r)
{
    free(r->sent);
    free(r->inside);
    free(r->sent_before);
    free(r->inside_before);
    free(r->between_profiles);
    free(r->inside_profiles);
}

uint32_t csin_nccl_ring_schedule(struct csin_library *l)
{
    uint32_t ranks = csin_library_ranks(l->s->inside, l->hosts, l->n), n_last = 0;
    uint32_t rounds = (l->step->work == CSIN_ALLREDUCE ? 2 : 1) * (ranks - 1);
    uint32_t channels = l->step->channels, end = l->after;
    uint32_t *last = csin_library_row(l, 2 * (size_t)l->n * channels);
    csin_schedule_expect(l->s, (uint64_t)rounds * channels, 3 * (uint64_t)l->n);
    for (uint32_t c = 0; c < channels && !l->s->failed; c++) {
        struct ring r;
        uint64_t bytes = csin_piece(l->step->size_bytes, channels, c);
        bool ok = init_ring(l, &r, c);
        for (uint32_t k = 0; ok && k < rounds && !l->s->failed; k++) {
            swap(&r.sent, &r.sent_before);
            swap(&r.inside, &r.inside_before);
            ring_step(l, &r, csin_piece(bytes, ranks, k % ranks));
        }
        for (uint32_t h = 0; ok && h < l->n; h++) {
            last[n_last++] = r.inside[h];
            last[n_last++] = r.sent[h];
        }
        finish_ring(&r);
    }
    if (last)
        end = csin_library_join(l, last, n_last);
    free(last);
    return end;
}

/* ---- tree ---- */

/* Chunk after chunk: down the chain of GPUs inside each host, up one of two trees, down again, and
 * back through the chain. The GPU of the chain's end talks to the NIC. */
struct tree {
    uint32_t *gathered, *up, *down, *spread; /* [n] of the last chunk in each tree: [2 x n] */
    uint32_t *chains[2];                     /* [n] profiles, towards the NIC and back */
};

static uint32_t chain_profile(const struct csin_library *l, uint32_t host, bool back)
{
    struct csin_library_uses uses = {.n = 0};
    uint32_t n_gpus = csin_library_gpus(l->s->inside, host);
    for (uint32_t g = 0; g + 1 < n_gpus; g++)
        csin_library_use_hop(l, &uses, host, back ? g + 1 : g, back ? g : g + 1, 1);
    return csin_library_profile(l, &uses);
}

/* The GPU that is next to the NIC in the chain: the last one. */
static uint32_t at_nic(const struct csin_library *l, uint32_t host)
{
    return csin_library_gpus(l->s->inside, host) - 1;
}

static uint32_t pause(struct csin_library *l, double hops)
{
    return csin_schedule_delay(l->s, hops * l->overhead_s);
}

static uint32_t chain(struct csin_library *l, const uint32_t *profiles, uint32_t h, uint64_t bytes,
                      uint32_t when, uint32_t before)
{
    uint32_t ready = pause(l, csin_library_gpus(l->s->inside, l->hosts[h]) - 1);
    csin_schedule_after(l->s, when);
    uint32_t op = csin_schedule_local(l->s, l->hosts[h], bytes);
    csin_schedule_uses(l->s, profiles[h]);
    csin_schedule_after(l->s, ready);
    csin_schedule_after(l->s, before);
    return op;
}

static void tree_chunk(struct csin_library *l, struct tree *r, unsigned which, uint64_t bytes)
{
    const struct csin_library_tree *t = &l->trees[which];
    uint32_t *gathered = r->gathered + (size_t)which * l->n, *up = r->up + (size_t)which * l->n;
    uint32_t *down = r->down + (size_t)which * l->n, *spread = r->spread + (size_t)which * l->n;
    for (uint32_t i = l->n; i-- > 0;) {
        uint32_t h = t->order[i], parent = t->parent[h];
        const uint32_t *child = &t->child[h * CSIN_LIBRARY_CHILDREN];
        gathered[h] = chain(l, r->chains[0], h, bytes, l->after, gathered[h]);
        uint32_t before = up[h], ready = pause(l, 1);
        csin_schedule_after(l->s, gathered[h]);
        for (unsigned k = 0; k < CSIN_LIBRARY_CHILDREN && child[k] != CSIN_NONE; k++)
            csin_schedule_after(l->s, up[child[k]]);
        up[h] = ready;
        if (parent == CSIN_NONE)
            continue;
        uint32_t src = l->hosts[h], dst = l->hosts[parent];
        up[h] = transfer(l, src, dst, bytes,
                         between_profile(l, src, dst, 0, at_nic(l, src), at_nic(l, dst)));
        csin_schedule_after(l->s, ready);
        csin_schedule_after(l->s, before);
    }
    for (uint32_t i = 0; i < l->n; i++) {
        uint32_t h = t->order[i], parent = t->parent[h], before = down[h];
        down[h] = up[h];
        if (parent != CSIN_NONE) {
            uint32_t src = l->hosts[parent], dst = l->hosts[h], ready = pause(l, 1);
            csin_schedule_after(l->s, down[parent]);
            down[h] = transfer(l, src, dst, bytes,
                               between_profile(l, src, dst, 0, at_nic(l, src), at_nic(l, dst)));
            csin_schedule_after(l->s, ready);
            csin_schedule_after(l->s, before);
        }
        spread[h] = chain(l, r->chains[1], h, bytes, down[h], spread[h]);
    }
}

uint32_t csin_nccl_tree_schedule(struct csin_library *l)
{
    size_t n = l->n;
    uint64_t bytes = l->step->size_bytes;
    uint64_t chunks = bytes / l->chunk_bytes + (bytes % l->chunk_bytes != 0);
    struct tree r = {csin_library_row(l, 2 * n),
                     csin_library_row(l, 2 * n),
                     csin_library_row(l, 2 * n),
                     csin_library_row(l, 2 * n),
                     {csin_library_row(l, n), csin_library_row(l, n)}};
    uint32_t end = l->after;
    csin_schedule_expect(l->s, chunks, 8 * n);
    if (!r.gathered || !r.up || !r.down || !r.spread || !r.chains[0] || !r.chains[1])
        goto done;
    for (uint32_t h = 0; h < n; h++)
        for (unsigned back = 0; back < 2; back++)
            r.chains[back][h] = chain_profile(l, l->hosts[h], back);
    for (uint64_t c = 0; c < chunks && !l->s->failed; c++)
        tree_chunk(l, &r, c % 2, csin_piece(bytes, chunks, c));
    end = csin_library_join(l, r.spread, 2 * n);
done:
    free(r.gathered);
    free(r.up);
    free(r.down);
    free(r.spread);
    free(r.chains[0]);
    free(r.chains[1]);
    return end;
}

/* ---- hierarchical ---- */

/* Inside each host the GPUs reduce and scatter, by a ring: (n - 1)/n of the buffer over each hop.
 */
static uint32_t inside_phase(struct csin_library *l, uint32_t h, uint32_t when)
{
    uint32_t n_gpus = csin_library_gpus(l->s->inside, l->hosts[h]);
    uint32_t ready = pause(l, n_gpus - 1);
    csin_schedule_after(l->s, when);
    uint32_t op = csin_schedule_local(l->s, l->hosts[h],
                                      l->step->size_bytes / n_gpus * (n_gpus - 1));
    csin_schedule_uses(l->s, inside_profile(l, l->hosts[h], 0, true));
    csin_schedule_after(l->s, ready);
    return op;
}

/* Each GPU with the one of its number in the next host, all through the NIC, by parts. */
static uint32_t slices_profile(const struct csin_library *l, uint32_t src, uint32_t dst)
{
    struct csin_library_uses uses = {.n = 0};
    csin_library_use_nic(l, &uses, src, 0, true, 0, csin_library_gpus(l->s->inside, src));
    csin_library_use_nic(l, &uses, dst, 0, false, 0, csin_library_gpus(l->s->inside, dst));
    return csin_library_profile(l, &uses);
}

/* Then the GPUs of one number in all hosts form a ring, each with its slice, and in the end the
 * GPUs of a host gather all slices. */
uint32_t csin_hierarchical_schedule(struct csin_library *l)
{
    uint32_t n = l->n, end = l->after, rounds = 2 * (n - 1);
    uint32_t *sent = csin_library_row(l, n), *before = csin_library_row(l, n);
    csin_schedule_expect(l->s, rounds + 2, 2 * (uint64_t)n);
    if (!sent || !before)
        goto done;
    for (uint32_t h = 0; h < n; h++)
        sent[h] = inside_phase(l, h, l->after);
    for (uint32_t k = 0; k < rounds && !l->s->failed; k++) {
        swap(&sent, &before);
        for (uint32_t h = 0; h < n; h++) {
            uint32_t src = l->hosts[h], dst = l->hosts[(h + 1) % n], ready = pause(l, 1);
            csin_schedule_after(l->s, before[h]);
            csin_schedule_after(l->s, before[(h + n - 1) % n]);
            sent[h] = transfer(l, src, dst, csin_piece(l->step->size_bytes, n, (h + n - k % n) % n),
                               slices_profile(l, src, dst));
            csin_schedule_after(l->s, ready);
        }
    }
    for (uint32_t h = 0; h < n; h++) {
        before[h] = sent[h];
        if (n > 1)
            before[h] = csin_schedule_delay(l->s, 0); /* what came last, and what was sent */
        if (n > 1) {
            csin_schedule_after(l->s, sent[h]);
            csin_schedule_after(l->s, sent[(h + n - 1) % n]);
        }
    }
    for (uint32_t h = 0; h < n; h++)
        sent[h] = inside_phase(l, h, before[h]);
    end = csin_library_join(l, sent, n);
done:
    free(sent);
    free(before);
    return end;
}
