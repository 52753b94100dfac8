/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OpenSM's side: what the tables hold, what is wrong with it, opensm.conf and qos-policy.conf. */
#include "topo/qos.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"

enum {
    PACKET_UNITS = 64, /* a packet of 4 KiB in units of 64 bytes */
    RANGES_A_LINE = 2, /* of GUIDs, so that lines stay below 80 columns */
    MAX_PAIRS_CHECKED = 4096
};

/* ---- tables ---- */

static uint32_t fewest_vls(const struct csin_fabric *f)
{
    uint32_t n = CSIN_QOS_VLS;
    for (uint32_t s = 0; s < f->n_switches; s++)
        n = f->switches[s].n_vls < n ? f->switches[s].n_vls : n;
    return n;
}

static uint32_t fold(uint32_t vl, uint32_t n_vls)
{
    return n_vls == CSIN_QOS_VLS ? vl : vl % n_vls;
}

struct csin_qos_tables csin_qos_tables(const struct csin_qos *qos)
{
    /* PortInfo:OperationalVLs, as opensm.conf(5) has it. */
    static const uint32_t vls_of_code[] = {0, 1, 2, 4, 8, 15};
    struct csin_qos_tables t = {.max_op_vls = 1};
    uint32_t most = fewest_vls(qos->fabric), needed = 1;
    for (unsigned sl = 0; sl < CSIN_QOS_SLS; sl++)
        if (qos->vl_of_sl[sl] != CSIN_QOS_DROP && qos->vl_of_sl[sl] + 1u > needed)
            needed = qos->vl_of_sl[sl] + 1u;
    needed = needed < most ? needed : most;
    while (vls_of_code[t.max_op_vls] < needed)
        t.max_op_vls++;
    t.n_vls = vls_of_code[t.max_op_vls];
    for (unsigned sl = 0; sl < CSIN_QOS_SLS; sl++) {
        bool drop = qos->vl_of_sl[sl] == CSIN_QOS_DROP;
        uint32_t vl = drop ? CSIN_QOS_DROP : fold(qos->vl_of_sl[sl], t.n_vls);
        t.sl_to_vl[sl] = (uint8_t)vl;
        if (!drop)
            t.weights[vl] = qos->weights[vl];
    }
    return t;
}

/* ---- warnings ---- */

static const struct csin_qos_class *class_of(const struct csin_qos *qos, uint32_t traffic)
{
    uint32_t class = qos->traffic[traffic].traffic_class;
    return class == CSIN_NONE ? NULL : &qos->classes[class];
}

static void check_folds(const struct csin_qos *qos, const struct csin_qos_tables *t,
                        struct csin_diag *diag)
{
    for (uint32_t i = 0; i < qos->n_classes; i++)
        for (uint32_t k = i + 1; k < qos->n_classes; k++) {
            const struct csin_qos_class *a = &qos->classes[i], *b = &qos->classes[k];
            if (qos->vl_of_sl[a->sl] == qos->vl_of_sl[b->sl] ||
                t->sl_to_vl[a->sl] != t->sl_to_vl[b->sl])
                continue;
            csin_warning(diag, 730, (struct csin_loc){0},
                         "classes '%s' (VL %u) and '%s' (VL %u) share VL %u, as the switches have "
                         "%u data VL%s",
                         a->name, qos->vl_of_sl[a->sl], b->name, qos->vl_of_sl[b->sl],
                         t->sl_to_vl[a->sl], t->n_vls, t->n_vls == 1 ? "" : "s");
        }
}

/* A VL sends until its weight is used up, and the last packet in full (InfiniBand Architecture
 * Specification, volume 1, 7.6.9). */
static void check_weights(const struct csin_qos_tables *t, struct csin_diag *diag)
{
    unsigned n = 0;
    for (unsigned vl = 0; vl < CSIN_QOS_VLS; vl++)
        n += t->weights[vl] > 0;
    for (unsigned vl = 0; vl < CSIN_QOS_VLS && n > 1; vl++) {
        uint32_t packets = (t->weights[vl] + PACKET_UNITS - 1) / PACKET_UNITS;
        if (t->weights[vl] % PACKET_UNITS == 0)
            continue;
        csin_warning(diag, 731, (struct csin_loc){0},
                     "weight %u of VL %u counts as %u with packets of 4 KiB", t->weights[vl], vl,
                     packets * PACKET_UNITS);
        csin_note(diag, (struct csin_loc){0},
                  "a VL sends whole packets until its weight is used up: write multiples of 64");
    }
}

/* Marks the hosts of a side. */
static void mark(bool *is_in, const uint32_t *hosts, uint32_t n, bool yes)
{
    for (uint32_t i = 0; i < n; i++)
        is_in[hosts[i]] = yes;
}

static bool meets(const bool *is_in, const uint32_t *hosts, uint32_t n)
{
    uint32_t i = 0;
    while (i < n && !is_in[hosts[i]])
        i++;
    return i < n;
}

/* The two sides of traffic: the same hosts twice where they talk among themselves. */
static const uint32_t *side(const struct csin_qos_traffic *t, bool servers, uint32_t *ret_n)
{
    bool other = servers && t->n_servers;
    *ret_n = other ? t->n_servers : t->n_hosts;
    return other ? t->servers : t->hosts;
}

static bool same_pairs(const struct csin_qos_traffic *a, const struct csin_qos_traffic *b,
                       bool *is_in)
{
    bool meet[2][2];
    for (int i = 0; i < 2; i++) {
        uint32_t n, m;
        const uint32_t *hosts = side(a, i, &n);
        mark(is_in, hosts, n, true);
        for (int k = 0; k < 2; k++) {
            const uint32_t *others = side(b, k, &m);
            meet[i][k] = meets(is_in, others, m);
        }
        mark(is_in, hosts, n, false);
    }
    return (meet[0][0] && meet[1][1]) || (meet[0][1] && meet[1][0]);
}

static void check_pairs(const struct csin_qos *qos, bool *is_in, struct csin_diag *diag)
{
    uint32_t checked = 0;
    for (uint32_t i = 0; i < qos->n_traffic; i++)
        for (uint32_t k = i + 1; k < qos->n_traffic && checked < MAX_PAIRS_CHECKED; k++) {
            const struct csin_qos_class *a = class_of(qos, i), *b = class_of(qos, k);
            if ((a ? a->sl : 0) == (b ? b->sl : 0))
                continue;
            checked++;
            if (!same_pairs(&qos->traffic[i], &qos->traffic[k], is_in))
                continue;
            csin_warning(diag, 732, (struct csin_loc){0},
                         "'%s' (SL %u) and '%s' (SL %u) join the same hosts, which qos-policy.conf "
                         "cannot tell apart",
                         qos->traffic[i].owner, a ? a->sl : 0, qos->traffic[k].owner,
                         b ? b->sl : 0);
            csin_note(diag, (struct csin_loc){0},
                      "only programs that set the SL themselves keep to it there");
        }
}

bool csin_qos_check(const struct csin_qos *qos, bool folds_are_told, struct csin_diag *diag)
{
    struct csin_qos_tables t = csin_qos_tables(qos);
    bool *is_in = calloc(qos->fabric->n_hosts, sizeof *is_in);
    if (!is_in) {
        csin_no_memory(diag);
        return false;
    }
    if (!folds_are_told)
        check_folds(qos, &t, diag);
    check_weights(&t, diag);
    check_pairs(qos, is_in, diag);
    free(is_in);
    return true;
}

/* ---- opensm.conf ---- */

static void write_tables(const struct csin_qos *qos, const struct csin_qos_tables *t, FILE *out)
{
    /* Each kind of port has options of its own, which win over those of all. */
    static const char *const prefixes[] = {"qos_", "qos_ca_", "qos_sw0_", "qos_swe_"};
    fprintf(out, "\n# SL -> VL and the weights of VLs, the same on all ports.\n"
                 "qos TRUE\n");
    if (qos->policy)
        fprintf(out, "qos_policy_file %s\n", qos->policy);
    fprintf(out,
            "# %u VL%s in operation (1: VL0, 2: VL0-1, 3: VL0-3, 4: VL0-7, 5: VL0-14). A VL above\n"
            "# them would be folded onto one of them. qos_max_vls does nothing.\n"
            "max_op_vls %u\n",
            t->n_vls, t->n_vls == 1 ? "" : "s", t->max_op_vls);
    fputs("# VL:weight, in units of 64 bytes. 15 in qos_sl2vl: packets of this SL are dropped, so "
          "that\n"
          "# a wrong SL is seen at once.\n",
          out);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        fprintf(out, "%shigh_limit 0\n%svlarb_high 0:0\n%svlarb_low ", prefixes[i], prefixes[i],
                prefixes[i]);
        const char *comma = "";
        for (unsigned vl = 0; vl < CSIN_QOS_VLS; vl++)
            if (t->weights[vl]) {
                fprintf(out, "%s%u:%u", comma, vl, t->weights[vl]);
                comma = ",";
            }
        fprintf(out, "\n%ssl2vl ", prefixes[i]);
        for (unsigned sl = 0; sl < CSIN_QOS_SLS; sl++)
            fprintf(out, "%s%u", sl ? "," : "", t->sl_to_vl[sl]);
        fputc('\n', out);
    }
}

static void write_routing(const struct csin_qos *qos, FILE *out)
{
    if (qos->lft)
        fprintf(out,
                "# The tables of this folder. 'file' alone falls back to minhop, without a word, "
                "where\n"
                "# the file is wrong; with 'file,no_fallback' the subnet would stay down.\n"
                "routing_engine file\n"
                "lfts_file %s\n",
                qos->lft);
    else if (qos->sprays)
        fputs(
            "# Packets are to take all shortest ways: adaptive routing, which the vendor's OpenSM\n"
            "# sets up (routing_engine ar_updn). This one has fixed routes only.\n"
            "routing_engine ftree\n",
            out);
    else
        fputs("# There are no tables for this routing policy: each flow chooses. OpenSM's own:\n"
              "routing_engine ftree\n",
              out);
    if (qos->roots)
        fprintf(out,
                "# Without the roots, ftree falls back to minhop when one cable is dead.\n"
                "root_guid_file %s\n",
                qos->roots);
    if (qos->compute)
        fprintf(out, "cn_guid_file %s\n", qos->compute);
    if (qos->storage)
        fprintf(out, "io_guid_file %s\n", qos->storage);
}

void csin_qos_write_opensm(const struct csin_qos *qos, FILE *out)
{
    fputs("# opensm -F opensm.conf, in this folder; what is not named here keeps its default.\n"
          "# OpenSM ignores options that it does not know without a word.\n",
          out);
    write_routing(qos, out);
    if (qos->n_classes) {
        struct csin_qos_tables t = csin_qos_tables(qos);
        write_tables(qos, &t, out);
    }
}

/* ---- qos-policy.conf ---- */

struct policy {
    const struct csin_qos *qos;
    FILE *out;
    uint32_t *by_guid; /* [n_nics] NICs in the order of their GUIDs */
    bool *is_in;       /* [n_hosts] scratch, all false between uses */
};

static int compare_guids(const void *a, const void *b, void *the_guids)
{
    const uint64_t *guids = the_guids;
    uint64_t x = guids[*(const uint32_t *)a], y = guids[*(const uint32_t *)b];
    return (x > y) - (x < y);
}

/* The ports of hosts as ranges of GUIDs. A range holds no port of another host of the fabric. */
static void write_group(struct policy *p, const char *owner, const char *what,
                        const uint32_t *hosts, uint32_t n)
{
    const struct csin_fabric *f = p->qos->fabric;
    unsigned ranges = 0;
    fprintf(p->out, "    port-group\n        name: %s%s\n", owner, what);
    mark(p->is_in, hosts, n, true);
    for (uint32_t i = 0; i < f->n_nics;) {
        uint32_t first = i, end = i;
        while (end < f->n_nics && p->is_in[f->nics[p->by_guid[end]].host])
            end++;
        i = end + 1;
        if (end == first)
            continue;
        fprintf(p->out, "%s0x%016" PRIx64,
                ranges % RANGES_A_LINE ? ", "
                : ranges               ? "\n        port-guid: "
                                       : "        port-guid: ",
                p->qos->port_guid[p->by_guid[first]]);
        if (end - first > 1)
            fprintf(p->out, "-0x%016" PRIx64, p->qos->port_guid[p->by_guid[end - 1]]);
        ranges++;
    }
    mark(p->is_in, hosts, n, false);
    fputs("\n    end-port-group\n", p->out);
}

static void write_groups(struct policy *p)
{
    const struct csin_qos *qos = p->qos;
    fputs("port-groups\n", p->out);
    for (uint32_t i = 0; i < qos->n_traffic; i++) {
        const struct csin_qos_traffic *t = &qos->traffic[i];
        if (!class_of(qos, i))
            continue;
        write_group(p, t->owner, t->n_servers ? "-clients" : "", t->hosts, t->n_hosts);
        if (t->n_servers)
            write_group(p, t->owner, "-servers", t->servers, t->n_servers);
    }
    fputs("end-port-groups\n\n", p->out);
}

/* OpenSM wants a level called DEFAULT, so a class of that name gets another one. */
static const char *level_prefix(const struct csin_qos_class *class)
{
    return strcasecmp(class->name, "DEFAULT") == 0 ? "class-" : "";
}

static void write_levels(const struct policy *p)
{
    fputs("qos-levels\n"
          "    qos-level\n"
          "        name: DEFAULT\n"
          "        sl: 0\n"
          "    end-qos-level\n",
          p->out);
    for (uint32_t i = 0; i < p->qos->n_classes; i++) {
        const struct csin_qos_class *class = &p->qos->classes[i];
        fprintf(p->out,
                "    qos-level\n"
                "        name: %s%s\n"
                "        sl: %u\n"
                "    end-qos-level\n",
                level_prefix(class), class->name, class->sl);
    }
    fputs("end-qos-levels\n\n", p->out);
}

static void write_rule(const struct policy *p, const struct csin_qos_traffic *t, const char *source,
                       const char *destination, const struct csin_qos_class *class)
{
    fprintf(p->out,
            "    qos-match-rule\n"
            "        source: %s%s\n"
            "        destination: %s%s\n"
            "        qos-level-name: %s%s\n"
            "    end-qos-match-rule\n",
            t->owner, source, t->owner, destination, level_prefix(class), class->name);
}

/* The first rule that matches counts: streams come first, as their pairs are fewer. */
static void write_rules(const struct policy *p)
{
    const struct csin_qos *qos = p->qos;
    fputs("# The first rule that matches counts.\n"
          "qos-match-rules\n",
          p->out);
    for (int streams = 1; streams >= 0; streams--)
        for (uint32_t i = 0; i < qos->n_traffic; i++) {
            const struct csin_qos_traffic *t = &qos->traffic[i];
            const struct csin_qos_class *class = class_of(qos, i);
            if (!class || (t->n_servers > 0) != (streams == 1))
                continue;
            write_rule(p, t, streams ? "-clients" : "", streams ? "-servers" : "", class);
            if (streams)
                write_rule(p, t, "-servers", "-clients", class);
        }
    fputs("end-qos-match-rules\n", p->out);
}

/* Reading from a stream that is open for writing makes it remember an error, which whoever closes
 * it tells: there was no memory for the rest. */
static void spoil(FILE *out)
{
    (void)fgetc(out);
}

void csin_qos_write_policy(const struct csin_qos *qos, FILE *out)
{
    const struct csin_fabric *f = qos->fabric;
    struct policy p = {qos, out, calloc(f->n_nics, sizeof *p.by_guid),
                       calloc(f->n_hosts, sizeof *p.is_in)};
    if (p.by_guid && p.is_in) {
        for (uint32_t i = 0; i < f->n_nics; i++)
            p.by_guid[i] = i;
        qsort_r(p.by_guid, f->n_nics, sizeof *p.by_guid, compare_guids, (void *)qos->port_guid);
        fputs("# Who asks the subnet manager for a path (rdma_cm, IPoIB, SRP, some MPIs) gets its "
              "SL by\n"
              "# these rules. NCCL, UCX and 3FS do not ask: see nccl.conf, ucx.env and 3fs.toml.\n"
              "# Write this file anew when hosts or NICs come or go: groups are ranges of port "
              "GUIDs.\n",
              out);
        write_groups(&p);
        write_levels(&p);
        write_rules(&p);
    } else {
        spoil(out);
    }
    free(p.by_guid);
    free(p.is_in);
}
