/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An arena: memory that is given back all at once. A long-lived object owns one; nothing inside it
 * is freed alone. Memory comes zeroed. */
#ifndef CSIN_BASE_ARENA_H
#define CSIN_BASE_ARENA_H

#include <stddef.h>

struct csin_arena;

struct csin_arena *csin_arena_create(void); /* NULL when there is no memory */
void csin_arena_destroy(struct csin_arena *arena);

/* n objects of `size` bytes, zeroed and aligned for any type. NULL when there is no memory or n x
 * size overflows. n or size 0 gives a valid pointer to nothing. */
void *csin_arena_alloc(struct csin_arena *arena, size_t n, size_t size);
/* Copies of text; NULL when there is no memory. */
char *csin_arena_strndup(struct csin_arena *arena, const char *text, size_t length);
char *csin_arena_printf(struct csin_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes obtained from the system. */
size_t csin_arena_bytes(const struct csin_arena *arena);

/* Takes the pages of memory that will soon be written to the last byte, all at once, and large ones
 * where there are such: to meet them one by one takes several times as long. A hint. */
void csin_touch(void *memory, size_t bytes);

/* Grows a malloc'ed array so that it holds at least `need` elements, doubling. On success updates
 * *array and *room and returns 1; without memory returns 0 and leaves both as they were. */
int csin_grow(void *array, size_t *room, size_t need, size_t size);

#endif
