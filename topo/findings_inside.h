/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of topo/findings.h share; nobody else includes it. */
#ifndef CSIN_TOPO_FINDINGS_INSIDE_H
#define CSIN_TOPO_FINDINGS_INSIDE_H

#include "base/rng.h"
#include "topo/findings.h"

/* NICs that are alike as senders: on one leaf, of one role, of hosts whose NICs hang off the same
 * leaves. Forwarding depends on the leaf and the destination alone, so one walk speaks for all. */
struct sender {
    uint32_t leaf, role, n, first; /* members[first] .. */
    bool is_single;                /* hosts of one NIC */
};

/* Follows routes. One destination at a time, so that every switch is asked once for it. */
struct walker {
    const struct csin_fabric *f;
    const struct csin_routes *routes;
    uint32_t n_senders;
    struct sender *senders;
    uint32_t *members;   /* [n_nics] NICs by sender */
    uint32_t *sender_of; /* [n_nics], CSIN_NONE for those that are not joined */
    uint32_t *part;      /* [n_switches] connected part, over cables that are up */
    uint8_t *in_use;     /* [n_senders][n_senders]: pairs between them are; NULL: ask each time */
    uint32_t *next;      /* [n_switches] arc towards the destination; */
    uint32_t *asked;     /* [n_switches] for which destination + 1 */
    uint8_t *stops;      /* [n_switches] enum csin_stop of the next step */
    uint32_t *same_host; /* [n_senders] scratch: NICs of the destination's own host */
    uint32_t *targets;   /* [n_targets] destinations looked at, ascending */
    uint32_t n_targets, n_joined;
};

#define WALK_MAX 256u /* arcs between switches; more is a circle */

/* A sender's way to a destination, the arc out of the NIC left out, the one into it included. */
struct walk {
    uint32_t sender, nic; /* from, to */
    uint32_t n_pairs;     /* that it speaks for */
    bool in_use;
    enum csin_stop stop;
    uint32_t at, n; /* arcs */
    uint32_t arcs[WALK_MAX];
};

/* False without memory; finish in any case. At most about `budget` walks: with more, destinations
 * are drawn by the seed. */
bool csin_walker_init(struct walker *w, const struct csin_fabric *f,
                      const struct csin_routes *routes, uint64_t budget, uint64_t seed);
void csin_walker_finish(struct walker *w);
/* All walks between parts that cables join, destination by destination. */
void csin_walker_run(struct walker *w, void (*visit)(void *context, const struct walk *walk),
                     void *context);
/* A pair that a walk stands for. */
struct csin_pair csin_walk_pair(const struct walker *w, const struct walk *walk);

/* Routes in use and pairs by place. */
struct loads {
    uint64_t *routes[CSIN_N_ROLES][CSIN_N_ROLES]; /* [n_arcs], by role of source and destination */
    uint64_t *through;                            /* [n_switches] */
    uint32_t *targets;                            /* [n_arcs] destinations in use */
    uint64_t *senders; /* [n_arcs][sender_words] bits; NULL where that is too much */
    size_t sender_words;
};
void csin_loads_finish(struct loads *loads);
/* Fills reach, balance, idle spines; and `ret_loads`. */
bool csin_tables_look(struct walker *w, struct csin_findings *findings, struct loads *ret_loads);
enum csin_group csin_group_of(const struct csin_fabric *f, uint32_t arc);

/* Credit loops. `lane_of`: lane by zone of source and destination, [n_zones + 1][n_zones + 1] with
 * the last for switches outside any; NULL: all on one. False without memory. Sets loops_why_not
 * where the fabric is too large. */
bool csin_loops_look(struct walker *w, const uint8_t *lane_of, unsigned n_lanes,
                     struct csin_arena *arena, struct csin_loops *ret_loops,
                     const char **ret_why_not);

/* Sets zone_lanes where lanes by direction between zones would end the loops. */
bool csin_loops_try_zones(struct walker *w, struct csin_arena *arena, struct csin_loops *loops);

bool csin_worst_look(struct walker *w, const struct loads *loads, struct csin_arena *arena,
                     struct csin_worst *ret_worst);

/* Flows all at once, each by its own way. */
struct crowd {
    const struct csin_fabric *f;
    double *load; /* [n_arcs] sent over it / what it carries */
    uint32_t *arcs, *first;
    double *weights, *rate;
    size_t arcs_room, weights_room;
    uint32_t room; /* flows */
    struct csin_way way;
};
struct crowd_result {
    double share_sum, load;
    uint32_t arc, n_lost;
};
bool csin_crowd_init(struct crowd *crowd, const struct csin_fabric *f, uint32_t n_flows);
void csin_crowd_finish(struct crowd *crowd);
/* Rank i of `hosts` sends to rank to[i]. shares: [n], may be NULL. False without memory. */
bool csin_crowd_run(struct crowd *crowd, const struct csin_routes *routes, const uint32_t *hosts,
                    const uint32_t *to, uint32_t n, double *shares, struct crowd_result *ret);
/* Hosts that take part: with a NIC whose cable is up, and of `role` or CSIN_ALL. malloc'ed. */
uint32_t *csin_ranks(const struct csin_fabric *f, unsigned role, uint32_t *ret_n);
/* At most `max` shifts, drawn where there are more. list may be NULL. */
bool csin_shifts_look(const struct csin_fabric *f, const struct csin_routes *routes, unsigned role,
                      uint32_t max, uint64_t seed, struct csin_arena *arena,
                      struct csin_shifts *ret);
bool csin_random_look(const struct csin_fabric *f, const struct csin_routes *routes, uint32_t n,
                      uint64_t seed, struct csin_random *ret);
/* How many permutations of all hosts cost about `flows` flows; from least to most. */
uint32_t csin_affordable(const struct csin_fabric *f, uint64_t flows, uint32_t least,
                         uint32_t most);

/* Tables of more than ten million entries: each flow then costs several times as much. */
bool csin_is_large(const struct csin_fabric *f);

bool csin_failures_look(const struct csin_fabric *f, const struct loads *loads,
                        struct csin_findings *findings);
enum csin_status csin_dead_look(const struct csin_fabric *f, const struct csin_routes *routes,
                                uint32_t n_dead, uint64_t seed, struct csin_diag *diag,
                                struct csin_findings *findings);

/* Reads all other findings. False without memory. */
bool csin_advise(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                 const struct csin_findings_options *options, struct csin_arena *arena,
                 struct csin_findings *findings);

#endif
