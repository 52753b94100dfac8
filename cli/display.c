/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Progress on a terminal, and where runs alone are kept. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/command.h"

/* True once a second has passed. */
static bool is_due(const struct csin_display *display)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - display->begun.tv_sec) +
               1e-9 * (double)(now.tv_nsec - display->begun.tv_nsec) >=
           1;
}

static void show_progress(void *arg, const char *what, uint64_t done, uint64_t total, double now_s)
{
    struct csin_display *display = arg;
    if (!is_due(display))
        return;
    fprintf(stderr, "\r\033[K%s: %s of %s operations, at %s", what, csin_show_count(done).s,
            csin_show_count(total).s, csin_show_time(now_s).s);
    fflush(stderr);
    display->shown = true;
}

void csin_display_what(void *arg, const char *what)
{
    struct csin_display *display = arg;
    if (!isatty(STDERR_FILENO) || !is_due(display))
        return;
    fprintf(stderr, "\r\033[K%s", what);
    fflush(stderr);
    display->shown = true;
}

static const char *cache_folder(struct csin_arena *arena)
{
    const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (base && base[0] == '/')
        return csin_arena_printf(arena, "%s/csin/alone", base);
    if (home && home[0] == '/')
        return csin_arena_printf(arena, "%s/.cache/csin/alone", home);
    return NULL;
}

struct csin_simulation csin_display_start(struct csin_display *display, struct csin_arena *arena,
                                          bool no_cache)
{
    display->shown = false;
    clock_gettime(CLOCK_MONOTONIC, &display->begun);
    return (struct csin_simulation){
        .cache_folder = no_cache ? NULL : cache_folder(arena),
        .progress = isatty(STDERR_FILENO) ? show_progress : NULL,
        .progress_arg = display,
    };
}

void csin_display_end(struct csin_display *display)
{
    if (display->shown)
        fputs("\r\033[K", stderr);
    display->shown = false;
}

enum csin_status csin_try_output(const char *path, struct csin_diag *diag)
{
    struct stat st;
    struct csin_output output;
    if (!path || strcmp(path, "-") == 0)
        return CSIN_OK;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return CSIN_OK;
    enum csin_status status = csin_output_open(&output, diag, path);
    csin_output_abandon(&output);
    return status;
}
