/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/expected.h"

#include <stdlib.h>
#include <string.h>

static bool is_left_out(const char *key)
{
    return strcmp(key, "csin") == 0 || strcmp(key, "engine_settings") == 0 ||
           strcmp(key, "sha256") == 0;
}

static void write_provenance(struct csin_json *j, const struct csin_json_value *provenance)
{
    csin_json_flat_object(j, "provenance");
    for (const struct csin_json_value *v = provenance->first; v; v = v->next) {
        if (is_left_out(v->key))
            continue;
        if (strcmp(v->key, "inputs") != 0) {
            csin_json_copy(j, v->key, v, 0);
            continue;
        }
        csin_json_array(j, v->key);
        for (const struct csin_json_value *input = v->first; input; input = input->next) {
            csin_json_flat_object(j, NULL);
            for (const struct csin_json_value *w = input->first; w; w = w->next)
                if (!is_left_out(w->key))
                    csin_json_copy(j, w->key, w, 0);
            csin_json_end_object(j);
        }
        csin_json_end_array(j);
    }
    csin_json_end_object(j);
}

/* Longest congested first, then the busiest, then by name. */
static int by_badness(const void *a, const void *b)
{
    static const char *const keys[] = {"congested_s", "utilisation_mean"};
    const struct csin_json_value *x = *(const struct csin_json_value *const *)a;
    const struct csin_json_value *y = *(const struct csin_json_value *const *)b;
    for (size_t i = 0; i < 2; i++) {
        double one = csin_json_get_number(x, keys[i], 0);
        double other = csin_json_get_number(y, keys[i], 0);
        if (one < other || other < one)
            return one < other ? 1 : -1;
    }
    int order = strcmp(csin_json_get_text(x, "from"), csin_json_get_text(y, "from"));
    order = order ? order : strcmp(csin_json_get_text(x, "to"), csin_json_get_text(y, "to"));
    double p = csin_json_get_number(x, "from_port", 0), q = csin_json_get_number(y, "from_port", 0);
    return order ? order : (p > q) - (p < q);
}

/* In place of a long array: how many there are, and the sums of their numbers. */
static void write_sums(struct csin_json *j, const char *key, const char *what,
                       const struct csin_json_value *array)
{
    static const char *const sums[] = {
        "bytes", "utilisation_mean", "utilisation_peak", "saturated_s",  "congested_s",
        "at_s",  "hosts_busy",       "hosts_working",    "jobs_running", "jobs_queued"};
    csin_json_flat_object(j, key);
    csin_json_count(j, what, array->n);
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        double sum = 0;
        if (!array->first || !csin_json_get(array->first, sums[i]))
            continue;
        for (const struct csin_json_value *v = array->first; v; v = v->next)
            sum += csin_json_get_number(v, sums[i], 0);
        csin_json_real(j, sums[i], sum);
    }
    csin_json_end_object(j);
}

static bool write_worst(struct csin_json *j, const struct csin_json_value *arcs)
{
    const struct csin_json_value **order = malloc((arcs->n + 1u) * sizeof *order);
    uint32_t n = 0;
    if (!order)
        return false;
    for (const struct csin_json_value *v = arcs->first; v; v = v->next)
        order[n++] = v;
    write_sums(j, "arcs_in_all", "arcs", arcs);
    qsort(order, n, sizeof *order, by_badness);
    csin_json_array(j, "worst_arcs");
    for (uint32_t i = 0; i < n && i < CSIN_EXPECTED_WORST; i++)
        csin_json_copy(j, NULL, order[i], 0);
    csin_json_end_array(j);
    free(order);
    return true;
}

bool csin_expected_write(const struct csin_json_value *result, size_t bytes, FILE *out)
{
    struct csin_json json;
    bool good = true;
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    for (const struct csin_json_value *v = result->first; v; v = v->next)
        if (strcmp(v->key, "provenance") == 0)
            write_provenance(&json, v);
        else if (strcmp(v->key, "arcs") == 0 && bytes > CSIN_EXPECTED_LARGE)
            good = write_worst(&json, v);
        else if (strcmp(v->key, "inside") == 0 && v->n > CSIN_EXPECTED_WORST)
            write_sums(&json, "inside_in_all", "resources", v);
        else if (strcmp(v->key, "moments") == 0)
            write_sums(&json, "moments_in_all", "moments", v);
        else
            csin_json_copy(&json, v->key, v, v->kind == CSIN_JSON_ARRAY);
    csin_json_end_object(&json);
    csin_json_finish(&json);
    return good;
}

const char *csin_expected_path(struct csin_arena *arena, const char *scenario)
{
    const char *slash = strrchr(scenario, '/'), *name = slash ? slash + 1 : scenario;
    const char *dot = strrchr(name, '.');
    int folder = (int)(name - scenario), stem = (int)(dot ? (size_t)(dot - name) : strlen(name));
    if (stem == 8 && strncmp(name, "scenario", 8) == 0)
        return csin_arena_printf(arena, "%.*sexpected.json", folder, scenario);
    return csin_arena_printf(arena, "%.*sexpected-%.*s.json", folder, scenario, stem, name);
}
