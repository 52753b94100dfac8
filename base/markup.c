/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/markup.h"

void csin_markup_text(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '&':
            fputs("&amp;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            putc((unsigned char)*text < ' ' && *text != '\n' ? ' ' : *text, out);
        }
}
