#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/infiniband.md, run as they stand there.

    tests/real/guide.py CSIN ROOT

The sh blocks of the sections named in SECTIONS make one script, which runs in an empty folder and ends with the first
command that fails.
"""
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from subnet import Cases, links, tables  # noqa: E402

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SECTIONS = ["Try a fabric before it is bought", "Compare opensm's routing engines", "Simulate with the tables of a subnet"]
LIMIT_S = 120  # 6 s on an idle machine
cases = Cases(CSIN)


def script():
    page = (ROOT / "docs" / "infiniband.md").read_text()
    parts = {part.split("\n")[0]: part for part in re.split(r"^## ", page, flags=re.MULTILINE)}
    blocks = [re.findall(r"^```sh subnet\n(.*?)^```", parts[title], re.MULTILINE | re.DOTALL) for title in SECTIONS]
    assert all(blocks), "a section has no commands"
    return "set -eu\n" + "".join(sum(blocks, []))


def test_the_commands_of_the_guide_do_what_it_says(folder):
    environment = dict(os.environ, PATH=f"{Path(CSIN).parent}:{os.environ.get('PATH', '/usr/bin')}:/usr/sbin", LC_ALL="C")
    process = subprocess.Popen(["bash", "-c", script()], cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        said, _ = process.communicate(timeout=LIMIT_S)
    finally:  # whatever the script left behind, and the script
        try:
            os.killpg(process.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
    assert process.returncode == 0, said[-1500:]
    assert "-I- no credit loops found" in said
    assert "warning" not in said, said
    assert links(Path(folder, "found.ibnet").read_text()) == links(Path(folder, "plan.ibnet").read_text())
    assert len(tables(Path(folder, "plan.lft"))) == 12
    assert re.search(r"From ca .*To ca ", Path(folder, "way.txt").read_text(), re.DOTALL)
    assert said.count("congestion-free: ") == 2 and "routing lft" in said, said[-3000:]


if __name__ == "__main__":
    sys.exit(cases.run(globals()))
