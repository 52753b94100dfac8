/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/arena.h"
#include "tests/check.h"

static void memory_is_zeroed_aligned_and_separate(void **state)
{
    struct csin_arena *arena = csin_arena_create();
    unsigned char *blocks[2000];
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        size_t size = 1 + i * 7 % 601;
        blocks[i] = csin_arena_alloc(arena, 1, size);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(blocks[i][j], 0);
        memset(blocks[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < 2000; i++)
        for (size_t j = 0; j < 1 + i * 7 % 601; j++)
            assert_int_equal(blocks[i][j], i % 255 + 1);
    csin_arena_destroy(arena);
}

static void large_requests_do_not_waste_the_block_being_filled(void **state)
{
    struct csin_arena *arena = csin_arena_create();
    char *first, *second;
    (void)state;
    first = csin_arena_alloc(arena, 1, 16);
    assert_non_null(csin_arena_alloc(arena, 10, 1 << 20));
    second = csin_arena_alloc(arena, 1, 16);
    assert_ptr_equal(second, first + 16);
    assert_true(csin_arena_bytes(arena) >= 10 << 20);
    assert_true(csin_arena_bytes(arena) < 11 << 20);
    csin_arena_destroy(arena);
}

static void a_size_that_overflows_is_refused(void **state)
{
    struct csin_arena *arena = csin_arena_create();
    (void)state;
    assert_null(csin_arena_alloc(arena, SIZE_MAX / 2, 3));
    assert_null(csin_arena_alloc(arena, SIZE_MAX, 1));
    assert_null(csin_arena_alloc(arena, SIZE_MAX / 2, 1));
    assert_non_null(csin_arena_alloc(arena, 0, 8));
    assert_non_null(csin_arena_alloc(arena, SIZE_MAX, 0));
    csin_arena_destroy(arena);
    csin_arena_destroy(NULL);
}

static void texts_are_copied(void **state)
{
    struct csin_arena *arena = csin_arena_create();
    char *long_text;
    (void)state;
    assert_string_equal(csin_arena_strndup(arena, "gpu001,gpu002", 6), "gpu001");
    assert_string_equal(csin_arena_strndup(arena, "gpu", 99), "gpu");
    assert_string_equal(csin_arena_strndup(arena, "", 0), "");
    assert_string_equal(csin_arena_printf(arena, "%s-%03d", "leaf", 7), "leaf-007");
    long_text = csin_arena_printf(arena, "%*d", 100000, 5);
    assert_int_equal(strlen(long_text), 100000);
    csin_arena_destroy(arena);
}

static void an_array_grows_by_doubling(void **state)
{
    int *numbers = NULL;
    size_t room = 0, grown = 0;
    (void)state;
    for (size_t n = 0; n < 100000; n++) {
        size_t before = room;
        assert_true(csin_grow(&numbers, &room, n + 1, sizeof *numbers));
        grown += room != before;
        numbers[n] = (int)n;
    }
    assert_int_equal(numbers[99999], 99999);
    assert_true(grown < 20);
    free(numbers);
}

static void an_array_that_cannot_grow_stays_as_it_was(void **state)
{
    int *numbers = NULL, *before;
    size_t room = 0;
    (void)state;
    assert_true(csin_grow(&numbers, &room, 1, sizeof *numbers));
    before = numbers;
    assert_false(csin_grow(&numbers, &room, SIZE_MAX, sizeof *numbers));
    assert_false(csin_grow(&numbers, &room, SIZE_MAX / 4, sizeof *numbers));
    assert_ptr_equal(numbers, before);
    assert_int_equal(room, 8);
    free(numbers);
}

CHECK_MAIN(cmocka_unit_test(memory_is_zeroed_aligned_and_separate),
           cmocka_unit_test(large_requests_do_not_waste_the_block_being_filled),
           cmocka_unit_test(a_size_that_overflows_is_refused), cmocka_unit_test(texts_are_copied),
           cmocka_unit_test(an_array_grows_by_doubling),
           cmocka_unit_test(an_array_that_cannot_grow_stays_as_it_was))
