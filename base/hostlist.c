/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hostlist.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/units.h"

enum { DIGITS_MAX = 18, DUPLICATES_TOLD = 3 };

/* lo..hi, written with at least `width` digits. */
struct range {
    uint64_t lo, hi;
    int width;
};

/* A part of an item: literal text, or the choice between the numbers of a bracket. */
struct piece {
    const char *text; /* NULL for a bracket */
    uint32_t length;  /* of the text */
    uint32_t first_range, n_ranges;
};

/* One item of the list while it is expanded: gpu[001-600,610]. Every piece adds at least one byte
 * to a name, so a name that is short enough has few of them. */
struct item {
    struct piece pieces[CSIN_NAME_MAX];
    uint32_t n_pieces;
    uint64_t n_names; /* the product over its brackets */
    size_t start;     /* where it begins in the text */
};

struct expansion {
    struct csin_diag *diag;
    struct csin_loc loc; /* of text[0] */
    const char *text;
    size_t at;
    struct range *ranges; /* of the item at hand */
    size_t n_ranges, ranges_room;
    const char **names;
    uint32_t *starts; /* the place of each name's item, for messages */
    size_t n_names, names_room, starts_room;
    struct csin_arena *arena;
};

static struct csin_loc place(const struct expansion *e, size_t at)
{
    struct csin_loc loc = e->loc;
    if (loc.line > 0)
        loc.col += (uint32_t)at;
    return loc;
}

static enum csin_status wrong(const struct expansion *e, unsigned code, size_t at,
                              const char *fault, const char *remedy)
{
    csin_error(e->diag, CSIN_E_INPUT, code, place(e, at), "%s", fault);
    csin_note(e->diag, place(e, at), "%s", remedy);
    return CSIN_E_INPUT;
}

static enum csin_status wrong_character(const struct expansion *e, size_t at)
{
    size_t length = 1;
    while ((e->text[at + length] & 0xc0) == 0x80)
        length++; /* the rest of a character that is not ASCII */
    csin_error(e->diag, CSIN_E_INPUT, 122, place(e, at), "'%s' cannot stand in a name",
               csin_brief(e->text + at, length).s);
    csin_note(e->diag, place(e, at), "names have letters, digits, '.', '_' and '-'");
    return CSIN_E_INPUT;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static enum csin_status read_number(struct expansion *e, uint64_t *ret, int *ret_width)
{
    size_t start = e->at;
    uint64_t n = 0;
    while (is_digit(e->text[e->at]) && e->at - start < DIGITS_MAX)
        n = n * 10 + (uint64_t)(e->text[e->at++] - '0');
    if (e->at == start)
        return wrong(e, 123, start, "a number is missing in the brackets",
                     "write numbers and ranges, such as gpu[001-600,610]");
    if (is_digit(e->text[e->at]))
        return wrong(e, 123, start, "a number has more than 18 digits",
                     "only the digits that change need brackets");
    *ret = n;
    *ret_width = (int)(e->at - start);
    return CSIN_OK;
}

static enum csin_status read_range(struct expansion *e, struct range *range)
{
    size_t start = e->at;
    int width;
    enum csin_status status = read_number(e, &range->lo, &range->width);
    if (status != CSIN_OK)
        return status;
    range->hi = range->lo;
    if (e->text[e->at] != '-')
        return CSIN_OK;
    e->at++;
    status = read_number(e, &range->hi, &width);
    if (status != CSIN_OK || range->hi >= range->lo)
        return status;
    csin_error(e->diag, CSIN_E_INPUT, 124, place(e, start), "the range '%s' runs backwards",
               csin_brief(e->text + start, e->at - start).s);
    csin_note(e->diag, place(e, start), "write the smaller number first");
    return CSIN_E_INPUT;
}

static enum csin_status too_many(const struct expansion *e, size_t at)
{
    csin_error(e->diag, CSIN_E_INPUT, 125, place(e, at), "the list has more than %s names",
               csin_show_count(CSIN_HOSTLIST_MAX).s);
    csin_note(e->diag, place(e, at), "check the width of the ranges");
    return CSIN_E_INPUT;
}

static void skip_blanks(struct expansion *e)
{
    while (e->text[e->at] == ' ' || e->text[e->at] == '\t' || e->text[e->at] == '\n')
        e->at++;
}

static bool eat(struct expansion *e, char c)
{
    if (e->text[e->at] != c)
        return false;
    e->at++;
    return true;
}

/* The size of a range, no more than one above the limit, so that sums stay small. */
static uint64_t range_size(const struct range *range)
{
    uint64_t steps = range->hi - range->lo;
    return steps < CSIN_HOSTLIST_MAX ? steps + 1 : CSIN_HOSTLIST_MAX + 1u;
}

/* Reads what stands between the brackets; e->at is at the opening one, and ends behind the closing
 * one. */
static enum csin_status read_bracket(struct expansion *e, struct item *item, struct piece *piece)
{
    size_t start = e->at++;
    uint64_t n = 0;
    *piece = (struct piece){.first_range = (uint32_t)e->n_ranges};
    do {
        struct range range;
        enum csin_status status;
        skip_blanks(e);
        if (!e->text[e->at])
            break;
        status = read_range(e, &range);
        if (status != CSIN_OK)
            return status;
        if (!csin_grow(&e->ranges, &e->ranges_room, e->n_ranges + 1, sizeof *e->ranges))
            return csin_no_memory(e->diag);
        e->ranges[e->n_ranges++] = range;
        piece->n_ranges++;
        n += range_size(&range);
        if (n * item->n_names > CSIN_HOSTLIST_MAX)
            return too_many(e, item->start);
        skip_blanks(e);
    } while (eat(e, ','));
    if (!e->text[e->at])
        return wrong(e, 121, start, "'[' is not closed", "write ']' after the last number");
    if (e->text[e->at] != ']')
        return wrong(e, 123, e->at, "only numbers, '-' and ',' can stand in brackets",
                     "write numbers and ranges, such as gpu[001-600,610]");
    e->at++;
    item->n_names *= n;
    return CSIN_OK;
}

static void read_literal(struct expansion *e, struct piece *piece)
{
    size_t start = e->at;
    while (csin_name_may_have(e->text[e->at]))
        e->at++;
    *piece = (struct piece){.text = e->text + start, .length = (uint32_t)(e->at - start)};
}

static enum csin_status too_long(const struct expansion *e, const struct item *item)
{
    csin_error(e->diag, CSIN_E_INPUT, 127, place(e, item->start),
               "'%s' is longer than %u characters", csin_brief(e->text + item->start, SIZE_MAX).s,
               CSIN_NAME_MAX);
    return CSIN_E_INPUT;
}

/* Says what is wrong with what stands behind an item, if anything is. */
static enum csin_status check_end(struct expansion *e, const struct item *item)
{
    size_t end = e->at;
    skip_blanks(e);
    char c = e->text[e->at];
    if (c == ']')
        return wrong(e, 121, e->at, "']' without '['", "write ranges as gpu[001-600,610]");
    if (item->n_pieces == 0 && (!c || c == ','))
        return wrong(e, 120, e->at, "a name is missing", "write names with a comma between two");
    if (!c || c == ',')
        return CSIN_OK;
    if (e->at > end && (c == '[' || csin_name_may_have(c)))
        return wrong(e, 128, e->at, "a comma is missing here",
                     "write names with a comma between two");
    return wrong_character(e, e->at);
}

/* Reads one item up to the comma or the end behind it. */
static enum csin_status read_item(struct expansion *e, struct item *item)
{
    item->n_pieces = 0;
    item->n_names = 1;
    item->start = e->at;
    e->n_ranges = 0;
    while (e->text[e->at] == '[' || csin_name_may_have(e->text[e->at])) {
        struct piece *piece = &item->pieces[item->n_pieces];
        enum csin_status status = CSIN_OK;
        if (item->n_pieces == CSIN_NAME_MAX)
            return too_long(e, item);
        if (e->text[e->at] == '[')
            status = read_bracket(e, item, piece);
        else
            read_literal(e, piece);
        if (status != CSIN_OK)
            return status;
        item->n_pieces++;
    }
    return check_end(e, item);
}

/* Counts through the numbers of an item's brackets like an odometer, the last one fastest. */
struct odometer {
    uint32_t range[CSIN_NAME_MAX]; /* of each piece that is a bracket */
    uint64_t number[CSIN_NAME_MAX];
};

static void reset(const struct expansion *e, const struct item *item, struct odometer *o,
                  uint32_t p)
{
    o->range[p] = item->pieces[p].first_range;
    o->number[p] = e->ranges[o->range[p]].lo;
}

static void advance(const struct expansion *e, const struct item *item, struct odometer *o)
{
    for (uint32_t p = item->n_pieces; p-- > 0;) {
        const struct piece *piece = &item->pieces[p];
        if (piece->text)
            continue;
        if (o->number[p] < e->ranges[o->range[p]].hi) {
            o->number[p]++;
            return;
        }
        if (o->range[p] + 1 < piece->first_range + piece->n_ranges) {
            o->range[p]++;
            o->number[p] = e->ranges[o->range[p]].lo;
            return;
        }
        reset(e, item, o, p);
    }
}

/* Writes the name the odometer shows; false where it is too long. */
static bool spell(const struct expansion *e, const struct item *item, const struct odometer *o,
                  char name[static CSIN_NAME_MAX + 1])
{
    size_t n = 0;
    for (uint32_t p = 0; p < item->n_pieces; p++) {
        const struct piece *piece = &item->pieces[p];
        char digits[DIGITS_MAX + 8];
        const char *text = piece->text;
        size_t length = piece->length;
        if (!text) {
            length = (size_t)snprintf(digits, sizeof digits, "%0*" PRIu64,
                                      e->ranges[o->range[p]].width, o->number[p]);
            text = digits;
        }
        if (length > CSIN_NAME_MAX - n)
            return false;
        memcpy(name + n, text, length);
        n += length;
    }
    name[n] = '\0';
    return true;
}

static enum csin_status add_item(struct expansion *e, const struct item *item)
{
    struct odometer o;
    char name[CSIN_NAME_MAX + 1];
    size_t total = e->n_names + item->n_names;
    if (total > CSIN_HOSTLIST_MAX)
        return too_many(e, item->start);
    if (!csin_grow(&e->names, &e->names_room, total, sizeof *e->names) ||
        !csin_grow(&e->starts, &e->starts_room, total, sizeof *e->starts))
        return csin_no_memory(e->diag);
    for (uint32_t p = 0; p < item->n_pieces; p++)
        if (!item->pieces[p].text)
            reset(e, item, &o, p);
    for (; e->n_names < total; advance(e, item, &o)) {
        char *copy;
        if (!spell(e, item, &o, name))
            return too_long(e, item);
        copy = csin_arena_strndup(e->arena, name, CSIN_NAME_MAX);
        if (!copy)
            return csin_no_memory(e->diag);
        e->starts[e->n_names] = (uint32_t)item->start;
        e->names[e->n_names++] = copy;
    }
    return CSIN_OK;
}

static enum csin_status read_list(struct expansion *e)
{
    struct item item;
    for (;;) {
        enum csin_status status;
        skip_blanks(e);
        status = read_item(e, &item);
        if (status == CSIN_OK)
            status = add_item(e, &item);
        if (status != CSIN_OK || !e->text[e->at])
            return status;
        e->at++;
    }
}

/* Reports the first few names that occur twice. */
static enum csin_status check_duplicates(const struct expansion *e)
{
    struct csin_arena *scratch = csin_arena_create();
    struct csin_names known;
    unsigned told = 0;
    if (!scratch || !csin_names_init(&known, scratch, (uint32_t)e->n_names)) {
        csin_arena_destroy(scratch);
        return csin_no_memory(e->diag);
    }
    for (uint32_t i = 0, old; i < e->n_names && told < DUPLICATES_TOLD; i++) {
        if (csin_names_add(&known, e->names[i], i, &old))
            continue;
        csin_error(e->diag, CSIN_E_INPUT, 126, place(e, e->starts[i]), "'%s' occurs twice",
                   e->names[i]);
        if (e->starts[old] != e->starts[i])
            csin_note(e->diag, place(e, e->starts[old]), "first here");
        told++;
    }
    csin_arena_destroy(scratch);
    return told > 0 ? CSIN_E_INPUT : CSIN_OK;
}

enum csin_status csin_hostlist_expand(struct csin_arena *arena, struct csin_diag *diag,
                                      struct csin_loc loc, const char *text,
                                      const char *const **ret_names, uint32_t *ret_n)
{
    struct expansion e = {.diag = diag, .loc = loc, .text = text, .arena = arena};
    const char **names = NULL;
    enum csin_status status = read_list(&e);
    if (status == CSIN_OK)
        status = check_duplicates(&e);
    if (status == CSIN_OK) {
        names = csin_arena_alloc(arena, e.n_names, sizeof *names);
        if (!names)
            status = csin_no_memory(diag);
    }
    if (status == CSIN_OK) {
        memcpy(names, e.names, e.n_names * sizeof *names);
        *ret_names = names;
        *ret_n = (uint32_t)e.n_names;
    }
    free(e.names);
    free(e.starts);
    free(e.ranges);
    return status;
}

bool csin_names_differ_in_number(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (is_digit(*a))
            a++;
        while (is_digit(*b))
            b++;
        if (*a != *b || !*a)
            return *a == *b;
    }
}

/* A name taken apart at its last number: prefix, digits, suffix. */
struct split {
    const char *name, *digits, *suffix;
    int width; /* of the digits; 0 where there is no number that brackets can hold */
    uint64_t number;
};

static struct split split(const char *name)
{
    struct split s = {.name = name};
    const char *end = name + strlen(name);
    while (end > name && !is_digit(end[-1]))
        end--;
    s.suffix = s.digits = end;
    while (s.digits > name && is_digit(s.digits[-1]))
        s.digits--;
    if (end == s.digits || end - s.digits > DIGITS_MAX)
        return s;
    s.width = (int)(end - s.digits);
    for (const char *d = s.digits; d < end; d++)
        s.number = s.number * 10 + (uint64_t)(*d - '0');
    return s;
}

/* True where the two differ in their number at most, and so share a bracket. */
static bool share_bracket(const struct split *a, const struct split *b)
{
    size_t prefix = (size_t)(a->digits - a->name);
    return a->width > 0 && b->width > 0 && prefix == (size_t)(b->digits - b->name) &&
           memcmp(a->name, b->name, prefix) == 0 && strcmp(a->suffix, b->suffix) == 0;
}

/* True where a range that starts as `first` does goes on from `last` to `next`, padding included.
 */
static bool is_next(const struct split *first, const struct split *last, const struct split *next)
{
    char digits[DIGITS_MAX + 8];
    int length = snprintf(digits, sizeof digits, "%0*" PRIu64, first->width, last->number + 1);
    return length == next->width && memcmp(digits, next->digits, (size_t)length) == 0;
}

/* Writes names[0] and those that share its bracket; returns how many they were. */
static uint32_t fold_bracket(FILE *out, const char *const *names, uint32_t n)
{
    struct split first = split(names[0]), last = first, next = first;
    uint32_t i = 1;
    if (n == 1 || (next = split(names[1]), !share_bracket(&first, &next))) {
        fputs(names[0], out);
        return 1;
    }
    fprintf(out, "%.*s[%.*s", (int)(first.digits - first.name), first.name, first.width,
            first.digits);
    for (;; i++) {
        if (i < n)
            next = split(names[i]);
        if (i < n && share_bracket(&first, &next) && is_next(&first, &last, &next)) {
            last = next;
            continue;
        }
        if (last.name != first.name)
            fprintf(out, "-%.*s", last.width, last.digits);
        if (i == n || !share_bracket(&first, &next))
            break;
        fprintf(out, ",%.*s", next.width, next.digits);
        first = last = next;
    }
    fprintf(out, "]%s", first.suffix);
    return i;
}

const char *csin_hostlist_fold(struct csin_arena *arena, const char *const *names, uint32_t n)
{
    char *text = NULL, *list = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    for (uint32_t i = 0; i < n;) {
        if (i > 0)
            fputc(',', out);
        i += fold_bracket(out, names + i, n - i);
    }
    if (fclose(out) == 0)
        list = csin_arena_strndup(arena, text, bytes);
    free(text);
    return list;
}
