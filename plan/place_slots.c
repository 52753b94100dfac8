/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/rng.h"
#include "plan/place_inside.h"
#include "sim/pick.h"

bool place_is_over(struct place *p)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    double now_s = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    p->over = p->over || now_s >= p->until_s ||
              (p->options->stop && p->options->stop(p->options->stop_arg));
    return p->over;
}

/* ---- hosts ---- */

/* Where a host is: the switches of its NICs that are up, as a number. */
struct spot {
    uint32_t leaf, zone;    /* of the first NIC that is up, CSIN_NONE where there is none */
    uint64_t leaves, zones; /* all of them, mixed */
    uint32_t host, kind;
};

static struct spot spot_of(const struct csin_fabric *f, uint32_t host)
{
    struct spot s = {CSIN_NONE, CSIN_NONE, 0, 0, host, 0};
    const struct csin_host *h = &f->hosts[host];
    for (uint32_t i = 0; i < h->n_nics; i++) {
        const struct csin_nic *nic = &f->nics[h->first_nic + i];
        if (nic->cable == CSIN_NONE || !f->cables[nic->cable].up)
            continue;
        uint32_t zone = f->switches[nic->leaf].zone;
        if (s.leaf == CSIN_NONE) {
            s.leaf = nic->leaf;
            s.zone = zone;
        }
        s.leaves += csin_mix64(nic->leaf); /* in any order */
        s.zones += csin_mix64(zone);
    }
    return s;
}

static int by_place(const void *left, const void *right)
{
    const struct spot *a = left, *b = right;
    if (a->leaf != b->leaf)
        return a->leaf < b->leaf ? -1 : 1;
    if (a->leaves != b->leaves)
        return a->leaves < b->leaves ? -1 : 1;
    return a->host < b->host ? -1 : a->host > b->host;
}

/* Hosts of a kind can stand in for each other. */
struct kind {
    enum csin_role role;
    uint32_t n_up;
    double rate_Bps;
};

static struct kind kind_of(const struct csin_fabric *f, uint32_t host)
{
    const struct csin_host *h = &f->hosts[host];
    struct kind kind = {h->role, 0, 0};
    for (uint32_t i = 0; i < h->n_nics; i++) {
        const struct csin_nic *nic = &f->nics[h->first_nic + i];
        if (nic->cable == CSIN_NONE || !f->cables[nic->cable].up)
            continue;
        kind.n_up++;
        kind.rate_Bps += f->arc_capacity_Bps[2 * nic->cable];
    }
    return kind;
}

static bool number_kinds(struct place *p, struct spot *spots)
{
    struct kind *kinds = NULL;
    size_t room = 0;
    for (uint32_t i = 0; i < p->n_slots; i++) {
        struct kind kind = kind_of(p->sc->fabric, spots[i].host);
        uint32_t k = 0;
        while (k < p->n_kinds && (kinds[k].role != kind.role || kinds[k].n_up != kind.n_up ||
                                  kinds[k].rate_Bps != kind.rate_Bps))
            k++;
        spots[i].kind = k;
        if (k < p->n_kinds)
            continue;
        if (!csin_grow(&kinds, &room, p->n_kinds + 1u, sizeof *kinds)) {
            free(kinds);
            return false;
        }
        kinds[p->n_kinds++] = kind;
    }
    free(kinds);
    return true;
}

/* Leaves from spots that are sorted. */
static bool number_leaves(struct place *p, const struct spot *spots)
{
    uint64_t *zones = NULL;
    size_t room = 0;
    for (uint32_t i = 0; i < p->n_slots; i++) {
        bool first = i == 0 || spots[i].leaves != spots[i - 1].leaves ||
                     spots[i].leaf != spots[i - 1].leaf;
        if (first) {
            uint32_t z = p->n_leaves ? p->leaf_zone[p->n_leaves - 1] : 0;
            if (z >= p->n_zones || zones[z] != spots[i].zones)
                for (z = 0; z < p->n_zones && zones[z] != spots[i].zones;)
                    z++;
            if (z == p->n_zones) {
                if (!csin_grow(&zones, &room, p->n_zones + 1u, sizeof *zones)) {
                    free(zones);
                    return false;
                }
                zones[p->n_zones++] = spots[i].zones;
            }
            p->leaf_switch[p->n_leaves] = spots[i].leaf;
            p->leaf_zone[p->n_leaves] = z;
            p->leaf_first[p->n_leaves++] = i;
        }
        p->slot_leaf[i] = p->n_leaves - 1;
        p->slot_host[i] = spots[i].host;
        p->slot_kind[i] = spots[i].kind;
    }
    p->leaf_first[p->n_leaves] = p->n_slots;
    free(zones);
    return true;
}

/* Marks, of each host, whether an event names it: 1; or moves a job to it: 2. */
static void mark_events(const struct csin_scenario *sc, uint8_t *named)
{
    for (uint32_t e = 0; e < sc->n_events; e++) {
        const struct csin_event *event = &sc->events[e];
        if (event->kind == CSIN_EVENT_HOST)
            for (uint32_t i = 0; i < event->n_items; i++)
                named[event->items[i]] = 1;
        if (event->kind == CSIN_EVENT_MOVE)
            for (uint32_t i = 0; i < event->n_hosts; i++)
                named[event->hosts[i]] = 1;
    }
}

static void fix_jobs(struct place *p, const uint8_t *named)
{
    const struct csin_scenario *sc = p->sc;
    for (uint32_t j = 0; j < sc->n_jobs; j++) {
        p->fixed[j] = p->options->fixed && p->options->fixed[j];
        for (uint32_t r = 0; r < sc->jobs[j].n_hosts; r++)
            p->fixed[j] = p->fixed[j] || named[sc->jobs[j].hosts[r]];
    }
    for (uint32_t e = 0; e < sc->n_events; e++)
        if (sc->events[e].kind == CSIN_EVENT_MOVE)
            p->fixed[sc->events[e].items[0]] = true;
}

/* Slots that nobody may come to lose their kind. */
static bool close_slots(struct place *p, const uint8_t *named, const uint32_t *slot_of)
{
    const struct csin_scenario *sc = p->sc;
    const struct csin_fabric *f = sc->fabric;
    uint8_t *open = calloc(f->n_hosts + 1u, 1);
    if (!open)
        return false;
    for (uint32_t h = 0; h < f->n_hosts; h++)
        open[h] = f->hosts[h].role == CSIN_COMPUTE && !named[h] &&
                  !(p->options->excluded && p->options->excluded[h]) &&
                  p->leaf_switch[p->slot_leaf[slot_of[h]]] != CSIN_NONE;
    for (uint32_t j = 0; j < sc->n_jobs; j++)
        for (uint32_t r = 0; r < sc->jobs[j].n_hosts; r++)
            open[sc->jobs[j].hosts[r]] = !p->fixed[j];
    for (uint32_t s = 0; s < p->n_slots; s++)
        if (!open[p->slot_host[s]])
            p->slot_kind[s] = CSIN_NONE;
    free(open);
    return true;
}

static void number_ranks(struct place *p, const uint32_t *slot_of)
{
    uint32_t rank = 0;
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        p->rank_first[j] = rank;
        for (uint32_t r = 0; r < p->sc->jobs[j].n_hosts; r++, rank++) {
            p->rank_job[rank] = j;
            p->given[rank] = slot_of[p->sc->jobs[j].hosts[r]];
        }
    }
    p->rank_first[p->n_jobs] = rank;
}

static bool place_alloc(struct place *p)
{
    size_t n = p->n_slots + 2u;
    for (uint32_t j = 0; j < p->n_jobs; j++)
        p->n_ranks += p->sc->jobs[j].n_hosts;
    p->slot_host = malloc(n * sizeof *p->slot_host);
    p->slot_leaf = malloc(n * sizeof *p->slot_leaf);
    p->slot_kind = malloc(n * sizeof *p->slot_kind);
    p->leaf_first = malloc(n * sizeof *p->leaf_first);
    p->leaf_zone = malloc(n * sizeof *p->leaf_zone);
    p->leaf_switch = malloc(n * sizeof *p->leaf_switch);
    p->rank_first = malloc((p->n_jobs + 2u) * sizeof *p->rank_first);
    p->bounds = calloc(p->n_jobs + 1u, sizeof *p->bounds);
    p->fixed = calloc(p->n_jobs + 1u, sizeof *p->fixed);
    p->graphs = calloc(p->n_jobs + 1u, sizeof *p->graphs);
    p->rank_job = malloc((p->n_ranks + 1u) * sizeof *p->rank_job);
    p->given = malloc((p->n_ranks + 1u) * sizeof *p->given);
    return p->slot_host && p->slot_leaf && p->slot_kind && p->leaf_first && p->leaf_zone &&
           p->leaf_switch && p->rank_first && p->fixed && p->graphs && p->rank_job && p->given &&
           p->bounds;
}

/* A zone is barred where none of its hosts is in the one that the job names. */
static bool bar_zones(struct place *p)
{
    const struct csin_fabric *f = p->sc->fabric;
    p->barred = calloc((size_t)p->n_jobs * p->n_zones + 1, sizeof *p->barred);
    for (uint32_t j = 0; p->barred && j < p->n_jobs; j++) {
        const char *zone = p->sc->jobs[j].zone;
        bool *barred = p->barred + (size_t)j * p->n_zones;
        memset(barred, zone != NULL, p->n_zones * sizeof *barred);
        for (uint32_t s = 0; zone && s < p->n_slots; s++)
            if (barred[place_zone(p, s)] && csin_pick_is_in_zone(f, p->slot_host[s], zone))
                barred[place_zone(p, s)] = false;
    }
    return p->barred;
}

bool place_init(struct place *p, const struct csin_scenario *sc,
                const struct csin_place_options *options, struct csin_diag *diag)
{
    const struct csin_fabric *f = sc->fabric;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    *p = (struct place){
        .sc = sc,
        .options = options,
        .diag = diag,
        .n_slots = f->n_hosts,
        .n_jobs = sc->n_jobs,
        .until_s = (double)t.tv_sec + 1e-9 * (double)t.tv_nsec +
                   (options->time_limit_s > 0 ? options->time_limit_s : CSIN_PLACE_TIME)};
    struct spot *spots = malloc((f->n_hosts + 1u) * sizeof *spots);
    uint8_t *named = calloc(f->n_hosts + 1u, 1);
    uint32_t *slot_of = malloc((f->n_hosts + 1u) * sizeof *slot_of);
    bool ok = spots && named && slot_of && place_alloc(p);
    if (ok) {
        for (uint32_t h = 0; h < f->n_hosts; h++)
            spots[h] = spot_of(f, h);
        qsort(spots, f->n_hosts, sizeof *spots, by_place);
        ok = number_kinds(p, spots) && number_leaves(p, spots);
    }
    if (ok) {
        for (uint32_t s = 0; s < p->n_slots; s++)
            slot_of[p->slot_host[s]] = s;
        mark_events(sc, named);
        fix_jobs(p, named);
        number_ranks(p, slot_of);
        ok = close_slots(p, named, slot_of) && bar_zones(p);
    }
    free(spots);
    free(named);
    free(slot_of);
    return ok;
}

void place_finish(struct place *p)
{
    for (uint32_t j = 0; p->graphs && j < p->n_jobs; j++)
        place_graph_finish(&p->graphs[j]);
    free(p->barred);
    free(p->slot_host);
    free(p->slot_leaf);
    free(p->slot_kind);
    free(p->leaf_first);
    free(p->leaf_zone);
    free(p->leaf_switch);
    free(p->rank_first);
    free(p->fixed);
    free(p->graphs);
    free(p->rank_job);
    free(p->given);
    free(p->bounds);
}

/* ---- scores ---- */

static int rising(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

/* How many different ones there are; sorts them. */
static uint32_t count_different(uint32_t *items, uint32_t n)
{
    uint32_t different = 0;
    qsort(items, n, sizeof *items, rising);
    for (uint32_t i = 0; i < n; i++)
        different += i == 0 || items[i] != items[i - 1];
    return different;
}

static void measure_bytes(const struct place *p, const struct place_graph *g, const uint32_t *slots,
                          struct csin_place_figures *ret)
{
    for (uint32_t v = 0; v < g->n; v++)
        for (uint64_t i = g->first[v]; i < g->first[v + 1]; i++) {
            uint32_t w = g->to[i];
            if (w < v || p->slot_leaf[slots[v]] == p->slot_leaf[slots[w]])
                continue;
            ret->leaf_bytes += g->weight[i];
            if (place_zone(p, slots[v]) == place_zone(p, slots[w]))
                continue;
            ret->zone_bytes += g->weight[i];
            ret->pairs_across++;
        }
}

/* scratch: [ranks of the job] */
static void measure_job(const struct place *p, uint32_t job, const uint32_t *slots,
                        uint32_t *scratch, struct csin_place_figures *ret)
{
    const struct place_graph *g = &p->graphs[job];
    *ret = (struct csin_place_figures){.bytes = g->bytes};
    measure_bytes(p, g, slots, ret);
    for (uint32_t r = 0; r < g->n; r++)
        scratch[r] = place_zone(p, slots[r]);
    ret->jobs_across = count_different(scratch, g->n) > 1;
    for (uint32_t r = 0; r < g->n; r++)
        scratch[r] = p->slot_leaf[slots[r]];
    ret->leaves = count_different(scratch, g->n);
}

/* How many leaves several jobs are on. */
static uint32_t count_shared(const struct place *p, const uint32_t *slots, uint32_t *job_of)
{
    uint32_t shared = 0;
    memset(job_of, 0xff, (p->n_leaves + 1u) * sizeof *job_of);
    for (uint32_t r = 0; r < p->n_ranks; r++) {
        uint32_t leaf = p->slot_leaf[slots[r]];
        bool first = job_of[leaf] == CSIN_NONE;
        if (!first && job_of[leaf] != p->n_jobs && job_of[leaf] != p->rank_job[r]) {
            job_of[leaf] = p->n_jobs; /* several */
            shared++;
        }
        if (first)
            job_of[leaf] = p->rank_job[r];
    }
    return shared;
}

bool place_measure(const struct place *p, const uint32_t *slots, struct place_score *ret_score,
                   struct csin_place_figures *ret_all, struct csin_place_figures *ret_jobs)
{
    uint32_t larger = p->n_ranks > p->n_leaves ? p->n_ranks : p->n_leaves;
    uint32_t *scratch = malloc((larger + 1u) * sizeof *scratch);
    if (!scratch)
        return false;
    struct csin_place_figures all = {0};
    for (uint32_t j = 0; j < p->n_jobs; j++) {
        struct csin_place_figures job;
        measure_job(p, j, slots + p->rank_first[j], scratch, &job);
        all.jobs_across += job.jobs_across;
        all.pairs_across += job.pairs_across;
        all.leaves += job.leaves;
        all.zone_bytes += job.zone_bytes;
        all.leaf_bytes += job.leaf_bytes;
        all.bytes += job.bytes;
        if (ret_jobs)
            ret_jobs[j] = job;
    }
    if (ret_all) {
        all.shared = count_shared(p, slots, scratch);
        *ret_all = all;
    }
    if (ret_score)
        *ret_score = (struct place_score){all.jobs_across, all.leaves, all.zone_bytes,
                                          all.leaf_bytes};
    free(scratch);
    return true;
}

static int compare_bytes(double a, double b)
{
    if (fabs(a - b) <= PLACE_SAME * fmax(fabs(a), fabs(b)))
        return 0;
    return a < b ? -1 : 1;
}

int place_compare(const struct place_score *a, const struct place_score *b, bool leaves)
{
    if (a->jobs_across != b->jobs_across)
        return a->jobs_across < b->jobs_across ? -1 : 1;
    int bytes = compare_bytes(a->zone_bytes, b->zone_bytes);
    if (bytes == 0)
        bytes = compare_bytes(a->leaf_bytes, b->leaf_bytes);
    if (bytes || !leaves || a->leaves == b->leaves)
        return bytes;
    return a->leaves < b->leaves ? -1 : 1;
}

static int falling(const void *left, const void *right)
{
    return -rising(left, right);
}

uint32_t *place_room(const struct place *p, uint32_t job, bool zones, uint32_t *ret_n)
{
    uint32_t n = zones ? p->n_zones : p->n_leaves;
    uint32_t *room = calloc(n + 1u, sizeof *room);
    uint8_t *has = calloc(p->n_kinds + 1u, 1);
    if (room && has) {
        for (uint32_t r = p->rank_first[job]; r < p->rank_first[job + 1]; r++)
            if (p->slot_kind[p->given[r]] != CSIN_NONE)
                has[p->slot_kind[p->given[r]]] = 1;
        for (uint32_t s = 0; s < p->n_slots; s++)
            if (p->slot_kind[s] != CSIN_NONE && has[p->slot_kind[s]] &&
                !place_is_barred(p, job, place_zone(p, s)))
                room[zones ? place_zone(p, s) : p->slot_leaf[s]]++;
        qsort(room, n, sizeof *room, falling);
        while (n && room[n - 1] == 0)
            n--;
        *ret_n = n;
    } else {
        free(room);
        room = NULL;
    }
    free(has);
    return room;
}
