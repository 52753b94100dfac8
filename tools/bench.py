#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures speed and memory of csin: bench.py CSIN [--data FILE.json] [SECTION...]

Sections: engines, lossless, memory, hosts, flight, program, fabrics, report, sweep; together about five minutes. 'program',
'fabrics' and 'sweep' are whole processes, by the clock. The others are an engine alone (bench-engine, which lies beside CSIN): 'run'
is the best of several, in seconds of a processor, and engines take turns; 'whole' adds the fabric, its tables and the
schedule. Compare rows of one run with each other rather than with another machine's. --data writes all figures, for
tools/plot-performance.py. The last lines say which targets were met; as timings are noisy, the exit code is 0 anyway.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MIB = 2**20
ZONE = "leaf:40 spine:20 host:20 200Gb/s latency:450ns"
ZONE_1024 = "leaf:52 spine:20 host:20 200Gb/s latency:450ns"
# 32 chunks for each of the two trees.
TREE = "allreduce: {algorithm: double-binary-tree, size: 186MiB, chunk: 3047424B}"
RING = "allreduce: {algorithm: ring, size: 186MiB}"

# (row, what of it, at least or at most, wanted, how it is written)
TARGETS = (
    ("tree", "ratio", ">=", 100, "{:.0f} x"),
    ("tree", "transfers_per_s", ">=", 400_000, "{:,.0f}/s"),
    ("ring160", "ratio", ">=", 8, "{:.0f} x"),
    ("ring160", "transfers_per_s", ">=", 5_000_000, "{:,.0f}/s"),
    ("permutations", "ratio", ">=", 8, "{:.0f} x"),
    ("full", "whole_s", "<", 10, "{:.2f} s"),
    ("ring1024", "whole_s", "<", 1, "{:.2f} s"),
    ("ring1024", "peak_mib", "<", 500, "{:,.0f} MiB"),
    ("alltoall1024", "whole_s", "<", 2, "{:.2f} s"),
    ("alltoall3163", "peak_mib", "<", 2048, "{:,.0f} MiB"),
    ("flagship-lossless", "whole_s", "<", 60, "{:.2f} s"),
    ("waiting", "bytes_each", "<", 200, "{:.0f} bytes"),
    ("in flight", "bytes_each", "<", 500, "{:.0f} bytes"),
    ("sweep2", "points_per_s", ">=", 20, "{:.0f}/s"),
)


def meets(how, value, wanted):
    return value >= wanted if how == ">=" else value < wanted


def mark(rows, name):
    """'  misses ...' for a row that is not what a target wants."""
    missed = [f"{how} {text.format(wanted)}" for row, what, how, wanted, text in TARGETS
              if row == name and what in rows.get(name, {}) and not meets(how, rows[name][what], wanted)]
    return "  misses " + ", ".join(missed) if missed else ""


# ---- running ----

def run_process(command, times=3):
    """Best wall-clock time [s] and largest memory [MiB]."""
    best, memory = float("inf"), 0
    for _ in range(times):
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        best = min(best, time.monotonic() - begun)
        memory = max(memory, usage.ru_maxrss / 1024)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"bench: {' '.join(command)} failed:\n{errors}")
    return best, memory


class Bench:
    def __init__(self, csin, folder):
        self.csin, self.folder = csin, folder
        self.rows = {}  # name -> what was measured

    def write(self, text):
        path = os.path.join(self.folder, "scenario.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def engine(self, engine, path, times=1):
        """What bench-engine says, and whole_s: fabric, tables, schedule and the best run."""
        tool = os.path.join(os.path.dirname(self.csin), "bench-engine")
        done = subprocess.run([tool, engine, path, str(times)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench: {tool} {engine} {path} failed:\n{done.stderr}")
        said = json.loads(done.stdout)
        said["whole_s"] = said["open_s"] + said["schedule_s"] + said["run_s"]
        said["peak_mib"] = said["peak_bytes"] / MIB
        said["transfers_per_s"] = said["transfers"] / said["run_s"]
        return said


def job(fabric, hosts, step, more=""):
    return (f'scenario: bench\nfabric: "{fabric}"\njobs:\n'
            f'  - {{name: job, hosts: {hosts}, {more}steps: [{{{step}}}]}}\n')


def reads(fabric, readers, mib, concurrency, more=""):
    return (f'scenario: bench\nfabric: "{fabric}"\nstorage:\n'
            f'  - read: {{name: data, readers: {readers}, size: {mib}MiB, chunk: 1MiB, concurrency: {concurrency}{more}}}\n')


def scenario_path(name):
    return os.path.join(ROOT, "scenarios", name, "scenario.yaml")


# ---- sections ----

def bench_engines(bench):
    """Both engines on the same scenarios: [rounds, runs of fluid, runs of SimGrid] of each round, 0: not run."""
    print("engines                                    transfers    SimGrid      fluid   ratio  transfers/s    whole      peak")
    rows = (
        ("tree", "double binary tree, 800 hosts", job(ZONE, 800, TREE), (1, 5, 1)),
        ("tree-random", "  ranks placed at random", job(ZONE, 800, TREE, "placement: random, "), (1, 3, 1)),
        ("ring160", "ring, 160 hosts", job("leaf:8 spine:20 host:20 200Gb/s", 160, RING), (4, 10, 3)),
        ("ring160-latency", "  with 450 ns in each switch",
         job("leaf:8 spine:20 host:20 200Gb/s latency:450ns", 160, RING), (4, 10, 3)),
        ("permutations", "20 random permutations, 800 hosts",
         job(ZONE, 800, "permutation: {size: 64MiB}", "repeat: 20, "), (3, 5, 2)),
        ("flagship", "Fire-Flyer 2, two jobs, storage", scenario_path("fire-flyer-2"), (2, 3, 1)),
        ("full", "Fire-Flyer 2 at full size", scenario_path("fire-flyer-2-chunked"), (1, 3, 0)),
        ("ring1024", "ring, 1,024 hosts", job(ZONE_1024, 1024, RING), (1, 3, 0)),
        ("alltoall1024", "all-to-all, 1,024 hosts", job(ZONE_1024, 1024, "all-to-all: {size: 186MiB}"), (1, 3, 0)),
        ("alltoall3163", "all-to-all, 3,163 hosts",
         job("leaf:100 spine:32 host:32 200Gb/s latency:450ns", 3163, "all-to-all: {size: 186MiB}"), (1, 1, 0)),
    )
    for name, title, scenario, (rounds, fluid_times, simgrid_times) in rows:
        path = scenario if os.path.isabs(scenario) else bench.write(scenario)
        row, simgrid_s = None, float("inf")
        for _ in range(rounds):
            said = bench.engine("fluid", path, fluid_times)
            row = said if not row or said["run_s"] < row["run_s"] else row
            if simgrid_times:
                other = bench.engine("simgrid", path, simgrid_times)
                simgrid_s = min(simgrid_s, other["run_s"])
                if abs(other["makespan_s"] / said["makespan_s"] - 1) > 1e-6:
                    print(f"the engines differ: {other['makespan_s']} and {said['makespan_s']} s")
        simgrid = ratio = f"{'-':>5}"
        if simgrid_times:
            row["simgrid_s"], row["ratio"] = simgrid_s, simgrid_s / row["run_s"]
            simgrid, ratio = f"{simgrid_s:.3f} s", f"{row['ratio']:.0f} x"
        bench.rows[name] = row
        print(f"  {title:36s} {row['transfers']:13,d} {simgrid:>10} {row['run_s']:8.4f} s {ratio:>7} "
              f"{row['transfers_per_s']:12,.0f} {row['whole_s']:6.2f} s {row['peak_mib']:5,.0f} MiB"
              f"{mark(bench.rows, name)}", flush=True)


def bench_lossless(bench):
    print("\nlossless                                   transfers  in flight       run  transfers/s    whole      peak")
    rows = (
        ("flagship-lossless", "Fire-Flyer 2, two jobs, storage", scenario_path("fire-flyer-2"), 3),
        ("full-lossless", "Fire-Flyer 2 at full size", scenario_path("fire-flyer-2-chunked"), 1),
        ("flows5000", "5,000 flows of random pairs",
         job("leaf:250 spine:20 host:20 200Gb/s", 5000, "permutation: {size: 64MiB}"), 1),
    )
    for name, title, scenario, times in rows:
        row = bench.engine("lossless", scenario if os.path.isabs(scenario) else bench.write(scenario), times)
        bench.rows[name] = row
        print(f"  {title:36s} {row['transfers']:13,d} {row['in_flight_max']:10,d} {row['run_s']:8.3f} s "
              f"{row['transfers_per_s']:12,.0f} {row['whole_s']:6.2f} s {row['peak_mib']:5,.0f} MiB"
              f"{mark(bench.rows, name)}", flush=True)


def bench_memory(bench):
    """Waiting: the schedule and what the run adds, for each transfer of a ring of which 1 in 2,046 is in flight. In
    flight: what the run adds when 128 chunks of each of 760 readers are outstanding instead of 1, for each of them."""
    print("\nmemory of a transfer                       transfers  in flight        bytes")
    row = bench.engine("fluid", bench.write(job(ZONE_1024, 1024, RING)))
    row["bytes_each"] = (row["schedule_bytes"] + row["run_bytes"]) / row["transfers"]
    bench.rows["waiting"] = row
    fabric = "leaf:40 spine:20 host:19 storage:1 200Gb/s latency:450ns"
    few = bench.engine("fluid", bench.write(reads(fabric, 760, 128, 1)))
    many = bench.engine("fluid", bench.write(reads(fabric, 760, 128, 128)))
    many["bytes_each"] = ((many["run_bytes"] - few["run_bytes"]) / (many["in_flight_max"] - few["in_flight_max"]))
    bench.rows["in flight"] = many
    for name in ("waiting", "in flight"):
        row = bench.rows[name]
        print(f"  {name:36s} {row['transfers']:13,d} {row['in_flight_max']:10,d} {row['bytes_each']:12.0f}"
              f"{mark(bench.rows, name)}", flush=True)


def grow(bench, series, x, scenario, times=1):
    row = bench.engine("fluid", bench.write(scenario), times)
    row["x"] = x
    bench.rows.setdefault("growth", {}).setdefault(series, []).append(row)
    print(f"  {series:36s} {x:10,d} {row['transfers']:10,d} {row['in_flight_max']:10,d} {row['open_s']:9.3f} "
          f"{row['schedule_s']:9.4f} {row['run_s']:9.4f} {row['peak_mib']:8,.0f}", flush=True)


# Leaves, spines, compute and storage hosts of a leaf.
GROWING = {100: (10, 10, 10, 1), 200: (10, 20, 20, 2), 400: (20, 20, 20, 2), 800: (40, 20, 20, 2),
           1600: (80, 20, 20, 2), 3200: (100, 32, 32, 3), 6400: (160, 40, 40, 4), 12800: (256, 50, 50, 5),
           25600: (400, 64, 64, 6), 32768: (512, 64, 64, 6)}


def bench_hosts(bench):
    print("\ngrowth with hosts                              hosts  transfers  in flight    open s  schedule     run s      MiB")
    for hosts, (leaves, spines, on_leaf, storage) in GROWING.items():
        fabric = f"leaf:{leaves} spine:{spines} host:{on_leaf} storage:{storage} 200Gb/s latency:450ns"
        times = 3 if hosts <= 12800 else 1
        grow(bench, "10 rounds of a ring", hosts,
             job(fabric, hosts, "permutation: {size: 1MiB, shift: 1}", "repeat: 10, "), times)
        grow(bench, "a random permutation", hosts, job(fabric, hosts, "permutation: {size: 64MiB}"), times)
        grow(bench, "8 chunks read by each host", hosts, reads(fabric, hosts, 8, 2), times if hosts <= 3200 else 1)


def bench_flight(bench):
    print("\ngrowth with transfers in flight            in flight  transfers  in flight    open s  schedule     run s      MiB")
    fabric = "leaf:40 spine:20 host:20 storage:20 200Gb/s latency:450ns"
    for n in (100, 800, 8000, 80_000, 1_000_000):
        readers = min(n, 800)
        each = max(n // readers, 1)
        times = 3 if n <= 10_000 else 1
        grow(bench, "reads, each from one server", n, reads(fabric, readers, each, each, ", stripe: 1"), times)
        if n <= 100_000:
            grow(bench, "reads, each from all servers", n, reads(fabric, readers, each, each), times)


def bench_program(bench):
    print("\ncsin with Fire-Flyer 2, 122 switches, 1,380 hosts          time     memory")
    path = scenario_path("fire-flyer-2")
    fabric = os.path.join(ROOT, "configs", "fire-flyer-2.yaml")
    for title, command, times in (
            ("parse and build the fabric", ["check", fabric], 5),
            ("and its tables, and the schedule of the scenario", ["check", path], 5),
            ("csin topo: and analyse", ["topo", fabric], 3),
            ("csin sim: and every job and stream alone, SimGrid", ["sim", "--no-cache", "--engine", "simgrid", path], 1),
            ("the same, fluid", ["sim", "--no-cache", "--engine", "fluid", path], 1)):
        seconds, memory = run_process([bench.csin, *command], times)
        print(f"  {title:52s} {seconds:7.3f} s {memory:6.0f} MiB", flush=True)


def bench_fabrics(bench):
    print("\nfabric and forwarding tables              switches      entries     time  ns/entry     memory  bytes/entry")
    path = bench.write(job("leaf:1 spine:1 host:2 200Gb/s", 2, "compute: 1s"))
    idle, base = run_process([bench.csin, "check", path], 5)
    for hosts, switches, fabric in ((800, 60, "leaf:40 spine:20 host:20 200Gb/s"),
                                    (8192, 192, "leaf:128 spine:64 host:64 200Gb/s"),
                                    (32768, 576, "leaf:512 spine:64 host:64 200Gb/s")):
        path = bench.write(job(fabric, 2, "compute: 1s"))
        seconds, memory = run_process([bench.csin, "check", path])
        seconds, memory = max(seconds - idle, 1e-4), memory - base
        entries = hosts * switches
        print(f"  {hosts:6,d} hosts {switches:35d} {entries:12,d} {seconds:6.3f} s {seconds / entries * 1e9:9.1f} "
              f"{memory:6.1f} MiB {memory * MIB / entries:12.2f}", flush=True)


SWEEP = """sweep: speed
scenario: %s
axes:
  routing: [dmodk, spray, ecmp, least-loaded]
  size: {of: "jobs.train.steps[1].allreduce.size", from: 1MiB, to: 256MiB, count: 25, scale: log}
  readers: {of: storage.dataset.readers, from: 1, to: 10, count: 10}
"""


def bench_sweep(bench):
    """1,000 small what-ifs, as the clock has it; the last row has them in the file already."""
    print("\ncsin sweep, 1,000 points of first-steps      workers      time   points/s   against one")
    path, points = os.path.join(bench.folder, "sweep.yaml"), os.path.join(bench.folder, "points.db")
    with open(path, "w", encoding="utf-8") as file:
        file.write(SWEEP % scenario_path("first-steps"))
    one = None
    for workers in (1, 2, 3, 4):
        best = float("inf")
        for _ in range(2):
            if os.path.exists(points):
                os.remove(points)
            best = min(best, run_process([bench.csin, "sweep", path, "-o", points, "-j", str(workers)], 1)[0])
        one = one or best
        bench.rows[f"sweep{workers}"] = {"points_per_s": 1000 / best, "time_s": best}
        print(f"  {'simulated':44s} {workers:5d} {best:7.2f} s {1000 / best:10.0f} {one / best:10.2f} x"
              f"{mark(bench.rows, f'sweep{workers}')}", flush=True)
    again = run_process([bench.csin, "sweep", path, "-o", points], 2)[0]
    print(f"  {'all there already':44s} {'':5s} {again:7.2f} s", flush=True)


def drawn_ms(page):
    """How long its script drew, by its own clock, in Debian's Chromium; None without one."""
    if not shutil.which("chromium"):
        return None
    done = subprocess.run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "file://" + page],
                          capture_output=True, text=True, check=False, timeout=120)
    found = re.search(r'data-drawn="(\d+)"', done.stdout)
    return int(found.group(1)) if found else None


def bench_report(bench):
    print("\npages (-o report.html)                                json    page      size  drawn in a browser")
    large = job("leaf:20 spine:20 host:20 pod:24 core:400 ports:40 200Gb/s", 4000,
                "allreduce: {algorithm: double-binary-tree, size: 186MiB, chunk: 8MiB}")
    for title, path in (("122 switches, 1,560 NICs: fire-flyer-2", scenario_path("fire-flyer-2")),
                        ("1,360 switches, 9,600 NICs: a tree over 4,000", bench.write(large))):
        page, result = (os.path.join(bench.folder, name) for name in ("page.html", "result.json"))
        command = [bench.csin, "sim", "--engine", "fluid", path, "-o"]
        plain, _ = run_process([*command, result])
        seconds, _ = run_process([*command, page])
        drawn = drawn_ms(page)
        print(f"  {title:48s} {plain:5.2f} s {seconds:5.2f} s {os.path.getsize(page) / 1e6:6.2f} MB"
              f"  {'no chromium' if drawn is None else f'{drawn} ms'}", flush=True)


SECTIONS = {"engines": bench_engines, "lossless": bench_lossless, "memory": bench_memory, "hosts": bench_hosts,
            "flight": bench_flight, "program": bench_program, "fabrics": bench_fabrics,
            "report": bench_report, "sweep": bench_sweep}


def tell_targets(rows):
    met = measured = 0
    print()
    for name, what, how, wanted, text in TARGETS:
        if what not in rows.get(name, {}):
            continue
        value = rows[name][what]
        is_met = meets(how, value, wanted)
        measured, met = measured + 1, met + is_met
        print(f"  {'met   ' if is_met else 'MISSED'}  {name + ', ' + what:36s} {text.format(value):>20}, "
              f"wanted {how} {text.format(wanted)}")
    print(f"{met} of {measured} targets met")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("csin")
    parser.add_argument("--data", metavar="FILE.json")
    parser.add_argument("section", nargs="*")
    args = parser.parse_intermixed_args()
    unknown = set(args.section) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(os.path.abspath(args.csin), folder)
        for name in args.section or SECTIONS:
            SECTIONS[name](bench)
    tell_targets(bench.rows)
    if args.data:
        with open(args.data, "w", encoding="utf-8") as file:
            json.dump(bench.rows, file, indent=1)


if __name__ == "__main__":
    main()
