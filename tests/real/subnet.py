# SPDX-License-Identifier: GPL-3.0-or-later
"""A subnet that is not there: ibsim simulates the devices of a netlist, opensm manages them, and the tools of
infiniband-diags and ibutils look at the result. All are Debian's own programs, the ones that operators run.

    with Subnet(netlist, ["-R", "file", "-U", tables]) as subnet:
        subnet.run("ibnetdiscover")

Each subnet has a folder and a socket of its own, so several can run side by side. Whatever happens in the block, both
programs have ended behind it: opensm first, as it can hang when ibsim is gone; and the kernel ends them where this
program is killed.
"""
import ctypes
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = ["ibsim", "opensm", "ibnetdiscover", "dump_fts", "ibdmchk"]
START_S = 60  # the slowest takes 5 s on an idle machine
STOP_S = 15
TOOL_S = 120
PRELOAD = "/usr/lib/*/umad2sim/libumad2sim.so"


def missing():
    """What is not installed, in words; empty when all is there."""
    found = {folder / name for folder in map(Path, os.environ.get("PATH", "").split(":") + ["/usr/sbin"])
             for name in PROGRAMS if (folder / name).exists()}
    lacking = [name for name in PROGRAMS if name not in {path.name for path in found}]
    if not glob.glob(PRELOAD):
        lacking.append("libumad2sim.so")
    return ", ".join(lacking)


def end_with_parent():
    """In the child: be ended when the test ends, even if it is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Subnet:
    def __init__(self, netlist, options=(), first_node=None):
        self.netlist, self.options, self.first_node = str(Path(netlist).resolve()), list(options), first_node
        self.children = []  # in the order in which they started

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="csin-subnet-")
        self.folder = Path(self.temporary.name)
        self.out = self.folder / "out"
        self.out.mkdir()
        self.environment = dict(os.environ, IBSIM_SOCKNAME=f"csin{os.getpid()}-{self.folder.name[-8:]}",
                                OSM_TMP_DIR=str(self.out), OSM_CACHE_DIR=str(self.out), LC_ALL="C",
                                PATH=os.environ.get("PATH", "/usr/bin") + ":/usr/sbin:/sbin")
        if self.first_node:
            self.environment["SIM_HOST"] = self.first_node
        self.prepare()
        try:
            self.start("ibsim", ["-s", "-n", "-N", "4096", "-S", "512", "-P", "40000", self.netlist], {})
            self.wait_for("ibsim", self.folder / "ibsim.log", "Network simulator ready")
            # -d 2 flushes the log as it is written; 0x40 in -D dumps the tables.
            self.start("opensm", ["-f", str(self.out / "opensm.log"), "-e", "-d", "2", "-D", "0x43", "-s", "0",
                                  "--maxsmps", "64", "--dump_files_dir", str(self.out), *self.options],
                       self.preload())
            self.wait_for("opensm", self.out / "opensm.log", "SUBNET UP")
        except BaseException:
            self.__exit__()
            raise
        return self

    def prepare(self):
        """What else has to be in the folder."""

    def __exit__(self, *_):
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.temporary.cleanup()

    def preload(self):
        return {"LD_PRELOAD": glob.glob(PRELOAD)[0]}

    def start(self, program, arguments, environment):
        with open(self.folder / f"{program}.log", "wb") as log:
            self.children.append(subprocess.Popen(
                [program, *arguments], cwd=self.folder, env={**self.environment, **environment}, stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=end_with_parent))

    def wait_for(self, program, log, words):
        child, end = self.children[-1], time.monotonic() + START_S
        while time.monotonic() < end:
            text = log.read_text(errors="replace") if log.exists() else ""
            if words in text:
                return
            if child.poll() is not None:
                break
            time.sleep(0.05)
        state = f"ended with {child.poll()}" if child.poll() is not None else f"not ready in {START_S} s"
        raise RuntimeError(f"{program}: {state}: {(self.folder / f'{program}.log').read_text(errors='replace')[-500:]}")

    def run(self, *command, simulated=True, check=False):
        """What a tool writes to standard output; the simulator greets it on standard error."""
        done = subprocess.run(command, cwd=self.folder, timeout=TOOL_S, stdin=subprocess.DEVNULL, text=True,
                              errors="replace", stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              env={**self.environment, **(self.preload() if simulated else {})})
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done.stdout

    def log(self):
        return (self.out / "opensm.log").read_text(errors="replace")

    def lfts(self):
        return self.out / "opensm-lfts.dump"

    def ibdmchk(self):
        """What ibdmchk says of the tables that opensm dumped."""
        return self.run("ibdmchk", "-s", str(self.out / "opensm-subnet.lst"), "-f", str(self.out / "opensm.fdbs"),
                        "-m", str(self.out / "opensm.mcfdbs"), simulated=False)


def tables(path_or_text):
    """{switch GUID: {LID: port}} of forwarding tables; knows nothing of how csin reads them."""
    text = path_or_text.read_text(errors="replace") if isinstance(path_or_text, Path) else path_or_text
    found, table = {}, None
    for line in text.splitlines():
        words = line.split()
        if line.startswith("Unicast lids"):
            table = found[int(words[words.index("guid") + 1], 16)] = {}
        elif line.startswith("0x"):
            table[int(words[0], 16)] = int(words[1])
    return found


def links(text):
    """{(node, port, far node, far port, speed)}, {node: (kind, ports, description)}, {(node, port): LID} of ibnetdiscover
    text."""
    found, nodes, lids, node = set(), {}, {}, None
    for line in text.splitlines():
        head = re.match(r'(Switch|Ca)\t(\d+) "(\S+)"\s+# "([^"]*)"(.*)', line)
        port = re.match(r'\[(\d+)\]\S*\s*"(\S+)"\[(\d+)\](\S*)\s+# (.*) (\S+)$', line)
        if head:
            node = head[3]
            nodes[node] = head[1], int(head[2]), head[4]
            if head[1] == "Switch":
                lids[node, 0] = int(re.search(r" lid (\d+)", head[5])[1])
        elif port:
            found.add((node, int(port[1]), port[2], int(port[3]), port[6]))
            if nodes[node][0] == "Ca":
                lids[node, int(port[1])] = int(re.match(r"lid (\d+)", port[5])[1])
    return found, nodes, lids


class Cases:
    """The functions of a script whose names begin with test_; each gets an empty folder."""

    def __init__(self, csin):
        self.program = csin

    def csin(self, folder, *arguments, out):
        """csin topo into the file `out`, whose path it gives; nothing may be said."""
        path = Path(folder, out)
        done = subprocess.run([self.program, "topo", *map(str, arguments), "-o", str(path)], capture_output=True, text=True,
                              timeout=TOOL_S, check=False)
        # A credit loop is warned of, and what these tests are about.
        assert done.returncode == 0 and (not done.stderr or "[CSIN-733]" in done.stderr), \
            f"csin topo {arguments}: {done.stderr}"
        return path

    def say(self, *arguments):
        """What csin topo says on standard error."""
        return subprocess.run([self.program, "topo", *map(str, arguments)], capture_output=True, text=True, timeout=TOOL_S,
                              check=False).stderr

    def run(self, names):
        words, failures, passed = sys.argv[3:], [], 0
        found = [(name, case) for name, case in names.items()
                 if name.startswith("test_") and all(word in name for word in words)]
        if missing():
            print(f"skipped, as these are not installed: {missing()}")
            print(f"0 passed, 0 failed, {len(found)} skipped")
            return 0
        for name, case in found:
            begin = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="csin-real-") as folder:
                try:
                    case(Path(folder))
                    passed += 1
                    print(f"ok      {name[5:]} ({time.monotonic() - begin:.1f} s)", flush=True)
                except (AssertionError, RuntimeError, OSError, KeyError, ValueError, subprocess.SubprocessError) as e:
                    failures.append(name)
                    print(f"FAILED  {name[5:]}: {type(e).__name__}: {e}", flush=True)
        print(f"{passed} passed, {len(failures)} failed, 0 skipped")
        return 1 if failures else 0
