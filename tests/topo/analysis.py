#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `csin topo --analyze` writes: JSON after docs/analysis.schema.json, text of 80 columns, the same bytes
every time, and in time.

    analysis.py CSIN ROOT
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SCHEMA = json.loads((ROOT / "docs" / "analysis.schema.json").read_text(encoding="utf-8"))
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}

CASES = [
    ["leaf:1 spine:1 host:1 100Gb/s"],
    ["leaf:4 spine:2 host:16 200Gb/s"],
    ["leaf:3 spine:2 host:5 storage:2 links:2 ports:12 100Gb/s", "--routing", "random", "--seed", "7"],
    ["leaf:3 spine:2 host:5 storage:2 100Gb/s", "--routing", "spray"],
    ["leaf:3 spine:2 host:5 storage:2 100Gb/s", "--routing", "least-loaded", "--dead", "1,3"],
    ["leaf:4 spine:2 host:4 100Gb/s", "--dead", "0"],
    ["configs/fire-flyer-2.yaml", "--dead", "10"],
    ["leaf:4 spine:4 host:4 pod:2 core:4 uplinks:1 200Gb/s"],
]


def analyze(*words):
    return subprocess.run([CSIN, "topo", "--analyze", *words], capture_output=True, cwd=ROOT, check=False)


def is_of(value, name):
    if name in ("integer", "number"):
        return not isinstance(value, bool) and isinstance(value, int if name == "integer" else (int, float))
    return isinstance(value, TYPES[name])


def validate(value, schema, path):
    """The part of JSON Schema that the schema uses."""
    if "$ref" in schema:
        validate(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], path)
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    assert not types or any(is_of(value, name) for name in types), f"{path} is {value!r}, not {types}"
    assert "enum" not in schema or value in schema["enum"], f"{path} is {value!r}"
    assert "const" not in schema or value == schema["const"], f"{path} is {value!r}"
    assert "minimum" not in schema or value >= schema["minimum"], f"{path} is {value!r}"
    if isinstance(value, dict) and "properties" in schema:
        missing = set(schema.get("required", [])) - set(value)
        unknown = set(value) - set(schema["properties"])
        assert not missing and not unknown, f"{path}: missing {missing}, unknown {unknown}"
        for key, item in value.items():
            validate(item, schema["properties"][key], f"{path}.{key}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            validate(item, schema["items"], f"{path}[{i}]")


def check(words):
    done = analyze("-f", "json", *words)
    assert done.returncode == 0, done.stderr.decode()
    said = json.loads(done.stdout)
    validate(said, SCHEMA, "analysis")
    assert said["has_tables"] == ("routes" in said)
    assert analyze("-f", "json", *words).stdout == done.stdout, "other bytes the second time"
    text = analyze(*words).stdout.decode()
    long = [line for line in text.splitlines() if len(line) > 80]
    assert not long, f"more than 80 columns: {long}"
    assert not [line for line in text.splitlines() if line != line.rstrip()], "blanks at the end of lines"
    assert text.count("FAULT ") == sum(a["kind"] == "fault" for a in said["advice"]), text
    return said


def check_tables_of_a_file():
    """Tables with a hole and one into a cable that is dead: told as what they are, also after a reroute."""
    with tempfile.TemporaryDirectory() as folder:
        tables = Path(folder) / "tables.lfts"
        done = subprocess.run([CSIN, "topo", "leaf:4 spine:2 host:2 100Gb/s", "-f", "lft"], capture_output=True,
                              check=False)
        lines = done.stdout.decode().splitlines(keepends=True)
        hole = next(i for i, line in enumerate(lines) if "'h8" in line)
        tables.write_text("".join(lines[:hole] + lines[hole + 1:]), encoding="utf-8")
        said = check(["leaf:4 spine:2 host:2 100Gb/s", "--routing", f"lft:{tables}"])
        assert said["routing"] == "lft"
        assert said["routes"]["without_route_by"]["no-entry"] == said["routes"]["pairs_without_route"] > 0
        assert said["advice"][0]["code"] == 671 and said["advice"][0]["kind"] == "fault"
        assert said["dead_cables"][0]["rerouted"] is False
        assert said["dead_cables"][0]["flows_lost_share"] > 0


def check_usage():
    for words, what in ((["--dead", "x", CASES[0][0]], "not a number of cables"),
                        (["--dead", "1,2,3,4,5,6,7,8,9", CASES[0][0]], "at most 8"),
                        (["-f", "dot", CASES[0][0]], "there are text, json")):
        done = analyze(*words)
        assert done.returncode == 2 and what in done.stderr.decode(), done.stderr.decode()


def main():
    passed = failed = 0
    for test, words in [(check, words) for words in CASES] + [(check_tables_of_a_file, None), (check_usage, None)]:
        try:
            test(words) if words else test()
            passed += 1
        except AssertionError as fault:
            failed += 1
            print(f"{test.__name__} {words}: {fault}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
