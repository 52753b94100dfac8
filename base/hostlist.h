/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists of names as Slurm writes them: gpu[001-600,610],login1,rack[1-2]node[01-20]. The width of
 * the first number of a range is kept (zero padding). Numbers have up to 18 digits. White space may
 * stand around commas. Of several brackets the last one runs fastest. */
#ifndef CSIN_BASE_HOSTLIST_H
#define CSIN_BASE_HOSTLIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"

#define CSIN_HOSTLIST_MAX (1u << 20) /* names of one list; more is an error */
#define CSIN_NAME_MAX 64u            /* bytes of a name: letters, digits, '.', '_', '-' */

/* True for a byte that may stand in a name. */
static inline bool csin_name_may_have(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* Expands `text` into names in the order written, names owned by `arena`. A name that occurs twice
 * is an error, as are empty lists, descending ranges and unbalanced brackets. Columns in messages
 * point into the text, which starts at `loc`. O(names). */
enum csin_status csin_hostlist_expand(struct csin_arena *arena, struct csin_diag *diag,
                                      struct csin_loc loc, const char *text,
                                      const char *const **ret_names, uint32_t *ret_n);

/* True where two names are the same but for their numbers: h9 is not h1 misspelt. */
bool csin_names_differ_in_number(const char *a, const char *b);

/* The opposite: a short list for n names in their order, neighbours folded by the last number in
 * them: gpu[001-003,007]. Expanding it gives the names back. Owned by `arena`, NULL without memory.
 * O(bytes). */
const char *csin_hostlist_fold(struct csin_arena *arena, const char *const *names, uint32_t n);

#endif
