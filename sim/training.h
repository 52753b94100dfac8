/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Training steps: one iteration over one batch, as computing on every GPU and what its hosts send
 * each other. docs/model.md has the model and its sources.
 *
 *     csin_training_spec     what was written             sim/training_spec.c
 *     csin_training          defaults filled in           sim/training_resolve.c
 *     csin_training_layout   who does what                sim/training_layout.c
 *     operations             delays and transfers         sim/training_schedule.c
 *     csin_training_result   where the time went          sim/training_measure.c
 *     an efficiency          from one measured step       sim/training_calibrate.c
 *
 * GPUs are numbered host by host. With T of them in a tensor-parallel group and D data-parallel
 * replicas, GPU g of the job works for pipeline stage g / (D T), in replica (g / T) mod D: the GPUs
 * of a host are in different replicas of one stage, where a stage has that many.
 *
 * The GPUs of one host that work for the same stage do the same at the same time. They are one
 * unit: one operation stands for all of them. */
#ifndef CSIN_SIM_TRAINING_H
#define CSIN_SIM_TRAINING_H

#include "base/rng.h"
#include "sim/model.h"
#include "sim/scenario.h"

#define CSIN_MAX_STAGES 512u

enum csin_sharding { CSIN_DDP, CSIN_ZERO_1, CSIN_FSDP };
extern const char *const csin_sharding_names[];
enum csin_precision { CSIN_FP32, CSIN_TF32, CSIN_FP16, CSIN_BF16 };
extern const char *const csin_precision_names[];

struct csin_gpu_spec {
    struct csin_quantity peak, efficiency, link_Bps;
};

struct csin_measured_spec {
    struct csin_loc loc; /* line 0: not given */
    struct csin_quantity step_s;
    struct csin_count hosts;
};

struct csin_training_spec {
    struct csin_model_spec model;
    struct csin_count sequence, batch, batch_per_gpu, micro_batch, gpus, pipeline, tensor, expert,
        bucket, chunk, prefetch;
    struct csin_choice sharding, algorithm, precision, gradients, recompute;
    struct csin_quantity varies;
    struct csin_gpu_spec gpu;
    struct csin_measured_spec measured;
};
extern const struct csin_key csin_training_keys[]; /* of a step `training` */

struct csin_training {
    struct csin_model model;
    uint64_t batch;         /* samples of one step, over all GPUs; 0: that follows from the next */
    uint64_t batch_per_gpu; /* 0: `batch` is given */
    uint64_t micro_batch;   /* samples; 0: all of a replica's at once */
    uint32_t gpus;          /* of one host */
    uint32_t pipeline, tensor, expert;
    enum csin_sharding sharding;
    enum csin_precision precision, gradients;
    struct csin_step sync;  /* algorithm and chunk of what data parallelism moves */
    uint64_t bucket_bytes;  /* of gradients that are sent together, at least */
    uint32_t prefetch;      /* fsdp: blocks gathered ahead of the one computed */
    bool recompute;         /* the forward pass again, before the backward pass */
    double peak_flop_per_s; /* of one GPU; 0: the model has times only */
    double efficiency;      /* of computing: a share of the peak; 0: not calibrated yet */
    double link_Bps;        /* between the GPUs of a host, of each; 0: takes no time */
    double variation;       /* of the time of computing, from GPU to GPU and step to step */
    double measured_s;      /* 0: nothing was measured */
    uint32_t measured_hosts;
    struct csin_loc loc, measured_loc;
};

/* ---- who does what ---- */

struct csin_unit {        /* the GPUs of one host that work for one stage */
    uint32_t host, stage; /* host: index into the job's */
    uint32_t first, n;    /* replicas */
};

struct csin_block { /* layers that are gathered, or whose gradients are sent, together */
    double forward_s, backward_s;                        /* of one micro-batch, on one GPU */
    uint64_t weight_bytes, gradient_bytes;               /* of the whole stage */
    uint64_t expert_weight_bytes, expert_gradient_bytes; /* of routed experts, beside */
};

struct csin_stage {
    uint32_t first_layer, n_layers;
    uint32_t first_unit, n_units;
    uint32_t first_block, n_blocks; /* in the order of the forward pass */
    double forward_s, backward_s;   /* of one micro-batch, on one GPU */
    uint64_t output_bytes;          /* of one micro-batch of one replica, to the next stage */
    double tensor_bytes, tensor_back_bytes;   /* one GPU's part in allreduces inside the host */
    uint64_t expert_bytes, expert_back_bytes; /* that a replica sends to experts and back */
};

struct csin_training_layout {
    struct csin_arena *arena;
    uint32_t n_hosts, n_gpus, n_replicas, n_units, n_blocks;
    uint64_t batch, micro_batch, n_micro_batches; /* the last: of one replica */
    struct csin_unit *units;
    struct csin_stage *stages; /* [pipeline] */
    struct csin_block *blocks;
    uint64_t largest_block_bytes; /* of gradients */
    double compute_s;             /* of one GPU in a step, the mean over all */
};

/* Lays a step out over so many hosts. Reports what does not come out even (CSIN-904). On success
 * the caller gives *ret_layout to csin_training_layout_finish. */
enum csin_status csin_training_lay_out(const struct csin_training *training, uint32_t n_hosts,
                                       struct csin_diag *diag,
                                       struct csin_training_layout *ret_layout);
void csin_training_layout_finish(struct csin_training_layout *layout);

/* ---- operations ---- */

enum csin_part {
    CSIN_PART_COMPUTE,
    CSIN_PART_TENSOR,   /* allreduces inside the host; computing waits for them */
    CSIN_PART_EXPERT,   /* all-to-all; computing waits for it */
    CSIN_PART_DATA,     /* gradients, and weights where they are sharded */
    CSIN_PART_PIPELINE, /* activations and their gradients, between stages */
    CSIN_PART_BUBBLE,   /* of the pipeline: nothing there to compute yet */
    CSIN_PART_WAIT,     /* for slower GPUs */
    CSIN_N_PARTS
};
extern const char *const csin_part_names[];

/* What a unit did, or what was on the way for it, from one operation to another. */
struct csin_training_event {
    uint32_t unit, first, last; /* operations, counted from the first of the step */
    enum csin_part part;
};

struct csin_training_trace {
    struct csin_training_event *events;
    size_t n, room;
    double *factor, *mean_factor; /* [n_units] malloc'ed: time of computing / that without
                                   * variation, of the slowest GPU and of all */
};
void csin_training_trace_finish(struct csin_training_trace *trace);

/* Appends one step of a job on these hosts, as csin_step_schedule does. `rng` draws the variation.
 * Fills *trace (zeroed), where it is not NULL. */
uint32_t csin_training_schedule(struct csin_schedule *schedule,
                                const struct csin_training *training, const uint32_t *hosts,
                                uint32_t n_hosts, uint32_t after, struct csin_rng rng,
                                struct csin_training_trace *trace);

/* What such an operation uses inside hosts (sim/training_inside.c); CSIN_NONE where nothing is
 * known of that. Of a local one: GPUs first_gpu .. + n_gpus - 1 of a host, in rings of `group`,
 * each of which passes the bytes on. */
uint32_t csin_training_ring_profile(struct csin_schedule *schedule, uint32_t host,
                                    uint32_t first_gpu, uint32_t n_gpus, uint32_t group);
/* Of a transfer from the GPUs of a host to those of another one. */
uint32_t csin_training_send_profile(struct csin_schedule *schedule, uint32_t src, uint32_t dst);

/* ---- results ---- */

struct csin_training_result {
    const struct csin_training *training;
    uint32_t n_gpus, n_replicas, n_hosts, n_blocks;
    uint64_t batch, micro_batch, n_micro_batches, largest_block_bytes;
    double step_s;                 /* the mean over the rounds, as of the other values */
    double part_s[CSIN_N_PARTS];   /* of a GPU, the mean over all: they add up to step_s */
    double moving_s[CSIN_N_PARTS]; /* communication under way for a GPU, hidden or not */
    double samples_per_s;
    double flop_per_s;  /* of one GPU, counting what the model needs: nothing twice */
    double utilisation; /* that / peak; 0 where there is no peak */
    double scaling;     /* scaling efficiency: throughput of a GPU / that of the measured run, or,
                         * where nothing was measured, / that of a GPU that only computes */
};

/* Adds up one more round of a step to *result (zeroed before the first), from a run in which all of
 * it ended. False without memory. */
bool csin_training_measure(const struct csin_training *training, const struct csin_schedule *s,
                           const struct csin_span *span, const double *start_s,
                           const double *finish_s, const uint32_t *hosts, uint32_t n_hosts,
                           struct csin_rng rng, struct csin_training_result *result);
/* Makes means of the sums of `n_rounds`. */
void csin_training_conclude(struct csin_training_result *result, uint32_t n_rounds);

/* ---- calibration ---- */

/* Finds the efficiency with which the simulated step takes the measured time, on as many hosts as
 * it was measured on, the first compute hosts of the fabric, idle but for it. Does nothing where
 * that is known already or nothing was measured. Reports CSIN-910 where no efficiency would do. */
enum csin_status csin_training_calibrate(const struct csin_scenario *scenario,
                                         struct csin_training *training, struct csin_diag *diag);

#endif
