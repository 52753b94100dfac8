/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What base/file.c and base/folder.c share; nobody else includes it. */
#ifndef CSIN_BASE_FILE_INSIDE_H
#define CSIN_BASE_FILE_INSIDE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/* What the system says of an error: in English whatever the locale, and lower case as all messages.
 */
struct csin_reason {
    char s[96];
};
struct csin_reason csin_reason_of(int error);

/* SIGINT, SIGTERM and SIGHUP wait from one to the other. Both keep errno. */
void csin_hold_signals(sigset_t *ret_before);
void csin_release_signals(const sigset_t *before);

/* The error of any write since the stream was opened, 0 for none. The stream remembers that a write
 * failed, not why. A full disk mostly says so again at the flush; where nothing was left to flush,
 * one byte more asks it, if the file is going to be thrown away. */
int csin_flush(FILE *stream, bool is_temporary);

#endif
