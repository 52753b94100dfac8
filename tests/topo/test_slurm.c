/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Slurm's topology.conf: what is read, what is told of mistakes, and that what is written for any
 * fabric reads back as that fabric. tests/real/slurm.py asks slurmctld. */
#include "tests/topo/random_fabric.h"

#include "topo/export.h"
#include "topo/slurm.h"

struct file {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_slurm s;
    enum csin_status status;
};

static struct file read_text(const char *text)
{
    struct file f = {csin_arena_create(), csin_diag_create(), {0}, CSIN_OK};
    f.status = csin_slurm_read(f.arena, f.diag, "t.conf", text, strlen(text), &f.s);
    return f;
}

static void finish(struct file *f)
{
    csin_diag_destroy(f->diag);
    csin_arena_destroy(f->arena);
}

static void assert_refused(const char *text, const char *says)
{
    struct file f = read_text(text);
    assert_says(&f.diag, says);
    assert_int_equal(f.status, CSIN_E_INPUT);
    finish(&f);
}

static void keys_may_be_of_any_case_and_lines_may_go_on(void **state)
{
    (void)state;
    struct file f = read_text("# a comment\r\n"
                              "\n"
                              "SWITCHNAME=leaf1 nodes=\"gpu[1-3],\\\n"
                              "gpu7\" LinkSpeed=100 # and one here \\\n"
                              "switchname = leaf2  Nodes = h\\  \n"
                              "[01-02]\r\n"
                              "SwitchName=top Switches=leaf[1-2]");
    assert_says(&f.diag, "");
    assert_int_equal(f.status, CSIN_OK);
    assert_int_equal(f.s.n_switches, 3);
    assert_int_equal(f.s.n_leaves, 2);
    assert_int_equal(f.s.n_nodes, 6);
    assert_string_equal(f.s.switches[0].nodes[3], "gpu7");
    assert_string_equal(f.s.switches[1].nodes[1], "h02");
    assert_int_equal(f.s.switches[0].parent, 2);
    assert_int_equal(f.s.switches[2].children[1], 1);
    assert_int_equal(csin_names_find(&f.s.node_leaf, "h01"), 1);
    assert_true(csin_slurm_is_below(&f.s, 1, 2) && !csin_slurm_is_below(&f.s, 2, 1));
    finish(&f);
}

static void places_are_those_of_the_file_in_lines_that_go_on(void **state)
{
    (void)state;
    assert_refused("SwitchName=l Nodes=a1,\\\nb[,\\\nc1\n",
                   "t.conf:2:3: error: a number is missing in the brackets [CSIN-123]\n"
                   "t.conf:2:3: note: write numbers and ranges, such as gpu[001-600,610]\n");
}

static void every_mistake_of_a_file_is_told_in_one_run(void **state)
{
    (void)state;
    assert_refused(
        "Include other.conf\n"
        "nonsense\n"
        "SwitchName=l1 Node=a1\n"
        "SwitchName=l2 Nodes=a[1-2] Colour=red\n"
        "SwitchName=l3 Nodes=a3 Nodes=a4\n"
        "SwitchName=l4\n"
        "SwitchName=l5 Nodes=a5 Switches=l1\n"
        "SwitchName=l[6-7] Nodes=a6\n"
        "Nodes=a7\n"
        "SwitchName=l8 Nodes=\n"
        "SwitchName=l9 Nodes=\"a9\n"
        "SwitchName=l10 Nodes=a10 LinkSpeed=fast\n"
        "BlockName=b1 Nodes=a11\n",
        "t.conf:1:1: error: 'Include' is not followed [CSIN-712]\n"
        "t.conf:1:1: note: write the lines of that file here\n"
        "t.conf:2:1: error: 'nonsense' is not KEY=VALUE [CSIN-710]\n"
        "t.conf:2:1: note: write a line such as SwitchName=leaf01 Nodes=gpu[001-015]\n"
        "t.conf:3:15: error: unknown key 'Node'; did you mean 'Nodes'? [CSIN-711]\n"
        "t.conf:4:28: error: unknown key 'Colour' [CSIN-711]\n"
        "t.conf:4:28: note: keys are SwitchName, Nodes, Switches and LinkSpeed\n"
        "t.conf:5:24: error: 'Nodes' is written twice in one line [CSIN-713]\n"
        "t.conf:5:21: note: first here\n"
        "t.conf:6:12: error: switch 'l4' has neither nodes nor switches [CSIN-715]\n"
        "t.conf:6:12: note: a leaf has Nodes, a switch above leaves has Switches\n"
        "t.conf:7:33: error: switch 'l5' has both nodes and switches [CSIN-715]\n"
        "t.conf:7:12: note: a leaf has Nodes, a switch above leaves has Switches\n"
        "t.conf:8:12: error: 'l[6-7]' is not a name of a switch [CSIN-714]\n"
        "t.conf:8:12: note: a line is about one switch; names have letters, digits, '.', '_' and "
        "'-', at most 64\n"
        "t.conf:9:1: error: this line names no switch: it has no SwitchName [CSIN-714]\n"
        "t.conf:10:15: error: 'Nodes' has no value [CSIN-710]\n"
        "t.conf:11:21: error: the quotation mark is not closed [CSIN-710]\n"
        "t.conf:12:36: error: 'fast' is not a whole number [CSIN-710]\n"
        "t.conf:13:1: error: 'BlockName' is of the plugin topology/block, which knows no leaves "
        "[CSIN-711]\n"
        "t.conf:13:1: note: csin reads files of topology/tree, with SwitchName\n");
}

static void what_does_not_hold_between_lines_is_told(void **state)
{
    (void)state;
    assert_refused("SwitchName=l1 Nodes=a[1-2]\n"
                   "SwitchName=l2 Nodes=a[2-3]\n"
                   "SwitchName=l1 Nodes=a4\n"
                   "SwitchName=s1 Switches=l1,leef2,s2\n"
                   "SwitchName=s2 Switches=l2,s1\n"
                   "SwitchName=s3 Switches=l2\n"
                   "SwitchName=s4 Switches=s4\n"
                   "SwitchName=leaf2 Nodes=a9\n",
                   "t.conf:3:12: error: switch 'l1' is there twice [CSIN-717]\n"
                   "t.conf:1:12: note: first here\n"
                   "t.conf:2:21: error: node 'a2' is on two leaves, 'l1' and 'l2' [CSIN-718]\n"
                   "t.conf:1:21: note: it is on 'l1' here\n"
                   "t.conf:4:24: error: there is no switch 'leef2' to be below 's1'; did you mean "
                   "'leaf2'? [CSIN-719]\n"
                   "t.conf:6:24: error: switch 'l2' is below two, 's2' and 's3' [CSIN-720]\n"
                   "t.conf:5:24: note: Slurm knows trees alone: write one switch for all spines of "
                   "a zone\n"
                   "t.conf:4:24: error: switch 's1' is below itself, by way of 's2' [CSIN-721]\n"
                   "t.conf:7:24: error: switch 's4' is below itself [CSIN-721]\n");
    assert_refused("# nothing\n", "t.conf: error: the file has no switch with nodes [CSIN-722]\n"
                                  "t.conf: note: write a line such as SwitchName=leaf01 "
                                  "Nodes=gpu[001-015]\n");
}

static void a_file_without_end_of_names_is_refused(void **state)
{
    (void)state;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    for (int i = 0; i < 40; i++)
        fprintf(out, "SwitchName=l%d Nodes=a%d-[1-1000000]\n", i, i);
    fclose(out);
    assert_refused(text, "t.conf:5:1: error: the file has too many names [CSIN-716]\n"
                         "t.conf:5:1: note: at most 16,384 switches and 1,048,576 nodes\n");
    assert_refused("SwitchName=l1 Nodes=a-[1-1000000]\nSwitchName=l2 Nodes=b-[1-1000000]\n",
                   "t.conf: error: the file has 2,000,000 nodes; at most 1,048,576 [CSIN-716]\n");
    free(text);
}

/* ---- a fabric, written and read ---- */

static char *written(const struct csin_fabric *f)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    csin_fabric_write_slurm(&(struct csin_fabric_view){.fabric = f}, out);
    assert_false(ferror(out));
    fclose(out);
    return text;
}

static uint32_t compute_hosts(const struct csin_fabric *f)
{
    uint32_t n = 0;
    for (uint32_t h = 0; h < f->n_hosts; h++)
        n += f->hosts[h].role == CSIN_COMPUTE && csin_slurm_leaf_of(f, h) != CSIN_NONE;
    return n;
}

static void try_written(uint64_t seed)
{
    struct random_fabric *r = random_fabric_create(seed);
    struct built b = build_yaml(r->yaml);
    char *text = written(b.f);
    struct file file = read_text(text);
    uint32_t tops = 0, n = compute_hosts(b.f);
    if (n == 0) { /* Slurm has nothing to do there */
        assert_int_equal(file.status, CSIN_E_INPUT);
    } else {
        struct csin_slurm_difference d;
        assert_says(&file.diag, "");
        assert_int_equal(csin_slurm_compare(b.f, &file.s, file.arena, file.diag, &d), CSIN_OK);
        assert_true(csin_slurm_agrees(&d));
        assert_int_equal(d.n_same_hosts, n);
        assert_int_equal(file.s.n_nodes, n);
        for (uint32_t i = 0; i < file.s.n_switches; i++)
            tops += file.s.switches[i].parent == CSIN_NONE;
        assert_int_equal(tops, 1);
    }
    free(text);
    finish(&file);
    built_finish(&b);
    random_fabric_destroy(r);
}

static void what_is_written_for_random_fabrics_reads_back_as_they_are(void **state)
{
    (void)state;
    campaign(getenv("CSIN_QUICK") ? 60 : 300, try_written);
}

/* Hosts moved about at random: every one is told, and no other. */
static void try_moved(uint64_t seed)
{
    enum { LEAVES = 7, HOSTS = 5 };
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric *f = NULL;
    assert_int_equal(csin_fabric_open(diag, arena, (struct csin_loc){"t", 1, 1},
                                      "leaf:7 spine:2 host:5 200Gb/s", &f, NULL),
                     CSIN_OK);
    char *text = NULL;
    size_t bytes;
    uint32_t moved = 0, missing = 0;
    FILE *out = open_memstream(&text, &bytes);
    for (uint32_t leaf = 0; leaf < LEAVES; leaf++) {
        fprintf(out, "SwitchName=leaf%u Nodes=new%u", leaf + 1, leaf);
        for (uint32_t h = 0; h < LEAVES * HOSTS; h++) {
            struct csin_rng own = csin_rng_init(seed, h + 1); /* where h goes */
            uint32_t at = csin_rng_below(&own, 4) ? h / HOSTS
                                                  : (uint32_t)csin_rng_below(&own, LEAVES + 1);
            if (at == leaf)
                fprintf(out, ",h%02u", h + 1);
            moved += at == leaf && at != h / HOSTS;
            missing += leaf == 0 && at == LEAVES;
        }
        fputc('\n', out);
    }
    fclose(out);
    struct file file = read_text(text);
    struct csin_slurm_difference d;
    assert_says(&file.diag, "");
    assert_int_equal(csin_slurm_compare(f, &file.s, file.arena, file.diag, &d), CSIN_OK);
    assert_int_equal(d.n_moved_hosts, moved);
    assert_int_equal(d.n_missing, missing);
    assert_int_equal(d.n_unknown, LEAVES);
    assert_int_equal(d.n_same_hosts, LEAVES * HOSTS - moved - missing);
    free(text);
    finish(&file);
    csin_fabric_destroy(f);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static void hosts_that_moved_are_told_and_no_others(void **state)
{
    (void)state;
    campaign(100, try_moved);
}

#define TWO_ZONES                                                                                  \
    "fabric: t\n"                                                                                  \
    "switch-models: {s: {ports: 8, rate: 100Gb/s}}\n"                                              \
    "host-models: {gpu: {rate: 100Gb/s}, disk: {role: storage, nics: 2, rate: 100Gb/s}}\n"         \
    "zones:\n"                                                                                     \
    "  a: &z {model: s, leaves: 2, spines: 2}\n"                                                   \
    "  b: *z\n"                                                                                    \
    "hosts:\n"                                                                                     \
    "  - {names: 'g[1-4]', model: gpu, attach: {zone: a}}\n"                                       \
    "  - {names: 'g[5-8]', model: gpu, attach: {zone: b}}\n"                                       \
    "  - {names: d1, model: disk, attach: [{zone: a, nic: 0}, {zone: b, nic: 1}]}\n"               \
    "switches: {names: 'e[1-2]', model: s, layer: leaf}\n"                                         \
    "cables: {from: e1, to: e2}\n"

static void zones_are_switches_below_one_top(void **state)
{
    (void)state;
    struct built b = build_yaml(TWO_ZONES);
    char *text = written(b.f);
    assert_string_equal(text,
                        "# topology.conf of t: compute hosts by the leaf of their first NIC.\n"
                        "# The spines of a zone are one switch, as Slurm knows trees alone.\n"
                        "# slurm.conf needs TopologyPlugin=topology/tree.\n"
                        "SwitchName=a-leaf1 Nodes=g[1-2]\n"
                        "SwitchName=a-leaf2 Nodes=g[3-4]\n"
                        "SwitchName=b-leaf1 Nodes=g[5-6]\n"
                        "SwitchName=b-leaf2 Nodes=g[7-8]\n"
                        "SwitchName=a-spines Switches=a-leaf[1-2]\n"
                        "SwitchName=b-spines Switches=b-leaf[1-2]\n"
                        "SwitchName=top Switches=a-spines,b-spines\n");
    free(text);
    built_finish(&b);
}

static void zones_under_one_switch_are_told(void **state)
{
    (void)state;
    struct built b = build_yaml(TWO_ZONES);
    struct file file = read_text("SwitchName=a-leaf1 Nodes=g[1-2]\n"
                                 "SwitchName=a-leaf2 Nodes=g[3-4]\n"
                                 "SwitchName=b-leaf1 Nodes=g[5-6]\n"
                                 "SwitchName=b-leaf2 Nodes=g[7-8],d1\n"
                                 "SwitchName=core Switches=[a-b]-leaf[1-2]\n");
    assert_int_equal(file.status, CSIN_E_INPUT); /* letters are no range */
    finish(&file);
    file = read_text("SwitchName=a-leaf1 Nodes=g[1-2]\n"
                     "SwitchName=a-leaf2 Nodes=g[3-4],d1\n"
                     "SwitchName=b-leaf1 Nodes=g[5-6]\n"
                     "SwitchName=b-leaf2 Nodes=g[7-8]\n"
                     "SwitchName=core Switches=a-leaf[1-2],b-leaf[1-2]\n");
    struct csin_slurm_difference d;
    assert_says(&file.diag, "");
    assert_int_equal(csin_slurm_compare(b.f, &file.s, file.arena, file.diag, &d), CSIN_OK);
    assert_int_equal(d.n_joined, 1);
    assert_int_equal(d.n_moved + d.n_missing + d.n_unknown + d.n_split, 0);
    assert_false(csin_slurm_agrees(&d));
    finish(&file);
    built_finish(&b);
}

CHECK_MAIN(cmocka_unit_test(keys_may_be_of_any_case_and_lines_may_go_on),
           cmocka_unit_test(places_are_those_of_the_file_in_lines_that_go_on),
           cmocka_unit_test(every_mistake_of_a_file_is_told_in_one_run),
           cmocka_unit_test(what_does_not_hold_between_lines_is_told),
           cmocka_unit_test(a_file_without_end_of_names_is_refused),
           cmocka_unit_test_teardown(what_is_written_for_random_fabrics_reads_back_as_they_are,
                                     campaign_end),
           cmocka_unit_test_teardown(hosts_that_moved_are_told_and_no_others, campaign_end),
           cmocka_unit_test(zones_are_switches_below_one_top),
           cmocka_unit_test(zones_under_one_switch_are_told))
