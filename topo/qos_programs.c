/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The programs' side: those that set the SL of their queue pairs themselves. */
#include "topo/qos.h"

/* The first job or stream of a kind that has a class sets what counts for all; the others are
 * comments, to be put into the environment of theirs. */
struct turn {
    const struct csin_qos *qos;
    FILE *out;
    uint32_t n; /* so far */
};

static const struct csin_qos_class *next(struct turn *turn, uint32_t i, bool streams)
{
    const struct csin_qos_traffic *t = &turn->qos->traffic[i];
    if (t->traffic_class == CSIN_NONE || (t->n_servers > 0) != streams)
        return NULL;
    const struct csin_qos_class *class = &turn->qos->classes[t->traffic_class];
    fprintf(turn->out, "\n# %s '%s', class '%s'%s\n", streams ? "stream" : "job", t->owner,
            class->name, turn->n ? ": for this one in place of the above" : "");
    turn->n++;
    return class;
}

static const char *mark(const struct turn *turn)
{
    return turn->n > 1 ? "# " : "";
}

static void say_none(const struct turn *turn, bool streams)
{
    if (turn->n == 0)
        fprintf(turn->out, "\n# No %s has a class: nothing is set, which is SL 0.\n",
                streams ? "stream" : "job");
}

void csin_qos_write_nccl(const struct csin_qos *qos, FILE *out)
{
    struct turn turn = {qos, out, 0};
    fputs(
        "# /etc/nccl.conf of compute hosts, or the environment of a job. NCCL sets the SL of its "
        "queue\n"
        "# pairs itself and asks no subnet manager. Where NCCL_IB_SL is not set, the trafficClass "
        "of\n"
        "# a communicator (ncclConfig_t) becomes the SL. NCCL_IB_TC and NCCL_IB_FIFO_TC (data and\n"
        "# control messages) are traffic classes of the GRH: RoCE goes by them, a subnet does "
        "not.\n",
        out);
    fprintf(out, "\n# Packets take %s.\nNCCL_IB_ADAPTIVE_ROUTING=%d\n",
            qos->sprays ? "all shortest ways (routing 'spray')"
                        : "the one way of the tables, in order",
            qos->sprays);
    for (uint32_t i = 0; i < qos->n_traffic; i++) {
        const struct csin_qos_class *class = next(&turn, i, false);
        if (class)
            fprintf(out, "%sNCCL_IB_SL=%u\n%sNCCL_IB_TC=0\n%sNCCL_IB_FIFO_TC=0\n", mark(&turn),
                    class->sl, mark(&turn), mark(&turn));
    }
    say_none(&turn, false);
}

void csin_qos_write_ucx(const struct csin_qos *qos, FILE *out)
{
    struct turn turn = {qos, out, 0};
    fputs(
        "# The environment of MPI jobs over UCX: mpirun -x UCX_IB_SL ... 'ucx_info -f' lists what\n"
        "# a UCX knows; it warns of variables that it does not use.\n",
        out);
    fprintf(out, "UCX_IB_AR_ENABLE=%s\n", qos->sprays ? "y" : "n");
    for (uint32_t i = 0; i < qos->n_traffic; i++) {
        const struct csin_qos_class *class = next(&turn, i, false);
        if (class)
            fprintf(out, "%sUCX_IB_SL=%u\n%sUCX_IB_TRAFFIC_CLASS=0\n", mark(&turn), class->sl,
                    mark(&turn));
    }
    say_none(&turn, false);
}

void csin_qos_write_3fs(const struct csin_qos *qos, FILE *out)
{
    struct turn turn = {qos, out, 0};
    fputs("# Sections of 3FS's configurations (*_main.toml), to be merged by hand: 'sl' of every\n"
          "# ibsocket of storage, meta and client programs. Both ends of a connection set it, each "
          "for\n"
          "# what it sends. It may be changed while they run.\n",
          out);
    for (uint32_t i = 0; i < qos->n_traffic; i++) {
        const struct csin_qos_class *class = next(&turn, i, true);
        if (class)
            fprintf(out,
                    "%s[client.io_worker.ibsocket]\n"
                    "%ssl = %u\n"
                    "%s[[server.base.groups]]\n"
                    "%s[server.base.groups.io_worker.ibsocket]\n"
                    "%ssl = %u\n",
                    mark(&turn), mark(&turn), class->sl, mark(&turn), mark(&turn), mark(&turn),
                    class->sl);
    }
    say_none(&turn, true);
}
