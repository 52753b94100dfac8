/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/design.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

#define SEED 3
/* Of the searches: tries of a base block, and exchanges of points. */
#define DIFFERENCE_MOVES 400000u
#define EXCHANGE_MOVES 400000u
/* Designs of so many blocks at most are improved by exchanges: there a few uneven pairs matter, and
 * the search gets somewhere. */
#define EXCHANGE_BLOCKS 2000u

const char *const csin_design_names[] = {"balanced", "naive", NULL};

uint32_t csin_design_least(uint32_t v, uint32_t k)
{
    uint32_t r = (v - 1 + k - 2) / (k - 1);
    while (!csin_design_blocks(v, k, r))
        r++;
    return r;
}

/* ---- cyclic designs ---- */

/* Base blocks begin with point 0. The pairs of two points that are d apart, d <= v / 2, are in as
 * many blocks as base blocks have the difference d; where d = v / 2, in twice as many. */
struct cyclic {
    uint32_t v, k, n; /* n base blocks of v turns each */
    uint32_t n_short; /* times the block {0, v/k, ...}, which has v / k turns */
    uint32_t *base;   /* [n x k] */
    uint32_t *times;  /* [v / 2 + 1] blocks for each difference */
};

static uint32_t difference(const struct cyclic *c, uint32_t a, uint32_t b)
{
    uint32_t d = a > b ? a - b : b - a;
    return d <= c->v - d ? d : c->v - d;
}

/* The sum over all partners of a point of times^2 changes by this when a base block comes (+1) or
 * goes (-1); counts it. */
static int64_t count_block(struct cyclic *c, const uint32_t *block, int change)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < c->k; i++)
        for (uint32_t j = i + 1; j < c->k; j++) {
            uint32_t d = difference(c, block[i], block[j]);
            int64_t middle = 2 * d == c->v, by = change * (middle ? 2 : 1), t = c->times[d];
            sum += (middle ? 1 : 2) * (2 * t * by + by * by);
            c->times[d] = (uint32_t)(t + by);
        }
    return sum;
}

static void draw_block(const struct cyclic *c, struct csin_rng *rng, uint32_t *block)
{
    block[0] = 0;
    for (uint32_t i = 1; i < c->k; i++) {
        bool is_new;
        do {
            block[i] = (uint32_t)csin_rng_below(rng, c->v);
            is_new = true;
            for (uint32_t j = 0; j < i; j++)
                is_new = is_new && block[j] != block[i];
        } while (!is_new);
    }
}

/* A block with another point in place of one of its own. */
static void change_block(const struct cyclic *c, struct csin_rng *rng, uint32_t *block)
{
    uint32_t i = 1 + (uint32_t)csin_rng_below(rng, c->k - 1), old = block[i];
    bool is_new;
    do {
        block[i] = (uint32_t)csin_rng_below(rng, c->v);
        is_new = block[i] != old;
        for (uint32_t j = 0; j < c->k; j++)
            is_new = is_new && (j == i || block[j] != block[i]);
    } while (!is_new && c->v > c->k);
}

/* The smallest sum of squares that `total` has over n parts. */
static int64_t least_squares(int64_t total, int64_t n)
{
    int64_t q = total / n, more = total % n;
    return (n - more) * q * q + more * (q + 1) * (q + 1);
}

static double unit(struct csin_rng *rng)
{
    return (double)(csin_rng_next(rng) >> 11) * 0x1p-53;
}

static void search_differences(struct cyclic *c, int64_t sum, int64_t least)
{
    struct csin_rng rng = csin_rng_init(SEED, 1);
    uint32_t block[CSIN_MAX_REPLICAS];
    for (uint32_t move = 0; move < DIFFERENCE_MOVES && sum > least && c->n > 0; move++) {
        uint32_t *old = c->base + (size_t)c->k * csin_rng_below(&rng, c->n);
        double heat = 4.0 * (1 - (double)move / DIFFERENCE_MOVES) + 1e-3;
        memcpy(block, old, c->k * sizeof *block);
        change_block(c, &rng, block);
        int64_t by = count_block(c, old, -1) + count_block(c, block, 1);
        if (by <= 0 || unit(&rng) < exp(-(double)by / heat)) {
            memcpy(old, block, c->k * sizeof *block);
            sum += by;
        } else {
            count_block(c, block, -1);
            count_block(c, old, 1);
        }
    }
}

/* r = k n + n_short; the short block, which only v = k x ... has, comes about lambda times. */
static void split_turns(struct cyclic *c, uint32_t r)
{
    double mean = (double)r * (c->k - 1) / (c->v - 1);
    c->n_short = r % c->k;
    while (c->v % c->k == 0 && c->n_short + c->k <= r &&
           fabs(c->n_short + c->k - mean) < fabs(c->n_short - mean))
        c->n_short += c->k;
    c->n = (r - c->n_short) / c->k;
}

static void write_turns(const struct cyclic *c, uint32_t *out)
{
    for (uint32_t i = 0; i < c->n; i++)
        for (uint32_t turn = 0; turn < c->v; turn++)
            for (uint32_t j = 0; j < c->k; j++)
                *out++ = (c->base[(size_t)i * c->k + j] + turn) % c->v;
    for (uint32_t i = 0; i < c->n_short; i++)
        for (uint32_t turn = 0; turn < c->v / c->k; turn++)
            for (uint32_t j = 0; j < c->k; j++)
                *out++ = turn + (i + j) % c->k * (c->v / c->k);
}

static bool create_cyclic(uint32_t v, uint32_t k, uint32_t r, uint32_t *blocks)
{
    struct cyclic c = {.v = v, .k = k};
    split_turns(&c, r);
    c.base = malloc(((size_t)c.n * k + 1) * sizeof *c.base);
    c.times = calloc((size_t)v / 2 + 1, sizeof *c.times);
    if (c.base && c.times) {
        struct csin_rng rng = csin_rng_init(SEED, 0);
        int64_t sum = 0;
        for (uint32_t j = 1; j < k; j++) { /* partners of a point in the short block */
            uint32_t d = difference(&c, 0, j * (v / k));
            c.times[d] = c.n_short;
        }
        for (uint32_t d = 1; d <= v / 2; d++)
            sum += (2 * d == v ? 1 : 2) * (int64_t)c.times[d] * c.times[d];
        for (uint32_t i = 0; i < c.n; i++) {
            draw_block(&c, &rng, c.base + (size_t)i * k);
            sum += count_block(&c, c.base + (size_t)i * k, 1);
        }
        search_differences(&c, sum, least_squares((int64_t)r * (k - 1), v - 1));
        write_turns(&c, blocks);
    }
    bool ok = c.base && c.times;
    free(c.base);
    free(c.times);
    return ok;
}

/* ---- exchanges ---- */

struct exchange {
    uint32_t v, k;
    uint32_t *together; /* [v x v] */
};

static int64_t count_pair(struct exchange *e, uint32_t a, uint32_t b, int change)
{
    uint32_t *ab = &e->together[(size_t)a * e->v + b], *ba = &e->together[(size_t)b * e->v + a];
    int64_t before = *ab;
    *ab += (uint32_t)change;
    *ba += (uint32_t)change;
    return 2 * before * change + 1;
}

/* Point `from` of a block becomes `to`. */
static int64_t replace(struct exchange *e, uint32_t *block, uint32_t place, uint32_t to)
{
    int64_t by = 0;
    for (uint32_t i = 0; i < e->k; i++)
        if (i != place)
            by += count_pair(e, block[place], block[i], -1) + count_pair(e, to, block[i], 1);
    block[place] = to;
    return by;
}

static bool has(const struct exchange *e, const uint32_t *block, uint32_t point)
{
    for (uint32_t i = 0; i < e->k; i++)
        if (block[i] == point)
            return true;
    return false;
}

static void search_exchanges(struct exchange *e, uint32_t n, uint32_t *blocks, int64_t sum,
                             int64_t least)
{
    struct csin_rng rng = csin_rng_init(SEED, 2);
    for (uint32_t move = 0; move < EXCHANGE_MOVES && sum > least; move++) {
        uint32_t *a = blocks + (size_t)e->k * csin_rng_below(&rng, n);
        uint32_t *b = blocks + (size_t)e->k * csin_rng_below(&rng, n);
        uint32_t i = (uint32_t)csin_rng_below(&rng, e->k), j = (uint32_t)csin_rng_below(&rng, e->k);
        uint32_t x = a[i], y = b[j];
        if (has(e, a, y) || has(e, b, x))
            continue;
        double heat = 1.5 * (1 - (double)move / EXCHANGE_MOVES) + 1e-3;
        int64_t by = replace(e, a, i, y);
        by += replace(e, b, j, x);
        if (by <= 0 || unit(&rng) < exp(-(double)by / heat)) {
            sum += by;
        } else {
            replace(e, a, i, x);
            replace(e, b, j, y);
        }
    }
}

static int64_t count_together(struct exchange *e, uint32_t n, const uint32_t *blocks)
{
    int64_t sum = 0;
    for (uint32_t b = 0; b < n; b++)
        for (uint32_t i = 0; i < e->k; i++)
            for (uint32_t j = i + 1; j < e->k; j++)
                sum += count_pair(e, blocks[(size_t)b * e->k + i], blocks[(size_t)b * e->k + j], 1);
    return sum;
}

/* Points change places between blocks while pairs become more even. */
static bool improve(uint32_t v, uint32_t k, uint32_t n, uint32_t *blocks)
{
    struct exchange e = {.v = v, .k = k};
    uint32_t *before = malloc((size_t)n * k * sizeof *before);
    e.together = calloc((size_t)v * v, sizeof *e.together);
    if (before && e.together) {
        memcpy(before, blocks, (size_t)n * k * sizeof *before);
        int64_t sum = count_together(&e, n, blocks);
        int64_t least = least_squares((int64_t)n * k * (k - 1) / 2, (int64_t)v * (v - 1) / 2);
        search_exchanges(&e, n, blocks, sum, least);
        memset(e.together, 0, (size_t)v * v * sizeof *e.together);
        if (count_together(&e, n, blocks) >= sum)
            memcpy(blocks, before, (size_t)n * k * sizeof *before);
    }
    bool ok = before && e.together;
    free(before);
    free(e.together);
    return ok;
}

bool csin_design_create(enum csin_design design, uint32_t v, uint32_t k, uint32_t r,
                        uint32_t *blocks)
{
    uint64_t n = csin_design_blocks(v, k, r);
    if (design == CSIN_NAIVE || v == k) {
        for (uint64_t i = 0; i < n * k; i++)
            blocks[i] = (uint32_t)((i + (v == k ? i / k : 0)) % v);
        return true;
    }
    return create_cyclic(v, k, r, blocks) &&
           (n > EXCHANGE_BLOCKS || improve(v, k, (uint32_t)n, blocks));
}

bool csin_design_pairs(uint32_t v, uint32_t k, uint64_t n_blocks, const uint32_t *blocks,
                       struct csin_pairs *ret)
{
    /* Row by row of a triangle, so that many points do not need their square in memory. */
    uint32_t *together = malloc(((size_t)v + 1) * sizeof *together);
    uint64_t *first = calloc((size_t)v + 2, sizeof *first);
    uint64_t *of = malloc((n_blocks * k + 1) * sizeof *of);
    bool ok = together && first && of;
    struct csin_pairs pairs = {.least = UINT32_MAX};
    for (uint64_t i = 0; ok && i < n_blocks * k; i++)
        first[blocks[i] + 2]++;
    for (uint32_t x = 0; ok && x < v; x++)
        first[x + 1] += first[x];
    for (uint64_t i = 0; ok && i < n_blocks * k; i++)
        of[first[blocks[i] + 1]++] = i / k;
    for (uint32_t x = 0; ok && x < v; x++) {
        memset(together, 0, v * sizeof *together);
        for (uint64_t i = first[x]; i < first[x + 1]; i++)
            for (uint32_t j = 0; j < k; j++)
                together[blocks[of[i] * k + j]]++;
        for (uint32_t y = x + 1; y < v; y++) {
            pairs.least = together[y] < pairs.least ? together[y] : pairs.least;
            pairs.most = together[y] > pairs.most ? together[y] : pairs.most;
        }
    }
    if (ok) {
        pairs.mean = v > 1 ? (double)n_blocks * k * (k - 1) / ((double)v * (v - 1)) : 0;
        *ret = pairs;
    }
    free(together);
    free(first);
    free(of);
    return ok;
}
