/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A sweep as a job array of Slurm: a folder NAME.slurm beside the file of points has a script that
 * runs one part a task, the parts' files and logs, and the number of the job, so that whoever is
 * interrupted, or loses the connection, can come back and collect. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "base/units.h"
#include "cli/sweep.h"

enum { WORDS_MAX = 64, POLL_FIRST_MS = 200, POLL_MS = 5000 };

struct array {
    const struct csin_sweep_request *request;
    const struct csin_sweep *sweep;
    struct csin_diag *diag;
    struct csin_arena *arena;
    const char *database, *folder, *script, *number; /* file of the job's number */
    uint32_t n_tasks;
    uint64_t n_before, job;
};

static struct csin_loc nowhere(void)
{
    return (struct csin_loc){0};
}

/* ---- running Slurm's programs ---- */

/* What a program prints, malloc'ed; NULL where it fails, and *ret_said then is what it said. */
static char *run_program(const char *const *words, char said[static 512])
{
    int out[2], errors[2], status = -1;
    char *text = NULL;
    size_t room = 0, n = 0, n_said = 0;
    said[0] = '\0';
    if (pipe(out) != 0)
        return NULL;
    if (pipe(errors) != 0) {
        close(out[0]);
        close(out[1]);
        return NULL;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(errors[1], STDERR_FILENO);
        execvp(words[0], (char *const *)(uintptr_t)words);
        fprintf(stderr, "%s\n", strerror(errno));
        fflush(stderr);
        _exit(127);
    }
    close(out[1]);
    close(errors[1]);
    for (bool open[2] = {child > 0, child > 0}; open[0] || open[1];) {
        struct pollfd polls[] = {{open[0] ? out[0] : -1, POLLIN, 0},
                                 {open[1] ? errors[0] : -1, POLLIN, 0}};
        char rest[512];
        if (poll(polls, 2, -1) < 0 && errno != EINTR)
            break;
        if (polls[0].revents && csin_grow(&text, &room, n + 4097, 1)) {
            ssize_t got = read(out[0], text + n, 4096);
            open[0] = got > 0;
            n += got > 0 ? (size_t)got : 0;
        }
        if (polls[1].revents) {
            size_t left = 511 - n_said;
            ssize_t got = read(errors[0], left ? said + n_said : rest, left ? left : sizeof rest);
            open[1] = got > 0;
            n_said += got > 0 && left ? (size_t)got : 0;
        }
    }
    close(out[0]);
    close(errors[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    said[n_said] = '\0';
    for (; n_said > 0 && strchr("\n \t", said[n_said - 1]); n_said--)
        said[n_said - 1] = '\0';
    if (status == 0 && (text || csin_grow(&text, &room, 1, 1))) {
        text[n] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

static enum csin_status program_failed(const struct array *a, const char *program, const char *said)
{
    /* The last line, without 'sbatch: error:' before it. */
    const char *line = strrchr(said, '\n'), *error;
    line = line ? line + 1 : said;
    error = strstr(line, "error: ");
    return csin_error(a->diag, CSIN_E_FAILED, 898, nowhere(), "'%s' failed: %s", program,
                      error ? error + 7 : line);
}

/* ---- the script ---- */

/* For a shell: between quotes, with quotes in it taken out. */
static void write_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++)
        fputs(*text == '\'' ? "'\\''" : (char[]){*text, '\0'}, out);
    fputc('\'', out);
}

static enum csin_status write_script(const struct array *a)
{
    struct csin_output output;
    char program[4096], sweep[4096], database[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0 || !realpath(a->request->sweep, sweep))
        return csin_error(a->diag, CSIN_E_FAILED, 898, nowhere(), "cannot tell where '%s' is: %s",
                          a->request->sweep, strerror(errno));
    program[length] = '\0';
    enum csin_status status = csin_output_open(&output, a->diag, a->script);
    if (status != CSIN_OK)
        return status;
    FILE *out = output.stream;
    fprintf(out,
            "#!/bin/sh\n"
            "# Written by csin sweep --slurm; one task for each of %u parts.\n"
            "#SBATCH --job-name=csin-%s\n"
            "#SBATCH --array=1-%u\n"
            "#SBATCH --output=%s/%%a.log\n"
            "exec ",
            a->n_tasks, a->sweep->name, a->n_tasks, a->folder);
    write_quoted(out, program);
    fputs(" sweep ", out);
    write_quoted(out, sweep);
    fprintf(out, " --shard \"$SLURM_ARRAY_TASK_ID/%u\" -o ", a->n_tasks);
    write_quoted(out, a->folder);
    fputs("/\"$SLURM_ARRAY_TASK_ID\".db", out);
    if (a->n_before) {
        fputs(" --known ", out);
        write_quoted(out, realpath(a->database, database) ? database : a->database);
    }
    fputc('\n', out);
    return csin_output_commit(&output, a->diag);
}

/* ---- submitting and waiting ---- */

static enum csin_status submit(struct array *a)
{
    const char *words[WORDS_MAX] = {"sbatch", "--parsable"};
    char said[512], *options = NULL;
    uint32_t n = 2;
    struct csin_output output;
    if (a->request->slurm_options) {
        options = csin_arena_strndup(a->arena, a->request->slurm_options, SIZE_MAX);
        for (char *word; options && (word = strsep(&options, " \t")) && n < WORDS_MAX - 2;)
            if (*word)
                words[n++] = word;
    }
    words[n] = a->script;
    char *text = run_program(words, said);
    if (!text)
        return program_failed(a, "sbatch", said);
    a->job = strtoull(text, NULL, 10);
    free(text);
    if (a->job == 0)
        return csin_error(a->diag, CSIN_E_FAILED, 898, nowhere(), "'sbatch' gave no job");
    enum csin_status status = csin_output_open(&output, a->diag, a->number);
    if (status != CSIN_OK)
        return status;
    fprintf(output.stream, "%llu %u\n", (unsigned long long)a->job, a->n_tasks);
    return csin_output_commit(&output, a->diag);
}

/* Whether any task is in the queue or runs. A job that Slurm has forgotten is no longer there. */
static enum csin_status is_queued(const struct array *a, bool *ret)
{
    char number[24], said[512];
    snprintf(number, sizeof number, "%llu", (unsigned long long)a->job);
    const char *words[] = {"squeue", "-h", "-o", "%i", "-j", number, NULL};
    char *text = run_program(words, said);
    if (!text && !strstr(said, "Invalid job id"))
        return program_failed(a, "squeue", said);
    *ret = text && text[strspn(text, " \n")];
    free(text);
    return CSIN_OK;
}

static const char *part(const struct array *a, uint32_t i)
{
    return csin_arena_printf(a->arena, "%s/%u.db", a->folder, i);
}

static uint64_t count_parts(const struct array *a)
{
    uint64_t n = 0;
    for (uint32_t i = 1; i <= a->n_tasks; i++) {
        char path[4200];
        snprintf(path, sizeof path, "%.4000s/%u.db", a->folder, i);
        n += access(path, R_OK) == 0 ? csin_store_count(path) : 0;
    }
    return n;
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static enum csin_status wait_for_job(const struct array *a)
{
    double begun_s = now_s();
    int pause_ms = POLL_FIRST_MS;
    for (;;) {
        bool queued = false;
        enum csin_status status = is_queued(a, &queued);
        if (status != CSIN_OK || !queued)
            return status;
        if (isatty(STDERR_FILENO)) {
            char more[60];
            uint64_t n = count_parts(a);
            snprintf(more, sizeof more, "; job %llu of Slurm", (unsigned long long)a->job);
            csin_sweep_progress(a->n_before + n, a->sweep->n_points, now_s() - begun_s, n, more);
        }
        poll(NULL, 0, pause_ms);
        pause_ms = pause_ms * 2 < POLL_MS ? pause_ms * 2 : POLL_MS;
        if (csin_sweep_stop() != CSIN_POOL_GO_ON) {
            csin_sweep_progress_end();
            csin_error(a->diag, CSIN_E_FAILED, 895, nowhere(),
                       "interrupted; job %llu of Slurm goes on", (unsigned long long)a->job);
            csin_note(a->diag, nowhere(),
                      "the same command waits for it and collects; scancel "
                      "%llu ends it",
                      (unsigned long long)a->job);
            return CSIN_E_FAILED;
        }
    }
}

/* ---- collecting ---- */

static enum csin_status collect(const struct array *a)
{
    const char **parts = csin_arena_alloc(a->arena, a->n_tasks, sizeof *parts);
    uint32_t n = 0;
    uint64_t came;
    if (!parts)
        return csin_no_memory(a->diag);
    for (uint32_t i = 1; i <= a->n_tasks; i++) {
        const char *path = part(a, i);
        if (path && access(path, R_OK) == 0)
            parts[n++] = path;
    }
    if (n == 0)
        return CSIN_OK;
    return csin_store_merge(a->database, parts, n, a->diag, &came);
}

/* Parts and the number of a job that is done with; logs stay. */
static void clear(const struct array *a)
{
    for (uint32_t i = 1; i <= a->n_tasks; i++) {
        const char *path = part(a, i);
        if (path)
            unlink(path);
    }
    unlink(a->number);
}

/* A job that was submitted before; its parts are there or will be. */
static bool resume(struct array *a)
{
    char *text;
    size_t bytes;
    unsigned long long job = 0;
    unsigned n_tasks = 0;
    if (access(a->number, R_OK) != 0 ||
        csin_file_read(NULL, nowhere(), a->number, &text, &bytes) != CSIN_OK)
        return false;
    bool ok = sscanf(text, "%llu %u", &job, &n_tasks) == 2 && job && n_tasks && n_tasks <= 1000;
    free(text);
    if (ok) {
        a->job = job;
        a->n_tasks = n_tasks;
    }
    return ok;
}

static enum csin_status wait_and_collect(const struct array *a)
{
    enum csin_status status = wait_for_job(a);
    csin_sweep_progress_end();
    if (status == CSIN_OK)
        status = collect(a);
    if (status == CSIN_OK)
        clear(a);
    return status;
}

static enum csin_status tell_end(const struct array *a)
{
    uint64_t left = a->sweep->n_points, n = csin_store_count(a->database);
    left = n < left ? left - n : 0;
    if (left == 0)
        return CSIN_OK;
    csin_error(a->diag, CSIN_E_FAILED, 899, nowhere(), "job %llu of Slurm left %s of %s points",
               (unsigned long long)a->job, csin_show_count(left).s,
               csin_show_count(a->sweep->n_points).s);
    csin_note(a->diag, nowhere(), "its logs are in '%s'; the same command submits the rest",
              a->folder);
    return CSIN_E_FAILED;
}

/* The file of points is opened and closed again: what is wrong with it is said before a job is
 * submitted. */
static enum csin_status try_database(const struct array *a)
{
    struct csin_store *store;
    enum csin_status status = csin_store_open(a->database, a->sweep, a->diag, &store);
    if (status == CSIN_OK && a->request->retry)
        status = csin_store_drop_failed(store, a->diag);
    if (status == CSIN_OK)
        csin_store_close(store);
    return status;
}

static enum csin_status name_files(struct array *a)
{
    char real[4096];
    a->database = csin_sweep_database(a->request, a->sweep, a->arena);
    enum csin_status status = a->database ? try_database(a) : csin_no_memory(a->diag);
    if (status != CSIN_OK)
        return status;
    /* Tasks may begin in another folder. */
    if (!realpath(a->database, real))
        return csin_error(a->diag, CSIN_E_FAILED, 898, nowhere(), "cannot tell where '%s' is: %s",
                          a->database, strerror(errno));
    a->folder = csin_arena_printf(a->arena, "%s.slurm", real);
    a->script = a->folder ? csin_arena_printf(a->arena, "%s/job.sh", a->folder) : NULL;
    a->number = a->folder ? csin_arena_printf(a->arena, "%s/job", a->folder) : NULL;
    if (!a->script || !a->number)
        return csin_no_memory(a->diag);
    if (strpbrk(a->folder, "\n%\\")) /* sbatch reads these in its own way */
        return csin_error(a->diag, CSIN_E_USAGE, 898, nowhere(),
                          "'%s' has characters that sbatch takes for something else",
                          csin_brief(a->folder, SIZE_MAX).s);
    if (mkdir(a->folder, 0777) != 0 && errno != EEXIST)
        return csin_error(a->diag, CSIN_E_FAILED, 898, nowhere(), "cannot make '%s': %s", a->folder,
                          strerror(errno));
    return CSIN_OK;
}

enum csin_status csin_sweep_slurm(const struct csin_sweep_request *request,
                                  const struct csin_sweep *sweep, struct csin_diag *diag,
                                  struct csin_arena *arena)
{
    struct array a = {.request = request,
                      .sweep = sweep,
                      .diag = diag,
                      .arena = arena,
                      .n_tasks = request->n_tasks};
    enum csin_status status = name_files(&a);
    if (status == CSIN_OK && resume(&a))
        status = wait_and_collect(&a);
    a.n_tasks = request->n_tasks;
    if (status != CSIN_OK)
        return status;
    a.n_before = csin_store_count(a.database);
    if (a.n_before >= sweep->n_points)
        return CSIN_OK;
    status = write_script(&a);
    if (status == CSIN_OK)
        status = submit(&a);
    if (status == CSIN_OK)
        status = wait_and_collect(&a);
    return status == CSIN_OK ? tell_end(&a) : status;
}
