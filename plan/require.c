/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of requirements: one line a key. */
#include "plan/require.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "sim/resolve.h"

const char *const csin_shape_names[] = {"one-switch", "zones", "planes", "three-layer", NULL};
const char *const csin_aim_names[] = {"price", "power", "time", "growth", NULL};

static const struct csin_range hosts_range = {1, 100000};
static const struct csin_range gpus_range = {1, 1e7};
static const struct csin_range gpus_per_host_range = {1, 64};
static const struct csin_range nics_range = {1, 16};
static const struct csin_range zones_range = {1, CSIN_MAX_SIZED_ZONES};
static const struct csin_range ratio_range = {0.125, 100};
static const struct csin_range growth_range = {0, 10};
static const struct csin_range survive_range = {0, 64};
static const struct csin_range price_range = {0, 1e15};
static const struct csin_range weight_range = {1e-6, 1e6};
static const struct csin_range seed_range = {0, 1e15};

#define AT(record, member) offsetof(struct record, member)

#define HOSTS(name, flags, member, reader, arg)                                                    \
    {                                                                                              \
        name, flags, AT(csin_hosts_need_spec, member), csin_yaml_##reader, arg                     \
    }
#define HOSTS_COMMON                                                                               \
    HOSTS("hosts", 0, hosts, count, &hosts_range), HOSTS("model", CSIN_REQUIRED, model, name, 0),  \
        HOSTS("nics", 0, nics, count, &nics_range), HOSTS("rate", 0, rate_Bps, rate, NULL),        \
        HOSTS("latency", 0, latency_s, time, NULL)

static const struct csin_key compute_keys[] = {
    HOSTS_COMMON,
    HOSTS("gpus", 0, gpus, count, &gpus_range),
    HOSTS("gpus-per-host", 0, gpus_per_host, count, &gpus_per_host_range),
    {0}};
static const struct csin_key storage_keys[] = {HOSTS_COMMON,
                                               HOSTS("bandwidth", 0, bandwidth_Bps, rate, NULL),
                                               HOSTS("host-bandwidth", 0, host_Bps, rate, NULL),
                                               {0}};

static enum csin_status read_hosts(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    struct csin_hosts_need_spec *hosts = field;
    enum csin_status status = csin_yaml_section(node, field, key);
    hosts->loc = csin_yaml_loc(node);
    hosts->partial = status != CSIN_OK;
    return status;
}

/* ---- oversubscription: 2, [1, 2], or {from: 1, to: 3} ---- */

/* What a range stands for besides its ends. */
static const double steps[] = {1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 16};

struct range_spec {
    struct csin_quantity from, to;
};
static const struct csin_key range_keys[] = {
    {"from", CSIN_REQUIRED, AT(range_spec, from), csin_yaml_ratio, &ratio_range},
    {"to", CSIN_REQUIRED, AT(range_spec, to), csin_yaml_ratio, &ratio_range},
    {0}};
static const struct csin_element ratio_element = {sizeof(struct csin_quantity), csin_yaml_ratio,
                                                  &ratio_range};

static enum csin_status read_ratios(struct csin_yaml_node node, void *field,
                                    const struct csin_key *key)
{
    struct csin_list *list = field;
    struct csin_key as_list = {key->name, 0, 0, csin_yaml_one_or_list, &ratio_element};
    struct range_spec range = {0};
    struct csin_loc loc = csin_yaml_loc(node);
    if (!csin_yaml_is_mapping(node))
        return csin_yaml_one_or_list(node, field, &as_list);
    enum csin_status status = csin_yaml_read_keys(node, &range, range_keys);
    if (status != CSIN_OK)
        return status;
    struct csin_quantity *items = csin_arena_alloc(csin_yaml_arena(node), CSIN_MAX_RATIOS,
                                                   sizeof *items);
    if (!items)
        return csin_no_memory(csin_yaml_diag(node));
    uint32_t n = 0;
    items[n++] = range.from;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i] > range.from.x && steps[i] < range.to.x)
            items[n++] = (struct csin_quantity){steps[i], loc};
    if (range.to.x > range.from.x)
        items[n++] = range.to;
    *list = (struct csin_list){items, n, loc};
    if (range.to.x >= range.from.x)
        return CSIN_OK;
    csin_error(csin_yaml_diag(node), CSIN_E_INPUT, 830, range.from.loc,
               "the range from %s to %s has nothing in it", csin_show_exact(range.from.x).s,
               csin_show_exact(range.to.x).s);
    csin_note(csin_yaml_diag(node), range.to.loc, "write the smaller number first");
    return CSIN_E_INPUT;
}

/* ---- the others ---- */

static const struct csin_element shape_element = {sizeof(struct csin_choice), csin_yaml_choice,
                                                  csin_shape_names};
static const struct csin_element aim_element = {sizeof(struct csin_choice), csin_yaml_choice,
                                                csin_aim_names};
static const struct csin_element name_element = {sizeof(struct csin_text), csin_yaml_name, NULL};

#define FABRIC(name, member, reader, arg)                                                          \
    {                                                                                              \
        name, 0, AT(csin_fabric_need_spec, member), csin_yaml_##reader, arg                        \
    }
static const struct csin_key fabric_keys[] = {
    FABRIC("shapes", shapes, one_or_list, &shape_element),
    FABRIC("switches", switches, one_or_list, &name_element),
    FABRIC("zones", zones, count, &zones_range),
    {"oversubscription", 0, AT(csin_fabric_need_spec, oversubscription), read_ratios, NULL},
    FABRIC("between-zones", between_Bps, rate, NULL),
    FABRIC("latency", latency_s, time, NULL),
    FABRIC("cable-latency", cable_latency_s, time, NULL),
    {0}};

static const struct csin_key survive_keys[] = {
    {"spines", 0, AT(csin_survive_spec, spines), csin_yaml_count, &survive_range},
    {"inter-zone", 0, AT(csin_survive_spec, inter_zone), csin_yaml_count, &survive_range},
    {0}};

#define BUDGET(name, member, reader, arg)                                                          \
    {                                                                                              \
        name, 0, AT(csin_budget_spec, member), csin_yaml_##reader, arg                             \
    }
static const struct csin_key budget_keys[] = {
    BUDGET("price", price, ratio, &price_range),
    BUDGET("network-price", network_price, ratio, &price_range),
    BUDGET("power", power_W, power, NULL),
    BUDGET("network-power", network_power_W, power, NULL),
    BUDGET("step-time", time_s, time, NULL),
    {0}};

#define WORKLOAD(name, flags, member, reader, arg)                                                 \
    {                                                                                              \
        name, flags, AT(csin_workload_spec, member), csin_yaml_##reader, arg                       \
    }
static const struct csin_key workload_keys[] = {
    WORKLOAD("name", CSIN_REQUIRED, scenario.name, name, NULL),
    WORKLOAD("weight", 0, weight, ratio, &weight_range),
    WORKLOAD("routing", 0, scenario.routing.policy, choice, csin_policy_names),
    WORKLOAD("congestion", 0, scenario.congestion, choice, csin_congestion_names),
    WORKLOAD("seed", 0, scenario.seed, count, &seed_range),
    WORKLOAD("classes", 0, scenario.classes, map, &csin_class_element),
    {"lanes", 0, AT(csin_workload_spec, scenario.lanes), csin_read_lanes, NULL},
    WORKLOAD("jobs", 0, scenario.jobs, list, &csin_job_element),
    WORKLOAD("storage", 0, scenario.storage, list, &csin_stream_element),
    {0}};
static const struct csin_element workload_element = {sizeof(struct csin_workload_spec),
                                                     csin_yaml_section, workload_keys};

#define TOP(name, flags, member, reader, arg)                                                      \
    {                                                                                              \
        name, flags, AT(csin_requirements_spec, member), csin_yaml_##reader, arg                   \
    }
static const struct csin_foreign scenario = {
    "a scenario", "'csin plan SCENARIO' plans for a fabric that is there; leave out '--size'"};
static const struct csin_foreign catalogue = {
    "a parts catalogue", "requirements name one: parts: FILE, or --parts FILE"};

static const struct csin_key top_keys[] = {
    TOP("requirements", CSIN_REQUIRED, name, name, NULL),
    TOP("parts", 0, parts, text, NULL),
    {"compute", CSIN_REQUIRED, AT(csin_requirements_spec, compute), read_hosts, compute_keys},
    {"storage", 0, AT(csin_requirements_spec, storage), read_hosts, storage_keys},
    TOP("growth", 0, growth, ratio, &growth_range),
    TOP("fabric", 0, fabric, section, fabric_keys),
    TOP("survive", 0, survive, section, survive_keys),
    TOP("budget", 0, budget, section, budget_keys),
    TOP("aims", 0, aims, one_or_list, &aim_element),
    TOP("workloads", 0, workloads, list, &workload_element),
    {"scenario", CSIN_FOREIGN, 0, NULL, &scenario},
    {"jobs", CSIN_FOREIGN, 0, NULL, &scenario},
    {"catalogue", CSIN_FOREIGN, 0, NULL, &catalogue},
    {0}};

/* ---- what must hold between them ---- */

struct checker {
    const struct csin_requirements_spec *spec;
    struct csin_diag *diag;
    enum csin_status status;
};

#define MISTAKE(c, code, loc, ...)                                                                 \
    ((c)->status = csin_first((c)->status,                                                         \
                              csin_error((c)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__)))

static void check_hosts(struct checker *c)
{
    const struct csin_hosts_need_spec *compute = &c->spec->compute, *storage = &c->spec->storage;
    if (compute->loc.line && !compute->partial && !compute->hosts.loc.line &&
        !compute->gpus.loc.line) {
        MISTAKE(c, 831, compute->loc, "nothing says how many compute hosts there are");
        csin_note(c->diag, compute->loc, "write hosts: N, or gpus: N and gpus-per-host: N");
    } else if (compute->hosts.loc.line && compute->gpus.loc.line) {
        MISTAKE(c, 831, compute->gpus.loc,
                "'gpus' and 'hosts' both say how many compute hosts there are");
        csin_note(c->diag, compute->hosts.loc, "leave one of them out");
    }
    if (compute->gpus_per_host.loc.line && !compute->gpus.loc.line)
        MISTAKE(c, 831, compute->gpus_per_host.loc, "'gpus-per-host' has no effect without 'gpus'");
    if (compute->gpus.loc.line && !compute->gpus_per_host.loc.line) {
        MISTAKE(c, 831, compute->gpus.loc, "'gpus' without 'gpus-per-host'");
        csin_note(c->diag, compute->gpus.loc, "write, for instance, gpus-per-host: 8");
    }
    if (storage->loc.line && !storage->partial && !storage->hosts.loc.line &&
        !storage->bandwidth_Bps.loc.line) {
        MISTAKE(c, 831, storage->loc, "nothing says how many storage hosts there are");
        csin_note(c->diag, storage->loc, "write hosts: N, or bandwidth: RATE of all together");
    }
    if (storage->host_Bps.loc.line && !storage->bandwidth_Bps.loc.line)
        MISTAKE(c, 831, storage->host_Bps.loc,
                "'host-bandwidth' has no effect without 'bandwidth'");
}

/* A name would say something of one fabric only. */
static void check_pick(struct checker *c, const struct csin_pick_spec *pick)
{
    const struct csin_text *named = pick->zone.s                                      ? &pick->zone
                                    : pick->hosts.s && !csin_is_counted(&pick->hosts) ? &pick->hosts
                                                                                      : NULL;
    if (!named)
        return;
    MISTAKE(c, 832, named->loc, "'%s' is the name of something in one fabric",
            csin_brief(named->s, SIZE_MAX).s);
    csin_note(
        c->diag, named->loc,
        "workloads run on many fabrics: say how many hosts; csin keeps jobs in one zone where "
        "they fit");
}

static void check_workload(struct checker *c, const struct csin_workload_spec *w)
{
    const struct csin_job_spec *jobs = w->scenario.jobs.items;
    const struct csin_stream_spec *streams = w->scenario.storage.items;
    for (uint32_t i = 0; i < w->scenario.jobs.n; i++)
        check_pick(c, &jobs[i].hosts);
    for (uint32_t i = 0; i < w->scenario.storage.n; i++) {
        check_pick(c, &streams[i].clients);
        check_pick(c, &(struct csin_pick_spec){.zone = streams[i].servers});
    }
    if (w->scenario.storage.n && !c->spec->storage.loc.line)
        MISTAKE(c, 833, w->scenario.storage.loc,
                "workload '%s' has storage traffic; the requirements have no 'storage'",
                w->scenario.name.s);
}

static void check_workloads(struct checker *c)
{
    const struct csin_workload_spec *workloads = c->spec->workloads.items;
    uint32_t n = c->spec->workloads.n;
    if (n > CSIN_MAX_WORKLOADS) {
        MISTAKE(c, 834, c->spec->workloads.loc, "%s workloads; at most %u", csin_show_count(n).s,
                CSIN_MAX_WORKLOADS);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        check_workload(c, &workloads[i]);
        for (uint32_t k = 0; k < i; k++) {
            const struct csin_text *a = &workloads[k].scenario.name,
                                   *b = &workloads[i].scenario.name;
            if (!a->s || !b->s || strcmp(a->s, b->s) != 0)
                continue;
            MISTAKE(c, 834, b->loc, "the name '%s' is used twice", b->s);
            csin_note(c->diag, a->loc, "it was first used here");
        }
    }
    if (n == 0 && c->spec->budget.time_s.loc.line)
        MISTAKE(c, 834, c->spec->budget.time_s.loc,
                "'step-time' has no effect without 'workloads'");
}

enum csin_status csin_requirements_read(struct csin_arena *arena, struct csin_diag *diag,
                                        const char *file, const char *text, size_t bytes,
                                        struct csin_requirements_spec *ret)
{
    struct csin_requirements_spec spec = {.file = file, .digest = csin_sha256(text, bytes)};
    enum csin_status status = csin_yaml_read(arena, diag, file, text, bytes, "a requirements file",
                                             top_keys, &spec);
    struct checker c = {&spec, diag, status};
    if (spec.name.s) {
        check_hosts(&c);
        check_workloads(&c);
    }
    if (spec.fabric.oversubscription.n > CSIN_MAX_RATIOS)
        MISTAKE(&c, 830, spec.fabric.oversubscription.loc, "%s oversubscriptions; at most %u",
                csin_show_count(spec.fabric.oversubscription.n).s, CSIN_MAX_RATIOS);
    *ret = spec;
    return c.status;
}

enum csin_status csin_requirements_open(struct csin_arena *arena, struct csin_diag *diag,
                                        const char *path, struct csin_requirements_spec *ret)
{
    char *text;
    size_t bytes;
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    const char *file = csin_arena_strndup(arena, path, strlen(path));
    status = file ? csin_requirements_read(arena, diag, file, text, bytes, ret)
                  : csin_no_memory(diag);
    free(text);
    return status;
}

const char *csin_requirements_parts(const struct csin_requirements_spec *spec,
                                    struct csin_arena *arena)
{
    const char *slash = strrchr(spec->file, '/');
    if (!spec->parts.s || !slash || spec->parts.s[0] == '/')
        return spec->parts.s;
    return csin_arena_printf(arena, "%.*s%s", (int)(slash - spec->file + 1), spec->file,
                             spec->parts.s);
}

bool csin_requirements_are(const char *text, size_t bytes)
{
    static const char *const names[] = {"requirements", NULL};
    return csin_yaml_top_has(text, bytes, names);
}
