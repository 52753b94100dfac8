/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parts, prices, power: the switch counts that were published, bills against sums made here, cables
 * against the cheapest of all that would do, places against the rules of a room. */
#include "topo/bom.h"

#include "base/rng.h"
#include "tests/check.h"
#include "tests/topo/random_fabric.h"

struct billed {
    struct built b;
    struct csin_parts parts;
    struct csin_bom bom;
};

/* What csin says of a catalogue, and whether it takes it. */
static enum csin_status read_parts(struct csin_arena *arena, struct csin_diag *diag,
                                   const char *yaml, struct csin_parts *parts)
{
    return csin_parts_read(arena, diag, "parts.yaml", yaml, strlen(yaml), parts);
}

static void fill_in(struct billed *x, const char *parts, bool any_model)
{
    struct csin_diag *diag = csin_diag_create();
    enum csin_status status = strchr(parts, '\n')
                                  ? read_parts(x->b.arena, diag, parts, &x->parts)
                                  : csin_parts_open(x->b.arena, diag, parts, &x->parts);
    if (status == CSIN_OK)
        status = csin_bom_create(x->b.f, &x->parts, any_model, x->b.arena, diag, &x->bom);
    csin_diag_print(diag, stderr);
    assert_int_equal(status, CSIN_OK);
    assert_int_equal(csin_diag_errors(diag), 0);
    csin_diag_destroy(diag);
}

/* `parts`: YAML, or the name of a file. */
static struct billed *bill(const char *fabric, const char *parts)
{
    struct billed *x = calloc(1, sizeof *x); /* the bill points into it */
    assert_non_null(x);
    x->b = build_named(fabric);
    fill_in(x, parts, csin_fabric_is_line(fabric));
    return x;
}

static void billed_finish(struct billed *x)
{
    built_finish(&x->b);
    free(x);
}

static const struct csin_bom_row *row(const struct csin_bom *bom, const char *name, double length_m)
{
    for (uint32_t i = 0; i < bom->n_rows; i++)
        if (strcmp(bom->rows[i].name, name) == 0 && fabs(bom->rows[i].length_m - length_m) < 1e-9)
            return &bom->rows[i];
    fail_msg("no row '%s' of %g m", name, length_m);
    return NULL;
}

#define E ", example: true}"
#define BOXES                                                                                      \
    "catalogue: test\ncurrency: USD\n"                                                             \
    "switches:\n"                                                                                  \
    "  s40: {ports: 40, rate: 200Gb/s, price: {amount: 1000" E ", power: {amount: 400W" E "}\n"    \
    "  s64: {ports: 64, rate: 200Gb/s, price: {amount: 1500" E ", power: {amount: 700W" E "}\n"    \
    "nics:\n"                                                                                      \
    "  one: {rate: 200Gb/s, price: {amount: 100" E ", power: {amount: 20W" E "}\n"                 \
    "  two: {rate: 200Gb/s, ports: 2, price: {amount: 150" E ", power: {amount: 25W" E "}\n"       \
    "hosts:\n"                                                                                     \
    "  host: {nic: one, units: 2, price: {amount: 5000" E ", power: {amount: 1kW" E "}\n"          \
    "  fat: {nic: two, units: 4, price: {amount: 9000" E ", power: {amount: 2kW" E "}\n"           \
    "transceivers:\n"                                                                              \
    "  sr4: {price: {amount: 50" E ", power: {amount: 5W" E "}\n"                                  \
    "cables:\n"                                                                                    \
    "  dac: {medium: copper, rate: 200Gb/s, lengths: [1m, 3m, 2m],\n"                              \
    "        price: {amount: 10, per-metre: 5" E ", power: {amount: 0.1W" E "}\n"                  \
    "  fibre: {medium: optical, rate: 400Gb/s, lengths: [5m, 10m, 100m], transceiver: sr4,\n"      \
    "          price: {amount: 1, per-metre: 2" E ", power: {amount: 0W" E "}\n"
#define FLAT BOXES "cable-lengths: {hosts: 1.5m, switches: 6m}\n"
#define ROOM                                                                                       \
    BOXES "room:\n  rows: 3\n  racks-per-row: 4\n  units: 42\n  rack-pitch: 600mm\n"               \
          "  row-pitch: 2m\n  tray-height: 500mm\n  slack: 1m\n"

/* ---- what was published ---- */

static void switch_counts_are_those_of_the_papers(void **state)
{
    (void)state;
    static const struct {
        const char *fabric;
        uint32_t switches, leaves, spines, cores, ports, between;
    } cases[] = {
        /* An et al., SC'24, section III-B and Table III; arXiv:2505.09343, Table 3. */
        {"configs/fire-flyer-2.yaml", 122, 80, 40, 0, 1560, 1600 + 40},
        {"scenarios/procurement/fabrics/three-layer-1600.yaml", 200, 80, 80, 40, 1560, 3200},
        {"scenarios/procurement/fabrics/dgx-10000.yaml", 1320, 500, 500, 320, 10000, 20000},
        {"scenarios/procurement/fabrics/two-layer-2048.yaml", 96, 64, 32, 0, 2048, 2048},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct built b = build_named(cases[i].fabric);
        uint32_t layers[CSIN_N_LAYERS] = {0};
        csin_fabric_check(b.f);
        for (uint32_t s = 0; s < b.f->n_switches; s++)
            layers[b.f->switches[s].layer]++;
        assert_int_equal(b.f->n_switches, cases[i].switches);
        assert_int_equal(layers[CSIN_LEAF], cases[i].leaves);
        assert_int_equal(layers[CSIN_SPINE], cases[i].spines);
        assert_int_equal(layers[CSIN_CORE], cases[i].cores);
        assert_int_equal(b.f->n_nics, cases[i].ports);
        assert_int_equal(b.f->n_cables, cases[i].ports + cases[i].between);
        built_finish(&b);
    }
}

static void one_price_per_switch_meets_the_published_relative_prices_to_five_percent(void **state)
{
    (void)state;
    static const struct {
        const char *fabric;
        double network, servers, hosts; /* FF Table III; hosts there */
    } cases[] = {{"configs/fire-flyer-2.yaml", 350, 11250, 1250},
                 {"scenarios/procurement/fabrics/three-layer-1600.yaml", 600, 11250, 1250},
                 {"scenarios/procurement/fabrics/dgx-10000.yaml", 4000, 19000, 1250}};
    for (size_t i = 0; i < 3; i++) {
        struct billed *x = bill(cases[i].fabric, "scenarios/procurement/parts/relative.yaml");
        assert_close(x->bom.network.price, cases[i].network, 0.05);
        assert_close(x->bom.network.price, 3.0 * x->b.f->n_switches, 1e-12);
        uint64_t compute = 0;
        for (uint32_t h = 0; h < x->b.f->n_hosts; h++)
            compute += x->b.f->hosts[h].role == CSIN_COMPUTE;
        assert_close(x->bom.of[CSIN_PART_HOST].price / (double)compute,
                     cases[i].servers / cases[i].hosts, 1e-12);
        assert_true(x->bom.hosts_priced && x->bom.hosts_powered);
        billed_finish(x);
    }
}

/* ---- sums ---- */

static void a_bill_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    struct billed *x = bill("leaf:4 spine:2 host:8 ports:40 200Gb/s",
                            FLAT "spares: {switches: 0.1, nics: 0.02, cables: 0.05}\n");
    const struct csin_bom *bom = &x->bom;
    /* 6 switches and 1 spare; 32 NICs and 1; 32 cables of 2 m and 2; 8 fibres of 10 m and 1, with
     * two transceivers each and none on the shelf. */
    assert_int_equal(row(bom, "s40", 0)->n, 6);
    assert_int_equal(row(bom, "s40", 0)->n_spare, 1);
    assert_int_equal(row(bom, "one", 0)->n, 32);
    assert_int_equal(row(bom, "one", 0)->n_spare, 1);
    assert_int_equal(row(bom, "dac", 2)->n, 32);
    assert_int_equal(row(bom, "dac", 2)->n_spare, 2);
    assert_int_equal(row(bom, "fibre", 10)->n, 8);
    assert_int_equal(row(bom, "fibre", 10)->n_spare, 1);
    assert_int_equal(row(bom, "sr4", 0)->n, 16);
    assert_int_equal(row(bom, "host", 0)->n, 32);
    assert_int_equal(bom->n_rows, 6);
    assert_close(bom->network.price, 7 * 1000 + 33 * 100 + 34 * 20 + 9 * 21 + 16 * 50, 1e-12);
    assert_close(bom->all.price, bom->network.price + 32 * 5000, 1e-12);
    assert_close(bom->network.power_W, 6 * 400 + 32 * 20 + 32 * 0.1 + 16 * 5, 1e-12);
    assert_close(bom->all.power_W, bom->network.power_W + 32e3, 1e-12);
    assert_int_equal(bom->n_host_ports, 32);
    assert_int_equal(bom->n_cables_of[CSIN_COPPER], 32);
    assert_close(bom->length_of_m[CSIN_COPPER], 64, 1e-12);
    assert_close(bom->length_of_m[CSIN_OPTICAL], 80, 1e-12);
    assert_close(bom->price_by[CSIN_EXAMPLE], bom->all.price, 1e-12);
    billed_finish(x);
}

static void adapters_of_two_ports_serve_two_nics(void **state)
{
    (void)state;
    struct billed x = {
        .b = build_yaml("fabric: f\nswitch-models:\n  s40: {ports: 40, rate: 200Gb/s}\n"
                        "host-models:\n  fat: {nics: 3, rate: 200Gb/s}\n"
                        "zones:\n  a: {model: s40, leaves: 2, spines: 2, hosts-per-leaf: 20}\n"
                        "hosts:\n  - {names: 'f[1-5]', model: fat, attach: [{zone: a, nic: 0},"
                        " {zone: a, nic: 1}, {zone: a, nic: 2}]}\n")};
    fill_in(&x, FLAT, false);
    assert_int_equal(row(&x.bom, "two", 0)->n, 10); /* three ports are two adapters */
    assert_int_equal(row(&x.bom, "fat", 0)->n, 5);
    assert_int_equal(x.bom.n_host_ports, 15);
    built_finish(&x.b);
}

static void things_of_unknown_model_get_the_cheapest_that_will_do(void **state)
{
    (void)state;
    struct billed x = {.b = build_named("leaf:2 spine:1 host:4 ports:48 200Gb/s")};
    for (uint32_t s = 0; s < x.b.f->n_switches; s++)
        x.b.f->switches[s].model = NULL; /* as in a fabric that was read from the network */
    for (uint32_t h = 0; h < x.b.f->n_hosts; h++)
        x.b.f->hosts[h].model = NULL;
    fill_in(&x, FLAT, false);
    assert_int_equal(row(&x.bom, "s64", 0)->n, 3);
    assert_int_equal(row(&x.bom, "one", 0)->n, 8);
    assert_false(x.bom.hosts_priced);
    built_finish(&x.b);
}

static void dead_and_degraded_cables_are_bought_whole(void **state)
{
    (void)state;
    struct billed x = {
        .b = build_yaml("fabric: f\nswitch-models:\n  s40: {ports: 40, rate: 200Gb/s}\n"
                        "host-models:\n  host: {rate: 200Gb/s}\n"
                        "zones:\n  a: {model: s40, leaves: 2, spines: 2, hosts-per-leaf: 4}\n"
                        "hosts:\n  - {names: 'h[1-8]', model: host, attach: {zone: a}}\n"
                        "overrides:\n  - {between: [a-leaf1, a-spine1], state: down}\n"
                        "  - {between: [a-leaf2, a-spine1], rate: 1Gb/s}\n")};
    /* A slow cable for nothing must not replace the degraded one. */
    fill_in(&x,
            BOXES "  junk: {medium: copper, rate: 1Gb/s, lengths: 100m, price: {amount: 0" E
                  ", power: {amount: 0W" E "}\n"
                  "cable-lengths: {hosts: 1.5m, switches: 6m}\n",
            false);
    assert_int_equal(row(&x.bom, "fibre", 10)->n, 4);
    built_finish(&x.b);
}

static void the_same_bill_is_written_three_times_alike(void **state)
{
    (void)state;
    struct billed *x = bill("configs/fire-flyer-2.yaml", "configs/parts.yaml");
    for (const struct csin_bom_writer *w = csin_bom_writers; w->name; w++) {
        char *first = NULL, *again = NULL;
        size_t bytes;
        for (int i = 0; i < 2; i++) {
            FILE *out = open_memstream(i ? &again : &first, &bytes);
            assert_non_null(out);
            w->write(&x->bom, out);
            assert_int_equal(fclose(out), 0);
        }
        assert_string_equal(first, again);
        assert_true(bytes > 100 && first[bytes - 1] == '\n');
        for (const char *p = first; strcmp(w->name, "text") == 0 && *p;) {
            size_t n = strcspn(p, "\n");
            assert_true(n <= 80);
            assert_true(n == 0 || p[n - 1] != ' ');
            p += n + 1;
        }
        free(first);
        free(again);
    }
    billed_finish(x);
}

static void text_shows_which_figures_are_examples(void **state)
{
    (void)state;
    struct billed *x = bill("leaf:2 spine:1 host:4 ports:40 200Gb/s", FLAT);
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    csin_bom_write_text(&x->bom, out);
    fclose(out);
    assert_non_null(strstr(text, "  s40                            3       -      1,000 e"));
    assert_non_null(strstr(text, "examples make 100.0 % of the price"));
    free(text);
    billed_finish(x);
}

/* ---- cables ---- */

/* The cheapest of all that would do, one by one. */
static double cheapest(const struct csin_parts *parts, double rate_Bps, double run_m)
{
    double best = INFINITY;
    const struct csin_cable_part *cable = parts->cables.items;
    for (uint32_t k = 0; k < parts->cables.n; k++)
        for (uint32_t i = 0; i < cable[k].lengths.n; i++) {
            double length_m = ((const struct csin_quantity *)cable[k].lengths.items)[i].x;
            const struct csin_transceiver_part *ends =
                cable[k].transceiver.s
                    ? csin_parts_find(&parts->transceivers, sizeof *ends, cable[k].transceiver.s)
                    : NULL;
            double price = cable[k].price.amount.x + length_m * cable[k].price.per_metre.x +
                           (ends ? 2 * ends->price.amount.x : 0);
            if (length_m >= run_m - 1e-3 && cable[k].rate_Bps.x >= rate_Bps && price < best)
                best = price;
        }
    return best;
}

static void every_cable_reaches_and_is_the_cheapest(void **state)
{
    (void)state;
    struct billed *x = bill("configs/fire-flyer-2.yaml", "configs/parts.yaml");
    uint64_t n = 0;
    double price = 0;
    for (uint32_t c = 0; c < x->b.f->n_cables; c++) {
        const struct csin_bom_row *r = x->bom.cable_row[c];
        assert_int_equal(r->kind, CSIN_PART_CABLE);
        assert_true(r->length_m >= x->bom.run_m[c] - 1e-3);
        assert_true(x->bom.run_m[c] <= x->bom.longest_m);
        price += cheapest(&x->parts, x->b.f->cables[c].capacity_Bps, x->bom.run_m[c]);
    }
    double paid = 0;
    for (uint32_t i = 0; i < x->bom.n_rows; i++) {
        const struct csin_bom_row *r = &x->bom.rows[i];
        assert_true(r->n > 0);
        if (r->kind == CSIN_PART_CABLE)
            n += r->n;
        if (r->kind == CSIN_PART_CABLE || r->kind == CSIN_PART_TRANSCEIVER)
            paid += (double)r->n * r->price_each;
    }
    assert_int_equal(n, x->b.f->n_cables);
    assert_close(paid, price, 1e-12);
    billed_finish(x);
}

/* ---- the room ---- */

/* Nothing stands where something else does, nothing sticks out, no rack draws too much. */
static void check_room(const struct billed *x)
{
    const struct csin_layout *layout = &x->bom.layout;
    uint32_t units = (uint32_t)layout->room->units.n;
    char *taken = calloc((size_t)layout->n_racks * units, 1);
    assert_non_null(taken);
    for (uint32_t i = 0; i < x->b.f->n_switches + x->b.f->n_hosts; i++) {
        const struct csin_spot *spot = i < x->b.f->n_switches
                                           ? &layout->switches[i]
                                           : &layout->hosts[i - x->b.f->n_switches];
        assert_true(spot->rack < layout->n_racks && spot->units > 0 && spot->unit >= 1);
        assert_true(spot->unit + spot->units - 1 <= units);
        for (uint32_t u = 0; u < spot->units; u++) {
            char *at = &taken[(size_t)spot->rack * units + spot->unit - 1 + u];
            assert_int_equal(*at, 0);
            *at = 1;
        }
    }
    uint32_t used = 0;
    for (uint32_t r = 0; r < layout->n_racks; r++)
        used += memchr(&taken[(size_t)r * units], 1, units) != NULL;
    assert_int_equal(used, layout->n_used);
    if (layout->room->rack_power_W.loc.line)
        assert_true(layout->most_W <= layout->room->rack_power_W.x);
    free(taken);
}

static void nothing_stands_in_the_place_of_something_else(void **state)
{
    (void)state;
    static const char *const rooms[] = {
        ROOM,
        ROOM "  leaves: end-of-row\n",
        ROOM "  spines: front\n  rack-power: 9kW\n",
        ROOM "  spines: back\n  leaves: end-of-row\n  network-racks: 2\n",
    };
    static const char *const lines[] = {
        "leaf:4 spine:2 host:8 ports:40 200Gb/s", "leaf:3 spine:2 host:12 ports:40 200Gb/s",
        "leaf:6 spine:3 host:1 ports:64 200Gb/s", "leaf:1 spine:1 host:3 ports:40 200Gb/s"};
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++)
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            struct billed *x = bill(lines[i], rooms[r]);
            check_room(x);
            billed_finish(x);
        }
    struct billed *x = bill("configs/fire-flyer-2.yaml", "configs/parts.yaml");
    check_room(x);
    billed_finish(x);
}

static void lengths_are_those_of_the_drawing(void **state)
{
    (void)state;
    /* Leaf 1 at the top of rack 1, its hosts of 2 units from the bottom up; the spine alone in the
     * middle of 2 + 1 racks. */
    struct billed *x = bill("leaf:2 spine:1 host:15 ports:40 200Gb/s", ROOM);
    const struct csin_layout *layout = &x->bom.layout;
    const double unit = 0.04445;
    assert_string_equal(csin_spot_name(layout, &layout->switches[0]).s, "1-1-42");
    assert_string_equal(csin_spot_name(layout, &layout->hosts[0]).s, "1-1-1");
    assert_string_equal(csin_spot_name(layout, &layout->hosts[14]).s, "1-1-29");
    assert_string_equal(csin_spot_name(layout, &layout->switches[2]).s, "1-2-42");
    assert_string_equal(csin_spot_name(layout, &layout->switches[1]).s, "1-3-42");
    /* Inside a rack: from the middle of units 1 and 2 to that of unit 42, and 1 m of slack. */
    assert_close(x->bom.run_m[0], (41.5 - 1) * unit + 1, 1e-12);
    /* Half a unit and 0.5 m up to the tray, one rack on, down again. */
    double up = 0.5 * unit + 0.5;
    assert_close(csin_layout_distance(layout, &layout->switches[0], &layout->switches[2]),
                 2 * up + 0.6 + 1, 1e-12);
    /* Two rows and three racks further. */
    struct csin_spot far = {11, 42, 1};
    assert_close(csin_layout_distance(layout, &layout->switches[0], &far),
                 2 * up + 3 * 0.6 + 2 * 2 + 1, 1e-12);
    assert_close(csin_layout_distance(layout, &far, &layout->switches[0]),
                 csin_layout_distance(layout, &layout->switches[0], &far), 1e-12);
    billed_finish(x);
}

static void leaves_stand_with_their_hosts_or_at_the_end_of_their_row(void **state)
{
    (void)state;
    struct billed *x = bill("leaf:5 spine:1 host:15 ports:40 200Gb/s",
                            ROOM "  leaves: end-of-row\n");
    const struct csin_layout *layout = &x->bom.layout;
    for (uint32_t s = 0; s < x->b.f->n_switches; s++)
        if (x->b.f->switches[s].layer == CSIN_LEAF)
            assert_int_equal(layout->switches[s].rack % 4, 3);
    for (uint32_t nic = 0; nic < x->b.f->n_nics; nic++)
        assert_int_equal(layout->hosts[x->b.f->nics[nic].host].rack / 4,
                         layout->switches[x->b.f->nics[nic].leaf].rack / 4);
    billed_finish(x);
    x = bill("leaf:5 spine:1 host:15 ports:40 200Gb/s", ROOM);
    layout = &x->bom.layout;
    for (uint32_t nic = 0; nic < x->b.f->n_nics; nic++)
        assert_int_equal(layout->hosts[x->b.f->nics[nic].host].rack,
                         layout->switches[x->b.f->nics[nic].leaf].rack);
    billed_finish(x);
}

static void random_fabrics_get_bills_that_add_up(void **state)
{
    (void)state;
    /* Whatever the fabric, parts for all its models. */
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct random_fabric *r = random_fabric_create(seed);
        struct billed x = {.b = build_yaml(r->yaml)};
        fill_in(&x,
                "catalogue: test\ncurrency: USD\nswitches:\n"
                "  huge: {ports: 4096, rate: 1000Gb/s, price: {amount: 3" E ", power: {amount: 1W" E
                "}\n"
                "nics:\n  n: {rate: 1000Gb/s, price: {amount: 5" E ", power: {amount: 1W" E "}\n"
                "hosts: {}\ncables:\n"
                "  c: {medium: optical, rate: 1000Gb/s, lengths: 100m, price: {amount: 7" E
                ", power: {amount: 1W" E "}\n"
                "room: {rows: 20, racks-per-row: 20, units: 20, rack-pitch: 1m, row-pitch: 1m}\n",
                true);
        check_room(&x);
        assert_close(x.bom.network.price,
                     3.0 * x.b.f->n_switches + 5.0 * x.b.f->n_nics + 7.0 * x.b.f->n_cables, 1e-12);
        assert_false(x.bom.hosts_priced);
        built_finish(&x.b);
        random_fabric_destroy(r);
    }
}

/* ---- what is refused ---- */

/* Compares all that csin says of a catalogue, and of a fabric with it. */
static void check_refused(const char *fabric, const char *parts_yaml, const char *want)
{
    struct built b = build_yaml(fabric);
    struct csin_diag *diag = csin_diag_create();
    struct csin_parts parts;
    struct csin_bom bom;
    enum csin_status status = read_parts(b.arena, diag, parts_yaml, &parts);
    if (status == CSIN_OK)
        status = csin_bom_create(b.f, &parts, false, b.arena, diag, &bom);
    assert_int_equal(status, CSIN_E_INPUT);
    assert_says(&diag, want);
    csin_diag_destroy(diag);
    built_finish(&b);
}

#define SMALL(model, host)                                                                         \
    "fabric: f\n"                                                                                  \
    "switch-models:\n  " model ": {ports: 40, rate: 200Gb/s}\n"                                    \
    "host-models:\n  " host ": {rate: 200Gb/s}\n"                                                  \
    "zones:\n  a: {model: " model ", leaves: 2, spines: 2, hosts-per-leaf: 20}\n"                  \
    "hosts:\n  - {names: 'h[1-40]', model: " host ", attach: {zone: a}}\n"

static void unknown_models_are_told_once_each(void **state)
{
    (void)state;
    check_refused(SMALL("s41", "hots"), FLAT,
                  "test.yaml:7:3: error: the catalogue has no switch 's41' [CSIN-693]\n"
                  "parts.yaml:4:3: note: did you mean the switch 's40'?\n"
                  "test.yaml:9:14: error: the catalogue has no host 'hots' [CSIN-694]\n"
                  "parts.yaml:10:3: note: did you mean the host 'host'?\n");
}

static void a_part_of_another_shape_is_refused(void **state)
{
    (void)state;
    check_refused(SMALL("s64", "host"), FLAT,
                  "parts.yaml:5:16: error: switch 's64' has 64 ports here and 40 in the fabric "
                  "[CSIN-695]\n"
                  "test.yaml:7:3: note: 'a-leaf1' of the fabric is of this model\n");
}

static void a_millimetre_needs_no_longer_cable(void **state)
{
    (void)state;
    static const char *const lengths[] = {"2.0009m", "2.0011m"};
    for (size_t i = 0; i < 2; i++) {
        char parts[4096];
        snprintf(parts, sizeof parts, BOXES "cable-lengths: {hosts: %s, switches: 6m}\n",
                 lengths[i]);
        struct billed *x = bill("leaf:4 spine:2 host:8 ports:40 200Gb/s", parts);
        const struct csin_bom_row *row = x->bom.cable_row[0];
        assert_true(i == 0 ? row->length_m == 2 : row->length_m > 2);
        billed_finish(x);
    }
}

static void a_cable_that_nobody_sells_is_told_with_the_longest(void **state)
{
    (void)state;
    check_refused(SMALL("s40", "host"), BOXES "cable-lengths: {hosts: 2m, switches: 200m}\n",
                  "parts.yaml:15:3: error: no cable of 200 Gb/s is 200.0 m long [CSIN-698]\n"
                  "parts.yaml:17:62: note: the longest has 100 m\n"
                  "parts.yaml:15:3: note: it goes from 'a-leaf1' to 'a-spine1'\n");
}

static void a_room_that_is_too_small_is_told_with_what_would_do(void **state)
{
    (void)state;
    /* Two groups of 20 hosts in two racks each at 20 kW, and a rack of spines. */
    check_refused(SMALL("s40", "host"),
                  BOXES
                  "room: {rows: 1, racks-per-row: 4, units: 42, rack-pitch: 1m, row-pitch: 1m,"
                  " rack-power: 20kW}\n",
                  "parts.yaml:19:14: error: 4 racks are not enough: 5 are needed [CSIN-699]\n"
                  "parts.yaml:19:14: note: write more rows, longer ones, or higher racks, or more "
                  "'rack-power'\n");
    check_refused(SMALL("s40", "host"),
                  BOXES "room: {rows: 1, racks-per-row: 9, units: 1, rack-pitch: 1m, row-pitch: 1m}"
                        "\n",
                  "parts.yaml:10:3: error: a part of 2 units is higher than a rack of 1 "
                  "[CSIN-700]\n"
                  "parts.yaml:19:42: note: the height of racks is here\n");
}

static void a_figure_says_where_it_is_from(void **state)
{
    (void)state;
    check_refused(
        SMALL("s40", "host"),
        "catalogue: t\ncurrency: USD\nswitches:\n"
        "  s: {ports: 4, rate: 1Gb/s, price: {amount: 1}, power: {amount: 2W, source: x,"
        " assumed: y}}\n"
        "nics: {}\nhosts: {}\ncables: {}\n",
        "parts.yaml:4:37: error: 'price' does not say where it is from [CSIN-692]\n"
        "parts.yaml:4:37: note: write one of source: TEXT, assumed: TEXT and example: "
        "true\n"
        "parts.yaml:4:57: error: 'power' has more than one of source, assumed and example "
        "[CSIN-692]\n"
        "parts.yaml:4:57: note: write one of source: TEXT, assumed: TEXT and example: "
        "true\n");
}

CHECK_MAIN(
    cmocka_unit_test(switch_counts_are_those_of_the_papers),
    cmocka_unit_test(one_price_per_switch_meets_the_published_relative_prices_to_five_percent),
    cmocka_unit_test(a_bill_is_the_sum_of_its_parts),
    cmocka_unit_test(adapters_of_two_ports_serve_two_nics),
    cmocka_unit_test(things_of_unknown_model_get_the_cheapest_that_will_do),
    cmocka_unit_test(dead_and_degraded_cables_are_bought_whole),
    cmocka_unit_test(the_same_bill_is_written_three_times_alike),
    cmocka_unit_test(text_shows_which_figures_are_examples),
    cmocka_unit_test(every_cable_reaches_and_is_the_cheapest),
    cmocka_unit_test(nothing_stands_in_the_place_of_something_else),
    cmocka_unit_test(lengths_are_those_of_the_drawing),
    cmocka_unit_test(leaves_stand_with_their_hosts_or_at_the_end_of_their_row),
    cmocka_unit_test(random_fabrics_get_bills_that_add_up),
    cmocka_unit_test(unknown_models_are_told_once_each),
    cmocka_unit_test(a_part_of_another_shape_is_refused),
    cmocka_unit_test(a_millimetre_needs_no_longer_cable),
    cmocka_unit_test(a_cable_that_nobody_sells_is_told_with_the_longest),
    cmocka_unit_test(a_room_that_is_too_small_is_told_with_what_would_do),
    cmocka_unit_test(a_figure_says_where_it_is_from))
