/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"
#include "base/names.h"
#include "base/units.h"
#include "base/yaml_node.h"

enum { KEYS_MAX = 64, LISTING_MAX = 400 };

/* Where a value is, in words: 'zones', or "a fabric" at the top. */
struct where {
    char s[192];
};

static struct where where(const struct csin_yaml *yaml)
{
    struct where w;
    if (yaml->context)
        snprintf(w.s, sizeof w.s, "'%s'", csin_brief(yaml->context, SIZE_MAX).s);
    else
        snprintf(w.s, sizeof w.s, "%s", yaml->what);
    return w;
}

/* "a, b or c" for a note, from the names of a table. Cut off where it grows too long. */
struct listing {
    char s[LISTING_MAX + 8];
};

static struct listing list_names(const char *const *names, size_t n)
{
    struct listing listing = {{0}};
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const char *before = i == 0 ? "" : i + 1 == n ? " or " : ", ";
        size_t length = strlen(before) + strlen(names[i]);
        if (length > LISTING_MAX - used) {
            memcpy(listing.s + used, ", ...", 6);
            break;
        }
        snprintf(listing.s + used, LISTING_MAX - used + 1, "%s%s", before, names[i]);
        used += length;
    }
    return listing;
}

/* "; did you mean 'uplink'?", or nothing. */
static struct where suggest(const char *near)
{
    struct where w = {{0}};
    if (near)
        snprintf(w.s, sizeof w.s, "; did you mean '%s'?", near);
    return w;
}

static const char *kind_name(struct csin_yaml_node node)
{
    static const char *const names[] = {"a text", "a list", "a mapping"};
    return csin_yaml_is_null(node) ? "nothing" : names[csin_yaml_kind(node)];
}

static enum csin_status wrong_kind(struct csin_yaml_node node, const char *wanted,
                                   const char *remedy)
{
    struct csin_loc loc = csin_yaml_loc(node);
    csin_error(node.yaml->diag, CSIN_E_INPUT, 106, loc, "%s expects %s, not %s", where(node.yaml).s,
               wanted, kind_name(node));
    csin_note(node.yaml->diag, loc, "%s", remedy);
    return CSIN_E_INPUT;
}

static enum csin_status not_a_mapping(struct csin_yaml_node node)
{
    return wrong_kind(node, "a mapping", "write key: value lines, or {key: value, key: value}");
}

/* A key or value that stands in a mapping, with the keys merged into it. */
struct pair {
    struct csin_yaml_node key, value;
    int owner; /* the mapping it is written in */
};

struct pairs {
    struct pair *items; /* malloc'ed; those that count, in the order written, merged ones last */
    size_t n, room;
};

static bool is_merge(struct csin_yaml_node key)
{
    const char *text = csin_yaml_scalar(key);
    return text && strcmp(text, "<<") == 0 && !csin_yaml_is_quoted(key);
}

static enum csin_status duplicate_key(struct csin_yaml_node key, struct csin_yaml_node first)
{
    csin_error(key.yaml->diag, CSIN_E_INPUT, 117, csin_yaml_loc(key), "key '%s' is written twice",
               csin_brief(csin_yaml_scalar(key), SIZE_MAX).s);
    csin_note(key.yaml->diag, csin_yaml_loc(first), "first here");
    return CSIN_E_INPUT;
}

static enum csin_status collect(struct csin_yaml_node mapping, unsigned depth, struct pairs *pairs);

static enum csin_status cannot_merge(struct csin_yaml_node value)
{
    csin_error(value.yaml->diag, CSIN_E_INPUT, 106, csin_yaml_loc(value),
               "'<<' expects a mapping, not %s", kind_name(value));
    csin_note(value.yaml->diag, csin_yaml_loc(value), "write <<: *anchor or <<: [*one, *two]");
    return CSIN_E_INPUT;
}

static enum csin_status collect_merged(struct csin_yaml_node value, unsigned depth,
                                       struct pairs *pairs)
{
    enum csin_status status = CSIN_OK;
    if (csin_yaml_is_mapping(value))
        return collect(value, depth, pairs);
    if (!csin_yaml_is_sequence(value))
        return cannot_merge(value);
    for (uint32_t i = 0; i < csin_yaml_n_children(value) && !value.yaml->is_spent; i++) {
        struct csin_yaml_node item = csin_yaml_item(value, i);
        status = csin_first(status, csin_yaml_is_mapping(item) ? collect(item, depth, pairs)
                                                               : cannot_merge(item));
    }
    return status;
}

static enum csin_status collect_own(struct csin_yaml_node mapping, struct pairs *pairs,
                                    struct csin_yaml_node *ret_merged)
{
    enum csin_status status = CSIN_OK;
    struct csin_yaml_node merge_key = {NULL, 0};
    for (uint32_t i = 0; i < csin_yaml_n_children(mapping); i++) {
        struct pair pair = {csin_yaml_key(mapping, i), csin_yaml_value(mapping, i), mapping.id};
        if (!csin_yaml_scalar(pair.key)) {
            status = csin_error(mapping.yaml->diag, CSIN_E_INPUT, 106, csin_yaml_loc(pair.key),
                                "a key is a text, not %s", kind_name(pair.key));
            continue;
        }
        if (!is_merge(pair.key)) {
            if (!csin_grow(&pairs->items, &pairs->room, pairs->n + 1, sizeof *pairs->items))
                return csin_no_memory(mapping.yaml->diag);
            pairs->items[pairs->n++] = pair;
        } else if (merge_key.yaml) {
            status = duplicate_key(pair.key, merge_key);
        } else {
            merge_key = pair.key;
            *ret_merged = pair.value;
        }
    }
    return status;
}

/* Appends the pairs of a mapping and of all that is merged into it, what wins first. */
static enum csin_status collect(struct csin_yaml_node mapping, unsigned depth, struct pairs *pairs)
{
    struct csin_yaml_node merged = {NULL, 0};
    enum csin_status status;
    if (depth > CSIN_YAML_DEPTH)
        return csin_error(mapping.yaml->diag, CSIN_E_INPUT, 105, csin_yaml_loc(mapping),
                          "merged too deeply (more than 64 levels)");
    /* A merged mapping costs something even where it is empty. */
    if (!csin_yaml_spend(mapping, (depth > 0) + csin_yaml_n_children(mapping)))
        return CSIN_E_INPUT;
    status = collect_own(mapping, pairs, &merged);
    if (merged.yaml)
        status = csin_first(status, collect_merged(merged, depth + 1, pairs));
    return status;
}

/* Keeps the first pair of each key. A key that one mapping has twice is an error; one that a merged
 * mapping has as well is not, nor is one that comes the same way twice. */
static enum csin_status drop_overridden(struct csin_yaml *yaml, struct pairs *pairs)
{
    enum csin_status status = CSIN_OK;
    struct csin_names names;
    size_t kept = 0;
    if (!csin_names_init(&names, yaml->scratch, (uint32_t)pairs->n))
        return csin_no_memory(yaml->diag);
    for (size_t i = 0; i < pairs->n; i++) {
        struct pair pair = pairs->items[i];
        uint32_t old;
        if (csin_names_add(&names, csin_yaml_scalar(pair.key), (uint32_t)kept, &old)) {
            pairs->items[kept++] = pair;
            continue;
        }
        struct pair first = pairs->items[old];
        if (first.owner == pair.owner && first.key.id != pair.key.id)
            status = duplicate_key(pair.key, first.key);
    }
    pairs->n = kept;
    return status;
}

/* All pairs that count in a mapping. The caller frees ret->items, on failure too: what could be
 * collected is worth reading for its other mistakes. */
static enum csin_status collect_pairs(struct csin_yaml_node mapping, struct pairs *ret)
{
    enum csin_status status = collect(mapping, 0, ret);
    return csin_first(status, drop_overridden(mapping.yaml, ret));
}

/* One level further down. What a value costs was taken off the budget when its list or mapping was
 * opened. */
enum csin_status csin_yaml_read_value(struct csin_yaml_node node, void *field,
                                      const struct csin_key *key)
{
    struct csin_yaml *yaml = node.yaml;
    const char *context = yaml->context;
    enum csin_status status;
    if (yaml->depth == CSIN_YAML_DEPTH)
        return csin_error(yaml->diag, CSIN_E_INPUT, 105, csin_yaml_loc(node),
                          "nested too deeply (more than 64 levels)");
    yaml->depth++;
    yaml->context = key->name;
    status = key->read(node, field, key);
    yaml->context = context;
    yaml->depth--;
    return status;
}

/* The names that a mapping may have; foreign ones stand behind them. */
static size_t table_names(const struct csin_key *keys, const char *names[static KEYS_MAX])
{
    size_t n = 0;
    for (; keys[n].name && !(keys[n].flags & CSIN_FOREIGN); n++) {
        assert(n < KEYS_MAX);
        names[n] = keys[n].name;
    }
    return n;
}

/* One message for a file of another kind, instead of one for each of its keys. */
static bool is_foreign(const struct pairs *pairs, const struct csin_key *foreign)
{
    for (size_t i = 0; i < pairs->n; i++)
        for (const struct csin_key *f = foreign; f->name; f++) {
            struct csin_yaml_node key = pairs->items[i].key;
            const struct csin_foreign *of = f->arg;
            if (strcmp(csin_yaml_scalar(key), f->name) != 0)
                continue;
            csin_error(key.yaml->diag, CSIN_E_INPUT, 103, csin_yaml_loc(key),
                       "the key '%s' makes this %s, not %s", f->name, of->what, key.yaml->what);
            csin_note(key.yaml->diag, csin_yaml_loc(key), "%s", of->remedy);
            return true;
        }
    return false;
}

/* A key that was meant is not missing as well. With the first that is not near any, *listed, all
 * are listed. */
static enum csin_status unknown_key(struct csin_yaml_node key, const char *const *names, size_t n,
                                    bool *seen, bool *listed)
{
    struct csin_yaml *yaml = key.yaml;
    struct csin_loc loc = csin_yaml_loc(key);
    const char *text = csin_yaml_scalar(key), *near = csin_nearest(text, names, n);
    for (size_t i = 0; near && i < n; i++)
        seen[i] = seen[i] || names[i] == near;
    csin_error(yaml->diag, CSIN_E_INPUT, 115, loc, "unknown key '%s' in %s%s",
               csin_brief(text, SIZE_MAX).s, where(yaml).s, suggest(near).s);
    if (!near && !*listed)
        csin_note(yaml->diag, loc, "write %s", list_names(names, n).s);
    *listed = *listed || !near;
    return CSIN_E_INPUT;
}

static enum csin_status read_pair(const struct pair *pair, void *record, const struct csin_key *key)
{
    if (!csin_yaml_is_null(pair->value))
        return csin_yaml_read_value(pair->value, (char *)record + key->offset, key);
    if (!(key->flags & CSIN_REQUIRED))
        return CSIN_OK;
    return csin_error(pair->key.yaml->diag, CSIN_E_INPUT, 109, csin_yaml_loc(pair->key),
                      "key '%s' has no value", key->name);
}

static enum csin_status missing_keys(struct csin_yaml_node mapping, const struct csin_key *keys,
                                     const bool *seen)
{
    enum csin_status status = CSIN_OK;
    for (size_t i = 0; keys[i].name; i++)
        if ((keys[i].flags & CSIN_REQUIRED) && !seen[i])
            status = csin_error(mapping.yaml->diag, CSIN_E_INPUT, 118, csin_yaml_loc(mapping),
                                "missing key '%s' in %s", keys[i].name, where(mapping.yaml).s);
    return status;
}

static size_t find_name(const char *const *names, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && strcmp(names[i], name) != 0)
        i++;
    return i;
}

enum csin_status csin_yaml_read_keys(struct csin_yaml_node node, void *record,
                                     const struct csin_key *keys)
{
    const char *names[KEYS_MAX];
    size_t n_names = table_names(keys, names);
    bool seen[KEYS_MAX] = {false}, listed = false;
    struct pairs pairs = {0};
    enum csin_status status;
    if (!csin_yaml_is_mapping(node))
        return not_a_mapping(node);
    status = collect_pairs(node, &pairs);
    if (is_foreign(&pairs, keys + n_names)) {
        free(pairs.items);
        return CSIN_E_INPUT;
    }
    for (size_t i = 0; i < pairs.n && !node.yaml->is_spent; i++) {
        const struct pair *pair = &pairs.items[i];
        size_t k = find_name(names, n_names, csin_yaml_scalar(pair->key));
        if (k == n_names) {
            status = csin_first(status, unknown_key(pair->key, names, n_names, seen, &listed));
            continue;
        }
        seen[k] = true;
        status = csin_first(status, read_pair(pair, record, &keys[k]));
    }
    free(pairs.items);
    if (node.yaml->is_spent)
        return csin_first(status, CSIN_E_INPUT);
    return csin_first(status, missing_keys(node, keys, seen));
}

enum csin_status csin_yaml_section(struct csin_yaml_node node, void *field,
                                   const struct csin_key *key)
{
    return csin_yaml_read_keys(node, field, key->arg);
}

/* The text of a scalar that is not empty, or an error. */
static enum csin_status need_text(struct csin_yaml_node node, const char **ret)
{
    const char *text = csin_yaml_scalar(node);
    if (!text)
        return wrong_kind(node, "one value", "write the value alone");
    if (!*text || csin_yaml_is_null(node))
        return csin_error(node.yaml->diag, CSIN_E_INPUT, 109, csin_yaml_loc(node),
                          "a value is missing in %s", where(node.yaml).s);
    *ret = text;
    return CSIN_OK;
}

/* The place of a text itself, behind the quotation mark: other readers count columns from it. */
static struct csin_loc text_loc(struct csin_yaml_node node)
{
    struct csin_loc loc = csin_yaml_loc(node);
    loc.col += csin_yaml_is_quoted(node);
    return loc;
}

enum csin_status csin_yaml_text(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    struct csin_text *value = field;
    const char *text, *copy;
    enum csin_status status;
    (void)key;
    if (csin_yaml_is_sequence(node))
        return wrong_kind(node, "one value",
                          "write several names as one text: 'login1,gpu[001-600]'");
    status = need_text(node, &text);
    if (status != CSIN_OK)
        return status;
    copy = csin_arena_strndup(node.yaml->arena, text, SIZE_MAX);
    if (!copy)
        return csin_no_memory(node.yaml->diag);
    *value = (struct csin_text){copy, text_loc(node)};
    return CSIN_OK;
}

static enum csin_status check_name(struct csin_yaml_node node, const char *text)
{
    struct csin_loc loc = text_loc(node);
    size_t n = 0;
    while (csin_name_may_have(text[n]))
        n++;
    if (n > 0 && n <= CSIN_NAME_MAX && !text[n])
        return CSIN_OK;
    csin_error(node.yaml->diag, CSIN_E_INPUT, 108, loc, "'%s' is not a name",
               csin_brief(text, SIZE_MAX).s);
    csin_note(node.yaml->diag, loc, "names have letters, digits, '.', '_' and '-', at most %u",
              CSIN_NAME_MAX);
    return CSIN_E_INPUT;
}

enum csin_status csin_yaml_name(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    const char *text;
    enum csin_status status = need_text(node, &text);
    if (status == CSIN_OK)
        status = check_name(node, text);
    return status == CSIN_OK ? csin_yaml_text(node, field, key) : status;
}

enum csin_status csin_yaml_count(struct csin_yaml_node node, void *field,
                                 const struct csin_key *key)
{
    static const struct csin_range any = {0, 1e9};
    const struct csin_range *range = key->arg ? key->arg : &any;
    struct csin_count *value = field;
    struct csin_loc loc = csin_yaml_loc(node);
    const char *text;
    enum csin_status status = need_text(node, &text);
    if (status == CSIN_OK)
        status = csin_read_count(node.yaml->diag, loc, text, (uint64_t)range->min,
                                 (uint64_t)range->max, &value->n);
    if (status == CSIN_OK)
        value->loc = loc;
    return status;
}

enum csin_status csin_yaml_size(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    struct csin_count *value = field;
    struct csin_loc loc = csin_yaml_loc(node);
    const char *text;
    enum csin_status status = need_text(node, &text);
    (void)key;
    if (status == CSIN_OK)
        status = csin_read_size(node.yaml->diag, loc, text, &value->n);
    if (status == CSIN_OK)
        value->loc = loc;
    return status;
}

/* Rates and times are read alike. */
static enum csin_status read_quantity(struct csin_yaml_node node, struct csin_quantity *value,
                                      enum csin_status (*read)(struct csin_diag *, struct csin_loc,
                                                               const char *, double *))
{
    struct csin_loc loc = csin_yaml_loc(node);
    const char *text;
    enum csin_status status = need_text(node, &text);
    if (status == CSIN_OK)
        status = read(node.yaml->diag, loc, text, &value->x);
    if (status == CSIN_OK)
        value->loc = loc;
    return status;
}

enum csin_status csin_yaml_rate(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    (void)key;
    return read_quantity(node, field, csin_read_rate);
}

enum csin_status csin_yaml_time(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    (void)key;
    return read_quantity(node, field, csin_read_time);
}

enum csin_status csin_yaml_length(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    (void)key;
    return read_quantity(node, field, csin_read_length);
}

enum csin_status csin_yaml_power(struct csin_yaml_node node, void *field,
                                 const struct csin_key *key)
{
    (void)key;
    return read_quantity(node, field, csin_read_power);
}

enum csin_status csin_yaml_work(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    (void)key;
    return read_quantity(node, field, csin_read_work);
}

enum csin_status csin_yaml_speed(struct csin_yaml_node node, void *field,
                                 const struct csin_key *key)
{
    (void)key;
    return read_quantity(node, field, csin_read_speed);
}

enum csin_status csin_yaml_ratio(struct csin_yaml_node node, void *field,
                                 const struct csin_key *key)
{
    const struct csin_range *range = key->arg;
    struct csin_quantity *value = field;
    struct csin_loc loc = csin_yaml_loc(node);
    const char *text;
    enum csin_status status = need_text(node, &text);
    if (status == CSIN_OK)
        status = csin_read_ratio(node.yaml->diag, loc, text, range->min, range->max, &value->x);
    if (status == CSIN_OK)
        value->loc = loc;
    return status;
}

enum csin_status csin_yaml_choice(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    const char *const *names = key->arg;
    struct csin_choice *value = field;
    struct csin_loc loc = csin_yaml_loc(node);
    const char *text, *near;
    size_t n = 0, i;
    enum csin_status status = need_text(node, &text);
    if (status != CSIN_OK)
        return status;
    while (names[n])
        n++;
    i = find_name(names, n, text);
    if (i < n) {
        *value = (struct csin_choice){(int)i, loc};
        return CSIN_OK;
    }
    near = csin_nearest(text, names, n);
    csin_error(node.yaml->diag, CSIN_E_INPUT, 119, loc, "unknown choice '%s' for %s%s",
               csin_brief(text, SIZE_MAX).s, where(node.yaml).s, suggest(near).s);
    if (!near)
        csin_note(node.yaml->diag, loc, "write %s", list_names(names, n).s);
    return CSIN_E_INPUT;
}

static enum csin_status make_room(struct csin_yaml_node node, size_t n, size_t size, char **ret)
{
    *ret = csin_arena_alloc(node.yaml->arena, n, size);
    return *ret ? CSIN_OK : csin_no_memory(node.yaml->diag);
}

/* The key that an element's reader gets. */
static struct csin_key element_key(const char *name, const struct csin_element *element)
{
    return (struct csin_key){name, 0, 0, element->read, element->arg};
}

static enum csin_status read_items(struct csin_yaml_node node, uint32_t n, struct csin_list *list,
                                   const struct csin_key *key)
{
    const struct csin_element *element = key->arg;
    struct csin_key each = element_key(key->name, element);
    bool is_sequence = csin_yaml_is_sequence(node);
    char *items;
    enum csin_status status;
    /* Before there is room for them: aliases must not multiply memory. */
    if (!csin_yaml_spend(node, n))
        return CSIN_E_INPUT;
    status = make_room(node, n, element->size, &items);
    if (status != CSIN_OK)
        return status;
    for (uint32_t i = 0; i < n && !node.yaml->is_spent; i++)
        status = csin_first(status,
                            csin_yaml_read_value(is_sequence ? csin_yaml_item(node, i) : node,
                                                 items + i * element->size, &each));
    *list = (struct csin_list){items, n, csin_yaml_loc(node)};
    return status;
}

enum csin_status csin_yaml_list(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    if (!csin_yaml_is_sequence(node))
        return wrong_kind(node, "a list", "write [one, two], or lines that begin with '- '");
    return read_items(node, csin_yaml_n_children(node), field, key);
}

enum csin_status csin_yaml_one_or_list(struct csin_yaml_node node, void *field,
                                       const struct csin_key *key)
{
    return csin_yaml_is_sequence(node) ? csin_yaml_list(node, field, key)
                                       : read_items(node, 1, field, key);
}

static enum csin_status read_entry(const struct pair *pair, char *item,
                                   const struct csin_element *element)
{
    struct csin_text *name = (struct csin_text *)(void *)item;
    struct csin_key each;
    enum csin_status status = csin_yaml_name(pair->key, name, NULL);
    if (status != CSIN_OK)
        return status;
    each = element_key(name->s, element);
    return csin_yaml_read_value(pair->value, item, &each);
}

enum csin_status csin_yaml_map(struct csin_yaml_node node, void *field, const struct csin_key *key)
{
    const struct csin_element *element = key->arg;
    struct pairs pairs = {0};
    char *items = NULL;
    enum csin_status status;
    if (!csin_yaml_is_mapping(node))
        return wrong_kind(node, "a mapping", "write name: value lines, or {name: value}");
    enum csin_status keys = status = collect_pairs(node, &pairs);
    if (pairs.n > 0 || status == CSIN_OK)
        status = csin_first(status, make_room(node, pairs.n, element->size, &items));
    for (size_t i = 0; items && i < pairs.n && !node.yaml->is_spent; i++)
        status = csin_first(status,
                            read_entry(&pairs.items[i], items + i * element->size, element));
    if (items && keys == CSIN_OK) /* with a key that is none, a name may be missing */
        *(struct csin_list *)field = (struct csin_list){items, (uint32_t)pairs.n,
                                                        csin_yaml_loc(node)};
    free(pairs.items);
    return status;
}

bool csin_yaml_pair(struct csin_yaml_node node, struct csin_yaml_node *ret_key,
                    struct csin_yaml_node *ret_value)
{
    if (!csin_yaml_is_mapping(node) || csin_yaml_n_children(node) != 1)
        return false;
    *ret_key = csin_yaml_key(node, 0);
    *ret_value = csin_yaml_value(node, 0);
    return true;
}

struct csin_yaml_node csin_yaml_get(struct csin_yaml_node mapping, const char *name,
                                    uint32_t *ret_own)
{
    struct pairs pairs = {0};
    struct csin_yaml_node found = {mapping.yaml, 0};
    uint32_t own = UINT32_MAX;
    if (!csin_yaml_is_mapping(mapping))
        return found;
    collect(mapping, 0, &pairs);
    for (size_t i = 0; i < pairs.n && !found.id; i++)
        if (strcmp(csin_yaml_scalar(pairs.items[i].key), name) == 0)
            found = pairs.items[i].value;
    free(pairs.items);
    for (uint32_t i = 0; found.id && i < csin_yaml_n_children(mapping) && own == UINT32_MAX; i++) {
        const char *key = csin_yaml_scalar(csin_yaml_key(mapping, i));
        own = key && strcmp(key, name) == 0 ? i : UINT32_MAX;
    }
    if (ret_own)
        *ret_own = own;
    return found;
}

bool csin_yaml_has(struct csin_yaml_node node, const char *name)
{
    return csin_yaml_get(node, name, NULL).id != 0;
}
