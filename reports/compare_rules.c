/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which way is worse: the tables of docs/comparing.md. */
#include <string.h>

#include "reports/compare_inside.h"

static const struct csin_metric_rule metrics[] = {
    /* verdict and size of a run */
    {NULL, "congestion_free", 1, CSIN_UNIT_TEXT, true},
    {NULL, "congested_arcs", -1, CSIN_UNIT_NONE, true},
    {NULL, "makespan_s", -1, CSIN_UNIT_S, true},
    {NULL, "events", 0, CSIN_UNIT_NONE, false},
    /* jobs, steps, streams */
    {NULL, "slowdown", -1, CSIN_UNIT_FACTOR, true},
    {NULL, "time_s", -1, CSIN_UNIT_S, true},
    {NULL, "time_mean_s", -1, CSIN_UNIT_S, true},
    {NULL, "throughput_Bps", 1, CSIN_UNIT_BPS, true},
    {NULL, "fairness", 1, CSIN_UNIT_SHARE, true},
    {NULL, "request_time_p99_s", -1, CSIN_UNIT_S, true},
    {NULL, "start_s", 0, CSIN_UNIT_S, false},
    {NULL, "stopped", -1, CSIN_UNIT_TEXT, true},
    {NULL, "horizon_s", 0, CSIN_UNIT_S, false},
    {NULL, "times", -1, CSIN_UNIT_NONE, false}, /* without a way */
    {NULL, "path_arcs_max", -1, CSIN_UNIT_NONE, false},
    /* clusters over time */
    {NULL, "busy_host_s", 1, CSIN_UNIT_S, true},
    {NULL, "working_host_s", 1, CSIN_UNIT_S, true},
    {NULL, "wait_s", -1, CSIN_UNIT_S, true},
    {NULL, "wait_mean_s", -1, CSIN_UNIT_S, true},
    {NULL, "done_s", 1, CSIN_UNIT_S, false},
    {NULL, "done", 1, CSIN_UNIT_NONE, true},
    {NULL, "never_begun", -1, CSIN_UNIT_NONE, true},
    {NULL, "interruptions", -1, CSIN_UNIT_NONE, false},
    {NULL, "work_s", 0, CSIN_UNIT_S, false},
    {NULL, "host_s", 0, CSIN_UNIT_S, false},
    {NULL, "arrive_s", 0, CSIN_UNIT_S, false},
    {NULL, "from_s", 0, CSIN_UNIT_S, false},
    {NULL, "to_s", 0, CSIN_UNIT_S, false},
    {NULL, "end_s", 0, CSIN_UNIT_S, false},
    {NULL, "window_s", 0, CSIN_UNIT_S, false},
    {NULL, "slowdown_worst", -1, CSIN_UNIT_FACTOR, false},
    {NULL, "slowdown_max", -1, CSIN_UNIT_FACTOR, false},
    /* victims and arcs */
    {NULL, "held_s", -1, CSIN_UNIT_S, false},
    {"victim", "share", -1, CSIN_UNIT_SHARE, true},
    {"arc", "congested_s", -1, CSIN_UNIT_S, true},
    {"arc", "saturated_s", 0, CSIN_UNIT_S, false},
    {"arc", "capacity_Bps", 1, CSIN_UNIT_BPS, false},
    {"arc", "utilisation_mean", 0, CSIN_UNIT_SHARE, false},
    {"arc", "utilisation_peak", 0, CSIN_UNIT_SHARE, false},
    {"arcs", "congested_s", -1, CSIN_UNIT_S, true},
    {"arcs", "saturated_s", 0, CSIN_UNIT_S, false},
    /* fabrics */
    {NULL, "cables_dead", -1, CSIN_UNIT_NONE, true},
    {NULL, "dead_cables", -1, CSIN_UNIT_NONE, true},
    {NULL, "cables_degraded", -1, CSIN_UNIT_NONE, true},
    {NULL, "degraded_cables", -1, CSIN_UNIT_NONE, true},
    {NULL, "cables", 0, CSIN_UNIT_NONE, true},
    {NULL, "switches", 0, CSIN_UNIT_NONE, true},
    {NULL, "hosts", 0, CSIN_UNIT_NONE, true},
    {NULL, "components", -1, CSIN_UNIT_NONE, true},
    {NULL, "connected_parts", -1, CSIN_UNIT_NONE, true},
    {NULL, "diameter_cables", -1, CSIN_UNIT_NONE, true},
    {NULL, "oversubscription", -1, CSIN_UNIT_FACTOR, true},
    {NULL, "core_oversubscription", -1, CSIN_UNIT_FACTOR, true},
    {NULL, "host_Bps", 0, CSIN_UNIT_BPS, false},
    {NULL, "regular", 1, CSIN_UNIT_TEXT, true},
    {NULL, "data_vls", 1, CSIN_UNIT_NONE, false},
    {NULL, "bisection_formula_Bps", 1, CSIN_UNIT_BPS, false},
    /* analysis */
    {NULL, "pairs_without_route", -1, CSIN_UNIT_NONE, true},
    {NULL, "pairs_longer_than_needed", -1, CSIN_UNIT_NONE, true},
    {NULL, "destinations_share", 1, CSIN_UNIT_SHARE, true},
    {NULL, "longest_cables", -1, CSIN_UNIT_NONE, true},
    {NULL, "flows_without_way", -1, CSIN_UNIT_NONE, true},
    {NULL, "flows_lost_share", -1, CSIN_UNIT_SHARE, true},
    {NULL, "arcs_in_loops", -1, CSIN_UNIT_NONE, true},
    {NULL, "idle_spines", -1, CSIN_UNIT_NONE, true},
    {NULL, "free_of_contention", 1, CSIN_UNIT_NONE, true},
    {NULL, "mean_share", 1, CSIN_UNIT_SHARE, true},
    {NULL, "p99_share", 1, CSIN_UNIT_SHARE, true},
    {NULL, "shift_share", 1, CSIN_UNIT_SHARE, true},
    {NULL, "random_share", 1, CSIN_UNIT_SHARE, true},
    {NULL, "shift_share_kept", 1, CSIN_UNIT_SHARE, false},
    {NULL, "random_share_kept", 1, CSIN_UNIT_SHARE, false},
    {NULL, "standard_error", 0, CSIN_UNIT_NONE, false},
    {NULL, "load", -1, CSIN_UNIT_NONE, true},
    {"balance", "max", -1, CSIN_UNIT_NONE, true},
    {NULL, "n_cutting_hosts_off", -1, CSIN_UNIT_NONE, true},
    {NULL, "max_hosts_cut_off", -1, CSIN_UNIT_NONE, true},
    {NULL, "max_pairs_without_route", -1, CSIN_UNIT_NONE, true},
    {NULL, "mean_pairs_without_route", -1, CSIN_UNIT_NONE, false},
    {NULL, "disjoint_ways", 1, CSIN_UNIT_NONE, true},
    {NULL, "accepted", 1, CSIN_UNIT_TEXT, true},
    {NULL, "has_tables", 0, CSIN_UNIT_TEXT, false},
    /* plans */
    {NULL, "gap", -1, CSIN_UNIT_SHARE, true},
    {NULL, "worst_load", -1, CSIN_UNIT_NONE, true},
    {NULL, "worst_slowdown", -1, CSIN_UNIT_FACTOR, true},
    {NULL, "worst_slowdown_before", 0, CSIN_UNIT_FACTOR, false},
    {NULL, "slowdown_before", 0, CSIN_UNIT_FACTOR, false},
    {NULL, "bytes_between_zones", -1, CSIN_UNIT_BYTES, true},
    {NULL, "bytes_between_leaves", -1, CSIN_UNIT_BYTES, true},
    {NULL, "jobs_across_zones", -1, CSIN_UNIT_NONE, true},
    {NULL, "leaves", 0, CSIN_UNIT_NONE, false},
    /* bills of materials */
    {NULL, "price", -1, CSIN_UNIT_NONE, true},
    {NULL, "price_per_host", -1, CSIN_UNIT_NONE, false},
    {NULL, "price_per_host_port", -1, CSIN_UNIT_NONE, false},
    {NULL, "price_each", -1, CSIN_UNIT_NONE, false},
    {NULL, "number", 0, CSIN_UNIT_NONE, true},
};

static const struct csin_array_rule arrays[] = {
    {"jobs", "job", {"name"}, "", true, false, true, false},
    {"steps", "step", {NULL}, "", true, false, true, false},
    {"storage", "stream", {"name"}, "", true, false, true, false},
    {"templates", "template", {"name"}, "", true, false, true, false},
    {"stays", "stay", {NULL}, "", false, false, false, false},
    {"victims",
     "victim",
     {"name", "behind_from", "behind_to"},
     " > ",
     true,
     true,
     false,
     false,
     " behind "},
    {"lanes", "lane", {"name"}, "", false, false, false, false},
    {"arcs", "arc", {"from", "to"}, " > ", false, false, false, false},
    {"worst_arcs", "arc", {"from", "to", "from_port"}, " > ", false, false, false, true},
    {"inputs", "input", {"kind"}, "", false, false, false, false},
    {"zones", "zone", {"name", "plane"}, ", plane ", true, false, true, false},
    {"switches", "switch", {"name"}, "", true, false, false, false},
    {"hosts", "host", {"name"}, "", true, false, false, false},
    {"advice", "advice", {"kind", "code"}, " CSIN-", true, true, false, false},
    {"balance", "balance", {"arcs", "from", "to"}, ", ", true, false, false, false},
    {"one_failure", "failure of a", {"of"}, "", true, false, false, false},
    {"dead_cables", "cables dead:", {"dead"}, "", true, false, false, false},
    {"opensm_ftree", "opensm ftree", {"options"}, "", true, false, false, false},
    {"bisections", "bisection", {"zone"}, "", true, false, false, false},
    {"parts", "part", {"kind", "name", "length_m"}, " ", false, false, false, false},
    {"loads", "arc", {"from", "to", "port"}, " > ", false, false, false, false},
    {"classes", "class", {"name"}, "", false, false, false, false},
    {"owners", "traffic of", {"name"}, "", true, false, false, false},
    {"spine_groups", "spine group", {NULL}, "", true, false, false, false},
    /* told by the cabling, as are switches and hosts that come and go */
    {"cabling", NULL, {NULL}, "", false, false, false, true},
    {"cables", NULL, {NULL}, "", false, false, false, true},
    {"moments", NULL, {NULL}, "", false, false, false, true},
    {"nics", NULL, {NULL}, "", false, false, false, true},
    /* examples of what numbers say, of which any is as good */
    {"examples", NULL, {NULL}, "", false, false, false, true},
    {"busiest", NULL, {NULL}, "", false, false, false, true},
    {"loop", NULL, {NULL}, "", false, false, false, true},
    {"arc", NULL, {NULL}, "", false, false, false, true},
    {"pairs", NULL, {NULL}, "", false, false, false, true},
    {"contended", NULL, {NULL}, "", false, false, false, true},
    {"worst", NULL, {NULL}, "", false, false, false, true},
};

/* Texts that only name an example or explain a number. */
static const char *const skipped[] = {
    "schema",      "arcs_in_all", "moments_in_all", "price_words", "power_words",
    "price_basis", "power_basis", "between",        "and",         "ports_count_from"};

static bool ends_in(const char *key, const char *end)
{
    size_t n = strlen(key), m = strlen(end);
    return n >= m && strcmp(key + n - m, end) == 0;
}

struct csin_metric_rule csin_metric_rule(const char *noun, const char *key)
{
    static const struct csin_metric_rule by_unit[] = {
        {NULL, "_bytes", 0, CSIN_UNIT_BYTES, false},
        {NULL, "bytes", 0, CSIN_UNIT_BYTES, false},
        {NULL, "_s", -1, CSIN_UNIT_S, false},
        {NULL, "_Bps", 1, CSIN_UNIT_BPS, false},
        {NULL, "_W", -1, CSIN_UNIT_W, true},
        {NULL, "_m", 0, CSIN_UNIT_M, false},
        {NULL, "_share", 0, CSIN_UNIT_SHARE, false},
        {NULL, "slowdown", -1, CSIN_UNIT_FACTOR, false},
    };
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        if (strcmp(metrics[i].key, key) == 0 &&
            (!metrics[i].noun || strcmp(metrics[i].noun, noun) == 0))
            return metrics[i];
    for (size_t i = 0; i < sizeof by_unit / sizeof *by_unit; i++)
        if (ends_in(key, by_unit[i].key))
            return by_unit[i];
    return (struct csin_metric_rule){noun, key, 0, CSIN_UNIT_NONE, false};
}

const struct csin_array_rule *csin_array_rule(const char *key)
{
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        if (strcmp(arrays[i].key, key) == 0)
            return &arrays[i];
    return NULL;
}

bool csin_compare_skips(const char *key)
{
    for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
        if (strcmp(skipped[i], key) == 0)
            return true;
    return false;
}
