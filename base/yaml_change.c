/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/yaml_change.h"

#include <stdlib.h>
#include <string.h>

#include "base/yaml_node.h"

enum { STEPS_MAX = 32, CANDIDATES_MAX = 256, FLOW_MAX = 65536 };

/* ---- any value as text ---- */

static void write_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fputc('\\', out);
        if (c < ' ' || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

/* A scalar within brackets. What is safe there without quotes is left as it is: null has to stay.
 */
static void write_scalar(FILE *out, struct csin_yaml_node node)
{
    const char *text = csin_yaml_scalar(node);
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/+";
    if (!csin_yaml_is_quoted(node) && (csin_yaml_is_null(node) || text[strspn(text, safe)] == 0))
        fputs(*text ? text : "null", out);
    else
        write_quoted(out, text);
}

/* Spends what it visits, as aliases may make it large. */
static void write_flow(FILE *out, struct csin_yaml_node node, unsigned depth)
{
    if (depth > CSIN_YAML_DEPTH || !csin_yaml_spend(node, 1)) {
        fputs("null", out);
        return;
    }
    if (csin_yaml_scalar(node)) {
        write_scalar(out, node);
        return;
    }
    bool is_mapping = csin_yaml_is_mapping(node);
    fputc(is_mapping ? '{' : '[', out);
    for (uint32_t i = 0; i < csin_yaml_n_children(node); i++) {
        fputs(i ? ", " : "", out);
        if (is_mapping) {
            write_flow(out, csin_yaml_key(node, i), depth + 1);
            fputs(": ", out);
        }
        write_flow(out, is_mapping ? csin_yaml_value(node, i) : csin_yaml_item(node, i), depth + 1);
    }
    fputc(is_mapping ? '}' : ']', out);
}

enum csin_status csin_yaml_any(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    struct csin_value *value = field;
    struct csin_diag *diag = csin_yaml_diag(node);
    struct csin_loc loc = csin_yaml_loc(node);
    const char *scalar = csin_yaml_scalar(node);
    char *flow = NULL;
    size_t bytes = 0;
    (void)key;
    if (scalar) {
        const char *text = csin_yaml_is_null(node) ? "null" : scalar;
        *value = (struct csin_value){csin_arena_strndup(csin_yaml_arena(node), text, SIZE_MAX),
                                     false, loc};
        return value->text ? CSIN_OK : csin_no_memory(diag);
    }
    FILE *out = open_memstream(&flow, &bytes);
    if (!out)
        return csin_no_memory(diag);
    write_flow(out, node, 0);
    enum csin_status status = fclose(out) == 0 ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK && node.yaml->is_spent)
        status = CSIN_E_INPUT;
    if (status == CSIN_OK && bytes > FLOW_MAX)
        status = csin_error(diag, CSIN_E_INPUT, 105, loc, "a value of more than 64 KiB");
    if (status == CSIN_OK) {
        *value = (struct csin_value){csin_arena_strndup(csin_yaml_arena(node), flow, bytes), true,
                                     loc};
        status = value->text ? CSIN_OK : csin_no_memory(diag);
    }
    free(flow);
    return status;
}

/* ---- paths ---- */

struct step {
    const char *name; /* NULL: an index */
    size_t length;
    uint32_t index;
};

struct path {
    struct step steps[STEPS_MAX];
    unsigned n;
};

const char *csin_path_first(const char *path, size_t *ret_length)
{
    *ret_length = strcspn(path, ".[");
    const char *behind = path + *ret_length;
    return *behind == '.' ? behind + 1 : *behind ? behind : NULL;
}

static enum csin_status no_path(struct csin_diag *diag, const struct csin_text *text, const char *p)
{
    struct csin_loc loc = text->loc;
    loc.col += (uint32_t)(p - text->s);
    csin_error(diag, CSIN_E_INPUT, 881, loc, "'%s' is not a path", csin_brief(text->s, SIZE_MAX).s);
    csin_note(diag, loc,
              "write names and [numbers], such as "
              "jobs.train.steps[0].allreduce.size");
    return CSIN_E_INPUT;
}

/* One step; gives what is behind it, NULL where it is none. */
static const char *take_step(const char *p, bool first, struct step *step)
{
    if (*p == '[') {
        size_t digits = strspn(p + 1, "0123456789");
        if (digits == 0 || digits > 7 || p[1 + digits] != ']')
            return NULL;
        *step = (struct step){.index = (uint32_t)strtoul(p + 1, NULL, 10)};
        return p + digits + 2;
    }
    if (!first && *p++ != '.')
        return NULL;
    if (*p == '\'') {
        const char *end = strchr(p + 1, '\'');
        if (!end || end == p + 1)
            return NULL;
        *step = (struct step){p + 1, (size_t)(end - p - 1), 0};
        return end + 1;
    }
    size_t length = strcspn(p, ".['");
    *step = (struct step){p, length, 0};
    return length ? p + length : NULL;
}

static enum csin_status parse(struct csin_diag *diag, const struct csin_text *text,
                              struct path *path)
{
    const char *p = text->s;
    while (*p) {
        const char *at = p;
        if (path->n == STEPS_MAX)
            return no_path(diag, text, at);
        p = take_step(p, path->n == 0, &path->steps[path->n]);
        if (!p)
            return no_path(diag, text, at);
        path->n++;
    }
    return path->n ? CSIN_OK : no_path(diag, text, p);
}

/* ---- finding the way ---- */

struct walk {
    struct csin_yaml *yaml;
    const struct csin_change *change;
    const char *name; /* of the step at hand, a copy */
    const char *seen[CANDIDATES_MAX];
    size_t n_seen;
};

static void saw(struct walk *w, const char *name)
{
    if (name && w->n_seen < CANDIDATES_MAX)
        w->seen[w->n_seen++] = name;
}

static enum csin_status nowhere(struct walk *w, const struct step *step)
{
    const struct csin_text *path = &w->change->path;
    struct csin_diag *diag = w->yaml->diag;
    const char *near = w->name ? csin_nearest(w->name, w->seen, w->n_seen) : NULL;
    struct csin_loc loc = path->loc;
    int before = step->name ? (int)(step->name - path->s) : -1;
    if (before > 0)
        loc.col += (uint32_t)before;
    while (before > 0 && strchr(".'", path->s[before - 1]))
        before--;
    if (!step->name)
        csin_error(diag, CSIN_E_INPUT, 880, loc, "'%s' leads nowhere: there is no entry [%u]",
                   csin_brief(path->s, SIZE_MAX).s, step->index);
    else if (before <= 0)
        csin_error(diag, CSIN_E_INPUT, 880, loc, "%s has no '%s'%s%s%s", w->yaml->what,
                   csin_brief(w->name, SIZE_MAX).s, near ? "; did you mean '" : "",
                   near ? near : "", near ? "'?" : "");
    else
        csin_error(diag, CSIN_E_INPUT, 880, loc, "'%s' has no '%s'%s%s%s",
                   csin_brief(path->s, (size_t)before).s, csin_brief(w->name, SIZE_MAX).s,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    if (!near && w->n_seen && step->name) {
        char list[200] = "";
        size_t used = 0;
        for (size_t i = 0; i < w->n_seen && used < 120; i++)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                     csin_brief(w->seen[i], 30).s);
        csin_note(diag, loc, "there is %s%s", list, used >= 120 ? ", ..." : "");
    }
    return CSIN_E_INPUT;
}

/* The slot of a key; of a merged one a new pair, which then wins. Where there is none, NULL, or
 * with `may_add` that of a new pair without a value yet. */
static int *key_slot(struct walk *w, struct csin_yaml_node mapping, bool may_add)
{
    uint32_t own;
    struct csin_yaml_node value = csin_yaml_get(mapping, w->name, &own);
    if (value.id && own != UINT32_MAX)
        return csin_yaml_slot(mapping, own);
    if (!value.id && !may_add) {
        for (uint32_t i = 0; i < csin_yaml_n_children(mapping); i++)
            saw(w, csin_yaml_scalar(csin_yaml_key(mapping, i)));
        return NULL;
    }
    int key = csin_yaml_make(w->yaml, w->name, false, w->change->path.loc);
    if (!key || !csin_yaml_append(mapping, key, value.id ? value.id : key))
        return NULL;
    return csin_yaml_slot(mapping, csin_yaml_n_children(mapping) - 1);
}

/* An entry of a list by its name, or by that of its only value, which then is what counts. */
static int *named_slot(struct walk *w, struct csin_yaml_node list)
{
    for (uint32_t i = 0; i < csin_yaml_n_children(list); i++) {
        struct csin_yaml_node entry = csin_yaml_item(list, i), kind, inner;
        int *slot = csin_yaml_slot(list, i);
        struct csin_yaml_node name = csin_yaml_get(entry, "name", NULL);
        if (!name.id && csin_yaml_pair(entry, &kind, &inner)) {
            name = csin_yaml_get(inner, "name", NULL);
            if (name.id && csin_yaml_scalar(name) && strcmp(csin_yaml_scalar(name), w->name) == 0) {
                *slot = csin_yaml_copy(entry);
                return *slot ? csin_yaml_slot((struct csin_yaml_node){w->yaml, *slot}, 0) : NULL;
            }
        }
        const char *text = name.id ? csin_yaml_scalar(name) : NULL;
        if (text && strcmp(text, w->name) == 0)
            return slot;
        saw(w, text);
    }
    return NULL;
}

/* The slot that a step leads to from the value in `slot`, which is one's own to change. */
static int *follow(struct walk *w, int *slot, const struct step *step, bool last)
{
    struct csin_yaml_node node = {w->yaml, *slot};
    w->name = step->name ? csin_arena_strndup(w->yaml->scratch, step->name, step->length) : NULL;
    w->n_seen = 0;
    if (!step->name) {
        if (!csin_yaml_is_sequence(node))
            return step->index == 0 ? slot : NULL;
        return step->index < csin_yaml_n_children(node) ? csin_yaml_slot(node, step->index) : NULL;
    }
    if (!w->name)
        return NULL;
    if (csin_yaml_is_mapping(node))
        return key_slot(w, node, last);
    return csin_yaml_is_sequence(node) ? named_slot(w, node) : NULL;
}

static enum csin_status apply(struct csin_yaml_node top, const struct csin_change *change)
{
    struct walk w = {.yaml = top.yaml, .change = change};
    struct path path = {.n = 0};
    int root = top.id, *slot = &root;
    enum csin_status status = parse(top.yaml->diag, &change->path, &path);
    if (status != CSIN_OK)
        return status;
    for (unsigned i = 0; i < path.n; i++) {
        slot = follow(&w, slot, &path.steps[i], i + 1 == path.n);
        if (!slot)
            return nowhere(&w, &path.steps[i]);
        if (i + 1 == path.n)
            break;
        *slot = csin_yaml_copy((struct csin_yaml_node){top.yaml, *slot});
        if (!*slot)
            return csin_no_memory(top.yaml->diag);
    }
    int value = csin_yaml_make(top.yaml, change->value.text, change->value.is_flow,
                               change->value.loc);
    if (!value)
        return csin_no_memory(top.yaml->diag);
    *slot = value;
    return CSIN_OK;
}

enum csin_status csin_yaml_apply(struct csin_yaml_node top, const struct csin_changes *changes)
{
    enum csin_status status = CSIN_OK;
    for (uint32_t i = 0; i < changes->n; i++)
        status = csin_first(status, apply(top, &changes->items[i]));
    return status;
}
