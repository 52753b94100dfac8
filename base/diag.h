/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Diagnostics: what csin tells a person about their input.
 *
 *     fabric.yaml:6:14: error: '200' is not a bandwidth [CSIN-112]
 *     fabric.yaml:6:14: note: write a unit, such as 400Gb/s or 50GB/s
 *
 * A sink collects them; only the command line prints. Codes are permanent and listed in
 * docs/messages.md (a test compares the two). Messages are lower case without a full stop, fault
 * first, the offender in quotes, the remedy as a note. */
#ifndef CSIN_BASE_DIAG_H
#define CSIN_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/status.h"

/* A place in an input. line and col count from 1; line 0 means the input as a whole; file NULL
 * means no input at all (a failure of the machine). The file name is borrowed and must outlive the
 * sink. */
struct csin_loc {
    const char *file;
    uint32_t line, col;
};

struct csin_diag;

/* NULL when there is no memory. */
struct csin_diag *csin_diag_create(void);
void csin_diag_destroy(struct csin_diag *diag);

/* Records an error and returns `status`, so that a failure is reported and returned in one
 * expression. diag NULL drops the message. Keeps the first 100 messages of a run and counts the
 * rest. The same message at the same place is kept once. */
enum csin_status csin_error(struct csin_diag *diag, enum csin_status status, unsigned code,
                            struct csin_loc loc, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void csin_warning(struct csin_diag *diag, unsigned code, struct csin_loc loc, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
/* A remedy or the other place of a conflict; belongs to the message before it. */
void csin_note(struct csin_diag *diag, struct csin_loc loc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Out of memory: records it without allocating and returns CSIN_E_FAILED. */
enum csin_status csin_no_memory(struct csin_diag *diag);

/* Whether an error or a warning of this code is among the messages kept. */
bool csin_diag_has(const struct csin_diag *diag, unsigned wanted);
unsigned csin_diag_errors(const struct csin_diag *diag);
unsigned csin_diag_warnings(const struct csin_diag *diag);
/* Writes every message, one a line, in the order in which they came. */
void csin_diag_print(const struct csin_diag *diag, FILE *out);

/* An offender made short enough for a message, for one expression: csin_brief(text, SIZE_MAX).s. At
 * most 40 characters of the first `length` bytes of `text` or up to its NUL, then '...'. Bytes
 * that would upset a terminal need no care: the sink writes control characters and what is not
 * UTF-8 as \xNN. */
struct csin_brief {
    char s[164];
};
struct csin_brief csin_brief(const char *text, size_t length);

/* The candidate nearest to `word` by edit distance (Damerau-Levenshtein, optimal string alignment),
 * or NULL where none is near enough to be a typing mistake (a third of the word's length). Upper
 * and lower case are alike, - and _ too. */
const char *csin_nearest(const char *word, const char *const *candidates, size_t n);

#endif
