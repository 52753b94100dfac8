/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The data of a page. Arcs are columns, switches and NICs numbers into a list of names, figures
 * rounded to what a screen shows: thousands of arcs with a thousand samples are a few hundred
 * kilobytes. */
#include "reports/page.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "reports/report.h"
#include "sim/timeline.h"

#define SERIES_ARCS 24u /* worst arcs that have series of their own */
#define FRAMES 60u      /* intervals of the series that every listed arc has */
#define EVENT_NAMES 6u  /* of one event */

/* Four significant digits. */
static double rounded(double x)
{
    if (x == 0 || !isfinite(x))
        return x;
    double unit = pow(10, 3 - floor(log10(fabs(x))));
    return isfinite(unit) && unit > 0 ? round(x * unit) / unit : x;
}

static void brief(struct csin_json *j, const char *key, double x)
{
    csin_json_real(j, key, rounded(x));
}

/* ---- which arcs ---- */

struct view {
    const struct csin_result *result;
    const struct csin_fabric *f;
    struct csin_json *j;
    uint32_t *listed, n_listed; /* arcs, the worst first */
    uint32_t *row;              /* [n_arcs] in result->arcs, CSIN_NONE: it carried nothing */
    uint32_t *number;           /* [n_vertices] in the list of names, CSIN_NONE: not in it */
};

static uint32_t zone_of(const struct csin_fabric *f, uint32_t arc)
{
    uint32_t lower = f->cables[arc >> 1].end[0]; /* of a host's cable: the leaf */
    return f->switches[csin_is_nic(f, lower) ? f->cables[arc >> 1].end[1] : lower].zone;
}

static void list(struct view *v, bool *taken, uint32_t arc)
{
    if (!taken[arc])
        v->listed[v->n_listed++] = arc;
    taken[arc] = true;
}

/* All arcs between switches, idle ones too, and those to hosts that carried something. Of too many,
 * those of the zones where the worst arcs are, and then the worst. */
static bool choose(struct view *v)
{
    const struct csin_fabric *f = v->f;
    const struct csin_result *r = v->result;
    bool *taken = calloc(f->n_arcs + 1u, 1), *whole = calloc(f->n_zones + 2u, 1);
    uint32_t *n_in = calloc(f->n_zones + 2u, sizeof *n_in), n_chosen = 0;
    v->listed = malloc((f->n_arcs + 1u) * sizeof *v->listed);
    if (!taken || !whole || !n_in || !v->listed) {
        free(taken);
        free(whole);
        free(n_in);
        return false;
    }
    for (uint32_t arc = 0; arc < f->n_arcs; arc++)
        if (f->cables[arc >> 1].place != CSIN_AT_HOST) {
            uint32_t zone = zone_of(f, arc);
            n_in[zone == CSIN_NONE ? f->n_zones : zone]++;
        }
    for (uint32_t i = 0; i < r->n_arcs; i++) {
        uint32_t zone = zone_of(f, r->arcs[r->worst[i]].arc),
                 z = zone == CSIN_NONE ? f->n_zones : zone;
        if (!whole[z] && n_chosen + n_in[z] <= CSIN_MAX_LISTED_ARCS) {
            whole[z] = true;
            n_chosen += n_in[z];
        }
    }
    for (uint32_t i = 0; i < r->n_arcs && v->n_listed < CSIN_MAX_LISTED_ARCS - n_chosen; i++)
        list(v, taken, r->arcs[r->worst[i]].arc);
    for (uint32_t arc = 0; arc < f->n_arcs; arc++) {
        uint32_t zone = f->cables[arc >> 1].place == CSIN_AT_HOST ? CSIN_NONE - 1 : zone_of(f, arc);
        if (zone != CSIN_NONE - 1 && whole[zone == CSIN_NONE ? f->n_zones : zone])
            list(v, taken, arc);
    }
    free(taken);
    free(whole);
    free(n_in);
    return true;
}

static bool number_vertices(struct view *v)
{
    v->row = malloc((v->f->n_arcs + 1u) * sizeof *v->row);
    v->number = malloc((v->f->n_vertices + 1u) * sizeof *v->number);
    if (!v->row || !v->number)
        return false;
    for (uint32_t arc = 0; arc < v->f->n_arcs; arc++)
        v->row[arc] = CSIN_NONE;
    for (uint32_t i = 0; i < v->result->n_arcs; i++)
        v->row[v->result->arcs[i].arc] = i;
    for (uint32_t vertex = 0; vertex < v->f->n_vertices; vertex++)
        v->number[vertex] = CSIN_NONE;
    return true;
}

/* ---- writing ---- */

static void write_vertices(struct view *v)
{
    uint32_t n = 0;
    csin_json_flat_array(v->j, "vertices"); /* [name, layer, zone] */
    for (uint32_t i = 0; i < v->n_listed; i++)
        for (unsigned e = 0; e < 2; e++) {
            uint32_t vertex = v->f->cables[v->listed[i] >> 1].end[e];
            if (v->number[vertex] != CSIN_NONE)
                continue;
            v->number[vertex] = n++;
            bool is_nic = csin_is_nic(v->f, vertex);
            uint32_t zone = is_nic ? CSIN_NONE : v->f->switches[vertex].zone;
            csin_json_flat_array(v->j, NULL);
            csin_json_string(v->j, NULL, csin_vertex_name(v->f, vertex).s);
            csin_json_count(v->j, NULL, is_nic ? CSIN_N_LAYERS : v->f->switches[vertex].layer);
            csin_json_real(v->j, NULL, zone == CSIN_NONE ? -1.0 : zone);
            csin_json_end_array(v->j);
        }
    csin_json_end_array(v->j);
}

static void write_names(struct view *v)
{
    csin_json_flat_array(v->j, "layers");
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++)
        csin_json_string(v->j, NULL, csin_layer_names[l]);
    csin_json_string(v->j, NULL, "host");
    csin_json_end_array(v->j);
    csin_json_flat_array(v->j, "zones");
    for (uint32_t z = 0; z < v->f->n_zones; z++)
        csin_json_string(v->j, NULL, v->f->zones[z].name);
    csin_json_end_array(v->j);
    csin_json_array(v->j, "owners");
    const struct csin_scenario *sc = v->result->scenario;
    for (uint32_t o = 0; o < sc->n_owners; o++) {
        const struct csin_stream *stream = o < sc->n_jobs ? NULL : &sc->streams[o - sc->n_jobs];
        uint32_t c = stream ? stream->traffic_class : sc->jobs[o].traffic_class;
        csin_json_object(v->j, NULL);
        csin_json_string(v->j, "name", sc->owners[o]);
        csin_json_string(v->j, "kind", stream ? csin_storage_names[stream->kind] : "job");
        csin_json_string(v->j, "class", c == CSIN_NONE ? NULL : sc->classes[c].name);
        csin_json_flat_array(v->j, "steps");
        for (uint32_t s = 0; !stream && s < sc->jobs[o].n_steps; s++)
            csin_json_string(v->j, NULL, csin_step_words(&sc->jobs[o].steps[s]).s);
        csin_json_end_array(v->j);
        csin_json_end_object(v->j);
    }
    csin_json_end_array(v->j);
}

typedef double figure(const struct view *v, uint32_t arc, const struct csin_arc_result *row);

static double from(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)row;
    return v->number[csin_arc_tail(v->f, arc)];
}

static double to(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)row;
    return v->number[csin_arc_head(v->f, arc)];
}

static double port(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)row;
    return v->f->cables[arc >> 1].port[arc & 1] + 1u;
}

static double itself(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)v;
    (void)row;
    return arc;
}

static double place(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)row;
    return 2 * v->f->cables[arc >> 1].place + (arc & 1);
}

static double capacity(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)row;
    return rounded(v->f->arc_capacity_Bps[arc]);
}

static double bytes(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)v;
    (void)arc;
    return row ? rounded(row->bytes) : 0;
}

static double mean(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)v;
    (void)arc;
    return row ? rounded(row->mean_utilisation) : 0;
}

static double peak(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)v;
    (void)arc;
    return row ? rounded(row->peak_utilisation) : 0;
}

static double saturated(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)v;
    (void)arc;
    return row ? rounded(row->saturated_s) : 0;
}

static double congested(const struct view *v, uint32_t arc, const struct csin_arc_result *row)
{
    (void)v;
    (void)arc;
    return row ? rounded(row->congested_s) : 0;
}

static const struct {
    const char *key;
    figure *of;
} columns[] = {
    {"arc", itself},
    {"from", from},
    {"to", to},
    {"from_port", port},
    {"place", place},
    {"capacity_Bps", capacity},
    {"bytes", bytes},
    {"utilisation_mean", mean},
    {"utilisation_peak", peak},
    {"saturated_s", saturated},
    {"congested_s", congested},
};

static const struct csin_arc_result *row_of(const struct view *v, uint32_t arc)
{
    return v->row[arc] == CSIN_NONE ? NULL : &v->result->arcs[v->row[arc]];
}

static void write_loads(struct view *v)
{
    csin_json_flat_array(v->j, "loads"); /* [owner, bytes, owner, bytes, ..] */
    for (uint32_t i = 0; i < v->n_listed; i++) {
        const struct csin_arc_result *row = row_of(v, v->listed[i]);
        csin_json_flat_array(v->j, NULL);
        for (uint32_t k = 0; row && k < row->n_loads; k++) {
            const struct csin_load *load = &v->result->loads[row->first_load + k];
            csin_json_count(v->j, NULL, load->owner);
            brief(v->j, NULL, load->bytes);
        }
        csin_json_end_array(v->j);
    }
    csin_json_end_array(v->j);
}

/* By csin_arc_place, of all arcs of the fabric. */
static void write_places(struct view *v)
{
    const char *names[2 * CSIN_N_PLACES] = {NULL};
    for (uint32_t arc = 0; arc < v->f->n_arcs; arc++)
        names[2 * v->f->cables[arc >> 1].place + (arc & 1)] = csin_arc_place(v->f, arc);
    csin_json_flat_array(v->j, "places");
    for (unsigned p = 0; p < 2 * CSIN_N_PLACES; p++)
        csin_json_string(v->j, NULL, names[p]);
    csin_json_end_array(v->j);
}

static void write_arcs(struct view *v)
{
    uint32_t n_inner = 0, n_inner_listed = 0;
    for (uint32_t c = 0; c < v->f->n_cables; c++)
        n_inner += 2 * (v->f->cables[c].place != CSIN_AT_HOST);
    for (uint32_t i = 0; i < v->n_listed; i++)
        n_inner_listed += v->f->cables[v->listed[i] >> 1].place != CSIN_AT_HOST;
    csin_json_object(v->j, "arcs");
    csin_json_count(v->j, "all", v->f->n_arcs);
    csin_json_count(v->j, "carried", v->result->n_arcs);
    csin_json_count(v->j, "between_switches", n_inner);
    csin_json_count(v->j, "between_switches_listed", n_inner_listed);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        csin_json_flat_array(v->j, columns[c].key);
        for (uint32_t i = 0; i < v->n_listed; i++)
            csin_json_real(v->j, NULL, columns[c].of(v, v->listed[i], row_of(v, v->listed[i])));
        csin_json_end_array(v->j);
    }
    write_loads(v);
    csin_json_end_object(v->j);
}

/* ---- over time ---- */

/* Thousandths of `whole`. */
static void write_shares(struct csin_json *j, const char *key, const struct csin_samples *s,
                         uint32_t series, double whole)
{
    csin_json_flat_array(j, key);
    for (uint32_t i = 0; i < csin_samples_count(s); i++)
        csin_json_real(j, NULL,
                       whole > 0 ? round(1000 * csin_samples_mean(s, series, i) / whole) : 0);
    csin_json_end_array(j);
}

/* A letter an interval, '0' to 'o' for 0 to 100 %. */
static void write_frames(struct view *v, const struct csin_samples *s)
{
    uint32_t n = csin_samples_count(s), each = (n + FRAMES - 1) / FRAMES;
    csin_json_object(v->j, "frames");
    csin_json_real(v->j, "step_s", s->width_s * each);
    csin_json_flat_array(v->j, "of");
    for (uint32_t i = 0; i < v->n_listed; i++) {
        uint32_t arc = v->listed[i], at = 0;
        double whole = v->f->arc_capacity_Bps[arc];
        char text[FRAMES + 1] = "";
        for (uint32_t k = 0; row_of(v, arc) && whole > 0 && k < n; k += each) {
            double sum = 0, time_s = 0;
            for (uint32_t m = k; m < k + each && m < n; m++) {
                double w = fmin(s->width_s, s->end_s - m * s->width_s);
                sum += csin_samples_mean(s, arc, m) * w;
                time_s += w;
            }
            double share = time_s > 0 ? sum / time_s / whole : 0;
            text[at++] = (char)('0' + (int)lround(63 * fmin(fmax(share, 0), 1)));
        }
        text[at] = 0;
        csin_json_string(v->j, NULL, text);
    }
    csin_json_end_array(v->j);
    csin_json_end_object(v->j);
}

static void write_worst_series(struct view *v, const struct csin_samples *s)
{
    csin_json_real(v->j, "arcs_step_s", s->width_s);
    csin_json_array(v->j, "arcs"); /* [listed, samples] */
    for (uint32_t i = 0, n = 0; i < v->n_listed && n < SERIES_ARCS; i++) {
        uint32_t arc = v->listed[i];
        if (!row_of(v, arc) || v->f->cables[arc >> 1].place == CSIN_AT_HOST)
            continue;
        csin_json_flat_object(v->j, NULL);
        csin_json_count(v->j, "arc", i);
        write_shares(v->j, "use", s, arc, v->f->arc_capacity_Bps[arc]);
        csin_json_end_object(v->j);
        n++;
    }
    csin_json_end_array(v->j);
}

static void write_series(struct view *v, const struct csin_recorder *r)
{
    csin_json_object(v->j, "series");
    csin_json_real(v->j, "step_s", r->groups.width_s);
    csin_json_real(v->j, "end_s", r->groups.end_s);
    csin_json_array(v->j, "places");
    for (uint32_t g = 0; g < r->n_groups; g++) {
        csin_json_flat_object(v->j, NULL);
        csin_json_string(v->j, "place", r->group[g].place);
        csin_json_count(v->j, "arcs", r->group[g].n_arcs);
        brief(v->j, "capacity_Bps", r->group[g].capacity_Bps);
        write_shares(v->j, "use", &r->groups, g, r->group[g].capacity_Bps);
        write_shares(v->j, "full", &r->groups, CSIN_MAX_GROUPS + g, r->group[g].n_arcs);
        csin_json_end_object(v->j);
    }
    csin_json_end_array(v->j);
    csin_json_real(v->j, "owners_step_s", r->owners.width_s);
    csin_json_array(v->j, "owners");
    for (uint32_t o = 0; o < r->n_owners; o++) {
        csin_json_flat_array(v->j, NULL);
        for (uint32_t i = 0; i < csin_samples_count(&r->owners); i++)
            brief(v->j, NULL, csin_samples_mean(&r->owners, o, i));
        csin_json_end_array(v->j);
    }
    csin_json_end_array(v->j);
    write_worst_series(v, &r->arcs);
    csin_json_end_object(v->j);
    write_frames(v, &r->arcs);
}

static void write_bars(struct view *v, const struct csin_timeline *t)
{
    csin_json_flat_array(v->j, "bars"); /* [owner, round, step, steps, from, to, cut] */
    for (uint32_t i = 0; i < t->n_bars; i++) {
        const struct csin_bar *bar = &t->bars[i];
        csin_json_flat_array(v->j, NULL);
        csin_json_count(v->j, NULL, bar->owner);
        csin_json_count(v->j, NULL, bar->round);
        csin_json_count(v->j, NULL, bar->step);
        csin_json_count(v->j, NULL, bar->n);
        csin_json_real(v->j, NULL, (double)(float)bar->from_s);
        csin_json_real(v->j, NULL, (double)(float)bar->to_s);
        csin_json_count(v->j, NULL, bar->cut);
        csin_json_end_array(v->j);
    }
    csin_json_end_array(v->j);
    csin_json_flat_array(v->j, "still"); /* [owner, from, to] */
    for (uint32_t i = 0; i < t->n_still; i++) {
        csin_json_flat_array(v->j, NULL);
        csin_json_count(v->j, NULL, t->still[i].owner);
        csin_json_real(v->j, NULL, (double)(float)t->still[i].from_s);
        csin_json_real(v->j, NULL, (double)(float)t->still[i].to_s);
        csin_json_end_array(v->j);
    }
    csin_json_end_array(v->j);
}

static void write_event(struct view *v, const struct csin_event *event)
{
    static const char *const kinds[] = {"cable", "switch", "host", "stop", "move"};
    const struct csin_fabric *f = v->f;
    csin_json_flat_object(v->j, NULL);
    csin_json_real(v->j, "at_s", event->at_s);
    csin_json_string(v->j, "kind", kinds[event->kind]);
    csin_json_bool(v->j, "up", event->up);
    csin_json_real(v->j, "rate_Bps", event->rate_Bps);
    csin_json_count(v->j, "n", event->n_items);
    csin_json_flat_array(v->j, "names");
    for (uint32_t i = 0; i < event->n_items && i < EVENT_NAMES; i++) {
        char text[256];
        uint32_t item = event->items[i];
        if (event->kind == CSIN_EVENT_CABLE)
            snprintf(text, sizeof text, "%s - %s", csin_vertex_name(f, f->cables[item].end[0]).s,
                     csin_vertex_name(f, f->cables[item].end[1]).s);
        else
            snprintf(text, sizeof text, "%s",
                     event->kind == CSIN_EVENT_SWITCH ? f->switches[item].name
                     : event->kind == CSIN_EVENT_HOST ? f->hosts[item].name
                                                      : v->result->scenario->owners[item]);
        csin_json_string(v->j, NULL, text);
    }
    csin_json_end_array(v->j);
    csin_json_end_object(v->j);
}

static void write_slowdowns(struct view *v, const struct csin_timeline *t)
{
    csin_json_array(v->j, "slowdowns");
    for (uint32_t o = 0; o < v->result->scenario->n_owners; o++) {
        csin_json_flat_object(v->j, NULL);
        csin_json_count(v->j, "n", t->slowdowns[o].n_all);
        csin_json_flat_array(v->j, "values");
        for (uint32_t i = 0; i < t->slowdowns[o].n; i++)
            brief(v->j, NULL, t->slowdowns[o].values[i]);
        csin_json_end_array(v->j);
        csin_json_end_object(v->j);
    }
    csin_json_end_array(v->j);
}

void csin_page_write_view(const struct csin_result *result, FILE *out)
{
    struct csin_json json;
    struct view v = {.result = result, .f = result->scenario->fabric, .j = &json};
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    csin_json_string(&json, "schema", "csin-view-1");
    csin_json_real(&json, "makespan_s", result->makespan_s);
    write_names(&v);
    if (choose(&v) && number_vertices(&v)) {
        write_vertices(&v);
        write_places(&v);
        write_arcs(&v);
        if (result->timeline)
            write_series(&v, result->timeline->recorder);
    }
    csin_json_array(&json, "events");
    for (uint32_t i = 0; i < result->scenario->n_events; i++)
        write_event(&v, &result->scenario->events[i]);
    csin_json_end_array(&json);
    if (result->timeline) {
        write_bars(&v, result->timeline);
        write_slowdowns(&v, result->timeline);
    }
    csin_json_end_object(&json);
    csin_json_finish(&json);
    free(v.listed);
    free(v.row);
    free(v.number);
}

/* ---- the fabric alone ---- */

void csin_page_write_facts(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                           FILE *out)
{
    struct csin_json json, *j = &json;
    csin_json_init(j, out);
    csin_json_object(j, NULL);
    csin_json_string(j, "name", f->name);
    csin_json_string(j, "sha256", f->digest.hex);
    csin_json_count(j, "switches", f->n_switches);
    csin_json_count(j, "hosts", f->n_hosts);
    csin_json_count(j, "nics", f->n_nics);
    csin_json_count(j, "cables", f->n_cables);
    csin_json_count(j, "cables_dead", facts->n_dead_cables);
    csin_json_count(j, "cables_degraded", facts->n_degraded_cables);
    csin_json_count(j, "diameter", facts->diameter);
    csin_json_count(j, "parts", facts->n_parts);
    csin_json_array(j, "layers");
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++) {
        if (facts->layers[l].n_switches == 0)
            continue;
        csin_json_flat_object(j, NULL);
        csin_json_string(j, "layer", csin_layer_names[l]);
        csin_json_count(j, "switches", facts->layers[l].n_switches);
        csin_json_count(j, "ports", facts->layers[l].n_ports);
        csin_json_count(j, "ports_used", facts->layers[l].n_used);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
    csin_json_array(j, "zones");
    for (uint32_t z = 0; z < f->n_zones && z < 64; z++) {
        csin_json_flat_object(j, NULL);
        csin_json_string(j, "zone", f->zones[z].name);
        csin_json_count(j, "leaves", f->zones[z].n_leaves);
        csin_json_count(j, "spines", f->zones[z].n_spines);
        csin_json_count(j, "nics", facts->zones[z].n_nics);
        csin_json_string(j, "oversubscription",
                         csin_show_oversubscription(facts->zones[z].oversubscription).s);
        brief(j, "bisection_Bps", facts->zones[z].bisection_flow_Bps);
        csin_json_end_object(j);
    }
    csin_json_end_array(j);
    csin_json_end_object(j);
    csin_json_finish(j);
}

double *csin_page_cable_use(const struct csin_result *result)
{
    double *use = calloc(result->scenario->fabric->n_cables + 1u, sizeof *use);
    for (uint32_t i = 0; use && i < result->n_arcs; i++) {
        uint32_t cable = result->arcs[i].arc >> 1;
        use[cable] = fmax(use[cable], result->arcs[i].mean_utilisation);
    }
    return use;
}
