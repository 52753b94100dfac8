/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Running the points of a sweep on this machine. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/pool.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/sweep.h"
#include "reports/report.h"

#define MESSAGE_MAX 4096

struct run {
    const struct csin_sweep *sweep;
    struct csin_store *store;
    struct csin_diag *diag;
    struct csin_alone *alone; /* of a worker */
    uint32_t *todo;           /* points of the sweep */
    uint32_t n_todo, next, n_done, n_there;
    uint32_t n_of[CSIN_N_POINT_FATES];
    struct timespec begun;
    double shown_s;
    enum csin_status status;
};

/* ---- signals ---- */

static volatile sig_atomic_t interrupts, terminated;

static void on_signal(int number)
{
    if (number == SIGINT)
        interrupts++;
    else
        terminated = 1;
}

void csin_sweep_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL); /* without SA_RESTART: poll ends */
    sigaction(SIGTERM, &action, NULL);
}

int csin_sweep_stop(void)
{
    return interrupts > 1 || terminated ? CSIN_POOL_STOP
           : interrupts                 ? CSIN_POOL_FINISH
                                        : CSIN_POOL_GO_ON;
}

/* ---- progress ---- */

static bool is_shown;

static void time_left(double s, char text[static 40])
{
    if (s < 100)
        snprintf(text, 40, "%.0f s", s);
    else if (s < 6000)
        snprintf(text, 40, "%.0f min", s / 60);
    else
        snprintf(text, 40, "%.1f h", s / 3600);
}

void csin_sweep_progress(uint64_t done, uint64_t total, double elapsed_s, uint64_t n_here,
                         const char *more)
{
    char left[40] = "";
    double rate = elapsed_s > 0 ? (double)n_here / elapsed_s : 0;
    if (!isatty(STDERR_FILENO))
        return;
    fprintf(stderr, "\r\033[K%s of %s points", csin_show_count(done).s, csin_show_count(total).s);
    if (rate > 0) {
        time_left((double)(total - done) / rate, left);
        fprintf(stderr, ", %.*f/s, %s left", rate < 10 ? 1 : 0, rate, left);
    }
    fprintf(stderr, "%s", more);
    fflush(stderr);
    is_shown = true;
}

void csin_sweep_progress_end(void)
{
    if (is_shown)
        fputs("\r\033[K", stderr);
    is_shown = false;
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - then->tv_sec) + 1e-9 * (double)(now.tv_nsec - then->tv_nsec);
}

static void show(struct run *r)
{
    char more[120] = "";
    double now_s = seconds_since(&r->begun);
    if (now_s < 1 || now_s - r->shown_s < 0.2)
        return;
    r->shown_s = now_s;
    uint32_t wrong = r->n_of[CSIN_POINT_WRONG];
    uint32_t failed = r->n_of[CSIN_POINT_FAILED] + r->n_of[CSIN_POINT_CRASHED];
    if (csin_sweep_stop() == CSIN_POOL_FINISH)
        snprintf(more, sizeof more, "; finishing those under way, Ctrl-C again to leave them");
    else if (wrong || failed)
        snprintf(more, sizeof more, "; %u wrong, %u failed", wrong, failed);
    csin_sweep_progress(r->n_there + r->n_done, r->n_there + r->n_todo, now_s, r->n_done, more);
}

/* ---- a worker ---- */

static void begin(void *arg)
{
    struct run *r = arg;
    csin_store_forget(r->store);
    r->alone = csin_alone_create();
}

/* 'FATE SECONDS LENGTH', the message of that length, the rows. */
static void work(void *arg, uint64_t item, FILE *out)
{
    struct run *r = arg;
    struct csin_point point;
    struct timespec begun;
    char *said = NULL, *rows = NULL;
    size_t n_said = 0, n_rows = 0;
    struct csin_arena *arena = csin_arena_create();
    struct csin_diag *diag = csin_diag_create();
    FILE *to_rows = open_memstream(&rows, &n_rows), *to_said = open_memstream(&said, &n_said);
    if (!arena || !diag || !to_rows || !to_said)
        abort(); /* no memory even for a message: the parent tells */
    clock_gettime(CLOCK_MONOTONIC, &begun);
    csin_sweep_point(r->sweep, (uint32_t)item, &point);
    enum csin_status status = csin_point_run(r->sweep, &point, r->alone, csin_report_metrics, arena,
                                             diag, to_rows);
    if (status != CSIN_OK)
        csin_diag_print(diag, to_said);
    fclose(to_rows);
    fclose(to_said);
    n_said = n_said < MESSAGE_MAX ? n_said : MESSAGE_MAX;
    fprintf(out, "%d %.6f %zu\n", (int)status, seconds_since(&begun), n_said);
    fwrite(said, 1, n_said, out);
    if (status == CSIN_OK)
        fwrite(rows, 1, n_rows, out);
    fputc('\0', out);
    free(said);
    free(rows);
    csin_diag_destroy(diag);
    csin_arena_destroy(arena);
}

/* ---- the parent ---- */

static bool next(void *arg, uint64_t *ret_item)
{
    struct run *r = arg;
    if (r->next == r->n_todo)
        return false;
    *ret_item = r->todo[r->next++];
    return true;
}

/* Without the line feed at its end. */
static char *message_of(const char *text, size_t bytes)
{
    while (bytes > 0 && text[bytes - 1] == '\n')
        bytes--;
    return bytes ? strndup(text, bytes) : NULL;
}

static bool done(void *arg, uint64_t item, const char *crash, const char *text, size_t bytes)
{
    struct run *r = arg;
    struct csin_point point;
    struct csin_outcome outcome = {CSIN_POINT_CRASHED, crash, 0, ""};
    char *message = NULL, *rest;
    (void)bytes; /* it ends with a NUL */
    csin_sweep_point(r->sweep, (uint32_t)item, &point);
    if (!crash) {
        enum csin_status status = (enum csin_status)strtol(text, &rest, 10);
        outcome.seconds = strtod(rest, &rest);
        size_t length = strtoul(rest, &rest, 10);
        message = message_of(rest + 1, length);
        outcome.fate = status == CSIN_OK        ? CSIN_POINT_OK
                       : status == CSIN_E_INPUT ? CSIN_POINT_WRONG
                                                : CSIN_POINT_FAILED;
        outcome.message = message;
        outcome.rows = rest + 1 + length;
        if (status == CSIN_E_NO) { /* it would not belong to the others */
            r->status = csin_error(r->diag, CSIN_E_FAILED, 892,
                                   (struct csin_loc){r->sweep->scenario, 0, 0},
                                   "its files were changed while the sweep ran");
            free(message);
            return false;
        }
    }
    r->status = csin_store_put(r->store, &point, &outcome, r->diag);
    r->n_of[outcome.fate]++;
    r->n_done++;
    free(message);
    return r->status == CSIN_OK;
}

static int stop(void *arg)
{
    show(arg);
    return csin_sweep_stop();
}

/* ---- */

const char *csin_sweep_database(const struct csin_sweep_request *request,
                                const struct csin_sweep *sweep, struct csin_arena *arena)
{
    if (request->database)
        return request->database;
    return request->n_shards ? csin_arena_printf(arena, "%s.%u-of-%u.db", sweep->name,
                                                 request->shard, request->n_shards)
                             : csin_arena_printf(arena, "%s.db", sweep->name);
}

static enum csin_status list_todo(struct run *r, const struct csin_sweep_request *request,
                                  struct csin_arena *arena)
{
    const struct csin_sweep *sweep = r->sweep;
    struct csin_point point;
    r->todo = csin_arena_alloc(arena, sweep->n_points, sizeof *r->todo);
    if (!r->todo)
        return csin_no_memory(r->diag);
    for (uint32_t i = 0; i < sweep->n_points; i++) {
        if (request->n_shards && i % request->n_shards != request->shard - 1)
            continue;
        csin_sweep_point(sweep, i, &point);
        if (csin_store_has(r->store, &point.key))
            r->n_there++;
        else
            r->todo[r->n_todo++] = i;
    }
    return CSIN_OK;
}

static enum csin_status tell_end(const struct run *r, const char *path)
{
    struct csin_loc loc = {path, 0, 0};
    uint32_t failed = r->n_of[CSIN_POINT_FAILED] + r->n_of[CSIN_POINT_CRASHED];
    if (r->n_done < r->n_todo) {
        csin_error(r->diag, CSIN_E_FAILED, 895, loc, "interrupted: %s of %s points are there",
                   csin_show_count(r->n_there + r->n_done).s,
                   csin_show_count(r->n_there + r->n_todo).s);
        csin_note(r->diag, loc, "the same command goes on");
        return CSIN_E_FAILED;
    }
    if (failed == 0)
        return CSIN_OK;
    csin_error(r->diag, CSIN_E_FAILED, 896, loc, "%s of %s points failed",
               csin_show_count(failed).s, csin_show_count(r->n_todo).s);
    csin_note(r->diag, loc, "their messages are in it; --retry runs them again");
    return CSIN_E_FAILED;
}

static enum csin_status run_points(struct run *r, const struct csin_sweep_request *request)
{
    struct csin_pool pool = {.n_workers = request->n_workers,
                             .arg = r,
                             .next = next,
                             .done = done,
                             .stop = stop,
                             .begin = begin,
                             .work = work};
    if (r->n_todo == 0)
        return CSIN_OK;
    if (pool.n_workers > r->n_todo)
        pool.n_workers = r->n_todo;
    clock_gettime(CLOCK_MONOTONIC, &r->begun);
    enum csin_status status = csin_pool_run(&pool, r->diag);
    csin_sweep_progress_end();
    return csin_first(status, r->status);
}

enum csin_status csin_sweep_run(const struct csin_sweep_request *request,
                                const struct csin_sweep *sweep, struct csin_diag *diag,
                                struct csin_arena *arena)
{
    struct run r = {.sweep = sweep, .diag = diag};
    const char *path = csin_sweep_database(request, sweep, arena);
    enum csin_status status = path ? csin_store_open(path, sweep, diag, &r.store)
                                   : csin_no_memory(diag);
    if (status == CSIN_OK && request->known)
        status = csin_store_know(r.store, request->known, diag);
    if (status == CSIN_OK && request->retry)
        status = csin_store_drop_failed(r.store, diag);
    if (status == CSIN_OK)
        status = list_todo(&r, request, arena);
    if (status == CSIN_OK)
        status = run_points(&r, request);
    if (status == CSIN_OK)
        status = tell_end(&r, path);
    csin_store_close(r.store);
    return status;
}
