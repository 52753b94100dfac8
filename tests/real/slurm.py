#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slurm's own controller loads the topology.conf that csin writes, and places jobs by it.

    tests/real/slurm.py CSIN ROOT

slurmctld runs alone, in a folder and at a port of its own, without any node: nodes of state CLOUD count as there
once a program that does nothing has 'resumed' them. Skipped where slurmctld is not installed.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
PATH = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
START_S = 60
ZONE = "leaf:40 spine:20 host:20 200Gb/s"
FIRE_FLYER_2 = str(ROOT / "configs" / "fire-flyer-2.yaml")

CONF = """ClusterName=csin
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={slurmd_port}
AuthType=auth/none
CredType=cred/none
SlurmUser={user}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmctldDebug=info
MpiDefault=none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
TopologyPlugin=topology/tree
ReturnToService=2
SuspendProgram=/bin/true
ResumeProgram=/bin/true
SuspendTime=3600
ResumeTimeout=3600
TreeWidth=1000
NodeName={nodes} CPUs=1 State=CLOUD
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def end_with_parent():
    """In the child: be ended when the test ends, even if it is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def csin(*arguments, code=0):
    done = subprocess.run([CSIN, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout


class Controller:
    """slurmctld with a topology.conf; ends with the block."""

    def __init__(self, topology):
        self.topology = topology

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="csin-slurm-")
        folder = Path(self.temporary.name)
        (folder / "state").mkdir()
        port, slurmd_port = free_ports(2)
        nodes = ",".join(re.findall(r"^SwitchName=\S+ Nodes=(\S+)", self.topology, re.M))
        (folder / "slurm.conf").write_text(CONF.format(
            host=socket.gethostname().split(".")[0], port=port, slurmd_port=slurmd_port, folder=folder, nodes=nodes,
            user=subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()))
        (folder / "topology.conf").write_text(self.topology)
        self.log = folder / "slurmctld.log"
        self.environment = dict(os.environ, SLURM_CONF=str(folder / "slurm.conf"), PATH=PATH, LC_ALL="C")
        self.process = subprocess.Popen(["slurmctld", "-c", "-D"], env=self.environment, cwd=folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=open(folder / "stderr", "wb"), preexec_fn=end_with_parent)
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def wait(self):
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            if "UP" in self.run("scontrol", "ping", check=False):
                return
            time.sleep(0.2)
        raise AssertionError("slurmctld did not start:\n" + self.log_text())

    def log_text(self):
        folder = Path(self.temporary.name)
        return "".join(path.read_text(errors="replace")[-4000:] for path in (folder / "stderr", self.log) if path.exists())

    def run(self, *command, check=True):
        done = subprocess.run(command, env=self.environment, cwd=self.temporary.name, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr, self.log_text())
        return done.stdout

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.temporary.cleanup()

    def __exit__(self, *_):
        self.stop()

    def names(self, hostlist):
        return self.run("scontrol", "show", "hostnames", hostlist).split()

    def place(self, n, *options):
        """The hosts that a job of n nodes gets."""
        job = re.search(r"\d+", self.run("sbatch", "-N", str(n), "-n", str(n), "--output=/dev/null", *options,
                                         "--wrap=true")).group()
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            state, hosts = (self.run("squeue", "-h", "-j", job, "-o", "%T %N").split() + ["", ""])[:2]
            if hosts and state != "PENDING":
                return self.names(hosts)
            time.sleep(0.2)
        raise AssertionError(f"job of {n} nodes was not placed: {state}\n" + self.log_text())


def lines(topology):
    return [line for line in topology.splitlines() if line and not line.startswith("#")]


def check_read_back(controller, topology):
    """scontrol shows the same switches with the same nodes and children."""
    want = {}
    for line in lines(topology):
        name, kind, members = re.fullmatch(r"SwitchName=(\S+) (Nodes|Switches)=(\S+)", line).groups()
        want[name] = (kind, set(controller.names(members)))
    shown = {}
    for line in controller.run("scontrol", "show", "topology").splitlines():
        words = dict(word.split("=", 1) for word in line.split())
        kind = "Switches" if words.get("Switches") else "Nodes"
        shown[words["SwitchName"]] = (kind, set(controller.names(words[kind])))
    assert shown == want, (sorted(want)[:3], sorted(shown)[:3])
    complaints = [line for line in controller.log.read_text().splitlines()
                  if re.search(r"error|warning", line, re.I) and re.search("topolog|switch", line, re.I)]
    assert not complaints, complaints


def leaves_of(controller, topology, hosts):
    leaf = {}
    for name, members in re.findall(r"^SwitchName=(\S+) Nodes=(\S+)", topology, re.M):
        leaf.update((node, name) for node in controller.names(members))
    return {leaf[host] for host in hosts}


def test_slurmctld_takes_a_zone_of_800_hosts_and_fills_leaves():
    topology = csin("topo", ZONE, "--format", "slurm")
    with Controller(topology) as controller:
        check_read_back(controller, topology)
        for n, leaves in ((15, 1), (20, 1), (30, 2), (60, 3)):
            hosts = controller.place(n)
            assert len(hosts) == n and len(leaves_of(controller, topology, hosts)) == leaves, (n, hosts)
        hosts = controller.place(18, "--switches=1")
        assert len(leaves_of(controller, topology, hosts)) == 1, hosts


def test_slurmctld_takes_fire_flyer_2_and_keeps_jobs_in_one_zone():
    topology = csin("topo", FIRE_FLYER_2, "--format", "slurm")
    with Controller(topology) as controller:
        check_read_back(controller, topology)
        hosts = controller.place(15)
        assert len(leaves_of(controller, topology, hosts)) == 1, hosts
        hosts = controller.place(300)  # 20 leaves of one zone
        leaves = leaves_of(controller, topology, hosts)
        assert len(leaves) == 20 and len({leaf[0] for leaf in leaves}) == 1, leaves


def test_what_scontrol_shows_reads_in_again_as_the_same_fabric():
    topology = csin("topo", FIRE_FLYER_2, "--format", "slurm")
    with Controller(topology) as controller, tempfile.TemporaryDirectory(prefix="csin-slurm-") as folder:
        shown = Path(folder) / "shown.conf"
        text = controller.run("scontrol", "show", "topology")
        # What scontrol adds: Level, and the nodes below every switch.
        text = re.sub(r" Level=\d+", "", text)
        text = re.sub(r"(?m) Nodes=\S+(?= .*Switches=\S)", "", text)
        shown.write_text(re.sub(r" Switches=(?=\s|$)", "", text))
        assert "nothing differs" in csin("topo", FIRE_FLYER_2, "--slurm", str(shown))


def main():
    lacking = [name for name in ("slurmctld", "scontrol", "sbatch", "squeue") if not shutil.which(name, path=PATH)]
    cases = [value for name, value in globals().items() if name.startswith("test_")]
    if lacking:
        print(f"not installed: {', '.join(lacking)}")
        print(f"0 passed, 0 failed, {len(cases)} skipped")
        return 0
    failed = 0
    for case in cases:
        try:
            case()
            print(f"ok      {case.__name__}")
        except Exception as wrong:  # every case is to be heard
            failed += 1
            print(f"FAILED  {case.__name__}: {type(wrong).__name__}: {wrong}")
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
