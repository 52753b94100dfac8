/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An index from names to numbers: open addressing in an arena. The names are borrowed. */
#ifndef CSIN_BASE_NAMES_H
#define CSIN_BASE_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct csin_names {
    const char **name; /* [n_slots], NULL where empty */
    uint32_t *id;
    uint32_t n_slots, n;
};

/* Room for up to `n` names; false without memory. */
bool csin_names_init(struct csin_names *names, struct csin_arena *arena, uint32_t n);
/* Adds name -> id. Where the name is there already, keeps the old id, stores it in *ret_old and
 * returns false. The caller stays within the room given. */
bool csin_names_add(struct csin_names *names, const char *name, uint32_t id, uint32_t *ret_old);
/* The id of a name, UINT32_MAX where it is unknown. */
uint32_t csin_names_find(const struct csin_names *names, const char *name);

#endif
