// SPDX-License-Identifier: GPL-3.0-or-later
// Heat maps: lower switches by upper ones, up and down. A map is one stop of the tab key; arrows walk its cells.

const MAPS_AT_ONCE = 4;

// Arcs between switches as maps: one a zone, kind of place and direction.
function mapsOf(side) {
  const groups = d3.groups(arcs(side).filter(arc => !arc.place.startsWith("host")), arc => {
    const lower = arc.place.endsWith("up") ? arc.from : arc.to;
    return JSON.stringify([lower[2], arc.place]);
  });
  return groups.map(([key, list]) => {
    const [zone, place] = JSON.parse(key), up = place.endsWith("up");
    const cells = d3.rollup(list, all => all, arc => (up ? arc.from : arc.to)[0], arc => (up ? arc.to : arc.from)[0]);
    const order = names => [...new Set(names)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    return {
      zone, place, up, cells, rows: order(list.map(arc => (up ? arc.from : arc.to)[0])),
      columns: order(list.map(arc => (up ? arc.to : arc.from)[0])), worst: d3.max(list, arc => arc.congested_s + 1e-9 * arc.mean),
      title: (side.zones[zone] ? "zone " + side.zones[zone] + ", " : "") + place.replace(/-(up|down)$/, (all, way) => " " + way),
    };
  }).sort((a, b) => a.zone - b.zone || b.place.startsWith("leaf") - a.place.startsWith("leaf") || b.rows.length * b.columns.length - a.rows.length * a.columns.length || a.place.replace(/up|down/, "").localeCompare(b.place.replace(/up|down/, "")) || b.up - a.up);
}

function drawMap(map, how) {
  const n = map.rows.length, m = map.columns.length;
  const w = Math.max(6, Math.min(26, Math.floor(520 / m))), h = Math.max(6, Math.min(22, Math.floor(520 / n)));
  const left = 10 + 6.2 * d3.max(map.rows, name => Math.min(name.length, 16)), top = 8 + 5.4 * d3.max(map.columns, name => Math.min(name.length, 14));
  const width = left + m * w + Math.max(6, 0.55 * top), height = top + n * h + 6;
  const svg = d3.create("svg").attr("viewBox", [0, 0, width, height]).attr("width", width).attr("height", height)
    .attr("tabindex", 0).attr("role", "application").attr("class", "map")
    .attr("aria-label", `Heat map of ${map.title}: ${n} by ${m} switches. Arrow keys walk the cells, Enter shows who loads one.`);
  const cut = (name, most) => name.length > most ? "…" + name.slice(1 - most) : name;
  const every = size => Math.ceil(11 / size);
  svg.append("g").selectAll("text").data(map.rows).join("text").filter((d, i) => i % every(h) === 0)
    .attr("class", "soft").attr("x", left - 5).attr("y", d => top + map.rows.indexOf(d) * h + h / 2 + 4)
    .attr("text-anchor", "end").style("font-size", "10.5px").text(d => cut(d, 16));
  svg.append("g").selectAll("text").data(map.columns).join("text").filter((d, i) => i % every(w) === 0)
    .attr("class", "soft").style("font-size", "10.5px").text(d => cut(d, 14))
    .attr("transform", d => `translate(${left + map.columns.indexOf(d) * w + w / 2 + 3.5},${top - 5})rotate(-62)`);
  const cells = [];
  map.rows.forEach((row, y) => map.columns.forEach((column, x) => {
    const list = map.cells.get(row)?.get(column);
    if (list) cells.push({ x, y, list });
  }));
  const box = selection => selection.attr("x", d => left + d.x * w).attr("y", d => top + d.y * h).attr("width", w).attr("height", h);
  const at = new Map(cells.map(cell => [cell.y * m + cell.x, cell]));
  const rects = svg.append("g").selectAll("rect").data(cells).join("rect").attr("class", "cell").call(box);
  const dots = svg.append("g").style("pointer-events", "none").selectAll("circle").data(cells).join("circle").attr("class", "dot")
    .attr("cx", d => left + d.x * w + w / 2).attr("cy", d => top + d.y * h + h / 2).attr("r", Math.max(1.6, Math.min(w, h) / 6));
  const chosen = svg.append("rect").attr("class", "chosen").attr("visibility", "hidden").style("pointer-events", "none");
  const here = svg.append("rect").attr("class", "here").attr("visibility", "hidden").style("pointer-events", "none");
  let focus = null;

  function figure(cell) {
    return d3.max(cell.list, arc => useOf(arc, how.metric) * (state.window ? 1 : shareOf(arc, how.whose))) || 0;
  }
  function paint() {
    rects.attr("fill", cell => cell.list.some(arc => arc.capacity_Bps > 0) ? ramp(figure(cell)) : "var(--none)");
    dots.attr("visibility", cell => cell.list.some(arc => arc.congested_s > 0) ? "visible" : "hidden");
    const on = cells.find(cell => cell.list.some(arc => arc.arc === state.chosen));
    chosen.attr("visibility", on ? "visible" : "hidden");
    if (on) chosen.datum(on).call(box);
  }
  function tell(cell, x, y) {
    showTip(cell.list.map(describe).join("\n\n"), x, y);
  }
  function walk(to) {
    focus = to;
    here.attr("visibility", to ? "visible" : "hidden");
    if (!to) return;
    here.datum(to).call(box);
    const at = here.node().getBoundingClientRect();
    tell(to, at.right, at.bottom - 10);
  }
  svg.on("pointermove", event => {
    const cell = d3.select(event.target).datum();
    if (cell && cell.list) tell(cell, event.clientX, event.clientY);
    else hideTip();
  }).on("pointerleave", hideTip).on("click", event => {
    const cell = d3.select(event.target).datum();
    if (cell && cell.list) change({ chosen: d3.greatest(cell.list, arc => useOf(arc)).arc });
  }).on("focus", () => { if (svg.node().matches(":focus-visible")) walk(focus || cells[0]); }).on("blur", () => { here.attr("visibility", "hidden"); hideTip(); })
    .on("keydown", event => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-m, 0], End: [m, 0] }[event.key];
      if (event.key === "Enter" || event.key === " ") {
        if (focus) change({ chosen: d3.greatest(focus.list, arc => useOf(arc)).arc });
        event.preventDefault();
      }
      if (!step || !focus) return;
      event.preventDefault();
      let x = focus.x, y = focus.y, to = null;
      if (event.key === "Home" || event.key === "End") {
        const row = cells.filter(cell => cell.y === y);
        to = event.key === "Home" ? row[0] : row[row.length - 1];
      }
      for (; !to; ) { // over gaps
        x += step[0];
        y += step[1];
        if (x < 0 || y < 0 || x >= m || y >= n) return;
        to = at.get(y * m + x);
      }
      walk(to);
    });
  paint();
  return { element: make("figure", {}, make("figcaption", {}, make("b", {}, map.title)), svg.node()), paint };
}

// Who loads the arc that is chosen, and when.
function drawDetails() {
  const box = make("div", { class: "details", "aria-live": "polite", id: "who" });
  function fill() {
    const arc = arcs().find(arc => arc.arc === state.chosen);
    if (!arc) {
      box.replaceChildren(make("p", { class: "note" }, "Click an arc, or press Enter on it, to see who loads it."));
      return;
    }
    const owners = view().owners;
    box.replaceChildren(
      make("h3", {}, nameOf(arc), " ", make("span", { class: "chip" + (arc.congested_s > 0 ? " bad" : "") },
        arc.congested_s > 0 ? "congested for " + show.time(arc.congested_s) : "not congested")),
      make("p", { class: "note" }, `${arc.place}, port ${arc.port}, ${show.line(arc.capacity_Bps)}; mean use ${show.share(arc.mean)}, ` +
        `peak ${show.share(arc.peak)}, full for ${show.time(arc.saturated_s)}; ${show.size(arc.bytes)} in all`),
      ...(arc.loads.length ? [table([
        { title: "who loads it", value: ([owner]) => owners[owner].name },
        { title: "kind", value: ([owner]) => owners[owner].kind },
        { title: "class", value: ([owner]) => owners[owner].class || "–" },
        { title: "bytes", num: true, value: ([, bytes]) => bytes, cell: ([, bytes]) => show.size(bytes) },
        { title: "share", num: true, value: ([, bytes]) => bytes, cell: ([, bytes]) => [show.share(bytes / arc.bytes), meter(bytes / arc.bytes)] },
      ], { rows: () => arc.loads }).element] : [make("p", {}, "It carried nothing.")]));
  }
  fill();
  onChange(fill);
  return box;
}

function drawHeat(card) {
  const how = { metric: "mean", whose: null };
  let drawn = [], zone = "";
  const panels = make("div", { class: "panels" }), note = make("p", { class: "note" });
  const owners = view().owners, classes = [...new Set(owners.map(owner => owner.class).filter(Boolean))];
  const traffic = [["", "all traffic"], ...classes.map(name => ["c" + name, "class " + name]),
    ...owners.map((owner, i) => ["o" + i, owner.name])];
  function ownersOf(value) {
    if (!value) return null;
    return value[0] === "o" ? new Set([+value.slice(1)])
      : new Set(owners.map((owner, i) => owner.class === value.slice(1) ? i : -1).filter(i => i >= 0));
  }
  let maps = mapsOf(view());
  const zones = d3.sort([...new Set(maps.map(map => map.zone))]);
  if (maps.length > MAPS_AT_ONCE && zones.length > 1) zone = String(d3.greatest(maps, map => map.worst).zone);
  function redraw() {
    maps = mapsOf(view());
    drawn = maps.filter(map => zone === "" || String(map.zone) === zone).slice(0, 12).map(map => drawMap(map, how));
    panels.replaceChildren(...drawn.map(map => map.element));
    const a = view().arcs;
    note.textContent = (a.between_switches_listed < a.between_switches
      ? `This page lists ${show.count(a.between_switches_listed)} of ${show.count(a.between_switches)} arcs between switches: those of the zones where the worst ones are. ` : "") +
      (state.window ? `From ${show.time(state.window[0])} to ${show.time(state.window[1])} only, of all traffic.` : "Over the whole run.");
  }
  let side = state.side, theme = isDark();
  onChange(() => {
    if (side !== state.side || theme !== isDark()) redraw();
    else { for (const map of drawn) map.paint(); redrawNote(); }
    side = state.side;
    theme = isDark();
  });
  function redrawNote() {
    note.textContent = note.textContent.replace(/(From .*|Over .*)$/, state.window
      ? `From ${show.time(state.window[0])} to ${show.time(state.window[1])} only, of all traffic.` : "Over the whole run.");
  }
  const paint = () => { for (const map of drawn) map.paint(); };
  card.append(make("div", { class: "controls" },
    zones.length > 1 ? select("Zone", [["", "all zones"], ...zones.map(z => [String(z), view().zones[z] || "outside any"])], zone,
      value => { zone = value; redraw(); }) : null,
    select("Whose", traffic, "", value => { how.whose = ownersOf(value); paint(); }),
    choice("Figure", [["mean", "mean"], ["peak", "peak"], ["congested", "time congested"]], "mean", value => { how.metric = value; paint(); }),
    rampKey("use"), make("span", {}, make("span", { class: "dotkey" }), "congested")), note, panels, drawDetails());
  redraw();
}
