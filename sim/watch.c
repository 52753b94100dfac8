/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/watch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool csin_watch_init(struct csin_watch *watch, uint32_t n_arcs, struct csin_arc_watch *out)
{
    *watch = (struct csin_watch){
        .arcs = calloc((size_t)n_arcs + 1, sizeof *watch->arcs),
        .out = out,
        .soiled = malloc(((size_t)n_arcs + 1) * sizeof *watch->soiled),
        .n_arcs = n_arcs,
    };
    return watch->arcs && watch->soiled;
}

void csin_watch_finish(struct csin_watch *watch)
{
    free(watch->arcs);
    free(watch->soiled);
    memset(watch, 0, sizeof *watch);
}

static void follow(bool is, bool *was, double *since_s, double now_s, double *sum_s)
{
    if (is == *was)
        return;
    if (is)
        *since_s = now_s;
    else
        *sum_s += now_s - *since_s;
    *was = is;
}

void csin_watch_load(struct csin_watch *watch, uint32_t arc, double load_Bps, bool full,
                     double now_s)
{
    struct csin_watch_arc *a = &watch->arcs[arc];
    if (watch->recorder)
        csin_recorder_load(watch->recorder, arc, load_Bps, full, now_s);
    if (load_Bps > watch->out[arc].peak_Bps)
        watch->out[arc].peak_Bps = load_Bps;
    follow(full, &a->full, &a->full_since_s, now_s, &watch->out[arc].saturated_s);
}

void csin_watch_congest(struct csin_watch *watch, uint32_t arc, int change)
{
    struct csin_watch_arc *a = &watch->arcs[arc];
    a->n_congested += (uint32_t)change;
    if (!a->soiled)
        watch->soiled[watch->n_soiled++] = arc;
    a->soiled = true;
}

void csin_watch_settle(struct csin_watch *watch, double now_s)
{
    for (uint32_t i = 0; i < watch->n_soiled; i++) {
        uint32_t arc = watch->soiled[i];
        struct csin_watch_arc *a = &watch->arcs[arc];
        a->soiled = false;
        follow(a->n_congested > 0, &a->congested, &a->congested_since_s, now_s,
               &watch->out[arc].congested_s);
    }
    watch->n_soiled = 0;
}

void csin_watch_end(struct csin_watch *watch, double now_s)
{
    for (uint32_t arc = 0; arc < watch->n_arcs; arc++) {
        struct csin_watch_arc *a = &watch->arcs[arc];
        follow(false, &a->full, &a->full_since_s, now_s, &watch->out[arc].saturated_s);
        follow(false, &a->congested, &a->congested_since_s, now_s, &watch->out[arc].congested_s);
    }
}
