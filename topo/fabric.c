/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/fabric.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "topo/build.h"

struct csin_fabric *csin_fabric_alloc(void)
{
    struct csin_fabric *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->arena = csin_arena_create();
    if (f->arena)
        return f;
    free(f);
    return NULL;
}

void csin_fabric_destroy(struct csin_fabric *fabric)
{
    if (!fabric)
        return;
    free(fabric->cables);
    csin_arena_destroy(fabric->arena);
    free(fabric);
}

enum csin_status csin_fabric_open(struct csin_diag *diag, struct csin_arena *names,
                                  struct csin_loc loc, const char *text,
                                  struct csin_fabric **ret_fabric, struct csin_sha256 *ret_input)
{
    struct csin_fabric_spec spec = {0};
    enum csin_status status;
    if (csin_fabric_is_line(text)) {
        if (ret_input)
            *ret_input = csin_sha256(text, strlen(text));
        status = csin_fabric_spec_line(names, diag, loc, text, &spec);
    } else {
        char *yaml;
        size_t bytes;
        status = csin_file_read(diag, loc, text, &yaml, &bytes);
        if (status != CSIN_OK) {
            if (strpbrk(text, " ="))
                csin_note(
                    diag, loc.file ? loc : (struct csin_loc){text, 0, 0},
                    "a fabric in one line begins with 'leaf:', as leaf:4 spine:2 host:16 200Gb/s");
            return status;
        }
        if (ret_input)
            *ret_input = csin_sha256(yaml, bytes);
        const char *file = csin_arena_strndup(names, text, strlen(text));
        status = file ? csin_fabric_spec_read(names, diag, file, yaml, bytes, &spec)
                      : csin_no_memory(diag);
        free(yaml);
    }
    if (status == CSIN_OK && ret_input && !ret_input->hex[0])
        return csin_no_memory(diag); /* libcrypto had none */
    if (status == CSIN_OK)
        return csin_fabric_create(&spec, diag, ret_fabric);
    csin_fabric_check_names(&spec, diag);
    return status;
}

struct csin_vertex_name csin_vertex_name(const struct csin_fabric *f, uint32_t vertex)
{
    struct csin_vertex_name name;
    if (!csin_is_nic(f, vertex)) {
        snprintf(name.s, sizeof name.s, "%s", f->switches[vertex].name);
        return name;
    }
    uint32_t nic = vertex - f->n_switches;
    const struct csin_host *host = &f->hosts[f->nics[nic].host];
    if (host->n_nics == 1)
        snprintf(name.s, sizeof name.s, "%s", host->name);
    else
        snprintf(name.s, sizeof name.s, "%s.%u", host->name, nic - host->first_nic);
    return name;
}

const char *csin_arc_place(const struct csin_fabric *f, uint32_t arc)
{
    static const char *const names[CSIN_N_PLACES][2] = {
        [CSIN_AT_HOST] = {"host-up", "host-down"},
        [CSIN_AT_SPINE] = {"leaf-up", "leaf-down"},
        [CSIN_BETWEEN_ZONES] = {"inter-zone-up", "inter-zone-down"},
        [CSIN_ELSEWHERE] = {"switch-up", "switch-down"},
        [CSIN_AT_CORE] = {"spine-up", "spine-down"},
    };
    return names[f->cables[arc >> 1].place][arc & 1];
}

uint32_t csin_fabric_host(const struct csin_fabric *f, const char *name)
{
    uint32_t id = csin_names_find(&f->names, name);
    return id != CSIN_NONE && id >= f->n_switches ? id - f->n_switches : CSIN_NONE;
}

uint32_t csin_fabric_switch(const struct csin_fabric *f, const char *name)
{
    uint32_t id = csin_names_find(&f->names, name);
    return id < f->n_switches ? id : CSIN_NONE;
}

/* The vertices a name stands for: a switch, or the NICs of a host. */
static bool is_end(const struct csin_fabric *f, uint32_t vertex, uint32_t named)
{
    if (named < f->n_switches)
        return vertex == named;
    return csin_is_nic(f, vertex) && f->nics[vertex - f->n_switches].host == named - f->n_switches;
}

uint32_t csin_fabric_cables(const struct csin_fabric *f, struct csin_diag *diag,
                            const struct csin_list *between, const uint32_t id[2],
                            const struct csin_count *nth, uint32_t *ret_cables)
{
    const struct csin_text *names = between->items;
    unsigned at = id[0] < f->n_switches ? 0 : 1; /* walk the ports of a switch: a cable has one */
    uint32_t found = 0, n = 0, first_port = 0, n_ports = 0;
    if (id[at] < f->n_switches) { /* two hosts have no cable between them */
        first_port = f->switches[id[at]].first_port;
        n_ports = f->switches[id[at]].n_ports;
    }
    for (uint32_t p = 0; p < n_ports; p++) {
        uint32_t arc = f->port_arc[first_port + p];
        if (arc == CSIN_NONE || !is_end(f, csin_arc_head(f, arc), id[!at]))
            continue;
        found++;
        if (!nth->loc.line || nth->n == found)
            ret_cables[n++] = arc >> 1;
    }
    if (found == 0)
        csin_error(diag, CSIN_E_INPUT, 229, between->loc, "there is no cable between '%s' and '%s'",
                   names[0].s, names[1].s);
    else if (n == 0)
        csin_error(diag, CSIN_E_INPUT, 229, nth->loc,
                   "'%s' and '%s' are joined by %u cable%s; there is no cable %s", names[0].s,
                   names[1].s, found, found == 1 ? "" : "s", csin_show_count(nth->n).s);
    return n;
}

void csin_zone_uplinks(const struct csin_zone *zone, struct csin_uplink *ret_uplinks)
{
    uint32_t n = 0;
    for (uint32_t link = 0; n < zone->n_uplinks; link++)
        for (uint32_t g = 0; g < zone->n_groups; g++)
            for (uint32_t i = 0; i < zone->groups[g].n_spines; i++)
                if (link < zone->groups[g].links_per_pair)
                    ret_uplinks[n++] = (struct csin_uplink){zone->groups[g].first_spine + i, link,
                                                            &zone->groups[g]};
}

/* Every leaf of a zone has its links to every spine, and no spine has more. */
static void check_zone(const struct csin_fabric *f, const struct csin_zone *z)
{
    struct csin_uplink uplinks[CSIN_MAX_PORTS];
    csin_zone_uplinks(z, uplinks);
    for (uint32_t leaf = z->first_leaf; leaf < z->first_leaf + z->n_leaves; leaf++) {
        const struct csin_switch *sw = &f->switches[leaf];
        for (uint32_t up = 0; up < z->n_uplinks; up++) {
            uint32_t arc = f->port_arc[sw->first_port + sw->n_ports - z->n_uplinks + up];
            assert(arc != CSIN_NONE && csin_arc_tail(f, arc) == leaf);
            assert(csin_arc_head(f, arc) == uplinks[up].spine);
        }
    }
}

void csin_fabric_check(const struct csin_fabric *f)
{
    uint64_t used = 0, nics = 0;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        uint32_t n = 0;
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            if (arc == CSIN_NONE)
                continue;
            n++;
            assert(csin_arc_tail(f, arc) == s);
            assert(f->cables[arc >> 1].port[arc & 1] == p);
        }
        assert(n == sw->n_used && n <= sw->n_ports);
        used += n;
    }
    for (uint32_t nic = 0; nic < f->n_nics; nic++) {
        uint32_t cable = f->nics[nic].cable;
        if (cable == CSIN_NONE)
            continue;
        nics++;
        assert(f->cables[cable].end[0] == f->n_switches + nic);
        assert(f->cables[cable].end[1] == f->nics[nic].leaf);
    }
    assert(used + nics == 2 * (uint64_t)f->n_cables); /* each cable has two ends */
    for (uint32_t z = 0; z < f->n_zones; z++) {
        assert(f->zones[z].name && f->zones[z].family && f->zones[z].n_groups > 0);
        assert(f->zones[z].plane < f->n_planes);
        check_zone(f, &f->zones[z]);
    }
}
