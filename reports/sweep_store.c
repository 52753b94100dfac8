/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/sweep_store.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

#define APPLICATION 0x6373696e       /* csin */
#define LAYOUT 1                     /* of the tables */
#define LOCKED_BYTE ((off_t)1 << 61) /* beyond all that SQLite locks */

const char *const csin_point_fate_names[] = {"ok", "wrong", "failed", "crashed", NULL};

static const char tables[] =
    "CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE axes (axis INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, path TEXT NOT NULL);"
    "CREATE TABLE points (point INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, number INTEGER NOT "
    "NULL, repetition INTEGER NOT NULL, status TEXT NOT NULL, message TEXT, seconds REAL NOT NULL);"
    "CREATE TABLE knobs (point INTEGER, axis INTEGER, value TEXT NOT NULL, PRIMARY KEY (point, "
    "axis)) WITHOUT ROWID;"
    "CREATE TABLE metrics (metric INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, unit TEXT NOT "
    "NULL);"
    "CREATE TABLE numbers (point INTEGER, metric INTEGER, value REAL, PRIMARY KEY (point, metric)) "
    "WITHOUT ROWID;"
    "CREATE TABLE shown (show INTEGER PRIMARY KEY, metric TEXT, over_axis TEXT, by_axis TEXT, "
    "title TEXT);";

struct csin_store {
    sqlite3 *db;
    const char *path;
    const struct csin_sweep *sweep; /* NULL while merging */
    int lock;                       /* -1: none */
    bool knows;                     /* other points are attached as `known` */
    sqlite3_stmt *has, *put_point, *put_knob, *put_metric, *find_metric, *put_number, *known;
};

static struct csin_loc at(const char *path)
{
    return (struct csin_loc){path, 0, 0};
}

/* ---- talking to SQLite ---- */

static enum csin_status failed(struct csin_store *s, struct csin_diag *diag)
{
    int code = sqlite3_extended_errcode(s->db), plain = code & 0xff;
    if (plain == SQLITE_NOTADB || plain == SQLITE_CORRUPT)
        return csin_error(diag, CSIN_E_INPUT, 889, at(s->path), "this is no file of a sweep (%s)",
                          sqlite3_errmsg(s->db));
    if (plain == SQLITE_NOMEM)
        return csin_no_memory(diag);
    csin_error(diag, CSIN_E_FAILED, 894, at(s->path), "cannot read or write it: %s",
               sqlite3_errmsg(s->db));
    if (plain == SQLITE_FULL || plain == SQLITE_IOERR)
        csin_note(diag, at(s->path),
                  "all points before are in it; with more room, the same command goes on");
    return CSIN_E_FAILED;
}

static enum csin_status run_sql(struct csin_store *s, struct csin_diag *diag, const char *sql)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? CSIN_OK : failed(s, diag);
}

static sqlite3_stmt *prepare(struct csin_store *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    return statement;
}

static bool step(sqlite3_stmt *statement)
{
    bool ok = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    return ok;
}

static void bind_text(sqlite3_stmt *statement, int i, const char *text)
{
    sqlite3_bind_text(statement, i, text, -1, SQLITE_STATIC);
}

static int64_t ask_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t n = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        n = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return n;
}

/* A value of the table `sweep`, malloc'ed; NULL where there is none. */
static char *ask_fact(sqlite3 *db, const char *key)
{
    sqlite3_stmt *statement = NULL;
    char *value = NULL;
    if (sqlite3_prepare_v2(db, "SELECT value FROM sweep WHERE key = ?", -1, &statement, NULL) ==
        SQLITE_OK) {
        bind_text(statement, 1, key);
        if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
            value = strdup((const char *)sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    return value;
}

/* ---- opening ---- */

static enum csin_status check_kind(struct csin_store *s, struct csin_diag *diag, bool *ret_new)
{
    int64_t application = ask_number(s->db, "PRAGMA application_id");
    int64_t layout = ask_number(s->db, "PRAGMA user_version");
    if (application < 0)
        return failed(s, diag);
    *ret_new = ask_number(s->db, "SELECT count(*) FROM sqlite_master") == 0;
    if (*ret_new || (application == APPLICATION && layout == LAYOUT))
        return CSIN_OK;
    return csin_error(diag, CSIN_E_INPUT, 889, at(s->path),
                      application == APPLICATION ? "this is a file of another version of csin"
                                                 : "this is no file of a sweep");
}

/* One process writes at a time. The lock is the open file's, so it is gone when the process is. */
static enum csin_status lock(struct csin_store *s, struct csin_diag *diag)
{
    struct flock byte = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCKED_BYTE, .l_len = 1};
    s->lock = open(s->path, O_RDWR | O_CLOEXEC);
    if (s->lock < 0 || fcntl(s->lock, F_OFD_SETLK, &byte) == 0 ||
        (errno != EAGAIN && errno != EACCES))
        return CSIN_OK; /* a file system without locks: SQLite still keeps the file whole */
    return csin_error(diag, CSIN_E_FAILED, 891, at(s->path), "another 'csin sweep' is writing it");
}

static const char *axis_of(const struct csin_axis *axis, char *text, size_t size)
{
    static const char *const kinds[] = {NULL, "dead-cables", "dead-switches", "each-cable",
                                        "each-switch"};
    size_t used = 0;
    text[0] = '\0';
    if (!axis->paths)
        return kinds[axis->kind];
    for (uint32_t i = 0; i < axis->n_paths && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", axis->paths[i].s);
    return text;
}

static bool put_fact(struct csin_store *s, const char *key, const char *value)
{
    sqlite3_stmt *statement = prepare(s, "INSERT OR REPLACE INTO sweep VALUES (?, ?)");
    bind_text(statement, 1, key);
    bind_text(statement, 2, value);
    bool ok = statement && step(statement);
    sqlite3_finalize(statement);
    return ok;
}

static bool put_axes(struct csin_store *s)
{
    sqlite3_stmt *statement = prepare(s, "INSERT INTO axes VALUES (?, ?, ?)");
    bool ok = statement;
    char of[1024];
    for (uint32_t a = 0; ok && a < s->sweep->n_axes; a++) {
        sqlite3_bind_int64(statement, 1, a);
        bind_text(statement, 2, s->sweep->axes[a].name);
        bind_text(statement, 3, axis_of(&s->sweep->axes[a], of, sizeof of));
        ok = step(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

/* What is shown follows the sweep file, also where the points are there already. */
static bool put_shown(struct csin_store *s)
{
    const struct csin_show_spec *shows = s->sweep->spec.show.items;
    sqlite3_stmt *statement = prepare(
        s, "INSERT INTO shown (metric, over_axis, by_axis, title) VALUES (?, ?, ?, ?)");
    bool ok = statement && sqlite3_exec(s->db, "DELETE FROM shown", NULL, NULL, NULL) == SQLITE_OK;
    for (uint32_t i = 0; ok && i < s->sweep->spec.show.n; i++) {
        bind_text(statement, 1, shows[i].metric.s);
        bind_text(statement, 2, shows[i].over.s);
        bind_text(statement, 3, shows[i].by.s);
        bind_text(statement, 4, shows[i].title.s);
        ok = step(statement);
    }
    sqlite3_finalize(statement);
    return ok;
}

static enum csin_status make_tables(struct csin_store *s, struct csin_diag *diag)
{
    char pragmas[100];
    snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             APPLICATION, LAYOUT);
    enum csin_status status = run_sql(s, diag, tables);
    return status == CSIN_OK ? run_sql(s, diag, pragmas) : status;
}

static enum csin_status describe(struct csin_store *s, bool is_new, struct csin_diag *diag)
{
    const struct csin_sweep *sweep = s->sweep;
    const struct {
        const char *key, *value;
    } facts[] = {{"version", CSIN_VERSION},
                 {"name", sweep->name},
                 {"scenario", sweep->spec.scenario.s},
                 {"fabric", sweep->n_files > 1 ? sweep->files[1].name : NULL},
                 {"parts", sweep->spec.parts.s},
                 {"engine", sweep->engine},
                 {"sweep-sha256", sweep->text.hex},
                 {"inputs", sweep->inputs.hex}};
    enum csin_status status = run_sql(s, diag, "BEGIN IMMEDIATE");
    if (status != CSIN_OK)
        return status;
    if (is_new)
        status = make_tables(s, diag);
    if (status == CSIN_OK && is_new && !put_axes(s))
        status = failed(s, diag);
    for (size_t i = 0; status == CSIN_OK && i < sizeof facts / sizeof *facts; i++)
        if (!put_fact(s, facts[i].key, facts[i].value))
            status = failed(s, diag);
    if (status == CSIN_OK && !put_shown(s))
        status = failed(s, diag);
    if (status == CSIN_OK)
        return run_sql(s, diag, "COMMIT");
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum csin_status check_inputs(struct csin_store *s, struct csin_diag *diag)
{
    char *inputs = ask_fact(s->db, "inputs"), *name = ask_fact(s->db, "name");
    bool same = inputs && strcmp(inputs, s->sweep->inputs.hex) == 0;
    if (!same) {
        csin_error(diag, CSIN_E_INPUT, 890, at(s->path),
                   "it holds points of another sweep, '%s': with other files or axes, or of "
                   "another version of csin",
                   csin_brief(name ? name : "?", SIZE_MAX).s);
        csin_note(diag, at(s->path), "name another file with -o, or move this one away");
    }
    free(inputs);
    free(name);
    return same ? CSIN_OK : CSIN_E_INPUT;
}

static bool prepare_all(struct csin_store *s)
{
    s->has = prepare(s, "SELECT 1 FROM points WHERE key = ?");
    s->put_point = prepare(s, "INSERT INTO points (key, number, repetition, status, message, "
                              "seconds) VALUES (?, ?, ?, ?, ?, ?)");
    s->put_knob = prepare(s, "INSERT INTO knobs VALUES (?, ?, ?)");
    s->put_metric = prepare(s, "INSERT INTO metrics (name, unit) VALUES (?, ?)");
    s->find_metric = prepare(s, "SELECT metric FROM metrics WHERE name = ?");
    s->put_number = prepare(s, "INSERT OR REPLACE INTO numbers VALUES (?, ?, ?)");
    return s->has && s->put_point && s->put_knob && s->put_metric && s->find_metric &&
           s->put_number;
}

static struct csin_store *open_db(const char *path, int flags, struct csin_diag *diag)
{
    struct csin_store *s = calloc(1, sizeof *s);
    if (!s) {
        csin_no_memory(diag);
        return NULL;
    }
    s->path = path;
    s->lock = -1;
    if (sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_URI, NULL) != SQLITE_OK) {
        csin_error(diag, CSIN_E_FAILED, 894, at(path), "cannot open it: %s",
                   s->db ? sqlite3_errmsg(s->db) : "out of memory");
        csin_store_close(s);
        return NULL;
    }
    sqlite3_busy_timeout(s->db, 10000);
    return s;
}

static enum csin_status begin(struct csin_store *s, struct csin_diag *diag)
{
    bool is_new;
    /* The kind first: a file of somebody else is not touched. */
    enum csin_status status = check_kind(s, diag, &is_new);
    if (status == CSIN_OK)
        status = lock(s, diag);
    if (status == CSIN_OK && !is_new)
        status = check_inputs(s, diag);
    if (status == CSIN_OK)
        status = run_sql(s, diag, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    if (status == CSIN_OK)
        status = describe(s, is_new, diag);
    if (status == CSIN_OK && !prepare_all(s))
        status = failed(s, diag);
    return status;
}

enum csin_status csin_store_open(const char *path, const struct csin_sweep *sweep,
                                 struct csin_diag *diag, struct csin_store **ret_store)
{
    struct csin_store *s = open_db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, diag);
    if (!s)
        return CSIN_E_FAILED;
    s->sweep = sweep;
    enum csin_status status = begin(s, diag);
    if (status == CSIN_OK)
        *ret_store = s;
    else
        csin_store_close(s);
    return status;
}

void csin_store_close(struct csin_store *s)
{
    if (!s)
        return;
    sqlite3_stmt *statements[] = {s->has,         s->put_point,  s->put_knob, s->put_metric,
                                  s->find_metric, s->put_number, s->known};
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
        sqlite3_finalize(statements[i]);
    /* One file again, as somebody copies it. */
    if (s->lock >= 0)
        sqlite3_exec(s->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    sqlite3_close(s->db);
    if (s->lock >= 0)
        close(s->lock);
    free(s);
}

void csin_store_forget(struct csin_store *s)
{
    if (s->lock >= 0)
        close(s->lock);
    s->lock = -1;
}

/* ---- points ---- */

static bool is_there(sqlite3_stmt *statement, const char *key)
{
    bind_text(statement, 1, key);
    bool there = sqlite3_step(statement) == SQLITE_ROW;
    sqlite3_reset(statement);
    return there;
}

bool csin_store_has(struct csin_store *s, const struct csin_sha256 *key)
{
    return is_there(s->has, key->hex) || (s->known && is_there(s->known, key->hex));
}

/* A path as SQLite wants it in a URI. immutable: nobody writes it now, so nothing has to be locked,
 * which also goes over networks. */
static char *uri_of(const char *path)
{
    char *uri = NULL;
    size_t bytes;
    FILE *out = open_memstream(&uri, &bytes);
    if (!out)
        return NULL;
    fputs("file:", out);
    for (; *path; path++)
        if (strchr("%?#", *path))
            fprintf(out, "%%%02x", (unsigned)(unsigned char)*path);
        else
            fputc(*path, out);
    fputs("?immutable=1", out);
    if (fclose(out) == 0)
        return uri;
    free(uri);
    return NULL;
}

enum csin_status csin_store_know(struct csin_store *s, const char *path, struct csin_diag *diag)
{
    char *uri = uri_of(path);
    sqlite3_stmt *attach = prepare(s, "ATTACH ? AS known_file");
    bind_text(attach, 1, uri);
    bool ok = uri && attach && step(attach);
    sqlite3_finalize(attach);
    free(uri);
    s->known = ok ? prepare(s, "SELECT 1 FROM known_file.points WHERE key = ?") : NULL;
    if (s->known)
        return CSIN_OK;
    return csin_error(diag, CSIN_E_INPUT, 889, at(path), "this is no file of a sweep (%s)",
                      sqlite3_errmsg(s->db));
}

/* metric = "job.train.time", "job.train.step2.time_mean", "makespan"; false for a line that is no
 * row. Cuts the line up. */
static bool split_row(char *line, char metric[static 256], const char **ret_unit, double *ret_value)
{
    char *cells[6], *end;
    for (int i = 0; i < 6; i++) {
        cells[i] = line;
        line = strchr(line, ',');
        if (!line != (i == 5))
            return false;
        if (line)
            *line++ = '\0';
    }
    bool plain = strcmp(cells[0], "scenario") == 0 || !*cells[0];
    snprintf(metric, 256, "%.40s%s%.80s%s%s%.10s%s%.80s", plain ? "" : cells[0],
             !plain && *cells[1] ? "." : "", plain ? "" : cells[1], *cells[2] ? "." : "",
             *cells[2] ? "step" : "", cells[2], plain ? "" : ".", cells[3]);
    *ret_unit = cells[4];
    *ret_value = strtod(cells[5], &end);
    return end != cells[5] && !*end;
}

static int64_t metric_id(struct csin_store *s, const char *name, const char *unit)
{
    int64_t id = 0;
    bind_text(s->find_metric, 1, name);
    if (sqlite3_step(s->find_metric) == SQLITE_ROW)
        id = sqlite3_column_int64(s->find_metric, 0);
    sqlite3_reset(s->find_metric);
    if (id)
        return id;
    bind_text(s->put_metric, 1, name);
    bind_text(s->put_metric, 2, unit);
    return step(s->put_metric) ? sqlite3_last_insert_rowid(s->db) : 0;
}

static bool put_rows(struct csin_store *s, int64_t point, const char *rows)
{
    char *text = strdup(rows), *rest = text, *line;
    bool ok = text;
    while (ok && (line = strsep(&rest, "\n"))) {
        char metric[256];
        const char *unit;
        double value;
        if (!split_row(line, metric, &unit, &value))
            continue;
        int64_t id = metric_id(s, metric, unit);
        sqlite3_bind_int64(s->put_number, 1, point);
        sqlite3_bind_int64(s->put_number, 2, id);
        sqlite3_bind_double(s->put_number, 3, value);
        ok = id && step(s->put_number);
    }
    free(text);
    return ok;
}

static bool put_all(struct csin_store *s, const struct csin_point *point,
                    const struct csin_outcome *outcome)
{
    sqlite3_stmt *put = s->put_point;
    bind_text(put, 1, point->key.hex);
    sqlite3_bind_int64(put, 2, (int64_t)point->number);
    sqlite3_bind_int64(put, 3, point->repetition);
    bind_text(put, 4, csin_point_fate_names[outcome->fate]);
    bind_text(put, 5, outcome->message);
    sqlite3_bind_double(put, 6, outcome->seconds);
    if (!step(put))
        return false;
    int64_t id = sqlite3_last_insert_rowid(s->db);
    for (uint32_t a = 0; a < s->sweep->n_axes; a++) {
        sqlite3_bind_int64(s->put_knob, 1, id);
        sqlite3_bind_int64(s->put_knob, 2, a);
        bind_text(s->put_knob, 3, csin_point_value(s->sweep, point, a));
        if (!step(s->put_knob))
            return false;
    }
    return put_rows(s, id, outcome->rows);
}

enum csin_status csin_store_put(struct csin_store *s, const struct csin_point *point,
                                const struct csin_outcome *outcome, struct csin_diag *diag)
{
    enum csin_status status = run_sql(s, diag, "BEGIN IMMEDIATE");
    if (status != CSIN_OK)
        return status;
    if (put_all(s, point, outcome)) {
        status = run_sql(s, diag, "COMMIT");
        if (status == CSIN_OK)
            return CSIN_OK;
    } else {
        status = failed(s, diag);
    }
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum csin_status csin_store_drop_failed(struct csin_store *s, struct csin_diag *diag)
{
    return run_sql(s, diag,
                   "BEGIN IMMEDIATE;"
                   "CREATE TEMP TABLE dropped AS SELECT point FROM points WHERE status IN "
                   "('failed', 'crashed');"
                   "DELETE FROM knobs WHERE point IN (SELECT point FROM dropped);"
                   "DELETE FROM numbers WHERE point IN (SELECT point FROM dropped);"
                   "DELETE FROM points WHERE point IN (SELECT point FROM dropped);"
                   "DROP TABLE dropped; COMMIT");
}

uint64_t csin_store_count(const char *path)
{
    sqlite3 *db = NULL;
    int64_t n = 0;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK)
        n = ask_number(db, "SELECT count(*) FROM points");
    sqlite3_close(db);
    return n > 0 ? (uint64_t)n : 0;
}

/* ---- merging ---- */

/* Metrics have other numbers in each file. */
static const char merge_sql[] =
    "INSERT OR IGNORE INTO metrics (name, unit) SELECT name, unit FROM other.metrics;"
    "CREATE TEMP TABLE came AS SELECT p.point AS old, p.key AS key FROM other.points p WHERE p.key "
    "NOT IN (SELECT key FROM main.points);"
    "INSERT INTO main.points (key, number, repetition, status, message, seconds) SELECT p.key, "
    "p.number, p.repetition, p.status, p.message, p.seconds FROM other.points p JOIN came c ON "
    "p.point = c.old ORDER BY p.point;"
    "INSERT INTO main.knobs SELECT n.point, k.axis, k.value FROM other.knobs k JOIN came c ON "
    "k.point = c.old JOIN main.points n ON n.key = c.key;"
    "INSERT INTO main.numbers SELECT n.point, m.metric, v.value FROM other.numbers v JOIN came c "
    "ON v.point = c.old JOIN main.points n ON n.key = c.key JOIN other.metrics o ON o.metric = "
    "v.metric JOIN main.metrics m ON m.name = o.name;";

static enum csin_status copy_head(struct csin_store *s, struct csin_diag *diag)
{
    enum csin_status status = make_tables(s, diag);
    if (status == CSIN_OK)
        status = run_sql(s, diag,
                         "INSERT INTO main.sweep SELECT * FROM other.sweep;"
                         "INSERT INTO main.axes SELECT * FROM other.axes;"
                         "INSERT INTO main.shown SELECT * FROM other.shown;");
    return status;
}

static enum csin_status merge_attached(struct csin_store *s, const char *from,
                                       struct csin_diag *diag, uint64_t *n)
{
    struct csin_store other = {.db = s->db, .path = from};
    bool is_new = ask_number(s->db, "SELECT count(*) FROM main.sqlite_master") == 0;
    if (ask_number(s->db, "PRAGMA other.application_id") != APPLICATION ||
        ask_number(s->db, "PRAGMA other.user_version") != LAYOUT)
        return csin_error(diag, CSIN_E_INPUT, 889, at(from), "this is no file of a sweep");
    enum csin_status status = run_sql(s, diag, "BEGIN IMMEDIATE");
    if (status != CSIN_OK)
        return status;
    if (is_new)
        status = copy_head(s, diag);
    else if (ask_number(s->db, "SELECT (SELECT value FROM main.sweep WHERE key = 'inputs') = "
                               "(SELECT value FROM other.sweep WHERE key = 'inputs')") != 1)
        status = csin_error(diag, CSIN_E_INPUT, 890, at(from),
                            "it holds points of another sweep than '%s'", s->path);
    if (status == CSIN_OK)
        status = run_sql(&other, diag, merge_sql);
    if (status == CSIN_OK) {
        *n += (uint64_t)ask_number(s->db, "SELECT count(*) FROM came");
        status = run_sql(s, diag, "DROP TABLE came; COMMIT");
    }
    if (status != CSIN_OK)
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static enum csin_status merge_one(struct csin_store *s, const char *from, struct csin_diag *diag,
                                  uint64_t *n)
{
    if (access(from, R_OK) != 0) /* ATTACH would make it */
        return csin_error(diag, CSIN_E_INPUT, 889, at(from), "cannot read it: %s", strerror(errno));
    sqlite3_stmt *attach = prepare(s, "ATTACH ? AS other");
    bind_text(attach, 1, from);
    bool ok = attach && step(attach);
    sqlite3_finalize(attach);
    if (!ok)
        return csin_error(diag, CSIN_E_INPUT, 889, at(from), "this is no file of a sweep (%s)",
                          sqlite3_errmsg(s->db));
    enum csin_status status = merge_attached(s, from, diag, n);
    sqlite3_exec(s->db, "DETACH other", NULL, NULL, NULL);
    return status;
}

enum csin_status csin_store_merge(const char *path, const char *const *from, uint32_t n_from,
                                  struct csin_diag *diag, uint64_t *ret_n)
{
    bool is_new;
    uint64_t n = 0;
    struct csin_store *s = open_db(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, diag);
    if (!s)
        return CSIN_E_FAILED;
    enum csin_status status = check_kind(s, diag, &is_new);
    if (status == CSIN_OK)
        status = lock(s, diag);
    if (status == CSIN_OK)
        status = run_sql(s, diag, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    for (uint32_t i = 0; status == CSIN_OK && i < n_from; i++)
        status = merge_one(s, from[i], diag, &n);
    csin_store_close(s);
    *ret_n = n;
    return status;
}

/* ---- reading all of it ---- */

struct reading {
    struct csin_store *s;
    struct csin_arena *arena;
    struct csin_diag *diag;
    struct csin_swept *swept;
    double *numbers; /* [n_points x n_metrics] */
    enum csin_status status;
};

static sqlite3_stmt *query(struct reading *r, const char *sql)
{
    sqlite3_stmt *statement = r->status == CSIN_OK ? prepare(r->s, sql) : NULL;
    if (!statement && r->status == CSIN_OK)
        r->status = failed(r->s, r->diag);
    return statement;
}

static bool next_row(struct reading *r, sqlite3_stmt *statement)
{
    if (r->status != CSIN_OK)
        return false;
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        r->status = failed(r->s, r->diag);
    return code == SQLITE_ROW;
}

/* A text of a row, kept; NULL for none. */
static const char *keep(struct reading *r, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    const char *copy = text ? csin_arena_strndup(r->arena, text, SIZE_MAX) : NULL;
    if (text && !copy)
        r->status = csin_first(r->status, csin_no_memory(r->diag));
    return copy;
}

/* Room for the rows of a table; their number in *n. At most what a sweep can have. */
static void *make_room(struct reading *r, const char *sql, size_t size, uint32_t most, uint32_t *n)
{
    int64_t rows = r->status == CSIN_OK ? ask_number(r->s->db, sql) : 0;
    *n = 0;
    if (rows < 0 || rows > most) {
        r->status = csin_error(r->diag, CSIN_E_INPUT, 889, at(r->s->path),
                               "this is no file of a sweep");
        return NULL;
    }
    void *room = csin_arena_alloc(r->arena, (size_t)rows, size);
    if (!room)
        r->status = csin_first(r->status, csin_no_memory(r->diag));
    *n = room ? (uint32_t)rows : 0;
    return room;
}

static void read_facts(struct reading *r)
{
    const struct {
        const char *key;
        const char **field;
    } facts[] = {{"name", &r->swept->name},           {"scenario", &r->swept->scenario},
                 {"version", &r->swept->version},     {"fabric", &r->swept->fabric},
                 {"sweep-sha256", &r->swept->digest}, {"parts", &r->swept->parts}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char *value = ask_fact(r->s->db, facts[i].key);
        *facts[i].field = value ? csin_arena_strndup(r->arena, value, SIZE_MAX) : NULL;
        free(value);
    }
}

static void read_metrics(struct reading *r)
{
    struct csin_swept *w = r->swept;
    w->metrics = make_room(r, "SELECT max(coalesce(max(metric), 0), count(*)) FROM metrics",
                           sizeof *w->metrics, 100000, &w->n_metrics);
    sqlite3_stmt *rows = query(r, "SELECT metric, name, unit FROM metrics");
    while (next_row(r, rows)) {
        int64_t i = sqlite3_column_int64(rows, 0) - 1;
        if (i >= 0 && i < w->n_metrics)
            w->metrics[i] = (struct csin_swept_metric){keep(r, rows, 1), keep(r, rows, 2)};
    }
    sqlite3_finalize(rows);
}

static enum csin_point_fate fate_of(const char *status)
{
    int fate = 0;
    while (csin_point_fate_names[fate] && status && strcmp(csin_point_fate_names[fate], status))
        fate++;
    return fate < CSIN_N_POINT_FATES ? (enum csin_point_fate)fate : CSIN_POINT_FAILED;
}

/* Points come ordered; `row_of` the others by their number in the file. */
static void read_points(struct reading *r, uint32_t *row_of, uint32_t n_rows)
{
    struct csin_swept *w = r->swept;
    uint32_t n = 0;
    sqlite3_stmt *rows = query(r, "SELECT point, key, number, repetition, status, message, seconds "
                                  "FROM points ORDER BY number, key");
    while (n < w->n_points && next_row(r, rows)) {
        struct csin_swept_point *p = &w->points[n];
        int64_t id = sqlite3_column_int64(rows, 0);
        *p = (struct csin_swept_point){
            .key = keep(r, rows, 1),
            .number = (uint64_t)sqlite3_column_int64(rows, 2),
            .repetition = (uint32_t)sqlite3_column_int64(rows, 3),
            .fate = fate_of((const char *)sqlite3_column_text(rows, 4)),
            .message = keep(r, rows, 5),
            .seconds = sqlite3_column_double(rows, 6),
            .metrics = r->numbers + (size_t)n * w->n_metrics,
        };
        memset(p->at, 0xff, sizeof p->at);
        w->n_of[p->fate]++;
        if (id > 0 && id <= n_rows)
            row_of[id - 1] = n;
        n++;
    }
    sqlite3_finalize(rows);
    w->n_points = n;
}

struct axis_value { /* to be sorted */
    struct csin_number number;
    const char *text;
};

static int by_number(const void *a, const void *b)
{
    double x = ((const struct axis_value *)a)->number.x;
    double y = ((const struct axis_value *)b)->number.x;
    return (x > y) - (x < y);
}

static void order_values(struct csin_swept_axis *axis, struct axis_value *values)
{
    axis->numeric = axis->n_values > 0;
    for (uint32_t i = 0; i < axis->n_values; i++) {
        enum csin_measure_of of = values[i].number.of, first = values[0].number.of;
        bool plain = of == CSIN_OF_COUNT || of == CSIN_OF_RATIO;
        bool first_plain = first == CSIN_OF_COUNT || first == CSIN_OF_RATIO;
        axis->numeric = axis->numeric && of != CSIN_OF_NOTHING &&
                        (of == first || (plain && first_plain));
    }
    if (axis->numeric)
        qsort(values, axis->n_values, sizeof *values, by_number);
    for (uint32_t i = 0; i < axis->n_values; i++) {
        axis->values[i] = values[i].text;
        axis->numbers[i] = values[i].number;
    }
}

static void read_axis(struct reading *r, uint32_t a)
{
    struct csin_swept_axis *axis = &r->swept->axes[a];
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(DISTINCT value) FROM knobs WHERE axis = %u", a);
    struct axis_value *values = make_room(r, sql, sizeof *values, CSIN_MAX_SWEPT, &axis->n_values);
    axis->values = csin_arena_alloc(r->arena, axis->n_values, sizeof *axis->values);
    axis->numbers = csin_arena_alloc(r->arena, axis->n_values, sizeof *axis->numbers);
    if (!values || !axis->values || !axis->numbers) {
        r->status = csin_first(r->status, csin_no_memory(r->diag));
        return;
    }
    snprintf(sql, sizeof sql,
             "SELECT k.value FROM knobs k JOIN points p ON p.point = k.point WHERE k.axis = %u "
             "GROUP BY k.value ORDER BY min(p.number), k.value",
             a);
    sqlite3_stmt *rows = query(r, sql);
    uint32_t n = 0;
    while (n < axis->n_values && next_row(r, rows)) {
        const char *text = keep(r, rows, 0);
        if (!text)
            break;
        values[n++] = (struct axis_value){csin_number_read(text), text};
    }
    sqlite3_finalize(rows);
    axis->n_values = n;
    order_values(axis, values);
}

static void read_axes(struct reading *r)
{
    struct csin_swept *w = r->swept;
    w->axes = make_room(r, "SELECT count(*) FROM axes", sizeof *w->axes, CSIN_MAX_AXES, &w->n_axes);
    sqlite3_stmt *rows = query(r, "SELECT name, path FROM axes ORDER BY axis");
    for (uint32_t a = 0; a < w->n_axes && next_row(r, rows); a++) {
        w->axes[a].name = keep(r, rows, 0);
        w->axes[a].of = keep(r, rows, 1);
    }
    sqlite3_finalize(rows);
    for (uint32_t a = 0; a < w->n_axes && r->status == CSIN_OK; a++)
        read_axis(r, a);
}

static void read_knobs(struct reading *r, const uint32_t *row_of, uint32_t n_rows)
{
    struct csin_swept *w = r->swept;
    struct csin_names values[CSIN_MAX_AXES];
    for (uint32_t a = 0; a < w->n_axes && r->status == CSIN_OK; a++) {
        if (!csin_names_init(&values[a], r->arena, w->axes[a].n_values))
            r->status = csin_no_memory(r->diag);
        for (uint32_t i = 0; r->status == CSIN_OK && i < w->axes[a].n_values; i++)
            csin_names_add(&values[a], w->axes[a].values[i], i, &(uint32_t){0});
    }
    sqlite3_stmt *rows = query(r, "SELECT point, axis, value FROM knobs");
    while (next_row(r, rows)) {
        int64_t id = sqlite3_column_int64(rows, 0), a = sqlite3_column_int64(rows, 1);
        const char *text = (const char *)sqlite3_column_text(rows, 2);
        if (id > 0 && id <= n_rows && row_of[id - 1] < w->n_points && a >= 0 && a < w->n_axes &&
            text)
            w->points[row_of[id - 1]].at[a] = csin_names_find(&values[a], text);
    }
    sqlite3_finalize(rows);
}

static void read_numbers(struct reading *r, const uint32_t *row_of, uint32_t n_rows)
{
    struct csin_swept *w = r->swept;
    for (size_t i = 0; i < (size_t)w->n_points * w->n_metrics; i++)
        r->numbers[i] = NAN;
    sqlite3_stmt *rows = query(r, "SELECT point, metric, value FROM numbers");
    while (next_row(r, rows)) {
        int64_t id = sqlite3_column_int64(rows, 0), m = sqlite3_column_int64(rows, 1) - 1;
        if (id > 0 && id <= n_rows && row_of[id - 1] < w->n_points && m >= 0 && m < w->n_metrics)
            r->numbers[(size_t)row_of[id - 1] * w->n_metrics + (size_t)m] = sqlite3_column_double(
                rows, 2);
    }
    sqlite3_finalize(rows);
}

static void read_shows(struct reading *r)
{
    struct csin_swept *w = r->swept;
    w->shows = make_room(r, "SELECT count(*) FROM shown", sizeof *w->shows, 10000, &w->n_shows);
    sqlite3_stmt *rows = query(r,
                               "SELECT metric, over_axis, by_axis, title FROM shown ORDER BY show");
    for (uint32_t i = 0; i < w->n_shows && next_row(r, rows); i++)
        w->shows[i] = (struct csin_swept_show){keep(r, rows, 0), keep(r, rows, 1), keep(r, rows, 2),
                                               keep(r, rows, 3)};
    sqlite3_finalize(rows);
}

static void read_all(struct reading *r)
{
    struct csin_swept *w = r->swept;
    uint32_t n_rows;
    read_facts(r);
    read_metrics(r);
    read_axes(r);
    w->points = make_room(r, "SELECT count(*) FROM points", sizeof *w->points, 4 * CSIN_MAX_SWEPT,
                          &w->n_points);
    uint32_t *row_of = make_room(r, "SELECT coalesce(max(point), 0) FROM points", sizeof *row_of,
                                 16 * CSIN_MAX_SWEPT, &n_rows);
    r->numbers = csin_arena_alloc(r->arena, (size_t)w->n_points * w->n_metrics, sizeof *r->numbers);
    if (!row_of || !r->numbers)
        r->status = csin_first(r->status, csin_no_memory(r->diag));
    if (r->status != CSIN_OK)
        return;
    memset(row_of, 0xff, n_rows * sizeof *row_of);
    read_points(r, row_of, n_rows);
    read_knobs(r, row_of, n_rows);
    read_numbers(r, row_of, n_rows);
    read_shows(r);
}

enum csin_status csin_swept_read(const char *path, struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_swept *ret_swept)
{
    struct csin_swept swept = {0};
    bool is_new;
    if (access(path, R_OK) != 0)
        return csin_error(diag, CSIN_E_INPUT, 889, at(path), "cannot read it: %s", strerror(errno));
    struct csin_store *s = open_db(path, SQLITE_OPEN_READONLY, diag);
    if (!s)
        return CSIN_E_FAILED;
    struct reading r = {.s = s, .arena = arena, .diag = diag, .swept = &swept};
    r.status = check_kind(s, diag, &is_new);
    if (r.status == CSIN_OK && is_new)
        r.status = csin_error(diag, CSIN_E_INPUT, 889, at(path), "this is no file of a sweep");
    if (r.status == CSIN_OK) {
        sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL); /* one moment of a sweep that goes on */
        read_all(&r);
    }
    csin_store_close(s);
    if (r.status == CSIN_OK)
        *ret_swept = swept;
    return r.status;
}
