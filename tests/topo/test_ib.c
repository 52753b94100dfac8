/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names that a subnet manager gives: unique, the same every time, and those that a fabric knows
 * kept; and what is written with them. */
#include "tests/topo/random_fabric.h"
#include "topo/export.h"
#include "topo/part.h"

static struct csin_ib identify(const struct built *b)
{
    struct csin_ib ib = {0};
    struct csin_diag *diag = csin_diag_create();
    assert_int_equal(csin_ib_identify(b->f, b->arena, diag, &ib), CSIN_OK);
    assert_says(&diag, "");
    csin_diag_destroy(diag);
    return ib;
}

static int compare_guids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Port GUIDs are unique, and so are LIDs; each is found again. */
static void check_unique(const struct csin_fabric *f, const struct csin_ib *ib)
{
    uint64_t *guids = calloc(ib->n + 1, sizeof *guids);
    uint32_t n = 0, n_lids = 0;
    assert_non_null(guids);
    for (uint32_t i = 0; i < ib->n; i++) {
        const struct csin_ib_point *point = &ib->points[i];
        bool is_there = i < f->n_vertices || f->switches[i - f->n_vertices].agent_guid;
        assert_int_equal(point->port_guid != 0, is_there);
        if (!is_there)
            continue;
        guids[n++] = point->port_guid;
        assert_int_equal(csin_ib_by_guid(ib, point->port_guid), i);
        assert_int_equal(point->port == 0, i < f->n_switches);
        bool attached = i < f->n_switches || i >= f->n_vertices ||
                        f->nics[i - f->n_switches].cable != CSIN_NONE;
        assert_int_equal(point->lid != 0, attached);
        assert_true(point->lid <= CSIN_IB_MAX_LID && point->lid <= ib->max_lid);
        if (attached)
            assert_int_equal(csin_ib_by_lid(ib, point->lid), i);
    }
    qsort(guids, n, sizeof *guids, compare_guids);
    for (uint32_t i = 1; i < n; i++)
        assert_true(guids[i - 1] < guids[i]);
    for (uint32_t lid = 0; lid <= ib->max_lid; lid++)
        n_lids += ib->by_lid[lid] != CSIN_NONE;
    for (uint32_t i = 0; i < ib->n; i++)
        n_lids -= ib->points[i].lid != 0;
    assert_int_equal(n_lids, 0);
    assert_int_equal(csin_ib_by_guid(ib, 0), CSIN_NONE);
    assert_int_equal(csin_ib_by_guid(ib, 0x1234), CSIN_NONE);
    assert_int_equal(csin_ib_by_lid(ib, UINT64_MAX), CSIN_NONE);
    free(guids);
}

/* Some are known, as in a fabric that was read; a few of them look like made-up ones. */
static void know_some(struct csin_fabric *f, struct csin_rng *rng)
{
    for (uint32_t s = 0; s < f->n_switches; s++) {
        f->switches[s].guid = csin_rng_below(rng, 2) ? 0x0c42a10000000000u + s
                              : csin_rng_below(rng, 3)
                                  ? 0
                                  : 0x02c51a0100000000u + 0x100 * (f->n_switches - s + 5u);
        f->switches[s].lid = csin_rng_below(rng, 2) ? 7 * s + 1 : 0;
        if (csin_rng_below(rng, 3) == 0) {
            f->switches[s].agent_guid = 0x0c42a10300000000u + s;
            f->switches[s].agent_lid = csin_rng_below(rng, 2) ? 7 * s + 2 : 0;
        }
    }
    for (uint32_t i = 0; i < f->n_nics; i++) {
        if (csin_rng_below(rng, 2))
            f->nics[i].port_guid = 0x0c42a10100000000u + i;
        else if (csin_rng_below(rng, 2))
            f->nics[i].node_guid = 0x0c42a10200000000u + 0x10 * i;
        f->nics[i].lid = csin_rng_below(rng, 3) == 0 ? 20000 + i : 0;
    }
}

static void try_names(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built b = build_yaml(r->yaml);
    struct csin_rng rng = csin_rng_init(seed, 9);
    for (int pass = 0; pass < 2; pass++) {
        struct csin_ib ib = identify(&b), again = identify(&b);
        check_unique(b.f, &ib);
        assert_memory_equal(ib.points, again.points, ib.n * sizeof *ib.points);
        for (uint32_t s = 0; s < b.f->n_switches; s++) {
            assert_true(!b.f->switches[s].guid || ib.points[s].node_guid == b.f->switches[s].guid);
            assert_true(!b.f->switches[s].lid || ib.points[s].lid == b.f->switches[s].lid);
        }
        know_some(b.f, &rng);
    }
    built_finish(&b);
    random_fabric_destroy(r);
}

static void names_are_unique_and_keep_what_is_known(void **state)
{
    (void)state;
    campaign(200, try_names);
}

static void a_lid_or_guid_of_two_is_an_error(void **state)
{
    (void)state;
    struct built b = build_named("leaf:2 spine:1 host:2 200Gb/s");
    struct csin_diag *diag = csin_diag_create();
    struct csin_ib ib = {.n = 77};
    b.f->switches[0].lid = b.f->nics[3].lid = 5;
    b.f->switches[1].guid = b.f->nics[0].port_guid = 99;
    assert_int_equal(csin_ib_identify(b.f, b.arena, diag, &ib), CSIN_E_INPUT);
    assert_int_equal(ib.n, 77);
    char *said = check_diag_text(diag);
    assert_non_null(strstr(said, "'leaf2' and 'h1 mlx5_0' have the same port GUID [CSIN-641]"));
    assert_non_null(strstr(said, "'leaf1' and 'h4 mlx5_0' have the same LID [CSIN-641]"));
    free(said);
    csin_diag_destroy(diag);
    built_finish(&b);
}

static void a_subnet_has_49151_lids(void **state)
{
    (void)state;
    struct csin_diag *diag = csin_diag_create();
    struct csin_ib ib;
    struct built b = build_named("leaf:100 spine:51 host:490 200Gb/s");
    assert_int_equal(csin_ib_identify(b.f, b.arena, diag, &ib), CSIN_OK);
    assert_int_equal(ib.max_lid, 49151);
    check_unique(b.f, &ib);
    built_finish(&b);
    b = build_named("leaf:100 spine:52 host:490 200Gb/s");
    assert_int_equal(csin_ib_identify(b.f, b.arena, diag, &ib), CSIN_E_INPUT);
    assert_says(&diag,
                "csin: error: 49,152 switches and NICs need a LID each; an InfiniBand subnet has "
                "49,151 [CSIN-640]\n"
                "csin: note: planes that no cable joins are subnets of their own: --plane 1 writes "
                "one of them\n");
    csin_diag_destroy(diag);
    built_finish(&b);
}

static void speeds_are_those_of_links(void **state)
{
    (void)state;
    static const struct {
        double rate_Gbps;
        const char *want;
    } cases[] = {{400, "4xNDR"},   {200, "4xHDR"},  {100, "4xEDR"},  {56, "4xFDR"},
                 {40, "4xQDR"},    {20, "4xDDR"},   {10, "4xSDR"},   {2.5, "1xSDR"},
                 {1, "1xSDR"},     {50, "1xHDR"},   {25, "1xEDR"},   {800, "8xNDR"},
                 {1200, "12xNDR"}, {150, "12xQDR"}, {199.9, "8xNDR"}};
    for (size_t i = 0; i + 2 < sizeof cases / sizeof *cases; i++)
        assert_string_equal(csin_ib_speed(cases[i].rate_Gbps * 1e9 / 8).s, cases[i].want);
    /* Between two: the fastest that is not faster. */
    assert_string_equal(csin_ib_speed(199.9e9 / 8).s, "12xFDR");
    assert_string_equal(csin_ib_speed(150e9 / 8).s, "12xQDR");
}

static char *written(struct built *b, const char *format)
{
    struct csin_ib ib = identify(b);
    char *text = NULL;
    size_t bytes;
    const struct csin_fabric_writer *w = csin_fabric_writers;
    while (w->name && strcmp(w->name, format) != 0)
        w++;
    assert_non_null(w->name);
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    w->write(&(struct csin_fabric_view){.fabric = b->f, .ib = &ib}, out);
    fclose(out);
    return text;
}

static void check_written(struct built *b, const char *format, const char *want)
{
    char *text = written(b, format);
    /* The comment in the first line names the version. */
    const char *got = text[0] == '#' ? strchr(text, '\n') + 1 : text;
    assert_string_equal(got, want);
    free(text);
}

static const char small[] =
    "fabric: t\n"
    "switch-models: {s: {ports: 4, rate: 200Gb/s}}\n"
    "host-models: {h: {rate: 200Gb/s}, st: {role: storage, nics: 2, rate: 200Gb/s}}\n"
    "zones: {a: {model: s, leaves: 2, spines: 1, hosts-per-leaf: 2}}\n"
    "hosts:\n"
    "  - {names: h1, model: h, attach: {switches: a-leaf1}}\n"
    "  - {names: st1, model: st, attach: [{switches: a-leaf1, nic: 0}, {switches: a-leaf2, nic: "
    "1}]}\n"
    "overrides:\n"
    "  - {between: [a-leaf2, a-spine1], state: down}\n"
    "  - {between: [a-leaf1, a-spine1], rate: 100Gb/s}\n";

/* The dead cable is left out, the slow one says so; what is joined to nothing is not there. */
static void the_netlist_is_what_ibnetdiscover_prints(void **state)
{
    (void)state;
    struct built b = build_yaml(small);
    check_written(
        &b, "ibnet",
        "\nvendid=0x2c9\ndevid=0x101b\nsysimgguid=0x2c51a0200000100\ncaguid=0x2c51a0200000100\n"
        "Ca\t1 \"H-02c51a0200000100\"\t\t# \"h1 mlx5_0\"\n"
        "[1](2c51a0200000101) \t\"S-02c51a0100000100\"[1]\t\t# lid 4 lmc 0 \"a-leaf1\" lid 1 "
        "4xHDR\n"
        "\nvendid=0x2c9\ndevid=0x101b\nsysimgguid=0x2c51a0200000200\ncaguid=0x2c51a0200000200\n"
        "Ca\t1 \"H-02c51a0200000200\"\t\t# \"st1 mlx5_0\"\n"
        "[1](2c51a0200000201) \t\"S-02c51a0100000100\"[2]\t\t# lid 5 lmc 0 \"a-leaf1\" lid 1 "
        "4xHDR\n"
        "\nvendid=0x2c9\ndevid=0x101b\nsysimgguid=0x2c51a0200000300\ncaguid=0x2c51a0200000300\n"
        "Ca\t1 \"H-02c51a0200000300\"\t\t# \"st1 mlx5_1\"\n"
        "[1](2c51a0200000301) \t\"S-02c51a0100000200\"[1]\t\t# lid 6 lmc 0 \"a-leaf2\" lid 2 "
        "4xHDR\n"
        "\nvendid=0x2c9\ndevid=0xd2f0\nsysimgguid=0x2c51a0100000100\n"
        "switchguid=0x2c51a0100000100(2c51a0100000100)\n"
        "Switch\t4 \"S-02c51a0100000100\"\t\t# \"a-leaf1\" enhanced port 0 lid 1 lmc 0\n"
        "[1]\t\"H-02c51a0200000100\"[1](2c51a0200000101) \t\t# \"h1 mlx5_0\" lid 4 4xHDR\n"
        "[2]\t\"H-02c51a0200000200\"[1](2c51a0200000201) \t\t# \"st1 mlx5_0\" lid 5 4xHDR\n"
        "[4]\t\"S-02c51a0100000300\"[1]\t\t# \"a-spine1\" lid 3 4xEDR\n"
        "\nvendid=0x2c9\ndevid=0xd2f0\nsysimgguid=0x2c51a0100000200\n"
        "switchguid=0x2c51a0100000200(2c51a0100000200)\n"
        "Switch\t4 \"S-02c51a0100000200\"\t\t# \"a-leaf2\" enhanced port 0 lid 2 lmc 0\n"
        "[1]\t\"H-02c51a0200000300\"[1](2c51a0200000301) \t\t# \"st1 mlx5_1\" lid 6 4xHDR\n"
        "\nvendid=0x2c9\ndevid=0xd2f0\nsysimgguid=0x2c51a0100000300\n"
        "switchguid=0x2c51a0100000300(2c51a0100000300)\n"
        "Switch\t4 \"S-02c51a0100000300\"\t\t# \"a-spine1\" enhanced port 0 lid 3 lmc 0\n"
        "[1]\t\"S-02c51a0100000100\"[4]\t\t# \"a-leaf1\" lid 1 4xEDR\n");
    check_written(&b, "root-guids", "0x02c51a0100000300 # a-spine1\n");
    check_written(&b, "cn-guids", "0x02c51a0200000101 # h1 mlx5_0\n");
    check_written(&b, "io-guids",
                  "0x02c51a0200000201 # st1 mlx5_0\n"
                  "0x02c51a0200000301 # st1 mlx5_1\n");
    check_written(&b, "node-name-map",
                  "0x02c51a0100000100 \"a-leaf1\"\n0x02c51a0100000200 \"a-leaf2\"\n"
                  "0x02c51a0100000300 \"a-spine1\"\n0x02c51a0200000100 \"h1 mlx5_0\"\n"
                  "0x02c51a0200000200 \"st1 mlx5_0\"\n0x02c51a0200000300 \"st1 mlx5_1\"\n");
    built_finish(&b);
}

/* As a fabric that was read has it: an adapter of two ports, an aggregation node. */
static void known_adapters_and_aggregation_nodes_are_written_as_they_are(void **state)
{
    (void)state;
    struct built b = build_yaml(small);
    struct csin_nic *nics = b.f->nics;
    for (uint32_t i = 1; i <= 2; i++) {
        nics[i].node_guid = 0xabc0;
        nics[i].port_guid = 0xabc0 + 7 * i;
        nics[i].adapter_port = i;
        nics[i].device = "HCA-1";
    }
    b.f->switches[2].agent_guid = 0xdef0;
    b.f->switches[2].agent_lid = 77;
    char *text = written(&b, "ibnet");
    assert_non_null(strstr(text, "\nCa\t2 \"H-000000000000abc0\"\t\t# \"st1 HCA-1\"\n"
                                 "[1](abc7) \t\"S-02c51a0100000100\"[2]\t\t# lid 5 lmc 0 "
                                 "\"a-leaf1\" lid 1 4xHDR\n"
                                 "[2](abce) \t\"S-02c51a0100000200\"[1]\t\t# lid 6 lmc 0 "
                                 "\"a-leaf2\" lid 2 4xHDR\n\n"));
    assert_non_null(strstr(text, "\nCa\t1 \"H-000000000000def0\"\t\t# \"Mellanox Technologies "
                                 "Aggregation Node\"\n[1](def0) \t\"S-02c51a0100000300\"[5]\t\t# "
                                 "lid 77 lmc 0 \"a-spine1\" lid 3 4xHDR\n"));
    assert_non_null(strstr(text, "\nSwitch\t5 \"S-02c51a0100000300\""));
    assert_non_null(strstr(text, "\n[5]\t\"H-000000000000def0\"[1](def0) \t\t# \"Mellanox "
                                 "Technologies Aggregation Node\" lid 77 4xHDR\n"));
    free(text);
    built_finish(&b);
}

/* Whatever the fabric: its parts have all of its cables and NICs with cables, each once, with the
 * GUIDs they have in the whole. */
static void check_parts(const struct built *b)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_ib ib = identify(b);
    uint32_t n = csin_fabric_parts(b->f, NULL), n_cables = 0, n_nics = 0;
    assert_true(n > 0 && n != CSIN_NONE);
    for (uint32_t i = 1; i <= n; i++) {
        struct csin_fabric *part = NULL;
        assert_int_equal(csin_fabric_take_part(b->f, i, diag, &part), CSIN_OK);
        csin_fabric_check(part);
        assert_int_equal(csin_fabric_parts(part, NULL), 1);
        n_cables += part->n_cables;
        for (uint32_t nic = 0; nic < part->n_nics; nic++) {
            uint32_t point = csin_ib_by_guid(&ib, part->nics[nic].port_guid);
            assert_true(csin_is_nic(b->f, point) && point < b->f->n_vertices);
            const struct csin_nic *old = &b->f->nics[point - b->f->n_switches];
            assert_string_equal(b->f->hosts[old->host].name,
                                part->hosts[part->nics[nic].host].name);
            assert_string_equal(b->f->switches[old->leaf].name,
                                part->switches[part->nics[nic].leaf].name);
            n_nics++;
        }
        csin_fabric_destroy(part);
    }
    assert_int_equal(n_cables, b->f->n_cables);
    for (uint32_t nic = 0; nic < b->f->n_nics; nic++)
        n_nics -= b->f->nics[nic].cable != CSIN_NONE;
    assert_int_equal(n_nics, 0);
    assert_says(&diag, "");
    csin_diag_destroy(diag);
}

static void try_parts(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built b = build_yaml(r->yaml);
    check_parts(&b);
    built_finish(&b);
    random_fabric_destroy(r);
}

static void each_part_of_a_fabric_is_a_fabric(void **state)
{
    (void)state;
    struct built b = build_named("leaf:4 spine:2 host:4 plane:3 rail:2 200Gb/s");
    assert_int_equal(csin_fabric_parts(b.f, NULL), 3);
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric *part = NULL;
    struct csin_ib ib;
    assert_int_equal(csin_fabric_take_part(b.f, 2, diag, &part), CSIN_OK);
    assert_int_equal(part->n_switches, 6);
    assert_int_equal(part->n_nics, 16);
    assert_string_equal(part->switches[0].name, "p2-leaf1");
    assert_string_equal(csin_ib_description(part, part->n_switches).s, "h1 mlx5_1");
    assert_int_equal(csin_ib_identify(part, b.arena, diag, &ib), CSIN_OK);
    assert_int_equal(ib.points[0].lid, 1);
    assert_int_equal(ib.max_lid, 22);
    csin_fabric_destroy(part);
    assert_int_equal(csin_fabric_take_part(b.f, 4, diag, &part), CSIN_E_USAGE);
    assert_says(&diag, "csin: error: there is no plane 4 [CSIN-740]\n"
                       "csin: note: the fabric has 3 parts that no cable joins\n");
    csin_diag_destroy(diag);
    check_parts(&b);
    built_finish(&b);
    campaign(200, try_parts);
}

CHECK_MAIN(cmocka_unit_test_teardown(each_part_of_a_fabric_is_a_fabric, campaign_end),
           cmocka_unit_test_teardown(names_are_unique_and_keep_what_is_known, campaign_end),
           cmocka_unit_test(a_lid_or_guid_of_two_is_an_error),
           cmocka_unit_test(a_subnet_has_49151_lids), cmocka_unit_test(speeds_are_those_of_links),
           cmocka_unit_test(the_netlist_is_what_ibnetdiscover_prints),
           cmocka_unit_test(known_adapters_and_aggregation_nodes_are_written_as_they_are))
