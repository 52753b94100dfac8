/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Training steps against closed forms, and against volumes that the algorithms must move. NICs have
 * 1 GB/s and no latency, so a megabyte takes a millisecond. */
#include "tests/sim/run.h"

#include "base/rng.h"
#include "sim/training.h"

#define SWITCH "leaf:1 spine:1 host:16 8Gb/s"

static const struct csin_training_result *training_of(const struct run *run)
{
    assert_non_null(run->result->jobs[0].steps[0].training);
    return run->result->jobs[0].steps[0].training;
}

static double step_s(const struct run *run)
{
    return training_of(run)->step_s;
}

static void check_parts(const struct csin_training_result *r)
{
    double sum = 0;
    for (unsigned i = 0; i < CSIN_N_PARTS; i++) {
        assert_true(r->part_s[i] >= -1e-12 * r->step_s);
        sum += r->part_s[i];
    }
    assert_close(sum, r->step_s, 1e-9);
}

/* Bytes that left the host of rank 0 of the only job. */
static double sent_by_first(const struct run *run)
{
    const struct csin_fabric *f = run->scenario->fabric;
    double bytes = 0;
    for (uint32_t i = 0; i < run->result->n_arcs; i++) {
        uint32_t tail = csin_arc_tail(f, run->result->arcs[i].arc);
        if (csin_is_nic(f, tail) &&
            f->nics[tail - f->n_switches].host == run->scenario->jobs[0].hosts[0])
            bytes += run->result->arcs[i].bytes;
    }
    return bytes;
}

/* ---- pipelines ---- */

/* With equal stages and nothing to send, all but (p - 1) / (m + p - 1) of the time is computing
 * (Narayanan and others, PipeDream-2BW, ICML 2021). */
static void the_bubble_of_1f1b_is_as_published(void **state)
{
    (void)state;
    static const unsigned cases[][2] = {{1, 3}, {2, 1}, {2, 8}, {4, 2},
                                        {4, 4}, {4, 9}, {7, 5}, {8, 32}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned p = cases[i][0], m = cases[i][1];
        struct run run;
        run_open(&run, SWITCH,
                 "jobs: [{name: j, hosts: %u, steps: {training: {model: {model: m, layers: "
                 "[{forward: 10ms, backward: 20ms, repeat: %u}]}, gpus: 1, batch: %u, "
                 "micro-batch: 1, pipeline: %u}}}]",
                 p, 2 * p, m, p);
        run_simulate(&run);
        const struct csin_training_result *r = training_of(&run);
        check_parts(r);
        assert_close(r->step_s, 0.06 * (m + p - 1), 1e-9);
        assert_close(r->part_s[CSIN_PART_COMPUTE], 0.06 * m, 1e-9);
        if (p > 1)
            assert_close(r->part_s[CSIN_PART_BUBBLE] / r->step_s, (p - 1.) / (m + p - 1.), 1e-9);
        run_close(&run);
    }
}

/* Two stages, two micro-batches, 5 ms for what goes from one to the other, 10 ms forward, 20 ms
 * backward a stage. Stage 0: F0 0-10, F1 10-20; stage 1: F0 15-25, B0 25-45, F1 45-55, B1 55-75;
 * stage 0: B0 50-70, B1 80-100. */
static void two_stages_by_hand(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, SWITCH,
             "jobs: [{name: j, hosts: 2, steps: {training: {model: {model: m, layers: "
             "[{forward: 10ms, backward: 20ms, output: 2500000, repeat: 2}]}, gpus: 1, batch: 2, "
             "micro-batch: 1, pipeline: 2, precision: bf16}}}]");
    run_simulate(&run);
    const struct csin_training_result *r = training_of(&run);
    check_parts(r);
    assert_close(r->step_s, 0.1, 1e-9);
    assert_close(r->part_s[CSIN_PART_COMPUTE], 0.06, 1e-9);
    /* Stage 0 waits for transfers 45-50 and 75-80, stage 1 for 10-15; 10-20 hides one to it. */
    assert_close(r->part_s[CSIN_PART_PIPELINE], (0.010 + 0.005) / 2, 1e-9);
    assert_close(r->moving_s[CSIN_PART_PIPELINE], (0.010 + 0.010) / 2, 1e-9);
    assert_close(r->part_s[CSIN_PART_BUBBLE], 0.04 - 0.0075, 1e-9);
    run_close(&run);
}

/* The replicas of a host share its NIC: eight times the bytes take eight times as long. */
static void replicas_of_one_host_share_its_nic(void **state)
{
    (void)state;
    for (unsigned gpus = 1; gpus <= 8; gpus *= 8) {
        struct run run;
        run_open(&run, SWITCH,
                 "jobs: [{name: j, hosts: 2, steps: {training: {model: {model: m, layers: "
                 "[{forward: 10ms, backward: 20ms, output: 500000, repeat: 2}]}, gpus: %u, "
                 "batch: %u, micro-batch: 1, pipeline: 2, precision: bf16}}}]",
                 gpus, gpus);
        run_simulate(&run);
        assert_close(step_s(&run), 0.06 + 2 * 0.001 * gpus, 1e-9);
        run_close(&run);
    }
}

/* Where a stage has fewer GPUs than a host, stages meet in one host, and what passes between those
 * does not go over the network. 6 stages of 4 replicas on 3 hosts of 8: 3 of 5 borders inside. */
static void stages_of_one_host_do_not_use_its_nic(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, SWITCH,
             "jobs: [{name: j, hosts: 3, steps: {training: {model: {model: m, layers: "
             "[{forward: 10ms, output: 1000, repeat: 6}]}, gpus: 8, batch: 8, micro-batch: 1, "
             "pipeline: 6}}}]");
    run_simulate(&run);
    assert_int_equal(run.result->n_transfers, 2 * 2 * 2); /* borders, micro-batches, both ways */
    assert_close(sent_by_first(&run), 2 * 4 * 2000, 1e-9);
    run_close(&run);
}

/* ---- data parallelism ---- */

/* Layers of 10 ms forward, 20 ms backward, as many as `layers`, with `bytes` of gradients each. */
static double ddp(unsigned hosts, unsigned layers, unsigned parameters, const char *more)
{
    struct run run;
    run_open(&run, SWITCH,
             "jobs: [{name: j, hosts: %u, steps: {training: {model: {model: m, layers: "
             "[{forward: 10ms, backward: 20ms, parameters: %u, repeat: %u}]}, gpus: 1, "
             "batch-per-gpu: 1, precision: fp32, bucket: 1B%s}}}]",
             hosts, parameters, layers, more);
    run_simulate(&run);
    const struct csin_training_result *r = training_of(&run);
    check_parts(r);
    assert_close(r->part_s[CSIN_PART_COMPUTE], 0.03 * layers, 1e-9);
    double time_s = r->step_s;
    run_close(&run);
    return time_s;
}

/* Gradients of the last bucket are always seen. Else the step is what takes longer: computing, or
 * sending once the first bucket is there. A ring of n moves 2 (n - 1) / n. */
static void ddp_is_as_long_as_computing_or_sending(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 8; n *= 2)
        for (unsigned k = 1; k <= 10; k++) {
            double megabytes = 2. * k, of_one_s = 2 * (n - 1.) / n * megabytes / 1000;
            double computing = 0.03 * 10 + of_one_s;
            double sending = 0.01 * 10 + 0.02 + 10 * of_one_s;
            assert_close(ddp(n, 10, k * 500000, ""), fmax(computing, sending), 1e-9);
        }
    assert_close(ddp(1, 10, 500000, ""), 0.3, 1e-9); /* nobody to send to */
}

static void one_large_bucket_hides_nothing(void **state)
{
    (void)state;
    assert_close(ddp(4, 1, 4000000, ""), 0.03 + 2 * 3 / 4. * 0.016, 1e-9);
}

/* zero-1 moves what an allreduce moves; the weights come last and hide behind nothing. */
static void zero_1_moves_what_ddp_moves(void **state)
{
    (void)state;
    double half_s = 3 / 4. * 0.004;
    assert_close(ddp(4, 10, 1000000, ", data: zero-1"), 0.3 + half_s + 10 * half_s, 1e-9);
    struct run run;
    run_open(&run, SWITCH,
             "jobs: [{name: j, hosts: 4, steps: {training: {model: {model: m, layers: "
             "[{forward: 1ms, parameters: 1000000, repeat: 5}]}, gpus: 1, batch-per-gpu: 1, "
             "precision: bf16, gradients: fp32, data: zero-1}}}]");
    run_simulate(&run);
    assert_close(sent_by_first(&run), 3 / 4. * 5 * (4e6 + 2e6), 1e-9);
    run_close(&run);
}

/* Every host gathers all weights twice and sends all gradients once: 3 (n - 1) / n (Rajbhandari
 * and others, ZeRO, SC'20, section 7). */
static void fsdp_moves_three_times_the_parameters(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 8; n *= 2) {
        struct run run;
        run_open(&run, SWITCH,
                 "jobs: [{name: j, hosts: %u, steps: {training: {model: {model: m, layers: "
                 "[{forward: 10ms, parameters: 1000000, repeat: 6}]}, gpus: 8, batch-per-gpu: 1, "
                 "precision: bf16, data: fsdp}}}]",
                 n);
        run_simulate(&run);
        assert_close(sent_by_first(&run), 3 * (n - 1.) / n * 12e6, 1e-9);
        check_parts(training_of(&run));
        run_close(&run);
    }
}

/* NCCL's ring goes through all GPUs; here one operation stands for those of a host. It takes as
 * long as that of sim/libraries.h, which has them all, to 2 %. zero-1 scatters 160 MB of gradients
 * and gathers 80 MB of weights. */
static void rings_of_hosts_are_as_long_as_rings_of_gpus(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 8; n *= 2) {
        struct run run;
        run_open(&run, "configs/fire-flyer-2.yaml",
                 "engine: fluid\njobs: [{name: j, hosts: %u, steps: [reduce-scatter: {size: 160MB, "
                 "algorithm: nccl-ring}, all-gather: {size: 80MB, algorithm: nccl-ring}, training: "
                 "{model: {model: m, layers: [{forward: 0s, parameters: 40000000}]}, "
                 "batch-per-gpu: 1, data: zero-1, gradients: fp32, algorithm: nccl-ring}]}]",
                 n);
        run_simulate(&run);
        const struct csin_step_result *steps = run.result->jobs[0].steps;
        assert_close(steps[2].mean_s, steps[0].mean_s + steps[1].mean_s, 0.02);
        run_close(&run);
    }
}

/* 4 layers on 2 hosts; a gather takes 1 ms, as does a scatter. With time to hide, only the first
 * gather of either pass and the last scatter are seen. Without prefetching all gathers are, and
 * each gather but the first backward also waits for nothing else. */
static void fsdp_hides_what_it_prefetches(void **state)
{
    (void)state;
    for (unsigned prefetch = 0; prefetch <= 1; prefetch++) {
        struct run run;
        run_open(&run, SWITCH,
                 "jobs: [{name: j, hosts: 2, steps: {training: {model: {model: m, layers: "
                 "[{forward: 10ms, backward: 20ms, parameters: 1000000, repeat: 4}]}, gpus: 1, "
                 "batch-per-gpu: 1, precision: bf16, data: fsdp, prefetch: %u}}}]",
                 prefetch);
        run_simulate(&run);
        /* Without: a scatter is in the queue behind the gather of the block after. */
        double seen_s = prefetch ? 0.003 : 0.009;
        assert_close(step_s(&run), 0.12 + seen_s, 1e-9);
        assert_close(training_of(&run)->part_s[CSIN_PART_DATA], seen_s, 1e-9);
        assert_close(training_of(&run)->moving_s[CSIN_PART_DATA], 0.012, 1e-9);
        run_close(&run);
    }
}

/* ---- tensors and experts ---- */

#define TRANSFORMER                                                                                \
    "model: {model: m, transformer: {layers: %u, hidden: 1024, heads: 16, ffn: 4096, "             \
    "vocabulary: 1000%s}}, sequence: 512, precision: bf16, gpu: {peak: 100TFLOP/s, efficiency: "   \
    "1, "                                                                                          \
    "link: 1GB/s}"

/* Two allreduces a layer and pass, each of sequence x hidden elements (Shoeybi and others,
 * Megatron-LM, arXiv:1909.08053, section 3): 2 (t - 1) / t of that passes each GPU's link. */
static void tensor_parallelism_moves_four_allreduces_a_layer(void **state)
{
    (void)state;
    for (unsigned t = 2; t <= 8; t *= 2) {
        struct run run;
        run_open(&run, SWITCH,
                 "jobs: [{name: j, hosts: 1, steps: {training: {" TRANSFORMER
                 ", gpus: %u, tensor: %u, batch: 3}}}]",
                 5, "", t, t);
        run_simulate(&run);
        const struct csin_training_result *r = training_of(&run);
        check_parts(r);
        double bytes = 3 * 5 * 4 * 512 * 1024 * 2.;
        assert_close(r->part_s[CSIN_PART_TENSOR], 2 * (t - 1.) / t * bytes / 1e9, 1e-9);
        assert_close(r->part_s[CSIN_PART_TENSOR] + r->part_s[CSIN_PART_COMPUTE], r->step_s, 1e-9);
        run_close(&run);
    }
}

/* Without a rate of links, the inside of the host decides: two GPUs on one root port of 10 GB/s
 * pass it twice each; on lanes of their own it is 8 GB/s. */
static void tensor_parallelism_uses_the_inside_of_hosts(void **state)
{
    (void)state;
    static const char *const ports[] = {"", ", root-ports: [{gpus: [0, 1], rate: 10GB/s}]"};
    for (unsigned shared = 0; shared < 2; shared++) {
        char fabric[512];
        struct run run;
        snprintf(fabric, sizeof fabric,
                 "fabric: f\nswitch-models: {sw: {ports: 8, rate: 8Gb/s}}\n"
                 "host-models: {h: {rate: 8Gb/s, inside: {gpus: 2, gpu-rate: 8GB/s%s}}}\n"
                 "zones: {z: {model: sw, leaves: 1, spines: 1}}\n"
                 "hosts: [{names: 'h[1-2]', model: h, attach: {zone: z}}]\n",
                 ports[shared]);
        run_open(&run, fabric,
                 "jobs: [{name: j, hosts: 1, steps: {training: {model: {model: m, transformer: "
                 "{layers: 3, hidden: 1000, heads: 10, ffn: 10, vocabulary: 10}}, sequence: 100, "
                 "gpus: 2, tensor: 2, batch: 1, gpu: {peak: 1TFLOP/s, efficiency: 1}}}}]");
        run_simulate(&run);
        double bytes = 3 * 4 * 100 * 1000 * 2., rate_Bps = shared ? 10e9 / 4 : 8e9;
        assert_close(training_of(&run)->part_s[CSIN_PART_TENSOR], bytes / rate_Bps, 1e-9);
        run_close(&run);
    }
}

/* A transformer's FLOP: 6 for each weight and token, and 12 h s^2 of attention a layer. */
static void flop_are_those_of_the_formula(void **state)
{
    (void)state;
    struct run run;
    run_open(&run, SWITCH,
             "jobs: [{name: j, hosts: 1, steps: {training: {" TRANSFORMER ", gpus: 1, batch: 1}}}]",
             5, "");
    run_simulate(&run);
    double weights = 5 * 12 * 1024 * 1024. + 1000 * 1024.;
    double flop = 6 * 512 * weights + 5 * 12 * 1024 * 512 * 512.;
    assert_close(training_of(&run)->training->model.model_flop, flop, 1e-12);
    assert_close(step_s(&run), flop / 100e12, 1e-9);
    run_close(&run);
}

/* Each token goes to its k experts and comes back, forward and backward; of n hosts with one
 * replica each, (n - 1) / n of it leaves the host. Layers of experts only. */
static void experts_move_every_token_four_times(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 8; n *= 2) {
        struct run run;
        run_open(&run, SWITCH,
                 "jobs: [{name: j, hosts: 8, steps: {training: {" TRANSFORMER
                 ", gpus: 1, expert: %u, batch: 8}}}]",
                 3, ", experts: {count: 16, active: 4, ffn: 128}", n);
        run_simulate(&run);
        double tokens = (n - 1.) / n * 4 * 3 * 4 * 512 * 1024 * 2.;
        const struct csin_model *m = &training_of(&run)->training->model;
        double experts = 0, others = 0;
        for (uint32_t i = 0; i < m->n_layers; i++) {
            experts += 2 * m->layers[i].expert_parameters;
            others += 2 * m->layers[i].parameters;
        }
        double gradients = 2 * 7 / 8. * others, groups = 8 / n;
        if (groups > 1) /* a host has 1/n of the experts, and shares it with groups - 1 others */
            gradients += 2 * (groups - 1) / groups * experts / n;
        assert_close(sent_by_first(&run), tokens + gradients, 1e-6); /* pieces differ by a byte */
        check_parts(training_of(&run));
        run_close(&run);
    }
}

/* ---- efficiency ---- */

static void open_calibrated(struct run *run, const char *how, unsigned hosts)
{
    run_open(run, SWITCH,
             "jobs: [{name: j, hosts: %u, steps: {training: {model: {model: m, layers: [{flops: "
             "100GFLOP, parameters: 3000000, output: 100000, repeat: 8}]}, gpus: 2, batch: 48, "
             "micro-batch: 1, pipeline: 2, gpu: {peak: 100TFLOP/s%s}}}]",
             hosts, how);
}

/* A step that was simulated with an efficiency gives that efficiency back, and with more hosts the
 * same as without the detour. */
static void a_measured_step_gives_its_efficiency_back(void **state)
{
    (void)state;
    struct run run;
    char how[80];
    open_calibrated(&run, ", efficiency: 0.25}", 4);
    run_simulate(&run);
    snprintf(how, sizeof how, "}, measured: {step: %.0fns, hosts: 4}", step_s(&run) * 1e9);
    run_close(&run);
    open_calibrated(&run, ", efficiency: 0.25}", 8);
    run_simulate(&run);
    double want_s = step_s(&run);
    run_close(&run);
    open_calibrated(&run, how, 8);
    run_simulate(&run);
    assert_close(training_of(&run)->training->efficiency, 0.25, 1e-6);
    assert_close(step_s(&run), want_s, 1e-6);
    run_close(&run);
}

/* ---- variation ---- */

static void stragglers_are_waited_for(void **state)
{
    (void)state;
    double before = 0;
    for (unsigned seed = 1; seed <= 2; seed++) {
        struct run run;
        run_open(&run, SWITCH,
                 "seed: %u\njobs: [{name: j, hosts: 8, repeat: 40, steps: {training: {model: "
                 "{model: m, layers: [{forward: 10ms, parameters: 1000}]}, gpus: 8, "
                 "batch-per-gpu: 1, varies: 0.125}}}]",
                 seed);
        run_simulate(&run);
        const struct csin_training_result *r = training_of(&run);
        check_parts(r);
        /* 2,560 draws: the mean is right to a standard deviation of 0.25 %. The largest of 64
         * lognormal values is 1.28 to 1.4 of it, most of the time. */
        assert_close(r->part_s[CSIN_PART_COMPUTE], 0.03, 0.01);
        assert_true(r->step_s > 0.03 * 1.2 && r->step_s < 0.03 * 1.5);
        assert_true(r->part_s[CSIN_PART_WAIT] > 0.2 * 0.03);
        assert_true(r->step_s != before);
        before = r->step_s;
        run_close(&run);
    }
}

/* ---- any mix ---- */

/* Small training steps of every kind: the parts add up, computing is what it has to be, and what
 * the bytes are is checked by csin itself. */
static void parts_add_up_in_any_mix(void **state)
{
    (void)state;
    struct csin_rng rng = csin_rng_init(20261124, 0);
    static const char *const data[] = {"ddp", "zero-1", "fsdp"};
    static const char *const algorithms[] = {"ring", "double-binary-tree"};
    for (unsigned i = 0; i < RUN_TIMES(60, 15); i++) {
        unsigned gpus = 1u << csin_rng_below(&rng, 4), tensor = 1u << csin_rng_below(&rng, 3);
        unsigned pipeline = 1 + (unsigned)csin_rng_below(&rng, 4),
                 sharding = (unsigned)csin_rng_below(&rng, 3);
        if (tensor > gpus)
            tensor = gpus;
        unsigned replicas = 1 + (unsigned)csin_rng_below(&rng, 6), n = pipeline * replicas * tensor;
        while (n % gpus != 0 || n / gpus > 16)
            n = pipeline * (replicas = n / gpus > 16 ? replicas - 1 : replicas + 1) * tensor;
        unsigned m = 1 + (unsigned)csin_rng_below(&rng, 5);
        char algorithm[64] = "";
        if (sharding == 0)
            snprintf(algorithm, sizeof algorithm, ", algorithm: %s",
                     algorithms[csin_rng_below(&rng, 2)]);
        struct run run;
        run_open(&run, "leaf:2 spine:2 host:8 8Gb/s latency:1us",
                 "jobs: [{name: j, hosts: %u, steps: {training: {model: {model: m, transformer: "
                 "{layers: %u, hidden: 64, heads: 4, ffn: 300, vocabulary: 5000}}, sequence: 100, "
                 "gpus: %u, pipeline: %u, tensor: %u, data: %s%s, batch: %u, micro-batch: 1, "
                 "gpu: {peak: 1TFLOP/s, efficiency: 1, link: 10GB/s}, recompute: %s}}}]",
                 n / gpus, 4 + (unsigned)csin_rng_below(&rng, 9), gpus, pipeline, tensor,
                 data[sharding], algorithm, m * replicas, csin_rng_below(&rng, 2) ? "yes" : "no");
        run_simulate(&run);
        const struct csin_training_result *r = training_of(&run);
        const struct csin_training *t = r->training;
        check_parts(r);
        assert_close(r->step_s, run.result->makespan_s, 1e-9);
        double flop = t->model.model_flop + (t->recompute ? t->model.forward_flop : 0);
        assert_close(r->part_s[CSIN_PART_COMPUTE], flop * (double)r->batch / r->n_gpus / 1e12,
                     1e-9);
        run_close(&run);
    }
}

/* Layers of a stage are neighbours, each stage has one, none costs more than it has to: a program
 * that tries all ways to cut agrees. */
static double best_cut(const unsigned *cost, unsigned n, unsigned stages)
{
    double best = HUGE_VAL, sum = 0;
    if (stages == 1) {
        for (unsigned i = 0; i < n; i++)
            sum += cost[i];
        return sum;
    }
    for (unsigned i = 0; i + stages <= n; i++) {
        sum += cost[i];
        best = fmin(best, fmax(sum, best_cut(cost + i + 1, n - i - 1, stages - 1)));
    }
    return best;
}

static void stages_are_cut_as_well_as_can_be(void **state)
{
    (void)state;
    struct csin_rng rng = csin_rng_init(7, 0);
    for (unsigned i = 0; i < 300; i++) {
        unsigned n = 1 + (unsigned)csin_rng_below(&rng, 12),
                 p = 1 + (unsigned)csin_rng_below(&rng, n);
        unsigned cost[12];
        struct csin_model_layer layers[12] = {{0}};
        for (unsigned k = 0; k < n; k++)
            layers[k].forward_flop = cost[k] = (unsigned)csin_rng_below(&rng, 6);
        struct csin_training t = {.model = {.layers = layers, .n_layers = n},
                                  .batch = 1,
                                  .gpus = 1,
                                  .pipeline = p,
                                  .tensor = 1,
                                  .expert = 1,
                                  .bucket_bytes = 1,
                                  .efficiency = 1,
                                  .peak_flop_per_s = 1};
        struct csin_training_layout l;
        assert_int_equal(csin_training_lay_out(&t, p, NULL, &l), CSIN_OK);
        double most = 0;
        unsigned at = 0;
        for (unsigned s = 0; s < p; s++) {
            assert_int_equal(l.stages[s].first_layer, at);
            assert_true(l.stages[s].n_layers >= 1);
            most = fmax(most, l.stages[s].forward_s);
            at += l.stages[s].n_layers;
        }
        assert_int_equal(at, n);
        assert_close(most, best_cut(cost, n, p), 1e-9);
        csin_training_layout_finish(&l);
    }
}

RUN_MAIN(cmocka_unit_test(the_bubble_of_1f1b_is_as_published), cmocka_unit_test(two_stages_by_hand),
         cmocka_unit_test(replicas_of_one_host_share_its_nic),
         cmocka_unit_test(stages_of_one_host_do_not_use_its_nic),
         cmocka_unit_test(ddp_is_as_long_as_computing_or_sending),
         cmocka_unit_test(one_large_bucket_hides_nothing),
         cmocka_unit_test(zero_1_moves_what_ddp_moves),
         cmocka_unit_test(fsdp_moves_three_times_the_parameters),
         cmocka_unit_test(rings_of_hosts_are_as_long_as_rings_of_gpus),
         cmocka_unit_test(fsdp_hides_what_it_prefetches),
         cmocka_unit_test(tensor_parallelism_moves_four_allreduces_a_layer),
         cmocka_unit_test(tensor_parallelism_uses_the_inside_of_hosts),
         cmocka_unit_test(flop_are_those_of_the_formula),
         cmocka_unit_test(experts_move_every_token_four_times),
         cmocka_unit_test(a_measured_step_gives_its_efficiency_back),
         cmocka_unit_test(stragglers_are_waited_for), cmocka_unit_test(parts_add_up_in_any_mix),
         cmocka_unit_test(stages_are_cut_as_well_as_can_be))
