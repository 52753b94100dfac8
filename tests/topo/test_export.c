/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the writers of a fabric must hold to whatever the fabric: whole documents, the same bytes
 * every time, bounded size. tests/topo/export_check.py reads the documents with real parsers. */
#include "tests/check.h"
#include "topo/export.h"

static const char *const lines[] = {
    "leaf:4 spine:2 host:16 200Gb/s",
    "leaf:1 spine:1 host:1 100Gb/s",
    "leaf:3 spine:2 host:5 storage:2 links:2 ports:12 100Gb/s",
    "leaf:2 spine:1 storage:3 100Gb/s",
    "leaf:100 spine:10 host:30 100Gb/s uplink:33.3Gb/s",
    "leaf:512 spine:64 host:64 400Gb/s",
    "leaf:3000 spine:8 host:2 400Gb/s",
    "configs/fire-flyer-2.yaml",
};
#define N_LINES (sizeof lines / sizeof *lines)

struct opened {
    struct csin_arena *arena;
    struct csin_fabric *f;
    struct csin_fabric_facts facts;
};

static struct opened open_fabric(const char *text, const char *yaml)
{
    struct opened o = {csin_arena_create(), NULL, {{{0}}}};
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    enum csin_status status;
    if (text) {
        status = csin_fabric_open(diag, o.arena, (struct csin_loc){"test", 1, 1}, text, &o.f, NULL);
    } else {
        assert_non_null(yaml);
        status = csin_fabric_spec_read(o.arena, diag, "test.yaml", yaml, yaml ? strlen(yaml) : 0,
                                       &spec);
        if (status == CSIN_OK)
            status = csin_fabric_create(&spec, diag, &o.f);
    }
    if (status == CSIN_OK)
        status = csin_fabric_analyze(o.f, o.arena, diag, &o.facts);
    csin_diag_print(diag, stderr);
    csin_diag_destroy(diag);
    assert_int_equal(status, CSIN_OK);
    return o;
}

static void close_fabric(struct opened *o)
{
    csin_fabric_destroy(o->f);
    csin_arena_destroy(o->arena);
}

/* The whole document; malloc'ed. */
static char *written(const struct opened *o, const char *format)
{
    char *text = NULL;
    size_t bytes;
    for (const struct csin_fabric_writer *w = csin_fabric_writers; w->name; w++) {
        if (strcmp(w->name, format) != 0)
            continue;
        FILE *out = open_memstream(&text, &bytes);
        assert_non_null(out);
        struct csin_routes *routes = NULL;
        if (w->needs_routes)
            assert_int_equal(csin_routes_create(o->f, NULL, CSIN_DMODK, 1, NULL, &routes), CSIN_OK);
        struct csin_ib ib;
        struct csin_switch_routes to_switches;
        assert_int_equal(csin_ib_identify(o->f, o->arena, NULL, &ib), CSIN_OK);
        if (w->needs_table)
            assert_int_equal(csin_switch_routes_create(routes, o->arena, NULL, &to_switches),
                             CSIN_OK);
        w->write(&(struct csin_fabric_view){o->f, &o->facts, routes, &ib, &to_switches}, out);
        csin_routes_destroy(routes);
        assert_false(ferror(out));
        assert_int_equal(fclose(out), 0);
        assert_int_equal(strlen(text), bytes);
        /* A list of GUIDs may be empty. */
        assert_true(bytes > 0 ? text[bytes - 1] == '\n' : strstr(w->name, "guids") != NULL);
        return text;
    }
    fail_msg("no writer '%s'", format);
    return NULL;
}

/* Not by strstr: AddressSanitizer makes each call look at the whole text. */
static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    size_t length = strlen(what);
    for (; *text; text++)
        n += *text == *what && strncmp(text, what, length) == 0;
    return n;
}

#define TWO_ZONES                                                                                  \
    "fabric: test\n"                                                                               \
    "switch-models:\n"                                                                             \
    "  s: {ports: 16, rate: 100Gb/s}\n"                                                            \
    "host-models:\n"                                                                               \
    "  gpu: {rate: 100Gb/s}\n"                                                                     \
    "  two: {role: storage, nics: 2, rate: 100Gb/s}\n"                                             \
    "zones:\n"                                                                                     \
    "  a: &zone {model: s, leaves: 6, spines: 3, hosts-per-leaf: 4}\n"                             \
    "  b: *zone\n"                                                                                 \
    "hosts:\n"                                                                                     \
    "  - {names: 'h[01-12]', model: gpu, attach: {zone: a}}\n"                                     \
    "  - {names: 'd[1-2]', model: two, attach: [{zone: a, nic: 0}, {zone: b, nic: 1}]}\n"

static void writers_have_different_names_and_extensions(void **state)
{
    (void)state;
    for (const struct csin_fabric_writer *a = csin_fabric_writers; a->name; a++) {
        assert_int_equal(a->extension[0], '.');
        for (const struct csin_fabric_writer *b = csin_fabric_writers; b < a; b++) {
            assert_string_not_equal(a->name, b->name);
            assert_string_not_equal(a->extension, b->extension);
        }
    }
}

static void the_same_fabric_gives_the_same_bytes_in_any_locale(void **state)
{
    (void)state;
    static const char *const locales[] = {"C", "fr_FR.UTF-8", "de_DE.UTF-8"};
    for (size_t i = 0; i < N_LINES; i++) {
        struct opened o = open_fabric(lines[i], NULL);
        for (const struct csin_fabric_writer *w = csin_fabric_writers; w->name; w++) {
            char *first = NULL;
            if (w->needs_table && (uint64_t)o.f->n_nics * o.f->n_switches > 1000000)
                continue; /* gigabytes */
            for (size_t l = 0; l < sizeof locales / sizeof *locales; l++) {
                if (!setlocale(LC_ALL, locales[l]))
                    continue;
                char *text = written(&o, w->name);
                if (first)
                    assert_string_equal(first, text);
                else
                    first = strdup(text);
                free(text);
            }
            free(first);
        }
        close_fabric(&o);
    }
    setlocale(LC_ALL, "");
}

static void json_is_one_balanced_object(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_LINES; i++) {
        struct opened o = open_fabric(lines[i], NULL);
        char *text = written(&o, "json");
        long depth = 0;
        bool quoted = false;
        for (const char *p = text; *p; p++) {
            if (quoted && *p == '\\' && p[1])
                p++;
            else if (*p == '"')
                quoted = !quoted;
            else if (!quoted)
                depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
            if (depth <= 0 && *p != '}' && *p != '\n')
                fail_msg("%s: text outside the object", lines[i]);
        }
        assert_int_equal(depth, 0);
        assert_false(quoted);
        assert_non_null(strstr(text, "\"schema\": \"csin-topo-1\""));
        assert_int_equal(count(text, "\"capacity_Bps\""), o.f->n_cables);
        free(text);
        close_fabric(&o);
    }
}

static void svg_is_whole_and_bounded(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_LINES; i++) {
        struct opened o = open_fabric(lines[i], NULL);
        char *text = written(&o, "svg");
        assert_memory_equal(text, "<svg ", 5);
        assert_string_equal(text + strlen(text) - 7, "</svg>\n");
        assert_true(strlen(text) < 2000000);
        assert_true(count(text, "<") < 2 * 60000);
        assert_null(strstr(text, "nan"));
        assert_null(strstr(text, "inf"));
        free(text);
        close_fabric(&o);
    }
}

static void svg_shows_every_host_port_and_switch_of_fire_flyer_2(void **state)
{
    (void)state;
    struct opened o = open_fabric("configs/fire-flyer-2.yaml", NULL);
    char *text = written(&o, "svg");
    assert_int_equal(count(text, "<path class=\"c0\""), 1200);
    assert_int_equal(count(text, "<path class=\"c1\""), 360);
    assert_int_equal(count(text, "<path class=\"c3\""), 40);
    assert_int_equal(count(text, "ports used"), 122);
    assert_int_equal(count(text, "<path class=\"u\" stroke-width=\"0"), 80);
    free(text);
    close_fabric(&o);
}

static void svg_draws_dead_and_degraded_cables_on_top(void **state)
{
    (void)state;
    struct opened o = open_fabric(NULL,
                                  TWO_ZONES "overrides:\n"
                                            "  - {between: [a-leaf1, a-spine2], state: down}\n"
                                            "  - {between: [b-leaf6, b-spine1], state: down}\n"
                                            "  - {between: [a-leaf3, a-spine3], rate: 25Gb/s}\n");
    char *text = written(&o, "svg");
    assert_int_equal(count(text, ": dead</title>"), 2);
    assert_int_equal(count(text, ": degraded, 25 Gb/s</title>"), 1);
    assert_non_null(strstr(text, "a-leaf1 port"));
    assert_non_null(strstr(text, "2 dead cables"));
    assert_null(strstr(text, "parts that cannot reach each other")); /* all meet in zone a */
    free(text);
    close_fabric(&o);
}

static void svg_and_dot_escape_names(void **state)
{
    (void)state;
    struct opened o = open_fabric("leaf:2 spine:1 host:1 100Gb/s", NULL);
    o.f->name = "a<b>&\"c\\\"";
    char *text = written(&o, "svg");
    assert_non_null(strstr(text, "<title>a&lt;b&gt;&amp;&quot;c\\&quot;</title>"));
    free(text);
    text = written(&o, "dot");
    const char *head = "graph \"a<b>&\\\"c\\\\\\\"\" {";
    assert_memory_equal(text, head, strlen(head));
    free(text);
    close_fabric(&o);
}

static void dot_has_every_cable(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_LINES; i++) {
        struct opened o = open_fabric(lines[i], NULL);
        char *text = written(&o, "dot");
        assert_int_equal(count(text, " -- "), o.f->n_cables);
        free(text);
        close_fabric(&o);
    }
}

static void text_fits_a_screen_of_80_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_LINES; i++) {
        struct opened o = open_fabric(lines[i], NULL);
        char *text = written(&o, "text");
        unsigned rows = 0;
        for (const char *p = text; *p; rows++) {
            size_t n = strcspn(p, "\n");
            if (rows > 0) /* the first has the fabric's name, which may be any length */
                assert_true(n <= 80);
            assert_true(n == 0 || p[n - 1] != ' ');
            p += n + 1;
        }
        assert_true(rows <= 40);
        free(text);
        close_fabric(&o);
    }
}

static void text_says_why_the_bisection_is_not_the_formula(void **state)
{
    (void)state;
    struct opened o = open_fabric(NULL,
                                  TWO_ZONES "overrides:\n"
                                            "  - {between: [a-leaf1, a-spine2], state: down}\n"
                                            "  - {between: [a-leaf1, a-spine1], rate: 20Gb/s}\n");
    char *text = written(&o, "text");
    assert_non_null(strstr(text, "  a: bisection 90 GB/s by max-flow, 112.5 GB/s by the formula:\n"
                                 "      of 18 leaf-spine cables 1 dead and 1 degraded\n"));
    free(text);
    close_fabric(&o);
}

static void text_names_ten_faults_and_counts_the_rest(void **state)
{
    (void)state;
    char yaml[4096] = TWO_ZONES "overrides:\n";
    for (unsigned leaf = 1; leaf <= 6; leaf++)
        for (unsigned spine = 1; spine <= 2; spine++)
            snprintf(yaml + strlen(yaml), sizeof yaml - strlen(yaml),
                     "  - {between: [a-leaf%u, a-spine%u], state: down}\n", leaf, spine);
    strcat(yaml, "  - {between: [a-leaf1, a-spine3], state: down}\n");
    struct opened o = open_fabric(NULL, yaml);
    char *text = written(&o, "text");
    assert_int_equal(count(text, " dead\n"), 10);
    assert_non_null(strstr(text, "13 dead, 0 degraded\n"));
    assert_non_null(strstr(text, "  and 3 more\n"));
    assert_non_null(strstr(text, "NO: 2 parts that cannot reach each other\n"));
    free(text);
    close_fabric(&o);
}

static void text_calls_a_fabric_non_blocking_only_when_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *line, *want;
    } cases[] = {{"leaf:4 spine:4 host:4 100Gb/s", " 1.0:1 (non-blocking)\n"},
                 {"leaf:4 spine:4 host:2 100Gb/s", " 0.5:1 (non-blocking)\n"},
                 {"leaf:4 spine:40 host:41 100Gb/s", " 1.03:1\n"},
                 {"leaf:4 spine:1000 host:1001 1Gb/s", " 1.01:1\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct opened o = open_fabric(cases[i].line, NULL);
        char *text = written(&o, "text");
        if (!strstr(text, cases[i].want))
            fail_msg("%s: no '%s' in\n%s", cases[i].line, cases[i].want, text);
        free(text);
        close_fabric(&o);
    }
}

/* Zones of different size and switches outside any, one of them cabled into a zone. */
#define LEFTOVERS                                                                                  \
    "fabric: test\n"                                                                               \
    "switch-models:\n"                                                                             \
    "  s: {ports: 40, rate: 100Gb/s}\n"                                                            \
    "host-models:\n"                                                                               \
    "  gpu: {rate: 100Gb/s}\n"                                                                     \
    "  two: {role: storage, nics: 2, rate: 100Gb/s}\n"                                             \
    "zones:\n"                                                                                     \
    "  a: {model: s, leaves: 8, spines: 4, hosts-per-leaf: 12}\n"                                  \
    "  b: {model: s, leaves: 4, spines: 4, hosts-per-leaf: 16}\n"                                  \
    "  c: {model: s, leaves: 4, spines: 4, hosts-per-leaf: 16}\n"                                  \
    "hosts:\n"                                                                                     \
    "  - {names: 'h[01-40]', model: gpu, attach: {zone: a}}\n"                                     \
    "  - {names: 'o[1-4]', model: gpu, attach: {switches: 'odd[1-2]'}}\n"                          \
    "  - {names: d, model: two, attach: [{zone: a, nic: 0}, {switches: odd1, nic: 1}]}\n"          \
    "switches:\n"                                                                                  \
    "  - {names: 'odd[1-2]', model: s, layer: leaf}\n"                                             \
    "  - {names: oddtop, model: s, layer: core}\n"                                                 \
    "cables:\n"                                                                                    \
    "  - {from: 'odd[1-2]', to: oddtop, count: 3}\n"                                               \
    "  - {from: oddtop, to: 'a-leaf[7-8]'}\n"

static void svg_has_the_facts_of_small_zones_and_leftover_switches_beside_them(void **state)
{
    (void)state;
    struct opened o = open_fabric(NULL, LEFTOVERS);
    char *text = written(&o, "svg");
    assert_int_equal(count(text, "4 leaves × 4 spines<"), 2);
    assert_int_equal(count(text, ">1 cable of 100 Gb/s per pair<"), 2);
    assert_int_equal(count(text, ">bisection 100 GB/s<"), 2);
    assert_int_equal(count(text, ">Outside any zone<"), 1);
    /* oddtop stands in the row of the spines. */
    const char *spine = strstr(text, "<rect class=\"s1\""),
               *top = strstr(text, "<rect class=\"s2\"");
    assert_non_null(spine);
    assert_non_null(top);
    spine = strstr(spine, " y=");
    top = strstr(top, " y=");
    assert_memory_equal(spine, top, strcspn(spine + 1, " ") + 1);
    free(text);
    close_fabric(&o);
}

static void text_tells_the_plan_where_it_differs_and_who_is_cut_off(void **state)
{
    (void)state;
    struct opened o = open_fabric(NULL, LEFTOVERS "overrides:\n"
                                                  "  - {between: [d, odd1], state: down}\n");
    char *text = written(&o, "text");
    assert_non_null(strstr(text, "  1.5:1, 3.0:1 planned\n"));
    assert_non_null(strstr(text, "every host reaches every other\n"));
    assert_non_null(strstr(text, "1 NIC has no cable that is up; its host is reached over other"));
    free(text);
    close_fabric(&o);

    o = open_fabric(NULL, LEFTOVERS "overrides:\n"
                                    "  - {between: [a-leaf7, oddtop], state: down}\n"
                                    "  - {between: [a-leaf8, oddtop], state: down}\n");
    text = written(&o, "text");
    assert_non_null(strstr(text, "NO: 2 parts that cannot reach each other\n"
                                 "              host o1 is in the smaller\n"));
    free(text);
    close_fabric(&o);
}

CHECK_MAIN(cmocka_unit_test(writers_have_different_names_and_extensions),
           cmocka_unit_test(the_same_fabric_gives_the_same_bytes_in_any_locale),
           cmocka_unit_test(json_is_one_balanced_object),
           cmocka_unit_test(svg_is_whole_and_bounded),
           cmocka_unit_test(svg_shows_every_host_port_and_switch_of_fire_flyer_2),
           cmocka_unit_test(svg_draws_dead_and_degraded_cables_on_top),
           cmocka_unit_test(svg_and_dot_escape_names), cmocka_unit_test(dot_has_every_cable),
           cmocka_unit_test(text_fits_a_screen_of_80_columns),
           cmocka_unit_test(text_says_why_the_bisection_is_not_the_formula),
           cmocka_unit_test(text_names_ten_faults_and_counts_the_rest),
           cmocka_unit_test(svg_has_the_facts_of_small_zones_and_leftover_switches_beside_them),
           cmocka_unit_test(text_tells_the_plan_where_it_differs_and_who_is_cut_off),
           cmocka_unit_test(text_calls_a_fabric_non_blocking_only_when_it_is))
