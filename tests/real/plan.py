#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned forwarding tables against those of opensm's own engines, and in opensm's hands.

    tests/real/plan.py CSIN ROOT [WORD]     only the cases whose name holds WORD

opensm routes csin's netlist by minhop, ftree and dfsssp; csin plans tables for the same scenario. Worst loads of one
permutation are counted here, by following both tables over the netlist; of a mix csin counts them. Times are simulated.
Never may the plan be worse. Then opensm loads what csin planned, and ibdmchk looks for ways and credit loops.
"""
import collections
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from subnet import Cases, Subnet, links, tables  # noqa: E402

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SMALL = "leaf:4 spine:2 host:4 200Gb/s"
ZONE = "leaf:40 spine:20 host:20 200Gb/s"
STORED = "leaf:40 spine:20 host:18 storage:2 200Gb/s"
TWO_ZONES = str(ROOT / "configs" / "fire-flyer-2.yaml")
ENGINES = "minhop", "ftree", "dfsssp"
PERMUTATION = """scenario: t
fabric: '{fabric}'
seed: {seed}
jobs: [{{name: t, hosts: {hosts}, placement: random, steps: [permutation: {{size: 64MiB, shift: 1}}]}}]
"""
MIX = """scenario: t
fabric: '{fabric}'
jobs:
  - {{name: ring, hosts: 40, placement: random, steps: [allreduce: {{size: 4MiB}}]}}
  - {{name: tree, hosts: 160, placement: random, steps: [allreduce: {{algorithm: double-binary-tree, size: 16MiB}}]}}
  - {{name: shift, hosts: 200, placement: random, repeat: 3, steps: [permutation: {{size: 64MiB, shift: 7}}]}}
storage:
  - read: {{name: data, readers: 160, placement: random, size: 16MiB, chunk: 4MiB}}
"""
cases = Cases(CSIN)


def run(*words, status=(0,)):
    done = subprocess.run([CSIN, *map(str, words)], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode in status, f"csin {words}: {done.returncode}: {done.stderr}"
    return done.stdout


def simulated(scenario, *options):
    return json.loads(run("sim", scenario, *options, "-f", "json", status=(0, 4)))


def planned(folder, scenario, *options):
    """What csin says of its plan, which is in plan.yaml and plan.lft."""
    return json.loads(run("plan", scenario, "--optimize", "routing", "-f", "json", "-o", Path(folder, "plan.yaml"),
                          "--time-limit", "10s", *options, status=(0, 4)))


def dumped(folder, netlist, engine):
    with Subnet(netlist, ["-R", engine]) as subnet:
        assert f"{engine} tables configured on all switches" in subnet.log(), f"opensm fell back from {engine}"
        dump = Path(folder, f"{engine}.lft")
        dump.write_bytes(subnet.lfts().read_bytes())
    return dump


def most_flows(netlist, table, pairs):
    """On the fullest cable between switches, where (host, host) pairs send one flow each."""
    found, nodes, lids = links(netlist)
    far = {(node, port): (other, other_port) for node, port, other, other_port, _ in found}
    adapter = {nodes[node][2].split()[0]: (node, port) for node, port in lids if nodes[node][0] == "Ca"}
    guid = {node: int(re.sub(r"^S-", "", node), 16) for node in nodes if nodes[node][0] == "Switch"}
    load = collections.Counter()
    for source, target in pairs:
        at = far[adapter[source]][0]
        for _ in range(8):
            port = table[guid[at]][lids[adapter[target]]]
            following = far[at, port][0]
            if nodes[following][0] == "Ca":
                break
            load[at, port] += 1
            at = following
        assert following == adapter[target][0], f"{source} does not get to {target}"
    return max(load.values())


def check_permutation(folder, fabric, hosts, seed):
    netlist = cases.csin(folder, fabric, out="t.ibnet")
    text = netlist.read_text()
    scenario = Path(folder, "t.yaml")
    scenario.write_text(PERMUTATION.format(fabric=fabric, hosts=hosts, seed=seed))
    plan = planned(folder, scenario)
    if plan["routing"]["changed"]:
        best, file = simulated(scenario, "--plan", Path(folder, "plan.yaml")), Path(folder, "plan.lft")
    else:  # D-Mod-K was at the bound
        best, file = simulated(scenario), cases.csin(folder, fabric, out="dmodk.lft")
    order = best["jobs"][0]["hosts_by_rank"]
    assert len(order) == hosts
    pairs = list(zip(order, order[1:] + order[:1]))
    flows = most_flows(text, tables(file), pairs)
    assert flows == round(plan["routing"]["worst_load"]), "csin counts other loads than this test"
    for engine in ENGINES:
        dump = dumped(folder, netlist, engine)
        theirs = most_flows(text, tables(dump), pairs)
        time = simulated(scenario, "--routing", f"lft:{dump}")["makespan_s"]
        print(f"        {hosts} hosts, a permutation: {engine} {theirs} flows a cable, {time * 1e3:.3f} ms; planned "
              f"{flows}, {best['makespan_s'] * 1e3:.3f} ms: {time / best['makespan_s']:.2f} times as fast")
        assert flows <= theirs and best["makespan_s"] <= time * (1 + 1e-6), engine
    return flows, plan["routing"]["bound"]


def test_a_permutation_of_a_small_fabric_is_never_slower_than_by_opensm(folder):
    for seed in 1, 2, 3:
        flows, bound = check_permutation(folder, SMALL, 16, seed)
        assert flows == round(bound)


def test_a_permutation_of_800_hosts_has_every_cable_to_itself_unlike_by_opensm(folder):
    assert check_permutation(folder, ZONE, 800, 1) == (1, 1)


def test_a_mix_of_reduces_and_reads_is_never_slower_than_by_opensm(folder):
    netlist = cases.csin(folder, STORED, out="t.ibnet")
    scenario = Path(folder, "t.yaml")
    scenario.write_text(MIX.format(fabric=STORED))
    plan = planned(folder, scenario)["routing"]
    best = simulated(scenario, "--plan", Path(folder, "plan.yaml"))
    for engine in ENGINES:
        dump = dumped(folder, netlist, engine)
        theirs = json.loads(run("plan", scenario, "--optimize", "routing", "--time-limit", "1ms", "-f", "json",
                                "--routing", f"lft:{dump}", status=(0, 4)))["routing"]["worst_load_before"]
        result = simulated(scenario, "--routing", f"lft:{dump}")
        print(f"        a mix: {engine} worst load {theirs:.3f}, {result['makespan_s'] * 1e3:.3f} ms; planned "
              f"{plan['worst_load']:.3f} (bound {plan['bound']:.3f}), {best['makespan_s'] * 1e3:.3f} ms")
        assert plan["worst_load"] <= theirs * (1 + 1e-9), engine
        assert best["makespan_s"] <= result["makespan_s"] * (1 + 1e-6), engine


def check_loads(folder, fabric, scenario, *options):
    """opensm takes the planned tables and they are in the switches; ibdmchk finds all ways and no credit loop."""
    netlist = cases.csin(folder, fabric, out="t.ibnet")
    said = planned(folder, scenario, *options)
    assert said["routing"]["changed"], "nothing was planned"
    file = Path(folder, "plan.lft")
    want = tables(file)
    with Subnet(netlist, ["-R", "file,no_fallback", "-U", str(file)]) as subnet:
        assert tables(subnet.lfts()) == want, "opensm dumps other tables"
        assert tables(subnet.run("dump_fts")) == want, "the switches have other tables"
        assert " ERR " not in subnet.log()
        said = subnet.ibdmchk()
    n = len(re.findall(r"^Ca\b", netlist.read_text(), re.MULTILINE))
    assert f"-I- Scanned:{n * (n - 1)} CA to CA paths" in said, said[-2000:]
    assert "lost" not in said and "-E- Unassigned" not in said and "unreachable" not in said.lower(), said
    assert "-I- no credit loops found" in said, said[-2000:]
    return want


def test_opensm_loads_planned_tables_of_one_zone(folder):
    scenario = Path(folder, "t.yaml")
    for fabric, hosts, seed in (SMALL, 16, 2), (ZONE, 800, 1):
        scenario.write_text(PERMUTATION.format(fabric=fabric, hosts=hosts, seed=seed))
        want = check_loads(folder, fabric, scenario)
        assert want != tables(cases.csin(folder, fabric, out="dmodk.lft")), "D-Mod-K planned for nothing"


def test_planned_tables_of_two_zones_are_free_of_credit_loops_on_one_lane(folder):
    scenario = Path(folder, "t.yaml")
    scenario.write_text(PERMUTATION.format(fabric=TWO_ZONES, hosts=1200, seed=1))
    check_loads(folder, TWO_ZONES, scenario)


if __name__ == "__main__":
    sys.exit(cases.run(globals()))
