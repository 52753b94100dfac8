/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/cabling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hostlist.h"

/* ---- rows ---- */

static int by_names(const struct csin_cabling_row *r, const struct csin_cabling_row *s)
{
    int order = strverscmp(r->a, s->a);
    return order ? order : strverscmp(r->b, s->b);
}

static int by_row(const void *a, const void *b)
{
    const struct csin_cabling_row *r = a, *s = b;
    int order = by_names(r, s);
    if (order)
        return order;
    if (r->up != s->up)
        return r->up ? -1 : 1;
    return (r->rate_Bps > s->rate_Bps) - (r->rate_Bps < s->rate_Bps);
}

/* Sorts the rows, and adds up those that are alike. */
static void fold_rows(struct csin_cabling *c)
{
    uint32_t n = 0;
    qsort(c->rows, c->n, sizeof *c->rows, by_row);
    for (uint32_t i = 0; i < c->n; i++)
        if (n && by_row(&c->rows[n - 1], &c->rows[i]) == 0)
            c->rows[n - 1].n += c->rows[i].n;
        else
            c->rows[n++] = c->rows[i];
    c->n = n;
}

static void count_end(struct csin_cabling *c, const char *name, const struct csin_cabling_row *row,
                      bool is_a)
{
    uint32_t id;
    if (csin_names_add(&c->working, name, c->n_ends, &id)) {
        id = c->n_ends++;
        c->ends[id].name = name;
    }
    c->ends[id].n_all += row->n;
    c->ends[id].n_up += row->up ? row->n : 0;
    c->ends[id].is_a |= is_a;
}

static enum csin_status finish_rows(struct csin_cabling *c, struct csin_arena *arena,
                                    struct csin_diag *diag)
{
    fold_rows(c);
    c->ends = csin_arena_alloc(arena, 2 * (size_t)c->n, sizeof *c->ends);
    if (!c->ends || !csin_names_init(&c->working, arena, 2 * c->n))
        return csin_no_memory(diag);
    for (uint32_t i = 0; i < c->n; i++) {
        count_end(c, c->rows[i].a, &c->rows[i], true);
        count_end(c, c->rows[i].b, &c->rows[i], false);
    }
    return CSIN_OK;
}

static const char *end_name(const struct csin_fabric *f, uint32_t vertex)
{
    return csin_is_nic(f, vertex) ? f->hosts[f->nics[vertex - f->n_switches].host].name
                                  : f->switches[vertex].name;
}

static bool rows_of_fabric(const struct csin_fabric *f, struct csin_arena *arena,
                           struct csin_cabling *ret)
{
    *ret = (struct csin_cabling){.n = f->n_cables};
    ret->rows = csin_arena_alloc(arena, f->n_cables, sizeof *ret->rows);
    for (uint32_t i = 0; ret->rows && i < f->n_cables; i++) {
        const struct csin_cable *cable = &f->cables[i];
        bool nic = csin_is_nic(f, cable->end[0]);
        ret->rows[i] = (struct csin_cabling_row){end_name(f, cable->end[nic]),
                                                 end_name(f, cable->end[!nic]), cable->capacity_Bps,
                                                 cable->up, 1};
    }
    return ret->rows;
}

enum csin_status csin_cabling_create(const struct csin_fabric *fabric, struct csin_arena *arena,
                                     struct csin_diag *diag, struct csin_cabling *ret)
{
    if (!rows_of_fabric(fabric, arena, ret))
        return csin_no_memory(diag);
    return finish_rows(ret, arena, diag);
}

const struct csin_cabling_end *csin_cabling_find(const struct csin_cabling *cabling,
                                                 const char *name)
{
    uint32_t id = csin_names_find(&cabling->working, name);
    return id == UINT32_MAX ? NULL : &cabling->ends[id];
}

/* ---- writing ---- */

static bool alike(const struct csin_cabling_row *r, const struct csin_cabling_row *s)
{
    return r->up == s->up && r->n == s->n && r->rate_Bps == s->rate_Bps;
}

/* One line for each kind of cable among rows first .. end - 1, which are those of one switch;
 * `told` marks rows that an earlier line has. */
static bool write_switch(const struct csin_cabling *c, uint32_t first, uint32_t end, bool *told,
                         const char **names, struct csin_json *json)
{
    for (uint32_t i = first; i < end; i++) {
        if (told[i])
            continue;
        uint32_t n = 0;
        for (uint32_t k = i; k < end; k++)
            if (!told[k] && alike(&c->rows[i], &c->rows[k])) {
                names[n++] = c->rows[k].b;
                told[k] = true;
            }
        struct csin_arena *arena = csin_arena_create();
        const char *list = arena ? csin_hostlist_fold(arena, names, n) : NULL;
        if (list) {
            csin_json_flat_object(json, NULL);
            csin_json_string(json, "from", c->rows[i].a);
            csin_json_string(json, "to", list);
            csin_json_count(json, "cables_each", c->rows[i].n);
            csin_json_real(json, "rate_Bps", c->rows[i].rate_Bps);
            csin_json_bool(json, "up", c->rows[i].up);
            csin_json_end_object(json);
        }
        csin_arena_destroy(arena);
        if (!list)
            return false;
    }
    return true;
}

bool csin_cabling_write(const struct csin_fabric *fabric, const char *key, struct csin_json *json)
{
    struct csin_cabling c = {0};
    struct csin_arena *arena = csin_arena_create();
    bool good = arena && rows_of_fabric(fabric, arena, &c);
    const char **names = good ? csin_arena_alloc(arena, c.n, sizeof *names) : NULL;
    bool *told = good ? csin_arena_alloc(arena, c.n, sizeof *told) : NULL;
    good = names && told;
    if (good)
        fold_rows(&c);
    csin_json_array(json, key);
    for (uint32_t first = 0, end; good && first < c.n; first = end) {
        for (end = first + 1; end < c.n && strcmp(c.rows[first].a, c.rows[end].a) == 0;)
            end++;
        good = write_switch(&c, first, end, told, names, json);
    }
    csin_json_end_array(json);
    csin_arena_destroy(arena);
    return good;
}

/* ---- reading ---- */

static enum csin_status no_cable(struct csin_diag *diag, const char *file,
                                 const struct csin_json_value *at, const char *what)
{
    return csin_error(diag, CSIN_E_INPUT, 864, (struct csin_loc){file, at->line, at->col},
                      "this is no cable of a fabric: %s", what);
}

/* What is wrong with an entry; NULL where nothing is. */
static const char *flaw_of(const struct csin_json_value *entry, const char *rate)
{
    const struct csin_json_value *up = csin_json_get(entry, "up");
    double n = csin_json_get_number(entry, "cables_each", 1);
    double rate_Bps = csin_json_get_number(entry, rate, -1);
    if (!csin_json_get_text(entry, "from") || !csin_json_get_text(entry, "to"))
        return "it needs 'from' and 'to'";
    if (!(rate_Bps >= 0))
        return "its bandwidth is missing";
    if (!up || up->kind != CSIN_JSON_BOOL)
        return "'up' is true or false";
    if (!(n >= 1 && n <= CSIN_MAX_PORTS) || n != floor(n))
        return "'cables_each' is a whole number from 1 to 4,096";
    return NULL;
}

struct growing {
    struct csin_cabling_row *rows; /* malloc'ed */
    size_t n, room;
};

static enum csin_status read_entry(const struct csin_json_value *entry, const char *file,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct growing *to)
{
    const char *bad = flaw_of(entry, "rate_Bps"), *const * names;
    uint32_t n;
    if (bad)
        return no_cable(diag, file, entry, bad);
    const struct csin_json_value *list = csin_json_get(entry, "to");
    enum csin_status status = csin_hostlist_expand(
        arena, diag, (struct csin_loc){file, list->line, list->col + 1}, list->text, &names, &n);
    if (status != CSIN_OK)
        return status;
    if (to->n + n > CSIN_MAX_CABLES)
        return no_cable(diag, file, entry, "there are too many of them");
    if (!csin_grow(&to->rows, &to->room, to->n + n, sizeof *to->rows))
        return csin_no_memory(diag);
    for (uint32_t i = 0; i < n; i++)
        to->rows[to->n++] = (struct csin_cabling_row){
            csin_json_get_text(entry, "from"), names[i], csin_json_get_number(entry, "rate_Bps", 0),
            csin_json_get(entry, "up")->x > 0,
            (uint32_t)csin_json_get_number(entry, "cables_each", 1)};
    return CSIN_OK;
}

static enum csin_status keep(struct growing *rows, struct csin_arena *arena, struct csin_diag *diag,
                             struct csin_cabling *ret)
{
    *ret = (struct csin_cabling){csin_arena_alloc(arena, rows->n, sizeof *rows->rows),
                                 (uint32_t)rows->n};
    if (!ret->rows)
        return csin_no_memory(diag);
    if (rows->n)
        memcpy(ret->rows, rows->rows, rows->n * sizeof *rows->rows);
    return finish_rows(ret, arena, diag);
}

enum csin_status csin_cabling_read(const struct csin_json_value *array, const char *file,
                                   struct csin_arena *arena, struct csin_diag *diag,
                                   struct csin_cabling *ret)
{
    enum csin_status status = CSIN_OK;
    struct growing rows = {0};
    for (const struct csin_json_value *entry = array->first; entry; entry = entry->next)
        status = csin_first(status, read_entry(entry, file, arena, diag, &rows));
    if (status == CSIN_OK)
        status = keep(&rows, arena, diag, ret);
    free(rows.rows);
    return status;
}

enum csin_status csin_cabling_read_topo(const struct csin_json_value *topo, const char *file,
                                        struct csin_arena *arena, struct csin_diag *diag,
                                        struct csin_cabling *ret)
{
    const struct csin_json_value *cables = csin_json_get(topo, "cables");
    struct growing rows = {0};
    enum csin_status status = CSIN_OK;
    if (!csin_grow(&rows.rows, &rows.room, cables ? cables->n : 0, sizeof *rows.rows))
        return csin_no_memory(diag);
    for (const struct csin_json_value *c = cables ? cables->first : NULL; c; c = c->next) {
        const char *bad = flaw_of(c, "capacity_Bps");
        if (bad) {
            status = csin_first(status, no_cable(diag, file, c, bad));
            continue;
        }
        const char *a = csin_json_get_text(c, "from"), *b = csin_json_get_text(c, "to");
        const char *place = csin_json_get_text(c, "place");
        bool nic = place && strcmp(place, "host") == 0;
        rows.rows[rows.n++] = (struct csin_cabling_row){nic ? b : a, nic ? a : b,
                                                        csin_json_get_number(c, "capacity_Bps", 0),
                                                        csin_json_get(c, "up")->x > 0, 1};
    }
    if (status == CSIN_OK)
        status = keep(&rows, arena, diag, ret);
    free(rows.rows);
    return status;
}

/* ---- comparing ---- */

/* The rows of one pair: [first, end). */
struct span {
    uint32_t first, end;
};

static struct span span_at(const struct csin_cabling *c, uint32_t first)
{
    struct span span = {first, first};
    while (span.end < c->n && by_names(&c->rows[first], &c->rows[span.end]) == 0)
        span.end++;
    return span;
}

static bool same_span(const struct csin_cabling *was, struct span w, const struct csin_cabling *is,
                      struct span i)
{
    if (w.end - w.first != i.end - i.first)
        return false;
    for (; w.first < w.end; w.first++, i.first++)
        if (!alike(&was->rows[w.first], &is->rows[i.first]))
            return false;
    return true;
}

static void add_up(const struct csin_cabling *c, struct span span, uint32_t *ret_n,
                   uint32_t *ret_up, double *ret_rate_Bps)
{
    for (uint32_t i = span.first; i < span.end; i++) {
        if (i == span.first) /* those that are up come first, the slowest of them before others */
            *ret_rate_Bps = c->rows[i].rate_Bps;
        *ret_n += c->rows[i].n;
        *ret_up += c->rows[i].up ? c->rows[i].n : 0;
    }
}

struct csin_cabling_change *csin_cabling_compare(const struct csin_cabling *was,
                                                 const struct csin_cabling *is,
                                                 struct csin_arena *arena, uint32_t *ret_n)
{
    struct csin_cabling_change *changes = csin_arena_alloc(arena, (size_t)was->n + is->n,
                                                           sizeof *changes);
    uint32_t w = 0, i = 0, n = 0;
    while (changes && (w < was->n || i < is->n)) {
        int order = w == was->n ? 1 : i == is->n ? -1 : by_names(&was->rows[w], &is->rows[i]);
        struct span ws = order <= 0 ? span_at(was, w) : (struct span){w, w};
        struct span ns = order >= 0 ? span_at(is, i) : (struct span){i, i};
        if (order != 0 || !same_span(was, ws, is, ns)) {
            const struct csin_cabling_row *row = order <= 0 ? &was->rows[w] : &is->rows[i];
            struct csin_cabling_change *c = &changes[n++];
            *c = (struct csin_cabling_change){.a = row->a, .b = row->b};
            add_up(was, ws, &c->n_was, &c->up_was, &c->rate_was_Bps);
            add_up(is, ns, &c->n_is, &c->up_is, &c->rate_is_Bps);
        }
        w = ws.end;
        i = ns.end;
    }
    *ret_n = n;
    return changes;
}
