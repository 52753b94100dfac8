/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <unistd.h>

#include "plan/offered.h"
#include "sim/scenario.h"
#include "tests/check.h"

struct asked {
    struct csin_arena *arena;
    struct csin_scenario *sc;
    struct csin_schedule schedule;
    struct csin_offered o;
};

static struct asked ask(const char *yaml)
{
    struct asked a = {.arena = csin_arena_create()};
    char path[] = "/tmp/csin-offered-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = csin_scenario_open(path, NULL, a.arena, diag, &a.sc);
    if (status != CSIN_OK)
        csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    unlink(path);
    csin_diag_destroy(diag);
    assert_int_equal(csin_scenario_schedule(a.sc, CSIN_NONE, NULL, &a.schedule), CSIN_OK);
    assert_int_equal(csin_offered_create(&a.schedule, a.sc->routes, a.sc->fabric, NULL, &a.o),
                     CSIN_OK);
    return a;
}

static void finish(struct asked *a)
{
    csin_offered_finish(&a->o);
    csin_schedule_finish(&a->schedule);
    csin_scenario_destroy(a->sc);
    csin_arena_destroy(a->arena);
}

#define HEAD "scenario: s\nfabric: 'leaf:4 spine:2 host:4 storage:1 200Gb/s'\n"
#define RATE 25e9

/* Each of its 2(n - 1) rounds is the same ring. */
static void a_ring_is_one_phase_of_full_rate(void **state)
{
    (void)state;
    struct asked a = ask(
        HEAD "jobs: [{name: t, hosts: 8, repeat: 3, steps: {allreduce: {size: 8MiB}}}]\n");
    assert_int_equal(a.o.n_phases, 1);
    assert_int_equal(a.o.phases[0].n, 8);
    assert_int_equal(a.o.phases[0].times, 3 * 14);
    for (uint32_t i = 0; i < 8; i++)
        assert_close(a.o.offers[i].rate_Bps, RATE, 1e-12);
    finish(&a);
}

static void an_all_to_all_is_a_phase_for_each_shift(void **state)
{
    (void)state;
    struct asked a = ask(HEAD "jobs: [{name: t, hosts: 8, steps: {all-to-all: {size: 8MiB}}}]\n");
    assert_int_equal(a.o.n_phases, 7);
    for (uint32_t p = 0; p < 7; p++)
        assert_int_equal(a.o.phases[p].n, 8);
    finish(&a);
}

static void an_incast_shares_the_rate_of_its_root(void **state)
{
    (void)state;
    struct asked a = ask(HEAD "jobs: [{name: t, hosts: 5, steps: {incast: {size: 1MiB}}}]\n");
    assert_int_equal(a.o.n_phases, 1);
    assert_int_equal(a.o.phases[0].n, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_close(a.o.offers[i].rate_Bps, RATE / 4, 1e-12);
    assert_close(a.o.phases[0].time_s, 4 * 1048576 / RATE, 1e-12);
    finish(&a);
}

/* Of 4 servers, 8 readers want all they have. */
static void a_stream_is_one_phase_that_fills_its_busiest_ends(void **state)
{
    (void)state;
    struct asked a = ask(HEAD
                         "jobs: [{name: t, hosts: 2, steps: {compute: 1ms}}]\n"
                         "storage: [{read: {name: r, readers: 8, size: 64MiB, chunk: 4MiB}}]\n");
    assert_int_equal(a.o.n_phases, 1);
    assert_int_equal(a.o.phases[0].owner, 1);
    double out[64] = {0}, most = 0;
    for (uint32_t i = 0; i < a.o.n_offers; i++)
        out[a.o.offers[i].src] += a.o.offers[i].rate_Bps;
    for (uint32_t nic = 0; nic < a.sc->fabric->n_nics; nic++)
        most = fmax(most, out[nic]);
    assert_close(most, RATE, 1e-12);
    finish(&a);
}

CHECK_MAIN(cmocka_unit_test(a_ring_is_one_phase_of_full_rate),
           cmocka_unit_test(an_all_to_all_is_a_phase_for_each_shift),
           cmocka_unit_test(an_incast_shares_the_rate_of_its_root),
           cmocka_unit_test(a_stream_is_one_phase_that_fills_its_busiest_ends))
