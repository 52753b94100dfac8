/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A schedule made by hand on a fabric of one line, for an engine:
 *
 *     struct world w;
 *     world_open(&w, &csin_engine_fluid, "leaf:1 spine:1 host:3 200Gb/s");
 *     uint32_t op = world_transfer(&w, 0, 1, 25000000);
 *     world_run(&w);
 *     assert_close(w.got.finish_s[op], 1e-3, 1e-9);
 *     world_close(&w); */
#ifndef CSIN_TESTS_SIM_WORLD_H
#define CSIN_TESTS_SIM_WORLD_H

#include "tests/check.h"

#include "sim/engine.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#define MIB (1u << 20)

struct world {
    const struct csin_engine *engine;
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_fabric *fabric;
    struct csin_routes *routes;
    struct csin_schedule s;
    struct csin_run run;
    struct csin_run_result got;
};

/* Makes the routes again, by another policy or after a change of the fabric. */
static inline void world_routes(struct world *w, enum csin_policy policy)
{
    csin_routes_destroy(w->routes);
    w->routes = NULL;
    assert_int_equal(csin_routes_create(w->fabric, NULL, policy, 1, w->diag, &w->routes), CSIN_OK);
    w->run.routes = w->routes;
}

static inline void world_open(struct world *w, const struct csin_engine *engine, const char *line)
{
    struct csin_fabric_spec spec;
    memset(w, 0, sizeof *w);
    w->engine = engine;
    w->arena = csin_arena_create();
    w->diag = csin_diag_create();
    assert_int_equal(
        csin_fabric_spec_line(w->arena, w->diag, (struct csin_loc){"test", 0, 0}, line, &spec),
        CSIN_OK);
    assert_int_equal(csin_fabric_create(&spec, w->diag, &w->fabric), CSIN_OK);
    csin_schedule_init(&w->s, w->fabric->n_hosts, 1);
    w->run = (struct csin_run){
        .fabric = w->fabric, .schedule = &w->s, .horizon_s = HUGE_VAL, .watch = true};
    world_routes(w, CSIN_DMODK);
}

static inline uint32_t world_transfer(struct world *w, uint32_t src, uint32_t dst, uint64_t bytes)
{
    w->s.bytes += bytes;
    return csin_schedule_transfer(&w->s, src, dst, bytes);
}

/* Nothing more comes: one span over it all, unless there are spans. */
static inline void world_seal(struct world *w)
{
    if (w->s.n_spans == 0)
        csin_schedule_span(&w->s, (struct csin_span){0, 0, 0, 0, w->s.n_ops, CSIN_NONE, CSIN_NONE});
}

static inline void world_run(struct world *w)
{
    world_seal(w);
    csin_run_result_finish(&w->got);
    enum csin_status status = csin_schedule_check(&w->s, w->diag);
    if (status == CSIN_OK)
        status = w->engine->run(&w->run, w->diag, &w->got);
    assert_says(&w->diag, "");
    assert_int_equal(status, CSIN_OK);
}

static inline void world_fail(struct world *w, const char *says)
{
    world_seal(w);
    csin_run_result_finish(&w->got);
    assert_int_equal(w->engine->run(&w->run, w->diag, &w->got), CSIN_E_FAILED);
    assert_says(&w->diag, says);
    assert_null(w->got.memory); /* untouched */
}

static inline void world_close(struct world *w)
{
    csin_run_result_finish(&w->got);
    csin_schedule_finish(&w->s);
    csin_routes_destroy(w->routes);
    csin_fabric_destroy(w->fabric);
    csin_diag_destroy(w->diag);
    csin_arena_destroy(w->arena);
}

/* The k-th arc of the path of an operation, at the beginning of the run. */
static inline uint32_t world_arc(const struct world *w, uint32_t op, uint32_t k)
{
    struct csin_path path;
    assert_true(csin_routes_host_path(w->routes, w->s.src[op], w->s.dst[op],
                                      csin_flow_key(w->s.src[op], w->s.dst[op]), &path));
    assert_true(k < path.n);
    return path.arcs[k];
}

static inline const struct csin_arc_watch *world_watch(const struct world *w, uint32_t op,
                                                       uint32_t k)
{
    return &w->got.arcs[world_arc(w, op, k)];
}

/* Runs all tests once with each engine, in `engine`. */
#define WORLD_MAIN(...)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        int failed = 0;                                                                            \
        setlocale(LC_ALL, "");                                                                     \
        for (size_t i = 0; csin_engine_names[i]; i++) {                                            \
            engine = csin_engine_find(csin_engine_names[i]);                                       \
            failed += cmocka_run_group_tests_name(engine->name, tests, NULL, NULL);                \
        }                                                                                          \
        return failed;                                                                             \
    }

#endif
