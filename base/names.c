/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/names.h"

#include <assert.h>
#include <string.h>

/* FNV-1a (Fowler, Noll, Vo), 64 bits, folded. */
static uint32_t hash(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3u;
    return (uint32_t)(h ^ (h >> 32));
}

bool csin_names_init(struct csin_names *names, struct csin_arena *arena, uint32_t n)
{
    uint32_t n_slots = 8;
    while (n_slots / 2 < n)
        n_slots *= 2;
    *names = (struct csin_names){.n_slots = n_slots};
    names->name = csin_arena_alloc(arena, n_slots, sizeof *names->name);
    names->id = csin_arena_alloc(arena, n_slots, sizeof *names->id);
    return names->name && names->id;
}

/* The slot where the name is, or would go. */
static uint32_t slot_of(const struct csin_names *names, const char *name)
{
    uint32_t slot = hash(name) & (names->n_slots - 1);
    while (names->name[slot] && strcmp(names->name[slot], name) != 0)
        slot = (slot + 1) & (names->n_slots - 1);
    return slot;
}

bool csin_names_add(struct csin_names *names, const char *name, uint32_t id, uint32_t *ret_old)
{
    uint32_t slot = slot_of(names, name);
    if (names->name[slot]) {
        *ret_old = names->id[slot];
        return false;
    }
    assert(names->n < names->n_slots / 2);
    names->name[slot] = name;
    names->id[slot] = id;
    names->n++;
    return true;
}

uint32_t csin_names_find(const struct csin_names *names, const char *name)
{
    if (names->n_slots == 0)
        return UINT32_MAX;
    uint32_t slot = slot_of(names, name);
    return names->name[slot] ? names->id[slot] : UINT32_MAX;
}
