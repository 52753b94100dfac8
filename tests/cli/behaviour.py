#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the program behaves: exit codes, streams, outputs that appear whole or not at all, signals.

    tests/cli/behaviour.py CSIN ROOT [WORD]     only the cases whose name holds WORD

Every function whose name begins with test_ is a case, and gets an empty folder.
"""
import hashlib
import json
import os
import pty
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SANITIZED = bool(os.environ.get("CSIN_SANITIZED")) or b"__asan_init" in Path(CSIN).read_bytes()
CATALOGUE = ROOT / "configs" / "parts.yaml"
INCAST = ROOT / "scenarios" / "incast" / "scenario.yaml"  # congestion-free
OVERSUBSCRIBED = ROOT / "scenarios" / "oversubscribed" / "scenario.yaml"  # congested
FLAGSHIP = ROOT / "configs" / "fire-flyer-2.yaml"
SPEC = "leaf:4 spine:2 host:16 200Gb/s"
LIMIT_S = 120
LONG = """scenario: long
fabric: "leaf:16 spine:16 host:16 200Gb/s"
jobs:
  - {name: j, hosts: all, repeat: %d, placement: random, steps: [allreduce: {size: 186MiB}]}
""" % (6 if SANITIZED else 30)  # a round is 130,000 transfers and at least 0.3 s
FULL = "no space left on device"


class Skip(Exception):
    pass


class Ran:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}, stdout {self.out[:300]!r}, stderr {self.err[:600]!r}"


def environment(folder, **changes):
    values = {**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache"), **changes}
    return {name: value for name, value in values.items() if value is not None}


def start(folder, *arguments, **options):
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment(folder),
               **options}
    return subprocess.Popen([CSIN, *map(str, arguments)], cwd=folder, **options)


def run(folder, *arguments, **options):
    with start(folder, *arguments, **options) as process:
        out, err = process.communicate(timeout=LIMIT_S)
    return Ran(process.returncode, (out or b"").decode(), (err or b"").decode())


def expect(ran, code, out=None, err=None):
    """out, err: the whole text, or a function of it; None: nothing matters. Wrong input prints nothing."""
    assert ran.code == code, ran
    for text, want in ((ran.out, out), (ran.err, err)):
        if callable(want):
            assert want(text), ran
        elif want is not None:
            assert text == want, f"{ran}, wanted {want!r}"
    return ran


def holds(*words):
    return lambda text: all(word in text for word in words)


def listing(folder):
    """All below a folder, the cache left out."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if "cache" not in path.parts)


def file_limit(n):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (n, n))


def descendants(pid):
    """Of a process that may have ended: those whose ancestor it is now."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    return {child for child, parent in parents.items() if parent == pid}


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(true, what):
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.01)


def start_long(folder, *arguments, **options):
    """A long simulation whose engine is at work, and the process of the engine."""
    (folder / "long.yaml").write_text(LONG)
    process = start(folder, "sim", "--no-cache", "long.yaml", *arguments, **options)
    wait_until(lambda: descendants(process.pid) or process.poll() is not None, "the engine")
    assert process.poll() is None, process.communicate()
    return process, descendants(process.pid).pop()


# ---- exit codes and streams ----

def test_success_is_0_and_says_nothing_on_stderr(folder):
    expect(run(folder, "topo", SPEC), 0, holds("6 switches"), "")
    expect(run(folder, "sim", INCAST), 0, holds("congestion-free: yes"), "")
    expect(run(folder, "check", INCAST, FLAGSHIP, SPEC), 0, "", "")
    assert listing(folder) == [], listing(folder)


def test_congestion_is_4_only_under_fail_on_congestion(folder):
    expect(run(folder, "sim", OVERSUBSCRIBED), 0, holds("congestion-free: no"), "")
    expect(run(folder, "sim", "--fail-on", "congestion", OVERSUBSCRIBED), 4, holds("congestion-free: no"), "")
    expect(run(folder, "sim", "--fail-on=congestion", INCAST), 0, holds("congestion-free: yes"), "")
    expect(run(folder, "sim", "--fail-on=congestion", OVERSUBSCRIBED, "-o", "result.json"), 4, "", "")
    assert json.loads((folder / "result.json").read_text())["congestion_free"] == "no"


def test_wrong_input_is_3_with_nothing_on_stdout(folder):
    (folder / "wrong.yaml").write_text("scenario: s\n")
    for command in ("check", "sim"):
        expect(run(folder, command, "wrong.yaml"), 3, "", holds("wrong.yaml:1:1: error: missing key 'fabric'"))
    expect(run(folder, "topo", "leaf:2"), 3, "", holds("SPEC:1:1: error: "))
    expect(run(folder, "topo", "no-such-file.yaml"), 3, "", holds("no such file"))
    assert listing(folder) == ["wrong.yaml"]


def test_wrong_usage_is_2_with_nothing_on_stdout(folder):
    for arguments in ([], ["simulate"], ["--unknown"], ["sim"], ["topo"], ["check"], ["sim", "--unknown", "x"], ["sim", "-o"],
                      ["sim", "a.yaml", "b.yaml"], ["topo", "a.yaml", "b.yaml"], ["sim", "--format", "jsn", INCAST],
                      ["topo", "--format", "csv", SPEC], ["topo", "-o", "x.pdf", SPEC], ["sim", "-o", "x.pdf", INCAST],
                      ["sim", "--picture", "heat", INCAST], ["sim", "--picture", "pie", "-f", "svg", INCAST],
                      ["sim", "--parts", CATALOGUE, "-f", "json", INCAST], ["plan", "--size", CATALOGUE, "-o", "x.html"],
                      ["topo", "--bom", SPEC], ["topo", "--bom", "--parts", CATALOGUE, "-f", "svg", SPEC],
                      ["topo", "--parts", "x.csv", "-f", "cabling", "-o", "x.csv", SPEC],
                      ["sim", "--seed", "-1", INCAST], ["sim", "--seed", "1.5", INCAST], ["sim", "--seed", "", INCAST],
                      ["sim", "--seed", "0x10", INCAST], ["sim", "--seed", "10000000000000000", INCAST],
                      ["sim", "--routing", "dmod", INCAST], ["sim", "--engine", "ns3", INCAST], ["sim", SPEC],
                      ["sim", "--congestion", "unfair", INCAST], ["sim", "--congestion", "", INCAST],
                      ["sim", "--fail-on", "slowness", INCAST], ["sim", "--summary", INCAST],
                      ["sim", "--dump-schedule", "-", INCAST], ["sim", "-o", "x.json", "--dump-schedule", "x.json", INCAST]):
        ran = expect(run(folder, *arguments), 2, "", lambda text: text.strip())
        assert listing(folder) == [], (ran, listing(folder))


def test_a_chain_table_that_is_written_is_read_again(folder):
    head = 'scenario: s\nfabric: "leaf:2 spine:2 host:4 storage:6 200Gb/s"\nchain-tables: {t: {%s}}\n'
    body = "storage: [{read: {name: r, readers: 4, size: 64MiB, chains: t}}]\n"
    (folder / "made.yaml").write_text(head % "ssds: 4, targets: 11" + body)
    (folder / "read.yaml").write_text(head % "file: t.csv" + body)
    (folder / "many.yaml").write_text(head % "targets: 100, replicas: 2" + body)
    made = expect(run(folder, "sim", "made.yaml", "--dump-chains", "t.csv"), 0, holds("congestion-free"), "")
    assert (folder / "t.csv").read_text().startswith("ChainId,TargetId,TargetId,TargetId\n900100001,")
    expect(run(folder, "sim", "read.yaml", "--dump-chains", "again.csv"), 0, made.out, "")
    assert (folder / "t.csv").read_text() == (folder / "again.csv").read_text()
    expect(run(folder, "sim", "many.yaml", "--dump-chains", "x.csv"), 3, "", holds("[CSIN-927]"))
    expect(run(folder, "sim", INCAST, "--dump-chains", "x.csv"), 3, "", holds("has 0 chain tables"))
    expect(run(folder, "sim", "made.yaml", "--dump-chains", "-"), 2, "", holds("a file of its own"))
    expect(run(folder, "sim", "read.yaml", "--dump-chains", "t.csv"), 2, "", lambda text: text.strip())
    assert "x.csv" not in listing(folder)


def test_a_catalogue_without_use_is_a_warning(folder):
    expect(run(folder, "topo", SPEC, "--parts", CATALOGUE), 0, holds("Fabric "),
           holds("csin: warning: --parts has no effect on format 'text' [CSIN-704]"))
    expect(run(folder, "topo", SPEC, "--parts", CATALOGUE, "-f", "cabling"), 0, holds("HDR-"), "")
    expect(run(folder, "topo", SPEC, "--bom", "--parts", CATALOGUE, "-o", "bill.csv"), 0, "", "")
    assert listing(folder) == ["bill.csv"]


def test_a_page_is_whole_and_the_same_each_time(folder):
    for name in ("a.html", "b.html"):
        expect(run(folder, "sim", INCAST, "-o", name), 0, "", "")
    pages = [(Path(folder) / name).read_bytes() for name in ("a.html", "b.html")]
    assert pages[0] == pages[1] and pages[0].rstrip().endswith(b"</html>") and b"{{" not in pages[0].split(b"<script", 1)[0]


def test_congestion_on_the_command_line_is_for_an_engine_that_has_it(folder):
    expect(run(folder, "sim", "--congestion=fair", INCAST), 0, holds("congestion-free: "), "")
    expect(run(folder, "sim", "--congestion=lossless", "--engine=simgrid", INCAST), 3, "",
           holds("csin: error: engine 'simgrid' cannot simulate 'congestion: lossless' [CSIN-407]"))
    assert listing(folder) == []


def test_wrong_usage_says_what_would_be_right(folder):
    for arguments, words in ((["simm"], ["did you mean 'sim'?"]), (["sim", "--routing", "dmod", "x"], ["did you mean 'dmodk'?"]),
                             (["sim", "--routing", "no", "x"], ["dmodk, random, ecmp, spray, least-loaded"]),
                             (["sim", "--congestion", "losless", "x"], ["did you mean 'lossless'?"]),
                             (["sim", "--congestion", "ideal", "x"], ["there are fair, lossless"]), (["check"], ["name at least one"]),
                             (["sim", "--fail-on", "x", "x"], ["there is congestion"]), (["sim", SPEC], ["name a scenario file"]),
                             (["topo", "-f", "pdf", SPEC], ["text, json, dot, svg"]), (["topo", "-o", "a.pdf", SPEC], [".svg"]),
                             (["sim", "--seed", "x", "x"], ["a whole number from 0 to 1e15"]), ([], ["csin topo", "csin sim"])):
        expect(run(folder, *arguments), 2, "", holds(*words))


def test_help_and_version_are_0_on_stdout(folder):
    version = expect(run(folder, "--version"), 0, lambda text: text.startswith("csin ") and text.count("\n") == 1, "").out
    for option in ("--help", "-h", "help"):
        expect(run(folder, option), 0, holds("csin topo", "csin sim", "csin check"), "")
    for command in ("topo", "sim", "check"):
        expect(run(folder, command, "--help"), 0, holds(f"Usage: csin {command}"), "")
        expect(run(folder, command, "--usage"), 0, holds(f"Usage: csin {command}"), "")
        expect(run(folder, command, "--version"), 0, version, "")


def test_check_reads_all_files_and_gives_the_worst_code(folder):
    (folder / "one.yaml").write_text("fabric: f\n")
    (folder / "two.yaml").write_text("scenario: s\nfabric: 'leaf:1'\n")
    ran = expect(run(folder, "check", "one.yaml", INCAST, "two.yaml", "three.yaml"), 3, "",
                 holds("one.yaml:1:1", "two.yaml:2:10", "three.yaml: error: cannot open"))
    assert ran.err.index("one.yaml") < ran.err.index("two.yaml") < ran.err.index("three.yaml"), ran


TABLES = """scenario: tables
fabric: "leaf:4 spine:4 host:4 200Gb/s"
routing: %s
jobs:
  - name: j
    hosts: all
    steps: [permutation: {size: 1MiB, shift: 5}, allreduce: {size: 1MiB}]
"""


def test_tables_of_a_file_route_like_the_policy_that_wrote_them(folder):
    (folder / "there").mkdir()
    (folder / "there" / "s.yaml").write_text(TABLES % "{lft: tables/random.lft}")
    (folder / "there" / "tables").mkdir()
    tables = folder / "there" / "tables" / "random.lft"
    expect(run(folder, "topo", "leaf:4 spine:4 host:4 200Gb/s", "--routing", "random", "--seed", 5, "-o", tables), 0, "", "")
    wanted = json.loads(expect(run(folder, "sim", "there/s.yaml", "--routing", "random", "--seed", 5, "-f", "json"), 0).out)
    for arguments in ["there/s.yaml"], ["there/s.yaml", "--routing", f"lft:{tables}"]:
        result = json.loads(expect(run(folder, "sim", *arguments, "-f", "json"), 0, err="").out)
        provenance = result.pop("provenance")
        assert provenance["routing"] == "lft"
        assert [entry["kind"] for entry in provenance["inputs"]] == ["scenario", "fabric", "lft"]
        assert provenance["inputs"][2]["sha256"] == hashlib.sha256(tables.read_bytes()).hexdigest()
        assert result == {name: value for name, value in wanted.items() if name != "provenance"}
    expect(run(folder, "sim", "there/s.yaml", "-f", "csv"), 0, holds("provenance,lft,,sha256,,", "provenance,routing,,policy,,lft\n"))


def test_runs_alone_are_cached_for_the_tables_they_had(folder):
    (folder / "s.yaml").write_text(TABLES % "{lft: t.lft}")
    outputs = {}
    for policy in "dmodk", "random", "dmodk":
        expect(run(folder, "topo", "leaf:4 spine:4 host:4 200Gb/s", "--routing", policy, "-o", "t.lft"), 0)
        cached = expect(run(folder, "sim", "s.yaml", "-f", "json"), 0).out
        assert cached == expect(run(folder, "sim", "s.yaml", "-f", "json", "--no-cache"), 0).out
        assert outputs.setdefault(policy, cached) == cached
    assert outputs["dmodk"] != outputs["random"]


def test_tables_of_a_file_go_on_leading_into_a_dead_cable(folder):
    """As those that opensm -R file was given; a policy makes new ones."""
    (folder / "s.yaml").write_text(TABLES % "{lft: t.lft}" + """events:
  - {at: 10us, cable: [leaf1, spine1], state: down}
""")
    expect(run(folder, "topo", "leaf:4 spine:4 host:4 200Gb/s", "-o", "t.lft"), 0)
    for engine in "simgrid", "fluid":
        expect(run(folder, "sim", "s.yaml", "--engine", engine), 1, "", holds("did not finish"))
        expect(run(folder, "sim", "s.yaml", "--engine", engine, "--routing", "dmodk"), 0)


def test_tables_are_not_written_over(folder):
    expect(run(folder, "topo", SPEC, "-o", "t.lft"), 0)
    before = (folder / "t.lft").read_text()
    expect(run(folder, "topo", SPEC, "--routing", "lft:t.lft", "-o", "t.lft"), 2, "", holds("CSIN-503"))
    (folder / "s.yaml").write_text(TABLES % "{lft: t.lft}")
    expect(run(folder, "sim", "s.yaml", "-o", "t.lft"), 2, "")
    assert (folder / "t.lft").read_text() == before


def test_warnings_go_to_stderr_and_change_nothing(folder):
    (folder / "s.yaml").write_text('scenario: s\nfabric: "leaf:2 spine:2 host:4 200Gb/s"\nseed: 5\n'
                                   "jobs:\n  - {name: j, hosts: 'h[1-4]', placement: random, steps: [incast: {size: 1MB}]}\n")
    expect(run(folder, "check", "s.yaml"), 0, "", holds("warning: 'placement' has no effect", "warning: 'seed' has no effect"))
    expect(run(folder, "sim", "s.yaml", "-f", "json"), 0, lambda text: json.loads(text), holds("warning: 'placement'"))


def test_reaching_the_horizon_is_1(folder):
    (folder / "s.yaml").write_text(INCAST.read_text() + "horizon: 1us\n")
    expect(run(folder, "sim", "s.yaml", "-o", "out.json"), 1, "", holds("reached its horizon of 1 us", "raise the horizon"))
    assert listing(folder) == ["s.yaml"]


def test_output_has_no_escape_codes_and_fits_80_columns(folder):
    for arguments in (["sim", INCAST], ["sim", OVERSUBSCRIBED], ["sim", ROOT / "scenarios" / "first-steps" / "scenario.yaml"],
                      ["topo", SPEC], ["topo", FLAGSHIP]):
        ran = expect(run(folder, *arguments), 0, None, "")
        assert "\033" not in ran.out and all(len(line) <= 80 for line in ran.out.splitlines()), ran


# ---- outputs ----

def test_the_extension_of_an_output_sets_its_format(folder):
    for command, what, formats in (("topo", SPEC, {"txt": "Fabric ", "json": "{\n", "dot": "graph", "svg": "<"}),
                                   ("sim", INCAST, {"txt": "incast\n", "json": "{\n", "csv": "kind,name,"})):
        for extension, beginning in formats.items():
            output = folder / f"out.{extension}"
            expect(run(folder, command, what, "-o", output.name), 0, "", "")
            text = output.read_text()
            assert beginning in text[:200] and text.endswith("\n"), text[:200]
            name = {"txt": "text"}.get(extension, extension)
            expect(run(folder, command, what, "--format", name), 0, text, "")
            expect(run(folder, command, what, "-f", name, "-o", "any.name"), 0, "", "")
            assert (folder / "any.name").read_text() == text
            expect(run(folder, command, what, "-f", name, "-o", "-"), 0, text, "")
            expect(run(folder, command, what, "-f", name, "-o", "/dev/stdout"), 0, text, "")


def test_an_output_without_extension_is_text(folder):
    expect(run(folder, "sim", INCAST, "-o", "out"), 0, "", "")
    (folder / "folder.json").mkdir()
    expect(run(folder, "sim", INCAST, "-o", "folder.json/out"), 0, "", "")
    text = run(folder, "sim", INCAST).out
    assert text == (folder / "out").read_text() == (folder / "folder.json" / "out").read_text()


def test_summary_prints_the_text_as_well(folder):
    text = run(folder, "sim", INCAST).out
    expect(run(folder, "sim", INCAST, "--summary", "-o", "out.json"), 0, text, "")
    json.loads((folder / "out.json").read_text())


def test_an_output_in_a_missing_folder_is_1_before_anything_is_simulated(folder):
    (folder / "long.yaml").write_text(LONG)
    for option in ("-o", "--dump-schedule"):
        begun = time.monotonic()
        expect(run(folder, "sim", "long.yaml", option, "missing/out.json"), 1, "",
               "missing/out.json: error: cannot create 'missing/out.json': no such file or directory [CSIN-134]\n")
        assert time.monotonic() - begun < 30
    expect(run(folder, "topo", SPEC, "-o", "missing/out.json"), 1, "", holds("cannot create"))
    expect(run(folder, "topo", SPEC, "-o", "long.yaml/out.json"), 1, "", holds("not a directory"))
    (folder / "folder.json").mkdir()
    expect(run(folder, "sim", INCAST, "-o", "folder.json"), 1, "", holds("is a directory"))
    expect(run(folder, "topo", SPEC, "-o", ""), 1, "", holds("csin: error: cannot create ''"))
    assert listing(folder) == ["folder.json", "long.yaml"]


def test_an_output_in_a_read_only_folder_is_1(folder):
    if os.geteuid() == 0:
        raise Skip("root writes everywhere")
    (folder / "locked").mkdir(0o555)
    (folder / "locked.json").write_text("old")
    (folder / "locked.json").chmod(0o444)
    expect(run(folder, "topo", SPEC, "-o", "locked/out.json"), 1, "", holds("permission denied"))
    expect(run(folder, "topo", SPEC, "-o", "locked.json"), 1, "", holds("permission denied"))
    assert (folder / "locked.json").read_text() == "old"


def test_a_run_that_fails_leaves_the_old_output(folder):
    (folder / "out.json").write_text("old")
    (folder / "wrong.yaml").write_text("scenario: s\n")
    (folder / "late.yaml").write_text(INCAST.read_text() + "horizon: 1us\n")
    for arguments in (["sim", "wrong.yaml"], ["sim", "late.yaml"], ["topo", "wrong.yaml"], ["topo", "leaf:2"],
                      ["sim", INCAST, "--seed", "x"], ["sim", "missing.yaml"]):
        assert run(folder, *arguments, "-o", "out.json").code in (1, 2, 3)
        assert (folder / "out.json").read_text() == "old"
    expect(run(folder, "topo", FLAGSHIP, "-o", "out.json", preexec_fn=file_limit(4096)), 1, "", holds("out.json: error: "))
    assert (folder / "out.json").read_text() == "old" and len(listing(folder)) == 3, listing(folder)
    expect(run(folder, "topo", SPEC, "-o", "out.json"), 0, "", "")
    json.loads((folder / "out.json").read_text())


def test_an_output_keeps_links_and_permissions(folder):
    (folder / "real.json").write_text("old")
    (folder / "real.json").chmod(0o640)
    (folder / "link.json").symlink_to("real.json")
    expect(run(folder, "topo", SPEC, "-o", "link.json"), 0, "", "")
    assert (folder / "link.json").is_symlink() and (folder / "real.json").stat().st_mode & 0o777 == 0o640
    json.loads((folder / "real.json").read_text())
    expect(run(folder, "topo", SPEC, "-o", "new.json", preexec_fn=lambda: os.umask(0o027)), 0, "", "")
    assert (folder / "new.json").stat().st_mode & 0o777 == 0o640
    assert listing(folder) == ["link.json", "new.json", "real.json"]


def test_an_output_may_be_a_pipe(folder):
    os.mkfifo(folder / "pipe")
    with start(folder, "sim", INCAST, "-f", "json", "-o", "pipe") as process:
        text = (folder / "pipe").read_text()
        assert process.wait(LIMIT_S) == 0 and json.loads(text)["scenario"] == "incast", text[:100]


def test_a_scenario_may_come_through_a_pipe(folder):
    with start(folder, "sim", "/dev/stdin", "-f", "json", stdin=subprocess.PIPE) as process:
        out, err = process.communicate(INCAST.read_bytes(), LIMIT_S)
    assert process.returncode == 0 and json.loads(out)["scenario"] == "incast" and not err, err


# ---- nobody reads, no space ----

def broken_pipe(folder, *arguments, **options):
    with start(folder, *arguments, **options) as process:
        assert process.stdout.read(1)
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait(LIMIT_S)
    assert (code, err) == (1, b""), (arguments, code, err)


def test_a_broken_pipe_ends_the_run_quietly(folder):
    for restore_signals in (True, False):  # Python ignores SIGPIPE, and hands that on unless told otherwise
        for arguments in (["topo", FLAGSHIP, "-f", "json"], ["topo", FLAGSHIP, "-f", "svg"], ["topo", FLAGSHIP, "-f", "dot"]):
            broken_pipe(folder, *arguments, restore_signals=restore_signals)
    (folder / "s.yaml").write_text(LONG.replace("host:16", "host:4"))
    broken_pipe(folder, "sim", "s.yaml", "-o", "unused.json", "--dump-schedule", "-")
    assert listing(folder) == ["s.yaml"], listing(folder)
    done = subprocess.run(["bash", "-c", '"$1" topo "$2" -f json | head -1; echo ${PIPESTATUS[@]}', "-", CSIN, FLAGSHIP],
                          capture_output=True, check=False, timeout=LIMIT_S)
    assert done.stdout == b"{\n1 0\n" and done.stderr == b"", done


def test_a_full_disk_is_1_and_diagnosed(folder):
    with open("/dev/full", "wb") as full:
        for arguments in (["topo", SPEC], ["topo", FLAGSHIP, "-f", "svg"], ["sim", INCAST], ["sim", INCAST, "-f", "json"],
                          ["sim", INCAST, "-f", "csv"], ["--help"], ["--version"], ["sim", "--help"], ["topo", "--version"],
                          ["sim", INCAST, "--dump-schedule", "-", "-o", "unused.json"],
                          ["sim", INCAST, "--summary", "-o", "out.json"]):
            expect(run(folder, *arguments, stdout=full), 1, None,
                   f"csin: error: cannot write to standard output: {FULL} [CSIN-135]\n")
    for arguments in (["topo", SPEC, "-o"], ["sim", INCAST, "-o"], ["sim", INCAST, "--dump-schedule"]):
        expect(run(folder, *arguments, "/dev/full"), 1, "", f"/dev/full: error: cannot write '/dev/full': {FULL} [CSIN-135]\n")
    assert listing(folder) == ["out.json"]  # it was written before the summary


def test_a_limit_of_file_size_leaves_no_half_file(folder):
    for limit in (0, 1, 4096):
        for arguments in (["topo", FLAGSHIP, "-o", "out.json"], ["topo", FLAGSHIP, "-o", "out.svg"],
                          ["sim", OVERSUBSCRIBED, "-o", "out.json"], ["sim", OVERSUBSCRIBED, "--dump-schedule", "out.txt"]):
            if limit == 4096 and arguments[-1] == "out.txt":
                continue  # that is large enough
            expect(run(folder, *arguments, preexec_fn=file_limit(limit)), 1, "",
                   f"{arguments[-1]}: error: cannot write '{arguments[-1]}': file too large [CSIN-135]\n")
            assert listing(folder) == [], listing(folder)


def test_a_tiny_file_system_is_left_clean(folder):
    disk = folder / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True,
                                           check=False).returncode != 0:
        raise Skip("cannot mount a tmpfs")
    try:
        (disk / "out.json").write_text("old")
        for output in ("disk/out.json", "disk/out.svg", "disk/out.dot"):
            expect(run(folder, "topo", FLAGSHIP, "-o", output), 1, "", f"{output}: error: cannot write '{output}': {FULL} [CSIN-135]\n")
            assert listing(disk) == ["out.json"] and (disk / "out.json").read_text() == "old", listing(disk)
        expect(run(folder, "sim", INCAST, "-o", "out.json", env=environment(folder, XDG_CACHE_HOME=str(disk))), 0, "", "")
        full = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"x" * full.f_bavail * full.f_bsize)
        expect(run(folder, "sim", ROOT / "scenarios" / "first-steps" / "scenario.yaml", "-f", "json",
                   env=environment(folder, XDG_CACHE_HOME=str(disk))), 0, lambda text: json.loads(text), "")
        assert not [name for name in listing(disk) if ".csin-" in name], listing(disk)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_an_exported_folder_is_whole_or_not_there(folder):
    isolated = ROOT / "scenarios" / "storage-incast" / "isolated.yaml"
    expect(run(folder, "topo", isolated, "--export", "out"), 0, "", "")
    whole = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert {"README.txt", "opensm.conf", "qos-policy.conf", "nccl.conf", "ucx.env", "3fs.toml", "topology.conf",
            "fabric.json", "routes.lft", "root_guids", "cn_guids", "io_guids", "fabric.ibnet"} <= set(whole), set(whole)
    for name in whole:  # a file that the README does not name is of no use to anybody
        assert name in ("README.txt", ".csin-folder") or f"\n{name}\n".encode() in whole["README.txt"], name
    tomllib.loads(whole["3fs.toml"].decode())
    for limit in (0, 1, 4096):
        for output in ("out", "new"):
            expect(run(folder, "topo", isolated, "--export", output, preexec_fn=file_limit(limit)), 1, "",
                   holds(f"{output}/", "file too large [CSIN-135]"))
            assert os.listdir(folder) == ["out"], os.listdir(folder)
    expect(run(folder, "topo", isolated, "--export", "out", "--seed", "1"), 0, "", None)
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == whole  # the same bytes again
    expect(run(folder, "topo", SPEC, "--export", "out"), 0, "", "")
    assert "nccl.conf" not in os.listdir(folder / "out") and os.listdir(folder) == ["out"]
    (folder / "out" / "mine").write_text("work")
    expect(run(folder, "topo", SPEC, "--export", "out"), 2, "", holds("'mine'", "CSIN-735"))
    expect(run(folder, "topo", FLAGSHIP, "--export", "flagship"), 0, "", holds("CSIN-733", "--routing dmodk-one-vl, which has none"))
    readme = (folder / "flagship" / "README.txt").read_text()
    assert "CSIN-733" in readme and "--routing dmodk-one-vl" in readme, readme
    expect(run(folder, "topo", FLAGSHIP, "--format", "lft"), 0, holds("Unicast lids"), holds("CSIN-733", "--routing dmodk-one-vl"))
    expect(run(folder, "topo", FLAGSHIP, "--format", "lft", "--routing", "dmodk-one-vl"), 0, holds("Unicast lids"), "")
    expect(run(folder, "topo", FLAGSHIP, "--export", "flagship", "--routing", "dmodk-one-vl"), 0, "", "")
    assert "CSIN-733" not in (folder / "flagship" / "README.txt").read_text()
    shutil.rmtree(folder / "flagship")
    expect(run(folder, "topo", SPEC, "--export", "missing/out"), 1, "", holds("no such file or directory"))
    expect(run(folder, "topo", "leaf:2", "--export", "new"), 3, "", None)
    expect(run(folder, "topo", SPEC, "--export", "new", "-f", "json"), 2, "", holds("leave out --format"))
    assert (folder / "out" / "mine").read_text() == "work" and os.listdir(folder) == ["out"]


def test_planes_are_subnets_of_their_own(folder):
    planes = "leaf:2 spine:2 host:2 plane:2 200Gb/s"
    expect(run(folder, "topo", planes, "--export", "out"), 0, "", "")
    for plane in ("p1", "p2"):
        part = folder / "out" / plane
        assert f"Plane    {plane[1]} of 2" in (part / "README.txt").read_text()
        netlist = (part / "fabric.ibnet").read_text()
        assert netlist.count("\nSwitch") == 4 and f'"{plane}-leaf1"' in netlist and " lid 1 " in netlist, netlist
        assert (part / "routes.lft").read_text().count("8 lids dumped") == 4
        expect(run(folder, "topo", planes, "--plane", plane[1], "-f", "lft"), 0, (part / "routes.lft").read_text(), "")
        expect(run(folder, "topo", part / "fabric.ibnet", "--routing", f"lft:{part}/routes.lft", "--analyze"), 0, None, "")
    expect(run(folder, "topo", planes, "-f", "ibnet"), 0, None, holds("--plane 1", "CSIN-741"))
    expect(run(folder, "topo", planes, "--plane", "3"), 2, "", holds("there is no plane 3 [CSIN-740]"))
    expect(run(folder, "topo", planes, "--plane", "0"), 2, "", holds("they count from 1"))
    expect(run(folder, "topo", planes, "--plane", "1", "--slurm", "x"), 2, "", holds("--slurm exclude"))
    expect(run(folder, "topo", SPEC, "--plane", "1", "--export", "one"), 0, "", "")
    assert (folder / "one" / "routes.lft").exists() and (folder / "out" / "p2" / "cn_guids").read_text() not in \
        (folder / "out" / "p1" / "cn_guids").read_text()


def test_options_that_exclude_each_other_are_errors_of_usage(folder):
    for options, words in ((("--export", "out", "--analyze"), "--analyze and --export"),
                           (("--bom", "--parts", "p.yaml", "--analyze"), "--analyze and --bom"),
                           (("--analyze", "--slurm", "t.conf"), "--analyze and --slurm"),
                           (("--bom", "--parts", "p.yaml", "--slurm", "t.conf"), "--bom and --slurm"),
                           (("-f", "json", "-f", "svg"), "--format is both 'json' and 'svg'"),
                           (("-o", "a.json", "-o", "b.json"), "--output is both")):
        expect(run(folder, "topo", SPEC, *options), 2, "", holds(words))
    expect(run(folder, "topo", SPEC, "-f", "json", "-f", "json"), 0, None, "")
    assert listing(folder) == [], listing(folder)


def test_a_drawing_counts_faults_once_and_tells_nics_apart(folder):
    (folder / "f.yaml").write_text("""fabric: f
switch-models: {s: {ports: 16, rate: 200Gb/s}}
host-models: {g: {nics: 2, rate: 200Gb/s}}
zones: {a: {model: s, leaves: 2, spines: 2}}
hosts: [{names: "gpu[001-004]", model: g, attach: [{zone: a, nic: 0}, {zone: a, nic: 1}]}]
overrides: [{between: [a-leaf1, a-spine1], state: down}, {between: [a-leaf2, a-spine2], rate: 100Gb/s}]
""")
    expect(run(folder, "topo", "f.yaml", "-f", "svg"), 0,
           holds(">2 leaf-spine cables of 200 Gb/s<", ">1 dead cable<", ">1 degraded cable<", ">gpu001.0<", ">gpu001.1<"), "")


def test_a_fabric_written_out_keeps_its_plan_and_planes(folder):
    plan = """fabric: f
switch-models: {s: {ports: 14, rate: 200Gb/s}}
host-models: {g: {rate: 200Gb/s}}
zones: {a: {model: s, leaves: 4, spines: 4, hosts-per-leaf: 10}}
hosts: [{names: "g[1-16]", model: g, attach: {zone: a}}]
"""
    (folder / "plan.yaml").write_text(plan)
    expect(run(folder, "topo", "plan.yaml", "-o", "out.yaml"), 0, "", "")
    assert "hosts-per-leaf: 10" in (folder / "out.yaml").read_text()
    for name in ("plan", "out"):
        expect(run(folder, "topo", f"{name}.yaml", "-o", f"{name}.json"), 0, "", "")
    zones = [json.loads((folder / f"{name}.json").read_text())["zones"][0] for name in ("plan", "out")]
    for key in zones[0]:
        assert key == "family" or zones[0][key] == zones[1][key], (key, zones)
    (folder / "bad.yaml").write_text((folder / "out.yaml").read_text().replace("layer: spine", "layer: spine, hosts-per-leaf: 3"))
    expect(run(folder, "check", "bad.yaml"), 3, "", holds("CSIN-613"))
    expect(run(folder, "topo", "leaf:2 spine:2 host:2 plane:2 200Gb/s", "-o", "p.ibnet"), 0, "", holds("CSIN-741"))
    expect(run(folder, "topo", "p.ibnet"), 0, holds("nothing: they are planes apart"), "")


def test_an_analysis_fails_on_faults_where_it_should(folder):
    text = run(folder, "topo", FLAGSHIP, "--analyze", "--dead", "0").out
    expect(run(folder, "topo", FLAGSHIP, "--analyze", "--dead", "0", "--fail-on", "fault"), 4, text, "")
    expect(run(folder, "topo", FLAGSHIP, "--analyze", "--dead", "0", "--fail-on", "fault", "--routing", "dmodk-one-vl"), 0, None, "")
    expect(run(folder, "topo", SPEC, "--analyze", "--fail-on", "congestion"), 2, "", None)
    expect(run(folder, "topo", SPEC, "--fail-on", "fault"), 2, "", holds("needs --analyze"))


def test_an_interrupted_export_leaves_a_whole_folder(folder):
    for _ in range(2):  # a new one and one that is there
        with start(folder, "topo", FLAGSHIP, "--export", "out") as process:
            wait_until(lambda: [name for name in os.listdir(folder) if name.startswith(".out.csin-")] or process.poll() is not None, "a folder")  # pylint: disable=cell-var-from-loop
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT_S)
        assert process.returncode in (0, -signal.SIGINT), process.returncode
        assert os.listdir(folder) == ["out"] and "README.txt" in os.listdir(folder / "out"), listing(folder)


def test_a_tiny_file_system_is_left_clean_by_an_export(folder):
    disk = folder / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True,
                                           check=False).returncode != 0:
        raise Skip("cannot mount a tmpfs")
    try:
        expect(run(folder, "topo", "leaf:2 spine:2 host:2 200Gb/s", "--export", "disk/out"), 0, "", "")
        before = sorted(os.listdir(disk / "out"))
        expect(run(folder, "topo", FLAGSHIP, "--export", "disk/out"), 1, "", holds("disk/out/", FULL))
        assert os.listdir(disk) == ["out"] and sorted(os.listdir(disk / "out")) == before, listing(disk)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_topology_conf_that_differs_is_4(folder):
    expect(run(folder, "topo", SPEC, "--format", "slurm", "-o", "t.conf"), 0, "", "")
    expect(run(folder, "topo", SPEC, "--slurm", "t.conf"), 0, holds("nothing differs"), "")
    (folder / "t.conf").write_text((folder / "t.conf").read_text().replace("h[01-16]", "h[01-15]"))
    expect(run(folder, "topo", SPEC, "--slurm", "t.conf"), 4, holds("1 host in the fabric alone", "h16"), "")


def test_closed_streams_do_no_harm(folder):
    def closing(*numbers):
        return {"preexec_fn": lambda: [os.close(n) for n in numbers], "stdin": None}
    expect(run(folder, "sim", INCAST, **closing(1)), 1, None, "csin: error: standard output is closed [CSIN-136]\n")
    expect(run(folder, "--help", **closing(1)), 1, None, holds("cannot write to standard output"))
    expect(run(folder, "sim", INCAST, **closing(0)), 0, holds("incast"), "")
    expect(run(folder, "sim", INCAST, **closing(2)), 0, holds("incast"), "")
    expect(run(folder, "sim", INCAST, "-o", "out.json", **closing(0, 1, 2)), 0)
    assert json.loads((folder / "out.json").read_text())["scenario"] == "incast"
    (folder / "wrong.yaml").write_text("scenario: s\n")
    expect(run(folder, "check", "wrong.yaml", **closing(1, 2)), 3)
    expect(run(folder, "sim", "wrong.yaml", "-o", "out.json", **closing(0, 1, 2)), 3)
    assert listing(folder) == ["out.json", "wrong.yaml"]


# ---- signals ----

def test_signals_end_the_engine_too_and_leave_nothing(folder):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL):
        process, engine = start_long(folder, "-o", "out.json")
        process.send_signal(number)
        out, err = process.communicate(timeout=LIMIT_S)
        assert process.returncode == -number and (out, err) == (b"", b""), (number, process.returncode, out, err)
        wait_until(lambda: not is_running(engine), "the end of the engine")  # pylint: disable=cell-var-from-loop
        assert listing(folder) == ["long.yaml"], listing(folder)


def test_ctrl_c_reaches_the_whole_group_quietly(folder):
    process, engine = start_long(folder, start_new_session=True)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == -signal.SIGINT and (out, err) == (b"", b""), (process.returncode, out, err)
    wait_until(lambda: not is_running(engine), "the end of the engine")


def test_a_crash_of_the_engine_is_1_and_diagnosed(folder):
    process, engine = start_long(folder, "-o", "out.json")
    os.kill(engine, signal.SIGSEGV)
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1 and out == b"" and b"the SimGrid engine crashed: " in err, err
    assert SANITIZED or b"signal 11" in err, err
    process, engine = start_long(folder, "-o", "out.json")
    os.kill(engine, signal.SIGKILL)
    out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1 and out == b"" and b"when memory runs out" in err, err
    assert listing(folder) == ["long.yaml"], listing(folder)


def test_an_interrupted_output_leaves_no_temporary_file(folder):
    (folder / "s.yaml").write_text(LONG)
    for output in ("out.txt", "out.txt"):  # a new one and one that is there
        with start(folder, "sim", "--no-cache", "s.yaml", "--dump-schedule", output) as process:
            wait_until(lambda: [name for name in listing(folder) if ".csin-" in name] or process.poll() is not None, "a dump")  # pylint: disable=cell-var-from-loop
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT_S)
        assert process.returncode == -signal.SIGINT, process.returncode
        left = listing(folder)
        assert left == ["out.txt", "s.yaml"] and (folder / "out.txt").read_text().endswith("\n"), left


def test_progress_is_for_terminals_after_a_second(folder):
    master, terminal = pty.openpty()
    begun = time.monotonic()
    expect(run(folder, "sim", "--no-cache", INCAST, stderr=terminal), 0, holds("incast"))
    early = time.monotonic() - begun < 1
    assert not early or not select.select([master], [], [], 0)[0], "a short run shows progress"
    process, _ = start_long(folder, stderr=terminal)
    os.close(terminal)
    shown = b""
    while shown.count(b" operations, at ") < 3:
        assert select.select([master], [], [], LIMIT_S)[0], shown
        shown += os.read(master, 4096)
    process.kill()
    process.communicate()
    os.close(master)
    assert shown.startswith(b"\r\033[Klong: ") and b"\n" not in shown, shown
    process, _ = start_long(folder)
    time.sleep(2)
    process.kill()
    assert process.communicate() == (b"", b"")


def test_a_discovered_fabric_serves_wherever_a_fabric_is_named(folder):
    (folder / "real.ibnet").write_text((ROOT / "tests" / "bad" / "ibnet-good.yaml").read_text())
    (folder / "what-if.yaml").write_text("fabric: what-if\nibnet: {file: real.ibnet, switch-latency: 1us, storage: node4}\n"
                                         "overrides:\n  - {between: [leaf1, spine1], rate: 100Gb/s}\n")
    expect(run(folder, "check", "real.ibnet", "what-if.yaml"), 0, "", "")
    expect(run(folder, "topo", "real.ibnet", "-o", "written.yaml"), 0, "", "")
    real, written, what_if = (json.loads(expect(run(folder, "topo", "-f", "json", name), 0, err="").out)
                              for name in ("real.ibnet", "written.yaml", "what-if.yaml"))
    assert real["sha256"] == written["sha256"] != what_if["sha256"], (real["sha256"], what_if["sha256"])
    assert real["switches"] == written["switches"] and real["nics"] == written["nics"]
    assert what_if["facts"]["hosts_by_role"] == {"compute": 3, "storage": 1}
    assert what_if["facts"]["degraded_cables"] == 1 and what_if["switches"][0]["latency_s"] == 1e-6
    for name in ("real.ibnet", "what-if.yaml"):
        (folder / "s.yaml").write_text(f"scenario: s\nfabric: {name}\njobs:\n  - {{name: j, hosts: 3, steps: [allreduce: "
                                       "{size: 1MiB}]}\n")
        expect(run(folder, "sim", "s.yaml", "--engine", "fluid"), 0)


def main():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it, for its children too
    n_passed, failures, skipped = 0, [], []
    for name, case in list(globals().items()):
        if not name.startswith("test_") or (len(sys.argv) > 3 and sys.argv[3] not in name):
            continue
        with tempfile.TemporaryDirectory(prefix="csin-cli-") as folder:
            try:
                case(Path(folder))
                n_passed += 1
            except Skip as e:
                skipped.append(f"{name} skipped: {e}")
            except Exception as e:  # every case counts
                failures.append(f"{name}: line {e.__traceback__.tb_next.tb_lineno}: {type(e).__name__}: {e}")
    for line in skipped + failures:
        print(line)
    print(f"{n_passed} passed, {len(failures)} failed, {len(skipped)} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
