/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/report.h"

#include "base/units.h"
#include "reports/page.h"
#include "reports/picture.h"

const struct csin_report_writer csin_report_writers[] = {
    {"text", ".txt", "a summary for the terminal", csin_report_text},
    {"json", ".json", "everything, for programs", csin_report_json},
    {"csv", ".csv", "one number a line, for spreadsheets", csin_report_csv},
    {"html", ".html", "a page for a browser, in one file", .write_page = csin_page_write},
    {"svg", ".svg", "one picture", .write_page = csin_picture_write},
    {"md", ".md", "Markdown for a pull request", csin_report_md},
    {0},
};

struct csin_step_words csin_step_words(const struct csin_step *step)
{
    struct csin_step_words words;
    const char *kind = csin_work_names[step->work];
    if (step->work == CSIN_TRAINING)
        snprintf(words.s, sizeof words.s, "%s %.80s", kind, step->training->model.name);
    else if (step->work == CSIN_COMPUTE_DELAY)
        snprintf(words.s, sizeof words.s, "%s %s", kind, csin_show_time(step->time_s).s);
    else if (step->work == CSIN_ALLREDUCE)
        snprintf(words.s, sizeof words.s, "%s %s, %s", kind, csin_show_size(step->size_bytes).s,
                 csin_algorithm_names[step->algorithm]);
    else if (step->work == CSIN_PERMUTATION && step->shift)
        snprintf(words.s, sizeof words.s, "%s %s, shift %s", kind,
                 csin_show_size(step->size_bytes).s, csin_show_count(step->shift).s);
    else
        snprintf(words.s, sizeof words.s, "%s %s", kind, csin_show_size(step->size_bytes).s);
    return words;
}
