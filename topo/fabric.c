/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/fabric.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "topo/build.h"
#include "topo/ibnet.h"
#include "topo/stray.h"
#include "topo/variant.h"

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

/* A file, read whole. */
struct input {
    const char *name; /* as it was written; lives as long as the fabric's names */
    char *text;
    size_t bytes;
};

static enum csin_status read_input(struct csin_diag *diag, struct csin_arena *names,
                                   struct csin_loc loc, const char *path, struct input *input)
{
    input->name = csin_arena_strndup(names, path, strlen(path));
    if (!input->name)
        return csin_no_memory(diag);
    return csin_file_read(diag, loc, path, &input->text, &input->bytes);
}

/* A fabric file may name a file of ibnetdiscover, which is looked for beside it. Reads that one
 * into the spec, under the name and with the overrides of the fabric file. */
static enum csin_status read_discovered(struct csin_diag *diag, struct csin_arena *names,
                                        const char *beside, struct csin_fabric_spec *spec,
                                        struct input *input)
{
    const struct csin_ibnet_spec *ibnet = &spec->ibnet;
    const char *slash = strrchr(beside, '/'), *path = ibnet->file.s;
    struct csin_fabric_spec found;
    if (slash && *path != '/')
        path = csin_arena_printf(names, "%.*s%s", (int)(slash - beside + 1), beside, path);
    if (!path)
        return csin_no_memory(diag);
    enum csin_status status = read_input(diag, names, ibnet->file.loc, path, input);
    if (status != CSIN_OK)
        return status;
    status = csin_stray_refuse(diag, input->name, input->text);
    if (status != CSIN_OK)
        return status;
    if (!csin_ibnet_is(input->text, input->bytes)) {
        status = csin_error(diag, CSIN_E_INPUT, 614, ibnet->file.loc,
                            "'%s' is no file of ibnetdiscover", csin_brief(path, SIZE_MAX).s);
        return status;
    }
    status = csin_ibnet_read(names, diag, input->name, input->text, input->bytes, ibnet, &found);
    if (status != CSIN_OK)
        return status;
    found.name = spec->name;
    found.overrides = spec->overrides;
    *spec = found;
    return CSIN_OK;
}

/* The digest of what was read: of one file, or of two. */
static struct csin_sha256 digest_of(const struct input *inputs)
{
    struct csin_sha256_stream *sha = csin_sha256_start();
    for (unsigned i = 0; sha && i < 2; i++)
        csin_sha256_add(sha, inputs[i].text ? inputs[i].text : "", inputs[i].bytes);
    return csin_sha256_finish(sha);
}

static enum csin_status read_file(struct csin_diag *diag, struct csin_arena *names,
                                  struct csin_loc loc, const char *path,
                                  const struct csin_changes *changes, struct csin_fabric_spec *spec,
                                  struct csin_sha256 *ret_input)
{
    struct input inputs[2] = {0};
    enum csin_status status = read_input(diag, names, loc, path, &inputs[0]);
    if (status != CSIN_OK && !inputs[0].text && strpbrk(path, " ="))
        csin_note(diag, loc.file ? loc : (struct csin_loc){path, 0, 0},
                  "a fabric in one line begins with 'leaf:', as leaf:4 spine:2 host:16 200Gb/s");
    if (status == CSIN_OK)
        status = csin_stray_refuse(diag, inputs[0].name, inputs[0].text);
    bool is_ibnet = status == CSIN_OK && csin_ibnet_is(inputs[0].text, inputs[0].bytes);
    if (is_ibnet && changes->n)
        status = csin_error(diag, CSIN_E_INPUT, 882, changes->items[0].path.loc,
                            "'%s' is of ibnetdiscover and has no values that could be changed",
                            csin_brief(path, SIZE_MAX).s);
    if (status == CSIN_OK && is_ibnet)
        status = csin_ibnet_read(names, diag, inputs[0].name, inputs[0].text, inputs[0].bytes, NULL,
                                 spec);
    else if (status == CSIN_OK)
        status = csin_fabric_spec_read_changed(names, diag, inputs[0].name, inputs[0].text,
                                               inputs[0].bytes, changes, spec);
    if (status == CSIN_OK && spec->ibnet.file.s)
        status = read_discovered(diag, names, inputs[0].name, spec, &inputs[1]);
    if (ret_input && inputs[0].text)
        *ret_input = digest_of(inputs);
    free(inputs[0].text);
    free(inputs[1].text);
    return status;
}

/* Faults are chosen in the fabric without them, which is then built again. */
static enum csin_status create(struct csin_fabric_spec *spec,
                               const struct csin_fabric_variant *variant, struct csin_arena *arena,
                               struct csin_diag *diag, struct csin_fabric **ret_fabric)
{
    struct csin_fabric *sound;
    if (variant->n_faults == 0)
        return csin_fabric_create(spec, diag, ret_fabric);
    enum csin_status status = csin_fabric_create(spec, diag, &sound);
    if (status != CSIN_OK)
        return status;
    status = csin_faults_write(sound, variant, arena, diag, spec);
    if (status == CSIN_OK)
        status = csin_fabric_create(spec, diag, ret_fabric);
    csin_fabric_destroy(sound);
    return status;
}

enum csin_status csin_fabric_open_variant(struct csin_diag *diag, struct csin_arena *names,
                                          struct csin_loc loc, const char *text,
                                          const struct csin_fabric_variant *variant,
                                          struct csin_fabric **ret_fabric,
                                          struct csin_sha256 *ret_input)
{
    static const struct csin_fabric_variant none;
    struct csin_fabric_spec spec = {0};
    enum csin_status status = CSIN_OK;
    variant = variant ? variant : &none;
    if (csin_fabric_is_line(text)) {
        if (ret_input)
            *ret_input = csin_sha256(text, strlen(text));
        text = csin_line_change(text, &variant->changes, names, diag);
        status = text ? csin_fabric_spec_line(names, diag, loc, text, &spec) : CSIN_E_INPUT;
    } else {
        status = read_file(diag, names, loc, text, &variant->changes, &spec, ret_input);
    }
    if (status == CSIN_OK && ret_input && !ret_input->hex[0])
        return csin_no_memory(diag); /* libcrypto had none */
    if (status == CSIN_OK)
        return create(&spec, variant, names, diag, ret_fabric);
    csin_fabric_check_names(&spec, diag);
    return status;
}

enum csin_status csin_fabric_open(struct csin_diag *diag, struct csin_arena *names,
                                  struct csin_loc loc, const char *text,
                                  struct csin_fabric **ret_fabric, struct csin_sha256 *ret_input)
{
    return csin_fabric_open_variant(diag, names, loc, text, NULL, ret_fabric, ret_input);
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

/* Every leaf of a regular zone has its links to every spine, and no fewer. */
static void check_zone(const struct csin_fabric *f, const struct csin_zone *z)
{
    uint32_t *links = calloc(z->n_spines + 1u, sizeof *links);
    for (uint32_t leaf = z->first_leaf; links && leaf < z->first_leaf + z->n_leaves; leaf++) {
        const struct csin_switch *sw = &f->switches[leaf];
        memset(links, 0, z->n_spines * sizeof *links);
        for (uint32_t p = 0; p < sw->n_ports; p++) {
            uint32_t arc = f->port_arc[sw->first_port + p];
            uint32_t spine = arc == CSIN_NONE ? CSIN_NONE : csin_arc_head(f, arc) - z->first_spine;
            if (spine < z->n_spines)
                links[spine]++;
        }
        for (uint32_t g = 0; g < z->n_groups; g++)
            for (uint32_t i = 0; i < z->groups[g].n_spines; i++)
                assert(links[z->groups[g].first_spine - z->first_spine + i] >=
                       z->groups[g].links_per_pair);
    }
    free(links);
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
        if (f->zones[z].regular)
            check_zone(f, &f->zones[z]);
    }
}
