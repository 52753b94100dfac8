#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""csin sweep: the same numbers as csin sim, and no point lost or repeated whatever happens.

    tests/cli/sweep.py CSIN ROOT [NAME...]      CSIN_SOAK=SECONDS kills sweeps for so long
"""
import csv
import io
import json
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SANITIZED = b"__asan_init" in Path(CSIN).read_bytes()

FABRIC = """fabric: small
switch-models:
  sw: {ports: 8, rate: 200Gb/s, latency: 450ns}
host-models:
  gpu: {rate: 200Gb/s}
  disk: {role: storage, rate: 200Gb/s}
zones:
  a: {model: sw, leaves: 4, spines: 4}
hosts:
  - {names: "gpu[01-12]", model: gpu, attach: {zone: a}}
  - {names: "disk[1-4]", model: disk, attach: {zone: a}}
"""
SCENARIO = """scenario: s
fabric: fabric.yaml
jobs:
  - name: train
    hosts: 12
    placement: random
    repeat: 2
    steps:
      - compute: 1ms
      - all-to-all: {size: 16MiB}
storage:
  - read: {name: dataset, readers: 6, size: 16MiB, chunk: 4MiB}
"""
SWEEP = """sweep: points
scenario: scenario.yaml
repeat: 3
axes:
  routing: [dmodk, spray, ecmp]
  size: {of: "jobs.train.steps[1].all-to-all.size", from: 1MiB, to: 16MiB, count: 5, scale: log}
  readers: {of: storage.dataset.readers, values: [1, 6]}
  dead-cables: [0, 1, 2, 3]
constraints: [routing != ecmp or dead-cables == 0]
"""
N_POINTS = 3 * 5 * 2 * (4 + 4 + 1)


class Folder:
    """A folder of files, and csin run in it."""

    def __init__(self, **files):
        self.temporary = tempfile.TemporaryDirectory(prefix="csin-sweep-")
        self.path = Path(self.temporary.name)
        for name, text in {"fabric.yaml": FABRIC, "scenario.yaml": SCENARIO, "sweep.yaml": SWEEP, **files}.items():
            (self.path / name).write_text(text)

    def start(self, *arguments, **more):
        return subprocess.Popen([CSIN, *arguments], cwd=self.path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **more)

    def run(self, *arguments, code=0, **more):
        process = self.start(*arguments, **more)
        out, said = process.communicate(timeout=300)
        assert process.returncode == code, (arguments, process.returncode, out[-300:], said)
        return out if code == 0 else said

    def rows(self, database="points.db"):
        """The points of a file, a dictionary each, as the CSV has them."""
        return list(csv.DictReader(io.StringIO(self.run("sweep", "--show", database, "--format", "csv"))))

    def finished(self, database="points.db"):
        """What is in a file however it was left: {key: (status, seconds, numbers)}."""
        if not (self.path / database).exists():
            return {}
        with sqlite3.connect(self.path / database) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if not db.execute("SELECT name FROM sqlite_master WHERE name = 'points'").fetchone():
                return {}
            found = {key: (status, seconds, tuple(sorted(db.execute(
                "SELECT metric, value FROM numbers WHERE point = ?", (point,)))))
                for point, key, status, seconds in db.execute("SELECT point, key, status, seconds FROM points")}
        assert len({len(numbers) for status, _, numbers in found.values() if status == "ok"}) <= 1, "half a point"
        return found


def sim(folder, scenario="scenario.yaml", *arguments):
    return json.loads(folder.run("sim", scenario, "--no-cache", "--engine", "fluid", "-f", "json", *arguments))


# ---- numbers ----

def test_points_have_the_numbers_of_csin_sim():
    folder = Folder()
    folder.run("sweep", "sweep.yaml")
    rows = folder.rows()
    assert len(rows) == N_POINTS and all(row["status"] == "ok" for row in rows)
    picks = random.Random(1).sample([row for row in rows if row["dead-cables"] == "0"], 5)
    for row in picks:
        text = SCENARIO.replace("{size: 16MiB}", f"{{size: {row['size']}}}").replace(
            "readers: 6", f"readers: {row['readers']}")
        (folder.path / "one.yaml").write_text(text)
        seed = [] if row["repetition"] == "0" else ["--seed", str(1 + int(row["repetition"]))]
        result = sim(folder, "one.yaml", "--routing", row["routing"], *seed)
        job, stream = result["jobs"][0], result["storage"][0]
        assert float(row["job.train.time"]) == job["time_s"], row
        assert float(row["job.train.slowdown"]) == job["slowdown"], row
        assert float(row["job.train.step2.algbw"]) == job["steps"][1]["algbw_Bps"], row
        assert float(row["storage.dataset.throughput"]) == stream["throughput_Bps"], row
        assert float(row["makespan"]) == result["makespan_s"], row


def test_each_cable_and_switch_is_as_if_an_override_said_so():
    folder = Folder(**{"sweep.yaml": "sweep: points\nscenario: scenario.yaml\naxes:\n"
                                     "  each-cable: {among: spines}\n"})
    folder.run("sweep", "sweep.yaml")
    rows = {row["each-cable"]: row for row in folder.rows()}
    assert len(rows) == 17 and {"none", "a-leaf1/a-spine1", "a-leaf4/a-spine4"} <= rows.keys()
    for name, row in random.Random(2).sample(sorted(rows.items()), 3) + [("none", rows["none"])]:
        override = "" if name == "none" else f"overrides:\n  - {{between: [{name.replace('/', ', ')}], state: down}}\n"
        (folder.path / "fabric.yaml").write_text(FABRIC + override)
        assert float(row["job.train.time"]) == sim(folder)["jobs"][0]["time_s"], name
    (folder.path / "fabric.yaml").write_text(FABRIC)
    (folder.path / "sweep.yaml").write_text("sweep: switches\nscenario: scenario.yaml\naxes:\n  sw: {of: each-switch}\n")
    folder.run("sweep", "sweep.yaml")
    rows = {row["sw"]: row for row in folder.rows("switches.db")}
    assert list(rows) == ["none", "a-spine1", "a-spine2", "a-spine3", "a-spine4"]
    (folder.path / "fabric.yaml").write_text(FABRIC + "overrides:\n" + "".join(
        f"  - {{between: [a-leaf{i}, a-spine2], state: down}}\n" for i in (1, 2, 3, 4)))
    assert float(rows["a-spine2"]["job.train.time"]) == sim(folder)["jobs"][0]["time_s"]


def test_values_of_fabrics_change_files_and_lines():
    line = '"leaf:4 spine:2 host:3 storage:1 200Gb/s latency:450ns"'
    folder = Folder(**{
        "line.yaml": SCENARIO.replace("fabric.yaml", line),
        "file.yaml": "sweep: file\nscenario: scenario.yaml\naxes:\n  spines: {of: fabric.zones.a.spines, values: [1, 2, 4]}\n",
        "words.yaml": "sweep: words\nscenario: line.yaml\naxes:\n  spines: {of: fabric.spine, values: [1, 2, 4]}\n"
                      "  rate: {of: fabric.rate, values: [200Gb/s, 400Gb/s]}\n  links: {of: fabric.links, values: [null, 2]}\n"})
    folder.run("sweep", "file.yaml")
    folder.run("sweep", "words.yaml")
    times = {row["spines"]: float(row["job.train.time"]) for row in folder.rows("file.db")}
    assert times["1"] > times["2"] > times["4"], times
    for row in folder.rows("words.db"):
        links = "" if row["links"] == "null" else f" links:{row['links']}"
        (folder.path / "one.yaml").write_text(folder.path.joinpath("line.yaml").read_text().replace(
            line, f'"leaf:4 spine:{row["spines"]} host:3 storage:1 {row["rate"]} latency:450ns{links}"'))
        assert float(row["job.train.time"]) == sim(folder, "one.yaml")["jobs"][0]["time_s"], row


def test_workers_shards_and_merging_change_no_byte():
    folder = Folder()
    folder.run("sweep", "sweep.yaml", "-j", "1", "-o", "one.db")
    folder.run("sweep", "sweep.yaml", "-j", "3", "-o", "three.db")
    for i in (1, 2, 3):
        folder.run("sweep", "sweep.yaml", "--shard", f"{i}/3")
    folder.run("sweep", "--merge", "-o", "merged.db", *(f"points.{i}-of-3.db" for i in (3, 1, 2)))
    texts = [folder.run("sweep", "--show", name, "-f", "csv") for name in ("one.db", "three.db", "merged.db")]
    assert texts[0] == texts[1] == texts[2] and texts[0].count("\n") == N_POINTS + 1
    assert not list(folder.path.glob("*-wal")), "one file is one file"
    folder.run("sweep", "--merge", "-o", "merged.db", "one.db")
    assert folder.run("sweep", "--show", "merged.db", "-f", "csv") == texts[0]


def test_fewer_dead_cables_are_among_more():
    """The first n of one order: with more, nothing comes back to life."""
    folder = Folder(**{"sweep.yaml": "sweep: points\nscenario: scenario.yaml\nrepeat: 4\naxes:\n"
                                     "  dead-cables: {from: 0, to: 12, count: 13}\n"})
    folder.run("sweep", "sweep.yaml")
    rows = folder.rows()
    assert len(rows) == 52 and {row["status"] for row in rows} <= {"ok", "wrong"}
    for repetition in "0123":  # once somebody is cut off, he stays so
        fates = [row["status"] for row in rows if row["repetition"] == repetition]
        assert fates == sorted(fates), fates


# ---- whatever happens ----

def test_points_that_are_no_scenario_are_kept_with_what_is_wrong():
    folder = Folder(**{"sweep.yaml": "sweep: points\nscenario: scenario.yaml\naxes:\n"
                                     "  hosts: {of: jobs.train.hosts, values: [4, 13, x]}\n"})
    out = folder.run("sweep", "sweep.yaml")
    assert "2 wrong" in out and "POINTS WITHOUT RESULT" in out
    rows = {row["hosts"]: row for row in folder.rows()}
    assert rows["4"]["status"] == "ok" and rows["13"]["status"] == rows["x"]["status"] == "wrong"
    assert "sweep.yaml:4:45: error:" in rows["13"]["message"], rows["13"]["message"]
    (folder.path / "sweep.yaml").write_text("sweep: none\nscenario: scenario.yaml\naxes:\n"
                                            "  r: {of: jobs.train.repeat, values: [0, x]}\n")
    folder.run("sweep", "sweep.yaml", code=3)


def kill_until_done(seed):
    folder, rng, before, kills = Folder(), random.Random(seed), {}, 0
    while len(before) < N_POINTS:
        process = folder.start("sweep", "sweep.yaml", "-j", "2")
        try:
            out, said = process.communicate(timeout=rng.uniform(0.02, 0.3) * (6 if SANITIZED else 1))
            assert process.returncode == 0, said
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
        now = folder.finished()
        assert all(now.get(key) == what for key, what in before.items()), "a finished point was lost or run again"
        before = now
        assert kills < 500
    assert folder.run("sweep", "--show", "points.db", "-f", "csv") == reference(), f"seed {seed}"
    return kills


REFERENCE = []


def reference():
    if not REFERENCE:
        folder = Folder()
        folder.run("sweep", "sweep.yaml")
        REFERENCE.append(folder.run("sweep", "--show", "points.db", "-f", "csv"))
    return REFERENCE[0]


def test_killed_at_any_moment_it_loses_no_point_and_repeats_none():
    seed = random.SystemRandom().randrange(10**6) if "CSIN_SOAK" in os.environ else 7
    end = time.monotonic() + float(os.environ.get("CSIN_SOAK", "0"))
    kills = kill_until_done(seed)
    while time.monotonic() < end:
        seed += 1
        kills += kill_until_done(seed)
    assert kills > 0, "nothing was killed"
    print(f"        {kills} kills")


SLOW = {"scenario.yaml": SCENARIO.replace("fabric.yaml", '"leaf:16 spine:8 host:16 storage:1 200Gb/s"').replace(
    "hosts: 12", "hosts: 120"), "sweep.yaml": "sweep: points\nscenario: scenario.yaml\naxes:\n"
    "  size: {of: 'jobs.train.steps[1].all-to-all.size', from: 1MiB, to: 2MiB, count: 6}\n"}


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.01)


def test_a_crash_costs_one_point_which_can_be_tried_again():
    folder = Folder(**SLOW)
    process = folder.start("sweep", "sweep.yaml", "-j", "2")
    wait_for(lambda: len(children(process.pid)) == 2)
    time.sleep(0.05)
    os.kill(children(process.pid)[0], signal.SIGKILL)
    out, said = process.communicate(timeout=120)
    assert process.returncode == 1 and "[CSIN-896]" in said and "1 crashed" in out, (out, said)
    rows = folder.rows()
    assert sorted(row["status"] for row in rows) == ["crashed"] + ["ok"] * 5
    assert any("ended by signal 9" in row["message"] for row in rows)
    folder.run("sweep", "sweep.yaml")  # not by itself
    assert sorted(row["status"] for row in folder.rows()) == ["crashed"] + ["ok"] * 5
    folder.run("sweep", "sweep.yaml", "--retry")
    assert [row["status"] for row in folder.rows()] == ["ok"] * 6


def test_ctrl_c_finishes_what_is_under_way_and_the_same_command_goes_on():
    folder = Folder(**SLOW)
    process = folder.start("sweep", "sweep.yaml", "-j", "2")
    wait_for(lambda: len(children(process.pid)) == 2)
    workers = children(process.pid)
    time.sleep(0.05)
    for pid in [process.pid, *workers]:  # a terminal sends it to all
        os.kill(pid, signal.SIGINT)
    out, said = process.communicate(timeout=120)
    assert process.returncode == 1 and "[CSIN-895]" in said and "goes on" in said and not out, (out, said)
    some = folder.finished()
    assert 1 <= len(some) < 6
    folder.run("sweep", "sweep.yaml")
    every = folder.finished()
    assert len(every) == 6 and all(every[key] == what for key, what in some.items())


def test_processes_end_with_the_one_that_made_them():
    folder = Folder(**SLOW)
    process = folder.start("sweep", "sweep.yaml", "-j", "2")
    wait_for(lambda: len(children(process.pid)) == 2)
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in workers), 5)


def test_a_full_disk_is_told_and_the_same_command_goes_on():
    folder = Folder()
    said = folder.run("sweep", "sweep.yaml", code=1,
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)))
    assert "[CSIN-894]" in said and "goes on" in said, said
    some = folder.finished()
    assert 0 < len(some) < N_POINTS
    folder.run("sweep", "sweep.yaml")
    assert folder.run("sweep", "--show", "points.db", "-f", "csv") == reference()


def test_two_at_once_do_not_run_the_same_points():
    folder = Folder(**SLOW)
    process = folder.start("sweep", "sweep.yaml", "-j", "1")
    wait_for(lambda: children(process.pid))
    said = folder.run("sweep", "sweep.yaml", code=1)
    assert "[CSIN-891]" in said, said
    assert folder.run("sweep", "--show", "points.db") is not None  # but they can be looked at
    process.communicate(timeout=120)
    assert process.returncode == 0 and len(folder.rows()) == 6


def test_new_values_are_added_and_other_files_refused():
    folder = Folder(**{"sweep.yaml": SWEEP.replace("count: 5", "count: 2")})
    folder.run("sweep", "sweep.yaml")
    some = folder.finished()
    (folder.path / "sweep.yaml").write_text(SWEEP)
    folder.run("sweep", "sweep.yaml")
    every = folder.finished()
    assert len(every) == N_POINTS and all(every[key] == what for key, what in some.items())
    (folder.path / "fabric.yaml").write_text(FABRIC.replace("450ns", "400ns"))
    assert "[CSIN-890]" in folder.run("sweep", "sweep.yaml", code=3)
    (folder.path / "scenario.yaml").write_text(SCENARIO + "# a remark\n")
    assert "[CSIN-890]" in folder.run("sweep", "sweep.yaml", code=3)


def test_files_of_others_are_left_alone():
    folder = Folder()
    (folder.path / "text.db").write_text("not a database, but long enough to be looked at as one\n" * 20)
    with sqlite3.connect(folder.path / "other.db") as db:
        db.execute("CREATE TABLE mine (x)")
    for name in ("text.db", "other.db"):
        before = (folder.path / name).read_bytes()
        assert "[CSIN-889]" in folder.run("sweep", "sweep.yaml", "-o", name, code=3)
        assert "[CSIN-889]" in folder.run("sweep", "--show", name, code=3)
        assert (folder.path / name).read_bytes() == before
    folder.run("sweep", "sweep.yaml", "-o", "scenario.yaml", code=2)
    folder.run("sweep", "--show", "none.db", code=3)
    assert not (folder.path / "none.db").exists()


# ---- what is shown ----

def test_tables_and_pictures_show_means_over_what_else_varies():
    folder = Folder()
    folder.run("sweep", "sweep.yaml")
    rows = folder.rows()
    asked = ("sweep", "--show", "points.db", "--metric", "job.train.time", "--over", "size", "--by", "routing")
    table = folder.run(*asked)
    cells = table.splitlines()[-1].split()
    want = [float(row["job.train.time"]) for row in rows if row["size"] == "16MiB" and row["routing"] == "dmodk"]
    mean_ms = sum(want) / len(want) * 1e3
    assert cells[:2] == ["16", "MiB"] and abs(float(cells[2]) / mean_ms - 1) < 1e-3, (table, mean_ms)
    assert max(map(len, table.splitlines())) <= 80
    only = folder.run(*asked, "--where", "dead-cables=0", "--where", "readers=6")
    assert only != table
    svg = folder.run(*asked, "-f", "svg")
    assert svg.startswith("<svg") and svg.count("<title>") == 15
    page = folder.run(*asked, "-f", "html")
    assert page.startswith("<!DOCTYPE html>") and "<svg" in page and "http://" not in page.replace(
        "http://www.w3.org", "") and "https://" not in page
    folder.run(*asked, "-o", "picture.svg")
    assert (folder.path / "picture.svg").read_text() == svg
    said = folder.run("sweep", "--show", "points.db", "--metric", "job.trian.time", "--over", "size", code=2)
    assert "did you mean 'job.train.time'?" in said, said


# ---- what ships with it ----

def test_points_of_the_gallery_come_out_again():
    """Some of each study."""
    for name, n in (("chunk-size", 3), ("storage-share", 3), ("oversubscription", 2), ("link-failures", 4)):
        folder, study = Folder(), ROOT / "scenarios" / "sweeps" / name
        text = (study / "sweep.yaml").read_text()
        for key in ("scenario", "parts"):
            text = text.replace(f"\n{key}: ", f"\n{key}: {study}/")
        (folder.path / "sweep.yaml").write_text(text + f"sample: {n}\nseed: 1\n")
        folder.run("sweep", "sweep.yaml", "-o", "some.db")
        with open(ROOT / "docs" / "gallery" / f"{name}.csv", encoding="utf-8") as file:
            known = {(row["number"], row["repetition"]): row for row in csv.DictReader(file)}
        rows = folder.rows("some.db")
        assert len(rows) == n
        for row in rows:
            assert row == known[row["number"], row["repetition"]], (name, row)


def test_pictures_of_the_gallery_are_small_and_whole():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "gallery").iterdir()}
    assert sum(sizes.values()) < 500_000 and max(sizes.values()) < 150_000, sizes
    for name in ("chunk-size", "storage-share", "oversubscription", "link-failures"):
        text = (ROOT / "docs" / "gallery" / f"{name}.svg").read_text()
        assert text.endswith("</svg>\n") and text.count("<title>") >= 14, name


def main():
    wanted = sys.argv[3:]
    cases = [(name, value) for name, value in globals().items() if name.startswith("test_")]
    cases = [(name, case) for name, case in cases if not wanted or any(w in name for w in wanted)]
    failed = 0
    for name, case in cases:
        begun = time.monotonic()
        try:
            case()
            print(f"ok      {name} ({time.monotonic() - begun:.1f} s)")
        except Exception as wrong:  # every case is to be heard
            failed += 1
            print(f"FAILED  {name}: {type(wrong).__name__}: {wrong}")
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
