/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric as an explicit fabric file (docs/config-reference.md): every switch, host, port and
 * cable written out, so that reading it gives the same fabric, in compact form:
 *
 *     switches:
 *       - {names: "a-leaf[01-40]", model: QM8700, layer: leaf, zone: a}
 *     hosts:
 *       - {names: "gpu[0001-0600]", model: gpu}
 *     cabling:
 *       a-leaf01: {1: gpu0001, 2: gpu0002, 21: a-spine01/1}
 *
 * A cable between switches stands at the lower of them. */
#include "topo/export.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"

#define WIDTH 100 /* columns of a line, where it can be broken */
#define DEFAULT_DATA_VLS 8

/* The items of a flow mapping or sequence, broken over lines. */
struct flow {
    FILE *out;
    int column, indent;
    bool filled;
};

static void item(struct flow *flow, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void item(struct flow *flow, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (flow->filled && flow->column + n + 3 > WIDTH) {
        flow->column = fprintf(flow->out, ",\n%*s", flow->indent, "") - 2;
        flow->filled = false;
    }
    flow->column += fprintf(flow->out, "%s%s", flow->filled ? ", " : "", text);
    flow->filled = true;
}

/* A name as YAML takes it for a text: one that begins like a list or stands for nothing needs
 * quotes. */
struct name {
    char s[CSIN_NAME_MAX + 8];
};

static struct name name_of(const char *text)
{
    static const char *const nothing[] = {"null", "Null", "NULL"};
    bool quote = !*text || strchr(".-", *text);
    struct name name;
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        quote = quote || strcmp(text, nothing[i]) == 0;
    snprintf(name.s, sizeof name.s, quote ? "\"%.64s\"" : "%.64s", text);
    return name;
}

static bool gives_back(const char *text, double x, bool is_rate)
{
    double got = 0;
    struct csin_loc none = {0};
    return (is_rate ? csin_read_rate(NULL, none, text, &got)
                    : csin_read_time(NULL, none, text, &got)) == CSIN_OK &&
           got == x;
}

/* In the first of the units in which it reads back exactly; the last one always does. */
static struct csin_shown exact(double x, bool is_rate)
{
    static const struct {
        double unit;
        const char *name;
    } rates[] = {{125e6, "Gb/s"}, {125e3, "Mb/s"}, {1, "B/s"}},
      times[] = {{1e-9, "ns"}, {1e-6, "us"}, {1, "s"}};
    struct csin_shown text = {""};
    for (unsigned i = 0; i < 3; i++) {
        double unit = is_rate ? rates[i].unit : times[i].unit;
        const char *name = is_rate ? rates[i].name : times[i].name;
        /* 15 digits first: 450ns is 4.5e-07 / 1e-9, which is 450.00000000000006. */
        snprintf(text.s, sizeof text.s, "%.15g%s", x / unit, name);
        if (gives_back(text.s, x, is_rate))
            return text;
        snprintf(text.s, sizeof text.s, "%s%s", csin_show_exact(x / unit).s, name);
        if (gives_back(text.s, x, is_rate))
            return text;
    }
    return text;
}

static struct csin_shown exact_rate(double rate_Bps)
{
    return exact(rate_Bps, true);
}

static struct csin_shown exact_time(double time_s)
{
    return exact(time_s, false);
}

/* ---- models ---- */

/* Whether the i-th thing is the first with its model. Things of one model mostly stand together, so
 * the search seldom goes far. */
static bool is_first_switch(const struct csin_fabric *f, uint32_t i)
{
    for (uint32_t k = i; k-- > 0;)
        if (strcmp(f->switches[k].model, f->switches[i].model) == 0)
            return false;
    return true;
}

static bool is_first_host(const struct csin_fabric *f, uint32_t i)
{
    for (uint32_t k = i; k-- > 0;)
        if (strcmp(f->hosts[k].model, f->hosts[i].model) == 0)
            return false;
    return true;
}

static void write_rate(FILE *out, double rate_Bps)
{
    fputs(exact_rate(rate_Bps).s, out);
}

static void write_models(const struct csin_fabric *f, FILE *out)
{
    fputs("switch-models:\n", out);
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        if (!is_first_switch(f, s))
            continue;
        fprintf(out, "  %s: {ports: %u, rate: %s", name_of(sw->model).s, sw->n_ports,
                exact_rate(sw->rate_Bps).s);
        if (sw->latency_s > 0)
            fprintf(out, ", latency: %s", exact_time(sw->latency_s).s);
        if (sw->n_vls != DEFAULT_DATA_VLS)
            fprintf(out, ", data-vls: %u", sw->n_vls);
        fputs("}\n", out);
    }
    fputs("host-models:\n", out);
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        const struct csin_nic *nic = &f->nics[host->first_nic];
        if (!is_first_host(f, h))
            continue;
        fprintf(out, "  %s: {", name_of(host->model).s);
        if (host->role != CSIN_COMPUTE)
            fprintf(out, "role: %s, ", csin_role_names[host->role]);
        if (host->n_nics != 1)
            fprintf(out, "nics: %u, ", host->n_nics);
        fprintf(out, "rate: %s", exact_rate(nic->rate_Bps).s);
        if (nic->latency_s > 0)
            fprintf(out, ", latency: %s", exact_time(nic->latency_s).s);
        if (host->inside) {
            fputs(", inside: ", out);
            csin_inside_model_write_yaml(host->inside, write_rate, out);
        }
        fputs("}\n", out);
    }
}

/* ---- switches and hosts ---- */

/* A hostlist in quotes; long ones are broken behind commas, which YAML reads as a blank. */
static void write_list(FILE *out, const char *list, int column)
{
    unsigned depth = 0;
    putc('"', out);
    for (const char *p = list; *p; p++, column++) {
        depth += *p == '[';
        depth -= *p == ']';
        putc(*p, out);
        if (*p == ',' && depth == 0 && column > WIDTH - 20) {
            fputs("\n      ", out);
            column = 6;
        }
    }
    putc('"', out);
}

/* Ports meant for hosts, where more are than any leaf uses; otherwise 0, as reading finds the same.
 */
static uint32_t spare_plan(const struct csin_fabric *f, const struct csin_switch *sw)
{
    if (sw->layer != CSIN_LEAF || sw->zone == CSIN_NONE)
        return 0;
    const struct csin_zone *zone = &f->zones[sw->zone];
    for (uint32_t leaf = zone->first_leaf; leaf < zone->first_leaf + zone->n_leaves; leaf++) {
        uint32_t n = 0;
        for (uint32_t p = 0; p < f->switches[leaf].n_ports; p++) {
            uint32_t arc = f->port_arc[f->switches[leaf].first_port + p];
            n += arc != CSIN_NONE && csin_is_nic(f, csin_arc_head(f, arc));
        }
        if (n >= zone->hosts_per_leaf)
            return 0;
    }
    return zone->hosts_per_leaf;
}

static bool share_entry(const struct csin_switch *a, const struct csin_switch *b)
{
    return a->layer == b->layer && a->zone == b->zone && strcmp(a->model, b->model) == 0;
}

static bool write_switches(const struct csin_fabric *f, struct csin_arena *arena,
                           const char **names, FILE *out)
{
    fputs("switches:\n", out);
    for (uint32_t s = 0, n; s < f->n_switches; s += n) {
        const struct csin_switch *sw = &f->switches[s];
        for (n = 0; s + n < f->n_switches && share_entry(sw, &sw[n]); n++)
            names[n] = sw[n].name;
        const char *list = csin_hostlist_fold(arena, names, n);
        if (!list)
            return false;
        write_list(out, list, fprintf(out, "  - {names: "));
        fprintf(out, ", model: %s, layer: %s", name_of(sw->model).s, csin_layer_names[sw->layer]);
        if (sw->zone != CSIN_NONE)
            fprintf(out, ", zone: %s", name_of(f->zones[sw->zone].name).s);
        uint32_t planned = spare_plan(f, sw);
        if (planned)
            fprintf(out, ", hosts-per-leaf: %u", planned);
        fputs("}\n", out);
    }
    return true;
}

static bool write_hosts(const struct csin_fabric *f, struct csin_arena *arena, const char **names,
                        FILE *out)
{
    fputs("hosts:\n", out);
    for (uint32_t h = 0, n; h < f->n_hosts; h += n) {
        const struct csin_host *host = &f->hosts[h];
        for (n = 0; h + n < f->n_hosts && strcmp(host[n].model, host->model) == 0; n++)
            names[n] = host[n].name;
        const char *list = csin_hostlist_fold(arena, names, n);
        if (!list)
            return false;
        write_list(out, list, fprintf(out, "  - {names: "));
        fprintf(out, ", model: %s}\n", name_of(host->model).s);
    }
    return true;
}

/* ---- cables ---- */

/* What a cable would run at but for an override, as far as the fabric tells. */
static double nominal_Bps(const struct csin_fabric *f, const struct csin_cable *cable)
{
    const struct csin_switch *high = &f->switches[cable->end[1]];
    double port_Bps = high->rate_Bps, uplink_Bps = 0;
    if (csin_is_nic(f, cable->end[0]))
        port_Bps = fmin(port_Bps, f->nics[cable->end[0] - f->n_switches].rate_Bps);
    else
        port_Bps = fmin(port_Bps, f->switches[cable->end[0]].rate_Bps);
    if (!cable->degraded)
        return cable->capacity_Bps;
    if (cable->place == CSIN_AT_SPINE && high->zone != CSIN_NONE &&
        f->switches[cable->end[0]].zone == high->zone)
        for (uint32_t g = 0; g < f->zones[high->zone].n_groups; g++)
            if (cable->end[1] >= f->zones[high->zone].groups[g].first_spine)
                uplink_Bps = f->zones[high->zone].groups[g].uplink_Bps;
    return uplink_Bps > cable->capacity_Bps && uplink_Bps < port_Bps ? uplink_Bps : port_Bps;
}

/* Rate and latency of a cable, where they are not what its ports give. */
static void write_words(const struct csin_fabric *f, const struct csin_cable *cable, char *text,
                        size_t bytes)
{
    struct csin_cable intact = *cable;
    double rate_Bps = nominal_Bps(f, cable);
    int n = 0;
    intact.degraded = true;
    intact.place = CSIN_ELSEWHERE; /* gives the rate of the ports */
    if (rate_Bps != nominal_Bps(f, &intact))
        n = snprintf(text, bytes, " %s", exact_rate(rate_Bps).s);
    if (cable->latency_s > 0)
        snprintf(text + n, bytes - (size_t)n, " %s", exact_time(cable->latency_s).s);
    else
        text[n] = 0;
}

/* 'host', 'host.1' or 'switch/port'. A host that is itself called like the NIC of another makes
 * that NIC need a zero in front. */
static void write_end(const struct csin_fabric *f, const struct csin_cable *cable, unsigned end,
                      char *text, size_t bytes)
{
    uint32_t vertex = cable->end[end];
    if (!csin_is_nic(f, vertex)) {
        snprintf(text, bytes, "%s/%u", f->switches[vertex].name, cable->port[end] + 1);
        return;
    }
    const struct csin_host *host = &f->hosts[f->nics[vertex - f->n_switches].host];
    uint32_t index = vertex - f->n_switches - host->first_nic;
    if (index == 0) {
        snprintf(text, bytes, "%s", name_of(host->name).s);
        return;
    }
    for (int digits = 1; digits < 9; digits++) {
        snprintf(text, bytes, "%s.%0*u", host->name, digits, index);
        if (csin_fabric_host(f, text) == CSIN_NONE)
            return;
    }
}

static void write_cabling(const struct csin_fabric *f, FILE *out)
{
    bool any = false;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        struct flow flow = {.out = out};
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            if (arc == CSIN_NONE || (!csin_is_nic(f, csin_arc_head(f, arc)) && (arc & 1)))
                continue;
            const struct csin_cable *cable = &f->cables[arc >> 1];
            char end[128], words[96];
            write_end(f, cable, (arc & 1) ^ 1, end, sizeof end);
            write_words(f, cable, words, sizeof words);
            if (!any)
                fputs("cabling:\n", out);
            any = true;
            if (!flow.indent) {
                flow.column = fprintf(out, "  %s: {", name_of(sw->name).s);
                flow.indent = 4;
            }
            if (strchr(".-", *end)) /* begins with what YAML would not take for a text */
                item(&flow, "%u: \"%s%s\"", p + 1, end, words);
            else
                item(&flow, "%u: %s%s", p + 1, end, words);
        }
        if (flow.indent)
            fputs("}\n", out);
    }
    if (!any)
        fputs("cabling: {}\n", out);
}

/* Which cable of its pair it is, by the ports of the switch `at`; 0 for the only one. */
static uint32_t nth_of_pair(const struct csin_fabric *f, uint32_t c, uint32_t at, uint32_t other)
{
    const struct csin_switch *sw = &f->switches[at];
    uint32_t n = 0, nth = 0;
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        if (arc == CSIN_NONE)
            continue;
        uint32_t head = csin_arc_head(f, arc);
        bool same = head == other;
        if (csin_is_nic(f, head) && csin_is_nic(f, other))
            same = f->nics[head - f->n_switches].host == f->nics[other - f->n_switches].host;
        n += same;
        if (arc >> 1 == c)
            nth = n;
    }
    return n > 1 ? nth : 0;
}

static void write_overrides(const struct csin_fabric *f, FILE *out)
{
    bool any = false;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (cable->up && !cable->degraded)
            continue;
        bool is_nic = csin_is_nic(f, cable->end[0]);
        uint32_t at = cable->end[is_nic], other = cable->end[!is_nic];
        const char *name = is_nic ? f->hosts[f->nics[other - f->n_switches].host].name
                                  : f->switches[other].name;
        uint32_t nth = nth_of_pair(f, c, at, other);
        if (!any)
            fputs("overrides:\n", out);
        any = true;
        fprintf(out, "  - {between: [%s, %s]", name_of(f->switches[at].name).s, name_of(name).s);
        if (nth)
            fprintf(out, ", nth: %u", nth);
        if (!cable->up)
            fputs(", state: down", out);
        if (cable->degraded)
            fprintf(out, ", rate: %s", exact_rate(cable->capacity_Bps).s);
        fputs("}\n", out);
    }
}

/* ---- GUIDs and LIDs ---- */

static void write_guid(struct flow *flow, const char *key, uint64_t guid)
{
    if (guid)
        item(flow, "%s: 0x%016" PRIx64, key, guid);
}

static void write_number(struct flow *flow, const char *key, uint32_t n)
{
    if (n)
        item(flow, "%s: %u", key, n);
}

static bool is_known(const struct csin_nic *nic)
{
    return nic->node_guid || nic->port_guid || nic->lid || nic->adapter_port || nic->device;
}

static void write_nic_identity(const struct csin_nic *nic, FILE *out)
{
    struct flow flow = {.out = out, .indent = 4};
    write_guid(&flow, "guid", nic->node_guid);
    write_guid(&flow, "port-guid", nic->port_guid);
    write_number(&flow, "lid", nic->lid);
    write_number(&flow, "port", nic->adapter_port);
    if (nic->device)
        item(&flow, "device: %s", name_of(nic->device).s);
}

static void begin_identity(bool *any, const char *name, FILE *out)
{
    if (!*any)
        fputs("infiniband:\n", out);
    *any = true;
    fprintf(out, "  %s: ", name_of(name).s);
}

static void write_identities(const struct csin_fabric *f, FILE *out)
{
    bool any = false;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        struct flow flow = {.out = out, .indent = 4};
        if (!sw->guid && !sw->lid && !sw->agent_guid && !sw->agent_lid)
            continue;
        begin_identity(&any, sw->name, out);
        putc('{', out);
        write_guid(&flow, "guid", sw->guid);
        write_number(&flow, "lid", sw->lid);
        write_guid(&flow, "aggregation-guid", sw->agent_guid);
        write_number(&flow, "aggregation-lid", sw->agent_lid);
        fputs("}\n", out);
    }
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        uint32_t n = host->n_nics;
        while (n > 0 && !is_known(&f->nics[host->first_nic + n - 1]))
            n--;
        if (n == 0)
            continue;
        begin_identity(&any, host->name, out);
        for (uint32_t k = 0; k < n; k++) {
            fputs(n == 1 ? "{" : k == 0 ? "[{" : "},\n    {", out);
            write_nic_identity(&f->nics[host->first_nic + k], out);
        }
        fputs(n == 1 ? "}\n" : "}]\n", out);
    }
}

/* A one-line fabric is called by its line, which is no name in a file. */
static void write_fabric_name(const char *name, FILE *out)
{
    char text[CSIN_NAME_MAX + 1];
    size_t n = 0;
    for (; *name && n < CSIN_NAME_MAX; name++)
        if (csin_name_may_have(*name))
            text[n++] = *name;
        else if (n && text[n - 1] != '-' && *name == ' ')
            text[n++] = '-';
    text[n] = 0;
    fprintf(out, "fabric: %s\n", name_of(n ? text : "fabric").s);
}

void csin_fabric_write_yaml(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *f = view->fabric;
    struct csin_arena *arena = csin_arena_create();
    uint32_t n = f->n_hosts > f->n_switches ? f->n_hosts : f->n_switches;
    const char **names = malloc((n + 1u) * sizeof *names);
    fputs(
        "# Every switch, host and cable written out. Ports count from 1; a cable between switches\n"
        "# stands at the lower one.\n",
        out);
    write_fabric_name(f->name, out);
    write_models(f, out);
    bool ok = arena && names && write_switches(f, arena, names, out) &&
              write_hosts(f, arena, names, out);
    write_cabling(f, out);
    write_overrides(f, out);
    write_identities(f, out);
    if (!ok) /* no memory: half a fabric must not pass for one */
        fputs("incomplete: out of memory\n", out);
    free(names);
    csin_arena_destroy(arena);
}
