/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20, PAGE = 4096, LARGE_PAGE = 1 << 21 };

struct block {
    struct block *next;
    size_t size, used; /* bytes of data */
    _Alignas(max_align_t) char data[];
};

struct csin_arena {
    struct block *blocks; /* the first is the one being filled */
    size_t next_size, bytes;
};

struct csin_arena *csin_arena_create(void)
{
    struct csin_arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->next_size = FIRST_BLOCK;
    arena->bytes = sizeof *arena;
    return arena;
}

void csin_arena_destroy(struct csin_arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->blocks, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    free(arena);
}

static struct block *add_block(struct csin_arena *arena, size_t size)
{
    struct block *block;
    if (size > PTRDIFF_MAX - sizeof *block)
        return NULL;
    block = calloc(1, sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    arena->bytes += sizeof *block + size;
    return block;
}

/* What does not fit into the block being filled gets a block of its own if it is large, behind the
 * one being filled, so that the rest of that one is not wasted. */
static void *from_new_block(struct csin_arena *arena, size_t bytes)
{
    int is_large = bytes > arena->next_size / 4;
    struct block *block = add_block(arena, is_large ? bytes : arena->next_size);
    if (!block)
        return NULL;
    block->used = bytes;
    if (is_large && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
        return block->data;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    if (!is_large && arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    return block->data;
}

static void *take(struct csin_arena *arena, size_t bytes, size_t alignment)
{
    struct block *block = arena->blocks;
    if (block) {
        size_t start = (block->used + alignment - 1) & ~(alignment - 1);
        if (start <= block->size && bytes <= block->size - start) {
            block->used = start + bytes;
            return block->data + start;
        }
    }
    return from_new_block(arena, bytes);
}

void *csin_arena_alloc(struct csin_arena *arena, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    return take(arena, bytes > 0 ? bytes : 1, _Alignof(max_align_t));
}

char *csin_arena_strndup(struct csin_arena *arena, const char *text, size_t length)
{
    size_t bytes = strnlen(text, length);
    char *copy = take(arena, bytes + 1, 1);
    if (copy)
        memcpy(copy, text, bytes); /* the NUL is there: memory comes zeroed */
    return copy;
}

char *csin_arena_printf(struct csin_arena *arena, const char *format, ...)
{
    va_list args, again;
    char *text = NULL;
    int length;
    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    if (length >= 0)
        text = take(arena, (size_t)length + 1, 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

size_t csin_arena_bytes(const struct csin_arena *arena)
{
    return arena->bytes;
}

/* The whole pages of `size` bytes in [*ret_begin, return value). */
static size_t whole_pages(const void *memory, size_t bytes, size_t page, uintptr_t *ret_begin)
{
    uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)memory + bytes) / page * page;
    *ret_begin = begin;
    return end > begin ? end - begin : 0;
}

void csin_touch(void *memory, size_t bytes)
{
    uintptr_t begin;
    size_t inside = whole_pages(memory, bytes, LARGE_PAGE, &begin);
    if (inside > 0)
        madvise((void *)begin, inside, MADV_HUGEPAGE);
    inside = whole_pages(memory, bytes, PAGE, &begin);
    if (inside > 0)
        madvise((void *)begin, inside, MADV_POPULATE_WRITE);
}

int csin_grow(void *array, size_t *room, size_t need, size_t size)
{
    size_t more = *room < 8 ? 8 : *room, bytes;
    void *old, *grown;
    if (need <= *room)
        return 1;
    while (more < need)
        if (__builtin_mul_overflow(more, (size_t)2, &more))
            return 0;
    if (__builtin_mul_overflow(more, size, &bytes) || bytes > PTRDIFF_MAX)
        return 0;
    /* `array` is the address of a pointer of any type; memcpy keeps to the aliasing rules. */
    memcpy(&old, array, sizeof old);
    grown = realloc(old, bytes);
    if (!grown)
        return 0;
    memcpy(array, &grown, sizeof grown);
    *room = more;
    return 1;
}
