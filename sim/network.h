/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The network as it is at a moment of a run: which cables work and how fast, the routes that follow
 * from it, where jobs have moved, and whose bytes went where. Engines ask it for the way of each
 * transfer and tell it what came of that; between them they do the same in every engine.
 *
 * A change of the fabric counts at once for what cables carry. Routes follow `reaction_s` later:
 * until then traffic goes on being sent into a dead cable and stands still there. Then every
 * transfer, also one in flight, takes the way that the new routes say. By then others stand in for
 * storage hosts that are down: a transfer from or to one goes to another one that is up, of which a
 * hash picks one for each reader, so that what a dead host served is spread over all. */
#ifndef CSIN_SIM_NETWORK_H
#define CSIN_SIM_NETWORK_H

#include "sim/engine.h"

/* A path that was asked for: jobs send along few pairs of hosts again and again. */
struct csin_known_way {
    double latency_s;
    uint32_t src, dst, n; /* hosts; src CSIN_NONE: none is known here */
    uint32_t arcs[CSIN_PATH_MAX];
};

struct csin_network {
    const struct csin_run *run;
    const struct csin_routes *routes; /* of now */
    const double *capacity_Bps;       /* [n_arcs + resources inside hosts] of now; 0 where dead */
    struct csin_way way;              /* the answer to the last question; no arcs: it is local */
    uint32_t *use;                    /* [n_uses] likewise, as numbers of the run (n_arcs + r); */
    double *use_weights;              /* those of the host that sends come first, n_sends of them */
    uint32_t n_uses, n_sends;
    struct csin_traffic traffic;
    /* What csin_network_advance has just done. */
    uint32_t *changed_arcs, n_changed_arcs; /* whose capacity is another one; resources too */
    bool rerouted;
    uint32_t *stopped, n_stopped; /* owners */
    /* Inside: */
    struct csin_routes *own_routes; /* NULL: those of the run */
    double *own_capacity_Bps, *cable_Bps;
    bool *cable_up, *switch_up, *host_up, *up; /* up: of cables, with what is at their ends */
    uint32_t *n_flows;                         /* [n_arcs] for least-loaded routes; else NULL */
    double *load;                       /* [n_arcs] flows per bytes/s, as they are asked for */
    uint32_t next_event, next_reaction; /* indices into the run's events */
    struct csin_known_way *known; /* some for each of n_known hosts; NULL: ways are no paths, or
                                     depend on the load */
    uint32_t n_known;             /* a power of two */
    uint32_t replaced;            /* how many of them have been */
    uint32_t *alive, n_alive;     /* storage hosts that routes know to be up */
    bool *gone;                   /* [n_hosts] hosts that they know to be down */
    bool *inside_up;              /* [resources inside hosts] */
    bool *inside_gone;            /* likewise, as is known since the last reaction */
    uint32_t replica; /* what stands for the SSD of the operation at hand, where it is read from
                         another one; CSIN_NONE: nothing does */
    bool *moved;      /* [n_owners] jobs that have moved */
    uint32_t *rank;   /* [n_hosts] in the job that it belongs to, if that has moved */
    uint32_t span;    /* of the operation that was asked for last */
};

/* False without memory; finish is safe then. */
bool csin_network_init(struct csin_network *net, const struct csin_run *run);
void csin_network_finish(struct csin_network *net);

/* When something of the network changes next; HUGE_VAL: never. */
double csin_network_next(const struct csin_network *net);
/* Lets everything happen that is due by `now`. CSIN_E_FAILED without memory, reported. */
enum csin_status csin_network_advance(struct csin_network *net, double now, struct csin_diag *diag);

/* The owner of an operation. Amortised O(1) for neighbours. */
uint32_t csin_network_owner(struct csin_network *net, uint32_t op);
/* The way of a transfer that begins or is rerouted now, in net->way; false where there is none, for
 * now. `finish_s` as in the result. */
bool csin_network_way(struct csin_network *net, uint32_t op, const double *finish_s);
/* A flow takes this way from now on (+1), or no longer (-1): for least-loaded routes. */
void csin_network_count(struct csin_network *net, const uint32_t *arcs, uint32_t n, int change);

/* Reports a transfer that can never move while the network stays as it is (CSIN-323): it has no
 * way, or one over an arc without bandwidth. CSIN_E_FAILED then. Leaves the way in net->way. */
enum csin_status csin_network_check_way(struct csin_network *net, struct csin_diag *diag,
                                        uint32_t op);

#endif
