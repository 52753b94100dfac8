/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Training steps with all defaults filled in, and their models read. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "sim/libraries.h"
#include "sim/resolve.h"
#include "sim/training.h"
#include "topo/host_inside.h"

#define DEFAULT_GPUS 8
#define DEFAULT_BUCKET ((uint64_t)25 << 20) /* PyTorch's bucket_cap_mb */
#define DEFAULT_PREFETCH 1

/* The input of a model file, once for each file; NULL after a reported failure. */
static struct csin_input *input_of(struct resolver *r, const struct csin_text *file,
                                   const char *path)
{
    struct csin_scenario *sc = r->sc;
    for (uint32_t i = 0; i < sc->n_inputs; i++)
        if (strcmp(sc->inputs[i].what, "model") == 0 && strcmp(sc->inputs[i].path, path) == 0)
            return &sc->inputs[i];
    if (sc->n_inputs == CSIN_MAX_INPUTS) {
        FAIL(r, 906, file->loc, "model '%s' is one file too many", csin_brief(file->s, SIZE_MAX).s);
        csin_note(r->diag, file->loc, "a scenario reads up to %u files", CSIN_MAX_INPUTS);
        return NULL;
    }
    struct csin_input *input = &sc->inputs[sc->n_inputs++];
    *input = (struct csin_input){.what = "model", .name = file->s, .path = path};
    return input;
}

static void read_file(struct resolver *r, const struct csin_text *file,
                      struct csin_model_spec *spec)
{
    char *text;
    size_t bytes;
    const char *path = csin_beside(r->sc->arena, r->sc->file, file->s);
    if (!path) {
        csin_resolve_fail(r, csin_no_memory(r->diag));
        return;
    }
    struct csin_input *input = input_of(r, file, path);
    if (!input)
        return;
    enum csin_status status = csin_file_read(r->diag, file->loc, path, &text, &bytes);
    if (status == CSIN_OK) {
        input->sha256 = csin_sha256(text, bytes);
        status = input->sha256.hex[0]
                     ? csin_model_spec_read(r->sc->arena, r->diag, path, text, bytes, spec)
                     : csin_no_memory(r->diag);
        free(text);
    }
    csin_resolve_fail(r, status);
}

static void resolve_model(struct resolver *r, const struct csin_training_spec *spec,
                          struct csin_loc loc, struct csin_training *t)
{
    struct csin_model_spec model = spec->model;
    enum csin_status before = r->status;
    r->status = CSIN_OK;
    if (spec->model.file.s)
        read_file(r, &spec->model.file, &model);
    if (r->status == CSIN_OK)
        csin_resolve_fail(
            r, csin_model_resolve(&model, spec->sequence.n, loc, r->sc->arena, r->diag, &t->model));
    r->status = csin_first(before, r->status);
}

static void warn_unused(struct resolver *r, struct csin_loc loc, const char *what, const char *why)
{
    if (loc.line)
        csin_warning(r->diag, 402, loc, "'%s' has no effect: %s", what, why);
}

static void check_batch(struct resolver *r, const struct csin_training_spec *spec,
                        struct csin_loc loc)
{
    if (spec->batch.loc.line && spec->batch_per_gpu.loc.line)
        FAIL(r, 907, spec->batch_per_gpu.loc, "both a batch and a batch for each GPU");
    else if (!spec->batch.loc.line && !spec->batch_per_gpu.loc.line) {
        FAIL(r, 907, loc, "a training step without a batch");
        csin_note(r->diag, loc, "write batch: SAMPLES, of all GPUs, or batch-per-gpu: SAMPLES");
    }
}

static void check_computing(struct resolver *r, const struct csin_training_spec *spec,
                            struct csin_loc loc, const struct csin_training *t)
{
    const struct csin_gpu_spec *gpu = &spec->gpu;
    if (t->model.timed) {
        warn_unused(r, gpu->peak.loc, "peak", "the model gives times");
        warn_unused(r, gpu->efficiency.loc, "efficiency", "the model gives times");
        if (spec->measured.loc.line)
            FAIL(r, 908, spec->measured.loc,
                 "the model gives times; there is nothing to calibrate");
        return;
    }
    if (!gpu->peak.loc.line) {
        FAIL(r, 908, loc, "nothing says how fast a GPU computes");
        csin_note(r->diag, loc,
                  "write gpu: {peak: 312TFLOP/s, efficiency: 0.45}, or give layers times");
    } else if (gpu->efficiency.loc.line && spec->measured.loc.line) {
        FAIL(r, 908, gpu->efficiency.loc, "both an efficiency and a measured step");
        csin_note(r->diag, spec->measured.loc, "the efficiency would follow from this");
    } else if (!gpu->efficiency.loc.line && !spec->measured.loc.line) {
        FAIL(r, 908, gpu->peak.loc, "a peak without an efficiency or a measured step");
        csin_note(r->diag, gpu->peak.loc,
                  "write efficiency: 0.45 beside it, or measured: {step: 1.2s, hosts: 8}");
    }
    if (spec->measured.loc.line && spec->measured.step_s.x <= 0)
        FAIL(r, 908, spec->measured.step_s.loc, "a measured step that takes no time");
}

static void check_sizes(struct resolver *r, const struct csin_training_spec *spec)
{
    if (spec->chunk.loc.line && spec->chunk.n == 0)
        FAIL(r, 420, spec->chunk.loc, "a chunk of 0 bytes");
    if (spec->bucket.loc.line && spec->bucket.n == 0)
        FAIL(r, 420, spec->bucket.loc, "a bucket of 0 bytes");
}

static void check_effects(struct resolver *r, const struct csin_training_spec *spec,
                          const struct csin_training *t)
{
    const char *plain = "nothing is gathered ahead without data: fsdp";
    if (t->sharding == CSIN_FSDP)
        warn_unused(r, spec->bucket.loc, "bucket", "with data: fsdp a block is a layer");
    else
        warn_unused(r, spec->prefetch.loc, "prefetch", plain);
    bool cut = t->sync.algorithm == CSIN_DOUBLE_BINARY_TREE ||
               csin_library_chunk(t->sync.algorithm) > 0;
    if (t->sharding != CSIN_DDP && t->sync.algorithm != CSIN_NCCL_RING)
        warn_unused(r, spec->algorithm.loc, "algorithm",
                    "reduce-scatter and all-gather go round a ring");
    if (!cut || t->sharding != CSIN_DDP)
        warn_unused(r, spec->chunk.loc, "chunk", "only an allreduce over trees is cut into chunks");
    if (!t->model.has_sequence)
        warn_unused(r, spec->sequence.loc, "sequence", "the model is no transformer");
    if (t->expert > 1 && !t->model.has_experts)
        warn_unused(r, spec->expert.loc, "expert", "the model has no experts");
}

/* What data parallelism moves, but for the bytes. */
static struct csin_step sync_of(const struct csin_training_spec *spec, struct csin_loc loc)
{
    enum csin_algorithm algorithm = (enum csin_algorithm)spec->algorithm.i;
    bool library = csin_is_library(algorithm);
    return (struct csin_step){
        .algorithm = algorithm,
        .chunk_bytes = csin_count_or(&spec->chunk,
                                     library ? csin_library_chunk(algorithm) : CSIN_DEFAULT_CHUNK),
        .overhead_s = library ? csin_library_overhead(algorithm) : 0,
        .channels = 1,
        .loc = loc};
}

/* Of a host, as its model says. */
static uint32_t gpus_of(const struct resolver *r, uint32_t host)
{
    const struct csin_inside_model *inside = r->sc->fabric->hosts[host].inside;
    return inside && inside->n_gpus > 0 ? inside->n_gpus : DEFAULT_GPUS;
}

struct csin_training *csin_resolve_training(struct resolver *r,
                                            const struct csin_training_spec *spec,
                                            struct csin_loc loc, const uint32_t *hosts,
                                            uint32_t n_hosts)
{
    struct csin_training *t = csin_resolve_array(r, 1, sizeof *t), again;
    struct csin_training_layout layout;
    enum csin_status before = r->status;
    if (!t)
        return NULL;
    r->status = CSIN_OK;
    *t = (struct csin_training){
        .batch = spec->batch.n,
        .batch_per_gpu = spec->batch_per_gpu.n,
        .micro_batch = spec->micro_batch.n,
        .gpus = (uint32_t)csin_count_or(&spec->gpus, gpus_of(r, hosts[0])),
        .pipeline = (uint32_t)csin_count_or(&spec->pipeline, 1),
        .tensor = (uint32_t)csin_count_or(&spec->tensor, 1),
        .expert = (uint32_t)csin_count_or(&spec->expert, 1),
        .sharding = (enum csin_sharding)spec->sharding.i,
        .precision = spec->precision.loc.line ? (enum csin_precision)spec->precision.i : CSIN_BF16,
        .sync = sync_of(spec, loc),
        .bucket_bytes = csin_count_or(&spec->bucket, DEFAULT_BUCKET),
        .prefetch = (uint32_t)csin_count_or(&spec->prefetch, DEFAULT_PREFETCH),
        .recompute = spec->recompute.i == 1,
        .peak_flop_per_s = spec->gpu.peak.x,
        .efficiency = spec->gpu.efficiency.x,
        .link_Bps = spec->gpu.link_Bps.x,
        .variation = spec->varies.x,
        .measured_s = spec->measured.step_s.x,
        .measured_hosts = (uint32_t)spec->measured.hosts.n,
        .loc = loc,
        .measured_loc = spec->measured.loc,
    };
    t->gradients = spec->gradients.loc.line ? (enum csin_precision)spec->gradients.i : t->precision;
    resolve_model(r, spec, loc, t);
    if (r->status == CSIN_OK) {
        check_computing(r, spec, loc, t);
        check_effects(r, spec, t);
    }
    check_batch(r, spec, loc);
    check_sizes(r, spec);
    if (r->status == CSIN_OK) {
        again = *t;
        again.efficiency = again.efficiency > 0 ? again.efficiency : 1;
        enum csin_status status = csin_training_lay_out(&again, n_hosts, r->diag, &layout);
        csin_resolve_fail(r, status);
        if (status == CSIN_OK)
            csin_training_layout_finish(&layout);
    }
    r->chance = r->chance || t->variation > 0;
    r->status = csin_first(before, r->status);
    return t;
}
