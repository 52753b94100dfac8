/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/variant.h"

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"

const char *const csin_among_names[] = {"between-switches", "to-hosts", "spines", "all", NULL};

/* ---- words of a line ---- */

static const char *const words[] = {"leaf",  "spine",  "host",    "storage", "links",
                                    "ports", "uplink", "latency", "plane",   "rail",
                                    "pod",   "core",   "uplinks", "rate"};
#define N_WORDS (sizeof words / sizeof *words)

static enum csin_status check_word(const struct csin_change *change, struct csin_diag *diag)
{
    const char *word = change->path.s;
    for (size_t i = 0; i < N_WORDS; i++)
        if (strcmp(words[i], word) == 0)
            return CSIN_OK;
    const char *near = csin_nearest(word, words, N_WORDS);
    csin_error(diag, CSIN_E_INPUT, 882, change->path.loc, "a one-line fabric has no '%s'%s%s%s",
               csin_brief(word, SIZE_MAX).s, near ? "; did you mean '" : "", near ? near : "",
               near ? "'?" : "");
    csin_note(diag, change->path.loc,
              "it has leaf, spine, host, storage, rate, links, ports, "
              "uplink, latency, plane, rail, pod, core, uplinks");
    return CSIN_E_INPUT;
}

/* Whether the word of `length` bytes at `p` is the one that a change names. */
static bool is_word(const char *p, size_t length, const char *name)
{
    size_t n = strlen(name);
    if (strcmp(name, "rate") == 0)
        return !memchr(p, ':', length);
    return length > n && p[n] == ':' && strncmp(p, name, n) == 0;
}

static const char *change_word(const char *line, const struct csin_change *change,
                               struct csin_arena *arena)
{
    const char *name = change->path.s, *p = line, *value = change->value.text;
    bool is_rate = strcmp(name, "rate") == 0, none = strcmp(value, "null") == 0;
    char word[256] = "";
    size_t length = 0;
    if (!none)
        snprintf(word, sizeof word, "%s%s%s", is_rate ? "" : name, is_rate ? "" : ":",
                 csin_brief(value, 64).s);
    for (; *p; p += length) {
        p += strspn(p, " \t");
        length = strcspn(p, " \t");
        if (length && is_word(p, length, name))
            break;
    }
    return csin_arena_printf(arena, "%.*s%s%s%s", (int)(p - line), line, *p ? "" : " ", word,
                             *p ? p + length : "");
}

const char *csin_line_change(const char *line, const struct csin_changes *changes,
                             struct csin_arena *arena, struct csin_diag *diag)
{
    enum csin_status status = CSIN_OK;
    for (uint32_t i = 0; i < changes->n; i++)
        status = csin_first(status, check_word(&changes->items[i], diag));
    for (uint32_t i = 0; i < changes->n && status == CSIN_OK; i++) {
        line = change_word(line, &changes->items[i], arena);
        if (!line)
            status = csin_no_memory(diag);
    }
    return status == CSIN_OK ? line : NULL;
}

/* ---- what may fail ---- */

static bool cable_may(const struct csin_fabric *f, uint32_t c, enum csin_among among)
{
    const struct csin_cable *cable = &f->cables[c];
    if (!cable->up)
        return false;
    switch (among) {
    case CSIN_AMONG_TO_HOSTS:
        return cable->place == CSIN_AT_HOST;
    case CSIN_AMONG_SPINES:
        return cable->place == CSIN_AT_SPINE;
    case CSIN_AMONG_BETWEEN_SWITCHES:
        return cable->place != CSIN_AT_HOST;
    default:
        return true;
    }
}

static bool switch_may(const struct csin_fabric *f, uint32_t s, enum csin_among among)
{
    enum csin_layer layer = f->switches[s].layer;
    switch (among) {
    case CSIN_AMONG_TO_HOSTS:
        return layer == CSIN_LEAF;
    case CSIN_AMONG_SPINES:
        return layer == CSIN_SPINE;
    case CSIN_AMONG_BETWEEN_SWITCHES:
        return layer != CSIN_LEAF;
    default:
        return true;
    }
}

static bool may_fail(const struct csin_fabric *f, bool is_switch, uint32_t i, enum csin_among among)
{
    return is_switch ? switch_may(f, i, among) : cable_may(f, i, among);
}

/* How overrides name a vertex: a NIC goes by its host. */
static const char *end_name(const struct csin_fabric *f, uint32_t vertex)
{
    return csin_is_nic(f, vertex) ? f->hosts[f->nics[vertex - f->n_switches].host].name
                                  : f->switches[vertex].name;
}

static uint32_t end_id(const struct csin_fabric *f, uint32_t vertex)
{
    return csin_is_nic(f, vertex) ? f->n_switches + f->nics[vertex - f->n_switches].host : vertex;
}

/* A cable as overrides name it: a switch first, and which of those that join the two. */
struct named_cable {
    uint32_t from, to; /* vertices */
    uint32_t nth;      /* from 1 */
    bool several;
};

static struct named_cable name_cable(const struct csin_fabric *f, uint32_t c)
{
    const struct csin_cable *cable = &f->cables[c];
    unsigned at = csin_is_nic(f, cable->end[0]);
    struct named_cable named = {.from = cable->end[at], .to = cable->end[!at]};
    const struct csin_switch *sw = &f->switches[named.from];
    uint32_t to = end_id(f, named.to), n = 0;
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        if (arc == CSIN_NONE || end_id(f, csin_arc_head(f, arc)) != to)
            continue;
        n++;
        if (arc >> 1 == c)
            named.nth = n;
    }
    named.several = n > 1;
    return named;
}

static const char *fault_name(const struct csin_fabric *f, bool is_switch, uint32_t i,
                              struct csin_arena *arena)
{
    if (is_switch)
        return csin_arena_strndup(arena, f->switches[i].name, SIZE_MAX);
    struct named_cable named = name_cable(f, i);
    const char *from = end_name(f, named.from), *to = end_name(f, named.to);
    return named.several ? csin_arena_printf(arena, "%s/%s#%u", from, to, named.nth)
                         : csin_arena_printf(arena, "%s/%s", from, to);
}

/* Indices of all that may fail, malloc'ed. */
static uint32_t *candidates(const struct csin_fabric *f, bool is_switch, enum csin_among among,
                            uint32_t *ret_n)
{
    uint32_t all = is_switch ? f->n_switches : f->n_cables, n = 0;
    uint32_t *items = malloc((all + (size_t)1) * sizeof *items);
    for (uint32_t i = 0; items && i < all; i++)
        if (may_fail(f, is_switch, i, among))
            items[n++] = i;
    *ret_n = n;
    return items;
}

bool csin_fault_names(const struct csin_fabric *fabric, bool is_switch, enum csin_among among,
                      struct csin_arena *arena, const char *const **ret_names, uint32_t *ret_n)
{
    uint32_t n, *items = candidates(fabric, is_switch, among, &n);
    const char **names = items ? csin_arena_alloc(arena, n, sizeof *names) : NULL;
    bool ok = names;
    for (uint32_t i = 0; ok && i < n; i++) {
        names[i] = fault_name(fabric, is_switch, items[i], arena);
        ok = names[i];
    }
    free(items);
    *ret_names = names;
    *ret_n = n;
    return ok;
}

/* ---- making it so ---- */

struct faults {
    const struct csin_fabric *fabric;
    struct csin_arena *arena;
    struct csin_diag *diag;
    bool *dead; /* [n_cables] */
};

static void kill(struct faults *f, bool is_switch, uint32_t i)
{
    if (!is_switch) {
        f->dead[i] = true;
        return;
    }
    const struct csin_switch *sw = &f->fabric->switches[i];
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->fabric->port_arc[sw->first_port + p];
        if (arc != CSIN_NONE && f->fabric->cables[arc >> 1].up)
            f->dead[arc >> 1] = true;
    }
}

static enum csin_status draw(struct faults *f, const struct csin_fault *fault)
{
    const char *what = fault->is_switch ? "switches" : "cables";
    uint32_t n, *items = candidates(f->fabric, fault->is_switch, fault->among, &n);
    if (!items)
        return csin_no_memory(f->diag);
    enum csin_status status = CSIN_OK;
    if (fault->n > n)
        status = csin_error(
            f->diag, CSIN_E_INPUT, 883, fault->loc, "%s %s cannot fail; '%s' has %s of them (%s)",
            csin_show_count(fault->n).s, what, csin_brief(f->fabric->name, SIZE_MAX).s,
            csin_show_count(n).s, csin_among_names[fault->among]);
    struct csin_rng rng = csin_rng_init(fault->seed, fault->is_switch);
    if (status == CSIN_OK)
        csin_rng_shuffle(&rng, items, n);
    for (uint32_t i = 0; status == CSIN_OK && i < fault->n; i++)
        kill(f, fault->is_switch, items[i]);
    free(items);
    return status;
}

static enum csin_status find_and_kill(struct faults *f, const struct csin_fault *fault)
{
    uint32_t n, *items = candidates(f->fabric, fault->is_switch, CSIN_AMONG_ALL, &n);
    struct csin_arena *scratch = csin_arena_create();
    bool found = false, ok = items && scratch;
    for (uint32_t i = 0; ok && i < n && !found; i++) {
        const char *name = fault_name(f->fabric, fault->is_switch, items[i], scratch);
        found = name && strcmp(name, fault->name) == 0;
        if (found)
            kill(f, fault->is_switch, items[i]);
    }
    csin_arena_destroy(scratch);
    free(items);
    if (!ok)
        return csin_no_memory(f->diag);
    return found ? CSIN_OK
                 : csin_error(f->diag, CSIN_E_INPUT, 883, fault->loc,
                              "the fabric has no %s '%s' that could fail",
                              fault->is_switch ? "switch" : "cable",
                              csin_brief(fault->name, SIZE_MAX).s);
}

/* The override that a person would write. */
static bool write_override(const struct faults *f, uint32_t cable, struct csin_loc loc,
                           struct csin_override_spec *override)
{
    struct named_cable named = name_cable(f->fabric, cable);
    struct csin_text *ends = csin_arena_alloc(f->arena, 2, sizeof *ends);
    if (!ends)
        return false;
    uint32_t vertices[] = {named.from, named.to};
    for (int i = 0; i < 2; i++) { /* copies: the fabric that names are from goes away */
        const char *name = end_name(f->fabric, vertices[i]);
        ends[i] = (struct csin_text){csin_arena_strndup(f->arena, name, SIZE_MAX), loc};
        if (!ends[i].s)
            return false;
    }
    *override = (struct csin_override_spec){
        .between = {ends, 2, loc}, .nth = {named.nth, loc}, .state = {CSIN_DOWN, loc}};
    return true;
}

static enum csin_status add_overrides(const struct faults *f, struct csin_loc loc,
                                      struct csin_fabric_spec *spec)
{
    uint32_t n = spec->overrides.n;
    for (uint32_t c = 0; c < f->fabric->n_cables; c++)
        n += f->dead[c];
    struct csin_override_spec *all = csin_arena_alloc(f->arena, n, sizeof *all);
    if (!all)
        return csin_no_memory(f->diag);
    if (spec->overrides.n)
        memcpy(all, spec->overrides.items, spec->overrides.n * sizeof *all);
    n = spec->overrides.n;
    for (uint32_t c = 0; c < f->fabric->n_cables; c++)
        if (f->dead[c] && !write_override(f, c, loc, &all[n++]))
            return csin_no_memory(f->diag);
    spec->overrides = (struct csin_list){all, n, loc};
    return CSIN_OK;
}

enum csin_status csin_faults_write(const struct csin_fabric *fabric,
                                   const struct csin_fabric_variant *variant,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_fabric_spec *spec)
{
    struct faults f = {fabric, arena, diag, calloc(fabric->n_cables + (size_t)1, 1)};
    enum csin_status status = f.dead ? CSIN_OK : csin_no_memory(diag);
    for (uint32_t i = 0; f.dead && i < variant->n_faults; i++) {
        const struct csin_fault *fault = &variant->faults[i];
        status = csin_first(status, fault->name ? find_and_kill(&f, fault) : draw(&f, fault));
    }
    if (status == CSIN_OK)
        status = add_overrides(&f, variant->faults[0].loc, spec);
    free(f.dead);
    return status;
}
