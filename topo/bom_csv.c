/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bill of materials as CSV: a line for each part, and none for sums, so that a spreadsheet can
 * add. */
#include "topo/bom.h"

#include <math.h>

#include "base/units.h"

/* Empty where there is no figure. */
static void write_real(FILE *out, double x, bool there)
{
    fprintf(out, ",%s", there ? csin_show_exact(x).s : "");
}

/* A text from the catalogue may hold anything (RFC 4180: quotes are doubled). */
static void write_words(FILE *out, const struct csin_figure *figure)
{
    const char *words = figure ? (figure->source.s ? figure->source.s : figure->assumed.s) : NULL;
    fprintf(out, ",%s,\"", figure ? csin_basis_names[csin_figure_basis(figure)] : "");
    for (; words && *words; words++) {
        if (*words == '"')
            fputc('"', out);
        fputc(*words == '\n' || *words == '\r' ? ' ' : *words, out);
    }
    fputc('"', out);
}

void csin_bom_write_csv(const struct csin_bom *bom, FILE *out)
{
    fputs("kind,name,medium,length_m,number,spares,currency,price_each,price,price_basis,"
          "price_words,power_each_W,power_W,power_basis,power_words\n",
          out);
    for (uint32_t i = 0; i < bom->n_rows; i++) {
        const struct csin_bom_row *row = &bom->rows[i];
        bool cable = row->kind == CSIN_PART_CABLE;
        fprintf(out, "%s,%s,%s,%s,%llu,%llu,%s", csin_part_kind_names[row->kind], row->name,
                cable ? csin_medium_names[row->medium] : "",
                cable ? csin_show_exact(row->length_m).s : "", (unsigned long long)row->n,
                (unsigned long long)row->n_spare, bom->parts->currency.s);
        write_real(out, row->price_each, row->priced);
        write_real(out, row->price, row->priced);
        write_words(out, row->price_from);
        write_real(out, row->power_each_W, row->powered);
        write_real(out, row->power_W, row->powered);
        write_words(out, row->power_from);
        fputc('\n', out);
    }
}
