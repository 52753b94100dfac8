/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * YAML by schema tables. A mapping is described by an array of keys; reading fills a plain struct
 * in which every value remembers where it stood:
 *
 *     static const struct csin_key zone_keys[] = {
 *         {"name", CSIN_REQUIRED, offsetof(struct zone, name), csin_yaml_text, NULL},
 *         {"leaves", CSIN_REQUIRED, offsetof(struct zone, leaves), csin_yaml_count, &up_to_4096},
 *         {0}};
 *
 * Unknown, duplicate and missing keys are errors everywhere. All mistakes of a document are
 * reported in one run. Anchors, aliases and merge keys (`<<: *base`, also a list of them; keys
 * written out win) are understood. A document is at most CSIN_YAML_MAX bytes, 64 levels and
 * CSIN_YAML_VISITS values after aliases are followed, so that no small file can make much work. */
#ifndef CSIN_BASE_YAML_H
#define CSIN_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define CSIN_YAML_VISITS 1000000u
#define CSIN_YAML_MAX (16u << 20) /* bytes */

/* Values as read. A value is absent (its key was not written) when loc.line is 0. */
struct csin_text {
    const char *s; /* NULL when absent */
    struct csin_loc loc;
};
struct csin_count {
    uint64_t n;
    struct csin_loc loc;
};
struct csin_quantity { /* bytes/s, seconds, metres, watts or a ratio: the reader of the key says
                          which */
    double x;
    struct csin_loc loc;
};
struct csin_choice { /* an index into the names of the choice */
    int i;
    struct csin_loc loc;
};
struct csin_list { /* n structs of the list's element type, owned by the document's arena */
    void *items;
    uint32_t n;
    struct csin_loc loc;
};

struct csin_yaml;       /* a document being read */
struct csin_yaml_node { /* one value in it */
    struct csin_yaml *yaml;
    int id;
};

struct csin_key;
typedef enum csin_status csin_yaml_reader(struct csin_yaml_node node, void *field,
                                          const struct csin_key *key);

#define CSIN_REQUIRED 1u
/* No key of this mapping, but one that shows that the file is of another kind. Such keys stand
 * behind all others in a table; arg: struct csin_foreign. */
#define CSIN_FOREIGN 2u

struct csin_key {
    const char *name;
    unsigned flags;
    size_t offset;
    csin_yaml_reader *read;
    const void *arg; /* what the reader wants to know, see each */
};

struct csin_range { /* bounds of counts and ratios, inclusive */
    double min, max;
};
struct csin_element { /* of a list: */
    size_t size;
    csin_yaml_reader *read; /* reads one element into `size` zeroed bytes */
    const void *arg;        /* handed on in the key the reader gets */
};

struct csin_foreign {
    const char *what, *remedy; /* "a scenario"; what to do with it, for a note */
};

/* Readers. All of them leave the field absent on failure and return CSIN_E_INPUT; of a list or a
 * map of which only some elements failed, the field keeps all, with what could be read of each. */
csin_yaml_reader csin_yaml_text;  /* struct csin_text; a scalar that is not empty */
csin_yaml_reader csin_yaml_name;  /* struct csin_text; letters, digits, '.', '_', '-', at most 64 */
csin_yaml_reader csin_yaml_count; /* struct csin_count; arg: struct csin_range, NULL = 0..1e9 */
csin_yaml_reader csin_yaml_size;  /* struct csin_count [bytes] */
csin_yaml_reader csin_yaml_rate;  /* struct csin_quantity [bytes/s] */
csin_yaml_reader csin_yaml_time;  /* struct csin_quantity [s] */
csin_yaml_reader csin_yaml_length; /* struct csin_quantity [m] */
csin_yaml_reader csin_yaml_power;  /* struct csin_quantity [W] */
csin_yaml_reader csin_yaml_work;   /* struct csin_quantity [FLOP] */
csin_yaml_reader csin_yaml_speed;  /* struct csin_quantity [FLOP/s] */
csin_yaml_reader csin_yaml_ratio;  /* struct csin_quantity; arg: struct csin_range */
csin_yaml_reader csin_yaml_choice; /* struct csin_choice; arg: NULL-terminated array of names */
csin_yaml_reader csin_yaml_list;   /* struct csin_list; arg: struct csin_element; a sequence */
csin_yaml_reader csin_yaml_one_or_list; /* the same, or one element written without brackets */
csin_yaml_reader
    csin_yaml_map; /* struct csin_list from {name: value, ...}; the element's reader gets
                    * the value; its struct begins with struct csin_text, the key */
csin_yaml_reader csin_yaml_section; /* a mapping; arg: array of keys; field: the struct itself */

/* For readers written elsewhere. */
struct csin_loc csin_yaml_loc(struct csin_yaml_node node);
struct csin_diag *csin_yaml_diag(struct csin_yaml_node node);
struct csin_arena *csin_yaml_arena(struct csin_yaml_node node);
/* The text of a scalar, or NULL for anything else. */
const char *csin_yaml_scalar(struct csin_yaml_node node);
bool csin_yaml_is_mapping(struct csin_yaml_node node);
bool csin_yaml_is_sequence(struct csin_yaml_node node);
/* The only pair of a mapping of one pair ({allreduce: {...}}); false for anything else. */
bool csin_yaml_pair(struct csin_yaml_node node, struct csin_yaml_node *ret_key,
                    struct csin_yaml_node *ret_value);
/* True where the mapping has this key (merged keys included). */
bool csin_yaml_has(struct csin_yaml_node node, const char *name);
/* Reads a value by key->read, and calls it by key->name in messages. */
enum csin_status csin_yaml_read_value(struct csin_yaml_node node, void *field,
                                      const struct csin_key *key);
/* Reads a mapping against `keys` into `record`. */
enum csin_status csin_yaml_read_keys(struct csin_yaml_node node, void *record,
                                     const struct csin_key *keys);

/* True where the top of the YAML text `text` is a mapping with one of the keys `names`
 * (NULL-terminated). As far as the text can be read: says nothing of mistakes. */
bool csin_yaml_top_has(const char *text, size_t bytes, const char *const *names);

/* Parses `text`, one document whose top is a mapping, and reads it against `keys` into `record`.
 * `file` names the input in messages and must outlive everything read; strings are copied into
 * `arena`. `what` names the kind of file in messages ("a fabric"). */
enum csin_status csin_yaml_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                const char *text, size_t bytes, const char *what,
                                const struct csin_key *keys, void *record);

#endif
