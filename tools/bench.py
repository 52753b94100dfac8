#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures speed and memory of a csin binary: bench.py CSIN

Every row is one process; its time is the best of several runs, its memory the largest resident set of it
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


def main():
    csin = os.path.abspath(sys.argv[1])
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with tempfile.TemporaryDirectory() as folder:
        bench_flagship(csin, root)
        bench_ring(csin, folder)
        bench_growth(csin, folder)


if __name__ == "__main__":
    main()
