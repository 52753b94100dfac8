/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside of windows: what is written for one (sim/cluster_write.c) and what it says
 * (sim/cluster_outcome.c), for sim/cluster_window.c. */
#ifndef CSIN_SIM_CLUSTER_WINDOW_INSIDE_H
#define CSIN_SIM_CLUSTER_WINDOW_INSIDE_H

#include "sim/cluster_window.h"

/* A template on so many hosts, alone on an idle cluster, well placed. */
struct csin_window_reference {
    uint32_t of_template, n_hosts;
    const bool *allowed;
    double scale;   /* the steps are divided by it in windows */
    double round_s; /* of the steps so divided */
    double *steps_s;
    uint32_t n_steps;
};

/* What one job has in a window. */
struct csin_window_part {
    const struct csin_window_reference *ref;
    double start_s;
    double period_s;                            /* of its storage */
    uint32_t first_stream, n_streams, n_bursts; /* n_bursts of each of n_streams, one after the
                                                   other */
};

struct csin_window {
    const struct csin_cluster *cluster;
    const struct csin_running *running;
    uint32_t n;
    struct csin_arena *arena;
    struct csin_window_part *parts; /* [n] */
    struct csin_scenario *scenario;
};

/* ---- writing: a scenario as a person would write it ---- */

struct csin_window_writing {
    const struct csin_cluster *cluster;
    struct csin_arena *arena;
    struct csin_scenario_spec spec;
    uint32_t jobs_room, streams_room;
};

/* Begins with what the scenario of the cluster says, without jobs. Each false without memory. */
bool csin_window_begin(struct csin_window_writing *w, const struct csin_cluster *cluster,
                       struct csin_arena *arena, uint32_t n_jobs, uint32_t n_streams);
/* A job of a template: `rounds` of its steps, divided by `scale`, from start_s on. */
bool csin_window_write_job(struct csin_window_writing *w,
                           const struct csin_template_spec *of_template, const char *name,
                           struct csin_text hosts, double scale, double start_s, double rounds);
/* One burst of a template's stream: `times` what belongs to a round. */
bool csin_window_write_burst(struct csin_window_writing *w, const struct csin_stream_spec *from,
                             const char *name, struct csin_text hosts, double scale, double times,
                             double start_s);
/* The hosts as a list that the resolver reads; its text is NULL without memory. */
struct csin_text csin_window_hosts(const struct csin_fabric *f, const uint32_t *hosts, uint32_t n,
                                   struct csin_loc loc, struct csin_arena *arena);
/* The clients of a template's stream among the hosts of a job: all, or so many from rank 0 on. */
uint32_t csin_window_clients(const struct csin_stream_spec *stream, uint32_t n_hosts);

/* ---- reading ---- */

/* The slowdown of each job of a window that was run. False without memory. */
bool csin_window_slowdowns(const struct csin_window *win, const struct csin_schedule *s,
                           const struct csin_run_result *run, double *ret_slowdown);

#endif
