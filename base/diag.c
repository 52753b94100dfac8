/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"

enum { MESSAGES_KEPT = 100, NOTES_KEPT = 20, BRIEF_CHARACTERS = 40, WORD_MAX = 63 };

enum severity { ERROR, WARNING, NOTE };
static const char *const severity_names[] = {"error", "warning", "note"};

struct message {
    enum severity severity;
    unsigned code;
    struct csin_loc loc;
    char *text;
};

struct csin_diag {
    struct message *messages; /* [n], each followed by its notes */
    size_t n, room;
    unsigned n_kept;  /* of the messages that are no notes */
    unsigned n_notes; /* of the last message */
    unsigned n_errors, n_warnings, n_more;
    bool skip_notes; /* the last message was dropped, and its notes go with it */
    bool no_memory;  /* csin_no_memory was called */
    bool lost;       /* a message could not be stored */
};

struct csin_diag *csin_diag_create(void)
{
    return calloc(1, sizeof(struct csin_diag));
}

void csin_diag_destroy(struct csin_diag *diag)
{
    if (!diag)
        return;
    for (size_t i = 0; i < diag->n; i++)
        free(diag->messages[i].text);
    free(diag->messages);
    free(diag);
}

static bool same_place(struct csin_loc a, struct csin_loc b)
{
    if (a.line != b.line || a.col != b.col || !a.file != !b.file)
        return false;
    return !a.file || strcmp(a.file, b.file) == 0;
}

static bool is_known(const struct csin_diag *diag, const struct message *message)
{
    for (size_t i = 0; i < diag->n; i++) {
        const struct message *m = &diag->messages[i];
        if (m->severity == message->severity && same_place(m->loc, message->loc) &&
            strcmp(m->text, message->text) == 0)
            return true;
    }
    return false;
}

/* Takes over message->text. */
static void store(struct csin_diag *diag, const struct message *message)
{
    if (csin_grow(&diag->messages, &diag->room, diag->n + 1, sizeof *diag->messages)) {
        diag->messages[diag->n++] = *message;
        return;
    }
    diag->lost = true;
    diag->skip_notes = true;
    free(message->text);
}

static void count(struct csin_diag *diag, enum severity severity)
{
    if (severity == ERROR)
        diag->n_errors++;
    else
        diag->n_warnings++;
}

static void report(struct csin_diag *diag, enum severity severity, unsigned code,
                   struct csin_loc loc, const char *format, va_list args)
{
    struct message message = {severity, code, loc, NULL};
    if (!diag)
        return;
    diag->skip_notes = true;
    if (vasprintf(&message.text, format, args) < 0) {
        diag->lost = true;
        count(diag, severity);
        return;
    }
    if (is_known(diag, &message)) {
        free(message.text);
        return;
    }
    count(diag, severity);
    if (diag->n_kept == MESSAGES_KEPT) {
        diag->n_more++;
        free(message.text);
        return;
    }
    diag->skip_notes = false;
    diag->n_kept++;
    diag->n_notes = 0;
    store(diag, &message);
}

enum csin_status csin_error(struct csin_diag *diag, enum csin_status status, unsigned code,
                            struct csin_loc loc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    report(diag, ERROR, code, loc, format, args);
    va_end(args);
    return status;
}

void csin_warning(struct csin_diag *diag, unsigned code, struct csin_loc loc, const char *format,
                  ...)
{
    va_list args;
    va_start(args, format);
    report(diag, WARNING, code, loc, format, args);
    va_end(args);
}

void csin_note(struct csin_diag *diag, struct csin_loc loc, const char *format, ...)
{
    struct message message = {NOTE, 0, loc, NULL};
    va_list args;
    int length;
    if (!diag || diag->skip_notes || diag->n_notes == NOTES_KEPT)
        return;
    va_start(args, format);
    length = vasprintf(&message.text, format, args);
    va_end(args);
    if (length < 0) {
        diag->lost = true;
        return;
    }
    diag->n_notes++;
    store(diag, &message);
}

enum csin_status csin_no_memory(struct csin_diag *diag)
{
    if (diag && !diag->no_memory) {
        diag->no_memory = true;
        diag->n_errors++;
        diag->skip_notes = true;
    }
    return CSIN_E_FAILED;
}

bool csin_diag_has(const struct csin_diag *diag, unsigned wanted)
{
    for (size_t i = 0; i < diag->n; i++)
        if (diag->messages[i].severity != NOTE && diag->messages[i].code == wanted)
            return true;
    return false;
}

unsigned csin_diag_errors(const struct csin_diag *diag)
{
    return diag->n_errors;
}

unsigned csin_diag_warnings(const struct csin_diag *diag)
{
    return diag->n_warnings;
}

/* C0, DEL and C1: what a terminal obeys instead of showing. */
static bool is_control(const char *s, size_t length)
{
    unsigned char first = (unsigned char)s[0];
    return first < 0x20 || first == 0x7f || (length == 2 && first == 0xc2 && (s[1] & 0x60) == 0);
}

static void print_escaped(const char *s, FILE *out)
{
    while (*s) {
        size_t length = csin_utf8_length(s);
        if (length > 0 && !is_control(s, length)) {
            fwrite(s, 1, length, out);
            s += length;
            continue;
        }
        do
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)*s++);
        while (length > 1 && --length);
    }
}

static void print_message(FILE *out, enum severity severity, unsigned code, struct csin_loc loc,
                          const char *text)
{
    bool is_named = loc.file && *loc.file; /* '' is what a script gives whose variable is empty */
    print_escaped(is_named ? loc.file : "csin", out);
    if (is_named && loc.line > 0)
        fprintf(out, ":%u:%u", loc.line, loc.col);
    fprintf(out, ": %s: ", severity_names[severity]);
    print_escaped(text, out);
    if (severity != NOTE)
        fprintf(out, " [CSIN-%03u]", code);
    fputc('\n', out);
}

void csin_diag_print(const struct csin_diag *diag, FILE *out)
{
    struct csin_loc nowhere = {0};
    for (size_t i = 0; i < diag->n; i++) {
        const struct message *m = &diag->messages[i];
        print_message(out, m->severity, m->code, m->loc, m->text);
    }
    if (diag->n_more > 0)
        fprintf(out, "csin: note: and %u more\n", diag->n_more);
    if (diag->no_memory)
        print_message(out, ERROR, 100, nowhere, "out of memory");
    if (diag->lost)
        fputs("csin: note: some messages were lost for want of memory\n", out);
}

struct csin_brief csin_brief(const char *text, size_t length)
{
    struct csin_brief brief;
    size_t n = 0, bytes = strnlen(text, length);
    for (int i = 0; n < bytes && i < BRIEF_CHARACTERS; i++) {
        char next[5] = ""; /* a character that is cut off ends here */
        memcpy(next, text + n, bytes - n < 4 ? bytes - n : 4);
        size_t step = csin_utf8_length(next);
        n += step > 0 ? step : 1;
    }
    memcpy(brief.s, text, n);
    strcpy(brief.s + n, n < bytes ? "..." : "");
    return brief;
}

static unsigned char alike(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c == '_' ? '-' : c);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b, no piece edited
 * twice. Both have at most WORD_MAX bytes. */
static unsigned edit_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1];
    unsigned *row = rows[0], *above = rows[1], *two_above = rows[2];
    unsigned n_b = (unsigned)strlen(b);
    for (unsigned j = 0; j <= n_b; j++)
        row[j] = j;
    for (unsigned i = 1; a[i - 1]; i++) {
        unsigned *free_row = two_above;
        two_above = above;
        above = row;
        row = free_row;
        row[0] = i;
        for (unsigned j = 1; j <= n_b; j++) {
            unsigned char x = alike(a[i - 1]), y = alike(b[j - 1]);
            row[j] = least(above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x == alike(b[j - 2]) && y == alike(a[i - 2]))
                row[j] = least(row[j], two_above[j - 2] + 1);
        }
    }
    return row[n_b];
}

const char *csin_nearest(const char *word, const char *const *candidates, size_t n)
{
    size_t length = strnlen(word, WORD_MAX + 1);
    const char *nearest = NULL;
    /* One mistake is forgiven in words of two letters and more. */
    unsigned limit = length < 2 ? 0 : length < 6 ? 1 : (unsigned)length / 3;
    if (length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        unsigned distance;
        if (strlen(candidates[i]) > WORD_MAX)
            continue;
        distance = edit_distance(word, candidates[i]);
        if (distance < limit || (distance == limit && !nearest)) {
            nearest = candidates[i];
            if (distance == 0)
                break;
            limit = distance;
        }
    }
    return nearest;
}
