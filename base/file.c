/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file_inside.h"
#include "base/rng.h"

enum { TEMPORARY_TRIES = 100, PIECE_BYTES = 1 << 16 };

struct csin_reason csin_reason_of(int error)
{
    struct csin_reason reason;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    snprintf(reason.s, sizeof reason.s, "%s", strerror_l(error, c));
    freelocale(c);
    if (reason.s[0] >= 'A' && reason.s[0] <= 'Z' && reason.s[1] >= 'a' && reason.s[1] <= 'z')
        reason.s[0] = (char)(reason.s[0] + 'a' - 'A');
    return reason;
}

/* Keeps descriptors 0 to 2 free: where one of them is closed, the next file would take its place,
 * and what is meant for a standard stream would go there. */
static int above_standard(int fd)
{
    int higher, error;
    if (fd < 0 || fd > 2)
        return fd;
    higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    error = errno;
    close(fd);
    errno = error;
    return higher;
}

static enum csin_status too_large(struct csin_diag *diag, struct csin_loc loc, const char *path,
                                  uint64_t max_bytes)
{
    return csin_error(diag, CSIN_E_INPUT, 132, loc, "'%s' is larger than %u MiB",
                      csin_brief(path, SIZE_MAX).s, (unsigned)(max_bytes >> 20));
}

static enum csin_status cannot_read(struct csin_diag *diag, struct csin_loc loc, const char *path)
{
    return csin_error(diag, CSIN_E_FAILED, 133, loc, "cannot read '%s': %s",
                      csin_brief(path, SIZE_MAX).s, csin_reason_of(errno).s);
}

/* A first look, so that what is certainly wrong is not read. */
static enum csin_status check_kind(int fd, struct csin_diag *diag, struct csin_loc loc,
                                   const char *path, uint64_t max_bytes)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return CSIN_OK;
    if (S_ISDIR(st.st_mode))
        return csin_error(diag, CSIN_E_INPUT, 131, loc, "'%s' is a directory",
                          csin_brief(path, SIZE_MAX).s);
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max_bytes)
        return too_large(diag, loc, path, max_bytes);
    return CSIN_OK;
}

/* Opens an input; -1 after a reported failure, whose status goes to *ret_status. */
static int open_input(struct csin_diag *diag, struct csin_loc loc, const char *path,
                      uint64_t max_bytes, enum csin_status *ret_status)
{
    int fd = above_standard(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (fd < 0) {
        *ret_status = csin_error(diag, CSIN_E_INPUT, 130, loc, "cannot open '%s': %s",
                                 csin_brief(path, SIZE_MAX).s, csin_reason_of(errno).s);
        return -1;
    }
    *ret_status = check_kind(fd, diag, loc, path, max_bytes);
    if (*ret_status == CSIN_OK)
        return fd;
    close(fd);
    return -1;
}

/* Reads to the end, whatever the size that was promised: pipes promise none. */
static enum csin_status read_all(int fd, struct csin_diag *diag, struct csin_loc loc,
                                 const char *path, char **ret_text, size_t *ret_bytes)
{
    char *text = NULL;
    size_t room = 0, n = 0;
    for (;;) {
        ssize_t got;
        if (!csin_grow(&text, &room, n + 4096, 1)) {
            free(text);
            return csin_no_memory(diag);
        }
        got = read(fd, text + n, room - n - 1);
        if (got == 0)
            break;
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || n + (size_t)got > CSIN_FILE_MAX) {
            free(text);
            return got > 0 ? too_large(diag, loc, path, CSIN_FILE_MAX)
                           : cannot_read(diag, loc, path);
        }
        n += (size_t)got;
    }
    text[n] = '\0';
    *ret_text = text;
    *ret_bytes = n;
    return CSIN_OK;
}

enum csin_status csin_file_read(struct csin_diag *diag, struct csin_loc from, const char *path,
                                char **ret_text, size_t *ret_bytes)
{
    struct csin_loc loc = from.file ? from : (struct csin_loc){path, 0, 0};
    enum csin_status status;
    int fd = open_input(diag, loc, path, CSIN_FILE_MAX, &status);
    if (fd < 0)
        return status;
    status = read_all(fd, diag, loc, path, ret_text, ret_bytes);
    close(fd);
    return status;
}

enum csin_status csin_file_stream(struct csin_diag *diag, struct csin_loc from, const char *path,
                                  uint64_t max_bytes,
                                  bool (*take)(void *arg, const char *piece, size_t bytes),
                                  void *arg)
{
    struct csin_loc loc = from.file ? from : (struct csin_loc){path, 0, 0};
    enum csin_status status;
    int fd = open_input(diag, loc, path, max_bytes, &status);
    char *piece = fd < 0 ? NULL : malloc(PIECE_BYTES);
    uint64_t n = 0;
    if (fd >= 0 && !piece)
        status = csin_no_memory(diag);
    while (piece && status == CSIN_OK) {
        ssize_t got = read(fd, piece, PIECE_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = cannot_read(diag, loc, path);
        else if ((n += (uint64_t)got) > max_bytes)
            status = too_large(diag, loc, path, max_bytes);
        else if (got == 0 || !take(arg, piece, (size_t)got))
            break;
    }
    free(piece);
    if (fd >= 0)
        close(fd);
    return status;
}

static enum csin_status cannot_write(struct csin_diag *diag, const char *path, int error)
{
    if (error == ENOMEM)
        return csin_no_memory(diag);
    if (!path)
        return csin_error(diag, CSIN_E_FAILED, 135, (struct csin_loc){0},
                          "cannot write to standard output: %s", csin_reason_of(error).s);
    return csin_error(diag, CSIN_E_FAILED, 135, (struct csin_loc){path, 0, 0},
                      "cannot write '%s': %s", csin_brief(path, SIZE_MAX).s,
                      csin_reason_of(error).s);
}

/* Gives a new file beside `target`, open, and its name in *ret_name; -1 and errno on failure. Not
 * mkstemp, whose files are private: these get the permissions that the umask leaves, as any output.
 */
static int open_beside(const char *target, char **ret_name)
{
    const char *slash = strrchr(target, '/');
    int folder = slash ? (int)(slash - target) + 1 : 0, fd = -1;
    struct timespec now = {0};
    struct csin_rng rng;
    clock_gettime(CLOCK_REALTIME, &now);
    rng = csin_rng_init((uint64_t)now.tv_nsec, (uint64_t)getpid());
    for (int i = 0; i < TEMPORARY_TRIES && fd < 0; i++) {
        char *name;
        /* A name has at most 255 bytes; the start of a long one tells enough. */
        if (asprintf(&name, "%.*s.%.200s.csin-%06x", folder, target, target + folder,
                     (unsigned)csin_rng_below(&rng, 1u << 24)) < 0) {
            errno = ENOMEM;
            return -1;
        }
        fd = above_standard(open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (fd >= 0) {
            *ret_name = name;
            return fd;
        }
        free(name);
        if (errno != EEXIST)
            break;
    }
    return -1;
}

/* Devices and pipes are written in place. So is anything below /dev and /proc: /dev/stdout may lead
 * to a regular file, but one that somebody else has opened and perhaps appends to. */
static bool is_in_place(const char *path, bool exists, const struct stat *st)
{
    return strncmp(path, "/dev/", 5) == 0 || strncmp(path, "/proc/", 6) == 0 ||
           (exists && !S_ISREG(st->st_mode));
}

void csin_hold_signals(sigset_t *ret_before)
{
    int error = errno;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, ret_before);
    errno = error;
}

void csin_release_signals(const sigset_t *before)
{
    int error = errno;
    pthread_sigmask(SIG_SETMASK, before, NULL);
    errno = error;
}

static int open_named(struct csin_output *output, const char *path)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;
    int fd;
    if (exists && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    if (!*path) {
        errno = ENOENT;
        return -1;
    }
    if (is_in_place(path, exists, &st))
        return above_standard(open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY));
    /* Renaming needs leave to write to the folder only; a file that is read-only stays as it is. */
    if (exists && access(path, W_OK) != 0)
        return -1;
    output->target = exists ? realpath(path, NULL) : strdup(path);
    if (!output->target)
        return -1;
    csin_hold_signals(&output->signals);
    fd = open_beside(output->target, &output->temporary);
    if (fd < 0)
        csin_release_signals(&output->signals);
    if (fd >= 0 && exists && fchmod(fd, st.st_mode & 0777) != 0)
        errno = 0; /* some file systems have no permissions to set, and none to lose */
    return fd;
}

static enum csin_status open_standard(struct csin_output *output, struct csin_diag *diag)
{
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        return csin_error(diag, CSIN_E_FAILED, 136, (struct csin_loc){0},
                          "standard output is closed");
    output->stream = stdout;
    return CSIN_OK;
}

enum csin_status csin_output_open(struct csin_output *output, struct csin_diag *diag,
                                  const char *path)
{
    int fd, error;
    *output = (struct csin_output){0};
    if (!path || strcmp(path, "-") == 0)
        return open_standard(output, diag);
    output->path = path;
    fd = open_named(output, path);
    error = errno;
    if (fd >= 0) {
        output->stream = fdopen(fd, "w");
        if (output->stream)
            return CSIN_OK;
        error = errno;
        close(fd);
    }
    csin_output_abandon(output);
    if (error == ENOMEM)
        return csin_no_memory(diag);
    return csin_error(diag, CSIN_E_FAILED, 134, (struct csin_loc){path, 0, 0},
                      "cannot create '%s': %s", csin_brief(path, SIZE_MAX).s,
                      csin_reason_of(error).s);
}

int csin_flush(FILE *stream, bool is_temporary)
{
    errno = 0;
    if (fflush(stream) == 0 && !ferror(stream))
        return 0;
    if (errno == 0 && is_temporary && write(fileno(stream), "", 1) == 1)
        errno = 0;
    return errno ? errno : EIO;
}

enum csin_status csin_output_commit(struct csin_output *output, struct csin_diag *diag)
{
    const char *path = output->path;
    int error = output->stream ? csin_flush(output->stream, output->temporary != NULL) : EBADF;
    if (output->stream && path) {
        if (fclose(output->stream) != 0 && error == 0)
            error = errno;
        output->stream = NULL;
    }
    if (error == 0 && output->temporary && rename(output->temporary, output->target) != 0)
        error = errno;
    if (error == 0 && output->temporary) {
        csin_release_signals(&output->signals);
        free(output->temporary);
        output->temporary = NULL;
    }
    csin_output_abandon(output);
    if (error == EPIPE)
        return CSIN_E_FAILED;
    return error == 0 ? CSIN_OK : cannot_write(diag, path, error);
}

void csin_output_abandon(struct csin_output *output)
{
    if (output->stream && output->stream != stdout)
        fclose(output->stream);
    if (output->temporary) {
        unlink(output->temporary);
        csin_release_signals(&output->signals);
    }
    free(output->temporary);
    free(output->target);
    *output = (struct csin_output){0};
}
