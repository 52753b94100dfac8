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

void csin_build_add_hosts(struct builder *b, const char *const *const *names, const uint32_t *n)
{
    struct csin_fabric *f = b->f;
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint32_t host = 0, nic = 0;
    for (uint32_t g = 0; g < b->spec->hosts.n; g++) {
        const struct csin_host_model_spec *model = csin_build_find_named(&b->host_models,
                                                                         groups[g].model.s);
        uint32_t n_nics = model->nics.loc.line ? (uint32_t)model->nics.n : 1;
        for (uint32_t i = 0; i < n[g]; i++, host++) {
            f->hosts[host] = (struct csin_host){
                names[g][i], model->name.s, (enum csin_role)model->role.i,
                nic,         n_nics,        csin_build_hosts_text(&groups[g])->loc};
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
        return csin_build_find_switches(b, &attach->switches, b->list);
    uint32_t zone = csin_build_find_zone(b, &attach->zone);
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
        csin_build_hosts_text(hosts)->s, csin_show_count(n).s, csin_show_count(n_list).s,
        n_list == 1 ? "" : "es", n_list == 1 ? "has" : "have", csin_show_count(free_total).s,
        sw->name, csin_show_count(others).s, csin_show_count(before).s);
}

static void attach_group(struct builder *b, const struct csin_hosts_spec *hosts,
                         const struct csin_attach_spec *attach, uint32_t first, uint32_t n)
{
    struct csin_fabric *f = b->f;
    uint32_t index = (uint32_t)attach->nic.n, n_list = candidates(b, attach, hosts->attach.loc);
    const struct csin_text *where = attach->zone.s ? &attach->zone : &attach->switches;
    const uint32_t *list = b->list;
    if (hosts->slurm.s && n_list)
        n_list = csin_build_list_slurm(b, hosts, attach, n_list);
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
        FAIL(b, 220, where->loc, "NIC %u of '%s' is attached twice", index,
             csin_build_hosts_text(hosts)->s);
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
    if (!hosts->slurm.s)
        share_out(b->free_ports, b->share, n_list, n, (enum csin_spread)attach->spread.i);
    else if (!csin_build_slurm_fits(b, hosts, n_list))
        return;
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

void csin_build_attach_hosts(struct builder *b, const uint32_t *n)
{
    const struct csin_hosts_spec *groups = b->spec->hosts.items;
    uint32_t first = 0;
    for (uint32_t g = 0; g < b->spec->hosts.n; first += n[g], g++) {
        const struct csin_attach_spec *attach = groups[g].attach.items;
        if (groups[g].attach.n == 0)
            FAIL(b, 221, groups[g].attach.loc, "'%s' is attached to nothing",
                 csin_build_hosts_text(&groups[g])->s);
        for (uint32_t i = 0; i < groups[g].attach.n; i++)
            attach_group(b, &groups[g], &attach[i], first, n[g]);
        if (b->status != CSIN_OK || n[g] == 0)
            continue;
        const struct csin_host *host = &b->f->hosts[first];
        for (uint32_t k = 0; k < host->n_nics; k++)
            if (b->f->nics[host->first_nic + k].leaf == CSIN_NONE)
                csin_warning(b->diag, 222, groups[g].attach.loc,
                             "NIC %u of '%s' is attached to nothing", k,
                             csin_build_hosts_text(&groups[g])->s);
    }
}
