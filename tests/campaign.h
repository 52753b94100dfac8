/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Campaigns of random cases: the seeds 1, 2, ... of a given number of cases; with CSIN_SOAK=SECONDS
 * on from a new seed until the time is up, with CSIN_SEED=N that one. The seed at fault is printed
 * by campaign_end, which every campaign's test has as its teardown. */
#ifndef CSIN_TESTS_CAMPAIGN_H
#define CSIN_TESTS_CAMPAIGN_H

#include "tests/check.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

static uint64_t campaign_seed; /* being tried; 0 between campaigns */

static inline uint64_t campaign_env(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

static inline double campaign_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* An assertion of csin itself ends the process at once. */
static inline void campaign_abort(int number)
{
    char text[64];
    int n = snprintf(text, sizeof text, "the seed at fault: CSIN_SEED=%llu\n",
                     (unsigned long long)campaign_seed);
    if (campaign_seed && write(STDERR_FILENO, text, (size_t)n) != n)
        _exit(1);
    signal(number, SIG_DFL);
}

/* Tries n seeds, or as many as CSIN_SOAK has time for, or the one of CSIN_SEED. */
static inline void campaign(uint32_t n, void (*try_seed)(uint64_t seed))
{
    uint64_t only = campaign_env("CSIN_SEED"), soak_s = campaign_env("CSIN_SOAK"), tried = 0;
    uint64_t first = only ? only : soak_s ? (uint64_t)time(NULL) << 20 : 1;
    double end_s = campaign_now_s() + (double)soak_s;
    signal(SIGABRT, campaign_abort);
    for (; only ? tried < 1 : tried < n || (soak_s && campaign_now_s() < end_s); tried++) {
        campaign_seed = first + tried;
        try_seed(campaign_seed);
    }
    campaign_seed = 0;
    signal(SIGABRT, SIG_DFL);
    print_message("%llu cases, seeds from %llu\n", (unsigned long long)tried,
                  (unsigned long long)first);
}

static inline int campaign_end(void **state)
{
    (void)state;
    if (campaign_seed)
        print_error("the seed at fault: CSIN_SEED=%llu\n", (unsigned long long)campaign_seed);
    campaign_seed = 0;
    return 0;
}

#endif
