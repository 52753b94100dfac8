/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The schedule: what has to happen, independent of any engine. A DAG of operations in arrays: an
 * operation is a transfer (bytes from one host to another) or a delay (seconds), and may start when
 * all operations it depends on have finished and its gate lets it through.
 *
 *     op       src   dst         amount      gate   deps
 *     transfer host  host        bytes       gate   dep[dep_first[i] .. dep_first[i+1])
 *     delay    NONE  NONE        seconds     NONE, or one that holds
 *
 * A gate admits at most `limit` of its operations at a time, in the order in which they became
 * ready, and nothing after `close_s`: operations still waiting then are skipped, on purpose, and
 * whoever waits for them is let go. (A reader with k chunks outstanding for two seconds is a gate.)
 * A gate that holds is for pairs: operation i goes through it, and its place is free again when
 * operation i + 1, which waits for i, is over. Where i is skipped, i + 1 is as well. (A chunk that
 * is asked for, and sent when the reader lets it: the request counts as outstanding until the chunk
 * has arrived.)
 * A span is a run of operations that belong together: one step of one round of a job, or a storage
 * stream; spans cover all operations in order.
 *
 * A profile says what an operation needs of the resources inside hosts (sim/inside.h): so many
 * bytes of each for each byte that it moves. An operation from a host to itself needs nothing else:
 * it is local, copies or adds up, and crosses no arc.
 *
 * 28 bytes an operation (32 where there are profiles) and 4 a dependency. Engines create their own
 * objects only for operations in flight. */
#ifndef CSIN_SIM_SCHEDULE_H
#define CSIN_SIM_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/inside.h"

#define CSIN_MAX_OPS 100000000u

union csin_amount {
    uint64_t bytes;
    double delay_s;
};

struct csin_gate {
    uint32_t limit; /* >= 1 */
    uint32_t hold;  /* 1: a place is held until the operation behind is over; 0: not */
    double close_s; /* HUGE_VAL: never */
};

struct csin_span {
    uint32_t owner; /* job or stream, numbered by the scenario: jobs first */
    uint32_t round, step;
    uint32_t first, n;   /* operations */
    uint32_t begin, end; /* delays that begin (maybe the end of the span before) and
                          * end the step; CSIN_NONE: there is none */
};

struct csin_use {
    uint32_t resource; /* of struct csin_inside */
    double weight;     /* above 0: bytes on the resource for each byte of the operation */
};
#define CSIN_MAX_USES 512u /* of one profile */

/* Where what an operation brings is as well: a host, and the resource (CSIN_NONE: none) that stands
 * there for the SSD it is read from. */
struct csin_replica {
    uint32_t host, resource;
};

struct csin_schedule {
    uint32_t n_ops, n_gates, n_spans, n_hosts, n_owners;
    uint32_t n_transfers;   /* local operations are none */
    uint64_t n_deps, bytes; /* bytes: of all transfers, as their makers count them (see _check) */
    uint32_t *src, *dst;    /* [n_ops] hosts; both CSIN_NONE for a delay */
    union csin_amount *amount;
    uint32_t *gate;      /* [n_ops], CSIN_NONE: none */
    uint64_t *dep_first; /* [n_ops + 1] */
    uint32_t *dep;       /* [n_deps] */
    struct csin_gate *gates;
    struct csin_span *spans;
    /* Profiles. Profile p uses use[use_first[p] .. use_first[p + 1]). */
    const struct csin_inside *inside; /* what they refer to; the maker sets it, NULL: nothing */
    uint32_t n_profiles, n_uses;
    uint32_t *profile; /* [n_ops] CSIN_NONE: none; NULL where no operation has one */
    uint32_t *use_first;
    struct csin_use *use;
    /* Replicas. Set s is replicas[replica_first[s] .. replica_first[s + 1]). Only where something
     * may fail: the maker asks. */
    bool with_replicas;
    uint32_t n_replica_sets, n_replicas;
    uint32_t *replica_set; /* [n_ops] CSIN_NONE: none; NULL where no operation has one */
    uint32_t *replica_first;
    struct csin_replica *replicas;
    size_t replica_set_room, replica_first_room, replicas_room;
    size_t profile_room, use_first_room, use_room, profile_index_room;
    uint32_t *profile_index; /* hash table of profiles, for the builder */
    size_t ops_room, deps_room, gates_room, spans_room; /* of the builder */
    int failed; /* not 0: the builder ran out of memory or over CSIN_MAX_OPS; nothing more is added
                 */
};

static inline int csin_is_delay(const struct csin_schedule *s, uint32_t op)
{
    return s->src[op] == CSIN_NONE;
}

/* Resources that there are inside hosts. */
static inline uint32_t csin_n_inside(const struct csin_schedule *s)
{
    return s->inside ? s->inside->n : 0;
}

/* It moves bytes inside one host. */
static inline int csin_is_local(const struct csin_schedule *s, uint32_t op)
{
    return s->src[op] == s->dst[op] && s->src[op] != CSIN_NONE;
}

/* It moves bytes from one host to another. */
static inline int csin_is_transfer(const struct csin_schedule *s, uint32_t op)
{
    return s->src[op] != s->dst[op];
}

/* What an operation uses inside hosts; returns how many. */
static inline uint32_t csin_uses_of(const struct csin_schedule *s, uint32_t op,
                                    const struct csin_use **ret_uses)
{
    uint32_t p = s->profile ? s->profile[op] : CSIN_NONE;
    if (p == CSIN_NONE)
        return 0;
    *ret_uses = &s->use[s->use_first[p]];
    return s->use_first[p + 1] - s->use_first[p];
}

/* Building. A zeroed struct is an empty schedule; csin_schedule_init sets the sizes references are
 * checked against. s->bytes is for the maker to fill: it states how many bytes the operations it
 * makes have to move, worked out from the collective or stream as a whole and not by adding up
 * transfers (csin_schedule_transfer leaves it alone), so that csin_schedule_check can compare the
 * two.
 *
 * Adding never fails on the spot: the first failure sticks and csin_schedule_check reports it, so
 * that makers of schedules stay readable. Each returns the index of what it added, CSIN_NONE after
 * a failure. */
void csin_schedule_init(struct csin_schedule *s, uint32_t n_hosts, uint32_t n_owners);
void csin_schedule_finish(struct csin_schedule *s);
uint32_t csin_schedule_transfer(struct csin_schedule *s, uint32_t src, uint32_t dst,
                                uint64_t bytes);
uint32_t csin_schedule_delay(struct csin_schedule *s, double delay_s);
/* Says that n x each more operations will be added: too many are refused before they take memory,
 * which is taken at once for the others. */
void csin_schedule_expect(struct csin_schedule *s, uint64_t n, uint64_t each);
/* The operation added last waits for `on` (CSIN_NONE: nothing). */
void csin_schedule_after(struct csin_schedule *s, uint32_t on);
/* The operation added last goes through `gate`. */
void csin_schedule_through(struct csin_schedule *s, uint32_t gate);
uint32_t csin_schedule_gate(struct csin_schedule *s, uint32_t limit, double close_s);
/* A gate that holds. */
uint32_t csin_schedule_holding_gate(struct csin_schedule *s, uint32_t limit, double close_s);
void csin_schedule_span(struct csin_schedule *s, struct csin_span span);

/* A profile of n uses, at most CSIN_MAX_USES: same uses in the same order -> same number. Uses of
 * the resource CSIN_NONE, which csin_inside_find answers where nothing is known, are left out; one
 * resource several times counts as one use of the sum. O(n). */
uint32_t csin_schedule_profile(struct csin_schedule *s, const struct csin_use *uses, uint32_t n);
/* The operation added last, which is no delay, has this profile (CSIN_NONE: none). */
void csin_schedule_uses(struct csin_schedule *s, uint32_t profile);
/* An operation inside one host; with a profile that is empty, or none, it takes no time. s->bytes
 * counts transfers only. */
uint32_t csin_schedule_local(struct csin_schedule *s, uint32_t host, uint64_t bytes);

/* A set of replicas. The operation added last reads from one of them: from another one than its src
 * while that, or its SSD, is down. Neither counts in a digest: without events they change nothing.
 */
uint32_t csin_schedule_replicas(struct csin_schedule *s, const struct csin_replica *replicas,
                                uint32_t n);
void csin_schedule_among(struct csin_schedule *s, uint32_t set);

/* The span of an operation, an index. There are spans. O(log spans). */
uint32_t csin_schedule_span_of(const struct csin_schedule *s, uint32_t op);
/* The owner of an operation, from its span; 0 in a schedule without spans. O(log spans). */
uint32_t csin_schedule_owner(const struct csin_schedule *s, uint32_t op);

/* Orders operations by what they are: hosts, then bytes, then when they started (start_s [n_ops]),
 * and by number only where all that is the same. So what happens at one instant happens in an order
 * that does not depend on how a scenario was written. As strcmp. */
int csin_schedule_compare(const struct csin_schedule *s, const double *start_s, uint32_t a,
                          uint32_t b);

/* The dependencies turned round: who waits for i is next[first[i] .. first[i + 1]), in ascending
 * order. Needs dependencies in range. Both arrays are malloc'ed and the caller's. 0 without memory
 * or with more than 2^32 - 1 dependencies, leaving both alone. O(ops + deps). */
int csin_schedule_successors(const struct csin_schedule *s, uint32_t **ret_first,
                             uint32_t **ret_next);

/* Checks what any maker or a hand could get wrong: indices in range, src != dst, spans that cover
 * the operations, delays that are finite and >= 0, gates that let something through, no cycle (one
 * is printed), and that the transfers' bytes add up to s->bytes. Reports CSIN-300 to 307 without a
 * place (CSIN-485 for profiles), as these are mistakes of csin, not of an input. O(ops + deps)
 * time; memory (16 bytes an operation and 4 a dependency) only where an operation waits for a later
 * one. */
enum csin_status csin_schedule_check(const struct csin_schedule *s, struct csin_diag *diag);

/* One line an operation, readable and diffable. Names come from the fabric and `owners` [n_owners];
 * either may be NULL, which gives numbers. */
void csin_schedule_dump(const struct csin_schedule *s, const struct csin_fabric *fabric,
                        const char *const *owners, FILE *out);

#endif
