/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run means: times and bandwidths per job and step, throughput and fairness per stream, load
 * and congestion per arc, and whose traffic it is. Definitions in docs/model.md. */
#ifndef CSIN_SIM_METRICS_H
#define CSIN_SIM_METRICS_H

#include "sim/collectives.h"
#include "sim/limits.h"
#include "sim/scenario.h"
#include "sim/timeline.h"
#include "sim/training.h"

/* Transfers that stood still for a while, without a way or before a dead cable. */
struct csin_waiting {
    uint32_t n; /* times */
    double total_s, longest_s;
    uint32_t longest_op;
};

/* What an owner's transfers suffered from a full arc that they do not cross. */
struct csin_victim_result {
    uint32_t owner, arc;
    double held_s; /* summed over the transfers */
    double share;  /* of all the time that the owner's transfers moved */
};

struct csin_step_result {
    const struct csin_step *step;
    uint32_t n_rounds; /* that ended */
    struct csin_cut cut;
    double mean_s, min_s, max_s; /* over the rounds */
    double algbw_Bps, busbw_Bps; /* at the mean time; 0 for delays */
    double alone_s,
        slowdown; /* mean time alone on the idle fabric; mean_s / alone_s, 1 for no time */
    const struct csin_training_result *training; /* of training, where a round ended; else NULL */
};

struct csin_job_result {
    const struct csin_job *job;
    double start_s, finish_s;
    double alone_s, slowdown;       /* of the whole job */
    struct csin_step_result *steps; /* [job->n_steps] */
    bool stopped; /* by an event; times are those of the steps that ended, alone_s of the same */
    struct csin_waiting waiting;
    struct csin_effective effective;
};

struct csin_stream_result {
    const struct csin_stream *stream;
    double start_s, finish_s;
    uint64_t n_requests; /* chunks a client asked for and got */
    uint64_t n_misses;   /* values asked for that were not there */
    uint64_t bytes;      /* of those, replicas not counted */
    double steady_Bps;   /* with a duration: what moved in its middle third / that time; else 0 */
    double throughput_Bps, alone_Bps, slowdown; /* bytes / (finish - start); alone / throughput */
    double *client_Bps;                         /* [stream->n_clients] */
    double min_client_Bps, mean_client_Bps, max_client_Bps;
    double fairness; /* Jain's index over the clients' throughputs: 1 = all alike */
    double mean_request_s, p99_request_s, max_request_s;
    struct csin_limits limits; /* of a stream over chains */
    bool stopped;              /* by an event, before all of it was done */
    struct csin_waiting waiting;
    struct csin_effective effective;
};

struct csin_arc_result {
    uint32_t arc;
    double bytes;
    double mean_utilisation; /* over the run */
    double peak_utilisation; /* of any moment */
    double saturated_s, congested_s;
    uint32_t first_load, n_loads; /* who, most first */
};

struct csin_result {
    const struct csin_scenario *scenario;
    struct csin_arena *arena;
    double makespan_s;
    uint64_t n_ops, n_transfers, events; /* transfers that were made, not skipped */
    uint32_t max_flows;
    bool congestion_free;
    uint32_t n_congested; /* arcs */
    struct csin_job_result *jobs;
    struct csin_stream_result *streams;
    struct csin_arc_result *arcs; /* the arcs that carried anything, in the fabric's order */
    uint32_t n_arcs;
    uint32_t *worst; /* [n_arcs] indices into arcs: longest congested first, then busiest */
    /* The resources inside hosts that carried anything; `arc` is that of struct csin_inside. They
     * belong to end hosts, so they congest nobody: congested_s is 0. */
    struct csin_arc_result *insides;
    uint32_t n_insides;
    uint32_t *worst_insides;            /* [n_insides] indices: longest full first, then busiest */
    const struct csin_load *loads;      /* by arc, the largest first */
    struct csin_victim_result *victims; /* the largest share first */
    uint32_t n_victims;
    struct csin_timeline *timeline; /* NULL unless asked for (sim/timeline.h) */
};

/* What one owner did, as one row of numbers that can be kept in a cache: a job gives its total time
 * and then the mean of each step, a stream its throughput and then that of each client.
 * csin_owner_row_size numbers. False without memory. */
uint32_t csin_owner_row_size(const struct csin_scenario *scenario, uint32_t owner);
bool csin_owner_row(const struct csin_scenario *scenario, uint32_t owner,
                    const struct csin_schedule *schedule, const struct csin_run_result *run,
                    double *ret_row);

/* Fills *ret from a run of the whole scenario. alone[owner]: the row of that owner's run alone.
 * Checks that the bytes the arcs carried add up to the bytes of the transfers (CSIN-440). */
enum csin_status csin_measure(const struct csin_scenario *scenario,
                              const struct csin_schedule *schedule,
                              const struct csin_run_result *run, double *const *alone,
                              struct csin_diag *diag, struct csin_result **ret_result);
void csin_result_destroy(struct csin_result *result);

#endif
