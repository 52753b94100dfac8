/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/size.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reports/size_report.h"
#include "reports/upgrade_report.h"

static struct csin_format get_format(int i)
{
    return (struct csin_format){csin_size_writers[i].name, csin_size_writers[i].extension};
}

static bool is_folder(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- sizing ---- */

static enum csin_status write_report(const struct csin_sizing *sizing, int format, const char *path,
                                     struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = csin_output_open(&output, diag, path);
    if (status != CSIN_OK)
        return status;
    csin_size_writers[format].write(sizing, output.stream);
    return csin_output_commit(&output, diag);
}

/* FOLDER/NAME.yaml for the set, and every report as FOLDER/sizes.EXTENSION. */
static enum csin_status write_folder(const struct csin_sizing *sizing, const char *folder,
                                     struct csin_arena *arena, struct csin_diag *diag)
{
    enum csin_status status = CSIN_OK;
    for (uint32_t i = 0; i < sizing->n && status == CSIN_OK; i++) {
        const struct csin_candidate *c = &sizing->candidates[i];
        struct csin_output output;
        if (c->fate != CSIN_FATE_IN_SET)
            continue;
        const char *path = csin_arena_printf(arena, "%s/%s.yaml", folder, c->name);
        status = path ? csin_output_open(&output, diag, path) : csin_no_memory(diag);
        if (status != CSIN_OK)
            return status;
        fputs(c->text, output.stream);
        status = csin_output_commit(&output, diag);
    }
    for (int i = 0; csin_size_writers[i].name && status == CSIN_OK; i++) {
        const char *path = csin_arena_printf(arena, "%s/sizes%s", folder,
                                             csin_size_writers[i].extension);
        status = path ? write_report(sizing, i, path, diag) : csin_no_memory(diag);
    }
    return status;
}

/* Requirements and their catalogue; without one *parts stays as it was. */
static enum csin_status open_inputs(const struct csin_size_request *request,
                                    struct csin_arena *arena, struct csin_diag *diag,
                                    struct csin_requirements_spec *spec, struct csin_parts *parts)
{
    enum csin_status status = csin_requirements_open(arena, diag, request->requirements, spec);
    if (!spec->file || (!request->parts && !spec->parts.s))
        return status;
    const char *path = request->parts ? request->parts : csin_requirements_parts(spec, arena);
    return csin_first(status,
                      path ? csin_parts_open(arena, diag, path, parts) : csin_no_memory(diag));
}

enum csin_status csin_size_show(const struct csin_size_request *request, struct csin_arena *arena,
                                struct csin_diag *diag)
{
    struct csin_requirements_spec spec = {0};
    struct csin_parts parts = {0};
    struct csin_sizing *sizing = NULL;
    struct csin_display display;
    bool folder = is_folder(request->output);
    const char *file = folder ? NULL : request->output;
    const char *inputs[] = {request->requirements, request->parts};
    int format = csin_pick_format(diag, request->format, file, get_format);
    if (format < 0 || !csin_spares(diag, file, inputs, 2))
        return CSIN_E_USAGE;
    enum csin_status status = open_inputs(request, arena, diag, &spec, &parts);
    if (status == CSIN_OK && !parts.file) {
        status = csin_error(diag, CSIN_E_INPUT, 838, spec.name.loc, "no parts catalogue");
        csin_note(diag, spec.name.loc, "write parts: FILE, or give --parts FILE");
    }
    if (status == CSIN_OK && !folder)
        status = csin_try_output(file, diag);
    if (status == CSIN_OK) {
        csin_display_start(&display, arena, true);
        struct csin_sizing_options options = {.time_limit_s = request->time_limit_s,
                                              .stop = request->stop,
                                              .progress = csin_display_what,
                                              .progress_arg = &display};
        status = csin_size(&spec, &parts, &options, diag, &sizing);
        csin_display_end(&display);
    }
    if (status == CSIN_OK && folder)
        status = write_folder(sizing, request->output, arena, diag);
    if (status == CSIN_OK)
        status = write_report(sizing, format, file, diag);
    csin_sizing_destroy(sizing);
    return status;
}

bool csin_is_requirements(const char *path)
{
    char *text;
    size_t bytes;
    if (csin_fabric_is_line(path) ||
        csin_file_read(NULL, (struct csin_loc){0}, path, &text, &bytes) != CSIN_OK)
        return false;
    bool yes = csin_requirements_are(text, bytes);
    free(text);
    return yes;
}

enum csin_status csin_check_requirements(const char *path, struct csin_arena *arena,
                                         struct csin_diag *diag)
{
    struct csin_requirements_spec spec = {0};
    struct csin_parts parts = {0};
    struct csin_needs needs;
    struct csin_candidate *candidates;
    uint32_t n;
    struct csin_size_request request = {.requirements = path};
    enum csin_status status = open_inputs(&request, arena, diag, &spec, &parts);
    if (!parts.file) /* --parts names it then */
        return status;
    if (status == CSIN_OK)
        status = csin_needs_create(&spec, &parts, arena, diag, &needs);
    if (status == CSIN_OK)
        status = csin_candidates_create(&needs, arena, diag, &candidates, &n);
    return status;
}

/* ---- upgrades ---- */

static enum csin_status print_upgrades(const struct csin_size_request *request,
                                       const struct csin_upgrades *upgrades, struct csin_diag *diag)
{
    struct csin_output output;
    enum csin_status status = csin_output_open(&output, diag, request->output);
    if (status != CSIN_OK)
        return status;
    if (request->format && strcmp(request->format, "json") == 0)
        csin_upgrades_write_json(upgrades, output.stream);
    else
        csin_upgrades_write_text(upgrades, output.stream);
    return csin_output_commit(&output, diag);
}

enum csin_status csin_upgrades_show(const struct csin_size_request *request,
                                    struct csin_arena *arena, struct csin_diag *diag)
{
    struct csin_scenario *scenario = NULL;
    struct csin_parts *parts = NULL;
    struct csin_upgrades *upgrades = NULL;
    struct csin_display display;
    enum csin_status status = csin_scenario_open(request->scenario, request->overrides, arena, diag,
                                                 &scenario);
    if (status == CSIN_OK)
        status = csin_refuse_cluster(scenario, diag);
    if (status == CSIN_OK && request->parts) {
        parts = csin_arena_alloc(arena, 1, sizeof *parts);
        status = parts ? csin_parts_open(arena, diag, request->parts, parts) : csin_no_memory(diag);
    }
    if (status == CSIN_OK) {
        csin_display_start(&display, arena, true);
        struct csin_upgrade_options options = {.parts = parts,
                                               .any_model = !scenario->inputs[1].path,
                                               .n_worst = 4,
                                               .stop = request->stop,
                                               .progress = csin_display_what,
                                               .progress_arg = &display};
        status = csin_upgrades_find(scenario, &options, diag, &upgrades);
        csin_display_end(&display);
    }
    if (status == CSIN_OK)
        status = print_upgrades(request, upgrades, diag);
    csin_upgrades_destroy(upgrades);
    csin_scenario_destroy(scenario);
    return status;
}
