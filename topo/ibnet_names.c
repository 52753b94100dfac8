/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names from node descriptions, and adapters grouped into hosts. A description is what an
 * administrator or a driver wrote, up to 64 bytes of anything: 'node0001 mlx5_0', 'node1 HCA-2',
 * 'MF0;IB-ComputeLeaf-101:MQM8700/U1', 'Quantum Mellanox Technologies', or nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/names.h"
#include "topo/ibnet_inside.h"

#define SUFFIX_MAX 8u /* bytes kept for '-2' and the like */
#define NICS_MAX 64u  /* of a host */
#define SAY_MOST 5u

int csin_ibnet_compare(const char *a, const char *b)
{
    while (*a && *b) {
        size_t na = strspn(a, "0123456789"), nb = strspn(b, "0123456789");
        if (na && nb) {
            size_t za = strspn(a, "0"), zb = strspn(b, "0");
            za -= za == na; /* a zero alone is a digit */
            zb -= zb == nb;
            if (na - za != nb - zb)
                return na - za < nb - zb ? -1 : 1;
            int order = strncmp(a + za, b + zb, na - za);
            if (order)
                return order;
            a += na;
            b += nb;
            continue;
        }
        if (*a != *b)
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        a++;
        b++;
    }
    return *a ? 1 : *b ? -1 : 0;
}

const char *csin_ibnet_stem(struct csin_arena *arena, const char *name)
{
    char *stem = csin_arena_strndup(arena, name, strlen(name));
    char *to = stem;
    if (!stem)
        return NULL;
    for (const char *p = name; *p; p++)
        if (*p < '0' || *p > '9')
            *to++ = *p;
    *to = 0;
    return stem;
}

/* ---- valid and unique names ---- */

/* What may stand in a name; other bytes become hyphens, one for several, none at either end. Empty
 * where nothing is left. */
static char *clean(struct ib_fabric *ib, const char *text, size_t n)
{
    char name[CSIN_NAME_MAX + 1];
    size_t used = 0;
    for (size_t i = 0; i < n && used < CSIN_NAME_MAX - SUFFIX_MAX; i++) {
        if (csin_name_may_have(text[i]) && (used || text[i] != '-'))
            name[used++] = text[i];
        else if (used && name[used - 1] != '-')
            name[used++] = '-';
    }
    while (used && name[used - 1] == '-')
        used--;
    char *copy = csin_arena_strndup(ib->arena, name, used);
    if (!copy)
        csin_ibnet_no_memory(ib);
    return copy;
}

/* The name, or one of NAME-2, NAME-3... that nothing has. From the ninth on the number follows from
 * the id, and the search doubles its steps: thousands may go by one name. NULL without memory. */
static const char *claim(struct ib_fabric *ib, const char *name, uint32_t id)
{
    const char *base = name;
    uint64_t nth = 2, step = 1;
    uint32_t old;
    for (unsigned tries = 0; name && !csin_names_add(&ib->taken, name, id, &old); tries++) {
        name = csin_arena_printf(ib->arena, "%s-%llu", base, (unsigned long long)nth);
        nth = tries < 8 ? nth + 1 : tries == 8 ? id + 10u : nth + step;
        step = tries < 8 ? 1 : step * 2;
    }
    if (!name)
        csin_ibnet_no_memory(ib);
    return name;
}

/* ---- descriptions ---- */

static bool holds(struct slice text, const char *word)
{
    return memmem(text.s, text.n, word, strlen(word)) != NULL;
}

static bool starts(struct slice text, const char *word)
{
    size_t n = strlen(word);
    return text.n >= n && strncasecmp(text.s, word, n) == 0;
}

/* What devices call themselves before anybody names them. */
static bool is_makers(struct slice text)
{
    static const char *const words[] = {"Technologies", "Mellanox", "Voltaire", "InfiniHost",
                                        "Infiniscale",  "QLogic",   "TopSpin"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (holds(text, words[i]))
            return true;
    return false;
}

static struct slice trim(struct slice text)
{
    while (text.n && (unsigned char)text.s[0] <= ' ') {
        text.s++;
        text.n--;
    }
    while (text.n && (unsigned char)text.s[text.n - 1] <= ' ')
        text.n--;
    return text;
}

static bool is_agent(const struct ib_node *node)
{
    return node->kind == IB_ADAPTER && holds(node->description, "Aggregation Node");
}

/* MF0;NAME:MODEL/U1, where the last part tells the chips of a box apart; or the name alone. */
static void read_switch_name(struct ib_fabric *ib, struct ib_node *node)
{
    struct slice text = trim(node->description);
    const char *semicolon = memchr(text.s, ';', text.n);
    const char *colon = semicolon ? memchr(semicolon, ':', (size_t)(text.s + text.n - semicolon))
                                  : NULL;
    if (colon) {
        const char *end = text.s + text.n, *model = colon + 1;
        const char *slash = memchr(model, '/', (size_t)(end - model));
        struct slice chip = {slash ? slash : end, (uint32_t)(end - (slash ? slash : end))};
        if (chip.n == 3 && memcmp(chip.s, "/U1", 3) == 0)
            chip.n = 0;
        char *name = clean(ib, semicolon + 1, (size_t)(colon - semicolon - 1));
        if (name && *name && chip.n) {
            char *both = csin_arena_printf(ib->scratch, "%s%.*s", name, (int)chip.n, chip.s);
            name = both ? clean(ib, both, strlen(both)) : NULL;
        }
        node->name = name;
        node->model = clean(ib, model, (size_t)((slash ? slash : end) - model));
    } else if (is_makers(text)) { /* 'Quantum Mellanox Technologies' */
        const char *blank = memchr(text.s, ' ', text.n);
        node->model = clean(ib, text.s, blank ? (size_t)(blank - text.s) : text.n);
    } else {
        node->name = clean(ib, text.s, text.n);
    }
    if (node->name && !*node->name)
        node->name = NULL;
    if (node->model && !*node->model)
        node->model = NULL;
}

/* For nodes that nobody named: by GUID, which at least stays the same. */
static const char *name_by_guid(struct ib_fabric *ib, const char *kind, const struct ib_node *node)
{
    if (node->guid)
        return csin_arena_printf(ib->arena, "%s-%016llx", kind, (unsigned long long)node->guid);
    char *id = clean(ib, node->id.s, node->id.n);
    return id ? csin_arena_printf(ib->arena, "%s%s%s", *id ? id : kind, *id ? "" : "-x", "") : NULL;
}

/* An aggregation node is part of the switch that it hangs off. */
static void take_in_agents(struct ib_fabric *ib)
{
    for (uint32_t i = 0; i < ib->n_links; i++) {
        struct ib_link *l = &ib->links[i];
        for (unsigned e = 0; e < 2 && !l->is_left_out; e++) {
            const struct ib_node *agent = &ib->nodes[l->node[e]];
            struct ib_node *sw = &ib->nodes[l->node[!e]];
            if (!is_agent(agent) || sw->kind != IB_SWITCH)
                continue;
            l->is_left_out = true;
            if (!sw->agent_guid) {
                sw->agent_guid = agent->guid ? agent->guid : l->guid[e];
                sw->agent_lid = l->lid[e];
            }
            if (l->port[!e] == sw->n_ports)
                sw->n_ports--; /* not one that a cable could go into */
            if (l->rate_Bps > sw->rate_Bps)
                sw->rate_Bps = l->rate_Bps;
        }
    }
}

/* Switches have an odd port for their aggregation node even where that is turned off: 37, 41, 65.
 */
static void drop_inner_ports(struct ib_fabric *ib)
{
    uint32_t *highest = csin_arena_alloc(ib->scratch, ib->n_nodes, sizeof *highest);
    if (!highest) {
        csin_ibnet_no_memory(ib);
        return;
    }
    for (uint32_t i = 0; i < ib->n_links; i++)
        for (unsigned e = 0; e < 2; e++)
            if (!ib->links[i].is_left_out && highest[ib->links[i].node[e]] < ib->links[i].port[e])
                highest[ib->links[i].node[e]] = ib->links[i].port[e];
    for (uint32_t i = 0; i < ib->n_nodes; i++) {
        struct ib_node *node = &ib->nodes[i];
        if (node->kind != IB_SWITCH)
            continue;
        if (node->n_ports > 36 && node->n_ports % 2 == 1 && highest[i] < node->n_ports)
            node->n_ports--;
        if (node->n_ports == 0)
            node->n_ports = 1; /* nothing has none */
    }
}

void csin_ibnet_name_switches(struct ib_fabric *ib)
{
    if (!csin_names_init(&ib->taken, ib->scratch, ib->n_nodes)) {
        csin_ibnet_no_memory(ib);
        return;
    }
    take_in_agents(ib);
    drop_inner_ports(ib);
    for (uint32_t i = 0; i < ib->n_nodes && ib->status == CSIN_OK; i++) {
        struct ib_node *node = &ib->nodes[i];
        if (node->kind != IB_SWITCH)
            continue;
        read_switch_name(ib, node);
        if (!node->name)
            node->name = name_by_guid(ib, "switch", node);
        node->name = claim(ib, node->name, i);
        ib->n_switches++;
    }
}

/* ---- hosts ---- */

/* Adapters before they are hosts. */
struct adapter {
    uint32_t node;
    const char *name;   /* NULL: nobody named it */
    const char *device; /* NULL: not told */
    uint64_t system, guid;
};

/* mlx5_0, HCA-1, ib0, hfi1_0: letters and hyphens, with a digit among them, known by how it begins.
 */
static bool is_device(struct slice word)
{
    static const char *const names[] = {"mlx",  "hca",    "hfi",  "qib",   "mthca", "ib",
                                        "rdma", "ocrdma", "bnxt", "irdma", "ipath", "roce"};
    bool digit = false;
    for (uint32_t i = 0; i < word.n; i++)
        digit = digit || (word.s[i] >= '0' && word.s[i] <= '9');
    for (size_t i = 0; digit && i < sizeof names / sizeof *names; i++)
        if (starts(word, names[i]))
            return true;
    return false;
}

/* The host is the word in front of the device. */
static void read_adapter(struct ib_fabric *ib, struct adapter *a)
{
    const struct ib_node *node = &ib->nodes[a->node];
    struct slice text = trim(node->description), word = text, rest = {text.s, 0};
    a->system = node->system ? node->system : node->guid;
    a->guid = node->guid;
    for (uint32_t i = 0; i < text.n; i++)
        if (text.s[i] == ' ' || text.s[i] == '\t') {
            word.n = i;
            rest = trim((struct slice){text.s + i, text.n - i});
            break;
        }
    struct slice device = rest;
    const char *blank = rest.n ? memchr(rest.s, ' ', rest.n) : NULL;
    if (blank)
        device.n = (uint32_t)(blank - rest.s);
    if (is_device(device)) {
        a->device = clean(ib, device.s, device.n);
    } else if (rest.n) {
        if (is_makers(text))
            return;
        word = text;
    }
    if (starts(word, "localhost") || starts(word, "(none)") || is_makers(word) ||
        (!rest.n && is_device(word)))
        return;
    char *name = clean(ib, word.s, word.n);
    a->name = name && *name ? name : NULL;
}

static int by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* By host, then as its NICs are to be counted. */
static int by_host(const void *left, const void *right)
{
    const struct adapter *x = left, *y = right;
    if (!x->name != !y->name)
        return x->name ? -1 : 1;
    int order = x->name ? csin_ibnet_compare(x->name, y->name) : by_number(x->system, y->system);
    if (order == 0 && x->name)
        order = strcmp(x->name, y->name); /* node01 is not node1 */
    if (order == 0 && !x->device != !y->device)
        order = x->device ? -1 : 1;
    if (order == 0 && x->device)
        order = csin_ibnet_compare(x->device, y->device);
    if (order == 0)
        order = by_number(x->guid, y->guid);
    return order ? order : by_number(x->node, y->node);
}

static int by_system(const void *left, const void *right)
{
    const struct adapter *x = left, *y = right;
    int order = by_number(x->system, y->system);
    return order ? order : by_host(left, right);
}

static bool same_host(const struct adapter *x, const struct adapter *y)
{
    return x->name && y->name ? strcmp(x->name, y->name) == 0
                              : !x->name && !y->name && x->system && x->system == y->system;
}

/* Two adapters of one host cannot be the same device; and no host has so many. */
static bool is_several(const struct adapter *a, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++)
        if (a[i].device && a[i - 1].device && strcmp(a[i].device, a[i - 1].device) == 0)
            return true;
    return n > NICS_MAX;
}

/* NICs of the adapters a .. a + n - 1, which are one host. `first_of`: links of each node, by which
 * its ports are found. */
static void add_host(struct ib_fabric *ib, const struct adapter *a, uint32_t n, const char *name,
                     const uint32_t *first, const uint32_t *link_of)
{
    struct ib_host *host = &ib->hosts[ib->n_hosts];
    const struct ib_node *node = &ib->nodes[a->node];
    if (!name)
        name = name_by_guid(ib, "host", node);
    *host = (struct ib_host){.name = claim(ib, name, ib->n_nodes + ib->n_hosts),
                             .first_nic = ib->n_nics,
                             .line = node->line};
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t k = first[a[i].node]; k < first[a[i].node + 1] && host->n_nics < NICS_MAX;
             k++) {
            struct ib_link *l = &ib->links[link_of[k]];
            ib->nics[ib->n_nics++] = (struct ib_nic){.link = link_of[k],
                                                     .side = l->node[1] == a[i].node,
                                                     .host = ib->n_hosts,
                                                     .device = a[i].device};
            host->n_nics++;
        }
    ib->n_hosts++;
}

/* Adapters that go by one name but are several hosts: those of one box stay together. */
static void split(struct ib_fabric *ib, struct adapter *a, uint32_t n, const uint32_t *first,
                  const uint32_t *link_of, unsigned *n_said)
{
    uint32_t n_hosts = ib->n_hosts;
    const char *name = a->name;
    qsort(a, n, sizeof *a, by_system);
    for (uint32_t i = 0, k; i < n; i += k) {
        for (k = 1; i + k < n && a[i].system && a[i + k].system == a[i].system; k++)
            ;
        if (is_several(a + i, k))
            k = 1;
        add_host(ib, a + i, k, name, first, link_of);
    }
    if (name && ib->n_hosts - n_hosts > 1 && (*n_said)++ < SAY_MOST)
        csin_warning(ib->diag, 630, csin_ibnet_loc(ib, ib->nodes[a->node].line),
                     "%u hosts are called '%s'; they become '%s' to '%s', by their GUIDs",
                     ib->n_hosts - n_hosts, name, ib->hosts[n_hosts].name,
                     ib->hosts[ib->n_hosts - 1].name);
}

/* The links of every node, those left out not among them: link_of[first[node]] and on. */
static bool list_links(struct ib_fabric *ib, uint32_t **ret_first, uint32_t **ret_link_of)
{
    uint32_t *first = csin_arena_alloc(ib->scratch, ib->n_nodes + 2u, sizeof *first);
    uint32_t *link_of = csin_arena_alloc(ib->scratch, 2u * ib->n_links + 1, sizeof *link_of);
    if (!first || !link_of)
        return false;
    for (uint32_t i = 0; i < 2 * ib->n_links; i++)
        if (!ib->links[i / 2].is_left_out)
            first[ib->links[i / 2].node[i % 2] + 2]++;
    for (uint32_t i = 0; i < ib->n_nodes; i++)
        first[i + 2] += first[i + 1];
    for (uint32_t i = 0; i < 2 * ib->n_links; i++)
        if (!ib->links[i / 2].is_left_out)
            link_of[first[ib->links[i / 2].node[i % 2] + 1]++] = i / 2;
    *ret_first = first;
    *ret_link_of = link_of;
    return true;
}

/* Adapters with a cable; the others are told of. */
static uint32_t list_adapters(struct ib_fabric *ib, struct adapter *a, const uint32_t *first)
{
    uint32_t n = 0;
    unsigned n_said = 0;
    for (uint32_t i = 0; i < ib->n_nodes && ib->status == CSIN_OK; i++) {
        if (ib->nodes[i].kind != IB_ADAPTER || is_agent(&ib->nodes[i]))
            continue;
        if (first[i] < first[i + 1]) {
            a[n].node = i;
            read_adapter(ib, &a[n++]);
        } else if (n_said++ < SAY_MOST) {
            csin_warning(ib->diag, 628, csin_ibnet_loc(ib, ib->nodes[i].line),
                         "'%s' has no cable to a switch and is left out",
                         csin_brief(ib->nodes[i].description.s, ib->nodes[i].description.n).s);
        }
    }
    if (n_said > SAY_MOST)
        csin_note(ib->diag, csin_ibnet_loc(ib, 0), "so are %u adapters more", n_said - SAY_MOST);
    return n;
}

void csin_ibnet_name_hosts(struct ib_fabric *ib)
{
    uint32_t *first, *link_of;
    struct adapter *a = csin_arena_alloc(ib->scratch, ib->n_nodes, sizeof *a);
    if (!a || !list_links(ib, &first, &link_of)) {
        csin_ibnet_no_memory(ib);
        return;
    }
    uint32_t n = list_adapters(ib, a, first);
    ib->hosts = calloc(n + 1u, sizeof *ib->hosts);
    ib->nics = calloc(ib->n_links + 1u, sizeof *ib->nics);
    if (!ib->hosts || !ib->nics) {
        csin_ibnet_no_memory(ib);
        return;
    }
    qsort(a, n, sizeof *a, by_host);
    unsigned n_said = 0;
    for (uint32_t i = 0, k; i < n && ib->status == CSIN_OK; i += k) {
        for (k = 1; i + k < n && same_host(&a[i], &a[i + k]); k++)
            ;
        if (is_several(a + i, k))
            split(ib, a + i, k, first, link_of, &n_said);
        else
            add_host(ib, a + i, k, a[i].name, first, link_of);
    }
    if (n_said > SAY_MOST)
        csin_note(ib->diag, csin_ibnet_loc(ib, 0), "so do the hosts of %u names more",
                  n_said - SAY_MOST);
}
