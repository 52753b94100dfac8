/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who does what in a training step: layers to stages, GPUs to units, gradients to buckets. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "sim/training.h"

/* Buckets and blocks of a stage; with more of them the operations would become many and nothing
 * else would change. */
#define MAX_BLOCKS 64u

static double element_bytes(enum csin_precision precision)
{
    return precision == CSIN_FP32 || precision == CSIN_TF32 ? 4 : 2;
}

/* Of bytes; no more than any transfer could ever move. */
static uint64_t whole(double x)
{
    return x > 0 ? (uint64_t)llround(fmin(x, 0x1p50)) : 0;
}

struct layer_times {
    double forward_s, backward_s;
};

/* Of one micro-batch on one GPU, whose tensor-parallel group divides the work evenly. */
static struct layer_times times_of(const struct csin_training *t,
                                   const struct csin_model_layer *layer, uint64_t micro_batch)
{
    double samples = (double)micro_batch / t->tensor;
    struct layer_times times = {layer->forward_s * samples, layer->backward_s * samples};
    if (!layer->timed && t->efficiency > 0) {
        double speed = t->peak_flop_per_s * t->efficiency;
        times.forward_s = layer->forward_flop * samples / speed;
        times.backward_s = csin_layer_backward_flop(layer) * samples / speed;
    }
    if (t->recompute && !layer->frozen)
        times.backward_s += times.forward_s;
    return times;
}

/* ---- layers to stages ---- */

/* What a layer costs, in whatever the model is given in. */
static double cost_of(const struct csin_model_layer *layer)
{
    return layer->timed ? layer->forward_s + layer->backward_s
                        : layer->forward_flop + csin_layer_backward_flop(layer);
}

/* Stages that layers first..n-1 need when none may cost more than `most` (and each has a layer). */
static uint32_t stages_needed(const struct csin_model *model, uint32_t first, double most)
{
    uint32_t stages = 0;
    for (uint32_t i = first; i < model->n_layers;) {
        double sum = cost_of(&model->layers[i++]);
        while (i < model->n_layers && sum + cost_of(&model->layers[i]) <= most)
            sum += cost_of(&model->layers[i++]);
        stages++;
    }
    return stages;
}

/* The smallest cost of the most expensive stage, to rounding. */
static double smallest_most(const struct csin_model *model, uint32_t n_stages)
{
    double low = 0, high = 0;
    for (uint32_t i = 0; i < model->n_layers; i++) {
        double cost = cost_of(&model->layers[i]);
        low = fmax(low, cost);
        high += cost;
    }
    high *= 1 + 1e-12;
    low *= 1 + 1e-12;
    for (unsigned i = 0; i < 100 && low < high; i++) {
        double middle = low + (high - low) / 2;
        if (stages_needed(model, 0, middle) <= n_stages)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* Contiguous layers, so that the most expensive stage is as cheap as can be and the others come
 * near their fair share of what is left. */
static void split_layers(const struct csin_model *model, uint32_t n_stages,
                         struct csin_stage *stages)
{
    double most = smallest_most(model, n_stages), left = 0;
    uint32_t at = 0;
    for (uint32_t i = 0; i < model->n_layers; i++)
        left += cost_of(&model->layers[i]);
    for (uint32_t s = 0; s < n_stages; s++) {
        uint32_t after = n_stages - s - 1, last = model->n_layers - after;
        double sum = 0, share = left / (n_stages - s);
        stages[s].first_layer = at;
        while (at < last) {
            double cost = cost_of(&model->layers[at]);
            bool must = at == stages[s].first_layer || after == 0 ||
                        stages_needed(model, at, most) > after;
            if (!must && (sum + cost > most || sum + cost / 2 > share))
                break;
            sum += cost;
            at++;
        }
        stages[s].n_layers = at - stages[s].first_layer;
        left -= sum;
    }
}

/* ---- layers to blocks ---- */

static void add_to_block(const struct csin_training *t, const struct csin_training_layout *l,
                         uint32_t layer, struct csin_block *block)
{
    const struct csin_model_layer *from = &t->model.layers[layer];
    struct layer_times times = times_of(t, from, l->micro_batch);
    block->forward_s += times.forward_s;
    block->backward_s += times.backward_s;
    double weight = element_bytes(t->precision), gradient = element_bytes(t->gradients);
    if (from->frozen && t->sharding != CSIN_FSDP)
        return;
    block->weight_bytes += whole(from->parameters * weight);
    block->expert_weight_bytes += whole(from->expert_parameters * weight);
    if (from->frozen)
        return;
    block->gradient_bytes += whole(from->parameters * gradient);
    block->expert_gradient_bytes += whole(from->expert_parameters * gradient);
}

static uint64_t stage_bytes(const struct csin_training *t, const struct csin_stage *stage)
{
    double bytes = 0;
    for (uint32_t i = 0; i < stage->n_layers; i++) {
        const struct csin_model_layer *layer = &t->model.layers[stage->first_layer + i];
        bytes += (layer->parameters + layer->expert_parameters) * element_bytes(t->gradients);
    }
    return whole(bytes);
}

/* ddp and zero-1: buckets fill in the order of the backward pass, each until it has bucket_bytes
 * (Li and others, PyTorch Distributed, VLDB 2020). fsdp: a block is a layer, or several that
 * follow each other where there are many. Blocks are numbered by the forward pass. */
static void make_blocks(const struct csin_training *t, struct csin_training_layout *l,
                        struct csin_stage *stage)
{
    uint64_t enough = t->bucket_bytes, least = stage_bytes(t, stage) / MAX_BLOCKS;
    uint32_t each = (stage->n_layers + MAX_BLOCKS - 1) / MAX_BLOCKS, n = 0, in_block = 0;
    enough = enough > least ? enough : least + 1;
    struct csin_block *blocks = l->blocks + l->n_blocks;
    for (uint32_t i = stage->n_layers; i-- > 0;) {
        struct csin_block *block = &blocks[n];
        add_to_block(t, l, stage->first_layer + i, block);
        in_block++;
        bool full = t->sharding == CSIN_FSDP
                        ? in_block == each
                        : block->gradient_bytes + block->expert_gradient_bytes >= enough;
        if (full || i == 0) {
            n++;
            in_block = 0;
        }
    }
    for (uint32_t i = 0; i < n / 2; i++) {
        struct csin_block b = blocks[i];
        blocks[i] = blocks[n - 1 - i];
        blocks[n - 1 - i] = b;
    }
    stage->first_block = l->n_blocks;
    stage->n_blocks = n;
    l->n_blocks += n;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bytes = blocks[i].gradient_bytes + blocks[i].expert_gradient_bytes;
        l->largest_block_bytes = bytes > l->largest_block_bytes ? bytes : l->largest_block_bytes;
    }
}

static void fill_stage(const struct csin_training *t, struct csin_training_layout *l,
                       struct csin_stage *stage)
{
    double bytes = element_bytes(t->precision) * (double)l->micro_batch;
    double ring = 2.0 * (t->tensor - 1) / t->tensor, tensor = 0, expert = 0;
    for (uint32_t i = 0; i < stage->n_layers; i++) {
        const struct csin_model_layer *layer = &t->model.layers[stage->first_layer + i];
        struct layer_times times = times_of(t, layer, l->micro_batch);
        stage->forward_s += times.forward_s;
        stage->backward_s += times.backward_s;
        tensor += layer->tensor_elements;
        expert += layer->expert_elements;
        stage->output_bytes = whole(layer->output_elements * bytes);
    }
    unsigned back = t->recompute ? 2 : 1;
    stage->tensor_bytes = ring * tensor * bytes;
    stage->tensor_back_bytes = back * stage->tensor_bytes;
    stage->expert_bytes = t->expert > 1 ? whole(expert * bytes) : 0;
    stage->expert_back_bytes = back * stage->expert_bytes;
    make_blocks(t, l, stage);
    l->compute_s += (stage->forward_s + stage->backward_s) * (double)l->n_micro_batches /
                    t->pipeline;
}

/* ---- GPUs to units ---- */

static void make_units(const struct csin_training *t, struct csin_training_layout *l)
{
    uint32_t per_stage = l->n_replicas * t->tensor; /* GPUs */
    for (uint32_t g = 0; g < l->n_gpus;) {
        uint32_t host = g / t->gpus, stage = g / per_stage;
        uint32_t host_end = (host + 1) * t->gpus, stage_end = (stage + 1) * per_stage;
        uint32_t end = host_end < stage_end ? host_end : stage_end;
        struct csin_stage *of = &l->stages[stage];
        if (of->n_units++ == 0)
            of->first_unit = l->n_units;
        l->units[l->n_units++] = (struct csin_unit){.host = host,
                                                    .stage = stage,
                                                    .first = (g - stage * per_stage) / t->tensor,
                                                    .n = (end - g) / t->tensor};
        g = end;
    }
}

/* ---- what has to come out even ---- */

struct check {
    const struct csin_training *t;
    struct csin_diag *diag;
    enum csin_status status;
};

#define FAIL(c, code, loc, ...)                                                                    \
    ((c)->status = csin_first((c)->status,                                                         \
                              csin_error((c)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__)))

static void check_experts(struct check *c, const struct csin_training_layout *l)
{
    const struct csin_training *t = c->t;
    uint32_t in_host = t->gpus / t->tensor;
    if (l->n_replicas % t->expert != 0)
        FAIL(c, 904, t->loc, "%s replicas do not divide into expert groups of %s",
             csin_show_count(l->n_replicas).s, csin_show_count(t->expert).s);
    else if (t->expert > 1 && t->expert % in_host != 0 && in_host % t->expert != 0)
        FAIL(c, 904, t->loc, "expert groups of %s and hosts with %s replicas do not fit each other",
             csin_show_count(t->expert).s, csin_show_count(in_host).s);
    else if (t->expert > 1 && l->n_replicas % in_host != 0)
        FAIL(c, 904, t->loc,
             "expert groups need stages of whole hosts; a stage has %s replicas, a host %s",
             csin_show_count(l->n_replicas).s, csin_show_count(in_host).s);
}

static void check_batch(struct check *c, struct csin_training_layout *l)
{
    const struct csin_training *t = c->t;
    uint64_t of_replica = l->batch / l->n_replicas;
    if (l->batch % l->n_replicas != 0) {
        FAIL(c, 904, t->loc, "a batch of %s samples over %s data-parallel replicas leaves %s over",
             csin_show_count(l->batch).s, csin_show_count(l->n_replicas).s,
             csin_show_count(l->batch % l->n_replicas).s);
        return;
    }
    l->micro_batch = t->micro_batch ? t->micro_batch : of_replica;
    l->n_micro_batches = of_replica / l->micro_batch;
    if (of_replica % l->micro_batch != 0)
        FAIL(c, 904, t->loc, "%s samples of a replica do not divide into micro-batches of %s",
             csin_show_count(of_replica).s, csin_show_count(l->micro_batch).s);
}

static enum csin_status check_layout(const struct csin_training *t, struct csin_diag *diag,
                                     struct csin_training_layout *l)
{
    struct check c = {t, diag, CSIN_OK};
    uint64_t group = (uint64_t)t->pipeline * t->tensor;
    if (t->gpus % t->tensor != 0)
        FAIL(&c, 904, t->loc, "tensor-parallel groups of %s GPUs do not fit hosts of %s",
             csin_show_count(t->tensor).s, csin_show_count(t->gpus).s);
    if (t->pipeline > t->model.n_layers)
        FAIL(&c, 904, t->loc, "%s pipeline stages of a model of %s layers",
             csin_show_count(t->pipeline).s, csin_show_count(t->model.n_layers).s);
    if (l->n_gpus % group != 0) {
        FAIL(&c, 904, t->loc, "%s GPUs do not divide into replicas of %s",
             csin_show_count(l->n_gpus).s, csin_show_count(group).s);
        csin_note(diag, t->loc,
                  "a replica has %s stage%s of %s GPU%s; there are %s hosts of %s GPUs",
                  csin_show_count(t->pipeline).s, t->pipeline == 1 ? "" : "s",
                  csin_show_count(t->tensor).s, t->tensor == 1 ? "" : "s",
                  csin_show_count(l->n_hosts).s, csin_show_count(t->gpus).s);
        return c.status;
    }
    l->n_replicas = (uint32_t)(l->n_gpus / group);
    l->batch = t->batch_per_gpu ? t->batch_per_gpu * l->n_gpus : t->batch;
    check_experts(&c, l);
    check_batch(&c, l);
    return c.status;
}

enum csin_status csin_training_lay_out(const struct csin_training *t, uint32_t n_hosts,
                                       struct csin_diag *diag,
                                       struct csin_training_layout *ret_layout)
{
    struct csin_training_layout l = {.n_hosts = n_hosts, .n_gpus = n_hosts * t->gpus};
    enum csin_status status = check_layout(t, diag, &l);
    if (status != CSIN_OK)
        return status;
    l.arena = csin_arena_create();
    size_t n_units = (size_t)n_hosts + t->pipeline;
    if (l.arena) {
        l.units = csin_arena_alloc(l.arena, n_units, sizeof *l.units);
        l.stages = csin_arena_alloc(l.arena, t->pipeline, sizeof *l.stages);
        l.blocks = csin_arena_alloc(l.arena, t->model.n_layers, sizeof *l.blocks);
    }
    if (!l.arena || !l.units || !l.stages || !l.blocks) {
        csin_training_layout_finish(&l);
        return csin_no_memory(diag);
    }
    split_layers(&t->model, t->pipeline, l.stages);
    make_units(t, &l);
    for (uint32_t s = 0; s < t->pipeline; s++)
        fill_stage(t, &l, &l.stages[s]);
    *ret_layout = l;
    return CSIN_OK;
}

void csin_training_layout_finish(struct csin_training_layout *layout)
{
    if (layout)
        csin_arena_destroy(layout->arena);
}
