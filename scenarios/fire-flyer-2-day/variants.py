#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first hour of the day with all four measures, without each of them, without two, and without all.

    variants.py              writes variants/*.yaml from scenario.yaml
    variants.py --check      only says whether they are as it would write them
    variants.py CSIN         writes them, runs them with CSIN and prints the table of README.md
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
    "even-placement": [(r"^fabric: .*$", "fabric: ../fabrics/uneven.yaml")],
    "request-to-send": [(r", request-to-send: \d+", "")],
}
VARIANTS = {"all": [], **{f"without-{measure}": [measure] for measure in WITHOUT},
            "without-lanes-and-request-to-send": ["lanes", "request-to-send"], "none": list(WITHOUT)}


def text_of(variant):
    text = (HERE / "scenario.yaml").read_text(encoding="ascii")
    text = re.sub(r"\A#.*\n#.*\n", f"# Written by variants.py: an hour of the day; measures: {variant.replace('-', ' ')}.\n", text)
    changes = [change for measure, changes in WITHOUT.items() if measure in VARIANTS[variant] for change in changes]
    changes += [(r"^scenario: .*$", f"scenario: fire-flyer-2-day-{variant}"), (r"until: 24h", "until: 1h"), (r"file: jobs.csv", "file: ../jobs.csv"),
                (r"^fabric: \.\./\.\./configs", "fabric: ../../../configs")]
    for pattern, replacement in changes:
        text, n = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert n or pattern.startswith("^fabric"), pattern
    return text


def main():
    wrong = []
    for variant in VARIANTS:
        path, text = HERE / "variants" / f"{variant}.yaml", text_of(variant)
        if "--check" in sys.argv:
            wrong += [path.name] if not path.exists() or path.read_text(encoding="ascii") != text else []
            continue
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="ascii")
    if wrong:
        sys.exit(f"{', '.join(wrong)}: not as variants.py writes them")
    if len(sys.argv) < 2 or "--check" in sys.argv:
        return
    rows = {}
    for variant in VARIANTS:
        done = subprocess.run([sys.argv[1], "sim", "-f", "json", HERE / "variants" / f"{variant}.yaml"], check=True, capture_output=True)
        result = json.loads(done.stdout)
        rows[variant] = {template["name"]: template for template in result["templates"]} | {"all": result["all"]}
    names = list(rows["all"])
    print("| | " + " | ".join(rows) + " |\n|---|" + "---|" * len(rows))
    for name in names:
        print(f"| {name} | " + " | ".join(f"{rows[variant][name]['slowdown']:.2f}x" for variant in rows) + " |")


if __name__ == "__main__":
    main()
