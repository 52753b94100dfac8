/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cluster of a scenario, resolved: every job with its template, its hosts counted, its arrival
 * drawn. */
#ifndef CSIN_SIM_CLUSTER_SCENARIO_H
#define CSIN_SIM_CLUSTER_SCENARIO_H

#include "sim/cluster.h"
#include "sim/cluster_spec.h"

struct csin_cluster {
    struct csin_cluster_rules rules;
    struct csin_cluster_hosts hosts;
    const struct csin_scenario_spec *spec;      /* of the whole scenario */
    const struct csin_template_spec *templates; /* [n_templates] */
    uint32_t n_templates;
    struct csin_cluster_job *jobs; /* [n_jobs]; work_s 0 where `rounds` says it */
    uint64_t *rounds;              /* [n_jobs] of the steps of its template; 0: work_s says it */
    uint32_t n_jobs;
    bool has_network;             /* it is asked how slow jobs are */
    double window_s;              /* of the network that is simulated */
    double refresh;               /* share of busy hosts, see docs/model.md */
    uint32_t n_steps, n_skipped;  /* lines of a trace that are no jobs, or such that never ran */
    struct csin_scenario *parent; /* the scenario that it belongs to */
};

struct resolver;
/* Makes r->sc->cluster from r->spec->cluster. Templates are checked later, when there are routes:
 * csin_cluster_check. */
void csin_resolve_cluster(struct resolver *r);

#endif
