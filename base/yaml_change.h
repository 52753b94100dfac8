/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values put in place of what a YAML document says, before its schema reads it: what a sweep does
 * to scenarios and fabrics. Messages about such a value point at where it was written, not at the
 * document.
 *
 * A path names the value, from the top of the document:
 *
 *     jobs.train.steps[0].allreduce.size
 *
 * A name is a key of a mapping, or the `name` of one of the mappings of a list (also of its only
 * value, as in `- read: {name: train}`); [N] is an entry of a list, from 0, and [0] may also be
 * what is written in place of a list of one. Names with other characters stand in 'single quotes'.
 * The last key may be new; the schema says whether there is such a one. What an alias shares is
 * changed in this place only. */
#ifndef CSIN_BASE_YAML_CHANGE_H
#define CSIN_BASE_YAML_CHANGE_H

#include "base/yaml.h"

/* Any value, as text: a scalar as it is, a list or mapping in flow style. */
struct csin_value {
    const char *text;
    bool is_flow; /* a list or a mapping */
    struct csin_loc loc;
};
csin_yaml_reader csin_yaml_any; /* struct csin_value */

struct csin_change {
    struct csin_text path;
    struct csin_value value; /* of the same file as all others of one document */
};
struct csin_changes {
    const struct csin_change *items;
    uint32_t n;
};

/* csin_yaml_read of the document as changed. `changes` NULL: none. A path that leads nowhere is an
 * error at the place of the path (CSIN-880), one that is no path too (CSIN-881). */
enum csin_status csin_yaml_read_changed(struct csin_arena *arena, struct csin_diag *diag,
                                        const char *file, const char *text, size_t bytes,
                                        const char *what, const struct csin_key *keys,
                                        const struct csin_changes *changes, void *record);

/* The first name of a path, and what is behind it and its dot; NULL where nothing is. Neither
 * checks the path. */
const char *csin_path_first(const char *path, size_t *ret_length);

#endif
