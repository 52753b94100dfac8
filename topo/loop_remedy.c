/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What would end the credit loops of some routes. Nothing is advised that was not made and looked
 * at: dmodk-one-vl keeps joined zones free of loops, but not a zone whose dead cables make routes
 * go down and up again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/findings_inside.h"

#define WALKS_MAX 40000000u

/* *ret_free: all walks of `routes` were followed, and none of them is part of a loop. */
static enum csin_status look(const struct csin_routes *routes, struct csin_arena *arena,
                             bool *ret_free, unsigned *ret_zone_lanes)
{
    struct walker w;
    struct csin_loops loops = {0};
    const char *why_not = NULL;
    bool ok = csin_walker_init(&w, csin_routes_fabric(routes), routes, WALKS_MAX, 1);
    bool is_whole = ok && w.n_targets == w.n_joined;
    ok = ok && csin_loops_look(&w, NULL, 1, arena, &loops, &why_not);
    if (ok && loops.n && is_whole && ret_zone_lanes)
        ok = csin_loops_try_zones(&w, arena, &loops);
    csin_walker_finish(&w);
    *ret_free = ok && is_whole && !why_not && loops.n == 0;
    if (ret_zone_lanes)
        *ret_zone_lanes = loops.zone_lanes;
    return ok ? CSIN_OK : CSIN_E_FAILED;
}

/* Routes that cannot be made at all are of no help, and no failure. */
static enum csin_status is_free_with(const struct csin_fabric *f, enum csin_policy policy,
                                     uint64_t seed, struct csin_arena *arena, bool *ret_free)
{
    struct csin_routes *routes = NULL;
    enum csin_status status = csin_routes_create(f, NULL, policy, seed, NULL, &routes);
    *ret_free = false;
    if (status == CSIN_OK)
        status = look(routes, arena, ret_free, NULL);
    else if (status == CSIN_E_INPUT)
        status = CSIN_OK;
    csin_routes_destroy(routes);
    return status;
}

/* With every cable up. */
static enum csin_status is_free_mended(const struct csin_routes *routes, enum csin_policy policy,
                                       struct csin_arena *arena, bool *ret_free)
{
    struct csin_fabric mended = *csin_routes_fabric(routes);
    size_t size = (mended.n_cables + 1u) * sizeof *mended.cables;
    struct csin_cable *cables = malloc(size);
    if (!cables)
        return CSIN_E_FAILED;
    memcpy(cables, mended.cables, mended.n_cables * sizeof *cables);
    for (uint32_t c = 0; c < mended.n_cables; c++)
        cables[c].up = true;
    mended.cables = cables;
    enum csin_status status = is_free_with(&mended, policy, csin_routes_seed(routes), arena,
                                           ret_free);
    free(cables);
    return status;
}

static uint32_t count_dead(const struct csin_fabric *f)
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < f->n_cables; c++)
        n += !f->cables[c].up && !csin_is_nic(f, f->cables[c].end[0]);
    return n;
}

enum csin_status csin_loops_remedy(const struct csin_routes *routes, struct csin_arena *arena,
                                   struct csin_diag *diag, const char **ret_remedy)
{
    static const enum csin_policy policies[] = {CSIN_DMODK_ONE_VL, CSIN_DMODK};
    const struct csin_fabric *f = csin_routes_fabric(routes);
    enum csin_policy policy = csin_routes_policy(routes);
    enum csin_policy mended = policy == CSIN_LFT ? CSIN_DMODK : policy; /* a file stays as it is */
    uint32_t n_dead = count_dead(f);
    char text[400] = "";
    size_t n = 0;
    bool is_free = false;
    unsigned zone_lanes = 0;
    enum csin_status status = look(routes, arena, &is_free, &zone_lanes);
    if (status == CSIN_OK && n_dead)
        status = is_free_mended(routes, mended, arena, &is_free);
    if (status == CSIN_OK && n_dead && is_free)
        n += (size_t)snprintf(
            text, sizeof text, "replace the %s dead cable%s between switches: %s has no loop then",
            csin_show_count(n_dead).s, n_dead == 1 ? "" : "s", csin_policy_name(mended));
    is_free = false;
    for (unsigned i = 0; status == CSIN_OK && i < 2 && !is_free; i++) {
        if (policies[i] == policy)
            continue;
        status = is_free_with(f, policies[i], csin_routes_seed(routes), arena, &is_free);
        if (is_free)
            n += (size_t)snprintf(text + n, sizeof text - n,
                                  "%stake --routing %s, which has none here", n ? "; or " : "",
                                  csin_policy_name(policies[i]));
    }
    if (zone_lanes)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "%sgive traffic of each direction between zones a VL of its own (%u "
                              "VLs)",
                              n ? "; or " : "", zone_lanes);
    if (n == 0)
        snprintf(text, sizeof text,
                 "let opensm -R nue make tables, or separate routes that go up again after they "
                 "went down by VL");
    *ret_remedy = csin_arena_strndup(arena, text, strlen(text));
    return status == CSIN_OK && *ret_remedy ? CSIN_OK : csin_no_memory(diag);
}
