/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * For one destination each switch has one next port, so all ways to it make a forest with circles
 * in it. Each switch is visited once for a destination: whoever comes by later takes over what was
 * found. */
#include "topo/lft_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "topo/routes_inside.h"

enum ending {
    ARRIVES,
    NO_ENTRY,
    NO_CABLE,
    DEAD_CABLE,
    OTHER_HOST,
    CIRCLE,
    TOO_FAR, /* more cables than a path has room for */
    N_ENDINGS,
    UNSEEN,
    ON_THE_WAY
};

struct example {
    uint64_t n;            /* pairs of NICs */
    uint32_t src, dst, at; /* NICs, and the switch where it ends */
};

struct walk {
    const struct csin_routes *r;
    uint8_t *ending;        /* [n_switches] enum ending */
    uint8_t *hops;          /* [n_switches] cables left, where it arrives */
    uint32_t *end;          /* [n_switches] the switch where it ends badly */
    uint32_t *stack;        /* [n_switches] switches of the way being walked */
    uint32_t *first, *last; /* [n_switches] joined NICs of each switch, where there are any */
    uint32_t *n_nics;       /* [n_switches] joined NICs */
    struct example examples[N_ENDINGS];
    uint64_t n_pairs;
};

static bool walk_init(struct walk *w, const struct csin_routes *r)
{
    size_t n = r->f->n_switches + 1u;
    *w = (struct walk){.r = r,
                       .ending = malloc(n),
                       .hops = malloc(n),
                       .end = malloc(n * sizeof *w->end),
                       .stack = malloc(n * sizeof *w->stack),
                       .first = malloc(n * sizeof *w->first),
                       .last = malloc(n * sizeof *w->last),
                       .n_nics = calloc(n, sizeof *w->n_nics)};
    if (!w->ending || !w->hops || !w->end || !w->stack || !w->first || !w->last || !w->n_nics)
        return false;
    for (uint32_t nic = r->f->n_nics; nic-- > 0;) {
        const struct csin_nic *of = &r->f->nics[nic];
        if (of->cable == CSIN_NONE || !r->up[of->cable])
            continue;
        w->first[of->leaf] = nic;
        if (w->n_nics[of->leaf]++ == 0)
            w->last[of->leaf] = nic;
    }
    return true;
}

static void walk_finish(struct walk *w)
{
    free(w->ending);
    free(w->hops);
    free(w->end);
    free(w->stack);
    free(w->first);
    free(w->last);
    free(w->n_nics);
}

/* Where a step from switch `s` towards `nic` ends, or ON_THE_WAY with the next switch. */
static enum ending step(const struct csin_routes *r, uint32_t s, uint32_t nic, uint32_t *ret_next)
{
    const struct csin_fabric *f = r->f;
    uint16_t port = *table_entry(r, s, nic);
    uint32_t arc = port == NO_PORT ? CSIN_NONE : f->port_arc[f->switches[s].first_port + port];
    if (arc == CSIN_NONE)
        return port == NO_PORT ? NO_ENTRY : NO_CABLE;
    if (!r->up[arc >> 1])
        return DEAD_CABLE;
    *ret_next = csin_arc_head(f, arc);
    if (!csin_is_nic(f, *ret_next))
        return ON_THE_WAY;
    return *ret_next == f->n_switches + nic ? ARRIVES : OTHER_HOST;
}

/* Walks from `from` until it is known how it ends, and notes that for all switches on the way. */
static void follow(struct walk *w, uint32_t from, uint32_t nic)
{
    uint32_t n = 0, at = from, next = CSIN_NONE;
    enum ending ending = UNSEEN;
    while (w->ending[at] == UNSEEN) {
        w->ending[at] = ON_THE_WAY;
        w->stack[n++] = at;
        ending = step(w->r, at, nic, &next);
        if (ending != ON_THE_WAY)
            break;
        at = next;
    }
    uint32_t end = at;
    unsigned hops = 0; /* of the switch that is known */
    if (ending == ON_THE_WAY || n == 0) {
        ending = w->ending[at] == ON_THE_WAY ? CIRCLE : (enum ending)w->ending[at];
        end = ending == CIRCLE ? at : w->end[at];
        hops = w->hops[at];
    }
    while (n-- > 0) {
        hops++;
        /* With the cable of the source. */
        if (ending == ARRIVES && hops + 1 > CSIN_PATH_MAX) {
            ending = TOO_FAR;
            end = w->stack[n];
        }
        w->ending[w->stack[n]] = (uint8_t)ending;
        w->hops[w->stack[n]] = (uint8_t)hops;
        w->end[w->stack[n]] = end;
    }
}

/* All sources to one destination. Pairs that no cables join are not the fault of the tables. */
static void walk_to(struct walk *w, uint32_t nic)
{
    const struct csin_fabric *f = w->r->f;
    uint32_t leaf = f->nics[nic].leaf;
    memset(w->ending, UNSEEN, f->n_switches);
    for (uint32_t s = 0; s < f->n_switches; s++) {
        uint32_t pairs = w->n_nics[s] - (s == leaf);
        if (w->n_nics[s] == 0 || pairs == 0 || csin_routes_hops(w->r, s, leaf) == 255)
            continue;
        follow(w, s, nic);
        struct example *example = &w->examples[w->ending[s]];
        if (example->n == 0)
            *example = (struct example){0, w->first[s] == nic ? w->last[s] : w->first[s], nic,
                                        w->end[s]};
        example->n += pairs;
        w->n_pairs += pairs;
    }
}

/* The switches of a circle, up to a line's length of them. */
struct circle {
    char s[160];
};

static struct circle circle_at(const struct walk *w, uint32_t begin, uint32_t nic)
{
    const struct csin_fabric *f = w->r->f;
    struct circle circle;
    uint32_t at = begin, n = 0;
    int used = snprintf(circle.s, sizeof circle.s, "'%.32s'", f->switches[begin].name);
    do {
        if (step(w->r, at, nic, &at) != ON_THE_WAY)
            break;
        if (++n == 4 && at != begin) {
            used += snprintf(circle.s + used, sizeof circle.s - (size_t)used, " -> ...");
            break;
        }
        used += snprintf(circle.s + used, sizeof circle.s - (size_t)used, " -> '%.32s'",
                         f->switches[at].name);
    } while (at != begin && used < (int)sizeof circle.s - 48);
    return circle;
}

static void tell(const struct walk *w, enum ending ending, struct csin_loc loc,
                 struct csin_diag *diag)
{
    const struct csin_fabric *f = w->r->f;
    const struct example *e = &w->examples[ending];
    struct csin_vertex_name src = csin_vertex_name(f, f->n_switches + e->src);
    struct csin_vertex_name dst = csin_vertex_name(f, f->n_switches + e->dst);
    const char *at = f->switches[e->at].name;
    struct csin_shown n = csin_show_count(e->n);
    uint32_t port = 1u + *table_entry(w->r, e->at, e->dst);
    switch (ending) {
    case NO_ENTRY:
        csin_note(diag, loc, "%s pairs end where there is no entry: from '%s' to '%s' at '%s'", n.s,
                  src.s, dst.s, at);
        break;
    case NO_CABLE:
        csin_note(diag, loc,
                  "%s pairs end at a port without a cable: from '%s' to '%s' at port %u of '%s'",
                  n.s, src.s, dst.s, port, at);
        break;
    case DEAD_CABLE:
        csin_note(diag, loc, "%s pairs end at a dead cable: from '%s' to '%s' at port %u of '%s'",
                  n.s, src.s, dst.s, port, at);
        break;
    case OTHER_HOST:
        csin_note(diag, loc, "%s pairs end at another host: from '%s' to '%s' at port %u of '%s'",
                  n.s, src.s, dst.s, port, at);
        break;
    case CIRCLE:
        csin_note(diag, loc, "%s pairs go in circles: from '%s' to '%s' by %s", n.s, src.s, dst.s,
                  circle_at(w, e->at, e->dst).s);
        break;
    case TOO_FAR:
        csin_note(diag, loc, "%s pairs take more than %d cables: from '%s' to '%s'", n.s,
                  CSIN_PATH_MAX, src.s, dst.s);
        break;
    default:
        break;
    }
}

enum csin_status csin_lft_check(const struct csin_routes *r, const char *file,
                                struct csin_diag *diag)
{
    struct walk w;
    struct csin_loc loc = {file, 0, 0};
    enum csin_status status = CSIN_OK;
    if (!walk_init(&w, r)) {
        walk_finish(&w);
        return csin_no_memory(diag);
    }
    for (uint32_t nic = 0; nic < r->f->n_nics; nic++)
        if (r->f->nics[nic].cable != CSIN_NONE && r->up[r->f->nics[nic].cable])
            walk_to(&w, nic);
    uint64_t lost = w.n_pairs - w.examples[ARRIVES].n;
    if (lost > 0)
        csin_warning(diag, 651, loc, "these tables have no way for %s of %s pairs of NICs",
                     csin_show_count(lost).s, csin_show_count(w.n_pairs).s);
    for (int ending = ARRIVES + 1; lost > 0 && ending < N_ENDINGS; ending++)
        if (w.examples[ending].n > 0)
            tell(&w, (enum ending)ending, loc, diag);
    walk_finish(&w);
    return status;
}
