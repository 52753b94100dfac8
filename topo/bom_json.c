/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bill of materials as JSON: units in the names of keys, but for prices, which are in `currency`.
 */
#include "topo/bom.h"

#include <math.h>

#include "base/json.h"

static void write_basis(struct csin_json *json, const char *key, const struct csin_figure *figure)
{
    csin_json_string(json, key, figure ? csin_basis_names[csin_figure_basis(figure)] : NULL);
}

static const char *words_of(const struct csin_figure *figure)
{
    return !figure ? NULL : figure->source.s ? figure->source.s : figure->assumed.s;
}

static void write_rows(struct csin_json *json, const struct csin_bom *bom)
{
    csin_json_array(json, "parts");
    for (uint32_t i = 0; i < bom->n_rows; i++) {
        const struct csin_bom_row *row = &bom->rows[i];
        csin_json_object(json, NULL);
        csin_json_string(json, "kind", csin_part_kind_names[row->kind]);
        csin_json_string(json, "name", row->name);
        if (row->kind == CSIN_PART_CABLE) {
            csin_json_string(json, "medium", csin_medium_names[row->medium]);
            csin_json_real(json, "length_m", row->length_m);
        }
        csin_json_count(json, "number", row->n);
        csin_json_count(json, "spares", row->n_spare);
        csin_json_real(json, "price_each", row->priced ? row->price_each : (double)NAN);
        csin_json_real(json, "price", row->priced ? row->price : (double)NAN);
        write_basis(json, "price_basis", row->price_from);
        csin_json_string(json, "price_words", words_of(row->price_from));
        csin_json_real(json, "power_each_W", row->powered ? row->power_each_W : (double)NAN);
        csin_json_real(json, "power_W", row->powered ? row->power_W : (double)NAN);
        write_basis(json, "power_basis", row->power_from);
        csin_json_string(json, "power_words", words_of(row->power_from));
        csin_json_end_object(json);
    }
    csin_json_end_array(json);
}

static void write_sum(struct csin_json *json, const char *key, const struct csin_bom_sum *sum,
                      bool priced, bool powered)
{
    csin_json_flat_object(json, key);
    csin_json_count(json, "number", sum->n);
    csin_json_count(json, "spares", sum->n_spare);
    csin_json_real(json, "price", priced ? sum->price : (double)NAN);
    csin_json_real(json, "power_W", powered ? sum->power_W : (double)NAN);
    csin_json_end_object(json);
}

static void write_sums(struct csin_json *json, const struct csin_bom *bom)
{
    double ports = bom->n_host_ports, hosts = bom->fabric->n_hosts;
    csin_json_object(json, "sums");
    for (unsigned kind = 0; kind < CSIN_N_PART_KINDS; kind++)
        write_sum(json, csin_part_kind_names[kind], &bom->of[kind],
                  kind != CSIN_PART_HOST || bom->hosts_priced,
                  kind != CSIN_PART_HOST || bom->hosts_powered);
    write_sum(json, "network", &bom->network, true, true);
    write_sum(json, "all", &bom->all, bom->hosts_priced, bom->hosts_powered);
    csin_json_end_object(json);
    csin_json_object(json, "network_each");
    csin_json_count(json, "host_ports", bom->n_host_ports);
    csin_json_count(json, "hosts", bom->fabric->n_hosts);
    csin_json_real(json, "price_per_host_port", bom->network.price / ports);
    csin_json_real(json, "power_per_host_port_W", bom->network.power_W / ports);
    csin_json_real(json, "price_per_host", bom->network.price / hosts);
    csin_json_real(json, "power_per_host_W", bom->network.power_W / hosts);
    csin_json_end_object(json);
    csin_json_object(json, "basis");
    for (unsigned basis = 0; basis < CSIN_N_BASES; basis++) {
        csin_json_flat_object(json, csin_basis_names[basis]);
        csin_json_real(json, "price", bom->price_by[basis]);
        csin_json_real(json, "power_W", bom->power_by_W[basis]);
        csin_json_end_object(json);
    }
    csin_json_end_object(json);
}

static void write_cables(struct csin_json *json, const struct csin_bom *bom)
{
    csin_json_object(json, "cables");
    for (unsigned medium = 0; medium < CSIN_N_MEDIA; medium++) {
        csin_json_flat_object(json, csin_medium_names[medium]);
        csin_json_count(json, "number", bom->n_cables_of[medium]);
        csin_json_real(json, "length_m", bom->length_of_m[medium]);
        csin_json_end_object(json);
    }
    csin_json_real(json, "longest_run_m", bom->longest_m);
    csin_json_end_object(json);
}

static void write_spot(struct csin_json *json, const struct csin_bom *bom, const char *name,
                       const struct csin_spot *spot)
{
    uint32_t per_row = (uint32_t)bom->parts->room.racks_per_row.n;
    csin_json_flat_object(json, NULL);
    csin_json_string(json, "name", name);
    csin_json_count(json, "row", spot->rack / per_row + 1);
    csin_json_count(json, "rack", spot->rack % per_row + 1);
    csin_json_count(json, "unit", spot->unit);
    csin_json_count(json, "units", spot->units);
    csin_json_end_object(json);
}

static void write_layout(struct csin_json *json, const struct csin_bom *bom)
{
    const struct csin_fabric *f = bom->fabric;
    const struct csin_layout *layout = &bom->layout;
    if (!bom->has_layout) {
        csin_json_string(json, "room", NULL);
        return;
    }
    csin_json_object(json, "room");
    csin_json_count(json, "racks", layout->n_racks);
    csin_json_count(json, "racks_used", layout->n_used);
    csin_json_real(json, "fullest_rack_W", layout->most_W);
    csin_json_array(json, "switches");
    for (uint32_t s = 0; s < f->n_switches; s++)
        write_spot(json, bom, f->switches[s].name, &layout->switches[s]);
    csin_json_end_array(json);
    csin_json_array(json, "hosts");
    for (uint32_t h = 0; h < f->n_hosts; h++)
        write_spot(json, bom, f->hosts[h].name, &layout->hosts[h]);
    csin_json_end_array(json);
    csin_json_end_object(json);
}

void csin_bom_write_json(const struct csin_bom *bom, FILE *out)
{
    struct csin_json json;
    csin_json_init(&json, out);
    csin_json_object(&json, NULL);
    csin_json_string(&json, "schema", "csin-bom-1");
    csin_json_string(&json, "fabric", bom->fabric->name);
    csin_json_string(&json, "fabric_sha256", bom->fabric->digest.hex);
    csin_json_string(&json, "catalogue", bom->parts->name.s);
    csin_json_string(&json, "catalogue_sha256", bom->parts->digest.hex);
    csin_json_string(&json, "currency", bom->parts->currency.s);
    write_rows(&json, bom);
    write_sums(&json, bom);
    write_cables(&json, bom);
    write_layout(&json, bom);
    csin_json_end_object(&json);
    csin_json_finish(&json);
}
