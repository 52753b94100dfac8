/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of the builder share. It makes a fabric (topo/fabric.h) from what a person wrote
 * (topo/spec.h), in this order:
 *
 *     names      topo/build_names.c       models, zones, hostlists: what refers to what
 *     switches   topo/build_zones.c       of zones, their pods and planes
 *                topo/build_switches.c    between zones, above them, explicit ones
 *     hosts      topo/build_hosts.c
 *                topo/build_slurm.c       where a topology.conf says who and where
 *     cabling    topo/build_cabling.c     cables whose ports are written out
 *     attach     topo/build_hosts.c       the leaf that each other NIC goes to
 *     cables     topo/build_cables.c      planned without ports, then plugged, then overridden
 *     arcs       topo/build.c             and the digest
 *     identity   topo/build_identity.c    GUIDs and LIDs
 *
 * Cables are planned first, as a list without ports, so that ports can be counted and running out
 * of them be told before anything is allocated by size. */
#ifndef CSIN_TOPO_BUILD_H
#define CSIN_TOPO_BUILD_H

#include <stddef.h>

#include "base/names.h"
#include "topo/fabric.h"

/* An empty fabric with its arena; NULL without memory. (topo/fabric.c) */
struct csin_fabric *csin_fabric_alloc(void);
/* The digest of a fabric that is whole otherwise; false without memory. (topo/build.c) */
bool csin_fabric_set_digest(struct csin_fabric *fabric);

/* A hostlist of switches that are to be made, with their model. */
struct group {
    const char *const *names;
    uint32_t n;
    const struct csin_switch_model_spec *model;
    enum csin_layer layer;
    uint32_t zone; /* CSIN_NONE in none */
    struct csin_loc loc;
    uint32_t hosts_per_leaf; /* of leaves of a zone; 0: not told */
    uint32_t n_planes;       /* of core switches: names of each plane, one after the other */
};

/* A zone, or all its pods or planes, under a name that a person may write: of zone `a` with pods
 * and planes these are a, a1 (a pod in all planes), a-p1 (a plane of all pods) and a1-p1. */
struct zone_ref {
    struct csin_text name;
    uint32_t family;     /* index into the spec's zones */
    uint32_t pod, plane; /* CSIN_NONE: all */
};

/* The zones that a name stands for. Zone i of plane k of them is csin_build_zone_of. */
struct zone_set {
    uint32_t first;       /* of the family in fabric.zones: plane by plane, pod by pod */
    uint32_t family_pods; /* step from plane to plane */
    uint32_t pod, n_pods, plane, n_planes;
};
static inline uint32_t csin_build_zone_of(const struct zone_set *set, uint32_t plane, uint32_t pod)
{
    return set->first + (set->plane + plane) * set->family_pods + set->pod + pod;
}

struct csin_slurm; /* topo/slurm.h */

/* A cable whose ports are written out (`cabling`). */
struct wire {
    uint32_t end[2], port[2];                  /* vertices, as in struct csin_cable */
    const struct csin_plug_spec *plug, *again; /* where it was written, and perhaps from the other
                                                * end; only one says rate and latency, or both the
                                                * same */
};

/* A list of the spec whose structs begin with their name, and which is referred to by name. */
struct named {
    const struct csin_list *list;
    size_t size; /* of a struct */
    const char *what;
    struct csin_names index;
};

struct builder {
    const struct csin_fabric_spec *spec;
    struct named switch_models, host_models, zones;
    struct csin_list zone_refs;              /* of struct zone_ref: what `zones` indexes */
    uint32_t *first_zone;                    /* [n_families] of each family in fabric.zones */
    const struct csin_zone_spec **zone_spec; /* [n_generated] */
    struct csin_list explicit_zones; /* of csin_text: the names that entries of `switches` give */
    uint32_t n_generated; /* zones of the fabric that `zones` makes; explicit ones follow */
    struct csin_diag *diag;
    struct csin_fabric *f;
    struct csin_arena *arena;
    bool partial;            /* the spec lacks what could not be read: no complaint of that */
    enum csin_status status; /* the first failure */
    uint32_t *hosts_on;      /* [n_switches] NICs attached */
    uint32_t *host_limit;    /* [n_switches] ports meant for hosts */
    uint32_t *planned;       /* [n_switches] ports asked for, hosts included */
    uint32_t *next_port;     /* [n_switches] the lowest that may be free */
    uint32_t *list, *free_ports, *share; /* [n_switches] scratch of one attachment or entry */
    uint32_t *rails;                     /* [n_switches] scratch: leaves, group after group */
    const char **switch_names;           /* [n_switches] for suggestions, made when needed */
    bool switches_told;                  /* what switches there are, once */
    size_t cables_room;
    uint64_t n_expanded;      /* names of all hostlists so far */
    struct csin_slurm *slurm; /* [hosts.n] the files of groups of hosts; NULL without any */
    struct group *groups;     /* inter-zone switches, then core, then explicit ones */
    uint32_t first_group_switch;
    struct wire *wires;          /* [n_wires] */
    const struct wire **wire_of; /* [n_nics] NULL where attached or not at all */
    uint32_t n_wires;
};

#define FAIL(b, code, loc, ...)                                                                    \
    csin_build_fail(b, csin_error((b)->diag, CSIN_E_INPUT, code, loc, __VA_ARGS__))

/* Records a failure and goes on, to find more. */
void csin_build_fail(struct builder *b, enum csin_status status);
/* True when nobody will read what is found from here on (base/diag.h keeps 100 messages), so that
 * looking for near names in large lists can stop. */
bool csin_build_heard_enough(const struct builder *b);
/* An entry of an indexed list by its name, NULL where there is none. */
const void *csin_build_find_named(const struct named *named, const char *name);
/* The same; reports an unknown name. An absent one has been told and is NULL too. */
const void *csin_build_look_up(struct builder *b, const struct named *named,
                               const struct csin_text *name);
const struct csin_switch_model_spec *csin_build_switch_model(struct builder *b,
                                                             const struct csin_text *name);
/* Gives a switch or host its name; reports one that is taken. */
bool csin_build_add_name(struct builder *b, const char *name, uint32_t id, struct csin_loc loc);
/* The names of a hostlist, in `arena`; none of them after a reported failure. */
void csin_build_expand(struct builder *b, struct csin_arena *arena, const struct csin_text *list,
                       const char *const **ret_names, uint32_t *ret_n);
/* The zones of a name; false after a reported failure. */
bool csin_build_find_zones(struct builder *b, const struct csin_text *name,
                           struct zone_set *ret_zones);
/* The one zone of a name, CSIN_NONE after a reported failure. */
uint32_t csin_build_find_zone(struct builder *b, const struct csin_text *name);
/* Says that there is no such switch (or what it is), with the nearest one. */
void csin_build_say_unknown(struct builder *b, const char *what, const char *name,
                            struct csin_loc loc);
uint32_t csin_build_find_switch(struct builder *b, const char *name, struct csin_loc loc);
/* The switches of a hostlist into `list`, which has room for all there are. Returns their number; 0
 * after a reported failure. */
uint32_t csin_build_find_switches(struct builder *b, const struct csin_text *names, uint32_t *list);
/* Whether switch a is the upper end of a cable to z: in a higher layer, or of one layer further
 * behind. */
bool csin_build_is_above(const struct csin_fabric *f, uint32_t a, uint32_t z);
/* n zeroed elements in the fabric's arena; NULL after a reported failure. */
void *csin_build_array(struct builder *b, uint64_t n, size_t size);
/* Indexes the lists that are referred to by name. */
void csin_build_index_spec(struct builder *b);
/* NAME01 for the i-th of n, from 0: zeros in front as n needs them. */
const char *csin_build_number(struct builder *b, const char *prefix, uint32_t i, uint64_t n);
/* The name of a pod in a plane of a zone; CSIN_NONE: of all of them. */
const char *csin_build_zone_name(struct builder *b, const struct csin_zone_spec *z, uint32_t pod,
                                 uint32_t plane);
void csin_build_set_switch(struct builder *b, uint32_t s, const char *name,
                           const struct csin_switch_model_spec *model, enum csin_layer layer,
                           uint32_t zone, struct csin_loc loc);
/* Works out the numbers of all zones. Adds up their switches and cables, and says how many zones
 * there are with all pods and planes. Then makes them, from switch 0 on. */
struct zone_plan;
struct zone_plan *csin_build_plan_zones(struct builder *b, uint64_t *n_switches, uint64_t *n_cables,
                                        uint32_t *ret_zones);
void csin_build_add_zones(struct builder *b, const struct zone_plan *plans, uint32_t *s);
/* Core switches: their names, pods and cables. */
void csin_build_plan_cores(struct builder *b, struct group *groups);
void csin_build_cable_cores(struct builder *b, uint32_t s);
void csin_build_add_cable(struct builder *b, uint32_t low, uint32_t high, enum csin_place place,
                          double capacity_Bps, double latency_s);
/* Reports a rate that somebody asked of a cable and its ports cannot give. */
bool csin_build_is_too_fast(struct builder *b, const struct csin_quantity *rate_Bps,
                            double port_Bps);
/* What a group of hosts is called: its hostlist, or the file it is from. */
const struct csin_text *csin_build_hosts_text(const struct csin_hosts_spec *hosts);
/* The nodes of the file of a group, leaf after leaf. (topo/build_slurm.c, as the next two) */
void csin_build_open_slurm(struct builder *b, uint32_t group, const char *const **ret_names,
                           uint32_t *ret_n);
/* Puts b->list, n_list candidates, into the order of the leaves of the file, with the number of
 * their nodes in b->share. Returns how many leaves it has; 0 after a reported failure. */
uint32_t csin_build_list_slurm(struct builder *b, const struct csin_hosts_spec *hosts,
                               const struct csin_attach_spec *attach, uint32_t n_list);
/* Whether each leaf has free_ports for its share; reports those that have not. */
bool csin_build_slurm_fits(struct builder *b, const struct csin_hosts_spec *hosts, uint32_t n_list);
/* The stages, in this order. */
void csin_build_make_switches(struct builder *b, uint32_t n_hosts);
void csin_build_count_hosts(struct builder *b, const char *const **names, uint32_t *n);
void csin_build_add_hosts(struct builder *b, const char *const *const *names, const uint32_t *n);
void csin_build_read_cabling(struct builder *b);
void csin_build_attach_hosts(struct builder *b, const uint32_t *n);
void csin_build_make_cables(struct builder *b);
void csin_build_plug_cables(struct builder *b);
void csin_build_apply_override(struct builder *b, const struct csin_override_spec *spec);
void csin_build_shape_zones(struct builder *b);
void csin_build_degrade_wires(struct builder *b);
void csin_build_identify(struct builder *b);

#endif
