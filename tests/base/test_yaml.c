/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/yaml.h"
#include "tests/check.h"

/* A schema that has one of everything. */
struct zone {
    struct csin_text name; /* of the entry */
    struct csin_count leaves;
    struct csin_quantity rate_Bps;
    struct csin_text note;
};

struct attach {
    struct csin_text zone;
    struct csin_count nic;
};

struct record {
    struct csin_text name, title;
    struct csin_count n, bytes;
    struct csin_quantity rate_Bps, latency_s, ratio;
    struct csin_choice routing;
    struct csin_list zones, attach, hosts;
    struct attach section;
};

static const struct csin_range small = {1, 100};
static const struct csin_range ratios = {0.5, 10};
static const char *const routings[] = {"dmodk", "random", "ecmp", NULL};

static const struct csin_key zone_keys[] = {
    {"leaves", CSIN_REQUIRED, offsetof(struct zone, leaves), csin_yaml_count, &small},
    {"rate", 0, offsetof(struct zone, rate_Bps), csin_yaml_rate, NULL},
    {"note", 0, offsetof(struct zone, note), csin_yaml_text, NULL},
    {0}};
static const struct csin_element zone_element = {sizeof(struct zone), csin_yaml_section, zone_keys};

static const struct csin_key attach_keys[] = {
    {"zone", CSIN_REQUIRED, offsetof(struct attach, zone), csin_yaml_name, NULL},
    {"nic", 0, offsetof(struct attach, nic), csin_yaml_count, NULL},
    {0}};
static const struct csin_element attach_element = {sizeof(struct attach), csin_yaml_section,
                                                   attach_keys};
static const struct csin_element name_element = {sizeof(struct csin_text), csin_yaml_name, NULL};

static const struct csin_key keys[] = {
    {"name", CSIN_REQUIRED, offsetof(struct record, name), csin_yaml_name, NULL},
    {"title", 0, offsetof(struct record, title), csin_yaml_text, NULL},
    {"n", 0, offsetof(struct record, n), csin_yaml_count, &small},
    {"bytes", 0, offsetof(struct record, bytes), csin_yaml_size, NULL},
    {"rate", 0, offsetof(struct record, rate_Bps), csin_yaml_rate, NULL},
    {"latency", 0, offsetof(struct record, latency_s), csin_yaml_time, NULL},
    {"ratio", 0, offsetof(struct record, ratio), csin_yaml_ratio, &ratios},
    {"routing", 0, offsetof(struct record, routing), csin_yaml_choice, routings},
    {"zones", 0, offsetof(struct record, zones), csin_yaml_map, &zone_element},
    {"attach", 0, offsetof(struct record, attach), csin_yaml_one_or_list, &attach_element},
    {"hosts", 0, offsetof(struct record, hosts), csin_yaml_list, &name_element},
    {"section", 0, offsetof(struct record, section), csin_yaml_section, attach_keys},
    {0}};

struct fixture {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct record record;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = csin_arena_create();
    f->diag = csin_diag_create();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    csin_arena_destroy(f->arena);
    csin_diag_destroy(f->diag);
    free(f);
    return 0;
}

/* The text is copied so that reading behind its end is noticed. */
static enum csin_status read_bytes(struct fixture *f, const char *text, size_t bytes)
{
    char *copy = malloc(bytes ? bytes : 1);
    enum csin_status status;
    memcpy(copy, text, bytes);
    memset(&f->record, 0, sizeof f->record);
    status = csin_yaml_read(f->arena, f->diag, "f", copy, bytes, "a fabric", keys, &f->record);
    free(copy);
    return status;
}

static enum csin_status read_text(struct fixture *f, const char *text)
{
    return read_bytes(f, text, strlen(text));
}

static const struct zone *zone(const struct fixture *f, uint32_t i)
{
    assert_true(i < f->record.zones.n);
    return (const struct zone *)f->record.zones.items + i;
}

static void assert_at(struct csin_loc loc, uint32_t line, uint32_t col)
{
    assert_string_equal(loc.file, "f");
    assert_int_equal(loc.line, line);
    assert_int_equal(loc.col, col);
}

static void every_kind_of_value_is_read_with_its_place(void **state)
{
    struct fixture *f = *state;
    struct record *r = &f->record;
    assert_int_equal(read_text(f, "# a comment\n"
                                  "name: ff2\n"
                                  "title: 'two zones'\n"
                                  "n: 40\n"
                                  "bytes: 186 MiB\n"
                                  "rate: 200Gb/s\n"
                                  "latency: 130ns\n"
                                  "ratio: 2.5\n"
                                  "routing: random\n"
                                  "hosts: [a, b]\n"
                                  "section: {zone: a, nic: 1}\n"),
                     CSIN_OK);
    assert_says(&f->diag, "");
    assert_string_equal(r->name.s, "ff2");
    assert_at(r->name.loc, 2, 7);
    assert_string_equal(r->title.s, "two zones");
    assert_at(r->title.loc, 3, 9); /* behind the quotation mark */
    assert_int_equal(r->n.n, 40);
    assert_at(r->n.loc, 4, 4);
    assert_int_equal(r->bytes.n, 195035136);
    assert_true(r->rate_Bps.x == 25e9);
    assert_true(r->latency_s.x == 130e-9);
    assert_true(r->ratio.x == 2.5);
    assert_int_equal(r->routing.i, 1);
    assert_at(r->routing.loc, 9, 10);
    assert_int_equal(r->hosts.n, 2);
    assert_string_equal(((struct csin_text *)r->hosts.items)[1].s, "b");
    assert_string_equal(r->section.zone.s, "a");
    assert_int_equal(r->section.nic.n, 1);
    assert_int_equal(r->zones.loc.line, 0); /* absent */
}

static void a_map_gives_each_entry_its_name(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "name: x\n"
                                  "zones:\n"
                                  "  a: {leaves: 4}\n"
                                  "  b: {leaves: 5, rate: 1GB/s}\n"),
                     CSIN_OK);
    assert_int_equal(f->record.zones.n, 2);
    assert_at(f->record.zones.loc, 3, 3);
    assert_string_equal(zone(f, 0)->name.s, "a");
    assert_string_equal(zone(f, 1)->name.s, "b");
    assert_at(zone(f, 1)->name.loc, 4, 3);
    assert_int_equal(zone(f, 1)->leaves.n, 5);
}

static void one_element_needs_no_brackets(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {"name: x\nattach: {zone: a, nic: 3}\n",
                                        "name: x\nattach: [{zone: a, nic: 3}]\n",
                                        "name: x\nattach:\n  - zone: a\n    nic: 3\n"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(read_text(f, texts[i]), CSIN_OK);
        assert_int_equal(f->record.attach.n, 1);
        assert_int_equal(((struct attach *)f->record.attach.items)->nic.n, 3);
    }
}

static void an_empty_list_is_present(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "name: x\nhosts: []\nzones: {}\n"), CSIN_OK);
    assert_int_equal(f->record.hosts.n, 0);
    assert_int_equal(f->record.hosts.loc.line, 2);
    assert_int_equal(f->record.zones.loc.line, 3);
}

static void an_optional_key_without_value_is_absent(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "name: x\nhosts:\nzones: ~\nn: null\n"), CSIN_OK);
    assert_int_equal(f->record.hosts.loc.line, 0);
    assert_int_equal(f->record.zones.loc.line, 0);
    assert_int_equal(f->record.n.loc.line, 0);
}

static void byte_order_marks_and_line_ends_of_windows_are_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "\xef\xbb\xbfname: x\r\nn: 5\r\n"), CSIN_OK);
    assert_string_equal(f->record.name.s, "x");
    assert_at(f->record.n.loc, 2, 4);
}

static void merged_keys_fill_in_what_is_not_written(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "name: x\n"
                                  "zones:\n"
                                  "  a: &a {leaves: 1, rate: 1GB/s}\n"
                                  "  b: &b {leaves: 2, note: from b}\n"
                                  "  c: {<<: *a, leaves: 3}\n"
                                  "  d: {<<: [*b, *a]}\n"
                                  "  e: {<<: {leaves: 4, note: here}, rate: 2GB/s}\n"
                                  "  f: &f {<<: *b, rate: 3GB/s}\n"
                                  "  g: {leaves: 7, <<: [*f, *a]}\n"
                                  "  h: *a\n"),
                     CSIN_OK);
    assert_says(&f->diag, "");
    assert_int_equal(zone(f, 2)->leaves.n, 3);
    assert_at(zone(f, 2)->leaves.loc, 5, 23);
    assert_true(zone(f, 2)->rate_Bps.x == 1e9);
    assert_at(zone(f, 2)->rate_Bps.loc, 3, 27); /* where it is written */
    assert_int_equal(zone(f, 3)->leaves.n, 2);
    assert_true(zone(f, 3)->rate_Bps.x == 1e9);
    assert_string_equal(zone(f, 3)->note.s, "from b");
    assert_string_equal(zone(f, 4)->note.s, "here");
    assert_int_equal(zone(f, 6)->leaves.n, 7);
    assert_true(zone(f, 6)->rate_Bps.x == 3e9);
    assert_string_equal(zone(f, 6)->note.s, "from b");
    assert_int_equal(zone(f, 7)->leaves.n, 1);
}

static void a_map_can_merge_another(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "name: x\n"
                                  "zones:\n"
                                  "  <<: {a: {leaves: 1}, b: {leaves: 2}}\n"
                                  "  b: {leaves: 3}\n"),
                     CSIN_OK);
    assert_int_equal(f->record.zones.n, 2);
    assert_string_equal(zone(f, 0)->name.s, "b");
    assert_int_equal(zone(f, 0)->leaves.n, 3);
    assert_string_equal(zone(f, 1)->name.s, "a");
}

static void mistakes_are_told_all_at_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(read_text(f, "nam: x\n"
                                  "n: 0\n"
                                  "rate: 200\n"
                                  "colour: red\n"
                                  "zones:\n"
                                  "  a: {leafs: 4}\n"
                                  "  b: {leaves: 4, rate: fast}\n"
                                  "n: 3\n"),
                     CSIN_E_INPUT);
    assert_says(&f->diag,
                "f:8:1: error: key 'n' is written twice [CSIN-117]\n"
                "f:2:1: note: first here\n"
                "f:1:1: error: unknown key 'nam' in a fabric; did you mean 'name'? [CSIN-115]\n"
                "f:2:4: error: '0' is too small [CSIN-110]\n"
                "f:2:4: note: write a whole number from 1 to 100\n"
                "f:3:7: error: '200' is not a bandwidth [CSIN-112]\n"
                "f:3:7: note: write a unit, such as 400Gb/s or 50GB/s\n"
                "f:4:1: error: unknown key 'colour' in a fabric [CSIN-115]\n"
                "f:4:1: note: write name, title, n, bytes, rate, latency, ratio, routing, zones, "
                "attach, hosts or section\n"
                "f:6:7: error: unknown key 'leafs' in 'a' [CSIN-115]\n"
                "f:6:7: note: write leaves, rate or note\n"
                "f:6:6: error: missing key 'leaves' in 'a' [CSIN-118]\n"
                "f:7:24: error: 'fast' is not a bandwidth [CSIN-112]\n"
                "f:7:24: note: write a unit, such as 400Gb/s or 50GB/s\n");
}

struct saying {
    const char *text, *says;
};

static void check_sayings(struct fixture *f, const struct saying *sayings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(read_text(f, sayings[i].text), CSIN_E_INPUT);
        assert_says(&f->diag, sayings[i].says);
    }
}

#define CHECK_SAYINGS(f, sayings) check_sayings(f, sayings, sizeof(sayings) / sizeof *(sayings))

static void values_of_the_wrong_kind_are_told(void **state)
{
    static const struct saying sayings[] = {
        {"name: [a]\n", "f:1:7: error: 'name' expects one value, not a list [CSIN-106]\n"
                        "f:1:7: note: write the value alone\n"},
        {"name: {a: b}\n", "f:1:7: error: 'name' expects one value, not a mapping [CSIN-106]\n"
                           "f:1:7: note: write the value alone\n"},
        {"name: x\nhosts: a\n", "f:2:8: error: 'hosts' expects a list, not a text [CSIN-106]\n"
                                "f:2:8: note: write [one, two], or lines that begin with '- '\n"},
        {"name: x\nhosts: [[a]]\n", "f:2:9: error: 'hosts' expects one value, not a list "
                                    "[CSIN-106]\nf:2:9: note: write the value alone\n"},
        {"name: x\nhosts: [a, ~]\n", "f:2:12: error: a value is missing in 'hosts' [CSIN-109]\n"},
        {"name: x\nzones: [a]\n", "f:2:8: error: 'zones' expects a mapping, not a list [CSIN-106]\n"
                                  "f:2:8: note: write name: value lines, or {name: value}\n"},
        {"name: x\nzones: {a: }\n",
         "f:2:12: error: 'a' expects a mapping, not nothing [CSIN-106]\n"
         "f:2:12: note: write key: value lines, or {key: value, key: value}\n"},
        {"name: x\nsection: 5\n",
         "f:2:10: error: 'section' expects a mapping, not a text [CSIN-106]\n"
         "f:2:10: note: write key: value lines, or {key: value, key: value}\n"},
        {"name: x\n? [a]\n: b\n", "f:2:3: error: a key is a text, not a list [CSIN-106]\n"},
        {"name: x\nsection: {zone: a, <<: 5}\n",
         "f:2:24: error: '<<' expects a mapping, not a text [CSIN-106]\n"
         "f:2:24: note: write <<: *anchor or <<: [*one, *two]\n"},
    };
    CHECK_SAYINGS(*state, sayings);
}

static void missing_and_empty_values_are_told(void **state)
{
    static const struct saying sayings[] = {
        {"n: 1\n", "f:1:1: error: missing key 'name' in a fabric [CSIN-118]\n"},
        {"name:\n", "f:1:1: error: key 'name' has no value [CSIN-109]\n"},
        {"name: ''\n", "f:1:7: error: a value is missing in 'name' [CSIN-109]\n"},
        {"name: x\nattach: [{zone: a}, {nic: 1}]\n",
         "f:2:21: error: missing key 'zone' in 'attach' [CSIN-118]\n"},
        {"name: x\nsection: {zone: ~}\n", "f:2:11: error: key 'zone' has no value [CSIN-109]\n"},
    };
    CHECK_SAYINGS(*state, sayings);
}

static void unknown_choices_and_wrong_names_are_told(void **state)
{
    static const struct saying sayings[] = {
        {"name: x\nrouting: dmodc\n",
         "f:2:10: error: unknown choice 'dmodc' for 'routing'; did you mean 'dmodk'? [CSIN-119]\n"},
        {"name: x\nrouting: adaptive\n",
         "f:2:10: error: unknown choice 'adaptive' for 'routing' [CSIN-119]\n"
         "f:2:10: note: write dmodk, random or ecmp\n"},
        {"name: a b\n", "f:1:7: error: 'a b' is not a name [CSIN-108]\n"
                        "f:1:7: note: names have letters, digits, '.', '_' and '-', at most 64\n"},
        {"name: x\nzones: {a/b: {leaves: 1}}\n",
         "f:2:9: error: 'a/b' is not a name [CSIN-108]\n"
         "f:2:9: note: names have letters, digits, '.', '_' and '-', at most 64\n"},
    };
    CHECK_SAYINGS(*state, sayings);
}

static void duplicate_keys_are_told_merged_ones_are_not(void **state)
{
    struct fixture *f = *state;
    static const struct saying sayings[] = {
        {"name: x\nname: y\nname: z\n", "f:2:1: error: key 'name' is written twice [CSIN-117]\n"
                                        "f:1:1: note: first here\n"
                                        "f:3:1: error: key 'name' is written twice [CSIN-117]\n"
                                        "f:1:1: note: first here\n"},
        {"name: x\nzones: {a: {leaves: 1}, a: {leaves: 2}}\n",
         "f:2:25: error: key 'a' is written twice [CSIN-117]\nf:2:9: note: first here\n"},
        {"name: x\nsection: {zone: a, <<: {nic: 1}, <<: {nic: 2}}\n",
         "f:2:34: error: key '<<' is written twice [CSIN-117]\nf:2:20: note: first here\n"},
        {"name: x\nsection: {<<: {zone: a, zone: b}}\n",
         "f:2:25: error: key 'zone' is written twice [CSIN-117]\nf:2:16: note: first here\n"},
    };
    CHECK_SAYINGS(f, sayings);
    assert_int_equal(read_text(f, "name: x\n"
                                  "attach:\n"
                                  "  - &a {zone: a}\n"
                                  "  - &b {<<: *a, nic: 1}\n"
                                  "  - {<<: [*a, *a, *b], nic: 2}\n"),
                     CSIN_OK);
}

static void a_mistake_in_a_merged_mapping_is_told_once_at_its_place(void **state)
{
    static const struct saying sayings[] = {
        {"name: x\n"
         "attach:\n"
         "  - &a {zone: a, nick: 3}\n"
         "  - {<<: *a}\n"
         "  - *a\n",
         "f:3:18: error: unknown key 'nick' in 'attach'; did you mean 'nic'? [CSIN-115]\n"},
    };
    CHECK_SAYINGS(*state, sayings);
}

static void a_quoted_merge_sign_is_a_key(void **state)
{
    static const struct saying sayings[] = {
        {"name: x\nsection: {zone: a, '<<': {nic: 1}}\n",
         "f:2:20: error: unknown key '<<' in 'section' [CSIN-115]\n"
         "f:2:20: note: write zone or nic\n"},
    };
    CHECK_SAYINGS(*state, sayings);
}

static void what_is_not_yaml_is_explained(void **state)
{
    static const struct saying sayings[] = {
        {"name: x\n  n: 1\n",
         "f:2:4: error: a ':' cannot stand here [CSIN-101]\n"
         "f:2:4: note: check the indentation of this line and the one above, or put a text that "
         "holds ': ' in quotes\n"},
        {"name: a: b\n",
         "f:1:8: error: a ':' cannot stand here [CSIN-101]\n"
         "f:1:8: note: check the indentation of this line and the one above, or put a text that "
         "holds ': ' in quotes\n"},
        {"name: x\nhosts: [a, b\nn: 1\n", "f:3:2: error: a ',' or ']' is missing [CSIN-101]\n"
                                          "f:2:8: note: the list begins here\n"},
        {"name: x\nsection: {zone: a\n", "f:3:1: error: a ',' or '}' is missing [CSIN-101]\n"
                                         "f:2:10: note: the mapping begins here\n"},
        {"name: 'x\nn: 1\n", "f:3:1: error: the text ends inside quotes [CSIN-101]\n"
                             "f:1:7: note: the quotes begin here\n"},
        {"name: @x\n", "f:1:7: error: '@' cannot begin a value [CSIN-101]\n"
                       "f:1:7: note: put a text that begins so in quotes\n"},
        {"name: x\n\tn: 1\n", "f:2:1: error: a tab stands in the indentation [CSIN-101]\n"
                              "f:2:1: note: indent with blanks\n"},
        {"name: x\nn\n", "f:3:1: error: a ':' is missing [CSIN-101]\n"
                         "f:2:1: note: the key begins here\n"
                         "f:3:1: note: write key: value, with a blank behind the ':'\n"},
        {"name: x\n- a\n", "f:2:1: error: a key is expected here [CSIN-101]\n"
                           "f:1:1: note: the mapping begins here\n"
                           "f:2:1: note: give all keys of a mapping the same indentation\n"},
        {"name: \"a\\qb\"\n",
         "f:1:9: error: an escape that YAML does not know [CSIN-101]\n"
         "f:1:9: note: in \"double quotes\" write \\\\ for a backslash, or use 'single quotes'\n"},
        {"name: !env X\n", "f:1:7: error: the tag '!env' means nothing here [CSIN-101]\n"
                           "f:1:7: note: put a text that begins with '!' in quotes\n"},
        {"name: x\nhosts: *all\n", "f:2:8: error: no anchor '&all' stands above this [CSIN-107]\n"
                                   "f:2:8: note: put a text that begins with '*' in quotes\n"},
        {"name: x\nattach: [&zone {zone: a}, *zome]\n",
         "f:2:27: error: no anchor '&zome' stands above this; did you mean '*zone'? [CSIN-107]\n"},
        {"name: &a x\nhosts: [&a y]\n", "f:2:9: error: anchor '&a' is written twice [CSIN-107]\n"
                                        "f:1:7: note: first here\n"},
    };
    CHECK_SAYINGS(*state, sayings);
}

static void what_is_not_a_mapping_is_told(void **state)
{
    static const struct saying sayings[] = {
        {"", "f: error: the file is empty, not a fabric [CSIN-103]\n"},
        {"# nothing\n\n", "f: error: the file is empty, not a fabric [CSIN-103]\n"},
        {"---\n", "f: error: the file is empty, not a fabric [CSIN-103]\n"},
        {"~\n", "f: error: the file is empty, not a fabric [CSIN-103]\n"},
        {"- a\n- b\n", "f:1:1: error: this is a list, not a fabric [CSIN-103]\n"
                       "f:1:1: note: a file begins with key: value\n"},
        {"leaf:40 spine:20\n", "f:1:1: error: this is a text, not a fabric [CSIN-103]\n"
                               "f:1:1: note: a file begins with key: value\n"},
        {"---\nname: x\n---\nname: y\n",
         "f:3:1: error: a second document begins here [CSIN-104]\n"
         "f:3:1: note: one file holds one document: remove what follows, or the '---'\n"},
    };
    CHECK_SAYINGS(*state, sayings);
    assert_int_equal(read_text(*state, "%YAML 1.1\n---\nname: x\n...\n# the end\n"), CSIN_OK);
}

static void what_is_not_utf8_is_told_at_its_place(void **state)
{
    struct fixture *f = *state;
    static const struct saying sayings[] = {
        {"name: x\ntitle: \xc3\xa9t\xe9\n", "f:2:10: error: the byte 0xe9 is not UTF-8 [CSIN-102]\n"
                                            "f:2:10: note: save the file as UTF-8\n"},
        {"\xff\xfen", "f:1:1: error: the file is UTF-16, not UTF-8 [CSIN-102]\n"
                      "f:1:1: note: save the file as UTF-8\n"},
        {"name: \x01\n",
         "f:1:7: error: the control character 0x01 [CSIN-102]\n"
         "f:1:7: note: remove it, or write it as an escape in \"double quotes\"; YAML is text\n"},
        {"name: x\ntitle: \"a\\0b\"\n",
         "f:2:8: error: a text with the character 0x00 [CSIN-102]\n"},
        {"name: \xe2\x82", "f:1:7: error: the byte 0xe2 is not UTF-8 [CSIN-102]\n"
                           "f:1:7: note: save the file as UTF-8\n"},
    };
    CHECK_SAYINGS(f, sayings);
    assert_int_equal(read_bytes(f, "name: x\0y\n", 10), CSIN_E_INPUT);
    assert_int_equal(csin_diag_errors(f->diag), 1);
}

/* `n` times `unit` behind `start`. */
static char *repeat(struct fixture *f, const char *start, const char *unit, size_t n)
{
    size_t length = strlen(start), step = strlen(unit);
    char *text = csin_arena_alloc(f->arena, 1, length + n * step + 1);
    strcpy(text, start);
    for (size_t i = 0; i < n; i++)
        memcpy(text + length + i * step, unit, step);
    return text;
}

/* 16 MB of what makes libyaml slow, or would make us; the time limit is the test runner's. */
static void no_input_makes_much_work(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *start, *unit;
        const char *says; /* NULL: anything */
    } cases[] = {
        {"", "[", "f:1:65: error: nested too deeply (more than 64 levels) [CSIN-105]\n"},
        {"", "{", "f:1:65: error: nested too deeply (more than 64 levels) [CSIN-105]\n"},
        {"", "- ", "f:1:129: error: nested too deeply (more than 64 levels) [CSIN-105]\n"},
        {"", "? ", "f:1:129: error: nested too deeply (more than 64 levels) [CSIN-105]\n"},
        {"name: [", "a,", "f:1:2000002: error: too many values (more than 1,000,000) [CSIN-105]\n"},
        {"", "%TAG !a! x\n", "f:17:1: error: too many lines that begin with '%' [CSIN-105]\n"},
        {"name: \"", "\\\n", NULL},
        {"name: |", "\n", NULL},
        {"", "a", NULL},
        {"", "a: 1\n", NULL},
        {"a: &a [", "*a, ", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = (16 << 20) / strlen(cases[i].unit) - strlen(cases[i].start);
        assert_int_equal(read_text(f, repeat(f, cases[i].start, cases[i].unit, n)), CSIN_E_INPUT);
        if (cases[i].says)
            assert_says(&f->diag, cases[i].says);
    }
}

static void many_anchors_are_refused(void **state)
{
    struct fixture *f = *state;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    fputs("name: x\nhosts:\n", out);
    for (int i = 0; i < 300000; i++)
        fprintf(out, "- &a%d x\n", i);
    fclose(out);
    assert_int_equal(read_bytes(f, text, bytes), CSIN_E_INPUT);
    free(text);
    assert_says(&f->diag, "f:259:3: error: too many anchors (more than 256) [CSIN-105]\n");
}

/* Ten levels of lists of ten, nine of them aliases, stand for 10^10 values. */
static void aliases_do_not_multiply_work(void **state)
{
    struct fixture *f = *state;
    struct csin_element levels[10] = {name_element};
    struct csin_key top[2] = {{"deep", CSIN_REQUIRED, 0, csin_yaml_list, &levels[9]}};
    struct csin_list list = {0};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    for (int i = 1; i < 10; i++)
        levels[i] = (struct csin_element){sizeof(struct csin_list), csin_yaml_list, &levels[i - 1]};
    fputs("deep: ", out);
    for (int i = 9; i > 0; i--)
        fprintf(out, "[&l%d ", i);
    fputs("[x,x,x,x,x,x,x,x,x,x]", out);
    for (int i = 1; i < 10; i++) {
        for (int j = 0; j < 9; j++)
            fprintf(out, ", *l%d", i);
        fputs("]", out);
    }
    fclose(out);
    assert_int_equal(csin_yaml_read(f->arena, f->diag, "f", text, bytes, "a test", top, &list),
                     CSIN_E_INPUT);
    free(text);
    assert_says(&f->diag, "f:1:48: error: too many values once the aliases are followed (more than "
                          "1,000,000) [CSIN-105]\n");
    assert_true(csin_arena_bytes(f->arena) < 200 << 20);
}

static void cycles_of_aliases_end(void **state)
{
    struct fixture *f = *state;
    static const char *const texts[] = {
        "name: x\nhosts: &a [*a]\n",
        "name: x\nattach: &a [*a, *a]\n",
        "name: x\nsection: &a {zone: z, <<: *a}\n",
        "name: x\nsection: &a {zone: z, <<: [*a, *a]}\n",
        "name: x\nzones: &a {b: *a}\n",
        "&a name: x\n<<: &b {<<: [*b, *b]}\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(read_text(f, texts[i]), CSIN_E_INPUT);
}

/* A reader that follows itself, as scenario files do with steps inside steps. */
static enum csin_status read_tree(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    static const struct csin_element element = {1, read_tree, NULL};
    static const struct csin_key tree_keys[] = {{"in", 0, 0, csin_yaml_list, &element}, {0}};
    char room[sizeof(struct csin_list)];
    (void)field;
    (void)key;
    return csin_yaml_read_keys(node, room, tree_keys);
}

static void a_schema_that_contains_itself_ends_too(void **state)
{
    static const struct csin_key top[] = {{"tree", CSIN_REQUIRED, 0, read_tree, NULL}, {0}};
    static const char *const texts[] = {"tree: &a {in: [*a]}\n", "tree: &a {in: [*a, *a]}\n"};
    struct fixture *f = *state;
    char room;
    for (int i = 0; i < 2; i++)
        assert_int_equal(csin_yaml_read(f->arena, f->diag, "f", texts[i], strlen(texts[i]),
                                        "a test", top, &room),
                         CSIN_E_INPUT);
    assert_says(&f->diag,
                "f:1:7: error: nested too deeply (more than 64 levels) [CSIN-105]\n"
                "f:1:7: error: too many values once the aliases are followed (more than 1,000,000) "
                "[CSIN-105]\n");
}

/* {allreduce: {...}}: what the one key is decides how the rest is read. */
static enum csin_status read_step(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    struct csin_yaml_node name, value;
    (void)key;
    if (!csin_yaml_pair(node, &name, &value))
        return csin_error(csin_yaml_diag(node), CSIN_E_INPUT, 900, csin_yaml_loc(node), "no pair");
    assert_true(csin_yaml_is_mapping(value));
    assert_false(csin_yaml_is_sequence(value));
    assert_null(csin_yaml_scalar(value));
    assert_true(csin_yaml_has(value, "zone"));
    assert_true(csin_yaml_has(value, "nic")); /* merged */
    assert_false(csin_yaml_has(value, "<<"));
    assert_false(csin_yaml_has(name, "zone"));
    *(const char **)field = csin_arena_strndup(csin_yaml_arena(node), csin_yaml_scalar(name),
                                               SIZE_MAX);
    return CSIN_OK;
}

static void readers_can_be_written_elsewhere(void **state)
{
    static const struct csin_key top[] = {{"step", CSIN_REQUIRED, 0, read_step, NULL}, {0}};
    struct fixture *f = *state;
    static const char good[] = "step: {send: {zone: a, <<: {nic: 1}}}\n",
                      bad[] = "step: {a: 1, b: 2}\n";
    const char *name = NULL;
    assert_int_equal(
        csin_yaml_read(f->arena, f->diag, "f", good, strlen(good), "a test", top, &name), CSIN_OK);
    assert_string_equal(name, "send");
    assert_int_equal(csin_yaml_read(f->arena, f->diag, "f", bad, strlen(bad), "a test", top, &name),
                     CSIN_E_INPUT);
    assert_says(&f->diag, "f:1:7: error: no pair [CSIN-900]\n");
}

static void a_failed_value_stays_absent_but_a_list_keeps_its_elements(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        read_text(f, "name: x\nn: no\nrate: no\nhosts: [a b]\nrouting: no\nzones: {a: 1}\n"),
        CSIN_E_INPUT);
    assert_int_equal(f->record.n.loc.line, 0);
    assert_int_equal(f->record.rate_Bps.loc.line, 0);
    assert_int_equal(f->record.hosts.n, 1);
    assert_int_equal(f->record.routing.loc.line, 0);
    assert_int_equal(f->record.zones.n, 1);
    assert_string_equal(((const struct csin_text *)f->record.zones.items)->s, "a");
    assert_string_equal(f->record.name.s, "x");
}

static void control_characters_in_texts_do_not_reach_the_terminal(void **state)
{
    static const struct saying sayings[] = {
        {"name: \"\\e[2J\"\n",
         "f:1:8: error: '\\x1b[2J' is not a name [CSIN-108]\n"
         "f:1:8: note: names have letters, digits, '.', '_' and '-', at most 64\n"},
        {"name: x\n\"\\e[2J\": 1\n",
         "f:2:1: error: unknown key '\\x1b[2J' in a fabric [CSIN-115]\n"
         "f:2:1: note: write name, title, n, bytes, rate, latency, ratio, routing, zones, attach, "
         "hosts or section\n"},
    };
    CHECK_SAYINGS(*state, sayings);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

CHECK_MAIN(TEST(every_kind_of_value_is_read_with_its_place), TEST(a_map_gives_each_entry_its_name),
           TEST(one_element_needs_no_brackets), TEST(an_empty_list_is_present),
           TEST(an_optional_key_without_value_is_absent),
           TEST(byte_order_marks_and_line_ends_of_windows_are_read),
           TEST(merged_keys_fill_in_what_is_not_written), TEST(a_map_can_merge_another),
           TEST(mistakes_are_told_all_at_once), TEST(values_of_the_wrong_kind_are_told),
           TEST(missing_and_empty_values_are_told), TEST(unknown_choices_and_wrong_names_are_told),
           TEST(duplicate_keys_are_told_merged_ones_are_not),
           TEST(a_mistake_in_a_merged_mapping_is_told_once_at_its_place),
           TEST(a_quoted_merge_sign_is_a_key), TEST(what_is_not_yaml_is_explained),
           TEST(what_is_not_a_mapping_is_told), TEST(what_is_not_utf8_is_told_at_its_place),
           TEST(no_input_makes_much_work), TEST(many_anchors_are_refused),
           TEST(aliases_do_not_multiply_work), TEST(cycles_of_aliases_end),
           TEST(a_schema_that_contains_itself_ends_too), TEST(readers_can_be_written_elsewhere),
           TEST(a_failed_value_stays_absent_but_a_list_keeps_its_elements),
           TEST(control_characters_in_texts_do_not_reach_the_terminal))
