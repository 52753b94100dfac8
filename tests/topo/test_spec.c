/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Specifications: what is read from YAML and from one line, where it stood, and what csin says of
 * those that are wrong, word for word: first what the reader refuses, then the builder. */
#include "tests/check.h"
#include "topo/fabric.h"

/* ---- reading ---- */

#define EVERYTHING                                                                                 \
    "fabric: all-keys\n"                                                                           \
    "switch-models:\n"                                                                             \
    "  s: {ports: 16, rate: 100Gb/s, latency: 130ns, data-vls: 4}\n"                               \
    "  t: {ports: 8, rate: 12.5GB/s}\n"                                                            \
    "host-models:\n"                                                                               \
    "  plain: {rate: 50Gb/s}\n"                                                                    \
    "  disk: {role: storage, nics: 2, rate: 100Gb/s, latency: 1us}\n"                              \
    "zones:\n"                                                                                     \
    "  a: &zone\n"                                                                                 \
    "    model: s\n"                                                                               \
    "    spine-model: t\n"                                                                         \
    "    leaves: 3\n"                                                                              \
    "    spines: 2\n"                                                                              \
    "    links-per-pair: 2\n"                                                                      \
    "    hosts-per-leaf: 4\n"                                                                      \
    "    oversubscription: 2.0\n"                                                                  \
    "    uplink-rate: 50Gb/s\n"                                                                    \
    "    cable-latency: 25ns\n"                                                                    \
    "  b: *zone\n"                                                                                 \
    "hosts:\n"                                                                                     \
    "  - {names: 'h[1-2]', model: plain, attach: {switches: a-leaf1, spread: fill}}\n"             \
    "  - {names: d1, model: disk, attach: [{zone: a}, {zone: b, nic: 1, spread: even}]}\n"         \
    "inter-zone: {names: x1, model: s, zones: [a, b], leaves: 1, rate: 10Gb/s}\n"                  \
    "switches: {names: c1, model: s, layer: core}\n"                                               \
    "cables: {from: c1, to: a-leaf1, count: 2, rate: 40Gb/s, latency: 1ms}\n"                      \
    "overrides:\n"                                                                                 \
    "  - {between: [a-leaf1, a-spine1], nth: 2, state: down}\n"                                    \
    "  - {between: [h1, a-leaf1], rate: 1Gb/s}\n"

static enum csin_status read_spec(struct csin_arena *arena, struct csin_diag *diag,
                                  const char *yaml, struct csin_fabric_spec *spec)
{
    return csin_fabric_spec_read(arena, diag, "t.yaml", yaml, strlen(yaml), spec);
}

#define assert_at(value, l, c)                                                                     \
    do {                                                                                           \
        assert_int_equal((value).loc.line, (l));                                                   \
        assert_int_equal((value).loc.col, (c));                                                    \
        assert_string_equal((value).loc.file, "t.yaml");                                           \
    } while (0)

static void every_key_is_read_with_its_place(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    struct csin_fabric *f;
    assert_int_equal(read_spec(arena, diag, EVERYTHING, &spec), CSIN_OK);
    assert_says(&diag, "");
    assert_string_equal(spec.file, "t.yaml");
    assert_string_equal(spec.name.s, "all-keys");
    assert_at(spec.name, 1, 9);

    const struct csin_switch_model_spec *models = spec.switch_models.items;
    assert_int_equal(spec.switch_models.n, 2);
    assert_string_equal(models[0].name.s, "s");
    assert_at(models[0].name, 3, 3);
    assert_int_equal(models[0].ports.n, 16);
    assert_at(models[0].ports, 3, 14);
    assert_true(models[0].rate_Bps.x == 12.5e9);
    assert_true(models[0].latency_s.x == 130e-9);
    assert_int_equal(models[0].data_vls.n, 4);
    assert_at(models[0].data_vls, 3, 59);
    assert_true(models[1].rate_Bps.x == 12.5e9);
    assert_int_equal(models[1].latency_s.loc.line, 0); /* absent */
    assert_int_equal(models[1].data_vls.loc.line, 0);

    const struct csin_host_model_spec *hosts = spec.host_models.items;
    assert_int_equal(spec.host_models.n, 2);
    assert_int_equal(hosts[0].role.i, CSIN_COMPUTE);
    assert_int_equal(hosts[0].nics.loc.line, 0);
    assert_int_equal(hosts[1].role.i, CSIN_STORAGE);
    assert_int_equal(hosts[1].nics.n, 2);
    assert_true(hosts[1].latency_s.x == 1e-6);

    const struct csin_zone_spec *zones = spec.zones.items;
    assert_int_equal(spec.zones.n, 2);
    for (int i = 0; i < 2; i++) { /* an alias says where the anchor's values stand */
        assert_string_equal(zones[i].model.s, "s");
        assert_string_equal(zones[i].spine_model.s, "t");
        assert_int_equal(zones[i].leaves.n, 3);
        assert_at(zones[i].leaves, 12, 13);
        assert_int_equal(zones[i].spines.n, 2);
        assert_int_equal(zones[i].links_per_pair.n, 2);
        assert_int_equal(zones[i].hosts_per_leaf.n, 4);
        assert_true(zones[i].oversubscription.x == 2);
        assert_true(zones[i].uplink_Bps.x == 6.25e9);
        assert_true(zones[i].cable_latency_s.x == 25e-9);
    }
    assert_at(zones[1].name, 19, 3);

    const struct csin_hosts_spec *groups = spec.hosts.items;
    assert_int_equal(spec.hosts.n, 2);
    assert_string_equal(groups[0].names.s, "h[1-2]");
    assert_at(groups[0].names, 21, 14); /* behind the quotation mark */
    const struct csin_attach_spec *attach = groups[0].attach.items;
    assert_int_equal(groups[0].attach.n, 1);
    assert_null(attach[0].zone.s);
    assert_string_equal(attach[0].switches.s, "a-leaf1");
    assert_int_equal(attach[0].spread.i, CSIN_FILL);
    attach = groups[1].attach.items;
    assert_int_equal(groups[1].attach.n, 2);
    assert_string_equal(attach[0].zone.s, "a");
    assert_int_equal(attach[0].nic.n, 0);
    assert_int_equal(attach[0].spread.i, CSIN_EVEN);
    assert_int_equal(attach[1].nic.n, 1);

    const struct csin_inter_zone_spec *x = spec.inter_zone.items;
    assert_int_equal(spec.inter_zone.n, 1);
    assert_int_equal(x->zones.n, 2);
    assert_string_equal(((struct csin_text *)x->zones.items)[1].s, "b");
    assert_int_equal(x->leaves.n, 1);
    assert_true(x->rate_Bps.x == 1.25e9);
    assert_int_equal(((struct csin_switches_spec *)spec.switches.items)->layer.i, CSIN_CORE);
    const struct csin_cables_spec *cables = spec.cables.items;
    assert_string_equal(cables->from.s, "c1");
    assert_string_equal(cables->to.s, "a-leaf1");
    assert_int_equal(cables->count.n, 2);
    assert_true(cables->rate_Bps.x == 5e9);
    assert_true(cables->latency_s.x == 1e-3);
    const struct csin_override_spec *overrides = spec.overrides.items;
    assert_int_equal(spec.overrides.n, 2);
    assert_int_equal(overrides[0].between.n, 2);
    assert_int_equal(overrides[0].nth.n, 2);
    assert_int_equal(overrides[0].state.i, CSIN_DOWN);
    assert_int_equal(overrides[0].rate_Bps.loc.line, 0);
    assert_int_equal(overrides[1].state.loc.line, 0);

    assert_int_equal(csin_fabric_create(&spec, diag, &f), CSIN_OK); /* and it makes a fabric */
    csin_fabric_check(f);
    csin_fabric_destroy(f);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static void assert_unread(const char *yaml, const char *want)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    assert_int_equal(read_spec(arena, diag, yaml, &spec), CSIN_E_INPUT);
    assert_says(&diag, want);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static void all_mistakes_are_told_at_once(void **state)
{
    (void)state;
    assert_unread(
        "switch-models:\n"
        "  s: {port: 16, rate: 100}\n"
        "host-models: [gpu]\n"
        "zones:\n"
        "  a: {model: s, leaves: 0, spines: 8193, uplnk-rate: 1Gb/s, oversubscription: 0}\n"
        "hosts:\n"
        "  - {names: h1, model: two words, attach: {zone: a, nic: 64, spread: eevn}}\n"
        "  - {names: '', model: gpu}\n"
        "switches: {names: c1, model: s, layer: ring}\n",
        "t.yaml:2:7: error: unknown key 'port' in 's'; did you mean 'ports'? [CSIN-115]\n"
        "t.yaml:2:23: error: '100' is not a bandwidth [CSIN-112]\n"
        "t.yaml:2:23: note: write a unit, such as 400Gb/s or 50GB/s\n"
        "t.yaml:3:14: error: 'host-models' expects a mapping, not a list [CSIN-106]\n"
        "t.yaml:3:14: note: write name: value lines, or {name: value}\n"
        "t.yaml:5:25: error: '0' is too small [CSIN-110]\n"
        "t.yaml:5:25: note: write a whole number from 1 to 8192\n"
        "t.yaml:5:36: error: '8193' is too large [CSIN-110]\n"
        "t.yaml:5:36: note: write a whole number from 1 to 8192\n"
        "t.yaml:5:42: error: unknown key 'uplnk-rate' in 'a'; did you mean 'uplink-rate'? "
        "[CSIN-115]\n"
        "t.yaml:5:79: error: '0' is too small [CSIN-114]\n"
        "t.yaml:5:79: note: write a number from 0.001 to 1000\n"
        "t.yaml:7:24: error: 'two words' is not a name [CSIN-108]\n"
        "t.yaml:7:24: note: names have letters, digits, '.', '_' and '-', at most 64\n"
        "t.yaml:7:58: error: '64' is too large [CSIN-110]\n"
        "t.yaml:7:58: note: write a whole number from 0 to 63\n"
        "t.yaml:7:70: error: unknown choice 'eevn' for 'spread'; did you mean 'even'? [CSIN-119]\n"
        "t.yaml:8:13: error: a value is missing in 'names' [CSIN-109]\n"
        "t.yaml:9:40: error: unknown choice 'ring' for 'layer' [CSIN-119]\n"
        "t.yaml:9:40: note: write leaf, spine, core or inter-zone\n"
        "t.yaml:1:1: error: missing key 'fabric' in a fabric [CSIN-118]\n");
}

static void numbers_have_bounds(void **state)
{
    (void)state;
#define HEAD "fabric: t\nhosts: []\n"
#define SWITCHES "switch-models: {s: {ports: 8, rate: 1Gb/s}}\n"
#define BOTH HEAD SWITCHES "host-models: {h: {rate: 1Gb/s}}\n"
    static const struct {
        const char *before, *after;
        const char *below, *min, *max, *above;
    } cases[] = {
        {HEAD "host-models: {}\nswitch-models: {s: {rate: 1Gb/s, ports: ", "}}", "0", "1", "4096",
         "4097"},
        {HEAD SWITCHES "host-models: {h: {rate: 1Gb/s, nics: ", "}}", "0", "1", "64", "65"},
        {BOTH "zones: {a: {model: s, leaves: ", "}}", "0", "1", "8192", "8193"},
        {BOTH "zones: {a: {model: s, leaves: 1, spines: ", "}}", "0", "1", "8192", "8193"},
        {BOTH "zones: {a: {model: s, leaves: 1, links-per-pair: ", "}}", "0", "1", "1024", "1025"},
        {BOTH "zones: {a: {model: s, leaves: 1, hosts-per-leaf: ", "}}", "-1", "0", "4096", "4097"},
        {BOTH "zones: {a: {model: s, leaves: 1, oversubscription: ", "}}", "0.0009", "0.001",
         "1000", "1000.1"},
        {BOTH "inter-zone: {names: x, model: s, zones: [a, b], leaves: ", "}", "0", "1", "8192",
         "8193"},
        {BOTH "cables: {from: a, to: b, count: ", "}", "0", "1", "1024", "1025"},
        {BOTH "overrides: {between: [a, b], nth: ", "}", "0", "1", "1024", "1025"},
        {"fabric: t\n" SWITCHES
         "host-models: {}\nhosts: [{names: h, model: m, attach: {zone: a, nic: ",
         "}}]", "-1", "0", "63", "64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int k = 0; k < 4; k++) {
            const char *number = k == 0   ? cases[i].below
                                 : k == 1 ? cases[i].min
                                 : k == 2 ? cases[i].max
                                          : cases[i].above;
            char yaml[512];
            struct csin_arena *arena = csin_arena_create();
            struct csin_diag *diag = csin_diag_create();
            struct csin_fabric_spec spec;
            snprintf(yaml, sizeof yaml, "%s%s%s\n", cases[i].before, number, cases[i].after);
            bool good = k == 1 || k == 2;
            if (read_spec(arena, diag, yaml, &spec) != (good ? CSIN_OK : CSIN_E_INPUT) ||
                csin_diag_errors(diag) != !good)
                fail_msg("%s", yaml);
            csin_diag_destroy(diag);
            csin_arena_destroy(arena);
        }
}

/* ---- one line ---- */

static void one_line_is_read_with_every_word(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    static const char line[] = "leaf:12 spine:2  host:3\tstorage:1 links:2 ports:40 200Gb/s "
                               "uplink:100Gb/s latency:450ns";
    assert_int_equal(
        csin_fabric_spec_line(arena, diag, (struct csin_loc){"SPEC", 7, 9}, line, &spec), CSIN_OK);
    assert_says(&diag, "");
    assert_string_equal(spec.name.s, line);
    const struct csin_zone_spec *zone = spec.zones.items;
    assert_int_equal(spec.zones.n, 1);
    assert_string_equal(zone->name.s, "");
    assert_int_equal(zone->leaves.n, 12);
    assert_int_equal(zone->leaves.loc.line, 7);
    assert_int_equal(zone->leaves.loc.col, 9 + 5); /* points at the number */
    assert_int_equal(zone->spines.n, 2);
    assert_int_equal(zone->links_per_pair.n, 2);
    assert_int_equal(zone->hosts_per_leaf.n, 4);
    assert_true(zone->uplink_Bps.x == 12.5e9);
    const struct csin_hosts_spec *hosts = spec.hosts.items;
    assert_int_equal(spec.hosts.n, 2);
    assert_string_equal(hosts[0].names.s, "h[01-36]");
    assert_string_equal(hosts[1].names.s, "s[01-12]");
    const struct csin_switch_model_spec *models = spec.switch_models.items;
    assert_int_equal(models[0].ports.n, 40);
    assert_int_equal(models[1].ports.n, 40);
    assert_true(models[1].latency_s.x == 450e-9);

    struct csin_fabric *f;
    assert_int_equal(csin_fabric_create(&spec, diag, &f), CSIN_OK);
    assert_string_equal(f->switches[0].name, "leaf01");
    assert_string_equal(f->switches[12].name, "spine1");
    assert_string_equal(f->hosts[36].name, "s01");
    assert_int_equal(f->hosts[36].role, CSIN_STORAGE);
    csin_fabric_destroy(f);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static void switches_have_as_many_ports_as_needed_where_none_are_given(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric_spec spec;
    assert_int_equal(csin_fabric_spec_line(arena, NULL, (struct csin_loc){0},
                                           "leaf:9 spine:2 host:3 links:2 1Gb/s", &spec),
                     CSIN_OK);
    const struct csin_switch_model_spec *models = spec.switch_models.items;
    assert_int_equal(models[0].ports.n, 3 + 2 * 2);
    assert_int_equal(models[1].ports.n, 9 * 2);
    csin_arena_destroy(arena);
}

static void what_begins_with_a_word_of_one_is_one_line(void **state)
{
    (void)state;
    assert_true(csin_fabric_is_line("leaf:"));
    assert_true(csin_fabric_is_line("leaf:4 spine:2"));
    assert_false(csin_fabric_is_line("leaf"));
    assert_false(csin_fabric_is_line("leaf.yaml"));
    assert_true(csin_fabric_is_line("spine:2 leaf:4 host:16 200Gb/s"));
    assert_false(csin_fabric_is_line("leafs:4"));
    assert_false(csin_fabric_is_line(""));
}

static void assert_line_refused(const char *line, const char *want)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_loc loc = {"SPEC", 1, 1};
    struct csin_fabric *f = NULL;
    assert_int_equal(csin_fabric_open(diag, arena, loc, line, &f, NULL), CSIN_E_INPUT);
    assert_null(f);
    assert_says(&diag, want);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

#define LINE_NOTE                                                                                  \
    "note: a one-line fabric reads: leaf:4 spine:2 host:16 200Gb/s, and may have storage:N "       \
    "links:N "                                                                                     \
    "ports:N uplink:RATE latency:TIME plane:N rail:N pod:N core:N uplinks:N\n"
#define LINE_EXAMPLE "SPEC:1:1: note: write, for instance, leaf:4 spine:2 host:16 200Gb/s\n"

static void unknown_words_of_one_line_get_suggestions(void **state)
{
    (void)state;
    assert_line_refused("leaf:4 spin:2 host:16 200Gb/s",
                        "SPEC:1:8: error: unknown word 'spin:' in a one-line fabric; did you mean "
                        "'spine:'? [CSIN-200]\n"
                        "SPEC:1:8: " LINE_NOTE);
    assert_line_refused("leaf:4 spine:2 host:1 1Gb/s colour:red :1",
                        "SPEC:1:29: error: unknown word 'colour:' in a one-line fabric [CSIN-200]\n"
                        "SPEC:1:29: " LINE_NOTE
                        "SPEC:1:40: error: unknown word ':' in a one-line fabric [CSIN-200]\n"
                        "SPEC:1:40: " LINE_NOTE);
    /* It was cut off after 23 characters, without a word. */
    assert_line_refused("leaf:4 spine:2 host:1 1Gb/s a-very-very-very-long-word-indeed:red",
                        "SPEC:1:29: error: unknown word 'a-very-very-very-long-word-indeed:' in a "
                        "one-line fabric [CSIN-200]\n"
                        "SPEC:1:29: " LINE_NOTE);
}

static void one_line_lacks_nothing(void **state)
{
    (void)state;
    assert_line_refused(
        "leaf:4 host:16 200Gb/s",
        "SPEC:1:1: error: this one-line fabric has no spine:N [CSIN-201]\n" LINE_EXAMPLE);
    assert_line_refused(
        "leaf:4 spine:2 200Gb/s",
        "SPEC:1:1: error: this one-line fabric has no host:N [CSIN-201]\n" LINE_EXAMPLE);
    assert_line_refused(
        "leaf:4 spine:2 host:16",
        "SPEC:1:1: error: this one-line fabric has no rate [CSIN-201]\n" LINE_EXAMPLE);
    assert_line_refused("leaf:4 spine:2 host:0 1Gb/s",
                        "SPEC:1:1: error: the fabric has no hosts [CSIN-204]\n");
}

/* A second uplink or latency replaced the first. */
static void one_line_says_nothing_twice(void **state)
{
    (void)state;
    assert_line_refused("leaf:4 leaf:2 spine:2 host:16 200Gb/s 100Gb/s uplink:1Gb/s uplink:2Gb/s "
                        "latency:1s latency:2s",
                        "SPEC:1:8: error: a second 'leaf:' [CSIN-202]\n"
                        "SPEC:1:39: error: a second rate, '100Gb/s' [CSIN-202]\n"
                        "SPEC:1:60: error: a second 'uplink:' [CSIN-202]\n"
                        "SPEC:1:84: error: a second 'latency:' [CSIN-202]\n");
}

static void numbers_of_one_line_are_checked(void **state)
{
    (void)state;
    assert_line_refused("leaf:0 spine:x host:-1 200 latency:1 uplink:1Gbps",
                        "SPEC:1:6: error: '0' is too small [CSIN-110]\n"
                        "SPEC:1:6: note: write a whole number from 1 to 8192\n"
                        "SPEC:1:14: error: 'x' is not a whole number [CSIN-110]\n"
                        "SPEC:1:14: note: write digits alone, such as 40\n"
                        "SPEC:1:21: error: '-1' is negative [CSIN-116]\n"
                        "SPEC:1:24: error: '200' is not a bandwidth [CSIN-112]\n"
                        "SPEC:1:24: note: write a unit, such as 400Gb/s or 50GB/s\n"
                        "SPEC:1:36: error: '1' is not a time [CSIN-113]\n"
                        "SPEC:1:36: note: write a unit, such as 130ns, 2.8us, 5ms, 1.5s, 10min or "
                        "2h\n"
                        "SPEC:1:45: error: '1Gbps' is not a bandwidth [CSIN-112]\n"
                        "SPEC:1:45: note: write Gb/s\n");
    assert_line_refused("leaf:8192 spine:1 host:4096 1Gb/s",
                        "SPEC:1:1: error: 33,554,432 hosts in one line; at most 1,048,576 "
                        "[CSIN-203]\n");
    assert_line_refused("leaf:4097 spine:2 host:1 1Gb/s",
                        "SPEC:1:1: error: a switch of 4,097 ports is needed; at most 4,096 "
                        "[CSIN-206]\n");
    assert_line_refused("leaf:4 spine:2 host:16 200Gb/s ports:17",
                        "SPEC:1:1: error: switch 'leaf1' would need 18 ports and has 17 "
                        "[CSIN-211]\n"
                        "SPEC:1:6: note: 16 for hosts and 2 uplinks (2 spines x 1 links)\n");
    assert_line_refused("leaf:4 spine:2 host:16 200Gb/s uplink:400Gb/s",
                        "SPEC:1:39: error: an uplink of 400 Gb/s is faster than its ports (200 "
                        "Gb/s) [CSIN-212]\n");
}

/* ---- what the builder refuses ---- */

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
#define TWO_ZONES ZONE "  b: {model: s, leaves: 3, spines: 2, hosts-per-leaf: 4}\n"
#define HOSTS "hosts:\n  - {names: 'h[1-6]', model: gpu, attach: {zone: a}}\n"
#define INTER_ZONE(settings) "inter-zone: {names: x1, model: big, " settings "}\n"
#define EDGES "switches: {names: 'e[1-3]', model: s, layer: leaf}\n"

static void assert_refused(const char *yaml, const char *want)
{
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    struct csin_fabric *f = NULL;
    assert_int_equal(read_spec(arena, diag, yaml, &spec), CSIN_OK);
    assert_int_equal(csin_fabric_create(&spec, diag, &f), CSIN_E_INPUT);
    assert_null(f);
    assert_says(&diag, want);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static void running_out_of_ports_in_a_zone_says_where_and_by_how_many(void **state)
{
    (void)state;
    assert_refused(MODELS
                   "zones:\n  a: {model: s, leaves: 3, spines: 6, hosts-per-leaf: 4}\n" HOSTS,
                   "t.yaml:9:3: error: switch 'a-leaf1' would need 10 ports and has 8 [CSIN-211]\n"
                   "t.yaml:9:25: note: 4 for hosts and 6 uplinks (6 spines x 1 links)\n");
    assert_refused(MODELS "zones:\n  a: {model: big, spine-model: s, leaves: 9, spines: 2}\n" HOSTS,
                   "t.yaml:9:3: error: switch 'a-spine1' would need 9 ports and has 8 [CSIN-211]\n"
                   "t.yaml:9:43: note: 9 leaves x 1 links to each\n");
    assert_refused(MODELS
                   "zones:\n  a: {model: s, leaves: 10, spines: 9, links-per-pair: 2}\n" HOSTS,
                   "t.yaml:9:3: error: switch 'a-leaf01' would need 18 ports and has 8 [CSIN-211]\n"
                   "t.yaml:9:25: note: 0 for hosts and 18 uplinks (9 spines x 2 links)\n"
                   "t.yaml:9:3: error: switch 'a-spine1' would need 20 ports and has 8 [CSIN-211]\n"
                   "t.yaml:9:25: note: 10 leaves x 2 links to each\n");
}

static void running_out_of_ports_for_hosts_says_where_and_by_how_many(void **state)
{
    (void)state;
    assert_refused(
        MODELS ZONE "hosts:\n  - {names: 'h[1-13]', model: gpu, attach: {zone: a}}\n",
        "t.yaml:11:51: error: switch 'a-leaf1' would need 5 ports for hosts and has 4 [CSIN-211]\n"
        "t.yaml:11:51: note: 'h[1-13]' asks for 13 ports on 3 switches that have 12 left for "
        "hosts; "
        "'a-leaf1' has 2 uplinks and 0 hosts already\n");
    assert_refused(
        MODELS ZONE HOSTS "  - {names: 'g[1-7]', model: gpu, attach: {zone: a, spread: fill}}\n",
        "t.yaml:12:50: error: switch 'a-leaf1' would need 5 ports for hosts and has 4 [CSIN-211]\n"
        "t.yaml:12:50: note: 'g[1-7]' asks for 7 ports on 3 switches that have 6 left for hosts; "
        "'a-leaf1' has 2 uplinks and 2 hosts already\n");
    assert_refused(MODELS "zones:\n  a: {model: s, leaves: 3, spines: 2}\n"
                          "hosts:\n  - {names: 'h[1-19]', model: gpu, attach: {zone: a}}\n",
                   "t.yaml:11:51: error: switch 'a-leaf1' would need 9 ports and has 8 [CSIN-211]\n"
                   "t.yaml:11:51: note: 'h[1-19]' asks for 19 ports on 3 switches that have 18 "
                   "left for hosts; "
                   "'a-leaf1' has 2 uplinks and 0 hosts already\n");
    assert_refused(
        MODELS ZONE "hosts:\n  - {names: h1, model: gpu, attach: {switches: a-spine1}}\n",
        "t.yaml:11:48: error: switch 'a-spine1' would need 1 ports for hosts and has 0 [CSIN-211]\n"
        "t.yaml:11:48: note: 'h1' asks for 1 ports on 1 switch that has 0 left for hosts; "
        "'a-spine1' has 3 uplinks and 0 hosts already\n");
}

/* It named the first switch of the list, which had ports enough. */
static void the_switch_that_is_out_of_ports_is_the_one_that_is_named(void **state)
{
    (void)state;
    assert_refused(MODELS "switches:\n"
                          "  - {names: wide, model: big, layer: leaf}\n"
                          "  - {names: small, model: s, layer: leaf}\n"
                          "hosts:\n"
                          "  - {names: 'h[1-50]', model: gpu, attach: {switches: 'wide,small'}}\n",
                   "t.yaml:12:56: error: switch 'small' would need 25 ports and has 8 [CSIN-211]\n"
                   "t.yaml:12:56: note: 'h[1-50]' asks for 50 ports on 2 switches that have 48 "
                   "left for hosts; "
                   "'small' has 0 uplinks and 0 hosts already\n");
}

static void running_out_of_ports_between_zones_says_where_and_by_how_many(void **state)
{
    (void)state;
    assert_refused(MODELS TWO_ZONES HOSTS INTER_ZONE("zones: [a, b], leaves: 4"),
                   "t.yaml:13:60: error: zone 'a' has 3 leaves; 'x1' asks for 4 [CSIN-224]\n"
                   "t.yaml:13:60: error: zone 'b' has 3 leaves; 'x1' asks for 4 [CSIN-224]\n");
    assert_refused(
        MODELS "zones:\n  a: &z {model: s, leaves: 3, spines: 2}\n  b: *z\n"
               "hosts:\n  - {names: 'h[1-17]', model: gpu, attach: {zone: a}}\n" INTER_ZONE(
                   "zones: [a, b], leaves: 2"),
        "t.yaml:13:60: error: switch 'x1' asks for a port on 2 leaves of zone 'a'; 1 have "
        "one free [CSIN-211]\n");
    /* It was said twice, also of the cables that somebody else asked for. */
    assert_refused(MODELS "zones:\n  a: &z {model: big, leaves: 5, spines: 2}\n  b: *z\n" HOSTS
                          "inter-zone: {names: x1, model: s, zones: [a, b], leaves: 5}\n"
                          "cables: {from: a-leaf1, to: b-leaf1}\n",
                   "t.yaml:13:21: error: switch 'x1' would need 10 ports and has 8 [CSIN-211]\n");
}

static void running_out_of_ports_for_cables_says_where_and_by_how_many(void **state)
{
    (void)state;
    assert_refused(MODELS ZONE HOSTS "switches: {names: e1, model: s, layer: core}\n"
                                     "cables: {from: 'a-spine[1-2]', to: e1, count: 5}\n",
                   "t.yaml:13:9: error: switch 'e1' would need 10 ports and has 8 [CSIN-211]\n");
    assert_refused(
        MODELS ZONE HOSTS EDGES "cables: {from: 'a-spine[1-2]', to: 'e[1-3]', count: 2}\n",
        "t.yaml:13:9: error: switch 'a-spine1' would need 9 ports and has 8 [CSIN-211]\n"
        "t.yaml:13:9: error: switch 'a-spine2' would need 9 ports and has 8 [CSIN-211]\n");
}

static void unknown_names_get_suggestions(void **state)
{
    (void)state;
    assert_refused(MODELS ZONE "hosts:\n  - {names: h1, model: gpu, attach: {zone: A}}\n"
                               "  - {names: h2, model: gpu, attach: {zone: west}}\n",
                   "t.yaml:11:44: error: unknown zone 'A'; did you mean 'a'? [CSIN-210]\n"
                   "t.yaml:12:44: error: unknown zone 'west' [CSIN-210]\n"
                   "t.yaml:12:44: note: this fabric has 'a'\n");
    assert_refused(
        MODELS "zones:\n  a: {model: bigg, leaves: 3, spines: 2}\n"
               "  b: {model: s, spine-model: QM8700, leaves: 3, spines: 2}\n"
               "hosts:\n  - {names: h1, model: gpus, attach: {zone: a}}\n",
        "t.yaml:12:24: error: unknown host model 'gpus'; did you mean 'gpu'? [CSIN-210]\n"
        "t.yaml:9:14: error: unknown switch model 'bigg'; did you mean 'big'? [CSIN-210]\n"
        "t.yaml:10:30: error: unknown switch model 'QM8700' [CSIN-210]\n"
        "t.yaml:10:30: note: this fabric has 's' and 'big'\n");
    assert_refused(MODELS ZONE "hosts:\n  - {names: h1, model: gpu, attach: {switches: a-leaf4}}\n",
                   "t.yaml:11:48: error: unknown switch 'a-leaf4' [CSIN-217]\n"
                   "t.yaml:11:48: note: this fabric has the switches a-leaf[1-3],a-spine[1-2]\n");
    assert_refused(MODELS TWO_ZONES HOSTS INTER_ZONE("zones: [a, c], leaves: 1"),
                   "t.yaml:13:48: error: unknown zone 'c' [CSIN-210]\n"
                   "t.yaml:13:48: note: this fabric has 'a' and 'b'\n");
    assert_refused(MODELS ZONE HOSTS "overrides: {between: [a-leaf9, h77], state: down}\n",
                   "t.yaml:12:23: error: unknown switch or host 'a-leaf9' [CSIN-217]\n"
                   "t.yaml:12:23: note: this fabric has the switches a-leaf[1-3],a-spine[1-2]\n"
                   "t.yaml:12:32: error: unknown switch or host 'h77' [CSIN-217]\n");
}

/* An unknown name in `from` kept those in `to` from being told. */
static void both_ends_of_cables_are_looked_up(void **state)
{
    (void)state;
    assert_refused(MODELS ZONE HOSTS "cables: {from: a-spin1, to: 'core1,a-spine[1-2]'}\n",
                   "t.yaml:12:16: error: unknown switch 'a-spin1'; did you mean 'a-spine1'? "
                   "[CSIN-217]\n"
                   "t.yaml:12:30: error: unknown switch 'core1' [CSIN-217]\n"
                   "t.yaml:12:30: note: this fabric has the switches a-leaf[1-3],a-spine[1-2]\n");
    assert_refused(MODELS ZONE HOSTS "cables: {from: h1, to: 'a-spine[1-2]'}\n",
                   "t.yaml:12:16: error: 'h1' is a host, not a switch [CSIN-217]\n");
}

/* Each of 1,000 x 1,000 pairs was looked up again, with a list of all switches to suggest from. */
static void a_list_of_unknown_switches_is_told_in_few_messages(void **state)
{
    (void)state;
    assert_refused(MODELS ZONE HOSTS "cables: {from: 'a-leaf[1-3]', to: 'p[1-1000000]'}\n",
                   "t.yaml:12:36: error: unknown switch 'p1' [CSIN-217]\n"
                   "t.yaml:12:36: note: this fabric has the switches a-leaf[1-3],a-spine[1-2]\n"
                   "t.yaml:12:36: error: unknown switch 'p2' [CSIN-217]\n"
                   "t.yaml:12:36: error: unknown switch 'p3' [CSIN-217]\n"
                   "t.yaml:12:36: error: unknown switch 'p4' [CSIN-217]\n");
}

static void a_nic_is_attached_once_and_must_exist(void **state)
{
    (void)state;
    assert_refused(MODELS ZONE
                   "hosts:\n  - {names: 'h[1-2]', model: two, attach: [{zone: a, nic: 1}, {zone: "
                   "a, nic: 1}]}\n",
                   "t.yaml:11:70: error: NIC 1 of 'h[1-2]' is attached twice [CSIN-220]\n");
    assert_refused(MODELS ZONE
                   "hosts:\n  - {names: 'h[1-2]', model: two, attach: [{zone: a}, {zone: a, nic: "
                   "2}]}\n",
                   "t.yaml:11:70: error: 'two' has 2 NICs; there is no NIC 2 [CSIN-219]\n"
                   "t.yaml:11:70: note: NICs count from 0\n");
    assert_refused(MODELS ZONE "hosts:\n  - {names: 'h[1-6]', model: gpu, attach: []}\n",
                   "t.yaml:11:43: error: 'h[1-6]' is attached to nothing [CSIN-221]\n");
    assert_refused(MODELS ZONE
                   "hosts:\n  - {names: h1, model: gpu, attach: {zone: a, switches: a-leaf1}}\n",
                   "t.yaml:11:57: error: an attachment names either 'zone' or 'switches' "
                   "[CSIN-218]\n");
}

static void cables_of_one_layer_form_no_ring(void **state)
{
    (void)state;
#define RING_NOTE                                                                                  \
    "note: a lossless fabric can deadlock in a ring; join them through a higher layer, or write "  \
    "several cables between two switches as one entry with 'count'\n"
    assert_refused(
        MODELS ZONE HOSTS EDGES "cables:\n"
                                "  - {from: e1, to: e2}\n"
                                "  - {from: e2, to: e3}\n"
                                "  - {from: e3, to: e1}\n",
        "t.yaml:16:20: error: the cable from 'e3' to 'e1' closes a ring of leaf switches "
        "[CSIN-226]\n"
        "t.yaml:16:20: " RING_NOTE);
    assert_refused(
        MODELS ZONE HOSTS EDGES "cables:\n"
                                "  - {from: e1, to: e2}\n"
                                "  - {from: e2, to: e1}\n",
        "t.yaml:15:20: error: the cable from 'e2' to 'e1' closes a ring of leaf switches "
        "[CSIN-226]\n"
        "t.yaml:15:20: " RING_NOTE);
    /* Every pair of the lists closed one, and each was told. */
    assert_refused(
        MODELS ZONE HOSTS "switches: {names: 'c[1-9]', model: s, layer: core}\n"
                          "cables: {from: 'c[1-4]', to: 'c[5-9]'}\n",
        "t.yaml:13:31: error: the cable from 'c2' to 'c6' closes a ring of core switches "
        "[CSIN-226]\n"
        "t.yaml:13:31: " RING_NOTE);
    assert_refused(MODELS ZONE HOSTS "cables: {from: a-spine1, to: a-spine1}\n",
                   "t.yaml:12:30: error: a cable from switch 'a-spine1' to itself [CSIN-225]\n");
}

static void overrides_need_a_cable_to_change(void **state)
{
    (void)state;
    assert_refused(MODELS ZONE HOSTS "overrides:\n"
                                     "  - {between: [a-leaf1, a-leaf2], state: down}\n"
                                     "  - {between: [h1, h2], state: down}\n"
                                     "  - {between: [h1, a-leaf3], state: down}\n"
                                     "  - {between: [a-leaf1, a-leaf1], state: down}\n",
                   "t.yaml:13:15: error: there is no cable between 'a-leaf1' and 'a-leaf2' "
                   "[CSIN-229]\n"
                   "t.yaml:14:15: error: there is no cable between 'h1' and 'h2' [CSIN-229]\n"
                   "t.yaml:15:15: error: there is no cable between 'h1' and 'a-leaf3' [CSIN-229]\n"
                   "t.yaml:16:15: error: there is no cable between 'a-leaf1' and 'a-leaf1' "
                   "[CSIN-229]\n");
    assert_refused(
        MODELS ZONE HOSTS "overrides: {between: [a-leaf1, a-spine1], nth: 2, state: "
                          "down}\n",
        "t.yaml:12:48: error: 'a-leaf1' and 'a-spine1' are joined by 1 cable; there is no "
        "cable 2 [CSIN-229]\n");
    assert_refused(
        MODELS "zones:\n  a: {model: s, leaves: 3, spines: 2, links-per-pair: 2}\n" HOSTS
               "overrides: {between: [a-spine1, a-leaf1], nth: 3, rate: 1Gb/s}\n",
        "t.yaml:12:48: error: 'a-spine1' and 'a-leaf1' are joined by 2 cables; there is no "
        "cable 3 [CSIN-229]\n");
    assert_refused(
        MODELS ZONE HOSTS "overrides:\n"
                          "  - {between: [a-leaf1, a-spine1], rate: 101Gb/s}\n"
                          "  - {between: [a-leaf1, a-spine1]}\n"
                          "  - {between: [a-leaf1], state: down}\n",
        "t.yaml:13:42: error: 101 Gb/s is faster than the cable is (100 Gb/s) [CSIN-212]\n"
        "t.yaml:14:15: error: this override changes nothing [CSIN-228]\n"
        "t.yaml:14:15: note: give it 'state: down' or a lower 'rate'\n"
        "t.yaml:15:15: error: 'between' names two ends, not 1 [CSIN-227]\n");
}

static void no_cable_is_faster_than_its_ports(void **state)
{
    (void)state;
    assert_refused(MODELS
                   "zones:\n  a: {model: s, leaves: 3, spines: 2, uplink-rate: 200Gb/s}\n" HOSTS,
                   "t.yaml:9:52: error: an uplink of 200 Gb/s is faster than its ports (100 Gb/s) "
                   "[CSIN-212]\n");
    assert_refused(MODELS ZONE HOSTS "switches: {names: e1, model: big, layer: core}\n"
                                     "cables: {from: 'a-spine[1-2]', to: e1, rate: 150Gb/s}\n",
                   "t.yaml:13:46: error: a cable of 150 Gb/s is faster than its ports (100 Gb/s) "
                   "[CSIN-212]\n");
    /* Inter-zone cables could be. */
    assert_refused(MODELS TWO_ZONES HOSTS INTER_ZONE("zones: [a, b], leaves: 2, rate: 200Gb/s"),
                   "t.yaml:13:69: error: a cable of 200 Gb/s is faster than its ports (100 Gb/s) "
                   "[CSIN-212]\n");
}

static void inter_zone_switches_join_different_zones(void **state)
{
    (void)state;
    assert_refused(MODELS TWO_ZONES HOSTS INTER_ZONE("zones: [a, a], leaves: 1"),
                   "t.yaml:13:48: error: zone 'a' is listed twice [CSIN-231]\n");
    assert_refused(MODELS TWO_ZONES HOSTS INTER_ZONE("zones: [b], leaves: 1"),
                   "t.yaml:13:44: error: 'x1' would join one zone to itself; it takes two or more "
                   "zones [CSIN-231]\n");
    assert_refused(MODELS TWO_ZONES HOSTS INTER_ZONE("zones: [], leaves: 1"),
                   "t.yaml:13:44: error: 'x1' would join nothing; it takes two or more zones "
                   "[CSIN-231]\n");
}

static void oversubscription_needs_a_whole_number_of_spines(void **state)
{
    (void)state;
#define SPINES_NOTE                                                                                \
    "note: spines = hosts-per-leaf x rate / (oversubscription x links-per-pair x uplink-rate)\n"
    assert_refused(
        MODELS
        "zones:\n  a: {model: big, leaves: 3, hosts-per-leaf: 20, oversubscription: 3}\n" HOSTS,
        "t.yaml:9:68: error: an oversubscription of 3 needs 6.67 spines, which is not a whole "
        "number "
        "[CSIN-214]\n"
        "t.yaml:9:68: " SPINES_NOTE);
    assert_refused(
        MODELS "zones:\n  a: {model: big, leaves: 3, oversubscription: 2}\n" HOSTS,
        "t.yaml:9:48: error: an oversubscription of 2 needs 13.33 spines, which is not a whole "
        "number [CSIN-214]\n"
        "t.yaml:9:48: " SPINES_NOTE);
    assert_refused(
        MODELS
        "zones:\n  a: {model: big, leaves: 3, links-per-pair: 3, oversubscription: 1}\n" HOSTS,
        "t.yaml:9:67: error: an oversubscription of 1 needs 6.67 spines, which is not a whole "
        "number "
        "[CSIN-214]\n"
        "t.yaml:9:67: " SPINES_NOTE);
    assert_refused(
        MODELS
        "zones:\n  a: {model: big, leaves: 3, hosts-per-leaf: 1, oversubscription: 3}\n" HOSTS,
        "t.yaml:9:67: error: an oversubscription of 3 needs 0.33 spines, which is not a whole "
        "number "
        "[CSIN-214]\n"
        "t.yaml:9:67: " SPINES_NOTE);
    assert_refused(MODELS "zones:\n  a: {model: big, leaves: 3, hosts-per-leaf: 20}\n" HOSTS,
                   "t.yaml:9:3: error: zone 'a' has neither 'spines' nor 'oversubscription' "
                   "[CSIN-215]\n");
}

/* 4e15 spines were cast to 32 bits. */
static void a_tiny_oversubscription_does_not_overflow(void **state)
{
    (void)state;
    assert_refused(MODELS "zones:\n  a: {model: big, leaves: 3, hosts-per-leaf: 20, "
                          "oversubscription: 0.001, uplink-rate: 1b/s}\n" HOSTS,
                   "t.yaml:9:68: error: an oversubscription of 0.001 needs more than 16,384 spines "
                   "[CSIN-214]\n");
}

static void oversubscription_and_spines_must_agree(void **state)
{
    (void)state;
    assert_refused(
        MODELS "zones:\n  a: {model: big, leaves: 3, spines: 10, hosts-per-leaf: 20, "
               "oversubscription: 3}\n" HOSTS,
        "t.yaml:9:80: error: 20 hosts per leaf and 10 uplinks make an oversubscription of "
        "2, not 3 [CSIN-213]\n"
        "t.yaml:9:38: note: leave out 'spines' to have them follow from it\n");
}

static void names_are_unique_over_hosts_and_switches(void **state)
{
    (void)state;
    assert_refused(MODELS ZONE HOSTS "  - {names: 'h[6-7]', model: gpu, attach: {zone: a}}\n",
                   "t.yaml:12:14: error: the name 'h6' is used twice [CSIN-216]\n"
                   "t.yaml:11:14: note: it was first used here\n");
    assert_refused(MODELS ZONE "hosts:\n  - {names: a-spine2, model: gpu, attach: {zone: a}}\n",
                   "t.yaml:11:13: error: the name 'a-spine2' is used twice [CSIN-216]\n"
                   "t.yaml:9:3: note: it was first used here\n");
    assert_refused(MODELS ZONE HOSTS "switches: {names: a-leaf1, model: s, layer: leaf}\n",
                   "t.yaml:12:19: error: the name 'a-leaf1' is used twice [CSIN-216]\n"
                   "t.yaml:9:3: note: it was first used here\n");
}

static void what_is_too_large_is_refused_before_it_is_built(void **state)
{
    (void)state;
    assert_refused(MODELS HOSTS, "t.yaml: error: the fabric has no switches [CSIN-205]\n");
    assert_refused(MODELS ZONE HOSTS "switches: {names: 'e[1-17000]', model: s, layer: leaf}\n",
                   "t.yaml: error: 17,005 switches; at most 16,384 [CSIN-203]\n");
    assert_refused(MODELS ZONE
                   "hosts:\n  - {names: 'h[1-1000000]', model: two, attach: {zone: a}}\n",
                   "t.yaml:11:3: error: 1,000,000 hosts with 2,000,000 NICs; at most 1,048,576 of "
                   "each [CSIN-203]\n");
    assert_refused(MODELS ZONE HOSTS
                   "switches: {names: 'e[1-2000]', model: s, layer: core}\n"
                   "cables: {from: 'a-spine[1-2],a-leaf1', to: 'e[1-2000]', count: 1024}\n"
                   "overrides: {between: [a-leaf1], state: down}\n",
                   "t.yaml: error: more than 4,194,304 cables [CSIN-223]\n");
}

/* Each list was expanded, 30 MB a line, before the hosts were counted. */
static void long_lists_that_are_repeated_end_early(void **state)
{
    (void)state;
    char *yaml = NULL;
    size_t bytes;
    FILE *out = open_memstream(&yaml, &bytes);
    assert_non_null(out);
    fprintf(out, "%s", MODELS ZONE "hosts:\n");
    for (int i = 0; i < 5000; i++)
        fprintf(out, "  - {names: 'h[1-1000000]', model: gpu, attach: {zone: a}}\n");
    fclose(out);
    assert_refused(
        yaml, "t.yaml:15:14: error: the lists of this fabric have more than 4,194,304 names in "
              "all [CSIN-203]\n"
              "t.yaml:11:3: error: 4,000,000 hosts with 4,000,000 NICs; at most 1,048,576 of "
              "each [CSIN-203]\n");
    free(yaml);
}

CHECK_MAIN(cmocka_unit_test(every_key_is_read_with_its_place),
           cmocka_unit_test(all_mistakes_are_told_at_once), cmocka_unit_test(numbers_have_bounds),
           cmocka_unit_test(one_line_is_read_with_every_word),
           cmocka_unit_test(switches_have_as_many_ports_as_needed_where_none_are_given),
           cmocka_unit_test(what_begins_with_a_word_of_one_is_one_line),
           cmocka_unit_test(unknown_words_of_one_line_get_suggestions),
           cmocka_unit_test(one_line_lacks_nothing), cmocka_unit_test(one_line_says_nothing_twice),
           cmocka_unit_test(numbers_of_one_line_are_checked),
           cmocka_unit_test(running_out_of_ports_in_a_zone_says_where_and_by_how_many),
           cmocka_unit_test(running_out_of_ports_for_hosts_says_where_and_by_how_many),
           cmocka_unit_test(the_switch_that_is_out_of_ports_is_the_one_that_is_named),
           cmocka_unit_test(running_out_of_ports_between_zones_says_where_and_by_how_many),
           cmocka_unit_test(running_out_of_ports_for_cables_says_where_and_by_how_many),
           cmocka_unit_test(unknown_names_get_suggestions),
           cmocka_unit_test(both_ends_of_cables_are_looked_up),
           cmocka_unit_test(a_list_of_unknown_switches_is_told_in_few_messages),
           cmocka_unit_test(a_nic_is_attached_once_and_must_exist),
           cmocka_unit_test(cables_of_one_layer_form_no_ring),
           cmocka_unit_test(overrides_need_a_cable_to_change),
           cmocka_unit_test(no_cable_is_faster_than_its_ports),
           cmocka_unit_test(inter_zone_switches_join_different_zones),
           cmocka_unit_test(oversubscription_needs_a_whole_number_of_spines),
           cmocka_unit_test(a_tiny_oversubscription_does_not_overflow),
           cmocka_unit_test(oversubscription_and_spines_must_agree),
           cmocka_unit_test(names_are_unique_over_hosts_and_switches),
           cmocka_unit_test(what_is_too_large_is_refused_before_it_is_built),
           cmocka_unit_test(long_lists_that_are_repeated_end_early))
