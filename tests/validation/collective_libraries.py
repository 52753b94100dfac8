# SPDX-License-Identifier: GPL-3.0-or-later
"""HFReduce and NCCL inside the hosts of Fire-Flyer 2."""
from page import Row

ORDER = 10
TITLE = "Collective libraries"
TEXT = """
An allreduce of 186 MiB by HFReduce and by NCCL's ring, on 16 to 1,440 GPUs of `configs/fire-flyer-2.yaml` (8 a host, one
NIC of 200 Gb/s), algorithm bandwidth (FF Fig. 7a). HFReduce is limited by the root port that GPU 5 and 6 share, which the
buffer crosses four times, and then by filling its pipeline, which is the deeper the more hosts there are. NCCL's ring
is limited by what the same root port and the path between GPUs and NIC let through, and then by the time that each of
its 2(n - 1) steps takes beside its bytes: at 1,440 GPUs a piece is 135 kB, and 2,878 steps follow one another.

Three constants were fitted to HFReduce's curve and one to NCCL's, so the rows show that one set of them gives the
published shape; they predict nothing that was not looked at. What was not fitted is the ceiling below which
all of it stays: 37.5 / 4 = 9.4 GB/s for HFReduce and, for the ring at 16 GPUs, that divided by 2 x 15/16, 5.0 GB/s.
"""
NOTES = """
The curves in between, GB/s:

{curves}

The published text gives the ends of NCCL's curve as a range. That 4.83 GB/s is its value at 16 GPUs is a reading of it:
both curves fall with the number of GPUs.
"""
ASSUMED = [
    ("chunk of HFReduce", "2 MiB", "fitted to the HFReduce curve, together with the next two"),
    ("chunks that a stage of HFReduce has room for", "3", "fitted"),
    ("overhead of a copy of a chunk between GPUs and memory", "40 us", "fitted"),
    ("overhead of a step of NCCL's ring", "24 us", "fitted to NCCL's value at 1,440 GPUs"),
]

SIZE = 186 * 1024 * 1024
HOSTS = [2, 4, 8, 16, 32, 64, 128, 180]


def algbw(sim, hosts, algorithm, size="186MiB"):
    result = sim(f"""
scenario: {algorithm}-{hosts}
fabric: configs/fire-flyer-2.yaml
engine: fluid
jobs: [{{name: j, hosts: {hosts}, steps: [{{allreduce: {{algorithm: {algorithm}, size: {size}}}}}]}}]
""")
    return result["jobs"][0]["steps"][0]["algbw_Bps"] / 1e9


def rows(sim):
    global NOTES
    curves = {name: {n: algbw(sim, n, name) for n in HOSTS} for name in ("hfreduce", "nccl-ring")}
    lines = ["| GPUs | " + " | ".join(str(8 * n) if n < 125 else f"{8 * n:,}" for n in HOSTS) + " |",
             "| --- |" + " --- |" * len(HOSTS)]
    for name, values in curves.items():
        lines.append(f"| {name} | " + " | ".join(f"{values[n]:.2f}" for n in HOSTS) + " |")
    NOTES = NOTES.format(curves="\n".join(lines))
    hf, nccl = curves["hfreduce"], curves["nccl-ring"]
    yield Row("HFReduce, 16 GPUs", 8.10, hf[2], "GB/s", "FF Fig. 7a", 0.1)
    yield Row("HFReduce, 128 GPUs", 7.78, hf[16], "GB/s", "FF Fig. 7a", 0.1)
    yield Row("HFReduce, 1,440 GPUs", 6.3, hf[180], "GB/s", "FF IV-D, lowest of Fig. 7a", 0.1)
    yield Row("HFReduce, lowest of 16 to 1,440 GPUs", (6.3, 8.1), min(hf.values()), "GB/s", "FF IV-D", 0.1)
    yield Row("HFReduce, highest", (6.3, 8.1), max(hf.values()), "GB/s", "FF IV-D", 0.1)
    yield Row("NCCL ring, 16 GPUs", 4.83, nccl[2], "GB/s", "FF Fig. 7a", 0.1)
    yield Row("NCCL ring, 1,440 GPUs", 1.6, nccl[180], "GB/s", "FF IV-D, lowest of Fig. 7a", 0.1)
    yield Row("NCCL ring, highest of 16 to 1,440 GPUs", (1.6, 4.8), max(nccl.values()), "GB/s", "FF IV-D", 0.1)
