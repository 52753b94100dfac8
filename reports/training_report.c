/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/training_report.h"

#include <math.h>

#include "base/units.h"

#define BAR 30 /* columns */

static const char *const part_keys[CSIN_N_PARTS] = {
    "compute_s",  "tensor_parallel_s", "expert_parallel_s", "data_parallel_s",
    "pipeline_s", "bubble_s",          "waiting_s"};

/* Communication can be hidden; of the other parts everything is seen. */
static bool is_sent(unsigned part)
{
    return part == CSIN_PART_DATA || part == CSIN_PART_PIPELINE || part == CSIN_PART_TENSOR ||
           part == CSIN_PART_EXPERT;
}

static bool is_there(const struct csin_training_result *r, unsigned part)
{
    return part == CSIN_PART_COMPUTE || r->part_s[part] > 0 || r->moving_s[part] > 0;
}

static double hidden_s(const struct csin_training_result *r, unsigned part)
{
    return is_sent(part) ? fmax(r->moving_s[part] - r->part_s[part], 0) : 0;
}

static void write_degrees(const struct csin_training_result *r, FILE *out)
{
    const struct csin_training *t = r->training;
    fprintf(out, "     %s GPUs, %s:", csin_show_count(r->n_gpus).s,
            csin_sharding_names[t->sharding]);
    if (t->pipeline > 1)
        fprintf(out, " %u stages x", t->pipeline);
    fprintf(out, " %s replica%s", csin_show_count(r->n_replicas).s, r->n_replicas == 1 ? "" : "s");
    if (t->tensor > 1)
        fprintf(out, " x %u tensor-parallel", t->tensor);
    if (t->expert > 1)
        fprintf(out, ", experts over %u", t->expert);
    fprintf(out, "%sbatch %s", r->n_micro_batches > 1 ? "\n     " : "; ",
            csin_show_count(r->batch).s);
    if (r->n_micro_batches > 1)
        fprintf(out, ", %s micro-batches of %s a replica", csin_show_count(r->n_micro_batches).s,
                csin_show_count(r->micro_batch).s);
    if (r->n_replicas > 1 && r->largest_block_bytes > 0)
        fprintf(out, "\n     gradients in %s %s%s, the largest %s", csin_show_count(r->n_blocks).s,
                t->sharding == CSIN_FSDP ? "block" : "bucket", r->n_blocks == 1 ? "" : "s",
                csin_show_size(r->largest_block_bytes).s);
    fputc('\n', out);
}

static void write_speed(const struct csin_training_result *r, FILE *out)
{
    const struct csin_training *t = r->training;
    fprintf(out, "     %s samples/s",
            r->samples_per_s < 1000 ? csin_show_fixed(r->samples_per_s, 1).s
                                    : csin_show_count((uint64_t)llround(r->samples_per_s)).s);
    if (r->flop_per_s > 0)
        fprintf(out, ", %s a GPU", csin_show_speed(r->flop_per_s).s);
    if (r->utilisation > 0)
        fprintf(out, ", %s %% of its peak", csin_show_fixed(100 * r->utilisation, 1).s);
    if (t->measured_s > 0)
        fprintf(out, "\n     calibrated: %s on %s GPUs, so computing runs at %s %% of the peak",
                csin_show_time(t->measured_s).s,
                csin_show_count((uint64_t)t->measured_hosts * t->gpus).s,
                csin_show_fixed(100 * t->efficiency, 1).s);
    fprintf(out, "\n     scaling efficiency %s %%, against %s\n",
            csin_show_fixed(100 * r->scaling, 1).s,
            t->measured_s > 0 ? "the measured step" : "GPUs that only compute");
}

void csin_training_text(const struct csin_training_result *r, FILE *out)
{
    write_degrees(r, out);
    write_speed(r, out);
    for (unsigned part = 0; part < CSIN_N_PARTS; part++) {
        if (!is_there(r, part))
            continue;
        double share = r->step_s > 0 ? r->part_s[part] / r->step_s : 0;
        double hidden = hidden_s(r, part);
        fprintf(out, "     %-15s %10s %5s %%", csin_part_names[part],
                csin_show_time(r->part_s[part]).s, csin_show_fixed(100 * share, 1).s);
        if (share >= 0.5 / BAR || hidden > 0)
            fprintf(out, "  %.*s", (int)lround(BAR * share), "##############################");
        if (hidden > 0)
            fprintf(out, "%s%s more hidden", share >= 0.5 / BAR ? " " : "",
                    csin_show_time(hidden).s);
        fputc('\n', out);
    }
}

void csin_training_numbers(const struct csin_training_result *r,
                           void (*put)(void *arg, const char *metric, const char *unit,
                                       double value),
                           void *arg)
{
    char name[64];
    put(arg, "gpus", "1", r->n_gpus);
    put(arg, "replicas", "1", r->n_replicas);
    put(arg, "batch", "1", (double)r->batch);
    put(arg, "samples", "1/s", r->samples_per_s);
    put(arg, "speed_of_a_gpu", "FLOP/s", r->flop_per_s);
    put(arg, "utilisation", "1", r->utilisation);
    put(arg, "efficiency", "1", r->training->efficiency);
    put(arg, "scaling_efficiency", "1", r->scaling);
    for (unsigned part = 0; part < CSIN_N_PARTS; part++) {
        snprintf(name, sizeof name, "part:%s", csin_part_names[part]);
        put(arg, name, "s", r->part_s[part]);
        if (!is_sent(part))
            continue;
        snprintf(name, sizeof name, "hidden:%s", csin_part_names[part]);
        put(arg, name, "s", hidden_s(r, part));
    }
}

static void write_degrees_json(const struct csin_training_result *r, struct csin_json *j)
{
    const struct csin_training *t = r->training;
    csin_json_string(j, "data", csin_sharding_names[t->sharding]);
    csin_json_count(j, "gpus", r->n_gpus);
    csin_json_count(j, "replicas", r->n_replicas);
    csin_json_count(j, "pipeline", t->pipeline);
    csin_json_count(j, "tensor", t->tensor);
    csin_json_count(j, "expert", t->expert);
    csin_json_count(j, "batch", r->batch);
    csin_json_count(j, "micro_batch", r->micro_batch);
    csin_json_count(j, "micro_batches", r->n_micro_batches);
    csin_json_count(j, "buckets", r->n_blocks);
    csin_json_count(j, "largest_bucket_bytes", r->largest_block_bytes);
}

void csin_training_json(const struct csin_training_result *r, struct csin_json *j)
{
    const struct csin_training *t = r->training;
    csin_json_object(j, "training");
    csin_json_string(j, "model", t->model.name);
    csin_json_real(j, "parameters", t->model.parameters);
    csin_json_real(j, "model_flop", t->model.model_flop);
    write_degrees_json(r, j);
    csin_json_bool(j, "calibrated", t->measured_s > 0);
    csin_json_real(j, "efficiency", t->efficiency);
    csin_json_real(j, "samples_per_s", r->samples_per_s);
    csin_json_real(j, "gpu_flop_per_s", r->flop_per_s);
    csin_json_real(j, "utilisation", r->utilisation);
    csin_json_real(j, "scaling_efficiency", r->scaling);
    csin_json_flat_object(j, "parts");
    for (unsigned part = 0; part < CSIN_N_PARTS; part++)
        csin_json_real(j, part_keys[part], r->part_s[part]);
    csin_json_end_object(j);
    csin_json_flat_object(j, "hidden");
    for (unsigned part = 0; part < CSIN_N_PARTS; part++)
        if (is_sent(part))
            csin_json_real(j, part_keys[part], hidden_s(r, part));
    csin_json_end_object(j);
    csin_json_end_object(j);
}
