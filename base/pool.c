/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"

enum { ANSWER_MAX = 64 << 20, SAID_MAX = 4096, TICK_MS = 100 };

struct head { /* of an answer */
    uint64_t item, bytes;
};

struct worker {
    pid_t pid;             /* 0: none */
    int ask, answer, said; /* pipes, and a file of what it says on standard error */
    bool busy;
    uint64_t item;
    char *buffer; /* of an answer that is not whole yet */
    size_t n, room;
};

struct run {
    const struct csin_pool *pool;
    struct csin_diag *diag;
    struct worker *workers;
    struct pollfd *polls;
    int stop;
    bool exhausted;
};

/* ---- the process ---- */

static bool read_all(int fd, void *to, size_t bytes)
{
    for (size_t n = 0; n < bytes;) {
        ssize_t got = read(fd, (char *)to + n, bytes - n);
        if (got == 0 || (got < 0 && errno != EINTR))
            return false;
        n += got > 0 ? (size_t)got : 0;
    }
    return true;
}

static bool write_all(int fd, const void *from, size_t bytes)
{
    for (size_t n = 0; n < bytes;) {
        ssize_t put = write(fd, (const char *)from + n, bytes - n);
        if (put < 0 && errno != EINTR)
            return false;
        n += put > 0 ? (size_t)put : 0;
    }
    return true;
}

static bool answer_item(const struct csin_pool *pool, uint64_t item, int fd)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return false;
    pool->work(pool->arg, item, out);
    bool ok = fclose(out) == 0;
    struct head head = {item, bytes};
    ok = ok && write_all(fd, &head, sizeof head) && write_all(fd, text, bytes);
    free(text);
    return ok;
}

/* Never returns. */
static void be_worker(const struct run *run, const struct worker *w, pid_t parent)
{
    uint64_t item;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it ended before prctl */
    /* A terminal sends Ctrl-C to all; the parent decides what it means. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    for (uint32_t i = 0; i < run->pool->n_workers; i++)
        if (run->workers[i].pid) {
            close(run->workers[i].ask);
            close(run->workers[i].answer);
            close(run->workers[i].said);
        }
    if (w->said >= 0)
        dup2(w->said, STDERR_FILENO);
    if (run->pool->begin)
        run->pool->begin(run->pool->arg);
    while (read_all(w->ask, &item, sizeof item))
        if (!answer_item(run->pool, item, w->answer))
            _exit(1);
    _exit(0);
}

/* ---- the parent ---- */

static bool start(struct run *run, struct worker *w)
{
    int ask[2], answer[2];
    pid_t parent = getpid();
    if (pipe(ask) != 0)
        return false;
    if (pipe(answer) != 0) {
        close(ask[0]);
        close(ask[1]);
        return false;
    }
    *w = (struct worker){.ask = ask[0], .answer = answer[1], .buffer = w->buffer, .room = w->room};
    w->said = memfd_create("said", MFD_CLOEXEC);
    fflush(NULL); /* what waits in buffers is written once */
    w->pid = fork();
    if (w->pid == 0) {
        struct worker self = *w;
        w->pid = 0;
        close(ask[1]);
        close(answer[0]);
        be_worker(run, &self, parent);
    }
    close(ask[0]);
    close(answer[1]);
    w->ask = ask[1];
    w->answer = answer[0];
    if (w->pid > 0)
        return true;
    w->pid = 0;
    close(w->ask);
    close(w->answer);
    close(w->said);
    return false;
}

/* How it ended, and the last line it said. */
static void tell_end(const struct worker *w, int status, char text[static 512])
{
    char said[SAID_MAX + 1] = "";
    off_t length = w->said >= 0 ? lseek(w->said, 0, SEEK_END) : 0;
    off_t from = length > SAID_MAX ? length - SAID_MAX : 0;
    ssize_t n = length > 0 ? pread(w->said, said, SAID_MAX, from) : 0;
    said[n > 0 ? n : 0] = '\0';
    for (size_t end = strlen(said); end > 0 && said[end - 1] == '\n'; end--)
        said[end - 1] = '\0';
    const char *line = strrchr(said, '\n');
    line = line ? line + 1 : said;
    if (WIFSIGNALED(status)) {
        int number = WTERMSIG(status);
        snprintf(text, 512, "the process was ended by signal %d (%s)%s%s%.300s", number,
                 strsignal(number), number == SIGKILL ? ", perhaps for lack of memory" : "",
                 *line ? ": " : "", line);
    } else {
        snprintf(text, 512, "the process ended with status %d%s%.300s", WEXITSTATUS(status),
                 *line ? ": " : "", line);
    }
}

static int reap(struct worker *w)
{
    int status = 0;
    close(w->ask);
    close(w->answer);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        ;
    w->pid = 0;
    return status;
}

static void hand_over(struct run *run, uint64_t item, const char *crash, const char *text,
                      size_t bytes)
{
    if (!run->pool->done(run->pool->arg, item, crash, text, bytes))
        run->stop = CSIN_POOL_STOP;
}

static void crashed(struct run *run, struct worker *w)
{
    char text[512];
    int status = reap(w);
    tell_end(w, status, text);
    close(w->said);
    if (w->busy)
        hand_over(run, w->item, text, "", 0);
    w->busy = false;
    w->n = 0;
}

/* Takes what has come; the answer, once it is whole. */
static void hear(struct run *run, struct worker *w)
{
    struct head head;
    if (!csin_grow(&w->buffer, &w->room, w->n + 65536, 1)) {
        run->stop = CSIN_POOL_STOP;
        csin_no_memory(run->diag);
        return;
    }
    ssize_t got = read(w->answer, w->buffer + w->n, w->room - w->n);
    if (got < 0 && errno == EINTR)
        return;
    if (got <= 0) {
        crashed(run, w);
        return;
    }
    w->n += (size_t)got;
    if (w->n < sizeof head)
        return;
    memcpy(&head, w->buffer, sizeof head);
    if (head.bytes > ANSWER_MAX) {
        kill(w->pid, SIGKILL);
        crashed(run, w);
        return;
    }
    if (w->n < sizeof head + head.bytes)
        return;
    w->busy = false;
    w->n = 0;
    hand_over(run, head.item, NULL, w->buffer + sizeof head, head.bytes);
}

/* Gives work to those that have none. */
static enum csin_status feed(struct run *run)
{
    for (uint32_t i = 0; i < run->pool->n_workers && !run->exhausted; i++) {
        struct worker *w = &run->workers[i];
        if (w->busy)
            continue;
        if (!w->pid && !start(run, w)) {
            bool some = false;
            for (uint32_t k = 0; k < run->pool->n_workers; k++)
                some = some || run->workers[k].pid;
            if (some) /* they go on alone */
                continue;
            return csin_error(run->diag, CSIN_E_FAILED, 893, (struct csin_loc){0},
                              "cannot make a process: %s", strerror(errno));
        }
        if (!run->pool->next(run->pool->arg, &w->item)) {
            run->exhausted = true;
            break;
        }
        w->busy = true; /* one that is gone already is found by its silence */
        write_all(w->ask, &w->item, sizeof w->item);
    }
    return CSIN_OK;
}

static uint32_t wait_for_answers(struct run *run)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < run->pool->n_workers; i++) {
        struct worker *w = &run->workers[i];
        run->polls[i] = (struct pollfd){.fd = w->busy ? w->answer : -1, .events = POLLIN};
        n += w->busy;
    }
    if (n == 0 || poll(run->polls, run->pool->n_workers, TICK_MS) <= 0)
        return n;
    for (uint32_t i = 0; i < run->pool->n_workers; i++)
        if (run->polls[i].fd >= 0 && run->polls[i].revents)
            hear(run, &run->workers[i]);
    return n;
}

static void end_all(struct run *run)
{
    for (uint32_t i = 0; i < run->pool->n_workers; i++) {
        struct worker *w = &run->workers[i];
        if (w->pid) {
            if (w->busy)
                kill(w->pid, SIGKILL);
            reap(w);
            close(w->said);
        }
        free(w->buffer);
    }
}

enum csin_status csin_pool_run(const struct csin_pool *pool, struct csin_diag *diag)
{
    struct run run = {.pool = pool, .diag = diag};
    enum csin_status status = CSIN_OK;
    uint32_t waiting = 1;
    run.workers = calloc(pool->n_workers, sizeof *run.workers);
    run.polls = calloc(pool->n_workers, sizeof *run.polls);
    if (!run.workers || !run.polls)
        status = csin_no_memory(diag);
    while (status == CSIN_OK && waiting && run.stop != CSIN_POOL_STOP) {
        if (run.stop == CSIN_POOL_GO_ON)
            status = feed(&run);
        waiting = wait_for_answers(&run);
        int stop = pool->stop(pool->arg);
        run.stop = stop > run.stop ? stop : run.stop;
        if (!waiting && !run.exhausted && run.stop == CSIN_POOL_GO_ON && status == CSIN_OK)
            waiting = 1; /* all of them crashed at once */
    }
    if (run.workers)
        end_all(&run);
    free(run.workers);
    free(run.polls);
    return status;
}
