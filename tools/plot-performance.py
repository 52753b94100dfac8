#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws how time and memory of a run grow: plot-performance.py DATA.json OUT.svg

DATA.json is what 'bench.py CSIN --data DATA.json hosts flight' measured. Four log-log panels, without any library:
what is drawn is small, and the same bytes come out everywhere.
"""
import json
import math
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 880, 660
PANEL_WIDTH, PANEL_HEIGHT = 318, 208
COLOURS = ("#1b6ca8", "#c2571a", "#3d7f3a", "#7a4fa3", "#b0306a")
TIMES = {-5: "10 µs", -4: "100 µs", -3: "1 ms", -2: "10 ms", -1: "100 ms", 0: "1 s", 1: "10 s", 2: "100 s"}
SIZES = {0: "1 MiB", 1: "10 MiB", 2: "100 MiB", 3: "1,000 MiB", 4: "10,000 MiB"}
HOSTS = ("10 rounds of a ring", "a random permutation", "8 chunks read by each host")
FLIGHT = ("reads, each from one server", "reads, each from all servers")


class Panel:
    def __init__(self, left, top, title, series, labels, x_title):
        self.left, self.top, self.title, self.series, self.labels, self.x_title = left, top, title, series, labels, x_title
        xs = [x for _, points in series for x, _ in points]
        ys = [y for _, points in series for _, y in points]
        self.x0, self.x1 = math.log10(min(xs)), math.log10(max(xs))
        self.y0, self.y1 = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))

    def at(self, x, y):
        return (self.left + (math.log10(x) - self.x0) / (self.x1 - self.x0) * PANEL_WIDTH,
                self.top + (self.y1 - math.log10(y)) / (self.y1 - self.y0) * PANEL_HEIGHT)

    def grid(self):
        right, bottom = self.left + PANEL_WIDTH, self.top + PANEL_HEIGHT
        yield f'<text class="t" x="{self.left}" y="{self.top - 12}">{escape(self.title)}</text>'
        for e in range(self.y0, self.y1 + 1):
            y = self.at(10**self.x0, 10**e)[1]
            yield f'<path class="g" d="M{self.left} {y:.1f}H{right}"/>'
            yield f'<text class="y" x="{self.left - 7}" y="{y + 4:.1f}">{self.labels[e]}</text>'
        for e in range(math.ceil(self.x0), math.floor(self.x1) + 1):
            x = self.at(10**e, 10**self.y0)[0]
            yield f'<path class="g" d="M{x:.1f} {self.top}V{bottom}"/>'
            yield f'<text class="x" x="{x:.1f}" y="{bottom + 17}">{10**e:,}</text>'
        yield f'<text class="x" x="{self.left + PANEL_WIDTH / 2}" y="{bottom + 35}">{escape(self.x_title)}</text>'

    def guide(self):
        """What is proportional to x, from the lower left corner."""
        length = min(self.x1 - self.x0, self.y1 - self.y0)
        (xa, ya), (xb, yb) = (self.at(10**(self.x0 + d), 10**(self.y0 + d)) for d in (0, length))
        yield f'<path class="d" d="M{xa:.1f} {ya:.1f}L{xb:.1f} {yb:.1f}"/>'

    def lines(self, colours):
        for (_, points), colour in zip(self.series, colours):
            at = [self.at(*point) for point in points]
            yield f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in at)}" fill="none" stroke="{colour}" stroke-width="2"/>'
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in at)


def legend(names, colours, left, top):
    for name, colour in zip(names, colours):
        yield f'<path d="M{left} {top}h20" stroke="{colour}" stroke-width="2"/><circle cx="{left + 10}" cy="{top}" r="3" fill="{colour}"/>'
        yield f'<text x="{left + 27}" y="{top + 4}">{escape(name)}</text>'
        left += 52 + 6.6 * len(name)


def column(growth, names, key, scale=1.0):
    return [(name, [(row["x"], row[key] * scale) for row in growth[name]]) for name in names]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        growth = json.load(file)["growth"]
    left, right, top, bottom = 84, 84 + PANEL_WIDTH + 110, 46, 46 + PANEL_HEIGHT + 116
    hosts, flight = (COLOURS[:3], COLOURS[3:])
    panels = (
        (Panel(left, top, "Time of a run", column(growth, HOSTS, "run_s"), TIMES, "hosts"), hosts),
        (Panel(right, top, "Memory of the process", column(growth, HOSTS, "peak_bytes", 2**-20), SIZES, "hosts"), hosts),
        (Panel(left, bottom, "Time of a run, 800 hosts", column(growth, FLIGHT, "run_s"), TIMES, "transfers in flight"), flight),
        (Panel(right, bottom, "Memory of the process, 800 hosts", column(growth, FLIGHT, "peak_bytes", 2**-20), SIZES,
               "transfers in flight"), flight),
    )
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" '
           'fill="#222">',
           "<title>How time and memory of a run of the fluid engine grow</title>",
           "<style>.g{stroke:#ddd;fill:none}.d{stroke:#999;fill:none;stroke-dasharray:3 4}.t{font-size:14px;font-weight:bold}.y{text-anchor:end}.x{text-anchor:middle}</style>",
           f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#fff"/>']  # so that it reads on dark pages as well
    for panel, colours in panels:
        out += [*panel.grid(), *panel.guide(), *panel.lines(colours)]
    out += legend(HOSTS, hosts, left, top + PANEL_HEIGHT + 62)
    out += legend(FLIGHT, flight, left, bottom + PANEL_HEIGHT + 56)
    out.append(f'<path class="d" d="M{right + 150} {bottom + PANEL_HEIGHT + 56}h20"/>'
               f'<text x="{right + 177}" y="{bottom + PANEL_HEIGHT + 60}">proportional</text>')
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n".join([*out, "</svg>"]) + "\n")


if __name__ == "__main__":
    main()
