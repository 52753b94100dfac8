/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What must hold of every fabric, checked on random ones and on named ones by counting again from
 * the list of cables. */
#include "tests/topo/random_fabric.h"

#define GBPS 125e6 /* bytes/s of 1 Gb/s */

/* ---- invariants of every fabric ---- */

static void ports_are_counted_at_both_ends(const struct csin_fabric *f)
{
    uint32_t *used = calloc(f->n_switches, sizeof *used), n_ports = 0, n_full = 0;
    bool *taken = calloc(f->n_ports + 1u, sizeof *taken), *cabled = calloc(f->n_nics + 1u, 1);
    assert_true(used && taken && cabled);
    for (uint32_t s = 0; s < f->n_switches; s++) {
        assert_int_equal(f->switches[s].first_port, n_ports);
        n_ports += f->switches[s].n_ports;
    }
    assert_int_equal(n_ports, f->n_ports);
    assert_int_equal(f->n_arcs, 2 * f->n_cables);
    assert_int_equal(f->n_vertices, f->n_switches + f->n_nics);
    for (uint32_t c = 0; c < f->n_cables; c++)
        for (unsigned e = 0; e < 2; e++) {
            const struct csin_cable *cable = &f->cables[c];
            uint32_t at = cable->end[e];
            assert_true(at < f->n_vertices);
            assert_int_equal(csin_arc_tail(f, 2 * c + e), at);
            assert_int_equal(csin_arc_head(f, 2 * c + e), cable->end[!e]);
            assert_int_equal(csin_arc_reverse(2 * c + e), 2 * c + !e);
            if (csin_is_nic(f, at)) {
                const struct csin_nic *nic = &f->nics[at - f->n_switches];
                assert_int_equal(e, 0); /* a NIC is always end[0] */
                assert_int_equal(nic->cable, c);
                assert_int_equal(nic->leaf, cable->end[1]);
                assert_int_equal(f->hosts[nic->host].first_nic + cable->port[0],
                                 at - f->n_switches);
                assert_false(cabled[at - f->n_switches]);
                cabled[at - f->n_switches] = true;
                continue;
            }
            const struct csin_switch *sw = &f->switches[at];
            assert_true(cable->port[e] < sw->n_ports);
            assert_false(taken[sw->first_port + cable->port[e]]); /* one cable a port */
            taken[sw->first_port + cable->port[e]] = true;
            assert_int_equal(f->port_arc[sw->first_port + cable->port[e]], 2 * c + e);
            used[at]++;
        }
    for (uint32_t s = 0; s < f->n_switches; s++) {
        assert_int_equal(used[s], f->switches[s].n_used);
        assert_true(used[s] <= f->switches[s].n_ports);
    }
    for (uint32_t p = 0; p < f->n_ports; p++) {
        assert_int_equal(taken[p], f->port_arc[p] != CSIN_NONE);
        n_full += taken[p];
    }
    for (uint32_t nic = 0; nic < f->n_nics; nic++) {
        assert_int_equal(cabled[nic], f->nics[nic].cable != CSIN_NONE);
        assert_int_equal(cabled[nic], f->nics[nic].leaf != CSIN_NONE);
        n_full += cabled[nic];
    }
    assert_int_equal(n_full, 2 * f->n_cables);
    free(used);
    free(taken);
    free(cabled);
}

/* Cables from a leaf to the i-th spine. */
static uint32_t links_of(const struct csin_zone *z, uint32_t i)
{
    for (uint32_t g = 0; g < z->n_groups; g++)
        if (z->first_spine + i - z->groups[g].first_spine < z->groups[g].n_spines)
            return z->groups[g].links_per_pair;
    return 0;
}

/* Links of each leaf-spine pair, what else a spine holds, and where the ports are. */
static void leaves_reach_spines(const struct csin_fabric *f, const struct csin_zone *z)
{
    uint32_t *links = calloc((size_t)z->n_leaves * z->n_spines, sizeof *links);
    uint32_t *down = calloc(z->n_spines, sizeof *down), *other = calloc(z->n_spines, sizeof *other);
    assert_true(links && down && other);
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        for (unsigned e = 0; e < 2; e++) {
            uint32_t spine = cable->end[e] - z->first_spine, leaf = cable->end[!e] - z->first_leaf;
            if (cable->end[e] < z->first_spine || spine >= z->n_spines)
                continue;
            if (cable->end[!e] < z->first_leaf || leaf >= z->n_leaves) {
                other[spine]++;
                continue;
            }
            assert_int_equal(cable->place, CSIN_AT_SPINE);
            assert_int_equal(e, 1);
            links[leaf * z->n_spines + spine]++;
            down[spine]++;
            /* Uplinks take a leaf's last ports. */
            const struct csin_switch *sw = &f->switches[z->first_leaf + leaf];
            assert_true(cable->port[0] >= sw->n_ports - z->n_uplinks);
        }
    }
    for (uint32_t i = 0; i < z->n_leaves * z->n_spines; i++)
        assert_int_equal(links[i], links_of(z, i % z->n_spines));
    for (uint32_t i = 0; i < z->n_spines; i++) {
        assert_int_equal(down[i], z->n_leaves * links_of(z, i));
        assert_int_equal(f->switches[z->first_spine + i].n_used, down[i] + other[i]);
    }
    free(links);
    free(down);
    free(other);
}

static void switches_are_where_they_say(const struct csin_fabric *f)
{
    for (uint32_t i = 0; i < f->n_zones; i++) {
        const struct csin_zone *z = &f->zones[i];
        for (uint32_t s = z->first_leaf; s < z->first_leaf + z->n_leaves; s++)
            assert_true(f->switches[s].zone == i && f->switches[s].layer == CSIN_LEAF);
        for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
            assert_true(f->switches[s].zone == i && f->switches[s].layer == CSIN_SPINE);
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        assert_int_equal(csin_fabric_switch(f, f->switches[s].name), s);
    for (uint32_t h = 0; h < f->n_hosts; h++)
        assert_int_equal(csin_fabric_host(f, f->hosts[h].name), h);
    for (uint32_t s = 0; s < f->n_switches; s++)
        assert_int_equal(csin_fabric_host(f, f->switches[s].name), CSIN_NONE);
    for (uint32_t h = 0; h < f->n_hosts; h++)
        assert_int_equal(csin_fabric_switch(f, f->hosts[h].name), CSIN_NONE);
    uint32_t nic = 0;
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        assert_int_equal(f->hosts[h].first_nic, nic);
        for (uint32_t k = 0; k < f->hosts[h].n_nics; k++)
            assert_int_equal(f->nics[nic++].host, h);
    }
    assert_int_equal(nic, f->n_nics);
}

/* No cable is faster than what it is plugged into, a dead one carries nothing, and an arc's latency
 * is that of what it leaves, of the cable, and of the NIC it enters. */
static void arcs_carry_what_ports_allow(const struct csin_fabric *f)
{
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        const struct csin_cable *cable = &f->cables[arc / 2];
        double latency_s = cable->latency_s;
        for (unsigned e = 0; e < 2; e++) {
            uint32_t at = cable->end[e];
            bool is_nic = csin_is_nic(f, at), is_tail = (arc & 1) == e;
            double rate_Bps = is_nic ? f->nics[at - f->n_switches].rate_Bps
                                     : f->switches[at].rate_Bps;
            assert_true(cable->capacity_Bps <= rate_Bps);
            if (is_nic)
                latency_s += f->nics[at - f->n_switches].latency_s;
            else if (is_tail)
                latency_s += f->switches[at].latency_s;
        }
        assert_true(cable->capacity_Bps > 0);
        assert_true(f->arc_capacity_Bps[arc] == (cable->up ? cable->capacity_Bps : 0));
        assert_close(f->arc_latency_s[arc], latency_s, 1e-12);
    }
}

static void check_invariants(const struct csin_fabric *f)
{
    csin_fabric_check(f);
    ports_are_counted_at_both_ends(f);
    for (uint32_t i = 0; i < f->n_zones; i++)
        leaves_reach_spines(f, &f->zones[i]);
    switches_are_where_they_say(f);
    arcs_carry_what_ports_allow(f);
    assert_int_equal(strlen(f->digest.hex), 64);
}

/* ---- random fabrics ---- */

static void it_comes_to_what_was_asked(const struct random_fabric *r, const struct csin_fabric *f)
{
    assert_int_equal(f->n_switches, r->n_switches);
    assert_int_equal(f->n_hosts, r->n_hosts);
    assert_int_equal(f->n_nics, r->n_nics);
    assert_int_equal(f->n_cables, r->n_cables);
    if (r->is_tree) {
        assert_int_equal(f->n_zones, r->n_tree_zones);
        assert_int_equal(f->n_planes, r->n_planes);
        assert_int_equal(f->n_trees, r->n_tree_cores ? r->n_planes : 0);
        return;
    }
    assert_int_equal(f->n_zones, r->n_zones);
    for (uint32_t i = 0; i < r->n_zones; i++) {
        const struct random_zone *want = &r->zones[i];
        const struct csin_zone *z = &f->zones[i];
        assert_string_equal(z->name, want->name);
        assert_int_equal(z->n_leaves, want->leaves);
        assert_int_equal(z->n_spines, want->spines);
        assert_int_equal(z->links_per_pair, want->links);
        assert_int_equal(z->hosts_per_leaf, want->hosts_per_leaf);
        assert_int_equal(f->switches[z->first_leaf].n_ports, want->leaf_ports);
        assert_int_equal(f->switches[z->first_spine].n_ports, want->spine_ports);
        uint32_t above = (i == r->core_zone ? r->n_cores * r->core_links : 0) +
                         (i == r->edge_zone ? r->n_edges : 0);
        for (uint32_t s = 0; s < z->n_spines; s++)
            assert_int_equal(f->switches[z->first_spine + s].n_used,
                             want->leaves * want->links + above);
    }
}

/* Each inter-zone switch has one cable to each of its leaves, as many in every zone. */
static void inter_zone_switches_hang_off_leaves(const struct random_fabric *r,
                                                const struct csin_fabric *f)
{
    for (uint32_t k = 0; k < r->n_inter_zone; k++) {
        char name[16];
        snprintf(name, sizeof name, "x%u", k + 1);
        uint32_t x = csin_fabric_switch(f, name), *seen = calloc(f->n_switches, sizeof *seen);
        uint32_t per_zone[RANDOM_ZONES] = {0};
        assert_true(x != CSIN_NONE && seen);
        for (uint32_t c = 0; c < f->n_cables; c++) {
            const struct csin_cable *cable = &f->cables[c];
            if (cable->end[1] != x)
                continue;
            assert_int_equal(cable->place, CSIN_BETWEEN_ZONES);
            assert_int_equal(f->switches[cable->end[0]].layer, CSIN_LEAF);
            assert_int_equal(seen[cable->end[0]]++, 0);
            per_zone[f->switches[cable->end[0]].zone]++;
        }
        for (uint32_t z = 0; z < r->n_zones; z++)
            assert_int_equal(per_zone[z], r->inter_zone_leaves);
        assert_int_equal(f->switches[x].n_used, r->n_zones * r->inter_zone_leaves);
        free(seen);
    }
}

/* Plays the attachments again: NICs of a group go to the candidates in order; evenly: nobody has
 * two more than another that still had room; filling: a leaf gets some only when those before are
 * full. */
static void hosts_are_spread_as_asked(const struct random_fabric *r, const struct csin_fabric *f)
{
    uint32_t *on = calloc(f->n_switches, sizeof *on);
    uint32_t *before = calloc(f->n_switches, sizeof *before), first_host = 0;
    assert_true(on && before);
    for (uint32_t g = 0; g < r->n_groups; first_host += r->groups[g].n_hosts, g++)
        for (uint32_t k = 0; k < r->groups[g].n_attach; k++) {
            const struct random_group *group = &r->groups[g];
            const struct random_attach *a = &group->attach[k];
            uint32_t first = a->zone == CSIN_NONE ? csin_fabric_switch(f, "edge1")
                                                  : f->zones[a->zone].first_leaf + a->first;
            uint32_t limit = a->zone == CSIN_NONE ? r->edge_ports
                                                  : r->zones[a->zone].hosts_per_leaf;
            memcpy(before, on, f->n_switches * sizeof *on);
            for (uint32_t h = first_host, last = first; h < first_host + group->n_hosts; h++) {
                uint32_t leaf = f->nics[f->hosts[h].first_nic + a->nic].leaf;
                assert_in_range(leaf, last, first + a->n - 1);
                last = leaf;
                on[leaf]++;
            }
            for (uint32_t i = first; i < first + a->n; i++)
                for (uint32_t j = first; j < first + a->n; j++) {
                    uint32_t got_i = on[i] - before[i], got_j = on[j] - before[j];
                    if (a->fill ? j < i && got_i : got_i > got_j + 1)
                        assert_int_equal(on[j], limit);
                }
            for (uint32_t i = first; i < first + a->n; i++)
                assert_true(on[i] <= limit);
        }
    free(on);
    free(before);
}

static void try_invariants(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built intact = build_yaml(r->yaml);
    check_invariants(intact.f);
    it_comes_to_what_was_asked(r, intact.f);
    inter_zone_switches_hang_off_leaves(r, intact.f);
    hosts_are_spread_as_asked(r, intact.f);

    struct built again = build_yaml(r->yaml);
    assert_string_equal(again.f->digest.hex, intact.f->digest.hex);

    /* Faults change the cables they name, and nothing else. */
    random_faults_add(r, intact.f);
    struct built faulty = build_yaml(r->yaml);
    check_invariants(faulty.f);
    assert_int_equal(faulty.f->n_cables, intact.f->n_cables);
    bool slower = false;
    for (uint32_t c = 0, next = 0; c < intact.f->n_cables; c++) {
        const struct csin_cable *was = &intact.f->cables[c], *is = &faulty.f->cables[c];
        const struct random_fault *fault = next < r->n_faults && r->faults[next].cable == c
                                               ? &r->faults[next++]
                                               : NULL;
        bool slow = fault && !fault->dead && fault->rate_Bps != was->capacity_Bps;
        assert_memory_equal(was->end, is->end, sizeof is->end);
        assert_memory_equal(was->port, is->port, sizeof is->port);
        assert_true(is->up == !(fault && fault->dead));
        assert_true(is->degraded == slow);
        assert_true(is->capacity_Bps == (slow ? fault->rate_Bps : was->capacity_Bps));
        slower = slower || !is->up || slow;
    }
    assert_true(slower == (strcmp(faulty.f->digest.hex, intact.f->digest.hex) != 0));
    built_finish(&faulty);
    built_finish(&again);
    built_finish(&intact);
    random_fabric_destroy(r);
}

static void random_fabrics_keep_every_invariant(void **state)
{
    (void)state;
    campaign(400, try_invariants);
}

/* ---- named fabrics ---- */

static void one_line_fabrics_keep_every_invariant(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint32_t switches, hosts, cables, leaf_ports;
    } cases[] = {
        {"leaf:4 spine:2 host:16 200Gb/s", 6, 64, 72, 18},
        {"leaf:1 spine:1 host:1 1b/s", 2, 1, 2, 2},
        {"leaf:4 spine:2 host:3 storage:2 links:3 ports:40 200Gb/s uplink:100Gb/s latency:1us", 6,
         20, 44, 40},
        {"leaf:3 spine:2 storage:5 10GB/s", 5, 15, 21, 7},
        {"leaf:40 spine:20 host:20 200Gb/s", 60, 800, 1600, 40},
        {"leaf:128 spine:64 host:64 400Gb/s", 192, 8192, 16384, 128},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct built b = build_named(cases[i].line);
        check_invariants(b.f);
        assert_int_equal(b.f->n_switches, cases[i].switches);
        assert_int_equal(b.f->n_hosts, cases[i].hosts);
        assert_int_equal(b.f->n_cables, cases[i].cables);
        assert_int_equal(b.f->switches[0].n_ports, cases[i].leaf_ports);
        built_finish(&b);
    }
}

static void fire_flyer_2_is_cabled_as_published(void **state)
{
    (void)state;
    struct built b = build_named("configs/fire-flyer-2.yaml");
    const struct csin_fabric *f = b.f;
    uint32_t n_role[CSIN_N_ROLES] = {0}, n_both = 0;
    check_invariants(f);
    assert_int_equal(f->n_switches, 122);
    assert_int_equal(f->n_zones, 2);
    for (uint32_t h = 0; h < f->n_hosts; h++)
        n_role[f->hosts[h].role]++;
    assert_int_equal(n_role[CSIN_COMPUTE], 1200);
    assert_int_equal(n_role[CSIN_STORAGE], 180);
    assert_int_equal(f->n_nics, 1200 + 2 * 180);
    /* NICs, leaf-spine cables, inter-zone cables */
    assert_int_equal(f->n_cables, 1560 + 2 * 800 + 2 * 2 * 10);
    for (uint32_t z = 0; z < 2; z++) {
        assert_int_equal(f->zones[z].n_leaves, 40);
        assert_int_equal(f->zones[z].n_spines, 20);
        for (uint32_t s = 0; s < 20; s++)
            assert_int_equal(f->switches[f->zones[z].first_spine + s].n_used, 40);
        for (uint32_t leaf = f->zones[z].first_leaf; leaf < f->zones[z].first_leaf + 40; leaf++) {
            uint32_t on[CSIN_N_ROLES] = {0}, x = 0, n_x = 0;
            for (uint32_t p = 0; p < f->switches[leaf].n_ports; p++) {
                uint32_t arc = f->port_arc[f->switches[leaf].first_port + p];
                assert_int_not_equal(arc, CSIN_NONE); /* all 40 ports are in use */
                uint32_t head = csin_arc_head(f, arc);
                if (csin_is_nic(f, head))
                    on[f->hosts[f->nics[head - f->n_switches].host].role]++;
                else if (f->switches[head].layer == CSIN_INTER_ZONE) {
                    n_x++;
                    x = head;
                }
            }
            assert_int_equal(on[CSIN_COMPUTE], 15);
            assert_in_range(on[CSIN_STORAGE], 4, 5);
            assert_int_equal(on[CSIN_COMPUTE] + on[CSIN_STORAGE] + n_x, 20);
            n_both += n_x > 1;
            assert_true(n_x == 0 || f->switches[x].layer == CSIN_INTER_ZONE);
        }
    }
    assert_int_equal(n_both, 0); /* no leaf hangs on both inter-zone switches */
    for (uint32_t s = 120; s < 122; s++) {
        uint32_t per_zone[2] = {0}, *seen = calloc(f->n_switches, sizeof *seen);
        assert_int_equal(f->switches[s].layer, CSIN_INTER_ZONE);
        assert_int_equal(f->switches[s].n_used, 20);
        for (uint32_t p = 0; p < f->switches[s].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[s].first_port + p];
            if (arc == CSIN_NONE)
                continue;
            assert_int_equal(seen[csin_arc_head(f, arc)]++, 0);
            per_zone[f->switches[csin_arc_head(f, arc)].zone]++;
        }
        assert_int_equal(per_zone[0], 10);
        assert_int_equal(per_zone[1], 10);
        free(seen);
    }
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        uint32_t zone = f->switches[f->nics[host->first_nic].leaf].zone;
        if (host->role == CSIN_STORAGE) {
            assert_int_equal(zone, 0);
            assert_int_equal(f->switches[f->nics[host->first_nic + 1].leaf].zone, 1);
        } else {
            assert_int_equal(zone, h >= 600);
        }
    }
    built_finish(&b);
}

/* ---- what follows from what ---- */

#define MODELS                                                                                     \
    "fabric: t\n"                                                                                  \
    "switch-models:\n"                                                                             \
    "  s: {ports: 8, rate: 100Gb/s}\n"                                                             \
    "  big: {ports: 40, rate: 200Gb/s}\n"                                                          \
    "host-models:\n"                                                                               \
    "  gpu: {rate: 100Gb/s}\n"                                                                     \
    "  two: {nics: 2, rate: 100Gb/s}\n"
/* 3 leaves of 2 uplinks and 4 host ports, from line 9 */
#define ZONE "zones:\n  a: {model: s, leaves: 3, spines: 2, hosts-per-leaf: 4}\n"

static void oversubscription_hosts_and_spines_follow_from_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        uint32_t spines, hosts_per_leaf;
    } cases[] = {
        {"spines: 10, hosts-per-leaf: 20, oversubscription: 2", 10, 20},
        {"spines: 10, hosts-per-leaf: 20", 10, 20},
        {"hosts-per-leaf: 20, oversubscription: 2", 10, 20},
        {"spines: 10", 10, 30},
        {"spines: 10, oversubscription: 3", 10, 30},
        {"oversubscription: 3", 10, 30},
        {"oversubscription: 1", 20, 20},
        {"oversubscription: 1, links-per-pair: 2", 10, 20},
        {"hosts-per-leaf: 20, links-per-pair: 4, oversubscription: 2.5", 2, 20},
        {"hosts-per-leaf: 12, oversubscription: 0.75", 16, 12},
        /* Slower uplinks count less: 20 x 200 / (16 x 100) = 2.5. */
        {"hosts-per-leaf: 20, oversubscription: 2.5, uplink-rate: 100Gb/s", 16, 20},
        {"oversubscription: 2, uplink-rate: 100Gb/s", 20, 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml,
                 MODELS "zones:\n  a: {model: big, leaves: 4, %s}\n"
                        "hosts:\n  - {names: 'h[1-30]', model: gpu, attach: {zone: a}}\n",
                 cases[i].zone);
        struct built b = build_yaml(yaml);
        check_invariants(b.f);
        assert_int_equal(b.f->zones[0].n_spines, cases[i].spines);
        assert_int_equal(b.f->zones[0].hosts_per_leaf, cases[i].hosts_per_leaf);
        built_finish(&b);
    }
}

static void a_nic_that_is_attached_to_nothing_is_a_warning(void **state)
{
    (void)state;
    static const char yaml[] = MODELS ZONE
        "hosts:\n  - {names: 'h[1-6]', model: two, attach: {zone: a, nic: 1}}\n";
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    struct csin_fabric *f = NULL;
    assert_int_equal(csin_fabric_spec_read(arena, diag, "t.yaml", yaml, strlen(yaml), &spec),
                     CSIN_OK);
    assert_int_equal(csin_fabric_create(&spec, diag, &f), CSIN_OK);
    assert_says(&diag,
                "t.yaml:11:43: warning: NIC 0 of 'h[1-6]' is attached to nothing [CSIN-222]\n");
    check_invariants(f);
    assert_int_equal(f->nics[0].cable, CSIN_NONE);
    assert_int_equal(f->nics[1].cable, 0);
    assert_string_equal(csin_vertex_name(f, f->n_switches + 1).s, "h1.1");
    csin_fabric_destroy(f);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static void overrides_of_one_cable_add_up(void **state)
{
    (void)state;
    struct built b = build_yaml(MODELS ZONE "hosts: [{names: h1, model: gpu, attach: {zone: a}}]\n"
                                            "overrides:\n"
                                            "  - {between: [a-leaf1, a-spine1], rate: 40Gb/s}\n"
                                            "  - {between: [a-spine1, a-leaf1], rate: 40Gb/s}\n"
                                            "  - {between: [a-leaf1, a-spine2], state: down}\n"
                                            "  - {between: [a-leaf1, a-spine2], rate: 10Gb/s}\n"
                                            "  - {between: [a-leaf2, a-spine1], rate: 100Gb/s}\n"
                                            "  - {between: [a-leaf2, a-spine2], state: down}\n"
                                            "  - {between: [a-leaf2, a-spine2], state: up}\n");
    const struct csin_cable *cables = b.f->cables + 1; /* behind that of the host */
    check_invariants(b.f);
    assert_true(cables[0].up && cables[0].degraded && cables[0].capacity_Bps == 40 * GBPS);
    assert_true(!cables[1].up && cables[1].degraded && cables[1].capacity_Bps == 10 * GBPS);
    assert_true(cables[2].up && !cables[2].degraded && cables[2].capacity_Bps == 100 * GBPS);
    assert_true(cables[3].up && !cables[3].degraded && cables[3].capacity_Bps == 100 * GBPS);
    built_finish(&b);
}

/* ---- digest ---- */

/* Zones decide how dmodk counts, so the cache of runs must tell the two apart. */
static void the_same_cables_without_a_zone_are_another_fabric(void **state)
{
    (void)state;
    struct built a = build_yaml(MODELS "zones:\n  a: {model: s, leaves: 2, spines: 2}\n"
                                       "hosts:\n"
                                       "  - {names: 'h[1-12]', model: gpu, attach: {zone: a}}\n");
    struct built b = build_yaml(MODELS
                                "switches:\n"
                                "  - {names: 'a-leaf[1-2]', model: s, layer: leaf}\n"
                                "  - {names: 'a-spine[1-2]', model: s, layer: spine}\n"
                                "hosts:\n"
                                "  - {names: 'h[1-6]', model: gpu, attach: {switches: a-leaf1}}\n"
                                "  - {names: 'h[7-12]', model: gpu, attach: {switches: a-leaf2}}\n"
                                "cables: {from: 'a-leaf[1-2]', to: 'a-spine[1-2]'}\n");
    assert_int_equal(a.f->n_cables, b.f->n_cables);
    for (uint32_t c = 0; c < a.f->n_cables; c++) {
        assert_memory_equal(a.f->cables[c].end, b.f->cables[c].end, sizeof a.f->cables[c].end);
        assert_memory_equal(a.f->cables[c].port, b.f->cables[c].port, sizeof a.f->cables[c].port);
    }
    assert_string_not_equal(a.f->digest.hex, b.f->digest.hex);
    built_finish(&a);
    built_finish(&b);
}

/* ---- virtual lanes ---- */

#define LANES_FABRIC(s, big)                                                                       \
    "fabric: t\n"                                                                                  \
    "switch-models: {s: {ports: 8, rate: 1Gb/s" s "}, big: {ports: 8, rate: 1Gb/s" big "}}\n"      \
    "host-models: {gpu: {rate: 1Gb/s}}\n"                                                          \
    "zones: {a: {model: s, spine-model: big, leaves: 2, spines: 2}}\n"                             \
    "switches: {names: top, model: big, layer: core}\n"                                            \
    "hosts: [{names: 'h[1-4]', model: gpu, attach: {zone: a}}]\n"

static void every_switch_has_the_data_vls_of_its_model(void **state)
{
    (void)state;
    static const uint32_t allowed[] = {1, 2, 4, 8, 15};
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        char yaml[1024];
        snprintf(yaml, sizeof yaml, LANES_FABRIC("", ", data-vls: %u"), allowed[i]);
        struct built b = build_yaml(yaml);
        for (uint32_t s = 0; s < b.f->n_switches; s++)
            assert_int_equal(b.f->switches[s].n_vls,
                             b.f->switches[s].layer == CSIN_LEAF ? 8 : allowed[i]);
        built_finish(&b);
    }
}

static void data_vls_are_part_of_the_digest(void **state)
{
    (void)state;
    struct built a = build_yaml(LANES_FABRIC("", "")),
                 same = build_yaml(LANES_FABRIC(", data-vls: 8", "")),
                 other = build_yaml(LANES_FABRIC(", data-vls: 4", ""));
    assert_string_equal(a.f->digest.hex, same.f->digest.hex);
    assert_string_not_equal(a.f->digest.hex, other.f->digest.hex);
    built_finish(&a);
    built_finish(&same);
    built_finish(&other);
}

CHECK_MAIN(cmocka_unit_test_teardown(random_fabrics_keep_every_invariant, campaign_end),
           cmocka_unit_test(one_line_fabrics_keep_every_invariant),
           cmocka_unit_test(fire_flyer_2_is_cabled_as_published),
           cmocka_unit_test(oversubscription_hosts_and_spines_follow_from_each_other),
           cmocka_unit_test(a_nic_that_is_attached_to_nothing_is_a_warning),
           cmocka_unit_test(overrides_of_one_cable_add_up),
           cmocka_unit_test(the_same_cables_without_a_zone_are_another_fabric),
           cmocka_unit_test(every_switch_has_the_data_vls_of_its_model),
           cmocka_unit_test(data_vls_are_part_of_the_digest))
