#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that docs/messages.md and the sources name the same message codes.

    tools/check-messages.py [ROOT]

A code is what a call gives for a parameter called `code`: csin_error(diag, status, 112, ...), and the like
for every function and macro of the sources that has such a parameter. A code is documented when a heading or
the first cell of a table row in docs/messages.md holds it, as CSIN-112.
"""
import re
import sys
from pathlib import Path

LAYERS = ["base", "topo", "sim", "plan", "reports", "cli"]
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def code_alone(text):
    """Without comments, and with strings and characters emptied; line numbers stay."""
    def blank(match):
        kept = "" if match.group().startswith("/") else match.group()[0] * 2
        return kept + re.sub(r"[^\n]", "", match.group())
    return COMMENT_OR_TEXT.sub(blank, text)


def arguments(text, start):
    """The arguments of the call whose '(' is just before `start`."""
    found, depth, begin = [], 0, start
    for i in range(start, len(text)):
        c = text[i]
        if c in "([{":
            depth += 1
        elif depth == 0 and c in ",)":
            found.append(text[begin:i].strip())
            begin = i + 1
            if c == ")":
                return found
        elif c in ")]}":
            depth -= 1
    return found


def reporters(texts):
    """{name: which argument is the code} of functions and macros with a parameter called `code`."""
    found = {}
    for text in texts.values():
        for match in re.finditer(r"\b(\w+)\(", text):
            for i, argument in enumerate(arguments(text, match.end())):
                if re.fullmatch(r"(const )?(unsigned|unsigned int|uint32_t|int) code", argument):
                    found[match.group(1)] = i
        for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\(", text, re.MULTILINE):
            names = arguments(text, match.end())
            if "code" in names:
                found[match.group(1)] = names.index("code")
    return found


def used_codes(texts):
    """({code: the first place that uses it}, [places where it cannot be told])."""
    codes, unclear = {}, []
    functions = reporters(texts)
    for name, text in texts.items():
        for match in re.finditer(r"\b(" + "|".join(map(re.escape, functions)) + r")\(", text):
            given = arguments(text, match.end())
            index = functions[match.group(1)]
            place = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
            argument = given[index] if index < len(given) else ""
            if re.search(r"\bcode\)?$", argument):  # a declaration, or a code handed on
                continue
            numbers = re.findall(r"\b(\d{3})\b", argument)
            if not numbers:
                unclear.append(f"{place}: cannot tell which code '{argument}' is")
            for number in numbers:
                codes.setdefault(int(number), place)
    return codes, unclear


def documented_codes(text):
    """({code: line}, [codes documented twice])."""
    codes, twice = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("|"):
            line = line.split("|")[1]
        elif not line.startswith("#"):
            continue
        for code in map(int, re.findall(r"CSIN-(\d+)", line)):
            if code in codes:
                twice.append(f"docs/messages.md:{number}: CSIN-{code} again, as in line {codes[code]}")
            codes.setdefault(code, number)
    return codes, twice


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    texts = {}
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix in (".c", ".h", ".cpp"):
                texts[str(path.relative_to(root))] = code_alone(path.read_text(encoding="utf-8"))
    used, mistakes = used_codes(texts)
    registry = root / "docs" / "messages.md"
    documented, twice = documented_codes(registry.read_text(encoding="utf-8") if registry.exists() else "")
    mistakes += twice
    mistakes += [f"{used[code]}: CSIN-{code} is not in docs/messages.md" for code in sorted(used.keys() - documented)]
    mistakes += [f"docs/messages.md:{documented[code]}: nothing says CSIN-{code}"
                 for code in sorted(documented.keys() - used)]
    if not used:
        mistakes.append("no message codes found in the sources")
    for mistake in mistakes:
        print(mistake)
    print(f"{len(used.keys() & documented.keys())} passed, {len(mistakes)} failed, 0 skipped")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
