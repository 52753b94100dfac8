/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a function that can fail returns. Status is for the program, diagnostics (base/diag.h) are
 * for the person. The values are the exit codes of the command line. */
#ifndef CSIN_BASE_STATUS_H
#define CSIN_BASE_STATUS_H

enum csin_status {
    CSIN_OK = 0,
    CSIN_E_FAILED = 1, /* could not: no memory, an engine crashed, a disk is full */
    CSIN_E_USAGE = 2,  /* the command line makes no sense */
    CSIN_E_INPUT = 3,  /* a file or a specification is wrong */
    CSIN_E_NO = 4,     /* it worked, and the answer is no */
};

/* The worse of two: the first failure wins, so that several sections can be read before stopping.
 */
static inline enum csin_status csin_first(enum csin_status a, enum csin_status b)
{
    return a != CSIN_OK ? a : b;
}

#endif
