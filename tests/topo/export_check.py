#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what `csin topo` writes with real parsers.

    export_check.py CSIN [ROOT]

For fabrics from one leaf to 32,768 hosts: JSON parses and its counts agree with its lists, SVG is well
formed, self-contained and bounded, DOT is accepted by Graphviz where it is installed, GraphML and the cabling list
hold the same cables as JSON, and SimGrid loads its platform and takes as long for a message as csin says.
"""
import collections
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

SVG = "{http://www.w3.org/2000/svg}"
MAX_SVG_BYTES = 2_000_000
MAX_SVG_ELEMENTS = 60_000

FABRICS = [
    "leaf:1 spine:1 host:1 100Gb/s",
    "leaf:4 spine:2 host:16 200Gb/s",
    "leaf:3 spine:2 host:5 storage:2 links:2 ports:12 100Gb/s",
    "leaf:40 spine:20 host:20 200Gb/s",
    "leaf:100 spine:10 host:30 100Gb/s",
    "leaf:512 spine:64 host:64 400Gb/s",
    "leaf:3000 spine:8 host:2 400Gb/s",
    "leaf:4 spine:2 host:3 links:3 200Gb/s latency:450ns",
]


def run(csin, fabric, form):
    done = subprocess.run([csin, "topo", fabric, "--format", form], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def check_json(data):
    fabric = json.loads(data)
    assert fabric["schema"] == "csin-topo-1"
    facts = fabric["facts"]
    for key in ("switches", "hosts", "nics", "cables"):
        assert facts[key] == len(fabric[key]), key
    assert sum(facts["hosts_by_role"].values()) == facts["hosts"]
    assert facts["dead_cables"] == sum(not cable["up"] for cable in fabric["cables"])
    assert list(fabric)[:4] == ["schema", "name", "sha256", "ports_count_from"]

    names = {switch["name"]: switch for switch in fabric["switches"]}
    hosts = {host["name"] for host in fabric["hosts"]}
    used = set()  # each port holds one cable, and counts from 1
    for cable in fabric["cables"]:
        assert cable["from"] in names or cable["from"] in hosts, cable
        for end in ("from", "to"):
            port = (cable[end], cable[end + "_port"])
            assert port not in used and port[1] >= 1, port
            used.add(port)
            if cable[end] in names:
                assert port[1] <= names[cable[end]]["ports"], port
    for name, switch in names.items():
        assert switch["ports_used"] <= switch["ports"], name
    assert sum(s["ports_used"] for s in names.values()) == sum(end in names for end, _ in used)


def check_svg(data):
    assert len(data) < MAX_SVG_BYTES, len(data)
    root = ElementTree.fromstring(data)
    assert root.tag == SVG + "svg"
    elements = list(root.iter())
    assert len(elements) < MAX_SVG_ELEMENTS, len(elements)
    tags = {element.tag for element in elements}
    assert not tags & {SVG + "script", SVG + "image", SVG + "foreignObject"}, tags
    for element in elements:
        for value in element.attrib.values():
            assert "nan" not in value and "inf" not in value and "url(" not in value, value
    assert root[0].tag == SVG + "title" and root[0].text
    # An explicit light background, so that the drawing can stand on any page.
    first = next(element for element in root if element.tag == SVG + "rect")
    assert first.get("fill") == "#fff" and first.get("width") == root.get("width")


def check_dot(data, fabric):
    assert data.startswith(b'graph "') and data.endswith(b"}\n")
    # nop parses without a layout, which would take minutes for the large ones.
    command = ["dot", "-Tsvg"] if fabric == FABRICS[1] else ["nop"]
    if not shutil.which(command[0]):
        return
    done = subprocess.run(command, input=data, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0 and not done.stderr, done.stderr.decode(errors="replace")


def check_text(data):
    lines = data.decode().splitlines()
    assert all(len(line) <= 80 for line in lines[1:]), max(lines[1:], key=len)


def cables_of(fabric):
    """Every cable of the JSON as (from, port, to, port, Gb/s, state)."""
    return collections.Counter(
        (c["from"], c["from_port"], c["to"], c["to_port"], c["capacity_Bps"] * 8 / 1e9,
         "down" if not c["up"] else "degraded" if c["degraded"] else "up") for c in fabric["cables"])


def check_cabling(data, fabric):
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert cables_of(fabric) == collections.Counter(
        (r["from"], int(r["from_port"]), r["to"], int(r["to_port"]), float(r["rate_Gbps"]), r["state"]) for r in rows)
    assert all(r["length_m"] == r["part"] == r["from_place"] == "" for r in rows)


def check_bought_cabling(csin, root):
    """With a catalogue: every cable has a place at both ends and is long enough."""
    fabric, parts = (os.path.join(root, "configs", name) for name in ("fire-flyer-2.yaml", "parts.yaml"))
    command = [csin, "topo", fabric, "--parts", parts]
    done = subprocess.run(command + ["--format", "cabling"], capture_output=True, check=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    bill = json.loads(subprocess.run(command + ["--bom", "-f", "json"], capture_output=True, check=True).stdout)
    spots = {s["name"]: f"{s['row']}-{s['rack']}-{s['unit']}" for s in bill["room"]["switches"] + bill["room"]["hosts"]}
    for row in rows:
        assert spots[row["from"]] == row["from_place"] and spots[row["to"]] == row["to_place"], row
        assert float(row["run_m"]) <= float(row["length_m"]) + 0.01, row
    bought = collections.Counter((row["part"], float(row["length_m"])) for row in rows)
    assert bought == {(p["name"], p["length_m"]): p["number"] for p in bill["parts"] if p["kind"] == "cable"}
    assert abs(sum(p["price"] for p in bill["parts"]) - bill["sums"]["all"]["price"]) < 0.01
    assert bill["sums"]["switch"]["number"] == 122
    lines = list(csv.DictReader(io.StringIO(
        subprocess.run(command + ["--bom", "-f", "csv"], capture_output=True, check=True).stdout.decode())))
    assert [(l["name"], float(l["price"])) for l in lines] == [(p["name"], p["price"]) for p in bill["parts"]]


def check_graphml(data, fabric):
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ElementTree.fromstring(data)
    keys = {key.get("id"): key.get("for") for key in root.iter(space + "key")}

    def data_of(element, kind):
        found = {d.get("key"): d.text or "" for d in element}
        assert all(keys[key] == kind for key in found), found
        return found

    nodes = {node.get("id"): data_of(node, "node") for node in root.iter(space + "node")}
    for switch in fabric["switches"]:
        node = nodes[switch["name"]]
        assert node["kind"] == "switch" and node["layer"] == switch["layer"] and node.get("zone") == switch["zone"]
    for host in fabric["hosts"]:
        assert nodes[host["name"]]["kind"] == "host" and nodes[host["name"]]["role"] == host["role"]
    assert len(nodes) == len(fabric["switches"]) + len(fabric["hosts"])
    edges = collections.Counter()
    for edge in root.iter(space + "edge"):
        found = data_of(edge, "edge")
        edges[(edge.get("source"), int(found["from_port"]), edge.get("target"), int(found["to_port"]),
               float(found["rate_Bps"]) * 8 / 1e9, found["state"])] += 1
    assert edges == cables_of(fabric)


def nic_names(fabric):
    """What csin calls the NIC of each end (host, port) for SimGrid."""
    n = {host["name"]: host["nics"] for host in fabric["hosts"]}
    return lambda end, port: end if n.get(end, 1) == 1 else f"{end}.{port - 1}"


def latency_of(fabric, source, target):
    """Seconds from NIC to NIC over a way of fewest cables: breadth first over cables that are up."""
    name = nic_names(fabric)
    own = {switch["name"]: switch["latency_s"] for switch in fabric["switches"]}
    own.update({name(nic["host"], nic["port"]): nic["latency_s"] for nic in fabric["nics"]})
    near = collections.defaultdict(list)
    for cable in fabric["cables"]:
        a, b = name(cable["from"], cable["from_port"]), name(cable["to"], cable["to_port"])
        if cable["up"]:
            near[a].append((b, cable["latency_s"]))
            near[b].append((a, cable["latency_s"]))
    seen, queue = {source: own[source]}, collections.deque([source])
    while target not in seen:
        vertex = queue.popleft()
        for other, latency_s in near[vertex]:
            if other not in seen:
                seen[other] = seen[vertex] + latency_s + own[other]
                queue.append(other)
    return seen[target]


def check_simgrid(data, fabric):
    root = ElementTree.fromstring(data)
    name = nic_names(fabric)
    nics = [name(nic["host"], nic["port"]) for nic in fabric["nics"]]
    assert [host.get("id") for host in root.iter("host")] == nics
    assert [router.get("id") for router in root.iter("router")] == [s["name"] for s in fabric["switches"]]
    # Cables of a pair are one link with the capacity of all.
    pairs = collections.defaultdict(float)
    for cable in fabric["cables"]:
        if cable["up"]:
            pairs[name(cable["from"], cable["from_port"]), name(cable["to"], cable["to_port"])] += cable["capacity_Bps"]
    links = {link.get("id"): float(link.get("bandwidth")[:-3]) for link in root.iter("link")}
    routes = {(r.get("src"), r.get("dst")): links[r[0].get("id")] for r in root.iter("route")}
    assert len(links) == len(pairs) and len(routes) == 2 * len(pairs)
    for (a, b), rate_Bps in pairs.items():
        assert routes[a, b] == routes[b, a] and abs(routes[a, b] / rate_Bps - 1) < 1e-12, (a, b)
    loader = os.environ.get("CSIN_SIMGRID_LOAD")
    if not loader or len(nics) > 2000 or len(nics) < 2:
        return
    size = 10**9
    others = {nics[1], nics[len(nics) // 2], nics[-1]} - {nics[0]}
    with tempfile.NamedTemporaryFile(suffix=".xml") as file:
        file.write(data)
        file.flush()
        command = [loader, "--log=root.thres:error", "--cfg=network/model:CM02", "--cfg=network/TCP-gamma:0",
                   "--cfg=network/crosstraffic:0", file.name, str(size)]
        done = subprocess.run(command + [n for other in others for n in (nics[0], other)], capture_output=True, text=True,
                              check=True, timeout=60)
    found, *times = done.stdout.split("\n")[:-1]
    assert found.split()[0] == str(len(nics)), found
    rate = {name(nic["host"], nic["port"]): nic["rate_Bps"] for nic in fabric["nics"]}
    for other, time_s in zip(others, times, strict=True):
        want_s = size / min(rate[nics[0]], rate[other]) + latency_of(fabric, nics[0], other)
        assert abs(float(time_s) - want_s) < 1e-12, (other, time_s, want_s)


def main():
    csin = sys.argv[1]
    root = sys.argv[2] if len(sys.argv) > 2 else os.getcwd()
    fabrics = list(FABRICS)
    real = os.path.join(root, "configs", "fire-flyer-2.yaml")
    if os.path.exists(real):
        fabrics.append(real)
    known = {}

    def as_json(fabric):
        return known.get(fabric) or known.setdefault(fabric, json.loads(run(csin, fabric, "json")))

    checks = {
        "json": lambda data, _: check_json(data),
        "svg": lambda data, _: check_svg(data),
        "dot": check_dot,
        "text": lambda data, _: check_text(data),
        "cabling": lambda data, fabric: check_cabling(data, as_json(fabric)),
        "graphml": lambda data, fabric: check_graphml(data, as_json(fabric)),
        "simgrid": lambda data, fabric: check_simgrid(data, as_json(fabric)),
    }
    passed = failed = 0
    for fabric in fabrics:
        known.clear()
        for form, check in checks.items():
            try:
                data = run(csin, fabric, form)
                check(data, fabric)
                assert run(csin, fabric, form) == data, "another run gives other bytes"
                passed += 1
            except Exception as error:  # report every failure, not the first
                failed += 1
                print(f"FAILED {fabric} as {form}: {type(error).__name__}: {error}")
    try:
        check_bought_cabling(csin, root)
        passed += 1
    except Exception as error:
        failed += 1
        print(f"FAILED cabling with a catalogue: {type(error).__name__}: {error}")
    skipped = 0 if shutil.which("dot") else len(fabrics)
    print(f"{passed} passed, {failed} failed, {skipped} skipped" + (" (no Graphviz)" if skipped else ""))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
