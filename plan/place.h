/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Placement: which host each rank of each job runs on. Hosts are under one leaf when their NICs
 * hang off the same switches, and in one zone when these are in the same zones. Of two placements
 * the better one has, in this order,
 *
 *     1. fewer jobs with hosts in several zones;
 *     2. fewer bytes between zones;
 *     3. fewer bytes between leaves;
 *     4. fewer leaves, added up over the jobs: whole leaves for each job where that costs nothing.
 *
 * Bytes are those of the schedule of each job, all rounds of it; a difference of less than 1 in
 * 100,000 is none, as the pieces of a buffer differ by a byte. A rank stays on hosts of the same
 * kind: role, NICs that are up, their rate. Storage traffic has no say: streams name their clients
 * and servers themselves, and these stay. */
#ifndef CSIN_PLAN_PLACE_H
#define CSIN_PLAN_PLACE_H

#include "sim/scenario.h"

struct csin_place_options {
    double time_limit_s; /* 0: CSIN_PLACE_TIME */
    uint64_t seed;
    const bool *fixed;       /* [n_jobs] jobs that stay as they are; NULL: all may move */
    const bool *excluded;    /* [n_hosts] hosts that nobody is moved to; NULL: none */
    bool search_only;        /* no integer program for small scenarios */
    bool (*stop)(void *arg); /* asked now and then: an end, with the best so far; NULL: never */
    void *stop_arg;
};
#define CSIN_PLACE_TIME 10.0

struct csin_place_figures {
    uint32_t jobs_across;          /* jobs with hosts in several zones */
    uint32_t pairs_across;         /* pairs of ranks that talk between zones */
    uint32_t leaves;               /* of each job, added up */
    uint32_t shared;               /* leaves with several jobs on them */
    double zone_bytes, leaf_bytes; /* between zones; between leaves, the former included */
    double bytes;                  /* in all */
};

struct csin_place_job {
    uint32_t *hosts; /* [n_hosts] by rank */
    uint32_t n_hosts, n_moved;
    bool fixed;
    struct csin_place_figures before, after;
    struct csin_place_figures bound; /* of this job, as if it had the fabric to itself and the jobs
                                      * that stay; pairs_across and shared are 0 */
};

/* A cable of a storage host that would be better off elsewhere. */
struct csin_place_cable {
    uint32_t nic, from, to; /* leaves */
    uint32_t instead; /* NIC of a compute host at `to` that changes places with it; CSIN_NONE: a
                       * port is free there */
};

/* Storage NICs on the leaves of a zone. */
struct csin_place_storage {
    uint32_t zone; /* index */
    uint32_t n_nics, n_leaves;
    uint32_t fewest, most; /* on a leaf */
};

struct csin_place_result {
    struct csin_place_job *jobs; /* [n_jobs] */
    uint32_t n_jobs, n_moved;    /* ranks that change hosts */
    struct csin_place_figures before, after;
    /* No placement has fewer jobs across zones. None that is as good in what comes before has fewer
     * bytes between zones, and then between leaves; nor fewer leaves. pairs_across and shared are
     * not bounded and 0. */
    struct csin_place_figures bound;
    double gap;     /* of leaf_bytes, (after - bound) / after; 0 is an optimum, proved */
    bool exact;     /* an integer program had the last word */
    bool timed_out; /* or was stopped */
    struct csin_place_storage *storage; /* [n_storage] zones with storage NICs */
    uint32_t n_storage;
    struct csin_place_cable *cables; /* [n_cables] the fewest changes that make storage even */
    uint32_t n_cables;
    const char **reasons; /* [n_reasons] sentences */
    uint32_t n_reasons;
};

/* Places the jobs of a scenario. Jobs with hosts that an event names stay, as their places are part
 * of the question; so do those that an event moves. An answer is never worse than the scenario's,
 * and the same where nothing is gained.
 *
 * Jobs are dealt to zones by a small integer program, ranks to leaves greedily (whole leaves, then
 * the fullest that fit), in the order of ranks or as a part grown around the heaviest neighbours;
 * then simulated annealing exchanges hosts, until
 * the bound is reached or its work is done. Where it is small all of it is an integer program,
 * which proves what it finds. The same seed gives the same answer unless the time runs out.
 * CSIN_E_FAILED: no memory, or steps too large for a schedule (CSIN-812).
 * ret_result lies in `arena`. Test: tests/plan/test_place.c */
enum csin_status csin_place_jobs(const struct csin_scenario *scenario,
                                 const struct csin_place_options *options, struct csin_arena *arena,
                                 struct csin_diag *diag, struct csin_place_result *ret_result);

#endif
