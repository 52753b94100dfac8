/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/bom.h"

#include <math.h>
#include <string.h>

#include "base/units.h"

/* Lengths are sums of what people wrote, with units of racks of 44.45 mm, and shown to centimetres:
 * a millimetre is no difference. */
#define SAME_LENGTH_M 1e-3

const char *const csin_part_kind_names[] = {"switch", "nic", "cable", "transceiver", "host", NULL};

const struct csin_bom_writer csin_bom_writers[] = {
    {"text", ".txt", "one screen", csin_bom_write_text},
    {"json", ".json", "all of it, with the place of every switch and host", csin_bom_write_json},
    {"csv", ".csv", "a line for each part, for spreadsheets", csin_bom_write_csv},
    {0},
};

struct maker {
    const struct csin_fabric *f;
    const struct csin_parts *parts;
    bool any_model;
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_bom *bom;
    enum csin_status status;
    const struct csin_switch_part **switch_parts; /* [n_switches] */
    const struct csin_host_part **host_parts;     /* [n_hosts], NULL with any_model */
    const struct csin_nic_part **nic_parts;       /* [n_hosts] */
    struct csin_names told[2]; /* models of switches, of hosts, that are wrong: each told once */
    /* Rows by part: rows of switches, NICs, hosts and transceivers have the index of their part,
     * those of cables cable_first[kind] + the index of the length. */
    struct csin_bom_row *switch_rows, *nic_rows, *host_rows, *transceiver_rows, *cable_rows;
    uint32_t cable_first[CSIN_MAX_CABLE_KINDS + 1];
    const struct csin_transceiver_part *ends[CSIN_MAX_CABLE_KINDS]; /* of each kind of cable */
    struct csin_names switches, hosts;                              /* parts by name */
};

#define FAIL(m, code, loc, ...)                                                                    \
    ((m)->status = csin_first((m)->status,                                                         \
                              csin_error((m)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__)))

static void *array(struct maker *m, size_t n, size_t size)
{
    void *items = csin_arena_alloc(m->arena, n, size);
    if (!items)
        m->status = csin_first(m->status, csin_no_memory(m->diag));
    return items;
}

/* ---- which part ---- */

enum { SWITCHES, HOSTS };

/* True the first time, so that a model is told once and not for each of its switches. */
static bool first_time(struct maker *m, int what, const char *model)
{
    uint32_t old;
    return m->told[what].n < CSIN_MAX_PARTS &&
           csin_names_add(&m->told[what], model ? model : "", 0, &old);
}

/* A fabric that was read from the network may not know its models. */
static bool same_model(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static void index_parts(struct maker *m, struct csin_names *index, const struct csin_list *list,
                        size_t size)
{
    uint32_t old;
    if (!csin_names_init(index, m->arena, list->n)) {
        m->status = csin_no_memory(m->diag);
        return;
    }
    for (uint32_t i = 0; i < list->n; i++)
        csin_names_add(index, *(const char *const *)((const char *)list->items + i * size), i,
                       &old);
}

/* The part called `name`, NULL where there is none. */
static const void *find_part(const struct csin_names *index, const struct csin_list *list,
                             size_t size, const char *name)
{
    uint32_t i = name ? csin_names_find(index, name) : CSIN_NONE;
    return i == CSIN_NONE ? NULL : (const char *)list->items + i * size;
}

static void check_switch(struct maker *m, const struct csin_switch *sw,
                         const struct csin_switch_part *part)
{
    if (part->ports.n == sw->n_ports && part->rate_Bps.x == sw->rate_Bps)
        return;
    if (!first_time(m, SWITCHES, sw->model))
        return;
    if (part->ports.n != sw->n_ports)
        FAIL(m, 695, part->ports.loc, "switch '%s' has %s ports here and %s in the fabric",
             part->name.s, csin_show_count(part->ports.n).s, csin_show_count(sw->n_ports).s);
    else
        FAIL(m, 695, part->rate_Bps.loc, "switch '%s' has ports of %s here and of %s in the fabric",
             part->name.s, csin_show_linerate(part->rate_Bps.x).s,
             csin_show_linerate(sw->rate_Bps).s);
    csin_note(m->diag, sw->loc, "'%s' of the fabric is of this model", sw->name);
}

/* The cheapest that is large and fast enough. */
static const struct csin_switch_part *any_switch(struct maker *m, const struct csin_switch *sw)
{
    const struct csin_switch_part *part = m->parts->switches.items, *best = NULL;
    for (uint32_t i = 0; i < m->parts->switches.n; i++, part++)
        if (part->ports.n >= sw->n_ports && part->rate_Bps.x >= sw->rate_Bps &&
            (!best || part->price.amount.x < best->price.amount.x))
            best = part;
    if (best || !first_time(m, SWITCHES, sw->model))
        return best;
    FAIL(m, 702, m->parts->switches.loc, "no switch has %s ports of %s",
         csin_show_count(sw->n_ports).s, csin_show_linerate(sw->rate_Bps).s);
    csin_note(m->diag, sw->loc, "'%s' needs them", sw->name);
    return NULL;
}

static const struct csin_switch_part *find_switch(struct maker *m, const struct csin_switch *sw)
{
    if (m->any_model || !sw->model)
        return any_switch(m, sw);
    const struct csin_switch_part *part = find_part(&m->switches, &m->parts->switches, sizeof *part,
                                                    sw->model);
    if (part) {
        check_switch(m, sw, part);
        return part;
    }
    if (!first_time(m, SWITCHES, sw->model))
        return NULL;
    FAIL(m, 693, sw->loc, "the catalogue has no switch '%s'", sw->model);
    csin_parts_note_names(m->diag, &m->parts->switches, sizeof *part, "switch", sw->model, sw->loc);
    return NULL;
}

static double fastest_Bps(const struct csin_fabric *f, const struct csin_host *host)
{
    double rate_Bps = 0;
    for (uint32_t nic = 0; nic < host->n_nics; nic++)
        rate_Bps = fmax(rate_Bps, f->nics[host->first_nic + nic].rate_Bps);
    return rate_Bps;
}

static const struct csin_nic_part *any_nic(struct maker *m, const struct csin_host *host)
{
    const struct csin_nic_part *part = m->parts->nics.items, *best = NULL;
    double rate_Bps = fastest_Bps(m->f, host);
    for (uint32_t i = 0; i < m->parts->nics.n; i++, part++)
        if (part->rate_Bps.x >= rate_Bps && (!best || part->price.amount.x < best->price.amount.x))
            best = part;
    if (best || !first_time(m, HOSTS, host->model))
        return best;
    FAIL(m, 697, m->parts->nics.loc, "no NIC is as fast as %s", csin_show_linerate(rate_Bps).s);
    csin_note(m->diag, host->loc, "host '%s' needs one", host->name);
    return NULL;
}

static void find_host(struct maker *m, uint32_t h)
{
    const struct csin_host *host = &m->f->hosts[h];
    const struct csin_host_part *part = find_part(&m->hosts, &m->parts->hosts, sizeof *part,
                                                  host->model);
    m->host_parts[h] = part;
    if (!part && (m->any_model || !host->model)) {
        m->nic_parts[h] = any_nic(m, host);
        return;
    }
    if (!part) {
        if (!first_time(m, HOSTS, host->model))
            return;
        FAIL(m, 694, host->loc, "the catalogue has no host '%s'", host->model);
        csin_parts_note_names(m->diag, &m->parts->hosts, sizeof *part, "host", host->model,
                              host->loc);
        return;
    }
    const struct csin_nic_part *nic = csin_parts_find(&m->parts->nics, sizeof *nic, part->nic.s);
    double rate_Bps = fastest_Bps(m->f, host);
    m->nic_parts[h] = nic;
    if (!nic || nic->rate_Bps.x >= rate_Bps || !first_time(m, HOSTS, host->model))
        return;
    FAIL(m, 697, part->nic.loc, "NIC '%s' is slower (%s) than those of host '%s' (%s)", nic->name.s,
         csin_show_linerate(nic->rate_Bps.x).s, host->name, csin_show_linerate(rate_Bps).s);
    csin_note(m->diag, host->loc, "the host is here");
}

/* Neighbours are mostly alike, and looking up goes by name. */
static void find_parts(struct maker *m)
{
    const struct csin_fabric *f = m->f;
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s], *before = s ? sw - 1 : NULL;
        bool alike = before && same_model(before->model, sw->model) &&
                     before->n_ports == sw->n_ports && before->rate_Bps == sw->rate_Bps;
        m->switch_parts[s] = alike ? m->switch_parts[s - 1] : find_switch(m, sw);
    }
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h], *before = h ? host - 1 : NULL;
        if (before && same_model(before->model, host->model) &&
            fastest_Bps(f, before) == fastest_Bps(f, host)) {
            m->host_parts[h] = m->host_parts[h - 1];
            m->nic_parts[h] = m->nic_parts[h - 1];
        } else {
            find_host(m, h);
        }
    }
}

/* ---- rows ---- */

static struct csin_bom_row row_of(enum csin_part_kind kind, const struct csin_text *name,
                                  const struct csin_figure *price, const struct csin_figure *power,
                                  double length_m)
{
    struct csin_bom_row row = {.kind = kind, .name = name->s, .length_m = length_m};
    if (price->amount.loc.line) {
        row.priced = true;
        row.price_from = price;
        row.price_each = price->amount.x + length_m * price->per_metre.x;
    }
    if (power->amount.loc.line) {
        row.powered = true;
        row.power_from = power;
        row.power_each_W = power->amount.x;
    }
    return row;
}

/* An empty row for everything that the catalogue offers, in its order. */
static void make_rows(struct maker *m)
{
    const struct csin_parts *parts = m->parts;
    const struct csin_cable_part *cables = parts->cables.items;
    for (uint32_t k = 0; k < parts->cables.n; k++)
        m->cable_first[k + 1] = m->cable_first[k] + cables[k].lengths.n;
    uint32_t n_cables = m->cable_first[parts->cables.n];
    size_t n = (size_t)parts->switches.n + parts->nics.n + n_cables + parts->transceivers.n +
               parts->hosts.n;
    struct csin_bom_row *row = array(m, n, sizeof *row);
    if (!row)
        return;
    m->bom->rows = row;
    m->bom->n_rows = (uint32_t)n;
#define MAKE_ROWS(rows, list, type, part_kind)                                                     \
    m->rows = row;                                                                                 \
    for (uint32_t i = 0; i < parts->list.n; i++) {                                                 \
        const struct type *part = (const struct type *)parts->list.items + i;                      \
        *row++ = row_of(part_kind, &part->name, &part->price, &part->power, 0);                    \
    }
    MAKE_ROWS(switch_rows, switches, csin_switch_part, CSIN_PART_SWITCH)
    MAKE_ROWS(nic_rows, nics, csin_nic_part, CSIN_PART_NIC)
    m->cable_rows = row;
    for (uint32_t k = 0; k < parts->cables.n; k++)
        for (uint32_t i = 0; i < cables[k].lengths.n; i++) {
            const struct csin_quantity *length = cables[k].lengths.items;
            *row = row_of(CSIN_PART_CABLE, &cables[k].name, &cables[k].price, &cables[k].power,
                          length[i].x);
            row++->medium = (enum csin_medium)cables[k].medium.i;
        }
    MAKE_ROWS(transceiver_rows, transceivers, csin_transceiver_part, CSIN_PART_TRANSCEIVER)
    MAKE_ROWS(host_rows, hosts, csin_host_part, CSIN_PART_HOST)
#undef MAKE_ROWS
}

#define INDEX(part, list, type) ((size_t)((part) - (const struct type *)(list).items))

static void count_boxes(struct maker *m)
{
    const struct csin_fabric *f = m->f;
    m->bom->hosts_priced = m->bom->hosts_powered = true;
    for (uint32_t s = 0; s < f->n_switches; s++)
        m->switch_rows[INDEX(m->switch_parts[s], m->parts->switches, csin_switch_part)].n++;
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host_part *part = m->host_parts[h];
        const struct csin_nic_part *nic = m->nic_parts[h];
        uint64_t ports = nic->ports.loc.line ? nic->ports.n : 1;
        m->nic_rows[INDEX(nic, m->parts->nics, csin_nic_part)].n +=
            (f->hosts[h].n_nics + ports - 1) / ports;
        if (part)
            m->host_rows[INDEX(part, m->parts->hosts, csin_host_part)].n++;
        m->bom->hosts_priced &= part && part->price.amount.loc.line;
        m->bom->hosts_powered &= part && part->power.amount.loc.line;
    }
}

/* ---- cables ---- */

/* What each thing takes of a rack: one for each part, so that things of one part share it. */
static bool make_bulks(struct maker *m, const struct csin_bulk ***ret_switches,
                       const struct csin_bulk ***ret_hosts)
{
    const struct csin_fabric *f = m->f;
    const struct csin_parts *parts = m->parts;
    struct csin_bulk *switches = array(m, parts->switches.n, sizeof *switches);
    struct csin_bulk *hosts = array(m, f->n_hosts, sizeof *hosts);
    *ret_switches = array(m, f->n_switches, sizeof **ret_switches);
    *ret_hosts = array(m, f->n_hosts, sizeof **ret_hosts);
    if (!switches || !hosts || !*ret_switches || !*ret_hosts)
        return false;
    for (uint32_t i = 0; i < parts->switches.n; i++) {
        const struct csin_switch_part *part =
            (const struct csin_switch_part *)parts->switches.items + i;
        switches[i] = (struct csin_bulk){part->units.loc.line ? (uint32_t)part->units.n : 1,
                                         part->power.amount.x, part->name.loc};
    }
    for (uint32_t s = 0; s < f->n_switches; s++)
        (*ret_switches)[s] =
            &switches[INDEX(m->switch_parts[s], parts->switches, csin_switch_part)];
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host_part *part = m->host_parts[h];
        const struct csin_nic_part *nic = m->nic_parts[h];
        struct csin_bulk bulk = {1, f->hosts[h].n_nics * nic->power.amount.x, nic->name.loc};
        if (part) {
            bulk.units = part->units.loc.line ? (uint32_t)part->units.n : 1;
            bulk.power_W += part->power.amount.x;
            bulk.loc = part->name.loc;
        }
        bool alike = h && hosts[h - 1].units == bulk.units &&
                     hosts[h - 1].power_W == bulk.power_W && m->host_parts[h - 1] == part;
        hosts[h] = bulk;
        (*ret_hosts)[h] = alike ? (*ret_hosts)[h - 1] : &hosts[h];
    }
    return true;
}

static void lay_out(struct maker *m)
{
    const struct csin_bulk **switches, **hosts;
    m->bom->has_layout = m->parts->room.rows.loc.line != 0;
    if (!m->bom->has_layout || !make_bulks(m, &switches, &hosts))
        return;
    m->status = csin_layout_create(m->f, &m->parts->room, switches, hosts, m->arena, m->diag,
                                   &m->bom->layout);
}

static const struct csin_spot *spot_of(const struct csin_bom *bom, uint32_t vertex)
{
    const struct csin_fabric *f = bom->fabric;
    return csin_is_nic(f, vertex) ? &bom->layout.hosts[f->nics[vertex - f->n_switches].host]
                                  : &bom->layout.switches[vertex];
}

static double run_of(const struct csin_bom *bom, const struct csin_cable *cable)
{
    if (bom->has_layout)
        return csin_layout_distance(&bom->layout, spot_of(bom, cable->end[0]),
                                    spot_of(bom, cable->end[1]));
    return csin_is_nic(bom->fabric, cable->end[0]) ? bom->parts->cable_lengths.hosts_m.x
                                                   : bom->parts->cable_lengths.switches_m.x;
}

static double end_rate_Bps(const struct csin_fabric *f, uint32_t vertex)
{
    return csin_is_nic(f, vertex) ? f->nics[vertex - f->n_switches].rate_Bps
                                  : f->switches[vertex].rate_Bps;
}

/* What it was bought for: an override that slows it is a fault. */
static double bought_Bps(const struct csin_fabric *f, const struct csin_cable *cable)
{
    return cable->degraded || cable->capacity_Bps <= 0
               ? fmin(end_rate_Bps(f, cable->end[0]), end_rate_Bps(f, cable->end[1]))
               : cable->capacity_Bps;
}

static void find_transceivers(struct maker *m)
{
    const struct csin_cable_part *cable = m->parts->cables.items;
    for (uint32_t k = 0; k < m->parts->cables.n; k++)
        if (cable[k].transceiver.s)
            m->ends[k] = csin_parts_find(&m->parts->transceivers, sizeof **m->ends,
                                         cable[k].transceiver.s);
}

/* The first of the lengths, which ascend, that reaches; their number where none does. */
static uint32_t first_that_reaches(const struct csin_list *lengths, double run_m)
{
    const struct csin_quantity *length = lengths->items;
    uint32_t low = 0, high = lengths->n;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (length[middle].x < run_m - SAME_LENGTH_M)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The cheapest row that is fast enough and reaches; NULL where none does. */
static struct csin_bom_row *choose_cable(const struct maker *m, double rate_Bps, double run_m)
{
    const struct csin_cable_part *cable = m->parts->cables.items;
    struct csin_bom_row *best = NULL;
    double best_price = INFINITY;
    for (uint32_t k = 0; k < m->parts->cables.n; k++, cable++) {
        uint32_t i = first_that_reaches(&cable->lengths, run_m);
        if (i == cable->lengths.n || cable->rate_Bps.x < rate_Bps)
            continue;
        struct csin_bom_row *row = &m->cable_rows[m->cable_first[k] + i];
        double price = row->price_each + (m->ends[k] ? 2 * m->ends[k]->price.amount.x : 0);
        if (price < best_price) {
            best = row;
            best_price = price;
        }
    }
    return best;
}

static void say_no_cable(struct maker *m, const struct csin_cable *cable, double rate_Bps,
                         double run_m)
{
    const struct csin_fabric *f = m->f;
    const struct csin_cable_part *part = m->parts->cables.items;
    const struct csin_quantity *longest = NULL;
    for (uint32_t k = 0; k < m->parts->cables.n; k++, part++) {
        const struct csin_quantity *last = (const struct csin_quantity *)part->lengths.items +
                                           part->lengths.n - 1;
        if (part->rate_Bps.x >= rate_Bps && (!longest || last->x > longest->x))
            longest = last;
    }
    FAIL(m, 698, m->parts->cables.loc, "no cable of %s is %s m long",
         csin_show_linerate(rate_Bps).s, csin_show_fixed(ceil(run_m * 10) / 10, 1).s);
    if (longest)
        csin_note(m->diag, longest->loc, "the longest has %s m", csin_show_exact(longest->x).s);
    else
        csin_note(m->diag, m->parts->cables.loc, "none is as fast");
    if (cable)
        csin_note(m->diag, m->parts->cables.loc, "it goes from '%s' to '%s'",
                  csin_vertex_name(f, cable->end[0]).s, csin_vertex_name(f, cable->end[1]).s);
}

/* Of the cables that nobody sells, the longest is told. */
static void choose_cables(struct maker *m)
{
    const struct csin_fabric *f = m->f;
    struct csin_bom *bom = m->bom;
    struct csin_bom_row *row = NULL;
    const struct csin_cable *worst = NULL;
    double rate_Bps = -1, run_m = -1, worst_m = 0, worst_Bps = 0;
    bom->run_m = array(m, f->n_cables, sizeof *bom->run_m);
    bom->cable_row = array(m, f->n_cables, sizeof *bom->cable_row);
    if (!bom->run_m || !bom->cable_row)
        return;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        double its_run_m = run_of(bom, cable), its_rate_Bps = bought_Bps(f, cable);
        if (its_run_m != run_m || its_rate_Bps != rate_Bps) {
            run_m = its_run_m;
            rate_Bps = its_rate_Bps;
            row = choose_cable(m, rate_Bps, run_m);
        }
        bom->run_m[c] = run_m;
        bom->cable_row[c] = row;
        bom->longest_m = fmax(bom->longest_m, run_m);
        if (row) {
            row->n++;
        } else if (!worst || run_m > worst_m) {
            worst = cable;
            worst_m = run_m;
            worst_Bps = rate_Bps;
        }
        bom->n_host_ports += csin_is_nic(f, cable->end[0]) && !csin_is_nic(f, cable->end[1]);
    }
    if (worst)
        say_no_cable(m, worst, worst_Bps, worst_m);
}

static void count_transceivers(struct maker *m)
{
    const struct csin_cable_part *cable = m->parts->cables.items;
    for (uint32_t k = 0; k < m->parts->cables.n; k++, cable++) {
        const struct csin_transceiver_part *ends = m->ends[k];
        for (uint32_t i = 0; ends && i < cable->lengths.n; i++)
            m->transceiver_rows[INDEX(ends, m->parts->transceivers, csin_transceiver_part)].n +=
                2 * m->cable_rows[m->cable_first[k] + i].n;
    }
}

/* ---- sums ---- */

static double spare_ratio(const struct csin_parts *parts, enum csin_part_kind kind)
{
    switch (kind) {
    case CSIN_PART_SWITCH:
        return parts->spares.switches.x;
    case CSIN_PART_NIC:
        return parts->spares.nics.x;
    case CSIN_PART_CABLE:
        return parts->spares.cables.x;
    case CSIN_PART_TRANSCEIVER:
        return parts->spares.transceivers.x;
    default:
        return 0;
    }
}

static void add(struct csin_bom_sum *sum, const struct csin_bom_row *row)
{
    sum->n += row->n;
    sum->n_spare += row->n_spare;
    sum->price += row->price;
    sum->power_W += row->power_W;
}

static void add_up(struct csin_bom *bom)
{
    for (uint32_t i = 0; i < bom->n_rows; i++) {
        struct csin_bom_row *row = &bom->rows[i];
        /* Not one more where n x ratio is whole: 50 x 0.02 is a little over 1 in binary. */
        row->n_spare = (uint64_t)ceil((double)row->n * spare_ratio(bom->parts, row->kind) - 1e-9);
        row->price = (double)(row->n + row->n_spare) * row->price_each;
        row->power_W = (double)row->n * row->power_each_W;
        add(&bom->of[row->kind], row);
        add(&bom->all, row);
        if (row->kind != CSIN_PART_HOST)
            add(&bom->network, row);
        if (row->priced)
            bom->price_by[csin_figure_basis(row->price_from)] += row->price;
        if (row->powered)
            bom->power_by_W[csin_figure_basis(row->power_from)] += row->power_W;
        if (row->kind == CSIN_PART_CABLE) {
            bom->n_cables_of[row->medium] += row->n;
            bom->length_of_m[row->medium] += (double)row->n * row->length_m;
        }
    }
}

/* What nobody buys is no part of the bill; cables point to where their row went. */
static void drop_empty_rows(struct maker *m)
{
    struct csin_bom *bom = m->bom;
    uint32_t *moved = array(m, bom->n_rows, sizeof *moved), n = 0;
    if (!moved)
        return;
    for (uint32_t i = 0; i < bom->n_rows; i++) {
        moved[i] = n;
        if (bom->rows[i].n)
            bom->rows[n++] = bom->rows[i];
    }
    for (uint32_t c = 0; c < bom->fabric->n_cables; c++)
        bom->cable_row[c] = &bom->rows[moved[bom->cable_row[c] - bom->rows]];
    bom->n_rows = n;
}

enum csin_status csin_bom_create(const struct csin_fabric *fabric, const struct csin_parts *parts,
                                 bool any_model, struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_bom *ret_bom)
{
    struct csin_bom bom = {.fabric = fabric, .parts = parts};
    struct maker m = {.f = fabric,
                      .parts = parts,
                      .any_model = any_model,
                      .arena = arena,
                      .diag = diag,
                      .bom = &bom};
    m.switch_parts = array(&m, fabric->n_switches, sizeof *m.switch_parts);
    m.host_parts = array(&m, fabric->n_hosts, sizeof *m.host_parts);
    m.nic_parts = array(&m, fabric->n_hosts, sizeof *m.nic_parts);
    if (!csin_names_init(&m.told[0], arena, CSIN_MAX_PARTS) ||
        !csin_names_init(&m.told[1], arena, CSIN_MAX_PARTS))
        return csin_no_memory(diag);
    index_parts(&m, &m.switches, &parts->switches, sizeof(struct csin_switch_part));
    index_parts(&m, &m.hosts, &parts->hosts, sizeof(struct csin_host_part));
    find_transceivers(&m);
    if (m.status == CSIN_OK)
        find_parts(&m);
    if (m.status == CSIN_OK)
        make_rows(&m);
    if (m.status == CSIN_OK)
        count_boxes(&m);
    if (m.status == CSIN_OK)
        lay_out(&m);
    if (m.status == CSIN_OK)
        choose_cables(&m);
    if (m.status != CSIN_OK)
        return m.status;
    count_transceivers(&m);
    add_up(&bom);
    drop_empty_rows(&m);
    if (m.status == CSIN_OK)
        *ret_bom = bom;
    return m.status;
}
