/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A JSON writer that streams: nothing is kept but the depth, so a result of any size needs no
 * memory. (Debian's JSON libraries build the whole tree first.) Keys come out in the order written,
 * numbers as the shortest decimal that reads back the same, so equal inputs give equal bytes.
 * Containers opened with `flat` stay on one line, with all that is in them. Text that is not UTF-8
 * is mended with U+FFFD, and
 * '<' is written \u003c, so that a document can stand inside an HTML script as it is. Write errors
 * stick to the FILE, where the caller checks them once. */
#ifndef CSIN_BASE_JSON_H
#define CSIN_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CSIN_JSON_DEPTH 32

struct csin_json {
    FILE *out;
    unsigned depth;
    bool filled[CSIN_JSON_DEPTH], flat[CSIN_JSON_DEPTH], is_array[CSIN_JSON_DEPTH];
};

void csin_json_init(struct csin_json *json, FILE *out);
/* `key` is NULL inside an array and at the top. */
void csin_json_object(struct csin_json *json, const char *key);
void csin_json_array(struct csin_json *json, const char *key);
void csin_json_flat_object(struct csin_json *json, const char *key);
void csin_json_flat_array(struct csin_json *json, const char *key);
void csin_json_end_object(struct csin_json *json);
void csin_json_end_array(struct csin_json *json);
void csin_json_string(struct csin_json *json, const char *key, const char *text); /* NULL -> null */
void csin_json_real(struct csin_json *json, const char *key, double x); /* not finite -> null */
void csin_json_count(struct csin_json *json, const char *key, uint64_t n);
void csin_json_bool(struct csin_json *json, const char *key, bool yes);
/* Ends the document with a line feed; asserts that everything opened was closed. */
void csin_json_finish(struct csin_json *json);

#endif
