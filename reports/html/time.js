// SPDX-License-Identifier: GPL-3.0-or-later
// What happened when: bars of jobs and storage, faults, and below them on the same axis who moved how much, how full each
// layer was, and the worst arcs. A stretch of time that is chosen here is what the fabric and the heat maps show.

const ROWS_MOST = 40; // owners with a row of their own

function drawTime(card) {
  const holder = make("div", { class: "timeline" }), key = make("div", { class: "legend" }), said = make("span", { class: "note", id: "window" });
  let zoom = null;
  const reset = make("button", { type: "button", onclick: () => { zoom = null; change({ window: null }); } }, "Whole run");
  const closer = make("button", { type: "button", onclick: () => { zoom = state.window; change({}); } }, "Zoom to selection");
  card.append(make("div", { class: "controls" }, closer, reset, said), holder, key);

  function draw() {
    const v = view(), end = v.makespan_s || 1, all = [0, end], span = zoom || all;
    const owners = v.owners.slice(0, ROWS_MOST), width = Math.max(640, holder.clientWidth || 1100), left = 150, right = width - 16;
    const x = d3.scaleLinear().domain(span).range([left, right]);
    const svg = d3.create("svg").attr("viewBox", [0, 0, width, 10]).attr("width", width).attr("tabindex", 0).attr("role", "application")
      .attr("id", "time").attr("aria-label", "Timeline. Arrow keys choose a stretch of time and move it, with Shift they widen it, Escape takes it back.");
    const clip = svg.append("clipPath").attr("id", "timeclip").append("rect").attr("x", left).attr("width", right - left).attr("y", 0);
    const marks = svg.append("g").attr("clip-path", "url(#timeclip)"), panels = svg.append("g");
    const hovers = []; // [top, bottom, seconds => text]
    let y = 8;
    const clipped = () => panels.append("g").attr("clip-path", "url(#timeclip)");
    const label = (text, at, title) => panels.append("text").attr("x", left - 8).attr("y", at).attr("text-anchor", "end")
      .text(text.length > 20 ? text.slice(0, 19) + "…" : text).append("title").text(title || text);
    // A panel's title, and behind it its key: a line and a name for each of its series, over as many rows as that takes.
    function head(text, list = []) {
      y += 16;
      panels.append("text").attr("class", "soft").attr("x", left).attr("y", y).text(text);
      let at = left + 6.3 * text.length + 24;
      for (const one of list.slice(0, 24)) {
        const room = 30 + 6.6 * one.short.length + 14;
        if (at + room > right) { at = left; y += 15; }
        panels.append("path").attr("d", `M${at} ${y - 4}h22`).attr("stroke", one.colour).attr("stroke-width", 2.2).attr("stroke-dasharray", one.dash);
        panels.append("text").attr("x", at + 27).attr("y", y).text(one.short);
        at += room;
      }
      y += 9;
    }

    // ---- bars ----
    const bars = d3.group(v.bars || [], bar => bar[0]);
    const still = d3.group(v.still || [], s => s[0]);
    owners.forEach((owner, o) => {
      const h = 20, list = (bars.get(o) || []).filter(bar => bar[5] >= span[0] && bar[4] <= span[1]), top = y;
      label(owner.name, y + 14, owner.name + " (" + owner.kind + ")");
      for (const compute of [true, false]) { // one path each, however many bars
        const d = list.filter(bar => (owner.kind === "job" && (owner.steps[bar[2]] || "").startsWith("compute")) === compute)
          .map(bar => {
            const a = x(bar[4]), b = Math.max(x(bar[5]), a + 0.6), gap = b - a > 4 ? 0.8 : 0;
            return `M${a.toFixed(1)} ${top + 2}H${(b - gap).toFixed(1)}V${top + h - 2}H${a.toFixed(1)}z`;
          }).join("");
        if (d) clipped().append("path").attr("class", "bars").attr("d", d).attr("fill", hue(o)).attr("fill-opacity", compute ? 0.28 : 0.92)
          .attr("stroke", compute ? hue(o) : null).attr("stroke-opacity", 0.5);
      }
      const texts = clipped();
      for (const bar of list.slice(0, 400)) {
        const a = Math.max(x(bar[4]), left), b = Math.min(x(bar[5]), right), text = owner.kind === "job" ? owner.steps[bar[2]] || "" : owner.kind;
        const short = [text, text.split(/[ ,]/)[0]].find(t => t.length * 6.3 + 8 < b - a);
        const light = text.startsWith("compute");
        if (short) texts.append("text").attr("x", (a + b) / 2).attr("y", top + 14).attr("text-anchor", "middle").style("font-size", "11px")
          .style("fill", light ? "var(--ink)" : isDark() ? "#11171e" : "#fff").style("pointer-events", "none").text(short);
      }
      for (const [, from, to] of still.get(o) || [])
        clipped().append("path").attr("class", "still").attr("d", `M${x(from)} ${top + h - 2.5}H${Math.max(x(to), x(from) + 1)}`);
      hovers.push([top, top + h, s => {
        const bar = (bars.get(o) || []).find(bar => bar[4] <= s && s <= bar[5]);
        const waits = (still.get(o) || []).find(w => w[1] <= s && s <= w[2]);
        const step = bar && (owner.kind === "job" ? `${owner.steps[bar[2]] || "step " + (bar[2] + 1)}, round ${bar[1] + 1}` : owner.kind);
        return owner.name + "\n" + (bar ? (bar[3] > 1 ? `${bar[3]} steps from: ` : "") + step +
          `\n${show.time(bar[4])} to ${show.time(bar[5])}: ${show.time(bar[5] - bar[4])}` + (bar[6] ? "\nstopped before its end" : "") : "at rest") +
          (waits ? `\nsome transfers stood still from ${show.time(waits[1])} to ${show.time(waits[2])}` : "");
      }]);
      y += h + 3;
    });
    if (v.owners.length > owners.length) { y += 12; label(`… ${v.owners.length - owners.length} more`, y); y += 4; }
    const bottomOfBars = y;

    // ---- faults ----
    const events = (v.events || []).filter(event => event.at_s <= end);
    if (events.length) {
      const top = y + 2;
      label("events", top + 13);
      for (const event of events) {
        const at = x(event.at_s), up = event.up && !event.rate_Bps;
        const shape = event.kind === "stop" || event.kind === "move" ? d3.symbolDiamond : d3.symbolTriangle;
        clipped().append("path").attr("class", "event").attr("d", d3.symbol(shape, 90)())
          .attr("transform", `translate(${at},${top + 9})rotate(${up ? 0 : 180})`)
          .attr("fill", up ? "var(--good)" : "var(--mark)");
      }
      hovers.push([top, top + 20, s => events.filter(event => Math.abs(x(event.at_s) - x(s)) < 9).map(event =>
        `${show.time(event.at_s)}: ${event.kind} ${event.names.join(", ")}${event.n > event.names.length ? ` and ${event.n - event.names.length} more` : ""}` +
        (event.kind === "stop" ? " ends" : event.kind === "move" ? " moves" : event.rate_Bps ? ` at ${show.line(event.rate_Bps)}` : event.up ? " comes back" : " fails")).join("\n")]);
      y += 24;
    }

    // ---- series ----
    const series = v.series;
    const steps = (values, step, of, height, base) => {
      const line = d3.line().x(d => d[0]).y(d => d[1]), points = [];
      values.forEach((value, i) => {
        if ((i + 1) * step < span[0] || i * step > span[1]) return;
        const at = base - height * of(value);
        points.push([x(i * step), at], [x(Math.min((i + 1) * step, end)), at]);
      });
      return line(points);
    };
    function lines(title, list, step, most, format, id) { // list: [{name, values, of, colour, dash}]
      const height = 110;
      head(title, list);
      const top = y, base = y + height, scale = d3.scaleLinear().domain([0, most]).nice(4).range([base, top]), whole = scale.domain()[1];
      panels.append("g").attr("class", "grid").attr("transform", `translate(${left},0)`)
        .call(d3.axisLeft(scale).ticks(4).tickSize(-(right - left)).tickFormat(""));
      panels.append("g").attr("class", "axis").attr("transform", `translate(${left},0)`).call(d3.axisLeft(scale).ticks(4).tickFormat(format));
      for (const one of list)
        clipped().append("path").attr("class", "series " + id).attr("fill", "none").attr("stroke", one.colour).attr("stroke-width", 1.7)
          .attr("stroke-dasharray", one.dash).attr("stroke-linejoin", "round").attr("d", steps(one.values, step, value => one.of(value) / whole, height, base));
      hovers.push([top, base, s => {
        const i = Math.floor(s / step);
        return `${show.time(i * step)} to ${show.time(Math.min((i + 1) * step, end))}\n` + list.map(one => [one, one.of(one.values[i] || 0)])
          .sort((a, b) => b[1] - a[1]).slice(0, 12).map(([one, value]) => `${one.name}: ${format(value)}`).join("\n");
      }]);
      y = base + 4;
    }
    key.replaceChildren();
    if (series) {
      const movers = series.owners.map((values, o) => ({ name: v.owners[o].name, short: v.owners[o].name, values, of: value => value, colour: hue(o), dash: dash(o) }))
        .filter(one => d3.max(one.values) > 0).slice(0, ROWS_MOST);
      if (movers.length)
        lines("what transfers move, all hops of a chain counted", movers, series.owners_step_s, d3.max(movers, one => d3.max(one.values)), show.rate, "owner");
      const places = series.places.filter(place => d3.max(place.use) > 0);
      const kinds = [...new Set(places.map(place => place.place.replace(/-(up|down)$/, "")))];
      lines("use of each layer: mean of its arcs", places.map(place => ({
        short: place.place, name: `${place.place} (${show.count(place.arcs)} arcs, ${show.rate(place.capacity_Bps)})`, values: place.use, of: value => value / 1000,
        colour: hue(kinds.indexOf(place.place.replace(/-(up|down)$/, "")) + 4), dash: place.place.endsWith("down") ? "5 3" : null,
      })), series.step_s, 1, d3.format(".0%"), "place");
      const worst = series.arcs.slice(0, 12);
      if (worst.length) {
        head("the worst arcs between switches");
        for (const one of worst) {
          const arc = arcs()[one.arc], top = y, h = 13, levels = new Map();
          const text = nameOf(arc);
          label(text, y + 10.5);
          for (let i = 0, from = 0; i < one.use.length; i++) { // runs of one shade, one path a shade
            const shade = Math.min(15, Math.floor(one.use[i] / 62.6));
            if (i + 1 < one.use.length && Math.min(15, Math.floor(one.use[i + 1] / 62.6)) === shade) continue;
            const a = x(from * series.arcs_step_s), b = x(Math.min((i + 1) * series.arcs_step_s, end));
            from = i + 1;
            if (b < left || a > right) continue;
            levels.set(shade, (levels.get(shade) || "") + `M${a.toFixed(2)} ${top}H${(b + 0.2).toFixed(2)}V${top + h}H${a.toFixed(2)}z`);
          }
          const strip = clipped();
          for (const [shade, d] of levels) strip.append("path").attr("class", "strip").attr("d", d).attr("fill", ramp(shade / 15));
          panels.append("rect").attr("class", "frame").attr("x", left).attr("y", top).attr("width", right - left).attr("height", h);
          hovers.push([top, top + h, s => {
            const i = Math.floor(s / series.arcs_step_s);
            return `${text}\n${show.share((one.use[i] || 0) / 1000)} from ${show.time(i * series.arcs_step_s)} to ${show.time(Math.min(end, (i + 1) * series.arcs_step_s))}\nbytes of: ${whoLoads(arc)}`;
          }, arc]);
          y += h + 2;
        }
        key.append(rampKey("use of an arc"));
      }
    }
    y += 4;
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${y})`).call(d3.axisBottom(x).ticks(Math.max(4, width / 130)).tickFormat(show.time));
    const height = y + 26;
    svg.attr("viewBox", [0, 0, width, height]).attr("height", height);
    clip.attr("height", height);

    // Bands while something is down, from its failure until it comes back.
    const down = events.filter(event => !event.up && ["cable", "switch", "host"].includes(event.kind));
    for (const event of down) {
      const back = events.find(later => later.up && later.at_s > event.at_s && later.kind === event.kind && later.names[0] === event.names[0]);
      const to = back ? back.at_s : end;
      marks.append("rect").attr("class", "fault").attr("x", x(event.at_s)).attr("width", Math.max(0, x(to) - x(event.at_s))).attr("y", 4).attr("height", y - 4);
    }
    for (const event of events)
      marks.append("path").attr("class", "faultline").attr("d", `M${x(event.at_s)} 4V${y}`).attr("stroke-opacity", bottomOfBars ? 0.6 : 1);

    // ---- choosing a stretch of time ----
    const chosen = svg.append("g").attr("clip-path", "url(#timeclip)").append("rect").attr("class", "window").attr("y", 4).attr("height", y - 4)
      .style("pointer-events", "none");
    const cross = svg.append("path").attr("class", "cross").attr("visibility", "hidden");
    const cover = svg.append("rect").attr("x", left).attr("y", 0).attr("width", right - left).attr("height", y).attr("fill", "transparent").style("cursor", "crosshair");
    function paintWindow() {
      chosen.attr("visibility", state.window ? "visible" : "hidden");
      if (state.window) chosen.attr("x", x(state.window[0])).attr("width", Math.max(1, x(state.window[1]) - x(state.window[0])));
      said.textContent = state.window ? `${show.time(state.window[0])} to ${show.time(state.window[1])} is chosen: fabric and heat maps show it.`
        : "Drag to choose a stretch of time: fabric and heat maps then show that.";
      closer.disabled = !state.window;
      reset.disabled = !state.window && !zoom;
    }
    const within = s => Math.min(span[1], Math.max(span[0], s));
    let from = null, moved = false;
    cover.on("pointerdown", event => { from = within(x.invert(d3.pointer(event)[0])); moved = false; cover.node().setPointerCapture(event.pointerId); })
      .on("pointermove", event => {
        const [px, py] = d3.pointer(event), s = within(x.invert(px));
        if (from !== null && (moved || Math.abs(x(from) - px) > 4)) {
          moved = true;
          state.window = [Math.min(from, s), Math.max(from, s)];
          paintWindow();
        }
        cross.attr("visibility", "visible").attr("d", `M${px} 4V${y}`);
        const over = hovers.find(([top, bottom]) => py >= top && py <= bottom), text = over && over[2](s);
        if (text) showTip(text, event.clientX, event.clientY);
        else hideTip();
      })
      .on("pointerup", event => {
        const py = d3.pointer(event)[1], over = hovers.find(([top, bottom, , arc]) => arc && py >= top && py <= bottom);
        if (moved) change({ window: state.window });
        else if (over) change({ chosen: over[3].arc });
        else if (state.window) change({ window: null });
        from = null;
      })
      .on("pointerleave", () => { cross.attr("visibility", "hidden"); hideTip(); });
    svg.on("keydown", event => {
      const step = v.frames ? v.frames.step_s : end / 60;
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape" && state.window) change({ window: null });
      if (!way) return;
      event.preventDefault();
      const [a, b] = state.window || [span[0] - step, span[0]];
      const to = event.shiftKey ? [a, Math.max(a + step, b + way * step)] : [a + way * step, b + way * step];
      if (to[0] < -1e-12 || to[1] > end + step) return;
      change({ window: [Math.max(0, to[0]), Math.min(end, to[1])] });
      showTip(`${show.time(state.window[0])} to ${show.time(state.window[1])}`, svg.node().getBoundingClientRect().left + x(state.window[1]), svg.node().getBoundingClientRect().top + 20);
    }).on("blur", hideTip);
    holder.replaceChildren(svg.node());
    paintWindow();
    return paintWindow;
  }

  let paint = draw(), drawnFor = [state.side, isDark(), zoom];
  onChange(() => {
    const now = [state.side, isDark(), zoom];
    if (now.some((value, i) => value !== drawnFor[i])) {
      const focused = document.activeElement && document.activeElement.id === "time";
      drawnFor = now;
      paint = draw();
      if (focused) document.getElementById("time").focus();
    } else {
      paint();
    }
  });
  addEventListener("resize", () => { paint = draw(); });
}
