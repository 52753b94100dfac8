/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Linear forwarding tables from a file: opensm-lfts.dump, what dump_fts prints, or as little as
 * `opensm -R file -U FILE` takes:
 *
 *     Unicast lids [0-860] of switch Lid 3 guid 0x0c42a10000001001 ('leaf01'):
 *     0x0001 001 # Channel Adapter portguid 0x0c42a10100000011: 'node0001 mlx5_0'
 *
 * It is read as OpenSM 3.3 reads it (osm_ucast_file.c): a line 'Unicast lids' with ' guid 0x...'
 * begins the table of that switch; an entry is a LID, a port and mostly ' portguid 0x...', which
 * says who had the LID when the file was written. Today's LID of that port counts, whatever the
 * number before it; only a GUID that the fabric does not have leaves the LID as it stands. Where a
 * port has several LIDs (LMC), the lowest one counts. */
#ifndef CSIN_TOPO_LFT_H
#define CSIN_TOPO_LFT_H

#include "topo/ib.h"
#include "topo/routes.h"

#define CSIN_LFT_MAX (4ull << 30) /* bytes of a file */
#define CSIN_LFT_LINE_MAX 1023u   /* bytes of a line, as in OpenSM */

/* Reads the file at `path` into *ret_routes, of policy CSIN_LFT; `from` is where its name was
 * written, and the name must outlive diag. ret_input becomes the SHA-256 of the file.
 *
 * Wrong lines are errors (CSIN-642 to 646), all of them in one run. Warnings tell what was read and
 * cannot be right: switches and destinations that the fabric does not have (CSIN-647, 648),
 * switches of the fabric without a table (649), lines that say nothing (650), and pairs of NICs
 * that cables join but the tables do not (651), with one example for each reason: no entry, a port
 * without a cable or with a dead one, a circle, another host.
 *
 * Memory: the tables, and about 40 bytes for each switch and NIC, however large the file is. Time
 * O(bytes of the file + switches x NICs). */
enum csin_status csin_lft_open(const struct csin_fabric *fabric, struct csin_loc from,
                               const char *path, struct csin_diag *diag,
                               struct csin_sha256 *ret_input, struct csin_routes **ret_routes);

/* The same from text in memory; `file` names it in messages. */
enum csin_status csin_lft_read(const struct csin_fabric *fabric, const char *file, const char *text,
                               size_t bytes, struct csin_diag *diag,
                               struct csin_routes **ret_routes);

#endif
