/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>

#include "base/units.h"
#include "base/utf8.h"

/* filled, flat and is_array describe the open container at [depth - 1]. */

void csin_json_init(struct csin_json *json, FILE *out)
{
    *json = (struct csin_json){.out = out};
}

static bool is_flat(const struct csin_json *json)
{
    return json->depth > 0 && json->flat[json->depth - 1];
}

static void new_line(struct csin_json *json)
{
    fputc('\n', json->out);
    for (unsigned i = 0; i < json->depth; i++)
        fputs("  ", json->out);
}

static void write_text(FILE *out, const char *s)
{
    fputc('"', out);
    while (*s) {
        size_t length = csin_utf8_length(s);
        if (length == 0) {
            fputs("\xef\xbf\xbd", out); /* U+FFFD */
            s++;
        } else if (*s == '"' || *s == '\\') {
            fprintf(out, "\\%c", *s++);
        } else if ((unsigned char)*s < 0x20 || *s == 0x7f || *s == '<') {
            fprintf(out, "\\u%04x", (unsigned)*s++);
        } else {
            fwrite(s, 1, length, out);
            s += length;
        }
    }
    fputc('"', out);
}

/* What comes before every value: the comma after the one before it, the line, the key. */
static void begin_value(struct csin_json *json, const char *key)
{
    if (json->depth > 0) {
        bool *filled = &json->filled[json->depth - 1];
        assert(!key == json->is_array[json->depth - 1]);
        if (*filled)
            fputs(is_flat(json) ? ", " : ",", json->out);
        *filled = true;
        if (!is_flat(json))
            new_line(json);
    } else {
        assert(!key);
    }
    if (key) {
        write_text(json->out, key);
        fputs(": ", json->out);
    }
}

static void open_container(struct csin_json *json, const char *key, bool is_array, bool flat)
{
    begin_value(json, key);
    assert(json->depth < CSIN_JSON_DEPTH);
    json->filled[json->depth] = false;
    json->flat[json->depth] = flat || is_flat(json);
    json->is_array[json->depth] = is_array;
    json->depth++;
    fputc(is_array ? '[' : '{', json->out);
}

static void close_container(struct csin_json *json, bool is_array)
{
    assert(json->depth > 0 && json->is_array[json->depth - 1] == is_array);
    json->depth--;
    if (json->filled[json->depth] && !json->flat[json->depth])
        new_line(json);
    fputc(is_array ? ']' : '}', json->out);
}

void csin_json_object(struct csin_json *json, const char *key)
{
    open_container(json, key, false, false);
}

void csin_json_array(struct csin_json *json, const char *key)
{
    open_container(json, key, true, false);
}

void csin_json_flat_object(struct csin_json *json, const char *key)
{
    open_container(json, key, false, true);
}

void csin_json_flat_array(struct csin_json *json, const char *key)
{
    open_container(json, key, true, true);
}

void csin_json_end_object(struct csin_json *json)
{
    close_container(json, false);
}

void csin_json_end_array(struct csin_json *json)
{
    close_container(json, true);
}

void csin_json_string(struct csin_json *json, const char *key, const char *text)
{
    begin_value(json, key);
    if (text)
        write_text(json->out, text);
    else
        fputs("null", json->out);
}

void csin_json_real(struct csin_json *json, const char *key, double x)
{
    begin_value(json, key);
    fputs(csin_show_exact(x).s, json->out);
}

void csin_json_count(struct csin_json *json, const char *key, uint64_t n)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRIu64, n);
}

void csin_json_bool(struct csin_json *json, const char *key, bool yes)
{
    begin_value(json, key);
    fputs(yes ? "true" : "false", json->out);
}

void csin_json_finish(struct csin_json *json)
{
    assert(json->depth == 0);
    fputc('\n', json->out);
}
