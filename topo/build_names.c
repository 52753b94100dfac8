/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names in a fabric file: what refers to what, and what may be meant by a name that refers to
 * nothing. */
#include <string.h>

#include "base/hostlist.h"
#include "base/units.h"
#include "topo/build.h"

/* Records a failure and goes on, to find more. */
void csin_build_fail(struct builder *b, enum csin_status status)
{
    b->status = csin_first(b->status, status);
}

/* Every hostlist of a fabric together: four times the hosts it may have. Without it a short file
 * could list millions of names again and again. */
#define MAX_EXPANDED (4u * CSIN_MAX_HOSTS)

/* True when nobody will read what is found from here on (base/diag.h keeps 100 messages), so that
 * looking for near names in large lists can stop. */
bool csin_build_heard_enough(const struct builder *b)
{
    return !b->diag || csin_diag_errors(b->diag) > 100;
}

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
        csin_build_fail(b, csin_no_memory(b->diag));
        return named;
    }
    for (uint32_t i = 0; i < list->n; i++)
        if (name_at(&named, i)->s)
            csin_names_add(&named.index, name_at(&named, i)->s, i, &old);
    return named;
}

const void *csin_build_find_named(const struct named *named, const char *name)
{
    uint32_t i = csin_names_find(&named->index, name);
    return i == CSIN_NONE ? NULL : name_at(named, i);
}

/* An entry by its name; reports an unknown one. */
const void *csin_build_look_up(struct builder *b, const struct named *named,
                               const struct csin_text *name)
{
    uint32_t n = 0;
    if (!name->s || (b->partial && named->list->loc.line == 0))
        return NULL; /* absent, which has been told */
    const void *found = csin_build_find_named(named, name->s);
    if (found)
        return found;
    if (b->partial && named->index.n < named->list->n)
        return NULL; /* it may be one whose own name could not be read */
    const char *near = NULL, **names = NULL;
    if (!csin_build_heard_enough(b)) {
        names = csin_arena_alloc(b->arena, named->list->n, sizeof *names);
        if (!names) {
            csin_build_fail(b, csin_no_memory(b->diag));
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

const struct csin_switch_model_spec *csin_build_switch_model(struct builder *b,
                                                             const struct csin_text *name)
{
    return csin_build_look_up(b, &b->switch_models, name);
}

bool csin_build_add_name(struct builder *b, const char *name, uint32_t id, struct csin_loc loc)
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

/* The names of a hostlist, in `arena`; none of them after a reported failure. */
void csin_build_expand(struct builder *b, struct csin_arena *arena, const struct csin_text *list,
                       const char *const **ret_names, uint32_t *ret_n)
{
    *ret_n = 0;
    if (!list->s || b->n_expanded > MAX_EXPANDED)
        return;
    csin_build_fail(b, csin_hostlist_expand(arena, b->diag, list->loc, list->s, ret_names, ret_n));
    b->n_expanded += *ret_n;
    if (b->n_expanded > MAX_EXPANDED) {
        FAIL(b, 203, list->loc, "the lists of this fabric have more than %s names in all",
             csin_show_count(MAX_EXPANDED).s);
        *ret_n = 0;
    }
}

bool csin_build_find_zones(struct builder *b, const struct csin_text *name,
                           struct zone_set *ret_zones)
{
    const struct zone_ref *ref = csin_build_look_up(b, &b->zones, name);
    if (!ref)
        return false;
    uint32_t pods = 1, planes = 1; /* of an explicit zone */
    if (ref->family < b->spec->zones.n) {
        const struct csin_zone_spec *family = b->spec->zones.items;
        pods = csin_zone_spec_pods(&family[ref->family]);
        planes = csin_zone_spec_planes(&family[ref->family]);
    }
    *ret_zones = (struct zone_set){
        .first = b->first_zone ? b->first_zone[ref->family] : 0,
        .family_pods = pods,
        .pod = ref->pod == CSIN_NONE ? 0 : ref->pod,
        .n_pods = ref->pod == CSIN_NONE ? pods : 1,
        .plane = ref->plane == CSIN_NONE ? 0 : ref->plane,
        .n_planes = ref->plane == CSIN_NONE ? planes : 1,
    };
    return true;
}

uint32_t csin_build_find_zone(struct builder *b, const struct csin_text *name)
{
    struct zone_set set;
    if (!csin_build_find_zones(b, name, &set))
        return CSIN_NONE;
    uint64_t n = (uint64_t)set.n_pods * set.n_planes;
    if (n == 1)
        return csin_build_zone_of(&set, 0, 0);
    const struct zone_ref *ref = csin_build_find_named(&b->zones, name->s);
    const struct csin_zone_spec *family = (const struct csin_zone_spec *)b->spec->zones.items +
                                          ref->family; /* explicit zones are one */
    FAIL(b, 241, name->loc, "'%s' is %s zones; one is asked for here", name->s,
         csin_show_count(n).s);
    csin_note(b->diag, name->loc, "name a single one, such as '%s'",
              csin_build_zone_name(b, family, set.pod, set.plane));
    return CSIN_NONE;
}

/* The switch whose name is most like `name`, NULL where none is. */
static const char *nearest_switch(struct builder *b, const char *name)
{
    uint32_t n = b->f->n_switches;
    if (csin_build_heard_enough(b))
        return NULL;
    if (!b->switch_names && (b->switch_names = csin_arena_alloc(b->arena, n, sizeof(char *))))
        for (uint32_t i = 0; i < n; i++)
            b->switch_names[i] = b->f->switches[i].name;
    return b->switch_names ? csin_nearest(name, b->switch_names, n) : NULL;
}

void csin_build_say_unknown(struct builder *b, const char *what, const char *name,
                            struct csin_loc loc)
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

uint32_t csin_build_find_switch(struct builder *b, const char *name, struct csin_loc loc)
{
    uint32_t s = csin_names_find(&b->f->names, name);
    if (s < b->f->n_switches)
        return s;
    if (s != CSIN_NONE)
        FAIL(b, 217, loc, "'%s' is a host, not a switch", name);
    else
        csin_build_say_unknown(b, "switch", name, loc);
    return CSIN_NONE;
}

/* The switches of a hostlist into `list`, which has room for all there are: a list names none
 * twice. Returns their number; 0 after a reported failure. */
uint32_t csin_build_find_switches(struct builder *b, const struct csin_text *names, uint32_t *list)
{
    const char *const *each;
    uint32_t n, found = 0;
    csin_build_expand(b, b->arena, names, &each, &n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t s = csin_build_find_switch(b, each[i], names->loc);
        if (s != CSIN_NONE)
            list[found++] = s;
        else if (i - found >= 3)
            return 0; /* enough said of one list */
    }
    return found == n ? n : 0;
}

void *csin_build_array(struct builder *b, uint64_t n, size_t size)
{
    void *p = csin_arena_alloc(b->f->arena, n, size);
    if (!p)
        csin_build_fail(b, csin_no_memory(b->diag));
    return p;
}

const char *csin_build_number(struct builder *b, const char *prefix, uint32_t i, uint64_t n)
{
    int digits = 1;
    for (; n >= 10; n /= 10)
        digits++;
    const char *name = csin_arena_printf(b->f ? b->f->arena : b->arena, "%s%0*u", prefix, digits,
                                         i + 1);
    if (!name)
        csin_build_fail(b, csin_no_memory(b->diag));
    return name ? name : "";
}

const char *csin_build_zone_name(struct builder *b, const struct csin_zone_spec *z, uint32_t pod,
                                 uint32_t plane)
{
    const char *name = z->name.s;
    if (pod != CSIN_NONE && csin_zone_spec_pods(z) > 1)
        name = csin_build_number(b, *name ? name : "pod", pod, csin_zone_spec_pods(z));
    if (plane == CSIN_NONE || csin_zone_spec_planes(z) == 1)
        return name;
    const char *prefix = csin_arena_printf(b->arena, "%s%s", name, *name ? "-p" : "p");
    if (!prefix)
        csin_build_fail(b, csin_no_memory(b->diag));
    return csin_build_number(b, prefix ? prefix : "", plane, csin_zone_spec_planes(z));
}

/* The names of a family of zones: itself, each pod, each plane, each pod in each plane. */
static uint32_t add_zone_refs(struct builder *b, uint32_t family, struct zone_ref *refs)
{
    const struct csin_zone_spec *z = (const struct csin_zone_spec *)b->spec->zones.items + family;
    uint32_t pods = csin_zone_spec_pods(z), planes = csin_zone_spec_planes(z), n = 0;
    refs[n++] = (struct zone_ref){z->name, family, CSIN_NONE, CSIN_NONE};
    if (!z->name.s)
        return n;
    for (uint32_t i = 0; i <= pods; i++)
        for (uint32_t k = 0; k <= planes; k++) {
            uint32_t pod = i < pods ? i : CSIN_NONE, plane = k < planes ? k : CSIN_NONE;
            bool told = (i < pods && pods == 1) || (k < planes && planes == 1) ||
                        (i == pods && k == planes);
            if (!told)
                refs[n++] = (struct zone_ref){
                    {csin_build_zone_name(b, z, pod, plane), z->name.loc}, family, pod, plane};
        }
    return n;
}

/* Every zone has two switches or more, so that this is not reached by what may be built. */
#define MAX_ZONE_REFS (4u * CSIN_MAX_SWITCHES)

/* The names that entries of `switches` give to zones, each once. One that `zones` makes as well is
 * a mistake. */
static void list_explicit_zones(struct builder *b)
{
    const struct csin_zone_spec *zones = b->spec->zones.items;
    const struct csin_switches_spec *switches = b->spec->switches.items;
    uint32_t n_zones = b->spec->zones.n, n = 0, old;
    struct csin_names seen;
    struct csin_text *names = csin_arena_alloc(b->arena, b->spec->switches.n, sizeof *names);
    if (!names || !csin_names_init(&seen, b->arena, n_zones + b->spec->switches.n)) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    for (uint32_t i = 0; i < n_zones; i++)
        if (zones[i].name.s)
            csin_names_add(&seen, zones[i].name.s, i, &old);
    for (uint32_t i = 0; i < b->spec->switches.n; i++) {
        const struct csin_text *zone = &switches[i].zone;
        if (!zone->s)
            continue;
        if (csin_names_add(&seen, zone->s, n_zones + n, &old)) {
            names[n++] = *zone;
        } else if (old < n_zones) {
            FAIL(b, 600, zone->loc, "zone '%s' is one of 'zones', which makes its own switches",
                 zone->s);
            csin_note(b->diag, zones[old].name.loc, "choose another name, or leave 'zone' out");
        }
    }
    b->explicit_zones = (struct csin_list){names, n, b->spec->switches.loc};
}

static void list_zone_refs(struct builder *b)
{
    const struct csin_zone_spec *zones = b->spec->zones.items;
    uint64_t n = 0;
    for (uint32_t i = 0; i < b->spec->zones.n; i++)
        n += (csin_zone_spec_pods(&zones[i]) + 1ull) * (csin_zone_spec_planes(&zones[i]) + 1ull);
    n += b->explicit_zones.n;
    if (n > MAX_ZONE_REFS + 3ull * b->spec->zones.n) {
        FAIL(b, 203, b->spec->zones.loc, "more than %s zones with all their pods and planes",
             csin_show_count(CSIN_MAX_SWITCHES).s);
        return;
    }
    struct zone_ref *refs = csin_arena_alloc(b->arena, n, sizeof *refs);
    if (!refs) {
        csin_build_fail(b, csin_no_memory(b->diag));
        return;
    }
    b->zone_refs = (struct csin_list){refs, 0, b->spec->zones.loc};
    for (uint32_t i = 0; i < b->spec->zones.n; i++)
        b->zone_refs.n += add_zone_refs(b, i, refs + b->zone_refs.n);
    for (uint32_t i = 0; i < b->explicit_zones.n; i++)
        refs[b->zone_refs.n++] = (struct zone_ref){
            ((const struct csin_text *)b->explicit_zones.items)[i], b->spec->zones.n + i, CSIN_NONE,
            CSIN_NONE};
    if (!b->zone_refs.loc.line && b->explicit_zones.n)
        b->zone_refs.loc = b->explicit_zones.loc;
}

/* Pods and planes have names that another zone may have taken. */
static void check_zone_refs(struct builder *b)
{
    const struct zone_ref *refs = b->zone_refs.items;
    for (uint32_t i = 0; i < b->zone_refs.n; i++) {
        uint32_t first = refs[i].name.s ? csin_names_find(&b->zones.index, refs[i].name.s) : i;
        if (first == i || refs[first].family == refs[i].family)
            continue;
        FAIL(b, 240, refs[i].name.loc, "two zones would be called '%s'", refs[i].name.s);
        csin_note(b->diag, refs[first].name.loc,
                  "pods of zone 'a' are called a1, a2 and so on, "
                  "planes a-p1, a-p2; this is the other one");
        return;
    }
}

void csin_build_index_spec(struct builder *b)
{
    b->switch_models = index_names(b, &b->spec->switch_models,
                                   sizeof(struct csin_switch_model_spec), "switch model");
    b->host_models = index_names(b, &b->spec->host_models, sizeof(struct csin_host_model_spec),
                                 "host model");
    list_explicit_zones(b);
    list_zone_refs(b);
    b->zones = index_names(b, &b->zone_refs, sizeof(struct zone_ref), "zone");
    check_zone_refs(b);
}

/* Every hostlist, and every name that must be one of a list of the same file. */
static void check_names(struct builder *b)
{
    const char *const *names;
    uint32_t n;
    const struct csin_zone_spec *zones = b->spec->zones.items;
    for (uint32_t i = 0; i < b->spec->zones.n; i++) {
        csin_build_look_up(b, &b->switch_models, &zones[i].model);
        csin_build_look_up(b, &b->switch_models, &zones[i].spine_model);
        const struct csin_spines_spec *groups = zones[i].spine_groups.items;
        for (uint32_t k = 0; k < zones[i].spine_groups.n; k++)
            csin_build_look_up(b, &b->switch_models, &groups[k].model);
    }
    const struct csin_hosts_spec *hosts = b->spec->hosts.items;
    for (uint32_t i = 0; i < b->spec->hosts.n; i++) {
        if (hosts[i].slurm.s)
            csin_build_open_slurm(b, i, &names, &n);
        else
            csin_build_expand(b, b->arena, &hosts[i].names, &names, &n);
        csin_build_look_up(b, &b->host_models, &hosts[i].model);
        const struct csin_attach_spec *attach = hosts[i].attach.items;
        for (uint32_t k = 0; k < hosts[i].attach.n; k++) {
            csin_build_look_up(b, &b->zones, &attach[k].zone);
            csin_build_expand(b, b->arena, &attach[k].switches, &names, &n);
        }
    }
    const struct csin_inter_zone_spec *inter_zone = b->spec->inter_zone.items;
    for (uint32_t i = 0; i < b->spec->inter_zone.n; i++) {
        csin_build_expand(b, b->arena, &inter_zone[i].names, &names, &n);
        csin_build_look_up(b, &b->switch_models, &inter_zone[i].model);
        const struct csin_text *joined = inter_zone[i].zones.items;
        for (uint32_t k = 0; k < inter_zone[i].zones.n; k++)
            csin_build_look_up(b, &b->zones, &joined[k]);
    }
    const struct csin_core_spec *core = b->spec->core.items;
    for (uint32_t i = 0; i < b->spec->core.n; i++) {
        csin_build_expand(b, b->arena, &core[i].names, &names, &n);
        csin_build_look_up(b, &b->switch_models, &core[i].model);
        const struct csin_text *joined = core[i].zones.items;
        for (uint32_t k = 0; k < core[i].zones.n; k++)
            csin_build_look_up(b, &b->zones, &joined[k]);
    }
    const struct csin_switches_spec *switches = b->spec->switches.items;
    for (uint32_t i = 0; i < b->spec->switches.n; i++) {
        csin_build_expand(b, b->arena, &switches[i].names, &names, &n);
        csin_build_look_up(b, &b->switch_models, &switches[i].model);
    }
    const struct csin_cables_spec *cables = b->spec->cables.items;
    for (uint32_t i = 0; i < b->spec->cables.n; i++) {
        csin_build_expand(b, b->arena, &cables[i].from, &names, &n);
        csin_build_expand(b, b->arena, &cables[i].to, &names, &n);
    }
}

void csin_fabric_check_names(const struct csin_fabric_spec *spec, struct csin_diag *diag)
{
    struct builder b = {.spec = spec, .diag = diag, .partial = true, .arena = csin_arena_create()};
    if (b.arena)
        csin_build_index_spec(&b);
    if (b.arena && b.status == CSIN_OK)
        check_names(&b);
    csin_arena_destroy(b.arena);
}
