/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A JSON reader (RFC 8259, strict): the whole document as a tree in an arena, in which every value
 * remembers where it stood, so that whoever finds that it makes no sense can say so at its line and
 * column. (Debian's jansson keeps no places but those of mistakes of syntax.)
 *
 * Refused: keys that occur twice, text that is not UTF-8, NUL in texts, more than
 * CSIN_JSON_READ_DEPTH levels or CSIN_JSON_READ_VALUES values. So no file of at most CSIN_FILE_MAX
 * bytes takes more than about half a GiB or the time that goes with it. */
#ifndef CSIN_BASE_JSON_READ_H
#define CSIN_BASE_JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/json.h"

#define CSIN_JSON_READ_DEPTH 24u /* what is read can be written, some levels down */
#define CSIN_JSON_READ_VALUES (4u << 20)

enum csin_json_kind {
    CSIN_JSON_NULL,
    CSIN_JSON_BOOL,
    CSIN_JSON_NUMBER,
    CSIN_JSON_TEXT,
    CSIN_JSON_ARRAY,
    CSIN_JSON_OBJECT
};

struct csin_json_value {
    enum csin_json_kind kind;
    uint32_t line, col; /* of its first character */
    const char *key;    /* in an object, otherwise NULL */
    const char *text;   /* of a text */
    double x;           /* of a number; 1 and 0 of true and false */
    bool whole;         /* a number that was written as a whole one */
    uint32_t n;         /* values in an array or object */
    const struct csin_json_value *first, *next;
    const struct csin_json_value **sorted; /* [n] by key, in objects of many keys; otherwise NULL */
};

/* Parses `bytes` bytes of `text`, which has a NUL behind them. `file` names the input in messages
 * and must outlive `diag`. The tree belongs to `arena`. O(bytes log keys). */
enum csin_status csin_json_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                const char *text, size_t bytes,
                                const struct csin_json_value **ret_top);

/* The value of a key; NULL where there is none, or where `object` is NULL or no object. */
const struct csin_json_value *csin_json_get(const struct csin_json_value *object, const char *key);
/* The text of a key, NULL where it has none; its number, or `otherwise`. */
const char *csin_json_get_text(const struct csin_json_value *object, const char *key);
double csin_json_get_number(const struct csin_json_value *object, const char *key,
                            double otherwise);

/* Writes a value that was read, under `key` (NULL: none): with `lines` > 0 that many levels of
 * containers go over several lines. */
void csin_json_copy(struct csin_json *json, const char *key, const struct csin_json_value *value,
                    unsigned lines);

#endif
