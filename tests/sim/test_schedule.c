/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Schedules: what the builder makes, what the check finds, what the dump shows. */
#include "tests/check.h"

#include "sim/schedule.h"

/* Two hosts' worth of operations: 0 -> 1, a delay, 1 -> 0 after both. */
static void build(struct csin_schedule *s)
{
    csin_schedule_init(s, 4, 1);
    uint32_t there = csin_schedule_transfer(s, 0, 1, 1000);
    uint32_t pause = csin_schedule_delay(s, 0.5);
    csin_schedule_after(s, CSIN_NONE);
    csin_schedule_transfer(s, 1, 0, 24);
    csin_schedule_after(s, there);
    csin_schedule_after(s, pause);
    s->bytes = 1024;
    csin_schedule_span(s, (struct csin_span){0, 0, 0, 0, 3, pause, CSIN_NONE});
}

static void check_says_of(struct csin_schedule *s, const char *want)
{
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = csin_schedule_check(s, diag);
    assert_int_equal(status, *want ? CSIN_E_FAILED : CSIN_OK);
    assert_says(&diag, want);
    csin_diag_destroy(diag);
    csin_schedule_finish(s);
}

static void a_schedule_remembers_what_it_was_given(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    assert_int_equal(s.n_ops, 3);
    assert_int_equal(s.n_transfers, 2);
    assert_int_equal(s.n_deps, 2);
    assert_true(csin_is_delay(&s, 1));
    assert_int_equal(s.amount[2].bytes, 24);
    assert_int_equal(s.dep_first[2], 0);
    assert_int_equal(s.dep_first[3], 2);
    check_says_of(&s, "");
}

static void the_empty_schedule_is_right(void **state)
{
    (void)state;
    struct csin_schedule zeroed = {0};
    check_says_of(&zeroed, "");
    csin_schedule_finish(NULL);
}

static void every_operation_finds_its_owner(void **state)
{
    (void)state;
    struct csin_schedule s;
    csin_schedule_init(&s, 2, 4);
    assert_int_equal(csin_schedule_owner(&s, 0), 0);
    for (uint32_t owner = 0; owner < 4; owner++) {
        for (uint32_t i = 0; i <= owner; i++)
            csin_schedule_delay(&s, 1);
        csin_schedule_span(&s, (struct csin_span){owner, 0, 0, s.n_ops - owner - 1, owner + 1,
                                                  CSIN_NONE, CSIN_NONE});
    }
    static const uint32_t want[] = {0, 1, 1, 2, 2, 2, 3, 3, 3, 3};
    for (uint32_t op = 0; op < s.n_ops; op++)
        assert_int_equal(csin_schedule_owner(&s, op), want[op]);
    check_says_of(&s, "");
}

static void successors_are_the_dependencies_turned_round(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    uint32_t *first, *next;
    assert_true(csin_schedule_successors(&s, &first, &next));
    assert_int_equal(first[0], 0);
    assert_int_equal(first[1], 1);
    assert_int_equal(first[2], 2);
    assert_int_equal(first[3], 2);
    assert_int_equal(next[0], 2);
    assert_int_equal(next[1], 2);
    free(first);
    free(next);
    csin_schedule_finish(&s);
}

static void hosts_that_do_not_exist_are_found(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    s.dst[0] = 4;
    s.src[2] = CSIN_NONE;
    check_says_of(&s, "csin: error: op 0 goes from host 0 to 4 of 4 [CSIN-301]\n"
                      "csin: error: op 2 goes from host 4294967295 to 0 of 4 [CSIN-301]\n");
}

static void dependencies_that_do_not_exist_are_found(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    s.dep[1] = 3;
    check_says_of(&s, "csin: error: op 2 waits for op 3 of 3 [CSIN-301]\n");
}

static void a_transfer_to_itself_is_found(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    s.dst[0] = 0;
    check_says_of(&s, "csin: error: op 0 goes from host 0 to itself [CSIN-302]\n");
}

static void a_cycle_is_shown(void **state)
{
    (void)state;
    struct csin_schedule s;
    csin_schedule_init(&s, 2, 1);
    for (uint32_t i = 0; i < 6; i++) {
        csin_schedule_delay(&s, 1);
        csin_schedule_after(&s, i == 0 ? CSIN_NONE : i - 1);
        csin_schedule_after(&s, i == 2 ? 4 : CSIN_NONE); /* 2 <- 3 <- 4 <- 2; 5 only hangs on it */
    }
    csin_schedule_span(&s, (struct csin_span){0, 0, 0, 0, 6, CSIN_NONE, CSIN_NONE});
    check_says_of(&s, "csin: error: operations wait for one another: op 2 -> op 4 -> op 3 -> op 2 "
                      "[CSIN-303]\n");
}

static void an_operation_that_waits_for_itself_is_a_cycle(void **state)
{
    (void)state;
    struct csin_schedule s;
    csin_schedule_init(&s, 2, 1);
    csin_schedule_delay(&s, 1);
    csin_schedule_after(&s, 0);
    csin_schedule_span(&s, (struct csin_span){0, 0, 0, 0, 1, CSIN_NONE, CSIN_NONE});
    check_says_of(&s, "csin: error: operations wait for one another: op 0 -> op 0 [CSIN-303]\n");
}

static void of_a_long_cycle_the_beginning_is_shown(void **state)
{
    (void)state;
    struct csin_schedule s;
    csin_schedule_init(&s, 2, 1);
    for (uint32_t i = 0; i < 1000; i++) {
        csin_schedule_delay(&s, 1);
        csin_schedule_after(&s, (i + 1) % 1000);
    }
    csin_schedule_span(&s, (struct csin_span){0, 0, 0, 0, 1000, CSIN_NONE, CSIN_NONE});
    check_says_of(
        &s, "csin: error: operations wait for one another: op 0 -> op 1 -> op 2 -> op 3 -> op 4 -> "
            "op 5 -> op 6 -> op 7 -> 992 more -> op 0 [CSIN-303]\n");
}

static void waiting_for_a_later_operation_is_no_cycle(void **state)
{
    (void)state;
    struct csin_schedule s;
    csin_schedule_init(&s, 2, 1);
    for (uint32_t i = 0; i < 10; i++) {
        csin_schedule_delay(&s, 1);
        csin_schedule_after(&s, i < 9 ? 9 : CSIN_NONE);
    }
    csin_schedule_span(&s, (struct csin_span){0, 0, 0, 0, 10, CSIN_NONE, CSIN_NONE});
    check_says_of(&s, "");
}

static void bytes_have_to_add_up(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    s.bytes--;
    check_says_of(
        &s, "csin: error: 2 transfers move 1024 bytes, but 2 and 1023 were promised [CSIN-304]\n");
    build(&s);
    s.amount[0].bytes = UINT64_MAX;
    check_says_of(&s, "csin: error: the bytes of the transfers up to op 2 are too many to count "
                      "[CSIN-304]\n");
}

static void spans_have_to_cover_the_operations(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    s.spans[0].n = 2;
    check_says_of(&s, "csin: error: spans cover 2 of 3 operations [CSIN-305]\n");
    build(&s);
    s.spans[0].first = 1;
    check_says_of(&s,
                  "csin: error: span 0 has 3 operations from 1, but 0 of 3 are covered before it "
                  "[CSIN-305]\n");
    build(&s);
    s.spans[0].begin = 2; /* a transfer */
    check_says_of(&s, "csin: error: span 0 does not begin and end with delays up to its last "
                      "operation [CSIN-305]\n");
    build(&s);
    s.spans[0].owner = 1;
    check_says_of(&s, "csin: error: span 0 belongs to owner 1 of 1 [CSIN-301]\n");
}

static void delays_are_finite_and_not_negative(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    s.amount[1].delay_s = -0.5;
    check_says_of(&s, "csin: error: op 1 is a delay of -0.5 s [CSIN-306]\n");
    build(&s);
    s.amount[1].delay_s = NAN;
    check_says_of(&s, "csin: error: op 1 is a delay of null s [CSIN-306]\n");
}

static void gates_let_something_through(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    csin_schedule_through(&s, csin_schedule_gate(&s, 0, 1.0));
    check_says_of(&s, "csin: error: gate 0 lets nothing through [CSIN-307]\n");
    build(&s);
    csin_schedule_through(&s, 7);
    s.gate[1] = 0;
    check_says_of(&s, "csin: error: op 1 is a delay and has a gate [CSIN-307]\n"
                      "csin: error: op 2 goes through gate 7 of 0 [CSIN-307]\n");
}

static void what_holds_a_gate_is_followed_by_what_it_holds_for(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    csin_schedule_holding_gate(&s, 1, 1.0);
    s.gate[1] = 0; /* the delay, which op 2 waits for */
    check_says_of(&s, "");
    build(&s);
    csin_schedule_holding_gate(&s, 1, 1.0);
    s.gate[0] = 0;
    check_says_of(&s, "csin: error: op 0 holds gate 0, but the operation behind does not wait for "
                      "it [CSIN-307]\n");
    build(&s);
    csin_schedule_through(&s, csin_schedule_holding_gate(&s, 1, 1.0));
    check_says_of(&s, "csin: error: op 2 holds gate 0, but the operation behind does not wait for "
                      "it [CSIN-307]\n");
    build(&s);
    csin_schedule_holding_gate(&s, 1, 1.0);
    s.gates[0].hold = 2;
    check_says_of(&s, "csin: error: gate 0 holds for 2 operations [CSIN-307]\n");
}

static void too_many_operations_are_reported_at_the_check(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    uint32_t real = s.n_ops;
    s.n_ops = CSIN_MAX_OPS; /* as if; the arrays are not touched any more */
    assert_int_equal(csin_schedule_delay(&s, 1), CSIN_NONE);
    csin_schedule_after(&s, 0);
    csin_schedule_through(&s, 0);
    assert_int_equal(csin_schedule_gate(&s, 1, 1), CSIN_NONE);
    s.n_ops = real;
    check_says_of(
        &s,
        "csin: error: the schedule has more than 100,000,000 operations [CSIN-300]\n"
        "csin: note: simulate fewer rounds, a shorter duration, larger chunks or fewer hosts\n");
}

static void a_dump_has_a_line_for_everything(void **state)
{
    (void)state;
    struct csin_schedule s;
    build(&s);
    csin_schedule_through(&s, csin_schedule_gate(&s, 2, HUGE_VAL));
    s.gate[1] = csin_schedule_holding_gate(&s, 1, 2.5);
    struct csin_host hosts[] = {{.name = "gpu1"}, {.name = "gpu2"}};
    struct csin_fabric fabric = {.n_hosts = 2, .hosts = hosts};
    const char *owners[] = {"train"};
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    csin_schedule_dump(&s, &fabric, owners, out);
    csin_schedule_dump(&s, NULL, NULL, out);
    fclose(out);
    assert_string_equal(text, "gate 0 limit 2 closes never\n"
                              "gate 1 limit 1 closes 2.5 holds\n"
                              "span 0 train round 0 step 0 ops 3\n"
                              "0 transfer gpu1 -> gpu2 1000 B\n"
                              "1 delay 0.5 s gate 1\n"
                              "2 transfer gpu2 -> gpu1 24 B gate 0 after 0 1\n"
                              "gate 0 limit 2 closes never\n"
                              "gate 1 limit 1 closes 2.5 holds\n"
                              "span 0 owner0 round 0 step 0 ops 3\n"
                              "0 transfer host0 -> host1 1000 B\n"
                              "1 delay 0.5 s gate 1\n"
                              "2 transfer host1 -> host0 24 B gate 0 after 0 1\n");
    free(text);
    csin_schedule_finish(&s);
}

CHECK_MAIN(cmocka_unit_test(a_schedule_remembers_what_it_was_given),
           cmocka_unit_test(the_empty_schedule_is_right),
           cmocka_unit_test(every_operation_finds_its_owner),
           cmocka_unit_test(successors_are_the_dependencies_turned_round),
           cmocka_unit_test(hosts_that_do_not_exist_are_found),
           cmocka_unit_test(dependencies_that_do_not_exist_are_found),
           cmocka_unit_test(a_transfer_to_itself_is_found), cmocka_unit_test(a_cycle_is_shown),
           cmocka_unit_test(an_operation_that_waits_for_itself_is_a_cycle),
           cmocka_unit_test(of_a_long_cycle_the_beginning_is_shown),
           cmocka_unit_test(waiting_for_a_later_operation_is_no_cycle),
           cmocka_unit_test(bytes_have_to_add_up),
           cmocka_unit_test(spans_have_to_cover_the_operations),
           cmocka_unit_test(delays_are_finite_and_not_negative),
           cmocka_unit_test(gates_let_something_through),
           cmocka_unit_test(what_holds_a_gate_is_followed_by_what_it_holds_for),
           cmocka_unit_test(too_many_operations_are_reported_at_the_check),
           cmocka_unit_test(a_dump_has_a_line_for_everything))
