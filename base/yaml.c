/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/yaml.h"

#include <string.h>
#include <yaml.h>

#include "base/utf8.h"
#include "base/yaml_change.h"
#include "base/yaml_node.h"

enum {
    DIRECTIVES_MAX = 16, /* libyaml compares each with all before it */
    ANCHORS_MAX = 256,   /* and looks at all of them for each alias */
};

/* A text on its way to become a document. */
struct source {
    struct csin_arena *scratch;
    struct csin_diag *diag;
    const char *file, *text;
    size_t bytes;
    const char *what;
    const char *anchors[ANCHORS_MAX];
    struct csin_loc anchor_locs[ANCHORS_MAX];
    unsigned n_anchors, n_values, depth;
};

/* How libyaml says it, and how we do. `began` is said of the place where the construct at fault
 * began. */
struct translation {
    const char *problem, *fault, *remedy, *began;
};

static const struct translation translations[] = {
    {"could not find expected ':'", "a ':' is missing",
     "write key: value, with a blank behind the ':'", "the key begins here"},
    {"mapping values are not allowed in this context", "a ':' cannot stand here",
     "check the indentation of this line and the one above, or put a text that holds ': ' in "
     "quotes",
     NULL},
    {"mapping keys are not allowed in this context", "a key cannot stand here",
     "check the indentation", NULL},
    {"block sequence entries are not allowed in this context", "a '- ' cannot stand here",
     "put the list on lines of its own, below its key", NULL},
    {"did not find expected key", "a key is expected here",
     "give all keys of a mapping the same indentation", "the mapping begins here"},
    {"did not find expected '-' indicator", "a '- ' is expected here",
     "give all entries of a list the same indentation", "the list begins here"},
    {"did not find expected ',' or ']'", "a ',' or ']' is missing", NULL, "the list begins here"},
    {"did not find expected ',' or '}'", "a ',' or '}' is missing", NULL,
     "the mapping begins here"},
    {"did not find expected node content", "a value is missing", NULL, NULL},
    {"did not find expected <document start>", "this does not belong to what stands above",
     "check the indentation, or write key: value", NULL},
    {"found unexpected end of stream", "the text ends inside quotes", NULL,
     "the quotes begin here"},
    {"found unexpected document indicator", "the document ends inside quotes", NULL,
     "the quotes begin here"},
    {"found a tab character that violates indentation", "a tab stands in the indentation",
     "indent with blanks", NULL},
    {"found a tab character where an indentation space is expected",
     "a tab stands in the indentation", "indent with blanks", NULL},
    {"found unknown escape character", "an escape that YAML does not know",
     "in \"double quotes\" write \\\\ for a backslash, or use 'single quotes'", NULL},
    {"did not find expected alphabetic or numeric character",
     "a name is expected behind '&' or '*'", "put a text that begins so in quotes", NULL},
    {"found incompatible YAML document", "a version of YAML that nobody reads yet",
     "leave out the line that begins with %YAML", NULL},
    {"found undefined tag handle", "a tag that nobody defined",
     "put a text that begins with '!' in quotes", NULL},
};

static struct csin_loc loc_of_mark(const char *file, yaml_mark_t mark)
{
    return (struct csin_loc){file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static struct csin_loc loc_of_offset(const struct source *source, size_t offset)
{
    struct csin_loc loc = {source->file, 1, 1};
    for (size_t i = 0; i < offset && i < source->bytes; i++) {
        if (source->text[i] == '\n') {
            loc.line++;
            loc.col = 1;
        } else if ((source->text[i] & 0xc0) != 0x80) {
            loc.col++;
        }
    }
    return loc;
}

/* The character at a mark, which counts in characters. */
static const char *at_mark(const struct source *source, yaml_mark_t mark)
{
    const char *s = source->text, *end = s + source->bytes;
    for (size_t i = 0; i < mark.index && s < end; i++)
        do
            s++;
        while (s < end && (*s & 0xc0) == 0x80);
    return s;
}

/* libyaml points at the byte that breaks a character off, not at the one that began it: 'l' in the
 * Latin-1 of Koeln. */
static size_t first_not_utf8(const struct source *source)
{
    size_t i = 0, length = 1;
    for (; i < source->bytes && length > 0; i += length)
        length = source->text[i] ? csin_utf8_length(source->text + i) : 1;
    return i;
}

static enum csin_status not_utf8(const struct source *source, const yaml_parser_t *parser)
{
    bool is_control = strstr(parser->problem, "control");
    size_t offset = is_control ? parser->problem_offset : first_not_utf8(source);
    struct csin_loc loc = loc_of_offset(source, offset);
    if (is_control) {
        csin_error(source->diag, CSIN_E_INPUT, 102, loc, "the control character 0x%02x",
                   (unsigned)parser->problem_value);
        csin_note(source->diag, loc,
                  "remove it, or write it as an escape in \"double quotes\"; YAML is text");
    } else if (offset == 0 && source->bytes > 1 &&
               (memcmp(source->text, "\xff\xfe", 2) == 0 ||
                memcmp(source->text, "\xfe\xff", 2) == 0)) {
        csin_error(source->diag, CSIN_E_INPUT, 102, loc, "the file is UTF-16, not UTF-8");
        csin_note(source->diag, loc, "save the file as UTF-8");
    } else {
        csin_error(source->diag, CSIN_E_INPUT, 102, loc, "the byte 0x%02x is not UTF-8",
                   offset < source->bytes ? (unsigned)(unsigned char)source->text[offset] : 0u);
        csin_note(source->diag, loc, "save the file as UTF-8");
    }
    return CSIN_E_INPUT;
}

/* A character that cannot begin a value: libyaml does not say which. */
static enum csin_status bad_start(const struct source *source, yaml_mark_t mark)
{
    struct csin_loc loc = loc_of_mark(source->file, mark);
    const char *s = at_mark(source, mark);
    size_t length = csin_utf8_length(s);
    if (*s == '\t') {
        csin_error(source->diag, CSIN_E_INPUT, 101, loc, "a tab stands in the indentation");
        csin_note(source->diag, loc, "indent with blanks");
    } else {
        csin_error(source->diag, CSIN_E_INPUT, 101, loc, "'%s' cannot begin a value",
                   csin_brief(s, length).s);
        csin_note(source->diag, loc, "put a text that begins so in quotes");
    }
    return CSIN_E_INPUT;
}

static enum csin_status not_yaml(const struct source *source, const yaml_parser_t *parser)
{
    struct csin_loc loc = loc_of_mark(source->file, parser->problem_mark);
    struct translation t = {NULL, parser->problem, NULL, NULL};
    if (strcmp(parser->problem, "found character that cannot start any token") == 0)
        return bad_start(source, parser->problem_mark);
    for (size_t i = 0; i < sizeof translations / sizeof *translations; i++)
        if (strcmp(parser->problem, translations[i].problem) == 0)
            t = translations[i];
    csin_error(source->diag, CSIN_E_INPUT, 101, loc, "%s", t.fault);
    if (t.began && parser->context && parser->context_mark.index != parser->problem_mark.index)
        csin_note(source->diag, loc_of_mark(source->file, parser->context_mark), "%s", t.began);
    if (t.remedy)
        csin_note(source->diag, loc, "%s", t.remedy);
    /* {names: gpu[1-8]}: between braces or brackets a '[' is YAML's own. */
    const char *at = at_mark(source, parser->problem_mark);
    if (strstr(parser->problem, "did not find expected ','") && at < source->text + source->bytes &&
        *at == '[')
        csin_note(source->diag, loc, "put a list such as 'gpu[1-8]' in quotes here");
    return CSIN_E_INPUT;
}

static enum csin_status explain(const struct source *source, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
        return csin_no_memory(source->diag);
    if (parser->error == YAML_READER_ERROR)
        return not_utf8(source, parser);
    return not_yaml(source, parser);
}

static enum csin_status too_much(struct csin_diag *diag, struct csin_loc loc, const char *what)
{
    return csin_error(diag, CSIN_E_INPUT, 105, loc, "%s", what);
}

static bool is_break(char c)
{
    /* The last three end the UTF-8 forms of the other line breaks of YAML 1.1: NEL, LS and PS. */
    return c == '\n' || c == '\r' || c == '\x85' || c == '\xa8' || c == '\xa9';
}

static enum csin_status check_directives(const struct source *source)
{
    unsigned n = 0;
    for (size_t i = 0; i < source->bytes; i++)
        if (source->text[i] == '%' && (i == 0 || is_break(source->text[i - 1])) &&
            ++n > DIRECTIVES_MAX)
            return too_much(source->diag, loc_of_offset(source, i),
                            "too many lines that begin with '%'");
    return CSIN_OK;
}

static enum csin_status check_anchor(struct source *source, struct csin_loc loc, const void *anchor)
{
    const char *name;
    if (!anchor)
        return CSIN_OK;
    for (unsigned i = 0; i < source->n_anchors; i++) {
        if (strcmp(source->anchors[i], anchor) != 0)
            continue;
        csin_error(source->diag, CSIN_E_INPUT, 107, loc, "anchor '&%s' is written twice",
                   csin_brief(anchor, SIZE_MAX).s);
        csin_note(source->diag, source->anchor_locs[i], "first here");
        return CSIN_E_INPUT;
    }
    if (source->n_anchors == ANCHORS_MAX)
        return too_much(source->diag, loc, "too many anchors (more than 256)");
    name = csin_arena_strndup(source->scratch, anchor, SIZE_MAX);
    if (!name)
        return csin_no_memory(source->diag);
    source->anchor_locs[source->n_anchors] = loc;
    source->anchors[source->n_anchors++] = name;
    return CSIN_OK;
}

static enum csin_status check_alias(const struct source *source, struct csin_loc loc,
                                    const char *name)
{
    const char *near;
    for (unsigned i = 0; i < source->n_anchors; i++)
        if (strcmp(source->anchors[i], name) == 0)
            return CSIN_OK;
    near = csin_nearest(name, source->anchors, source->n_anchors);
    csin_error(source->diag, CSIN_E_INPUT, 107, loc, "no anchor '&%s' stands above this%s%s%s",
               csin_brief(name, SIZE_MAX).s, near ? "; did you mean '*" : "",
               near ? csin_brief(near, SIZE_MAX).s : "", near ? "'?" : "");
    if (!near)
        csin_note(source->diag, loc, "put a text that begins with '*' in quotes");
    return CSIN_E_INPUT;
}

static enum csin_status check_tag(const struct source *source, struct csin_loc loc, const void *tag)
{
    static const char standard[] = "tag:yaml.org,2002:";
    if (!tag || strncmp(tag, standard, sizeof standard - 1) == 0)
        return CSIN_OK;
    csin_error(source->diag, CSIN_E_INPUT, 101, loc, "the tag '%s' means nothing here",
               csin_brief(tag, SIZE_MAX).s);
    csin_note(source->diag, loc, "put a text that begins with '!' in quotes");
    return CSIN_E_INPUT;
}

static enum csin_status check_scalar(const struct source *source, struct csin_loc loc,
                                     const yaml_event_t *event)
{
    /* Texts are C strings from here on. */
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
        return csin_error(source->diag, CSIN_E_INPUT, 102, loc, "a text with the character 0x00");
    return CSIN_OK;
}

static enum csin_status check_value(struct source *source, struct csin_loc loc, const void *anchor,
                                    const void *tag)
{
    enum csin_status status = check_tag(source, loc, tag);
    if (status == CSIN_OK)
        status = check_anchor(source, loc, anchor);
    if (status == CSIN_OK && ++source->n_values > CSIN_YAML_VISITS)
        status = too_much(source->diag, loc, "too many values (more than 1,000,000)");
    return status;
}

static enum csin_status enter(struct source *source, struct csin_loc loc)
{
    if (++source->depth > CSIN_YAML_DEPTH)
        return too_much(source->diag, loc, "nested too deeply (more than 64 levels)");
    return CSIN_OK;
}

static enum csin_status check_event(struct source *source, const yaml_event_t *event)
{
    struct csin_loc loc = loc_of_mark(source->file, event->start_mark);
    enum csin_status status = CSIN_OK;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        status = check_scalar(source, loc, event);
        return csin_first(
            status, check_value(source, loc, event->data.scalar.anchor, event->data.scalar.tag));
    case YAML_ALIAS_EVENT:
        status = check_alias(source, loc, (const char *)event->data.alias.anchor);
        return csin_first(status, check_value(source, loc, NULL, NULL));
    case YAML_SEQUENCE_START_EVENT:
        status = enter(source, loc);
        return csin_first(status, check_value(source, loc, event->data.sequence_start.anchor,
                                              event->data.sequence_start.tag));
    case YAML_MAPPING_START_EVENT:
        status = enter(source, loc);
        return csin_first(status, check_value(source, loc, event->data.mapping_start.anchor,
                                              event->data.mapping_start.tag));
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        source->depth--;
        return CSIN_OK;
    default:
        return CSIN_OK;
    }
}

static enum csin_status check_document_start(const struct source *source, const yaml_event_t *event,
                                             unsigned n_documents)
{
    struct csin_loc loc = loc_of_mark(source->file, event->start_mark);
    if (n_documents == 1)
        return CSIN_OK;
    csin_error(source->diag, CSIN_E_INPUT, 104, loc, "a second document begins here");
    csin_note(source->diag, loc, "one file holds one document: remove what follows, or the '---'");
    return CSIN_E_INPUT;
}

/* The byte order mark of Windows. */
static void skip_mark(struct source *source)
{
    if (source->bytes >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) {
        source->text += 3;
        source->bytes -= 3;
    }
}

static bool start(const struct source *source, yaml_parser_t *parser)
{
    if (!yaml_parser_initialize(parser))
        return false;
    yaml_parser_set_input_string(parser, (const unsigned char *)source->text, source->bytes);
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
    return true;
}

static enum csin_status empty(const struct source *source)
{
    return csin_error(source->diag, CSIN_E_INPUT, 103, (struct csin_loc){source->file, 0, 0},
                      "the file is empty, not %s", source->what);
}

/* Runs through the events once, before libyaml builds the tree: deep nesting and many anchors take
 * it quadratic time, and it does not look beyond the first document. */
static enum csin_status check_events(struct source *source)
{
    yaml_parser_t parser;
    enum csin_status status = CSIN_OK;
    unsigned n_documents = 0;
    bool done = false;
    if (!start(source, &parser))
        return csin_no_memory(source->diag);
    while (status == CSIN_OK && !done) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            status = explain(source, &parser);
            break;
        }
        if (event.type == YAML_DOCUMENT_START_EVENT)
            status = check_document_start(source, &event, ++n_documents);
        else
            status = check_event(source, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    if (status == CSIN_OK && n_documents == 0)
        return empty(source);
    return status;
}

static enum csin_status load(const struct source *source, yaml_document_t *document)
{
    yaml_parser_t parser;
    enum csin_status status = CSIN_OK;
    if (!start(source, &parser))
        return csin_no_memory(source->diag);
    if (!yaml_parser_load(&parser, document))
        status = explain(source, &parser);
    yaml_parser_delete(&parser);
    return status;
}

static enum csin_status check_top(const struct source *source, struct csin_yaml_node top)
{
    struct csin_loc loc = csin_yaml_loc(top);
    if (csin_yaml_is_mapping(top))
        return CSIN_OK;
    if (csin_yaml_is_null(top))
        return empty(source);
    csin_error(source->diag, CSIN_E_INPUT, 103, loc, "this is %s, not %s",
               csin_yaml_is_sequence(top) ? "a list" : "a text", source->what);
    csin_note(source->diag, loc, "a file begins with key: value");
    return CSIN_E_INPUT;
}

static enum csin_status read_document(const struct source *source, yaml_document_t *document,
                                      struct csin_arena *arena, const struct csin_key *keys,
                                      const struct csin_changes *changes, void *record)
{
    struct csin_yaml yaml = {
        .document = document,
        .file = source->file,
        .changes_file = changes && changes->n ? changes->items[0].path.loc.file : NULL,
        .arena = arena,
        .scratch = source->scratch,
        .diag = source->diag,
        .what = source->what,
    };
    struct csin_yaml_node top = {&yaml, 1};
    enum csin_status status = check_top(source, top);
    if (status == CSIN_OK && changes)
        status = csin_yaml_apply(top, changes);
    return status == CSIN_OK ? csin_yaml_read_keys(top, record, keys) : status;
}

enum csin_status csin_yaml_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                const char *text, size_t bytes, const char *what,
                                const struct csin_key *keys, void *record)
{
    return csin_yaml_read_changed(arena, diag, file, text, bytes, what, keys, NULL, record);
}

enum csin_status csin_yaml_read_changed(struct csin_arena *arena, struct csin_diag *diag,
                                        const char *file, const char *text, size_t bytes,
                                        const char *what, const struct csin_key *keys,
                                        const struct csin_changes *changes, void *record)
{
    struct source source = {.diag = diag, .file = file, .bytes = bytes, .what = what};
    yaml_document_t document;
    enum csin_status status;
    if (bytes > CSIN_YAML_MAX)
        return csin_error(diag, CSIN_E_INPUT, 132, (struct csin_loc){file, 0, 0},
                          "'%s' is larger than %u MiB", csin_brief(file, SIZE_MAX).s,
                          CSIN_YAML_MAX >> 20);
    source.scratch = csin_arena_create();
    /* A copy with a NUL behind it: whoever explains a mistake at the very end looks there. */
    char *copy = source.scratch ? csin_arena_alloc(source.scratch, bytes + 1, 1) : NULL;
    if (!copy) {
        csin_arena_destroy(source.scratch);
        return csin_no_memory(diag);
    }
    if (bytes)
        memcpy(copy, text, bytes);
    source.text = copy;
    skip_mark(&source);
    status = check_directives(&source);
    if (status == CSIN_OK)
        status = check_events(&source);
    if (status == CSIN_OK)
        status = load(&source, &document);
    if (status == CSIN_OK) {
        status = read_document(&source, &document, arena, keys, changes, record);
        yaml_document_delete(&document);
    }
    csin_arena_destroy(source.scratch);
    return status;
}

static bool is_one_of(const yaml_event_t *event, const char *const *names)
{
    for (; event->type == YAML_SCALAR_EVENT && *names; names++)
        if (strcmp((const char *)event->data.scalar.value, *names) == 0)
            return true;
    return false;
}

bool csin_yaml_top_has(const char *text, size_t bytes, const char *const *names)
{
    struct source source = {.text = text, .bytes = bytes};
    yaml_parser_t parser;
    yaml_event_t event;
    bool found = false, is_key = false, done = false;
    unsigned depth = 0;
    skip_mark(&source);
    if (bytes > CSIN_YAML_MAX || check_directives(&source) != CSIN_OK || !start(&source, &parser))
        return false;
    while (!found && !done && yaml_parser_parse(&parser, &event)) {
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT)
            depth--;
        if (depth == 1)
            found = is_key && is_one_of(&event, names);
        if (event.type == YAML_MAPPING_START_EVENT || event.type == YAML_SEQUENCE_START_EVENT)
            depth++;
        /* Behind the start of the top mapping stands a key; from there on keys and values take
         * turns. */
        if (depth == 1)
            is_key = !is_key;
        done = event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT ||
               (depth == 1 && event.type == YAML_SEQUENCE_START_EVENT) || depth > CSIN_YAML_DEPTH;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return found;
}

#define PUT_IN SIZE_MAX /* the index in the marks of nodes that are from another file */

static yaml_node_t *get(struct csin_yaml_node node)
{
    return yaml_document_get_node(node.yaml->document, node.id);
}

enum csin_yaml_kind csin_yaml_kind(struct csin_yaml_node node)
{
    switch (get(node)->type) {
    case YAML_SEQUENCE_NODE:
        return CSIN_YAML_SEQUENCE;
    case YAML_MAPPING_NODE:
        return CSIN_YAML_MAPPING;
    default:
        return CSIN_YAML_SCALAR;
    }
}

bool csin_yaml_is_mapping(struct csin_yaml_node node)
{
    return csin_yaml_kind(node) == CSIN_YAML_MAPPING;
}

bool csin_yaml_is_sequence(struct csin_yaml_node node)
{
    return csin_yaml_kind(node) == CSIN_YAML_SEQUENCE;
}

const char *csin_yaml_scalar(struct csin_yaml_node node)
{
    const yaml_node_t *n = get(node);
    return n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

bool csin_yaml_is_null(struct csin_yaml_node node)
{
    const char *text = csin_yaml_scalar(node);
    return text && get(node)->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
           (!*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

bool csin_yaml_is_quoted(struct csin_yaml_node node)
{
    const yaml_node_t *n = get(node);
    return n->type == YAML_SCALAR_NODE &&
           (n->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
            n->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

uint32_t csin_yaml_n_children(struct csin_yaml_node node)
{
    const yaml_node_t *n = get(node);
    if (n->type == YAML_SEQUENCE_NODE)
        return (uint32_t)(n->data.sequence.items.top - n->data.sequence.items.start);
    if (n->type == YAML_MAPPING_NODE)
        return (uint32_t)(n->data.mapping.pairs.top - n->data.mapping.pairs.start);
    return 0;
}

struct csin_yaml_node csin_yaml_item(struct csin_yaml_node sequence, uint32_t i)
{
    return (struct csin_yaml_node){sequence.yaml, get(sequence)->data.sequence.items.start[i]};
}

struct csin_yaml_node csin_yaml_key(struct csin_yaml_node mapping, uint32_t i)
{
    return (struct csin_yaml_node){mapping.yaml, get(mapping)->data.mapping.pairs.start[i].key};
}

struct csin_yaml_node csin_yaml_value(struct csin_yaml_node mapping, uint32_t i)
{
    return (struct csin_yaml_node){mapping.yaml, get(mapping)->data.mapping.pairs.start[i].value};
}

struct csin_loc csin_yaml_loc(struct csin_yaml_node node)
{
    yaml_mark_t mark = get(node)->start_mark;
    return loc_of_mark(mark.index == PUT_IN ? node.yaml->changes_file : node.yaml->file, mark);
}

struct csin_diag *csin_yaml_diag(struct csin_yaml_node node)
{
    return node.yaml->diag;
}

struct csin_arena *csin_yaml_arena(struct csin_yaml_node node)
{
    return node.yaml->arena;
}

bool csin_yaml_spend(struct csin_yaml_node node, uint32_t n)
{
    struct csin_yaml *yaml = node.yaml;
    if (yaml->is_spent)
        return false;
    if (n <= CSIN_YAML_VISITS - yaml->visits) {
        yaml->visits += n;
        return true;
    }
    yaml->is_spent = true;
    too_much(yaml->diag, csin_yaml_loc(node),
             "too many values once the aliases are followed (more than 1,000,000)");
    return false;
}

/* ---- changing a document ---- */

int *csin_yaml_slot(struct csin_yaml_node parent, uint32_t i)
{
    yaml_node_t *n = get(parent);
    return n->type == YAML_SEQUENCE_NODE ? &n->data.sequence.items.start[i]
                                         : &n->data.mapping.pairs.start[i].value;
}

bool csin_yaml_append(struct csin_yaml_node parent, int key, int value)
{
    return key ? yaml_document_append_mapping_pair(parent.yaml->document, parent.id, key, value)
               : yaml_document_append_sequence_item(parent.yaml->document, parent.id, value);
}

/* An empty sequence or mapping in flow style, or a scalar, like `node` of any document. */
static int add_like(yaml_document_t *document, const yaml_node_t *node)
{
    switch (node->type) {
    case YAML_SEQUENCE_NODE:
        return yaml_document_add_sequence(document, NULL, YAML_FLOW_SEQUENCE_STYLE);
    case YAML_MAPPING_NODE:
        return yaml_document_add_mapping(document, NULL, YAML_FLOW_MAPPING_STYLE);
    default:
        return yaml_document_add_scalar(document, NULL, node->data.scalar.value,
                                        (int)node->data.scalar.length, node->data.scalar.style);
    }
}

int csin_yaml_copy(struct csin_yaml_node node)
{
    yaml_document_t *document = node.yaml->document;
    if (get(node)->type == YAML_SCALAR_NODE)
        return node.id;
    int id = add_like(document, get(node));
    struct csin_yaml_node copy = {node.yaml, id};
    if (!id)
        return 0;
    get(copy)->start_mark = get(node)->start_mark;
    for (uint32_t i = 0; i < csin_yaml_n_children(node); i++) {
        int key = csin_yaml_is_mapping(node) ? csin_yaml_key(node, i).id : 0;
        if (!csin_yaml_append(copy, key, *csin_yaml_slot(node, i)))
            return 0;
    }
    return id;
}

/* Copies a tree of another document. It has no aliases, and is as deep as a document may be. */
static int graft(struct csin_yaml *yaml, yaml_document_t *from, int from_id, yaml_mark_t mark)
{
    yaml_node_t *node = yaml_document_get_node(from, from_id);
    int id = add_like(yaml->document, node);
    struct csin_yaml_node made = {yaml, id};
    if (!id)
        return 0;
    get(made)->start_mark = mark;
    if (node->type == YAML_SEQUENCE_NODE)
        for (int *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++) {
            int value = graft(yaml, from, *item, mark);
            if (!value || !csin_yaml_append(made, 0, value))
                return 0;
        }
    if (node->type == YAML_MAPPING_NODE)
        for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++) {
            int key = graft(yaml, from, pair->key, mark);
            int value = key ? graft(yaml, from, pair->value, mark) : 0;
            if (!value || !csin_yaml_append(made, key, value))
                return 0;
        }
    return id;
}

int csin_yaml_make(struct csin_yaml *yaml, const char *text, bool is_flow, struct csin_loc loc)
{
    yaml_mark_t mark = {.index = PUT_IN, .line = loc.line - 1, .column = loc.col - 1};
    const unsigned char *bytes = (const unsigned char *)text;
    yaml_parser_t parser;
    yaml_document_t other;
    if (!is_flow) {
        int id = yaml_document_add_scalar(yaml->document, NULL, bytes, (int)strlen(text),
                                          YAML_PLAIN_SCALAR_STYLE);
        if (id)
            get((struct csin_yaml_node){yaml, id})->start_mark = mark;
        return id;
    }
    if (!yaml_parser_initialize(&parser))
        return 0;
    yaml_parser_set_input_string(&parser, bytes, strlen(text));
    bool loaded = yaml_parser_load(&parser, &other);
    yaml_parser_delete(&parser);
    if (!loaded)
        return 0; /* csin_yaml_any writes what can be read: no memory */
    int id = graft(yaml, &other, 1, mark);
    yaml_document_delete(&other);
    return id;
}
