/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/collectives.h"

#include <stdlib.h>

#include "sim/libraries.h"
#include "sim/training.h"

/* Piece i of n nearly equal ones: sizes differ by one byte at most and add up. */
static uint64_t piece(uint64_t bytes, uint64_t n, uint64_t i)
{
    return bytes / n + (i < bytes % n);
}

/* Pieces of at most `chunk`, at least one where there is anything to send. */
static uint64_t n_chunks(uint64_t bytes, uint64_t chunk)
{
    if (bytes == 0)
        return 0;
    return chunk == 0 ? 1 : bytes / chunk + (bytes % chunk != 0);
}

/* Ends a step: an operation that waits for the ones noted in `last`. */
static uint32_t join(struct csin_schedule *s, uint32_t after, const uint32_t *last, size_t n)
{
    uint32_t end = csin_schedule_delay(s, 0);
    csin_schedule_after(s, after);
    for (size_t i = 0; i < n; i++)
        csin_schedule_after(s, last[i]);
    return end;
}

/* A row of n operations; fails the schedule without memory. */
static uint32_t *new_row(struct csin_schedule *s, size_t n)
{
    uint32_t *row = malloc((n + 1) * sizeof *row);
    if (!row) {
        s->failed = 1;
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        row[i] = CSIN_NONE;
    return row;
}

/* Ring: in round k, rank i sends piece i - k to its right-hand neighbour: what it received in round
 * k - 1 (Patarasuk, Yuan, Bandwidth optimal all-reduce algorithms for clusters of workstations,
 * JPDC 2009). reduce-scatter and all-gather are n - 1 rounds each, allreduce one after the other.
 */
static uint32_t ring(struct csin_schedule *s, const struct csin_step *step, const uint32_t *hosts,
                     uint32_t n, uint32_t rounds, uint32_t after)
{
    uint32_t *sent = new_row(s, n), *previous = new_row(s, n), end = after;
    csin_schedule_expect(s, rounds, n);
    if (!sent || !previous || s->failed)
        goto done;
    for (uint32_t k = 0; k < rounds && !s->failed; k++) {
        uint32_t *t = previous;
        previous = sent;
        sent = t;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t left = (i + n - 1) % n;
            sent[i] = csin_schedule_transfer(s, hosts[i], hosts[(i + 1) % n],
                                             piece(step->size_bytes, n, (i + n - k % n) % n));
            csin_schedule_after(s, k ? previous[left] : after);
            if (k)
                csin_schedule_after(s, previous[i]); /* one send at a time */
        }
    }
    s->bytes += rounds * step->size_bytes; /* each round moves every piece once */
    end = join(s, after, sent, n);
done:
    free(sent);
    free(previous);
    return end;
}

/* In-order binary tree over 1..n-1 under root 0: a node's lowest set bit is its height. */
static struct csin_tree_node in_order_tree(uint32_t rank, uint32_t n)
{
    struct csin_tree_node node = {CSIN_NONE, {CSIN_NONE, CSIN_NONE}};
    if (rank == 0) {
        uint32_t top = 1;
        while (top < (n + 1) / 2)
            top *= 2;
        if (n > 1)
            node.child[0] = top;
        return node;
    }
    uint32_t bit = rank & -rank;
    uint32_t up = (rank ^ bit) | (bit << 1);
    node.parent = up < n ? up : rank ^ bit;
    if (bit > 1) {
        node.child[0] = rank - bit / 2;
        /* The right-hand subtree may be cut off by n: its root is the first node that exists. */
        for (uint32_t low = bit / 2; low && node.child[1] == CSIN_NONE; low /= 2)
            if (rank + low < n)
                node.child[1] = rank + low;
    }
    return node;
}

struct csin_tree_node csin_double_tree(unsigned tree, uint32_t rank, uint32_t n)
{
    if (tree == 0)
        return in_order_tree(rank, n);
    /* The second tree: mirrored where n is even, shifted by one where it is odd. Either way a rank
     * that is odd in one is even in the other, so the leaves of one tree are inner nodes of the
     * other. */
    uint32_t as = n % 2 == 0 ? n - 1 - rank : (rank + n - 1) % n;
    struct csin_tree_node node = in_order_tree(as, n);
    uint32_t *links[] = {&node.parent, &node.child[0], &node.child[1]};
    for (unsigned i = 0; i < 3; i++)
        if (*links[i] != CSIN_NONE)
            *links[i] = n % 2 == 0 ? n - 1 - *links[i] : (*links[i] + 1) % n;
    return node;
}

/* The ranks of a tree from the root down, so that parents come before their children. */
static void order_tree(unsigned tree, uint32_t n, uint32_t *order)
{
    uint32_t head = 0, tail = 0;
    order[tail++] = tree == 0 ? 0 : n % 2 == 0 ? n - 1 : 1 % n;
    while (head < tail) {
        struct csin_tree_node node = csin_double_tree(tree, order[head++], n);
        for (unsigned c = 0; c < 2; c++)
            if (node.child[c] != CSIN_NONE)
                order[tail++] = node.child[c];
    }
}

/* One of the two trees: chunk after chunk goes up (each inner node waits for both children) and,
 * from the root, down again. An edge carries one chunk at a time each way. */
struct tree_rows {
    uint32_t *order;
    uint32_t *up, *down; /* [n] operation of the chunk at hand between a rank and its parent */
    uint32_t *up_before, *down_before; /* the same of the chunk before */
};

static void tree_chunk(struct csin_schedule *s, const struct tree_rows *rows, unsigned tree,
                       const uint32_t *hosts, uint32_t n, uint64_t bytes, uint32_t after)
{
    for (uint32_t i = n; i-- > 1;) {
        uint32_t rank = rows->order[i];
        struct csin_tree_node node = csin_double_tree(tree, rank, n);
        rows->up[rank] = csin_schedule_transfer(s, hosts[rank], hosts[node.parent], bytes);
        csin_schedule_after(s, rows->up_before[rank] == CSIN_NONE ? after : rows->up_before[rank]);
        for (unsigned c = 0; c < 2; c++)
            if (node.child[c] != CSIN_NONE)
                csin_schedule_after(s, rows->up[node.child[c]]);
    }
    uint32_t root = rows->order[0];
    struct csin_tree_node top = csin_double_tree(tree, root, n);
    for (uint32_t i = 1; i < n; i++) {
        uint32_t rank = rows->order[i];
        struct csin_tree_node node = csin_double_tree(tree, rank, n);
        rows->down[rank] = csin_schedule_transfer(s, hosts[node.parent], hosts[rank], bytes);
        if (node.parent != root)
            csin_schedule_after(s, rows->down[node.parent]);
        else
            for (unsigned c = 0; c < 2; c++)
                if (top.child[c] != CSIN_NONE)
                    csin_schedule_after(s, rows->up[top.child[c]]);
        csin_schedule_after(s, rows->down_before[rank]);
    }
}

static uint32_t double_binary_tree(struct csin_schedule *s, const struct csin_step *step,
                                   const uint32_t *hosts, uint32_t n, uint32_t after)
{
    struct tree_rows rows = {new_row(s, n), new_row(s, n), new_row(s, n), new_row(s, n),
                             new_row(s, n)};
    uint32_t *last = new_row(s, 2 * (size_t)n), n_last = 0, end = after;
    if (!rows.order || !rows.up || !rows.down || !rows.up_before || !rows.down_before || !last)
        goto done;
    for (unsigned tree = 0; tree < 2; tree++) {
        uint64_t half = piece(step->size_bytes, 2, tree),
                 chunks = n_chunks(half, step->chunk_bytes);
        csin_schedule_expect(s, chunks, 2 * (uint64_t)(n - 1));
        order_tree(tree, n, rows.order);
        for (uint32_t i = 0; i < n; i++)
            rows.up[i] = rows.down[i] = CSIN_NONE;
        for (uint64_t c = 0; c < chunks && !s->failed; c++) {
            uint32_t *t = rows.up_before;
            rows.up_before = rows.up;
            rows.up = t;
            t = rows.down_before;
            rows.down_before = rows.down;
            rows.down = t;
            tree_chunk(s, &rows, tree, hosts, n, piece(half, chunks, c), after);
        }
        for (uint32_t i = 1; i < n && chunks; i++)
            last[n_last++] = rows.down[rows.order[i]];
    }
    s->bytes += 2 * (uint64_t)(n - 1) *
                step->size_bytes; /* every edge of both trees, up and down */
    end = join(s, after, last, n_last);
done:
    free(rows.order);
    free(rows.up);
    free(rows.down);
    free(rows.up_before);
    free(rows.down_before);
    free(last);
    return end;
}

/* Pairwise exchange: in round k, rank i sends to i + k and receives from i - k. */
static uint32_t all_to_all(struct csin_schedule *s, const struct csin_step *step,
                           const uint32_t *hosts, uint32_t n, uint32_t after)
{
    uint32_t *sent = new_row(s, n), *previous = new_row(s, n), end = after;
    csin_schedule_expect(s, n - 1, n);
    if (!sent || !previous || s->failed)
        goto done;
    for (uint32_t k = 1; k < n && !s->failed; k++) {
        uint32_t *t = previous;
        previous = sent;
        sent = t;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t to = (i + k) % n, from_before = (i + n - (k - 1)) % n;
            sent[i] = csin_schedule_transfer(s, hosts[i], hosts[to],
                                             piece(step->size_bytes, n, to));
            csin_schedule_after(s, k > 1 ? previous[i] : after);
            if (k > 1)
                csin_schedule_after(s, previous[from_before]);
        }
    }
    s->bytes += (uint64_t)(n - 1) * step->size_bytes; /* all but the piece that stays */
    end = join(s, after, sent, n);
done:
    free(sent);
    free(previous);
    return end;
}

/* A pipelined chain from the root through all ranks: rank i hands a chunk on when it has it. */
static uint32_t broadcast(struct csin_schedule *s, const struct csin_step *step,
                          const uint32_t *hosts, uint32_t n, uint32_t after)
{
    uint64_t chunks = n_chunks(step->size_bytes, step->chunk_bytes);
    uint32_t *edge = new_row(s, n), end = after;
    if (!edge)
        return after;
    csin_schedule_expect(s, chunks, n - 1);
    for (uint64_t c = 0; c < chunks && !s->failed; c++)
        for (uint32_t i = 0; i + 1 < n; i++) {
            uint32_t before = edge[i];
            edge[i] = csin_schedule_transfer(s, hosts[(step->root + i) % n],
                                             hosts[(step->root + i + 1) % n],
                                             piece(step->size_bytes, chunks, c));
            csin_schedule_after(s, i ? edge[i - 1] : after);
            csin_schedule_after(s, before);
        }
    s->bytes += (uint64_t)(n - 1) * step->size_bytes;
    end = join(s, after, edge, n - 1);
    free(edge);
    return end;
}

/* Every rank sends its buffer to another one: `shift` ranks on, or by a random permutation. Who is
 * mapped to himself sends nothing. */
static uint32_t permutation(struct csin_schedule *s, const struct csin_step *step,
                            const uint32_t *hosts, uint32_t n, uint32_t after, struct csin_rng rng)
{
    uint32_t *to = new_row(s, n), *sent = new_row(s, n), n_sent = 0, end = after;
    if (!to || !sent)
        goto done;
    for (uint32_t i = 0; i < n; i++)
        to[i] = (i + step->shift) % n;
    if (step->shift == 0)
        csin_rng_shuffle(&rng, to, n);
    for (uint32_t i = 0; i < n; i++) {
        if (to[i] == i)
            continue;
        sent[n_sent++] = csin_schedule_transfer(s, hosts[i], hosts[to[i]], step->size_bytes);
        csin_schedule_after(s, after);
    }
    s->bytes += n_sent * step->size_bytes;
    end = join(s, after, sent, n_sent);
done:
    free(to);
    free(sent);
    return end;
}

static uint32_t incast(struct csin_schedule *s, const struct csin_step *step, const uint32_t *hosts,
                       uint32_t n, uint32_t after)
{
    uint32_t *sent = new_row(s, n), n_sent = 0, end = after;
    if (!sent)
        return after;
    for (uint32_t i = 0; i < n; i++) {
        if (i == step->root)
            continue;
        sent[n_sent++] = csin_schedule_transfer(s, hosts[i], hosts[step->root], step->size_bytes);
        csin_schedule_after(s, after);
    }
    s->bytes += (uint64_t)(n - 1) * step->size_bytes;
    end = join(s, after, sent, n_sent);
    free(sent);
    return end;
}

uint32_t csin_step_schedule(struct csin_schedule *s, const struct csin_step *step,
                            const uint32_t *hosts, uint32_t n, uint32_t after, struct csin_rng rng)
{
    if (step->work == CSIN_TRAINING)
        return csin_training_schedule(s, step->training, hosts, n, after, rng, NULL);
    if (step->work != CSIN_COMPUTE_DELAY && csin_is_library(step->algorithm))
        return csin_library_schedule(s, step, hosts, n, after);
    if (step->work == CSIN_COMPUTE_DELAY || n < 2) {
        uint32_t end = csin_schedule_delay(s, step->work == CSIN_COMPUTE_DELAY ? step->time_s : 0);
        csin_schedule_after(s, after);
        return end;
    }
    switch (step->work) {
    case CSIN_ALLREDUCE:
        if (step->algorithm == CSIN_DOUBLE_BINARY_TREE)
            return double_binary_tree(s, step, hosts, n, after);
        return ring(s, step, hosts, n, 2 * (n - 1), after);
    case CSIN_REDUCE_SCATTER:
    case CSIN_ALL_GATHER:
        return ring(s, step, hosts, n, n - 1, after);
    case CSIN_ALL_TO_ALL:
        return all_to_all(s, step, hosts, n, after);
    case CSIN_BROADCAST:
        return broadcast(s, step, hosts, n, after);
    case CSIN_PERMUTATION:
        return permutation(s, step, hosts, n, after, rng);
    case CSIN_INCAST:
        return incast(s, step, hosts, n, after);
    case CSIN_COMPUTE_DELAY:
    case CSIN_TRAINING:
    case CSIN_N_WORKS:
        break;
    }
    return after;
}

double csin_step_bus_factor(const struct csin_step *step, uint32_t n_hosts)
{
    double n = n_hosts;
    switch (step->work) {
    case CSIN_ALLREDUCE:
        return 2 * (n - 1) / n;
    case CSIN_REDUCE_SCATTER:
    case CSIN_ALL_GATHER:
    case CSIN_ALL_TO_ALL:
        return (n - 1) / n;
    case CSIN_BROADCAST:
    case CSIN_PERMUTATION:
        return 1;
    case CSIN_INCAST:
        return n - 1;
    case CSIN_COMPUTE_DELAY:
    case CSIN_TRAINING:
    case CSIN_N_WORKS:
        break;
    }
    return 0;
}

struct csin_cut csin_step_cut(const struct csin_step *step, uint32_t n)
{
    if (step->work == CSIN_COMPUTE_DELAY || step->work == CSIN_TRAINING || n < 2)
        return (struct csin_cut){0, 0};
    uint64_t pieces = n, bytes = step->size_bytes;
    if (csin_is_library(step->algorithm)) { /* a ring cuts what each channel has */
        pieces = step->chunk_bytes ? n_chunks(bytes, step->chunk_bytes) : n * step->channels;
        return (struct csin_cut){pieces, pieces ? piece(bytes, pieces, 0) : 0};
    }
    if (step->work == CSIN_PERMUTATION || step->work == CSIN_INCAST)
        pieces = 1;
    else if (step->work == CSIN_BROADCAST)
        pieces = n_chunks(bytes, step->chunk_bytes);
    else if (step->work == CSIN_ALLREDUCE && step->algorithm == CSIN_DOUBLE_BINARY_TREE) {
        uint64_t half = piece(bytes, 2, 0), per_tree = n_chunks(half, step->chunk_bytes);
        uint64_t other = n_chunks(piece(bytes, 2, 1), step->chunk_bytes);
        return (struct csin_cut){per_tree + other, per_tree ? piece(half, per_tree, 0) : 0};
    }
    return (struct csin_cut){pieces, pieces ? piece(bytes, pieces, 0) : 0};
}
