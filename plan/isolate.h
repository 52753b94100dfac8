/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Isolation: which jobs and storage streams ("owners") must not share a virtual lane, and what a
 * lane each gets:
 *
 *     owners -> classes -> SL -> VL -> VLArb weight          and, where asked, of a read stream
 *                                                            request-to-send and concurrency
 *
 * Judged by simulation, with lossless congestion on the fluid engine, whatever the scenario says:
 * as it is, with every owner on a lane of its own, each pair on one lane and on two. A small
 * integer program over the slowdowns found says who shares (plan/share.h); what it proposes, its
 * neighbours, weights and knobs are simulated in turn, and the best that was seen is the answer.
 * Every figure is one of a simulation. Slowdowns are relative to the owner alone as the scenario
 * has it, so that a knob that slows an owner down is not hidden. docs/model.md has the equations.
 */
#ifndef CSIN_PLAN_ISOLATE_H
#define CSIN_PLAN_ISOLATE_H

#include "sim/metrics.h"

/* A difference below this counts for nothing: of the worst slowdown, and of their mean. */
#define CSIN_ISOLATE_STEP 0.005
#define CSIN_ISOLATE_MAX_OWNERS 128u

struct csin_isolate_options {
    /* 0: none. The run as it is, with its runs alone, may take twice as long, and those that come
     * may go over the limit by about twice the time of it. */
    double time_limit_s;
    uint64_t seed;            /* of the order in which equals are tried */
    uint32_t n_lanes;         /* data VLs to use; 0: all. More than there are: CSIN-820 */
    bool knobs;               /* set request-to-send and concurrency as well */
    const char *cache_folder; /* of runs alone; NULL: none */
    bool (*stop)(void *arg);  /* asked before each simulation; true: answer with the best so far */
    void *stop_arg;
    /* Called before each simulation, with how many were made and the best worst slowdown so far. */
    void (*progress)(void *arg, uint32_t n_simulated, double worst);
    void *progress_arg;
};

struct csin_isolation_class {
    const char *name;   /* a job or stream, 'jobs', 'storage', or both: unique */
    uint32_t sl, vl;    /* the same number: no table of SLs to VLs is needed */
    uint32_t weight;    /* of the VL, 1 to 255 */
    uint32_t n_owners;  /* in it */
    double demand;      /* its share of what all lanes offer to worst_arc; 0: no arc is asked for */
    uint32_t worst_arc; /* more than it has (CSIN_NONE) */
};

struct csin_isolation_owner {
    uint32_t of_class; /* index into classes; CSIN_NONE where nothing is changed */
    double first; /* slowdown on a lane of its own that has 255 times the weight of any other, with
                   * the knobs proposed: what lanes can do for it alone; 0: not simulated. Of those
                   * that are left slowed */
    double before, apart, after;    /* slowdown: as it is; every owner on a lane of its own (0: not
                                     * simulated); as proposed */
    double held_before, held_after; /* share of the time that its transfers moved as victims; after:
                                     * NAN where there was no time to see */
    uint32_t senders, concurrency;  /* of a read stream: request-to-send (0: none) and chunks
                                     * outstanding, as proposed */
};

enum csin_isolation_answer {
    CSIN_ISOLATION_NOT_NEEDED,  /* nobody is slowed by company, or lanes are no help: left alone */
    CSIN_ISOLATION_FOUND,       /* better than it is: change it so */
    CSIN_ISOLATION_ONE_LANE,    /* there is one lane only, and no knob that helps (or may) */
    CSIN_ISOLATION_OUT_OF_TIME, /* left alone for want of time */
};

struct csin_isolation {
    struct csin_arena *arena;
    enum csin_isolation_answer answer;
    struct csin_isolation_class *classes;
    uint32_t n_classes;                  /* 0: classes and lanes stay as they are */
    struct csin_isolation_owner *owners; /* [n_owners] of the scenario */
    uint32_t n_owners;
    uint32_t n_lanes;   /* that could be used */
    bool changes_knobs; /* of some stream */
    double worst_before, worst_after, sum_before, sum_after;
    double bound; /* no lanes, weights and knobs make the worst slowdown less; 0: not known */
    double gap;   /* worst_after / bound - 1; 0 without a bound */
    /* Slowdowns in pairs, with nobody else: together[a x n_owners + b] is that of a with b on its
     * lane, apart that on lanes of their own; NAN: not simulated, on the diagonal as well. */
    double *together, *apart;
    uint32_t n_simulated;     /* runs in company */
    uint64_t n_ways, n_tried; /* to share lanes: in all (at most UINT32_MAX), simulated */
    bool out_of_time;         /* the search was not over */
    const char **reasons;     /* sentences, in the order in which they should be read */
    uint32_t n_reasons;
};

/* Finds lanes for the scenario, whose congestion, engine and lanes only say what it is like as it
 * is. The scenario must outlive the result, which is the caller's on success. Failures are those of
 * the simulation as it is; CSIN-820: `n_lanes` is more than there are (a warning, and it is not
 * used); CSIN-821: more than CSIN_ISOLATE_MAX_OWNERS owners. Where time was up, or `stop` said so,
 * before it was known how it is, that is CSIN_OK and *ret_isolation is NULL. */
enum csin_status csin_isolate(const struct csin_scenario *scenario,
                              const struct csin_isolate_options *options, struct csin_diag *diag,
                              struct csin_isolation **ret_isolation);
void csin_isolation_destroy(struct csin_isolation *isolation);

/* Changes `planned`, a copy of the scenario (its placement and routes may be others), as the answer
 * says: classes, lanes, who is in which class, knobs. What is new lies in `arena`, and borrows
 * names from `isolation`. Has no effect on runs with fair congestion. False without memory. */
bool csin_isolation_apply(const struct csin_isolation *isolation, struct csin_arena *arena,
                          struct csin_scenario *planned);

#endif
