/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The operations of a training step. Each unit computes one thing after the other: what
 * micro-batches of one forward and one backward pass in turn (1F1B; Narayanan and others,
 * PipeDream, SOSP 2019) give it to do. What is sent for data parallelism goes through one queue for
 * each stage, beside the computing. */
#include <math.h>
#include <stdlib.h>

#include "sim/collectives.h"
#include "sim/libraries.h"
#include "sim/training.h"

struct builder {
    struct csin_schedule *s;
    const struct csin_training *t;
    struct csin_training_layout l;
    const uint32_t *hosts;  /* of the job */
    uint32_t begin, origin; /* the operation that begins the step; the first of its own */
    struct csin_rng rng;
    struct csin_training_trace *trace;
    uint32_t *last;     /* [n_units] what each unit does last so far */
    uint32_t *queue;    /* [pipeline] what the queue of each stage does last so far */
    double *factor;     /* [n_units] of the time of computing */
    uint32_t *members;  /* [n_units] hosts of a collective */
    uint32_t *inside;   /* [n_units] what their GPUs pass on meanwhile */
    uint32_t *round[2]; /* [n_units] what they send in a round of a ring, and in the one before */
    uint32_t *gathered, *computed; /* [blocks of a stage] of the pass at hand; see fsdp */
    uint32_t window;               /* micro-batches that can be between two stages */
    uint32_t *arrived[2]; /* [n_units x window] what a forward or backward pass waits for */
    uint32_t *sent[2];    /* [n_units] the transfer before, to the next or the previous stage */
};

enum { FORWARD, BACKWARD };

static void note(struct builder *b, uint32_t unit, enum csin_part part, uint32_t first,
                 uint32_t last)
{
    struct csin_training_trace *trace = b->trace;
    if (!trace || b->s->failed || first == CSIN_NONE || last == CSIN_NONE)
        return;
    if (!csin_grow(&trace->events, &trace->room, trace->n + 1, sizeof *trace->events)) {
        b->s->failed = 1;
        return;
    }
    trace->events[trace->n++] = (struct csin_training_event){unit, first - b->origin,
                                                             last - b->origin, part};
}

static uint32_t host_of(const struct builder *b, uint32_t unit)
{
    return b->hosts[b->l.units[unit].host];
}

/* ---- what one unit does ---- */

/* A unit computes for so long, once it has done what it does last, and `on`. */
static void compute(struct builder *b, uint32_t unit, double time_s, uint32_t on)
{
    uint32_t op = csin_schedule_delay(b->s, time_s * b->factor[unit]);
    csin_schedule_after(b->s, b->last[unit]);
    csin_schedule_after(b->s, on);
    note(b, unit, CSIN_PART_COMPUTE, op, op);
    b->last[unit] = op;
}

/* Each GPU of the unit passes so many bytes to others of its host, in rings of `group`: at the rate
 * of their links, where that was given, or of what the host has inside, or in no time. */
static uint32_t pass_inside(struct builder *b, uint32_t unit, uint32_t group, double bytes,
                            uint32_t on)
{
    const struct csin_unit *u = &b->l.units[unit];
    uint32_t per_stage = b->l.n_replicas * b->t->tensor, profile = CSIN_NONE, op;
    uint32_t first = (u->stage * per_stage + u->first * b->t->tensor) % b->t->gpus;
    if (b->t->link_Bps <= 0)
        profile = csin_training_ring_profile(b->s, host_of(b, unit), first, u->n * b->t->tensor,
                                             group);
    if (profile != CSIN_NONE) {
        op = csin_schedule_local(b->s, host_of(b, unit), (uint64_t)llround(bytes));
        csin_schedule_uses(b->s, profile);
    } else {
        op = csin_schedule_delay(b->s, b->t->link_Bps > 0 ? bytes / b->t->link_Bps : 0);
    }
    csin_schedule_after(b->s, on);
    return op;
}

static void reduce_tensors(struct builder *b, uint32_t unit, double bytes)
{
    if (bytes <= 0)
        return;
    uint32_t op = pass_inside(b, unit, b->t->tensor, bytes, b->last[unit]);
    note(b, unit, CSIN_PART_TENSOR, op, op);
    b->last[unit] = op;
}

/* ---- collectives between the hosts of a stage ---- */

/* All of them begin it together, when the last is ready. */
static uint32_t gather_ready(struct builder *b, const struct csin_stage *stage, uint32_t on)
{
    uint32_t ready = csin_schedule_delay(b->s, 0);
    csin_schedule_after(b->s, on);
    for (uint32_t i = 0; i < stage->n_units; i++)
        csin_schedule_after(b->s, b->last[stage->first_unit + i]);
    return ready;
}

/* The algorithm of a collective: only NCCL's ring is there for all of them. */
static struct csin_step step_of(const struct builder *b, enum csin_work work, uint64_t bytes)
{
    struct csin_step step = b->t->sync;
    step.work = work;
    step.size_bytes = bytes;
    if (work != CSIN_ALLREDUCE && step.algorithm != CSIN_NCCL_RING)
        step.algorithm = CSIN_RING;
    return step;
}

/* NCCL's ring of all GPUs, for reduce-scatter and all-gather, with one operation for what the GPUs
 * of a host do one after the other: N - 1 steps of a piece of 1/N become n - 1 rounds that take as
 * long. The edge between two hosts carries all pieces but one. */
static uint32_t ring_of_hosts(struct builder *b, const struct csin_stage *stage, uint32_t n,
                              uint64_t bytes, uint32_t on)
{
    double gpus = (double)b->l.n_replicas * n / stage->n_units;
    uint32_t in_host = b->l.units[stage->first_unit].n * b->t->tensor;
    double overhead_s = b->t->sync.overhead_s * (gpus - 1) / (n - 1);
    uint64_t each = (uint64_t)llround((double)bytes * (gpus - 1) / gpus / (n - 1));
    uint32_t *sent = b->round[0], *before = b->round[1], *inside = b->inside;
    for (uint32_t i = 0; i < n; i++)
        inside[i] = CSIN_NONE;
    for (uint32_t k = 0; k + 1 < n && !b->s->failed; k++) {
        uint32_t *t = before;
        before = sent;
        sent = t;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t src = b->members[i], dst = b->members[(i + 1) % n];
            uint32_t ready = csin_schedule_delay(b->s, overhead_s);
            csin_schedule_after(b->s, k ? before[(i + n - 1) % n] : on);
            csin_schedule_after(b->s, k ? before[i] : on);
            csin_schedule_after(b->s, inside[i]);
            inside[i] = csin_schedule_local(b->s, src, each);
            csin_schedule_uses(b->s, csin_training_ring_profile(b->s, src, 0, in_host, in_host));
            csin_schedule_after(b->s, ready);
            sent[i] = csin_schedule_transfer(b->s, src, dst, each);
            csin_schedule_uses(b->s, csin_training_send_profile(b->s, src, dst));
            csin_schedule_after(b->s, ready);
        }
    }
    b->s->bytes += (uint64_t)n * (n - 1) * each;
    uint32_t end = csin_schedule_delay(b->s, 0);
    for (uint32_t i = 0; i < n; i++) {
        csin_schedule_after(b->s, sent[i]);
        csin_schedule_after(b->s, inside[i]);
    }
    return end;
}

/* Among every `stride`-th unit of the stage, from `offset` on. A library knows what to do in one
 * host alone, if all of its GPUs take part; else they pass the bytes round a ring of their own. */
static uint32_t collective(struct builder *b, const struct csin_stage *stage, uint32_t offset,
                           uint32_t stride, enum csin_work work, uint64_t bytes, uint32_t on)
{
    uint32_t n = 0;
    if (bytes == 0)
        return on;
    for (uint32_t i = offset; i < stage->n_units; i += stride)
        b->members[n++] = host_of(b, stage->first_unit + i);
    struct csin_step step = step_of(b, work, bytes);
    bool whole = b->l.units[stage->first_unit].n * b->t->tensor == b->t->gpus;
    if (n < 2 && !(whole && b->s->inside && csin_is_library(step.algorithm))) {
        uint32_t unit = stage->first_unit, replicas = b->l.units[unit].n;
        double rounds = work == CSIN_ALLREDUCE ? 2 : 1;
        return pass_inside(b, unit, replicas * b->t->tensor,
                           rounds * (replicas - 1) / replicas * (double)bytes / b->t->tensor, on);
    }
    if (n > 1 && work != CSIN_ALLREDUCE && step.algorithm == CSIN_NCCL_RING)
        return ring_of_hosts(b, stage, n, bytes, on);
    return csin_step_schedule(b->s, &step, b->members, n, on, b->rng);
}

/* Puts into the queue of a stage what its replicas share, once the last of them is ready. Routed
 * experts that are spread over several hosts are shared with those hosts that have the same. */
static uint32_t share(struct builder *b, uint32_t stage_index, enum csin_work work, uint64_t bytes,
                      uint64_t expert_bytes, uint32_t ready)
{
    struct csin_stage *stage = &b->l.stages[stage_index];
    if (bytes + expert_bytes == 0 || b->l.n_replicas < 2)
        return ready;
    uint32_t begin = csin_schedule_delay(b->s, 0);
    csin_schedule_after(b->s, ready);
    csin_schedule_after(b->s, b->queue[stage_index]);
    uint32_t in_host = b->t->gpus / b->t->tensor;
    uint32_t stride = b->t->expert > in_host ? b->t->expert / in_host : 1;
    if (stride == 1) {
        bytes += expert_bytes;
        expert_bytes = 0;
    }
    uint32_t end = collective(b, stage, 0, 1, work, bytes, begin);
    if (expert_bytes > 0 && stage->n_units > stride) {
        uint32_t *ends = malloc(stride * sizeof *ends);
        if (!ends) {
            b->s->failed = 1;
            return begin;
        }
        for (uint32_t i = 0; i < stride; i++)
            ends[i] = collective(b, stage, i, stride, work, expert_bytes / stride, end);
        end = csin_schedule_delay(b->s, 0);
        for (uint32_t i = 0; i < stride; i++)
            csin_schedule_after(b->s, ends[i]);
        free(ends);
    }
    for (uint32_t i = 0; i < stage->n_units; i++)
        note(b, stage->first_unit + i, CSIN_PART_DATA, begin, end);
    b->queue[stage_index] = end;
    return end;
}

/* Tokens go to the experts and come back, among groups of neighbouring units. */
static void exchange_tokens(struct builder *b, struct csin_stage *stage, uint64_t bytes)
{
    if (bytes == 0)
        return;
    uint32_t in_host = b->t->gpus / b->t->tensor;
    uint32_t n = b->t->expert > in_host ? b->t->expert / in_host : 1;
    struct csin_step step = {.work = CSIN_ALL_TO_ALL};
    for (uint32_t first = stage->first_unit; first < stage->first_unit + stage->n_units;
         first += n) {
        uint32_t begin = csin_schedule_delay(b->s, 0), end;
        for (uint32_t i = 0; i < n; i++) {
            csin_schedule_after(b->s, b->last[first + i]);
            b->members[i] = host_of(b, first + i);
        }
        step.size_bytes = bytes * b->l.units[first].n;
        if (n > 1)
            end = csin_step_schedule(b->s, &step, b->members, n, begin, b->rng);
        else
            end = pass_inside(b, first, b->l.units[first].n * b->t->tensor,
                              (double)bytes * (b->t->expert - 1) / b->t->expert / b->t->tensor,
                              begin);
        for (uint32_t i = 0; i < n; i++) {
            note(b, first + i, CSIN_PART_EXPERT, begin, end);
            b->last[first + i] = end;
        }
    }
}

/* ---- passes ---- */

static void compute_all(struct builder *b, const struct csin_stage *stage, double time_s,
                        uint32_t on)
{
    for (uint32_t i = 0; i < stage->n_units; i++)
        compute(b, stage->first_unit + i, time_s, on);
}

/* fsdp: the weights of a block are gathered before it is computed, `prefetch` blocks ahead at most,
 * and its gradients reduced and scattered afterwards (Zhao and others, PyTorch FSDP, VLDB 2023).
 * Backward, what is gathered ahead goes into the queue before the gradients do. k counts the blocks
 * of a pass. */
static void gather_block(struct builder *b, uint32_t stage_index, int way, uint32_t k)
{
    const struct csin_stage *stage = &b->l.stages[stage_index];
    if (k >= stage->n_blocks)
        return;
    uint32_t at = way == FORWARD ? k : stage->n_blocks - 1 - k;
    const struct csin_block *block = &b->l.blocks[stage->first_block + at];
    bool needed = way == FORWARD || block->backward_s > 0 || block->gradient_bytes > 0;
    uint32_t ready = k > b->t->prefetch ? b->computed[k - 1 - b->t->prefetch] : b->computed[k];
    b->gathered[k] = !needed ? ready
                             : share(b, stage_index, CSIN_ALL_GATHER, block->weight_bytes,
                                     block->expert_weight_bytes, ready);
}

static void pass_in_blocks(struct builder *b, uint32_t stage_index, int way)
{
    const struct csin_stage *stage = &b->l.stages[stage_index];
    uint32_t first = gather_ready(b, stage, CSIN_NONE);
    for (uint32_t k = 0; k < stage->n_blocks; k++)
        b->computed[k] = first; /* of those not computed yet: when the pass begins */
    for (uint32_t k = 0; k <= b->t->prefetch; k++)
        gather_block(b, stage_index, way, k);
    for (uint32_t k = 0; k < stage->n_blocks && !b->s->failed; k++) {
        uint32_t at = way == FORWARD ? k : stage->n_blocks - 1 - k;
        const struct csin_block *block = &b->l.blocks[stage->first_block + at];
        compute_all(b, stage, way == FORWARD ? block->forward_s : block->backward_s,
                    b->gathered[k]);
        b->computed[k] = gather_ready(b, stage, CSIN_NONE);
        gather_block(b, stage_index, way, k + b->t->prefetch + 1);
        if (way == BACKWARD)
            share(b, stage_index, CSIN_REDUCE_SCATTER, block->gradient_bytes,
                  block->expert_gradient_bytes, b->computed[k]);
    }
}

/* The backward pass of the last micro-batch: gradients are sent bucket by bucket as they are there.
 */
static void pass_with_buckets(struct builder *b, uint32_t stage_index)
{
    const struct csin_stage *stage = &b->l.stages[stage_index];
    enum csin_work work = b->t->sharding == CSIN_ZERO_1 ? CSIN_REDUCE_SCATTER : CSIN_ALLREDUCE;
    for (uint32_t k = stage->n_blocks; k-- > 0 && !b->s->failed;) {
        const struct csin_block *block = &b->l.blocks[stage->first_block + k];
        compute_all(b, stage, block->backward_s, CSIN_NONE);
        share(b, stage_index, work, block->gradient_bytes, block->expert_gradient_bytes,
              gather_ready(b, stage, CSIN_NONE));
    }
}

/* zero-1: each replica has updated its part of the weights; all get all of them. */
static void gather_weights(struct builder *b, uint32_t stage_index)
{
    const struct csin_stage *stage = &b->l.stages[stage_index];
    for (uint32_t k = 0; k < stage->n_blocks; k++) {
        const struct csin_block *block = &b->l.blocks[stage->first_block + k];
        if (block->gradient_bytes + block->expert_gradient_bytes > 0)
            share(b, stage_index, CSIN_ALL_GATHER, block->weight_bytes, block->expert_weight_bytes,
                  CSIN_NONE);
    }
}

/* ---- between stages ---- */

static uint32_t *slot(struct builder *b, int way, uint32_t unit, uint64_t micro_batch)
{
    return &b->arrived[way][(size_t)unit * b->window + micro_batch % b->window];
}

/* From a unit to one of the next or the previous stage, for the replicas that both have. */
static void send_one(struct builder *b, int way, uint32_t from, uint32_t to, uint32_t replicas,
                     uint64_t each, uint64_t micro_batch)
{
    uint32_t src = host_of(b, from), dst = host_of(b, to), op,
             *into = slot(b, way, to, micro_batch);
    if (each == 0) {
        op = b->last[from];
    } else if (src == dst) {
        op = pass_inside(b, from, b->l.units[from].n * b->t->tensor, (double)each / b->t->tensor,
                         b->last[from]);
    } else {
        op = csin_schedule_transfer(b->s, src, dst, each * replicas);
        csin_schedule_uses(b->s, csin_training_send_profile(b->s, src, dst));
        csin_schedule_after(b->s, b->last[from]);
        csin_schedule_after(b->s, b->sent[way][from]);
        b->sent[way][from] = op;
    }
    if (op != b->last[from])
        note(b, to, CSIN_PART_PIPELINE, b->last[from], op);
    if (*into == CSIN_NONE) {
        *into = op;
        return;
    }
    uint32_t both = csin_schedule_delay(b->s, 0);
    csin_schedule_after(b->s, *into);
    csin_schedule_after(b->s, op);
    *into = both;
}

static void send(struct builder *b, int way, uint32_t from_stage, uint64_t micro_batch)
{
    const struct csin_stage *from = &b->l.stages[from_stage];
    const struct csin_stage *to = way == FORWARD ? from + 1 : from - 1;
    uint64_t each = way == FORWARD ? from->output_bytes : to->output_bytes;
    for (uint32_t k = 0; k < to->n_units; k++)
        *slot(b, way, to->first_unit + k, micro_batch) = CSIN_NONE;
    uint32_t i = 0, k = 0;
    while (i < from->n_units && k < to->n_units) {
        const struct csin_unit *a = &b->l.units[from->first_unit + i];
        const struct csin_unit *c = &b->l.units[to->first_unit + k];
        uint32_t a_end = a->first + a->n, c_end = c->first + c->n;
        uint32_t first = a->first > c->first ? a->first : c->first;
        uint32_t end = a_end < c_end ? a_end : c_end;
        if (first < end)
            send_one(b, way, from->first_unit + i, to->first_unit + k, end - first, each,
                     micro_batch);
        i += a_end == end;
        k += c_end == end;
    }
}

/* What the transfers between stages move, worked out replica by replica: those whose two GPUs are
 * in different hosts. */
static uint64_t bytes_between_stages(const struct builder *b)
{
    const struct csin_training *t = b->t;
    uint64_t bytes = 0, per_stage = (uint64_t)b->l.n_replicas * t->tensor;
    for (uint32_t s = 0; s + 1 < t->pipeline; s++)
        for (uint32_t r = 0; r < b->l.n_replicas; r++) {
            uint64_t gpu = s * per_stage + (uint64_t)r * t->tensor;
            if (gpu / t->gpus != (gpu + per_stage) / t->gpus)
                bytes += 2 * b->l.n_micro_batches * b->l.stages[s].output_bytes;
        }
    return bytes;
}

/* ---- one stage, one micro-batch ---- */

static void wait_for(struct builder *b, int way, const struct csin_stage *stage,
                     uint64_t micro_batch)
{
    for (uint32_t i = 0; i < stage->n_units; i++) {
        uint32_t unit = stage->first_unit + i, ready = csin_schedule_delay(b->s, 0);
        csin_schedule_after(b->s, b->last[unit]);
        csin_schedule_after(b->s, *slot(b, way, unit, micro_batch));
        b->last[unit] = ready;
    }
}

static void forward(struct builder *b, uint32_t stage_index, uint64_t micro_batch)
{
    struct csin_stage *stage = &b->l.stages[stage_index];
    if (stage_index > 0)
        wait_for(b, FORWARD, stage, micro_batch);
    if (b->t->sharding == CSIN_FSDP && b->l.n_replicas > 1)
        pass_in_blocks(b, stage_index, FORWARD);
    else
        compute_all(b, stage, stage->forward_s, CSIN_NONE);
    for (uint32_t i = 0; i < stage->n_units; i++)
        reduce_tensors(b, stage->first_unit + i, stage->tensor_bytes);
    exchange_tokens(b, stage, stage->expert_bytes);
    if (stage_index + 1 < b->t->pipeline)
        send(b, FORWARD, stage_index, micro_batch);
}

static void backward(struct builder *b, uint32_t stage_index, uint64_t micro_batch)
{
    struct csin_stage *stage = &b->l.stages[stage_index];
    if (stage_index + 1 < b->t->pipeline)
        wait_for(b, BACKWARD, stage, micro_batch);
    /* First, so that no gradients are sent before the last of the pass is known. */
    exchange_tokens(b, stage, stage->expert_back_bytes);
    for (uint32_t i = 0; i < stage->n_units; i++)
        reduce_tensors(b, stage->first_unit + i, stage->tensor_back_bytes);
    if (b->t->sharding == CSIN_FSDP && b->l.n_replicas > 1)
        pass_in_blocks(b, stage_index, BACKWARD);
    else if (micro_batch + 1 == b->l.n_micro_batches && b->l.n_replicas > 1)
        pass_with_buckets(b, stage_index);
    else
        compute_all(b, stage, stage->backward_s, CSIN_NONE);
    if (stage_index > 0)
        send(b, BACKWARD, stage_index, micro_batch);
}

/* ---- the pipeline ---- */

struct turn {
    int way;
    uint64_t micro_batch;
};

/* The k-th pass of a stage: some forward passes first, as many as there are stages behind it, then
 * one forward and one backward in turn, then the backward passes that are left. */
static struct turn turn_of(uint64_t k, uint64_t warm, uint64_t m)
{
    if (k < warm)
        return (struct turn){FORWARD, k};
    if (k >= 2 * m - warm)
        return (struct turn){BACKWARD, k - m};
    uint64_t i = (k - warm) / 2;
    return (k - warm) % 2 == 0 ? (struct turn){FORWARD, warm + i} : (struct turn){BACKWARD, i};
}

struct progress {
    uint64_t k, done[2]; /* next turn; forward and backward passes that are made */
};

static bool is_ready(const struct builder *b, const struct progress *all, uint32_t stage,
                     struct turn turn)
{
    if (turn.way == FORWARD)
        return stage == 0 || all[stage - 1].done[FORWARD] > turn.micro_batch;
    return stage + 1 == b->t->pipeline || all[stage + 1].done[BACKWARD] > turn.micro_batch;
}

/* Makes passes in an order in which each comes after those it waits for. */
static void run_pipeline(struct builder *b, struct progress *all)
{
    uint64_t m = b->l.n_micro_batches;
    uint32_t p = b->t->pipeline, left = p;
    while (left > 0 && !b->s->failed) {
        for (uint32_t stage = 0; stage < p; stage++) {
            struct progress *own = &all[stage];
            if (own->k == 2 * m)
                continue;
            uint64_t warm = p - 1 - stage < m ? p - 1 - stage : m;
            struct turn turn = turn_of(own->k, warm, m);
            if (!is_ready(b, all, stage, turn))
                continue;
            if (turn.way == FORWARD)
                forward(b, stage, turn.micro_batch);
            else
                backward(b, stage, turn.micro_batch);
            own->done[turn.way]++;
            left -= ++own->k == 2 * m;
        }
    }
}

/* ---- all of it ---- */

/* A draw with mean 1 and standard deviation v, never negative: lognormal, by Box and Muller. */
static double draw(struct csin_rng *rng, double v)
{
    double sigma2 = log1p(v * v);
    double u = ((double)(csin_rng_next(rng) >> 11) + 1) * 0x1p-53;
    double w = (double)(csin_rng_next(rng) >> 11) * 0x1p-53;
    double normal = sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * w);
    return exp(sqrt(sigma2) * normal - sigma2 / 2);
}

/* A unit is as slow as the slowest of its GPUs. */
static void draw_factors(struct builder *b)
{
    for (uint32_t unit = 0; unit < b->l.n_units; unit++) {
        uint32_t n = b->l.units[unit].n * b->t->tensor;
        double most = 0, sum = 0;
        for (uint32_t i = 0; i < n; i++) {
            double one = b->t->variation > 0 ? draw(&b->rng, b->t->variation) : 1;
            most = fmax(most, one);
            sum += one;
        }
        b->factor[unit] = most;
        if (b->trace) {
            b->trace->factor[unit] = most;
            b->trace->mean_factor[unit] = sum / n;
        }
    }
}

static uint32_t *row(struct builder *b, size_t n, uint32_t value)
{
    uint32_t *p = csin_arena_alloc(b->l.arena, n, sizeof *p);
    for (size_t i = 0; p && i < n; i++)
        p[i] = value;
    if (!p)
        b->s->failed = 1;
    return p;
}

static bool prepare(struct builder *b)
{
    uint32_t n = b->l.n_units, p = b->t->pipeline;
    b->window = 2 * p + 2;
    b->factor = csin_arena_alloc(b->l.arena, n, sizeof *b->factor);
    b->last = row(b, n, b->begin);
    b->queue = row(b, p, CSIN_NONE);
    b->members = row(b, n, CSIN_NONE);
    b->inside = row(b, n, CSIN_NONE);
    b->round[0] = row(b, n, CSIN_NONE);
    b->round[1] = row(b, n, CSIN_NONE);
    b->gathered = row(b, b->t->model.n_layers, CSIN_NONE);
    b->computed = row(b, b->t->model.n_layers, CSIN_NONE);
    for (int way = 0; way < 2; way++) {
        b->sent[way] = row(b, n, CSIN_NONE);
        b->arrived[way] = p > 1 ? row(b, (size_t)n * b->window, CSIN_NONE) : NULL;
    }
    if (b->trace) {
        b->trace->factor = calloc(n, sizeof *b->trace->factor);
        b->trace->mean_factor = calloc(n, sizeof *b->trace->mean_factor);
        if (!b->trace->factor || !b->trace->mean_factor)
            b->s->failed = 1;
    }
    if (!b->factor)
        b->s->failed = 1;
    return !b->s->failed;
}

static uint32_t finish(struct builder *b)
{
    uint32_t end = csin_schedule_delay(b->s, 0);
    for (uint32_t i = 0; i < b->l.n_units; i++)
        csin_schedule_after(b->s, b->last[i]);
    for (uint32_t i = 0; i < b->t->pipeline; i++)
        csin_schedule_after(b->s, b->queue[i]);
    return end;
}

uint32_t csin_training_schedule(struct csin_schedule *s, const struct csin_training *t,
                                const uint32_t *hosts, uint32_t n_hosts, uint32_t after,
                                struct csin_rng rng, struct csin_training_trace *trace)
{
    struct builder b = {.s = s, .t = t, .hosts = hosts, .rng = rng, .trace = trace};
    uint32_t end = after;
    if (s->failed)
        return CSIN_NONE;
    /* What does not come out even was refused when the scenario was resolved. */
    if (csin_training_lay_out(t, n_hosts, NULL, &b.l) != CSIN_OK) {
        s->failed = 1;
        return CSIN_NONE;
    }
    b.begin = after;
    b.origin = s->n_ops;
    struct progress *progress = csin_arena_alloc(b.l.arena, t->pipeline, sizeof *progress);
    /* Two operations of each pass at least. */
    csin_schedule_expect(s, 2 * b.l.n_micro_batches, b.l.n_units);
    if (!progress || !prepare(&b)) {
        s->failed = s->failed ? s->failed : 1;
        goto done;
    }
    b.begin = csin_schedule_delay(s, 0);
    csin_schedule_after(s, after);
    for (uint32_t i = 0; i < b.l.n_units; i++)
        b.last[i] = b.begin;
    draw_factors(&b);
    run_pipeline(&b, progress);
    for (uint32_t stage = 0; stage < t->pipeline && t->sharding == CSIN_ZERO_1; stage++)
        gather_weights(&b, stage);
    s->bytes += bytes_between_stages(&b);
    end = finish(&b);
done:
    csin_training_layout_finish(&b.l);
    return end;
}

void csin_training_trace_finish(struct csin_training_trace *trace)
{
    free(trace->events);
    free(trace->factor);
    free(trace->mean_factor);
}
