/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Classes, service levels and virtual lanes: who is sent on which VL with which weight, and what is
 * told where a fabric cannot keep lanes apart. The engine is one that has lanes and does nothing.
 */
#include "tests/check.h"

#include "sim/resolve.h"

static const struct csin_engine lossless_engine = {
    .name = "lanes", .what = "test", .lossless = true};

struct lanes_test {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_scenario *sc;
};

#define LINE "leaf:2 spine:2 host:4 storage:2 200Gb/s"
#define JOBS                                                                                       \
    "jobs:\n"                                                                                      \
    "  - {name: train, hosts: 2, class: hfreduce, steps: {compute: 1s}}\n"                         \
    "  - {name: other, hosts: 2, steps: {compute: 1s}}\n"                                          \
    "storage:\n"                                                                                   \
    "  - read: {name: data, readers: 2, size: 8MiB, chunk: 1MiB, class: storage}\n"
#define SCENARIO "scenario: s\nfabric: f.yaml\n"

static struct csin_fabric *fabric_of(struct lanes_test *t, const char *text)
{
    struct csin_fabric *f = NULL;
    struct csin_fabric_spec spec;
    if (csin_fabric_is_line(text))
        assert_int_equal(csin_fabric_open(t->diag, t->arena, (struct csin_loc){0}, text, &f, NULL),
                         CSIN_OK);
    else
        assert_int_equal(
            csin_fabric_spec_read(t->arena, t->diag, "f.yaml", text, strlen(text), &spec) == CSIN_OK
                ? csin_fabric_create(&spec, t->diag, &f)
                : CSIN_E_INPUT,
            CSIN_OK);
    return f;
}

static enum csin_status lanes_open(struct lanes_test *t, const char *fabric, const char *text)
{
    struct csin_scenario_spec spec;
    t->arena = csin_arena_create();
    t->diag = csin_diag_create();
    t->sc = csin_arena_alloc(t->arena, 1, sizeof *t->sc);
    assert_int_equal(
        csin_scenario_spec_read(t->arena, t->diag, "s.yaml", text, strlen(text), &spec), CSIN_OK);
    *t->sc = (struct csin_scenario){.arena = t->arena,
                                    .name = spec.name.s,
                                    .fabric = fabric_of(t, fabric),
                                    .engine = &lossless_engine,
                                    .congestion = (enum csin_congestion)spec.congestion.i,
                                    .seed = 1,
                                    .horizon_s = HUGE_VAL};
    struct resolver r = {.sc = t->sc, .spec = &spec, .diag = t->diag, .status = CSIN_OK};
    csin_resolve(&r);
    return r.status;
}

static void lanes_close(struct lanes_test *t)
{
    csin_scenario_destroy(t->sc);
    csin_diag_destroy(t->diag);
    csin_arena_destroy(t->arena);
}

/* What csin says of a scenario on a fabric, word for word. */
static void assert_told(const char *fabric, const char *text, enum csin_status status,
                        const char *want)
{
    struct lanes_test t;
    assert_int_equal(lanes_open(&t, fabric, text), status);
    assert_says(&t.diag, want);
    lanes_close(&t);
}

static void without_classes_nothing_is_said_of_lanes(void **state)
{
    (void)state;
    struct lanes_test t;
    assert_int_equal(lanes_open(&t, LINE,
                                SCENARIO "congestion: lossless\n"
                                         "jobs: [{name: j, hosts: 2, steps: {compute: 1s}}]\n"),
                     CSIN_OK);
    assert_says(&t.diag, "");
    assert_int_equal(t.sc->congestion, CSIN_LOSSLESS);
    assert_int_equal(t.sc->n_classes, 0);
    assert_null(t.sc->lanes.of_owner);
    assert_int_equal(t.sc->jobs[0].traffic_class, CSIN_NONE);
    for (uint32_t vl = 0; vl < CSIN_MAX_LANES; vl++)
        assert_true(t.sc->lanes.weights[vl] == 64);
    lanes_close(&t);
}

static void an_sl_has_the_vl_of_its_number(void **state)
{
    (void)state;
    struct lanes_test t;
    assert_int_equal(lanes_open(&t, LINE,
                                SCENARIO "congestion: lossless\n"
                                         "classes: {hfreduce: {sl: 1}, storage: {sl: 3}}\n" JOBS),
                     CSIN_OK);
    assert_says(&t.diag, "");
    assert_int_equal(t.sc->n_classes, 2);
    assert_string_equal(t.sc->classes[1].name, "storage");
    assert_int_equal(t.sc->classes[1].sl, 3);
    assert_int_equal(t.sc->classes[1].loc.line, 4);
    assert_int_equal(t.sc->jobs[0].traffic_class, 0);
    assert_int_equal(t.sc->jobs[1].traffic_class, CSIN_NONE);
    assert_int_equal(t.sc->streams[0].traffic_class, 1);
    static const uint8_t want[] = {1, 0, 3}; /* jobs, then streams */
    assert_memory_equal(t.sc->lanes.of_owner, want, sizeof want);
    lanes_close(&t);
}

static void a_table_gives_sls_their_vls_and_a_list_vls_their_weights(void **state)
{
    (void)state;
    struct lanes_test t;
    assert_int_equal(lanes_open(&t, LINE,
                                SCENARIO
                                "congestion: lossless\n"
                                "classes: {hfreduce: {sl: 15}, storage: {sl: 3}}\n"
                                "lanes:\n"
                                "  sl-to-vl: [2, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 5]\n"
                                "  weights: [64, 64, 10, 64, 255, 1]\n" JOBS),
                     CSIN_OK);
    assert_says(&t.diag, "");
    static const uint8_t want[] = {5, 2, 4};
    assert_memory_equal(t.sc->lanes.of_owner, want, sizeof want);
    static const double weights[CSIN_MAX_LANES] = {64, 64, 10, 64, 255, 1,  64, 64,
                                                   64, 64, 64, 64, 64,  64, 64};
    assert_memory_equal(t.sc->lanes.weights, weights, sizeof weights);
    lanes_close(&t);
}

static void lanes_alone_put_everybody_on_the_vl_of_sl_0(void **state)
{
    (void)state;
    struct lanes_test t;
    assert_int_equal(lanes_open(&t, LINE,
                                SCENARIO "congestion: lossless\n"
                                         "lanes: {sl-to-vl: [6]}\n"
                                         "jobs: [{name: j, hosts: 2, steps: {compute: 1s}}]\n"),
                     CSIN_OK);
    assert_says(&t.diag, "");
    assert_non_null(t.sc->lanes.of_owner);
    assert_int_equal(t.sc->lanes.of_owner[0], 6);
    lanes_close(&t);
}

static void an_sl_without_a_vl_is_told_where_it_is_used(void **state)
{
    (void)state;
    assert_told(LINE,
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 15}, storage: {sl: 14}}\n" JOBS,
                CSIN_E_INPUT,
                "s.yaml:4:11: error: SL 15 of class 'hfreduce' has no VL [CSIN-405]\n"
                "s.yaml:4:11: note: without 'sl-to-vl', SLs 0 to 14 have the VL of the same "
                "number\n");
    assert_told(LINE,
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 1}, storage: {sl: 3}}\n"
                         "lanes: {sl-to-vl: [0, 1, 2]}\n" JOBS,
                CSIN_E_INPUT,
                "s.yaml:4:30: error: SL 3 of class 'storage' has no VL: 'sl-to-vl' ends with SL 2 "
                "[CSIN-405]\n"
                "s.yaml:5:19: note: it is written here: VLs of SL 0, 1, 2 and so on\n");
    assert_told(LINE,
                SCENARIO "congestion: lossless\n"
                         "lanes: {sl-to-vl: []}\n"
                         "jobs: [{name: j, hosts: 2, steps: {compute: 1s}}]\n",
                CSIN_E_INPUT,
                "s.yaml:4:19: error: SL 0 has no VL, and jobs and streams without a class have SL "
                "0 [CSIN-405]\n");
}

/* A class that nobody is in needs no VL. */
static void only_what_is_used_needs_a_vl(void **state)
{
    (void)state;
    assert_told(LINE,
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 0}, storage: {sl: 1}, spare: {sl: 15}}\n"
                         "lanes: {sl-to-vl: [0, 1]}\n" JOBS,
                CSIN_OK,
                "s.yaml:4:48: warning: class 'spare' has no effect: no job and no stream is in it "
                "[CSIN-402]\n");
}

#define MODELS(leaf, spine)                                                                        \
    "fabric: f\n"                                                                                  \
    "switch-models:\n"                                                                             \
    "  QM8700: {ports: 8, rate: 1Gb/s" leaf "}\n"                                                  \
    "  big: {ports: 8, rate: 1Gb/s" spine "}\n"                                                    \
    "host-models: {gpu: {rate: 1Gb/s}, disk: {rate: 1Gb/s, role: storage}}\n"                      \
    "zones: {a: {model: QM8700, spine-model: big, leaves: 3, spines: 1}}\n"                        \
    "hosts:\n"                                                                                     \
    "  - {names: 'h[1-6]', model: gpu, attach: {zone: a}}\n"                                       \
    "  - {names: 's[1-2]', model: disk, attach: {zone: a}}\n"

static void classes_that_share_a_vl_of_a_switch_are_told(void **state)
{
    (void)state;
    /* VL 1 and 3 fall together with 2 data VLs, VL 0 with neither. */
    assert_told(MODELS(", data-vls: 2", ", data-vls: 4"),
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 1}, storage: {sl: 3}}\n" JOBS,
                CSIN_OK,
                "s.yaml:4:30: warning: class 'storage' (SL 3, VL 3) shares VL 1 with class "
                "'hfreduce' (SL 1, VL 1) on the 3 switches of model 'QM8700', which have 2 data "
                "VLs [CSIN-412]\n");
    /* With one, all do, and those without a class as well. */
    assert_told(MODELS("", ", data-vls: 1"),
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 1}, storage: {sl: 3}}\n" JOBS,
                CSIN_OK,
                "s.yaml:4:11: warning: class 'hfreduce' (SL 1, VL 1) shares VL 0 with all that has "
                "no class (SL 0, VL 0) on the switch of model 'big', which has 1 data VL "
                "[CSIN-412]\n"
                "s.yaml:4:30: warning: class 'storage' (SL 3, VL 3) shares VL 0 with all that has "
                "no class (SL 0, VL 0) on the switch of model 'big', which has 1 data VL "
                "[CSIN-412]\n"
                "s.yaml:4:30: warning: class 'storage' (SL 3, VL 3) shares VL 0 with class "
                "'hfreduce' (SL 1, VL 1) on the switch of model 'big', which has 1 data VL "
                "[CSIN-412]\n");
    /* Both models: once for each. */
    assert_told(MODELS(", data-vls: 8", ", data-vls: 8"),
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 2}, storage: {sl: 10}}\n" JOBS,
                CSIN_OK,
                "s.yaml:4:30: warning: class 'storage' (SL 10, VL 10) shares VL 2 with class "
                "'hfreduce' (SL 2, VL 2) on the 3 switches of model 'QM8700', which have 8 data "
                "VLs [CSIN-412]\n"
                "s.yaml:4:30: warning: class 'storage' (SL 10, VL 10) shares VL 2 with class "
                "'hfreduce' (SL 2, VL 2) on the switch of model 'big', which has 8 data VLs "
                "[CSIN-412]\n");
    assert_told(MODELS(", data-vls: 15", ", data-vls: 15"),
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 2}, storage: {sl: 10}}\n" JOBS,
                CSIN_OK, "");
}

/* Two classes on one VL share it because somebody wrote so. */
static void classes_of_the_same_vl_are_not_told(void **state)
{
    (void)state;
    assert_told(MODELS(", data-vls: 2", ", data-vls: 2"),
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 1}, storage: {sl: 3}}\n"
                         "lanes: {sl-to-vl: [0, 1, 0, 1]}\n" JOBS,
                CSIN_OK, "");
}

static void weights_of_lanes_that_nobody_uses_are_told(void **state)
{
    (void)state;
    /* 64 is what stands where nobody is, to reach the lanes behind it. */
    assert_told(LINE,
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 1}, storage: {sl: 3}}\n"
                         "lanes: {weights: [10, 20, 64, 40, 50]}\n" JOBS,
                CSIN_OK,
                "s.yaml:5:35: warning: the weight of VL 4 has no effect: nothing is sent on it "
                "[CSIN-402]\n");
    /* VL 9 is VL 1 on switches with 8. */
    assert_told(LINE,
                SCENARIO "congestion: lossless\n"
                         "classes: {hfreduce: {sl: 9}, storage: {sl: 3}}\n"
                         "lanes: {weights: [10, 20, 64, 40]}\n" JOBS,
                CSIN_OK, "");
}

static void lanes_have_no_effect_on_fair_sharing(void **state)
{
    (void)state;
    assert_told(LINE,
                SCENARIO "classes: {hfreduce: {sl: 1}, storage: {sl: 3}}\n"
                         "lanes: {weights: [10, 20, 64, 40, 50]}\n" JOBS,
                CSIN_OK,
                "s.yaml:3:10: warning: 'classes' has no effect with 'congestion: fair', which "
                "knows no lanes [CSIN-402]\n"
                "s.yaml:4:8: warning: 'lanes' has no effect with 'congestion: fair', which knows "
                "no lanes [CSIN-402]\n");
}

static void a_vl_is_masked_as_opensm_does(void **state)
{
    (void)state;
    static const struct {
        uint32_t n_vls, vl, want;
    } cases[] = {{1, 14, 0}, {2, 3, 1}, {4, 7, 3}, {8, 8, 0}, {8, 14, 6}, {15, 14, 14}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(csin_lane_fold(cases[i].vl, cases[i].n_vls), cases[i].want);
}

CHECK_MAIN(cmocka_unit_test(without_classes_nothing_is_said_of_lanes),
           cmocka_unit_test(an_sl_has_the_vl_of_its_number),
           cmocka_unit_test(a_table_gives_sls_their_vls_and_a_list_vls_their_weights),
           cmocka_unit_test(lanes_alone_put_everybody_on_the_vl_of_sl_0),
           cmocka_unit_test(an_sl_without_a_vl_is_told_where_it_is_used),
           cmocka_unit_test(only_what_is_used_needs_a_vl),
           cmocka_unit_test(classes_that_share_a_vl_of_a_switch_are_told),
           cmocka_unit_test(classes_of_the_same_vl_are_not_told),
           cmocka_unit_test(weights_of_lanes_that_nobody_uses_are_told),
           cmocka_unit_test(lanes_have_no_effect_on_fair_sharing),
           cmocka_unit_test(a_vl_is_masked_as_opensm_does))
