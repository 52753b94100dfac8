/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files: inputs are read whole and bounded, outputs appear whole or not at all. */
#ifndef CSIN_BASE_FILE_H
#define CSIN_BASE_FILE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/diag.h"

/* Bytes of one text input; more is an error. 32,768 hosts are 22 MB of ibnetdiscover. */
#define CSIN_FILE_MAX (64u << 20)

/* Reads a regular file (or a pipe) of at most CSIN_FILE_MAX bytes. *ret_text is malloc'ed, has a
 * NUL after its *ret_bytes bytes and belongs to the caller. Errors are reported at `from`, or at
 * the file as a whole where from.file is NULL. */
enum csin_status csin_file_read(struct csin_diag *diag, struct csin_loc from, const char *path,
                                char **ret_text, size_t *ret_bytes);

/* The same for files that may be much larger than memory should be spent on: hands on what is in
 * it piece by piece, as long as `take` gives true. More than max_bytes is an error. */
enum csin_status csin_file_stream(struct csin_diag *diag, struct csin_loc from, const char *path,
                                  uint64_t max_bytes,
                                  bool (*take)(void *arg, const char *piece, size_t bytes),
                                  void *arg);

/* An output. `path` NULL or "-" is standard output. A named file is written beside its place under
 * a temporary name and renamed by csin_output_commit, so readers never see half of it. SIGINT,
 * SIGTERM and SIGHUP wait until it is renamed or removed, so that they leave none behind. */
struct csin_output {
    FILE *stream;
    const char *path; /* NULL for standard output */
    char *target;     /* where the temporary file goes: path with symbolic links followed */
    char *temporary;  /* NULL where the output is written in place: a device, a pipe */
    sigset_t signals; /* blocked before, while there is a temporary file */
};

enum csin_status csin_output_open(struct csin_output *output, struct csin_diag *diag,
                                  const char *path);
/* Flushes, checks every write so far and renames. On failure reports why, removes the temporary
 * file and returns CSIN_E_FAILED; a broken pipe fails without a word (the reader went away on
 * purpose; the caller ignores SIGPIPE, and SIGXFSZ to hear of file size limits). Closes in any
 * case, but for standard output. */
enum csin_status csin_output_commit(struct csin_output *output, struct csin_diag *diag);
/* Throws a half-written output away. NULL-safe after a failed open or a commit. */
void csin_output_abandon(struct csin_output *output);

#endif
