/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What base/yaml.c, which knows libyaml, and base/yaml_keys.c, which knows schemas, share. Private
 * to the two. */
#ifndef CSIN_BASE_YAML_NODE_H
#define CSIN_BASE_YAML_NODE_H

#include "base/yaml.h"

#define CSIN_YAML_DEPTH 64u

struct csin_yaml {
    void *document; /* yaml_document_t */
    const char *file;
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

#endif
