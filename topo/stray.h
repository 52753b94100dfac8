/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files that are given for a fabric by mistake, and that csin knows: one message says what to do
 * instead, where a reader of fabrics would complain of every line. */
#ifndef CSIN_TOPO_STRAY_H
#define CSIN_TOPO_STRAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum csin_stray {
    CSIN_NOT_STRAY,
    CSIN_STRAY_TABLES, /* an LFT dump */
    CSIN_STRAY_PORTS,  /* ibnetdiscover -p */
    CSIN_STRAY_JSON,   /* csin's own */
};

/* By the first lines; `text` has a NUL behind its bytes. */
enum csin_stray csin_stray_kind(const char *text);

/* CSIN_E_INPUT and its message (CSIN-636 to 638), CSIN_OK where the text is none of them. */
enum csin_status csin_stray_refuse(struct csin_diag *diag, const char *file, const char *text);

#endif
