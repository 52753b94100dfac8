/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plan: what to change of a scenario, in a file of its own (plan.yaml), as csin plan writes it
 * and csin sim --plan reads it. What a plan says of jobs, streams, classes, lanes and routing
 * replaces what the scenario says, before anything is resolved, so both are checked alike. */
#ifndef CSIN_SIM_OVERLAY_H
#define CSIN_SIM_OVERLAY_H

#include "sim/scenario_spec.h"

struct csin_job_change {
    struct csin_text name, hosts, traffic_class;
};

struct csin_stream_change {
    struct csin_text name, servers, traffic_class;
    struct csin_count concurrency, senders;
};

struct csin_overlay {
    struct csin_text name;     /* of the plan */
    struct csin_text scenario; /* name of the one it was made for */
    struct csin_routing_spec routing;
    struct csin_list classes; /* csin_class_spec; absent: as the scenario has them */
    struct csin_lanes_spec lanes;
    struct csin_list jobs, storage; /* csin_job_change, csin_stream_change */
};

/* Reads the YAML text of a plan. */
enum csin_status csin_overlay_read(struct csin_arena *arena, struct csin_diag *diag,
                                   const char *file, const char *text, size_t bytes,
                                   struct csin_overlay *ret_overlay);

/* Changes `spec` as the plan says. Reports a plan for another scenario (CSIN-801), jobs and streams
 * that the scenario does not have (CSIN-802), and settings that the stream has not (CSIN-803). */
enum csin_status csin_overlay_apply(const struct csin_overlay *overlay, struct csin_diag *diag,
                                    struct csin_scenario_spec *spec);

#endif
