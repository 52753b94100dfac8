/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/wrap.h"

#include <stdbool.h>
#include <string.h>

#define COLUMNS 80

void csin_write_wrapped(const char *text, const char *first, const char *next, FILE *out)
{
    int column = fprintf(out, "%s", first);
    bool begun = false;
    for (const char *word = text; *word;) {
        size_t n = strcspn(word, " ");
        if (begun && column + 1 + (int)n > COLUMNS) {
            column = fprintf(out, "\n%s", next) - 1;
            begun = false;
        }
        column += fprintf(out, "%s%.*s", begun ? " " : "", (int)n, word);
        begun = true;
        word += n;
        word += strspn(word, " ");
    }
    fputc('\n', out);
}
