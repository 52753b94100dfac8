/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person wrote in a scenario file: plain structs that remember places. sim/scenario.h checks
 * and resolves them. docs/config-reference.md describes the keys. */
#ifndef CSIN_SIM_SCENARIO_SPEC_H
#define CSIN_SIM_SCENARIO_SPEC_H

#include "sim/pick.h"
#include "sim/scenario.h"

struct csin_cluster_spec;

struct csin_step_spec {
    enum csin_work work;
    struct csin_loc loc;
    struct csin_choice algorithm;
    struct csin_training_spec *training; /* sim/training.h; NULL elsewhere */
    struct csin_count size, chunk, root, shift, channels;
    struct csin_quantity time_s; /* of a compute delay */
    struct csin_quantity overhead_s;
};

struct csin_class_spec {
    struct csin_text name;
    struct csin_count sl;
};

struct csin_lanes_spec {
    struct csin_loc loc;                /* line 0: not given */
    struct csin_list sl_to_vl, weights; /* of csin_count */
};

struct csin_job_spec {
    struct csin_text name, traffic_class;
    struct csin_pick_spec hosts;
    struct csin_quantity start_s;
    struct csin_count repeat;
    struct csin_list steps; /* of csin_step_spec */
};

struct csin_stream_spec {
    enum csin_storage kind;
    struct csin_text name, traffic_class;
    struct csin_pick_spec clients; /* readers or writers */
    struct csin_text servers;      /* all storage hosts when absent */
    struct csin_count size, chunk, concurrency, senders, stripe, replicas;
    struct csin_quantity start_s, duration_s;
    struct csin_text chains; /* a chain table */
    struct csin_count record, bursts, ssd;
    struct csin_quantity hit_ratio, miss_s, every_s;
};

struct csin_chains_spec {
    struct csin_text name, servers, file;
    struct csin_count ssds, replicas, targets, iops;
    struct csin_choice design;
};

/* What the `action` of an event can be; streams can stop only. */
enum csin_action { CSIN_STOP, CSIN_START, CSIN_MOVE };

/* One of cable, switches, hosts, job and stream is given, if it is right. */
struct csin_event_spec {
    struct csin_loc loc;
    struct csin_quantity at_s;
    struct csin_list cable;           /* two csin_text: its ends */
    struct csin_text switches, hosts; /* hostlists */
    struct csin_text job, stream;
    struct csin_count nth;         /* of a cable, as in overrides */
    struct csin_count ssd;         /* of hosts */
    struct csin_choice state;      /* enum csin_state */
    struct csin_quantity rate_Bps; /* of a cable */
    struct csin_choice action;     /* enum csin_action */
    struct csin_text to;           /* hostlist: where a job moves */
};

/* routing: POLICY, or routing: {lft: FILE} */
struct csin_routing_spec {
    struct csin_choice policy; /* enum csin_policy; CSIN_LFT with `lft` */
    struct csin_text lft;
};

struct csin_scenario_spec {
    struct csin_text name, fabric;
    struct csin_routing_spec routing;
    struct csin_choice engine, congestion;
    struct csin_count seed;
    struct csin_quantity horizon_s;
    struct csin_list classes; /* csin_class_spec */
    struct csin_lanes_spec lanes;
    struct csin_list jobs, storage; /* csin_job_spec, csin_stream_spec */
    struct csin_list chains;        /* csin_chains_spec */
    struct csin_list events;        /* csin_event_spec */
    struct csin_quantity reaction_s;
    struct csin_cluster_spec *cluster; /* sim/cluster_spec.h; NULL: none */
};

/* The readers of 'routing', 'classes' (a map of these) and 'lanes', and the elements of 'jobs' and
 * 'storage', for other files that have them. */
csin_yaml_reader csin_read_routing;
extern const struct csin_element csin_class_element, csin_job_element, csin_stream_element,
    csin_step_element;
csin_yaml_reader csin_read_lanes;

/* Reads the YAML text of a scenario. After a failure *ret_spec holds what could be read. */
enum csin_status csin_scenario_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                         const char *file, const char *text, size_t bytes,
                                         struct csin_scenario_spec *ret_spec);

/* The same of the text as changed. */
enum csin_status csin_scenario_spec_read_changed(struct csin_arena *arena, struct csin_diag *diag,
                                                 const char *file, const char *text, size_t bytes,
                                                 const struct csin_changes *changes,
                                                 struct csin_scenario_spec *ret_spec);

/* Resolves a scenario that somebody has in place of a file, for a fabric that is there already and
 * must outlive it. Its own `fabric` is not looked at. Everything lies in `arena`. */
enum csin_status csin_scenario_resolve(const struct csin_scenario_spec *spec,
                                       struct csin_fabric *fabric, struct csin_arena *arena,
                                       struct csin_diag *diag, struct csin_scenario **ret_scenario);

/* Resolves a part of a scenario with its fabric, routes, policy, engine, congestion model and seed:
 * a window of a cluster. `spec` says the jobs, the streams and the lanes. */
enum csin_status csin_scenario_part(const struct csin_scenario *parent,
                                    const struct csin_scenario_spec *spec, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_scenario **ret_scenario);

#endif
