/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of fabric files: one line a key. */
#include "topo/spec.h"

#include <string.h>

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
    {"names", CSIN_REQUIRED, AT(csin_hosts_spec, names), csin_yaml_text, NULL},
    {"model", CSIN_REQUIRED, AT(csin_hosts_spec, model), csin_yaml_name, NULL},
    {"attach", CSIN_REQUIRED, AT(csin_hosts_spec, attach), csin_yaml_one_or_list, &attach_element},
    {0},
};

static const struct csin_element name_element = {sizeof(struct csin_text), csin_yaml_name, NULL};

static const struct csin_key inter_zone_keys[] = {
    {"names", CSIN_REQUIRED, AT(csin_inter_zone_spec, names), csin_yaml_text, NULL},
    {"model", CSIN_REQUIRED, AT(csin_inter_zone_spec, model), csin_yaml_name, NULL},
    {"zones", CSIN_REQUIRED, AT(csin_inter_zone_spec, zones), csin_yaml_list, &name_element},
    {"leaves", CSIN_REQUIRED, AT(csin_inter_zone_spec, leaves), csin_yaml_count, &switches_range},
    {"rate", 0, AT(csin_inter_zone_spec, rate_Bps), csin_yaml_rate, NULL},
    {0},
};

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

#define ELEMENT(record, keys)                                                                      \
    {                                                                                              \
        sizeof(struct record), csin_yaml_section, keys                                             \
    }
static const struct csin_element switch_model_element = ELEMENT(csin_switch_model_spec,
                                                                switch_model_keys);
static const struct csin_element host_model_element = ELEMENT(csin_host_model_spec,
                                                              host_model_keys);
static const struct csin_element zone_element = ELEMENT(csin_zone_spec, zone_keys);
static const struct csin_element hosts_element = ELEMENT(csin_hosts_spec, hosts_keys);
static const struct csin_element inter_zone_element = ELEMENT(csin_inter_zone_spec,
                                                              inter_zone_keys);
static const struct csin_element core_element = ELEMENT(csin_core_spec, core_keys);
static const struct csin_element switches_element = ELEMENT(csin_switches_spec, switches_keys);
static const struct csin_element cables_element = ELEMENT(csin_cables_spec, cables_keys);
static const struct csin_element override_element = ELEMENT(csin_override_spec, override_keys);

static const struct csin_foreign scenario = {
    "a scenario", "'csin sim' simulates scenarios; the key 'fabric' in it names its fabric"};

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
    struct csin_fabric_spec spec = {.file = file};
    enum csin_status status = csin_yaml_read(arena, diag, file, text, bytes, "a fabric",
                                             fabric_keys, &spec);
    *ret_spec = spec;
    return status;
}
