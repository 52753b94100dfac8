/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Findings for programs; docs/analysis.schema.json describes the keys. */
#include "base/json.h"
#include "topo/findings.h"

static void write_vertex(struct csin_json *json, const char *key, const struct csin_fabric *f,
                         uint32_t vertex)
{
    csin_json_string(json, key, vertex == CSIN_NONE ? NULL : csin_vertex_name(f, vertex).s);
}

static void write_pair(struct csin_json *json, const struct csin_fabric *f,
                       const struct csin_pair *pair)
{
    write_vertex(json, "from", f, f->n_switches + pair->src);
    write_vertex(json, "to", f, f->n_switches + pair->dst);
}

/* An arc as [switch or NIC, switch or NIC]; null where there is none. */
static void write_arc(struct csin_json *json, const char *key, const struct csin_fabric *f,
                      uint32_t arc)
{
    if (arc == CSIN_NONE) {
        csin_json_string(json, key, NULL);
        return;
    }
    csin_json_flat_array(json, key);
    write_vertex(json, NULL, f, csin_arc_tail(f, arc));
    write_vertex(json, NULL, f, csin_arc_head(f, arc));
    csin_json_end_array(json);
}

static void write_advice(struct csin_json *json, const struct csin_findings *found)
{
    csin_json_array(json, "advice");
    for (uint32_t i = 0; i < found->n_advice; i++) {
        csin_json_object(json, NULL);
        csin_json_count(json, "code", found->advice[i].code);
        csin_json_string(json, "kind", found->advice[i].is_fault ? "fault" : "warning");
        csin_json_string(json, "text", found->advice[i].text);
        csin_json_string(json, "remedy", found->advice[i].remedy);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

static void write_reach(struct csin_json *json, const struct csin_fabric *f,
                        const struct csin_findings *found)
{
    const struct csin_reach *reach = &found->reach;
    csin_json_object(json, "routes");
    csin_json_real(json, "destinations_share", found->destinations_share);
    csin_json_count(json, "pairs", reach->n_pairs);
    csin_json_count(json, "pairs_without_route", reach->n_all_lost);
    csin_json_flat_object(json, "without_route_by");
    for (unsigned i = 1; i < CSIN_N_STOPS; i++)
        csin_json_count(json, csin_stop_names[i], reach->n_lost[i]);
    csin_json_end_object(json);
    csin_json_array(json, "examples");
    for (uint32_t i = 0; i < reach->n_examples; i++) {
        csin_json_flat_object(json, NULL);
        write_pair(json, f, &reach->examples[i].pair);
        csin_json_string(json, "ends", csin_stop_names[reach->examples[i].stop]);
        write_vertex(json, "at", f, reach->examples[i].at);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_count(json, "pairs_longer_than_needed", reach->n_longer);
    csin_json_count(json, "longest_cables", reach->longest);
    csin_json_array(json, "balance");
    for (unsigned g = 0; g < CSIN_N_GROUPS; g++)
        for (unsigned from = 0; from <= CSIN_ALL; from++)
            for (unsigned to = 0; to <= CSIN_ALL; to++) {
                const struct csin_route_balance *row = &found->balance[g][from][to];
                if (row->sum == 0)
                    continue;
                csin_json_flat_object(json, NULL);
                csin_json_string(json, "arcs", csin_group_names[g]);
                csin_json_string(json, "from", from == CSIN_ALL ? "all" : csin_role_names[from]);
                csin_json_string(json, "to", to == CSIN_ALL ? "all" : csin_role_names[to]);
                csin_json_count(json, "n_arcs", row->n_arcs);
                csin_json_count(json, "n_unused", row->n_idle);
                csin_json_count(json, "max", row->max);
                csin_json_real(json, "mean", (double)row->sum / row->n_arcs);
                write_arc(json, "busiest", f, row->worst);
                csin_json_end_object(json);
            }
    csin_json_end_array(json);
    csin_json_count(json, "idle_spines", found->n_idle_spines);
    csin_json_end_object(json);
}

static void write_loops(struct csin_json *json, const struct csin_fabric *f,
                        const struct csin_findings *found)
{
    const struct csin_loops *loops = &found->loops;
    csin_json_object(json, "credit_loops");
    csin_json_string(json, "not_looked_for", found->loops_why_not);
    csin_json_count(json, "lanes", loops->n_lanes);
    csin_json_count(json, "dependencies", loops->n_dependencies);
    csin_json_count(json, "arcs_in_loops", loops->n_arcs);
    csin_json_array(json, "loop");
    for (uint32_t i = 0; i < loops->n; i++) {
        csin_json_flat_object(json, NULL);
        write_arc(json, "arc", f, loops->loop[i].arc);
        write_pair(json, f, &loops->loop[i].flow);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_count(json, "lanes_by_zone_direction_that_help", loops->zone_lanes);
    csin_json_end_object(json);
}

static void write_shifts(struct csin_json *json, const char *key, const struct csin_fabric *f,
                         const struct csin_shifts *shifts)
{
    csin_json_object(json, key);
    csin_json_count(json, "ranks", shifts->n_ranks);
    csin_json_count(json, "shifts", shifts->n_all);
    csin_json_count(json, "looked_at", shifts->n);
    csin_json_count(json, "free_of_contention", shifts->n_free);
    csin_json_real(json, "mean_share", shifts->mean_share);
    csin_json_count(json, "flows_without_way", shifts->n_lost);
    csin_json_flat_object(json, "worst");
    csin_json_count(json, "shift", shifts->worst.shift);
    csin_json_real(json, "load", shifts->worst.load);
    csin_json_real(json, "mean_share", shifts->worst.share);
    write_arc(json, "arc", f, shifts->worst.arc);
    csin_json_end_object(json);
    csin_json_array(json, "contended"); /* [shift, load of the busiest arc, mean share] */
    for (uint32_t i = 0; i < shifts->n; i++) {
        const struct csin_shift *shift = &shifts->list[i];
        if (shift->load <= 1.000001)
            continue;
        csin_json_flat_array(json, NULL);
        csin_json_count(json, NULL, shift->shift);
        csin_json_real(json, NULL, shift->load);
        csin_json_real(json, NULL, shift->share);
        csin_json_end_array(json);
    }
    csin_json_end_array(json);
    csin_json_end_object(json);
}

static void write_random(struct csin_json *json, const struct csin_random *random)
{
    csin_json_object(json, "random_permutations");
    csin_json_count(json, "ranks", random->n_ranks);
    csin_json_count(json, "drawn", random->n);
    csin_json_real(json, "mean_share", random->mean_share);
    csin_json_real(json, "standard_error", random->error);
    csin_json_real(json, "p99_share", random->p99_share);
    if (random->closed_form > 0)
        csin_json_real(json, "closed_form", random->closed_form);
    else
        csin_json_string(json, "closed_form", NULL);
    csin_json_end_object(json);
}

static void write_worst(struct csin_json *json, const struct csin_fabric *f,
                        const struct csin_worst *worst)
{
    csin_json_object(json, "worst_permutation");
    csin_json_string(json, "not_looked_for", worst->why_not);
    csin_json_bool(json, "exact", worst->is_exact);
    csin_json_real(json, "load", worst->load);
    write_arc(json, "arc", f, worst->n_pairs ? worst->arc : CSIN_NONE);
    csin_json_array(json, "pairs");
    for (uint32_t i = 0; i < worst->n_pairs; i++) {
        csin_json_flat_object(json, NULL);
        write_pair(json, f, &worst->pairs[i]);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_end_object(json);
}

static void write_failure(struct csin_json *json, const char *what, const struct csin_fabric *f,
                          bool is_cable, const struct csin_failures *row)
{
    if (row->n == 0)
        return;
    csin_json_flat_object(json, NULL);
    csin_json_string(json, "of", what);
    csin_json_count(json, "n", row->n);
    csin_json_count(json, "n_cutting_hosts_off", row->n_cutting);
    csin_json_count(json, "max_hosts_cut_off", row->max_hosts);
    csin_json_count(json, "max_pairs_without_route", row->max_pairs);
    csin_json_real(json, "mean_pairs_without_route", row->mean_pairs);
    if (is_cable)
        write_arc(json, "worst", f, row->worst == CSIN_NONE ? CSIN_NONE : 2 * row->worst);
    else
        write_vertex(json, "worst", f, row->worst);
    csin_json_end_object(json);
}

static void write_failures(struct csin_json *json, const struct csin_fabric *f,
                           const struct csin_findings *found)
{
    static const char *const places[CSIN_N_PLACES] = {
        "host-cable", "leaf-spine-cable", "inter-zone-cable", "other-cable", "spine-core-cable"};
    csin_json_array(json, "one_failure");
    for (unsigned p = 0; p < CSIN_N_PLACES; p++)
        write_failure(json, places[p], f, true, &found->cables[p]);
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++)
        write_failure(json, csin_layer_names[l], f, false, &found->switches[l]);
    csin_json_end_array(json);
    csin_json_array(json, "dead_cables");
    for (uint32_t i = 0; i < found->n_dead; i++) {
        const struct csin_dead *dead = &found->dead[i];
        csin_json_flat_object(json, NULL);
        csin_json_count(json, "dead", dead->n_dead);
        csin_json_count(json, "draws", dead->n_samples);
        csin_json_bool(json, "all", dead->is_all);
        csin_json_bool(json, "rerouted", dead->rerouted);
        csin_json_real(json, "shift_share", dead->shift_share);
        csin_json_real(json, "shift_share_kept", dead->shift_kept);
        csin_json_real(json, "random_share", dead->random_share);
        csin_json_real(json, "random_share_kept", dead->random_kept);
        csin_json_real(json, "random_standard_error", dead->random_error);
        csin_json_real(json, "flows_lost_share", dead->lost_share);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

static void write_ftree(struct csin_json *json, const struct csin_fabric *f,
                        const struct csin_findings *found)
{
    static const char *const options[4] = {"", "-a", "-u", "-a -u"};
    csin_json_array(json, "opensm_ftree");
    for (unsigned i = 0; i < 4; i++) {
        const struct csin_ftree *ftree = &found->ftree[i];
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "options", options[i]);
        csin_json_bool(json, "accepted", ftree->reason == CSIN_FTREE_OK);
        csin_json_string(json, "log_code", csin_ftree_codes[ftree->reason]);
        write_vertex(json, "a", f, ftree->a);
        csin_json_count(json, "n_of_a", ftree->n_of_a);
        write_vertex(json, "b", f, ftree->b);
        csin_json_count(json, "n_of_b", ftree->n_of_b);
        csin_json_count(json, "pairs_without_route", ftree->n_pairs_lost);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_real(json, "opensm_ftree_storage_spread", found->ftree_storage_spread);
}

static void write_cuts(struct csin_json *json, const struct csin_fabric *f,
                       const struct csin_fabric_facts *facts, const struct csin_findings *found)
{
    csin_json_object(json, "cuts");
    csin_json_count(json, "disjoint_ways", found->disjoint.paths);
    csin_json_bool(json, "disjoint_ways_exact", found->disjoint.is_exact);
    write_vertex(json, "between", f, found->disjoint.a);
    write_vertex(json, "and", f, found->disjoint.b);
    csin_json_real(json, "whole_bisection_Bps", facts->whole_bisection_Bps);
    csin_json_array(json, "bisections");
    for (uint32_t z = 0; z < f->n_zones; z++) {
        csin_json_flat_object(json, NULL);
        csin_json_string(json, "zone", f->zones[z].name);
        csin_json_real(json, "bisection_Bps", facts->zones[z].bisection_flow_Bps);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_end_object(json);
}

void csin_findings_write_json(const struct csin_fabric *fabric,
                              const struct csin_fabric_facts *facts,
                              const struct csin_findings *findings, FILE *out)
{
    struct csin_json json;
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    csin_json_string(&json, "schema", "csin-analysis-1");
    csin_json_string(&json, "fabric", fabric->name);
    csin_json_string(&json, "sha256", fabric->digest.hex);
    csin_json_string(&json, "routing", csin_policy_name(findings->policy));
    csin_json_count(&json, "seed", findings->seed);
    write_advice(&json, findings);
    csin_json_bool(&json, "has_tables", findings->has_tables);
    if (findings->has_tables)
        write_reach(&json, fabric, findings);
    write_loops(&json, fabric, findings);
    write_shifts(&json, "shifts", fabric, &findings->shifts);
    write_shifts(&json, "compute_shifts", fabric, &findings->compute_shifts);
    write_random(&json, &findings->random);
    write_worst(&json, fabric, &findings->worst);
    write_failures(&json, fabric, findings);
    write_cuts(&json, fabric, facts, findings);
    write_ftree(&json, fabric, findings);
    csin_json_end_object(&json);
    csin_json_finish(&json);
}
