#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes jobs.csv: a day of jobs on Fire-Flyer 2. What ran when has not been published: everything here is assumed."""
import random

RNG = random.Random(2)
HEAD = "name,template,hosts,arrive,time,priority,zone"
# template, jobs, hosts, mean hours, priority
LONG = [
    ("deepseek-67b", 1, [256], 30, 3),
    ("deepseek-7b", 2, [160, 160], 20, 3),
    ("moe-16b", 2, [40, 80], 16, 3),
    ("llama-13b", 1, [64], 14, 3),
]
SHORT = [
    ("vgg16", 30, [16, 32], 1.5, 2),
    ("gpt2-medium", 50, [2, 2, 4], 2.0, 2),
    ("law", 110, [1, 2, 2, 2], 1.5, 2),
    ("cckd", 40, [1, 2, 4], 3.0, 2),
    ("dmnn", 40, [4, 8, 16], 2.0, 2),
    ("prepare", 30, [16, 32, 48], 3.0, 1),
]


def jobs():
    """The day does not begin on an empty cluster: the long ones and an eighth of the others are there, of
    those that prepare data a fifth."""
    for template, n, sizes, hours, priority in LONG:
        for i in range(n):
            yield template, i, n, sizes[i], 0.0, hours * RNG.uniform(0.8, 1.2), priority, ""
    # Once in the day a job wants more than a zone has.
    yield "deepseek-67b", 1, 2, 640, 10.0, 2.0, 4, ""
    for template, n, sizes, hours, priority in SHORT:
        for i in range(n):
            arrive = 0.0 if i < n // (5 if template == "prepare" else 8) else 24 * i / n + RNG.uniform(-1, 1)
            time = hours * min(4, max(0.2, RNG.expovariate(1)))
            yield template, i, n, RNG.choice(sizes), max(0.0, arrive), time, priority, RNG.choice(["", "", "", "a", "b"])


def main():
    print(HEAD)
    for template, i, n, hosts, arrive, time, priority, zone in jobs():
        print(f"{template}-{i + 1:0{len(str(n))}},{template},{hosts},{arrive * 60:.0f}min,{max(1, time * 60):.0f}min,{priority},{zone}")


if __name__ == "__main__":
    main()
