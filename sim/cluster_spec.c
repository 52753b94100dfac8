/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of the section `cluster`. */
#include "sim/cluster_spec.h"

#include "sim/cluster.h"

static const char *const yes_names[] = {"yes", "no", NULL};
static const char *const network_names[] = {"on", "off", NULL};
static const char *const arrivals_names[] = {"even", "random", NULL};
static const char *const format_names[] = {"csv", "sacct", NULL};

static const struct csin_range hosts_range = {1, CSIN_MAX_HOSTS};
static const struct csin_range priority_range = {0, 4294967295.0};
static const struct csin_range count_range = {1, CSIN_MAX_CLUSTER_JOBS};
static const struct csin_range rounds_range = {1, 1e9};
static const struct csin_range refresh_range = {0, 1};

#define KEY(record, name, flags, member, reader, arg)                                              \
    {                                                                                              \
        name, flags, offsetof(struct record, member), csin_yaml_##reader, arg                      \
    }
#define TEMPLATE(name, flags, member, reader, arg)                                                 \
    KEY(csin_template_spec, name, flags, member, reader, arg)
#define JOB(name, flags, member, reader, arg)                                                      \
    KEY(csin_cluster_job_spec, name, flags, member, reader, arg)
#define TRACE(name, flags, member, reader, arg)                                                    \
    KEY(csin_trace_spec, name, flags, member, reader, arg)
#define CLUSTER(name, flags, member, reader, arg)                                                  \
    KEY(csin_cluster_spec, name, flags, member, reader, arg)

static const struct csin_key template_keys[] = {
    TEMPLATE("class", 0, traffic_class, name, NULL),
    TEMPLATE("steps", 0, steps, one_or_list, &csin_step_element),
    TEMPLATE("storage", 0, storage, one_or_list, &csin_stream_element),
    TEMPLATE("save", 0, save_s, time, NULL),
    TEMPLATE("load", 0, load_s, time, NULL),
    TEMPLATE("interruptible", 0, interruptible, choice, yes_names),
    {0}};
static const struct csin_element template_element = {sizeof(struct csin_template_spec),
                                                     csin_yaml_section, template_keys};

static const struct csin_key job_keys[] = {JOB("name", CSIN_REQUIRED, name, name, NULL),
                                           JOB("template", 0, of_template, name, NULL),
                                           JOB("hosts", CSIN_REQUIRED, hosts, count, &hosts_range),
                                           JOB("zone", 0, zone, name, NULL),
                                           JOB("priority", 0, priority, count, &priority_range),
                                           JOB("arrive", 0, arrive_s, time, NULL),
                                           JOB("time", 0, time_s, time, NULL),
                                           JOB("rounds", 0, rounds, count, &rounds_range),
                                           JOB("count", 0, count, count, &count_range),
                                           JOB("every", 0, every_s, time, NULL),
                                           JOB("arrivals", 0, arrivals, choice, arrivals_names),
                                           {0}};
static const struct csin_element job_element = {sizeof(struct csin_cluster_job_spec),
                                                csin_yaml_section, job_keys};

static const struct csin_key trace_keys[] = {TRACE("file", CSIN_REQUIRED, file, text, NULL),
                                             TRACE("format", 0, format, choice, format_names),
                                             TRACE("column", 0, column, name, NULL),
                                             TRACE("template", 0, of_template, name, NULL),
                                             {0}};

static const struct csin_key cluster_keys[] = {
    CLUSTER("templates", 0, templates, map, &template_element),
    CLUSTER("jobs", 0, jobs, list, &job_element),
    CLUSTER("trace", 0, trace, section, trace_keys),
    CLUSTER("placement", 0, placement, choice, csin_cluster_placement_names),
    CLUSTER("queue", 0, queue, choice, csin_queue_names),
    CLUSTER("preemption", 0, preemption, choice, yes_names),
    CLUSTER("cross-zone", 0, cross_zone, count, NULL),
    CLUSTER("until", 0, until_s, time, NULL),
    CLUSTER("network", 0, network, choice, network_names),
    CLUSTER("window", 0, window_s, time, NULL),
    CLUSTER("refresh", 0, refresh, ratio, &refresh_range),
    {0}};

enum csin_status csin_read_cluster(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    (void)key;
    struct csin_cluster_spec **ret = field, *spec;
    spec = csin_arena_alloc(csin_yaml_arena(node), 1, sizeof *spec);
    if (!spec)
        return csin_no_memory(csin_yaml_diag(node));
    spec->loc = csin_yaml_loc(node);
    *ret = spec;
    return csin_yaml_read_keys(node, spec, cluster_keys);
}
