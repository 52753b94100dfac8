/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The QoS policy: sections within sections, and lines of KEY: VALUE in them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "topo/opensm.h"

enum { MAX_NAMES = 65536, DEPTH = 4, KEYS_MAX = 12 };

/* A section: where it may stand, and the keys in it (NULL: any, as of sections that OpenSM reads
 * and does not use). */
struct section {
    const char *name, *parent;
    const char *keys[KEYS_MAX];
};

static const struct section sections[] = {
    {"port-groups", NULL, {""}},
    {"port-group",
     "port-groups",
     {"name", "use", "port-guid", "port-name", "pkey", "partition", "node-type"}},
    {"qos-setup", NULL, {NULL}},
    {"vlarb-tables", "qos-setup", {NULL}},
    {"vlarb-scope", "vlarb-tables", {NULL}},
    {"sl2vl-tables", "qos-setup", {NULL}},
    {"sl2vl-scope", "sl2vl-tables", {NULL}},
    {"qos-levels", NULL, {""}},
    {"qos-level",
     "qos-levels",
     {"name", "use", "sl", "mtu-limit", "rate-limit", "packet-life", "path-bits", "pkey"}},
    {"qos-match-rules", NULL, {""}},
    {"qos-match-rule",
     "qos-match-rules",
     {"name", "use", "source", "destination", "service-id", "qos-class", "pkey", "qos-level-name"}},
    {"qos-ulps", NULL, {NULL}},
};
#define N_SECTIONS (sizeof sections / sizeof *sections)

struct reference { /* to a level or a group, by name */
    const char *name;
    struct csin_loc loc;
    bool is_group;
};

struct policy {
    struct csin_arena *arena;
    struct csin_diag *diag;
    const char *file;
    uint32_t line;
    const struct section *stack[DEPTH];
    struct csin_loc opened[DEPTH];
    unsigned depth;
    bool has_name, has_sl, has_level; /* of the entry at hand */
    bool has_levels_or_rules;
    struct csin_names levels, groups;
    uint32_t names_room; /* of each */
    struct reference *references;
    size_t n_references, room;
    enum csin_status status;
};

#define REFUSE(p, loc, ...)                                                                        \
    ((p)->status = csin_first((p)->status,                                                         \
                              csin_error((p)->diag, CSIN_E_INPUT, 739, loc, __VA_ARGS__)))

/* A part of a line. */
struct span {
    const char *s;
    size_t n, col;
};

static struct csin_loc place(const struct policy *p, const struct span *span)
{
    return (struct csin_loc){p->file, p->line, (uint32_t)span->col + 1};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span span)
{
    while (span.n > 0 && is_blank(*span.s)) {
        span.s++;
        span.n--;
        span.col++;
    }
    while (span.n > 0 && is_blank(span.s[span.n - 1]))
        span.n--;
    return span;
}

static bool equals(const struct span *span, const char *word)
{
    return strlen(word) == span->n && memcmp(span->s, word, span->n) == 0;
}

static const struct section *find_section(const struct span *word)
{
    for (size_t i = 0; i < N_SECTIONS; i++)
        if (equals(word, sections[i].name))
            return &sections[i];
    return NULL;
}

static const struct section *top(const struct policy *p)
{
    return p->depth ? p->stack[p->depth - 1] : NULL;
}

/* ---- values ---- */

static char *copy(struct policy *p, const struct span *span)
{
    char *text = csin_arena_strndup(p->arena, span->s, span->n);
    if (!text)
        p->status = csin_first(p->status, csin_no_memory(p->diag));
    return text;
}

static void add_name(struct policy *p, struct csin_names *names, const struct span *value)
{
    uint32_t old;
    const char *name = copy(p, value);
    p->has_name = true;
    if (!name || names->n >= p->names_room)
        return;
    if (!csin_names_add(names, name, p->line, &old)) {
        REFUSE(p, place(p, value), "the name '%s' is used twice", csin_brief(name, SIZE_MAX).s);
        csin_note(p->diag, (struct csin_loc){p->file, old, 1}, "it was first used here");
    }
}

static void refer(struct policy *p, const struct span *value, bool is_group)
{
    const char *name = copy(p, value);
    if (!name)
        return;
    if (!csin_grow(&p->references, &p->room, p->n_references + 1, sizeof *p->references)) {
        p->status = csin_first(p->status, csin_no_memory(p->diag));
        return;
    }
    p->references[p->n_references++] = (struct reference){name, place(p, value), is_group};
}

/* The items of a list, one after the other. False at its end. */
static bool next_item(struct span *rest, struct span *ret_item)
{
    if (!rest->s)
        return false;
    const char *comma = memchr(rest->s, ',', rest->n);
    size_t n = comma ? (size_t)(comma - rest->s) : rest->n;
    *ret_item = trim((struct span){rest->s, n, rest->col});
    if (comma)
        *rest = (struct span){comma + 1, rest->n - n - 1, rest->col + n + 1};
    else
        rest->s = NULL;
    return true;
}

static bool is_number(const struct span *span)
{
    size_t i = 0;
    bool hex = span->n > 2 && span->s[0] == '0' && (span->s[1] | 0x20) == 'x';
    for (i = hex ? 2 : 0; i < span->n; i++) {
        char c = (char)(span->s[i] | 0x20);
        if (!(c >= '0' && c <= '9') && !(hex && c >= 'a' && c <= 'f'))
            return false;
    }
    return span->n > 0 && span->n <= 18;
}

static void check_numbers(struct policy *p, const char *key, struct span value)
{
    struct span item;
    while (next_item(&value, &item)) {
        const char *dash = item.n ? memchr(item.s, '-', item.n) : NULL;
        size_t n = dash ? (size_t)(dash - item.s) : item.n;
        struct span first = trim((struct span){item.s, n, item.col}), last = first;
        if (dash)
            last = trim((struct span){dash + 1, item.n - n - 1, item.col + n + 1});
        if (!is_number(&first) || !is_number(&last))
            REFUSE(p, place(p, &item), "'%s' is no number or range of '%s'",
                   csin_brief(item.s, item.n).s, key);
    }
}

static void check_sl(struct policy *p, const struct span *value)
{
    p->has_sl = true;
    bool fits = value->n >= 1 && value->n <= 2 && is_number(value) &&
                (value->n == 1 || (value->s[0] - '0') * 10 + value->s[1] - '0' <= 15);
    if (!fits)
        REFUSE(p, place(p, value), "'%s' is no SL; they are 0 to 15",
               csin_brief(value->s, value->n).s);
}

static void check_value(struct policy *p, const char *key, const struct span *value)
{
    const struct section *section = top(p);
    struct span rest = *value, item;
    if (value->n == 0)
        REFUSE(p, place(p, value), "'%s' has no value", key);
    else if (strcmp(key, "name") == 0 && strcmp(section->name, "port-group") == 0)
        add_name(p, &p->groups, value);
    else if (strcmp(key, "name") == 0 && strcmp(section->name, "qos-level") == 0)
        add_name(p, &p->levels, value);
    else if (strcmp(key, "sl") == 0)
        check_sl(p, value);
    else if (strcmp(key, "port-guid") == 0 || strcmp(key, "service-id") == 0 ||
             strcmp(key, "qos-class") == 0)
        check_numbers(p, key, *value);
    else if (strcmp(key, "source") == 0 || strcmp(key, "destination") == 0)
        while (next_item(&rest, &item))
            refer(p, &item, true);
    else if (strcmp(key, "qos-level-name") == 0) {
        p->has_level = true;
        refer(p, value, false);
    }
}

/* ---- lines ---- */

/* The place in the stack of the section of this name, plus one; 0 where it is not open. */
static unsigned find_open(const struct policy *p, const char *name, size_t n)
{
    unsigned at = p->depth;
    while (at > 0 &&
           !(strlen(p->stack[at - 1]->name) == n && memcmp(p->stack[at - 1]->name, name, n) == 0))
        at--;
    return at;
}

/* Says of what is open above `depth` that it is not closed, and closes it. */
static void unwind(struct policy *p, unsigned depth)
{
    for (; p->depth > depth; p->depth--)
        REFUSE(p, p->opened[p->depth - 1], "'%s' is not closed", p->stack[p->depth - 1]->name);
}

static void open_section(struct policy *p, const struct section *section, const struct span *word)
{
    const char *parent = section->parent;
    unsigned above = parent ? find_open(p, parent, strlen(parent)) : 0;
    unwind(p, above);
    if (parent && above == 0)
        REFUSE(p, place(p, word), "'%s' stands in '%s' alone", section->name, parent);
    p->stack[p->depth] = section; /* nothing is deeper than DEPTH */
    p->opened[p->depth++] = place(p, word);
    p->has_name = p->has_sl = p->has_level = false;
    p->has_levels_or_rules |= strcmp(section->name, "qos-levels") == 0 ||
                              strcmp(section->name, "qos-match-rules") == 0;
}

static void close_section(struct policy *p, const struct span *word)
{
    struct span name = {word->s + 4, word->n - 4, word->col + 4};
    unsigned at = find_open(p, name.s, name.n);
    if (at == 0) {
        REFUSE(p, place(p, word), "'%s' closes nothing", csin_brief(word->s, word->n).s);
        if (!p->depth || find_section(&name))
            return;
        csin_note(p->diag, p->opened[p->depth - 1], "'%s' is open here", top(p)->name);
        at = p->depth; /* misspelt */
    }
    unwind(p, at);
    const struct section *section = top(p);
    struct csin_loc opened = p->opened[--p->depth];
    bool level = strcmp(section->name, "qos-level") == 0;
    if (!p->has_name && (level || strcmp(section->name, "port-group") == 0))
        REFUSE(p, opened, "this '%s' has no name", section->name);
    if (!p->has_sl && level)
        REFUSE(p, opened, "this 'qos-level' has no sl");
    if (!p->has_level && strcmp(section->name, "qos-match-rule") == 0)
        REFUSE(p, opened, "this 'qos-match-rule' has no qos-level-name");
}

static void read_pair(struct policy *p, const struct span *key, const struct span *value)
{
    const struct section *section = top(p);
    size_t n = 0;
    if (!section) {
        REFUSE(p, place(p, key), "'%s' stands outside any section", csin_brief(key->s, key->n).s);
        return;
    }
    if (!section->keys[0])
        return; /* anything */
    while (n < KEYS_MAX && section->keys[n] && !equals(key, section->keys[n]))
        n++;
    if (n < KEYS_MAX && section->keys[n]) {
        check_value(p, section->keys[n], value);
        return;
    }
    struct csin_brief brief = csin_brief(key->s, key->n);
    const char *near = n > 1 ? csin_nearest(brief.s, section->keys, n) : NULL;
    if (near)
        REFUSE(p, place(p, key), "'%s' has no key '%s'; did you mean '%s'?", section->name, brief.s,
               near);
    else
        REFUSE(p, place(p, key), "'%s' has no key '%s'", section->name, brief.s);
}

static void read_line(struct policy *p, const char *text, size_t n)
{
    const char *hash = memchr(text, '#', n);
    struct span line = trim((struct span){text, hash ? (size_t)(hash - text) : n, 0});
    if (line.n == 0)
        return;
    const struct section *section = find_section(&line);
    const char *colon = memchr(line.s, ':', line.n);
    if (section) {
        open_section(p, section, &line);
    } else if (line.n > 4 && memcmp(line.s, "end-", 4) == 0) {
        close_section(p, &line);
    } else if (colon) {
        size_t at = (size_t)(colon - line.s);
        struct span key = trim((struct span){line.s, at, line.col});
        struct span value = trim((struct span){colon + 1, line.n - at - 1, line.col + at + 1});
        read_pair(p, &key, &value);
    } else if (!top(p) || top(p)->keys[0]) {
        REFUSE(p, place(p, &line), "'%s' is neither a section nor KEY: VALUE",
               csin_brief(line.s, line.n).s);
    }
}

static void check_references(struct policy *p)
{
    for (size_t i = 0; i < p->n_references; i++) {
        const struct reference *r = &p->references[i];
        const struct csin_names *names = r->is_group ? &p->groups : &p->levels;
        if (csin_names_find(names, r->name) == UINT32_MAX)
            REFUSE(p, r->loc, "there is no %s '%s'", r->is_group ? "port-group" : "qos-level",
                   csin_brief(r->name, SIZE_MAX).s);
    }
    if (p->has_levels_or_rules && csin_names_find(&p->levels, "DEFAULT") == UINT32_MAX)
        REFUSE(p, ((struct csin_loc){p->file, 0, 0}), "there is no qos-level called DEFAULT");
}

enum csin_status csin_opensm_check_policy(struct csin_arena *arena, struct csin_diag *diag,
                                          const char *file, const char *text, size_t bytes)
{
    struct policy p = {.arena = arena, .diag = diag, .file = file};
    const char *end = text + bytes;
    p.names_room = bytes / 6 < MAX_NAMES ? (uint32_t)bytes / 6 : MAX_NAMES; /* "name:x" each */
    if (!csin_names_init(&p.levels, arena, p.names_room) ||
        !csin_names_init(&p.groups, arena, p.names_room))
        return csin_no_memory(diag);
    for (p.line = 1; text < end; p.line++) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        read_line(&p, text, (size_t)((feed ? feed : end) - text));
        text = feed ? feed + 1 : end;
    }
    unwind(&p, 0);
    check_references(&p);
    if (p.status != CSIN_OK)
        csin_note(diag, (struct csin_loc){file, 0, 0},
                  "OpenSM goes on without a policy that is wrong, and says so in its log alone");
    free(p.references);
    return p.status;
}

bool csin_opensm_is_policy(const char *text, size_t bytes)
{
    const char *end = text + bytes;
    while (text < end) {
        const char *feed = memchr(text, '\n', (size_t)(end - text));
        struct span line = trim((struct span){text, (size_t)((feed ? feed : end) - text), 0});
        const struct section *section = find_section(&line);
        if (section && !section->parent)
            return true;
        text = feed ? feed + 1 : end;
    }
    return false;
}
