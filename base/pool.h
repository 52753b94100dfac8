/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Work in forked processes: items are handed out one by one, what comes back is bytes. A process
 * that crashes costs the item it was at and nothing else. Processes end with the one that forked
 * them, however that ends. */
#ifndef CSIN_BASE_POOL_H
#define CSIN_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/diag.h"

#define CSIN_MAX_WORKERS 1024u

struct csin_pool {
    uint32_t n_workers;
    void *arg; /* of all that follows */
    /* In the parent: the next item, false when there is none left. */
    bool (*next)(void *arg, uint64_t *ret_item);
    /* In the parent: what came of an item. `crash` is NULL, or says how the process ended, and
     * bytes are then none. False ends the run as `stop` does. */
    bool (*done)(void *arg, uint64_t item, const char *crash, const char *text, size_t bytes);
    /* In the parent, at least five times a second: CSIN_POOL_... */
    int (*stop)(void *arg);
    /* In a new process, before any work: lets go of what is the parent's. NULL: nothing. */
    void (*begin)(void *arg);
    /* In the process. Writes what is to come back. */
    void (*work)(void *arg, uint64_t item, FILE *out);
};

enum {
    CSIN_POOL_GO_ON,
    CSIN_POOL_FINISH, /* hand out no more, wait for what is under way */
    CSIN_POOL_STOP    /* leave what is under way */
};

/* Returns when there is nothing left or `stop` says so. CSIN_E_FAILED (CSIN-893) where no process
 * can be made. */
enum csin_status csin_pool_run(const struct csin_pool *pool, struct csin_diag *diag);

#endif
