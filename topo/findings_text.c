/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Findings for a person, 80 columns: what must be mended first, then figures. */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "topo/findings.h"

#define WIDTH 80u
#define MAX_LOOP 12u /* arcs of a loop written */

/* Writes text broken at spaces, behind `column` columns that are filled already. */
static void wrap(FILE *out, unsigned column, unsigned indent, const char *text)
{
    bool is_first = true;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (!is_first && column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            is_first = true;
        }
        fprintf(out, "%s%.*s", is_first ? "" : " ", (int)n, text);
        column += (unsigned)n + !is_first;
        is_first = false;
        text += n + strspn(text + n, " ");
    }
    fputc('\n', out);
}

static const char *nic_name(const struct csin_fabric *f, uint32_t nic, struct csin_vertex_name *n)
{
    *n = csin_vertex_name(f, f->n_switches + nic);
    return n->s;
}

/* At most `room` columns of a name, cut in the middle: what tells names apart is at both ends. */
static struct csin_shown cut(const char *name, size_t room)
{
    struct csin_shown shown;
    size_t n = strlen(name), tail = (room - 2) / 2 + (room - 2) % 2;
    if (n <= room)
        snprintf(shown.s, sizeof shown.s, "%.*s", (int)room, name);
    else
        snprintf(shown.s, sizeof shown.s, "%.*s..%.*s", (int)(room - 2 - tail), name, (int)tail,
                 name + n - tail);
    return shown;
}

/* In at most `room` columns, of which a short name leaves its rest to the other. */
static struct csin_shown show_ends(const char *a, const char *join, const char *z, size_t room)
{
    struct csin_shown shown;
    size_t each = (room - strlen(join)) / 2, n_a = strlen(a), n_z = strlen(z);
    size_t room_a = n_z < each ? 2 * each - n_z : each, room_z = n_a < each ? 2 * each - n_a : each;
    struct csin_shown from = cut(a, room_a < 17 ? room_a : 17),
                      to = cut(z, room_z < 17 ? room_z : 17);
    snprintf(shown.s, sizeof shown.s, "%.17s%.4s%.17s", from.s, join, to.s);
    return shown;
}

struct cell {
    char s[96];
};

/* The last column of a table: on a line of its own where it is too wide, at the right. */
static struct cell in_column(const char *text, size_t width)
{
    struct cell cell;
    bool fits = strlen(text) <= width;
    if (fits)
        snprintf(cell.s, sizeof cell.s, "  %.39s", text);
    else
        snprintf(cell.s, sizeof cell.s, "\n%80.39s", text);
    return cell;
}

static struct csin_shown show_arc(const struct csin_fabric *f, uint32_t arc, size_t room)
{
    struct csin_vertex_name a = csin_vertex_name(f, csin_arc_tail(f, arc));
    struct csin_vertex_name z = csin_vertex_name(f, csin_arc_head(f, arc));
    return show_ends(a.s, " -> ", z.s, room);
}

static struct csin_shown show_mean(double x)
{
    return x < 1000 ? csin_show_fixed(x, 1) : csin_show_count((uint64_t)(x + 0.5));
}

static void write_verdict(const struct csin_fabric *f, const struct csin_findings *found, FILE *out)
{
    uint32_t n_faults = 0;
    for (uint32_t i = 0; i < found->n_advice; i++)
        n_faults += found->advice[i].is_fault;
    uint32_t n_warnings = found->n_advice - n_faults;
    char title[400];
    snprintf(title, sizeof title, "%.200s, routed by %s: %s fault%s, %s warning%s", f->name,
             csin_policy_name(found->policy), n_faults ? csin_show_count(n_faults).s : "no",
             n_faults == 1 ? "" : "s", n_warnings ? csin_show_count(n_warnings).s : "no",
             n_warnings == 1 ? "" : "s");
    fprintf(out, "%-14s", "Analysis");
    wrap(out, 14, 14, title);
    for (uint32_t i = 0; i < found->n_advice; i++) {
        const struct csin_advice *advice = &found->advice[i];
        char text[1100];
        snprintf(text, sizeof text, "%s [CSIN-%u]", advice->text, advice->code);
        fprintf(out, "\n%-10s", advice->is_fault ? "FAULT" : "WARNING");
        wrap(out, 10, 10, text);
        if (advice->remedy) {
            fprintf(out, "%-10s", "  remedy");
            wrap(out, 10, 10, advice->remedy);
        }
    }
}

static void write_reach(const struct csin_fabric *f, const struct csin_findings *found, FILE *out)
{
    static const char *const says[CSIN_N_STOPS] = {
        "", "no entry", "no cable", "dead cable", "wrong host", "circle",
    };
    const struct csin_reach *reach = &found->reach;
    struct csin_vertex_name a, z;
    fprintf(out, "\n%-14s", "Routes");
    if (reach->n_all_lost == 0)
        fprintf(out, "every pair of NICs that cables join has one (%s)\n",
                csin_show_count(reach->n_pairs).s);
    else
        fprintf(out, "MISSING for %s of %s pairs of NICs that cables join\n",
                csin_show_count(reach->n_all_lost).s, csin_show_count(reach->n_pairs).s);
    for (uint32_t i = 0; i < reach->n_examples; i++) {
        const struct csin_lost_pair *lost = &reach->examples[i];
        fprintf(out, "  %.20s -> %.20s: %s at %.20s\n", nic_name(f, lost->pair.src, &a),
                nic_name(f, lost->pair.dst, &z), says[lost->stop], f->switches[lost->at].name);
    }
    if (found->destinations_share < 1)
        fprintf(out, "%-14sof %s %% of the destinations, drawn\n", "",
                csin_show_fixed(100 * found->destinations_share, 1).s);
    if (reach->longest)
        fprintf(out, "%-14s%s; the longest has %u cables\n", "",
                reach->n_longer ? "some are longer than needed" : "all are shortest ways",
                reach->longest);
}

static void write_loops(const struct csin_fabric *f, const struct csin_findings *found, FILE *out)
{
    const struct csin_loops *loops = &found->loops;
    struct csin_vertex_name a, z;
    fprintf(out, "%-14s", "Credit loops");
    if (found->loops_why_not) {
        fprintf(out, "not looked for: %s\n", found->loops_why_not);
        return;
    }
    if (loops->n == 0) {
        fprintf(out, "none with all traffic on one VL (%s dependencies)\n",
                csin_show_count(loops->n_dependencies).s);
        return;
    }
    fprintf(out,
            "YES, with all traffic on one VL: a loop of %u arcs; each\n%-14swaits for the next"
            " where a flow such as this is\n",
            loops->n, "");
    for (uint32_t i = 0; i < loops->n && i < MAX_LOOP; i++)
        fprintf(out, "  %-36s %.18s -> %.18s\n", show_arc(f, loops->loop[i].arc, 36).s,
                nic_name(f, loops->loop[i].flow.src, &a), nic_name(f, loops->loop[i].flow.dst, &z));
    if (loops->n > MAX_LOOP)
        fprintf(out, "  and %u more\n", loops->n - MAX_LOOP);
}

static void write_balance(const struct csin_fabric *f, const struct csin_findings *found, FILE *out)
{
    fprintf(out, "\n%-32s%9s%9s%7s  %s\n", "Routes per arc", "most", "mean", "ratio", "busiest");
    for (unsigned g = 0; g < CSIN_GROUP_ELSEWHERE + 1u; g++) {
        const struct csin_route_balance(*rows)[CSIN_N_ROLES + 1] = found->balance[g];
        bool has_classes = rows[CSIN_STORAGE][CSIN_ALL].sum || rows[CSIN_ALL][CSIN_STORAGE].sum;
        for (unsigned from = CSIN_ALL + 1u; from-- > 0;)
            for (unsigned to = CSIN_ALL + 1u; to-- > 0;) {
                const struct csin_route_balance *row = &rows[from][to];
                char what[60];
                bool is_all = from == CSIN_ALL && to == CSIN_ALL;
                if (row->sum == 0 || (from == CSIN_ALL) != (to == CSIN_ALL) ||
                    (!is_all && !has_classes))
                    continue;
                snprintf(what, sizeof what, "%s to %s",
                         from == CSIN_ALL ? "all" : csin_role_names[from],
                         to == CSIN_ALL ? "all" : csin_role_names[to]);
                fprintf(out, "  %-11s%-19s%9s%9s%7s%s\n", is_all ? csin_group_names[g] : "", what,
                        csin_show_count(row->max).s, show_mean((double)row->sum / row->n_arcs).s,
                        csin_show_fixed((double)row->max * row->n_arcs / (double)row->sum, 2).s,
                        in_column(show_arc(f, row->worst, 38).s, 21).s);
            }
    }
}

static void write_shifts(const struct csin_fabric *f, const struct csin_shifts *shifts,
                         const char *who, FILE *out)
{
    if (shifts->n == 0)
        return;
    char what[60], worst[80] = "";
    snprintf(what, sizeof what, "%s%s shifts of %s", shifts->n < shifts->n_all ? "of " : "",
             csin_show_count(shifts->n).s, who);
    if (shifts->worst.arc != CSIN_NONE)
        snprintf(
            worst, sizeof worst, "by %.20s: %.39s", csin_show_count(shifts->worst.shift).s,
            show_arc(f, shifts->worst.arc, 30 - 5 - strlen(csin_show_count(shifts->worst.shift).s))
                .s);
    fprintf(out, "  %-28s%9s%9s  %.30s\n", what, csin_show_fixed(shifts->mean_share, 3).s,
            csin_show_fixed(shifts->worst.load, 2).s, worst);
    fprintf(out, "    %s without contention\n",
            shifts->n_free == shifts->n ? "all" : csin_show_count(shifts->n_free).s);
}

static void write_patterns(const struct csin_fabric *f, const struct csin_findings *found,
                           FILE *out)
{
    const struct csin_random *random = &found->random;
    const struct csin_worst *worst = &found->worst;
    fprintf(out, "\n%-30s%9s%9s  %s\n", "Patterns", "share", "load", "worst");
    write_shifts(f, &found->shifts, "all", out);
    write_shifts(f, &found->compute_shifts, "compute", out);
    if (random->n && random->n_ranks > 1) {
        char what[60];
        snprintf(what, sizeof what, "%s random permutations", csin_show_count(random->n).s);
        fprintf(out, "  %-28s%9s%9s  99 of 100 flows have %s\n", what,
                csin_show_fixed(random->mean_share, 3).s, "",
                csin_show_fixed(random->p99_share, 3).s);
        fprintf(out, "    standard error %s", csin_show_fixed(random->error, 4).s);
        if (random->closed_form > 0)
            fprintf(out, "; the closed form gives %s", csin_show_fixed(random->closed_form, 4).s);
        fputc('\n', out);
    }
    if (worst->why_not)
        fprintf(out, "  worst permutation: not looked for: %s\n", worst->why_not);
    else if (worst->n_pairs)
        fprintf(out, "  %-28s%9s%9s  %.30s\n",
                worst->is_exact ? "worst permutation" : "worst permutation found",
                csin_show_fixed(worst->load > 1 ? 1 / worst->load : 1, 3).s,
                csin_show_fixed(worst->load, 2).s, show_arc(f, worst->arc, 30).s);
    fputs("  share: of its NIC that a flow gets, mean; load: of the busiest arc\n", out);
}

static void write_one_failure(const struct csin_fabric *f, const char *what, bool is_cable,
                              const struct csin_failures *row, bool has_tables, FILE *out)
{
    char worst[100];
    if (row->n == 0)
        return;
    uint32_t which = row->max_pairs || row->worst_hosts == CSIN_NONE ? row->worst
                                                                     : row->worst_hosts;
    if (is_cable)
        snprintf(worst, sizeof worst, "%s",
                 in_column(show_ends(csin_vertex_name(f, f->cables[which].end[0]).s, " - ",
                                     csin_vertex_name(f, f->cables[which].end[1]).s, 37)
                               .s,
                           20)
                     .s);
    else
        snprintf(worst, sizeof worst, "  %s", cut(f->switches[which].name, 20).s);
    fprintf(out, "  %-19s%7s%8s%11s%11s%s\n", what, csin_show_count(row->n).s,
            row->max_hosts ? csin_show_count(row->max_hosts).s : "-",
            has_tables ? csin_show_count((uint64_t)(row->mean_pairs + 0.5)).s : "-",
            has_tables ? csin_show_count(row->max_pairs).s : "-", worst);
}

static void write_failures(const struct csin_fabric *f, const struct csin_findings *found,
                           FILE *out)
{
    static const char *const places[CSIN_N_PLACES] = {"cable to a host", "leaf-spine cable",
                                                      "cable between zones", "other cable",
                                                      "spine-core cable"};
    static const char *const layers[CSIN_N_LAYERS] = {"leaf", "spine", "core switch",
                                                      "inter-zone switch"};
    fprintf(out, "\n%-21s%7s%8s%11s%11s  %s\n", "One failure", "", "hosts", "pairs", "pairs",
            "worst");
    fprintf(out, "%-21s%7s%8s%11s%11s\n", "", "there", "cut off", "mean", "most");
    for (unsigned p = 0; p < CSIN_N_PLACES; p++)
        write_one_failure(f, places[p], true, &found->cables[p], found->has_tables, out);
    for (unsigned l = 0; l < CSIN_N_LAYERS; l++)
        write_one_failure(f, layers[l], false, &found->switches[l], found->has_tables, out);
    fputs("  pairs: without a route until the tables are made again\n", out);
    if (found->n_dead == 0)
        return;
    fprintf(out, "\n%-26s%10s%10s%10s%10s%12s\n",
            found->dead[0].rerouted ? "Dead cables, rerouted" : "Dead cables, same tables",
            "shifts", "kept", "random", "kept", "flows lost");
    for (uint32_t i = 0; i < found->n_dead; i++) {
        const struct csin_dead *dead = &found->dead[i];
        char what[80];
        snprintf(what, sizeof what, "%.20s at once, %s%.20s", csin_show_count(dead->n_dead).s,
                 dead->is_all ? "all " : "sample of ", csin_show_count(dead->n_samples).s);
        fprintf(
            out, "  %-24s%10s%9s%%%10s%9s%%%11s%%\n", what, csin_show_fixed(dead->shift_share, 3).s,
            csin_show_fixed(100 * dead->shift_kept, 1).s, csin_show_fixed(dead->random_share, 3).s,
            csin_show_fixed(100 * dead->random_kept, 1).s,
            csin_show_fixed(100 * dead->lost_share, 2).s);
    }
}

static void write_cuts(const struct csin_fabric *f, const struct csin_fabric_facts *facts,
                       const struct csin_findings *found, FILE *out)
{
    const struct csin_disjoint *disjoint = &found->disjoint;
    fprintf(out, "\n%-14s", "Cuts");
    if (disjoint->a == CSIN_NONE)
        fputs("fewer than two leaves with hosts are joined\n", out);
    else
        fprintf(out, "%s ways without a common cable between any two leaves%s\n",
                csin_show_count(disjoint->paths).s, disjoint->is_exact ? "" : " looked at");
    if (facts->n_cuts)
        fprintf(out, "%-14sbisection of the whole fabric, half of the %s: %s\n", "",
                f->n_trees ? "pods" : "zones", csin_show_rate(facts->whole_bisection_Bps).s);
    for (uint32_t z = 0; z < f->n_zones && z < 4; z++)
        if (f->zones[z].n_leaves > 1)
            fprintf(out, "%-14sbisection of %.20s: %s\n", "",
                    f->zones[z].name && *f->zones[z].name ? f->zones[z].name : "the zone",
                    csin_show_rate(facts->zones[z].bisection_flow_Bps).s);
}

static void write_manager(const struct csin_findings *found, FILE *out)
{
    static const char *const options[4] = {"ftree", "ftree -a", NULL, "ftree -a -u"};
    fprintf(out, "%-14s", "opensm 3.3");
    for (unsigned i = 0; i < 4; i++) {
        const struct csin_ftree *ftree = &found->ftree[i];
        if (!options[i])
            continue;
        fprintf(out, "%s%s: %s", i ? ", " : "", options[i],
                ftree->reason != CSIN_FTREE_OK ? "falls back"
                : ftree->n_pairs_lost          ? "pairs lost"
                                               : "works");
    }
    fputc('\n', out);
}

void csin_findings_write_text(const struct csin_fabric *fabric,
                              const struct csin_fabric_facts *facts,
                              const struct csin_findings *findings, FILE *out)
{
    write_verdict(fabric, findings, out);
    if (findings->has_tables)
        write_reach(fabric, findings, out);
    else
        fputc('\n', out);
    write_loops(fabric, findings, out);
    write_manager(findings, out);
    if (findings->has_tables)
        write_balance(fabric, findings, out);
    write_patterns(fabric, findings, out);
    write_failures(fabric, findings, out);
    write_cuts(fabric, facts, findings, out);
}
