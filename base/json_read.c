/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json_read.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { FEW_KEYS = 16 };

struct reader {
    struct csin_arena *arena;
    struct csin_diag *diag;
    const char *file;
    const char *at, *end;   /* *end is NUL */
    const char *line_start; /* columns count from here */
    uint32_t line, depth, n_values;
    locale_t c;
    enum csin_status status; /* the first failure: everything stops */
};

static struct csin_loc here(const struct reader *r)
{
    return (struct csin_loc){r->file, r->line, (uint32_t)(r->at - r->line_start) + 1};
}

static void fail(struct reader *r, enum csin_status status)
{
    r->status = csin_first(r->status, status);
}

static bool may_be_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* What stands there instead, for a message. */
static struct csin_brief found(const struct reader *r)
{
    size_t n = 1;
    if (r->at == r->end)
        return (struct csin_brief){"the end of the file"};
    while (r->at + n < r->end && may_be_word(r->at[n]) && may_be_word(r->at[0]))
        n++;
    struct csin_brief quoted, brief = csin_brief(r->at, n);
    snprintf(quoted.s, sizeof quoted.s, "'%.150s'", brief.s);
    return quoted;
}

static void expected(struct reader *r, const char *what)
{
    fail(r, csin_error(r->diag, CSIN_E_INPUT, 860, here(r), "%s is not JSON here; expected %s",
                       found(r).s, what));
}

static void skip_space(struct reader *r)
{
    for (; *r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n'; r->at++) {
        if (*r->at != '\n')
            continue;
        r->line++;
        r->line_start = r->at + 1;
    }
}

/* ---- texts ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four hex digits at `s`, which ends with a NUL; -1 where they are not there. */
static int32_t read_unit(const char *s)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(s[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    } else {
        *to++ = (char)(0xf0 | c >> 18);
        *to++ = (char)(0x80 | (c >> 12 & 0x3f));
        *to++ = (char)(0x80 | (c >> 6 & 0x3f));
        *to++ = (char)(0x80 | (c & 0x3f));
    }
    return to;
}

/* \uNNNN at r->at, or two of them that are one character; NULL where it is none. */
static char *read_unicode(struct reader *r, char *to)
{
    int32_t unit = read_unit(r->at + 2), low;
    const char *bad = NULL;
    if (unit < 0)
        bad = "'\\u' takes four hexadecimal digits";
    else if (unit == 0)
        bad = "a text cannot hold the character NUL";
    else if (unit >= 0xdc00 && unit < 0xe000)
        bad = "the second half of a pair stands alone";
    size_t used = 6;
    if (!bad && unit >= 0xd800 && unit < 0xdc00) {
        low = r->at[6] == '\\' && r->at[7] == 'u' ? read_unit(r->at + 8) : -1;
        if (low < 0xdc00 || low >= 0xe000)
            bad = "the first half of a pair stands alone";
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        used = 12;
    }
    if (bad) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 861, here(r), "%s", bad));
        return NULL;
    }
    r->at += used;
    return put_utf8(to, (uint32_t)unit);
}

static char *read_escape(struct reader *r, char *to)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at = r->at[1] ? strchr(names, r->at[1]) : NULL;
    if (r->at[1] == 'u')
        return read_unicode(r, to);
    if (!at) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 861, here(r), "'%s' is no escape of JSON",
                           csin_brief(r->at, r->at + 1 < r->end ? 2 : 1).s));
        return NULL;
    }
    r->at += 2;
    *to++ = meant[at - names];
    return to;
}

static char *read_character(struct reader *r, char *to)
{
    if (*r->at == '\\')
        return read_escape(r, to);
    size_t n = csin_utf8_length(r->at);
    if (n == 0 || (unsigned char)*r->at < 0x20) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 861, here(r),
                           r->at == r->end  ? "the text ends with the file"
                           : *r->at == '\n' ? "the text ends with the line"
                           : n              ? "a control character stands in a text"
                                            : "this is not UTF-8"));
        return NULL;
    }
    memcpy(to, r->at, n);
    r->at += n;
    return to + n;
}

/* The text whose opening quote is at r->at; NULL where it is wrong. Only ever shrinks. */
static const char *read_text(struct reader *r)
{
    const char *close = r->at + 1;
    while (close < r->end && *close != '"')
        close += *close == '\\' && close + 1 < r->end ? 2 : 1;
    char *text = csin_arena_alloc(r->arena, (size_t)(close - r->at) + 1, 1), *to = text;
    if (!text) {
        fail(r, csin_no_memory(r->diag));
        return NULL;
    }
    r->at++;
    while (*r->at != '"') {
        to = read_character(r, to);
        if (!to)
            return NULL;
    }
    r->at++;
    *to = '\0';
    return text;
}

/* ---- numbers and words ---- */

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

static void read_number(struct reader *r, struct csin_json_value *value)
{
    const char *s = r->at + (*r->at == '-'), *begin = s;
    value->whole = true;
    s = *s == '0' ? s + 1 : skip_digits(s);
    bool good = s > begin;
    if (good && *s == '.') {
        const char *digits = ++s;
        s = skip_digits(s);
        value->whole = false;
        good = s > digits;
    }
    if (good && (*s == 'e' || *s == 'E')) {
        s += s[1] == '+' || s[1] == '-' ? 2 : 1;
        const char *digits = s;
        s = skip_digits(s);
        value->whole = false;
        good = s > digits;
    }
    if (!good || may_be_word(*s) || *s == '.') {
        expected(r, "a number such as 12, -0.5 or 1e-9");
        return;
    }
    value->kind = CSIN_JSON_NUMBER;
    value->x = strtod_l(r->at, NULL, r->c);
    if (!isfinite(value->x))
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 861, here(r), "'%s' is too large",
                           csin_brief(r->at, (size_t)(s - r->at)).s));
    r->at = s;
}

static void read_word(struct reader *r, struct csin_json_value *value)
{
    static const struct {
        const char *word;
        enum csin_json_kind kind;
        double x;
    } words[] = {
        {"true", CSIN_JSON_BOOL, 1}, {"false", CSIN_JSON_BOOL, 0}, {"null", CSIN_JSON_NULL, 0}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        if (strncmp(r->at, words[i].word, n) != 0 || may_be_word(r->at[n]))
            continue;
        value->kind = words[i].kind;
        value->x = words[i].x;
        r->at += n;
        return;
    }
    expected(r, "a value");
}

/* ---- containers ---- */

static struct csin_json_value *read_value(struct reader *r);

static int by_key(const void *a, const void *b)
{
    const struct csin_json_value *const *one = a, *const *other = b;
    return strcmp((*one)->key, (*other)->key);
}

static void key_twice(struct reader *r, const struct csin_json_value *a,
                      const struct csin_json_value *b)
{
    bool swapped = a->line > b->line || (a->line == b->line && a->col > b->col);
    const struct csin_json_value *first = swapped ? b : a, *second = swapped ? a : b;
    fail(r, csin_error(r->diag, CSIN_E_INPUT, 862,
                       (struct csin_loc){r->file, second->line, second->col},
                       "key '%s' is there twice", csin_brief(second->key, SIZE_MAX).s));
    csin_note(r->diag, (struct csin_loc){r->file, first->line, first->col},
              "its first value is here");
}

/* Sorts the keys of an object, to find those that are there twice and, where there are many, each.
 */
static void index_keys(struct reader *r, struct csin_json_value *object)
{
    const struct csin_json_value *few[FEW_KEYS], **keys = few, *value = object->first;
    if (object->n > FEW_KEYS)
        keys = object->sorted = csin_arena_alloc(r->arena, object->n, sizeof *keys);
    if (!keys) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    for (uint32_t i = 0; i < object->n; i++, value = value->next)
        keys[i] = value;
    qsort(keys, object->n, sizeof *keys, by_key);
    for (uint32_t i = 1; i < object->n && r->status == CSIN_OK; i++)
        if (strcmp(keys[i - 1]->key, keys[i]->key) == 0)
            key_twice(r, keys[i - 1], keys[i]);
}

static const char *read_key(struct reader *r)
{
    if (*r->at != '"') {
        expected(r, "a key in quotes");
        return NULL;
    }
    const char *key = read_text(r);
    if (!key)
        return NULL;
    skip_space(r);
    if (*r->at != ':') {
        expected(r, "':' behind a key");
        return NULL;
    }
    r->at++;
    skip_space(r);
    return key;
}

static void read_container(struct reader *r, struct csin_json_value *container)
{
    bool object = *r->at == '{';
    char close = object ? '}' : ']';
    const struct csin_json_value **to = &container->first;
    container->kind = object ? CSIN_JSON_OBJECT : CSIN_JSON_ARRAY;
    if (++r->depth > CSIN_JSON_READ_DEPTH) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 863, here(r), "more than %u levels",
                           CSIN_JSON_READ_DEPTH));
        return;
    }
    r->at++;
    skip_space(r);
    bool more = *r->at != close;
    while (more) {
        const char *key = object ? read_key(r) : NULL;
        struct csin_json_value *value = r->status == CSIN_OK ? read_value(r) : NULL;
        if (!value)
            return;
        value->key = key;
        *to = value;
        to = (const struct csin_json_value **)&value->next;
        container->n++;
        skip_space(r);
        more = *r->at == ',';
        if (more) {
            r->at++;
            skip_space(r);
        }
    }
    if (*r->at != close) {
        expected(r, object ? "',' or '}'" : "',' or ']'");
        return;
    }
    r->at++;
    r->depth--;
    if (object)
        index_keys(r, container);
}

/* NULL where it is wrong. */
static struct csin_json_value *read_value(struct reader *r)
{
    if (++r->n_values > CSIN_JSON_READ_VALUES) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 863, here(r), "more than %u values",
                           CSIN_JSON_READ_VALUES));
        return NULL;
    }
    struct csin_json_value *value = csin_arena_alloc(r->arena, 1, sizeof *value);
    if (!value) {
        fail(r, csin_no_memory(r->diag));
        return NULL;
    }
    value->line = r->line;
    value->col = here(r).col;
    if (*r->at == '"') {
        value->kind = CSIN_JSON_TEXT;
        value->text = read_text(r);
    } else if (*r->at == '{' || *r->at == '[') {
        read_container(r, value);
    } else if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9')) {
        read_number(r, value);
    } else {
        read_word(r, value);
    }
    return r->status == CSIN_OK ? value : NULL;
}

enum csin_status csin_json_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                const char *text, size_t bytes,
                                const struct csin_json_value **ret_top)
{
    struct reader r = {.arena = arena,
                       .diag = diag,
                       .file = file,
                       .at = text,
                       .end = text + bytes,
                       .line_start = text,
                       .line = 1,
                       .c = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    assert(text[bytes] == '\0');
    if (!r.c)
        return csin_no_memory(diag);
    skip_space(&r);
    const struct csin_json_value *top = read_value(&r);
    if (top) {
        skip_space(&r);
        if (r.at < r.end)
            expected(&r, "the end of the file");
    }
    freelocale(r.c);
    if (r.status == CSIN_OK)
        *ret_top = top;
    return r.status;
}

/* ---- what was read ---- */

const struct csin_json_value *csin_json_get(const struct csin_json_value *object, const char *key)
{
    if (!object || object->kind != CSIN_JSON_OBJECT)
        return NULL;
    if (object->sorted) {
        const struct csin_json_value wanted = {.key = key}, *at = &wanted, **found_at;
        found_at = bsearch(&at, object->sorted, object->n, sizeof *object->sorted, by_key);
        return found_at ? *found_at : NULL;
    }
    for (const struct csin_json_value *value = object->first; value; value = value->next)
        if (strcmp(value->key, key) == 0)
            return value;
    return NULL;
}

const char *csin_json_get_text(const struct csin_json_value *object, const char *key)
{
    const struct csin_json_value *value = csin_json_get(object, key);
    return value ? value->text : NULL;
}

double csin_json_get_number(const struct csin_json_value *object, const char *key, double otherwise)
{
    const struct csin_json_value *value = csin_json_get(object, key);
    return value && value->kind == CSIN_JSON_NUMBER ? value->x : otherwise;
}

static void copy_container(struct csin_json *json, const char *key,
                           const struct csin_json_value *value, unsigned lines)
{
    bool object = value->kind == CSIN_JSON_OBJECT;
    void (*const open[2][2])(struct csin_json *, const char *) = {
        {csin_json_flat_array, csin_json_array}, {csin_json_flat_object, csin_json_object}};
    open[object][lines > 0 && value->n > 0](json, key);
    for (const struct csin_json_value *v = value->first; v; v = v->next)
        csin_json_copy(json, v->key, v, lines ? lines - 1 : 0);
    (object ? csin_json_end_object : csin_json_end_array)(json);
}

void csin_json_copy(struct csin_json *json, const char *key, const struct csin_json_value *value,
                    unsigned lines)
{
    switch (value->kind) {
    case CSIN_JSON_NULL:
        csin_json_string(json, key, NULL);
        break;
    case CSIN_JSON_BOOL:
        csin_json_bool(json, key, value->x > 0);
        break;
    case CSIN_JSON_NUMBER:
        csin_json_real(json, key, value->x);
        break;
    case CSIN_JSON_TEXT:
        csin_json_string(json, key, value->text);
        break;
    case CSIN_JSON_ARRAY:
    case CSIN_JSON_OBJECT:
        copy_container(json, key, value, lines);
    }
}
