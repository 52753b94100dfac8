/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person wrote of a cluster, the section `cluster` of a scenario. docs/config-reference.md
 * describes the keys. */
#ifndef CSIN_SIM_CLUSTER_SPEC_H
#define CSIN_SIM_CLUSTER_SPEC_H

#include "sim/scenario_spec.h"

/* What jobs of a kind do, again and again. */
struct csin_template_spec {
    struct csin_text name; /* first, as csin_yaml_map wants it */
    struct csin_text traffic_class;
    struct csin_list steps;   /* csin_step_spec */
    struct csin_list storage; /* csin_stream_spec: in every round of the steps, beside them */
    struct csin_quantity save_s, load_s;
    struct csin_choice interruptible; /* 0: yes */
};

/* A job, or several that arrive one after the other; a line of a trace too. */
struct csin_cluster_job_spec {
    struct csin_text name, of_template, zone;
    struct csin_count hosts, priority, rounds, count;
    struct csin_quantity arrive_s, time_s, every_s;
    struct csin_choice arrivals; /* enum csin_arrivals */
    bool from_trace;             /* its name may come twice */
};

enum csin_arrivals { CSIN_ARRIVALS_EVEN, CSIN_ARRIVALS_RANDOM };
enum csin_trace_format { CSIN_TRACE_CSV, CSIN_TRACE_SACCT };

struct csin_trace_spec {
    struct csin_text file;        /* NULL: there is none */
    struct csin_choice format;    /* enum csin_trace_format */
    struct csin_text column;      /* whose values are names of templates; sacct: any column */
    struct csin_text of_template; /* of jobs whose column names none */
};

struct csin_cluster_spec {
    struct csin_loc loc;
    struct csin_list templates; /* csin_template_spec */
    struct csin_list jobs;      /* csin_cluster_job_spec */
    struct csin_trace_spec trace;
    struct csin_choice placement, queue;    /* sim/cluster_place.h, sim/cluster.h */
    struct csin_choice preemption, network; /* 0: yes, on */
    struct csin_count cross_zone;
    struct csin_quantity until_s, window_s, refresh;
};

/* The reader of `cluster`: into a struct csin_cluster_spec *, NULL where it is absent. */
csin_yaml_reader csin_read_cluster;

#endif
