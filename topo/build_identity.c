/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GUIDs and LIDs: how a subnet manager knows switches and NICs. */
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/build.h"

/* Reports a key that only the other kind of node has. */
static void need_absent(struct builder *b, struct csin_loc loc, const char *key, const char *kind)
{
    if (!loc.line)
        return;
    FAIL(b, 609, loc, "a %s has no '%s'", kind, key);
}

static void identify_switch(struct builder *b, struct csin_switch *sw,
                            const struct csin_identity_spec *id)
{
    need_absent(b, id->port_guid.loc, "port-guid", "switch");
    need_absent(b, id->port.loc, "port", "switch");
    need_absent(b, id->device.loc, "device", "switch");
    sw->guid = id->guid.n;
    sw->lid = (uint32_t)id->lid.n;
    sw->agent_guid = id->agent_guid.n;
    sw->agent_lid = (uint32_t)id->agent_lid.n;
}

static void identify_nic(struct builder *b, struct csin_nic *nic,
                         const struct csin_identity_spec *id)
{
    need_absent(b, id->agent_guid.loc, "aggregation-guid", "host");
    need_absent(b, id->agent_lid.loc, "aggregation-lid", "host");
    nic->node_guid = id->guid.n;
    nic->port_guid = id->port_guid.n;
    nic->lid = (uint32_t)id->lid.n;
    nic->adapter_port = (uint32_t)id->port.n;
    nic->device = id->device.s ? csin_arena_strndup(b->f->arena, id->device.s, SIZE_MAX) : NULL;
    if (id->device.s && !nic->device)
        csin_build_fail(b, csin_no_memory(b->diag));
}

static void identify(struct builder *b, const struct csin_infiniband_spec *entry)
{
    struct csin_fabric *f = b->f;
    const struct csin_identity_spec *ids = entry->nodes.items;
    uint32_t node = csin_names_find(&f->names, entry->name.s);
    if (node == CSIN_NONE) {
        csin_build_say_unknown(b, "switch or host", entry->name.s, entry->name.loc);
        return;
    }
    bool is_switch = node < f->n_switches;
    struct csin_host *host = is_switch ? NULL : &f->hosts[node - f->n_switches];
    uint32_t room = is_switch ? 1 : host->n_nics;
    if (entry->nodes.n > room) {
        if (is_switch)
            FAIL(b, 610, ids[room].loc, "'%s' is a switch and has one entry", entry->name.s);
        else
            FAIL(b, 610, ids[room].loc, "'%s' has %u NIC%s and no entry more", entry->name.s, room,
                 room == 1 ? "" : "s");
        return;
    }
    for (uint32_t i = 0; i < entry->nodes.n; i++) {
        if (is_switch)
            identify_switch(b, &f->switches[node], &ids[i]);
        else
            identify_nic(b, &f->nics[host->first_nic + i], &ids[i]);
    }
}

static int by_value(const void *left, const void *right)
{
    const struct csin_count *x = left, *y = right;
    if (x->n != y->n)
        return x->n < y->n ? -1 : 1;
    if (x->loc.line != y->loc.line)
        return x->loc.line < y->loc.line ? -1 : 1;
    return (x->loc.col > y->loc.col) - (x->loc.col < y->loc.col);
}

/* No two ports in the world have one GUID, and no two switches or aggregation nodes. The ports of
 * an adapter do share the GUID of their node. */
static void check_unique(struct builder *b)
{
    const struct csin_infiniband_spec *entries = b->spec->infiniband.items;
    size_t n = 0, room = 0;
    struct csin_count *guids = NULL;
    for (uint32_t i = 0; i < b->spec->infiniband.n; i++) {
        const struct csin_identity_spec *ids = entries[i].nodes.items;
        bool is_switch = csin_fabric_switch(b->f, entries[i].name.s) != CSIN_NONE;
        for (uint32_t k = 0; k < entries[i].nodes.n; k++) {
            if (!csin_grow(&guids, &room, n + 2, sizeof *guids)) {
                csin_build_fail(b, csin_no_memory(b->diag));
                free(guids);
                return;
            }
            guids[n] = is_switch ? ids[k].guid : ids[k].port_guid;
            n += guids[n].loc.line != 0;
            guids[n] = ids[k].agent_guid;
            n += guids[n].loc.line != 0;
        }
    }
    if (n)
        qsort(guids, n, sizeof *guids, by_value);
    for (size_t i = 1; i < n; i++) {
        if (guids[i].n != guids[i - 1].n)
            continue;
        FAIL(b, 612, guids[i].loc, "the GUID 0x%016llx is used twice",
             (unsigned long long)guids[i].n);
        csin_note(b->diag, guids[i - 1].loc, "it was first used here");
    }
    free(guids);
}

void csin_build_identify(struct builder *b)
{
    const struct csin_infiniband_spec *entries = b->spec->infiniband.items;
    for (uint32_t i = 0; i < b->spec->infiniband.n; i++)
        identify(b, &entries[i]);
    if (b->status == CSIN_OK)
        check_unique(b);
}
