# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/validation.md: published values beside csin's, made by running csin.

    tests/validation/page.py CSIN ROOT          compares the page with what csin says now, and each row with its limit
    UPDATE=1 tests/validation/page.py ...       rewrites the page

Every other file in this folder is a section. It has

    ORDER = 10                          where it stands on the page
    TITLE = "Collective libraries"
    TEXT = "..."                        what is compared, and how it comes about
    ASSUMED = [("chunk", "2 MiB", "fitted: ..."), ...]     parameters that nobody published
    def rows(sim): yield Row(what, published, csin's value, unit, source, limit)

and may have NOTES below the table, and def files(), after rows: {name in the project: text} of pictures that show them. sim(scenario text) runs csin and gives the JSON result. A limit is the largest error,
relative; None: the row is shown, not judged. Values are rounded to three digits on the page, so that it stays as it is
where only the last digits differ. Prints 'N passed, N failed, N skipped'."""
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import NamedTuple

HEAD = """# Published values and csin's

Each table is made by `tests/validation/page.py`, which runs csin and fails where a value is further from the published
one than its limit, or where this page says something else than csin does. Parameters that nobody published are listed
under each section; they are the same in all rows. FF = An et al., "Fire-Flyer AI-HPC: A Cost-Effective Software-Hardware
Co-Design for Deep Learning", SC'24, arXiv:2408.14158v2.
"""


class Row(NamedTuple):
    what: str
    published: float | tuple  # (low, high): a range; the error is how far outside
    value: float
    unit: str
    source: str
    limit: float | None


def three_digits(x):
    return f"{x:.3g}" if abs(x) < 1000 else f"{float(f'{x:.3g}'):,.0f}"


def error_of(row):
    if isinstance(row.published, tuple):
        low, high = row.published
        return min(0, row.value / low - 1) if row.value < low else max(0, row.value / high - 1)
    return row.value / row.published - 1


def published_text(row):
    if isinstance(row.published, tuple):
        return " to ".join(three_digits(x) for x in row.published) + f" {row.unit}"
    return f"{three_digits(row.published)} {row.unit}"


def table(rows):
    lines = ["| what | published | csin | error | limit | source |", "| --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        limit = "-" if row.limit is None else f"{100 * row.limit:.3g} %"
        error = error_of(row)
        shown = "within" if isinstance(row.published, tuple) and error == 0 else f"{100 * error:+.1f} %"
        lines.append(f"| {row.what} | {published_text(row)} | {three_digits(row.value)} {row.unit} | {shown} | {limit} "
                     f"| {row.source} |")
    return "\n".join(lines)


def make_sim(csin, root, folder):
    """Runs a scenario whose text names its fabric relative to the project: fabric: configs/..."""
    def sim(text, *arguments):
        path = pathlib.Path(folder) / "scenario.yaml"
        path.write_text(text.replace("fabric: configs/", f"fabric: {root}/configs/"), encoding="utf-8")
        done = subprocess.run([csin, "sim", str(path), "-f", "json", *arguments], capture_output=True, text=True,
                              env={**os.environ, "XDG_CACHE_HOME": "/dev/null/none"}, check=False)
        if done.returncode not in (0, 4):
            sys.exit(f"csin fails:\n{done.stderr}of:\n{text}")
        return json.loads(done.stdout)
    return sim


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def section_text(module, rows):
    parts = [f"## {module.TITLE}", module.TEXT.strip(), table(rows)]
    if getattr(module, "NOTES", ""):
        parts.append(module.NOTES.strip())
    if getattr(module, "ASSUMED", None):
        parts.append("Not published:\n\n| parameter | value | where it comes from |\n| --- | --- | --- |\n" +
                     "\n".join(f"| {name} | {value} | {why} |" for name, value, why in module.ASSUMED))
    return "\n\n".join(parts) + "\n"


def main():
    csin, root = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    sys.path.insert(0, str(root / "tests" / "validation"))
    sys.modules["page"] = sys.modules["__main__"]
    modules = [load(path) for path in sorted((root / "tests" / "validation").glob("*.py")) if path.stem != "page"]
    passed, failures, sections, files = 0, [], [HEAD], {}
    for module in sorted(modules, key=lambda m: m.ORDER):
        with tempfile.TemporaryDirectory() as folder:
            rows = list(module.rows(make_sim(csin, root, folder)))
        for row in rows:
            if row.limit is not None and abs(error_of(row)) > row.limit:
                failures.append(f"{module.TITLE}: {row.what} is {three_digits(row.value)} {row.unit}, published "
                                f"{published_text(row)}: {100 * error_of(row):+.1f} %")
            else:
                passed += 1
        sections.append(section_text(module, rows))
        files.update(module.files() if hasattr(module, "files") else {})
    files["docs/validation.md"] = "\n".join(sections)
    for name, text in files.items():
        path = root / name
        if os.environ.get("UPDATE"):
            path.write_text(text, encoding="utf-8")
            print(f"{name} rewritten")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            failures.append(f"{name} is not what csin says now; UPDATE=1 tests/validation/page.py CSIN ROOT rewrites it")
    for failure in failures:
        print(failure)
    print(f"{passed} passed, {len(failures)} failed, 0 skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
