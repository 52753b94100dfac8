/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A folder of outputs, all of them or none. It is written beside its place under a temporary name
 * and renamed when it is whole. A folder that is there already is replaced if it is empty, or if a
 * folder written so before is all that it holds: a hidden file in it lists its files. Anything else
 * is refused, as it may be somebody's work.
 *
 *     csin_folder_open(&folder, arena, diag, "deploy");
 *     csin_folder_begin(&folder, diag, "topology.conf", &out);
 *     fputs(..., out);
 *     csin_folder_end(&folder, diag);
 *     csin_folder_commit(&folder, diag); */
#ifndef CSIN_BASE_FOLDER_H
#define CSIN_BASE_FOLDER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/diag.h"

#define CSIN_FOLDER_MARKER ".csin-folder"

struct csin_folder {
    struct csin_arena *arena; /* of names in messages */
    const char *path;         /* as it was given, without a slash at its end */
    char *target;             /* path with symbolic links followed */
    char *temporary;          /* NULL before it is made and once it is renamed */
    bool replaces;            /* there is one with files in its place */
    sigset_t signals;         /* blocked before, while there is a temporary folder */
    FILE *stream;             /* of the file at hand */
    const char *file;         /* DIR/name of it, for messages */
    char **names;             /* [n] files written so far */
    size_t n, room;
};

/* SIGINT, SIGTERM and SIGHUP wait until commit or abandon, so that they leave nothing half-made.
 * CSIN_E_USAGE (CSIN-735) where a folder is in its place that must not be replaced. */
enum csin_status csin_folder_open(struct csin_folder *folder, struct csin_arena *arena,
                                  struct csin_diag *diag, const char *path);
/* Each file once; `name` has no slash. What goes wrong while it is written is told by
 * csin_folder_end. */
enum csin_status csin_folder_begin(struct csin_folder *folder, struct csin_diag *diag,
                                   const char *name, FILE **ret_stream);
enum csin_status csin_folder_end(struct csin_folder *folder, struct csin_diag *diag);
/* Puts the folder in its place, and removes the one that was there. On failure everything is as it
 * was before. */
enum csin_status csin_folder_commit(struct csin_folder *folder, struct csin_diag *diag);
/* Throws away what there is. NULL-safe after a failed open or a commit. */
void csin_folder_abandon(struct csin_folder *folder);

/* Makes the folder that others go into, where it is not there. */
enum csin_status csin_folder_make_parent(struct csin_diag *diag, const char *path);

#endif
