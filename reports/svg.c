/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/svg.h"

#include "base/markup.h"
#include "base/units.h"

const char *csin_svg_hue(uint32_t i)
{
    static const char *const hues[] = {"#0072b2", "#b87f00", "#00805e", "#b0588a",
                                       "#2a8fc4", "#8a7d00", "#5f6b76"};
    return hues[i % (sizeof hues / sizeof *hues)];
}

void csin_svg_open(FILE *out, double width, double height, const char *title)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" viewBox=\"0 0 ",
            csin_show_fixed(width, 0).s, csin_show_fixed(height, 0).s);
    fprintf(out, "%s %s\" font-family=\"sans-serif\" font-size=\"12\">\n<title>",
            csin_show_fixed(width, 0).s, csin_show_fixed(height, 0).s);
    csin_markup_text(out, title);
    fputs("</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
          "<text x=\"20\" y=\"30\" font-size=\"17\" font-weight=\"bold\" fill=\"#1b2733\">",
          out);
    csin_markup_text(out, title);
    fputs("</text>\n", out);
}

void csin_svg_close(FILE *out)
{
    fputs("</svg>\n", out);
}

void csin_svg_text(FILE *out, double x, double y, const char *anchor, bool soft, const char *text)
{
    fprintf(out, "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\">", csin_show_fixed(x, 1).s,
            csin_show_fixed(y, 1).s, anchor, soft ? "#566573" : "#1b2733");
    csin_markup_text(out, text);
    fputs("</text>\n", out);
}
