/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What limits a storage stream: for how much of its time its SSDs, the NICs of its servers and
 * clients, and the arcs between switches were full, and how evenly SSDs were used. */
#ifndef CSIN_SIM_LIMITS_H
#define CSIN_SIM_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum csin_limit { CSIN_LIMIT_SSD, CSIN_LIMIT_SERVER_NIC, CSIN_LIMIT_CLIENT_NIC, CSIN_LIMIT_FABRIC };
#define CSIN_N_LIMITS 4
extern const char *const csin_limit_names[]; /* full_ssd, ... for results as JSON */

struct csin_limits {
    /* The mean, over the arcs or resources that carried some of the stream, of the time that each
     * was full, whoever filled it / the time of the stream. */
    double full[CSIN_N_LIMITS];
    uint32_t n[CSIN_N_LIMITS]; /* how many there are */
    /* Bytes of the stream on the SSDs of all its servers, or of the clients that it recovers. */
    uint32_t n_ssds;
    double ssd_mean_bytes, ssd_max_bytes;
};

struct csin_result;
/* Fills the limits of all streams of a result whose arcs, insides and loads are filled in. False
 * without memory. O(loads + streams x hosts). */
bool csin_limits_measure(struct csin_result *result);

#endif
