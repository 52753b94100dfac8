#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes files part of the program, as bytes in a C source.

    tools/embed.py OUTPUT.c NAME=FILE[,FILE...] ...

NAME becomes `const char csin_embedded_NAME[]`, the files one after another, with a NUL behind them."""
import sys
from pathlib import Path


def array(name, data):
    yield f"extern const char csin_embedded_{name}[];\nconst char csin_embedded_{name}[] = {{\n"
    data += b"\0"
    for at in range(0, len(data), 32):
        yield ",".join(str(byte if byte < 128 else byte - 256) for byte in data[at : at + 32]) + ",\n"
    yield "};\n"


def main():
    output, *pairs = sys.argv[1:]
    with open(output, "w", encoding="ascii") as out:
        out.write("/* Made by tools/embed.py. */\n")
        for pair in pairs:
            name, files = pair.split("=", 1)
            data = b"\n".join(Path(file).read_bytes() for file in files.split(","))
            if b"\0" in data:
                sys.exit(f"{files}: has a NUL")
            out.writelines(array(name, data))


main()
