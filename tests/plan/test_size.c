/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plan/size.h"
#include "tests/check.h"
#include "topo/bom.h"

/* ---- shapes ---- */

/* All shapes there are, by the rules alone. */
static uint32_t fewest_switches(const struct csin_zone_need *n)
{
    uint32_t fewest = UINT32_MAX;
    for (uint32_t leaves = 2; leaves <= n->spine_ports; leaves++)
        for (uint32_t spines = n->min_spines > 1 ? n->min_spines : 1; spines <= n->leaf_ports;
             spines++)
            for (uint32_t links = 1; links * leaves <= n->spine_ports; links++) {
                uint32_t up = spines * links, down = 0;
                while (down * leaves < n->ports)
                    down++;
                if (down + up <= n->leaf_ports &&
                    down * n->rate_ratio <= up * n->oversubscription * (1 + 1e-9) &&
                    leaves + spines < fewest)
                    fewest = leaves + spines;
            }
    return fewest;
}

static void no_zone_has_fewer_switches(void **state)
{
    (void)state;
    static const double ratios[] = {1, 1.5, 2, 3}, rates[] = {0.5, 1};
    for (uint32_t leaf = 4; leaf <= 12; leaf += 2)
        for (uint32_t spine = 4; spine <= 12; spine += 4)
            for (uint32_t ports = 2; ports <= 80; ports += 3)
                for (uint32_t i = 0; i < 8; i++) {
                    struct csin_zone_need need = {leaf,         spine,         ports,
                                                  rates[i / 4], ratios[i % 4], 1 + i % 2};
                    struct csin_zone_shape z;
                    uint32_t fewest = fewest_switches(&need);
                    assert_int_equal(csin_shape_zone(&need, &z), fewest != UINT32_MAX);
                    if (fewest == UINT32_MAX)
                        continue;
                    assert_int_equal(z.leaves + z.spines, fewest);
                    assert_true(z.leaves * z.down >= ports);
                    assert_true(z.down + z.spines * z.links <= leaf);
                    assert_true(z.leaves * z.links <= spine);
                    assert_true(z.down * need.rate_ratio <=
                                z.spines * z.links * need.oversubscription * (1 + 1e-9));
                }
}

/* p ports: p leaves of p/2 hosts, p/2 spines. p = 64: 2,048 hosts, 96 switches (arXiv:2505.09343,
 * Table 3); p = 40: 800 and 60 (a zone of Fire-Flyer 2). */
static void a_full_zone_has_half_its_ports_squared_hosts(void **state)
{
    (void)state;
    for (uint32_t p = 4; p <= 128; p *= 2) {
        struct csin_zone_need need = {p, p, p * p / 2, 1, 1, 1};
        struct csin_zone_shape z;
        assert_int_equal(csin_shape_zone_most(&need), p * p / 2);
        assert_true(csin_shape_zone(&need, &z));
        assert_int_equal(z.leaves, p);
        assert_int_equal(z.spines, p / 2);
        need.ports++;
        assert_false(csin_shape_zone(&need, &z));
    }
}

/* FF Table III: 1,600 ports of 40-port switches in three layers take 40 + 80 + 80. */
static void a_tree_of_1600_ports_takes_200_switches(void **state)
{
    (void)state;
    struct csin_tree_need need = {{40, 40, 1600, 1, 1, 1}, 40, 1, 64};
    struct csin_tree_shape t;
    assert_true(csin_shape_tree(&need, &t));
    assert_int_equal(t.pods * (t.pod.leaves + t.pod.spines) + t.cores, 200);
    need.pod.ports = 40 * 40 * 40 / 4; /* the largest there is */
    assert_int_equal(csin_shape_tree_most(&need), need.pod.ports);
    assert_true(csin_shape_tree(&need, &t));
    assert_int_equal(t.pods * (t.pod.leaves + t.pod.spines) + t.cores, 5 * 40 * 40 / 4);
    need.pod.ports++;
    assert_false(csin_shape_tree(&need, &t));
}

/* ---- sizing ---- */

static const char parts_text[] =
    "catalogue: c\ncurrency: USD\n"
    "switches:\n"
    "  small: {ports: 8, rate: 200Gb/s, price: {amount: 100, example: true}, power: {amount: 40W, "
    "example: true}}\n"
    "  large: {ports: 16, rate: 200Gb/s, price: {amount: 300, example: true}, power: {amount: 60W, "
    "example: true}}\n"
    "  QM8700: {ports: 40, rate: 200Gb/s, price: {amount: 15000, example: true}, power: {amount: "
    "404W, example: true}}\n"
    "nics: {nic: {rate: 200Gb/s, price: {amount: 10, example: true}, power: {amount: 5W, example: "
    "true}}}\n"
    "hosts:\n"
    "  gpu: {nic: nic, price: {amount: 1000, example: true}, power: {amount: 1kW, example: true}}\n"
    "  store: {nic: nic, price: {amount: 500, example: true}, power: {amount: 1kW, example: "
    "true}}\n"
    "cables:\n"
    "  dac: {medium: copper, rate: 200Gb/s, lengths: 2m, price: {amount: 20, example: true}, "
    "power: "
    "{amount: 0W, example: true}}\n"
    "cable-lengths: {hosts: 1m, switches: 2m}\n";

struct asked {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_requirements_spec spec;
    struct csin_parts parts;
    struct csin_sizing *s;
    enum csin_status status;
};

static struct asked ask(const char *yaml, double time_limit_s)
{
    struct asked a = {.arena = csin_arena_create(), .diag = csin_diag_create()};
    struct csin_sizing_options options = {.time_limit_s = time_limit_s};
    assert_int_equal(
        csin_parts_read(a.arena, a.diag, "p.yaml", parts_text, strlen(parts_text), &a.parts),
        CSIN_OK);
    a.status = csin_requirements_read(a.arena, a.diag, "r.yaml", yaml, strlen(yaml), &a.spec);
    if (a.status == CSIN_OK)
        a.status = csin_size(&a.spec, &a.parts, &options, a.diag, &a.s);
    return a;
}

static void finish(struct asked *a)
{
    csin_sizing_destroy(a->s);
    csin_diag_destroy(a->diag);
    csin_arena_destroy(a->arena);
}

static struct asked answer(const char *yaml)
{
    struct asked a = ask(yaml, 600);
    if (a.status != CSIN_OK)
        csin_diag_print(a.diag, stderr);
    assert_int_equal(a.status, CSIN_OK);
    return a;
}

/* No worse in price, power and time, and better in one; by other code than the sizer's. */
static bool dominates(const struct csin_candidate *a, const struct csin_candidate *b)
{
    double x[] = {a->network_price, a->network_power_W, a->time_s},
           y[] = {b->network_price, b->network_power_W, b->time_s};
    bool better = false;
    for (int i = 0; i < 3; i++) {
        double slack = i == 2 ? 0.01 : 0; /* times count with three digits */
        if (x[i] > y[i])
            return false;
        better = better || x[i] < y[i] * (1 - slack);
    }
    return better;
}

static void check_set(const struct csin_sizing *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct csin_candidate *c = &s->candidates[i];
        if (c->fate == CSIN_FATE_IN_SET)
            n++;
        if (c->fate == CSIN_FATE_BEATEN) {
            const struct csin_candidate *by = &s->candidates[c->beaten_by];
            assert_int_equal(by->fate, CSIN_FATE_IN_SET);
            assert_true(by->network_price <= c->network_price);
            assert_true(by->network_power_W <= c->network_power_W);
            assert_true(by->time_s <= c->time_s * 1.01);
        }
        for (uint32_t k = 0; k < s->n; k++)
            if (c->fate == CSIN_FATE_IN_SET && s->candidates[k].fate <= CSIN_FATE_BEATEN)
                assert_false(dominates(&s->candidates[k], c));
    }
    assert_int_equal(n, s->n_in_set);
    assert_true(n > 0);
}

#define WORKLOAD                                                                                   \
    "workloads:\n"                                                                                 \
    "  - name: w\n"                                                                                \
    "    jobs: [{name: t, hosts: all, placement: random, steps: [{permutation: {size: 4MiB}}, "    \
    "{permutation: {size: 4MiB}}]}]\n"                                                             \
    "    storage: [{read: {name: r, readers: all, size: 8MiB, chunk: 4MiB}}]\n"

static void nothing_outside_the_set_is_better(void **state)
{
    (void)state;
    static const char *const others[] = {"{hosts: 3, model: store}",
                                         "{hosts: 4, model: store, nics: 2}",
                                         "{bandwidth: 100GB/s, model: store, nics: 2}"};
    for (int hosts = 9; hosts <= 43; hosts += 17)
        for (int nics = 1; nics <= 2; nics++) {
            char yaml[2048];
            snprintf(
                yaml, sizeof yaml,
                "requirements: r\ncompute: {hosts: %d, nics: %d, model: gpu}\nstorage: %s\n"
                "fabric: {switches: [small, large], oversubscription: [1, 3], zones: 3}\n" WORKLOAD,
                hosts, nics, others[(hosts + nics) % 3]);
            struct asked a = answer(yaml);
            check_set(a.s);
            finish(&a);
        }
}

/* Hosts and other ports on leaves against uplinks, counted in the fabric itself. */
static double worst_oversubscription(const struct csin_fabric *f)
{
    double worst = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        double down = 0, up = 0;
        if (f->switches[s].layer != CSIN_LEAF)
            continue;
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[s].first_port + p];
            if (arc == CSIN_NONE)
                continue;
            uint32_t head = csin_arc_head(f, arc);
            if (csin_is_nic(f, head))
                down += f->arc_capacity_Bps[arc];
            else if (f->switches[head].layer == CSIN_SPINE)
                up += f->arc_capacity_Bps[arc];
        }
        worst = fmax(worst, up > 0 ? down / up : 0);
    }
    return worst;
}

/* Written, read back and built: the hosts are there, and the promises are kept. */
static void every_candidate_is_a_fabric_that_keeps_what_it_says(void **state)
{
    (void)state;
    struct asked a = answer(
        "requirements: r\ncompute: {hosts: 70, nics: 2, model: gpu}\n"
        "storage: {hosts: 9, nics: 2, model: store}\ngrowth: 0.1\n"
        "fabric: {switches: [large, small, QM8700], oversubscription: {from: 1, to: 2}, zones: 3}\n"
        "survive: {spines: 1}\n");
    assert_true(a.s->n > 20);
    for (uint32_t i = 0; i < a.s->n; i++) {
        const struct csin_candidate *c = &a.s->candidates[i];
        struct csin_fabric_spec spec;
        struct csin_fabric *f = NULL;
        if (c->fate == CSIN_FATE_NO_BILL)
            continue;
        assert_int_equal(
            csin_fabric_spec_read(a.arena, a.diag, "f", c->text, strlen(c->text), &spec), CSIN_OK);
        assert_int_equal(csin_fabric_create(&spec, a.diag, &f), CSIN_OK);
        csin_fabric_check(f);
        assert_int_equal(f->n_hosts, 79);
        assert_int_equal(f->n_nics, 158);
        assert_true(c->room >= 7);
        assert_true(worst_oversubscription(f) <= 2 * (1 + 1e-9));
        assert_true(c->oversubscription >= worst_oversubscription(f) * (1 - 1e-9));
        for (uint32_t n = 0; n < f->n_nics; n++)
            assert_true(f->nics[n].cable != CSIN_NONE);
        for (uint32_t z = 0; z < f->n_zones; z++)
            assert_true(f->zones[z].n_spines >= 2);
        csin_fabric_destroy(f);
    }
    finish(&a);
}

/* Two zones, 122 switches; without workloads the oversubscription stands for the time. */
static void fire_flyer_2_is_found_again(void **state)
{
    (void)state;
    struct asked a = answer("requirements: ff2\ncompute: {hosts: 1200, model: gpu}\n"
                            "storage: {hosts: 180, nics: 2, model: store}\n"
                            "fabric: {switches: QM8700, between-zones: 500GB/s}\n");
    bool found = false;
    for (uint32_t i = 0; i < a.s->n; i++) {
        const struct csin_candidate *c = &a.s->candidates[i];
        const struct csin_candidate_key *k = &c->key;
        if (c->fate != CSIN_FATE_IN_SET)
            continue;
        assert_int_equal(c->n_switches, 122);
        found = found || (k->shape == CSIN_SHAPE_ZONES && k->n == 2 && k->zone.leaves == 40 &&
                          k->zone.spines == 20 && k->inter_zone == 2 && k->inter_zone_leaves == 10);
    }
    assert_true(found);
    finish(&a);
}

static void a_few_hosts_need_one_switch(void **state)
{
    (void)state;
    struct asked a = answer("requirements: r\ncompute: {hosts: 6, model: gpu}\n"
                            "storage: {hosts: 2, model: store}\nfabric: {switches: small}\n");
    assert_int_equal(a.s->n_in_set, 1);
    assert_int_equal(a.s->candidates[0].fate, CSIN_FATE_IN_SET);
    assert_int_equal(a.s->candidates[0].key.shape, CSIN_SHAPE_SWITCH);
    assert_int_equal(a.s->candidates[0].n_switches, 1);
    assert_int_equal(a.s->candidates[0].room, 0);
    finish(&a);
}

/* Jobs that fit into a zone stay in it, so cables between zones do not matter to them. */
static void jobs_keep_within_zones_where_they_fit(void **state)
{
    (void)state;
    struct asked a = answer(
        "requirements: r\ncompute: {hosts: 24, model: gpu}\n"
        "fabric: {switches: small, shapes: zones, zones: 2, oversubscription: 1}\n"
        "workloads:\n"
        "  - name: w\n    jobs:\n"
        "      - {name: b, hosts: 8, steps: {all-to-all: {size: 8MiB}}}\n"
        "      - {name: a, hosts: 12, steps: {all-to-all: {size: 8MiB}}}\n"
        "      - {name: c, hosts: 4, steps: {all-to-all: {size: 8MiB}}}\n");
    double time_s = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < a.s->n; i++) {
        const struct csin_candidate *c = &a.s->candidates[i];
        if (c->key.n != 2 || c->fate > CSIN_FATE_BEATEN)
            continue;
        if (n++)
            assert_close(c->time_s, time_s, 1e-9);
        time_s = c->time_s;
    }
    assert_true(n >= 2);
    finish(&a);
}

/* ---- no ---- */

static void refuses(const char *yaml, enum csin_status status, const char *says)
{
    struct asked a = ask(yaml, 600);
    assert_int_equal(a.status, status);
    assert_null(a.s);
    assert_says(&a.diag, says);
    finish(&a);
}

static void too_many_hosts_are_told_with_how_many_fit(void **state)
{
    (void)state;
    refuses(
        "requirements: r\ncompute: {hosts: 100, model: gpu}\n"
        "fabric: {switches: small, shapes: zones, zones: 1}\n",
        CSIN_E_NO,
        "r.yaml:2:10: error: 100 ports for hosts are needed; the largest fabric allowed (zones, "
        "oversubscription at most 1) has 32, 68 too few [CSIN-842]\n"
        "r.yaml:1:15: note: allow switches with more ports, more zones, more oversubscription, "
        "or three layers\n");
}

static void a_small_budget_is_told_with_what_is_missing(void **state)
{
    (void)state;
    refuses("requirements: r\ncompute: {hosts: 8, model: gpu}\nfabric: {switches: small}\n"
            "budget: {network-price: 300}\n",
            CSIN_E_NO,
            "r.yaml:1:15: error: the budget of 'r' is too small: the nearest fabric, one-switch, "
            "has a price of the network 340.00, 40.00 over the budget of 300.00 [CSIN-843]\n");
}

static void too_little_storage_is_told_with_what_it_takes(void **state)
{
    (void)state;
    refuses("requirements: r\ncompute: {hosts: 8, model: gpu}\n"
            "storage: {hosts: 2, bandwidth: 100GB/s, host-bandwidth: 20GB/s, model: store}\n",
            CSIN_E_NO,
            "r.yaml:3:32: error: 2 storage hosts give 40 GB/s, 60 GB/s less than asked for "
            "[CSIN-840]\n"
            "r.yaml:3:18: note: it takes 5 hosts of 20 GB/s\n");
}

static void mistakes_are_told_all_at_once(void **state)
{
    (void)state;
    refuses("requirements: r\n"
            "compute: {hosts: 8, gpus: 64, model: gpu}\n"
            "fabric: {oversubscription: {from: 3, to: 1}}\n"
            "workloads:\n"
            "  - name: w\n"
            "    jobs: [{name: t, hosts: 'g[1-8]', steps: {compute: 1ms}}]\n"
            "    storage: [{read: {name: d, readers: 4, size: 1MiB}}]\n",
            CSIN_E_INPUT,
            "r.yaml:3:35: error: the range from 3 to 1 has nothing in it [CSIN-830]\n"
            "r.yaml:3:42: note: write the smaller number first\n"
            "r.yaml:2:27: error: 'gpus' and 'hosts' both say how many compute hosts there are "
            "[CSIN-831]\n"
            "r.yaml:2:18: note: leave one of them out\n"
            "r.yaml:2:27: error: 'gpus' without 'gpus-per-host' [CSIN-831]\n"
            "r.yaml:2:27: note: write, for instance, gpus-per-host: 8\n"
            "r.yaml:6:30: error: 'g[1-8]' is the name of something in one fabric [CSIN-832]\n"
            "r.yaml:6:30: note: workloads run on many fabrics: say how many hosts; csin keeps jobs "
            "in one zone where they fit\n"
            "r.yaml:7:14: error: workload 'w' has storage traffic; the requirements have no "
            "'storage' [CSIN-833]\n");
}

static void without_time_nothing_is_claimed(void **state)
{
    (void)state;
    struct asked a = ask("requirements: r\ncompute: {hosts: 8, model: gpu}\n"
                         "storage: {hosts: 2, model: store}\n" WORKLOAD,
                         -1);
    assert_int_equal(a.status, CSIN_E_FAILED);
    assert_null(a.s);
    finish(&a);
}

CHECK_MAIN(cmocka_unit_test(no_zone_has_fewer_switches),
           cmocka_unit_test(a_full_zone_has_half_its_ports_squared_hosts),
           cmocka_unit_test(a_tree_of_1600_ports_takes_200_switches),
           cmocka_unit_test(nothing_outside_the_set_is_better),
           cmocka_unit_test(every_candidate_is_a_fabric_that_keeps_what_it_says),
           cmocka_unit_test(fire_flyer_2_is_found_again),
           cmocka_unit_test(a_few_hosts_need_one_switch),
           cmocka_unit_test(jobs_keep_within_zones_where_they_fit),
           cmocka_unit_test(too_many_hosts_are_told_with_how_many_fit),
           cmocka_unit_test(a_small_budget_is_told_with_what_is_missing),
           cmocka_unit_test(too_little_storage_is_told_with_what_it_takes),
           cmocka_unit_test(mistakes_are_told_all_at_once),
           cmocka_unit_test(without_time_nothing_is_claimed))
