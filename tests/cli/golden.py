#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see: the output of csin topo and csin sim, letter by letter.

    tests/cli/golden.py CSIN ROOT      UPDATE=1 rewrites tests/golden; read the difference before you commit it
"""
import difflib
import itertools
import os
import subprocess
import sys
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
GOLDEN = ROOT / "tests" / "golden"

TOPO = {
    "line": ["leaf:4 spine:2 host:16 200Gb/s"],
    "line-one-switch-each": ["leaf:1 spine:1 host:2 100Gb/s"],
    "line-everything": ["leaf:4 spine:4 host:8 storage:2 links:2 ports:40 400Gb/s uplink:200Gb/s latency:450ns"],
    "line-storage-only": ["leaf:2 spine:1 storage:3 200Gb/s"],
    "line-large": ["leaf:128 spine:64 host:64 400Gb/s"],
    "fire-flyer-2": ["configs/fire-flyer-2.yaml"],
    "line.json": ["-f", "json", "leaf:2 spine:2 host:1 storage:1 200Gb/s"],
    "bom": ["configs/fire-flyer-2.yaml", "--bom", "--parts", "configs/parts.yaml"],
    "bom-relative": ["scenarios/procurement/fabrics/dgx-10000.yaml", "--bom", "--parts", "scenarios/procurement/parts/relative.yaml"],
    "bom.csv": ["-f", "csv", "leaf:2 spine:2 host:1 200Gb/s", "--bom", "--parts", "configs/parts.yaml"],
    "bom.json": ["-f", "json", "leaf:2 spine:2 host:1 200Gb/s", "--bom", "--parts", "configs/parts.yaml"],
    "cabling.csv": ["-f", "cabling", "leaf:2 spine:2 host:1 200Gb/s", "--parts", "configs/parts.yaml"],
    "line.xml": ["-f", "simgrid", "leaf:2 spine:2 host:1 storage:1 200Gb/s latency:450ns"],
    "line.graphml": ["-f", "graphml", "leaf:2 spine:2 host:1 storage:1 200Gb/s"],
    "line.dot": ["-f", "dot", "leaf:2 spine:2 host:1 storage:1 200Gb/s"],
}
CASES = {f"topo-{name}": ["topo", *arguments] for name, arguments in TOPO.items()}
CASES.update({f"sim-{name}": ["sim", "--no-cache", f"scenarios/{name}/scenario.yaml"]
              for name in ("first-steps", "incast", "oversubscribed", "two-hours")})
CASES["sim-storage-incast.md"] = ["sim", "--no-cache", "scenarios/storage-incast/scenario.yaml", "-f", "md"]
CASES["plan-storage-incast.md"] = ["plan", "scenarios/storage-incast/scenario.yaml", "-f", "md"]
CASES.update({f"sim-spine-failure-{name}.svg": ["sim", "--no-cache", "scenarios/spine-failure/scenario.yaml", "-f", "svg", "--picture", name]
              for name in ("heat", "slowdowns")})


def path_of(name):
    return GOLDEN / (name if "." in name else name + ".txt")


def wrong(name, arguments):
    path = path_of(name)
    done = subprocess.run([CSIN, *arguments], cwd=ROOT, capture_output=True, check=False, timeout=120)
    if done.returncode != 0 or done.stderr:
        return f"exit {done.returncode}\n{done.stderr.decode()}"
    want = path.read_bytes() if path.exists() else b""
    if done.stdout == want:
        return None
    if os.environ.get("UPDATE"):
        path.write_bytes(done.stdout)
        print(f"{path.name} rewritten")
        return None
    lines = difflib.unified_diff(want.decode().splitlines(), done.stdout.decode().splitlines(), path.name, "csin", lineterm="")
    return "\n".join(itertools.islice(lines, 60))


def main():
    failures = {name: wrong(name, arguments) for name, arguments in CASES.items()}
    failures.update({path.name: "no case writes this file" for path in GOLDEN.iterdir()
                     if path not in map(path_of, CASES)})
    for name, why in failures.items():
        if why:
            print(f"{name}: {why}")
    n_failed = sum(why is not None for why in failures.values())
    print(f"{len(failures) - n_failed} passed, {n_failed} failed, 0 skipped")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
