/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/overlay.h"

#include <string.h>

#define AT(record, member) offsetof(struct record, member)

static const struct csin_range one_up = {1, 1e9};

static const struct csin_key job_keys[] = {
    {"hosts", 0, AT(csin_job_change, hosts), csin_yaml_text, NULL},
    {"class", 0, AT(csin_job_change, traffic_class), csin_yaml_name, NULL},
    {0}};
static const struct csin_element job_element = {sizeof(struct csin_job_change), csin_yaml_section,
                                                job_keys};

static const struct csin_key stream_keys[] = {
    {"servers", 0, AT(csin_stream_change, servers), csin_yaml_text, NULL},
    {"class", 0, AT(csin_stream_change, traffic_class), csin_yaml_name, NULL},
    {"concurrency", 0, AT(csin_stream_change, concurrency), csin_yaml_count, &one_up},
    {"request-to-send", 0, AT(csin_stream_change, senders), csin_yaml_count, &one_up},
    {0}};
static const struct csin_element stream_element = {sizeof(struct csin_stream_change),
                                                   csin_yaml_section, stream_keys};

static const struct csin_key plan_keys[] = {
    {"plan", CSIN_REQUIRED, AT(csin_overlay, name), csin_yaml_name, NULL},
    {"scenario", CSIN_REQUIRED, AT(csin_overlay, scenario), csin_yaml_name, NULL},
    {"routing", 0, AT(csin_overlay, routing), csin_read_routing, NULL},
    {"classes", 0, AT(csin_overlay, classes), csin_yaml_map, &csin_class_element},
    {"lanes", 0, AT(csin_overlay, lanes), csin_read_lanes, NULL},
    {"jobs", 0, AT(csin_overlay, jobs), csin_yaml_map, &job_element},
    {"storage", 0, AT(csin_overlay, storage), csin_yaml_map, &stream_element},
    {0}};

enum csin_status csin_overlay_read(struct csin_arena *arena, struct csin_diag *diag,
                                   const char *file, const char *text, size_t bytes,
                                   struct csin_overlay *ret_overlay)
{
    struct csin_overlay overlay = {0};
    enum csin_status status = csin_yaml_read(arena, diag, file, text, bytes, "a plan", plan_keys,
                                             &overlay);
    *ret_overlay = overlay;
    return status;
}

static enum csin_status unknown(struct csin_diag *diag, const struct csin_text *name,
                                const char *what)
{
    return csin_error(diag, CSIN_E_INPUT, 802, name->loc, "the scenario has no %s '%s'", what,
                      name->s);
}

static enum csin_status change_job(const struct csin_job_change *change, struct csin_diag *diag,
                                   struct csin_scenario_spec *spec)
{
    struct csin_job_spec *jobs = spec->jobs.items;
    for (uint32_t i = 0; i < spec->jobs.n; i++) {
        if (strcmp(jobs[i].name.s, change->name.s) != 0)
            continue;
        if (change->hosts.s)
            jobs[i].hosts = (struct csin_pick_spec){.hosts = change->hosts};
        if (change->traffic_class.s)
            jobs[i].traffic_class = change->traffic_class;
        return CSIN_OK;
    }
    return unknown(diag, &change->name, "job");
}

static enum csin_status change_stream(const struct csin_stream_change *change,
                                      struct csin_diag *diag, struct csin_scenario_spec *spec)
{
    struct csin_stream_spec *streams = spec->storage.items;
    for (uint32_t i = 0; i < spec->storage.n; i++) {
        if (strcmp(streams[i].name.s, change->name.s) != 0)
            continue;
        if (change->senders.loc.line && streams[i].kind != CSIN_READ)
            return csin_error(diag, CSIN_E_INPUT, 803, change->senders.loc,
                              "'%s' is no read; 'request-to-send' is for reads", change->name.s);
        if (change->servers.s)
            streams[i].servers = change->servers;
        if (change->traffic_class.s)
            streams[i].traffic_class = change->traffic_class;
        if (change->concurrency.loc.line)
            streams[i].concurrency = change->concurrency;
        if (change->senders.loc.line)
            streams[i].senders = change->senders;
        return CSIN_OK;
    }
    return unknown(diag, &change->name, "stream");
}

enum csin_status csin_overlay_apply(const struct csin_overlay *overlay, struct csin_diag *diag,
                                    struct csin_scenario_spec *spec)
{
    const struct csin_job_change *jobs = overlay->jobs.items;
    const struct csin_stream_change *streams = overlay->storage.items;
    enum csin_status status = CSIN_OK;
    if (strcmp(overlay->scenario.s, spec->name.s) != 0)
        return csin_error(diag, CSIN_E_INPUT, 801, overlay->scenario.loc,
                          "this plan is for the scenario '%s', not for '%s'", overlay->scenario.s,
                          spec->name.s);
    for (uint32_t i = 0; i < overlay->jobs.n; i++)
        status = csin_first(status, change_job(&jobs[i], diag, spec));
    for (uint32_t i = 0; i < overlay->storage.n; i++)
        status = csin_first(status, change_stream(&streams[i], diag, spec));
    if (overlay->routing.policy.loc.line)
        spec->routing = overlay->routing;
    if (overlay->classes.loc.line)
        spec->classes = overlay->classes;
    if (overlay->lanes.loc.line)
        spec->lanes = overlay->lanes;
    return status;
}
