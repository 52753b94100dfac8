#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every command that the documentation shows.

    tools/check-readme.py CSIN ROOT [FILE.md...]

Commands are what stands in ```sh blocks of README.md, docs/*.md, docs/ci/*.md and the README.md of scenarios and sweeps: every line, or,
where a line of the block begins with '$ ', only those. They run with bash, one after the other, in a copy of
the project whose root is the folder at the start of each document, with csin first in PATH. Each must exit
with 0, or with what a comment at its end says:

    csin check broken.yaml   # exit 3

Not run: blocks marked ```sh norun, or ```sh subnet, which tests/real/guide.py runs, and commands that install, clone or build (see NOT_HERE).
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NOT_HERE = re.compile(r"(\./dev|(sudo )?(apt|apt-get)|git|sudo|meson|ninja|cd csin|tools/fresh-machine\.sh)( |$)")
TIMEOUT_S = 300


def blocks(text):
    """(line number, lines) of every ```sh block."""
    lines, start, mark = None, 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r"\s*(```+)\s*(.*)$", line)
        if lines is None and fence:
            lines, start, mark = [], number + 1, fence.group(2).strip()
        elif fence and not fence.group(2):
            if mark == "sh":
                yield start, lines
            lines = None
        elif lines is not None:
            lines.append(line)


def is_whole(command):
    """Whether bash needs no further lines to understand it."""
    if command.endswith("\\"):
        return False
    parse = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
    return parse.returncode == 0 and "here-document" not in parse.stderr


def commands(text):
    """(line number, command) of a document; a command may go over several lines."""
    for start, lines in blocks(text):
        prompted = any(line.startswith("$ ") for line in lines)
        pending, begin = "", start
        for number, line in enumerate(lines, start):
            if prompted and not pending:
                if not line.startswith("$ "):
                    continue
                line = line[2:]
            if not pending:
                begin = number
            pending += line
            if is_whole(pending):
                if pending.strip() and not pending.lstrip().startswith("#"):
                    yield begin, pending.strip()
                pending = ""
            else:
                pending += "\n"
        if pending.strip():
            yield begin, pending.strip()


def run(command, folder, environment):
    """(exit code, output, folder afterwards)"""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as after:
        script = f"trap 'pwd >\"{after.name}\"' EXIT\n{command}\n"
        try:
            done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  errors="replace", timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return None, f"still running after {TIMEOUT_S} s", folder
        return done.returncode, done.stdout, after.read().strip() or folder


def copy_project(root, target):
    shutil.copytree(root, target, symlinks=True,
                    ignore=lambda folder, names: {"build", ".git"} & set(names) if Path(folder) == root else set())


def main():
    csin, root = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    documents = [Path(p).resolve() for p in sys.argv[3:]]
    if not documents:
        documents = [root / "README.md", *sorted(root.glob("docs/*.md")), *sorted(root.glob("docs/ci/*.md")),
                     *sorted(root.glob("scenarios/*/README.md")), *sorted(root.glob("scenarios/sweeps/*/README.md"))]
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="csin-readme-") as scratch:
        programs = Path(scratch, "bin")
        programs.mkdir()
        (programs / "csin").symlink_to(csin)
        environment = dict(os.environ, PATH=f"{programs}:{os.environ['PATH']}", LC_ALL="C.UTF-8",
                           HOME=scratch, XDG_CACHE_HOME=f"{scratch}/cache")
        for document in documents:
            name = document.relative_to(root)
            if not document.exists():
                print(f"FAILED  there is no {name}")
                failed += 1
                continue
            copy = Path(scratch, "csin")
            copy_project(root, copy)
            folder = copy
            for line, command in commands(document.read_text(encoding="utf-8")):
                if NOT_HERE.match(command):
                    skipped += 1
                    continue
                comment = re.search(r"#\s*exit (\d+)\s*$", command)
                wanted = int(comment.group(1)) if comment else 0
                status, output, folder = run(command, folder, environment)
                if status == wanted:
                    passed += 1
                    continue
                failed += 1
                print(f"FAILED  {name}:{line}: {command}\n        exit code {status} instead of {wanted}")
                print("        " + "\n        ".join(output.splitlines()[-20:]))
            shutil.rmtree(copy)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
