#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""csin sweep --slurm with Slurm's own controller and node daemon, on this machine.

    tests/real/sweep_slurm.py CSIN ROOT

slurmctld and slurmd run in a folder and at ports of their own, without munge, cgroups or a process tracker that needs
either, as root runs jobs. Skipped where one of them is not installed, or where slurmd cannot run: it needs root.
"""
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from slurm import PATH, end_with_parent, free_ports  # noqa: E402

CSIN, ROOT = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
START_S = 30

CONF = """ClusterName=csin
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={slurmd_port}
AuthType=auth/none
CredType=cred/none
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdParameters=config_overrides
MinJobAge=300
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""

SCENARIO = """scenario: s
fabric: "leaf:4 spine:2 host:4 storage:1 200Gb/s latency:450ns"
jobs:
  - {name: train, hosts: 8, placement: round-robin, steps: [allreduce: {size: 16MiB}]}
storage:
  - read: {name: dataset, readers: 8, size: 16MiB, chunk: 4MiB, concurrency: 4}
"""
SWEEP = """sweep: points
scenario: scenario.yaml
axes:
  routing: [dmodk, spray, ecmp]
  size: {of: "jobs.train.steps[0].allreduce.size", from: 1MiB, to: 16MiB, count: 5, scale: log}
  dead-cables: [0, 1, 2, 30]
"""


class Cluster:
    """slurmctld and slurmd; end with the block."""

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="csin-sweep-")
        self.folder = Path(self.temporary.name)
        for name in ("state", "spool", "work"):
            (self.folder / name).mkdir()
        port, slurmd_port = free_ports(2)
        host = socket.gethostname().split(".")[0]
        (self.folder / "slurm.conf").write_text(CONF.format(host=host, port=port, slurmd_port=slurmd_port,
                                                            folder=self.folder))
        self.environment = dict(os.environ, SLURM_CONF=str(self.folder / "slurm.conf"), PATH=PATH, LC_ALL="C")
        self.processes = []
        try:
            for command in (["slurmctld", "-c", "-D"], ["slurmd", "-D", "-N", host]):
                self.processes.append(subprocess.Popen(
                    command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=open(self.folder / f"{command[0]}.err", "wb"),
                    preexec_fn=end_with_parent))
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def wait(self):
        end = time.monotonic() + START_S
        while time.monotonic() < end and all(p.poll() is None for p in self.processes):
            if self.run("sinfo", "-h", "-o", "%t", check=False).strip() == "idle":
                return
            time.sleep(0.2)
        raise OSError("slurmd does not run here:\n" + self.logs())

    def logs(self):
        return "".join(path.read_text(errors="replace")[-1500:] for path in sorted(self.folder.glob("slurm*.[le]*")))

    def run(self, *command, check=True):
        done = subprocess.run(command, env=self.environment, cwd=self.folder / "work", capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr, self.logs())
        return done.stdout

    def stop(self):
        for process in self.processes[::-1]:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.temporary.cleanup()

    def __exit__(self, *_):
        self.stop()


def rows(path):
    """Everything that two files of one sweep have in common, however they came to be."""
    with sqlite3.connect(path) as db:
        return sorted(db.execute("""SELECT p.key, p.status, m.name, n.value FROM points p LEFT JOIN numbers n
                                    ON n.point = p.point LEFT JOIN metrics m ON m.metric = n.metric"""))


def test_an_array_finds_what_one_machine_finds(cluster):
    work = cluster.folder / "work"
    cluster.run(CSIN, "sweep", "sweep.yaml", "-o", "here.db", "-j", "2")
    cluster.run(CSIN, "sweep", "sweep.yaml", "-o", "array.db", "--slurm", "3")
    assert rows(work / "array.db") == rows(work / "here.db")
    assert len({row[0] for row in rows(work / "array.db")}) == 60
    assert not list((work / "array.db.slurm").glob("*.db")), "parts are left behind"
    assert "--known" not in (work / "array.db.slurm" / "job.sh").read_text()


def test_what_is_there_is_not_run_again_by_the_array(cluster):
    work = cluster.folder / "work"
    cluster.run(CSIN, "sweep", "sweep.yaml", "-o", "some.db", "--shard", "2/3")
    some = rows(work / "some.db")
    cluster.run(CSIN, "sweep", "sweep.yaml", "-o", "some.db", "--slurm", "2")
    assert rows(work / "some.db") == rows(work / "here.db")
    with sqlite3.connect(work / "some.db") as db:  # parts add theirs behind
        first = [key for (key,) in db.execute("SELECT key FROM points ORDER BY point LIMIT 20")]
    assert sorted(first) == sorted({row[0] for row in some})
    before = (work / "some.db.slurm" / "job.sh").stat().st_mtime_ns
    cluster.run(CSIN, "sweep", "sweep.yaml", "-o", "some.db", "--slurm", "2")
    assert (work / "some.db.slurm" / "job.sh").stat().st_mtime_ns == before, "an array for no points"


def test_who_is_interrupted_comes_back_to_the_same_job(cluster):
    work = cluster.folder / "work"
    cluster.run("scontrol", "update", "PartitionName=all", "State=DOWN")  # jobs wait
    command = [CSIN, "sweep", "sweep.yaml", "-o", "later.db", "--slurm", "2"]
    process = subprocess.Popen(command, env=cluster.environment, cwd=work, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + START_S
    while not (work / "later.db.slurm" / "job").exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 1 and "goes on" in said and "[CSIN-895]" in said, said
    job = (work / "later.db.slurm" / "job").read_text().split()[0]
    cluster.run("scontrol", "update", "PartitionName=all", "State=UP")
    cluster.run(*command)
    assert rows(work / "later.db") == rows(work / "here.db")
    newest = max(int(n) for n in re.findall(r"JobId=(\d+) ArrayJobId=" + job, cluster.run("scontrol", "show", "job")))
    assert newest < int(job) + 2, "a second array was submitted"


def test_what_slurm_refuses_is_told(cluster):
    done = subprocess.run([CSIN, "sweep", "sweep.yaml", "-o", "no.db", "--slurm", "2", "--slurm-options",
                           "-p nowhere"], env=cluster.environment, cwd=cluster.folder / "work", capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1 and "invalid partition" in done.stderr.lower() and "[CSIN-898]" in done.stderr, done.stderr


def main():
    cases = [value for name, value in globals().items() if name.startswith("test_")]
    lacking = [name for name in ("slurmctld", "slurmd", "sbatch", "squeue", "sinfo", "scontrol")
               if not shutil.which(name, path=PATH)]
    reason = f"not installed: {', '.join(lacking)}" if lacking else "slurmd runs as root" if os.geteuid() else None
    failed = 0
    try:
        if reason:
            raise OSError(reason)
        with Cluster() as cluster:
            (cluster.folder / "work" / "scenario.yaml").write_text(SCENARIO)
            (cluster.folder / "work" / "sweep.yaml").write_text(SWEEP)
            for case in cases:
                try:
                    case(cluster)
                    print(f"ok      {case.__name__}")
                except Exception as wrong:  # every case is to be heard
                    failed += 1
                    print(f"FAILED  {case.__name__}: {type(wrong).__name__}: {wrong}")
    except OSError as why:
        print(f"{why}\n0 passed, 0 failed, {len(cases)} skipped")
        return 0
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
