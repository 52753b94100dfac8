/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One point of a sweep: the scenario as changed, simulated, in numbers. */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "plan/sweep_axes.h"
#include "sim/cache.h"
#include "sim/simulate.h"
#include "topo/bom.h"

/* ---- runs alone that are known ---- */

enum { SLOTS = 4096, ROW_MAX = 64 };

struct csin_alone {
    struct {
        struct csin_sha256 key;
        uint32_t n;
        double row[ROW_MAX];
    } slots[SLOTS];
};

struct csin_alone *csin_alone_create(void)
{
    return calloc(1, sizeof(struct csin_alone));
}

void csin_alone_destroy(struct csin_alone *alone)
{
    free(alone);
}

static uint32_t slot_of(const struct csin_sha256 *key)
{
    char head[9];
    memcpy(head, key->hex, 8);
    head[8] = '\0';
    return (uint32_t)strtoul(head, NULL, 16) % SLOTS;
}

/* The row of an owner alone, from memory if the same has run before. */
static enum csin_status run_alone(const struct csin_scenario *sc, uint32_t owner,
                                  struct csin_alone *alone, struct csin_diag *diag, double *row)
{
    static const struct csin_simulation options;
    struct csin_schedule schedule;
    uint32_t n = csin_owner_row_size(sc, owner);
    if (!alone || n > ROW_MAX)
        return csin_simulate_alone(sc, owner, &options, diag, row);
    enum csin_status status = csin_scenario_schedule(sc, owner, diag, &schedule);
    if (status != CSIN_OK)
        return status;
    struct csin_sha256 key = csin_cache_key(&schedule, sc->fabric, sc->routes, sc->seed, sc->engine,
                                            sc->congestion);
    csin_schedule_finish(&schedule);
    uint32_t slot = slot_of(&key);
    if (key.hex[0] && alone->slots[slot].n == n &&
        strcmp(alone->slots[slot].key.hex, key.hex) == 0) {
        memcpy(row, alone->slots[slot].row, n * sizeof *row);
        return CSIN_OK;
    }
    status = csin_simulate_alone(sc, owner, &options, diag, row);
    if (status == CSIN_OK) {
        alone->slots[slot].key = key;
        alone->slots[slot].n = n;
        memcpy(alone->slots[slot].row, row, n * sizeof *row);
    }
    return status;
}

/* ---- what a point changes ---- */

struct variation {
    struct csin_variant variant;
    struct csin_change *scenario, *fabric;
    struct csin_fault *faults;
};

static bool make_room(struct variation *v, const struct csin_sweep *s, struct csin_arena *arena)
{
    uint32_t n = 0;
    for (uint32_t a = 0; a < s->n_axes; a++)
        n += s->axes[a].n_paths;
    v->scenario = csin_arena_alloc(arena, n, sizeof *v->scenario);
    v->fabric = csin_arena_alloc(arena, n, sizeof *v->fabric);
    v->faults = csin_arena_alloc(arena, s->n_axes, sizeof *v->faults);
    v->variant.scenario.items = v->scenario;
    v->variant.fabric.changes.items = v->fabric;
    v->variant.fabric.faults = v->faults;
    return v->scenario && v->fabric && v->faults;
}

/* fabric.zones.a.spines is zones.a.spines of the fabric; everything else is the scenario's. */
static void add_path(struct variation *v, const struct csin_text *path,
                     const struct csin_value *value)
{
    size_t length;
    const char *behind = csin_path_first(path->s, &length);
    bool of_fabric = behind && length == 6 && strncmp(path->s, "fabric", 6) == 0;
    if (of_fabric) {
        struct csin_text inner = {behind, path->loc};
        inner.loc.col += (uint32_t)(behind - path->s);
        v->fabric[v->variant.fabric.changes.n++] = (struct csin_change){inner, *value};
    } else {
        v->scenario[v->variant.scenario.n++] = (struct csin_change){*path, *value};
    }
}

static void add_fault(struct variation *v, const struct csin_sweep *s, const struct csin_axis *axis,
                      const struct csin_axis_value *value, uint32_t repetition)
{
    bool each = axis->kind >= CSIN_AXIS_EACH_CABLE;
    struct csin_fault fault = {.is_switch = axis->kind == CSIN_AXIS_DEAD_SWITCHES ||
                                            axis->kind == CSIN_AXIS_EACH_SWITCH,
                               .among = axis->among,
                               .name = each ? value->value.text : NULL,
                               .n = each ? 0 : (uint64_t)value->number.x,
                               .seed = s->seed + repetition,
                               .loc = value->value.loc};
    if (each ? strcmp(value->value.text, "none") != 0 : fault.n > 0)
        v->faults[v->variant.fabric.n_faults++] = fault;
}

static bool make_variation(const struct csin_sweep *s, const struct csin_point *point,
                           struct csin_arena *arena, struct variation *v)
{
    if (!make_room(v, s, arena))
        return false;
    for (uint32_t a = 0; a < s->n_axes; a++) {
        const struct csin_axis *axis = &s->axes[a];
        const struct csin_axis_value *value = &axis->values[point->at[a]];
        for (uint32_t i = 0; i < axis->n_paths; i++)
            add_path(v, &axis->paths[i], &value->value);
        if (axis->kind != CSIN_AXIS_VALUES)
            add_fault(v, s, axis, value, point->repetition);
    }
    return true;
}

enum csin_status csin_axis_try(const struct csin_sweep *s, uint32_t axis, struct csin_diag *diag)
{
    struct variation v = {0};
    struct csin_scenario *sc = NULL;
    struct csin_overrides overrides = {.engine = s->engine, .variant = &v.variant};
    if (!make_room(&v, s, s->arena)) /* messages borrow from it */
        return csin_no_memory(diag);
    for (uint32_t i = 0; i < s->axes[axis].n_paths; i++)
        add_path(&v, &s->axes[axis].paths[i], &s->axes[axis].values[0].value);
    enum csin_status status = csin_scenario_open(s->scenario, &overrides, s->arena, diag, &sc);
    csin_scenario_destroy(sc);
    return status;
}

/* ---- running it ---- */

static enum csin_status price(const struct csin_sweep *s, const struct csin_scenario *sc,
                              struct csin_arena *arena, struct csin_diag *diag, FILE *out)
{
    struct csin_bom bom;
    enum csin_status status = csin_bom_create(sc->fabric, s->parts, !sc->inputs[1].path, arena,
                                              diag, &bom);
    if (status != CSIN_OK)
        return status;
    struct {
        const char *name, *unit;
        double x;
    } rows[] = {{"network_price", s->parts->currency.s, bom.network.price},
                {"network_power", "W", bom.network.power_W},
                {"switches", "1", (double)bom.of[CSIN_PART_SWITCH].n},
                {"cables", "1", (double)bom.of[CSIN_PART_CABLE].n}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        fprintf(out, "cost,,,%s,%s,%s\n", rows[i].name, rows[i].unit, csin_show_exact(rows[i].x).s);
    return CSIN_OK;
}

static enum csin_status simulate(const struct csin_scenario *sc, struct csin_alone *known,
                                 struct csin_diag *diag, struct csin_result **ret_result)
{
    struct csin_schedule schedule = {0};
    struct csin_simulation options = {0};
    bool is_alone = sc->n_owners == 1 && sc->n_events == 0;
    enum csin_status status = csin_scenario_schedule(sc, CSIN_NONE, diag, &schedule);
    double **rows = csin_arena_alloc(sc->arena, sc->n_owners, sizeof *rows);
    if (!rows)
        status = csin_first(status, csin_no_memory(diag));
    for (uint32_t owner = 0; status == CSIN_OK && !is_alone && owner < sc->n_owners; owner++) {
        rows[owner] = csin_arena_alloc(sc->arena, csin_owner_row_size(sc, owner), sizeof **rows);
        status = rows[owner] ? run_alone(sc, owner, known, diag, rows[owner])
                             : csin_no_memory(diag);
    }
    options.alone = is_alone ? NULL : rows;
    if (status == CSIN_OK)
        status = csin_simulate(sc, &schedule, &options, diag, ret_result);
    csin_schedule_finish(&schedule);
    return status;
}

/* Files that are others than when the sweep was opened would give points that do not belong
 * together. */
static enum csin_status check_inputs(const struct csin_sweep *s, const struct csin_scenario *sc,
                                     struct csin_diag *diag)
{
    for (uint32_t i = 0; i < sc->n_inputs; i++)
        for (uint32_t k = 0; k < s->n_files; k++)
            if (strcmp(sc->inputs[i].name, s->files[k].name) == 0 &&
                strcmp(sc->inputs[i].sha256.hex, s->files[k].sha256.hex) != 0)
                return csin_error(diag, CSIN_E_NO, 892, (struct csin_loc){sc->inputs[i].path, 0, 0},
                                  "'%s' was changed while the sweep ran", s->files[k].name);
    return CSIN_OK;
}

enum csin_status csin_point_run(const struct csin_sweep *s, const struct csin_point *point,
                                struct csin_alone *alone,
                                void (*write)(const struct csin_result *result, FILE *out),
                                struct csin_arena *arena, struct csin_diag *diag, FILE *out)
{
    struct variation v = {0};
    struct csin_scenario *sc = NULL;
    struct csin_result *result = NULL;
    if (!make_variation(s, point, arena, &v))
        return csin_no_memory(diag);
    struct csin_overrides overrides = {.engine = s->engine, .variant = &v.variant};
    if (s->seed_given || point->repetition > 0) {
        overrides.seed = s->seed + point->repetition;
        overrides.seed_given = true;
    }
    enum csin_status status = csin_scenario_open(s->scenario, &overrides, arena, diag, &sc);
    if (status == CSIN_OK)
        status = check_inputs(s, sc, diag);
    if (status == CSIN_OK)
        status = simulate(sc, alone, diag, &result);
    if (status == CSIN_OK) {
        write(result, out);
        if (s->parts)
            status = price(s, sc, arena, diag, out);
    }
    csin_result_destroy(result);
    csin_scenario_destroy(sc);
    return status;
}
