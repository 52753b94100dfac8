/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From nodes and links to the spec of a fabric: rates, models, roles, and every port written out.
 */
#include "topo/ibnet.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"
#include "topo/ibnet_inside.h"

#define ASSUMED_BPS 25e9 /* 4xHDR, of links in a file that tells no rate at all */

/* ---- rates ---- */

static uint64_t hash_text(const char *text)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    return (a ^ b) * 0x9e3779b97f4a7c15u ^ a >> 29;
}

/* Things that should run at one rate: equal kinds. */
struct sample {
    uint64_t kind;
    double rate_Bps; /* 0: not told */
    uint32_t link;
};

static int by_kind(const void *left, const void *right)
{
    const struct sample *x = left, *y = right;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->rate_Bps != y->rate_Bps)
        return x->rate_Bps < y->rate_Bps ? -1 : 1;
    return (x->link > y->link) - (x->link < y->link);
}

/* The rate that most of the samples of one kind have, of equally many the higher; 0 where none is
 * told. */
static double usual_rate(const struct sample *samples, uint32_t n)
{
    double best_Bps = 0;
    uint32_t most = 0;
    for (uint32_t i = 0, run = 0; i < n; i++) {
        run = i > 0 && samples[i].rate_Bps == samples[i - 1].rate_Bps ? run + 1 : 1;
        if (samples[i].rate_Bps > 0 && run >= most) {
            most = run;
            best_Bps = samples[i].rate_Bps;
        }
    }
    return best_Bps;
}

/* What tells hosts that are built alike: names but for their numbers, the adapter, which of the
 * NICs it is. */
static uint64_t kind_of_nic(struct ib_fabric *ib, uint32_t nic)
{
    const struct ib_nic *n = &ib->nics[nic];
    const struct ib_host *host = &ib->hosts[n->host];
    const char *stem = csin_ibnet_stem(ib->scratch, host->name);
    if (!stem) {
        csin_ibnet_no_memory(ib);
        return 0;
    }
    uint32_t device = ib->nodes[ib->links[n->link].node[n->side]].device_id;
    return mix(mix(hash_text(stem), device), nic - host->first_nic + 1);
}

static uint64_t kind_of_cable(const struct ib_fabric *ib, const struct ib_link *l)
{
    const struct ib_node *a = &ib->nodes[l->node[0]], *b = &ib->nodes[l->node[1]];
    uint64_t layers = 1ull << a->layer | 1ull << b->layer;
    return mix(mix(layers, a->zone), b->zone) + mix(mix(layers, b->zone), a->zone);
}

/* One rate of all cables of a switch, or of all that join it to switches, is what its ports have: a
 * switch of an older generation, not damage, which comes cable by cable. ret_Bps: [n_nodes], 0
 * where rates differ or fewer than two are told. */
static void find_port_rates(const struct ib_fabric *ib, double *all_Bps, double *up_Bps)
{
    uint32_t *n = calloc(2 * (ib->n_nodes + 1u), sizeof *n), *n_up = n ? n + ib->n_nodes : NULL;
    for (uint32_t i = 0; n && i < ib->n_links; i++) {
        const struct ib_link *l = &ib->links[i];
        bool between = ib->nodes[l->node[0]].kind == IB_SWITCH &&
                       ib->nodes[l->node[1]].kind == IB_SWITCH;
        for (unsigned e = 0; e < 2 && !l->is_left_out && l->rate_Bps > 0; e++) {
            uint32_t node = l->node[e];
            all_Bps[node] = n[node]++ && all_Bps[node] != l->rate_Bps ? -1 : l->rate_Bps;
            if (between)
                up_Bps[node] = n_up[node]++ && up_Bps[node] != l->rate_Bps ? -1 : l->rate_Bps;
        }
    }
    for (uint32_t i = 0; n && i < ib->n_nodes; i++) {
        bool is_switch = ib->nodes[i].kind == IB_SWITCH;
        all_Bps[i] = is_switch && n[i] > 1 && all_Bps[i] > 0 ? all_Bps[i] : 0;
        up_Bps[i] = is_switch && n_up[i] > 1 && up_Bps[i] > 0 ? up_Bps[i] : 0;
    }
    free(n);
}

static void cap_at_port_rates(struct ib_fabric *ib)
{
    double *all_Bps = csin_arena_alloc(ib->scratch, ib->n_nodes, sizeof *all_Bps);
    double *up_Bps = csin_arena_alloc(ib->scratch, ib->n_nodes, sizeof *up_Bps);
    if (!all_Bps || !up_Bps) {
        csin_ibnet_no_memory(ib);
        return;
    }
    find_port_rates(ib, all_Bps, up_Bps);
    for (uint32_t i = 0; i < ib->n_links; i++) {
        struct ib_link *l = &ib->links[i];
        bool between = ib->nodes[l->node[0]].kind == IB_SWITCH &&
                       ib->nodes[l->node[1]].kind == IB_SWITCH;
        for (unsigned e = 0; e < 2 && !l->is_left_out; e++) {
            double one_Bps = all_Bps[l->node[e]];
            if (one_Bps == 0 && between)
                one_Bps = up_Bps[l->node[e]];
            if (one_Bps > 0)
                l->nominal_Bps = fmin(l->nominal_Bps, one_Bps);
        }
    }
}

/* Gives every link the rate that links of its kind usually have, or its own where that is higher. A
 * link that does not tell its rate is taken for a usual one. */
static void find_nominal(struct ib_fabric *ib)
{
    struct sample *samples = malloc((ib->n_links + 1u) * sizeof *samples);
    uint32_t n = 0;
    if (!samples) {
        csin_ibnet_no_memory(ib);
        return;
    }
    for (uint32_t i = 0; i < ib->n_nics; i++)
        samples[n++] = (struct sample){kind_of_nic(ib, i), ib->links[ib->nics[i].link].rate_Bps,
                                       ib->nics[i].link};
    for (uint32_t i = 0; i < ib->n_links; i++) {
        const struct ib_link *l = &ib->links[i];
        if (!l->is_left_out && ib->nodes[l->node[0]].kind == IB_SWITCH &&
            ib->nodes[l->node[1]].kind == IB_SWITCH)
            samples[n++] = (struct sample){kind_of_cable(ib, l), l->rate_Bps, i};
    }
    qsort(samples, n, sizeof *samples, by_kind);
    for (uint32_t i = 0, k; i < n; i += k) {
        for (k = 1; i + k < n && samples[i + k].kind == samples[i].kind; k++)
            ;
        double usual_Bps = usual_rate(samples + i, k);
        for (uint32_t m = i; m < i + k; m++) {
            struct ib_link *l = &ib->links[samples[m].link];
            l->nominal_Bps = fmax(usual_Bps, samples[m].rate_Bps);
            l->is_usual = samples[m].rate_Bps == 0 && usual_Bps > 0;
        }
    }
    free(samples);
    cap_at_port_rates(ib);
}

/* Links that do not tell their rate, where others of their kind do. */
static void tell_usual(struct ib_fabric *ib)
{
    uint32_t n = 0, line = 0;
    double rate_Bps = 0;
    bool one = true;
    for (uint32_t i = 0; i < ib->n_links; i++) {
        const struct ib_link *l = &ib->links[i];
        if (l->is_left_out || l->rate_Bps > 0 || !l->is_usual)
            continue;
        one = one && (n == 0 || l->nominal_Bps == rate_Bps);
        rate_Bps = l->nominal_Bps;
        line = n++ ? line : l->line;
    }
    if (n && one)
        csin_warning(ib->diag, 629, csin_ibnet_loc(ib, line),
                     "%s cable%s no rate; taken as %s, as others of the kind", csin_show_count(n).s,
                     n == 1 ? " tells" : "s tell", csin_show_linerate(rate_Bps).s);
    else if (n)
        csin_warning(ib->diag, 629, csin_ibnet_loc(ib, line),
                     "%s cables tell no rate; taken as others of their kinds",
                     csin_show_count(n).s);
}

/* Links of which nothing is known run as the overlay says, or as the fastest of the file. */
static void fill_in_rates(struct ib_fabric *ib, const struct csin_ibnet_spec *overlay)
{
    double fastest_Bps = 0;
    uint32_t unknown = 0, line = 0;
    for (uint32_t i = 0; i < ib->n_links; i++)
        fastest_Bps = fmax(fastest_Bps, ib->links[i].nominal_Bps);
    double rate_Bps = overlay && overlay->rate_Bps.loc.line ? overlay->rate_Bps.x
                      : fastest_Bps > 0                     ? fastest_Bps
                                                            : ASSUMED_BPS;
    for (uint32_t i = 0; i < ib->n_links; i++) {
        struct ib_link *l = &ib->links[i];
        if (l->is_left_out || l->nominal_Bps > 0)
            continue;
        l->nominal_Bps = rate_Bps;
        line = unknown++ ? line : l->line;
    }
    tell_usual(ib);
    if (unknown && !(overlay && overlay->rate_Bps.loc.line)) {
        csin_warning(ib->diag, 629, csin_ibnet_loc(ib, line),
                     "%s cables tell no rate, and none of their kind does; %s is assumed",
                     csin_show_count(unknown).s, csin_show_linerate(rate_Bps).s);
        csin_note(
            ib->diag, csin_ibnet_loc(ib, line),
            "a fabric file that names this one can say it: ibnet: {file: ..., rate: 400Gb/s}");
    }
}

/* A switch's ports are as fast as its fastest cable, or that of a switch of the same make. */
struct make {
    uint64_t kind;
    uint32_t node;
};

static int by_make(const void *left, const void *right)
{
    const struct make *x = left, *y = right;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

static void rate_switches(struct ib_fabric *ib)
{
    struct make *makes = csin_arena_alloc(ib->scratch, ib->n_switches, sizeof *makes);
    if (!makes) {
        csin_ibnet_no_memory(ib);
        return;
    }
    for (uint32_t i = 0; i < ib->n_links; i++)
        for (unsigned e = 0; e < 2 && !ib->links[i].is_left_out; e++) {
            struct ib_node *node = &ib->nodes[ib->links[i].node[e]];
            node->rate_Bps = fmax(node->rate_Bps, ib->links[i].nominal_Bps);
        }
    for (uint32_t i = 0; i < ib->n_switches; i++) {
        const struct ib_node *sw = &ib->nodes[ib->switches[i]];
        /* Without a device id only its own cables say what it is. */
        uint64_t model = hash_text(sw->model ? sw->model : "");
        makes[i] = (struct make){sw->device_id ? mix(mix(model, sw->device_id), sw->n_ports)
                                               : mix(1, ib->switches[i]),
                                 ib->switches[i]};
    }
    if (ib->n_switches)
        qsort(makes, ib->n_switches, sizeof *makes, by_make);
    for (uint32_t i = 0, k; i < ib->n_switches; i += k) {
        double fastest_Bps = 0;
        for (k = 0; i + k < ib->n_switches && makes[i + k].kind == makes[i].kind; k++)
            fastest_Bps = fmax(fastest_Bps, ib->nodes[makes[i + k].node].rate_Bps);
        for (uint32_t m = i; m < i + k; m++)
            ib->nodes[makes[m].node].rate_Bps = fastest_Bps > 0 ? fastest_Bps : ASSUMED_BPS;
    }
}

static void rate_hosts(struct ib_fabric *ib)
{
    for (uint32_t i = 0; i < ib->n_nics; i++) {
        struct ib_host *host = &ib->hosts[ib->nics[i].host];
        ib->nics[i].rate_Bps = ib->links[ib->nics[i].link].nominal_Bps;
        host->rate_Bps = fmax(host->rate_Bps, ib->nics[i].rate_Bps);
    }
}

/* ---- roles ---- */

/* What administrators call hosts that serve files. */
static bool serves(const char *name)
{
    static const char *const words[] = {"stor", "oss", "ost",  "mds",    "mdt",  "nvme", "3fs",
                                        "nsd",  "nas", "ceph", "lustre", "gpfs", "weka", "beegfs"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncasecmp(name, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

static void set_role(struct ib_fabric *ib, const struct csin_text *names, enum csin_role role)
{
    const char *const *each;
    uint32_t n = 0;
    if (!names->s)
        return;
    ib->status = csin_first(
        ib->status, csin_hostlist_expand(ib->scratch, ib->diag, names->loc, names->s, &each, &n));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = csin_names_find(&ib->taken, each[i]);
        if (id != CSIN_NONE && id >= ib->n_nodes)
            ib->hosts[id - ib->n_nodes].role = role;
        else
            ib->status = csin_first(ib->status,
                                    csin_error(ib->diag, CSIN_E_INPUT, 217, names->loc,
                                               "'%s' is no host of '%s'", each[i], ib->file));
    }
}

static void find_roles(struct ib_fabric *ib, const struct csin_ibnet_spec *overlay)
{
    for (uint32_t h = 0; h < ib->n_hosts; h++)
        ib->hosts[h].role = serves(ib->hosts[h].name) ? CSIN_STORAGE : CSIN_COMPUTE;
    if (!overlay)
        return;
    set_role(ib, &overlay->storage, CSIN_STORAGE);
    set_role(ib, &overlay->compute, CSIN_COMPUTE);
}

/* ---- the spec ---- */

static struct csin_text text_at(const struct ib_fabric *ib, const char *s, uint32_t line)
{
    return (struct csin_text){s, csin_ibnet_loc(ib, line)};
}

static void *list_of(struct ib_fabric *ib, struct csin_list *list, uint32_t n, size_t size)
{
    *list = (struct csin_list){csin_arena_alloc(ib->arena, n, size), n, csin_ibnet_loc(ib, 1)};
    if (!list->items)
        csin_ibnet_no_memory(ib);
    return list->items;
}

/* The model of a switch: NAME, or NAME-2 and so on where the same name has other ports. */
static const char *switch_model(struct ib_fabric *ib, struct csin_list *models,
                                const struct ib_node *sw, const struct csin_ibnet_spec *overlay)
{
    struct csin_switch_model_spec *m = models->items;
    const char *base = sw->model;
    struct csin_loc loc = csin_ibnet_loc(ib, sw->line);
    uint32_t same = 1;
    if (!base)
        base = csin_arena_printf(ib->arena, "switch%u", sw->n_ports);
    const char *name = base;
    for (uint32_t i = 0; name && i < models->n; i++, m++) {
        if (strcmp(m->name.s, name) != 0)
            continue;
        if (m->ports.n == sw->n_ports && m->rate_Bps.x == sw->rate_Bps)
            return m->name.s;
        name = csin_arena_printf(ib->arena, "%s-%u", base, ++same);
        m = models->items;
        i = 0;
    }
    if (!name) {
        csin_ibnet_no_memory(ib);
        return NULL;
    }
    m = (struct csin_switch_model_spec *)models->items + models->n++;
    *m = (struct csin_switch_model_spec){
        .name = {name, loc}, .ports = {sw->n_ports, loc}, .rate_Bps = {sw->rate_Bps, loc}};
    if (overlay) {
        m->latency_s = overlay->switch_latency_s;
        m->data_vls = overlay->data_vls;
    }
    return name;
}

static void add_switches(struct ib_fabric *ib, const struct csin_ibnet_spec *overlay,
                         struct csin_fabric_spec *spec)
{
    struct csin_switches_spec *sw = list_of(ib, &spec->switches, ib->n_switches, sizeof *sw);
    if (!sw ||
        !list_of(ib, &spec->switch_models, ib->n_switches, sizeof(struct csin_switch_model_spec)))
        return;
    spec->switch_models.n = 0;
    for (uint32_t i = 0; i < ib->n_switches && ib->status == CSIN_OK; i++) {
        const struct ib_node *node = &ib->nodes[ib->switches[i]];
        sw[i].names = text_at(ib, node->name, node->line);
        sw[i].model = text_at(ib, switch_model(ib, &spec->switch_models, node, overlay),
                              node->line);
        sw[i].layer = (struct csin_choice){(int)node->layer, csin_ibnet_loc(ib, node->line)};
        if (node->zone != CSIN_NONE)
            sw[i].zone = text_at(ib, ib->zones[node->zone].name, node->line);
    }
}

/* compute-200G, storage-2x200G */
static const char *host_model(struct ib_fabric *ib, struct csin_list *models,
                              struct csin_names *index, const struct ib_host *host,
                              const struct csin_ibnet_spec *overlay)
{
    char times[16] = "", name[64];
    uint32_t old;
    struct csin_loc loc = csin_ibnet_loc(ib, host->line);
    if (host->n_nics > 1)
        snprintf(times, sizeof times, "%ux", host->n_nics);
    snprintf(name, sizeof name, "%s-%s%.6gG", csin_role_names[host->role], times,
             host->rate_Bps / 125e6);
    uint32_t known = csin_names_find(index, name);
    struct csin_host_model_spec *m = models->items;
    if (known != CSIN_NONE)
        return m[known].name.s;
    const char *copy = csin_arena_strndup(ib->arena, name, strlen(name));
    if (!copy) {
        csin_ibnet_no_memory(ib);
        return NULL;
    }
    m += models->n;
    *m = (struct csin_host_model_spec){.name = {copy, loc},
                                       .role = {host->role, loc},
                                       .nics = {host->n_nics, loc},
                                       .rate_Bps = {host->rate_Bps, loc}};
    if (overlay)
        m->latency_s = overlay->host_latency_s;
    csin_names_add(index, copy, models->n++, &old);
    return copy;
}

static void add_hosts(struct ib_fabric *ib, const struct csin_ibnet_spec *overlay,
                      struct csin_fabric_spec *spec)
{
    struct csin_hosts_spec *hosts = list_of(ib, &spec->hosts, ib->n_hosts, sizeof *hosts);
    struct csin_names index;
    if (!hosts ||
        !list_of(ib, &spec->host_models, ib->n_hosts, sizeof(struct csin_host_model_spec)) ||
        !csin_names_init(&index, ib->scratch, ib->n_hosts)) {
        csin_ibnet_no_memory(ib);
        return;
    }
    spec->host_models.n = 0;
    for (uint32_t h = 0; h < ib->n_hosts && ib->status == CSIN_OK; h++) {
        const struct ib_host *host = &ib->hosts[h];
        hosts[h].names = text_at(ib, host->name, host->line);
        hosts[h].model = text_at(ib, host_model(ib, &spec->host_models, &index, host, overlay),
                                 host->line);
    }
}

/* The name of a NIC as the end of a cable. */
static const char *nic_name(struct ib_fabric *ib, uint32_t nic)
{
    const struct ib_host *host = &ib->hosts[ib->nics[nic].host];
    uint32_t index = nic - host->first_nic;
    if (index == 0)
        return host->name;
    for (int digits = 1; digits < 9; digits++) {
        const char *name = csin_arena_printf(ib->arena, "%s.%0*u", host->name, digits, index);
        if (!name || csin_names_find(&ib->taken, name) == CSIN_NONE)
            return name;
    }
    return NULL;
}

/* A cable as it is plugged into its switch at `side`. */
static void set_plug(struct ib_fabric *ib, struct csin_plug_spec *plug, const struct ib_link *l,
                     unsigned side, const char *end, uint32_t end_port, double ports_Bps)
{
    struct csin_loc loc = csin_ibnet_loc(ib, l->line);
    double nominal_Bps = fmin(l->nominal_Bps, ports_Bps);
    if (!end)
        csin_ibnet_no_memory(ib);
    *plug = (struct csin_plug_spec){
        .key = {"", loc}, .end = {end, loc}, .port = l->port[side], .end_port = end_port};
    if (nominal_Bps < ports_Bps)
        plug->rate_Bps = (struct csin_quantity){nominal_Bps, loc};
    if (l->rate_Bps > 0 && l->rate_Bps < nominal_Bps)
        plug->degraded_Bps = (struct csin_quantity){l->rate_Bps, loc};
}

/* Each cable stands at one switch: that of a NIC, the lower node otherwise. */
static void add_cabling(struct ib_fabric *ib, struct csin_fabric_spec *spec)
{
    struct csin_cabling_spec *entries = list_of(ib, &spec->cabling, ib->n_switches,
                                                sizeof *entries);
    uint32_t *index = csin_arena_alloc(ib->scratch, ib->n_nodes, sizeof *index);
    uint32_t *nic_of = csin_arena_alloc(ib->scratch, ib->n_links, sizeof *nic_of);
    if (!entries || !index || !nic_of) {
        csin_ibnet_no_memory(ib);
        return;
    }
    memset(nic_of, 0xff, ib->n_links * sizeof *nic_of);
    for (uint32_t i = 0; i < ib->n_nics; i++)
        nic_of[ib->nics[i].link] = i;
    for (uint32_t i = 0; i < ib->n_switches; i++) {
        const struct ib_node *sw = &ib->nodes[ib->switches[i]];
        index[ib->switches[i]] = i;
        entries[i].name = text_at(ib, sw->name, sw->line);
    }
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < ib->n_links && ib->status == CSIN_OK; i++) {
            const struct ib_link *l = &ib->links[i];
            const struct ib_node *a = &ib->nodes[l->node[0]], *b = &ib->nodes[l->node[1]];
            uint32_t nic = nic_of[i];
            bool to_switch = a->kind == IB_SWITCH && b->kind == IB_SWITCH;
            if (l->is_left_out || (!to_switch && nic == CSIN_NONE))
                continue;
            unsigned side = !to_switch && a->kind != IB_SWITCH;
            struct csin_list *plugs = &entries[index[l->node[side]]].plugs;
            uint32_t at = plugs->n++;
            if (pass == 0)
                continue;
            double rate_Bps = fmin(ib->nodes[l->node[side]].rate_Bps,
                                   to_switch ? ib->nodes[l->node[!side]].rate_Bps
                                             : ib->hosts[ib->nics[nic].host].rate_Bps);
            set_plug(ib, (struct csin_plug_spec *)plugs->items + at, l, side,
                     to_switch ? ib->nodes[l->node[!side]].name : nic_name(ib, nic),
                     to_switch ? l->port[!side] : 0, rate_Bps);
        }
        for (uint32_t i = 0; pass == 0 && i < ib->n_switches; i++) {
            uint32_t n = entries[i].plugs.n;
            if (list_of(ib, &entries[i].plugs, n, sizeof(struct csin_plug_spec)))
                entries[i].plugs.n = 0;
        }
    }
}

static struct csin_count number_at(const struct ib_fabric *ib, uint64_t n, uint32_t line)
{
    return n ? (struct csin_count){n, csin_ibnet_loc(ib, line)} : (struct csin_count){0};
}

static void add_identities(struct ib_fabric *ib, struct csin_fabric_spec *spec)
{
    struct csin_infiniband_spec *entry = list_of(ib, &spec->infiniband,
                                                 ib->n_switches + ib->n_hosts, sizeof *entry);
    if (!entry)
        return;
    for (uint32_t i = 0; i < ib->n_switches && ib->status == CSIN_OK; i++, entry++) {
        const struct ib_node *sw = &ib->nodes[ib->switches[i]];
        struct csin_identity_spec *id = list_of(ib, &entry->nodes, 1, sizeof *id);
        if (!id)
            return;
        entry->name = text_at(ib, sw->name, sw->line);
        *id = (struct csin_identity_spec){.guid = number_at(ib, sw->guid, sw->line),
                                          .lid = number_at(ib, sw->lid, sw->line),
                                          .agent_guid = number_at(ib, sw->agent_guid, sw->line),
                                          .agent_lid = number_at(ib, sw->agent_lid, sw->line),
                                          .loc = csin_ibnet_loc(ib, sw->line)};
    }
    for (uint32_t h = 0; h < ib->n_hosts && ib->status == CSIN_OK; h++, entry++) {
        const struct ib_host *host = &ib->hosts[h];
        struct csin_identity_spec *id = list_of(ib, &entry->nodes, host->n_nics, sizeof *id);
        entry->name = text_at(ib, host->name, host->line);
        for (uint32_t k = 0; id && k < host->n_nics; k++) {
            const struct ib_nic *nic = &ib->nics[host->first_nic + k];
            const struct ib_link *l = &ib->links[nic->link];
            const struct ib_node *node = &ib->nodes[l->node[nic->side]];
            id[k] = (struct csin_identity_spec){
                .guid = number_at(ib, node->guid, node->line),
                .lid = number_at(ib, l->lid[nic->side], l->line),
                .port_guid = number_at(ib, l->guid[nic->side], l->line),
                .port = number_at(ib, l->port[nic->side], l->line),
                .loc = csin_ibnet_loc(ib, l->line)};
            if (nic->device && *nic->device)
                id[k].device = text_at(ib, nic->device, node->line);
        }
    }
}

/* Called like the file, without folder and extension. */
static const char *fabric_name(struct ib_fabric *ib)
{
    const char *slash = strrchr(ib->file, '/'), *from = slash ? slash + 1 : ib->file;
    const char *dot = strrchr(from, '.');
    size_t n = dot && dot > from ? (size_t)(dot - from) : strlen(from), used = 0;
    char *name = csin_arena_strndup(ib->arena, from, n);
    for (size_t i = 0; name && i < n && used < CSIN_NAME_MAX; i++)
        if (csin_name_may_have(name[i]))
            name[used++] = name[i];
    if (!name)
        csin_ibnet_no_memory(ib);
    else
        name[used] = 0;
    return name && used ? name : "fabric";
}

static void check_sizes(struct ib_fabric *ib)
{
    struct csin_loc whole = csin_ibnet_loc(ib, 0);
    if (ib->n_switches > CSIN_MAX_SWITCHES)
        ib->status = csin_error(ib->diag, CSIN_E_INPUT, 203, whole, "%s switches; at most %s",
                                csin_show_count(ib->n_switches).s,
                                csin_show_count(CSIN_MAX_SWITCHES).s);
    else if (ib->n_nics > CSIN_MAX_HOSTS)
        ib->status = csin_error(ib->diag, CSIN_E_INPUT, 203, whole, "%s NICs; at most %s",
                                csin_show_count(ib->n_nics).s, csin_show_count(CSIN_MAX_HOSTS).s);
    else if (ib->n_switches == 0)
        ib->status = csin_error(ib->diag, CSIN_E_INPUT, 205, whole, "the fabric has no switches");
    else if (ib->n_hosts == 0)
        ib->status = csin_error(ib->diag, CSIN_E_INPUT, 204, whole, "the fabric has no hosts");
}

static void read(struct ib_fabric *ib, const char *text, size_t bytes,
                 const struct csin_ibnet_spec *overlay, struct csin_fabric_spec *spec)
{
    csin_ibnet_parse(ib, text, bytes);
    if (ib->status == CSIN_OK)
        csin_ibnet_name_switches(ib);
    if (ib->status == CSIN_OK)
        csin_ibnet_name_hosts(ib);
    if (ib->status == CSIN_OK)
        check_sizes(ib);
    if (ib->status == CSIN_OK)
        csin_ibnet_find_layers(ib);
    if (ib->status == CSIN_OK)
        find_nominal(ib);
    if (ib->status != CSIN_OK)
        return;
    fill_in_rates(ib, overlay);
    rate_switches(ib);
    rate_hosts(ib);
    find_roles(ib, overlay);
    spec->name = text_at(ib, fabric_name(ib), 1);
    spec->is_discovered = true;
    add_switches(ib, overlay, spec);
    add_hosts(ib, overlay, spec);
    if (ib->status == CSIN_OK)
        add_cabling(ib, spec);
    if (ib->status == CSIN_OK)
        add_identities(ib, spec);
}

enum csin_status csin_ibnet_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                 const char *text, size_t bytes,
                                 const struct csin_ibnet_spec *overlay,
                                 struct csin_fabric_spec *ret_spec)
{
    struct ib_fabric ib = {
        .arena = arena, .scratch = csin_arena_create(), .diag = diag, .file = file};
    struct csin_fabric_spec spec = {.file = file, .arena = arena};
    if (ib.scratch)
        read(&ib, text, bytes, overlay, &spec);
    else
        csin_ibnet_no_memory(&ib);
    if (ib.status == CSIN_OK)
        *ret_spec = spec;
    free(ib.nodes);
    free(ib.links);
    free(ib.nics);
    free(ib.hosts);
    csin_arena_destroy(ib.scratch);
    return ib.status;
}
