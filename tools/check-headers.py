#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles every header of the layers alone, twice in a row, as C and as C++.

    tools/check-headers.py ROOT CC CXX

CC and CXX are commands, such as "gcc". A header that compiles only after another one, or only once, fails.
"""
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

LAYERS = ["base", "topo", "sim", "plan", "reports", "cli"]
FLAGS = ["-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-fsyntax-only", "-I."]


def compile_alone(root, header, language, command):
    text = f'#include "{header}"\n#include "{header}"\n'
    run = subprocess.run(command + FLAGS + ["-x", language.lower(), "-"], input=text, cwd=root, text=True,
                         capture_output=True, check=False)
    return header, language, run.returncode, run.stderr


def main():
    root = Path(sys.argv[1])
    c = shlex.split(sys.argv[2]) + ["-std=c11"]
    cxx = shlex.split(sys.argv[3]) + ["-std=c++17"]
    headers = sorted(str(p.relative_to(root)) for layer in LAYERS for p in (root / layer).rglob("*.h"))
    jobs = [(root, h, language, command) for h in headers for language, command in (("C", c), ("C++", cxx))]
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, language, status, errors in pool.map(lambda job: compile_alone(*job), jobs):
            if status:
                failed += 1
                print(f"FAILED  {header} alone as {language}\n{errors}")
    print(f"{len(jobs) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
