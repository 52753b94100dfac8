/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schema of parts catalogues: one line a key. */
#include "topo/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"

const char *const csin_basis_names[] = {"source", "assumed", "example", NULL};
const char *const csin_medium_names[] = {"copper", "optical", NULL};
static const char *const example_names[] = {"true", NULL};
static const char *const leaves_names[] = {"with-hosts", "end-of-row", NULL};
static const char *const spines_names[] = {"middle", "front", "back", NULL};

static const struct csin_range price_range = {0, 1e12};
static const struct csin_range ports_range = {1, 4096};
static const struct csin_range adapter_range = {1, 64};
static const struct csin_range units_range = {1, 100};
static const struct csin_range spares_range = {0, 1};
static const struct csin_range rows_range = {1, 10000};

#define AT(record, member) offsetof(struct record, member)
#define ELEMENT(record, keys)                                                                      \
    {                                                                                              \
        sizeof(struct record), csin_yaml_section, keys                                             \
    }

#define WHY                                                                                        \
    {"source", 0, AT(csin_figure, source), csin_yaml_text, NULL},                                  \
        {"assumed", 0, AT(csin_figure, assumed), csin_yaml_text, NULL},                            \
        {"example", 0, AT(csin_figure, example), csin_yaml_choice, example_names},                 \
    {                                                                                              \
        0                                                                                          \
    }

static const struct csin_key price_keys[] = {
    {"amount", CSIN_REQUIRED, AT(csin_figure, amount), csin_yaml_ratio, &price_range},
    WHY,
};
static const struct csin_key cable_price_keys[] = {
    {"amount", CSIN_REQUIRED, AT(csin_figure, amount), csin_yaml_ratio, &price_range},
    {"per-metre", 0, AT(csin_figure, per_metre), csin_yaml_ratio, &price_range},
    WHY,
};
static const struct csin_key power_keys[] = {
    {"amount", CSIN_REQUIRED, AT(csin_figure, amount), csin_yaml_power, NULL},
    WHY,
};

/* A figure has one reason to be believed, no more and no less. */
static enum csin_status read_figure(struct csin_yaml_node node, void *field,
                                    const struct csin_key *key)
{
    struct csin_figure *figure = field;
    struct csin_loc loc = csin_yaml_loc(node);
    enum csin_status status = csin_yaml_section(node, figure, key);
    if (status != CSIN_OK)
        return status;
    unsigned n = (figure->source.s != NULL) + (figure->assumed.s != NULL) +
                 (figure->example.loc.line != 0);
    if (n == 1)
        return CSIN_OK;
    csin_error(csin_yaml_diag(node), CSIN_E_INPUT, 692, loc,
               n ? "'%s' has more than one of source, assumed and example"
                 : "'%s' does not say where it is from",
               key->name);
    csin_note(csin_yaml_diag(node), loc,
              "write one of source: TEXT, assumed: TEXT and example: true");
    return CSIN_E_INPUT;
}

#define PRICE(record, keys)                                                                        \
    {                                                                                              \
        "price", CSIN_REQUIRED, AT(record, price), read_figure, keys                               \
    }
#define POWER(record)                                                                              \
    {                                                                                              \
        "power", CSIN_REQUIRED, AT(record, power), read_figure, power_keys                         \
    }

static const struct csin_key switch_keys[] = {
    {"ports", CSIN_REQUIRED, AT(csin_switch_part, ports), csin_yaml_count, &ports_range},
    {"rate", CSIN_REQUIRED, AT(csin_switch_part, rate_Bps), csin_yaml_rate, NULL},
    {"units", 0, AT(csin_switch_part, units), csin_yaml_count, &units_range},
    PRICE(csin_switch_part, price_keys),
    POWER(csin_switch_part),
    {0},
};
static const struct csin_key nic_keys[] = {
    {"rate", CSIN_REQUIRED, AT(csin_nic_part, rate_Bps), csin_yaml_rate, NULL},
    {"ports", 0, AT(csin_nic_part, ports), csin_yaml_count, &adapter_range},
    PRICE(csin_nic_part, price_keys),
    POWER(csin_nic_part),
    {0},
};
static const struct csin_key host_keys[] = {
    {"nic", CSIN_REQUIRED, AT(csin_host_part, nic), csin_yaml_name, NULL},
    {"units", 0, AT(csin_host_part, units), csin_yaml_count, &units_range},
    {"price", 0, AT(csin_host_part, price), read_figure, price_keys},
    {"power", 0, AT(csin_host_part, power), read_figure, power_keys},
    {0},
};
static const struct csin_key transceiver_keys[] = {
    PRICE(csin_transceiver_part, price_keys),
    POWER(csin_transceiver_part),
    {0},
};

static const struct csin_element length_element = {sizeof(struct csin_quantity), csin_yaml_length,
                                                   NULL};
static const struct csin_key cable_keys[] = {
    {"medium", CSIN_REQUIRED, AT(csin_cable_part, medium), csin_yaml_choice, csin_medium_names},
    {"rate", CSIN_REQUIRED, AT(csin_cable_part, rate_Bps), csin_yaml_rate, NULL},
    {"lengths", CSIN_REQUIRED, AT(csin_cable_part, lengths), csin_yaml_one_or_list,
     &length_element},
    {"transceiver", 0, AT(csin_cable_part, transceiver), csin_yaml_name, NULL},
    PRICE(csin_cable_part, cable_price_keys),
    POWER(csin_cable_part),
    {0},
};

static const struct csin_key spares_keys[] = {
    {"switches", 0, AT(csin_spares_spec, switches), csin_yaml_ratio, &spares_range},
    {"nics", 0, AT(csin_spares_spec, nics), csin_yaml_ratio, &spares_range},
    {"cables", 0, AT(csin_spares_spec, cables), csin_yaml_ratio, &spares_range},
    {"transceivers", 0, AT(csin_spares_spec, transceivers), csin_yaml_ratio, &spares_range},
    {0},
};
static const struct csin_key cable_lengths_keys[] = {
    {"hosts", CSIN_REQUIRED, AT(csin_cable_lengths_spec, hosts_m), csin_yaml_length, NULL},
    {"switches", CSIN_REQUIRED, AT(csin_cable_lengths_spec, switches_m), csin_yaml_length, NULL},
    {0},
};
static const struct csin_key room_keys[] = {
    {"rows", CSIN_REQUIRED, AT(csin_room_spec, rows), csin_yaml_count, &rows_range},
    {"racks-per-row", CSIN_REQUIRED, AT(csin_room_spec, racks_per_row), csin_yaml_count,
     &rows_range},
    {"units", CSIN_REQUIRED, AT(csin_room_spec, units), csin_yaml_count, &units_range},
    {"rack-pitch", CSIN_REQUIRED, AT(csin_room_spec, rack_pitch_m), csin_yaml_length, NULL},
    {"row-pitch", CSIN_REQUIRED, AT(csin_room_spec, row_pitch_m), csin_yaml_length, NULL},
    {"tray-height", 0, AT(csin_room_spec, tray_height_m), csin_yaml_length, NULL},
    {"slack", 0, AT(csin_room_spec, slack_m), csin_yaml_length, NULL},
    {"rack-power", 0, AT(csin_room_spec, rack_power_W), csin_yaml_power, NULL},
    {"leaves", 0, AT(csin_room_spec, leaves), csin_yaml_choice, leaves_names},
    {"spines", 0, AT(csin_room_spec, spines), csin_yaml_choice, spines_names},
    {"network-racks", 0, AT(csin_room_spec, network_racks), csin_yaml_count, &rows_range},
    {0},
};

static const struct csin_element switch_element = ELEMENT(csin_switch_part, switch_keys);
static const struct csin_element nic_element = ELEMENT(csin_nic_part, nic_keys);
static const struct csin_element host_element = ELEMENT(csin_host_part, host_keys);
static const struct csin_element transceiver_element = ELEMENT(csin_transceiver_part,
                                                               transceiver_keys);
static const struct csin_element cable_element = ELEMENT(csin_cable_part, cable_keys);

static const struct csin_foreign fabric = {
    "a fabric", "'csin topo FABRIC --bom --parts CATALOGUE' takes one of each"};
static const struct csin_foreign scenario = {"a scenario", "'csin sim' simulates scenarios"};

static const struct csin_key parts_keys[] = {
    {"catalogue", CSIN_REQUIRED, AT(csin_parts, name), csin_yaml_name, NULL},
    {"currency", CSIN_REQUIRED, AT(csin_parts, currency), csin_yaml_name, NULL},
    {"switches", CSIN_REQUIRED, AT(csin_parts, switches), csin_yaml_map, &switch_element},
    {"nics", CSIN_REQUIRED, AT(csin_parts, nics), csin_yaml_map, &nic_element},
    {"hosts", CSIN_REQUIRED, AT(csin_parts, hosts), csin_yaml_map, &host_element},
    {"transceivers", 0, AT(csin_parts, transceivers), csin_yaml_map, &transceiver_element},
    {"cables", CSIN_REQUIRED, AT(csin_parts, cables), csin_yaml_map, &cable_element},
    {"spares", 0, AT(csin_parts, spares), csin_yaml_section, spares_keys},
    {"room", 0, AT(csin_parts, room), csin_yaml_section, room_keys},
    {"cable-lengths", 0, AT(csin_parts, cable_lengths), csin_yaml_section, cable_lengths_keys},
    {"fabric", CSIN_FOREIGN, 0, NULL, &fabric},
    {"scenario", CSIN_FOREIGN, 0, NULL, &scenario},
    {"jobs", CSIN_FOREIGN, 0, NULL, &scenario},
    {"storage", CSIN_FOREIGN, 0, NULL, &scenario},
    {0},
};

enum csin_basis csin_figure_basis(const struct csin_figure *figure)
{
    return figure->source.s ? CSIN_SOURCED : figure->assumed.s ? CSIN_ASSUMED : CSIN_EXAMPLE;
}

static const struct csin_text *name_of(const struct csin_list *list, size_t size, uint32_t i)
{
    return (const struct csin_text *)((const char *)list->items + i * size);
}

const void *csin_parts_find(const struct csin_list *list, size_t size, const char *name)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (name_of(list, size, i)->s && strcmp(name_of(list, size, i)->s, name) == 0)
            return name_of(list, size, i);
    return NULL;
}

void csin_parts_note_names(struct csin_diag *diag, const struct csin_list *list, size_t size,
                           const char *what, const char *name, struct csin_loc loc)
{
    enum { ENOUGH = 64 };
    const char *names[ENOUGH] = {NULL};
    char text[240] = "";
    size_t used = 0;
    uint32_t n = list->n < ENOUGH ? list->n : ENOUGH;
    for (uint32_t i = 0; i < n; i++) {
        names[i] = name_of(list, size, i)->s ? name_of(list, size, i)->s : "";
        if (used + strlen(names[i]) + 8 < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? ", " : "",
                                     names[i]);
    }
    const char *near = csin_nearest(name, names, n);
    if (near)
        csin_note(diag, list->loc, "did you mean the %s '%s'?", what, near);
    else if (n)
        csin_note(diag, list->loc, "%s%s of the catalogue: %s; add '%s' to them", what,
                  what[strlen(what) - 1] == 'h' ? "es" : "s", text, name);
    else
        csin_note(diag, list->loc.line ? list->loc : loc, "the catalogue has none; add '%s'", name);
}

/* So that looking names up one by one stays cheap. */
static enum csin_status check_numbers(struct csin_diag *diag, const struct csin_parts *parts)
{
    const struct {
        const struct csin_list *list;
        const char *what;
        uint32_t most;
    } kinds[] = {{&parts->switches, "switch", CSIN_MAX_PARTS},
                 {&parts->nics, "NIC", CSIN_MAX_PARTS},
                 {&parts->hosts, "host", CSIN_MAX_PARTS},
                 {&parts->transceivers, "transceiver", CSIN_MAX_PARTS},
                 {&parts->cables, "cable", CSIN_MAX_CABLE_KINDS}};
    enum csin_status status = CSIN_OK;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (kinds[k].list->n <= kinds[k].most)
            continue;
        status = csin_error(diag, CSIN_E_INPUT, 703, kinds[k].list->loc, "%s kinds of %s",
                            csin_show_count(kinds[k].list->n).s, kinds[k].what);
        csin_note(diag, kinds[k].list->loc, "at most %s", csin_show_count(kinds[k].most).s);
    }
    return status;
}

/* A reference from one part to another by name. */
static enum csin_status check_reference(struct csin_diag *diag, const struct csin_text *to,
                                        const struct csin_list *list, size_t size, const char *what)
{
    if (!to->s || csin_parts_find(list, size, to->s))
        return CSIN_OK;
    csin_error(diag, CSIN_E_INPUT, 696, to->loc, "unknown %s '%s'", what, to->s);
    csin_parts_note_names(diag, list, size, what, to->s, to->loc);
    return CSIN_E_INPUT;
}

static int by_length(const void *a, const void *b)
{
    double x = ((const struct csin_quantity *)a)->x, y = ((const struct csin_quantity *)b)->x;
    return (x > y) - (x < y);
}

static enum csin_status check_cables(struct csin_diag *diag, const struct csin_parts *parts)
{
    enum csin_status status = CSIN_OK;
    struct csin_cable_part *cable = parts->cables.items;
    for (uint32_t i = 0; i < parts->cables.n; i++, cable++) {
        struct csin_quantity *length = cable->lengths.items;
        status = csin_first(status,
                            check_reference(diag, &cable->transceiver, &parts->transceivers,
                                            sizeof(struct csin_transceiver_part), "transceiver"));
        if (cable->lengths.loc.line &&
            (cable->lengths.n == 0 || cable->lengths.n > CSIN_MAX_CABLE_LENGTHS)) {
            status = csin_error(diag, CSIN_E_INPUT, 703, cable->lengths.loc,
                                "cable '%s' comes in %s lengths", cable->name.s,
                                csin_show_count(cable->lengths.n).s);
            csin_note(diag, cable->lengths.loc, "write 1 to %u, such as [1m, 2m, 3m]",
                      CSIN_MAX_CABLE_LENGTHS);
        } else if (cable->lengths.n) {
            qsort(length, cable->lengths.n, sizeof *length, by_length);
        }
    }
    return status;
}

static enum csin_status check_room(struct csin_diag *diag, const struct csin_parts *parts)
{
    struct csin_loc loc = parts->name.loc;
    bool room = parts->room.rows.loc.line, lengths = parts->cable_lengths.hosts_m.loc.line;
    if (room == lengths) {
        csin_error(diag, CSIN_E_INPUT, 701, loc,
                   room ? "both 'room' and 'cable-lengths' say how long cables are"
                        : "nothing says how long cables are");
        csin_note(diag, loc,
                  "write one of 'room', from which lengths follow, and 'cable-lengths', which "
                  "takes one length to hosts and one between switches");
        return CSIN_E_INPUT;
    }
    uint64_t racks = room ? parts->room.rows.n * parts->room.racks_per_row.n : 0;
    if (racks > CSIN_MAX_RACKS) {
        csin_error(diag, CSIN_E_INPUT, 699, parts->room.rows.loc, "a room of %s racks",
                   csin_show_count(racks).s);
        csin_note(diag, parts->room.rows.loc, "at most %s", csin_show_count(CSIN_MAX_RACKS).s);
        return CSIN_E_INPUT;
    }
    const struct csin_count *reserved = &parts->room.network_racks;
    if (room && reserved->loc.line && reserved->n >= parts->room.racks_per_row.n) {
        csin_error(diag, CSIN_E_INPUT, 699, reserved->loc,
                   "%s network racks in rows of %s leave none for hosts",
                   csin_show_count(reserved->n).s, csin_show_count(parts->room.racks_per_row.n).s);
        csin_note(diag, reserved->loc, "lower 'network-racks' or raise 'racks-per-row'");
        return CSIN_E_INPUT;
    }
    return CSIN_OK;
}

enum csin_status csin_parts_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                 const char *text, size_t bytes, struct csin_parts *ret_parts)
{
    struct csin_parts parts = {.file = file};
    enum csin_status status = csin_yaml_read(arena, diag, file, text, bytes, "a parts catalogue",
                                             parts_keys, &parts);
    bool whole = status == CSIN_OK;
    const struct csin_host_part *host = parts.hosts.items;
    if (check_numbers(diag, &parts) != CSIN_OK)
        return CSIN_E_INPUT;
    for (uint32_t i = 0; i < parts.hosts.n; i++)
        status = csin_first(status, check_reference(diag, &host[i].nic, &parts.nics,
                                                    sizeof(struct csin_nic_part), "NIC"));
    status = csin_first(status, check_cables(diag, &parts));
    if (whole) /* what is missing may be there and wrong */
        status = csin_first(status, check_room(diag, &parts));
    if (status == CSIN_OK)
        *ret_parts = parts;
    return status;
}

enum csin_status csin_parts_open(struct csin_arena *arena, struct csin_diag *diag, const char *path,
                                 struct csin_parts *ret_parts)
{
    char *text;
    size_t bytes;
    enum csin_status status = csin_file_read(diag, (struct csin_loc){0}, path, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    const char *file = csin_arena_strndup(arena, path, strlen(path));
    status = file ? csin_parts_read(arena, diag, file, text, bytes, ret_parts)
                  : csin_no_memory(diag);
    if (status == CSIN_OK)
        ret_parts->digest = csin_sha256(text, bytes);
    free(text);
    return status;
}

bool csin_parts_is_catalogue(const char *text, size_t bytes)
{
    static const char *const names[] = {"catalogue",    "currency",      "nics",
                                        "transceivers", "cable-lengths", NULL};
    return csin_yaml_top_has(text, bytes, names);
}
