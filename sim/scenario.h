/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A scenario: a question put to a fabric. Read from YAML, checked against the fabric, and resolved:
 * every host picked, every default filled in. What comes out is plain and says exactly what will
 * run. */
#ifndef CSIN_SIM_SCENARIO_H
#define CSIN_SIM_SCENARIO_H

#include "sim/chains.h"
#include "sim/engine.h"
#include "sim/schedule.h"
#include "topo/routes.h"
#include "topo/variant.h"

enum csin_work {
    CSIN_COMPUTE_DELAY,
    CSIN_ALLREDUCE,
    CSIN_REDUCE_SCATTER,
    CSIN_ALL_GATHER,
    CSIN_ALL_TO_ALL,
    CSIN_BROADCAST,
    CSIN_PERMUTATION,
    CSIN_INCAST,
    CSIN_TRAINING, /* one step of it: computing and what that sends, see sim/training.h */
    CSIN_N_WORKS
};
extern const char *const csin_work_names[]; /* compute, allreduce, ... NULL-terminated */

enum csin_algorithm {
    CSIN_RING,
    CSIN_DOUBLE_BINARY_TREE,
    CSIN_HFREDUCE, /* this and the following: with what they do inside hosts, sim/libraries.h */
    CSIN_NCCL_RING,
    CSIN_NCCL_TREE,
    CSIN_HIERARCHICAL
};
extern const char *const csin_algorithm_names[];

/* One step of a job; all ranks begin it together, when the step before has ended on all of them. */
struct csin_step {
    enum csin_work work;
    enum csin_algorithm algorithm; /* of an allreduce */
    uint64_t size_bytes;  /* the buffer of one rank, as nccl-tests counts it; see docs/model.md */
    uint64_t chunk_bytes; /* of what is pipelined: tree, broadcast; 0 elsewhere */
    uint32_t root;        /* rank that sends a broadcast or receives an incast */
    uint32_t shift;       /* of a permutation; 0: a new random one each time */
    double time_s;        /* of a compute delay */
    struct csin_training *training; /* of training; NULL elsewhere */
    double overhead_s; /* of a library's algorithm (sim/libraries.h): software, beside the bytes */
    uint32_t channels; /* of nccl-ring: rings that share the buffer */
    struct csin_loc loc;
};

struct csin_job;
/* The stream of chance of one step of one round of a job. */
uint64_t csin_step_draw(const struct csin_job *job, uint32_t round, uint32_t step);

struct csin_class { /* of traffic */
    const char *name;
    uint32_t sl; /* service level */
    struct csin_loc loc;
};

struct csin_job {
    const char *name;
    uint32_t traffic_class; /* index into the scenario's classes; CSIN_NONE: none, which is SL 0 */
    uint32_t *hosts;        /* [n_hosts] by rank */
    uint32_t n_hosts;
    const char *zone; /* all of them are to be there; NULL: anywhere */
    double start_s;
    uint32_t repeat;
    struct csin_step *steps;
    uint32_t n_steps;
    struct csin_loc loc;
};

enum csin_storage {
    CSIN_READ,
    CSIN_CHECKPOINT,
    CSIN_RECORDS,  /* reads of small records at random places */
    CSIN_KV_CACHE, /* reads of values that may be missing */
    CSIN_RECOVERY, /* what replaced SSDs lack, from the other targets of their chains */
    CSIN_N_STORAGE
};
extern const char *const csin_storage_names[];

struct csin_stream {
    const char *name;
    uint32_t traffic_class; /* as of a job */
    enum csin_storage kind;
    uint32_t *clients, n_clients; /* readers or writers */
    uint32_t *servers, n_servers;
    uint64_t size_bytes; /* of one client; 0 when the duration decides */
    uint64_t chunk_bytes;
    uint32_t concurrency;       /* chunks outstanding per client */
    uint32_t senders;           /* read: request-to-send: servers that may send to one reader at a
                                 * time; 0: all that were asked */
    uint32_t stripe;            /* read: servers that one client's file lies on */
    uint32_t replicas;          /* checkpoint: length of a chain */
    double start_s, duration_s; /* duration 0: until size_bytes are moved */
    /* With a chain table. The servers are its own, of a recovery those that have lost nothing. */
    const struct csin_chains *chains; /* NULL: none */
    uint64_t record_bytes;            /* what one access to an SSD reads; 0: all of a chunk */
    double hit_ratio;                 /* kv-cache: of the values asked for; else 1 */
    double miss_s;                    /* what a value that is missing takes */
    uint32_t bursts;                  /* checkpoint: so many, size_bytes of each client in each; */
    double every_s;                   /* one so long after the other */
    uint32_t lost_ssd;                /* recovery: of the clients; CSIN_NONE: all of each */
    struct csin_loc loc;
};

/* Chunks go from servers to clients. */
static inline bool csin_stream_reads(const struct csin_stream *stream)
{
    return stream->kind != CSIN_CHECKPOINT;
}

#define CSIN_MAX_INPUTS 16
struct csin_input {   /* a file (or one-line fabric) that was read */
    const char *what; /* scenario, fabric, lft, plan, chains, model or trace */
    const char *name; /* as it was written */
    const char *path; /* NULL for a one-line fabric */
    struct csin_sha256 sha256;
};

struct csin_scenario {
    struct csin_arena *arena;
    const char *name;
    const char *file;
    struct csin_input
        inputs[CSIN_MAX_INPUTS]; /* the scenario, the fabric; then others, if there are */
    uint32_t n_inputs;
    struct csin_fabric *fabric;
    bool fabric_is_borrowed; /* else destroyed with the scenario */
    enum csin_policy policy;
    const struct csin_engine *engine;
    uint64_t seed;
    double horizon_s; /* HUGE_VAL: none */
    enum csin_congestion congestion;
    struct csin_class *classes;
    uint32_t n_classes;
    struct csin_lanes lanes;   /* of_owner NULL: nothing is said of classes or lanes */
    uint8_t sl_to_vl[16];      /* 15: no VL, as nobody uses the SL and nothing is said of it */
    struct csin_event *events; /* in order of time */
    uint32_t n_events;
    double reaction_s;
    struct csin_job *jobs;
    uint32_t n_jobs;
    struct csin_stream *streams;
    uint32_t n_streams;
    struct csin_chains *chains; /* chain tables */
    uint32_t n_chains;
    uint32_t n_owners;         /* jobs, then streams */
    const char *const *owners; /* [n_owners] names */
    struct csin_routes *routes;
    bool routes_are_borrowed;
    struct csin_cluster *cluster; /* sim/cluster_scenario.h; NULL: none. Then there are no jobs */
    struct csin_inside inside;    /* of the fabric's hosts */
};

/* `what` of the inputs that are chain tables. */
extern const char csin_chains_what[];

/* What the command line changes. NULL or not `given`: as the file says. */
struct csin_overrides {
    const char *engine, *routing, *congestion;
    const char *plan; /* file (sim/overlay.h) */
    const char *lft;  /* file of routing lft */
    uint64_t seed;
    bool seed_given;
    const struct csin_variant *variant; /* of a sweep */
};

/* Other values than the files say. */
struct csin_variant {
    struct csin_changes scenario;
    struct csin_fabric_variant fabric;
};

/* Reads and resolves the scenario at `path`, opens its fabric (relative to the scenario's folder)
 * and builds its routes. Everything lies in `arena`, which messages borrow file names from too, so
 * it must outlive `diag`. On success *ret_scenario is to be destroyed before the arena. */
enum csin_status csin_scenario_open(const char *path, const struct csin_overrides *overrides,
                                    struct csin_arena *arena, struct csin_diag *diag,
                                    struct csin_scenario **ret_scenario);
void csin_scenario_destroy(struct csin_scenario *scenario);

/* Makes the schedule of the whole scenario, or of one owner alone, started at time 0 (`only`: its
 * index, CSIN_NONE for all). Chance is drawn per owner, so an owner does the same alone as in
 * company. On success the caller finishes *ret_schedule. */
enum csin_status csin_scenario_schedule(const struct csin_scenario *scenario, uint32_t only,
                                        struct csin_diag *diag, struct csin_schedule *ret_schedule);

#endif
