/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads topology.conf, as Slurm's own parser does (src/common/parse_config.c): a comment goes
 * first, then a backslash at the end joins the line with the next one, then come pairs of
 * KEY=VALUE. */
#include "topo/slurm.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/hostlist.h"
#include "base/units.h"

enum { TOLD_PER_SWITCH = 3 };
#define MAX_EXPANDED (4u * CSIN_MAX_HOSTS) /* names of all lists, those told to be twice too */

/* A part of a joined line that stood on one line of the file. */
struct segment {
    size_t start; /* in the joined line */
    struct csin_loc loc;
};

struct line {
    char *text; /* NUL at the end */
    size_t n, room;
    struct segment *segments;
    size_t n_segments, segments_room;
};

struct value { /* of a pair; bytes start .. end of the joined line */
    size_t start, end;
    bool given;
};

enum key { SWITCH_NAME, NODES, SWITCHES, LINK_SPEED, N_KEYS };
static const char *const key_names[N_KEYS] = {"SwitchName", "Nodes", "Switches", "LinkSpeed"};

struct reader {
    struct csin_arena *arena;
    struct csin_diag *diag;
    const char *file;
    const char *text, *end;
    uint32_t line_number;
    struct line line;
    struct csin_slurm_switch *switches;
    size_t n, room;
    uint64_t n_expanded;
    enum csin_status status; /* the first failure */
};

static void fail(struct reader *r, enum csin_status status)
{
    r->status = csin_first(r->status, status);
}

#define FAIL(r, code, loc, ...) fail(r, csin_error((r)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__))

/* ---- lines ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* True where an odd number of backslashes ends just before text[at]. */
static bool is_escaped(const char *text, size_t at)
{
    size_t n = 0;
    while (n < at && text[at - 1 - n] == '\\')
        n++;
    return n % 2 == 1;
}

/* Adds text to the joined line; where it stood in the file is remembered. */
static bool add_segment(struct reader *r, const char *text, size_t n)
{
    struct line *line = &r->line;
    if (!csin_grow(&line->text, &line->room, line->n + n + 1, 1) ||
        !csin_grow(&line->segments, &line->segments_room, line->n_segments + 1,
                   sizeof *line->segments)) {
        fail(r, csin_no_memory(r->diag));
        return false;
    }
    line->segments[line->n_segments++] = (struct segment){line->n, {r->file, r->line_number, 1}};
    memcpy(line->text + line->n, text, n);
    line->n += n;
    line->text[line->n] = '\0';
    return true;
}

/* Reads a line and those that continue it. False at the end of the file and without memory. */
static bool next_line(struct reader *r)
{
    bool more = true;
    r->line.n = r->line.n_segments = 0;
    if (r->text == r->end)
        return false;
    while (more && r->text < r->end) {
        const char *start = r->text, *feed = memchr(start, '\n', (size_t)(r->end - start));
        size_t n = (size_t)((feed ? feed : r->end) - start);
        r->text = feed ? feed + 1 : r->end;
        r->line_number++;
        for (size_t i = 0; i < n; i++)
            if (start[i] == '#' && !is_escaped(start, i))
                n = i;
        while (n > 0 && is_blank(start[n - 1]))
            n--;
        more = is_escaped(start, n);
        if (!add_segment(r, start, n - more))
            return false;
    }
    return true;
}

static struct csin_loc place(const struct reader *r, size_t at)
{
    const struct line *line = &r->line;
    size_t low = 0, high = line->n_segments; /* the last segment that starts at or before `at` */
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (line->segments[middle].start <= at)
            low = middle;
        else
            high = middle;
    }
    struct csin_loc loc = line->segments[low].loc;
    loc.col += (uint32_t)(at - line->segments[low].start);
    return loc;
}

/* ---- lists ---- */

struct names {
    const char **items;
    size_t n, room;
};

static void expand_piece(struct reader *r, size_t start, size_t end, struct names *names)
{
    const char *const *items;
    uint32_t n;
    struct csin_loc loc = place(r, start);
    char *text = csin_arena_strndup(r->arena, r->line.text + start, end - start);
    enum csin_status status = text ? csin_hostlist_expand(r->arena, r->diag, loc, text, &items, &n)
                                   : csin_no_memory(r->diag);
    fail(r, status);
    if (status != CSIN_OK)
        return;
    r->n_expanded += n;
    if (r->n_expanded > MAX_EXPANDED)
        return;
    if (!csin_grow(&names->items, &names->room, names->n + n, sizeof *names->items)) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    memcpy(names->items + names->n, items, n * sizeof *items);
    names->n += n;
}

/* The names of a hostlist. It is taken apart where a line of the file ends, between two items, so
 * that messages have the right place. */
static void expand(struct reader *r, const struct value *value, const char *const **ret_names,
                   uint32_t *ret_n)
{
    struct names names = {0};
    size_t start = value->start, comma = 0, segment = 0;
    unsigned depth = 0;
    const struct line *line = &r->line;
    *ret_n = 0;
    while (segment < line->n_segments && line->segments[segment].start <= start)
        segment++;
    for (size_t i = start; i < value->end; i++) {
        for (; segment < line->n_segments && line->segments[segment].start == i; segment++)
            if (comma > start) {
                expand_piece(r, start, comma, &names);
                start = comma + 1;
            }
        char c = line->text[i];
        depth += c == '[';
        depth -= c == ']' && depth > 0;
        if (c == ',' && depth == 0)
            comma = i;
    }
    expand_piece(r, start, value->end, &names);
    const char **copy = csin_arena_alloc(r->arena, names.n, sizeof *copy);
    if (!copy)
        fail(r, csin_no_memory(r->diag));
    if (copy && names.n)
        memcpy(copy, names.items, names.n * sizeof *copy);
    *ret_names = copy;
    *ret_n = copy ? (uint32_t)names.n : 0;
    free(names.items);
}

/* ---- pairs ---- */

static size_t skip_blanks(const struct reader *r, size_t at)
{
    while (is_blank(r->line.text[at]))
        at++;
    return at;
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

static bool is_word(const struct reader *r, size_t start, size_t end, const char *word)
{
    return strlen(word) == end - start && strncasecmp(r->line.text + start, word, end - start) == 0;
}

static void unknown_key(struct reader *r, size_t start, size_t end)
{
    struct csin_loc loc = place(r, start);
    struct csin_brief word = csin_brief(r->line.text + start, end - start);
    if (is_word(r, start, end, "BlockName") || is_word(r, start, end, "BlockSizes")) {
        FAIL(r, 711, loc, "'%s' is of the plugin topology/block, which knows no leaves", word.s);
        csin_note(r->diag, loc, "csin reads files of topology/tree, with SwitchName");
        return;
    }
    const char *near = csin_nearest(word.s, key_names, N_KEYS);
    if (near)
        FAIL(r, 711, loc, "unknown key '%s'; did you mean '%s'?", word.s, near);
    else
        FAIL(r, 711, loc, "unknown key '%s'", word.s);
    if (!near)
        csin_note(r->diag, loc, "keys are SwitchName, Nodes, Switches and LinkSpeed");
}

static enum key find_key(const struct reader *r, size_t start, size_t end)
{
    unsigned key = 0;
    while (key < N_KEYS && !is_word(r, start, end, key_names[key]))
        key++;
    return (enum key)key;
}

static void no_pair(struct reader *r, size_t start)
{
    size_t end = start;
    while (r->line.text[end] && !is_blank(r->line.text[end]))
        end++;
    struct csin_loc loc = place(r, start);
    if (is_word(r, start, end, "Include")) {
        FAIL(r, 712, loc, "'Include' is not followed");
        csin_note(r->diag, loc, "write the lines of that file here");
        return;
    }
    FAIL(r, 710, loc, "'%s' is not KEY=VALUE", csin_brief(r->line.text + start, end - start).s);
    csin_note(r->diag, loc, "write a line such as SwitchName=leaf01 Nodes=gpu[001-015]");
}

/* Reads the pair at `at`; gives the place behind it, or of the end of the line where it is none. */
static size_t read_pair(struct reader *r, size_t at, struct value values[N_KEYS], bool *ret_wrong)
{
    const char *text = r->line.text;
    size_t start = at, end = at;
    while (is_key_char(text[end]))
        end++;
    at = skip_blanks(r, end);
    if (end == start || text[at] != '=') {
        no_pair(r, start);
        *ret_wrong = true;
        return r->line.n;
    }
    struct value value = {at = skip_blanks(r, at + 1), 0, true};
    if (text[at] == '"') {
        const char *close = strchr(text + at + 1, '"');
        if (!close) {
            FAIL(r, 710, place(r, at), "the quotation mark is not closed");
            *ret_wrong = true;
            return r->line.n;
        }
        value.start = at + 1;
        value.end = (size_t)(close - text);
        at = value.end + 1;
    } else {
        while (text[at] && !is_blank(text[at]))
            at++;
        value.end = at;
    }
    enum key key = find_key(r, start, end);
    if (key == N_KEYS) {
        unknown_key(r, start, end);
    } else if (values[key].given) {
        FAIL(r, 713, place(r, start), "'%s' is written twice in one line", key_names[key]);
        csin_note(r->diag, place(r, values[key].start), "first here");
    } else if (value.end == value.start) {
        FAIL(r, 710, place(r, start), "'%s' has no value", key_names[key]);
    } else {
        values[key] = value;
        return at;
    }
    *ret_wrong = true;
    return at;
}

/* ---- switches ---- */

static bool is_name(const struct reader *r, const struct value *value)
{
    for (size_t i = value->start; i < value->end; i++)
        if (!csin_name_may_have(r->line.text[i]))
            return false;
    return value->end - value->start <= CSIN_NAME_MAX;
}

static void check_link_speed(struct reader *r, const struct value *value)
{
    for (size_t i = value->start; i < value->end; i++)
        if (r->line.text[i] < '0' || r->line.text[i] > '9') {
            FAIL(r, 710, place(r, value->start), "'%s' is not a whole number",
                 csin_brief(r->line.text + value->start, value->end - value->start).s);
            return;
        }
}

static void add_switch(struct reader *r, const struct value values[N_KEYS], bool wrong)
{
    const struct value *name = &values[SWITCH_NAME], *nodes = &values[NODES];
    const struct value *switches = &values[SWITCHES];
    struct csin_slurm_switch sw = {.loc = place(r, name->start), .parent = CSIN_NONE};
    struct csin_brief brief = csin_brief(r->line.text + name->start, name->end - name->start);
    if (!is_name(r, name)) {
        FAIL(r, 714, sw.loc, "'%s' is not a name of a switch", brief.s);
        csin_note(
            r->diag, sw.loc,
            "a line is about one switch; names have letters, digits, '.', '_' and '-', at most "
            "64");
        wrong = true;
    }
    if (nodes->given == switches->given && !wrong) {
        FAIL(r, 715, nodes->given ? place(r, switches->start) : sw.loc, "switch '%s' has %s",
             brief.s, nodes->given ? "both nodes and switches" : "neither nodes nor switches");
        csin_note(r->diag, sw.loc, "a leaf has Nodes, a switch above leaves has Switches");
    }
    if (values[LINK_SPEED].given)
        check_link_speed(r, &values[LINK_SPEED]);
    sw.name = csin_arena_strndup(r->arena, r->line.text + name->start, name->end - name->start);
    if (nodes->given) {
        sw.list_loc = place(r, nodes->start);
        expand(r, nodes, &sw.nodes, &sw.n_nodes);
    }
    if (switches->given) {
        sw.list_loc = place(r, switches->start);
        expand(r, switches, &sw.child_names, &sw.n_children);
    }
    if (!sw.name || !csin_grow(&r->switches, &r->room, r->n + 1, sizeof *r->switches)) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    r->switches[r->n++] = sw;
}

static void read_line(struct reader *r)
{
    struct value values[N_KEYS] = {{0}};
    bool wrong = false;
    const char *nul = memchr(r->line.text, '\0', r->line.n);
    if (nul) {
        FAIL(r, 710, place(r, (size_t)(nul - r->line.text)), "a NUL byte is no text");
        return;
    }
    size_t at = skip_blanks(r, 0), start = at;
    if (at == r->line.n)
        return;
    while (at < r->line.n)
        at = skip_blanks(r, read_pair(r, at, values, &wrong));
    if (values[SWITCH_NAME].given)
        add_switch(r, values, wrong);
    else if (!wrong)
        FAIL(r, 714, place(r, start), "this line names no switch: it has no SwitchName");
}

static bool heard_enough(const struct reader *r)
{
    return r->status != CSIN_OK && (!r->diag || csin_diag_errors(r->diag) > 100);
}

/* False where the file is not worth looking at any further. */
static bool read_lines(struct reader *r)
{
    static const char bom[] = "\xef\xbb\xbf";
    if (r->end - r->text >= 3 && memcmp(r->text, bom, 3) == 0)
        r->text += 3;
    while (!heard_enough(r) && next_line(r)) {
        read_line(r);
        if (r->n > CSIN_MAX_SWITCHES || r->n_expanded > MAX_EXPANDED) {
            FAIL(r, 716, (struct csin_loc){r->file, r->line_number, 1}, "the file has too many %s",
                 r->n > CSIN_MAX_SWITCHES ? "switches" : "names");
            csin_note(r->diag, (struct csin_loc){r->file, r->line_number, 1},
                      "at most %s switches and %s nodes", csin_show_count(CSIN_MAX_SWITCHES).s,
                      csin_show_count(CSIN_MAX_HOSTS).s);
            return false;
        }
    }
    return !heard_enough(r);
}

/* ---- what must hold between the lines ---- */

static void index_switches(struct reader *r, struct csin_slurm *s)
{
    if (!csin_names_init(&s->switch_index, r->arena, s->n_switches)) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    for (uint32_t i = 0, old; i < s->n_switches; i++) {
        if (csin_names_add(&s->switch_index, s->switches[i].name, i, &old))
            continue;
        FAIL(r, 717, s->switches[i].loc, "switch '%s' is there twice", s->switches[i].name);
        csin_note(r->diag, s->switches[old].loc, "first here");
    }
}

static void index_nodes(struct reader *r, struct csin_slurm *s)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < s->n_switches; i++)
        n += s->switches[i].n_nodes;
    if (n > CSIN_MAX_HOSTS) {
        FAIL(r, 716, ((struct csin_loc){r->file, 0, 0}), "the file has %s nodes; at most %s",
             csin_show_count(n).s, csin_show_count(CSIN_MAX_HOSTS).s);
        return;
    }
    if (!csin_names_init(&s->node_leaf, r->arena, (uint32_t)n)) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    s->n_nodes = (uint32_t)n;
    for (uint32_t i = 0, old; i < s->n_switches; i++) {
        const struct csin_slurm_switch *sw = &s->switches[i];
        unsigned told = 0;
        for (uint32_t k = 0; k < sw->n_nodes && told < TOLD_PER_SWITCH; k++) {
            if (csin_names_add(&s->node_leaf, sw->nodes[k], i, &old))
                continue;
            told++;
            if (old == i) {
                FAIL(r, 718, sw->list_loc, "node '%s' is listed twice", sw->nodes[k]);
                continue;
            }
            FAIL(r, 718, sw->list_loc, "node '%s' is on two leaves, '%s' and '%s'", sw->nodes[k],
                 s->switches[old].name, sw->name);
            csin_note(r->diag, s->switches[old].list_loc, "it is on '%s' here",
                      s->switches[old].name);
        }
    }
}

static void unknown_child(struct reader *r, const struct csin_slurm *s,
                          const struct csin_slurm_switch *sw, const char *name)
{
    const char **names = heard_enough(r) ? NULL
                                         : csin_arena_alloc(r->arena, s->n_switches, sizeof *names);
    for (uint32_t i = 0; names && i < s->n_switches; i++)
        names[i] = s->switches[i].name;
    const char *near = names ? csin_nearest(name, names, s->n_switches) : NULL;
    if (near && !csin_names_differ_in_number(near, name))
        FAIL(r, 719, sw->list_loc, "there is no switch '%s' to be below '%s'; did you mean '%s'?",
             name, sw->name, near);
    else
        FAIL(r, 719, sw->list_loc, "there is no switch '%s' to be below '%s'", name, sw->name);
}

static void link_children(struct reader *r, struct csin_slurm *s)
{
    for (uint32_t i = 0; i < s->n_switches; i++) {
        struct csin_slurm_switch *sw = &s->switches[i];
        unsigned told = 0;
        sw->children = csin_arena_alloc(r->arena, sw->n_children, sizeof *sw->children);
        if (!sw->children) {
            fail(r, csin_no_memory(r->diag));
            return;
        }
        for (uint32_t k = 0; k < sw->n_children && told < TOLD_PER_SWITCH; k++) {
            uint32_t child = csin_names_find(&s->switch_index, sw->child_names[k]);
            sw->children[k] = child;
            if (child == CSIN_NONE) {
                unknown_child(r, s, sw, sw->child_names[k]);
                told++;
            } else if (s->switches[child].parent != CSIN_NONE) {
                uint32_t other = s->switches[child].parent;
                FAIL(r, 720, sw->list_loc, "switch '%s' is below two, '%s' and '%s'",
                     s->switches[child].name, s->switches[other].name, sw->name);
                csin_note(r->diag, s->switches[other].list_loc,
                          "Slurm knows trees alone: write one switch for all spines of a zone");
                told++;
            } else {
                s->switches[child].parent = i;
            }
        }
    }
}

/* Each switch has one parent, so going up either ends at a top or goes round. */
static void check_cycles(struct reader *r, const struct csin_slurm *s)
{
    uint32_t *seen = csin_arena_alloc(r->arena, s->n_switches, sizeof *seen); /* by walk, from 1 */
    if (!seen) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    for (uint32_t i = 0; i < s->n_switches; i++) {
        uint32_t at = i;
        while (at != CSIN_NONE && seen[at] == 0) {
            seen[at] = i + 1;
            at = s->switches[at].parent;
        }
        if (at == CSIN_NONE || seen[at] != i + 1)
            continue;
        const struct csin_slurm_switch *sw = &s->switches[at];
        if (sw->parent == at)
            FAIL(r, 721, sw->list_loc, "switch '%s' is below itself", sw->name);
        else
            FAIL(r, 721, sw->list_loc, "switch '%s' is below itself, by way of '%s'", sw->name,
                 s->switches[sw->parent].name);
    }
}

static void list_leaves(struct reader *r, struct csin_slurm *s)
{
    s->leaves = csin_arena_alloc(r->arena, s->n_switches, sizeof *s->leaves);
    if (!s->leaves) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    for (uint32_t i = 0; i < s->n_switches; i++)
        if (s->switches[i].n_nodes)
            s->leaves[s->n_leaves++] = i;
    if (s->n_leaves == 0 && r->status == CSIN_OK) {
        FAIL(r, 722, ((struct csin_loc){r->file, 0, 0}), "the file has no switch with nodes");
        csin_note(r->diag, (struct csin_loc){r->file, 0, 0},
                  "write a line such as SwitchName=leaf01 Nodes=gpu[001-015]");
    }
}

static void resolve(struct reader *r, struct csin_slurm *s)
{
    s->file = r->file;
    s->n_switches = (uint32_t)r->n;
    s->switches = csin_arena_alloc(r->arena, r->n, sizeof *s->switches);
    if (!s->switches) {
        fail(r, csin_no_memory(r->diag));
        return;
    }
    if (r->n)
        memcpy(s->switches, r->switches, r->n * sizeof *s->switches);
    index_switches(r, s);
    index_nodes(r, s);
    link_children(r, s);
    check_cycles(r, s);
    list_leaves(r, s);
}

enum csin_status csin_slurm_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                 const char *text, size_t bytes, struct csin_slurm *ret_slurm)
{
    struct reader r = {
        .arena = arena, .diag = diag, .file = file, .text = text, .end = text + bytes};
    struct csin_slurm slurm = {0};
    if (read_lines(&r))
        resolve(&r, &slurm);
    free(r.line.text);
    free(r.line.segments);
    free(r.switches);
    if (r.status == CSIN_OK)
        *ret_slurm = slurm;
    return r.status;
}

enum csin_status csin_slurm_open(struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_loc loc, const char *beside, const char *path,
                                 struct csin_slurm *ret_slurm)
{
    const char *slash = beside && path[0] != '/' ? strrchr(beside, '/') : NULL;
    const char *file = csin_arena_printf(arena, "%.*s%s", slash ? (int)(slash - beside + 1) : 0,
                                         slash ? beside : "", path);
    char *text;
    size_t bytes;
    if (!file)
        return csin_no_memory(diag);
    enum csin_status status = csin_file_read(diag, loc, file, &text, &bytes);
    if (status != CSIN_OK)
        return status;
    status = csin_slurm_read(arena, diag, file, text, bytes, ret_slurm);
    free(text);
    return status;
}

bool csin_slurm_is_below(const struct csin_slurm *slurm, uint32_t sw, uint32_t above)
{
    while (sw != above && sw != CSIN_NONE)
        sw = slurm->switches[sw].parent;
    return sw == above;
}
