#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the test cases in meson's test logs.

    tools/count-tests.py build/gcc/meson-logs/testlog.json...

Prints what each failing test wrote, then one line: N passed, N failed, N skipped. A cmocka program counts
each of its cases, a script that ends with such a line counts what the line says, any other test counts as
one. A test that crashed or ran out of time counts as a failure on top of the cases it had counted.
"""
import json
import re
import sys

CMOCKA = re.compile(r"^\[  (PASSED |FAILED |SKIPPED)\s*\] (\d+) test\(s\)", re.MULTILINE)
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")


def count(test):
    """(passed, failed, skipped) of one entry of the log."""
    stdout = test.get("stdout", "")
    words = CMOCKA.findall(stdout + "\n" + test.get("stderr", ""))
    lines = stdout.strip().splitlines()
    summary = SUMMARY.match(lines[-1]) if lines else None
    if words:
        n = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
        for word, number in words:
            n[word.strip()] += int(number)
        passed, failed, skipped = n["PASSED"], n["FAILED"], n["SKIPPED"]
    elif summary:
        passed, failed, skipped = map(int, summary.groups())
    elif test["result"] == "SKIP":
        return 0, 0, 1
    else:
        passed, failed, skipped = int(test["result"] == "OK"), 0, 0
    if test["result"] not in ("OK", "SKIP") and failed == 0:
        failed = 1
    return passed, failed, skipped


def show(test):
    print(f"--- {test['name']}: {test['result'].lower()}, exit code {test['returncode']}")
    for stream in "stdout", "stderr":
        text = test.get(stream, "").rstrip()
        lines = [l for l in text.splitlines() if not re.match(r"\[ RUN      \]|\[       OK \]", l)]
        if len(lines) > 120:
            lines[80:-40] = [f"... {len(lines) - 120} lines ..."]
        print("\n".join(lines))


def main(paths):
    total = [0, 0, 0]
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as log:
                tests = [json.loads(line) for line in log]
        except FileNotFoundError:
            tests = []
        for test in tests:
            numbers = count(test)
            total = [a + b for a, b in zip(total, numbers)]
            if numbers[1]:
                show(test)
    print("{} passed, {} failed, {} skipped".format(*total))


if __name__ == "__main__":
    main(sys.argv[1:])
