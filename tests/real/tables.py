#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""csin's netlists and forwarding tables, in the hands of the programs that operators run.

    tests/real/tables.py CSIN ROOT [WORD]     only the cases whose name holds WORD

ibsim simulates the devices of csin's netlist, opensm manages them with csin's tables (-R file -U), and what it
programmed is read back: from opensm-lfts.dump, and by dump_fts from the simulated switches. ibdmchk follows the
tables from every adapter to every other and looks for credit loops. tests/real/subnet.py starts and stops all that.
"""
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from subnet import Cases, Subnet, links, tables  # noqa: E402

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
SMALL = "leaf:4 spine:2 host:4 200Gb/s"
ZONE = "leaf:40 spine:20 host:20 200Gb/s"
TWO_ZONES = str(ROOT / "configs" / "fire-flyer-2.yaml")
HURT = """fabric: hurt
switch-models: {s: {ports: 8, rate: 200Gb/s}}
host-models: {gpu: {rate: 200Gb/s}, st: {role: storage, nics: 2, rate: 200Gb/s}}
zones: {a: {model: s, leaves: 4, spines: 2, links-per-pair: 2, hosts-per-leaf: 4}}
hosts:
  - {names: 'g[1-8]', model: gpu, attach: {zone: a}}
  - {names: 's[1-2]', model: st, attach: [{switches: a-leaf1, nic: 0}, {switches: a-leaf3, nic: 1}]}
overrides:
  - {between: [a-leaf1, a-spine1], nth: 1, state: down}
  - {between: [a-leaf2, a-spine2], state: down}
  - {between: [a-leaf4, a-spine1], nth: 2, rate: 100Gb/s}
  - {between: [s1, a-leaf3], rate: 50Gb/s}
"""
cases = Cases(CSIN)


def loaded(folder, fabric, routing="dmodk", netlist=None):
    """A subnet of the fabric with csin's tables, and those tables."""
    file = cases.csin(folder, *fabric, "--routing", routing, out="t.lft")
    return Subnet(netlist or cases.csin(folder, *fabric, out="t.ibnet"), ["-R", "file,no_fallback", "-U", file]), file


def check_read_back(folder, fabric, routing, loops=False):
    subnet, file = loaded(folder, fabric, routing)
    want = tables(file)
    with subnet:
        assert tables(subnet.lfts()) == want, "opensm dumps other tables"
        assert tables(subnet.run("dump_fts")) == want, "the switches have other tables"
        assert " ERR " not in subnet.log(), [line for line in subnet.log().splitlines() if " ERR " in line][:3]
        said = subnet.ibdmchk()
    n = sum(line.startswith("\nCa") for line in re.findall(r"\nCa\b", Path(folder, "t.ibnet").read_text()))
    assert f"-I- Scanned:{n * (n - 1)} CA to CA paths" in said, said[-2000:]
    assert "lost" not in said and "-E- Unassigned" not in said and "unreachable" not in said.lower(), said
    assert ("-I- no credit loops found" in said) == (not loops), said[-2000:]
    assert ("-E- credit loops in routing" in said) == loops, said[-2000:]


def test_a_small_fabric_gets_the_tables_that_csin_wrote(folder):
    for routing in "dmodk", "random", "dmodk-one-vl":
        check_read_back(folder, [SMALL], routing)


def test_a_zone_of_800_hosts_gets_the_tables_that_csin_wrote(folder):
    check_read_back(folder, [ZONE], "dmodk")


def test_two_zones_of_122_switches_have_credit_loops_with_dmodk(folder):
    check_read_back(folder, [TWO_ZONES], "dmodk", loops=True)


def test_two_zones_of_122_switches_have_none_with_dmodk_one_vl(folder):
    check_read_back(folder, [TWO_ZONES], "dmodk-one-vl")


def test_a_fabric_with_dead_and_slow_cables_gets_its_tables(folder):
    Path(folder, "hurt.yaml").write_text(HURT)
    check_read_back(folder, [str(Path(folder, "hurt.yaml"))], "dmodk")


def test_opensm_loads_a_partial_file_without_a_word(folder):
    """A table and a LID are missing: opensm says nothing, and csin does."""
    subnet, file = loaded(folder, [SMALL])
    whole = file.read_text()
    parts = re.split(r"^(?=Unicast)", whole, flags=re.MULTILINE)
    file.write_text("".join(parts[:2] + parts[3:]).replace("\n0x0009 ", "\n# 0x0009 "))
    with subnet:
        got = tables(subnet.lfts())
        assert " ERR " not in subnet.log() and "file tables configured on all switches" in subnet.log()
    switches = sorted(got)
    assert len(switches) == 6 and not got[switches[1]]
    assert all(9 not in table for table in got.values())
    said = cases.say(SMALL, "--routing", f"lft:{file}")
    assert "1 of 6 switches have no table, such as 'leaf2' [CSIN-649]" in said and "CSIN-651" in said, said


def test_opensm_falls_back_to_minhop_where_a_file_has_a_mistake(folder):
    subnet, file = loaded(folder, [SMALL])
    file.write_text(file.read_text().replace("\n0x0009 005 ", "\n0x0009 077 "))
    subnet.options[1] = "file"
    with subnet:
        assert " ERR " not in subnet.log() and "minhop tables configured on all switches" in subnet.log()
    assert "error: switch 'leaf2' has no port 77 [CSIN-644]" in cases.say(SMALL, "--routing", f"lft:{file}")


def without_lids(netlist):
    """The netlist of a subnet whose manager gives out LIDs as it likes."""
    path = Path(netlist).with_suffix(".no-lids")
    path.write_text(re.sub(r" lid \d+", " lid 0", Path(netlist).read_text()))
    return path


def test_tables_fit_a_subnet_with_other_lids(folder):
    netlist = without_lids(cases.csin(folder, SMALL, out="t.ibnet"))
    subnet, file = loaded(folder, [SMALL], netlist=netlist)
    with subnet:
        dump = Path(folder, "dump.lft")
        dump.write_bytes(subnet.lfts().read_bytes())
        assert tables(dump) != tables(file), "LIDs were meant to differ"
    back = cases.csin(folder, SMALL, "--routing", f"lft:{dump}", out="back.lft")
    assert tables(back) == tables(file)


def test_what_ibnetdiscover_finds_is_what_csin_wrote(folder):
    Path(folder, "hurt.yaml").write_text(HURT)
    for fabric in [SMALL], [str(Path(folder, "hurt.yaml"))], [ZONE]:
        netlist = cases.csin(folder, *fabric, out="t.ibnet")
        want = links(netlist.read_text())
        with Subnet(netlist) as subnet:
            got = links(subnet.run("ibnetdiscover"))
        for part, a, b in zip(("links", "nodes", "LIDs"), want, got):
            assert a == b, f"{part}: {sorted(set(map(str, a)) ^ set(map(str, b)))[:4]}"
        assert len(want[0]) > 20


def test_guid_files_keep_opensm_from_falling_back_to_minhop(folder):
    """One dead cable, and opensm's ftree gives up, unless it is told which switches are roots."""
    path = Path(folder, "t.yaml")
    path.write_text("""fabric: t
switch-models: {s: {ports: 8, rate: 200Gb/s}}
host-models: {gpu: {rate: 200Gb/s}, st: {role: storage, rate: 200Gb/s}}
zones: {a: {model: s, leaves: 4, spines: 4, hosts-per-leaf: 4}}
hosts:
  - {names: 'g[1-12]', model: gpu, attach: {zone: a}}
  - {names: 's[1-4]', model: st, attach: {zone: a}}
overrides: {between: [a-leaf1, a-spine1], state: down}
""")
    netlist = cases.csin(folder, path, out="t.ibnet")
    files = {option: cases.csin(folder, path, out="t." + name) for option, name in (
        ("-a", "root_guids"), ("-u", "cn_guids"), ("-G", "io_guids"))}
    assert len(files["-a"].read_text().splitlines()) == 4
    assert len(files["-u"].read_text().splitlines()) == 12
    assert len(files["-G"].read_text().splitlines()) == 4
    configured = "%s tables configured on all switches"
    with Subnet(netlist, ["-R", "ftree"]) as subnet:
        assert configured % "minhop" in subnet.log(), "ftree was meant to give up"
    with Subnet(netlist, ["-R", "ftree", *[str(word) for pair in files.items() for word in pair]]) as subnet:
        assert configured % "ftree" in subnet.log() and " ERR " not in subnet.log()


def test_names_by_guid_are_what_the_tools_read(folder):
    names = cases.csin(folder, SMALL, out="t.names")
    renamed = Path(folder, "renamed")
    renamed.write_text(names.read_text().replace('"leaf1"', '"row 7, rack 3"'))
    with Subnet(cases.csin(folder, SMALL, out="t.ibnet")) as subnet:
        assert '"row 7, rack 3"' in subnet.run("ibnetdiscover", "--node-name-map", str(renamed))


if __name__ == "__main__":
    sys.exit(cases.run(globals()))
