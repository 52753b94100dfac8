/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a host model says about the inside of its hosts: the memory, the PCIe root ports and what
 * hangs on them, the GPUs and how they reach each other and the NICs, the SSDs. Each rate is of one
 * thing of its kind; 0 where nothing is said, and then nothing limits.
 *
 *     memory ---- root port 0 ---- GPU 0      root ports: both directions together
 *        |   \--- root port 1 ---- GPU 1      PCIe lanes of a GPU, NVLink, GPU to NIC: each way
 *     reduction                      | NVLink
 *        |   \--- root port 8 ---- NIC 0 ---- fabric
 *        \------- SSD 0, 1, ..
 *
 * sim/inside.h makes resources of a fabric's hosts from it. */
#ifndef CSIN_TOPO_HOST_INSIDE_H
#define CSIN_TOPO_HOST_INSIDE_H

#include <stdio.h>

#include "base/json.h"
#include "base/yaml.h"

#define CSIN_MAX_GPUS 64u /* of a host */
#define CSIN_MAX_SSDS 256u

/* One of those that a host has: GPUs and NICs that hang on it, both numbered from 0. */
struct csin_root_port_spec {
    struct csin_list gpus, nics; /* of csin_count */
    struct csin_quantity rate_Bps;
    struct csin_loc loc;
};

struct csin_inside_spec { /* as it was written */
    struct csin_quantity memory_Bps, reduction_Bps;
    struct csin_count gpus;
    struct csin_quantity gpu_Bps, gpu_nic_Bps, nvlink_Bps;
    struct csin_list nvlink_pairs; /* of csin_list of csin_count: two GPUs; absent: a switch joins
                                    * all */
    struct csin_list root_ports;   /* of csin_root_port_spec */
    struct csin_count ssds;
    struct csin_quantity ssd_read_Bps, ssd_write_Bps;
    struct csin_loc loc; /* line 0: the model has no such section */
};

struct csin_inside_model {
    double memory_Bps;
    double reduction_Bps; /* what the processors add up, in bytes of the result */
    uint32_t n_gpus, n_nics, n_root_ports, n_ssds;
    double gpu_Bps;                     /* PCIe lanes of a GPU, each way */
    double gpu_nic_Bps;                 /* peer-to-peer between the GPUs and a NIC, each way */
    double nvlink_Bps;                  /* what a GPU sends, or receives, over NVLink */
    uint32_t *gpu_root_port;            /* [n_gpus]; UINT32_MAX: it hangs on none that was named */
    uint32_t *nic_root_port;            /* [n_nics] likewise */
    uint32_t *nvlink_peer;              /* [n_gpus] the other GPU of its pair; UINT32_MAX: none */
    bool nvlink_switch;                 /* every GPU reaches every other one over NVLink instead */
    double *root_port_Bps;              /* [n_root_ports] both ways together */
    double ssd_read_Bps, ssd_write_Bps; /* of one SSD */
};

/* Reader of the key 'inside' of a host model; field: struct csin_inside_spec. Checks all that it
 * can without the NICs of the model (CSIN-480 to 484). */
csin_yaml_reader csin_read_inside;

/* The model of a host with n_nics NICs, in `arena`. NULL without memory, and after a reported
 * mistake (CSIN-481): *ret_status says which. */
const struct csin_inside_model *csin_inside_model_create(const struct csin_inside_spec *spec,
                                                         uint32_t n_nics, struct csin_arena *arena,
                                                         struct csin_diag *diag,
                                                         enum csin_status *ret_status);

/* What hangs on a root port: 'GPU 5, 6, NIC 0'. */
struct csin_on_port {
    char s[80];
};
struct csin_on_port csin_inside_model_on_port(const struct csin_inside_model *model, uint32_t port);

/* Everything in it, for digests: 64-bit numbers, written by `add` one after the other. */
void csin_inside_model_tell(const struct csin_inside_model *model,
                            void (*add)(void *arg, const void *data, size_t bytes), void *arg);

/* As the value of the key 'inside' of a YAML file, in one line. rate: writes a rate exactly. */
void csin_inside_model_write_yaml(const struct csin_inside_model *model,
                                  void (*rate)(FILE *out, double rate_Bps), FILE *out);
void csin_inside_model_write_json(const struct csin_inside_model *model, struct csin_json *json);
/* In a few words and within 79 columns a line, each with `indent` blanks before it. */
void csin_inside_model_write_text(const struct csin_inside_model *model, int indent, FILE *out);

#endif
