/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/pick.h"

#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"

const char *const csin_placement_names[] = {"contiguous", "random", "round-robin", NULL};

/* Behind so many messages nobody looks for the host that was meant. */
#define ENOUGH_ERRORS 100
#define UNKNOWN_TOLD 3 /* of one list */

struct pick {
    const struct csin_fabric *f;
    const struct csin_pick_spec *spec;
    struct csin_arena *arena;
    struct csin_diag *diag;
};

/* What a name may stand for. */
enum kind { HOST, SWITCH, EITHER };
static const char *const kind_names[] = {"host", "switch", "switch or host"};
static const char *const kinds_names[] = {"hosts", "switches", "switches and hosts"};

/* Number of a host, a switch, or of either in fabric->names; CSIN_NONE where there is none. */
static uint32_t find_name(const struct csin_fabric *f, enum kind kind, const char *name)
{
    return kind == HOST     ? csin_fabric_host(f, name)
           : kind == SWITCH ? csin_fabric_switch(f, name)
                            : csin_names_find(&f->names, name);
}

/* All names of a kind; NULL without memory. */
static const char **all_names(const struct csin_fabric *f, enum kind kind,
                              struct csin_arena *scratch, uint32_t *ret_n)
{
    uint32_t n = 0;
    const char **names = csin_arena_alloc(scratch, (size_t)f->n_switches + f->n_hosts,
                                          sizeof *names);
    for (uint32_t s = 0; names && kind != HOST && s < f->n_switches; s++)
        names[n++] = f->switches[s].name;
    for (uint32_t h = 0; names && kind != SWITCH && h < f->n_hosts; h++)
        names[n++] = f->hosts[h].name;
    *ret_n = n;
    return names;
}

/* With the first unknown name of a list, tells what there is. */
static enum csin_status unknown_name(const struct csin_fabric *f, struct csin_diag *diag,
                                     enum kind kind, const char *name, struct csin_loc loc,
                                     bool first)
{
    struct csin_arena *scratch = csin_arena_create();
    const char **names = NULL, *near = NULL, *all = NULL;
    uint32_t n;
    if (scratch && diag && csin_diag_errors(diag) < ENOUGH_ERRORS)
        names = all_names(f, kind, scratch, &n);
    if (names) {
        near = csin_nearest(name, names, n);
        all = first ? csin_hostlist_fold(scratch, names, n) : NULL;
    }
    if (near && csin_names_differ_in_number(near, name))
        near = NULL;
    if (csin_names_find(&f->names, name) != CSIN_NONE)
        csin_error(diag, CSIN_E_INPUT, kind == HOST ? 400 : 217, loc, "'%s' is a %s, not a %s",
                   name, kind_names[kind == HOST ? SWITCH : HOST], kind_names[kind]);
    else if (near)
        csin_error(diag, CSIN_E_INPUT, kind == HOST ? 400 : 217, loc,
                   "unknown %s '%s'; did you mean '%s'?", kind_names[kind], name, near);
    else
        csin_error(diag, CSIN_E_INPUT, kind == HOST ? 400 : 217, loc, "unknown %s '%s'",
                   kind_names[kind], name);
    if (all)
        csin_note(diag, loc, "fabric '%s' has the %s %s", f->name, kinds_names[kind],
                  csin_brief(all, SIZE_MAX).s);
    csin_arena_destroy(scratch);
    return CSIN_E_INPUT;
}

static enum csin_status pick_list(const struct csin_fabric *f, enum kind kind,
                                  const struct csin_text *list, struct csin_arena *arena,
                                  struct csin_diag *diag, uint32_t **ret_picked, uint32_t *ret_n)
{
    const char *const *names;
    uint32_t n = 0, unknown = 0, *picked = NULL;
    struct csin_arena *scratch = csin_arena_create();
    enum csin_status status = scratch ? csin_hostlist_expand(scratch, diag, list->loc, list->s,
                                                             &names, &n)
                                      : csin_no_memory(diag);
    if (status == CSIN_OK && !(picked = csin_arena_alloc(arena, n, sizeof *picked)))
        status = csin_no_memory(diag);
    for (uint32_t i = 0; picked && i < n && unknown < UNKNOWN_TOLD; i++) {
        picked[i] = find_name(f, kind, names[i]);
        if (picked[i] == CSIN_NONE)
            status = unknown_name(f, diag, kind, names[i], list->loc, unknown++ == 0);
    }
    csin_arena_destroy(scratch);
    if (status != CSIN_OK)
        return status;
    *ret_picked = picked;
    *ret_n = n;
    return CSIN_OK;
}

enum csin_status csin_pick_named(const struct csin_fabric *fabric, const struct csin_text *list,
                                 struct csin_arena *arena, struct csin_diag *diag,
                                 uint32_t **ret_hosts, uint32_t *ret_n)
{
    return pick_list(fabric, HOST, list, arena, diag, ret_hosts, ret_n);
}

enum csin_status csin_pick_switches(const struct csin_fabric *fabric, const struct csin_text *list,
                                    struct csin_arena *arena, struct csin_diag *diag,
                                    uint32_t **ret_switches, uint32_t *ret_n)
{
    return pick_list(fabric, SWITCH, list, arena, diag, ret_switches, ret_n);
}

uint32_t csin_pick_end(const struct csin_fabric *fabric, const struct csin_text *name,
                       struct csin_diag *diag)
{
    uint32_t id = find_name(fabric, EITHER, name->s);
    if (id == CSIN_NONE)
        unknown_name(fabric, diag, EITHER, name->s, name->loc, true);
    return id;
}

static void warn_no_effect(const struct pick *p)
{
    if (p->spec->placement.loc.line)
        csin_warning(p->diag, 402, p->spec->placement.loc,
                     "'placement' has no effect: the hosts are listed by name");
    if (p->spec->zone.s)
        csin_warning(p->diag, 402, p->spec->zone.loc,
                     "'zone' has no effect: the hosts are listed by name");
}

/* Whether `name` means this zone. Of zone a1-p2 of family a these are its own name, a (all pods and
 * planes), a1 (the pod in all planes) and a-p2 (all pods in the plane). */
static bool is_called(const struct csin_zone *zone, const char *name)
{
    size_t family = strlen(zone->family);
    if (strcmp(zone->name, name) == 0 || (*name && strcmp(zone->family, name) == 0))
        return true;
    const char *plane = NULL; /* -p2 */
    for (const char *at = zone->name; (at = strstr(at, "-p")); at++)
        plane = at;
    if (!plane || plane <= zone->name + family || strncmp(zone->name, zone->family, family) != 0)
        return false;
    size_t pod = (size_t)(plane - zone->name);
    return (strlen(name) == pod && strncmp(zone->name, name, pod) == 0) ||
           (strncmp(name, zone->family, family) == 0 && strcmp(name + family, plane) == 0);
}

bool csin_pick_is_in_zone(const struct csin_fabric *f, uint32_t host, const char *zone)
{
    const struct csin_host *h = &f->hosts[host];
    for (uint32_t k = h->first_nic; k < h->first_nic + h->n_nics; k++)
        if (f->nics[k].leaf != CSIN_NONE && f->switches[f->nics[k].leaf].zone != CSIN_NONE &&
            is_called(&f->zones[f->switches[f->nics[k].leaf].zone], zone))
            return true;
    return false;
}

static enum csin_status check_zone(const struct pick *p)
{
    if (!p->spec->zone.s)
        return CSIN_OK;
    for (uint32_t z = 0; z < p->f->n_zones; z++)
        if (is_called(&p->f->zones[z], p->spec->zone.s))
            return CSIN_OK;
    csin_error(p->diag, CSIN_E_INPUT, 403, p->spec->zone.loc, "fabric '%s' has no zone '%s'",
               p->f->name, p->spec->zone.s);
    if (p->f->n_zones == 1 && !*p->f->zones[0].name)
        csin_note(p->diag, p->spec->zone.loc, "it is one zone without a name; leave out 'zone'");
    else if (p->f->n_zones == 1)
        csin_note(p->diag, p->spec->zone.loc, "it has zone '%s'", p->f->zones[0].name);
    else if (p->f->n_zones > 1)
        csin_note(p->diag, p->spec->zone.loc, "it has the zones '%s' to '%s'", p->f->zones[0].name,
                  p->f->zones[p->f->n_zones - 1].name);
    return CSIN_E_INPUT;
}

/* Reorders candidates so that consecutive ones come from different leaves: the first of every leaf,
 * then the second of every leaf, and so on. `on_leaf` counts how deep each leaf has been dug. */
static bool deal_by_leaf(const struct csin_fabric *f, struct csin_arena *scratch, uint32_t *hosts,
                         uint32_t n)
{
    uint32_t *depth = csin_arena_alloc(scratch, n, sizeof *depth);
    uint32_t *on_leaf = csin_arena_alloc(scratch, f->n_switches, sizeof *on_leaf);
    uint32_t *first = csin_arena_alloc(scratch, n + 1, sizeof *first);
    uint32_t *sorted = csin_arena_alloc(scratch, n, sizeof *sorted);
    if (!depth || !on_leaf || !first || !sorted)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t leaf = f->nics[f->hosts[hosts[i]].first_nic].leaf;
        depth[i] = leaf == CSIN_NONE ? 0 : on_leaf[leaf]++;
        first[depth[i] + 1]++;
    }
    for (uint32_t d = 0; d < n; d++)
        first[d + 1] += first[d];
    for (uint32_t i = 0; i < n; i++)
        sorted[first[depth[i]]++] = hosts[i];
    memcpy(hosts, sorted, n * sizeof *hosts);
    return true;
}

/* Of n_role hosts, n_free are in no job; `wanted` is more, 0 for all of none. */
static enum csin_status too_few(const struct pick *p, uint64_t wanted, enum csin_role role,
                                uint32_t n_role, uint32_t n_free)
{
    struct csin_loc loc = p->spec->hosts.loc;
    const char *of = p->spec->zone.s ? "zone" : "fabric",
               *name = p->spec->zone.s ? p->spec->zone.s : p->f->name;
    const char *role_name = csin_role_names[role];
    if (n_role == 0) {
        csin_error(p->diag, CSIN_E_INPUT, 401, loc, "%s '%s' has no %s hosts", of, name, role_name);
        csin_note(p->diag, loc,
                  "hosts whose model has 'role: %s' are, or %s:N in a one-line fabric", role_name,
                  role == CSIN_STORAGE ? "storage" : "host");
    } else if (n_free == n_role) {
        csin_error(p->diag, CSIN_E_INPUT, 401, loc, "%s %s hosts are asked for; %s '%s' has %s",
                   csin_show_count(wanted).s, role_name, of, name, csin_show_count(n_role).s);
    } else {
        csin_error(p->diag, CSIN_E_INPUT, 401, loc, "%s %s hosts are asked for, %s are free",
                   wanted ? csin_show_count(wanted).s : "all", role_name,
                   csin_show_count(n_free).s);
        csin_note(p->diag, loc, "%s '%s' has %s, of which other jobs take %s", of, name,
                  csin_show_count(n_role).s, csin_show_count(n_role - n_free).s);
    }
    return CSIN_E_INPUT;
}

/* The arrays of all hosts are scratch: there may be thousands of jobs. */
static enum csin_status pick_counted(const struct pick *p, uint64_t wanted, enum csin_role role,
                                     const bool *taken, struct csin_rng rng,
                                     struct csin_arena *scratch, uint32_t **ret_hosts,
                                     uint32_t *ret_n)
{
    const struct csin_fabric *f = p->f;
    const char *zone = p->spec->zone.s;
    uint32_t n = 0, n_role = 0, *picked;
    enum csin_status status = check_zone(p);
    if (status != CSIN_OK)
        return status;
    uint32_t *hosts = csin_arena_alloc(scratch, f->n_hosts, sizeof *hosts);
    if (!hosts)
        return csin_no_memory(p->diag);
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        if (f->hosts[h].role != role || (zone && !csin_pick_is_in_zone(f, h, zone)))
            continue;
        n_role++;
        if (!taken || !taken[h])
            hosts[n++] = h;
    }
    if (wanted == 0 && n > 0)
        wanted = n; /* all */
    if (wanted > n || wanted == 0)
        return too_few(p, wanted, role, n_role, n);
    if (p->spec->placement.i == CSIN_RANDOM_PLACEMENT)
        csin_rng_shuffle(&rng, hosts, n);
    else if (p->spec->placement.i == CSIN_ROUND_ROBIN && !deal_by_leaf(f, scratch, hosts, n))
        return csin_no_memory(p->diag);
    picked = csin_arena_alloc(p->arena, wanted, sizeof *picked);
    if (!picked)
        return csin_no_memory(p->diag);
    memcpy(picked, hosts, wanted * sizeof *picked);
    *ret_hosts = picked;
    *ret_n = (uint32_t)wanted;
    return CSIN_OK;
}

enum csin_status csin_pick_hosts(const struct csin_fabric *fabric,
                                 const struct csin_pick_spec *spec, enum csin_role role,
                                 const bool *taken, struct csin_rng rng, struct csin_arena *arena,
                                 struct csin_diag *diag, uint32_t **ret_hosts, uint32_t *ret_n)
{
    struct pick p = {fabric, spec, arena, diag};
    const char *text = spec->hosts.s;
    bool is_all = strcmp(text, "all") == 0;
    bool is_named = !is_all && text[strspn(text, "0123456789+-.")] != 0;
    uint64_t wanted = 0;
    enum csin_status status = CSIN_OK;
    if (!is_all && !is_named)
        status = csin_read_count(diag, spec->hosts.loc, text, 1, CSIN_MAX_HOSTS, &wanted);
    if (status != CSIN_OK)
        return status;
    if (is_named) {
        warn_no_effect(&p);
        return pick_list(fabric, HOST, &spec->hosts, arena, diag, ret_hosts, ret_n);
    }
    struct csin_arena *scratch = csin_arena_create();
    if (!scratch)
        return csin_no_memory(diag);
    status = pick_counted(&p, wanted, role, taken, rng, scratch, ret_hosts, ret_n);
    csin_arena_destroy(scratch);
    return status;
}
