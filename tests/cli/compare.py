#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""csin compare and csin check --run, from outside.

    tests/cli/compare.py CSIN ROOT [WORD]      only the cases whose name holds WORD

Every function whose name begins with test_ is a case, and gets an empty folder.
"""
import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from schema import describe, validate

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
FABRIC = """fabric: mine
switch-models: {leaf40: {ports: 40, rate: 200Gb/s}}
host-models: {gpu: {role: compute, rate: 200Gb/s}, nas: {role: storage, rate: 200Gb/s}}
zones: {z: {model: leaf40, leaves: 4, spines: 4}}
hosts:
  - {names: "h[01-12]", model: gpu, attach: {zone: z, spread: even}}
  - {names: "s[1-4]", model: nas, attach: {zone: z, spread: even}}
"""
SCENARIO = (ROOT / "scenarios/first-steps/scenario.yaml").read_text(encoding="utf-8")
# What one could do to a cable of FABRIC, the sentence for it, and the sentence for taking it back.
CABLES = {
    "overrides: [{between: [z-leaf1, z-spine3], state: down}]":
        ("z-leaf1 - z-spine3: cable is now down; z-leaf1 has 7 working cables, had 8",
         "z-leaf1 - z-spine3: cable is now up again; z-leaf1 has 8 working cables, had 7"),
    "overrides: [{between: [z-leaf2, z-spine1], rate: 100Gb/s}]":
        ("z-leaf2 - z-spine1: cable carries 100 Gb/s now, was 200 Gb/s",
         "z-leaf2 - z-spine1: cable carries 200 Gb/s now, was 100 Gb/s"),
    "overrides: [{between: [z-leaf2, z-spine1], state: down}, {between: [z-leaf2, z-spine2], state: down}]":
        ("z-leaf2 - z-spine[1-2]: cable is now down; z-leaf2 has 6 working cables, had 8",
         "z-leaf2 - z-spine[1-2]: cable is now up again; z-leaf2 has 8 working cables, had 6"),
    "overrides: [{between: [z-leaf1, z-spine4], state: down}, {between: [z-leaf2, z-spine4], state: down}, "
    "{between: [z-leaf3, z-spine4], state: down}, {between: [z-leaf4, z-spine4], state: down}]":
        ("z-leaf[1-4] - z-spine4: cable is now down; z-spine4 has 0 working cables, had 4",
         "z-leaf[1-4] - z-spine4: cable is now up again; z-spine4 has 4 working cables, had 0"),
}


def run(*arguments, folder=None, **options):
    return subprocess.run([CSIN, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, cwd=folder,
                          **options)


def result_of(scenario):
    done = run("sim", "--no-cache", "-f", "json", scenario)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


FIRST = result_of(ROOT / "scenarios/first-steps/scenario.yaml")


def compare(folder, base, new, *options):
    """(exit code, what --format json says) of two documents."""
    paths = [folder / "base.json", folder / "new.json"]
    for path, document in zip(paths, (base, new)):
        path.write_text(json.dumps(document), encoding="utf-8")
    done = run("compare", "--format", "json", *options, *paths)
    assert done.returncode in (0, 4), done.stderr
    return done.returncode, json.loads(done.stdout)


def changed(**values):
    """FIRST with other values: jobs_0_slowdown=2 sets jobs[0].slowdown."""
    document = copy.deepcopy(FIRST)
    for path, value in values.items():
        at, *rest = document, *path.split("__")
        for part in rest[:-1]:
            at = at[int(part) if part.isdigit() else part]
        at[rest[-1]] = value
    return document


def only(comparison):
    assert len(comparison["differences"]) == 1, comparison["differences"]
    return comparison["differences"][0]


def flattened(text):
    return " ".join(text.split())


# ---- directions and tolerances ----

def test_more_time_is_worse_and_less_is_better(folder):
    was = FIRST["jobs"][0]["time_s"]
    for factor, trend, code in ((1.1, "worse", 4), (0.9, "better", 0)):
        got, said = compare(folder, FIRST, changed(jobs__0__time_s=was * factor))
        difference = only(said)
        assert (got, difference["trend"], said["verdict"]) == (code, trend, trend), said
        assert (difference["of"], difference["name"], difference["metric"]) == ("job", "train", "time_s")


def test_more_bandwidth_is_better_and_less_is_worse(folder):
    was = FIRST["storage"][0]["throughput_Bps"]
    for factor, trend in ((1.1, "better"), (0.9, "worse")):
        assert only(compare(folder, FIRST, changed(storage__0__throughput_Bps=was * factor))[1])["trend"] == trend


def test_the_verdict_no_longer_being_yes_is_a_regression(folder):
    free = changed(congestion_free="yes")
    assert compare(folder, free, FIRST)[0] == 4
    assert only(compare(folder, FIRST, free)[1])["trend"] == "better"


def test_bytes_are_neither_better_nor_worse(folder):
    code, said = compare(folder, FIRST, changed(arcs__0__bytes=1.0))
    assert (code, only(said)["trend"], said["verdict"]) == (0, "changed", "changed")


def test_a_key_that_nobody_knows_goes_by_its_unit(folder):
    for key, trend in (("later_s", "worse"), ("later_Bps", "better"), ("later", "changed")):
        base, new = changed(**{f"jobs__0__{key}": 1}), changed(**{f"jobs__0__{key}": 2})
        assert only(compare(folder, base, new)[1])["trend"] == trend, key


def test_an_arc_that_is_worse_is_no_regression(folder):
    code, said = compare(folder, FIRST, changed(arcs__0__congested_s=0.04))
    assert (code, only(said)["trend"], only(said)["regression"]) == (0, "worse", False)


def test_a_difference_of_exactly_the_tolerance_is_noise(folder):
    base = changed(jobs__0__time_s=1.0)
    for new, n in ((1.02, 0), (1.0201, 1), (0.98, 0), (0.9799, 1)):
        assert len(compare(folder, base, changed(jobs__0__time_s=new), "--tolerance", "2%")[1]["differences"]) == n, new
    assert len(compare(folder, base, changed(jobs__0__time_s=1.02), "--tolerance=0.02")[1]["differences"]) == 0
    assert len(compare(folder, base, changed(jobs__0__time_s=1 + 1e-15), "--tolerance", "0%")[1]["differences"]) == 1


def test_a_tolerance_may_be_of_one_metric(folder):
    new = changed(jobs__0__time_s=FIRST["jobs"][0]["time_s"] * 1.1, jobs__0__slowdown=FIRST["jobs"][0]["slowdown"] * 1.1)
    said = compare(folder, FIRST, new, "--tolerance", "slowdown=15%", "--tolerance", "2%")[1]
    assert only(said)["metric"] == "time_s"


def test_of_zero_any_difference_counts_but_seconds_of_an_arc_go_by_the_run(folder):
    assert compare(folder, changed(congested_arcs=0), changed(congested_arcs=1))[0] == 4
    quiet = changed(arcs__0__congested_s=0)
    assert not compare(folder, quiet, changed(arcs__0__congested_s=FIRST["makespan_s"] * 0.0099))[1]["differences"]
    assert compare(folder, quiet, changed(arcs__0__congested_s=FIRST["makespan_s"] * 0.0101))[1]["differences"]


def test_a_job_that_is_faster_though_more_slowed_is_no_regression(folder):
    job = FIRST["jobs"][0]
    new = changed(jobs__0__time_s=job["time_s"] / 2, jobs__0__time_alone_s=job["time_alone_s"] / 4, jobs__0__slowdown=job["slowdown"] * 2)
    code, said = compare(folder, FIRST, new)
    slowdown = next(d for d in said["differences"] if d["metric"] == "slowdown")
    assert (code, slowdown["trend"], said["verdict"]) == (0, "changed", "better"), said


def test_what_is_gone_is_a_regression_and_what_is_new_is_not(folder):
    fewer = copy.deepcopy(FIRST)
    fewer["storage"] = []
    code, said = compare(folder, FIRST, fewer)
    assert (code, only(said)["trend"], only(said)["name"]) == (4, "gone", "dataset")
    code, said = compare(folder, fewer, FIRST)
    assert (code, only(said)["trend"]) == (0, "new")


def test_a_new_victim_is_a_regression(folder):
    victim = {"name": "train", "behind_from": "spine1", "behind_to": "leaf1", "held_s": 1, "share": 0.3}
    code, said = compare(folder, changed(victims=[]), changed(victims=[victim]))
    assert (code, only(said)["name"]) == (4, "train behind spine1 > leaf1")
    assert compare(folder, changed(victims=[victim]), changed(victims=[]))[0] == 0


def test_arcs_of_one_pair_keep_their_order(folder):
    base = changed(arcs=FIRST["arcs"] + [dict(FIRST["arcs"][0], bytes=7.0)])
    assert not compare(folder, base, base)[1]["differences"]
    new = changed(arcs=FIRST["arcs"] + [dict(FIRST["arcs"][0], bytes=9.0)])
    assert only(compare(folder, base, new)[1])["name"] == "h01 > leaf1, no. 2"


def test_where_it_comes_from_is_named_first(folder):
    new = changed(provenance__seed=2, provenance__csin="9.9.9", jobs__0__slowdown=9)
    code, said = compare(folder, FIRST, new)
    assert code == 4 and [d["metric"] for d in said["provenance"]] == ["csin", "seed"], said["provenance"]
    text = run("compare", folder / "base.json", folder / "new.json").stdout
    assert text.index("csin: 0.1.0 -> 9.9.9") < text.index("REGRESSIONS")


# ---- refusals and mistakes ----

def test_other_scenarios_and_kinds_are_refused(folder):
    (folder / "a.json").write_text(json.dumps(FIRST), encoding="utf-8")
    (folder / "b.json").write_text(json.dumps(changed(scenario="other")), encoding="utf-8")
    done = run("compare", "a.json", "b.json", folder=folder)
    assert done.returncode == 2 and "b.json: error: this is of scenario 'other', the other of 'first-steps' [CSIN-867]" in done.stderr
    assert run("compare", "--anyway", "a.json", "b.json", folder=folder).returncode == 0
    done = run("compare", "a.json", "leaf:2 spine:2 host:2 200Gb/s", folder=folder)
    assert done.returncode == 2 and "a fabric does not compare with a result [CSIN-866]" in done.stderr, done.stderr


def test_mistakes_have_line_and_column(folder):
    good = json.dumps(FIRST)
    wrong = {"{\n  \"schema\": }": "new.json:2:13: error: '}' is not JSON here; expected a value [CSIN-860]",
             "{\n  \"schema\": \"x\"}": "new.json:2:13: error: csin compares no document of schema 'x' [CSIN-865]",
             "[]": "new.json:1:1: error: this is no document of csin: it has no 'schema' [CSIN-865]",
             good[:1000]: "[CSIN-861]" if good[:1000].count('"') % 2 else "[CSIN-860]",
             good.replace('"up": true', '"up": 1', 1): "'up' is true or false [CSIN-864]",
             good.replace("h[01-04]", "h[04-01]", 1): "[CSIN-12",
             good.replace('"cables_each": 1', '"cables_each": 1e9', 1): "'cables_each' is a whole number from 1 to 4,096 [CSIN-864]"}
    (folder / "base.json").write_text(good, encoding="utf-8")
    for text, want in wrong.items():
        (folder / "new.json").write_text(text, encoding="utf-8")
        done = run("compare", "base.json", "new.json", folder=folder)
        assert done.returncode == 3 and want in done.stderr and "new.json:" in done.stderr, (text[:50], done.stderr)


def test_wrong_command_lines_are_told(_folder):
    for arguments in (["compare"], ["compare", "a"], ["compare", "a", "b", "c"], ["compare", "--tolerance", "x", "a", "b"],
                      ["compare", "--tolerance", "=2%", "a", "b"], ["compare", "--tolerance", "-1%", "a", "b"],
                      ["compare", "-f", "nosuch", "a", "b"], ["check", "--update", "a"], ["check", "--run"],
                      ["check", "--run", "-j", "0", "a"]):
        assert run(*arguments).returncode == 2, arguments


# ---- cables ----

def test_another_cable_of_a_fabric_gives_the_right_sentence(folder):
    (folder / "base.yaml").write_text(FABRIC, encoding="utf-8")
    for override, (there, back) in CABLES.items():
        (folder / "new.yaml").write_text(FABRIC + override + "\n", encoding="utf-8")
        done = run("compare", "base.yaml", "new.yaml", folder=folder)
        assert done.returncode == 4 and there in flattened(done.stdout), (override, done.stdout, done.stderr)
        done = run("compare", "new.yaml", "base.yaml", folder=folder)
        assert done.returncode == 0 and back in flattened(done.stdout), (override, done.stdout)


def test_plans_compare_by_what_they_lead_to(folder):
    plan = {"schema": "csin-plan-1", "scenario": "s", "before": {"jobs": [{"name": "j", "slowdown": 2}]},
            "after": {"jobs": [{"name": "j", "slowdown": 1}]}}
    worse = copy.deepcopy(plan)
    worse["before"]["jobs"][0]["slowdown"] = 3
    code, said = compare(folder, plan, worse)
    assert (code, only(said)["name"]) == (0, "j (before)"), said
    worse["after"]["jobs"][0]["slowdown"] = 1.5
    assert compare(folder, plan, worse)[0] == 4


def test_another_cable_of_a_fabric_is_to_be_read_in_the_result(folder):
    (folder / "scenario.yaml").write_text(SCENARIO.replace(re.search(r"^fabric: .*$", SCENARIO, re.M).group(), "fabric: fabric.yaml"),
                                          encoding="utf-8")
    results = []
    for override in ["", next(iter(CABLES))]:
        (folder / "fabric.yaml").write_text(FABRIC + override + "\n", encoding="utf-8")
        results.append(result_of(folder / "scenario.yaml"))
    assert compare(folder, *results)[0] == 4
    text = flattened(run("compare", folder / "base.json", folder / "new.json").stdout)
    slowed = [f"{result['jobs'][0]['slowdown']:.2f}x" for result in results]
    arcs = {(arc["from"], arc["to"]): arc for arc in results[1]["arcs"]}
    said = re.search(r"z-leaf1 - z-spine3: cable is now down; z-leaf1 has 7 working cables, had 8; "
                     rf"train {slowed[0]} -> {slowed[1]}, because (\S+) > (\S+) is congested for ([\d.]+) ms, ", text)
    assert said, text
    arc = arcs[said[1], said[2]]
    assert abs(arc["congested_s"] * 1e3 - float(said[3])) < 0.01 and "train" in arc["bytes_by_owner"]
    assert "z-leaf1" in said.groups(), "the arc is at the switch that lost a cable"


def test_switches_and_hosts_that_come_and_go_are_told(_folder):
    done = run("compare", "leaf:4 spine:2 host:4 200Gb/s", "leaf:4 spine:1 host:3 200Gb/s")
    assert done.returncode == 4
    assert "\nspine2: gone, with 4 cables\n" in done.stdout and "\nh[13-16]: gone, with 1 cable\n" in done.stdout, done.stdout


def test_fabrics_compare_with_what_topo_writes(folder):
    spec = "leaf:4 spine:2 host:4 storage:2 200Gb/s"
    assert run("topo", spec, "-o", folder / "f.json").returncode == 0
    done = run("compare", spec, folder / "f.json")
    assert done.returncode == 0 and "no differences" in done.stdout, done.stdout


def test_hosts_with_several_nics_are_told_by_their_names(folder):
    text = (ROOT / "configs/fire-flyer-2.yaml").read_text(encoding="utf-8")
    (folder / "base.yaml").write_text(text, encoding="utf-8")
    (folder / "new.yaml").write_text(text + "overrides: [{between: [storage001, b-leaf01], state: down}]\n", encoding="utf-8")
    done = run("compare", "base.yaml", "new.yaml", "-o", "new.txt", folder=folder)
    said = flattened((folder / "new.txt").read_text(encoding="utf-8"))
    assert done.returncode == 4, done.stderr
    assert "b-leaf01 - storage001: cable is now down; b-leaf01 has 39 working cables, had 40" in said, said
    assert run("compare", "base.yaml", "base.yaml", folder=folder).returncode == 0


def test_analyses_and_bills_of_materials_compare(folder):
    (folder / "base.yaml").write_text(FABRIC, encoding="utf-8")
    (folder / "new.yaml").write_text(FABRIC + next(iter(CABLES)) + "\n", encoding="utf-8")
    for name in ("base", "new"):
        with open(folder / f"{name}.json", "w", encoding="utf-8") as out:
            subprocess.run([CSIN, "topo", folder / f"{name}.yaml", "--analyze", "-f", "json"], stdout=out, check=False, timeout=120)
    done = run("compare", "--all", folder / "base.json", folder / "new.json")
    assert done.returncode == 4 and "disjoint_ways" in done.stdout, done.stdout
    bom = json.loads((ROOT / "tests/golden/topo-bom.json").read_text(encoding="utf-8"))
    dearer = copy.deepcopy(bom)
    dearer["parts"][0]["price"] += 10000
    assert compare(folder, bom, dearer)[0] == 0, "a line of a bill decides nothing"
    dearer["sums"]["switch"]["price"] += 10000
    assert compare(folder, bom, dearer)[0] == 0, "neither does the sum of one kind"
    dearer["sums"]["all"]["price"] += 10000
    assert compare(folder, bom, dearer)[0] == 4


# ---- forms ----

def test_json_is_after_its_schema(folder):
    schema = json.loads((ROOT / "docs/compare.schema.json").read_text(encoding="utf-8"))
    said = compare(folder, FIRST, changed(jobs__0__slowdown=9, storage=[], provenance__seed=2, scenario="first-steps"))[1]
    mistakes = [*validate(said, schema, schema), *describe(schema, schema)]
    assert not mistakes, mistakes


def valid_junit(path):
    done = subprocess.run(["xmllint", "--noout", "--schema", ROOT / "tests/cli/junit.xsd", path], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return path.read_text(encoding="utf-8")


def test_junit_is_valid_whatever_the_names(folder):
    evil = 'a<b>&"\'\x01\ufffe]]>'
    base, new = changed(jobs__0__name=evil), changed(jobs__0__name=evil, jobs__0__slowdown=9)
    compare(folder, base, new)
    done = run("compare", "-o", "report.xml", "base.json", "new.json", folder=folder)
    assert done.returncode == 4
    text = valid_junit(folder / "report.xml")
    assert 'failures="1"' in text and "slowdown 1.47x -&gt; 9.00x" in text and "everything else" in text, text


def test_markdown_holds_no_markup_of_names(folder):
    compare(folder, changed(jobs__0__name="<img>|*x*"), changed(jobs__0__name="<img>|*x*", jobs__0__slowdown=9))
    text = run("compare", "-f", "md", "base.json", "new.json", folder=folder).stdout
    assert "<img>" not in text and "&#60;img&#62;&#124;&#42;x&#42;" in text and "| job " in text, text


def test_text_has_no_control_characters_and_at_most_80_columns(folder):
    compare(folder, changed(jobs__0__name="a\x1b[2J"), changed(jobs__0__name="a\x1b[2J", jobs__0__slowdown=9))
    text = run("compare", "base.json", "new.json", folder=folder).stdout
    assert "\x1b" not in text and "a?[2J" in text
    assert max(map(len, text.splitlines()[3:])) <= 80, text


# ---- csin check --run ----

def scenarios(folder):
    for name in ("incast", "first-steps"):
        shutil.copytree(ROOT / "scenarios" / name, folder / "scenarios" / name)
    return folder / "scenarios"


def test_run_passes_and_writes_one_case_each(folder):
    scenarios(folder)
    done = run("check", "--run", "scenarios/", "--junit", "report.xml", "-j", 2, folder=folder)
    assert done.returncode == 0 and "2 as expected, 0 differ, 0 could not be run" in done.stdout, done.stdout
    assert 'tests="2" failures="0" errors="0"' in valid_junit(folder / "report.xml")


def test_run_says_what_differs_and_update_rewrites_that_alone(folder):
    root = scenarios(folder)
    expected = {path: path.read_bytes() for path in root.rglob("expected.json")}
    first, incast = root / "first-steps/expected.json", root / "incast/expected.json"
    first.write_bytes(first.read_bytes().replace(b'"slowdown": 1.46599', b'"slowdown": 1.36599'))
    os.utime(incast, (1, 1))
    done = run("check", "--run", root, "--junit", folder / "report.xml")
    assert done.returncode == 4 and "job train slowdown" in done.stdout and "1.37x" in done.stdout, done.stdout
    assert 'failures="1"' in valid_junit(folder / "report.xml")
    done = run("check", "--run", "--update", root)
    assert done.returncode == 0 and "1 as expected, 1 updated" in done.stdout, done.stdout
    assert {path: path.read_bytes() for path in expected} == expected
    assert incast.stat().st_mtime == 1, "what does not differ is left alone"


def test_run_notices_a_change_of_a_billionth(folder):
    root = scenarios(folder)
    path = root / "first-steps/expected.json"
    value = json.loads(path.read_text(encoding="ascii"))["jobs"][0]["time_s"]
    for factor, code in ((1 + 5e-10, 0), (1 + 2e-9, 4)):
        path.write_text(path.read_text(encoding="ascii").replace(repr(value), repr(value * factor), 1), encoding="ascii")
        assert run("check", "--run", root / "first-steps").returncode == code, factor
        shutil.copy(ROOT / "scenarios/first-steps/expected.json", path)


def test_run_of_a_scenario_without_expected_result_says_so(folder):
    root = scenarios(folder)
    (root / "incast/expected.json").unlink()
    done = run("check", "--run", root)
    assert done.returncode == 4 and "there is no" in done.stdout and "CSIN-869" in done.stdout, done.stdout
    assert run("check", "--run", "--update", root).returncode == 0
    assert (root / "incast/expected.json").read_bytes() == (ROOT / "scenarios/incast/expected.json").read_bytes()


def test_update_mends_what_a_merge_left(folder):
    root = scenarios(folder)
    path = root / "incast/expected.json"
    path.write_text("<<<<<<< HEAD\n" + path.read_text(encoding="ascii"), encoding="ascii")
    assert run("check", "--run", root).returncode == 3
    assert run("check", "--run", "--update", root).returncode == 0
    assert path.read_bytes() == (ROOT / "scenarios/incast/expected.json").read_bytes()


def test_a_wrong_scenario_is_an_error_not_a_difference(folder):
    root = scenarios(folder)
    path = root / "incast/scenario.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("fabric:", "fabrik:"), encoding="utf-8")
    done = run("check", "--run", root, "--junit", folder / "report.xml")
    assert done.returncode == 3 and "unknown key 'fabrik'" in done.stdout and "1 as expected" in done.stdout, done.stdout
    assert 'errors="1"' in valid_junit(folder / "report.xml")


def test_a_folder_without_scenarios_is_an_error(folder):
    done = run("check", "--run", folder)
    assert done.returncode == 3 and "CSIN-868" in done.stderr


def test_provenance_names_the_digests_of_the_inputs(folder):
    import hashlib
    path = ROOT / "scenarios/first-steps/scenario.yaml"
    assert FIRST["provenance"]["inputs"][0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    del folder


def test_an_interrupt_leaves_no_half_written_file_and_no_process(folder):
    long = """scenario: long
fabric: "leaf:16 spine:16 host:16 200Gb/s"
engine: fluid
jobs:
  - {name: j, hosts: all, repeat: 60, placement: random, steps: [allreduce: {size: 186MiB}]}
"""
    root = scenarios(folder)
    (root / "long").mkdir()
    (root / "long/scenario.yaml").write_text(long, encoding="utf-8")
    before = {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen([CSIN, "check", "--run", "--update", "-j2", "--junit", folder / "r.xml", root],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(1)
        assert process.poll() is None
        process.send_signal(number)  # to csin alone, not to those that it started
        assert process.wait(timeout=20) == -number
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("processes are left")
        assert {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()} == before
        assert sorted(path.name for path in folder.iterdir()) == ["scenarios"]


def main():
    word = sys.argv[3] if len(sys.argv) > 3 else ""
    passed = failed = 0
    for name, case in [(n, c) for n, c in globals().items() if n.startswith("test_") and word in n]:
        with tempfile.TemporaryDirectory(prefix="csin-compare-") as folder:
            try:
                case(Path(folder))
                passed += 1
            except Exception:  # pylint: disable=broad-except
                failed += 1
                print(f"FAILED  {name[5:].replace('_', ' ')}\n{traceback.format_exc()[-2500:]}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
