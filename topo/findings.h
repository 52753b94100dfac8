/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What can be said of a fabric and its forwarding tables before any traffic runs: does every pair
 * reach each other, can the fabric lock up, is the load even, what do patterns and failures cost,
 * and what an operator should know before deploying it.
 *
 *     fabric + routes -> csin_findings_create -> struct csin_findings -> text, json
 *
 *     reach      topo/tables.c         pairs without a route, ways that are longer than needed
 *     balance    topo/tables.c         routes on each arc
 *     loops      topo/loops.c          credit loops: channel dependency graph
 *     remedy     topo/loop_remedy.c    what would end them
 *     patterns   topo/permutations.c   shifts, random permutations
 *     worst      topo/worst.c          the worst permutation, exactly
 *     failures   topo/survive.c        dead cables and switches
 *     ftree      topo/ftree.c          would opensm's ftree accept this fabric
 *     advice     topo/advice.c         what follows from all that
 *
 * A *pair* is an ordered pair of NICs of different hosts. A pair is *in use* where no other pair of
 * NICs of the same two hosts is nearer (inside a zone is nearer than across), which is how csin
 * sends (topo/routes.h). */
#ifndef CSIN_TOPO_FINDINGS_H
#define CSIN_TOPO_FINDINGS_H

#include "topo/analyze.h"
#include "topo/routes.h"

#define CSIN_EXAMPLES 5u      /* of what is wrong */
#define CSIN_MAX_DEAD 8u      /* different numbers of dead cables */
#define CSIN_ALL CSIN_N_ROLES /* index beyond the roles: all of them */

struct csin_pair {
    uint32_t src, dst; /* NICs */
};

/* Where a route ends that does not arrive. */
enum csin_stop {
    CSIN_ARRIVES,
    CSIN_STOP_NO_ENTRY,   /* the switch has no port for this NIC */
    CSIN_STOP_NO_CABLE,   /* nothing is plugged into that port */
    CSIN_STOP_DEAD_CABLE, /* its cable is dead */
    CSIN_STOP_WRONG_NIC,  /* it leads to another NIC */
    CSIN_STOP_CIRCLE,     /* it comes back to where it has been */
    CSIN_N_STOPS
};
extern const char *const csin_stop_names[]; /* NULL-terminated */

struct csin_lost_pair {
    struct csin_pair pair;
    enum csin_stop stop;
    uint32_t at; /* the switch where it ends; one on the circle */
};

struct csin_reach {
    uint64_t n_pairs;              /* that cables which are up join */
    uint64_t n_lost[CSIN_N_STOPS]; /* [0] is 0 */
    uint64_t n_all_lost;
    uint64_t n_longer; /* ways with more cables than the shortest */
    uint32_t longest;  /* cables of the longest way */
    struct csin_pair longest_pair;
    struct csin_lost_pair examples[CSIN_EXAMPLES]; /* of different switches where possible */
    uint32_t n_examples;
};

/* Groups of arcs that are alike: what routes could spread over. */
enum csin_group {
    CSIN_GROUP_UP,
    CSIN_GROUP_DOWN,
    CSIN_GROUP_INTER_ZONE,
    CSIN_GROUP_ELSEWHERE,
    CSIN_N_GROUPS
};
extern const char *const csin_group_names[];

struct csin_route_balance {
    uint32_t n_arcs, n_idle; /* that are up; without any route */
    uint64_t max, sum;       /* routes in use */
    uint32_t worst;          /* arc; CSIN_NONE without arcs */
    /* The switch that spreads worst over its arcs of this group: most routes on one of them / the
     * fair share, which is the mean in whole lumps, as all its NICs go one way to a destination. */
    double uneven;
    uint32_t uneven_arc; /* that with most of them; CSIN_NONE */
    double uneven_mean;
    uint32_t uneven_idle; /* arcs of this switch without a route */
};

struct csin_dependency {
    uint32_t arc;          /* whoever is on it waits for the next arc of the loop */
    struct csin_pair flow; /* a pair whose route does both */
};

struct csin_loops {
    unsigned n_lanes;        /* virtual lanes that were told apart */
    uint64_t n_dependencies; /* of all lanes */
    uint32_t n_arcs;         /* that are part of some loop */
    unsigned lane;           /* of the loop below */
    uint32_t n;              /* 0: no credit loop */
    struct csin_dependency *loop;
    unsigned zone_lanes; /* lanes by which keeping the directions between zones apart would end all
                            loops; 0: it would not, or there is none */
};

struct csin_shift {
    uint32_t shift; /* rank i sends to rank i + shift */
    uint32_t arc;   /* the busiest */
    double load;    /* of it: what is sent over it / what it carries */
    double share;   /* mean over ranks: 1 / the largest load on the way */
};

struct csin_shifts {
    uint32_t n_ranks, n_all, n; /* shifts there are; looked at */
    uint32_t n_free;            /* of these, without contention */
    double mean_share;
    struct csin_shift worst;
    struct csin_shift *list; /* [n] */
    uint64_t n_lost;         /* flows without a way */
};

struct csin_random {
    uint32_t n_ranks, n;      /* permutations drawn */
    double mean_share, error; /* standard error of the mean */
    double p99_share;         /* 99 of 100 flows have at least this */
    double closed_form;       /* of an intact zone with D-Mod-K; 0 where it does not apply */
};

struct csin_worst {
    const char *why_not; /* NULL where it was looked for */
    bool is_exact;       /* otherwise a pattern this bad exists, and there may be worse */
    uint32_t arc;
    double load; /* what is sent over it / what it carries */
    uint32_t n_pairs;
    struct csin_pair *pairs; /* that load it so, all at once */
};

/* What the failure of one cable or one switch does, for all of one kind. */
struct csin_failures {
    uint32_t n;         /* of them, that work now */
    uint32_t n_cutting; /* after which some host is cut off */
    uint64_t max_pairs; /* without a route until the tables are made again; worst case */
    double mean_pairs;
    uint32_t worst;                  /* cable or switch with max_pairs; CSIN_NONE */
    uint32_t max_hosts, worst_hosts; /* most hosts cut off, and by which; CSIN_NONE */
    /* Switches that cut off hosts which are plugged in elsewhere too, or only elsewhere: what a
     * second way would save. */
    uint32_t n_beyond, max_beyond, worst_beyond;
};

/* Some cables between switches dead at once: each subset of that many once, or where they are more
 * than a few some that differ, drawn by the seed. */
struct csin_dead {
    uint32_t n_dead, n_samples;
    bool is_all;        /* all subsets were tried */
    bool rerouted;      /* tables made again by the same policy */
    double shift_share; /* mean over the shifts looked at and the samples */
    double shift_kept;  /* relative to the fabric as it is */
    double random_share, random_kept, random_error; /* of random_share, by the draws; 0: all */
    double lost_share;                              /* of the flows, without a way */
};

/* Why opensm's ftree would not take this fabric, as its log has it. */
enum csin_ftree_reason {
    CSIN_FTREE_OK,
    CSIN_FTREE_FEW_SWITCHES,
    CSIN_FTREE_FEW_HOSTS,
    CSIN_FTREE_ONE_RANK,  /* AB2B: every switch has a channel adapter */
    CSIN_FTREE_RANKS,     /* fewer than 2 or more than 8 */
    CSIN_FTREE_LEAF_RANK, /* AB26: channel adapters on switches of different ranks */
    CSIN_FTREE_ONE_LEAF,
    CSIN_FTREE_UP_GROUPS,   /* AB09 */
    CSIN_FTREE_DOWN_GROUPS, /* AB0A */
    CSIN_FTREE_UP_PORTS,    /* AB0B */
    CSIN_FTREE_DOWN_PORTS,  /* AB0C */
    CSIN_FTREE_NO_ROOTS,    /* AB25 */
    CSIN_N_FTREE_REASONS
};
extern const char *const csin_ftree_codes[]; /* AB09; "" where the log has none */

struct csin_ftree {
    enum csin_ftree_reason reason;
    uint32_t a, b;           /* two switches that differ, or CSIN_NONE */
    uint32_t n_of_a, n_of_b; /* in this */
    uint64_t n_pairs_lost;   /* accepted, yet without a route: ways that go up again */
};

enum csin_ftree_options {
    CSIN_FTREE_PLAIN = 0,
    CSIN_FTREE_ROOTS = 1,   /* -a: GUIDs of the roots */
    CSIN_FTREE_COMPUTE = 2, /* -u: port GUIDs of the hosts' NICs, so not of aggregation nodes */
};

struct csin_advice {
    unsigned code;
    bool is_fault;      /* must not be deployed like this; otherwise: know it */
    const char *text;   /* what is, one sentence without a full stop */
    const char *remedy; /* what to do; NULL where nothing is to be done */
};

struct csin_findings {
    enum csin_policy policy;
    uint64_t seed;
    bool has_tables;           /* otherwise flows choose, and reach .. worst are not looked at */
    double destinations_share; /* of NICs whose routes were followed; 1: all */
    struct csin_reach reach;
    struct csin_route_balance balance[CSIN_N_GROUPS][CSIN_N_ROLES + 1]
                                     [CSIN_N_ROLES + 1]; /* [from][to] */
    uint32_t n_idle_spines, idle_spine;                  /* without any route; one of them */
    const char *loops_why_not;                           /* NULL where they were looked for */
    struct csin_loops loops;
    const char *loops_remedy;                  /* NULL without a loop */
    struct csin_shifts shifts, compute_shifts; /* n_ranks 0: not looked at */
    struct csin_random random;
    struct csin_worst worst;
    struct csin_disjoint disjoint;
    struct csin_failures cables[CSIN_N_PLACES], switches[CSIN_N_LAYERS];
    struct csin_dead dead[CSIN_MAX_DEAD];
    uint32_t n_dead;
    struct csin_ftree ftree[4];  /* by csin_ftree_options */
    double ftree_storage_spread; /* busiest spine / mean spine for traffic to storage hosts, as
                                    opensm's ftree places it; 0 without */
    struct csin_advice *advice;  /* faults first */
    uint32_t n_advice;
};

struct csin_findings_options {
    uint32_t dead[CSIN_MAX_DEAD]; /* cables at once */
    uint32_t n_dead;
    uint32_t n_lanes_needed; /* data VLs that classes ask for; 0: not known */
};

/* Looks at all of the above. Routes must be those of `fabric`; tables may be wrong in any way.
 * Lists belong to `arena`. A fabric of 800 hosts takes well under a second; work on large ones is
 * bounded by sampling with the seed of the routes, and the findings say what was sampled. */
enum csin_status csin_findings_create(const struct csin_fabric *fabric,
                                      const struct csin_fabric_facts *facts,
                                      const struct csin_routes *routes,
                                      const struct csin_findings_options *options,
                                      struct csin_arena *arena, struct csin_diag *diag,
                                      struct csin_findings *ret_findings);

/* What would end the credit loops that `routes` have, for a person: only what was tried here and
 * helps, or where nothing that csin has does, a subnet manager that does. In `arena`. Costs the
 * making of three sets of tables, and a look at each; fails without memory only. */
enum csin_status csin_loops_remedy(const struct csin_routes *routes, struct csin_arena *arena,
                                   struct csin_diag *diag, const char **ret_remedy);

/* Whether opensm 3.3.23 would route `fabric` with ftree, by the rules of its osm_ucast_ftree.c,
 * from the part of the fabric with most NICs. `guids` [n_switches]: node GUIDs, which break ties as
 * they do in opensm; NULL: those of the fabric, or where it has none, its order. Roots are the core
 * switches, or where there is none the spines. False without memory. O(cables log cables). */
bool csin_ftree_predict(const struct csin_fabric *fabric, const uint64_t *guids, unsigned options,
                        struct csin_ftree *ret_ftree);

/* Switches whose number of data VLs differs from others', or is below `n_lanes_needed`: which. */
struct csin_lane_facts {
    uint32_t least, most;       /* data VLs of any switch */
    uint32_t sw_least, sw_most; /* such switches */
    uint32_t n_below;           /* switches with fewer than needed */
};
struct csin_lane_facts csin_lane_facts(const struct csin_fabric *fabric, uint32_t n_lanes_needed);

/* Writers: docs/analysis.schema.json describes the JSON. */
void csin_findings_write_text(const struct csin_fabric *fabric,
                              const struct csin_fabric_facts *facts,
                              const struct csin_findings *findings, FILE *out);
void csin_findings_write_json(const struct csin_fabric *fabric,
                              const struct csin_fabric_facts *facts,
                              const struct csin_findings *findings, FILE *out);

#endif
