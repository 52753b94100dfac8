/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric as JSON: everything there is, units in the names of keys, in a stable order. Ports count
 * from 1, as on the front panel; docs/formats.md describes the schema. */
#include "topo/export.h"

#include <inttypes.h>

#include "base/json.h"
#include "topo/cabling.h"

static const char *const place_names[CSIN_N_PLACES] = {"host", "leaf-spine", "inter-zone", "other",
                                                       "spine-core"};

static void write_facts(struct csin_json *json, const struct csin_fabric *f,
                        const struct csin_fabric_facts *facts)
{
    csin_json_object(json, "facts");
    csin_json_count(json, "switches", f->n_switches);
    csin_json_count(json, "hosts", f->n_hosts);
    csin_json_flat_object(json, "hosts_by_role");
    for (unsigned r = 0; r < CSIN_N_ROLES; r++)
        csin_json_count(json, csin_role_names[r], facts->n_role[r]);
    csin_json_end_object(json);
    csin_json_count(json, "nics", f->n_nics);
    csin_json_count(json, "cables", f->n_cables);
    csin_json_count(json, "dead_cables", facts->n_dead_cables);
    csin_json_count(json, "degraded_cables", facts->n_degraded_cables);
    csin_json_count(json, "planes", f->n_planes);
    csin_json_count(json, "components", facts->n_components);
    csin_json_count(json, "connected_parts", facts->n_parts);
    csin_json_count(json, "diameter_cables", facts->diameter);
    csin_json_real(json, "inter_zone_Bps", facts->inter_zone_Bps);
    csin_json_real(json, "whole_bisection_Bps", facts->whole_bisection_Bps);
    csin_json_object(json, "layers");
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++) {
        csin_json_flat_object(json, csin_layer_names[l]);
        csin_json_count(json, "switches", facts->layers[l].n_switches);
        csin_json_count(json, "ports", facts->layers[l].n_ports);
        csin_json_count(json, "ports_used", facts->layers[l].n_used);
        csin_json_end_object(json);
    }
    csin_json_end_object(json);
    csin_json_end_object(json);
}

static void write_zones(struct csin_json *json, const struct csin_fabric *f,
                        const struct csin_fabric_facts *facts)
{
    csin_json_array(json, "zones");
    for (uint32_t z = 0; z < f->n_zones; z++) {
        const struct csin_zone *zone = &f->zones[z];
        const struct csin_zone_facts *fact = &facts->zones[z];
        csin_json_object(json, NULL);
        csin_json_string(json, "name", zone->name ? zone->name : "");
        csin_json_string(json, "family", zone->family);
        csin_json_count(json, "plane", zone->plane + 1);
        if (zone->tree == CSIN_NONE)
            csin_json_string(json, "tree", NULL);
        else
            csin_json_count(json, "tree", zone->tree + 1);
        csin_json_count(json, "cores_per_spine", zone->cores_per_spine);
        csin_json_count(json, "leaves", zone->n_leaves);
        csin_json_count(json, "spines", zone->n_spines);
        csin_json_bool(json, "regular", zone->regular);
        csin_json_count(json, "links_per_pair", zone->links_per_pair);
        csin_json_count(json, "hosts_per_leaf", zone->hosts_per_leaf);
        csin_json_real(json, "cable_Bps", zone->uplink_Bps);
        csin_json_count(json, "pair_links", zone->pair_links);
        csin_json_array(json, "spine_groups");
        for (uint32_t g = 0; g < zone->n_groups; g++) {
            csin_json_flat_object(json, NULL);
            csin_json_count(json, "spines", zone->groups[g].n_spines);
            csin_json_count(json, "links_per_pair", zone->groups[g].links_per_pair);
            csin_json_real(json, "cable_Bps", zone->groups[g].uplink_Bps);
            csin_json_end_object(json);
        }
        csin_json_end_array(json);
        csin_json_count(json, "nics", fact->n_nics);
        csin_json_real(json, "host_Bps", fact->host_Bps);
        csin_json_real(json, "uplink_Bps", fact->uplink_Bps);
        csin_json_real(json, "oversubscription", fact->oversubscription);
        csin_json_real(json, "core_oversubscription", fact->core_oversubscription);
        csin_json_real(json, "bisection_flow_Bps", fact->bisection_flow_Bps);
        csin_json_real(json, "bisection_formula_Bps", fact->bisection_formula_Bps);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

/* What is not known is left out. */
static void write_guid(struct csin_json *json, const char *key, uint64_t guid)
{
    char text[24];
    snprintf(text, sizeof text, "0x%016" PRIx64, guid);
    if (guid)
        csin_json_string(json, key, text);
}

static void write_lid(struct csin_json *json, const char *key, uint32_t lid)
{
    if (lid)
        csin_json_count(json, key, lid);
}

static void write_switches(struct csin_json *json, const struct csin_fabric *f)
{
    csin_json_array(json, "switches");
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "name", sw->name);
        csin_json_string(json, "model", sw->model);
        csin_json_string(json, "layer", csin_layer_names[sw->layer]);
        csin_json_string(json, "zone", sw->zone == CSIN_NONE ? NULL : f->zones[sw->zone].name);
        csin_json_count(json, "ports", sw->n_ports);
        csin_json_count(json, "ports_used", sw->n_used);
        csin_json_real(json, "port_Bps", sw->rate_Bps);
        csin_json_real(json, "latency_s", sw->latency_s);
        csin_json_count(json, "data_vls", sw->n_vls);
        write_guid(json, "guid", sw->guid);
        write_lid(json, "lid", sw->lid);
        write_guid(json, "aggregation_guid", sw->agent_guid);
        write_lid(json, "aggregation_lid", sw->agent_lid);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

/* Of the models that say something of it. */
static void write_insides(struct csin_json *json, const struct csin_fabric *f)
{
    bool any = false;
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        bool seen = !host->inside;
        for (uint32_t k = h; k-- > 0 && !seen;)
            seen = f->hosts[k].inside == host->inside;
        if (seen)
            continue;
        if (!any)
            csin_json_array(json, "host_models");
        any = true;
        csin_json_object(json, NULL);
        csin_json_string(json, "name", host->model);
        csin_inside_model_write_json(host->inside, json);
        csin_json_end_object(json);
    }
    if (any)
        csin_json_end_array(json);
}

static void write_hosts(struct csin_json *json, const struct csin_fabric *f)
{
    write_insides(json, f);
    csin_json_array(json, "hosts");
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "name", host->name);
        csin_json_string(json, "role", csin_role_names[host->role]);
        csin_json_string(json, "model", host->model);
        csin_json_count(json, "nics", host->n_nics);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

static void write_nics(struct csin_json *json, const struct csin_fabric *f)
{
    csin_json_array(json, "nics");
    for (uint32_t n = 0; n < f->n_nics; n++) {
        const struct csin_nic *nic = &f->nics[n];
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "host", f->hosts[nic->host].name);
        csin_json_count(json, "port", n - f->hosts[nic->host].first_nic + 1);
        if (nic->cable != CSIN_NONE) {
            csin_json_string(json, "switch", f->switches[nic->leaf].name);
            csin_json_count(json, "switch_port", f->cables[nic->cable].port[1] + 1);
        } else {
            csin_json_string(json, "switch", NULL);
        }
        csin_json_real(json, "rate_Bps", nic->rate_Bps);
        csin_json_real(json, "latency_s", nic->latency_s);
        if (nic->device)
            csin_json_string(json, "device", nic->device);
        write_guid(json, "guid", nic->node_guid);
        write_guid(json, "port_guid", nic->port_guid);
        write_lid(json, "lid", nic->lid);
        write_lid(json, "adapter_port", nic->adapter_port);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

static const char *end_name(const struct csin_fabric *f, uint32_t vertex)
{
    return csin_is_nic(f, vertex) ? f->hosts[f->nics[vertex - f->n_switches].host].name
                                  : f->switches[vertex].name;
}

static void write_cables(struct csin_json *json, const struct csin_fabric *f)
{
    csin_json_array(json, "cables");
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "from", end_name(f, cable->end[0]));
        csin_json_count(json, "from_port", cable->port[0] + 1);
        csin_json_string(json, "to", end_name(f, cable->end[1]));
        csin_json_count(json, "to_port", cable->port[1] + 1);
        csin_json_string(json, "place", place_names[cable->place]);
        csin_json_real(json, "capacity_Bps", cable->capacity_Bps);
        csin_json_real(json, "latency_s", cable->latency_s);
        csin_json_bool(json, "up", cable->up);
        csin_json_bool(json, "degraded", cable->degraded);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

static void write_oddities(struct csin_json *json, const struct csin_oddities *odd)
{
    csin_json_array(json, "oddities");
    for (uint32_t i = 0; i < odd->n; i++) {
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "kind", csin_oddity_names[odd->items[i].kind]);
        csin_json_string(json, "text", odd->items[i].text);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

void csin_fabric_write_json(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *fabric = view->fabric;
    const struct csin_fabric_facts *facts = view->facts;
    struct csin_json json;
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    csin_json_string(&json, "schema", "csin-topo-1");
    csin_json_string(&json, "name", fabric->name);
    csin_json_string(&json, "sha256", fabric->digest.hex);
    csin_json_count(&json, "ports_count_from", 1);
    write_facts(&json, fabric, facts);
    write_zones(&json, fabric, facts);
    write_oddities(&json, &facts->oddities);
    write_switches(&json, fabric);
    write_hosts(&json, fabric);
    if (view->folded) {
        csin_cabling_write(fabric, "cabling", &json);
    } else {
        write_nics(&json, fabric);
        write_cables(&json, fabric);
    }
    csin_json_end_object(&json);
    csin_json_finish(&json);
}
