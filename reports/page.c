/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/markup.h"
#include "reports/plan_report.h"
#include "reports/report.h"

/* tools/embed.py makes them; each ends with a NUL. */
extern const char csin_embedded_page[], csin_embedded_style[], csin_embedded_library[],
    csin_embedded_script[], csin_embedded_copying[];

/* ---- documents ---- */

static void open_document(const char *id, FILE *out)
{
    fprintf(out, "<script type=\"application/json\" id=\"data-%s\">\n", id);
}

static void close_document(FILE *out)
{
    fputs("</script>\n", out);
}

static void write_result(const struct csin_result *result, const char *id, const char *view_id,
                         FILE *out)
{
    open_document(id, out);
    csin_report_json_without_arcs(result, out); /* the view has them, in less room */
    close_document(out);
    open_document(view_id, out);
    csin_page_write_view(result, out);
    close_document(out);
}

static void write_data(const struct csin_page *page, FILE *out)
{
    open_document("facts", out);
    csin_page_write_facts(page->fabric, page->facts, out);
    close_document(out);
    if (page->result)
        write_result(page->result, "result", "view", out);
    if (page->plan) {
        write_result(page->plan->before, "result-before", "view-before", out);
        open_document("plan", out);
        csin_plan_report_json(page->plan, out);
        close_document(out);
    }
    if (page->bom) {
        open_document("bom", out);
        csin_bom_write_json(page->bom, out);
        close_document(out);
    }
    if (page->findings) {
        open_document("findings", out);
        csin_findings_write_json(page->fabric, page->facts, page->findings, out);
        close_document(out);
    }
}

/* ---- the rest ---- */

static void write_drawing(const struct csin_page *page, FILE *out)
{
    double *use = page->result ? csin_page_cable_use(page->result) : NULL;
    csin_fabric_write_svg(
        &(struct csin_fabric_view){.fabric = page->fabric, .facts = page->facts, .cable_use = use},
        out);
    free(use);
}

static void write_plain(const struct csin_page *page, FILE *out)
{
    if (page->plan)
        csin_plan_report_text(page->plan, out);
    else if (page->result)
        csin_report_text(page->result, out);
    else if (page->findings)
        csin_findings_write_text(page->fabric, page->facts, page->findings, out);
    else
        csin_fabric_write_text(&(struct csin_fabric_view){.fabric = page->fabric,
                                                          .facts = page->facts,
                                                          .bom = page->bom},
                               out);
}

/* What a person reads where scripts are off. */
static void write_text(const struct csin_page *page, FILE *out)
{
    char *text = NULL;
    size_t bytes;
    FILE *memory = open_memstream(&text, &bytes);
    if (!memory)
        return;
    write_plain(page, memory);
    if (fclose(memory) == 0)
        csin_markup_text(out, text);
    free(text);
}

static void write_title(const struct csin_page *page, FILE *out)
{
    csin_markup_text(out, page->title);
}

static void write_style(const struct csin_page *page, FILE *out)
{
    (void)page;
    fputs(csin_embedded_style, out);
}

static void write_library(const struct csin_page *page, FILE *out)
{
    (void)page;
    fputs(csin_embedded_library, out);
}

static void write_copying(const struct csin_page *page, FILE *out)
{
    (void)page;
    fputs(csin_embedded_copying, out);
}

static void write_script(const struct csin_page *page, FILE *out)
{
    (void)page;
    fputs(csin_embedded_script, out);
}

static const struct {
    const char *name; /* {{name}} in the template */
    void (*write)(const struct csin_page *page, FILE *out);
} slots[] = {
    {"title", write_title},   {"style", write_style},     {"text", write_text},
    {"data", write_data},     {"drawing", write_drawing}, {"library", write_library},
    {"script", write_script}, {"copying", write_copying},
};

void csin_page_write(const struct csin_page *page, FILE *out)
{
    const char *rest = csin_embedded_page;
    for (const char *slot; (slot = strstr(rest, "{{"));) {
        fwrite(rest, 1, (size_t)(slot - rest), out);
        slot += 2;
        rest = strstr(slot, "}}") + 2;
        for (size_t i = 0; i < sizeof slots / sizeof *slots; i++)
            if (strncmp(slot, slots[i].name, strlen(slots[i].name)) == 0)
                slots[i].write(page, out);
    }
    fputs(rest, out);
}
