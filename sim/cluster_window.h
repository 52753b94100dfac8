/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How slow each of a set of jobs is: the network of a short window, simulated with all of them.
 *
 *     a job        steps, steps, steps, ..          from a moment of its own until the window ends
 *     its storage  read, read, read, ..             beside them, as much as belongs to the rounds
 *     streams of the scenario itself                as they are
 *
 * Steps that take long are scaled down, bytes and computing alike, so that some rounds fit into the
 * window: rates do not know how long a transfer is, and a job keeps the share of time in which it
 * is on the network. docs/model.md says what that leaves out. */
#ifndef CSIN_SIM_CLUSTER_WINDOW_H
#define CSIN_SIM_CLUSTER_WINDOW_H

#include "sim/cluster_scenario.h"
#include "sim/simulate.h"

#define CSIN_MAX_NETWORKS 20000u /* of one schedule */

/* Checks that there is room for every job, and one small job of each template. */
enum csin_status csin_cluster_check(struct csin_cluster *cluster, struct csin_diag *diag);

/* Runs the schedule of a scenario's cluster. On success the caller destroys *ret_result. */
enum csin_status csin_cluster_simulate(const struct csin_scenario *scenario,
                                       const struct csin_simulation *options,
                                       struct csin_diag *diag,
                                       struct csin_cluster_result **ret_result);

#endif
