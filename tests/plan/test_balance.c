/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/plan/offers.h"
#include "tests/topo/random_fabric.h"

#define ZONE "leaf:40 spine:20 host:20 200Gb/s"

static void a_permutation_of_a_full_zone_gets_every_uplink_to_itself(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    struct csin_rng rng = csin_rng_init(3, 0);
    begin_phase(&p, 0);
    offer_permutations(&p, &rng, 1);
    struct csin_balance got = plan_tables(&p, "a permutation", false, 10);
    assert_close(got.worst, 1, 1e-12);
    assert_close(got.bound, 1, 1e-12);
    assert_true(got.given > 1.5);
    csin_balance_finish(&got);
    close_planned(&p);
}

/* ---- many phases ---- */

static void many_phases_of_random_flows_come_within_a_fifth(void **state)
{
    (void)state;
    struct planned p = open_line(ZONE);
    for (uint32_t k = 0; k < 64; k++) {
        struct csin_rng rng = csin_rng_init(5, k);
        begin_phase(&p, 0);
        offer_permutations(&p, &rng, 20);
    }
    struct csin_balance got = plan_tables(&p, "64 x 20 random permutations", false, 30);
    assert_true(got.worst <= got.bound * 1.2 * (1 + 1e-9));
    csin_balance_finish(&got);
    close_planned(&p);
}

/* Storage hosts: two on every leaf but at other ports. The others: jobs of 40 to 160 hosts, drawn,
 * every other one with rings, the others with trees; all read while they reduce. */
enum { N_STORAGE = 80, N_COMPUTE = 720, MAX_JOB = 160 };

struct mix {
    uint32_t storage[N_STORAGE], compute[N_COMPUTE];
};

static struct mix make_mix(void)
{
    struct mix m;
    uint32_t n_storage = 0, n_compute = 0;
    for (uint32_t i = 0; i < N_STORAGE + N_COMPUTE; i++) {
        uint32_t port = i % 20, leaf = i / 20;
        if (port == leaf % 20 || port == (leaf + 10) % 20)
            m.storage[n_storage++] = i;
        else
            m.compute[n_compute++] = i;
    }
    assert_int_equal(n_storage, N_STORAGE);
    assert_int_equal(n_compute, N_COMPUTE);
    return m;
}

static void offer_jobs(struct planned *p, struct mix *m, struct csin_rng *rng, double share)
{
    csin_rng_shuffle(rng, m->compute, N_COMPUTE);
    for (uint32_t first = 0, turn = 0; first < N_COMPUTE; turn++) {
        uint32_t n = 40 + (uint32_t)csin_rng_below(rng, MAX_JOB - 40 + 1);
        n = first + n > N_COMPUTE ? N_COMPUTE - first : n;
        if (turn % 2)
            offer_two_trees(p, m->compute + first, n, share);
        else
            offer_ring(p, m->compute + first, n, share);
        first += n;
    }
}

static void mixes(void **state)
{
    (void)state;
    for (double a = 0; a < 1; a += 0.25) {
        struct planned p = open_line(ZONE);
        struct mix m = make_mix();
        for (uint32_t k = 0; k < 64; k++) {
            struct csin_rng rng = csin_rng_init(7, k);
            begin_phase(&p, 0);
            offer_reads(&p, &rng, m.storage, N_STORAGE, m.compute, N_COMPUTE, 20,
                        (1 - a) * N_STORAGE / N_COMPUTE);
            offer_jobs(&p, &m, &rng, a);
        }
        print_message("%g ", a);
        struct csin_balance got = plan_tables(&p, "mix", false, 30);
        csin_balance_finish(&got);
        close_planned(&p);
    }
}

CHECK_MAIN(cmocka_unit_test(a_permutation_of_a_full_zone_gets_every_uplink_to_itself),
           cmocka_unit_test(many_phases_of_random_flows_come_within_a_fifth),
           cmocka_unit_test(mixes))
