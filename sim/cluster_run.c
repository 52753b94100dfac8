/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The scheduler: events in the order of time. At each instant first everything that is due happens
 * (ends, saves, loads, arrivals), then the queue is gone through, then the rates are asked for
 * where other jobs run than before. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/cluster.h"

const char *const csin_queue_names[] = {"strict", "skip", NULL};

#define MAX_STAY_HOSTS (1u << 27) /* hosts of all stays together: 512 MiB */

enum state { COMING, QUEUED, LOADING, RUNNING, SAVING, DONE };

struct job {
    enum state state;
    double left_s;   /* of the work, where it does not run */
    double due_s;    /* when the state ends: arrival, load, save or the end of the work */
    double slowdown; /* while it runs; 0: not known yet */
    double since_s;  /* when the state began */
    uint32_t stay;   /* where it is on hosts */
};

struct cluster {
    struct csin_cluster_hosts *hosts;
    const struct csin_cluster_rules *rules;
    const struct csin_cluster_job *specs;
    uint32_t n_jobs;
    csin_cluster_rates *rates;
    void *rates_arg;
    struct csin_diag *diag;
    struct csin_cluster_result *result;
    size_t stays_room, moments_room;
    uint64_t stay_hosts;
    struct job *jobs;
    uint32_t *order;            /* all jobs as they arrive */
    uint32_t next_arrival;      /* in `order` */
    uint32_t *queue, n_queue;   /* most important first */
    uint32_t *active, n_active; /* on hosts, by number */
    uint32_t *victims, *hosts_of_one;
    bool *free, *imagined;
    uint32_t n_free, n_crossing;
    struct csin_running *running;
    double *slowdown;
    double now_s;
    bool other_set; /* other jobs run than when rates were asked for */
    enum csin_status status;
};

/* ---- order ---- */

struct sort_key {
    const struct csin_cluster_job *job;
    uint32_t index;
};

static int by_arrival(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    if (x->job->arrive_s != y->job->arrive_s)
        return x->job->arrive_s < y->job->arrive_s ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static bool sort_arrivals(struct cluster *c)
{
    struct sort_key *keys = malloc((c->n_jobs + (size_t)1) * sizeof *keys);
    if (!keys)
        return false;
    for (uint32_t i = 0; i < c->n_jobs; i++)
        keys[i] = (struct sort_key){&c->specs[i], i};
    qsort(keys, c->n_jobs, sizeof *keys, by_arrival);
    for (uint32_t i = 0; i < c->n_jobs; i++)
        c->order[i] = keys[i].index;
    free(keys);
    return true;
}

/* Whether job a stands in front of b in the queue. */
static bool goes_first(const struct cluster *c, uint32_t a, uint32_t b)
{
    const struct csin_cluster_job *x = &c->specs[a], *y = &c->specs[b];
    if (x->priority != y->priority)
        return x->priority > y->priority;
    if (x->arrive_s != y->arrive_s)
        return x->arrive_s < y->arrive_s;
    return a < b;
}

/* ---- changes of state ---- */

static void enqueue(struct cluster *c, uint32_t job)
{
    uint32_t low = 0, high = c->n_queue;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (goes_first(c, c->queue[middle], job))
            low = middle + 1;
        else
            high = middle;
    }
    memmove(c->queue + low + 1, c->queue + low, (c->n_queue - low) * sizeof *c->queue);
    c->queue[low] = job;
    c->n_queue++;
    c->jobs[job].state = QUEUED;
    c->jobs[job].since_s = c->now_s;
}

static void dequeue(struct cluster *c, uint32_t place)
{
    c->n_queue--;
    memmove(c->queue + place, c->queue + place + 1, (c->n_queue - place) * sizeof *c->queue);
}

static void activate(struct cluster *c, uint32_t job)
{
    uint32_t place = c->n_active++;
    for (; place > 0 && c->active[place - 1] > job; place--)
        c->active[place] = c->active[place - 1];
    c->active[place] = job;
}

static void deactivate(struct cluster *c, uint32_t job)
{
    uint32_t place = 0;
    while (c->active[place] != job)
        place++;
    c->n_active--;
    memmove(c->active + place, c->active + place + 1, (c->n_active - place) * sizeof *c->active);
}

static struct csin_stay *stay_of(const struct cluster *c, uint32_t job)
{
    return &c->result->stays[c->jobs[job].stay];
}

static void begin_work(struct cluster *c, uint32_t index)
{
    struct job *job = &c->jobs[index];
    job->state = RUNNING;
    job->since_s = c->now_s;
    job->slowdown = c->rates ? 0 : 1;
    job->due_s = c->rates ? HUGE_VAL : c->now_s + job->left_s;
    c->other_set = true;
    if (!c->rates && c->result->jobs[index].worst_slowdown < 1)
        c->result->jobs[index].worst_slowdown = 1;
}

/* The job stops making progress: done, or to be interrupted. */
static void end_work(struct cluster *c, uint32_t index)
{
    struct job *job = &c->jobs[index];
    double left = job->slowdown > 0 ? (job->due_s - c->now_s) / job->slowdown : job->left_s;
    job->left_s = left > 0 ? left : 0;
    c->result->jobs[index].run_s += c->now_s - job->since_s;
    c->result->jobs[index].done_s = c->specs[index].work_s - job->left_s;
    c->other_set = true;
}

static void leave_hosts(struct cluster *c, uint32_t index)
{
    struct csin_stay *stay = stay_of(c, index);
    const struct csin_cluster_job *spec = &c->specs[index];
    for (uint32_t i = 0; i < spec->n_hosts; i++)
        c->free[stay->hosts[i]] = true;
    c->n_free += spec->n_hosts;
    c->n_crossing -= stay->crosses;
    stay->to_s = c->now_s;
    deactivate(c, index);
}

static bool add_stay(struct cluster *c, uint32_t index, bool crosses)
{
    struct csin_cluster_result *result = c->result;
    uint32_t n = c->specs[index].n_hosts;
    c->stay_hosts += n;
    if (c->stay_hosts > MAX_STAY_HOSTS) {
        c->status = csin_error(c->diag, CSIN_E_INPUT, 945, c->specs[index].loc,
                               "jobs get more than %s hosts in all, each counted as often as "
                               "it is given to one",
                               csin_show_count(MAX_STAY_HOSTS).s);
        csin_note(c->diag, c->specs[index].loc, "look at a shorter time with 'until'");
        return false;
    }
    uint32_t *hosts = csin_arena_alloc(result->arena, n, sizeof *hosts);
    if (!hosts || !csin_grow(&result->stays, &c->stays_room, result->n_stays + (size_t)1,
                             sizeof *result->stays)) {
        c->status = csin_no_memory(c->diag);
        return false;
    }
    memcpy(hosts, c->hosts_of_one, n * sizeof *hosts);
    c->jobs[index].stay = result->n_stays;
    result->stays[result->n_stays++] = (struct csin_stay){
        .job = index,
        .hosts = hosts,
        .n_leaves = csin_cluster_leaves(c->hosts, hosts, n),
        .crosses = crosses,
        .from_s = c->now_s,
    };
    return true;
}

/* The job gets the hosts in hosts_of_one. */
static void start(struct cluster *c, uint32_t index, bool crosses)
{
    struct csin_cluster_job_result *so_far = &c->result->jobs[index];
    const struct csin_cluster_job *spec = &c->specs[index];
    struct job *job = &c->jobs[index];
    if (!add_stay(c, index, crosses))
        return;
    for (uint32_t i = 0; i < spec->n_hosts; i++)
        c->free[c->hosts_of_one[i]] = false;
    c->n_free -= spec->n_hosts;
    c->n_crossing += crosses;
    if (c->n_crossing > c->result->max_crossing)
        c->result->max_crossing = c->n_crossing;
    so_far->wait_s += c->now_s - job->since_s;
    activate(c, index);
    if (so_far->n_stays++ == 0)
        so_far->start_s = c->now_s;
    if (so_far->n_stays > 1 && spec->load_s > 0) {
        job->state = LOADING;
        job->since_s = c->now_s;
        job->due_s = c->now_s + spec->load_s;
    } else {
        begin_work(c, index);
    }
}

/* A job saves and leaves; one that still loads has nothing to save. */
static void interrupt(struct cluster *c, uint32_t index)
{
    struct job *job = &c->jobs[index];
    double save_s = job->state == RUNNING ? c->specs[index].save_s : 0;
    if (job->state == RUNNING) {
        end_work(c, index);
    } else {
        c->result->jobs[index].load_s += c->now_s - job->since_s;
        stay_of(c, index)->load_s = c->now_s - job->since_s;
    }
    job->state = SAVING;
    job->since_s = c->now_s;
    job->due_s = c->now_s + save_s;
}

/* What is due of a job that is on hosts. */
static void advance(struct cluster *c, uint32_t index)
{
    struct job *job = &c->jobs[index];
    struct csin_cluster_job_result *result = &c->result->jobs[index];
    switch (job->state) {
    case LOADING:
        result->load_s += c->now_s - job->since_s;
        stay_of(c, index)->load_s = c->now_s - job->since_s;
        begin_work(c, index);
        break;
    case RUNNING:
        end_work(c, index);
        leave_hosts(c, index);
        job->state = DONE;
        result->done_s = c->specs[index].work_s;
        result->finish_s = c->now_s;
        break;
    default: /* SAVING */
        result->save_s += c->now_s - job->since_s;
        stay_of(c, index)->save_s = c->now_s - job->since_s;
        leave_hosts(c, index);
        enqueue(c, index);
    }
}

/* ---- interrupting others ---- */

static bool is_leaving(const struct cluster *c, uint32_t job)
{
    return c->jobs[job].state == SAVING;
}

/* Whether there would be room for a job if those that are leaving and the first n victims but
 * `kept` had left. */
static bool would_fit(struct cluster *c, uint32_t index, uint32_t n, uint32_t kept)
{
    const struct csin_cluster_job *spec = &c->specs[index];
    uint32_t crossing = c->n_crossing;
    bool crosses;
    memcpy(c->imagined, c->free, c->hosts->n_hosts * sizeof *c->imagined);
    for (uint32_t i = 0, v = 0; i < c->n_active + n; i++) {
        uint32_t other = i < c->n_active ? c->active[i] : c->victims[v++];
        if (i < c->n_active ? !is_leaving(c, other) : other == kept || other == CSIN_NONE)
            continue;
        const struct csin_stay *stay = stay_of(c, other);
        for (uint32_t k = 0; k < c->specs[other].n_hosts; k++)
            c->imagined[stay->hosts[k]] = true;
        crossing -= stay->crosses;
    }
    struct csin_cluster_wish wish = {spec->n_hosts, spec->allowed, crossing < c->rules->cross_zone};
    return csin_cluster_place(c->hosts, c->rules->placement, &wish, c->imagined, c->hosts_of_one,
                              &crosses);
}

/* Whether job a should be interrupted before b: less important, then on its hosts for a shorter
 * time, then the later one. */
static bool falls_first(const struct cluster *c, uint32_t a, uint32_t b)
{
    if (c->specs[a].priority != c->specs[b].priority)
        return c->specs[a].priority < c->specs[b].priority;
    if (stay_of(c, a)->from_s != stay_of(c, b)->from_s)
        return stay_of(c, a)->from_s > stay_of(c, b)->from_s;
    return a > b;
}

/* Those that may be interrupted for a job, in the order in which they are. */
static uint32_t find_victims(struct cluster *c, uint32_t index)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_active; i++) {
        uint32_t other = c->active[i];
        if (c->specs[other].stays || is_leaving(c, other) ||
            c->specs[other].priority >= c->specs[index].priority)
            continue;
        uint32_t place = n++;
        for (; place > 0 && falls_first(c, other, c->victims[place - 1]); place--)
            c->victims[place] = c->victims[place - 1];
        c->victims[place] = other;
    }
    return n;
}

/* Interrupts as few as make room for a job. True where hosts are being freed for it: by others that
 * leave already, or by those. */
static bool make_room(struct cluster *c, uint32_t index)
{
    if (would_fit(c, index, 0, CSIN_NONE))
        return true;
    uint32_t low = 0, high = find_victims(c, index);
    if (high == 0 || !would_fit(c, index, high, CSIN_NONE))
        return false;
    while (high - low > 1) { /* more victims never make less room */
        uint32_t middle = (low + high) / 2;
        if (would_fit(c, index, middle, CSIN_NONE))
            high = middle;
        else
            low = middle;
    }
    for (uint32_t v = high; v > 0; v--) /* those that are not needed stay, important ones first */
        if (would_fit(c, index, high, c->victims[v - 1]))
            c->victims[v - 1] = CSIN_NONE;
    for (uint32_t v = 0; v < high; v++)
        if (c->victims[v] != CSIN_NONE)
            interrupt(c, c->victims[v]);
    return true;
}

/* Hosts that a job of this priority could have at most, if it had its way. */
static uint32_t reach(const struct cluster *c, uint64_t priority)
{
    uint32_t n = c->n_free;
    for (uint32_t i = 0; i < c->n_active; i++) {
        uint32_t other = c->active[i];
        if (is_leaving(c, other) || (!c->specs[other].stays && c->specs[other].priority < priority))
            n += c->specs[other].n_hosts;
    }
    return n;
}

/* ---- the queue ---- */

static bool try_start(struct cluster *c, uint32_t place)
{
    uint32_t index = c->queue[place];
    const struct csin_cluster_job *spec = &c->specs[index];
    bool crosses;
    struct csin_cluster_wish wish = {spec->n_hosts, spec->allowed,
                                     c->n_crossing < c->rules->cross_zone};
    if (spec->n_hosts > c->n_free || !csin_cluster_place(c->hosts, c->rules->placement, &wish,
                                                         c->free, c->hosts_of_one, &crosses))
        return false;
    dequeue(c, place);
    start(c, index, crosses);
    return true;
}

static void go_through_queue(struct cluster *c)
{
    uint64_t priority = UINT64_MAX;
    uint32_t reachable = UINT32_MAX; /* of jobs of this priority */
    for (uint32_t i = 0; i < c->n_queue && c->status == CSIN_OK;) {
        const struct csin_cluster_job *spec = &c->specs[c->queue[i]];
        if (try_start(c, i)) {
            reachable = UINT32_MAX;
            continue;
        }
        if (c->rules->preempts) {
            if (spec->priority != priority || reachable == UINT32_MAX)
                reachable = reach(c, spec->priority);
            priority = spec->priority;
            if (spec->n_hosts <= reachable && make_room(c, c->queue[i]))
                return; /* what is freed is for this one */
        }
        if (c->rules->queue == CSIN_QUEUE_STRICT)
            return;
        i++;
    }
}

/* ---- rates ---- */

/* The progress so far stays; what is left is done at another speed. */
static void set_slowdown(struct cluster *c, uint32_t index, double slowdown)
{
    struct job *job = &c->jobs[index];
    if (slowdown == job->slowdown)
        return;
    double left = job->slowdown > 0 ? (job->due_s - c->now_s) / job->slowdown : job->left_s;
    job->slowdown = slowdown;
    job->due_s = c->now_s + (left > 0 ? left : 0) * slowdown;
    if (slowdown > c->result->jobs[index].worst_slowdown)
        c->result->jobs[index].worst_slowdown = slowdown;
}

static void ask_rates(struct cluster *c)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->n_active; i++)
        if (c->jobs[c->active[i]].state == RUNNING)
            c->running[n++] = (struct csin_running){c->active[i], stay_of(c, c->active[i])->hosts};
    c->other_set = false;
    if (!c->rates || n == 0)
        return;
    c->result->n_rates++;
    c->status = c->rates(c->rates_arg, c->now_s, c->running, n, c->slowdown, c->diag);
    for (uint32_t i = 0; c->status == CSIN_OK && i < n; i++)
        set_slowdown(c, c->running[i].job, c->slowdown[i]);
}

/* ---- time ---- */

static double next_event(const struct cluster *c)
{
    double next = HUGE_VAL;
    if (c->next_arrival < c->n_jobs)
        next = c->specs[c->order[c->next_arrival]].arrive_s;
    for (uint32_t i = 0; i < c->n_active; i++)
        if (c->jobs[c->active[i]].due_s < next)
            next = c->jobs[c->active[i]].due_s;
    return next;
}

/* Everything that is due: ends first, so that what arrives at the same time finds free hosts. */
static void let_happen(struct cluster *c)
{
    for (uint32_t i = 0; i < c->n_active;) {
        uint32_t index = c->active[i], n = c->n_active;
        if (c->jobs[index].due_s <= c->now_s)
            advance(c, index);
        i += n == c->n_active;
    }
    for (; c->next_arrival < c->n_jobs; c->next_arrival++) {
        uint32_t index = c->order[c->next_arrival];
        if (c->specs[index].arrive_s > c->now_s)
            break;
        enqueue(c, index);
    }
}

static void count_time(struct cluster *c, double to_s)
{
    const struct csin_cluster_result *result = c->result;
    if (result->n_moments == 0)
        return;
    const struct csin_cluster_moment *last = &result->moments[result->n_moments - 1];
    c->result->busy_s += last->busy * (to_s - c->now_s);
    c->result->working_s += last->working * (to_s - c->now_s);
}

/* The counts of now, in place of those of the same instant. */
static void note_moment(struct cluster *c)
{
    struct csin_cluster_result *result = c->result;
    struct csin_cluster_moment now = {.at_s = c->now_s, .queued = c->n_queue};
    for (uint32_t i = 0; i < c->n_active; i++) {
        bool works = c->jobs[c->active[i]].state == RUNNING;
        now.busy += c->specs[c->active[i]].n_hosts;
        now.working += works ? c->specs[c->active[i]].n_hosts : 0;
        now.running += works;
    }
    if (result->n_moments > 0 && result->moments[result->n_moments - 1].at_s == c->now_s)
        result->n_moments--;
    if (!csin_grow(&result->moments, &c->moments_room, result->n_moments + (size_t)1,
                   sizeof *result->moments))
        c->status = csin_no_memory(c->diag);
    else
        result->moments[result->n_moments++] = now;
}

static void run(struct cluster *c)
{
    note_moment(c);
    while (c->status == CSIN_OK) {
        double next = next_event(c);
        if (next == HUGE_VAL || next > c->rules->until_s)
            break;
        count_time(c, next);
        c->now_s = next;
        let_happen(c);
        go_through_queue(c);
        if (c->status == CSIN_OK)
            note_moment(c);
        /* Who saves or loads for no time goes on at this very instant. */
        if (c->status == CSIN_OK && c->other_set && next_event(c) > c->now_s)
            ask_rates(c);
    }
}

/* What is not over at the end is cut off there. */
static void cut_off(struct cluster *c)
{
    double end_s = c->rules->until_s < HUGE_VAL ? c->rules->until_s : c->now_s;
    count_time(c, end_s);
    c->now_s = c->result->end_s = end_s;
    for (uint32_t i = 0; i < c->n_queue; i++)
        c->result->jobs[c->queue[i]].wait_s += end_s - c->jobs[c->queue[i]].since_s;
    for (uint32_t i = 0; i < c->n_active; i++) {
        uint32_t index = c->active[i];
        double part = end_s - c->jobs[index].since_s;
        struct csin_stay *stay = stay_of(c, index);
        stay->to_s = end_s;
        if (c->jobs[index].state == RUNNING) {
            end_work(c, index);
        } else if (c->jobs[index].state == LOADING) {
            stay->load_s = part;
            c->result->jobs[index].load_s += part;
        } else {
            stay->save_s = part;
            c->result->jobs[index].save_s += part;
        }
    }
}

/* ---- setting up ---- */

static bool open_cluster(struct cluster *c, struct csin_arena *scratch)
{
    size_t n = c->n_jobs + (size_t)1, n_hosts = c->hosts->n_hosts + (size_t)1;
    struct csin_arena *arena = csin_arena_create();
    c->result = arena ? csin_arena_alloc(arena, 1, sizeof *c->result) : NULL;
    if (!c->result) {
        csin_arena_destroy(arena);
        return false;
    }
    c->result->arena = arena;
    c->result->jobs = csin_arena_alloc(arena, n, sizeof *c->result->jobs);
    c->jobs = csin_arena_alloc(scratch, n, sizeof *c->jobs);
    c->order = csin_arena_alloc(scratch, n, sizeof *c->order);
    c->queue = csin_arena_alloc(scratch, n, sizeof *c->queue);
    c->active = csin_arena_alloc(scratch, n, sizeof *c->active);
    c->victims = csin_arena_alloc(scratch, n, sizeof *c->victims);
    c->running = csin_arena_alloc(scratch, n, sizeof *c->running);
    c->slowdown = csin_arena_alloc(scratch, n, sizeof *c->slowdown);
    c->hosts_of_one = csin_arena_alloc(scratch, n_hosts, sizeof *c->hosts_of_one);
    c->free = csin_arena_alloc(scratch, n_hosts, sizeof *c->free);
    c->imagined = csin_arena_alloc(scratch, n_hosts, sizeof *c->imagined);
    return c->result->jobs && c->jobs && c->order && c->queue && c->active && c->victims &&
           c->running && c->slowdown && c->hosts_of_one && c->free && c->imagined &&
           sort_arrivals(c);
}

static enum csin_status too_large(const struct csin_cluster_hosts *hosts,
                                  const struct csin_cluster_rules *rules,
                                  const struct csin_cluster_job *job, struct csin_diag *diag)
{
    char place[128];
    if (job->zone)
        snprintf(place, sizeof place, "zone '%s' has fewer", job->zone);
    else if (job->n_hosts > hosts->n_compute)
        snprintf(place, sizeof place, "the cluster has %s", csin_show_count(hosts->n_compute).s);
    else
        snprintf(place, sizeof place, "no zone has so many");
    csin_error(diag, CSIN_E_INPUT, 944, job->loc, "job '%s' has %s hosts; %s", job->name,
               csin_show_count(job->n_hosts).s, place);
    if (!job->zone && rules->cross_zone == 0 && job->n_hosts <= hosts->n_compute)
        csin_note(diag, job->loc, "'cross-zone: 1' lets one job at a time lie in several");
    return CSIN_E_INPUT;
}

enum csin_status csin_cluster_fits(struct csin_cluster_hosts *hosts,
                                   const struct csin_cluster_rules *rules,
                                   const struct csin_cluster_job *jobs, uint32_t n_jobs,
                                   struct csin_diag *diag)
{
    struct csin_arena *scratch = csin_arena_create();
    bool *free_hosts = scratch ? csin_arena_alloc(scratch, hosts->n_hosts + 1u, 1) : NULL;
    uint32_t *found = scratch ? csin_arena_alloc(scratch, hosts->n_hosts + 1u, sizeof *found)
                              : NULL;
    enum csin_status status = free_hosts && found ? CSIN_OK : csin_no_memory(diag);
    for (uint32_t i = 0; status == CSIN_OK && i < hosts->n_compute; i++)
        free_hosts[hosts->compute[i]] = true;
    for (uint32_t i = 0; free_hosts && found && i < n_jobs; i++) {
        struct csin_cluster_wish wish = {jobs[i].n_hosts, jobs[i].allowed, rules->cross_zone > 0};
        const struct csin_cluster_job *last = i > 0 ? &jobs[i - 1] : NULL;
        bool crosses;
        if (last && status == CSIN_OK && last->n_hosts == wish.n && last->allowed == wish.allowed)
            continue;
        if (wish.n > hosts->n_compute ||
            !csin_cluster_place(hosts, rules->placement, &wish, free_hosts, found, &crosses))
            status = csin_first(status, too_large(hosts, rules, &jobs[i], diag));
    }
    csin_arena_destroy(scratch);
    return status;
}

enum csin_status csin_cluster_run(struct csin_cluster_hosts *hosts,
                                  const struct csin_cluster_rules *rules,
                                  const struct csin_cluster_job *jobs, uint32_t n_jobs,
                                  csin_cluster_rates *rates, void *rates_arg,
                                  struct csin_diag *diag, struct csin_cluster_result **ret_result)
{
    struct cluster c = {.hosts = hosts,
                        .rules = rules,
                        .specs = jobs,
                        .n_jobs = n_jobs,
                        .rates = rates,
                        .rates_arg = rates_arg,
                        .diag = diag};
    struct csin_arena *scratch = csin_arena_create();
    if (!scratch || !open_cluster(&c, scratch)) {
        c.status = csin_no_memory(diag);
        goto done;
    }
    for (uint32_t i = 0; i < hosts->n_compute; i++)
        c.free[hosts->compute[i]] = true;
    c.n_free = hosts->n_compute;
    for (uint32_t i = 0; i < n_jobs; i++) {
        c.jobs[i].left_s = jobs[i].work_s;
        c.result->jobs[i].start_s = c.result->jobs[i].finish_s = -1;
    }
    c.status = csin_cluster_fits(hosts, rules, jobs, n_jobs, diag);
    if (c.status == CSIN_OK)
        run(&c);
    if (c.status == CSIN_OK)
        cut_off(&c);
done:
    csin_arena_destroy(scratch);
    if (c.status == CSIN_OK)
        *ret_result = c.result;
    else
        csin_cluster_result_destroy(c.result);
    return c.status;
}

void csin_cluster_result_destroy(struct csin_cluster_result *result)
{
    if (!result)
        return;
    free(result->stays);
    free(result->moments);
    csin_arena_destroy(result->arena);
}
