/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Seeded chance. The same seed gives the same numbers on every machine. The generator is splitmix64
 * (Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). */
#ifndef CSIN_BASE_RNG_H
#define CSIN_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct csin_rng {
    uint64_t state;
};

/* A well mixed 64-bit value of x: the output function of splitmix64. */
static inline uint64_t csin_mix64(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Independent streams of one seed: give each user of chance (a job, a stream) its own number. */
static inline struct csin_rng csin_rng_init(uint64_t seed, uint64_t stream)
{
    return (struct csin_rng){csin_mix64(seed) ^ csin_mix64(~stream)};
}

static inline uint64_t csin_rng_next(struct csin_rng *rng)
{
    uint64_t x = csin_mix64(rng->state);
    rng->state += 0x9e3779b97f4a7c15u;
    return x;
}

/* Uniform in 0..n-1, without bias; n > 0. */
static inline uint64_t csin_rng_below(struct csin_rng *rng, uint64_t n)
{
    uint64_t threshold = -n % n, x;
    do {
        x = csin_rng_next(rng);
    } while (x < threshold);
    return x % n;
}

/* Uniform shuffle (Fisher-Yates). */
static inline void csin_rng_shuffle(struct csin_rng *rng, uint32_t *items, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = csin_rng_below(rng, i);
        uint32_t t = items[i - 1];
        items[i - 1] = items[j];
        items[j] = t;
    }
}

#endif
