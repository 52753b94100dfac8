/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From what a person wrote (topo/spec.h) to a fabric (topo/fabric.h), in this order:
 *
 *     models -> switches (zones, inter-zone, explicit) -> hosts -> where each NIC goes -> cables ->
 *     overrides -> arcs
 *
 * Cables are planned first, as a list without ports, so that ports can be counted and running out
 * of them be told before anything is allocated by size. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"
#include "topo/build.h"

/* A hostlist of switches that are to be made, with their model. */
struct group {
    const char *const *names;
    uint32_t n;
    const struct csin_switch_model_spec *model;
    enum csin_layer layer;
    struct csin_loc loc;
};

/* A list of the spec whose structs begin with their name, and which is referred to by name. */
struct named {
    const struct csin_list *list;
    size_t size; /* of a struct */
    const char *what;
    struct csin_names index;
};

struct builder {
    const struct csin_fabric_spec *spec;
    struct named switch_models, host_models, zones;
    struct csin_diag *diag;
    struct csin_fabric *f;
    struct csin_arena *arena;
    bool partial;            /* the spec lacks what could not be read: no complaint of that */
    enum csin_status status; /* the first failure */
    uint32_t *hosts_on;      /* [n_switches] NICs attached */
    uint32_t *host_limit;    /* [n_switches] ports meant for hosts */
    uint32_t *planned;       /* [n_switches] ports asked for, hosts included */
    uint32_t *next_port;     /* [n_switches] the lowest that may be free */
    uint32_t *list, *free_ports, *share; /* [n_switches] scratch of one attachment or entry */
    const char **switch_names;           /* [n_switches] for suggestions, made when needed */
    bool switches_told;                  /* what switches there are, once */
    size_t cables_room;
    uint64_t n_expanded;  /* names of all hostlists so far */
    struct group *groups; /* inter-zone switches, then explicit ones */
    uint32_t first_group_switch;
};

/* Records a failure and goes on, to find more. */
static void fail(struct builder *b, enum csin_status status)
{
    b->status = csin_first(b->status, status);
}

/* Every hostlist of a fabric together: four times the hosts it may have. Without it a short file
 * could list millions of names again and again. */
#define MAX_EXPANDED (4u * CSIN_MAX_HOSTS)

#define FAIL(b, code, loc, ...) fail(b, csin_error((b)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__))

/* True when nobody will read what is found from here on (base/diag.h keeps 100 messages), so that
 * looking for near names in large lists can stop. */
static bool heard_enough(const struct builder *b)
{
    return !b->diag || csin_diag_errors(b->diag) > 100;
}

/* ---- models ---- */

static const struct csin_text *name_at(const struct named *named, uint32_t i)
{
    return (const void *)((const char *)named->list->items + i * named->size);
}

static struct named index_names(struct builder *b, const struct csin_list *list, size_t size,
                                const char *what)
{
    struct named named = {list, size, what, {0}};
    uint32_t old;
    if (!csin_names_init(&named.index, b->arena, list->n)) {
        named.index.n_slots = 0;
        fail(b, csin_no_memory(b->diag));
        return named;
    }
    for (uint32_t i = 0; i < list->n; i++)
        if (name_at(&named, i)->s)
            csin_names_add(&named.index, name_at(&named, i)->s, i, &old);
    return named;
}

static const void *find_named(const struct named *named, const char *name)
{
    uint32_t i = csin_names_find(&named->index, name);
    return i == CSIN_NONE ? NULL : name_at(named, i);
}

/* An entry by its name; reports an unknown one. */
static const void *look_up(struct builder *b, const struct named *named,
                           const struct csin_text *name)
{
    uint32_t n = 0;
    if (!name->s || (b->partial && named->list->loc.line == 0))
        return NULL; /* absent, which has been told */
    const void *found = find_named(named, name->s);
    if (found)
        return found;
    if (b->partial && named->index.n < named->list->n)
        return NULL; /* it may be one whose own name could not be read */
    const char *near = NULL, **names = NULL;
    if (!heard_enough(b)) {
        names = csin_arena_alloc(b->arena, named->list->n, sizeof *names);
        if (!names) {
            fail(b, csin_no_memory(b->diag));
            return NULL;
        }
        for (uint32_t i = 0; i < named->list->n; i++)
            if (name_at(named, i)->s)
                names[n++] = name_at(named, i)->s;
        near = csin_nearest(name->s, names, n);
    }
    if (near) {
        FAIL(b, 210, name->loc, "unknown %s '%s'; did you mean '%s'?", named->what, name->s, near);
        return NULL;
    }
    FAIL(b, 210, name->loc, "unknown %s '%s'", named->what, name->s);
    if (names && n == 0)
        csin_note(b->diag, name->loc, "this fabric has no %s", named->what);
    else if (names && n == 1)
        csin_note(b->diag, name->loc, "this fabric has '%s'", names[0]);
    else if (names)
        csin_note(b->diag, name->loc, "this fabric has '%s' %s '%s'", names[0],
                  n == 2 ? "and" : "to", names[n - 1]);
    return NULL;
}

static const struct csin_switch_model_spec *switch_model(struct builder *b,
                                                         const struct csin_text *name)
{
    return look_up(b, &b->switch_models, name);
}

/* ---- zones ---- */

/* What a zone comes to once its numbers are worked out. */
struct zone_plan {
    const struct csin_zone_spec *spec;
    const struct csin_switch_model_spec *leaf, *spine;
    uint32_t leaves, spines, links, hosts_per_leaf;
    double uplink_Bps;
};

static bool is_whole(double x)
{
    return fabs(x - nearbyint(x)) < 1e-9 * fmax(1, fabs(x));
}

/* Spines, or hosts per leaf, from the oversubscription asked for:
 *     R = (hosts per leaf x port rate) / (spines x links per pair x uplink rate). */
static void apply_oversubscription(struct builder *b, struct zone_plan *plan)
{
    const struct csin_zone_spec *z = plan->spec;
    double R = z->oversubscription.x, rate = plan->leaf->rate_Bps.x;
    if (z->spines.loc.line) {
        double got = plan->hosts_per_leaf * rate / (plan->spines * plan->links * plan->uplink_Bps);
        if (fabs(got - R) > 1e-9 * R) {
            FAIL(b, 213, z->oversubscription.loc,
                 "%s hosts per leaf and %s uplinks make an oversubscription of %s, not %s",
                 csin_show_count(plan->hosts_per_leaf).s,
                 csin_show_count((uint64_t)plan->spines * plan->links).s, csin_show_exact(got).s,
                 csin_show_exact(R).s);
            csin_note(b->diag, z->spines.loc, "leave out 'spines' to have them follow from it");
        }
        return;
    }
    /* Without hosts-per-leaf the leaf's ports are split: hosts + uplinks = ports. */
    double uplinks = z->hosts_per_leaf.loc.line
                         ? plan->hosts_per_leaf * rate / (R * plan->uplink_Bps)
                         : (double)plan->leaf->ports.n / (1 + R * plan->uplink_Bps / rate);
    double spines = uplinks / plan->links;
    if (spines > CSIN_MAX_SWITCHES) {
        FAIL(b, 214, z->oversubscription.loc, "an oversubscription of %s needs more than %s spines",
             csin_show_exact(R).s, csin_show_count(CSIN_MAX_SWITCHES).s);
        return;
    }
    if (!is_whole(spines) || spines < 0.5) {
        FAIL(b, 214, z->oversubscription.loc,
             "an oversubscription of %s needs %s spines, which is not a whole number",
             csin_show_exact(R).s, csin_show_fixed(spines, 2).s);
        csin_note(
            b->diag, z->oversubscription.loc,
            "spines = hosts-per-leaf x rate / (oversubscription x links-per-pair x uplink-rate)");
        return;
    }
    plan->spines = (uint32_t)nearbyint(spines);
    if (!z->hosts_per_leaf.loc.line)
        plan->hosts_per_leaf = (uint32_t)(plan->leaf->ports.n - plan->spines * plan->links);
}

static unsigned digits(uint64_t n)
{
    unsigned d = 1;
    for (; n >= 10; n /= 10)
        d++;
    return d;
}

static void check_zone_ports(struct builder *b, const struct zone_plan *plan)
{
    const struct csin_zone_spec *z = plan->spec;
    const char *dash = *z->name.s ? "-" : "";
    uint64_t up = (uint64_t)plan->spines * plan->links;
    uint64_t leaf = up + plan->hosts_per_leaf, spine = (uint64_t)plan->leaves * plan->links;
    if (leaf > plan->leaf->ports.n) {
        FAIL(b, 211, z->name.loc, "switch '%s%sleaf%0*u' would need %s ports and has %s", z->name.s,
             dash, (int)digits(plan->leaves), 1u, csin_show_count(leaf).s,
             csin_show_count(plan->leaf->ports.n).s);
        csin_note(b->diag, z->leaves.loc, "%s for hosts and %s uplinks (%s spines x %s links)",
                  csin_show_count(plan->hosts_per_leaf).s, csin_show_count(up).s,
                  csin_show_count(plan->spines).s, csin_show_count(plan->links).s);
    }
    if (spine > plan->spine->ports.n) {
        FAIL(b, 211, z->name.loc, "switch '%s%sspine%0*u' would need %s ports and has %s",
             z->name.s, dash, (int)digits(plan->spines), 1u, csin_show_count(spine).s,
             csin_show_count(plan->spine->ports.n).s);
        csin_note(b->diag, z->leaves.loc, "%s leaves x %s links to each",
                  csin_show_count(plan->leaves).s, csin_show_count(plan->links).s);
    }
}

static bool plan_zone(struct builder *b, const struct csin_zone_spec *z, struct zone_plan *plan)
{
    enum csin_status before = b->status;
    b->status = CSIN_OK;
    *plan = (struct zone_plan){.spec = z, .leaves = (uint32_t)z->leaves.n};
    plan->leaf = switch_model(b, &z->model);
    plan->spine = z->spine_model.s ? switch_model(b, &z->spine_model) : plan->leaf;
    if (plan->leaf && plan->spine) {
        plan->links = z->links_per_pair.loc.line ? (uint32_t)z->links_per_pair.n : 1;
        double port = fmin(plan->leaf->rate_Bps.x, plan->spine->rate_Bps.x);
        plan->uplink_Bps = z->uplink_Bps.loc.line ? z->uplink_Bps.x : port;
        plan->spines = (uint32_t)z->spines.n;
        uint64_t up = z->spines.n * plan->links;
        plan->hosts_per_leaf = z->hosts_per_leaf.loc.line ? (uint32_t)z->hosts_per_leaf.n
                               : up < plan->leaf->ports.n ? (uint32_t)(plan->leaf->ports.n - up)
                                                          : 0;
        if (plan->uplink_Bps > port * (1 + 1e-12))
            FAIL(b, 212, z->uplink_Bps.loc, "an uplink of %s is faster than its ports (%s)",
                 csin_show_linerate(plan->uplink_Bps).s, csin_show_linerate(port).s);
        if (z->oversubscription.loc.line)
            apply_oversubscription(b, plan);
        else if (!z->spines.loc.line)
            FAIL(b, 215, z->name.loc, "zone '%s' has neither 'spines' nor 'oversubscription'",
                 z->name.s);
        if (b->status == CSIN_OK)
            check_zone_ports(b, plan);
    }
    bool ok = b->status == CSIN_OK;
    b->status = csin_first(before, b->status);
    return ok;
}

/* ---- switches ---- */

static bool add_name(struct builder *b, const char *name, uint32_t id, struct csin_loc loc)
{
    uint32_t old;
    if (csin_names_add(&b->f->names, name, id, &old))
        return true;
    FAIL(b, 216, loc, "the name '%s' is used twice", name);
    struct csin_loc first = old < b->f->n_switches ? b->f->switches[old].loc
                                                   : b->f->hosts[old - b->f->n_switches].loc;
    csin_note(b->diag, first, "it was first used here");
    return false;
}

static void set_switch(struct builder *b, uint32_t s, const char *name,
                       const struct csin_switch_model_spec *model, enum csin_layer layer,
                       uint32_t zone, struct csin_loc loc)
{
    struct csin_fabric *f = b->f;
    if (!name) {
        fail(b, csin_no_memory(b->diag));
        name = "";
    }
    f->switches[s] = (struct csin_switch){
        .name = name,
        .model = model->name.s,
        .layer = layer,
        .zone = zone,
        .n_ports = (uint32_t)model->ports.n,
        .first_port = f->n_ports,
        .rate_Bps = model->rate_Bps.x,
        .latency_s = model->latency_s.x,
        .loc = loc,
    };
    f->n_ports += (uint32_t)model->ports.n;
    b->host_limit[s] = (uint32_t)model->ports.n;
    add_name(b, name, s, loc);
}

static void add_zone_switches(struct builder *b, const struct zone_plan *plan, uint32_t zone,
                              uint32_t *s)
{
    const char *name = plan->spec->name.s, *dash = *name ? "-" : "";
    uint32_t up = plan->spines * plan->links;
    b->f->zones[zone] = (struct csin_zone){
        .name = name,
        .first_leaf = *s,
        .n_leaves = plan->leaves,
        .first_spine = *s + plan->leaves,
        .n_spines = plan->spines,
        .links_per_pair = plan->links,
        .hosts_per_leaf = plan->hosts_per_leaf,
        .uplink_Bps = plan->uplink_Bps,
    };
    for (uint32_t i = 0; i < plan->leaves; i++, (*s)++) {
        set_switch(b, *s,
                   csin_arena_printf(b->f->arena, "%s%sleaf%0*u", name, dash,
                                     (int)digits(plan->leaves), i + 1),
                   plan->leaf, CSIN_LEAF, zone, plan->spec->name.loc);
        b->host_limit[*s] = plan->hosts_per_leaf;
        b->planned[*s] = up;
    }
    for (uint32_t i = 0; i < plan->spines; i++, (*s)++) {
        set_switch(b, *s,
                   csin_arena_printf(b->f->arena, "%s%sspine%0*u", name, dash,
                                     (int)digits(plan->spines), i + 1),
                   plan->spine, CSIN_SPINE, zone, plan->spec->name.loc);
        b->host_limit[*s] = 0;
        b->planned[*s] = plan->leaves * plan->links;
    }
}

/* The names of a hostlist, in `arena`; none of them after a reported failure. */
static void expand(struct builder *b, struct csin_arena *arena, const struct csin_text *list,
                   const char *const **ret_names, uint32_t *ret_n)
{
    *ret_n = 0;
    if (!list->s || b->n_expanded > MAX_EXPANDED)
        return;
    fail(b, csin_hostlist_expand(arena, b->diag, list->loc, list->s, ret_names, ret_n));
    b->n_expanded += *ret_n;
    if (b->n_expanded > MAX_EXPANDED) {
        FAIL(b, 203, list->loc, "the lists of this fabric have more than %s names in all",
             csin_show_count(MAX_EXPANDED).s);
        *ret_n = 0;
    }
}

/* Inter-zone switches join two zones or more, each listed once. */
static void check_zones_differ(struct builder *b, const struct csin_inter_zone_spec *iz)
{
    const struct csin_text *zones = iz->zones.items;
    const struct csin_zone_spec *known = b->spec->zones.items;
    bool *seen = csin_arena_alloc(b->arena, b->spec->zones.n, sizeof *seen);
    if (!seen) {
        fail(b, csin_no_memory(b->diag));
        return;
    }
    for (uint32_t i = 0; i < iz->zones.n; i++) {
        const struct csin_zone_spec *z = look_up(b, &b->zones, &zones[i]);
        if (z && seen[z - known])
            FAIL(b, 231, zones[i].loc, "zone '%s' is listed twice", zones[i].s);
        if (z)
            seen[z - known] = true;
    }
    if (iz->zones.n < 2)
        FAIL(b, 231, iz->zones.loc, "'%s' would join %s; it takes two or more zones", iz->names.s,
             iz->zones.n == 0 ? "nothing" : "one zone to itself");
}

static void plan_groups(struct builder *b, struct group *groups)
{
    const struct csin_inter_zone_spec *iz = b->spec->inter_zone.items;
    for (uint32_t i = 0; i < b->spec->inter_zone.n; i++, groups++) {
        *groups = (struct group){.model = switch_model(b, &iz[i].model),
                                 .layer = CSIN_INTER_ZONE,
                                 .loc = iz[i].names.loc};
        expand(b, b->f->arena, &iz[i].names, &groups->names, &groups->n);
        check_zones_differ(b, &iz[i]);
    }
    const struct csin_switches_spec *sw = b->spec->switches.items;
    for (uint32_t i = 0; i < b->spec->switches.n; i++, groups++) {
        *groups = (struct group){.model = switch_model(b, &sw[i].model),
                                 .layer = (enum csin_layer)sw[i].layer.i,
                                 .loc = sw[i].names.loc};
        expand(b, b->f->arena, &sw[i].names, &groups->names, &groups->n);
    }
}

/* ---- hosts ---- */

static void count_hosts(struct builder *b, const char *const **names, uint32_t *n)
{
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint64_t hosts = 0, nics = 0;
    for (uint32_t i = 0; i < b->spec->hosts.n; i++) {
        expand(b, b->f->arena, &groups[i].names, &names[i], &n[i]);
        const struct csin_host_model_spec *model = look_up(b, &b->host_models, &groups[i].model);
        hosts += n[i];
        if (model)
            nics += (uint64_t)n[i] * (model->nics.loc.line ? model->nics.n : 1);
    }
    if (hosts > CSIN_MAX_HOSTS || nics > CSIN_MAX_HOSTS)
        FAIL(b, 203, b->spec->hosts.loc, "%s hosts with %s NICs; at most %s of each",
             csin_show_count(hosts).s, csin_show_count(nics).s, csin_show_count(CSIN_MAX_HOSTS).s);
    else if (hosts == 0 && b->status == CSIN_OK)
        FAIL(b, 204, b->spec->hosts.loc, "the fabric has no hosts");
    b->f->n_hosts = (uint32_t)hosts;
    b->f->n_nics = (uint32_t)nics;
}

static void add_hosts(struct builder *b, const char *const *const *names, const uint32_t *n)
{
    struct csin_fabric *f = b->f;
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint32_t host = 0, nic = 0;
    for (uint32_t g = 0; g < b->spec->hosts.n; g++) {
        const struct csin_host_model_spec *model = find_named(&b->host_models, groups[g].model.s);
        uint32_t n_nics = model->nics.loc.line ? (uint32_t)model->nics.n : 1;
        for (uint32_t i = 0; i < n[g]; i++, host++) {
            f->hosts[host] = (struct csin_host){
                names[g][i], model->name.s, (enum csin_role)model->role.i,
                nic,         n_nics,        groups[g].names.loc};
            for (uint32_t k = 0; k < n_nics; k++, nic++)
                f->nics[nic] = (struct csin_nic){host, CSIN_NONE, CSIN_NONE, model->rate_Bps.x,
                                                 model->latency_s.x};
            if (!add_name(b, names[g][i], f->n_switches + host, groups[g].names.loc))
                return; /* one duplicate stands for all of a list written twice */
        }
    }
}

/* ---- where NICs go ---- */

/* How many of `n` NICs each of the candidates gets: as even as the free ports allow, the remainder
 * spread over the candidates at equal distances; or the first ones filled up. */
static void share_out(const uint32_t *free_ports, uint32_t *share, uint32_t n_candidates,
                      uint32_t n, enum csin_spread spread)
{
    memset(share, 0, n_candidates * sizeof *share);
    if (spread == CSIN_FILL) {
        for (uint32_t i = 0; i < n_candidates && n; i++) {
            share[i] = n < free_ports[i] ? n : free_ports[i];
            n -= share[i];
        }
        return;
    }
    while (n) {
        uint32_t open = 0, room = UINT32_MAX;
        for (uint32_t i = 0; i < n_candidates; i++)
            if (free_ports[i] > share[i]) {
                open++;
                room = free_ports[i] - share[i] < room ? free_ports[i] - share[i] : room;
            }
        uint32_t level = n / open < room ? n / open : room;
        /* Fewer than the open candidates are left: every n-th of them takes one more. */
        for (uint32_t i = 0, k = 0; i < n_candidates; i++) {
            if (free_ports[i] <= share[i])
                continue;
            if (level)
                share[i] += level;
            else
                share[i] += (uint32_t)(((uint64_t)k + 1) * n / open - (uint64_t)k * n / open);
            k++;
        }
        n = level ? n - level * open : 0;
    }
}

static uint32_t find_zone(struct builder *b, const struct csin_text *name)
{
    const struct csin_zone_spec *z = look_up(b, &b->zones, name);
    return z ? (uint32_t)(z - (const struct csin_zone_spec *)b->spec->zones.items) : CSIN_NONE;
}

/* The switch whose name is most like `name`, NULL where none is. */
static const char *nearest_switch(struct builder *b, const char *name)
{
    uint32_t n = b->f->n_switches;
    if (heard_enough(b))
        return NULL;
    if (!b->switch_names && (b->switch_names = csin_arena_alloc(b->arena, n, sizeof(char *))))
        for (uint32_t i = 0; i < n; i++)
            b->switch_names[i] = b->f->switches[i].name;
    return b->switch_names ? csin_nearest(name, b->switch_names, n) : NULL;
}

static void say_unknown(struct builder *b, const char *what, const char *name, struct csin_loc loc)
{
    const char *near = nearest_switch(b, name);
    if (near && csin_names_differ_in_number(near, name))
        near = NULL;
    if (near)
        FAIL(b, 217, loc, "unknown %s '%s'; did you mean '%s'?", what, name, near);
    else
        FAIL(b, 217, loc, "unknown %s '%s'", what, name);
    if (near || b->switches_told || !b->switch_names)
        return;
    b->switches_told = true;
    const char *all = csin_hostlist_fold(b->arena, b->switch_names, b->f->n_switches);
    if (all)
        csin_note(b->diag, loc, "this fabric has the switches %s", csin_brief(all, SIZE_MAX).s);
}

static uint32_t find_switch(struct builder *b, const char *name, struct csin_loc loc)
{
    uint32_t s = csin_names_find(&b->f->names, name);
    if (s < b->f->n_switches)
        return s;
    if (s != CSIN_NONE)
        FAIL(b, 217, loc, "'%s' is a host, not a switch", name);
    else
        say_unknown(b, "switch", name, loc);
    return CSIN_NONE;
}

/* The switches of a hostlist into `list`, which has room for all there are: a list names none
 * twice. Returns their number; 0 after a reported failure. */
static uint32_t find_switches(struct builder *b, const struct csin_text *names, uint32_t *list)
{
    const char *const *each;
    uint32_t n, found = 0;
    expand(b, b->arena, names, &each, &n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t s = find_switch(b, each[i], names->loc);
        if (s != CSIN_NONE)
            list[found++] = s;
        else if (i - found >= 3)
            return 0; /* enough said of one list */
    }
    return found == n ? n : 0;
}

/* The switches an attachment names, in b->list. Returns their number; 0 after a reported failure.
 */
static uint32_t candidates(struct builder *b, const struct csin_attach_spec *attach,
                           struct csin_loc otherwise)
{
    if ((attach->zone.s != NULL) == (attach->switches.s != NULL)) {
        struct csin_loc loc = attach->zone.s            ? attach->switches.loc
                              : attach->nic.loc.line    ? attach->nic.loc
                              : attach->spread.loc.line ? attach->spread.loc
                                                        : otherwise;
        FAIL(b, 218, loc, "an attachment names either 'zone' or 'switches'");
        return 0;
    }
    if (attach->switches.s)
        return find_switches(b, &attach->switches, b->list);
    uint32_t zone = find_zone(b, &attach->zone);
    if (zone == CSIN_NONE)
        return 0;
    const struct csin_zone *z = &b->f->zones[zone];
    for (uint32_t i = 0; i < z->n_leaves; i++)
        b->list[i] = z->first_leaf + i;
    return z->n_leaves;
}

static void say_out_of_ports(struct builder *b, const struct csin_text *where,
                             const struct csin_hosts_spec *hosts, uint32_t n_list, uint32_t n,
                             uint64_t free_total)
{
    uint32_t share = (n + n_list - 1) / n_list, i = 0;
    while (b->free_ports[i] >= share)
        i++; /* one has less than an even share, or all together would have room */
    uint32_t s = b->list[i];
    const struct csin_switch *sw = &b->f->switches[s];
    uint32_t before = b->hosts_on[s], others = b->planned[s] - before;
    uint64_t asked = (uint64_t)before + others + share;
    uint32_t limit = b->host_limit[s];
    if (asked > sw->n_ports || limit >= sw->n_ports)
        FAIL(b, 211, where->loc, "switch '%s' would need %s ports and has %s", sw->name,
             csin_show_count(asked).s, csin_show_count(sw->n_ports).s);
    else
        FAIL(b, 211, where->loc, "switch '%s' would need %s ports for hosts and has %s", sw->name,
             csin_show_count((uint64_t)before + share).s, csin_show_count(limit).s);
    csin_note(
        b->diag, where->loc,
        "'%s' asks for %s ports on %s switch%s that %s %s left for hosts; '%s' has %s uplinks and "
        "%s hosts already",
        hosts->names.s, csin_show_count(n).s, csin_show_count(n_list).s, n_list == 1 ? "" : "es",
        n_list == 1 ? "has" : "have", csin_show_count(free_total).s, sw->name,
        csin_show_count(others).s, csin_show_count(before).s);
}

static void attach_group(struct builder *b, const struct csin_hosts_spec *hosts,
                         const struct csin_attach_spec *attach, uint32_t first, uint32_t n)
{
    struct csin_fabric *f = b->f;
    uint32_t index = (uint32_t)attach->nic.n, n_list = candidates(b, attach, hosts->attach.loc);
    const struct csin_text *where = attach->zone.s ? &attach->zone : &attach->switches;
    const uint32_t *list = b->list;
    if (n_list == 0 || n == 0)
        return;
    if (index >= f->hosts[first].n_nics) {
        FAIL(b, 219, attach->nic.loc, "'%s' has %u NIC%s; there is no NIC %u",
             f->hosts[first].model, f->hosts[first].n_nics, f->hosts[first].n_nics == 1 ? "" : "s",
             index);
        csin_note(b->diag, attach->nic.loc, "NICs count from 0");
        return;
    }
    if (f->nics[f->hosts[first].first_nic + index].leaf != CSIN_NONE) {
        FAIL(b, 220, where->loc, "NIC %u of '%s' is attached twice", index, hosts->names.s);
        return;
    }
    uint64_t free_total = 0;
    for (uint32_t i = 0; i < n_list; i++) {
        uint32_t s = list[i], ports = f->switches[s].n_ports - b->planned[s];
        uint32_t hosts_left = b->host_limit[s] - b->hosts_on[s];
        b->free_ports[i] = ports < hosts_left ? ports : hosts_left;
        free_total += b->free_ports[i];
    }
    if (n > free_total) {
        say_out_of_ports(b, where, hosts, n_list, n, free_total);
        return;
    }
    share_out(b->free_ports, b->share, n_list, n, (enum csin_spread)attach->spread.i);
    double nic_Bps = f->nics[f->hosts[first].first_nic + index].rate_Bps;
    if (nic_Bps > f->switches[list[0]].rate_Bps * (1 + 1e-12))
        csin_warning(
            b->diag, 232, where->loc, "NICs of %s run at %s, the rate of the ports of '%s'",
            csin_show_linerate(nic_Bps).s, csin_show_linerate(f->switches[list[0]].rate_Bps).s,
            f->switches[list[0]].name);
    uint32_t host = first;
    for (uint32_t i = 0; i < n_list; i++)
        for (uint32_t k = 0; k < b->share[i]; k++, host++) {
            f->nics[f->hosts[host].first_nic + index].leaf = list[i];
            b->hosts_on[list[i]]++;
            b->planned[list[i]]++;
        }
}

static void attach_hosts(struct builder *b, const uint32_t *n)
{
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint32_t first = 0;
    for (uint32_t g = 0; g < b->spec->hosts.n; first += n[g], g++) {
        const struct csin_attach_spec *attach = groups[g].attach.items;
        if (groups[g].attach.n == 0)
            FAIL(b, 221, groups[g].attach.loc, "'%s' is attached to nothing", groups[g].names.s);
        for (uint32_t i = 0; i < groups[g].attach.n; i++)
            attach_group(b, &groups[g], &attach[i], first, n[g]);
        if (b->status != CSIN_OK || n[g] == 0)
            continue;
        const struct csin_host *host = &b->f->hosts[first];
        for (uint32_t k = 0; k < host->n_nics; k++)
            if (b->f->nics[host->first_nic + k].leaf == CSIN_NONE)
                csin_warning(b->diag, 222, groups[g].attach.loc,
                             "NIC %u of '%s' is attached to nothing", k, groups[g].names.s);
    }
}

/* ---- cables ---- */

static void add_cable(struct builder *b, uint32_t low, uint32_t high, enum csin_place place,
                      double capacity_Bps, double latency_s)
{
    struct csin_fabric *f = b->f;
    if (f->n_cables >= CSIN_MAX_CABLES) {
        if (f->n_cables++ == CSIN_MAX_CABLES)
            FAIL(b, 223, (struct csin_loc){b->spec->file, 0, 0}, "more than %s cables",
                 csin_show_count(CSIN_MAX_CABLES).s);
        return;
    }
    if (!csin_grow(&f->cables, &b->cables_room, f->n_cables + 1, sizeof *f->cables)) {
        fail(b, csin_no_memory(b->diag));
        return;
    }
    f->cables[f->n_cables++] = (struct csin_cable){.end = {low, high},
                                                   .place = place,
                                                   .up = true,
                                                   .capacity_Bps = capacity_Bps,
                                                   .latency_s = latency_s};
}

static void cable_hosts(struct builder *b)
{
    struct csin_fabric *f = b->f;
    for (uint32_t nic = 0; nic < f->n_nics; nic++) {
        uint32_t leaf = f->nics[nic].leaf;
        if (leaf == CSIN_NONE)
            continue;
        f->nics[nic].cable = f->n_cables;
        add_cable(b, f->n_switches + nic, leaf, CSIN_AT_HOST,
                  fmin(f->nics[nic].rate_Bps, f->switches[leaf].rate_Bps), 0);
    }
}

static void cable_zones(struct builder *b)
{
    struct csin_fabric *f = b->f;
    const struct csin_zone_spec *specs = b->spec->zones.items;
    for (uint32_t i = 0; i < f->n_zones; i++) {
        const struct csin_zone *z = &f->zones[i];
        for (uint32_t leaf = 0; leaf < z->n_leaves; leaf++)
            for (uint32_t link = 0; link < z->links_per_pair; link++)
                for (uint32_t spine = 0; spine < z->n_spines; spine++)
                    add_cable(b, z->first_leaf + leaf, z->first_spine + spine, CSIN_AT_SPINE,
                              z->uplink_Bps, specs[i].cable_latency_s.x);
    }
}

/* The leaf of a zone with most free ports, among equals the first, so that the cables of inter-zone
 * switches spread over the zone; but for those marked `taken`. CSIN_NONE when all are full or
 * taken.
 */
static uint32_t freest_leaf(const struct builder *b, const struct csin_zone *z,
                            const uint32_t *taken)
{
    uint32_t best = CSIN_NONE, most = 0;
    for (uint32_t s = z->first_leaf; s < z->first_leaf + z->n_leaves; s++) {
        uint32_t left = b->f->switches[s].n_ports - b->planned[s];
        if (!taken[s] && left > most) {
            most = left;
            best = s;
        }
    }
    return best;
}

/* Reports a rate that somebody asked of a cable and its ports cannot give. */
static bool is_too_fast(struct builder *b, const struct csin_quantity *rate_Bps, double port_Bps)
{
    if (!rate_Bps->loc.line || rate_Bps->x <= port_Bps * (1 + 1e-12))
        return false;
    FAIL(b, 212, rate_Bps->loc, "a cable of %s is faster than its ports (%s)",
         csin_show_linerate(rate_Bps->x).s, csin_show_linerate(port_Bps).s);
    return true;
}

static void cable_inter_zone_switch(struct builder *b, const struct csin_inter_zone_spec *spec,
                                    uint32_t s)
{
    struct csin_fabric *f = b->f;
    const struct csin_text *zones = spec->zones.items;
    uint64_t asked = spec->zones.n * spec->leaves.n;
    if (asked > f->switches[s].n_ports) {
        FAIL(b, 211, spec->names.loc, "switch '%s' would need %s ports and has %s",
             f->switches[s].name, csin_show_count(asked).s,
             csin_show_count(f->switches[s].n_ports).s);
        return;
    }
    for (uint32_t i = 0; i < spec->zones.n; i++) {
        const struct csin_zone *z = &f->zones[find_zone(b, &zones[i])];
        if (spec->leaves.n > z->n_leaves) {
            FAIL(b, 224, spec->leaves.loc, "zone '%s' has %u leaves; '%s' asks for %s", z->name,
                 z->n_leaves, f->switches[s].name, csin_show_count(spec->leaves.n).s);
            continue;
        }
        uint32_t *taken = b->list;
        memset(taken + z->first_leaf, 0, z->n_leaves * sizeof *taken);
        for (uint32_t k = 0; k < spec->leaves.n; k++) {
            uint32_t leaf = freest_leaf(b, z, taken);
            if (leaf == CSIN_NONE) {
                FAIL(b, 211, spec->leaves.loc,
                     "switch '%s' asks for a port on %s leaves of zone '%s'; %u have one free",
                     f->switches[s].name, csin_show_count(spec->leaves.n).s, z->name, k);
                return;
            }
            double port = fmin(f->switches[leaf].rate_Bps, f->switches[s].rate_Bps);
            if (is_too_fast(b, &spec->rate_Bps, port))
                return;
            taken[leaf] = true;
            b->planned[leaf]++;
            b->planned[s]++;
            add_cable(b, leaf, s, CSIN_BETWEEN_ZONES,
                      spec->rate_Bps.loc.line ? spec->rate_Bps.x : port, 0);
        }
    }
}

/* Cables a person listed. Two switches of one layer may be joined, but not in a ring: packets could
 * wait for each other all the way round (a credit loop), which lossless fabrics cannot resolve. */
static uint32_t ring_root(uint32_t *parent, uint32_t s)
{
    while (parent[s] != s)
        s = parent[s] = parent[parent[s]];
    return s;
}

/* False after a reported failure. */
static bool cable_pair(struct builder *b, const struct csin_cables_spec *spec, uint32_t from,
                       uint32_t to, uint32_t *ring)
{
    struct csin_fabric *f = b->f;
    const struct csin_switch *a = &f->switches[from], *z = &f->switches[to];
    uint32_t count = spec->count.loc.line ? (uint32_t)spec->count.n : 1;
    if (from == to) {
        FAIL(b, 225, spec->to.loc, "a cable from switch '%s' to itself", a->name);
        return false;
    }
    if (a->layer == z->layer) {
        uint32_t ra = ring_root(ring, from), rz = ring_root(ring, to);
        if (ra == rz) {
            FAIL(b, 226, spec->to.loc, "the cable from '%s' to '%s' closes a ring of %s switches",
                 a->name, z->name, csin_layer_names[a->layer]);
            csin_note(
                b->diag, spec->to.loc,
                "a lossless fabric can deadlock in a ring; join them through a higher layer, or "
                "write several cables between two switches as one entry with 'count'");
            return false;
        }
        ring[ra] = rz;
    }
    double port = fmin(a->rate_Bps, z->rate_Bps);
    if (is_too_fast(b, &spec->rate_Bps, port))
        return false;
    bool swap = a->layer > z->layer;
    enum csin_place place = a->layer == CSIN_INTER_ZONE || z->layer == CSIN_INTER_ZONE
                                ? CSIN_BETWEEN_ZONES
                            : a->layer + z->layer == CSIN_LEAF + CSIN_SPINE ? CSIN_AT_SPINE
                                                                            : CSIN_ELSEWHERE;
    for (uint32_t i = 0; i < count && f->n_cables <= CSIN_MAX_CABLES; i++)
        add_cable(b, swap ? to : from, swap ? from : to, place,
                  spec->rate_Bps.loc.line ? spec->rate_Bps.x : port, spec->latency_s.x);
    b->planned[from] += count;
    b->planned[to] += count;
    return f->n_cables <= CSIN_MAX_CABLES;
}

/* Every `from` to every `to` of an entry, up to its first mistake. */
static void cable_entry(struct builder *b, const struct csin_cables_spec *spec, uint32_t *ring)
{
    uint32_t *from = b->list, *to = b->share;
    uint32_t n_from = find_switches(b, &spec->from, from);
    uint32_t n_to = find_switches(b, &spec->to, to);
    for (uint32_t k = 0; k < n_from; k++)
        for (uint32_t m = 0; m < n_to; m++)
            if (!cable_pair(b, spec, from[k], to[m], ring))
                return;
}

static void cable_explicit(struct builder *b)
{
    struct csin_fabric *f = b->f;
    const struct csin_cables_spec *specs = b->spec->cables.items;
    uint32_t *ring = csin_arena_alloc(b->arena, f->n_switches, sizeof *ring);
    if (!ring) {
        fail(b, csin_no_memory(b->diag));
        return;
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        ring[s] = s;
    for (uint32_t i = 0; i < b->spec->cables.n; i++)
        cable_entry(b, &specs[i], ring);
    if (f->n_cables > CSIN_MAX_CABLES)
        return; /* not all of them are counted */
    for (uint32_t s = 0; s < f->n_switches; s++)
        if (b->planned[s] > f->switches[s].n_ports)
            FAIL(b, 211, b->spec->cables.loc, "switch '%s' would need %s ports and has %s",
                 f->switches[s].name, csin_show_count(b->planned[s]).s,
                 csin_show_count(f->switches[s].n_ports).s);
}

/* Hosts take ports from the first, uplinks of a leaf its last ones, as such switches are cabled. */
static uint32_t take_port(struct builder *b, uint32_t s, uint32_t arc, uint32_t wanted)
{
    struct csin_fabric *f = b->f;
    struct csin_switch *sw = &f->switches[s];
    uint32_t port = wanted;
    if (port == CSIN_NONE) {
        port = b->next_port[s];
        while (f->port_arc[sw->first_port + port] != CSIN_NONE)
            port++;
        b->next_port[s] = port + 1;
    }
    assert(port < sw->n_ports && f->port_arc[sw->first_port + port] == CSIN_NONE);
    f->port_arc[sw->first_port + port] = arc;
    sw->n_used++;
    return port;
}

static void plug_cables(struct builder *b)
{
    struct csin_fabric *f = b->f;
    memset(f->port_arc, 0xff, f->n_ports * sizeof *f->port_arc);
    uint32_t first_uplink = 0;
    while (first_uplink < f->n_cables && f->cables[first_uplink].place == CSIN_AT_HOST)
        first_uplink++;
    /* Uplinks of generated zones first: their ports are fixed. */
    uint32_t c = first_uplink;
    for (uint32_t i = 0; i < f->n_zones; i++) {
        const struct csin_zone *z = &f->zones[i];
        uint32_t up = z->n_spines * z->links_per_pair;
        for (uint32_t leaf = 0; leaf < z->n_leaves; leaf++)
            for (uint32_t k = 0; k < up; k++, c++) {
                struct csin_cable *cable = &f->cables[c];
                uint32_t base = f->switches[cable->end[0]].n_ports - up;
                cable->port[0] = take_port(b, cable->end[0], 2 * c, base + k);
                cable->port[1] = take_port(b, cable->end[1], 2 * c + 1,
                                           leaf * z->links_per_pair + k / z->n_spines);
            }
    }
    for (uint32_t i = 0; i < first_uplink; i++) {
        uint32_t nic = f->cables[i].end[0] - f->n_switches;
        f->cables[i].port[0] = nic - f->hosts[f->nics[nic].host].first_nic;
        f->cables[i].port[1] = take_port(b, f->cables[i].end[1], 2 * i + 1, CSIN_NONE);
    }
    for (; c < f->n_cables; c++)
        for (unsigned e = 0; e < 2; e++)
            f->cables[c].port[e] = take_port(b, f->cables[c].end[e], 2 * c + e, CSIN_NONE);
}

/* ---- overrides ---- */

/* Returns whether it made any difference. */
static bool override_cable(struct builder *b, struct csin_cable *cable,
                           const struct csin_override_spec *spec)
{
    struct csin_cable before = *cable;
    if (spec->state.loc.line)
        cable->up = spec->state.i == CSIN_UP;
    if (spec->rate_Bps.loc.line) {
        if (spec->rate_Bps.x > cable->capacity_Bps * (1 + 1e-12))
            FAIL(b, 212, spec->rate_Bps.loc, "%s is faster than the cable is (%s)",
                 csin_show_linerate(spec->rate_Bps.x).s, csin_show_linerate(cable->capacity_Bps).s);
        cable->degraded = cable->degraded || spec->rate_Bps.x < cable->capacity_Bps;
        cable->capacity_Bps = spec->rate_Bps.x;
    }
    return cable->up != before.up || cable->capacity_Bps != before.capacity_Bps;
}

/* The vertices a name stands for: a switch, or the NICs of a host. */
static bool is_end(const struct csin_fabric *f, uint32_t vertex, uint32_t named)
{
    if (named < f->n_switches)
        return vertex == named;
    return csin_is_nic(f, vertex) && f->nics[vertex - f->n_switches].host == named - f->n_switches;
}

static void apply_override(struct builder *b, const struct csin_override_spec *spec)
{
    struct csin_fabric *f = b->f;
    const struct csin_text *names = spec->between.items;
    if (spec->between.n != 2) {
        FAIL(b, 227, spec->between.loc, "'between' names two ends, not %u", spec->between.n);
        return;
    }
    if (!spec->state.loc.line && !spec->rate_Bps.loc.line) {
        FAIL(b, 228, spec->between.loc, "this override changes nothing");
        csin_note(b->diag, spec->between.loc, "give it 'state: down' or a lower 'rate'");
        return;
    }
    uint32_t id[2];
    for (unsigned e = 0; e < 2; e++) {
        id[e] = csin_names_find(&f->names, names[e].s);
        if (id[e] == CSIN_NONE)
            say_unknown(b, "switch or host", names[e].s, names[e].loc);
    }
    if (id[0] == CSIN_NONE || id[1] == CSIN_NONE)
        return;
    if (id[0] >= f->n_switches) { /* walk the ports of a switch: a cable always has one */
        uint32_t t = id[0];
        id[0] = id[1];
        id[1] = t;
    }
    uint32_t found = 0, changed = 0, first_port = 0, n_ports = 0;
    if (id[0] < f->n_switches) { /* two hosts have no cable between them */
        first_port = f->switches[id[0]].first_port;
        n_ports = f->switches[id[0]].n_ports;
    }
    for (uint32_t p = 0; p < n_ports; p++) {
        uint32_t arc = f->port_arc[first_port + p];
        if (arc == CSIN_NONE || !is_end(f, csin_arc_head(f, arc), id[1]))
            continue;
        found++;
        if (!spec->nth.loc.line || spec->nth.n == found)
            changed += override_cable(b, &f->cables[arc >> 1], spec);
    }
    if (found == 0)
        FAIL(b, 229, spec->between.loc, "there is no cable between '%s' and '%s'", names[0].s,
             names[1].s);
    else if (spec->nth.loc.line && spec->nth.n > found)
        FAIL(b, 229, spec->nth.loc, "'%s' and '%s' are joined by %u cable%s; there is no cable %s",
             names[0].s, names[1].s, found, found == 1 ? "" : "s", csin_show_count(spec->nth.n).s);
    else if (changed == 0)
        csin_warning(b->diag, 233, spec->between.loc,
                     "this override has no effect: the cable is so already");
}

/* ---- arcs ---- */

static void set_arcs(struct csin_fabric *f)
{
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        const struct csin_cable *cable = &f->cables[arc >> 1];
        uint32_t tail = csin_arc_tail(f, arc), head = csin_arc_head(f, arc);
        double latency = cable->latency_s;
        latency += csin_is_nic(f, tail) ? f->nics[tail - f->n_switches].latency_s
                                        : f->switches[tail].latency_s;
        if (csin_is_nic(f, head))
            latency += f->nics[head - f->n_switches].latency_s;
        f->arc_latency_s[arc] = latency;
        f->arc_capacity_Bps[arc] = cable->up ? cable->capacity_Bps : 0;
    }
}

static bool set_digest(struct csin_fabric *f)
{
    struct csin_sha256_stream *sha = csin_sha256_start();
    if (!sha)
        return false;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        csin_sha256_add(sha, f->switches[s].name, strlen(f->switches[s].name) + 1);
        /* dmodk numbers NICs by zone, so the same cables without zones are routed differently. */
        uint32_t facts[] = {f->switches[s].layer, f->switches[s].zone};
        csin_sha256_add(sha, facts, sizeof facts);
    }
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        csin_sha256_add(sha, f->hosts[h].name, strlen(f->hosts[h].name) + 1);
        uint32_t facts[] = {f->hosts[h].role, f->hosts[h].n_nics};
        csin_sha256_add(sha, facts, sizeof facts);
    }
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        uint32_t facts[] = {cable->end[0], cable->end[1], cable->port[0], cable->port[1],
                            cable->up};
        csin_sha256_add(sha, facts, sizeof facts);
    }
    csin_sha256_add(sha, f->arc_capacity_Bps, f->n_arcs * sizeof *f->arc_capacity_Bps);
    csin_sha256_add(sha, f->arc_latency_s, f->n_arcs * sizeof *f->arc_latency_s);
    f->digest = csin_sha256_finish(sha);
    return f->digest.hex[0] != 0;
}

/* ---- all of it ---- */

static void *array(struct builder *b, uint64_t n, size_t size)
{
    void *p = csin_arena_alloc(b->f->arena, n, size);
    if (!p)
        fail(b, csin_no_memory(b->diag));
    return p;
}

/* Plans zones and groups, counts switches, makes them. */
static void make_switches(struct builder *b, uint32_t n_hosts)
{
    struct csin_fabric *f = b->f;
    uint32_t n_zones = b->spec->zones.n, n_groups = b->spec->inter_zone.n + b->spec->switches.n;
    struct zone_plan *plans = csin_arena_alloc(b->arena, n_zones, sizeof *plans);
    struct group *groups = b->groups = csin_arena_alloc(b->arena, n_groups, sizeof *groups);
    if (!plans || !groups) {
        fail(b, csin_no_memory(b->diag));
        return;
    }
    const struct csin_zone_spec *zones = b->spec->zones.items;
    uint64_t n = 0, n_cables = 0;
    for (uint32_t i = 0; i < n_zones; i++)
        if (plan_zone(b, &zones[i], &plans[i])) {
            n += plans[i].leaves + plans[i].spines;
            n_cables += (uint64_t)plans[i].leaves * plans[i].spines * plans[i].links;
        }
    plan_groups(b, groups);
    for (uint32_t i = 0; i < n_groups; i++)
        n += groups[i].n;
    struct csin_loc whole = {b->spec->file, 0, 0};
    if (n > CSIN_MAX_SWITCHES)
        FAIL(b, 203, whole, "%s switches; at most %s", csin_show_count(n).s,
             csin_show_count(CSIN_MAX_SWITCHES).s);
    else if (n_cables > CSIN_MAX_CABLES)
        FAIL(b, 223, whole, "more than %s cables", csin_show_count(CSIN_MAX_CABLES).s);
    else if (n == 0 && b->status == CSIN_OK)
        FAIL(b, 205, whole, "the fabric has no switches");
    if (b->status != CSIN_OK)
        return;

    f->n_switches = (uint32_t)n;
    f->n_zones = n_zones;
    f->switches = array(b, n, sizeof *f->switches);
    f->zones = array(b, n_zones, sizeof *f->zones);
    b->hosts_on = csin_arena_alloc(b->arena, n, sizeof *b->hosts_on);
    b->host_limit = csin_arena_alloc(b->arena, n, sizeof *b->host_limit);
    b->planned = csin_arena_alloc(b->arena, n, sizeof *b->planned);
    b->next_port = csin_arena_alloc(b->arena, n, sizeof *b->next_port);
    b->list = csin_arena_alloc(b->arena, n, sizeof *b->list);
    b->free_ports = csin_arena_alloc(b->arena, n, sizeof *b->free_ports);
    b->share = csin_arena_alloc(b->arena, n, sizeof *b->share);
    if (!f->switches || !f->zones || !b->hosts_on || !b->host_limit || !b->planned ||
        !b->next_port || !b->list || !b->free_ports || !b->share ||
        !csin_names_init(&f->names, f->arena, (uint32_t)n + n_hosts)) {
        fail(b, csin_no_memory(b->diag));
        return;
    }
    uint32_t s = 0;
    for (uint32_t i = 0; i < n_zones; i++)
        add_zone_switches(b, &plans[i], i, &s);
    b->first_group_switch = s;
    for (uint32_t i = 0; i < n_groups; i++)
        for (uint32_t k = 0; k < groups[i].n; k++, s++)
            set_switch(b, s, groups[i].names[k], groups[i].model, groups[i].layer, CSIN_NONE,
                       groups[i].loc);
}

static void make_cables(struct builder *b)
{
    cable_hosts(b);
    cable_zones(b);
    const struct csin_inter_zone_spec *specs = b->spec->inter_zone.items;
    uint32_t s = b->first_group_switch;
    for (uint32_t i = 0; i < b->spec->inter_zone.n; i++)
        for (uint32_t k = 0; k < b->groups[i].n; k++)
            cable_inter_zone_switch(b, &specs[i], s++);
    cable_explicit(b);
}

static void make_arcs(struct builder *b)
{
    struct csin_fabric *f = b->f;
    f->n_vertices = f->n_switches + f->n_nics;
    f->n_arcs = 2 * f->n_cables;
    f->port_arc = array(b, f->n_ports, sizeof *f->port_arc);
    f->arc_capacity_Bps = array(b, f->n_arcs, sizeof *f->arc_capacity_Bps);
    f->arc_latency_s = array(b, f->n_arcs, sizeof *f->arc_latency_s);
    if (b->status != CSIN_OK)
        return;
    plug_cables(b);
    const struct csin_override_spec *overrides = b->spec->overrides.items;
    for (uint32_t i = 0; i < b->spec->overrides.n; i++)
        apply_override(b, &overrides[i]);
    set_arcs(f);
    if (!set_digest(f))
        fail(b, csin_no_memory(b->diag));
}

static void index_spec(struct builder *b)
{
    b->switch_models = index_names(b, &b->spec->switch_models,
                                   sizeof(struct csin_switch_model_spec), "switch model");
    b->host_models = index_names(b, &b->spec->host_models, sizeof(struct csin_host_model_spec),
                                 "host model");
    b->zones = index_names(b, &b->spec->zones, sizeof(struct csin_zone_spec), "zone");
}

/* Every hostlist, and every name that must be one of a list of the same file. */
static void check_names(struct builder *b)
{
    const char *const *names;
    uint32_t n;
    const struct csin_zone_spec *zones = b->spec->zones.items;
    for (uint32_t i = 0; i < b->spec->zones.n; i++) {
        look_up(b, &b->switch_models, &zones[i].model);
        look_up(b, &b->switch_models, &zones[i].spine_model);
    }
    const struct csin_hosts_spec *hosts = b->spec->hosts.items;
    for (uint32_t i = 0; i < b->spec->hosts.n; i++) {
        expand(b, b->arena, &hosts[i].names, &names, &n);
        look_up(b, &b->host_models, &hosts[i].model);
        const struct csin_attach_spec *attach = hosts[i].attach.items;
        for (uint32_t k = 0; k < hosts[i].attach.n; k++) {
            look_up(b, &b->zones, &attach[k].zone);
            expand(b, b->arena, &attach[k].switches, &names, &n);
        }
    }
    const struct csin_inter_zone_spec *inter_zone = b->spec->inter_zone.items;
    for (uint32_t i = 0; i < b->spec->inter_zone.n; i++) {
        expand(b, b->arena, &inter_zone[i].names, &names, &n);
        look_up(b, &b->switch_models, &inter_zone[i].model);
        const struct csin_text *joined = inter_zone[i].zones.items;
        for (uint32_t k = 0; k < inter_zone[i].zones.n; k++)
            look_up(b, &b->zones, &joined[k]);
    }
    const struct csin_switches_spec *switches = b->spec->switches.items;
    for (uint32_t i = 0; i < b->spec->switches.n; i++) {
        expand(b, b->arena, &switches[i].names, &names, &n);
        look_up(b, &b->switch_models, &switches[i].model);
    }
    const struct csin_cables_spec *cables = b->spec->cables.items;
    for (uint32_t i = 0; i < b->spec->cables.n; i++) {
        expand(b, b->arena, &cables[i].from, &names, &n);
        expand(b, b->arena, &cables[i].to, &names, &n);
    }
}

void csin_fabric_check_names(const struct csin_fabric_spec *spec, struct csin_diag *diag)
{
    struct builder b = {.spec = spec, .diag = diag, .partial = true, .arena = csin_arena_create()};
    if (b.arena)
        index_spec(&b);
    if (b.arena && b.status == CSIN_OK)
        check_names(&b);
    csin_arena_destroy(b.arena);
}

static void build(struct builder *b)
{
    struct csin_fabric *f = b->f;
    uint32_t n_groups = b->spec->hosts.n;
    const char *const **names = csin_arena_alloc(b->arena, n_groups, sizeof *names);
    uint32_t *n = csin_arena_alloc(b->arena, n_groups, sizeof *n);
    f->name = csin_arena_strndup(f->arena, b->spec->name.s, strlen(b->spec->name.s));
    if (!names || !n || !f->name) {
        fail(b, csin_no_memory(b->diag));
        return;
    }
    index_spec(b);
    if (b->status != CSIN_OK)
        return;
    count_hosts(b, names, n);
    make_switches(b, f->n_hosts);
    if (b->status != CSIN_OK)
        return;
    f->hosts = array(b, f->n_hosts, sizeof *f->hosts);
    f->nics = array(b, f->n_nics, sizeof *f->nics);
    if (b->status != CSIN_OK)
        return;
    add_hosts(b, names, n);
    if (b->status != CSIN_OK)
        return;
    attach_hosts(b, n);
    if (b->status == CSIN_OK)
        make_cables(b);
    if (b->status == CSIN_OK)
        make_arcs(b);
}

enum csin_status csin_fabric_create(const struct csin_fabric_spec *spec, struct csin_diag *diag,
                                    struct csin_fabric **ret_fabric)
{
    struct builder b = {.spec = spec, .diag = diag, .arena = csin_arena_create()};
    b.f = csin_fabric_alloc();
    if (b.f && b.arena)
        build(&b);
    else
        fail(&b, csin_no_memory(diag));
    if (b.status == CSIN_OK) {
        *ret_fabric = b.f;
        b.f = NULL;
    }
    csin_fabric_destroy(b.f);
    csin_arena_destroy(b.arena);
    return b.status;
}
