/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of scenario files. A step of a job and a storage stream are mappings of one pair, kind
 * first:
 *
 *     - compute: 5ms
 *     - allreduce: {algorithm: ring, size: 186MiB}
 *     - read: {name: dataset, readers: 400, size: 64MiB} */
#include "sim/scenario_spec.h"

#include <string.h>

#include "sim/cluster_spec.h"
#include "sim/training.h"

const char *const csin_work_names[] = {"compute",    "allreduce", "reduce-scatter", "all-gather",
                                       "all-to-all", "broadcast", "permutation",    "incast",
                                       "training",   NULL};
const char *const csin_algorithm_names[] = {
    "ring", "double-binary-tree", "hfreduce", "nccl-ring", "nccl-tree", "hierarchical", NULL};
const char *const csin_storage_names[] = {"read",     "checkpoint", "records",
                                          "kv-cache", "recovery",   NULL};

static const struct csin_range one_up = {1, 1e9};
static const struct csin_range replicas_range = {2, 3};
static const struct csin_range targets_range = {1, CSIN_MAX_TARGETS};
static const struct csin_range ssds_range = {1, CSIN_MAX_SSDS};
static const struct csin_range ssd_range = {0, CSIN_MAX_SSDS - 1};
static const struct csin_range ratio_range = {0.001, 1};
static const struct csin_range bursts_range = {1, 10000};
static const struct csin_range channels_range = {1, 64};
static const struct csin_range seed_range = {0, 1e15};

#define AT(record, member) offsetof(struct record, member)
#define STEP(name, flags, member, reader, arg)                                                     \
    {                                                                                              \
        name, flags, AT(csin_step_spec, member), csin_yaml_##reader, arg                           \
    }
#define SIZE STEP("size", CSIN_REQUIRED, size, size, NULL)
#define CHUNK STEP("chunk", 0, chunk, size, NULL)
#define ALGORITHM STEP("algorithm", 0, algorithm, choice, csin_algorithm_names)
#define OVERHEAD STEP("overhead", 0, overhead_s, time, NULL)
#define CHANNELS STEP("channels", 0, channels, count, &channels_range)
#define ROOT STEP("root", 0, root, count, NULL)

static const struct csin_key allreduce_keys[] = {ALGORITHM, SIZE, CHUNK, OVERHEAD, CHANNELS, {0}};
static const struct csin_key halves_keys[] = {ALGORITHM, SIZE, OVERHEAD, CHANNELS, {0}};
static const struct csin_key plain_keys[] = {SIZE, {0}};
static const struct csin_key broadcast_keys[] = {SIZE, CHUNK, ROOT, {0}};
static const struct csin_key permutation_keys[] = {
    SIZE, STEP("shift", 0, shift, count, &one_up), {0}};
static const struct csin_key incast_keys[] = {SIZE, ROOT, {0}};

static const struct csin_key *const work_keys[CSIN_N_WORKS] = {
    [CSIN_ALLREDUCE] = allreduce_keys, [CSIN_REDUCE_SCATTER] = halves_keys,
    [CSIN_ALL_GATHER] = halves_keys,   [CSIN_ALL_TO_ALL] = plain_keys,
    [CSIN_BROADCAST] = broadcast_keys, [CSIN_PERMUTATION] = permutation_keys,
    [CSIN_INCAST] = incast_keys,
};

/* What a list of steps or streams holds. */
struct kinds {
    const char *what, *example;
    const char *const *names;
    const char *list; /* of the names, for people */
};

static const struct kinds steps = {
    "a step", "- allreduce: {size: 186MiB}", csin_work_names,
    "compute, allreduce, reduce-scatter, all-gather, all-to-all, broadcast, permutation, incast or "
    "training"};
static const struct kinds streams = {
    "storage traffic", "- read: {name: data, readers: 8, size: 1GiB}", csin_storage_names,
    "read, checkpoint, records, kv-cache or recovery"};

static int find_kind(const char *kind, const char *const *names)
{
    for (int i = 0; kind && names[i]; i++)
        if (strcmp(kind, names[i]) == 0)
            return i;
    return -1;
}

/* A kind without settings, several in one entry, or something else altogether. */
static int not_a_pair(struct csin_yaml_node node, const struct kinds *kinds)
{
    struct csin_loc loc = csin_yaml_loc(node);
    struct csin_diag *diag = csin_yaml_diag(node);
    const char *text = csin_yaml_scalar(node);
    if (find_kind(text, kinds->names) >= 0)
        csin_error(diag, CSIN_E_INPUT, 410, loc, "'%s' has no settings", text);
    else
        csin_error(diag, CSIN_E_INPUT, 410, loc, "this is not %s", kinds->what);
    if (csin_yaml_is_mapping(node))
        csin_note(diag, loc, "write one kind with its settings, such as '%s'", kinds->example);
    else
        csin_note(diag, loc, "write, for instance, '%s'", kinds->example);
    return -1;
}

/* The kind of a one-pair mapping, an index into its names; -1 after a reported failure. */
static int read_kind(struct csin_yaml_node node, const struct kinds *kinds,
                     struct csin_yaml_node *ret_value)
{
    struct csin_yaml_node key;
    struct csin_diag *diag = csin_yaml_diag(node);
    size_t n = 0;
    while (kinds->names[n])
        n++;
    if (!csin_yaml_pair(node, &key, ret_value))
        return not_a_pair(node, kinds);
    const char *text = csin_yaml_scalar(key);
    int kind = find_kind(text, kinds->names);
    if (kind >= 0)
        return kind;
    struct csin_loc loc = csin_yaml_loc(key);
    const char *near = text ? csin_nearest(text, kinds->names, n) : NULL;
    struct csin_brief brief = csin_brief(text ? text : "?", SIZE_MAX);
    if (near) {
        csin_error(diag, CSIN_E_INPUT, 411, loc, "'%s' is not %s; did you mean '%s'?", brief.s,
                   kinds->what, near);
    } else {
        csin_error(diag, CSIN_E_INPUT, 411, loc, "'%s' is not %s", brief.s, kinds->what);
        csin_note(diag, loc, "write %s", kinds->list);
    }
    return -1;
}

/* Settings are spoken of by the name of their kind. */
static enum csin_status read_settings(struct csin_yaml_node value, void *field, const char *kind,
                                      const struct csin_key *keys)
{
    struct csin_key key = {kind, 0, 0, csin_yaml_section, keys};
    return csin_yaml_read_value(value, field, &key);
}

static enum csin_status read_step(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    (void)key;
    struct csin_step_spec *step = field;
    struct csin_yaml_node value;
    int work = read_kind(node, &steps, &value);
    if (work < 0)
        return CSIN_E_INPUT;
    step->work = (enum csin_work)work;
    step->loc = csin_yaml_loc(node);
    if (work == CSIN_COMPUTE_DELAY) {
        struct csin_key compute = {csin_work_names[work], 0, 0, csin_yaml_time, NULL};
        return csin_yaml_read_value(value, &step->time_s, &compute);
    }
    if (work == CSIN_TRAINING) {
        step->training = csin_arena_alloc(csin_yaml_arena(node), 1, sizeof *step->training);
        return step->training
                   ? read_settings(value, step->training, csin_work_names[work], csin_training_keys)
                   : csin_no_memory(csin_yaml_diag(node));
    }
    return read_settings(value, step, csin_work_names[work], work_keys[work]);
}

#define STREAM(name, flags, member, reader, arg)                                                   \
    {                                                                                              \
        name, flags, AT(csin_stream_spec, member), csin_yaml_##reader, arg                         \
    }
#define STREAM_ANY                                                                                 \
    STREAM("name", CSIN_REQUIRED, name, name, NULL),                                               \
        STREAM("class", 0, traffic_class, name, NULL), STREAM("chunk", 0, chunk, size, NULL),      \
        STREAM("concurrency", 0, concurrency, count, &one_up),                                     \
        STREAM("start", 0, start_s, time, NULL)
#define STREAM_CLIENTS(who)                                                                        \
    STREAM(who, CSIN_REQUIRED, clients.hosts, text, NULL),                                         \
        STREAM("placement", 0, clients.placement, choice, csin_placement_names),                   \
        STREAM("zone", 0, clients.zone, name, NULL)
#define STREAM_COMMON                                                                              \
    STREAM_ANY, STREAM("servers", 0, servers, text, NULL), STREAM("chains", 0, chains, text, NULL)
/* What reads at random places of a chain table has. */
#define STREAM_RANDOM                                                                              \
    STREAM_ANY, STREAM_CLIENTS("readers"), STREAM("chains", CSIN_REQUIRED, chains, text, NULL),    \
        STREAM("size", 0, size, size, NULL), STREAM("duration", 0, duration_s, time, NULL),        \
        STREAM("request-to-send", 0, senders, count, &one_up)

static const struct csin_key read_keys[] = {STREAM_COMMON,
                                            STREAM_CLIENTS("readers"),
                                            STREAM("size", 0, size, size, NULL),
                                            STREAM("duration", 0, duration_s, time, NULL),
                                            STREAM("stripe", 0, stripe, count, &one_up),
                                            STREAM("request-to-send", 0, senders, count, &one_up),
                                            {0}};
static const struct csin_key checkpoint_keys[] = {
    STREAM_COMMON,
    STREAM_CLIENTS("writers"),
    STREAM("size", CSIN_REQUIRED, size, size, NULL),
    STREAM("replicas", 0, replicas, count, &replicas_range),
    STREAM("every", 0, every_s, time, NULL),
    STREAM("times", 0, bursts, count, &bursts_range),
    {0}};
static const struct csin_key records_keys[] = {
    STREAM_RANDOM, STREAM("record", CSIN_REQUIRED, record, size, NULL), {0}};
static const struct csin_key kv_cache_keys[] = {
    STREAM_RANDOM,
    STREAM("value", CSIN_REQUIRED, record, size, NULL),
    STREAM("hit-ratio", 0, hit_ratio, ratio, &ratio_range),
    STREAM("miss-time", 0, miss_s, time, NULL),
    {0}};
static const struct csin_key recovery_keys[] = {
    STREAM_ANY,
    STREAM("chains", CSIN_REQUIRED, chains, text, NULL),
    STREAM("lost", CSIN_REQUIRED, clients.hosts, text, NULL),
    STREAM("ssd", 0, ssd, count, &ssd_range),
    STREAM("size", CSIN_REQUIRED, size, size, NULL),
    {0}};
static const struct csin_key *const stream_keys[CSIN_N_STORAGE] = {
    [CSIN_READ] = read_keys,         [CSIN_CHECKPOINT] = checkpoint_keys,
    [CSIN_RECORDS] = records_keys,   [CSIN_KV_CACHE] = kv_cache_keys,
    [CSIN_RECOVERY] = recovery_keys,
};

static enum csin_status read_stream(struct csin_yaml_node node, void *field,
                                    const struct csin_key *key)
{
    (void)key;
    struct csin_stream_spec *stream = field;
    struct csin_yaml_node value;
    int kind = read_kind(node, &streams, &value);
    if (kind < 0)
        return CSIN_E_INPUT;
    stream->kind = (enum csin_storage)kind;
    return read_settings(value, stream, csin_storage_names[kind], stream_keys[kind]);
}

const struct csin_element csin_step_element = {sizeof(struct csin_step_spec), read_step, NULL};

#define JOB(name, flags, member, reader, arg)                                                      \
    {                                                                                              \
        name, flags, AT(csin_job_spec, member), csin_yaml_##reader, arg                            \
    }
static const struct csin_key job_keys[] = {
    JOB("name", CSIN_REQUIRED, name, name, NULL),
    JOB("hosts", CSIN_REQUIRED, hosts.hosts, text, NULL),
    JOB("placement", 0, hosts.placement, choice, csin_placement_names),
    JOB("zone", 0, hosts.zone, name, NULL),
    JOB("class", 0, traffic_class, name, NULL),
    JOB("start", 0, start_s, time, NULL),
    JOB("repeat", 0, repeat, count, &one_up),
    JOB("steps", CSIN_REQUIRED, steps, one_or_list, &csin_step_element),
    {0}};

const struct csin_element csin_job_element = {sizeof(struct csin_job_spec), csin_yaml_section,
                                              job_keys};
const struct csin_element csin_stream_element = {sizeof(struct csin_stream_spec), read_stream,
                                                 NULL};

static const struct csin_range sl_range = {0, 15};
static const struct csin_range weight_range = {1, 255};

static const struct csin_key class_keys[] = {
    {"sl", CSIN_REQUIRED, AT(csin_class_spec, sl), csin_yaml_count, &sl_range}, {0}};
const struct csin_element csin_class_element = {sizeof(struct csin_class_spec), csin_yaml_section,
                                                class_keys};

static const struct csin_element vl_element = {sizeof(struct csin_count), csin_yaml_count, NULL};
static const struct csin_element weight_element = {sizeof(struct csin_count), csin_yaml_count,
                                                   &weight_range};
static const struct csin_key lanes_keys[] = {
    {"sl-to-vl", 0, AT(csin_lanes_spec, sl_to_vl), csin_yaml_list, &vl_element},
    {"weights", 0, AT(csin_lanes_spec, weights), csin_yaml_list, &weight_element},
    {0}};

enum csin_status csin_read_lanes(struct csin_yaml_node node, void *field,
                                 const struct csin_key *key)
{
    (void)key;
    struct csin_lanes_spec *lanes = field;
    lanes->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, lanes, lanes_keys);
}

static const char *const state_names[] = {"up", "down", NULL};
static const char *const action_names[] = {"stop", "start", "move", NULL};
static const struct csin_range nth_range = {1, 1024};
static const struct csin_element name_element = {sizeof(struct csin_text), csin_yaml_name, NULL};

#define EVENT(name, flags, member, reader, arg)                                                    \
    {                                                                                              \
        name, flags, AT(csin_event_spec, member), csin_yaml_##reader, arg                          \
    }
/* sim/scenario_events.c says which of them go together. */
static const struct csin_key event_keys[] = {EVENT("at", CSIN_REQUIRED, at_s, time, NULL),
                                             EVENT("cable", 0, cable, list, &name_element),
                                             EVENT("switch", 0, switches, text, NULL),
                                             EVENT("host", 0, hosts, text, NULL),
                                             EVENT("job", 0, job, name, NULL),
                                             EVENT("stream", 0, stream, name, NULL),
                                             EVENT("ssd", 0, ssd, count, &ssd_range),
                                             EVENT("nth", 0, nth, count, &nth_range),
                                             EVENT("state", 0, state, choice, state_names),
                                             EVENT("rate", 0, rate_Bps, rate, NULL),
                                             EVENT("action", 0, action, choice, action_names),
                                             EVENT("hosts", 0, to, text, NULL),
                                             {0}};

static enum csin_status read_event(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    (void)key;
    struct csin_event_spec *event = field;
    event->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, event, event_keys);
}
static const struct csin_element event_element = {sizeof(struct csin_event_spec), read_event, NULL};

static const struct csin_key routing_keys[] = {
    {"lft", CSIN_REQUIRED, AT(csin_routing_spec, lft), csin_yaml_text, NULL}, {0}};

enum csin_status csin_read_routing(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    struct csin_routing_spec *routing = field;
    struct csin_key policy = {key->name, 0, 0, csin_yaml_choice, csin_policy_names};
    struct csin_loc loc = csin_yaml_loc(node);
    const char *word = csin_yaml_scalar(node);
    if (word && strncmp(word, "lft", 3) == 0 && (!word[3] || word[3] == ':')) {
        csin_error(csin_yaml_diag(node), CSIN_E_INPUT, 654, loc,
                   "forwarding tables come from a file; '%s' names none",
                   csin_brief(word, SIZE_MAX).s);
        csin_note(csin_yaml_diag(node), loc, "write routing: {lft: opensm-lfts.dump}");
        return CSIN_E_INPUT;
    }
    if (!csin_yaml_is_mapping(node))
        return csin_yaml_choice(node, &routing->policy, &policy);
    routing->policy = (struct csin_choice){CSIN_LFT, loc};
    return csin_yaml_read_keys(node, routing, routing_keys);
}

#define CHAINS(name, member, reader, arg)                                                          \
    {                                                                                              \
        name, 0, AT(csin_chains_spec, member), csin_yaml_##reader, arg                             \
    }
static const struct csin_key chains_keys[] = {CHAINS("servers", servers, text, NULL),
                                              CHAINS("file", file, text, NULL),
                                              CHAINS("ssds", ssds, count, &ssds_range),
                                              CHAINS("replicas", replicas, count, &replicas_range),
                                              CHAINS("targets", targets, count, &targets_range),
                                              CHAINS("ssd-iops", iops, count, &one_up),
                                              CHAINS("design", design, choice, csin_design_names),
                                              {0}};
static const struct csin_element chains_element = {sizeof(struct csin_chains_spec),
                                                   csin_yaml_section, chains_keys};

#define SCENARIO(name, flags, member, reader, arg)                                                 \
    {                                                                                              \
        name, flags, AT(csin_scenario_spec, member), csin_yaml_##reader, arg                       \
    }
static const struct csin_foreign fabric = {
    "a fabric", "'csin topo' shows fabrics; a scenario names one: fabric: FILE"};
static const struct csin_foreign requirements = {
    "a requirements file", "'csin plan --size REQUIREMENTS' finds fabrics for them"};
static const struct csin_foreign catalogue = {
    "a parts catalogue", "'csin topo FABRIC --bom --parts CATALOGUE' makes bills with it"};

static const struct csin_key scenario_keys[] = {
    SCENARIO("scenario", CSIN_REQUIRED, name, name, NULL),
    SCENARIO("fabric", CSIN_REQUIRED, fabric, text, NULL),
    {"routing", 0, AT(csin_scenario_spec, routing), csin_read_routing, NULL},
    SCENARIO("engine", 0, engine, choice, csin_engine_names),
    SCENARIO("congestion", 0, congestion, choice, csin_congestion_names),
    SCENARIO("seed", 0, seed, count, &seed_range),
    SCENARIO("horizon", 0, horizon_s, time, NULL),
    SCENARIO("classes", 0, classes, map, &csin_class_element),
    {"lanes", 0, AT(csin_scenario_spec, lanes), csin_read_lanes, NULL},
    SCENARIO("jobs", 0, jobs, list, &csin_job_element),
    SCENARIO("storage", 0, storage, list, &csin_stream_element),
    SCENARIO("chain-tables", 0, chains, map, &chains_element),
    SCENARIO("events", 0, events, list, &event_element),
    SCENARIO("reaction", 0, reaction_s, time, NULL),
    {"cluster", 0, AT(csin_scenario_spec, cluster), csin_read_cluster, NULL},
    {"switch-models", CSIN_FOREIGN, 0, NULL, &fabric},
    {"host-models", CSIN_FOREIGN, 0, NULL, &fabric},
    {"hosts", CSIN_FOREIGN, 0, NULL, &fabric},
    {"catalogue", CSIN_FOREIGN, 0, NULL, &catalogue},
    {"requirements", CSIN_FOREIGN, 0, NULL, &requirements},
    {0}};

enum csin_status csin_scenario_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                         const char *file, const char *text, size_t bytes,
                                         struct csin_scenario_spec *ret_spec)
{
    return csin_scenario_spec_read_changed(arena, diag, file, text, bytes, NULL, ret_spec);
}

enum csin_status csin_scenario_spec_read_changed(struct csin_arena *arena, struct csin_diag *diag,
                                                 const char *file, const char *text, size_t bytes,
                                                 const struct csin_changes *changes,
                                                 struct csin_scenario_spec *ret_spec)
{
    struct csin_scenario_spec spec = {0};
    enum csin_status status = csin_yaml_read_changed(arena, diag, file, text, bytes, "a scenario",
                                                     scenario_keys, changes, &spec);
    *ret_spec = spec;
    return status;
}
