/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/ib.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"

#define SWITCH_GUIDS 0x02c51a0100000000u
#define NIC_GUIDS 0x02c51a0200000000u
#define GUID_STEP 0x100u /* leaves numbers for the ports of a node */

/* ---- where a GUID is ---- */

static uint32_t *slot_of(const struct csin_ib *ib, uint64_t guid)
{
    uint32_t slot = (uint32_t)csin_mix64(guid) & (ib->n_slots - 1);
    while (ib->guid_slots[slot] != CSIN_NONE && ib->points[ib->guid_slots[slot]].port_guid != guid)
        slot = (slot + 1) & (ib->n_slots - 1);
    return &ib->guid_slots[slot];
}

uint32_t csin_ib_by_guid(const struct csin_ib *ib, uint64_t port_guid)
{
    return port_guid ? *slot_of(ib, port_guid) : CSIN_NONE;
}

uint32_t csin_ib_by_lid(const struct csin_ib *ib, uint64_t lid)
{
    return lid <= ib->max_lid ? ib->by_lid[lid] : CSIN_NONE;
}

/* ---- names ---- */

struct csin_ib_text csin_ib_description(const struct csin_fabric *f, uint32_t point)
{
    struct csin_ib_text text;
    if (point >= f->n_vertices) {
        snprintf(text.s, sizeof text.s, "Mellanox Technologies Aggregation Node");
    } else if (point < f->n_switches) {
        snprintf(text.s, sizeof text.s, "%s", f->switches[point].name);
    } else {
        const struct csin_nic *nic = &f->nics[point - f->n_switches];
        const struct csin_host *host = &f->hosts[nic->host];
        if (nic->device)
            snprintf(text.s, sizeof text.s, "%.64s%s%.64s", host->name, nic->device[0] ? " " : "",
                     nic->device);
        else
            snprintf(text.s, sizeof text.s, "%.64s mlx5_%u", host->name,
                     point - f->n_switches - host->first_nic);
    }
    return text;
}

struct csin_ib_speed csin_ib_speed(double rate_Bps)
{
    /* Of one lane, as links are called: EDR runs 25.78125 Gb/s, of which 25 are data. */
    static const struct {
        const char *name;
        double lane_Bps;
    } speeds[] = {{"NDR", 12.5e9}, {"HDR", 6.25e9},  {"EDR", 3.125e9}, {"FDR", 1.75e9},
                  {"QDR", 1.25e9}, {"DDR", 0.625e9}, {"SDR", 0.3125e9}};
    static const unsigned widths[] = {4, 1, 2, 8, 12}; /* the usual one first */
    struct csin_ib_speed best = {"1xSDR"};
    double best_Bps = 0;
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
        for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
            double this_Bps = widths[w] * speeds[i].lane_Bps;
            if (this_Bps > rate_Bps * (1 + 1e-9) || this_Bps <= best_Bps)
                continue;
            best_Bps = this_Bps;
            snprintf(best.s, sizeof best.s, "%ux%s", widths[w], speeds[i].name);
        }
    return best;
}

/* ---- making them ---- */

struct maker {
    const struct csin_fabric *f;
    struct csin_ib *ib;
    struct csin_diag *diag;
    enum csin_status status;
};

static struct csin_loc loc_of(const struct csin_fabric *f, uint32_t point)
{
    if (point >= f->n_vertices)
        return f->switches[point - f->n_vertices].loc;
    return point < f->n_switches ? f->switches[point].loc
                                 : f->hosts[f->nics[point - f->n_switches].host].loc;
}

static void taken(struct maker *m, const char *what, uint32_t point, uint32_t other)
{
    m->status = csin_error(m->diag, CSIN_E_INPUT, 641, loc_of(m->f, point),
                           "'%s' and '%s' have the same %s", csin_ib_description(m->f, other).s,
                           csin_ib_description(m->f, point).s, what);
    csin_note(m->diag, loc_of(m->f, other), "the other one is here");
}

/* GUIDs that the fabric knows; a port's may follow from its node's. */
static void take_known_guids(struct maker *m)
{
    const struct csin_fabric *f = m->f;
    for (uint32_t i = 0; i < m->ib->n; i++) {
        struct csin_ib_point *point = &m->ib->points[i];
        if (i >= f->n_vertices) {
            point->node_guid = point->port_guid = f->switches[i - f->n_vertices].agent_guid;
            point->port = point->node_guid ? 1 : 0;
        } else if (i < f->n_switches) {
            point->node_guid = point->port_guid = f->switches[i].guid;
        } else {
            const struct csin_nic *nic = &f->nics[i - f->n_switches];
            point->port = nic->adapter_port ? nic->adapter_port : 1;
            point->node_guid = nic->node_guid ? nic->node_guid : nic->port_guid;
            point->port_guid = nic->port_guid   ? nic->port_guid
                               : nic->node_guid ? nic->node_guid + point->port
                                                : 0;
        }
        if (!point->port_guid)
            continue;
        uint32_t *slot = slot_of(m->ib, point->port_guid);
        if (*slot == CSIN_NONE)
            *slot = i;
        else
            taken(m, "port GUID", i, *slot);
    }
}

/* GUIDs for the points first .. first + n - 1 that have none. `next` only grows, so that numbers
 * which the fabric uses itself cost one step each. */
static void make_guids(struct maker *m, uint32_t first, uint32_t n, uint64_t base)
{
    uint64_t next = 0;
    for (uint32_t i = first; i < first + n; i++) {
        struct csin_ib_point *point = &m->ib->points[i];
        if (point->port_guid)
            continue;
        next = next > i - first ? next + 1 : i - first + 1u;
        while (csin_ib_by_guid(m->ib, base + next * GUID_STEP + point->port) != CSIN_NONE)
            next++;
        point->node_guid = base + next * GUID_STEP;
        point->port_guid = point->node_guid + point->port;
        *slot_of(m->ib, point->port_guid) = i;
    }
}

static uint32_t known_lid(const struct csin_fabric *f, uint32_t point)
{
    if (point >= f->n_vertices)
        return f->switches[point - f->n_vertices].agent_lid;
    return point < f->n_switches ? f->switches[point].lid : f->nics[point - f->n_switches].lid;
}

/* A NIC without a cable and an aggregation node that is none have no LID. */
static bool needs_lid(const struct csin_fabric *f, uint32_t point)
{
    if (point >= f->n_vertices)
        return f->switches[point - f->n_vertices].agent_guid != 0;
    return point < f->n_switches || f->nics[point - f->n_switches].cable != CSIN_NONE;
}

static void take_known_lids(struct maker *m)
{
    for (uint32_t i = 0; i < m->ib->n; i++) {
        uint32_t lid = known_lid(m->f, i);
        if (!needs_lid(m->f, i) || lid == 0 || lid > CSIN_IB_MAX_LID)
            continue;
        m->ib->points[i].lid = lid;
        m->ib->points[i].lid_is_known = true;
        if (m->ib->by_lid[lid] == CSIN_NONE)
            m->ib->by_lid[lid] = i;
        else
            taken(m, "LID", i, m->ib->by_lid[lid]);
    }
}

static void make_lids(struct maker *m)
{
    struct csin_ib *ib = m->ib;
    uint32_t next = 1;
    for (uint32_t i = 0; i < ib->n; i++) {
        if (!needs_lid(m->f, i) || ib->points[i].lid)
            continue;
        while (ib->by_lid[next] != CSIN_NONE)
            next++;
        ib->points[i].lid = next;
        ib->by_lid[next] = i;
    }
    for (ib->max_lid = CSIN_IB_MAX_LID; ib->max_lid > 0 && ib->by_lid[ib->max_lid] == CSIN_NONE;)
        ib->max_lid--;
}

static enum csin_status check_count(const struct csin_fabric *f, uint32_t n, struct csin_diag *diag)
{
    uint32_t needed = 0;
    for (uint32_t i = 0; i < n; i++)
        needed += needs_lid(f, i);
    if (needed <= CSIN_IB_MAX_LID)
        return CSIN_OK;
    csin_error(diag, CSIN_E_INPUT, 640, (struct csin_loc){0},
               "%s switches and NICs need a LID each; an InfiniBand subnet has %s",
               csin_show_count(needed).s, csin_show_count(CSIN_IB_MAX_LID).s);
    csin_note(diag, (struct csin_loc){0},
              "planes that no cable joins are subnets of their own: --plane 1 writes one of them");
    return CSIN_E_INPUT;
}

enum csin_status csin_ib_guids(const struct csin_fabric *f, struct csin_arena *arena,
                               struct csin_diag *diag, struct csin_ib *ret)
{
    struct csin_ib ib = {.n = f->n_vertices + f->n_switches};
    for (ib.n_slots = 16; ib.n_slots < 2 * ib.n;)
        ib.n_slots *= 2;
    ib.points = csin_arena_alloc(arena, ib.n, sizeof *ib.points);
    ib.guid_slots = csin_arena_alloc(arena, ib.n_slots, sizeof *ib.guid_slots);
    if (!ib.points || !ib.guid_slots)
        return csin_no_memory(diag);
    memset(ib.guid_slots, 0xff, ib.n_slots * sizeof *ib.guid_slots);
    struct maker m = {f, &ib, diag, CSIN_OK};
    take_known_guids(&m);
    if (m.status == CSIN_OK) {
        make_guids(&m, 0, f->n_switches, SWITCH_GUIDS);
        make_guids(&m, f->n_switches, f->n_nics, NIC_GUIDS);
    }
    *ret = ib;
    return m.status;
}

enum csin_status csin_ib_identify(const struct csin_fabric *f, struct csin_arena *arena,
                                  struct csin_diag *diag, struct csin_ib *ret)
{
    struct csin_ib ib = {0};
    enum csin_status status = check_count(f, f->n_vertices + f->n_switches, diag);
    if (status != CSIN_OK)
        return status;
    uint32_t *by_lid = csin_arena_alloc(arena, CSIN_IB_MAX_LID + 2, sizeof *by_lid);
    status = by_lid ? csin_ib_guids(f, arena, diag, &ib) : csin_no_memory(diag);
    if (!by_lid || !ib.points)
        return status;
    memset(by_lid, 0xff, (CSIN_IB_MAX_LID + 2) * sizeof *by_lid);
    ib.by_lid = by_lid;
    ib.max_lid = CSIN_IB_MAX_LID;
    struct maker m = {f, &ib, diag, status};
    take_known_lids(&m);
    if (m.status != CSIN_OK)
        return m.status;
    make_lids(&m);
    *ret = ib;
    return CSIN_OK;
}
