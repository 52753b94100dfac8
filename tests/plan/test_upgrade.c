/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/upgrade.h"

#include <unistd.h>

#include "tests/check.h"

struct asked {
    struct csin_arena *arena;
    struct csin_scenario *sc;
    struct csin_upgrades *u;
};

static struct asked ask(const char *yaml, const struct csin_parts *parts)
{
    struct asked a = {.arena = csin_arena_create()};
    char path[] = "/tmp/csin-upgrade-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, yaml, strlen(yaml)), strlen(yaml));
    close(fd);
    struct csin_diag *diag = csin_diag_create();
    struct csin_upgrade_options options = {.parts = parts, .any_model = true, .n_worst = 4};
    enum csin_status status = csin_scenario_open(path, NULL, a.arena, diag, &a.sc);
    if (status == CSIN_OK)
        status = csin_upgrades_find(a.sc, &options, diag, &a.u);
    if (status != CSIN_OK)
        csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    unlink(path);
    csin_diag_destroy(diag);
    return a;
}

static void finish(struct asked *a)
{
    csin_upgrades_destroy(a->u);
    csin_scenario_destroy(a->sc);
    csin_arena_destroy(a->arena);
}

static const struct csin_upgrade *find(const struct asked *a, enum csin_cable_class of)
{
    for (uint32_t i = 0; i < a->u->n; i++)
        if (a->u->items[i].of == of && a->u->items[i].cable == CSIN_NONE)
            return &a->u->items[i];
    fail_msg("no upgrade of class %d", (int)of);
    return NULL;
}

#define TAPERED "scenario: s\nfabric: 'leaf:4 spine:2 host:4 200Gb/s'\nengine: fluid\n"

/* All hosts of a leaf send to another leaf, twice as much as its uplinks take. */
static void uplinks_of_an_oversubscribed_zone_help_by_two(void **state)
{
    (void)state;
    struct asked a = ask(
        TAPERED "jobs: [{name: t, hosts: 16, steps: {permutation: {size: 64MiB, shift: 4}}}]\n",
        NULL);
    const struct csin_upgrade *up = find(&a, CSIN_LEAF_SPINE_LINKS);
    assert_ptr_equal(up, &a.u->items[0]);
    assert_close(up->gain, 2, 1e-6);
    assert_close(up->elasticity, 1, 1e-6);
    assert_close(find(&a, CSIN_COMPUTE_LINKS)->gain, 1, 1e-9);
    assert_close(find(&a, CSIN_COMPUTE_LINKS)->elasticity, 0, 1e-9);
    finish(&a);
}

/* Of 15 shifts those by 4, 8 and 12 are at 2:1 all over; shifts in between cross with 1 to 3 of the
 * 4 hosts, so some are at 2:1 in part. Exact: what the simulator says; here only its range. */
static void uplinks_help_an_all_to_all_between_one_and_two(void **state)
{
    (void)state;
    struct asked a = ask(
        TAPERED "jobs: [{name: t, hosts: 16, steps: {all-to-all: {size: 64MiB}}}]\n", NULL);
    const struct csin_upgrade *up = find(&a, CSIN_LEAF_SPINE_LINKS);
    assert_ptr_equal(up, &a.u->items[0]);
    assert_true(up->gain > 1.3 && up->gain <= 2 + 1e-6);
    finish(&a);
}

/* The receiver's port is the only one that matters, alone or with all others. */
static void only_the_receiver_of_an_incast_needs_a_faster_nic(void **state)
{
    (void)state;
    struct asked a = ask("scenario: s\nfabric: 'leaf:4 spine:4 host:4 200Gb/s'\nengine: fluid\n"
                         "jobs: [{name: t, hosts: 5, steps: {incast: {size: 64MiB}}}]\n",
                         NULL);
    const struct csin_upgrade *best = &a.u->items[0];
    assert_int_equal(best->n_cables, 1);
    assert_int_equal(best->of, CSIN_COMPUTE_LINKS);
    assert_int_equal(a.sc->fabric->nics[a.sc->jobs[0].hosts[0]].cable, best->cable);
    assert_close(best->gain, 2, 1e-4); /* latency does not shrink */
    assert_close(find(&a, CSIN_COMPUTE_LINKS)->gain, 2, 1e-4);
    assert_close(find(&a, CSIN_LEAF_SPINE_LINKS)->gain, 1, 1e-9);
    assert_non_null(strstr(a.u->verdict, "hosts' own ports limit"));
    finish(&a);
}

/* Of 8 senders 5 are under other leaves; their way ends in one cable from a spine, which is the
 * next to fill: 8 / 5. */
static void behind_the_first_limit_stands_the_next(void **state)
{
    (void)state;
    struct asked a = ask("scenario: s\nfabric: 'leaf:4 spine:4 host:4 200Gb/s'\nengine: fluid\n"
                         "jobs: [{name: t, hosts: 9, steps: {incast: {size: 64MiB}}}]\n",
                         NULL);
    assert_close(find(&a, CSIN_COMPUTE_LINKS)->gain, 8.0 / 5, 1e-6);
    assert_close(find(&a, CSIN_COMPUTE_LINKS)->elasticity, 1, 1e-6);
    finish(&a);
}

static void computing_needs_no_faster_cable(void **state)
{
    (void)state;
    struct asked a = ask(TAPERED "jobs: [{name: t, hosts: 4, steps: {compute: 5ms}}]\n", NULL);
    for (uint32_t i = 0; i < a.u->n; i++)
        assert_close(a.u->items[i].gain, 1, 1e-12);
    assert_non_null(strstr(a.u->verdict, "No faster cable helps"));
    finish(&a);
}

/* 16 leaf-spine cables at 20, each with two ports of a switch of 800 / 8; 16 host cables at 20, a
 * port and a NIC at 10. */
static void the_price_is_that_of_a_second_of_everything(void **state)
{
    (void)state;
    static const char text[] =
        "catalogue: c\ncurrency: USD\n"
        "switches: {sw: {ports: 8, rate: 200Gb/s, price: {amount: 800, example: true}, power: "
        "{amount: 40W, example: true}}}\n"
        "nics: {nic: {rate: 200Gb/s, price: {amount: 10, example: true}, power: {amount: 5W, "
        "example: true}}}\n"
        "hosts: {host: {nic: nic}}\n"
        "cables: {dac: {medium: copper, rate: 200Gb/s, lengths: 2m, price: {amount: 20, example: "
        "true}, power: {amount: 0W, example: true}}}\n"
        "cable-lengths: {hosts: 1m, switches: 2m}\n";
    struct csin_parts parts;
    struct csin_arena *arena = csin_arena_create();
    assert_int_equal(csin_parts_read(arena, NULL, "p.yaml", text, strlen(text), &parts), CSIN_OK);
    struct asked a = ask("scenario: s\nfabric: 'leaf:4 spine:4 host:4 ports:8 200Gb/s'\n"
                         "jobs: [{name: t, hosts: 16, steps: {permutation: {size: 1MiB}}}]\n",
                         &parts);
    assert_close(find(&a, CSIN_LEAF_SPINE_LINKS)->price, 16 * (20 + 2 * 100), 1e-9);
    assert_close(find(&a, CSIN_COMPUTE_LINKS)->price, 16 * (20 + 100 + 10), 1e-9);
    finish(&a);
    csin_arena_destroy(arena);
}

CHECK_MAIN(cmocka_unit_test(uplinks_of_an_oversubscribed_zone_help_by_two),
           cmocka_unit_test(uplinks_help_an_all_to_all_between_one_and_two),
           cmocka_unit_test(only_the_receiver_of_an_incast_needs_a_faster_nic),
           cmocka_unit_test(behind_the_first_limit_stands_the_next),
           cmocka_unit_test(computing_needs_no_faster_cable),
           cmocka_unit_test(the_price_is_that_of_a_second_of_everything))
