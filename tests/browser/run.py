#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs tests/browser/report.mjs: gets playwright-core from npm where it is not there yet.

    tests/browser/run.py CSIN ROOT

Skipped, with the reason, where there is no browser, no Node.js or no way to npm's registry."""
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path


def skip(why):
    print(f"skipped: {why}")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)


def installed(work, wanted):
    """The integrity that npm checked as it unpacked, None where the wanted version is not there."""
    try:
        lock = json.loads((work / "node_modules/.package-lock.json").read_text(encoding="utf-8"))
        package = lock["packages"]["node_modules/playwright-core"]
    except (OSError, ValueError, KeyError):
        return None
    return package["integrity"] if package["version"] == wanted else None


def main():
    csin, root = sys.argv[1], Path(sys.argv[2])
    spec = json.loads((root / "tests/browser/package.json").read_text(encoding="utf-8"))
    version = spec["dependencies"]["playwright-core"]
    work = root / "build" / "browser"
    work.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if not chromium or not shutil.which("node"):
        skip("there is no " + ("node" if chromium else "chromium"))
    if installed(work, version) is None:
        if not shutil.which("npm"):
            skip("there is no npm")
        got = subprocess.run(
            ["npm", "install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--prefix", work,
             f"playwright-core@{version}"], cwd=work, capture_output=True, text=True, timeout=300, check=False)
        if got.returncode != 0:
            skip("npm cannot install playwright-core: " + got.stderr.strip()[-300:])
    if installed(work, version) != spec["integrity"]["playwright-core"]:
        print("FAILED  playwright-core is not the one that tests/browser/package.json knows")
        print("0 passed, 1 failed, 0 skipped")
        sys.exit(1)
    environment = dict(os.environ, CHROMIUM=chromium, HOME=str(work / "home"))
    sys.exit(subprocess.run(["node", root / "tests/browser/report.mjs", csin, root, work], env=environment, check=False).returncode)


main()
