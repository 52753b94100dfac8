/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric that differs from the one written down: values of its file (base/yaml_change.h) or words
 * of its line, and cables that are dead. What is dead is dead as if the file had an override for
 * it, so whoever wants one such fabric to keep can write it down. */
#ifndef CSIN_TOPO_VARIANT_H
#define CSIN_TOPO_VARIANT_H

#include "base/yaml_change.h"
#include "topo/fabric.h"

/* What may fail, of cables and of switches. */
enum csin_among {
    CSIN_AMONG_BETWEEN_SWITCHES, /* cables between switches; switches that are no leaves */
    CSIN_AMONG_TO_HOSTS,         /* cables to hosts; leaves */
    CSIN_AMONG_SPINES,           /* cables between leaves and spines; spines */
    CSIN_AMONG_ALL
};
extern const char *const csin_among_names[]; /* NULL-terminated */

/* Dead cables, or switches all of whose cables are. */
struct csin_fault {
    bool is_switch;
    enum csin_among among;
    const char *name; /* this one, as csin_fault_names has it; NULL: n of them, drawn by seed */
    uint64_t n, seed; /* with one seed, the first n are among the first n + 1 */
    struct csin_loc loc;
};

struct csin_fabric_variant {
    struct csin_changes changes; /* paths within the file; or words of the line, `rate` the rate */
    const struct csin_fault *faults;
    uint32_t n_faults;
};

/* csin_fabric_open of the fabric as varied. Reports words that no line has (CSIN-882), and faults
 * of what is not there, or of more than there is (CSIN-883). variant NULL: as it is. */
enum csin_status csin_fabric_open_variant(struct csin_diag *diag, struct csin_arena *names,
                                          struct csin_loc loc, const char *text,
                                          const struct csin_fabric_variant *variant,
                                          struct csin_fabric **ret_fabric,
                                          struct csin_sha256 *ret_input);

/* The names of all that may fail, in the fabric's order: switches by name, cables leaf1/spine1, and
 * leaf1/spine1#2 for the second between the two. What is dead already is left out. *ret_names:
 * [*ret_n] in `arena`; false without memory. O(cables x ports). */
bool csin_fault_names(const struct csin_fabric *fabric, bool is_switch, enum csin_among among,
                      struct csin_arena *arena, const char *const **ret_names, uint32_t *ret_n);

/* Adds to `spec`, which `fabric` was made from, the overrides that the faults of a variant (one at
 * least) stand for. */
enum csin_status csin_faults_write(const struct csin_fabric *fabric,
                                   const struct csin_fabric_variant *variant,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_fabric_spec *spec);

/* The line with the words that `changes` name given new values; NULL after a reported failure. */
const char *csin_line_change(const char *line, const struct csin_changes *changes,
                             struct csin_arena *arena, struct csin_diag *diag);

#endif
