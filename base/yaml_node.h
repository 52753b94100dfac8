/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What base/yaml.c, which knows libyaml, base/yaml_keys.c, which knows schemas, and
 * base/yaml_change.c, which knows paths, share. Private to them. */
#ifndef CSIN_BASE_YAML_NODE_H
#define CSIN_BASE_YAML_NODE_H

#include "base/yaml.h"

#define CSIN_YAML_DEPTH 64u

struct csin_yaml {
    void *document; /* yaml_document_t */
    const char *file;
    const char *changes_file;   /* which nodes that were put in are from */
    struct csin_arena *arena;   /* the caller's: what was read */
    struct csin_arena *scratch; /* gone when the reading ends */
    struct csin_diag *diag;
    const char *what;    /* "a fabric" */
    const char *context; /* the key whose value is being read, NULL at the top */
    unsigned visits, depth;
    bool is_spent; /* the budget of visits is gone, and that has been said */
};

enum csin_yaml_kind { CSIN_YAML_SCALAR, CSIN_YAML_SEQUENCE, CSIN_YAML_MAPPING };

enum csin_yaml_kind csin_yaml_kind(struct csin_yaml_node node);
/* A plain scalar that stands for nothing: empty, ~ or null. */
bool csin_yaml_is_null(struct csin_yaml_node node);
/* A scalar between quotation marks. */
bool csin_yaml_is_quoted(struct csin_yaml_node node);
/* Items of a sequence, pairs of a mapping, 0 for a scalar. */
uint32_t csin_yaml_n_children(struct csin_yaml_node node);
struct csin_yaml_node csin_yaml_item(struct csin_yaml_node sequence, uint32_t i);
struct csin_yaml_node csin_yaml_key(struct csin_yaml_node mapping, uint32_t i);
struct csin_yaml_node csin_yaml_value(struct csin_yaml_node mapping, uint32_t i);

/* Takes n visits off the budget; false, and says so once, when it is used up. */
bool csin_yaml_spend(struct csin_yaml_node node, uint32_t n);

/* ---- changing a document ---- */

/* The value of an entry of a sequence or a pair of a mapping, to be written over. Valid until
 * something is appended to that sequence or mapping. */
int *csin_yaml_slot(struct csin_yaml_node parent, uint32_t i);
/* A sequence or mapping of the same children, to be changed in one place; anything else is itself.
 * 0 without memory, as of the next two. */
int csin_yaml_copy(struct csin_yaml_node node);
/* A new node, written at loc, which is in changes_file: a scalar, or what flow text says. */
int csin_yaml_make(struct csin_yaml *yaml, const char *text, bool is_flow, struct csin_loc loc);
/* Appends to a sequence (key 0) or a mapping; false without memory. */
bool csin_yaml_append(struct csin_yaml_node parent, int key, int value);

/* The value of a key of a mapping, its own or merged into it; id 0 where there is none. `ret_own`,
 * where not NULL, becomes the number of the pair, UINT32_MAX for a merged one. */
struct csin_yaml_node csin_yaml_get(struct csin_yaml_node mapping, const char *name,
                                    uint32_t *ret_own);

/* Applies changes to the document at `top`. */
struct csin_changes;
enum csin_status csin_yaml_apply(struct csin_yaml_node top, const struct csin_changes *changes);

#endif
