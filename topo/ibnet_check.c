/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GUIDs and LIDs of ibnetdiscover's text that two ports have. */
#include <stdlib.h>

#include "base/units.h"
#include "topo/ibnet_inside.h"

#define SAY_MOST 5u /* messages of one kind */

/* A GUID or LID and the port that has it; port 0 of a switch is the switch. */
struct mark {
    uint64_t value;
    uint32_t node, port, line;
};

static int by_value(const void *left, const void *right)
{
    const struct mark *x = left, *y = right;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    const uint32_t a[] = {x->node, x->port, x->line}, b[] = {y->node, y->port, y->line};
    for (unsigned i = 0; i < 3; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static uint32_t add(struct mark *marks, uint32_t n, struct mark mark)
{
    marks[n] = mark;
    return n + (mark.value != 0);
}

/* Those of switches, and of the ports of adapters that cables are in. */
static uint32_t collect(const struct ib_fabric *ib, bool lids, struct mark *marks)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < ib->n_nodes; i++) {
        const struct ib_node *node = &ib->nodes[i];
        if (node->kind == IB_SWITCH)
            n = add(marks, n, (struct mark){lids ? node->lid : node->guid, i, 0, node->line});
    }
    for (uint32_t i = 0; i < 2 * ib->n_links; i++) {
        const struct ib_link *l = &ib->links[i / 2];
        if (!l->is_left_out && ib->nodes[l->node[i % 2]].kind != IB_SWITCH)
            n = add(marks, n,
                    (struct mark){lids ? l->lid[i % 2] : l->guid[i % 2], l->node[i % 2],
                                  l->port[i % 2], l->line});
    }
    return n;
}

static void tell(struct ib_fabric *ib, bool lids, const struct mark *first,
                 const struct mark *second)
{
    struct csin_loc loc = csin_ibnet_loc(ib, second->line);
    if (lids) {
        csin_warning(ib->diag, 634, loc, "LID %llu is that of two ports",
                     (unsigned long long)second->value);
    } else {
        csin_error(ib->diag, CSIN_E_INPUT, 612, loc, "the GUID 0x%016llx is used twice",
                   (unsigned long long)second->value);
        ib->status = csin_first(ib->status, CSIN_E_INPUT);
    }
    csin_note(ib->diag, csin_ibnet_loc(ib, first->line),
              lids ? "the other one is here" : "it was first used here");
}

static void find_doubles(struct ib_fabric *ib, bool lids, struct mark *marks)
{
    uint32_t n = collect(ib, lids, marks), n_said = 0;
    if (n)
        qsort(marks, n, sizeof *marks, by_value);
    for (uint32_t i = 1; i < n; i++) {
        const struct mark *a = &marks[i - 1], *b = &marks[i];
        if (a->value != b->value || (a->node == b->node && a->port == b->port) ||
            n_said++ >= SAY_MOST)
            continue;
        tell(ib, lids, a->line <= b->line ? a : b, a->line <= b->line ? b : a);
    }
    if (n_said > SAY_MOST)
        csin_note(ib->diag, csin_ibnet_loc(ib, 0), "so are %s more",
                  csin_show_count(n_said - SAY_MOST).s);
}

void csin_ibnet_check(struct ib_fabric *ib)
{
    struct mark *marks = malloc((ib->n_nodes + 2u * ib->n_links + 1) * sizeof *marks);
    if (!marks) {
        csin_ibnet_no_memory(ib);
        return;
    }
    find_doubles(ib, false, marks);
    find_doubles(ib, true, marks);
    free(marks);
}
