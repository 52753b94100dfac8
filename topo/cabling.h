/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which cables a fabric has, as a list that is short enough to stand in every result and exact
 * enough to say later which cable was another one: for each switch and each kind of cable the
 * neighbours below and above it, as a hostlist.
 *
 *     leaf01  h[001-020],spine[01-02,04-20]   1 each   200 Gb/s   up
 *     leaf01  spine03                         1 each   200 Gb/s   down
 *
 * A cable is told at one end: at the leaf where the other is a NIC, else at end[0] of the fabric.
 * NICs go by the names of their hosts. Ports are not told: the same neighbours over other ports are
 * the same cabling. */
#ifndef CSIN_TOPO_CABLING_H
#define CSIN_TOPO_CABLING_H

#include "base/json_read.h"
#include "topo/fabric.h"

/* Cables of one pair that are alike. */
struct csin_cabling_row {
    const char *a, *b;
    double rate_Bps;
    bool up;
    uint32_t n;
};

struct csin_cabling {
    struct csin_cabling_row *rows; /* [n] by a, b (numbers in names count as such), up, rate */
    uint32_t n;
    struct csin_names working; /* of every name: which row of `at` */
    struct csin_cabling_end {
        const char *name;
        uint32_t n_up, n_all; /* cables */
        bool is_a;            /* it is a switch, not only at the far end */
    } * ends;                 /* [n_ends] */
    uint32_t n_ends;
};

/* The cabling of a fabric, whose names it borrows. CSIN_E_FAILED without memory.
 * O(cables log cables). */
enum csin_status csin_cabling_create(const struct csin_fabric *fabric, struct csin_arena *arena,
                                     struct csin_diag *diag, struct csin_cabling *ret);
/* Writes it as the array `key`, one line for each switch and kind of cable. False without memory,
 * with an empty array. */
bool csin_cabling_write(const struct csin_fabric *fabric, const char *key, struct csin_json *json);
/* Reads back what csin_cabling_write wrote, or, for `cables` of csin topo --format json, what
 * stands there. Reports at `file` what makes no sense (CSIN-864). */
enum csin_status csin_cabling_read(const struct csin_json_value *array, const char *file,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_cabling *ret);
enum csin_status csin_cabling_read_topo(const struct csin_json_value *topo, const char *file,
                                        struct csin_arena *arena, struct csin_diag *diag,
                                        struct csin_cabling *ret);

/* The end of this name; NULL where no cable has it. */
const struct csin_cabling_end *csin_cabling_find(const struct csin_cabling *cabling,
                                                 const char *name);

/* A pair of neighbours whose cables are not what they were. */
struct csin_cabling_change {
    const char *a, *b;
    uint32_t n_was, n_is, up_was, up_is;
    double rate_was_Bps, rate_is_Bps; /* of the slowest that is up, or else of the slowest */
};

/* Every pair that differs, by a, b. `ret_changes` belongs to `arena`; NULL without memory. */
struct csin_cabling_change *csin_cabling_compare(const struct csin_cabling *was,
                                                 const struct csin_cabling *is,
                                                 struct csin_arena *arena, uint32_t *ret_n);

#endif
