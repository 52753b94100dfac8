/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/model.h"

#include <math.h>
#include <string.h>

#include "base/units.h"

enum csin_activation { GELU, SWIGLU };
static const char *const activation_names[] = {"gelu", "swiglu", NULL};
static const char *const embeddings_names[] = {"untied", "tied", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};

/* Published and computed numbers of parameters may differ by this much. */
#define PARAMETERS_TOLERANCE 0.01
#define PARAMETERS_MAX 1e15

static const struct csin_range layers_range = {1, CSIN_MAX_LAYERS};
static const struct csin_range size_range = {1, 1e7};
static const struct csin_range any_size_range = {0, 1e7};
static const struct csin_range count_range = {1, 65536};
static const struct csin_range any_count_range = {0, 65536};
static const struct csin_range big_range = {0, 1e14};

#define KEY(record, name, flags, member, reader, arg)                                              \
    {                                                                                              \
        name, flags, offsetof(struct record, member), csin_yaml_##reader, arg                      \
    }

/* ---- reading ---- */

static const struct csin_key experts_keys[] = {
    KEY(csin_experts_spec, "count", CSIN_REQUIRED, count, count, &count_range),
    KEY(csin_experts_spec, "active", CSIN_REQUIRED, active, count, &count_range),
    KEY(csin_experts_spec, "ffn", CSIN_REQUIRED, ffn, count, &size_range),
    KEY(csin_experts_spec, "shared", 0, shared, count, &any_count_range),
    KEY(csin_experts_spec, "dense-layers", 0, dense, count, &any_count_range),
    {0}};

static enum csin_status read_experts(struct csin_yaml_node node, void *field,
                                     const struct csin_key *key)
{
    (void)key;
    struct csin_experts_spec *experts = field;
    experts->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, experts, experts_keys);
}

#define TRANSFORMER(name, flags, member, reader, arg)                                              \
    KEY(csin_transformer_spec, name, flags, member, reader, arg)
static const struct csin_key transformer_keys[] = {
    TRANSFORMER("layers", CSIN_REQUIRED, layers, count, &layers_range),
    TRANSFORMER("hidden", CSIN_REQUIRED, hidden, count, &size_range),
    TRANSFORMER("heads", CSIN_REQUIRED, heads, count, &count_range),
    TRANSFORMER("ffn", CSIN_REQUIRED, ffn, count, &size_range),
    TRANSFORMER("vocabulary", CSIN_REQUIRED, vocabulary, count, &size_range),
    TRANSFORMER("kv-heads", 0, kv_heads, count, &count_range),
    TRANSFORMER("positions", 0, positions, count, &any_size_range),
    TRANSFORMER("activation", 0, activation, choice, activation_names),
    TRANSFORMER("embeddings", 0, embeddings, choice, embeddings_names),
    {"experts", 0, offsetof(struct csin_transformer_spec, experts), read_experts, NULL},
    {0}};

static enum csin_status read_transformer(struct csin_yaml_node node, void *field,
                                         const struct csin_key *key)
{
    (void)key;
    struct csin_transformer_spec *transformer = field;
    transformer->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, transformer, transformer_keys);
}

#define LAYER(name, flags, member, reader, arg)                                                    \
    KEY(csin_layer_spec, name, flags, member, reader, arg)
static const struct csin_key layer_keys[] = {LAYER("name", 0, name, text, NULL),
                                             LAYER("parameters", 0, parameters, count, &big_range),
                                             LAYER("flops", 0, flop, work, NULL),
                                             LAYER("forward", 0, forward_s, time, NULL),
                                             LAYER("backward", 0, backward_s, time, NULL),
                                             LAYER("output", 0, output, count, &big_range),
                                             LAYER("repeat", 0, repeat, count, &layers_range),
                                             LAYER("frozen", 0, frozen, choice, no_yes),
                                             {0}};

static enum csin_status read_layer(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    (void)key;
    struct csin_layer_spec *layer = field;
    layer->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, layer, layer_keys);
}
static const struct csin_element layer_element = {sizeof(struct csin_layer_spec), read_layer, NULL};

static const struct csin_foreign scenario = {"a scenario", "'csin sim' simulates scenarios"};
static const struct csin_foreign fabric = {"a fabric", "'csin topo' shows fabrics"};
static const struct csin_key model_keys[] = {
    KEY(csin_model_spec, "model", CSIN_REQUIRED, name, name, NULL),
    KEY(csin_model_spec, "source", 0, source, text, NULL),
    KEY(csin_model_spec, "parameters", 0, parameters, count, &big_range),
    {"transformer", 0, offsetof(struct csin_model_spec, transformer), read_transformer, NULL},
    KEY(csin_model_spec, "layers", 0, layers, list, &layer_element),
    {"scenario", CSIN_FOREIGN, 0, NULL, &scenario},
    {"host-models", CSIN_FOREIGN, 0, NULL, &fabric},
    {0}};

enum csin_status csin_read_model(struct csin_yaml_node node, void *field,
                                 const struct csin_key *key)
{
    struct csin_model_spec *spec = field;
    struct csin_key file = {key->name, 0, 0, csin_yaml_text, NULL};
    spec->loc = csin_yaml_loc(node);
    if (!csin_yaml_is_mapping(node))
        return csin_yaml_read_value(node, &spec->file, &file);
    return csin_yaml_read_keys(node, spec, model_keys);
}

enum csin_status csin_model_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                      const char *file, const char *text, size_t bytes,
                                      struct csin_model_spec *ret_spec)
{
    struct csin_model_spec spec = {0};
    enum csin_status status = csin_yaml_read(arena, diag, file, text, bytes, "a model", model_keys,
                                             &spec);
    spec.loc = spec.name.loc;
    *ret_spec = spec;
    return status;
}

/* ---- layers ---- */

struct maker {
    struct csin_diag *diag;
    struct csin_model *model;
    enum csin_status status;
};

#define FAIL(m, code, loc, ...)                                                                    \
    ((m)->status = csin_first((m)->status,                                                         \
                              csin_error((m)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__)))

static double count_or(const struct csin_count *count, double otherwise)
{
    return count->loc.line ? (double)count->n : otherwise;
}

/* Attention: projections of queries and of the outcome, h x h each, and of keys and values, which
 * fewer heads may share (Ainslie and others, GQA, EMNLP 2023); scores and their sums over all
 * pairs of tokens, 4 h s FLOP a token, as Narayanan and others count (SC'21, appendix). */
static void add_attention(const struct csin_transformer_spec *t, double s,
                          struct csin_model_layer *layer)
{
    double h = (double)t->hidden.n,
           kv = h * count_or(&t->kv_heads, (double)t->heads.n) / (double)t->heads.n;
    double weights = 2 * h * h + 2 * h * kv;
    layer->parameters += weights + (t->activation.i == GELU ? 2 * h + 2 * kv : 0);
    layer->forward_flop += 2 * s * weights + 4 * h * s * s;
}

/* Weights of a feed-forward network: two matrices, or three where it has a gate (Shazeer, GLU
 * variants improve transformer, 2020). */
static double ffn_weights(const struct csin_transformer_spec *t, double ffn)
{
    return (t->activation.i == SWIGLU ? 3 : 2) * (double)t->hidden.n * ffn;
}

static void add_experts(const struct csin_transformer_spec *t, double s,
                        struct csin_model_layer *layer)
{
    const struct csin_experts_spec *e = &t->experts;
    double one = ffn_weights(t, (double)e->ffn.n), h = (double)t->hidden.n;
    double router = h * (double)e->count.n, shared = one * (double)e->shared.n;
    layer->parameters += router + shared;
    layer->expert_parameters += one * (double)e->count.n;
    layer->forward_flop += 2 * s * (router + shared + one * (double)e->active.n);
    layer->expert_elements = 2 * s * h * (double)e->active.n; /* there and back */
}

static struct csin_model_layer block(const struct csin_transformer_spec *t, double s,
                                     uint32_t index)
{
    double h = (double)t->hidden.n, ffn = (double)t->ffn.n;
    bool gelu = t->activation.i == GELU;
    struct csin_model_layer layer = {.output_elements = s * h, .tensor_elements = 2 * s * h};
    add_attention(t, s, &layer);
    layer.parameters += gelu ? 4 * h : 2 * h; /* two normalisations, with or without a shift */
    if (t->experts.loc.line && index >= t->experts.dense.n) {
        add_experts(t, s, &layer);
        return layer;
    }
    layer.parameters += ffn_weights(t, ffn) + (gelu ? ffn + h : 0);
    layer.forward_flop += 2 * s * ffn_weights(t, ffn);
    return layer;
}

static void add_transformer(struct maker *m, const struct csin_transformer_spec *t, double s)
{
    struct csin_model_layer *layers = m->model->layers;
    uint32_t n = (uint32_t)t->layers.n;
    double h = (double)t->hidden.n, table = (double)t->vocabulary.n * h;
    layers[0] = (struct csin_model_layer){.name = "embedding",
                                          .parameters = table + (double)t->positions.n * h,
                                          .output_elements = s * h};
    for (uint32_t i = 0; i < n; i++)
        layers[1 + i] = block(t, s, i);
    layers[1 + n] = (struct csin_model_layer){.name = "head",
                                              .parameters = (t->embeddings.i ? 0 : table) +
                                                            (t->activation.i == GELU ? 2 * h : h),
                                              .forward_flop = 2 * s * table};
}

static void check_transformer(struct maker *m, const struct csin_transformer_spec *t,
                              uint64_t sequence, struct csin_loc loc)
{
    uint64_t kv = t->kv_heads.loc.line ? t->kv_heads.n : t->heads.n;
    if (sequence == 0) {
        FAIL(m, 902, loc, "a transformer needs a 'sequence'");
        csin_note(m->diag, loc, "write how many tokens a sample has, such as sequence: 4096");
    }
    if (t->heads.n % kv != 0)
        FAIL(m, 902, t->kv_heads.loc, "%s heads cannot share %s heads of keys and values evenly",
             csin_show_count(t->heads.n).s, csin_show_count(kv).s);
    if (t->experts.loc.line && t->experts.active.n > t->experts.count.n)
        FAIL(m, 902, t->experts.active.loc, "%s active experts of %s",
             csin_show_count(t->experts.active.n).s, csin_show_count(t->experts.count.n).s);
    if (t->experts.loc.line && t->experts.dense.n >= t->layers.n)
        FAIL(m, 902, t->experts.dense.loc, "no layer has experts: %s of %s are dense",
             csin_show_count(t->experts.dense.n).s, csin_show_count(t->layers.n).s);
}

static void check_layer(struct maker *m, const struct csin_layer_spec *spec)
{
    bool timed = spec->forward_s.loc.line || spec->backward_s.loc.line;
    if (timed && spec->flop.loc.line)
        FAIL(m, 902, spec->flop.loc, "a layer with both FLOP and times");
    if (timed && !spec->forward_s.loc.line)
        FAIL(m, 902, spec->loc,
             "a layer with a time of the backward pass and none of the forward "
             "pass");
    if (spec->frozen.i && spec->backward_s.loc.line)
        FAIL(m, 902, spec->backward_s.loc, "a frozen layer has no backward pass");
}

static void add_layers(struct maker *m, const struct csin_list *list)
{
    const struct csin_layer_spec *specs = list->items;
    struct csin_model_layer *at = m->model->layers;
    for (uint32_t i = 0; i < list->n; i++) {
        const struct csin_layer_spec *spec = &specs[i];
        struct csin_model_layer layer = {
            .name = spec->name.s,
            .parameters = (double)spec->parameters.n,
            .forward_flop = spec->flop.x,
            .forward_s = spec->forward_s.x,
            .backward_s = spec->backward_s.loc.line ? spec->backward_s.x : 2 * spec->forward_s.x,
            .output_elements = (double)spec->output.n,
            .timed = spec->forward_s.loc.line != 0,
            .frozen = spec->frozen.i == 1};
        check_layer(m, spec);
        if (layer.frozen)
            layer.backward_s = 0;
        uint64_t repeat = spec->repeat.loc.line ? spec->repeat.n : 1;
        for (uint64_t k = 0; k < repeat; k++)
            *at++ = layer;
    }
}

static uint64_t count_layers(const struct csin_model_spec *spec)
{
    const struct csin_layer_spec *layers = spec->layers.items;
    uint64_t n = 0;
    if (spec->transformer.loc.line)
        return spec->transformer.layers.n + 2;
    for (uint32_t i = 0; i < spec->layers.n; i++)
        n += layers[i].repeat.loc.line ? layers[i].repeat.n : 1;
    return n;
}

static void sum_up(struct maker *m, const struct csin_model_spec *spec)
{
    struct csin_model *model = m->model;
    for (uint32_t i = 0; i < model->n_layers; i++) {
        const struct csin_model_layer *layer = &model->layers[i];
        double parameters = layer->parameters + layer->expert_parameters;
        model->parameters += parameters;
        model->trained += layer->frozen ? 0 : parameters;
        model->forward_flop += layer->forward_flop;
        model->model_flop += layer->forward_flop + csin_layer_backward_flop(layer);
        model->timed = model->timed || layer->timed;
        model->has_experts = model->has_experts || layer->expert_parameters > 0;
    }
    if (model->timed && model->forward_flop > 0)
        FAIL(m, 902, spec->loc, "model '%s' has layers with FLOP and layers with times",
             model->name);
    if (model->parameters > PARAMETERS_MAX)
        FAIL(m, 902, spec->loc, "model '%s' has more than 1e15 parameters", model->name);
    double published = (double)spec->parameters.n;
    if (spec->parameters.loc.line &&
        fabs(model->parameters - published) > PARAMETERS_TOLERANCE * published) {
        FAIL(m, 903, spec->parameters.loc, "model '%s' has %s parameters by its layers, not %s",
             model->name, csin_show_count((uint64_t)llround(model->parameters)).s,
             csin_show_count(spec->parameters.n).s);
        csin_note(m->diag, spec->parameters.loc,
                  "correct the layers, or leave 'parameters' out; 1 %% may be missing");
    }
}

enum csin_status csin_model_resolve(const struct csin_model_spec *spec, uint64_t sequence,
                                    struct csin_loc loc, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_model *ret_model)
{
    struct csin_model model = {.name = spec->name.s,
                               .has_sequence = spec->transformer.loc.line != 0};
    struct maker m = {diag, &model, CSIN_OK};
    if ((spec->transformer.loc.line != 0) == (spec->layers.loc.line != 0)) {
        csin_error(diag, CSIN_E_INPUT, 902, spec->loc, "model '%s' has %s", spec->name.s,
                   spec->layers.loc.line ? "both a transformer and layers"
                                         : "neither a transformer nor layers");
        return CSIN_E_INPUT;
    }
    uint64_t n = count_layers(spec);
    if (n == 0 || n > CSIN_MAX_LAYERS + 2)
        return csin_error(diag, CSIN_E_INPUT, 902, spec->loc, "model '%s' has %s layers; %s",
                          spec->name.s, csin_show_count(n).s,
                          n == 0 ? "it needs one" : "csin takes 4,096 at most");
    if (spec->transformer.loc.line)
        check_transformer(&m, &spec->transformer, sequence, loc);
    model.n_layers = (uint32_t)n;
    model.layers = csin_arena_alloc(arena, n, sizeof *model.layers);
    if (!model.layers)
        return csin_no_memory(diag);
    if (spec->transformer.loc.line)
        add_transformer(&m, &spec->transformer, (double)sequence);
    else
        add_layers(&m, &spec->layers);
    sum_up(&m, spec);
    if (m.status == CSIN_OK)
        *ret_model = model;
    return m.status;
}
