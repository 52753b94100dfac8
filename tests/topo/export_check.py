#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what `csin topo` writes with real parsers.

    export_check.py CSIN [ROOT]

For fabrics from one leaf to 32,768 hosts: JSON parses and its counts agree with its lists, SVG is well
formed, self-contained and bounded, DOT is accepted by Graphviz where it is installed.
"""
import json
import os
import shutil
import subprocess
import sys
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


def main():
    csin = sys.argv[1]
    root = sys.argv[2] if len(sys.argv) > 2 else os.getcwd()
    fabrics = list(FABRICS)
    real = os.path.join(root, "configs", "fire-flyer-2.yaml")
    if os.path.exists(real):
        fabrics.append(real)
    checks = {
        "json": lambda data, _: check_json(data),
        "svg": lambda data, _: check_svg(data),
        "dot": check_dot,
        "text": lambda data, _: check_text(data),
    }
    passed = failed = 0
    for fabric in fabrics:
        for form, check in checks.items():
            try:
                data = run(csin, fabric, form)
                check(data, fabric)
                assert run(csin, fabric, form) == data, "another run gives other bytes"
                passed += 1
            except Exception as error:  # report every failure, not the first
                failed += 1
                print(f"FAILED {fabric} as {form}: {type(error).__name__}: {error}")
    skipped = 0 if shutil.which("dot") else len(fabrics)
    print(f"{passed} passed, {failed} failed, {skipped} skipped" + (" (no Graphviz)" if skipped else ""))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
