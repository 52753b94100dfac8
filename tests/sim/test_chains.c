/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Block designs, chain tables and their files. */
#include "tests/check.h"

#include "base/rng.h"
#include "sim/chains.h"

/* ---- designs ---- */

static uint32_t *design(enum csin_design kind, uint32_t v, uint32_t k, uint32_t r)
{
    uint64_t n = csin_design_blocks(v, k, r);
    uint32_t *blocks = calloc(n * k + 1, sizeof *blocks);
    assert_non_null(blocks);
    assert_true(n > 0 && csin_design_create(kind, v, k, r, blocks));
    return blocks;
}

/* Every point in r blocks, each block of different points; pairs counted by hand and by csin. */
static struct csin_pairs check(enum csin_design kind, uint32_t v, uint32_t k, uint32_t r)
{
    uint64_t n = csin_design_blocks(v, k, r);
    uint32_t *blocks = design(kind, v, k, r);
    uint32_t *times = calloc(v, sizeof *times), *together = calloc((size_t)v * v, sizeof *together);
    assert_true(times && together);
    for (uint64_t b = 0; b < n; b++)
        for (uint32_t i = 0; i < k; i++) {
            assert_true(blocks[b * k + i] < v);
            times[blocks[b * k + i]]++;
            for (uint32_t j = 0; j < k; j++)
                if (i != j) {
                    assert_int_not_equal(blocks[b * k + i], blocks[b * k + j]);
                    together[(size_t)blocks[b * k + i] * v + blocks[b * k + j]]++;
                }
        }
    struct csin_pairs pairs, hand = {UINT32_MAX, 0, (double)r * (k - 1) / (v - 1)};
    for (uint32_t x = 0; x < v; x++) {
        assert_int_equal(times[x], r);
        for (uint32_t y = 0; y < x; y++) {
            uint32_t both = together[(size_t)x * v + y];
            hand.least = both < hand.least ? both : hand.least;
            hand.most = both > hand.most ? both : hand.most;
        }
    }
    assert_true(csin_design_pairs(v, k, n, blocks, &pairs));
    assert_int_equal(pairs.least, hand.least);
    assert_int_equal(pairs.most, hand.most);
    assert_close(pairs.mean, hand.mean, 1e-12);
    free(blocks);
    free(times);
    free(together);
    return pairs;
}

/* lambda where it is whole, else its two neighbours; where 6 divides v the smallest designs may be
 * one off, as no cyclic one is better. */
static void pairs_of_a_balanced_design_are_together_lambda_times(void **state)
{
    (void)state;
    unsigned off = 0, n = 0;
    for (uint32_t k = 2; k <= 3; k++)
        for (uint32_t v = k + 1; v <= 40; v++)
            for (uint32_t more = 0; more <= 3; more++) {
                uint32_t r = csin_design_least(v, k) + more;
                if (!csin_design_blocks(v, k, r))
                    continue;
                struct csin_pairs pairs = check(CSIN_BALANCED, v, k, r);
                uint32_t below = (uint32_t)pairs.mean, above = below + (pairs.mean > below);
                n++;
                off += pairs.least < below || pairs.most > above;
                assert_true(pairs.least + 1 >= below && pairs.most <= above + 1);
            }
    assert_in_range(n, 180, 400);
    assert_true(off <= 2);
}

/* Designs that the literature has: v, k, r and lambda (Colbourn, Dinitz, Handbook of Combinatorial
 * Designs, 2nd ed. 2007, table II.1.28); among them that of 3FS's design notes, 6 hosts of 5
 * targets. */
static void known_designs_are_found(void **state)
{
    (void)state;
    static const uint32_t known[][4] = {{6, 3, 5, 2},   {7, 3, 3, 1},   {9, 3, 4, 1},
                                        {13, 3, 6, 1},  {15, 3, 7, 1},  {25, 3, 12, 1},
                                        {31, 3, 15, 1}, {16, 3, 15, 2}, {12, 3, 11, 2},
                                        {5, 3, 6, 3},   {8, 2, 7, 1},   {49, 3, 24, 1}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct csin_pairs pairs = check(CSIN_BALANCED, known[i][0], known[i][1], known[i][2]);
        assert_int_equal(pairs.least, known[i][3]);
        assert_int_equal(pairs.most, known[i][3]);
    }
}

static void few_targets_make_pairs_at_most_once(void **state)
{
    (void)state;
    for (uint32_t r = 3; r <= 30; r += 3)
        assert_int_equal(check(CSIN_BALANCED, 180, 3, r).most, 1);
    struct csin_pairs pairs = check(CSIN_BALANCED, 180, 3, 90);
    assert_in_range(pairs.most, 1, 2);
}

static void the_smallest_number_of_targets_is_that_of_3fs(void **state)
{
    (void)state;
    /* v, k and the r that data_placement.py's find_params gives for min_r 1. */
    static const uint32_t known[][3] = {{5, 3, 3}, {6, 3, 3}, {180, 3, 90}, {7, 3, 3}, {10, 2, 9}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_int_equal(csin_design_least(known[i][0], known[i][1]), known[i][2]);
}

static void neighbours_of_a_naive_design_are_always_together(void **state)
{
    (void)state;
    struct csin_pairs pairs = check(CSIN_NAIVE, 6, 3, 5);
    assert_int_equal(pairs.least, 0);
    assert_int_equal(pairs.most, 5);
    check(CSIN_NAIVE, 7, 3, 6);
    check(CSIN_NAIVE, 3, 3, 4);
    check(CSIN_BALANCED, 3, 3, 4);
}

/* ---- tables ---- */

static struct csin_chains table(struct csin_arena *arena, uint32_t v, uint32_t ssds, uint32_t k,
                                uint32_t r)
{
    struct csin_chains chains = {
        .name = "t", .n_servers = v, .n_ssds = ssds, .replicas = k, .n_targets = r};
    assert_true(csin_chains_create(&chains, arena));
    return chains;
}

/* Of consecutive chains every SSD of every host gets the same share, within what a stripe leaves.
 */
static void a_stripe_of_200_is_spread_over_hosts_and_ssds(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    struct csin_chains chains = table(arena, 180, 16, 3, 90);
    assert_int_equal(chains.n_chains, 180 * 90 / 3 * 16);
    uint32_t *on_ssd = calloc(180 * 16, sizeof *on_ssd);
    for (uint32_t i = 0; i < 3 * chains.n_chains; i++)
        on_ssd[chains.targets[i].server * 16 + chains.targets[i].ssd]++;
    for (uint32_t i = 0; i < 180 * 16; i++)
        assert_int_equal(on_ssd[i], 90);
    for (uint32_t first = 0; first + 200 <= chains.n_chains; first += 977) {
        uint32_t hosts[180] = {0}, ssds[16] = {0};
        for (uint32_t i = 3 * first; i < 3 * (first + 200); i++) {
            hosts[chains.targets[i].server]++;
            ssds[chains.targets[i].ssd]++;
        }
        for (uint32_t h = 0; h < 180; h++) /* 600 / 180 */
            assert_in_range(hosts[h], 1, 6);
        for (uint32_t s = 0; s < 16; s++) /* 600 / 16 */
            assert_in_range(ssds[s], 33, 42);
    }
    free(on_ssd);
    csin_arena_destroy(arena);
}

/* When a host dies, each of the others has the same number of its replicas: 1 / (n - 1) each. */
static void a_dead_host_is_shared_evenly(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    struct csin_chains chains = table(arena, 25, 4, 3, 12);
    for (uint32_t dead = 0; dead < 25; dead++) {
        uint32_t load[25] = {0};
        for (uint32_t c = 0; c < chains.n_chains; c++)
            for (uint32_t j = 0; j < 3; j++)
                for (uint32_t i = 0; chains.targets[3 * c + j].server == dead && i < 3; i++)
                    load[chains.targets[3 * c + i].server] += i != j;
        for (uint32_t h = 0; h < 25; h++)
            assert_int_equal(load[h], h == dead ? 0 : 4); /* 4 SSDs x lambda 1 */
    }
    csin_arena_destroy(arena);
}

/* ---- files ---- */

static enum csin_status read_text(struct csin_arena *arena, const char *text, uint32_t n_servers,
                                  struct csin_chains *chains, struct csin_diag *diag)
{
    *chains = (struct csin_chains){.name = "t", .n_servers = n_servers};
    return csin_chains_read(chains, arena, diag, "chains.csv", text, strlen(text));
}

/* As gen_chain_table.py writes it. */
static void a_table_of_3fs_is_read(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    struct csin_chains chains;
    assert_int_equal(read_text(arena,
                               "ChainId,TargetId,TargetId\n"
                               "900100001,101000100101,101000200101\n"
                               "900200001,101000700202,101000100201\r\n"
                               "\n"
                               "900100003,101000200102,101000700302",
                               3, &chains, diag),
                     CSIN_OK);
    static const struct csin_target want[] = {{0, 0}, {1, 0}, {2, 1}, {0, 1}, {1, 0}, {2, 2}};
    assert_int_equal(chains.n_chains, 3);
    assert_int_equal(chains.replicas, 2);
    assert_int_equal(chains.n_ssds, 3);
    assert_memory_equal(chains.targets, want, sizeof want);
    assert_int_equal(chains.pairs.least, 1);
    assert_int_equal(chains.pairs.most, 1);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    struct csin_arena *arena = csin_arena_create();
    for (uint32_t k = 2; k <= 3; k++) {
        struct csin_diag *diag = csin_diag_create();
        struct csin_chains chains = table(arena, 12, 5, k, 12), again;
        char *text = NULL;
        size_t bytes;
        FILE *out = open_memstream(&text, &bytes);
        assert_true(csin_chains_write(&chains, out));
        fclose(out);
        assert_int_equal(read_text(arena, text, 12, &again, diag), CSIN_OK);
        assert_int_equal(again.n_chains, chains.n_chains);
        assert_int_equal(again.n_ssds, 5);
        assert_memory_equal(again.targets, chains.targets,
                            (size_t)chains.n_chains * k * sizeof *chains.targets);
        free(text);
        csin_diag_destroy(diag);
    }
    struct csin_chains many = table(arena, 4, 1, 2, 102);
    FILE *out = fopen("/dev/null", "w");
    assert_false(csin_chains_write(&many, out)); /* there are two digits for the target */
    fclose(out);
    csin_arena_destroy(arena);
}

static void mistakes_in_a_table_are_told_all_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned mistakes;
    } cases[] = {
        {"", 1},
        {"ChainId\n1\n", 1},
        {"ChainId,TargetId\n1,101000100101\n", 1},
        {"TargetId,TargetId,ChainId\n", 1},
        {"ChainId,TargetId,TargetId\n", 1},
        {"ChainId,TargetId,TargetId\n1,2\nx,1,2\n1,101000100101,101000100201\n"
         "1,101000100101,101000200101,101000300101\n1,101000100001,101000200101\n",
         5},
        {"ChainId,TargetId,TargetId\n1,101000100101,101000200101\n2,101000300101,101000400101\n",
         1},
        {"ChainId,TargetId,TargetId\n1,99999999999999999999999999,101000200101\n", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csin_arena *arena = csin_arena_create();
        struct csin_diag *diag = csin_diag_create();
        struct csin_chains chains;
        assert_int_equal(read_text(arena, cases[i].text, 3, &chains, diag), CSIN_E_INPUT);
        assert_int_equal(csin_diag_errors(diag), cases[i].mistakes);
        csin_diag_destroy(diag);
        csin_arena_destroy(arena);
    }
}

/* Random bytes behind a good head: refused or read, never anything else. */
static void no_bytes_are_too_much_for_the_reader(void **state)
{
    (void)state;
    struct csin_rng rng = csin_rng_init(7, 0);
    static const char letters[] = "0123456789,\n\r -x";
    for (unsigned i = 0; i < 3000; i++) {
        char text[200] = "ChainId,TargetId,TargetId\n";
        size_t n = strlen(text) + csin_rng_below(&rng, 170);
        for (size_t k = i % 5 ? strlen(text) : 0; k < n; k++)
            text[k] = letters[csin_rng_below(&rng, sizeof letters - 1)];
        text[n] = '\0';
        struct csin_arena *arena = csin_arena_create();
        struct csin_diag *diag = csin_diag_create();
        struct csin_chains chains;
        enum csin_status status = read_text(arena, text, 100, &chains, diag);
        assert_int_equal(status == CSIN_OK, csin_diag_errors(diag) == 0);
        csin_diag_destroy(diag);
        csin_arena_destroy(arena);
    }
}

CHECK_MAIN(cmocka_unit_test(pairs_of_a_balanced_design_are_together_lambda_times),
           cmocka_unit_test(known_designs_are_found),
           cmocka_unit_test(few_targets_make_pairs_at_most_once),
           cmocka_unit_test(the_smallest_number_of_targets_is_that_of_3fs),
           cmocka_unit_test(neighbours_of_a_naive_design_are_always_together),
           cmocka_unit_test(a_stripe_of_200_is_spread_over_hosts_and_ssds),
           cmocka_unit_test(a_dead_host_is_shared_evenly), cmocka_unit_test(a_table_of_3fs_is_read),
           cmocka_unit_test(what_is_written_is_read_again),
           cmocka_unit_test(mistakes_in_a_table_are_told_all_at_once),
           cmocka_unit_test(no_bytes_are_too_much_for_the_reader))
