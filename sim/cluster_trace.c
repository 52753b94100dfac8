/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One reader of tables for both formats: csv with commas, perhaps with fields in double quotes;
 * sacct with bars and no quotes. */
#include "sim/cluster_trace.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hostlist.h"
#include "base/units.h"
#include "sim/cluster.h"

enum {
    MAX_COLUMNS = 512, /* sacct knows about 120 */
    MAX_FIELD = 4096,  /* bytes of a field that is read; node lists are not */
    TOLD = 20          /* mistakes of one kind */
};

/* What is looked for; one table for each format. */
enum column { NAME, HOSTS, ARRIVE, TIME, ROUNDS, PRIORITY, ZONE, STATE, TEMPLATE, N_COLUMNS };
static const char *const csv_names[N_COLUMNS + 1] = {
    "name", "hosts", "arrive", "time", "rounds", "priority", "zone", NULL, "template"};
static const char *const sacct_names[N_COLUMNS] = {
    [NAME] = "JobID",   [HOSTS] = "NNodes", [ARRIVE] = "Submit",
    [TIME] = "Elapsed", [STATE] = "State",  [PRIORITY] = "Priority",
};

static const char *const states[] = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "COMPLETING", "CONFIGURING",  "DEADLINE",
    "FAILED",    "NODE_FAIL", "PENDING",   "PREEMPTED",  "REQUEUED",     "RESIZING",
    "RUNNING",   "REVOKED",   "SUSPENDED", "TIMEOUT",    "OUT_OF_MEMORY"};
#define N_STATES (sizeof states / sizeof *states)

struct field {
    const char *s; /* NUL behind it where it was kept */
    size_t n;
    struct csin_loc loc;
};

struct reader {
    const struct csin_trace_spec *spec;
    struct csin_arena *arena;
    struct csin_diag *diag;
    const char *file, *at, *end;
    uint32_t line;
    bool sacct;
    uint32_t column[N_COLUMNS]; /* of the table; CSIN_NONE */
    uint32_t n_columns;
    struct field fields[MAX_COLUMNS];
    uint32_t n_fields;
    struct csin_cluster_job_spec *jobs;
    double *submitted_s;
    size_t jobs_room, submitted_room;
    uint32_t n_jobs, n_steps, n_skipped;
    double first_s;
    enum csin_status status;
};

static void fail(struct reader *r, enum csin_status status)
{
    r->status = csin_first(r->status, status);
}

#define FAIL(r, code, loc, ...) fail(r, csin_error((r)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__))

/* ---- lines and fields ---- */

static char separator(const struct reader *r)
{
    return r->sacct ? '|' : ',';
}

/* A field of csv in double quotes, from behind the first; ends behind the last. Two of them stand
 * for one. */
static const char *quoted(struct reader *r, const char *at, const char *end, struct field *field)
{
    char *copy = csin_arena_alloc(r->arena, (size_t)(end - at) + 1, 1);
    size_t n = 0;
    for (; copy && at < end; at++) {
        if (*at == '"' && (at + 1 == end || at[1] != '"'))
            break;
        at += *at == '"';
        copy[n++] = *at;
    }
    if (!copy)
        fail(r, csin_no_memory(r->diag));
    else if (at == end)
        FAIL(r, 952, field->loc, "a field in double quotes does not end on its line");
    field->s = copy ? copy : "";
    field->n = n;
    return at < end ? at + 1 : end;
}

static void add_field(struct reader *r, struct field field)
{
    if (r->n_fields < MAX_COLUMNS)
        r->fields[r->n_fields++] = field;
}

/* Takes a line apart; blank lines are passed over. False at the end. */
static bool next_line(struct reader *r)
{
    const char *line, *end;
    do {
        if (r->at == r->end)
            return false;
        line = r->at;
        const char *feed = memchr(line, '\n', (size_t)(r->end - line));
        end = feed ? feed : r->end;
        r->at = feed ? feed + 1 : r->end;
        r->line++;
        if (end > line && end[-1] == '\r')
            end--;
    } while (end == line);
    r->n_fields = 0;
    for (const char *at = line;;) {
        const char *start = at;
        struct field field = {.loc = {r->file, r->line, (uint32_t)(at - line) + 1}};
        if (!r->sacct && at < end && *at == '"') {
            at = quoted(r, at + 1, end, &field);
            if (at < end && *at != ',')
                FAIL(r, 952, field.loc, "behind a field in double quotes a comma is missing");
        } else {
            field.s = start;
        }
        while (at < end && *at != separator(r))
            at++;
        if (field.s == start)
            field.n = (size_t)(at - start);
        add_field(r, field);
        if (at++ == end)
            break;
    }
    return true;
}

/* The text of a column of this line; NULL where the table does not have it, or the field is empty.
 */
static const char *text_of(struct reader *r, enum column column)
{
    uint32_t k = r->column[column];
    if (k == CSIN_NONE || k >= r->n_fields)
        return NULL;
    struct field *field = &r->fields[k];
    size_t n = field->n;
    while (n > 0 && field->s[n - 1] == ' ')
        n--;
    if (n == 0)
        return NULL;
    if (n > MAX_FIELD) {
        FAIL(r, 952, field->loc, "a field of %s bytes", csin_show_count(n).s);
        return NULL;
    }
    char *text = csin_arena_strndup(r->arena, field->s, n);
    if (!text)
        fail(r, csin_no_memory(r->diag));
    return text;
}

static struct csin_loc place_of(const struct reader *r, enum column column)
{
    uint32_t k = r->column[column];
    return k < r->n_fields ? r->fields[k].loc : (struct csin_loc){r->file, r->line, 1};
}

/* ---- the first line ---- */

static bool is_called(const struct reader *r, const struct field *field, const char *name)
{
    if (!name || strlen(name) != field->n)
        return false;
    return r->sacct ? strncasecmp(field->s, name, field->n) == 0
                    : memcmp(field->s, name, field->n) == 0;
}

static void unknown_column(struct reader *r, const struct field *field)
{
    const char *known[N_COLUMNS];
    size_t n = 0;
    for (unsigned c = 0; c < N_COLUMNS; c++)
        if (csv_names[c])
            known[n++] = csv_names[c];
    struct csin_brief brief = csin_brief(field->s, field->n);
    const char *near = csin_nearest(brief.s, known, n);
    if (near)
        FAIL(r, 951, field->loc, "unknown column '%s'; did you mean '%s'?", brief.s, near);
    else
        FAIL(r, 951, field->loc, "unknown column '%s'", brief.s);
    csin_note(r->diag, field->loc,
              "there are name, hosts, arrive, time, rounds, priority, zone and template");
}

static void find_columns(struct reader *r)
{
    const char *const *names = r->sacct ? sacct_names : csv_names;
    const char *of_template = r->spec->column.s ? r->spec->column.s : names[TEMPLATE];
    for (unsigned c = 0; c < N_COLUMNS; c++)
        r->column[c] = CSIN_NONE;
    for (uint32_t k = 0; k < r->n_fields; k++) {
        bool known = false;
        for (unsigned c = 0; c < N_COLUMNS; c++) {
            if (!is_called(r, &r->fields[k], c == TEMPLATE ? of_template : names[c]))
                continue;
            if (r->column[c] != CSIN_NONE && !known)
                FAIL(r, 951, r->fields[k].loc, "column '%s' comes twice",
                     csin_brief(r->fields[k].s, r->fields[k].n).s);
            r->column[c] = k;
            known = true;
        }
        if (!known && !r->sacct && r->status == CSIN_OK)
            unknown_column(r, &r->fields[k]);
    }
    if (r->spec->column.s && r->column[TEMPLATE] == CSIN_NONE)
        FAIL(r, 951, r->spec->column.loc, "the trace has no column '%s'", r->spec->column.s);
}

static void want_column(struct reader *r, enum column column)
{
    if (r->column[column] != CSIN_NONE)
        return;
    struct csin_loc loc = {r->file, r->line, 1};
    FAIL(r, 951, loc, "the trace has no column '%s'", (r->sacct ? sacct_names : csv_names)[column]);
    if (r->sacct)
        csin_note(r->diag, loc,
                  "sacct -P -X -o JobID,JobName,Partition,Submit,Elapsed,NNodes,State,Priority "
                  "prints what is needed");
}

static void read_head(struct reader *r)
{
    struct csin_loc top = {r->file, 0, 0};
    if (!next_line(r)) {
        FAIL(r, 950, top, "the trace is empty");
        csin_note(r->diag, top, "its first line names the columns");
        return;
    }
    r->n_columns = r->n_fields;
    if (r->n_columns == MAX_COLUMNS)
        FAIL(r, 951, r->fields[0].loc, "more than %u columns", MAX_COLUMNS - 1u);
    find_columns(r);
    if (r->status != CSIN_OK)
        return;
    want_column(r, NAME);
    want_column(r, HOSTS);
    if (r->sacct) {
        want_column(r, ARRIVE);
        want_column(r, TIME);
    } else if (r->column[TIME] == CSIN_NONE && r->column[ROUNDS] == CSIN_NONE) {
        want_column(r, TIME);
    }
}

/* ---- values ---- */

/* Digits at *at, at most `max_digits`; moves on. False where there are none. */
static bool digits(const char **at, unsigned max_digits, uint64_t *ret)
{
    unsigned n = 0;
    for (*ret = 0; (*at)[n] >= '0' && (*at)[n] <= '9'; n++) {
        if (n == max_digits)
            return false;
        *ret = *ret * 10 + (uint64_t)((*at)[n] - '0');
    }
    *at += n;
    return n > 0;
}

/* [DAYS-]HOURS:MINUTES:SECONDS or MINUTES:SECONDS, as Slurm prints (job_duration in
 * src/common/print_fields.c); a fraction of a second may follow. */
static bool read_elapsed(const char *text, double *ret_s)
{
    uint64_t part[3], days = 0, fraction;
    unsigned n = 0;
    const char *at = text, *dash = strchr(text, '-');
    if (dash && !(digits(&at, 6, &days) && *at++ == '-'))
        return false;
    do {
        if (n == 3 || !digits(&at, n == 0 && !dash ? 9 : 2, &part[n]))
            return false;
        n++;
    } while (*at == ':' && at++);
    if (n < 2 || (dash && n < 3) || part[n - 1] > 59 || part[n - 2] > (n == 3 ? 59 : 1000000000u))
        return false;
    *ret_s = (double)days * 86400 + (double)part[n - 2] * 60 + (double)part[n - 1];
    if (n == 3)
        *ret_s += (double)part[0] * 3600;
    if (*at == '.') { /* of a second, to the millisecond */
        const char *digit = ++at;
        if (!digits(&at, 9, &fraction))
            return false;
        double scale = 1;
        for (; digit < at; digit++)
            scale *= 10;
        *ret_s += (double)fraction / scale;
    }
    return *at == 0 && *ret_s <= 1e9;
}

/* Days from 1970-01-01 of a day of the Gregorian calendar (H. Hinnant, chrono-compatible low-level
 * date algorithms, 2013). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* 2024-05-01T12:34:56 */
static bool read_moment(const char *text, double *ret_s)
{
    static const char between[] = "--T::";
    uint64_t part[6];
    const char *at = text;
    for (unsigned i = 0; i < 6; i++)
        if (!digits(&at, i == 0 ? 4 : 2, &part[i]) || (i < 5 && *at++ != between[i]))
            return false;
    if (*at || part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31 ||
        part[3] > 23 || part[4] > 59 || part[5] > 60)
        return false;
    *ret_s = (double)days_of((int64_t)part[0], (int64_t)part[1], (int64_t)part[2]) * 86400 +
             (double)(part[3] * 3600 + part[4] * 60 + part[5]);
    return true;
}

static void read_count(struct reader *r, enum column column, uint64_t min, uint64_t max,
                       struct csin_count *ret)
{
    const char *text = text_of(r, column);
    struct csin_loc loc = place_of(r, column);
    if (!text)
        return;
    enum csin_status status = csin_read_count(r->diag, loc, text, min, max, &ret->n);
    if (status == CSIN_OK)
        ret->loc = loc;
    fail(r, status);
}

static void read_time(struct reader *r, enum column column, struct csin_quantity *ret)
{
    const char *text = text_of(r, column);
    struct csin_loc loc = place_of(r, column);
    if (!text)
        return;
    enum csin_status status = csin_read_time(r->diag, loc, text, &ret->x);
    if (status == CSIN_OK)
        ret->loc = loc;
    fail(r, status);
}

/* A name as csin has them, from whatever stands there. */
static struct csin_text name_from(struct reader *r, enum column column)
{
    const char *text = text_of(r, column);
    struct csin_text name = {.loc = place_of(r, column)};
    size_t n = text ? strlen(text) : 0;
    char *copy = text ? csin_arena_strndup(r->arena, text, n < CSIN_NAME_MAX ? n : CSIN_NAME_MAX)
                      : NULL;
    for (char *c = copy; c && *c; c++)
        if (!csin_name_may_have(*c))
            *c = '-';
    name.s = copy;
    return name;
}

static void want_value(struct reader *r, enum column column)
{
    FAIL(r, 952, place_of(r, column), "'%s' is empty",
         (r->sacct ? sacct_names : csv_names)[column]);
}

/* ---- jobs ---- */

static void add_job(struct reader *r, struct csin_cluster_job_spec job, double submitted_s)
{
    if (r->n_jobs == CSIN_MAX_CLUSTER_JOBS) {
        FAIL(r, 946, ((struct csin_loc){r->file, r->line, 1}), "more than %s jobs",
             csin_show_count(CSIN_MAX_CLUSTER_JOBS).s);
        r->at = r->end;
        return;
    }
    if (!csin_grow(&r->jobs, &r->jobs_room, r->n_jobs + (size_t)1, sizeof *r->jobs) ||
        !csin_grow(&r->submitted_s, &r->submitted_room, r->n_jobs + (size_t)1,
                   sizeof *r->submitted_s)) {
        fail(r, csin_no_memory(r->diag));
        r->at = r->end;
        return;
    }
    if (r->n_jobs == 0 || submitted_s < r->first_s)
        r->first_s = submitted_s;
    r->submitted_s[r->n_jobs] = submitted_s;
    r->jobs[r->n_jobs++] = job;
}

static void read_csv_job(struct reader *r)
{
    struct csin_cluster_job_spec job = {.from_trace = true, .name = name_from(r, NAME)};
    read_count(r, HOSTS, 1, CSIN_MAX_HOSTS, &job.hosts);
    read_count(r, PRIORITY, 0, UINT32_MAX, &job.priority);
    read_count(r, ROUNDS, 1, 1000000000u, &job.rounds);
    read_time(r, ARRIVE, &job.arrive_s);
    read_time(r, TIME, &job.time_s);
    job.zone = name_from(r, ZONE);
    job.of_template = name_from(r, TEMPLATE);
    if (!job.name.s)
        want_value(r, NAME);
    if (!job.hosts.loc.line && !text_of(r, HOSTS))
        want_value(r, HOSTS);
    add_job(r, job, 0);
}

static bool is_known_state(const char *state)
{
    for (size_t i = 0; i < N_STATES; i++) {
        size_t n = strlen(states[i]);
        /* "CANCELLED by 1000" */
        if (strncasecmp(state, states[i], n) == 0 && (state[n] == 0 || state[n] == ' '))
            return true;
    }
    return false;
}

static void check_state(struct reader *r)
{
    const char *state = text_of(r, STATE);
    if (!state || is_known_state(state))
        return;
    const char *near = csin_nearest(state, states, N_STATES);
    if (near)
        FAIL(r, 953, place_of(r, STATE), "unknown state '%s'; did you mean '%s'?",
             csin_brief(state, SIZE_MAX).s, near);
    else
        FAIL(r, 953, place_of(r, STATE), "unknown state '%s'", csin_brief(state, SIZE_MAX).s);
}

static void read_sacct_job(struct reader *r)
{
    struct csin_cluster_job_spec job = {.from_trace = true};
    const char *id = text_of(r, NAME), *submit = text_of(r, ARRIVE), *elapsed = text_of(r, TIME);
    double submitted_s = 0;
    if (id && strchr(id, '.')) { /* 1234.batch, 1234.0 */
        r->n_steps++;
        return;
    }
    job.name = name_from(r, NAME);
    if (!id)
        want_value(r, NAME);
    read_count(r, HOSTS, 0, CSIN_MAX_HOSTS, &job.hosts);
    read_count(r, PRIORITY, 0, UINT32_MAX, &job.priority);
    job.of_template = name_from(r, TEMPLATE);
    check_state(r);
    job.time_s.loc = place_of(r, TIME);
    job.arrive_s.loc = place_of(r, ARRIVE);
    if (!elapsed || !read_elapsed(elapsed, &job.time_s.x)) {
        FAIL(r, 954, job.time_s.loc, "'%s' is no elapsed time",
             elapsed ? csin_brief(elapsed, SIZE_MAX).s : "");
        csin_note(r->diag, job.time_s.loc, "sacct writes 1-02:03:04, 02:03:04 or 03:04");
    }
    if (!submit || !read_moment(submit, &submitted_s)) {
        FAIL(r, 955, job.arrive_s.loc, "'%s' is no moment",
             submit ? csin_brief(submit, SIZE_MAX).s : "");
        csin_note(r->diag, job.arrive_s.loc,
                  "sacct writes 2024-05-01T12:34:56, unless SLURM_TIME_FORMAT says otherwise");
    }
    if (r->status == CSIN_OK && (job.time_s.x == 0 || job.hosts.n == 0))
        r->n_skipped++; /* never ran: waits still, or was cancelled */
    else
        add_job(r, job, submitted_s);
}

static void read_jobs(struct reader *r)
{
    unsigned told = 0;
    while (r->at < r->end && next_line(r)) {
        if (r->n_fields == r->n_columns) {
            if (r->sacct)
                read_sacct_job(r);
            else
                read_csv_job(r);
        } else if (told++ < TOLD) {
            FAIL(r, 952, ((struct csin_loc){r->file, r->line, 1}),
                 "%s field%s; the first line names %s column%s", csin_show_count(r->n_fields).s,
                 r->n_fields == 1 ? "" : "s", csin_show_count(r->n_columns).s,
                 r->n_columns == 1 ? "" : "s");
        }
        if (r->diag && csin_diag_errors(r->diag) > 100)
            break; /* nobody hears more */
    }
}

/* From a table that somebody wrote without the option -P. */
static void check_bars(struct reader *r)
{
    const char *feed = memchr(r->at, '\n', (size_t)(r->end - r->at));
    if (!r->sacct || memchr(r->at, '|', (size_t)((feed ? feed : r->end) - r->at)))
        return;
    struct csin_loc loc = {r->file, 1, 1};
    FAIL(r, 950, loc, "the first line has no '|' between columns");
    csin_note(r->diag, loc, "sacct -P prints them");
}

enum csin_status csin_trace_read(const struct csin_trace_spec *spec, const char *file,
                                 const char *text, size_t bytes, struct csin_arena *arena,
                                 struct csin_diag *diag, struct csin_trace *ret_trace)
{
    struct reader *r = calloc(1, sizeof *r);
    if (!r)
        return csin_no_memory(diag);
    *r = (struct reader){.spec = spec,
                         .arena = arena,
                         .diag = diag,
                         .file = file,
                         .at = text,
                         .end = text + bytes,
                         .sacct = spec->format.i == CSIN_TRACE_SACCT};
    if (bytes > 0)
        check_bars(r);
    if (r->status == CSIN_OK)
        read_head(r);
    if (r->status == CSIN_OK)
        read_jobs(r);
    struct csin_cluster_job_spec *jobs = csin_arena_alloc(arena, r->n_jobs + (size_t)1,
                                                          sizeof *jobs);
    if (!jobs)
        fail(r, csin_no_memory(diag));
    for (uint32_t i = 0; jobs && i < r->n_jobs; i++) {
        jobs[i] = r->jobs[i];
        if (r->sacct)
            jobs[i].arrive_s.x = r->submitted_s[i] - r->first_s;
    }
    *ret_trace = (struct csin_trace){jobs, jobs ? r->n_jobs : 0, r->n_steps, r->n_skipped};
    enum csin_status status = r->status;
    free(r->jobs);
    free(r->submitted_s);
    free(r);
    return status;
}
