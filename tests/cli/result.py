#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of csin sim as JSON and CSV: after docs/result.schema.json, and the same bytes every time.

    tests/cli/result.py CSIN ROOT
"""
import csv
import io
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import schema

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SCHEMA = json.loads((ROOT / "docs" / "result.schema.json").read_text(encoding="utf-8"))
# Numbers that end otherwise have no unit.
UNITS = r"(_s|_bytes|_Bps|^bytes|^slowdown|^fairness|^utilisation_\w+|^full_\w+|^share|^parameters|^model_flop|^efficiency|^utilisation|^scaling_efficiency)$"
SHIPPED = ["first-steps", "incast", "oversubscribed"]  # the flagship is in expected.py

# Everything that the JSON has a key for.
FABRIC = """fabric: many
switch-models:
  sw: {ports: 12, rate: 200Gb/s, latency: 450ns}
host-models:
  gpu: {rate: 200Gb/s, latency: 1us, inside: {memory: 300GB/s, reduction: 90GB/s, gpus: 2, gpu-rate: 25GB/s, nvlink: 300GB/s,
        gpu-nic: 9GB/s, root-ports: [{gpus: 0, nics: 0, rate: 30GB/s}]}}
  disk: {role: storage, nics: 2, rate: 100Gb/s}
zones:
  a: {model: sw, leaves: 2, spines: 2, links-per-pair: 2}
  b: {model: sw, leaves: 2, spines: 2}
hosts:
  - {names: "g[1-6]", model: gpu, attach: {zone: a}}
  - {names: "g[7-9]", model: gpu, attach: {zone: b}}
  - {names: "d[1-2]", model: disk, attach: [{zone: a, nic: 0}, {zone: b, nic: 1}]}
inter-zone: {names: x1, model: sw, zones: [a, b], leaves: 2}
overrides:
  - {between: [a-leaf1, a-spine1], nth: 2, state: down}
  - {between: [b-leaf1, b-spine1], rate: 10Gb/s}
"""
SCENARIO = """scenario: everything
fabric: fabric.yaml
routing: ecmp
seed: 7
horizon: 1h
jobs:
  - {name: idle, hosts: 1, zone: a, steps: [compute: 1ms, compute: 0s]}
  - name: work
    hosts: 5
    placement: random
    start: 1us
    repeat: 2
    steps:
      - compute: 1us
      - allreduce: {size: 1MiB}
      - allreduce: {size: 1MiB, algorithm: double-binary-tree, chunk: 100kB}
      - allreduce: {size: 1MB, algorithm: hfreduce, chunk: 100kB, overhead: 1us}
      - allreduce: {size: 1MB, algorithm: nccl-ring, channels: 2}
      - allreduce: {size: 1MB, algorithm: nccl-tree}
      - allreduce: {size: 1MB, algorithm: hierarchical}
      - reduce-scatter: {size: 1MB, algorithm: nccl-ring}
      - reduce-scatter: {size: 1MB}
      - all-gather: {size: 1MB}
      - all-to-all: {size: 1MB}
      - broadcast: {size: 1MB, root: 3, chunk: 10kB}
      - permutation: {size: 1MB}
      - permutation: {size: 1MB, shift: 2}
      - incast: {size: 1MB, root: 1}
  - name: learn
    hosts: 2
    repeat: 3
    steps:
      - training:
          model: {model: small, transformer: {layers: 3, hidden: 128, heads: 4, ffn: 512, vocabulary: 1000}}
          sequence: 64
          batch: 32
          micro-batch: 2
          pipeline: 2
          tensor: 2
          gpu: {peak: 100TFLOP/s, efficiency: 0.5, link: 20GB/s}
          varies: 0.1
storage:
  - read: {name: dataset, readers: 3, size: 10MB, chunk: 1MB, stripe: 1}
  - read: {name: timed, readers: 3, duration: 1ms, chunk: 1MB, concurrency: 1, start: 1ms}
  - read: {name: asked, readers: 2, duration: 1ms, chunk: 100kB, concurrency: 3, request-to-send: 2}
  - checkpoint: {name: save, writers: 3, size: 10MB, replicas: 2}
  - read: {name: chunks, readers: 3, duration: 1ms, chunk: 100kB, chains: main}
  - records: {name: records, readers: 2, size: 1MB, record: 10kB, chains: main}
  - kv-cache: {name: values, readers: 2, size: 1MB, value: 10kB, hit-ratio: 0.5, miss-time: 1us, chains: main}
  - checkpoint: {name: again, writers: 2, size: 1MB, times: 2, every: 2ms, chains: main}
chain-tables:
  main: {replicas: 2}
"""


# ---- running ----

FAILURES, N_PASSED, SCRATCH = [], 0, Path()


def check(what, wrong):
    """`wrong` is whatever is wrong: text, a list of it, or nothing."""
    global N_PASSED
    if wrong:
        FAILURES.append(f"{what}: {wrong if isinstance(wrong, str) else chr(10).join(map(str, list(wrong)[:10]))}")
    else:
        N_PASSED += 1


def run(*arguments, cwd=None, **environment):
    """Standard output; the cache is in the scratch folder unless told otherwise. None removes a variable."""
    values = {**os.environ, "XDG_CACHE_HOME": str(SCRATCH / "cache"), **environment}
    done = subprocess.run([CSIN, *map(str, arguments)], cwd=cwd or SCRATCH, capture_output=True, check=False, timeout=300,
                          env={name: value for name, value in values.items() if value is not None})
    assert done.returncode == 0 and not done.stderr, (arguments, done.returncode, done.stderr.decode())
    return done.stdout


def scenarios():
    yield from ((name, ROOT / "scenarios" / name / "scenario.yaml") for name in SHIPPED)
    yield "everything", SCRATCH / "scenario.yaml"


def same(want, *others):
    return [f"run {i + 2} differs" for i, other in enumerate(others) if other != want]


# ---- JSON ----

def adds_up(result):
    """What must hold within a result."""
    def near(a, b):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-15)
    jobs, streams, arcs = result["jobs"], result["storage"], result["arcs"]
    owners = {owner["name"] for owner in jobs + streams}
    if sum(owner["effective"]["transfers"] for owner in jobs + streams) != result["transfers"]:
        yield "transfers do not add up"
    if sum(arc["congested_s"] > 0 for arc in arcs) < result["congested_arcs"]:
        yield "fewer arcs are congested than it says"
    if (result["congested_arcs"] == 0) != (result["congestion_free"] == "yes"):
        yield "the verdict and the congested arcs disagree"
    if max([owner["finish_s"] for owner in jobs + streams]) != result["makespan_s"]:
        yield "nothing finishes at the makespan"
    if result["scenario"] == "everything" and {it["kind"] for it in result["inside"]} != {
            "memory", "reduction", "root-port", "gpu-out", "gpu-in", "gpu-nic-out", "gpu-nic-in", "nvlink-out", "nvlink-in"}:
        yield "not everything inside hosts is used"
    for arc in [*arcs, *result.get("inside", ())]:
        where = f"{arc['from']} > {arc['to']}" if "from" in arc else f"{arc['kind']} of {arc['host']}"
        if not near(sum(arc["bytes_by_owner"].values()), arc["bytes"]) or not set(arc["bytes_by_owner"]) <= owners:
            yield f"whose bytes {where} carried"
        if not near(arc["utilisation_mean"], arc["bytes"] / arc["capacity_Bps"] / result["makespan_s"]):
            yield f"the mean utilisation of {where}"
        if arc.get("congested_s", 0) > arc["saturated_s"] * (1 + 1e-9) or arc["saturated_s"] > result["makespan_s"] * (1 + 1e-9):
            yield f"the congestion of {where}"
    for step in (step for job in jobs for step in job["steps"] if "training" in step):
        if not near(sum(step["training"]["parts"].values()), step["time_mean_s"]):
            yield "the parts of a training step do not add up"
    for owner in jobs + streams:
        sent = sum(arc["bytes_by_owner"].get(owner["name"], 0) for arc in arcs if arc["place"] == "host-up")
        if not near(sent, owner["effective"]["bytes"]):
            yield f"what the hosts of {owner['name']} sent"
    for job in jobs:
        if len(job["hosts_by_rank"]) != job["n_hosts"] or len(set(job["hosts_by_rank"])) != job["n_hosts"]:
            yield f"the hosts of {job['name']}"
        if not near(job["time_s"], job["repeat"] * sum(step["time_mean_s"] for step in job["steps"])):
            yield f"the steps of {job['name']} do not add up to its time"


def damaged(result):
    """(what was done, a copy of the result that is wrong)."""
    def copy(change):
        other = json.loads(json.dumps(result))
        change(other)
        return other
    yield "a key is missing", copy(lambda r: r["jobs"][0].pop("slowdown"))
    yield "a key is new", copy(lambda r: r["arcs"][0].update(colour="red"))
    yield "a key has moved", copy(lambda r: r.update(schema=r.pop("schema")))
    yield "a number is a text", copy(lambda r: r.update(makespan_s="1"))
    yield "a number is null", copy(lambda r: r.update(makespan_s=None))
    yield "a count is a fraction", copy(lambda r: r.update(events=1.5))
    yield "a time is negative", copy(lambda r: r["jobs"][0]["steps"][0].update(time_min_s=-1.0))
    yield "a verdict is new", copy(lambda r: r.update(congestion_free="maybe"))
    yield "a digest is cut off", copy(lambda r: r["provenance"]["inputs"][0].update(sha256="00"))
    yield "an input is missing", copy(lambda r: r["provenance"]["inputs"].pop())
    yield "a host has no name", copy(lambda r: r["jobs"][0]["hosts_by_rank"].append(""))


def json_cases():
    check("the schema describes every key", list(schema.describe(SCHEMA, SCHEMA, UNITS)))
    result = json.loads(run("sim", SCRATCH / "scenario.yaml", "-f", "json"))
    for what, wrong in damaged(result):
        check(f"the schema refuses a result where {what}", "" if list(schema.validate(wrong, SCHEMA, SCHEMA)) else "it does not")
    for name, path in scenarios():
        text = run("sim", path, "-f", "json")
        result = json.loads(text)
        check(f"{name}: JSON after the schema", list(schema.validate(result, SCHEMA, SCHEMA)))
        check(f"{name}: the numbers of the JSON add up", list(adds_up(result)))
        check(f"{name}: numbers have as many digits as it takes",
              [number for number in re.findall(r"[:,] (-?\d[\d.e+-]*)(?=[,}\n])", text.decode())
               if Decimal(number).normalize() != Decimal(repr(float(number))).normalize()])
        check(f"{name}: JSON is ASCII and ends with one line feed",
              "" if text.isascii() and text.endswith(b"}\n") else "it is not")


# ---- CSV ----

def csv_differs(text, result):
    rows = list(csv.reader(io.StringIO(text.decode("ascii"), newline=""), strict=True))
    if rows[0] != ["kind", "name", "step", "metric", "unit", "value"]:
        yield f"the head is {rows[0]}"
    values = {}
    for row in rows[1:]:
        if len(row) != 6 or row[0] not in ("provenance", "scenario", "job", "storage", "victim", "arc", "inside"):
            yield f"the row {row}"
            continue
        if tuple(row[:4]) in values:
            yield f"{row[:4]} occurs twice"
        values[tuple(row[:4])] = float(row[5]) if row[4] else row[5]  # what has no unit is text
    yield from (f"{key} is {values.get(key)}, in the JSON {want}" for key, want in csv_wanted(result) if values.get(key) != want)


def csv_wanted(result):
    provenance = result["provenance"]
    yield ("provenance", "csin", "", "version"), provenance["csin"]
    yield ("provenance", "scenario", "", "sha256"), provenance["inputs"][0]["sha256"]
    yield ("provenance", "fabric", "", "sha256"), provenance["inputs"][1]["sha256"]
    yield ("provenance", "routing", "", "policy"), provenance["routing"]
    yield ("provenance", "engine", "", "name"), provenance["engine"]
    yield ("provenance", "seed", "", "seed"), provenance["seed"]
    yield ("scenario", result["scenario"], "", "makespan"), result["makespan_s"]
    yield ("scenario", result["scenario"], "", "congested_arcs"), result["congested_arcs"]
    for job in result["jobs"]:
        for metric, key in {"hosts": "n_hosts", "start": "start_s", "time": "time_s", "time_alone": "time_alone_s",
                            "slowdown": "slowdown"}.items():
            yield ("job", job["name"], "", metric), job[key]
        for i, step in enumerate(job["steps"]):
            for key in ("time_mean_s", "time_min_s", "time_max_s", "time_alone_s", "slowdown", "algbw_Bps", "busbw_Bps"):
                if key in step:
                    yield ("job", job["name"], str(i + 1), re.sub("_(s|Bps)$", "", key)), step[key]
            training = step.get("training", {"parts": {}, "hidden": {}})
            for key in ("gpus", "replicas", "batch", "efficiency", "utilisation", "scaling_efficiency"):
                if key in training:
                    yield ("job", job["name"], str(i + 1), key), training[key]
            for kind, of in (("part", "parts"), ("hidden", "hidden")):
                for key, value in training[of].items():
                    yield ("job", job["name"], str(i + 1), f"{kind}:{key.removesuffix('_s').replace('_', '-')}"), value
    for stream in result["storage"]:
        for key in ("bytes", "throughput_Bps", "throughput_alone_Bps", "slowdown", "fairness", "client_throughput_min_Bps",
                    "client_throughput_mean_Bps", "client_throughput_max_Bps", "request_time_mean_s",
                    "request_time_p99_s", "request_time_max_s"):
            yield ("storage", stream["name"], "", re.sub("_(s|Bps)$", "", key)), stream[key]
    for arc in result["arcs"]:
        name = f"{arc['from']}>{arc['to']}:{arc['from_port']}"
        for key in ("bytes", "utilisation_mean", "utilisation_peak", "saturated_s", "congested_s"):
            yield ("arc", name, "", key.removesuffix("_s")), arc[key]
        yield ("arc", name, "", "capacity"), arc["capacity_Bps"]
        for owner, n in arc["bytes_by_owner"].items():
            yield ("arc", name, "", f"bytes_of:{owner}"), n
    for it in result.get("inside", ()):
        name = f"{it['host']}:{it['kind']}:{it['index']}"
        for key in ("bytes", "utilisation_mean", "utilisation_peak", "saturated_s"):
            yield ("inside", name, "", key.removesuffix("_s")), it[key]
        yield ("inside", name, "", "capacity"), it["capacity_Bps"]
        for owner, n in it["bytes_by_owner"].items():
            yield ("inside", name, "", f"bytes_of:{owner}"), n


def csv_cases():
    for name, path in scenarios():
        result = json.loads(run("sim", path, "-f", "json"))
        check(f"{name}: CSV has the numbers of the JSON", list(csv_differs(run("sim", path, "-f", "csv"), result)))


# ---- the same bytes ----

def same_bytes_cases():
    path = SCRATCH / "scenario.yaml"
    want = run("sim", path, "-f", "json", "--no-cache")
    cache = SCRATCH / "another cache"
    cold = run("sim", path, "-f", "json", XDG_CACHE_HOME=str(cache))
    entries = sorted(entry for entry in cache.rglob("*") if entry.is_file())
    check("a cache is filled", "" if len(entries) == 11 else f"it has {entries}")
    check("the same bytes without a cache, with a cold one and a warm one",
          same(want, cold, run("sim", path, "-f", "json", XDG_CACHE_HOME=str(cache))))
    check("no temporary files are left in the cache",
          [entry for entry in entries if not re.fullmatch(r"[0-9a-f]{64}", entry.name)])
    for damage, text in {"emptied": b"", "cut off": entries[0].read_bytes()[:9], "binary": bytes(range(256)),
                         "negative": b"bff0000000000000\n" * 40, "not a number": b"7ff8000000000000\n" * 40,
                         "endless": b"0" * 100000}.items():
        for entry in entries:
            entry.write_bytes(text)
        check(f"a cache that is {damage} is not believed", same(want, run("sim", path, "-f", "json", XDG_CACHE_HOME=str(cache))))
    for entry in entries:
        entry.unlink()
        entry.mkdir()
    check("a cache that cannot be written does not matter", same(want, run("sim", path, "-f", "json", XDG_CACHE_HOME=str(cache))))

    os.makedirs(SCRATCH / "a" / "b", exist_ok=True)
    (SCRATCH / "file").write_text("")
    check("the same bytes from any folder",
          same(want, run("sim", "scenario.yaml", "-f", "json", cwd=SCRATCH),
               run("sim", "../../scenario.yaml", "-f", "json", cwd=SCRATCH / "a" / "b"),
               run("sim", "./a/.././scenario.yaml", "-f", "json"),
               run("sim", path, "-f", "json", cwd="/")))
    check("the same bytes in any locale, time zone and home",
          same(want, *[run("sim", path, "-f", "json", **environment) for environment in (
              {"LC_ALL": "fr_FR.UTF-8", "LANG": "fr_FR.UTF-8"}, {"LC_ALL": "de_DE", "LC_NUMERIC": "de_DE"},
              {"LC_ALL": None, "LANG": None}, {"TZ": "Pacific/Chatham"}, {"HOME": None, "XDG_CACHE_HOME": None},
              {"HOME": "/proc/nobody", "XDG_CACHE_HOME": None}, {"XDG_CACHE_HOME": "not/absolute"},
              {"XDG_CACHE_HOME": str(SCRATCH / "file")}, {"XDG_CACHE_HOME": "/proc/none"}, {"XDG_CACHE_HOME": ""},
              {"MALLOC_PERTURB_": "99"})]))
    check("a cache is not put beside the caller", [] if not (SCRATCH / "not").exists() else "it was")
    moved = SCRATCH / "moved"
    moved.mkdir()
    for name in ("scenario.yaml", "fabric.yaml"):
        (moved / name).write_bytes((SCRATCH / name).read_bytes())
    check("the same bytes from a copy elsewhere", same(want, run("sim", moved / "scenario.yaml", "-f", "json")))

    def outputs(*arguments):
        return [run("sim", path, "-f", "json", "--no-cache", *arguments) for _ in range(2)]
    for option, values in {"--seed": ["7", "8", "0", "1000000000000000"], "--routing": ["dmodk", "random", "ecmp", "spray", "least-loaded"]}.items():
        results = {}
        for value in values:
            first, second = outputs(option, value)
            check(f"{option} {value} gives the same bytes twice", same(first, second))
            told = json.loads(first)["provenance"][option[2:]]
            check(f"{option} {value} is told", "" if str(told) == value else f"it says {told}")
            results[value] = first
        check(f"each {option} gives another result",
              "" if len({text.split(b'"fabric":')[1] for text in results.values()}) == len(values) else "some are the same")
    check("--seed and --routing as in the file change nothing", same(want, *outputs("--seed", "7"), *outputs("--routing", "ecmp")))


def schedule_cases():
    path, dump = SCRATCH / "scenario.yaml", SCRATCH / "schedule.txt"
    result = json.loads(run("sim", path, "-f", "json", "--dump-schedule", dump))
    text = dump.read_text(encoding="ascii")
    again = run("sim", path, "-o", SCRATCH / "unused.json", "--dump-schedule", "-").decode("ascii")
    check("--dump-schedule gives the same bytes twice", same(text, again))
    operation = re.compile(r"(\d+) (?:delay ([\d.e-]+) s|transfer (\S+) -> (\S+) (\d+) B|local \S+ \d+ B)(?: gate (\d+))?"
                           r"(?: profile \d+)?(?: after ([\d ]+))?")
    operations, others, wrong = [], [], []
    for line in text.splitlines():
        match = operation.fullmatch(line)
        (operations if match else others).append(match or line)
    gates = sum(line.startswith("gate ") for line in others)
    for i, match in enumerate(operations):
        if int(match[1]) != i or any(int(on) >= i for on in (match[7] or "").split()) or int(match[6] or 0) > gates:
            wrong.append(match[0])
    transfers = [match for match in operations if match[3]]
    effective = [owner["effective"] for owner in result["jobs"] + result["storage"]]
    check("every line of a schedule is understood", wrong + [line for line in others if not re.fullmatch(
        r"gate \d+ limit \d+ closes (never|[\d.e-]+)( holds)?|span \d+ [\w.-]+ round \d+ step \d+ ops \d+|"
        r"profile \d+( [\d.e-]+ x '[^']+'(, [\d.e-]+ x '[^']+')*)?", line)])
    spans = [int(line.rsplit(" ", 1)[1]) for line in others if line.startswith("span ")]
    check("a schedule has a line for every operation",
          "" if len(transfers) == sum(e["transfers"] + e["transfers_skipped"] for e in effective) and
          sum(spans) == len(operations) else f"{len(transfers)} transfers, {len(operations)} operations in {sum(spans)}")
    hosts = {host for job in result["jobs"] for host in job["hosts_by_rank"]}
    hosts |= {host for stream in result["storage"] for host in stream["clients"] + stream["servers"]}
    check("a schedule names hosts of the scenario", [m[0] for m in transfers if not {m[3], m[4]} <= hosts or m[3] == m[4]])


def main():
    global SCRATCH
    with tempfile.TemporaryDirectory(prefix="csin-result-") as folder:
        SCRATCH = Path(folder)
        (SCRATCH / "fabric.yaml").write_text(FABRIC, encoding="ascii")
        (SCRATCH / "scenario.yaml").write_text(SCENARIO, encoding="ascii")
        for cases in (json_cases, csv_cases, same_bytes_cases, schedule_cases):
            try:
                cases()
            except Exception as e:  # a run that failed must not hide the others
                FAILURES.append(f"{cases.__name__}: {e!r}")
    for failure in FAILURES:
        print(failure)
    print(f"{N_PASSED} passed, {len(FAILURES)} failed, 0 skipped")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
