/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * opensm.conf: lines of NAME VALUE. */
#include "topo/opensm.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

enum {
    SLS = 16,
    DATA_VLS = 15,
    MAX_ENTRIES = 64,  /* of a VLArb table */
    PACKET_UNITS = 64, /* a packet of 4 KiB in units of 64 bytes */
    OPTION_MAX = 64,   /* bytes of a name, more than any has */
    MAX_UNKNOWN = 50,  /* options: a file with more is something else */
};

/* All that 'opensm -c' writes, and older names that are still read. */
static const char *const known[] = {
    "accum_log_file",
    "allow_both_pkeys",
    "avoid_throttled_links",
    "babbling_port_policy",
    "cc_ca_cong_setting_ccti_increase",
    "cc_ca_cong_setting_ccti_min",
    "cc_ca_cong_setting_ccti_timer",
    "cc_ca_cong_setting_control_map",
    "cc_ca_cong_setting_port_control",
    "cc_ca_cong_setting_trigger_threshold",
    "cc_cct",
    "cc_key",
    "cc_max_outstanding_mads",
    "cc_sw_cong_setting_control_map",
    "cc_sw_cong_setting_credit_mask",
    "cc_sw_cong_setting_credit_starvation_return_delay",
    "cc_sw_cong_setting_credit_starvation_threshold",
    "cc_sw_cong_setting_marking_rate",
    "cc_sw_cong_setting_packet_size",
    "cc_sw_cong_setting_threshold",
    "cc_sw_cong_setting_victim_mask",
    "cn_guid_file",
    "congestion_control",
    "connect_roots",
    "console",
    "console_port",
    "consolidate_ipv6_snm_req",
    "daemon",
    "disable_multicast",
    "do_mesh_analysis",
    "drop_event_subscriptions",
    "dump_files_dir",
    "enable_quirks",
    "event_db_dump_file",
    "event_plugin_name",
    "event_plugin_options",
    "exit_on_fatal",
    "fdr10",
    "force_heavy_sweep",
    "force_link_speed",
    "force_link_speed_ext",
    "force_link_width",
    "force_log_flush",
    "fsync_high_avail_files",
    "guid",
    "guid_routing_order_file",
    "guid_routing_order_no_scatter",
    "head_of_queue_lifetime",
    "honor_guid2lid_file",
    "hop_weights_file",
    "ids_guid_file",
    "ignore_other_sm",
    "io_guid_file",
    "ipoib_mcgroup_creation_validation",
    "keep_pkey_indexes",
    "lash_start_vl",
    "leaf_head_of_queue_lifetime",
    "leaf_vl_stall_count",
    "lfts_file",
    "lid_matrix_dump_file",
    "lmc",
    "lmc_esp0",
    "local_phy_errors_threshold",
    "log_file",
    "log_flags",
    "log_max_size",
    "log_prefix",
    "long_transaction_timeout",
    "m_key",
    "m_key_lease_period",
    "m_key_lookup",
    "m_key_protection_level",
    "max_msg_fifo_timeout",
    "max_op_vls",
    "max_reverse_hops",
    "max_smps_timeout",
    "max_wire_smps",
    "max_wire_smps2",
    "mcgroup_join_validation",
    "no_clients_rereg",
    "no_partition_enforcement",
    "node_name_map_name",
    "nue_include_switches",
    "nue_max_num_vls",
    "overrun_errors_threshold",
    "packet_life_time",
    "part_enforce",
    "partition_config_file",
    "per_module_logging_file",
    "perfmgr",
    "perfmgr_ignore_cas",
    "perfmgr_log_errors",
    "perfmgr_max_outstanding_queries",
    "perfmgr_query_cpi",
    "perfmgr_redir",
    "perfmgr_rm_nodes",
    "perfmgr_sweep_time_s",
    "perfmgr_xmit_wait_log",
    "perfmgr_xmit_wait_threshold",
    "polling_retry_number",
    "port_prof_ignore_file",
    "port_profile_switch_nodes",
    "port_search_ordering_file",
    "port_shifting",
    "prefix_routes_file",
    "qos",
    "qos_ca_high_limit",
    "qos_ca_max_vls",
    "qos_ca_sl2vl",
    "qos_ca_vlarb_high",
    "qos_ca_vlarb_low",
    "qos_high_limit",
    "qos_max_vls",
    "qos_policy_file",
    "qos_rtr_high_limit",
    "qos_rtr_max_vls",
    "qos_rtr_sl2vl",
    "qos_rtr_vlarb_high",
    "qos_rtr_vlarb_low",
    "qos_sl2vl",
    "qos_sw0_high_limit",
    "qos_sw0_max_vls",
    "qos_sw0_sl2vl",
    "qos_sw0_vlarb_high",
    "qos_sw0_vlarb_low",
    "qos_swe_high_limit",
    "qos_swe_max_vls",
    "qos_swe_sl2vl",
    "qos_swe_vlarb_high",
    "qos_swe_vlarb_low",
    "qos_vlarb_high",
    "qos_vlarb_low",
    "quasi_ftree_indexing",
    "reassign_lids",
    "root_guid_file",
    "routing_engine",
    "sa_db_dump",
    "sa_db_file",
    "sa_key",
    "scatter_ports",
    "single_thread",
    "sm_assigned_guid",
    "sm_inactive",
    "sm_key",
    "sm_priority",
    "sm_sl",
    "sminfo_polling_timeout",
    "subnet_prefix",
    "subnet_timeout",
    "suppress_sl2vl_mad_status_errors",
    "sweep_interval",
    "sweep_on_trap",
    "torus_config",
    "transaction_retries",
    "transaction_timeout",
    "use_mfttop",
    "use_optimized_slvl",
    "use_original_extended_sa_rates_only",
    "use_ucast_cache",
    "vl_stall_count",
};
#define N_KNOWN (sizeof known / sizeof *known)

struct options {
    struct csin_diag *diag;
    const char *file;
    uint32_t line;
    uint32_t n_vls; /* in operation; 0: not said */
    bool seen[N_KNOWN];
    uint32_t seen_at[N_KNOWN];
    uint32_t n_unknown;
    enum csin_status status;
};

#define WRONG(o, code, col, ...)                                                                   \
    ((o)->status = csin_first(                                                                     \
         (o)->status, csin_error((o)->diag, CSIN_E_INPUT, code, place(o, col), __VA_ARGS__)))

static struct csin_loc place(const struct options *o, size_t col)
{
    return (struct csin_loc){o->file, o->line, (uint32_t)col + 1};
}

/* Reads digits at *at and goes behind them; UINT32_MAX where there are none or too many. */
static uint32_t read_number(const char **at, const char *end)
{
    uint32_t n = 0;
    const char *start = *at;
    while (*at < end && **at >= '0' && **at <= '9' && *at - start < 6)
        n = n * 10 + (uint32_t)(*(*at)++ - '0');
    return *at == start ? UINT32_MAX : n;
}

/* What of a list is at hand: where it starts in its line, and in which option it is. */
struct list {
    const char *option, *line, *at, *end;
};

static bool next_item(struct list *list)
{
    if (list->at == list->end)
        return false;
    list->at++; /* the comma */
    return true;
}

static void warn_of_fold(struct options *o, size_t col, uint32_t vl)
{
    if (o->n_vls == 0 || o->n_vls >= DATA_VLS || vl < o->n_vls || vl >= DATA_VLS)
        return;
    csin_warning(o->diag, 738, place(o, col), "VL %u is folded onto VL %u: 'max_op_vls' has %u", vl,
                 vl % o->n_vls, o->n_vls);
}

static void check_arbitration(struct options *o, struct list list)
{
    uint32_t n = 0;
    do {
        size_t col = (size_t)(list.at - list.line);
        uint32_t vl = read_number(&list.at, list.end), weight = UINT32_MAX;
        if (list.at < list.end && *list.at == ':') {
            list.at++;
            weight = read_number(&list.at, list.end);
        }
        if (vl == UINT32_MAX || weight == UINT32_MAX || (list.at < list.end && *list.at != ',')) {
            WRONG(o, 737, col, "'%s' wants VL:WEIGHT, with commas between two", list.option);
            return;
        }
        if (vl >= DATA_VLS)
            WRONG(o, 737, col, "there is no VL %u for data; they are 0 to 14", vl);
        if (weight > 255)
            WRONG(o, 737, col, "a weight is at most 255, not %u", weight);
        else if (weight % PACKET_UNITS)
            csin_warning(o->diag, 731, place(o, col),
                         "weight %u of VL %u counts as %u with packets of 4 KiB", weight, vl,
                         (weight / PACKET_UNITS + 1) * PACKET_UNITS);
        warn_of_fold(o, col, vl);
        if (++n == MAX_ENTRIES + 1)
            WRONG(o, 737, col, "'%s' has more than %u entries, and OpenSM drops the others",
                  list.option, MAX_ENTRIES);
    } while (next_item(&list));
}

static void check_sl2vl(struct options *o, struct list list)
{
    uint32_t n = 0;
    size_t start = (size_t)(list.at - list.line);
    do {
        size_t col = (size_t)(list.at - list.line);
        uint32_t vl = read_number(&list.at, list.end);
        if (vl == UINT32_MAX || (list.at < list.end && *list.at != ',')) {
            WRONG(o, 737, col, "'%s' wants VLs of SL 0, 1, 2 and so on, with commas between two",
                  list.option);
            return;
        }
        if (vl > DATA_VLS)
            WRONG(o, 737, col, "there is no VL %u; they are 0 to 14, and 15 to drop", vl);
        warn_of_fold(o, col, vl);
        n++;
    } while (next_item(&list));
    if (n != SLS)
        WRONG(o, 737, start, "'%s' has %s VLs for %u SLs%s", list.option, csin_show_count(n).s, SLS,
              n < SLS ? "; OpenSM takes VL 0 for the rest" : "");
}

static void check_count(struct options *o, struct list list, uint32_t min, uint32_t max)
{
    const char *start = list.at;
    uint32_t n = read_number(&list.at, list.end);
    bool is_default = list.end - start == 2 && strncmp(start, "-1", 2) == 0;
    if (list.at == list.end && n >= min && n <= max)
        return;
    if (!is_default)
        WRONG(o, 737, (size_t)(start - list.line), "'%s' is from %u to %u", list.option, min, max);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void check_value(struct options *o, struct list list)
{
    static const uint32_t vls_of_code[] = {0, 1, 2, 4, 8, 15};
    size_t n = (size_t)(list.end - list.at), col = (size_t)(list.at - list.line);
    if (n == strlen("(null)") && strncmp(list.at, "(null)", n) == 0)
        return; /* as OpenSM writes 'not set' */
    if (strcmp(list.option, "max_op_vls") == 0) {
        check_count(o, list, 1, 5);
        if (n == 1 && *list.at >= '1' && *list.at <= '5')
            o->n_vls = vls_of_code[*list.at - '0'];
    } else if (strncmp(list.option, "qos_", 4) != 0) {
        return;
    } else if (ends_with(list.option, "_max_vls")) {
        if (n != 1 || *list.at != '0')
            csin_warning(o->diag, 738, place(o, col),
                         "'%s' does nothing; 'max_op_vls' sets the VLs in operation", list.option);
    } else if (ends_with(list.option, "_high_limit")) {
        check_count(o, list, 0, 255);
    } else if (strstr(list.option, "_vlarb_")) {
        check_arbitration(o, list);
    } else if (ends_with(list.option, "_sl2vl")) {
        check_sl2vl(o, list);
    }
}

static void unknown_option(struct options *o, size_t col, const char *name, size_t n)
{
    struct csin_brief brief = csin_brief(name, n);
    if (++o->n_unknown > MAX_UNKNOWN || !o->diag)
        return;
    const char *near = n < OPTION_MAX ? csin_nearest(brief.s, known, N_KNOWN) : NULL;
    if (memchr(name, '=', n)) {
        WRONG(o, 736, col, "'%s' is no option, and OpenSM ignores it without a word", brief.s);
        csin_note(o->diag, place(o, col), "write NAME VALUE, with a blank between the two");
    } else if (near) {
        WRONG(o, 736, col, "OpenSM ignores '%s' without a word; did you mean '%s'?", brief.s, near);
    } else {
        csin_warning(o->diag, 736, place(o, col),
                     "OpenSM 3.3.23 has no option '%s' and ignores it without a word", brief.s);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void check_line(struct options *o, const char *line, size_t n)
{
    const char *at = line, *end = line + n;
    while (end > line && is_blank(end[-1]))
        end--;
    while (at < end && is_blank(*at))
        at++;
    if (at == end || *at == '#')
        return;
    const char *name = at;
    while (at < end && !is_blank(*at))
        at++;
    size_t length = (size_t)(at - name), k = 0, col = (size_t)(name - line);
    while (k < N_KNOWN && !(strlen(known[k]) == length && strncmp(known[k], name, length) == 0))
        k++;
    while (at < end && is_blank(*at))
        at++;
    if (k == N_KNOWN) {
        unknown_option(o, col, name, length);
        return;
    }
    if (o->seen[k]) {
        csin_warning(o->diag, 738, place(o, col), "'%s' is written twice; the last one counts",
                     known[k]);
        csin_note(o->diag, (struct csin_loc){o->file, o->seen_at[k], 1}, "first here");
    }
    o->seen[k] = true;
    o->seen_at[k] = o->line;
    if (at < end)
        check_value(o, (struct list){known[k], line, at, end});
}

/* max_op_vls counts for all tables, wherever it stands. */
static void each_line(struct options *o, const char *text, const char *end)
{
    for (o->line = 1; text < end && o->n_unknown <= MAX_UNKNOWN; o->line++) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        check_line(o, text, (size_t)((feed ? feed : end) - text));
        text = feed ? feed + 1 : end;
    }
}

enum csin_status csin_opensm_check_options(struct csin_arena *arena, struct csin_diag *diag,
                                           const char *file, const char *text, size_t bytes)
{
    struct options first = {.file = file}, o = {.diag = diag, .file = file};
    (void)arena;
    if (memchr(text, '\0', bytes))
        return csin_error(diag, CSIN_E_INPUT, 736, (struct csin_loc){file, 0, 0},
                          "this is no text: it holds NUL bytes");
    each_line(&first, text, text + bytes);
    o.n_vls = first.n_vls;
    each_line(&o, text, text + bytes);
    if (o.n_unknown > MAX_UNKNOWN)
        WRONG(&o, 736, 0, "more than %d lines are no options: this is no file of OpenSM's",
              MAX_UNKNOWN);
    return o.status;
}
