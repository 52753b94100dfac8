/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text inside XML. */
#ifndef CSIN_TOPO_XML_H
#define CSIN_TOPO_XML_H

#include <stdio.h>

/* Writes `text` so that it may stand between tags and in quoted attributes. Control characters,
 * which XML 1.0 cannot have, become '?'. */
static inline void csin_xml_text(FILE *out, const char *text)
{
    for (; text && *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '<')
            fputs("&lt;", out);
        else if (c == '>')
            fputs("&gt;", out);
        else if (c == '&')
            fputs("&amp;", out);
        else if (c == '"')
            fputs("&quot;", out);
        else
            fputc(c < ' ' || c == 0x7f ? '?' : c, out);
    }
}

#endif
