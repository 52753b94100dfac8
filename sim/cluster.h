/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cluster over time: jobs arrive, wait in a queue by priority, get whole hosts, run, may be
 * interrupted by jobs that matter more, and end.
 *
 *     queued --> running --> done
 *       ^          |
 *       |          v  a job of higher priority needs its hosts
 *     (loads) <-- saving
 *
 * A job that is interrupted saves a checkpoint, which takes its save_s, and leaves its hosts. It
 * goes on later, perhaps on other hosts, after load_s. (HAI-Platform: An et al., SC'24.)
 * Between two events the set of running jobs and their hosts is constant, and a job makes progress
 * at 1 / slowdown; whoever calls says how slow each of a set is (sim/cluster_window.h asks the
 * network). docs/model.md has the rules; tests/sim/scheduler.py is a second implementation. */
#ifndef CSIN_SIM_CLUSTER_H
#define CSIN_SIM_CLUSTER_H

#include "sim/cluster_place.h"

#define CSIN_MAX_CLUSTER_JOBS 100000u

enum csin_queue {
    CSIN_QUEUE_STRICT, /* nobody starts before those in front of him */
    CSIN_QUEUE_SKIP    /* whoever fits starts, unless hosts are being freed for one in front */
};
extern const char *const csin_queue_names[]; /* NULL-terminated */

struct csin_cluster_job {
    const char *name;
    uint32_t of_template; /* index into the templates of the cluster */
    uint32_t n_hosts;
    const bool *allowed; /* [n_hosts of the fabric] by its zone tag; NULL: any host */
    const char *zone;    /* the tag; NULL: none */
    uint64_t priority;   /* more goes first */
    double arrive_s;
    double work_s;         /* alone on the idle fabric, well placed */
    double save_s, load_s; /* when it is interrupted, and when it goes on */
    bool stays;            /* is never interrupted */
    struct csin_loc loc;
};

struct csin_cluster_rules {
    enum csin_cluster_placement placement;
    enum csin_queue queue;
    uint32_t cross_zone; /* jobs that may lie in several zones at a time */
    bool preempts;       /* jobs of higher priority interrupt others */
    double until_s;      /* the end of the time that is looked at; HUGE_VAL: when all is done */
};

/* A job that is on hosts and makes progress. */
struct csin_running {
    uint32_t job;
    const uint32_t *hosts; /* [n_hosts of the job] in the order of ranks */
};

/* How slow each of n jobs is while exactly these run, in the order of jobs; ret_slowdown: [n],
 * above 0. `now_s` is for progress only. */
typedef enum csin_status csin_cluster_rates(void *arg, double now_s,
                                            const struct csin_running *running, uint32_t n,
                                            double *ret_slowdown, struct csin_diag *diag);

/* What a job did on hosts, from its start to its end or until it left them. */
struct csin_stay {
    uint32_t job;
    uint32_t *hosts;   /* [n_hosts of the job] in the order of ranks */
    uint32_t n_leaves; /* that they are on */
    bool crosses;      /* lies in several zones */
    double from_s, to_s;
    double load_s, save_s; /* of it, at its beginning and its end */
};

/* Constant from at_s to the at_s of the next. */
struct csin_cluster_moment {
    double at_s;
    uint32_t busy;            /* hosts that jobs are on */
    uint32_t working;         /* of them, of jobs that make progress */
    uint32_t running, queued; /* jobs */
};

struct csin_cluster_job_result {
    double start_s;  /* first; -1: never */
    double finish_s; /* -1: not by the end */
    double wait_s;   /* in the queue, in all */
    double run_s;    /* making progress */
    double save_s, load_s;
    double done_s;         /* of work_s */
    double worst_slowdown; /* of any time; 0 where it never ran */
    uint32_t n_stays;
};

struct csin_cluster_result {
    struct csin_arena *arena;
    double end_s;                         /* the last event, or until_s */
    struct csin_cluster_job_result *jobs; /* [n_jobs] */
    struct csin_stay *stays;              /* [n_stays] in the order in which they began */
    uint32_t n_stays;
    struct csin_cluster_moment *moments; /* [n_moments] */
    uint32_t n_moments;
    uint32_t max_crossing;    /* most jobs in several zones at one time */
    uint64_t n_rates;         /* how often rates were asked for */
    uint32_t n_networks;      /* for how many of them a network was simulated, */
    uint32_t n_known;         /* or found in the cache; the caller's to fill, as is: */
    double *alone_round_s;    /* [n_jobs] of the steps of its template; NULL: not known */
    double busy_s, working_s; /* host-seconds */
};

/* Reports jobs that not even an empty cluster could take (CSIN-944): they would wait for ever. */
enum csin_status csin_cluster_fits(struct csin_cluster_hosts *hosts,
                                   const struct csin_cluster_rules *rules,
                                   const struct csin_cluster_job *jobs, uint32_t n_jobs,
                                   struct csin_diag *diag);

/* Runs the jobs (in any order) by the rules on the given hosts. `rates` NULL: nobody is
 * slowed. Checks them first by csin_cluster_fits. On success the caller destroys
 * *ret_result. O(events x (jobs waiting + hosts)). */
enum csin_status csin_cluster_run(struct csin_cluster_hosts *hosts,
                                  const struct csin_cluster_rules *rules,
                                  const struct csin_cluster_job *jobs, uint32_t n_jobs,
                                  csin_cluster_rates *rates, void *rates_arg,
                                  struct csin_diag *diag, struct csin_cluster_result **ret_result);
void csin_cluster_result_destroy(struct csin_cluster_result *result);

#endif
