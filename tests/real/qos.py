#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSM loads what csin exports for a scenario with classes, and the ports and path records are as csin wrote.

    tests/real/qos.py CSIN ROOT

ibsim simulates the devices (8 VLs, as it has them), opensm manages them with the opensm.conf and qos-policy.conf of an
exported folder, smpquery and saquery read back. Skipped where one of these programs is not installed.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from subnet import PRELOAD, Subnet  # noqa: E402

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
PROGRAMS = ["ibsim", "opensm", "smpquery", "saquery"]

THREE_CLASSES = """scenario: three-classes
fabric: "leaf:4 spine:2 host:4 storage:2 200Gb/s"
congestion: lossless
classes:
  hfreduce: {sl: 1}
  nccl: {sl: 2}
  DEFAULT: {sl: 5}      # a name that OpenSM keeps for itself
lanes:
  sl-to-vl: [0, 1, 2, 1, 0, 3]
  weights: [64, 192, 128, 255]
jobs:
  - {name: train, hosts: "h[01-04]", class: hfreduce, steps: {allreduce: {size: 1MiB}}}
  - {name: tune, hosts: "h[05-08]", class: nccl, steps: {allreduce: {size: 1MiB}}}
  - {name: plain, hosts: "h[09-12]", steps: {allreduce: {size: 1MiB}}}
storage:
  - read: {name: data, readers: "h[03-06]", servers: "s[1-4]", size: 8MiB, class: DEFAULT}
"""
# SL of a path record from one host to the other.
THREE_CLASSES_PATHS = {("h01", "h02"): 1, ("h05", "h08"): 2, ("h09", "h10"): 0, ("h01", "h05"): 0, ("h03", "s1"): 5,
                       ("s4", "h06"): 5, ("h01", "s1"): 0, ("s1", "s2"): 0, ("h03", "s5"): 0}


def export(scenario, folder, says=""):
    path = Path(folder) / "scenario.yaml"
    path.write_text(scenario)
    done = subprocess.run([CSIN, "topo", str(path), "--export", str(Path(folder) / "files")], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 0 and says in done.stderr and (says or not done.stderr), (done.returncode, done.stderr)
    return Path(folder) / "files"


def settings(path):
    """{option: value} of opensm.conf."""
    lines = [line.split(None, 1) for line in path.read_text().splitlines() if line.strip() and line[0] != "#"]
    assert len(lines) == len({line[0] for line in lines}), "an option is there twice"
    return dict(lines)


class Deployed(Subnet):
    """A subnet whose opensm was started with an exported folder, in a copy of it."""

    def __init__(self, files):
        super().__init__(files / "fabric.ibnet", ["-F", "opensm.conf"])
        self.files = files

    def prepare(self):
        for path in self.files.iterdir():
            shutil.copy(path, self.folder)

    def run(self, *command, simulated=True, check=True):
        return super().run(*command, simulated=simulated, check=check)

    def lids(self):
        """{name of a node: (LID, number of ports)}."""
        found = {}
        for line in (self.folder / "out" / "opensm-subnet.lst").read_text().splitlines():
            match = re.match(r"\{ (?:SW|CA\S*) Ports:(\w+) .*?\{(.*?)\} LID:(\w+) ", line)
            found[match.group(2).split()[0]] = (int(match.group(3), 16), int(match.group(1), 16))
        return found

    def sl_to_vl(self, lid, port):
        """The rows of the table: one for each input port of a switch."""
        text = self.run("smpquery", "sl2vl", str(lid), str(port))
        return [[int(vl) for vl in re.findall(r"\d+", row)] for row in re.findall(r"\d+, out +\d+: (\|.*\|)", text)]

    def low_weights(self, lid, port):
        text = self.run("smpquery", "vlarb", str(lid), str(port))
        low = text[text.index("Low priority"):text.index("High priority")]
        vls, weights = ([int(word, 16) for word in re.search(title + r" *: *\|(.*)\|", low).group(1).split("|")]
                        for title in ("VL", "WEIGHT"))
        return {vl: weight for vl, weight in zip(vls, weights) if weight}

    def sl_of_path(self, source, destination):
        lids = self.lids()
        text = self.run("saquery", "-p", "--src-to-dst", f"{lids[source][0]}:{lids[destination][0]}")
        return int(re.search(r"^\s*sl\.+(0x\w+|\d+)", text, re.M).group(1), 0)


def check_tables(subnet, conf, n_ports):
    """On switches and hosts alike, all rows of all ports looked at."""
    want = [int(vl) for vl in conf["qos_sl2vl"].split(",")]
    weights = {int(vl): int(weight) for vl, weight in (entry.split(":") for entry in conf["qos_vlarb_low"].split(","))}
    lids = subnet.lids()
    for name, ports in n_ports.items():
        lid, all_ports = lids[name]
        for port in range(1, min(ports, all_ports) + 1):
            rows = subnet.sl_to_vl(lid, port)
            assert rows and all(row == want for row in rows), (name, port, rows, want)
            assert subnet.low_weights(lid, port) == weights, (name, port)


def complaints(subnet):
    return [line for line in subnet.log().splitlines() if " ERR " in line]


def test_ports_and_path_records_are_as_written(folder):
    files = export(THREE_CLASSES, folder, "weight 255 of VL 3 counts as 256")
    conf = settings(files / "opensm.conf")
    assert conf["qos_sl2vl"] == "0,1,2,1,0,3,15,15,15,15,15,15,15,15,15,15" and conf["max_op_vls"] == "3", conf
    with Deployed(files) as subnet:
        assert not complaints(subnet), complaints(subnet)[:5]
        assert "file tables configured on all switches" in subnet.log()
        check_tables(subnet, conf, {"leaf1": 3, "spine2": 2, "h01": 1, "s8": 1})
        got = {pair: subnet.sl_of_path(*pair) for pair in THREE_CLASSES_PATHS}
        assert got == THREE_CLASSES_PATHS, got


def test_a_policy_of_1200_hosts_is_read(folder):
    files = export(f"""scenario: flagship
fabric: {ROOT}/configs/fire-flyer-2.yaml
congestion: lossless
classes: {{hfreduce: {{sl: 1}}, storage: {{sl: 3}}}}
lanes: {{weights: [64, 192, 64, 64]}}
jobs:
  - {{name: train, hosts: 300, placement: random, class: hfreduce, steps: {{allreduce: {{size: 1MiB}}}}}}
storage:
  - read: {{name: data, readers: 400, placement: random, size: 4MiB, class: storage}}
""", folder, "CSIN-733")
    with Deployed(files) as subnet:
        wrong = [line for line in complaints(subnet) if "AC" in line]
        assert not wrong, wrong[:5]
        check_tables(subnet, settings(files / "opensm.conf"), {"a-leaf01": 1, "xzone2": 1, "gpu0001": 1})
        assert subnet.sl_of_path("storage001", client_of(files, "data-clients", subnet)) == 3


def client_of(files, group, subnet):
    """A host in a group of the policy, by the GUID that begins its first range."""
    text = (files / "qos-policy.conf").read_text()
    guid = re.search(r"name: " + group + r"\n\s+port-guid: (0x\w+)", text).group(1)
    for line in (subnet.folder / "out" / "opensm-subnet.lst").read_text().splitlines():
        match = re.match(r"\{ CA\S* Ports:\w+ .*?PortGUID:(\w+) .*?\{(.*?)\} LID:", line)
        if match and int(match.group(1), 16) == int(guid, 16):
            return match.group(2).split()[0]
    raise AssertionError(f"{guid} is no port")


def test_lanes_beyond_those_of_the_switches_are_written_folded(folder):
    (Path(folder) / "fabric.yaml").write_text("""fabric: small
switch-models: {s: {ports: 8, rate: 200Gb/s, data-vls: 4}}
host-models: {gpu: {rate: 200Gb/s}}
zones: {a: {model: s, leaves: 2, spines: 2}}
hosts: [{names: "g[1-6]", model: gpu, attach: {zone: a}}]
""")
    files = export("""scenario: folded
fabric: fabric.yaml
congestion: lossless
classes: {x: {sl: 2}, y: {sl: 6}}
jobs:
  - {name: a, hosts: 2, class: x, steps: {allreduce: {size: 1MiB}}}
  - {name: b, hosts: 2, class: y, steps: {allreduce: {size: 1MiB}}}
""", folder, "[CSIN-412]")
    conf = settings(files / "opensm.conf")
    assert conf["max_op_vls"] == "3" and conf["qos_sl2vl"].startswith("0,15,2,15,15,15,2,15"), conf
    with Deployed(files) as subnet:
        assert not complaints(subnet), complaints(subnet)[:5]
        check_tables(subnet, conf, {"a-leaf1": 3, "g1": 1})


def test_opensm_says_so_where_the_policy_is_broken(folder):
    """So that its silence in the other tests means something."""
    files = export(THREE_CLASSES, folder, "CSIN-731")
    broken = (files / "qos-policy.conf").read_text().replace("qos-level-name: nccl", "qos-level-name: nobody")
    (files / "qos-policy.conf").write_text(broken)
    with Deployed(files) as subnet:
        assert any("ERR AC" in line for line in complaints(subnet)), subnet.log()[-500:]


# What is changed in the policy, and whether it is right: to csin check and to OpenSM, but for an SL that OpenSM takes.
POLICIES = {
    "as it is": (lambda text: text, True),
    "no such level": (lambda text: text.replace("qos-level-name: nccl", "qos-level-name: nobody"), False),
    "no such group": (lambda text: text.replace("source: tune", "source: nobody"), False),
    "no DEFAULT": (lambda text: text.replace("name: DEFAULT", "name: other"), False),
    "SL 16": (lambda text: text.replace("sl: 2", "sl: 16"), (False, True)),
    "a level without SL": (lambda text: text.replace("sl: 2", ""), False),
    "a rule without level": (lambda text: text.replace("qos-level-name: nccl", ""), False),
    "a key that there is not": (lambda text: text.replace("sl: 2", "sl: 2\n        weight: 3"), False),
    "a GUID that is none": (lambda text: text.replace("port-guid: 0x", "port-guid: zz", 1), False),
    "a section that is not closed": (lambda text: text.replace("end-qos-levels", ""), False),
    "blank lines, comments and other keys": (lambda text: text.replace(
        "sl: 2", "sl : 2   # two\n\n        use: for NCCL, and others\n        mtu-limit: 4"), True),
    "an empty setup": (lambda text: text + "qos-setup\n    sl2vl-tables\n    end-sl2vl-tables\nend-qos-setup\n", True),
}


def test_csin_check_and_opensm_agree_on_policies(folder):
    files = export(THREE_CLASSES, folder, "CSIN-731")
    text, verdicts = (files / "qos-policy.conf").read_text(), {}
    for name, (change, _) in POLICIES.items():
        (files / "qos-policy.conf").write_text(change(text))
        done = subprocess.run([CSIN, "check", str(files / "qos-policy.conf")], capture_output=True, text=True, timeout=60,
                              check=False)
        assert done.returncode in (0, 3), (name, done.stderr)
        with Deployed(files) as subnet:
            verdicts[name] = (done.returncode == 0, not any("ERR AC" in line for line in complaints(subnet)))
    want = {name: right if isinstance(right, tuple) else (right, right) for name, (_, right) in POLICIES.items()}
    assert verdicts == want, {name: verdict for name, verdict in verdicts.items() if verdict != want[name]}


def main():
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=PATH)]
    if not glob.glob(PRELOAD):
        lacking.append("libumad2sim.so")
    cases = [value for name, value in globals().items() if name.startswith("test_")]
    if lacking:
        print(f"not installed: {', '.join(lacking)}")
        print(f"0 passed, 0 failed, {len(cases)} skipped")
        return 0
    failed = 0
    for case in cases:
        try:
            with tempfile.TemporaryDirectory(prefix="csin-qos-") as folder:
                case(folder)
            print(f"ok      {case.__name__}")
        except Exception as wrong:  # every case is to be heard
            failed += 1
            print(f"FAILED  {case.__name__}: {type(wrong).__name__}: {wrong}")
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
