/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "topo/host_inside.h"

#include <stddef.h>
#include <string.h>

#include "base/units.h"

#define NONE UINT32_MAX
#define AT(record, member) offsetof(struct record, member)

static const struct csin_range gpus_range = {1, CSIN_MAX_GPUS};
static const struct csin_range ssds_range = {1, CSIN_MAX_SSDS};
static const struct csin_range number_range = {0, 4095};
static const struct csin_element number_element = {sizeof(struct csin_count), csin_yaml_count,
                                                   &number_range};

static const struct csin_key root_port_keys[] = {
    {"gpus", 0, AT(csin_root_port_spec, gpus), csin_yaml_one_or_list, &number_element},
    {"nics", 0, AT(csin_root_port_spec, nics), csin_yaml_one_or_list, &number_element},
    {"rate", CSIN_REQUIRED, AT(csin_root_port_spec, rate_Bps), csin_yaml_rate, NULL},
    {0},
};

static enum csin_status read_root_port(struct csin_yaml_node node, void *field,
                                       const struct csin_key *key)
{
    (void)key;
    struct csin_root_port_spec *port = field;
    port->loc = csin_yaml_loc(node);
    return csin_yaml_read_keys(node, port, root_port_keys);
}
static const struct csin_element root_port_element = {sizeof(struct csin_root_port_spec),
                                                      read_root_port, NULL};

static enum csin_status read_pair(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    struct csin_key numbers = {key->name, 0, 0, csin_yaml_list, &number_element};
    return csin_yaml_list(node, field, &numbers);
}
static const struct csin_element pair_element = {sizeof(struct csin_list), read_pair, NULL};

#define RATE(name, member)                                                                         \
    {                                                                                              \
        name, 0, AT(csin_inside_spec, member), csin_yaml_rate, NULL                                \
    }
static const struct csin_key inside_keys[] = {
    RATE("memory", memory_Bps),
    RATE("reduction", reduction_Bps),
    {"gpus", 0, AT(csin_inside_spec, gpus), csin_yaml_count, &gpus_range},
    RATE("gpu-rate", gpu_Bps),
    RATE("gpu-nic", gpu_nic_Bps),
    RATE("nvlink", nvlink_Bps),
    {"nvlink-pairs", 0, AT(csin_inside_spec, nvlink_pairs), csin_yaml_list, &pair_element},
    {"root-ports", 0, AT(csin_inside_spec, root_ports), csin_yaml_list, &root_port_element},
    {"ssds", 0, AT(csin_inside_spec, ssds), csin_yaml_count, &ssds_range},
    RATE("ssd-read", ssd_read_Bps),
    RATE("ssd-write", ssd_write_Bps),
    {0},
};

/* ---- checks ---- */

struct check {
    const struct csin_inside_spec *spec;
    struct csin_diag *diag;
    enum csin_status status;
};
#define FAIL(c, code, loc, ...)                                                                    \
    ((c)->status = csin_error((c)->diag, CSIN_E_INPUT, (code), (loc), __VA_ARGS__))

/* Keys that mean nothing without another one. */
static void check_companions(struct check *c)
{
    const struct csin_inside_spec *s = c->spec;
    const struct {
        const char *key, *needs;
        struct csin_loc loc;
        bool has;
    } rows[] = {
        {"gpu-rate", "gpus", s->gpu_Bps.loc, s->gpus.loc.line},
        {"gpu-nic", "gpus", s->gpu_nic_Bps.loc, s->gpus.loc.line},
        {"nvlink", "gpus", s->nvlink_Bps.loc, s->gpus.loc.line},
        {"nvlink-pairs", "nvlink", s->nvlink_pairs.loc, s->nvlink_Bps.loc.line},
        {"ssd-read", "ssds", s->ssd_read_Bps.loc, s->ssds.loc.line},
        {"ssd-write", "ssds", s->ssd_write_Bps.loc, s->ssds.loc.line},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].loc.line && !rows[i].has)
            FAIL(c, 480, rows[i].loc, "'%s' says nothing without '%s'", rows[i].key, rows[i].needs);
}

/* Numbers of GPUs or NICs: there are so many, and each is named once. `of` [n]: by what, NONE so
 * far. */
static void check_numbers(struct check *c, const struct csin_list *list, const char *what,
                          uint32_t n, uint32_t *of, uint32_t by)
{
    const struct csin_count *items = list->items;
    for (uint32_t i = 0; i < list->n; i++) {
        if (!items[i].loc.line)
            continue; /* it could not be read */
        if (items[i].n >= n)
            FAIL(c, 481, items[i].loc, "there is no %s %s in a host of %s, which count from 0",
                 what, csin_show_count(items[i].n).s, csin_show_count(n).s);
        else if (of[items[i].n] != NONE)
            FAIL(c, 482, items[i].loc, "%s %s has its place already", what,
                 csin_show_count(items[i].n).s);
        else
            of[items[i].n] = by;
    }
}

static void check_gpus(struct check *c)
{
    const struct csin_inside_spec *s = c->spec;
    uint32_t of[CSIN_MAX_GPUS], n = (uint32_t)s->gpus.n;
    const struct csin_root_port_spec *ports = s->root_ports.items;
    memset(of, 0xff, sizeof of);
    for (uint32_t p = 0; p < s->root_ports.n; p++) {
        check_numbers(c, &ports[p].gpus, "GPU", n, of, p);
        if (ports[p].loc.line && ports[p].gpus.n == 0 && ports[p].nics.n == 0)
            FAIL(c, 483, ports[p].loc, "nothing hangs on this root port");
    }
    const struct csin_list *pairs = s->nvlink_pairs.items;
    memset(of, 0xff, sizeof of);
    for (uint32_t p = 0; p < s->nvlink_pairs.n; p++) {
        check_numbers(c, &pairs[p], "GPU", n, of, p);
        if (pairs[p].loc.line && pairs[p].n != 2)
            FAIL(c, 484, pairs[p].loc, "an NVLink bridge joins two GPUs, not %s",
                 csin_show_count(pairs[p].n).s);
    }
}

enum csin_status csin_read_inside(struct csin_yaml_node node, void *field,
                                  const struct csin_key *key)
{
    (void)key;
    struct csin_inside_spec *spec = field;
    spec->loc = csin_yaml_loc(node);
    struct check c = {spec, csin_yaml_diag(node), csin_yaml_read_keys(node, spec, inside_keys)};
    if (c.status != CSIN_OK)
        return c.status; /* what is absent now may have been written */
    check_companions(&c);
    check_gpus(&c);
    return c.status;
}

/* ---- the model ---- */

static void set_root_ports(struct csin_inside_model *m, const struct csin_inside_spec *spec)
{
    const struct csin_root_port_spec *ports = spec->root_ports.items;
    memset(m->gpu_root_port, 0xff, m->n_gpus * sizeof *m->gpu_root_port);
    memset(m->nic_root_port, 0xff, m->n_nics * sizeof *m->nic_root_port);
    for (uint32_t p = 0; p < m->n_root_ports; p++) {
        const struct csin_count *gpus = ports[p].gpus.items, *nics = ports[p].nics.items;
        m->root_port_Bps[p] = ports[p].rate_Bps.x;
        for (uint32_t i = 0; i < ports[p].gpus.n; i++)
            m->gpu_root_port[gpus[i].n] = p;
        for (uint32_t i = 0; i < ports[p].nics.n; i++)
            m->nic_root_port[nics[i].n] = p;
    }
}

static void set_nvlink(struct csin_inside_model *m, const struct csin_inside_spec *spec)
{
    const struct csin_list *pairs = spec->nvlink_pairs.items;
    m->nvlink_Bps = spec->nvlink_Bps.x;
    m->nvlink_switch = m->nvlink_Bps > 0 && !spec->nvlink_pairs.loc.line;
    memset(m->nvlink_peer, 0xff, m->n_gpus * sizeof *m->nvlink_peer);
    for (uint32_t p = 0; p < spec->nvlink_pairs.n; p++) {
        const struct csin_count *pair = pairs[p].items;
        m->nvlink_peer[pair[0].n] = (uint32_t)pair[1].n;
        m->nvlink_peer[pair[1].n] = (uint32_t)pair[0].n;
    }
}

const struct csin_inside_model *csin_inside_model_create(const struct csin_inside_spec *spec,
                                                         uint32_t n_nics, struct csin_arena *arena,
                                                         struct csin_diag *diag,
                                                         enum csin_status *ret_status)
{
    struct csin_inside_model *m = csin_arena_alloc(arena, 1, sizeof *m);
    uint32_t *nic_of = csin_arena_alloc(arena, n_nics, sizeof *nic_of);
    if (!m || !nic_of)
        goto no_memory;
    struct check c = {spec, diag, CSIN_OK};
    const struct csin_root_port_spec *ports = spec->root_ports.items;
    memset(nic_of, 0xff, n_nics * sizeof *nic_of);
    for (uint32_t p = 0; p < spec->root_ports.n; p++)
        check_numbers(&c, &ports[p].nics, "NIC", n_nics, nic_of, p);
    if (c.status != CSIN_OK) {
        *ret_status = c.status;
        return NULL;
    }
    *m = (struct csin_inside_model){
        .memory_Bps = spec->memory_Bps.x,
        .reduction_Bps = spec->reduction_Bps.x,
        .n_gpus = (uint32_t)spec->gpus.n,
        .n_nics = n_nics,
        .n_root_ports = spec->root_ports.n,
        .n_ssds = (uint32_t)spec->ssds.n,
        .gpu_Bps = spec->gpu_Bps.x,
        .gpu_nic_Bps = spec->gpu_nic_Bps.x,
        .ssd_read_Bps = spec->ssd_read_Bps.x,
        .ssd_write_Bps = spec->ssd_write_Bps.x,
    };
    m->gpu_root_port = csin_arena_alloc(arena, m->n_gpus, sizeof *m->gpu_root_port);
    m->nic_root_port = csin_arena_alloc(arena, n_nics, sizeof *m->nic_root_port);
    m->nvlink_peer = csin_arena_alloc(arena, m->n_gpus, sizeof *m->nvlink_peer);
    m->root_port_Bps = csin_arena_alloc(arena, m->n_root_ports, sizeof *m->root_port_Bps);
    if (!m->gpu_root_port || !m->nic_root_port || !m->nvlink_peer || !m->root_port_Bps)
        goto no_memory;
    set_root_ports(m, spec);
    set_nvlink(m, spec);
    *ret_status = CSIN_OK;
    return m;
no_memory:
    *ret_status = csin_no_memory(diag);
    return NULL;
}

void csin_inside_model_tell(const struct csin_inside_model *m,
                            void (*add)(void *arg, const void *data, size_t bytes), void *arg)
{
    double rates[] = {m->memory_Bps, m->reduction_Bps, m->gpu_Bps,      m->gpu_nic_Bps,
                      m->nvlink_Bps, m->ssd_read_Bps,  m->ssd_write_Bps};
    uint32_t counts[] = {m->n_gpus, m->n_nics, m->n_root_ports, m->n_ssds, m->nvlink_switch};
    add(arg, rates, sizeof rates);
    add(arg, counts, sizeof counts);
    add(arg, m->gpu_root_port, m->n_gpus * sizeof *m->gpu_root_port);
    add(arg, m->nic_root_port, m->n_nics * sizeof *m->nic_root_port);
    add(arg, m->nvlink_peer, m->n_gpus * sizeof *m->nvlink_peer);
    add(arg, m->root_port_Bps, m->n_root_ports * sizeof *m->root_port_Bps);
}

struct csin_on_port csin_inside_model_on_port(const struct csin_inside_model *m, uint32_t port)
{
    const struct {
        const char *word;
        const uint32_t *of;
        uint32_t n;
    } rows[] = {{"GPU", m->gpu_root_port, m->n_gpus}, {"NIC", m->nic_root_port, m->n_nics}};
    struct csin_on_port text = {""};
    size_t at = 0;
    for (unsigned row = 0; row < 2; row++) {
        bool first = true;
        for (uint32_t i = 0; i < rows[row].n && at + 16 < sizeof text.s; i++)
            if (rows[row].of[i] == port) {
                at += (size_t)snprintf(text.s + at, sizeof text.s - at, "%s%s%s%u", at ? ", " : "",
                                       first ? rows[row].word : "", first ? " " : "", i);
                first = false;
            }
    }
    return text;
}

/* ---- writing ---- */

/* Numbers i < n with of[i] == which, as [0, 1]; nothing where there are none. */
static void write_numbers(const char *key, const uint32_t *of, uint32_t n, uint32_t which,
                          FILE *out)
{
    const char *before = "";
    for (uint32_t i = 0; i < n; i++)
        if (of[i] == which) {
            if (!*before)
                fprintf(out, "%s: [", key);
            fprintf(out, "%s%u", before, i);
            before = ", ";
        }
    if (*before)
        fputs("], ", out);
}

static void write_key(const char *key, double rate_Bps, const char **before,
                      void (*rate)(FILE *out, double rate_Bps), FILE *out)
{
    if (rate_Bps <= 0)
        return;
    fprintf(out, "%s%s: ", *before, key);
    rate(out, rate_Bps);
    *before = ", ";
}

void csin_inside_model_write_yaml(const struct csin_inside_model *m,
                                  void (*rate)(FILE *out, double rate_Bps), FILE *out)
{
    const char *before = "";
    fputc('{', out);
    write_key("memory", m->memory_Bps, &before, rate, out);
    write_key("reduction", m->reduction_Bps, &before, rate, out);
    if (m->n_gpus > 0) {
        fprintf(out, "%sgpus: %u", before, m->n_gpus);
        before = ", ";
    }
    write_key("gpu-rate", m->gpu_Bps, &before, rate, out);
    write_key("gpu-nic", m->gpu_nic_Bps, &before, rate, out);
    write_key("nvlink", m->nvlink_Bps, &before, rate, out);
    if (m->nvlink_Bps > 0 && !m->nvlink_switch) {
        const char *between = "";
        fputs(", nvlink-pairs: [", out);
        for (uint32_t g = 0; g < m->n_gpus; g++)
            if (m->nvlink_peer[g] != NONE && g < m->nvlink_peer[g]) {
                fprintf(out, "%s[%u, %u]", between, g, m->nvlink_peer[g]);
                between = ", ";
            }
        fputc(']', out);
    }
    if (m->n_root_ports > 0)
        fprintf(out, "%sroot-ports: [", before);
    for (uint32_t p = 0; p < m->n_root_ports; p++) {
        fputs(p ? ", {" : "{", out);
        write_numbers("gpus", m->gpu_root_port, m->n_gpus, p, out);
        write_numbers("nics", m->nic_root_port, m->n_nics, p, out);
        fputs("rate: ", out);
        rate(out, m->root_port_Bps[p]);
        fputc('}', out);
    }
    if (m->n_root_ports > 0) {
        fputc(']', out);
        before = ", ";
    }
    if (m->n_ssds > 0) {
        fprintf(out, "%sssds: %u", before, m->n_ssds);
        before = ", ";
    }
    write_key("ssd-read", m->ssd_read_Bps, &before, rate, out);
    write_key("ssd-write", m->ssd_write_Bps, &before, rate, out);
    fputc('}', out);
}

static void json_rate(struct csin_json *json, const char *key, double rate_Bps)
{
    if (rate_Bps > 0)
        csin_json_real(json, key, rate_Bps);
}

static void json_numbers(struct csin_json *json, const char *key, const uint32_t *of, uint32_t n,
                         uint32_t which)
{
    csin_json_flat_array(json, key);
    for (uint32_t i = 0; i < n; i++)
        if (of[i] == which)
            csin_json_count(json, NULL, i);
    csin_json_end_array(json);
}

void csin_inside_model_write_json(const struct csin_inside_model *m, struct csin_json *json)
{
    csin_json_flat_object(json, "inside");
    json_rate(json, "memory_Bps", m->memory_Bps);
    json_rate(json, "reduction_Bps", m->reduction_Bps);
    csin_json_count(json, "gpus", m->n_gpus);
    json_rate(json, "gpu_Bps", m->gpu_Bps);
    json_rate(json, "gpu_nic_Bps", m->gpu_nic_Bps);
    json_rate(json, "nvlink_Bps", m->nvlink_Bps);
    if (m->nvlink_Bps > 0) {
        csin_json_bool(json, "nvlink_switch", m->nvlink_switch);
        csin_json_flat_array(json, "nvlink_pairs");
        for (uint32_t g = 0; g < m->n_gpus; g++)
            if (m->nvlink_peer[g] != NONE && g < m->nvlink_peer[g]) {
                csin_json_flat_array(json, NULL);
                csin_json_count(json, NULL, g);
                csin_json_count(json, NULL, m->nvlink_peer[g]);
                csin_json_end_array(json);
            }
        csin_json_end_array(json);
    }
    csin_json_flat_array(json, "root_ports");
    for (uint32_t p = 0; p < m->n_root_ports; p++) {
        csin_json_flat_object(json, NULL);
        json_numbers(json, "gpus", m->gpu_root_port, m->n_gpus, p);
        json_numbers(json, "nics", m->nic_root_port, m->n_nics, p);
        csin_json_real(json, "rate_Bps", m->root_port_Bps[p]);
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
    csin_json_count(json, "ssds", m->n_ssds);
    json_rate(json, "ssd_read_Bps", m->ssd_read_Bps);
    json_rate(json, "ssd_write_Bps", m->ssd_write_Bps);
    csin_json_end_object(json);
}

static void say(FILE *out, int indent, const char *what, double rate_Bps, const char *each)
{
    if (rate_Bps > 0)
        fprintf(out, "%*s%-28s%s%s\n", indent, "", what, csin_show_rate(rate_Bps).s, each);
}

void csin_inside_model_write_text(const struct csin_inside_model *m, int indent, FILE *out)
{
    char what[64];
    say(out, indent, "memory", m->memory_Bps, "");
    say(out, indent, "sums of the processors", m->reduction_Bps, "");
    snprintf(what, sizeof what, "PCIe of each of %u GPUs", m->n_gpus);
    say(out, indent, what, m->gpu_Bps, " each way");
    for (uint32_t p = 0; p < m->n_root_ports; p++) {
        snprintf(what, sizeof what, "root port of %.40s", csin_inside_model_on_port(m, p).s);
        say(out, indent, what, m->root_port_Bps[p], " both ways together");
    }
    say(out, indent, "between GPUs and a NIC", m->gpu_nic_Bps, " each way");
    say(out, indent, m->nvlink_switch ? "NVLink, all GPUs" : "NVLink, pairs of GPUs", m->nvlink_Bps,
        " each way of a GPU");
    snprintf(what, sizeof what, "reads of each of %u SSDs", m->n_ssds);
    say(out, indent, what, m->ssd_read_Bps, "");
    snprintf(what, sizeof what, "writes of each of %u SSDs", m->n_ssds);
    say(out, indent, what, m->ssd_write_Bps, "");
}
