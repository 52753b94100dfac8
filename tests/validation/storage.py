# SPDX-License-Identifier: GPL-3.0-or-later
"""Steady reads of 3FS on Fire-Flyer 2."""
import pathlib

from page import Row

ORDER = 40
TITLE = "Storage"
TEXT = """
500 hosts read from the 180 storage hosts of `configs/fire-flyer-2.yaml` (16 SSDs and two 200 Gb/s NICs each), what moves while it is steady
(`scenarios/3fs-read`). The NICs of the storage hosts limit, 9 TB/s; what is missing to that is chance, as chunks are not at all NICs at
all times. Beside training, 100 other hosts write checkpoints over chains of 3. That is the assumption which separates the two
published values: what else leaves the storage hosts, not that others use the fabric.
"""
NOTES = """
One thing changed at a time, and what does not matter, is in [scenarios/3fs-read](../scenarios/3fs-read/README.md).
"""
ASSUMED = [
    ("chunks outstanding of each client", "8 of 4 MiB", "chosen to give 8 TB/s; 4 give 6.9, 16 give 8.8"),
    ("SSD", "7 GB/s", "data sheets of PCIe 4.0 x4 drives; slower ones limit"),
    ("chain table", "balanced, 3 replicas, 90 targets an SSD", "the smallest with which any two hosts share a chain"),
    ("background of the second value", "100 hosts write", "chosen to give 6.6 TiB/s"),
]

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "scenarios" / "3fs-read"


def steady(sim, name):
    text = (FOLDER / name).read_text(encoding="utf-8").replace("fabric: ../../configs/", "fabric: configs/")
    return sim(text)["storage"][0]["throughput_steady_Bps"]


def rows(sim):
    yield Row("500 hosts read", 8.0, steady(sim, "scenario.yaml") / 1e12, "TB/s", "FF VI-B2", 0.1)
    yield Row("500 hosts read beside training", 6.6, steady(sim, "beside-checkpoints.yaml") / 2**40, "TiB/s",
              "README of deepseek-ai/3FS", 0.1)
