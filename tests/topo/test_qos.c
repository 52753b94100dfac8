/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files of traffic classes: what the tables hold, what is warned of, what is written.
 * tests/real/qos.py loads them into OpenSM. */
#include "tests/topo/random_fabric.h"

#include "topo/qos.h"

#define N(array) (sizeof(array) / sizeof *(array))

/* A fabric of six hosts, one NIC each, whose GUIDs are 0x10, 0x11, ... */
#define SMALL(vls)                                                                                 \
    "fabric: t\n"                                                                                  \
    "switch-models: {s: {ports: 8, rate: 100Gb/s, data-vls: " #vls "}}\n"                          \
    "host-models: {gpu: {rate: 100Gb/s}, disk: {role: storage, nics: 2, rate: 100Gb/s}}\n"         \
    "zones: {a: {model: s, leaves: 2, spines: 2}}\n"                                               \
    "hosts:\n"                                                                                     \
    "  - {names: 'g[1-4]', model: gpu, attach: {zone: a}}\n"                                       \
    "  - {names: 'd[1-2]', model: disk, attach: [{zone: a, nic: 0}, {zone: a, nic: 1}]}\n"

static const uint64_t guids[] = {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17};
static const struct csin_qos_class classes[] = {{"allreduce", 1}, {"default", 3}};
static const uint32_t job[] = {2, 0, 1}, readers[] = {3}, disks[] = {5, 4};
static const struct csin_qos_traffic traffic[] = {
    {"train", 0, job, NULL, N(job), 0},
    {"data", 1, readers, disks, N(readers), N(disks)},
    {"plain", CSIN_NONE, readers, NULL, N(readers), 0},
};

static struct csin_qos make(const struct csin_fabric *f)
{
    struct csin_qos qos = {.fabric = f,
                           .port_guid = guids,
                           .classes = classes,
                           .n_classes = N(classes),
                           .traffic = traffic,
                           .n_traffic = N(traffic)};
    memset(qos.vl_of_sl, CSIN_QOS_DROP, sizeof qos.vl_of_sl);
    for (unsigned vl = 0; vl < CSIN_QOS_VLS; vl++)
        qos.weights[vl] = 64;
    qos.vl_of_sl[0] = 0;
    qos.vl_of_sl[1] = 1;
    qos.vl_of_sl[3] = 6;
    return qos;
}

static char *written(const struct csin_qos *qos, void (*write)(const struct csin_qos *, FILE *))
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    write(qos, out);
    assert_false(ferror(out));
    fclose(out);
    char *copy = strdup(text); /* gcc 12 takes `text` for what it points to */
    free(text);
    return copy;
}

static void assert_holds(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("'%s' is not in:\n%s", what, text);
}

static size_t place_of(const char *text, const char *what)
{
    assert_holds(text, what);
    return (size_t)(strstr(text, what) - text);
}

static void as_few_lanes_as_needed_and_no_more_than_there_are(void **state)
{
    (void)state;
    static const struct {
        uint32_t vl, most, n_vls, code, written_as;
    } cases[] = {{0, 15, 1, 1, 0}, {1, 15, 2, 2, 1},    {2, 8, 4, 3, 2},
                 {6, 8, 8, 4, 6},  {6, 4, 4, 3, 2},     {8, 15, 15, 5, 8},
                 {9, 8, 8, 4, 1},  {14, 15, 15, 5, 14}, {14, 1, 1, 1, 0}};
    struct built b = build_yaml(SMALL(8));
    for (size_t i = 0; i < N(cases); i++) {
        struct csin_qos qos = make(b.f);
        for (uint32_t s = 0; s < b.f->n_switches; s++)
            b.f->switches[s].n_vls = cases[i].most;
        qos.vl_of_sl[1] = 0;
        qos.vl_of_sl[3] = (uint8_t)cases[i].vl;
        qos.weights[cases[i].written_as] = 128;
        struct csin_qos_tables t = csin_qos_tables(&qos);
        assert_int_equal(t.n_vls, cases[i].n_vls);
        assert_int_equal(t.max_op_vls, cases[i].code);
        assert_int_equal(t.sl_to_vl[3], cases[i].written_as);
        assert_int_equal(t.sl_to_vl[2], CSIN_QOS_DROP);
        for (unsigned vl = 0; vl < CSIN_QOS_VLS; vl++)
            assert_int_equal(t.weights[vl], vl == cases[i].written_as ? 128 : vl == 0 ? 64 : 0);
    }
    built_finish(&b);
}

static void what_opensm_takes_without_a_word_is_warned_of(void **state)
{
    (void)state;
    struct built b = build_yaml(SMALL(2));
    struct csin_diag *diag = csin_diag_create();
    struct csin_qos qos = make(b.f);
    assert_true(csin_qos_check(&qos, false, diag)); /* VL 6 folds onto 0, where no class is */
    assert_says(&diag, "");
    qos.vl_of_sl[3] = 5;
    qos.weights[1] = 96;
    assert_true(csin_qos_check(&qos, false, diag));
    assert_says(&diag,
                "csin: warning: classes 'allreduce' (VL 1) and 'default' (VL 5) share VL 1, as the "
                "switches have 2 data VLs [CSIN-730]\n"
                "csin: warning: weight 96 of VL 1 counts as 128 with packets of 4 KiB [CSIN-731]\n"
                "csin: note: a VL sends whole packets until its weight is used up: write multiples "
                "of 64\n");
    struct csin_qos_traffic more[] = {
        traffic[0], traffic[1], {"save", 1, job, disks, 3, 2}, {"other", 1, job, NULL, 2, 0}};
    qos = make(b.f);
    qos.traffic = more;
    qos.n_traffic = N(more);
    assert_true(csin_qos_check(&qos, true, diag));
    assert_says(&diag,
                "csin: warning: 'train' (SL 1) and 'other' (SL 3) join the same hosts, which "
                "qos-policy.conf cannot tell apart [CSIN-732]\n"
                "csin: note: only programs that set the SL themselves keep to it there\n");
    csin_diag_destroy(diag);
    built_finish(&b);
}

static void opensm_gets_the_same_tables_for_all_ports(void **state)
{
    (void)state;
    struct built b = build_yaml(SMALL(8));
    struct csin_qos qos = make(b.f);
    qos.weights[6] = 255;
    qos.policy = "qos-policy.conf";
    qos.lft = "routes.lft";
    char *text = written(&qos, csin_qos_write_opensm);
    static const char *const prefixes[] = {"\nqos_", "\nqos_ca_", "\nqos_sw0_", "\nqos_swe_"};
    for (size_t i = 0; i < N(prefixes); i++) {
        char line[100];
        snprintf(line, sizeof line, "%svlarb_low 0:64,1:64,6:255\n", prefixes[i]);
        assert_holds(text, line);
        snprintf(line, sizeof line, "%ssl2vl 0,1,15,6,15,15,15,15,15,15,15,15,15,15,15,15\n",
                 prefixes[i]);
        assert_holds(text, line);
    }
    assert_holds(text, "\nqos TRUE\nqos_policy_file qos-policy.conf\n");
    assert_holds(text, "\nmax_op_vls 4\n");
    assert_holds(text, "\nrouting_engine file\nlfts_file routes.lft\n");
    free(text);
    qos.n_classes = 0; /* a fabric alone: OpenSM's own defaults hold */
    qos.lft = NULL;
    text = written(&qos, csin_qos_write_opensm);
    assert_null(strstr(text, "\nqos"));
    assert_holds(text, "\nrouting_engine ftree\n");
    free(text);
    built_finish(&b);
}

static void a_group_is_ranges_of_ports_without_those_of_others(void **state)
{
    (void)state;
    struct built b = build_yaml(SMALL(8));
    struct csin_qos qos = make(b.f);
    char *text = written(&qos, csin_qos_write_policy);
    assert_holds(text, "        name: train\n"
                       "        port-guid: 0x0000000000000010-0x0000000000000012\n");
    assert_holds(text, "        name: data-clients\n        port-guid: 0x0000000000000013\n");
    /* Both NICs of each. */
    assert_holds(text, "        name: data-servers\n"
                       "        port-guid: 0x0000000000000014-0x0000000000000017\n");
    assert_holds(text, "        name: class-default\n        sl: 3\n");
    assert_null(strstr(text, "plain"));
    assert_true(place_of(text, "source: data-clients") < place_of(text, "source: train"));
    free(text);
    static const uint64_t apart[] = {0x17, 0x15, 0x13, 0x11, 0x16, 0x14, 0x12, 0x10};
    qos.port_guid = apart;
    text = written(&qos, csin_qos_write_policy);
    assert_holds(text, "        name: train\n"
                       "        port-guid: 0x0000000000000013, 0x0000000000000015\n"
                       "        port-guid: 0x0000000000000017\n");
    free(text);
    built_finish(&b);
}

static void the_first_of_several_jobs_sets_what_counts(void **state)
{
    (void)state;
    struct built b = build_yaml(SMALL(8));
    struct csin_qos qos = make(b.f);
    struct csin_qos_traffic more[] = {traffic[2], traffic[0], traffic[1], traffic[0]};
    more[3].owner = "second";
    more[3].traffic_class = 1;
    qos.traffic = more;
    qos.n_traffic = N(more);
    char *text = written(&qos, csin_qos_write_nccl);
    assert_holds(text, "\n# job 'train', class 'allreduce'\nNCCL_IB_SL=1\n");
    assert_holds(text, "\n# job 'second', class 'default': for this one in place of the above\n"
                       "# NCCL_IB_SL=3\n");
    assert_holds(text, "\nNCCL_IB_ADAPTIVE_ROUTING=0\n");
    assert_null(strstr(text, "plain"));
    free(text);
    qos.sprays = true;
    text = written(&qos, csin_qos_write_ucx);
    assert_holds(text, "\nUCX_IB_AR_ENABLE=y\n");
    assert_holds(text, "\nUCX_IB_SL=1\n");
    free(text);
    text = written(&qos, csin_qos_write_3fs);
    assert_holds(text, "\n[client.io_worker.ibsocket]\nsl = 3\n");
    free(text);
    qos.n_traffic = 1;
    text = written(&qos, csin_qos_write_3fs);
    assert_holds(text, "\n# No stream has a class: nothing is set, which is SL 0.\n");
    free(text);
    built_finish(&b);
}

CHECK_MAIN(cmocka_unit_test(as_few_lanes_as_needed_and_no_more_than_there_are),
           cmocka_unit_test(what_opensm_takes_without_a_word_is_warned_of),
           cmocka_unit_test(opensm_gets_the_same_tables_for_all_ports),
           cmocka_unit_test(a_group_is_ranges_of_ports_without_those_of_others),
           cmocka_unit_test(the_first_of_several_jobs_sets_what_counts))
