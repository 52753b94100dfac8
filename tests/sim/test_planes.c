/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Planes, rails and three layers in both engines, against closed forms: no latency anywhere, all
 * ports and NICs at 200 Gb/s = 25e9 bytes/s. */
#include "tests/sim/run.h"

#define SIZE "240000000B" /* divided by 4, 8, 12, 16 and 48 ranks */
#define SIZE_S 9.6e-3

static void expect_step(const char *fabric, const char *step, double want_s)
{
    struct run run;
    run_open(&run, fabric, "jobs: [{name: j, hosts: all, steps: {%s}}]", step);
    run_simulate(&run);
    assert_close(run_step_s(&run, 0), want_s, 1e-9);
    run_close(&run);
}

/* A ring of n hosts moves 2 (n - 1) / n of the buffer over every NIC. */
static double ring_s(unsigned n)
{
    return 2.0 * (n - 1) / n * SIZE_S;
}

static void a_ring_over_three_layers_runs_at_the_rate_of_a_nic(void **state)
{
    (void)state;
    expect_step("leaf:2 spine:2 host:2 pod:4 core:4 200Gb/s", "allreduce: {size: " SIZE "}",
                ring_s(16));
    expect_step("leaf:4 spine:2 links:2 host:4 pod:3 core:4 200Gb/s", "allreduce: {size: " SIZE "}",
                ring_s(48));
}

static void shifts_over_three_layers_do_not_meet(void **state)
{
    (void)state;
    static const unsigned shifts[] = {1, 5, 16, 23, 32, 63};
    for (unsigned i = 0; i < sizeof shifts / sizeof *shifts; i++) {
        char step[100];
        snprintf(step, sizeof step, "permutation: {size: " SIZE ", shift: %u}", shifts[i]);
        expect_step("leaf:4 spine:4 host:4 pod:4 core:8 200Gb/s", step, SIZE_S);
    }
}

/* 16 hosts of a pod send to the other over 4 spines x 2 cables. */
static void core_cables_that_are_half_as_many_halve_the_rate_between_pods(void **state)
{
    (void)state;
    expect_step("leaf:4 spine:4 host:4 pod:2 core:4 uplinks:2 200Gb/s",
                "permutation: {size: " SIZE ", shift: 16}", 2 * SIZE_S);
}

static void a_flow_uses_one_plane(void **state)
{
    (void)state;
    expect_step("leaf:4 spine:4 host:4 plane:4 200Gb/s", "allreduce: {size: " SIZE "}", ring_s(16));
    expect_step("leaf:4 spine:4 host:4 plane:4 200Gb/s", "permutation: {size: " SIZE ", shift: 5}",
                SIZE_S);
    expect_step("leaf:2 spine:2 host:2 pod:4 core:4 plane:2 200Gb/s", "allreduce: {size: " SIZE "}",
                ring_s(16));
}

static void a_ring_over_rails_runs_at_the_rate_of_a_nic(void **state)
{
    (void)state;
    expect_step("leaf:8 spine:4 host:4 rail:4 200Gb/s", "allreduce: {size: " SIZE "}", ring_s(8));
}

/* The flows to one host share its NICs as the hash of the flow divides them over the planes: the
 * NIC with the most is the last. */
static void an_incast_is_divided_over_the_planes(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:4 spine:4 host:4 plane:4 200Gb/s",
             "jobs: [{name: j, hosts: all, steps: {incast: {size: " SIZE "}}}]");
    const struct csin_fabric *f = run.scenario->fabric;
    uint32_t per_nic[4] = {0}, most = 0, used = 0;
    for (uint32_t h = 1; h < f->n_hosts; h++) {
        struct csin_path path;
        assert_true(csin_routes_host_path(run.scenario->routes, h, 0, csin_flow_key(h, 0), &path));
        uint32_t nic = csin_arc_head(f, path.arcs[path.n - 1]) - f->n_switches;
        assert_in_range(nic, 0, 3);
        used += per_nic[nic]++ == 0;
        most = per_nic[nic] > most ? per_nic[nic] : most;
    }
    assert_true(used > 1);
    run_simulate(&run);
    assert_close(run_step_s(&run, 0), most * SIZE_S, 1e-9);
    run_close(&run);
}

/* Of a host whose cable in one plane is dead, flows use the other. */
static void a_host_without_one_plane_uses_the_others(void **state)
{
    (void)state;
    expect_step("fabric: t\n"
                "switch-models: {s: {ports: 4, rate: 200Gb/s}}\n"
                "host-models: {g: {nics: 2, rate: 200Gb/s}}\n"
                "zones: {a: {model: s, leaves: 2, spines: 2, planes: 2}}\n"
                "hosts: [{names: 'h[1-4]', model: g, attach: {zone: a}}]\n"
                "overrides: [{between: [h1, a-p1-leaf1], state: down},\n"
                "  {between: [h3, a-p1-leaf2], state: down}]\n",
                "allreduce: {size: " SIZE "}", ring_s(4));
}

static void jobs_may_be_placed_in_a_pod_or_in_all_of_them(void **state)
{
    (void)state;
    struct run run;
    run_open(&run,
             "fabric: t\n"
             "switch-models: {s: {ports: 4, rate: 200Gb/s}}\n"
             "host-models: {g: {nics: 2, rate: 200Gb/s}}\n"
             "zones: {a: {model: s, pods: 4, leaves: 2, spines: 2, planes: 2}}\n"
             "core: {names: 'core[1-4]', model: s}\n"
             "hosts: [{names: 'h[01-16]', model: g, attach: {zone: a}}]\n",
             "jobs:\n"
             "  - {name: one, hosts: all, zone: a2-p1, steps: {allreduce: {size: " SIZE "}}}\n"
             "  - {name: rest, hosts: all, zone: a, steps: {allreduce: {size: " SIZE "}}}");
    run_simulate(&run);
    assert_int_equal(run.scenario->jobs[0].n_hosts, 4);
    assert_string_equal(run.scenario->fabric->hosts[run.scenario->jobs[0].hosts[0]].name, "h05");
    assert_int_equal(run.scenario->jobs[1].n_hosts, 12);
    assert_close(run.result->jobs[0].steps[0].mean_s, ring_s(4), 1e-9);
    run_close(&run);
}

/* Hosts have a NIC in each plane, so a plane has as many of them as all its pods. */
static void a_zone_may_be_called_by_its_pod_its_plane_or_all_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *name, *first;
        uint32_t n;
    } want[] = {{"a", "h01", 16}, {"a3", "h09", 4}, {"a-p2", "h01", 16}, {"a4-p1", "h13", 4}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct run run;
        run_open(&run,
                 "fabric: t\n"
                 "switch-models: {s: {ports: 4, rate: 200Gb/s}}\n"
                 "host-models: {g: {nics: 2, rate: 200Gb/s}}\n"
                 "zones: {a: {model: s, pods: 4, leaves: 2, spines: 2, planes: 2}}\n"
                 "core: {names: 'core[1-4]', model: s}\n"
                 "hosts: [{names: 'h[01-16]', model: g, attach: {zone: a}}]\n",
                 "jobs: [{name: j, hosts: all, zone: %s, steps: {allreduce: {size: " SIZE "}}}]",
                 want[i].name);
        assert_int_equal(run.scenario->jobs[0].n_hosts, want[i].n);
        assert_string_equal(run.scenario->fabric->hosts[run.scenario->jobs[0].hosts[0]].name,
                            want[i].first);
        run_close(&run);
    }
}

RUN_MAIN(cmocka_unit_test(a_zone_may_be_called_by_its_pod_its_plane_or_all_of_them),
         cmocka_unit_test(a_ring_over_three_layers_runs_at_the_rate_of_a_nic),
         cmocka_unit_test(shifts_over_three_layers_do_not_meet),
         cmocka_unit_test(core_cables_that_are_half_as_many_halve_the_rate_between_pods),
         cmocka_unit_test(a_flow_uses_one_plane),
         cmocka_unit_test(a_ring_over_rails_runs_at_the_rate_of_a_nic),
         cmocka_unit_test(an_incast_is_divided_over_the_planes),
         cmocka_unit_test(a_host_without_one_plane_uses_the_others),
         cmocka_unit_test(jobs_may_be_placed_in_a_pod_or_in_all_of_them))
