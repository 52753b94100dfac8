/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long each arc has been full, and for how long it congested some flow (sim/engine.h defines
 * both): clocks that run from one change to the next. */
#ifndef CSIN_SIM_WATCH_H
#define CSIN_SIM_WATCH_H

#include "sim/engine.h"

/* Of a capacity or a rate: all of it but for rounding. */
#define CSIN_FULL (1 - 1e-6)

struct csin_watch_arc {
    double top_Bps; /* rate of the fastest flow on it */
    double full_since_s, congested_since_s;
    uint32_t n_congested; /* flows that it congests */
    bool full, congested; /* what the times above are about */
    bool soiled;          /* is in csin_watch.soiled */
};

struct csin_watch {
    struct csin_watch_arc *arcs; /* [n_arcs] */
    struct csin_arc_watch *out;
    struct csin_recorder *recorder; /* told the loads; NULL: not */
    uint32_t *soiled, n_soiled;     /* arcs whose n_congested changed since the last settle */
    uint32_t n_arcs;
};

bool csin_watch_init(struct csin_watch *watch, uint32_t n_arcs, struct csin_arc_watch *out);
void csin_watch_finish(struct csin_watch *watch);

/* From `now` on the arc carries load_Bps, and is full or not. */
void csin_watch_load(struct csin_watch *watch, uint32_t arc, double load_Bps, bool full,
                     double now_s);
/* One flow more (+1) or less (-1) is congested by the arc. */
void csin_watch_congest(struct csin_watch *watch, uint32_t arc, int change);
/* All changes of this moment have been told. */
void csin_watch_settle(struct csin_watch *watch, double now_s);
/* Stops all clocks. */
void csin_watch_end(struct csin_watch *watch, double now_s);

#endif
