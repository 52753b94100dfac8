/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pictures of a result, each alone as SVG, for documents and slides: what a page (reports/page.h)
 * shows, without scripts. */
#ifndef CSIN_REPORTS_PICTURE_H
#define CSIN_REPORTS_PICTURE_H

#include "reports/page.h"

struct csin_picture {
    const char *name; /* of --picture */
    void (*draw)(const struct csin_page *page, FILE *out);
};
extern const struct csin_picture csin_pictures[]; /* ends with name NULL */
extern const char *const csin_picture_names[];    /* of the same; NULL-terminated */

/* The picture page->picture says, an index. */
void csin_picture_write(const struct csin_page *page, FILE *out);

/* The fabric, its cables coloured by use. */
void csin_picture_fabric(const struct csin_page *page, FILE *out);
/* Leaves by spines, up and down, of each zone: the mean use; a dot where congested. */
void csin_picture_heat(const struct csin_page *page, FILE *out);
/* Steps and streams as bars, events, and below them the use of each layer. */
void csin_picture_timeline(const struct csin_page *page, FILE *out);
/* How many rounds and clients are how slow. */
void csin_picture_slowdowns(const struct csin_page *page, FILE *out);

#endif
