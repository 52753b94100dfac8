#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of opensm's own routing engines, read by csin.

    tests/real/engines.py CSIN ROOT [WORD]     only the cases whose name holds WORD

opensm routes csin's netlists; csin reads what it dumped (--routing lft:) and has to find every pair joined, and to write
the same entries again. What csin says of ftree is checked here from the dump itself.
"""
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from subnet import Cases, Subnet, tables  # noqa: E402

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SMALL = "leaf:4 spine:2 host:4 200Gb/s"
ZONE = "leaf:40 spine:20 host:20 200Gb/s"
TWO_ZONES = str(ROOT / "configs" / "fire-flyer-2.yaml")
cases = Cases(CSIN)


def check_engine(folder, fabric, engine, options=()):
    """Gives opensm's dump as a file, behind checks that csin reads it as it is."""
    netlist = cases.csin(folder, fabric, out="t.ibnet")
    with Subnet(netlist, ["-R", engine, *options]) as subnet:
        assert f"{engine} tables configured on all switches" in subnet.log(), f"opensm fell back from {engine}"
        dump, fts = Path(folder, f"{engine}.lft"), Path(folder, f"{engine}.fts")
        dump.write_bytes(subnet.lfts().read_bytes())
        fts.write_text(subnet.run("dump_fts"))
        order = subnet.out / "opensm-ftree-ca-order.dump"
        if order.exists():
            Path(folder, "order").write_bytes(order.read_bytes())
    adapters = {int(lid) for lid in re.findall(r"^\[\d+\]\S+\s+\S+\s+# lid (\d+) ", netlist.read_text(), re.MULTILINE)}
    want = {guid: {lid: port for lid, port in table.items() if lid in adapters} for guid, table in tables(dump).items()}
    for source in dump, fts:  # csin says nothing of either: every pair has a way
        back = tables(cases.csin(folder, fabric, "--routing", f"lft:{source}", out="back.lft"))
        got = {guid: {lid: port for lid, port in table.items() if lid in adapters} for guid, table in back.items()}
        assert got == want, f"csin read other entries from {source.name}"
    return dump


def test_every_engine_on_a_small_fabric(folder):
    for engine in "minhop", "updn", "ftree", "dfsssp", "nue":
        check_engine(folder, SMALL, engine)


def test_every_engine_on_a_zone_of_800_hosts(folder):
    for engine in "minhop", "updn", "ftree", "dfsssp", "nue":
        check_engine(folder, ZONE, engine)


def test_nue_and_minhop_on_two_zones_of_122_switches(folder):
    for engine in "minhop", "nue":
        check_engine(folder, TWO_ZONES, engine)


def test_ftree_leaves_every_shift_of_a_zone_free_of_contention(folder):
    """In the order of hosts that ftree says, host i sends to host i + k: no two on one cable, for any k."""
    dump = check_engine(folder, ZONE, "ftree")
    order = [int(line.split()[0], 16) for line in Path(folder, "order").read_text().splitlines() if line.strip()]
    order = [lid for lid in order if lid]
    leaf_of, table = {}, tables(dump)
    text = Path(folder, "t.ibnet").read_text()
    for guid, lid in re.findall(r'^\[1\]\(\w+\) \t"S-(\w+)"\[\d+\]\t\t# lid (\d+) ', text, re.MULTILINE):
        leaf_of[int(lid)] = int(guid, 16)
    order = [lid for lid in order if lid in leaf_of]
    assert len(order) == len(leaf_of) == 800
    spine_at = {}  # (leaf, port): spine
    node = None
    for line in text.splitlines():
        head = re.match(r'Switch\t\d+ "S-(\w+)"', line)
        port = re.match(r'\[(\d+)\]\t"S-(\w+)"', line)
        if head:
            node = int(head[1], 16)
        elif port:
            spine_at[node, int(port[1])] = int(port[2], 16)
    way = {(leaf, lid): spine_at.get((leaf, table[leaf][lid])) for leaf in set(leaf_of.values()) for lid in order}
    for shift in range(1, 800):
        up, down = set(), set()
        for i, source in enumerate(order):
            target = order[(i + shift) % 800]
            if leaf_of[source] == leaf_of[target]:
                continue
            spine = way[leaf_of[source], target]
            assert (leaf_of[source], spine) not in up and (spine, leaf_of[target]) not in down, f"shift {shift}"
            up.add((leaf_of[source], spine))
            down.add((spine, leaf_of[target]))


def test_what_opensm_leaves_without_a_way_is_told(folder):
    """updn with its roots calls two joined zones routed, and half of all pairs are not (no ERR in its log)."""
    roots = cases.csin(folder, TWO_ZONES, out="t.root_guids")
    with Subnet(cases.csin(folder, TWO_ZONES, out="t.ibnet"), ["-R", "updn", "-a", str(roots)]) as subnet:
        assert "SUBNET UP" in subnet.log() and " ERR " not in subnet.log()
        dump = Path(folder, "updn.lft")
        dump.write_bytes(subnet.lfts().read_bytes())
    said = cases.say(TWO_ZONES, "--routing", f"lft:{dump}")
    assert "warning: these tables have no way for 1,216,800 of 2,432,040 pairs of NICs [CSIN-651]" in said, said


if __name__ == "__main__":
    sys.exit(cases.run(globals()))
