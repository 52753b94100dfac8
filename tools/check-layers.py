#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the architecture of docs/design.md by reading the sources.

    tools/check-layers.py [ROOT]

    base <- topo <- sim <- plan <- reports <- cli     a folder includes only those to its left
"""
import re
import sys
from pathlib import Path

LAYERS = ["base", "topo", "sim", "plan", "reports", "cli"]

# One third-party header = one file.
THIRD_PARTY = {
    "yaml.h": "base/yaml.c",
    "openssl/": "base/sha256.c",
    "igraph": "topo/analyze.c",
    "simgrid/": "sim/simgrid.cpp",
    "xbt/": "sim/simgrid.cpp",
    "glpk.h": "plan/lp.c",
    "sqlite3.h": "reports/sweep_store.c",
}

# What the C library (glibc) and POSIX offer. C++ headers have no dot.
SYSTEM = set(
    """argp.h assert.h ctype.h dirent.h errno.h fcntl.h fenv.h float.h getopt.h inttypes.h libgen.h limits.h locale.h
    math.h poll.h sched.h setjmp.h signal.h stdalign.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h
    stdnoreturn.h string.h strings.h sys/mman.h sys/prctl.h sys/resource.h sys/stat.h sys/time.h sys/types.h
    sys/wait.h time.h unistd.h wchar.h""".split()
)

# Below cli/ nothing prints or ends the process, except for an output that is asked to be standard output and
# the children that an engine and a pool of processes fork.
FORBIDDEN = re.compile(
    r"(?<![\w>.])(?<!format\()(?<!void )(printf|vprintf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|abort|stdout|stderr)\b"
)
MAY = {"base/file.c": {"stdout"}, "sim/simgrid.cpp": {"_exit"}, "base/pool.c": {"_exit"}}

COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def without_comments_and_texts(text):
    """The code alone, with its line numbers."""
    return COMMENT_OR_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


class Project:
    def __init__(self, root):
        self.root = root
        self.texts = {}
        for folder in LAYERS + ["tests"]:
            for path in sorted((root / folder).rglob("*")):
                if path.suffix in (".c", ".h", ".cpp"):
                    self.texts[str(path.relative_to(root))] = path.read_text(encoding="utf-8")

    def includes(self):
        for name, text in self.texts.items():
            for match in INCLUDE.finditer(text):
                yield name, line_of(text, match.start()), match.group(1) == "<", match.group(2)


def includes_point_left(project):
    for name, line, is_system, header in project.includes():
        if is_system:
            continue
        includer, included = name.split("/")[0], header.split("/")[0]
        if header not in project.texts:
            yield f"{name}:{line}: '{header}' is not a header of this project, written from its root"
        elif includer in LAYERS and (
            included not in LAYERS or LAYERS.index(included) > LAYERS.index(includer)
        ):
            yield f"{name}:{line}: {includer}/ must not include {included}/"


def third_party_headers_are_in_one_file_each(project):
    for name, line, is_system, header in project.includes():
        if not is_system or header in SYSTEM or (name.endswith(".cpp") and "." not in header):
            continue
        if name.startswith("tests/") and header in ("cmocka.h", "setjmp.h"):
            continue
        if name == "tests/topo/simgrid_load.c" and header.startswith("simgrid/"):
            continue  # loads what csin writes for SimGrid
        home = next((f for start, f in THIRD_PARTY.items() if header.startswith(start)), None)
        if home is None:
            yield f"{name}:{line}: <{header}> is neither the C library's nor known to {Path(__file__).name}"
        elif name != home:
            yield f"{name}:{line}: <{header}> belongs in {home} alone"


def nothing_below_cli_prints_or_exits(project):
    for name, text in project.texts.items():
        if name.split("/")[0] in ("cli", "tests"):
            continue
        for match in FORBIDDEN.finditer(without_comments_and_texts(text)):
            if match.group(1) not in MAY.get(name, ()):
                yield f"{name}:{line_of(text, match.start())}: '{match.group(1)}' below cli/"


def only_simgrid_is_cpp(project):
    for name in project.texts:
        if name.endswith(".cpp") and name != "sim/simgrid.cpp":
            yield f"{name}: the project has one C++ file, sim/simgrid.cpp"


def every_source_is_built(project):
    """Named in meson.build; those of tests without folder and extension."""
    def names_in(path):
        text = re.sub(r"#[^\n]*", "", (project.root / path).read_text(encoding="utf-8"))
        return {Path(name) for name in re.findall(r"'([^'\n]+)'", text)}

    program, tests = names_in("meson.build"), names_in("tests/meson.build")
    scripts = [str(p.relative_to(project.root)) for p in sorted((project.root / "tests").rglob("*.py"))]
    for name in [*project.texts, *scripts]:
        path = Path(name)
        if name.startswith("tests/"):
            known = path.relative_to("tests") in tests or Path(path.stem) in tests
        else:
            known = path in program
        if path.suffix != ".h" and not known:
            yield f"{name}: no meson.build names it"


def every_source_says_its_licence(project):
    for name, text in project.texts.items():
        if "SPDX-License-Identifier: GPL-3.0-or-later" not in "\n".join(text.splitlines()[:3]):
            yield f"{name}: no SPDX line at the top"


RULES = [
    includes_point_left,
    third_party_headers_are_in_one_file_each,
    nothing_below_cli_prints_or_exits,
    only_simgrid_is_cpp,
    every_source_is_built,
    every_source_says_its_licence,
]


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    project = Project(root)
    failed = 0
    for rule in RULES:
        mistakes = list(rule(project))
        failed += bool(mistakes)
        print(f"{'FAILED' if mistakes else 'ok':8}{rule.__name__.replace('_', ' ')}")
        for mistake in mistakes:
            print(f"    {mistake}")
    print(f"{len(RULES) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
