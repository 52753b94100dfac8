/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Engines: schedule x fabric x routes -> when every operation started and finished, and what every
 * arc carried. All engines implement the flow model of docs/model.md: a transfer waits for the
 * latency of its path, then moves its bytes at a max-min fair rate. */
#ifndef CSIN_SIM_ENGINE_H
#define CSIN_SIM_ENGINE_H

#include "sim/recorder.h"
#include "sim/schedule.h"
#include "sim/traffic.h"

/* What decides the rates of flows that meet; docs/model.md. */
enum csin_congestion {
    CSIN_FAIR,    /* max-min fair at once: ideal congestion control */
    CSIN_LOSSLESS /* full buffers stop senders: head-of-line blocking, per virtual lane */
};
extern const char *const csin_congestion_names[]; /* NULL-terminated */

/* Virtual lanes of the lossless model. An arc has as many data VLs as the switches at its ends; a
 * VL that it lacks is folded onto one it has (csin_lane_fold). Lanes share an arc by weight and
 * leave nothing unused. */
#define CSIN_MAX_LANES 15
struct csin_lanes {
    double weights[CSIN_MAX_LANES]; /* of each VL, above 0 */
    const uint8_t *of_owner;        /* [n_owners] VL that its traffic is sent on */
};
/* How a switch with `n_vls` data VLs (1, 2, 4, 8 or 15) takes a VL it does not have: OpenSM masks
 * the number. */
static inline uint32_t csin_lane_fold(uint32_t vl, uint32_t n_vls)
{
    return n_vls == 15 ? vl : vl & (n_vls - 1);
}

/* What happens to the fabric or to a job at a moment of the run. Cables work when they and both
 * their ends are up. */
enum csin_event_kind {
    CSIN_EVENT_CABLE,  /* cables: `up`, and at `rate_Bps` where that is not 0 */
    CSIN_EVENT_SWITCH, /* items are switches */
    CSIN_EVENT_SSD,    /* items are hosts: SSD number `ssd` of each */
    CSIN_EVENT_HOST,   /* items are hosts */
    CSIN_EVENT_STOP,   /* items[0] is an owner: it ends as it is */
    CSIN_EVENT_MOVE    /* owner items[0], a job: the steps that begin after it run on hosts[rank] */
};
struct csin_event {
    double at_s;
    enum csin_event_kind kind;
    bool up;
    double rate_Bps; /* of cables; 0: as before */
    uint32_t *items; /* [n_items] cables, switches or hosts; one owner */
    uint32_t n_items;
    uint32_t ssd;
    const uint32_t *from; /* MOVE: [n_hosts] the job's hosts by rank, as the schedule has them; */
    uint32_t *hosts;      /* [n_hosts] where each rank goes */
    uint32_t n_hosts;
    struct csin_loc loc;
};

struct csin_run {
    const struct csin_fabric *fabric;
    const struct csin_routes *routes;
    const struct csin_schedule *schedule;
    enum csin_congestion congestion;
    const struct csin_lanes *lanes;  /* lossless; NULL: all on VL 0 */
    const struct csin_event *events; /* [n_events] in order of time; of the same time, in this order
                                      */
    uint32_t n_events;
    double reaction_s; /* from a change of the fabric to the new routes that follow from it */
    double horizon_s;  /* the run fails when something is still unfinished then; HUGE_VAL: none */
    bool watch;        /* fill the arcs' peaks and congestion; costs time */
    /* Called at the beginning and then about five times a second, from the caller's process; NULL:
     * not. */
    void (*progress)(void *arg, uint64_t done, uint64_t total, double now_s);
    void *progress_arg;
    /* Asked as often (fluid engine only); true: the run fails at once, with CSIN-822. NULL: not. */
    bool (*stop)(void *arg);
    void *stop_arg;
    /* Called when a transfer has another rate than before, in the process that simulates: SimGrid's
     * is a child, which shares with the caller only what was mapped so. Needs `watch`; NULL: not.
     * Of several rates within one instant, all or the last one only. */
    void (*observe)(void *arg, double now_s, uint32_t op, double rate_Bps);
    void *observe_arg;
    /* Told every load and rate as it changes, where both are watched. NULL: not. */
    struct csin_recorder *recorder;
};

/* A flow is congested while an arc that is not at one of its two hosts is what limits its rate, and
 * nothing inside these hosts does. */
struct csin_arc_watch {
    double peak_Bps;    /* largest total rate seen */
    double saturated_s; /* for how long it was full */
    double congested_s; /* for how long it limited some flow that its end hosts would have let go
                           faster */
};

/* A transfer without a way, or into a dead cable: it waited. */
struct csin_wait {
    uint32_t op;
    double from_s, to_s;
};

/* Transfers of an owner that a full arc held back which they do not cross: victims of head-of-line
 * blocking. */
struct csin_victims {
    uint32_t owner, arc;
    double held_s; /* summed over the transfers */
};

struct csin_run_result {
    double makespan_s;           /* when the last operation finished or was stopped */
    uint64_t events;             /* intervals during which no flow came or went */
    uint32_t max_flows;          /* most transfers between start and finish at once */
    uint32_t skipped;            /* operations that met a closed gate, and what they took with them
                                  */
    double *start_s, *finish_s;  /* [n_ops]; -1 for skipped ones. Start is before the latency. */
    struct csin_arc_watch *arcs; /* [n_arcs + resources inside hosts]; NULL unless watched */
    struct csin_traffic traffic; /* whose bytes each arc carried, and the effective numbers */
    struct csin_wait *waits;     /* [n_waits] in order of from_s; an operation may have several */
    uint32_t n_waits;
    struct csin_victims *victims; /* [n_victims] each owner and arc once; lossless, when watched */
    uint32_t n_victims;
    double dropped_bytes; /* that transfers had moved when they were stopped */
    double *moving_s;     /* [n_owners] how long transfers moved, summed; as victims */
    void *memory;         /* of the arrays */
    size_t memory_bytes;
    bool is_shared; /* with a child; else malloc'ed */
};

struct csin_engine {
    const char *name;
    const char *what; /* version and settings, for the provenance of results */
    /* Runs to the end. On success *ret is the caller's, to be given to csin_run_result_finish. A
     * run in which any operation did not finish is a failure: CSIN_E_FAILED, reported, *ret
     * untouched. */
    enum csin_status (*run)(const struct csin_run *run, struct csin_diag *diag,
                            struct csin_run_result *ret);
    bool lossless; /* it has the lossless model and its lanes */
};

extern const struct csin_engine csin_engine_simgrid, csin_engine_fluid;
/* By name; NULL where there is none. csin_engine_names is NULL-terminated. */
const struct csin_engine *csin_engine_find(const char *name);
extern const char *const csin_engine_names[];

void csin_run_result_finish(struct csin_run_result *result);

/* ---- for engines ---- */

/* Memory for start_s, finish_s and, where `watch`, arcs, all of them zero; `extra` bytes in front
 * of them, at ret->memory. With `extra` bytes it is shared with children. False without memory. */
bool csin_run_result_init(const struct csin_run *run, size_t extra, struct csin_run_result *ret);

/* Puts waits in the order that a result has them in. */
void csin_waits_sort(struct csin_wait *waits, uint32_t n);

/* The two ends of a run that is not complete: nothing can happen any more (CSIN-321), or the
 * horizon is reached (CSIN-322). Names some operations. Both return CSIN_E_FAILED. */
enum csin_status csin_engine_stuck(const struct csin_run *run, struct csin_diag *diag,
                                   const struct csin_run_result *so_far, uint64_t done,
                                   double now_s);
enum csin_status csin_engine_horizon(const struct csin_run *run, struct csin_diag *diag,
                                     const struct csin_run_result *so_far, uint64_t done);

/* The key by which a path is chosen for an operation: all transfers between the same two hosts are
 * one flow and take one path, whoever owns them, so that adding a job moves nobody else's traffic.
 */
uint64_t csin_flow_key(uint32_t src_host, uint32_t dst_host);

#endif
