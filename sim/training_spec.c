/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of a step `training`. */
#include "sim/training.h"

const char *const csin_sharding_names[] = {"ddp", "zero-1", "fsdp", NULL};
const char *const csin_precision_names[] = {"fp32", "tf32", "fp16", "bf16", NULL};
const char *const csin_part_names[] = {
    "compute",  "tensor-parallel", "expert-parallel", "data-parallel",
    "pipeline", "bubble",          "waiting",         NULL};
static const char *const no_yes[] = {"no", "yes", NULL};

static const struct csin_range one_up = {1, 1e9};
static const struct csin_range gpus_range = {1, 1024};
static const struct csin_range stages_range = {1, CSIN_MAX_STAGES};
static const struct csin_range degree_range = {1, 65536};
static const struct csin_range prefetch_range = {0, CSIN_MAX_LAYERS};
static const struct csin_range hosts_range = {1, 1000000};
static const struct csin_range share_range = {1e-6, 1};
static const struct csin_range variation_range = {0, 3};

#define KEY(record, name, flags, member, reader, arg)                                              \
    {                                                                                              \
        name, flags, offsetof(struct record, member), csin_yaml_##reader, arg                      \
    }

static const struct csin_key gpu_keys[] = {
    KEY(csin_gpu_spec, "peak", 0, peak, speed, NULL),
    KEY(csin_gpu_spec, "efficiency", 0, efficiency, ratio, &share_range),
    KEY(csin_gpu_spec, "link", 0, link_Bps, rate, NULL),
    {0}};

static const struct csin_key measured_keys[] = {
    KEY(csin_measured_spec, "step", CSIN_REQUIRED, step_s, time, NULL),
    KEY(csin_measured_spec, "hosts", CSIN_REQUIRED, hosts, count, &hosts_range),
    {0}};

static enum csin_status read_measured(struct csin_yaml_node node, void *field,
                                      const struct csin_key *key)
{
    (void)key;
    struct csin_measured_spec *measured = field;
    measured->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, measured, measured_keys);
}

#define TRAINING(name, flags, member, reader, arg)                                                 \
    KEY(csin_training_spec, name, flags, member, reader, arg)
const struct csin_key csin_training_keys[] = {
    {"model", CSIN_REQUIRED, offsetof(struct csin_training_spec, model), csin_read_model, NULL},
    TRAINING("sequence", 0, sequence, count, &one_up),
    TRAINING("batch", 0, batch, count, &one_up),
    TRAINING("batch-per-gpu", 0, batch_per_gpu, count, &one_up),
    TRAINING("micro-batch", 0, micro_batch, count, &one_up),
    TRAINING("gpus", 0, gpus, count, &gpus_range),
    TRAINING("pipeline", 0, pipeline, count, &stages_range),
    TRAINING("tensor", 0, tensor, count, &gpus_range),
    TRAINING("expert", 0, expert, count, &degree_range),
    TRAINING("data", 0, sharding, choice, csin_sharding_names),
    TRAINING("algorithm", 0, algorithm, choice, csin_algorithm_names),
    TRAINING("chunk", 0, chunk, size, NULL),
    TRAINING("bucket", 0, bucket, size, NULL),
    TRAINING("prefetch", 0, prefetch, count, &prefetch_range),
    TRAINING("precision", 0, precision, choice, csin_precision_names),
    TRAINING("gradients", 0, gradients, choice, csin_precision_names),
    TRAINING("recompute", 0, recompute, choice, no_yes),
    TRAINING("gpu", 0, gpu, section, gpu_keys),
    {"measured", 0, offsetof(struct csin_training_spec, measured), read_measured, NULL},
    TRAINING("varies", 0, varies, ratio, &variation_range),
    {0}};
