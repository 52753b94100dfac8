/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of engines, and what all of them share. */
#include "sim/engine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/units.h"

#define NAMED_CAUSES 3 /* events */
#define NAMED_OPS 3u   /* operations named in notes */

static const struct csin_loc nowhere = {NULL, 0, 0};

static const struct csin_engine *const engines[] = {&csin_engine_simgrid, &csin_engine_fluid};
const char *const csin_engine_names[] = {"simgrid", "fluid", NULL};
const char *const csin_congestion_names[] = {"fair", "lossless", NULL};

const struct csin_engine *csin_engine_find(const char *name)
{
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        if (strcmp(engines[i]->name, name) == 0)
            return engines[i];
    return NULL;
}

bool csin_run_result_init(const struct csin_run *run, size_t extra, struct csin_run_result *ret)
{
    struct csin_run_result r = {0};
    size_t n_ops = run->schedule->n_ops, n_arcs = 0;
    if (run->watch)
        n_arcs = (size_t)run->fabric->n_arcs + csin_n_inside(run->schedule);
    extra = (extra + sizeof(double) - 1) / sizeof(double) * sizeof(double);
    r.memory_bytes = extra + (n_ops + 1) * 2 * sizeof(double) + n_arcs * sizeof *r.arcs;
    if (extra == 0) {
        r.memory = csin_malloc_touched(r.memory_bytes);
        if (!r.memory)
            return false;
        memset(r.memory, 0, r.memory_bytes);
    } else {
        r.memory = mmap(NULL, r.memory_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);
        if (r.memory == MAP_FAILED)
            return false;
        r.is_shared = true;
        csin_touch(r.memory, r.memory_bytes);
    }
    r.start_s = (double *)((char *)r.memory + extra);
    r.finish_s = r.start_s + n_ops;
    r.arcs = run->watch ? (struct csin_arc_watch *)(r.finish_s + n_ops) : NULL;
    *ret = r;
    return true;
}

void csin_run_result_finish(struct csin_run_result *result)
{
    if (!result)
        return;
    if (result->is_shared)
        munmap(result->memory, result->memory_bytes);
    else
        free(result->memory);
    csin_traffic_finish(&result->traffic);
    free(result->waits);
    free(result->victims);
    free(result->moving_s);
    memset(result, 0, sizeof *result);
}

static int by_beginning(const void *a, const void *b)
{
    const struct csin_wait *x = a, *y = b;
    if (x->from_s != y->from_s)
        return x->from_s < y->from_s ? -1 : 1;
    if (x->to_s != y->to_s)
        return x->to_s < y->to_s ? -1 : 1;
    return x->op < y->op ? -1 : x->op > y->op;
}

void csin_waits_sort(struct csin_wait *waits, uint32_t n)
{
    if (n > 0)
        qsort(waits, n, sizeof *waits, by_beginning);
}

static void note_unfinished(const struct csin_run *run, struct csin_diag *diag,
                            const struct csin_run_result *so_far)
{
    const struct csin_schedule *s = run->schedule;
    unsigned n = 0;
    for (uint32_t op = 0; op < s->n_ops && n < NAMED_OPS; op++) {
        if (so_far->start_s[op] < 0 || so_far->finish_s[op] >= 0)
            continue;
        n++;
        if (csin_is_delay(s, op))
            csin_note(diag, nowhere, "operation %" PRIu32 ", a delay of %s, started at %s", op,
                      csin_show_time(s->amount[op].delay_s).s,
                      csin_show_time(so_far->start_s[op]).s);
        else if (csin_is_local(s, op))
            csin_note(diag, nowhere, "operation %" PRIu32 ", %s inside '%s', started at %s", op,
                      csin_show_size(s->amount[op].bytes).s, run->fabric->hosts[s->src[op]].name,
                      csin_show_time(so_far->start_s[op]).s);
        else
            csin_note(diag, nowhere, "operation %" PRIu32 ", %s from '%s' to '%s', started at %s",
                      op, csin_show_size(s->amount[op].bytes).s,
                      run->fabric->hosts[s->src[op]].name, run->fabric->hosts[s->dst[op]].name,
                      csin_show_time(so_far->start_s[op]).s);
    }
    for (uint32_t op = 0; op < s->n_ops && n == 0; op++)
        if (so_far->start_s[op] < 0) { /* nothing is on its way, so this is where it stopped */
            n++;
            csin_note(diag, nowhere, "operation %" PRIu32 " never started", op);
        }
}

/* True where a later event brings back the first of what `event` took down. */
static bool comes_back(const struct csin_run *run, uint32_t event)
{
    const struct csin_event *down = &run->events[event];
    for (uint32_t i = event + 1; i < run->n_events; i++) {
        const struct csin_event *later = &run->events[i];
        for (uint32_t k = 0; later->kind == down->kind && later->up && k < later->n_items; k++)
            if (later->items[k] == down->items[0])
                return true;
    }
    return false;
}

/* The last events that took something down for good. */
static void note_causes(const struct csin_run *run, struct csin_diag *diag, double now_s)
{
    unsigned n = 0;
    for (uint32_t i = run->n_events; i-- > 0 && n < NAMED_CAUSES;) {
        const struct csin_event *event = &run->events[i];
        bool is_of_fabric = event->kind == CSIN_EVENT_CABLE || event->kind == CSIN_EVENT_SWITCH ||
                            event->kind == CSIN_EVENT_SSD || event->kind == CSIN_EVENT_HOST;
        if (!is_of_fabric || event->up || event->n_items == 0 || event->at_s > now_s ||
            comes_back(run, i))
            continue;
        n++;
        csin_note(diag, event->loc, "what goes down here at %s stays down",
                  csin_show_time(event->at_s).s);
    }
    if (n > 0)
        csin_note(diag, nowhere, "let it come back, or stop or move the job that waits for it");
}

enum csin_status csin_engine_stuck(const struct csin_run *run, struct csin_diag *diag,
                                   const struct csin_run_result *so_far, uint64_t done,
                                   double now_s)
{
    uint64_t n_ops = run->schedule->n_ops;
    csin_error(diag, CSIN_E_FAILED, 321, nowhere, "%s of %s operations did not finish by %s",
               csin_show_count(n_ops - done).s, csin_show_count(n_ops).s, csin_show_time(now_s).s);
    note_causes(run, diag, now_s);
    note_unfinished(run, diag, so_far);
    return CSIN_E_FAILED;
}

enum csin_status csin_engine_horizon(const struct csin_run *run, struct csin_diag *diag,
                                     const struct csin_run_result *so_far, uint64_t done)
{
    uint64_t n_ops = run->schedule->n_ops;
    csin_error(diag, CSIN_E_FAILED, 322, nowhere,
               "the simulation reached its horizon of %s with %s of %s operations unfinished",
               csin_show_time(run->horizon_s).s, csin_show_count(n_ops - done).s,
               csin_show_count(n_ops).s);
    csin_note(diag, nowhere, "raise the horizon, or simulate less");
    note_unfinished(run, diag, so_far);
    return CSIN_E_FAILED;
}

uint64_t csin_flow_key(uint32_t src_host, uint32_t dst_host)
{
    return csin_mix64((uint64_t)src_host << 32 | dst_host);
}
