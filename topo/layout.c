/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/layout.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

struct rack {
    uint32_t low, high; /* units taken from the bottom, from the top */
    double power_W;
    bool network; /* kept for switches */
};

/* The hosts that stand with each switch: those of switch s are order[first[s]] ..; behind those of
 * the last switch, hosts with no cable. */
struct homes {
    uint32_t *first; /* [n_switches + 2] */
    uint32_t *order; /* [n_hosts] */
};

struct filler {
    const struct csin_fabric *f;
    const struct csin_room_spec *room;
    const struct csin_bulk *const *switches, *const *hosts;
    struct csin_layout *layout;
    struct rack *racks;     /* [n_racks + 1]; the last takes all that finds no room */
    uint32_t n_racks, rack; /* the rack that hosts go into now */
    uint64_t n_lacking;     /* racks that would be needed beyond the room */
    uint64_t n_lacking_network;
};

static double limit_W(const struct csin_room_spec *room)
{
    return room->rack_power_W.loc.line ? room->rack_power_W.x : INFINITY;
}

static bool fits(const struct filler *w, const struct rack *rack, uint64_t units, double power_W)
{
    return rack->low + rack->high + units <= w->room->units.n &&
           rack->power_W + power_W <= limit_W(w->room) * (1 + 1e-12);
}

static struct csin_spot put(struct filler *w, uint32_t r, const struct csin_bulk *bulk, bool on_top)
{
    struct rack *rack = &w->racks[r];
    struct csin_spot spot = {r, rack->low + 1, bulk->units};
    if (on_top)
        spot.unit = (uint32_t)w->room->units.n - rack->high - bulk->units + 1;
    *(on_top ? &rack->high : &rack->low) += bulk->units;
    rack->power_W += bulk->power_W;
    return spot;
}

/* Reports what is larger than a rack, each part once. */
static enum csin_status check_bulk(const struct filler *w, const struct csin_bulk *const *things,
                                   uint32_t n, struct csin_diag *diag)
{
    enum csin_status status = CSIN_OK;
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_bulk *bulk = things[i];
        if (i && bulk == things[i - 1])
            continue;
        if (bulk->units > w->room->units.n) {
            status = csin_error(diag, CSIN_E_INPUT, 700, bulk->loc,
                                "a part of %u units is higher than a rack of %s", bulk->units,
                                csin_show_count(w->room->units.n).s);
            csin_note(diag, w->room->units.loc, "the height of racks is here");
        } else if (bulk->power_W > limit_W(w->room)) {
            status = csin_error(
                diag, CSIN_E_INPUT, 700, bulk->loc, "a part of %s draws more than a rack may, %s",
                csin_show_power(bulk->power_W).s, csin_show_power(limit_W(w->room)).s);
            csin_note(diag, w->room->rack_power_W.loc, "the power of racks is here");
        }
    }
    return status;
}

static bool is_leaf(const struct csin_fabric *f, uint32_t s)
{
    return f->switches[s].layer == CSIN_LEAF;
}

/* Racks that what is no leaf needs, filled one after the other. */
static uint32_t count_block(const struct filler *w)
{
    struct rack rack = {0};
    uint32_t n = 0;
    for (uint32_t s = 0; s < w->f->n_switches; s++) {
        const struct csin_bulk *bulk = w->switches[s];
        if (is_leaf(w->f, s))
            continue;
        if (n == 0 || !fits(w, &rack, bulk->units, bulk->power_W)) {
            rack = (struct rack){0};
            n++;
        }
        rack.high += bulk->units;
        rack.power_W += bulk->power_W;
    }
    return n;
}

/* The first rack of a block of n: in the middle of the `used` first racks of the room, which take
 * everything; of their middle row, where it fits into one. */
static uint32_t block_start(const struct filler *w, uint32_t n, uint32_t used)
{
    uint32_t per_row = (uint32_t)w->room->racks_per_row.n;
    uint32_t rows = (used + per_row - 1) / per_row, columns = used < per_row ? used : per_row;
    switch (w->room->spines.loc.line ? (enum csin_spine_place)w->room->spines.i : CSIN_MIDDLE) {
    case CSIN_FRONT:
        return 0;
    case CSIN_BACK:
        return w->n_racks - n;
    default:
        return n <= columns ? (rows - 1) / 2 * per_row + (columns - n) / 2 : (used - n) / 2;
    }
}

/* `n_others`: racks that all else takes. */
static void place_block(struct filler *w, uint32_t n_others)
{
    uint32_t n = count_block(w);
    if (n > w->n_racks) {
        w->n_lacking += n - w->n_racks;
        n = w->n_racks;
    }
    if (n == 0)
        return;
    uint32_t used = n_others < w->n_racks - n ? n_others + n : w->n_racks;
    uint32_t r = block_start(w, n, used), end = r + n;
    for (uint32_t i = r; i < end; i++)
        w->racks[i].network = true;
    for (uint32_t s = 0; s < w->f->n_switches; s++) {
        const struct csin_bulk *bulk = w->switches[s];
        if (is_leaf(w->f, s))
            continue;
        if (!fits(w, &w->racks[r], bulk->units, bulk->power_W) && r + 1 < end)
            r++;
        if (fits(w, &w->racks[r], bulk->units, bulk->power_W))
            w->layout->switches[s] = put(w, r, bulk, true);
    }
}

static bool at_row_end(const struct csin_room_spec *room)
{
    return room->leaves.loc.line && room->leaves.i == CSIN_END_OF_ROW;
}

static uint32_t n_row_end(const struct csin_room_spec *room)
{
    uint32_t n = room->network_racks.loc.line ? (uint32_t)room->network_racks.n : 1;
    return n < room->racks_per_row.n ? n : (uint32_t)room->racks_per_row.n;
}

/* Keeps the last racks of each row for leaves. */
static void reserve_row_ends(struct filler *w)
{
    uint32_t per_row = (uint32_t)w->room->racks_per_row.n;
    for (uint32_t row = 0; row < w->room->rows.n; row++)
        for (uint32_t k = 0, n = n_row_end(w->room); k < n; k++)
            w->racks[row * per_row + per_row - 1 - k].network = true;
}

/* The next rack that hosts may go into. Past the end of the room racks are counted all the same, in
 * the one behind it, to tell how many would do. */
static void open_next(struct filler *w)
{
    if (w->rack < w->n_racks)
        w->rack++;
    while (w->rack < w->n_racks && w->racks[w->rack].network)
        w->rack++;
    if (w->rack == w->n_racks) {
        w->racks[w->rack] = (struct rack){0};
        w->n_lacking++;
    }
}

static void place_leaf_at_row_end(struct filler *w, uint32_t s, uint32_t row)
{
    uint32_t rows = (uint32_t)w->room->rows.n, per_row = (uint32_t)w->room->racks_per_row.n;
    const struct csin_bulk *bulk = w->switches[s];
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t end = ((row + i) % rows + 1) * per_row;
        for (uint32_t r = end - n_row_end(w->room); r < end; r++)
            if (fits(w, &w->racks[r], bulk->units, bulk->power_W)) {
                w->layout->switches[s] = put(w, r, bulk, true);
                return;
            }
    }
    w->n_lacking_network++;
}

/* A leaf, if `s` is one, with its hosts. */
static void place_group(struct filler *w, uint32_t s, const uint32_t *hosts, uint32_t n)
{
    const struct csin_bulk *top = s < w->f->n_switches && is_leaf(w->f, s) && !at_row_end(w->room)
                                      ? w->switches[s]
                                      : NULL;
    uint64_t units = top ? top->units : 0;
    double power_W = top ? top->power_W : 0;
    for (uint32_t i = 0; i < n; i++) {
        units += w->hosts[hosts[i]]->units;
        power_W += w->hosts[hosts[i]]->power_W;
    }
    const struct rack *now = &w->racks[w->rack];
    if ((now->low || now->high) && !fits(w, now, units, power_W))
        open_next(w);
    if (top)
        w->layout->switches[s] = put(w, w->rack, top, true);
    for (uint32_t i = 0; i < n; i++) {
        const struct csin_bulk *bulk = w->hosts[hosts[i]];
        if (!fits(w, &w->racks[w->rack], bulk->units, bulk->power_W))
            open_next(w);
        w->layout->hosts[hosts[i]] = put(w, w->rack, bulk, false);
    }
    if (s < w->f->n_switches && is_leaf(w->f, s) && at_row_end(w->room)) {
        uint32_t rack = n ? w->layout->hosts[hosts[0]].rack : w->rack;
        uint32_t row = rack / (uint32_t)w->room->racks_per_row.n;
        place_leaf_at_row_end(w, s, row < w->room->rows.n ? row : (uint32_t)w->room->rows.n - 1);
    }
}

/* The switch at the first NIC of a host that has a cable; n_switches for none. */
static uint32_t home_of(const struct csin_fabric *f, uint32_t h)
{
    const struct csin_host *host = &f->hosts[h];
    for (uint32_t nic = host->first_nic; nic < host->first_nic + host->n_nics; nic++)
        if (f->nics[nic].cable != CSIN_NONE)
            return f->nics[nic].leaf;
    return f->n_switches;
}

static bool sort_homes(const struct csin_fabric *f, struct csin_arena *arena, struct homes *homes)
{
    homes->first = csin_arena_alloc(arena, (size_t)f->n_switches + 2, sizeof(uint32_t));
    homes->order = csin_arena_alloc(arena, f->n_hosts, sizeof(uint32_t));
    uint32_t *next = csin_arena_alloc(arena, (size_t)f->n_switches + 1, sizeof(uint32_t));
    if (!homes->first || !homes->order || !next)
        return false;
    for (uint32_t h = 0; h < f->n_hosts; h++)
        homes->first[home_of(f, h) + 1]++;
    for (uint32_t s = 0; s <= f->n_switches; s++) {
        next[s] = homes->first[s];
        homes->first[s + 1] += homes->first[s];
    }
    for (uint32_t h = 0; h < f->n_hosts; h++)
        homes->order[next[home_of(f, h)]++] = h;
    return true;
}

/* Places leaves and hosts. Returns the number of racks up to the last that has something in it. */
static uint32_t place_groups(struct filler *w, const struct homes *homes)
{
    uint32_t n = w->n_racks;
    if (at_row_end(w->room))
        reserve_row_ends(w);
    w->rack = 0;
    while (w->rack < w->n_racks && w->racks[w->rack].network)
        w->rack++;
    w->n_lacking += w->rack == w->n_racks;
    for (uint32_t s = 0; s <= w->f->n_switches; s++)
        place_group(w, s, homes->order + homes->first[s], homes->first[s + 1] - homes->first[s]);
    while (n && !w->racks[n - 1].low && !w->racks[n - 1].high)
        n--;
    return n;
}

/* First without the block, to learn where the middle is. */
static void place_all(struct filler *w, const struct homes *homes)
{
    uint32_t n_others = place_groups(w, homes);
    memset(w->racks, 0, ((size_t)w->n_racks + 1) * sizeof *w->racks);
    w->n_lacking = w->n_lacking_network = 0;
    place_block(w, n_others);
    place_groups(w, homes);
}

static enum csin_status too_small(const struct filler *w, struct csin_diag *diag)
{
    struct csin_loc loc = w->room->rows.loc;
    enum csin_status status = CSIN_OK;
    if (w->n_lacking) {
        status = csin_error(diag, CSIN_E_INPUT, 699, loc, "%s racks are not enough: %s are needed",
                            csin_show_count(w->n_racks).s,
                            csin_show_count(w->n_racks + w->n_lacking).s);
        csin_note(diag, loc, "write more rows, longer ones, or higher racks%s",
                  w->room->rack_power_W.loc.line ? ", or more 'rack-power'" : "");
    }
    if (w->n_lacking_network) {
        status = csin_error(diag, CSIN_E_INPUT, 699, loc,
                            "%s leaves find no place in the network racks at the ends of rows",
                            csin_show_count(w->n_lacking_network).s);
        csin_note(diag, loc, "raise 'network-racks', or write leaves: with-hosts");
    }
    return status;
}

static void count_used(const struct filler *w)
{
    for (uint32_t r = 0; r < w->n_racks; r++) {
        w->layout->n_used += w->racks[r].low || w->racks[r].high;
        w->layout->most_W = fmax(w->layout->most_W, w->racks[r].power_W);
    }
}

enum csin_status csin_layout_create(const struct csin_fabric *fabric,
                                    const struct csin_room_spec *room,
                                    const struct csin_bulk *const *switches,
                                    const struct csin_bulk *const *hosts, struct csin_arena *arena,
                                    struct csin_diag *diag, struct csin_layout *ret_layout)
{
    struct csin_layout layout = {
        .room = room,
        .n_racks = (uint32_t)(room->rows.n * room->racks_per_row.n),
        .switches = csin_arena_alloc(arena, fabric->n_switches, sizeof(struct csin_spot)),
        .hosts = csin_arena_alloc(arena, fabric->n_hosts, sizeof(struct csin_spot)),
    };
    struct filler w = {.f = fabric,
                       .room = room,
                       .switches = switches,
                       .hosts = hosts,
                       .layout = &layout,
                       .n_racks = layout.n_racks};
    struct homes homes;
    w.racks = csin_arena_alloc(arena, (size_t)w.n_racks + 1, sizeof *w.racks);
    if (!layout.switches || !layout.hosts || !w.racks || !sort_homes(fabric, arena, &homes))
        return csin_no_memory(diag);
    enum csin_status status = check_bulk(&w, switches, fabric->n_switches, diag);
    status = csin_first(status, check_bulk(&w, hosts, fabric->n_hosts, diag));
    if (status != CSIN_OK)
        return status;
    place_all(&w, &homes);
    status = too_small(&w, diag);
    if (status != CSIN_OK)
        return status;
    count_used(&w);
    *ret_layout = layout;
    return CSIN_OK;
}

/* The middle of a thing above the bottom of its rack. */
static double height_m(const struct csin_spot *spot)
{
    return (spot->unit - 1 + spot->units / 2.0) * CSIN_RACK_UNIT_M;
}

double csin_layout_distance(const struct csin_layout *layout, const struct csin_spot *a,
                            const struct csin_spot *b)
{
    const struct csin_room_spec *room = layout->room;
    if (a->rack == b->rack)
        return fabs(height_m(a) - height_m(b)) + room->slack_m.x;
    double tray_m = (double)room->units.n * CSIN_RACK_UNIT_M + room->tray_height_m.x;
    uint32_t per_row = (uint32_t)room->racks_per_row.n;
    double rows = fabs((double)(a->rack / per_row) - (double)(b->rack / per_row));
    double racks = fabs((double)(a->rack % per_row) - (double)(b->rack % per_row));
    return (tray_m - height_m(a)) + (tray_m - height_m(b)) + racks * room->rack_pitch_m.x +
           rows * room->row_pitch_m.x + room->slack_m.x;
}

struct csin_spot_name csin_spot_name(const struct csin_layout *layout, const struct csin_spot *spot)
{
    struct csin_spot_name name;
    uint32_t per_row = (uint32_t)layout->room->racks_per_row.n;
    snprintf(name.s, sizeof name.s, "%u-%u-%u", spot->rack / per_row + 1, spot->rack % per_row + 1,
             spot->unit);
    return name;
}
