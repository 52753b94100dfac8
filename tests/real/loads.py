#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares routes per arc with what ibdm (Debian's ibutils) counts in opensm's own dump of csin's tables.

    loads.py CSIN [ROOT]

csin writes netlist and tables; opensm -R file loads them over ibsim and dumps what it set; ibdmsh follows
every pair of hosts there and counts paths per port. Without the programs all is skipped.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

UMAD2SIM = "/usr/lib/x86_64-linux-gnu/umad2sim/libumad2sim.so"
CASES = [
    ("leaf:4 spine:3 host:4 100Gb/s", "random"),
    ("leaf:4 spine:3 host:4 100Gb/s", "dmodk"),
    ("leaf:5 spine:2 host:6 links:2 100Gb/s", "random"),
    ("leaf:8 spine:4 host:8 100Gb/s", "random"),
]
TRACE = """set f [new_IBFabric]
IBFabric_parseSubnetLinks $f opensm-subnet.lst
IBFabric_parseFdbFile $f opensm.fdbs
ibdmCongInit $f
foreach s {LIDS} { foreach d {LIDS} { if {$s != $d} { ibdmCongTrace $f $s $d } } }
puts [ibdmCongDump $f]
"""


def csin(program, *words):
    done = subprocess.run([program, "topo", *words], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def start_ibsim(folder, environment):
    log = os.path.join(folder, "ibsim.log")
    with open(log, "w", encoding="utf-8") as out:
        ibsim = subprocess.Popen(["ibsim", "-s", "-n", "fabric.net"], cwd=folder, env=environment, stdout=out,
                                 stderr=out, stdin=subprocess.DEVNULL)
    for _ in range(200):
        with open(log, encoding="utf-8", errors="replace") as text:
            if "Network simulator ready" in text.read():
                break
        time.sleep(0.02)
    return ibsim


def paths_per_port(program, fabric, policy, folder):
    """{(name of switch, port): paths} by ibdm."""
    environment = dict(os.environ, IBSIM_SOCKNAME=f"csin-loads-{os.getpid()}", OSM_TMP_DIR=folder,
                       OSM_CACHE_DIR=folder)
    common = [fabric, "--routing", policy, "--seed", "5"]
    csin(program, *common, "-f", "ibnet", "-o", os.path.join(folder, "fabric.net"))
    csin(program, *common, "-f", "lft", "-o", os.path.join(folder, "tables.lfts"))
    ibsim = start_ibsim(folder, environment)
    try:
        subprocess.run(["opensm", "-o", "-f", os.path.join(folder, "opensm.log"), "-e", "-d", "2", "-D", "0x43",
                        "-s", "0", "--dump_files_dir", folder, "-R", "file", "-U", "tables.lfts"], cwd=folder,
                       timeout=60, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env=dict(environment, LD_PRELOAD=UMAD2SIM))
    finally:
        ibsim.terminate()
        ibsim.wait()
    with open(os.path.join(folder, "tables.lfts"), encoding="utf-8") as text:
        tables = text.read()
    names = dict(re.findall(r"guid 0x([0-9a-f]{16}) \('([^']*)'\)", tables))
    lids = sorted({int(lid, 16) for lid in re.findall(r"(0x[0-9a-f]{4}) \d+ # Channel Adapter", tables)})
    with open(os.path.join(folder, "trace.tcl"), "w", encoding="utf-8") as out:
        out.write(TRACE.replace("LIDS", " ".join(map(str, lids))))
    said = subprocess.run(["ibdmsh", "trace.tcl"], cwd=folder, capture_output=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL).stdout.decode()
    ports = re.findall(r"PORT:S([0-9a-f]{16})/U1/P(\d+) NUM:(\d+)", said)
    return {(names[guid], int(port)): int(n) for guid, port, n in ports if guid in names}


def compare(program, fabric, policy, folder):
    paths = paths_per_port(program, fabric, policy, folder)
    shape = json.loads(csin(program, fabric, "-f", "json"))
    said = json.loads(csin(program, "--analyze", "--dead", "0", "-f", "json", fabric, "--routing", policy, "--seed", "5"))
    for arcs, end in ("leaf-up", "from"), ("leaf-down", "to"):
        ibdm = [paths[c[end], c[end + "_port"]] for c in shape["cables"] if c["place"] == "leaf-spine"]
        row = next(r for r in said["routes"]["balance"] if (r["arcs"], r["from"], r["to"]) == (arcs, "all", "all"))
        mine = (row["max"], row["mean"] * row["n_arcs"], row["n_unused"])
        theirs = (max(ibdm), sum(ibdm), ibdm.count(0))
        assert sum(ibdm) > 0 and mine == theirs, f"{fabric}, {policy}, {arcs}: csin {mine}, ibdm {theirs}"


def main():
    program = os.path.abspath(sys.argv[1])
    if not (all(map(shutil.which, ("opensm", "ibsim", "ibdmsh"))) and os.path.exists(UMAD2SIM)):
        print("opensm, ibsim or ibdmsh is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    failed = 0
    for fabric, policy in CASES:
        with tempfile.TemporaryDirectory(prefix="csin-loads-") as folder:
            try:
                compare(program, fabric, policy, folder)
            except AssertionError as fault:
                failed += 1
                print(fault)
    print(f"{len(CASES) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
