#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures speed and memory of a csin binary: bench.py CSIN [--plot FILE.svg]

--plot draws how the time of a run grows, and leaves out the rest. Every row is one process; its time is the best of several runs, its memory the largest resident set of it
or of the engine's child. Compare rows of one run with each other rather than with another machine's.
"""
import os
import subprocess
import sys
import tempfile
import time


def run(command, times=3):
    """Best wall-clock time [s] and largest memory [MiB]; the output of the last run."""
    best, memory = float("inf"), 0
    for _ in range(times):
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        output, errors = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        best = min(best, time.monotonic() - begun)
        memory = max(memory, usage.ru_maxrss / 1024)
        if os.waitstatus_to_exitcode(status) != 0:
            sys.exit(f"bench: {' '.join(command)} failed:\n{errors}")
    return best, memory, output


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def scenario(fabric, hosts, step):
    return (f'scenario: bench\nfabric: "{fabric}"\njobs:\n'
            f'  - {{name: job, hosts: {hosts}, steps: [{step}]}}\n')


def bench_flagship(csin, root):
    print("Fire-Flyer 2, 122 switches, 1,380 hosts                        time     memory")
    path = os.path.join(root, "scenarios", "fire-flyer-2", "scenario.yaml")
    fabric = os.path.join(root, "configs", "fire-flyer-2.yaml")
    seconds, memory, _ = run([csin, "check", fabric], 5)
    print(f"  parse and build the fabric                            {seconds:9.3f} s {memory:6.0f} MiB")
    seconds, memory, _ = run([csin, "check", path], 5)
    print(f"  and its tables, and the schedule of the scenario      {seconds:9.3f} s {memory:6.0f} MiB")
    seconds, memory, _ = run([csin, "topo", fabric], 3)
    print(f"  csin topo: and analyse                                {seconds:9.3f} s {memory:6.0f} MiB")
    seconds, memory, _ = run([csin, "sim", "--no-cache", path], 1)
    print(f"  csin sim: together, and every job and stream alone    {seconds:9.3f} s {memory:6.0f} MiB")


def bench_ring(csin, folder):
    print("\nSimGrid engine, ring allreduce of 186 MiB     transfers      time   transfers/s   bytes/transfer")
    path = write(folder, "idle.yaml", scenario("leaf:1 spine:1 host:2 200Gb/s", 2, "compute: 1s"))
    idle, base, _ = run([csin, "sim", "--no-cache", path])
    for hosts, fabric in ((16, "leaf:4 spine:4 host:4 200Gb/s"), (64, "leaf:8 spine:8 host:8 200Gb/s"),
                          (160, "leaf:8 spine:20 host:20 200Gb/s"),
                          (512, "leaf:26 spine:20 host:20 200Gb/s")):
        path = write(folder, "ring.yaml",
                     scenario(fabric, hosts, "{allreduce: {algorithm: ring, size: 186MiB}}"))
        seconds, memory, _ = run([csin, "sim", "--no-cache", path], 1 if hosts > 160 else 3)
        transfers = hosts * 2 * (hosts - 1)
        seconds, memory = seconds - idle, memory - base
        rate = f"{transfers / seconds:12,.0f}" if seconds > 0.003 else f"{'-':>12}"
        each = f"{memory * 2**20 / transfers:12,.0f}" if memory > 0.5 else f"{'-':>12}"
        print(f"  {hosts:4d} hosts {transfers:44,d} {max(seconds, 0):9.3f} s {rate} {each}")
    print("  (an idle run is taken off: it has the process, the fork and SimGrid's start; '-': too little to tell)")


def bench_growth(csin, folder):
    print("\nFabric and forwarding tables              switches  entries      time  ns/entry     memory  bytes/entry")
    path = write(folder, "idle.yaml", scenario("leaf:1 spine:1 host:2 200Gb/s", 2, "compute: 1s"))
    idle, base, _ = run([csin, "check", path], 5)
    for hosts, switches, fabric in ((800, 60, "leaf:40 spine:20 host:20 200Gb/s"),
                                    (8192, 192, "leaf:128 spine:64 host:64 200Gb/s"),
                                    (32768, 576, "leaf:512 spine:64 host:64 200Gb/s")):
        path = write(folder, "grow.yaml", scenario(fabric, 2, "compute: 1s"))
        seconds, memory, _ = run([csin, "check", path], 3)
        seconds, memory = max(seconds - idle, 1e-4), memory - base
        entries = hosts * switches
        print(f"  {hosts:6,d} hosts {switches:28d} {entries:12,d} {seconds:8.3f} s {seconds / entries * 1e9:6.1f} "
              f"{memory:8.1f} MiB {memory * 2**20 / entries:9.2f}")


# ---- engines against each other: runs alone, without the process around them (bench-engine) ----

ZONE = "leaf:40 spine:20 host:20 200Gb/s latency:450ns"
TREE = "allreduce: {algorithm: double-binary-tree, size: 186MiB, chunk: 3047424B}"  # 32 chunks for each of the two trees
RING = "allreduce: {algorithm: ring, size: 186MiB}"


def job(fabric, hosts, step, more=""):
    return (f'scenario: bench\nfabric: "{fabric}"\njobs:\n'
            f'  - {{name: job, hosts: {hosts}, {more}steps: [{{{step}}}]}}\n')


def full_size(root):
    path = os.path.join(root, "scenarios", "fire-flyer-2-chunked", "scenario.yaml")
    with open(path, encoding="utf-8") as file:
        return file.read().replace("../../configs", os.path.join(root, "configs"))


def engine_run(csin, engine, path, times):
    """Transfers, most in flight, seconds, bytes of memory that the run adds, its makespan."""
    tool = os.path.join(os.path.dirname(csin), "bench-engine")
    out = subprocess.run([tool, engine, path, str(times)], capture_output=True, text=True, check=True).stdout.split()
    return int(out[0]), int(out[2]), float(out[3]), int(out[6]), float(out[7]), int(out[5])


def bench_engines(csin, root, folder):
    print("\nEngines in one run                            transfers    SimGrid      fluid   ratio  transfers/s  target")
    rows = (("double binary tree, 800 hosts", job(ZONE, 800, TREE), 1, ">= 100 x, 400,000/s"),
            ("  ranks placed at random", job(ZONE, 800, TREE, "placement: random, "), 1, ""),
            ("ring, 160 hosts", job("leaf:8 spine:20 host:20 200Gb/s", 160, RING), 20, ">= 8 x, 5,000,000/s"),
            ("random permutations, 800 hosts", job(ZONE, 800, "permutation: {size: 64MiB}", "repeat: 20, "), 3, ">= 8 x"),
            ("Fire-Flyer 2 at full size", full_size(root), 1, "< 10 s"),
            ("ring, 1,024 hosts", job("leaf:52 spine:20 host:20 200Gb/s", 1024, RING), 0, "< 1 s, 500 MiB"),
            ("all-to-all, 1,024 hosts", job("leaf:52 spine:20 host:20 200Gb/s", 1024, "all-to-all: {size: 186MiB}"), 0, "< 2 s"),
            ("all-to-all, 3,163 hosts", job("leaf:159 spine:20 host:20 200Gb/s", 3163, "all-to-all: {size: 186MiB}"), 0, "< 2 GiB"))
    for name, text, times, target in rows:
        path = write(folder, "engine.yaml", text)
        transfers, _, fluid, memory, makespan, schedule = engine_run(csin, "fluid", path, max(times, 1))
        simgrid, ratio = "", ""
        if times > 0:
            _, _, seconds, _, other, _ = engine_run(csin, "simgrid", path, min(times, 3))
            simgrid, ratio = f"{seconds:8.3f} s", f"{seconds / fluid:5.0f} x"
            if abs(other / makespan - 1) > 1e-6:
                print(f"  the engines differ: {makespan} and {other} s")
        mib = f", {(memory + schedule) / 2**20:,.0f} MiB" if transfers > 1e6 else ""
        print(f"  {name:42s} {transfers:10,d} {simgrid:>10} {fluid:8.3f} s {ratio:>7} {transfers / fluid:12,.0f}  {target}{mib}")


def bench_lossless(csin, root, folder):
    print("\nLossless congestion                           transfers       time  target")
    pairs = job(ZONE, 800, "permutation: {size: 64MiB}")
    for name, path, target in (
            ("Fire-Flyer 2, the flagship, 400 readers", os.path.join(root, "scenarios", "fire-flyer-2", "scenario.yaml"), "< 60 s"),
            ("Fire-Flyer 2 at full size", write(folder, "full.yaml", full_size(root)), ""),
            ("a random permutation of 800 hosts", write(folder, "pairs.yaml", pairs), "")):
        transfers, _, seconds, _, _, _ = engine_run(csin, "lossless", path, 1)
        print(f"  {name:42s} {transfers:10,d} {seconds:8.3f} s  {target}")


def bench_memory(csin, folder):
    print("\nMemory of the fluid engine                    transfers  in flight   bytes each")
    for name, n, text in (("waiting: schedule, dispatch, times", 1023 * 2046, job("leaf:52 spine:20 host:20 200Gb/s", 1024, RING)),
                          ("in flight: all at once", 0, job(ZONE, 800, "incast: {size: 1MiB}"))):
        path = write(folder, "memory.yaml", text)
        transfers, flows, _, memory, _, schedule = engine_run(csin, "fluid", path, 1)
        each = (memory + schedule) / transfers if n else memory / flows
        print(f"  {name:42s} {transfers:10,d} {flows:10,d} {each:12,.0f}")


# ---- how the time grows, as a picture ----

def growth(csin, folder):
    """Two series of (x, seconds): of a permutation against hosts, of flows at once against their number."""
    hosts, flows = [], []
    for n in (100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 32768):
        leaves = (n + 63) // 64
        path = write(folder, "grow.yaml", job(f"leaf:{max(leaves, 2)} spine:64 host:64 200Gb/s", n, "permutation: {size: 64MiB}"))
        transfers, _, seconds, _, _, _ = engine_run(csin, "fluid", path, 3)
        hosts.append((n, seconds))
    for n in (1, 4, 16, 64, 256, 1024):
        text = (f'scenario: bench\nfabric: "leaf:40 spine:20 host:19 storage:1 200Gb/s latency:450ns"\nstorage:\n'
                f'  - read: {{name: data, readers: 760, size: {n}MiB, chunk: 1MiB, concurrency: {n}}}\n')
        path = write(folder, "grow.yaml", text)
        if 760 * n > 200_000:
            break
        transfers, most, seconds, _, _, _ = engine_run(csin, "fluid", path, 1)
        flows.append((most, seconds))
    return hosts, flows


def plot(csin, folder, target):
    """A log-log picture of both series."""
    import math
    series = list(zip(growth(csin, folder), ("a random permutation, against hosts", "reads, against transfers in flight"),
                      ("#1b6ca8", "#b3541e")))
    width, height, left, top = 720, 400, 70, 30
    x0, x1, y0, y1 = 2, 5.3, -5, 2.01
    def at(x, y):
        return (left + (math.log10(x) - x0) / (x1 - x0) * (width - left - 30),
                top + (y1 - math.log10(y)) / (y1 - y0) * (height - top - 50))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for e in range(int(y0), int(y1) + 1):
        y = at(10**x0, 10**e)[1]
        out.append(f'<path d="M{left} {y:.1f}H{width - 30}" stroke="#dddddd"/><text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#333333">'
                   f'{("100 s", "10 s", "1 s", "100 ms", "10 ms", "1 ms", "100 us", "10 us")[2 - e]}</text>')
    for e in range(int(x0), 6):
        x = at(10**e, 1)[0]
        out.append(f'<path d="M{x:.1f} {top}V{height - 50}" stroke="#dddddd"/><text x="{x:.1f}" y="{height - 32}" text-anchor="middle" fill="#333333">{10**e:,}</text>')
    out.append(f'<text x="{(width + left) / 2}" y="{height - 10}" text-anchor="middle" fill="#333333">hosts, or transfers in flight</text>')
    out.append(f'<text x="{left}" y="18" fill="#333333">time of a run of the fluid engine, routes and schedule not counted</text>')
    for i, (points, name, colour) in enumerate(series):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in points))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{at(*point)[0]:.1f}" cy="{at(*point)[1]:.1f}" r="3.5" fill="{colour}"/>' for point in points]
        out.append(f'<rect x="{left + 16}" y="{top + 14 + 20 * i}" width="14" height="4" fill="{colour}"/>'
                   f'<text x="{left + 38}" y="{top + 20 + 20 * i}" fill="#333333">{name}</text>')
        print(name, *(f"{x:,}: {y:.6f} s" for x, y in points), sep="\n  ")
    out.append("</svg>")
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + "\n")


def main():
    csin = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with tempfile.TemporaryDirectory() as folder:
        if sys.argv[2:3] == ["--plot"]:
            plot(csin, folder, sys.argv[3])
            return
        bench_engines(csin, root, folder)
        bench_lossless(csin, root, folder)
        bench_memory(csin, folder)
        bench_flagship(csin, root)
        bench_ring(csin, folder)
        bench_growth(csin, folder)


if __name__ == "__main__":
    main()
