/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/inside.h"

#include <stdlib.h>
#include <string.h>

const char *const csin_inside_kind_names[] = {
    "memory",     "reduction",  "root-port", "gpu-out",  "gpu-in",    "gpu-nic-out",
    "gpu-nic-in", "nvlink-out", "nvlink-in", "ssd-read", "ssd-write", NULL};

/* How many of a kind a host of the model has, and what each of them can; root ports differ. */
static uint32_t count(const struct csin_inside_model *m, enum csin_inside_kind kind,
                      double *ret_Bps)
{
    const struct {
        double rate_Bps;
        uint32_t n;
    } kinds[] = {
        [CSIN_INSIDE_MEMORY] = {m->memory_Bps, 1},
        [CSIN_INSIDE_REDUCTION] = {m->reduction_Bps, 1},
        [CSIN_INSIDE_ROOT_PORT] = {1, m->n_root_ports},
        [CSIN_INSIDE_GPU_OUT] = {m->gpu_Bps, m->n_gpus},
        [CSIN_INSIDE_GPU_IN] = {m->gpu_Bps, m->n_gpus},
        [CSIN_INSIDE_GPU_NIC_OUT] = {m->gpu_nic_Bps, m->n_nics},
        [CSIN_INSIDE_GPU_NIC_IN] = {m->gpu_nic_Bps, m->n_nics},
        [CSIN_INSIDE_NVLINK_OUT] = {m->nvlink_Bps, m->n_gpus},
        [CSIN_INSIDE_NVLINK_IN] = {m->nvlink_Bps, m->n_gpus},
        [CSIN_INSIDE_SSD_READ] = {m->ssd_read_Bps, m->n_ssds},
        [CSIN_INSIDE_SSD_WRITE] = {m->ssd_write_Bps, m->n_ssds},
    };
    *ret_Bps = kinds[kind].rate_Bps;
    return kinds[kind].rate_Bps > 0 ? kinds[kind].n : 0;
}

static uint32_t count_all(const struct csin_inside_model *m)
{
    uint32_t n = 0;
    double rate_Bps;
    for (unsigned kind = 0; m && kind < CSIN_N_INSIDE_KINDS; kind++)
        n += count(m, (enum csin_inside_kind)kind, &rate_Bps);
    return n;
}

static void fill(struct csin_inside *inside, uint32_t host)
{
    const struct csin_inside_model *m = inside->fabric->hosts[host].inside;
    uint32_t r = inside->first[host];
    for (unsigned kind = 0; m && kind < CSIN_N_INSIDE_KINDS; kind++) {
        double rate_Bps;
        uint32_t n = count(m, (enum csin_inside_kind)kind, &rate_Bps);
        for (uint32_t i = 0; i < n; i++, r++) {
            inside->host[r] = host;
            inside->capacity_Bps[r] = kind == CSIN_INSIDE_ROOT_PORT ? m->root_port_Bps[i]
                                                                    : rate_Bps;
        }
    }
}

uint64_t csin_inside_count(const struct csin_fabric *fabric)
{
    uint64_t n = 0;
    for (uint32_t h = 0; h < fabric->n_hosts; h++)
        n += count_all(fabric->hosts[h].inside);
    return n;
}

bool csin_inside_init(struct csin_inside *inside, const struct csin_fabric *fabric)
{
    *inside = (struct csin_inside){
        .fabric = fabric, .first = calloc((size_t)fabric->n_hosts + 1, sizeof *inside->first)};
    if (!inside->first)
        return false;
    for (uint32_t h = 0; h < fabric->n_hosts; h++)
        inside->first[h + 1] = inside->first[h] + count_all(fabric->hosts[h].inside);
    inside->n = inside->first[fabric->n_hosts];
    inside->capacity_Bps = calloc((size_t)inside->n + 1, sizeof *inside->capacity_Bps);
    inside->host = calloc((size_t)inside->n + 1, sizeof *inside->host);
    if (!inside->capacity_Bps || !inside->host)
        return false;
    for (uint32_t h = 0; h < fabric->n_hosts; h++)
        fill(inside, h);
    return true;
}

void csin_inside_finish(struct csin_inside *inside)
{
    free(inside->capacity_Bps);
    free(inside->host);
    free(inside->first);
    memset(inside, 0, sizeof *inside);
}

uint32_t csin_inside_find(const struct csin_inside *inside, uint32_t host,
                          enum csin_inside_kind kind, uint32_t index)
{
    const struct csin_inside_model *m = inside->n > 0 ? inside->fabric->hosts[host].inside : NULL;
    double rate_Bps;
    if (!m || index >= count(m, kind, &rate_Bps))
        return CSIN_NONE;
    uint32_t r = inside->first[host] + index;
    for (unsigned k = 0; k < kind; k++)
        r += count(m, (enum csin_inside_kind)k, &rate_Bps);
    return r;
}

uint32_t csin_inside_gpu_root_port(const struct csin_inside *inside, uint32_t host, uint32_t gpu)
{
    const struct csin_inside_model *m = inside->n > 0 ? inside->fabric->hosts[host].inside : NULL;
    uint32_t port = m && gpu < m->n_gpus ? m->gpu_root_port[gpu] : CSIN_NONE;
    return port == CSIN_NONE ? CSIN_NONE
                             : csin_inside_find(inside, host, CSIN_INSIDE_ROOT_PORT, port);
}

uint32_t csin_inside_nic_root_port(const struct csin_inside *inside, uint32_t host, uint32_t nic)
{
    const struct csin_inside_model *m = inside->n > 0 ? inside->fabric->hosts[host].inside : NULL;
    uint32_t port = m && nic < m->n_nics ? m->nic_root_port[nic] : CSIN_NONE;
    return port == CSIN_NONE ? CSIN_NONE
                             : csin_inside_find(inside, host, CSIN_INSIDE_ROOT_PORT, port);
}

enum csin_inside_kind csin_inside_kind_of(const struct csin_inside *inside, uint32_t resource,
                                          uint32_t *ret_index)
{
    uint32_t host = inside->host[resource], index = resource - inside->first[host];
    unsigned kind = 0;
    double rate_Bps;
    for (uint32_t n; index >= (n = count(inside->fabric->hosts[host].inside,
                                         (enum csin_inside_kind)kind, &rate_Bps));
         kind++)
        index -= n;
    *ret_index = index;
    return (enum csin_inside_kind)kind;
}

uint32_t csin_inside_in(const struct csin_inside *inside, uint32_t resource, uint32_t host)
{
    uint32_t index;
    enum csin_inside_kind kind = csin_inside_kind_of(inside, resource, &index);
    return csin_inside_find(inside, host, kind, index);
}

struct csin_inside_name csin_inside_name(const struct csin_inside *inside, uint32_t resource)
{
    static const char *const words[] = {
        "memory",           "sums",           "root port of",   "GPU %u out",
        "GPU %u in",        "GPUs to NIC %u", "NIC %u to GPUs", "GPU %u NVLink out",
        "GPU %u NVLink in", "SSD %u read",    "SSD %u write"};
    struct csin_inside_name name;
    uint32_t index;
    const struct csin_host *host = &inside->fabric->hosts[inside->host[resource]];
    enum csin_inside_kind kind = csin_inside_kind_of(inside, resource, &index);
    int n = snprintf(name.s, sizeof name.s, "%s ", host->name);
    size_t room = sizeof name.s - (size_t)n;
    const char *number = strstr(words[kind], "%u");
    if (kind == CSIN_INSIDE_ROOT_PORT) {
        snprintf(name.s + n, room, "%s %s", words[kind],
                 csin_inside_model_on_port(host->inside, index).s);
    } else if (number) {
        snprintf(name.s + n, room, "%.*s%u%s", (int)(number - words[kind]), words[kind], index,
                 number + 2);
    } else {
        snprintf(name.s + n, room, "%s", words[kind]);
    }
    return name;
}
