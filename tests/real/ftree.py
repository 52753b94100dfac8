#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the real opensm whether it takes fabrics for fat-trees, and whether csin said so.

    ftree.py CSIN [ROOT] [--fabrics N] [--seed N]

Makes fabrics with dead cables, trunks, odd spines, hosts on spines, several zones; writes each as a netlist,
runs ibsim and opensm -R ftree on it (plain; -a; -a -u), and compares what the log says (ftree or not, and
the code of the error) and how many pairs have no route in the tables that it sets with `csin topo --analyze`. Needs Debian's opensm and ibsim-utils; without them all is
skipped.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

UMAD2SIM = "/usr/lib/x86_64-linux-gnu/umad2sim/libumad2sim.so"
OPTIONS = ["", "-a", "-a -u"]


# ---- fabrics ----

def random_fabric(rng):
    """A fabric file: one or two zones, and what may be odd about them."""
    zones = rng.choice([1, 1, 1, 2])
    leaves, spines, hosts = rng.randint(2, 5), rng.randint(2, 4), rng.randint(1, 3)
    links = rng.choice([1, 1, 2])
    text = ["fabric: odd", "switch-models: {s: {ports: 30, rate: 100Gb/s}}",
            "host-models: {h: {rate: 100Gb/s}}", "zones:"]
    names = ["a", "b"][:zones]
    for zone in names:
        text.append(f"  {zone}: {{model: s, leaves: {leaves}, spines: {spines}, links-per-pair: {links}, "
                    f"hosts-per-leaf: {hosts + 1}}}")
    text.append("hosts:")
    for zone in names:
        n = rng.choice([leaves * hosts, rng.randint(1, leaves * hosts)])
        text.append(f"  - {{names: '{zone}h[1-{n}]', model: h, attach: {{zone: {zone}, "
                    f"spread: {rng.choice(['even', 'fill'])}}}}}")
    odd = rng.random() < 0.4  # one more spine, on some leaves; perhaps with a channel adapter
    if odd and rng.random() < 0.4:
        text.append("  - {names: agent, model: h, attach: {switches: extra}}")
    if zones == 2 and rng.random() < 0.8:
        text.append(f"inter-zone: {{names: 'x[1-{rng.randint(1, 2)}]', model: s, zones: [a, b], "
                    f"leaves: {rng.randint(1, leaves)}}}")
    cables = []
    if odd:
        text.append("switches:\n  - {names: extra, model: s, layer: spine}")
        n = rng.randint(1, leaves)
        cables.append(f"  - {{from: 'a-leaf[1-{n}]', to: extra, count: {rng.choice([1, links])}}}")
    if rng.random() < 0.3:  # more cables on one pair
        cables.append(f"  - {{from: a-leaf{rng.randint(1, leaves)}, to: a-spine{rng.randint(1, spines)}}}")
    if cables:
        text += ["cables:"] + cables
    overrides = set()
    for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
        nth = f", nth: {rng.randint(1, links)}" if rng.random() < 0.5 else ""
        overrides.add(f"  - {{between: [a-leaf{rng.randint(1, leaves)}, a-spine{rng.randint(1, spines)}], "
                      f"state: down{nth}}}")
    if rng.random() < 0.1:  # a leaf or a spine without any cable that works
        dead = rng.randint(1, spines)
        overrides |= {f"  - {{between: [a-leaf{i}, a-spine{dead}], state: down}}" for i in range(1, leaves + 1)}
    if overrides:
        text += ["overrides:"] + sorted(overrides)
    return "\n".join(text) + "\n"


# ---- netlist ----

def switch_guid(i):
    """As csin makes them up, see topo/ib.h: their order decides what opensm compares with what."""
    return 0x02C51A0100000000 | (i + 1) << 8


def host_guid(i):
    return 0x0C42A20000000000 | (i + 1) << 8


class Netlist:
    """What ibsim and opensm are given of `csin topo --format json`."""

    def __init__(self, fabric, agents=False):
        self.ids = {s["name"]: f"S-{switch_guid(i):016x}" for i, s in enumerate(fabric["switches"])}
        self.ids.update({h["name"]: f"H-{host_guid(i):016x}" for i, h in enumerate(fabric["hosts"])})
        self.ports = {s["name"]: s["ports"] for s in fabric["switches"]}
        self.ports.update({h["name"]: h["nics"] for h in fabric["hosts"]})
        self.links = {name: {} for name in self.ids}
        for cable in fabric["cables"]:
            if cable["up"]:
                a, p, b, q = (cable[k] for k in ("from", "from_port", "to", "to_port"))
                self.links[a][p] = (b, q)
                self.links[b][q] = (a, p)
        layers = {s["name"]: s["layer"] for s in fabric["switches"]}
        self.roots = [n for n in layers if layers[n] == "spine"]
        self.hosts = [h["name"] for h in fabric["hosts"]]
        if agents:  # an aggregation node behind one port more of each switch
            for i, name in enumerate(list(layers)):
                agent = f"agent-of-{name}"
                self.ids[agent] = f"H-{0x0C42A30000000000 | (i + 1) << 8:016x}"
                self.ports[agent] = 1
                self.ports[name] += 1
                self.links[agent] = {1: (name, self.ports[name])}
                self.links[name][self.ports[name]] = (agent, 1)
        self.switches = list(layers)

    def part_of(self, start):
        seen, rest = {start}, [start]
        while rest:
            for name, _ in self.links[rest.pop()].values():
                if name not in seen and name in self.ports:
                    seen.add(name)
                    if name in self.switches:
                        rest.append(name)
        return seen

    def manager(self):
        """A host in the part with most NICs, where csin takes the manager to be."""
        best, most = None, -1
        for switch in self.switches:
            hosts = [n for n in self.part_of(switch) if n not in self.switches]
            if len(hosts) > most and hosts:
                best, most = sorted(hosts)[0], len(hosts)
        return best

    def write(self, path, first):
        order = [first] + [n for n in self.ids if n != first]
        with open(path, "w", encoding="utf-8") as out:
            for name in order:
                ident = self.ids[name]
                guid = ident[2:].lstrip("0")
                kind = "switchguid" if ident[0] == "S" else "caguid"
                out.write(f"{kind}=0x{guid}\n{'Switch' if ident[0] == 'S' else 'Ca'}\t{self.ports[name]} "
                          f"\"{ident}\"\t\t# \"{name}\"\n")
                for port, (other, there) in sorted(self.links[name].items()):
                    out.write(f"[{port}]\t\"{self.ids[other]}\"[{there}]\t\t# \"{other}\" 4xEDR\n")
                out.write("\n")


# ---- the real manager ----

def run_opensm(netlist, folder, options, socket):
    """(accepted, code, pairs without a route): what opensm -R ftree logs and sets."""
    manager = netlist.manager()
    path = os.path.join(folder, "fabric.net")
    netlist.write(path, manager)
    with open(os.path.join(folder, "roots"), "w", encoding="utf-8") as out:
        out.writelines(f"0x{netlist.ids[n][2:]}\n" for n in netlist.roots)
    with open(os.path.join(folder, "compute"), "w", encoding="utf-8") as out:
        for name in netlist.hosts:  # ibsim: port GUID = node GUID + port
            out.writelines(f"0x{int(netlist.ids[name][2:], 16) + p:016x}\n"
                           for p in range(1, netlist.ports[name] + 1))
    environment = dict(os.environ, IBSIM_SOCKNAME=socket)
    log = os.path.join(folder, "opensm.log")
    for name in "opensm.log", "opensm.fdbs", "guid2lid":  # LIDs are kept from run to run
        if os.path.exists(os.path.join(folder, name)):
            os.remove(os.path.join(folder, name))
    with open(os.path.join(folder, "ibsim.log"), "w", encoding="utf-8") as ibsim_log:
        ibsim = subprocess.Popen(["ibsim", "-s", "-n", path], cwd=folder, env=environment, stdout=ibsim_log,
                                 stderr=ibsim_log, stdin=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with open(os.path.join(folder, "ibsim.log"), encoding="utf-8", errors="replace") as text:
                if "Network simulator ready" in text.read():
                    break
            time.sleep(0.02)
        command = ["opensm", "-o", "-f", log, "-e", "-d", "2", "-D", "0x47", "-s", "0", "--dump_files_dir",
                   folder, "-R", "ftree"]
        if "-a" in options:
            command += ["-a", os.path.join(folder, "roots")]
        if "-u" in options:
            command += ["-u", os.path.join(folder, "compute")]
        subprocess.run(command, cwd=folder, timeout=60, check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL,
                       env=dict(environment, LD_PRELOAD=UMAD2SIM, OSM_TMP_DIR=folder, OSM_CACHE_DIR=folder))
    finally:
        ibsim.terminate()
        ibsim.wait()
    with open(log, encoding="utf-8", errors="replace") as text:
        said = text.read()
    assert "SUBNET UP" in said or "Entering MASTER" in said, said[-2000:]
    codes = [c for c in re.findall(r"ERR (AB[0-9A-F]{2})", said) if c not in ("AB0D", "AB14", "AB24")]
    accepted = "ftree tables configured" in said
    return accepted, codes[0] if codes else "", count_lost(netlist, folder) if accepted else 0


def count_lost(netlist, folder):
    """Ordered pairs of hosts between which the tables that opensm set lead nowhere."""
    with open(os.path.join(folder, "guid2lid"), encoding="utf-8") as text:
        lids = {int(a, 16): int(b, 16) for a, b in re.findall(r"(0x[0-9a-f]+) (0x[0-9a-f]+)", text.read())}
    tables, table = {}, {}
    names = {int(ident[2:], 16): name for name, ident in netlist.ids.items()}
    with open(os.path.join(folder, "opensm.fdbs"), encoding="utf-8") as text:
        for line in text:
            switch = re.search(r"Switch (0x[0-9a-fA-F]+)", line)
            entry = re.match(r"(0x[0-9a-fA-F]+) : (\d+)", line)
            if switch:
                table = tables.setdefault(names[int(switch[1], 16)], {})
            elif entry:
                table[int(entry[1], 16)] = int(entry[2])
    part, lost = netlist.part_of(netlist.manager()), 0
    ends = {h: netlist.links[h][1][0] for h in netlist.hosts if netlist.links[h] and h in part}
    for target in ends:
        lid = lids[int(netlist.ids[target][2:], 16) + 1]
        for source, at in ends.items():
            for _ in range(len(tables) + 1):
                if at == target or at not in tables or lid not in tables[at]:
                    break
                at = netlist.links[at][tables[at][lid]][0]
            lost += source != target and at != target
    return lost


def csin_says(csin, path):
    done = subprocess.run([csin, "topo", "--analyze", "--dead", "0", "-f", "json", path], capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stderr.decode()
    said = {row["options"]: row for row in json.loads(done.stdout)["opensm_ftree"]}
    return {options: (said[options]["accepted"], said[options]["log_code"], said[options]["pairs_without_route"])
            for options in OPTIONS}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("csin")
    parser.add_argument("root", nargs="?")
    parser.add_argument("--fabrics", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    csin = os.path.abspath(arguments.csin)
    if not (shutil.which("opensm") and shutil.which("ibsim") and os.path.exists(UMAD2SIM)):
        print("opensm or ibsim is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    passed = failed = 0
    seen = {}
    with tempfile.TemporaryDirectory(prefix="csin-ftree-") as folder:
        for number in range(arguments.fabrics):
            text = random_fabric(random.Random(arguments.seed * 1000003 + number))
            path = os.path.join(folder, "fabric.yaml")
            with open(path, "w", encoding="utf-8") as out:
                out.write(text)
            done = subprocess.run([csin, "topo", path, "-f", "json"], capture_output=True, check=False)
            if done.returncode != 0:
                print(text, done.stderr.decode())
                failed += 1
                continue
            netlist = Netlist(json.loads(done.stdout))
            if not netlist.manager():
                continue
            expected = csin_says(csin, path)
            for options in OPTIONS:
                got = run_opensm(netlist, folder, options, f"csin-ftree-{os.getpid()}-{number}")
                kind = ("pairs lost" if got[2] else "ftree") if got[0] else got[1] or "no code"
                seen[kind] = seen.get(kind, 0) + 1
                if got == expected[options]:
                    passed += 1
                    continue
                failed += 1
                print(f"fabric {number} of seed {arguments.seed}, options '{options}': opensm {got}, "
                      f"csin {expected[options]}\n{text}")
        # Aggregation nodes on all switches: what csin says is in tests/topo/test_findings.c.
        done = subprocess.run([csin, "topo", "leaf:4 spine:2 host:2 100Gb/s", "-f", "json"], capture_output=True,
                              check=True)
        agents = Netlist(json.loads(done.stdout), agents=True)
        for options, want in ("", (False, "AB2B", 0)), ("-a", (False, "AB26", 0)), ("-a -u", (True, "", 0)):
            got = run_opensm(agents, folder, options, f"csin-ftree-{os.getpid()}-agents")
            if got == want:
                passed += 1
            else:
                failed += 1
                print(f"aggregation nodes, options '{options}': opensm {got}, not {want}")
    print("seen:", ", ".join(f"{kind} {n}" for kind, n in sorted(seen.items())))
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
