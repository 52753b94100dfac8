/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports/upgrade_report.h"

#include <math.h>

#include "base/json.h"
#include "base/units.h"
#include "reports/wrap.h"

struct name {
    char s[200];
};

static struct name name_of(const struct csin_upgrades *u, const struct csin_upgrade *item)
{
    const struct csin_fabric *f = u->scenario->fabric;
    struct name name;
    if (item->cable == CSIN_NONE)
        snprintf(name.s, sizeof name.s, "%s", csin_cable_class_names[item->of]);
    else
        snprintf(name.s, sizeof name.s, "%s - %s",
                 csin_vertex_name(f, f->cables[item->cable].end[0]).s,
                 csin_vertex_name(f, f->cables[item->cable].end[1]).s);
    return name;
}

static double saved(const struct csin_upgrade *item)
{
    return item->gain > 0 ? 1 - 1 / item->gain : 0;
}

void csin_upgrades_write_text(const struct csin_upgrades *u, FILE *out)
{
    fprintf(out, "upgrades of %s: each alone, to twice its rate\n\n", u->scenario->name);
    fprintf(out, "%-31s%8s%11s%12s", "", "cables", "time saved", "elasticity");
    if (u->currency)
        fprintf(out, "%18s", "price");
    fputc('\n', out);
    for (uint32_t i = 0; i < u->n; i++) {
        const struct csin_upgrade *item = &u->items[i];
        fprintf(out, "%-31.30s%8s%9s %%%12s", name_of(u, item).s, csin_show_count(item->n_cables).s,
                csin_show_fixed(100 * saved(item), 1).s, csin_show_fixed(item->elasticity, 2).s);
        if (u->currency)
            fprintf(out, "%18s", csin_show_count((uint64_t)(item->price + 0.5)).s);
        fputc('\n', out);
    }
    if (u->currency)
        fprintf(out,
                "\nprices in %s, of a second of everything that is made faster: cable, ports, "
                "NIC\n",
                u->currency);
    fputc('\n', out);
    csin_write_wrapped(u->verdict, "", "", out);
    if (u->value)
        csin_write_wrapped(u->value, "", "", out);
    if (u->stopped)
        fputs("stopped before all were tried\n", out);
}

void csin_upgrades_write_json(const struct csin_upgrades *u, FILE *out)
{
    const struct csin_scenario *sc = u->scenario;
    struct csin_json json;
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    csin_json_string(&json, "schema", "csin-upgrades-1");
    csin_json_string(&json, "csin", CSIN_VERSION);
    csin_json_string(&json, "scenario", sc->name);
    csin_json_array(&json, "inputs");
    for (uint32_t i = 0; i < sc->n_inputs; i++) {
        csin_json_flat_object(&json, NULL);
        csin_json_string(&json, "what", sc->inputs[i].what);
        csin_json_string(&json, "name", sc->inputs[i].name);
        csin_json_string(&json, "sha256", sc->inputs[i].sha256.hex);
        csin_json_end_object(&json);
    }
    csin_json_end_array(&json);
    csin_json_string(&json, "engine", "fluid");
    csin_json_count(&json, "seed", sc->seed);
    csin_json_string(&json, "currency", u->currency);
    csin_json_bool(&json, "stopped", u->stopped);
    csin_json_string(&json, "verdict", u->verdict);
    csin_json_string(&json, "for_its_price", u->value);
    csin_json_array(&json, "upgrades");
    for (uint32_t i = 0; i < u->n; i++) {
        const struct csin_upgrade *item = &u->items[i];
        csin_json_object(&json, NULL);
        csin_json_string(&json, "class", csin_cable_class_names[item->of]);
        csin_json_string(&json, "cable", item->cable == CSIN_NONE ? NULL : name_of(u, item).s);
        csin_json_count(&json, "cables", item->n_cables);
        csin_json_real(&json, "factor", 2);
        csin_json_real(&json, "time_saved", saved(item));
        csin_json_real(&json, "gain", item->gain);
        csin_json_real(&json, "elasticity", item->elasticity);
        if (u->currency) {
            csin_json_real(&json, "price", item->price);
            csin_json_real(&json, "log_gain_per_price",
                           item->price > 0 ? log(item->gain) / item->price : NAN);
        }
        csin_json_flat_object(&json, "owner_gains");
        for (uint32_t o = 0; o < sc->n_owners && item->owner_gain; o++)
            csin_json_real(&json, sc->owners[o], item->owner_gain[o]);
        csin_json_end_object(&json);
        csin_json_end_object(&json);
    }
    csin_json_end_array(&json);
    csin_json_end_object(&json);
    csin_json_finish(&json);
}
