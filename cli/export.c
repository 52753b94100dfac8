/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/export.h"

#include <string.h>

#include "base/folder.h"
#include "base/units.h"
#include "topo/findings.h"
#include "topo/qos.h"

/* ---- what there is to write ---- */

/* What the README says of a file. `how`: commands, one a line, NULL: none; `mind`: what to watch
 * for, NULL: nothing. */
struct about {
    const char *what, *how, *mind;
};

/* In the order of the README; each is left out where csin has no such writer, or the writer has
 * nothing to say of this fabric. */
static const struct {
    const char *file, *writer;
    struct about about;
} fabric_files[] = {
    {"fabric.yaml", "yaml", {"The fabric as csin reads it.", "csin topo fabric.yaml", NULL}},
    {"fabric.json",
     "json",
     {"Every switch, port, host and cable, and what was measured, for programs.", NULL, NULL}},
    {"fabric.ibnet",
     "ibnet",
     {"What ibnetdiscover would print: the fabric can be tried before it is bought.",
      "ibsim -s -n fabric.ibnet",
      "GUIDs that csin made up begin with 0x02c51a; take those of the real fabric (csin topo\n"
      "fabric.ibnet, with what ibnetdiscover prints) before anything is loaded into it."}},
    {"routes.lft",
     "lft",
     {"Forwarding tables.", "opensm -R file -U routes.lft",
      "Where the file is wrong, OpenSM goes on with minhop: look for 'ERR' in its log and compare\n"
      "opensm-lfts.dump. Routes of a cable that dies stay as they are: write the file anew and\n"
      "send OpenSM a SIGHUP."}},
    {"root_guids",
     "root-guids",
     {"Switches at the top of the tree, for OpenSM's own ftree and updn.",
      "opensm -R ftree -a root_guids -u cn_guids -G io_guids",
      "Without them one dead cable makes ftree fall back to minhop, and it says so only in its\n"
      "log."}},
    {"cn_guids", "cn-guids", {"Ports of compute hosts, for ftree.", NULL, NULL}},
    {"io_guids", "io-guids", {"Ports of storage hosts, for ftree.", NULL, NULL}},
    {"node-name-map",
     "node-name-map",
     {"Names by GUID, for the tools of infiniband-diags.",
      "iblinkinfo --node-name-map node-name-map", NULL}},
    {"topology.conf",
     "slurm",
     {"Slurm's switches: leaves with their compute hosts, the spines of a zone as one.",
      "cp topology.conf /etc/slurm/ && scontrol reconfigure",
      "slurm.conf needs TopologyPlugin=topology/tree. Where topology.yaml is there, newer Slurms\n"
      "do not read this file. 'csin topo FABRIC --slurm FILE' compares one that is in use."}},
    {"cabling.csv",
     "cabling",
     {"Cables: switch, port, switch, port, length.", NULL,
      "Lengths and parts are known with --parts CATALOGUE alone."}},
    {"platform.xml", "simgrid", {"The fabric as a SimGrid platform.", NULL, NULL}},
    {"fabric.graphml",
     "graphml",
     {"The fabric as a graph, for networkx, igraph, Gephi.", NULL, NULL}},
    {"fabric.dot",
     "dot",
     {"The fabric for Graphviz.", "dot -Tpdf fabric.dot -o fabric.pdf",
      "Graphviz takes long for more than a few hundred hosts: csin's own drawing does not."}},
    {"fabric.svg", "svg", {"A drawing.", NULL, NULL}},
};
#define N_FABRIC_FILES (sizeof fabric_files / sizeof *fabric_files)

/* Of a scenario with classes, but for the first, which every folder has. */
static const struct {
    const char *file;
    void (*write)(const struct csin_qos *qos, FILE *out);
    bool always;
    struct about about;
} qos_files[] = {
    {"opensm.conf",
     csin_qos_write_opensm,
     true,
     {"Routing engine, and SL -> VL and the weights of VLs where there are classes.",
      "opensm -F opensm.conf",
      "Start it in this folder: names in it are relative. Options not in it keep their defaults.\n"
      "'smpquery sl2vl LID PORT' and 'smpquery vlarb LID PORT' show what the ports have."}},
    {"qos-policy.conf",
     csin_qos_write_policy,
     false,
     {"The SL for those who ask the subnet manager for a path. opensm.conf loads it.", NULL,
      "OpenSM goes on without the file where it is wrong: look for 'ERR AC' in its log."}},
    {"nccl.conf",
     csin_qos_write_nccl,
     false,
     {"The SL of NCCL, which asks nobody.", "cp nccl.conf /etc/", NULL}},
    {"ucx.env",
     csin_qos_write_ucx,
     false,
     {"The SL of MPI over UCX.", "set -a; . ./ucx.env; mpirun ...", NULL}},
    {"3fs.toml",
     csin_qos_write_3fs,
     false,
     {"The SL of 3FS, to be merged into its configurations.", NULL,
      "Its servers send what clients read, so it is the servers' files that matter for reads."}},
};
#define N_QOS_FILES (sizeof qos_files / sizeof *qos_files)

static const struct csin_fabric_writer *find_writer(const char *name)
{
    for (const struct csin_fabric_writer *w = csin_fabric_writers; w->name; w++)
        if (strcmp(w->name, name) == 0)
            return w;
    return NULL;
}

/* ---- classes ---- */

/* Every host a job has, in the order of the fabric: events may move it. */
static enum csin_status list_job_hosts(const struct csin_scenario *sc, uint32_t job, bool *is_in,
                                       struct csin_arena *arena, struct csin_qos_traffic *t)
{
    uint32_t n_hosts = sc->fabric->n_hosts, n = 0;
    memset(is_in, 0, n_hosts * sizeof *is_in);
    for (uint32_t i = 0; i < sc->jobs[job].n_hosts; i++)
        is_in[sc->jobs[job].hosts[i]] = true;
    for (uint32_t e = 0; e < sc->n_events; e++) {
        const struct csin_event *event = &sc->events[e];
        if (event->kind != CSIN_EVENT_MOVE || event->items[0] != job)
            continue;
        for (uint32_t i = 0; i < sc->jobs[job].n_hosts; i++)
            is_in[event->hosts[i]] = true;
    }
    for (uint32_t h = 0; h < n_hosts; h++)
        n += is_in[h];
    uint32_t *hosts = csin_arena_alloc(arena, n, sizeof *hosts);
    if (!hosts)
        return CSIN_E_FAILED;
    t->hosts = hosts;
    for (uint32_t h = 0; h < n_hosts; h++)
        if (is_in[h])
            hosts[t->n_hosts++] = h;
    return CSIN_OK;
}

static enum csin_status list_traffic(const struct csin_scenario *sc, struct csin_arena *arena,
                                     struct csin_qos *qos)
{
    struct csin_qos_traffic *traffic = csin_arena_alloc(arena, sc->n_owners, sizeof *traffic);
    bool *is_in = csin_arena_alloc(arena, sc->fabric->n_hosts, sizeof *is_in);
    if (!traffic || !is_in)
        return CSIN_E_FAILED;
    for (uint32_t i = 0; i < sc->n_jobs; i++) {
        traffic[i].owner = sc->jobs[i].name;
        traffic[i].traffic_class = sc->jobs[i].traffic_class;
        if (list_job_hosts(sc, i, is_in, arena, &traffic[i]) != CSIN_OK)
            return CSIN_E_FAILED;
    }
    for (uint32_t i = 0; i < sc->n_streams; i++) {
        const struct csin_stream *st = &sc->streams[i];
        traffic[sc->n_jobs + i] = (struct csin_qos_traffic){
            st->name, st->traffic_class, st->clients, st->servers, st->n_clients, st->n_servers};
    }
    qos->traffic = traffic;
    qos->n_traffic = sc->n_owners;
    return CSIN_OK;
}

static enum csin_status list_classes(const struct csin_scenario *sc, struct csin_arena *arena,
                                     struct csin_qos *qos)
{
    struct csin_qos_class *classes = csin_arena_alloc(arena, sc->n_classes, sizeof *classes);
    if (!classes)
        return CSIN_E_FAILED;
    for (uint32_t i = 0; i < sc->n_classes; i++)
        classes[i] = (struct csin_qos_class){sc->classes[i].name, sc->classes[i].sl};
    qos->classes = classes;
    qos->n_classes = sc->n_classes;
    memcpy(qos->vl_of_sl, sc->sl_to_vl, sizeof qos->vl_of_sl);
    for (unsigned vl = 0; vl < CSIN_QOS_VLS; vl++)
        qos->weights[vl] = (uint32_t)sc->lanes.weights[vl];
    return list_traffic(sc, arena, qos);
}

/* Of all NICs of the fabric that classes are about, which are the same in the part at hand. */
static enum csin_status list_guids(const struct csin_fabric_view *view, struct csin_arena *arena,
                                   struct csin_diag *diag, struct csin_qos *qos)
{
    const struct csin_fabric *f = qos->fabric;
    uint64_t *guids = csin_arena_alloc(arena, f->n_nics, sizeof *guids);
    struct csin_ib ib = *view->ib;
    enum csin_status status = guids ? CSIN_OK : csin_no_memory(diag);
    if (status == CSIN_OK && f != view->fabric)
        status = csin_ib_guids(f, arena, diag, &ib);
    for (uint32_t nic = 0; nic < f->n_nics && status == CSIN_OK; nic++)
        guids[nic] = ib.points[f->n_switches + nic].port_guid;
    qos->port_guid = guids;
    return status;
}

/* ---- the folder ---- */

struct job {
    const struct csin_export *export;
    struct csin_fabric_view view; /* with GUIDs, and tables where the routing policy has some */
    struct csin_ib ib;
    struct csin_switch_routes switch_routes;
    struct csin_folder folder;
    struct csin_diag *diag;
    struct csin_qos qos;
    const char *loops_remedy; /* NULL: the tables have no credit loop */
    bool has_fabric_file[N_FABRIC_FILES], has_qos_file[N_QOS_FILES];
};

static bool is_there(const struct job *job, const char *file)
{
    for (size_t i = 0; i < N_FABRIC_FILES; i++)
        if (strcmp(fabric_files[i].file, file) == 0)
            return job->has_fabric_file[i];
    return false;
}

static enum csin_status write_fabric_files(struct job *job)
{
    enum csin_status status = CSIN_OK;
    for (size_t i = 0; i < N_FABRIC_FILES && status == CSIN_OK; i++) {
        const struct csin_fabric_writer *writer = find_writer(fabric_files[i].writer);
        FILE *out;
        if (!writer || (writer->needs_table && !job->view.switch_routes))
            continue;
        status = csin_folder_begin(&job->folder, job->diag, fabric_files[i].file, &out);
        if (status != CSIN_OK)
            break;
        writer->write(&job->view, out);
        status = csin_folder_end(&job->folder, job->diag);
        job->has_fabric_file[i] = true;
    }
    return status;
}

static enum csin_status write_qos_files(struct job *job)
{
    enum csin_status status = CSIN_OK;
    job->qos.lft = is_there(job, "routes.lft") ? "routes.lft" : NULL;
    job->qos.roots = is_there(job, "root_guids") ? "root_guids" : NULL;
    job->qos.compute = is_there(job, "cn_guids") ? "cn_guids" : NULL;
    job->qos.storage = is_there(job, "io_guids") ? "io_guids" : NULL;
    job->qos.policy = job->qos.n_classes ? "qos-policy.conf" : NULL;
    for (size_t i = 0; i < N_QOS_FILES && status == CSIN_OK; i++) {
        FILE *out;
        if (!qos_files[i].always && job->qos.n_classes == 0)
            continue;
        status = csin_folder_begin(&job->folder, job->diag, qos_files[i].file, &out);
        if (status != CSIN_OK)
            break;
        qos_files[i].write(&job->qos, out);
        status = csin_folder_end(&job->folder, job->diag);
        job->has_qos_file[i] = true;
    }
    return status;
}

/* Each line of `text` behind `indent`. */
static void write_lines(const char *indent, const char *text, FILE *out)
{
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = strchrnul(text, '\n');
        fprintf(out, "%s%.*s\n", indent, (int)(end - text), text);
    }
}

static void write_about(const char *file, const struct about *about, FILE *out)
{
    fprintf(out, "\n%s\n", file);
    write_lines("    ", about->what, out);
    if (about->how)
        write_lines("        ", about->how, out);
    if (about->mind)
        write_lines("    ", about->mind, out);
}

/* Broken at blanks, as a remedy may be longer than a line. */
static void write_loops(const char *remedy, FILE *out)
{
    unsigned column = 4;
    fputs("\nBefore routes.lft is loaded\n"
          "    Its tables have a credit loop [CSIN-733]: under load, full buffers on it would\n"
          "    wait for each other for ever. What helps:\n   ",
          out);
    while (*remedy) {
        int n = (int)strcspn(remedy, " ");
        if (column + 1 + (unsigned)n > 80) {
            fputs("\n   ", out);
            column = 3;
        }
        column += 1 + (unsigned)n;
        fprintf(out, " %.*s", n, remedy);
        remedy += n + (int)strspn(remedy + n, " ");
    }
    fputc('\n', out);
}

static enum csin_status write_readme(struct job *job)
{
    const struct csin_fabric *f = job->export->view.fabric;
    const struct csin_routes *routes = job->export->view.routes;
    FILE *out;
    enum csin_status status = csin_folder_begin(&job->folder, job->diag, "README.txt", &out);
    if (status != CSIN_OK)
        return status;
    fprintf(out, "Fabric   %s\n", f->name);
    fprintf(out, "         %s switches, %s hosts, %s NICs, %s cables; sha256 %.16s\n",
            csin_show_count(f->n_switches).s, csin_show_count(f->n_hosts).s,
            csin_show_count(f->n_nics).s, csin_show_count(f->n_cables).s, f->digest.hex);
    if (job->export->n_parts > 1)
        fprintf(out,
                "Plane    %u of %u: parts that no cable joins are subnets of their own, with a "
                "subnet\n"
                "         manager, LIDs and a folder each. Names of Slurm are in every folder: use "
                "one.\n",
                job->export->part, job->export->n_parts);
    fprintf(out, "Routing  %s, seed %llu\n", csin_policy_name(csin_routes_policy(routes)),
            (unsigned long long)csin_routes_seed(routes));
    if (job->export->of_plan)
        fprintf(out, "Plan     of csin plan for scenario %s: tables, lanes and hosts as proposed\n",
                job->export->scenario->name);
    else if (job->export->scenario)
        fprintf(out, "Classes  of scenario %s\n", job->export->scenario->name);
    fputs("Written by csin " CSIN_VERSION
          ". 'csin topo ... --export' writes the folder anew, all of "
          "it.\n",
          out);
    if (job->loops_remedy)
        write_loops(job->loops_remedy, out);
    for (size_t i = 0; i < N_QOS_FILES; i++)
        if (job->has_qos_file[i])
            write_about(qos_files[i].file, &qos_files[i].about, out);
    for (size_t i = 0; i < N_FABRIC_FILES; i++)
        if (job->has_fabric_file[i])
            write_about(fabric_files[i].file, &fabric_files[i].about, out);
    if (job->qos.n_classes) {
        fputs("\nIs a class on its lane? With perftest, on two hosts:\n", out);
        for (uint32_t i = 0; i < job->qos.n_classes; i++)
            fprintf(out, "    ib_write_bw -S %-2u [SERVER]    class %s\n", job->qos.classes[i].sl,
                    job->qos.classes[i].name);
        fputs("    perfquery -X LID PORT          counts what each SL sent, where the port can\n",
              out);
    }
    return csin_folder_end(&job->folder, job->diag);
}

enum csin_status csin_warn_of_loops(const struct csin_fabric_view *view, struct csin_arena *arena,
                                    struct csin_diag *diag, const char **ret_remedy)
{
    *ret_remedy = NULL;
    if (!view->switch_routes->has_loop)
        return CSIN_OK;
    enum csin_status status = csin_loops_remedy(view->routes, arena, diag, ret_remedy);
    if (status != CSIN_OK)
        return status;
    csin_warning(diag, 733, (struct csin_loc){0},
                 "the tables of routing '%s' have a credit loop: full buffers on it would wait for "
                 "each other for ever",
                 csin_policy_name(csin_routes_policy(view->routes)));
    csin_note(diag, (struct csin_loc){0}, "%s", *ret_remedy);
    return CSIN_OK;
}

enum csin_status csin_export(const struct csin_export *export, struct csin_arena *arena,
                             struct csin_diag *diag)
{
    const struct csin_scenario *sc = export->scenario;
    struct job job = {.export = export, .view = export->view, .diag = diag};
    enum csin_policy policy = csin_routes_policy(export->view.routes);
    job.qos.fabric = export->whole ? export->whole : export->view.fabric;
    job.qos.sprays = policy == CSIN_SPRAY;
    enum csin_status status = csin_ib_identify(export->view.fabric, arena, diag, &job.ib);
    job.view.ib = &job.ib;
    if (status == CSIN_OK)
        status = list_guids(&job.view, arena, diag, &job.qos);
    if (status == CSIN_OK && csin_policy_has_table(policy)) {
        job.view.switch_routes = &job.switch_routes;
        status = csin_switch_routes_create(job.view.routes, arena, diag, &job.switch_routes);
    }
    if (status == CSIN_OK && job.view.switch_routes)
        status = csin_warn_of_loops(&job.view, arena, diag, &job.loops_remedy);
    if (status == CSIN_OK && sc && list_classes(sc, arena, &job.qos) != CSIN_OK)
        status = csin_no_memory(diag);
    if (status != CSIN_OK)
        return status;
    if (job.qos.n_classes && !csin_qos_check(&job.qos, sc->congestion == CSIN_LOSSLESS, diag))
        return CSIN_E_FAILED;
    status = csin_folder_open(&job.folder, arena, diag, export->folder);
    if (status != CSIN_OK)
        return status;
    status = write_fabric_files(&job);
    if (status == CSIN_OK)
        status = write_qos_files(&job);
    if (status == CSIN_OK)
        status = write_readme(&job);
    if (status == CSIN_OK)
        return csin_folder_commit(&job.folder, diag);
    csin_folder_abandon(&job.folder);
    return status;
}
