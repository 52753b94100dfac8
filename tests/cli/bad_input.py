#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input: exactly what csin says about it, and with which exit code.

    tests/cli/bad_input.py CSIN ROOT [NAME...]      UPDATE=1 rewrites what is expected

tests/bad/NAME.yaml is a file; tests/bad/NAME.expect holds the exit code in its first line ("exit 3") and standard
error in the others. Files run in tests/bad, so that the names in messages are short. GENERATED below makes those that
are too large for a repository, are no files, or want another command line. NAME... picks some.

Each file goes through csin check, and then through csin topo or csin sim, which have to say the same (unless
CSIN_QUICK is set, as for builds with sanitizers). No case may print to standard output, take longer than LIMIT_S, or use
more memory than LIMIT_BYTES.
"""
import concurrent.futures
import difflib
import itertools
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT_S = 30  # the slowest takes 2 s
LIMIT_BYTES = 1 << 30  # of address space
FILE_BYTES = 16_000_000  # csin reads YAML of up to 16 MiB
BIG_FILE_BYTES = 100_000_000

CATALOGUE = Path(sys.argv[2]).resolve() / "configs" / "parts.yaml"
FABRIC = """fabric: f
switch-models:
  sw: {ports: 8, rate: 200Gb/s, latency: 450ns}
host-models:
  gpu: {rate: 200Gb/s}
zones:
  a: {model: sw, leaves: 2, spines: 4}
hosts:
  - {names: "g[1-6]", model: gpu, attach: {zone: a}}
"""
SCENARIO = """scenario: s
fabric: "leaf:2 spine:2 host:4 storage:2 200Gb/s"
jobs:
  - name: train
    hosts: 4
    steps:
      - allreduce: {size: 1MiB}
storage:
  - read: {name: data, readers: 2, size: 8MiB, chunk: 4MiB}
"""
PARTS = """catalogue: c
currency: USD
switches:
  sw: {ports: 8, rate: 200Gb/s, price: {amount: 1, example: true}, power: {amount: 1W, example: true}}
nics:
  nic: {rate: 200Gb/s, price: {amount: 1, example: true}, power: {amount: 1W, example: true}}
hosts:
  gpu: {nic: nic, units: 2, power: {amount: 1kW, example: true}}
cables:
  dac: {medium: copper, rate: 200Gb/s, lengths: [1m, 2m], price: {amount: 1, example: true}, power: {amount: 0W, example: true}}
cable-lengths: {hosts: 1m, switches: 2m}
"""
NEEDS = """requirements: r
compute: {hosts: 6, model: gpu}
fabric: {switches: sw}
"""
SPEC = "leaf:2 spine:2 host:4 storage:2 200Gb/s"
LFT = "Unicast lids [0-16] of switch Lid 1 guid 0x02c51a0100000100 ('leaf1'):\n0x0005 001\n"
HEAD = 'scenario: s\nfabric: "%s"\n'


def lines(n, text):
    """The text n times, with %d replaced by 0, 1, 2..."""
    return "".join(text.replace("%d", str(i)) for i in range(n))


def jobs(spec, *entries):
    return HEAD % spec + "jobs:\n" + "".join(f"  - {{{entry}}}\n" for entry in entries)


def unreadable(folder, name):
    if os.geteuid() == 0:
        return "root reads everything"
    path = folder / f"{name}.yaml"
    path.write_text(FABRIC)
    path.chmod(0)


def beside(conf, yaml):
    """A fabric, and the topology.conf that it names."""
    def write(folder, name):
        (folder / "t.conf").write_text(conf)
        (folder / f"{name}.yaml").write_text(yaml)
    return write


def named(name_of_file, text):
    """A file that is not called NAME.yaml."""
    def write(folder, name):
        (folder / name_of_file).write_text(text)
    return write


FROM_SLURM = FABRIC.replace('names: "g[1-6]"', "slurm: t.conf")

# name: (arguments, text of NAME.yaml). The text may be a function, for what is large or no file.
# '{}' in arguments is NAME.yaml.
CHECK = ["check", "{}"]
GENERATED = {
    # What must work
    "good-crlf": (CHECK, FABRIC.replace("\n", "\r\n")),
    "good-crlf-scenario": (CHECK, SCENARIO.replace("\n", "\r\n")),
    "good-byte-order-mark": (CHECK, "\ufeff" + FABRIC),
    "good-byte-order-mark-scenario": (CHECK, "\ufeff" + SCENARIO),
    "good-quoted-keys": (CHECK, SCENARIO.replace("scenario:", '"scenario":').replace("jobs:", "'jobs':")),
    "good-as-json": (CHECK, '{"scenario": "s", "fabric": "%s", "jobs": [{"name": "j", "hosts": 4, "steps": '
                     '[{"compute": "5ms"}]}]}' % SPEC),
    "good-many-hosts": (["check", "leaf:1024 spine:1024 host:1024 200Gb/s"], None),
    "good-line-in-any-order": (["check", "spine:2 host:4 leaf:2 200Gb/s"], None),
    # No such file, and no files
    "file-missing": (["check", "no-such-file.yaml"], None),
    "file-missing-folder": (["sim", "no-such-folder/scenario.yaml"], None),
    "file-directory": (CHECK, lambda folder, name: (folder / f"{name}.yaml").mkdir()),
    "file-unreadable": (CHECK, unreadable),
    "file-no-name": (["check", ""], None),
    "file-endless": (["check", "/dev/zero"], None),
    "file-null-device": (["check", "/dev/null"], None),
    "file-dangling-link": (CHECK, lambda folder, name: (folder / f"{name}.yaml").symlink_to("nowhere.yaml")),
    "file-name-with-escape": (["check", "a\x1b[31m\n.yaml"], None),
    "file-name-long": (["check", "x" * 5000], None),
    # The wrong command for the kind of file
    "kind-fabric-to-sim": (["sim", "{}"], FABRIC),
    "kind-scenario-to-topo": (["topo", "{}"], SCENARIO),
    "kind-fabric-and-scenario": (CHECK, SCENARIO + FABRIC.split("\n", 1)[1]),
    "kind-scenario-unnamed": (CHECK, SCENARIO.split("\n", 1)[1]),
    "kind-fabric-unnamed": (CHECK, FABRIC.split("\n", 1)[1]),
    "kind-line-to-sim": (["sim", SPEC], None),
    "kind-parts-to-topo": (["topo", "{}"], PARTS),
    "kind-parts-to-sim": (["sim", "{}"], PARTS),
    "kind-fabric-as-parts": (["topo", SPEC, "--bom", "--parts", "{}"], FABRIC),
    "kind-parts-unnamed": (CHECK, PARTS.split("\n", 1)[1]),
    "good-parts": (CHECK, PARTS),
    # A catalogue that does not fit its fabric
    "parts-missing-file": (["topo", SPEC, "--bom", "--parts", "no-such-file.yaml"], None),
    "parts-no-switch-large-enough": (["topo", SPEC + " ports:16", "--bom", "--parts", "{}"], PARTS),
    "parts-no-switch-fast-enough": (["topo", SPEC.replace("200", "400"), "--bom", "--parts", "{}"], PARTS),
    "parts-no-cable": (["topo", SPEC, "--bom", "--parts", "{}"], PARTS.replace("switches: 2m", "switches: 2.5m")),
    "parts-many": (CHECK, lambda: PARTS.replace("hosts:\n", "hosts:\n" + lines(1100, "  h%d: {nic: n}\n"), 1)),
    "parts-many-lengths": (CHECK, lambda: PARTS.replace("[1m, 2m]", "[" + "1m, " * 300 + "2m]")),
    "parts-many-cables": (CHECK, lambda: PARTS.replace("cables:\n", "cables:\n" + lines(
        70, "  c%d: {medium: copper, rate: 1Gb/s, lengths: 1m, price: {amount: 1, example: true}, power: {amount: 0W, "
        "example: true}}\n"))),
    # Requirements
    "kind-requirements-to-topo": (["topo", "{}"], NEEDS),
    "kind-requirements-to-sim": (["sim", "{}"], NEEDS),
    "kind-scenario-to-size": (["plan", "--size", "{}"], SCENARIO),
    "good-requirements": (CHECK, NEEDS),
    "size-no-parts": (["plan", "--size", "{}"], NEEDS),
    "size-parts-missing": (["plan", "--size", "{}", "--parts", "no-such-file.yaml"], NEEDS),
    "size-itself-as-parts": (["plan", "--size", "{}", "--parts", "{}"], NEEDS),
    "size-too-large": (["plan", "--size", "{}", "--parts", str(CATALOGUE)],
                       NEEDS.replace("hosts: 6", "hosts: 90000").replace(": sw", ": QM8700")),
    "size-too-many-nics": (["plan", "--size", "{}", "--parts", str(CATALOGUE)],
                           NEEDS.replace("hosts: 6", "hosts: 90000, nics: 16").replace(": sw", ": QM8700")),
    "size-over-budget": (["plan", "--size", "{}", "--parts", str(CATALOGUE)],
                         NEEDS.replace(": sw", ": QM8700") + "budget: {network-power: 100W}\n"),
    "size-with-a-scenario": (["plan", "--size", "{}", "scenario.yaml"], NEEDS),
    # One-line fabrics
    "line-several": (["topo", "leaf:4 spine:x hosts:3 400Gbps 2:1 latency:450"], None),
    "line-pods-alone": (["topo", "leaf:4 spine:2 host:4 pod:3 200Gb/s"], None),
    "line-uplinks-alone": (["topo", "leaf:4 spine:2 host:4 uplinks:3 200Gb/s"], None),
    "line-core-alone": (["topo", "leaf:4 spine:2 host:4 pod:1 core:2 200Gb/s"], None),
    "line-core-divided": (["topo", "leaf:4 spine:2 host:4 pod:3 core:3 200Gb/s"], None),
    "line-rails-divided": (["topo", "leaf:6 spine:2 host:4 rail:4 200Gb/s"], None),
    "line-many-nics": (["topo", "leaf:4 spine:2 host:4 rail:4 plane:64 200Gb/s"], None),
    "line-incomplete": (["topo", "leaf:4"], None),
    "line-no-rate": (["topo", "leaf:4 spine:2 host:4"], None),
    "line-no-hosts": (["topo", "leaf:4 spine:2 host:0 200Gb/s"], None),
    "line-blank-behind-colon": (["topo", "leaf: 4 spine:2 host:4 200Gb/s"], None),
    "line-extra-word": (["topo", "leaf:4 spine:2 host:4 200Gb/s please"], None),
    "line-two-rates": (["topo", "leaf:4 spine:2 host:4 200Gb/s 400Gb/s"], None),
    "line-twice": (["topo", "leaf:4 spine:2 host:4 200Gb/s leaf:5 uplink:1Gb/s uplink:2Gb/s"], None),
    "line-equals": (["topo", "leaf=4 spine=2 host=4 200Gb/s"], None),
    "line-uplink-too-fast": (["topo", "leaf:4 spine:2 host:4 200Gb/s uplink:400Gb/s"], None),
    "line-ports-exhausted": (["topo", "leaf:4 spine:2 host:4 200Gb/s ports:5"], None),
    "line-too-many-hosts": (["topo", "leaf:8192 spine:1 host:4095 200Gb/s"], None),
    "line-too-many-ports": (["topo", "leaf:8192 spine:8192 host:128 200Gb/s"], None),
    "line-million-hosts-on-a-leaf": (["topo", "leaf:1 spine:1 host:1048576 200Gb/s"], None),
    "line-absurd": (["topo", "leaf:99999999999999999999 spine:-1 host:1e3.5 infGb/s"], None),
    "line-words-apart": (["topo", "leaf:4", "spine:two", "host:4", "200Gb/s"], None),
    "line-long": (["topo", "leaf:4 " + "x" * 100000 + ":1"], None),
    "line-control": (["topo", "leaf:4 sp\x1b[31mine:2"], None),
    # Forwarding tables
    "lft-mistakes": (["topo", SPEC, "--routing", "lft:{}"], LFT + "Unicast lids of switch leaf2:\n0x0001 1\n" +
                     "Unicast lids guid 0x02c51a0100000300 \n0x0005 99\n0xzz 1\n0x0006\n0x0007 1-2\n"),
    "lft-empty": (["topo", SPEC, "--routing", "lft:{}"], ""),
    "lft-fabric-for-tables": (["topo", SPEC, "--routing", "lft:{}"], FABRIC),
    "lft-endless": (["topo", SPEC, "--routing", "lft:/dev/zero"], None),
    "lft-directory": (["topo", SPEC, "--routing", "lft:."], None),
    "lft-missing": (["topo", SPEC, "--routing", "lft:no-such-file.lft"], None),
    "lft-no-name": (["topo", SPEC, "--routing", "lft:"], None),
    "lft-no-tables-of-policy": (["topo", SPEC, "--routing", "spray", "--format", "lft"], None),
    "lft-long-line": (["topo", SPEC, "--routing", "lft:{}"], lambda: LFT + "# " + "x" * FILE_BYTES + "\n0x1 77\n"),
    "lft-long-lines": (["topo", SPEC, "--routing", "lft:{}"], lambda: (LFT + "y" * 2000 + "\n") * 200),
    "lft-many-mistakes": (["topo", SPEC, "--routing", "lft:{}"], lambda: LFT + lines(300000, "0x%d 7777777\n")),
    "lft-many-tables": (["topo", SPEC, "--routing", "lft:{}", "-o", "out.txt"],
                        lambda: LFT + lines(300000, "Unicast lids guid 0x%d \n0x0001 1\n")),
    "lft-of-another-fabric": (["topo", SPEC, "--routing", "lft:{}", "-o", "out.txt"],
                              "Unicast lids [0-9] of switch Lid 3 guid 0x0c42a10000001001 ('leaf01'):\n"
                              "0x0001 001 # Channel Adapter portguid 0x0c42a10100000011: 'node0001 mlx5_0'\n"),
    "lft-too-many-lids": (["topo", "leaf:1024 spine:64 host:64 200Gb/s", "--format", "ibnet"], None),
    # topology.conf
    "slurm-missing": (["topo", SPEC, "--slurm", "no-such-file.conf"], None),
    "slurm-mistakes": (["topo", SPEC, "--slurm", "{}"],
                       "SwitchName=leaf1 Nodes=h[1-4] Colour=red\nSwitchName=leaf2 Nodes=h[4-8\nInclude more.conf\n"
                       "SwitchName=top Switches=leaf[1-3]\n"),
    "slurm-binary": (["topo", SPEC, "--slurm", "{}"], b"\x7fELF\0\0SwitchName=\xff\n"),
    "slurm-endless": (["topo", SPEC, "--slurm", "/dev/zero"], None),
    "slurm-long-line": (["topo", SPEC, "--slurm", "{}"], lambda: "SwitchName=a Nodes=" + "h," * 8000000),
    "slurm-many-lines": (["topo", SPEC, "--slurm", "{}"], lambda: "SwitchName=a Nodes=b\n" * 760000),
    "slurm-backslashes": (["topo", SPEC, "--slurm", "{}"], lambda: b"\\" * FILE_BYTES),
    "slurm-continued": (["topo", SPEC, "--slurm", "{}"], lambda: "SwitchName=a Nodes=" + "b,\\\n" * 4000000),
    "slurm-as-hosts-ports": (CHECK, beside("SwitchName=a-leaf1 Nodes=g[1-3]\nSwitchName=x Nodes=g[4-9]\n", FROM_SLURM)),
    "slurm-as-hosts-leaf-full": (CHECK, beside("SwitchName=x Nodes=g[1-5]\nSwitchName=y Nodes=g6\n", FROM_SLURM)),
    "slurm-as-hosts-leaves": (CHECK, beside("".join(f"SwitchName=l{i} Nodes=g{i}\n" for i in range(3)), FROM_SLURM)),
    "slurm-as-hosts-below": (CHECK, beside("SwitchName=l Nodes=g1\n", FROM_SLURM.replace("t.conf,", "t.conf, below: x,"))),
    "slurm-as-hosts-same": (CHECK, beside("SwitchName=x Nodes=g1\nSwitchName=a-leaf1 Nodes=g2\n", FROM_SLURM)),
    "slurm-as-hosts-missing": (CHECK, FROM_SLURM),
    "slurm-as-hosts-wrong": (CHECK, beside("SwitchName=l Node=g1\n", FROM_SLURM.replace("rate: 200Gb/s,", "rate: 200,"))),
    "slurm-and-names": (CHECK, FABRIC.replace("model: gpu,", "slurm: t.conf, model: gpu,") +
                        "  - {names: h1, below: x, model: gpu, attach: {zone: a}}\n"
                        "  - {slurm: , model: gpu, attach: {zone: a}}\n  - {model: gpu, attach: {zone: a}}\n"),
    "slurm-spread": (CHECK, beside("SwitchName=x Nodes=g1\n", FROM_SLURM.replace("zone: a}", "zone: a, spread: fill}"))),
    # OpenSM's files
    "opensm-options": (["check", "opensm.conf"], named("opensm.conf", """qos=TRUE
qos TRUE
max_opvls 3
max_op_vls 3
ar_mode 1
qos_max_vls 4
qos_sl2vl 0,1,2,7,33
qos_vlarb_low 0:32,1:300,16:64,5
qos_vlarb_high 0:64,6:64
qos_high_limit 256
qos_ca_sl2vl 0,1,2,3,0,1,2,3,0,1,2,3,0,1,2,3,4
qos_ca_vlarb_low """ + ",".join(["0:64"] * 66) + """
qos_swe_vlarb_low (null)
qos TRUE
""")),
    "opensm-policy": (["check", "qos-policy.conf"], named("qos-policy.conf", """port-groups
    port-group
        name: A       # hosts
        port-guid: 0x1-0x3, zz
    end-port-group
    port-group
        nam: A
    end-port-group
qos-levels
    qos-level
        name: x
        sl: 16
    end-qos-level
    qos-level
        sl: 1
    end-level
    qos-level
        name: x
        sl:
end-qos-levels
qos-match-rules
    qos-match-rule
        source: A, B
        qos-level-name: y
    end-qos-match-rule
    qos-match-rule
    end-qos-match-rule
    port-group
    end-port-group
    what is this
end-qos-match-rules
end-qos-ulps
name: z
qos-levels
""")),
    "opensm-long-line": (["check", "opensm.conf"], named("opensm.conf", "qos_vlarb_low " + "0:64," * 2000000)),
    "opensm-unknown": (["check", "opensm.conf"], lambda folder, name: named("opensm.conf", lines(1000000, "qos_%d 1\n"))(folder, name)),
    "opensm-binary": (["check", "opensm.conf"], named("opensm.conf", "\0\1\2 \x7fELF\n" * 200)),
    "opensm-policy-many": (["check", "p.conf"], named("p.conf", "qos-levels\n" + "qos-level\nname: x\n" * 500000)),
    "good-opensm": (["check", "opensm.conf", "p.conf"], lambda folder, name: (
        (folder / "opensm.conf").write_text("# all is well\n\nqos TRUE\r\nqos_sl2vl 0,1,2,3,15,15,15,15,15,15,15,15,15,15,15,15\n"
                                            "max_op_vls 3\nqos_vlarb_low 0:64,1:192\nqos_high_limit -1\n"),
        (folder / "p.conf").write_text("qos-ulps\n    default : 0\n    any, service-id 0x1-0x2: 3\nend-qos-ulps\n"))[0] and None),
    # Nesting
    "nesting-brackets": (CHECK, lambda: b"[" * FILE_BYTES),
    "nesting-braces": (CHECK, lambda: b"{" * FILE_BYTES),
    "nesting-mappings": (CHECK, lambda: b"{a: " * (FILE_BYTES // 4)),
    "nesting-dashes": (CHECK, lambda: b"- " * (FILE_BYTES // 2)),
    "nesting-questions": (CHECK, lambda: b"? " * (FILE_BYTES // 2)),
    "nesting-indentation": (CHECK, lambda: "".join(" " * i + "a:\n" for i in range(5000))),
    "nesting-in-fabric": (CHECK, lambda: FABRIC.replace("zones:\n  a: ", "zones:\n  a: " + "[" * 70)),
    "huge-brackets": (CHECK, lambda: b"[" * BIG_FILE_BYTES),
    "huge-braces": (CHECK, lambda: b"{" * BIG_FILE_BYTES),
    "huge-dashes": (CHECK, lambda: b"- " * (BIG_FILE_BYTES // 2)),
    # Aliases
    "bomb-laughs": (CHECK, lambda: FABRIC.replace("hosts:\n", "hosts:\n  - &a {names: g1, model: gpu, attach: &b [" +
                                                  "{zone: a}, " * 2000 + "]}\n") +
                    lines(600, "  - {names: h%d, model: gpu, attach: *b}\n")),
    "bomb-laughs-unread": (CHECK, lambda: FABRIC + "l0: &l0 [lol, lol]\n" + "".join(
        f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 20)}]\n" for i in range(1, 12))),
    "bomb-merge": (CHECK, lambda: FABRIC.replace("zones:\n", "zones:\n  m0: &m0 {model: sw}\n" + "".join(
        f"  m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 10)}]}}\n" for i in range(1, 12)))),
    "bomb-merge-empty": (CHECK, lambda: FABRIC.replace("zones:\n", "zones:\n  m0: &m0 {}\n" + "".join(
        f"  m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 10)}]}}\n" for i in range(1, 12)))),
    "bomb-merge-deep": (CHECK, lambda: FABRIC.replace("zones:\n", "zones:\n  m0: &m0 {model: sw}\n" + "".join(
        f"  m{i}: &m{i} {{<<: *m{i - 1}}}\n" for i in range(1, 100)))),
    "bomb-anchors": (CHECK, lambda: FABRIC + lines(100000, "a%d: &a%d 1\n")),
    "bomb-aliases": (CHECK, lambda: "fabric: &f f\nhosts: [" + "*f, " * 1500000 + "]\n"),
    "bomb-directives": (CHECK, lambda: "%TAG !e! tag:e,2000:\n" * 100000 + "---\n" + FABRIC),
    "bomb-documents": (CHECK, lambda: "---\n" * (FILE_BYTES // 4)),
    # Long lines
    "long-line": (CHECK, lambda: FABRIC + "colour: " + "x" * FILE_BYTES + "\n"),
    "long-key": (CHECK, lambda: FABRIC + "k" * FILE_BYTES + ": 1\n"),
    "long-key-quoted": (CHECK, lambda: FABRIC + '? "' + "k" * FILE_BYTES + '"\n: 1\n'),
    "long-value": (CHECK, lambda: FABRIC.replace("450ns", "9" * FILE_BYTES + "ns")),
    "long-comment": (CHECK, lambda: "# " + "x" * FILE_BYTES),
    "long-anchor": (CHECK, lambda: "fabric: &" + "x" * FILE_BYTES + " f\n"),
    "long-blanks": (CHECK, lambda: " " * FILE_BYTES),
    "long-newlines": (CHECK, lambda: "\n" * FILE_BYTES),
    "long-escapes": (CHECK, lambda: 'fabric: "' + "\\n" * (FILE_BYTES // 2 - 10) + '"\n'),
    "long-quotes": (CHECK, lambda: "'" * FILE_BYTES),
    "long-colons": (CHECK, lambda: ":" * FILE_BYTES),
    # Many of a thing
    "many-zones": (CHECK, lambda: FABRIC.replace("zones:\n", "zones:\n" + lines(
        300000, "  z%d: {model: sw, leaves: 2, spines: 4}\n"))),
    "many-zones-empty": (CHECK, lambda: FABRIC.replace("zones:\n", "zones:\n" + lines(1000000, "  z%d:\n"))),
    "many-zones-and-models": (CHECK, lambda: FABRIC.replace("zones:\n", "zones:\n" + lines(
        60000, "  z%d: {model: m69999, leaves: 1, spines: 1}\n")).replace("host-models:\n", lines(
            70000, "  m%d: {ports: 8, rate: 1Gb/s}\n") + "host-models:\n")),
    "many-unknown-models": (CHECK, lambda: FABRIC.replace("zones:\n", "zones:\n" + lines(
        60000, "  z%d: {model: mm%d, leaves: 1, spines: 1}\n")).replace("host-models:\n", lines(
            70000, "  m%d: {ports: 8, rate: 1Gb/s}\n") + "host-models:\n")),
    "many-hostlists": (CHECK, lambda: FABRIC + lines(
        1000, "  - {names: 'h%d-[1-1000000]', model: gpu, attach: {zone: a}}\n")),
    "many-unknown-switches": (CHECK, lambda: FABRIC + "cables: {from: 'q[1-1000000]', to: 'r[1-1000000]'}\n"),
    "many-unknown-hosts": (CHECK, lambda: jobs("leaf:256 spine:16 host:256 200Gb/s", *[
        f"name: j{i}, hosts: q{i}, steps: [compute: 1ms]" for i in range(50000)])),
    "many-unknown-hostlists": (CHECK, lambda: jobs(SPEC, *[
        f"name: j{i}, hosts: 'q[1-300000]', steps: [compute: 1ms]" for i in range(1000)])),
    "many-keys": (CHECK, lambda: lines(300000, "k%d: 1\n")),
    "good-many-events": (CHECK, lambda: SCENARIO + "events:\n" + lines(
        100000, "  - {at: %dus, cable: [leaf1, spine2], state: down}\n")),
    "many-events": (CHECK, lambda: SCENARIO + "events:\n" + lines(
        100001, "  - {at: %dus, host: h1, state: down}\n")),
    "many-events-nowhere": (CHECK, lambda: SCENARIO + "events:\n" + lines(
        100000, "  - {at: %dus, switch: 'q[1-300000]', state: down}\n")),
    "many-events-everywhere": (CHECK, lambda: HEAD % "leaf:256 spine:16 host:256 200Gb/s" + "jobs:\n"
                               "  - {name: j, hosts: 1, steps: [compute: 1ms]}\nevents:\n" + lines(
                                   10000, "  - {at: %dus, host: 'h[00001-65536]', state: down}\n")),
    "many-events-and-a-mistake": (CHECK, lambda: HEAD % "leaf:256 spine:16 host:256 200Gb/s" + "jobs:\n"
                                  "  - {name: j, hosts: 1, steps: [compute: 1]}\nevents:\n" + lines(
                                      10000, "  - {at: %dus, host: 'h[00001-65536]', state: down}\n")),
    # More than can be simulated
    "work-rounds": (CHECK, jobs(SPEC, "name: j, hosts: 8, repeat: 1000000000, steps: [allreduce: {size: 1GB}]")),
    "work-steps": (CHECK, lambda: jobs(SPEC, "name: j, hosts: 8, repeat: 1000000000, steps: [" +
                                       "compute: 1ms, " * 200000 + "]")),
    "work-ring": (CHECK, jobs("leaf:64 spine:64 host:256 200Gb/s", "name: j, hosts: all, steps: [allreduce: {size: 1GB}]")),
    "work-all-to-all": (CHECK, jobs("leaf:64 spine:64 host:256 200Gb/s",
                                    "name: j, hosts: all, steps: [all-to-all: {size: 1GB}]")),
    "work-tree": (CHECK, jobs(SPEC, "name: j, hosts: 8, steps: [allreduce: {algorithm: double-binary-tree, "
                              "size: 1PiB, chunk: 1B}]")),
    "work-broadcast": (CHECK, jobs(SPEC, "name: j, hosts: 8, steps: [broadcast: {size: 1PiB, chunk: 1B}]")),
    "work-read": (CHECK, HEAD % SPEC + "storage:\n  - read: {name: r, readers: all, size: 1PiB, chunk: 1B}\n"),
    "work-read-duration": (CHECK, HEAD % SPEC + "storage:\n  - read: {name: r, readers: all, duration: 2h, chunk: 1B}\n"),
    "work-checkpoint": (CHECK, HEAD % SPEC + "storage:\n  - checkpoint: {name: c, writers: all, size: 1PiB, chunk: 1B}\n"),
    "work-concurrency": (CHECK, HEAD % SPEC + "storage:\n  - checkpoint: {name: c, writers: all, size: 1B, "
                         "concurrency: 1000000000}\n"),
    "work-bytes": (CHECK, jobs("leaf:2 spine:2 host:16 200Gb/s",
                               "name: j, hosts: all, steps: [permutation: {size: 1000PiB, shift: 1}]")),
    # Sweeps
    "sweep-all-wrong": (["sweep", "--dry-run", "{}"], "sweep: w\nscenario: none.yaml\naxes: {a: [1]}\n"),
    "sweep-no-file": (["sweep", "no-such-file.yaml"], None),
    "sweep-show-text": (["sweep", "--show", "{}"], SCENARIO),
    "sweep-into-text": (["sweep", "-o", "{}", "other.yaml"], lambda folder, name: (
        (folder / "s.yaml").write_text(SCENARIO), (folder / f"{name}.yaml").write_text(SCENARIO),
        (folder / "other.yaml").write_text("sweep: w\nscenario: s.yaml\naxes: {routing: [dmodk]}\n"))[0] and None),
    "sweep-of-a-scenario": (["sweep", "{}"], SCENARIO),
    "sweep-many-values": (["check", "{}"], lambda folder, name: (
        (folder / "s.yaml").write_text(SCENARIO), (folder / f"{name}.yaml").write_text(
            "sweep: w\nscenario: s.yaml\naxes:\n  a: {of: seed, values: [" +
            ", ".join(map(str, range(900000))) + "]}\n  b: {of: routing, values: [dmodk, spray]}\n"))[0] and None),
    "good-sweep-of-a-million": (["check", "{}"], lambda folder, name: (
        (folder / "s.yaml").write_text(SCENARIO), (folder / f"{name}.yaml").write_text(
            "sweep: w\nscenario: s.yaml\naxes:\n  a: {of: jobs.train.hosts, from: 1, to: 1000, count: 1000}\n"
            "  b: {of: jobs.train.repeat, from: 1, to: 1000, count: 1000}\nconstraints: [a * b <= 1000000]\n"))[0] and None),
    "sweep-deep-constraint": (["check", "{}"], lambda folder, name: (
        (folder / "s.yaml").write_text(SCENARIO), (folder / f"{name}.yaml").write_text(
            "sweep: w\nscenario: s.yaml\naxes: {a: {of: seed, values: [1]}}\nconstraints: ['" + "(" * 990 + "']\n"))[0] and None),
    "work-horizon": (["sim", "--no-cache", "{}"], "horizon: 1us\n" + SCENARIO),
}


def is_sanitized(csin):
    return bool(os.environ.get("CSIN_SANITIZED")) or b"__asan_init" in Path(csin).read_bytes()


class Runner:
    def __init__(self, csin, root):
        self.csin, self.bad = os.path.abspath(csin), Path(root).resolve() / "tests" / "bad"
        self.limited = not is_sanitized(csin)
        self.update = bool(os.environ.get("UPDATE"))
        self.environment = {name: value for name, value in os.environ.items()
                            if name.endswith("SAN_OPTIONS") or name in ("LANG", "LC_ALL", "LOCPATH")}
        self.environment["PATH"] = "/usr/bin:/bin"

    def run(self, arguments, folder):
        """("exit 3" and standard error in lines, what is wrong with the run whatever it says or None)."""
        def limit():
            if self.limited:
                resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
                resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            done = subprocess.run([self.csin, *arguments], cwd=folder, env=dict(self.environment, HOME=str(folder)),
                                  stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=limit,
                                  timeout=LIMIT_S if self.limited else 10 * LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            return "", "took too long"
        said = done.stderr.decode("utf-8", "backslashreplace")
        if done.returncode < 0:
            return said, f"was killed by signal {-done.returncode}"
        if done.stdout:
            return said, "printed to standard output: " + repr(done.stdout[:100])
        return f"exit {done.returncode}\n{said}", None

    def compare(self, name, got):
        path = self.bad / f"{name}.expect"
        want = path.read_text(encoding="utf-8") if path.exists() else None
        if got == want:
            return None
        if self.update:
            path.write_text(got, encoding="utf-8")
            print(f"{path.name} rewritten")
            return None
        if want is None:
            return f"there is no {path.name}; UPDATE=1 writes it. csin says:\n{got}"
        difference = difflib.unified_diff(want.splitlines(), got.splitlines(), path.name, "csin", lineterm="", n=1)
        return "\n".join(itertools.islice(difference, 40))

    def file_case(self, name):
        path = self.bad / f"{name}.yaml"
        got, wrong = self.run(["check", path.name], self.bad)
        if wrong:
            return wrong
        text = b"\n" + path.read_bytes()
        if not got.startswith("exit 0") and not os.environ.get("CSIN_QUICK"):
            command = ["sim", path.name] if b"\nscenario:" in text else ["topo", path.name]
            if b"\ncurrency:" in text:
                command = ["topo", SPEC, "--bom", "--parts", path.name]
            if b"\nrequirements:" in text:
                command = ["plan", "--size", path.name]
            if text.startswith(b"\nmodel:"):  # scenarios read it
                command = ["check", path.name]
            if b"\nsweep:" in text:
                command = ["sweep", path.name]
            again, wrong = self.run(command, self.bad)
            if wrong or again != got:
                return f"csin {' '.join(command)} {wrong or f'says:{chr(10)}{again}csin check says:{chr(10)}{got}'}"
        return self.compare(name, got)

    def generated_case(self, name):
        arguments, text = GENERATED[name]
        with tempfile.TemporaryDirectory(prefix="csin-bad-") as folder:
            path = Path(folder) / f"{name}.yaml"
            if callable(text):
                takes_place = text.__code__.co_argcount == 2
                text = text(Path(folder), name) if takes_place else text()
                if takes_place and isinstance(text, str):
                    return "skipped: " + text
            if text is not None:
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
            got, wrong = self.run([argument.replace("{}", path.name) for argument in arguments], folder)
        return wrong or self.compare(name, got)


def main():
    runner = Runner(sys.argv[1], sys.argv[2])
    files = sorted(path.stem for path in runner.bad.glob("*.yaml"))
    failures = {path.stem: "nothing is called so any more"
                for path in runner.bad.glob("*.expect") if path.stem not in GENERATED and path.stem not in files}
    failures.update({name: "is both a file and generated" for name in files if name in GENERATED})
    picked = sys.argv[3:]
    cases = [(runner.file_case, name) for name in files] + [(runner.generated_case, name) for name in GENERATED]
    cases = [(run, name) for run, name in cases if not picked or name in picked]
    n_passed = n_skipped = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (_, name), wrong in zip(cases, pool.map(lambda case: case[0](case[1]), cases)):
            if wrong is None:
                n_passed += 1
            elif wrong.startswith("skipped: "):
                n_skipped += 1
            else:
                failures[name] = wrong
    for name, wrong in sorted(failures.items()):
        print(f"{name}: {wrong}")
    print(f"{n_passed} passed, {len(failures)} failed, {n_skipped} skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
