/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HFReduce. Chunk c goes, on every host h, through
 *
 *     pair        GPUs joined by NVLink add up half of the chunk each (part of the copy out)
 *     out(c, h)   copy from all GPUs into the memory
 *     sum(c, h)   the processors add up what the GPUs gave
 *     up(c, h)    to the parent, when all children's have come; one of two trees, by turns
 *     down(c, h)  from the parent
 *     in(c, h)    copy into all GPUs, and to the other of a pair
 *
 * all stages at the same time, each with one chunk after the other. A stage has room for a few
 * chunks: it waits until the next one has let go of an earlier one; so does whoever sends to a host
 * for room there. */
#include <stdlib.h>

#include "sim/libraries.h"

/* Operations of the last chunks: of chunk c at [c % kept]. */
struct stage {
    uint32_t *rows;
    uint32_t kept, n;
};

struct hfreduce {
    struct csin_library *l;
    struct stage out, sum, up, down, in;
    uint32_t *copy_out, *copy_in, *add; /* [n] profiles */
};

static uint32_t *at(const struct stage *stage, uint64_t chunk, uint32_t host)
{
    return &stage->rows[(size_t)(chunk % stage->kept) * stage->n + host];
}

/* The operation added last waits for that of the stage `back` chunks before, if there was one. */
static void after(const struct hfreduce *r, const struct stage *stage, uint64_t chunk,
                  uint64_t back, uint32_t host)
{
    if (chunk >= back)
        csin_schedule_after(r->l->s, *at(stage, chunk - back, host));
}

/* ---- what the stages use ---- */

/* The part of the buffer that a GPU gives to the host and gets from it: half where a pair halves
 * the work. */
static double part_of(const struct csin_inside_model *m, uint32_t gpu)
{
    return m->nvlink_Bps > 0 && !m->nvlink_switch && m->nvlink_peer[gpu] != CSIN_NONE ? 0.5 : 1;
}

static double parts_of(const struct csin_library *l, uint32_t host)
{
    const struct csin_inside *inside = l->s->inside;
    const struct csin_inside_model *m = inside ? inside->fabric->hosts[host].inside : NULL;
    double parts = 0;
    for (uint32_t g = 0; m && g < m->n_gpus; g++)
        parts += part_of(m, g);
    return parts > 0 ? parts : 1;
}

static uint32_t copy_profile(const struct csin_library *l, uint32_t host, bool out)
{
    struct csin_library_uses uses = {.n = 0};
    const struct csin_inside *inside = l->s->inside;
    const struct csin_inside_model *m = inside ? inside->fabric->hosts[host].inside : NULL;
    double parts = parts_of(l, host);
    for (uint32_t g = 0; m && g < m->n_gpus; g++) {
        double part = part_of(m, g);
        csin_library_use_gpu(l, &uses, host, g, out, part);
        if (part < 1) { /* its half goes to, or comes from, the other one */
            csin_library_use(l, &uses, host, CSIN_INSIDE_NVLINK_OUT, g, part);
            csin_library_use(l, &uses, host, CSIN_INSIDE_NVLINK_IN, g, part);
        }
    }
    double reads = CSIN_HFREDUCE_READS_TO_GPUS * parts / csin_library_gpus(inside, host);
    csin_library_use(l, &uses, host, CSIN_INSIDE_MEMORY, 0, out ? parts : reads);
    return csin_library_profile(l, &uses);
}

/* One read for each copy, and one write. */
static uint32_t add_profile(const struct csin_library *l, uint32_t host)
{
    struct csin_library_uses uses = {.n = 0};
    csin_library_use(l, &uses, host, CSIN_INSIDE_MEMORY, 0, parts_of(l, host) + 1);
    csin_library_use(l, &uses, host, CSIN_INSIDE_REDUCTION, 0, 1);
    return csin_library_profile(l, &uses);
}

/* The sender reads, the receiver writes, and reads again what it adds to its own on the way up. */
static void send(struct hfreduce *r, uint32_t from, uint32_t to, uint64_t bytes, double at_receiver)
{
    struct csin_library *l = r->l;
    struct csin_library_uses uses = {.n = 0};
    csin_library_use(l, &uses, l->hosts[from], CSIN_INSIDE_MEMORY, 0, 1);
    csin_library_use(l, &uses, l->hosts[to], CSIN_INSIDE_MEMORY, 0, at_receiver);
    csin_schedule_transfer(l->s, l->hosts[from], l->hosts[to], bytes);
    csin_schedule_uses(l->s, csin_library_profile(l, &uses));
}

/* ---- the stages ---- */

/* The overhead of a copy is before it: nothing of the same kind goes on meanwhile. */
static void copy(struct hfreduce *r, struct stage *stage, uint32_t profile, uint64_t chunk,
                 uint32_t host, uint64_t bytes, uint32_t when)
{
    struct csin_schedule *s = r->l->s;
    uint32_t ready = csin_schedule_delay(s, r->l->overhead_s);
    csin_schedule_after(s, when);
    after(r, stage, chunk, 1, host);
    if (stage == &r->out)
        after(r, &r->sum, chunk, CSIN_HFREDUCE_BUFFERS, host);
    *at(stage, chunk, host) = csin_schedule_local(s, r->l->hosts[host], bytes);
    csin_schedule_uses(s, profile);
    csin_schedule_after(s, ready);
}

static void gather(struct hfreduce *r, uint64_t chunk, uint64_t bytes)
{
    struct csin_schedule *s = r->l->s;
    for (uint32_t h = 0; h < r->l->n; h++) {
        copy(r, &r->out, r->copy_out[h], chunk, h, bytes, r->l->after);
        uint32_t sum = csin_schedule_local(s, r->l->hosts[h], bytes);
        csin_schedule_uses(s, r->add[h]);
        csin_schedule_after(s, *at(&r->out, chunk, h));
        after(r, &r->sum, chunk, 1, h);
        after(r, &r->up, chunk, 2 * CSIN_HFREDUCE_BUFFERS, h);
        *at(&r->sum, chunk, h) = sum;
    }
}

static const uint32_t *children_of(const struct csin_library_tree *t, uint32_t host)
{
    return &t->child[host * CSIN_LIBRARY_CHILDREN];
}
#define EACH_CHILD(t, h, k, child)                                                                 \
    (unsigned k = 0; k < CSIN_LIBRARY_CHILDREN && (child = children_of(t, h)[k]) != CSIN_NONE; k++)

/* The root's is over when all is added up there. */
static void climb(struct hfreduce *r, uint64_t chunk, uint64_t bytes)
{
    struct csin_schedule *s = r->l->s;
    const struct csin_library_tree *t = &r->l->trees[chunk % 2];
    const uint64_t room = 2 * CSIN_HFREDUCE_BUFFERS;
    for (uint32_t i = r->l->n; i-- > 0;) {
        uint32_t h = t->order[i], parent = t->parent[h], child, up = s->n_ops;
        if (parent == CSIN_NONE) {
            up = csin_schedule_delay(s, 0);
        } else {
            send(r, h, parent, bytes, 2);
            after(r, &r->up, chunk, room, parent);
            after(r, &r->up, chunk, 2, h);
        }
        csin_schedule_after(s, *at(&r->sum, chunk, h));
        for
            EACH_CHILD(t, h, k, child)
        csin_schedule_after(s, *at(&r->up, chunk, child));
        *at(&r->up, chunk, h) = up;
    }
}

static void descend(struct hfreduce *r, uint64_t chunk, uint64_t bytes)
{
    struct csin_schedule *s = r->l->s;
    const struct csin_library_tree *t = &r->l->trees[chunk % 2];
    const uint64_t room = 2 * CSIN_HFREDUCE_BUFFERS;
    for (uint32_t i = 0; i < r->l->n; i++) {
        uint32_t h = t->order[i], parent = t->parent[h], child, down = *at(&r->up, chunk, h);
        if (parent != CSIN_NONE) {
            down = s->n_ops;
            send(r, parent, h, bytes, 1);
            csin_schedule_after(s, *at(&r->down, chunk, parent));
            after(r, &r->down, chunk, 2, h);
            after(r, &r->in, chunk, room, h);
            for
                EACH_CHILD(t, h, k, child)
            after(r, &r->down, chunk, room, child);
        }
        *at(&r->down, chunk, h) = down;
        copy(r, &r->in, r->copy_in[h], chunk, h, bytes, down);
    }
}

/* ---- all ---- */

static bool init_stage(struct hfreduce *r, struct stage *stage)
{
    *stage = (struct stage){.kept = 2 * CSIN_HFREDUCE_BUFFERS + 1, .n = r->l->n};
    stage->rows = csin_library_row(r->l, (size_t)stage->kept * stage->n);
    return stage->rows;
}

static bool init(struct hfreduce *r)
{
    struct csin_library *l = r->l;
    r->copy_out = csin_library_row(l, l->n);
    r->copy_in = csin_library_row(l, l->n);
    r->add = csin_library_row(l, l->n);
    if (!init_stage(r, &r->out) || !init_stage(r, &r->sum) || !init_stage(r, &r->up) ||
        !init_stage(r, &r->down) || !init_stage(r, &r->in) || !r->copy_out || !r->copy_in ||
        !r->add)
        return false;
    for (uint32_t h = 0; h < l->n; h++) {
        r->copy_out[h] = copy_profile(l, l->hosts[h], true);
        r->copy_in[h] = copy_profile(l, l->hosts[h], false);
        r->add[h] = add_profile(l, l->hosts[h]);
    }
    return true;
}

uint32_t csin_hfreduce_schedule(struct csin_library *l)
{
    struct hfreduce r = {.l = l};
    uint64_t bytes = l->step->size_bytes;
    uint64_t chunks = bytes / l->chunk_bytes + (bytes % l->chunk_bytes != 0);
    uint32_t end = l->after;
    csin_schedule_expect(l->s, chunks, 7 * (uint64_t)l->n);
    if (l->s->failed || !init(&r))
        goto done;
    for (uint64_t c = 0; c < chunks && !l->s->failed; c++) {
        uint64_t size = csin_piece(bytes, chunks, c);
        gather(&r, c, size);
        climb(&r, c, size);
        descend(&r, c, size);
    }
    l->s->bytes += 2 * (uint64_t)(l->n - 1) * bytes; /* every edge, up and down */
    end = csin_library_join(l, at(&r.in, chunks - 1, 0), chunks > 0 ? l->n : 0);
done:
    free(r.out.rows);
    free(r.sum.rows);
    free(r.up.rows);
    free(r.down.rows);
    free(r.in.rows);
    free(r.copy_out);
    free(r.copy_in);
    free(r.add);
    return end;
}
