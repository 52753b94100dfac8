#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Slurm puts jobs, and where csin does: csin's never send more bytes between leaves.

    tests/real/slurm_place.py CSIN ROOT

slurmctld (as tests/real/slurm.py starts it) places jobs by topology/tree. csin gets the same jobs scattered over
the same free hosts (CSIN_PLACE_TOOL; tests/place-tool beside CSIN). The bytes of both are counted here, from the definitions of
the collectives. Skipped where slurmctld is not installed.
"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from slurm import PATH, START_S, Controller, csin  # noqa: E402

PLACE = os.environ.get("CSIN_PLACE_TOOL", str(Path(sys.argv[1]).resolve().parent / "tests" / "place-tool"))
LEAVES, PER_LEAF = 20, 20
LINE = f"leaf:{LEAVES} spine:20 host:{PER_LEAF} 200Gb/s"
HOSTS = [f"h{i:03}" for i in range(1, LEAVES * PER_LEAF + 1)]


# ---- the bytes, counted without csin ----

def leaf_of_hosts():
    cables = json.loads(csin("topo", LINE, "--format", "json"))["cables"]
    return {cable["from"]: cable["to"] for cable in cables if cable["place"] == "host"}


def ring(n, size):
    """2 (n - 1) rounds, in each a piece of size / n to the neighbour."""
    return {(i, (i + 1) % n): 2 * (n - 1) * size / n for i in range(n)}


def all_to_all(n, size):
    return {(i, k): size / n for i in range(n) for k in range(n) if i != k}


def tree_edges(n):
    """An in-order binary tree over 1 .. n - 1 (the nodes of a full one that exist), whose root hangs under 0."""
    def build(low, high):  # a full tree over low .. high; the root, or that of what exists of it
        if low > high:
            return None
        middle = (low + high) // 2
        if middle >= n:
            return build(low, middle - 1)
        for child in (build(low, middle - 1), build(middle + 1, high)):
            if child is not None:
                edges.append((child, middle))
        return middle
    edges, full = [], 1
    while full < n:
        full *= 2
    edges.append((build(1, full - 1), 0))
    return edges


def double_binary_tree(n, size):
    """Half of the buffer up and down each tree; the second is the first mirrored (n even) or shifted by one."""
    moved = {}
    for tree in range(2):
        for a, b in tree_edges(n):
            if tree:
                a, b = (n - 1 - a, n - 1 - b) if n % 2 == 0 else ((a + 1) % n, (b + 1) % n)
            moved[a, b] = moved.get((a, b), 0) + size  # half up, half down
    return moved


SIZE = 1000000
COLLECTIVES = {
    "ring": (ring, f"{{allreduce: {{size: {SIZE}B}}}}"),
    "tree": (double_binary_tree, f"{{allreduce: {{algorithm: double-binary-tree, size: {SIZE}B}}}}"),
    "all-to-all": (all_to_all, f"{{all-to-all: {{size: {SIZE}B}}}}"),
}


def crossing(jobs, hosts_of, leaf):
    """Bytes between leaves. jobs: name -> (collective, n); hosts_of: name -> hosts by rank."""
    total = 0
    for name, (collective, n) in jobs.items():
        at = [leaf[host] for host in hosts_of[name]]
        assert len(at) == n and len(set(hosts_of[name])) == n, name
        total += sum(b for (i, k), b in COLLECTIVES[collective][0](n, SIZE).items() if at[i] != at[k])
    return total


# ---- Slurm ----

class Slurm(Controller):
    """slurmctld with the topology.conf of LINE."""

    def __init__(self):
        super().__init__(csin("topo", LINE, "--format", "slurm"))

    def submit(self, n):
        """A job of n nodes: its number, and its hosts in the order of its ranks."""
        hosts = self.place(n)
        return self.run("squeue", "-h", "--sort=-i", "-o", "%i").split()[0], hosts  # the last one

    def cancel(self, job):
        self.run("scancel", job)
        end = time.monotonic() + START_S
        while self.run("squeue", "-h", "-j", job, check=False).strip():
            assert time.monotonic() < end, job
            time.sleep(0.1)


# ---- csin ----

def place(jobs, taken, rng):
    """csin's hosts for the jobs, which it finds scattered over the hosts that are not taken."""
    free = [h for h in HOSTS if h not in taken]
    rng.shuffle(free)
    text = f"scenario: s\nfabric: '{LINE}'\njobs:\n"
    for name, (collective, n) in jobs.items():
        hosts, free = free[:n], free[n:]
        text += f"  - {{name: {name}, hosts: '{','.join(hosts)}', steps: [{COLLECTIVES[collective][1]}]}}\n"
    if taken:  # of a job that stays, as the tool has no other way to keep hosts
        text += f"  - {{name: others, hosts: '{','.join(sorted(taken))}', steps: [{{compute: 1ms}}]}}\n"
        text += f"events: [{{at: 1us, host: '{min(taken)}', state: down}}, {{at: 1ms, host: '{min(taken)}', state: up}}]\n"
    with tempfile.TemporaryDirectory(prefix="csin-place-") as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text)
        done = subprocess.run([PLACE, str(path)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    hosts_of = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert set(hosts_of.pop("others", taken)) == set(taken)
    used = [h for hosts in hosts_of.values() for h in hosts]
    assert len(used) == len(set(used)) and not set(used) & set(taken)
    return hosts_of


def check(what, jobs, slurm, taken, leaf, rng):
    theirs = crossing(jobs, slurm, leaf)
    ours = crossing(jobs, place(jobs, taken, rng), leaf)
    print(f"        {what}: {ours / 1e6:.2f} MB between leaves, Slurm {theirs / 1e6:.2f} MB")
    assert ours <= theirs * (1 + 1e-5), (what, ours, theirs)
    return ours, theirs


# ---- cases ----

def test_single_jobs_on_an_idle_fabric():
    leaf, rng = leaf_of_hosts(), random.Random(1)
    with Slurm() as slurm:
        for n in (15, 20, 30, 64, 130):
            job, hosts = slurm.submit(n)
            for collective in COLLECTIVES:
                jobs = {"j": (collective, n)}
                check(f"{collective} of {n}", jobs, {"j": hosts}, [], leaf, rng)
            slurm.cancel(job)


def test_many_jobs_on_what_others_left_free():
    leaf, rng = leaf_of_hosts(), random.Random(2)
    with Slurm() as slurm:
        for trial in range(2):
            others = [slurm.submit(rng.randint(3, 40)) for _ in range(10)]
            rng.shuffle(others)
            for job, _ in others[5:]:
                slurm.cancel(job)
            taken = [h for _, hosts in others[:5] for h in hosts]
            jobs, running, hosts_of = {}, [], {}
            left = len(HOSTS) - len(taken)
            for i, collective in enumerate(list(COLLECTIVES) * 2):
                n = min(left, rng.randint(8, 60))
                if n < 2:
                    break
                left -= n
                job, hosts = slurm.submit(n)
                running.append(job)
                jobs[f"j{i}"] = (collective, n)
                hosts_of[f"j{i}"] = hosts
            check(f"trial {trial}, {len(jobs)} jobs", jobs, hosts_of, taken, leaf, rng)
            for job in running + [job for job, _ in others[:5]]:
                slurm.cancel(job)


def main():
    lacking = [name for name in ("slurmctld", "scontrol", "sbatch", "squeue", "scancel")
               if not shutil.which(name, path=PATH)]
    cases = [value for name, value in globals().items() if name.startswith("test_")]
    if lacking:
        print(f"not installed: {', '.join(lacking)}")
        print(f"0 passed, 0 failed, {len(cases)} skipped")
        return 0
    failed = 0
    for case in cases:
        try:
            case()
            print(f"ok      {case.__name__}")
        except Exception as wrong:  # every case is to be heard
            failed += 1
            print(f"FAILED  {case.__name__}: {type(wrong).__name__}: {wrong}")
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
