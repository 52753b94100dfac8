/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/size_report.h"

#include <string.h>

#include "base/json.h"
#include "base/units.h"
#include "reports/wrap.h"

#define MAX_BEATEN 15u /* shown; JSON has all */

const struct csin_size_writer csin_size_writers[] = {
    {"text", ".txt", csin_size_write_text},
    {"json", ".json", csin_size_write_json},
    {"svg", ".svg", csin_size_write_svg},
    {0},
};

struct csin_letter csin_size_letter(const struct csin_sizing *sizing, uint32_t candidate)
{
    struct csin_letter letter;
    unsigned rank = 0;
    for (uint32_t i = 0; i < candidate; i++)
        rank += sizing->candidates[i].fate == CSIN_FATE_IN_SET;
    snprintf(letter.s, sizeof letter.s, rank < 26 ? "%c" : "%c%u", 'A' + (int)(rank % 26),
             rank / 26);
    return letter;
}

static struct csin_shown show_price(double price)
{
    return price < 1000 ? csin_show_fixed(price, 2) : csin_show_count((uint64_t)(price + 0.5));
}

/* ---- text ---- */

static bool has_times(const struct csin_sizing *s)
{
    return s->needs.spec->workloads.n > 0;
}

static void write_hosts(const char *role, uint32_t hosts, uint32_t nics, double rate_Bps, FILE *out)
{
    fprintf(out, "%s %s hosts x %u NIC%s of %s", csin_show_count(hosts).s, role, nics,
            nics == 1 ? "" : "s", csin_show_linerate(rate_Bps).s);
}

static uint32_t count(const struct csin_sizing *s, enum csin_fate fate)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++)
        n += s->candidates[i].fate == fate;
    return n;
}

static void write_counts(const struct csin_sizing *s, FILE *out)
{
    static const char *const words[] = {"in the set", "beaten", "over the budget",
                                        "that cannot be bought", "not simulated"};
    fprintf(out, "%u fabrics: ", s->n);
    for (int fate = 0, any = 0; csin_fate_names[fate]; fate++) {
        uint32_t n = count(s, (enum csin_fate)fate);
        if (n)
            fprintf(out, "%s%u %s", any++ ? ", " : "", n, words[fate]);
    }
    fputc('\n', out);
}

static bool are_examples(const struct csin_needs *needs)
{
    for (uint32_t i = 0; i < needs->n_switches; i++)
        if (csin_figure_basis(&needs->switches[i]->price) == CSIN_EXAMPLE)
            return true;
    return false;
}

static void write_head(const struct csin_sizing *s, FILE *out)
{
    const struct csin_needs *n = &s->needs;
    fprintf(out, "sizes for %s\n", n->spec->name.s);
    write_hosts("compute", n->n_compute, n->compute_nics, n->compute_Bps, out);
    fputc('\n', out);
    if (n->n_storage) {
        write_hosts("storage", n->n_storage, n->storage_nics, n->storage_Bps, out);
        fputc('\n', out);
    }
    if (n->n_later)
        fprintf(out, "%s compute hosts must fit later\n", csin_show_count(n->n_later).s);
    write_counts(s, out);
    fprintf(out, "parts %s, prices in %s%s\n", n->parts->name.s, n->parts->currency.s,
            are_examples(n) ? ": EXAMPLES, not offers" : "");
}

static const char *time_head(const struct csin_sizing *s)
{
    return has_times(s) ? "step time" : "oversub.";
}

static struct csin_shown show_time(const struct csin_sizing *s, const struct csin_candidate *c)
{
    return has_times(s) ? csin_show_time(c->time_s) : csin_show_fixed(c->oversubscription, 2);
}

static void write_row(const struct csin_sizing *s, uint32_t i, const char *mark, FILE *out)
{
    const struct csin_candidate *c = &s->candidates[i];
    fprintf(out, "%-3s%-29.29s%8s%14s%10s%10s%6s\n", mark, c->name,
            csin_show_count(c->n_switches).s, show_price(c->network_price).s,
            csin_show_power(c->network_power_W).s, show_time(s, c).s, csin_show_count(c->room).s);
}

static void write_columns(const struct csin_sizing *s, FILE *out)
{
    fprintf(out, "%-32s%8s%14s%10s%10s%6s\n", "", "switches", "network price", "power",
            time_head(s), "room");
}

static void write_set(const struct csin_sizing *s, FILE *out)
{
    fputs("\nTHE SET\n", out);
    write_columns(s, out);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct csin_candidate *c = &s->candidates[i];
        if (c->fate != CSIN_FATE_IN_SET)
            continue;
        write_row(s, i, csin_size_letter(s, i).s, out);
        csin_write_wrapped(c->what, "   ", "   ", out);
        fprintf(out, "   oversubscription %s, with hosts %s and %s\n",
                csin_show_fixed(c->oversubscription, 2).s, show_price(c->price).s,
                csin_show_power(c->power_W).s);
    }
}

static void write_beaten(const struct csin_sizing *s, FILE *out)
{
    uint32_t n = count(s, CSIN_FATE_BEATEN), shown = 0;
    if (n == 0)
        return;
    fputs("\nBEATEN, and by which of the set\n", out);
    write_columns(s, out);
    for (uint32_t i = 0; i < s->n && shown < MAX_BEATEN; i++)
        if (s->candidates[i].fate == CSIN_FATE_BEATEN) {
            write_row(s, i, csin_size_letter(s, s->candidates[i].beaten_by).s, out);
            shown++;
        }
    if (shown < n)
        fprintf(out, "   and %u that cost more (--format json has all)\n", n - shown);
}

/* Of fabrics that are out for another reason, the cheapest of each. */
static void write_others(const struct csin_sizing *s, FILE *out)
{
    static const char *const heads[] = {
        [CSIN_FATE_OVER_BUDGET] = "over the budget",
        [CSIN_FATE_NO_BILL] = "cannot be bought",
        [CSIN_FATE_NOT_RUN] = "not simulated",
    };
    bool told[sizeof heads / sizeof *heads] = {0};
    for (uint32_t i = 0; i < s->n; i++) {
        const struct csin_candidate *c = &s->candidates[i];
        if (c->fate < CSIN_FATE_OVER_BUDGET || told[c->fate] || !c->why)
            continue;
        char text[512];
        told[c->fate] = true;
        snprintf(text, sizeof text, "%u %s; of %s: %s.", count(s, c->fate), heads[c->fate], c->name,
                 c->why);
        csin_write_wrapped(text, "- ", "  ", out);
    }
}

void csin_size_write_text(const struct csin_sizing *sizing, FILE *out)
{
    write_head(sizing, out);
    write_set(sizing, out);
    write_beaten(sizing, out);
    fputs("\nWHY\n", out);
    for (uint32_t i = 0; i < sizing->n_reasons; i++)
        csin_write_wrapped(sizing->reasons[i], "- ", "  ", out);
    write_others(sizing, out);
}

/* ---- JSON ---- */

static void write_need(struct csin_json *json, const struct csin_needs *n)
{
    csin_json_object(json, "needs");
    csin_json_count(json, "compute_hosts", n->n_compute);
    csin_json_count(json, "compute_nics", n->compute_nics);
    csin_json_real(json, "compute_nic_Bps", n->compute_Bps);
    csin_json_count(json, "later_compute_hosts", n->n_later);
    csin_json_count(json, "storage_hosts", n->n_storage);
    csin_json_count(json, "storage_nics", n->n_storage ? n->storage_nics : 0);
    csin_json_real(json, "storage_nic_Bps", n->storage_Bps);
    csin_json_end_object(json);
}

static void write_times(struct csin_json *json, const struct csin_sizing *s,
                        const struct csin_candidate *c)
{
    const struct csin_workload_spec *w = s->needs.spec->workloads.items;
    if (!has_times(s) || c->fate == CSIN_FATE_NOT_RUN || !c->workload_s || c->time_s <= 0)
        return;
    csin_json_real(json, "step_time_s", c->time_s);
    csin_json_flat_object(json, "workload_times_s");
    for (uint32_t i = 0; i < s->needs.spec->workloads.n; i++)
        csin_json_real(json, w[i].scenario.name.s, c->workload_s[i]);
    csin_json_end_object(json);
}

static void write_key(struct csin_json *json, const struct csin_needs *needs,
                      const struct csin_candidate_key *k)
{
    csin_json_flat_object(json, "made_of");
    csin_json_string(json, "leaf_model", needs->switches[k->leaf_model]->name.s);
    csin_json_string(json, "spine_model", needs->switches[k->spine_model]->name.s);
    csin_json_count(json,
                    k->shape == CSIN_SHAPE_TREE     ? "pods"
                    : k->shape == CSIN_SHAPE_PLANES ? "planes"
                                                    : "zones",
                    k->n);
    csin_json_count(json, "leaves", k->zone.leaves);
    csin_json_count(json, "spines", k->zone.spines);
    csin_json_count(json, "links_per_pair", k->zone.links);
    csin_json_count(json, "inter_zone_switches", k->inter_zone);
    csin_json_count(json, "inter_zone_leaves", k->inter_zone_leaves);
    csin_json_count(json, "core_switches", k->cores);
    csin_json_end_object(json);
}

static void write_candidate(struct csin_json *json, const struct csin_sizing *s, uint32_t i)
{
    const struct csin_candidate *c = &s->candidates[i];
    csin_json_object(json, NULL);
    csin_json_string(json, "name", c->name);
    csin_json_string(json, "shape", csin_shape_names[c->key.shape]);
    csin_json_string(json, "what", c->what);
    write_key(json, &s->needs, &c->key);
    csin_json_string(json, "fate", csin_fate_names[c->fate]);
    if (c->fate == CSIN_FATE_BEATEN)
        csin_json_string(json, "beaten_by", s->candidates[c->beaten_by].name);
    if (c->why)
        csin_json_string(json, "why", c->why);
    csin_json_count(json, "switches", c->n_switches);
    csin_json_count(json, "cables", c->n_cables);
    csin_json_real(json, "oversubscription", c->oversubscription);
    csin_json_count(json, "room_for_compute_hosts", c->room);
    if (c->fate != CSIN_FATE_NO_BILL) {
        csin_json_real(json, "price", c->price);
        csin_json_real(json, "network_price", c->network_price);
        csin_json_real(json, "power_W", c->power_W);
        csin_json_real(json, "network_power_W", c->network_power_W);
    }
    write_times(json, s, c);
    csin_json_end_object(json);
}

static void write_input(struct csin_json *json, const char *what, const char *file,
                        const struct csin_sha256 *digest)
{
    csin_json_flat_object(json, NULL);
    csin_json_string(json, "what", what);
    csin_json_string(json, "name", file);
    csin_json_string(json, "sha256", digest->hex);
    csin_json_end_object(json);
}

void csin_size_write_json(const struct csin_sizing *sizing, FILE *out)
{
    struct csin_json json;
    const struct csin_needs *needs = &sizing->needs;
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    csin_json_string(&json, "schema", "csin-size-1");
    csin_json_string(&json, "csin", CSIN_VERSION);
    csin_json_string(&json, "requirements", needs->spec->name.s);
    csin_json_array(&json, "inputs");
    write_input(&json, "requirements", needs->spec->file, &needs->spec->digest);
    write_input(&json, "parts", needs->parts->file, &needs->parts->digest);
    csin_json_end_array(&json);
    csin_json_string(&json, "engine", "fluid");
    csin_json_string(&json, "currency", needs->parts->currency.s);
    csin_json_bool(&json, "stopped", sizing->stopped);
    write_need(&json, needs);
    csin_json_array(&json, "candidates");
    for (uint32_t i = 0; i < sizing->n; i++)
        write_candidate(&json, sizing, i);
    csin_json_end_array(&json);
    csin_json_array(&json, "reasons");
    for (uint32_t i = 0; i < sizing->n_reasons; i++)
        csin_json_string(&json, NULL, sizing->reasons[i]);
    csin_json_end_array(&json);
    csin_json_end_object(&json);
    csin_json_finish(&json);
}
