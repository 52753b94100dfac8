#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first hour of the day with all four measures, without each of them, without two, and without all.

    variants.py FOLDER          writes them to FOLDER, from scenario.yaml
    variants.py FOLDER CSIN     and runs them with CSIN and prints the table of README.md
    variants.py --check         says whether hour.yaml is as it would write it
"""
import json
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What is written without a measure in place of what scenario.yaml has.
WITHOUT = {
    "lanes": [(r"\{sl: [123]\}", "{sl: 0}")],
    "static-routing": [(r"^routing: dmodk$", "routing: least-loaded")],
    "even-placement": [(r"^fabric: .*$", "fabric: fabrics/uneven.yaml")],
    "request-to-send": [(r", request-to-send: \d+", "")],
}
VARIANTS = {"all": [], **{f"without-{measure}": [measure] for measure in WITHOUT},
            "without-lanes-and-request-to-send": ["lanes", "request-to-send"], "none": list(WITHOUT)}


def text_of(variant, name, folder):
    text = (HERE / "scenario.yaml").read_text(encoding="ascii")
    text = re.sub(r"\A#.*\n#.*\n", f"# Written by variants.py: an hour of the day; measures: {variant.replace('-', ' ')}.\n", text)
    changes = [change for measure, changes in WITHOUT.items() if measure in VARIANTS[variant] for change in changes]
    changes += [(r"^scenario: .*$", f"scenario: {name}"), (r"until: 24h", "until: 1h")]
    for pattern, replacement in changes:
        text, n = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert n, pattern
    if folder:  # elsewhere, so files by their whole names
        text = re.sub(r"(^fabric: |file: )([^}\n]*)", lambda match: match[1] + str((HERE / match[2]).resolve()), text, flags=re.MULTILINE)
    return text


def main():
    hour = text_of("all", "fire-flyer-2-hour", None)
    if sys.argv[1:] == ["--check"]:
        if (HERE / "hour.yaml").read_text(encoding="ascii") != hour:
            sys.exit("hour.yaml: not as variants.py writes it")
        return
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    (HERE / "hour.yaml").write_text(hour, encoding="ascii")
    folder, rows = Path(sys.argv[1]), {}
    folder.mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        path = folder / f"{variant}.yaml"
        path.write_text(text_of(variant, f"fire-flyer-2-hour-{variant}", folder), encoding="ascii")
        if len(sys.argv) > 2:
            done = subprocess.run([sys.argv[2], "sim", "-f", "json", path], check=True, capture_output=True)
            result = json.loads(done.stdout)
            rows[variant] = {template["name"]: template for template in result["templates"]} | {"all": result["all"]}
    if rows:
        print("| | " + " | ".join(rows) + " |\n|---|" + "---|" * len(rows))
        for name in rows["all"]:
            print(f"| {name} | " + " | ".join(f"{rows[variant][name]['slowdown']:.2f}x" for variant in rows) + " |")


if __name__ == "__main__":
    main()
