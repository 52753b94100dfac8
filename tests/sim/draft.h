/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random scenarios over small random fabrics, as text for run_open: jobs of several steps, reads
 * and checkpoints, any policy. Sizes and times are such that nothing happens at the same time by
 * chance. */
#ifndef CSIN_TESTS_SIM_DRAFT_H
#define CSIN_TESTS_SIM_DRAFT_H

#include "tests/check.h"

#include "base/rng.h"
#include "sim/pick.h"
#include "sim/scenario.h"

struct draft {
    FILE *fabric, *scenario;
    char *fabric_text, *scenario_text;
    size_t bytes;
    struct csin_rng rng;
    unsigned n_hosts, n_storage; /* of the fabric */
};

static inline unsigned draft_in(struct draft *d, unsigned low, unsigned high)
{
    return low + (unsigned)csin_rng_below(&d->rng, high - low + 1);
}

static inline const char *draft_one_of(struct draft *d, const char *const *words, unsigned n)
{
    return words[draft_in(d, 0, n - 1)];
}

static const char *const draft_rates[] = {"8Gb/s", "16Gb/s", "4Gb/s", "9Gb/s"};
static const char *const draft_latencies[] = {"0s", "700ns", "13us"};

static inline void draft_line(struct draft *d)
{
    unsigned leaves = draft_in(d, 1, 4), hosts = draft_in(d, 1, 4), storage = draft_in(d, 1, 2);
    d->n_hosts = leaves * hosts;
    d->n_storage = leaves * storage;
    fprintf(d->fabric, "leaf:%u spine:%u host:%u storage:%u links:%u 16Gb/s uplink:%s latency:%s",
            leaves, draft_in(d, 1, 3), hosts, storage, draft_in(d, 1, 2),
            draft_one_of(d, draft_rates, 4), draft_one_of(d, draft_latencies, 3));
}

static inline void draft_zones(struct draft *d)
{
    unsigned hosts = draft_in(d, 2, 6);
    d->n_hosts = 2 * hosts;
    d->n_storage = draft_in(d, 1, 5);
    fprintf(d->fabric,
            "fabric: random\n"
            "switch-models: {sw: {ports: 32, rate: 16Gb/s, latency: %s}}\n"
            "host-models: {h: {rate: %s, latency: %s}, s: {rate: %s, nics: 2, role: storage}}\n",
            draft_one_of(d, draft_latencies, 3), draft_one_of(d, draft_rates, 4),
            draft_one_of(d, draft_latencies, 3), draft_one_of(d, draft_rates, 4));
    fprintf(d->fabric,
            "zones: {a: &z {model: sw, leaves: %u, spines: %u, uplink-rate: %s}, b: *z}\n",
            draft_in(d, 2, 3), draft_in(d, 1, 3), draft_one_of(d, draft_rates, 4));
    fprintf(d->fabric,
            "hosts:\n"
            "  - {names: 'h[1-%u]', model: h, attach: {zone: a}}\n"
            "  - {names: 'h[%u-%u]', model: h, attach: {zone: b}}\n"
            "  - {names: 's[1-%u]', model: s, attach: [{zone: a}, {zone: b, nic: 1}]}\n",
            hosts, hosts + 1, 2 * hosts, d->n_storage);
    fprintf(d->fabric,
            "inter-zone: {names: 'x[1-%u]', model: sw, zones: [a, b], leaves: 2, rate: %s}\n",
            draft_in(d, 1, 2), draft_one_of(d, draft_rates, 4));
    if (draft_in(d, 0, 1))
        fprintf(d->fabric, "overrides: {between: [a-leaf1, a-spine1], rate: 1Gb/s}\n");
}

/* Sizes are drawn from a wide range, so that two different transfers do not end together by chance.
 */
static inline void draft_step(struct draft *d, unsigned n)
{
    static const char *const works[] = {"reduce-scatter", "all-gather", "all-to-all", "incast"};
    unsigned size = draft_in(d, 1, 4000000);
    switch (draft_in(d, 0, 5)) {
    case 0:
        fprintf(d->scenario, "{compute: %uns}", draft_in(d, 0, 900000));
        break;
    case 1:
        fprintf(d->scenario, "{allreduce: {algorithm: double-binary-tree, size: %uB, chunk: %uB}}",
                size + 2, size / draft_in(d, 3, 9) + 1);
        break;
    case 2:
        fprintf(d->scenario, "{allreduce: {size: %uB}}", size);
        break;
    case 3:
        fprintf(d->scenario, "{broadcast: {size: %uB, chunk: %uB, root: %u}}", size + 1,
                size / draft_in(d, 2, 5) + 1, draft_in(d, 0, n - 1));
        break;
    case 4:
        fprintf(d->scenario, "{permutation: {size: %uB}}", size);
        break;
    default:
        fprintf(d->scenario, "{%s: {size: %uB}}", draft_one_of(d, works, 4), size);
    }
}

static inline void draft_job(struct draft *d, unsigned job, unsigned n)
{
    unsigned steps = draft_in(d, 1, 3);
    fprintf(d->scenario,
            "  - {name: j%u, hosts: %u, placement: %s, start: %uns, repeat: %u, steps: [", job, n,
            csin_placement_names[draft_in(d, 0, 2)], draft_in(d, 0, 500000), draft_in(d, 1, 2));
    for (unsigned i = 0; i < steps; i++) {
        fputs(i ? ", " : "", d->scenario);
        draft_step(d, n);
    }
    fputs("]}\n", d->scenario);
}

static inline void draft_stream(struct draft *d, unsigned stream)
{
    unsigned chunk = draft_in(d, 100000, 900000), kind = draft_in(d, 0, d->n_storage > 1 ? 2 : 1);
    fprintf(d->scenario, "  - {%s: {name: s%u, %s: %u, placement: random, start: %uns, chunk: %uB",
            kind == 2 ? "checkpoint" : "read", stream, kind == 2 ? "writers" : "readers",
            draft_in(d, 1, d->n_hosts), draft_in(d, 0, 900000), chunk);
    if (kind == 0) /* the chunk is no divisor of the duration: nothing ends when the gate closes */
        fprintf(d->scenario, ", duration: %uns, stripe: %u, concurrency: %u",
                draft_in(d, 500000, 4000000), draft_in(d, 1, d->n_storage), draft_in(d, 1, 4));
    else if (kind == 1)
        fprintf(d->scenario, ", size: %uB, stripe: %u, concurrency: %u",
                4 * chunk + draft_in(d, 1, 4 * chunk), draft_in(d, 1, d->n_storage),
                draft_in(d, 1, 4));
    else
        fprintf(d->scenario, ", size: %uB, replicas: %u, concurrency: %u",
                4 * chunk + draft_in(d, 1, 4 * chunk), d->n_storage > 2 ? draft_in(d, 2, 3) : 2,
                draft_in(d, 1, 4));
    fputs("}}\n", d->scenario);
}

/* Routed by one of the first n_policies. */
static inline void draft_open(struct draft *d, uint64_t seed, unsigned n_policies)
{
    *d = (struct draft){.rng = csin_rng_init(seed, 0)};
    d->fabric = open_memstream(&d->fabric_text, &d->bytes);
    d->scenario = open_memstream(&d->scenario_text, &d->bytes);
    assert_true(d->fabric && d->scenario);
    if (draft_in(d, 0, 2))
        draft_line(d);
    else
        draft_zones(d);
    unsigned policy = draft_in(d, 0, n_policies - 1), streams = draft_in(d, 0, 2);
    fprintf(d->scenario, "routing: %s\n", csin_policy_names[policy]);
    if (csin_routes_are_drawn(policy) || streams) /* elsewhere it might have no effect */
        fprintf(d->scenario, "seed: %llu\n", (unsigned long long)seed % 1000000000);
    fputs("jobs:\n", d->scenario);
    unsigned left = d->n_hosts, n;
    for (unsigned job = 0; job < 3 && left >= 2; job++, left -= n)
        draft_job(d, job, n = draft_in(d, 2, left));
    if (left == d->n_hosts) /* a fabric of one host */
        fputs("  - {name: j, hosts: 1, steps: [{compute: 1ms}]}\n", d->scenario);
    fputs(streams ? "storage:\n" : "", d->scenario);
    for (unsigned i = 0; i < streams; i++)
        draft_stream(d, i);
    fclose(d->fabric);
    fclose(d->scenario);
}

static inline void draft_close(struct draft *d)
{
    free(d->fabric_text);
    free(d->scenario_text);
}

#endif
