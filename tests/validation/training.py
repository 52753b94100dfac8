# SPDX-License-Identifier: GPL-3.0-or-later
"""Training runs of Fire-Flyer 2: calibrated on one published step each, and what follows for more GPUs."""
from pathlib import Path

from page import Row

ORDER = 20
TITLE = "Training"
TEXT = """
Four training runs (FF section V). Each has one published step time that csin is given; it finds the efficiency of computing
with which the simulated step takes as long. So the rows below agree by construction, and show only that there is such an
efficiency below 1. What csin says of more GPUs rests on nothing that was published for them. The scenarios are
`llama-13b-pp`, `deepseek-moe-16b`, `vgg16-ddp` and `gpt2-fsdp`.
"""
NOTES = """
Predictions, in seconds a step, for 1, 2, 4, 8 and 16 times the GPUs of the published step. The pipelines keep their
batch (strong scaling: ideal is half the time for twice the GPUs), the others their batch on each GPU (weak scaling:
ideal is the same time).

{predictions}

What this means for the efficiency of computing, relative to the peak of the GPU, and where the time of a step goes on 16
times the GPUs, %:

{parts}
"""
ASSUMED = [
    ("micro-batch of the pipelines", "1 sample", "nobody published it"),
    ("layers to stages", "by FLOP, as evenly as can be", "nobody published it"),
    ("precision", "bf16; VGG16 TF32", "nobody published it; peaks of 312 and 156 TFLOP/s (NVIDIA, A100 data sheet)"),
    ("recomputation of activations", "none", "nobody published it; where there was, the calibrated efficiency is higher"),
    ("gradients of the pipelines and VGG16", "HFReduce", "FF: VGG16 with HFReduce; the pipelines: assumed"),
    ("chunk of HFReduce for the pipelines", "32 MiB", "to simulate it in seconds; with 2 MiB LLaMA-13B takes 2.6 % less on 1,024 GPUs"),
    ("FSDP", "NCCL's ring, 1 block ahead", "PyTorch's defaults"),
]

ROOT = Path(__file__).resolve().parents[2]
RUNS = [("LLaMA-13B, 64 GPUs", "llama-13b-pp", 64.118), ("DeepSeekMoE-16B, 40 GPUs", "deepseek-moe-16b", 79.615),
        ("VGG16, 32 GPUs", "vgg16-ddp", 0.13), ("GPT2-medium, 16 GPUs", "gpt2-fsdp", 0.57)]
PARTS = ["compute", "data_parallel", "pipeline", "bubble"]


def rows(sim):
    global NOTES
    predictions = ["| run | x 1 | x 2 | x 4 | x 8 | x 16 |", "| --- |" + " --- |" * 5]
    parts = ["| run | efficiency | computing | data parallel | pipeline | bubble |", "| --- |" + " --- |" * 5]
    for what, scenario, published in RUNS:
        text = (ROOT / "scenarios" / scenario / "scenario.yaml").read_text(encoding="utf-8")
        steps = [job["steps"][0] for job in sim(text.replace("../../configs/", f"{ROOT}/configs/"))["jobs"]]
        predictions.append(f"| {what} | " + " | ".join(f"{step['time_alone_s']:.3g}" for step in steps) + " |")
        last = steps[-1]["training"]
        shares = [100 * last["parts"][f"{part}_s"] / steps[-1]["time_mean_s"] for part in PARTS]
        parts.append(f"| {what} | {100 * last['efficiency']:.1f} | " + " | ".join(f"{x:.1f}" for x in shares) + " |")
        yield Row(what, published, steps[0]["time_alone_s"], "s", "FF V", 1e-6)
    NOTES = NOTES.format(predictions="\n".join(predictions), parts="\n".join(parts))
