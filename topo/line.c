/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One-line fabrics: leaf:4 spine:2 host:16 200Gb/s */
#include <string.h>

#include "base/units.h"
#include "topo/fabric.h"

struct line {
    struct csin_diag *diag;
    struct csin_count leaf, spine, host, storage, links, ports, plane, rail, pod, core, uplinks;
    struct csin_quantity rate, uplink, latency;
};

static const char *const words[] = {"leaf",  "spine",  "host",    "storage", "links",
                                    "ports", "uplink", "latency", "plane",   "rail",
                                    "pod",   "core",   "uplinks"};
#define N_WORDS (sizeof words / sizeof *words)

bool csin_fabric_is_line(const char *text)
{
    size_t length = strcspn(text, ":");
    for (size_t i = 0; text[length] && i < N_WORDS; i++)
        if (strlen(words[i]) == length && strncmp(text, words[i], length) == 0)
            return true;
    return false;
}

/* `colon` is what stands behind a word in this line: ":" or "". */
static enum csin_status unknown_word(struct line *line, struct csin_loc loc, const char *word,
                                     size_t length, const char *colon)
{
    struct csin_brief name = csin_brief(word, length);
    const char *near = csin_nearest(name.s, words, N_WORDS);
    csin_error(line->diag, CSIN_E_INPUT, 200, loc, "unknown word '%s%s' in a one-line fabric%s%s%s",
               name.s, colon, near ? "; did you mean '" : "", near ? near : "", near ? ":'?" : "");
    csin_note(
        line->diag, loc,
        "a one-line fabric reads: leaf:4 spine:2 host:16 200Gb/s, and may have storage:N links:N "
        "ports:N uplink:RATE latency:TIME plane:N rail:N pod:N core:N uplinks:N");
    return CSIN_E_INPUT;
}

static enum csin_status read_count(struct line *line, struct csin_count *field, const char *text,
                                   uint64_t min, uint64_t max, struct csin_loc loc)
{
    uint64_t n;
    enum csin_status status = csin_read_count(line->diag, loc, text, min, max, &n);
    if (status == CSIN_OK)
        *field = (struct csin_count){n, loc};
    return status;
}

static enum csin_status read_word(struct line *line, const char *word, struct csin_loc loc)
{
    const char *colon = strchr(word, ':');
    if (!colon) {
        if (!strchr("0123456789+-.", *word))
            return unknown_word(line, loc, word, strlen(word), "");
        if (line->rate.loc.line)
            return csin_error(line->diag, CSIN_E_INPUT, 202, loc, "a second rate, '%s'", word);
        line->rate.loc = loc;
        return csin_read_rate(line->diag, loc, word, &line->rate.x);
    }
    const char *value = colon + 1;
    struct csin_loc at = loc;
    at.col += (uint32_t)(value - word);
    struct {
        const char *name;
        struct csin_count *field;
        uint64_t min, max;
    } counts[] = {{"leaf", &line->leaf, 1, 8192},
                  {"spine", &line->spine, 1, 8192},
                  {"host", &line->host, 0, 4096},
                  {"storage", &line->storage, 0, 4096},
                  {"links", &line->links, 1, 1024},
                  {"ports", &line->ports, 1, CSIN_MAX_PORTS},
                  {"plane", &line->plane, 1, 64},
                  {"rail", &line->rail, 1, 64},
                  {"pod", &line->pod, 1, 4096},
                  {"core", &line->core, 1, CSIN_MAX_SWITCHES},
                  {"uplinks", &line->uplinks, 1, CSIN_MAX_PORTS}};
    size_t length = (size_t)(colon - word);
    if (!*value)
        return csin_error(line->diag, CSIN_E_INPUT, 109, at, "a value is missing behind '%s'",
                          csin_brief(word, SIZE_MAX).s);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (strlen(counts[i].name) != length || strncmp(counts[i].name, word, length) != 0)
            continue;
        if (counts[i].field->loc.line)
            return csin_error(line->diag, CSIN_E_INPUT, 202, loc, "a second '%s:'", counts[i].name);
        return read_count(line, counts[i].field, value, counts[i].min, counts[i].max, at);
    }
    bool is_uplink = length == 6 && strncmp(word, "uplink", 6) == 0;
    if (is_uplink || (length == 7 && strncmp(word, "latency", 7) == 0)) {
        struct csin_quantity *field = is_uplink ? &line->uplink : &line->latency;
        if (field->loc.line)
            return csin_error(line->diag, CSIN_E_INPUT, 202, loc, "a second '%.*s:'", (int)length,
                              word);
        field->loc = at;
        return is_uplink ? csin_read_rate(line->diag, at, value, &field->x)
                         : csin_read_time(line->diag, at, value, &field->x);
    }
    return unknown_word(line, loc, word, length, ":");
}

static enum csin_status check_complete(const struct line *line, struct csin_loc loc)
{
    const char *missing[4];
    unsigned n = 0;
    if (!line->leaf.loc.line)
        missing[n++] = "leaf:N";
    if (!line->spine.loc.line)
        missing[n++] = "spine:N";
    if (!line->host.loc.line && !line->storage.loc.line)
        missing[n++] = "host:N";
    if (!line->rate.loc.line)
        missing[n++] = "rate";
    if (n == 0)
        return CSIN_OK;
    char list[64] = "";
    for (unsigned i = 0; i < n; i++)
        strcat(strcat(list, i == 0 ? "" : i + 1 == n ? " and no " : ", no "), missing[i]);
    csin_error(line->diag, CSIN_E_INPUT, 201, loc, "this one-line fabric has no %s", list);
    csin_note(line->diag, loc, "write, for instance, leaf:4 spine:2 host:16 200Gb/s");
    return CSIN_E_INPUT;
}

/* Splits at white space and reads word by word, so that every mistake is found. */
static enum csin_status read_words(struct line *line, struct csin_arena *arena, struct csin_loc loc,
                                   const char *text)
{
    enum csin_status status = CSIN_OK;
    for (const char *p = text; *p;) {
        size_t gap = strspn(p, " \t");
        p += gap;
        size_t length = strcspn(p, " \t");
        if (length == 0)
            break;
        const char *word = csin_arena_strndup(arena, p, length);
        if (!word)
            return csin_no_memory(line->diag);
        struct csin_loc at = loc;
        at.col += (uint32_t)(p - text);
        status = csin_first(status, read_word(line, word, at));
        p += length;
    }
    return status == CSIN_OK ? check_complete(line, loc) : status;
}

static unsigned digits(uint64_t n)
{
    unsigned d = 1;
    for (; n >= 10; n /= 10)
        d++;
    return d;
}

static struct csin_text text_at(struct csin_arena *arena, const char *s, struct csin_loc loc)
{
    return (struct csin_text){csin_arena_strndup(arena, s, strlen(s)), loc};
}

/* Hosts called PREFIX1 to PREFIXn on all leaves. */
static bool set_hosts(struct csin_arena *arena, struct csin_hosts_spec *hosts, const char *prefix,
                      uint64_t n, const char *model, enum csin_spread spread, struct csin_loc loc)
{
    struct csin_attach_spec *attach = csin_arena_alloc(arena, 1, sizeof *attach);
    if (!attach)
        return false;
    attach->zone = text_at(arena, "", loc);
    attach->spread = (struct csin_choice){(int)spread, loc};
    hosts->names.s = csin_arena_printf(arena, "%s[%0*d-%llu]", prefix, (int)digits(n), 1,
                                       (unsigned long long)n);
    hosts->names.loc = loc;
    hosts->model = text_at(arena, model, loc);
    hosts->attach = (struct csin_list){attach, 1, loc};
    return attach->zone.s && hosts->names.s && hosts->model.s;
}

static uint64_t or_one(const struct csin_count *count)
{
    return count->loc.line ? count->n : 1;
}

/* Cables from each spine to core switches: what `ports` leaves; else as many as to leaves. */
static uint64_t uplinks_of(const struct line *line, uint64_t links)
{
    uint64_t down = line->leaf.n * links;
    if (!line->core.loc.line)
        return 0;
    if (line->uplinks.loc.line)
        return line->uplinks.n;
    return line->ports.loc.line && line->ports.n > down ? line->ports.n - down : down;
}

/* Words that mean nothing without another. */
static enum csin_status check_pods(const struct line *line)
{
    const struct csin_count *core = &line->core, *pod = &line->pod;
    const struct csin_count *alone = core->loc.line           ? core
                                     : line->uplinks.loc.line ? &line->uplinks
                                                              : pod;
    if (!alone->loc.line || (core->loc.line && pod->loc.line && pod->n > 1))
        return CSIN_OK;
    csin_error(line->diag, CSIN_E_INPUT, 249, alone->loc, "'%s:%llu' without %s",
               alone == core  ? "core"
               : alone == pod ? "pod"
                              : "uplinks",
               (unsigned long long)alone->n, alone == core ? "two pods or more" : "core switches");
    csin_note(line->diag, alone->loc,
              "core switches join pods: leaf:2 spine:2 host:2 pod:4 core:4 200Gb/s");
    return CSIN_E_INPUT;
}

static enum csin_status check_rails(const struct line *line)
{
    uint64_t nics = or_one(&line->rail) * or_one(&line->plane);
    if (nics > 64)
        return csin_error(line->diag, CSIN_E_INPUT, 249, line->rail.loc,
                          "hosts of %s NICs (%s rails in %s planes); at most 64",
                          csin_show_count(nics).s, csin_show_count(line->rail.n).s,
                          csin_show_count(line->plane.n).s);
    if (line->leaf.n % or_one(&line->rail) == 0)
        return CSIN_OK;
    csin_error(line->diag, CSIN_E_INPUT, 246, line->rail.loc,
               "%s leaves cannot be divided into groups of %s rails",
               csin_show_count(line->leaf.n).s, csin_show_count(line->rail.n).s);
    csin_note(line->diag, line->leaf.loc, "write a multiple of %s leaves",
              csin_show_count(line->rail.n).s);
    return CSIN_E_INPUT;
}

enum csin_status csin_fabric_spec_line(struct csin_arena *arena, struct csin_diag *diag,
                                       struct csin_loc loc, const char *text,
                                       struct csin_fabric_spec *ret_spec)
{
    if (loc.line == 0)
        loc.line = loc.col = 1;
    struct line line = {.diag = diag};
    enum csin_status status = read_words(&line, arena, loc, text);
    if (status == CSIN_OK)
        status = csin_first(check_pods(&line), check_rails(&line));
    if (status != CSIN_OK)
        return status;

    uint64_t links = or_one(&line.links), pods = or_one(&line.pod), rails = or_one(&line.rail);
    uint64_t planes = or_one(&line.plane), n_leaves = line.leaf.n * pods;
    uint64_t down = line.host.n + line.storage.n, up = line.spine.n * links;
    uint64_t to_cores = uplinks_of(&line, links);
    uint64_t leaf_ports = down + up, spine_ports = line.leaf.n * links + to_cores;
    uint64_t core_ports = line.core.n ? (pods * line.spine.n * to_cores - 1) / line.core.n + 1 : 1;
    if (down * n_leaves > CSIN_MAX_HOSTS)
        return csin_error(diag, CSIN_E_INPUT, 203, loc, "%s hosts in one line; at most %s",
                          csin_show_count(down * n_leaves).s, csin_show_count(CSIN_MAX_HOSTS).s);
    if (line.ports.loc.line)
        leaf_ports = spine_ports = core_ports = line.ports.n;
    uint64_t most = leaf_ports > spine_ports ? leaf_ports : spine_ports;
    most = most > core_ports ? most : core_ports;
    if (most > CSIN_MAX_PORTS)
        return csin_error(diag, CSIN_E_INPUT, 206, loc,
                          "a switch of %s ports is needed; at most %s", csin_show_count(most).s,
                          csin_show_count(CSIN_MAX_PORTS).s);

    struct csin_fabric_spec spec = {.file = loc.file};
    struct csin_switch_model_spec *models = csin_arena_alloc(arena, 3, sizeof *models);
    struct csin_host_model_spec *host_models = csin_arena_alloc(arena, 2, sizeof *host_models);
    struct csin_zone_spec *zone = csin_arena_alloc(arena, 1, sizeof *zone);
    struct csin_hosts_spec *hosts = csin_arena_alloc(arena, 2, sizeof *hosts);
    struct csin_core_spec *core = csin_arena_alloc(arena, 1, sizeof *core);
    if (!models || !host_models || !zone || !hosts || !core)
        return csin_no_memory(diag);

    spec.name = text_at(arena, text, loc);
    models[0] = (struct csin_switch_model_spec){.name = text_at(arena, "leaf", loc),
                                                .ports = {leaf_ports, loc},
                                                .rate_Bps = line.rate,
                                                .latency_s = line.latency};
    models[1] = models[2] = models[0];
    models[1].name = text_at(arena, "spine", loc);
    models[1].ports.n = spine_ports;
    models[2].name = text_at(arena, "core", loc);
    models[2].ports.n = core_ports;
    zone->name = text_at(arena, "", loc);
    zone->model = models[0].name;
    zone->spine_model = models[1].name;
    zone->leaves = line.leaf;
    zone->spines = line.spine;
    zone->links_per_pair = (struct csin_count){links, loc};
    zone->hosts_per_leaf = (struct csin_count){down, loc};
    zone->uplink_Bps = line.uplink;
    zone->pods = line.pod;
    zone->planes = line.plane;
    core->names = (struct csin_text){csin_arena_printf(arena, "core[%0*d-%llu]",
                                                       (int)digits(line.core.n), 1,
                                                       (unsigned long long)line.core.n),
                                     loc};
    core->model = models[2].name;
    core->uplinks = (struct csin_count){to_cores, loc};
    struct csin_count nics = {rails * planes, loc};
    host_models[0] = (struct csin_host_model_spec){
        .name = text_at(arena, "host", loc), .nics = nics, .rate_Bps = line.rate};
    host_models[1] = (struct csin_host_model_spec){.name = text_at(arena, "storage", loc),
                                                   .role = {CSIN_STORAGE, loc},
                                                   .nics = nics,
                                                   .rate_Bps = line.rate};
    bool ok = spec.name.s && models[0].name.s && models[1].name.s && models[2].name.s &&
              zone->name.s && core->names.s && host_models[0].name.s && host_models[1].name.s;
    enum csin_spread spread = line.rail.loc.line ? CSIN_RAILS : CSIN_EVEN;
    uint32_t n = 0;
    if (line.host.n)
        ok = ok && set_hosts(arena, &hosts[n++], "h", line.host.n * n_leaves / rails, "host",
                             spread, loc);
    if (line.storage.n)
        ok = ok && set_hosts(arena, &hosts[n++], "s", line.storage.n * n_leaves / rails, "storage",
                             spread, loc);
    if (!ok)
        return csin_no_memory(diag);
    spec.switch_models = (struct csin_list){models, 3, loc};
    spec.host_models = (struct csin_list){host_models, 2, loc};
    spec.zones = (struct csin_list){zone, 1, loc};
    spec.hosts = (struct csin_list){hosts, n, loc};
    if (line.core.loc.line)
        spec.core = (struct csin_list){core, 1, loc};
    *ret_spec = spec;
    return CSIN_OK;
}
