// SPDX-License-Identifier: GPL-3.0-or-later
// How slowdowns are spread: a row for each job and stream, how many of its rounds or clients are how slow, and its quantiles.

function drawSlowdowns(card) {
  const holder = make("div", { class: "wide" });
  card.append(holder);
  function draw() {
    const v = view(), rows = v.slowdowns.map((one, o) => ({ o, owner: v.owners[o], ...one })).filter(one => one.values.length).slice(0, 60);
    const width = Math.max(640, holder.clientWidth || 1000), left = 150, right = width - 330, h = 34;
    const all = rows.flatMap(row => row.values), low = Math.min(1, d3.min(all) ?? 1), high = Math.max(1.2, d3.max(all) ?? 1);
    const x = (high / low > 8 ? d3.scaleLog() : d3.scaleLinear()).domain([low, high]).range([left, right]).nice();
    const svg = d3.create("svg").attr("id", "slowdowns").attr("role", "img").attr("width", width).attr("viewBox", [0, 0, width, rows.length * h + 44])
      .attr("aria-label", "Spread of slowdowns: " + rows.map(row => `${row.owner.name}, median ${show.times(d3.quantile(row.values, 0.5))}, worst ${show.times(row.values[row.values.length - 1])}`).join("; "));
    const bottom = rows.length * h + 14, n_bins = 60;
    svg.append("g").attr("class", "grid").attr("transform", `translate(0,${bottom})`).call(d3.axisBottom(x).ticks(6).tickSize(-bottom + 8).tickFormat(""));
    rows.forEach((row, i) => {
      const base = 10 + (i + 1) * h - 5, at = value => Math.min(n_bins - 1, Math.floor((x(value) - left) / (right - left) * n_bins));
      const bins = new Array(n_bins).fill(0);
      for (const value of row.values) bins[at(value)]++;
      const most = d3.max(bins), w = (right - left) / n_bins;
      svg.append("text").attr("x", left - 8).attr("y", base - 8).attr("text-anchor", "end").text(row.owner.name.length > 20 ? row.owner.name.slice(0, 19) + "…" : row.owner.name);
      svg.append("path").attr("class", "spread").attr("fill", hue(row.o)).attr("fill-opacity", 0.75).attr("d", bins.map((n, k) => n === 0 ? "" :
        `M${(left + k * w).toFixed(1)} ${base}v${-Math.max(2, (h - 12) * n / most).toFixed(1)}h${(w - 0.6).toFixed(1)}V${base}z`).join(""));
      svg.append("path").attr("stroke", "var(--line)").attr("d", `M${left} ${base}H${right}`);
      const [p50, p90, top] = [0.5, 0.9, 1].map(q => d3.quantile(row.values, q));
      svg.append("path").attr("stroke", "var(--ink)").attr("stroke-width", 2).attr("d", `M${x(p50)} ${base - h + 11}V${base + 2}`);
      svg.append("path").attr("fill", "var(--mark)").attr("d", d3.symbol(d3.symbolTriangle, 45)()).attr("transform", `translate(${x(top)},${base + 3})`);
      svg.append("text").attr("x", right + 14).attr("y", base - 8)
        .text(`median ${show.times(p50)}, 90 % ≤ ${show.times(p90)}, worst ${show.times(top)}`);
      svg.append("text").attr("class", "soft").attr("x", right + 14).attr("y", base + 4).style("font-size", "10.5px")
        .text(`${show.count(row.n)} ${row.owner.kind === "job" ? "steps" : "clients"}`);
    });
    svg.append("path").attr("stroke", "var(--soft)").attr("stroke-dasharray", "3 3").attr("d", `M${x(1)} 6V${bottom}`);
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${bottom})`).call(d3.axisBottom(x).ticks(6).tickFormat(show.times));
    holder.replaceChildren(svg.node(), make("p", { class: "legend" }, make("span", {}, "│ median"), make("span", {}, "▲ worst"),
      make("span", {}, "1× is as fast as alone on the idle fabric: each round of each step, each client of storage")));
  }
  draw();
  let drawnFor = [state.side, isDark()];
  onChange(() => {
    if (drawnFor[0] === state.side && drawnFor[1] === isDark()) return;
    drawnFor = [state.side, isDark()];
    draw();
  });
  addEventListener("resize", draw);
}
