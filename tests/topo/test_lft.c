/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Forwarding tables from files: whatever the form, what is read is what was written; and what is
 * wrong is told. tests/real/ has the same with files that OpenSM wrote. */
#include "tests/topo/tables.h"

#include <unistd.h>

/* ---- there and back ---- */

static void check_round_trip(const struct csin_fabric *f, uint64_t seed)
{
    for (int policy = 0; policy < CSIN_N_POLICIES; policy++) {
        if (!csin_policy_has_table((enum csin_policy)policy))
            continue;
        struct csin_routes *made = route(f, (enum csin_policy)policy, seed);
        char *text = tables_text(f, made), *again;
        struct csin_routes *read = tables_read(f, text, "");
        assert_same_tables(f, made, read);
        again = tables_text(f, read);
        assert_string_equal(again, text);
        free(again);
        free(text);
        csin_routes_destroy(read);
        csin_routes_destroy(made);
    }
}

static void try_round_trip(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built b = build_yaml(r->yaml);
    if (seed % 3) {
        random_faults_add(r, b.f);
        built_finish(&b);
        b = build_yaml(r->yaml);
    }
    check_round_trip(b.f, seed);
    built_finish(&b);
    random_fabric_destroy(r);
}

static void tables_are_read_as_they_were_written(void **state)
{
    (void)state;
    struct built b = build_named("configs/fire-flyer-2.yaml");
    check_round_trip(b.f, 1);
    built_finish(&b);
    campaign(getenv("CSIN_QUICK") ? 40 : 150, try_round_trip);
}

static void a_file_is_read_like_the_same_text(void **state)
{
    (void)state;
    struct built b = build_named("leaf:20 spine:10 host:10 200Gb/s");
    struct csin_routes *made = route(b.f, CSIN_RANDOM, 7), *read = NULL;
    struct csin_diag *diag = csin_diag_create();
    struct csin_sha256 sha;
    char *text = tables_text(b.f, made), name[] = "/tmp/csin-lft-XXXXXX";
    size_t bytes = strlen(text);
    int fd = mkstemp(name);
    assert_true(fd >= 0 && write(fd, text, bytes) == (ssize_t)bytes && bytes > 300000);
    close(fd);
    assert_int_equal(csin_lft_open(b.f, (struct csin_loc){0}, name, diag, &sha, &read), CSIN_OK);
    assert_says(&diag, "");
    assert_string_equal(sha.hex, csin_sha256(text, bytes).hex);
    assert_same_tables(b.f, made, read);
    unlink(name);
    free(text);
    csin_diag_destroy(diag);
    csin_routes_destroy(read);
    csin_routes_destroy(made);
    built_finish(&b);
}

/* ---- forms ---- */

/* leaf1 (LID 1) and leaf2 (2) with two hosts each (LIDs 4 to 7) on ports 1 and 2, spine1 (3). */
#define SPEC "leaf:2 spine:1 host:2 200Gb/s"
#define LEAF1 "guid 0x02c51a0100000100"
#define LEAF2 "guid 0x02c51a0100000200"
#define SPINE1 "guid 0x02c51a0100000300"

static const char opensm_form[] =
    "Unicast lids [0-7] of switch Lid 1 guid 0x02c51a0100000100 ('leaf1'):\n"
    "0x0001 000 # Switch portguid 0x02c51a0100000100: 'leaf1'\n"
    "0x0002 003 # Switch portguid 0x02c51a0100000200: 'leaf2'\n"
    "0x0003 003 # Switch portguid 0x02c51a0100000300: 'spine1'\n"
    "0x0004 001 # Channel Adapter portguid 0x02c51a0200000101: 'h1 mlx5_0'\n"
    "0x0005 002 # Channel Adapter portguid 0x02c51a0200000201: 'h2 mlx5_0'\n"
    "0x0006 003 # Channel Adapter portguid 0x02c51a0200000301: 'h3 mlx5_0'\n"
    "0x0007 003 # Channel Adapter portguid 0x02c51a0200000401: 'h4 mlx5_0'\n"
    "7 lids dumped\n"
    "Unicast lids [0-7] of switch Lid 2 guid 0x02c51a0100000200 ('leaf2'):\n"
    "0x0001 003 # Switch portguid 0x02c51a0100000100: 'leaf1'\n"
    "0x0002 000 # Switch portguid 0x02c51a0100000200: 'leaf2'\n"
    "0x0003 003 # Switch portguid 0x02c51a0100000300: 'spine1'\n"
    "0x0004 003 # Channel Adapter portguid 0x02c51a0200000101: 'h1 mlx5_0'\n"
    "0x0005 003 # Channel Adapter portguid 0x02c51a0200000201: 'h2 mlx5_0'\n"
    "0x0006 001 # Channel Adapter portguid 0x02c51a0200000301: 'h3 mlx5_0'\n"
    "0x0007 002 # Channel Adapter portguid 0x02c51a0200000401: 'h4 mlx5_0'\n"
    "7 lids dumped\n"
    "Unicast lids [0-7] of switch Lid 3 guid 0x02c51a0100000300 ('spine1'):\n"
    "0x0001 001 # Switch portguid 0x02c51a0100000100: 'leaf1'\n"
    "0x0002 002 # Switch portguid 0x02c51a0100000200: 'leaf2'\n"
    "0x0003 000 # Switch portguid 0x02c51a0100000300: 'spine1'\n"
    "0x0004 001 # Channel Adapter portguid 0x02c51a0200000101: 'h1 mlx5_0'\n"
    "0x0005 001 # Channel Adapter portguid 0x02c51a0200000201: 'h2 mlx5_0'\n"
    "0x0006 002 # Channel Adapter portguid 0x02c51a0200000301: 'h3 mlx5_0'\n"
    "0x0007 002 # Channel Adapter portguid 0x02c51a0200000401: 'h4 mlx5_0'\n"
    "7 lids dumped\n";

/* Reads `text` for SPEC: it has to say what dmodk does. */
static void check_form(const char *text, const char *says)
{
    struct built b = build_named(SPEC);
    struct csin_routes *want = route(b.f, CSIN_DMODK, 0), *got = tables_read(b.f, text, says);
    assert_same_tables(b.f, want, got);
    csin_routes_destroy(got);
    csin_routes_destroy(want);
    built_finish(&b);
}

static void tables_are_written_as_opensm_dumps_them(void **state)
{
    (void)state;
    struct built b = build_named(SPEC);
    struct csin_routes *routes = route(b.f, CSIN_DMODK, 0);
    char *text = tables_text(b.f, routes);
    assert_string_equal(text, opensm_form);
    free(text);
    csin_routes_destroy(routes);
    built_finish(&b);
    check_form(opensm_form, "");
}

static void what_dump_fts_prints_is_read(void **state)
{
    (void)state;
    check_form(
        "Unicast lids [0x0-0x7] of switch DR path slid 0; dlid 0; 0,1 " LEAF1 " (leaf1):\n"
        "  Lid  Out   Destination\n"
        "       Port     Info \n"
        "0x0004 001 : (Channel Adapter portguid 0x02c51a0200000101: 'h1 mlx5_0')\n"
        "0x0005 002 : (Channel Adapter portguid 0x02c51a0200000201: 'h2 mlx5_0')\n"
        "0x0006 003 : (Channel Adapter portguid 0x02c51a0200000301: 'h3 mlx5_0')\n"
        "0x0007 003 : (Channel Adapter portguid 0x02c51a0200000401: 'h4 mlx5_0')\n"
        "7 valid lids dumped \n"
        "Unicast lids [0x0-0x7] of switch DR path slid 0; dlid 0; 0,1,3 " SPINE1 " (spine1):\n"
        "  Lid  Out   Destination\n"
        "       Port     Info \n"
        "0x0004 001 : (Channel Adapter portguid 0x02c51a0200000101: 'h1 mlx5_0')\n"
        "0x0005 001 : (Channel Adapter portguid 0x02c51a0200000201: 'h2 mlx5_0')\n"
        "0x0006 002 : (Channel Adapter portguid 0x02c51a0200000301: 'h3 mlx5_0')\n"
        "0x0007 002 : (Channel Adapter portguid 0x02c51a0200000401: 'h4 mlx5_0')\n"
        "7 valid lids dumped \n"
        "Unicast lids [0x0-0x7] of switch DR path slid 0; dlid 0; 0,1,3,2 " LEAF2 " (leaf2):\n"
        "0x0004 003 : (Channel Adapter portguid 0x02c51a0200000101: 'h1 mlx5_0')\n"
        "0x0005 003 : (Channel Adapter portguid 0x02c51a0200000201: 'h2 mlx5_0')\n"
        "0x0006 001 : (Channel Adapter portguid 0x02c51a0200000301: 'h3 mlx5_0')\n"
        "0x0007 002 : (Channel Adapter portguid 0x02c51a0200000401: 'h4 mlx5_0')\n",
        "");
}

/* No GUIDs of ports: LIDs are those of the fabric. Carriage returns, comments, blanks, no line end
 * at the end of the file. */
static void as_little_as_opensm_takes_is_read(void **state)
{
    (void)state;
    check_form("# made by hand\r\n"
               "  Unicast lids " LEAF1 " \r\n"
               "\t0x4 1\r\n0x5   2\r\n0x6 3\r\n0x7 3\r\n\r\n"
               "Unicast lids " LEAF2 "\n"
               "0x4 3 \n0x05 03\n0x0006 1\n0x7 2 # the last one\n"
               "Unicast lids " SPINE1 " \n"
               "0x4 1\n0x5 1\n0x6 2\n0x7 2",
               "");
}

/* Today's LID of the port counts, whatever the file says. */
static void lids_that_have_changed_are_found_by_guid(void **state)
{
    (void)state;
    char *text = strdup(opensm_form);
    assert_non_null(text);
    for (char *p = text; (p = strstr(p, "\n0x000")); p += 7)
        p[6] = "0937456218"[p[6] - '0']; /* any other LIDs, some of them unknown here */
    check_form(text, "");
    free(text);
}

/* With LMC 1 a port has two LIDs, and may have a way for each. */
static void of_several_lids_of_a_port_the_lowest_counts(void **state)
{
    (void)state;
    struct built b = build_named("leaf:2 spine:2 host:1 200Gb/s");
    for (int order = 0; order < 2; order++) {
        const char *first = "0x0020 2 portguid 0x02c51a0200000201\n";
        const char *second = "0x0021 3 portguid 0x02c51a0200000201\n";
        char text[400];
        snprintf(text, sizeof text, "Unicast lids " LEAF1 " :\n%s%s", order ? second : first,
                 order ? first : second);
        struct csin_routes *routes = NULL;
        assert_int_equal(csin_lft_read(b.f, "t", text, strlen(text), NULL, &routes), CSIN_OK);
        assert_int_equal(csin_routes_port(routes, 0, 1, 0), 1);
        csin_routes_destroy(routes);
    }
    built_finish(&b);
}

/* ---- what cannot be used ---- */

static void unknown_switches_and_destinations_are_told(void **state)
{
    (void)state;
    char *text = NULL;
    assert_true(asprintf(&text,
                         "%sUnicast lids guid 0xabc (old):\n0x0004 1\n"
                         "Unicast lids guid 0xdef (older):\n"
                         "Unicast lids " LEAF1 " (leaf1):\n"
                         "0x0004 001\n0x0005 2\n0x0006 3\n0x0007 3\n"
                         "0x0008 3\n0x0009 3\n0x0005 1 portguid 0xaaaa\n0x0004 2 portguid 0xbbbb\n"
                         "Unicst lids guid 0x1\n",
                         opensm_form) > 0);
    check_form(
        text,
        "t.lft:31:37: warning: a second table of switch 'leaf1'; this one counts [CSIN-652]\n"
        "t.lft:28:1: warning: 2 of 6 tables are of switches that the fabric does not have "
        "[CSIN-647]\n"
        "t.lft:38:1: warning: 2 entries are for ports that the fabric does not have, such as "
        "0x000000000000aaaa [CSIN-648]\n"
        "t.lft:36:1: warning: 2 entries are for LIDs that the fabric does not have "
        "[CSIN-648]\n"
        "t.lft:40:1: warning: 1 line is neither of a table nor an entry, such as 'Unicst lids "
        "guid 0x1' [CSIN-650]\n");
    free(text);
}

/* A GUID that is not here: opensm takes the LID as it stands, and so does csin where the fabric
 * knows its LIDs. */
static void an_unknown_guid_leaves_a_known_lid(void **state)
{
    (void)state;
    struct built b = build_named(SPEC);
    const char *text = "Unicast lids " LEAF1 " :\n0x0005 2 portguid 0xaaaa\n";
    for (int known = 0; known < 2; known++) {
        struct csin_routes *routes = NULL;
        b.f->nics[1].lid = known ? 5 : 0;
        assert_int_equal(csin_lft_read(b.f, "t", text, strlen(text), NULL, &routes), CSIN_OK);
        assert_int_equal(csin_routes_port(routes, 0, 1, 0), known ? 1 : CSIN_NONE);
        csin_routes_destroy(routes);
    }
    built_finish(&b);
}

static void mistakes_are_told_with_their_lines_all_at_once(void **state)
{
    (void)state;
    struct built b = build_named(SPEC);
    struct csin_routes *routes = NULL;
    struct csin_diag *diag = csin_diag_create();
    char text[4096];
    int n = snprintf(text, sizeof text,
                     "0x0004 001\n"
                     "Unicast lids [0-7] of switch Lid 1 ('leaf1'):\n"
                     "Unicast lids guid 0x12345678901234567 (leaf1):\n"
                     "Unicast lids guid 0x12z (leaf1):\n"
                     "Unicast lids " LEAF1 " (leaf1):\n"
                     "0x00g4 001\n"
                     "0x10000 1\n"
                     "0x0004 -1\n"
                     "0x0004\n"
                     "0x0004 4\n"
                     "0x0004 255\n"
                     "0x0004 4294967296\n"
                     "0x0004 0\n"
                     "0x0004 1,2\n");
    memset(text + n, 'x', 1100);
    text[n + 1100] = '\n';
    size_t bytes = (size_t)n + 1101;
    assert_int_equal(csin_lft_read(b.f, "t", text, bytes, diag, &routes), CSIN_E_INPUT);
    assert_null(routes);
    assert_says(
        &diag, "t:1:1: error: an entry before any line 'Unicast lids' [CSIN-643]\n"
               "t:2:13: error: the switch of this table has no ' guid 0x' [CSIN-642]\n"
               "t:2:13: note: write: Unicast lids of switch guid 0x0c42a10000001001 (leaf01):\n"
               "t:3:21: error: '12345678901234567' is not a GUID [CSIN-642]\n"
               "t:3:21: note: a GUID has up to 16 hexadecimal digits; a blank follows\n"
               "t:4:21: error: '12z' is not a GUID [CSIN-642]\n"
               "t:4:21: note: a GUID has up to 16 hexadecimal digits; a blank follows\n"
               "t:6:3: error: '00g4' is not a LID [CSIN-643]\n"
               "t:6:3: note: an entry is a LID and a port: 0x001f 21\n"
               "t:7:3: error: '10000' is not a LID [CSIN-643]\n"
               "t:7:3: note: an entry is a LID and a port: 0x001f 21\n"
               "t:8:8: error: '-1' is not a port [CSIN-643]\n"
               "t:8:8: note: an entry is a LID and a port: 0x001f 21\n"
               "t:9:7: error: a port is missing [CSIN-643]\n"
               "t:9:7: note: an entry is a LID and a port: 0x001f 21\n"
               "t:10:8: error: switch 'leaf1' has no port 4 [CSIN-644]\n"
               "t:10:8: note: it has ports 1 to 3; opensm would refuse the whole file\n"
               "t:12:8: error: '4294967296' is not a port [CSIN-643]\n"
               "t:12:8: note: an entry is a LID and a port: 0x001f 21\n"
               "t:14:8: error: '1,2' is not a port [CSIN-643]\n"
               "t:14:8: note: an entry is a LID and a port: 0x001f 21\n"
               "t:15:1: error: a line of more than 1023 bytes; opensm cannot read it [CSIN-645]\n");
    csin_diag_destroy(diag);
    built_finish(&b);
}

static void a_file_without_tables_is_an_error(void **state)
{
    (void)state;
    struct built b = build_named(SPEC);
    struct csin_routes *routes = NULL;
    struct csin_diag *diag = csin_diag_create();
    static const char *const texts[] = {"", "\n\n", "# nothing\n", "Multicast mlids [0x1] \n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(csin_lft_read(b.f, "t", texts[i], strlen(texts[i]), diag, &routes),
                         CSIN_E_INPUT);
        assert_says(&diag,
                    "t: error: no forwarding tables: no line begins with 'Unicast lids' "
                    "[CSIN-646]\n"
                    "t: note: opensm writes opensm-lfts.dump with -D 0x43; dump_fts prints the "
                    "tables in use\n");
    }
    csin_diag_destroy(diag);
    built_finish(&b);
}

/* ---- what leads nowhere ---- */

static void ways_that_lead_nowhere_are_told_with_an_example_of_each(void **state)
{
    (void)state;
    struct built b = build_yaml("fabric: t\n"
                                "switch-models: {s: {ports: 8, rate: 100Gb/s}}\n"
                                "host-models: {h: {rate: 100Gb/s}}\n"
                                "zones: {a: {model: s, leaves: 2, spines: 2, hosts-per-leaf: 4}}\n"
                                "hosts:\n"
                                "- {names: 'h[1-4]', model: h, attach: {switches: a-leaf1}}\n"
                                "- {names: 'h[5-8]', model: h, attach: {switches: a-leaf2}}\n"
                                "overrides: {between: [a-leaf2, a-spine2], state: down}\n");
    /* Hosts of leaf1: LIDs 5 to 8, of leaf2: 9 to c, on ports 1 to 4; uplinks on 7 and 8. */
    struct csin_routes *routes = tables_read(
        b.f,
        "Unicast lids " LEAF1 " :\n"
        "0x5 1\n0x6 2\n0x7 3\n0x8 3\n" /* h4 is sent to h3 */
        "0x9 7\n0xa 8\n0xb 6\n0xc 7\n" /* h6: dead beyond; h7: port 6 is empty; h8: a circle */
        "Unicast lids " LEAF2 " :\n"
        "0x9 1\n0xa 2\n0xb 3\n0xc 7\n0x5 7\n0x6 7\n0x7 7\n0x8 0\n"
        "Unicast lids " SPINE1 " :\n"
        "0x9 2\n0xc 2\n0x5 1\n0x6 1\n0x7 255\n"
        "Unicast lids guid 0x02c51a0100000400 \n"
        "0xa 2\n",
        "t.lft: warning: these tables have no way for 26 of 56 pairs of NICs [CSIN-651]\n"
        "t.lft: note: 8 pairs end where there is no entry: from 'h5' to 'h3' at 'a-spine1'\n"
        "t.lft: note: 4 pairs end at a port without a cable: from 'h1' to 'h7' at port 6 of "
        "'a-leaf1'\n"
        "t.lft: note: 4 pairs end at a dead cable: from 'h1' to 'h6' at port 2 of 'a-spine2'\n"
        "t.lft: note: 3 pairs end at another host: from 'h1' to 'h4' at port 3 of 'a-leaf1'\n"
        "t.lft: note: 7 pairs go in circles: from 'h1' to 'h8' by 'a-spine1' -> 'a-leaf2' -> "
        "'a-spine1'\n");
    /* And a path says the same. */
    uint64_t n = 0;
    struct csin_path path;
    for (uint32_t src = 0; src < b.f->n_nics; src++)
        for (uint32_t dst = 0; dst < b.f->n_nics; dst++)
            n += src != dst && !csin_routes_path(routes, src, dst, 0, &path);
    assert_int_equal(n, 26);
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* Random entries: the pairs without a way are those that csin_routes_path finds none for. */
static void try_wrong_entries(uint64_t seed)
{
    struct csin_rng rng = csin_rng_init(seed, 0);
    struct built b = build_named("leaf:3 spine:2 host:2 200Gb/s");
    struct csin_routes *made = route(b.f, CSIN_RANDOM, seed), *routes = NULL;
    char *text = tables_text(b.f, made);
    uint32_t damage = 1 + (uint32_t)csin_rng_below(&rng, 12);
    for (char *p = text; (p = strstr(p, "\n0x")); p++)
        if (csin_rng_below(&rng, 100) < damage)
            p[10] = (char)('0' + csin_rng_below(&rng, 4));
    struct csin_diag *diag = csin_diag_create();
    assert_int_equal(csin_lft_read(b.f, "t", text, strlen(text), diag, &routes), CSIN_OK);
    uint32_t lost = 0;
    struct csin_path path;
    for (uint32_t src = 0; src < b.f->n_nics; src++)
        for (uint32_t dst = 0; dst < b.f->n_nics; dst++)
            lost += src != dst && !csin_routes_path(routes, src, dst, 0, &path);
    char want[120] = "", *said = check_diag_text(diag);
    if (lost)
        snprintf(want, sizeof want,
                 "t: warning: these tables have no way for %u of 30 pairs of NICs [CSIN-651]\n",
                 lost);
    assert_true(strncmp(said, want, strlen(want)) == 0 && (lost > 0 || !*said));
    free(said);
    free(text);
    csin_diag_destroy(diag);
    csin_routes_destroy(routes);
    csin_routes_destroy(made);
    built_finish(&b);
}

static void lost_pairs_are_counted_right(void **state)
{
    (void)state;
    campaign(300, try_wrong_entries);
}

/* ---- in a simulation ---- */

/* Once tables that a plan had changed were taken for those of their policy, and the cache gave the
 * runs alone of these. */
static void changed_tables_that_are_sealed_have_a_digest_of_their_own(void **state)
{
    (void)state;
    struct built b = build_named("leaf:2 spine:2 host:2 200Gb/s");
    struct csin_routes *one = route(b.f, CSIN_DMODK, 0), *other = route(b.f, CSIN_DMODK, 0);
    uint32_t arcs[CSIN_MAX_PORTS], n = csin_routes_choices(one, 0, 2, arcs);
    assert_int_equal(n, 2);
    struct csin_path path;
    assert_true(csin_routes_path(other, 0, 2, 0, &path));
    csin_routes_set(other, 0, 2, arcs[arcs[0] == path.arcs[1]]);
    assert_true(csin_routes_seal(one) && csin_routes_seal(other));
    assert_int_equal(csin_routes_policy(other), CSIN_LFT);
    assert_string_not_equal(csin_routes_digest(one).hex, csin_routes_digest(other).hex);
    csin_routes_destroy(one);
    csin_routes_destroy(other);
    built_finish(&b);
}

static void tables_of_a_file_stay_when_cables_die(void **state)
{
    (void)state;
    struct built b = build_named("leaf:2 spine:2 host:2 200Gb/s");
    struct csin_routes *made = route(b.f, CSIN_DMODK, 0), *renewed = NULL;
    char *text = tables_text(b.f, made);
    struct csin_routes *read = tables_read(b.f, text, "");
    struct csin_path path;
    bool *up = calloc(b.f->n_cables, sizeof *up);
    assert_non_null(up);
    assert_true(csin_routes_path(read, 0, 2, 0, &path));
    for (uint32_t c = 0; c < b.f->n_cables; c++)
        up[c] = c != path.arcs[1] / 2;
    assert_int_equal(csin_routes_renew(read, up, NULL, &renewed), CSIN_OK);
    assert_string_equal(csin_routes_digest(renewed).hex, csin_routes_digest(read).hex);
    assert_int_equal(csin_routes_digest(read).hex[0] != 0, 1);
    assert_false(csin_routes_path(renewed, 0, 2, 0, &path));
    assert_false(csin_routes_host_path(renewed, 0, 2, 0, &path));
    assert_true(csin_routes_path(renewed, 0, 3, 0, &path)); /* over the other spine */
    csin_routes_destroy(renewed);
    assert_int_equal(csin_routes_renew(read, NULL, NULL, &renewed), CSIN_OK);
    assert_same_tables(b.f, read, renewed);
    csin_routes_destroy(renewed);
    free(up);
    free(text);
    csin_routes_destroy(read);
    csin_routes_destroy(made);
    built_finish(&b);
}

/* Of two NICs of a host, the one that the tables lead to. */
static void hosts_use_the_nics_that_the_tables_join(void **state)
{
    (void)state;
    struct built b = build_yaml("fabric: t\n"
                                "switch-models: {s: {ports: 8, rate: 100Gb/s}}\n"
                                "host-models: {h: {rate: 100Gb/s, nics: 2}}\n"
                                "zones: {a: {model: s, leaves: 2, spines: 1, hosts-per-leaf: 2}}\n"
                                "hosts: [{names: 'h[1-2]', model: h, attach: [{switches: a-leaf1, "
                                "nic: 0}, {switches: a-leaf2, nic: 1}]}]\n");
    struct csin_routes *routes = NULL;
    const char *text = "Unicast lids " LEAF2 " :\n0x5 1\n0x7 2\n";
    assert_int_equal(csin_lft_read(b.f, "t", text, strlen(text), NULL, &routes), CSIN_OK);
    struct csin_path path;
    for (uint64_t flow = 0; flow < 8; flow++) {
        assert_true(csin_routes_host_path(routes, 0, 1, flow, &path));
        assert_int_equal(csin_arc_tail(b.f, path.arcs[0]), b.f->n_switches + 1);
        assert_int_equal(csin_arc_head(b.f, path.arcs[1]), b.f->n_switches + 3);
    }
    csin_routes_destroy(routes);
    built_finish(&b);
}

/* Port 41 of a switch of 40 ports leads to its aggregation node, which hosts nobody. */
static void the_port_of_an_aggregation_node_is_no_mistake(void **state)
{
    (void)state;
    struct built b = build_named(SPEC);
    b.f->switches[0].agent_guid = 0xdef;
    struct csin_routes *made = route(b.f, CSIN_DMODK, 0);
    char *text = tables_text(b.f, made);
    assert_non_null(strstr(text, "\n0x0008 004 # Channel Adapter portguid 0x0000000000000def: "
                                 "'Mellanox Technologies Aggregation Node'\n"));
    assert_non_null(strstr(text, "\n0x0008 003 # Channel Adapter portguid 0x0000000000000def: "));
    struct csin_routes *read = tables_read(b.f, text, "");
    assert_same_tables(b.f, made, read);
    free(text);
    csin_routes_destroy(read);
    csin_routes_destroy(made);
    built_finish(&b);
}

CHECK_MAIN(cmocka_unit_test_teardown(tables_are_read_as_they_were_written, campaign_end),
           cmocka_unit_test(a_file_is_read_like_the_same_text),
           cmocka_unit_test(tables_are_written_as_opensm_dumps_them),
           cmocka_unit_test(what_dump_fts_prints_is_read),
           cmocka_unit_test(as_little_as_opensm_takes_is_read),
           cmocka_unit_test(lids_that_have_changed_are_found_by_guid),
           cmocka_unit_test(of_several_lids_of_a_port_the_lowest_counts),
           cmocka_unit_test(unknown_switches_and_destinations_are_told),
           cmocka_unit_test(an_unknown_guid_leaves_a_known_lid),
           cmocka_unit_test(mistakes_are_told_with_their_lines_all_at_once),
           cmocka_unit_test(a_file_without_tables_is_an_error),
           cmocka_unit_test(ways_that_lead_nowhere_are_told_with_an_example_of_each),
           cmocka_unit_test_teardown(lost_pairs_are_counted_right, campaign_end),
           cmocka_unit_test(changed_tables_that_are_sealed_have_a_digest_of_their_own),
           cmocka_unit_test(tables_of_a_file_stay_when_cables_die),
           cmocka_unit_test(hosts_use_the_nics_that_the_tables_join),
           cmocka_unit_test(the_port_of_an_aggregation_node_is_no_mistake))
