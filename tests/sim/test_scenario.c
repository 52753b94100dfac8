/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a scenario's text to who does what: hosts picked, defaults filled in, settings that have no
 * effect told. What wrong files get to hear is in tests/bad. */
#include "tests/sim/run.h"

#include "base/units.h"

#define FOUR_LEAVES "leaf:4 spine:2 host:4 storage:1 200Gb/s"

static void assert_hosts(const struct run *run, const uint32_t *hosts, uint32_t n, const char *want)
{
    char text[512] = "";
    for (uint32_t i = 0; i < n; i++)
        strcat(strcat(text, i ? " " : ""), run->scenario->fabric->hosts[hosts[i]].name);
    assert_string_equal(text, want);
}

static void assert_job(const char *settings, const char *want)
{
    struct run run;
    run_open(&run, FOUR_LEAVES, "jobs: [{name: j, %s, steps: [{compute: 1s}]}]", settings);
    assert_hosts(&run, run.scenario->jobs[0].hosts, run.scenario->jobs[0].n_hosts, want);
    run_close(&run);
}

static void contiguous_takes_the_first_free_hosts(void **state)
{
    (void)state;
    assert_job("hosts: 5", "h01 h02 h03 h04 h05");
    assert_job("hosts: 5, placement: contiguous", "h01 h02 h03 h04 h05");
}

static void round_robin_takes_one_host_of_each_leaf_in_turn(void **state)
{
    (void)state;
    assert_job("hosts: 6, placement: round-robin", "h01 h05 h09 h13 h02 h06");
}

static void a_hostlist_sets_the_ranks_in_its_order(void **state)
{
    (void)state;
    assert_job("hosts: 'h[09-10],h03,s2'", "h09 h10 h03 s2");
}

static void all_means_every_compute_host(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FOUR_LEAVES, "jobs: [{name: j, hosts: all, steps: [{compute: 1s}]}]");
    assert_int_equal(run.scenario->jobs[0].n_hosts, 16);
    for (uint32_t i = 0; i < 16; i++)
        assert_int_equal(run.scenario->fabric->hosts[run.scenario->jobs[0].hosts[i]].role,
                         CSIN_COMPUTE);
    run_close(&run);
}

/* The hosts of one job placed at random with this seed, as text. */
static void place_at_random(unsigned seed, char *ret_text)
{
    struct run run;
    run_open(&run, FOUR_LEAVES,
             "seed: %u\njobs: [{name: j, hosts: 8, placement: random, steps: [{compute: 1s}]}]",
             seed);
    ret_text[0] = 0;
    bool seen[20] = {0};
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t host = run.scenario->jobs[0].hosts[i];
        assert_false(seen[host]);
        seen[host] = true;
        strcat(ret_text, run.scenario->fabric->hosts[host].name);
    }
    run_close(&run);
}

static void random_placement_follows_the_seed_and_takes_no_host_twice(void **state)
{
    (void)state;
    char first[64], again[64], other[64];
    place_at_random(7, first);
    place_at_random(7, again);
    place_at_random(8, other);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
}

static void named_hosts_are_kept_out_of_counted_jobs_above_them(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FOUR_LEAVES,
             "jobs:\n"
             "  - {name: counted, hosts: 4, steps: [{compute: 1s}]}\n"
             "  - {name: named, hosts: 'h[02-03]', steps: [{compute: 1s}]}");
    assert_hosts(&run, run.scenario->jobs[0].hosts, 4, "h01 h04 h05 h06");
    assert_hosts(&run, run.scenario->jobs[1].hosts, 2, "h02 h03");
    run_close(&run);
}

static void a_job_stays_in_its_zone_and_readers_may_be_hosts_of_jobs(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "configs/fire-flyer-2.yaml",
             "jobs: [{name: j, hosts: 600, zone: b, steps: [{compute: 1s}]}]\n"
             "storage: [{read: {name: r, readers: 1200, size: 1MiB, concurrency: 1}}]");
    const struct csin_fabric *f = run.scenario->fabric;
    for (uint32_t i = 0; i < 600; i++) {
        uint32_t nic = f->hosts[run.scenario->jobs[0].hosts[i]].first_nic;
        assert_string_equal(f->zones[f->switches[f->nics[nic].leaf].zone].name, "b");
    }
    assert_int_equal(run.scenario->streams[0].n_clients, 1200);
    assert_int_equal(run.scenario->streams[0].n_servers, 180);
    run_close(&run);
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FOUR_LEAVES,
             "jobs: [{name: j, hosts: 4, steps: [{broadcast: {size: 64MiB}}]}]\n"
             "storage:\n"
             "  - {read: {name: r, readers: 4, size: 64MiB}}\n"
             "  - {checkpoint: {name: c, writers: 4, size: 64MiB}}");
    const struct csin_scenario *sc = run.scenario;
    assert_int_equal(sc->policy, CSIN_DMODK);
    assert_string_equal(sc->engine->name, "simgrid");
    assert_int_equal(sc->congestion, CSIN_FAIR);
    assert_int_equal(sc->n_classes, 0);
    assert_int_equal(sc->n_events, 0);
    assert_true(sc->reaction_s == 0);
    assert_null(sc->lanes.of_owner);
    assert_int_equal(sc->jobs[0].traffic_class, CSIN_NONE);
    assert_int_equal(sc->streams[1].traffic_class, CSIN_NONE);
    assert_int_equal(sc->seed, 1);
    assert_true(isinf(sc->horizon_s));
    assert_int_equal(sc->jobs[0].repeat, 1);
    assert_int_equal(sc->jobs[0].steps[0].chunk_bytes, 4 << 20);
    assert_int_equal(sc->streams[0].concurrency, 8);
    assert_int_equal(sc->streams[0].stripe, 4);
    assert_int_equal(sc->streams[0].senders, 0);
    assert_int_equal(sc->streams[1].replicas, 2);
    assert_string_equal(sc->owners[0], "j");
    assert_string_equal(sc->owners[2], "c");
    run_close(&run);
}

static void the_command_line_overrides_the_file(void **state)
{
    (void)state;
    struct run run = {0};
    struct csin_overrides overrides = {.routing = "ecmp", .seed = 42, .seed_given = true};
    run.overrides = &overrides;
    assert_int_equal(run_try(&run, NULL,
                             "scenario: test\nfabric: leaf:1 spine:1 host:2 200Gb/s\n"
                             "jobs: [{name: j, hosts: 2, steps: [{compute: 1s}]}]\n"),
                     CSIN_OK);
    assert_int_equal(run.scenario->policy, CSIN_ECMP);
    assert_int_equal(run.scenario->seed, 42);
    run_close(&run);
}

/* The engine follows the congestion model, wherever that comes from. */
static void fair_sharing_can_be_asked_for_on_the_command_line(void **state)
{
    (void)state;
    struct run run = {0};
    struct csin_overrides overrides = {.congestion = "fair"};
    run.overrides = &overrides;
    assert_int_equal(run_try(&run, NULL,
                             "scenario: test\nfabric: leaf:1 spine:1 host:2 200Gb/s\n"
                             "congestion: lossless\n"
                             "jobs: [{name: j, hosts: 2, steps: [{compute: 1s}]}]\n"),
                     CSIN_OK);
    assert_int_equal(run.scenario->congestion, CSIN_FAIR);
    assert_string_equal(run.scenario->engine->name, "simgrid");
    assert_int_equal(csin_diag_warnings(run.diag), 0);
    run_close(&run);
}

/* ---- events ---- */

#define TWO_JOBS                                                                                   \
    "jobs:\n"                                                                                      \
    "  - {name: a, hosts: 'h[01-02]', steps: [{compute: 1s}]}\n"                                   \
    "  - {name: b, hosts: 'h[03-04]', start: 1s, steps: [{compute: 1s}]}\n"                        \
    "storage: [{read: {name: r, readers: 4, size: 64MiB}}]\n"

/* "1 cable 3,4 down" for each event, in order. */
static char *events_text(const struct csin_scenario *sc)
{
    static const char *const kinds[] = {"cable", "switch", "ssd", "host", "stop", "move"};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    for (uint32_t i = 0; i < sc->n_events; i++) {
        const struct csin_event *event = &sc->events[i];
        fprintf(out, "%s %s", csin_show_exact(event->at_s).s, kinds[event->kind]);
        for (uint32_t k = 0; k < event->n_items; k++)
            fprintf(out, "%c%u", k ? ',' : ' ', event->items[k]);
        if (event->kind <= CSIN_EVENT_HOST)
            fputs(event->up ? " up" : " down", out);
        if (event->rate_Bps > 0)
            fprintf(out, " %.0f", event->rate_Bps);
        if (event->kind == CSIN_EVENT_MOVE)
            for (uint32_t k = 0; k < sc->jobs[event->items[0]].n_hosts; k++)
                fprintf(out, "%s%s", k ? "," : " to ", sc->fabric->hosts[event->hosts[k]].name);
        fputc('\n', out);
    }
    fclose(out);
    return text;
}

static void assert_events(const char *fabric, const char *scenario, const char *want)
{
    struct run run;
    run_open(&run, fabric, "%s", scenario);
    char *text = events_text(run.scenario);
    assert_string_equal(text, want);
    free(text);
    run_close(&run);
}

/* Hosts have the first 20 cables, then come leaf1-spine1, leaf1-spine2, leaf2-spine1 and so on. */
static void events_say_which_cables_switches_and_hosts(void **state)
{
    (void)state;
    assert_events(FOUR_LEAVES,
                  TWO_JOBS "events:\n"
                           "  - {at: 1ms, cable: [leaf1, spine2], state: down}\n"
                           "  - {at: 2ms, cable: [spine1, leaf2], state: up, rate: 80Gb/s}\n"
                           "  - {at: 3ms, cable: [h03, leaf1], state: down}\n"
                           "  - {at: 4ms, switch: 'spine1,leaf[1-2]', state: down}\n"
                           "  - {at: 5ms, host: 'h[16,01],s2', state: up}\n"
                           "reaction: 10ms\n",
                  "0.001 cable 21 down\n"
                  "0.002 cable 22 up 10000000000\n"
                  "0.003 cable 2 down\n"
                  "0.004 switch 4,0,1 down\n"
                  "0.005 host 15,0,17 up\n");
}

static void events_come_in_the_order_of_time_and_then_of_the_file(void **state)
{
    (void)state;
    assert_events(FOUR_LEAVES,
                  TWO_JOBS "events:\n"
                           "  - {at: 2s, host: h01, state: down}\n"
                           "  - {at: 1s, host: h02, state: down}\n"
                           "  - {at: 2s, host: h03, state: down}\n"
                           "  - {at: 0s, host: h04, state: down}\n"
                           "  - {at: 1s, host: h05, state: up}\n"
                           "  - {at: 2s, stream: r, action: stop}\n",
                  "0 host 3 down\n"
                  "1 host 1 down\n"
                  "1 host 4 up\n"
                  "2 host 0 down\n"
                  "2 host 2 down\n"
                  "2 stop 2\n");
}

static void jobs_start_stop_and_move(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, FOUR_LEAVES, "%s",
             TWO_JOBS "events:\n"
                      "  - {at: 3s, job: b, action: stop}\n"
                      "  - {at: 500ms, job: a, action: start}\n"
                      "  - {at: 2s, job: b, action: move, hosts: 'h[10,04]'}\n"
                      "  - {at: 4s, stream: r, action: stop}\n");
    char *text = events_text(run.scenario);
    assert_string_equal(text, "2 move 1 to h10,h04\n"
                              "3 stop 1\n"
                              "4 stop 2\n");
    free(text);
    assert_true(run.scenario->jobs[0].start_s == 0.5); /* a start leaves no event */
    assert_true(run.scenario->jobs[1].start_s == 1);
    assert_true(run.schedule.amount[0].delay_s == 0.5);
    assert_int_equal(run.scenario->events[0].loc.line, 10);
    run_close(&run);
}

#define PARALLEL                                                                                   \
    "fabric: parallel\n"                                                                           \
    "switch-models: {sw: {ports: 8, rate: 100Gb/s}}\n"                                             \
    "host-models: {h: {rate: 100Gb/s, nics: 2}}\n"                                                 \
    "zones: {a: {model: sw, leaves: 2, spines: 1, links-per-pair: 3, uplink-rate: 50Gb/s}}\n"      \
    "hosts: [{names: 'h[1-2]', model: h, attach: [{zone: a}, {switches: a-leaf1, nic: 1}]}]\n"     \
    "overrides:\n"                                                                                 \
    "  - {between: [a-leaf1, a-spine1], nth: 2, state: down}\n"                                    \
    "  - {between: [a-leaf1, a-spine1], nth: 3, rate: 10Gb/s}\n"
#define ONE_JOB "jobs: [{name: j, hosts: 'h[1-2]', steps: [{compute: 1s}]}]\n"

/* h1 on leaf1 and leaf1, h2 on leaf2 and leaf1: cables 0 to 3; leaf1-spine1 4 to 6. */
static void cables_of_an_event_are_counted_as_those_of_overrides(void **state)
{
    (void)state;
    assert_events(PARALLEL,
                  ONE_JOB "events:\n"
                          "  - {at: 1s, cable: [a-spine1, a-leaf1], state: up}\n"
                          "  - {at: 2s, cable: [a-leaf1, a-spine1], nth: 3, state: down}\n"
                          "  - {at: 3s, cable: [h1, a-leaf1], state: down}\n"
                          "  - {at: 4s, cable: [a-leaf1, h2], nth: 1, state: down}\n",
                  "1 cable 4,5,6 up\n"
                  "2 cable 6 down\n"
                  "3 cable 0,1 down\n"
                  "4 cable 3 down\n");
}

/* An event says whether its cables are up, so one that does not becomes two where they differ. */
static void a_new_rate_leaves_dead_cables_dead(void **state)
{
    (void)state;
    assert_events(PARALLEL,
                  ONE_JOB "events:\n"
                          "  - {at: 5s, cable: [a-leaf1, a-spine1], rate: 8Gb/s}\n"
                          "  - {at: 1s, cable: [a-leaf1, a-spine1], rate: 16Gb/s}\n"
                          "  - {at: 2s, cable: [a-leaf1, a-spine1], state: down}\n"
                          "  - {at: 3s, cable: [a-leaf1, a-spine1], rate: 8Gb/s}\n"
                          "  - {at: 4s, cable: [a-leaf1, a-spine1], nth: 2, state: up}\n",
                  "1 cable 5 down 2000000000\n"
                  "1 cable 4,6 up 2000000000\n"
                  "2 cable 4,5,6 down\n"
                  "3 cable 4,5,6 down 1000000000\n"
                  "4 cable 5 up\n"
                  "5 cable 4,6 down 1000000000\n"
                  "5 cable 5 up 1000000000\n");
}

/* A cable that an override made slower can be repaired, up to its ports; any other stays below what
 * it was made with. */
static void a_cable_gets_no_faster_than_it_was_made(void **state)
{
    (void)state;
    assert_events(PARALLEL,
                  ONE_JOB "events:\n"
                          "  - {at: 1s, cable: [a-leaf1, a-spine1], nth: 1, rate: 50Gb/s}\n"
                          "  - {at: 1s, cable: [a-leaf1, a-spine1], nth: 3, rate: 100Gb/s}\n",
                  "1 cable 4 up 6250000000\n"
                  "1 cable 6 up 12500000000\n");
    struct run run = {0};
    assert_int_equal(
        run_try(&run, PARALLEL,
                "scenario: test\nfabric: fabric.yaml\n" ONE_JOB
                "events: [{at: 1s, cable: [a-leaf1, a-spine1], nth: 1, rate: 51Gb/s}]\n"),
        CSIN_E_INPUT);
    char *said = check_diag_text(run.diag);
    assert_non_null(strstr(said, "error: 51 Gb/s is faster than the cable is (50 Gb/s) "
                                 "[CSIN-212]"));
    free(said);
    run_close(&run);
}

/* Whether two hosts are apart when they talk is not known before the run. */
static void what_an_event_may_join_is_not_refused(void **state)
{
    (void)state;
    assert_events("fabric: apart\n"
                  "switch-models: {sw: {ports: 8, rate: 100Gb/s}}\n"
                  "host-models: {h: {rate: 100Gb/s}}\n"
                  "zones: {a: {model: sw, leaves: 2, spines: 1}}\n"
                  "hosts: [{names: 'h[1-2]', model: h, attach: {zone: a}}]\n"
                  "overrides: [{between: [a-leaf1, a-spine1], state: down}]\n",
                  ONE_JOB "events: [{at: 1s, cable: [a-leaf1, a-spine1], state: up}]\n",
                  "1 cable 2 up\n");
}

/* One warning, and which. */
static void assert_warns(const char *scenario, const char *want)
{
    struct run run = {0};
    char text[1024];
    snprintf(text, sizeof text, "scenario: test\nfabric: " FOUR_LEAVES "\n%s", scenario);
    assert_int_equal(run_try(&run, NULL, text), CSIN_OK);
    assert_int_equal(csin_diag_warnings(run.diag), 1);
    char *said = check_diag_text(run.diag);
    if (!strstr(said, want))
        print_error("csin says: %s", said);
    assert_non_null(strstr(said, want));
    free(said);
    run_close(&run);
}

static void settings_without_effect_are_told(void **state)
{
    (void)state;
    assert_warns("seed: 3\njobs: [{name: j, hosts: 2, steps: [{compute: 1s}]}]\n",
                 ":3:7: warning: 'seed' has no effect");
    assert_warns("reaction: 1ms\njobs: [{name: j, hosts: 2, steps: [{compute: 1s}]}]\n",
                 ":3:11: warning: 'reaction' has no effect");
    assert_warns("jobs: [{name: j, hosts: h01, placement: random, steps: [{compute: 1s}]}]\n",
                 ":3:41: warning: 'placement' has no effect");
    assert_warns("jobs: [{name: j, hosts: 2, steps: [{allreduce: {size: 1MiB, chunk: 64KiB}}]}]\n",
                 "'chunk' has no effect");
    assert_warns("jobs: [{name: j, hosts: 1, steps: [{allreduce: {size: 1MiB}}]}]\n",
                 "'allreduce' has no effect in a job of one host");
    assert_warns("jobs: [{name: j, hosts: 2, steps: [{broadcast: {size: 1MiB, chunk: 64MiB}}]}]\n",
                 "a chunk of 64 MiB has no effect");
    assert_warns("storage: [{read: {name: r, readers: 2, size: 64MiB, request-to-send: 8}}]\n",
                 "a request-to-send of 8 has no effect but the time it takes");
    assert_warns("storage: [{read: {name: r, readers: 2, size: 8MiB, concurrency: 99}}]\n",
                 "a concurrency of 99 has no effect");
}

static void every_mistake_is_told_in_one_run(void **state)
{
    (void)state;
    struct run run = {0};
    assert_int_equal(
        run_try(&run, NULL,
                "scenario: test\nfabric: " FOUR_LEAVES "\n"
                "jobs:\n"
                "  - {name: a, hosts: h99, steps: [{compute: 5}]}\n"
                "  - {name: b, hosts: 17, steps: [{allreduce: {size: 1MiB, speed: 3}}]}\n"),
        CSIN_E_INPUT);
    char *said = check_diag_text(run.diag);
    assert_non_null(strstr(said, ":4:45: error: '5' is not a time"));
    assert_non_null(strstr(said, "unknown key 'speed'"));
    assert_non_null(strstr(said, ":4:22: error: unknown host 'h99'"));
    assert_non_null(strstr(said, ":5:22: error: 17 compute hosts are asked for"));
    free(said);
    run_close(&run);
}

CHECK_MAIN(cmocka_unit_test(contiguous_takes_the_first_free_hosts),
           cmocka_unit_test(round_robin_takes_one_host_of_each_leaf_in_turn),
           cmocka_unit_test(a_hostlist_sets_the_ranks_in_its_order),
           cmocka_unit_test(all_means_every_compute_host),
           cmocka_unit_test(random_placement_follows_the_seed_and_takes_no_host_twice),
           cmocka_unit_test(named_hosts_are_kept_out_of_counted_jobs_above_them),
           cmocka_unit_test(a_job_stays_in_its_zone_and_readers_may_be_hosts_of_jobs),
           cmocka_unit_test(defaults_are_filled_in),
           cmocka_unit_test(the_command_line_overrides_the_file),
           cmocka_unit_test(fair_sharing_can_be_asked_for_on_the_command_line),
           cmocka_unit_test(events_say_which_cables_switches_and_hosts),
           cmocka_unit_test(events_come_in_the_order_of_time_and_then_of_the_file),
           cmocka_unit_test(jobs_start_stop_and_move),
           cmocka_unit_test(cables_of_an_event_are_counted_as_those_of_overrides),
           cmocka_unit_test(a_new_rate_leaves_dead_cables_dead),
           cmocka_unit_test(a_cable_gets_no_faster_than_it_was_made),
           cmocka_unit_test(what_an_event_may_join_is_not_refused),
           cmocka_unit_test(settings_without_effect_are_told),
           cmocka_unit_test(every_mistake_is_told_in_one_run))
