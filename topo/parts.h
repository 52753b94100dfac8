/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A parts catalogue: what can be bought, for how much, and what it draws; and the room it goes
 * into. Plain structs in which every value remembers its place, read from YAML by schema tables.
 * docs/config-reference.md describes the keys.
 *
 * Prices are of the currency that the catalogue names, or relative. No price and no power goes
 * without a word on where it is from: a source, an assumption, or the admission that it is an
 * example. What is made of them says so too. */
#ifndef CSIN_TOPO_PARTS_H
#define CSIN_TOPO_PARTS_H

#include "base/sha256.h"
#include "base/yaml.h"

#define CSIN_MAX_PARTS 1024u /* of a kind, such as switches */
#define CSIN_MAX_CABLE_KINDS 64u
#define CSIN_MAX_CABLE_LENGTHS 256u /* of one kind */
#define CSIN_MAX_RACKS (1u << 20)

/* Why a figure should be believed, best first. */
enum csin_basis { CSIN_SOURCED, CSIN_ASSUMED, CSIN_EXAMPLE, CSIN_N_BASES };
extern const char *const csin_basis_names[]; /* NULL-terminated */

/* A price [currency] or a power [W] of one piece. */
struct csin_figure {
    struct csin_quantity amount, per_metre; /* a cable of x metres: amount + x * per_metre */
    struct csin_text source, assumed;       /* one of the three is written */
    struct csin_choice example;
};

/* Which of the three; call it only on a figure that is there. */
enum csin_basis csin_figure_basis(const struct csin_figure *figure);

struct csin_switch_part { /* its name is that of the fabric's switch model */
    struct csin_text name;
    struct csin_count ports, units; /* rack units; 1 when absent */
    struct csin_quantity rate_Bps;
    struct csin_figure price, power;
};

struct csin_nic_part {
    struct csin_text name;
    struct csin_quantity rate_Bps;
    struct csin_count ports; /* 1 when absent; a host with n NICs gets n / ports of them */
    struct csin_figure price, power;
};

struct csin_host_part { /* its name is that of the fabric's host model */
    struct csin_text name;
    struct csin_text nic;
    struct csin_count units;         /* rack units; 1 when absent */
    struct csin_figure price, power; /* without NICs; may be absent */
};

struct csin_transceiver_part {
    struct csin_text name;
    struct csin_figure price, power;
};

enum csin_medium { CSIN_COPPER, CSIN_OPTICAL, CSIN_N_MEDIA };
extern const char *const csin_medium_names[];

struct csin_cable_part {
    struct csin_text name;
    struct csin_choice medium;
    struct csin_quantity rate_Bps;
    struct csin_list lengths;        /* of csin_quantity [m], ascending */
    struct csin_text transceiver;    /* one at each end; absent where the ends are part of it */
    struct csin_figure price, power; /* of a whole cable */
};

struct csin_spares_spec { /* ratios, rounded up for each kind of part; 0 when absent */
    struct csin_quantity switches, nics, cables, transceivers;
};

/* Lengths where nothing is known of the room. */
struct csin_cable_lengths_spec {
    struct csin_quantity hosts_m, switches_m; /* of cables to hosts, between switches */
};

enum csin_leaf_place { CSIN_WITH_HOSTS, CSIN_END_OF_ROW };
enum csin_spine_place { CSIN_MIDDLE, CSIN_FRONT, CSIN_BACK };

/* A room of racks in rows. topo/layout.h says how it is filled. */
struct csin_room_spec {
    struct csin_count rows, racks_per_row, units;
    struct csin_quantity rack_pitch_m, row_pitch_m; /* from rack to rack, from row to row */
    struct csin_quantity tray_height_m;             /* of the cable trays above the racks; 0 */
    struct csin_quantity slack_m;                   /* of each cable, both ends together; 0 */
    struct csin_quantity rack_power_W;              /* of one rack at most; no limit when absent */
    struct csin_choice leaves, spines;              /* enums above; the first when absent */
    struct csin_count network_racks;                /* for leaves at the end of each row; 1 */
};

struct csin_parts {
    const char *file;
    struct csin_sha256 digest; /* of the text; empty where it was not read from a file */
    struct csin_text name, currency;
    struct csin_list switches, nics, hosts, transceivers, cables; /* of csin_*_part */
    struct csin_spares_spec spares;
    struct csin_room_spec room;                   /* one of the two: rows is there, */
    struct csin_cable_lengths_spec cable_lengths; /* or hosts_m */
};

/* Reads YAML text of a catalogue and checks it against itself. `file` names it in messages and must
 * outlive everything made from it. All mistakes are reported in one run. */
enum csin_status csin_parts_read(struct csin_arena *arena, struct csin_diag *diag, const char *file,
                                 const char *text, size_t bytes, struct csin_parts *ret_parts);
/* Reads a file. */
enum csin_status csin_parts_open(struct csin_arena *arena, struct csin_diag *diag, const char *path,
                                 struct csin_parts *ret_parts);

/* True where the top of a YAML text has a key that only catalogues have. */
bool csin_parts_is_catalogue(const char *text, size_t bytes);

/* The part of a list of parts (structs of `size` bytes that begin with their name) called `name`;
 * NULL where there is none. */
const void *csin_parts_find(const struct csin_list *list, size_t size, const char *name);
/* Says as a note which parts a list has, or which of them `name` may have meant; at `loc` where the
 * catalogue has no such list. */
void csin_parts_note_names(struct csin_diag *diag, const struct csin_list *list, size_t size,
                           const char *what, const char *name, struct csin_loc loc);

#endif
