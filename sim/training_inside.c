/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What training uses inside hosts: rings of GPUs over NVLink where it joins them, else over their
 * PCIe lanes and root ports, and the way between GPUs and the NIC. */
#include <stdlib.h>

#include "sim/training.h"
#include "topo/host_inside.h"

struct uses {
    struct csin_use list[CSIN_MAX_USES];
    uint32_t n;
};

static void use(struct uses *uses, uint32_t resource)
{
    if (resource != CSIN_NONE && uses->n < CSIN_MAX_USES)
        uses->list[uses->n++] = (struct csin_use){resource, 1};
}

/* Every GPU of the ring sends as much as it receives. */
static void use_gpu(struct uses *uses, const struct csin_inside *inside, uint32_t host,
                    uint32_t gpu, bool nvlink)
{
    if (nvlink) {
        use(uses, csin_inside_find(inside, host, CSIN_INSIDE_NVLINK_OUT, gpu));
        use(uses, csin_inside_find(inside, host, CSIN_INSIDE_NVLINK_IN, gpu));
        return;
    }
    use(uses, csin_inside_find(inside, host, CSIN_INSIDE_GPU_OUT, gpu));
    use(uses, csin_inside_find(inside, host, CSIN_INSIDE_GPU_IN, gpu));
    for (unsigned way = 0; way < 2; way++) /* a root port carries both */
        use(uses, csin_inside_gpu_root_port(inside, host, gpu));
}

static bool joined_by_nvlink(const struct csin_inside_model *model, uint32_t first, uint32_t group)
{
    if (model->nvlink_Bps <= 0)
        return false;
    return model->nvlink_switch ||
           (group == 2 && first < model->n_gpus && model->nvlink_peer[first] == first + 1);
}

uint32_t csin_training_ring_profile(struct csin_schedule *s, uint32_t host, uint32_t first_gpu,
                                    uint32_t n_gpus, uint32_t group)
{
    struct uses *uses;
    const struct csin_inside_model *model;
    if (!s->inside || !(model = s->inside->fabric->hosts[host].inside) || group < 2)
        return CSIN_NONE;
    if (!(uses = malloc(sizeof *uses))) {
        s->failed = 1;
        return CSIN_NONE;
    }
    uses->n = 0;
    for (uint32_t at = first_gpu; at < first_gpu + n_gpus; at += group) {
        bool nvlink = joined_by_nvlink(model, at, group);
        for (uint32_t gpu = at; gpu < at + group; gpu++)
            use_gpu(uses, s->inside, host, gpu, nvlink);
    }
    uint32_t profile = uses->n ? csin_schedule_profile(s, uses->list, uses->n) : CSIN_NONE;
    free(uses);
    return profile;
}

uint32_t csin_training_send_profile(struct csin_schedule *s, uint32_t src, uint32_t dst)
{
    if (!s->inside)
        return CSIN_NONE;
    struct csin_use uses[2];
    uint32_t n = 0, out = csin_inside_find(s->inside, src, CSIN_INSIDE_GPU_NIC_OUT, 0);
    uint32_t in = csin_inside_find(s->inside, dst, CSIN_INSIDE_GPU_NIC_IN, 0);
    const struct csin_host *hosts = s->inside->fabric->hosts;
    if (out != CSIN_NONE && hosts[src].n_nics == 1)
        uses[n++] = (struct csin_use){out, 1};
    if (in != CSIN_NONE && hosts[dst].n_nics == 1)
        uses[n++] = (struct csin_use){in, 1};
    return n ? csin_schedule_profile(s, uses, n) : CSIN_NONE;
}
