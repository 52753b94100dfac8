/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Slurm's topology.conf (topology.conf(5), plugin topology/tree): which nodes are on which leaf.
 *
 *     SwitchName=leaf01 Nodes=gpu[001-015]        a leaf, with nodes
 *     SwitchName=leaf02 Nodes=gpu[016-030]
 *     SwitchName=spines Switches=leaf[01-02]      a switch above them
 *
 * The file knows trees alone: a fat-tree's spines are one switch in it. topo/slurm.c reads it,
 * topo/export_slurm.c writes it, topo/slurm_compare.c compares it with a fabric. */
#ifndef CSIN_TOPO_SLURM_H
#define CSIN_TOPO_SLURM_H

#include <stdio.h>

#include "topo/fabric.h"

struct csin_slurm_switch {
    const char *name;
    struct csin_loc loc, list_loc; /* of the name; of its nodes or switches */
    const char *const *nodes;      /* [n_nodes] of a leaf */
    uint32_t n_nodes;
    const char *const *child_names; /* [n_children] of any other */
    uint32_t *children, n_children; /* indices of switches */
    uint32_t parent;                /* CSIN_NONE at the top */
};

struct csin_slurm {
    const char *file;
    struct csin_slurm_switch *switches; /* in the order of the file */
    uint32_t *leaves;                   /* [n_leaves] those with nodes, in the same order */
    uint32_t n_switches, n_leaves, n_nodes;
    struct csin_names switch_index, node_leaf; /* name -> switch; node -> its switch */
};

/* Reads text, which may hold comments (#) and lines continued by a backslash. Keys are the same in
 * upper and lower case. Include, unknown keys, names used twice, a node on two leaves, a switch
 * below two others or below itself are errors; all mistakes are told. At most CSIN_MAX_SWITCHES
 * switches and CSIN_MAX_HOSTS nodes. `file` names it in messages and must outlive everything. */
enum csin_status csin_slurm_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                 const char *text, size_t bytes, struct csin_slurm *ret_slurm);
/* The same from a file, relative to the folder of the file `beside` where that is not NULL. `loc`:
 * where its name was written, for the message that it cannot be opened. */
enum csin_status csin_slurm_open(struct csin_arena *arena, struct csin_diag *diag,
                                 struct csin_loc loc, const char *beside, const char *path,
                                 struct csin_slurm *ret_slurm);

/* Whether `sw` is `above` or below it. O(depth). */
bool csin_slurm_is_below(const struct csin_slurm *slurm, uint32_t sw, uint32_t above);

/* The switch a host counts for: that of its first NIC that is attached; CSIN_NONE where none is. */
uint32_t csin_slurm_leaf_of(const struct csin_fabric *f, uint32_t host);

/* Nodes of one switch of the file that are on one and the same leaf of the fabric, and not on that
 * which the switch stands for. */
struct csin_slurm_moved {
    uint32_t sw, leaf; /* leaf CSIN_NONE: on none */
    const char *hosts; /* hostlist */
    uint32_t n_hosts;
};

struct csin_slurm_difference {
    const struct csin_fabric *fabric;
    const struct csin_slurm *slurm;
    /* [n_switches of the file] the leaf of the fabric that a leaf of the file stands for: that of
     * the same name, else the one that most of its nodes are on. CSIN_NONE: none. */
    uint32_t *leaf;
    struct csin_slurm_moved *moved;
    uint32_t n_moved, n_moved_hosts, n_same_hosts;
    const char *unknown,
        *missing; /* hostlists: in the file alone; compute hosts of the fabric alone */
    uint32_t n_unknown, n_missing;
    uint32_t *split; /* [n_split] leaves of the fabric whose hosts are below several switches */
    uint32_t n_split;
    uint32_t *joined[2]; /* [n_joined] zones of the fabric that the file does not tell apart */
    uint32_t n_joined;
};

/* Compares a file with a fabric. Storage hosts may be missing in the file, as Slurm runs no jobs on
 * them. O(nodes + hosts). */
enum csin_status csin_slurm_compare(const struct csin_fabric *f, const struct csin_slurm *slurm,
                                    struct csin_arena *arena, struct csin_diag *diag,
                                    struct csin_slurm_difference *ret_difference);
/* True where the file says of every compute host what the fabric says. */
bool csin_slurm_agrees(const struct csin_slurm_difference *difference);
void csin_slurm_write_difference(const struct csin_slurm_difference *difference, FILE *out);

#endif
