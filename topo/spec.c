/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of fabric files: one line a key. */
#include "topo/spec.h"

#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"

const char *const csin_role_names[] = {"compute", "storage", NULL};
const char *const csin_layer_names[] = {"leaf", "spine", "core", "inter-zone", NULL};
static const char *const spread_names[] = {"even", "fill", "rails", NULL};
static const char *const state_names[] = {"up", "down", NULL};

static const struct csin_range ports_range = {1, 4096};
static const struct csin_range nics_range = {1, 64};
static const struct csin_range nic_range = {0, 63};
static const struct csin_range switches_range = {1, 8192};
static const struct csin_range links_range = {1, 1024};
static const struct csin_range pods_range = {1, 4096};
static const struct csin_range pair_links_range = {0, 1024};
static const struct csin_range hosts_range = {0, 4096};
static const struct csin_range uplinks_range = {1, 4096};
static const struct csin_range ratio_range = {0.001, 1000};

#define AT(record, member) offsetof(struct record, member)

/* What a port can announce: VL0, VL0-1, VL0-3, VL0-7 or VL0-14 (InfiniBand Architecture
 * Specification, volume 1, PortInfo: VLCap). */
static enum csin_status read_data_vls(struct csin_yaml_node node, void *field,
                                      const struct csin_key *key)
{
    struct csin_count *n = field;
    enum csin_status status = csin_yaml_count(node, n, key);
    if (status != CSIN_OK || n->n == 1 || n->n == 2 || n->n == 4 || n->n == 8 || n->n == 15)
        return status;
    struct csin_loc loc = n->loc;
    csin_error(csin_yaml_diag(node), CSIN_E_INPUT, 235, loc, "no switch has %s data VLs",
               csin_show_count(n->n).s);
    csin_note(csin_yaml_diag(node), loc, "write 1, 2, 4, 8 or 15, as InfiniBand ports have them");
    *n = (struct csin_count){0};
    return CSIN_E_INPUT;
}

static const struct csin_key switch_model_keys[] = {
    {"ports", CSIN_REQUIRED, AT(csin_switch_model_spec, ports), csin_yaml_count, &ports_range},
    {"rate", CSIN_REQUIRED, AT(csin_switch_model_spec, rate_Bps), csin_yaml_rate, NULL},
    {"latency", 0, AT(csin_switch_model_spec, latency_s), csin_yaml_time, NULL},
    {"data-vls", 0, AT(csin_switch_model_spec, data_vls), read_data_vls, NULL},
    {0},
};

static const struct csin_key host_model_keys[] = {
    {"role", 0, AT(csin_host_model_spec, role), csin_yaml_choice, csin_role_names},
    {"nics", 0, AT(csin_host_model_spec, nics), csin_yaml_count, &nics_range},
    {"rate", CSIN_REQUIRED, AT(csin_host_model_spec, rate_Bps), csin_yaml_rate, NULL},
    {"latency", 0, AT(csin_host_model_spec, latency_s), csin_yaml_time, NULL},
    {"inside", 0, AT(csin_host_model_spec, inside), csin_read_inside, NULL},
    {0},
};

static const struct csin_key spines_keys[] = {
    {"count", CSIN_REQUIRED, AT(csin_spines_spec, count), csin_yaml_count, &switches_range},
    {"model", 0, AT(csin_spines_spec, model), csin_yaml_name, NULL},
    {"links-per-pair", 0, AT(csin_spines_spec, links_per_pair), csin_yaml_count, &links_range},
    {"uplink-rate", 0, AT(csin_spines_spec, uplink_Bps), csin_yaml_rate, NULL},
    {0},
};
static const struct csin_element spines_element = {sizeof(struct csin_spines_spec),
                                                   csin_yaml_section, spines_keys};

/* A number of spines, or groups of them. */
static enum csin_status read_spines(struct csin_yaml_node node, void *field,
                                    const struct csin_key *key)
{
    struct csin_zone_spec *zone = (void *)((char *)field - offsetof(struct csin_zone_spec, spines));
    if (csin_yaml_scalar(node))
        return csin_yaml_count(node, field, key);
    struct csin_key groups = {key->name, 0, 0, csin_yaml_one_or_list, &spines_element};
    enum csin_status status = csin_yaml_one_or_list(node, &zone->spine_groups, &groups);
    const struct csin_spines_spec *items = zone->spine_groups.items;
    zone->spines.loc = zone->spine_groups.loc;
    for (uint32_t i = 0; i < zone->spine_groups.n; i++)
        zone->spines.n += items[i].count.n;
    return status;
}

static const struct csin_key zone_keys[] = {
    {"model", CSIN_REQUIRED, AT(csin_zone_spec, model), csin_yaml_name, NULL},
    {"spine-model", 0, AT(csin_zone_spec, spine_model), csin_yaml_name, NULL},
    {"leaves", CSIN_REQUIRED, AT(csin_zone_spec, leaves), csin_yaml_count, &switches_range},
    {"spines", 0, AT(csin_zone_spec, spines), read_spines, &switches_range},
    {"links-per-pair", 0, AT(csin_zone_spec, links_per_pair), csin_yaml_count, &links_range},
    {"hosts-per-leaf", 0, AT(csin_zone_spec, hosts_per_leaf), csin_yaml_count, &hosts_range},
    {"oversubscription", 0, AT(csin_zone_spec, oversubscription), csin_yaml_ratio, &ratio_range},
    {"uplink-rate", 0, AT(csin_zone_spec, uplink_Bps), csin_yaml_rate, NULL},
    {"cable-latency", 0, AT(csin_zone_spec, cable_latency_s), csin_yaml_time, NULL},
    {"pair-links", 0, AT(csin_zone_spec, pair_links), csin_yaml_count, &pair_links_range},
    {"pods", 0, AT(csin_zone_spec, pods), csin_yaml_count, &pods_range},
    {"planes", 0, AT(csin_zone_spec, planes), csin_yaml_count, &nics_range},
    {0},
};

static const struct csin_key attach_keys[] = {
    {"zone", 0, AT(csin_attach_spec, zone), csin_yaml_name, NULL},
    {"switches", 0, AT(csin_attach_spec, switches), csin_yaml_text, NULL},
    {"nic", 0, AT(csin_attach_spec, nic), csin_yaml_count, &nic_range},
    {"spread", 0, AT(csin_attach_spec, spread), csin_yaml_choice, spread_names},
    {0},
};
static const struct csin_element attach_element = {sizeof(struct csin_attach_spec),
                                                   csin_yaml_section, attach_keys};

static const struct csin_key hosts_keys[] = {
    {"names", 0, AT(csin_hosts_spec, names), csin_yaml_text, NULL},
    {"slurm", 0, AT(csin_hosts_spec, slurm), csin_yaml_text, NULL},
    {"below", 0, AT(csin_hosts_spec, below), csin_yaml_name, NULL},
    {"model", CSIN_REQUIRED, AT(csin_hosts_spec, model), csin_yaml_name, NULL},
    {"attach", 0, AT(csin_hosts_spec, attach), csin_yaml_one_or_list, &attach_element},
    {0},
};

/* Hosts are named here or in a file of Slurm's. */
static enum csin_status read_hosts(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    struct csin_diag *diag = csin_yaml_diag(node);
    const struct csin_hosts_spec *hosts = field;
    enum csin_status status = csin_yaml_section(node, field, key);
    if (!csin_yaml_is_mapping(node) || status == CSIN_E_FAILED)
        return status;
    bool names = hosts->names.s || csin_yaml_has(node, "names");
    if (!names && !hosts->slurm.s && !csin_yaml_has(node, "slurm")) {
        if (status == CSIN_OK && !csin_yaml_has(node, "model")) /* which was there: no memory */
            return csin_no_memory(diag);
        return csin_error(diag, CSIN_E_INPUT, 118, csin_yaml_loc(node),
                          "missing key 'names' in 'hosts'");
    }
    if (status != CSIN_OK)
        return status;
    if (!hosts->names.s && !hosts->slurm.s)
        return csin_error(diag, CSIN_E_INPUT, 109, csin_yaml_loc(node), "key '%s' has no value",
                          names ? "names" : "slurm");
    if (hosts->names.s && hosts->slurm.s)
        return csin_error(diag, CSIN_E_INPUT, 723, hosts->slurm.loc,
                          "a group of hosts has either 'names' or 'slurm'");
    if (!hosts->slurm.s && hosts->below.s)
        return csin_error(diag, CSIN_E_INPUT, 723, hosts->below.loc,
                          "'below' names a switch of the file 'slurm', which is not given");
    return status;
}

static const struct csin_element name_element = {sizeof(struct csin_text), csin_yaml_name, NULL};

static const struct csin_key inter_zone_keys[] = {
    {"names", CSIN_REQUIRED, AT(csin_inter_zone_spec, names), csin_yaml_text, NULL},
    {"model", CSIN_REQUIRED, AT(csin_inter_zone_spec, model), csin_yaml_name, NULL},
    {"zones", CSIN_REQUIRED, AT(csin_inter_zone_spec, zones), csin_yaml_list, &name_element},
    {"leaves", CSIN_REQUIRED, AT(csin_inter_zone_spec, leaves), csin_yaml_count, &switches_range},
    {"rate", 0, AT(csin_inter_zone_spec, rate_Bps), csin_yaml_rate, NULL},
    {0},
};

/* A name, or '' for the zone without one, as a one-line fabric has it. */
static enum csin_status read_zone_name(struct csin_yaml_node node, void *field,
                                       const struct csin_key *key)
{
    struct csin_text *name = field;
    const char *text = csin_yaml_scalar(node);
    if (!text || *text)
        return csin_yaml_name(node, field, key);
    *name = (struct csin_text){"", csin_yaml_loc(node)};
    return CSIN_OK;
}

static const struct csin_key core_keys[] = {
    {"names", CSIN_REQUIRED, AT(csin_core_spec, names), csin_yaml_text, NULL},
    {"model", CSIN_REQUIRED, AT(csin_core_spec, model), csin_yaml_name, NULL},
    {"zones", 0, AT(csin_core_spec, zones), csin_yaml_list, &name_element},
    {"uplinks", 0, AT(csin_core_spec, uplinks), csin_yaml_count, &uplinks_range},
    {"rate", 0, AT(csin_core_spec, rate_Bps), csin_yaml_rate, NULL},
    {"cable-latency", 0, AT(csin_core_spec, cable_latency_s), csin_yaml_time, NULL},
    {0},
};

static const struct csin_key switches_keys[] = {
    {"names", CSIN_REQUIRED, AT(csin_switches_spec, names), csin_yaml_text, NULL},
    {"model", CSIN_REQUIRED, AT(csin_switches_spec, model), csin_yaml_name, NULL},
    {"layer", CSIN_REQUIRED, AT(csin_switches_spec, layer), csin_yaml_choice, csin_layer_names},
    {"zone", 0, AT(csin_switches_spec, zone), read_zone_name, NULL},
    {"hosts-per-leaf", 0, AT(csin_switches_spec, hosts_per_leaf), csin_yaml_count, &hosts_range},
    {0},
};

static const struct csin_key cables_keys[] = {
    {"from", CSIN_REQUIRED, AT(csin_cables_spec, from), csin_yaml_text, NULL},
    {"to", CSIN_REQUIRED, AT(csin_cables_spec, to), csin_yaml_text, NULL},
    {"count", 0, AT(csin_cables_spec, count), csin_yaml_count, &links_range},
    {"rate", 0, AT(csin_cables_spec, rate_Bps), csin_yaml_rate, NULL},
    {"latency", 0, AT(csin_cables_spec, latency_s), csin_yaml_time, NULL},
    {0},
};

static const struct csin_key override_keys[] = {
    {"between", CSIN_REQUIRED, AT(csin_override_spec, between), csin_yaml_list, &name_element},
    {"nth", 0, AT(csin_override_spec, nth), csin_yaml_count, &links_range},
    {"state", 0, AT(csin_override_spec, state), csin_yaml_choice, state_names},
    {"rate", 0, AT(csin_override_spec, rate_Bps), csin_yaml_rate, NULL},
    {0},
};

static enum csin_status not_an_end(struct csin_yaml_node node, struct csin_loc loc,
                                   const char *text, size_t length)
{
    csin_error(csin_yaml_diag(node), CSIN_E_INPUT, 603, loc, "'%s' is not the end of a cable",
               csin_brief(text, length).s);
    csin_note(
        csin_yaml_diag(node), loc,
        "write a host, host.1 for its NIC 1, or switch/port; behind it may stand the rate and "
        "the latency of the cable: 'spine1/7 100Gb/s 50ns'");
    return CSIN_E_INPUT;
}

/* The first word of a plug: host, host.1 or switch/port. */
static enum csin_status read_end(struct csin_yaml_node node, struct csin_plug_spec *plug,
                                 const char *word, size_t length, struct csin_loc loc)
{
    struct csin_diag *diag = csin_yaml_diag(node);
    const char *slash = memchr(word, '/', length);
    size_t name = slash ? (size_t)(slash - word) : length;
    for (size_t i = 0; i < name; i++)
        if (!csin_name_may_have(word[i]))
            return not_an_end(node, loc, word, length);
    if (name == 0 || (slash && name + 1 == length))
        return not_an_end(node, loc, word, length);
    if (slash) {
        struct csin_loc at = loc;
        uint64_t port;
        at.col += (uint32_t)name + 1;
        const char *digits = csin_arena_strndup(csin_yaml_arena(node), slash + 1,
                                                length - name - 1);
        if (!digits)
            return csin_no_memory(diag);
        if (csin_read_count(diag, at, digits, 1, (uint64_t)ports_range.max, &port) != CSIN_OK)
            return CSIN_E_INPUT;
        plug->end_port = (uint32_t)port;
    }
    const char *end = csin_arena_strndup(csin_yaml_arena(node), word, name);
    plug->end = (struct csin_text){end, loc};
    return end ? CSIN_OK : csin_no_memory(diag);
}

/* A word behind the end: a rate, which has a slash in its unit, or a time. */
static enum csin_status read_of_cable(struct csin_yaml_node node, struct csin_plug_spec *plug,
                                      const char *word, size_t length, struct csin_loc loc)
{
    struct csin_diag *diag = csin_yaml_diag(node);
    bool is_rate = memchr(word, '/', length) != NULL;
    struct csin_quantity *field = is_rate ? &plug->rate_Bps : &plug->latency_s;
    const char *text = csin_arena_strndup(csin_yaml_arena(node), word, length);
    if (!text)
        return csin_no_memory(diag);
    if (field->loc.line || !(*text >= '0' && *text <= '9'))
        return not_an_end(node, loc, word, length);
    enum csin_status status = is_rate ? csin_read_rate(diag, loc, text, &field->x)
                                      : csin_read_time(diag, loc, text, &field->x);
    if (status == CSIN_OK)
        field->loc = loc;
    return status;
}

/* The value of a port: 'node0001', 'storage1.1', 'spine3/17', 'spine3/17 100Gb/s 50ns'. */
static enum csin_status read_plug(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    struct csin_plug_spec *plug = field;
    struct csin_text text = {0};
    uint64_t port = 0;
    enum csin_status status = csin_yaml_text(node, &text, key), words = CSIN_OK;
    if (csin_read_count(csin_yaml_diag(node), plug->key.loc, plug->key.s, 1,
                        (uint64_t)ports_range.max, &port) != CSIN_OK)
        status = csin_first(status, CSIN_E_INPUT);
    for (const char *p = text.s; p && words == CSIN_OK;) {
        p += strspn(p, " \t");
        size_t length = strcspn(p, " \t");
        struct csin_loc loc = text.loc;
        if (length == 0)
            break;
        loc.col += (uint32_t)(p - text.s);
        words = plug->end.s ? read_of_cable(node, plug, p, length, loc)
                            : read_end(node, plug, p, length, loc);
        p += length;
    }
    if (text.s && !plug->end.s && words == CSIN_OK)
        words = not_an_end(node, text.loc, text.s, SIZE_MAX);
    if (status == CSIN_OK && words == CSIN_OK)
        plug->port = (uint32_t)port;
    return csin_first(status, words);
}

static const struct csin_element plug_element = {sizeof(struct csin_plug_spec), read_plug, NULL};

static enum csin_status read_plugs(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    struct csin_cabling_spec *entry = field;
    struct csin_key plugs = {key->name, 0, 0, csin_yaml_map, &plug_element};
    return csin_yaml_map(node, &entry->plugs, &plugs);
}

static const struct csin_element cabling_element = {sizeof(struct csin_cabling_spec), read_plugs,
                                                    NULL};

/* A GUID as the tools of InfiniBand print it: 0x and up to 16 hexadecimal digits, not all zero. */
static enum csin_status read_guid(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    struct csin_count *guid = field;
    struct csin_text text = {0};
    enum csin_status status = csin_yaml_text(node, &text, key);
    if (status != CSIN_OK)
        return status;
    const char *digits = text.s + 2;
    size_t n = strncmp(text.s, "0x", 2) == 0 ? strspn(digits, "0123456789abcdefABCDEF") : 0;
    uint64_t value = n > 0 && n <= 16 && !digits[n] ? strtoull(digits, NULL, 16) : 0;
    if (value == 0) {
        csin_error(csin_yaml_diag(node), CSIN_E_INPUT, 611, text.loc, "'%s' is not a GUID",
                   csin_brief(text.s, SIZE_MAX).s);
        csin_note(csin_yaml_diag(node), text.loc,
                  "write 0x and up to 16 hexadecimal digits, not all zero");
        return CSIN_E_INPUT;
    }
    *guid = (struct csin_count){value, text.loc};
    return CSIN_OK;
}

/* Unicast LIDs, and ports of an adapter (InfiniBand Architecture Specification, volume 1). */
static const struct csin_range lid_range = {1, 0xbfff};
static const struct csin_range adapter_port_range = {1, 254};

static const struct csin_key identity_keys[] = {
    {"guid", 0, AT(csin_identity_spec, guid), read_guid, NULL},
    {"lid", 0, AT(csin_identity_spec, lid), csin_yaml_count, &lid_range},
    {"port-guid", 0, AT(csin_identity_spec, port_guid), read_guid, NULL},
    {"port", 0, AT(csin_identity_spec, port), csin_yaml_count, &adapter_port_range},
    {"device", 0, AT(csin_identity_spec, device), csin_yaml_name, NULL},
    {"aggregation-guid", 0, AT(csin_identity_spec, agent_guid), read_guid, NULL},
    {"aggregation-lid", 0, AT(csin_identity_spec, agent_lid), csin_yaml_count, &lid_range},
    {0},
};

static enum csin_status read_identity(struct csin_yaml_node node, void *field,
                                      const struct csin_key *key)
{
    struct csin_identity_spec *identity = field;
    (void)key;
    identity->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, identity, identity_keys);
}

static const struct csin_element identity_element = {sizeof(struct csin_identity_spec),
                                                     read_identity, NULL};

static enum csin_status read_identities(struct csin_yaml_node node, void *field,
                                        const struct csin_key *key)
{
    struct csin_infiniband_spec *entry = field;
    struct csin_key nodes = {key->name, 0, 0, csin_yaml_one_or_list, &identity_element};
    return csin_yaml_one_or_list(node, &entry->nodes, &nodes);
}

static const struct csin_element infiniband_element = {sizeof(struct csin_infiniband_spec),
                                                       read_identities, NULL};

#define ELEMENT(record, keys)                                                                      \
    {                                                                                              \
        sizeof(struct record), csin_yaml_section, keys                                             \
    }
static const struct csin_element switch_model_element = ELEMENT(csin_switch_model_spec,
                                                                switch_model_keys);
static const struct csin_element host_model_element = ELEMENT(csin_host_model_spec,
                                                              host_model_keys);
static const struct csin_element zone_element = ELEMENT(csin_zone_spec, zone_keys);
static const struct csin_element hosts_element = {sizeof(struct csin_hosts_spec), read_hosts,
                                                  hosts_keys};
static const struct csin_element inter_zone_element = ELEMENT(csin_inter_zone_spec,
                                                              inter_zone_keys);
static const struct csin_element core_element = ELEMENT(csin_core_spec, core_keys);
static const struct csin_element switches_element = ELEMENT(csin_switches_spec, switches_keys);
static const struct csin_element cables_element = ELEMENT(csin_cables_spec, cables_keys);
static const struct csin_element override_element = ELEMENT(csin_override_spec, override_keys);

static const struct csin_foreign scenario = {
    "a scenario", "'csin sim' and 'csin topo SCENARIO --export DIR' take scenarios; the key "
                  "'fabric' in it names its fabric"};
static const struct csin_foreign requirements = {
    "a requirements file", "'csin plan --size REQUIREMENTS' finds fabrics for them"};

static const struct csin_foreign catalogue = {
    "a parts catalogue", "'csin topo FABRIC --bom --parts CATALOGUE' takes one of each"};

static const struct csin_key fabric_keys[] = {
    {"fabric", CSIN_REQUIRED, AT(csin_fabric_spec, name), csin_yaml_name, NULL},
    {"switch-models", CSIN_REQUIRED, AT(csin_fabric_spec, switch_models), csin_yaml_map,
     &switch_model_element},
    {"host-models", CSIN_REQUIRED, AT(csin_fabric_spec, host_models), csin_yaml_map,
     &host_model_element},
    {"zones", 0, AT(csin_fabric_spec, zones), csin_yaml_map, &zone_element},
    {"hosts", CSIN_REQUIRED, AT(csin_fabric_spec, hosts), csin_yaml_list, &hosts_element},
    {"inter-zone", 0, AT(csin_fabric_spec, inter_zone), csin_yaml_one_or_list, &inter_zone_element},
    {"core", 0, AT(csin_fabric_spec, core), csin_yaml_one_or_list, &core_element},
    {"switches", 0, AT(csin_fabric_spec, switches), csin_yaml_one_or_list, &switches_element},
    {"cables", 0, AT(csin_fabric_spec, cables), csin_yaml_one_or_list, &cables_element},
    {"cabling", 0, AT(csin_fabric_spec, cabling), csin_yaml_map, &cabling_element},
    {"overrides", 0, AT(csin_fabric_spec, overrides), csin_yaml_one_or_list, &override_element},
    {"infiniband", 0, AT(csin_fabric_spec, infiniband), csin_yaml_map, &infiniband_element},
    {"scenario", CSIN_FOREIGN, 0, NULL, &scenario},
    {"jobs", CSIN_FOREIGN, 0, NULL, &scenario},
    {"storage", CSIN_FOREIGN, 0, NULL, &scenario},
    {"catalogue", CSIN_FOREIGN, 0, NULL, &catalogue},
    {"requirements", CSIN_FOREIGN, 0, NULL, &requirements},
    {0},
};

static const struct csin_key ibnet_keys[] = {
    {"file", CSIN_REQUIRED, AT(csin_ibnet_spec, file), csin_yaml_text, NULL},
    {"rate", 0, AT(csin_ibnet_spec, rate_Bps), csin_yaml_rate, NULL},
    {"switch-latency", 0, AT(csin_ibnet_spec, switch_latency_s), csin_yaml_time, NULL},
    {"host-latency", 0, AT(csin_ibnet_spec, host_latency_s), csin_yaml_time, NULL},
    {"data-vls", 0, AT(csin_ibnet_spec, data_vls), read_data_vls, NULL},
    {"storage", 0, AT(csin_ibnet_spec, storage), csin_yaml_text, NULL},
    {"compute", 0, AT(csin_ibnet_spec, compute), csin_yaml_text, NULL},
    {0},
};

/* A file of ibnetdiscover by its name alone, or with what it cannot say. */
static enum csin_status read_ibnet(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    struct csin_ibnet_spec *ibnet = field;
    return csin_yaml_scalar(node) ? csin_yaml_text(node, &ibnet->file, key)
                                  : csin_yaml_read_keys(node, ibnet, ibnet_keys);
}

static const struct csin_key discovered_keys[] = {
    {"fabric", CSIN_REQUIRED, AT(csin_fabric_spec, name), csin_yaml_name, NULL},
    {"ibnet", CSIN_REQUIRED, AT(csin_fabric_spec, ibnet), read_ibnet, NULL},
    {"overrides", 0, AT(csin_fabric_spec, overrides), csin_yaml_one_or_list, &override_element},
    {"scenario", CSIN_FOREIGN, 0, NULL, &scenario},
    {"jobs", CSIN_FOREIGN, 0, NULL, &scenario},
    {"storage", CSIN_FOREIGN, 0, NULL, &scenario},
    {"catalogue", CSIN_FOREIGN, 0, NULL, &catalogue},
    {"requirements", CSIN_FOREIGN, 0, NULL, &requirements},
    {0},
};

enum csin_status csin_fabric_spec_read(struct csin_arena *arena, struct csin_diag *diag,
                                       const char *file, const char *text, size_t bytes,
                                       struct csin_fabric_spec *ret_spec)
{
    return csin_fabric_spec_read_changed(arena, diag, file, text, bytes, NULL, ret_spec);
}

enum csin_status csin_fabric_spec_read_changed(struct csin_arena *arena, struct csin_diag *diag,
                                               const char *file, const char *text, size_t bytes,
                                               const struct csin_changes *changes,
                                               struct csin_fabric_spec *ret_spec)
{
    struct csin_fabric_spec spec = {.file = file, .arena = arena};
    static const char *const of_discovered[] = {"ibnet", NULL};
    bool discovered = memmem(text, bytes, "ibnet", 5) &&
                      csin_yaml_top_has(text, bytes, of_discovered);
    enum csin_status status = csin_yaml_read_changed(
        arena, diag, file, text, bytes, discovered ? "a fabric that was discovered" : "a fabric",
        discovered ? discovered_keys : fabric_keys, changes, &spec);
    *ret_spec = spec;
    return status;
}
