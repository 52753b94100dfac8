# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule of a cluster against a second scheduler, written from the rules in docs/model.md, on random jobs; and what
must hold of any schedule: no host has two jobs, hosts' time adds up, no more jobs across zones than allowed.

usage: cluster.py CSIN ROOT [CASES]"""
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import schema  # noqa: E402

CSIN, ROOT = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
CASES = int(sys.argv[3]) if len(sys.argv) > 3 else 60


# ---- the second scheduler ----

class Cluster:
    """hosts: a list of (name, leaf, zone) by number."""

    def __init__(self, hosts, rules, jobs):
        self.hosts, self.rules, self.jobs = hosts, rules, jobs
        self.free = set(range(len(hosts)))
        self.on = {}  # job -> dict of where it is and what it does there
        self.queue = []
        for i, job in enumerate(jobs):
            job.update(index=i, left=job["time"], stays=[], start=None, finish=None, runs=0)

    def zone(self, host):
        return self.hosts[host][2]

    def pack(self, pool, n):
        """Hosts of few leaves."""
        leaves, chosen = {}, []
        for host in sorted(pool):
            leaves.setdefault(self.hosts[host][1], []).append(host)
        while n:
            fitting = [leaf for leaf in leaves if len(leaves[leaf]) >= n]
            leaf = (min(fitting, key=lambda x: (len(leaves[x]), x)) if fitting
                    else min(leaves, key=lambda x: (-len(leaves[x]), x)))
            part = leaves.pop(leaf)[:n]
            chosen += part
            n -= len(part)
        return chosen

    def place(self, job, free, crossing):
        n, policy = job["hosts"], self.rules["placement"]
        pool = {host for host in free if job["zone"] in (None, self.zone(host))}
        by_zone = {}
        for host in pool:
            by_zone.setdefault(self.zone(host), set()).add(host)
        roomy = sorted(zone for zone in by_zone if len(by_zone[zone]) >= n)
        may_cross = crossing < self.rules["cross-zone"]
        if len(pool) < n or not (roomy or may_cross):
            return None
        if policy == "zone-aware":
            if roomy:
                chosen = self.pack(by_zone[min(roomy, key=lambda zone: (len(by_zone[zone]), zone))], n)
            else:
                chosen = []
                for zone in sorted(by_zone, key=lambda zone: (-len(by_zone[zone]), zone)):
                    part = min(n - len(chosen), len(by_zone[zone]))
                    chosen += self.pack(by_zone[zone], part) if part else []
        else:
            from_ = pool if may_cross else by_zone[roomy[0]]
            chosen = sorted(from_)[:n] if policy == "first-fit" else self.pack(from_, n)
        return sorted(chosen, key=lambda host: (self.zone(host), self.hosts[host][1], host))

    def crosses(self, chosen):
        return len({self.zone(host) for host in chosen}) > 1

    def run(self):
        now, arrivals = 0.0, sorted(self.jobs, key=lambda job: (job["arrive"], job["index"]))
        while arrivals or self.on:
            now = min([place["due"] for place in self.on.values()] + [job["arrive"] for job in arrivals[:1]])
            for index in sorted(self.on):
                if self.on[index]["due"] <= now:
                    self.due(self.jobs[index], now)
            while arrivals and arrivals[0]["arrive"] <= now:
                self.queue.append(arrivals.pop(0))
            self.go(now)

    def due(self, job, now):
        place = self.on[job["index"]]
        if place["does"] == "load":
            place.update(does="run", due=now + job["left"])
            return
        if place["does"] == "run":
            job["finish"] = now
        else:
            self.queue.append(job)
        self.free |= set(place["hosts"])
        job["stays"].append((place["from"], now, place["hosts"]))
        del self.on[job["index"]]

    def go(self, now):
        self.queue.sort(key=lambda job: (-job["priority"], job["arrive"], job["index"]))
        for job in list(self.queue):
            crossing = sum(self.crosses(place["hosts"]) for place in self.on.values())
            chosen = self.place(job, self.free, crossing)
            if chosen:
                self.queue.remove(job)
                self.start(job, chosen, now)
                continue
            if self.rules["preemption"] == "yes" and self.make_room(job, now):
                return
            if self.rules["queue"] == "strict":
                return

    def start(self, job, chosen, now):
        self.free -= set(chosen)
        again, job["start"] = job["start"] is not None, now if job["start"] is None else job["start"]
        loads = again and self.rules["load"] > 0
        self.on[job["index"]] = {"hosts": chosen, "from": now, "does": "load" if loads else "run",
                                 "due": now + (self.rules["load"] if loads else job["left"])}

    def fits_without(self, job, gone):
        free = set(self.free)
        for index in gone:
            free |= set(self.on[index]["hosts"])
        crossing = sum(self.crosses(place["hosts"]) for index, place in self.on.items() if index not in gone)
        return self.place(job, free, crossing) is not None

    def make_room(self, job, now):
        leaving = {index for index, place in self.on.items() if place["does"] == "save"}
        if self.fits_without(job, leaving):
            return True
        victims = [index for index in self.on if index not in leaving and self.jobs[index]["priority"] < job["priority"]]
        victims.sort(key=lambda index: (self.jobs[index]["priority"], -self.on[index]["from"], -index))
        taken = []
        for victim in victims:
            taken.append(victim)
            if self.fits_without(job, leaving | set(taken)):
                break
        else:
            return False
        for victim in reversed(list(taken)):
            if self.fits_without(job, leaving | set(taken) - {victim}):
                taken.remove(victim)
        for victim in taken:
            place, job_there = self.on[victim], self.jobs[victim]
            save = self.rules["save"] if place["does"] == "run" else 0
            if place["does"] == "run":
                job_there["left"] = place["due"] - now
            place.update(does="save", due=now + save)
        return True


# ---- random cases ----

FABRIC = """fabric: random
switch-models: {{sw: {{ports: 64, rate: 200Gb/s}}}}
host-models: {{h: {{rate: 200Gb/s}}, s: {{rate: 200Gb/s, nics: 2, role: storage}}}}
zones: {{a: {{model: sw, leaves: {la}, spines: 2, hosts-per-leaf: 12}}, b: {{model: sw, leaves: {lb}, spines: 2, hosts-per-leaf: 12}}}}
hosts:
  - {{names: "h[01-{na:02}]", model: h, attach: {{zone: a, spread: {spread}}}}}
  - {{names: "h[{nb:02}-{n:02}]", model: h, attach: {{zone: b, spread: {spread}}}}}
  - {{names: "s[1-2]", model: s, attach: [{{zone: a, nic: 0}}, {{zone: b, nic: 1}}]}}
inter-zone: {{names: x1, model: sw, zones: [a, b], leaves: 1}}
"""


def draw(rng, folder):
    la, lb = rng.randint(1, 3), rng.randint(1, 3)
    na, nb = rng.randint(la, 8 * la), rng.randint(lb, 8 * lb)
    spread = rng.choice(["even", "fill"])
    (folder / "fabric.yaml").write_text(FABRIC.format(la=la, lb=lb, na=na, nb=na + 1, n=na + nb, spread=spread))
    rules = {"placement": rng.choice(["first-fit", "leaf-aware", "zone-aware"]), "queue": rng.choice(["strict", "skip"]),
             "preemption": rng.choice(["yes", "yes", "no"]), "cross-zone": rng.randint(0, 2),
             "save": rng.choice([0, 3]), "load": rng.choice([0, 5])}
    jobs, most = [], (na + nb if rules["cross-zone"] else max(na, nb))
    for i in range(rng.randint(1, 40)):
        zone = rng.choice([None, None, None, "a", "b"])
        room = {"a": na, "b": nb, None: most}[zone]
        jobs.append({"name": f"j{i}", "hosts": min(room, rng.choice([1, 1, 2, 3, 5, 8, 13, room])), "zone": zone,
                     "priority": rng.randint(0, 3), "arrive": float(rng.randint(0, 200)), "time": float(rng.randint(1, 120))})
    (folder / "jobs.csv").write_text("name,hosts,arrive,time,priority,zone\n" + "".join(
        f"{j['name']},{j['hosts']},{j['arrive']:g}s,{j['time']:g}s,{j['priority']},{j['zone'] or ''}\n" for j in jobs))
    (folder / "scenario.yaml").write_text(f"""scenario: random
fabric: fabric.yaml
cluster:
  network: off
  placement: {rules['placement']}
  queue: {rules['queue']}
  preemption: {rules['preemption']}
  cross-zone: {rules['cross-zone']}
  templates: {{any: {{save: {rules['save']}s, load: {rules['load']}s}}}}
  trace: {{file: jobs.csv, template: any}}
""")
    return rules, jobs


def hosts_of(folder):
    facts = json.loads(subprocess.run([CSIN, "topo", "-f", "json", folder / "fabric.yaml"], check=True, capture_output=True).stdout)
    switches = [switch["name"] for switch in facts["switches"]]
    leaf_of = {nic["host"]: nic["switch"] for nic in reversed(facts["nics"])}
    found = []
    for host in facts["hosts"]:
        if host["role"] == "compute":
            leaf = leaf_of[host["name"]]
            found.append((host["name"], switches.index(leaf), leaf.split("-")[0]))
    return found


def expand(text):
    names, depth, item = [], 0, ""
    for c in text + ",":
        depth += (c == "[") - (c == "]")
        if c == "," and depth == 0:
            head, _, inside = item.partition("[")
            for part in inside.rstrip("]").split(",") if inside else [None]:
                if part is None:
                    names.append(item)
                    continue
                low, _, high = part.partition("-")
                names += [f"{head}{k:0{len(low)}}" for k in range(int(low), int(high or low) + 1)]
            item = ""
        else:
            item += c
    return names


def simulate(scenario):
    done = subprocess.run([CSIN, "sim", "--no-cache", "-f", "json", scenario], capture_output=True, check=False, timeout=600)
    if done.returncode or done.stderr:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def close(a, b):
    return a is b or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9))


def must_hold(result, cross_zone, zone_of):
    """What holds of every schedule, from what it says of itself."""
    stays = [(stay["from_s"], stay["to_s"], expand(stay["hosts"]), job["name"]) for job in result["jobs"] for stay in job["stays"]]
    by_host = {}
    for begin, end, hosts, job in stays:
        for host in hosts:
            by_host.setdefault(host, []).append((begin, end, job))
    for host, uses in by_host.items():
        uses.sort()
        for one, other in zip(uses, uses[1:]):
            assert one[1] <= other[0] + 1e-9, f"{host} has {one[2]} and {other[2]} at {other[0]}"
    busy = math.fsum((end - begin) * len(hosts) for begin, end, hosts, _ in stays)
    assert math.isclose(busy, result["busy_host_s"], rel_tol=1e-9, abs_tol=1e-9), "host-seconds do not add up"
    times = [moment["at_s"] for moment in result["moments"]] + [result["end_s"]]
    area = math.fsum(moment["hosts_busy"] * (after - moment["at_s"]) for moment, after in zip(result["moments"], times[1:]))
    assert math.isclose(area, busy, rel_tol=1e-9, abs_tol=1e-9), "the moments do not add up"
    work = math.fsum(job["n_hosts"] * job["run_s"] for job in result["jobs"])
    assert math.isclose(work, result["working_host_s"], rel_tol=1e-9, abs_tol=1e-9)
    for job in result["jobs"]:
        if job["finish_s"] is not None:
            whole = job["wait_s"] + job["run_s"] + job["save_s"] + job["load_s"]
            assert close(whole, job["finish_s"] - job["arrive_s"]), f"the time of {job['name']} does not add up"
    across = [(begin, end) for begin, end, hosts, _ in stays if len({zone_of[host] for host in hosts}) > 1 and end > begin]
    for moment in {begin for begin, _ in across}:
        at_once = sum(begin <= moment < end for begin, end in across)
        assert at_once <= cross_zone, f"{at_once} jobs across zones at {moment}"
    assert result["crossing_max"] <= cross_zone


def random_case(seed):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rules, jobs = draw(rng, folder)
        hosts = hosts_of(folder)
        result = simulate(folder / "scenario.yaml")
    must_hold(result, rules["cross-zone"], {name: zone for name, _, zone in hosts})
    other = Cluster(hosts, rules, jobs)
    other.run()
    for job, got in zip(jobs, result["jobs"]):
        assert close(job["start"], got["start_s"]), f"{job['name']} starts at {got['start_s']}, not {job['start']}: {rules}"
        assert close(job["finish"], got["finish_s"]), f"{job['name']} ends at {got['finish_s']}, not {job['finish']}: {rules}"
        want = [(begin, end, [hosts[host][0] for host in chosen]) for begin, end, chosen in job["stays"]]
        have = [(stay["from_s"], stay["to_s"], expand(stay["hosts"])) for stay in got["stays"]]
        assert len(want) == len(have), f"{job['name']} is on hosts {len(have)} times, not {len(want)}: {rules}"
        for (b1, e1, h1), (b2, e2, h2) in zip(want, have):
            assert close(b1, b2) and close(e1, e2) and h1 == h2, f"{job['name']}: {have}, not {want}: {rules}"
    return len(jobs), sum(job["all"]["interruptions"] for job in [result])


def schema_holds():
    described = json.loads((ROOT / "docs/cluster.schema.json").read_text(encoding="utf-8"))
    wrong = list(schema.describe(described, described, r"(_s|_Bps|slowdown|slowdown_max|slowdown_worst|refresh)$"))
    with tempfile.TemporaryDirectory() as name:
        draw(random.Random(1), pathlib.Path(name))
        wrong += schema.validate(simulate(pathlib.Path(name) / "scenario.yaml"), described, described)
    assert not wrong, "\n".join(wrong[:20])


def measures_against_congestion():
    """hour.yaml is as variants.py writes it and says what the README of the scenario does. CSIN_SOAK: a variant too, which takes long."""
    folder = ROOT / "scenarios" / "fire-flyer-2-day"
    subprocess.run([sys.executable, folder / "variants.py", "--check"], check=True)
    jobs = subprocess.run([sys.executable, folder / "jobs.py"], check=True, capture_output=True).stdout
    assert jobs == (folder / "jobs.csv").read_bytes(), "jobs.csv is not as jobs.py writes it"
    if os.environ.get("CSIN_QUICK"):
        return

    def slowed(path):
        result = simulate(path)
        described = json.loads((ROOT / "docs/cluster.schema.json").read_text(encoding="utf-8"))
        wrong = list(schema.validate(result, described, described))
        assert not wrong, wrong[:5]
        return {template["name"]: template["slowdown"] for template in result["templates"]}

    good = slowed(folder / "hour.yaml")
    assert all(slowdown < 1.06 for name, slowdown in good.items() if name != "prepare"), good
    if os.environ.get("CSIN_SOAK"):
        with tempfile.TemporaryDirectory() as name:
            subprocess.run([sys.executable, folder / "variants.py", name], check=True)
            bad = slowed(pathlib.Path(name) / "without-lanes-and-request-to-send.yaml")
        assert bad["vgg16"] > 1.2 and bad["moe-16b"] > 1.08, bad
        assert bad["prepare"] < good["prepare"], "request-to-send costs readers something"


def main():
    failures, interrupted, n = [], 0, 0
    for seed in range(CASES):
        try:
            n_jobs, times = random_case(seed)
            n, interrupted = n + n_jobs, interrupted + times
        except (AssertionError, RuntimeError) as e:
            failures.append(f"seed {seed}: {e}")
    if CASES >= 60 and interrupted < 100:
        failures.append(f"only {interrupted} interruptions: the cases are too easy")
    for check in (schema_holds, measures_against_congestion):
        try:
            check()
        except (AssertionError, RuntimeError, subprocess.SubprocessError) as e:
            failures.append(f"{check.__name__}: {e}")
    print(f"{CASES} clusters, {n} jobs, {interrupted} interruptions")
    for failure in failures[:20]:
        print(failure)
    print(f"{CASES + 2 - len(failures)} passed, {len(failures)} failed, 0 skipped")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
