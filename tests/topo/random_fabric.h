/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random fabrics: YAML from a seed, valid by construction, beside what it must come to, which is
 * counted here and not asked of the builder.
 *
 *     core1 core2                    above spines            0 to 2
 *      | \  / |
 *     spine spine   spine spine      zones a, b, c           0 to 3, links per pair 1 to 3
 *      | \/ |        | \/ |
 *     leaf leaf -x1- leaf leaf       inter-zone switches     0 to 3, one port on some leaves
 *      |    |         |    |
 *      hosts with 1 to 3 NICs        spread even or fill, over a zone or over listed leaves
 *
 *     edge1 - edge2 ...              explicit leaves, in a chain or under the spines of a zone
 *
 * Or, three in ten, pods and planes under core switches:
 *
 *     core1 core2 ...                none, or a multiple of the spines; in each plane
 *     pods a1 a2 .., b               1 to 3 each, in 1 to 3 planes; spines alike or of two kinds,
 *                                    cables between leaf pairs, NICs on rails or spread evenly
 *
 * Then cables die or slow down: faults are chosen on the built fabric, by name, and appended. */
#ifndef CSIN_TESTS_TOPO_RANDOM_FABRIC_H
#define CSIN_TESTS_TOPO_RANDOM_FABRIC_H

#include "tests/campaign.h"

#include <stdbool.h>

#include "base/rng.h"
#include "topo/fabric.h"

enum {
    RANDOM_ZONES = 3,
    RANDOM_GROUPS = 8,
    RANDOM_NICS = 3,
    RANDOM_EDGES = 4,
    RANDOM_FAULTS = 256
};

struct random_zone {
    const char *name;
    uint32_t leaves, spines, links, hosts_per_leaf;
    uint32_t leaf_ports, spine_ports;
    uint32_t attached; /* NICs so far */
};

/* One attachment: NIC `nic` of each host of a group. */
struct random_attach {
    uint32_t nic;
    uint32_t zone; /* CSIN_NONE: the explicit leaves */
    bool listed;   /* leaves first .. first + n - 1 of the zone, by name; otherwise all */
    uint32_t first, n;
    bool fill;
};

struct random_group {
    uint32_t n_hosts, n_nics, n_attach;
    struct random_attach attach[RANDOM_NICS];
};

struct random_fault {
    uint32_t cable;
    bool dead;
    double rate_Bps; /* of a degraded cable */
};

struct random_fabric {
    uint64_t seed;
    struct csin_rng rng;
    char *yaml; /* malloc'ed */
    size_t bytes;

    struct random_zone zones[RANDOM_ZONES];
    struct random_group groups[RANDOM_GROUPS];
    uint32_t n_zones, n_groups;
    uint32_t n_inter_zone, inter_zone_leaves; /* switches; leaves of each zone on each of them */
    uint32_t n_cores, core_zone, core_links;  /* cores above the spines of a zone */
    uint32_t n_edges, edge_zone, edge_ports, edge_hosts;        /* edge_zone CSIN_NONE: a chain */
    uint32_t n_hosts, n_nics, n_attached, n_switches, n_cables; /* what it comes to */
    struct random_fault faults[RANDOM_FAULTS];
    uint32_t n_faults;

    bool is_tree; /* of pods and planes; the fields on zones, groups and what joins them are 0 */
    uint32_t n_tree_zones, n_planes, n_tree_cores;
};

static inline uint32_t random_in(struct random_fabric *r, uint32_t min, uint32_t max)
{
    return min + (uint32_t)csin_rng_below(&r->rng, (uint64_t)max - min + 1);
}

static inline bool random_chance(struct random_fabric *r, uint32_t percent)
{
    return csin_rng_below(&r->rng, 100) < percent;
}

/* Names are padded to the digits of the largest number. */
static inline int random_digits(uint32_t n)
{
    return n < 10 ? 1 : n < 100 ? 2 : 3;
}

/* ---- shape ---- */

static inline void random_shape(struct random_fabric *r)
{
    static const char *const names[RANDOM_ZONES] = {"a", "b", "c"};
    r->n_zones = random_chance(r, 8) ? 0 : random_chance(r, 45) ? 1 : random_chance(r, 70) ? 2 : 3;
    if (r->n_zones >= 2 && random_chance(r, 85))
        r->n_inter_zone = random_in(r, 1, 3);
    r->core_zone = r->edge_zone = CSIN_NONE;
    if (r->n_zones && random_chance(r, 25)) {
        r->core_zone = random_in(r, 0, r->n_zones - 1);
        r->n_cores = random_in(r, 1, 2);
        r->core_links = random_in(r, 1, 2);
    }
    if (r->n_zones == 0 || random_chance(r, 25)) {
        r->n_edges = random_in(r, 1, RANDOM_EDGES);
        if (r->n_zones && random_chance(r, 70))
            r->edge_zone = random_in(r, 0, r->n_zones - 1);
    }
    uint32_t fewest = UINT32_MAX;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        struct random_zone *z = &r->zones[i];
        *z = (struct random_zone){.name = names[i],
                                  .leaves = random_in(r, 1, 12),
                                  .spines = random_in(r, 1, 6),
                                  .links = random_chance(r, 60) ? 1 : random_in(r, 2, 3),
                                  .hosts_per_leaf = random_in(r, 1, 10)};
        z->leaf_ports = z->spines * z->links + z->hosts_per_leaf + r->n_inter_zone;
        z->spine_ports = z->leaves * z->links;
        if (i == r->core_zone)
            z->spine_ports += r->n_cores * r->core_links;
        if (i == r->edge_zone)
            z->spine_ports += r->n_edges;
        if (random_chance(r, 50))
            z->leaf_ports += random_in(r, 1, 4);
        if (random_chance(r, 50))
            z->spine_ports += random_in(r, 1, 4);
        fewest = z->leaves < fewest ? z->leaves : fewest;
        r->n_switches += z->leaves + z->spines;
        r->n_cables += z->leaves * z->spines * z->links;
    }
    if (r->n_inter_zone) {
        r->inter_zone_leaves = random_in(r, 1, fewest);
        r->n_switches += r->n_inter_zone;
        r->n_cables += r->n_inter_zone * r->inter_zone_leaves * r->n_zones;
    }
    if (r->n_cores) {
        r->n_switches += r->n_cores;
        r->n_cables += r->n_cores * r->zones[r->core_zone].spines * r->core_links;
    }
    if (r->n_edges) {
        /* Cables of an edge: one to each spine, or to its neighbours in the chain. */
        uint32_t up = r->edge_zone == CSIN_NONE ? 2 : r->zones[r->edge_zone].spines;
        r->edge_hosts = random_in(r, 1, 6);
        r->edge_ports = up + r->edge_hosts;
        r->n_switches += r->n_edges;
        r->n_cables += r->edge_zone == CSIN_NONE ? r->n_edges - 1 : r->n_edges * up;
    }
}

/* ---- hosts ---- */

/* Room that is left for sure, wherever the hosts so far went. */
static inline uint32_t random_room(const struct random_fabric *r, const struct random_attach *a)
{
    const struct random_zone *z = &r->zones[a->zone];
    uint32_t room = (a->listed ? a->n : z->leaves) * z->hosts_per_leaf;
    return room > z->attached ? room - z->attached : 0;
}

static inline void random_group(struct random_fabric *r)
{
    struct random_group *g = &r->groups[r->n_groups];
    uint32_t most = UINT32_MAX;
    g->n_nics = random_chance(r, 65) ? 1 : random_in(r, 2, RANDOM_NICS);
    g->n_attach = random_chance(r, 85) ? g->n_nics : random_in(r, 1, g->n_nics);
    for (uint32_t i = 0; i < g->n_attach; i++) {
        struct random_attach *a = &g->attach[i];
        *a = (struct random_attach){.nic = i,
                                    .zone = random_in(r, 0, r->n_zones - 1),
                                    .listed = random_chance(r, 25),
                                    .fill = random_chance(r, 30)};
        const struct random_zone *z = &r->zones[a->zone];
        a->n = z->leaves;
        if (a->listed) {
            a->n = random_in(r, 1, z->leaves);
            a->first = random_in(r, 0, z->leaves - a->n);
        }
        uint32_t room = random_room(r, a) / g->n_attach; /* all may meet on the same leaves */
        most = room < most ? room : most;
    }
    if (most == 0)
        return;
    g->n_hosts = random_chance(r, 20) ? most : random_in(r, 1, most);
    for (uint32_t i = 0; i < g->n_attach; i++)
        r->zones[g->attach[i].zone].attached += g->n_hosts;
    r->n_hosts += g->n_hosts;
    r->n_nics += g->n_hosts * g->n_nics;
    r->n_attached += g->n_hosts * g->n_attach;
    r->n_groups++;
}

/* Explicit leaves get theirs evenly: 'fill' would leave no ports for their cables. */
static inline void random_edge_group(struct random_fabric *r)
{
    struct random_group *g = &r->groups[r->n_groups++];
    uint32_t n = random_in(r, 1, r->n_edges * r->edge_hosts);
    *g = (struct random_group){.n_hosts = n, .n_nics = 1, .n_attach = 1};
    g->attach[0] = (struct random_attach){.zone = CSIN_NONE, .listed = true, .n = r->n_edges};
    r->n_hosts += n;
    r->n_nics += n;
    r->n_attached += n;
}

/* ---- text ---- */

static inline void random_write_models(struct random_fabric *r, FILE *out)
{
    fprintf(out, "switch-models:\n");
    for (uint32_t i = 0; i < r->n_zones; i++) {
        const struct random_zone *z = &r->zones[i];
        fprintf(out, "  leaf-%s: {ports: %u, rate: 200Gb/s, latency: %uns}\n", z->name,
                z->leaf_ports, random_in(r, 0, 900));
        fprintf(out, "  spine-%s: {ports: %u, rate: %uGb/s}\n", z->name, z->spine_ports,
                random_chance(r, 50) ? 200u : 400u);
    }
    fprintf(out, "  other: {ports: %u, rate: 400Gb/s, latency: 1us}\n",
            r->n_edges ? r->edge_ports : 4);
    fprintf(out, "  big: {ports: 64, rate: 100Gb/s, latency: 130ns}\n");
    fprintf(out, "host-models:\n");
    for (uint32_t i = 1; i <= RANDOM_NICS; i++)
        fprintf(out, "  h%u: {role: %s, nics: %u, rate: %uGb/s, latency: %uns}\n", i,
                i == 2 ? "storage" : "compute", i, 100 * i, random_in(r, 0, 2000));
}

static inline void random_write_zones(struct random_fabric *r, FILE *out)
{
    if (r->n_zones == 0)
        return;
    fprintf(out, "zones:\n");
    for (uint32_t i = 0; i < r->n_zones; i++) {
        const struct random_zone *z = &r->zones[i];
        fprintf(out, "  %s:\n    model: leaf-%s\n    spine-model: spine-%s\n    leaves: %u\n",
                z->name, z->name, z->name, z->leaves);
        uint32_t up = z->spines * z->links;
        /* What follows from the rest may be left out. */
        bool follows = z->leaf_ports == up + z->hosts_per_leaf;
        bool ratio = random_chance(r, 25) && (z->hosts_per_leaf * 8) % up == 0;
        if (!follows || random_chance(r, 50))
            fprintf(out, "    hosts-per-leaf: %u\n", z->hosts_per_leaf);
        if (ratio) /* eighths have a short decimal form */
            fprintf(out, "    oversubscription: %u.%03u\n", z->hosts_per_leaf / up,
                    z->hosts_per_leaf * 8 / up % 8 * 125);
        if (!ratio || random_chance(r, 50))
            fprintf(out, "    spines: %u\n", z->spines);
        if (z->links > 1 || random_chance(r, 20))
            fprintf(out, "    links-per-pair: %u\n", z->links);
        if (!ratio && random_chance(r, 30))
            fprintf(out, "    uplink-rate: %uGb/s\n", random_in(r, 1, 200));
        if (random_chance(r, 30))
            fprintf(out, "    cable-latency: %uns\n", random_in(r, 0, 500));
    }
}

static inline void random_write_attach(const struct random_fabric *r, const struct random_attach *a,
                                       FILE *out)
{
    if (a->zone == CSIN_NONE) {
        fprintf(out, "{switches: 'edge[1-%u]'", a->n);
    } else if (!a->listed) {
        fprintf(out, "{zone: %s", r->zones[a->zone].name);
    } else {
        const struct random_zone *z = &r->zones[a->zone];
        int width = random_digits(z->leaves);
        fprintf(out, "{switches: '%s-leaf[%0*u-%0*u]'", z->name, width, a->first + 1, width,
                a->first + a->n);
    }
    fprintf(out, ", nic: %u, spread: %s}", a->nic, a->fill ? "fill" : "even");
}

static inline void random_write_hosts(const struct random_fabric *r, FILE *out)
{
    fprintf(out, "hosts:\n");
    for (uint32_t i = 0; i < r->n_groups; i++) {
        const struct random_group *g = &r->groups[i];
        fprintf(out, "  - names: 'g%u-[1-%u]'\n    model: h%u\n    attach: [", i, g->n_hosts,
                g->n_nics);
        for (uint32_t k = 0; k < g->n_attach; k++) {
            fprintf(out, "%s", k ? ", " : "");
            random_write_attach(r, &g->attach[k], out);
        }
        fprintf(out, "]\n");
    }
}

static inline void random_write_explicit(const struct random_fabric *r, FILE *out)
{
    if (r->n_inter_zone) {
        fprintf(out, "inter-zone: {names: 'x[1-%u]', model: big, zones: [a", r->n_inter_zone);
        for (uint32_t i = 1; i < r->n_zones; i++)
            fprintf(out, ", %s", r->zones[i].name);
        fprintf(out, "], leaves: %u}\n", r->inter_zone_leaves);
    }
    if (r->n_cores || r->n_edges)
        fprintf(out, "switches:\n");
    if (r->n_cores)
        fprintf(out, "  - {names: 'core[1-%u]', model: big, layer: core}\n", r->n_cores);
    if (r->n_edges)
        fprintf(out, "  - {names: 'edge[1-%u]', model: other, layer: leaf}\n", r->n_edges);
    if (r->n_cores || (r->n_edges && (r->edge_zone != CSIN_NONE || r->n_edges > 1)))
        fprintf(out, "cables:\n");
    if (r->n_cores)
        fprintf(out, "  - {from: '%s-spine[1-%u]', to: 'core[1-%u]', count: %u, latency: 25ns}\n",
                r->zones[r->core_zone].name, r->zones[r->core_zone].spines, r->n_cores,
                r->core_links);
    if (r->n_edges && r->edge_zone != CSIN_NONE)
        fprintf(out, "  - {from: '%s-spine[1-%u]', to: 'edge[1-%u]', rate: 10Gb/s}\n",
                r->zones[r->edge_zone].name, r->zones[r->edge_zone].spines, r->n_edges);
    for (uint32_t i = 1; r->edge_zone == CSIN_NONE && i < r->n_edges; i++)
        fprintf(out, "  - {from: edge%u, to: edge%u}\n", i, i + 1);
}

/* ---- pods and planes ---- */

enum { RANDOM_FAMILIES = 2 };

struct random_family {
    const char *name;
    uint32_t pods, leaves, hosts_per_leaf, pair_links;
    uint32_t n_groups, count[2], links[2], spines, uplinks;
    bool rails;
    uint32_t each; /* NICs of a host in each plane: rails, or on any leaf */
    uint32_t n_hosts, n_single;
};

static inline void random_family(struct random_fabric *r, struct random_family *f)
{
    f->pods = random_in(r, 1, 3);
    f->rails = random_chance(r, 50);
    f->each = f->rails ? random_in(r, 1, 3) : r->n_planes == 1 ? 1 : random_in(r, 1, 2);
    f->leaves = f->rails ? f->each * random_in(r, 1, 2) : random_in(r, 1, 4);
    f->hosts_per_leaf = random_in(r, 2, 4);
    f->pair_links = f->leaves % 2 == 0 && random_chance(r, 40) ? random_in(r, 1, 2) : 0;
    f->n_groups = random_chance(r, 60) ? 1 : 2;
    for (uint32_t g = 0; g < f->n_groups; g++) {
        f->count[g] = random_in(r, 1, 2);
        f->links[g] = random_in(r, 1, 2);
        f->spines += f->count[g];
        f->uplinks += f->count[g] * f->links[g];
    }
    uint32_t ports = f->leaves * f->pods * f->hosts_per_leaf; /* for hosts, of a plane */
    uint32_t most = ports / f->each;
    f->n_hosts = random_in(r, 1, most < 8 ? most : 8);
    uint32_t left = ports - f->n_hosts * f->each;
    f->n_single = left ? random_in(r, 0, left < 3 ? left : 3) : 0;
    r->n_hosts += f->n_hosts + f->n_single;
    r->n_nics += f->n_hosts * f->each * r->n_planes + f->n_single;
    r->n_tree_zones += f->pods * r->n_planes;
    r->n_switches += f->pods * r->n_planes * (f->leaves + f->spines);
    r->n_cables += f->pods * r->n_planes * (f->leaves * f->uplinks + f->leaves / 2 * f->pair_links);
}

static inline void random_write_family(struct random_fabric *r, const struct random_family *f,
                                       FILE *out)
{
    fprintf(out, "  %s: {model: leaf-%s, spine-model: spine, leaves: %u, hosts-per-leaf: %u,\n",
            f->name, f->name, f->leaves, f->hosts_per_leaf);
    if (f->pods > 1 || random_chance(r, 30))
        fprintf(out, "    pods: %u,\n", f->pods);
    if (r->n_planes > 1 || random_chance(r, 30))
        fprintf(out, "    planes: %u,\n", r->n_planes);
    if (f->pair_links)
        fprintf(out, "    pair-links: %u,\n", f->pair_links);
    fprintf(out, "    spines: [");
    for (uint32_t g = 0; g < f->n_groups; g++)
        fprintf(out, "%s{count: %u, links-per-pair: %u, uplink-rate: %uGb/s}", g ? ", " : "",
                f->count[g], f->links[g], random_chance(r, 50) ? 200 : random_in(r, 50, 200));
    fprintf(out, "]}\n");
}

static inline void random_write_tree_hosts(const struct random_fabric *r,
                                           const struct random_family *f, FILE *out)
{
    fprintf(out, "  - {names: '%sh[1-%u]', model: many-%s, attach: {zone: %s, spread: %s}}\n",
            f->name, f->n_hosts, f->name, f->name,
            f->rails         ? "rails"
            : f->n_hosts % 2 ? "fill"
                             : "even");
    if (f->n_single) /* in the last plane, of the only pod or all */
        fprintf(out, "  - {names: '%ss[1-%u]', model: one, attach: {zone: %s", f->name, f->n_single,
                f->name);
    if (f->n_single && r->n_planes > 1)
        fprintf(out, "-p%u", r->n_planes);
    if (f->n_single)
        fprintf(out, "}}\n");
}

static inline void random_tree(struct random_fabric *r, FILE *out)
{
    struct random_family families[RANDOM_FAMILIES] = {{.name = "a"}, {.name = "b"}};
    uint32_t n = random_in(r, 1, RANDOM_FAMILIES), pods = 0, spines = 0, step = 1, up;
    r->n_planes = random_chance(r, 40) ? 1 : random_in(r, 2, 3);
    for (uint32_t i = 0; i < n; i++) {
        random_family(r, &families[i]);
        pods += families[i].pods;
        spines += families[i].pods * families[i].spines;
        for (uint32_t k = step; step % families[i].spines; step += k) {
        }
    }
    r->n_attached = r->n_nics;
    if (pods > 1 && random_chance(r, 80))
        r->n_tree_cores = step * random_in(r, 1, 2);
    up = 0; /* each spine reaches every core switch of its group */
    for (uint32_t i = 0; i < n; i++)
        up = r->n_tree_cores / families[i].spines > up ? r->n_tree_cores / families[i].spines : up;
    up += random_in(r, 0, 2);
    fprintf(out, "fabric: random\nswitch-models:\n  spine: {ports: 64, rate: 200Gb/s}\n"
                 "  core: {ports: 64, rate: 400Gb/s, latency: 130ns}\n");
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "  leaf-%s: {ports: %u, rate: 200Gb/s, latency: %uns}\n", families[i].name,
                families[i].uplinks + families[i].hosts_per_leaf + families[i].pair_links +
                    random_in(r, 0, 2),
                random_in(r, 0, 900));
    fprintf(out, "host-models:\n  one: {rate: 100Gb/s}\n");
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "  many-%s: {role: %s, nics: %u, rate: 200Gb/s, latency: %uns}\n",
                families[i].name, i ? "storage" : "compute", families[i].each * r->n_planes,
                random_in(r, 0, 2000));
    fprintf(out, "zones:\n");
    for (uint32_t i = 0; i < n; i++)
        random_write_family(r, &families[i], out);
    fprintf(out, "hosts:\n");
    for (uint32_t i = 0; i < n; i++)
        random_write_tree_hosts(r, &families[i], out);
    if (r->n_tree_cores)
        fprintf(out, "core: {names: 'core[01-%02u]', model: core, uplinks: %u}\n", r->n_tree_cores,
                up);
    r->n_switches += r->n_tree_cores * r->n_planes;
    r->n_cables += r->n_tree_cores ? spines * r->n_planes * up : 0;
}

static inline struct random_fabric *random_fabric_create(uint64_t seed)
{
    struct random_fabric *r = calloc(1, sizeof *r);
    FILE *out;
    if (!r)
        abort();
    r->seed = seed;
    r->rng = csin_rng_init(seed, 1);
    r->is_tree = random_chance(r, 30);
    if (r->is_tree) {
        out = open_memstream(&r->yaml, &r->bytes);
        if (!out)
            abort();
        random_tree(r, out);
        fclose(out);
        r->n_cables += r->n_attached;
        return r;
    }
    r->rng = csin_rng_init(seed, 0);
    random_shape(r);
    for (uint32_t i = 0, n = random_in(r, 1, RANDOM_GROUPS - 1); r->n_zones && i < n; i++)
        random_group(r);
    if (r->n_edges)
        random_edge_group(r);
    while (r->n_groups == 0)
        random_group(r);
    out = open_memstream(&r->yaml, &r->bytes);
    if (!out)
        abort();
    fprintf(out, "fabric: random\n");
    random_write_models(r, out);
    random_write_zones(r, out);
    random_write_hosts(r, out);
    random_write_explicit(r, out);
    fclose(out);
    r->n_cables += r->n_attached;
    return r;
}

static inline void random_fabric_destroy(struct random_fabric *r)
{
    if (r)
        free(r->yaml);
    free(r);
}

/* ---- faults ---- */

/* Appends overrides that kill or slow cables of the fabric that r->yaml makes, which is `intact`.
 */
static inline void random_faults_add(struct random_fabric *r, const struct csin_fabric *intact)
{
    static const uint32_t shares[] = {2, 10, 40};
    uint32_t percent = shares[csin_rng_below(&r->rng, 3)];
    char *yaml = NULL;
    FILE *out = open_memstream(&yaml, &r->bytes);
    if (!out)
        abort();
    fprintf(out, "%s", r->yaml);
    for (uint32_t c = 0; c < intact->n_cables && r->n_faults < RANDOM_FAULTS; c++) {
        const struct csin_cable *cable = &intact->cables[c];
        struct random_fault fault = {c, random_chance(r, 70), 0};
        if (!random_chance(r, percent) || (cable->place == CSIN_AT_HOST && random_chance(r, 80)))
            continue;
        /* Which cable of the pair, in the order of their ports; all NICs of a host are one end. */
        const char *ends[2];
        uint32_t nth = 1, n = 1;
        for (unsigned e = 0; e < 2; e++)
            ends[e] =
                csin_is_nic(intact, cable->end[e])
                    ? intact->hosts[intact->nics[cable->end[e] - intact->n_switches].host].name
                    : intact->switches[cable->end[e]].name;
        for (uint32_t k = 0; k < intact->n_cables; k++) {
            const struct csin_cable *other = &intact->cables[k];
            bool same = other->end[1] == cable->end[1] &&
                        (csin_is_nic(intact, cable->end[0])
                             ? csin_is_nic(intact, other->end[0]) &&
                                   intact->nics[other->end[0] - intact->n_switches].host ==
                                       intact->nics[cable->end[0] - intact->n_switches].host
                             : other->end[0] == cable->end[0]);
            n += same && k != c;
            nth += same && k < c;
        }
        bool turn = random_chance(r, 50);
        fprintf(out, "%s  - {between: [%s, %s], ", r->n_faults ? "" : "overrides:\n", ends[turn],
                ends[!turn]);
        if (n > 1)
            fprintf(out, "nth: %u, ", nth);
        if (fault.dead) {
            fprintf(out, "state: down}\n");
        } else {
            uint32_t mbps = random_in(r, 1, 999);
            fault.rate_Bps = mbps * 125e3;
            fprintf(out, "rate: %uMb/s}\n", mbps);
        }
        r->faults[r->n_faults++] = fault;
    }
    fclose(out);
    free(r->yaml);
    r->yaml = yaml;
}

/* ---- building ---- */

/* A fabric with the arena that its names live in. */
struct built {
    struct csin_arena *arena;
    struct csin_fabric *f;
};

/* Builds YAML that must be right. */
static inline struct built build_yaml(const char *yaml)
{
    struct built b = {csin_arena_create(), NULL};
    struct csin_diag *diag = csin_diag_create();
    struct csin_fabric_spec spec;
    enum csin_status status = csin_fabric_spec_read(b.arena, diag, "test.yaml", yaml, strlen(yaml),
                                                    &spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(&spec, diag, &b.f);
    if (status != CSIN_OK)
        csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    assert_int_equal(csin_diag_errors(diag), 0);
    csin_diag_destroy(diag);
    return b;
}

/* Opens a one-line fabric or a file that must be right. */
static inline struct built build_named(const char *text)
{
    struct built b = {csin_arena_create(), NULL};
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = csin_fabric_open(diag, b.arena, (struct csin_loc){0}, text, &b.f,
                                               NULL);
    if (status != CSIN_OK)
        csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    csin_diag_destroy(diag);
    return b;
}

static inline void built_finish(struct built *b)
{
    csin_fabric_destroy(b->f);
    csin_arena_destroy(b->arena);
}

#endif
