/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Requirements: what a fabric that is to be bought has to do. Read from YAML by schema tables, and
 * worked out. docs/config-reference.md describes the keys. */
#ifndef CSIN_PLAN_REQUIRE_H
#define CSIN_PLAN_REQUIRE_H

#include "base/sha256.h"
#include "sim/scenario_spec.h"

#define CSIN_MAX_NEEDED_NICS (1u << 17)
#define CSIN_MAX_RATIOS 16u
#define CSIN_MAX_WORKLOADS 64u
#define CSIN_MAX_SIZED_ZONES 16u

enum csin_shape { CSIN_SHAPE_SWITCH, CSIN_SHAPE_ZONES, CSIN_SHAPE_PLANES, CSIN_SHAPE_TREE };
extern const char *const csin_shape_names[]; /* one-switch, zones, planes, three-layer */

/* What is to be small (of growth: large). */
enum csin_aim { CSIN_AIM_PRICE, CSIN_AIM_POWER, CSIN_AIM_TIME, CSIN_AIM_GROWTH, CSIN_N_AIMS };
extern const char *const csin_aim_names[];

/* The hosts of a role. */
struct csin_hosts_need_spec {
    struct csin_loc loc;
    bool partial; /* some of it could not be read, so nothing is missed */
    struct csin_count hosts, gpus, gpus_per_host;
    struct csin_text model; /* a host of the parts catalogue */
    struct csin_count nics;
    struct csin_quantity rate_Bps, latency_s; /* of a NIC; the rate of the catalogue when absent */
    struct csin_quantity bandwidth_Bps;       /* of all storage hosts together, */
    struct csin_quantity host_Bps;            /* of which one gives at most this */
};

struct csin_fabric_need_spec {
    struct csin_list shapes;           /* of csin_choice: enum csin_shape; all when absent */
    struct csin_list switches;         /* of csin_text: models; all of the catalogue when absent */
    struct csin_count zones;           /* at most */
    struct csin_list oversubscription; /* of csin_quantity; what a range stands for as well */
    struct csin_quantity between_Bps;  /* what a zone can send to the others, at least */
    struct csin_quantity latency_s, cable_latency_s; /* of a switch, of a cable */
};

struct csin_survive_spec {
    struct csin_count spines, inter_zone; /* so many may fail, and the fabric is connected */
};

struct csin_budget_spec {
    struct csin_quantity price, network_price, power_W, network_power_W, time_s;
};

struct csin_workload_spec {
    struct csin_quantity weight;
    struct csin_scenario_spec scenario; /* without fabric and events */
};

struct csin_requirements_spec {
    const char *file;
    struct csin_sha256 digest;
    struct csin_text name, parts;
    struct csin_hosts_need_spec compute, storage;
    struct csin_quantity growth; /* ratio of the compute hosts that must fit later */
    struct csin_fabric_need_spec fabric;
    struct csin_survive_spec survive;
    struct csin_budget_spec budget;
    struct csin_list aims;      /* of csin_choice */
    struct csin_list workloads; /* of csin_workload_spec */
};

/* Reads the YAML text of requirements and checks it against itself. `file` names it in messages and
 * must outlive everything made from it. All mistakes are reported in one run. */
enum csin_status csin_requirements_read(struct csin_arena *arena, struct csin_diag *diag,
                                        const char *file, const char *text, size_t bytes,
                                        struct csin_requirements_spec *ret);
/* Reads a file. */
enum csin_status csin_requirements_open(struct csin_arena *arena, struct csin_diag *diag,
                                        const char *path, struct csin_requirements_spec *ret);
/* The catalogue that the file names, relative to its folder; NULL where it names none, or without
 * memory. */
const char *csin_requirements_parts(const struct csin_requirements_spec *spec,
                                    struct csin_arena *arena);
/* True where the top of a YAML text has a key that only requirements have. */
bool csin_requirements_are(const char *text, size_t bytes);

#endif
