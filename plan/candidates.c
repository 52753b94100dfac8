/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The candidates of sizing, and their fabric files. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "plan/size.h"

#define DEFAULT_ZONES 4

struct list {
    const struct csin_needs *needs;
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_candidate *items;
    uint32_t n;
    uint64_t most; /* host ports of the largest fabric that came into question */
    const char *most_what;
    enum csin_status status;
};

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- where hosts go ---- */

/* Part i of n things divided over `parts`, the first ones larger. */
static uint32_t part_of(uint32_t n, uint32_t parts, uint32_t i)
{
    return n / parts + (i < n % parts);
}

/* Storage hosts are in as many groups as there are zones, NIC j of group i in zone (i + j) mod n;
 * in one group where NICs divide evenly over zones. */
static uint32_t storage_groups(const struct csin_needs *needs, uint32_t zones)
{
    return needs->storage_nics % zones == 0 ? 1 : zones;
}

static uint32_t storage_ports(const struct csin_needs *needs, uint32_t zones, uint32_t zone)
{
    uint32_t groups = storage_groups(needs, zones), ports = 0;
    for (uint32_t i = 0; i < groups; i++)
        for (uint32_t j = 0; j < needs->storage_nics; j++)
            if ((i + j) % zones == zone)
                ports += part_of(needs->n_storage, groups, i);
    return ports;
}

/* Ports for NICs in a zone of `zones`; with planes, NICs of every host are in all of them. */
static uint32_t host_ports(const struct csin_needs *needs, enum csin_shape shape, uint32_t zones,
                           uint32_t zone)
{
    uint32_t compute = shape == CSIN_SHAPE_PLANES
                           ? needs->n_compute * (needs->compute_nics / zones)
                           : part_of(needs->n_compute, zones, zone) * needs->compute_nics;
    return compute + storage_ports(needs, zones, zone);
}

static uint32_t most_host_ports(const struct csin_needs *needs, enum csin_shape shape,
                                uint32_t zones)
{
    uint32_t most = 0;
    for (uint32_t z = 0; z < zones; z++) {
        uint32_t n = host_ports(needs, shape, zones, z);
        most = n > most ? n : most;
    }
    return most;
}

/* Ports that hosts of later on take in the fullest zone. */
static uint32_t later_ports(const struct csin_needs *needs, enum csin_shape shape, uint32_t zones)
{
    return shape == CSIN_SHAPE_PLANES ? needs->n_later * (needs->compute_nics / zones)
                                      : ceil_div(needs->n_later, zones) * needs->compute_nics;
}

static uint32_t all_ports(const struct csin_needs *needs)
{
    return (needs->n_compute + needs->n_later) * needs->compute_nics +
           needs->n_storage * needs->storage_nics;
}

static uint32_t count_room(const struct csin_needs *needs, const struct csin_candidate_key *k)
{
    uint32_t room = 0;
    uint64_t have = (uint64_t)k->zone.leaves * k->zone.down;
    uint32_t now = all_ports(needs) - needs->n_later * needs->compute_nics;
    switch ((enum csin_shape)k->shape) {
    case CSIN_SHAPE_SWITCH:
        return (k->zone.down - now) / needs->compute_nics;
    case CSIN_SHAPE_TREE:
        return (uint32_t)((have * k->n - now) / needs->compute_nics);
    case CSIN_SHAPE_PLANES:
        return (uint32_t)((have - most_host_ports(needs, k->shape, k->n)) /
                          (needs->compute_nics / k->n));
    case CSIN_SHAPE_ZONES:
        for (uint32_t z = 0; z < k->n; z++) {
            uint64_t used = host_ports(needs, k->shape, k->n, z) +
                            (uint64_t)k->inter_zone * k->inter_zone_leaves;
            room += (uint32_t)((have - used) / needs->compute_nics);
        }
    }
    return room;
}

/* ---- the fabric file ---- */

struct rate_text {
    char s[64];
};

/* A rate that reads back as the same double. */
static struct rate_text rate(double rate_Bps)
{
    struct rate_text text;
    double back = 0;
    snprintf(text.s, sizeof text.s, "%.40sGb/s", csin_show_exact(rate_Bps * 8 / 1e9).s);
    if (csin_read_rate(NULL, (struct csin_loc){0}, text.s, &back) != CSIN_OK || back != rate_Bps)
        snprintf(text.s, sizeof text.s, "%.40sB/s", csin_show_exact(rate_Bps).s);
    return text;
}

static void write_time(FILE *out, const char *key, const struct csin_quantity *time_s)
{
    if (time_s->loc.line)
        fprintf(out, ", %s: %ss", key, csin_show_exact(time_s->x).s);
}

static void write_models(FILE *out, const struct csin_needs *needs,
                         const struct csin_candidate_key *k)
{
    const struct csin_requirements_spec *spec = needs->spec;
    fputs("\nswitch-models:\n", out);
    for (uint32_t i = 0; i < needs->n_switches; i++) {
        const struct csin_switch_part *part = needs->switches[i];
        if (i != k->leaf_model && i != k->spine_model)
            continue;
        fprintf(out, "  %s: {ports: %u, rate: %s", part->name.s, (unsigned)part->ports.n,
                rate(part->rate_Bps.x).s);
        write_time(out, "latency", &spec->fabric.latency_s);
        fputs("}\n", out);
    }
    fprintf(out, "\nhost-models:\n  %s: {role: compute, nics: %u, rate: %s", spec->compute.model.s,
            needs->compute_nics, rate(needs->compute_Bps).s);
    write_time(out, "latency", &spec->compute.latency_s);
    fputs("}\n", out);
    if (needs->n_storage == 0)
        return;
    fprintf(out, "  %s: {role: storage, nics: %u, rate: %s", spec->storage.model.s,
            needs->storage_nics, rate(needs->storage_Bps).s);
    write_time(out, "latency", &spec->storage.latency_s);
    fputs("}\n", out);
}

static void write_zone(FILE *out, const struct csin_needs *needs,
                       const struct csin_candidate_key *k)
{
    const char *leaf = needs->switches[k->leaf_model]->name.s,
               *spine = needs->switches[k->spine_model]->name.s;
    fprintf(out, "{model: %s", leaf);
    if (k->spine_model != k->leaf_model)
        fprintf(out, ", spine-model: %s", spine);
    if (k->shape == CSIN_SHAPE_PLANES)
        fprintf(out, ", planes: %u", k->n);
    if (k->shape == CSIN_SHAPE_TREE)
        fprintf(out, ", pods: %u", k->n);
    fprintf(out, ", leaves: %u, spines: %u", k->zone.leaves, k->zone.spines);
    if (k->zone.links > 1)
        fprintf(out, ", links-per-pair: %u", k->zone.links);
    fprintf(out, ", hosts-per-leaf: %u", k->zone.down);
    write_time(out, "cable-latency", &needs->spec->fabric.cable_latency_s);
    fputs("}\n", out);
}

/* Zones are called a, b, and so on; planes all-p1, all-p2; pods together pod. */
static void write_place(FILE *out, const struct csin_candidate_key *k, uint32_t zone)
{
    switch ((enum csin_shape)k->shape) {
    case CSIN_SHAPE_SWITCH:
        fputs("switches: leaf1", out);
        return;
    case CSIN_SHAPE_TREE:
        fputs("zone: pod", out);
        return;
    case CSIN_SHAPE_PLANES:
        fprintf(out, k->n > 9 ? "zone: all-p%02u" : "zone: all-p%u", zone + 1);
        return;
    case CSIN_SHAPE_ZONES:
        fprintf(out, "zone: %c", 'a' + (int)zone);
    }
}

static void write_names(FILE *out, const char *prefix, uint32_t first, uint32_t n, uint32_t all)
{
    int width = snprintf(NULL, 0, "%u", all);
    fprintf(out, "%s[%0*u-%0*u]", prefix, width, first + 1, width, first + n);
}

/* Hosts of group i, their NIC j in zone (first + j) mod n, or all in the first. */
static void write_group(FILE *out, const struct csin_candidate_key *k, const char *role,
                        const char *model, uint32_t nics, uint32_t first_host, uint32_t n,
                        uint32_t all, uint32_t zone, bool cyclic)
{
    if (n == 0)
        return;
    fputs("  - names: \"", out);
    write_names(out, role, first_host, n, all);
    fprintf(out, "\"\n    model: %s\n    attach:\n", model);
    for (uint32_t j = 0; j < nics; j++) {
        fputs("      - {", out);
        write_place(out, k, cyclic ? (zone + j) % k->n : zone);
        fprintf(out, ", nic: %u}\n", j);
    }
}

static void write_hosts(FILE *out, const struct csin_needs *needs,
                        const struct csin_candidate_key *k)
{
    bool planes = k->shape == CSIN_SHAPE_PLANES, zones = k->shape == CSIN_SHAPE_ZONES;
    uint32_t groups = zones ? k->n : 1, first = 0;
    fputs("\nhosts:\n", out);
    for (uint32_t i = 0; i < groups; i++) {
        uint32_t n = part_of(needs->n_compute, groups, i);
        write_group(out, k, "compute", needs->spec->compute.model.s, needs->compute_nics, first, n,
                    needs->n_compute, zones ? i : 0, planes);
        first += n;
    }
    groups = zones || planes ? storage_groups(needs, k->n) : 1;
    first = 0;
    for (uint32_t i = 0; needs->n_storage && i < groups; i++) {
        uint32_t n = part_of(needs->n_storage, groups, i);
        write_group(out, k, "storage", needs->spec->storage.model.s, needs->storage_nics, first, n,
                    needs->n_storage, i, zones || planes);
        first += n;
    }
}

static void write_joins(FILE *out, const struct csin_needs *needs,
                        const struct csin_candidate_key *k)
{
    const char *spine = needs->switches[k->spine_model]->name.s;
    if (k->inter_zone) {
        fputs("\ninter-zone:\n  names: \"", out);
        write_names(out, "between", 0, k->inter_zone, k->inter_zone);
        fprintf(out, "\"\n  model: %s\n  leaves: %u\n  zones: [", spine, k->inter_zone_leaves);
        for (uint32_t z = 0; z < k->n; z++)
            fprintf(out, "%s%c", z ? ", " : "", 'a' + (int)z);
        fputs("]\n", out);
    }
    if (k->cores) {
        fputs("\ncore: {names: \"", out);
        write_names(out, "core", 0, k->cores, k->cores);
        fprintf(out, "\", model: %s, uplinks: %u}\n", spine, k->uplinks);
    }
}

static void write_fabric(FILE *out, const struct csin_needs *needs, const struct csin_candidate *c)
{
    const struct csin_candidate_key *k = &c->key;
    fprintf(out,
            "# %s: %s.\n# Written by csin " CSIN_VERSION " plan --size for requirements '%s'.\n"
            "fabric: %s\n",
            c->name, c->what, needs->spec->name.s, c->name);
    write_models(out, needs, k);
    if (k->shape == CSIN_SHAPE_SWITCH) {
        fprintf(out, "\nswitches:\n  - {names: leaf1, model: %s, layer: leaf}\n",
                needs->switches[k->leaf_model]->name.s);
    } else {
        fputs("\nzones:\n", out);
        for (uint32_t z = 0; z < (k->shape == CSIN_SHAPE_ZONES ? k->n : 1); z++) {
            if (k->shape == CSIN_SHAPE_ZONES)
                fprintf(out, "  %c: ", 'a' + (int)z);
            else
                fputs(k->shape == CSIN_SHAPE_TREE ? "  pod: " : "  all: ", out);
            write_zone(out, needs, k);
        }
    }
    write_joins(out, needs, k);
    write_hosts(out, needs, k);
}

static const char *fabric_text(struct list *l, const struct csin_candidate *c)
{
    char *text = NULL, *copy = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (out) {
        write_fabric(out, l->needs, c);
        if (fclose(out) == 0)
            copy = csin_arena_strndup(l->arena, text, bytes);
    }
    free(text);
    return copy;
}

/* ---- names ---- */

static const char *print(struct list *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *print(struct list *l, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *copy = csin_arena_strndup(l->arena, text, strlen(text));
    if (!copy)
        l->status = csin_no_memory(l->diag);
    return copy ? copy : "";
}

static const char *plural(uint32_t n)
{
    return n == 1 ? "" : "s";
}

static const char *zone_name(struct list *l, const struct csin_zone_shape *z)
{
    return z->links == 1 ? print(l, "%ux%u", z->leaves, z->spines)
                         : print(l, "%ux%ux%u", z->leaves, z->spines, z->links);
}

static const char *shape_name(struct list *l, const struct csin_candidate_key *k)
{
    const char *zone = zone_name(l, &k->zone);
    switch ((enum csin_shape)k->shape) {
    case CSIN_SHAPE_SWITCH:
        return "one-switch";
    case CSIN_SHAPE_PLANES:
        return print(l, "planes%u-%s", k->n, zone);
    case CSIN_SHAPE_TREE:
        return k->uplinks == k->zone.leaves * k->zone.links
                   ? print(l, "tree%u-%s-%u", k->n, zone, k->cores)
                   : print(l, "tree%u-%s-%uu%u", k->n, zone, k->cores, k->uplinks);
    case CSIN_SHAPE_ZONES:
        break;
    }
    return k->n == 1
               ? print(l, "zone-%s", zone)
               : print(l, "zones%u-%s-%ux%u", k->n, zone, k->inter_zone, k->inter_zone_leaves);
}

/* Short enough for csin's names, of fabrics and of files. */
static const char *candidate_name(struct list *l, const struct csin_candidate_key *k)
{
    const char *shape = shape_name(l, k), *name = shape;
    const struct csin_switch_part *const *parts =
        (const struct csin_switch_part *const *)l->needs->switches;
    if (l->needs->n_switches > 1)
        name = k->leaf_model == k->spine_model
                   ? print(l, "%s-%s", shape, parts[k->leaf_model]->name.s)
                   : print(l, "%s-%s-%s", shape, parts[k->leaf_model]->name.s,
                           parts[k->spine_model]->name.s);
    return strlen(name) <= 64 ? name : print(l, "fabric-%u", l->n + 1);
}

static const char *zone_what(struct list *l, const struct csin_zone_shape *z)
{
    const char *links = z->links == 1 ? "" : print(l, " (%u links a pair)", z->links);
    return print(l, "%u leaves x %u spine%s%s", z->leaves, z->spines, plural(z->spines), links);
}

static const char *candidate_what(struct list *l, const struct csin_candidate_key *k)
{
    const char *zone = zone_what(l, &k->zone);
    switch ((enum csin_shape)k->shape) {
    case CSIN_SHAPE_SWITCH:
        return "one switch";
    case CSIN_SHAPE_PLANES:
        return print(l, "%u planes of %s", k->n, zone);
    case CSIN_SHAPE_TREE:
        return print(l, "three layers: %u pods of %s, %u cores", k->n, zone, k->cores);
    case CSIN_SHAPE_ZONES:
        break;
    }
    return k->n == 1 ? print(l, "one zone of %s", zone)
                     : print(l, "%u zones of %s, %u cable%s of each to %u switch%s between", k->n,
                             zone, k->inter_zone * k->inter_zone_leaves,
                             plural(k->inter_zone * k->inter_zone_leaves), k->inter_zone,
                             k->inter_zone == 1 ? "" : "es");
}

/* ---- which there are ---- */

static double fastest_Bps(const struct csin_needs *needs)
{
    return needs->n_storage ? fmax(needs->compute_Bps, needs->storage_Bps) : needs->compute_Bps;
}

static double ratio_of(const struct csin_needs *needs, uint32_t leaf, uint32_t spine)
{
    return fastest_Bps(needs) /
           fmin(needs->switches[leaf]->rate_Bps.x, needs->switches[spine]->rate_Bps.x);
}

static void add(struct list *l, const struct csin_candidate_key *k)
{
    if (l->status != CSIN_OK)
        return;
    for (uint32_t i = 0; i < l->n; i++)
        if (memcmp(&l->items[i].key, k, sizeof *k) == 0)
            return;
    if (l->n == CSIN_MAX_CANDIDATES) {
        l->status = csin_error(l->diag, CSIN_E_INPUT, 835, l->needs->spec->name.loc,
                               "more than %u fabrics come into question", CSIN_MAX_CANDIDATES);
        csin_note(l->diag, l->needs->spec->name.loc,
                  "allow fewer switch models, oversubscriptions, zones or shapes");
        return;
    }
    struct csin_candidate *c = &l->items[l->n];
    c->key = *k;
    c->name = candidate_name(l, k);
    c->what = candidate_what(l, k);
    c->room = count_room(l->needs, k);
    c->text = fabric_text(l, c);
    if (!c->text)
        l->status = csin_no_memory(l->diag);
    l->n++;
}

static void consider(struct list *l, uint64_t ports, const char *what)
{
    if (ports <= l->most)
        return;
    l->most = ports;
    l->most_what = what;
}

static bool is_asked(const struct csin_needs *needs, enum csin_shape shape)
{
    const struct csin_choice *shapes = needs->spec->fabric.shapes.items;
    for (uint32_t i = 0; i < needs->spec->fabric.shapes.n; i++)
        if (shapes[i].i == (int)shape)
            return true;
    return needs->spec->fabric.shapes.n == 0;
}

static struct csin_zone_need zone_need(const struct csin_needs *needs,
                                       const struct csin_candidate_key *k, double R)
{
    return (struct csin_zone_need){
        .leaf_ports = (uint32_t)needs->switches[k->leaf_model]->ports.n,
        .spine_ports = (uint32_t)needs->switches[k->spine_model]->ports.n,
        .rate_ratio = ratio_of(needs, k->leaf_model, k->spine_model),
        .oversubscription = R,
        .min_spines = (uint32_t)needs->spec->survive.spines.n + 1,
    };
}

/* Zones joined by `k->inter_zone` switches, with as few cables as will do and with as many as free
 * ports allow. */
static void add_joined(struct list *l, struct csin_candidate_key *k, double R)
{
    const struct csin_needs *needs = l->needs;
    struct csin_zone_need need = zone_need(needs, k, R);
    uint32_t hosts = most_host_ports(needs, k->shape, k->n) + later_ports(needs, k->shape, k->n);
    double cable_Bps = fmin(needs->switches[k->leaf_model]->rate_Bps.x,
                            needs->switches[k->spine_model]->rate_Bps.x);
    uint64_t cables = (uint64_t)ceil(needs->spec->fabric.between_Bps.x / cable_Bps * (1 - 1e-12));
    uint64_t few = (cables + k->inter_zone - 1) / k->inter_zone;
    few = few ? few : 1;
    need.ports = hosts + few * k->inter_zone;
    if (few * k->n > need.spine_ports || !csin_shape_zone(&need, &k->zone) || few > k->zone.leaves)
        return;
    uint64_t free = (uint64_t)k->zone.leaves * k->zone.down - hosts;
    k->inter_zone_leaves = (uint32_t)few;
    add(l, k);
    k->inter_zone_leaves = least(least(k->zone.leaves, need.spine_ports / k->n),
                                 (uint32_t)(free / k->inter_zone));
    add(l, k);
}

static void add_zones(struct list *l, struct csin_candidate_key k, double R)
{
    const struct csin_needs *needs = l->needs;
    uint32_t zones = needs->spec->fabric.zones.loc.line ? (uint32_t)needs->spec->fabric.zones.n
                                                        : DEFAULT_ZONES;
    struct csin_zone_need need = zone_need(needs, &k, R);
    uint32_t lost = (uint32_t)needs->spec->survive.inter_zone.n;
    consider(l, csin_shape_zone_most(&need) * zones, "zones");
    for (k.n = 1; k.n <= zones && k.n <= needs->n_compute; k.n++) {
        need.ports = most_host_ports(needs, k.shape, k.n) + later_ports(needs, k.shape, k.n);
        k.inter_zone = k.inter_zone_leaves = 0;
        if (k.n == 1) {
            if (csin_shape_zone(&need, &k.zone))
                add(l, &k);
            continue;
        }
        k.inter_zone = lost + 1 > 2 ? lost + 1 : 2;
        add_joined(l, &k, R);
        k.inter_zone *= 2;
        add_joined(l, &k, R);
    }
}

static void add_planes(struct list *l, struct csin_candidate_key k, double R)
{
    const struct csin_needs *needs = l->needs;
    struct csin_zone_need need = zone_need(needs, &k, R);
    for (k.n = 2; k.n <= needs->compute_nics; k.n++) {
        if (needs->compute_nics % k.n)
            continue;
        consider(l, csin_shape_zone_most(&need) * k.n, "planes");
        need.ports = most_host_ports(needs, k.shape, k.n) + later_ports(needs, k.shape, k.n);
        if (csin_shape_zone(&need, &k.zone))
            add(l, &k);
    }
}

static void add_tree(struct list *l, struct csin_candidate_key k,
                     const struct csin_tree_shape *tree)
{
    k.n = tree->pods;
    k.zone = tree->pod;
    k.cores = tree->cores;
    k.uplinks = tree->uplinks;
    add(l, &k);
}

/* The tree of the fewest switches, and the one of the fewest pods, in which less traffic goes up to
 * the cores. */
static void add_trees(struct list *l, struct csin_candidate_key k, double R)
{
    const struct csin_needs *needs = l->needs;
    struct csin_tree_need need = {.pod = zone_need(needs, &k, R)};
    struct csin_tree_shape tree;
    need.pod.ports = all_ports(needs);
    need.core_ports = need.pod.spine_ports;
    for (uint32_t i = 0; i < needs->n_ratios; i++) {
        need.core_oversubscription = needs->ratios[i];
        need.max_pods = CSIN_MAX_SIZED_PODS;
        consider(l, csin_shape_tree_most(&need), "three layers");
        if (!csin_shape_tree(&need, &tree))
            continue;
        add_tree(l, k, &tree);
        for (need.max_pods = 2; !csin_shape_tree(&need, &tree); need.max_pods++)
            continue;
        add_tree(l, k, &tree);
    }
}

static void add_switch(struct list *l, struct csin_candidate_key k)
{
    uint64_t ports = l->needs->switches[k.leaf_model]->ports.n;
    consider(l, ports, "one switch");
    k.n = 1;
    k.zone.down = (uint32_t)ports;
    if (ports >= all_ports(l->needs) && l->needs->spec->survive.spines.n == 0)
        add(l, &k);
}

static void add_all(struct list *l, uint32_t leaf, uint32_t spine)
{
    const struct csin_needs *needs = l->needs;
    struct csin_candidate_key k;
    memset(&k, 0, sizeof k);
    k.leaf_model = leaf;
    k.spine_model = spine;
    if (needs->switches[leaf]->rate_Bps.x < fastest_Bps(needs))
        return;
    if (leaf == spine && is_asked(needs, CSIN_SHAPE_SWITCH)) {
        k.shape = CSIN_SHAPE_SWITCH;
        add_switch(l, k);
    }
    for (uint32_t i = 0; i < needs->n_ratios; i++) {
        double R = needs->ratios[i];
        if (is_asked(needs, CSIN_SHAPE_ZONES)) {
            k.shape = CSIN_SHAPE_ZONES;
            add_zones(l, k, R);
        }
        if (is_asked(needs, CSIN_SHAPE_PLANES)) {
            k.shape = CSIN_SHAPE_PLANES;
            add_planes(l, k, R);
        }
        if (is_asked(needs, CSIN_SHAPE_TREE)) {
            k.shape = CSIN_SHAPE_TREE;
            add_trees(l, k, R);
        }
    }
}

/* ---- none ---- */

static enum csin_status no_candidate(struct list *l)
{
    const struct csin_needs *needs = l->needs;
    struct csin_loc loc = needs->spec->compute.loc;
    double fastest = 0, worst = 0;
    for (uint32_t i = 0; i < needs->n_switches; i++)
        fastest = fmax(fastest, needs->switches[i]->rate_Bps.x);
    for (uint32_t i = 0; i < needs->n_ratios; i++)
        worst = fmax(worst, needs->ratios[i]);
    if (fastest < fastest_Bps(needs)) {
        csin_error(l->diag, CSIN_E_NO, 841, loc,
                   "NICs of %s are faster than every switch allowed (%s)",
                   csin_show_linerate(fastest_Bps(needs)).s, csin_show_linerate(fastest).s);
        csin_note(l->diag, needs->parts->switches.loc, "switches are here");
        return CSIN_E_NO;
    }
    uint32_t asked = all_ports(needs);
    if (l->most == 0) {
        csin_error(l->diag, CSIN_E_NO, 842, loc, "no fabric has one of the shapes allowed");
        csin_note(l->diag, needs->spec->fabric.shapes.loc,
                  "planes need compute hosts with several NICs");
        return CSIN_E_NO;
    }
    if (l->most >= asked) {
        csin_error(l->diag, CSIN_E_NO, 842, loc,
                   "%s ports for hosts are needed; they fit by number, but not together with "
                   "what joins zones or survives failures",
                   csin_show_count(asked).s);
        csin_note(l->diag, needs->spec->name.loc,
                  "ask for less of 'between-zones' or 'survive', or allow more zones");
        return CSIN_E_NO;
    }
    csin_error(l->diag, CSIN_E_NO, 842, loc,
               "%s ports for hosts are needed; the largest fabric allowed (%s, oversubscription at "
               "most %s) has %s, %s too few",
               csin_show_count(asked).s, l->most_what, csin_show_exact(worst).s,
               csin_show_count(l->most).s, csin_show_count(asked - l->most).s);
    csin_note(l->diag, needs->spec->name.loc,
              "allow switches with more ports, more zones, more oversubscription, or three layers");
    return CSIN_E_NO;
}

enum csin_status csin_candidates_create(const struct csin_needs *needs, struct csin_arena *arena,
                                        struct csin_diag *diag, struct csin_candidate **ret,
                                        uint32_t *ret_n)
{
    struct list l = {.needs = needs, .arena = arena, .diag = diag};
    l.items = csin_arena_alloc(arena, CSIN_MAX_CANDIDATES, sizeof *l.items);
    if (!l.items)
        return csin_no_memory(diag);
    for (uint32_t leaf = 0; leaf < needs->n_switches; leaf++)
        for (uint32_t spine = 0; spine < needs->n_switches; spine++)
            add_all(&l, leaf, spine);
    if (l.status == CSIN_OK && l.n == 0)
        return no_candidate(&l);
    *ret = l.items;
    *ret_n = l.n;
    return l.status;
}
