/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SimGrid engine: the model of reference (docs/model.md). The one C++ file of csin.
 *
 *     parent                                   child (forked: SimGrid is one run per process)
 *     checks routes and capacities
 *     maps the shared memory, forks ---------> builds links for the arcs that are used
 *     drains the child's stderr, calls         dispatch -> latency -> SimGrid -> dispatch -> ...
 *       progress 5 times a second              writes start, finish, arcs, progress into shared
 * memory waits, reads the outcome <-------------- _exit
 *
 * All that happens at one instant is one batch, started in the order that sim/dispatch.h defines.
 *
 * What SimGrid is told, and why (measured on 3.32):
 * - Each flow gets its own path: PathZone hands back the one prepared just before the flow is
 * started, whatever the end points, so two SimGrid hosts are enough for a fabric of any size.
 * - Links have latency 0, as any other makes CM02 share by 1/latency. The latency of a path is
 * waited for before SimGrid hears of the flow. Pending latencies and delays are in a heap of ours
 * with one SimGrid timer for its top.
 * - Flows are started with detach(): after start() each end of a flow searches a list of all that
 * are alive (16,000 at once: 9 s instead of 0.1 s). SimGrid does not tell us of the end of detached
 * ones, so we look into its set of finished actions ourselves.
 * - surf/precision is the width of an instant: ends closer together than that are one event. The
 *   default of 1e-9 s changed the makespan of dependent transfers of 1 us by 1 %. But it has to
 * stay above the spacing of doubles, or rounding can put the clock past the end of a flow, and
 * SimGrid never ends what should have ended already. So it follows the clock (on_advance).
 * - maxmin/precision is relative to a link's capacity. A link that has less than that left counts
 * as full and no longer limits those still to be served: with the default of 1e-5, a flow whose
 * share was 5e-6 of a link ran at the rate of its NIC. */
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cinttypes>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <queue>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>
#include <simgrid/version.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* in C a function may be called like a struct */
extern "C" {
#include "base/units.h"
#include "sim/dispatch.h"
#include "sim/engine.h"
}
#pragma GCC diagnostic pop

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

namespace sg = simgrid;

namespace {

enum outcome { RUNNING, COMPLETE, STUCK, HORIZON, NO_MEMORY, THROWN };

/* What the child says about the run. In shared memory, before the arrays. `done` and `now_s` are
 * read while it runs, the rest when it is over. */
struct report {
    uint64_t done;
    double now_s;
    int outcome;
    double makespan_s;
    uint64_t events;
    uint32_t max_flows, skipped;
    char text[200]; /* of an exception */
};

constexpr size_t REPORT_ROOM = 512;
static_assert(sizeof(report) <= REPORT_ROOM, "the arrays begin behind the report");

constexpr double INSTANT_S = 1e-12; /* ends closer together are one event */
constexpr double FULL = 1 - 1e-6;   /* of a capacity or a rate: all of it but for rounding */
constexpr unsigned NAMED_OPS = 3;   /* operations named in notes */
constexpr int PROGRESS_MS = 200;
constexpr struct csin_loc nowhere = {nullptr, 0, 0};

/* The shared memory of a run. */
struct shared {
    void *memory;
    size_t bytes;
    report *said;
    double *start_s, *finish_s;
    struct csin_arc_watch *arcs; /* NULL unless watched */
};

bool share(const struct csin_run *run, shared *ret)
{
    size_t n_ops = run->schedule->n_ops, n_arcs = run->watch ? run->fabric->n_arcs : 0;
    shared s = {};
    s.bytes = REPORT_ROOM + n_ops * 2 * sizeof(double) + n_arcs * sizeof(struct csin_arc_watch);
    s.memory = mmap(nullptr, s.bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s.memory == MAP_FAILED)
        return false;
    s.said = static_cast<report *>(s.memory);
    s.start_s = reinterpret_cast<double *>(static_cast<char *>(s.memory) + REPORT_ROOM);
    s.finish_s = s.start_s + n_ops;
    s.arcs = run->watch ? reinterpret_cast<struct csin_arc_watch *>(s.finish_s + n_ops) : nullptr;
    *ret = s;
    return true;
}

/* ---- the child ---- */

/* The routing of the whole platform: every flow takes the path laid out for it. */
class PathZone : public sg::kernel::routing::NetZoneImpl {
  public:
    std::vector<sg::kernel::resource::StandardLinkImpl *> path;

    explicit PathZone(const std::string &name) : NetZoneImpl(name)
    {
    }
    void get_local_route(const sg::kernel::routing::NetPoint *,
                         const sg::kernel::routing::NetPoint *, sg::kernel::routing::Route *into,
                         double *latency) override
    {
        into->link_list_ = path;
        if (latency)
            *latency = 0;
    }
};

struct Flow { /* a transfer between start and finish; slots are used again */
    uint32_t op;
    uint32_t n_arcs;
    uint32_t arcs[CSIN_PATH_MAX];
    const sg::kernel::resource::Action *action; /* while it moves bytes */
    /* The watch's: */
    uint32_t place[CSIN_PATH_MAX]; /* in the flow lists of its arcs */
    double rate_Bps;
    uint32_t congests; /* bit k: arcs[k] congests it */
    uint64_t seen;     /* number of the look that saw it last */
};

struct Pending { /* an operation that has to wait for the clock: a delay, or the latency of a path
                  */
    double date;
    uint32_t op, slot; /* CSIN_NONE: a delay */
    bool operator<(const Pending &other) const
    {
        return date != other.date ? date > other.date : op > other.op;
    }
};

/* What every arc carries, and for how long it has been full or congested (sim/engine.h defines
 * both).
 *
 * Rates stay as they are between two changes of the set of flows. A look at the new rates begins at
 * the arcs of flows that came or went, and spreads along flows whose rate it finds changed: what it
 * costs follows what SimGrid had to solve anew, not the number of flows. */
class Watch {
    static constexpr unsigned PLACE_BITS = 4;
    static_assert(CSIN_PATH_MAX <= 1u << PLACE_BITS, "an entry names an arc of a path");

    struct Arc {
        std::vector<uint32_t>
            flows;          /* entries: slot << PLACE_BITS | place of the arc in the path */
        double top_Bps = 0; /* rate of the fastest flow */
        double full_since = 0, congested_since = 0;
        uint32_t n_congested = 0; /* flows that it congests */
        bool full = false;
        bool was_full = false, was_congested = false; /* what the times above are about */
        bool dirty = false;
    };

    std::vector<Flow> &flows;
    const double *capacity_Bps;
    struct csin_arc_watch *out;
    std::vector<Arc> arcs;
    std::vector<uint32_t> dirty, affected; /* arcs; slots of flows on them */
    uint64_t looks = 0;

    void soil(uint32_t index)
    {
        if (!arcs[index].dirty) {
            arcs[index].dirty = true;
            dirty.push_back(index);
        }
    }

    /* Is arc k of its path a bottleneck of the flow? Full, and nobody on it is faster. */
    bool limits(const Flow &flow, uint32_t k) const
    {
        const Arc &arc = arcs[flow.arcs[k]];
        return arc.full && flow.rate_Bps >= FULL * arc.top_Bps;
    }

    void refresh_arc(uint32_t index)
    {
        double load_Bps = 0, top_Bps = 0;
        for (uint32_t entry : arcs[index].flows) {
            uint32_t slot = entry >> PLACE_BITS;
            Flow &flow = flows[slot];
            if (flow.seen != looks) {
                flow.seen = looks;
                affected.push_back(slot);
                double rate_Bps = flow.action->get_rate();
                if (rate_Bps != flow.rate_Bps) {
                    flow.rate_Bps = rate_Bps;
                    for (uint32_t k = 0; k < flow.n_arcs; k++)
                        soil(flow.arcs[k]);
                }
            }
            load_Bps += flow.rate_Bps;
            top_Bps = std::max(top_Bps, flow.rate_Bps);
        }
        arcs[index].top_Bps = top_Bps;
        arcs[index].full = load_Bps >= FULL * capacity_Bps[index];
        out[index].peak_Bps = std::max(out[index].peak_Bps, load_Bps);
    }

    void refresh_flow(Flow &flow)
    {
        uint32_t congests = 0;
        if (!limits(flow, 0) && !limits(flow, flow.n_arcs - 1))
            for (uint32_t k = 1; k + 1 < flow.n_arcs; k++)
                congests |= uint32_t{limits(flow, k)} << k;
        for (uint32_t k = 1; k + 1 < flow.n_arcs; k++) {
            if (!((congests ^ flow.congests) >> k & 1))
                continue;
            arcs[flow.arcs[k]].n_congested += congests >> k & 1 ? 1
                                                                : UINT32_MAX; /* one more or less */
            soil(flow.arcs[k]);
        }
        flow.congests = congests;
    }

    static void follow(bool is, bool *was, double *since, double now, double *sum_s)
    {
        if (is == *was)
            return;
        if (is)
            *since = now;
        else
            *sum_s += now - *since;
        *was = is;
    }

  public:
    Watch(std::vector<Flow> &the_flows, const struct csin_fabric *fabric,
          struct csin_arc_watch *the_out)
        : flows(the_flows), capacity_Bps(fabric->arc_capacity_Bps), out(the_out),
          arcs(fabric->n_arcs)
    {
    }

    void enter(uint32_t slot)
    {
        Flow &flow = flows[slot];
        flow.rate_Bps = 0;
        flow.congests = 0;
        flow.seen = looks;
        for (uint32_t k = 0; k < flow.n_arcs; k++) {
            Arc &arc = arcs[flow.arcs[k]];
            flow.place[k] = static_cast<uint32_t>(arc.flows.size());
            arc.flows.push_back(slot << PLACE_BITS | k);
            soil(flow.arcs[k]);
        }
    }

    void exit(uint32_t slot)
    {
        Flow &flow = flows[slot];
        for (uint32_t k = 0; k < flow.n_arcs; k++) {
            Arc &arc = arcs[flow.arcs[k]];
            uint32_t last = arc.flows.back();
            arc.flows[flow.place[k]] = last;
            flows[last >> PLACE_BITS].place[last & ((1u << PLACE_BITS) - 1)] = flow.place[k];
            arc.flows.pop_back();
            arc.n_congested -= flow.congests >> k & 1;
            soil(flow.arcs[k]);
        }
    }

    /* The rates that the actions show now have held since `from`. */
    void look(double from)
    {
        looks++;
        affected.clear();
        for (size_t i = 0; i < dirty.size(); i++) /* grows */
            refresh_arc(dirty[i]);
        for (uint32_t slot : affected)
            refresh_flow(flows[slot]);
        for (uint32_t index : dirty) {
            Arc &arc = arcs[index];
            arc.dirty = false;
            follow(arc.full, &arc.was_full, &arc.full_since, from, &out[index].saturated_s);
            follow(arc.n_congested > 0, &arc.was_congested, &arc.congested_since, from,
                   &out[index].congested_s);
        }
        dirty.clear();
    }

    void finish(double now)
    {
        for (size_t index = 0; index < arcs.size(); index++) {
            Arc &arc = arcs[index];
            follow(false, &arc.was_full, &arc.full_since, now, &out[index].saturated_s);
            follow(false, &arc.was_congested, &arc.congested_since, now, &out[index].congested_s);
        }
    }
};

class Child {
    const struct csin_run *run;
    const struct csin_schedule *s;
    shared out;
    struct csin_dispatch *dispatch = nullptr;

    sg::s4u::Host *from = nullptr, *to = nullptr;
    PathZone *zone = nullptr;
    sg::kernel::resource::Model *network = nullptr;
    std::vector<sg::kernel::resource::StandardLinkImpl *> links; /* [n_arcs] */

    std::vector<Flow> flows;
    std::vector<uint32_t> free_slots;
    std::unordered_map<const sg::kernel::resource::Action *, uint32_t> slot_of;
    std::priority_queue<Pending> pending;
    sg::kernel::timer::Timer *armed = nullptr;
    std::vector<uint32_t> over; /* operations that finished at this instant */

    uint64_t events = 0;
    uint32_t in_flight = 0, max_flows = 0;
    double last_finish = 0, precision = INSTANT_S;
    bool changed = false; /* flows came or went since the rates were looked at */

    std::unique_ptr<Watch> watch;

    static double now()
    {
        return sg::s4u::Engine::get_clock();
    }

    [[noreturn]] void leave(enum outcome outcome)
    {
        if (watch)
            watch->finish(now());
        report *said = out.said;
        said->makespan_s = last_finish;
        said->events = events;
        said->max_flows = max_flows;
        said->skipped = csin_dispatch_skipped(dispatch);
        publish();
        said->outcome = outcome;
        _exit(0);
    }

    void publish()
    {
        uint64_t done = csin_dispatch_done(dispatch);
        double at = now();
        __atomic_store(&out.said->done, &done, __ATOMIC_RELAXED);
        __atomic_store(&out.said->now_s, &at, __ATOMIC_RELAXED);
    }

    uint32_t take_slot()
    {
        if (free_slots.empty()) {
            flows.emplace_back();
            return static_cast<uint32_t>(flows.size() - 1);
        }
        uint32_t slot = free_slots.back();
        free_slots.pop_back();
        return slot;
    }

    void start(uint32_t op)
    {
        if (csin_is_delay(s, op)) {
            pending.push({now() + s->amount[op].delay_s, op, CSIN_NONE});
            return;
        }
        struct csin_path path;
        uint64_t key = csin_flow_key(s->src[op], s->dst[op]);
        if (!csin_routes_host_path(run->routes, s->src[op], s->dst[op], key, &path))
            throw std::runtime_error("a route is gone"); /* the parent found it */
        uint32_t slot = take_slot();
        Flow &flow = flows[slot];
        flow.op = op;
        flow.n_arcs = path.n;
        std::copy_n(path.arcs, path.n, flow.arcs);
        in_flight++;
        if (path.latency_s > 0)
            pending.push({now() + path.latency_s, op, slot});
        else
            move(slot);
    }

    /* The latency is paid: the bytes begin to move. */
    void move(uint32_t slot)
    {
        Flow &flow = flows[slot];
        if (s->amount[flow.op].bytes == 0) {
            end(slot);
            return;
        }
        zone->path.clear();
        for (uint32_t i = 0; i < flow.n_arcs; i++)
            zone->path.push_back(links[flow.arcs[i]]);
        sg::s4u::Comm::sendto_init(from, to)->set_payload_size(s->amount[flow.op].bytes)->detach();
        flow.action = &network->get_started_action_set()->back();
        slot_of[flow.action] = slot;
        changed = true;
        if (watch)
            watch->enter(slot);
    }

    void end(uint32_t slot)
    {
        over.push_back(flows[slot].op);
        free_slots.push_back(slot);
        in_flight--;
    }

    /* The flows that end now, which SimGrid is about to bury. */
    void collect()
    {
        for (const auto &action : *network->get_finished_action_set()) {
            auto it = slot_of.find(&action);
            if (it == slot_of.end())
                throw std::runtime_error("an unknown flow finished");
            uint32_t slot = it->second;
            slot_of.erase(it);
            changed = true;
            if (watch)
                watch->exit(slot);
            end(slot);
        }
    }

    void on_timer()
    {
        armed = nullptr;
        while (!pending.empty() && pending.top().date <= now()) {
            Pending it = pending.top();
            pending.pop();
            if (it.slot == CSIN_NONE)
                over.push_back(it.op);
            else
                move(it.slot);
        }
        settle();
    }

    void arm()
    {
        if (pending.empty() || (armed && armed->get_date() <= pending.top().date))
            return;
        if (armed)
            armed->remove();
        armed = sg::kernel::timer::Timer::set(pending.top().date, [this] { on_timer(); });
    }

    /* The end of an instant: tells the dispatch what is over, and starts what that lets go. */
    void settle()
    {
        for (;;) {
            for (uint32_t op : over)
                csin_dispatch_finished(dispatch, op, now());
            if (!over.empty())
                last_finish = now();
            over.clear();
            for (uint32_t op; csin_dispatch_next(dispatch, now(), &op);)
                start(op);
            if (over.empty())
                break; /* else transfers of no bytes over no distance are over already */
        }
        max_flows = std::max(max_flows, in_flight);
        publish();
        if (csin_dispatch_done(dispatch) == s->n_ops)
            leave(COMPLETE);
        arm();
    }

    /* The clock has moved on by `delta`, at the rates that the actions still show. */
    void on_advance(double delta)
    {
        if (changed && delta > INSTANT_S) {
            events++;
            if (watch)
                watch->look(now() - delta);
            changed = false;
        }
        if (now() > run->horizon_s)
            leave(HORIZON);
        collect();
        if (!over.empty() && (pending.empty() || pending.top().date > now()))
            settle(); /* else the timer, which comes next, settles it all */

        double next = std::nextafter(now(), HUGE_VAL);
        if (8 * (next - now()) > precision) {
            precision = 16 * (next - now());
            sg::s4u::Engine::set_config("surf/precision", precision);
        }
        /* The clock jumped to where doubles are further apart than the old precision, and rounding
         * took it past the end of a flow. SimGrid never looks at ends in the past, unless a timer
         * makes it. */
        const auto &ends = network->get_action_heap();
        if (!ends.empty() && ends.top_date() < now())
            sg::kernel::timer::Timer::set(next, [] {});
    }

    void build(const sg::s4u::Engine &engine, const unsigned char *used)
    {
        zone = new PathZone("fabric"); /* SimGrid's own */
        from = zone->get_iface()->create_host("from", 1e9);
        to = zone->get_iface()->create_host("to", 1e9);
        links.resize(run->fabric->n_arcs);
        for (uint32_t arc = 0; arc < run->fabric->n_arcs; arc++)
            if (used[arc])
                links[arc] = zone->get_iface()
                                 ->create_link("a" + std::to_string(arc),
                                               run->fabric->arc_capacity_Bps[arc])
                                 ->set_latency(0)
                                 ->get_impl();
        engine.seal_platform();
        for (auto *model : engine.get_all_models())
            if (model->get_name().find("Network") != std::string::npos)
                network = model;
        if (!network)
            throw std::runtime_error("there is no network model");
    }

  public:
    Child(const struct csin_run *the_run, const shared &the_out)
        : run(the_run), s(the_run->schedule), out(the_out)
    {
    }

    [[noreturn]] void live_and_die(const unsigned char *used)
    {
        dispatch = csin_dispatch_create(s, out.start_s, out.finish_s);
        if (!dispatch)
            throw std::bad_alloc();
        if (out.arcs)
            watch = std::make_unique<Watch>(flows, run->fabric, out.arcs);

        xbt_log_control_set("root.thresh:warning");
        int argc = 1;
        char name[] = "csin", *argv[] = {name, nullptr};
        sg::s4u::Engine engine(&argc, argv);
        using sg::s4u::Engine;
        Engine::set_config("network/model:CM02");
        Engine::set_config("network/crosstraffic:0");
        Engine::set_config("network/TCP-gamma:0");
        Engine::set_config("network/optim:Lazy");
        Engine::set_config("maxmin/concurrency-limit:-1");
        Engine::set_config("maxmin/precision:1e-12");
        Engine::set_config("surf/precision", precision);
        signal(SIGINT, SIG_DFL); /* SimGrid prints the states of its actors */
        build(engine, used);

        Engine::on_time_advance_cb([this](double delta) { on_advance(delta); });
        sg::kernel::timer::Timer::set(0, [this] {
            csin_dispatch_begin(dispatch);
            settle();
        });
        engine.run();
        leave(STUCK);
    }
};

void quit()
{
    _exit(1);
}

/* Never returns into the parent's program: its atexit handlers and unflushed streams are the
 * parent's. */
[[noreturn]] void be_child(const struct csin_run *run, const shared &out, const unsigned char *used,
                           pid_t parent, int log)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (int number : {SIGINT, SIGTERM, SIGHUP})
        signal(number, SIG_DFL);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    atexit(quit); /* runs before the parent's handlers, where SimGrid calls exit() */
    try {
        Child(run, out).live_and_die(used);
    } catch (const std::bad_alloc &) {
        out.said->outcome = NO_MEMORY;
    } catch (const std::exception &e) {
        snprintf(out.said->text, sizeof out.said->text, "%s", e.what());
        out.said->outcome = THROWN;
    }
    _exit(0);
}

/* ---- the parent: plain C from here, nothing throws ---- */

/* Finds the path of every transfer once, marks the arcs in use, and refuses what SimGrid would
 * abort on or silently accept. A small part of the time of a run. */
enum csin_status survey(const struct csin_run *run, struct csin_diag *diag, unsigned char *used)
{
    const struct csin_fabric *fabric = run->fabric;
    const struct csin_schedule *s = run->schedule;
    enum csin_status status = CSIN_OK;
    unsigned n_errors = 0;
    for (uint32_t op = 0; op < s->n_ops && n_errors < NAMED_OPS; op++) {
        if (csin_is_delay(s, op))
            continue;
        struct csin_path path;
        uint64_t key = csin_flow_key(s->src[op], s->dst[op]);
        const char *src = fabric->hosts[s->src[op]].name, *dst = fabric->hosts[s->dst[op]].name;
        if (!csin_routes_host_path(run->routes, s->src[op], s->dst[op], key, &path) ||
            path.n == 0) {
            n_errors++;
            status = csin_error(diag, CSIN_E_FAILED, 323, nowhere,
                                "there is no route from '%s' to '%s'", src, dst);
            continue;
        }
        for (uint32_t i = 0; i < path.n; i++) {
            double capacity_Bps = fabric->arc_capacity_Bps[path.arcs[i]];
            if (!used[path.arcs[i]] && !(capacity_Bps > 0 && capacity_Bps < HUGE_VAL)) {
                n_errors++;
                status = csin_error(
                    diag, CSIN_E_FAILED, 323, nowhere,
                    "the route from '%s' to '%s' goes from '%s' to '%s', where no bandwidth is",
                    src, dst, csin_vertex_name(fabric, csin_arc_tail(fabric, path.arcs[i])).s,
                    csin_vertex_name(fabric, csin_arc_head(fabric, path.arcs[i])).s);
            }
            used[path.arcs[i]] = 1;
        }
    }
    return status;
}

void show_progress(const struct csin_run *run, const report *said)
{
    if (!run->progress)
        return;
    uint64_t done;
    double now_s;
    __atomic_load(&said->done, &done, __ATOMIC_RELAXED);
    __atomic_load(&said->now_s, &now_s, __ATOMIC_RELAXED);
    run->progress(run->progress_arg, done, run->schedule->n_ops, now_s);
}

int64_t clock_ms()
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1000000;
}

/* The end of what the child printed. */
struct Tail {
    char text[2048];
    size_t n;
};

void tail_add(Tail *tail, const char *text, size_t n)
{
    if (n > sizeof tail->text) {
        text += n - sizeof tail->text;
        n = sizeof tail->text;
    }
    size_t keep = std::min(tail->n, sizeof tail->text - n);
    memmove(tail->text, tail->text + tail->n - keep, keep);
    memcpy(tail->text + keep, text, n);
    tail->n = keep + n;
}

/* Until the child has closed its end, which it does by dying. */
void drain(const struct csin_run *run, const report *said, int log, Tail *tail)
{
    int64_t last_ms = clock_ms();
    for (;;) {
        struct pollfd wait = {log, POLLIN, 0};
        int64_t left_ms = std::max<int64_t>(0, last_ms + PROGRESS_MS - clock_ms());
        int ready = poll(&wait, 1, static_cast<int>(left_ms));
        if (ready > 0) {
            char text[1024];
            ssize_t n = read(log, text, sizeof text);
            if (n == 0 || (n < 0 && errno != EINTR))
                return;
            if (n > 0)
                tail_add(tail, text, static_cast<size_t>(n));
        }
        if (clock_ms() - last_ms >= PROGRESS_MS) {
            show_progress(run, said);
            last_ms = clock_ms();
        }
    }
}

/* SimGrid's last words: the last line that is not part of a backtrace. */
void note_tail(struct csin_diag *diag, const Tail *tail)
{
    size_t end = tail->n;
    while (end > 0) {
        while (end > 0 && isspace(static_cast<unsigned char>(tail->text[end - 1])))
            end--;
        size_t begin = end;
        while (begin > 0 && tail->text[begin - 1] != '\n')
            begin--;
        const char *line = tail->text + begin;
        size_t n = end - begin;
        if (n > 0 && strncmp(line, "  ->", 4) != 0 && strncmp(line, "Backtrace", 9) != 0) {
            csin_note(diag, nowhere, "SimGrid's last words: %.*s",
                      static_cast<int>(std::min<size_t>(n, 300)), line);
            return;
        }
        end = begin;
    }
}

void note_unfinished(const struct csin_run *run, struct csin_diag *diag, const shared *out)
{
    const struct csin_schedule *s = run->schedule;
    unsigned n = 0;
    for (uint32_t op = 0; op < s->n_ops && n < NAMED_OPS; op++) {
        if (out->start_s[op] < 0 || out->finish_s[op] >= 0)
            continue;
        n++;
        if (csin_is_delay(s, op))
            csin_note(diag, nowhere, "operation %" PRIu32 ", a delay of %s, started at %s", op,
                      csin_show_time(s->amount[op].delay_s).s, csin_show_time(out->start_s[op]).s);
        else
            csin_note(diag, nowhere, "operation %" PRIu32 ", %s from '%s' to '%s', started at %s",
                      op, csin_show_size(s->amount[op].bytes).s,
                      run->fabric->hosts[s->src[op]].name, run->fabric->hosts[s->dst[op]].name,
                      csin_show_time(out->start_s[op]).s);
    }
    for (uint32_t op = 0; op < s->n_ops && n == 0; op++)
        if (out->start_s[op] < 0) { /* nothing is on its way, so this is where it stopped */
            n++;
            csin_note(diag, nowhere, "operation %" PRIu32 " never started", op);
        }
}

enum csin_status judge(const struct csin_run *run, struct csin_diag *diag, const shared *out,
                       int wait_status, const Tail *tail)
{
    const report *said = out->said;
    enum csin_status status = CSIN_OK;
    uint32_t n_ops = run->schedule->n_ops;
    if (WIFSIGNALED(wait_status)) {
        const char *name = sigdescr_np(WTERMSIG(wait_status));
        status = csin_error(diag, CSIN_E_FAILED, 320, nowhere,
                            "the SimGrid engine crashed: signal %d (%s)", WTERMSIG(wait_status),
                            name ? name : "unknown");
        if (WTERMSIG(wait_status) == SIGKILL)
            csin_note(diag, nowhere, "the kernel kills processes when memory runs out");
        note_tail(diag, tail);
        return status;
    }
    if (WEXITSTATUS(wait_status) != 0 || said->outcome == RUNNING) {
        status = csin_error(diag, CSIN_E_FAILED, 320, nowhere,
                            "the SimGrid engine crashed: exit status %d", WEXITSTATUS(wait_status));
        note_tail(diag, tail);
        return status;
    }
    switch (said->outcome) {
    case NO_MEMORY:
        return csin_no_memory(diag);
    case THROWN:
        status = csin_error(diag, CSIN_E_FAILED, 320, nowhere, "the SimGrid engine crashed: %s",
                            said->text);
        note_tail(diag, tail);
        return status;
    case STUCK:
        status = csin_error(diag, CSIN_E_FAILED, 321, nowhere,
                            "%s of %s operations did not finish by %s",
                            csin_show_count(n_ops - said->done).s, csin_show_count(n_ops).s,
                            csin_show_time(said->now_s).s);
        note_unfinished(run, diag, out);
        return status;
    case HORIZON:
        status = csin_error(
            diag, CSIN_E_FAILED, 322, nowhere,
            "the simulation reached its horizon of %s with %s of %s operations unfinished",
            csin_show_time(run->horizon_s).s, csin_show_count(n_ops - said->done).s,
            csin_show_count(n_ops).s);
        csin_note(diag, nowhere, "raise the horizon, or simulate less");
        note_unfinished(run, diag, out);
        return status;
    default:
        return CSIN_OK;
    }
}

enum csin_status run_simgrid(const struct csin_run *run, struct csin_diag *diag,
                             struct csin_run_result *ret)
{
    enum csin_status status = CSIN_E_FAILED;
    shared out = {};
    int log[2] = {-1, -1};
    Tail tail = {};
    int wait_status = 0;
    pid_t parent = getpid(), child;
    auto *used = static_cast<unsigned char *>(calloc(size_t{run->fabric->n_arcs} + 1, 1));

    if (!used || !share(run, &out)) {
        status = csin_no_memory(diag);
        goto out;
    }
    status = survey(run, diag, used);
    if (status != CSIN_OK)
        goto out;
    status = CSIN_E_FAILED;
    if (pipe2(log, O_CLOEXEC) != 0) {
        csin_error(diag, CSIN_E_FAILED, 320, nowhere, "the SimGrid engine cannot start: %s",
                   strerror(errno));
        goto out;
    }
    child = fork();
    if (child < 0) {
        csin_error(diag, CSIN_E_FAILED, 320, nowhere, "the SimGrid engine cannot start: %s",
                   strerror(errno));
        goto out;
    }
    if (child == 0) {
        close(log[0]);
        be_child(run, out, used, parent, log[1]);
    }
    close(log[1]);
    log[1] = -1;
    show_progress(run, out.said);
    drain(run, out.said, log[0], &tail);
    while (waitpid(child, &wait_status, 0) < 0)
        if (errno != EINTR) {
            wait_status = 0; /* somebody else reaped it; the report says how it went */
            break;
        }
    status = judge(run, diag, &out, wait_status, &tail);
    if (status == CSIN_OK) {
        *ret = {};
        ret->makespan_s = out.said->makespan_s;
        ret->events = out.said->events;
        ret->max_flows = out.said->max_flows;
        ret->skipped = out.said->skipped;
        ret->start_s = out.start_s;
        ret->finish_s = out.finish_s;
        ret->arcs = out.arcs;
        ret->memory = out.memory;
        ret->memory_bytes = out.bytes;
        out.memory = nullptr; /* the caller's now */
    }
out:
    if (out.memory)
        munmap(out.memory, out.bytes);
    for (int fd : log)
        if (fd >= 0)
            close(fd);
    free(used);
    return status;
}

} // namespace

extern "C" const struct csin_engine csin_engine_simgrid = {
    "simgrid",
    "SimGrid " TEXT(SIMGRID_VERSION_MAJOR) "." TEXT(
        SIMGRID_VERSION_MINOR) ", CM02, cross-traffic off, TCP-gamma off, link latency as a delay",
    run_simgrid,
};
