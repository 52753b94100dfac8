/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What ibnetdiscover would print of a fabric, with what is met in the field: records in any order,
 * aggregation nodes on one port more, rates left out, Windows line ends. Node GUIDs of switches are
 * SWITCH_GUID + 0x40 x index, of NICs NIC_GUID + 0x10 x index. */
#ifndef CSIN_TESTS_TOPO_IBNET_TEXT_H
#define CSIN_TESTS_TOPO_IBNET_TEXT_H

#include "tests/check.h"

#include <inttypes.h>

#include "base/rng.h"
#include "topo/fabric.h"

#define SWITCH_GUID 0xb8599f0300000000u
#define NIC_GUID 0xe8ebd30300000000u

struct ibnet_style {
    bool agents; /* an aggregation node in every switch */
    bool crlf;
    uint32_t no_rate;     /* percent of the lines that tell none */
    uint64_t seed;        /* of the order of records and of what is left out; 0: as they are */
    const char *sw, *nic; /* formats of descriptions: one name; a name and the index of the NIC */
};

static inline const char *ibnet_rate(const struct csin_cable *cable)
{
    static const struct {
        double rate_Bps;
        const char *name;
    } rates[] = {{100e9, "4xXDR"},  {50e9, "4xNDR"},    {25e9, "4xHDR"}, {12.5e9, "4xEDR"},
                 {6.25e9, "2xEDR"}, {3.125e9, "1xEDR"}, {4e9, "4xQDR"},  {1e9, "4xSDR"}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (cable->capacity_Bps == rates[i].rate_Bps)
            return rates[i].name;
    return "4xHDR";
}

static inline void ibnet_end(const struct ibnet_style *style, const struct csin_fabric *f,
                             uint32_t vertex, char *text, size_t bytes)
{
    if (vertex < f->n_switches) {
        snprintf(text, bytes, style->sw, f->switches[vertex].name);
        return;
    }
    const struct csin_host *host = &f->hosts[f->nics[vertex - f->n_switches].host];
    snprintf(text, bytes, style->nic, host->name, vertex - f->n_switches - host->first_nic);
}

static inline void ibnet_switch(const struct ibnet_style *style, const struct csin_fabric *f,
                                struct csin_rng *rng, uint32_t s, FILE *out)
{
    const struct csin_switch *sw = &f->switches[s];
    uint64_t guid = SWITCH_GUID + 0x40u * s;
    uint32_t ports = sw->n_ports + style->agents;
    char text[160];
    ibnet_end(style, f, s, text, sizeof text);
    fprintf(out,
            "vendid=0x2c9\ndevid=0xd2f0\nsysimgguid=0x%" PRIx64 "\nswitchguid=0x%" PRIx64
            "(%" PRIx64 ")\nSwitch\t%u \"S-%016" PRIx64 "\"\t\t# \"%s\" enhanced port 0 lid %u lmc "
            "0\n",
            guid, guid, guid, ports, guid, text, s + 1);
    for (uint32_t p = 0; p < sw->n_ports; p++) {
        uint32_t arc = f->port_arc[sw->first_port + p];
        if (arc == CSIN_NONE || !f->cables[arc >> 1].up)
            continue;
        uint32_t head = csin_arc_head(f, arc), port = f->cables[arc >> 1].port[(arc & 1) ^ 1];
        const char *rate = csin_rng_below(rng, 100) < style->no_rate
                               ? ""
                               : ibnet_rate(&f->cables[arc >> 1]);
        ibnet_end(style, f, head, text, sizeof text);
        if (head < f->n_switches)
            fprintf(out, "[%u]\t\"S-%016" PRIx64 "\"[%u]\t\t# \"%s\" lid %u %s\n", p + 1,
                    (uint64_t)(SWITCH_GUID + 0x40u * head), port + 1, text, head + 1, rate);
        else
            fprintf(out, "[%u]\t\"H-%016" PRIx64 "\"[1](%" PRIx64 ") \t\t# \"%s\" lid %u %s\n",
                    p + 1, (uint64_t)(NIC_GUID + 0x10u * (head - f->n_switches)),
                    (uint64_t)(NIC_GUID + 0x10u * (head - f->n_switches)), text, head + 1, rate);
    }
    if (style->agents)
        fprintf(out,
                "[%u]\t\"H-%016" PRIx64 "\"[1](%" PRIx64 ") \t\t# \"Mellanox Technologies "
                "Aggregation Node\" lid %u 4xHDR\n\ndevid=0xcf09\nsysimgguid=0x%" PRIx64
                "\ncaguid=0x%" PRIx64 "\nCa\t1 \"H-%016" PRIx64 "\"\t\t# \"Mellanox Technologies "
                "Aggregation Node\"\n[1](%" PRIx64 ") \t\"S-%016" PRIx64 "\"[%u]\t\t# lid %u lmc 0 "
                "\"x\" lid %u 4xHDR\n",
                ports, guid + 8, guid + 8, 0x8000 + s, guid, guid + 8, guid + 8, guid + 8, guid,
                ports, 0x8000 + s, s + 1);
    fputs("\n", out);
}

static inline void ibnet_adapter(const struct ibnet_style *style, const struct csin_fabric *f,
                                 struct csin_rng *rng, uint32_t nic, FILE *out)
{
    const struct csin_nic *n = &f->nics[nic];
    uint64_t guid = NIC_GUID + 0x10u * nic;
    char text[160], leaf[160];
    if (n->cable == CSIN_NONE || !f->cables[n->cable].up)
        return;
    ibnet_end(style, f, f->n_switches + nic, text, sizeof text);
    ibnet_end(style, f, n->leaf, leaf, sizeof leaf);
    fprintf(out,
            "vendid=0x2c9\ndevid=0x101b\nsysimgguid=0x%" PRIx64 "\ncaguid=0x%" PRIx64
            "\nCa\t1 \"H-%016" PRIx64 "\"\t\t# \"%s\"\n[1](%" PRIx64 ") \t\"S-%016" PRIx64
            "\"[%u]\t\t# lid %u lmc 0 \"%s\" lid %u %s\n\n",
            (uint64_t)(NIC_GUID + 0x10u * f->hosts[n->host].first_nic), guid, guid, text, guid,
            (uint64_t)(SWITCH_GUID + 0x40u * n->leaf), f->cables[n->cable].port[1] + 1,
            f->n_switches + nic + 1, leaf, n->leaf + 1,
            csin_rng_below(rng, 100) < style->no_rate ? "" : ibnet_rate(&f->cables[n->cable]));
}

/* malloc'ed. */
static inline char *ibnet_text(const struct csin_fabric *f, struct ibnet_style style)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    struct csin_rng rng = csin_rng_init(style.seed, 7);
    uint32_t n = f->n_switches + f->n_nics, *order = calloc(n + 1u, sizeof *order);
    if (!out || !order)
        abort();
    style.sw = style.sw ? style.sw : "MF0;%s:MQM8700/U1";
    style.nic = style.nic ? style.nic : "%s mlx5_%u";
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    if (style.seed)
        csin_rng_shuffle(&rng, order, n);
    fputs("#\n# Topology file: generated on Mon Nov 23 09:00:00 2026\n#\n\n", out);
    for (uint32_t i = 0; i < n; i++)
        if (order[i] < f->n_switches)
            ibnet_switch(&style, f, &rng, order[i], out);
        else
            ibnet_adapter(&style, f, &rng, order[i] - f->n_switches, out);
    fclose(out);
    free(order);
    if (!style.crlf)
        return text;
    char *wide = malloc(2 * bytes + 1), *to = wide;
    if (!wide)
        abort();
    for (const char *p = text; *p; p++) {
        if (*p == '\n')
            *to++ = '\r';
        *to++ = *p;
    }
    *to = 0;
    free(text);
    return wide;
}

#endif
