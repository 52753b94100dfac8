/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Collectives as schedules: who sends what to whom, in which order, and what the double binary tree
 * must take. Times of the others are in test_model.c. */
#include "tests/sim/oracle.h"
#include "tests/sim/run.h"

#include "sim/collectives.h"

#define B 1e9 /* bytes/s of a NIC where there is a fabric */
#define EXACT 1e-9

/* ---- one step by itself ---- */

/* Schedules a step of ranks 0 to n - 1 on hosts of the same numbers, between two delays. */
static void make(struct csin_schedule *s, struct csin_step step, uint32_t n)
{
    uint32_t hosts[128];
    assert_true(n <= 128);
    for (uint32_t i = 0; i < n; i++)
        hosts[i] = i;
    csin_schedule_init(s, n, 1);
    uint32_t begin = csin_schedule_delay(s, 0);
    uint32_t end = csin_step_schedule(s, &step, hosts, n, begin, csin_rng_init(1, 2));
    csin_schedule_span(s, (struct csin_span){.n = s->n_ops, .begin = begin, .end = end});
    struct csin_diag *diag = csin_diag_create();
    if (csin_schedule_check(s, diag) != CSIN_OK)
        csin_diag_print(diag, stderr);
    assert_int_equal(csin_diag_errors(diag), 0);
    csin_diag_destroy(diag);
    assert_int_equal(end, s->n_ops - 1);
    assert_true(csin_is_delay(s, end));
}

static bool waits_for(const struct csin_schedule *s, uint32_t op, uint32_t on)
{
    for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
        if (s->dep[k] == on)
            return true;
    return false;
}

/* before[a x n_ops + b]: a is over when b starts. Operations wait for earlier ones only. */
static bool *make_order(const struct csin_schedule *s)
{
    size_t n = s->n_ops;
    bool *before = calloc(n * n, sizeof *before);
    assert_non_null(before);
    for (uint32_t op = 0; op < n; op++)
        for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++) {
            uint32_t on = s->dep[k];
            assert_true(on < op);
            for (uint32_t a = 0; a < op; a++)
                if (a == on || before[a * n + on])
                    before[a * n + op] = true;
        }
    return before;
}

/* Every operation comes after the first delay and before the last. */
static void assert_within_the_step(const struct csin_schedule *s)
{
    bool *before = make_order(s);
    for (uint32_t op = 1; op < s->n_ops; op++)
        assert_true(before[op]);
    for (uint32_t op = 0; op + 1 < s->n_ops; op++)
        assert_true(before[(size_t)op * s->n_ops + s->n_ops - 1]);
    free(before);
}

/* ---- who sends how much to whom ---- */

/* Piece i of n of S bytes: the first S mod n have one more. */
static uint64_t piece(uint64_t size, uint32_t n, uint32_t i)
{
    return size / n + (i % n < size % n);
}

static void sent_bytes(const struct csin_schedule *s, uint32_t n, uint64_t *sent)
{
    memset(sent, 0, (size_t)n * n * sizeof *sent);
    for (uint32_t op = 0; op < s->n_ops; op++)
        if (!csin_is_delay(s, op))
            sent[s->src[op] * n + s->dst[op]] += s->amount[op].bytes;
}

/* What rank a has to send to rank b, from what the collective is for. */
static uint64_t wanted_bytes(const struct csin_step *step, uint32_t n, uint32_t a, uint32_t b)
{
    uint64_t size = step->size_bytes, all = 0;
    bool next = b == (a + 1) % n;
    switch (step->work) {
    case CSIN_ALLREDUCE:
        if (step->algorithm == CSIN_DOUBLE_BINARY_TREE) {
            for (unsigned tree = 0; tree < 2; tree++) /* over every edge, up and down */
                if (csin_double_tree(tree, a, n).parent == b ||
                    csin_double_tree(tree, b, n).parent == a)
                    all += tree == 0 ? size - size / 2 : size / 2;
            return all;
        }
        /* b gets all pieces but its own, to add to; then, whole, all but the one it finished. */
        return next ? 2 * size - piece(size, n, b) - piece(size, n, b + 1) : 0;
    case CSIN_REDUCE_SCATTER:
    case CSIN_ALL_GATHER:
        return next ? size - piece(size, n, b) : 0; /* all but its own */
    case CSIN_ALL_TO_ALL:
        return piece(size, n, b);
    case CSIN_BROADCAST:
        return next && b != step->root ? size : 0;
    case CSIN_PERMUTATION:
        return b == (a + step->shift) % n ? size : 0;
    case CSIN_INCAST:
        return b == step->root ? size : 0;
    default:
        return 0;
    }
}

static void every_pair_of_ranks_exchanges_what_the_collective_needs(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 5, 7, 8, 97, 100, 104729, 1u << 20, 1ull << 40};
    static const uint32_t counts[] = {2, 3, 4, 5, 7, 8, 11, 16};
    for (unsigned work = CSIN_ALLREDUCE; work < CSIN_TRAINING + 1u; work++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
                uint32_t n = counts[i];
                struct csin_step step = {.work = work, .size_bytes = sizes[k], .root = n / 2};
                if (work == CSIN_TRAINING) {
                    step.work = CSIN_ALLREDUCE;
                    step.algorithm = CSIN_DOUBLE_BINARY_TREE;
                }
                step.chunk_bytes = sizes[k] > 1000 ? sizes[k] / 7 : 3;
                step.shift = step.work == CSIN_PERMUTATION ? n - 1 : 0;
                struct csin_schedule s;
                uint64_t sent[16 * 16];
                make(&s, step, n);
                assert_within_the_step(&s);
                sent_bytes(&s, n, sent);
                for (uint32_t a = 0; a < n; a++)
                    for (uint32_t b = 0; b < n; b++)
                        if (a != b)
                            assert_int_equal(sent[a * n + b], wanted_bytes(&step, n, a, b));
                csin_schedule_finish(&s);
            }
}

static void a_step_of_one_rank_moves_nothing(void **state)
{
    (void)state;
    for (unsigned work = CSIN_ALLREDUCE; work < CSIN_TRAINING; work++)
        for (unsigned algorithm = CSIN_RING; algorithm <= CSIN_DOUBLE_BINARY_TREE; algorithm++) {
            struct csin_schedule s;
            struct csin_step step = {
                .work = work, .algorithm = algorithm, .size_bytes = 1000, .chunk_bytes = 10};
            make(&s, step, 1);
            assert_int_equal(s.n_transfers, 0);
            assert_int_equal(s.n_ops, 2);
            assert_int_equal(csin_step_cut(&step, 1).n, 0);
            csin_schedule_finish(&s);
        }
}

static void a_random_permutation_sends_and_receives_once_a_rank(void **state)
{
    (void)state;
    unsigned n_stay = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        uint32_t hosts[] = {5, 3, 8, 1, 0, 2}, in[9] = {0}, out[9] = {0};
        struct csin_step step = {.work = CSIN_PERMUTATION, .size_bytes = 11};
        struct csin_schedule s;
        csin_schedule_init(&s, 9, 1);
        csin_step_schedule(&s, &step, hosts, 6, csin_schedule_delay(&s, 0), csin_rng_init(seed, 0));
        for (uint32_t op = 0; op < s.n_ops; op++)
            if (!csin_is_delay(&s, op)) {
                out[s.src[op]]++;
                in[s.dst[op]]++;
            }
        for (uint32_t i = 0; i < 6; i++) {
            assert_int_equal(in[hosts[i]], out[hosts[i]]);
            assert_true(in[hosts[i]] <= 1);
            n_stay += !in[hosts[i]];
        }
        assert_int_equal(s.bytes, 11 * s.n_transfers);
        csin_schedule_finish(&s);
    }
    /* A random permutation has one fixed point on average, whatever its length. */
    assert_in_range(n_stay, 70, 130);
}

/* ---- order ---- */

/* In a ring, operation 1 + k n + i is round k of rank i, with piece i - k. Follows what each
 * message holds: while reducing, the sender's own share and what it received of this piece. */
static void a_ring_allreduce_gives_everyone_the_sum(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 9; n++) {
        struct csin_schedule s;
        make(&s, (struct csin_step){.work = CSIN_ALLREDUCE, .size_bytes = 1000}, n);
        uint32_t holds[9][9]; /* [rank][piece] whose shares are in it, as bits */
        uint32_t message[9];
        for (uint32_t rank = 0; rank < n; rank++)
            for (uint32_t p = 0; p < n; p++)
                holds[rank][p] = 1u << rank;
        for (uint32_t k = 0; k < 2 * (n - 1); k++) {
            for (uint32_t i = 0; i < n; i++) {
                uint32_t op = 1 + k * n + i, p = (i + 2 * n - k) % n;
                assert_int_equal(s.src[op], i);
                assert_int_equal(s.dst[op], (i + 1) % n);
                assert_int_equal(s.amount[op].bytes, piece(1000, n, p));
                if (k) /* it has what it is about to add to and to send */
                    assert_true(waits_for(&s, op, op - n - i + (i + n - 1) % n));
                message[i] = holds[i][p];
            }
            for (uint32_t i = 0; i < n; i++) {
                uint32_t *at = &holds[(i + 1) % n][(i + 2 * n - k) % n];
                if (k < n - 1)
                    assert_int_equal(*at & message[i], 0); /* nothing is added twice */
                *at |= message[i];
            }
        }
        for (uint32_t rank = 0; rank < n; rank++)
            for (uint32_t p = 0; p < n; p++)
                assert_int_equal(holds[rank][p], (1u << n) - 1);
        csin_schedule_finish(&s);
    }
}

static void an_all_gather_hands_on_what_has_arrived(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 9; n++) {
        struct csin_schedule s;
        make(&s, (struct csin_step){.work = CSIN_ALL_GATHER, .size_bytes = 1000}, n);
        uint32_t has[9];
        for (uint32_t rank = 0; rank < n; rank++)
            has[rank] = 1u << rank;
        for (uint32_t k = 0; k < n - 1; k++) {
            uint32_t had[9];
            memcpy(had, has, sizeof had);
            for (uint32_t i = 0; i < n; i++) {
                uint32_t op = 1 + k * n + i, p = (i + n - k) % n;
                assert_true(had[i] >> p & 1);
                if (p != i)
                    assert_true(waits_for(&s, op, op - n - i + (i + n - 1) % n));
                has[(i + 1) % n] |= 1u << p;
            }
        }
        for (uint32_t rank = 0; rank < n; rank++)
            assert_int_equal(has[rank], (1u << n) - 1);
        csin_schedule_finish(&s);
    }
}

static void a_broadcast_hands_on_what_has_arrived(void **state)
{
    (void)state;
    struct csin_schedule s;
    make(&s,
         (struct csin_step){
             .work = CSIN_BROADCAST, .size_bytes = 1000, .chunk_bytes = 300, .root = 2},
         5);
    assert_int_equal(s.n_transfers, 4 * 4);
    for (uint32_t c = 0; c < 4; c++)
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t op = 1 + c * 4 + i;
            assert_int_equal(s.src[op], (2 + i) % 5);
            assert_int_equal(s.dst[op], (3 + i) % 5);
            assert_int_equal(s.amount[op].bytes, 250);
            assert_true(waits_for(&s, op, i ? op - 1 : 0));
            assert_true(c == 0 || waits_for(&s, op, op - 4)); /* one chunk at a time */
        }
    csin_schedule_finish(&s);
}

/* ---- the two trees ---- */

static unsigned log2_up(uint32_t n)
{
    unsigned bits = 0;
    while ((uint64_t)1 << bits < n)
        bits++;
    return bits;
}

/* Edges of a rank in a tree: to its parent and its children. */
static unsigned n_edges(unsigned tree, uint32_t rank, uint32_t n)
{
    struct csin_tree_node node = csin_double_tree(tree, rank, n);
    return (node.parent != CSIN_NONE) + (node.child[0] != CSIN_NONE) + (node.child[1] != CSIN_NONE);
}

static bool is_inner(unsigned tree, uint32_t rank, uint32_t n)
{
    struct csin_tree_node node = csin_double_tree(tree, rank, n);
    return node.child[0] != CSIN_NONE || node.child[1] != CSIN_NONE;
}

static void check_tree(unsigned tree, uint32_t n)
{
    uint32_t roots = 0;
    unsigned deepest = 0;
    for (uint32_t rank = 0; rank < n; rank++) {
        struct csin_tree_node node = csin_double_tree(tree, rank, n);
        roots += node.parent == CSIN_NONE;
        for (unsigned c = 0; c < 2; c++)
            if (node.child[c] != CSIN_NONE) {
                assert_true(node.child[c] < n);
                assert_int_equal(csin_double_tree(tree, node.child[c], n).parent, rank);
            }
        assert_true(node.child[0] != node.child[1] || node.child[0] == CSIN_NONE);
        if (node.parent == CSIN_NONE) { /* the root: csin's has one child */
            assert_int_equal(node.child[1], CSIN_NONE);
            continue;
        }
        struct csin_tree_node parent = csin_double_tree(tree, node.parent, n);
        assert_int_equal((parent.child[0] == rank) + (parent.child[1] == rank), 1);
        /* Up to the root, without going round in circles. */
        unsigned depth = 0;
        for (uint32_t at = rank; csin_double_tree(tree, at, n).parent != CSIN_NONE; depth++) {
            at = csin_double_tree(tree, at, n).parent;
            assert_true(depth < n);
        }
        deepest = depth > deepest ? depth : deepest;
    }
    assert_int_equal(roots, 1);
    assert_int_equal(deepest, log2_up(n));
}

static void both_trees_span_all_ranks_and_are_as_deep_as_log2_n(void **state)
{
    (void)state;
    static const uint32_t large[] = {127, 128, 129, 255, 256, 257, 800, 1023, 1024, 1025, 4097};
    for (unsigned tree = 0; tree < 2; tree++) {
        for (uint32_t n = 2; n <= 70; n++)
            check_tree(tree, n);
        for (size_t i = 0; i < sizeof large / sizeof *large; i++)
            check_tree(tree, large[i]);
    }
}

/* Where n is even, every rank is an inner node in exactly one tree. Where it is odd there must be a
 * rank that is one in both: a tree whose root has one child has I inner nodes and n - 1 <= 2(I - 1)
 * + 1 edges, so I >= (n + 1)/2 in each of the two. It is rank 0 alone: the root of tree 0 and the
 * last node of tree 1, with one child in each (in tree 1 of n = 3 too). Sanders, Speck, Traeff need
 * no such rank, as their root is in neither tree. */
static void no_rank_is_inner_in_both_trees_but_rank_0_of_an_odd_number(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 300; n++)
        for (uint32_t rank = 0; rank < n; rank++) {
            unsigned inner = is_inner(0, rank, n) + is_inner(1, rank, n);
            assert_int_equal(inner, n % 2 == 1 && rank == 0 ? 2 : 1);
            if (inner == 2)
                assert_int_equal(n_edges(0, rank, n) + n_edges(1, rank, n), 3);
        }
}

/* Four edges at S/2 each way: at most 2S in and 2S out. From n = 4 on, some rank has them. */
static void no_rank_has_more_than_four_edges(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 300; n++) {
        unsigned total = 0, most = 0;
        for (uint32_t rank = 0; rank < n; rank++) {
            unsigned edges = n_edges(0, rank, n) + n_edges(1, rank, n);
            total += edges;
            most = edges > most ? edges : most;
        }
        assert_int_equal(total, 4 * (n - 1));
        assert_int_equal(most, n == 2 ? 2 : n == 3 ? 3 : 4);
    }
}

/* ---- the double binary tree as a schedule ---- */

struct tree_op {
    unsigned tree;
    uint32_t chunk, child; /* the edge is that of this rank to its parent */
    bool down;
};

/* Labels the transfers: for each tree and chunk n - 1 up and n - 1 down. */
static struct tree_op *label(const struct csin_schedule *s, uint32_t n, const uint32_t chunks[2])
{
    struct tree_op *ops = calloc(s->n_ops, sizeof *ops);
    assert_non_null(ops);
    assert_int_equal(s->n_transfers, 2 * (n - 1) * (chunks[0] + chunks[1]));
    uint32_t op = 1;
    for (unsigned tree = 0; tree < 2; tree++)
        for (uint32_t chunk = 0; chunk < chunks[tree]; chunk++)
            for (unsigned down = 0; down < 2; down++) {
                bool seen[128] = {false};
                for (uint32_t i = 1; i < n; i++, op++) {
                    uint32_t child = down ? s->dst[op] : s->src[op];
                    ops[op] = (struct tree_op){tree, chunk, child, down};
                    assert_int_equal(csin_double_tree(tree, child, n).parent,
                                     down ? s->src[op] : s->dst[op]);
                    assert_false(seen[child]);
                    seen[child] = true;
                }
            }
    return ops;
}

static void a_chunk_comes_down_when_every_rank_has_added_to_it(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= RUN_TIMES(17, 9); n++) {
        const uint32_t chunks[2] = {3, 3};
        struct csin_schedule s;
        make(&s,
             (struct csin_step){.work = CSIN_ALLREDUCE,
                                .algorithm = CSIN_DOUBLE_BINARY_TREE,
                                .size_bytes = 6000,
                                .chunk_bytes = 1000},
             n);
        struct tree_op *ops = label(&s, n, chunks);
        bool *before = make_order(&s);
        for (uint32_t b = 1; b + 1 < s.n_ops; b++) {
            unsigned ups = 0;
            for (uint32_t a = 1; a + 1 < s.n_ops; a++) {
                bool first = before[(size_t)a * s.n_ops + b];
                if (a == b || ops[a].tree != ops[b].tree || ops[a].chunk != ops[b].chunk)
                    continue;
                struct csin_tree_node node = csin_double_tree(ops[b].tree, ops[b].child, n);
                ups += first && !ops[a].down;
                if (!ops[b].down && !ops[a].down && /* a child's share is in what goes up */
                    (ops[a].child == node.child[0] || ops[a].child == node.child[1]))
                    assert_true(first);
                if (ops[b].down && ops[a].down && ops[a].child == node.parent)
                    assert_true(first); /* a parent has what it hands down */
                if (!ops[b].down && ops[a].down)
                    assert_false(first);
            }
            if (ops[b].down)
                assert_int_equal(ups, n - 1);
        }
        free(ops);
        free(before);
        csin_schedule_finish(&s);
    }
}

static void an_edge_carries_one_chunk_at_a_time_each_way(void **state)
{
    (void)state;
    const uint32_t n = 7, chunks[2] = {5, 5};
    struct csin_schedule s;
    make(&s,
         (struct csin_step){.work = CSIN_ALLREDUCE,
                            .algorithm = CSIN_DOUBLE_BINARY_TREE,
                            .size_bytes = 10000,
                            .chunk_bytes = 1000},
         n);
    struct tree_op *ops = label(&s, n, chunks);
    bool *before = make_order(&s);
    for (uint32_t a = 1; a + 1 < s.n_ops; a++)
        for (uint32_t b = a + 1; b + 1 < s.n_ops; b++)
            if (ops[a].tree == ops[b].tree && ops[a].child == ops[b].child &&
                ops[a].down == ops[b].down)
                assert_true(before[(size_t)a * s.n_ops + b]);
    free(ops);
    free(before);
    csin_schedule_finish(&s);
}

static void a_tree_is_given_half_of_the_data(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 1000, 1001, 104729, 1ull << 33};
    for (uint32_t n = 2; n <= 33; n++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            struct csin_schedule s;
            uint64_t size = sizes[i], chunk = size / 6 + 1, in[33] = {0}, out[33] = {0}, all = 0;
            make(&s,
                 (struct csin_step){.work = CSIN_ALLREDUCE,
                                    .algorithm = CSIN_DOUBLE_BINARY_TREE,
                                    .size_bytes = size,
                                    .chunk_bytes = chunk},
                 n);
            uint64_t half[2] = {size - size / 2, size / 2};
            uint32_t chunks[2];
            for (unsigned tree = 0; tree < 2; tree++)
                chunks[tree] = (uint32_t)((half[tree] + chunk - 1) / chunk);
            struct tree_op *ops = label(&s, n, chunks);
            uint64_t moved[2] = {0, 0};
            for (uint32_t op = 1; op + 1 < s.n_ops; op++) {
                moved[ops[op].tree] += s.amount[op].bytes;
                out[s.src[op]] += s.amount[op].bytes;
                in[s.dst[op]] += s.amount[op].bytes;
                all += s.amount[op].bytes;
                assert_in_range(s.amount[op].bytes, 1, chunk);
            }
            assert_int_equal(all, 2 * (n - 1) * size);
            for (unsigned tree = 0; tree < 2; tree++)
                assert_int_equal(moved[tree], 2 * (n - 1) * half[tree]);
            for (uint32_t rank = 0; rank < n; rank++) {
                uint64_t want = n_edges(0, rank, n) * half[0] + n_edges(1, rank, n) * half[1];
                assert_int_equal(in[rank], want);
                assert_int_equal(out[rank], want);
                assert_true(want <= 2 * size + 1);
            }
            free(ops);
            csin_schedule_finish(&s);
        }
}

/* ---- the double binary tree in time ---- */

/* With C equal chunks of c bytes in each tree, D = ceil(log2 n) levels, and at most g edges at a
 * rank: a NIC has at most g flows each way, so max-min fairness gives each flow at least B/g and a
 * transfer takes at most l + g c/B. The longest chain of dependencies goes up a tree, down again,
 * and through all chunks: C - 1 + 2 D transfers. And a rank with g edges receives g S/2. */
static double tree_lower_s(uint32_t n, double size)
{
    return (n == 2 ? 1 : n == 3 ? 1.5 : 2) * size / B;
}

static double tree_upper_s(uint32_t n, double size, uint32_t chunks, double latency_s)
{
    double edges = n == 2 ? 2 : n == 3 ? 3 : 4;
    return (chunks - 1 + 2 * log2_up(n)) * (edges * size / 2 / chunks / B + latency_s);
}

static void a_double_binary_tree_takes_between_its_bounds(void **state)
{
    (void)state;
    static const unsigned ranks[] = {2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 31, 32, 33, 50};
    static const unsigned chunks[] = {1, 2, 5, 16, 40};
    const unsigned size = 8000000;
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        for (unsigned latency_us = 0; latency_us <= 10; latency_us += 10) {
            unsigned n = ranks[i];
            char fabric[64], steps[512] = "";
            snprintf(fabric, sizeof fabric, "leaf:1 spine:1 host:%u 8Gb/s latency:%uus", n,
                     latency_us);
            for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++)
                snprintf(steps + strlen(steps), sizeof steps - strlen(steps),
                         "%s{allreduce: {algorithm: double-binary-tree, size: %uB, chunk: %uB}}",
                         k ? ", " : "", size, size / 2 / chunks[k]);
            struct run run;
            run_open(&run, fabric, "jobs: [{name: j, hosts: %u, steps: [%s]}]", n, steps);
            run_simulate(&run);
            for (uint32_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
                double time = run_step_s(&run, k);
                assert_true(time >= tree_lower_s(n, size) * (1 - EXACT));
                assert_true(time >= 2.0 * (n - 1) / n * size / B * (1 - EXACT));
                assert_true(time <=
                            tree_upper_s(n, size, chunks[k], latency_us * 1e-6) * (1 + EXACT));
            }
            run_close(&run);
        }
}

/* Many small chunks hide the depth of the trees: the time goes to 2S/B whatever n is. */
static void many_chunks_bring_a_double_binary_tree_to_twice_its_bytes(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, "leaf:1 spine:1 host:16 8Gb/s",
             "jobs: [{name: j, hosts: 16, steps: [{allreduce: {algorithm: double-binary-tree, "
             "size: 8000000B, chunk: %uB}}]}]",
             4000000 / RUN_TIMES(400, 100));
    run_simulate(&run);
    assert_close(run_step_s(&run, 0), 2 * 8e6 / B, RUN_TIMES(0.02, 0.08));
    run_close(&run);
}

/* Two ranks: up, then each chunk's way down beside the next one's way up, at half the rate each. */
static void a_double_binary_tree_of_two_ranks_is_known_exactly(void **state)
{
    (void)state;
    for (unsigned chunks = 1; chunks <= 20; chunks++) {
        struct run run;
        run_open(&run, "leaf:1 spine:1 host:2 8Gb/s latency:7us",
                 "jobs: [{name: j, hosts: 2, steps: [{allreduce: {algorithm: double-binary-tree, "
                 "size: %uB, chunk: 50kB}}]}]",
                 2 * chunks * 50000);
        run_simulate(&run);
        assert_close(run_step_s(&run, 0), 2 * chunks * 50000 / B + (chunks + 1) * 7e-6, EXACT);
        run_close(&run);
    }
}

/* Every start and finish, to 1e-9 of the whole. */
static double run_beside_oracle(const char *fabric, const char *job)
{
    struct run run;
    struct oracle o;
    run_open(&run, fabric, "%s", job);
    run_engine(&run);
    oracle_init(&o, &run.schedule, run.scenario->fabric, run.scenario->routes);
    oracle_run(&o);
    for (uint32_t op = 0; op < run.schedule.n_ops; op++) {
        assert_true(fabs(run.engine.start_s[op] - o.start_s[op]) <= 1e-9 * o.makespan_s);
        assert_true(fabs(run.engine.finish_s[op] - o.finish_s[op]) <= 1e-9 * o.makespan_s);
    }
    double makespan_s = run.engine.makespan_s;
    assert_close(makespan_s, o.makespan_s, EXACT);
    oracle_finish(&o);
    run_close(&run);
    return makespan_s;
}

static void a_double_binary_tree_runs_as_an_independent_simulator_says(void **state)
{
    (void)state;
    static const char *const fabrics[] = {"leaf:1 spine:1 host:9 8Gb/s",
                                          "leaf:3 spine:1 host:3 8Gb/s latency:1us",
                                          "leaf:3 spine:3 host:3 8Gb/s latency:20us"};
    for (unsigned n = 2; n <= 9; n++)
        for (unsigned chunks = 1; chunks <= 4; chunks++)
            for (size_t i = 0; i < sizeof fabrics / sizeof *fabrics; i++) {
                char job[256];
                snprintf(job, sizeof job,
                         "jobs: [{name: j, hosts: %u, steps: [{allreduce: {algorithm: "
                         "double-binary-tree, size: 999983B, chunk: %uB}}]}]",
                         n, 999983 / 2 / chunks + 1);
                run_beside_oracle(fabrics[i], job);
            }
}

/* ---- all-to-all of unequal pieces ---- */

/* Where n does not divide S, ranks fall out of step by a byte's time and two rounds overlap at a
 * receiver. Rank 0 has to receive n - 1 of the largest pieces, so it cannot be over before; how
 * much longer it takes is a matter of bytes, here less than two a rank and round. */
static void an_all_to_all_of_unequal_pieces_loses_a_few_byte_times(void **state)
{
    (void)state;
    for (unsigned n = 3; n <= 8; n++)
        for (unsigned rest = 1; rest < n; rest++) {
            char fabric[64], job[128];
            unsigned base = rest % 2 ? 10 : 100000;
            snprintf(fabric, sizeof fabric, "leaf:1 spine:1 host:%u 8Gb/s", n);
            snprintf(job, sizeof job,
                     "jobs: [{name: j, hosts: %u, steps: [{all-to-all: {size: %uB}}]}]", n,
                     base * n + rest);
            double time = run_beside_oracle(fabric, job);
            assert_true(time * B >= (n - 1) * (base + 1) * (1 - EXACT));
            assert_true(time * B <= (n - 1) * (base + 1 + 2));
        }
}

/* ---- what is shown ---- */

static void bus_factors_are_those_of_nccl_tests(void **state)
{
    (void)state;
    const struct {
        enum csin_work work;
        double want;
    } cases[] = {{CSIN_COMPUTE_DELAY, 0}, {CSIN_ALLREDUCE, 1.5},   {CSIN_REDUCE_SCATTER, 0.75},
                 {CSIN_ALL_GATHER, 0.75}, {CSIN_ALL_TO_ALL, 0.75}, {CSIN_BROADCAST, 1},
                 {CSIN_PERMUTATION, 1},   {CSIN_INCAST, 3}};
    assert_int_equal(sizeof cases / sizeof *cases, CSIN_TRAINING);
    for (size_t i = 0; i < CSIN_TRAINING; i++)
        assert_close(csin_step_bus_factor(&(struct csin_step){.work = cases[i].work}, 4),
                     cases[i].want, 0);
}

static void a_cut_is_what_the_schedule_has(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 1000, 1001, 4096};
    for (unsigned work = CSIN_ALLREDUCE; work < CSIN_TRAINING + 1u; work++)
        for (uint32_t n = 2; n <= 5; n++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
                struct csin_step step = {
                    .work = work, .size_bytes = sizes[i], .chunk_bytes = 300, .shift = 1};
                if (work == CSIN_TRAINING) {
                    step.work = CSIN_ALLREDUCE;
                    step.algorithm = CSIN_DOUBLE_BINARY_TREE;
                }
                struct csin_schedule s;
                struct csin_cut cut = csin_step_cut(&step, n);
                uint64_t largest = 0, per_rank;
                make(&s, step, n);
                for (uint32_t op = 0; op < s.n_ops; op++)
                    if (!csin_is_delay(&s, op) && s.amount[op].bytes > largest)
                        largest = s.amount[op].bytes;
                assert_int_equal(cut.largest_bytes, largest);
                per_rank = step.work == CSIN_BROADCAST || step.algorithm ? s.n_transfers / (n - 1)
                           : step.work == CSIN_PERMUTATION               ? s.n_transfers / n
                           : step.work == CSIN_INCAST                    ? s.n_transfers / (n - 1)
                                                                         : n;
                if (step.algorithm == CSIN_DOUBLE_BINARY_TREE)
                    per_rank /= 2; /* up and down */
                assert_int_equal(cut.n, per_rank);
                csin_schedule_finish(&s);
            }
}

RUN_MAIN(cmocka_unit_test(every_pair_of_ranks_exchanges_what_the_collective_needs),
         cmocka_unit_test(a_step_of_one_rank_moves_nothing),
         cmocka_unit_test(a_random_permutation_sends_and_receives_once_a_rank),
         cmocka_unit_test(a_ring_allreduce_gives_everyone_the_sum),
         cmocka_unit_test(an_all_gather_hands_on_what_has_arrived),
         cmocka_unit_test(a_broadcast_hands_on_what_has_arrived),
         cmocka_unit_test(both_trees_span_all_ranks_and_are_as_deep_as_log2_n),
         cmocka_unit_test(no_rank_is_inner_in_both_trees_but_rank_0_of_an_odd_number),
         cmocka_unit_test(no_rank_has_more_than_four_edges),
         cmocka_unit_test(a_chunk_comes_down_when_every_rank_has_added_to_it),
         cmocka_unit_test(an_edge_carries_one_chunk_at_a_time_each_way),
         cmocka_unit_test(a_tree_is_given_half_of_the_data),
         cmocka_unit_test(a_double_binary_tree_takes_between_its_bounds),
         cmocka_unit_test(many_chunks_bring_a_double_binary_tree_to_twice_its_bytes),
         cmocka_unit_test(a_double_binary_tree_of_two_ranks_is_known_exactly),
         cmocka_unit_test(a_double_binary_tree_runs_as_an_independent_simulator_says),
         cmocka_unit_test(an_all_to_all_of_unequal_pieces_loses_a_few_byte_times),
         cmocka_unit_test(bus_factors_are_those_of_nccl_tests),
         cmocka_unit_test(a_cut_is_what_the_schedule_has))
