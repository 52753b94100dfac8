#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios that ship give the results that ship with them: csin check --run.

    tests/cli/expected.py CSIN ROOT      csin check --run --update scenarios/ rewrites what differs
"""
import os
import re
import subprocess
import sys
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()


def main():
    folders = sorted(path for path in (ROOT / "scenarios").iterdir() if list(path.glob("expected*.json")))
    large = ("3fs", "deepseek", "fire-flyer-2", "gpt2", "hfreduce", "law", "llama", "cckd", "vgg16")
    quick = [path for path in folders if not (os.environ.get("CSIN_QUICK") and path.name.startswith(large))]
    done = subprocess.run([CSIN, "check", "--run", *quick], capture_output=True, text=True, check=False, timeout=1200)
    print(done.stdout, done.stderr, sep="")
    passed, differ, failed = map(int, re.search(r"(\d+) as expected, (\d+) differs?, (\d+) could not", done.stdout).groups())
    good = done.returncode == 0 and not done.stderr and differ + failed == 0 and passed >= len(quick)
    print(f"{passed} passed, {differ + failed or int(not good)} failed, {len(folders) - len(quick)} skipped")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
