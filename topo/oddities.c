/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/oddities.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#define PAIRS_EACH 4u /* odd pairs of one leaf told one by one */
#define SAY_EACH 5u   /* warnings of a kind */
#define PEERS_MIN 4u  /* fewer say nothing about what is usual */

const char *const csin_oddity_names[CSIN_N_ODDITIES] = {
    "pair-of-leaf-and-spine", "uplinks-of-leaf", "leaves-of-spine",  "between-zones", "same-layer",
    "host-not-on-leaf",       "nics-of-host",    "nics-on-one-leaf", "no-cable",      "slow-cable"};

struct finder {
    const struct csin_fabric *f;
    struct csin_arena *arena;
    struct csin_oddity *items; /* malloc'ed */
    uint32_t n;
    size_t room;
    uint32_t *count; /* [n_switches] cables of a leaf to each spine */
    uint32_t *odd;   /* [n_switches] leaves that a spine has not the usual number of cables to */
    uint32_t *usual; /* [n_switches] cables from a spine to each leaf, where nothing is wrong */
    bool ok;
};

static void add(struct finder *w, enum csin_oddity_kind kind, struct csin_loc loc, const char *text)
{
    w->ok = w->ok && text && csin_grow(&w->items, &w->room, w->n + 1, sizeof *w->items);
    if (w->ok)
        w->items[w->n++] = (struct csin_oddity){kind, text, loc};
}

#define ADD(w, kind, loc, ...) add(w, kind, loc, csin_arena_printf((w)->arena, __VA_ARGS__))

static const char *cables(uint32_t n)
{
    return n == 1 ? "cable" : "cables";
}

/* ---- zones ---- */

/* Cables from a leaf to each spine of its zone, in w->count. Returns how many there are. */
static uint32_t count_pairs(struct finder *w, const struct csin_zone *z, uint32_t leaf)
{
    const struct csin_switch *sw = &w->f->switches[leaf];
    uint32_t up = 0;
    memset(w->count + z->first_spine, 0, z->n_spines * sizeof *w->count);
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = w->f->port_arc[sw->first_port + p];
        uint32_t spine = arc == CSIN_NONE ? CSIN_NONE : csin_arc_head(w->f, arc);
        if (spine - z->first_spine >= z->n_spines)
            continue;
        w->count[spine]++;
        up++;
    }
    return up;
}

/* Boyer and Moore: what most leaves have to a spine, if most have the same. A spine of another make
 * may have more or fewer cables than its peers, but then to every leaf; so where three quarters
 * have that many, it was meant. */
static void find_usual(struct finder *w, const struct csin_zone *z)
{
    uint32_t *votes = w->odd; /* not needed yet */
    memset(votes + z->first_spine, 0, z->n_spines * sizeof *votes);
    for (uint32_t i = 0; i < z->n_leaves; i++) {
        count_pairs(w, z, z->first_leaf + i);
        for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++) {
            if (votes[s] == 0)
                w->usual[s] = w->count[s];
            votes[s] = w->usual[s] == w->count[s] ? votes[s] + 1 : votes[s] - 1;
        }
    }
    memset(votes + z->first_spine, 0, z->n_spines * sizeof *votes);
    for (uint32_t i = 0; i < z->n_leaves; i++) {
        count_pairs(w, z, z->first_leaf + i);
        for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
            votes[s] += w->usual[s] == w->count[s];
    }
    for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
        if (w->usual[s] == 0 || 4 * (uint64_t)votes[s] < 3 * (uint64_t)z->n_leaves)
            w->usual[s] = z->links_per_pair;
}

/* A spine that differs from its peers as a whole, so that its leaves are not to blame. */
static bool is_odd_spine(const struct finder *w, const struct csin_zone *z, uint32_t spine)
{
    return w->odd[spine] > PAIRS_EACH && 2 * w->odd[spine] > z->n_leaves;
}

static uint32_t n_odd_pairs(const struct finder *w, const struct csin_zone *z)
{
    uint32_t n = 0;
    for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
        n += w->count[s] != w->usual[s] && !is_odd_spine(w, z, s);
    return n;
}

static void tell_pairs(struct finder *w, const struct csin_zone *z, uint32_t leaf)
{
    const struct csin_switch *sw = w->f->switches;
    for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++) {
        uint32_t n = w->count[s];
        if (n == w->usual[s] || is_odd_spine(w, z, s))
            continue;
        if (n == 0)
            ADD(w, CSIN_ODD_PAIR, sw[leaf].loc, "'%s' has no cable to '%s'; most pairs have %u",
                sw[leaf].name, sw[s].name, w->usual[s]);
        else
            ADD(w, CSIN_ODD_PAIR, sw[leaf].loc, "'%s' has %u %s to '%s'; most pairs have %u",
                sw[leaf].name, n, cables(n), sw[s].name, w->usual[s]);
    }
}

/* Returns how many spines differ as a whole. */
static uint32_t count_odd_spines(struct finder *w, const struct csin_zone *z)
{
    uint32_t n = 0;
    find_usual(w, z);
    memset(w->odd + z->first_spine, 0, z->n_spines * sizeof *w->odd);
    for (uint32_t i = 0; i < z->n_leaves; i++) {
        count_pairs(w, z, z->first_leaf + i);
        for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
            w->odd[s] += w->count[s] != w->usual[s];
    }
    for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
        n += is_odd_spine(w, z, s);
    return n;
}

/* A zone is regular but for mistakes where most of its leaves have the usual number of cables to
 * most of its spines. Otherwise it was built to another plan, and that is all there is to say. */
static void look_at_zone(struct finder *w, const struct csin_zone *z)
{
    const struct csin_switch *sw = w->f->switches;
    uint32_t n_odd = 0, up, usual_up = 0;
    if (z->regular || z->n_spines == 0)
        return;
    bool other_plan = 2 * count_odd_spines(w, z) > z->n_spines;
    for (uint32_t i = 0; i < z->n_leaves; i++) {
        count_pairs(w, z, z->first_leaf + i);
        n_odd += n_odd_pairs(w, z) > 0;
    }
    other_plan = other_plan || 2 * n_odd > z->n_leaves;
    if (other_plan) {
        ADD(w, CSIN_ODD_UPLINKS, sw[z->first_leaf].loc,
            "leaves and spines of zone '%s' are joined by mixed numbers of cables", z->name);
        return;
    }
    for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
        usual_up += w->usual[s];
    for (uint32_t s = z->first_spine; s < z->first_spine + z->n_spines; s++)
        if (is_odd_spine(w, z, s))
            ADD(w, CSIN_ODD_SPINE, sw[s].loc,
                "'%s' lacks cables to %s leaves of zone '%s'; most spines have %u to each",
                sw[s].name, csin_show_count(w->odd[s]).s, z->name, z->links_per_pair);
    for (uint32_t i = 0; i < z->n_leaves && n_odd; i++) {
        uint32_t leaf = z->first_leaf + i;
        up = count_pairs(w, z, leaf);
        if (n_odd_pairs(w, z) > PAIRS_EACH)
            ADD(w, CSIN_ODD_UPLINKS, sw[leaf].loc,
                "'%s' has %u uplink%s; most leaves of zone '%s' have %u", sw[leaf].name, up,
                up == 1 ? "" : "s", z->name, usual_up);
        else
            tell_pairs(w, z, leaf);
    }
}

/* ---- cables ---- */

static struct csin_vertex_name end_of(const struct csin_fabric *f, const struct csin_cable *cable,
                                      unsigned end)
{
    struct csin_vertex_name name = csin_vertex_name(f, cable->end[end]);
    size_t n = strlen(name.s);
    if (!csin_is_nic(f, cable->end[end]))
        snprintf(name.s + n, sizeof name.s - n, ":%u", cable->port[end] + 1);
    return name;
}

/* The line of a cable, where it is known; otherwise that of a switch it is at. */
static struct csin_loc loc_of(const struct csin_cable *cable, const struct csin_switch *sw)
{
    return cable->line ? (struct csin_loc){sw->loc.file, cable->line, 1} : sw->loc;
}

static void look_at_cable(struct finder *w, const struct csin_cable *cable)
{
    const struct csin_fabric *f = w->f;
    const struct csin_switch *high = &f->switches[cable->end[1]];
    struct csin_vertex_name a = end_of(f, cable, 0), b = end_of(f, cable, 1);
    if (csin_is_nic(f, cable->end[0])) {
        if (high->layer != CSIN_LEAF)
            ADD(w, CSIN_ODD_HOST, loc_of(cable, high), "host '%s' is on %s '%s'", a.s,
                csin_layer_names[high->layer], b.s);
        return;
    }
    const struct csin_switch *low = &f->switches[cable->end[0]];
    if (low->layer == high->layer)
        ADD(w, CSIN_ODD_SIDEWAYS, loc_of(cable, low), "'%s' and '%s' are both %s switches", a.s,
            b.s, csin_layer_names[low->layer]);
    else if (cable->place == CSIN_AT_SPINE && low->zone != high->zone && low->zone != CSIN_NONE &&
             high->zone != CSIN_NONE)
        ADD(w, CSIN_ODD_ZONE, loc_of(cable, low),
            "'%s' of zone '%s' has a cable to '%s' of zone '%s'", a.s, f->zones[low->zone].name,
            b.s, f->zones[high->zone].name);
}

static void look_at_rate(struct finder *w, const struct csin_cable *cable)
{
    if (!cable->found_slow)
        return;
    ADD(w, CSIN_ODD_SLOW, loc_of(cable, &w->f->switches[cable->end[1]]),
        "the cable from '%s' to '%s' runs at %s, slower than others of its kind",
        end_of(w->f, cable, 0).s, end_of(w->f, cable, 1).s,
        csin_show_linerate(cable->capacity_Bps).s);
}

/* ---- hosts ---- */

/* A host among those called alike but for numbers. */
struct peer {
    uint64_t kind;
    uint32_t host, n_nics, n_leaves; /* NICs with a cable, and on how many leaves */
};

static int by_kind(const void *left, const void *right)
{
    const struct peer *x = left, *y = right;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->host > y->host) - (x->host < y->host);
}

static struct peer peer_of(const struct csin_fabric *f, uint32_t h)
{
    const struct csin_host *host = &f->hosts[h];
    struct peer peer = {.kind = 0xcbf29ce484222325u, .host = h};
    for (const char *p = host->name; *p; p++) /* FNV-1a */
        if (*p < '0' || *p > '9')
            peer.kind = (peer.kind ^ (unsigned char)*p) * 0x100000001b3u;
    for (uint32_t k = 0; k < host->n_nics; k++) {
        const struct csin_nic *nic = &f->nics[host->first_nic + k];
        bool is_new = nic->cable != CSIN_NONE;
        peer.n_nics += is_new;
        for (uint32_t m = 0; m < k && is_new; m++)
            is_new = f->nics[host->first_nic + m].leaf != nic->leaf;
        peer.n_leaves += is_new;
    }
    return peer;
}

/* What three quarters of the peers have; 0 where there is no such thing. */
static uint32_t usual(const struct peer *peers, uint32_t n, bool of_leaves)
{
    uint32_t count[65] = {0};
    for (uint32_t i = 0; i < n; i++) {
        uint32_t x = of_leaves ? peers[i].n_leaves : peers[i].n_nics;
        count[x <= 64 ? x : 0]++;
    }
    for (uint32_t x = 1; x <= 64; x++)
        if (4 * (uint64_t)count[x] >= 3 * (uint64_t)n)
            return x;
    return 0;
}

static void look_at_peers(struct finder *w, const struct peer *peers, uint32_t n, bool of_leaves)
{
    uint32_t want = n >= PEERS_MIN ? usual(peers, n, of_leaves) : 0;
    for (uint32_t i = 0; i < n && want; i++) {
        const struct csin_host *host = &w->f->hosts[peers[i].host];
        if (!of_leaves && peers[i].n_nics < want)
            ADD(w, CSIN_ODD_NICS, host->loc,
                "host '%s' has %u NIC%s with a cable; most like it have %u", host->name,
                peers[i].n_nics, peers[i].n_nics == 1 ? "" : "s", want);
        if (of_leaves && want > 1 && peers[i].n_leaves == 1 && peers[i].n_nics > 1)
            ADD(w, CSIN_ODD_ONE_LEAF, host->loc,
                "all NICs of host '%s' are on '%s'; most like it are on %u leaves", host->name,
                w->f->switches[w->f->nics[host->first_nic].leaf].name, want);
    }
}

static void look_at_hosts(struct finder *w, struct peer *peers)
{
    const struct csin_fabric *f = w->f;
    for (uint32_t h = 0; h < f->n_hosts; h++)
        peers[h] = peer_of(f, h);
    if (f->n_hosts)
        qsort(peers, f->n_hosts, sizeof *peers, by_kind);
    for (unsigned of_leaves = 0; of_leaves < 2; of_leaves++)
        for (uint32_t i = 0, n; i < f->n_hosts; i += n) {
            for (n = 1; i + n < f->n_hosts && peers[i + n].kind == peers[i].kind; n++)
                ;
            look_at_peers(w, peers + i, n, of_leaves);
        }
}

/* ---- all ---- */

static void look_at_all(struct finder *w)
{
    const struct csin_fabric *f = w->f;
    for (uint32_t z = 0; z < f->n_zones; z++)
        look_at_zone(w, &f->zones[z]);
    for (uint32_t c = 0; c < f->n_cables && w->ok; c++)
        look_at_cable(w, &f->cables[c]);
    for (uint32_t s = 0; s < f->n_switches && w->ok; s++)
        if (f->switches[s].n_used == 0)
            ADD(w, CSIN_ODD_ALONE, f->switches[s].loc, "'%s' has no cable", f->switches[s].name);
    for (uint32_t c = 0; c < f->n_cables && w->ok; c++)
        look_at_rate(w, &f->cables[c]);
}

enum csin_status csin_fabric_oddities(const struct csin_fabric *fabric, struct csin_arena *arena,
                                      struct csin_diag *diag, struct csin_oddities *ret_oddities)
{
    struct finder w = {.f = fabric, .arena = arena};
    struct peer *peers = malloc((fabric->n_hosts + 1u) * sizeof *peers);
    struct csin_oddity *items = NULL;
    w.count = calloc(fabric->n_switches + 1u, sizeof *w.count);
    w.odd = calloc(fabric->n_switches + 1u, sizeof *w.odd);
    w.usual = calloc(fabric->n_switches + 1u, sizeof *w.usual);
    w.ok = peers && w.count && w.odd && w.usual;
    if (w.ok) {
        look_at_all(&w);
        look_at_hosts(&w, peers);
    }
    if (w.ok && (items = csin_arena_alloc(arena, w.n, sizeof *items))) {
        if (w.n)
            memcpy(items, w.items, w.n * sizeof *items);
        *ret_oddities = (struct csin_oddities){items, w.n};
    }
    free(w.items);
    free(peers);
    free(w.count);
    free(w.odd);
    free(w.usual);
    return items ? CSIN_OK : csin_no_memory(diag);
}

void csin_oddities_warn(const struct csin_oddities *oddities, struct csin_diag *diag)
{
    uint32_t said[CSIN_N_ODDITIES] = {0};
    struct csin_loc last[CSIN_N_ODDITIES] = {{0}};
    for (uint32_t i = 0; i < oddities->n; i++) {
        const struct csin_oddity *o = &oddities->items[i];
        if (said[o->kind]++ < SAY_EACH)
            csin_warning(diag, 631, o->loc, "%s", o->text);
        last[o->kind] = (struct csin_loc){o->loc.file, 0, 0};
    }
    for (unsigned k = 0; k < CSIN_N_ODDITIES; k++)
        if (said[k] > SAY_EACH)
            csin_note(diag, last[k], "and %s more such (%s); csin topo --format json has all",
                      csin_show_count(said[k] - SAY_EACH).s, csin_oddity_names[k]);
}
