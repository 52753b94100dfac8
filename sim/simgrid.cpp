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
 * share was 5e-6 of a link ran at the rate of its NIC.
 * - A link listed k times in a route is used with weight k, and weights are whole. Sprayed flows
 * use arcs by fractions; so with them every capacity and weight is multiplied by the same number
 * (Scale), which makes all of them whole.
 * - A link cannot have bandwidth 0. A flow over a dead arc, or one that is rerouted, is suspended
 * for ever, and what is left of it becomes a new flow. A suspended action costs nothing, while
 * cancelling it would wake up actors that do not exist. Resuming it is no way either: of its links
 * SimGrid marks only those for a new solution that it reaches from the first one, and from that one
 * it does not look further when it has marked it before in that instant. Two flows then ran at the
 * full rate of a link that they shared.
 * - A flow never gets faster than the narrowest of its links was when it started, unless that bound
 * is taken off. */
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
#include <unordered_set>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/kernel/resource/Action.hpp>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/kernel/routing/NetZoneImpl.hpp>
#include <simgrid/s4u.hpp>
#include <simgrid/version.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow" /* in C a function may be called like a struct */
extern "C" {
#include "base/arena.h"
#include "base/units.h"
#include "sim/dispatch.h"
#include "sim/network.h"
}
#pragma GCC diagnostic pop

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

namespace sg = simgrid;

namespace {

enum outcome { RUNNING, COMPLETE, STUCK, HORIZON, NO_MEMORY, NO_ROUTES, THROWN };

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

constexpr double INSTANT_S = 1e-12;  /* ends closer together are one event */
constexpr double LEAST_BYTES = 1e-9; /* of a flow that has not ended */
constexpr double FULL = 1 - 1e-6;    /* of a capacity or a rate: all of it but for rounding */
constexpr unsigned NAMED_OPS = 3;    /* operations named in messages */
constexpr uint32_t SCALE_MAX = 5040;
constexpr int PROGRESS_MS = 200;
constexpr struct csin_loc nowhere = {nullptr, 0, 0};

/* What parent and child share: the result, with a report in front of it, and a pipe for what is
 * known only at the end and has no size before: traffic and waits (struct Ending). */
struct shared {
    struct csin_run_result result;
    report *said;
    int ending; /* the child's end of the pipe */
};

struct Ending { /* followed by the arrays, in this order */
    double dropped_bytes;
    uint32_t n_effective, n_loads, n_waits;
};

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
    uint32_t op, owner;
    enum { FREE, LATENCY, MOVING, WAITING } state;
    bool noted;            /* it has had a way */
    double left, way_left; /* bytes to go, now and when it took its way */
    double due;            /* end of its latency */
    double still_since;    /* while it waits or is suspended */
    bool still;
    std::vector<uint32_t> arcs; /* of its way; none while it waits for one, or where it needs none;
                                 * then resources inside hosts */
    uint32_t n_arcs;            /* without these */
    std::vector<double> weights;
    sg::kernel::resource::Action *action; /* while it moves bytes; none while it is still */
    /* The watch's: */
    std::vector<uint32_t> place; /* in the flow lists of its arcs */
    std::vector<bool> congests;  /* which arcs congest it */
    double rate_Bps;
    uint64_t seen; /* number of the look that saw it last */
};

/* What has to wait for the clock: a delay, the latency of a path, or a change of the network. */
struct Pending {
    double date;
    uint32_t op, slot; /* slot CSIN_NONE: a delay; op CSIN_NONE: the network */
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
    struct Entry {
        uint32_t slot, k; /* the arc is number k of the flow's */
    };
    struct Arc {
        std::vector<Entry> flows;
        double top_Bps = 0; /* rate of the fastest flow */
        double full_since = 0, congested_since = 0;
        uint32_t n_congested = 0; /* flows that it congests */
        bool full = false;
        bool was_full = false, was_congested = false; /* what the times above are about */
        bool dirty = false;
    };

    const struct csin_run *run;
    std::vector<Flow> &flows;
    const double *capacity_Bps;
    struct csin_arc_watch *out;
    std::vector<Arc> arcs;
    std::vector<uint32_t> dirty, affected; /* arcs; slots of flows on them */
    double since = 0;                      /* of the rates that are looked at */
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
        for (const Entry &entry : arcs[index].flows) {
            Flow &flow = flows[entry.slot];
            if (flow.seen != looks) {
                flow.seen = looks;
                affected.push_back(entry.slot);
                double rate_Bps = flow.still ? 0 : flow.action->get_rate();
                if (rate_Bps != flow.rate_Bps) {
                    if (run->recorder)
                        csin_recorder_rate(run->recorder, flow.owner, rate_Bps - flow.rate_Bps,
                                           since);
                    flow.rate_Bps = rate_Bps;
                    if (run->observe)
                        run->observe(run->observe_arg, since, flow.op, rate_Bps);
                    for (uint32_t arc : flow.arcs)
                        soil(arc);
                }
            }
            load_Bps += flow.rate_Bps * flow.weights[entry.k];
            top_Bps = std::max(top_Bps, flow.rate_Bps);
        }
        arcs[index].top_Bps = top_Bps;
        arcs[index].full = !arcs[index].flows.empty() && load_Bps >= FULL * capacity_Bps[index];
        out[index].peak_Bps = std::max(out[index].peak_Bps, load_Bps);
        if (run->recorder)
            csin_recorder_load(run->recorder, index, load_Bps, arcs[index].full, since);
    }

    void refresh_flow(Flow &flow)
    {
        uint32_t n = flow.n_arcs;
        bool ends = n == 0 || limits(flow, 0) || limits(flow, n - 1);
        for (uint32_t k = n; k < flow.arcs.size(); k++)
            ends = ends || limits(flow, k); /* inside a host */
        for (uint32_t k = 1; k + 1 < n; k++) {
            bool congests = !ends && limits(flow, k);
            if (congests == flow.congests[k])
                continue;
            arcs[flow.arcs[k]].n_congested += congests ? 1 : UINT32_MAX; /* one more or less */
            soil(flow.arcs[k]);
            flow.congests[k] = congests;
        }
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
    Watch(const struct csin_run *the_run, std::vector<Flow> &the_flows,
          const double *the_capacity_Bps, struct csin_arc_watch *the_out)
        : run(the_run), flows(the_flows), capacity_Bps(the_capacity_Bps), out(the_out),
          arcs(size_t{the_run->fabric->n_arcs} + csin_n_inside(the_run->schedule))
    {
    }

    void capacity_changed(uint32_t index)
    {
        soil(index);
    }

    void enter(uint32_t slot)
    {
        Flow &flow = flows[slot];
        auto n = static_cast<uint32_t>(flow.arcs.size());
        flow.rate_Bps = 0;
        flow.seen = looks;
        flow.place.resize(n);
        flow.congests.assign(n, false);
        for (uint32_t k = 0; k < n; k++) {
            Arc &arc = arcs[flow.arcs[k]];
            flow.place[k] = static_cast<uint32_t>(arc.flows.size());
            arc.flows.push_back({slot, k});
            soil(flow.arcs[k]);
        }
    }

    void exit(uint32_t slot, double now)
    {
        Flow &flow = flows[slot];
        if (run->recorder)
            csin_recorder_rate(run->recorder, flow.owner, -flow.rate_Bps, now);
        for (uint32_t k = 0; k < flow.arcs.size(); k++) {
            Arc &arc = arcs[flow.arcs[k]];
            Entry last = arc.flows.back();
            arc.flows[flow.place[k]] = last;
            flows[last.slot].place[last.k] = flow.place[k];
            arc.flows.pop_back();
            arc.n_congested -= flow.congests[k];
            soil(flow.arcs[k]);
        }
    }

    /* The rates that the actions show now have held since `from`. */
    void look(double from)
    {
        looks++;
        since = from;
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
        if (run->recorder)
            csin_recorder_end(run->recorder, now);
    }
};

class Child {
    const struct csin_run *run;
    const struct csin_schedule *s;
    shared out;
    uint32_t scale; /* of all capacities and weights */
    struct csin_dispatch *dispatch = nullptr;
    struct csin_network net = {};
    std::vector<struct csin_wait> waits;
    std::unordered_set<uint32_t> dropped; /* operations that were stopped in flight */
    double dropped_bytes = 0;             /* that they had moved */

    sg::s4u::Host *from = nullptr, *to = nullptr;
    PathZone *zone = nullptr;
    sg::kernel::resource::Model *network = nullptr;
    std::vector<sg::s4u::Link *> links; /* [n_arcs] */

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
        said->outcome = write_ending() ? outcome : NO_MEMORY;
        _exit(0);
    }

    template <typename T> bool write_all(const T *items, size_t n)
    {
        auto *bytes = reinterpret_cast<const char *>(items);
        for (size_t done = 0; done < n * sizeof(T);) {
            ssize_t written = write(out.ending, bytes + done, n * sizeof(T) - done);
            if (written < 0 && errno != EINTR)
                return false;
            done += written > 0 ? static_cast<size_t>(written) : 0;
        }
        return true;
    }

    bool write_ending()
    {
        const struct csin_traffic &traffic = net.traffic;
        csin_waits_sort(waits.data(), static_cast<uint32_t>(waits.size()));
        Ending head = {dropped_bytes, traffic.n_owners, traffic.n_loads,
                       static_cast<uint32_t>(waits.size())};
        return write_all(&head, 1) && write_all(traffic.effective, traffic.n_owners) &&
               write_all(traffic.loads, traffic.n_loads) && write_all(waits.data(), waits.size());
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

    /* Gives the flow the way that the network has just found. */
    void take_way(Flow &flow)
    {
        const struct csin_way &way = net.way;
        flow.arcs.assign(way.arcs, way.arcs + way.n);
        flow.weights.assign(way.weights, way.weights + way.n);
        flow.arcs.insert(flow.arcs.end(), net.use, net.use + net.n_uses);
        flow.weights.insert(flow.weights.end(), net.use_weights, net.use_weights + net.n_uses);
        flow.n_arcs = way.n;
        flow.way_left = flow.left;
        csin_network_count(&net, flow.arcs.data(), way.n, 1);
        if (!flow.noted && way.n > 0)
            csin_traffic_note(&net.traffic, flow.owner, &way, run->fabric->arc_capacity_Bps,
                              s->amount[flow.op].bytes);
        flow.noted = true;
    }

    /* Takes the flow off its way, of which it has moved all but `left` bytes. */
    void leave_way(Flow &flow, double left)
    {
        auto n = static_cast<uint32_t>(flow.arcs.size());
        csin_network_count(&net, flow.arcs.data(), flow.n_arcs, -1);
        if (flow.way_left > left && !csin_traffic_add(&net.traffic, flow.owner, flow.arcs.data(),
                                                      flow.weights.data(), n, flow.way_left - left))
            throw std::bad_alloc();
        flow.arcs.clear();
        flow.n_arcs = 0;
    }

    void begin_still(Flow &flow)
    {
        if (!flow.still)
            flow.still_since = now();
        flow.still = true;
    }

    void end_still(Flow &flow)
    {
        if (flow.still && now() > flow.still_since)
            waits.push_back({flow.op, flow.still_since, now()});
        flow.still = false;
    }

    void start(uint32_t op)
    {
        if (csin_is_delay(s, op)) {
            pending.push({now() + s->amount[op].delay_s, op, CSIN_NONE});
            return;
        }
        uint32_t slot = take_slot();
        Flow &flow = flows[slot];
        flow.op = op;
        flow.owner = csin_network_owner(&net, op);
        flow.left = static_cast<double>(s->amount[op].bytes);
        flow.noted = flow.still = false;
        flow.arcs.clear();
        flow.n_arcs = 0;
        flow.action = nullptr;
        in_flight++;
        if (!csin_network_way(&net, op, out.result.finish_s)) {
            if (run->n_events == 0)
                throw std::runtime_error("a route is gone"); /* the parent found it */
            flow.state = Flow::WAITING;
            begin_still(flow);
            return;
        }
        take_way(flow);
        wait_for_latency(slot);
    }

    void wait_for_latency(uint32_t slot)
    {
        flows[slot].state = Flow::LATENCY;
        flows[slot].due = now() + net.way.latency_s;
        if (net.way.latency_s > 0)
            pending.push({flows[slot].due, flows[slot].op, slot});
        else
            move(slot);
    }

    /* The latency is paid: the bytes begin to move. */
    void move(uint32_t slot)
    {
        Flow &flow = flows[slot];
        if (flow.left <= 0 || flow.arcs.empty()) {
            end(slot);
            return;
        }
        flow.state = Flow::MOVING;
        changed = true;
        if (watch)
            watch->enter(slot);
        halt_or_go(slot);
    }

    /* Over a dead arc nothing moves. */
    void halt_or_go(uint32_t slot)
    {
        Flow &flow = flows[slot];
        bool dead = std::any_of(flow.arcs.begin(), flow.arcs.end(),
                                [this](uint32_t arc) { return net.capacity_Bps[arc] <= 0; });
        if (dead) {
            if (flow.action)
                halt(flow);
            begin_still(flow);
        } else {
            end_still(flow);
            if (!flow.action)
                go(slot);
        }
    }

    /* Tells SimGrid of the flow. */
    void go(uint32_t slot)
    {
        Flow &flow = flows[slot];
        zone->path.clear();
        for (size_t k = 0; k < flow.arcs.size(); k++) {
            double times = std::round(flow.weights[k] * scale);
            if (std::fabs(times - flow.weights[k] * scale) > 1e-9 * scale)
                throw std::runtime_error("spraying divides packets too finely");
            zone->path.insert(zone->path.end(), static_cast<size_t>(times),
                              links[flow.arcs[k]]->get_impl());
        }
        auto bytes = static_cast<uint64_t>(std::ceil(flow.left)); /* SimGrid's are whole */
        sg::s4u::Comm::sendto_init(from, to)->set_payload_size(bytes)->detach();
        flow.action = &network->get_started_action_set()->back();
        flow.action->set_remains(flow.left); /* of one that was halted they are not */
        if (run->n_events > 0)
            flow.action->set_bound(-1); /* the narrowest link's bandwidth, as it is now */
        slot_of[flow.action] = slot;
    }

    /* Takes the flow out of SimGrid, which keeps its action asleep. */
    void halt(Flow &flow)
    {
        flow.action->suspend();
        flow.left = std::max(flow.action->get_remains(), LEAST_BYTES);
        slot_of.erase(flow.action);
        flow.action = nullptr;
    }

    void end(uint32_t slot)
    {
        leave_way(flows[slot], 0);
        over.push_back(flows[slot].op);
        flows[slot].state = Flow::FREE;
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
                watch->exit(slot, now());
            end(slot);
        }
    }

    /* ---- when the network changes: the same as in sim/fluid.c ---- */

    bool is_same_way(const Flow &flow) const
    {
        const struct csin_way &way = net.way;
        auto uses = flow.arcs.begin() + flow.n_arcs;
        auto use_weights = flow.weights.begin() + flow.n_arcs;
        return flow.n_arcs == way.n && std::equal(flow.arcs.begin(), uses, way.arcs) &&
               std::equal(flow.weights.begin(), use_weights, way.weights) &&
               std::equal(uses, flow.arcs.end(), net.use, net.use + net.n_uses) &&
               std::equal(use_weights, flow.weights.end(), net.use_weights,
                          net.use_weights + net.n_uses);
    }

    void stop_moving(uint32_t slot)
    {
        if (watch)
            watch->exit(slot, now());
        if (flows[slot].action)
            halt(flows[slot]);
        changed = true;
    }

    void reroute(uint32_t slot)
    {
        Flow &flow = flows[slot];
        bool intact = !flow.arcs.empty() &&
                      std::all_of(flow.arcs.begin(), flow.arcs.end(),
                                  [this](uint32_t arc) { return net.capacity_Bps[arc] > 0; });
        if (net.load && intact)
            return;
        bool found = csin_network_way(&net, flow.op, out.result.finish_s);
        if (found && !flow.arcs.empty() && is_same_way(flow))
            return;
        auto state = flow.state;
        if (state == Flow::MOVING)
            stop_moving(slot);
        if (!flow.arcs.empty())
            leave_way(flow, flow.left);
        if (!found) {
            flow.state = Flow::WAITING;
            begin_still(flow);
            return;
        }
        take_way(flow);
        end_still(flow);
        if (state == Flow::MOVING)
            move(slot);
        else if (state == Flow::WAITING)
            wait_for_latency(slot);
    }

    void change_network()
    {
        if (csin_network_advance(&net, now() + precision, nullptr) != CSIN_OK)
            leave(NO_ROUTES);
        finish_over();
        for (uint32_t i = 0; i < net.n_stopped; i++)
            stop_owner(net.stopped[i]);
        for (uint32_t i = 0; i < net.n_changed_arcs; i++) {
            uint32_t arc = net.changed_arcs[i];
            if (net.capacity_Bps[arc] > 0)
                links[arc]->set_bandwidth(net.capacity_Bps[arc] * scale);
            if (watch)
                watch->capacity_changed(arc);
            changed = true;
        }
        std::vector<uint32_t> alive;
        for (uint32_t slot = 0; slot < flows.size(); slot++)
            if (flows[slot].state != Flow::FREE)
                alive.push_back(slot);
        std::sort(alive.begin(), alive.end(), [this](uint32_t a, uint32_t b) {
            return csin_schedule_compare(s, out.result.start_s, flows[a].op, flows[b].op) < 0;
        });
        for (uint32_t slot : alive)
            if (flows[slot].state == Flow::MOVING)
                halt_or_go(slot);
        if (net.rerouted)
            for (uint32_t slot : alive)
                reroute(slot);
        expect_change();
    }

    /* Ends what an owner has in flight, as it is; what it has not begun never begins. */
    void stop_owner(uint32_t owner)
    {
        std::vector<uint32_t> ops;
        auto note = [](void *arg, uint32_t op) {
            static_cast<std::vector<uint32_t> *>(arg)->push_back(op);
        };
        csin_dispatch_stop(dispatch, owner, note, &ops);
        for (uint32_t slot = 0; slot < flows.size(); slot++) {
            Flow &flow = flows[slot];
            if (flow.state == Flow::FREE || flow.owner != owner)
                continue;
            if (flow.state == Flow::MOVING)
                stop_moving(slot);
            dropped_bytes += static_cast<double>(s->amount[flow.op].bytes) - flow.left;
            leave_way(flow, flow.left);
            flow.state = Flow::FREE;
            free_slots.push_back(slot);
            in_flight--;
        }
        for (uint32_t op : ops) {
            dropped.insert(op);
            last_finish = now();
            csin_dispatch_dropped(dispatch, op);
        }
    }

    /* What ends now is not stopped now. */
    void finish_over()
    {
        for (uint32_t op : over)
            csin_dispatch_finished(dispatch, op, now());
        if (!over.empty())
            last_finish = now();
        over.clear();
    }

    void expect_change()
    {
        double next = csin_network_next(&net);
        if (next < HUGE_VAL)
            pending.push({std::max(next, now()), CSIN_NONE, CSIN_NONE});
    }

    bool is_due() const
    {
        return !pending.empty() && pending.top().date <= now() + precision;
    }

    /* All that waited for the clock and is due in this instant; the network changes last. */
    void come_due()
    {
        bool change = false;
        while (is_due()) {
            Pending it = pending.top();
            pending.pop();
            if (it.op == CSIN_NONE)
                change = true;
            else if (dropped.count(it.op) > 0)
                continue; /* it was stopped meanwhile */
            else if (it.slot == CSIN_NONE)
                over.push_back(it.op);
            else if (flows[it.slot].state == Flow::LATENCY && flows[it.slot].op == it.op &&
                     flows[it.slot].due == it.date)
                move(it.slot); /* else it lost its way meanwhile */
        }
        if (armed && armed->get_date() <= now() + precision) {
            armed->remove();
            armed = nullptr;
        }
        if (change)
            change_network();
    }

    void on_timer()
    {
        armed = nullptr;
        come_due();
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
            finish_over();
            std::vector<uint32_t> ready;
            for (uint32_t op; csin_dispatch_next(dispatch, now(), &op);)
                ready.push_back(op);
            std::sort(ready.begin(), ready.end(), [this](uint32_t a, uint32_t b) {
                return csin_schedule_compare(s, out.result.start_s, a, b) < 0;
            });
            for (uint32_t op : ready)
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
        if (!over.empty() || is_due()) {
            come_due();
            settle();
        }

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

    /* A dead cable may come back, so its link has some bandwidth; nobody uses it until then. */
    double bandwidth_of(uint32_t arc) const
    {
        double capacity_Bps = arc < run->fabric->n_arcs
                                  ? run->fabric->arc_capacity_Bps[arc]
                                  : s->inside->capacity_Bps[arc - run->fabric->n_arcs];
        return (capacity_Bps > 0 ? capacity_Bps : 1) * scale;
    }

    void build(const sg::s4u::Engine &engine, const unsigned char *used)
    {
        zone = new PathZone("fabric"); /* SimGrid's own */
        from = zone->get_iface()->create_host("from", 1e9);
        to = zone->get_iface()->create_host("to", 1e9);
        links.resize(size_t{run->fabric->n_arcs} + csin_n_inside(s));
        for (uint32_t arc = 0; arc < links.size(); arc++)
            if (used[arc])
                links[arc] = zone->get_iface()
                                 ->create_link("a" + std::to_string(arc), bandwidth_of(arc))
                                 ->set_latency(0);
        engine.seal_platform();
        for (auto *model : engine.get_all_models())
            if (model->get_name().find("Network") != std::string::npos)
                network = model;
        if (!network)
            throw std::runtime_error("there is no network model");
    }

  public:
    Child(const struct csin_run *the_run, const shared &the_out, uint32_t the_scale)
        : run(the_run), s(the_run->schedule), out(the_out), scale(the_scale)
    {
    }

    [[noreturn]] void live_and_die(const unsigned char *used)
    {
        dispatch = csin_dispatch_create(s, out.result.start_s, out.result.finish_s);
        if (!dispatch || !csin_network_init(&net, run))
            throw std::bad_alloc();
        if (run->watch)
            watch = std::make_unique<Watch>(run, flows, net.capacity_Bps, out.result.arcs);

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
            if (csin_network_next(&net) <= precision)
                change_network();
            else
                expect_change();
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
                           uint32_t scale, pid_t parent, int log)
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
        Child(run, out, scale).live_and_die(used);
    } catch (const std::bad_alloc &) {
        out.said->outcome = NO_MEMORY;
    } catch (const std::exception &e) {
        snprintf(out.said->text, sizeof out.said->text, "%s", e.what());
        out.said->outcome = THROWN;
    }
    _exit(0);
}

/* ---- the parent: plain C from here, nothing throws ---- */

/* The smallest factor up to SCALE_MAX that makes a share of packets a whole number; 0: none. */
uint32_t denominator(double share)
{
    for (uint32_t d = 1; d <= SCALE_MAX; d++)
        if (std::fabs(share * d - std::round(share * d)) <= 1e-9)
            return d;
    return 0;
}

/* Multiplies *scale until it makes all shares of a way, or weights, whole. */
bool fit_scale(const double *weights, uint32_t n, uint32_t *scale)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t d = denominator(weights[i] * *scale);
        if (d == 0 || uint64_t{d} * *scale > SCALE_MAX)
            return false;
        *scale *= d;
    }
    return true;
}

enum csin_status too_fine(const struct csin_run *run, struct csin_diag *diag, uint32_t op)
{
    enum csin_status status = csin_error(
        diag, CSIN_E_FAILED, 324, nowhere,
        csin_is_local(run->schedule, op) || csin_routes_policy(run->routes) != CSIN_SPRAY
            ? "weights inside hosts from '%s' to '%s' are too fine for the SimGrid engine"
            : "spraying divides the packets from '%s' to '%s' too finely for the SimGrid engine",
        run->fabric->hosts[run->schedule->src[op]].name,
        run->fabric->hosts[run->schedule->dst[op]].name);
    csin_note(diag, nowhere, "engine: fluid can");
    return status;
}

/* Finds the way of every transfer once, marks the arcs in use, and refuses what SimGrid would abort
 * on or silently accept. A small part of the time of a run. Where the network changes later, ways
 * are found as they are needed, and transfers without one wait: begun[op] is when they began, for
 * jobs that move. */
enum csin_status survey_now(const struct csin_run *run, struct csin_network *net,
                            struct csin_diag *diag, const double *begun, unsigned char *used,
                            uint32_t *scale)
{
    const struct csin_schedule *s = run->schedule;
    enum csin_status status = CSIN_OK;
    bool sprayed = csin_routes_policy(run->routes) == CSIN_SPRAY;
    unsigned n_errors = 0;
    for (uint32_t op = 0; op < s->n_ops && n_errors < NAMED_OPS; op++) {
        if (csin_is_delay(s, op))
            continue;
        const struct csin_way *way = &net->way;
        if (run->n_events == 0 && csin_network_check_way(net, diag, op) != CSIN_OK) {
            n_errors++;
            status = CSIN_E_FAILED;
            continue;
        }
        if (run->n_events > 0 && !csin_network_way(net, op, begun))
            continue;
        if ((sprayed && !fit_scale(way->weights, way->n, scale)) ||
            !fit_scale(net->use_weights, net->n_uses, scale)) {
            n_errors++;
            status = too_fine(run, diag, op);
        }
        for (uint32_t i = 0; i < net->n_uses; i++)
            used[net->use[i]] = 1;
        for (uint32_t i = 0; i < way->n; i++)
            used[way->arcs[i]] = 1;
    }
    return status;
}

/* Least-loaded ways are not known before the run, and neither are those behind an event: then all
 * arcs may be used. Shares of sprayed packets are, for each state of the network that is to come
 * and for steps that began before it as well as for those that begin then. */
enum csin_status survey(const struct csin_run *run, struct csin_diag *diag, unsigned char *used,
                        uint32_t *scale)
{
    struct csin_network net;
    enum csin_status status = CSIN_E_FAILED;
    enum csin_policy policy = csin_routes_policy(run->routes);
    std::unique_ptr<double[]> begun(new (std::nothrow) double[size_t{run->schedule->n_ops} + 1]());
    *scale = 1;
    if (!csin_network_init(&net, run) || !begun) {
        csin_no_memory(diag);
        goto out;
    }
    status = survey_now(run, &net, diag, begun.get(), used, scale);
    while (status == CSIN_OK && policy == CSIN_SPRAY && csin_network_next(&net) < HUGE_VAL) {
        double next = csin_network_next(&net);
        status = csin_network_advance(&net, next, diag);
        for (double began : {next, 0.0}) {
            std::fill_n(begun.get(), run->schedule->n_ops, began);
            if (status == CSIN_OK)
                status = survey_now(run, &net, diag, begun.get(), used, scale);
        }
    }
    if (run->n_events > 0 || policy == CSIN_LEAST_LOADED)
        memset(used, 1, size_t{run->fabric->n_arcs} + csin_n_inside(run->schedule));
out:
    csin_network_finish(&net);
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

struct Bytes {
    char *data;
    size_t room, n;
    bool failed; /* there was no memory for more */
};

void bytes_add(Bytes *bytes, const char *text, size_t n)
{
    if (bytes->failed || !csin_grow(&bytes->data, &bytes->room, bytes->n + n, 1)) {
        bytes->failed = true;
        return;
    }
    memcpy(bytes->data + bytes->n, text, n);
    bytes->n += n;
}

/* Until the child has closed its ends, which it does by dying. */
void drain(const struct csin_run *run, const report *said, int log, Tail *tail, int ending,
           Bytes *last)
{
    int64_t last_ms = clock_ms();
    struct pollfd waits[] = {{log, POLLIN, 0}, {ending, POLLIN, 0}};
    while (waits[0].fd >= 0 || waits[1].fd >= 0) {
        int64_t left_ms = std::max<int64_t>(0, last_ms + PROGRESS_MS - clock_ms());
        poll(waits, 2, static_cast<int>(left_ms));
        for (auto &wait : waits) {
            char text[16384];
            if (wait.fd < 0 || wait.revents == 0)
                continue;
            ssize_t n = read(wait.fd, text, sizeof text);
            if (n == 0 || (n < 0 && errno != EINTR))
                wait.fd = -1;
            if (n > 0 && wait.fd == log)
                tail_add(tail, text, static_cast<size_t>(n));
            else if (n > 0)
                bytes_add(last, text, static_cast<size_t>(n));
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

/* The child could not make the routes of that moment. It cannot say why, so the parent tries too.
 */
enum csin_status no_routes(const struct csin_run *run, struct csin_diag *diag, double now_s)
{
    struct csin_network net;
    enum csin_status status = csin_network_init(&net, run) ? CSIN_OK : csin_no_memory(diag);
    while (status == CSIN_OK && csin_network_next(&net) <= now_s)
        status = csin_network_advance(&net, csin_network_next(&net), diag);
    csin_network_finish(&net);
    return status != CSIN_OK ? status : csin_no_memory(diag);
}

enum csin_status judge(const struct csin_run *run, struct csin_diag *diag, const shared *out,
                       int wait_status, const Tail *tail)
{
    const report *said = out->said;
    enum csin_status status = CSIN_OK;
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
    case NO_ROUTES:
        return no_routes(run, diag, said->now_s);
    case THROWN:
        status = csin_error(diag, CSIN_E_FAILED, 320, nowhere, "the SimGrid engine crashed: %s",
                            said->text);
        note_tail(diag, tail);
        return status;
    case STUCK:
        return csin_engine_stuck(run, diag, &out->result, said->done, said->now_s);
    case HORIZON:
        return csin_engine_horizon(run, diag, &out->result, said->done);
    default:
        return CSIN_OK;
    }
}

/* Takes the next n items from what the child wrote at its end. */
template <typename T> bool take(const Bytes *bytes, size_t *at, T **ret, size_t n)
{
    if (bytes->n - *at < n * sizeof(T))
        return false;
    auto *items = static_cast<T *>(malloc(n * sizeof(T) + 1));
    if (items && n > 0)
        memcpy(items, bytes->data + *at, n * sizeof(T));
    *at += n * sizeof(T);
    *ret = items;
    return items;
}

/* Into the result, which owns it even when some is missing. */
bool read_ending(const Bytes *bytes, struct csin_run_result *result)
{
    Ending *head;
    struct csin_traffic *traffic = &result->traffic;
    size_t at = 0;
    if (bytes->failed || !take(bytes, &at, &head, 1))
        return false;
    traffic->n_owners = head->n_effective;
    traffic->n_loads = head->n_loads;
    result->n_waits = head->n_waits;
    result->dropped_bytes = head->dropped_bytes;
    free(head);
    return take(bytes, &at, &traffic->effective, traffic->n_owners) &&
           take(bytes, &at, &traffic->loads, traffic->n_loads) &&
           take(bytes, &at, &result->waits, result->n_waits);
}

/* A pipe whose ends are none of the three standard streams, which may be closed. */
bool make_pipe(int ends[2])
{
    int made[2];
    if (pipe2(made, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(made[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(made[i]);
    }
    return ends[0] >= 0 && ends[1] >= 0;
}

void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

enum csin_status run_simgrid(const struct csin_run *run, struct csin_diag *diag,
                             struct csin_run_result *ret)
{
    enum csin_status status = CSIN_E_FAILED;
    shared out = {};
    int log[2] = {-1, -1}, ending[2] = {-1, -1};
    Tail tail = {};
    Bytes last = {};
    int wait_status = 0;
    uint32_t scale = 1;
    pid_t parent = getpid(), child;
    auto *used = static_cast<unsigned char *>(
        calloc(size_t{run->fabric->n_arcs} + csin_n_inside(run->schedule) + 1, 1));

    if (!used || !csin_run_result_init(run, REPORT_ROOM, &out.result)) {
        status = csin_no_memory(diag);
        goto out;
    }
    out.said = static_cast<report *>(out.result.memory);
    status = survey(run, diag, used, &scale);
    if (status != CSIN_OK)
        goto out;
    status = CSIN_E_FAILED;
    if (!make_pipe(log) || !make_pipe(ending)) {
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
        out.ending = ending[1];
        be_child(run, out, used, scale, parent, log[1]);
    }
    close_end(&log[1]);
    close_end(&ending[1]);
    show_progress(run, out.said);
    drain(run, out.said, log[0], &tail, ending[0], &last);
    while (waitpid(child, &wait_status, 0) < 0)
        if (errno != EINTR) {
            wait_status = 0; /* somebody else reaped it; the report says how it went */
            break;
        }
    status = judge(run, diag, &out, wait_status, &tail);
    if (status == CSIN_OK && !read_ending(&last, &out.result))
        status = csin_no_memory(diag);
    if (status == CSIN_OK) {
        out.result.makespan_s = out.said->makespan_s;
        out.result.events = out.said->events;
        out.result.max_flows = out.said->max_flows;
        out.result.skipped = out.said->skipped;
        *ret = out.result;
        out.result = {}; /* the caller's now */
    }
out:
    csin_run_result_finish(&out.result);
    for (int i = 0; i < 2; i++) {
        close_end(&log[i]);
        close_end(&ending[i]);
    }
    free(last.data);
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
