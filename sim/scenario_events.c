/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events: what happens at a moment of the run to cables, switches, hosts, jobs and streams. They
 * are resolved in the order of the file and then put into that of time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/resolve.h"

#define MAX_EVENTS 100000u
/* Cables, switches and hosts of all events together: a short file could list millions again and
 * again. */
#define MAX_ITEMS (4u * CSIN_MAX_HOSTS)

/* What an event is about, as bits: a key may go with several. */
enum about { NOTHING = 0, CABLE = 1, SWITCH = 2, HOST = 4, JOB = 8, STREAM = 16 };

struct events {
    struct resolver *r;
    uint64_t n_items;
    struct csin_loc *starts; /* [n_owners] where it is said when it starts */
    bool misplaced;          /* the event at hand has keys of another kind */
};

/* ---- form ---- */

struct part { /* of an event as it was written */
    const char *key;
    unsigned goes_with;  /* enum about */
    struct csin_loc loc; /* line 0: not written */
};

/* What it is about and how that is called; NOTHING after a reported failure. */
static enum about what_about(struct resolver *r, const struct csin_event_spec *spec,
                             const char **ret_key)
{
    const struct part parts[] = {{"cable", CABLE, spec->cable.loc},
                                 {"switch", SWITCH, spec->switches.loc},
                                 {"host", HOST, spec->hosts.loc},
                                 {"job", JOB, spec->job.loc},
                                 {"stream", STREAM, spec->stream.loc}};
    const struct part *about = NULL;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].loc.line && about) {
            FAIL(r, 432, spec->loc, "this event is about a '%s' and a '%s'", about->key,
                 parts[i].key);
            csin_note(r->diag, spec->loc, "write an event for each, at the same time");
            return NOTHING;
        }
        if (parts[i].loc.line)
            about = &parts[i];
    }
    if (!about) {
        FAIL(r, 432, spec->loc, "this event is about nothing");
        csin_note(r->diag, spec->loc, "add 'cable', 'switch', 'host', 'job' or 'stream'");
        return NOTHING;
    }
    *ret_key = about->key;
    return (enum about)about->goes_with;
}

/* Keys that have no place in an event about this. */
static void check_parts(struct events *e, const struct csin_event_spec *spec, enum about about,
                        const char *key)
{
    const struct part parts[] = {{"nth", CABLE, spec->nth.loc},
                                 {"rate", CABLE, spec->rate_Bps.loc},
                                 {"ssd", HOST, spec->ssd.loc},
                                 {"state", CABLE | SWITCH | HOST, spec->state.loc},
                                 {"action", JOB | STREAM, spec->action.loc},
                                 {"hosts", JOB, spec->to.loc}};
    e->misplaced = false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!parts[i].loc.line || parts[i].goes_with & about)
            continue;
        e->misplaced = true;
        FAIL(e->r, 432, parts[i].loc, "an event of a '%s' has no '%s'", key, parts[i].key);
        csin_note(e->r->diag, parts[i].loc, "it goes with %s",
                  parts[i].goes_with == CABLE            ? "'cable'"
                  : parts[i].goes_with == JOB            ? "'job'"
                  : parts[i].goes_with == (JOB | STREAM) ? "'job' and 'stream'"
                                                         : "'cable', 'switch' and 'host'");
    }
}

static void nothing_happens(struct events *e, const struct csin_event_spec *spec,
                            const char *remedy)
{
    if (e->misplaced)
        return; /* it says so with the wrong key, which has been told */
    FAIL(e->r, 433, spec->loc, "this event does not say what happens");
    csin_note(e->r->diag, spec->loc, "add %s", remedy);
}

/* ---- cables, switches, hosts ---- */

/* False, told once, when the events name too much. */
static bool has_room(struct events *e, const struct csin_event_spec *spec, uint32_t n)
{
    bool had = e->n_items <= MAX_ITEMS;
    e->n_items += n;
    if (had && e->n_items > MAX_ITEMS)
        FAIL(e->r, 437, spec->loc, "the events name more than %s cables, switches and hosts",
             csin_show_count(MAX_ITEMS).s);
    return e->n_items <= MAX_ITEMS;
}

/* Copies what an event is about into the scenario. */
static bool set_items(struct events *e, const struct csin_event_spec *spec,
                      struct csin_event *event, const uint32_t *items, uint32_t n)
{
    if (!has_room(e, spec, n))
        return false;
    event->n_items = n;
    event->items = csin_resolve_array(e->r, n, sizeof *items);
    if (event->items)
        memcpy(event->items, items, n * sizeof *items);
    return event->items;
}

/* What a cable can carry: what it has, or where an override took from that what its ports have. */
static double most_Bps(const struct csin_fabric *f, const struct csin_cable *cable)
{
    double most = cable->degraded ? HUGE_VAL : cable->capacity_Bps;
    for (unsigned e = 0; e < 2; e++) {
        uint32_t at = cable->end[e];
        most = fmin(most, csin_is_nic(f, at) ? f->nics[at - f->n_switches].rate_Bps
                                             : f->switches[at].rate_Bps);
    }
    return most;
}

static void check_rate(struct resolver *r, const struct csin_quantity *rate_Bps,
                       const uint32_t *cables, uint32_t n)
{
    const struct csin_fabric *f = r->sc->fabric;
    for (uint32_t i = 0; i < n; i++) {
        double most = most_Bps(f, &f->cables[cables[i]]);
        if (rate_Bps->x <= most * (1 + 1e-12))
            continue;
        FAIL(r, 212, rate_Bps->loc, "%s is faster than the cable is (%s)",
             csin_show_linerate(rate_Bps->x).s, csin_show_linerate(most).s);
        return;
    }
}

static bool resolve_cable(struct events *e, const struct csin_event_spec *spec,
                          struct csin_event *event)
{
    struct resolver *r = e->r;
    const struct csin_text *names = spec->cable.items;
    uint32_t id[2], cables[CSIN_MAX_PORTS];
    if (!spec->state.loc.line && !spec->rate_Bps.loc.line)
        nothing_happens(e, spec, "'state: down', 'state: up' or a 'rate'");
    if (spec->cable.n != 2) {
        FAIL(r, 227, spec->cable.loc, "'cable' names two ends, not %u", spec->cable.n);
        return false;
    }
    for (unsigned i = 0; i < 2; i++)
        if ((id[i] = csin_pick_end(r->sc->fabric, &names[i], r->diag)) == CSIN_NONE)
            csin_resolve_fail(r, CSIN_E_INPUT);
    if (id[0] == CSIN_NONE || id[1] == CSIN_NONE)
        return false;
    uint32_t n = csin_fabric_cables(r->sc->fabric, r->diag, &spec->cable, id, &spec->nth, cables);
    if (n == 0) {
        csin_resolve_fail(r, CSIN_E_INPUT);
        return false;
    }
    event->kind = CSIN_EVENT_CABLE;
    event->rate_Bps = spec->rate_Bps.x;
    check_rate(r, &spec->rate_Bps, cables, n);
    return set_items(e, spec, event, cables, n);
}

/* Switches or hosts of a hostlist, in `scratch`. */
static enum csin_status pick(struct resolver *r, bool switches, const struct csin_text *list,
                             struct csin_arena *scratch, uint32_t **ret_items, uint32_t *ret_n)
{
    const struct csin_fabric *f = r->sc->fabric;
    enum csin_status status = CSIN_OK;
    if (!scratch)
        status = csin_no_memory(r->diag);
    else if (switches)
        status = csin_pick_switches(f, list, scratch, r->diag, ret_items, ret_n);
    else
        status = csin_pick_named(f, list, scratch, r->diag, ret_items, ret_n);
    csin_resolve_fail(r, status);
    return status;
}

/* Do all of these hosts have the SSD that the event is about, if it is about one? */
static bool have_ssd(struct resolver *r, const struct csin_event_spec *spec,
                     enum csin_event_kind kind, const uint32_t *hosts, uint32_t n)
{
    for (uint32_t i = 0; kind == CSIN_EVENT_SSD && i < n; i++) {
        const struct csin_host *host = &r->sc->fabric->hosts[hosts[i]];
        uint32_t n_ssds = host->inside ? host->inside->n_ssds : 0;
        if (spec->ssd.n < n_ssds)
            continue;
        FAIL(r, 926, spec->ssd.loc, "host '%s' has no SSD %u", host->name, (unsigned)spec->ssd.n);
        if (n_ssds > 0)
            csin_note(r->diag, spec->ssd.loc, "its model has %u, from 0 to %u", n_ssds, n_ssds - 1);
        else
            csin_note(r->diag, spec->ssd.loc,
                      "its model says nothing of SSDs: add inside: {ssds, "
                      "ssd-read, ssd-write}");
        return false;
    }
    return true;
}

static bool resolve_place(struct events *e, const struct csin_event_spec *spec, bool switches,
                          struct csin_event *event)
{
    struct resolver *r = e->r;
    struct csin_arena *scratch = csin_arena_create();
    const struct csin_text *list = switches ? &spec->switches : &spec->hosts;
    uint32_t *items, n;
    if (!spec->state.loc.line)
        nothing_happens(e, spec, "'state: down' or 'state: up'");
    event->kind = switches             ? CSIN_EVENT_SWITCH
                  : spec->ssd.loc.line ? CSIN_EVENT_SSD
                                       : CSIN_EVENT_HOST;
    event->ssd = (uint32_t)spec->ssd.n;
    bool is_set = pick(e->r, switches, list, scratch, &items, &n) == CSIN_OK &&
                  have_ssd(r, spec, event->kind, items, n) && set_items(e, spec, event, items, n);
    csin_arena_destroy(scratch);
    return is_set;
}

/* ---- jobs and streams ---- */

static const char *sort_of(const struct csin_scenario *sc, uint32_t owner)
{
    return owner < sc->n_jobs ? "job" : "stream";
}

static void unknown_owner(struct resolver *r, const struct csin_text *name, bool job)
{
    const struct csin_scenario *sc = r->sc;
    const char *const *names = sc->owners + (job ? 0 : sc->n_jobs), *what = job ? "job" : "stream";
    uint32_t n = job ? sc->n_jobs : sc->n_streams;
    const char *near = csin_resolve_heard_enough(r) ? NULL : csin_nearest(name->s, names, n);
    if (near) {
        FAIL(r, 434, name->loc, "unknown %s '%s'; did you mean '%s'?", what, name->s, near);
        return;
    }
    FAIL(r, 434, name->loc, "unknown %s '%s'", what, name->s);
    if (n == 0)
        csin_note(r->diag, name->loc, "there are no %ss in this scenario", what);
    else if (n == 1)
        csin_note(r->diag, name->loc, "there is '%s'", names[0]);
    else
        csin_note(r->diag, name->loc, "there are '%s' %s '%s'", names[0], n == 2 ? "and" : "to",
                  names[n - 1]);
}

/* CSIN_NONE after a reported failure. */
static uint32_t find_owner(struct resolver *r, const struct csin_text *name, bool job)
{
    uint32_t owner = csin_names_find(&r->owners, name->s);
    if (owner != CSIN_NONE && (owner < r->sc->n_jobs) == job)
        return owner;
    if (owner == CSIN_NONE) {
        unknown_owner(r, name, job);
        return CSIN_NONE;
    }
    FAIL(r, 434, name->loc, "'%s' is a %s, not a %s", name->s, sort_of(r->sc, owner),
         job ? "job" : "stream");
    csin_note(r->diag, name->loc, "write '%s: %s'", sort_of(r->sc, owner), name->s);
    return CSIN_NONE;
}

static void start_job(struct events *e, const struct csin_event_spec *spec, uint32_t job)
{
    struct resolver *r = e->r;
    if (e->starts[job].line) {
        FAIL(r, 435, spec->loc, "job '%s' is started twice", r->sc->jobs[job].name);
        csin_note(r->diag, e->starts[job], "it has a start here");
        return;
    }
    e->starts[job] = spec->loc;
    r->sc->jobs[job].start_s = spec->at_s.x;
}

static bool move_job(struct events *e, const struct csin_event_spec *spec, uint32_t owner,
                     struct csin_event *event)
{
    struct resolver *r = e->r;
    const struct csin_job *job = &r->sc->jobs[owner];
    uint32_t n;
    if (!spec->to.loc.line) {
        FAIL(r, 436, spec->loc, "this event does not say where job '%s' moves", job->name);
        csin_note(r->diag, spec->loc, "add 'hosts': a hostlist with a host for each rank");
        return false;
    }
    if (csin_is_counted(&spec->to)) {
        FAIL(r, 436, spec->to.loc, "'%s' does not say which hosts job '%s' moves to",
             csin_brief(spec->to.s, SIZE_MAX).s, job->name);
        csin_note(r->diag, spec->to.loc, "write a hostlist with a host for each rank");
        return false;
    }
    event->kind = CSIN_EVENT_MOVE;
    event->from = job->hosts;
    event->n_hosts = job->n_hosts;
    enum csin_status status = csin_pick_named(r->sc->fabric, &spec->to, r->sc->arena, r->diag,
                                              &event->hosts, &n);
    csin_resolve_fail(r, status);
    if (status != CSIN_OK || !job->hosts || !has_room(e, spec, n))
        return false;
    if (n != job->n_hosts) {
        FAIL(r, 436, spec->to.loc, "job '%s' has %s host%s and would move to %s", job->name,
             csin_show_count(job->n_hosts).s, job->n_hosts == 1 ? "" : "s", csin_show_count(n).s);
        return false;
    }
    csin_resolve_take_hosts(r, owner, event->hosts, n, spec->to.loc);
    return true;
}

static bool resolve_job(struct events *e, const struct csin_event_spec *spec,
                        struct csin_event *event)
{
    uint32_t owner = find_owner(e->r, &spec->job, true);
    enum csin_action action = (enum csin_action)spec->action.i;
    if (!spec->action.loc.line)
        nothing_happens(e, spec, "'action: start', 'action: stop' or 'action: move'");
    if (owner == CSIN_NONE || !spec->action.loc.line)
        return false;
    if (spec->to.loc.line && action != CSIN_MOVE)
        FAIL(e->r, 436, spec->to.loc, "'hosts' goes with 'action: move' only");
    event->kind = CSIN_EVENT_STOP;
    if (action == CSIN_START)
        start_job(e, spec, owner);
    return action != CSIN_START && (action != CSIN_MOVE || move_job(e, spec, owner, event)) &&
           set_items(e, spec, event, &owner, 1);
}

static bool resolve_stream(struct events *e, const struct csin_event_spec *spec,
                           struct csin_event *event)
{
    uint32_t owner = find_owner(e->r, &spec->stream, false);
    if (!spec->action.loc.line) {
        nothing_happens(e, spec, "'action: stop'");
    } else if (spec->action.i != CSIN_STOP) {
        FAIL(e->r, 433, spec->action.loc, "a stream can only stop");
        csin_note(e->r->diag, spec->action.loc, "write 'action: stop'%s",
                  spec->action.i == CSIN_START ? "; when it starts is a key of the stream" : "");
    }
    event->kind = CSIN_EVENT_STOP;
    return owner != CSIN_NONE && set_items(e, spec, event, &owner, 1);
}

/* ---- all ---- */

/* False where it leaves no event: a start, and after a reported failure. */
static bool resolve_event(struct events *e, const struct csin_event_spec *spec,
                          struct csin_event *event)
{
    const char *key;
    *event = (struct csin_event){
        .at_s = spec->at_s.x, .up = spec->state.i == CSIN_UP, .loc = spec->loc};
    csin_resolve_check_time(e->r, "an event", &spec->at_s);
    enum about about = what_about(e->r, spec, &key);
    if (about == NOTHING)
        return false;
    check_parts(e, spec, about, key);
    switch (about) {
    case CABLE:
        return resolve_cable(e, spec, event);
    case JOB:
        return resolve_job(e, spec, event);
    case STREAM:
        return resolve_stream(e, spec, event);
    default:
        return resolve_place(e, spec, about == SWITCH, event);
    }
}

/* An event on its way from the file to its place in time. */
struct draft {
    struct csin_event event;
    uint32_t number;  /* in the file */
    bool keeps_state; /* of cables: only their rate changes */
};

static int by_time(const void *a, const void *b)
{
    const struct draft *x = a, *y = b;
    if (x->event.at_s != y->event.at_s)
        return x->event.at_s < y->event.at_s ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Cables that are up and cables that are down at a new rate: two events, as an event says whether
 * its cables are up. Returns how many it made. */
static uint32_t split_by_state(const struct csin_event *event, const bool *up,
                               struct csin_event *ret_events)
{
    uint32_t down[CSIN_MAX_PORTS], n_up = 0, n_down = 0, n = 0;
    for (uint32_t i = 0; i < event->n_items; i++)
        if (up[event->items[i]])
            event->items[n_up++] = event->items[i];
        else
            down[n_down++] = event->items[i];
    memcpy(event->items + n_up, down, n_down * sizeof *down);
    for (unsigned is_up = 0; is_up < 2; is_up++) {
        if ((is_up ? n_up : n_down) == 0)
            continue;
        ret_events[n] = *event;
        ret_events[n].up = is_up;
        ret_events[n].items = event->items + (is_up ? 0 : n_up);
        ret_events[n++].n_items = is_up ? n_up : n_down;
    }
    return n;
}

/* In the order of time, and of the file at the same time. */
static void set_events(struct resolver *r, struct draft *drafts, uint32_t n)
{
    struct csin_scenario *sc = r->sc;
    if (n == 0)
        return;
    struct csin_event *events = csin_resolve_array(r, 2 * (size_t)n, sizeof *events);
    bool *up = malloc(sc->fabric->n_cables + 1u);
    if (!up)
        csin_resolve_fail(r, csin_no_memory(r->diag));
    for (uint32_t c = 0; up && c < sc->fabric->n_cables; c++)
        up[c] = sc->fabric->cables[c].up;
    qsort(drafts, n, sizeof *drafts, by_time);
    uint32_t made = 0;
    for (uint32_t i = 0; events && up && i < n; i++) {
        const struct csin_event *event = &drafts[i].event;
        if (drafts[i].keeps_state) {
            made += split_by_state(event, up, &events[made]);
            continue;
        }
        events[made++] = *event;
        for (uint32_t k = 0; event->kind == CSIN_EVENT_CABLE && k < event->n_items; k++)
            up[event->items[k]] = event->up;
    }
    sc->events = events;
    sc->n_events = made;
    free(up);
}

/* Nothing happens to a job or stream before it starts or after it has stopped. */
static void check_order(struct events *e)
{
    struct resolver *r = e->r;
    const struct csin_scenario *sc = r->sc;
    const struct csin_event **stops = csin_resolve_array(r, sc->n_owners, sizeof *stops);
    for (uint32_t i = 0; stops && i < sc->n_events; i++) {
        const struct csin_event *event = &sc->events[i];
        if (event->kind != CSIN_EVENT_STOP && event->kind != CSIN_EVENT_MOVE)
            continue;
        uint32_t owner = event->items[0];
        bool job = owner < sc->n_jobs;
        double start_s = job ? sc->jobs[owner].start_s : sc->streams[owner - sc->n_jobs].start_s;
        if (event->at_s < start_s) {
            FAIL(r, 435, event->loc, "%s '%s' starts at %s, after this event", sort_of(sc, owner),
                 sc->owners[owner], csin_show_time(start_s).s);
            csin_note(r->diag, e->starts[owner], "its start is here");
        } else if (stops[owner]) {
            FAIL(r, 435, event->loc, "%s '%s' has stopped at %s, before this event",
                 sort_of(sc, owner), sc->owners[owner], csin_show_time(stops[owner]->at_s).s);
            csin_note(r->diag, stops[owner]->loc, "it stops here");
        }
        if (event->kind == CSIN_EVENT_STOP && !stops[owner])
            stops[owner] = event;
    }
}

static bool prepare(struct events *e)
{
    struct resolver *r = e->r;
    const struct csin_scenario *sc = r->sc;
    const struct csin_job_spec *jobs = r->spec->jobs.items;
    const struct csin_stream_spec *streams = r->spec->storage.items;
    if (r->spec->events.n > MAX_EVENTS) {
        FAIL(r, 437, r->spec->events.loc, "%s events; at most %s",
             csin_show_count(r->spec->events.n).s, csin_show_count(MAX_EVENTS).s);
        return false;
    }
    if (!sc->owners || !(e->starts = csin_resolve_array(r, sc->n_owners, sizeof *e->starts)))
        return false;
    for (uint32_t i = 0; i < sc->n_jobs; i++)
        e->starts[i] = jobs[i].start_s.loc;
    for (uint32_t i = 0; i < sc->n_streams; i++)
        e->starts[sc->n_jobs + i] = streams[i].start_s.loc;
    return true;
}

static void check_reaction(struct resolver *r)
{
    r->sc->reaction_s = r->spec->reaction_s.x;
    for (uint32_t i = 0; i < r->sc->n_events; i++)
        if (r->sc->events[i].kind <= CSIN_EVENT_HOST)
            return;
    if (r->spec->reaction_s.loc.line)
        csin_warning(r->diag, 402, r->spec->reaction_s.loc,
                     "'reaction' has no effect: no event changes the fabric");
}

void csin_resolve_events(struct resolver *r)
{
    struct events e = {.r = r};
    const struct csin_event_spec *specs = r->spec->events.items;
    if (!prepare(&e))
        return;
    struct draft *drafts = malloc((r->spec->events.n + 1u) * sizeof *drafts);
    if (!drafts) {
        csin_resolve_fail(r, csin_no_memory(r->diag));
        return;
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->spec->events.n; i++) {
        if (e.n_items > MAX_ITEMS || csin_resolve_heard_enough(r))
            break;
        drafts[n].number = i;
        drafts[n].keeps_state = specs[i].cable.loc.line && !specs[i].state.loc.line;
        n += resolve_event(&e, &specs[i], &drafts[n].event);
    }
    set_events(r, drafts, n);
    free(drafts);
    check_order(&e);
    if (r->status == CSIN_OK)
        check_reaction(r);
}

void csin_resolve_event_names(struct resolver *r)
{
    const struct csin_event_spec *specs = r->spec->events.items;
    uint64_t n_items = 0;
    for (uint32_t i = 0; i < r->spec->events.n; i++) {
        if (n_items > MAX_ITEMS || csin_resolve_heard_enough(r))
            return;
        const struct csin_text *lists[] = {&specs[i].switches, &specs[i].hosts, &specs[i].to};
        const struct csin_text *ends = specs[i].cable.items;
        struct csin_arena *scratch = csin_arena_create();
        uint32_t *items, n;
        for (unsigned k = 0; k < 3; k++)
            if (lists[k]->s && pick(r, k == 0, lists[k], scratch, &items, &n) == CSIN_OK)
                n_items += n;
        for (uint32_t k = 0; k < specs[i].cable.n; k++)
            if (ends[k].s && csin_pick_end(r->sc->fabric, &ends[k], r->diag) == CSIN_NONE)
                csin_resolve_fail(r, CSIN_E_INPUT);
        csin_arena_destroy(scratch);
    }
}
