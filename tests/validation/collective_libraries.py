# SPDX-License-Identifier: GPL-3.0-or-later
"""HFReduce and NCCL inside the hosts of Fire-Flyer 2."""
import math

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


CURVES = {}  # filled by rows
PUBLISHED = {"hfreduce": {16: 8.10, 128: 7.78, 1440: 6.3}, "nccl-ring": {16: 4.83, 1440: 1.6}}
COLOURS = {"hfreduce": "#1b6ca8", "nccl-ring": "#c2571a"}
STYLE = ("text{font:13px sans-serif;fill:#222}.g{stroke:#ddd;fill:none}.x{text-anchor:middle}.y{text-anchor:end}"
         ".t{font-size:15px;font-weight:bold}")


def chart():
    """Both curves over the number of GPUs, and what was published of them as rings."""
    left, top, width, height = 56, 44, 560, 280

    def at(gpus, rate):
        return (left + math.log2(gpus / 16) / math.log2(1440 / 16) * width, top + (10 - rate) / 10 * height)
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" width="700" height="390" viewBox="0 0 700 390"><style>{STYLE}</style>'
           f'<rect width="700" height="390" fill="#fff"/><text class="t" x="{left}" y="24">Allreduce of 186 MiB: algorithm '
           'bandwidth, GB/s</text>')
    for rate in range(0, 11, 2):
        y = at(16, rate)[1]
        yield f'<path class="g" d="M{left} {y:.1f}h{width}"/><text class="y" x="{left - 8}" y="{y + 4:.1f}">{rate}</text>'
    for hosts in HOSTS:
        if hosts != 128:
            x = at(8 * hosts, 0)[0]
            yield f'<text class="x" x="{x:.1f}" y="{top + height + 20}">{8 * hosts:,}</text>'
    yield f'<text class="x" x="{left + width / 2}" y="{top + height + 44}">GPUs, 8 in a host; rings: published</text>'
    for name, values in CURVES.items():
        points = [at(8 * hosts, rate) for hosts, rate in values.items()]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        yield f'<path d="M{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[name]}"/>' for x, y in points)
        for gpus, rate in PUBLISHED[name].items():
            x, y = at(gpus, rate)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="none" stroke="{COLOURS[name]}" stroke-width="1.5"/>'
        x, y = points[3]
        yield f'<text x="{x:.1f}" y="{y - 14:.1f}" style="fill:{COLOURS[name]}">{name}</text>'
    yield "</svg>"


def files():
    return {"scenarios/hfreduce-scaling/scaling.svg": "\n".join(chart()) + "\n"}


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
    CURVES.update(curves)
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
