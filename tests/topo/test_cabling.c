/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/check.h"
#include "topo/cabling.h"

struct bench {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_fabric *f;
    struct csin_cabling made, read;
    char *text;
    size_t bytes;
};

/* The cabling of a fabric, as it is and as it reads back. */
static void open_bench(struct bench *b, const char *spec)
{
    struct csin_json json;
    const struct csin_json_value *top;
    *b = (struct bench){.arena = csin_arena_create(), .diag = csin_diag_create()};
    assert_int_equal(
        csin_fabric_open(b->diag, b->arena, (struct csin_loc){"f", 1, 1}, spec, &b->f, NULL),
        CSIN_OK);
    assert_int_equal(csin_cabling_create(b->f, b->arena, b->diag, &b->made), CSIN_OK);
    FILE *out = open_memstream(&b->text, &b->bytes);
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    assert_true(csin_cabling_write(b->f, "cabling", &json));
    csin_json_end_object(&json);
    csin_json_finish(&json);
    fclose(out);
    assert_int_equal(csin_json_read(b->arena, b->diag, "c.json", b->text, b->bytes, &top), CSIN_OK);
    assert_int_equal(
        csin_cabling_read(csin_json_get(top, "cabling"), "c.json", b->arena, b->diag, &b->read),
        CSIN_OK);
}

static void close_bench(struct bench *b)
{
    free(b->text);
    csin_fabric_destroy(b->f);
    csin_diag_destroy(b->diag);
    csin_arena_destroy(b->arena);
}

static uint32_t n_changes(struct bench *b, const struct csin_cabling *was,
                          const struct csin_cabling *is)
{
    uint32_t n;
    assert_non_null(csin_cabling_compare(was, is, b->arena, &n));
    return n;
}

static void what_is_written_reads_back_the_same(void **state)
{
    static const char *const specs[] = {"leaf:4 spine:2 host:4 storage:1 200Gb/s",
                                        "leaf:1 host:3 200Gb/s spine:1",
                                        "leaf:20 spine:20 host:20 pod:4 core:40 ports:40 200Gb/s",
                                        "configs/fire-flyer-2.yaml",
                                        "configs/rails-1024.yaml",
                                        "configs/three-layer-10000.yaml"};
    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        struct bench b;
        uint32_t n_cables = 0, n_ends = 0;
        open_bench(&b, specs[i]);
        assert_int_equal(n_changes(&b, &b.made, &b.read), 0);
        for (uint32_t r = 0; r < b.read.n; r++)
            n_cables += b.read.rows[r].n;
        for (uint32_t e = 0; e < b.read.n_ends; e++)
            n_ends += b.read.ends[e].n_all;
        assert_int_equal(n_cables, b.f->n_cables);
        assert_int_equal(n_ends, 2 * b.f->n_cables);
        close_bench(&b);
    }
}

/* Whatever happens to the cables of one pair is one change, of that pair. */
static void one_changed_cable_is_one_change(void **state)
{
    struct bench b;
    (void)state;
    open_bench(&b, "leaf:4 spine:2 host:4 storage:1 200Gb/s");
    for (uint32_t r = 0; r < b.read.n; r++)
        for (int how = 0; how < 4; how++) {
            struct csin_cabling other = b.read;
            struct csin_cabling_row rows[64];
            struct csin_cabling_change *c;
            uint32_t n;
            assert_true(b.read.n <= 64);
            memcpy(rows, b.read.rows, b.read.n * sizeof *rows);
            other.rows = rows;
            if (how == 0)
                rows[r].up = false;
            else if (how == 1)
                rows[r].rate_Bps /= 2;
            else if (how == 2)
                rows[r].n = 2;
            else
                memmove(rows + r, rows + r + 1, (--other.n - r) * sizeof *rows);
            c = csin_cabling_compare(&b.read, &other, b.arena, &n);
            assert_int_equal(n, 1);
            assert_string_equal(c->a, b.read.rows[r].a);
            assert_string_equal(c->b, b.read.rows[r].b);
            assert_int_equal(c->n_is, how == 2 ? 2 : how == 3 ? 0 : 1);
            assert_int_equal(c->up_is, how == 0 || how == 3 ? 0 : how == 2 ? 2 : 1);
            assert_int_equal(n_changes(&b, &other, &b.read), 1);
        }
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(one_changed_cable_is_one_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
