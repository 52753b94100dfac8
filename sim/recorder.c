/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/recorder.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>

/* Of the series of arcs, which are many: 1,000 intervals for 8,000 arcs. */
#define ARC_BYTES (64u << 20)
#define LEAST_SAMPLES 32u

/* ---- series ---- */

/* Adds neighbours up: the same numbers of samples now reach twice as far. */
static void fold(struct csin_samples *s)
{
    for (uint32_t series = 0; series < s->n_series; series++) {
        double *sum = s->sum + (size_t)series * s->n_room;
        if (s->since_s[series] <= 0)
            continue; /* nothing is in it */
        for (uint32_t i = 0; i < s->n_room / 2; i++)
            sum[i] = sum[2 * i] + sum[2 * i + 1];
        memset(sum + s->n_room / 2, 0, s->n_room / 2 * sizeof *sum);
    }
    s->width_s *= 2;
}

/* Counts the rate so far. */
static void bring_forward(struct csin_samples *s, uint32_t series, double now_s)
{
    double from_s = s->since_s[series], rate = s->rate[series];
    if (now_s <= from_s)
        return;
    while (now_s > s->width_s * s->n_room)
        fold(s);
    s->since_s[series] = now_s;
    if (rate == 0)
        return;
    double *sum = s->sum + (size_t)series * s->n_room;
    uint32_t last = s->n_room - 1;
    for (uint32_t i = (uint32_t)fmin(from_s / s->width_s, last); from_s < now_s; i++) {
        double until_s = i >= last ? now_s : fmin((i + 1) * s->width_s, now_s);
        if (until_s > from_s)
            sum[i < last ? i : last] += rate * (until_s - from_s);
        from_s = fmax(from_s, until_s);
    }
}

static void set(struct csin_samples *s, uint32_t series, double rate, double now_s)
{
    bring_forward(s, series, now_s);
    s->rate[series] = rate;
}

/* What is left of a sum of rates when all have gone is rounding. */
static void add(struct csin_samples *s, uint32_t series, double change, double unit, double now_s)
{
    double rate = s->rate[series] + change;
    set(s, series, rate > 1e-9 * unit ? rate : 0, now_s);
}

static void end(struct csin_samples *s, double now_s)
{
    for (uint32_t series = 0; series < s->n_series; series++)
        set(s, series, 0, now_s);
    s->end_s = now_s;
}

uint32_t csin_samples_count(const struct csin_samples *s)
{
    uint32_t n = (uint32_t)fmin(ceil(s->end_s / s->width_s * (1 - 1e-12)), s->n_room);
    return n > 0 ? n : 1;
}

double csin_samples_mean(const struct csin_samples *s, uint32_t series, uint32_t i)
{
    double time_s = fmin(s->width_s, s->end_s - i * s->width_s);
    return time_s > 0 ? s->sum[(size_t)series * s->n_room + i] / time_s : 0;
}

/* ---- memory: one block ---- */

static size_t samples_bytes(const struct csin_samples *s)
{
    return s->n_series * (s->n_room + 2ul) * sizeof(double);
}

static char *place_samples(struct csin_samples *s, char *at)
{
    s->sum = (double *)at;
    s->rate = s->sum + (size_t)s->n_series * s->n_room;
    s->since_s = s->rate + s->n_series;
    return at + samples_bytes(s);
}

static void put_in_group(struct csin_recorder *r, uint32_t resource, const char *place,
                         double capacity_Bps)
{
    uint32_t g = 0;
    while (g < r->n_groups && strcmp(r->group[g].place, place) != 0)
        g++;
    r->n_groups += g == r->n_groups;
    r->group[g].place = place;
    r->group[g].n_arcs++;
    r->group[g].capacity_Bps += capacity_Bps;
    r->group_of_arc[resource] = (uint8_t)g;
}

struct csin_recorder *csin_recorder_create(const struct csin_fabric *f,
                                           const struct csin_inside *inside, uint32_t n_owners,
                                           double width_s)
{
    uint32_t n = f->n_arcs + (inside ? inside->n : 0);
    uint32_t room = ARC_BYTES / (uint32_t)sizeof(double) / (n + 1) / 2 * 2;
    room = room < LEAST_SAMPLES ? LEAST_SAMPLES : room > CSIN_MAX_SAMPLES ? CSIN_MAX_SAMPLES : room;
    struct csin_recorder r = {
        .arcs = {.n_series = n, .n_room = room, .width_s = width_s},
        .groups = {.n_series = 2 * CSIN_MAX_GROUPS, .n_room = CSIN_MAX_SAMPLES, .width_s = width_s},
        .owners = {.n_series = n_owners, .n_room = CSIN_MAX_SAMPLES, .width_s = width_s},
        .n_owners = n_owners,
    };
    r.memory_bytes = sizeof r + samples_bytes(&r.arcs) + samples_bytes(&r.groups) +
                     samples_bytes(&r.owners) + n * 2ul;
    char *memory = mmap(NULL, r.memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    char *at = memory + sizeof r;
    at = place_samples(&r.arcs, at);
    at = place_samples(&r.groups, at);
    at = place_samples(&r.owners, at);
    r.is_full = (bool *)at;
    r.group_of_arc = (uint8_t *)at + n;
    for (uint32_t arc = 0; arc < f->n_arcs; arc++)
        put_in_group(&r, arc, csin_arc_place(f, arc), f->arc_capacity_Bps[arc]);
    for (uint32_t i = f->n_arcs; i < n; i++) {
        uint32_t index;
        enum csin_inside_kind kind = csin_inside_kind_of(inside, i - f->n_arcs, &index);
        put_in_group(&r, i, csin_inside_kind_names[kind], inside->capacity_Bps[i - f->n_arcs]);
    }
    memcpy(memory, &r, sizeof r);
    return (struct csin_recorder *)memory;
}

void csin_recorder_destroy(struct csin_recorder *recorder)
{
    if (recorder)
        munmap(recorder, recorder->memory_bytes);
}

/* ---- what engines tell ---- */

void csin_recorder_load(struct csin_recorder *r, uint32_t arc, double load_Bps, bool full,
                        double now_s)
{
    if (arc >= r->arcs.n_series) /* inside a host */
        return;
    uint32_t g = r->group_of_arc[arc];
    double was_Bps = r->arcs.rate[arc];
    if (load_Bps != was_Bps) {
        set(&r->arcs, arc, load_Bps, now_s);
        add(&r->groups, g, load_Bps - was_Bps, r->group[g].capacity_Bps, now_s);
    }
    if (full != r->is_full[arc])
        add(&r->groups, CSIN_MAX_GROUPS + g, full ? 1 : -1, 1, now_s);
    r->is_full[arc] = full;
}

void csin_recorder_rate(struct csin_recorder *r, uint32_t owner, double change_Bps, double now_s)
{
    if (change_Bps != 0)
        add(&r->owners, owner, change_Bps, fabs(change_Bps), now_s);
}

void csin_recorder_end(struct csin_recorder *r, double now_s)
{
    end(&r->arcs, now_s);
    end(&r->groups, now_s);
    end(&r->owners, now_s);
}
