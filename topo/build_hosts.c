/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hosts, and the leaf that each of their NICs goes to. */
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

/* ---- hosts ---- */

void csin_build_count_hosts(struct builder *b, const char *const **names, uint32_t *n)
{
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint64_t hosts = 0, nics = 0;
    for (uint32_t i = 0; i < b->spec->hosts.n; i++) {
        if (groups[i].slurm.s)
            csin_build_open_slurm(b, i, &names[i], &n[i]);
        else
            csin_build_expand(b, b->f->arena, &groups[i].names, &names[i], &n[i]);
        const struct csin_host_model_spec *model = csin_build_look_up(b, &b->host_models,
                                                                      &groups[i].model);
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

/* NULL where the model says nothing of it, or something wrong. Groups of one model share it. */
static const struct csin_inside_model *
inside_of(struct builder *b, const struct csin_host_model_spec *model, uint32_t n_nics)
{
    const struct csin_host *hosts = b->f->hosts;
    enum csin_status status;
    if (!model->inside.loc.line)
        return NULL;
    for (uint32_t h = 0; h < b->f->n_hosts && hosts[h].model; h++)
        if (strcmp(hosts[h].model, model->name.s) == 0)
            return hosts[h].inside;
    const struct csin_inside_model *inside = csin_inside_model_create(
        &model->inside, n_nics, b->f->arena, b->diag, &status);
    if (!inside)
        csin_build_fail(b, status);
    return inside;
}

void csin_build_add_hosts(struct builder *b, const char *const *const *names, const uint32_t *n)
{
    struct csin_fabric *f = b->f;
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint32_t host = 0, nic = 0;
    for (uint32_t g = 0; g < b->spec->hosts.n; g++) {
        const struct csin_host_model_spec *model = csin_build_find_named(&b->host_models,
                                                                         groups[g].model.s);
        uint32_t n_nics = model->nics.loc.line ? (uint32_t)model->nics.n : 1;
        const struct csin_inside_model *inside = inside_of(b, model, n_nics);
        for (uint32_t i = 0; i < n[g]; i++, host++) {
            f->hosts[host] = (struct csin_host){
                names[g][i], model->name.s, (enum csin_role)model->role.i,
                nic,         n_nics,        csin_build_hosts_text(&groups[g])->loc,
                inside};
            for (uint32_t k = 0; k < n_nics; k++, nic++)
                f->nics[nic] = (struct csin_nic){host, CSIN_NONE, CSIN_NONE, model->rate_Bps.x,
                                                 model->latency_s.x};
            if (!csin_build_add_name(b, names[g][i], f->n_switches + host,
                                     csin_build_hosts_text(&groups[g])->loc))
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

/* What an attachment means: the NICs of each host, and the zones they go to, if it is to zones. */
struct attachment {
    const struct csin_attach_spec *spec;
    const struct csin_text *where; /* its zone or its switches */
    struct zone_set zones;         /* n_planes 1 where it is to switches */
    uint32_t first_nic, n_nics;
};

/* False after a reported failure. */
static bool read_attachment(struct builder *b, const struct csin_hosts_spec *hosts,
                            const struct csin_attach_spec *spec, const struct csin_host *host,
                            struct attachment *a)
{
    *a = (struct attachment){.spec = spec, .where = spec->zone.s ? &spec->zone : &spec->switches};
    if ((spec->zone.s != NULL) == (spec->switches.s != NULL)) {
        struct csin_loc loc = spec->zone.s            ? spec->switches.loc
                              : spec->nic.loc.line    ? spec->nic.loc
                              : spec->spread.loc.line ? spec->spread.loc
                                                      : hosts->attach.loc;
        FAIL(b, 218, loc, "an attachment names either 'zone' or 'switches'");
        return false;
    }
    a->zones.n_planes = 1;
    if (spec->zone.s && !csin_build_find_zones(b, &spec->zone, &a->zones))
        return false;
    if (spec->nic.n >= host->n_nics) {
        FAIL(b, 219, spec->nic.loc, "'%s' has %u NIC%s; there is no NIC %u", host->model,
             host->n_nics, host->n_nics == 1 ? "" : "s", (uint32_t)spec->nic.n);
        csin_note(b->diag, spec->nic.loc, "NICs count from 0");
        return false;
    }
    bool all = !spec->nic.loc.line && (a->zones.n_planes > 1 || spec->spread.i == CSIN_RAILS);
    a->first_nic = (uint32_t)spec->nic.n;
    a->n_nics = all ? host->n_nics : 1;
    if (all && host->n_nics < a->zones.n_planes) {
        csin_warning(b->diag, 248, a->where->loc,
                     "hosts with %u NIC%s reach %u of the %u planes of '%s'", host->n_nics,
                     host->n_nics == 1 ? "" : "s", host->n_nics, a->zones.n_planes, spec->zone.s);
        csin_note(b->diag, a->where->loc,
                  "give the host model a NIC for each plane, or name the one that is meant");
    }
    return true;
}

/* The leaves, or the switches named, of one plane of an attachment, in `list`. Returns their
 * number; 0 after a reported failure. */
static uint32_t candidates(struct builder *b, const struct attachment *a, uint32_t plane,
                           uint32_t *list)
{
    if (a->spec->switches.s)
        return csin_build_find_switches(b, &a->spec->switches, list);
    uint32_t n = 0;
    for (uint32_t pod = 0; pod < a->zones.n_pods; pod++) {
        const struct csin_zone *z = &b->f->zones[csin_build_zone_of(&a->zones, plane, pod)];
        for (uint32_t i = 0; i < z->n_leaves; i++)
            list[n++] = z->first_leaf + i;
    }
    return n;
}

static uint32_t free_host_ports(const struct builder *b, uint32_t s)
{
    uint32_t ports = b->f->switches[s].n_ports - b->planned[s];
    uint32_t hosts = b->host_limit[s] - b->hosts_on[s];
    return ports < hosts ? ports : hosts;
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
        csin_build_hosts_text(hosts)->s, csin_show_count(n).s, csin_show_count(n_list).s,
        n_list == 1 ? "" : "es", n_list == 1 ? "has" : "have", csin_show_count(free_total).s,
        sw->name, csin_show_count(others).s, csin_show_count(before).s);
}

/* The candidates of b->list as they are filled: one by one, or by rails of n_rails, of which each
 * group is as full as its fullest leaf, which then stands for it; all its leaves are in b->rails.
 * Returns the number of groups; 0 after a reported failure. */
static uint32_t group_rails(struct builder *b, const struct attachment *a, uint32_t n_list,
                            uint32_t n_rails)
{
    if (n_rails == 1)
        return n_list;
    uint32_t of = n_list;
    if (a->spec->zone.s) /* groups do not reach from pod to pod */
        of = b->f->zones[csin_build_zone_of(&a->zones, 0, 0)].n_leaves;
    if (of % n_rails) {
        FAIL(b, 246, a->where->loc, "%u leaves cannot be divided into groups of %u rails", of,
             n_rails);
        csin_note(b->diag, a->where->loc,
                  "each of the %u NICs of a host goes to its own leaf of a group: write a multiple "
                  "of %u leaves",
                  n_rails, n_rails);
        return 0;
    }
    memcpy(b->rails, b->list, n_list * sizeof *b->list);
    for (uint32_t g = 0; g < n_list / n_rails; g++) {
        const uint32_t *leaves = b->rails + g * n_rails;
        b->list[g] = leaves[0];
        for (uint32_t i = 1; i < n_rails; i++)
            if (free_host_ports(b, leaves[i]) < free_host_ports(b, b->list[g]))
                b->list[g] = leaves[i];
    }
    return n_list / n_rails;
}

/* Puts NICs `nic`, nic + step and so on of n hosts on the switches of one plane: n_rails of them,
 * each on another leaf. */
static void attach_nics(struct builder *b, const struct csin_hosts_spec *hosts,
                        const struct attachment *a, uint32_t plane, uint32_t nic, uint32_t n_rails,
                        uint32_t first, uint32_t n)
{
    struct csin_fabric *f = b->f;
    uint32_t step = a->zones.n_planes, n_list = candidates(b, a, plane, b->list);
    if (hosts->slurm.s && n_list)
        n_list = csin_build_list_slurm(b, hosts, a->spec, n_list);
    n_list = n_list ? group_rails(b, a, n_list, n_rails) : 0;
    if (n_list == 0)
        return;
    uint64_t free_total = 0;
    for (uint32_t i = 0; i < n_list; i++) {
        b->free_ports[i] = free_host_ports(b, b->list[i]);
        free_total += b->free_ports[i];
    }
    if (n > free_total) {
        say_out_of_ports(b, a->where, hosts, n_list, n, free_total);
        return;
    }
    enum csin_spread spread = a->spec->spread.i == CSIN_FILL ? CSIN_FILL : CSIN_EVEN;
    if (!hosts->slurm.s)
        share_out(b->free_ports, b->share, n_list, n, spread);
    else if (!csin_build_slurm_fits(b, hosts, n_list))
        return;
    uint32_t host = first;
    for (uint32_t i = 0; i < n_list; i++)
        for (uint32_t k = 0; k < b->share[i]; k++, host++)
            for (uint32_t r = 0; r < n_rails; r++) {
                uint32_t leaf = n_rails == 1 ? b->list[i] : b->rails[i * n_rails + r];
                f->nics[f->hosts[host].first_nic + nic + r * step].leaf = leaf;
                b->hosts_on[leaf]++;
                b->planned[leaf]++;
            }
}

/* Reports a NIC of the attachment that has a cable already. */
static bool is_attached_twice(struct builder *b, const struct csin_hosts_spec *hosts,
                              const struct attachment *a, uint32_t host)
{
    const struct csin_host *h = &b->f->hosts[host];
    for (uint32_t k = a->first_nic; k < a->first_nic + a->n_nics; k++) {
        if (b->f->nics[h->first_nic + k].leaf == CSIN_NONE)
            continue;
        const struct wire *wire = b->wire_of ? b->wire_of[h->first_nic + k] : NULL;
        FAIL(b, 220, a->where->loc, "NIC %u of '%s' is attached twice", k,
             wire ? h->name : csin_build_hosts_text(hosts)->s);
        if (wire)
            csin_note(b->diag, wire->plug->end.loc, "its cable is written out here");
        return true;
    }
    return false;
}

/* NIC k goes to plane k mod their number. */
static void attach_group(struct builder *b, const struct csin_hosts_spec *hosts,
                         const struct csin_attach_spec *spec, uint32_t first, uint32_t n)
{
    struct csin_fabric *f = b->f;
    struct attachment a;
    if (n == 0 || !read_attachment(b, hosts, spec, &f->hosts[first], &a))
        return;
    const struct csin_nic *nics = &f->nics[f->hosts[first].first_nic];
    for (uint32_t h = first; h < first + n; h++)
        if (is_attached_twice(b, hosts, &a, h))
            return;
    enum csin_status before = b->status;
    b->status = CSIN_OK;
    uint32_t planes = a.zones.n_planes;
    bool rails = spec->spread.i == CSIN_RAILS;
    for (uint32_t i = 0; i < a.n_nics && b->status == CSIN_OK; i++) {
        uint32_t nic = a.first_nic + i;
        if (rails && i >= planes)
            break; /* with the first NIC of its plane */
        attach_nics(b, hosts, &a, nic % planes, nic,
                    rails ? (a.n_nics - i + planes - 1) / planes : 1, first, n);
    }
    uint32_t leaf = nics[a.first_nic].leaf;
    if (leaf != CSIN_NONE && nics[a.first_nic].rate_Bps > f->switches[leaf].rate_Bps * (1 + 1e-12))
        csin_warning(b->diag, 232, a.where->loc,
                     "NICs of %s run at %s, the rate of the ports of '%s'",
                     csin_show_linerate(nics[a.first_nic].rate_Bps).s,
                     csin_show_linerate(f->switches[leaf].rate_Bps).s, f->switches[leaf].name);
    b->status = csin_first(before, b->status);
}

/* All hosts of a group are attached alike. */
static void say_what_is_loose(struct builder *b, const struct csin_hosts_spec *group,
                              uint32_t first)
{
    const struct csin_host *host = &b->f->hosts[first];
    for (uint32_t k = 0; k < host->n_nics; k++)
        if (b->f->nics[host->first_nic + k].leaf == CSIN_NONE)
            csin_warning(b->diag, 222, group->attach.loc, "NIC %u of '%s' is attached to nothing",
                         k, csin_build_hosts_text(group)->s);
}

/* Each host is cabled by itself; a few of those that are not stand for all. */
static void say_what_is_not_cabled(struct builder *b, uint32_t first, uint32_t n)
{
    unsigned said = 0;
    for (uint32_t h = first; h < first + n; h++) {
        const struct csin_host *host = &b->f->hosts[h];
        for (uint32_t k = 0; k < host->n_nics && said < 5; k++)
            if (b->f->nics[host->first_nic + k].leaf == CSIN_NONE) {
                csin_warning(b->diag, 222, host->loc, "NIC %u of '%s' is attached to nothing", k,
                             host->name);
                said++;
            }
    }
}

void csin_build_attach_hosts(struct builder *b, const uint32_t *n)
{
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint32_t first = 0;
    for (uint32_t g = 0; g < b->spec->hosts.n; first += n[g], g++) {
        const struct csin_attach_spec *attach = groups[g].attach.items;
        bool is_written = groups[g].attach.loc.line || !b->spec->cabling.loc.line;
        struct csin_loc loc = groups[g].attach.loc.line ? groups[g].attach.loc
                                                        : csin_build_hosts_text(&groups[g])->loc;
        if (groups[g].attach.n == 0 && is_written)
            FAIL(b, 221, loc, "'%s' is attached to nothing", csin_build_hosts_text(&groups[g])->s);
        for (uint32_t i = 0; i < groups[g].attach.n; i++)
            attach_group(b, &groups[g], &attach[i], first, n[g]);
        if (b->status != CSIN_OK || n[g] == 0)
            continue;
        if (is_written)
            say_what_is_loose(b, &groups[g], first);
        else
            say_what_is_not_cabled(b, first, n[g]);
    }
}
