/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fabric on one screen of 80 columns, for a network engineer. */
#include "topo/export.h"

#include <math.h>
#include <string.h>

#include "base/units.h"

#define MAX_GROUPS 12u      /* rows of hosts or switches; more are taken together */
#define MAX_ZONES 16u       /* rows of zones */
#define MAX_CABLES 10u      /* dead or degraded cables named */
#define MAX_ODD 4u          /* oddities of a kind */
#define OVERSUBSCRIPTION 22 /* columns left for it in the row of a zone */

/* Things of one kind and model that share a row. */
struct group {
    unsigned kind; /* role or layer */
    const char *model;
    uint32_t each; /* NICs of a host */
    double rate_Bps;
    uint64_t n, n_ports, n_used;
};

struct groups {
    struct group rows[MAX_GROUPS];
    uint32_t n;
};

/* The row for a thing; the last row takes what does not fit, and loses its model. */
static struct group *group_of(struct groups *groups, struct group key)
{
    struct group *row = groups->rows;
    for (uint32_t i = 0; i < groups->n; i++, row++)
        if (row->kind == key.kind && row->each == key.each && row->rate_Bps == key.rate_Bps &&
            row->model && strcmp(row->model, key.model) == 0)
            return row;
    if (groups->n == MAX_GROUPS) {
        groups->rows[MAX_GROUPS - 1].model = NULL;
        return &groups->rows[MAX_GROUPS - 1];
    }
    groups->n++;
    *row = key;
    return row;
}

/* What each model says of the inside of its hosts. */
static void write_insides(const struct csin_fabric *f, FILE *out)
{
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        bool seen = !host->inside;
        for (uint32_t k = h; k-- > 0 && !seen;)
            seen = f->hosts[k].inside == host->inside;
        if (seen)
            continue;
        fprintf(out, "\nInside a %s\n", host->model);
        csin_inside_model_write_text(host->inside, 2, out);
    }
}

static void write_hosts(const struct csin_fabric *f, FILE *out)
{
    struct groups groups = {0};
    for (uint32_t h = 0; h < f->n_hosts; h++) {
        const struct csin_host *host = &f->hosts[h];
        double rate_Bps = host->n_nics ? f->nics[host->first_nic].rate_Bps : 0;
        group_of(&groups, (struct group){.kind = host->role,
                                         .model = host->model ? host->model : "",
                                         .each = host->n_nics,
                                         .rate_Bps = rate_Bps})
            ->n++;
    }
    fprintf(out, "\n%-14s%-20s%10s%16s%16s\n", "Hosts", "model", "hosts", "NICs per host",
            "rate of a NIC");
    for (unsigned role = 0; role < CSIN_N_ROLES; role++)
        for (uint32_t i = 0; i < groups.n; i++) {
            const struct group *row = &groups.rows[i];
            if (row->kind != role)
                continue;
            if (!row->model)
                fprintf(out, "  %-12s%-20s%10s\n", "others", "", csin_show_count(row->n).s);
            else
                fprintf(out, "  %-12s%-20.19s%10s%16s%16s\n", csin_role_names[role], row->model,
                        csin_show_count(row->n).s, csin_show_count(row->each).s,
                        csin_show_linerate(row->rate_Bps).s);
        }
    if (groups.n == 0)
        fputs("  none\n", out);
    write_insides(f, out);
}

static void write_switches(const struct csin_fabric *f, FILE *out)
{
    /* From the hosts upwards, and what joins zones last. */
    static const enum csin_layer order[] = {CSIN_LEAF, CSIN_SPINE, CSIN_CORE, CSIN_INTER_ZONE};
    struct groups groups = {0};
    for (uint32_t s = 0; s < f->n_switches; s++) {
        const struct csin_switch *sw = &f->switches[s];
        struct group *row = group_of(
            &groups, (struct group){.kind = sw->layer, .model = sw->model ? sw->model : ""});
        row->n++;
        row->n_ports += sw->n_ports;
        row->n_used += sw->n_used;
    }
    fprintf(out, "\n%-14s%-20s%10s%12s%10s%10s\n", "Switches", "model", "switches", "ports", "used",
            "free");
    for (unsigned l = 0; l < sizeof order / sizeof *order; l++)
        for (uint32_t i = 0; i < groups.n; i++) {
            const struct group *row = &groups.rows[i];
            if (row->kind == order[l])
                fprintf(out, "  %-12s%-20.19s%10s%12s%10s%10s\n",
                        row->model ? csin_layer_names[row->kind] : "others",
                        row->model ? row->model : "", csin_show_count(row->n).s,
                        csin_show_count(row->n_ports).s, csin_show_count(row->n_used).s,
                        csin_show_count(row->n_ports - row->n_used).s);
        }
}

static bool same(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* Of what is plugged in, and as planned where that differs and both fit into the last column. */
static struct csin_shown oversubscription_of(const struct csin_zone_facts *fact)
{
    struct csin_shown now = csin_show_oversubscription(fact->oversubscription);
    struct csin_shown plan = csin_show_oversubscription(fact->planned_oversubscription), both;
    if (strcmp(now.s, plan.s) == 0)
        return now;
    now.s[strcspn(now.s, " ")] = 0; /* without '(non-blocking)' */
    plan.s[strcspn(plan.s, " ")] = 0;
    int n = snprintf(both.s, sizeof both.s, "%.16s, %.16s planned", now.s, plan.s);
    return fact->oversubscription > 0 && isfinite(fact->oversubscription) && n <= OVERSUBSCRIPTION
               ? both
               : csin_show_oversubscription(fact->oversubscription);
}

/* Why a zone has another bisection than its plan. */
static void write_bisection(const struct csin_fabric *f, const struct csin_zone_facts *fact,
                            uint32_t z, FILE *out)
{
    uint64_t n = 0, dead = 0, degraded = 0;
    for (uint32_t c = 0; c < f->n_cables; c++) {
        const struct csin_cable *cable = &f->cables[c];
        if (cable->place != CSIN_AT_SPINE || csin_is_nic(f, cable->end[0]) ||
            f->switches[cable->end[0]].zone != z)
            continue;
        n++;
        dead += !cable->up;
        degraded += cable->up && cable->degraded;
    }
    fprintf(out, "  %s: bisection %s by max-flow, %s by the formula:\n      ",
            f->zones[z].name && *f->zones[z].name ? f->zones[z].name : "zone",
            csin_show_rate(fact->bisection_flow_Bps).s,
            csin_show_rate(fact->bisection_formula_Bps).s);
    if (dead || degraded)
        fprintf(out, "of %s leaf-spine cables %s dead and %s degraded\n", csin_show_count(n).s,
                csin_show_count(dead).s, csin_show_count(degraded).s);
    else
        fputs("the zone has cables beyond leaves x spines x links\n", out);
}

/* Zones that share a row: the same shape and the same figures. */
static bool alike(const struct csin_fabric *f, const struct csin_fabric_facts *facts, uint32_t a,
                  uint32_t b)
{
    const struct csin_zone *x = &f->zones[a], *y = &f->zones[b];
    const struct csin_zone_facts *p = &facts->zones[a], *q = &facts->zones[b];
    return x->regular == y->regular && x->n_leaves == y->n_leaves && x->n_spines == y->n_spines &&
           x->links_per_pair == y->links_per_pair && x->hosts_per_leaf == y->hosts_per_leaf &&
           same(p->bisection_flow_Bps, q->bisection_flow_Bps) &&
           same(p->planned_oversubscription, q->planned_oversubscription) &&
           (p->oversubscription == q->oversubscription ||
            same(p->oversubscription, q->oversubscription));
}

/* Cables of a pair: '2', or '1-2' where spines differ. */
static struct csin_shown links_of(const struct csin_zone *zone)
{
    struct csin_shown shown = csin_show_count(zone->links_per_pair);
    uint32_t least = zone->links_per_pair, most = least;
    for (uint32_t g = 0; g < zone->n_groups; g++) {
        uint32_t links = zone->groups[g].links_per_pair;
        least = links < least ? links : least;
        most = links > most ? links : most;
    }
    if (least < most)
        snprintf(shown.s, sizeof shown.s, "%u-%u", least, most);
    return shown;
}

/* One zone, the pods and planes of one, or the first and last of several. */
static void name_zones(const struct csin_fabric *f, uint32_t first, uint32_t next, char *name,
                       size_t room)
{
    const struct csin_zone *zone = &f->zones[first], *last = &f->zones[next - 1];
    uint32_t n = 0, of_family = 0, planes = 1;
    for (uint32_t z = 0; z < f->n_zones; z++)
        if (strcmp(f->zones[z].family, zone->family) == 0) {
            of_family++;
            n += z >= first && z < next;
            planes = f->zones[z].plane >= planes ? f->zones[z].plane + 1 : planes;
        }
    const char *family = zone->family, *dash = *family ? "-p" : "p";
    uint32_t pods = of_family / planes;
    if (next - first == 1)
        snprintf(name, room, "%s", *zone->name ? zone->name : "(unnamed)");
    else if (n != of_family || n != next - first)
        snprintf(name, room, "%s..%s", zone->name, last->name);
    else if (planes == 1)
        snprintf(name, room, "%s[1-%u]", *family ? family : "pod", pods);
    else if (pods == 1)
        snprintf(name, room, "%s%s[1-%u]", family, dash, planes);
    else
        snprintf(name, room, "%s[1-%u]-p[1-%u]", *family ? family : "pod", pods, planes);
}

static void write_zones(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                        FILE *out)
{
    uint32_t rows = 0, z = 0;
    bool formula = false, differ = false;
    if (f->n_zones == 0)
        return;
    fprintf(out, "\n%-14s%-15s%6s%8s%13s  %s\n", "Zones", "leaves x spines", "links", "hosts",
            "bisection", "oversubscription");
    fprintf(out, "%-14s%-15s%6s%8s%13s  %s\n", "", "", "/pair", "/leaf", "", "of the worst leaf");
    for (; z < f->n_zones && rows < MAX_ZONES; rows++) {
        const struct csin_zone *zone = &f->zones[z];
        const struct csin_zone_facts *fact = &facts->zones[z];
        char name[200], shape[100];
        uint32_t next = z + 1;
        while (next < f->n_zones && alike(f, facts, z, next) &&
               (f->n_zones > 4 || strcmp(zone->family, f->zones[next].family) == 0))
            next++;
        name_zones(f, z, next, name, sizeof name);
        snprintf(shape, sizeof shape, "%s x %s", csin_show_count(zone->n_leaves).s,
                 csin_show_count(zone->n_spines).s);
        if (next - z > 1 && strlen(name) > 11)
            fprintf(out, "  %s\n%*s", name, 14, "");
        else
            fprintf(out, "  %-12.11s", name);
        fprintf(out, "%-15s%6s%8s%13s  %s\n", shape, zone->regular ? links_of(zone).s : "mixed",
                csin_show_count(zone->hosts_per_leaf).s,
                zone->n_leaves > 1 ? csin_show_rate(fact->bisection_flow_Bps).s : "-",
                oversubscription_of(fact).s);
        z = next;
    }
    if (z < f->n_zones)
        fprintf(out, "  and %s more\n", csin_show_count(f->n_zones - z).s);

    for (uint32_t i = 0, named = 0; i < f->n_zones && named < MAX_CABLES; i++) {
        const struct csin_zone_facts *fact = &facts->zones[i];
        if (!f->zones[i].regular || same(fact->bisection_flow_Bps, fact->bisection_formula_Bps)) {
            formula |= f->zones[i].regular && f->zones[i].n_leaves > 1;
            differ |= f->zones[i].n_groups > 1 || f->zones[i].pair_links > 0;
            continue;
        }
        write_bisection(f, fact, i, out);
        named++;
    }
    if (formula && differ)
        fputs("  max-flow = formula: floor(leaves/2) x uplinks of a leaf, and a pair cut\n", out);
    else if (formula)
        fputs("  max-flow = formula: floor(leaves/2) x spines x links x rate\n", out);
}

static void write_faults(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                         FILE *out)
{
    uint64_t n = (uint64_t)facts->n_dead_cables + facts->n_degraded_cables;
    uint32_t named = 0;
    if (n == 0)
        return;
    fputs("\nDead and degraded cables\n", out);
    for (uint32_t c = 0; c < f->n_cables && named < MAX_CABLES; c++) {
        const struct csin_cable *cable = &f->cables[c];
        char ends[2][100];
        if (cable->up && !cable->degraded)
            continue;
        for (unsigned e = 0; e < 2; e++) {
            struct csin_vertex_name name = csin_vertex_name(f, cable->end[e]);
            if (csin_is_nic(f, cable->end[e]))
                snprintf(ends[e], sizeof ends[e], "%s", name.s);
            else
                snprintf(ends[e], sizeof ends[e], "%s:%u", name.s, cable->port[e] + 1);
        }
        if (cable->up)
            fprintf(out, "  %-26s %-26s degraded, %s\n", ends[0], ends[1],
                    csin_show_linerate(cable->capacity_Bps).s);
        else
            fprintf(out, "  %-26s %-26s dead\n", ends[0], ends[1]);
        named++;
    }
    if (n > named)
        fprintf(out, "  and %s more\n", csin_show_count(n - named).s);
}

static void write_cables(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                         FILE *out)
{
    static const char *const names[CSIN_N_PLACES] = {"to hosts", "leaf to spine", "between zones",
                                                     "elsewhere", "spine to core"};
    uint64_t at[CSIN_N_PLACES] = {0};
    for (uint32_t c = 0; c < f->n_cables; c++)
        at[f->cables[c].place]++;
    int column = fprintf(out, "\n%-14s%s", "Cables", csin_show_count(f->n_cables).s) - 1;
    const char *comma = " (";
    for (unsigned p = 0; p < CSIN_N_PLACES; p++)
        if (at[p]) {
            char text[100];
            int n = snprintf(text, sizeof text, "%s %s", csin_show_count(at[p]).s, names[p]);
            if (column + n + 3 > 80) { /* with the comma or bracket after it */
                fputs(",\n", out);
                column = fprintf(out, "%-14s", "");
                comma = "";
            }
            column += fprintf(out, "%s%s", comma, text);
            comma = ", ";
        }
    fputs(f->n_cables ? ")\n" : "\n", out);
    fprintf(out, "%-14s", "");
    if (facts->n_dead_cables == 0 && facts->n_degraded_cables == 0)
        fputs("all up at full rate\n", out);
    else
        fprintf(out, "%s dead, %s degraded\n", csin_show_count(facts->n_dead_cables).s,
                csin_show_count(facts->n_degraded_cables).s);
}

/* A sentence, broken at blanks to 80 columns. */
static void write_sentence(const char *text, FILE *out)
{
    int column = fprintf(out, "  ");
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (column + n + 1 > 80 && column > 4)
            column = fprintf(out, "\n    ") - 1;
        column += fprintf(out, "%s%.*s", column > 4 ? " " : "", n, text);
        text += n + strspn(text + n, " ");
    }
    putc('\n', out);
}

/* The first few of each kind; slow cables are told above. */
static void write_oddities(const struct csin_oddities *odd, FILE *out)
{
    uint32_t n[CSIN_N_ODDITIES] = {0}, all = 0;
    for (uint32_t i = 0; i < odd->n; i++)
        all += odd->items[i].kind != CSIN_ODD_SLOW;
    if (all == 0)
        return;
    fputs("\nWhat does not fit a fat-tree\n", out);
    for (unsigned k = 0; k < CSIN_N_ODDITIES; k++) {
        for (uint32_t i = 0; i < odd->n && k != CSIN_ODD_SLOW; i++)
            if (odd->items[i].kind == k && n[k]++ < MAX_ODD)
                write_sentence(odd->items[i].text, out);
        if (n[k] > MAX_ODD)
            fprintf(out, "  and %s more like the last\n", csin_show_count(n[k] - MAX_ODD).s);
    }
}

/* ', over 4 separate planes' */
static struct csin_shown planes_of(const struct csin_fabric_facts *facts)
{
    struct csin_shown shown;
    snprintf(shown.s, sizeof shown.s, ", over %.8s separate planes",
             csin_show_count(facts->n_components).s);
    return shown;
}

/* Bandwidth above the leaves. With two zones of a plane any two of them are the halves. */
static void write_between(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                          FILE *out)
{
    uint32_t worst = csin_worst_pod(f, facts);
    if (worst != CSIN_NONE) {
        const struct csin_zone_facts *pod = &facts->zones[worst];
        fprintf(out, "%-14soversubscription above the spines %s\n", "Pods",
                csin_show_oversubscription(pod->core_oversubscription).s);
        fprintf(out, "%-14s(the worst: hosts %s, cables to the core %s)\n", "",
                csin_show_rate(pod->host_Bps).s, csin_show_rate(pod->core_Bps).s);
    }
    if (facts->inter_zone_Bps > 0)
        fprintf(out, "%-14s%s%s\n", f->n_trees ? "Between pods" : "Between zones",
                csin_show_rate(facts->inter_zone_Bps).s,
                f->n_zones > 2 ? " (smallest cut between any two)" : "");
    else
        fprintf(out, "%-14s%s\n", f->n_trees ? "Between pods" : "Between zones",
                facts->n_parts == 1 && facts->n_components > 1
                    ? "nothing: they are planes apart, and hosts are in several"
                    : "nothing: some zones are not joined");
    if (f->n_zones > 2)
        fprintf(out, "%-14s%s (half of the %s against the other half, by max-flow)\n", "Bisection",
                csin_show_rate(facts->whole_bisection_Bps).s, f->n_trees ? "pods" : "zones");
}

void csin_fabric_write_text(const struct csin_fabric_view *view, FILE *out)
{
    const struct csin_fabric *fabric = view->fabric;
    const struct csin_fabric_facts *facts = view->facts;
    fprintf(out, "%-14s%s: %s switch%s, %s host%s, %s NIC%s\n", "Fabric", fabric->name,
            csin_show_count(fabric->n_switches).s, fabric->n_switches == 1 ? "" : "es",
            csin_show_count(fabric->n_hosts).s, fabric->n_hosts == 1 ? "" : "s",
            csin_show_count(fabric->n_nics).s, fabric->n_nics == 1 ? "" : "s");
    write_hosts(fabric, out);
    write_switches(fabric, out);
    write_zones(fabric, facts, out);
    write_cables(fabric, facts, out);
    if (facts->n_cuts)
        write_between(fabric, facts, out);
    fprintf(out, "%-14s%s cable%s on the longest way between two NICs\n", "Diameter",
            csin_show_count(facts->diameter).s, facts->diameter == 1 ? "" : "s");
    if (facts->n_parts == 0)
        fprintf(out, "%-14sno host is attached\n", "Connected");
    else if (facts->n_parts == 1)
        fprintf(out, "%-14severy %s reaches every other%s\n", "Connected",
                facts->n_dead_nics || facts->n_components > 1 ? "host" : "NIC",
                facts->n_components > 1 ? planes_of(facts).s : "");
    else
        fprintf(out,
                "%-14sNO: %s parts that cannot reach each other\n"
                "%-14shost %.46s is in the %s\n",
                "Connected", csin_show_count(facts->n_parts).s, "",
                fabric->hosts[facts->lone_host].name, facts->n_parts == 2 ? "smaller" : "smallest");
    if (facts->n_dead_nics)
        fprintf(out, "%-14s%s NIC%s no cable that is up; %s reached over %s NICs\n", "",
                csin_show_count(facts->n_dead_nics).s, facts->n_dead_nics == 1 ? " has" : "s have",
                facts->n_dead_nics == 1 ? "its host is" : "their hosts are", "other");
    write_faults(fabric, facts, out);
    write_oddities(&facts->oddities, out);
}
