/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedules: the append-only builder, the check and the dump. The arrays of the operations grow
 * together and share one `ops_room`; dep_first has an entry more, so room is always asked for one
 * more operation than there is. */
#include "sim/schedule.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/rng.h"
#include "base/units.h"

enum { NO_MEMORY = 1, TOO_MANY = 2 }; /* values of `failed` */

/* After so many mistakes a schedule is not worth reading on. */
#define MISTAKES_MAX 20
#define CYCLE_SHOWN 8

static const struct csin_loc nowhere = {NULL, 0, 0};

void csin_schedule_init(struct csin_schedule *s, uint32_t n_hosts, uint32_t n_owners)
{
    memset(s, 0, sizeof *s);
    s->n_hosts = n_hosts;
    s->n_owners = n_owners;
}

void csin_schedule_finish(struct csin_schedule *s)
{
    if (!s)
        return;
    free(s->src);
    free(s->dst);
    free(s->amount);
    free(s->gate);
    free(s->dep_first);
    free(s->dep);
    free(s->gates);
    free(s->spans);
    free(s->profile);
    free(s->use_first);
    free(s->use);
    free(s->profile_index);
    free(s->replica_set);
    free(s->replica_first);
    free(s->replicas);
    memset(s, 0, sizeof *s);
}

/* Grows one of several arrays that share a room: each starts from the same old room and so reaches
 * the same new one, which is stored once all have grown. */
static bool grow_one(void *array, size_t old_room, size_t need, size_t size, size_t *ret_room)
{
    *ret_room = old_room;
    return csin_grow(array, ret_room, need, size);
}

/* Room for `more` operations. */
static bool grow_ops(struct csin_schedule *s, size_t more)
{
    size_t need = s->n_ops + more + 1, old = s->ops_room, room = old;
    if (need <= old)
        return true;
    if (!grow_one(&s->src, old, need, sizeof *s->src, &room) ||
        !grow_one(&s->dst, old, need, sizeof *s->dst, &room) ||
        !grow_one(&s->amount, old, need, sizeof *s->amount, &room) ||
        !grow_one(&s->gate, old, need, sizeof *s->gate, &room) ||
        !grow_one(&s->dep_first, old, need, sizeof *s->dep_first, &room)) {
        s->failed = NO_MEMORY;
        return false;
    }
    s->ops_room = room;
    return true;
}

/* The array of profiles begins with the first one that is set: all before it have none. */
static bool set_profile(struct csin_schedule *s, uint32_t op, uint32_t profile)
{
    if (op >= s->profile_room) {
        size_t before = s->profile ? op : 0;
        if (!csin_grow(&s->profile, &s->profile_room, (size_t)op + 1, sizeof *s->profile)) {
            s->failed = NO_MEMORY;
            return false;
        }
        for (size_t i = before; i < op; i++)
            s->profile[i] = CSIN_NONE;
    }
    s->profile[op] = profile;
    return true;
}

static uint32_t add_op(struct csin_schedule *s, uint32_t src, uint32_t dst,
                       union csin_amount amount)
{
    if (s->failed)
        return CSIN_NONE;
    if (s->n_ops >= CSIN_MAX_OPS) {
        s->failed = TOO_MANY;
        return CSIN_NONE;
    }
    if (!grow_ops(s, 1))
        return CSIN_NONE;
    uint32_t op = s->n_ops++;
    s->src[op] = src;
    s->dst[op] = dst;
    s->amount[op] = amount;
    s->gate[op] = CSIN_NONE;
    s->dep_first[op] = s->n_deps;
    s->dep_first[op + 1] = s->n_deps;
    if (s->profile && !set_profile(s, op, CSIN_NONE))
        return CSIN_NONE;
    return op;
}

void csin_schedule_expect(struct csin_schedule *s, uint64_t n, uint64_t each)
{
    if (!s->failed && each > 0 && n > (CSIN_MAX_OPS - s->n_ops) / each)
        s->failed = TOO_MANY;
    size_t more = (size_t)(n * each);
    if (s->failed || !grow_ops(s, more))
        return;
    csin_touch(s->src + s->n_ops, more * sizeof *s->src);
    csin_touch(s->dst + s->n_ops, more * sizeof *s->dst);
    csin_touch(s->amount + s->n_ops, more * sizeof *s->amount);
    csin_touch(s->gate + s->n_ops, more * sizeof *s->gate);
    csin_touch(s->dep_first + s->n_ops, more * sizeof *s->dep_first);
    /* Most wait for two others. */
    if (csin_grow(&s->dep, &s->deps_room, s->n_deps + 2 * more, sizeof *s->dep))
        csin_touch(s->dep + s->n_deps, 2 * more * sizeof *s->dep);
}

uint32_t csin_schedule_transfer(struct csin_schedule *s, uint32_t src, uint32_t dst, uint64_t bytes)
{
    uint32_t op = add_op(s, src, dst, (union csin_amount){.bytes = bytes});
    s->n_transfers += op != CSIN_NONE;
    return op;
}

uint32_t csin_schedule_delay(struct csin_schedule *s, double delay_s)
{
    return add_op(s, CSIN_NONE, CSIN_NONE, (union csin_amount){.delay_s = delay_s});
}

void csin_schedule_after(struct csin_schedule *s, uint32_t on)
{
    if (s->failed || on == CSIN_NONE)
        return;
    assert(s->n_ops > 0);
    if (!csin_grow(&s->dep, &s->deps_room, s->n_deps + 1, sizeof *s->dep)) {
        s->failed = NO_MEMORY;
        return;
    }
    s->dep[s->n_deps++] = on;
    s->dep_first[s->n_ops] = s->n_deps;
}

void csin_schedule_through(struct csin_schedule *s, uint32_t gate)
{
    if (s->failed)
        return;
    assert(s->n_ops > 0);
    s->gate[s->n_ops - 1] = gate;
}

/* ---- profiles ---- */

/* The uses that count, each resource once, behind those of the profiles there are. Returns how
 * many. */
static uint32_t put_uses(struct csin_schedule *s, const struct csin_use *uses, uint32_t n)
{
    struct csin_use *put = &s->use[s->n_uses];
    uint32_t n_put = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = 0;
        if (uses[i].resource == CSIN_NONE)
            continue;
        while (k < n_put && put[k].resource != uses[i].resource)
            k++;
        if (k == n_put)
            put[n_put++] = (struct csin_use){.resource = uses[i].resource};
        put[k].weight += uses[i].weight;
    }
    return n_put;
}

static uint64_t hash_uses(const struct csin_use *uses, uint32_t n)
{
    uint64_t hash = n;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &uses[i].weight, sizeof bits);
        hash = csin_mix64(hash ^ csin_mix64(bits ^ uses[i].resource));
    }
    return hash;
}

/* Where a profile with those uses is in the index, or the free place for one. */
static size_t find_profile(const struct csin_schedule *s, const struct csin_use *uses, uint32_t n)
{
    size_t mask = s->profile_index_room - 1, at = hash_uses(uses, n) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t p = s->profile_index[at];
        if (p == CSIN_NONE)
            return at;
        const struct csin_use *other = &s->use[s->use_first[p]];
        bool same = s->use_first[p + 1] - s->use_first[p] == n;
        for (uint32_t i = 0; same && i < n; i++)
            same = other[i].resource == uses[i].resource && other[i].weight == uses[i].weight;
        if (same)
            return at;
    }
}

/* Twice as large, at least 64 places, a power of two. */
static bool grow_profile_index(struct csin_schedule *s)
{
    size_t room = s->profile_index_room ? 2 * s->profile_index_room : 64;
    uint32_t *index = malloc(room * sizeof *index);
    if (!index)
        return false;
    free(s->profile_index);
    memset(index, 0xff, room * sizeof *index);
    s->profile_index = index;
    s->profile_index_room = room;
    for (uint32_t p = 0; p < s->n_profiles; p++)
        index[find_profile(s, &s->use[s->use_first[p]], s->use_first[p + 1] - s->use_first[p])] = p;
    return true;
}

uint32_t csin_schedule_profile(struct csin_schedule *s, const struct csin_use *uses, uint32_t n)
{
    assert(n <= CSIN_MAX_USES);
    if (s->failed)
        return CSIN_NONE;
    if (!csin_grow(&s->use, &s->use_room, (size_t)s->n_uses + n + 1, sizeof *s->use) ||
        !csin_grow(&s->use_first, &s->use_first_room, (size_t)s->n_profiles + 2,
                   sizeof *s->use_first) ||
        (2 * ((size_t)s->n_profiles + 1) > s->profile_index_room && !grow_profile_index(s))) {
        s->failed = NO_MEMORY;
        return CSIN_NONE;
    }
    s->use_first[s->n_profiles] = s->n_uses;
    uint32_t n_put = put_uses(s, uses, n);
    size_t at = find_profile(s, &s->use[s->n_uses], n_put);
    if (s->profile_index[at] == CSIN_NONE) {
        s->n_uses += n_put;
        s->use_first[s->n_profiles + 1] = s->n_uses;
        s->profile_index[at] = s->n_profiles++;
    }
    return s->profile_index[at];
}

void csin_schedule_uses(struct csin_schedule *s, uint32_t profile)
{
    if (s->failed || profile == CSIN_NONE)
        return;
    assert(s->n_ops > 0);
    set_profile(s, s->n_ops - 1, profile);
}

uint32_t csin_schedule_local(struct csin_schedule *s, uint32_t host, uint64_t bytes)
{
    uint32_t op = add_op(s, host, host, (union csin_amount){.bytes = bytes});
    csin_schedule_uses(s, csin_schedule_profile(s, NULL, 0));
    return op;
}

/* ---- replicas ---- */

uint32_t csin_schedule_replicas(struct csin_schedule *s, const struct csin_replica *replicas,
                                uint32_t n)
{
    if (s->failed)
        return CSIN_NONE;
    if (!csin_grow(&s->replicas, &s->replicas_room, (size_t)s->n_replicas + n,
                   sizeof *s->replicas) ||
        !csin_grow(&s->replica_first, &s->replica_first_room, (size_t)s->n_replica_sets + 2,
                   sizeof *s->replica_first)) {
        s->failed = NO_MEMORY;
        return CSIN_NONE;
    }
    s->replica_first[s->n_replica_sets] = s->n_replicas;
    memcpy(s->replicas + s->n_replicas, replicas, n * sizeof *replicas);
    s->n_replicas += n;
    s->replica_first[s->n_replica_sets + 1] = s->n_replicas;
    return s->n_replica_sets++;
}

/* The array begins with the first operation that has some; those that it has room for behind the
 * last one have none. */
void csin_schedule_among(struct csin_schedule *s, uint32_t set)
{
    if (s->failed || set == CSIN_NONE)
        return;
    size_t before = s->replica_set_room;
    if (!csin_grow(&s->replica_set, &s->replica_set_room, s->n_ops, sizeof *s->replica_set)) {
        s->failed = NO_MEMORY;
        return;
    }
    for (size_t i = before; i < s->replica_set_room; i++)
        s->replica_set[i] = CSIN_NONE;
    s->replica_set[s->n_ops - 1] = set;
}

static uint32_t add_gate(struct csin_schedule *s, struct csin_gate gate)
{
    if (s->failed)
        return CSIN_NONE;
    if (s->n_gates >= CSIN_MAX_OPS) {
        s->failed = TOO_MANY;
        return CSIN_NONE;
    }
    if (!csin_grow(&s->gates, &s->gates_room, (size_t)s->n_gates + 1, sizeof *s->gates)) {
        s->failed = NO_MEMORY;
        return CSIN_NONE;
    }
    s->gates[s->n_gates] = gate;
    return s->n_gates++;
}

uint32_t csin_schedule_gate(struct csin_schedule *s, uint32_t limit, double close_s)
{
    return add_gate(s, (struct csin_gate){.limit = limit, .close_s = close_s});
}

uint32_t csin_schedule_holding_gate(struct csin_schedule *s, uint32_t limit, double close_s)
{
    return add_gate(s, (struct csin_gate){.limit = limit, .hold = 1, .close_s = close_s});
}

void csin_schedule_span(struct csin_schedule *s, struct csin_span span)
{
    if (s->failed)
        return;
    if (s->n_spans >= CSIN_MAX_OPS) {
        s->failed = TOO_MANY;
        return;
    }
    if (!csin_grow(&s->spans, &s->spans_room, (size_t)s->n_spans + 1, sizeof *s->spans)) {
        s->failed = NO_MEMORY;
        return;
    }
    s->spans[s->n_spans++] = span;
}

uint32_t csin_schedule_span_of(const struct csin_schedule *s, uint32_t op)
{
    uint32_t low = 0, high = s->n_spans; /* spans[low].first <= op < spans[high].first */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (s->spans[middle].first <= op)
            low = middle;
        else
            high = middle;
    }
    return low;
}

uint32_t csin_schedule_owner(const struct csin_schedule *s, uint32_t op)
{
    return s->n_spans == 0 ? 0 : s->spans[csin_schedule_span_of(s, op)].owner;
}

int csin_schedule_compare(const struct csin_schedule *s, const double *start_s, uint32_t a,
                          uint32_t b)
{
    if (s->src[a] != s->src[b])
        return s->src[a] < s->src[b] ? -1 : 1;
    if (s->dst[a] != s->dst[b])
        return s->dst[a] < s->dst[b] ? -1 : 1;
    if (s->amount[a].bytes != s->amount[b].bytes)
        return s->amount[a].bytes < s->amount[b].bytes ? -1 : 1;
    if (start_s[a] != start_s[b])
        return start_s[a] < start_s[b] ? -1 : 1;
    return a < b ? -1 : a > b;
}

int csin_schedule_successors(const struct csin_schedule *s, uint32_t **ret_first,
                             uint32_t **ret_next)
{
    if (s->n_deps > UINT32_MAX)
        return 0;
    uint32_t *first = calloc((size_t)s->n_ops + 2, sizeof *first);
    uint32_t *next = malloc((s->n_deps + 1) * sizeof *next);
    if (!first || !next) {
        free(first);
        free(next);
        return 0;
    }
    csin_touch(first, ((size_t)s->n_ops + 2) * sizeof *first);
    csin_touch(next, (s->n_deps + 1) * sizeof *next);
    /* Counting sort. Counts stand two places on, so that after the fill first[i] is where i begins.
     */
    for (uint64_t k = 0; k < s->n_deps; k++)
        first[(size_t)s->dep[k] + 2]++;
    for (uint32_t i = 2; i < s->n_ops + 2; i++)
        first[i] += first[i - 1];
    for (uint32_t op = 0; op < s->n_ops; op++)
        for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
            next[first[s->dep[k] + 1]++] = op;
    *ret_first = first;
    *ret_next = next;
    return 1;
}

/* ---- checking ---- */

struct check {
    const struct csin_schedule *s;
    struct csin_diag *diag;
    enum csin_status status;
    unsigned n_mistakes;
};

#define MISTAKE(c, code, ...)                                                                      \
    ((c)->n_mistakes++,                                                                            \
     (c)->status = csin_error((c)->diag, CSIN_E_FAILED, (code), nowhere, __VA_ARGS__))

static void check_ops(struct check *c)
{
    const struct csin_schedule *s = c->s;
    uint64_t bytes = 0, n_transfers = 0;
    for (uint32_t op = 0; op < s->n_ops && c->n_mistakes < MISTAKES_MAX; op++) {
        uint32_t src = s->src[op], dst = s->dst[op], gate = s->gate[op];
        if (src == CSIN_NONE && dst == CSIN_NONE) {
            double delay_s = s->amount[op].delay_s;
            if (!isfinite(delay_s) || delay_s < 0)
                MISTAKE(c, 306, "op %" PRIu32 " is a delay of %s s", op,
                        csin_show_exact(delay_s).s);
            if (gate != CSIN_NONE && (gate >= s->n_gates || !s->gates[gate].hold))
                MISTAKE(c, 307, "op %" PRIu32 " is a delay and has a gate", op);
            if (s->profile && s->profile[op] != CSIN_NONE)
                MISTAKE(c, 485, "op %" PRIu32 " is a delay and has a profile", op);
        } else if (src == dst && src < s->n_hosts && s->profile && s->profile[op] != CSIN_NONE) {
            if (gate != CSIN_NONE && gate >= s->n_gates)
                MISTAKE(c, 307, "op %" PRIu32 " goes through gate %" PRIu32 " of %" PRIu32, op,
                        gate, s->n_gates);
        } else {
            n_transfers++;
            if (bytes + s->amount[op].bytes < bytes) {
                MISTAKE(c, 304,
                        "the bytes of the transfers up to op %" PRIu32 " are too many to count",
                        op);
                return;
            }
            bytes += s->amount[op].bytes;
            if (src >= s->n_hosts || dst >= s->n_hosts)
                MISTAKE(c, 301,
                        "op %" PRIu32 " goes from host %" PRIu32 " to %" PRIu32 " of %" PRIu32, op,
                        src, dst, s->n_hosts);
            else if (src == dst)
                MISTAKE(c, 302, "op %" PRIu32 " goes from host %" PRIu32 " to itself", op, src);
            if (gate != CSIN_NONE && gate >= s->n_gates)
                MISTAKE(c, 307, "op %" PRIu32 " goes through gate %" PRIu32 " of %" PRIu32, op,
                        gate, s->n_gates);
        }
        if (s->dep_first[op] > s->dep_first[op + 1] || s->dep_first[op + 1] > s->n_deps) {
            MISTAKE(c, 301, "the dependencies of op %" PRIu32 " are out of range", op);
            continue;
        }
        for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
            if (s->dep[k] >= s->n_ops)
                MISTAKE(c, 301, "op %" PRIu32 " waits for op %" PRIu32 " of %" PRIu32, op,
                        s->dep[k], s->n_ops);
    }
    if (c->n_mistakes > 0)
        return;
    if (s->n_ops > 0 && (s->dep_first[0] != 0 || s->dep_first[s->n_ops] != s->n_deps))
        MISTAKE(c, 301, "the dependencies do not begin at 0 and end at %" PRIu64, s->n_deps);
    if (bytes != s->bytes || n_transfers != s->n_transfers)
        MISTAKE(c, 304,
                "%" PRIu64 " transfers move %" PRIu64 " bytes, but %" PRIu32 " and %" PRIu64
                " were promised",
                n_transfers, bytes, s->n_transfers, s->bytes);
}

static void check_profiles(struct check *c)
{
    const struct csin_schedule *s = c->s;
    for (uint32_t op = 0; s->profile && op < s->n_ops && c->n_mistakes < MISTAKES_MAX; op++)
        if (s->profile[op] != CSIN_NONE && s->profile[op] >= s->n_profiles)
            MISTAKE(c, 485, "op %" PRIu32 " has profile %" PRIu32 " of %" PRIu32, op,
                    s->profile[op], s->n_profiles);
    for (uint32_t i = 0; i < s->n_uses && c->n_mistakes < MISTAKES_MAX; i++)
        if (s->use[i].resource >= csin_n_inside(s) || !(s->use[i].weight > 0) ||
            isinf(s->use[i].weight))
            MISTAKE(c, 485,
                    "a profile uses resource %" PRIu32 " of %" PRIu32 " inside hosts with weight "
                    "%s",
                    s->use[i].resource, csin_n_inside(s), csin_show_exact(s->use[i].weight).s);
}

static bool waits_for(const struct csin_schedule *s, uint32_t op, uint32_t on)
{
    for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
        if (s->dep[k] == on)
            return true;
    return false;
}

/* Behind what goes through a gate that holds, there is what it holds for. */
static void check_pairs(struct check *c)
{
    const struct csin_schedule *s = c->s;
    for (uint32_t op = 0; op < s->n_ops && c->n_mistakes < MISTAKES_MAX; op++)
        if (s->gate[op] != CSIN_NONE && s->gates[s->gate[op]].hold &&
            (op + 1 == s->n_ops || !waits_for(s, op + 1, op)))
            MISTAKE(c, 307,
                    "op %" PRIu32 " holds gate %" PRIu32 ", but the operation behind does not wait "
                    "for it",
                    op, s->gate[op]);
}

static void check_gates(struct check *c)
{
    bool some_hold = false;
    for (uint32_t g = 0; g < c->s->n_gates && c->n_mistakes < MISTAKES_MAX; g++) {
        some_hold = some_hold || c->s->gates[g].hold;
        if (c->s->gates[g].limit < 1)
            MISTAKE(c, 307, "gate %" PRIu32 " lets nothing through", g);
        if (c->s->gates[g].hold > 1)
            MISTAKE(c, 307, "gate %" PRIu32 " holds for %" PRIu32 " operations", g,
                    c->s->gates[g].hold);
        if (isnan(c->s->gates[g].close_s))
            MISTAKE(c, 307, "gate %" PRIu32 " closes at no time", g);
    }
    if (some_hold && c->n_mistakes == 0)
        check_pairs(c);
}

/* A step begins where the one before it ended, so a mark may lie in an earlier span. */
static bool is_mark(const struct csin_schedule *s, const struct csin_span *span, uint32_t op)
{
    return op == CSIN_NONE || (op < span->first + span->n && csin_is_delay(s, op));
}

static void check_spans(struct check *c)
{
    const struct csin_schedule *s = c->s;
    uint64_t covered = 0;
    for (uint32_t i = 0; i < s->n_spans && c->n_mistakes < MISTAKES_MAX; i++) {
        const struct csin_span *span = &s->spans[i];
        if (span->first != covered || span->n > s->n_ops - covered) {
            MISTAKE(c, 305,
                    "span %" PRIu32 " has %" PRIu32 " operations from %" PRIu32 ", but %" PRIu64
                    " of %" PRIu32 " are covered before it",
                    i, span->n, span->first, covered, s->n_ops);
            return;
        }
        covered += span->n;
        if (span->owner >= s->n_owners)
            MISTAKE(c, 301, "span %" PRIu32 " belongs to owner %" PRIu32 " of %" PRIu32, i,
                    span->owner, s->n_owners);
        if (!is_mark(s, span, span->begin) || !is_mark(s, span, span->end))
            MISTAKE(c, 305,
                    "span %" PRIu32 " does not begin and end with delays up to its last operation",
                    i);
    }
    if (covered != s->n_ops && c->n_mistakes < MISTAKES_MAX)
        MISTAKE(c, 305, "spans cover %" PRIu64 " of %" PRIu32 " operations", covered, s->n_ops);
}

/* The first dependency of `op` that Kahn's algorithm did not reach either. Every operation it did
 * not reach has one. */
static uint32_t stuck_dep(const struct csin_schedule *s, const uint32_t *waits, uint32_t op)
{
    uint64_t k = s->dep_first[op];
    while (waits[s->dep[k]] == 0)
        k++;
    return s->dep[k];
}

/* waits[op] > 0 marks operations that wait for ever. Following stuck_dep from any of them must come
 * round; the first operation met twice is on the cycle. */
static void report_cycle(struct check *c, uint32_t op, uint32_t *waits)
{
    char text[CYCLE_SHOWN * 20] = "";
    size_t length = 0;
    uint32_t n = 0;

    for (; waits[op] != CSIN_NONE; op = stuck_dep(c->s, waits, op))
        waits[op] = CSIN_NONE;
    uint32_t start = op;
    do {
        if (n++ < CYCLE_SHOWN)
            length += (size_t)snprintf(text + length, sizeof text - length, "op %" PRIu32 " -> ",
                                       op);
        op = stuck_dep(c->s, waits, op);
    } while (op != start);
    if (n > CYCLE_SHOWN)
        MISTAKE(c, 303, "operations wait for one another: %s%" PRIu32 " more -> op %" PRIu32, text,
                n - CYCLE_SHOWN, start);
    else
        MISTAKE(c, 303, "operations wait for one another: %sop %" PRIu32, text, start);
}

/* Kahn, Topological sorting of large networks, CACM 1962. Schedules whose operations only wait for
 * earlier ones, as all makers write them, need no memory. */
static void check_cycles(struct check *c)
{
    const struct csin_schedule *s = c->s;
    bool forward = false;
    for (uint32_t op = 0; op < s->n_ops && !forward; op++)
        for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
            forward |= s->dep[k] >= op;
    if (!forward)
        return;

    uint32_t *first = NULL, *next = NULL;
    uint32_t *waits = malloc(((size_t)s->n_ops + 1) * sizeof *waits);
    uint32_t *queue = malloc(((size_t)s->n_ops + 1) * sizeof *queue);
    if (!waits || !queue || !csin_schedule_successors(s, &first, &next)) {
        c->status = csin_no_memory(c->diag);
        c->n_mistakes++;
        goto out;
    }
    uint32_t n_queue = 0;
    for (uint32_t op = 0; op < s->n_ops; op++) {
        waits[op] = (uint32_t)(s->dep_first[op + 1] - s->dep_first[op]);
        if (waits[op] == 0)
            queue[n_queue++] = op;
    }
    for (uint32_t i = 0; i < n_queue; i++)
        for (uint32_t k = first[queue[i]]; k < first[queue[i] + 1]; k++)
            if (--waits[next[k]] == 0)
                queue[n_queue++] = next[k];
    if (n_queue < s->n_ops) {
        uint32_t op = 0;
        while (waits[op] == 0)
            op++;
        report_cycle(c, op, waits);
    }
out:
    free(first);
    free(next);
    free(waits);
    free(queue);
}

enum csin_status csin_schedule_check(const struct csin_schedule *s, struct csin_diag *diag)
{
    struct check c = {.s = s, .diag = diag, .status = CSIN_OK};
    if (s->failed == NO_MEMORY)
        return csin_no_memory(diag);
    if (s->failed || s->n_ops > CSIN_MAX_OPS) {
        enum csin_status status = csin_error(diag, CSIN_E_FAILED, 300, nowhere,
                                             "the schedule has more than %s operations",
                                             csin_show_count(CSIN_MAX_OPS).s);
        csin_note(diag, nowhere,
                  "simulate fewer rounds, a shorter duration, larger chunks or fewer hosts");
        return status;
    }
    check_ops(&c);
    check_profiles(&c);
    check_gates(&c);
    check_spans(&c);
    if (c.n_mistakes == 0)
        check_cycles(&c);
    return c.status;
}

/* ---- dumping ---- */

static void dump_host(const struct csin_fabric *fabric, uint32_t host, FILE *out)
{
    if (fabric && host < fabric->n_hosts)
        fputs(fabric->hosts[host].name, out);
    else
        fprintf(out, "host%" PRIu32, host);
}

void csin_schedule_dump(const struct csin_schedule *s, const struct csin_fabric *fabric,
                        const char *const *owners, FILE *out)
{
    for (uint32_t g = 0; g < s->n_gates; g++)
        fprintf(out, "gate %" PRIu32 " limit %" PRIu32 " closes %s%s\n", g, s->gates[g].limit,
                isinf(s->gates[g].close_s) ? "never" : csin_show_exact(s->gates[g].close_s).s,
                s->gates[g].hold ? " holds" : "");
    for (uint32_t p = 0; p < s->n_profiles; p++) {
        fprintf(out, "profile %" PRIu32, p);
        for (uint32_t i = s->use_first[p]; i < s->use_first[p + 1]; i++)
            fprintf(out, "%s%s x '%s'", i == s->use_first[p] ? " " : ", ",
                    csin_show_exact(s->use[i].weight).s,
                    csin_inside_name(s->inside, s->use[i].resource).s);
        fputc('\n', out);
    }
    uint32_t span = 0;
    for (uint32_t op = 0; op < s->n_ops; op++) {
        for (; span < s->n_spans && s->spans[span].first <= op; span++) {
            const struct csin_span *it = &s->spans[span];
            if (owners)
                fprintf(out, "span %" PRIu32 " %s", span, owners[it->owner]);
            else
                fprintf(out, "span %" PRIu32 " owner%" PRIu32, span, it->owner);
            fprintf(out, " round %" PRIu32 " step %" PRIu32 " ops %" PRIu32 "\n", it->round,
                    it->step, it->n);
        }
        fprintf(out, "%" PRIu32, op);
        if (csin_is_delay(s, op)) {
            fprintf(out, " delay %s s", csin_show_exact(s->amount[op].delay_s).s);
        } else {
            fputs(csin_is_local(s, op) ? " local " : " transfer ", out);
            dump_host(fabric, s->src[op], out);
            if (!csin_is_local(s, op)) {
                fputs(" -> ", out);
                dump_host(fabric, s->dst[op], out);
            }
            fprintf(out, " %" PRIu64 " B", s->amount[op].bytes);
        }
        if (s->gate[op] != CSIN_NONE)
            fprintf(out, " gate %" PRIu32, s->gate[op]);
        if (s->profile && s->profile[op] != CSIN_NONE)
            fprintf(out, " profile %" PRIu32, s->profile[op]);
        for (uint64_t k = s->dep_first[op]; k < s->dep_first[op + 1]; k++)
            fprintf(out, "%s %" PRIu32, k == s->dep_first[op] ? " after" : "", s->dep[k]);
        fputc('\n', out);
    }
}
