/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chain tables as files of 3FS. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/chains.h"

#define FIRST_NODE 10001u
#define MISTAKES_MAX 100u

struct reader {
    struct csin_chains *chains;
    struct csin_diag *diag;
    const char *file, *at, *end;
    uint32_t line, n_mistakes, room;
    uint32_t *nodes; /* [room x replicas] of the targets so far */
    struct csin_target *targets;
};

static void mistake(struct reader *r, const char *at, const char *line, int code, const char *fault,
                    const char *remedy)
{
    struct csin_loc loc = {r->file, r->line, (uint32_t)(at - line) + 1};
    r->n_mistakes++;
    csin_error(r->diag, CSIN_E_INPUT, code, loc, "%s", fault);
    csin_note(r->diag, loc, "%s", remedy);
}

/* The next line without what ends it; NULL at the end of the file. */
static const char *next_line(struct reader *r, size_t *ret_length)
{
    if (r->at >= r->end)
        return NULL;
    const char *line = r->at, *stop = memchr(line, '\n', (size_t)(r->end - line));
    r->at = stop ? stop + 1 : r->end;
    stop = stop ? stop : r->end;
    while (stop > line && (stop[-1] == '\r' || stop[-1] == ' '))
        stop--;
    *ret_length = (size_t)(stop - line);
    r->line++;
    return line;
}

/* Columns of the head line; 0 after a reported failure. */
static uint32_t read_head(struct reader *r)
{
    size_t length = 0, at = strlen("ChainId");
    const char *line = next_line(r, &length), *column = ",TargetId";
    uint32_t n = 0;
    bool is = line && length >= at && memcmp(line, "ChainId", at) == 0;
    while (is && at < length) {
        is = length - at >= strlen(column) && memcmp(line + at, column, strlen(column)) == 0;
        at += strlen(column);
        n++;
    }
    if (is && n >= 2 && n <= CSIN_MAX_REPLICAS)
        return n;
    r->line = 1;
    mistake(r, "", "", 920, is ? "a chain has 2 to 8 targets" : "this is no table of chains",
            "it begins with the line 'ChainId,TargetId,TargetId', a TargetId for each replica");
    return 0;
}

/* A whole number that ends at `end`. */
static bool read_number(const char **at, const char *end, uint64_t *ret)
{
    const char *p = *at;
    uint64_t x = 0;
    for (; p < end && *p >= '0' && *p <= '9' && x < UINT64_MAX / 10 - 1; p++)
        x = 10 * x + (uint64_t)(*p - '0');
    bool is = p > *at && (p == end || *p == ',');
    if (is)
        *at = p;
    *ret = x;
    return is;
}

static bool read_target(struct reader *r, uint64_t id, uint32_t *ret_node, uint32_t *ret_ssd)
{
    uint64_t ssd = id / 100 % 1000, node = id / 100000 % 1000000;
    *ret_node = (uint32_t)node;
    *ret_ssd = (uint32_t)ssd - 1;
    if (ssd > r->chains->n_ssds && ssd <= CSIN_MAX_SSDS)
        r->chains->n_ssds = (uint32_t)ssd;
    return id % 100 > 0 && ssd > 0 && ssd <= CSIN_MAX_SSDS && node > 0;
}

static bool make_room(struct reader *r)
{
    if (r->chains->n_chains < r->room)
        return true;
    size_t room = r->room ? 2 * (size_t)r->room : 1024, k = r->chains->replicas;
    uint32_t *nodes = realloc(r->nodes, room * k * sizeof *nodes);
    if (nodes)
        r->nodes = nodes;
    struct csin_target *targets = nodes ? realloc(r->targets, room * k * sizeof *targets) : NULL;
    if (!targets)
        return false;
    r->targets = targets;
    r->room = (uint32_t)room;
    return true;
}

static void read_chain(struct reader *r, const char *line, size_t length)
{
    uint32_t k = r->chains->replicas;
    size_t first = (size_t)r->chains->n_chains * k;
    const char *at = line, *end = line + length;
    uint64_t id;
    if (!read_number(&at, end, &id)) {
        mistake(r, at, line, 920, "this is no number of a chain",
                "write the chain's number and those of its targets, with commas between them");
        return;
    }
    for (uint32_t j = 0; j < k; j++) {
        const char *comma = at++;
        if (comma >= end || !read_number(&at, end, &id)) {
            mistake(r, comma, line, 920, "this chain has too few targets",
                    "the first line says how many there are");
            return;
        }
        if (!read_target(r, id, &r->nodes[first + j], &r->targets[first + j].ssd)) {
            mistake(r, comma + 1, line, 921, "this number of a target does not say where it is",
                    "gen_chain_table.py of 3FS writes, for instance, 101000100203: node 10001, SSD "
                    "2, target 3");
            return;
        }
        for (uint32_t i = 0; i < j; i++)
            if (r->nodes[first + i] == r->nodes[first + j]) {
                mistake(r, comma + 1, line, 921, "this target is on the host of another one",
                        "the targets of a chain are on different hosts");
                return;
            }
    }
    if (at < end)
        mistake(r, at, line, 920, "this chain has too many targets",
                "the first line says how many there are");
    else
        r->chains->n_chains++;
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Nodes become servers, in the order of their numbers. */
static enum csin_status place_nodes(struct reader *r)
{
    struct csin_chains *chains = r->chains;
    size_t n = (size_t)chains->n_chains * chains->replicas, n_nodes = 0;
    uint32_t *sorted = malloc((n + 1) * sizeof *sorted);
    if (!sorted)
        return csin_no_memory(r->diag);
    memcpy(sorted, r->nodes, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || sorted[i] != sorted[i - 1])
            sorted[n_nodes++] = sorted[i];
    enum csin_status status = CSIN_OK;
    if (n_nodes > chains->n_servers) {
        status = csin_error(r->diag, CSIN_E_INPUT, 921, chains->loc,
                            "the chains of '%s' are on %s hosts; there %s %s server%s", r->file,
                            csin_show_count(n_nodes).s, chains->n_servers == 1 ? "is" : "are",
                            csin_show_count(chains->n_servers).s,
                            chains->n_servers == 1 ? "" : "s");
        csin_note(r->diag, chains->loc,
                  "the node with the smallest number is the first of 'servers'");
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t *found = bsearch(&r->nodes[i], sorted, n_nodes, sizeof *sorted, by_value);
        r->targets[i].server = (uint32_t)(found - sorted);
    }
    free(sorted);
    return status;
}

static enum csin_status keep(struct reader *r, struct csin_arena *arena)
{
    struct csin_chains *chains = r->chains;
    size_t n = (size_t)chains->n_chains * chains->replicas;
    chains->targets = csin_arena_alloc(arena, n, sizeof *chains->targets);
    uint32_t *blocks = malloc((n + 1) * sizeof *blocks);
    bool ok = chains->targets && blocks;
    if (ok) {
        memcpy(chains->targets, r->targets, n * sizeof *chains->targets);
        for (size_t i = 0; i < n; i++)
            blocks[i] = r->targets[i].server;
        ok = csin_design_pairs(chains->n_servers, chains->replicas, chains->n_chains, blocks,
                               &chains->pairs);
    }
    free(blocks);
    return ok ? CSIN_OK : csin_no_memory(r->diag);
}

enum csin_status csin_chains_read(struct csin_chains *chains, struct csin_arena *arena,
                                  struct csin_diag *diag, const char *file, const char *text,
                                  size_t bytes)
{
    struct reader r = {chains, diag, file, text, text + bytes, 0, 0, 0, NULL, NULL};
    enum csin_status status = CSIN_OK;
    size_t length = 0;
    chains->n_chains = chains->n_ssds = 0;
    chains->replicas = read_head(&r);
    for (const char *line; chains->replicas && (line = next_line(&r, &length));) {
        if (length == 0)
            continue;
        if (!make_room(&r)) {
            status = csin_no_memory(diag);
            break;
        }
        if (chains->n_chains == CSIN_MAX_CHAINS) {
            mistake(&r, line, line, 920, "more than 4,000,000 chains", "leave some out");
            break;
        }
        read_chain(&r, line, length);
        if (r.n_mistakes > MISTAKES_MAX)
            break;
    }
    if (r.n_mistakes == 0 && status == CSIN_OK && chains->n_chains == 0)
        mistake(&r, "", "", 920, "there are no chains", "write one a line under the first line");
    if (r.n_mistakes > 0)
        status = csin_first(status, CSIN_E_INPUT);
    if (status == CSIN_OK)
        status = place_nodes(&r);
    if (status == CSIN_OK)
        status = keep(&r, arena);
    free(r.nodes);
    free(r.targets);
    return status;
}

bool csin_chains_write(const struct csin_chains *chains, FILE *out)
{
    uint32_t k = chains->replicas;
    size_t n = (size_t)chains->n_chains * k, n_ssds = chains->n_ssds;
    uint32_t *next = calloc((size_t)chains->n_servers * n_ssds + 1, sizeof *next), most = 0;
    uint32_t chain_of[CSIN_MAX_SSDS] = {0}; /* the last number, of each SSD number */
    for (size_t i = 0; next && i < n; i++) {
        uint32_t *of = &next[chains->targets[i].server * n_ssds + chains->targets[i].ssd];
        most = ++*of > most ? *of : most;
    }
    bool ok = next && most <= 99 && n <= 99999 * (size_t)k * n_ssds;
    if (ok) {
        memset(next, 0, chains->n_servers * n_ssds * sizeof *next);
        fputs("ChainId", out);
        for (uint32_t j = 0; j < k; j++)
            fputs(",TargetId", out);
        fputc('\n', out);
    }
    for (uint32_t i = 0; ok && i < chains->n_chains; i++) {
        const struct csin_target *t = &chains->targets[(size_t)i * k];
        fprintf(out, "%" PRIu64, (UINT64_C(9000) + t->ssd + 1) * 100000 + ++chain_of[t->ssd]);
        for (uint32_t j = 0; j < k; j++) {
            uint32_t nth = ++next[t[j].server * n_ssds + t[j].ssd];
            fprintf(out, ",%" PRIu64,
                    ((UINT64_C(1000000) + FIRST_NODE + t[j].server) * 1000 + t[j].ssd + 1) * 100 +
                        nth);
        }
        fputc('\n', out);
    }
    free(next);
    return ok;
}
