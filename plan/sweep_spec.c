/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of sweep files. */
#include "plan/sweep_spec.h"

#include "sim/engine.h"
#include "topo/variant.h"

static const struct csin_range count_range = {2, 1e6};
static const struct csin_range one_up = {1, 1e6};
static const struct csin_range seed_range = {0, 1e15};
static const char *const scale_names[] = {"linear", "log", NULL};

static const struct csin_element path_element = {sizeof(struct csin_text), csin_yaml_text, NULL};
static const struct csin_element value_element = {sizeof(struct csin_value), csin_yaml_any, NULL};

#define AXIS(name, member, reader, arg)                                                            \
    {                                                                                              \
        name, 0, offsetof(struct csin_axis_spec, member), csin_yaml_##reader, arg                  \
    }
static const struct csin_key axis_keys[] = {AXIS("of", of, one_or_list, &path_element),
                                            AXIS("values", values, list, &value_element),
                                            AXIS("from", from, text, NULL),
                                            AXIS("to", to, text, NULL),
                                            AXIS("count", count, count, &count_range),
                                            AXIS("scale", scale, choice, scale_names),
                                            AXIS("sample", sample, count, &one_up),
                                            AXIS("among", among, choice, csin_among_names),
                                            {0}};

/* Its values alone, or a mapping that says more. */
static enum csin_status read_axis(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    struct csin_axis_spec *axis = field;
    struct csin_key values = {key->name, 0, 0, csin_yaml_list, &value_element};
    axis->loc = csin_yaml_loc(node);
    return csin_yaml_is_mapping(node) ? csin_yaml_read_keys(node, axis, axis_keys)
                                      : csin_yaml_list(node, &axis->values, &values);
}
static const struct csin_element axis_element = {sizeof(struct csin_axis_spec), read_axis, NULL};

#define SHOW(name, flags, member)                                                                  \
    {                                                                                              \
        name, flags, offsetof(struct csin_show_spec, member), csin_yaml_text, NULL                 \
    }
static const struct csin_key show_keys[] = {SHOW("metric", CSIN_REQUIRED, metric),
                                            SHOW("over", CSIN_REQUIRED, over),
                                            SHOW("by", 0, by),
                                            SHOW("title", 0, title),
                                            {0}};
static const struct csin_element show_element = {sizeof(struct csin_show_spec), csin_yaml_section,
                                                 show_keys};

static const struct csin_foreign scenario = {
    "a scenario", "'csin sim' simulates one; a sweep names it: scenario: FILE"};
static const struct csin_foreign fabric = {
    "a fabric", "'csin topo' shows fabrics; a sweep names a scenario, and that its fabric"};

#define SWEEP(name, flags, member, reader, arg)                                                    \
    {                                                                                              \
        name, flags, offsetof(struct csin_sweep_spec, member), csin_yaml_##reader, arg             \
    }
static const struct csin_key sweep_keys[] = {
    SWEEP("sweep", CSIN_REQUIRED, name, name, NULL),
    SWEEP("scenario", CSIN_REQUIRED, scenario, text, NULL),
    SWEEP("parts", 0, parts, text, NULL),
    SWEEP("seed", 0, seed, count, &seed_range),
    SWEEP("repeat", 0, repeat, count, &one_up),
    SWEEP("sample", 0, sample, count, &one_up),
    SWEEP("engine", 0, engine, choice, csin_engine_names),
    SWEEP("axes", CSIN_REQUIRED, axes, map, &axis_element),
    SWEEP("constraints", 0, constraints, one_or_list, &path_element),
    SWEEP("show", 0, show, one_or_list, &show_element),
    {"jobs", CSIN_FOREIGN, 0, NULL, &scenario},
    {"storage", CSIN_FOREIGN, 0, NULL, &scenario},
    {"switch-models", CSIN_FOREIGN, 0, NULL, &fabric},
    {0}};

enum csin_status csin_sweep_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                      const char *file, const char *text, size_t bytes,
                                      struct csin_sweep_spec *ret_spec)
{
    struct csin_sweep_spec spec = {.file = file};
    enum csin_status status = csin_yaml_read(arena, diag, file, text, bytes, "a sweep", sweep_keys,
                                             &spec);
    *ret_spec = spec;
    return status;
}

bool csin_sweep_is(const char *text, size_t bytes)
{
    static const char *const names[] = {"sweep", NULL};
    return csin_yaml_top_has(text, bytes, names);
}
