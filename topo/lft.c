/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files are read line by line as they come in. What a line means is decided where it stands;
 * nothing of it is kept but the entries, and counts of what could not be used with the line of the
 * first. */
#include "topo/lft.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "topo/lft_check.h"
#include "topo/routes_inside.h"

#define LFT_NO_WAY 255u /* the port number that says so */

/* How often something was seen, and where first. */
struct seen {
    uint64_t n;
    uint32_t line;
};

struct reader {
    const struct csin_fabric *f;
    const char *file;
    struct csin_diag *diag;
    struct csin_routes *routes;
    struct csin_ib ib;
    struct csin_sha256_stream *sha;
    enum csin_status status;

    char line[CSIN_LFT_LINE_MAX + 1]; /* the beginning of a line whose end has not come in yet */
    size_t length;
    bool is_too_long;
    uint32_t n_lines;

    uint32_t sw;        /* whose table is being read; CSIN_NONE: that of no switch we know */
    uint32_t n_tables;  /* also of unknown switches */
    bool *has_table;    /* [n_switches] */
    uint32_t *table_of; /* [n_nics] the number of the last table with an entry for it, */
    uint32_t *lid_of;   /* [n_nics] and the LID written there */
    struct seen unknown_switches, unknown_guids, unknown_lids, other_lines;
    uint64_t first_guid;  /* of unknown_guids */
    char first_other[48]; /* of other_lines */
};

/* ---- words of a line ---- */

/* A line, without its end, and what has been read of it. */
struct words {
    const char *begin, *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct words *w)
{
    while (w->at < w->end && is_blank(*w->at))
        w->at++;
}

static bool skip_word(struct words *w, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(w->end - w->at) < n || memcmp(w->at, word, n) != 0)
        return false;
    w->at += n;
    return true;
}

/* Goes behind `word`, wherever in the rest of the line. */
static bool find_word(struct words *w, const char *word)
{
    const char *found = memmem(w->at, (size_t)(w->end - w->at), word, strlen(word));
    if (!found)
        return false;
    w->at = found + strlen(word);
    return true;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 16;
}

/* A number up to `max` that a blank, the end of the line or `stop` follows. */
static bool read_number(struct words *w, unsigned base, uint64_t max, char stop, uint64_t *ret)
{
    const char *p = w->at;
    uint64_t x = 0;
    for (; p < w->end && digit(*p) < (int)base; p++) {
        if (x > (max - (unsigned)digit(*p)) / base)
            return false;
        x = x * base + (unsigned)digit(*p);
    }
    if (p == w->at || (p < w->end && !is_blank(*p) && *p != stop))
        return false;
    w->at = p;
    *ret = x;
    return true;
}

/* ---- messages ---- */

static struct csin_loc loc_at(const struct reader *r, const struct words *w)
{
    return (struct csin_loc){r->file, r->n_lines, (uint32_t)(w->at - w->begin) + 1};
}

/* The blank-delimited word that is being read. */
static struct csin_brief offender(const struct words *w)
{
    const char *end = w->at;
    char word[CSIN_LFT_LINE_MAX + 1];
    while (end < w->end && !is_blank(*end))
        end++;
    memcpy(word, w->at, (size_t)(end - w->at));
    word[end - w->at] = '\0';
    return csin_brief(word, SIZE_MAX);
}

static void fail(struct reader *r, enum csin_status status)
{
    r->status = csin_first(r->status, status);
}

static bool see(struct seen *seen, uint32_t line)
{
    if (seen->n++ > 0)
        return false;
    seen->line = line;
    return true;
}

/* ---- lines ---- */

static void begin_table(struct reader *r, struct words *w)
{
    uint64_t guid;
    r->sw = CSIN_NONE;
    r->n_tables++;
    struct words before = *w;
    if (!find_word(w, " guid 0x")) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 642, loc_at(r, &before),
                           "the switch of this table has no ' guid 0x'"));
        csin_note(r->diag, loc_at(r, &before),
                  "write: Unicast lids of switch guid 0x0c42a10000001001 (leaf01):");
        return;
    }
    if (!read_number(w, 16, UINT64_MAX, '\0', &guid)) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 642, loc_at(r, w), "'%s' is not a GUID",
                           offender(w).s));
        csin_note(r->diag, loc_at(r, w), "a GUID has up to 16 hexadecimal digits; a blank follows");
        return;
    }
    uint32_t point = csin_ib_by_guid(&r->ib, guid);
    if (point >= r->f->n_switches) {
        see(&r->unknown_switches, r->n_lines);
        return;
    }
    if (r->has_table[point]) {
        csin_warning(r->diag, 652, loc_at(r, w), "a second table of switch '%s'; this one counts",
                     r->f->switches[point].name);
        for (uint32_t nic = 0; nic < r->f->n_nics; nic++)
            *table_entry(r->routes, point, nic) = NO_PORT;
    }
    r->has_table[point] = true;
    r->sw = point;
}

/* Who an entry is for: a point, CSIN_NONE where nobody here has that GUID or LID. */
static uint32_t destination(struct reader *r, uint64_t lid, uint64_t guid)
{
    uint32_t by_guid = csin_ib_by_guid(&r->ib, guid), by_lid = csin_ib_by_lid(&r->ib, lid);
    if (by_guid != CSIN_NONE)
        return by_guid;
    if (guid == 0) {
        if (by_lid == CSIN_NONE)
            see(&r->unknown_lids, r->n_lines);
        return by_lid;
    }
    if (see(&r->unknown_guids, r->n_lines))
        r->first_guid = guid;
    /* As OpenSM does; but a LID that was made up here says nothing about a file from elsewhere. */
    return by_lid != CSIN_NONE && r->ib.points[by_lid].lid_is_known ? by_lid : CSIN_NONE;
}

static uint32_t last_port(const struct csin_fabric *f, uint32_t s)
{
    return f->switches[s].n_ports + (f->switches[s].agent_guid != 0);
}

static bool check_port(struct reader *r, const struct words *w, uint64_t port)
{
    const struct csin_switch *sw = &r->f->switches[r->sw];
    if (port <= last_port(r->f, r->sw) || port == LFT_NO_WAY)
        return true;
    fail(r, csin_error(r->diag, CSIN_E_INPUT, 644, loc_at(r, w), "switch '%s' has no port %s",
                       sw->name, csin_show_count(port).s));
    csin_note(r->diag, loc_at(r, w), "it has ports 1 to %u; opensm would refuse the whole file",
              last_port(r->f, r->sw));
    return false;
}

static void set_entry(struct reader *r, uint32_t nic, uint32_t lid, uint32_t port)
{
    /* The lowest LID of a port is its base LID; with one LID, the last entry counts. */
    if (r->table_of[nic] == r->n_tables && lid > r->lid_of[nic])
        return;
    r->table_of[nic] = r->n_tables;
    r->lid_of[nic] = lid;
    /* Port 0 is the switch itself, and the aggregation node hosts nobody. */
    bool leads_on = port > 0 && port <= r->f->switches[r->sw].n_ports;
    if (has_entry(r->routes, r->sw, nic)) /* to another plane nothing leads */
        *table_entry(r->routes, r->sw, nic) = leads_on ? (uint16_t)(port - 1) : NO_PORT;
}

static void wrong_entry(struct reader *r, const struct words *w, const char *what)
{
    if (w->at == w->end)
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 643, loc_at(r, w), "%s is missing", what));
    else
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 643, loc_at(r, w), "'%s' is not %s",
                           offender(w).s, what));
    csin_note(r->diag, loc_at(r, w), "an entry is a LID and a port: 0x001f 21");
}

static void read_entry(struct reader *r, struct words *w)
{
    uint64_t lid, port, guid = 0;
    if (!read_number(w, 16, UINT16_MAX, '\0', &lid)) {
        wrong_entry(r, w, "a LID");
        return;
    }
    skip_blanks(w);
    struct words at_port = *w;
    if (!read_number(w, 10, UINT32_MAX, '\0', &port)) {
        wrong_entry(r, w, "a port");
        return;
    }
    if (r->n_tables == 0) {
        fail(r, csin_error(r->diag, CSIN_E_INPUT, 643, (struct csin_loc){r->file, r->n_lines, 1},
                           "an entry before any line 'Unicast lids'"));
        return;
    }
    if (r->sw == CSIN_NONE || !check_port(r, &at_port, port))
        return;
    if (find_word(w, " portguid 0x") && !read_number(w, 16, UINT64_MAX, ':', &guid))
        guid = 0; /* OpenSM does without one that it cannot read */
    uint32_t point = destination(r, lid, guid);
    if (point != CSIN_NONE && point >= r->f->n_switches && point < r->f->n_vertices)
        set_entry(r, point - r->f->n_switches, (uint32_t)lid, (uint32_t)port);
}

/* What stands around the tables in real files. */
static bool is_decoration(struct words w)
{
    if (w.at == w.end || *w.at == '#')
        return true;
    if (skip_word(&w, "Lid ") || skip_word(&w, "Port "))
        return true; /* head lines of dump_fts */
    struct words count = w;
    return find_word(&count, "lids dumped") || skip_word(&w, "Multicast mlids");
}

static void read_line(struct reader *r, const char *begin, size_t length)
{
    struct words w = {begin, begin, begin + length};
    r->n_lines++;
    skip_blanks(&w);
    if (skip_word(&w, "0x")) {
        read_entry(r, &w);
    } else if (skip_word(&w, "Unicast lids")) {
        begin_table(r, &w);
    } else if (!is_decoration(w) && see(&r->other_lines, r->n_lines)) {
        size_t n = (size_t)(w.end - w.at) < sizeof r->first_other - 1 ? (size_t)(w.end - w.at)
                                                                      : sizeof r->first_other - 1;
        memcpy(r->first_other, w.at, n);
        for (size_t i = 0; i < n; i++)
            if (r->first_other[i] == '\0')
                r->first_other[i] = ' ';
    }
}

static void say_too_long(struct reader *r)
{
    r->n_lines++;
    fail(r, csin_error(r->diag, CSIN_E_INPUT, 645, (struct csin_loc){r->file, r->n_lines, 1},
                       "a line of more than %u bytes; opensm cannot read it", CSIN_LFT_LINE_MAX));
}

/* The end of a line that began in an earlier piece, or the beginning of one that ends in a later
 * one. */
static void keep(struct reader *r, const char *text, size_t bytes)
{
    if (bytes > CSIN_LFT_LINE_MAX - r->length)
        r->is_too_long = true;
    if (r->is_too_long)
        return;
    memcpy(r->line + r->length, text, bytes);
    r->length += bytes;
}

static void end_kept(struct reader *r)
{
    if (r->is_too_long)
        say_too_long(r);
    else
        read_line(r, r->line, r->length);
    r->length = 0;
    r->is_too_long = false;
}

/* Nobody reads more messages, or the file is no text. */
static bool has_enough(const struct reader *r)
{
    return (r->status != CSIN_OK && r->diag && csin_diag_errors(r->diag) > 100) ||
           r->n_lines == UINT32_MAX - 1;
}

static bool take(void *arg, const char *piece, size_t bytes)
{
    struct reader *r = arg;
    const char *at = piece, *end = piece + bytes;
    bool was_too_long = r->is_too_long;
    csin_sha256_add(r->sha, piece, bytes);
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        was_too_long = false;
        if (r->length == 0 && !r->is_too_long && newline - at <= CSIN_LFT_LINE_MAX) {
            read_line(r, at, (size_t)(newline - at));
            continue;
        }
        keep(r, at, (size_t)(newline - at));
        end_kept(r);
        if (has_enough(r))
            return false;
    }
    if (at < end)
        keep(r, at, (size_t)(end - at));
    /* Not one end of a line in a whole piece: /dev/zero has none for ever. */
    return !has_enough(r) && !was_too_long;
}

/* ---- what can be said at the end ---- */

static struct csin_loc first_line(const struct reader *r, const struct seen *seen)
{
    return (struct csin_loc){r->file, seen->line, 1};
}

static void warn_of_unknown(struct reader *r)
{
    if (r->unknown_switches.n)
        csin_warning(r->diag, 647, first_line(r, &r->unknown_switches),
                     "%s of %s tables are of switches that the fabric does not have",
                     csin_show_count(r->unknown_switches.n).s, csin_show_count(r->n_tables).s);
    if (r->unknown_guids.n)
        csin_warning(r->diag, 648, first_line(r, &r->unknown_guids),
                     "%s entries are for ports that the fabric does not have, such as 0x%016llx",
                     csin_show_count(r->unknown_guids.n).s, (unsigned long long)r->first_guid);
    if (r->unknown_lids.n)
        csin_warning(r->diag, 648, first_line(r, &r->unknown_lids),
                     "%s entries are for LIDs that the fabric does not have",
                     csin_show_count(r->unknown_lids.n).s);
    if (r->other_lines.n)
        csin_warning(r->diag, 650, first_line(r, &r->other_lines),
                     "%s line%s neither of a table nor an entry, such as '%s'",
                     csin_show_count(r->other_lines.n).s, r->other_lines.n == 1 ? " is" : "s are",
                     csin_brief(r->first_other, 40).s);
}

static void warn_of_missing(struct reader *r)
{
    uint32_t n = 0, first = CSIN_NONE;
    for (uint32_t s = 0; s < r->f->n_switches; s++)
        if (!r->has_table[s]) {
            first = first == CSIN_NONE ? s : first;
            n++;
        }
    if (n == 0)
        return;
    csin_warning(r->diag, 649, (struct csin_loc){r->file, 0, 0},
                 "%s of %s switches have no table, such as '%s'", csin_show_count(n).s,
                 csin_show_count(r->f->n_switches).s, r->f->switches[first].name);
    csin_note(r->diag, (struct csin_loc){r->file, 0, 0},
              "opensm loads such a file without a word, and these switches forward nothing");
}

static enum csin_status no_tables(struct reader *r)
{
    csin_error(r->diag, CSIN_E_INPUT, 646, (struct csin_loc){r->file, 0, 0},
               "no forwarding tables: no line begins with 'Unicast lids'");
    csin_note(r->diag, (struct csin_loc){r->file, 0, 0},
              "opensm writes opensm-lfts.dump with -D 0x43; dump_fts prints the tables in use");
    return CSIN_E_INPUT;
}

static enum csin_status conclude(struct reader *r)
{
    if (r->length > 0 || r->is_too_long)
        end_kept(r);
    if (r->n_tables == 0 && r->status == CSIN_OK)
        return no_tables(r);
    if (r->status != CSIN_OK)
        return r->status;
    warn_of_unknown(r);
    warn_of_missing(r);
    if (!csin_routes_seal(r->routes))
        return csin_no_memory(r->diag);
    return csin_lft_check(r->routes, r->file, r->diag);
}

/* ---- from begin to end ---- */

struct source { /* a file, or text where path is NULL */
    struct csin_loc from;
    const char *path, *text;
    size_t bytes;
};

static enum csin_status read_source(struct reader *r, const struct source *source)
{
    if (source->path) {
        enum csin_status status = csin_file_stream(r->diag, source->from, source->path,
                                                   CSIN_LFT_MAX, take, r);
        if (status != CSIN_OK)
            return status;
    } else {
        take(r, source->text, source->bytes);
    }
    return conclude(r);
}

static enum csin_status read_all(const struct csin_fabric *f, const char *file,
                                 const struct source *source, struct csin_diag *diag,
                                 struct csin_sha256 *ret_input, struct csin_routes **ret_routes)
{
    struct csin_arena *arena = csin_arena_create();
    struct reader *r = arena ? csin_arena_alloc(arena, 1, sizeof *r) : NULL;
    struct csin_sha256 input = {""};
    enum csin_status status;
    if (!r) {
        csin_arena_destroy(arena);
        return csin_no_memory(diag);
    }
    r->f = f;
    r->file = file;
    r->diag = diag;
    r->sw = CSIN_NONE;
    r->sha = csin_sha256_start();
    r->has_table = csin_arena_alloc(arena, f->n_switches, sizeof *r->has_table);
    r->table_of = csin_arena_alloc(arena, f->n_nics, sizeof *r->table_of);
    r->lid_of = csin_arena_alloc(arena, f->n_nics, sizeof *r->lid_of);
    if (!r->sha || !r->has_table || !r->table_of || !r->lid_of)
        status = csin_no_memory(diag);
    else
        status = csin_ib_identify(f, arena, diag, &r->ib);
    if (status == CSIN_OK)
        status = csin_routes_create(f, NULL, CSIN_LFT, 0, diag, &r->routes);
    if (status == CSIN_OK)
        status = read_source(r, source);
    input = csin_sha256_finish(r->sha);
    if (status == CSIN_OK && !input.hex[0])
        status = csin_no_memory(diag);
    if (status == CSIN_OK) {
        *ret_routes = r->routes;
        if (ret_input)
            *ret_input = input;
    } else {
        csin_routes_destroy(r->routes);
    }
    csin_arena_destroy(arena);
    return status;
}

enum csin_status csin_lft_open(const struct csin_fabric *fabric, struct csin_loc from,
                               const char *path, struct csin_diag *diag,
                               struct csin_sha256 *ret_input, struct csin_routes **ret_routes)
{
    struct source source = {.from = from, .path = path};
    return read_all(fabric, path, &source, diag, ret_input, ret_routes);
}

enum csin_status csin_lft_read(const struct csin_fabric *fabric, const char *file, const char *text,
                               size_t bytes, struct csin_diag *diag,
                               struct csin_routes **ret_routes)
{
    struct source source = {.text = text, .bytes = bytes};
    return read_all(fabric, file, &source, diag, NULL, ret_routes);
}
