/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What ibnetdiscover prints becomes the fabric that it was printed of. */
#include "tests/topo/random_fabric.h"

#include "tests/topo/ibnet_text.h"
#include "topo/analyze.h"
#include "topo/export.h"
#include "topo/ibnet.h"
#include "topo/routes.h"

static struct built read_text(const char *text, struct csin_diag *diag)
{
    struct built b = {csin_arena_create(), NULL};
    struct csin_fabric_spec spec = {0};
    assert_true(csin_ibnet_is(text, strlen(text)));
    enum csin_status status = csin_ibnet_read(b.arena, diag, "f.ibnet", text, strlen(text), NULL,
                                              &spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(&spec, diag, &b.f);
    if (status != CSIN_OK)
        csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    csin_fabric_check(b.f);
    assert_true(b.f->is_discovered);
    return b;
}

/* Text that must be read without a word said of it. */
static struct built read_quietly(const char *text)
{
    struct csin_diag *diag = csin_diag_create();
    struct built b = read_text(text, diag);
    if (csin_diag_warnings(diag))
        csin_diag_print(diag, stderr);
    assert_int_equal(csin_diag_warnings(diag), 0);
    csin_diag_destroy(diag);
    return b;
}

static struct built read_as(const struct csin_fabric *f, struct ibnet_style style)
{
    char *text = ibnet_text(f, style);
    struct csin_diag *diag = csin_diag_create();
    /* That rates are not told is told. */
    struct built b = style.no_rate ? read_text(text, diag) : read_quietly(text);
    csin_diag_destroy(diag);
    free(text);
    return b;
}

/* The vertex of `b` with the name that `v` has in `a`. */
static uint32_t same_vertex(const struct csin_fabric *a, const struct csin_fabric *b, uint32_t v)
{
    if (!csin_is_nic(a, v))
        return csin_fabric_switch(b, a->switches[v].name);
    const struct csin_nic *nic = &a->nics[v - a->n_switches];
    uint32_t host = csin_fabric_host(b, a->hosts[nic->host].name), k = 0;
    assert_int_not_equal(host, CSIN_NONE);
    /* NICs without a cable are not there. */
    for (uint32_t i = a->hosts[nic->host].first_nic; i < v - a->n_switches; i++)
        k += a->nics[i].cable != CSIN_NONE && a->cables[a->nics[i].cable].up;
    return b->n_switches + b->hosts[host].first_nic + k;
}

/* Every cable of `a` that is up is in the same ports of `b`, and there are no others. */
static void assert_same_cables(const struct csin_fabric *a, const struct csin_fabric *b)
{
    uint32_t n_up = 0;
    for (uint32_t c = 0; c < a->n_cables; c++) {
        const struct csin_cable *cable = &a->cables[c];
        if (!cable->up)
            continue;
        n_up++;
        for (unsigned e = 0; e < 2; e++) {
            if (csin_is_nic(a, cable->end[e]))
                continue;
            uint32_t s = same_vertex(a, b, cable->end[e]);
            assert_int_not_equal(s, CSIN_NONE);
            uint32_t arc = b->port_arc[b->switches[s].first_port + cable->port[e]];
            assert_int_not_equal(arc, CSIN_NONE);
            assert_int_equal(csin_arc_head(b, arc), same_vertex(a, b, cable->end[!e]));
        }
    }
    assert_int_equal(b->n_cables, n_up);
}

static void assert_same_routes(const struct csin_fabric *a, const struct csin_fabric *b)
{
    struct csin_routes *x = NULL, *y = NULL;
    assert_int_equal(csin_routes_create(a, NULL, CSIN_DMODK, 1, NULL, &x), CSIN_OK);
    assert_int_equal(csin_routes_create(b, NULL, CSIN_DMODK, 1, NULL, &y), CSIN_OK);
    for (uint32_t s = 0; s < a->n_switches; s++)
        for (uint32_t n = 0; n < a->n_nics; n++)
            assert_int_equal(csin_routes_port(x, s, n, 0), csin_routes_port(y, s, n, 0));
    csin_routes_destroy(x);
    csin_routes_destroy(y);
}

static void assert_same_zones(const struct csin_fabric *a, const struct csin_fabric *b)
{
    assert_int_equal(a->n_zones, b->n_zones);
    for (uint32_t z = 0; z < a->n_zones; z++) {
        const struct csin_zone *x = &a->zones[z], *y = &b->zones[z];
        assert_true(x->first_leaf == y->first_leaf && x->n_leaves == y->n_leaves);
        assert_true(x->first_spine == y->first_spine && x->n_spines == y->n_spines);
        assert_int_equal(x->links_per_pair, y->links_per_pair);
        assert_true(x->uplink_Bps == y->uplink_Bps && y->regular);
    }
    for (uint32_t s = 0; s < a->n_switches; s++) {
        assert_string_equal(a->switches[s].name, b->switches[s].name);
        assert_int_equal(a->switches[s].layer, b->switches[s].layer);
        assert_int_equal(a->switches[s].zone, b->switches[s].zone);
        assert_int_equal(a->switches[s].n_ports, b->switches[s].n_ports);
    }
}

/* ---- whole fabrics ---- */

static void a_zone_of_800_hosts_is_routed_as_the_planned_one(void **state)
{
    (void)state;
    struct built a = build_named("leaf:40 spine:20 host:20 200Gb/s");
    struct built b = read_as(a.f, (struct ibnet_style){.agents = true, .seed = 3, .no_rate = 20});
    assert_same_zones(a.f, b.f);
    assert_same_cables(a.f, b.f);
    assert_same_routes(a.f, b.f);
    assert_string_equal(a.f->digest.hex, b.f->digest.hex); /* nothing in it has a latency */
    built_finish(&a);
    built_finish(&b);
}

static void fire_flyer_2_is_found_as_it_is(void **state)
{
    (void)state;
    struct built a = build_named("configs/fire-flyer-2.yaml");
    struct built b = read_as(a.f, (struct ibnet_style){.agents = true, .crlf = true, .seed = 9});
    assert_same_zones(a.f, b.f);
    assert_same_cables(a.f, b.f);
    assert_string_equal(b.f->zones[0].name, "a");
    for (uint32_t h = 0; h < a.f->n_hosts; h++)
        assert_int_equal(a.f->hosts[h].role, b.f->hosts[h].role);
    for (uint32_t s = 0; s < b.f->n_switches; s++) {
        assert_int_equal(b.f->switches[s].guid, SWITCH_GUID + 0x40u * s);
        assert_int_equal(b.f->switches[s].lid, s + 1);
        assert_int_equal(b.f->switches[s].agent_guid, SWITCH_GUID + 0x40u * s + 8);
        assert_int_equal(b.f->switches[s].agent_lid, 0x8000 + s);
    }
    for (uint32_t n = 0; n < b.f->n_nics; n++) {
        assert_int_equal(b.f->nics[n].port_guid, NIC_GUID + 0x10u * n);
        assert_int_equal(b.f->nics[n].node_guid, NIC_GUID + 0x10u * n);
        assert_int_equal(b.f->nics[n].lid, b.f->n_switches + n + 1);
        assert_int_equal(b.f->nics[n].adapter_port, 1);
    }
    assert_same_routes(a.f, b.f);
    built_finish(&a);
    built_finish(&b);
}

static void pods_under_cores_are_zones(void **state)
{
    (void)state;
    struct built a = build_yaml(
        "fabric: t\nswitch-models: {s: {ports: 16, rate: 400Gb/s}}\n"
        "host-models: {g: {nics: 2, rate: 200Gb/s}}\n"
        "zones: {p1: {model: s, leaves: 4, spines: 4, hosts-per-leaf: 8}, p2: {model: s, leaves: "
        "4, "
        "spines: 4, hosts-per-leaf: 8}}\n"
        "hosts: [{names: 'n[1-8]', model: g, attach: [{zone: p1}, {zone: p2, nic: 1}]}]\n"
        "switches: {names: 'core[1-4]', model: s, layer: core}\n"
        "cables: [{from: 'p1-spine[1-4]', to: 'core[1-4]'}, {from: 'p2-spine[1-4]', to: "
        "'core[1-4]'}]\n");
    struct built b = read_as(a.f, (struct ibnet_style){.seed = 2});
    assert_same_zones(a.f, b.f);
    assert_same_cables(a.f, b.f);
    assert_int_equal(b.f->hosts[0].n_nics, 2);
    assert_true(b.f->nics[0].rate_Bps == 25e9 && b.f->switches[0].rate_Bps == 50e9);
    built_finish(&a);
    built_finish(&b);
}

static void leaves_without_hosts_are_leaves_if_they_are_called_so(void **state)
{
    (void)state;
    struct built a = build_yaml("fabric: t\nswitch-models: {s: {ports: 8, rate: 200Gb/s}}\n"
                                "host-models: {g: {rate: 200Gb/s}}\n"
                                "zones: {z: {model: s, leaves: 5, spines: 3}}\n"
                                "hosts: [{names: 'n[1-10]', model: g, attach: {switches: "
                                "'z-leaf[1-4]'}}]\n");
    struct built b = read_as(a.f, (struct ibnet_style){.seed = 4});
    assert_same_zones(a.f, b.f);
    built_finish(&a);
    built_finish(&b);
}

static void a_host_on_a_spine_does_not_make_it_a_leaf(void **state)
{
    (void)state;
    struct built a = build_yaml("fabric: t\nswitch-models: {s: {ports: 16, rate: 200Gb/s}}\n"
                                "host-models: {g: {rate: 200Gb/s}}\n"
                                "zones: {z: {model: s, leaves: 8, spines: 4}}\n"
                                "hosts: [{names: 'n[1-60]', model: g, attach: {zone: z}}, "
                                "{names: ufm, model: g}]\n"
                                "cabling: {z-spine2: {16: ufm}}\n");
    struct built b = read_as(a.f, (struct ibnet_style){.seed = 5});
    assert_same_zones(a.f, b.f);
    struct csin_oddities odd;
    assert_int_equal(csin_fabric_oddities(b.f, b.arena, NULL, &odd), CSIN_OK);
    assert_int_equal(odd.n, 1);
    assert_string_equal(odd.items[0].text, "host 'ufm' is on spine 'z-spine2:16'");
    built_finish(&a);
    built_finish(&b);
}

/* Any fabric at all: the cables are where they were, whatever the layers are taken for; and what is
 * read can be written and read again. */
static void try_reading(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built intact = build_yaml(r->yaml);
    random_faults_add(r, intact.f);
    struct built a = build_yaml(r->yaml);
    struct csin_diag *diag = csin_diag_create();
    char *text = ibnet_text(a.f, (struct ibnet_style){.agents = seed % 2,
                                                      .seed = seed,
                                                      .no_rate = (uint32_t)(seed % 3) * 30});
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric_spec spec = {0};
    if (csin_ibnet_read(arena, diag, "f", text, strlen(text), NULL, &spec) == CSIN_OK) {
        struct built b = read_text(text, diag);
        assert_same_cables(a.f, b.f);
        char *yaml = NULL;
        size_t bytes;
        FILE *out = open_memstream(&yaml, &bytes);
        csin_fabric_write_yaml(&(struct csin_fabric_view){.fabric = b.f}, out);
        fclose(out);
        struct built c = build_yaml(yaml);
        assert_string_equal(b.f->digest.hex, c.f->digest.hex);
        for (uint32_t n = 0; n < b.f->n_nics; n++)
            assert_int_equal(b.f->nics[n].port_guid, c.f->nics[n].port_guid);
        free(yaml);
        built_finish(&b);
        built_finish(&c);
    } else {
        assert_int_equal(csin_diag_errors(diag), 1); /* every cable to a host is dead */
    }
    csin_arena_destroy(arena);
    csin_diag_destroy(diag);
    free(text);
    built_finish(&a);
    built_finish(&intact);
    random_fabric_destroy(r);
}

static void any_fabric_is_read_with_its_cables_in_their_ports(void **state)
{
    (void)state;
    campaign(300, try_reading);
}

/* ---- rates ---- */

static void slow_cables_are_degraded_and_slow_kinds_are_not(void **state)
{
    (void)state;
    struct built a = build_yaml("fabric: t\nswitch-models: {s: {ports: 16, rate: 200Gb/s}}\n"
                                "host-models: {g: {rate: 200Gb/s}, o: {rate: 100Gb/s}}\n"
                                "zones: {z: {model: s, leaves: 4, spines: 4, hosts-per-leaf: 12}}\n"
                                "hosts: [{names: 'n[1-24]', model: g, attach: {zone: z}},\n"
                                "  {names: 'old[1-8]', model: o, attach: {zone: z}}]\n"
                                "overrides:\n"
                                "  - {between: [z-leaf1, z-spine2], rate: 100Gb/s}\n"
                                "  - {between: [n3, z-leaf1], rate: 25Gb/s}\n"
                                "  - {between: [old3, z-leaf2], rate: 50Gb/s}\n");
    struct built b = read_as(a.f, (struct ibnet_style){.seed = 6});
    assert_int_equal(a.f->n_cables, b.f->n_cables);
    for (uint32_t c = 0; c < a.f->n_cables; c++) {
        assert_true(a.f->cables[c].capacity_Bps == b.f->cables[c].capacity_Bps);
        assert_int_equal(a.f->cables[c].degraded, b.f->cables[c].degraded);
    }
    assert_true(b.f->zones[0].regular);
    assert_true(b.f->nics[csin_fabric_host(b.f, "old1")].rate_Bps == 12.5e9);
    built_finish(&a);
    built_finish(&b);
}

/* ---- names ---- */

#define SWITCH_LINE "Switch\t8 \"S-b8599f0300000040\"\t\t# \"%s\" base port 0 lid 1 lmc 0\n"

/* One switch with an adapter of each description on its ports; `others`: on what descriptions the
 * system image GUID is that of the first. */
static struct built one_switch(const char *sw, const char *const *adapters, uint32_t n,
                               bool one_system, struct csin_diag *diag)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    fprintf(out, "switchguid=0xb8599f0300000040(b8599f0300000040)\n" SWITCH_LINE, sw);
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "[%u]\t\"H-00000000000000%02x\"[1](%02x)\t\t# \"%s\" lid %u 4xHDR\n", i + 1,
                0xa0 + i, 0xa0 + i, adapters[i], i + 2);
    for (uint32_t i = 0; i < n; i++)
        fprintf(out,
                "\nsysimgguid=0x%x\ncaguid=0x%x\nCa\t1 \"H-00000000000000%02x\"\t\t# \"%s\"\n"
                "[1](%02x)\t\"S-b8599f0300000040\"[%u]\t\t# lid %u lmc 0 \"%s\" lid 1 4xHDR\n",
                one_system ? 0xa0 : 0xa0 + i, 0xa0 + i, 0xa0 + i, adapters[i], 0xa0 + i, i + 1,
                i + 2, sw);
    fclose(out);
    struct built b = read_text(text, diag);
    free(text);
    return b;
}

static void switches_are_called_by_their_descriptions(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"leaf01", "leaf01", "switch8"},
        {"MF0;IB-ComputeLeaf-101:MQM8700/U1", "IB-ComputeLeaf-101", "MQM8700"},
        {"MF0;core1:CS7500/L03/U1", "core1-L03-U1", "CS7500"},
        {"MF0;sw 7 (rack 3):MQM9700", "sw-7-rack-3", "MQM9700"},
        {"Quantum Mellanox Technologies", "switch-b8599f0300000040", "Quantum"},
        {"", "switch-b8599f0300000040", "switch8"},
        {"a \"quoted\" one", "a-quoted-one", "switch8"},
        {"l\xc3\xa9"
         "af \xff\xfe",
         "l-af", "switch8"},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         "01234567890123456789012345678901234567890123456789012345", "switch8"},
    };
    static const char *const one[] = {"n1 mlx5_0"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csin_diag *diag = csin_diag_create();
        struct built b = one_switch(cases[i][0], one, 1, false, diag);
        assert_string_equal(b.f->switches[0].name, cases[i][1]);
        assert_string_equal(b.f->switches[0].model, cases[i][2]);
        assert_int_equal(csin_diag_warnings(diag), 0);
        csin_diag_destroy(diag);
        built_finish(&b);
    }
}

/* Hosts as "name:device,device name:..." */
static void assert_hosts(const char *const *adapters, uint32_t n, bool one_system, const char *want)
{
    struct csin_diag *diag = csin_diag_create();
    struct built b = one_switch("sw", adapters, n, one_system, diag);
    char *got = NULL;
    size_t bytes;
    FILE *out = open_memstream(&got, &bytes);
    for (uint32_t h = 0; h < b.f->n_hosts; h++) {
        const struct csin_host *host = &b.f->hosts[h];
        fprintf(out, "%s%s:", h ? " " : "", host->name);
        for (uint32_t k = 0; k < host->n_nics; k++) {
            const char *device = b.f->nics[host->first_nic + k].device;
            fprintf(out, "%s%s", k ? "," : "", device ? device : "-");
        }
    }
    fclose(out);
    assert_string_equal(got, want);
    free(got);
    csin_diag_destroy(diag);
    built_finish(&b);
}

static void adapters_become_hosts_by_the_word_before_the_device(void **state)
{
    (void)state;
    static const char *const plain[] = {"n2 mlx5_0", "n10 mlx5_1", "n10 mlx5_0", "n10 mlx5_10"};
    assert_hosts(plain, 4, false, "n2:mlx5_0 n10:mlx5_0,mlx5_1,mlx5_10");
    static const char *const hca[] = {"n1 HCA-2", "n1 HCA-1", "n1.site.org hfi1_0", "n1"};
    assert_hosts(hca, 4, false, "n1:HCA-1,HCA-2,- n1.site.org:hfi1_0");
    static const char *const odd[] = {"rack 3 node 7", "n\"1\" mlx5_0", "(none) mlx5_0", "sw"};
    assert_hosts(odd, 4, false, "n-1:mlx5_0 rack-3-node-7:- sw-2:- host-00000000000000a2:mlx5_0");
}

static void adapters_that_nobody_named_are_grouped_by_system(void **state)
{
    (void)state;
    static const char *const none[] = {"localhost mlx5_0", "localhost mlx5_1", "",
                                       "MT4123 ConnectX6 Mellanox Technologies"};
    assert_hosts(none, 4, true, "host-00000000000000a0:mlx5_0,mlx5_1,-,-");
    assert_hosts(none, 4, false,
                 "host-00000000000000a0:mlx5_0 host-00000000000000a1:mlx5_1 "
                 "host-00000000000000a2:- host-00000000000000a3:-");
}

static void hosts_of_one_name_are_told_apart(void **state)
{
    (void)state;
    static const char *const twins[] = {"n1 mlx5_0", "n1 mlx5_0", "n1 mlx5_1", "n2 mlx5_0"};
    assert_hosts(twins, 4, false, "n1:mlx5_0 n1-2:mlx5_0 n1-3:mlx5_1 n2:mlx5_0");
}

static void storage_hosts_are_known_by_their_names(void **state)
{
    (void)state;
    static const char *const names[] = {"oss1", "Storage7", "gpu1", "3fs02", "prestor1", "nvme-a"};
    struct csin_diag *diag = csin_diag_create();
    struct built b = one_switch("sw", names, 6, false, diag);
    static const bool storage[] = {true, true, false, true, false, true};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(b.f->hosts[csin_fabric_host(b.f, names[i])].role,
                         storage[i] ? CSIN_STORAGE : CSIN_COMPUTE);
    csin_diag_destroy(diag);
    built_finish(&b);
}

/* ---- the text itself ---- */

static void other_writings_of_the_same_are_read(void **state)
{
    (void)state;
    /* ibsim's own netlists: any ids, no GUIDs, no comments. */
    struct built b = read_quietly("Switch 4 \"leaf one\"\n[1] \"h1\"[1] w=4\n[2] \"h2\"[1]\n\n"
                                  "Hca 1 \"h1\" # \"n1\"\n[1] \"leaf one\"[1] # 4xHDR\n\n"
                                  "Hca 1 \"h2\" # \"n2\"\n[1] \"leaf one\"[2] # 4xHDR");
    assert_int_equal(b.f->n_cables, 2);
    assert_string_equal(b.f->switches[0].name, "leaf-one");
    built_finish(&b);
    /* Headings of ibnetdiscover -g, external ports, more than a rate behind it (-f). */
    b = read_quietly(
        "\nChassis 1 (guid 0x1)\n\n# Spine Nodes\nsysimgguid=0x9\t# Chassis 1\n"
        "switchguid=0xb8(b8)\nSwitch\t4 \"S-00000000000000b8\"\t# \"sw\" base port 0 "
        "lid 1 lmc 0\n"
        "[1][ext 7]\t\"H-00000000000000a1\"[1](a1)\t\t# \"n1 mlx5_0\" lid 4 2xHDR s=4\n"
        "Non-Chassis Nodes\nibwarn: [12] something\n"
        "Ca\t1 \"H-00000000000000a1\"\t\t# \"n1 mlx5_0\"\n"
        "[1](a1) \t\"S-00000000000000b8\"[1][ext 7]\t\t# lid 4 lmc 0 \"sw\" lid 1 2xHDR");
    assert_true(b.f->cables[0].capacity_Bps == 12.5e9);
    assert_int_equal(b.f->nics[0].lid, 4);
    built_finish(&b);
}

static void what_is_not_ibnetdiscovers_is_told_from_it(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is;
    } cases[] = {{"", false},
                 {"# a comment\n", false},
                 {"# Topology file: generated on Mon\n", true},
                 {"\n# x\r\n\r\nvendid=0x2c9\n", true},
                 {"Switch\t4 \"x\"\n", true},
                 {"Switch: {ports: 4}\n", false},
                 {"fabric: f\n", false},
                 {"Ca 1 \"H-1\"\n", true},
                 {"Cabling: 1\n", false},
                 {"\xef\xbb\xbf"
                  "devid=0x1\n",
                  true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(csin_ibnet_is(cases[i].text, strlen(cases[i].text)), cases[i].is);
}

/* Cut off anywhere, the text is read as far as it goes or refused; never anything else. */
static void text_that_is_cut_off_anywhere_is_read_or_refused(void **state)
{
    (void)state;
    struct built a = build_named("leaf:2 spine:2 host:2 200Gb/s");
    char *text = ibnet_text(a.f, (struct ibnet_style){.agents = true});
    for (size_t n = strlen(text); n-- > 0;) {
        struct csin_arena *arena = csin_arena_create();
        struct csin_diag *diag = csin_diag_create();
        struct csin_fabric_spec spec = {0};
        struct csin_fabric *f = NULL;
        char *part = malloc(n + 1); /* so that a byte too far is noticed */
        assert_non_null(part);
        memcpy(part, text, n);
        part[n] = 0;
        enum csin_status status = csin_ibnet_read(arena, diag, "f", part, n, NULL, &spec);
        if (status == CSIN_OK)
            status = csin_fabric_create(&spec, diag, &f);
        assert_true(status == CSIN_OK || status == CSIN_E_INPUT);
        assert_int_equal(status == CSIN_OK, csin_diag_errors(diag) == 0);
        csin_fabric_destroy(f);
        csin_diag_destroy(diag);
        csin_arena_destroy(arena);
        free(part);
    }
    free(text);
    built_finish(&a);
}

/* ---- mistakes in cabling ---- */

static void assert_odd_in(const char *yaml, const char *want);

static void assert_odd(const char *overrides, const char *want)
{
    char yaml[2048];
    snprintf(yaml, sizeof yaml,
             "fabric: t\nswitch-models: {s: {ports: 12, rate: 200Gb/s}}\n"
             "host-models: {g: {rate: 200Gb/s}, d: {nics: 2, rate: 200Gb/s}}\n"
             "zones: {z: {model: s, leaves: 6, spines: 6}}\n"
             "hosts: [{names: 'n[01-26]', model: g, attach: {zone: z}},\n"
             "  {names: 'd[1-4]', model: d, attach: [{zone: z}, {zone: z, nic: 1}]}]\n%s",
             overrides);
    assert_odd_in(yaml, want);
}

static void assert_odd_in(const char *yaml, const char *want)
{
    struct built a = build_yaml(yaml);
    char *text = ibnet_text(a.f, (struct ibnet_style){.seed = 1});
    struct csin_diag *diag = csin_diag_create();
    struct built b = read_text(text, diag);
    struct csin_oddities odd;
    char got[2048] = "";
    assert_int_equal(csin_fabric_oddities(b.f, b.arena, diag, &odd), CSIN_OK);
    for (uint32_t i = 0; i < odd.n; i++)
        strcat(strcat(got, odd.items[i].text), "\n");
    assert_string_equal(got, want);
    free(text);
    csin_diag_destroy(diag);
    built_finish(&a);
    built_finish(&b);
}

static void mistakes_in_cabling_are_found(void **state)
{
    (void)state;
    assert_odd("", "");
    assert_odd("overrides: [{between: [z-leaf2, z-spine3], state: down}]\n",
               "'z-leaf2' has no cable to 'z-spine3'; most pairs have 1\n");
    assert_odd("overrides: [{between: [z-leaf2, z-spine3], rate: 50Gb/s}]\n",
               "the cable from 'z-leaf2:9' to 'z-spine3:2' runs at 50 Gb/s, slower than others of "
               "its kind\n");
    assert_odd("cables: {from: z-spine1, to: z-spine2}\n",
               "'z-spine1:7' and 'z-spine2:7' are both spine switches\n");
    assert_odd("overrides: [{between: [d1, z-leaf1], nth: 1, state: down}]\n",
               "host 'd1' has 1 NIC with a cable; most like it have 2\n");
    assert_odd("overrides: [{between: [z-leaf2, z-spine1], state: down}, {between: [z-leaf2, "
               "z-spine2], state: down}, {between: [z-leaf2, z-spine3], state: down}, {between: "
               "[z-leaf2, z-spine4], state: down}, {between: [z-leaf2, z-spine5], state: down}]\n",
               "'z-leaf2' has 1 uplink; most leaves of zone 'z' have 6\n");
}

static void a_switch_of_an_older_generation_is_not_damaged(void **state)
{
    (void)state;
    char overrides[1024] = "overrides:\n";
    for (unsigned leaf = 1; leaf <= 6; leaf++)
        sprintf(overrides + strlen(overrides),
                "  - {between: [z-leaf%u, z-spine3], rate: 100Gb/s}\n", leaf);
    assert_odd(overrides, "");
    strcpy(overrides, "overrides:\n");
    for (unsigned spine = 1; spine <= 6; spine++)
        sprintf(overrides + strlen(overrides),
                "  - {between: [z-leaf3, z-spine%u], rate: 100Gb/s}\n", spine);
    assert_odd(overrides, "");
    strcat(overrides, "  - {between: [z-leaf1, z-spine2], rate: 50Gb/s}\n");
    assert_odd(overrides, "the cable from 'z-leaf1:8' to 'z-spine2:1' runs at 50 Gb/s, slower than "
                          "others of its kind\n");
}

static void spines_that_differ_lack_no_cables(void **state)
{
    (void)state;
    char yaml[2048] = "fabric: t\nswitch-models: {s: {ports: 40, rate: 200Gb/s}}\n"
                      "host-models: {g: {rate: 200Gb/s}}\n"
                      "zones: {z: {model: s, leaves: 8, spines: 4, hosts-per-leaf: 8}}\n"
                      "hosts: [{names: 'n[01-32]', model: g, attach: {zone: z}}]\n"
                      "cables:\n";
    for (unsigned leaf = 1; leaf <= 8; leaf++)
        for (unsigned n = 0; n < 2; n++)
            sprintf(yaml + strlen(yaml), "  - {from: z-leaf%u, to: z-spine2}\n", leaf);
    assert_odd_in(yaml, "");
    strcat(yaml, "overrides: [{between: [z-leaf5, z-spine2], nth: 1, state: down},\n"
                 "  {between: [z-leaf6, z-spine1], state: down}]\n");
    assert_odd_in(yaml, "'z-leaf5' has 2 cables to 'z-spine2'; most pairs have 3\n"
                        "'z-leaf6' has no cable to 'z-spine1'; most pairs have 1\n");
}

CHECK_MAIN(cmocka_unit_test(a_switch_of_an_older_generation_is_not_damaged),
           cmocka_unit_test(spines_that_differ_lack_no_cables),
           cmocka_unit_test(a_zone_of_800_hosts_is_routed_as_the_planned_one),
           cmocka_unit_test(fire_flyer_2_is_found_as_it_is),
           cmocka_unit_test(pods_under_cores_are_zones),
           cmocka_unit_test(leaves_without_hosts_are_leaves_if_they_are_called_so),
           cmocka_unit_test(a_host_on_a_spine_does_not_make_it_a_leaf),
           cmocka_unit_test_teardown(any_fabric_is_read_with_its_cables_in_their_ports,
                                     campaign_end),
           cmocka_unit_test(slow_cables_are_degraded_and_slow_kinds_are_not),
           cmocka_unit_test(switches_are_called_by_their_descriptions),
           cmocka_unit_test(adapters_become_hosts_by_the_word_before_the_device),
           cmocka_unit_test(adapters_that_nobody_named_are_grouped_by_system),
           cmocka_unit_test(hosts_of_one_name_are_told_apart),
           cmocka_unit_test(storage_hosts_are_known_by_their_names),
           cmocka_unit_test(other_writings_of_the_same_are_read),
           cmocka_unit_test(what_is_not_ibnetdiscovers_is_told_from_it),
           cmocka_unit_test(text_that_is_cut_off_anywhere_is_read_or_refused),
           cmocka_unit_test(mistakes_in_cabling_are_found))
