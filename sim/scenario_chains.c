/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chain tables of a scenario: made, or read from files. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "sim/resolve.h"

#define DEFAULT_REPLICAS 3
#define MAX_FILES 4u

const char csin_chains_what[] = "chains";

static void read_file(struct resolver *r, const struct csin_chains_spec *spec,
                      struct csin_chains *chains)
{
    struct csin_scenario *sc = r->sc;
    char *text;
    size_t bytes;
    uint32_t n_files = 0;
    for (uint32_t i = 0; i < sc->n_inputs; i++)
        n_files += sc->inputs[i].what == csin_chains_what;
    if (n_files == MAX_FILES) {
        FAIL(r, 922, spec->file.loc, "more than %u chain tables from files", MAX_FILES);
        return;
    }
    const char *path = csin_beside(sc->arena, spec->file.loc.file, spec->file.s);
    enum csin_status status = path ? csin_file_read(r->diag, spec->file.loc, path, &text, &bytes)
                                   : csin_no_memory(r->diag);
    if (status == CSIN_OK) {
        struct csin_input *input = &sc->inputs[sc->n_inputs++];
        *input = (struct csin_input){csin_chains_what, spec->file.s, path,
                                     csin_sha256(text, bytes)};
        chains->loc = spec->file.loc;
        status = input->sha256.hex[0]
                     ? csin_chains_read(chains, sc->arena, r->diag, path, text, bytes)
                     : csin_no_memory(r->diag);
        chains->loc = spec->name.loc;
        free(text);
    }
    csin_resolve_fail(r, status);
}

/* Of any server; 0: of some the model says nothing. */
static uint32_t fewest_ssds(const struct csin_fabric *f, const struct csin_chains *chains)
{
    uint32_t n = UINT32_MAX;
    for (uint32_t i = 0; i < chains->n_servers; i++) {
        const struct csin_inside_model *inside = f->hosts[chains->servers[i]].inside;
        uint32_t has = inside ? inside->n_ssds : 0;
        n = has < n ? has : n;
    }
    return n;
}

/* A table may name SSDs that the models of hosts say nothing of, but not more than they have. */
static void check_ssds(struct resolver *r, const struct csin_chains_spec *spec,
                       const struct csin_chains *chains)
{
    struct csin_loc loc = spec->ssds.loc.line   ? spec->ssds.loc
                          : spec->file.loc.line ? spec->file.loc
                                                : spec->name.loc;
    uint32_t n_ssds = fewest_ssds(r->sc->fabric, chains);
    if (n_ssds > 0 && chains->n_ssds > n_ssds)
        FAIL(r, 926, loc, "chain table '%s' has %u SSDs of each server; there are %u", chains->name,
             chains->n_ssds, n_ssds);
    else if (n_ssds == 0 && spec->iops.loc.line)
        csin_warning(r->diag, 402, spec->iops.loc,
                     "'ssd-iops' has no effect: the models of the servers say nothing of SSDs");
}

static void make_table(struct resolver *r, const struct csin_chains_spec *spec,
                       struct csin_chains *chains)
{
    uint32_t v = chains->n_servers, k = (uint32_t)csin_count_or(&spec->replicas, DEFAULT_REPLICAS);
    uint32_t n_ssds = fewest_ssds(r->sc->fabric, chains);
    chains->replicas = k;
    chains->n_ssds = (uint32_t)csin_count_or(&spec->ssds, n_ssds > 0 ? n_ssds : 1);
    chains->design = (enum csin_design)spec->design.i;
    if (v < k) {
        FAIL(r, 922, spec->replicas.loc.line ? spec->replicas.loc : spec->name.loc,
             "chains of %u targets on different hosts; there %s %s server%s", k,
             v == 1 ? "is" : "are", csin_show_count(v).s, v == 1 ? "" : "s");
        return;
    }
    uint64_t least = csin_design_least(v, k), targets = csin_count_or(&spec->targets, least);
    uint64_t blocks = csin_design_blocks(v, k, (uint32_t)targets);
    struct csin_loc loc = spec->targets.loc.line ? spec->targets.loc : spec->name.loc;
    if (targets > CSIN_MAX_TARGETS || blocks * chains->n_ssds > CSIN_MAX_CHAINS) {
        FAIL(r, 922, loc, "%s targets on each SSD make %s chains; at most %s targets and %s chains",
             csin_show_count(targets).s, csin_show_count(blocks * chains->n_ssds).s,
             csin_show_count(CSIN_MAX_TARGETS).s, csin_show_count(CSIN_MAX_CHAINS).s);
        csin_note(r->diag, loc, "write fewer 'targets'");
        return;
    }
    if (!blocks) {
        FAIL(r, 922, loc, "%s servers with %s targets on an SSD do not fill chains of %u",
             csin_show_count(v).s, csin_show_count(targets).s, k);
        csin_note(r->diag, loc, "servers x targets must be a multiple of %u; %s balances all pairs",
                  k, csin_show_count(least).s);
        return;
    }
    chains->n_targets = (uint32_t)targets;
    if (!csin_chains_create(chains, r->sc->arena))
        csin_resolve_fail(r, csin_no_memory(r->diag));
}

static void resolve_table(struct resolver *r, const struct csin_chains_spec *spec,
                          struct csin_chains *chains)
{
    struct csin_pick_spec servers = {.hosts = spec->servers};
    if (!servers.hosts.s)
        servers.hosts = (struct csin_text){"all", spec->name.loc};
    *chains = (struct csin_chains){.name = spec->name.s, .loc = spec->name.loc};
    enum csin_status status = csin_pick_hosts(r->sc->fabric, &servers, CSIN_STORAGE, NULL,
                                              csin_rng_init(0, 0), r->sc->arena, r->diag,
                                              &chains->servers, &chains->n_servers);
    csin_resolve_fail(r, status);
    if (status != CSIN_OK)
        return;
    const struct csin_loc made[] = {spec->ssds.loc, spec->replicas.loc, spec->targets.loc,
                                    spec->design.loc};
    for (size_t i = 0; spec->file.s && i < sizeof made / sizeof *made; i++)
        if (made[i].line) {
            FAIL(r, 922, made[i], "the chains of '%s' come from a file, which says this",
                 chains->name);
            csin_note(r->diag, made[i], "leave it out, or the 'file'");
            return;
        }
    if (spec->file.s)
        read_file(r, spec, chains);
    else
        make_table(r, spec, chains);
    chains->iops = (double)spec->iops.n;
    if (chains->targets)
        check_ssds(r, spec, chains);
}

void csin_resolve_chains(struct resolver *r)
{
    const struct csin_chains_spec *specs = r->spec->chains.items;
    struct csin_scenario *sc = r->sc;
    sc->n_chains = r->spec->chains.n;
    if (!(sc->chains = csin_resolve_array(r, sc->n_chains, sizeof *sc->chains)))
        return;
    for (uint32_t i = 0; i < sc->n_chains && !csin_resolve_heard_enough(r); i++)
        resolve_table(r, &specs[i], &sc->chains[i]);
}

const struct csin_chains *csin_resolve_find_chains(struct resolver *r, const struct csin_text *name)
{
    const struct csin_scenario *sc = r->sc;
    const struct csin_chains_spec *specs = r->spec->chains.items;
    const char **names = csin_resolve_array(r, sc->n_chains, sizeof *names);
    for (uint32_t i = 0; names && i < sc->n_chains; i++) {
        names[i] = specs[i].name.s;
        if (strcmp(name->s, specs[i].name.s) == 0)
            return &sc->chains[i];
    }
    const char *near = names ? csin_nearest(name->s, names, sc->n_chains) : NULL;
    if (near)
        FAIL(r, 923, name->loc, "unknown chain table '%s'; did you mean '%s'?", name->s, near);
    else
        FAIL(r, 923, name->loc, "unknown chain table '%s'", name->s);
    if (!near)
        csin_note(r->diag, name->loc, "chain tables stand under 'chain-tables'");
    return NULL;
}
