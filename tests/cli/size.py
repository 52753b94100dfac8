#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizing and upgrades on the command line: what comes out can be used, and says the same everywhere.

    tests/cli/size.py CSIN ROOT [WORD]     only the cases whose name holds WORD

Every function whose name begins with test_ is a case, and gets an empty folder.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
PARTS = ROOT / "configs" / "parts.yaml"
SANITIZED = bool(os.environ.get("CSIN_SANITIZED")) or b"__asan_init" in Path(CSIN).read_bytes()
FIRE_FLYER = ROOT / "scenarios" / "sizing-fire-flyer-2" / "requirements.yaml"
SMALL = """requirements: small
compute: {hosts: 90, model: gpu}
storage: {hosts: 6, nics: 2, model: storage}
fabric: {switches: QM8700, oversubscription: [1, 2], latency: 450ns}
workloads:
  - name: mixed
    jobs:
      - {name: t, hosts: 60, placement: random, steps: [permutation: {size: 16MiB}, allreduce: {size: 16MiB}]}
    storage:
      - read: {name: r, readers: 80, size: 16MiB, chunk: 4MiB}
"""


class Skip(Exception):
    pass


def run(*arguments, code=0):
    done = subprocess.run([CSIN, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == code, f"exit {done.returncode}, {done.stdout[:500]!r}, {done.stderr[:800]!r}"
    return done.stdout if code == 0 else done.stderr


def small(folder):
    path = folder / "small.yaml"
    path.write_text(SMALL)
    return path


def test_fire_flyer_2_is_in_the_set(folder):
    if SANITIZED:
        raise Skip("68 simulations take minutes")
    result = json.loads(run("plan", "--size", FIRE_FLYER, "--format", "json"))
    chosen = [c for c in result["candidates"] if c["fate"] == "in-set"]
    same = [c for c in chosen if c["made_of"]["zones" if c["shape"] == "zones" else "pods"] == 2 and c["switches"] == 122]
    assert len(same) == 1, [c["name"] for c in chosen]
    made_of = same[0]["made_of"]
    assert (made_of["leaves"], made_of["spines"], made_of["inter_zone_switches"], made_of["inter_zone_leaves"]) == (40, 20, 2, 10)
    # Nothing trains faster; the three layers that its builders rejected (200 switches) cost much more.
    training = [c["workload_times_s"]["training"] for c in result["candidates"] if "workload_times_s" in c]
    assert same[0]["workload_times_s"]["training"] == min(training), sorted(training)[:3]
    rejected = [c for c in result["candidates"] if c["name"] == "tree4-20x20-40"]
    assert len(rejected) == 1 and rejected[0]["switches"] == 200, rejected
    assert rejected[0]["network_price"] > 1.3 * same[0]["network_price"]
    assert rejected[0]["step_time_s"] > 0.9 * same[0]["step_time_s"]
    # Its table, to the digits shown; times may move by what routing does.
    by_name = {c["name"]: c for c in result["candidates"]}
    table = re.findall(r"^\| [A-Z] \| `(\S+)` \| (\d+) \| ([\d.]+) M \| ([\d.]+) kW \| ([\d.]+) ms",
                       (FIRE_FLYER.parent / "README.md").read_text(), re.MULTILINE)
    assert {same[0]["name"], "tree4-20x20-40"} <= {row[0] for row in table}, table
    for name, switches, price, power, step in table:
        c = by_name[name]
        assert c["switches"] == int(switches), (name, c["switches"])
        assert abs(c["network_price"] / 1e6 - float(price)) < 0.006, (name, c["network_price"])
        assert abs(c["network_power_W"] / 1e3 - float(power)) < 0.06, (name, c["network_power_W"])
        assert abs(c["step_time_s"] * 1e3 / float(step) - 1) < 0.05, (name, c["step_time_s"])


def test_files_of_the_set_are_the_fabrics_of_the_bill(folder):
    out = folder / "out"
    out.mkdir()
    text = run("plan", "--size", small(folder), "--parts", PARTS, "-o", out)
    assert (out / "sizes.txt").read_text() == text
    result = json.loads((out / "sizes.json").read_text())
    chosen = [c for c in result["candidates"] if c["fate"] == "in-set"]
    assert chosen and {p.stem for p in out.glob("*.yaml")} == {c["name"] for c in chosen}
    for c in chosen:
        run("check", out / f"{c['name']}.yaml")
        bill = json.loads(run("topo", out / f"{c['name']}.yaml", "--bom", "--parts", PARTS, "--format", "json"))
        totals = bill["sums"]
        assert abs(totals["network"]["price"] - c["network_price"]) < 1e-6, (totals, c)
        assert abs(totals["network"]["power_W"] - c["network_power_W"]) < 1e-6


def test_text_fits_80_columns(folder):
    for line in run("plan", "--size", small(folder), "--parts", PARTS).splitlines():
        assert len(line) <= 80, line
    for line in run("plan", ROOT / "scenarios/oversubscribed/scenario.yaml", "--optimize", "upgrades", "--parts",
                    PARTS).splitlines():
        assert len(line) <= 80, line


def test_the_drawing_is_xml_with_every_member(folder):
    drawing = folder / "trade-off.svg"
    run("plan", "--size", small(folder), "--parts", PARTS, "-o", drawing)
    texts = "".join(ElementTree.parse(drawing).getroot().itertext())
    result = json.loads(run("plan", "--size", small(folder), "--parts", PARTS, "--format", "json"))
    for c in result["candidates"]:
        if c["fate"] in ("in-set", "beaten"):
            assert c["name"] in texts, c["name"]
    assert "USD" in texts and "ms" in texts


def test_the_same_input_gives_the_same_bytes(folder):
    assert run("plan", "--size", small(folder), "--parts", PARTS, "-f", "json") == run(
        "plan", "--size", small(folder), "--parts", PARTS, "-f", "json")


def test_a_time_limit_is_honoured(folder):
    if SANITIZED:
        raise Skip("one simulation takes longer than the limit")
    begun = time.monotonic()
    text = run("plan", "--size", FIRE_FLYER, "--time-limit", "1s")
    spent = time.monotonic() - begun
    assert "Time was up" in text and "not simulated" in text, text
    assert spent < 20, spent


def test_upgrades_are_ranked_and_a_price_is_said(folder):
    scenario = ROOT / "scenarios" / "oversubscribed" / "scenario.yaml"
    result = json.loads(run("plan", scenario, "--optimize", "upgrades", "--parts", PARTS, "-f", "json"))
    gains = [u["gain"] for u in result["upgrades"]]
    assert gains == sorted(gains, reverse=True) and result["upgrades"][0]["class"] == "leaf-spine"
    assert gains[0] > 1.5 and all(u["price"] > 0 for u in result["upgrades"])
    assert "leaf-spine" in result["verdict"] and "leaf-spine" in result["for_its_price"]


def test_one_thing_at_a_time(folder):
    scenario = ROOT / "scenarios" / "incast" / "scenario.yaml"
    run("plan", "--size", small(folder), scenario, code=2)
    run("plan", scenario, "--optimize", "routing,upgrades", code=2)
    run("plan", scenario, "--parts", PARTS, code=2)
    run("plan", scenario, "--format", "svg", code=2)
    run("plan", code=2)


def main():
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    failed = passed = skipped = 0
    for name, case in list(globals().items()):
        if not name.startswith("test_") or word not in name:
            continue
        try:
            with tempfile.TemporaryDirectory(prefix="csin-size-") as folder:
                case(Path(folder))
            passed += 1
        except Skip as why:
            skipped += 1
            print(f"{name}: skipped: {why}")
        except Exception as wrong:  # pylint: disable=broad-except
            failed += 1
            print(f"{name}: {type(wrong).__name__}: {wrong}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
