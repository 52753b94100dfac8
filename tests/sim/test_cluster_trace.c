/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Traces: tables in CSV and what sacct -P prints. */
#include "tests/check.h"

#include "sim/cluster_trace.h"

struct reading {
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_trace trace;
};

static enum csin_status read_trace(struct reading *r, enum csin_trace_format format,
                                   const char *column, const char *text)
{
    struct csin_trace_spec spec = {.format = {.i = (int)format, .loc = {"s", 1, 1}},
                                   .column = {column, {"s", 2, 3}}};
    r->arena = csin_arena_create();
    r->diag = csin_diag_create();
    return csin_trace_read(&spec, "t", text, strlen(text), r->arena, r->diag, &r->trace);
}

static void close_trace(struct reading *r)
{
    csin_diag_destroy(r->diag);
    csin_arena_destroy(r->arena);
}

static void csv_has_names_in_its_first_line(void **state)
{
    (void)state;
    struct reading r;
    assert_int_equal(read_trace(&r, CSIN_TRACE_CSV, NULL,
                                "template,name,hosts,time,arrive,priority,zone\r\n"
                                "llm,a,4,1.5h,0s,7,b\r\n"
                                "\n"
                                "\"la\"\"w\",\"b\",1,30min,10s,,\n"),
                     CSIN_OK);
    assert_int_equal(r.trace.n_jobs, 2);
    const struct csin_cluster_job_spec *a = &r.trace.jobs[0], *b = &r.trace.jobs[1];
    assert_string_equal(a->name.s, "a");
    assert_string_equal(a->of_template.s, "llm");
    assert_string_equal(a->zone.s, "b");
    assert_int_equal(a->hosts.n, 4);
    assert_int_equal(a->priority.n, 7);
    assert_close(a->time_s.x, 5400, 1e-15);
    assert_string_equal(b->of_template.s, "la-w");
    assert_null(b->zone.s);
    assert_int_equal(b->priority.loc.line, 0);
    assert_close(b->arrive_s.x, 10, 0);
    assert_int_equal(b->name.loc.line, 4);
    assert_int_equal(b->name.loc.col, 9);
    close_trace(&r);
}

#define HEAD "JobID|JobName|Partition|Submit|Elapsed|NNodes|State\n"

static void sacct_is_read_as_slurm_prints_it(void **state)
{
    (void)state;
    struct reading r;
    assert_int_equal(
        read_trace(&r, CSIN_TRACE_SACCT, "Partition",
                   HEAD "812|pretrain|llm|2024-02-28T23:59:30|1-02:03:04|128|COMPLETED\n"
                        "812.batch|batch||2024-02-28T23:59:30|1-02:03:04|1|COMPLETED\n"
                        "812.0|python||2024-02-28T23:59:31|1-02:03:03|128|COMPLETED\n"
                        "813_7|sweep|law|2024-03-01T00:00:00|02:03.500|1|CANCELLED by 1000\n"
                        "814|never|law|2024-03-01T00:00:01|00:00:00|4|PENDING\n"
                        "815|late|law|2024-02-28T23:59:29|10:00:01|2|OUT_OF_MEMORY\n"),
        CSIN_OK);
    assert_int_equal(r.trace.n_jobs, 3);
    assert_int_equal(r.trace.n_steps, 2);
    assert_int_equal(r.trace.n_skipped, 1);
    const struct csin_cluster_job_spec *jobs = r.trace.jobs;
    assert_string_equal(jobs[0].name.s, "812");
    assert_string_equal(jobs[0].of_template.s, "llm");
    assert_int_equal(jobs[0].hosts.n, 128);
    assert_close(jobs[0].time_s.x, 86400 + 2 * 3600 + 3 * 60 + 4, 0);
    assert_close(jobs[0].arrive_s.x, 1, 0); /* the last was submitted first */
    assert_string_equal(jobs[1].name.s, "813_7");
    assert_close(jobs[1].time_s.x, 123.5, 1e-15);
    assert_close(jobs[1].arrive_s.x, 86400 + 31, 0); /* 2024 has a 29th of February */
    assert_close(jobs[2].arrive_s.x, 0, 0);
    assert_close(jobs[2].time_s.x, 36001, 0);
    close_trace(&r);
}

static void mistakes_of_a_trace_are_all_told_with_places(void **state)
{
    (void)state;
    struct reading r;
    assert_int_equal(read_trace(&r, CSIN_TRACE_SACCT, NULL,
                                HEAD "1|a|p|2024-13-01T00:00:00|1:2:3|1|COMPLETED\n"
                                     "2|a|p|2024-01-01T00:00:00|1-02:03|one|COMPLETE\n"
                                     "3|a|p\n"
                                     "|a|p|yesterday|00:60:00|1|LOST\n"),
                     CSIN_E_INPUT);
    assert_says(
        &r.diag,
        "t:2:7: error: '2024-13-01T00:00:00' is no moment [CSIN-955]\n"
        "t:2:7: note: sacct writes 2024-05-01T12:34:56, unless SLURM_TIME_FORMAT says otherwise\n"
        "t:3:35: error: 'one' is not a whole number [CSIN-110]\n"
        "t:3:35: note: write digits alone, such as 40\n"
        "t:3:39: error: unknown state 'COMPLETE'; did you mean 'COMPLETED'? [CSIN-953]\n"
        "t:3:27: error: '1-02:03' is no elapsed time [CSIN-954]\n"
        "t:3:27: note: sacct writes 1-02:03:04, 02:03:04 or 03:04\n"
        "t:4:1: error: 3 fields; the first line names 7 columns [CSIN-952]\n"
        "t:5:1: error: 'JobID' is empty [CSIN-952]\n"
        "t:5:27: error: unknown state 'LOST' [CSIN-953]\n"
        "t:5:16: error: '00:60:00' is no elapsed time [CSIN-954]\n"
        "t:5:16: note: sacct writes 1-02:03:04, 02:03:04 or 03:04\n"
        "t:5:6: error: 'yesterday' is no moment [CSIN-955]\n"
        "t:5:6: note: sacct writes 2024-05-01T12:34:56, unless SLURM_TIME_FORMAT says otherwise\n");
    close_trace(&r);
}

static void columns_that_are_missing_or_unknown_are_told(void **state)
{
    (void)state;
    struct reading r;
    assert_int_equal(read_trace(&r, CSIN_TRACE_CSV, NULL, "name,host,time\na,1,1s\n"),
                     CSIN_E_INPUT);
    assert_says(&r.diag,
                "t:1:6: error: unknown column 'host'; did you mean 'hosts'? [CSIN-951]\n"
                "t:1:6: note: there are name, hosts, arrive, time, rounds, priority, zone and "
                "template\n");
    close_trace(&r);
    assert_int_equal(read_trace(&r, CSIN_TRACE_SACCT, NULL, "JobID Submit Elapsed NNodes\n"),
                     CSIN_E_INPUT);
    assert_says(&r.diag, "t:1:1: error: the first line has no '|' between columns [CSIN-950]\n"
                         "t:1:1: note: sacct -P prints them\n");
    close_trace(&r);
    assert_int_equal(read_trace(&r, CSIN_TRACE_SACCT, NULL, ""), CSIN_E_INPUT);
    assert_says(&r.diag, "t: error: the trace is empty [CSIN-950]\n"
                         "t: note: its first line names the columns\n");
    close_trace(&r);
    assert_int_equal(read_trace(&r, CSIN_TRACE_CSV, NULL, "name,hosts,name\n"), CSIN_E_INPUT);
    close_trace(&r);
}

CHECK_MAIN(cmocka_unit_test(csv_has_names_in_its_first_line),
           cmocka_unit_test(sacct_is_read_as_slurm_prints_it),
           cmocka_unit_test(mistakes_of_a_trace_are_all_told_with_places),
           cmocka_unit_test(columns_that_are_missing_or_unknown_are_told))
