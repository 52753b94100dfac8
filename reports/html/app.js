// SPDX-License-Identifier: GPL-3.0-or-later
// The sections, in order. A section is shown where `has` says that its data are there. To add one: a function that draws it
// into its card, and a line in `sections`.

const yes = text => make("b", { class: "good" }, text), no = text => make("b", { class: "bad" }, text);

// Draws again when another side of a plan is looked at.
function follow(card, draw) {
  const box = make("div");
  card.append(box);
  const fill = () => { box.replaceChildren(); draw(box); };
  fill();
  let side = state.side;
  onChange(() => { if (side !== state.side) { side = state.side; fill(); } });
}

function mostSlowed(r) {
  return d3.greatest([...r.jobs, ...r.storage], one => one.slowdown);
}

function drawVerdict(card) {
  follow(card, box => {
    const r = result(), free = r.congestion_free === "yes", worst = mostSlowed(r), p = r.provenance;
    if (documents.plan) box.append(make("p", { class: "note" }, state.side === "before" ? "As it is, before the plan." : "With the plan."));
    box.append(make("div", { class: "verdict " + (free ? "yes" : "no") }, make("span", { "aria-hidden": "true" }, free ? "✔" : "✖"),
      make("div", {}, make("b", {}, "Congestion-free: " + (free ? "yes" : "no")), make("div", {}, free
        ? "No flow is slower than its end hosts alone would make it."
        : `${show.count(r.congested_arcs)} ${r.congested_arcs === 1 ? "arc holds" : "arcs hold"} back flows whose end hosts could go faster.`))));
    const tile = (title, value, small) => make("div", { class: "tile" }, make("dt", {}, title), make("dd", {}, value, small ? make("small", {}, small) : null));
    box.append(make("dl", { class: "tiles" },
      worst ? tile("most slowed", show.times(worst.slowdown), worst.name) : null,
      tile("simulated", show.time(r.makespan_s), `${show.count(r.transfers)} transfers, at most ${show.count(r.transfers_in_flight_max)} at once`),
      tile("fabric", `${show.count(r.fabric.switches)} switches`, `${show.count(r.fabric.hosts)} hosts, ${show.count(r.fabric.cables)} cables` +
        (r.fabric.cables_dead ? `, ${show.count(r.fabric.cables_dead)} dead` : "")),
      tile("routing", p.routing, `${p.congestion} congestion`),
      tile("engine", p.engine, "seed " + p.seed),
      p.scheduled_events ? tile("events", show.count(p.scheduled_events), `routes follow ${show.time(p.reaction_s)} later`) : null));
  });
}

const slowdownCell = one => one.slowdown === undefined ? "" : [one.slowdown > 1.0005 ? no(show.times(one.slowdown)) : show.times(one.slowdown),
  meter(one.slowdown - 1, one.slowdown > 1.0005)];

function drawJobs(card) {
  follow(card, box => {
    const r = result();
    const rows = [...r.jobs.flatMap(job => [{ ...job, kind: "job", time: job.time_s, alone: job.time_alone_s, who: `${show.count(job.n_hosts)} hosts, ${job.repeat} rounds` },
      ...job.steps.map((step, i) => ({
        sub: true, name: `${i + 1}  ${step.work}${step.algorithm ? ", " + step.algorithm : ""}`, kind: "", who: step.size_bytes ? show.size(step.size_bytes) : "",
        time: step.time_mean_s, alone: step.time_alone_s, slowdown: step.slowdown, rate: step.busbw_Bps,
      }))]), ...r.storage.map(one => ({ ...one, time: one.finish_s - one.start_s, who: `${show.count(one.n_clients)} clients, ${show.count(one.n_servers)} servers`, rate: one.throughput_Bps, aloneRate: one.throughput_alone_Bps }))];
    box.append(table([
      { title: "name", cell: row => [row.name + " ", row.stopped ? make("span", { class: "chip bad" }, "stopped") : ""] },
      { title: "kind", cell: row => row.kind },
      { title: "class", cell: row => row.sub ? "" : row.class || "–" },
      { title: "who, size", cell: row => row.who },
      { title: "time", num: true, cell: row => show.time(row.time) },
      { title: "alone", num: true, cell: row => row.alone !== undefined ? show.time(row.alone) : show.rate(row.aloneRate) },
      { title: "bandwidth", num: true, cell: row => row.rate ? show.rate(row.rate) : "" },
      { title: "slowdown", num: true, cell: slowdownCell },
    ], { rows: () => rows, caption: "Times of steps are means over rounds; bandwidth is busbw of collectives, throughput of storage." }).element);
    const waiting = [...r.jobs, ...r.storage].filter(one => one.without_way && one.without_way.times);
    if (waiting.length)
      box.append(plainTable(waiting.map(one => ({ name: one.name, ...one.without_way })), "Transfers that stood still, without a way or before a dead cable"));
  });
}

function drawPlan(card) {
  const plan = documents.plan, before = documents["result-before"], after = documents.result;
  const changes = [["placement", "hosts of jobs"], ["routing", "forwarding tables"], ["isolation", "classes and lanes"]]
    .filter(([key]) => plan[key] && plan[key].changed).map(([, text]) => text);
  card.append(make("p", {}, changes.length ? "Changes " + changes.join(", ") + "." : "Changes nothing: no proposal helped."),
    plan.stopped ? make("p", { class: "bad" }, "Stopped before the search was over: this is the best so far.") : "");
  const pairs = [...before.jobs.map((one, i) => [one, after.jobs[i]]), ...before.storage.map((one, i) => [one, after.storage[i]])];
  const figure = one => one.time_s !== undefined ? show.time(one.time_s) : show.rate(one.throughput_Bps);
  card.append(table([
    { title: "", cell: ([a]) => a.name },
    { title: "before", num: true, cell: ([a]) => figure(a) },
    { title: "slowdown", num: true, value: ([a]) => a.slowdown, cell: ([a]) => slowdownCell(a) },
    { title: "after", num: true, cell: ([, b]) => figure(b) },
    { title: "slowdown", num: true, value: ([, b]) => b.slowdown, cell: ([, b]) => slowdownCell(b) },
    { title: "", cell: ([a, b]) => b.slowdown < a.slowdown * 0.995 ? yes("better") : b.slowdown > a.slowdown * 1.005 ? no("worse") : "the same" },
  ], { rows: () => pairs }).element);

  const width = 900, h = 26, left = 170, x = d3.scaleLinear().domain([1, d3.max(pairs, ([a, b]) => Math.max(a.slowdown, b.slowdown, 1.1))]).range([left, width - 80]).nice();
  const svg = d3.create("svg").attr("id", "before-after").attr("viewBox", [0, 0, width, pairs.length * h + 40]).attr("width", width).attr("role", "img")
    .attr("aria-label", "Slowdown of each job and stream before and after: the table above in a picture");
  svg.append("g").attr("class", "grid").attr("transform", `translate(0,${pairs.length * h + 10})`).call(d3.axisBottom(x).ticks(6).tickSize(-pairs.length * h).tickFormat(""));
  svg.append("g").attr("class", "axis").attr("transform", `translate(0,${pairs.length * h + 10})`).call(d3.axisBottom(x).ticks(6).tickFormat(show.times));
  pairs.forEach(([a, b], i) => {
    const y = i * h + 24;
    svg.append("text").attr("x", left - 10).attr("y", y + 4).attr("text-anchor", "end").text(a.name.slice(0, 24));
    svg.append("path").attr("d", `M${x(a.slowdown)} ${y}H${x(b.slowdown)}`).attr("stroke", "var(--soft)").attr("stroke-width", 2);
    svg.append("circle").attr("class", "before").attr("cx", x(a.slowdown)).attr("cy", y).attr("r", 6).attr("fill", "var(--card)").attr("stroke", "var(--soft)").attr("stroke-width", 2);
    svg.append("circle").attr("class", "after").attr("cx", x(b.slowdown)).attr("cy", y).attr("r", 5).attr("fill", b.slowdown > a.slowdown * 1.005 ? "var(--mark)" : "var(--r3)");
  });
  card.append(make("div", { class: "wide" }, svg.node()), make("p", { class: "legend" }, "○ before   ● after"));

  const rows = [];
  if (plan.placement) rows.push(["placement: bytes between leaves", show.size(plan.placement.before.bytes_between_leaves), show.size(plan.placement.after.bytes_between_leaves), show.size(plan.placement.bound.bytes_between_leaves), plan.placement.changed]);
  if (plan.routing) rows.push(["routing: worst load of a cable", plan.routing.worst_load_before.toFixed(3), plan.routing.worst_load.toFixed(3), plan.routing.bound.toFixed(3), plan.routing.changed]);
  if (plan.isolation) rows.push(["isolation: worst slowdown, lossless", show.times(plan.isolation.worst_slowdown_before), show.times(plan.isolation.worst_slowdown), show.times(plan.isolation.bound), plan.isolation.changed]);
  if (rows.length)
    card.append(make("h3", {}, "Proposed"), table([
      { title: "", cell: row => row[0] }, { title: "as it is", num: true, cell: row => row[1] }, { title: "proposed", num: true, cell: row => row[2] },
      { title: "at least", num: true, cell: row => row[3] }, { title: "kept", cell: row => row[4] ? yes("yes") : "no" },
    ], { rows: () => rows, caption: "No plan can beat what stands under “at least”." }).element);
  card.append(make("h3", {}, "Why"), make("ul", { class: "reasons" }, ...plan.reasons.slice(0, 40).map(text => make("li", {}, text))),
    plan.reasons.length > 40 ? make("p", { class: "note" }, `${plan.reasons.length - 40} more are in the plan file.`) : "");
}

function drawVictims(card) {
  follow(card, box => {
    const r = result();
    if (!r.victims) {
      box.append(make("p", { class: "note" }, "The fair model has no victims: it shares every arc at once, so that only flows of a full arc are slowed by it. " +
        "With --congestion lossless csin says whom full buffers hold back that do not cross the full arc."));
      return;
    }
    if (!r.victims.length) {
      box.append(make("p", {}, "Nobody was held back by a full arc that it does not cross."));
      return;
    }
    const find = victim => arcs().find(arc => arc.from[0] === victim.behind_from && arc.to[0] === victim.behind_to);
    box.append(table([
      { title: "victim", value: v => v.name },
      { title: "held back", num: true, value: v => v.share, cell: v => [show.share(v.share), meter(v.share, true)], first: "descending" },
      { title: "for", num: true, value: v => v.held_s, cell: v => show.time(v.held_s), first: "descending" },
      { title: "by the full arc", value: v => v.behind_from + " → " + v.behind_to },
      { title: "which carries bytes of", cell: v => { const arc = find(v); return arc ? whoLoads(arc) : "–"; } },
    ], {
      rows: () => r.victims, sort: 1, page: 20, pick: v => { const arc = find(v); if (arc) change({ chosen: arc.arc }); },
      caption: "Share: of the time that its transfers moved. Time: summed over its transfers.",
    }).element);
  });
}

function drawArcs(card) {
  let text = "", place = "", congested = false, list;
  const places = () => [...new Set(arcs().map(arc => arc.place))].sort();
  const columns = [
    { title: "arc", value: nameOf },
    { title: "place", value: arc => arc.place },
    { title: "capacity", num: true, value: arc => arc.capacity_Bps, cell: arc => show.line(arc.capacity_Bps), first: "descending" },
    { title: "mean", num: true, value: arc => arc.mean, cell: arc => [show.share(arc.mean), meter(arc.mean, arc.congested_s > 0)], first: "descending" },
    { title: "peak", num: true, value: arc => arc.peak, cell: arc => show.share(arc.peak), first: "descending" },
    { title: "full for", num: true, value: arc => arc.saturated_s, cell: arc => show.time(arc.saturated_s), first: "descending" },
    { title: "congested for", num: true, value: arc => arc.congested_s, cell: arc => arc.congested_s > 0 ? no(show.time(arc.congested_s)) : "–", first: "descending" },
    { title: "bytes", num: true, value: arc => arc.bytes, cell: arc => show.size(arc.bytes), first: "descending" },
    { title: "whose", value: arc => arc.loads.length ? view().owners[arc.loads[0][0]].name : "", cell: arc => whoLoads(arc, 3) },
  ];
  list = table(columns, {
    rows: arcs, sort: 6, page: 25,
    filter: arc => (!place || arc.place === place) && (!congested || arc.congested_s > 0) &&
      (!text || (nameOf(arc) + " " + arc.loads.map(([owner]) => view().owners[owner].name).join(" ")).toLowerCase().includes(text)),
    pick: arc => { change({ chosen: arc.arc }); document.getElementById("who")?.scrollIntoView({ block: "nearest" }); },
  });
  const a = view().arcs;
  card.append(make("p", { class: "note" }, `${show.count(a.carried)} of ${show.count(a.all)} arcs carried something` +
    (arcs().length < a.carried ? `; this page lists ${show.count(arcs().length)}, the JSON result has all.` : ".")),
    make("div", { class: "controls" },
      make("label", {}, "Filter", make("input", { type: "search", id: "filter", placeholder: "switch, host, job", oninput: event => { text = event.target.value.trim().toLowerCase(); list.fill(); } })),
      select("Place", [["", "all"], ...places().map(name => [name, name])], "", value => { place = value; list.fill(); }),
      make("label", {}, make("input", { type: "checkbox", onchange: event => { congested = event.target.checked; list.fill(); } }), "congested only")),
    list.element);
  let side = state.side;
  onChange(() => { if (side !== state.side) { side = state.side; list.fill(); } });
}

function drawInside(card) {
  follow(card, box => box.append(table([
    { title: "host", value: one => one.host },
    { title: "what", value: one => one.kind + (one.index === undefined ? "" : ` ${one.index}`) },
    { title: "capacity", num: true, value: one => one.capacity_Bps, cell: one => show.rate(one.capacity_Bps), first: "descending" },
    { title: "mean", num: true, value: one => one.utilisation_mean, cell: one => [show.share(one.utilisation_mean), meter(one.utilisation_mean, false)], first: "descending" },
    { title: "peak", num: true, value: one => one.utilisation_peak, cell: one => show.share(one.utilisation_peak), first: "descending" },
    { title: "full for", num: true, value: one => one.saturated_s, cell: one => show.time(one.saturated_s), first: "descending" },
    { title: "bytes", num: true, value: one => one.bytes, cell: one => show.size(one.bytes), first: "descending" },
    { title: "whose", value: one => Object.keys(one.bytes_by_owner).join(", ") },
  ], { rows: () => result().inside || [], sort: 5, page: 25, caption: "Memory, PCIe, NVLink, the path to the NIC and SSDs of hosts. They limit, but never congest the fabric." }).element));
}

function drawFacts(card) {
  const f = documents.facts, row = (name, value) => make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, value));
  card.append(make("table", {}, make("tbody", {},
    row("switches", show.count(f.switches) + " (" + f.layers.map(l => `${show.count(l.switches)} ${l.layer}`).join(", ") + ")"),
    row("hosts", `${show.count(f.hosts)} with ${show.count(f.nics)} NICs`),
    row("cables", show.count(f.cables) + (f.cables_dead ? `, ${show.count(f.cables_dead)} dead` : "") + (f.cables_degraded ? `, ${show.count(f.cables_degraded)} degraded` : "")),
    row("ports", f.layers.map(l => `${l.layer}: ${show.count(l.ports_used)} of ${show.count(l.ports)} used`).join("; ")),
    row("diameter", f.diameter ? `${f.diameter} cables` : "–"),
    row("parts that cannot reach each other", f.parts > 1 ? no(show.count(f.parts)) : "none"))));
  if (f.zones.length)
    card.append(plainTable(f.zones, "Zones. Oversubscription is that of the worst leaf; bisection is half of the leaves against the other half."));
}

function drawFindings(card) {
  const { schema, fabric, ...parts } = documents.findings;
  for (const one of parts.advice)
    card.append(make("div", { class: "advice " + one.kind }, make("b", {}, one.kind === "fault" ? "✖ Fault: " : "⚠ Warning: "), one.text,
      make("span", { class: "chip" }, "CSIN-" + one.code), make("p", { class: "note" }, "Remedy: " + one.remedy)));
  if (!parts.advice.length) card.append(make("p", {}, "Nothing to warn of."));
  drawAny(card, { ...parts, advice: null }, 0);
}

function drawBom(card) {
  const b = documents.bom, money = x => x === null || x === undefined ? "–" : show.count(Math.round(x)) + " " + b.currency;
  card.append(table([
    { title: "part", value: row => row.name, cell: row => row.name + (row.length_m ? `, ${row.length_m} m` : "") },
    { title: "kind", value: row => row.kind },
    { title: "number", num: true, value: row => row.number, cell: row => show.count(row.number), first: "descending" },
    { title: "spares", num: true, value: row => row.spares, cell: row => show.count(row.spares), first: "descending" },
    { title: "each", num: true, value: row => row.price_each ?? -1, cell: row => money(row.price_each), first: "descending" },
    { title: "price", num: true, value: row => row.price ?? -1, cell: row => money(row.price), first: "descending" },
    { title: "power", num: true, value: row => row.power_W ?? -1, cell: row => row.power_W === null ? "–" : show.power(row.power_W), first: "descending" },
    { title: "the price rests on", value: row => row.price_basis || "", cell: row => row.price_basis ? row.price_basis + (row.price_words ? ": " + row.price_words : "") : "–" },
  ], { rows: () => b.parts, caption: `Catalogue ${b.catalogue}` }).element);
  const sums = Object.entries(b.sums).filter(([, sum]) => sum.number).map(([name, sum]) => ({ name, ...sum }));
  card.append(table([
    { title: "sum of", cell: row => row.name }, { title: "number", num: true, cell: row => show.count(row.number) },
    { title: "price", num: true, cell: row => money(row.price) }, { title: "power", num: true, cell: row => row.power_W === null ? "–" : show.power(row.power_W) },
  ], { rows: () => sums }).element);
}

function drawProvenance(card) {
  follow(card, box => {
    const p = result().provenance, row = (name, value) => make("tr", {}, make("th", { scope: "row" }, words(name)), make("td", {}, value));
    box.append(make("table", {}, make("tbody", {}, ...Object.entries(p).filter(([, value]) => typeof value !== "object")
      .map(([key, value]) => row(key, key === "seed" ? String(value) : byKey(key, value))))),
      table([{ title: "input", cell: input => input.kind }, { title: "name", cell: input => input.name || "–" },
        { title: "SHA-256", cell: input => make("code", {}, input.sha256) }], { rows: () => p.inputs }).element);
  });
}

// Parts of a result that have no section here: tables of what is flat, and the names of the rest.
const known = new Set(["schema", "scenario", "congestion_free", "congested_arcs", "makespan_s", "transfers", "transfers_in_flight_max", "events",
  "provenance", "fabric", "cabling", "jobs", "storage", "victims", "arcs", "inside", "lanes"]);
function others() {
  return Object.fromEntries(Object.entries(result()).filter(([key, value]) => !known.has(key) && value && typeof value === "object" && Object.keys(value).length));
}
function drawAny(card, value, depth) {
  for (const [key, part] of Object.entries(value)) {
    if (part === null || typeof part !== "object" || depth > 4) continue;
    if (depth === 0) {
      const box = make("details", {}, make("summary", {}, words(key)));
      card.append(box);
      drawAny(box, { [key]: part }, 1);
      continue;
    }
    const title = depth > 1 ? make("h4", {}, words(key)) : "";
    if (Array.isArray(part)) {
      if (part.length && typeof part[0] === "object") card.append(title, plainTable(part));
      else if (part.length) card.append(title, make("p", {}, part.slice(0, 40).map(item => byKey(key, item)).join(", ") + (part.length > 40 ? " …" : "")));
      continue;
    }
    const flat = Object.entries(part).filter(([, item]) => item === null || typeof item !== "object");
    card.append(title);
    if (flat.length) card.append(make("table", {}, make("tbody", {}, ...flat.map(([name, item]) =>
      make("tr", {}, make("th", { scope: "row" }, words(name)), make("td", {}, typeof item === "boolean" ? (item ? "yes" : "no") : byKey(name, item)))))));
    drawAny(card, part, depth + 1);
  }
}

const sections = [
  { id: "verdict", title: "Verdict", has: () => documents.result, draw: drawVerdict },
  { id: "plan", title: "Before and after", has: () => documents.plan && documents["result-before"], draw: drawPlan },
  { id: "jobs", title: "Jobs and storage", has: () => documents.result, draw: drawJobs },
  { id: "facts", title: "Fabric in figures", has: () => !documents.result && documents.facts, draw: drawFacts },
  { id: "fabric", title: "Fabric", has: () => document.getElementById("drawing").content.querySelector("svg"), draw: drawFabric },
  { id: "heat", title: "Heat maps", has: () => documents.view && mapsOf(view()).length, draw: drawHeat },
  { id: "timeline", title: "Timeline", has: () => documents.view && documents.view.bars && documents.view.owners.length, draw: drawTime },
  { id: "spread", title: "Slowdowns", has: () => documents.view && (documents.view.slowdowns || []).some(one => one.values.length), draw: drawSlowdowns },
  { id: "victims", title: "Victims", has: () => documents.result, draw: drawVictims },
  { id: "arcs", title: "Worst arcs", has: () => arcs().length, draw: drawArcs },
  { id: "inside", title: "Inside hosts", has: () => documents.result && (result().inside || []).length, draw: drawInside },
  { id: "lanes", title: "Lanes", has: () => documents.result && documents.result.lanes, draw: card => follow(card, box => box.append(plainTable(result().lanes || []))) },
  { id: "others", title: "More", has: () => documents.result && Object.keys(others()).length, draw: card => follow(card, box => drawAny(box, others(), 0)) },
  { id: "findings", title: "Analysis", has: () => documents.findings, draw: drawFindings },
  { id: "bom", title: "Bill of materials", has: () => documents.bom, draw: drawBom },
  { id: "provenance", title: "Provenance", has: () => documents.result, draw: drawProvenance },
];

function chooseTheme(theme) {
  document.documentElement.dataset.theme = theme === "auto" ? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light") : theme;
  readColours();
  change({});
}

function begin() {
  const began = performance.now();
  document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  readColours();
  const tools = document.getElementById("tools"), nav = document.getElementById("nav"), main = document.getElementById("main");
  if (documents.plan)
    tools.append(choice("Which", [["after", "after"], ["before", "before"]], state.side, side => change({ side, window: null, chosen: null })));
  let theme = "auto";
  tools.append(choice("Colours", [["auto", "auto"], ["light", "light"], ["dark", "dark"]], theme, value => { theme = value; chooseTheme(theme); }));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (theme === "auto") chooseTheme(theme); });
  let before = null; // what is printed is light
  addEventListener("beforeprint", () => { before = theme; chooseTheme("light"); });
  addEventListener("afterprint", () => { if (before !== null) chooseTheme(before); });

  const text = document.getElementById("text");
  for (const section of sections) {
    if (!section.has()) continue;
    const card = make("section", { id: section.id, class: "card" }, make("h2", {}, section.title));
    main.insertBefore(card, text);
    nav.append(make("a", { href: "#" + section.id }, section.title));
    try {
      section.draw(card);
    } catch (error) { // the others are still worth reading
      card.append(make("p", { class: "bad" }, "This part could not be drawn: " + error.message));
      console.error(error);
    }
  }
  nav.append(make("a", { href: "#text" }, "As text"));
  document.documentElement.dataset.drawn = (performance.now() - began).toFixed(0);
}
begin();
