/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory that runs out: each allocation of a run is refused in turn, with all that follow (the
 * machine has no more) or alone (a large one did not fit). Every time csin says so and gives
 * everything back, or succeeds without it. malloc and its kin are replaced for the whole program,
 * so libyaml, libcrypto, igraph and the C library are refused as well. */
#include "tests/check.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <unistd.h>

#include "sim/fair.h"
#include "sim/scenario.h"
#include "topo/analyze.h"

#if defined(__SANITIZE_ADDRESS__)
#define ADDRESS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#endif
#endif

#ifndef CSIN_CHECKS
#define CSIN_CHECKS 0
#endif

/* ---- the allocator ---- */

enum { SLOTS = 1 << 16 };

/* A block given out and not returned. */
struct block {
    void *at; /* NULL: the slot was never used */
    void *caller;
    bool is_live;
};

static bool is_counting;
static long n_calls, fail_from, fail_to; /* calls fail_from .. fail_to - 1 are refused */
static struct block blocks[SLOTS];       /* open addressing; emptied before each run */

#if !defined(ADDRESS_SANITIZER) && defined(__GLIBC__)
#define CAN_REFUSE true

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t bytes);
void __libc_free(void *block);

static struct block *slot_of(const void *at)
{
    size_t slot = ((uintptr_t)at >> 4) * 0x9e3779b9u % SLOTS;
    while (blocks[slot].at && blocks[slot].at != at)
        slot = (slot + 1) % SLOTS;
    return &blocks[slot];
}

static bool is_refused(void)
{
    if (!is_counting)
        return false;
    long call = n_calls++;
    return call >= fail_from && call < fail_to;
}

static void *given_out(void *block, void *caller)
{
    if (!block)
        errno = ENOMEM;
    else if (is_counting)
        *slot_of(block) = (struct block){block, caller, true};
    return block;
}

static void returned(void *block)
{
    if (block && is_counting)
        slot_of(block)->is_live = false;
}

void *malloc(size_t bytes)
{
    return given_out(is_refused() ? NULL : __libc_malloc(bytes), __builtin_return_address(0));
}

void *calloc(size_t n, size_t size)
{
    return given_out(is_refused() ? NULL : __libc_calloc(n, size), __builtin_return_address(0));
}

void *realloc(void *old, size_t bytes)
{
    void *block = is_refused() ? NULL : __libc_realloc(old, bytes);
    if (block)
        returned(old);
    return given_out(block, __builtin_return_address(0));
}

void free(void *block)
{
    returned(block);
    __libc_free(block);
}

/* Here so that its caller is known, and not the C library. */
char *strdup(const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = given_out(is_refused() ? NULL : __libc_malloc(bytes), __builtin_return_address(0));
    return copy ? memcpy(copy, text, bytes) : NULL;
}
#else
#define CAN_REFUSE false
#endif

/* Libraries that lose blocks when they find no memory, and where they are. yaml_parser_load of
 * libyaml 0.2.5 loses what a node was made of when there is none for the node itself; libcrypto 3.0
 * keeps properties that it could not finish. */
static struct library {
    const char *name;
    uintptr_t begin, end;
    long n_lost; /* blocks, in a test */
} libraries[] = {{"/libyaml", UINTPTR_MAX, 0, 0},
                 {"/libcrypto", UINTPTR_MAX, 0, 0},
                 {"/libigraph", UINTPTR_MAX, 0, 0}};
enum { N_LIBRARIES = sizeof libraries / sizeof *libraries };

static void find_libraries(void)
{
    char line[4352];
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    for (size_t i = 0; i < N_LIBRARIES; i++)
        libraries[i].n_lost = 0;
    while (fgets(line, sizeof line, maps)) {
        unsigned long begin, end;
        for (size_t i = 0; i < N_LIBRARIES; i++) {
            struct library *l = &libraries[i];
            if (!strstr(line, l->name) || sscanf(line, "%lx-%lx", &begin, &end) != 2)
                continue;
            l->begin = begin < l->begin ? begin : l->begin;
            l->end = end > l->end ? end : l->end;
        }
    }
    fclose(maps);
}

static struct library *library_of(const void *caller)
{
    for (size_t i = 0; i < N_LIBRARIES; i++)
        if ((uintptr_t)caller >= libraries[i].begin && (uintptr_t)caller < libraries[i].end)
            return &libraries[i];
    return NULL;
}

/* ---- the runs ---- */

/* Does something whole and cleans up; *ret_errors: what was told. */
typedef enum csin_status run(unsigned *ret_errors);

static enum csin_status done(struct csin_diag *diag, struct csin_arena *arena,
                             enum csin_status status, unsigned *ret_errors)
{
    *ret_errors = diag ? csin_diag_errors(diag) : 1; /* nobody to tell, and nothing done */
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
    return status;
}

static const char fabric_yaml[] =
    "fabric: small\n"
    "switch-models: &models\n"
    "  s: {ports: 12, rate: 100Gb/s, latency: 130ns}\n"
    "host-models:\n"
    "  h: {rate: 100Gb/s}\n"
    "  d: {role: storage, nics: 2, rate: 50Gb/s}\n"
    "zones:\n"
    "  a: &zone {model: s, leaves: 4, spines: 2, oversubscription: 3, hosts-per-leaf: 6}\n"
    "  b: {<<: *zone, leaves: 3}\n"
    "hosts:\n"
    "  - {names: 'h[1-9,12]', model: h, attach: {zone: a}}\n"
    "  - {names: 'g[1-9]', model: h, attach: {zone: b, spread: fill}}\n"
    "  - {names: 'd[1-2]', model: d, attach: [{zone: a}, {switches: 'b-leaf[1-3]', nic: 1}]}\n"
    "inter-zone: {names: x1, model: s, zones: [a, b], leaves: 2}\n"
    "switches: {names: core1, model: s, layer: core}\n"
    "cables: {from: 'a-spine[1-2]', to: core1, count: 2}\n"
    "overrides: {between: [a-leaf1, a-spine1], state: down}\n";

static enum csin_status fabric_and_routes(unsigned *ret_errors)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric_spec spec;
    struct csin_fabric_facts facts;
    struct csin_fabric *f = NULL;
    enum csin_status status = diag && arena ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK)
        status = csin_fabric_spec_read(arena, diag, "small.yaml", fabric_yaml,
                                       sizeof fabric_yaml - 1, &spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(&spec, diag, &f);
    if (status == CSIN_OK)
        status = csin_fabric_analyze(f, arena, diag, &facts);
    for (int policy = 0; policy < CSIN_N_POLICIES && status == CSIN_OK; policy++) {
        struct csin_routes *routes = NULL;
        struct csin_path path;
        status = csin_routes_create(f, NULL, (enum csin_policy)policy, 1, diag, &routes);
        if (status == CSIN_OK && !csin_routes_host_path(routes, 0, 20, 3, &path))
            abort();
        csin_routes_destroy(routes);
    }
    csin_fabric_destroy(f);
    return done(diag, arena, status, ret_errors);
}

static enum csin_status fabric_of_one_line(unsigned *ret_errors)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric *f = NULL;
    struct csin_sha256 input;
    enum csin_status status = diag && arena ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK)
        status = csin_fabric_open(diag, arena, (struct csin_loc){0},
                                  "leaf:3 spine:2 host:4 storage:1 200Gb/s", &f, &input);
    if (status == CSIN_OK && !input.hex[0])
        abort(); /* a success without the digest of what it read */
    csin_fabric_destroy(f);
    return done(diag, arena, status, ret_errors);
}

/* Input that is wrong in many ways: telling takes memory too. */
static enum csin_status wrong_fabric(unsigned *ret_errors)
{
    static const char yaml[] =
        "fabric: wrong\n"
        "switch-models: {s: {ports: 12, rate: 100Gb/s}}\n"
        "host-models: {h: {rate: 100Gb/s}}\n"
        "zones: {a: {model: t, leaves: 4, spines: 2}, b: {model: s, leaves: 1, spines: 13}}\n"
        "hosts:\n"
        "  - {names: 'h[1-9,12', model: h, attach: {zone: a}}\n"
        "  - {names: 'g[1-9]', model: g, attach: {zone: c}}\n";
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric_spec spec;
    struct csin_fabric *f = NULL;
    enum csin_status status = diag && arena ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK)
        status = csin_fabric_spec_read(arena, diag, "wrong.yaml", yaml, sizeof yaml - 1, &spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(&spec, diag, &f);
    if (status == CSIN_OK)
        abort();
    return done(diag, arena, status, ret_errors);
}

static char scenario_path[] = "/tmp/csin-test-alloc-XXXXXX";

static const char scenario_yaml[] =
    "scenario: small\n"
    "fabric: 'leaf:4 spine:2 host:4 storage:1 200Gb/s'\n"
    "routing: random\n"
    "seed: 3\n"
    "classes: {bulk: {sl: 1}, spare: {sl: 2}}\n"
    "lanes: {sl-to-vl: [0, 1, 2], weights: [10, 20]}\n"
    "jobs:\n"
    "  - name: train\n"
    "    hosts: 6\n"
    "    placement: round-robin\n"
    "    repeat: 2\n"
    "    steps:\n"
    "      - compute: 2ms\n"
    "      - allreduce: {algorithm: double-binary-tree, size: 8MiB, chunk: 1MiB}\n"
    "      - all-to-all: {size: 1MiB}\n"
    "  - {name: other, hosts: 'h[15-16]', steps: {broadcast: {size: 1MiB}}}\n"
    "storage:\n"
    "  - read: {name: data, readers: 'h[01-08]', size: 8MiB, chunk: 1MiB, stripe: 2}\n"
    "  - checkpoint: {name: save, writers: 2, size: 4MiB, replicas: 3, class: bulk}\n"
    "reaction: 1ms\n"
    "events:\n"
    "  - {at: 2ms, cable: [leaf1, spine2], state: down}\n"
    "  - {at: 1ms, switch: 'spine[1-2]', state: down}\n"
    "  - {at: 3ms, cable: [leaf1, spine2], rate: 1Gb/s}\n"
    "  - {at: 3ms, host: 's1,h01', state: up}\n"
    "  - {at: 1ms, job: other, action: start}\n"
    "  - {at: 4ms, job: other, action: move, hosts: 'h[11-12]'}\n"
    "  - {at: 5ms, stream: save, action: stop}\n";

static enum csin_status scenario(unsigned *ret_errors)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    struct csin_scenario *sc = NULL;
    struct csin_schedule schedule;
    enum csin_status status = diag && arena ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK)
        status = csin_scenario_open(scenario_path, NULL, arena, diag, &sc);
    if (status == CSIN_OK && !(sc->inputs[0].sha256.hex[0] && sc->inputs[1].sha256.hex[0]))
        abort();
    if (status == CSIN_OK) {
        status = csin_scenario_schedule(sc, CSIN_NONE, diag, &schedule);
        if (status == CSIN_OK)
            csin_schedule_finish(&schedule);
    }
    csin_scenario_destroy(sc);
    return done(diag, arena, status, ret_errors);
}

/* Flows come and go, and a capacity changes; what was refused once is tried no more. */
static enum csin_status fair(unsigned *ret_errors)
{
    enum { RESOURCES = 12, FLOWS = 40 };
    struct csin_fair fair;
    double capacities[RESOURCES];
    uint32_t flows[FLOWS];
    for (uint32_t r = 0; r < RESOURCES; r++)
        capacities[r] = 1 + r % 5;
    bool ok = csin_fair_init(&fair, RESOURCES, capacities);
    for (uint32_t i = 0; i < FLOWS && ok; i++) {
        uint32_t uses[] = {i % RESOURCES, (i + 1 + i / RESOURCES) % RESOURCES};
        flows[i] = csin_fair_add(&fair, uses, NULL, 1 + i % 2, i % 7 ? HUGE_VAL : 0.5);
        ok = flows[i] != CSIN_NONE && (i % 3 || csin_fair_solve(&fair));
    }
    for (uint32_t i = 0; i < FLOWS && ok; i += 2)
        ok = csin_fair_remove(&fair, flows[i]) &&
             csin_fair_set_capacity(&fair, i % RESOURCES, i % 4) && csin_fair_solve(&fair);
    if (ok)
        csin_fair_check(&fair, 1e-9);
    csin_fair_finish(&fair);
    *ret_errors = !ok; /* it has nobody to tell */
    return ok ? CSIN_OK : CSIN_E_FAILED;
}

/* Transfers from storage hosts through a gate, `n` of each size, with delays between them. */
static void make_traffic(struct csin_schedule *s, const struct csin_fabric *f, uint32_t n)
{
    csin_schedule_init(s, f->n_hosts, 1);
    uint32_t gate = csin_schedule_gate(s, 8, HUGE_VAL);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t src = i % f->n_hosts, dst = (i * 7 + 3) % f->n_hosts;
        dst = dst == src ? (dst + 1) % f->n_hosts : dst;
        s->bytes += 1000000 + i % 10;
        csin_schedule_transfer(s, src, dst, 1000000 + i % 10);
        csin_schedule_through(s, gate);
    }
    csin_schedule_span(s, (struct csin_span){0, 0, 0, 0, s->n_ops, CSIN_NONE, CSIN_NONE});
}

/* The engine, with faults: a switch goes and comes back, and so does a storage host. */
static enum csin_status fluid(unsigned *ret_errors)
{
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric *f = NULL;
    struct csin_routes *routes = NULL;
    struct csin_schedule s = {0};
    struct csin_run_result result = {0};
    uint32_t items[] = {4, 2};
    struct csin_event events[] = {
        {.at_s = 1e-4, .kind = CSIN_EVENT_SWITCH, .items = &items[0], .n_items = 1},
        {.at_s = 2e-4, .kind = CSIN_EVENT_HOST, .items = &items[1], .n_items = 1},
        {.at_s = 4e-4, .kind = CSIN_EVENT_SWITCH, .up = true, .items = &items[0], .n_items = 1},
        {.at_s = 5e-4, .kind = CSIN_EVENT_HOST, .up = true, .items = &items[1], .n_items = 1}};
    enum csin_status status = diag && arena ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK)
        status = csin_fabric_open(diag, arena, (struct csin_loc){0},
                                  "leaf:3 spine:2 host:2 storage:1 200Gb/s", &f, NULL);
    if (status == CSIN_OK)
        status = csin_routes_create(f, NULL, CSIN_SPRAY, 1, diag, &routes);
    if (status == CSIN_OK) {
        make_traffic(&s, f, 60);
        status = csin_schedule_check(&s, diag);
    }
    struct csin_run it = {.fabric = f,
                          .routes = routes,
                          .schedule = &s,
                          .events = events,
                          .n_events = 4,
                          .reaction_s = 5e-5,
                          .horizon_s = HUGE_VAL,
                          .watch = true};
    if (status == CSIN_OK)
        status = csin_engine_fluid.run(&it, diag, &result);
    if (status == CSIN_OK && result.n_waits == 0)
        abort();
    csin_run_result_finish(&result);
    csin_schedule_finish(&s);
    csin_routes_destroy(routes);
    csin_fabric_destroy(f);
    return done(diag, arena, status, ret_errors);
}

/* Allocations of a run of n transfers, of which eight are under way at a time. */
static long allocations_of(const struct csin_fabric *f, const struct csin_routes *routes,
                           uint32_t n)
{
    struct csin_schedule s;
    struct csin_run_result result;
    make_traffic(&s, f, n);
    struct csin_run it = {
        .fabric = f, .routes = routes, .schedule = &s, .horizon_s = HUGE_VAL, .watch = true};
    n_calls = 0;
    fail_from = fail_to = LONG_MAX;
    memset(blocks, 0, sizeof blocks);
    is_counting = true;
    enum csin_status status = csin_engine_fluid.run(&it, NULL, &result);
    is_counting = false;
    assert_int_equal(status, CSIN_OK);
    csin_run_result_finish(&result);
    csin_schedule_finish(&s);
    return n_calls;
}

/* ---- refusing ---- */

struct outcome {
    enum csin_status status;
    unsigned errors;
    long n_calls, n_lost; /* allocations; blocks not returned, libraries' aside */
};

static struct outcome run_refusing(run *what, long from, long to)
{
    struct outcome o = {.n_calls = 0};
    memset(blocks, 0, sizeof blocks);
    n_calls = 0;
    fail_from = from;
    fail_to = to;
    is_counting = true;
    o.status = what(&o.errors);
    is_counting = false;
    o.n_calls = n_calls;
    for (size_t i = 0; i < SLOTS; i++) {
        if (!blocks[i].is_live)
            continue;
        struct library *library = library_of(blocks[i].caller);
        if (library)
            library->n_lost++;
        else
            o.n_lost++;
    }
    return o;
}

/* Refuses each allocation in turn. `good`: what it comes to with memory. */
static void refuse_each(run *what, enum csin_status good, bool all_that_follow)
{
    struct outcome o = run_refusing(what, LONG_MAX, LONG_MAX);
    assert_int_equal(o.status, good); /* and libraries have now set up what they keep */
    find_libraries();
    o = run_refusing(what, LONG_MAX, LONG_MAX);
    assert_int_equal(o.n_lost, 0);
    for (size_t i = 0; i < N_LIBRARIES; i++)
        assert_int_equal(libraries[i].n_lost, 0);
    long n = o.n_calls, n_survived = 0;
    for (long i = 0; i < n; i++) {
        long to = all_that_follow ? LONG_MAX : i + 1;
        o = run_refusing(what, i, to);
        /* What a library keeps for its next error it keeps once; a leak comes back. */
        if (o.n_lost)
            o = run_refusing(what, i, to);
        if (o.n_lost)
            fail_msg("allocation %ld of %ld refused: %ld blocks lost", i, n, o.n_lost);
        if (o.status == good)
            n_survived++;
        else if (o.status != CSIN_E_FAILED)
            fail_msg("allocation %ld of %ld refused: status %d", i, n, (int)o.status);
        if (o.status != CSIN_OK && o.errors == 0)
            fail_msg("allocation %ld of %ld refused: failed without a word", i, n);
        if (o.status == CSIN_OK && o.errors != 0)
            fail_msg("allocation %ld of %ld refused: a success with errors", i, n);
    }
    assert_int_equal(run_refusing(what, LONG_MAX, LONG_MAX).status, good);
    print_message("%ld allocations refused%s: %ld times it did not matter\n", n,
                  all_that_follow ? " with all that follow" : " alone", n_survived);
    for (size_t i = 0; i < N_LIBRARIES; i++)
        if (libraries[i].n_lost)
            print_message("%s lost %ld blocks\n", libraries[i].name + 1, libraries[i].n_lost);
}

static void refuse(run *what, enum csin_status good)
{
    if (!CAN_REFUSE)
        skip();
    refuse_each(what, good, true);
    refuse_each(what, good, false);
}

static void a_fabric_fails_cleanly_without_memory(void **state)
{
    (void)state;
    refuse(fabric_and_routes, CSIN_OK);
}

static void a_one_line_fabric_fails_cleanly_without_memory(void **state)
{
    (void)state;
    refuse(fabric_of_one_line, CSIN_OK);
}

static void a_wrong_fabric_fails_cleanly_without_memory(void **state)
{
    (void)state;
    refuse(wrong_fabric, CSIN_E_INPUT);
}

static void a_scenario_fails_cleanly_without_memory(void **state)
{
    (void)state;
    refuse(scenario, CSIN_OK);
}

static void the_solver_fails_cleanly_without_memory(void **state)
{
    (void)state;
    refuse(fair, CSIN_OK);
}

static void the_fluid_engine_fails_cleanly_without_memory(void **state)
{
    (void)state;
    refuse(fluid, CSIN_OK);
}

static void an_event_of_the_fluid_engine_allocates_nothing(void **state)
{
    (void)state;
    if (!CAN_REFUSE || CSIN_CHECKS)
        skip(); /* the solver's own check allocates */
    struct csin_diag *diag = csin_diag_create();
    struct csin_arena *arena = csin_arena_create();
    struct csin_fabric *f;
    struct csin_routes *routes;
    assert_int_equal(csin_fabric_open(diag, arena, (struct csin_loc){0},
                                      "leaf:3 spine:2 host:2 storage:1 200Gb/s", &f, NULL),
                     CSIN_OK);
    assert_int_equal(csin_routes_create(f, NULL, CSIN_SPRAY, 1, diag, &routes), CSIN_OK);
    long few = allocations_of(f, routes, 1000), many = allocations_of(f, routes, 20000);
    print_message("%ld allocations for 1,000 transfers, %ld for 20,000\n", few, many);
    assert_true(many - few <= 4); /* a list that found out later how long it gets */
    csin_routes_destroy(routes);
    csin_fabric_destroy(f);
    csin_arena_destroy(arena);
    csin_diag_destroy(diag);
}

static int write_scenario(void **state)
{
    (void)state;
    int fd = mkstemp(scenario_path);
    ssize_t n = fd < 0 ? -1 : write(fd, scenario_yaml, sizeof scenario_yaml - 1);
    close(fd);
    return n == sizeof scenario_yaml - 1 ? 0 : -1;
}

static int remove_scenario(void **state)
{
    (void)state;
    return unlink(scenario_path);
}

CHECK_MAIN(cmocka_unit_test(a_fabric_fails_cleanly_without_memory),
           cmocka_unit_test(a_one_line_fabric_fails_cleanly_without_memory),
           cmocka_unit_test(a_wrong_fabric_fails_cleanly_without_memory),
           cmocka_unit_test(the_solver_fails_cleanly_without_memory),
           cmocka_unit_test(the_fluid_engine_fails_cleanly_without_memory),
           cmocka_unit_test(an_event_of_the_fluid_engine_allocates_nothing),
           cmocka_unit_test_setup_teardown(a_scenario_fails_cleanly_without_memory, write_scenario,
                                           remove_scenario))
