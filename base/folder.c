/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_inside.h"
#include "base/rng.h"

enum { TEMPORARY_TRIES = 100 };

/* The first line of the hidden file; the others are names of files. */
static const char marker_head[] = "written by csin, which may replace this folder\n";

static enum csin_status cannot(struct csin_diag *diag, unsigned code, const char *what,
                               const char *path, int error)
{
    if (error == ENOMEM)
        return csin_no_memory(diag);
    return csin_error(diag, CSIN_E_FAILED, code, (struct csin_loc){path, 0, 0},
                      "cannot %s '%s': %s", what, csin_brief(path, SIZE_MAX).s,
                      csin_reason_of(error).s);
}

static enum csin_status cannot_create(struct csin_diag *diag, const char *path, int error)
{
    return cannot(diag, 134, "create", path, error);
}

static enum csin_status cannot_write(struct csin_diag *diag, const char *path, int error)
{
    return cannot(diag, 135, "write", path, error);
}

enum csin_status csin_folder_make_parent(struct csin_diag *diag, const char *path)
{
    struct stat st;
    if (mkdir(path, 0777) == 0 || (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)))
        return CSIN_OK;
    return cannot_create(diag, path, errno);
}

/* ---- what is there already ---- */

/* The text of the hidden file, malloc'ed; NULL where there is none of csin's. */
static char *read_marker(const char *folder)
{
    char *path, *text = NULL;
    size_t bytes;
    if (asprintf(&path, "%s/%s", folder, CSIN_FOLDER_MARKER) < 0)
        return NULL;
    if (csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
        text = NULL;
    free(path);
    if (text && strncmp(text, marker_head, strlen(marker_head)) == 0)
        return text;
    free(text);
    return NULL;
}

static bool lists(const char *marker, const char *name)
{
    size_t n = strlen(name);
    for (const char *at = marker; (at = strchr(at, '\n')); at++)
        if (strncmp(at + 1, name, n) == 0 && at[1 + n] == '\n')
            return true;
    return strcmp(name, CSIN_FOLDER_MARKER) == 0;
}

static bool is_file(DIR *folder, const char *name)
{
    struct stat st;
    return fstatat(dirfd(folder), name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Whether all that is in the folder may go. */
static enum csin_status check_contents(struct csin_folder *folder, struct csin_diag *diag)
{
    struct csin_loc loc = {folder->path, 0, 0};
    DIR *old = opendir(folder->target);
    if (!old)
        return cannot_create(diag, folder->path, errno);
    char *marker = read_marker(folder->target);
    enum csin_status status = CSIN_OK;
    const struct dirent *entry;
    while (status == CSIN_OK && (entry = readdir(old))) {
        if (is_dots(entry->d_name))
            continue;
        folder->replaces = true;
        if (marker && lists(marker, entry->d_name) && is_file(old, entry->d_name))
            continue;
        if (marker)
            status = csin_error(diag, CSIN_E_USAGE, 735, loc,
                                "the folder '%s' holds '%s', which csin did not write",
                                csin_brief(folder->path, SIZE_MAX).s,
                                csin_brief(entry->d_name, SIZE_MAX).s);
        else
            status = csin_error(diag, CSIN_E_USAGE, 735, loc,
                                "the folder '%s' is there and not of csin's making",
                                csin_brief(folder->path, SIZE_MAX).s);
        csin_note(diag, loc, "name a new folder or an empty one");
    }
    free(marker);
    closedir(old);
    return status;
}

/* ---- making ---- */

/* Makes a folder beside the target; false and errno on failure. */
static bool make_beside(struct csin_folder *folder)
{
    const char *target = folder->target, *slash = strrchr(target, '/');
    int parent = slash ? (int)(slash - target) + 1 : 0;
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    struct csin_rng rng = csin_rng_init((uint64_t)now.tv_nsec, (uint64_t)getpid());
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        char *name;
        /* A name has at most 255 bytes; the start of a long one tells enough. */
        if (asprintf(&name, "%.*s.%.200s.csin-%06x", parent, target, target + parent,
                     (unsigned)csin_rng_below(&rng, 1u << 24)) < 0) {
            errno = ENOMEM;
            return false;
        }
        if (mkdir(name, 0777) == 0) {
            folder->temporary = name;
            return true;
        }
        free(name);
        if (errno != EEXIST)
            return false;
    }
    return false;
}

/* Finds out where the folder goes; reports what is in its way. */
static enum csin_status find_target(struct csin_folder *folder, struct csin_diag *diag,
                                    struct stat *ret_old, bool *ret_exists)
{
    const char *path = folder->path;
    *ret_exists = stat(path, ret_old) == 0;
    if (!*path)
        return cannot_create(diag, path, ENOENT);
    if (*ret_exists && !S_ISDIR(ret_old->st_mode))
        return cannot_create(diag, path, ENOTDIR);
    if (*ret_exists && access(path, W_OK | X_OK) != 0)
        return cannot_create(diag, path, errno);
    folder->target = *ret_exists ? realpath(path, NULL) : strdup(path);
    if (!folder->target)
        return cannot_create(diag, path, errno);
    return *ret_exists ? check_contents(folder, diag) : CSIN_OK;
}

enum csin_status csin_folder_open(struct csin_folder *folder, struct csin_arena *arena,
                                  struct csin_diag *diag, const char *path)
{
    struct stat old;
    bool exists;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    *folder = (struct csin_folder){.arena = arena, .path = csin_arena_strndup(arena, path, n)};
    if (!folder->path)
        return csin_no_memory(diag);
    enum csin_status status = find_target(folder, diag, &old, &exists);
    if (status == CSIN_OK) {
        csin_hold_signals(&folder->signals);
        if (!make_beside(folder)) {
            status = cannot_create(diag, folder->path, errno);
            csin_release_signals(&folder->signals);
        }
    }
    if (status != CSIN_OK) {
        csin_folder_abandon(folder);
        return status;
    }
    if (exists && chmod(folder->temporary, old.st_mode & 0777) != 0)
        errno = 0; /* some file systems have no permissions to set, and none to lose */
    return CSIN_OK;
}

enum csin_status csin_folder_begin(struct csin_folder *folder, struct csin_diag *diag,
                                   const char *name, FILE **ret_stream)
{
    char *path = NULL, *copy = strdup(name);
    assert(!folder->stream && !strchr(name, '/'));
    folder->file = csin_arena_printf(folder->arena, "%s/%s", folder->path, name);
    if (!copy || !folder->file || asprintf(&path, "%s/%s", folder->temporary, name) < 0 ||
        !csin_grow(&folder->names, &folder->room, folder->n + 1, sizeof *folder->names)) {
        free(copy);
        free(path);
        return csin_no_memory(diag);
    }
    folder->names[folder->n++] = copy; /* to be removed, come what may */
    folder->stream = fopen(path, "wxe");
    int error = errno;
    free(path);
    if (!folder->stream)
        return cannot_create(diag, folder->file, error);
    *ret_stream = folder->stream;
    return CSIN_OK;
}

enum csin_status csin_folder_end(struct csin_folder *folder, struct csin_diag *diag)
{
    int error = csin_flush(folder->stream, true);
    if (fclose(folder->stream) != 0 && error == 0)
        error = errno;
    folder->stream = NULL;
    return error == 0 ? CSIN_OK : cannot_write(diag, folder->file, error);
}

/* ---- putting it in its place ---- */

static enum csin_status write_marker(struct csin_folder *folder, struct csin_diag *diag)
{
    FILE *out;
    size_t n = folder->n;
    enum csin_status status = csin_folder_begin(folder, diag, CSIN_FOLDER_MARKER, &out);
    if (status != CSIN_OK)
        return status;
    fputs(marker_head, out);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s\n", folder->names[i]);
    return csin_folder_end(folder, diag);
}

/* Removes a folder that csin wrote, which now has another name. What cannot be removed stays. */
static void remove_old(const char *path)
{
    char *marker = read_marker(path);
    DIR *old = marker ? opendir(path) : NULL;
    const struct dirent *entry;
    while (old && (entry = readdir(old)))
        if (!is_dots(entry->d_name) && lists(marker, entry->d_name))
            unlinkat(dirfd(old), entry->d_name, 0);
    if (old)
        closedir(old);
    free(marker);
    rmdir(path);
}

/* Exchanges the two at once, so that there is always a whole one in its place; by three renames on
 * file systems that cannot. False and errno on failure. */
static bool exchange(const char *new, const char *target)
{
    char *aside;
    if (renameat2(AT_FDCWD, new, AT_FDCWD, target, RENAME_EXCHANGE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    if (asprintf(&aside, "%s-old", new) < 0) {
        errno = ENOMEM;
        return false;
    }
    bool done = rename(target, aside) == 0;
    if (done && rename(new, target) != 0) {
        int error = errno;
        rename(aside, target);
        errno = error;
        done = false;
    }
    if (done && rename(aside, new) != 0)
        errno = 0; /* the old one stays under that name: nothing is lost */
    free(aside);
    return done;
}

enum csin_status csin_folder_commit(struct csin_folder *folder, struct csin_diag *diag)
{
    enum csin_status status = write_marker(folder, diag);
    if (status == CSIN_OK && folder->replaces) {
        if (exchange(folder->temporary, folder->target))
            remove_old(folder->temporary);
        else
            status = cannot_write(diag, folder->path, errno);
    } else if (status == CSIN_OK && rename(folder->temporary, folder->target) != 0) {
        status = cannot_write(diag, folder->path, errno);
    }
    if (status == CSIN_OK) {
        csin_release_signals(&folder->signals);
        free(folder->temporary);
        folder->temporary = NULL;
    }
    csin_folder_abandon(folder);
    return status;
}

static void remove_temporary(const struct csin_folder *folder)
{
    int fd = open(folder->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < folder->n; i++)
        unlinkat(fd, folder->names[i], 0);
    if (fd >= 0)
        close(fd);
    rmdir(folder->temporary);
}

void csin_folder_abandon(struct csin_folder *folder)
{
    if (folder->stream)
        fclose(folder->stream);
    if (folder->temporary) {
        remove_temporary(folder);
        csin_release_signals(&folder->signals);
    }
    for (size_t i = 0; i < folder->n; i++)
        free(folder->names[i]);
    free(folder->names);
    free(folder->temporary);
    free(folder->target);
    *folder = (struct csin_folder){0};
}
