/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random schedules on a fabric: a job whose steps follow one another, and crowds of transfers and
 * delays that wait for one another and go through gates. Half of them have many transfers of the
 * same size, which end together; some transfers move nothing. */
#ifndef CSIN_TESTS_SIM_RANDOM_SCHEDULE_H
#define CSIN_TESTS_SIM_RANDOM_SCHEDULE_H

#include "tests/check.h"

#include "base/rng.h"
#include "sim/schedule.h"
#include "topo/routes.h"

enum { SCHEDULE_OWNERS = 3, SCHEDULE_JOB_HOSTS = 8 };

struct random_schedule {
    struct csin_rng rng;
    const struct csin_fabric *fabric;
    const struct csin_routes *routes;
    struct csin_schedule s;
    uint32_t job[SCHEDULE_JOB_HOSTS], n_job; /* hosts of the job, owner 0; 0: there is none */
    bool gates, ties;
    uint32_t insides; /* percent of the operations that use something inside hosts */
    uint64_t size;    /* of those that are the same */
};

static inline uint32_t schedule_in(struct random_schedule *r, uint32_t low, uint32_t high)
{
    return low + (uint32_t)csin_rng_below(&r->rng, (uint64_t)high - low + 1);
}

static inline bool schedule_chance(struct random_schedule *r, uint32_t percent)
{
    return schedule_in(r, 1, 100) <= percent;
}

/* In [0, 1). */
static inline double schedule_share(struct random_schedule *r)
{
    return (double)(csin_rng_next(&r->rng) >> 11) * 0x1p-53;
}

static inline uint64_t schedule_bytes(struct random_schedule *r)
{
    if (schedule_chance(r, 4))
        return 0;
    if (r->ties)
        return schedule_chance(r, 60) ? r->size : r->size * schedule_in(r, 1, 3);
    return (uint64_t)pow(10, 9 * schedule_share(r)) + schedule_in(r, 0, 100000);
}

/* Of one host, whatever it has, or of two; whole weights, and halves. */
static inline uint32_t schedule_profile(struct random_schedule *r, uint32_t src, uint32_t dst)
{
    struct csin_use uses[6];
    const struct csin_inside *inside = r->s.inside;
    uint32_t n = schedule_in(r, 0, 5);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t host = schedule_chance(r, 50) ? src : dst;
        uint32_t first = inside->first[host], last = inside->first[host + 1];
        double weight = schedule_chance(r, 70) ? 1 : schedule_in(r, 1, 24) / 2.0;
        uint32_t of = first == last ? CSIN_NONE : schedule_in(r, first, last - 1);
        uses[i] = (struct csin_use){of, weight};
    }
    return csin_schedule_profile(&r->s, uses, n);
}

/* Between two of the hosts (NULL: any) that have a way; false where chance finds none. */
static inline bool schedule_add_transfer(struct random_schedule *r, const uint32_t *hosts,
                                         uint32_t n_hosts)
{
    for (unsigned tries = 0; tries < 20; tries++) {
        struct csin_path path;
        uint32_t src = schedule_in(r, 0, n_hosts - 1), dst = schedule_in(r, 0, n_hosts - 1);
        src = hosts ? hosts[src] : src;
        dst = hosts ? hosts[dst] : dst;
        if (r->insides && schedule_chance(r, r->insides / 2)) {
            csin_schedule_local(&r->s, src, schedule_bytes(r));
            csin_schedule_uses(&r->s, schedule_profile(r, src, src));
            return true;
        }
        if (src == dst || !csin_routes_host_path(r->routes, src, dst, 0, &path))
            continue;
        uint64_t bytes = schedule_bytes(r);
        r->s.bytes += bytes;
        csin_schedule_transfer(&r->s, src, dst, bytes);
        if (r->insides && schedule_chance(r, r->insides))
            csin_schedule_uses(&r->s, schedule_profile(r, src, dst));
        return true;
    }
    return false;
}

/* Steps: a delay, transfers that wait for it, and a delay that waits for all of them. */
static inline void schedule_add_job(struct random_schedule *r)
{
    uint32_t n_hosts = schedule_in(r, 2, SCHEDULE_JOB_HOSTS), end = CSIN_NONE;
    if (n_hosts > r->fabric->n_hosts)
        return;
    r->n_job = n_hosts;
    for (uint32_t i = 0; i < n_hosts; i++)
        r->job[i] = i;
    for (uint32_t step = 0, n = schedule_in(r, 1, 6); step < n; step++) {
        uint32_t first = csin_schedule_delay(&r->s, 1e-4 * schedule_share(r));
        csin_schedule_after(&r->s, end);
        for (uint32_t i = 0, k = schedule_in(r, 1, 20); i < k; i++)
            if (schedule_add_transfer(r, r->job, n_hosts))
                csin_schedule_after(&r->s, first);
        end = csin_schedule_delay(&r->s, 0);
        for (uint32_t op = first + 1; op < end; op++)
            csin_schedule_after(&r->s, op);
        csin_schedule_span(&r->s,
                           (struct csin_span){0, 0, step, first, end + 1 - first, first, end});
    }
}

static inline void schedule_add_crowd(struct random_schedule *r, uint32_t owner)
{
    uint32_t first = r->s.n_ops, n = schedule_in(r, 1, schedule_chance(r, 80) ? 120 : 600);
    uint32_t gate = CSIN_NONE, reach = schedule_in(r, 1, 40);
    if (r->gates && schedule_chance(r, 40))
        gate = csin_schedule_gate(&r->s, schedule_in(r, 1, 12),
                                  schedule_chance(r, 60) ? HUGE_VAL : 2e-3 * schedule_share(r));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t op = r->s.n_ops, before = op - first;
        bool delay = schedule_chance(r, 10);
        if (delay)
            csin_schedule_delay(&r->s, schedule_chance(r, 20) ? 0 : 1e-4 * schedule_share(r));
        else if (!schedule_add_transfer(r, NULL, r->fabric->n_hosts))
            continue;
        for (uint32_t k = schedule_in(r, 0, 2); k > 0 && before > reach / 2; k--)
            csin_schedule_after(&r->s, op - schedule_in(r, 1, before < reach ? before : reach));
        if (!delay && gate != CSIN_NONE && schedule_chance(r, 80))
            csin_schedule_through(&r->s, gate);
    }
    if (r->s.n_ops > first)
        csin_schedule_span(&r->s, (struct csin_span){owner, 0, 0, first, r->s.n_ops - first,
                                                     CSIN_NONE, CSIN_NONE});
}

/* Hosts of two models with something inside, and some without. */
static inline void schedule_furnish(struct csin_rng *rng, struct csin_fabric *f,
                                    struct csin_inside_model models[2])
{
    static uint32_t root_ports[2][4] = {{0, 1, 1, CSIN_NONE}, {0, 0, 0, 0}};
    static uint32_t peers[4] = {1, 0, CSIN_NONE, CSIN_NONE};
    static uint32_t nics[CSIN_MAX_PORTS];
    static double rates[2][2] = {{37.5e9, 20e9}, {9e9, 1}};
    for (unsigned m = 0; m < 2; m++)
        models[m] = (struct csin_inside_model){
            .memory_Bps = 1e9 * (5 + (double)csin_rng_below(rng, 300)),
            .n_gpus = 4,
            .n_nics = f->hosts[0].n_nics,
            .n_root_ports = 2 - m,
            .n_ssds = 3 * m,
            .gpu_Bps = 1e9 * (5 + (double)csin_rng_below(rng, 30)),
            .gpu_nic_Bps = 1e9 * (5 + (double)csin_rng_below(rng, 30)),
            .nvlink_Bps = 300e9,
            .gpu_root_port = root_ports[m],
            .nic_root_port = nics,
            .nvlink_peer = peers,
            .root_port_Bps = rates[m],
            .ssd_read_Bps = 7e9,
            .ssd_write_Bps = 3.5e9,
        };
    for (uint32_t h = 0; h < f->n_hosts; h++)
        f->hosts[h].inside = h % 5 == 4 ? NULL : &models[h % 2];
}

static inline void random_schedule_create(struct random_schedule *r, uint64_t seed,
                                          const struct csin_fabric *fabric,
                                          const struct csin_routes *routes,
                                          const struct csin_inside *inside, bool gates)
{
    *r = (struct random_schedule){
        .rng = csin_rng_init(seed, 2), .fabric = fabric, .routes = routes, .gates = gates};
    csin_schedule_init(&r->s, fabric->n_hosts, SCHEDULE_OWNERS);
    r->s.inside = inside;
    r->insides = inside && inside->n > 0 ? 60 : 0;
    r->ties = schedule_chance(r, 60);
    r->size = schedule_in(r, 1, 20000000);
    if (schedule_chance(r, 60))
        schedule_add_job(r);
    for (uint32_t owner = 1; owner < SCHEDULE_OWNERS; owner++)
        schedule_add_crowd(r, owner);
}

/* Capacities that are no multiples of one another, so that little happens together. */
static inline void schedule_uneven(struct random_schedule *r, struct csin_fabric *f)
{
    for (uint32_t c = 0; c < f->n_cables; c++) {
        f->cables[c].capacity_Bps *= 0.2 + 0.8 * schedule_share(r);
        for (uint32_t arc = 2 * c; arc < 2 * c + 2 && f->cables[c].up; arc++)
            f->arc_capacity_Bps[arc] = f->cables[c].capacity_Bps;
    }
}

#endif
